from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pandas as pd
import pytest

from ci_analysis.tables import INPUTS, conform, empty_frame

Make = Callable[..., pd.DataFrame]


def table(name: str, rows: Iterable[Mapping[str, object]] = ()) -> pd.DataFrame:
    """An input table as a study hands it over: every column, typed."""
    rows = list(rows)
    if not rows:
        return empty_frame(INPUTS[name])
    frame = pd.DataFrame(rows).reindex(columns=INPUTS[name].names)
    dates = [c.name for c in INPUTS[name].columns if c.kind == "date"]
    for column in dates:
        frame[column] = pd.to_datetime(frame[column])
    return conform(frame, INPUTS[name])


@pytest.fixture
def make() -> Make:
    return table


@pytest.fixture
def measure() -> Make:
    """A table of one measure: seats, to go up from 10 at the end of 2020 to 20 at the end of 2030."""

    def of(**changes: object) -> pd.DataFrame:
        plain = {
            "measure_id": "seats", "name": "Seats", "unit": "seats", "direction": "up", "kind": "how-much",
            "baseline": 10.0, "baseline_on": "2020-12-31", "target": 20.0, "target_on": "2030-12-31",
            "rollup": "sum", "frequency": "year",
        }  # fmt: skip
        return table("measures", [plain | changes])

    return of


@pytest.fixture
def observed() -> Make:
    """Observations from (period, partner, segment, value) rows, of the measure `seats`."""

    def of(rows: Iterable[tuple[str, str | None, str | None, float]], measure_id: str = "seats") -> pd.DataFrame:
        names = ("period", "partner_id", "segment", "value")
        return table("observations", [{"measure_id": measure_id, **dict(zip(names, r, strict=True))} for r in rows])

    return of
