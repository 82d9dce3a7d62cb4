"""What a place costs against what a family earns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.need import EVERYBODY, latest_figures
from ci_analysis.landscape.supply import facility_seats
from ci_analysis.tables import OUTPUTS, conform, empty_frame, period_end

if TYPE_CHECKING:
    import datetime as dt

    from ci_analysis.issues import Profile

__all__ = ["WEEKS_A_YEAR", "affordability_table", "facility_prices", "weighted_median"]

WEEKS_A_YEAR = 52


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
    """Weekly price in each area, for each segment: the seat-weighted median of its facilities' full prices.

    A price weighs as many seats as its row may use; where its row does not say, as the facility has in all.

    Parameters
    ----------
    capacity : pandas.DataFrame
        facility_id, segment, licensed, low, high, usable (seats), price_week (USD a week).
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id.

    Returns
    -------
    pandas.DataFrame
        geoid, segment (missing: the price names none), price_week; one row an area and segment with a price at a
        facility whose seats are known.

    Examples
    --------
    >>> import numpy as np
    >>> rows = pd.DataFrame(
    ...     {
    ...         "facility_id": ["a", "b", "c"],
    ...         "segment": "preschool",
    ...         "licensed": [10.0, 10.0, 60.0],
    ...         "price_week": [200.0, 250.0, 300.0],
    ...     }
    ... )
    >>> where = pd.Series({"a": "01", "b": "01", "c": "01"})
    >>> facility_prices(rows.assign(low=np.nan, high=np.nan, usable=np.nan), where).values.tolist()
    [['01', 'preschool', 300.0]]
    """
    own = facility_seats(capacity)["usable"]
    in_all = own.groupby(capacity["facility_id"]).transform("sum")
    priced = capacity[["segment", "price_week"]].assign(
        geoid=capacity["facility_id"].map(facility_geoid).astype("str"), seats=own.fillna(in_all)
    )
    priced = priced[priced["price_week"].notna() & priced["geoid"].notna() & (priced["seats"] > 0)]
    priced["segment"] = priced["segment"].fillna(EVERYBODY)
    median = weighted_median(priced["price_week"], priced["seats"], [priced["geoid"], priced["segment"]])
    result = median.rename("price_week").rename_axis(["geoid", "segment"]).reset_index()
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
    indicator's; the income is the first of the profile's income indicators that the study brings, the same for all
    areas. Both are nominal and of different years, so `years` says how far apart.

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
        price or no income. Without rows where the issue has no price or the study none.

    References
    ----------
    45 CFR 98.45 (2016), for the benchmark of 7 % of income, which there is a subsidised family's whole copayment.

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
    ...         "moe": np.nan,
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
    >>> table[["segment", "share", "years"]].values.tolist()
    [['preschool', 0.13, 3.0]]
    """
    table = OUTPUTS["affordability"]
    if profile.price is None:
        return empty_frame(table)
    price = _prices(indicators, facility_prices(capacity, facility_geoid), areas, profile, as_of)
    if price.empty:
        return empty_frame(table)
    result = price.merge(_income(indicators, areas, profile, as_of), on="geoid", how="left")
    income = result["median_family_income"]
    result["share"] = WEEKS_A_YEAR * result["price_week"] / income.where(income > 0)
    result["benchmark"] = profile.price.benchmark
    vintages = [period_end(result[c]).dt.year for c in ("price_vintage", "income_vintage")]
    result["years"] = (vintages[0] - vintages[1]).abs()
    result[[c for c in table.names if c not in result]] = None
    return conform(result[table.names], table)


def _prices(
    indicators: pd.DataFrame, asked: pd.DataFrame, areas: pd.DataFrame, profile: Profile, as_of: dt.date
) -> pd.DataFrame:
    """Return price and vintage for every area and segment with a price somewhere: facilities' first."""
    known = latest_figures(indicators, profile.price.indicator, areas=areas, as_of=as_of)
    known = known.rename(columns={"value": "price_week", "period": "price_vintage"}).drop(columns="moe")
    asked = asked.assign(price_vintage=as_of.isoformat())
    both = pd.concat([f for f in (asked, known) if len(f)] or [known], ignore_index=True)
    both["segment"] = both["segment"].astype("str").fillna(EVERYBODY)
    both = both.drop_duplicates(["geoid", "segment"])
    segments = [s for s in [*profile.vocabulary("segments"), EVERYBODY] if both["segment"].eq(s).any()]
    grid = pd.MultiIndex.from_product([areas["geoid"].sort_values(), segments], names=["geoid", "segment"])
    return both.set_index(["geoid", "segment"]).reindex(grid).reset_index()


def _income(indicators: pd.DataFrame, areas: pd.DataFrame, profile: Profile, as_of: dt.date) -> pd.DataFrame:
    """Return income and vintage by area, from the first income indicator with figures for everybody."""
    found = [latest_figures(indicators, name, areas=areas, as_of=as_of) for name in profile.price.income]
    found = [f[f["segment"].isna()] for f in found]
    chosen = next((f for f in found if len(f)), found[-1])
    return chosen.rename(columns={"value": "median_family_income", "period": "income_vintage"})[
        ["geoid", "median_family_income", "income_vintage"]
    ]
