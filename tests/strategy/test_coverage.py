"""What works on each gap, what each project adds to it, and what remains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.issues import load_profile
from ci_analysis.strategy import gap_coverage, gap_waterfall, project_gaps, project_states
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

Make = Callable[..., pd.DataFrame]
PROFILE = load_profile("child-care")
BABIES, PRE, SCHOOL = PROFILE.vocabulary("segments")
ENDS = ("seats_low", "seats", "seats_high")


def gaps(**unmet: dict[str, float | None]) -> pd.DataFrame:
    """`gaps(a={"preschool": 30})`: unmet need by area and segment."""
    rows = [{"geoid": g, "segment": s, "unmet": v} for g, of in unmet.items() for s, v in of.items()]
    return conform(pd.DataFrame(rows).reindex(columns=OUTPUTS["gap"].names), OUTPUTS["gap"])


def with_sums(gap: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gap with its rows for groups and for everybody, no seats being without a segment, and its summary."""
    wide = gap.pivot(index="geoid", columns="segment", values="unmet")
    for row, of in {**{g.segment: list(g.of) for g in PROFILE.groups}, "all": [BABIES, PRE, SCHOOL]}.items():
        if set(of) <= set(wide):
            wide[row] = wide[of].sum(axis=1, skipna=False)
    tall = wide.reset_index().melt(id_vars="geoid", var_name="segment", value_name="unmet")
    tall = conform(tall.reindex(columns=OUTPUTS["gap"].names), OUTPUTS["gap"])
    return tall, summary_of(tall)


def summary_of(gap: pd.DataFrame) -> pd.DataFrame:
    known = gap.dropna(subset="unmet").groupby("segment", sort=False)["unmet"].sum()
    rows = known.rename("spatial_gap").reset_index()
    return conform(rows.reindex(columns=OUTPUTS["gap_summary"].names), OUTPUTS["gap_summary"])


def works(*rows: dict[str, object]) -> pd.DataFrame:
    given = [{"lead": "p", "lever": "supply", "name": r["project_id"], "cost": 100.0, **r} for r in rows]
    frame = pd.DataFrame(given).reindex(columns=INPUTS["projects"].names)
    return conform(frame, INPUTS["projects"])


def says(states: dict[str, str], seats: dict[str, tuple[float | None, float, float | None] | None]) -> pd.DataFrame:
    """Each project's state and places, least to most, as `project_gaps` would tell them."""
    rows = [
        {"project_id": p, "state": s, **dict(zip(ENDS, seats.get(p) or (None, None, None), strict=True))}
        for p, s in states.items()
    ]
    return conform(pd.DataFrame(rows).reindex(columns=OUTPUTS["project_gaps"].names), OUTPUTS["project_gaps"])


NO_WORK = empty_frame(INPUTS["initiatives"])
NO_EFFECTS = empty_frame(INPUTS["effects"])


def measures(table: Make, *counting: str, others: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = [{"measure_id": m, "direction": "up", "closes_gap": True} for m in counting]
    return table("measures", *rows, *({"measure_id": m, "direction": "up"} for m in others))


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [("started", "committed"), ("done", "committed"), ("planned", "proposed"), ("dropped", "proposed")],
)
def test_work_that_has_begun_is_committed(table: Make, status: str, expected: str) -> None:
    todo = table("deliverables", {"deliverable_id": "d", "project_id": "a", "status": status})
    some = table("funding", {"funding_id": "f", "project_id": "a", "status": "pledged", "amount": 1})
    nothing, none = empty_frame(INPUTS["funding"]), empty_frame(OUTPUTS["portfolio"])
    found = project_states(works({"project_id": "a"}), todo, some, none)
    assert found["state"].to_list() == [expected]
    # Where nobody pays and it is not chosen, what has begun commits nobody.
    assert project_states(works({"project_id": "a"}), todo, nothing, none)["state"].to_list() == ["proposed"]
    by_value = pd.DataFrame([("value", "a", True)], columns=["rule", "project_id", "chosen"])
    chosen = project_states(works({"project_id": "a"}), todo, nothing, by_value)
    assert chosen["state"].to_list() == ["planned" if expected == "proposed" else expected]


