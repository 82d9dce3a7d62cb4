"""Regions: every area's figures also for the larger places that areas make up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.estimates import (
    coefficient_of_variation,
    moe_product,
    moe_proportion,
    moe_sum,
    quality_class,
)
from ci_analysis.landscape.indicators import indicator_kinds
from ci_analysis.landscape.medians import aggregated_median
from ci_analysis.landscape.need import NO_SEGMENT, distinct, output_rows
from ci_analysis.tables import OUTPUTS, conform, empty_frame, period_end

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["ELSEWHERE", "region_gap", "region_indicators"]

#: The region of areas that a kind of region leaves out.
ELSEWHERE = "Not in any region"
_PLACE = ["region_kind", "region"]
_SERIES = ["indicator", "period", "key"]
_ROW = [*_PLACE, *_SERIES]
#: Kinds of figures that can be put together with a base.
_RELATIVE = ("share", "rate")


def _members(areas: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return geoid, region_kind and region for each area and kind; what a kind leaves out is in a region of its own."""
    kinds = regions[["region_kind"]].drop_duplicates()
    every = areas[["geoid"]].drop_duplicates().merge(kinds, how="cross")
    known = every.merge(regions[["geoid", *_PLACE]], on=["geoid", "region_kind"], how="left", validate="1:1")
    return known.assign(region=known["region"].astype("str").fillna(ELSEWHERE))


def _whole(values: pd.Series, by: list[pd.Series]) -> pd.Series:
    """Return the sum of each group; missing where a member is."""
    grouped = values.groupby(by)
    return grouped.sum().where(values.notna().groupby(by).all())


def _margin(values: pd.Series, moes: pd.Series, by: pd.DataFrame) -> pd.Series:
    """Return the margin of each group's sum, indexed by what tells the groups apart."""
    groups = by.groupby(list(by.columns), sort=True)
    margins = moe_sum(values, moes, by=groups.ngroup())
    return margins.set_axis(groups.size().index)


