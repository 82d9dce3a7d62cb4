"""Margins against the worked examples of the Census Bureau's handbook.

U.S. Census Bureau (2020), Understanding and Using American Community Survey Data: What All Data Users Need to Know,
chapter 8, 'Calculating Measures of Error for Derived Estimates': never-married women in three places of northern
Virginia (Fairfax County 135,173 ± 3,860, Arlington County 43,104 ± 2,642, Alexandria 24,842 ± 1,957), and one-family
homes among owner-occupied homes.
"""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.errors import WrongUse
from ci_analysis.landscape import (
    coefficient_of_variation,
    differs,
    indicator_table,
    interval,
    moe_change,
    moe_difference,
    moe_product,
    moe_proportion,
    moe_ratio,
    moe_sum,
    quality_class,
    standard_error,
)
from ci_analysis.tables import OUTPUTS

WOMEN, WOMEN_MOE = [135_173, 43_104, 24_842], [3_860, 2_642, 1_957]


def test_handbook_sum():
    assert sum(WOMEN) == 203_119
    assert moe_sum(WOMEN, WOMEN_MOE) == pytest.approx(sqrt(3_860**2 + 2_642**2 + 1_957**2))
    assert round(moe_sum(WOMEN, WOMEN_MOE)) == 5_070


def test_handbook_standard_error_and_coefficient_of_variation():
    assert round(standard_error(5_070)) == 3_082
    assert coefficient_of_variation(203_119, 5_070) == pytest.approx(5_070 / 1.645 / 203_119)
    assert round(coefficient_of_variation(203_119, 5_070), 3) == 0.015


def test_handbook_proportion():
    # Women aged 15 and over in the same places: 630,498 ± 831.
    moe = moe_proportion(203_119, 630_498, 5_070, 831)
    p = 203_119 / 630_498
    assert moe == pytest.approx(sqrt(5_070**2 - p**2 * 831**2) / 630_498)
    assert (round(p, 3), round(moe, 3)) == (0.322, 0.008)


def test_handbook_ratio():
    # Never-married men, 226,840 ± 5,556, to never-married women.
    moe = moe_ratio(226_840, 203_119, 5_556, 5_070)
    r = 226_840 / 203_119
    assert moe == pytest.approx(sqrt(5_556**2 + r**2 * 5_070**2) / 203_119)
    assert (round(r, 3), round(moe, 3)) == (1.117, 0.039)


def test_handbook_product():
    # 74,506,512 ± 228,238 owner-occupied homes, 82.4 ± 0.1 % of them one-family homes.
    moe = moe_product(74_506_512, 0.824, 228_238, 0.001)
    assert moe == pytest.approx(sqrt(74_506_512**2 * 0.001**2 + 0.824**2 * 228_238**2))
    assert (round(74_506_512 * 0.824), round(moe)) == (61_393_366, 202_289)


def test_handbook_percent_change():
    """Never-married women of Fairfax County, 135,173 ± 3,860 and later 139,301 ± 4,047: 3.1 % more, ± 4.2 points."""
    moe = moe_change(135_173, 139_301, 3_860, 4_047)
    ratio = 139_301 / 135_173
    assert moe == pytest.approx(sqrt(4_047**2 + ratio**2 * 3_860**2) / 135_173)
    assert (round(100 * (ratio - 1), 1), round(100 * moe, 1)) == (3.1, 4.2)
    # The change is smaller than its margin; so is the difference, and the two do not differ.
    assert 139_301 - 135_173 < moe_difference(3_860, 4_047) == pytest.approx(sqrt(3_860**2 + 4_047**2))
    assert differs(135_173, 139_301, 3_860, 4_047) is False


def test_bureau_s_example_of_a_difference():
    """Median age, 37.9 ± 0.1 in the country and 38.4 ± 0.1 in one city: 3.54 times the margin of the difference.

    U.S. Census Bureau (18 April 2018), Using American Community Survey Estimates and Margins of Error, as worked in
    the documentation of census-error-analyzer.
    """
    assert (38.4 - 37.9) / moe_difference(0.1, 0.1) == pytest.approx(3.5355, abs=1e-4)
    assert differs(37.9, 38.4, 0.1, 0.1) is True
    assert differs(37_284, 76_850, 20_922, 47_200) is False


