from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.issues.profile import Indicator
from ci_analysis.landscape import disparities, outer_fourths
from ci_analysis.tables import OUTPUTS, conform

PLACES = [f"{i:02d}" for i in range(1, 9)]


def made_of(name, rows):
    return conform(pd.DataFrame(rows).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


@pytest.fixture
def run(table, profile, as_of):
    """The table of areas with (need, margin, usable, access), shares of income, an equity indicator and regions."""

    def run(gap=(), shares=(), equity=(), regions=(), rows=(), places=None, **changed):
        every = places or PLACES
        gaps = [
            {"geoid": g, "segment": "all", "need": n, "need_moe": m, "usable": u, "access": a}
            for g, (n, m, u, a) in zip(every, gap, strict=False)
        ]
        prices = [
            {"geoid": g, "segment": "preschool", "share": s, "censored": c}
            for g, (s, c) in zip(every, shares, strict=False)
        ]
        indicators = [
            {"geoid": g, "indicator": "rate_poverty", "period": "2024", "value": v}
            for g, v in zip(every, equity, strict=False)
        ]
        where = [{"geoid": g, "region_kind": "side", "region": r} for g, r in zip(every, regions, strict=False) if r]
        return disparities(
            table("indicators", [*indicators, *rows]),
            made_of("gap", gaps),
            made_of("affordability", prices),
            table("regions", where),
            pd.DataFrame({"geoid": every}),
            profile.model_copy(update=changed),
            as_of=as_of,
        )

    return run


POOR = [0.3, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1]
GAP = [(100, 10, 20, 0.2), (50, 6, 10, 0.1), (50, 8, 30, nan), *[(10, 1, 5, 0.5)] * 2, *[(40, 3, 30, 0.6)] * 3]


def only(found, **keys):
    for column, value in keys.items():
        found = found[found[column].eq(value)]
    assert len(found) == 1
    return found.iloc[0]


# --- fourths ---------------------------------------------------------------------------------------------------------


def plain_fourths(values):
    known = [v for v in values if v == v]
    named = []
    for v in values:
        low = v == v and sum(w < v for w in known) < len(known) / 4
        high = v == v and sum(w > v for w in known) < len(known) / 4
        named.append((low, high))
    if any(low and high for low, high in named):
        return [None] * len(values)
    return ["lowest fourth" if low else "highest fourth" if high else None for low, high in named]


def test_fourths_against_plain_loops():
    rng = np.random.default_rng(5)
    for n in range(30):
        values = rng.integers(0, 12, n).astype(float)
        values[rng.random(n) < 0.2] = nan
        found = outer_fourths(pd.Series(values, dtype="float64"))
        assert [None if pd.isna(f) else f for f in found] == plain_fourths(values.tolist())


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (range(8), 2, 2),
        (range(10), 3, 3),  # two and a half areas: three
        ([1, 1, 1, 2, 3, 4, 5, 6], 3, 2),  # areas with the same value stay together
        ([1] * 8, 0, 0),
        ([], 0, 0),
    ],
)
def test_how_many_areas_a_fourth_has(values, low, high):
    found = outer_fourths(pd.Series(list(values), dtype="float64"))
    assert (found.eq("lowest fourth").sum(), found.eq("highest fourth").sum()) == (low, high)


def test_the_worse_off_fourth_by_hand(run):
    row = only(run(GAP, equity=POOR), indicator="ratio")
    assert (row["by"], row["group_a"], row["group_b"]) == ("rate_poverty", "highest fourth", "lowest fourth")
    a, b = (20 + 10 + 30) / (100 + 50 + 50), 90 / 120
    assert row[["value_a", "value_b", "ratio", "difference"]].to_list() == pytest.approx([a, b, a / b, a - b])
    assert row[["areas_a", "areas_b"]].to_list() == [3, 3]
    # The seats are exact: a ratio's margin with none above.
    margin_a = a * sqrt(10**2 + 6**2 + 8**2) / 200
    margin_b = b * sqrt(3 * 3**2) / 120
    wide = sqrt(margin_a**2 + margin_b**2)
    assert row[["low", "high"]].to_list() == pytest.approx([a - b - wide, a - b + wide])
    of_ratio = sqrt(margin_a**2 + (a / b) ** 2 * margin_b**2) / b
    assert row[["ratio_low", "ratio_high"]].to_list() == pytest.approx([a / b - of_ratio, a / b + of_ratio])
    assert bool(row["significant"]) == (abs(a - b) > wide)