@pytest.mark.parametrize(
    ("money", "cost", "expected"),
    [
        ([("received", 60), ("pledged", 40)], 100, "committed"),
        ([("received", 60), ("pledged", 39)], 100, "proposed"),
        ([("received", 60), ("asked", 500)], 100, "proposed"),
        ([], 0, "proposed"),  # nothing to pay says nothing of whether it will be done
        ([("pledged", 0.1), ("pledged", 0.2)], 0.3, "committed"),  # 0.1 + 0.2 is not 0.3 in binary
    ],
)
def test_money_that_covers_the_cost_is_committed(
    table: Make, money: list[tuple[str, float]], cost: float, expected: str
) -> None:
    funding = table(
        "funding",
        *({"funding_id": f"f{i}", "project_id": "a", "status": s, "amount": v} for i, (s, v) in enumerate(money)),
        {"funding_id": "own", "status": "received", "amount": 1e6},
    )
    todo, none = empty_frame(INPUTS["deliverables"]), empty_frame(OUTPUTS["portfolio"])
    found = project_states(works({"project_id": "a", "cost": cost}), todo, funding, none)
    assert found["state"].to_list() == [expected]


def test_money_of_a_later_day_is_not_known_yet(table: Make) -> None:
    later = {
        "funding_id": "f",
        "project_id": "a",
        "status": "received",
        "amount": 100,
        "on": pd.Timestamp("2026-07-01"),
    }
    todo, none = empty_frame(INPUTS["deliverables"]), empty_frame(OUTPUTS["portfolio"])
    for day, expected in ((date(2026, 6, 30), "proposed"), (date(2026, 7, 1), "committed"), (None, "committed")):
        found = project_states(works({"project_id": "a"}), todo, table("funding", later), none, as_of=day)
        assert found["state"].to_list() == [expected]


def test_only_the_portfolio_of_the_most_value_plans(table: Make) -> None:
    rows = [("value", "a", True), ("value", "b", False), ("equal-shares", "b", True)]
    portfolio = pd.DataFrame(rows, columns=["rule", "project_id", "chosen"])
    todo, none = empty_frame(INPUTS["deliverables"]), empty_frame(INPUTS["funding"])
    found = project_states(works({"project_id": "b"}, {"project_id": "a"}), todo, none, portfolio)
    assert dict(zip(found["project_id"], found["state"], strict=True)) == {"a": "planned", "b": "proposed"}


# --- project and gap -------------------------------------------------------------------------------------------------


def found_gaps(
    table: Make, gap: pd.DataFrame, projects: pd.DataFrame, *effects: dict[str, object], **more: object
) -> pd.DataFrame:
    given = table("effects", *effects) if effects else NO_EFFECTS
    about = more.get("measures", measures(table, "spots"))
    states = projects[["project_id"]].assign(state="proposed")
    return project_gaps(gap, projects, given, about, states, PROFILE).set_index("project_id")  # type: ignore[arg-type]


