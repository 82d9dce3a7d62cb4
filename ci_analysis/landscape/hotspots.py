"""Hot spots: where areas and their neighbours stand out together, beyond what chance would place so."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

from ci_analysis.areas import population_centres
from ci_analysis.landscape.need import EVERYBODY, latest_figures, output_rows
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    from numpy.typing import NDArray

    from ci_analysis.issues import Profile

__all__ = ["FALSE_DISCOVERY_RATE", "MINIMUM_AREAS", "hotspots", "local_moran", "neighbours"]

#: With fewer areas, a permutation has too little to choose from for anything to stand out.
MINIMUM_AREAS = 10
#: A cluster is told where its q is at most this.
FALSE_DISCOVERY_RATE = 0.10
#: Neighbours of an area that touches none.
_NEAREST = 6
#: Degrees, about a metre: outlines that rounding has parted by less still touch.
_TOUCHING = 1e-5
#: Sums of the same figures in another order differ by less, and are the same.
_ROUNDING = 1e-9
#: The quadrants of Moran's scatter plot, as esda numbers them.
_CLUSTERS = ("high-high", "low-high", "low-low", "high-low")


def neighbours(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs of areas that are neighbours: those that touch, else the nearest.

    Areas are neighbours where their outlines share an edge or a corner (queen contiguity), within a metre or so, and
    also across the 180th meridian. An area that touches none, an island or one without an outline, has the 6 areas
    whose population centres are nearest; they need not have it.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        geoid, longitude, latitude (degrees) and outline (EPSG:4326), each of which may be missing.

    Returns
    -------
    pandas.DataFrame
        geoid, neighbour, basis (`touching` or `nearest`), sorted by geoid and neighbour. An area without a place, or
        alone, has no row.

    Examples
    --------
    >>> import geopandas as gpd
    >>> areas = gpd.GeoDataFrame(
    ...     {"geoid": ["a", "b", "island"], "longitude": np.nan, "latitude": np.nan},
    ...     geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2), shapely.box(5, 5, 6, 6)],
    ...     crs="EPSG:4326",
    ... )
    >>> neighbours(areas).values.tolist()
    [['a', 'b', 'touching'], ['b', 'a', 'touching'], ['island', 'a', 'nearest'], ['island', 'b', 'nearest']]
    """
    areas = areas.sort_values("geoid", ignore_index=True)
    touching = _touching(areas.geometry.to_numpy())
    alone = np.setdiff1d(np.arange(len(areas)), touching[:, 0])
    pairs = np.vstack([touching, _nearest(areas, alone)])
    geoids = areas["geoid"].to_numpy()
    result = pd.DataFrame(
        {
            "geoid": pd.Series(geoids[pairs[:, 0]], dtype="str"),
            "neighbour": pd.Series(geoids[pairs[:, 1]], dtype="str"),
            "basis": pd.Series(np.where(np.arange(len(pairs)) < len(touching), "touching", "nearest"), dtype="str"),
        }
    )
    return result.sort_values(["geoid", "neighbour"], ignore_index=True)