def region_gap(gap: pd.DataFrame, regions: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Need against seats in every region: the sums over its areas.

    `need`, `supply`, `usable` and `unknown` are sums, and so is `spatial_gap = Σ unmet`, where a surplus in one area
    does not serve another; `pooled_gap = max(0, need − usable)`, as if every seat served the whole region;
    `sufficiency = usable / need`; `access = Σ access × need / Σ need`. All run over the areas whose need is known, and
    `areas_with_need` says how many. `cap_desert`, `spatial_desert` and `access_desert` count the areas that are known
    to be short. Each kind of region is summed by itself, and an area that it leaves out is in 'Not in any region', so
    that the regions of a kind make up the community.

    Parameters
    ----------
    gap : pandas.DataFrame
        As from `gap`.
    regions : pandas.DataFrame
        geoid, region_kind, region; an area has one region of a kind.
    profile : Profile
        The issue, for the order of its segments and groups.

    Returns
    -------
    pandas.DataFrame
        Output table `region_gap`, by kind of region, region, and then in the order of `output_rows`. A sum is missing
        where no area's need is known, and where a counted area's figure is missing; access likewise where an area
        with need has none; `need_moe` where an area has none. A count of short areas is missing where of no area it
        is known.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8 (margins of sums).

    Examples
    --------
    >>> import numpy as np
    >>> from ci_analysis.issues import load_profile
    >>> table = pd.DataFrame({"geoid": ["01", "02", "03"], "segment": "all", "need": [50.0, 10.0, np.nan]})
    >>> table = table.assign(need_moe=[3.0, 4.0, 5.0], supply=20.0, usable=20.0, usable_low=20.0, usable_high=20.0)
    >>> table = table.assign(unmet=[30.0, 0, np.nan], access=[0.4, 1.0, np.nan], unknown=0, cap_desert=None)
    >>> where = pd.DataFrame({"geoid": ["01", "02"], "region_kind": "district", "region": "North"})
    >>> sums = region_gap(table.assign(spatial_desert=None, access_desert=None), where, load_profile("child-care"))
    >>> sums[["region", "areas", "need", "need_moe", "spatial_gap", "pooled_gap", "access"]].values.tolist()
    [['North', 2.0, 60.0, 5.0, 30.0, 20.0, 0.5], ['Not in any region', 1.0, nan, nan, nan, nan, nan]]
    """
    table = OUTPUTS["region_gap"]
    if gap.empty or regions.empty:
        return empty_frame(table)
    keys = [*_PLACE, "segment"]
    rows = gap.merge(_members(gap, regions), on="geoid")
    counted = rows[rows["need"].notna()]
    by = [counted[k] for k in keys]
    result = pd.DataFrame({"areas": rows.groupby(keys).size()})
    result["areas_with_need"] = counted.groupby(keys).size().reindex(result.index, fill_value=0)
    sums = {"need": "need", "supply": "supply", "usable": "usable", "usable_low": "usable_low",
            "usable_high": "usable_high", "spatial_gap": "unmet", "unknown": "unknown"}  # fmt: skip
    for name, column in sums.items():
        result[name] = _whole(counted[column], by)
    result["need_moe"] = _margin(counted["need"], counted["need_moe"], counted[keys])
    result["pooled_gap"] = (result["need"] - result["usable"]).clip(lower=0)
    needed = result["need"].where(result["need"] > 0)
    result["sufficiency"] = result["usable"] / needed
    # Nobody's access is not known and weighs nothing.
    reached = (counted["access"] * counted["need"]).mask(counted["need"].eq(0), 0.0)
    result["access"] = _whole(reached, by) / needed
    for flag in ("cap_desert", "spatial_desert", "access_desert"):
        result[flag] = rows[flag].astype("boolean").astype("Float64").groupby([rows[k] for k in keys]).sum(min_count=1)
    return _ordered(result.reset_index(), profile)


def _ordered(result: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    place = {segment: i for i, segment in enumerate(output_rows(profile))}
    result = result.assign(_at=result["segment"].map(place), _last=result["region"].eq(ELSEWHERE))
    result = result.sort_values(["region_kind", "_last", "region", "_at"], kind="stable")
    return conform(result[OUTPUTS["region_gap"].names], OUTPUTS["region_gap"])


def region_indicators(
    indicators: pd.DataFrame, regions: pd.DataFrame, areas: pd.DataFrame, profile: Profile
) -> pd.DataFrame:
    """Every indicator's figure for every region, made from those of its areas as its kind allows.

    `sum`: counts are added up, with the margin of a sum. `weighted`: a share or rate whose catalogue entry names a
    `base`, the indicator that counts whom it is of, is `Σ share × base / Σ base`, with the margin of a proportion
    (the numerator's is that of a sum of products); the base is of the same segment where it has that, else of
    everybody, and of the nearest period, the later of two as near; a base without margins is exact.
    `median-of-classes`: a median whose entry names `classes` is interpolated in the sum of the areas' counts by class
    of the same period (`aggregated_median`). `none`: what is left, medians and shares of nobody known among it, whose
    areas' figures cannot be put together; they are never averaged, and the figure is missing.

    Parameters
    ----------
    indicators : pandas.DataFrame
        geoid, indicator, period, segment, value, moe, source; all periods.
    regions : pandas.DataFrame
        geoid, region_kind, region; an area has one region of a kind.
    areas : pandas.DataFrame
        The study's areas, by `geoid`; figures of other places are left out.
    profile : Profile
        The issue, for its catalogue of indicators.

    Returns
    -------
    pandas.DataFrame
        Output table `region_indicators`, by kind of region, region, indicator, period and segment. The figure is that
        of the areas whose figures (and bases, or counts of all classes) are known, and `areas_known` says how many.
        `moe` is missing where a counted area has none. A median in an open-ended class is its limit, and `censored`.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8.

    Examples
    --------
    >>> import numpy as np
    >>> from ci_analysis.issues import load_profile
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": ["01", "02"] * 3,
    ...         "indicator": ["population"] * 2 + ["rate_poverty"] * 2 + ["median_family_income"] * 2,
    ...         "period": "2024",
    ...         "segment": None,
    ...         "value": [300.0, 100.0, 0.1, 0.3, 50_000.0, 70_000.0],
    ...         "moe": np.nan,
    ...         "source": "ACS",
    ...     }
    ... )
    >>> where = pd.DataFrame({"geoid": ["01", "02"], "region_kind": "district", "region": "North"})
    >>> made = region_indicators(figures, where, where[["geoid"]], load_profile("child-care"))
    >>> made[["indicator", "value", "how"]].values.tolist()
    [['median_family_income', nan, 'none'], ['population', 400.0, 'sum'], ['rate_poverty', 0.15, 'weighted']]
    """
    table = OUTPUTS["region_indicators"]
    figures = indicators[indicators["geoid"].isin(areas["geoid"])]
    if figures.empty or regions.empty:
        return empty_frame(table)
    places = _members(areas, regions)
    bases = {i.name: i.base for i in profile.indicators if i.base}
    classes = {i.name: i.classes for i in profile.indicators if i.classes}
    figures = figures.assign(
        key=figures["segment"].astype("str").fillna(NO_SEGMENT),
        end=period_end(figures["period"]),
        base=figures["indicator"].map(bases).astype("str"),
    )
    kinds = indicator_kinds(figures["indicator"], profile)
    made = [
        _summed(figures[kinds.eq("count")], places),
        _weighted(figures[kinds.isin(_RELATIVE) & figures["base"].notna()], figures, places),
        *(_medians(figures, name, source, places) for name, source in classes.items()),
    ]
    found = pd.concat([m for m in made if len(m)] or made[:1], ignore_index=True)
    result = _said(figures, places).merge(found, on=_ROW, how="left", suffixes=("_said", ""))
    result["areas_known"] = result["areas_known"].fillna(result["areas_known_said"])
    result["how"] = result["how"].astype("str").fillna("none")
    result["cv"] = coefficient_of_variation(result["value"], result["moe"].mask(result["censored"].notna()))
    result["quality"] = quality_class(result["cv"])
    result["segment"] = result["key"].where(result["key"].ne(NO_SEGMENT))
    result = result.assign(_last=result["region"].eq(ELSEWHERE))
    result = result.sort_values(["region_kind", "_last", "region", *_SERIES], kind="stable")
    return conform(result[table.names], table)


def _said(figures: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each region and series: how many areas there are, how many are known, and from what source."""
    whole = pd.DataFrame({"areas": places.groupby(_PLACE).size()}).reset_index()
    result = whole.merge(figures[_SERIES].drop_duplicates(), how="cross")
    known = places.merge(figures[figures["value"].notna()], on="geoid").groupby(_ROW)
    told = pd.DataFrame(
        {
            "areas_known": known.size(),
            "source": known["source"].agg(lambda texts: distinct(";".join(texts.dropna().unique()))),
        }
    )
    result = result.merge(told.reset_index(), on=_ROW, how="left")
    result["areas_known"] = result["areas_known"].fillna(0)  # a count of none, and not a figure that is missing
    return result.assign(source=result["source"].where(result["source"].ne("")))


