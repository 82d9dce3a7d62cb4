"""The definitions of shortage, side by side: in a table, and on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.landscape.said import area_names, areas_of, counted, outlined, people_of, seats_for_100
from ci_analysis.figures.maps import Classes, choropleth, classes_told
from ci_analysis.figures.words import area_words, how_many, listing, percent, sentence

if TYPE_CHECKING:
    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["shortage_definitions", "shortage_map"]

_DEFINITIONS = ("cap_desert", "spatial_desert", "access_desert")
#: Probabilities of a shortage between which the margin of error is too wide to say.
_UNSURE = (0.1, 0.9)
#: Areas that a cell of a table names.
_NAMED = 12


class _Told(NamedTuple):
    """The rows of one segment, the definitions that can be told of it, and how many of them call an area short."""

    segment: str
    rows: pd.DataFrame
    columns: list[str]
    #: By geoid, of the areas where each of the definitions can be told.
    short: pd.Series


def _told(study: Study, gap: pd.DataFrame) -> _Told | None:
    """Return the segment that the shortage is about, or else everybody; None where fewer than two can be told."""
    for segment in dict.fromkeys((study.profile.shortage.segment, "all")):
        rows = gap[gap["segment"] == segment].set_index("geoid").sort_index()
        columns = [c for c in _DEFINITIONS if rows[c].notna().any()]
        known = rows[columns].notna().all(axis=1)
        if len(columns) > 1 and known.any():
            return _Told(segment, rows, columns, rows.loc[known, columns].astype(bool).sum(axis=1))
    return None


def _names(study: Study) -> dict[str, str]:
    """Return what each definition is called."""
    people = people_of(study, study.profile.shortage.segment)
    coarse = ", coarse" if study.settings.level == "county" else ""
    return {
        "cap_desert": f"CAP-style, {people}{coarse}",
        "spatial_desert": "by its own seats".replace("seats", study.profile.words.seats),
        "access_desert": "by seats within reach".replace("seats", study.profile.words.seats),
    }


def _rules(study: Study) -> dict[str, str]:
    """Return when each definition calls an area short."""
    shortage, words = study.profile.shortage, study.profile.words
    most = counted(shortage.people_per_seat, words.person, words.people)
    whom = people_of(study, shortage.segment)
    many = area_words(study.settings.level)[1]
    coarse = f"; coarse, since whole {many} are large" if study.settings.level == "county" else ""
    fewer = f"fewer than one usable {words.seat} for every {most} in {words.need}"
    return {
        "cap_desert": f"CAP-style, {whom}: more than {shortage.minimum_people:g} live there, and there is no licensed "
        f"{words.seat} or more than {most} for each{coarse}",
        "spatial_desert": f"by its own {words.seats}: {fewer}",
        "access_desert": f"by {words.seats} within reach: the same, with those of other {many} that are near enough",
    }


def _which(told: _Told) -> str:
    return "both definitions" if len(told.columns) == 2 else "all three definitions"


def _title(study: Study, told: _Told) -> str:
    """Return how many areas are short by every definition, by some and by none."""
    one, many = area_words(study.settings.level)
    people, all_of = people_of(study, told.segment), len(told.columns)
    n, every, none = len(told.short), int((told.short == all_of).sum()), int((told.short == 0).sum())
    areas, single = areas_of(every, one, many, n)
    be = "is" if single or every == 0 else "are"
    if none == n:
        return f"{areas} {be} short for {people} by any definition"
    if n == 1 and not every:
        return f"Whether the one {one} is short for {people} depends on the definition"
    title = f"{areas} {be} short for {people} by {_which(told)}"
    if n > 1 and every < n:
        some = n - every - none
        rest = [f"{some:,} by {'one of them' if all_of == 2 else 'one or two'}"] if some else []
        title += f"; {listing([*rest, *([f'{none:,} by none'] if none else [])])}"
    return title


def shortage_definitions(study: Study, gap: pd.DataFrame) -> Statement | None:
    """Set the definitions of shortage side by side, and say where they agree and where they differ.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Statement or None
        Of the segment that the shortage is about or else of everybody, with a row for each set of answers; None where
        fewer than two definitions can be told.
    """
    told = _told(study, gap)
    if told is None:
        return None
    one, many = area_words(study.settings.level)
    segment, rows, names = told.segment, told.rows, _names(study)
    named = area_names(study)
    answers = rows.loc[told.short.index, told.columns].astype(bool)
    # One row for each set of answers that an area gives, those with most shortages first.
    order = answers.assign(n=-told.short).sort_values(
        ["n", *told.columns], ascending=[True, *[False] * len(told.columns)]
    )
    sets = []
    for short, geoids in order.groupby(["n", *told.columns], sort=False).groups.items():
        by = [names[c] for c, yes in zip(told.columns, short[1:], strict=True) if yes]
        sets.append(
            {
                "short": sentence(_which(told) if len(by) == len(told.columns) else listing(by)),
                **dict(zip(told.columns, short[1:], strict=True)),
                many: f"{len(geoids):,}",
                "which": listing([named(g) for g in geoids], most=_NAMED),
            }
        )
    rules = _rules(study)
    lines = [f"{sentence('; '.join(rules[c] for c in told.columns))}."]
    if len(told.columns) == 2:
        gone = next(c for c in _DEFINITIONS if c not in told.columns)
        lines.append(
            f"Only two definitions can be told for {people_of(study, segment)}: a figure that the third "
            f"({names[gone]}) rests on is not known."
        )
    if len(told.short) < len(rows):
        lines.append(f"Not told for {how_many(len(rows) - len(told.short), one, many)}, where a figure is not known.")
    groups = [s.segment for s in study.profile.segments] if segment != "all" else ["all"]
    uncertain = gap.loc[gap["segment"].isin(groups) & gap["p_shortage"].between(*_UNSURE), "geoid"].nunique()
    if uncertain:
        lines.append(
            f"For {how_many(uncertain, one, many)} the margin of error is too wide to say whether "
            f"{'there is a shortage' if segment == 'all' else 'some group is short'} (a probability between 10 and "
            "90 percent)."
        )
    frame = pd.DataFrame(sets)
    return Statement(
        _title(study, told), frame, f"Where the definitions agree and differ, {people_of(study, segment)}", tuple(lines)
    )


def shortage_map(study: Study, gap: pd.DataFrame) -> Drawing | None:
    """Draw on one map by how many definitions each area is short.

    Parameters
    ----------
    study : Study
        For outlines, labels and words.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Drawing or None
        Hatched where the margin of error is too wide to say; None where fewer than two definitions can be told, or no
        area has an outline.
    """
    told = _told(study, gap)
    if told is None or not outlined(study):
        return None
    rows, named, names = told.rows, area_names(study), _names(study)
    labels = ["short by none", "by one", "by two", "by all three"]
    if len(told.columns) == 2:
        labels = ["short by none", "by one", "by both"]
    unsure = rows.index[rows["p_shortage"].between(*_UNSURE)]
    listed = listing([names[c] for c in told.columns])
    classes = Classes(
        told.short.reindex(rows.index).astype("float64"),
        labels,
        f"Definitions: {listed}.",
        frozenset(unsure),
        "the margin of error is too wide to say whether seats are short".replace("seats", study.profile.words.seats),
    )
    tips = {g: f"{named(g)}: {_answers(study, told, row)}" for g, row in rows.iterrows()}
    people, many = people_of(study, told.segment), area_words(study.settings.level)[1]
    alt = f"Map of {many} by how many definitions call {study.profile.words.seats} short for {people} ({listed})."
    most = int(told.short.max())
    title = f"By no definition is any {area_words(study.settings.level)[0]} short for {people}"
    if most:
        at = told.short.index[told.short == most]
        by = (
            _which(told)
            if most == len(told.columns)
            else f"{'one' if most == 1 else 'two'} of the {'two' if len(told.columns) == 2 else 'three'} definitions"
        )
        who = how_many(len(at), *area_words(study.settings.level))
        where = listing([named(g) for g in at])
        title = f"{sentence(who)} {'is' if len(at) == 1 else 'are'} short for {people} by {by}: {where}"
    return choropleth(study.areas, classes, title=title, alt=f"{alt} {classes_told(study.areas, classes)}", tips=tips)


def _answers(study: Study, told: _Told, row: pd.Series) -> str:
    """Return what each definition says of an area, with its figures."""
    seats, names = study.profile.words.seats, _names(study)
    figures = {
        "cap_desert": (row["supply"], lambda v: f"{v:,.0f} licensed {seats}"),
        "spatial_desert": (row["ratio"], lambda v: f"{seats_for_100(v)} for every 100"),
        "access_desert": (row["access"], lambda v: f"{seats_for_100(v)} for every 100"),
    }
    said = []
    for column in told.columns:
        answer = "not known" if pd.isna(row[column]) else "short" if row[column] else "not short"
        figure, words = figures[column]
        said.append(f"{names[column]}: {answer}" + ("" if pd.isna(figure) else f" ({words(figure)})"))
    if pd.notna(row["p_shortage"]):
        said.append(f"probability of a shortage {percent(row['p_shortage'])}")
    return "; ".join(said)
