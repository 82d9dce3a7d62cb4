from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.landscape import indicator_summary, indicator_table
from ci_analysis.tables import OUTPUTS

GEOIDS = [f"0800{n}" for n in range(1, 7)]
AREAS = pd.DataFrame({"geoid": GEOIDS})
INCOME = "median_household_income"


@pytest.fixture
def summed(table, profile):
    """The summary of one indicator's values, area by area."""

    def make(name, values, moes=None, areas=AREAS, **more):
        moes = moes or [nan] * len(values)
        rows = [
            {"geoid": g, "indicator": name, "period": "2024", "value": v, "moe": m} | more
            for g, v, m in zip(GEOIDS, values, moes, strict=False)
        ]
        return indicator_summary(indicator_table(table("indicators", rows), profile=profile), areas, profile)

    return make


def test_a_count_by_hand(summed):
    row = summed("children", [30, 0, 20, 0, nan], [3, 9, 4, 12, nan], source="ACS").iloc[0]
    assert row[["areas", "areas_known", "total"]].to_list() == [6, 4, 50]
    # Of two zeros only the larger margin counts.
    assert row["total_moe"] == sqrt(3**2 + 4**2 + 12**2)
    assert row[["minimum", "median", "maximum"]].to_list() == [0, (0 + 20) / 2, 30]
    # Two areas share the smallest figure.
    assert pd.isna(row["lowest"])
    assert row["highest"] == GEOIDS[0]
    assert row["source"] == "ACS"


def test_only_counts_have_a_total_and_a_margin_missing_in_one_area_is_missing_in_all(summed):
    assert summed("rate_poverty", [0.1, 0.2])[["total", "total_moe"]].isna().all(axis=None)
    assert summed("count_homeless", [3, 4])["total"].to_list() == [7]
    assert summed("children", [3, 4], [1, nan])[["total", "total_moe"]].isna().to_numpy().tolist() == [[False, True]]


def test_an_indicator_that_nobody_knows_is_counted_as_such(summed):
    row = summed("children", [nan, nan], reason="withheld").iloc[0]
    assert row[["areas_known", "low_quality", "censored"]].to_list() == [0, 0, 0]
    assert row[["total", "total_moe", "minimum", "median", "maximum", "lowest", "highest", "source"]].isna().all()


@pytest.mark.parametrize(
    ("values", "median", "limits"),
    [
        ([50_000, 60_000, 250_001], 60_000, 1),
        ([50_000, 60_000, 250_001, 250_001], nan, 2),  # the mean of 60,000 and of a limit is no figure
        ([50_000, 250_001, 250_001], 250_001, 2),
        ([50_000, 250_001, 250_001, 250_001], 250_001, 3),
        ([2_499, 2_499, 60_000, 70_000], nan, 2),
        ([2_499, 50_000, 60_000, 250_001], 55_000, 2),
    ],
)
def test_a_limit_is_ranked_and_never_averaged(summed, values, median, limits):
    row = summed(INCOME, values).iloc[0]
    assert row["median"] == pytest.approx(median, nan_ok=True)
    assert row["censored"] == limits


def test_one_limit_alone_is_still_the_end(summed):
    row = summed(INCOME, [2_499, 50_000, 250_001]).iloc[0]
    assert row[["lowest", "highest"]].to_list() == [GEOIDS[0], GEOIDS[2]]


def test_low_reliability_is_counted(summed):
    # Coefficients of variation of 0.1, 0.3 and 0.5, and a figure without a margin.
    assert summed("children", [10] * 4, [1.645, 3 * 1.645, 5 * 1.645, nan])["low_quality"].to_list() == [1]


def test_against_a_plain_loop_in_any_order(table, profile):
    rng = np.random.default_rng(8)
    rows = [
        {"geoid": g, "indicator": i, "period": p, "segment": s, "value": v, "moe": m, "source": f"S{v % 2:.0f}"}
        for g in GEOIDS for i in ("children", "rate_x") for p in ("2023", "2024") for s in (None, "preschool")
        for v, m in [rng.integers(0, 5, 2).astype(float)]
    ]  # fmt: skip
    frame = indicator_table(table("indicators", rows), profile=profile)
    found = indicator_summary(frame, AREAS, profile)
    assert found.columns.to_list() == OUTPUTS["indicator_summary"].names
    assert len(found) == 2 * 2 * 2
    for row in found.to_dict("records"):
        key = tuple(None if pd.isna(row[k]) else row[k] for k in ("indicator", "period", "segment"))
        own = {r["geoid"]: r["value"] for r in rows if (r["indicator"], r["period"], r["segment"]) == key}
        values = sorted(own.values())
        assert row["median"] == (values[2] + values[3]) / 2
        lowest = [g for g, v in own.items() if v == values[0]]
        assert pd.isna(row["lowest"]) if len(lowest) > 1 else row["lowest"] == lowest[0]
        if row["indicator"] == "children":
            assert row["total"] == sum(values)
        assert row["source"] == ";".join(sorted({f"S{v % 2:.0f}" for v in values}))
    pd.testing.assert_frame_equal(indicator_summary(frame.sample(frac=1, random_state=1), AREAS, profile), found)
    more = indicator_summary(frame, pd.concat([AREAS, pd.DataFrame({"geoid": ["08099"]})]), profile)
    pd.testing.assert_frame_equal(more.drop(columns="areas"), found.drop(columns="areas"))
    assert set(more["areas"]) == {len(GEOIDS) + 1}


def test_figures_of_other_places_are_left_out_and_nothing_is_nothing(summed, table, profile):
    assert summed("children", [1, 2, 3], areas=AREAS.iloc[:2])["total"].to_list() == [3]
    empty = indicator_table(table("indicators", []), profile=profile)
    assert indicator_summary(empty, AREAS, profile).empty
