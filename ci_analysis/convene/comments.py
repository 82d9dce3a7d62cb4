"""What respondents added to the readiness survey, without what says who wrote it or whom it speaks of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from ci_analysis.convene.waves import in_wave_order

__all__ = ["comments", "without_names"]

_APOSTROPHES = frozenset("'\u2019\u2018\u02bc\u00b4\u0060\u2032")
_RUN = r"[^\s@<>(),;:]"
#: Looked for from the first letter of a run alone, so that a long text without a space takes no longer than others.
_EMAIL = re.compile(rf"(?<!{_RUN}){_RUN}+@{_RUN}*[^\s@<>(),;:.!?]")
_GAP = r"[ \t\u00a0.\-\u2010-\u2015/]"
_EXTENSION = r"(?:\s{0,2}(?:x|ext\.?)\s{0,2}\d{1,6})?(?![\w])"
#: North American numbers alone: no area code and no exchange begins with 0 or 1, and other figures are no numbers.
_PHONE = re.compile(
    rf"""(?<![\w$.,])(?:
      \+1{_GAP}{{0,3}}(?:\([2-9]\d\d\)|[2-9]\d\d){_GAP}{{0,3}}[2-9]\d\d{_GAP}{{0,3}}\d{{4}}       # +13035550100
    | (?:1{_GAP}{{0,3}})?\([2-9]\d\d\){_GAP}{{0,3}}[2-9]\d\d{_GAP}{{0,3}}\d{{4}}                  # (303) 555-0100
    | (?:1{_GAP}{{1,3}})?[2-9]\d\d{_GAP}{{1,3}}[2-9]\d\d{_GAP}{{1,3}}\d{{4}}                      # 303-555-0100
    ){_EXTENSION}""",
    re.VERBOSE | re.IGNORECASE,
)
#: Seven digits, ten without a gap, or those of another country may be any figure: a word before them has to say so.
_CUED = re.compile(
    r"\b((?:call|cell|fax|mobile|phone|tel|telephone|text)(?:ed|s)?\b[^\w\n]{0,3}"
    r"(?:(?:me|us|him|her|them|at|on|is|no|number)\b[^\w\n]{1,3}){0,3})"
    rf"(?:[2-9]\d\d{_GAP}{{0,3}}\d{{4}}|[2-9]\d\d[2-9]\d{{6}}|\+\d(?:{_GAP}{{0,3}}\d){{7,14}}){_EXTENSION}",
    re.IGNORECASE,
)
#: Stands for a contact until all names are found; of no script, so that no name is found in it.
_CONTACT = "\ue001"
#: A word in capital letters up to so many letters is an abbreviation.
_ABBREVIATION = 5
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")


def comments(readiness: pd.DataFrame, items: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Return the comments on each statement, in an order and with words that do not tell who wrote them.

    Sorted by their words, as they stand after `without_names`; two that are the same are both there.

    Parameters
    ----------
    readiness : pandas.DataFrame
        One row an answer: wave (period), respondent, item, comment (may be missing).
    items : pandas.DataFrame
        One row an item of the instrument: item, condition.
    partners : pandas.DataFrame
        One row a partner: partner_id, name; of any status.

    Returns
    -------
    pandas.DataFrame
        One row a comment, by wave, item (in the instrument's order) and number: wave, item, number (from 1),
        condition, comment.

    Examples
    --------
    >>> answers = [("2026", "a", "x", "Too slow."), ("2026", "b", "x", "Ask the North Clinic!")]
    >>> readiness = pd.DataFrame(answers, columns=["wave", "respondent", "item", "comment"])
    >>> items = pd.DataFrame({"item": ["x"], "condition": ["backbone"]})
    >>> partners = pd.DataFrame({"partner_id": ["a"], "name": ["North clinic"]})
    >>> comments(readiness, items, partners)[["number", "comment"]].values.tolist()
    [[1, 'Ask the [a partner]!'], [2, 'Too slow.']]
    """
    said = readiness[["wave", "item", "comment"]].dropna()
    said = said.assign(comment=said["comment"].str.strip())
    said = said[said["comment"].ne("")].merge(items[["item", "condition"]], on="item")
    names = pd.concat([partners["name"], partners["partner_id"], readiness["respondent"]]).dropna().unique()
    # The order of the words that were taken out would say a little of them.
    said["comment"] = without_names(said["comment"], names)
    said = said.assign(_place=pd.Index(items["item"]).get_indexer(said["item"]), _plain=said["comment"].str.casefold())
    said = in_wave_order(said, "_place", "_plain", "comment")
    said["number"] = said.groupby(["wave", "item"]).cumcount() + 1
    return said[["wave", "item", "number", "condition", "comment"]]


