"""What the community says and does: initiatives, reasons, voices, and the figures beside them."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, Drawing, Statement, drawing, finding, new_axes, style
from ci_analysis.figures.landscape.said import (
    DRAWN,
    SAID,
    area_names,
    focus,
    people_of,
    sufficiency_of,
    upper,
)
from ci_analysis.figures.words import (
    amount,
    area_words,
    date_words,
    figure_text,
    how_many,
    inside,
    listing,
    percent,
    period_words,
    shortened,
    spelled,
)
from ci_analysis.landscape.need import latest_figures
from ci_analysis.tables import listed, period_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["drivers", "spread", "under_way", "voices"]

#: So many areas are named in a headline; more are counted.
_NAMED = 3
#: How many of the areas with the largest unmet need are looked at.
_LARGEST = 10
_NO_FIGURE = "no figure speaks to this yet"
#: Of an indicator whose every figure is missing, or withheld.
_HIDDEN = "its figures are missing or withheld"
_NO_VOICE = "no voice speaks to this yet"


def under_way(
    study: Study, initiatives: pd.DataFrame, reach: pd.DataFrame, gap: pd.DataFrame
) -> Drawing | Statement | None:
    """Draw how many areas the work on each lever reaches, and say which lever and which areas none does.

    Parameters
    ----------
    study : Study
        For labels.
    initiatives : pandas.DataFrame
        The study's table of initiatives.
    reach : pandas.DataFrame
        Table `reach`.
    gap : pandas.DataFrame
        Table `gap`, for the unmet need where nothing reaches; it may be empty.

    Returns
    -------
    Drawing, Statement or None
        A statement where nothing is under way today; None without initiatives.
    """
    if not len(initiatives):
        return None
    today = pd.Timestamp(study.settings.as_of)
    ended, coming = initiatives["ends_on"] < today, initiatives["started_on"] > today
    active = initiatives[~ended & ~coming].sort_values("initiative_id")
    notes = _over_and_to_come(initiatives, ended, coming)
    title = upper(f"{how_many(len(active), 'initiative is', 'initiatives are')} under way")
    if not len(active):
        return Statement(title, lines=tuple(notes))
    labels = {x.lever: x.label for x in study.profile.levers}
    idle = [inside(label) for lever, label in labels.items() if lever not in set(active["lever"])]
    title += f"; nothing works on {listing(idle)}" if idle else ", at least one on each lever"
    where = listed(reach[["geoid", "initiative_ids"]], "initiative_ids")
    places = where.groupby("initiative_ids")["geoid"].nunique().reindex(active["initiative_id"], fill_value=0)
    reached, unmet = _reached(study, where, places, gap)
    title += reached
    levers = active.groupby("lever").size().reindex(list(labels), fill_value=0)
    areas = reach[reach["initiatives"] > 0].groupby("lever")["geoid"].nunique().reindex(list(labels), fill_value=0)
    ax = _lever_bars(study, levers, areas)
    one, many = area_words(study.settings.level)
    told = [
        f"{shortened(label, SAID)}, {how_many(n, 'initiative', 'initiatives')}"
        + (f" in {how_many(areas[lever], one, many)}" if n and len(study.areas) > 1 else "")
        for (lever, label), n in zip(labels.items(), levers, strict=True)
    ]
    made = drawing(finding(ax, title, alt=f"A bar for each lever: {'; '.join(told)}."))
    notes = [*unmet, *_sums(active), *_ends_soon(active, today), *notes]
    return replace(made, legend=_names(study, active, places) + "".join(f"<p>{escape(n)}</p>" for n in notes))


def _lever_bars(study: Study, levers: pd.Series, areas: pd.Series) -> Axes:
    """Draw a bar for each lever: areas that its initiatives reach; in a single area, the initiatives."""
    one, many = area_words(study.settings.level)
    several = len(study.areas) > 1
    drawn = areas if several else levers
    labels = [shortened(study.labels["lever"].get(x, x), DRAWN) for x in levers.index]
    ax = new_axes(height=0.5 + 0.36 * len(levers))
    y = np.arange(len(levers))[::-1]
    top = max(len(study.areas) if several else drawn.max(), 1)
    with style():
        if several:
            ax.barh(y, [top] * len(y), height=0.62, color=COLOURS["grid"])
        ax.barh(y, drawn, height=0.62, color=COLOURS["one"])
        for at, n, reached in zip(y, levers, areas, strict=True):
            said = "nothing" if n == 0 else how_many(n, "initiative", "initiatives")
            said += f", {how_many(reached, one, many)}" if n and several else ""
            ax.text(1.02 * top, at, said, va="center", fontsize=9)
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_xlim(0, 1.75 * top)
        ax.xaxis.set_visible(False)
        ax.spines["bottom"].set_visible(False)
    return ax


def _reached(study: Study, where: pd.DataFrame, places: pd.Series, gap: pd.DataFrame) -> tuple[str, list[str]]:
    """Return which areas none of the initiatives with places of their own reaches, and what is unmet there."""
    n = len(study.areas)
    if n < 2:
        return "", []
    one, many = area_words(study.settings.level)
    everywhere = places.index[places == n]
    if len(everywhere) == len(places):
        return (". It works everywhere" if len(places) == 1 else ". All of them work everywhere"), []
    own = set(where.loc[~where["initiative_ids"].isin(everywhere), "geoid"])
    without = sorted(set(study.areas["geoid"]) - own)
    beyond = f"Apart from {spelled(len(everywhere))} that {'works' if len(everywhere) == 1 else 'work'} everywhere, "
    beyond = beyond if len(everywhere) else ""
    if not without:
        return f". {upper(f'{beyond}at least one reaches each {one}')}", []
    named = area_names(study)
    said = listing([named(g) for g in without])
    said = said if len(without) <= _NAMED else how_many(len(without), one, many, of=n)
    title = f". {upper(f'{beyond}none reaches {said}')}"
    segment = focus(study, sufficiency_of(gap))
    unmet = gap[(gap["segment"] == segment) & (gap["unmet"] > 0)].sort_values(
        ["unmet", "geoid"], ascending=[False, True]
    )
    largest = unmet["geoid"].head(_LARGEST)
    among = int(largest.isin(without).sum())
    if len(largest) > _NAMED and len(without) > _NAMED:
        number = "all" if among == len(largest) else spelled(among)
        title += (
            f"; of the {spelled(len(largest))} {many} with the largest unmet need, "
            f"{number} {'is' if among < 2 else 'are'} among them"
        )
    there = unmet.loc[unmet["geoid"].isin(without), "unmet"].sum()
    if not len(unmet):
        return title, []
    short = f"{there:,.0f} {people_of(study, segment)} more than {study.profile.words.seats}"
    return title, [f"Where none reaches there are {short}: {percent(there / unmet['unmet'].sum())} of all unmet need."]


def _sums(active: pd.DataFrame) -> list[str]:
    """Return people served and cost, over the initiatives that say so."""
    said = []
    for column, what, unit in (
        ("people_served", "how many people it serves", ""),
        ("annual_cost", "what it costs", "$"),
    ):
        known = active[column].dropna()
        if not len(known):
            said.append(f"No initiative under way says {what}.")
            continue
        total = amount(known.sum()) if unit else f"{known.sum():,.0f} people"
        who = how_many(len(known), "initiative", "initiatives", of=len(active))
        twice = "; who takes part in two is counted twice" if not unit and len(known) > 1 else ""
        together = " together" if len(known) > 1 else ""
        if len(known) > 1:
            what = what.replace("it serves", "they serve").replace("it costs", "they cost")
        said.append(f"{upper(who)} {'says' if len(known) == 1 else 'say'} {what}: {total} a year{together}{twice}.")
    return said


def _quoted(rows: pd.DataFrame, day: str) -> str:
    rows = rows.sort_values([day, "initiative_id"])
    names = [f"‘{shortened(name, SAID)}’ ({date_words(on)})" for name, on in zip(rows["name"], rows[day], strict=True)]
    return listing(names, most=6)


def _over_and_to_come(initiatives: pd.DataFrame, ended: pd.Series, coming: pd.Series) -> list[str]:
    notes = [f"Has ended: {_quoted(initiatives[ended], 'ends_on')}."] if ended.any() else []
    begun = coming & ~ended
    return notes + ([f"Has not begun: {_quoted(initiatives[begun], 'started_on')}."] if begun.any() else [])


def _ends_soon(active: pd.DataFrame, today: pd.Timestamp) -> list[str]:
    soon = active[active["ends_on"] <= today + pd.DateOffset(years=1)]
    return [f"Ends within a year: {_quoted(soon, 'ends_on')}."] if len(soon) else []


def _names(study: Study, active: pd.DataFrame, places: pd.Series) -> str:
    """Return the names under each lever, with who leads and where, as HTML."""
    named, leads = area_names(study), study.labels["partner_id"]
    several, many = len(study.areas) > 1, area_words(study.settings.level)[1]
    own = listed(active[["initiative_id", "areas"]], "areas").groupby("initiative_id")["areas"].unique()
    groups = []
    for lever, label in study.labels["lever"].items():
        items = []
        for i, name, lead in active.loc[active["lever"] == lever, ["initiative_id", "name", "lead"]].to_numpy():
            n = places[i]
            where = listing([named(g) for g in sorted(own.get(i, ()))]) if n <= _NAMED else f"{n:,} {many}"
            where = "everywhere" if n == len(study.areas) else where
            who = f"<bdi>{escape(leads.get(lead, lead))}</bdi>" + (f"; {escape(where)}" if several else "")
            items.append(f"<li><bdi>{escape(name)}</bdi> ({who})</li>")
        if items:
            groups.append(f"<li><strong>{escape(label)}</strong><ol>{''.join(items)}</ol></li>")
    summary = "What is under way, who leads and where" if several else "What is under way, and who leads"
    return f'<details class="who" open><summary>{summary}</summary><ul>{"".join(groups)}</ul></details>'


def drivers(study: Study, drivers: pd.DataFrame, indicator_summary: pd.DataFrame, voices: pd.DataFrame) -> Statement:
    """Say why the issue persists in the coalition's words, beside the figure and the voice that speak to each reason.

    Parameters
    ----------
    study : Study
        For labels.
    drivers : pandas.DataFrame
        The study's table of drivers.
    indicator_summary : pandas.DataFrame
        Table `indicator_summary`.
    voices : pandas.DataFrame
        The study's table of voices.
    """
    order = {x.lever: i for i, x in enumerate(study.profile.levers)}
    labels = {x.lever: x.label for x in study.profile.levers}
    rows = drivers.assign(at=drivers["lever"].map(order)).sort_values(["at", "driver_id"])
    spoken = {n: _summary_words(study, n, indicator_summary) for n in sorted(set(rows["indicator"].dropna()))}
    said = dict(zip(voices["voice_id"], _words_and_who(study, voices), strict=True))
    frame = pd.DataFrame(
        {
            "lever": rows["lever"].map(labels).fillna(rows["lever"]),
            "reason": rows["text"],
            "figure_beside_it": [spoken.get(i) or _NO_FIGURE for i in rows["indicator"]],
            "voice_beside_it": [said.get(i, _NO_VOICE) for i in rows["voice_id"]],
        }
    ).reset_index(drop=True)
    n = len(rows)
    with_figure = int((~frame["figure_beside_it"].isin([_NO_FIGURE, _HIDDEN])).sum())
    with_voice = int((frame["voice_beside_it"] != _NO_VOICE).sum())
    most = _most(rows["lever"].map(labels).map(inside, na_action="ignore"))
    title = f"The coalition sees {how_many(n, 'reason', 'reasons')} why the issue persists{most}"
    return Statement(title + _beside(n, with_figure, with_voice), frame, "Reasons, and what speaks to each")


def _beside(n: int, figures: int, voices: int) -> str:
    """Return to how many reasons a figure and a voice speak, as the end of a sentence."""
    if n == 0:
        return ""
    if figures == voices == 0:
        return f"; neither a figure nor a voice speaks to {'it' if n == 1 else 'them'} yet"
    if n == 1:
        return "; " + ("a figure and a voice speak" if figures and voices else
                       "a figure speaks" if figures else "a voice speaks") + " to it"  # fmt: skip
    every = "both" if n == 2 else f"all {spelled(n)}"
    told = [every if k == n else spelled(k) for k in (figures, voices)]
    return f"; a figure speaks to {told[0]} of them and a voice to {told[1]}"


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


def _summary_words(study: Study, name: str, summary: pd.DataFrame) -> str | None:
    """Return an indicator's middle area and two ends in words; None where the table does not know it."""
    rows = summary[summary["indicator"] == name]
    rows = rows[period_end(rows["period"]) <= pd.Timestamp(study.settings.as_of)]
    if not len(rows):
        return None
    rows = rows[(rows["areas_known"] > 0) & rows["median"].notna()]
    if not len(rows):
        return _HIDDEN
    rows = rows[_leads(study, rows["segment"])]
    # The latest period that covers most of the areas, as for need: a newer one may know only a few.
    rows = rows[rows["areas_known"] >= 0.8 * rows["areas_known"].max() - 1e-9]
    row = rows.assign(end=period_end(rows["period"])).sort_values(["end", "period"]).iloc[-1]
    (one, many), named = area_words(study.settings.level), area_names(study)
    known = int(row["areas_known"])
    low, middle, high = (_value(study, name, row[c]) for c in ("minimum", "median", "maximum"))
    ends = [
        f"{text} ({named(row[c])})" if isinstance(row[c], str) else text
        for text, c in ((low, "lowest"), (high, "highest"))
    ]
    text = f"{_label(study, name, row['segment'])}, {period_words(row['period'])}: {middle}"
    if known > 1:
        text += f" in the {one} in the middle, from {ends[0]} to {ends[1]}"
    cautions = []
    if known < row["areas"]:
        cautions.append(f"known for {how_many(known, one, many, of=row['areas'])}")
    if row["low_quality"] > 0:
        cautions.append(f"of low reliability in {how_many(row['low_quality'], one, many, of=known)}")
    if row["censored"] > 0:
        cautions.append(f"in {how_many(row['censored'], one, many, of=known)} the end of an open class")
    if pd.notna(row["source"]):
        cautions.append(f"source: {row['source']}")
    return f"{text} ({'; '.join(cautions)})" if cautions else text


