"""The table of indicators: every figure with how sure it is, and where it stands among the areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.landscape.estimates import coefficient_of_variation, interval, quality_class
from ci_analysis.tables import OPEN_ENDED, OUTPUTS, conform

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["censored", "indicator_kinds", "indicator_table"]


def indicator_kinds(names: pd.Series, profile: Profile | None = None) -> pd.Series:
    """Kind of each indicator: count, share, rate, money or index.

    Parameters
    ----------
    names : pandas.Series of str
        Names of indicators.
    profile : Profile, optional
        Its catalogue says the kind; an indicator measured in shares is one. Without an entry the prefix `count_`,
        `share_` or `rate_` of the name says it.

    Returns
    -------
    pandas.Series of str
        On the same index; missing where neither says it.

    Examples
    --------
    >>> indicator_kinds(pd.Series(["share_no_vehicle", "balance"])).to_list()
    ['share', nan]
    """
    catalogue = {i.name: "share" if i.unit == "share" else i.kind for i in profile.indicators} if profile else {}
    prefix = names.astype("str").str.extract(r"^(count|share|rate)_", expand=False)
    return prefix.mask(names.isin(list(catalogue)), names.map(catalogue).astype("str")).rename("kind")


def censored(indicators: pd.DataFrame, *, profile: Profile | None = None) -> pd.Series:
    """Whether a figure is only the limit of its publisher's open-ended class, and on which side.

    The American Community Survey gives a median of 250,001 for '250,000 or more'. Such a figure is a limit: it may be
    ranked, and not be averaged, compared over time or divided as if it were exact.

    Parameters
    ----------
    indicators : pandas.DataFrame
        indicator, period, segment, value, reason. A reason that says that the median falls in an open-ended class is
        what the reader of a study writes for the survey's margin of −333333333.
    profile : Profile, optional
        Its catalogue gives `top` and `bottom`: figures from which on, and up to which, the publisher says no more.

    Returns
    -------
    pandas.Series of str
        `or-more`, `or-less` or missing, on the same index. Where only the reason says it, the side is the one that the
        figure lies on between the smallest and the largest of its indicator, period and segment.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"indicator": "income", "period": "2024", "segment": None, "value": [250_001.0, 60_000.0, 2_499.0]}
    ... )
    >>> reason = "the median falls in an open-ended class"
    >>> censored(frame.assign(reason=[reason, None, reason])).to_list()
    ['or-more', nan, 'or-less']
    """
    value, names = indicators["value"], indicators["indicator"]
    catalogue = profile.indicators if profile else ()
    # An indicator without a limit has none that a figure could reach.
    top = names.map({i.name: i.top for i in catalogue if i.top is not None}).astype("float64")
    bottom = names.map({i.name: i.bottom for i in catalogue if i.bottom is not None}).astype("float64")
    told = indicators["reason"].eq(OPEN_ENDED) & value.notna()
    alike = value.groupby([names, indicators["period"], indicators["segment"].fillna("")], sort=False)
    middle = (alike.transform("min") + alike.transform("max")) / 2
    side = np.select(
        [value >= top, value <= bottom, told & (value < middle), told], ["or-more", "or-less", "or-less", "or-more"], ""
    )
    return pd.Series(side, index=indicators.index, name="censored", dtype="str").where(side != "")


def indicator_table(indicators: pd.DataFrame, *, profile: Profile | None = None) -> pd.DataFrame:
    """Every indicator's figure for every area, with how sure it is and where it stands among the areas.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe, source, reason.
    profile : Profile, optional
        Its catalogue says which indicators are counts and shares, whose intervals have natural limits (see
        `indicator_kinds`), and from which figures on a publisher says no more (see `censored`).

    Returns
    -------
    pandas.DataFrame
        Output table `indicators`, sorted by geoid, indicator, period and segment. `suppressed` where a reason is
        given and the value is missing. `percentile` is the share of the areas with a lower value plus half of the
        share with the same (itself included), within indicator, period and segment. `cv` and `quality` are missing
        where the value or its margin is missing, where the value is zero, and where it is `censored`: then the margin
        is missing too, and the interval open on the side that is not known. `reason` is missing where a value is
        there that is not censored. `peer_median` is missing here.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "geoid": ["01001", "01003"],
    ...         "indicator": "children",
    ...         "period": "2024",
    ...         "segment": None,
    ...         "value": [100.0, 300.0],
    ...         "moe": [16.45, None],
    ...         "source": "ACS",
    ...         "reason": None,
    ...     }
    ... )
    >>> indicator_table(frame)[["geoid", "quality", "percentile"]].values.tolist()
    [['01001', 'high', 0.25], ['01003', nan, 0.75]]
    """
    result = indicators.copy()
    result["censored"] = censored(result, profile=profile)
    limit = result["censored"].notna()
    result["moe"] = result["moe"].mask(limit)
    kinds = indicator_kinds(result["indicator"], profile)
    minimum = pd.Series(np.where(kinds.isin(["count", "share", "rate"]), 0.0, -np.inf), index=result.index)
    maximum = pd.Series(np.where(kinds.eq("share"), 1.0, np.inf), index=result.index)
    result[["low", "high"]] = interval(result["value"], result["moe"], minimum=minimum, maximum=maximum)
    # A limit bounds the figure on one side, and nothing does on the other.
    result["low"] = result["low"].mask(result["censored"].eq("or-more"), result["value"])
    result["high"] = result["high"].mask(result["censored"].eq("or-less"), result["value"])
    result["cv"] = coefficient_of_variation(result["value"], result["moe"])
    result["quality"] = quality_class(result["cv"])
    result["suppressed"] = result["value"].isna() & result["reason"].notna()
    result["reason"] = result["reason"].where(result["value"].isna()).mask(limit, OPEN_ENDED)
    alike = result.groupby(["indicator", "period", result["segment"].fillna("")], sort=False)["value"]
    result["percentile"] = (alike.rank(method="average") - 0.5) / alike.transform("count")
    result["peer_median"] = np.nan
    table = OUTPUTS["indicators"]
    result = result.sort_values(table.key, na_position="first", kind="stable")
    return conform(result[table.names], table)
