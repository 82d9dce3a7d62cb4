"""The study's day decides every rule about dates; the machine's clock is never asked."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from ci_analysis import redesign
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, empty_frame

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
#: Ways to ask what day or time it is now.
NOW = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "getmtime"}


def asks(source: str) -> list[str]:
    """Return the calls in a module that ask for the present day or time."""
    return [
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOW
        and isinstance(node.func.value, ast.Name)
    ]  # fmt: skip


def test_what_asks_for_the_time_is_found() -> None:
    assert asks("import datetime as dt\nx = dt.now()\ny = date.today()\nz = time.time()") == [
        "dt.now", "date.today", "time.time",
    ]  # fmt: skip
    assert asks("frame.time\nself.today\nx.assign(now=1)") == []


@pytest.mark.parametrize("path", sorted((ROOT / "ci_analysis").rglob("*.py")), ids=lambda p: p.stem)
def test_no_module_asks_for_the_time(path: Path) -> None:
    assert asks(path.read_text(encoding="utf-8")) == []


def tables_on(day: dt.date) -> dict[str, pd.DataFrame]:
    study = Study.read(EXAMPLE)
    of = dataclasses.replace(study, settings=study.settings.model_copy(update={"as_of": day}))
    return redesign.compute(of, {"portfolio": empty_frame(OUTPUTS["portfolio"])})


@pytest.fixture(scope="module")
def days() -> dict[str, dict[str, pd.DataFrame]]:
    """Step 4 of the example on three days: a year before its own, on it, and a year after."""
    return {day: tables_on(dt.date.fromisoformat(day)) for day in ("2025-06-30", "2026-06-30", "2027-06-30")}


def test_a_later_day_makes_open_things_later(days: dict[str, dict[str, pd.DataFrame]]) -> None:
    own, later = days["2026-06-30"], days["2027-06-30"]
    for name, column in (("deliverables", "days_late"), ("communications", "days_overdue")):
        assert later[name][column].sum() > own[name][column].sum(), name
    assert later["project_progress"]["late"].sum() > own["project_progress"]["late"].sum()
    missing = {d: (t["reporting"]["reported"] == "missing").sum() for d, t in days.items()}
    assert missing["2027-06-30"] > missing["2026-06-30"] >= missing["2025-06-30"]
    overdue = {d: t["commitments"]["status"].str.contains("overdue").sum() for d, t in days.items()}
    assert overdue["2027-06-30"] > overdue["2026-06-30"] > overdue["2025-06-30"]
    # What has been silent since then fires from the same day on.
    silent = [t["rules_fired"].set_index("rule_id").loc["kindergarten-silent", "fired_on"] for t in (own, later)]
    assert silent[0] == silent[1]


def test_an_earlier_day_does_not_know_what_came_later(days: dict[str, dict[str, pd.DataFrame]]) -> None:
    early = days["2025-06-30"]
    day = pd.Timestamp("2025-06-30")
    assert (early["measures"]["latest_on"].dropna() <= day).all()
    assert (early["rules_fired"]["fired_on"].dropna() <= day).all()
    assert (early["project_progress"]["done"] == 0).all()
    assert early["burn_up"].loc[early["burn_up"]["period"] > "2025-06", "done"].isna().all()
    assert (early["contribution"]["after"] == 0).all()
    assert early["contribution"]["estimate"].isna().all()
    assert early["rules_fired"]["decision_id"].isna().all()
    told = early["commitments"]["status"].str.extract(r"(\d{4}-\d\d-\d\d)")[0].dropna()
    assert len(told)
    assert (pd.to_datetime(told) <= day).all()