def test_a_project_serves_its_segment_where_it_works(table: Make) -> None:
    gap, _ = with_sums(gaps(a={BABIES: 30, PRE: 10, SCHOOL: 5}, b={BABIES: 20, PRE: 0, SCHOOL: 0}))
    projects = works(
        {"project_id": "here", "segment": BABIES, "areas": "a"},
        {"project_id": "group", "segment": "under-six", "areas": "a"},
        {"project_id": "wide", "segment": BABIES},
        {"project_id": "whole"},
        {"project_id": "none", "segment": PRE, "areas": "b"},
        {"project_id": "far", "segment": PRE, "areas": "elsewhere"},
        {"project_id": "partly", "segment": PRE, "areas": "elsewhere;a;a"},
    )
    found = found_gaps(table, gap, projects)
    assert found["unmet"].dropna().to_dict() == {
        "here": 30, "group": 30 + 10, "wide": 30 + 20, "whole": 30 + 10 + 5 + 20, "none": 0, "partly": 10,
    }  # fmt: skip
    assert found["areas"].dropna().to_dict() == {"here": 1, "group": 1, "wide": 2, "whole": 2, "none": 0, "partly": 1}
    assert found["serves"].astype("object").where(found["serves"].notna(), "unknown").to_dict() == {
        "far": "unknown", "group": True, "here": True, "none": False, "partly": True, "whole": True, "wide": True,
    }  # fmt: skip
    assert found["segment"].to_dict()["whole"] == "all"
    assert found.loc["none", "why"] == "Where it works no child whom it is for is without a seat."
    assert found.loc["far", "why"].startswith("Where it works it is not known")
    assert found.loc[found["serves"].eq(True).fillna(False), "why"].isna().all()


def test_unmet_need_that_is_missing_is_neither_a_gap_nor_none(table: Make) -> None:
    gap = gaps(a={BABIES: None, PRE: 10}, b={BABIES: 20, PRE: None})
    projects = works(
        {"project_id": "dark", "segment": BABIES, "areas": "a"},
        {"project_id": "half", "segment": BABIES},
        {"project_id": "school", "segment": SCHOOL},
    )
    found = found_gaps(table, gap, projects, {"project_id": "school", "measure_id": "spots", "mid": 5})
    assert found["serves"].isna().to_dict() == {"dark": True, "half": False, "school": True}
    assert (found.loc["half", "areas"], found.loc["half", "unmet"]) == (1, 20)
    assert found.loc[["dark", "school"], ["areas", "unmet", "share_of_unmet"]].isna().all(axis=None)
    assert found.loc["school", "seats"] == 5


def test_need_that_no_segment_tells_apart_is_one_gap_of_everybody(table: Make) -> None:
    """As in a study of tracts where the number of children is known, and their ages are not."""
    gap = gaps(a={BABIES: None, "all": 40}, b={BABIES: None, "all": 0})
    projects = works({"project_id": "whole"}, {"project_id": "babies", "segment": BABIES})
    found = found_gaps(table, gap, projects, {"project_id": "whole", "measure_id": "spots", "mid": 10})
    assert found.loc["whole", ["areas", "unmet", "share_of_unmet", "serves"]].to_list() == [1, 40, 10 / 40, True]
    assert pd.isna(found.loc["babies", "serves"]), "how many babies are without is not known"
    rows = gap_coverage(gap, projects, NO_WORK, found.reset_index(), PROFILE)
    assert rows[["geoid", "segment", "project_ids"]].to_numpy().tolist() == [["a", "all", "whole"]]
    states = found.reset_index().assign(state="planned")
    fall = gap_waterfall(gap, summary_of(gap), projects, states, PROFILE).set_index("segment")
    assert fall.loc["all", ["today", "committed", "planned", "remaining"]].to_list() == [40, 0, 10, 40 - 10]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((4, 6, 9), (4, 6, 9)),
        ((9, 6, 4), (4, 6, 9)),  # low helps least, whichever way round it was written
        ((None, 6, 4), (4, 6, None)),
        ((9, 6, None), (None, 6, 9)),
        ((None, 6, None), (None, 6, None)),
    ],
)
def test_low_helps_least(table: Make, given: tuple[float | None, ...], expected: tuple[float | None, ...]) -> None:
    effect = {"project_id": "p", "measure_id": "spots", **dict(zip(("low", "mid", "high"), given, strict=True))}
    found = found_gaps(table, gaps(a={PRE: 30}), works({"project_id": "p"}), effect)
    assert [None if pd.isna(v) else v for v in found.loc["p", list(ENDS)]] == list(expected)


