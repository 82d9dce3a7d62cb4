"""Networks as SVG: every partner can be told without pointing, the same bytes for the same data."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist

from ci_analysis.figures.base import Drawing, titled_svg
from ci_analysis.figures.marks import LETTER, LINE, RADIUS, WIDTH, legend_item, looks_of, marker, measure, text, var
from ci_analysis.figures.words import shortened

__all__ = ["Panel", "network", "place", "small_multiples"]

_MARGIN = 4.0
# Between two names.
_GAP = np.array([3.0, 2.0])
# The largest shape reaches so far from its middle.
_REACH = 9.2
#: Up to so many, all are named in the picture; beyond, all are numbered, and a list says who is who.
_NAMED = 30
#: Named beside their numbers: those with most ties, and those without any.
_FOREMOST = 8
_NAMED_ALONE = 12


@dataclass(frozen=True)
class Panel:
    """One wave's picture among others.

    Parameters
    ----------
    heading : str
        Which wave.
    lines : tuple of str
        What stands beneath the heading, two lines at most.
    here : sequence of bool
        Which of the nodes are in this wave.
    edges : pandas.DataFrame
        One row a tie: a, b (positions in the nodes), change (kept, new, lost).
    """

    heading: str
    lines: tuple[str, ...]
    here: Sequence[bool]
    edges: pd.DataFrame


def network(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    kinds: Sequence[str],
    strengths: Mapping[int, str],
    title: str,
    alt: str,
    note: str = "",
) -> Drawing:
    """Return a network whose members differ by shape and colour, and whose ties differ by width.

    Parameters
    ----------
    nodes : pandas.DataFrame
        One row a member: name (text), kind (one of `kinds`), tip (what is said when it is pointed at), and here
        (bool; where it is False the member only keeps its place, for the pictures of other waves), and may be answered
        (bool; one that did not may have ties that nobody told of, and the legend says so).
    edges : pandas.DataFrame
        One row a tie: a, b (positions in `nodes`), strength (1 to 5; missing for a tie of another wave, which says
        where members stand and is not drawn).
    kinds : sequence of str
        What members are told apart by, in the order of the legend.
    strengths : mapping of int to str
        What the legend says of a strength.
    title, alt : str
        The finding, and what the picture shows.
    note : str
        A sentence that stands beside the legend.

    Returns
    -------
    Drawing
        With a legend that counts members by kind and ties by strength. Where there are many members, they carry
        numbers, and a list under the picture says who is who; those with the most ties, and those with none, are
        named as well.

    Examples
    --------
    >>> nodes = pd.DataFrame({"name": ["A", "B"], "kind": "Schools", "tip": ["A: one tie", "B: one tie"]})
    >>> edges = pd.DataFrame({"a": [0], "b": [1], "strength": [2]})
    >>> made = network(nodes, edges, kinds=["Schools"], strengths={2: "cooperation"}, title="One tie", alt="A and B.")
    >>> made.svg.count("<line"), made.svg.count("<text")
    (1, 2)
    """
    who = _Who.of(nodes, edges, kinds)
    xy, height = place(len(nodes), edges, _sizes(who.labels))
    drawn = edges[edges["strength"].notna()].sort_values("strength", kind="stable")
    fine = _fineness(len(drawn))
    parts = [_line(xy, edge.a, edge.b, _stroke(edge.strength, fine), told=True) for edge in drawn.itertuples()]
    looks = looks_of(kinds)
    seen = np.flatnonzero(who.here)
    for i in seen:
        look, tip = looks[nodes["kind"].iloc[i]], nodes["tip"].iloc[i]
        mark = marker(*look, *xy[i], full=bool(who.degree[i]))
        parts.append(f'<g data-member="{i}">{mark}<title>{escape(tip)}</title></g>')
    for i in seen:
        x, y = xy[i]
        rows = [text(x, y + RADIUS + (k + 0.95) * LINE, line) for k, line in enumerate(who.labels[i])]
        parts.append(f'<g data-name="{i}">{"".join(rows)}</g>' if rows else "")
    svg = (
        f'<svg class="network" viewBox="0 0 {WIDTH:g} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )
    beside = _legend(nodes[who.here], drawn, looks, strengths, nodes[who.here & (who.degree == 0)])
    beside += _key(nodes, who, looks) + (f'<p style="margin-top: .6rem">{escape(note)}</p>' if note else "")
    return Drawing(titled_svg(svg, title, f"{alt} {note}".strip()), title, alt, beside, _choices(nodes, seen))


def _choices(nodes: pd.DataFrame, seen: np.ndarray) -> str:
    """Let a reader choose a member, whose ties a page's script (`ties.js`) then shows."""
    by_name = sorted(seen.tolist(), key=lambda i: (nodes["name"].iloc[i].casefold(), i))
    options = "".join(
        f'<option value="{i}" data-tip="{escape(nodes["tip"].iloc[i])}">{escape(shortened(nodes["name"].iloc[i], 60))}'
        "</option>"
        for i in by_name
    )
    return (
        '<div class="choices" hidden><label>Partner <select><option value="">choose, or point at the picture</option>'
        f'{options}</select></label></div><p class="told" role="status" hidden></p>'
    )


