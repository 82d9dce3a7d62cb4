from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ci_analysis.strategy import activities, what_works
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]
LEVERS = ["supply", "hours", "workforce", "affordability"]


@pytest.fixture
def initiatives(table: Make) -> pd.DataFrame:
    return table(
        "initiatives",
        # the lead also stands among the partners: it counts once
        {"initiative_id": "i", "lead": "p", "lever": "supply", "partners": "q; p", "people_served": 30},
        {"initiative_id": "j", "lead": "p", "lever": "supply", "people_served": 12},
        {"initiative_id": "k", "lead": "r", "lever": "hours"},
        {
            "initiative_id": "l",
            "lead": "q",
            "lever": "workforce",
            "people_served": 5,
            "started_on": pd.Timestamp("2020-01-01"),
            "ends_on": pd.Timestamp("2025-12-31"),
        },
    )


@pytest.fixture
def projects(table: Make) -> pd.DataFrame:
    return table(
        "projects",
        {"project_id": "x", "lead": "r", "lever": "supply", "partners": "q", "cost": 1},
        {"project_id": "y", "lead": "s", "lever": "workforce", "cost": 1},
    )


def cells(result: pd.DataFrame) -> list[list[object]]:
    return result.astype(object).where(result.notna(), "").to_numpy().tolist()


def test_each_partners_work_on_each_lever(initiatives: pd.DataFrame, projects: pd.DataFrame) -> None:
    result = activities(initiatives, projects, LEVERS)
    assert list(result.columns) == OUTPUTS["activities"].names
    # lever, partner, initiatives, projects, people served, overlap, gap
    assert cells(result) == [
        ["supply", "p", 2, 0, 30 + 12, True, False],
        ["supply", "q", 1, 1, 30, True, False],
        ["supply", "r", 0, 1, "", True, False],  # only a proposal: others work on it already
        ["hours", "r", 1, 0, "", False, False],  # people served are not known
        ["workforce", "q", 1, 0, 5, False, False],
        ["workforce", "s", 0, 1, "", True, False],
        ["affordability", "", 0, 0, "", False, True],
    ]


def test_only_what_is_under_way_on_the_day_counts(initiatives: pd.DataFrame, projects: pd.DataFrame) -> None:
    def workforce(day: date) -> list[list[object]]:
        result = activities(initiatives, projects, LEVERS, as_of=day)
        return cells(result[result["lever"] == "workforce"].iloc[:, 1:])

    both = [["q", 1, 0, 5, False, False], ["s", 0, 1, "", True, False]]
    proposal = [["s", 0, 1, "", False, True]]
    assert workforce(date(2025, 12, 31)) == workforce(date(2020, 1, 1)) == both
    # A proposal closes no gap yet.
    assert workforce(date(2026, 1, 1)) == workforce(date(2019, 12, 31)) == proposal


def test_without_any_work_or_with_one_kind_alone(initiatives: pd.DataFrame, projects: pd.DataFrame) -> None:
    no_work, no_plans = empty_frame(INPUTS["initiatives"]), empty_frame(INPUTS["projects"])
    assert activities(no_work, no_plans, LEVERS).empty
    planned = activities(no_work, projects, LEVERS)
    assert planned["gap"].all()
    assert planned["partner_id"].fillna("").to_list() == ["q", "r", "", "s", ""]
    assert not activities(initiatives, no_plans, LEVERS)["projects"].any()


def test_rows_in_another_order_give_the_same_activities(initiatives: pd.DataFrame, projects: pd.DataFrame) -> None:
    result = activities(initiatives.iloc[::-1], projects.iloc[::-1], LEVERS)
    pd.testing.assert_frame_equal(result, activities(initiatives, projects, LEVERS), check_exact=True)


@pytest.mark.parametrize(
    ("evidence", "scalability", "quadrant"),
    [
        (5, 5, "scale-now"),
        (4, 4, "scale-now"),
        (3, 4, "test-at-scale"),
        (1, 5, "test-at-scale"),
        (4, 3, "keep-local"),
        (5, 1, "keep-local"),
        (3, 3, "learn-first"),
        (1, 1, "learn-first"),
    ],
)
def test_four_and_five_are_high(table: Make, evidence: int, scalability: int, quadrant: str) -> None:
    rated = table("initiatives", {"initiative_id": "i", "evidence": evidence, "scalability": scalability})
    result = what_works(rated)
    assert result["quadrant"].to_list() == [quadrant]
    assert result["next_step"].str.endswith(".").all()


def test_without_a_rating_there_is_no_quadrant_and_the_next_step_is_to_rate(table: Make) -> None:
    result = what_works(
        table(
            "initiatives",
            {"initiative_id": "d", "evidence": 5, "scalability": 5},
            {"initiative_id": "c", "evidence": 5},
            {"initiative_id": "b", "scalability": 5},
            {"initiative_id": "a"},
        )
    )
    assert result["initiative_id"].to_list() == ["a", "b", "c", "d"]
    assert result["quadrant"].fillna("").to_list() == ["", "", "", "scale-now"]
    assert result["next_step"].iloc[:3].to_list() == [
        "Rate its evidence and scalability first, from 1 to 5.",
        "Rate its evidence first, from 1 to 5.",
        "Rate its scalability first, from 1 to 5.",
    ]


def test_every_quadrant_has_its_own_next_step(table: Make) -> None:
    rows = [(5, 5), (1, 5), (5, 1), (1, 1)]
    result = what_works(
        table(
            "initiatives",
            *({"initiative_id": f"i{n}", "evidence": e, "scalability": s} for n, (e, s) in enumerate(rows)),
        )
    )
    assert result["next_step"].nunique() == len(OUTPUTS["what_works"].by_name["quadrant"].choices)
    assert set(result["quadrant"]) == set(OUTPUTS["what_works"].by_name["quadrant"].choices)


def test_no_initiatives_leave_an_empty_table() -> None:
    result = what_works(empty_frame(INPUTS["initiatives"]))
    assert result.empty
    assert list(result.columns) == OUTPUTS["what_works"].names


def test_inputs_are_left_alone(initiatives: pd.DataFrame, projects: pd.DataFrame) -> None:
    before = initiatives.copy(), projects.copy(), list(LEVERS)
    activities(initiatives, projects, LEVERS, as_of=date(2026, 1, 1))
    what_works(initiatives)
    pd.testing.assert_frame_equal(initiatives, before[0])
    pd.testing.assert_frame_equal(projects, before[1])
    assert before[2] == LEVERS