def _leads(study: Study, segments: pd.Series) -> pd.Series:
    """Return which rows are of the segment to speak of: everybody, else the first that the issue names."""
    if segments.isna().any():
        return segments.isna()
    there = set(segments)
    first = next((s for s in study.labels["segment"] if s in there), min(there))
    return segments == first


def _label(study: Study, name: str, segment: object) -> str:
    label = study.labels["indicator"].get(name) or upper(name.replace("_", " "))
    label = shortened(label, SAID)
    return f"{label} ({shortened(people_of(study, segment), SAID)})" if isinstance(segment, str) else label


def _value(study: Study, name: str, value: float) -> str:
    """Return an indicator's figure with its unit, as far as the issue's catalogue or the name says it."""
    unit = next(
        (i.unit for i in study.profile.indicators if i.name == name), "share" if name.startswith("share_") else ""
    )
    if unit == "share":
        return percent(value)
    if unit.startswith("USD"):
        return figure_text(round(value) if value >= 1 else value, "USD") + unit.removeprefix("USD")
    return figure_text(value)


def _range(study: Study, name: str, low: float, high: float) -> str:
    """Return two figures of an indicator; what both are counted in is said once."""
    first, second = _value(study, name, low), _value(study, name, high)
    return f"{first.partition(' a ')[0] if ' a ' in second else first} to {second}"