def test_measures_that_may_count_the_same_places_are_not_added_up(table: Make) -> None:
    about = measures(table, "spots", "licensed", "late", others=("price",))
    effects = [
        {"project_id": "p", "measure_id": "spots", "low": 1, "mid": 20, "high": 30},
        {"project_id": "p", "measure_id": "licensed", "low": 10, "mid": 25, "high": 26},
        {"project_id": "p", "measure_id": "late", "low": 0, "mid": 25, "high": 99},
        {"project_id": "p", "measure_id": "price", "low": 500, "mid": 900, "high": 999},
    ]
    found = found_gaps(table, gaps(a={PRE: 50}), works({"project_id": "p"}), *effects, measures=about)
    # The largest mid, 25; of the two that have it, the first by name; a measure that counts no places is no part of it.
    assert found.loc["p", list(ENDS)].to_list() == [0, 25, 99]
    assert found.loc["p", "measures"] == "late;licensed;price;spots"
    assert found.loc["p", "share_of_unmet"] == 25 / 50


def test_without_a_measure_that_closes_the_gap_places_are_unknown(table: Make) -> None:
    gap, summary = with_sums(gaps(a={BABIES: 1, PRE: 30, SCHOOL: 2}))
    projects = works({"project_id": "p", "segment": PRE})
    effect = {"project_id": "p", "measure_id": "spots", "low": 1, "mid": 20, "high": 30}
    for about, effects in ((measures(table, others=("spots",)), [effect]), (measures(table, "spots"), [])):
        found = found_gaps(table, gap, projects, *effects, measures=about).reset_index().assign(state="committed")
        assert found[list(ENDS)].isna().all(axis=None)
        assert found["serves"].all(), "it serves a gap all the same"
        rows = gap_coverage(gap, projects, NO_WORK, found, PROFILE).set_index("segment")
        assert rows.loc[[PRE], ["seats_low", "seats_added", "seats_high"]].isna().all(axis=None)
        assert rows.loc[SCHOOL, "seats_added"] == 0
        fall = gap_waterfall(gap, summary, projects, found, PROFILE).set_index("segment")
        assert fall.loc[PRE, ["committed", "remaining", "surplus"]].isna().all()
        assert (fall.loc[PRE, "today"], fall.loc[PRE, "planned"]) == (30, 0)
        assert fall.loc[SCHOOL, ["committed", "remaining"]].to_list() == [0, 2]


def test_nothing_known_gives_no_rows(table: Make) -> None:
    none, projects = empty_frame(OUTPUTS["gap"]), works({"project_id": "p"})
    states = projects[["project_id"]].assign(state="proposed")
    about = measures(table, "spots")
    assert project_gaps(none, projects, NO_EFFECTS, about, states, PROFILE).empty
    some = gaps(a={PRE: 3})
    assert project_gaps(some, projects.iloc[:0], NO_EFFECTS, about, states, PROFILE).empty
    found = empty_frame(OUTPUTS["project_gaps"])
    assert gap_coverage(none, projects, NO_WORK, found, PROFILE).empty
    assert gap_coverage(some, projects.iloc[:0], NO_WORK, found, PROFILE).empty
    assert gap_waterfall(some, empty_frame(OUTPUTS["gap_summary"]), projects, found, PROFILE).empty
    assert gap_waterfall(some, summary_of(some), projects.iloc[:0], found, PROFILE).empty


# --- gap and lever ---------------------------------------------------------------------------------------------------


