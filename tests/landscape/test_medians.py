"""Medians from counts by class, against worked examples and a plain loop."""

from __future__ import annotations

from math import inf, log, sqrt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.errors import WrongUse
from ci_analysis.landscape import aggregated_median, class_bounds

#: Household income by class, ACS 2009-2013, Los Angeles County: the documented example of census-data-aggregator
#: (Welsh 2019), which follows the California State Data Center's paper (2016).
INCOME = {
    "2500-9999": 209_050, "10000-14999": 190_300, "15000-19999": 173_380, "20000-24999": 167_740,
    "25000-29999": 154_347, "30000-34999": 155_834, "35000-39999": 143_103, "40000-44999": 140_946,
    "45000-49999": 126_807, "50000-59999": 241_482, "60000-74999": 303_887, "75000-99999": 384_881,
    "100000-124999": 268_689, "125000-149999": 169_129, "150000-199999": 189_195, "200000-up": 211_613,
}  # fmt: skip


def counts(*rows: list[float], classes: str = "0-9999 10000-19999 20000-39999 40000-up") -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=classes.split(), dtype="float64")


def test_worked_example_of_income():
    found = aggregated_median(pd.DataFrame([INCOME]), design_factor=1).iloc[0]
    # Its class ends at 59,999 there, and at 60,000 here; the margin there is made with the next class's start.
    assert found["value"] == pytest.approx(50_000 + (56_363.58534176461 - 50_000) * 10_000 / 9_999)
    assert found["moe"] == pytest.approx(161.96723586588095)
    assert pd.isna(found["censored"])


def test_the_bureau_s_standard_error_of_fifty_percent():
    """Case study 1 of the handbook for state and local governments: 82,448 earners, factor 1.3, five years: 0.599 %."""
    earners, width = 82_448, 10_000
    error = 1.3 * sqrt(87.5 / 12.5 / earners * 50**2)
    assert round(error, 3) == 0.599
    # All in one class: the margin is 1.645 times that share of its width.
    found = aggregated_median(counts([0, earners, 0, 0])).iloc[0]
    assert found["value"] == 15_000
    assert found["moe"] == pytest.approx(1.645 * error / 100 * width)


def slow(row: dict[tuple[float, float], float], share: float, method: str) -> float:
    """The value that a share of all lies below, class by class."""
    total, below = sum(row.values()), 0.0
    for (start, end), n in row.items():
        if n and below + n >= share * total:
            above_start, above_end = total - below, total - below - n
            if method == "pareto" and start > 0 and above_end > 0:
                power = log(above_start / ((1 - share) * total)) / log(above_start / above_end)
                return start * (end / start) ** power
            return start + (share * total - below) / n * (end - start)
        below += n
    raise AssertionError


@pytest.mark.parametrize("method", ["linear", "pareto"])
def test_against_a_plain_loop(method):
    rng = np.random.default_rng(2)
    classes = {"1-9": (1, 10), "10-19": (10, 20), "20-49": (20, 50), "50-99": (50, 100), "100-499": (100, 500)}
    frame = pd.DataFrame(rng.integers(0, 900, (60, 5)).astype(float), columns=list(classes))
    found = aggregated_median(frame, method=method, sampled=0.4)
    for i, row in enumerate(frame.to_numpy()):
        given = dict(zip(classes.values(), row, strict=True))
        error = 1.3 * sqrt(0.6 / (0.4 * row.sum())) / 2
        low, middle, high = (slow(given, share, method) for share in (0.5 - error, 0.5, 0.5 + error))
        assert found["value"][i] == pytest.approx(middle)
        assert found["moe"][i] == pytest.approx(1.645 * (high - low) / 2)
    # The order of classes and of rows says nothing, and a class with nobody changes nothing.
    shuffled = aggregated_median(frame.sample(frac=1, random_state=1, axis=1), method=method, sampled=0.4)
    pd.testing.assert_frame_equal(shuffled, found)
    turned = aggregated_median(frame.iloc[::-1], method=method, sampled=0.4)
    pd.testing.assert_frame_equal(turned.iloc[::-1], found)
    pd.testing.assert_frame_equal(
        aggregated_median(frame.assign(**{"500-999": 0.0}), method=method, sampled=0.4), found
    )


def test_pareto_gives_back_the_curve_that_the_counts_were_made_from():
    # Above 10,000 a share of (10,000 / x)^2 earns more than x: half earns more than 10,000 sqrt(2).
    edges = [10_000, 20_000, 40_000, 80_000]
    above = [(edges[0] / x) ** 2 for x in edges]
    row = [1e6 * (a - b) for a, b in zip(above, [*above[1:], 0.0], strict=True)]
    classes = "10000-19999 20000-39999 40000-79999 80000-up"
    pareto = aggregated_median(counts(row, classes=classes), method="pareto").iloc[0]
    assert pareto["value"] == pytest.approx(10_000 * sqrt(2))
    assert aggregated_median(counts(row, classes=classes)).iloc[0]["value"] > pareto["value"]


def test_a_median_in_an_open_ended_class_is_its_limit():
    found = aggregated_median(counts([9, 1, 1, 1], [1, 1, 1, 9], [0, 0, 0, 5], [5, 0, 0, 0]))
    assert found["value"].to_list() == [10_000, 40_000, 40_000, 10_000]
    assert found["censored"].to_list() == ["or-less", "or-more", "or-more", "or-less"]
    assert found["moe"].isna().all()


def test_half_exactly_up_to_the_end_of_a_class_is_that_end():
    found = aggregated_median(counts([500, 500, 0, 0], [0, 0, 500, 500], [300, 200, 500, 0]))
    assert found["value"].to_list() == [10_000, 40_000, 20_000]
    assert found["censored"].isna().all()
    # On one side of the first two lies an open-ended class, so how far off they are is not known.
    assert found["moe"].notna().to_list() == [False, False, True]


def test_an_interval_that_reaches_an_open_ended_class_or_beyond_everybody_has_no_margin():
    found = aggregated_median(counts([490, 500, 10, 0], [0, 1, 0, 0]))
    assert found["value"].notna().all()
    assert found["censored"].isna().all()
    assert found["moe"].isna().all()


def test_nobody_and_a_missing_count_have_no_median():
    frame = counts([0, 0, 0, 0], [1, np.nan, 1, 1], [0, 10_000, 0, 0])
    found = aggregated_median(frame.set_axis(["a", "b", "c"]))
    assert found.loc[["a", "b"]].isna().all(axis=None)
    assert found.loc["c", "value"] == 15_000


def test_bounds_by_their_names():
    bounds = class_bounds(["15-up", "under-5", "5-14"])
    assert bounds.reset_index().to_numpy().tolist() == [["under-5", -inf, 5], ["5-14", 5, 15], ["15-up", 15, inf]]
    # A lowest class that does not begin at 0 has a lower end.
    assert class_bounds(["1-9"])["lower"].to_list() == [1]


@pytest.mark.parametrize(
    ("segments", "why"),
    [
        (["0-9", "infants"], "'infants' names no class"),
        (["0-9", "10000 to 20000"], "names no class"),
        (["0-9", "9-20"], "overlap or leave a gap"),
        (["0-9", "11-20"], "'0-9' and '11-20' overlap or leave a gap"),
        (["0-9", "0-9"], "overlap or leave a gap"),
        (["20-10"], "overlap or leave a gap"),
        (["0-9", "10-up", "20-up"], "overlap or leave a gap"),
        ([], "there are no classes"),
    ],
)
def test_names_that_make_no_scale_are_refused(segments, why):
    with pytest.raises(WrongUse, match=why):
        class_bounds(segments)
