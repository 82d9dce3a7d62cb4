"""Seats: which area a facility belongs to, and how many seats it adds there, by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from ci_analysis.landscape.need import EVERYBODY, NO_SEGMENT, output_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from ci_analysis.issues import Profile

__all__ = ["facility_areas", "facility_seats", "known_rows", "membership", "seats", "seats_by_row"]

_FIGURES = ["supply", "usable", "usable_low", "usable_high"]
#: Known of some facilities alone: sums are over these, and missing where there are none.
_LOST = "unstaffed"


def facility_areas(facilities: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """Area that each facility belongs to.

    Its own `geoid` where given, which is believed before the point; else the area whose outline contains the
    point, on a shared edge the one with the smaller geoid; else none.

    Parameters
    ----------
    facilities : pandas.DataFrame
        facility_id, longitude, latitude (degrees, EPSG:4326), geoid.
    areas : geopandas.GeoDataFrame
        geoid and outline (EPSG:4326); an outline may be missing.

    Returns
    -------
    pandas.Series of str
        Named geoid, indexed by facility_id, in the order of `facilities`; missing where the facility is in no area.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = gpd.GeoDataFrame(
    ...     {"geoid": ["02", "01"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:4326"
    ... )
    >>> points = pd.DataFrame(
    ...     {
    ...         "facility_id": ["in", "edge", "out", "given"],
    ...         "longitude": [0.5, 1.0, 9.0, 9.0],
    ...         "latitude": 0.5,
    ...         "geoid": [None, None, None, "02"],
    ...     }
    ... )
    >>> facility_areas(points, squares).to_list()
    ['02', '01', nan, '02']
    """
    given = facilities["geoid"].astype("str").set_axis(facilities["facility_id"])
    located = facilities[["longitude", "latitude"]].notna().all(axis=1).to_numpy()
    asked = np.flatnonzero(given.isna().to_numpy() & located)
    points = shapely.points(facilities["longitude"].to_numpy()[asked], facilities["latitude"].to_numpy()[asked])
    tree = shapely.STRtree(areas.geometry.to_numpy())
    point, outline = tree.query(points, predicate="intersects")
    # A point on an edge meets both areas: 'intersects', unlike 'within', finds them, and the smaller geoid has it.
    found = pd.Series(areas["geoid"].to_numpy()[outline], index=asked[point], dtype="str").groupby(level=0).min()
    by_point = pd.Series(np.nan, index=range(len(given)), dtype="str")
    by_point.loc[found.index] = found
    return given.fillna(by_point.set_axis(given.index)).rename("geoid")


def facility_seats(
    capacity: pd.DataFrame, facilities: pd.DataFrame | None = None, staffing: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Licensed and usable seats of each row of capacity, by the middle, strictest and widest reading.

    First `usable = min(licensed, usable)`, where an empty `usable` does not limit; `low` and `high` take the place of
    `licensed` in the other two readings, and are `licensed` where empty.

    Then the limit of staff. Seats `s_k` of segments `k` need `n = Σ s_k / r_k` people with the credential, where one
    may serve `r_k` people. Where a facility has `c < n` of them, its seats are `s_k × c / n`: for one segment,
    `min(s, c × r)`. The strictest reading is limited in the same way, and has in no row more than the middle one. The
    widest adds to the middle one, and only what the staff that the middle one leaves can serve. So no reading needs
    more staff than there is, and in each row `usable_low ≤ usable ≤ usable_high`. Seats of a segment without a ratio
    need nobody and are not limited, nor are seats where the staff is unknown; no staff is no seats.

    Parameters
    ----------
    capacity : pandas.DataFrame
        facility_id, segment, licensed, low, high, usable (seats). What comes from here already is given back as it
        is.
    facilities : pandas.DataFrame, optional
        facility_id, credentialed_staff (people). Without it nothing is limited by staff.
    staffing : mapping of str to float, optional
        People that one credentialed member of staff may serve, above 0, by segment; `all` for seats that name none.

    Returns
    -------
    pandas.DataFrame
        The columns of `capacity`, of which `usable` is now what can be used; supply, usable_low, usable_high; and
        unstaffed, the seats of the middle reading that the limit of staff takes away (missing where no staff or no
        ratio is known). The figures are missing where `licensed` is unknown.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {"facility_id": ["a"], "segment": ["preschool"], "licensed": [50.0], "low": [20.0], "high": [60.0]}
    ... ).assign(usable=40.0)
    >>> readings = ["supply", "usable", "usable_low", "usable_high"]
    >>> facility_seats(rows)[readings].values.tolist()
    [[50.0, 40.0, 20.0, 40.0]]
    >>> staff = pd.DataFrame({"facility_id": ["a"], "credentialed_staff": [3.0]})
    >>> facility_seats(rows, staff, {"preschool": 10})[[*readings, "unstaffed"]].values.tolist()
    [[50.0, 30.0, 20.0, 30.0, 10.0]]
    """
    if _LOST in capacity:
        return capacity
    licensed, staffed = capacity["licensed"], capacity["usable"]
    readings = {"usable": licensed}
    for name, reading in (("usable_low", capacity["low"]), ("usable_high", capacity["high"])):
        readings[name] = reading.astype("float64").fillna(licensed).where(licensed.notna())
    # An empty `usable` compares as false: licensed, with the staffing unknown, and used so.
    limited = {name: seats.mask(seats > staffed, staffed) for name, seats in readings.items()}
    result = capacity.assign(supply=licensed, **limited, unstaffed=np.nan)
    if facilities is None or not staffing:
        return result
    by_facility = facilities.set_index("facility_id")["credentialed_staff"].astype("float64")
    staff = capacity["facility_id"].map(by_facility)
    ratio = capacity["segment"].fillna(EVERYBODY).map(dict(staffing)).astype("float64")
    return result.assign(**_staffed(limited, staff, ratio, capacity["facility_id"]))


def _staffed(
    seats: Mapping[str, pd.Series], staff: pd.Series, ratio: pd.Series, facility: pd.Series
) -> dict[str, pd.Series]:
    """Return the three readings of seats that the staff can serve, and what the middle one loses."""
    counts = staff.notna() & ratio.notna() & seats["usable"].notna()

    def served(extra: pd.Series, left: pd.Series) -> pd.Series:
        """Return the part of seats that so many staff can serve, shared out within the facility."""
        need = (extra / ratio).where(counts).groupby(facility).transform("sum")
        return extra.mask(counts & (need > left), extra * left / need.where(need > 0))

    usable = served(seats["usable"], staff)
    # What rounding leaves of staff that are all at work is nobody.
    at_work = (usable / ratio).where(counts).groupby(facility).transform("sum")
    left = (staff - at_work).where(~np.isclose(at_work, staff, rtol=1e-9, atol=0), 0.0).clip(lower=0)
    low = served(seats["usable_low"], staff)
    high = usable + served(seats["usable_high"] - seats["usable"], left)
    return {
        "usable": usable,
        "usable_low": low.mask(low > usable, usable),
        "usable_high": high,
        "unstaffed": (seats["usable"] - usable).where(counts),
    }


def membership(profile: Profile) -> pd.DataFrame:
    """Which segment counts for which row of the gap; seats without a segment count for groups and for all.

    Parameters
    ----------
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    pandas.DataFrame
        row, key (the segment; empty for seats that name none, which have a row of their own too).

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> rows = membership(load_profile("child-care"))
    >>> rows.loc[rows["key"].eq("preschool"), "row"].to_list()
    ['preschool', 'under-six', 'all']
    """
    rows = output_rows(profile)
    named = [(row, part) for row, parts in rows.items() for part in parts]
    wide = [EVERYBODY, *(g.segment for g in profile.groups)]
    return pd.DataFrame([*named, *((row, NO_SEGMENT) for row in [*wide, NO_SEGMENT])], columns=["row", "key"])


def seats_by_row(figures: pd.DataFrame, by: str, profile: Profile) -> pd.DataFrame:
    """Seats of each facility or area, for each row that they count for.

    Parameters
    ----------
    figures : pandas.DataFrame
        As from `facility_seats`, with the column `by`.
    by : str
        The column to sum by: facility_id or geoid. Rows where it is missing are left out.
    profile : Profile
        The issue: seats of a segment count for it, for its groups and for `all`; seats without a segment for
        groups and `all` only.

    Returns
    -------
    pandas.DataFrame
        Indexed by `by` and row (the empty row: seats without a segment); supply, usable, usable_low, usable_high,
        unstaffed. Unknown seats add nothing; `unstaffed` is missing where it is known of no row.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> rows = pd.DataFrame({"facility_id": ["a", "a"], "segment": ["preschool", None], "licensed": [20.0, 5.0]})
    >>> sums = seats_by_row(
    ...     facility_seats(rows.assign(low=None, high=None, usable=np.nan)), "facility_id", load_profile("child-care")
    ... )
    >>> sums["supply"].to_dict()
    {('a', ''): 5.0, ('a', 'all'): 25.0, ('a', 'preschool'): 20.0, ('a', 'under-six'): 25.0}
    """
    joined = figures.assign(key=figures["segment"].fillna(NO_SEGMENT)).merge(membership(profile), on="key")
    groups = joined.groupby([by, "row"])
    return groups[_FIGURES].sum().assign(unstaffed=groups[_LOST].sum(min_count=1))


def known_rows(capacity: pd.DataFrame, profile: Profile) -> list[str]:
    """Rows of the gap whose seats the study knows.

    None, where no facility says how many seats are licensed. Else all but those that facilities name only in rows
    without licensed seats, such as rows that carry a price alone: their seats are unknown, and not zero.

    Parameters
    ----------
    capacity : pandas.DataFrame
        facility_id, segment, licensed (seats).
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    list of str
        Of `output_rows`, and the empty row of seats without a segment.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> capacity = pd.DataFrame({"segment": ["preschool", None], "licensed": [np.nan, 30.0]})
    >>> known_rows(capacity, load_profile("child-care"))
    ['infant-toddler', 'school-age', 'under-six', 'all', '']
    """
    rows = [*output_rows(profile), NO_SEGMENT]
    if capacity["licensed"].isna().all():
        return []
    named = pd.DataFrame({"key": capacity["segment"].fillna(NO_SEGMENT), "known": capacity["licensed"].notna()})
    said = named.merge(membership(profile), on="key").groupby("row")["known"].any()
    return [row for row in rows if row not in said.index or said[row]]


def seats(capacity: pd.DataFrame, facility_geoid: pd.Series, areas: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Licensed and usable seats of every area, by segment, group and for everybody.

    Parameters
    ----------
    capacity : pandas.DataFrame
        As from `facility_seats`; the study's own table, whose seats are then not limited by staff, will do.
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id, as from `facility_areas`; every facility, also those without
        a row in `capacity`.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, supply, usable, usable_low, usable_high, unstaffed, unknown; a row for each area and each of
        `output_rows`, and one with a missing segment for seats that name none. An area without facilities has 0, and
        so has a segment that no facility names; the figures are missing in every area for a row that facilities
        name without ever saying how many seats are licensed (see `known_rows`). `unknown` counts facilities
        none of whose rows says how many seats are licensed: in the rows of the segments that they name, else in
        groups and `all`. `unstaffed` is over the seats whose staff and ratio are known: missing where an area has
        seats and knows it of none, and in every area for a row of which it is known nowhere.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> capacity = pd.DataFrame(
    ...     {"facility_id": ["a", "b"], "segment": ["preschool", None], "licensed": [20.0, np.nan]}
    ... ).assign(low=np.nan, high=np.nan, usable=np.nan)
    >>> where = pd.Series({"a": "01", "b": "01", "c": "02"})
    >>> table = seats(capacity, where, pd.DataFrame({"geoid": ["01", "02"]}), load_profile("child-care"))
    >>> table.loc[table["segment"].eq("all"), ["geoid", "supply", "unknown"]].values.tolist()
    [['01', 20.0, 1.0], ['02', 0.0, 1.0]]
    """
    grid = pd.MultiIndex.from_product(
        [areas["geoid"].sort_values(), [*output_rows(profile), NO_SEGMENT]], names=["geoid", "segment"]
    )
    figures = facility_seats(capacity).assign(geoid=capacity["facility_id"].map(facility_geoid))
    sums = seats_by_row(figures, "geoid", profile)
    table = sums.reindex(grid, fill_value=0.0)
    table.loc[~table.index.isin(known_rows(capacity, profile), level="segment")] = np.nan
    told = sums.index[sums[_LOST].notna()].unique("row")
    table.loc[~table.index.isin(told, level="segment"), _LOST] = np.nan
    table["unknown"] = _unknown(capacity, facility_geoid, profile).reindex(grid, fill_value=0).astype("float64")
    table = table.reset_index()
    return table.assign(segment=table["segment"].where(table["segment"].ne(NO_SEGMENT)))


def _unknown(capacity: pd.DataFrame, facility_geoid: pd.Series, profile: Profile) -> pd.Series:
    """Count the facilities that say nowhere how many seats they have, once in each row that they may count for."""
    said = capacity.loc[capacity["licensed"].notna(), "facility_id"]
    silent = facility_geoid[~facility_geoid.index.isin(said)].rename("geoid").rename_axis("facility_id").reset_index()
    named = capacity[["facility_id", "segment"]]
    rows = silent.merge(named, on="facility_id", how="left")
    rows = rows.assign(key=rows["segment"].fillna(NO_SEGMENT)).merge(membership(profile), on="key")
    return rows.drop_duplicates(["facility_id", "row"]).groupby(["geoid", "row"]).size()
