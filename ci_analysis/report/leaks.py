"""A last look at finished pages: nothing may stand in them that their edition leaves out.

Withholding decides what an edition knows, so that a section cannot show more. This looks at the files themselves, as
somebody would who wants to know: at their text, at attributes and text alternatives, at data inside scripts, and at
downloads. One find stops the publication.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pandas as pd

from ci_analysis.errors import RunFailed
from ci_analysis.figures.words import about, figure_text
from ci_analysis.report.blocks import heading_of
from ci_analysis.report.withhold import SHOWN_COUNTS
from ci_analysis.tables import INPUTS, OUTPUTS, Table, members

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition
    from ci_analysis.study import Study

__all__ = ["Leak", "Withheld", "leaks_in", "ready", "stop_leaks", "withheld"]

#: What a row is about, the closest first.
_ABOUT = (
    "geoid", "region", "facility_id", "partner_id", "project_id", "initiative_id", "voice_id", "site_id", "measure_id",
)  # fmt: skip
#: Text that people wrote, or names by which they are known.
_WRITTEN = ("text", "slug", "slugs")
#: A longer text gives itself away by its beginning, wherever it is cut.
_BEGINNING = 40
#: Figures with fewer digits stand in every sentence; they tell something only beside a name.
_TELLING_DIGITS = 3
_COUNTED = {
    w: str(n) for n, w in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1
    )
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.,$#-])(\d[\d,]*(?:\.\d+)?)(?![\w%]|[.,]\d|-\d)")
_WORD = re.compile(rf"\b({'|'.join(_COUNTED)})\b", re.IGNORECASE)
#: Numbers that count nobody: days, years, and how many of how many.
_NO_COUNT = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}\b"
    r"|\b\S+ of (?:the )?\d[\d,]*\b|\b(?:19|20)\d\d\b|\d{4}-\d\d(?:-\d\d)?"
)
_LINE = frozenset([
    "address", "blockquote", "button", "caption", "dd", "desc", "div", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5",
    "h6", "label", "legend", "li", "option", "output", "p", "pre", "section", "summary", "td", "text", "textarea", "th",
    "title", "tr",
])  # fmt: skip
_EMPTY = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
])  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """Something that stands in a file of an edition that leaves it out.

    Parameters
    ----------
    file : str
        Inside the edition's folder.
    where : {'text', 'attribute', 'text alternative', 'embedded data', 'download'}
        In which part of the file.
    what : str
        What it is, without repeating it: a message is no place for it either.
    """

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}, in its {self.where}"


@dataclass(frozen=True)
class Withheld:
    """What an edition leaves out, and what it shows all the same.

    Parameters
    ----------
    words : mapping of str to str
        Texts, and where each comes from.
    figures : mapping of str to mapping of str to mapping of str to str
        By the name of an area, partner, project …, and by figures as they could be written: what each would be told
        by (an indicator, or a column), and where it comes from.
    shown : mapping of str to mapping of str to set of str
        By the same names, and by what they are told by: figures that the edition shows of each.
    phrases : tuple of str
        Texts with numbers that the edition shows.
    """

    words: Mapping[str, str]
    figures: Mapping[str, Mapping[str, Mapping[str, str]]]
    shown: Mapping[str, Mapping[str, set[str]]]
    phrases: tuple[str, ...] = ()

    @cached_property
    def any_word(self) -> re.Pattern[str] | None:
        """Matches the texts, as whole words."""
        return _any_of(self.words)

    @cached_property
    def any_name(self) -> re.Pattern[str] | None:
        """Matches the names, as whole words."""
        return _any_of(self.figures)


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(texts, key=lambda t: (-len(t), t))
    either = "|".join(re.escape(t) for t in longest_first)
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])") if either else None


def withheld(study: Study, tables: Mapping[str, pd.DataFrame], edition: Edition) -> Withheld:
    """Return what an edition leaves out of a study and of its run.

    Parameters
    ----------
    study : Study
        The whole study.
    tables : mapping of str to pandas.DataFrame
        The run's tables, with everything in them.
    edition : Edition
        What is shown.
    """
    minimum = study.settings.publish.minimum_count
    figures: dict[str, dict[str, dict[str, str]]] = {}
    for table, whole, part in _both(study, tables, edition):
        for names, column, of, value in _gone(table, whole, part, study):
            small = table.by_name[column].counts_people and 0 < value < minimum
            told = dict.fromkeys(of, f"{table.file}, {column}")
            for form in (f for f in _forms(value) if small or _telling(f)):
                for name in names:
                    figures.setdefault(name, {}).setdefault(form, {}).update(told)
    said = _texts(edition.study.tables) | _texts(edition.tables)
    return Withheld(
        _words(study, edition, said),
        figures,
        _shown(edition, set(figures)),
        tuple(sorted((t for t in said if len(t) > 8 and _numbers(t)), key=lambda t: (-len(t), t))) if figures else (),
    )


def _both(
    study: Study, tables: Mapping[str, pd.DataFrame], edition: Edition
) -> Iterator[tuple[Table, pd.DataFrame, pd.DataFrame | None]]:
    """Give each table with what there is of it, and what the edition has of it."""
    for name, frame in study.tables.items():
        yield INPUTS[name], frame, edition.study.tables[name]
    for name, frame in tables.items():
        yield OUTPUTS[name], frame, edition.tables.get(name)


def _gone(
    table: Table, whole: pd.DataFrame, part: pd.DataFrame | None, study: Study
) -> Iterator[tuple[list[str], str, set[str], float]]:
    """Give the figures on people, and private ones, that an edition has not: whose, column, told by what, figure."""
    about_what = [c for c in _ABOUT if c in table.key]
    columns = [
        c.name for c in table.columns
        if c.kind in ("number", "integer") and c.name in whole and c.name not in table.key
        and (c.counts_people or not c.public) and c.unit != "share"
    ]  # fmt: skip
    if not about_what or not columns or not len(whole):
        return
    rows = _indexed(whole, table)[columns].astype("float64")
    if part is not None and len(part):
        there = _indexed(part, table).reindex(columns=columns).astype("float64")
        there = there[~there.index.duplicated()].reindex(rows.index)
        rows = rows.mask(there.notna())
    rows = rows.mask(rows == 0).dropna(how="all")
    for key, row in zip(rows.index, rows.itertuples(index=False), strict=True):
        cells = dict(zip(table.key, key if isinstance(key, tuple) else (key,), strict=True))
        told = next((c for c in about_what if cells[c]), None)
        if told is None:
            continue
        name = str(cells[told])
        names = list(dict.fromkeys([name, study.labels.get(told, {}).get(name, name)]))
        for column, value in zip(columns, row, strict=True):
            if pd.notna(value):
                yield names, column, _told_by(column, cells.get("indicator"), study), float(value)


def _told_by(column: str, indicator: object, study: Study) -> set[str]:
    """Return the words by which a reader knows what a figure counts."""
    if not indicator:
        return {column, heading_of(column).casefold()}
    name = str(indicator)
    label = study.labels["indicator"].get(name, name)
    return {name.casefold(), name.replace("_", " ").casefold(), label.casefold()}


def _indexed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    keys = [frame[k].astype("str").fillna("") for k in table.key]
    return frame.set_index(keys if len(keys) > 1 else keys[0])


def _forms(value: float) -> set[str]:
    """Return a figure as it could be written, without sign and unit; a year is no figure."""
    value = abs(value)
    texts = {f"{value:g}", f"{value:.0f}", f"{value:,.0f}", f"{value:.1f}", f"{value:.2f}", repr(value)}
    texts |= {about(value), figure_text(value), figure_text(value, "USD")}
    found = {n for t in texts for n in re.findall(r"\d[\d,]*(?:\.\d+)?", t)}
    return {n for n in found if not re.fullmatch(r"(?:19|20)\d\d|0(?:\.0+)?", n)}


def _telling(form: str) -> bool:
    return sum(c.isdigit() for c in form.lstrip("0.")) >= _TELLING_DIGITS


def _shown(edition: Edition, names: set[str]) -> dict[str, dict[str, set[str]]]:
    """Return the figures that an edition shows of each name, by what they are told by, as they could be written."""
    shown: dict[str, dict[str, set[str]]] = {name: {} for name in names}
    if not names:
        return {}
    labels = edition.study.labels
    every = [(INPUTS[n], f) for n, f in edition.study.tables.items() if n not in edition.tables]
    every += [(OUTPUTS[n], f) for n, f in edition.tables.items()]
    for table, frame in every:
        # Shares stand as percent, which is taken for no count.
        kinds = [c for c in table.columns if c.kind in ("number", "integer") and c.unit not in ("share", "percent")]
        # What a study counts of people is shown by the run's tables; these two stand on pages as they are.
        if table.name in INPUTS and table.name not in OUTPUTS and table.name not in SHOWN_COUNTS:
            kinds = [c for c in kinds if not c.counts_people]
        figures = [c.name for c in kinds if c.name in frame]
        indicators = frame.get("indicator")
        for column in (c for c in table.columns if figures and c.name in frame and (c.name in _ABOUT or c.link)):
            called = labels.get(column.name, labels.get(column.link.rpartition(".")[2], {}))
            cells = frame[column.name].dropna()
            parts = cells.map(members) if column.kind in ("slugs", "geoids") else cells.map(lambda cell: [str(cell)])
            each = parts.explode().dropna()
            for at, raw in each[each.isin(names) | each.map(called).isin(names)].items():
                of = None if indicators is None else indicators.loc[at]
                for name in {raw, called.get(raw, raw)} & names:
                    for figure, value in frame.loc[at, figures].items():
                        for told in _told_by(str(figure), of, edition.study) if pd.notna(value) else ():
                            shown[name].setdefault(told, set()).update(_forms(float(value)))
    return shown


def _texts(tables: Mapping[str, pd.DataFrame]) -> set[str]:
    found: set[str] = set()
    for frame in tables.values():
        for column in frame.columns:
            if pd.api.types.is_string_dtype(frame[column].dtype):
                found.update(_plain(t) for t in frame[column].dropna().unique())
    return found


def _words(study: Study, edition: Edition, said: set[str]) -> dict[str, str]:
    """Return the texts of a study's tables that an edition has nowhere, as they would begin."""
    known = " ".join(sorted(said)) + " " + json.dumps(edition.study.settings.model_dump(mode="json"))
    known = f"{known} {json.dumps(edition.study.profile.model_dump(mode='json'))} {edition.study.provenance}".casefold()
    known = _plain(f"{known} {known.replace(';', ' ')}")
    # Most texts are shown as they are, or are members of lists: only the few others are looked for in all that is.
    plainly = {part for text in said for part in (text, *map(_plain, members(text)))}
    found: dict[str, str] = {}
    for name, frame in study.tables.items():
        table = INPUTS[name]
        for column in frame.columns:
            declared = table.by_name.get(column)
            written = declared is None or (declared.kind in _WRITTEN and not declared.vocabulary)
            if not written or not pd.api.types.is_string_dtype(frame[column].dtype):
                continue
            for cell in frame[column].dropna().unique():
                for text in members(cell) if declared and declared.kind == "slugs" else [cell]:
                    if _plain(text) in plainly:
                        continue
                    word = _beginning(_plain(text))
                    if word not in found and _says(word) and not _within(word.casefold(), known):
                        found[word] = f"{table.file}, {column}"
    return found