def test_each_gap_has_a_row_for_each_lever_that_works_on_it(table: Make) -> None:
    gap = gaps(a={BABIES: 30, PRE: 10}, b={BABIES: 20, PRE: 0}, c={BABIES: 5, PRE: None})
    initiatives = table(
        "initiatives",
        {"initiative_id": "x", "lever": "supply", "areas": "a"},
        {"initiative_id": "same", "lever": "supply", "areas": "a;b"},
        {"initiative_id": "over", "lever": "hours", "ends_on": pd.Timestamp("2026-06-29")},
        {"initiative_id": "later", "lever": "hours", "started_on": pd.Timestamp("2026-07-01")},
        {"initiative_id": "today", "lever": "quality", "areas": "b", "ends_on": pd.Timestamp("2026-06-30")},
    )
    # A project may be called as an initiative is.
    projects = works({"project_id": "same", "segment": BABIES, "areas": "a", "lever": "hours"})
    rows = gap_coverage(gap, projects, initiatives, says({"same": "proposed"}, {}), PROFILE, as_of=date(2026, 6, 30))
    told = rows[["geoid", "segment", "lever", "unmet", "initiative_ids", "project_ids", "uncovered"]].astype("object")
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        ["a", BABIES, "supply", 30, "same;x", None, False],
        ["a", BABIES, "hours", 30, None, "same", False],
        ["a", PRE, "supply", 10, "same;x", None, False],
        ["b", BABIES, "supply", 20, "same", None, False],
        ["b", BABIES, "quality", 20, "today", None, False],
        ["c", BABIES, None, 5, None, None, True],
    ]
    assert rows["initiatives"].to_list() == [2, 0, 2, 1, 1, 0]
    assert rows["projects"].to_list() == [0, 1, 0, 0, 0, 0]
    assert rows["seats_added"].eq(0).all(), "a proposal adds nothing yet"


def test_places_are_spread_by_unmet_need_and_fill_no_more_than_that() -> None:
    gap = gaps(a={PRE: 30}, b={PRE: 10}, c={PRE: 0})
    projects = works(
        {"project_id": "x", "segment": PRE, "lever": "supply"},
        {"project_id": "y", "segment": PRE, "areas": "b", "lever": "hours"},
    )
    found = says({"x": "planned", "y": "committed"}, {"x": (8, 12, 16), "y": (4, 6, 30)})
    rows = gap_coverage(gap, projects, NO_WORK, found, PROFILE).set_index(["geoid", "lever"])
    # x: 30 and 10 of 40 unmet. In b, x's 12 × 10/40 = 3 and y's 6 leave one.
    assert rows["seats_added"].to_dict() == pytest.approx(
        {("a", "supply"): 12 * 30 / 40, ("b", "supply"): 3, ("b", "hours"): 6}
    )
    assert rows["seats_low"].to_dict() == pytest.approx(
        {("a", "supply"): 8 * 30 / 40, ("b", "supply"): 2, ("b", "hours"): 4}
    )
    # At the most 4 and 30 in b, where 10 are without: taken off in proportion.
    high = rows["seats_high"].to_dict()
    assert high == pytest.approx({("a", "supply"): 12, ("b", "supply"): 10 * 4 / 34, ("b", "hours"): 10 * 30 / 34})


def test_an_end_that_one_project_does_not_name_is_missing() -> None:
    gap = gaps(a={PRE: 30}, b={PRE: 10})
    projects = works(*({"project_id": p, "segment": PRE, "areas": a} for p, a in (("x", "a"), ("y", "a"), ("z", "b"))))
    found = says(
        {"x": "committed", "y": "planned", "z": "planned"}, {"x": (None, 5, 8), "y": (1, 2, 3), "z": (1, 2, 3)}
    )
    rows = gap_coverage(gap, projects, NO_WORK, found, PROFILE).set_index("geoid")
    assert rows["seats_low"].isna().to_dict() == {"a": True, "b": False}
    assert rows["seats_added"].to_dict() == pytest.approx({"a": 5 + 2, "b": 2})
    fall = gap_waterfall(gap, summary_of(gap), projects, found, PROFILE).iloc[0]
    assert fall[["committed_low", "planned_low", "remaining_high"]].isna().all()
    assert fall[["committed", "planned", "remaining", "committed_high", "planned_high", "remaining_low"]].to_list() == (
        pytest.approx([5, 2 + 2, 40 - 9, 8, 3 + 3, 40 - 14])
    )


