"""The findings of step 2 that lead the brief."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.landscape.cost import dearest, price_sentence
from ci_analysis.figures.landscape.said import areas_of, counted, focus, people_of, seats_sentence
from ci_analysis.figures.words import about, area_words, listing, percent, period_words
from ci_analysis.landscape.estimates import MEDIUM_QUALITY_CV, Z_90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ci_analysis.study import Study

__all__ = ["Headline", "headlines"]


@dataclass(frozen=True)
class Headline:
    """A figure for the brief: the number, what it means, how sure it is, and how it would head the page."""

    number: str
    sentence: str
    sure: str
    leads: str = ""


def headlines(study: Study, tables: Mapping[str, pd.DataFrame]) -> list[Headline]:
    """Return the findings that lead the brief, in the order of what a board asks; none rests on made-up rows.

    Parameters
    ----------
    study : Study
        The study.
    tables : mapping of str to pandas.DataFrame
        An edition's tables.
    """
    if any(study.is_illustrative(t) for t in ("indicators", "capacity", "facilities")):
        return []
    found = []
    summary = tables["gap_summary"]
    if len(summary):
        found += [_seats_headline(study, summary)]
    if len(tables["gap"]):
        found += [_shortage_headline(study, tables["gap"])]
    if len(tables.get("affordability", ())):
        found += [_price_headline(study, tables["affordability"])]
    return [f for f in found if f is not None]


def _seats_headline(study: Study, summary: pd.DataFrame) -> Headline | None:
    segment = focus(study, summary)
    rows = summary[summary["segment"] == segment]
    if not len(rows):
        return None
    row = rows.iloc[0]
    if pd.isna(row["sufficiency"]) or pd.isna(row["spatial_gap"]):
        return None
    words, (one, _) = study.profile.words, area_words(study.settings.level)
    short = row["spatial_gap"]
    without = f"In their own {one}, {about(short)} {'has' if round(short) == 1 else 'have'} none."
    if short == 0:
        without = f"Every {one} has enough for its own."
    sentence = f"{seats_sentence(study, row['sufficiency'], segment)} in {words.need}. {without}"
    sure = "How far off this may be is not known: not every figure behind it has a margin of error."
    if pd.notna(row["spatial_gap_low"]):
        low, high = row["spatial_gap_low"], row["spatial_gap_high"]
        rough = short > 0 and (high - low) / (2 * Z_90) > MEDIUM_QUALITY_CV * short
        sure = (
            f"{'Of low reliability: 90% interval' if rough else '90% interval'} of those without: {about(low)} to "
            f"{about(high).removeprefix('about ')}, from the margin of error of the count alone."
        )
    n = round(100 * row["sufficiency"])
    people = people_of(study, segment)
    leads = f"In {study.settings.community}, every {one} has enough {words.seats} for its {people} in {words.need}"
    if short:
        few = "one" if round(short) == 1 else about(short)
        whom = f"{few} of the {people} has" if round(short) <= 1 else f"{about(short)} {people} have"
        leads = f"In {study.settings.community}, {whom} no {words.seat} in their own {one}"
    return Headline(f"{'under 1' if n == 0 and row['sufficiency'] else f'{n:,}'} for 100", sentence, sure, leads)


def _shortage_headline(study: Study, gap: pd.DataFrame) -> Headline | None:
    shortage = study.profile.shortage
    rows = gap[(gap["segment"] == shortage.segment) & gap["cap_desert"].notna()]
    if not len(rows):
        return None
    one, many = area_words(study.settings.level)
    n = int(rows["cap_desert"].astype(bool).sum())
    words = study.profile.words
    areas, single = areas_of(n, one, many, len(rows))
    sentence = (
        f"{areas} {'has' if single else 'have'} more than "
        f"{counted(shortage.people_per_seat, words.person, words.people)} for each licensed {words.seat}, "
        f"counting {people_of(study, shortage.segment)}."
    )
    dependent = n < len(rows) and (rows["unmet_high"] - rows["unmet_low"] > 0).any()
    sure = f"It may be more if {words.seats} that two groups share were left out." if dependent else ""
    coarse = f"A {one} is wide: inside it, {words.seats} can still be far."
    if study.settings.level in ("tract", "block-group"):
        coarse = f"A {one} is small: {words.seats} next door are not counted."
    return Headline(f"{n:,} of {len(rows):,}", sentence, f"{coarse} {sure}".strip())


def _price_headline(study: Study, affordability: pd.DataFrame) -> Headline | None:
    known = affordability.dropna(subset=["share"])
    if not len(known):
        return None
    segment = dearest(known)
    rows = known[known["segment"] == segment]
    low, high = percent(rows["share"].min()), percent(rows["share"].max())
    span = low if low == high else f"{low}–{high}"
    sentence = f"{price_sentence(study, known, segment)}: {span.replace('–', ' to ')}."
    priced, earned = (
        listing([period_words(p) for p in sorted(rows[c].dropna().unique())])
        for c in ("price_vintage", "income_vintage")
    )
    every = affordability.loc[affordability["segment"] == segment, "geoid"].nunique()
    gone, many = every - len(rows), area_words(study.settings.level)[1]
    unknown = f" {gone:,} of {every:,} {many} {'has' if gone == 1 else 'have'} no price or no income." if gone else ""
    return Headline(span, sentence, f"Prices of {priced} against incomes of {earned}.{unknown}")