def small_multiples(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    waves: Sequence[Panel],
    *,
    kinds: Sequence[str],
    title: str,
    alt: str,
) -> Drawing:
    """Return one small picture a wave, each member at the place that it has in `network` of the same nodes and edges.

    Parameters
    ----------
    nodes, edges : pandas.DataFrame
        As in `network`.
    waves : sequence of Panel
        Up to three, the latest last.
    kinds : sequence of str
        As in `network`.
    title, alt : str
        The finding, and what the pictures show.

    Returns
    -------
    Drawing
        Without names; side by side, and in two columns where a page is narrow.

    Examples
    --------
    >>> nodes = pd.DataFrame({"name": ["A", "B"], "kind": "Schools", "tip": ""})
    >>> edges = pd.DataFrame({"a": [0], "b": [1], "strength": [2]})
    >>> tie = pd.DataFrame({"a": [0], "b": [1], "change": ["new"]})
    >>> waves = [Panel("2025", ("no tie",), [True, True], tie[:0]), Panel("2026", ("one tie",), [True, True], tie)]
    >>> made = small_multiples(nodes, edges, waves, kinds=["Schools"], title="One tie is new", alt="Two pictures.")
    >>> made.svg.count("<line"), made.svg.count('class="panel"')
    (1, 2)
    """
    xy, tall = place(len(nodes), edges, _sizes(_Who.of(nodes, edges, kinds).labels))
    across, between = len(waves), 8.0
    wide = (WIDTH - between * (across - 1)) / max(across, 1)
    scale = wide / WIDTH
    letter = LETTER if across < 3 else 8.5
    head = (letter + 3) * (1 + max((len(w.lines) for w in waves), default=0)) + 4
    height = head + scale * tall + _MARGIN
    spots = np.round(xy * scale + (0.0, head), 1)
    radius = 3.2 if len(nodes) <= 60 else 2.2
    # On a narrow page there are two columns, so that three pictures take two rows.
    columns, grown = 2, (WIDTH - between) / 2 / wide
    rows = -(-across // columns)
    parts = []
    for i, wave in enumerate(waves):
        at = f"translate({(wide + between) * i:.1f}px, 0)"
        row, column = divmod(i, columns)
        small = (
            f"translate({column * (wide * grown + between):.1f}px, {row * (height * grown + between):.1f}px) "
            f"scale({grown:.3f})"
            if across > columns
            else at
        )
        inside = _panel(wave, spots, radius, letter)
        parts.append(
            f'<g class="panel" transform="{at.replace("px", "")}" style="--wide: {at}; --narrow: {small}">{inside}</g>'
        )
    more = (rows * height * grown + (rows - 1) * between - height) / WIDTH if across > columns else 0.0
    svg = (
        f'<svg class="panels" viewBox="0 0 {WIDTH:g} {height:.0f}" style="--more: {100 * more:.1f}%" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
    return Drawing(titled_svg(svg, title, alt), title, alt, _panel_legend(waves))


def place(n: int, edges: pd.DataFrame, sizes: np.ndarray) -> tuple[np.ndarray, float]:
    """Return where each member stands, so that no two of them, with their names, lie on each other.

    Members stand as far apart as there are ties between them, as nearly as a plane allows: the least
    `sum((|x_i - x_j| - d_ij)^2 / d_ij^2)`, found by majorization from classical scaling (Gansner, Koren and North
    2004); those without a way to each other stand a little farther than the farthest. Then boxes that lie on each
    other are pushed apart. Members without ties stand in rows of their own at the bottom.

    Parameters
    ----------
    n : int
        Members.
    edges : pandas.DataFrame
        a, b: positions of the two ends.
    sizes : numpy.ndarray
        Width and height of each member's box: its marker on top, its name beneath.

    Returns
    -------
    xy : numpy.ndarray
        Of each marker.
    height : float
        Of the picture, whose width is that of every picture.

    References
    ----------
    Gansner, Koren and North (2004), Graph drawing by stress majorization; de Leeuw (1977), Applications of convex
    analysis to multidimensional scaling.

    Examples
    --------
    >>> way = pd.DataFrame({"a": [0, 1], "b": [1, 2]})
    >>> xy, height = place(4, way, np.full((4, 2), 20.0))
    >>> bool(xy[3, 1] > xy[:3, 1].max())
    True
    """
    if n == 0:
        return np.empty((0, 2)), 1.0
    pairs = edges[["a", "b"]].to_numpy(dtype="int64")
    tied = np.zeros(n, dtype=bool)
    tied[pairs.ravel()] = True
    boxes, height = np.empty((n, 2)), 0.0
    if tied.any():
        number = np.cumsum(tied) - 1
        boxes[tied], height = _place_tied(_start(_steps(int(tied.sum()), number[pairs])), sizes[tied])
    boxes[~tied], height = _place_alone(sizes[~tied], height)
    # The box hangs from its marker.
    return np.round(boxes - np.c_[np.zeros(n), sizes[:, 1] / 2 - _REACH], 1), height


def _place_tied(start: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, float]:
    """Middles of the boxes of those with ties, and how far down they reach."""
    # Room for the names, and for the ties between those that have none.
    height = max(150.0, 2.1 * float(sizes.prod(axis=1).sum()) / WIDTH, 36.0 * len(sizes) ** 0.5)
    low = sizes / 2 + _MARGIN
    high = np.maximum(np.array([WIDTH, height]) - low, low)
    boxes = _settle(_push_apart(low + start * (high - low), sizes, low, high), sizes)
    return boxes, max(height, float((boxes[:, 1] + sizes[:, 1] / 2).max()) + _MARGIN)


def _place_alone(sizes: np.ndarray, top: float) -> tuple[np.ndarray, float]:
    """Middles of the boxes of those without ties, in rows from `top` down, and how far down they reach."""
    boxes = np.empty((len(sizes), 2))
    row: list[int] = []
    y = top + _MARGIN
    for i in range(len(sizes)):
        row.append(i)
        following = sizes[[*row, i + 1], 0] + 2 * _GAP[0] if i + 1 < len(sizes) else np.array([np.inf])
        if following.sum() > WIDTH - 2 * _MARGIN:
            # Spread evenly over the row.
            spare = max((WIDTH - sizes[row, 0].sum()) / (len(row) + 1), 0.0)
            left = spare + np.cumsum(np.r_[0.0, sizes[row[:-1], 0] + spare])
            boxes[row] = np.c_[left + sizes[row, 0] / 2, y + sizes[row, 1] / 2]
            y += float(sizes[row, 1].max()) + 2 * _GAP[1]
            row = []
    return boxes, y if len(sizes) else top


def _steps(n: int, pairs: np.ndarray) -> np.ndarray:
    """Ties on the shortest way between each two; where there is no way, one more than on the longest."""
    matrix = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n)).tocsr()
    steps = shortest_path(matrix, directed=False, unweighted=True)
    away = np.isinf(steps)
    return np.where(away, steps[~away].max() + 1, steps)


