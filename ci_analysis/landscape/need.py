"""Potential need: how many people of each age band or group may need a seat, area by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.landscape.estimates import moe_product, moe_sum
from ci_analysis.tables import members, period_end

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from ci_analysis.issues import Profile

__all__ = ["distinct", "in_segments", "latest_figures", "need_estimates", "output_rows", "roll_up"]

#: In keys inside this room, the segment of a figure that names none.
NO_SEGMENT = ""
EVERYBODY = "all"


def output_rows(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Rows of the gap, in order, with the segments that each takes together.

    Parameters
    ----------
    profile : Profile
        The issue.

    Returns
    -------
    dict
        Each segment with itself, each group with its segments, and `all` with every segment (none, where the issue
        has no segments).

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> list(output_rows(load_profile("child-care")))
    ['infant-toddler', 'preschool', 'school-age', 'under-six', 'all']
    """
    segments = profile.vocabulary("segments")
    return {
        **{s: (s,) for s in segments},
        **{g.segment: tuple(g.of) for g in profile.groups},
        EVERYBODY: tuple(segments),
    }


def latest_figures(
    indicators: pd.DataFrame, name: str, *, areas: pd.DataFrame, as_of: dt.date, minimum_share: float = 0.8
) -> pd.DataFrame:
    """Latest figures of one indicator, from one and the same period for all areas.

    Each segment uses its latest period that ends by `as_of` and covers enough of the areas: a newer period that
    knows only a few of them would set new figures of these beside old figures of the others, or lose the others.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe.
    name : str
        The indicator.
    areas : pandas.DataFrame
        The study's areas, by `geoid`; figures of other places are left out.
    as_of : datetime.date
        The day the study speaks of.
    minimum_share : float
        Share, 0 to 1, of the areas with a figure in any period that a period must cover.

    Returns
    -------
    pandas.DataFrame
        geoid, segment (missing: everybody), value, moe, period; one row an area and segment whose value is known,
        sorted by geoid and segment. A segment of which no period covers enough has no rows.

    Examples
    --------
    >>> import datetime as dt
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": ["a", "b", "a"],
    ...         "indicator": "children",
    ...         "period": ["2023", "2023", "2024"],
    ...         "segment": None,
    ...         "value": [10.0, 20.0, 11.0],
    ...         "moe": None,
    ...     }
    ... )
    >>> latest = latest_figures(
    ...     figures, "children", areas=pd.DataFrame({"geoid": ["a", "b"]}), as_of=dt.date(2026, 6, 30)
    ... )
    >>> latest[["geoid", "value", "period"]].values.tolist()
    [['a', 10.0, '2023'], ['b', 20.0, '2023']]
    """
    chosen = indicators["indicator"].eq(name) & indicators["value"].notna() & indicators["geoid"].isin(areas["geoid"])
    rows = indicators.loc[chosen, ["geoid", "segment", "value", "moe", "period"]]
    end = period_end(rows["period"]).to_numpy()
    past = end <= np.datetime64(as_of)
    rows, end = rows[past], end[past]
    if not len(rows):
        return rows.reset_index(drop=True)
    # Whole numbers that sort as the places, the segments and the ends of periods do: this is asked of every indicator,
    # many times over, and arrays of them take a tenth of the time that frames take.
    place, places = _numbered(rows["geoid"])
    key, keys = _numbered(rows["segment"].fillna(NO_SEGMENT))
    ends, period = np.unique(end, return_inverse=True)
    # 2024, 2024-Q4 and 2024-12 end on the same day, and are one period.
    once = np.unique((key * len(ends) + period) * places + place) // places
    covered = np.bincount(once, minlength=keys * len(ends)).reshape(keys, len(ends))
    known = np.bincount(np.unique(key * places + place) // places, minlength=keys)
    # 0.8 has no exact binary form: four areas of five are enough.
    enough = (covered > 0) & (covered >= minimum_share * known[:, None] - 1e-9)
    last = np.where(enough, np.arange(len(ends)), -1).max(axis=1)
    kept = np.flatnonzero(period == last[key])
    kept = kept[np.lexsort((_numbered(rows["period"])[0][kept], key[kept], place[kept]))]
    _, first = np.unique(place[kept] * keys + key[kept], return_index=True)
    return rows.iloc[kept[first]].reset_index(drop=True)


def _numbered(text: pd.Series) -> tuple[NDArray[np.intp], int]:
    """Return a number for each text, in the order of the texts, and how many different ones there are."""
    codes, known = pd.factorize(text, sort=True)
    return codes, len(known)


def in_segments(known: set[str], parts: tuple[str, ...]) -> bool:
    """Whether a row of the gap is made from its segments: where each of them has figures.

    Parameters
    ----------
    known : set of str
        Segments that have a figure in some area.
    parts : tuple of str
        The row's segments.

    Returns
    -------
    bool
        Where it is false, the row rests on figures for the row as a whole. It is one answer for all areas, so
        that they stay comparable.

    Examples
    --------
    >>> in_segments({"infant-toddler"}, ("infant-toddler", "preschool")), in_segments(set(), ())
    (False, False)
    """
    return bool(parts) and known.issuperset(parts)


def roll_up(figures: pd.DataFrame, areas: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Figures of segments, of groups of them and of everybody, for every area.

    A group, and `all`, is the sum of its segments where each of them has figures, else what the figures say of it
    as a whole. A sum with a missing member is missing.

    Parameters
    ----------
    figures : pandas.DataFrame
        geoid, segment (a segment, a group, or missing for everybody), value, moe, basis, period; one row an area
        and segment.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, value, moe, basis, period; a row for each area and each of `output_rows`, by geoid and
        then in that order. `basis` and `period` name those of all members, `;` between.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": ["a", "a"],
    ...         "segment": ["infant-toddler", "preschool"],
    ...         "value": [30.0, 40.0],
    ...         "moe": [3.0, 4.0],
    ...         "basis": "people",
    ...         "period": ["2024", "2023"],
    ...     }
    ... )
    >>> rows = roll_up(figures, pd.DataFrame({"geoid": ["a"]}), load_profile("child-care")).set_index("segment")
    >>> rows.loc[["under-six"]].values.tolist()
    [['a', 70.0, 5.0, 'people', '2023;2024']]
    >>> rows.loc[["all"], "value"].to_list()  # nothing is known of school-age children
    [nan]
    """
    geoids = areas["geoid"].sort_values().to_list()
    figures = figures[figures["value"].notna() & figures["geoid"].isin(geoids)]
    figures = figures.assign(segment=figures["segment"].fillna(NO_SEGMENT))
    known = set(figures["segment"])
    rows = output_rows(profile)
    made = [_row(figures, row, parts if in_segments(known, parts) else ()) for row, parts in rows.items()]
    grid = pd.MultiIndex.from_product([geoids, list(rows)], names=["geoid", "segment"])
    return pd.concat(made).set_index(["geoid", "segment"]).reindex(grid).reset_index()


def _row(figures: pd.DataFrame, row: str, parts: tuple[str, ...]) -> pd.DataFrame:
    """Return one row's figures: the sum of its parts, or without parts what is said of the whole."""
    wanted = parts or (NO_SEGMENT if row == EVERYBODY else row,)
    figures = figures[figures["segment"].isin(wanted)]
    by_area = figures.groupby("geoid")
    complete = by_area.size() == len(wanted)
    summed = pd.DataFrame(
        {
            "value": by_area["value"].sum(),
            "moe": moe_sum(figures["value"], figures["moe"], by=figures["geoid"]),
            "basis": _named(figures, "basis", wanted),
            "period": _named(figures, "period", wanted),
        }
    )
    return summed[complete].rename_axis("geoid").reset_index().assign(segment=row)


