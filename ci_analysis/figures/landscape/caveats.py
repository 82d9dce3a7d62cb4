"""What a reader must know before the figures of step 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.landscape.gap import seats_known, unreliable
from ci_analysis.figures.landscape.said import people_of, upper
from ci_analysis.figures.words import area_words, how_many, listing, period_words
from ci_analysis.landscape import facility_areas, latest_figures, population_centres
from ci_analysis.tables import members

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["ages_of", "caveats"]

_OLDEST = 999


def ages_of(text: str) -> tuple[int, int] | None:
    """Return the first and last year of age that a text names, or None where it names none.

    Parameters
    ----------
    text : str
        Such as `3 to 5`, `0-4`, `under 3` or `16+`.

    Examples
    --------
    >>> ages_of("3 to 5"), ages_of("0-4"), ages_of("under 3"), ages_of("16+"), ages_of("")
    ((3, 5), (0, 4), (0, 2), (16, 999), None)
    """
    found = [int(n) for n in re.findall(r"\d+", text)]
    if not found:
        return None
    if "under" in text.lower():
        return 0, found[0] - 1
    if len(found) > 1:
        return found[0], found[1]
    return (found[0], _OLDEST) if re.search(r"\+|over|older", text) else (found[0], found[0])


def caveats(study: Study, gap: pd.DataFrame) -> Statement | None:
    """State what to know before reading: how need and seats were counted, of when, of what ages, and how sure it is.

    Parameters
    ----------
    study : Study
        For its tables, labels and words.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Statement or None
        A line for each thing that applies to this study; None without a gap.
    """
    if not len(gap):
        return None
    lines = [
        *_need(study, gap),
        *_vintages(study, gap),
        *_ages(study, gap),
        *_reliability(study, gap),
        *_seats(study, gap),
        *_distances(study, gap),
    ]
    words = study.profile.words
    title = (
        f"What to know before reading: {how_many(len(lines), 'thing', 'things')} about {words.need} and {words.seats}"
    )
    return Statement(title, lines=tuple(lines)) if lines else None


def _need(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return how need was made, and of how many areas it is known."""
    profile, known = study.profile, gap[gap["need"].notna()]
    bases = {b for text in known["need_basis"].dropna().unique() for b in members(text)}
    if bases - {"people"}:
        yield profile.need.about.strip()
    counted = known[known["need_basis"].eq("people")]["segment"].unique()
    if len(counted):
        people = listing([people_of(study, s) for s in study.labels["segment"] if s in counted], most=9)
        yield (
            f"{upper(profile.words.need)} of {people} is all of them: no share of those who would need a "
            f"{profile.words.seat} is known, so some are counted who would take none."
        )
    if not len(known):
        yield f"{upper(profile.words.need)} is not known for any area, and so no gap."
        return
    covered, every = known["geoid"].nunique(), gap["geoid"].nunique()
    if covered < every:
        many = how_many(every - covered, *area_words(study.settings.level), of=every)
        gone = "not shown" if "x_withheld" in gap and gap["x_withheld"].eq("yes").any() else "not known"
        yield f"{upper(profile.words.need)} is {gone} for {many}; what is said is about the others."


