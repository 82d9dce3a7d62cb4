"""Contribution: published examples, plain oracles, and what each method must not say."""

from __future__ import annotations

import datetime as dt
from itertools import product

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import (
    contribution,
    contribution_series,
    difference_in_differences,
    interrupted_series,
    synthetic_control,
    synthetic_weights,
)
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

DAY = dt.date(2026, 6, 30)
#: Packs of cigarettes sold a head in California, 1970 to 2000; the tax of Proposition 99 came in 1989.
CALIFORNIA = [
    123.0, 121.0, 123.5, 124.4, 126.7, 127.1, 128.0, 126.4, 126.1, 121.9, 120.2, 118.6, 115.4, 110.8, 104.8, 102.8,
    99.7, 97.5, 90.1, 82.4, 77.8, 68.7, 67.5, 63.4, 58.6, 56.4, 54.5, 53.8, 52.3, 47.2, 41.6,
]  # fmt: skip


def compared(figures: dict[str, list[float | None]], *, began: str = "2022-01-01", measure: str = "m") -> pd.DataFrame:
    """Yearly figures by place from 2018 on; the first place is the study's own."""
    rows = [
        {"measure_id": measure, "period": str(2018 + k), "unit": unit, "value": value,
         "changed_on": began if (n, k) == (0, 0) else None}
        for n, (unit, values) in enumerate(figures.items())
        for k, value in enumerate(values)
        if value is not None
    ]  # fmt: skip
    table = INPUTS["comparisons"]
    return conform(pd.DataFrame(rows).reindex(columns=table.names), table)


def by_method(table: pd.DataFrame) -> pd.DataFrame:
    return contribution(table, as_of=DAY).set_index("method")


# --- published --------------------------------------------------------------------------------------------------------


def test_linden_interrupted_series_of_california() -> None:
    """Linden (2015), Stata Journal 15(2), 480-500: trend before, change of level, change of trend."""
    time = np.arange(1970, 2001, dtype=float)
    found = interrupted_series(time, np.array(CALIFORNIA), time >= 1989)
    assert found.trend[1] - found.trend[0] == pytest.approx(-1.779474, abs=5e-7)
    assert found.level == pytest.approx(-20.0581, abs=5e-5)
    assert found.slope == pytest.approx(-1.494652, abs=5e-7)
    # Twelve years since, the first at 0: the mean of level + slope × 0 … 11.
    assert found.effect.estimate == pytest.approx(-20.0581 - 1.494652 * 5.5, abs=1e-4)
    assert found.effect.high < 0


def test_card_and_krueger_difference_of_differences() -> None:
    """Card and Krueger (1994), American Economic Review 84(4), table 3: 2.76, from means that are rounded to 0.01."""
    new_jersey, pennsylvania = np.array([20.44, 21.03]), np.array([[23.33], [21.17]])
    found = difference_in_differences(new_jersey, pennsylvania, np.array([False, True]))
    assert found.estimate == pytest.approx(2.76, abs=0.011)
    assert found.estimate == pytest.approx((21.03 - 20.44) - (21.17 - 23.33))
    assert np.isnan(found.low), "one place cannot tell how much places differ by chance"


# --- interrupted series -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_interval_of_a_series_agrees_with_plain_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, first = int(random.integers(8, 40)), 0
    first = int(random.integers(4, n - 2))
    time, values = np.arange(n) / 4.0, random.normal(0, 1, n).cumsum()
    after = np.arange(n) >= first
    found = interrupted_series(time, values, after)
    rows = [[1.0, t, float(a), float(a) * (t - time[first])] for t, a in zip(time, after, strict=True)]
    x = np.array(rows)
    beta = np.linalg.lstsq(x, values, rcond=None)[0]
    residual = values - x @ beta
    lags = int(np.floor(4 * (n / 100) ** (2 / 9)))
    meat = np.zeros((4, 4))
    for i in range(n):
        for j in range(n):
            if abs(i - j) <= lags:
                weight = 1 - abs(i - j) / (lags + 1)
                meat += weight * residual[i] * residual[j] * np.outer(x[i], x[j])
    bread = np.linalg.inv(x.T @ x)
    variance = bread @ meat @ bread * n / (n - 4)
    contrast = np.array([0, 0, 1, np.mean([t - time[first] for t, a in zip(time, after, strict=True) if a])])
    assert found.effect.estimate == pytest.approx(contrast @ beta)
    from scipy import stats

    reach = stats.t.ppf(0.95, n - 4) * np.sqrt(contrast @ variance @ contrast)
    assert found.effect.high - found.effect.estimate == pytest.approx(reach)
    assert found.effect.estimate - found.effect.low == pytest.approx(reach)


