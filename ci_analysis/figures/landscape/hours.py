"""Which seats can be had: at what hours they are open, how many are filled, and which the staff cannot serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.landscape.said import DRAWN, area_names, focus, people_of, upper
from ci_analysis.figures.words import about, area_words, how_many, listing, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["occupancy", "seats_by_hour", "staffing"]

_HOURS = 24
#: Before and after these hours little is open in most places; the title says how much.
_EARLY, _LATE = 6, 18
_UNKNOWN = {"facecolor": COLOURS["muted"], "hatch": "////", "edgecolor": COLOURS["paper"], "linewidth": 0}


def seats_by_hour(study: Study, hours_gap: pd.DataFrame, *, ax: Axes | None = None) -> Axes | Statement | None:
    """Draw the seats that are open in each hour of a weekday, and how many are needed then where that is known.

    Parameters
    ----------
    study : Study
        For labels and words.
    hours_gap : pandas.DataFrame
        Table `hours_gap`. Drawn is everybody or, where the share of parents at work is known, the segment that is
        worst served in the hour in which most is needed. With that share, all figures are over the areas that have it.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A statement where no seat is open at any hour; None where no hours are known.
    """
    week = hours_gap[hours_gap["day"] == "weekday"]
    if not len(week):
        return None
    segment = _most_pressed(study, week)
    mine = week[week["segment"] == segment]
    counted = mine.loc[mine["seats_needed"].notna(), "geoid"].unique()
    mine = mine[mine["geoid"].isin(counted)] if len(counted) else mine
    figures = ["seats_open", "seats_unknown", "seats_needed", "short", "short_low"]
    # An hour whose share is missing in one of the areas that are counted has no sum of need.
    hour = mine.groupby("hour")[figures].sum().where(mine.groupby("hour")[figures].count().eq(mine["geoid"].nunique()))
    words = study.profile.words
    if hour["seats_open"].max() == 0:
        return Statement(f"No {words.seat} is open at any hour at the {words.facilities} that tell their hours")
    rest = hours_gap[hours_gap["segment"].eq(segment) & hours_gap["geoid"].isin(mine["geoid"])]
    ax = new_axes(ax, height=3.4)
    _draw_hours(study, hour, ax)
    title = _needed_title(study, hour, segment) if hour["short"].notna().any() else _open_title(study, hour, segment)
    return finding(ax, title, alt=_hours_alt(study, hour), notes=_hours_notes(study, hour, rest, week, len(counted)))


def _most_pressed(study: Study, week: pd.DataFrame) -> str:
    """Return the segment to draw: the worst served in its busiest hour, or everybody where no need is known."""
    known = week.dropna(subset=["seats_needed"])
    sums = known.groupby(["segment", "hour"])[["seats_needed", "seats_open"]].sum().reset_index()
    sums = sums.sort_values(["seats_needed", "hour"]).drop_duplicates("segment", keep="last")
    sums["sufficiency"] = sums["seats_open"] / sums["seats_needed"].where(sums["seats_needed"] > 0)
    return focus(study, sums)


def _draw_hours(study: Study, hour: pd.DataFrame, ax: Axes) -> None:
    with style():
        ax.bar(hour.index, hour["seats_open"], width=0.86, align="edge", color=COLOURS["one"], label="Open")
        if (hour["seats_unknown"] > 0).any():
            ax.bar(hour.index, hour["seats_unknown"], bottom=hour["seats_open"], width=0.86, align="edge",
                   label="Hours not known", **_UNKNOWN)  # fmt: skip
        if hour["seats_needed"].notna().any():
            needed = hour["seats_needed"].to_numpy()
            ax.stairs(needed, np.arange(_HOURS + 1), baseline=None, color=COLOURS["two"], linewidth=2,
                      label="Needed while parents work")  # fmt: skip
        ax.set_xlim(0, _HOURS)
        ax.set_xticks(range(0, _HOURS + 1, 6), ["midnight", "6 a.m.", "noon", "6 p.m.", "midnight"])
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.set_xlabel("Hour of a weekday")
        ax.set_ylabel(upper(shortened(study.profile.words.seats, DRAWN)), parse_math=False)
        ax.grid(axis="y")
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.1, 1.0), ncols=3, columnspacing=1.2)


def _clock(hour: float) -> str:
    """Return an hour as it is said, such as 6 in the evening."""
    h = int(hour)
    if h in (0, 12):
        return "midnight" if h == 0 else "noon"
    part = ("at night", "in the morning", "in the afternoon", "in the evening", "at night")
    return f"{h % 12} {part[np.searchsorted((5, 12, 17, 21), h, side='right')]}"


def _open_title(study: Study, hour: pd.DataFrame, segment: str) -> str:
    """Return how many seats are open early and late for every 100 in the hour when most are."""
    words, most = study.profile.words, int(hour["seats_open"].idxmax())
    of_100 = 100 * hour["seats_open"] / hour["seats_open"].max()
    whose = "" if segment == "all" else f" for {people_of(study, segment)}"
    said = {h: _of_100(of_100[h]) for h in (_EARLY, _LATE)}
    be = "is" if said[_EARLY] in ("one", "none", "less than one") else "are"
    return (
        f"For every 100 {words.seats}{whose} that are open at {_clock(most)} on a weekday, {said[_EARLY]} {be} open at "
        f"{_clock(_EARLY)} and {said[_LATE]} at {_clock(_LATE)}"
    )


def _of_100(value: float) -> str:
    n = round(value)
    if n == 0:
        return "none" if value == 0 else "less than one"
    return "one" if n == 1 else f"{n:,}"


def _needed_title(study: Study, hour: pd.DataFrame, segment: str) -> str:
    """Return in which hour the most have no open seat, and how many."""
    words, one = study.profile.words, area_words(study.settings.level)[0]
    short, most = hour["short"].max(), hour["short"].idxmax()
    people = people_of(study, segment)
    if short == 0:
        return (
            f"In every hour of a weekday there are as many open {words.seats} in each {one} as {people} need while "
            "their parents are at work"
        )
    single = segment == "all" and round(short) == 1
    least = hour.loc[most, "short_low"]
    least = "" if about(least) == about(short) else f" ({about(least)} if those whose hours are not known are open)"
    return (
        f"At {_clock(most)} on a weekday {about(short)} {words.person if single else people} whose parents are at work "
        f"{'finds' if single else 'find'} no open {words.seat} in their own {one}{least}, the most of any hour"
    )


def _hours_alt(study: Study, hour: pd.DataFrame) -> str:
    words = study.profile.words
    told = []
    for h in range(0, _HOURS, 3):
        needed = hour.loc[h, "seats_needed"]
        more = "" if pd.isna(needed) else f" for {needed:,.0f} needed"
        told.append(f"{_clock(h)}, {hour.loc[h, 'seats_open']:,.0f}{more}")
    unknown = hour["seats_unknown"].max()
    rest = f" The hours of {unknown:,.0f} more are not known." if unknown > 0 else ""
    return f"Bars of open {words.seats} by hour of a weekday: {'; '.join(told)}.{rest}"


def _hours_notes(study: Study, hour: pd.DataFrame, rest: pd.DataFrame, week: pd.DataFrame, counted: int) -> list[str]:
    words, (one, many) = study.profile.words, area_words(study.settings.level)
    unknown, notes = hour["seats_unknown"].max(), []
    if unknown > 0:
        be = "is" if round(unknown) == 1 else "are"
        notes.append(
            f"{upper(how_many(unknown, words.seat, words.seats))} {be} at {words.facilities} whose hours are not "
            "known: hatched, neither open nor closed."
        )
    found = []
    for day in ("saturday", "sunday"):
        sums = rest[rest["day"] == day].groupby("hour")[["seats_open", "seats_unknown"]].sum()
        if len(sums):
            most, silent = sums["seats_open"].max(), sums["seats_unknown"].max()
            at = f" (at {_clock(sums['seats_open'].idxmax())})" if most > 0 else ""
            dark = f"; {about(silent)} not known" if silent > 0 else ""
            found.append(f"on {upper(day)}s {about(most)}{at}{dark}")
    if found:
        notes.append(f"The most {words.seats} open at one hour: {', and '.join(found)}.")
    else:
        notes.append(f"No {words.facility} tells on which days its hours hold: Saturdays and Sundays are not known.")
    if not counted:
        about_work = study.profile.hours
        said = f", which the indicator {about_work.at_work} would say" if about_work else ""
        notes.append(f"How many {words.seats} are needed at each hour is not known{said}.")
        return notes
    every = week["geoid"].nunique()
    if counted < every:
        areas = how_many(counted, one, many, of=every)
        notes.append(f"Over {areas}, whose need and share of parents at work are known.")
    return [*notes, *([" ".join(study.profile.hours.about.split())] if study.profile.hours else [])]


def occupancy(study: Study, uptake: pd.DataFrame, *, ax: Axes | None = None) -> Axes | Statement | None:
    """Draw what share of the usable seats is filled at the facilities that tell, and say how many tell.

    Parameters
    ----------
    study : Study
        For labels, words and the number of facilities.
    uptake : pandas.DataFrame
        Table `uptake`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A statement where nobody tells vacancies, but some how many are enrolled; None where nobody tells either.
    """
    if not len(uptake):
        return None
    words, every = study.profile.words, len(study.tables["facilities"])
    enrolled = _enrolled(study, uptake)
    sums = uptake.groupby("segment")[["told", "usable", "filled"]].sum()
    sums = sums.loc[[s for s in _in_order(study) if s in sums.index and sums.loc[s, "usable"] > 0]]
    if not len(sums):
        told = uptake.loc[uptake["segment"] == "all", "told"].sum()
        none = f"No {words.facility} tells how many of its {words.seats} are free"
        if told > 0:
            none = f"The {words.facilities} that tell their free {words.seats} have no usable {words.seat}"
        return Statement(none, lines=tuple(enrolled))
    labels = [shortened(upper(people_of(study, s)), DRAWN) for s in sums.index]
    share = sums["filled"] / sums["usable"]
    ax = new_axes(ax, height=0.8 + 0.45 * len(sums))
    y = np.arange(len(sums))[::-1]
    with style():
        ax.barh(y, 100 * share, height=0.6, color=COLOURS["one"], label="Filled")
        ax.barh(y, 100 * (1 - share), left=100 * share, height=0.6, color=COLOURS["muted"], label="Free")
        for at, filled, usable in zip(y, sums["filled"], sums["usable"], strict=True):
            ax.text(101, at, f"{filled:,.0f} of {usable:,.0f}", va="center", fontsize=9)
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_xlim(0, 124)
        ax.set_xticks(range(0, 101, 25))
        ax.set_xlabel(f"Percent of the usable {shortened(words.seats, DRAWN)} at those that tell", parse_math=False)
        ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    lead = "all" if "all" in sums.index else str(sums.index[-1])
    told = int(sums.loc[lead, "told"])
    who = how_many(told, words.facility, words.facilities, of=max(every, told))
    tell = "tells" if told == 1 else "tell"
    told_by = f"the {who}" if told > 1 and told < every else who
    part = upper(percent(share[lead]))
    title = f"{part} of the usable {words.seats} are filled at {told_by} that {tell} how many are free"
    alt = "Bars of the share filled: " + "; ".join(
        f"{label}, {percent(p)} of {n:,.0f}" for label, p, n in zip(labels, share, sums["usable"], strict=True)
    )
    return finding(ax, title, alt=f"{alt}.", notes=[*_where_full(study, uptake, lead), *enrolled])


def _in_order(study: Study) -> list[str]:
    """Return the rows of the gap, everybody last."""
    return [*(s for s in study.labels["segment"] if s != "all"), "all"]


def _where_full(study: Study, uptake: pd.DataFrame, segment: str) -> list[str]:
    """Return where every seat that is told of is filled, and where the most are free."""
    words, (one, many) = study.profile.words, area_words(study.settings.level)
    rows = uptake[(uptake["segment"] == segment) & (uptake["usable"] > 0)].sort_values("geoid")
    named = area_names(study)
    full, rest = rows[rows["vacancies"] == 0], rows[rows["vacancies"] > 0]
    if not len(rest):
        where = how_many(len(full), one, many)
        return [f"No {words.seat} is free in the {where} where some {words.facility} tells."]
    most = rest.sort_values(["vacancies", "geoid"], ascending=[False, True]).head(3)
    free = listing([f"{named(g)} ({n:,.0f})" for g, n in zip(most["geoid"], most["vacancies"], strict=True)])
    where = f"The most free {words.seats} are in {free}."
    if not len(full):
        return [f"Some {words.seats} are free in every {one} where some {words.facility} tells. {where}"]
    return [f"Full, as far as they tell: {listing([named(g) for g in full['geoid']])}. {where}"]


def _enrolled(study: Study, uptake: pd.DataFrame) -> list[str]:
    """Return how many are enrolled out of all who are eligible, as far as facilities tell."""
    words = study.profile.words
    rows = uptake[uptake["segment"].eq("all") & uptake["enrolled"].notna()]
    if not len(rows):
        return [f"No {words.facility} tells how many are enrolled."]
    many, told = rows["enrolled"].sum(), rows["told_enrolled"].sum()
    who = how_many(told, words.facility, words.facilities)
    people = how_many(many, words.person, words.people)
    tell = "tells" if told == 1 else "tell"
    said = f"{upper(people)} {'is' if round(many) == 1 else 'are'} enrolled at the {who} that {tell} it"
    known = rows[rows["eligible"] > 0]
    if not len(known):
        return [f"{said}; how many could be is not known."]
    part = percent(known["enrolled"].sum() / known["eligible"].sum())
    return [f"{said}: where the number of {words.people} is known, at least {part} of them."]


def staffing(study: Study, gap: pd.DataFrame) -> Statement | None:
    """Say how many seats the credentialed staff cannot serve, and for how many facilities that is not known.

    Parameters
    ----------
    study : Study
        For words, ratios and the facilities' staff.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Statement or None
        None where the study has neither staff nor ratios: seats are then used as they are licensed.
    """
    words, ratios, facilities = study.profile.words, study.staffing, study.tables["facilities"]
    known, every = int(facilities["credentialed_staff"].notna().sum()), len(facilities)
    if not known and not (ratios and every):
        return None
    tell = how_many(known, words.facility, words.facilities, of=every)
    if not ratios:
        return Statement(
            f"How many {words.seats} the staff can serve is not known",
            lines=(
                f"{upper(tell)} {'tells' if known == 1 or every == 1 else 'tell'} how many people with the credential "
                f"work there, and the study does not say how many {words.people} one of them may serve. Give the "
                f"state's ratios under staffing in study.yaml. Until then every licensed or staffed {words.seat} "
                "counts as usable.",
            ),
        )
    rows = gap[gap["segment"].eq("all") & gap["unstaffed"].notna()]
    lines = []
    if known < every:
        silent = how_many(every - known, words.facility, words.facilities, of=every)
        lines.append(
            f"{upper(silent)} {'does' if every - known == 1 else 'do'} not tell how many people with the credential "
            f"work there: all their licensed or staffed {words.seats} count as usable, so there may be fewer."
        )
    segments = set(study.tables["capacity"]["segment"].fillna("all"))
    missing = [s for s in _in_order(study) if s in segments and s not in ratios]
    if missing:
        named = listing([f"for {people_of(study, s)}" if s != "all" else "that name no group" for s in missing])
        lines.append(f"{upper(words.seats)} {named} have no ratio in study.yaml and are not limited.")
    lost = rows["unstaffed"].sum()
    if not len(rows):
        return Statement(f"How many {words.seats} the staff can serve is not known", lines=tuple(lines))
    if not lost > 0:
        return Statement(
            f"The staff are enough for every {words.seat} of the {words.facilities} that tell their staff",
            lines=tuple(lines),
        )
    many = words.seat if round(lost) <= 1 else words.seats
    title = f"{upper(about(lost))} {many} cannot be used: the staff with the credential are too few"
    shown = rows[rows["unstaffed"] > 0].sort_values(["unstaffed", "geoid"], ascending=[False, True]).head(12)
    columns = ["geoid", "supply", "usable", "unstaffed"]
    return Statement(title, shown[columns], f"Where the staff are short of the most {words.seats}", tuple(lines))