def _named(figures: pd.DataFrame, column: str, wanted: tuple[str, ...]) -> pd.Series:
    """Return the distinct words that a column has for each area, sorted, `;` between."""
    wide = figures.pivot(index="geoid", columns="segment", values=column)
    wide = wide.reindex(columns=list(wanted))
    text = wide.iloc[:, 0].astype("str")
    for segment in wide.columns[1:]:
        text = text.str.cat(wide[segment].astype("str"), sep=";", na_rep="")
    return text.map({t: distinct(t) for t in text.dropna().unique()}).astype("str")


def distinct(text: str) -> str:
    """Return a `;` list with its members sorted and each once.

    Examples
    --------
    >>> distinct("2024;2018;2024")
    '2018;2024'
    """
    return ";".join(sorted(set(members(text))))


def need_estimates(indicators: pd.DataFrame, areas: pd.DataFrame, profile: Profile, *, as_of: dt.date) -> pd.DataFrame:
    """Potential need of every area, by segment, group and for everybody.

    The direct count where there is one, else `people × share`, else people (where the study has no share for the
    segment, in any area). `share` is the segment's own, or the one for everybody where no area has the segment's
    own. The margin is that of a product, in which a factor without a margin is exact.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe (90 %).
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: which indicators make need, and its segments and groups.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, need, need_moe, need_basis (`direct`, `people-times-share` or `people`), need_period; a row
        for each area and each of `output_rows`. Need is missing where a factor is, and where a group lacks a
        segment; it is 0 where there are no people, whatever their share.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8 (products, sums).

    Examples
    --------
    >>> import datetime as dt
    >>> from ci_analysis.issues import load_profile
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": "08001",
    ...         "indicator": ["children", "share_all_parents_working"],
    ...         "period": ["2024", "2018"],
    ...         "segment": ["infant-toddler", None],
    ...         "value": [100.0, 0.6],
    ...         "moe": [20.0, None],
    ...     }
    ... )
    >>> need = need_estimates(
    ...     figures, pd.DataFrame({"geoid": ["08001"]}), load_profile("child-care"), as_of=dt.date(2026, 6, 30)
    ... )
    >>> need.head(1).values.tolist()
    [['08001', 'infant-toddler', 60.0, 12.0, 'people-times-share', '2018;2024']]
    """
    names = profile.need
    people, share, direct = (
        latest_figures(indicators, name, areas=areas, as_of=as_of) for name in (names.people, names.share, names.direct)
    )
    made = _people_times_share(people, share)
    direct = direct.assign(basis="direct")
    # The index says nothing here; the direct count comes first and so is the one that stays.
    figures = pd.concat([f for f in (direct, made) if len(f)] or [made], ignore_index=True)
    figures = figures[~figures.assign(segment=figures["segment"].fillna(NO_SEGMENT)).duplicated(["geoid", "segment"])]
    rolled = roll_up(figures, areas, profile)
    return rolled.rename(columns={"value": "need", "moe": "need_moe", "basis": "need_basis", "period": "need_period"})


