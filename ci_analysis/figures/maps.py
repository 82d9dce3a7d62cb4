"""Maps as SVG: small, explorable, the same bytes for the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import area, bounds, get_coordinates, get_parts, get_rings, is_empty, is_missing

from ci_analysis.figures.base import SEQUENCE, Drawing, script_data, titled_svg
from ci_analysis.figures.words import figure_text, listing, sentence, shortened, spelled

__all__ = [
    "Classes",
    "Layer",
    "choropleth",
    "class_labels",
    "classes_told",
    "cut",
    "explorer",
    "positions",
    "quantile_classes",
    "quantiles_said",
]

_WIDTH = 720.0
#: Width below which an area is drawn as a square of this width.
_LEAST = 4.0
#: How clusters look, in the order of their classes; told apart with any colour vision, and by their lightness alone.
_CLUSTERS = ("cluster-hh", "cluster-ll", "cluster-hl", "cluster-lh", "cluster-no")
#: Points stand on a grid of so many pixels; on the coarse one where areas are many, and each is small.
_GRID, _COARSE_GRID, _MANY = 0.1, 0.5, 500
#: Areas that a legend names, and letters of a name in it.
_NAMED, _LETTERS = 5, 40


@dataclass(frozen=True)
class Classes:
    """The classes of a map: which area is in which, what each says, and how they were cut.

    Parameters
    ----------
    of : pandas.Series
        Class of each area, 0 to `len(labels)` − 1, by geoid; missing is drawn as missing.
    labels : sequence of str
        What each class says, from little to much; at most five.
    note : str
        A sentence or more that stand under the legend: how the classes were cut, and what else a reader must know.
    hatched : collection of str
        Areas drawn with stripes.
    hatching : str
        What stripes mean.
    look : {'sequence', 'dark-first', 'clusters'}
        Steps of one hue, the last or the first of which the eye should find; or five kinds with a colour each:
        high-high, low-low, high-low, low-high, and neither.
    """

    of: pd.Series
    labels: Sequence[str]
    note: str = ""
    hatched: frozenset[str] = field(default_factory=frozenset)
    hatching: str = "figure of low reliability"
    look: Literal["sequence", "dark-first", "clusters"] = "sequence"

    def __post_init__(self) -> None:
        if len(self.labels) > len(SEQUENCE):
            raise ValueError(f"a map has at most {len(SEQUENCE)} classes, not {len(self.labels)}")

    @property
    def looks(self) -> list[str]:
        """CSS class of each class."""
        if self.look == "clusters":
            return list(_CLUSTERS[: len(self.labels)])
        return [f"step-{k}" for k in _steps(len(self.labels))[:: -1 if self.look == "dark-first" else 1]]


@dataclass(frozen=True)
class Layer:
    """One figure of a map that has several.

    Parameters
    ----------
    figure, group : str
        What is shown, and of whom: what a reader chooses by.
    title, alt : str
        The finding, and what the map shows.
    classes : Classes
        The areas' classes.
    texts : mapping of str to str
        Each area's figure in words, by geoid.
    """

    figure: str
    group: str
    title: str
    alt: str
    classes: Classes
    texts: Mapping[str, str]


def cut(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """Return the class of each value: 0 up to and with the first edge, and so on; missing stays missing.

    Examples
    --------
    >>> cut(pd.Series([0.1, 0.5, 2.0, None]), [0.5, 1.0]).to_list()
    [0.0, 0.0, 2.0, nan]
    """
    classes = pd.Series(np.searchsorted(np.asarray(edges), values.to_numpy(), side="left"), index=values.index)
    return classes.astype("float64").where(values.notna())


def quantile_classes(values: pd.Series, n: int = 5) -> list[float]:
    """Return upper ends of classes with as many values in each as can be; equal values are never parted.

    The ends are those of all classes but the last, for `cut`. Where there are no more than `n` different values, each
    is a class of its own.

    Parameters
    ----------
    values : pandas.Series
        Figures; missing ones belong to no class.
    n : int
        How many classes, at most.

    Examples
    --------
    >>> quantile_classes(pd.Series([1, 2, 3, 4, 5, 6]), 3), quantile_classes(pd.Series([0, 0, 0, 0, 7]))
    ([2.0, 4.0], [0.0])
    """
    each, counts = np.unique(values.dropna().to_numpy(dtype="float64"), return_counts=True)
    if len(each) <= n:
        return each[:-1].tolist()
    upto = counts.cumsum()
    wanted = np.arange(1, n) * upto[-1] / n
    # The last value is no end: it would leave a class empty.
    nearest = np.abs(upto[:-1, None] - wanted).argmin(axis=0)
    return each[np.unique(nearest)].tolist()


def class_labels(values: pd.Series, edges: Sequence[float], unit: str = "") -> list[str]:
    """Return what each class says: the range of the figures in it, in their unit.

    Parameters
    ----------
    values : pandas.Series
        Figures, as given to `cut`.
    edges : sequence of float
        As from `quantile_classes`.
    unit : str
        As of `figure_text`: `share`, `USD`, or empty.

    Examples
    --------
    >>> class_labels(pd.Series([0.1, 0.2, 0.3]), [0.2], "share")
    ['10.0% to 20.0%', '30.0%']
    """
    ends = values.dropna().groupby(cut(values, edges)).agg(["min", "max"])
    texts = [(figure_text(a, unit), figure_text(b, unit)) for a, b in ends.itertuples(index=False)]
    return [a if a == b else f"{a} to {b}" for a, b in texts]


def quantiles_said(classes: pd.Series, many: str) -> str:
    """Return the sentence that says how classes by quantiles were cut.

    Parameters
    ----------
    classes : pandas.Series
        As from `cut`.
    many : str
        The areas' name.

    Examples
    --------
    >>> quantiles_said(pd.Series([0, 0, 1, 1]), "counties")
    'Two classes with as many counties in each.'
    """
    counts = classes.value_counts()
    if len(counts) <= 1:
        return f"One class: the figure is the same for all {many}." if len(counts) else ""
    alike = "as many" if counts.max() - counts.min() <= 1 else "about as many"
    kept = "" if alike == "as many" else "; equal figures stay together"
    return f"{sentence(spelled(len(counts)))} classes with {alike} {many} in each{kept}."


def classes_told(areas: pd.DataFrame, classes: Classes) -> str:
    """Return what a map's legend says, as a sentence for its text alternative.

    Parameters
    ----------
    areas : pandas.DataFrame
        geoid and name.
    classes : Classes
        The areas' classes.

    Examples
    --------
    >>> areas = pd.DataFrame({"geoid": ["1", "2", "3"], "name": ["Ada", "Bell", "Cole"]})
    >>> classes_told(areas, Classes(pd.Series([0.0, 1.0], index=["1", "2"]), ["few", "many"]))
    'Few: 1; many: 1; not known: 1 (Cole).'
    """
    of = areas["geoid"].map(classes.of)
    counts, missing = of.value_counts(), of.isna()
    said = [f"{label}: {int(counts.get(k, 0)):,}" for k, label in enumerate(classes.labels)]
    if hatched := int((areas["geoid"].isin(classes.hatched) & ~missing).sum()):
        said.append(f"hatched, {classes.hatching}: {hatched:,}")
    if missing.any():
        said.append(f"not known: {int(missing.sum()):,}{_named(areas.loc[missing, 'name'].tolist())}")
    return sentence("; ".join(said)) + "."


def choropleth(
    areas: gpd.GeoDataFrame,
    classes: pd.Series | Classes,
    labels: Sequence[str] = (),
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
        geoid and geometry, in degrees (EPSG:4326); a name, where the legend should name the areas that are not known.
    classes : pandas.Series or Classes
        Class of each area by geoid, missing where it is not known; or all that there is to say of the classes.
    labels : sequence of str
        What each class says, from little to much, at most five; `Classes` has its own.
    title, alt : str
        The finding, and what the map shows.
    tips : mapping of str to str
        What is said when an area is pointed at, by geoid.
    dark_first : bool
        Whether the first class is the one that the eye should find; `Classes` has its own `look`.

    Returns
    -------
    Drawing
        With a legend that counts the areas of each class.

    Raises
    ------
    ValueError
        Where there are more classes than colours.
    """
    if isinstance(classes, pd.Series):
        classes = Classes(classes, labels, look="dark-first" if dark_first else "sequence")
    drawn = _outlined(areas)
    return Drawing(_svg(drawn, classes, title, alt, tips), title, alt, _legend(areas, drawn, classes))


