"""What a place costs against what a family earns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.dollars import in_dollars_of, price_level
from ci_analysis.landscape.estimates import interval, moe_ratio
from ci_analysis.landscape.indicators import censored
from ci_analysis.landscape.need import EVERYBODY, latest_figures
from ci_analysis.landscape.supply import facility_seats
from ci_analysis.tables import OUTPUTS, conform, empty_frame, period_end

if TYPE_CHECKING:
    import datetime as dt

    from ci_analysis.issues import Profile

__all__ = ["WEEKS_A_YEAR", "affordability_table", "affordability_years", "facility_prices", "weighted_median"]

WEEKS_A_YEAR = 52
_PRICES = ["price_week", "price_week_after_aid"]


def weighted_median(values: pd.Series, weights: pd.Series, by: list[pd.Series]) -> pd.Series:
    """Weighted median of each group: the value that half of the weight lies on either side of.

    Where half of the weight lies exactly up to one value, the mean of it and the next, so that whole weights give
    what repeating each value as many times would.

    Parameters
    ----------
    values : pandas.Series of float
        The values, none missing.
    weights : pandas.Series of float
        Their weights, above 0.
    by : list of pandas.Series
        What tells the groups apart.

    Returns
    -------
    pandas.Series of float
        Indexed by group, in the unit of the values.

    Examples
    --------
    >>> weighted_median(pd.Series([200.0, 100.0, 300.0]), pd.Series([1, 2, 1]), [pd.Series(["a"] * 3)]).to_list()
    [150.0]
    """
    keys = [pd.Series(k.to_numpy(), index=values.index, name=i) for i, k in enumerate(by)]
    frame = pd.concat([*keys, values.rename("value"), weights.rename("weight")], axis=1).sort_values("value")
    groups = list(range(len(by)))
    reached = frame.groupby(groups)["weight"].cumsum()
    half = frame.groupby(groups)["weight"].transform("sum") / 2
    lower = frame[reached >= half].groupby(groups)["value"].first()
    upper = frame[reached > half].groupby(groups)["value"].first()
    return (lower + upper) / 2


def facility_prices(capacity: pd.DataFrame, facility_geoid: pd.Series) -> pd.DataFrame:
    """Weekly price in each area, for each segment: the seat-weighted median of its facilities' prices.

    A price weighs as many seats as its row may use; where its row does not say, as the facility has in all. The
    price after aid is the same over the facilities that give one, which need not be those that give a full price.

    Parameters
    ----------
    capacity : pandas.DataFrame
        facility_id, segment, licensed, low, high, usable (seats), price_week, price_week_after_aid (USD a week).
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id.

    Returns
    -------
    pandas.DataFrame
        geoid, segment (missing: the price names none), price_week, price_week_after_aid; one row an area and segment
        with a price of either kind at a facility whose seats are known.

    Examples
    --------
    >>> import numpy as np
    >>> rows = pd.DataFrame(
    ...     {
    ...         "facility_id": ["a", "b", "c"],
    ...         "segment": "preschool",
    ...         "licensed": [10.0, 10.0, 60.0],
    ...         "price_week": [200.0, 250.0, 300.0],
    ...         "price_week_after_aid": [80.0, np.nan, np.nan],
    ...     }
    ... )
    >>> where = pd.Series({"a": "01", "b": "01", "c": "01"})
    >>> facility_prices(rows.assign(low=np.nan, high=np.nan, usable=np.nan), where).values.tolist()
    [['01', 'preschool', 300.0, 80.0]]
    """
    own = facility_seats(capacity)["usable"]
    in_all = own.groupby(capacity["facility_id"]).transform("sum")
    priced = capacity[["segment", *_PRICES]].assign(
        geoid=capacity["facility_id"].map(facility_geoid).astype("str"), seats=own.fillna(in_all)
    )
    priced = priced[priced["geoid"].notna() & (priced["seats"] > 0)]
    priced["segment"] = priced["segment"].fillna(EVERYBODY)
    medians = []
    for column in _PRICES:
        told = priced[priced[column].notna()]
        medians.append(weighted_median(told[column], told["seats"], [told["geoid"], told["segment"]]).rename(column))
    result = pd.concat(medians, axis=1).rename_axis(["geoid", "segment"]).sort_index().reset_index()
    return result.assign(segment=result["segment"].where(result["segment"].ne(EVERYBODY)))


def affordability_table(
    indicators: pd.DataFrame,
    capacity: pd.DataFrame,
    facility_geoid: pd.Series,
    areas: pd.DataFrame,
    profile: Profile,
    *,
    as_of: dt.date,
) -> pd.DataFrame:
    """Share of a family's income that one person's full-time place takes.

    `share = 52 × weekly price / median income of the year`. The price is that of the area's facilities, else the
    indicator's, as `price_basis` says; the income is the first of the profile's income indicators that the study
    brings, the same for all areas. Both are nominal and of different years, so `years` says how far apart, and
    `share_same_dollars` is the share with the price in the dollars of the income's year. `share_after_aid` is the
    same of the price that is left after aid, where facilities tell it.

    The interval rests on the income's margin alone, as the Census Bureau's formula for ratios has it with the price
    taken as exact: `share × (1 ± MOE / income)`. Where the income is the limit of the publisher's open-ended class,
    the share is a limit too, which `censored` says, and has no interval.

    Parameters
    ----------
    indicators, capacity : pandas.DataFrame
        The study's tables.
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: which indicators are price and income, and the benchmark.
    as_of : datetime.date
        The day the study speaks of, and the vintage of its facilities' prices.

    Returns
    -------
    pandas.DataFrame
        Output table `affordability`: a row for each area and each segment that has a price in some area, by geoid
        and then in the order of the profile's segments (`all`: prices that name none). Missing where there is no
        price or no income; the interval where the income has no margin. Without rows where the issue has no price or
        the study none.

    References
    ----------
    45 CFR 98.45 (2016), for the benchmark of 7 % of income, which there is a subsidised family's whole copayment.
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8 (ratios).

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.tables import INPUTS
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": "08001",
    ...         "indicator": ["price_week", "median_family_income"],
    ...         "period": ["2015", "2018"],
    ...         "segment": ["preschool", None],
    ...         "value": [200.0, 80000.0],
    ...         "moe": [np.nan, 8000.0],
    ...         "reason": None,
    ...     }
    ... )
    >>> no_capacity = empty_frame(INPUTS["capacity"])
    >>> table = affordability_table(
    ...     figures,
    ...     no_capacity,
    ...     pd.Series(dtype="str"),
    ...     pd.DataFrame({"geoid": ["08001"]}),
    ...     load_profile("child-care"),
    ...     as_of=dt.date(2026, 6, 30),
    ... )
    >>> table[["segment", "share", "share_low", "share_high", "years"]].round(3).values.tolist()
    [['preschool', 0.13, 0.117, 0.143, 3.0]]
    """
    table = OUTPUTS["affordability"]
    if profile.price is None:
        return empty_frame(table)
    price = _prices(indicators, facility_prices(capacity, facility_geoid), areas, profile, as_of)
    if price.empty:
        return empty_frame(table)
    income_name = _income_name(indicators, areas, profile, as_of)
    known = latest_figures(indicators, income_name, areas=areas, as_of=as_of)
    known = known[known["segment"].isna()].drop(columns="segment")
    known = known.merge(_sides(indicators, income_name, profile), on=["geoid", "period"], how="left")
    known = known.rename(columns={"value": "median_family_income", "period": "income_vintage"})
    result = price.merge(known, on="geoid", how="left")
    income = result["median_family_income"].where(result["median_family_income"] > 0)
    yearly = WEEKS_A_YEAR * result["price_week"]
    result["share"] = yearly / income
    result["censored"] = result["censored"].where(result["share"].notna())
    moe = moe_ratio(yearly, income, pd.Series(0.0, index=result.index), result["moe"].astype("float64"))
    ends = interval(result["share"], moe.where(result["censored"].isna()), minimum=0.0)
    result[["share_low", "share_high"]] = ends[["low", "high"]]
    price_year, income_year = (period_end(result[c]).dt.year for c in ("price_vintage", "income_vintage"))
    result["share_same_dollars"] = in_dollars_of(yearly, price_year, income_year) / income
    result["share_after_aid"] = WEEKS_A_YEAR * result["price_week_after_aid"] / income
    result["benchmark"] = profile.price.benchmark
    result["years"] = (price_year - income_year).abs()
    return conform(result[table.names], table)


def affordability_years(
    indicators: pd.DataFrame,
    capacity: pd.DataFrame,
    facility_geoid: pd.Series,
    areas: pd.DataFrame,
    profile: Profile,
    *,
    as_of: dt.date,
) -> pd.DataFrame:
    """Share of a family's income that one person's full-time place takes, year by year, nominal and real.

    `share = 52 × weekly price / income`, both in the dollars of the price's year; the income is that of the nearest
    year, of two equally near ones the earlier. `price_week_real` and `income_real` are in the dollars of one year for
    all rows, the latest year with prices whose consumer prices are known.

    Prices are the indicator's of each year, and the facilities' of the study's day, which come first in its year.
    Of each segment a year is used that has a price for at least 80 % of the areas with a price in any year: else the
    middle area would change with the areas that happen to be known.

    Parameters
    ----------
    indicators, capacity : pandas.DataFrame
        The study's tables.
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: which indicators are price and income.
    as_of : datetime.date
        The day the study speaks of, and the vintage of its facilities' prices.

    Returns
    -------
    pandas.DataFrame
        Output table `affordability_years`: a row for each area, segment and year that is used, by geoid, segment in
        the profile's order, and year. What rests on consumer prices of a year that has none is missing.

    Examples
    --------
    >>> import datetime as dt
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.tables import INPUTS
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": "08001",
    ...         "indicator": ["price_week", "price_week", "median_family_income"],
    ...         "period": ["2015", "2018", "2018"],
    ...         "segment": ["preschool", "preschool", None],
    ...         "value": [237.017, 260.0, 80000.0],
    ...         "moe": None,
    ...         "reason": None,
    ...     }
    ... )
    >>> table = affordability_years(
    ...     figures,
    ...     empty_frame(INPUTS["capacity"]),
    ...     pd.Series(dtype="str"),
    ...     pd.DataFrame({"geoid": ["08001"]}),
    ...     load_profile("child-care"),
    ...     as_of=dt.date(2026, 6, 30),
    ... )
    >>> table[["year", "price_week", "price_week_real", "base_year"]].round(3).values.tolist()
    [[2015.0, 237.017, 251.107, 2018.0], [2018.0, 260.0, 260.0, 2018.0]]
    """
    table = OUTPUTS["affordability_years"]
    if profile.price is None:
        return empty_frame(table)
    asked = facility_prices(capacity, facility_geoid).dropna(subset=["price_week"])
    asked = asked.assign(value=asked["price_week"], year=as_of.year)[["geoid", "segment", "value", "year"]]
    listed = _every_year(indicators, profile.price.indicator, areas, as_of)[["geoid", "segment", "value", "year"]]
    prices = pd.concat([f for f in (asked, listed) if len(f)] or [listed], ignore_index=True)
    prices["segment"] = prices["segment"].astype("str").fillna(EVERYBODY)
    prices = prices[prices["geoid"].isin(areas["geoid"])].drop_duplicates(["geoid", "segment", "year"])
    used = _covered(prices)
    order = [s for s in [*profile.vocabulary("segments"), EVERYBODY] if used["segment"].eq(s).any()]
    if not order:
        return empty_frame(table)
    used = used[used["segment"].isin(order)].assign(place=used["segment"].map(order.index))
    grid = areas[["geoid"]].merge(used, how="cross").sort_values(["geoid", "place", "year"])
    result = grid.merge(prices, on=["geoid", "segment", "year"], how="left").rename(columns={"value": "price_week"})
    result = _with_income(result, indicators, areas, profile, as_of)
    income, year = result["median_family_income"], result["year"]
    result["share"] = WEEKS_A_YEAR * result["price_week"] / in_dollars_of(income, result["income_year"], year)
    result["censored"] = result["censored"].where(result["share"].notna())
    base = max((y for y in used["year"] if y in price_level().index), default=None)
    result["base_year"] = base
    for name, values, years in (("price_week_real", "price_week", "year"), ("income_real", income.name, "income_year")):
        known = in_dollars_of(result[values], result[years], int(base)) if base is not None else float("nan")
        result[name] = known
    return conform(result[table.names].reset_index(drop=True), table)


def _prices(
    indicators: pd.DataFrame, asked: pd.DataFrame, areas: pd.DataFrame, profile: Profile, as_of: dt.date
) -> pd.DataFrame:
    """Return prices, vintage and basis for every area and segment with a price somewhere: facilities' first."""
    keys = ["geoid", "segment"]
    asked = asked.assign(segment=asked["segment"].astype("str").fillna(EVERYBODY))
    full = asked.dropna(subset=["price_week"])[[*keys, "price_week"]]
    full = full.assign(price_vintage=as_of.isoformat(), price_basis="facilities")
    known = latest_figures(indicators, profile.price.indicator, areas=areas, as_of=as_of).drop(columns="moe")
    known = known.rename(columns={"value": "price_week", "period": "price_vintage"}).assign(price_basis="indicator")
    known["segment"] = known["segment"].astype("str").fillna(EVERYBODY)
    both = pd.concat([f for f in (full, known) if len(f)] or [known], ignore_index=True).drop_duplicates(keys)
    after = asked.dropna(subset=["price_week_after_aid"])[[*keys, "price_week_after_aid"]]
    named = {*both["segment"], *after["segment"]}
    segments = [s for s in [*profile.vocabulary("segments"), EVERYBODY] if s in named]
    grid = pd.MultiIndex.from_product([areas["geoid"].sort_values(), segments], names=keys).to_frame(index=False)
    return grid.astype("str").merge(both, on=keys, how="left").merge(after, on=keys, how="left")


