"""The definitions of shortage, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.landscape.said import areas_of, people_of
from ci_analysis.figures.words import area_words, how_many, listing

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["shortage_definitions"]


def shortage_definitions(study: Study, gap: pd.DataFrame) -> Statement | None:
    """Set the definitions of shortage side by side, and say where they agree.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Statement or None
        Of the segment that the shortage is about or else of everybody; None where fewer than two definitions can be
        told.
    """
    words = study.profile.words
    said = {
        "cap_desert": f"by the number who live there for each licensed {words.seat}",
        "spatial_desert": f"by usable {words.seats} in the area for each person in need",
        "access_desert": f"by usable {words.seats} within reach for each person in need",
    }
    told: list[str] = []
    for segment in dict.fromkeys((study.profile.shortage.segment, "all")):
        rows = gap[gap["segment"] == segment]
        told = [c for c in said if rows[c].notna().any()]
        if len(told) > 1:
            break
    known = rows[told].notna().all(axis=1)
    if len(told) < 2 or not known.any():
        return None
    one, many = area_words(study.settings.level)
    short = rows.loc[known, told].astype(bool).sum(axis=1)
    n, every, none = len(short), int((short == len(told)).sum()), int((short == 0).sum())
    by = "both definitions" if len(told) == 2 else "all three definitions"
    people = people_of(study, segment)
    areas, single = areas_of(every, one, many, n)
    title = f"{areas} {'is' if single or every == 0 else 'are'} short for {people} by {by}"
    if none == n:
        title = f"{areas} {'is' if single or every == 0 else 'are'} short for {people} by any definition"
    elif n > 1 and every < n:
        some = n - every - none
        rest = [f"{some:,} by {'one of them' if len(told) == 2 else 'one or two'}"] if some else []
        title += f"; {listing([*rest, *([f'{none:,} by none'] if none else [])])}"
    elif n == 1 and not every:
        title = f"Whether the one {one} is short for {people} depends on the definition"
    frame = rows.loc[short[short > 0].sort_values(ascending=False, kind="stable").index]
    lines = ["Counted " + "; ".join([*(said[c] for c in told[:-1]), f"and {said[told[-1]]}"]) + "."]
    if n < len(rows):
        lines.append(f"Not told for {how_many(len(rows) - n, one, many)}, where a figure is not known.")
    groups = [s.segment for s in study.profile.segments] if segment != "all" else ["all"]
    uncertain = gap.loc[gap["segment"].isin(groups) & gap["p_shortage"].between(0.1, 0.9), "geoid"].nunique()
    if uncertain:
        lines.append(
            f"For {how_many(uncertain, one, many)} the margin of error is too wide to say whether "
            f"{'there is a shortage' if segment == 'all' else 'some group is short'} (a probability between 10 and "
            "90 percent)."
        )
    return Statement(
        title,
        frame[["geoid", "need", "usable", "ratio", "access", *told]] if len(frame) else None,
        f"Where at least one definition says short, {people}",
        tuple(lines),
    )
