from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ci_analysis
from ci_analysis.errors import WrongUse
from ci_analysis.landscape import in_dollars_of, price_level

FILE = Path(ci_analysis.__file__).parent / "landscape" / "consumer-prices.csv"


def test_the_level_is_that_of_the_file_which_names_its_source():
    first, *rows = FILE.read_text(encoding="utf-8").splitlines()
    assert first.startswith("#")
    assert "CUUR0000SA0" in first
    assert {int(r["year"]): float(r["level"]) for r in csv.DictReader(rows)} == price_level().to_dict()


def test_every_year_of_the_level_is_there_once():
    years = price_level().index
    assert years.to_list() == list(range(years.min(), years.max() + 1))
    # U.S. Bureau of Labor Statistics, CUUR0000SA0, annual averages (M13) of 2009, the only year of falling prices,
    # and of 2024.
    assert price_level()[[2009, 2024]].to_list() == [214.537, 313.689]
    assert price_level().diff().lt(0).to_numpy().nonzero()[0].tolist() == [years.get_loc(2009)]


def test_the_level_that_is_given_may_be_changed():
    given = price_level()
    given[2015] = 1.0
    assert price_level()[2015] == 237.017


def test_worked_by_hand():
    # 100 dollars of 2015 in those of 2018, and back.
    there = in_dollars_of(pd.Series([100.0]), pd.Series([2015]), 2018)
    assert there.to_list() == pytest.approx([100 * 251.107 / 237.017])
    assert in_dollars_of(there, pd.Series([2018]), 2015).to_list() == pytest.approx([100.0])


def test_each_amount_in_dollars_of_its_own_year():
    found = in_dollars_of(pd.Series([10.0, 10.0]), pd.Series([2015, 2018]), pd.Series([2018, 2015]))
    assert found.to_list() == pytest.approx([10 * 251.107 / 237.017, 10 * 237.017 / 251.107])


@pytest.mark.parametrize(("year", "to"), [(1999, 2018), (2099, 2018), (2018, 2099), (2099, 2099), (np.nan, 2018)])
def test_a_year_that_is_not_known_is_not_guessed(year, to):
    assert in_dollars_of(pd.Series([10.0]), pd.Series([year]), to).isna().all()


def test_missing_years_of_any_type_and_missing_amounts():
    years = pd.Series([2015, None], dtype="Int64")
    assert in_dollars_of(pd.Series([10.0, 10.0]), years, 2015).isna().to_list() == [False, True]
    assert in_dollars_of(pd.Series([np.nan]), pd.Series([2015]), 2018).isna().all()
    assert in_dollars_of(pd.Series([10.0, 10.0]), pd.Series([2015, 2015]), years).isna().to_list() == [False, True]


def test_zero_stays_zero_and_ten_times_the_money_is_ten_times_the_money():
    values, years = pd.Series([0.0, 3.0, 7.0]), pd.Series([2009, 2015, 2024])
    found = in_dollars_of(values, years, 2018)
    assert found[0] == 0
    assert in_dollars_of(10 * values, years, 2018).to_list() == pytest.approx((10 * found).to_list())


def test_series_that_do_not_stand_on_one_index_are_refused():
    values, years = pd.Series([1.0, 2.0]), pd.Series([2015, 2018])
    with pytest.raises(WrongUse, match="different indexes"):
        in_dollars_of(values, years.set_axis([5, 6]), 2018)
    with pytest.raises(WrongUse, match="different indexes"):
        in_dollars_of(values, years, years.iloc[::-1])