def _income_name(indicators: pd.DataFrame, areas: pd.DataFrame, profile: Profile, as_of: dt.date) -> str:
    """Return the first income indicator with figures for everybody."""
    names = profile.price.income
    found = (latest_figures(indicators, name, areas=areas, as_of=as_of)["segment"].isna().any() for name in names)
    return next((name for name, is_there in zip(names, found, strict=True) if is_there), names[-1])


def _sides(indicators: pd.DataFrame, name: str, profile: Profile) -> pd.DataFrame:
    """Return what a share is by area and period: a limit, on the other side, where its income is one."""
    rows = indicators[indicators["indicator"].eq(name) & indicators["segment"].isna()]
    sides = censored(rows, profile=profile).map({"or-more": "at-most", "or-less": "at-least"}).astype("str")
    return rows[["geoid", "period"]].assign(censored=sides)


def _every_year(indicators: pd.DataFrame, name: str, areas: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return an indicator's known figures, of each year the last period's that has one for the area."""
    chosen = indicators["indicator"].eq(name) & indicators["value"].notna() & indicators["geoid"].isin(areas["geoid"])
    rows = indicators.loc[chosen, ["geoid", "segment", "value", "period"]]
    rows = rows.assign(end=period_end(rows["period"]))
    rows = rows[rows["end"] <= pd.Timestamp(as_of)].assign(year=rows["end"].dt.year)
    # 2024, 2024-Q4 and 2024-12 end on the same day, and are one period.
    rows = rows.sort_values(["geoid", "end", "period"], ascending=[True, False, True], kind="stable")
    return rows.drop_duplicates(["geoid", "segment", "year"])


def _covered(figures: pd.DataFrame, minimum_share: float = 0.8) -> pd.DataFrame:
    """Return segment and year of those years that know enough of the areas known in any."""
    known = figures.groupby("segment")["geoid"].nunique()
    covered = figures.groupby(["segment", "year"])["geoid"].nunique().rename("areas").reset_index()
    # 0.8 has no exact binary form: four areas of five are enough.
    enough = covered["areas"] >= minimum_share * covered["segment"].map(known).astype("float64") - 1e-9
    return covered.loc[enough, ["segment", "year"]].reset_index(drop=True)


def _with_income(
    result: pd.DataFrame, indicators: pd.DataFrame, areas: pd.DataFrame, profile: Profile, as_of: dt.date
) -> pd.DataFrame:
    """Return the rows with the income of the nearest year that knows enough of the areas, and that year."""
    name = _income_name(indicators, areas, profile, as_of)
    incomes = _every_year(indicators, name, areas, as_of)
    incomes = incomes[incomes["segment"].isna()].assign(segment=EVERYBODY)
    there = sorted(_covered(incomes)["year"])
    nearest = {year: min(there, key=lambda y: (abs(y - year), y), default=None) for year in result["year"].unique()}
    result = result.assign(income_year=result["year"].map(nearest).astype("float64"))
    incomes = incomes.merge(_sides(indicators, name, profile), on=["geoid", "period"], how="left")
    incomes = incomes[["geoid", "year", "value", "censored"]]
    incomes = incomes.rename(columns={"year": "income_year", "value": "median_family_income"})
    incomes = incomes[incomes["median_family_income"] > 0].astype({"income_year": "float64"})
    result = result.merge(incomes, on=["geoid", "income_year"], how="left")
    # An area whose income is not known has no year of it either.
    return result.assign(income_year=result["income_year"].where(result["median_family_income"].notna()))
