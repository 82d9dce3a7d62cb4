"""Figures of step 2: need, seats and the gap, where they are, what care costs, and how sure all this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from shapely import is_empty, is_missing

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.maps import choropleth, cut
from ci_analysis.figures.words import about, area_words, how_many, listing, percent, period_words, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
_RATIO_LABELS = ("10 to 33", "33 to 67", "67 to 100", "100 or more")
#: Letters of a name in a drawing, and in a sentence.
_DRAWN, _SAID = 30, 60


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
    if len(tables.get("affordability", ())):
        found += [_price_headline(study, tables["affordability"])]
    return [f for f in found if f is not None]


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


def _people_of(study: Study, segment: str) -> str:
    return study.profile.words.people if segment == "all" else study.labels["segment"].get(segment, segment).lower()


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _seats_for_100(sufficiency: float) -> str:
    """Return usable seats for each 100 in need as they are said; never none where there are some."""
    n = round(100 * sufficiency)
    if n == 0:
        return "0" if sufficiency == 0 else "less than 1"
    return f"{n:,}"


def _seats_sentence(study: Study, sufficiency: float, segment: str) -> str:
    words, n = study.profile.words, _seats_for_100(sufficiency)
    seats, be = (words.seat, "is") if n in ("1", "less than 1") else (words.seats, "are")
    n = {"0": "no", "1": "one", "less than 1": "less than one"}.get(n, n)
    return f"There {be} {n} {seats} for every 100 {_people_of(study, segment)}"


def _shares_of(n: int, one: str, many: str, of: int) -> tuple[str, bool]:
    """Return a count of areas as the subject of a sentence, and whether its verb is singular."""
    return _upper(how_many(n, one, many, of=of)), n == 1 or of == 1


def _seats_headline(study: Study, summary: pd.DataFrame) -> Headline | None:
    segment = focus(study, summary)
    row = summary.set_index("segment").loc[segment]
    if pd.isna(row["sufficiency"]) or pd.isna(row["spatial_gap"]):
        return None
    words, (one, _) = study.profile.words, area_words(study.settings.level)
    short = row["spatial_gap"]
    without = f"In their own {one}, {about(short)} {'has' if round(short) == 1 else 'have'} none."
    if short == 0:
        without = f"Every {one} has enough for its own."
    sentence = f"{_seats_sentence(study, row['sufficiency'], segment)} in {words.need}. {without}"
    sure = "How far off this may be is not known: not every figure behind it has a margin of error."
    if pd.notna(row["spatial_gap_low"]):
        sure = (
            f"90% interval of those without: {about(row['spatial_gap_low'])} to "
            f"{about(row['spatial_gap_high']).removeprefix('about ')}, from the margin of error of the count alone."
        )
    n = round(100 * row["sufficiency"])
    return Headline(f"{'under 1' if n == 0 and row['sufficiency'] else f'{n:,}'} for 100", sentence, sure)


def _shortage_headline(study: Study, gap: pd.DataFrame) -> Headline | None:
    shortage = study.profile.shortage
    rows = gap[(gap["segment"] == shortage.segment) & gap["cap_desert"].notna()]
    if not len(rows):
        return None
    one, many = area_words(study.settings.level)
    n = int(rows["cap_desert"].astype(bool).sum())
    words = study.profile.words
    areas, single = _shares_of(n, one, many, len(rows))
    sentence = (
        f"{areas} {'has' if single else 'have'} more than "
        f"{_number(shortage.people_per_seat, words.person, words.people)} for each licensed {words.seat}, "
        f"counting {_people_of(study, shortage.segment)}."
    )
    dependent = n < len(rows) and (rows["unmet_high"] - rows["unmet_low"] > 0).any()
    sure = f"It may be more if {words.seats} that two groups share were left out." if dependent else ""
    coarse = f"A {one} is wide: inside it, {words.seats} can still be far."
    if study.settings.level in ("tract", "block-group"):
        coarse = f"A {one} is small: {words.seats} next door are not counted."
    return Headline(f"{n:,} of {len(rows):,}", sentence, f"{coarse} {sure}".strip())


def _number(n: float, one: str, many: str) -> str:
    return how_many(n, one, many) if n == round(n) else f"{n:g} {many}"


def _dearest(rows: pd.DataFrame) -> str:
    """Return the segment whose place takes the largest share of income in the middle area."""
    return str(rows.groupby("segment")["share"].median().idxmax())


def _price_sentence(study: Study, rows: pd.DataFrame, segment: str) -> str:
    """Return in how many areas one place for the segment costs more than the benchmark."""
    rows = rows[rows["segment"] == segment]
    n, benchmark = int((rows["share"] > rows["benchmark"]).sum()), f"{100 * rows['benchmark'].iloc[0]:.3g}%"
    many = how_many(n or len(rows), *area_words(study.settings.level), of=len(rows))
    takes = f"costs more than {benchmark} of the median family income in {many}"
    if n == 0:
        takes = f"costs no more than {benchmark} of the median family income in {many}"
    whose = "" if segment == "all" else f" for {_people_of(study, segment)}"
    return f"One full-time {study.profile.words.seat}{whose} {takes}"


def _price_headline(study: Study, affordability: pd.DataFrame) -> Headline | None:
    known = affordability.dropna(subset=["share"])
    if not len(known):
        return None
    segment = _dearest(known)
    rows = known[known["segment"] == segment]
    low, high = percent(rows["share"].min()), percent(rows["share"].max())
    span = low if low == high else f"{low}–{high}"
    sentence = f"{_price_sentence(study, known, segment)}: {span.replace('–', ' to ')}."
    priced, earned = (
        listing([period_words(p) for p in sorted(rows[c].dropna().unique())])
        for c in ("price_vintage", "income_vintage")
    )
    every = affordability.loc[affordability["segment"] == segment, "geoid"].nunique()
    gone, many = every - len(rows), area_words(study.settings.level)[1]
    unknown = f" {gone:,} of {every:,} {many} {'has' if gone == 1 else 'have'} no price or no income." if gone else ""
    return Headline(span, sentence, f"Prices of {priced} against incomes of {earned}.{unknown}")


def gap_by_segment(study: Study, summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw need and usable seats of each segment; where need is not known by segment, of each group or of everybody.

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
    words, profile = study.profile.words, study.profile
    known = summary.dropna(subset=["need"]).set_index("segment")
    levels = ([s.segment for s in profile.segments], [g.segment for g in profile.groups], ["all"])
    own = next((kept for level in levels if (kept := [s for s in level if s in known.index])), [])
    if not own:
        return None
    rows = known.loc[own]
    labels = [shortened(_upper(_people_of(study, s)), _DRAWN) for s in own]
    unsure = (rows["usable"] - rows["usable_low"]).clip(lower=0)
    ax = new_axes(ax, height=0.75 + 0.75 * len(rows))
    y = np.arange(len(rows))[::-1]
    with style():
        ax.barh(y + 0.18, rows["need"], height=0.34, color=COLOURS["muted"], label=_upper(words.need))
        ax.barh(y - 0.18, rows["usable"], height=0.34, color=COLOURS["one"], label=_upper(words.seats))
        if (unsure > 0).any():
            ax.barh(y - 0.18, unsure, left=rows["usable"] - unsure, height=0.34, facecolor=COLOURS["one"],
                    hatch="////", edgecolor=COLOURS["paper"], linewidth=0, label="Not certain")  # fmt: skip
        top = max(rows[["need", "usable"]].max().max(), 1)
        for at, need, usable in zip(y, rows["need"], rows["usable"], strict=True):
            ax.text(need + 0.01 * top, at + 0.18, f"{need:,.0f}", va="center", fontsize=9)
            said, end = ("not known", 0.0) if pd.isna(usable) else (f"{usable:,.0f}", usable)
            ax.text(end + 0.01 * top, at - 0.18, said, va="center", fontsize=9)
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_xlim(0, 1.16 * top)
        ax.xaxis.set_visible(False)
        ax.spines["bottom"].set_visible(False)
        legend = ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)
        for text in legend.get_texts():
            text.set_parse_math(False)
    served = rows["sufficiency"].dropna()
    if len(served):
        least = (rows["usable_low"] / rows["need"]).where(unsure > 0)
        rest = [_reading(least[s], v, _people_of(study, str(s))) for s, v in served.iloc[1:].items()]
        sentence = _seats_sentence(study, served.iloc[0], str(served.index[0]))
        sentence += f", {listing(rest, most=9)}" if rest else ""
    else:
        needing = [f"{n:,.0f} {_people_of(study, s)}" for s, n in rows["need"].items()]
        unknown = f"; how many {words.seats} there are is not known" if rows["usable"].isna().all() else ""
        sentence = _upper(f"{words.need}: {listing(needing, most=9)}{unknown}")
    alt = f"Two bars for each group, {words.need} and {words.seats}: " + "; ".join(
        f"{label}, {n:,.0f} and {'not known' if pd.isna(u) else f'{u:,.0f}'}"
        + (f" ({v:,.0f} of them not certain)" if v > 0 else "")
        for label, n, u, v in zip(labels, rows["need"], rows["usable"], unsure, strict=True)
    )
    return finding(ax, sentence, alt=alt + ".")


def _reading(least: float, sufficiency: float, people: str) -> str:
    """Return seats for each 100 as they are said, from the strictest reading on where that is lower."""
    most = _seats_for_100(sufficiency)
    low = most if pd.isna(least) else _seats_for_100(least)
    return f"{most} for {people}" if low == most else f"{low} to {most} for {people} (by how rooms are counted)"


def gap_map(study: Study, gap: pd.DataFrame) -> Drawing | None:
    """Draw usable seats for each person in need, by area, for the segment that the page leads with.

    Parameters
    ----------
    study : Study
        For outlines, labels and words.
    gap : pandas.DataFrame
        Table `gap`.

    Returns
    -------
    Drawing or None
        None where no area has a figure, or none an outline.
    """
    segment = focus(study, _sufficiency(gap))
    rows = gap[gap["segment"] == segment].set_index("geoid").sort_index()
    known = rows["ratio"].dropna()
    if not len(known) or not _outlined(study):
        return None
    one, many = area_words(study.settings.level)
    words, people = study.profile.words, _people_of(study, segment)
    named = _named(study)
    tips = {
        g: f"{named(g)}: " + ("no figure" if pd.isna(r) else f"{_seats_for_100(r)} for every 100")
        for g, r in rows["ratio"].items()
    }
    fewest = known[known == known.min()]
    if len(fewest) > 5:
        said = f"{_shares_of(len(fewest), one, many, len(known))[0]} have the fewest, {100 * fewest.iloc[0]:.0f}."
    else:
        worst = known.sort_values(kind="stable").head(5)
        said = f"The fewest are in {listing([f'{named(g)} ({100 * r:.0f})' for g, r in worst.items()], most=5)}."
    alt = f"Map of {many} by {words.seats} for every 100 {people} in {words.need}. {said}"
    labels = (f"up to 10 {words.seats} for 100", *_RATIO_LABELS)
    title = _short_of_seats(study, known, segment, every=len(rows))
    return choropleth(study.areas, cut(rows["ratio"], _RATIO_EDGES), labels, title=title, alt=alt, tips=tips,
                      dark_first=True)  # fmt: skip


def _outlined(study: Study) -> bool:
    shapes = study.areas.geometry.to_numpy()
    return not (is_missing(shapes) | is_empty(shapes)).all()


def _short_of_seats(study: Study, ratios: pd.Series, segment: str, *, every: int) -> str:
    """Return how many areas have fewer seats for those in need than the shortage's definition asks for."""
    one, many = area_words(study.settings.level)
    words, per = study.profile.words, study.profile.shortage.people_per_seat
    # What is equal but for the rounding of a sum is not less.
    n = int(((ratios < 1 / per) & ~np.isclose(ratios, 1 / per, rtol=1e-9, atol=0)).sum())
    whom = f"for every {_number(per, '', '').strip()} {_people_of(study, segment)}"
    if per == 1:
        whom = f"for each of the {_people_of(study, segment)}"
    areas, single = _shares_of(n or len(ratios), one, many, len(ratios))
    if len(ratios) < every:
        areas += " with figures"
    least = "less than" if n else "at least"
    return f"{areas} {'has' if single else 'have'} {least} one {words.seat} {whom}"