def _start(steps: np.ndarray) -> np.ndarray:
    """Where members stand by their ties alone, from 0 to 1 in both directions, the longer one from top to bottom."""
    xy = _majorize(steps, _classical(steps))[:, ::-1]
    span = np.ptp(xy, axis=0)
    xy = (xy - xy.min(axis=0)) / np.where(span > 1e-9, span, 1.0) + np.where(span > 1e-9, 0.0, 0.5)
    # Rounded, so that the last digits of another machine do not move anybody.
    return np.round(xy, 4)


def _classical(steps: np.ndarray) -> np.ndarray:
    """Classical scaling (Torgerson 1952), the first direction the longer.

    Members in one and the same place of the network, as the points of a star, leave the directions open; a little of
    a fixed spiral closes them, so that every machine finds the same ones.
    """
    n = len(steps)
    turns = np.arange(n) * np.pi * (3 - 5**0.5)
    spiral = np.c_[np.cos(turns), np.sin(turns)] * np.sqrt((np.arange(n) + 0.5) / n)[:, None]
    squares = (steps + 0.1 * cdist(spiral, spiral)) ** 2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    xy = np.zeros((n, 2))
    kept = min(n, 2)
    xy[:, :kept] = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1][:, :kept]
    # A direction has no sign of its own.
    return xy * np.where((xy * spiral).sum(axis=0) < 0, -1.0, 1.0)


