"""Networks as SVG: every name readable, the same bytes for the same data."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape

import networkx as nx
import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Drawing, titled_svg

__all__ = ["network", "place"]

# As wide as the other pictures, so that letters have one size on a page.
_WIDTH = 418.0
_MARGIN = 4.0
_LETTER = 9.5
_LINE = 11.0
# Between two names.
_GAP = np.array([3.0, 2.0])
_RADIUS = 6.5
#: Beyond this many, only those with the most ties are named in the picture.
_NAMED = 40
_HUES = ("one", "two", "three", "four")


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
        One row a member: name (text), kind (one of `kinds`), tip (what is said when it is pointed at).
    edges : pandas.DataFrame
        One row a tie: a, b (positions in `nodes`), strength (1 to 5).
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
        With a legend that counts members by kind and ties by strength. Where there are many members, those with
        the most ties are named.

    Examples
    --------
    >>> nodes = pd.DataFrame({"name": ["A", "B"], "kind": "Schools", "tip": ["A: one tie", "B: one tie"]})
    >>> edges = pd.DataFrame({"a": [0], "b": [1], "strength": [2]})
    >>> made = network(nodes, edges, kinds=["Schools"], strengths={2: "cooperation"}, title="One tie", alt="A and B.")
    >>> made.svg.count("<line"), made.svg.count("<text")
    (1, 2)
    """
    degree = np.bincount(np.r_[edges["a"], edges["b"]].astype(int), minlength=len(nodes))
    order = np.argsort(-degree, kind="stable")
    named = set(order[:_NAMED].tolist())
    labels = [_lines(name) if i in named else [] for i, name in enumerate(nodes["name"])]
    xy, height = place(len(nodes), edges, _sizes(labels))
    parts = [_line(xy, edge) for edge in edges.sort_values("strength", kind="stable").itertuples()]
    looks = {kind: (i % len(_SHAPES), _HUES[i % len(_HUES)]) for i, kind in enumerate(kinds)}
    for (x, y), kind, tip in zip(xy, nodes["kind"], nodes["tip"], strict=True):
        parts.append(f"<g>{_marker(*looks[kind], x, y)}<title>{escape(tip)}</title></g>")
    for (x, y), lines in zip(xy, labels, strict=True):
        parts += [_text(x, y + _RADIUS + (k + 0.95) * _LINE, line) for k, line in enumerate(lines)]
    svg = (
        f'<svg class="network" viewBox="0 0 {_WIDTH:g} {height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg>"
    )
    beside = _legend(nodes, edges, looks, strengths) + (
        f'<p style="margin-top: .6rem">{escape(note)}</p>' if note else ""
    )
    return Drawing(titled_svg(svg, title, f"{alt} {note}".strip()), title, alt, beside)


def place(n: int, edges: pd.DataFrame, sizes: np.ndarray) -> tuple[np.ndarray, float]:
    """Return where each member stands, so that no two of them, with their names, lie on each other.

    Members stand as far apart as there are ties between them (Kamada and Kawai 1989), those without a way to each
    other a little farther than the farthest; then boxes that lie on each other are pushed apart.

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
    """
    if n == 0:
        return np.empty((0, 2)), 1.0
    start = _start(n, edges)
    height = max(150.0, 2.3 * float(sizes.prod(axis=1).sum()) / _WIDTH)
    low = sizes / 2 + _MARGIN
    high = np.array([_WIDTH, height]) - low
    boxes = _settle(_push_apart(low + start * (high - low), sizes, low, high), sizes)
    height = max(height, float((boxes[:, 1] + sizes[:, 1] / 2).max()) + _MARGIN)
    # The box hangs from its marker.
    return np.round(boxes - np.c_[np.zeros(n), sizes[:, 1] / 2 - _RADIUS], 1), height


def _start(n: int, edges: pd.DataFrame) -> np.ndarray:
    """Where members stand by their ties alone, from 0 to 1 in both directions; those without ties at the bottom."""
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(edges["a"].astype(int).tolist(), edges["b"].astype(int).tolist(), strict=True))
    alone = [i for i in range(n) if not graph.degree(i)]
    xy = np.empty((n, 2))
    xy[alone] = np.c_[(np.arange(len(alone)) + 0.5) / max(len(alone), 1), np.ones(len(alone))]
    graph.remove_nodes_from(alone)
    if len(graph):
        steps = {a: dict(to) for a, to in nx.all_pairs_shortest_path_length(graph)}
        far = max(max(to.values()) for to in steps.values()) + 1
        distances = {a: {b: to.get(b, far) for b in graph} for a, to in steps.items()}
        found = nx.kamada_kawai_layout(graph, dist=distances)
        tied = np.array([found[i] for i in graph])
        span = np.ptp(tied, axis=0)
        tied = (tied - tied.min(axis=0)) / np.where(span > 1e-9, span, 1.0)
        xy[list(graph)] = tied * (1.0, 0.85 if alone else 1.0)
    # Rounded, so that the last digits of another machine do not move anybody.
    return np.round(xy, 4)