def _made(rows: pd.DataFrame, how: str, **columns: pd.Series) -> pd.DataFrame:
    """Return figures of one manner by region and series, for every one that has rows."""
    index = rows.groupby(_ROW).size().index
    result = pd.DataFrame({name: column.reindex(index) for name, column in columns.items()})
    return result.astype("float64").assign(how=how, censored=None).astype({"censored": "str"}).reset_index()


def _summed(figures: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return sums of counts over the areas where they are known."""
    rows = places.merge(figures, on="geoid")
    known = rows[rows["value"].notna()]
    return _made(
        rows,
        "sum",
        value=known.groupby(_ROW)["value"].sum(),
        moe=_margin(known["value"], known["moe"], known[_ROW]),
        areas_known=rows["value"].notna().groupby([rows[c] for c in _ROW]).sum(),
    )


def _weighted(figures: pd.DataFrame, every: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return shares and rates of whom their base counts, over the areas where both are known."""
    whom = every[["geoid", *_SERIES, "value", "moe"]].set_axis(
        ["geoid", "base", "base_period", "base_key", "base_value", "base_moe"], axis=1
    )
    rows = places.merge(figures, on="geoid").merge(_bases(figures, every), on=_SERIES)
    rows = rows.merge(whom, on=["geoid", "base", "base_period", "base_key"], how="left")
    is_known = rows[["value", "base_value"]].notna().all(axis=1)
    known = rows[is_known]
    exact = known["base_moe"].astype("float64")
    exact = exact.where(exact.notna(), 0.0)
    parts = known["value"] * known["base_value"]
    margins = moe_product(known["value"], known["base_value"], known["moe"], exact)
    part = parts.groupby([known[c] for c in _ROW]).sum()
    base = known.groupby(_ROW)["base_value"].sum()
    return _made(
        rows,
        "weighted",
        value=part / base.where(base > 0),
        moe=moe_proportion(
            part, base, _margin(parts, margins, known[_ROW]), _margin(known["base_value"], exact, known[_ROW])
        ),
        areas_known=is_known.groupby([rows[c] for c in _ROW]).sum(),
    )


def _bases(figures: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """Return which period and segment of its base a share is weighted by, the same for all areas."""
    asked = figures[[*_SERIES, "end", "base"]].drop_duplicates(_SERIES)
    given = every.loc[every["value"].notna(), [*_SERIES, "end"]].drop_duplicates(_SERIES)
    given = given.set_axis(["base", "base_period", "base_key", "base_end"], axis=1)
    pairs = asked.merge(given, on="base")
    pairs = pairs[pairs["base_key"].eq(pairs["key"]) | pairs["base_key"].eq(NO_SEGMENT)]
    pairs = pairs.assign(other=pairs["base_key"].ne(pairs["key"]), apart=(pairs["base_end"] - pairs["end"]).abs())
    pairs = pairs.sort_values(
        [*_SERIES, "other", "apart", "base_end", "base_period"], ascending=[True] * 5 + [False, True]
    )
    return pairs.drop_duplicates(_SERIES)[[*_SERIES, "base_period", "base_key"]]


def _medians(figures: pd.DataFrame, name: str, source: str, places: pd.DataFrame) -> pd.DataFrame:
    """Return medians of people or households counted by class, for each period that has both."""
    asked = figures.loc[figures["indicator"].eq(name) & figures["key"].eq(NO_SEGMENT), [*_SERIES, "end"]]
    counted = figures[figures["indicator"].eq(source) & figures["key"].ne(NO_SEGMENT)].sort_values("period")
    made = [pd.DataFrame(columns=[*_ROW, "value", "moe", "censored", "areas_known", "how"])]
    for series in asked.drop_duplicates(_SERIES).itertuples(index=False):
        rows = counted[counted["end"].eq(series.end)].drop_duplicates(["geoid", "key"])
        if len(rows):
            wide = rows.pivot(index="geoid", columns="key", values="value")
            here = places.merge(wide.dropna(), left_on="geoid", right_index=True).groupby(_PLACE)
            found = aggregated_median(here[list(wide.columns)].sum()).assign(areas_known=here.size().astype("float64"))
            made.append(
                found.reset_index().assign(
                    indicator=name, period=series.period, key=NO_SEGMENT, how="median-of-classes"
                )
            )
    return pd.concat([m for m in made if len(m)] or made, ignore_index=True)
