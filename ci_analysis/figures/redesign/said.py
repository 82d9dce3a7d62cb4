"""What the figures of step 4 share: the state of a measure, its name, figures in its unit, and names that fit."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from ci_analysis.figures.base import style
from ci_analysis.figures.words import date_words, figure_text

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "STATUS",
    "days_in_words",
    "fitted",
    "in_unit",
    "in_units",
    "is_withheld",
    "measure_rows",
    "period_words",
    "row_names",
    "unit_words",
    "what_is_made_up",
]

#: Status of a measure: its words, colour and mark.
STATUS = {
    "met": ("met", "three", "*"),
    "on-track": ("on track", "three", "o"),
    "off-track": ("off track", "bad", "X"),
    "no-data": ("no figure yet", "quiet", ""),
    "too-few": ("too few figures", "quiet", "o"),
    "no-day": ("no day set", "quiet", "o"),
    "withheld": ("withheld", "quiet", ""),
    "no-target": ("no target yet", "quiet", ""),
}


def measure_rows(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the table `measures` with each measure's name and unit, and in which of the states of `STATUS` it is."""
    about = study.tables["measures"].set_index("measure_id")
    withheld = is_withheld(measures)
    own = measures["measure_id"].map(about["target"]).notna() & (measures["segment"] == "all")
    state = measures["status"].astype(object)
    state = state.mask((state == "no-data") & measures["latest"].notna(), "too-few")
    state = state.mask(state.isna() & measures["target"].notna(), "no-day")
    state = state.mask(measures["target"].isna(), "no-target").mask(withheld & own, "withheld")
    figures = ["baseline", "latest", "target", "progress", "projected", "projected_low", "projected_high"]
    return measures.assign(
        state=state,
        withheld=withheld,
        name=row_names(study, measures),
        unit=measures["measure_id"].map(about["unit"]).fillna(""),
        **{c: pd.to_numeric(measures[c]) for c in figures},
    )


def is_withheld(frame: pd.DataFrame) -> pd.Series:
    """Return which rows keep their figures back in this edition."""
    return frame["x_withheld"].eq("yes") if "x_withheld" in frame else pd.Series(False, index=frame.index)


def row_names(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Return each row's measure, and its group where it is not the whole."""
    measure, segment = study.labels["measure_id"], study.labels["segment"]
    return pd.Series(
        [
            measure.get(m, m) + ("" if s == "all" else f": {segment.get(s, s)}")
            for m, s in zip(frame["measure_id"], frame["segment"], strict=True)
        ],
        index=frame.index,
        dtype=object,
    )


def what_is_made_up(study: Study) -> pd.DataFrame:
    """Return which measures have figures, and which a target, that are made up for teaching."""
    tables, whole = study.tables, study.settings.illustrative
    measures, observations = tables["measures"].set_index("measure_id"), tables["observations"]

    def marked(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
        own = frame[column].eq("yes") if column in frame else pd.Series(False, index=frame.index)
        return own | (name in whole)

    rows = set(observations.loc[marked(observations, "x_illustrative", "observations"), "measure_id"])
    figures = marked(measures, "x_illustrative", "measures") | measures.index.isin(rows)
    target = (figures | marked(measures, "x_target_illustrative", "measures")) & measures["target"].notna()
    return pd.DataFrame({"figures": figures, "target": target})


def in_unit(value: float, unit: str) -> str:
    """Return a figure in words, in its measure's unit: a share as percent, money with its sign."""
    if pd.isna(value):
        return "no figure"
    return figure_text(value, "share" if unit == "share" else "USD" if unit.startswith("USD") else "")


def unit_words(unit: str) -> str:
    """Return what follows a figure: `seats`, for `USD a week` just `a week`, and nothing for a share."""
    return "" if unit == "share" else f" {unit.removeprefix('USD').strip()}".rstrip()


def in_units(values: pd.Series, unit: pd.Series, *, counted: bool = False) -> pd.Series:
    """Return figures in words, each in its own unit, with what is counted where asked; missing ones stay empty."""
    texts = [
        None if pd.isna(v) else in_unit(v, u) + (unit_words(u) if counted else "")
        for v, u in zip(values, unit, strict=True)
    ]
    return pd.Series(texts, index=values.index, dtype=object)


def days_in_words(days: pd.Series, said: pd.Series) -> pd.Series:
    """Return days in words where they are given; the others stay empty."""
    days = pd.to_datetime(days)
    texts = [
        date_words(d) if ok and pd.notna(d) else None for d, ok in zip(days, said.reindex(days.index), strict=True)
    ]
    return pd.Series(texts, index=days.index, dtype=object)


def period_words(day: pd.Timestamp, frequency: object) -> str:
    """Return a period as people write it, from its last day and how often the measure is reported."""
    if frequency == "year":
        return f"{day.year}"
    if frequency == "quarter":
        return f"Q{day.quarter} {day.year}"
    return f"{day:%b} {day.year}" if frequency == "month" else f"{day:%b} {day.day}, {day.year}"


def fitted(text: str, points: float, *, bold: bool = False, lines: int = 1) -> str:
    """Return a name on at most so many lines, none wider than so many points; cut where it must be."""
    font = FontProperties(family="DejaVu Sans", size=9, weight="bold" if bold else "normal")

    def too_wide(part: str) -> bool:
        return text_to_path.get_text_width_height_descent(part, font, ismath=False)[0] > points

    # No line of a phone's width holds as many letters.
    rest, found = " ".join(text.split())[: 200 * lines], []
    with style():
        while rest and too_wide(rest):
            end = "…" if len(found) == lines - 1 else ""
            most = bisect_left(range(len(rest)), True, key=lambda n, end=end: too_wide(rest[: n + 1] + end))
            cut = rest.rfind(" ", 0, most + 1)
            cut = cut if cut > most // 2 else most
            found.append(rest[:cut].rstrip() + end)
            rest = "" if end else rest[cut:].lstrip()
    return "\n".join([*found, rest] if rest else found)
