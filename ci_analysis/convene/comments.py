"""What respondents added to the readiness survey, without what says who wrote it or whom it speaks of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import pandas as pd

from ci_analysis.convene.waves import in_wave_order

__all__ = ["comments", "without_names"]

_APOSTROPHES = "'\u2019\u2018\u02bc\u00b4\u0060"
_DASHES = r"\-\u2010-\u2015"
_EMAIL = re.compile(r"[^\s@<>(),;:]+@[^\s@<>(),;:]*[^\s@<>(),;:.!?]")
_PHONE = re.compile(
    rf"""(?<![\w.])(?:
      \+\s?\d(?:[\s().{_DASHES}/]*\d){{6,14}}                        # +1 303 555 0100
    | 0\d(?:[\s().{_DASHES}/]*\d){{7,12}}                            # 0303 555 0100
    | (?:1[\s.{_DASHES}]?)?\(?\d{{3}}\)?[\s.{_DASHES}/]*\d{{3}}[\s.{_DASHES}]*\d{{4}}   # (303) 555-0100
    | \d{{3}}[\s.{_DASHES}]\d{{4}}                                   # 555-0100
    )(?:\s*(?:x|ext\.?)\s*\d{{1,6}})?(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
#: Stand for what was taken out until all is; letters of no script, so that no name is found in them.
_PARTNER, _CONTACT = "\ue000", "\ue001"


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

    A name is found in any case and with any apostrophe, hyphen or space, as whole words, the longest first. What the
    text says of somebody in other words stays.

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
    """
    ordered = sorted({unicodedata.normalize("NFC", name) for name in names}, key=lambda name: (-len(name), name))
    patterns = [found for name in ordered if (found := _pattern(name))]

    def cleaned(text: str) -> str:
        text = _PHONE.sub(_CONTACT, _EMAIL.sub(_CONTACT, unicodedata.normalize("NFC", text)))
        for pattern in patterns:
            text = pattern.sub(_PARTNER, text)
        return text.replace(_PARTNER, "[a partner]").replace(_CONTACT, "[contact]")

    return texts.map(cleaned).astype("str")


def _pattern(name: str) -> re.Pattern[str] | None:
    """What finds a name in a text; None for one without a letter or digit."""
    if not re.search(r"[^\W_]", name):
        return None
    between = rf"[\s_{_DASHES}]+"
    words = [re.escape(word) for word in re.split(between, name) if word]
    spelling = between.join(re.sub(f"[{_APOSTROPHES}]", f"[{_APOSTROPHES}]", word) for word in words)
    return re.compile(rf"(?<![^\W_]){spelling}(?![^\W_])", re.IGNORECASE)