def test_a_project_that_names_no_places_is_unknown_beside_one_that_does() -> None:
    gap = gaps(a={PRE: 30})
    projects = works(*({"project_id": p, "segment": PRE, "lever": "supply"} for p in "xy"))
    found = says({"x": "committed", "y": "committed"}, {"x": (4, 5, 6)})
    rows = gap_coverage(gap, projects, NO_WORK, found, PROFILE)
    assert rows[["projects", "seats_added"]].to_numpy().tolist() == [[2, 5]]
    fall = gap_waterfall(gap, summary_of(gap), projects, found, PROFILE).iloc[0]
    assert (fall["committed"], fall["planned"], fall["remaining"]) == (5, 0, 25)
    found = says({"x": "planned", "y": "committed"}, {"x": (4, 5, 6)})
    fall = gap_waterfall(gap, summary_of(gap), projects, found, PROFILE).iloc[0]
    assert pd.isna(fall["committed"])
    assert (fall["planned"], fall["remaining"]) == (5, 25)


# --- the waterfall ---------------------------------------------------------------------------------------------------


def test_committed_places_come_first_and_the_rest_is_a_surplus() -> None:
    gap, summary = with_sums(gaps(a={BABIES: 30, PRE: 10, SCHOOL: 0}, b={BABIES: 20, PRE: 10, SCHOOL: 0}))
    summary = summary.assign(spatial_gap_low=summary["spatial_gap"] - 5, spatial_gap_high=summary["spatial_gap"] + 5)
    projects = works(
        {"project_id": "sure", "segment": BABIES, "areas": "a"},
        {"project_id": "next", "segment": BABIES, "areas": "a"},
        {"project_id": "idea", "segment": BABIES, "areas": "b"},
        {"project_id": "full", "segment": SCHOOL},
    )
    states = {"sure": "committed", "next": "planned", "idea": "proposed", "full": "planned"}
    found = says(states, {"sure": (10, 24, 40), "next": (5, 9, 20), "idea": (1, 2, 3), "full": (1, 7, 9)})
    fall = gap_waterfall(gap, summary, projects, found, PROFILE).set_index("segment")
    assert fall.index.to_list() == summary["segment"].to_list()
    # In a 30 are without: 24 places, then 6 of 9; 3 are too many. Nobody at school is without, so 7 are too many.
    for row, today, surplus in ((BABIES, 50, 3), ("under-six", 70, 3), ("all", 70, 3 + 7)):
        assert fall.loc[row, ["today", "committed", "planned", "remaining", "surplus"]].to_list() == (
            pytest.approx([today, 24, 6, today - 30, surplus])
        )
        assert fall.loc[row, ["today_low", "today_high"]].to_list() == [today - 5, today + 5]
        assert fall.loc[row, ["committed_low", "committed_high"]].to_list() == pytest.approx([10, 30])
        assert fall.loc[row, ["planned_low", "planned_high"]].to_list() == pytest.approx([5, 0])
        assert fall.loc[row, ["remaining_low", "remaining_high"]].to_list() == pytest.approx([today - 30, today - 15])
    assert fall.loc[PRE, ["committed", "planned", "remaining", "surplus"]].to_list() == [0, 0, 20, 0]
    assert fall.loc[SCHOOL, ["today", "planned", "remaining", "surplus"]].to_list() == [0, 0, 0, 7]


def test_seats_without_a_segment_leave_everybody_less_to_close() -> None:
    """Ten babies and ten at school are without, and five seats are for any age: fifteen in all."""
    gap = gaps(a={BABIES: 10, SCHOOL: 10, "all": 15})
    projects = works({"project_id": "x", "segment": BABIES}, {"project_id": "y", "segment": SCHOOL})
    found = says({"x": "planned", "y": "planned"}, {"x": (9, 9, 9), "y": (8, 8, 8)})
    fall = gap_waterfall(gap, summary_of(gap), projects, found, PROFILE).set_index("segment")
    assert fall["planned"].to_dict() == pytest.approx({BABIES: 9, SCHOOL: 8, "all": 15})
    assert fall["surplus"].to_dict() == pytest.approx({BABIES: 0, SCHOOL: 0, "all": 9 + 8 - 15})
    assert fall.loc["all", "remaining"] == 0


