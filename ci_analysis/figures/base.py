"""What all figures share: one style, the finding as title, a text alternative, and SVG that follows the page.

A function of `figures` draws on an Axes and gives it back; `finding` puts the sentence on it and keeps the text
alternative beside it. `drawing` turns the Axes into a `Drawing`: a piece of SVG with real text, whose colours are the
page's own (light and dark), the same bytes for the same data.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from weakref import WeakKeyDictionary

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "SEQUENCE",
    "Drawing",
    "Made",
    "Statement",
    "alternative",
    "drawing",
    "finding",
    "new_axes",
    "script_data",
    "style",
    "titled_svg",
]

#: Colours by role, as they are in a light page. In a page they follow its variables `--<role>`, dark ones in the dark.
#: The first three, blue, orange and green, are told apart with any colour vision (after Okabe and Ito 2008).
COLOURS = {
    "ink": "#1b2733",
    "quiet": "#5a6773",
    "grid": "#d9dee3",
    "paper": "#fffffe",
    "one": "#0b5fa5",
    "two": "#b45309",
    "three": "#0f766e",
    "four": "#8a3b8f",
    "muted": "#b9c4ce",
    "bad": "#b42318",
}
#: Five steps from little to much, of one hue, readable in black and white.
SEQUENCE = ("#e3eef8", "#b5d3ec", "#74abd8", "#2f7cba", "#0a4a80")
_VARIABLES = {**{v: k for k, v in COLOURS.items()}, **{v: f"step-{i}" for i, v in enumerate(SEQUENCE, 1)}}

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": COLOURS["quiet"],
    "axes.labelcolor": COLOURS["quiet"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.grid": False,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["quiet"],
    "ytick.color": COLOURS["ink"],
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "ci-analysis",
    "lines.linewidth": 2,
}
_alternatives: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()
_notes: WeakKeyDictionary[Figure, tuple[str, ...]] = WeakKeyDictionary()


@contextmanager
def style() -> Iterator[None]:
    """Draw in this project's style, and leave matplotlib's settings as they were."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # The page draws with its own letters: one that the measuring font lacks is shown all the same.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
        yield


def new_axes(ax: Axes | None = None, *, height: float = 3.2, width: float = 5.8) -> Axes:
    """Return the Axes to draw on: the caller's, or a new one of a width that a phone can show.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, optional
        The caller's.
    height, width : float
        Of a new figure, in inches.
    """
    if ax is not None:
        return ax
    with style():
        return Figure(figsize=(width, height), layout="constrained").subplots()


def finding(ax: Axes, sentence: str, *, alt: str, notes: Sequence[str] = ()) -> Axes:
    """Put the finding on an Axes as its title, and the text alternative beside it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The figure.
    sentence : str
        What the figure shows, as a sentence.
    alt : str
        What the picture shows, for who cannot see it.
    notes : sequence of str
        Sentences that stand beneath the picture: what the figures are and are not, how sure they are.
    """
    ax.set_title(sentence, wrap=True, parse_math=False)
    _alternatives[ax.figure] = alt  # type: ignore[index]  # sub-figures are not used here
    _notes[ax.figure] = tuple(notes)  # type: ignore[index]  # the same
    return ax


def alternative(ax: Axes) -> str:
    """Return the text alternative of a figure; empty where none was given."""
    return _alternatives.get(ax.figure, "")  # type: ignore[call-overload]  # sub-figures are not used here


@dataclass(frozen=True)
class Drawing:
    """A finished picture: SVG, the finding as its title, and a text alternative.

    Parameters
    ----------
    svg : str
        One `<svg>` element that stands alone, with its text alternative inside.
    title : str
        The finding.
    alt : str
        The text alternative.
    legend : str
        HTML of a legend that stands beside the picture, where the picture has none inside.
    controls : str
        HTML of what a reader chooses by, where the picture can show more than one figure; it stands before the picture.
    notes : tuple of str
        Sentences that stand beneath the picture, as text.
    """

    svg: str
    title: str
    alt: str
    legend: str = ""
    controls: str = ""
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self.title)}</strong></p>{self.controls}{self.svg}{self.legend}"


