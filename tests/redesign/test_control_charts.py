from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import RULES, Limits, assurance, control_chart, limits_note, run_rules, signal, xmr
from ci_analysis.rollup import usable
from ci_analysis.tables import OUTPUTS

# NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2: flow rates of ten batches.
NIST = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
# Montgomery and Runger, Applied Statistics and Probability for Engineers (2003), Table 16-3: concentrations.
MONTGOMERY = [102.0, 94.8, 98.3, 98.4, 102.0, 98.5, 99.0, 97.7, 100.0, 98.1,
              101.3, 98.7, 101.1, 98.4, 97.0, 96.7, 100.3, 101.4, 97.2, 101.0]  # fmt: skip
# NHS-R community, NHSRplotthedots, vignette 'Deviations from Excel defaults': one leap in an even series.
NHS = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
# Colorado's licensed seats in family child care homes, 30 September 2018 to 2025 (the state's yearly report on
# injuries in child care, Table 1).
SEATS_HOME = [13899, 11658, 12158, 11824, 11557, 11581, 11060, 11049]


def rules_of(values: list[float], centre: float, reach: float) -> list[set[str]]:
    limits = Limits(centre, centre - reach, centre + reach, reach / 2.66, len(values), 0)
    broken = run_rules(pd.Series(values, dtype=float), limits)
    return [set(broken.columns[row]) for row in broken.to_numpy()]


class TestLimits:
    def test_nist_individuals_chart(self):
        ranges = [2.0, 2.3, 1.4, 3.5, 3.4, 1.4, 0.2, 1.2, 1.5]
        limits = xmr(pd.Series(NIST))
        assert limits.centre == pytest.approx(sum(NIST) / 10)
        assert limits.centre == pytest.approx(50.81)
        assert limits.mean_moving_range == pytest.approx(sum(ranges) / 9)
        assert limits.upper == pytest.approx(50.81 + 2.66 * sum(ranges) / 9)
        # The handbook divides by d2 = 1.128 where we multiply by 2.66: 3 / 1.128 = 2.6596.
        assert (limits.upper, limits.lower) == pytest.approx((55.8041, 45.8159), abs=0.001)
        assert limits.trial

    def test_montgomery_and_runger_individuals_chart(self):
        limits = xmr(np.array(MONTGOMERY))
        found = (limits.centre, limits.mean_moving_range, limits.upper, limits.lower)
        assert found == pytest.approx((99.1, 2.59, 105.99, 92.21), abs=0.01)
        assert not limits.trial
        # 'There is no indication of an out-of-control condition.'
        assert not run_rules(pd.Series(MONTGOMERY), limits)["outside"].any()

    def test_screening_drops_the_leap(self):
        # Moving ranges: 15 of 1, and 8 and 9 into and out of the leap; 3.267 × 32 / 17 = 6.15.
        screened = xmr(pd.Series(NHS))
        assert screened.dropped == 2
        assert screened.mean_moving_range == pytest.approx(15 / 15)
        # The vignette's caption: 'UPL = 4.6, Mean = 1.94, LPL = -0.72'.
        assert (screened.upper, screened.centre, screened.lower) == pytest.approx((4.6, 1.94, -0.72), abs=0.005)
        assert (screened.upper, screened.lower) == pytest.approx((35 / 18 + 2.66, 35 / 18 - 2.66))

    def test_without_screening_the_leap_widens_the_limits(self):
        plain = xmr(pd.Series(NHS), screen=False)
        assert plain.dropped == 0
        assert (plain.upper, plain.lower) == pytest.approx((35 / 18 + 2.66 * 32 / 17, 35 / 18 - 2.66 * 32 / 17))

    def test_screening_is_done_once(self):
        # Ranges: ten of 1, one of 5, one of 100. 3.267 × 115 / 12 = 31.3 drops the 100. Done again,
        # 3.267 × 15 / 11 = 4.5 would drop the 5 too.
        values = np.cumsum([0, 1, 1, 1, 1, 1, 5, 1, 1, 1, 1, 1, 100])
        limits = xmr(values)
        assert limits.dropped == 1
        assert limits.mean_moving_range == pytest.approx(15 / 11)

    def test_colorado_family_child_care_homes(self):
        ranges = [2241, 500, 334, 267, 24, 521, 11]
        assert 3.267 * sum(ranges) / 7 < 2241  # the first is screened
        centre = sum(SEATS_HOME) / 8
        reach = 2.66 * sum(ranges[1:]) / 6
        limits = xmr(pd.Series(SEATS_HOME))
        assert (limits.centre, limits.lower, limits.upper) == pytest.approx((centre, centre - reach, centre + reach))
        # 2018 stands above the limits, 2024 and 2025 below.
        assert [v > centre + reach for v in SEATS_HOME] == [k == 0 for k in range(8)]
        assert [v < centre - reach for v in SEATS_HOME] == [k >= 6 for k in range(8)]
        broken = run_rules(pd.Series(SEATS_HOME), limits)
        assert broken.index[broken["outside"]].to_list() == [0, 6, 7]

    @pytest.mark.parametrize("value", [0.0, 7.0, 0.1, -3.3, 1e9 / 3])
    def test_equal_values_have_limits_at_the_centre_and_break_no_rule(self, value):
        values = pd.Series([value] * 9)
        limits = xmr(values)
        assert (limits.centre, limits.lower, limits.upper) == pytest.approx((value, value, value))
        assert limits.dropped == 0
        assert not run_rules(values, limits).to_numpy().any()

    @pytest.mark.parametrize("n", range(5))
    def test_under_five_points_there_is_no_chart(self, n):
        limits = xmr(pd.Series(np.arange(float(n))))
        assert limits.points == n
        assert np.isnan([limits.centre, limits.lower, limits.upper]).all()
        assert "no control chart" in limits_note(n)

    @pytest.mark.parametrize(("n", "trial"), [(5, True), (11, True), (12, False)])
    def test_under_twelve_points_limits_are_trial_limits(self, n, trial):
        assert xmr(pd.Series(np.arange(float(n)))).trial is trial
        assert ("trial limits" in limits_note(n)) is trial

    def test_one_point_is_spoken_of_in_the_singular(self):
        assert limits_note(1).endswith("there is 1.")

    def test_a_missing_value_is_bridged_as_an_absent_period_is(self):
        assert xmr(pd.Series([1.0, 4, np.nan, 2, 6, 3])) == xmr(pd.Series([1.0, 4, 2, 6, 3]))

    def test_scaled_and_shifted_values_scale_and_shift_the_limits(self):
        plain, moved = xmr(np.array(NIST)), xmr(1000 * np.array(NIST) + 7)
        found = (moved.centre, moved.lower, moved.upper)
        assert found == pytest.approx(tuple(1000 * v + 7 for v in (plain.centre, plain.lower, plain.upper)))


