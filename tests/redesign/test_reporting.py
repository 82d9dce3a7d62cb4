from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from ci_analysis.redesign import DUE_DAYS, expected_periods, reporting
from ci_analysis.tables import OUTPUTS, period_end

DAY = dt.date(2026, 6, 30)


def grid(frequency: str, seen: list[str], first_on: str, as_of: dt.date = DAY) -> list[str]:
    found = expected_periods(frequency, pd.Series(seen, dtype="str"), pd.Timestamp(first_on), as_of=as_of)
    assert (found["due_on"] - found["period_end"]).dt.days.eq(DUE_DAYS).all()
    # Periods touch: each begins on the day after the one before.
    assert (found["period_start"].iloc[1:].array == found["period_end"].iloc[:-1].array + pd.Timedelta(days=1)).all()
    assert period_end(found["period"]).to_list() == found["period_end"].to_list()
    return found["period"].to_list()


class TestExpectedPeriods:
    def test_the_spelling_is_the_frequencys_own(self):
        assert grid("year", ["2024"], "2024-12-31") == ["2024", "2025"]
        assert grid("quarter", [], "2025-08-01") == ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
        assert grid("month", [], "2026-04-30", dt.date(2026, 7, 30)) == ["2026-04", "2026-05", "2026-06"]

    def test_weeks_end_on_sunday(self):
        assert grid("week", [], "2026-06-10") == ["2026-06-14", "2026-06-21", "2026-06-28"]

    def test_weeks_that_are_seen_to_end_on_friday_do(self):
        seen = ["2026-06-12", "2026-06-26"]
        assert grid("week", seen, "2026-06-12") == ["2026-06-12", "2026-06-19", "2026-06-26"]

    def test_fiscal_years_end_on_their_own_day(self):
        seen = ["2018-09-30", "2020-09-30"]
        assert grid("year", seen, "2018-09-30", dt.date(2021, 9, 29)) == ["2018-09-30", "2019-09-30", "2020-09-30"]
        assert grid("year", seen, "2016-10-01", dt.date(2018, 9, 30)) == ["2017-09-30", "2018-09-30"]

    def test_from_a_months_last_day_to_a_months_last_day(self):
        assert grid("month", ["2024-01-31", "2024-02-29"], "2024-01-31", dt.date(2024, 4, 30)) == [
            "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30",
        ]  # fmt: skip
        assert grid("quarter", ["2025-06-30"], "2025-06-30", dt.date(2026, 1, 1)) == [
            "2025-06-30", "2025-09-30", "2025-12-31",
        ]  # fmt: skip
        assert grid("year", ["2023-02-28", "2024-02-29"], "2023-02-28", dt.date(2025, 3, 1)) == [
            "2023-02-28", "2024-02-29", "2025-02-28",
        ]  # fmt: skip

    def test_dates_out_of_step_fall_back_to_the_calendar(self):
        assert grid("quarter", ["2025-09-30", "2025-11-15"], "2025-09-30") == [
            "2025-Q3",
            "2025-Q4",
            "2026-Q1",
            "2026-Q2",
        ]

    def test_dates_beside_other_spellings_fall_back_to_the_calendar(self):
        assert grid("year", ["2024-09-30", "2025"], "2024-09-30") == ["2024", "2025"]

    @pytest.mark.parametrize("frequency", ["week", "month", "quarter", "year"])
    def test_a_day_after_the_last_leaves_no_period(self, frequency):
        assert grid(frequency, [], "2026-07-01") == []


@pytest.fixture
def reports(make):
    def of(rows):
        names = ("period", "partner_id", "reported_on")
        return make(
            "observations", [{"measure_id": "seats", "value": 1.0, **dict(zip(names, r, strict=True))} for r in rows]
        )

    return of


