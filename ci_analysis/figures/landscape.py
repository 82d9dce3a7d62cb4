"""Figures of step 2: need, seats and the gap, where they are, what care costs, and how sure all this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.maps import choropleth, cut
from ci_analysis.figures.words import about, area_words, figure_text, how_many, listing, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = [
    "Headline",
    "drivers",
    "focus",
    "gap_by_segment",
    "gap_map",
    "headlines",
    "largest_gaps",
    "prices",
    "shortage_definitions",
    "under_way",
    "voices",
]

#: Upper ends of the classes of seats for each person in need.
_RATIO_EDGES = (0.1, 1 / 3, 2 / 3, 0.9999)
_RATIO_LABELS = (
    "up to 10 seats for 100",
    "10 to 33",
    "33 to 67",
    "67 to 100",
    "a seat for everybody",
)


@dataclass(frozen=True)
class Headline:
    """A figure for the brief: the number, what it means, and how sure it is."""

    number: str
    sentence: str
    sure: str


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
    if len(tables["affordability"]):
        found += [_price_headline(study, tables["affordability"])]
    return [f for f in found if f is not None]


def focus(study: Study, summary: pd.DataFrame) -> str:
    """Return the segment that the page leads with: the one worst served of those that the shortage is about."""
    groups = {g.segment: g.of for g in study.profile.groups}
    wanted = groups.get(study.profile.shortage.segment, (study.profile.shortage.segment,))
    rows = summary[summary["segment"].isin(wanted) & summary["sufficiency"].notna()]
    if not len(rows):
        return "all"
    return str(rows.sort_values(["sufficiency", "segment"])["segment"].iloc[0])


def _people_of(study: Study, segment: str) -> str:
    return study.profile.words.people if segment == "all" else study.labels["segment"][segment].lower()


def _seats_headline(study: Study, summary: pd.DataFrame) -> Headline | None:
    segment = focus(study, summary)
    row = summary.set_index("segment").loc[segment]
    if pd.isna(row["sufficiency"]) or pd.isna(row["spatial_gap"]):
        return None
    words, (one, _) = study.profile.words, area_words(study.settings.level)
    seats = round(100 * row["sufficiency"])
    sentence = (
        f"There are {seats} {words.seats} for every 100 {_people_of(study, segment)} in {words.need}. "
        f"In their own {one}, {about(row['spatial_gap'])} have none."
    )
    sure = ""
    if pd.notna(row["spatial_gap_low"]):
        sure = (
            f"90% interval of those without: {about(row['spatial_gap_low'])} to "
            f"{about(row['spatial_gap_high']).removeprefix('about ')}, from the margin of error of the count alone."
        )
    return Headline(f"{seats} for 100", sentence, sure or "The figures carry no margin of error.")


def _shortage_headline(study: Study, gap: pd.DataFrame) -> Headline | None:
    shortage = study.profile.shortage
    rows = gap[(gap["segment"] == shortage.segment) & gap["cap_desert"].notna()]
    if not len(rows):
        return None
    one, many = area_words(study.settings.level)
    n = int(rows["cap_desert"].astype(bool).sum())
    words = study.profile.words
    sentence = (
        f"{how_many(n, one, many, of=len(rows)).capitalize()} {'has' if n == 1 else 'have'} more than "
        f"{how_many(shortage.people_per_seat, words.person, words.people)} for each licensed {words.seat}, "
        f"counting {_people_of(study, shortage.segment)}."
    )
    dependent = (rows["unmet_high"] - rows["unmet_low"] > 0).any()
    sure = "It would be more if rooms shared by two age groups were left out." if dependent else ""
    coarse = f"A {one} is wide: inside it, {words.seats} can still be far."
    return Headline(f"{n} of {len(rows)}", sentence, f"{coarse} {sure}".strip())


def _price_headline(study: Study, affordability: pd.DataFrame) -> Headline | None:
    rows = affordability.dropna(subset=["share"])
    if not len(rows):
        return None
    segment = rows.groupby("segment", sort=False)["share"].median().idxmax()
    rows = rows[rows["segment"] == segment]
    one, many = area_words(study.settings.level)
    benchmark = float(rows["benchmark"].iloc[0])
    n = int((rows["share"] > benchmark).sum())
    low, high = percent(rows["share"].min()), percent(rows["share"].max())
    sentence = (
        f"In {how_many(n, one, many, of=len(rows))}, full-time care for one of the {_people_of(study, segment)} takes more "
        f"than {percent(benchmark)} of the median family income: {low} to {high}."
    )
    priced, earned = (listing(sorted(rows[c].unique())) for c in ("price_vintage", "income_vintage"))
    return Headline(
        f"{low}–{high}",
        sentence,
        f"Prices of {priced} against incomes of {earned}; newer ones were not published for all {many}.",
    )


def gap_by_segment(study: Study, summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw need and usable seats of each segment.

    Parameters
    ----------
    study : Study
        For labels and words.
    summary : pandas.DataFrame
        Table `gap_summary`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where need is not known.
    """
    words = study.profile.words
    own = [s.segment for s in study.profile.segments if s.segment in set(summary["segment"])] or ["all"]
    rows = summary.set_index("segment").loc[own].dropna(subset=["need"])
    if not len(rows):
        return None
    ax = new_axes(ax, height=0.75 + 0.75 * len(rows))
    labels = [study.labels["segment"][s] for s in rows.index]
    y = np.arange(len(rows))[::-1]
    with style():
        ax.barh(y + 0.18, rows["need"], height=0.34, color=COLOURS["muted"], label=words.need.capitalize())
        ax.barh(y - 0.18, rows["usable"], height=0.34, color=COLOURS["one"], label=words.seats.capitalize())
        if (rows["spatial_gap_strict"] > rows["spatial_gap_wide"]).any():
            least = rows["usable"] - (rows["spatial_gap_strict"] - rows["spatial_gap"])
            for at, low, high in zip(y, least, rows["usable"], strict=True):
                if high - low > 0:
                    ax.barh(at - 0.18, high - low, left=low, height=0.34, facecolor="none", hatch="////",
                            edgecolor=COLOURS["paper"], linewidth=0)  # fmt: skip
        top = rows[["need", "usable"]].max().max()
        for at, need, usable in zip(y, rows["need"], rows["usable"], strict=True):
            ax.text(need + 0.01 * top, at + 0.18, f"{need:,.0f}", va="center", fontsize=9)
            ax.text(usable + 0.01 * top, at - 0.18, f"{usable:,.0f}", va="center", fontsize=9)
        ax.set_yticks(y, labels)
        ax.set_xlim(0, 1.16 * top)
        ax.xaxis.set_visible(False)
        ax.spines["bottom"].set_visible(False)
        ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
    per = [
        f"{figure_text(round(100 * s))} for {label.lower()}"
        for s, label in zip(rows["sufficiency"], labels, strict=True)
    ]
    sentence = f"There are {per[0].replace(' for ', f' {words.seats} for every 100 ', 1)}"
    if len(per) > 1:
        sentence += f", {listing(per[1:], most=9)}"
    alt = "Two bars for each group, " + words.need + " and " + words.seats + ": " + "; ".join(
        f"{label}, {n:,.0f} and {u:,.0f}" for label, n, u in zip(labels, rows["need"], rows["usable"], strict=True)
    )  # fmt: skip
    return finding(ax, sentence, alt=alt + ".")