def _words_and_who(study: Study, voices: pd.DataFrame) -> list[str]:
    return [f"“{t}”{f' {w}' if w else ''}" for t, w in zip(voices["text"], _who(study, voices), strict=True)]


def _who(study: Study, voices: pd.DataFrame) -> list[str]:
    """Return who said it, where, and how many said so."""
    named = area_names(study)
    said = []
    for group, geoid, count in voices[["group", "geoid", "count"]].to_numpy():
        who = [group] if isinstance(group, str) else []
        who += [named(geoid)] if isinstance(geoid, str) else []
        who += [how_many(count, "person said so", "people said so")] if pd.notna(count) and round(count) > 0 else []
        said.append(upper(", ".join(who)))
    return said


def voices(study: Study, voices: pd.DataFrame, indicators: pd.DataFrame) -> Statement:
    """Show what residents say, by theme, beside the figures of their own places that they speak to.

    Parameters
    ----------
    study : Study
        For labels.
    voices : pandas.DataFrame
        The study's table of voices.
    indicators : pandas.DataFrame
        Table `indicators`.
    """
    rows = voices.sort_values(["theme", "count", "voice_id"], ascending=[True, False, True])
    latest = {name: _latest(study, indicators, name) for name in sorted(set(rows["indicator"].dropna()))}
    beside = [
        _NO_FIGURE if not isinstance(name, str) else _figure_there(study, name, geoid, latest[name])
        for name, geoid in rows[["indicator", "geoid"]].to_numpy()
    ]
    frame = pd.DataFrame(
        {
            "theme": rows["theme"].to_numpy(),
            "words": [f"“{t}”" for t in rows["text"]],
            "who": [w or None for w in _who(study, rows)],
            "figure_beside_it": beside,
        }
    )
    frame["who"] = frame["who"].astype("str")
    return Statement(_speak(rows), frame, "What residents said")


