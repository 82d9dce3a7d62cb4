"""Each indicator over all areas: the total of a count, the middle, the two ends, and who stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.estimates import moe_sum
from ci_analysis.landscape.indicators import indicator_kinds
from ci_analysis.landscape.need import distinct
from ci_analysis.tables import OUTPUTS, conform

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["indicator_summary"]

_KEYS = ["indicator", "period", "segment"]


def indicator_summary(table: pd.DataFrame, areas: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Every indicator over the study's areas: total, middle and ends.

    Parameters
    ----------
    table : pandas.DataFrame
        Output table `indicators`: geoid, indicator, period, segment, value, moe, quality, censored, source.
    areas : pandas.DataFrame
        The study's areas, by `geoid`; figures of other places are left out.
    profile : Profile
        The issue, whose catalogue says which indicators are counts (see `indicator_kinds`).

    Returns
    -------
    pandas.DataFrame
        Output table `indicator_summary`, by indicator, period and segment. `total`, of counts alone, with `total_moe`
        as from `moe_sum`, and all else are over the areas whose figure is known. `median` is that of the areas'
        figures, each area counted once; it is missing where it would be the mean of two of which one is the limit of
        an open-ended class. `lowest` and `highest` are missing where several areas share the figure.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.landscape import indicator_table
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": ["a", "b", "c"],
    ...         "indicator": "children",
    ...         "period": "2024",
    ...         "segment": None,
    ...         "value": [10.0, 30.0, None],
    ...         "moe": [3.0, 4.0, None],
    ...         "source": "ACS",
    ...         "reason": None,
    ...     }
    ... )
    >>> areas = pd.DataFrame({"geoid": ["a", "b", "c"]})
    >>> summary = indicator_summary(indicator_table(figures), areas, load_profile("child-care"))
    >>> summary[["total", "total_moe", "median", "highest"]].values.tolist()
    [[40.0, 5.0, 20.0, 'b']]
    """
    declared = OUTPUTS["indicator_summary"]
    rows = table[table["geoid"].isin(areas["geoid"])]
    rows = rows.assign(segment=rows["segment"].fillna(""))
    # One number for each indicator, period and segment, in their order.
    group = rows.groupby(_KEYS, sort=True).ngroup()
    result = rows.groupby(group)[_KEYS].first()
    known = rows[rows["value"].notna()]
    by = known.groupby(group.loc[known.index])
    values = by["value"]
    kinds = indicator_kinds(result["indicator"], profile)
    ends = {"minimum": values.min(), "maximum": values.max()}
    alone = {
        "lowest": _alone(known, ends["minimum"], group),
        "highest": _alone(known, ends["maximum"], group),
    }
    texts = by["source"].agg(lambda s: distinct(";".join(s.dropna().unique())))
    result = result.assign(
        areas=len(areas),
        areas_known=values.count(),
        total=values.sum().where(kinds.eq("count")),
        total_moe=moe_sum(known["value"], known["moe"], by=group.loc[known.index]).where(kinds.eq("count")),
        **ends,
        median=_middle(known, group),
        **alone,
        low_quality=known["quality"].eq("low").groupby(group.loc[known.index]).sum(),
        censored=known["censored"].notna().groupby(group.loc[known.index]).sum(),
        source=texts.where(texts.ne("")),
    )
    # No figure known is a count of none, and not an unknown count.
    counts = ["areas_known", "low_quality", "censored"]
    result[counts] = result[counts].astype("Int64").fillna(0)
    result["segment"] = result["segment"].where(result["segment"].ne(""))
    return conform(result[declared.names].reset_index(drop=True), declared)


def _alone(known: pd.DataFrame, end: pd.Series, group: pd.Series) -> pd.Series:
    """Return the area at the end of each group, where one alone stands there."""
    there = known[known["value"].eq(group.loc[known.index].map(end))]
    numbers = group.loc[there.index]
    return there.groupby(numbers)["geoid"].first().where(numbers.value_counts().eq(1).sort_index())


def _middle(known: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Return the median of each group; missing where it would be the mean of an exact figure and a limit."""
    numbers = group.loc[known.index]
    by = known.groupby(numbers)["value"]
    lower, upper = by.quantile(interpolation="lower"), by.quantile(interpolation="higher")
    least = known["value"].where(known["censored"].eq("or-more")).groupby(numbers).min()
    most = known["value"].where(known["censored"].eq("or-less")).groupby(numbers).max()
    return by.median().mask(lower.ne(upper) & ((upper >= least) | (lower <= most)))