def gap_map(study: Study, gap: pd.DataFrame) -> Drawing | None:
    """Draw usable seats for each person in need, by area, for the segment that the page leads with.

    Parameters
    ----------
    study : Study
        For outlines, labels and words.
    gap : pandas.DataFrame
        Table `gap`.
    """
    segment = focus(study, _sufficiency(gap))
    rows = gap[gap["segment"] == segment].set_index("geoid")
    if rows["ratio"].notna().sum() == 0 or study.areas.geometry.isna().all():
        return None
    one, many = area_words(study.settings.level)
    words, people = study.profile.words, _people_of(study, segment)
    known = rows["ratio"].dropna()
    threshold = study.profile.shortage.people_per_seat
    n = int((known < 1 / threshold).sum())
    title = (
        f"In {how_many(n, one, many, of=len(known))} there is less than one {words.seat} for "
        f"{how_many(threshold, words.person, words.people).removesuffix(words.people).strip()} {people}"
    )
    names = study.labels["geoid"]
    tips = {
        g: f"{names.get(g, g)}: " + (f"{100 * r:.0f} {words.seats} for 100 {people}" if pd.notna(r) else "no figure")
        for g, r in rows["ratio"].items()
    }
    worst = known.sort_values(kind="stable").head(5)
    alt = (
        f"Map of {many} by {words.seats} for every 100 {people} in {words.need}. The fewest are in "
        f"{listing([f'{names.get(g, g)} ({100 * r:.0f})' for g, r in worst.items()], most=5)}."
    )
    return choropleth(study.areas, cut(rows["ratio"], _RATIO_EDGES), _RATIO_LABELS, title=title, alt=alt, tips=tips,
                      dark_first=True)  # fmt: skip


