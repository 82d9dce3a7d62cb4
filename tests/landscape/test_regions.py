"""Regions: sums that give the community back, and figures that areas' figures cannot give."""

from __future__ import annotations

from itertools import product
from math import isnan, nan, sqrt
from pathlib import Path

import pandas as pd
import pytest

from ci_analysis.landscape import (
    aggregated_median,
    compute,
    gap_summary,
    indicator_table,
    output_rows,
    region_gap,
    region_indicators,
)
from ci_analysis.landscape.regions import ELSEWHERE
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

ROOT = Path(__file__).parents[2]


def gaps(*rows):
    """Table `gap` of (geoid, need, margin, usable seats, access), for everybody."""
    frame = pd.DataFrame(rows, columns=["geoid", "need", "need_moe", "usable", "access"])
    frame = frame.assign(segment="all", supply=frame["usable"] + 1, usable_low=frame["usable"] - 1)
    frame = frame.assign(
        usable_high=frame["usable"] + 2, unknown=1, unmet=(frame["need"] - frame["usable"]).clip(lower=0)
    )
    return conform(frame.reindex(columns=OUTPUTS["gap"].names), OUTPUTS["gap"])


def where(*rows, kind="district"):
    return pd.DataFrame([(g, kind, r) for g, r in rows], columns=["geoid", "region_kind", "region"])


@pytest.fixture
def of(profile):
    def made(gap, regions):
        return region_gap(gap, regions, profile).set_index(["region_kind", "region"])

    return made


@pytest.fixture(scope="module")
def colorado():
    study = Study.read(ROOT / "data" / "raw" / "colorado-child-care")
    return study, compute(study, {})


# --- the gap ---------------------------------------------------------------------------------------------------------


def test_sums_margins_and_both_gaps_by_hand(of):
    table = gaps(("a", 50, 3, 20, 0.4), ("b", 10, 4, 30, 1.0), ("c", 7, 1, 7, 0.9))
    row = of(table, where(("a", "North"), ("b", "North"), ("c", "South"))).loc[("district", "North")]
    assert row[["areas", "areas_with_need", "need", "usable", "supply"]].to_list() == [2, 2, 60, 50, 52]
    assert row[["usable_low", "usable_high", "unknown"]].to_list() == [48, 54, 2]
    assert row["need_moe"] == sqrt(3**2 + 4**2)
    # 30 go without in their own area, 10 if every seat served the whole region.
    assert row[["spatial_gap", "pooled_gap"]].to_list() == [50 - 20, 60 - 50]
    assert row["sufficiency"] == pytest.approx(50 / 60)
    assert row["access"] == pytest.approx((0.4 * 50 + 1.0 * 10) / 60)


def test_an_area_whose_need_is_unknown_is_in_no_sum(of):
    table = gaps(("a", 50, 3, 20, 0.4), ("b", nan, nan, 500, nan))
    row = of(table, where(("a", "North"), ("b", "North"))).loc[("district", "North")]
    # Its seats are not set against the others' need.
    assert row[["areas", "areas_with_need", "need", "usable", "access", "unknown"]].to_list() == [2, 1, 50, 20, 0.4, 1]
    assert row["need_moe"] == 3


