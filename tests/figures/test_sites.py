from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from ci_analysis.figures import strategy as figures
from ci_analysis.figures.base import Drawing, drawing
from ci_analysis.figures.maps import positions
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care")


def output(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def squares(study: Study, *names: str, budget: float | None = 1_000.0) -> Study:
    """Two areas side by side, and a site with each name, from west to east; the last lies far outside."""
    areas = gpd.GeoDataFrame(
        {"geoid": ["01", "02"], "name": ["West", "East"]},
        geometry=[box(-105, 39, -104, 40), box(-104, 39, -103, 40)], crs="EPSG:4326",
    ).assign(longitude=np.nan, latitude=np.nan)  # fmt: skip
    sites = pd.DataFrame(
        {"site_id": [f"s{i}" for i in range(len(names))], "name": names,
         "longitude": [-104.5 + 0.3 * i for i in range(len(names))], "latitude": 39.5, "segment": "preschool",
         "seats": 20.0, "cost": 100.0}
    )  # fmt: skip
    tables = study.tables | {"sites": conform(sites, INPUTS["sites"])}
    settings = study.settings.model_copy(update={"budget": budget})
    return replace(study, areas=areas, tables=tables, settings=settings)


def sited(*orders: float | None) -> pd.DataFrame:
    return output(
        "siting",
        *(
            {"site_id": f"s{i}", "segment": "preschool", "chosen": o is not None, "order": o, "seats": 20, "cost": 100,
             "within_reach": 90, "served": None if o is None else 20,
             "unmet_before": None if o is None else 110 - 20 * o,
             "unmet_after": None if o is None else 90 - 20 * o, "why": "Why."}
            for i, o in enumerate(orders)
        ),
    )  # fmt: skip


def gap(*unmet: float) -> pd.DataFrame:
    return output("gap", *({"geoid": f"0{i}", "segment": "preschool", "unmet": u} for i, u in enumerate(unmet, 1)))


@pytest.mark.parametrize(
    ("orders", "budget", "title"),
    [
        (
            [2, None, 1],
            1_000,
            "With the whole budget of $1,000 spent on sites, 2 of 3 candidate sites would be opened, and 40 more "
            "children would have a place",
        ),
        (
            [1],
            1_000,
            "With the whole budget of $1,000 spent on sites, the one candidate site would be opened, and 20 more "
            "children would have a place",
        ),
        ([None, None], 1_000, "None of 2 candidate sites can be chosen with the budget of $1,000; the table says why"),
        ([None], None, "No candidate site can be chosen; the table says why"),
        (
            [1, 2],
            None,
            "There is no budget for sites yet; both candidate sites would serve somebody, and 40 more children would "
            "have a place",
        ),
    ],
)
def test_sites_are_counted_with_the_budget_and_the_people(orders, budget, title, study) -> None:
    made = figures.site_order(squares(study, *"ABC"[: len(orders)], budget=budget), sited(*orders))
    assert made.title == title


def test_sites_stand_in_order_and_what_the_money_lacks_elsewhere_is_said(study) -> None:
    made = figures.site_order(squares(study, "A", "B", "C"), sited(2, None, 1))
    assert made.frame["site"].to_list() == ["C", "A", "B"]
    assert made.frame["unmet_after"].to_list()[:2] == [90 - 20, 90 - 40]
    # Two of 100 each.
    assert made.lines[0] == "It is the same budget as for the projects: $200 for these sites would be lacking there."
    assert made.lines[-1] == "50 of those whom the sites are meant for would still be without one."


def test_what_a_public_page_withholds_is_no_figure(study) -> None:
    hidden = sited(1, 2)
    hidden.loc[1, [c for c in hidden if c != "site_id"]] = None
    made = figures.site_order(squares(study, "A", "B"), hidden)
    assert "more children" not in made.title
    assert made.lines[-1] == "One site cannot be shown, since too few people are concerned."


def test_the_map_numbers_the_sites_in_their_order(study) -> None:
    made = figures.sites_map(squares(study, "A", "<B>", "C"), sited(2, None, 1), gap(60, 30))
    assert isinstance(made, Drawing)
    assert made.title == "‘C’ would be the first site to open, then ‘A’"
    assert re.findall(r">(\d+)</text>", made.svg) == ["2", "1"]  # the first on top
    assert "<title>&lt;B&gt;: not opened</title>" in made.svg
    assert "<B>" not in made.svg
    assert made.svg.count("<circle") == 3
    assert "Sites in the order to open them: 1, C; 2, A. Not opened: <B>." in made.alt
    assert "30 children: 1; 60 children: 1." in made.alt
    assert made.svg.count("</svg>") == 1
    assert made.svg.endswith("</svg>")
    assert drawing(made) is made


def test_what_is_not_known_is_missing_on_the_map_and_sites_outside_are_named(study) -> None:
    made = figures.sites_map(squares(study, *"ABCDEFG"), sited(1, *[None] * 6), gap(60, np.nan))
    assert made.title == "‘A’ would be the one site to open"
    assert "not known: 1 (East)" in made.alt
    # From −104.5 by 0.3: the seventh, at −102.7, is east of −103.
    assert made.notes == ("Outside the map, and not drawn: G.",)
    assert made.svg.count("<circle") == 6


def test_many_sites_are_counted_in_the_title(study) -> None:
    made = figures.sites_map(squares(study, *"ABCD"), sited(1, 2, 3, 4), gap(60, 30))
    assert made.title == "‘A’ would be the first site to open, then ‘B’ and two more"
    none = figures.sites_map(squares(study, *"AB"), sited(None, None), gap(60, 30))
    assert none.title.startswith("None of 2 candidate sites")
    assert "Sites in the order to open them: none." in none.alt


def test_without_figures_or_outlines_there_is_no_map(study) -> None:
    small = squares(study, "A")
    assert figures.sites_map(small, sited(1), gap(np.nan, np.nan)) is None
    assert figures.sites_map(small, sited(1), gap()) is None
    bare = replace(small, areas=small.areas.assign(geometry=None).set_geometry("geometry", crs="EPSG:4326"))
    assert figures.sites_map(bare, sited(1), gap(60, 30)) is None


def test_the_same_rows_draw_the_same_map_in_any_order(study) -> None:
    small, rows, short = squares(study, *"ABC"), sited(2, None, 1), gap(60, 30)
    one = figures.sites_map(small, rows, short)
    assert figures.sites_map(small, rows.iloc[::-1], short.iloc[::-1]).svg == one.svg


def test_points_lie_on_the_map_where_they_lie_in_the_country(study) -> None:
    areas = squares(study, "A").areas
    at = positions(areas, pd.Series([-104.0, -104.5, -103.5, np.nan, 10.0]), pd.Series([39.5, 39.5, 39.5, 39.5, 39.5]))
    (middle, y), west, east = at[0], at[1], at[2]
    assert middle == pytest.approx(720 / 2, abs=2)
    assert middle - west[0] == pytest.approx(east[0] - middle, abs=0.2)
    assert 0 < y < 720
    assert np.isnan(at[3:]).all()


# --- what two may do twice -------------------------------------------------------------------------------------------


def work(*rows: dict[str, object]) -> pd.DataFrame:
    table = INPUTS["initiatives"]
    return conform(pd.DataFrame(list(rows)).reindex(columns=table.names), table)


def test_overlaps_and_idle_levers_are_named(study) -> None:
    levers = [x.lever for x in study.profile.levers]
    every = [{"initiative_id": f"i{k}", "lead": "p", "lever": x, "areas": "08001"} for k, x in enumerate(levers)]
    made = figures.overlaps(study, work(*every))
    assert made.title == "No two initiatives of different leads work on the same lever in the same areas"
    assert made.frame is None
    second = {"initiative_id": "j", "lead": "q", "lever": levers[0], "areas": "08001;08003"}
    made = figures.overlaps(study, work(*every, second))
    assert made.title == "One pair of initiatives works on the same lever in the same areas"
    assert made.frame["where"].to_list() == ["Adams"]
    third = {"initiative_id": "k", "lead": "r", "lever": levers[0]}
    made = figures.overlaps(study, work(*every[:-1], second, third))
    assert made.title.startswith(
        "Three pairs of initiatives work on the same lever in the same areas; nothing is under "
    )
    everywhere = figures.overlaps(study, work(*({**w, "areas": None} for w in (second, third))))
    assert everywhere.frame["where"].to_list() == ["everywhere"]
    assert figures.overlaps(study, work()) is None
    assert figures.overlaps(study, work({**second, "ends_on": pd.Timestamp("2020-01-01")})) is None


# --- what is lacking, and claims -------------------------------------------------------------------------------------


def summed(measure: str, needed: float, low: float, mid: float, verdict: str, rule: str = "value") -> dict:
    return {"rule": rule, "measure_id": measure, "latest": 0, "target": needed, "needed": needed, "low": low,
            "mid": mid, "high": mid, "share_of_needed": mid / needed, "verdict": verdict}  # fmt: skip


def lacking(study: Study, *rows: dict) -> tuple[str, ...]:
    bare = replace(study, settings=study.settings.model_copy(update={"agenda": None}))
    return drawing(figures.adds_up(bare, output("agenda_arithmetic", *rows))).notes


def test_what_is_lacking_is_said_goal_by_goal(study) -> None:
    names = study.labels["measure_id"]
    homes, price, work_share = "rural-homes-open", "weekly-cost", "mothers-in-labour-force"
    assert lacking(study, summed(homes, 51, 18, 26, "short")) == (
        f"{names[homes]}: 26 of the 51 homes still needed are expected; 25 more would be enough.",
    )
    assert lacking(study, summed(homes, 51, 1, 1, "short"))[0].endswith(
        "1 of the 51 homes still needed is expected; 50 more would be enough."
    )
    # A price that is to fall by 20, of which 14 are expected.
    assert lacking(study, summed(price, -20, -5, -14, "short"))[0].endswith(
        "$14 of the $20 a week still needed is expected; $6 more would be enough."
    )
    assert lacking(study, summed(work_share, 0.03, 0.01, 0.02, "stretch"))[0].endswith(
        ": 2 of the 3 percentage points still needed is expected; 1 more would be enough."
    )
    assert lacking(study, summed(homes, 20, 12, 21, "likely"))[0].endswith(
        "the 20 homes still needed can be expected; at the least 12 would come, and 8 more would make it sure."
    )
    assert lacking(study, summed(homes, 20, np.nan, 21, "likely"))[0].endswith("how little it could be is not said.")
    assert lacking(study, summed(homes, 20, -4, -2, "short"))[0].endswith("not expected to bring any of it.")
    assert lacking(study, summed(homes, 20, np.nan, np.nan, "unknown"))[0].endswith(
        "no chosen project says what it would bring."
    )
    assert lacking(study, summed(homes, 20, 20, 30, "enough")) == ()


def test_where_the_rules_differ_is_said(study) -> None:
    homes, price = "rural-homes-open", "weekly-cost"
    value = [summed(homes, 20, 20, 30, "enough"), summed(price, -20, -20, -30, "enough")]
    same = [{**row, "rule": "equal-shares"} for row in value]
    assert lacking(study, *value, *same) == (
        "Chosen by equal shares in place of the highest value, the projects would get the same verdicts.",
    )
    other = [same[0], summed(price, -20, -1, -2, "short", "equal-shares")]
    name = study.labels["measure_id"][price]
    assert lacking(study, *value, *other) == (
        "Chosen by equal shares in place of the highest value, the projects would get another verdict for one measure "
        f"with a target: ‘{name}’, too little instead of enough.",
    )
    assert lacking(study, *same) == ()


def test_what_projects_claim_twice_is_told_with_both_sums(study) -> None:
    homes = "rural-homes-open"
    projects = study.tables["projects"]["project_id"].head(2).to_list()
    effects = pd.DataFrame(
        {"project_id": projects, "measure_id": homes, "low": [9.0, 8.0], "mid": [12.0, 10.0], "high": [13.0, 11.0]}
    )
    portfolio = pd.DataFrame({"rule": "value", "project_id": projects, "chosen": True})
    claimed = output("shared_claims", {"rule": "value", "measure_id": homes,
                                       "project_a": min(projects), "project_b": max(projects)})  # fmt: skip
    rows = output("agenda_arithmetic", summed(homes, 20, 9 + 8, 12 + 10, "likely"))
    target = study.tables["measures"].assign(target=20.0, expected=np.nan)
    asked = replace(study, tables=study.tables | {"measures": target})
    made = figures.claims(asked, rows, claimed, portfolio, effects)
    # 12 alone, at the most 13, of 20: too little.
    name = study.labels["measure_id"][homes]
    assert made.title == (
        "Chosen projects claim the same people for one measure; were they to help the same ones, the verdict would "
        f"fall for ‘{name}’"
    )
    row = made.frame.iloc[0]
    assert row[["all added up", "the largest alone"]].to_list() == ["22 homes", "12 homes"]
    assert row["verdict"] == "likely; with the largest alone too little"
    enough = rows.assign(needed=5.0, verdict="enough")
    kept = replace(study, tables=study.tables | {"measures": target.assign(target=5.0)})
    assert figures.claims(kept, enough, claimed, portfolio, effects).title.endswith("no verdict would change")
    none = figures.claims(asked, rows, claimed.head(0), portfolio, effects)
    assert none.title.startswith("No two chosen projects claim the same people")
    assert none.frame is None
    other = claimed.assign(rule="equal-shares")
    assert figures.claims(asked, rows, other, portfolio, effects).title == none.title
