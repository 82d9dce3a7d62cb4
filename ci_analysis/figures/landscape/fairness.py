"""Who is worst off: groups of areas, regions and groups of people set against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, finding, new_axes, style
from ci_analysis.figures.landscape.said import DRAWN, SAID, people_of, seats_for_100, upper
from ci_analysis.figures.words import amount, area_words, inside, listing, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["disparities"]

#: What leads where it has figures, and what stands in its place.
_MEASURES = ("ratio", "access", "price_share")


def disparities(study: Study, disparities: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw the two ends of each comparison of one measure as a pair of dots, and say what sets the most apart.

    Parameters
    ----------
    study : Study
        For labels and words.
    disparities : pandas.DataFrame
        Table `disparities`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        Of seats for each person in need where they are known, else of seats within reach, of prices, or of another
        indicator; None where no two groups can be set against each other.
    """
    known = disparities.dropna(subset=["value_a", "value_b"])
    if not len(known):
        return None
    lead = _lead(study, known)
    rows = known[known["indicator"].eq(lead["indicator"]) & known["segment"].fillna("").eq(_text(lead["segment"]))]
    order = {name: i for i, name in enumerate(study.profile.equity)}
    rows = rows.assign(place=rows["by"].map(order).fillna(len(order)))
    rows = rows.sort_values(["place", "by", "group_a", "group_b"]).reset_index(drop=True)
    scale = 100.0 if _unit(study, lead) != "USD" else 1.0
    ends = scale * rows[["value_a", "value_b", "difference", "low", "high"]]
    y = np.arange(len(rows))[::-1]
    ax = new_axes(ax, height=1.15 + 0.6 * len(rows))
    names = [_name(study, by) for by in rows["by"]]
    groups = [[_group(study, r.by, g) for g in (r.group_a, r.group_b)] for r in rows.itertuples()]
    with style():
        for at, end, significant in zip(y, ends.itertuples(), rows["significant"], strict=True):
            unsure = pd.notna(significant) and not significant
            ax.plot([end.value_a, end.value_b], [at, at], color=COLOURS["muted"], linestyle=":" if unsure else "-",
                    zorder=1)  # fmt: skip
            said = _signed(end.difference)
            if pd.notna(end.low):
                said += f" ({_signed(end.low)} to {_signed(end.high)})"
            ax.text(1.02, at, said, transform=ax.get_yaxis_transform(), va="center", fontsize=9)
        ax.scatter(ends["value_a"], y, s=46, color=COLOURS["two"], zorder=3, label="The first group")
        ax.scatter(ends["value_b"], y, s=46, color=COLOURS["one"], marker="s", zorder=2, label="The second group")
        labels = [
            f"{shortened(upper(n), DRAWN)}\n{shortened(a, DRAWN // 2)} – {shortened(b, DRAWN // 2)}"
            for n, (a, b) in zip(names, groups, strict=True)
        ]
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(min(0.0, 1.05 * ends[["value_a", "value_b"]].min().min()),
                    1.08 * max(ends[["value_a", "value_b"]].max().max(), 1e-9))  # fmt: skip
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.set_xlabel(_axis(study, lead), parse_math=False)
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        legend = ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
        for text in legend.get_texts():
            text.set_parse_math(False)
    alt = "Pairs of dots: " + "; ".join(
        f"{shortened(n, SAID)}, {shortened(a, SAID)} {_value(study, lead, r.value_a)} and {shortened(b, SAID)} "
        f"{_value(study, lead, r.value_b)}"
        for n, (a, b), r in zip(names, groups, rows.itertuples(), strict=True)
    )
    return finding(ax, _title(study, lead, rows), alt=f"{alt}.", notes=_notes(study, rows, known))


def _text(segment: object) -> str:
    return "" if pd.isna(segment) else str(segment)


def _lead(study: Study, known: pd.DataFrame) -> pd.Series:
    """Return the comparison that leads: of the first measure, what is sure before what is not, then the widest."""
    measure = next((m for m in _MEASURES if known["indicator"].eq(m).any()), None)
    rows = known[known["indicator"].eq(measure)] if measure else known
    about = study.profile.shortage.segment
    parts = {g.segment: g.of for g in study.profile.groups}.get(about, ())
    for wanted in (parts, (about,)):
        if measure and rows["segment"].isin(wanted).any():
            rows = rows[rows["segment"].isin(wanted)]
            break
    least, most = rows[["value_a", "value_b"]].min(axis=1), rows[["value_a", "value_b"]].max(axis=1)
    # Regions and segments are picked as the two ends, and lie apart by chance alone: fourths come before them.
    ranked = rows.assign(
        sure=rows["significant"].map({True: 0, False: 2}).astype("float64").fillna(1),
        picked=~rows["by"].isin(study.profile.equity),
        near=least / most.where(most > 0),
    )
    ranked = ranked.sort_values(["sure", "picked", "near", "segment", "by", "indicator"], na_position="last")
    return ranked.iloc[0]