def test_a_straight_line_has_no_effect() -> None:
    time = np.arange(10.0)
    found = interrupted_series(time, 3 - 2 * time, time >= 6)
    assert found.effect.estimate == pytest.approx(0, abs=1e-9)
    assert found.trend == pytest.approx(3 - 2 * time)


# --- difference in differences ----------------------------------------------------------------------------------------


def test_interval_takes_the_place_for_one_more_draw() -> None:
    own, after = np.array([10.0, 18.0]), np.array([False, True])
    others = np.array([[10.0, 20, 30], [11, 22, 33]])  # changes 1, 2 and 3
    found = difference_in_differences(own, others, after)
    assert found.estimate == 8 - 2
    # t(2) at 95 % is 2.919986; their standard deviation is 1.
    assert found.high - found.estimate == pytest.approx(2.919986 * np.sqrt(1 + 1 / 3), rel=1e-6)


def test_what_all_places_share_is_no_effect() -> None:
    own, others = np.array([5.0, 6, 9, 12]), np.array([[1.0, 3], [2, 4], [5, 7], [8, 10]])
    found = difference_in_differences(own, others, np.array([False, False, True, True]))
    assert found.estimate == 0


# --- synthetic control ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_mix_is_found_exactly(seed: int) -> None:
    random = np.random.default_rng(seed)
    others = random.normal(50, 10, (12, 4))
    after = np.arange(12) >= 8
    own = others @ np.array([0.3, 0.7, 0, 0]) + 5.0 * after
    found, weights = synthetic_control(own, others, after)
    assert weights == pytest.approx([0.3, 0.7, 0, 0], abs=1e-6)
    assert found.estimate == pytest.approx(5.0, abs=1e-5)
    assert found.p == 1 / 5
    assert np.isnan(found.low), "with four places no result is as rare as one in ten"


@pytest.mark.parametrize("seed", range(5))
def test_no_mix_on_a_grid_comes_nearer(seed: int) -> None:
    random = np.random.default_rng(seed)
    own, others = random.normal(0, 1, 6), random.normal(0, 1, (6, 3))
    weights = synthetic_weights(own, others)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    steps = np.linspace(0, 1, 51)
    grid = [(a, b, 1 - a - b) for a, b in product(steps, steps) if a + b <= 1 + 1e-12]
    best = min(((own - others @ np.array(w)) ** 2).sum() for w in grid)
    assert ((own - others @ weights) ** 2).sum() <= best + 1e-6


def test_scale_and_level_do_not_matter() -> None:
    random = np.random.default_rng(1)
    own, others = random.normal(0, 1, 8), random.normal(0, 1, (8, 3))
    weights = synthetic_weights(own, others)
    assert synthetic_weights(1e6 * own + 7, 1e6 * others + 7) == pytest.approx(weights, abs=1e-5)
    assert synthetic_weights(np.full(8, 3.0), np.full((8, 3), 3.0)) == pytest.approx([1 / 3] * 3)


def test_chance_is_the_rank_among_all_places() -> None:
    random = np.random.default_rng(2)
    others = random.normal(50, 1, (20, 9))
    after = np.arange(20) >= 15
    own = others[:, :3].mean(axis=1) + random.normal(0, 0.3, 20) + 30.0 * after
    found, _ = synthetic_control(own, others, after)
    assert found.p == pytest.approx(1 / 10)
    assert found.low > 0
    quiet, _ = synthetic_control(own - 30.0 * after, others, after)
    assert quiet.low < 0 < quiet.high


# --- tables -----------------------------------------------------------------------------------------------------------

LIKE = {
    "here": [10.0, 11, 12, 13, 9, 8],
    "a": [10.0, 11, 12, 13, 14, 15],
    "b": [20.0, 20, 21, 21, 22, 22],
}


def test_three_methods_stand_side_by_side() -> None:
    found = by_method(compared(LIKE))
    assert found.index.to_list() == list(OUTPUTS["contribution"].by_name["method"].choices)
    # The trend of 2018 to 2021, carried on: 14 and 15.
    assert found.loc["interrupted-series", "estimate"] == pytest.approx(((9 - 14) + (8 - 15)) / 2)
    own = (9 + 8) / 2 - (10 + 11 + 12 + 13) / 4
    others = ((14.5 - 11.5) + (22 - 20.5)) / 2
    assert found.loc["difference-in-differences", "estimate"] == pytest.approx(own - others)
    assert found.loc["synthetic-control", "estimate"] == pytest.approx(-6, abs=1e-6)
    assert found["before"].to_list() == [4, 4, 4]
    assert found["after"].to_list() == [2, 2, 2]
    assert found["units"].fillna(-1).to_list() == [-1, 2, 2]


