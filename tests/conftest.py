from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once for all workers of a run of the tests; those that come later wait for it."""
    base = factory.getbasetemp()
    shelf = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    place, failed = shelf / name, shelf / f"{name}.failed"
    try:
        (shelf / f"{name}.begun").mkdir()
    except FileExistsError:
        end = time.monotonic() + 600
        while not place.is_dir():
            assert not failed.exists(), f"{name} could not be made by another worker"
            assert time.monotonic() < end, f"{name} is not made after ten minutes"
            time.sleep(0.2)
        return place
    aside = shelf / f"{name}.new"
    aside.mkdir()
    try:
        make(aside)
    except BaseException:
        failed.touch()
        raise
    aside.rename(place)
    return place


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