def _push_apart(boxes: np.ndarray, sizes: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Push boxes that lie on each other apart, inside the picture, as far as there is room."""
    n = len(boxes)
    room = (sizes[:, None, :] + sizes[None, :, :]) / 2 + _GAP
    first = np.triu(np.ones((n, n), dtype=bool), 1)
    for _ in range(400):
        between = boxes[None, :, :] - boxes[:, None, :]
        over = room - np.abs(between)
        meet = (over > 0.05).all(axis=2) & first
        if not meet.any():
            break
        # The shorter way out; those in one place part by their order.
        sideways = over[..., 0] < over[..., 1]
        sign = np.where(between >= 0, 1.0, -1.0)
        move = np.where(meet[..., None], sign * over / 2, 0.0)
        move[..., 0] *= sideways
        move[..., 1] *= ~sideways
        boxes = np.clip(boxes + 0.6 * (move.sum(axis=0) - move.sum(axis=1)), low, high)
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


# --- pieces of the picture --------------------------------------------------------------------------------------------


def _regular(corners: int, turn: float, *, inner: float = 1.0) -> list[tuple[float, float]]:
    """Corners of a regular polygon of radius 1, or of a star where `inner` is less."""
    n = corners * (2 if inner < 1 else 1)
    angles = turn + 2 * np.pi * np.arange(n) / n
    radius = np.where(np.arange(n) % 2 == 0, 1.0, inner)
    return [(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radius, angles, strict=True)]


def _cross(turn: float) -> list[tuple[float, float]]:
    arm = [(0.36, 1.0), (0.36, 0.36), (1.0, 0.36), (1.0, -0.36), (0.36, -0.36), (0.36, -1.0)]
    points = arm + [(-x, -y) for x, y in arm]
    c, s = np.cos(turn), np.sin(turn)
    return [(float(c * x - s * y), float(s * x + c * y)) for x, y in points]


# Corners and size; the first is a circle.
_SHAPES: tuple[tuple[list[tuple[float, float]], float], ...] = (
    ([], 1.0),
    (_regular(4, np.pi / 4), 1.22),
    (_regular(3, -np.pi / 2), 1.32),
    (_regular(4, 0.0), 1.25),
    (_regular(3, np.pi / 2), 1.32),
    (_cross(0.0), 1.12),
    (_regular(6, 0.0), 1.12),
    (_regular(5, -np.pi / 2, inner=0.45), 1.4),
    (_cross(np.pi / 4), 1.2),
    (_regular(5, -np.pi / 2), 1.15),
    (_regular(4, -np.pi / 2, inner=0.45), 1.4),
)


def _var(role: str) -> str:
    return f"var(--{role}, {COLOURS[role]})"


def _marker(shape: int, hue: str, x: float, y: float) -> str:
    corners, size = _SHAPES[shape]
    look = f'style="fill: {_var(hue)}; stroke: {_var("paper")}; stroke-width: 1"'
    if not corners:
        return f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS * size:g}" {look}/>'
    points = " ".join(f"{x + _RADIUS * size * a:.1f},{y + _RADIUS * size * b:.1f}" for a, b in corners)
    return f'<polygon points="{points}" {look}/>'


def _stroke(strength: float) -> str:
    return f"stroke: {_var('quiet')}; stroke-opacity: 0.5; stroke-width: {0.3 + 0.16 * strength**2:.2f}"


def _line(xy: np.ndarray, edge: object) -> str:
    (x1, y1), (x2, y2) = xy[int(edge.a)], xy[int(edge.b)]  # type: ignore[attr-defined]  # a row of `edges`
    look = _stroke(edge.strength)  # type: ignore[attr-defined]
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" style="{look}"/>'


def _text(x: float, y: float, line: str) -> str:
    # A rim in the page's colour keeps letters readable where a tie runs beneath them.
    look = (
        f"font: {_LETTER}px var(--sans, sans-serif); fill: {_var('ink')}; stroke: {_var('paper')}; "
        "stroke-width: 2.5px; stroke-linejoin: round; paint-order: stroke"
    )
    return f'<text x="{x:g}" y="{y:.1f}" text-anchor="middle" style="{look}">{escape(line)}</text>'


def _lines(name: str) -> list[str]:
    wide = any(unicodedata.east_asian_width(ch) in "WF" for ch in name)
    return textwrap.wrap(name, 10 if wide else 18, max_lines=3, placeholder="…")


def _sizes(labels: Sequence[Sequence[str]]) -> np.ndarray:
    """Width and height of each marker with its lines; letters are taken to be wide ones."""
    marker = 2 * _RADIUS * 1.3
    rows = [(max([marker, *(_measure(x) for x in lines)]), 2 * _RADIUS + _LINE * len(lines)) for lines in labels]
    return np.array(rows, dtype="float64").reshape(len(labels), 2)


def _measure(line: str) -> float:
    return _LETTER * sum(map(_ems, line))


def _ems(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF" or letter in "mwMW":
        return 1.0
    return 0.35 if letter in " .,:;'’|ijlt" else 0.64


def _legend(
    nodes: pd.DataFrame, edges: pd.DataFrame, looks: Mapping[str, tuple[int, str]], strengths: Mapping[int, str]
) -> str:
    counts, ties = nodes["kind"].value_counts(), edges["strength"].value_counts()
    members = [_item(18, _marker(*look, 9, 9), kind, counts[kind]) for kind, look in looks.items() if kind in counts]
    lines = [
        _item(26, f'<line x1="0" y1="9" x2="26" y2="9" style="{_stroke(strength)}"/>', words, ties[strength])
        for strength, words in strengths.items()
        if strength in ties
    ]
    return "".join(f'<ul class="legend">{"".join(items)}</ul>' for items in (members, lines) if items)


def _item(width: int, drawn: str, words: str, n: int) -> str:
    picture = f'<svg width="{width}" height="18" viewBox="0 0 {width} 18" aria-hidden="true">{drawn}</svg>'
    return f'<li>{picture} {escape(words)} <span class="n">{n:,}</span></li>'
