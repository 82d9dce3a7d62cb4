"""Names in a grid of two scales as SVG: each in its cell, no two on each other, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from unicodedata import east_asian_width

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Drawing, titled_svg
from ci_analysis.figures.marks import LINE, RADIUS, WIDTH, legend_item, looks_of, marker, measure, text, var

__all__ = ["name_grid"]

_AXIS = 34.0
_PAD = 5.0
_EMPTY = 22.0
_MARK = 2 * RADIUS + 4
#: From one mark without a name to the next.
_STEP = 2 * RADIUS + 4
#: Letters that a parted word leaves on a line, at least.
_PART = 3
#: A cell has a rim, so letters need not be taken to be as wide as beside other names.
_NARROW = 0.9


def name_grid(
    items: pd.DataFrame,
    *,
    kinds: Sequence[str],
    scale: tuple[int, int],
    axes: tuple[str, str],
    corner: tuple[int, int, str],
    title: str,
    alt: str,
) -> Drawing:
    """Return a picture of names by two whole-number scales: one to the right, one upwards.

    A cell is as high as its names need, and columns share the width by what stands in them, so that names never
    meet; an empty row or column stays, narrow.

    Parameters
    ----------
    items : pandas.DataFrame
        One row a name: name, kind (one of `kinds`), x, y (whole numbers on the scale), full (bool: a filled mark; an
        outline otherwise), in the order in which they stand in a cell. Where a column `named` (bool) is there, the
        others are marks alone, side by side beneath the names.
    kinds : sequence of str
        What names are told apart by, in the order of the legend.
    scale : tuple of int
        The lowest and the highest value of both scales.
    axes : tuple of str
        What the scales mean: to the right, and upwards.
    corner : tuple of int, int and str
        The largest x and the least y of the cells that are set off by a ground of their own, and what these are.
    title, alt : str
        The finding, and what the picture shows.

    Examples
    --------
    >>> items = pd.DataFrame({"name": ["A", "B"], "kind": "Schools", "x": [1, 1], "y": [2, 2], "full": [True, False]})
    >>> made = name_grid(
    ...     items,
    ...     kinds=["Schools"],
    ...     scale=(1, 2),
    ...     axes=("interest", "influence"),
    ...     corner=(1, 2, "few"),
    ...     title="A",
    ...     alt="B",
    ... )
    >>> [name in made.svg for name in (">A</text>", ">B</text>")]
    [True, True]
    """
    low, high = scale
    most_x, least_y, words = corner
    values = range(low, high + 1)
    items = items if "named" in items else items.assign(named=True)
    looks = looks_of(kinds)
    widths = _widths(items[items["named"]], values)
    lefts = dict(zip(values, _AXIS + np.r_[0.0, np.cumsum(widths)[:-1]], strict=True))
    width = dict(zip(values, widths, strict=True))
    parts, names, top = [], [], 4.0
    for y in reversed(values):
        row = items[items["y"] == y]
        at_x = {x: row[row["x"] == x] for x in values}
        cells = {x: _cell(here[here["named"]], width[x]) for x, here in at_x.items()}
        marks = {x: here[~here["named"]] for x, here in at_x.items()}
        across = {x: max(1, int((width[x] - _PAD) // _STEP)) for x in values}
        height = max(
            _EMPTY,
            *(
                sum(len(lines) * LINE + 5 for _, lines in cells[x]) - _STEP * (-len(marks[x]) // across[x]) + _PAD
                for x in values
            ),
        )
        for x in values:
            parts.append(_ground(lefts[x], top, width[x], height, x <= most_x and y >= least_y))
            at = top + _PAD
            for item, lines in cells[x]:
                mark = marker(*looks[item.kind], lefts[x] + _PAD + RADIUS, at + LINE / 2, full=item.full)
                said = "".join(
                    text(lefts[x] + _PAD + _MARK, at + (k + 0.8) * LINE, line, anchor="start")
                    for k, line in enumerate(lines)
                )
                names.append(f"<g>{mark}{said}<title>{escape(item.name)}</title></g>")
                at += len(lines) * LINE + 5
            for k, item in enumerate(marks[x].itertuples()):
                spot = lefts[x] + _PAD + RADIUS + _STEP * (k % across[x]), at + RADIUS + _STEP * (k // across[x])
                mark = marker(*looks[item.kind], *(round(v, 1) for v in spot), full=item.full)
                names.append(f"<g>{mark}<title>{escape(item.name)}</title></g>")
        parts.append(text(_AXIS - 8, top + height / 2 + 3, str(y), anchor="middle"))
        top += height
    foot = [text(lefts[x] + width[x] / 2, top + 13, str(x), anchor="middle") for x in values]
    foot.append(text(_AXIS + (WIDTH - _AXIS) / 2, top + 28, f"{axes[0]} →", anchor="middle"))
    parts.append(
        f'<g transform="translate(9 {top / 2:.1f}) rotate(-90)">{text(0, 0, f"{axes[1]} →", anchor="middle")}</g>'
    )
    svg = (
        f'<svg class="grid" viewBox="0 0 {WIDTH:g} {top + 34:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join([*parts, *names, *foot])}</svg>"
    )
    return Drawing(titled_svg(svg, title, alt), title, alt, _legend(items, looks, words))


def _widths(items: pd.DataFrame, values: range) -> np.ndarray:
    """Share the width among columns by the most that one of their cells holds."""
    per_cell = items.groupby(["x", "y"]).size().groupby("x").max().reindex(values, fill_value=0).to_numpy(dtype=float)
    some = per_cell > 0
    free = WIDTH - _AXIS - 1 - _EMPTY * (~some).sum()
    # A column of few names needs nearly as much as one of many: a name's words are as long.
    weight = np.where(some, np.sqrt(per_cell) + 2, 0.0)
    return np.where(some, free * weight / max(weight.sum(), 1.0), _EMPTY)


def _cell(rows: pd.DataFrame, width: float) -> list[tuple[object, list[str]]]:
    room = width - _MARK - 2 * _PAD
    return [(item, _wrapped(item.name, room)) for item in rows.rename(columns={"name": "said"}).assign(
        name=rows["name"]).itertuples()]  # fmt: skip


def _wrapped(name: str, room: float) -> list[str]:
    """Return a name in lines that fit; a word too long for one is parted with a hyphen."""
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        if _NARROW * measure(joined) <= room:
            lines[-1] = joined
            continue
        lines.append(word)
        while _NARROW * measure(lines[-1]) > room and len(lines[-1]) > 2 * _PART:
            rest = lines.pop()
            # Scripts without spaces between words part anywhere, and have no hyphen.
            hyphen = "-" if rest.isascii() or not any(east_asian_width(ch) in "WF" for ch in rest) else ""
            cuts = range(_PART, len(rest) - _PART + 1)
            fits = [k for k in cuts if _NARROW * measure(f"{rest[:k]}{hyphen}") <= room] or [_PART]
            # In the middle where there is a choice, so that no line holds a mere end of a word.
            cut = min(fits, key=lambda k: (abs(2 * k - len(rest)), -k)) if len(rest) - fits[-1] < 8 else fits[-1]
            lines += [f"{rest[:cut]}{hyphen}", rest[cut:]]
    return [line for line in lines if line] or [""]


_SHADE = "fill: color-mix(in srgb, var(--two, #b45309) 10%, transparent)"


def _ground(x: float, y: float, width: float, height: float, shaded: bool) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'style="{_SHADE if shaded else "fill: none"}; stroke: {var("grid")}; stroke-width: 1"/>'
    )


def _legend(items: pd.DataFrame, looks: Mapping[str, tuple[int, str]], shaded: str) -> str:
    counts = items["kind"].value_counts()
    rows = [legend_item(18, marker(*look, 9, 9), kind, counts[kind]) for kind, look in looks.items() if kind in counts]
    if not items["full"].all():
        hollow = f'<circle cx="9" cy="9" r="6" style="fill: none; stroke: {var("quiet")}; stroke-width: 1.6"/>'
        rows.append(legend_item(18, hollow, "outline: has not joined", int((~items["full"]).sum())))
    ground = f'<rect x="1" y="3" width="16" height="12" style="{_SHADE}; stroke: {var("grid")}"/>'
    rows.append(legend_item(18, ground, shaded))
    if not items["named"].all():
        alone = f'<circle cx="9" cy="9" r="6" style="fill: {var("quiet")}"/>'
        rows.append(legend_item(18, alone, "without a name here: in the table below", int((~items["named"]).sum())))
    return f'<ul class="legend">{"".join(rows)}</ul>'