def _majorize(steps: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Lower the stress step by step; no step raises it."""
    n = len(steps)
    weights = np.zeros_like(steps)
    np.divide(1.0, steps**2, out=weights, where=steps > 0)
    inverse = np.linalg.inv(np.diag(weights.sum(axis=1)) - weights + 1 / n) - 1 / n
    pull, before = weights * steps, np.inf
    for _ in range(300):
        apart = cdist(xy, xy)
        stress = float((weights * (apart - steps) ** 2).sum())
        if before - stress <= 1e-5 * stress:
            break
        before = stress
        share = np.zeros_like(pull)
        np.divide(pull, apart, out=share, where=apart > 1e-12)
        xy = inverse @ (share.sum(axis=1)[:, None] * xy - share @ xy)
    return xy


def _push_apart(boxes: np.ndarray, sizes: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Push boxes that lie on each other apart, inside the picture, as far as there is room."""
    n = len(boxes)
    first, second = np.triu_indices(n, 1)
    room = (sizes[first] + sizes[second]) / 2 + _GAP
    across, down = room.T.copy()
    for _ in range(400):
        x, y = boxes.T.copy()
        near = np.flatnonzero(across - np.abs(x[second] - x[first]) > 0.05)
        meet = near[down[near] - np.abs(y[second[near]] - y[first[near]]) > 0.05]
        if not len(meet):
            break
        one, other = first[meet], second[meet]
        between = boxes[other] - boxes[one]
        over = room[meet] - np.abs(between)
        # The shorter way out; those in one place part by their order.
        sideways = over[:, 0] < over[:, 1]
        move = np.where(between >= 0, 1.0, -1.0) * over / 2 * np.c_[sideways, ~sideways]
        pushed = np.stack([np.bincount(other, m, n) - np.bincount(one, m, n) for m in move.T], axis=1)
        boxes = np.clip(boxes + 0.6 * pushed, low, high)
    return boxes


def _settle(boxes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Move each box that still lies on another down to the first free place, from the top on."""
    settled = boxes.copy()
    done: list[int] = []
    for i in np.argsort(boxes[:, 1], kind="stable"):
        while done:
            room = (sizes[i] + sizes[done]) / 2 + _GAP
            meet = (room - np.abs(settled[done] - settled[i]) > 0.06).all(axis=1)
            if not meet.any():
                break
            settled[i, 1] = (settled[done, 1] + room[:, 1])[meet].max()
        done.append(int(i))
    return settled


# --- who is who -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Who:
    """Which members are in the picture, how many ties each has there, and what stands under each."""

    here: np.ndarray
    degree: np.ndarray
    numbers: np.ndarray
    labels: list[list[str]]

    @classmethod
    def of(cls, nodes: pd.DataFrame, edges: pd.DataFrame, kinds: Sequence[str]) -> _Who:
        n = len(nodes)
        here = nodes["here"].to_numpy(dtype=bool) if "here" in nodes else np.ones(n, dtype=bool)
        ends = edges.loc[edges["strength"].notna(), ["a", "b"]].to_numpy(dtype="int64").ravel()
        degree = np.bincount(ends, minlength=n)
        numbers = np.zeros(n, dtype="int64")
        names = nodes["name"].to_list()
        labels = [_lines(x) if h else [] for x, h in zip(names, here, strict=True)]
        # Two whose names are cut to the same words could not be told apart.
        if here.sum() <= _NAMED and len({tuple(x) for x in labels if x}) == here.sum():
            return cls(here, degree, numbers, labels)
        rank = {kind: i for i, kind in enumerate(kinds)}
        order = sorted(np.flatnonzero(here), key=lambda i: (rank[nodes["kind"].iloc[i]], names[i].casefold(), i))
        numbers[order] = np.arange(1, len(order) + 1)
        by_ties = np.argsort(-degree, kind="stable")
        named = {i for i in by_ties[:_FOREMOST].tolist() if degree[i]}
        named |= set(np.flatnonzero(here & (degree == 0))[:_NAMED_ALONE].tolist())
        labels = [
            _lines(f"{numbers[i]} {names[i]}") if i in named else [str(numbers[i])] if here[i] else [] for i in range(n)
        ]
        return cls(here, degree, numbers, labels)


def _key(nodes: pd.DataFrame, who: _Who, looks: Mapping[str, tuple[int, str]]) -> str:
    """List who is who, by kind, where members carry numbers."""
    if not who.numbers.any():
        return ""
    groups = []
    for kind, look in looks.items():
        own = np.flatnonzero(who.here & nodes["kind"].eq(kind).to_numpy())
        own = own[np.argsort(who.numbers[own])]
        if len(own):
            rows = [
                f'<li value="{who.numbers[i]}"><bdi>{escape(nodes["name"].iloc[i])}</bdi></li>' for i in own.tolist()
            ]
            entry = legend_item(18, marker(*look, 9, 9), kind).removesuffix("</li>")
            groups.append(f"{entry}<ol>{''.join(rows)}</ol></li>")
    said = f"Who is who: {int(who.here.sum()):,} partners by number"
    return f'<details class="who" open><summary>{said}</summary><ul>{"".join(groups)}</ul></details>'


# --- pieces of the picture --------------------------------------------------------------------------------------------


def _fineness(ties: int) -> float:
    """How much thinner lines are where there are many, so that they leave the members to be seen."""
    return min(1.0, max(0.45, (90 / max(ties, 1)) ** 0.5))


def _stroke(strength: float, fine: float) -> str:
    width = fine * (0.3 + 0.16 * strength**2)
    return f"stroke: {var('quiet')}; stroke-opacity: {0.15 + 0.35 * fine:.2f}; stroke-width: {width:.2f}"


def _line(xy: np.ndarray, a: float, b: float, look: str, *, told: bool = False) -> str:
    (x1, y1), (x2, y2) = xy[int(a)], xy[int(b)]
    whose = f'data-a="{int(a)}" data-b="{int(b)}" ' if told else ""
    return f'<line {whose}x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" style="{look}"/>'


def _lines(name: str) -> list[str]:
    wide = any(unicodedata.east_asian_width(ch) in "WF" for ch in name)
    return textwrap.wrap(name, 10 if wide else 18, max_lines=4, placeholder="…")


def _sizes(labels: Sequence[Sequence[str]]) -> np.ndarray:
    """Width and height of each marker with its lines; letters are taken to be wide ones."""
    rows = [
        (
            max([2 * _REACH, *(measure(x) for x in lines)]),
            _REACH + (RADIUS + LINE * len(lines) + 2 if lines else _REACH),
        )
        for lines in labels
    ]
    return np.array(rows, dtype="float64").reshape(len(labels), 2)


def _legend(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    looks: Mapping[str, tuple[int, str]],
    strengths: Mapping[int, str],
    alone: pd.DataFrame,
) -> str:
    counts, ties = nodes["kind"].value_counts(), edges["strength"].value_counts()
    members = [
        legend_item(18, marker(*look, 9, 9), kind, counts[kind]) for kind, look in looks.items() if kind in counts
    ]
    fine = _fineness(len(edges))
    lines = [
        legend_item(26, _rule(_stroke(strength, fine)), words, ties[strength])
        for strength, words in strengths.items()
        if strength in ties
    ]
    if len(alone):
        told = bool(alone["answered"].all()) if "answered" in alone else True
        words = "hollow: no tie" if told else "hollow: no tie known"
        lines.append(legend_item(18, marker(0, "quiet", 9, 9, full=False), words, len(alone)))
    return "".join(f'<ul class="legend">{"".join(items)}</ul>' for items in (members, lines) if items)


def _rule(look: str) -> str:
    return f'<line x1="0" y1="9" x2="26" y2="9" style="{look}"/>'


# --- waves side by side -----------------------------------------------------------------------------------------------

#: What became of a tie: colour, opacity, width, dashes; and what the legend says.
_CHANGES = {
    "kept": ("quiet", 0.45, 0.6, "", "tie as in the wave before"),
    "lost": ("two", 0.9, 1.0, "stroke-dasharray: 0.1 2.4; stroke-linecap: round", "tie lost since the wave before"),
    "new": ("one", 0.9, 1.1, "", "new tie"),
}


def _turn(change: str, fine: float) -> str:
    colour, opacity, width, dashes, _ = _CHANGES[change]
    look = f"stroke: {var(colour)}; stroke-opacity: {opacity}; stroke-width: {width * fine:.2f}"
    return f"{look}; {dashes}" if dashes else look


def _panel(wave: Panel, spots: np.ndarray, radius: float, letter: float) -> str:
    here = np.asarray(wave.here, dtype=bool)
    parts = []
    fine = _fineness(len(wave.edges))
    for change in _CHANGES:
        own = wave.edges[wave.edges["change"] == change]
        parts += [_line(spots, a, b, _turn(change, fine)) for a, b in zip(own["a"], own["b"], strict=True)]
    tied = np.zeros(len(spots), dtype=bool)
    tied[wave.edges.loc[wave.edges["change"] != "lost", ["a", "b"]].to_numpy(dtype="int64").ravel()] = True
    for i in np.flatnonzero(here):
        parts.append(_dot(*spots[i], radius, hollow=not tied[i]))
    said = [(wave.heading, 700, "ink"), *((line, 400, "quiet") for line in wave.lines)]
    for k, (words, weight, colour) in enumerate(said):
        look = f"font: {weight} {letter}px var(--sans, sans-serif); fill: {var(colour)}"
        parts.append(f'<text x="1" y="{(k + 0.85) * (letter + 3):.1f}" style="{look}">{escape(words)}</text>')
    return "".join(parts)


def _dot(x: float, y: float, radius: float, *, hollow: bool) -> str:
    fill, edge, width = (var("paper"), var("ink"), 1.1) if hollow else (var("ink"), var("paper"), 0.5)
    look = f'style="fill: {fill}; stroke: {edge}; stroke-width: {width}"'
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {look}/>'


def _panel_legend(waves: Sequence[Panel]) -> str:
    there = {change for wave in waves for change in wave.edges["change"]}
    # Twice as large: a page shows the pictures larger than a legend.
    items = [
        legend_item(26, f'<g transform="scale(2)"><line x2="13" y1="4.5" y2="4.5" style="{_turn(c, 1.0)}"/></g>', words)
        for c, (*_, words) in _CHANGES.items()
        if c in there
    ]
    items.append(legend_item(18, _dot(9, 9, 4, hollow=True), "hollow: partner without a known tie"))
    return f'<ul class="legend">{"".join(items)}</ul>'
