"""Seats within reach: the enhanced two-step floating catchment area method."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack
from scipy.spatial import cKDTree

from ci_analysis.areas import population_centres
from ci_analysis.landscape.supply import seats

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from ci_analysis.issues import Profile

__all__ = [
    "EARTH_RADIUS_MILES",
    "area_access",
    "catchment_access",
    "distance_weights",
    "travel_weights",
]

#: Mean radius of the Earth, 6,371.0088 km (IUGG), in miles.
EARTH_RADIUS_MILES = 3958.7613
#: Miles by which rounding may put a facility beyond a band's end that it stands on: two thousandths of a millimetre.
_ROUNDING_MILES = 1e-9
#: Places whose pairs are looked for at a time, and how many such searches at once.
_CHUNK, _THREADS = 500, 4

_Bands = Sequence[tuple[float, float]]


def _on_sphere(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return points on the sphere of radius 1."""
    longitude, latitude = np.radians(places[["longitude", "latitude"]].to_numpy(dtype="float64")).T
    return np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )


def _weigh(away: NDArray[np.float64], limits: NDArray[np.float64], bands: _Bands) -> NDArray[np.float64]:
    """Return the weight of the band that each falls in, by the bands' upper ends, which are included; 0 is beyond."""
    return np.array([*(weight for _, weight in bands), 0.0])[np.searchsorted(limits, away, side="left")]


def distance_weights(centres: pd.DataFrame, facilities: pd.DataFrame, bands: _Bands) -> csr_array:
    """Weight of each facility within reach of each area, by great-circle miles.

    Parameters
    ----------
    centres : pandas.DataFrame
        longitude, latitude (degrees) of each area; one without a point reaches nothing.
    facilities : pandas.DataFrame
        longitude, latitude (degrees) of each facility; likewise.
    bands : sequence of (float, float)
        Miles up to (included), and weight; outward.

    Returns
    -------
    scipy.sparse.csr_array of float
        A row for each of `centres` and a column for each of `facilities`, in their order; only pairs within the last
        band are stored.

    Examples
    --------
    >>> home = pd.DataFrame({"longitude": [0.0], "latitude": [0.0]})
    >>> centers = pd.DataFrame({"longitude": [0.0, 0.1, 0.2], "latitude": [0.0, 0.0, 0.0]})
    >>> distance_weights(home, centers, [(5, 1.0), (10, 0.68)]).toarray().tolist()  # 0, 7 and 14 miles
    [[1.0, 0.68, 0.0]]
    """
    points, sites = _on_sphere(centres), _on_sphere(facilities)
    placed, there = ~np.isnan(points).any(axis=1), np.flatnonzero(~np.isnan(sites).any(axis=1)).astype(np.int32)
    tree = cKDTree(sites[there])
    # A chord of the unit sphere stands for its arc; half way round is the farthest that there is.
    arcs = (np.array([miles for miles, _ in bands]) + _ROUNDING_MILES) / EARTH_RADIUS_MILES
    chords = 2 * np.sin(np.minimum(arcs, np.pi) / 2)

    def reached(start: int) -> csr_array:
        part = slice(start, start + _CHUNK)
        here = np.flatnonzero(placed[part]).astype(np.int32)
        # The search goes a little farther than the last band, which alone decides: its own rounding then has no say.
        pairs = cKDTree(points[part][here]).sparse_distance_matrix(tree, chords[-1] + 1e-9, output_type="ndarray")
        weights = _weigh(np.minimum(pairs["v"], 2), chords, bands)
        kept = weights > 0
        at = here[pairs["i"][kept]], there[pairs["j"][kept]]
        return csr_array((weights[kept], at), shape=(len(points[part]), len(sites)))

    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        parts = list(pool.map(reached, range(0, max(1, len(points)), _CHUNK)))
    return vstack(parts, format="csr")


