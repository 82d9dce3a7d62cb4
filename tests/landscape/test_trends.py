from __future__ import annotations

import datetime as dt
from math import nan, sqrt

import pandas as pd
import pytest

from ci_analysis.landscape import price_level, trends
from ci_analysis.tables import OPEN_ENDED, OUTPUTS

AREAS = pd.DataFrame({"geoid": [f"0800{n}" for n in range(1, 6)]})
CHANGES = ["change", "moe", "change_share", "change_share_moe", "change_real", "significant"]


@pytest.fixture
def changed(table, profile, as_of):
    """Trends of one area's figures, given as (period, value, margin, source) and more, unless told."""

    def make(*rows, areas=AREAS, day=as_of, **more):
        frame = [
            {"geoid": "08001", "indicator": "children", "period": p, "value": v, "moe": m, "source": s} | more
            if not isinstance(p, dict)
            else p
            for p, v, m, s in rows
        ]
        return trends(table("indicators", frame), areas, profile, as_of=day)

    return make


def compared(frame):
    return frame[["from_period", "to_period"]].to_numpy().tolist()


def test_the_arithmetic_of_a_change(changed):
    row = changed(("2014", 200, 30, "ACS 2010-2014 B1"), ("2019", 300, 40, "ACS 2015-2019 B1")).iloc[0]
    assert row[["first", "last", "change", "moe"]].to_list() == [200, 300, 100, 50]
    assert row["change_share"] == 0.5
    assert row["change_share_moe"] == pytest.approx(sqrt(40**2 + 1.5**2 * 30**2) / 200)
    assert bool(row["significant"])
    assert not row["overlap"]
    assert pd.isna(row["change_real"]), "children are no money"


def test_windows_that_share_years_are_no_trend(changed):
    found = changed(("2023", 100, 1, "ACS 2019-2023 B09001"), ("2024", 900, 1, "ACS 2020-2024 B09001"))
    assert found[["from_period", "to_period", "first", "last"]].iloc[0].to_list() == ["2023", "2024", 100, 900]
    assert found["overlap"].to_list() == [True]
    assert found[CHANGES].isna().all(axis=None)


@pytest.mark.parametrize(
    ("first", "overlap"),
    [
        (("2018", "ACS 2014-2018"), False),  # 2018 and 2019 share nothing
        (("2019", "ACS 2015-2019"), True),  # the one year 2019
        (("2018", "ACS 2014–2018"), False),
        (("2019", "ACS 2015 to 2019"), True),
    ],
)
def test_one_year_in_common_is_enough(changed, first, overlap):
    found = changed((first[0], 1, 1, first[1]), ("2023", 2, 1, "ACS 2019-2023"))
    # The words around the years differ, and so the series would: here they do not.
    assert found["overlap"].to_list() == [overlap]


def test_the_earliest_window_that_shares_no_year_is_taken(changed):
    years = range(2010, 2020)
    rows = [(str(y), float(y), 1, f"ACS {y - 4}-{y} B17001") for y in years]
    assert compared(changed(*rows)) == [["2010", "2019"]]
    assert compared(changed(*rows[5:])) == [["2015", "2019"]]
    assert changed(*rows[5:])["overlap"].to_list() == [True]


def test_a_length_in_years_is_a_window_too(changed):
    assert changed(("2021", 1, 1, "ACS 5-year 2021"), ("2023", 2, 1, "ACS 5-year 2023"))["overlap"].to_list() == [True]
    assert changed(("2018", 1, 1, "ACS 5-year"), ("2023", 2, 1, "ACS 5-year"))["overlap"].to_list() == [False]
    assert changed(("2022", 1, 1, "ACS 1-year"), ("2023", 2, 1, "ACS 1-year"))["overlap"].to_list() == [False]


def test_sources_without_a_window_are_compared_as_they_are(changed):
    found = changed(("2019-Q1", 1, nan, None), ("2019-Q3", 4, nan, None))
    assert found[["change", "overlap"]].to_numpy().tolist() == [[3, False]]
    # A date in the text is no window, and not a different series.
    dated = changed(("2019-06", 1, nan, "Licences, 2019-06-30"), ("2020-06", 4, nan, "Licences, 2020-06-30"))
    assert dated["change"].to_list() == [3]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"source": "ACS 2010-2014 B09001"}, {"source": "ACS 2015-2019 B17001"}),
        ({"source": "ACS 2010-2014"}, {"source": "NDCP 2019 (ACS 2015-2019)"}),
        ({"source": None}, {"source": "ACS 2015-2019"}),
        ({"source": None, "ages": "0 to 4"}, {"source": None, "ages": "0 to 5"}),
        ({"source": None, "period": "2014-Q4"}, {"source": None, "period": "2019"}),
        ({"source": None, "segment": "preschool"}, {"source": None}),
    ],
)
def test_what_is_counted_otherwise_is_not_compared(table, profile, as_of, before, after):
    rows = [
        {"geoid": "08001", "indicator": "children", "period": "2014", "value": 1.0} | before,
        {"geoid": "08001", "indicator": "children", "period": "2019", "value": 2.0} | after,
    ]
    found = trends(table("indicators", rows), AREAS, profile, as_of=as_of)
    assert found.empty
    assert found.columns.to_list() == OUTPUTS["trends"].names


