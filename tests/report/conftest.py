from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from tests.conftest import made_once

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"


def run_to(study: Path) -> object:
    """Return a function that makes a study's report in a folder, by the command, as anybody makes it."""

    def make(place: Path) -> None:
        said = CliRunner().invoke(
            main, ["run", str(study), "--processed", str(place / "processed"), "--reports", str(place / "reports")]
        )
        assert said.exit_code == 0, said.output

    return make


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's report, both editions, made once for all tests that look at it."""
    return made_once(tmp_path_factory, "site", run_to(EXAMPLE)) / "reports" / "colorado-child-care"
