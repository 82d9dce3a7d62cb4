"""Figures of projects, contribution, decisions and the five conditions: titles that count, and words that are right."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from ci_analysis import redesign
from ci_analysis.figures import redesign as figures
from ci_analysis.figures.base import Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

EXAMPLE = Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care"
DAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(EXAMPLE)


def typed(name: str, rows: list[dict[str, object]], declared=INPUTS) -> pd.DataFrame:
    table = declared[name]
    return conform(pd.DataFrame(rows).reindex(columns=table.names), table) if rows else empty_frame(table)


def with_rows(study: Study, **tables: list[dict[str, object]]) -> Study:
    given = {name: typed(name, rows) for name, rows in tables.items()}
    return dataclasses.replace(study, tables=MappingProxyType({**study.tables, **given}))


def delivered(*rows: tuple[str, str, str | None]) -> list[dict[str, object]]:
    return [
        {"deliverable_id": f"d{i}", "project_id": "rural-homes", "name": f"Thing {i}", "owner": "backbone-office",
         "due_on": due, "status": status, "done_on": done}
        for i, (due, status, done) in enumerate(rows)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("2026-05-01", "done", "2026-05-01")], "The one deliverable that was due before June 30, 2026 is done"),
        ([("2026-05-01", "started", None), ("2026-05-02", "done", "2026-05-01"), ("2026-09-01", "planned", None)],
         "1 of 2 deliverables that were due before June 30, 2026 is done; one more is due later"),
        ([("2026-05-01", "done", "2026-07-02")] * 2 + [("2026-05-01", "dropped", None)],
         "None of 2 deliverables that were due before June 30, 2026 is done"),
        ([("2026-06-30", "planned", None)] * 2, "No deliverable was due before June 30, 2026; two more are due later"),
    ],
)  # fmt: skip
def test_title_of_the_burn_up_counts(study: Study, rows: list[tuple[str, str, str | None]], title: str) -> None:
    of = with_rows(study, deliverables=delivered(*rows))
    found = drawing(figures.burn_up(of, redesign.burn_up(of.tables["deliverables"], as_of=DAY))).title
    assert found == title


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("2026-01-01", "started", None)], "The one project with deliverables is at risk"),
        ([("2026-09-01", "started", None)], "The one project with deliverables is on time"),
        ([("2026-01-01", "dropped", None)], "Nothing is left to deliver"),
    ],
)
def test_title_of_projects_at_risk_counts(study: Study, rows: list[tuple[str, str, str | None]], title: str) -> None:
    of = with_rows(study, deliverables=delivered(*rows))
    said = figures.projects_at_risk(of, redesign.project_progress(of.tables["deliverables"], as_of=DAY))
    assert said.title == title


def test_projects_without_deliverables_are_named(study: Study) -> None:
    of = with_rows(study, deliverables=delivered(("2026-09-01", "started", None)))
    said = figures.projects_at_risk(of, redesign.project_progress(of.tables["deliverables"], as_of=DAY))
    (line,) = said.lines
    assert line.startswith("No deliverables yet: ")
    assert "Thirty new family child care homes in rural counties" not in line


def effects(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    return typed(
        "contribution",
        [
            {"measure_id": "days-to-placement", "method": m, "changed_on": "2025-09-02", "estimate": e, "low": a,
             "high": b, "before": 4, "after": 2, "why": "It rests on this."}
            for m, e, a, b in rows
        ],
        OUTPUTS,
    )  # fmt: skip


NAME = "days from the first call to a place"
ITS, DID, SC = OUTPUTS["contribution"].by_name["method"].choices


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([(ITS, -5, -6, -4), (DID, -3, -7, 1), (SC, -4, np.nan, np.nan)],
         f"The methods differ on {NAME}: −5 by one, −3 days by another"),
        ([(ITS, -5, -6, -4), (DID, -5, -7, 1)], f"On {NAME}, the methods agree: −5 days"),
        ([(ITS, 5, 4, 6)],
         f"By the one method that can tell, {NAME} is 5 above what it would have been; "
         "the one range leaves out no difference"),
        ([(ITS, np.nan, np.nan, np.nan)], "No method can tell yet what one measure would have been without the work"),
    ],
)  # fmt: skip
def test_what_the_methods_say_together(study: Study, rows: list[tuple[str, float, float, float]], title: str) -> None:
    said = figures.contribution(study, effects(*rows))
    assert said.title == title
    assert "contribution, not attribution" in said.lines[0]
    assert said.frame is not None
    assert (said.frame["Difference"] == "no estimate").sum() == sum(np.isnan(r[1]) for r in rows)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(ITS, -5, -6, -4), (DID, 3, 1, 7)], f"The methods disagree whether {NAME} is above or below"),
        ([(ITS, -5, -6, -4), (DID, -3, -7, 1)],
         f"Both methods put {NAME} below what it would have been, by 3 to 5; 1 of 2 ranges leaves out"),
    ],
)  # fmt: skip
def test_disagreement_is_in_the_headline(study: Study, rows: list[tuple[str, float, float, float]], words: str) -> None:
    series = typed(
        "contribution_series",
        [
            {"measure_id": "days-to-placement", "period": f"2025-{m:02d}", "value": 40.0, "trend": 41.0}
            for m in range(1, 7)
        ],
        OUTPUTS,
    )
    ax = figures.beside_others(study, series, effects(*rows))
    assert ax is not None
    made = drawing(ax)
    assert made.title.startswith(words)
    assert any("contribution, not attribution" in note for note in made.notes)
    assert figures.beside_others(study, series[:0], effects(*rows)) is None


def test_decisions_of_the_last_quarter_and_none_of_tomorrow(study: Study) -> None:
    of = with_rows(
        study,
        decisions=[
            {"decision_id": "old", "decided_on": "2025-01-01", "text": "Old"},
            {"decision_id": "new", "decided_on": "2026-06-30", "text": "New", "rule_id": "spots-off-track"},
            {"decision_id": "next", "decided_on": "2026-07-01", "text": "Tomorrow"},
        ],
    )
    said = figures.decision_log(of, of.tables["decisions"], empty_frame(OUTPUTS["rules_fired"]))
    assert said.title == "Two decisions so far, one of them in the last three months"
    assert said.frame is not None
    assert said.frame["Decision"].to_list() == ["New", "Old"]
    assert said.frame["It answers or concerns"].iloc[0] == "the rule on Child care spots open at our partners"


def asked(*waves: tuple[str, float, float]) -> pd.DataFrame:
    return typed(
        "conditions",
        [
            {
                "wave": w,
                "condition": c,
                "score": s,
                "low": s - half,
                "high": s + half,
                "respondents": 20,
                "evidence": "Shown.",
            }
            for w, s, half in waves
            for c in ("common-agenda", "backbone")
        ],
        OUTPUTS,
    )


@pytest.mark.parametrize(
    ("waves", "title"),
    [
        ([("2025-Q1", 2.0, 0.3), ("2026-Q1", 3.0, 0.3)],
         "Since Q1 2025, common agenda and backbone rose beyond the interval of the answers"),
        ([("2025-Q1", 3.0, 0.3), ("2026-Q1", 2.0, 0.3)],
         "Since Q1 2025, common agenda and backbone fell beyond the interval of the answers"),
        ([("2025-Q1", 3.0, 0.6), ("2026-Q1", 2.0, 0.6)],
         "None of 2 conditions has moved beyond its interval since Q1 2025"),
    ],
)  # fmt: skip
def test_conditions_move_where_their_intervals_do_not_meet(
    study: Study, waves: list[tuple[str, float, float]], title: str
) -> None:
    ax = figures.conditions_over_time(study, asked(*waves))
    assert ax is not None
    assert drawing(ax).title == title
    assert "in Q1 2026" in alternative(ax)


def test_one_wave_is_no_change_over_time(study: Study) -> None:
    one = asked(("2026-Q1", 3.0, 0.3))
    assert figures.conditions_over_time(study, one) is None
    said = figures.what_tables_show(study, one)
    assert isinstance(said, Statement)
    assert said.frame is not None
    assert set(said.frame["Since the first wave"]) == {"no other wave"}
    few = one.assign(respondents=2.0)
    shown = figures.what_tables_show(study, few)
    assert shown.frame is not None
    assert set(shown.frame["Partners say (1 to 5)"]) == {"too few answers"}


def test_what_goes_out_and_what_stays_inside(study: Study) -> None:
    rows = [
        {"communication_id": f"c{i}", "audience": f"A{i}", "channel": "letter", "purpose": "news", "frequency": "month",
         "owner": "backbone-office", "last_on": on, "internal": inside}
        for i, (on, inside) in enumerate([("2026-03-01", False), ("2026-06-20", False), ("2026-06-20", True)])
    ]  # fmt: skip
    of = with_rows(study, communications=rows)
    said = figures.communications(of, redesign.communications(of.tables["communications"], as_of=DAY))
    assert said.lines == (
        "Two communications go beyond the coalition; one of them is overdue.",
        "One communication stays inside it; none is overdue.",
    )