def travel_weights(
    travel: pd.DataFrame, geoids: Sequence[str], facility_ids: Sequence[str], bands: _Bands
) -> csr_array:
    """Weight of each facility within reach of each area, by minutes.

    Parameters
    ----------
    travel : pandas.DataFrame
        geoid, facility_id, minutes (one way), each pair once; a pair that is not there, or has no minutes, is out of
        reach.
    geoids, facility_ids : sequence of str
        The areas and the facilities, each once. Others in `travel` are passed over.
    bands : sequence of (float, float)
        Minutes up to (included), and weight; outward.

    Returns
    -------
    scipy.sparse.csr_array of float
        A row for each of `geoids` and a column for each of `facility_ids`, in their order; only pairs within the last
        band are stored.

    Examples
    --------
    >>> trips = pd.DataFrame({"geoid": "01", "facility_id": ["a", "b"], "minutes": [10.0, 30.5]})
    >>> travel_weights(trips, ["01"], ["a", "b"], [(10, 1.0), (30, 0.5)]).toarray().tolist()
    [[1.0, 0.0]]
    """
    row, column = (
        pd.Index(geoids).get_indexer(travel["geoid"]),
        pd.Index(facility_ids).get_indexer(travel["facility_id"]),
    )
    minutes = travel["minutes"].to_numpy(dtype="float64")
    known = (row >= 0) & (column >= 0) & ~np.isnan(minutes)
    row, column = row[known], column[known]
    weights = _weigh(minutes[known], np.array([up_to for up_to, _ in bands]), bands)
    kept = weights > 0
    return csr_array((weights[kept], (row[kept], column[kept])), shape=(len(geoids), len(facility_ids)))


def catchment_access(demand: ArrayLike, supply: ArrayLike, weights: csr_array) -> NDArray[np.float64]:
    """Seats within reach for each person, by the enhanced two-step floating catchment area method.

    First, seats a person in the catchment of each facility: `R_j = S_j / Σ_i w_ij P_i`. Then, for each area, the
    sum over the facilities within its reach: `A_i = Σ_j w_ij R_j`. Every seat of a facility that reaches anyone is
    shared out: `Σ A_i P_i = Σ S_j`.

    Parameters
    ----------
    demand : array of float
        People `P_i`, an area a row; columns, where there are any, are kinds of people and seats, each by itself.
    supply : array of float
        Seats `S_j`, a facility a row, in the same columns, wherever the facilities are; none missing.
    weights : scipy.sparse.csr_array of float
        `w_ij`, an area a row and a facility a column, as from `distance_weights` or `travel_weights`.

    Returns
    -------
    numpy.ndarray of float
        Seats a person, in the shape of `demand`: 0 where no seat reaches the area; missing where its demand is zero
        or missing, and such an area takes no part in the others' either.

    References
    ----------
    Luo, W. and Qi, Y. (2009), 'An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians', *Health & Place* 15, 1100-1107.

    Examples
    --------
    >>> weights = csr_array([[1.0], [0.68], [0.0]])  # near, far and out of reach of the one center
    >>> access = catchment_access([100.0, 50.0, 10.0], [67.0], weights)
    >>> access.tolist()  # 67 seats for 100 + 0.68 × 50 people
    [0.5, 0.34, 0.0]
    """
    demand, supply = np.asarray(demand, dtype="float64"), np.asarray(supply, dtype="float64")
    in_catchment = weights.T @ np.where(demand > 0, demand, 0.0)
    # A facility that nobody can reach shares its seats with nobody.
    per_person = np.divide(supply, in_catchment, out=np.zeros_like(in_catchment), where=in_catchment > 0)
    return np.where(demand > 0, weights @ per_person, np.nan)