def _says(word: str) -> bool:
    """Whether a text could be told from any other: some words, or one that this package never writes."""
    if len(word) < 4 or re.fullmatch(r"[\d.,%$\s-]+", word):
        return False
    return " " in word or word.casefold() not in _own_words()


def _within(word: str, text: str) -> bool:
    return word in text and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def ready() -> None:
    """Read what the package writes itself, so that the next search waits for it no more."""
    _own_words()


@cache
def _own_words() -> frozenset[str]:
    """Return the single words that this package writes itself, on any page."""
    package = files("ci_analysis")
    found: set[str] = set()
    waiting = [package]
    while waiting:
        for each in waiting.pop().iterdir():
            if each.is_dir():
                waiting.append(each)
            elif each.name.endswith((".py", ".j2", ".yaml", ".js", ".css")):
                found.update(re.findall(r"[\w-]{4,}", each.read_text(encoding="utf-8").casefold()))
    return frozenset(found)


def _plain(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()


def _beginning(text: str) -> str:
    if len(text) <= _BEGINNING * 3 // 2:
        return text
    return text[:_BEGINNING].rpartition(" ")[0] or text[:_BEGINNING]


def stop_leaks(texts: Mapping[str, str], kept: Withheld, edition: str) -> None:
    """Refuse an edition in whose files something stands that it leaves out.

    Parameters
    ----------
    texts : mapping of str to str
        The finished files by name.
    kept : Withheld
        What it leaves out.
    edition : str
        What it is called.

    Raises
    ------
    RunFailed
        With every find.
    """
    found = leaks_in(texts, kept)
    if found:
        lines = "\n".join(f"  {leak}" for leak in found[:20])
        more = f"\n  and {len(found) - 20:,} more" if len(found) > 20 else ""
        raise RunFailed(
            f"The {edition} edition was not put in place, because something stands in it that it leaves out; the last "
            f"good one stands. This is a fault of the package, unless a page's own text says it:\n{lines}{more}"
        )


def leaks_in(texts: Mapping[str, str], kept: Withheld) -> list[Leak]:
    """Return what stands in files that is left out of their edition; each once for a file and place.

    Parameters
    ----------
    texts : mapping of str to str
        Pages and downloads by name.
    kept : Withheld
        What is left out.
    """
    found: dict[Leak, None] = {}
    if not kept.words and not kept.figures:
        return []
    for name in sorted(texts):
        for where, part, tabular in _parts(PurePosixPath(name).suffix, texts[name]):
            for what in _found(part, kept, tabular):
                found[Leak(name, where, what)] = None
    return list(found)


#: What stands together: cells of a row with their headings, or one piece of text without any.
_Cells = list[tuple[str, str]]


def _parts(suffix: str, text: str) -> Iterator[tuple[str, _Cells, bool]]:
    """Give the pieces of a file: where each stands, its cells, and whether their headings say what they are."""
    if suffix == ".html":
        page = _Page()
        page.feed(text)
        page.close()
        yield from page.parts
    elif suffix == ".csv":
        yield from _rows(text)
    else:
        yield "text", [("", text)], False


def _rows(text: str) -> Iterator[tuple[str, _Cells, bool]]:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows, [])
    for row in rows:
        yield "download", list(zip(header, row, strict=False)), True


