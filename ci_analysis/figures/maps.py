"""Maps as SVG: small, explorable, the same bytes for the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import area, bounds, get_coordinates, get_parts, get_rings, is_empty, is_missing

from ci_analysis.figures.base import SEQUENCE, Drawing, titled_svg

__all__ = ["choropleth", "cut"]

_WIDTH = 720.0
#: Width below which an area is drawn as a square of this width.
_LEAST = 4.0


def cut(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """Return the class of each value: 0 up to and with the first edge, and so on; missing stays missing.

    Examples
    --------
    >>> cut(pd.Series([0.1, 0.5, 2.0, None]), [0.5, 1.0]).to_list()
    [0.0, 0.0, 2.0, nan]
    """
    classes = pd.Series(np.searchsorted(np.asarray(edges), values.to_numpy(), side="left"), index=values.index)
    return classes.astype("float64").where(values.notna())


def choropleth(
    areas: gpd.GeoDataFrame,
    classes: pd.Series,
    labels: Sequence[str],
    *,
    title: str,
    alt: str,
    tips: Mapping[str, str],
    dark_first: bool = False,
) -> Drawing:
    """Return a map of areas in classes.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        geoid and geometry, in degrees (EPSG:4326).
    classes : pandas.Series
        Class of each area, 0 to `len(labels)` − 1, by geoid; missing is drawn as missing.
    labels : sequence of str
        What each class says, from little to much; at most five.
    title, alt : str
        The finding, and what the map shows.
    tips : mapping of str to str
        What is said when an area is pointed at, by geoid.
    dark_first : bool
        Whether the first class is the one that the eye should find.

    Returns
    -------
    Drawing
        With a legend that counts the areas of each class.

    Raises
    ------
    ValueError
        Where there are more classes than colours.
    """
    if len(labels) > len(SEQUENCE):
        raise ValueError(f"a map has at most {len(SEQUENCE)} classes, not {len(labels)}")
    shapes = areas.geometry.to_numpy()
    drawn = areas[~(is_missing(shapes) | is_empty(shapes))]
    steps = _steps(len(labels))[:: -1 if dark_first else 1]
    of = drawn["geoid"].map(classes)
    paths, height = _paths(drawn)
    parts = []
    for geoid, path, k in zip(drawn["geoid"], paths, of, strict=True):
        look = "none" if pd.isna(k) else f"step-{steps[int(k)]}"
        tip = escape(tips.get(geoid, geoid))
        parts.append(f'<path class="area {look}" fill-rule="evenodd" d="{path}"><title>{tip}</title></path>')
    svg = (
        f'<svg class="map" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )
    counts = of.value_counts()
    gone = len(areas) - len(drawn)
    items = [_legend_item(f"step-{steps[k]}", label, int(counts.get(k, 0))) for k, label in enumerate(labels)]
    if of.isna().any():
        items.append(_legend_item("none", "not known", int(of.isna().sum())))
    if gone:
        items.append(f'<li>without an outline, not drawn <span class="n">{gone:,}</span></li>')
    return Drawing(titled_svg(svg, title, alt), title, alt, f'<ul class="legend">{"".join(items)}</ul>')


def _legend_item(look: str, label: str, n: int) -> str:
    return f'<li><span class="swatch {look}"></span>{escape(label)} <span class="n">{n:,}</span></li>'


def _steps(n: int) -> list[int]:
    """Return steps of the colour sequence for n classes, as far apart as there is room."""
    return {1: [4], 2: [2, 5], 3: [1, 3, 5], 4: [1, 2, 4, 5]}.get(n, [1, 2, 3, 4, 5])


def _paths(areas: gpd.GeoDataFrame) -> tuple[list[str], float]:
    """Return SVG paths, one an area, and the picture's height for the common width."""
    if not len(areas):
        return [], 1.0
    shapes = areas.geometry.to_crs(_projection(areas)).to_numpy()
    wests, souths, easts, norths = bounds(shapes).T
    west, south, east, north = wests.min(), souths.min(), easts.max(), norths.max()
    scale = (_WIDTH - 4) / max(east - west, (north - south) / 1.4, 1.0)
    return [_path(s, west, north, scale) for s in shapes], (north - south) * scale + 4


def _path(shape: object, west: float, north: float, scale: float) -> str:
    pieces, every = [], []
    for ring in get_rings(get_parts(get_parts(shape))):
        xy = np.round((get_coordinates(ring) - (west, north)) * (scale, -scale) + 2, 1)
        every.append(xy)
        keep = np.r_[True, np.any(np.diff(xy, axis=0) != 0, axis=1)]
        xy = xy[keep]
        if len(xy) >= 3:
            pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in xy) + "Z")
    points = np.vstack(every)
    if np.ptp(points, axis=0).max() < _LEAST:
        # An area too small to be seen is marked where it lies.
        x, y = np.round((points.min(axis=0) + points.max(axis=0) - _LEAST) / 2, 1)
        return f"M{x:g} {y:g}h{_LEAST:g}v{_LEAST:g}h-{_LEAST:g}Z"
    return "".join(pieces)


def _projection(areas: gpd.GeoDataFrame) -> str:
    """Return an equal-area projection about the middle of the areas, so that none looks larger than it is.

    The middle is looked for around the largest part, so that areas on both sides of the 180th meridian lie together.
    """
    parts = get_parts(areas.geometry.to_numpy())
    west, south, east, north = bounds(parts).T
    largest = np.argmax(area(parts) * np.cos(np.radians((south + north) / 2)))
    about = (west[largest] + east[largest]) / 2
    # Whole turns that bring each part to the side of the largest where it is near.
    turns = 360 * np.round(((west + east) / 2 - about) / 360)
    west, east = (west - turns).min(), (east - turns).max()
    middle = ((west + east) / 2 + 180) % 360 - 180
    return f"+proj=laea +lat_0={(south.min() + north.max()) / 2:.4f} +lon_0={middle:.4f} +datum=WGS84 +units=m"
