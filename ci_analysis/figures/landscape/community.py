"""What the community says and does: initiatives, reasons, voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.landscape.said import SAID, upper
from ci_analysis.figures.words import how_many, listing, shortened

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["drivers", "under_way", "voices"]


def under_way(study: Study, initiatives: pd.DataFrame) -> Statement:
    """Say what is under way, and which lever nothing works on.

    Parameters
    ----------
    study : Study
        For labels.
    initiatives : pandas.DataFrame
        The study's table of initiatives.
    """
    today = pd.Timestamp(study.settings.as_of)
    active = initiatives[~(initiatives["ends_on"] < today) & ~(initiatives["started_on"] > today)]
    title = upper(f"{how_many(len(active), 'initiative is', 'initiatives are')} under way")
    if not len(active):
        return Statement(title)
    idle = [x.label.lower() for x in study.profile.levers if x.lever not in set(active["lever"])]
    title += f"; nothing works on {listing(idle)}" if idle else ", at least one on each lever"
    frame = active[["name", "lever", "lead", "people_served", "annual_cost"]]
    lead = study.labels["partner_id"]
    return Statement(title, frame.assign(lead=frame["lead"].map(lambda p: lead.get(p, p))), "Initiatives under way")


def drivers(study: Study, drivers: pd.DataFrame) -> Statement:
    """Say why the issue persists, in the coalition's words.

    Parameters
    ----------
    study : Study
        For labels.
    drivers : pandas.DataFrame
        The study's table of drivers.
    """
    labels = {x.lever: x.label.lower() for x in study.profile.levers}
    reasons = how_many(len(drivers), "reason", "reasons")
    title = f"The coalition sees {reasons} why the issue persists{_most(drivers['lever'].map(labels))}"
    return Statement(title, drivers[["text", "lever", "indicator"]], "Reasons, and the lever that each calls for")


def _most(subjects: pd.Series) -> str:
    """Return what most are about, as the end of a sentence; nothing where none says so."""
    counts = subjects.value_counts()
    if not len(counts):
        return ""
    top = sorted(counts.index[counts == counts.max()])
    if len(top) == len(counts):
        every = ", all" if len(top) == 1 and len(subjects) > 2 and counts.sum() == len(subjects) else ","
        every = ", both" if len(top) == 1 and len(subjects) == counts.sum() == 2 else every
        return f"{every} about {listing(top)}"
    return f", most often about {listing(top)}"


def voices(study: Study, voices: pd.DataFrame) -> Statement:
    """Show what residents say, by theme.

    Parameters
    ----------
    study : Study
        Not used, but as for every section.
    voices : pandas.DataFrame
        The study's table of voices.
    """
    said = _most(voices["theme"].map(lambda t: f"‘{shortened(t, SAID)}’", na_action="ignore"))
    said = said.removeprefix(",").removeprefix(" both").removeprefix(" all")
    return Statement(
        f"Residents speak{said}" if said else "What residents say has no themes yet",
        voices.sort_values("theme", kind="stable")[["theme", "text", "group"]],
        "What residents said",
    )