def test_rows_and_columns_in_any_order() -> None:
    table = compared(LIKE)
    shuffled = table.sample(frac=1, random_state=3).reset_index(drop=True)[table.columns[::-1]]
    pd.testing.assert_frame_equal(contribution(shuffled, as_of=DAY), contribution(table, as_of=DAY))
    pd.testing.assert_frame_equal(contribution_series(shuffled, as_of=DAY), contribution_series(table, as_of=DAY))


def test_other_units_scale_the_estimates_and_a_useless_place_changes_no_mix() -> None:
    one, tenfold = by_method(compared(LIKE)), by_method(compared({u: [10 * v for v in f] for u, f in LIKE.items()}))
    assert (10 * one[["estimate", "low", "high"]]).to_numpy() == pytest.approx(
        tenfold[["estimate", "low", "high"]].to_numpy(), nan_ok=True, rel=1e-5, abs=1e-6
    )
    far = by_method(compared(LIKE | {"far": [900.0, 100, 900, 100, 900, 100]}))
    assert far.loc["synthetic-control", "estimate"] == pytest.approx(-6, abs=1e-4)


def test_a_place_with_a_gap_is_left_out_and_said() -> None:
    found = by_method(compared(LIKE | {"c": [1.0, None, 3, 4, 5, 6]}))
    assert found.loc["difference-in-differences", "units"] == 2
    assert "1 more was left out, since not every period has their figure." in found.loc["synthetic-control", "why"]


@pytest.mark.parametrize(
    ("figures", "began", "method", "why"),
    [
        (LIKE, "2020-01-01", "interrupted-series", "4 periods before the work began and 2 since; there are 2 and 4"),
        (LIKE, "2023-06-30", "interrupted-series", "there are 5 and 1"),
        (LIKE, "2017-01-01", "difference-in-differences", "takes 1 period before the work began and 1 since"),
        (LIKE, "2025-01-01", "synthetic-control", "there are 6 and 0"),
        ({"here": LIKE["here"]}, "2022-01-01", "difference-in-differences", "1 place without the work; there is none"),
        ({"here": LIKE["here"], "a": LIKE["a"]}, "2022-01-01", "synthetic-control",
         "2 places without the work; there is 1"),
    ],
)  # fmt: skip
def test_too_little_is_said(figures: dict[str, list[float | None]], began: str, method: str, why: str) -> None:
    row = by_method(compared(figures, began=began)).loc[method]
    assert np.isnan(row["estimate"])
    assert why in row["why"]


def test_what_contradicts_itself_is_said() -> None:
    table = compared(LIKE)
    nobody = by_method(table.assign(changed_on=pd.NaT))
    assert nobody["estimate"].isna().all()
    assert nobody["why"].str.startswith("No row says when the work began").all()
    two = table.copy()
    two.loc[two["unit"] == "a", "changed_on"] = pd.Timestamp("2022-01-01")
    assert by_method(two)["why"].str.startswith("2 units say that work began there").all()
    days = table.copy()
    days.loc[1, "changed_on"] = pd.Timestamp("2021-01-01")
    assert by_method(days)["why"].str.startswith("The work began on 2 different days").all()
    assert contribution_series(two, as_of=DAY).empty


def test_what_comes_after_the_studys_day_is_not_known_yet() -> None:
    table = compared(LIKE)
    assert contribution(table, as_of=dt.date(2022, 12, 31))["after"].to_list() == [1, 1, 1]
    none = contribution(table, as_of=dt.date(2017, 1, 1))
    assert none["why"].str.startswith("There is no figure of the study's own place").all()


def test_places_that_moved_apart_before_are_named() -> None:
    apart = LIKE | {"a": [30.0, 25, 20, 15, 10, 5], "b": [31.0, 26, 21, 16, 11, 6]}
    said = by_method(compared(apart)).loc["difference-in-differences", "why"]
    assert "moved apart already before the work began" in said
    like = {"here": LIKE["here"], "a": LIKE["a"], "b": [20.5, 20.5, 22, 22.5, 24, 25]}
    assert "moved apart" not in by_method(compared(like)).loc["difference-in-differences", "why"]


def test_equal_figures_have_an_effect_of_zero() -> None:
    found = by_method(compared({u: [5.0] * 6 for u in LIKE}))
    assert found["estimate"].to_numpy() == pytest.approx([0, 0, 0], abs=1e-9)


def test_each_measure_by_itself_and_none_without_comparisons() -> None:
    both = pd.concat([compared(LIKE), compared(LIKE, measure="n")], ignore_index=True)
    found = contribution(both, as_of=DAY)
    assert found["measure_id"].to_list() == ["m"] * 3 + ["n"] * 3
    empty = empty_frame(INPUTS["comparisons"])
    pd.testing.assert_frame_equal(contribution(empty, as_of=DAY), empty_frame(OUTPUTS["contribution"]))
    pd.testing.assert_frame_equal(contribution_series(empty, as_of=DAY), empty_frame(OUTPUTS["contribution_series"]))