def test_the_test_of_a_difference_by_a_plain_loop():
    rng = np.random.default_rng(4)
    a, b, moe_a, moe_b = rng.integers(0, 9, (4, 200)).astype(float)
    found = differs(pd.Series(a), pd.Series(b), pd.Series(moe_a), pd.Series(moe_b))
    for i in range(200):
        error = sqrt((moe_a[i] / 1.645) ** 2 + (moe_b[i] / 1.645) ** 2)
        # Without any error, what differs at all differs.
        z = abs(a[i] - b[i]) / error if error else (np.inf if a[i] != b[i] else 0.0)
        if abs(z - 1.645) > 1e-9:
            assert found[i] == (z > 1.645)
    assert differs(b, a, moe_b, moe_a).tolist() == found.to_list()
    assert differs(12 * a, 12 * b, 12 * moe_a, 12 * moe_b).tolist() == found.to_list()


def test_intervals_that_overlap_do_not_say_that_two_are_alike():
    # 90 to 110 and 105 to 125: they overlap, and 15 is more than the root of 200.
    assert differs(100, 115, 10, 10) is True


@pytest.mark.parametrize("place", range(4))
def test_a_difference_with_a_missing_member_is_not_known(place):
    given = [10.0, 20.0, 1.0, 1.0]
    given[place] = nan
    assert differs(*given) is None
    assert differs(*(pd.Series([g]) for g in given)).isna().all()
    assert np.isnan(moe_change(*given))


def test_a_controlled_figure_is_exact_and_a_zero_has_no_relative_change():
    assert differs(10, 10.5, 0, 0) is True
    assert differs(10, 10, 0, 0) is False
    assert differs(10, 12, 0, 1) is True
    assert moe_difference(0, 3) == 3
    assert np.isnan(moe_change(0, 5, 1, 1))


def test_of_zero_estimates_only_the_largest_margin_counts_once():
    # Four cells of which three are zero; the common mistake adds 22, 22 and 29.
    assert moe_sum([0, 0, 0, 41], [22, 22, 29, 37]) == pytest.approx(sqrt(29**2 + 37**2))
    assert moe_sum([0, 0], [12, 12]) == pytest.approx(12)


def test_sum_by_group_is_the_sum_of_each_group_alone():
    values, moes, by = np.array([0, 0, 5, 7, 0.0]), np.array([9, 12, 16, 3, 4.0]), np.array(list("aaabb"))
    assert moe_sum(values, moes, by=by).to_dict() == pytest.approx({"a": sqrt(12**2 + 16**2), "b": sqrt(3**2 + 4**2)})


def test_sum_with_a_missing_member_is_missing():
    assert np.isnan(moe_sum([1, 2], [3, nan]))
    assert np.isnan(moe_sum([1, nan], [3, 4]))
    assert np.isnan(moe_sum([], []))
    assert np.isnan(moe_sum([1, nan, 3], [3, 4, 5], by=["a", "a", "b"])["a"])


def test_sum_does_not_depend_on_order_and_scales():
    rng = np.random.default_rng(1)
    values, moes = rng.integers(0, 3, 40).astype(float), rng.uniform(1, 9, 40)
    order = rng.permutation(40)
    assert moe_sum(values[order], moes[order]) == pytest.approx(moe_sum(values, moes))
    assert moe_sum(values, moes * 12) == pytest.approx(12 * moe_sum(values, moes))


def test_negative_root_takes_the_ratio_s_plus():
    assert 30**2 - (50 / 60) ** 2 * 100**2 < 0
    assert moe_proportion(50, 60, 30, 100) == pytest.approx(sqrt(30**2 + (50 / 60) ** 2 * 100**2) / 60)
    # A root of exactly 0 is not negative: all women are women.
    assert moe_proportion(60, 60, 8, 8) == 0


@pytest.mark.parametrize("function", [moe_proportion, moe_ratio])
def test_zero_denominator_gives_no_margin(function):
    margins = function(pd.Series([1.0, 0.0]), pd.Series([0.0, 0.0]), pd.Series([1.0, 1.0]), pd.Series([1.0, 1.0]))
    assert margins.isna().all()


def test_series_keep_their_index_and_must_share_it():
    index = pd.Index(["x", "y"])
    moe = moe_product(pd.Series([1.0, 2.0], index), pd.Series([3.0, 4.0], index), 0.5, 0.25)
    assert moe.index.equals(index)
    with pytest.raises(WrongUse, match="align them first"):
        moe_product(pd.Series([1.0, 2.0], index), pd.Series([3.0, 4.0], index[::-1]), 0.5, 0.25)