def area_access(
    need: pd.DataFrame,
    capacity: pd.DataFrame,
    facilities: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    profile: Profile,
    *,
    bands: _Bands,
    travel: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Usable seats within reach for each person in need, for every area and row of the gap, and why there are none.

    Each row sets its need against all usable seats that count for it. A facility outside every area takes part.

    Access is above 0, or there is one reason, the first of these that holds. It is missing with `no-need` (nobody
    here needs a seat), `need-unknown`, `place-unknown` (no point and no outline; or, with travel times, no minutes to
    any facility), and `seats-unknown` (the study does not know this row's seats, see `known_rows`, or the only
    facilities within reach that may have any do not say how many). It is 0 with `nothing-in-reach` (no facility is)
    and `no-seats-in-reach` (some are, and none has a usable seat that counts here).

    Parameters
    ----------
    need : pandas.DataFrame
        As from `need_estimates`.
    capacity : pandas.DataFrame
        As from `facility_seats`; the study's own table, whose seats are then not limited by staff, will do.
    facilities : pandas.DataFrame
        The study's table.
    areas : geopandas.GeoDataFrame
        The study's areas: geoid, longitude, latitude (degrees), outline (EPSG:4326).
    profile : Profile
        The issue, for its segments and groups.
    bands : sequence of (float, float)
        Miles, or minutes where `travel` has rows, up to (included), and weight; outward.
    travel : pandas.DataFrame, optional
        geoid, facility_id, minutes; with rows, it takes the place of straight-line miles for all areas.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, access, access_basis (`minutes`, `miles-from-centre` or `miles-from-point-on-surface`; missing
        where the area's place is unknown), access_reason (missing where access is above 0); a row for each of `need`.

    References
    ----------
    Luo and Qi (2009); see `catchment_access`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from ci_analysis.issues import load_profile
    >>> areas = gpd.GeoDataFrame(
    ...     {"geoid": ["01", "02"], "longitude": [0.0, 9.0], "latitude": 0.0}, geometry=[None, None], crs="EPSG:4326"
    ... )
    >>> need = pd.DataFrame({"geoid": ["01", "02"], "segment": "preschool", "need": 40.0})
    >>> facilities = pd.DataFrame({"facility_id": ["a"], "longitude": [0.0], "latitude": [0.01]})
    >>> capacity = pd.DataFrame({"facility_id": ["a"], "segment": ["preschool"], "licensed": [20.0]}).assign(
    ...     low=np.nan, high=np.nan, usable=np.nan
    ... )
    >>> access = area_access(need, capacity, facilities, areas, load_profile("child-care"), bands=[(5, 1.0)])
    >>> access[["geoid", "access", "access_reason"]].values.tolist()
    [['01', 0.5, nan], ['02', 0.0, 'nothing-in-reach']]
    """
    # In the order of areas and facilities, so that shuffled rows add up in the same order.
    demand = need.pivot(index="geoid", columns="segment", values="need")
    geoids, rows = demand.index, demand.columns
    sites = facilities.sort_values("facility_id")
    ids = sites["facility_id"]
    if travel is not None and len(travel):
        weights = travel_weights(travel, geoids, ids, bands)
        named = geoids.isin(travel.loc[travel["minutes"].notna(), "geoid"])
        basis = pd.Series("minutes", index=geoids, dtype="str").where(named)
    else:
        centres = population_centres(areas).set_index("geoid").reindex(geoids)
        weights = distance_weights(centres, sites, bands)
        basis = "miles-from-" + centres["basis"]
    # Each facility is taken for an area of its own.
    have = seats(capacity, ids.set_axis(ids), pd.DataFrame({"geoid": ids}), profile).dropna(subset=["segment"])
    wide = (have.pivot(index="geoid", columns="segment", values=column) for column in ("usable", "unknown"))
    usable, unsaid = (table.reindex(index=ids, columns=rows).to_numpy(dtype="float64") for table in wide)
    access, reason = _access_and_reason(demand.to_numpy(), usable, unsaid > 0, weights, basis.notna().to_numpy())
    at = geoids.get_indexer(need["geoid"]), rows.get_indexer(need["segment"])
    why = pd.Series(reason[at], index=need.index, dtype="str")
    return need[["geoid", "segment"]].assign(
        access=access[at], access_basis=need["geoid"].map(basis).astype("str"), access_reason=why.where(why != "")
    )


def _access_and_reason(
    need: NDArray[np.float64],
    usable: NDArray[np.float64],
    unsaid: NDArray[np.bool_],
    weights: csr_array,
    placed: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return access, area by row, and why it is 0 or missing, from what each facility has and does not say."""
    known = ~np.isnan(usable).any(axis=0) if len(usable) else np.zeros(need.shape[1], dtype=bool)
    demand = np.where(placed[:, None], need, np.nan)
    access = catchment_access(demand, np.where(known, usable, 0.0), weights)
    none = access == 0
    reached = np.diff(weights.indptr)[:, None] > 0
    # Facilities that do not say how many seats they have may have some.
    perhaps = weights @ unsaid.astype("float64") > 0
    reasons = {
        "no-need": need <= 0,
        "need-unknown": np.isnan(need),
        "place-unknown": ~placed[:, None],
        "seats-unknown": ~known | (none & perhaps),
        "nothing-in-reach": none & ~reached,
        "no-seats-in-reach": none,
    }
    reason = np.select([np.broadcast_to(holds, need.shape) for holds in reasons.values()], list(reasons), "")
    return np.where(reason == "seats-unknown", np.nan, access), reason