@dataclass(frozen=True)
class Statement:
    """A finding without a picture: a sentence, and a table or lines that stand open beneath it.

    Parameters
    ----------
    title : str
        The finding.
    frame : pandas.DataFrame, optional
        Rows and columns to show.
    caption : str
        What the rows are.
    lines : tuple of str
        Paragraphs, as text.
    controls : str
        HTML of what a reader chooses by; it stands before the rows.
    """

    title: str
    frame: pd.DataFrame | None = None
    caption: str = ""
    lines: tuple[str, ...] = ()
    controls: str = ""


#: What a figure's function gives back, if it draws.
Made = Axes | Drawing


def drawing(ax: Made) -> Drawing:
    """Return an Axes as SVG whose text is text and whose colours are the page's; a Drawing is one already.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or Drawing
        With a finding; its whole figure is drawn, without the title, which the page sets as text.

    Raises
    ------
    ValueError
        Where the figure has no finding or no text alternative.
    """
    if isinstance(ax, Drawing):
        return ax
    titles = {where: ax.get_title(loc=where) for where in ("left", "center")}
    title, alt = titles["left"] or titles["center"], alternative(ax)
    if not title or not alt:
        raise ValueError("the figure has no finding or no text alternative; see figures.base.finding")
    for where in titles:
        ax.set_title("", loc=where)
    try:
        with style():
            svg = _svg(ax.figure)  # type: ignore[arg-type]  # sub-figures are not used here
    finally:
        for where, text in titles.items():
            ax.set_title(text, loc=where, parse_math=False)
    notes = _notes.get(ax.figure, ())  # type: ignore[call-overload]  # sub-figures are not used here
    return Drawing(titled_svg(svg, title, alt), title, alt, notes=notes)


def titled_svg(svg: str, title: str, alt: str) -> str:
    """Return SVG with a role, a text alternative, and identifiers that no other picture of a page has."""
    token = "f" + sha256((title + alt + svg).encode()).hexdigest()[:10]
    svg = re.sub(r"<[^>]+>", lambda tag: _own_names(tag[0], token), svg)
    head = f'<title id="{token}-t">{escape(title)}</title><desc id="{token}-d">{escape(alt)}</desc>'
    described = f'role="img" aria-labelledby="{token}-t {token}-d">{head}'
    # A name may hold a backslash, so the text is never used as a pattern's replacement.
    return re.sub(r"<svg\b([^>]*)>", lambda m: f"<svg{m[1]} {described}", svg, count=1)


def script_data(data: object) -> str:
    r"""Return data as JSON that can stand in a script: nothing in it may end the script, or be more than text.

    Parameters
    ----------
    data : object
        Of what JSON knows: dicts, lists, text, numbers.

    Examples
    --------
    >>> print(script_data({"a": "</script>"}))
    {"a":"\u003c/script\u003e"}
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _own_names(tag: str, token: str) -> str:
    """Return a tag whose identifiers, and those that it refers to, begin with the token."""
    tag = re.sub(r'\bid="([^"]+)"', rf'id="{token}-\1"', tag)
    tag = re.sub(r'((?:xlink:)?href=")#', rf"\1#{token}-", tag)
    return re.sub(r"url\(#", f"url(#{token}-", tag)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # Sizes in points would keep the picture from growing and shrinking with the page.
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r' xmlns:(?:rdf|cc|dc)="[^"]*"', "", svg)
    return re.sub(r"<[^>]+>", lambda tag: _of_the_page(tag[0]), svg).rstrip("\n")


def _of_the_page(tag: str) -> str:
    """Return a tag with the page's letters and colours; what stands between tags are names, and stays as it is."""
    # The page's own letters; measured with wider ones, so that nothing runs out of its place.
    tag = re.sub(r"font: ([^;\"]*?)(\d[\d.]*px) '[^;\"]*", r"font: \1\2 var(--sans, sans-serif)", tag)
    tag = re.sub(r"font-family: '?DejaVu Sans'?[^;\"]*", "font-family: var(--sans, sans-serif)", tag)
    return re.sub(
        r"#[0-9a-f]{6}\b", lambda m: f"var(--{_VARIABLES[m[0]]}, {m[0]})" if m[0] in _VARIABLES else m[0], tag
    )