def test_access_is_weighted_by_need_and_has_no_interval(run):
    gap = [(*g[:3], 0.4 if i == 2 else g[3]) for i, g in enumerate(GAP)]
    row = only(run(gap, equity=POOR), indicator="access")
    assert row["value_a"] == pytest.approx((100 * 0.2 + 50 * 0.1 + 50 * 0.4) / 200)
    assert row[["low", "high", "ratio_low", "ratio_high", "significant"]].isna().all()


def test_fewer_than_three_areas_with_figures_are_no_group(run):
    # The third area of the poorest has no access, and so the group two.
    assert set(run(GAP, equity=POOR)["indicator"]) == {"ratio"}
    assert run([*GAP[:2], (nan, nan, 3, nan), *GAP[3:]], equity=POOR).empty


def test_a_share_of_income_is_that_of_the_area_in_the_middle(run):
    shares = [(0.3, None), (0.1, None), (0.2, None), (0.5, None), (0.5, None), (0.1, None), (0.1, None), (0.4, None)]
    row = only(run(shares=shares, equity=POOR), indicator="price_share")
    assert row[["value_a", "value_b"]].to_list() == [0.2, 0.1]
    assert (row["segment"], row["ratio"]) == ("preschool", 2)


@pytest.mark.parametrize(
    ("sides", "known"),
    [
        (["at-most", None, None], True),  # the least stays the least
        ([None, None, "at-least"], True),
        ([None, "at-most", None], False),
        ([None, None, "at-most"], False),  # the most may be less than the middle
    ],
)
def test_a_limit_in_the_middle_is_not_the_median(sides, known, run):
    shares = [*zip([0.1, 0.2, 0.3], sides, strict=True), *[(0.4, None)] * 5]
    found = run(shares=shares, equity=POOR)
    assert len(found) == known
    if known:
        assert found["value_a"].to_list() == [0.2]