def explorer(areas: gpd.GeoDataFrame, layers: Sequence[Layer], *, title: str) -> Drawing:
    """Return one map with several figures, of which the reader chooses one.

    The outlines are there once; a page's script (`explorer.js`) puts the figure that is chosen on them. Without scripts
    the first figure is shown.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        geoid, name and geometry, in degrees (EPSG:4326).
    layers : sequence of Layer
        At least one; those of the same figure one after the other.
    title : str
        The finding over all of them.
    """
    drawn, first = _outlined(areas), layers[0]
    names = [shortened(n, _LETTERS) for n in drawn["name"]]
    tips = {g: f"{n}: {first.texts.get(g, 'no figure')}" for g, n in zip(drawn["geoid"], names, strict=True)}
    looks = list(dict.fromkeys(look for layer in layers for look in layer.classes.looks))
    figures = list(dict.fromkeys(layer.figure for layer in layers))
    data = {
        "names": names,
        "looks": looks,
        "layers": [
            {
                "figure": figures.index(layer.figure),
                "group": layer.group,
                "title": layer.title,
                "alt": layer.alt,
                # One sign an area: the class, or a point where there is none; and where it is hatched.
                "of": "".join("." if pd.isna(k) else str(int(k)) for k in drawn["geoid"].map(layer.classes.of)),
                "hatched": "".join("01"[g in layer.classes.hatched] for g in drawn["geoid"]),
                "looks": [looks.index(look) for look in layer.classes.looks],
                "texts": [layer.texts.get(g, "no figure") for g in drawn["geoid"]],
            }
            for layer in layers
        ],
    }
    options = "".join(f'<option value="{i}">{escape(f)}</option>' for i, f in enumerate(figures))
    places = "".join(f'<option value="{i}">{escape(n)}</option>' for i, n in enumerate(names))
    groups = "".join(
        f'<option value="{i}">{escape(layer.group)}</option>'
        for i, layer in enumerate(layers)
        if layer.figure == first.figure
    )
    shown = [
        f'<h3 class="chosen" data-layer="{i}"{" hidden" if i else ""}>{escape(layer.title)}</h3>'
        for i, layer in enumerate(layers)
    ]
    legends = [
        f'<div data-layer="{i}"{" hidden" if i else ""}>{_legend(areas, drawn, layer.classes)}</div>'
        for i, layer in enumerate(layers)
    ]
    controls = (
        f'<div class="choices" hidden><label>Figure <select data-choice="figure">{options}</select></label>'
        f'<label>For whom <select data-choice="layer">{groups}</select></label>'
        f'<label>Area <select data-choice="place"><option value="">choose, or point at the map</option>{places}'
        f'</select></label></div><p class="told" role="status" hidden></p>{"".join(shown)}'
        f'<script type="application/json">{script_data(data)}</script>'
    )
    svg = _svg(drawn, first.classes, first.title, first.alt, tips, stripes=looks)
    return Drawing(svg, title, first.alt, "".join(legends) + _same(names, data["layers"][0]), controls)


