"""The areas of a study: their outlines, built in or the study's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from shapely import make_valid, union_all

__all__ = ["DIGITS", "OUTLINES_SOURCE", "county_outlines", "known_counties", "read_outlines", "with_outlines"]

#: Digits of an area's Census identifier, by level; 0 where the study makes its own.
DIGITS = {"county": 5, "tract": 11, "block-group": 12, "zcta": 5, "custom": 0}
OUTLINES_SOURCE = "U.S. Census Bureau, cartographic boundary files, 2023, by way of us-atlas"
_OUTLINES = "us-counties-2023.json"


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
    geometry = areas["geoid"].map(outlines.set_index("geoid").geometry)
    return gpd.GeoDataFrame(areas, geometry=gpd.GeoSeries(geometry, index=areas.index, crs="EPSG:4326"))


def read_outlines(path: Path) -> gpd.GeoDataFrame:
    """Return what a GeoJSON, GeoPackage or GeoParquet file holds, in EPSG:4326.

    Parameters
    ----------
    path : pathlib.Path
        The file, by its ending.

    Returns
    -------
    geopandas.GeoDataFrame
        All columns as text or numbers, and valid geometry.

    Raises
    ------
    ValueError
        With a clause that says what is wrong: not readable, no coordinate reference system, not polygons.
    """
    try:
        areas = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path, engine="pyogrio")
    except Exception as error:  # the readers raise many kinds; whichever it is, the file cannot be read
        raise ValueError(f"the file cannot be read ({' '.join(str(error).split())[:200]})") from None
    if not isinstance(areas, gpd.GeoDataFrame):
        raise ValueError("the file has no geometry")
    if areas.crs is None:
        raise ValueError("the file does not name its coordinate reference system")
    kinds = set(areas.geometry.geom_type.dropna())
    if not kinds <= {"Polygon", "MultiPolygon"}:
        raise ValueError(f"the file holds {', '.join(sorted(kinds))} where polygons are expected")
    areas = areas.to_crs("EPSG:4326")
    bounds = areas.total_bounds
    if (
        len(areas)
        and np.isfinite(bounds).all()
        and (abs(bounds[[0, 2]]).max() > 180.001 or abs(bounds[[1, 3]]).max() > 90.001)
    ):
        raise ValueError("coordinates lie outside the globe: they are not in the reference system that the file names")
    attributes = pd.DataFrame(areas.drop(columns=areas.geometry.name))
    return gpd.GeoDataFrame(attributes, geometry=_polygons(areas.geometry), crs=areas.crs)


def _polygons(outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return outlines made valid, of polygons alone; one that holds no area is missing, and not an empty shape."""
    valid = gpd.GeoSeries(make_valid(outlines.array), index=outlines.index, crs=outlines.crs)
    mixed = valid.geom_type == "GeometryCollection"
    if mixed.any():
        parts = valid[mixed].explode()
        parts = parts[parts.geom_type.isin(["Polygon", "MultiPolygon"])]
        valid[mixed] = parts.groupby(level=0).agg(lambda shapes: union_all(shapes.to_numpy()))
    return valid.where(valid.geom_type.isin(["Polygon", "MultiPolygon"]) & ~valid.is_empty, None)