def _people_times_share(people: pd.DataFrame, share: pd.DataFrame) -> pd.DataFrame:
    """Return people who may need a seat; as they are where the study has no share for them."""
    shared = set(share["segment"].fillna(NO_SEGMENT))
    own = people["segment"].fillna(NO_SEGMENT)
    people = people.assign(key=own.where(own.isin(shared), NO_SEGMENT))
    share = share.assign(key=share["segment"].fillna(NO_SEGMENT)).drop(columns="segment")
    both = people.merge(share, on=["geoid", "key"], how="left", suffixes=("", "_share"))
    # Nobody's share cannot be known and is not needed: any share of 0 people is 0, and 1 gives the widest margin.
    nobody = both["value"].eq(0) & both["value_share"].isna()
    value_share = both["value_share"].mask(nobody, 1.0)
    # A factor without a margin is exact; without any margin the product has none.
    margins = both[["moe", "moe_share"]].astype("float64")
    exact = margins.where(margins.notna(), 0.0)
    moe = moe_product(both["value"], value_share, exact["moe"], exact["moe_share"])
    times = both["key"].isin(shared)
    periods = both["period"].where(both["period_share"].isna(), both["period"] + ";" + both["period_share"])
    return pd.DataFrame(
        {
            "geoid": both["geoid"],
            "segment": both["segment"],
            "value": (both["value"] * value_share).where(times, both["value"]),
            "moe": moe.where(margins.notna().any(axis=1)).where(times, margins["moe"]),
            "period": periods.where(times, both["period"]).astype("str"),
            "basis": times.map({True: "people-times-share", False: "people"}).astype("str"),
        }
    )
