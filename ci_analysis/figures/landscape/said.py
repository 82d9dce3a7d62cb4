"""How the figures of step 2 speak: of groups, of seats, of areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from shapely import is_empty, is_missing

from ci_analysis.figures.words import how_many, shortened
from ci_analysis.landscape.regions import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from ci_analysis.study import Study

__all__ = [
    "DRAWN",
    "SAID",
    "area_names",
    "areas_of",
    "counted",
    "focus",
    "outlined",
    "people_of",
    "region_kind",
    "seats_for_100",
    "seats_sentence",
    "sufficiency_of",
    "upper",
]

#: Letters of a name in a drawing, and in a sentence.
DRAWN, SAID = 30, 60


def focus(study: Study, summary: pd.DataFrame) -> str:
    """Return the segment that the page leads with: the one worst served of those that the shortage is about."""
    about_all = study.profile.shortage.segment
    parts = {g.segment: g.of for g in study.profile.groups}.get(about_all, ())
    known = summary[summary["sufficiency"].notna()]
    for wanted in (parts, (about_all,)):
        rows = known[known["segment"].isin(wanted)]
        if len(rows):
            return str(rows.sort_values(["sufficiency", "segment"])["segment"].iloc[0])
    return "all"


def people_of(study: Study, segment: str) -> str:
    """Return the people of a segment, as they are called inside a sentence."""
    return study.profile.words.people if segment == "all" else study.labels["segment"].get(segment, segment).lower()


def upper(text: str) -> str:
    """Return a text that begins a sentence."""
    return text[:1].upper() + text[1:]


def seats_for_100(sufficiency: float) -> str:
    """Return usable seats for each 100 in need as they are said; never none where there are some."""
    n = round(100 * sufficiency)
    if n == 0:
        return "0" if sufficiency == 0 else "less than 1"
    return f"{n:,}"


def seats_sentence(study: Study, sufficiency: float, segment: str) -> str:
    """Return how many usable seats there are for every 100 of a segment, as a sentence without its end."""
    words, n = study.profile.words, seats_for_100(sufficiency)
    seats, be = (words.seat, "is") if n in ("1", "less than 1") else (words.seats, "are")
    n = {"0": "no", "1": "one", "less than 1": "less than one"}.get(n, n)
    return f"There {be} {n} {seats} for every 100 {people_of(study, segment)}"


def areas_of(n: int, one: str, many: str, of: int) -> tuple[str, bool]:
    """Return a count of areas as the subject of a sentence, and whether its verb is singular."""
    return upper(how_many(n, one, many, of=of)), n == 1 or of == 1


def counted(n: float, one: str, many: str) -> str:
    """Return a number that need not be whole, with its noun."""
    return how_many(n, one, many) if n == round(n) else f"{n:g} {many}"


def outlined(study: Study) -> bool:
    """Whether any area of the study has an outline to draw."""
    shapes = study.areas.geometry.to_numpy()
    return not (is_missing(shapes) | is_empty(shapes)).all()


def area_names(study: Study) -> Callable[[str], str]:
    """Return a function from an area's geoid to its name, short enough for a sentence."""
    names = study.labels["geoid"]
    return lambda geoid: shortened(names.get(geoid, geoid), SAID)


def sufficiency_of(gap: pd.DataFrame) -> pd.DataFrame:
    """Return need, usable seats and their ratio over the areas of a gap that know both, by segment."""
    known = gap.dropna(subset=["need", "usable"])
    sums = known.groupby("segment", sort=False)[["need", "usable"]].sum().reset_index()
    return sums.assign(sufficiency=sums["usable"] / sums["need"].where(sums["need"] > 0))


def region_kind(regions: pd.DataFrame) -> str:
    """Return the kind of region that a picture shows: of those with two regions at least, the one with the fewest."""
    named = regions[regions["region"] != ELSEWHERE]
    counts = (named if len(named) else regions).groupby("region_kind")["region"].nunique()
    return str(min(counts.index, key=lambda k: (counts[k] < 2, counts[k], k)))
