"""The pieces of a page: a finding with its picture, its table and where it comes from, as HTML with nothing outside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from ci_analysis.figures.base import Drawing
from ci_analysis.figures.words import date_words, figure_text, listing
from ci_analysis.tables import Column, Table

__all__ = [
    "MISSING",
    "Block",
    "drawing_html",
    "finding_block",
    "heading_of",
    "missing_block",
    "outline_problems",
    "slug_of",
    "table_html",
]

_LONG_TABLE = 12
#: A cell with more letters is a sentence.
_SENTENCE = 40
#: Headings of columns whose name is not what a reader would call them.
_HEADINGS = {
    "partner_a": "partner",
    "partner_b": "other partner",
    "degree": "ties",
    "degree_high": "ties at most, had all answered",
    "in_degree": "named by",
    "in_degree_high": "named by at most, had all answered",
    "out_degree": "names",
    "strength": "sum of levels",
    "strength_high": "sum of levels at most, had all answered",
    "community": "group (Louvain)",
    "constraint": "constraint (Burt)",
    "n_ratings": "rated by",
    "ties_high": "ties at most, had all answered",
    "confirmed": "named by both sides",
    "density": "share of pairs with a tie",
    "density_high": "the same at most, had all answered",
    "components": "parts",
    "components_low": "parts at least, had all answered",
    "reciprocity_low": "reciprocity at least, over all pairs",
    "reciprocity_high": "reciprocity at most, over all pairs",
    "degree_centralization": "centralization",
    "degree_centralization_low": "centralization at least, had all answered",
    "degree_centralization_high": "centralization at most, had all answered",
    "ei_index": "E-I index",
    "ei_index_low": "E-I index at least, had all answered",
    "ei_index_high": "E-I index at most, had all answered",
    "new_ties_comparable": "of these, where the same answered",
    "lost_ties_comparable": "of these, where the same answered",
    "n_backbone": "answers for the backbone",
    "n_others": "other answers",
    "geoid": "area",
    "cv": "coefficient of variation",
    "moe": "margin of error",
    "cap_desert": "short, CAP-style",
    "spatial_desert": "short by its own seats",
    "access_desert": "short within reach",
    "p_shortage": "probability of a shortage",
    "need_moe": "margin of error of need",
    "usable_low": "usable, strictest reading",
    "usable_high": "usable, widest reading",
    "spatial_gap_low": "90%: from",
    "spatial_gap_high": "90%: to",
    "spatial_gap_strict": "strictest reading",
    "spatial_gap_wide": "widest reading",
    "price_week": "price a week",
    "price_vintage": "year of the price",
    "income_vintage": "years of the income",
    "acceptability_1": "of all weights, put it first",
    "acceptability_top3": "of all weights, put it among the first three",
}


#: How the sentence begins that stands in place of a section.
MISSING = '<p class="missing">'


@dataclass(frozen=True)
class Block:
    """A piece of a page; a notebook shows it as it will stand in the report."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def slug_of(text: str) -> str:
    """Return a fragment identifier from a sentence.

    Examples
    --------
    >>> slug_of("12 of 64 counties are short: more than 3 a seat.")
    's-12-of-64-counties-are-short-more-than-3-a-seat'
    """
    return ("s-" + re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"))[:60].strip("-")


def missing_block(shows: str, absent: Sequence[str], first: str) -> Block:
    """Return the sentence that stands in place of a section that has nothing to show.

    Parameters
    ----------
    shows : str
        What it would show, as a clause.
    absent : sequence of str
        Files that it rests on and that have no rows.
    first : str
        The file that it rests on first: where none is absent, that one has too little.
    """
    files = listing([f"<code>{escape(f)}</code>" for f in absent], most=9)
    do = f"fill in {files}" if absent else f"<code>{escape(first)}</code> would need more figures"
    said = f"This section would show {escape(shows)}. To see it, {do}."
    return Block(f"{MISSING}{said}</p>")


def finding_block(
    title: str, body: str, *, notes: Sequence[str] = (), table: str = "", downloads: Sequence[str] = ()
) -> Block:
    """Return a section: the finding as heading, the picture or table, its notes, and its data.

    Parameters
    ----------
    title : str
        The finding, as text.
    body : str
        HTML.
    notes : sequence of str
        Source, vintage and caution, as text, one sentence or more each.
    table : str
        HTML of the figures behind a picture; folded.
    downloads : sequence of str
        Names of files under `data/`; the methods page says of the first how it was made.
    """
    links = ", ".join(f'<a href="data/{escape(n)}" download>{escape(n)}</a>' for n in downloads)
    caption = "".join(f"<p>{escape(n)}</p>" for n in notes)
    if links:
        made = f'<a href="methods.html#m-{escape(downloads[0].partition(".")[0])}">How it was made</a>'
        caption += f'<p class="give">Data: {links} · {made}</p>'
    folded = f"<details><summary>The figures behind this</summary>{table}</details>" if table else ""
    return Block(
        f'<section class="finding" id="{slug_of(title)}"><h2>{escape(title)}</h2>'
        f"<figure>{body}<figcaption>{caption}</figcaption></figure>{folded}</section>"
    )


def drawing_html(picture: Drawing) -> str:
    """Return a picture with its legend, and with what a reader chooses by."""
    html = f'{picture.controls}<div class="picture">{picture.svg}</div>{picture.legend}'
    return f'<div class="explorer">{html}</div>' if picture.controls else html


def table_html(
    frame: pd.DataFrame,
    table: Table,
    labels: Mapping[str, Mapping[str, str]],
    *,
    caption: str,
    units: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a frame as an HTML table with header cells, its identifiers as names, its figures as readers read them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of the table, in the order to show; others as text.
    table : Table
        The declaration, for units.
    labels : mapping
        From `Study.labels`.
    caption : str
        What the table shows.
    units : mapping
        From `Study.units`: how figures of each measure and indicator are written.

    Returns
    -------
    str
        Missing cells say so: empty to the eye, 'no figure' to a screen reader.
    """
    columns = list(frame.columns)
    kinds = [table.by_name.get(c, Column(c, "text", "")) for c in columns]
    told = next((frame[c].astype("str").map(units) for c in ("measure_id", "indicator") if c in frame), None)
    own = ["" if told is None or pd.isna(u) else str(u) for u in (frame.index if told is None else told)]
    texts = [_column(frame[c.name], c, own, labels) for c in kinds]
    looks = ["num" if c.kind in ("number", "integer") else _wordy(t) for c, t in zip(kinds, texts, strict=True)]
    head = "".join(
        f'<th scope="col"{_class(n)}>{escape(heading_of(c))}</th>' for c, n in zip(columns, looks, strict=True)
    )
    rows = []
    for i in range(len(frame)):
        cells = [f'<th scope="row">{texts[0][i]}</th>'] if columns else []
        cells += [f"<td{_class(n)}>{t[i]}</td>" for n, t in zip(looks[1:], texts[1:], strict=True)]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    long = " long" if len(rows) > _LONG_TABLE else ""
    return (
        f'<div class="scroll{long}" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _column(
    cells: pd.Series, column: Column, units: Sequence[str], labels: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Return a column's cells as HTML; where each row has a unit of its own, by that."""
    if column.unit != "row":
        return [_cell(v, column, labels) for v in cells]
    by_unit = {unit: replace(column, unit=unit) for unit in set(units)}  # type: ignore[arg-type]  # from Study.units
    return [_cell(v, by_unit[u], labels) for v, u in zip(cells, units, strict=True)]


def _wordy(texts: Sequence[str]) -> str:
    """Return the class of a column that holds sentences, which would be a word wide on a phone."""
    return "words" if max((len(re.sub(r"<[^>]*>", "", t)) for t in texts), default=0) > _SENTENCE else ""


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def heading_of(column: str) -> str:
    """Return what a column is called at the head of a page's table.

    Examples
    --------
    >>> heading_of("need_moe"), heading_of("project_id")
    ('Margin of error of need', 'Project')
    """
    text = _HEADINGS.get(column, re.sub(r"_id$", "", column).replace("_", " "))
    return text[:1].upper() + text[1:]


def _cell(value: object, column: Column, labels: Mapping[str, Mapping[str, str]]) -> str:
    if pd.isna(value):  # type: ignore[call-overload]  # one cell
        said = "no figure" if column.kind in ("number", "integer") else "not given"
        return f'<span class="gone" title="{said}">–<span class="hidden"> {said}</span></span>'
    if column.kind == "date":
        return escape(date_words(value))
    if column.kind in ("number", "integer"):
        # People are counted whole, also where an estimate is not.
        return escape(figure_text(round(value) if column.counts_people and value >= 1 else value, column.unit))
    if column.kind == "yes-no":
        return "yes" if value else "no"
    named = labels.get(column.name, {})
    parts = str(value).split(";") if column.kind in ("slugs", "geoids") else [str(value)]
    # bdi keeps a right-to-left name from turning its neighbours around.
    return "; ".join(f"<bdi>{escape(named.get(p.strip(), _plain(p, column)))}</bdi>" for p in parts)


def _plain(text: str, column: Column) -> str:
    if column.name == "indicator":
        return text.strip().replace("_", " ")
    return text.strip().replace("-", " ") if column.kind == "choice" else text.strip()


def outline_problems(html: str) -> list[str]:
    """Return what is wrong with a page's headings: not one h1, or a level skipped."""
    levels = [int(x) for x in re.findall(r"<h([1-6])\b", html)]
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of level 1"]
    return found + [f"h{b} follows h{a}" for a, b in pairwise(levels) if b > a + 1]