def _same(names: Sequence[str], layer: Mapping[str, Any]) -> str:
    """Return the figure of each area as a table; where another figure is chosen, a page's script fills it anew."""
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(name)}</bdi></th><td>{escape(text)}</td></tr>'
        for name, text in zip(names, layer["texts"], strict=True)
    )
    caption = escape(layer["title"])
    return (
        '<details class="same"><summary>The same as a table</summary><div class="scroll long" tabindex="0" '
        f'role="region" aria-label="{caption}"><table><caption>{caption}</caption><thead><tr><th scope="col">Area</th>'
        f'<th scope="col">Figure</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def positions(areas: gpd.GeoDataFrame, longitude: pd.Series, latitude: pd.Series) -> NDArray[np.float64]:
    """Return where points lie on the picture of a map of areas: x and y in its units, a row a point.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        As given to `choropleth`; at least one has an outline.
    longitude, latitude : pandas.Series of float
        Degrees.

    Returns
    -------
    numpy.ndarray of float
        Missing for a point that is missing, or lies outside the picture.
    """
    drawn = _outlined(areas)
    to, west, north, scale, height = _frame(drawn)
    points = gpd.GeoSeries(gpd.points_from_xy(longitude, latitude), crs="EPSG:4326").to_crs(to)
    xy = (np.column_stack([points.x, points.y]) - (west, north)) * (scale, -scale) + 2
    inside = ((xy >= 0) & (xy <= (_WIDTH, height))).all(axis=1)
    return np.where(inside[:, None], np.round(xy, 1), np.nan)


def _outlined(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = areas.geometry.to_numpy()
    return areas[~(is_missing(shapes) | is_empty(shapes))]


def _svg(
    drawn: gpd.GeoDataFrame,
    classes: Classes,
    title: str,
    alt: str,
    tips: Mapping[str, str],
    stripes: Sequence[str] = (),
) -> str:
    """Return the picture of one set of classes; `stripes` are looks that may be hatched later on."""
    paths, height = _paths(drawn)
    parts, used = [], dict.fromkeys(stripes)
    for geoid, path, k in zip(drawn["geoid"], paths, drawn["geoid"].map(classes.of), strict=True):
        look, more = "none" if pd.isna(k) else classes.looks[int(k)], ""
        if geoid in classes.hatched and look != "none":
            used[look] = None
            more = f' style="fill:url(#hatch-{look})"'
        tip = escape(tips.get(geoid, geoid))
        parts.append(f'<path class="area {look}"{more} fill-rule="evenodd" d="{path}"><title>{tip}</title></path>')
    patterns = "".join(
        f'<pattern id="hatch-{look}" patternUnits="userSpaceOnUse" width="6" height="6" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" class="{look}"/><path class="stripe" d="M1 0V6"/></pattern>'
        for look in sorted(used)
    )
    svg = (
        f'<svg class="map{" layered" if stripes else ""}" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{f'<defs>{patterns}</defs>' if patterns else ''}{''.join(parts)}</svg>"
    )
    return titled_svg(svg, title, alt)


def _legend(areas: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame, classes: Classes) -> str:
    """Return the legend: the areas of each class, those that are hatched, not known or not drawn, and the note."""
    of = drawn["geoid"].map(classes.of)
    counts, missing = of.value_counts(), of.isna()
    items = [
        _legend_item(look, label, int(counts.get(k, 0)))
        for k, (look, label) in enumerate(zip(classes.looks, classes.labels, strict=True))
    ]
    hatched = int((drawn["geoid"].isin(classes.hatched) & ~missing).sum())
    if hatched:
        items.append(_legend_item("hatched", f"hatched: {classes.hatching}", hatched))
    if missing.any():
        which = drawn.loc[missing, "name"].tolist() if "name" in drawn else []
        items.append(_legend_item("none", "not known", int(missing.sum()), _named(which)))
    if gone := len(areas) - len(drawn):
        items.append(f'<li>without an outline, not drawn <span class="n">{gone:,}</span></li>')
    note = f'<p class="cut">{escape(classes.note)}</p>' if classes.note else ""
    return f'<ul class="legend">{"".join(items)}</ul>{note}'


def _named(names: Sequence[str]) -> str:
    """Return the names of areas, where they are few enough to be read."""
    return f" ({listing([shortened(n, _LETTERS) for n in names], most=_NAMED)})" if names else ""


def _legend_item(look: str, label: str, n: int, more: str = "") -> str:
    return (
        f'<li><span class="swatch {look}"></span>{escape(label)} <span class="n">{n:,}</span>'
        f"{f'<bdi>{escape(more)}</bdi>' if more else ''}</li>"
    )


def _steps(n: int) -> list[int]:
    """Return steps of the colour sequence for n classes, as far apart as there is room."""
    return {1: [4], 2: [2, 5], 3: [1, 3, 5], 4: [1, 2, 4, 5]}.get(n, [1, 2, 3, 4, 5])


def _paths(areas: gpd.GeoDataFrame) -> tuple[list[str], float]:
    """Return SVG paths, one an area, and the picture's height for the common width."""
    if not len(areas):
        return [], 1.0
    to, west, north, scale, height = _frame(areas)
    grid = _GRID if len(areas) <= _MANY else _COARSE_GRID
    return [_path(s, west, north, scale, grid) for s in areas.geometry.to_crs(to).to_numpy()], height


def _frame(areas: gpd.GeoDataFrame) -> tuple[str, float, float, float, float]:
    """Return the picture's projection, its western and northern end there, its scale and its height."""
    to = _projection(areas)
    wests, souths, easts, norths = bounds(areas.geometry.to_crs(to).to_numpy()).T
    west, south, east, north = wests.min(), souths.min(), easts.max(), norths.max()
    scale = (_WIDTH - 4) / max(east - west, (north - south) / 1.4, 1.0)
    return to, west, north, scale, (north - south) * scale + 4


def _path(shape: object, west: float, north: float, scale: float, grid: float) -> str:
    pieces, every = [], []
    for ring in get_rings(get_parts(get_parts(shape))):
        xy = np.round(np.round(((get_coordinates(ring) - (west, north)) * (scale, -scale) + 2) / grid) * grid, 1)
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