def test_an_older_series_with_a_change_comes_before_a_newer_one_without(changed):
    old = [("2013", 10, 1, "NDCP 2013 (ACS 2009-2013)"), ("2018", 20, 1, "NDCP 2018 (ACS 2014-2018)")]
    assert compared(changed(*old, ("2019", 99, 1, "ACS 2015-2019"))) == [["2013", "2018"]]
    new = [("2023", 10, 1, "ACS 2019-2023"), ("2024", 20, 1, "ACS 2020-2024")]
    assert compared(changed(*old, *new)) == [["2013", "2018"]]
    # Where neither has one, the newer overlap is told.
    assert compared(changed(("2013", 1, 1, "X 2009-2013"), ("2014", 1, 1, "X 2010-2014"), *new)) == [["2023", "2024"]]


def test_a_period_that_covers_few_areas_is_not_taken(table, profile, as_of):
    def of(period, n):
        return [
            {"geoid": g, "indicator": "children", "period": period, "value": 1.0, "source": "Own"}
            for g in AREAS["geoid"][:n]
        ]

    rows = [*of("2010", 3), *of("2011", 4), *of("2015", 5), *of("2016", 3)]
    found = trends(table("indicators", rows), AREAS, profile, as_of=as_of)
    # Four of five are enough, three are not; the fifth area has a last figure and no first.
    assert set(map(tuple, compared(found))) == {("2011", "2015")}
    assert found["change"].notna().to_list() == [True] * 4 + [False]
    assert found["first"].isna().to_list() == [False] * 4 + [True]


def test_the_future_and_other_places_are_left_out(changed):
    rows = [("2014", 1, 1, "Own"), ("2019", 2, 1, "Own"), ("2024", 3, 1, "Own")]
    assert compared(changed(*rows, day=dt.date(2024, 12, 30))) == [["2014", "2019"]]
    assert changed(*rows, areas=AREAS.iloc[1:]).empty


def test_missing_margins_zeros_and_withheld_figures(table, profile, as_of):
    rows = [
        {"geoid": g, "indicator": "children", "period": p, "value": v, "moe": m, "source": "Own"}
        for g, p, v, m in [
            ("08001", "2014", 0, 5), ("08001", "2019", 10, 5),
            ("08002", "2014", 5, nan), ("08002", "2019", 10, 5),
            ("08003", "2014", 5, 0), ("08003", "2019", 10, 0),
            ("08004", "2014", 5, 1), ("08004", "2019", nan, nan),
            ("08005", "2014", 5, 1), ("08005", "2019", 5, 1),
        ]
    ]  # fmt: skip
    found = trends(table("indicators", rows), AREAS, profile, as_of=as_of).set_index("geoid")
    assert found.loc["08001", ["change_share", "change_share_moe"]].isna().all()
    assert found.loc["08001", "change"] == 10
    assert found.loc["08002", ["moe", "change_share_moe", "significant"]].isna().all()
    assert found.loc["08002", "change"] == 5
    assert found.loc["08003", ["moe", "change_share_moe"]].to_list() == [0, 0]
    assert found.loc["08003", "significant"]
    assert found.loc["08004", CHANGES].isna().all()
    assert found.loc["08004", "first"] == 5
    assert found.loc["08005", ["change", "change_share"]].to_list() == [0, 0]
    assert not found.loc["08005", "significant"]


def test_money_is_tested_in_the_last_period_s_dollars(changed):
    inflation = price_level()[2024] / price_level()[2015]
    sources = ("Survey 2015", "Survey 2024")
    rows = [(y, v, 1_000.0, s) for y, v, s in zip(("2015", "2024"), (50_000, 50_000 * inflation), sources, strict=True)]
    row = changed(*rows, indicator="median_household_income").iloc[0]
    # In dollars nothing has changed, though the figure rose by a third.
    assert row["change"] == pytest.approx(50_000 * (inflation - 1))
    assert row["change_real"] == pytest.approx(0, abs=1e-6)
    assert not row["significant"]
    unknown = changed(("2015", 1, 1, "S"), ("2025-06", 2, 1, "S"), indicator="median_household_income")
    assert unknown.empty, "a year is not a month"


def test_a_limit_has_no_change(changed):
    rows = [("2014", 250_001, nan, "ACS 2010-2014"), ("2019", 250_001, nan, "ACS 2015-2019")]
    found = changed(*rows, indicator="median_household_income")
    assert found["first"].to_list() == [250_001]
    assert found[CHANGES].isna().all(axis=None)
    assert changed(*[(p, v, 1, s) for p, v, _, s in rows], reason=OPEN_ENDED)["change"].isna().all()


def test_the_order_of_rows_and_an_area_more_say_nothing(table, profile, as_of):
    rows = [
        {"geoid": g, "indicator": i, "period": p, "value": v, "moe": 2.0, "source": f"ACS {int(p) - 4}-{p}"}
        for v, (g, i, p) in enumerate(
            (g, i, p) for g in AREAS["geoid"] for i in ("children", "population") for p in ("2013", "2014", "2019")
        )
    ]
    frame = table("indicators", rows)
    found = trends(frame, AREAS, profile, as_of=as_of)
    shuffled = trends(frame.sample(frac=1, random_state=5), AREAS.iloc[::-1], profile, as_of=as_of)
    pd.testing.assert_frame_equal(shuffled, found)
    more = trends(frame, pd.concat([AREAS, pd.DataFrame({"geoid": ["08099"]})]), profile, as_of=as_of)
    pd.testing.assert_frame_equal(more, found)
    tenfold = trends(frame.assign(value=10 * frame["value"], moe=20.0), AREAS, profile, as_of=as_of)
    pd.testing.assert_series_equal(tenfold["change"], 10 * found["change"])
    pd.testing.assert_series_equal(tenfold["significant"], found["significant"])