class TestRunRules:
    def test_outside_is_beyond_a_limit_and_not_on_it(self):
        rules = rules_of([13, 13.01, 7, 6.99, 10], centre=10, reach=3)
        assert ["outside" in r for r in rules] == [False, True, False, True, False]

    def test_seven_on_one_side(self):
        assert ["seven-on-one-side" in r for r in rules_of([9, *[11, 12] * 3, 11, 9], 10, 99)] == [
            False, *[True] * 7, False,
        ]  # fmt: skip
        assert not any("seven-on-one-side" in r for r in rules_of([9, *[11, 12] * 3, 9], 10, 99))
        assert all("seven-on-one-side" in r for r in rules_of([9] * 8, 10, 99))

    def test_a_point_on_the_centre_is_on_neither_side_and_ends_the_run(self):
        assert not any("seven-on-one-side" in r for r in rules_of([11] * 6 + [10] + [11] * 6, 10, 99))
        found = rules_of([11] * 7 + [10] + [11] * 6, 10, 99)
        assert ["seven-on-one-side" in r for r in found] == [True] * 7 + [False] * 7

    def test_seven_rising_are_seven_points_and_six_steps(self):
        assert all("seven-rising" in r for r in rules_of([1, 2, 3, 4, 5, 6, 7], 4, 99))
        assert not any("seven-rising" in r for r in rules_of([1, 2, 3, 4, 5, 6, 5], 4, 99))
        found = rules_of([9, 7, 6, 5, 4, 3, 2, 2], 5, 99)
        assert ["seven-falling" in r for r in found] == [True] * 7 + [False]

    def test_an_equal_neighbour_ends_a_rise(self):
        assert not any("seven-rising" in r for r in rules_of([1, 2, 3, 4, 4, 5, 6, 7], 4, 99))

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            # Two thirds of the way from 10 to 13 is 12.
            ([10, 12.5, 10, 12.5, 10], [False, True, False, True, False]),
            ([10, 12.5, 10, 10, 12.5], [False] * 5),
            ([10, 12.5, 10, 7.5, 10], [False] * 5),  # on two sides
            ([10, 12, 12, 12, 10], [False] * 5),  # on the line is not beyond it
            ([7.5, 7.4, 10, 10, 10], [True, True, False, False, False]),
            ([12.5, 14, 10, 10, 10], [True, True, False, False, False]),  # outside is beyond too
        ],
    )
    def test_two_of_three(self, values, expected):
        assert ["two-of-three" in r for r in rules_of(values, centre=10, reach=3)] == expected

    @pytest.mark.parametrize("n", [1, 2, 3, 6, 7, 40])
    def test_agrees_with_a_plain_reading_of_the_rules(self, n):
        rng = np.random.default_rng(20260630 + n)
        for _ in range(60):
            # Whole numbers around a whole centre, so that ties with centre, limits and neighbours are common.
            drift = rng.integers(-1, 2)
            values = (rng.integers(6, 15, n) + drift * np.arange(n) // 2).astype(float).tolist()
            assert rules_of(values, 10, 3) == plain_rules(values, 10, 3)


def plain_rules(values: list[float], centre: float, reach: float) -> list[set[str]]:
    """The rules as one would read them out, with no care for speed."""
    found: list[set[str]] = [set() for _ in values]
    for i, v in enumerate(values):
        if v > centre + reach or v < centre - reach:
            found[i].add("outside")
    for i in range(len(values) - 6):
        seven = values[i : i + 7]
        if all(v > centre for v in seven) or all(v < centre for v in seven):
            for j in range(i, i + 7):
                found[j].add("seven-on-one-side")
        if all(b > a for a, b in pairwise(seven)):
            for j in range(i, i + 7):
                found[j].add("seven-rising")
        if all(b < a for a, b in pairwise(seven)):
            for j in range(i, i + 7):
                found[j].add("seven-falling")
    # Two points at most two apart are two of three, where a third is there at all or not.
    for side in (1, -1):
        far = [i for i, v in enumerate(values) if side * (v - centre) > 2 / 3 * reach]
        for i in far:
            if any(j != i and abs(j - i) <= 2 for j in far):
                found[i].add("two-of-three")
    return found


class TestControlChart:
    def test_has_the_declared_columns_and_the_limits_of_xmr(self, series):
        chart = control_chart(series(SEATS_HOME))
        limits = xmr(pd.Series(SEATS_HOME))
        assert chart.columns.to_list() == OUTPUTS["control_chart"].names
        assert chart["value"].to_list() == SEATS_HOME
        assert chart["lower"].to_list() == [limits.lower] * 8
        assert chart["rule"].to_list()[-1] == "outside;two-of-three"
        assert chart["rule"].isna().to_list() == [False, True, True, True, True, True, False, False]

    def test_each_series_has_its_own_chart_and_a_short_one_has_none(self, series):
        both = pd.concat(
            [series(NIST, segment="all"), series([1.0, 2, 3, 4], segment="home"), series(NHS, segment="center")]
        )
        chart = control_chart(both)
        assert chart["segment"].drop_duplicates().to_list() == ["all", "center"]
        assert chart.groupby("segment")["centre"].first().to_list() == pytest.approx([50.81, 35 / 18])

    def test_missing_figures_and_partial_sums_are_not_on_it(self, series):
        frame = series([5.0, 6, 5, 6, 5, 1, np.nan])
        frame["complete"] = pd.array([True, True, None, True, True, False, True], dtype="boolean")
        assert control_chart(frame)["value"].to_list() == [5, 6, 5, 6, 5]
        assert usable(frame)["value"].to_list() == [5, 6, 5, 6, 5]

    def test_order_of_rows_does_not_matter(self, series):
        both = pd.concat([series(NIST), series(NHS, measure_id="a")], ignore_index=True)
        shuffled = both.sample(frac=1, random_state=3)
        pd.testing.assert_frame_equal(control_chart(shuffled), control_chart(both))

    def test_periods_follow_their_last_days_and_not_their_spelling(self, series):
        frame = series([1.0, 2, 3, 4, 5], ["2023", "2024-Q1", "2024-06", "2024-09-30", "2024"])
        assert control_chart(frame.iloc[::-1])["value"].to_list() == [1, 2, 3, 4, 5]

    def test_without_figures_it_is_empty(self, series):
        chart = control_chart(series([]))
        assert chart.empty
        assert chart.columns.to_list() == OUTPUTS["control_chart"].names


class TestSignal:
    @pytest.mark.parametrize(
        ("values", "up"),
        [
            ([*[5, 6] * 6, 30], "better"),
            ([*[5, 6] * 6, -20], "worse"),
            ([*[5, 6] * 6, 5], "none"),
            ([5.0] * 8, "none"),
            ([5, 6, 30, -19, *[5, 6] * 6], "none"),  # the leaps are long past, and the mean is 5.5
        ],
    )
    def test_reads_the_latest_point_in_the_measures_direction(self, series, values, up):
        chart = control_chart(series(values))
        down = {"better": "worse", "worse": "better", "none": "none"}[up]
        for direction, expected in (("up", up), ("down", down)):
            about = pd.DataFrame({"measure_id": ["seats"], "direction": [direction]})
            assert signal(chart, about)["signal"].to_list() == [expected]

    @staticmethod
    def says(rule: str | None, value: float, direction: str = "up") -> str:
        chart = pd.DataFrame(
            {"measure_id": ["m"], "segment": ["all"], "period": ["2024"], "value": [value], "centre": [10.0],
             "lower": [4.0], "upper": [16.0], "rule": pd.Series([rule], dtype="str")}
        )  # fmt: skip
        return signal(chart, pd.DataFrame({"measure_id": ["m"], "direction": [direction]}))["signal"].item()

    @pytest.mark.parametrize("rule", ["outside", "two-of-three", "seven-on-one-side"])
    def test_a_side_is_better_above_when_up_is_better(self, rule):
        assert (self.says(rule, 12), self.says(rule, 8), self.says(rule, 8, "down")) == ("better", "worse", "better")

    def test_a_movement_counts_where_no_side_does(self):
        assert (self.says("seven-rising", 8), self.says("seven-falling", 12)) == ("better", "worse")

    def test_the_side_goes_before_the_movement(self):
        assert self.says("seven-on-one-side;seven-rising", 8) == "worse"

    def test_no_rule_no_signal(self):
        assert self.says(None, 15) == "none"

    def test_a_rule_name_inside_another_word_does_not_count(self):
        assert self.says("not-outside", 15) == "none"

    def test_every_rule_is_described(self):
        assert list(RULES) == run_rules(pd.Series([1.0]), Limits(1, 0, 2, 1, 1, 0)).columns.to_list()


class TestAssurance:
    @pytest.mark.parametrize(
        ("target", "up", "down"),
        [
            (3.0, "pass", "fail"),
            (4.0, "pass", "inconsistent"),  # on the lower limit: every figure between the limits is at 4 or above
            (5.0, "inconsistent", "inconsistent"),
            (6.0, "inconsistent", "pass"),
            (7.0, "fail", "pass"),
            (np.nan, None, None),
        ],
    )
    def test_a_target_beyond_the_limits(self, target, up, down):
        for direction, expected in (("up", up), ("down", down)):
            found = assurance(*(pd.Series([v]) for v in (target, 4.0, 6.0)), pd.Series([direction])).item()
            assert found == expected or (expected is None and pd.isna(found))

    def test_without_a_chart_there_is_none(self):
        nothing = pd.Series([np.nan])
        assert assurance(pd.Series([5.0]), nothing, nothing, pd.Series(["up"])).isna().all()