def test_places_that_a_project_takes_away_widen_the_gap() -> None:
    gap = gaps(a={PRE: 30})
    projects = works({"project_id": "x", "segment": PRE})
    fall = gap_waterfall(gap, summary_of(gap), projects, says({"x": "planned"}, {"x": (-4, 2, 6)}), PROFILE).iloc[0]
    assert fall[["planned_low", "planned", "planned_high"]].to_list() == pytest.approx([-4, 2, 6])
    assert fall[["remaining_low", "remaining", "remaining_high"]].to_list() == pytest.approx([30 - 6, 30 - 2, 30 + 4])


def plain(
    gap: pd.DataFrame, projects: pd.DataFrame, found: pd.DataFrame, end: str
) -> dict[tuple[str, str], list[float]]:
    """By area and segment, what is committed and planned there, and the places put there: one by one."""
    unmet = {(r.geoid, r.segment): r.unmet for r in gap.itertuples() if r.segment in (BABIES, PRE, SCHOOL)}
    put = {cell: {"committed": 0.0, "planned": 0.0} for cell in unmet}
    groups = {g.segment: list(g.of) for g in PROFILE.groups}
    for row in projects.itertuples():
        own = found.set_index("project_id").loc[row.project_id]
        if own["state"] == "proposed" or pd.isna(own["seats"]):
            continue
        whom = [BABIES, PRE, SCHOOL] if pd.isna(row.segment) else groups.get(row.segment, [row.segment])
        areas = None if pd.isna(row.areas) else row.areas.split(";")
        cells = [c for c in unmet if c[1] in whom and (areas is None or c[0] in areas) and unmet[c] > 0]
        for cell in cells:
            put[cell][own["state"]] += own[end] * unmet[cell] / sum(unmet[c] for c in cells)
    result = {}
    for cell, places in put.items():
        committed = min(places["committed"], unmet[cell])
        planned = min(places["planned"], unmet[cell] - committed)
        result[cell] = [committed, planned, places["committed"] + places["planned"]]
    return result