def _sufficiency(gap: pd.DataFrame) -> pd.DataFrame:
    known = gap[gap["need"].notna()]
    sums = known.groupby("segment", sort=False)[["need", "usable"]].sum().reset_index()
    return sums.assign(sufficiency=sums["usable"] / sums["need"].where(sums["need"] > 0))


def largest_gaps(study: Study, gap: pd.DataFrame, *, ax: Axes | None = None, most: int = 12) -> Axes | None:
    """Draw the areas with the largest unmet need, with the 90 % margin of need.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap : pandas.DataFrame
        Table `gap`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many areas.
    """
    segment = focus(study, _sufficiency(gap))
    rows = gap[(gap["segment"] == segment) & gap["unmet"].notna()].sort_values(
        ["unmet", "geoid"], ascending=[False, True]
    )
    total = rows["unmet"].sum()
    if not total > 0:
        return None
    one, many = area_words(study.settings.level)
    half = int((rows["unmet"].cumsum() < total / 2).sum()) + 1
    shown = rows.head(most)
    names = [study.labels["geoid"].get(g, g) for g in shown["geoid"]]
    ax = new_axes(ax, height=0.5 + 0.3 * len(shown))
    y = np.arange(len(shown))[::-1]
    with style():
        margin = shown["need_moe"].fillna(0.0).to_numpy() if shown["need_moe"].notna().any() else None
        # The margin of need is that of what is unmet, down to nothing unmet.
        errors = None if margin is None else np.vstack([np.minimum(margin, shown["unmet"]), margin])
        ax.barh(y, shown["unmet"], height=0.66, color=COLOURS["one"], xerr=errors,
                error_kw={"ecolor": COLOURS["ink"], "elinewidth": 1, "capsize": 2})  # fmt: skip
        ax.set_yticks(y, names)
        ax.set_xlabel(f"{_people_of(study, segment).capitalize()} beyond the {study.profile.words.seats}"
                      + (" (line: 90% margin)" if margin is not None else ""))  # fmt: skip
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    title = (
        f"Half of the unmet need of {_people_of(study, segment)} is in {how_many(half, one, many)}: "
        f"{listing(names[:half], most=6)}"
    )
    alt = "Bars of unmet need: " + "; ".join(f"{n}, {u:,.0f}" for n, u in zip(names, shown["unmet"], strict=True)) + "."
    return finding(ax, title, alt=alt)


def shortage_definitions(study: Study, gap: pd.DataFrame) -> Statement | None:
    """Set the three definitions of shortage side by side, and say where they agree.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap : pandas.DataFrame
        Table `gap`.
    """
    segment = study.profile.shortage.segment
    rows = gap[gap["segment"] == segment]
    flags = rows[["cap_desert", "spatial_desert", "access_desert"]]
    known = flags.notna().all(axis=1)
    if not known.any():
        return None
    one, many = area_words(study.settings.level)
    short = flags[known].astype(bool).sum(axis=1)
    n = len(short)
    every, some, none = int((short == 3).sum()), int(((short > 0) & (short < 3)).sum()), int((short == 0).sum())
    counts = f"{how_many(every, one, many, of=n)} by all three, {some:,} by some, {none:,} by none"
    title = f"Whether a {one} is short for {_people_of(study, segment)} depends on the definition: {counts}"
    frame = rows.loc[short[short > 0].sort_values(ascending=False, kind="stable").index]
    uncertain = gap[
        gap["segment"].isin([s.segment for s in study.profile.segments]) & gap["p_shortage"].between(0.1, 0.9)
    ]
    lines = [
        "Counted by the number who live there for each licensed seat; by usable seats in the area for each person in "
        "need; and by usable seats within reach."
    ]  # fmt: skip
    if len(uncertain):
        lines.append(
            f"For {how_many(uncertain['geoid'].nunique(), one, many)} the margin of error is too wide to say whether "
            f"some age group is short (a probability between 10 and 90 percent)."
        )
    return Statement(
        title, frame[["geoid", "need", "usable", "ratio", "access", "cap_desert", "spatial_desert", "access_desert"]],
        f"Where at least one definition says short, {_people_of(study, segment)}", tuple(lines),
    )  # fmt: skip


