"""The areas of a study: their outlines, built in or the study's own."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from shapely import make_valid, union_all

from ci_analysis.tables import Fault

__all__ = [
    "CHANGED_COUNTIES",
    "DIGITS",
    "OUTLINES_SOURCE",
    "areas_at",
    "county_change",
    "county_outlines",
    "geoid_advice",
    "known_counties",
    "miles_between",
    "miles_outside",
    "misplaced",
    "overlaps",
    "population_centres",
    "read_outlines",
    "replaced_together",
    "with_outlines",
]

#: Digits of an area's Census identifier, by level; 0 where the study makes its own.
DIGITS = {"county": 5, "tract": 11, "block-group": 12, "zcta": 5, "custom": 0}
OUTLINES_SOURCE = "U.S. Census Bureau, cartographic boundary files, 2023, by way of us-atlas"
_OUTLINES = "us-counties-2023.json"
_REGIONS = tuple(f"09{region}" for region in range(110, 200, 10))
_CONNECTICUT = ("Fairfield", "Hartford", "Litchfield", "Middlesex", "New Haven", "New London", "Tolland", "Windham")
#: Counties that the Census Bureau has given up, by their code: name, year, and the codes that took their place.
CHANGED_COUNTIES = MappingProxyType(
    {
        **{f"09{1 + 2 * i:03d}": (name, 2022, _REGIONS) for i, name in enumerate(_CONNECTICUT)},
        "02261": ("Valdez-Cordova", 2019, ("02063", "02066")),
        "02270": ("Wade Hampton", 2015, ("02158",)),
        "46113": ("Shannon", 2015, ("46102",)),
        "51515": ("Bedford city", 2013, ("51019",)),
    }
)
#: A point farther than this from the study is looked at again, and one that would lie as near as this is meant.
FAR_MILES, NEAR_MILES = 100.0, 25.0
_EARTH_RADIUS_MILES = 3958.7613
#: Degrees between the points of an outline to which distances are measured.
_STEP = 0.25


@cache
def _all_counties() -> gpd.GeoDataFrame:
    with as_file(files(__package__) / "outlines" / _OUTLINES) as path:
        counties = pyogrio.read_dataframe(path, layer="counties")
    counties = counties.rename(columns={"id": "geoid"}).sort_values("geoid", ignore_index=True)
    # The boundary files are NAD83; at this scale (10 m simplification) it is the same as WGS 84.
    return counties[["geoid", "name", "geometry"]].set_crs("EPSG:4326", allow_override=True)


def known_counties() -> pd.Series:
    """Return the name of every US county of 2023, by its five-digit identifier.

    Examples
    --------
    >>> known_counties()["08001"]
    'Adams'
    """
    return _all_counties().set_index("geoid")["name"]


def county_outlines(counties: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the outlines of states' and counties' counties.

    Parameters
    ----------
    counties : sequence of str
        FIPS codes: two digits for all counties of a state, five for one county.

    Returns
    -------
    geopandas.GeoDataFrame
        geoid, name and geometry (EPSG:4326), sorted by geoid; codes without an outline have no row.

    Examples
    --------
    >>> len(county_outlines(["08"]))
    64
    """
    every = _all_counties()
    chosen = every[every["geoid"].str[:2].isin(counties) | every["geoid"].isin(counties)].reset_index(drop=True)
    return chosen.assign(geometry=_polygons(chosen.geometry))