def without_names(texts: pd.Series, names: Iterable[str]) -> pd.Series:
    """Return texts with names replaced by `[a partner]`, e-mail addresses and phone numbers by `[contact]`.

    Names are found as whole words, whatever the accents, apostrophes, punctuation and spaces on either side. A name
    with something in brackets is found without it too, and by an abbreviation in brackets (two capital letters or
    more). A name of several words is found in any case. Of one word, it is found where it begins with a capital letter,
    since it may be an everyday word (Hope), and an abbreviation in capital letters alone; one with a digit, or with a
    capital letter inside, in any case. A single letter, or digits alone, are no name. What the text says of somebody in
    other words stays, and so does the name of a person.

    Parameters
    ----------
    texts : pandas.Series of str
        No cell is missing.
    names : iterable of str
        Names, and identifiers.

    Returns
    -------
    pandas.Series of str
        On the same index.

    Examples
    --------
    >>> without_names(pd.Series(["Write to ann@example.org at parents’ house"]), ["Parents' House"]).to_list()
    ['Write to [contact] at [a partner]']
    >>> without_names(pd.Series(["We hope that Hope and DPS hire 500-1000."]), ["Hope", "Denver Schools (DPS)"]).iloc[0]
    'We hope that [a partner] and [a partner] hire 500-1000.'
    """
    wanted: dict[str, set[_Name]] = {}
    composed = {unicodedata.normalize("NFC", name) for name in names}
    for spelling in set().union(*map(_spellings, composed)):
        if found := _name(spelling):
            wanted.setdefault(found.words[0], set()).add(found)

    def cleaned(text: str) -> str:
        text = _EMAIL.sub(_CONTACT, unicodedata.normalize("NFC", text))
        text = _CUED.sub(rf"\1{_CONTACT}", _PHONE.sub(_CONTACT, text))
        kept, done = [], 0
        for start, end in _named(text, wanted):
            kept += [text[done:start], "[a partner]"]
            done = end
        return "".join([*kept, text[done:]]).replace(_CONTACT, "[contact]")

    return texts.map(cleaned).astype("str")


class _Part(NamedTuple):
    """Letters and digits of a text without anything between, plain and in small letters."""

    plain: str
    start: int
    end: int
    #: Whether only an apostrophe stands between the part before and this.
    tied: bool


class _Name(NamedTuple):
    """A name's words, plain and in small letters, and how one word has to be written."""

    words: tuple[str, ...]
    written: str


def _spellings(name: str) -> set[str]:
    """A name as it stands, without what is in brackets, and the abbreviation in brackets."""
    inside = {re.sub(r"[\W_]", "", words) for words in _IN_BRACKETS.findall(name) if len(words.split()) == 1}
    short = {word for word in inside if sum(letter.isupper() for letter in word) >= 2}
    return {name, _IN_BRACKETS.sub(" ", name)} | short


def _name(name: str) -> _Name | None:
    """What to look for; None for what no text is searched for: no letter, a single one, or digits alone."""
    parts = _parts(name)
    words: list[str] = []
    for part in parts:
        if part.tied:
            words[-1] += part.plain
        else:
            words.append(part.plain)
    if not words or (len(words) == 1 and (len(words[0]) == 1 or words[0].isdecimal())):
        return None
    raw = re.sub(r"[\W_]", "", name[parts[0].start : parts[-1].end])
    if len(words) > 1 or any(c.isdecimal() for c in raw) or (raw[1:] != raw[1:].lower() and not raw.isupper()):
        written = "anyhow"
    else:
        # A longer word in capital letters is a name that somebody wrote so.
        written = "in capitals" if raw.isupper() and len(raw) <= _ABBREVIATION else "with a capital"
    return _Name(tuple(words), written)


def _parts(text: str) -> list[_Part]:
    plain = [(letter, i) for i, char in enumerate(text) for letter in _plain(char)]
    folded, parts, before = "".join(letter for letter, _ in plain), [], 0
    for found in re.finditer(r"[^\W_]+", folded):
        start, end = plain[found.start()][1], plain[found.end() - 1][1] + 1
        tied = bool(parts) and set(folded[before : found.start()]) == {"'"}
        parts.append(_Part(found.group(), start, end, tied))
        before = found.end()
    return parts


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """A letter in small, without its accents; every apostrophe as the same."""
    if char in _APOSTROPHES:
        return "'"
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)).casefold()


def _named(text: str, wanted: dict[str, set[_Name]]) -> list[tuple[int, int]]:
    """Where names stand in a text; two that overlap are one."""
    parts, found = _parts(text), []
    for at, part in enumerate(parts):
        # What follows an apostrophe may be a name (d'Hope); the s of a genitive is none.
        if part.tied and len(part.plain) < 3:
            continue
        ends = [
            end
            for first in _beginnings(parts, at)
            for name in wanted.get(first, ())
            if (end := _end(parts, at, name.words)) and _is_written(text[part.start : parts[end - 1].end], name)
        ]
        if not ends:
            continue
        start, end = part.start, parts[max(ends) - 1].end
        while text[end : end + 1] and unicodedata.combining(text[end]):
            end += 1
        if text[end : end + 1] in (")", "]") and text[start:end].count("(") + text[start:end].count("[") == 1:
            end += 1
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _beginnings(parts: list[_Part], at: int) -> list[str]:
    """The words that may begin at a part: it alone, and with one or two tied to it."""
    words = [parts[at].plain]
    for part in parts[at + 1 : at + 3]:
        if not part.tied:
            break
        words.append(words[-1] + part.plain)
    return words


def _end(parts: list[_Part], at: int, words: tuple[str, ...]) -> int:
    """Behind which part a name that begins at one ends; 0 where it does not stand there."""
    for word in words:
        if at == len(parts):
            return 0
        spelt = parts[at].plain
        at += 1
        while len(spelt) < len(word) and at < len(parts) and parts[at].tied:
            spelt += parts[at].plain
            at += 1
        if spelt != word:
            return 0
    return at


def _is_written(words: str, name: _Name) -> bool:
    if name.written == "in capitals":
        return words.isupper()
    return name.written == "anyhow" or not words[0].islower()
