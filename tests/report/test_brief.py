"""The one-page brief: its headline is a finding, and it says what a board asks first, in numbers that are right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest

from ci_analysis import pipeline
from ci_analysis.figures.words import amount
from ci_analysis.report.brief import brief
from ci_analysis.report.editions import Edition, edition_of
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, conform

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def tables(study: Study) -> dict[str, pd.DataFrame]:
    return pipeline.compute(study)


@pytest.fixture(scope="module")
def internal(study: Study, tables: dict[str, pd.DataFrame]) -> Edition:
    return edition_of(study, tables, "internal")


def output(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def with_(edition: Edition, given: dict[str, pd.DataFrame] | None = None, **made: pd.DataFrame) -> Edition:
    """The edition with other tables of the run, and other ones of the study."""
    tables = MappingProxyType({**edition.study.tables, **(given or {})})
    return replace(edition, study=replace(edition.study, tables=tables), tables={**edition.tables, **made})


def standing(edition: Edition) -> dict[str, Any]:
    return {row["name"]: row for row in brief(edition)["standing"]}


# --- the headline ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "usable", "short", "says"),
    [
        (1000.0, 290.0, 710.0, "In Colorado, 710 infants and toddlers have no seat in their own county"),
        (115792.0, 33096.0, 82790.3, "In Colorado, about 83,000 infants and toddlers have no seat in their own county"),
        (1000.0, 999.0, 1.0, "In Colorado, one of the infants and toddlers has no seat in their own county"),
        (1000.0, 1000.0, 0.3, "In Colorado, less than one of the infants and toddlers has no seat in their own county"),
        (1000.0, 1500.0, 0.0,
         "In Colorado, every county has enough seats for its infants and toddlers in potential need"),
        (None, 100.0, None, ""),
    ],
    ids=["plain", "about", "one", "less than one", "none", "missing"],
)  # fmt: skip
def test_the_headline_is_a_finding(
    internal: Edition, need: float | None, usable: float, short: float | None, says: str
) -> None:
    row = {"segment": "infant-toddler", "areas": 64, "areas_with_need": 64, "need": need, "usable": usable,
           "spatial_gap": short, "sufficiency": usable / need if need else None}  # fmt: skip
    assert brief(with_(internal, gap_summary=output("gap_summary", row)))["finding"] == says


def test_without_a_finding_the_title_leads(internal: Edition) -> None:
    assert brief(with_(internal, gap_summary=output("gap_summary")))["finding"] == ""


# --- what a board asks first ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"today": 1000.0, "committed": 100.0, "planned": 50.0, "remaining": 850.0},
         "About 1,000 infants and toddlers are without a seat in their own area today. Of these, committed work would "
         "serve 100 and the projects chosen 50: 850 remain."),
        ({"today": 90.0, "committed": 89.0, "planned": 0.0, "remaining": 1.0},
         "90 infants and toddlers are without a seat in their own area today. Of these, committed work would serve 89: "
         "1 remains."),
        ({"today": 90.0, "committed": 0.0, "planned": 90.0, "remaining": 0.0},
         "90 infants and toddlers are without a seat in their own area today. Of these, the projects chosen 90: none "
         "remains."),
        ({"today": 90.0, "committed": 0.0, "planned": 0.0, "remaining": 90.0},
         "90 infants and toddlers are without a seat in their own area today, and no project is expected to change "
         "that."),
        ({"today": 90.0, "committed": 5.0, "planned": None, "remaining": None},
         "90 infants and toddlers are without a seat in their own area today. Of these, committed work would serve 5: "
         "how many remain is not known."),
    ],
    ids=["both", "one remains", "none remains", "no project", "not known"],
)  # fmt: skip
def test_the_gap_and_what_closes_it(internal: Edition, row: dict[str, float], says: str) -> None:
    made = output("gap_waterfall", {"segment": "infant-toddler", **row})
    assert standing(with_(internal, gap_waterfall=made))["The gap"]["text"] == says.replace("About 1,000", "1,000")


def test_a_gap_that_nobody_has_or_may_see_is_not_there(internal: Edition) -> None:
    none = output("gap_waterfall", {"segment": "infant-toddler", "today": 0.0})
    hidden = none.assign(today=50.0, x_withheld="yes")
    for made in (none, hidden, output("gap_waterfall")):
        assert "The gap" not in standing(with_(internal, gap_waterfall=made))


@pytest.mark.parametrize(
    ("statuses", "says"),
    [
        (["done on time", "planned", "planned, overdue by 3 days"], "Three promises by partners: 1 kept, 1 overdue."),
        (["planned"], "One promise by partners: none is kept yet, none overdue."),
        (["received", "done late"], "Two promises by partners: 2 kept, none overdue."),
    ],
)
def test_promises(internal: Edition, statuses: list[str], says: str) -> None:
    made = output("commitments", *({"partner_id": "p", "what": f"w{i}", "status": s} for i, s in enumerate(statuses)))
    assert standing(with_(internal, commitments=made))["Promises"]["text"] == says


def test_seats_beside_the_start(internal: Edition, study: Study) -> None:
    row = {"measure_id": "spots-offered", "segment": "all", "baseline": 2192.0, "latest": 2372.0}
    said = standing(with_(internal, measures=output("measures", row)))["Seats"]
    assert said["text"] == f"Child care spots open at our partners: 2,372, {2372 - 2192} more than in September 2024."
    assert said["mark"], "the example's reports are made up"
    fewer = output("measures", row | {"latest": 2000.0})
    assert f"2,000, {2192 - 2000} fewer than" in standing(with_(internal, measures=fewer))["Seats"]["text"]
    same = output("measures", row | {"latest": 2192.0})
    assert "2,192, as many as in September 2024" in standing(with_(internal, measures=same))["Seats"]["text"]
    missing = output("measures", row | {"latest": None})
    assert "Seats" not in standing(with_(internal, measures=missing))


def test_money_agrees_with_the_tables(internal: Edition, study: Study) -> None:
    chosen = internal.tables["portfolio"].query("rule == 'value' and chosen")
    own = study.tables["funding"]
    own = own[own["project_id"].isin(chosen["project_id"]) & ~(own["on"] > pd.Timestamp(study.settings.as_of))]
    received, pledged = (own.loc[own["status"] == s, "amount"].sum() for s in ("received", "pledged"))
    said = standing(internal)["Money"]["text"]
    assert amount(chosen["cost"].sum()) in said
    assert f"${received:,.0f} received" in said
    assert f"${pledged:,.0f} pledged" in said
    nothing = study.tables["funding"].iloc[:0]
    assert "not recorded yet" in standing(with_(internal, {"funding": nothing}))["Money"]["text"]


# --- what is made up, and for whom ----------------------------------------------------------------


def test_each_goal_says_what_of_it_is_made_up(internal: Edition, study: Study) -> None:
    marks = {g["text"]: g["mark"] for g in brief(internal)["goals"]}
    measured = {g.text: g.measure_id for g in study.settings.agenda.goals}  # type: ignore[union-attr]
    own = study.tables["measures"].set_index("measure_id")
    for text, mark in marks.items():
        row = own.loc[measured[text]]
        wanted = "illustrative" if row["x_illustrative"] == "yes" else "target illustrative"
        assert mark == (wanted if row["x_illustrative"] == "yes" or row["x_target_illustrative"] == "yes" else "")


def test_no_headline_rests_on_made_up_rows(internal: Edition) -> None:
    settings = internal.study.settings.model_copy(update={"illustrative": ("capacity",)})
    made_up = replace(internal, study=replace(internal.study, settings=settings))
    assert brief(made_up)["headlines"] == []
    assert brief(made_up)["finding"] == ""


def test_whom_to_ask(internal: Edition, study: Study, tables: dict[str, pd.DataFrame]) -> None:
    assert brief(internal)["ask"] == "Child care coalition office, office@example.org"
    assert brief(edition_of(study, tables, "public"))["ask"] == "Child care coalition office"
    nobody = replace(study, settings=study.settings.model_copy(update={"backbone": None}))
    assert brief(replace(internal, study=nobody))["ask"] == ""


# --- on one page ----------------------------------------------------------------------------------


def test_what_is_longer_is_cut_and_what_is_more_is_counted(internal: Edition, study: Study) -> None:
    agenda = study.settings.agenda
    assert agenda
    goals = [g.model_copy(update={"text": "word " * 200}) for g in agenda.goals] * 2
    long = agenda.model_copy(update={"problem": "word " * 1000, "goals": goals})
    edition = replace(internal, study=replace(study, settings=study.settings.model_copy(update={"agenda": long})))
    made = brief(edition)
    assert len(made["problem"]) <= 700
    assert made["problem"].endswith("…")
    assert len(made["goals"]) == 5
    assert made["more_goals"] == len(goals) - 5
    assert all(len(g["text"]) <= 140 for g in made["goals"])
    assert made["fit"], "denser than usual"
    assert brief(internal)["fit"] == ""