def with_outlines(areas: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return areas with the built-in county outlines; an area without one has no geometry.

    Parameters
    ----------
    areas : pandas.DataFrame
        With a column `geoid`.
    """
    outlines = county_outlines(tuple(areas["geoid"].dropna()))
    geometry = outlines.set_index("geoid").geometry.reindex(areas["geoid"]).to_numpy()
    return gpd.GeoDataFrame(areas, geometry=gpd.GeoSeries(geometry, index=areas.index, crs="EPSG:4326"))


def read_outlines(path: Path) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return what a GeoJSON, GeoPackage or GeoParquet file holds, in EPSG:4326.

    An outline that crosses the 180th meridian, however it is written, becomes one in parts on both sides of it. An
    outline that crosses itself is made valid; of a collection, the polygons count.

    Parameters
    ----------
    path : pathlib.Path
        The file, by its ending.

    Returns
    -------
    areas : geopandas.GeoDataFrame
        All columns as text or numbers, and valid polygons between longitudes -180 and 180.
    faults : list of Fault
        Outlines that hold no area, by position.

    Raises
    ------
    ValueError
        With a clause that says what is wrong: not readable, no coordinate reference system, not polygons, not degrees.
    """
    try:
        # A ring that is not closed is closed; the reader warns of it, and there is nothing to do about it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.suffix == ".parquet":
                areas = gpd.read_parquet(path)
            else:
                areas = gpd.read_file(path, engine="pyogrio", on_invalid="fix")
    except Exception as error:  # the readers raise many kinds; whichever it is, the file cannot be read
        raise ValueError(f"the file cannot be read ({' '.join(str(error).split())[:200]})") from None
    if not isinstance(areas, gpd.GeoDataFrame):
        raise ValueError("the file has no geometry")
    if areas.crs is None:
        raise ValueError("the file does not name its coordinate reference system")
    kinds = set(areas.geometry.geom_type.dropna())
    if not kinds <= {"Polygon", "MultiPolygon", "GeometryCollection"}:
        raise ValueError(f"the file holds {', '.join(sorted(kinds))} where polygons are expected")
    attributes = pd.DataFrame(areas.drop(columns=areas.geometry.name))
    shapes = areas.geometry.to_crs("EPSG:4326")
    _refuse_beyond_the_globe(shapes)
    whole = _polygons(_mended(_in_one_turn(shapes)))
    empty = np.flatnonzero(areas.geometry.notna().to_numpy() & whole.isna().to_numpy())
    faults = [
        Fault(int(i), "its outline holds no area", "draw its polygon again, or leave the outline out", "outline")
        for i in empty
    ]
    return gpd.GeoDataFrame(attributes, geometry=whole), faults


def _refuse_beyond_the_globe(shapes: gpd.GeoSeries) -> None:
    xy = shapely.get_coordinates(shapes.array)
    if not len(xy):
        return
    if not np.isfinite(xy).all():
        raise ValueError("coordinates are no numbers, or cannot be read in the reference system that the file names")
    # A whole turn is left for outlines that count on beyond the 180th meridian.
    longitude, latitude = np.abs(xy).max(axis=0)
    if longitude <= 90.001 and 90.001 < latitude <= 180.001:
        raise ValueError("longitude and latitude look exchanged: there are latitudes beyond 90 degrees")
    if longitude > 360.001 or latitude > 90.001:
        raise ValueError("coordinates lie outside the globe: they are not in the reference system that the file names")


def _in_one_turn(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return outlines between longitudes -180 and 180; one that crosses the 180th meridian is cut there."""
    west, _, east, _ = shapes.bounds.to_numpy().T
    asked = (west < -180) | (east > 180) | (east - west > 180)
    if not asked.any():
        return shapes
    turned = shapes.copy()
    turned[asked] = [_cut(shape) for shape in shapes[asked]]
    return turned


def _cut(shape: shapely.Geometry) -> shapely.Geometry:
    polygons = [p for p in shapely.get_parts(shapely.get_parts(shape)) if p.geom_type == "Polygon"]
    pieces = []
    for polygon in polygons:
        shell = _unwrapped(polygon.exterior)
        middle = (shell.bounds[0] + shell.bounds[2]) / 2
        holes = [_unwrapped(ring, about=middle) for ring in polygon.interiors]
        whole = _anew(shapely.Polygon(shell, holes))
        for turn in range(-2, 3):
            piece = shapely.intersection(whole, shapely.box(360 * turn - 180, -90.1, 360 * turn + 180, 90.1))
            pieces.append(shapely.transform(piece, lambda xy, turn=turn: xy - (360 * turn, 0)))
    parts = [p for p in shapely.get_parts(pieces) if p.geom_type in ("Polygon", "MultiPolygon")]
    return union_all(parts)


def _unwrapped(ring: shapely.LinearRing, about: float | None = None) -> shapely.LinearRing:
    """Return a ring without jumps from one side of the 180th meridian to the other."""
    xy = shapely.get_coordinates(ring)
    xy[:, 0] = np.unwrap(xy[:, 0], period=360)
    if about is not None:
        xy[:, 0] -= 360 * np.round((xy[:, 0].mean() - about) / 360)
    return shapely.LinearRing(xy)


def _polygons(outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return outlines made valid, of polygons alone; one that holds no area is missing, and not an empty shape."""
    valid = gpd.GeoSeries(make_valid(outlines.array), index=outlines.index, crs=outlines.crs)
    mixed = valid.geom_type == "GeometryCollection"
    if mixed.any():
        parts = valid[mixed].explode()
        parts = parts[parts.geom_type.isin(["Polygon", "MultiPolygon"])]
        valid[mixed] = parts.groupby(level=0).agg(lambda shapes: union_all(shapes.to_numpy()))
    return valid.where(valid.geom_type.isin(["Polygon", "MultiPolygon"]) & ~valid.is_empty, None)


def _mended(outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return outlines of which the broken ones are made anew: what their shells hold, less what their holes hold.

    Of a collection, the polygons count: points and lines hold no area.
    """
    shapes = outlines.to_numpy()
    asked = (shapely.get_type_id(shapes) == 7) | (~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    mended = outlines.copy()
    mended[asked] = [_anew(shape) for shape in shapes[asked]]
    return mended


def _anew(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [p for p in shapely.get_parts(shapely.get_parts(shape)) if p.geom_type == "Polygon"]
    shells = [make_valid(shapely.Polygon(p.exterior)) for p in parts]
    holes = [union_all([make_valid(shapely.Polygon(h)) for h in p.interiors]) for p in parts]
    return union_all(shapely.difference(shells, holes)) if parts else shapely.MultiPolygon()


# --- where places lie ------------------------------------------------------------------------------------------------


def areas_at(longitude: pd.Series, latitude: pd.Series, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return every area that holds each point, edges included.

    Parameters
    ----------
    longitude, latitude : pandas.Series of float
        Degrees, on one index; a missing one is in no area.
    areas : geopandas.GeoDataFrame
        geoid and outline (EPSG:4326), which may be missing.

    Returns
    -------
    pandas.DataFrame
        geoid and position (of the point, counted from 0), by position and geoid.

    Examples
    --------
    >>> squares = gpd.GeoDataFrame({"geoid": ["02", "01"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> areas_at(pd.Series([1.0, 0.5, 9.0]), pd.Series([0.5, 0.5, 0.5]), squares).values.tolist()
    [['01', 0], ['02', 0], ['02', 1]]
    """
    known = np.flatnonzero((longitude.notna() & latitude.notna()).to_numpy())
    points = shapely.points(longitude.to_numpy()[known], latitude.to_numpy()[known])
    point, outline = shapely.STRtree(areas.geometry.to_numpy()).query(points, predicate="intersects")
    found = pd.DataFrame({"geoid": areas["geoid"].to_numpy()[outline], "position": known[point]})
    return found.sort_values(["position", "geoid"], ignore_index=True)


def miles_outside(longitude: pd.Series, latitude: pd.Series, shapes: Iterable[shapely.Geometry]) -> NDArray[np.float64]:
    """Great-circle miles from each point to the nearest of some outlines or points, within a few miles; 0 inside.

    Parameters
    ----------
    longitude, latitude : pandas.Series of float
        Degrees, none missing.
    shapes : iterable of shapely.Geometry
        Polygons and points, in degrees; missing ones are passed over.

    Returns
    -------
    numpy.ndarray of float
        Miles; infinite where there are no shapes.

    Examples
    --------
    >>> home = shapely.box(-105, 39, -104, 40)
    >>> miles_outside(pd.Series([-104.5, -104.5]), pd.Series([39.5, 41.0]), [home]).round().tolist()
    [0.0, 69.0]
    """
    from scipy.spatial import cKDTree

    there = np.array([s for s in shapes if s is not None and not s.is_empty], dtype=object)
    x, y = longitude.to_numpy(dtype="float64"), latitude.to_numpy(dtype="float64")
    miles = np.full(len(x), np.inf)
    if not len(there) or not len(x):
        return miles
    edges = shapely.get_coordinates(shapely.segmentize(there, _STEP))
    chord = cKDTree(_on_sphere(edges[:, 0], edges[:, 1])).query(_on_sphere(x, y))[0]
    miles = 2 * _EARTH_RADIUS_MILES * np.arcsin(np.minimum(chord / 2, 1))
    miles[np.unique(shapely.STRtree(there).query(shapely.points(x, y), predicate="intersects")[0])] = 0
    return miles


def _on_sphere(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = np.radians(longitude), np.radians(latitude)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])


def miles_between(ones: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.float64]:
    """Great-circle miles from each of some points to each of others, on a sphere of radius 3,958.7613 miles.

    Parameters
    ----------
    ones, others : pandas.DataFrame
        longitude, latitude (degrees).

    Returns
    -------
    numpy.ndarray of float
        Miles: a row for each of `ones` and a column for each of `others`; missing where either has no point.

    Examples
    --------
    >>> home = pd.DataFrame({"longitude": [179.5], "latitude": [0.0]})
    >>> away = pd.DataFrame({"longitude": [179.5, -179.5], "latitude": [1.0, 0.0]})
    >>> miles_between(home, away).round(2).tolist()  # a degree each: of latitude, and over the 180th meridian
    [[69.09, 69.09]]
    """
    from_, to = (_on_sphere(*p[["longitude", "latitude"]].to_numpy(dtype="float64").T) for p in (ones, others))
    chord = np.sqrt(((from_[:, None, :] - to[None, :, :]) ** 2).sum(axis=2))
    return 2 * _EARTH_RADIUS_MILES * np.arcsin(np.minimum(chord / 2, 1))


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


def misplaced(longitude: pd.Series, latitude: pd.Series, shapes: Iterable[shapely.Geometry]) -> pd.DataFrame:
    """Say which points are far from a study, and would lie in it if they were written another way.

    A point more than 100 miles away is `exchanged` where its longitude and latitude, exchanged, lie within 25 miles;
    `sign` where it lies so with the other sign of its longitude; `both` where both are needed; `zero` at (0, 0).

    Parameters
    ----------
    longitude, latitude : pandas.Series of float
        Degrees, on one index; missing ones are passed over.
    shapes : iterable of shapely.Geometry
        The study's outlines and centres, in degrees.

    Returns
    -------
    pandas.DataFrame
        fault, longitude and latitude (as they were likely meant), miles (how far the given point is); a row for each
        point that is more than 100 miles away, on its index; fault is empty where no other way of writing it helps.

    Examples
    --------
    >>> shapes = [shapely.box(-86, 38, -85, 39)]
    >>> wrong = misplaced(pd.Series([38.2, 85.7, -80.0, -85.7]), pd.Series([-85.7, 38.2, 35.0, 38.2]), shapes)
    >>> wrong[["fault", "longitude", "latitude"]].values.tolist()
    [['exchanged', -85.7, 38.2], ['sign', -85.7, 38.2], ['', -80.0, 35.0]]
    """
    shapes = list(shapes)
    given = pd.DataFrame({"longitude": longitude, "latitude": latitude}).astype("float64").dropna()
    given["miles"] = miles_outside(given["longitude"], given["latitude"], shapes)
    far = given[np.isfinite(given["miles"]) & (given["miles"] > FAR_MILES)].assign(fault="")
    x, y = far["longitude"], far["latitude"]
    far.loc[(x == 0) & (y == 0), "fault"] = "zero"
    for fault, east, north in (("sign", -x, y), ("exchanged", y, x), ("both", -y, x)):
        meant = miles_outside(east, north.clip(-90, 90), shapes) <= NEAR_MILES
        meant &= north.between(-90, 90).to_numpy() & far["fault"].eq("").to_numpy()
        far.loc[meant, "fault"] = fault
        far.loc[meant, "longitude"], far.loc[meant, "latitude"] = east[meant], north[meant]
    return far[["fault", "longitude", "latitude", "miles"]]


def overlaps(areas: gpd.GeoDataFrame, *, least: float = 0.01) -> pd.DataFrame:
    """Return the pairs of areas whose outlines overlap, and by how much of the smaller.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        geoid and outline (EPSG:4326), which may be missing.
    least : float
        Share of the smaller outline, 0 to 1, from which on an overlap is more than a sliver between two edges.

    Returns
    -------
    pandas.DataFrame
        first and second (positions, counted from 0), share (of the smaller outline).

    Examples
    --------
    >>> shapes = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)]
    >>> overlaps(gpd.GeoDataFrame({"geoid": ["1", "2", "3"]}, geometry=shapes)).values.tolist()
    [[0.0, 1.0, 1.0]]
    """
    shapes = areas.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    # A degree is as long for both of a pair: no projection is needed for a share.
    size = shapely.area(shapes)
    share = shapely.area(shapely.intersection(shapes[first], shapes[second])) / np.minimum(size[first], size[second])
    pairs = pd.DataFrame({"first": first, "second": second, "share": share})
    return pairs[pairs["share"] >= least].sort_values(["first", "second"], ignore_index=True)


# --- identifiers -----------------------------------------------------------------------------------------------------


def county_change(geoid: str) -> str:
    """Return the clause that says what became of a county, for its code or that of an area in it; else nothing.

    Examples
    --------
    >>> county_change("46113")
    'Shannon (46113) became Oglala Lakota (46102) in 2015'
    >>> county_change("08001")
    ''
    """
    old = geoid[:5]
    if old not in CHANGED_COUNTIES:
        return ""
    name, year, new = CHANGED_COUNTIES[old]
    if new == _REGIONS:
        return f"Connecticut's eight counties, {name} ({old}) among them, gave way to nine planning regions (09110 to 09190) in {year}"  # noqa: E501 - one sentence
    names = " and ".join(f"{known_counties()[code]} ({code})" for code in new)
    if old == "51515":
        return f"{name} ({old}) became a part of {names} in {year}"
    return f"{name} ({old}) became {names} in {year}"


def replaced_together(geoids: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of a county that the Census Bureau gave up and one that took its place, where both are named.

    Examples
    --------
    >>> replaced_together(["09001", "09190", "08001"])
    [('09001', '09190')]
    """
    there = sorted({geoid[:5] for geoid in geoids})
    # Bedford County was there before it took in the city.
    old = [code for code in there if code in CHANGED_COUNTIES and code != "51515"]
    both = [(code, [new for new in there if new in CHANGED_COUNTIES[code][2]]) for code in old]
    return [(code, new[-1]) for code, new in both if new]


#: What an identifier of so many digits is, and the level that a study of them has.
_KINDS = {5: ("county", "county"), 11: ("tract", "tract"), 12: ("block group", "block-group")}


def geoid_advice(word: str, known: Collection[str], level: str) -> str:
    """Return what to do about an identifier that is none of the study's areas: the likely one, where there is one.

    Parameters
    ----------
    word : str
        As the cell has it.
    known : collection of str
        The study's areas.
    level : str
        The study's level.

    Examples
    --------
    >>> geoid_advice("8001", ["08001"], "county")
    "write '08001', with its leading zero"
    >>> geoid_advice("8.001E3", ["08001"], "county")
    "write '08001': a spreadsheet has made a number of it"
    """
    digits = DIGITS[level]
    if f"0{word}" in known:
        return f"write '0{word}', with its leading zero"
    if (tail := re.fullmatch(r"[0-9]{7}US(\w+)", word)) and tail[1] in known:
        return f"write '{tail[1]}', without what stands before it"
    if re.fullmatch(r"[0-9](\.[0-9]*)?[eE]\+?[0-9]{1,2}|[0-9]+\.0*", word):
        meant = f"{round(float(word)):0{digits}d}"
        lost = "a spreadsheet has made a number of it"
        return f"write '{meant}': {lost}" if meant in known else f"{lost}: take it from its source again, as text"
    coded = level in ("county", "tract", "block-group")
    if coded and (change := county_change(word)):
        new = CHANGED_COUNTIES[word[:5]][2]
        if len(new) == 1 and word != new[0] and new[0] + word[5:] in known and word[:5] != "51515":
            return f"write '{new[0] + word[5:]}': {change}"
        return f"{change}: bring figures of the areas of today, or outlines of those before; none are shared out here"
    if coded and any(word[:5] in new for _, _, new in CHANGED_COUNTIES.values()):
        old = next((k for k in known if k[:5] in CHANGED_COUNTIES and word[:5] in CHANGED_COUNTIES[k[:5]][2]), "")
        if old:
            return f"{county_change(old)}: bring figures of the areas that the study has; none are shared out here"
    full = word if len(word) in _KINDS else f"0{word}"
    kind = _KINDS.get(len(full)) if word.isdigit() and coded else None
    if kind and kind[1] != level:
        if len(full) > digits and full[:digits] in known:
            return (
                f"it is a {kind[0]}, and the study's level is {level}: add such figures up to '{full[:digits]}', "
                f"or write `level: {kind[1]}` in study.yaml and bring areas of that level"
            )
        if len(full) < digits and any(k.startswith(full) for k in known):
            return f"it is a {kind[0]}, and the study's level is {level}: bring figures of that level"
    return "mend it, or add its area to the study"