def _touching(outlines: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return pairs of positions whose outlines touch, in both directions."""
    tree = shapely.STRtree(outlines)
    pairs = tree.query(outlines, predicate="dwithin", distance=_TOUCHING)
    # One turn further east, what ends at 180 degrees west meets what ends at 180 degrees east.
    round_once = shapely.transform(outlines, lambda xy: xy + np.array([360.0, 0.0]))
    turned = tree.query(round_once, predicate="dwithin", distance=_TOUCHING)
    both = np.unique(np.hstack([pairs, turned, turned[::-1]]).T, axis=0)
    return both[both[:, 0] != both[:, 1]]


def _nearest(areas: gpd.GeoDataFrame, alone: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return pairs of positions: each of some areas with those whose centres are nearest, on the sphere."""
    centres = population_centres(areas)
    placed = np.flatnonzero(centres["basis"].notna())
    alone = np.intersect1d(alone, placed)
    if len(placed) < 2 or not len(alone):
        return np.empty((0, 2), dtype=np.intp)
    east, north = np.radians(centres[["longitude", "latitude"]].to_numpy()[placed].T)
    # Chords of the sphere stand in the order of its arcs.
    sphere = np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    asked = np.searchsorted(placed, alone)
    _, found = cKDTree(sphere).query(sphere[asked], k=min(_NEAREST + 1, len(placed)))
    other = found != asked[:, None]
    # The first 6 that are not the area itself; where many share one place, the area may not be among those found.
    kept = other & (np.cumsum(other, axis=1) <= _NEAREST)
    return np.column_stack([np.repeat(alone, kept.sum(axis=1)), placed[found[kept]]])


def local_moran(values: pd.Series, pairs: pd.DataFrame, *, seed: int, permutations: int = 999) -> pd.DataFrame:
    """Local Moran's I of each area, with the probability of as much by chance on either side.

    `I_i = z_i Σ_j z_j / n_i` over its `n_i` neighbours, with `z` the figures' distance from their mean in standard
    deviations; the mean of all `I_i` is Moran's I. The reference is what chance gives when the other areas' figures
    are dealt out anew, with the area's own left in place (conditional permutation). With `m` the permutations that
    give as much or more, or as little or less, whichever are fewer, `p = 2 (m + 1) / (permutations + 1)`, at most 1:
    an area that is more like its neighbours than chance has it and one that is less like them are both finds, so
    both sides count. Permutations that give just the same count on either side, so that many equal figures make no
    area stand out.

    Parameters
    ----------
    values : pandas.Series of float
        The figures by geoid, none missing, not all the same.
    pairs : pandas.DataFrame
        geoid, neighbour, as from `neighbours` of the same areas; each area has at least one.
    seed : int
        Seed of the permutations.
    permutations : int
        How many.

    Returns
    -------
    pandas.DataFrame
        local_i, p, cluster (the quadrant: the area, then its neighbours), neighbours (how many), by geoid, sorted.

    References
    ----------
    Anselin, L. (1995), 'Local indicators of spatial association: LISA', *Geographical Analysis* 27, 93-115.

    Examples
    --------
    >>> values = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0})
    >>> pairs = pd.DataFrame({"geoid": list("abbc"), "neighbour": list("bacb")})
    >>> local_moran(values, pairs, seed=1)["local_i"].to_list()  # z of b, and so the others' neighbour, is 0
    [0.0, 0.0, 0.0]
    """
    from esda.moran import Moran_Local
    from libpysal.graph import Graph

    values = values.sort_index()
    area, other = (values.index.get_indexer(pairs[c]) for c in ("geoid", "neighbour"))
    order = np.lexsort([other, area])
    graph = Graph.from_arrays(area[order], other[order], np.ones(len(order)))
    z = ((values - values.mean()) / values.std(ddof=0)).to_numpy()
    with _left_as_it_was():
        found = Moran_Local(z, graph, permutations=permutations, seed=seed % 2**32)
    more = (found.sim >= found.Is - _ROUNDING).sum(axis=0)
    less = (found.sim <= found.Is + _ROUNDING).sum(axis=0)
    return pd.DataFrame(
        {
            # esda divides the sum of squares by n - 1; by n, the mean is Moran's I. A minus zero becomes zero.
            "local_i": found.Is * len(z) / (len(z) - 1) + 0.0,
            "p": np.minimum(1.0, 2 * (np.minimum(more, less) + 1) / (permutations + 1)),
            "cluster": pd.Series([_CLUSTERS[q - 1] for q in found.q], index=values.index, dtype="str"),
            "neighbours": np.bincount(area, minlength=len(z)),
        },
        index=values.index,
    )


@contextmanager
def _left_as_it_was() -> Iterator[None]:
    """Keep what esda sets for the whole program as it was: numpy's old random numbers, and which warnings are shown."""
    state = np.random.get_state()  # noqa: NPY002  # the state that esda seeds is the old one
    # It divides by the spread of what it permutes, which is none for an area whose figure is the mean.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        # It advises a two-sided probability, which is worked out here from its permutations.
        warnings.filterwarnings("ignore", message="The alternative hypothesis", category=DeprecationWarning)
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002  # the same


def hotspots(
    gap: pd.DataFrame,
    affordability: pd.DataFrame,
    indicators: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    profile: Profile,
    *,
    as_of: dt.date,
    seed: int,
) -> pd.DataFrame:
    """Clusters of areas that stand out with or against their neighbours, by local Moran's I.

    For seats and access of each row of the gap, the share of income that a place takes by segment, and each
    indicator of the profile's catalogue of which more or less is better, in its latest period (`latest_figures`).
    An area whose figure is missing is left out before neighbours are told, and so is nobody's neighbour. `q` is the
    false discovery rate at which an area counts, over the areas of one variable and segment (Benjamini and Hochberg);
    `cluster` is told where it is at most 0.10. Two-sided probabilities from 999 permutations, see `local_moran`.

    Parameters
    ----------
    gap, affordability : pandas.DataFrame
        Output tables of those names.
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe.
    areas : geopandas.GeoDataFrame
        The study's areas: geoid, longitude, latitude (degrees) and outline (EPSG:4326).
    profile : Profile
        The issue, for its catalogue and the order of its segments.
    as_of : datetime.date
        The day the study speaks of.
    seed : int
        Seed of the permutations.

    Returns
    -------
    pandas.DataFrame
        Output table `hotspots`, by geoid, variable and segment; a row for each figure that is known. No rows for a
        variable and segment with fewer than 10 areas that have both a figure and a neighbour, or with the same
        figure in all. For an area without any neighbour, its place unknown, local_i is missing.

    References
    ----------
    Anselin (1995), see `local_moran`. Benjamini, Y. and Hochberg, Y. (1995), 'Controlling the false discovery rate',
    *Journal of the Royal Statistical Society B* 57, 289-300.

    Examples
    --------
    >>> import datetime as dt
    >>> import geopandas as gpd
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.tables import INPUTS
    >>> row = gpd.GeoDataFrame(
    ...     {"geoid": [f"{i:02}" for i in range(20)], "longitude": np.nan, "latitude": np.nan},
    ...     geometry=[shapely.box(i, 0, i + 1, 1) for i in range(20)],
    ...     crs="EPSG:4326",
    ... )
    >>> figures = pd.DataFrame({"geoid": row["geoid"], "segment": "all", "ratio": [0.0] * 10 + [1.0] * 10})
    >>> nothing = empty_frame(OUTPUTS["affordability"]), empty_frame(INPUTS["indicators"])
    >>> table = hotspots(
    ...     figures.assign(access=np.nan),
    ...     *nothing,
    ...     row,
    ...     load_profile("child-care"),
    ...     as_of=dt.date(2026, 6, 30),
    ...     seed=1,
    ... )
    >>> table["local_i"].round(9).to_list()[8:12]  # the two in the middle have a neighbour of either kind
    [1.0, 0.0, 0.0, 1.0]
    """
    table = OUTPUTS["hotspots"]
    figures = _figures(gap, affordability, indicators, areas, profile, as_of)
    figures = figures[figures["value"].notna() & figures["geoid"].isin(areas["geoid"])]
    paired: dict[frozenset[str], pd.DataFrame] = {}
    made = []
    for _, rows in figures.groupby(["variable", "segment"], sort=True):
        # Most variables are known for the same areas.
        known = frozenset(rows["geoid"])
        if known not in paired:
            paired[known] = neighbours(areas[areas["geoid"].isin(known)])
        made += [_stand_out(rows, paired[known], seed)]
    if not any(map(len, made)):
        return empty_frame(table)
    result = pd.concat([m for m in made if len(m)], ignore_index=True)
    place = {segment: i for i, segment in enumerate(output_rows(profile))}
    result = result.assign(_at=result["segment"].map(place).fillna(len(place)))
    result = result.sort_values(["geoid", "variable", "_at", "segment"], kind="stable")
    return conform(result[table.names], table)


def _stand_out(rows: pd.DataFrame, pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one variable's rows with what local Moran's I says of them; none where there is too little to say."""
    values = rows.set_index("geoid")["value"]
    joined = values[values.index.isin(pairs["geoid"])]
    if len(joined) < MINIMUM_AREAS or np.ptp(joined) <= _ROUNDING * np.abs(joined).max():
        return rows.iloc[:0]
    found = local_moran(joined, pairs, seed=seed)
    found["q"] = false_discovery_control(found["p"])
    found["cluster"] = found["cluster"].where(found["q"] <= FALSE_DISCOVERY_RATE + _ROUNDING)
    result = rows.merge(found, left_on="geoid", right_index=True, how="left")
    return result.assign(neighbours=result["neighbours"].fillna(0))  # counted: an area without a place has none


def _figures(
    gap: pd.DataFrame,
    affordability: pd.DataFrame,
    indicators: pd.DataFrame,
    areas: pd.DataFrame,
    profile: Profile,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return every figure that is looked at: geoid, variable, segment, period, value."""
    found = [gap[["geoid", "segment"]].assign(variable=c, value=gap[c]) for c in ("ratio", "access")]
    found.append(affordability[["geoid", "segment"]].assign(variable="price_share", value=affordability["share"]))
    for entry in profile.indicators:
        if entry.direction != "neither":
            latest = latest_figures(indicators, entry.name, areas=areas, as_of=as_of)
            found.append(latest[["geoid", "segment", "value", "period"]].assign(variable=entry.name))
    every = [f.assign(period=f.get("period"), segment=f["segment"].astype("str")) for f in found if len(f)]
    if not every:
        return pd.DataFrame(columns=["geoid", "variable", "segment", "period", "value"])
    result = pd.concat([f.astype({"period": "str", "value": "float64"}) for f in every], ignore_index=True)
    return result.assign(segment=result["segment"].fillna(EVERYBODY))
