"""Numbers and lists as the sentences of a report say them."""

from __future__ import annotations

import datetime
import math
import textwrap
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

__all__ = [
    "NAME_LETTERS",
    "TOO_FEW",
    "about",
    "amount",
    "area_words",
    "date_words",
    "figure_text",
    "how_many",
    "inside",
    "listing",
    "percent",
    "period_words",
    "sentence",
    "shortened",
    "spelled",
]

#: A name is cut to so many letters in a headline.
NAME_LETTERS = 48
#: What stands in place of a score that would give single answers away.
TOO_FEW = "too few answers to show"
_AREAS = {
    "county": ("county", "counties"),
    "tract": ("census tract", "census tracts"),
    "block-group": ("block group", "block groups"),
    "zcta": ("ZIP area", "ZIP areas"),
}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def how_many(n: float, one: str, many: str, *, of: float | None = None) -> str:
    """Return a count with its noun, singular or plural, out of a total where one is given.

    Examples
    --------
    >>> how_many(1, "county", "counties"), how_many(0, "county", "counties"), how_many(1200, "seat", "seats")
    ('one county', 'no county', '1,200 seats')
    >>> how_many(12, "county", "counties", of=64), how_many(64, "county", "counties", of=64)
    ('12 of 64 counties', 'all 64 counties')
    >>> how_many(2, "county", "counties", of=2), how_many(1, "county", "counties", of=1)
    ('both counties', 'the one county')
    >>> how_many(0, "county", "counties", of=64)
    'none of 64 counties'
    """
    n = round(n)
    if of is not None:
        of = round(of)
        if of == 1:
            return f"the one {one}" if n else f"no {one}"
        if n == of:
            return f"both {many}" if of == 2 else f"all {of:,} {many}"
        return f"{'none' if n == 0 else f'{n:,}'} of {of:,} {many}"
    number = _SMALL[n] if 0 <= n < len(_SMALL) else f"{n:,}"
    return f"{number} {one if n in (0, 1) else many}"


def area_words(level: str) -> tuple[str, str]:
    """Return what one area, and several, of a level are called.

    Examples
    --------
    >>> area_words("county")
    ('county', 'counties')
    """
    return _AREAS.get(level, ("area", "areas"))


def about(value: float) -> str:
    """Return a number rounded to two figures where it is large, said to be about so where that changes it.

    Examples
    --------
    >>> about(12345), about(40000), about(87), about(0), about(999.6)
    ('about 12,000', '40,000', '87', 'none', 'about 1,000')
    """
    if round(value) == 0:
        return "none" if value == 0 else "less than one"
    digits = max(0, math.floor(math.log10(abs(value))) - 1) if abs(value) >= 100 else 0
    rounded = round(value, -digits)
    return f"{rounded:,.0f}" if math.isclose(rounded, value) else f"about {rounded:,.0f}"


def percent(share: float) -> str:
    """Return a share as percent, never a false 0 or 100.

    Examples
    --------
    >>> percent(0.634), percent(0.004), percent(0.9999), percent(1), percent(0)
    ('63%', 'less than 1%', 'more than 99%', '100%', '0%')
    """
    if 0 < share < 0.005:
        return "less than 1%"
    if 0.995 <= share < 1:
        return "more than 99%"
    return f"{100 * share:.0f}%"


def amount(usd: float) -> str:
    """Return an amount of money in words that are read at a glance.

    Examples
    --------
    >>> amount(4_000_000), amount(3_965_000), amount(10_500_000), amount(48_300), amount(950)
    ('$4 million', '$3.97 million', '$10.5 million', '$48,300', '$950')
    """
    if abs(usd) >= 999_500:
        # Half a unit goes up, as readers round; the binary 3.965 lies a little below.
        millions = Decimal(str(usd / 1e6)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return f"${millions:f}".removesuffix("0").removesuffix(".0") + " million"
    return f"${usd:,.0f}"


def listing(names: Sequence[str], *, most: int = 4) -> str:
    """Return names as a list in a sentence; beyond `most`, the rest are counted.

    Examples
    --------
    >>> listing(["Baca"]), listing(["Baca", "Bent"]), listing(list("abcdef"), most=3)
    ('Baca', 'Baca and Bent', 'a, b, c and 3 more')
    >>> listing([])
    'none'
    """
    names = list(names)
    if not names:
        return "none"
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def date_words(day: object) -> str:
    """Return a day as a reader says it.

    Examples
    --------
    >>> import datetime
    >>> date_words(datetime.date(2026, 6, 30))
    'June 30, 2026'
    """
    return f"{day:%B} {day.day}, {day.year}"  # type: ignore[attr-defined]  # any date of the standard library or pandas


def period_words(period: str) -> str:
    """Return a period of a table as a reader says it.

    Examples
    --------
    >>> period_words("2025-Q4"), period_words("2025"), period_words("2025-04"), period_words("2026-06-30")
    ('Q4 2025', '2025', 'April 2025', 'June 30, 2026')
    """
    if len(period) == 7:
        month = f"{datetime.date.fromisoformat(f'{period}-01'):%B}" if "Q" not in period else period[5:]
        return f"{month} {period[:4]}"
    return date_words(datetime.date.fromisoformat(period)) if len(period) == 10 else period


def figure_text(value: object, unit: str = "") -> str:
    """Return one cell's figure for a table: `share` as percent, `USD` with its sign, others with their digits.

    Examples
    --------
    >>> figure_text(0.634, "share"), figure_text(1234.5), figure_text(0.04567), figure_text(2.5, "USD")
    ('63.4%', '1,234', '0.046', '$2.50')
    >>> figure_text(-3.0), figure_text(12.0, "percent")
    ('−3', '12%')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = float(value)  # type: ignore[arg-type]  # figures only
    if unit == "share":
        text = f"{100 * number:.1f}%"
    elif unit == "percent":
        text = f"{number:.0f}%"
    elif unit == "USD":
        text = f"${number:,.0f}" if abs(number) >= 100 or number == round(number) else f"${number:,.2f}"
    elif number == round(number) or abs(number) >= 100:
        text = f"{number:,.0f}"
    else:
        text = f"{number:.2g}" if abs(number) < 1 else f"{number:.1f}"
    return text.replace("-", "−")


def shortened(text: str, most: int) -> str:
    r"""Return a name for a picture or a title: on one line, cut at a word where it is longer than `most` letters.

    Examples
    --------
    >>> shortened("Family child care\nhome network", 40), shortened("Family child care home network", 20)
    ('Family child care home network', 'Family child care…')
    >>> shortened("a" * 400, 5)
    'aaaa…'
    """
    short = textwrap.shorten(text, most, placeholder="…")
    # A first word that is too long would leave nothing of the name.
    return short if short.strip("…") or not text.strip() else text.strip()[: most - 1] + "…"


def spelled(n: float) -> str:
    """Return a whole number as a word where it is small.

    Examples
    --------
    >>> spelled(0), spelled(3), spelled(12), spelled(1200)
    ('none', 'three', '12', '1,200')
    """
    return "none" if round(n) == 0 else how_many(n, "", "").strip()


def sentence(text: str) -> str:
    """Return text with its first letter large; the others as they are.

    Examples
    --------
    >>> sentence("two ties are new")
    'Two ties are new'
    """
    return text[:1].upper() + text[1:]


def inside(label: str) -> str:
    """Return a label as it stands inside a sentence; one that begins with several large letters is kept.

    Examples
    --------
    >>> inside("Common agenda"), inside("WIC offices")
    ('common agenda', 'WIC offices')
    """
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
