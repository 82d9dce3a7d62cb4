"""Dollars of one year in those of another."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

from ci_analysis.errors import WrongUse

__all__ = ["in_dollars_of", "price_level"]


@cache
def _level() -> pd.Series:
    path = files("ci_analysis.landscape") / "consumer-prices.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#", index_col="year")["level"]


def price_level() -> pd.Series:
    """Consumer prices of the United States in each year, 1982-84 = 100.

    Annual averages of the consumer price index for all urban consumers, all items, not seasonally adjusted.

    Returns
    -------
    pandas.Series of float
        Named level, indexed by year. Only years whose average is published have one.

    References
    ----------
    U.S. Bureau of Labor Statistics, *Consumer Price Index*, series CUUR0000SA0.

    Examples
    --------
    >>> price_level()[[2015, 2024]].to_list()
    [237.017, 313.689]
    """
    return _level().copy()


def in_dollars_of(values: pd.Series, years: pd.Series, to: int | pd.Series) -> pd.Series:
    """Amounts of money in the dollars of another year: `value × level(to) / level(year)`.

    Parameters
    ----------
    values : pandas.Series of float
        Amounts, USD of their year.
    years : pandas.Series of int or float
        The year of each amount, on the same index.
    to : int or pandas.Series
        The year whose dollars are wanted: one for all, or one for each amount, on the same index.

    Returns
    -------
    pandas.Series of float
        USD of the year `to`, on the same index. Missing where the amount or a year is, and where the average of a
        year is not known, also where the two years are the same: no year is guessed from its neighbours.

    Raises
    ------
    WrongUse
        Where the Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, on dollar-denominated data.

    Examples
    --------
    >>> in_dollars_of(pd.Series([237.017, 100.0]), pd.Series([2015, 2099]), 2024).round(3).to_list()
    [313.689, nan]
    """
    if any(not isinstance(s, int) and not s.index.equals(values.index) for s in (years, to)):
        raise WrongUse(
            "the series stand on different indexes; align them first, so that each amount meets its own year"
        )
    level = price_level()
    then = years.astype("float64").map(level)
    now = level.get(to, float("nan")) if isinstance(to, int) else to.astype("float64").map(level)
    return (values.astype("float64") * now / then).rename(values.name)