def _speak(voices: pd.DataFrame) -> str:
    """Return what residents speak of most: by how many said so, where every voice says it, else by voices."""
    themes = voices["theme"].map(lambda t: f"‘{shortened(t, SAID)}’", na_action="ignore")
    people = voices["count"].groupby(themes).sum(min_count=1)
    if len(people) > 1 and voices["count"].notna().all():
        top = sorted(people.index[people == people.max()])
        if len(top) == 1:
            return f"Residents speak most often about {top[0]}: {how_many(people.max(), 'person', 'people')} said so"
    said = _most(themes).removeprefix(",").removeprefix(" both").removeprefix(" all")
    return f"Residents speak{said}" if said else "What residents say has no themes yet"


def _latest(study: Study, indicators: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return an indicator's latest figures, one an area, of the segment to speak of, with what bounds them."""
    rows = latest_figures(indicators, name, areas=study.areas, as_of=study.settings.as_of)
    rows = rows[_leads(study, rows["segment"])] if len(rows) else rows
    own = indicators.loc[indicators["indicator"] == name, ["geoid", "segment", "period", "quality", "censored"]]
    return rows.merge(own, on=["geoid", "segment", "period"], how="left").sort_values("geoid", ignore_index=True)


def spread(study: Study, indicators: pd.DataFrame, *, name: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw one indicator's latest figures, a dot an area.

    Parameters
    ----------
    study : Study
        For labels and words.
    indicators : pandas.DataFrame
        Table `indicators`.
    name : str
        The indicator; the first by the alphabet, unless told.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no area has a figure.
    """
    import seaborn as sns

    names = sorted(set(indicators["indicator"]))
    if not names:
        return None
    name = name or names[0]
    rows = _latest(study, indicators, name)
    if not len(rows):
        return None
    (one, many), named = area_words(study.settings.level), area_names(study)
    ax = new_axes(ax, height=1.7)
    with style():
        # Overlapping points are spread evenly, not at random: the same figures draw the same picture.
        size = 4.5 if len(rows) <= 100 else 2.4
        sns.swarmplot(x=rows["value"].to_numpy(), size=size, color=COLOURS["one"], ax=ax, warn_thresh=1.0)
        middle = rows["value"].median()
        ax.axvline(middle, color=COLOURS["two"], linewidth=1.5)
        marked = f"{one} in the middle: {_value(study, name, middle)}"
        # Beside the line, on the side with more room.
        side = "left" if middle < (rows["value"].min() + rows["value"].max()) / 2 else "right"
        ax.annotate(marked, (middle, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
                    color=COLOURS["two"], ha=side, fontsize=9)  # fmt: skip
        low, high = rows["value"].min(), rows["value"].max()
        room = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
        ax.set_xlim(low - room, high + room)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.xaxis.set_major_formatter(lambda v, _: _value(study, name, v).partition(" a ")[0])
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"A dot is {'an' if one[0] in 'aeiou' else 'a'} {one}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    label = f"{_label(study, name, rows['segment'].iloc[0])}, {period_words(rows['period'].max())}"
    ends = []
    for end in (low, high):
        there = rows.loc[rows["value"] == end, "geoid"]
        ends.append(_value(study, name, end) + (f" in {named(there.iloc[0])}" if len(there) == 1 else ""))
    title = f"{label}: from {' to '.join(ends)}"
    if len(rows) == 1:
        title = f"{label}: {_value(study, name, middle)} in {named(rows['geoid'].iloc[0])}"
    elif low == high:
        title = f"{label}: {_value(study, name, middle)} in {how_many(len(rows), one, many, of=len(rows))}"
    gone = len(study.areas) - len(rows)
    unknown = f" Not known for {how_many(gone, one, many, of=len(study.areas))}." if gone else ""
    alt = f"Dots along a line, one for each of {how_many(len(rows), one, many)} with a figure; half of them lie below "
    return finding(ax, title, alt=f"{alt}{_value(study, name, middle)}, or at it.{unknown}")


def _figure_there(study: Study, name: str, geoid: object, rows: pd.DataFrame) -> str:
    """Return an indicator's figure in one area, and the two ends over all of them."""
    if not len(rows):
        return _HIDDEN
    (one, many), named = area_words(study.settings.level), area_names(study)
    first = rows.iloc[0]
    label, period = _label(study, name, first["segment"]), period_words(first["period"])
    ends = _range(study, name, rows["value"].min(), rows["value"].max())
    over = f"{how_many(len(rows), one, many)}: {ends}"
    here = rows[rows["geoid"] == geoid]
    if not isinstance(geoid, str):
        middle = _value(study, name, rows["value"].median())
        return f"{label}, {period}: {middle} in the {one} in the middle" + (f" ({over})" if len(rows) > 1 else "")
    if not len(here):
        return f"{label}, {period}: no figure for {named(geoid)}" + (f" ({over})" if len(rows) > 1 else "")
    own = here.iloc[0]
    open_end = {"or-more": " or more", "or-less": " or less"}.get(own["censored"], "")
    rough = "; of low reliability" if own["quality"] == "low" else ""
    said = f"{label}, {named(geoid)}, {period}: {_value(study, name, own['value'])}{open_end}{rough}"
    return said + (f" ({over})" if len(rows) > 1 else "")