def _unit(study: Study, lead: pd.Series) -> str:
    if lead["indicator"] in _MEASURES:
        return "seats" if lead["indicator"] != "price_share" else "share"
    entry = next((i for i in study.profile.indicators if i.name == lead["indicator"]), None)
    return "USD" if entry is None or entry.unit != "share" else "share"


def _value(study: Study, lead: pd.Series, value: float) -> str:
    unit = _unit(study, lead)
    if unit == "seats":
        return seats_for_100(value)
    if unit == "share":
        return percent(value)
    entry = next((i for i in study.profile.indicators if i.name == lead["indicator"]), None)
    return amount(value) if entry is not None and entry.kind == "money" else f"{value:,.4g}"


def _signed(value: float) -> str:
    text = f"{value:+,.0f}" if abs(value) >= 9.5 else f"{value:+,.1f}"
    return text.replace("-", "−")


def _name(study: Study, by: str) -> str:
    """Return what tells two groups apart, as it stands on a line."""
    if by == "segment":
        return "group"
    entry = next((i for i in study.profile.indicators if i.name == by), None)
    return entry.label if entry else by


def _group(study: Study, by: str, group: str) -> str:
    return study.labels["segment"].get(group, group.replace("-", " ")) if by == "segment" else group


def _axis(study: Study, lead: pd.Series) -> str:
    words, segment = study.profile.words, _text(lead["segment"])
    people = people_of(study, segment) if segment else words.people
    measure = str(lead["indicator"])
    said = {
        "ratio": f"{upper(words.seats)} for every 100 {people}",
        "access": f"{upper(words.seats)} within reach for every 100 {people}",
        "price_share": f"Percent of the median family income for {people}",
    }.get(measure, _name(study, measure))
    return shortened(said, SAID)


def _subject(study: Study, row: pd.Series, group: str) -> str:
    """Return a group of areas or people as the subject of a sentence."""
    many = area_words(study.settings.level)[1]
    if row["by"] in study.profile.equity:
        return f"{many} in the {group} by {inside(shortened(_name(study, row['by']), SAID))}"
    return shortened(_group(study, row["by"], group), SAID)


def _title(study: Study, lead: pd.Series, rows: pd.DataFrame) -> str:
    words, segment, measure = study.profile.words, _text(lead["segment"]), str(lead["indicator"])
    people = people_of(study, segment) if segment else words.people
    a, b = (_value(study, lead, lead[c]) for c in ("value_a", "value_b"))
    seat = words.seat if a in ("1", "less than 1") else words.seats
    if rows["significant"].eq(False).fillna(False).all():
        what = {"price_share": "the share of income", "ratio": f"{words.seats} for every 100 {people}",
                "access": f"{words.seats} within reach for every 100 {people}"}.get(measure, measure)  # fmt: skip
        return f"No group stands out in {what}: the differences are no larger than chance would make them"
    one, two = _subject(study, lead, lead["group_a"]), _subject(study, lead, lead["group_b"])
    fourths, people_are = lead["by"] in study.profile.equity, lead["by"] == "segment"
    other = f"those in the {lead['group_b']}" if fourths else two
    have = "have" if fourths else "has"
    if measure in ("ratio", "access"):
        reach = " within reach" if measure == "access" else ""
        return f"{upper(one)} {have} {a} {seat}{reach} for every 100 {people}; {other} {have} {b}"
    if measure == "price_share":
        where = f"in {one}, {b} in {other}" if not people_are else f"for {one}, {b} for {other}"
        return f"One full-time {words.seat} for {people} takes {a} of the median family income {where}"
    label = shortened(_name(study, measure), SAID)
    return f"{upper(label)}: {a} for {one}, {b} for {two}"


def _notes(study: Study, rows: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Return what the differences do not say, and how sure they are."""
    order, many = study.profile.equity, area_words(study.settings.level)[1]
    notes = ["On the right: the first group less the second, with its 90% interval in brackets where it is known."]
    if rows["by"].ne("segment").any():
        notes.append(
            f"Groups are of {many}, not of people: what holds for {many} with much poverty, say, need not hold for the "
            "poor who live in them."
        )
    weak = [inside(shortened(_name(study, b), SAID)) for b in rows.loc[rows["significant"].eq(False), "by"]]
    if weak:
        notes.append(f"No larger than chance would make it is the difference by {listing(weak)}.")
    margins = rows["significant"].isna()
    if margins.all():
        notes.append("Whether chance made the differences is not known: figures behind them have no margin of error.")
    elif rows["indicator"].eq("ratio").any():
        notes.append(f"Intervals are from the margin of error of need; {study.profile.words.seats} are taken as exact.")
    if (~rows["by"].isin(order)).any():
        notes.append("Regions and groups are picked as the two ends of their kind, so some difference is to be "
                     "expected by chance alone.")  # fmt: skip
    people = known[known["by"].eq("segment") & ~known["indicator"].isin(rows["indicator"])]
    notes += [f"{_title(study, row, known.loc[[i]])}." for i, row in people.iterrows()]
    return notes