def _found(cells: _Cells, kept: Withheld, tabular: bool) -> Iterator[str]:
    text = _plain(" | ".join(cell for _, cell in cells))
    if kept.any_word:
        for hit in kept.any_word.finditer(text):
            yield f"what {kept.words[hit[0]]}, says"
    names = set(kept.any_name.findall(text)) if kept.any_name else set()
    for name in sorted(names):
        secret = kept.figures[name]
        seen = _in_cells(cells) if tabular else _in_sentences(text, name, kept.phrases)
        shown, said = kept.shown.get(name, {}), text.casefold()
        for form in sorted(seen & set(secret)):
            told = {by for by in secret[form] if by in said or any(by == h.casefold() for h, _ in cells)}
            # Where a text says what is counted, another figure of the same name that is the same excuses nothing.
            there = [form in shown.get(by, ()) for by in told] or [form in forms for forms in shown.values()]
            if not any(there):
                source = secret[form][min(told or secret[form])]
                yield f"a figure of {source}, beside the name that it belongs to"


def _in_cells(cells: _Cells) -> set[str]:
    """Return the figures of a row, in columns that count people or that no table declares."""
    return {n for heading, cell in cells if _may_count(heading) for n in _numbers(cell, whole=True)}


@cache
def _may_count(heading: str) -> bool:
    columns = [c for t in (*INPUTS.values(), *OUTPUTS.values()) for c in t.columns]
    named = [c for c in columns if heading in (c.name, heading_of(c.name))]
    return not named or any(c.counts_people or (not c.public and c.kind in ("number", "integer")) for c in named)


