"""What the public edition leaves out of the chain from the gap to the projects: nothing gives a small count back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from ci_analysis import landscape, strategy
from ci_analysis.figures import strategy as figures
from ci_analysis.figures.base import Statement
from ci_analysis.report.withhold import public_study, public_tables
from ci_analysis.study import Study

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"
#: Made small here; the modular classrooms work in it, the new center does not.
SMALL, NEIGHBOUR, ELSEWHERE = "08063", "08099", "08087"
MADE = ("gap_coverage", "project_gaps", "gap_waterfall", "chain")
SEATS = ["seats_low", "seats_added", "seats_high"]

Tables = dict[str, pd.DataFrame]


def with_table(study: Study, name: str, frame: pd.DataFrame) -> Study:
    return replace(study, tables=MappingProxyType({**study.tables, name: frame}))


def small(study: Study, children: float) -> Study:
    """The study with its own figures of need, of so many infants in one county, all with parents at work."""
    figures_ = study.tables["indicators"].copy()
    here = figures_["geoid"].eq(SMALL) & figures_["segment"].eq("infant-toddler")
    figures_.loc[here & figures_["indicator"].eq("children"), "value"] = children
    of_need = figures_["indicator"].isin(
        [study.profile.need.people, study.profile.need.share, study.profile.need.direct]
    )
    figures_["source"] = figures_["source"].mask(of_need)
    capacity = study.tables["capacity"]
    there = study.tables["facilities"].set_index("facility_id")["geoid"].eq(SMALL)
    gone = capacity["facility_id"].map(there).fillna(False).astype(bool) & capacity["segment"].eq("infant-toddler")
    return with_table(with_table(study, "indicators", figures_), "capacity", capacity[~gone].reset_index(drop=True))


def made(study: Study, before: Tables) -> Tables:
    return {**before, **strategy.compute(study, before)}


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def before(study: Study) -> Tables:
    """Step 2 of the study as it is: nothing in it hangs on weights."""
    return landscape.compute(study, {})


@pytest.fixture(scope="module")
def few(study: Study) -> tuple[Study, Tables, Tables]:
    """The study with a small count, its tables, and what the public sees of them."""
    changed = small(study, 9.0)
    tables = made(changed, landscape.compute(changed, {}))
    return changed, tables, public_tables(changed, tables)


def marked(frame: pd.DataFrame) -> pd.Series:
    return frame["x_withheld"].eq("yes") if "x_withheld" in frame else pd.Series(False, index=frame.index)


def test_published_need_is_shown_whole(study: Study, before: Tables) -> None:
    tables = made(study, before)
    shown = public_tables(study, tables)
    for name in MADE:
        assert not marked(shown[name]).any(), name
        assert len(shown[name]) > 0
    assert shown["gap_coverage"][SEATS].equals(tables["gap_coverage"][SEATS])


def test_sites_tell_nothing_where_an_area_is_withheld(
    study: Study, before: Tables, few: tuple[Study, Tables, Tables]
) -> None:
    whole, told = public_tables(study, made(study, before))["siting"], few[2]["siting"]
    assert whole["within_reach"].notna().any(), "need that is published is shown whole"
    assert told[["within_reach", "served", "unmet_before", "unmet_after", "why", "chosen"]].isna().all(axis=None)
    assert told["site_id"].to_list() == whole["site_id"].to_list()


def test_scores_of_few_judges_are_not_public(study: Study) -> None:
    made = strategy.compute(study, {})
    assert "criterion_scores" in public_tables(study, made)
    scores = study.tables["scores"]
    few = scores[scores["partner_id"].isna() | scores["partner_id"].isin(["parent-leaders", "backbone-office"])]
    alone = with_table(study, "scores", few.reset_index(drop=True))
    shown = public_tables(alone, strategy.compute(alone, {}))
    assert "criterion_scores" not in shown
    assert "partner_weights" not in shown
    assert "objections" not in shown
    assert public_study(alone).tables["scores"].empty


def test_the_attack_is_one(few: tuple[Study, Tables, Tables]) -> None:
    """The places shown in a neighbour, and those of the project in all, give the small gap back."""
    _, tables, shown = few
    hidden = shown["gap"].loc[marked(shown["gap"]), "geoid"].unique()
    assert SMALL in hidden
    own = tables["gap"].set_index(["geoid", "segment"])["unmet"]
    assert 0 < own[SMALL, "infant-toddler"] < 11
    found = tables["project_gaps"].set_index("project_id")
    assert "modular-classrooms" in found.index
    others = own[[(g, "infant-toddler") for g in (NEIGHBOUR, ELSEWHERE)]].sum()
    assert found.loc["modular-classrooms", "unmet"] - others == pytest.approx(own[SMALL, "infant-toddler"])


def test_a_project_in_a_withheld_area_keeps_its_name_alone(few: tuple[Study, Tables, Tables]) -> None:
    changed, tables, shown = few
    hidden = set(shown["gap"].loc[marked(shown["gap"]), "geoid"])
    projects = changed.tables["projects"].set_index("project_id")["areas"]
    touched = {p for p, cell in projects.items() if pd.isna(cell) or hidden & set(cell.split(";"))}
    assert {"modular-classrooms", "teacher-pipeline"} <= touched < set(projects.index)
    for name in ("project_gaps", "chain"):
        frame = shown[name]
        assert set(frame.loc[marked(frame), "project_id"]) == touched, name
        keys = {"project_id", "segment", "measure_id", "x_withheld"}
        assert frame.loc[marked(frame), [c for c in frame if c not in keys]].isna().all(axis=None), name
    rest = shown["project_gaps"][~marked(shown["project_gaps"])].set_index("project_id")
    exact = tables["project_gaps"].set_index("project_id").loc[rest.index]
    assert rest["unmet"].equals(exact["unmet"])


def test_a_withheld_area_has_one_row_whatever_its_gaps_are(study: Study, few: tuple[Study, Tables, Tables]) -> None:
    changed, _, shown = few
    frame = shown["gap_coverage"]
    hidden = set(shown["gap"].loc[marked(shown["gap"]), "geoid"])
    assert hidden <= set(frame.loc[marked(frame), "geoid"])
    gone = frame[marked(frame)]
    assert not gone["geoid"].duplicated().any()
    assert gone["segment"].eq("all").all()
    assert gone.drop(columns=["geoid", "segment", "x_withheld"]).isna().all(axis=None)
    assert frame[SEATS].isna().all(axis=None), "places are spread in proportion to what is withheld"
    assert frame.loc[~marked(frame), "unmet"].notna().all()
    # Another small count changes nothing that the public sees.
    other = small(study, 5.0)
    again = public_tables(other, made(other, landscape.compute(other, {})))
    for name in MADE:
        pd.testing.assert_frame_equal(again[name], shown[name], check_exact=True)
    assert changed is not other


def test_the_waterfall_over_withheld_areas_is_withheld(few: tuple[Study, Tables, Tables]) -> None:
    _, tables, shown = few
    frame = shown["gap_waterfall"]
    assert marked(frame).all()
    assert len(frame) == len(tables["gap_waterfall"])
    assert frame.drop(columns=["segment", "x_withheld"]).isna().all(axis=None)


def test_totals_withheld_before_are_withheld_here(few: tuple[Study, Tables, Tables]) -> None:
    changed, tables, _ = few
    one = {n: tables[n] for n in ("gap_summary", "gap_waterfall")}
    one["gap_summary"] = one["gap_summary"].assign(need=5.0)
    assert marked(public_tables(changed, one)["gap_waterfall"]).all()


def test_figures_say_what_is_withheld(few: tuple[Study, Tables, Tables]) -> None:
    changed, _, shown = few
    public = public_study(changed)
    for draw, names in (
        (figures.waterfall, ("gap_waterfall", "project_gaps")),
        (figures.projects_and_gaps, ("project_gaps",)),
        (figures.chain, ("chain",)),
        (figures.gaps_without_work, ("gap_coverage",)),
    ):
        told = draw(public, *(shown[n] for n in names))
        assert isinstance(told, Statement)
        assert "small counts" in " ".join(told.lines), draw
        if told.frame is not None and "project_id" in told.frame:
            assert "modular-classrooms" not in set(told.frame["project_id"])
    assert figures.seats_by_place(public, shown["gap_coverage"]) is None


def test_an_internal_measure_is_in_no_list(study: Study, before: Tables) -> None:
    tables = made(study, before)
    assert tables["project_gaps"]["measures"].str.contains("teachers-leaving").any(), "the attack is one"
    shown = public_tables(study, tables)
    for name in MADE:
        assert "teachers-leaving" not in shown[name].to_csv(), name
    assert "decisions" not in shown["chain"]


def test_what_few_partners_choose_is_not_told_by_what_is_planned(study: Study, before: Tables) -> None:
    weights = study.tables["weights"]
    one = with_table(study, "weights", weights[weights["partner_id"] == weights["partner_id"].iloc[0]])
    shown = public_tables(one, made(one, before))
    assert "gap_waterfall" not in shown
    assert "state" not in shown["project_gaps"]
    assert "state" not in figures.projects_and_gaps(public_study(one), shown["project_gaps"]).frame
    assert not set(SEATS) & set(shown["gap_coverage"])
    assert figures.seats_by_place(public_study(one), shown["gap_coverage"]) is None
    # Nobody has given weights: nothing is chosen, and nothing is to hide.
    none = with_table(study, "weights", weights.iloc[:0])
    open_ = public_tables(none, made(none, before))
    assert set(open_["project_gaps"]["state"]) == {"committed", "proposed"}
    assert open_["gap_waterfall"]["planned"].eq(0).all()