def prices(study: Study, affordability: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw what one full-time place takes of the median family income, area by area.

    Parameters
    ----------
    study : Study
        For labels and words.
    affordability : pandas.DataFrame
        Table `affordability`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    import seaborn as sns

    rows = affordability.dropna(subset=["share"])
    if not len(rows):
        return None
    one, many = area_words(study.settings.level)
    labels = study.labels["segment"]
    order = [labels.get(s, s) for s in dict.fromkeys(rows["segment"])]
    rows = rows.assign(group=rows["segment"].map(lambda s: labels.get(s, s)), percent=100 * rows["share"])
    benchmark = 100 * float(rows["benchmark"].iloc[0])
    ax = new_axes(ax, height=0.9 + 0.75 * len(order))
    with style():
        # Overlapping points are spread evenly, not at random: the same figures draw the same picture.
        sns.swarmplot(rows, x="percent", y="group", order=order, size=3.6, color=COLOURS["one"], ax=ax, warn_thresh=1.0)
        ax.axvline(benchmark, color=COLOURS["two"], linewidth=1.5)
        ax.text(benchmark, -0.62, f"{benchmark:.0f}% benchmark ", color=COLOURS["two"], ha="right", fontsize=9)
        ax.set_xlim(0, None)
        ax.set_ylabel("")
        ax.set_xlabel(f"Percent of the median family income; a dot is a {one}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    over = rows.groupby("group", sort=False).apply(lambda g: (g["share"] > g["benchmark"]).sum(), include_groups=False)
    worst = rows.groupby("group", sort=False)["share"].median().idxmax()
    count = rows["group"].value_counts()
    title = (
        f"Care for one of the {worst.lower()} takes more than {benchmark:.0f}% of the median family income in "
        f"{how_many(over[worst], one, many, of=count[worst])}"
    )
    spread = rows.groupby("group", sort=False)["share"].agg(["min", "max"])
    alt = "Dots by group of the share of income, " + "; ".join(
        f"{g}: {percent(spread.loc[g, 'min'])} to {percent(spread.loc[g, 'max'])}" for g in order
    )
    return finding(ax, title, alt=f"{alt}. A line marks {benchmark:.0f}%.")


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
    active = initiatives[~(initiatives["ends_on"] < today)]
    idle = [x.label for x in study.profile.levers if x.lever not in set(active["lever"])]
    title = f"{how_many(len(active), 'initiative is', 'initiatives are').capitalize()} under way"
    title += f"; nothing works on {listing([i.lower() for i in idle])}" if idle else ", at least one on each lever"
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
    counts = drivers["lever"].value_counts()
    top = [study.labels["lever"].get(x, x).lower() for x in counts.index[counts == counts.max()]]
    reasons = how_many(len(drivers), "reason", "reasons")
    title = f"The coalition sees {reasons} why the issue persists, most about {listing(sorted(top))}"
    return Statement(title, drivers[["text", "lever", "indicator"]], "Reasons, and the lever that each calls for")


def voices(study: Study, voices: pd.DataFrame) -> Statement:
    """Show what residents say, by theme.

    Parameters
    ----------
    study : Study
        Not used, but as for every section.
    voices : pandas.DataFrame
        The study's table of voices.
    """
    themes = voices["theme"].value_counts()
    top = sorted(themes.index[themes == themes.max()])
    title = (
        f"Residents speak most about {listing(top)}"
        if len(top) < len(themes)
        else f"Residents speak about {listing(sorted(themes.index))}"
    )
    return Statement(
        title, voices.sort_values("theme", kind="stable")[["theme", "text", "group"]], "What residents said"
    )