def _named(study: Study) -> Callable[[str], str]:
    """Return a function from an area's geoid to its name, short enough for a sentence."""
    names = study.labels["geoid"]
    return lambda geoid: shortened(names.get(geoid, geoid), _SAID)


def _sufficiency(gap: pd.DataFrame) -> pd.DataFrame:
    known = gap.dropna(subset=["need", "usable"])
    sums = known.groupby("segment", sort=False)[["need", "usable"]].sum().reset_index()
    return sums.assign(sufficiency=sums["usable"] / sums["need"].where(sums["need"] > 0))


def largest_gaps(study: Study, gap: pd.DataFrame, *, ax: Axes | None = None, most: int = 12) -> Axes | Statement | None:
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

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A statement where no need is unmet; None where it is not known.
    """
    segment = focus(study, _sufficiency(gap))
    rows = gap[(gap["segment"] == segment) & gap["unmet"].notna()]
    if not len(rows):
        return None
    (one, many), people = area_words(study.settings.level), _people_of(study, segment)
    seats = study.profile.words.seats
    rows = rows[rows["unmet"] > 0].sort_values(["unmet", "geoid"], ascending=[False, True])
    if not len(rows):
        return Statement(f"No {one} with figures has more {people} in {study.profile.words.need} than {seats}")
    named = _named(study)
    shown, names = rows.head(most), [named(g) for g in rows["geoid"]]
    ax = new_axes(ax, height=0.5 + 0.3 * len(shown))
    y = np.arange(len(shown))[::-1]
    margin = shown["need_moe"].to_numpy()
    with style():
        # The margin of need is that of what is unmet, down to nothing unmet; an area without one has no line.
        errors = np.vstack([np.minimum(margin, shown["unmet"]), margin])
        ax.barh(y, shown["unmet"], height=0.66, color=COLOURS["one"], xerr=errors,
                error_kw={"ecolor": COLOURS["ink"], "elinewidth": 1, "capsize": 2})  # fmt: skip
        ax.set_yticks(y, [shortened(n, _DRAWN) for n in names[: len(shown)]], parse_math=False)
        line = " (line: 90% margin)" if shown["need_moe"].notna().any() else ""
        ax.set_xlabel(f"{_upper(people)} beyond the {seats}{line}", parse_math=False)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    half, part = _concentrated(rows["unmet"])
    title = f"{part} of the unmet need of {people} is in {how_many(half, one, many)}: {listing(names[:half])}"
    alt = "Bars of unmet need: " + "; ".join(
        f"{n}, {u:,.0f}" + ("" if np.isnan(m) else f" (± {m:,.0f})")
        for n, u, m in zip(names, shown["unmet"], margin, strict=False)
    )
    return finding(ax, title, alt=alt + ".")


def _concentrated(unmet: pd.Series) -> tuple[int, str]:
    """Return how many of the areas, largest first, it takes for half of the unmet need, and what part is theirs."""
    sums = unmet.cumsum() / unmet.sum()
    half = int((sums < 0.5 - 1e-9).sum()) + 1
    part = sums.iloc[half - 1]
    return half, "All" if half == len(unmet) else "Half" if part < 0.55 else percent(part)


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
    people = _people_of(study, segment)
    areas, single = _shares_of(every, one, many, n)
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

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no area has both a price and an income.
    """
    import seaborn as sns

    rows = affordability.dropna(subset=["share"])
    if not len(rows):
        return None
    one = area_words(study.settings.level)[0]
    order = [s for s in study.labels["segment"] if s in set(rows["segment"])]
    labels = [shortened(_upper(_people_of(study, s)), _DRAWN) for s in order]
    rows = rows.assign(percent=100 * rows["share"]).sort_values(["segment", "share", "geoid"])
    benchmark = 100 * float(rows["benchmark"].iloc[0])
    ax = new_axes(ax, height=0.9 + 0.75 * len(order))
    with style():
        # Overlapping points are spread evenly, not at random: the same figures draw the same picture.
        size = 3.6 if rows["segment"].value_counts().max() <= 100 else 2.4
        sns.swarmplot(
            rows, x="percent", y="segment", order=order, size=size, color=COLOURS["one"], ax=ax, warn_thresh=1.0
        )
        ax.axvline(benchmark, color=COLOURS["two"], linewidth=1.5)
        ax.annotate(f"{benchmark:.3g}% benchmark", (benchmark, 1), (0, 4), xycoords=("data", "axes fraction"),
                    textcoords="offset points", color=COLOURS["two"], ha="center", fontsize=9)  # fmt: skip
        ax.set_yticks(range(len(order)), labels, parse_math=False)
        ax.set_xlim(0, max(1.05 * rows["percent"].max(), 1.2 * benchmark))
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_ylabel("")
        ax.set_xlabel(f"Percent of the median family income; a dot is a {one}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    spread = rows.groupby("segment")["share"].agg(["min", "median", "max"])
    alt = "Dots by group of the share of income, " + "; ".join(
        f"{label}: {percent(spread.loc[s, 'min'])} to {percent(spread.loc[s, 'max'])}, "
        f"in the middle {percent(spread.loc[s, 'median'])}"
        for s, label in zip(order, labels, strict=True)
    )
    title = _price_sentence(study, rows, _dearest(rows))
    return finding(ax, title, alt=f"{alt}. A line marks {benchmark:.3g}%.")


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
    title = _upper(f"{how_many(len(active), 'initiative is', 'initiatives are')} under way")
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
    said = _most(voices["theme"].map(lambda t: f"‘{shortened(t, _SAID)}’", na_action="ignore"))
    said = said.removeprefix(",").removeprefix(" both").removeprefix(" all")
    return Statement(
        f"Residents speak{said}" if said else "What residents say has no themes yet",
        voices.sort_values("theme", kind="stable")[["theme", "text", "group"]],
        "What residents said",
    )
