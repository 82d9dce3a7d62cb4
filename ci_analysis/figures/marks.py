"""Pieces that drawn SVG pictures share: marks told apart by shape and colour, letters, legends, widths of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

import numpy as np

from ci_analysis.figures.base import COLOURS

__all__ = ["LETTER", "LINE", "RADIUS", "WIDTH", "legend_item", "looks_of", "marker", "measure", "text", "var"]

#: As wide as the other pictures, so that letters have one size on a page.
WIDTH = 418.0
#: Height of a letter, and from line to line.
LETTER = 9.5
LINE = 11.0
#: Of a round mark; the others look as large.
RADIUS = 6.5
_HUES = ("one", "two", "three", "four")


def var(role: str) -> str:
    """Return a colour of the page by its role.

    Examples
    --------
    >>> var("ink")
    'var(--ink, #1b2733)'
    """
    return f"var(--{role}, {COLOURS[role]})"


def looks_of(kinds: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return a shape and a colour for each kind; no two kinds share both while there are shapes.

    Examples
    --------
    >>> looks_of(["Schools", "Employers"])
    {'Schools': (0, 'one'), 'Employers': (1, 'two')}
    """
    return {kind: (i % len(_SHAPES), _HUES[i % len(_HUES)]) for i, kind in enumerate(kinds)}


def marker(shape: int, hue: str, x: float, y: float, *, full: bool = True) -> str:
    """Return a mark at a point: filled with its colour, or its outline alone.

    Parameters
    ----------
    shape : int
        From `looks_of`.
    hue : str
        Role of a colour.
    x, y : float
        Its middle.
    full : bool
        Whether it is filled.
    """
    corners, size = _SHAPES[shape]
    fill, stroke, width = (var(hue), var("paper"), 1.0) if full else ("none", var(hue), 1.6)
    look = f'style="fill: {fill}; stroke: {stroke}; stroke-width: {width:g}"'
    radius = RADIUS * size * (1.0 if full else 0.9)
    if not corners:
        return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {look}/>'
    points = " ".join(f"{x + radius * a:.1f},{y + radius * b:.1f}" for a, b in corners)
    return f'<polygon points="{points}" {look}/>'


def text(x: float, y: float, line: str, *, anchor: str = "middle") -> str:
    """Return a line of letters at a point, with a rim in the page's colour where something runs beneath them.

    Parameters
    ----------
    x, y : float
        Where the line stands, by its foot.
    line : str
        The words.
    anchor : {'start', 'middle', 'end'}
        Which part of the line stands at x.
    """
    look = (
        f"font: {LETTER}px var(--sans, sans-serif); fill: {var('ink')}; stroke: {var('paper')}; "
        "stroke-width: 2.5px; stroke-linejoin: round; paint-order: stroke"
    )
    return f'<text x="{x:g}" y="{y:.1f}" text-anchor="{anchor}" style="{look}">{escape(line)}</text>'


def measure(line: str) -> float:
    """Return how wide a line is at most; letters are taken to be wide ones.

    Examples
    --------
    >>> measure("il") < measure("mm")
    True
    """
    return LETTER * sum(map(_ems, line))


def _ems(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF" or letter in "mwMW@%…—":
        return 1.0
    if letter in " .,:;'’|ijlt":
        return 0.35
    return 0.76 if letter.isupper() else 0.64


def legend_item(width: int, drawn: str, words: str, n: int | None = None) -> str:
    """Return one entry of a legend: a small picture, what it stands for, and how many there are where that is told.

    Parameters
    ----------
    width : int
        Of the small picture, which is 18 high.
    drawn : str
        Its SVG.
    words : str
        What it stands for, as text.
    n : int, optional
        How many.
    """
    picture = f'<svg width="{width}" height="18" viewBox="0 0 {width} 18" aria-hidden="true">{drawn}</svg>'
    many = f' <span class="n">{n:,}</span>' if n is not None else ""
    return f"<li>{picture} {escape(words)}{many}</li>"


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
