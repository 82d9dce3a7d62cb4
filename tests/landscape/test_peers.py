"""Peers against a plain double loop, and what must not make communities alike."""

from __future__ import annotations

import datetime as dt
import importlib
from math import log, nan, sqrt
from pathlib import Path
from statistics import median

import pandas as pd
import pytest

from ci_analysis.landscape import compute, peer_medians, peers
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, conform

ROOT = Path(__file__).parents[2]
# The room's function has the module's name.
module = importlib.import_module("ci_analysis.landscape.peers")
AS_OF = dt.date(2026, 6, 30)
MATCH = ["population", "rate_poverty"]


@pytest.fixture
def figures(table):
    """Indicators from {geoid: (population, poverty)}."""

    def of(communities, name="indicators", names=MATCH, **more):
        rows = [
            {"geoid": g, "name": f"Place {g}", "indicator": i, "period": "2024", "value": v} | more
            for g, values in communities.items()
            for i, v in zip(names, values, strict=True)
        ]
        return table(name, rows)

    return of


@pytest.fixture
def like(profile):
    def of(indicators, geoids, **more):
        areas = pd.DataFrame({"geoid": pd.Series(list(geoids), dtype="str")})
        areas["name"] = "Area " + areas["geoid"]
        return peers(indicators, areas, profile, as_of=AS_OF, **({"match": MATCH} | more))

    return of


def plain(own, theirs, count, logged=(0,)):
    """Each area's nearest communities, one distance after the other."""
    both = {("own", g): list(v) for g, v in own.items()} | ({} if theirs is own else {
        ("theirs", g): list(v) for g, v in theirs.items()})  # fmt: skip
    m = len(next(iter(both.values())))
    for k in range(m):
        column = [log(1 + v[k]) if k in logged else v[k] for v in both.values()]
        mean = sum(column) / len(column)
        spread = sqrt(sum((v - mean) ** 2 for v in column) / len(column))
        for values, v in zip(both.values(), column, strict=True):
            values[k] = (v - mean) / spread
    side = "own" if theirs is own else "theirs"
    found = {}
    for area in own:
        apart = []
        for other in theirs:
            if other != area:
                pairs = zip(both["own", area], both[side, other], strict=True)
                apart.append((round(sqrt(sum((a - b) ** 2 for a, b in pairs) / m), 9), other))
        found[area] = sorted(apart)[:count]
    return found


TOWNS = {"a": (1_000, 0.10), "b": (2_000, 0.11), "c": (500_000, 0.10), "d": (450_000, 0.12), "e": (900, 0.30)}


def test_peers_by_a_plain_double_loop(figures, like):
    found = like(figures(TOWNS), TOWNS, count=3)
    for area, nearest in plain(TOWNS, TOWNS, 3).items():
        rows = found[found["geoid"].eq(area)]
        assert rows["peer"].to_list() == [g for _, g in nearest]
        assert rows["distance"].to_list() == pytest.approx([d for d, _ in nearest])
        assert rows["rank"].to_list() == [1, 2, 3]
        assert rows["name"].to_list() == [f"Area {g}" for _, g in nearest]
    assert set(found["matched_on"]) == {"population;rate_poverty"}


def test_colorado_by_a_plain_double_loop():
    study = Study.read(ROOT / "data" / "raw" / "colorado-child-care")
    given = compute(study, {})
    names = study.profile.like
    table = given["indicators"]
    latest = {}
    for name in names:
        rows = table[table["indicator"].eq(name) & table["value"].notna()]
        covered = rows.groupby("period").size()
        period = max(p for p, n in covered.items() if n >= 0.8 * rows["geoid"].nunique())
        latest[name] = rows[rows["period"].eq(period)].set_index("geoid")["value"]
    towns = {g: tuple(latest[n].get(g, nan) for n in names) for g in sorted(study.areas["geoid"])}
    towns = {g: v for g, v in towns.items() if all(x == x for x in v)}
    assert len(towns) == 64
    found = given["peers"].groupby("geoid")["peer"].agg(list).to_dict()
    assert found == {g: [p for _, p in nearest] for g, nearest in plain(towns, towns, 10).items()}
    # The median of the peers' figures stands beside each area's own.
    value = table.set_index(["geoid", "indicator", "period", table["segment"].fillna("")])["value"]
    for row in table.dropna(subset=["peer_median"]).sample(40, random_state=1).fillna({"segment": ""}).itertuples():
        theirs = [value.get((p, row.indicator, row.period, row.segment), nan) for p in found[row.geoid]]
        assert row.peer_median == pytest.approx(median(v for v in theirs if v == v))
    assert table["peer_median"].notna().mean() > 0.9