@st.composite
def communities(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    areas = [f"a{i}" for i in range(draw(st.integers(1, 5)))]
    counts = st.integers(0, 40)
    base = gaps(**{a: {s: float(draw(counts)) for s in (BABIES, PRE, SCHOOL)} for a in areas})
    rows, states, seats = [], {}, {}
    for i in range(draw(st.integers(1, 6))):
        where = draw(st.lists(st.sampled_from([*areas, "nowhere"]), max_size=3))
        segment = draw(st.sampled_from([None, BABIES, PRE, "under-six"]))
        row = {"project_id": f"p{i}", "segment": segment, "areas": ";".join(where) or None}
        rows.append(row | {"lever": draw(st.sampled_from(["supply", "hours"]))})
        states[f"p{i}"] = draw(st.sampled_from(["committed", "planned", "proposed"]))
        low, mid, high = sorted(draw(st.tuples(counts, counts, counts)))
        seats[f"p{i}"] = draw(st.sampled_from([None, (float(low), float(mid), float(high))]))
    gap, summary = with_sums(base)
    return gap, summary, works(*rows), says(states, seats)


@given(communities(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_against_one_by_one(case: tuple[pd.DataFrame, ...], seed: int) -> None:
    gap, summary, projects, found = case
    rows = gap_coverage(gap, projects, NO_WORK, found, PROFILE)
    fall = gap_waterfall(gap, summary, projects, found, PROFILE).set_index("segment")
    exact = fall.copy()
    for end, name, tail in zip(ENDS, ("seats_low", "seats_added", "seats_high"), ("_low", "", "_high"), strict=True):
        cells = plain(gap, projects, found, end)
        by_cell = rows.groupby(["geoid", "segment"])[name].sum()
        for cell, total in by_cell.items():
            assert total == pytest.approx(sum(cells[cell][:2]), abs=1e-9)
        for segment, (k, column) in product((BABIES, PRE, SCHOOL), enumerate(("committed", "planned"))):
            figure = fall.loc[segment, column + tail]
            if pd.notna(figure):
                assert figure == pytest.approx(sum(v[k] for c, v in cells.items() if c[1] == segment), abs=1e-9)
    # What the segments close adds up to what is closed for everybody; and places are placed, or a surplus.
    parts = fall.loc[[BABIES, PRE, SCHOOL]]
    for column in ("committed", "planned"):
        if fall.loc["all", column] == fall.loc["all", column] and parts[column].notna().all():
            assert parts[column].sum() == pytest.approx(fall.loc["all", column], abs=1e-9)
    whole = fall.loc["all"]
    told = found[found["state"].ne("proposed") & found["seats"].notna()].merge(
        projects, on="project_id", suffixes=("", "_")
    )
    known = told["areas_"].map(lambda c: pd.isna(c) or bool(set(c.split(";")) - {"nowhere"})).astype(bool)
    if pd.notna(whole["surplus"]):
        closed = whole["today"] - whole["remaining"]
        assert closed + whole["surplus"] == pytest.approx(told.loc[known, "seats"].sum(), abs=1e-6)
    assert (fall["remaining"].dropna() >= 0).all()
    # Shuffled rows, and an empty area more, change nothing.
    shuffled = [f.sample(frac=1, random_state=seed).reset_index(drop=True) for f in (gap, projects, found)]
    pd.testing.assert_frame_equal(gap_coverage(*shuffled[:2], NO_WORK, shuffled[2], PROFILE), rows, check_exact=True)
    again = gap_waterfall(shuffled[0], summary, *shuffled[1:], PROFILE).set_index("segment")
    pd.testing.assert_frame_equal(again, exact, check_exact=True)
    extra, _ = with_sums(gaps(zz={BABIES: 0.0, PRE: 0.0, SCHOOL: 0.0}))
    more = gap_waterfall(pd.concat([gap, extra]), summary, projects, found, PROFILE).set_index("segment")
    pd.testing.assert_frame_equal(more.fillna(-1), exact.fillna(-1))


def test_frames_are_left_alone(table: Make) -> None:
    gap, summary = with_sums(gaps(a={BABIES: 3, PRE: 4, SCHOOL: 5}))
    projects, effects = (
        works({"project_id": "p"}),
        table("effects", {"project_id": "p", "measure_id": "spots", "mid": 2}),
    )
    about, work = measures(table, "spots"), table("initiatives", {"initiative_id": "i", "lever": "supply"})
    states = pd.DataFrame({"project_id": ["p"], "state": ["planned"]})
    frames = [gap, summary, projects, effects, about, work, states]
    copies = [f.copy(deep=True) for f in frames]
    found = project_gaps(gap, projects, effects, about, states, PROFILE)
    gap_coverage(gap, projects, work, found, PROFILE, as_of=date(2026, 1, 1))
    gap_waterfall(gap, summary, projects, found, PROFILE)
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_work_everywhere_makes_no_row_for_a_lever_that_nothing_works_on() -> None:
    """Many areas, one project everywhere: one row a gap, of one lever of seven."""
    n = 2000
    gap = gaps(**{f"a{i:05}": {PRE: float(i % 5)} for i in range(n)})
    projects = works({"project_id": "x", "segment": PRE})
    rows = gap_coverage(gap, projects, NO_WORK, says({"x": "planned"}, {"x": (1, 50, 90)}), PROFILE)
    assert len(rows) == n * 4 / 5
    assert rows["seats_added"].sum() == pytest.approx(50)
    assert np.allclose(rows["seats_added"] / rows["unmet"], 50 / (n / 5 * (1 + 2 + 3 + 4)))
