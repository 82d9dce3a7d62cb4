"""Who is worse off: two groups of areas, regions or people set against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.landscape.estimates import (
    differs,
    interval,
    moe_difference,
    moe_product,
    moe_proportion,
    moe_ratio,
    moe_sum,
)
from ci_analysis.landscape.need import EVERYBODY, NO_SEGMENT, latest_figures, output_rows
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    import datetime as dt

    from ci_analysis.issues import Indicator, Profile

__all__ = ["LEAST_AREAS", "disparities", "outer_fourths"]

#: A fourth with fewer areas says more about them than about what tells the fourths apart.
LEAST_AREAS = 3
#: Whether more of what is measured over areas is better.
_MORE_IS_BETTER = {"ratio": True, "access": True, "price_share": False}
_HIGHEST, _LOWEST = "highest fourth", "lowest fourth"
_PAIR = ["indicator", "segment", "by"]


def outer_fourths(values: pd.Series) -> pd.Series:
    """Fourth of the areas that an area is in, at either end of an indicator.

    An area is in the lowest fourth where fewer than a fourth of the areas have a lower value, and in the highest
    where fewer than a fourth have a higher one: areas with the same value stay together, so that a fourth may be
    larger.

    Parameters
    ----------
    values : pandas.Series of float
        One figure an area; missing ones take no part.

    Returns
    -------
    pandas.Series of str
        `lowest fourth` and `highest fourth`, on the same index; missing in between, and everywhere where an area
        would be in both.

    Examples
    --------
    >>> outer_fourths(pd.Series([1.0, 2.0, 2.0, 3.0, 4.0])).to_list()
    ['lowest fourth', 'lowest fourth', 'lowest fourth', 'highest fourth', 'highest fourth']
    """
    known = values.dropna().astype("float64")
    lowest = known.rank(method="min") - 1 < len(known) / 4
    highest = known.rank(method="min", ascending=False) - 1 < len(known) / 4
    fourths = np.select([lowest & highest, lowest, highest], ["", _LOWEST, _HIGHEST], "")
    if (lowest & highest).any():
        fourths[:] = ""
    named = pd.Series(fourths, index=known.index, dtype="str")
    return named.where(named.ne("")).reindex(values.index).rename("fourth")


def disparities(
    indicators: pd.DataFrame,
    gap: pd.DataFrame,
    affordability: pd.DataFrame,
    regions: pd.DataFrame,
    areas: pd.DataFrame,
    profile: Profile,
    *,
    as_of: dt.date,
) -> pd.DataFrame:
    """Ratio and difference of the figures of two groups, the worse off first.

    Three kinds of groups:

    - **fourths of the areas** by each of the profile's `equity` indicators (latest period): the worse-off fourth
      against the better-off one by that indicator's direction, and without a direction the fourth with the least
      against the one with the most. At least three areas with figures each. Areas with the same value stay together;
    - **regions** of each kind: the one with the worst figure against the one with the best. They are picked for their
      figures, so some difference is there by chance alone, which the interval does not know;
    - **segments** of an indicator that are not the issue's own ages, such as groups of people: the worst against the
      best by the indicator's direction, over all areas.

    What is measured over the areas of a group, for each row of the gap: `ratio = Σ usable / Σ need`, over the areas
    that know both; `access`, the mean of the areas weighted by need; `price_share`, the share of income of the area
    in the middle, each area counted once, since prices and incomes are medians that cannot be added. An indicator's
    segment over all areas is the mean of the areas weighted by the indicator that counts whom it is of
    (`Indicator.base`), and that of the one area where there is one.

    `ratio = a / b`, `difference = a − b`. Intervals are 90 % ones of the Census Bureau: the ratio's by its formula
    for ratios, the difference's by the root of the sum of squares. The ratio's is a first-order formula (the delta
    method), symmetric and good where the second group's margin is small beside its figure; Fieller's would lean. The
    margin of `ratio` is that of need, with the seats taken as exact; `access` and `price_share` have none.

    Groups are of areas: what holds for areas with much poverty need not hold for the poor people in them.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe (90 %).
    gap, affordability : pandas.DataFrame
        Output tables of those names.
    regions : pandas.DataFrame
        The study's table: geoid, region_kind, region.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: its catalogue of indicators, `equity`, segments and groups.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        Output table `disparities`, in the order of the three kinds. Regions and segments that all have the same
        figure are no pair. `ratio` is missing where the second figure is 0; intervals and `significant` where a group
        has no margin.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapters 7 and 8.
    Fieller (1954), *Some problems in interval estimation*.

    Examples
    --------
    >>> import datetime as dt
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.tables import INPUTS
    >>> places = [f"0{i}" for i in range(1, 7)]
    >>> table = pd.DataFrame({"geoid": places, "segment": "all", "need": 100.0, "need_moe": 0.0})
    >>> table = table.assign(usable=[20.0, 20, 20, 40, 40, 40], access=np.nan)
    >>> poverty = pd.DataFrame({"geoid": places, "indicator": "rate_poverty", "period": "2024", "segment": None})
    >>> poverty = poverty.assign(value=[0.3, 0.3, 0.3, 0.1, 0.1, 0.1], moe=None)
    >>> found = disparities(
    ...     poverty,
    ...     table,
    ...     empty_frame(OUTPUTS["affordability"]),
    ...     empty_frame(INPUTS["regions"]),
    ...     pd.DataFrame({"geoid": places}),
    ...     load_profile("child-care"),
    ...     as_of=dt.date(2026, 6, 30),
    ... )
    >>> found[["by", "group_a", "value_a", "value_b", "ratio", "areas_a"]].values.tolist()
    [['rate_poverty', 'highest fourth', 0.2, 0.4, 0.5, 3.0]]
    """
    table, catalogue = OUTPUTS["disparities"], {i.name: i for i in profile.indicators}
    figures = _area_figures(gap, affordability, areas, profile)
    pairs = [
        *(_by_fourths(figures, indicators, areas, catalogue.get(name), name, as_of) for name in profile.equity),
        _by_regions(figures, regions),
        *(
            _by_segments(indicators, areas, entry, profile, as_of)
            for entry in profile.indicators
            if entry.kind != "count" and entry.direction != "neither"
        ),
    ]
    pairs = [p for p in pairs if len(p)]
    if not pairs:
        return empty_frame(table)
    # Concatenated as objects: a column that is missing throughout one kind has no type of its own.
    both = pd.concat([p.astype("object") for p in pairs], ignore_index=True)
    a, b, moe_a, moe_b = (both[c].astype("float64") for c in ("value_a", "value_b", "moe_a", "moe_b"))
    both["ratio"] = a / b.where(b != 0)
    ends = interval(both["ratio"], moe_ratio(a, b, moe_a, moe_b), minimum=0.0)
    both[["ratio_low", "ratio_high"]] = ends[["low", "high"]]
    both["difference"] = a - b
    both[["low", "high"]] = interval(both["difference"], moe_difference(moe_a, moe_b))[["low", "high"]]
    both["significant"] = differs(a, b, moe_a, moe_b)
    return conform(both.reindex(columns=table.names), table)


def _area_figures(
    gap: pd.DataFrame, affordability: pd.DataFrame, areas: pd.DataFrame, profile: Profile
) -> pd.DataFrame:
    """Return what is measured over areas: indicator, segment, geoid, and the figures that each needs."""
    ratio = gap.dropna(subset=["need", "usable"]).assign(indicator="ratio")
    access = gap.dropna(subset=["need", "access"]).assign(indicator="access")
    share = affordability.dropna(subset=["share"]).assign(indicator="price_share")
    figures = pd.concat([f for f in (ratio, access, share) if len(f)] or [ratio], ignore_index=True)
    columns = ["indicator", "segment", "geoid", "need", "need_moe", "usable", "access", "share", "censored"]
    figures = figures.reindex(columns=columns)
    order = {row: i for i, row in enumerate(output_rows(profile))}
    figures = figures[figures["geoid"].isin(areas["geoid"])]
    figures = figures.assign(place=figures["segment"].map(order), which=figures["indicator"].map(_place_of))
    return figures.sort_values(["place", "which", "geoid"]).drop(columns=["place", "which"]).reset_index(drop=True)


def _place_of(indicator: str) -> int:
    return list(_MORE_IS_BETTER).index(indicator)


def _measured(figures: pd.DataFrame, group: str) -> pd.DataFrame:
    """Return value, margin and areas of each indicator, segment and group, in the order of the figures."""
    keys = ["indicator", "segment", group]
    number = figures.groupby(keys, sort=False).ngroup()
    by = figures.groupby(number)
    result = by[keys].first().assign(areas=by.size())
    need, usable = by["need"].sum(), by["usable"].sum()
    # As one would say it of a person: a child's seats, so areas count by the children who need one.
    reach = (figures["access"] * figures["need"]).groupby(number).sum()
    values = {
        "ratio": usable / need.where(need > 0),
        "access": reach / need.where(need > 0),
        "price_share": _middle(figures, number),
    }
    moe = moe_sum(figures["need"], figures["need_moe"], by=number)
    result["value"] = sum(v.where(result["indicator"].eq(name), 0.0) for name, v in values.items())
    exact = pd.Series(0.0, index=need.index)
    result["moe"] = moe_ratio(usable, need, exact, moe).where(result["indicator"].eq("ratio"))
    return result.dropna(subset=["value"])


def _middle(figures: pd.DataFrame, number: pd.Series) -> pd.Series:
    """Return the median share of each group; missing where a limit stands in the middle, and so is not the median."""
    low = figures["share"].mask(figures["censored"].eq("at-most"), 0.0)
    high = figures["share"].mask(figures["censored"].eq("at-least"), np.inf)
    middle = low.groupby(number).median()
    return middle.where(middle.eq(high.groupby(number).median()))


def _by_fourths(
    figures: pd.DataFrame,
    indicators: pd.DataFrame,
    areas: pd.DataFrame,
    entry: Indicator | None,
    name: str,
    as_of: dt.date,
) -> pd.DataFrame:
    latest = latest_figures(indicators, name, areas=areas, as_of=as_of)
    latest = latest[latest["segment"].isna()].set_index("geoid")["value"]
    figures = figures.assign(fourth=figures["geoid"].map(outer_fourths(latest))).dropna(subset=["fourth"])
    if not len(figures):
        return figures
    made = _measured(figures, "fourth")
    made = made[made["areas"] >= LEAST_AREAS]
    worse = _HIGHEST if entry is not None and entry.direction == "down" else _LOWEST
    first = made["fourth"].eq(worse)
    return _joined(made[first], made[~first], "fourth", name)


def _by_regions(figures: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    placed = figures.merge(regions[["geoid", "region_kind", "region"]], on="geoid")
    made = []
    for kind, rows in placed.groupby("region_kind"):
        ranked = _measured(rows, "region")
        better = ranked["indicator"].map(_MORE_IS_BETTER).astype(bool)
        made.append(_ends(ranked.assign(merit=ranked["value"].where(better, -ranked["value"])), "region", str(kind)))
    return pd.concat(made) if made else placed


def _ends(ranked: pd.DataFrame, group: str, by: str) -> pd.DataFrame:
    """Return the group with the least merit against the one with the most; of equal ones the first by name."""
    keys = ["indicator", "segment"]
    ranked = ranked.assign(place=ranked.groupby(keys, sort=False, dropna=False).ngroup())
    worst = ranked.sort_values(["place", "merit", group]).drop_duplicates("place")
    best = ranked.sort_values(["place", "merit", group], ascending=[True, False, True]).drop_duplicates("place")
    apart = worst["merit"].to_numpy() != best["merit"].to_numpy()
    return _joined(worst[apart], best[apart], group, by)


def _joined(first: pd.DataFrame, second: pd.DataFrame, group: str, by: str) -> pd.DataFrame:
    both = first.merge(second, on=["indicator", "segment"], suffixes=("_a", "_b"))
    named = both.rename(columns={f"{group}_a": "group_a", f"{group}_b": "group_b", "period_a": "period"})
    return named.assign(by=by)


def _by_segments(
    indicators: pd.DataFrame, areas: pd.DataFrame, entry: Indicator, profile: Profile, as_of: dt.date
) -> pd.DataFrame:
    """Return the worst and the best of an indicator's groups of people, over all areas."""
    own = {*output_rows(profile), NO_SEGMENT, EVERYBODY}
    latest = latest_figures(indicators, entry.name, areas=areas, as_of=as_of)
    latest = latest[~latest["segment"].fillna(NO_SEGMENT).isin(own)]
    if latest["segment"].nunique() < 2:
        return latest.iloc[:0]
    if len(areas) > 1:
        base = latest_figures(indicators, entry.base, areas=areas, as_of=as_of)
        latest = latest.merge(base[["geoid", "segment", "value", "moe"]], on=["geoid", "segment"], suffixes=("", "_of"))
    else:
        latest = latest.assign(value_of=1.0, moe_of=0.0)
    margins = latest[["moe", "moe_of"]].astype("float64")
    # A base without a margin is exact, as a factor of need is; a figure without one has no interval.
    parts = latest["value"] * latest["value_of"]
    moes = moe_product(latest["value"], latest["value_of"], margins["moe"], margins["moe_of"].fillna(0.0))
    by = latest.groupby("segment")
    whole, part = by["value_of"].sum(), parts.groupby(latest["segment"]).sum()
    whole_moe = moe_sum(latest["value_of"], margins["moe_of"].fillna(0.0), by=latest["segment"])
    result = pd.DataFrame({"value": part / whole.where(whole > 0), "areas": by.size(), "period": by["period"].first()})
    # The proportion's formula takes out what the product's put in: of one area, its own margin is left.
    result["moe"] = moe_proportion(part, whole, moe_sum(parts, moes, by=latest["segment"]), whole_moe)
    result = result.dropna(subset=["value"]).rename_axis("group").reset_index()
    result = result.assign(indicator=entry.name, segment=None)
    merit = result["value"] if entry.direction == "up" else -result["value"]
    return _ends(result.assign(merit=merit), "group", "segment")
