"""Projects: what is late and at risk on the study's day, and the burn-up."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import burn_up, project_progress
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

DAY = dt.date(2026, 6, 30)


def table_of(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Deliverables as project, due day, status and done day."""
    given = [
        {
            "deliverable_id": f"d{i}",
            "project_id": p,
            "name": "x",
            "owner": "o",
            "due_on": due,
            "status": s,
            "done_on": done,
        }
        for i, (p, due, s, done) in enumerate(rows)
    ]
    table = INPUTS["deliverables"]
    return conform(pd.DataFrame(given).reindex(columns=table.names), table)


@pytest.mark.parametrize(
    ("rows", "standing", "why"),
    [
        ([("p", "2026-06-30", "started", None)], "on-time", None),
        ([("p", "2026-06-29", "started", None)], "at-risk", "The one deliverable that was due is late, by 1 day."),
        ([("p", "2026-06-01", "started", None), ("p", "2026-05-01", "done", "2026-05-01")], "on-time", None),
        ([("p", "2026-05-31", "started", None), ("p", "2026-05-01", "done", "2026-05-01")], "on-time", None),
        ([("p", "2026-05-30", "started", None), ("p", "2026-05-01", "done", "2026-05-01")], "at-risk",
         "One of 2 deliverables that were due is late, by 31 days."),
        ([("p", "2026-06-28", "started", None)] * 2 + [("p", "2026-05-01", "done", "2026-05-01")] * 3, "at-risk",
         "2 of 5 deliverables that were due are late; the oldest waits 2 days."),
        ([("p", "2026-06-20", "planned", None)] * 3, "at-risk",
         "All 3 deliverables that were due are late; the oldest waits 10 days."),
        ([("p", "2026-12-31", "done", "2026-06-01")], "done", None),
        ([("p", "2026-06-20", "done", "2026-07-01")], "at-risk",
         "The one deliverable that was due is late, by 10 days."),
        ([("p", "2026-06-01", "done", None)], "done", None),
        ([("p", "2026-01-01", "dropped", None)], "dropped", None),
        ([("p", "2026-01-01", "dropped", None), ("p", "2026-12-31", "planned", None)], "on-time", None),
    ],
)  # fmt: skip
def test_a_project_is_at_risk_for_a_reason(
    rows: list[tuple[str, str, str, str | None]], standing: str, why: str | None
) -> None:
    found = project_progress(table_of(*rows), as_of=DAY).iloc[0]
    assert found["standing"] == standing
    assert (found["why"] if pd.notna(found["why"]) else None) == why


def test_counts_of_each_project() -> None:
    table = table_of(
        ("b", "2026-05-01", "done", "2026-05-02"),
        ("b", "2026-06-01", "started", None),
        ("b", "2026-09-01", "planned", None),
        ("b", "2026-08-01", "dropped", None),
        ("a", "2026-07-15", "planned", None),
    )
    found = project_progress(table, as_of=DAY)
    assert found["project_id"].to_list() == ["a", "b"]
    assert found[["deliverables", "done", "due", "late"]].to_numpy().tolist() == [[1, 0, 0, 0], [3, 1, 2, 1]]
    assert found["next_due_on"].to_list() == [pd.Timestamp("2026-07-15"), pd.Timestamp("2026-09-01")]
    assert found["days_late"].fillna(-1).to_list() == [-1, 29]


def plain_burn_up(table: pd.DataFrame, as_of: dt.date) -> dict[tuple[str, str], tuple[float, float]]:
    """The same, a month and a project at a time."""
    day = pd.Timestamp(as_of)
    left = [r for r in table.itertuples() if r.status != "dropped"]
    done = {r.Index: (r.done_on if pd.notna(r.done_on) else day) for r in left
            if r.status == "done" and not (pd.notna(r.done_on) and r.done_on > day)}  # fmt: skip
    months = [d.to_period("M") for d in [r.due_on for r in left] + list(done.values()) + [day]]
    found = {}
    month = min(months)
    while month <= max([r.due_on.to_period("M") for r in left] + [day.to_period("M")]):
        for project in ["all", *sorted({r.project_id for r in left})]:
            of = [r for r in left if project in ("all", r.project_id)]
            due = sum(r.due_on.to_period("M") <= month for r in of)
            ready = sum(r.Index in done and done[r.Index].to_period("M") <= month for r in of)
            found[project, str(month)] = (due, np.nan if month > day.to_period("M") else ready)
        month += 1
    return found


@pytest.mark.parametrize("seed", range(6))
def test_burn_up_agrees_with_counting_month_by_month(seed: int) -> None:
    random = np.random.default_rng(seed)
    days = pd.date_range("2025-01-01", "2027-12-31")
    rows = []
    for _ in range(30):
        status = str(random.choice(["planned", "started", "done", "dropped"]))
        done = str(random.choice(days).astype("datetime64[D]")) if status == "done" and random.random() < 0.8 else None
        rows.append(
            (str(random.choice(["p", "q", "r"])), str(random.choice(days).astype("datetime64[D]")), status, done)
        )
    table = table_of(*rows)
    found = burn_up(table, as_of=DAY)
    expected = plain_burn_up(table, DAY)
    assert list(zip(found["project_id"], found["period"], strict=True)) == sorted(
        expected, key=lambda k: (k[0] != "all", k[0], k[1])
    )
    for row in found.itertuples():
        due, done = expected[row.project_id, row.period]
        assert row.due == due
        assert (np.isnan(row.done) and np.isnan(done)) or row.done == done
    shuffled = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    pd.testing.assert_frame_equal(burn_up(shuffled, as_of=DAY), found)


def test_nothing_left_is_no_burn_up() -> None:
    empty = empty_frame(INPUTS["deliverables"])
    for table in (empty, table_of(("p", "2026-01-01", "dropped", None))):
        pd.testing.assert_frame_equal(burn_up(table, as_of=DAY), empty_frame(OUTPUTS["burn_up"]))
    pd.testing.assert_frame_equal(project_progress(empty, as_of=DAY), empty_frame(OUTPUTS["project_progress"]))
