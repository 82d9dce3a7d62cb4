from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ci_analysis.tables import INPUTS, conform


@pytest.fixture(scope="session")
def table() -> Callable[..., pd.DataFrame]:
    """Make an input table as a study holds it: `table("partners", {...}, {...})`; what a row leaves out is missing."""

    def make(name: str, *rows: dict[str, object]) -> pd.DataFrame:
        return conform(pd.DataFrame(list(rows)).reindex(columns=INPUTS[name].names), INPUTS[name])

    return make
