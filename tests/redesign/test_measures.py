from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import (
    consecutive,
    measure_status,
    meets,
    prediction_interval,
    progress,
    progress_class,
    projection,
)
from ci_analysis.tables import OUTPUTS

DAY = dt.date(2026, 6, 30)

# Ezekiel (1930), as R's data set `cars`: speed (miles an hour) and stopping distance (feet).
# fmt: off
SPEED = [4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15,
         15, 16, 16, 17, 17, 17, 18, 18, 18, 18, 19, 19, 19, 20, 20, 20, 20, 20, 22, 23, 24, 24, 24, 24, 25]
STOPPING = [2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26,
            54, 32, 40, 32, 40, 50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85]
# fmt: on
# Mothers of children under six in Colorado who are in the labour force, windows of the American Community Survey
# that end in 2008 to 2018 (National Database of Childcare Prices).
MOTHERS = [0.6457, 0.6463, 0.6508, 0.6573, 0.6597, 0.6562, 0.6622, 0.6928, 0.6885, 0.6893, 0.6965]
# Seats in Colorado's family child care homes, 30 September 2018 to 2025.
SEATS_HOME = [13899, 11658, 12158, 11824, 11557, 11581, 11060, 11049]


def one(frame: pd.DataFrame) -> dict[str, object]:
    """The only row, with None where a cell is missing."""
    assert len(frame) == 1
    return {k: None if pd.isna(v) else v for k, v in frame.iloc[0].items()}


class TestProgress:
    @pytest.mark.parametrize(
        ("baseline", "latest", "target", "direction", "percent", "kind"),
        [
            # Healthy People 2020 Midcourse Review, TU-1.1, adults who smoke: 'moving toward the 2020 target'.
            (20.6, 17.0, 12.0, "down", 41.9, "improving"),
            # The same, TU-2.2, adolescents who smoked in the past 30 days: 'exceeding the 2020 target'.
            (19.5, 15.7, 16.0, "down", 108.6, "target-met"),
        ],
    )
    def test_healthy_people(self, baseline, latest, target, direction, percent, kind):
        cells = [pd.Series([v]) for v in (latest, baseline, target, direction)]
        assert progress(*cells).item() == pytest.approx(100 * (latest - baseline) / (target - baseline))
        assert progress(*cells).round(1).item() == percent
        assert progress_class(*cells).item() == kind

    @pytest.mark.parametrize(
        ("latest", "percent", "kind"),
        [
            (10.0, 0, "little-or-no-change"),
            (10.49, 4.9, "little-or-no-change"),
            (10.5, 5, "improving"),
            (9.51, -4.9, "little-or-no-change"),
            (9.5, -5, "getting-worse"),
            (20.0, 100, "target-met"),
            (25.0, 150, "target-met"),
        ],
    )
    def test_classes_both_ways(self, latest, percent, kind):
        for flip, direction in ((1, "up"), (-1, "down")):
            cells = [pd.Series([flip * v]) for v in (latest, 10.0, 20.0)]
            way = pd.Series([direction])
            assert progress(*cells, way).item() == pytest.approx(percent)
            assert progress_class(*cells, way).item() == kind

    @pytest.mark.parametrize(
        ("latest", "target", "kind"),
        [
            (10.0, 10.0, "target-met"),
            (9.0, 10.0, "getting-worse"),
            (11.0, 10.0, "target-met"),
            (9.0, 8.0, "target-met"),  # the target was met before it was set
            (7.0, 8.0, "getting-worse"),
        ],
    )
    def test_a_target_that_is_not_ahead_has_no_way_to_measure(self, latest, target, kind):
        cells = [pd.Series([v]) for v in (latest, 10.0, target)]
        assert progress(*cells, pd.Series(["up"])).isna().all()
        assert progress_class(*cells, pd.Series(["up"])).item() == kind

    @pytest.mark.parametrize("gap", [0, 1, 2])
    def test_a_missing_part_is_no_progress(self, gap):
        cells = [pd.Series([v]) for v in (15.0, 10.0, 20.0)]
        cells[gap] = pd.Series([np.nan])
        assert progress(*cells, pd.Series(["up"])).isna().all()
        assert progress_class(*cells, pd.Series(["up"])).isna().all()

    @pytest.mark.parametrize(
        ("steady", "latest", "target", "kind"),
        [
            (True, 15.0, 20.0, "little-or-no-change"),
            (False, 15.0, 20.0, "improving"),
            (True, 15.0, np.nan, "little-or-no-change"),
            (False, 15.0, np.nan, "improving"),
            (False, 5.0, np.nan, "getting-worse"),
            (True, 20.0, 20.0, "target-met"),
        ],
    )
    def test_the_chart_tells_change_from_noise(self, steady, latest, target, kind):
        cells = [pd.Series([v]) for v in (latest, 10.0, target)]
        steady = pd.Series([steady], dtype="boolean")
        assert progress_class(*cells, pd.Series(["up"]), steady=steady).item() == kind

    def test_a_sum_of_tenths_meets_its_target(self):
        assert meets(pd.Series([0.1 + 0.7]), pd.Series([0.8]), pd.Series(["up"])).all()
        assert not meets(pd.Series([0.7999]), pd.Series([0.8]), pd.Series(["up"])).any()


