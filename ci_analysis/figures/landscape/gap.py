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
from ci_analysis.figures.maps import Classes, Layer, choropleth, classes_told, cut
from ci_analysis.figures.words import area_words, how_many, listing, percent, shortened
from ci_analysis.landscape import coefficient_of_variation, moe_sum, quality_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = [
    "gap_by_segment",
    "gap_map",
    "gap_totals",
    "largest_gaps",
    "seats_known",
    "short_of_seats",
    "sufficiency_layer",
    "unreliable",
]

#: Upper ends of the classes of seats for each person in need.
_RATIO_EDGES = (0.1, 1 / 3, 2 / 3, 0.9999)
_RATIO_LABELS = ("10 to 33", "33 to 67", "67 to 100", "100 or more")


def gap_by_segment(
    study: Study, summary: pd.DataFrame, gap: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes | None:
    """Draw need and usable seats of each segment; where need is not known by segment, of each group or of everybody.

    Parameters
    ----------
    study : Study
        For labels and words.
    summary : pandas.DataFrame
        Table `gap_summary`.
    gap : pandas.DataFrame, optional
        Table `gap`, for the 90 % margin of need; without it, and where an area has no margin, none is drawn.
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
    margin = _margins(gap).reindex(own) if gap is not None else pd.Series(np.nan, index=own)
    ax = new_axes(ax, height=0.75 + 0.75 * len(rows))
    y = np.arange(len(rows))[::-1]
    with style():
        ax.barh(y + 0.18, rows["need"], height=0.34, color=COLOURS["muted"], label=upper(words.need))
        if margin.notna().any():
            ends = np.vstack([np.minimum(margin, rows["need"]), margin])
            ax.errorbar(rows["need"], y + 0.18, xerr=ends, fmt="none", ecolor=COLOURS["ink"], elinewidth=1, capsize=2,
                        label="90% margin")  # fmt: skip
        ax.barh(y - 0.18, rows["usable"], height=0.34, color=COLOURS["one"], label=upper(words.seats))
        if (unsure > 0).any():
            ax.barh(y - 0.18, unsure, left=rows["usable"] - unsure, height=0.34, facecolor=COLOURS["one"],
                    hatch="////", edgecolor=COLOURS["paper"], linewidth=0, label="Not certain")  # fmt: skip
        # Only how far the axis reaches; a margin that is not known is not drawn.
        reach = rows["need"] + margin.fillna(0)
        top = max(reach.max(), rows["usable"].max(), 1)
        for at, need, end, usable in zip(y, rows["need"], reach, rows["usable"], strict=True):
            ax.text(end + 0.01 * top, at + 0.18, f"{need:,.0f}", va="center", fontsize=9)
            said, end = ("not known", 0.0) if pd.isna(usable) else (f"{usable:,.0f}", usable)
            ax.text(end + 0.01 * top, at - 0.18, said, va="center", fontsize=9)
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_xlim(0, 1.16 * top)
        ax.xaxis.set_visible(False)
        ax.spines["bottom"].set_visible(False)
        legend = ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
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
        f"{label}, {n:,.0f}{'' if pd.isna(m) else f' (± {m:,.0f})'} and {'not known' if pd.isna(u) else f'{u:,.0f}'}"
        + (f" ({v:,.0f} of them not certain)" if v > 0 else "")
        for label, n, m, u, v in zip(labels, rows["need"], margin, rows["usable"], unsure, strict=True)
    )
    return finding(ax, sentence, alt=alt + ".")


def _margins(gap: pd.DataFrame) -> pd.Series:
    """Return the 90 % margin of each segment's need over all areas that know it; missing where one has none."""
    known = gap[gap["need"].notna()]
    return moe_sum(known["need"].to_numpy(), known["need_moe"].to_numpy(), by=known["segment"].to_numpy())


def gap_totals(study: Study, summary: pd.DataFrame) -> Statement | None:
    """State the gap twice: as if every seat served everywhere, and with each area's seats for its own.

    Parameters
    ----------
    study : Study
        For labels and words.
    summary : pandas.DataFrame
        Table `gap_summary`.

    Returns
    -------
    Statement or None
        None where no gap is known.
    """
    rows = summary.dropna(subset=["pooled_gap", "spatial_gap"]).set_index("segment")
    segment = focus(study, summary)
    if segment not in rows.index:
        return None
    (one, _), words, people = area_words(study.settings.level), study.profile.words, people_of(study, segment)
    lead = rows.loc[segment]
    # Whole people: what is equal when rounded is said to be so.
    pooled, spatial = round(lead["pooled_gap"]), round(lead["spatial_gap"])
    title = f"Every {one} has enough {words.seats} for its own {people}"
    if spatial:
        title = f"{spatial:,} {people} have no {words.seat} in their own {one}"
        if spatial == 1:
            title = f"One of the {people} has no {words.seat} in the same {one}"
        title += f"; {pooled:,} if every {words.seat} served everywhere" if pooled != spatial else ""
    lines = [
        f"The first figure, pooled, is the gap if every {words.seat} served everywhere; the second, spatial, is larger "
        f"where a surplus in one {one} does not serve another."
    ]
    if rows["spatial_gap_low"].notna().any():
        lines.append(
            "The interval is at 90% and holds the margin of error of the count alone. Its mean lies above the point, "
            "since a shortfall cannot be negative."
        )
    else:
        lines.append("No interval can be given: not every figure behind it has a margin of error.")
    columns = ["pooled_gap", "spatial_gap"]
    readings = rows[["spatial_gap_wide", "spatial_gap_strict"]]
    if rows["spatial_gap_low"].notna().any():
        columns += ["spatial_gap_low", "spatial_gap_high"]
    if (readings["spatial_gap_strict"] > readings["spatial_gap_wide"]).any():
        columns += ["spatial_gap_wide", "spatial_gap_strict"]
        lines.append(f"How many {words.seats} there are depends on how rooms are counted that two groups share.")
    if (covered := lead["areas_with_need"]) < lead["areas"]:
        lines.append(f"Counted over the {covered:,.0f} of {lead['areas']:,.0f} areas whose need is known.")
    return Statement(title, rows[columns].reset_index(), "The gap, pooled and spatial", tuple(lines))


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
    layer = sufficiency_layer(study, gap, focus(study, sufficiency_of(gap)))
    if layer is None or not outlined(study):
        return None
    named = area_names(study)
    tips = {g: f"{named(g)}: {text}" for g, text in layer.texts.items()}
    return choropleth(study.areas, layer.classes, title=layer.title, alt=layer.alt, tips=tips)


def sufficiency_layer(study: Study, gap: pd.DataFrame, segment: str) -> Layer | None:
    """Return usable seats for each person in need, by area, as a layer of a map; None where no area has a figure.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap : pandas.DataFrame
        Table `gap`.
    segment : str
        Which of its rows.
    """
    rows = gap[gap["segment"] == segment].set_index("geoid").sort_index()
    known = rows["ratio"].dropna()
    if not len(known):
        return None
    one, many = area_words(study.settings.level)
    words, people = study.profile.words, people_of(study, segment)
    named = area_names(study)
    texts = {
        g: _supplied(words.seats, *figures)
        for g, *figures in rows[["ratio", "need", "need_moe", "usable"]].itertuples()
    }
    fewest = known[known == known.min()]
    if len(fewest) > 5:
        said = f"{areas_of(len(fewest), one, many, len(known))[0]} have the fewest, {100 * fewest.iloc[0]:.0f}."
    else:
        worst = known.sort_values(kind="stable").head(5)
        said = f"The fewest are in {listing([f'{named(g)} ({100 * r:.0f})' for g, r in worst.items()], most=5)}."
    classes = Classes(
        cut(rows["ratio"], _RATIO_EDGES),
        (f"up to 10 {words.seats} for 100", *_RATIO_LABELS),
        " ".join([f"Cut at 10, 33, 67 and 100 {words.seats} for every 100.", *seats_known(study, rows)]),
        unreliable(rows, "need", "need_moe"),
        f"{words.need} of low reliability",
        "dark-first",
    )
    told = f"Map of {many} by {words.seats} for every 100 {people} in {words.need}."
    return Layer(
        f"{upper(words.seats)} for every 100 in {words.need}",
        upper(people),
        short_of_seats(study, known, segment, every=len(rows)),
        f"{told} {classes_told(study.areas, classes)} {said}",
        classes,
        texts,
    )


def _supplied(seats: str, ratio: float, need: float, margin: float, usable: float) -> str:
    """Return an area's seats and need in words."""
    if pd.isna(ratio):
        return "no figure"
    around = "" if pd.isna(margin) else f" (± {margin:,.0f})"
    return f"{seats_for_100(ratio)} for every 100; {usable:,.0f} {seats}, need {need:,.0f}{around}"


def unreliable(rows: pd.DataFrame, value: str, moe: str) -> frozenset[str]:
    """Return the areas whose figure is of low reliability: a coefficient of variation above 0.40.

    Parameters
    ----------
    rows : pandas.DataFrame
        By geoid.
    value, moe : str
        Columns of the figure and its 90 % margin; without a margin nothing is said of an area.
    """
    quality = quality_class(coefficient_of_variation(rows[value], rows[moe]))
    return frozenset(rows.index[quality.eq("low").fillna(False).to_numpy(dtype=bool)])


def seats_known(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return the sentence that says which gaps are 'at most', because facilities do not say their seats.

    Parameters
    ----------
    study : Study
        For words.
    rows : pandas.DataFrame
        Rows of one segment of table `gap`.
    """
    words, n = study.profile.words, int(rows["unknown"].sum())
    if not n:
        return []
    do, have = ("does", "it has") if n == 1 else ("do", "they have")
    who = how_many(n, words.facility, words.facilities)
    return [f"A gap is at most this: {who} {do} not say how many {words.seats} {have}."]


def short_of_seats(study: Study, ratios: pd.Series, segment: str, *, every: int, within: str = "") -> str:
    """Return how many areas have fewer seats for those in need than the shortage's definition asks for.

    Parameters
    ----------
    study : Study
        For words and the definition.
    ratios : pandas.Series
        Seats for each person in need, of the areas that have a figure.
    segment : str
        Whose.
    every : int
        How many areas there are.
    within : str
        Where the seats are, if not in the area itself.
    """
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
    return f"{areas} {'has' if single else 'have'} {least} one {words.seat} {within}{whom}"


def largest_gaps(study: Study, gap: pd.DataFrame, *, ax: Axes | None = None, most: int = 12) -> Axes | Statement | None:
    """Draw the areas with the largest unmet need, with the 90 % margin of need and the readings of the seats.

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
    margin = shown["need_moe"]
    # By the widest and the strictest reading of the seats; an area without readings has the one figure.
    low, high = (shown[c].fillna(shown["unmet"]) for c in ("unmet_low", "unmet_high"))
    read = (high - low > 0.5).any()
    ranged = margin.notna() | (high - low > 0.5)
    with style():
        ax.barh(y, shown["unmet"], height=0.66, color=COLOURS["one"])
        if read:
            ax.barh(y, high - shown["unmet"], left=shown["unmet"], height=0.66, facecolor=COLOURS["paper"],
                    hatch="////", edgecolor=COLOURS["one"], linewidth=0)  # fmt: skip
        # Down to nothing unmet, since a gap cannot be negative; an area without a margin or readings has no line.
        ends = np.vstack(
            [shown["unmet"] - (low - margin.fillna(0)).clip(lower=0), high + margin.fillna(0) - shown["unmet"]]
        )
        ax.errorbar(shown["unmet"][ranged], y[ranged.to_numpy()], xerr=ends[:, ranged.to_numpy()], fmt="none",
                    ecolor=COLOURS["ink"], elinewidth=1, capsize=2)  # fmt: skip
        ax.set_yticks(y, [shortened(n, DRAWN) for n in names[: len(shown)]], parse_math=False)
        rests = [*(["90% margin"] if margin.notna().any() else []), *([f"readings of {seats}"] if read else [])]
        line = f" (line: {' and '.join(rests)})" if rests else ""
        ax.set_xlabel(f"{upper(people)} beyond the {seats}{line}", parse_math=False)
        ax.set_xlim(0, None)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    half, part = _concentrated(rows["unmet"])
    title = f"{part} of the unmet need of {people} is in {how_many(half, one, many)}: {listing(names[:half])}"
    if read:
        title += "; how large it is depends on how rooms are counted that two groups share"
    alt = "Bars of unmet need: " + "; ".join(
        f"{n}, {u:,.0f}"
        + ("" if np.isnan(m) else f" (± {m:,.0f})")
        + (f" ({a:,.0f} to {b:,.0f} by how {seats} are counted)" if b - a > 0.5 else "")
        for n, u, m, a, b in zip(names, shown["unmet"], margin, low, high, strict=False)
    )
    return finding(ax, title, alt=alt + ".")


def _concentrated(unmet: pd.Series) -> tuple[int, str]:
    """Return how many of the areas, largest first, it takes for half of the unmet need, and what part is theirs."""
    sums = unmet.cumsum() / unmet.sum()
    half = int((sums < 0.5 - 1e-9).sum()) + 1
    part = sums.iloc[half - 1]
    return half, "All" if half == len(unmet) else "Half" if part < 0.55 else percent(part)
