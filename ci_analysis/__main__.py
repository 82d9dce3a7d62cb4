"""`python -m ci_analysis`, the same as `ci-analysis`."""

from ci_analysis.cli import main

if __name__ == "__main__":
    main(prog_name="ci-analysis")