class TestConsecutive:
    @pytest.mark.parametrize(
        ("values", "run"),
        [
            ([5, 4, 3, 4, 5, 6], 3),
            ([1, 2, 3, 4, 5, 6], 5),
            ([1, 2, 1], 1),
            ([3, 2, 1, 1], 0),
            ([1, 1, 2], 1),
            (SEATS_HOME, 2),  # … 11,581; 11,060; 11,049
        ],
    )
    def test_counts_changes_in_the_present_direction(self, values, run):
        assert consecutive(pd.Series(values, dtype=float)) == run

    @pytest.mark.parametrize("values", [[], [1.0]])
    def test_one_figure_has_no_direction(self, values):
        assert math.isnan(consecutive(pd.Series(values, dtype=float)))


def plain_prediction(x, y, at, t):
    """The textbook's formula, term by term."""
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    sxx = sum((a - mean_x) ** 2 for a in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sxx
    value = mean_y + slope * (at - mean_x)
    sse = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    reach = t * math.sqrt(sse / (n - 2)) * math.sqrt(1 + 1 / n + (at - mean_x) ** 2 / sxx)
    return value, value - reach, value + reach


class TestPrediction:
    @pytest.mark.parametrize(
        ("speed", "published"),
        [(5, (2.082949, -41.16099, 45.32689)), (21, (65.001489, 22.87494, 107.12803))],
    )
    def test_stopping_distances(self, speed, published):
        # Dalpiaz, Applied Statistics with R, section 8.8, p. 147: 99 % prediction intervals.
        found = prediction_interval(np.array(SPEED, float), np.array(STOPPING, float), speed, level=0.99)
        assert found == pytest.approx(published, abs=1e-5)

    def test_by_hand(self):
        # x = 2, 4, 5, 6 and y = 7, 11, 13, 20: ŷ = 3 x, SSE = 1 + 1 + 4 + 4 = 10, s = √(10 / 2) = 2.2361,
        # x̄ = 4.25, Σ(x − x̄)² = 81 − 17² / 4 = 8.75. At x = 3, 90 %: t = 2.920 with 2 degrees of freedom.
        reach = 2.920 * math.sqrt(10 / 2) * math.sqrt(1 + 1 / 4 + (3 - 4.25) ** 2 / 8.75)
        found = prediction_interval(np.array([2.0, 4, 5, 6]), np.array([7.0, 11, 13, 20]), 3.0, level=0.90)
        assert found == pytest.approx((9, 9 - reach, 9 + reach), abs=2e-3)

    def test_the_interval_is_80_percent(self):
        x, y = np.arange(5.0), np.array([1.0, 3, 2, 5, 4])
        # t = 1.638 leaves 10 % on either side with 3 degrees of freedom.
        assert prediction_interval(x, y, 7.0) == pytest.approx(plain_prediction(x, y, 7, 1.638), abs=2e-3)

    def test_a_line_has_no_spread(self):
        found = prediction_interval(np.arange(4.0), 2 + 3 * np.arange(4.0), 10.0)
        assert found == pytest.approx((32, 32, 32))

    @pytest.mark.parametrize("x", [[], [1.0], [1.0, 2], [3.0, 3, 3, 3]])
    def test_too_little_to_draw_a_line(self, x):
        assert np.isnan(prediction_interval(np.array(x), np.array(x), 9.0)).all()


class TestProjection:
    def test_colorado_mothers(self, series):
        frame = series(MOTHERS, [str(y) for y in range(2008, 2019)])
        years = [y - 2028 for y in range(2008, 2019)]
        # t = 1.383 leaves 10 % on either side with 9 degrees of freedom.
        expected = plain_prediction(years, MOTHERS, 0, 1.383)
        assert projection(frame, pd.Timestamp("2028-12-31")) == pytest.approx(expected, abs=1e-5)

    @pytest.mark.parametrize(
        ("periods", "target_on"),
        [
            (["2023", "2024", "2025", "2026"], "2028-12-31"),
            (["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"], "2025-06-30"),
            (["2024-01", "2024-02", "2024-03", "2024-04"], "2024-06-30"),
        ],
    )
    def test_equal_periods_are_equally_far_apart(self, series, periods, target_on):
        # Whatever their days: a leap year, 90 to 92 days a quarter, 29 to 31 days a month.
        assert projection(series([1.0, 2, 3, 4], periods), pd.Timestamp(target_on)) == pytest.approx((6, 6, 6))

    @pytest.mark.parametrize("n", [0, 1, 2, 3])
    def test_takes_four_figures(self, series, n):
        assert np.isnan(projection(series([1.0, 2, 4, 7][:n]), pd.Timestamp("2030-12-31"))).all()

    def test_nothing_is_left_to_project_on_the_day_itself(self, series):
        frame = series([1.0, 2, 4, 7])  # 2001 to 2004
        assert np.isnan(projection(frame, pd.Timestamp("2004-12-31"))).all()
        assert not np.isnan(projection(frame, pd.Timestamp("2005-01-01"))).any()
        assert np.isnan(projection(frame, pd.NaT)).all()


class TestMeasureStatus:
    def test_has_the_declared_columns_and_a_row_for_every_measure(self, measure, series):
        found = measure_status(series([]), measure())
        assert found.columns.to_list() == OUTPUTS["measures"].names
        row = one(found)
        assert (row["status"], row["latest"], row["class"], row["consecutive"]) == ("no-data", None, None, None)
        assert (row["target"], row["baseline"]) == (20, 10)

    def test_colorado_mothers(self, measure, series):
        frame = series(MOTHERS, [str(y) for y in range(2008, 2019)])
        about = measure(baseline=0.6457, baseline_on="2008-12-31", target=0.72, target_on="2028-12-31")
        row = one(measure_status(frame, about))
        assert row["progress"] == pytest.approx(100 * (0.6965 - 0.6457) / (0.72 - 0.6457))
        # Ranges .0006 .0045 .0065 .0024 .0035 .0060 .0306 .0043 .0008 .0072: 3.267 × their mean drops .0306.
        kept = [0.0006, 0.0045, 0.0065, 0.0024, 0.0035, 0.0060, 0.0043, 0.0008, 0.0072]
        assert 3.267 * (sum(kept) + 0.0306) / 10 < 0.0306
        upper = sum(MOTHERS) / 11 + 2.66 * sum(kept) / 9
        assert upper < 0.6965  # so the latest figure is above the limit
        assert (row["signal"], row["class"], row["status"], row["consecutive"]) == (
            "better",
            "improving",
            "on-track",
            2,
        )
        assert row["assurance"] == "fail"  # 0.72 lies above the limit: no ordinary figure of the series reaches it

    def test_colorado_homes_without_a_target(self, measure, series):
        frame = series(SEATS_HOME, [f"{y}-09-30" for y in range(2018, 2026)])
        about = measure(baseline=13899, baseline_on="2018-09-30", target=np.nan, target_on=None)
        row = one(measure_status(frame, about))
        assert (row["latest"], row["latest_on"]) == (11049, pd.Timestamp("2025-09-30"))
        assert (row["progress"], row["status"], row["projected"], row["assurance"]) == (None, None, None, None)
        assert (row["class"], row["signal"]) == ("getting-worse", "worse")

    @pytest.mark.parametrize(
        ("values", "changes", "status"),
        [
            ([20.0], {}, "met"),
            ([25.0], {"target_on": None}, "met"),
            ([15.0], {"target_on": None}, None),
            ([15.0], {"target": np.nan}, None),
            ([], {"target": np.nan}, "no-data"),
            # Pace: one of ten years gone.
            ([11.0], {}, "on-track"),
            ([10.9], {}, "off-track"),
            ([11.0], {"baseline_on": None}, "no-data"),
            ([11.0], {"baseline": np.nan}, "no-data"),
            # Three figures still go by pace: three of ten years gone.
            ([1.0, 2.0, 13.0], {}, "on-track"),
            ([15.0, 14.0, 12.9], {}, "off-track"),
            # From four on the line decides: 11, 12, 13, 14 is one a year, 20 in 2030.
            ([11.0, 12.0, 13.0, 14.0], {}, "on-track"),
            ([11.0, 11.9, 12.8, 13.7], {}, "off-track"),
            # A line that falls does not reach 20, whatever the pace.
            ([19.0, 18.0, 17.0, 16.0], {}, "off-track"),
            # The day has come.
            ([15.0, 19.9], {"target_on": "2022-12-31"}, "off-track"),
            ([15.0, 19.9], {"target_on": "2022-06-30"}, "off-track"),
            # To stay where one is.
            ([10.0], {"target": 10.0}, "met"),
            ([9.0], {"target": 10.0}, "off-track"),
            # Nothing but the baseline itself.
            ([11.0], {"baseline_on": "2021-12-31"}, "no-data"),
        ],
    )
    def test_status(self, measure, series, values, changes, status):
        frame = series(values, [str(2021 + k) for k in range(len(values))])
        assert one(measure_status(frame, measure(**changes)))["status"] == status

    def test_status_reads_the_point_and_the_interval_stands_beside_it(self, measure, series):
        frame = series([11.0, 14.0, 12.0, 15.0], [str(y) for y in range(2021, 2025)])
        row = one(measure_status(frame, measure()))
        # Slope (−1.5 × 11 − .5 × 14 + .5 × 12 + 1.5 × 15) / 5 = 1 a year around 13 in the middle of 2023.
        assert row["projected"] == pytest.approx(13 + 1.0 * 7.5)
        assert row["status"] == "on-track"
        assert row["projected_low"] < 20 < row["projected"] < row["projected_high"]

    def test_only_the_baseline_is_no_change_yet(self, measure, series):
        row = one(measure_status(series([11.0], ["2020"]), measure()))
        assert (row["latest"], row["progress"], row["class"]) == (11, None, None)

    def test_noise_around_the_baseline_is_no_change(self, measure, series):
        frame = series([10.0, 12, 10, 12, 10, 12], [str(2021 + k) for k in range(6)])
        row = one(measure_status(frame, measure()))
        assert row["progress"] == pytest.approx(20)
        assert (row["class"], row["signal"]) == ("little-or-no-change", "none")

    def test_a_steady_series_far_from_its_baseline_has_changed(self, measure, series):
        frame = series([17.0, 18, 17, 18, 17, 18], [str(2021 + k) for k in range(6)])
        row = one(measure_status(frame, measure()))
        assert (row["class"], row["signal"], row["progress"]) == ("improving", "none", pytest.approx(80))

    def test_equal_values_have_a_chart_without_width(self, measure, series):
        row = one(measure_status(series([12.0] * 6, [str(2021 + k) for k in range(6)]), measure()))
        assert (row["consecutive"], row["signal"], row["assurance"]) == (0, "none", "fail")
        assert row["projected"] == pytest.approx(12)

    def test_segments_have_their_own_baseline(self, measure, series):
        frames = [
            series([10.0, 13.0], ["2020", "2021"]),
            series([4.0, 5.0], ["2020", "2021"], segment="infants"),
            series([6.0], ["2021"], segment="others"),
        ]
        found = measure_status(pd.concat(frames), measure())
        assert found["segment"].to_list() == ["all", "infants", "others"]
        assert found["baseline"].fillna(-1).to_list() == [10, 4, -1]
        # A part of the seats is not expected to reach the target for all of them.
        assert found["target"].fillna(-1).to_list() == [20, -1, -1]

    @pytest.mark.parametrize(
        "changes", [{"rollup": "weighted"}, {"rollup": "mean"}, {"rollup": "last", "unit": "share"}]
    )
    def test_a_share_has_one_target_for_every_segment(self, measure, series, changes):
        frames = [series([10.0, 13.0], ["2020", "2021"]), series([8.0, 14.0], ["2020", "2021"], segment="infants")]
        found = measure_status(pd.concat(frames), measure(**changes))
        assert found["target"].to_list() == [20, 20]
        assert found["progress"].to_list() == pytest.approx([100 * 3 / 10, 100 * 6 / 12])

    def test_a_whole_without_a_baseline_takes_its_own_figure_of_that_day(self, measure, series):
        frame = series([9.0, 10.0, 13.0], ["2019", "2020", "2021"])
        assert one(measure_status(frame, measure(baseline=np.nan)))["baseline"] == 10

    def test_scaled_units_change_no_verdict(self, measure, series):
        years = [str(y) for y in range(2008, 2019)]
        about = {"baseline": 0.6457, "baseline_on": "2008-12-31", "target": 0.72, "target_on": "2028-12-31"}
        plain = measure_status(series(MOTHERS, years), measure(**about))
        times = {"baseline": 64.57, "target": 72.0}
        scaled = measure_status(series([100 * v for v in MOTHERS], years), measure(**(about | times)))
        verdicts = ["class", "status", "consecutive", "signal", "assurance"]
        pd.testing.assert_frame_equal(plain[verdicts], scaled[verdicts])
        assert scaled["progress"].item() == pytest.approx(plain["progress"].item())
        assert scaled["projected_low"].item() == pytest.approx(100 * plain["projected_low"].item())
