"""Seats within reach: the enhanced two-step floating catchment area method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from ci_analysis.landscape.supply import facility_seats, known_rows, seats_by_row

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from ci_analysis.issues import Profile

__all__ = [
    "EARTH_RADIUS_MILES",
    "area_access",
    "catchment_access",
    "distance_weights",
    "population_centres",
    "travel_weights",
]

#: Mean radius of the Earth, 6,371.0088 km (IUGG), in miles.
EARTH_RADIUS_MILES = 3958.7613
#: Miles by which rounding may put a facility beyond a band's end that it stands on: two thousandths of a millimetre.
_ROUNDING_MILES = 1e-9

_Bands = Sequence[tuple[float, float]]


def population_centres(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Point from which the people of each area set out.

    The area's longitude and latitude (its population-weighted centre) where known, else a point on its surface.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        geoid, longitude, latitude (degrees) and outline (EPSG:4326), each of which may be missing.

    Returns
    -------
    pandas.DataFrame
        geoid, longitude, latitude, basis (`centre`, `point-on-surface`, or missing where neither is known), on the
        index of `areas`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> square = gpd.GeoDataFrame(
    ...     {"geoid": ["01"], "longitude": [np.nan], "latitude": [np.nan]},
    ...     geometry=[shapely.box(0, 0, 2, 2)],
    ...     crs="EPSG:4326",
    ... )
    >>> population_centres(square).values.tolist()
    [['01', 1.0, 1.0, 'point-on-surface']]
    """
    given = areas[["longitude", "latitude"]].notna().all(axis=1)
    outlines = areas.geometry.to_numpy()
    inside = shapely.point_on_surface(outlines)
    basis = np.select([given, ~shapely.is_missing(outlines)], ["centre", "point-on-surface"], "")
    return pd.DataFrame(
        {
            "geoid": areas["geoid"],
            "longitude": areas["longitude"].where(given, shapely.get_x(inside)),
            "latitude": areas["latitude"].where(given, shapely.get_y(inside)),
            "basis": pd.Series(basis, index=areas.index, dtype="str").where(basis != ""),
        }
    )


def _on_sphere(places: pd.DataFrame) -> NDArray[np.float64]:
    """Return points on the sphere of radius 1."""
    longitude, latitude = np.radians(places["longitude"].to_numpy()), np.radians(places["latitude"].to_numpy())
    return np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )


def _band_weights(distance: NDArray[np.float64], bands: _Bands) -> NDArray[np.float64]:
    """Return the weight of the band that a distance falls in; upper ends are included, 0 is beyond the last."""
    limits, weights = np.array([*bands, (np.inf, 0.0)], dtype="float64").T
    return weights[np.searchsorted(limits, distance, side="left")]


def distance_weights(centres: pd.DataFrame, facilities: pd.DataFrame, bands: _Bands) -> pd.DataFrame:
    """Weight of each facility within reach of each area, by great-circle miles.

    Parameters
    ----------
    centres : pandas.DataFrame
        geoid, longitude, latitude (degrees); one without a point reaches nothing.
    facilities : pandas.DataFrame
        facility_id, longitude, latitude (degrees); likewise.
    bands : sequence of (float, float)
        Miles up to (included), and weight; outward.

    Returns
    -------
    pandas.DataFrame
        geoid, facility_id, miles, weight; a row for each pair within the last band, by geoid and facility_id.

    Examples
    --------
    >>> home = pd.DataFrame({"geoid": ["01"], "longitude": [0.0], "latitude": [0.0]})
    >>> centers = pd.DataFrame({"facility_id": ["near", "far"], "longitude": [0.0, 0.1], "latitude": [0.0, 0.0]})
    >>> distance_weights(home, centers, [(5, 1.0), (10, 0.68)]).round(2).values.tolist()
    [['01', 'far', 6.91, 0.68], ['01', 'near', 0.0, 1.0]]
    """
    centres = centres.dropna(subset=["longitude", "latitude"])
    facilities = facilities.dropna(subset=["longitude", "latitude"])
    # A chord of the unit sphere stands for its arc; half way round is the farthest that there is.
    farthest = min((bands[-1][0] + _ROUNDING_MILES) / EARTH_RADIUS_MILES, np.pi)
    trees = cKDTree(_on_sphere(centres)), cKDTree(_on_sphere(facilities))
    pairs = trees[0].sparse_distance_matrix(trees[1], 2 * np.sin(farthest / 2) + 1e-12, output_type="ndarray")
    miles = 2 * EARTH_RADIUS_MILES * np.arcsin(np.minimum(pairs["v"] / 2, 1))
    result = pd.DataFrame(
        {
            "geoid": centres["geoid"].to_numpy()[pairs["i"]],
            "facility_id": facilities["facility_id"].to_numpy()[pairs["j"]],
            "miles": miles,
            "weight": _band_weights(miles - _ROUNDING_MILES, bands),
        }
    )
    return result[result["weight"] > 0].sort_values(["geoid", "facility_id"]).reset_index(drop=True)


def travel_weights(travel: pd.DataFrame, bands: _Bands) -> pd.DataFrame:
    """Weight of each facility within reach of each area, by minutes.

    Parameters
    ----------
    travel : pandas.DataFrame
        geoid, facility_id, minutes (one way); a pair that is not there is out of reach.
    bands : sequence of (float, float)
        Minutes up to (included), and weight; outward.

    Returns
    -------
    pandas.DataFrame
        geoid, facility_id, minutes, weight; a row for each pair within the last band, by geoid and facility_id.

    Examples
    --------
    >>> trips = pd.DataFrame({"geoid": "01", "facility_id": ["a", "b"], "minutes": [10.0, 30.5]})
    >>> travel_weights(trips, [(10, 1.0), (30, 0.5)]).values.tolist()
    [['01', 'a', 10.0, 1.0]]
    """
    known = travel.loc[travel["minutes"].notna(), ["geoid", "facility_id", "minutes"]]
    result = known.assign(weight=_band_weights(known["minutes"].to_numpy(), bands))
    return result[result["weight"] > 0].sort_values(["geoid", "facility_id"]).reset_index(drop=True)


