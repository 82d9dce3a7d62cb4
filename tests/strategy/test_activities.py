from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ci_analysis.strategy import activities, catalytic, overlapping_initiatives, what_works
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
    overlapping_initiatives(initiatives, as_of=date(2026, 1, 1))
    pd.testing.assert_frame_equal(initiatives, before[0])
    pd.testing.assert_frame_equal(projects, before[1])
    assert before[2] == LEVERS


# --- overlaps --------------------------------------------------------------------------------------------------------


def test_initiatives_of_different_leads_overlap_where_they_share_lever_and_area(table: Make) -> None:
    work = table(
        "initiatives",
        {"initiative_id": "a", "lead": "p", "lever": "supply", "areas": "02;01;03"},
        {"initiative_id": "b", "lead": "q", "lever": "supply", "areas": "03;02"},
        {"initiative_id": "c", "lead": "p", "lever": "supply", "areas": "02"},  # the same lead as a
        {"initiative_id": "d", "lead": "r", "lever": "supply", "areas": "04"},  # nobody else is there
        {"initiative_id": "e", "lead": "q", "lever": "hours", "areas": "01"},  # another lever
        {"initiative_id": "f", "lead": "s", "lever": "hours"},  # everywhere
        {"initiative_id": "g", "lead": "t", "lever": "hours"},
        {"initiative_id": "h", "lead": "u", "lever": "hours", "areas": "01", "ends_on": pd.Timestamp("2025-12-31")},
    )
    found = overlapping_initiatives(work, as_of=date(2026, 1, 1))
    assert cells(found) == [
        ["hours", "e", "f", "01"],
        ["hours", "e", "g", "01"],
        ["hours", "f", "g", ""],
        ["supply", "a", "b", "02;03"],
        ["supply", "b", "c", "02"],
    ]
    turned = overlapping_initiatives(work.iloc[::-1], as_of=date(2026, 1, 1))
    pd.testing.assert_frame_equal(turned, found, check_exact=True)
    earlier = overlapping_initiatives(work, as_of=date(2025, 12, 31))
    assert len(earlier) == len(found) + 3  # h beside e, f and g
    assert overlapping_initiatives(work.head(1)).empty
    assert overlapping_initiatives(work.head(0)).empty


# --- what takes several ----------------------------------------------------------------------------------------------


@pytest.fixture
def roster(table: Make) -> pd.DataFrame:
    sectors = {"p": "health", "q": "k12", "r": "k12", "s": "business", "t": "health"}
    left = {"s": "prospect", "t": "left"}
    return table(
        "partners", *({"partner_id": i, "sector": x, "status": left.get(i, "joined")} for i, x in sectors.items())
    )


def together(table: Make, roster: pd.DataFrame, lead: str, partners: str | None) -> list[object]:
    project = table("projects", {"project_id": "x", "lead": lead, "lever": "hours", "partners": partners, "cost": 1})
    return cells(catalytic(project, roster)[["partners", "sectors", "n_sectors", "flag"]])[0]


def test_a_project_takes_several_where_it_joins_two_sectors(table: Make, roster: pd.DataFrame) -> None:
    assert together(table, roster, "q", "p") == [2, "health;k12", 2, ""]
    # A partner named twice is one, and two of one sector are one sector.
    assert together(table, roster, "q", "q;r;p;p") == [3, "health;k12", 2, ""]
    assert together(table, roster, "q", "r") == [2, "k12", 1, "single-organisation"]
    assert together(table, roster, "p", None) == [1, "health", 1, "single-organisation"]


def test_prospects_and_those_that_left_are_no_hands(table: Make, roster: pd.DataFrame) -> None:
    assert together(table, roster, "q", "s;t") == [1, "k12", 1, "single-organisation"]
    # Nobody at all is zero, which is known.
    assert together(table, roster, "s", None) == [0, "", 0, "single-organisation"]


def test_without_a_roster_sectors_are_not_known_and_no_project_is_flagged(table: Make, roster: pd.DataFrame) -> None:
    assert together(table, roster.head(0), "q", "p") == ["", "", "", ""]


def test_every_project_has_a_row_with_its_reason(table: Make, roster: pd.DataFrame) -> None:
    projects = table(
        "projects",
        {"project_id": "y", "lead": "q", "lever": "hours", "cost": 1},
        {"project_id": "x", "lead": "q", "lever": "hours", "cost": 1, "why_joint": "Nobody can alone."},
    )
    before = projects.copy(), roster.copy()
    result = catalytic(projects, roster)
    assert result.columns.to_list() == OUTPUTS["catalytic"].names
    assert result["project_id"].to_list() == ["x", "y"]
    assert result["why_joint"].fillna("").to_list() == ["Nobody can alone.", ""]
    pd.testing.assert_frame_equal(catalytic(projects.iloc[::-1], roster.iloc[::-1]), result, check_exact=True)
    assert catalytic(projects.head(0), roster).columns.to_list() == OUTPUTS["catalytic"].names
    pd.testing.assert_frame_equal(projects, before[0])
    pd.testing.assert_frame_equal(roster, before[1])