def test_an_area_is_not_its_own_peer(figures, like):
    found = like(figures(TOWNS), TOWNS, count=100)
    assert (found["geoid"] != found["peer"]).all()
    assert set(found["geoid"].value_counts()) == {len(TOWNS) - 1}


def test_units_do_not_make_communities_alike(figures, like):
    first = like(figures(TOWNS), TOWNS)
    percent = like(figures({g: (n, 100 * r + 5) for g, (n, r) in TOWNS.items()}), TOWNS)
    assert percent["peer"].equals(first["peer"])
    assert percent["distance"].to_list() == pytest.approx(first["distance"].to_list())


def test_a_large_place_does_not_make_all_others_alike(figures, like):
    # In people, 1,000 and 30,000 are next to each other beside nine million; in what a place is like they are not.
    towns = {"a": (1_000, 0.10), "b": (30_000, 0.10), "c": (1_200, 0.11), "city": (9_000_000, 0.30)}
    assert like(figures(towns), towns, count=1).set_index("geoid").loc["a", "peer"] == "c"


def test_ties_go_to_the_smaller_geoid(figures, like):
    # b and c are alike in all; with other sums of the same figures rounding must not decide.
    towns = {"d": (50, 0.2), "c": (70, 0.1), "b": (70, 0.1), "a": (90, 0.3)}
    found = like(figures(towns), towns, count=3)
    for area in "ad":
        peers_of = found.loc[found["geoid"].eq(area), "peer"].to_list()
        assert peers_of.index("c") == peers_of.index("b") + 1


def test_rows_in_any_order_give_the_same_peers(figures, like):
    rows = figures(TOWNS)
    first = like(rows, sorted(TOWNS))
    pd.testing.assert_frame_equal(like(rows.sample(frac=1, random_state=1), [*TOWNS][::-1]), first)


def test_an_area_that_lacks_an_indicator_has_no_peers_and_is_none(figures, like):
    towns = TOWNS | {"f": (1_100, nan)}
    found = like(figures(towns), towns, count=9)
    assert "f" not in set(found["geoid"]) | set(found["peer"])
    # It is not taken for one without poverty, and it does not shift the others.
    assert found["peer"].to_list() == like(figures(TOWNS), TOWNS, count=9)["peer"].to_list()


def test_indicators_that_few_areas_have_are_left_out(figures, like):
    # Poverty is known for 4 of 5: enough. For 3 of 5 it is not, and all are matched by people alone.
    four = TOWNS | {"e": (900, nan)}
    assert set(like(figures(four), four)["matched_on"]) == {"population;rate_poverty"}
    three = four | {"d": (450_000, nan)}
    found = like(figures(three), three, count=1)
    assert set(found["matched_on"]) == {"population"}
    assert found.set_index("geoid")["peer"].to_dict() == {"a": "e", "b": "a", "c": "d", "d": "c", "e": "a"}


def test_an_indicator_that_is_the_same_everywhere_tells_nothing(figures, like):
    same = {g: (n, 0.1) for g, (n, _) in TOWNS.items()}
    assert set(like(figures(same), same)["matched_on"]) == {"population"}
    assert like(figures(dict.fromkeys(TOWNS, (5, 0.1))), TOWNS).empty


def test_nothing_to_match_on_and_nobody_to_match_have_no_peers(figures, like):
    assert like(figures(TOWNS), TOWNS, match=["x_unknown"]).empty
    assert like(figures({}), TOWNS).empty
    assert like(figures({"a": (1, 0.1)}), ["a"]).empty
    assert like(figures(TOWNS), []).empty
    assert like(figures({}), ["a"]).columns.to_list() == OUTPUTS["peers"].names