def catchment_access(demand: pd.Series, supply: pd.Series, weights: pd.DataFrame) -> pd.Series:
    """Seats within reach for each person, by the enhanced two-step floating catchment area method.

    First, seats a person in the catchment of each facility: `R_j = S_j / Σ_i w_ij P_i`. Then, for each area, the
    sum over the facilities within its reach: `A_i = Σ_j w_ij R_j`. Every seat of a facility that reaches anyone is
    shared out: `Σ A_i P_i = Σ S_j`.

    Parameters
    ----------
    demand : pandas.Series of float
        People `P_i`, indexed by geoid.
    supply : pandas.Series of float
        Seats `S_j`, indexed by facility_id, wherever the facilities are.
    weights : pandas.DataFrame
        geoid, facility_id, weight, as from `distance_weights` or `travel_weights`.

    Returns
    -------
    pandas.Series of float
        Named access, seats a person, on the index of `demand`: 0 where no seat reaches the area; missing where its
        demand is zero or missing, and such an area takes no part in the others' either.

    References
    ----------
    Luo, W. and Qi, Y. (2009), 'An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians', *Health & Place* 15, 1100-1107.

    Examples
    --------
    >>> demand, supply = pd.Series({"near": 100.0, "far": 50.0, "beyond": 10.0}), pd.Series({"center": 67.0})
    >>> weights = pd.DataFrame({"geoid": ["near", "far"], "facility_id": "center", "weight": [1.0, 0.68]})
    >>> catchment_access(demand, supply, weights).to_list()  # 67 seats for 100 + 0.68 × 50 people
    [0.5, 0.34, 0.0]
    """
    people = np.where(demand > 0, demand, 0.0).astype("float64")
    area, facility = demand.index.get_indexer(weights["geoid"]), supply.index.get_indexer(weights["facility_id"])
    used = (area >= 0) & (facility >= 0)
    reach = csr_array(
        (weights["weight"].to_numpy()[used], (area[used], facility[used])), shape=(len(demand), len(supply))
    )
    in_catchment = reach.T @ people
    # A facility that nobody can reach shares its seats with nobody.
    per_person = np.divide(supply.to_numpy(), in_catchment, out=np.zeros(len(supply)), where=in_catchment > 0)
    return pd.Series(reach @ per_person, index=demand.index, name="access").where(demand > 0)


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
    """Usable seats within reach for each person in need, for every area and row of the gap.

    Each row sets its need against all usable seats that count for it. A facility outside every area takes part.

    Parameters
    ----------
    need : pandas.DataFrame
        As from `need_estimates`.
    capacity, facilities : pandas.DataFrame
        The study's tables.
    areas : geopandas.GeoDataFrame
        The study's areas: geoid, longitude, latitude (degrees), outline (EPSG:4326).
    profile : Profile
        The issue, for its segments and groups.
    bands : sequence of (float, float)
        Miles, or minutes where `travel` has rows, up to (included), and weight; outward.
    travel : pandas.DataFrame, optional
        geoid, facility_id, minutes; with rows, it takes the place of straight-line miles.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, access; a row for each of `need`. 0 where nothing within reach has a seat. Missing where
        need is zero or missing, where the area's place is unknown (no point and no outline, or never named in
        `travel`), and in rows whose seats are unknown (see `known_rows`).

    References
    ----------
    Luo and Qi (2009); see `catchment_access`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from ci_analysis.issues import load_profile
    >>> areas = gpd.GeoDataFrame(
    ...     {"geoid": ["01"], "longitude": [0.0], "latitude": [0.0]}, geometry=[None], crs="EPSG:4326"
    ... )
    >>> need = pd.DataFrame({"geoid": ["01"], "segment": ["preschool"], "need": [40.0]})
    >>> facilities = pd.DataFrame({"facility_id": ["a"], "longitude": [0.0], "latitude": [0.01]})
    >>> capacity = pd.DataFrame({"facility_id": ["a"], "segment": ["preschool"], "licensed": [20.0]}).assign(
    ...     low=np.nan, high=np.nan, usable=np.nan
    ... )
    >>> access = area_access(need, capacity, facilities, areas, load_profile("child-care"), bands=[(5, 1.0)])
    >>> access.values.tolist()
    [['01', 'preschool', 0.5]]
    """
    if travel is not None and len(travel):
        weights, located = travel_weights(travel, bands), travel["geoid"]
    else:
        centres = population_centres(areas)
        weights = distance_weights(centres, facilities, bands)
        located = centres.loc[centres["basis"].notna(), "geoid"]
    usable = seats_by_row(facility_seats(capacity), "facility_id", profile)["usable"]
    result = need[["geoid", "segment"]].assign(access=np.nan)
    placed = need["geoid"].isin(located)
    for row in known_rows(capacity, profile):
        here = need["segment"].eq(row)
        demand = need.loc[here].set_index("geoid")["need"].where(placed[here].to_numpy())
        supply = usable[usable.index.get_level_values("row") == row].droplevel("row")
        result.loc[here, "access"] = catchment_access(demand, supply, weights).to_numpy()
    return result