def said(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    assert found.columns.to_list() == OUTPUTS["reporting"].names
    return list(found[["partner_id", "period", "reported"]].itertuples(index=False, name=None))


class TestReporting:
    def test_every_reporter_and_period(self, reports, measure):
        rows = reports([("2024", "a", "2025-02-14"), ("2024", "b", "2025-02-15"), ("2025", "a", None)])
        found = reporting(rows, measure(reporters="a;b;c"), as_of=DAY)
        # 31 December and 45 days are 14 February.
        assert said(found) == [
            ("a", "2024", "on-time"), ("a", "2025", "on-time"),
            ("b", "2024", "late"), ("b", "2025", "missing"),
            ("c", "2024", "missing"), ("c", "2025", "missing"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("as_of", "expected"),
        [
            # The second quarter's figure is due on 14 August.
            (dt.date(2026, 8, 14), [("2026-Q1", "on-time")]),
            (dt.date(2026, 8, 15), [("2026-Q1", "on-time"), ("2026-Q2", "missing")]),
            (dt.date(2026, 9, 1), [("2026-Q1", "on-time"), ("2026-Q2", "late")]),
            # The first quarter's report was not there yet, nor was it due.
            (dt.date(2026, 4, 19), []),
        ],
    )
    def test_the_studys_day_decides(self, reports, measure, as_of, expected):
        rows = reports([("2026-Q1", "a", "2026-04-20"), ("2026-Q2", "a", "2026-09-01")])
        found = said(reporting(rows, measure(reporters="a", frequency="quarter"), as_of=as_of))
        assert [(period, how) for _, period, how in found] == expected

    def test_a_fiscal_year_is_due_after_its_own_end(self, reports, measure):
        rows = reports([("2024-09-30", "a", "2024-11-14"), ("2025-09-30", "a", "2025-11-15")])
        found = said(reporting(rows, measure(reporters="a"), as_of=DAY))
        assert found == [("a", "2024-09-30", "on-time"), ("a", "2025-09-30", "late")]

    def test_a_report_belongs_to_the_period_that_it_ends_in(self, reports, measure):
        rows = reports([("2025-Q3", "a", None), ("2025-12", "a", None), ("2026-02-15", "a", None)])
        found = said(reporting(rows, measure(reporters="a", frequency="quarter"), as_of=DAY))
        assert [(p, how) for _, p, how in found] == [
            ("2025-Q3", "on-time"), ("2025-Q4", "on-time"), ("2026-Q1", "on-time"),
        ]  # fmt: skip

    def test_of_several_rows_the_first_to_come_counts(self, make, measure):
        rows = make(
            "observations",
            [
                {
                    "measure_id": "seats",
                    "period": "2025",
                    "partner_id": "a",
                    "segment": s,
                    "value": 1.0,
                    "reported_on": d,
                }
                for s, d in (("x", "2026-03-01"), ("y", "2026-01-31"))
            ],
        )
        assert said(reporting(rows, measure(reporters="a"), as_of=DAY)) == [("a", "2025", "on-time")]

    def test_a_community_row_is_no_partners_report(self, reports, measure):
        rows = reports([("2024", None, None), ("2025", "a", None)])
        found = said(reporting(rows, measure(reporters="a;b"), as_of=DAY))
        assert found == [("a", "2025", "on-time"), ("b", "2025", "missing")]

    def test_a_report_of_nobody_is_a_report_and_an_empty_row_is_none(self, make, measure):
        row = {"measure_id": "seats", "period": "2025"}
        rows = make(
            "observations",
            [row | {"partner_id": "a", "numerator": 0, "denominator": 0}, row | {"partner_id": "b", "numerator": 3}],
        )
        found = said(reporting(rows, measure(reporters="a;b", baseline_on="2024-12-31"), as_of=DAY))
        assert found == [("a", "2025", "on-time"), ("b", "2025", "missing")]

    def test_without_a_report_periods_run_from_the_baseline(self, reports, measure):
        found = said(reporting(reports([]), measure(reporters="a", baseline_on="2023-12-31"), as_of=DAY))
        assert found == [("a", "2024", "missing"), ("a", "2025", "missing")]

    def test_without_a_baseline_either_from_the_communitys_first_row(self, reports, measure):
        about = measure(reporters="a", baseline_on=None)
        assert said(reporting(reports([("2025", None, None)]), about, as_of=DAY)) == [("a", "2025", "missing")]

    @pytest.mark.parametrize(
        "changes", [{"frequency": None}, {"reporters": None}, {"baseline_on": None}, {"baseline_on": "2026-01-01"}]
    )
    def test_nothing_is_due(self, reports, measure, changes):
        found = reporting(reports([]), measure(**{"reporters": "a", **changes}), as_of=DAY)
        assert said(found) == []

    def test_a_partner_owes_nothing_before_it_joined_and_after_it_left(self, reports, measure, make):
        partners = make(
            "partners",
            [
                {"partner_id": "a", "joined_on": "2024-12-31"},
                {"partner_id": "b", "joined_on": "2025-01-01", "left_on": "2025-03-01"},
                {"partner_id": "c", "left_on": "2024-12-31"},
            ],
        )
        about = measure(reporters="a;b;c;d", baseline_on="2023-12-31")
        found = said(reporting(reports([]), about, as_of=DAY, partners=partners))
        assert [(p, y) for p, y, _ in found] == [
            ("a", "2024"), ("a", "2025"), ("b", "2025"), ("c", "2024"), ("d", "2024"), ("d", "2025"),
        ]  # fmt: skip

    def test_agrees_with_a_plain_count(self, reports, measure):
        quarters = [f"{y}-Q{q}" for y in (2023, 2024, 2025) for q in (1, 2, 3, 4)]
        ends = dict(zip(quarters, period_end(pd.Series(quarters)), strict=True))
        came = {
            (p, q): ends[q] + pd.Timedelta(days=(7 * i + 13 * j) % 90)
            for i, p in enumerate("abc")
            for j, q in enumerate(quarters)
            if (i + j) % 4
        }
        rows = reports([(q, p, d) for (p, q), d in came.items()])
        found = said(reporting(rows, measure(reporters="a;b;c", frequency="quarter"), as_of=dt.date(2026, 1, 20)))
        expected = []
        for p in "abc":
            for q in quarters:
                due = ends[q] + pd.Timedelta(days=45)
                if due < pd.Timestamp("2026-01-20"):
                    day = came.get((p, q))
                    known = day is not None and day <= pd.Timestamp("2026-01-20")
                    expected.append((p, q, ("on-time" if day <= due else "late") if known else "missing"))
        first = min(q for _, q in came)
        assert found == [row for row in expected if row[1] >= first]
