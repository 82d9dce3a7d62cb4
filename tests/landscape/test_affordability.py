from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd
import pytest

from ci_analysis.landscape import affordability_table, facility_prices, weighted_median
from ci_analysis.tables import OUTPUTS


@pytest.fixture
def areas():
    return pd.DataFrame({"geoid": ["01001", "01003"]})


@pytest.fixture
def made(table, areas, profile, as_of):
    def made(indicators=(), capacity=(), where=None, **changed):
        names = ["geoid", "indicator", "period", "segment", "value"]
        rows = ["facility_id", "segment", "licensed", "price_week"]
        return affordability_table(
            table("indicators", [dict(zip(names, r, strict=True)) for r in indicators]),
            table("capacity", [dict(zip(rows, r, strict=True)) for r in capacity]),
            pd.Series(where or {}, dtype="str"),
            areas,
            profile.model_copy(update=changed),
            as_of=as_of,
        )

    return made


def of(table, geoid, segment):
    return table.set_index(["geoid", "segment"]).loc[(geoid, segment)]


INCOME = ("01001", "median_family_income", "2018", None, 80_000)


def test_share_is_52_weeks_price_in_the_income(made):
    row = of(made([INCOME, ("01001", "price_week", "2015", "preschool", 200)]), "01001", "preschool")
    assert row["share"] == pytest.approx(52 * 200 / 80_000)
    assert (row["price_vintage"], row["income_vintage"], row["years"]) == ("2015", "2018", 3)
    assert row["benchmark"] == 0.07


def test_facilities_prices_come_before_the_indicator(made):
    table = made(
        [INCOME, *((g, "price_week", "2015", "preschool", 200) for g in ("01001", "01003"))],
        [("a", "preschool", 20, 250)],
        {"a": "01001"},
    )
    assert of(table, "01001", "preschool")[["price_week", "price_vintage", "years"]].to_list() == [250, "2026-06-30", 8]
    assert of(table, "01003", "preschool")[["price_week", "price_vintage"]].to_list() == [200, "2015"]


def test_a_price_weighs_as_many_seats_as_it_is_asked_for(made):
    capacity = [("a", "preschool", 10, 100), ("b", "preschool", 10, 200), ("c", "preschool", 50, 300)]
    table = made([INCOME], capacity, dict.fromkeys("abc", "01001"))
    # The plain median would be 200; 50 of 70 children pay 300.
    assert of(table, "01001", "preschool")["price_week"] == 300


def test_rows_with_a_price_alone_weigh_the_facility_s_seats(table):
    names = ["facility_id", "segment", "licensed", "price_week"]
    rows = [
        ("a", None, 12, nan), ("a", "preschool", nan, 100),
        ("b", None, 60, nan), ("b", "preschool", nan, 300),
        ("unknown", "preschool", nan, 900),
    ]  # fmt: skip
    capacity = table("capacity", [dict(zip(names, r, strict=True)) for r in rows])
    found = facility_prices(capacity, pd.Series(dict.fromkeys(["a", "b", "unknown"], "01001")))
    assert found.to_numpy().tolist() == [["01001", "preschool", 300]]


def test_weighted_median_is_the_median_of_each_value_repeated():
    rng = np.random.default_rng(8)
    for n in range(1, 30):
        values, weights = rng.integers(1, 9, n).astype(float), rng.integers(1, 5, n)
        found = weighted_median(pd.Series(values), pd.Series(weights), [pd.Series(["g"] * n)])
        assert found.to_list() == [np.median(np.repeat(values, weights))]


def test_prices_without_a_segment_stand_in_the_row_all(made):
    table = made([INCOME], [("a", None, 10, 150)], {"a": "01001"})
    assert table["segment"].to_list() == ["all", "all"]
    assert of(table, "01001", "all")["price_week"] == 150


def test_a_facility_outside_every_area_sets_no_area_s_price(made):
    assert made([INCOME], [("a", "preschool", 10, 150)], {"a": nan}).empty


def test_income_is_the_first_of_the_profile_s_that_the_study_brings(made):
    price = ("01001", "price_week", "2018", "preschool", 200)
    household = ("01001", "median_household_income", "2019", None, 60_000)
    assert of(made([price, household, INCOME]), "01001", "preschool")["median_family_income"] == 80_000
    row = of(made([price, household]), "01001", "preschool")
    assert row[["median_family_income", "income_vintage"]].to_list() == [60_000, "2019"]


@pytest.mark.parametrize("income", [[], [("01001", "median_family_income", "2018", None, 0)]])
def test_no_income_and_an_income_of_zero_have_no_share(made, income):
    row = of(made([*income, ("01001", "price_week", "2015", "preschool", 200)]), "01001", "preschool")
    assert row["price_week"] == 200
    assert pd.isna(row["share"])


def test_an_area_without_a_price_keeps_its_row(made):
    row = of(made([INCOME, ("01001", "price_week", "2015", "preschool", 200)]), "01003", "preschool")
    assert row[["price_week", "share", "years"]].isna().all()


def test_without_prices_or_without_a_price_in_the_issue_there_are_no_rows(made):
    for table in (made([INCOME]), made([INCOME, ("01001", "price_week", "2015", "preschool", 200)], price=None)):
        assert table.empty
        assert table.columns.to_list() == OUTPUTS["affordability"].names
