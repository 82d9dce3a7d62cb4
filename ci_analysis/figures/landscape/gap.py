"""Need, seats and the gap: for whom, where, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.landscape.said import (
    DRAWN,
    area_names,
    areas_of,
    counted,
    focus,
    outlined,
    people_of,
    seats_for_100,
    seats_sentence,
    sufficiency_of,
    upper,
)
from ci_analysis.figures.maps import choropleth, cut
from ci_analysis.figures.words import area_words, how_many, listing, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["gap_by_segment", "gap_map", "largest_gaps"]

#: Upper ends of the classes of seats for each person in need.
_RATIO_EDGES = (0.1, 1 / 3, 2 / 3, 0.9999)
_RATIO_LABELS = ("10 to 33", "33 to 67", "67 to 100", "100 or more")


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
    labels = [shortened(upper(people_of(study, s)), DRAWN) for s in own]
    unsure = (rows["usable"] - rows["usable_low"]).clip(lower=0)
    ax = new_axes(ax, height=0.75 + 0.75 * len(rows))
    y = np.arange(len(rows))[::-1]
    with style():
        ax.barh(y + 0.18, rows["need"], height=0.34, color=COLOURS["muted"], label=upper(words.need))
        ax.barh(y - 0.18, rows["usable"], height=0.34, color=COLOURS["one"], label=upper(words.seats))
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
        rest = [_reading(least[s], v, people_of(study, str(s))) for s, v in served.iloc[1:].items()]
        sentence = seats_sentence(study, served.iloc[0], str(served.index[0]))
        sentence += f", {listing(rest, most=9)}" if rest else ""
    else:
        needing = [f"{n:,.0f} {people_of(study, s)}" for s, n in rows["need"].items()]
        unknown = f"; how many {words.seats} there are is not known" if rows["usable"].isna().all() else ""
        sentence = upper(f"{words.need}: {listing(needing, most=9)}{unknown}")
    alt = f"Two bars for each group, {words.need} and {words.seats}: " + "; ".join(
        f"{label}, {n:,.0f} and {'not known' if pd.isna(u) else f'{u:,.0f}'}"
        + (f" ({v:,.0f} of them not certain)" if v > 0 else "")
        for label, n, u, v in zip(labels, rows["need"], rows["usable"], unsure, strict=True)
    )
    return finding(ax, sentence, alt=alt + ".")


def _reading(least: float, sufficiency: float, people: str) -> str:
    """Return seats for each 100 as they are said, from the strictest reading on where that is lower."""
    most = seats_for_100(sufficiency)
    low = most if pd.isna(least) else seats_for_100(least)
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
    segment = focus(study, sufficiency_of(gap))
    rows = gap[gap["segment"] == segment].set_index("geoid").sort_index()
    known = rows["ratio"].dropna()
    if not len(known) or not outlined(study):
        return None
    one, many = area_words(study.settings.level)
    words, people = study.profile.words, people_of(study, segment)
    named = area_names(study)
    tips = {
        g: f"{named(g)}: " + ("no figure" if pd.isna(r) else f"{seats_for_100(r)} for every 100")
        for g, r in rows["ratio"].items()
    }
    fewest = known[known == known.min()]
    if len(fewest) > 5:
        said = f"{areas_of(len(fewest), one, many, len(known))[0]} have the fewest, {100 * fewest.iloc[0]:.0f}."
    else:
        worst = known.sort_values(kind="stable").head(5)
        said = f"The fewest are in {listing([f'{named(g)} ({100 * r:.0f})' for g, r in worst.items()], most=5)}."
    alt = f"Map of {many} by {words.seats} for every 100 {people} in {words.need}. {said}"
    labels = (f"up to 10 {words.seats} for 100", *_RATIO_LABELS)
    title = _short_of_seats(study, known, segment, every=len(rows))
    return choropleth(study.areas, cut(rows["ratio"], _RATIO_EDGES), labels, title=title, alt=alt, tips=tips,
                      dark_first=True)  # fmt: skip


def _short_of_seats(study: Study, ratios: pd.Series, segment: str, *, every: int) -> str:
    """Return how many areas have fewer seats for those in need than the shortage's definition asks for."""
    one, many = area_words(study.settings.level)
    words, per = study.profile.words, study.profile.shortage.people_per_seat
    # What is equal but for the rounding of a sum is not less.
    n = int(((ratios < 1 / per) & ~np.isclose(ratios, 1 / per, rtol=1e-9, atol=0)).sum())
    whom = f"for every {counted(per, '', '').strip()} {people_of(study, segment)}"
    if per == 1:
        whom = f"for each of the {people_of(study, segment)}"
    areas, single = areas_of(n or len(ratios), one, many, len(ratios))
    if len(ratios) < every:
        areas += " with figures"
    least = "less than" if n else "at least"
    return f"{areas} {'has' if single else 'have'} {least} one {words.seat} {whom}"


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
    segment = focus(study, sufficiency_of(gap))
    rows = gap[(gap["segment"] == segment) & gap["unmet"].notna()]
    if not len(rows):
        return None
    (one, many), people = area_words(study.settings.level), people_of(study, segment)
    seats = study.profile.words.seats
    rows = rows[rows["unmet"] > 0].sort_values(["unmet", "geoid"], ascending=[False, True])
    if not len(rows):
        return Statement(f"No {one} with figures has more {people} in {study.profile.words.need} than {seats}")
    named = area_names(study)
    shown, names = rows.head(most), [named(g) for g in rows["geoid"]]
    ax = new_axes(ax, height=0.5 + 0.3 * len(shown))
    y = np.arange(len(shown))[::-1]
    margin = shown["need_moe"].to_numpy()
    with style():
        # The margin of need is that of what is unmet, down to nothing unmet; an area without one has no line.
        errors = np.vstack([np.minimum(margin, shown["unmet"]), margin])
        ax.barh(y, shown["unmet"], height=0.66, color=COLOURS["one"], xerr=errors,
                error_kw={"ecolor": COLOURS["ink"], "elinewidth": 1, "capsize": 2})  # fmt: skip
        ax.set_yticks(y, [shortened(n, DRAWN) for n in names[: len(shown)]], parse_math=False)
        line = " (line: 90% margin)" if shown["need_moe"].notna().any() else ""
        ax.set_xlabel(f"{upper(people)} beyond the {seats}{line}", parse_math=False)
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