def test_nothing_known_is_missing_and_no_zero(of):
    table = gaps(("a", nan, nan, 20, nan), ("b", 10, 1, nan, 0.5), ("c", 0, 0, 5, nan), ("d", 10, nan, 5, nan))
    found = of(table, where(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"))).droplevel("region_kind")
    assert found.loc["A", "areas_with_need"] == 0
    assert (
        found.loc["A", ["need", "usable", "pooled_gap", "spatial_gap", "sufficiency", "access", "unknown"]].isna().all()
    )
    assert found.loc["B", ["usable", "pooled_gap", "spatial_gap", "sufficiency"]].isna().all()
    assert found.loc["B", ["need", "access"]].to_list() == [10, 0.5]
    # Nobody in need: no seats are short, and there is no one to have access.
    assert found.loc["C", ["need", "usable", "pooled_gap", "spatial_gap"]].to_list() == [0, 5, 0, 0]
    assert found.loc["C", ["sufficiency", "access"]].isna().all()
    # People in need whose access is not known leave the region's unknown; so does a need without a margin.
    assert found.loc["D", ["need_moe", "access"]].isna().all()


def test_an_area_without_need_weighs_nothing_in_access(of):
    table = gaps(("a", 50, 3, 20, 0.4), ("b", 0, 0, 30, nan))
    assert of(table, where(("a", "North"), ("b", "North"))).loc[("district", "North"), "access"] == pytest.approx(0.4)


def test_deserts_are_counted_where_they_are_known(of):
    table = gaps(*((g, 10, 1, 5, 0.5) for g in "abcd"))
    table["cap_desert"] = pd.array([True, True, None, None], dtype="boolean")
    table["spatial_desert"] = pd.array([False, False, None, True], dtype="boolean")
    found = of(table, where(("a", "A"), ("b", "A"), ("c", "A"), ("d", "D"))).droplevel("region_kind")
    assert found.loc["A", ["cap_desert", "spatial_desert"]].to_list() == [2, 0]
    assert found.loc["D", "spatial_desert"] == 1
    assert isnan(found.loc["D", "cap_desert"])
    assert found["access_desert"].isna().all()


def test_areas_that_a_kind_leaves_out_are_not_lost(of):
    table = gaps(*((g, 10, 1, 5, 0.5) for g in "abc"))
    kinds = pd.concat([where(("a", "North"), ("b", "North")), where(*((g, "All") for g in "abc"), kind="school")])
    found = of(table, kinds)
    assert found.index.to_list() == [("district", "North"), ("district", ELSEWHERE), ("school", "All")]
    assert found["need"].to_list() == [20, 10, 30]
    # A region whose name comes later in the alphabet still stands before it.
    assert of(table, where(("a", "Zion"), ("b", "Avon"))).index.get_level_values(1).to_list() == [
        "Avon",
        "Zion",
        ELSEWHERE,
    ]


def test_regions_of_places_beyond_the_study_have_no_row(of):
    table = gaps(("a", 10, 1, 5, 0.5))
    assert of(table, where(("a", "North"), ("x", "Far away"))).index.to_list() == [("district", "North")]


def test_no_regions_and_no_gap_have_no_rows(profile):
    nothing = empty_frame(INPUTS["regions"])
    for found in (
        region_gap(gaps(("a", 1, 1, 1, 1)), nothing, profile),
        region_gap(gaps(), where(("a", "A")), profile),
    ):
        assert found.columns.to_list() == OUTPUTS["region_gap"].names
        assert found.empty


def test_the_regions_of_a_kind_make_up_the_community(colorado):
    study, given = colorado
    table = given["gap"]
    half = study.tables["regions"].iloc[::2].assign(region_kind="every other")
    found = region_gap(table, pd.concat([study.tables["regions"], half]), study.profile)
    summary = gap_summary(table, study.profile, seed=1).set_index("segment")
    for _, rows in found.groupby("region_kind"):
        for column in ("areas", "areas_with_need", "need", "supply", "usable", "spatial_gap", "unknown"):
            sums = rows.groupby("segment")[column].sum()
            assert sums.to_dict() == pytest.approx(summary[column].to_dict())
    # What a surplus elsewhere in the region covers is less than what it covers elsewhere in the state.
    pooled = given["region_gap"].groupby("segment")["pooled_gap"].sum()
    assert (pooled - summary["pooled_gap"] >= -1e-6).all()
    assert (summary["spatial_gap"] - pooled >= -1e-6).all()


def test_one_region_of_all_is_the_community(colorado):
    study, given = colorado
    every = pd.DataFrame({"geoid": study.areas["geoid"], "region_kind": "state", "region": "Colorado"})
    found = region_gap(given["gap"], every, study.profile).set_index("segment")
    summary = given["gap_summary"].set_index("segment")
    assert found.index.to_list() == list(output_rows(study.profile))
    for column in ("need", "usable", "spatial_gap", "pooled_gap", "sufficiency"):
        assert found[column].to_dict() == pytest.approx(summary[column].to_dict())


def test_colorado_by_a_plain_loop(colorado):
    study, given = colorado
    place = study.tables["regions"].set_index("geoid")["region"]
    found = given["region_gap"].set_index(["region", "segment"])
    for region, segment in product(place.unique(), output_rows(study.profile)):
        need = reached = margin = largest_zero = 0.0
        for row in given["gap"].itertuples():
            if place[row.geoid] == region and row.segment == segment and not isnan(row.need):
                need += row.need
                reached += row.need * row.access if row.need else 0.0
                largest_zero = max(largest_zero, 0.0 if row.need else row.need_moe)
                margin += row.need_moe**2 if row.need else 0.0
        assert found.loc[(region, segment), "need"] == pytest.approx(need)
        assert found.loc[(region, segment), "access"] == pytest.approx(reached / need)
        assert found.loc[(region, segment), "need_moe"] == pytest.approx(sqrt(margin + largest_zero**2))


def test_rows_in_any_order_make_the_same_regions(colorado):
    study, given = colorado
    regions = study.tables["regions"]
    first = region_gap(given["gap"], regions, study.profile)
    mixed = given["gap"].sample(frac=1, random_state=1), regions.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(region_gap(*mixed, study.profile), first, rtol=1e-12)
    first = region_indicators(given["indicators"], regions, study.areas, study.profile)
    mixed = given["indicators"].sample(frac=1, random_state=1), regions.sample(frac=1, random_state=2)
    found = region_indicators(*mixed, study.areas.sample(frac=1, random_state=3), study.profile)
    pd.testing.assert_frame_equal(found, first, rtol=1e-9)


# --- indicators ------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(table, profile):
    """Region's figures from rows of (geoid, indicator, period, segment, value, margin)."""

    def of(*rows, regions=None, source="ACS"):
        names = ["geoid", "indicator", "period", "segment", "value", "moe"]
        figures = [dict(zip(names, row, strict=True)) | {"source": source} for row in rows]
        figures = indicator_table(table("indicators", figures), profile=profile)
        areas = pd.DataFrame({"geoid": sorted({r[0] for r in rows if r[0] != "elsewhere"})})
        regions = regions if regions is not None else where(*((g, "North") for g in areas["geoid"]))
        return region_indicators(figures, regions, areas, profile)

    return of


def test_counts_are_summed(made):
    found = made(
        ("a", "population", "2024", None, 100, 3), ("b", "population", "2024", None, 50, 4),
        ("c", "population", "2024", None, None, None), ("elsewhere", "population", "2024", None, 1000, 1),
        ("a", "count_homeless", "2024", "preschool", 0, 5), ("b", "count_homeless", "2024", "preschool", 0, 4),
    )  # fmt: skip
    # Of two zeros the larger margin counts alone; a name the catalogue lacks is a count by its prefix.
    assert found[["indicator", "segment", "areas", "areas_known", "value", "moe", "how"]].fillna(
        ""
    ).to_numpy().tolist() == [
        ["count_homeless", "preschool", 3, 2, 0, 5, "sum"],
        ["population", "", 3, 2, 150, 5, "sum"],
    ]
    row = found.iloc[1]
    assert row["cv"] == pytest.approx(5 / 1.645 / 150)
    assert row["quality"] == "high"
    assert row["source"] == "ACS"


def test_a_count_without_a_margin_or_a_figure(made):
    one = made(("a", "population", "2024", None, 100, 3), ("b", "population", "2024", None, 50, None)).iloc[0]
    assert one["value"] == 150
    assert isnan(one["moe"])
    none = made(("a", "population", "2024", None, None, None)).iloc[0]
    assert (none["areas_known"], none["how"]) == (0, "sum")
    assert isnan(none["value"])


def test_shares_are_weighted_by_whom_they_are_of(made):
    found = made(
        ("a", "rate_poverty", "2024", None, 0.1, 0.02), ("b", "rate_poverty", "2024", None, 0.3, 0.05),
        ("a", "population", "2024", None, 300, 30), ("b", "population", "2024", None, 100, 20),
    ).set_index("indicator").loc["rate_poverty"]  # fmt: skip
    assert found["value"] == pytest.approx((0.1 * 300 + 0.3 * 100) / 400)
    assert found["how"] == "weighted"
    # The margin of a proportion, whose numerator is a sum of products.
    numerator = (300 * 0.02) ** 2 + (0.1 * 30) ** 2 + (100 * 0.05) ** 2 + (0.3 * 20) ** 2
    inside = numerator - 0.15**2 * (30**2 + 20**2)
    assert found["moe"] == pytest.approx(sqrt(inside) / 400)


def test_a_region_of_one_area_has_its_share_and_margin(made):
    found = made(
        ("a", "rate_poverty", "2024", None, 0.1, 0.02), ("a", "population", "2024", None, 300, 30)
    ).set_index("indicator").loc["rate_poverty"]  # fmt: skip
    assert found[["value", "moe"]].to_list() == pytest.approx([0.1, 0.02])


def test_a_base_without_margins_is_exact_and_a_share_without_one_has_none(made):
    base = [("a", "population", "2024", None, 300, None), ("b", "population", "2024", None, 100, None)]
    row = made(("a", "rate_poverty", "2024", None, 0.1, 0.02), ("b", "rate_poverty", "2024", None, 0.3, 0.04), *base)
    assert row.set_index("indicator").loc["rate_poverty", "moe"] == pytest.approx(sqrt(6**2 + 4**2) / 400)
    row = made(("a", "rate_poverty", "2024", None, 0.1, 0.02), ("b", "rate_poverty", "2024", None, 0.3, None), *base)
    assert isnan(row.set_index("indicator").loc["rate_poverty", "moe"])


def test_a_base_is_of_the_same_segment_and_the_nearest_period(made):
    share = "share_all_parents_working"
    found = made(
        ("a", share, "2018", "preschool", 0.5, None), ("b", share, "2018", "preschool", 0.9, None),
        ("a", share, "2018", "school-age", 0.5, None), ("b", share, "2018", "school-age", 0.9, None),
        # Of preschool children: 2017 and 2019 are as near, and the later one is taken.
        ("a", "children", "2017", "preschool", 1, None), ("b", "children", "2017", "preschool", 1, None),
        ("a", "children", "2019", "preschool", 30, None), ("b", "children", "2019", "preschool", 10, None),
        ("a", "children", "2018", None, 700, None), ("b", "children", "2018", None, 300, None),
        ("a", "children", "2018", "infant-toddler", 1, None), ("b", "children", "2018", "infant-toddler", 999, None),
    ).set_index(["indicator", "segment"])["value"]  # fmt: skip
    assert found[share, "preschool"] == pytest.approx((0.5 * 30 + 0.9 * 10) / 40)
    # No school-age children are counted: all children stand in.
    assert found[share, "school-age"] == pytest.approx((0.5 * 700 + 0.9 * 300) / 1000)


def test_a_share_counts_the_areas_that_have_both(made):
    found = made(
        ("a", "rate_poverty", "2024", None, 0.1, None), ("b", "rate_poverty", "2024", None, 0.3, None),
        ("c", "rate_poverty", "2024", None, None, None), ("a", "population", "2024", None, 300, None),
        ("c", "population", "2024", None, 900, None),
    ).set_index("indicator").loc["rate_poverty"]  # fmt: skip
    assert found[["areas", "areas_known", "value"]].to_list() == pytest.approx([3, 1, 0.1])
    nobody = made(("a", "rate_poverty", "2024", None, 0.1, None), ("a", "population", "2024", None, 0, None))
    assert nobody.set_index("indicator")["value"].isna()["rate_poverty"]


@pytest.mark.parametrize(
    "name", ["median_family_income", "price_week", "rate_unemployment", "share_no_vehicle", "balance", "rate_poverty"]
)
def test_what_cannot_be_put_together_is_never_averaged(name, made):
    # Without a base, or with one that the study does not bring.
    row = made(("a", name, "2024", None, 10.0, 1), ("b", name, "2024", None, 10.0, 1)).iloc[0]
    assert row[["how", "areas_known"]].to_list() == ["none", 2]
    assert row[["value", "moe", "cv", "quality"]].isna().all()


CLASSES = ("0-9999", "10000-19999", "20000-49999", "50000-up")


def families(geoid, *counts, period="2024"):
    return [
        (geoid, "families_by_income", period, s, n, None) for s, n in zip(CLASSES, counts, strict=True)
    ]  # fmt: skip


def test_medians_come_from_counts_by_class(made):
    income = "median_family_income"
    rows = [("a", income, "2024", None, 15_000, 900), ("b", income, "2024", None, 40_000, 900)]
    found = made(*rows, *families("a", 10, 50, 20, 20), *families("b", 10, 10, 60, 20))
    row = found[found["indicator"].eq(income)].iloc[0]
    # Half of 200 are 100: 20 and 60 below 20,000, and 20 of the next 80.
    assert row["value"] == pytest.approx(20_000 + 20 / 80 * 30_000)
    assert row[["how", "areas_known"]].to_list() == ["median-of-classes", 2]
    summed = pd.DataFrame([dict(zip(CLASSES, (20.0, 60.0, 80.0, 40.0), strict=True))])
    assert row["moe"] == pytest.approx(aggregated_median(summed)["moe"].iloc[0])
    # The counts themselves are summed.
    assert found[found["segment"].eq("20000-49999")]["value"].to_list() == [80]


def test_medians_need_every_class_of_their_own_period(made):
    income = "median_family_income"
    rows = [(g, income, "2024", None, 15_000, 900) for g in "ab"]
    lacking = families("b", 10, 10, 60, None)
    row = made(*rows, *families("a", 10, 50, 20, 20), *lacking).set_index("indicator").loc[income]
    assert row[["value", "areas_known"]].to_list() == pytest.approx([10_000 + 40 / 50 * 10_000, 1])
    row = made(*rows, *families("a", 10, 50, 20, 20, period="2023")).set_index("indicator").loc[income]
    assert row["how"] == "none"


def test_a_median_in_an_open_class_is_a_limit(made):
    income = "median_family_income"
    rows = [("a", income, "2024", None, 200_000, 900), *families("a", 1, 1, 1, 20)]
    row = made(*rows).set_index("indicator").loc[income]
    assert row[["value", "censored"]].to_list() == [50_000, "or-more"]
    assert row[["moe", "cv", "quality"]].isna().all()


def test_every_period_and_source_is_told(made):
    found = pd.concat([
        made(("a", "population", p, None, v, 1), ("b", "population", p, None, v, 1), source=s)
        for p, v, s in [("2018", 1, "Survey B; Survey A"), ("2024", 2, "Survey A"), ("2025", 2, None)]
    ])  # fmt: skip
    assert found["period"].to_list() == ["2018", "2024", "2025"]
    assert found["value"].to_list() == [2, 4, 4]
    assert found["source"].fillna("").to_list() == ["Survey A;Survey B", "Survey A", ""]


def test_areas_in_no_region_have_figures_too(made):
    rows = [(g, "population", "2024", None, v, None) for g, v in [("a", 1), ("b", 2), ("c", 4)]]
    found = made(*rows, regions=where(("a", "North"), ("b", "North")))
    assert found[["region", "areas", "value"]].to_numpy().tolist() == [["North", 2, 3], [ELSEWHERE, 1, 4]]
    assert made(*rows, regions=where()).empty


def test_counts_of_regions_make_up_the_community(colorado):
    _, given = colorado
    found = given["region_indicators"]
    assert set(found.loc[found["how"].eq("sum"), "indicator"]) >= {"children", "population"}
    keys = ["indicator", "period", "segment"]
    summed, every = (
        t.fillna({"segment": ""}).groupby(keys)["value"].sum()
        for t in (found[found["how"].eq("sum")], given["indicators"])
    )
    assert summed.to_dict() == pytest.approx(every[summed.index].to_dict())
    weighted = found[found["how"].eq("weighted")]
    assert weighted["value"].notna().equals(weighted["areas_known"] > 0)
    assert weighted["value"].dropna().between(0, 1).all()
    assert found.loc[found["how"].eq("none"), "value"].isna().all()