def test_quality_classes_include_their_upper_ends():
    cv = pd.Series([0, 0.12, 0.1200001, 0.40, 0.4000001, nan])
    assert quality_class(cv).iloc[:5].to_list() == ["high", "high", "medium", "medium", "low"]
    assert pd.isna(quality_class(cv).iloc[5])


def test_interval_stops_at_natural_limits():
    found = interval(pd.Series([5.0, 5.0, nan]), pd.Series([9.0, nan, 1.0]), minimum=0, maximum=10)
    assert found.iloc[0].to_list() == [0, 10]
    assert found.iloc[1:].isna().all(axis=None)
    # A published figure beyond its limit is still inside its own interval.
    assert interval(pd.Series([1.02]), pd.Series([0.0]), minimum=0, maximum=1).to_numpy().tolist() == [[1.02, 1.02]]


@pytest.fixture
def figures(table):
    def row(geoid, value, **more):
        return {"geoid": geoid, "indicator": "children", "period": "2024", "value": value, **more}

    return table(
        "indicators",
        [
            row("08005", 30, moe=16.45),
            row("08001", 10, moe=16.45, segment="preschool"),
            row("01001", 10),
            row("08001", 20, moe=0),
            row("08003", 30, moe=40),
            row("08007", nan, reason="too few sample cases for an estimate"),
            row("08009", nan),
            row("08011", 0, moe=12),
        ],
    )


def test_indicator_table_is_the_declared_one_in_the_order_of_its_key(figures):
    result = indicator_table(figures)
    assert result.columns.to_list() == OUTPUTS["indicators"].names
    keys = result[["geoid", "segment"]].assign(segment=result["segment"].fillna("")).to_numpy().tolist()
    assert keys == sorted(keys)
    # Read as a number, Alabama's identifier would have lost its zero.
    assert result["geoid"].iloc[0] == "01001"


def test_percentile_counts_ties_half_and_compares_like_with_like(figures):
    result = indicator_table(figures)
    everybody = result[result["segment"].isna()].set_index("geoid")["percentile"]
    # Five known values: 0, 10, 20, 30, 30.
    expected = {"08011": 0.5 / 5, "01001": 1.5 / 5, "08001": 2.5 / 5, "08003": 4 / 5, "08005": 4 / 5}
    assert everybody.dropna().to_dict() == pytest.approx(expected)
    assert result.loc[result["segment"].eq("preschool"), "percentile"].to_list() == [0.5]


def test_missing_suppressed_zero_and_exact_are_told_apart(figures):
    result = indicator_table(figures)
    result = result[result["segment"].isna()].set_index("geoid")
    assert result.index[result["suppressed"]].to_list() == ["08007"]
    assert result.loc["08007", ["value", "low", "high", "cv", "quality", "percentile"]].isna().all()
    # Zero has a margin, but no relative one; a controlled figure has a margin of zero.
    assert result.loc["08011", ["low", "high"]].to_list() == [-12, 12]
    assert result.loc["08011", ["cv", "quality"]].isna().all()
    assert result.loc["08001", "quality"] == "high"
    assert result.loc["01001", ["cv", "quality", "low"]].isna().all()
    assert result["peer_median"].isna().all()


def test_limits_come_from_the_profile_or_else_the_name(table, profile):
    rows = [
        {"geoid": "08001", "indicator": name, "period": "2024", "value": value, "moe": moe}
        for name, value, moe in [
            ("children", 5, 9), ("share_no_vehicle", 0.9, 0.3), ("rate_poverty", 0.1, 0.2),
            ("rate_homeless", 2, 3), ("count_homeless", 2, 3), ("balance", 2, 3),
        ]
    ]  # fmt: skip
    result = indicator_table(table("indicators", rows), profile=profile).set_index("indicator")[["low", "high"]]
    assert result.loc["children"].to_list() == [0, 14]
    assert result.loc["share_no_vehicle"].to_list() == pytest.approx([0.6, 1])
    assert result.loc["rate_poverty"].to_list() == pytest.approx([0, 0.3])
    assert result.loc["rate_homeless"].to_list() == [0, 5]
    assert result.loc["count_homeless"].to_list() == [0, 5]
    assert result.loc["balance"].to_list() == [-1, 5]


def test_indicator_table_does_not_depend_on_the_order_of_rows(figures):
    pd.testing.assert_frame_equal(indicator_table(figures.sample(frac=1, random_state=3)), indicator_table(figures))