def _in_sentences(text: str, name: str, phrases: Iterable[str]) -> set[str]:
    """Return the figures of the sentences that say a name; those of texts that the edition shows count nobody."""
    for phrase in phrases:
        if phrase != name and phrase in text:
            text = text.replace(phrase, " ")
    sentences = [s for s in re.split(r"(?<=[.!?]) ", text) if name in s]
    return {n for s in sentences for n in _numbers(s.replace(name, " "))}


def _numbers(text: str, *, whole: bool = False) -> set[str]:
    """Return the numbers of a text; of a cell, whatever it is; of a sentence, those that could count people."""
    if not whole:
        text = _NO_COUNT.sub(" ", text)
    found = set(_NUMBER.findall(text)) | {_COUNTED[w.lower()] for w in _WORD.findall(text)}
    return found | {f"{float(n):g}" for n in found if "," not in n and len(n) < 15}


class _Page(HTMLParser):
    """Takes a page apart into lines of text, rows of tables, attributes, and data inside scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, _Cells, bool]] = []
        self.open: list[tuple[str, list[str]]] = [("", [])]
        self.headings: list[str] = []
        self.row: _Cells | None = None
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = [(n, _plain(v)) for n, v in attrs if v and n not in ("d", "points", "transform", "style", "class")]
        alternatives = [v for n, v in said if n in ("alt", "aria-label", "title", "aria-description")]
        if alternatives:
            self.parts.append(("text alternative", [("", v) for v in alternatives], False))
        others = [(n, v) for n, v in said if v not in alternatives and not n.startswith("on")]
        if others:
            # What is said of a thing in several attributes stands together.
            self.parts.append(("attribute", [("", " | ".join(v for _, v in said))], False))
        for _, value in said:
            if value.startswith("data:"):
                self.parts += _embedded(value)
        if tag == "table":
            self.headings = []
        elif tag == "tr":
            self.row = []
        if tag not in _EMPTY and (tag in _LINE or tag in ("script", "style", "svg")):
            self.open.append((tag, []))
        self.script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.script = False
        if tag not in [t for t, _ in self.open[1:]]:
            return
        while True:
            closed, texts = self.open.pop()
            self._end(closed, _plain("".join(texts)))
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        self.open[-1][1].append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.append(("text", [("", data)], False))

    def close(self) -> None:
        super().close()
        while self.open:
            tag, texts = self.open.pop()
            self._end(tag, _plain("".join(texts)))

    def _end(self, tag: str, text: str) -> None:
        if tag in ("td", "th") and self.row is not None:
            at = len(self.row)
            self.row.append((self.headings[at] if at < len(self.headings) else "", text))
        elif tag == "tr" and self.row is not None:
            if not self.headings:
                self.headings = [cell for _, cell in self.row]
            self.parts.append(("text", self.row, bool(self.headings)))
            self.row = None
        elif tag == "script":
            self.parts += _of_script(text)
        elif text:
            where = "text alternative" if tag in ("title", "desc") and "svg" in dict(self.open) else "text"
            self.parts.append((where, [("", text)], False))


def _embedded(address: str) -> Iterator[tuple[str, _Cells, bool]]:
    """Give the rows of a table that an attribute carries as its address."""
    head, _, body = address.partition(",")
    if not head.startswith("data:text"):
        return
    if head.endswith(";base64"):
        try:
            text = base64.b64decode(body).decode("utf-8", errors="replace")
        except (binascii.Error, ValueError):
            return
    else:
        text = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), body.encode()).decode(
            errors="replace"
        )
    for _, cells, tabular in _rows(text):
        yield "download", cells, tabular


def _of_script(text: str) -> Iterator[tuple[str, _Cells, bool]]:
    try:
        held = json.loads(text)
    except ValueError:
        yield "embedded data", [("", text)], False
        return
    lists: dict[int, list[list[Any]]] = {}
    for value in _inside(held):
        if isinstance(value, list):
            lists.setdefault(len(value), []).append(value)
        elif isinstance(value, dict):
            yield "embedded data", [("", " | ".join(_leaf(v) for v in value.values()))], False
        elif isinstance(value, str):
            yield "embedded data", [("", value)], False
    for same in lists.values():
        # Lists of one length say things of the same areas or projects, one after another.
        for row in zip(*same, strict=True):
            yield "embedded data", [("", " | ".join(_leaf(v) for v in row))], False


def _inside(value: Any) -> Iterator[Any]:
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _inside(each)


def _leaf(value: Any) -> str:
    return "" if isinstance(value, (dict, list)) or value is None else str(value)