def _vintages(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return the years of the figures behind need, where they differ."""
    known = gap[gap["need"].notna()]
    own = known[known["segment"].isin([s.segment for s in study.profile.segments])]
    by = (own if len(own) else known).groupby("segment")["need_period"]
    spans = {s: sorted({p for text in texts.dropna() for p in members(text)}) for s, texts in by}
    if not any(len(periods) > 1 for periods in spans.values()) and len({tuple(p) for p in spans.values()}) <= 1:
        return
    groups: dict[tuple[str, ...], list[str]] = {}
    for segment in (s for s in study.labels["segment"] if s in spans):
        groups.setdefault(tuple(spans[segment]), []).append(people_of(study, segment))
    said = [f"{listing([period_words(p) for p in t])} for {listing(g, most=9)}" for t, g in groups.items()]
    yield f"The figures behind {study.profile.words.need} are of different years: {'; '.join(said)}."


def _ages(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return where the ages of those who are counted are not the ages that seats are for."""
    profile, words = study.profile, study.profile.words
    given = {s.segment: ages for s in profile.segments if (ages := ages_of(s.ages)) is not None}
    if not given:
        return
    given["all"] = min(a for a, _ in given.values()), max(b for _, b in given.values())
    spans = {g.segment: [given[s] for s in g.of if s in given] for g in profile.groups}
    given |= {g: (min(a for a, _ in parts), max(b for _, b in parts)) for g, parts in spans.items() if parts}
    used = gap.loc[gap["need"].notna(), "segment"].unique()
    # Groups and everybody are sums of their segments, where each segment is known.
    own = [s.segment for s in profile.segments if s.segment in used]
    shares: dict[tuple[int, int], list[str]] = {}
    for segment in own or used:
        direct = _counted_ages(study, profile.need.direct, segment)
        counted = direct or _counted_ages(study, profile.need.people, segment)
        meant = given.get(segment)
        if counted and meant and counted != meant:
            yield _ages_said(study, segment, counted, meant)
        share = None if direct else _counted_ages(study, profile.need.share, segment)
        if share and meant and share != meant:
            shares.setdefault(share, []).append(people_of(study, segment))
    if shares:
        said = [f"ages {_span(ages)} for {listing(people, most=9)}" for ages, people in shares.items()]
        yield f"The share that makes {words.need} is that of {listing(said, most=9)}."
    capacity = study.tables["capacity"]
    if len(used) and not own and len(capacity) and capacity.loc[capacity["segment"].notna(), "licensed"].isna().all():
        yield f"{upper(words.seats)} for each age are not known: a surplus for one age may hide a gap for another."


def _counted_ages(study: Study, name: str, segment: str) -> tuple[int, int] | None:
    """Return the ages of an indicator's latest figures, for a segment or else for everybody."""
    table = study.tables["indicators"]
    column = next((c for c in ("ages", "x_ages") if c in table and table[c].notna().any()), None)
    if column is None or not name:
        return None
    rows = table[table["indicator"] == name]
    latest = latest_figures(rows, name, areas=study.areas, as_of=study.settings.as_of)
    latest = latest.assign(segment=latest["segment"].fillna("all"))
    there = latest[latest["segment"].eq(segment)]
    there = there if len(there) else latest[latest["segment"].eq("all")]
    if not len(there):
        return None
    at = rows["segment"].fillna("all").eq(there["segment"].iloc[0]) & rows["period"].eq(there["period"].iloc[0])
    texts = sorted(rows.loc[at, column].dropna().unique())
    return ages_of(texts[0]) if texts else None


def _ages_said(study: Study, segment: str, counted: tuple[int, int], seats: tuple[int, int]) -> str:
    words, people = study.profile.words, upper(people_of(study, segment))
    said = f"{people} are counted at ages {_span(counted)}, and {words.seats} are for ages {_span(seats)}"
    if counted[0] >= seats[0] and counted[1] <= seats[1]:
        return f"{said}: {words.seats} for each of them look better than they are."
    if counted[0] <= seats[0] and counted[1] >= seats[1]:
        return f"{said}: {words.seats} for each of them look worse than they are."
    return f"{said}."


def _span(ages: tuple[int, int]) -> str:
    return f"{ages[0]} and over" if ages[1] == _OLDEST else f"{ages[0]} to {ages[1]}"


def _reliability(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return how many areas have a need of low reliability, or that no margin is known."""
    words, known = study.profile.words, gap[gap["need"].notna()]
    if not len(known):
        return
    if known["need_moe"].isna().all():
        yield f"No margin of error is known for {words.need}, so no figure here can say how far off it may be."
        return
    own = [s.segment for s in study.profile.segments if s.segment in set(known["segment"])]
    rows = known[known["segment"].isin(own or known["segment"])]
    low = frozenset().union(*(unreliable(r.set_index("geoid"), "need", "need_moe") for _, r in rows.groupby("segment")))
    if low:
        of = how_many(len(low), *area_words(study.settings.level), of=rows["geoid"].nunique())
        yield (
            f"In {of} {words.need} of at least one group is of low reliability (a coefficient of variation above 40%): "
            "hatched on the maps."
        )
    if "people-times-share" in set(known["need_basis"]):
        share = study.tables["indicators"]
        share = share[share["indicator"] == study.profile.need.share]
        if len(share) and share["moe"].isna().all():
            yield f"The share that makes {words.need} has no margin and is taken as exact: margins are too narrow."


def _seats(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return what is not known of the seats: how many, for whom, with what staff, and where."""
    words, capacity, facilities = study.profile.words, study.tables["capacity"], study.tables["facilities"]
    everybody = gap[gap["segment"] == "all"]
    yield from seats_known(study, everybody)
    if len(capacity) and capacity["usable"].isna().all() and gap["unstaffed"].isna().all():
        yield f"All {words.seats} are as licensed: staffing is unknown, and each is used as if it could be filled."
    elif len(capacity) and capacity["usable"].isna().any() and gap["unstaffed"].isna().all():
        yield f"Some {words.seats} are as licensed: their staffing is unknown, and they are used all the same."
    unstaffed = everybody["unstaffed"].sum()
    if unstaffed > 0:
        yield f"{unstaffed:,.0f} licensed {words.seats} are not counted as usable, since the staff cannot serve them."
    shared = capacity[["low", "high"]].notna().any(axis=1)
    if shared.any():
        low, high = everybody["usable_low"].sum(), everybody["usable_high"].sum()
        read = f"{low:,.0f} to {high:,.0f} usable {words.seats} in all"
        yield f"Rooms that two groups share can be read in two ways: {read}."
    if len(facilities):
        n = int(facility_areas(facilities, study.areas).isna().sum())
        if n:
            add, count = ("lies", "It adds") if n == 1 else ("lie", "They add")
            yield (
                f"{upper(how_many(n, words.facility, words.facilities))} {add} in no area of the study. {count} no "
                f"{words.seats} to any, but {'counts' if n == 1 else 'count'} within reach where the place is known."
            )


def _distances(study: Study, gap: pd.DataFrame) -> Iterator[str]:
    """Return what distances are measured in and from."""
    words = study.profile.words
    if gap["access"].isna().all():
        return
    many = area_words(study.settings.level)[1]
    bases = set(gap["access_basis"].dropna())
    if not bases:
        bases = {"minutes"} if study.has("travel") else _measured_from(study)
    said = {
        "minutes": f"{upper(words.seats)} within reach are by minutes of travel.",
        "miles-from-centre": f"{upper(words.seats)} within reach are by straight-line miles from where the people of "
        "an area live on average (its population centre).",
        "miles-from-point-on-surface": f"{upper(words.seats)} within reach are by straight-line miles from a point "
        f"inside each area, not from where people live: in large {many} that can be far off.",
    }
    yield from (said[b] for b in said if b in bases)
    nowhere = gap.loc[gap["access_reason"].eq("nothing-in-reach"), "geoid"].nunique()
    if nowhere:
        of = how_many(nowhere, *area_words(study.settings.level))
        yield f"No {words.facility} is within reach of {of}: that is a finding, not a missing figure."


def _measured_from(study: Study) -> set[str]:
    basis = population_centres(study.areas)["basis"].dropna()
    return {{"centre": "miles-from-centre"}.get(b, "miles-from-point-on-surface") for b in basis}
