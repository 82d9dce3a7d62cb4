from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_analysis.cli import main

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's report, both editions, made once by the command as anybody makes it."""
    place = tmp_path_factory.mktemp("site")
    said = CliRunner().invoke(
        main, ["run", str(EXAMPLE), "--processed", str(place / "processed"), "--reports", str(place / "reports")]
    )
    assert said.exit_code == 0, said.output
    return place / "reports" / "colorado-child-care"