def test_without_a_direction_the_least_stand_against_the_most(run):
    rows = [{"geoid": g, "indicator": "population", "period": "2024", "value": 100.0 + i} for i, g in enumerate(PLACES)]
    few = [(10, 1, i, nan) for i in range(8)]
    assert run(few, rows=rows).empty  # a fourth of eight areas are two
    rows = [r | {"value": 100.0 + i // 3} for i, r in enumerate(rows)]
    row = only(run(few, rows=rows[:6], places=PLACES[:6]), by="population")
    assert (row["group_a"], row["group_b"]) == ("lowest fourth", "highest fourth")


def test_swapped_groups_are_turned_and_a_unit_changes_no_ratio(run):
    first = only(run(GAP, equity=POOR), indicator="ratio")
    turned = only(run(GAP, equity=[-v for v in POOR]), indicator="ratio")
    assert turned["ratio"] == pytest.approx(1 / first["ratio"])
    assert turned[["difference", "low", "high"]].to_list() == pytest.approx(
        [-first["difference"], -first["high"], -first["low"]]
    )
    tens = only(run([(10 * n, 10 * m, 10 * u, a) for n, m, u, a in GAP], equity=POOR), indicator="ratio")
    names = ["value_a", "ratio", "ratio_low", "difference", "low", "high"]
    assert tens[names].to_list() == pytest.approx(first[names].to_list())


def test_no_ratio_to_nothing(run):
    gap = [*GAP[:5], *[(40, 3, 0, 0.0)] * 3]
    row = only(run(gap, equity=POOR), indicator="ratio")
    assert row["value_b"] == 0
    assert row[["ratio", "ratio_low", "ratio_high"]].isna().all()
    assert row["difference"] == pytest.approx(0.3)
    assert bool(row["significant"])


def test_one_missing_margin_leaves_the_group_without_interval(run):
    gap = [(100, nan, 20, nan), *GAP[1:]]
    row = only(run(gap, equity=POOR), indicator="ratio")
    assert row[["low", "high", "ratio_low", "ratio_high", "significant"]].isna().all()
    assert row["ratio"] == pytest.approx(0.3 / 0.75)


def test_a_difference_within_the_margins_is_not_significant(run):
    gap = [(n, 100 * m, u, a) for n, m, u, a in GAP]
    assert not bool(only(run(gap, equity=POOR), indicator="ratio")["significant"])


# --- regions ---------------------------------------------------------------------------------------------------------


def test_the_worst_region_stands_against_the_best(run):
    regions = ["A", "A", "B", "B", "C", "C", "C", None]
    found = run(GAP, regions=regions)
    ratios = {"A": 30 / 150, "B": 35 / 60, "C": 65 / 90}
    row = only(found, indicator="ratio")
    assert (row["by"], row["group_a"], row["group_b"]) == ("side", min(ratios, key=ratios.get), "C")
    assert row[["value_a", "value_b"]].to_list() == pytest.approx([ratios["A"], ratios["C"]])
    assert row[["areas_a", "areas_b"]].to_list() == [2, 3]
    shares = [(0.3, None), (0.3, None), (0.1, None)]
    dear = only(run(shares=shares, regions=regions), indicator="price_share")
    assert (dear["group_a"], dear["group_b"]) == ("A", "B")


def test_one_region_and_regions_alike_are_no_pair(run):
    assert run(GAP, regions=["A"] * 8).empty
    assert run([(10, 1, 5, 0.5)] * 4, regions=["A", "A", "B", "B"]).empty


def test_of_equal_regions_the_first_by_name_is_named(run):
    gap = [(10, 1, 1, nan), (10, 1, 1, nan), (10, 1, 5, nan), (10, 1, 5, nan)]
    row = only(run(gap, regions=["D", "C", "B", "A"]), indicator="ratio")
    assert (row["group_a"], row["group_b"]) == ("C", "A")


# --- groups of people ------------------------------------------------------------------------------------------------


def by_group(name, *figures, place="01"):
    return [
        {"geoid": place, "indicator": name, "period": "2024", "segment": s, "value": v, "moe": m} for s, v, m in figures
    ]


def test_groups_of_one_area_have_their_own_figures_and_margins(run):
    rows = by_group("rate_poverty", ("black", 0.3, 0.04), ("white", 0.1, 0.03), ("preschool", 0.9, 0.01))
    row = only(run(rows=rows, places=["01"]), by="segment")
    assert (row["indicator"], row["group_a"], row["group_b"], row["period"]) == (
        "rate_poverty",
        "black",
        "white",
        "2024",
    )
    assert pd.isna(row["segment"])
    assert row[["value_a", "value_b", "difference"]].to_list() == pytest.approx([0.3, 0.1, 0.2])
    assert row[["low", "high"]].to_list() == pytest.approx([0.2 - 0.05, 0.2 + 0.05])
    wide = sqrt(0.04**2 + 3**2 * 0.03**2) / 0.1
    assert row[["ratio", "ratio_low", "ratio_high"]].to_list() == pytest.approx([3, 3 - wide, 3 + wide])


def test_more_money_is_better(run):
    rows = by_group("median_family_income", ("black", 40_000, 1_000), ("white", 90_000, 1_000))
    row = only(run(rows=rows, places=["01"]), by="segment")
    assert (row["group_a"], row["group_b"]) == ("black", "white")


def test_groups_over_areas_are_weighted_by_whom_they_are_of(run):
    rows = [r for g, p in (("01", 0.3), ("02", 0.5)) for r in by_group("rate_poverty", ("black", p, 0.04), place=g)]
    rows += [r for g in ("01", "02") for r in by_group("rate_poverty", ("white", 0.1, 0.02), place=g)]
    # Without the number of people there is no figure of all areas.
    assert run(rows=rows, places=["01", "02"]).empty
    people = {("01", "black"): 100, ("02", "black"): 300, ("01", "white"): 500, ("02", "white"): 500}
    base = [r for (g, s), n in people.items() for r in by_group("population", (s, n, nan), place=g)]
    row = only(run(rows=[*rows, *base], places=["01", "02"]), by="segment")
    assert row[["value_a", "value_b"]].to_list() == pytest.approx([(0.3 * 100 + 0.5 * 300) / 400, 0.1])
    # A number of people without a margin is exact.
    margin_a = sqrt((100 * 0.04) ** 2 + (300 * 0.04) ** 2) / 400
    margin_b = sqrt(2 * (500 * 0.02) ** 2) / 1000
    wide = sqrt(margin_a**2 + margin_b**2)
    assert row[["low", "high"]].to_list() == pytest.approx([0.35 - wide, 0.35 + wide])


def test_medians_of_several_areas_are_not_put_together(run):
    rows = [
        r for g in ("01", "02")
        for r in by_group("median_family_income", ("black", 40_000, 1), ("white", 90_000, 1), place=g)
    ]  # fmt: skip
    assert run(rows=rows, places=["01", "02"]).empty


def test_counts_and_what_has_no_direction_have_no_worst(run, profile):
    more = Indicator(name="share_renting", label="Renting", unit="share", direction="neither", kind="share")
    rows = by_group("share_renting", ("black", 0.5, 0.1), ("white", 0.3, 0.1))
    rows += by_group("children", ("black", 50, 1), ("white", 30, 1))
    assert run(rows=rows, places=["01"], indicators=(*profile.indicators, more)).empty


def test_the_issue_s_own_ages_are_not_set_against_each_other(run):
    rows = by_group("rate_poverty", ("preschool", 0.3, 0.1), ("under-six", 0.2, 0.1), (None, 0.1, 0.1))
    assert run(rows=rows, places=["01"]).empty


# --- all of it -------------------------------------------------------------------------------------------------------


def test_rows_in_any_order_and_nothing_at_all(run, table, profile, as_of):
    indicators = table("indicators", [
        {"geoid": g, "indicator": "rate_poverty", "period": "2024", "value": v}
        for g, v in zip(PLACES, POOR, strict=True)
    ])  # fmt: skip
    gaps = made_of("gap", [{"geoid": g, "segment": s, "need": n, "need_moe": m, "usable": u, "access": a}
                           for s in ("all", "preschool")
                           for g, (n, m, u, a) in zip(PLACES, GAP, strict=True)])  # fmt: skip
    regions = table("regions", [
        {"geoid": g, "region_kind": k, "region": str(i // 3)} for i, g in enumerate(PLACES) for k in ("side", "part")
    ])  # fmt: skip
    prices, areas = made_of("affordability", []), pd.DataFrame({"geoid": PLACES})
    first = disparities(indicators, gaps, prices, regions, areas, profile, as_of=as_of)
    assert set(first["by"]) == {"rate_poverty", "side", "part"}
    assert not first.duplicated(OUTPUTS["disparities"].key).any()

    def mixed(frame):
        return frame.sample(frac=1, random_state=4)

    again = disparities(mixed(indicators), mixed(gaps), prices, mixed(regions), mixed(areas), profile, as_of=as_of)
    pd.testing.assert_frame_equal(again, first)
    empty = run()
    assert empty.empty
    assert empty.columns.to_list() == OUTPUTS["disparities"].names


def test_an_area_without_figures_changes_nothing(run):
    first = run(GAP, equity=POOR, regions=["A"] * 4 + ["B"] * 4)
    more = run(GAP, equity=POOR, regions=["A"] * 4 + ["B"] * 4, places=[*PLACES, "99"])
    pd.testing.assert_frame_equal(more, first)