def test_the_profile_says_what_is_alike_where_the_study_does_not(figures, like, profile):
    names = ["population", "rate_poverty", "x_own"]
    towns = {g: (*v, 1.0) for g, v in TOWNS.items()}
    found = like(figures(towns, names=names), towns, match=())
    assert set(found["matched_on"]) == {";".join(n for n in profile.like if n in names)}


def test_figures_of_segments_are_not_matched_on(figures, like):
    rows = pd.concat([figures(TOWNS), figures(dict.fromkeys(TOWNS, (1, 1)), segment="preschool")])
    assert like(rows, TOWNS)["peer"].to_list() == like(figures(TOWNS), TOWNS)["peer"].to_list()


def test_periods_after_the_day_are_not_known(figures, like):
    later = figures({g: (n, 1 - r) for g, (n, r) in TOWNS.items()}, period="2027")
    pd.testing.assert_frame_equal(like(pd.concat([figures(TOWNS), later]), TOWNS), like(figures(TOWNS), TOWNS))


OUTSIDE = {"x": (1_050, 0.11), "y": (480_000, 0.11), "a": (1_000, 0.10), "z": (3_000, 0.25)}


def test_other_communities_take_the_place_of_the_studys(figures, like):
    found = like(figures(TOWNS), TOWNS, count=3, others=figures(OUTSIDE, "peers"))
    # An area of the study that is in the table may be another's peer, and never its own.
    for area, nearest in plain(TOWNS, OUTSIDE, 3).items():
        rows = found[found["geoid"].eq(area)]
        assert rows["peer"].to_list() == [g for _, g in nearest]
        assert rows["distance"].to_list() == pytest.approx([d for d, _ in nearest])
        assert rows["name"].to_list() == [f"Place {g}" for _, g in nearest]
    none = like(figures(TOWNS), TOWNS, count=3, others=figures({}, "peers"))
    pd.testing.assert_frame_equal(none, like(figures(TOWNS), TOWNS, count=3))


def test_more_areas_than_are_held_at_a_time(figures, like, monkeypatch):
    towns = {f"{i:02}": (100 + 37 * i % 401, (i * 61 % 97) / 97) for i in range(20)}
    whole = like(figures(towns), towns, count=4)
    for rows in (1, 3, 20):
        monkeypatch.setattr(module, "_ROWS", rows)
        pd.testing.assert_frame_equal(like(figures(towns), towns, count=4), whole)


# --- their figures ---------------------------------------------------------------------------------------------------


def own(*rows):
    names = ["geoid", "indicator", "period", "segment", "value"]
    frame = pd.DataFrame(rows, columns=names).reindex(columns=OUTPUTS["indicators"].names)
    return conform(frame, OUTPUTS["indicators"])


def pairs(*rows):
    return pd.DataFrame(rows, columns=["geoid", "peer"])


def test_medians_are_of_the_same_indicator_period_and_segment():
    table = own(
        ("a", "i", "2024", None, 1), ("b", "i", "2024", None, 10), ("c", "i", "2024", None, 30),
        ("b", "i", "2023", None, 99), ("b", "i", "2024", "preschool", 98), ("b", "j", "2024", None, 97),
        ("d", "i", "2024", None, nan),
    )  # fmt: skip
    found = peer_medians(table, pairs(("a", "b"), ("a", "c"), ("a", "d"), ("d", "c")))
    # A peer's missing figure is no zero; an area's own missing figure has peers all the same.
    assert found["peer_median"].fillna(-1).to_list() == [20, -1, -1, -1, -1, -1, 30]
    assert found.drop(columns="peer_median").equals(table.drop(columns="peer_median"))


def test_medians_of_other_communities_come_from_their_table(figures):
    table = own(("a", "population", "2024", None, 5), ("x", "population", "2024", None, 1))
    others = figures({"x": (40, 0.1), "y": (60, 0.1)}, "peers")
    found = peer_medians(table, pairs(("a", "x"), ("a", "y")), others=others)
    assert found["peer_median"].fillna(-1).to_list() == [50, -1]


def test_without_peers_there_is_no_median():
    table = own(("a", "i", "2024", None, 1))
    assert peer_medians(table, pairs())["peer_median"].isna().all()
    assert peer_medians(table.iloc[:0], pairs(("a", "b"))).empty
