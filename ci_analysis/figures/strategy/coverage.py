"""What works on the gap, what the projects add to it, what remains, and where the chain to a decision breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.strategy.said import names_of
from ci_analysis.figures.words import area_words, how_many, inside, listing, percent, sentence, shortened, spelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["chain", "gaps_without_work", "leading_fall", "projects_and_gaps", "seats_by_place", "waterfall"]

#: Rows of a table on the page.
_MOST = 15
_STATES = {"committed": "committed", "planned": "chosen", "proposed": "proposed"}
_LINKS = {"gap": "the gap", "measure": "the measure", "deliverable": "the deliverable", "rule": "the rule"}
_WHEN = {
    "off-track": "if it is off track",
    "signal-worse": "if it gets worse",
    "target-missed": "if the target is missed",
    "no-data": "if no figure comes",
}
_SPREAD = (
    "A study says where a project works, not how many {seats} each {area} gets: here they are spread in proportion to "
    "unmet need, an assumption."
)


def waterfall(
    study: Study, gap_waterfall: pd.DataFrame, project_gaps: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | Statement | None:
    """Draw the gap today, what committed and chosen projects close of it, and what remains.

    Parameters
    ----------
    study : Study
        For labels, words and the measures that close the gap.
    gap_waterfall, project_gaps : pandas.DataFrame
        Tables of the run.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A Statement where no measure says that it closes the gap, or where the figures are withheld; None where
        nobody is known to be without a place.
    """
    if not len(gap_waterfall):
        return None
    seats = study.profile.words.seats
    if _withheld(gap_waterfall).any():
        return Statement(
            f"How many {seats} the projects add is not shown here",
            lines=("Beside the figures that are shown, they would give back small counts of people.",),
        )
    if not study.tables["measures"]["closes_gap"].fillna(False).any():
        return _no_measure(seats)
    rows = gap_waterfall[gap_waterfall["today"] > 0]
    if not len(rows):
        return None
    order = [*(s.segment for s in (*study.profile.segments, *study.profile.groups)), "all"]
    rows = rows.sort_values("segment", key=lambda s: s.map({name: i for i, name in enumerate(order)}))
    names = names_of(study, "segment", rows["segment"], 40)
    ax = new_axes(ax, height=0.9 + 0.78 * len(rows))
    y = np.arange(len(rows))[::-1]
    with style():
        across = ax.get_yaxis_transform()
        start = np.zeros(len(rows))
        for column, colour, label in (
            ("committed", "one", "committed"), ("planned", "three", "chosen"), ("remaining", "muted", "remains"),
        ):  # fmt: skip
            # What a project takes away has no length here; the figures beneath say it.
            width = rows[column].to_numpy(dtype="float64").clip(min=0)
            there = width > 0
            # A line around it keeps a sliver visible; its length is true.
            ax.barh(y[there], width[there], left=start[there], height=0.3, color=COLOURS[colour], label=label,
                    edgecolor=COLOURS[colour], linewidth=0 if column == "remaining" else 0.9,
                    zorder=2 if column == "remaining" else 3)  # fmt: skip
            start = start + np.nan_to_num(width)
        # Without a known remainder, the bar is the gap today.
        blank = rows["remaining"].isna().to_numpy()
        ax.barh(y[blank], rows["today"].to_numpy()[blank], height=0.3, color=COLOURS["muted"], zorder=1)
        for at, name, row in zip(y, names, rows.itertuples(), strict=True):
            ax.text(0, at + 0.33, f"{name}: {_whole(row.today)} today", transform=across, va="center", fontsize=10.5,
                    parse_math=False)  # fmt: skip
            ax.text(0, at - 0.33, _fall_words(row), transform=across, va="center", fontsize=9, color=COLOURS["quiet"])
        ax.set_xlim(0, 1.02 * rows["today"].max())
        ax.set_ylim(-0.62, len(rows) - 0.45)
        ax.yaxis.set_visible(False)
        ax.spines["left"].set_visible(False)
        ticks = MaxNLocator(4, integer=True).tick_values(0, rows["today"].max())
        ax.set_xticks(ticks[(ticks >= 0) & (ticks <= rows["today"].max())])
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.set_xlabel(sentence(f"{study.profile.words.people} without a {study.profile.words.seat} in their own area"))
        handles, _ = ax.get_legend_handles_labels()
        if len(handles) > 1:
            ax.legend(frameon=False, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
    told = "; ".join(
        f"{inside(name)}, {_whole(row.today)} today, {_fall_words(row)}"
        for name, row in zip(names, rows.itertuples(), strict=True)
    )
    return finding(
        ax, _fall_sentence(study, rows), alt=f"The gap today, what projects close, and what remains: {told}.",
        notes=_fall_notes(study, rows, project_gaps),
    )  # fmt: skip


def leading_fall(study: Study, gap_waterfall: pd.DataFrame | None) -> pd.Series | None:
    """Return the row of the waterfall that a finding would be about; None where none is shown.

    Parameters
    ----------
    study : Study
        For the segments, and for measures that say that they close the gap.
    gap_waterfall : pandas.DataFrame or None
        Table of the run; None where an edition has it not.
    """
    if gap_waterfall is None or not len(gap_waterfall) or _withheld(gap_waterfall).any():
        return None
    if not study.tables["measures"]["closes_gap"].fillna(False).any():
        return None
    rows = gap_waterfall[gap_waterfall["today"] > 0]
    return _lead(study, rows) if len(rows) else None


def _fall_words(row: object) -> str:
    """What committed and chosen projects close of one row's gap, and what remains."""
    parts = (("committed", row.committed), ("chosen", row.planned), ("remaining", row.remaining))  # type: ignore[attr-defined]
    return ", ".join(f"{name} {_whole(value)}" for name, value in parts)


def _whole(value: float) -> str:
    """People or places as a whole number, never a false zero."""
    if pd.isna(value):
        return "not known"
    if 0 < value < 0.5:
        return "less than 1"
    return f"{value:,.0f}".replace("-", "−")


def _one_decimal(share: float) -> str:
    """A share as percent, with a decimal where it is small."""
    if share >= 0.1 or share < 0.0005:
        return percent(share) if share >= 0.1 or share <= 0 else "less than 0.1%"
    return f"{100 * share:.1f}%"


def _lead(study: Study, rows: pd.DataFrame) -> pd.Series:
    """The row that the finding is about: of the segments, else of all rows, the one for which most is done."""
    own = rows[rows["segment"].isin(study.profile.vocabulary("segments"))]
    pool = own if len(own) else rows[rows["segment"].eq("all")] if rows["segment"].eq("all").any() else rows
    closed = (pool["today"] - pool["remaining"]).fillna(-np.inf)
    return pool.loc[closed.idxmax()]


def _fall_sentence(study: Study, rows: pd.DataFrame) -> str:
    words, row = study.profile.words, _lead(study, rows)
    whom = _people(study, row["segment"])
    today = f"{_whole(row['today'])} {whom} have none" if row["today"] >= 1.5 else f"one of {whom} has none"
    if pd.isna(row["remaining"]):
        return f"No project that has begun or is chosen says how many {words.seats} it would open where {today}"
    if row["remaining"] == 0:
        return f"Projects that have begun or are chosen would close the gap for {_whole(row['today'])} {whom}"
    closed = row["today"] - row["remaining"]
    if closed <= 0:
        return f"No project that has begun or is chosen would open {words.seats} where {today}"
    n = _whole(closed)
    opened = f"{n} {words.seat if n in ('1', 'less than 1') else words.seats}"
    share = _one_decimal(closed / row["today"])
    return f"Projects that have begun or are chosen would open {opened} where {today}: {share}"


def _fall_notes(study: Study, rows: pd.DataFrame, project_gaps: pd.DataFrame) -> list[str]:
    words, row = study.profile.words, _lead(study, rows)
    whom, notes = _people(study, row["segment"]), []
    ends = f"For {whom} the gap today"
    if pd.notna(row["today_low"]) and pd.notna(row["today_high"]):
        low, high = _whole(row["today_low"]), _whole(row["today_high"])
        notes.append(f"{ends} is likely between {low} and {high} (a 90 percent interval).")
    else:
        notes.append(f"{ends} has no interval, since its figures have no margin of error.")
    if (
        pd.notna(row["remaining_low"])
        and pd.notna(row["remaining_high"])
        and row["remaining_low"] < row["remaining_high"]
    ):
        notes.append(
            f"With what the projects may bring at the most and at the least, {_whole(row['remaining_low'])} to "
            f"{_whole(row['remaining_high'])} of today’s {_whole(row['today'])} would remain."
        )
    elif pd.notna(row["remaining"]) and (pd.isna(row["remaining_low"]) or pd.isna(row["remaining_high"])):
        notes.append("A project names no least or no most, so that how far this may differ is not known.")
    counted = project_gaps[project_gaps["state"].isin(["committed", "planned"])]
    silent = counted[counted["seats"].isna()]
    if len(silent):
        counted_words = sentence(how_many(len(silent), "project", "projects"))
        says, adds = ("says", "adds") if len(silent) == 1 else ("say", "add")
        notes.append(
            f"{counted_words} begun or chosen {says} no number of {words.seats}, and {adds} what nobody knows: "
            f"{_named(study, silent['project_id'])}."
        )
    nowhere = counted[counted["seats"].notna() & counted["serves"].isna()]
    if len(nowhere):
        whose = "those whom it is for" if len(nowhere) == 1 else "those whom they are for"
        notes.append(f"Not counted, since the gap of {whose} is not known: {_named(study, nowhere['project_id'])}.")
    extra = rows["surplus"].max()
    if extra >= 0.5:
        many = words.seat if round(extra) == 1 else words.seats
        notes.append(f"Up to {_whole(extra)} more {many} would open where nobody is without one, and close nothing.")
    notes.append(
        "Committed: work has begun and is backed, or the money is there. Chosen: in the portfolio, and not committed. "
        + _SPREAD.format(seats=words.seats, area=area_words(study.settings.level)[0])
    )
    return notes


def _no_measure(seats: str) -> Statement:
    return Statement(
        f"How many {seats} the projects would add to the gap is not known",
        lines=(
            f"No measure says that it counts {seats}, so that one more closes the gap by one. Write yes for it in "
            "measures.csv: closes_gap.",
        ),
    )


def _withheld(frame: pd.DataFrame) -> pd.Series:
    return frame["x_withheld"].eq("yes") if "x_withheld" in frame else pd.Series(False, index=frame.index)


def _people(study: Study, segment: str) -> str:
    if segment == "all":
        return study.profile.words.people
    return inside(shortened(study.labels["segment"].get(segment, segment), 60))


def _named(study: Study, projects: pd.Series) -> str:
    return listing([f"‘{n}’" for n in names_of(study, "project_id", sorted(projects), 80)], most=6)


def gaps_without_work(study: Study, gap_coverage: pd.DataFrame) -> Statement | None:
    """Say which gaps nothing under way or proposed addresses, the largest first.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap_coverage : pandas.DataFrame
        Table of the run.

    Returns
    -------
    Statement or None
        None where no gap is known.
    """
    hidden = _withheld(gap_coverage)
    rows = gap_coverage[~hidden]
    if not len(rows):
        return None
    people, seat = study.profile.words.people, study.profile.words.seat
    gaps = rows.drop_duplicates(["geoid", "segment"])
    bare = gaps[gaps["uncovered"].fillna(False).astype(bool)].sort_values(
        ["unmet", "geoid", "segment"], ascending=[False, True, True]
    )
    n, total = len(bare), len(gaps)
    one, many = area_words(study.settings.level)
    lines = [f"A gap is one {one} and one group of {people} some of whom are without a {seat} there."]
    if hidden.any():
        count = gap_coverage.loc[hidden, "geoid"].nunique()
        lines.append(
            f"{sentence(how_many(count, one, many))} with small counts {'is' if count == 1 else 'are'} left out."
        )
    if n == 0:
        whole = "the one gap" if total == 1 else "both gaps" if total == 2 else f"each of {total:,} gaps"
        title = f"Something is under way or proposed for {whole}"
        frame = _by_lever(study, rows, gaps)
        return Statement(title, frame, "Gaps that no work on a lever addresses, the most first", tuple(lines))
    unmet, whole = bare["unmet"].sum(), gaps["unmet"].sum()
    counted = how_many(n, "gap", "gaps", of=total)
    title = f"Nothing is under way or proposed for {counted}, {percent(unmet / whole)} of those without a {seat}"
    if n == total:
        title = f"Nothing is under way or proposed for {counted}"
    if n > _MOST:
        lines.append(f"The {_MOST} largest are shown.")
    return Statement(
        title,
        bare[["geoid", "segment", "unmet"]].head(_MOST),
        "Gaps that nothing addresses, the largest first",
        tuple(lines),
    )


def _by_lever(study: Study, rows: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """By lever: gaps without any work on it, and the people without a place in them."""
    levers = [x.lever for x in study.profile.levers]
    there = rows.groupby("lever")["unmet"].agg(["size", "sum"]).reindex(levers, fill_value=0)
    # No gap with work on a lever is none of them.
    frame = pd.DataFrame({"lever": levers, "without": len(gaps) - there["size"].to_numpy()})
    frame["share"] = 1 - there["sum"].to_numpy() / gaps["unmet"].sum()
    frame = frame.sort_values(["without", "share"], ascending=False, kind="stable")
    return pd.DataFrame(
        {
            "lever": frame["lever"],
            "gaps_without_it": [f"{n:,} of {len(gaps):,}" for n in frame["without"]],
            "share_of_unmet_need_there": [
                # Where every gap has work on the lever, what rounding leaves is nothing.
                percent(max(0.0, s)) if n else "0%"
                for n, s in zip(frame["without"], frame["share"], strict=True)
            ],
        }
    )


def projects_and_gaps(study: Study, project_gaps: pd.DataFrame) -> Statement | None:
    """Say which gap each project serves, and how many places it is to add against how many are without.

    Parameters
    ----------
    study : Study
        For labels and words.
    project_gaps : pandas.DataFrame
        Table of the run.

    Returns
    -------
    Statement or None
        None where there is no project.
    """
    hidden = _withheld(project_gaps)
    rows, words = project_gaps[~hidden], study.profile.words
    lines = []
    if hidden.any():
        count = int(hidden.sum())
        lines.append(
            f"For {how_many(count, 'project', 'projects')} the figures are not shown: with others they would give back "
            "small counts of people."
        )
    if not len(rows):
        return Statement("Which gap each project serves is not shown here", lines=tuple(lines)) if len(hidden) else None
    serves = rows["serves"].eq(True).fillna(False).astype(bool)
    told = serves & rows["seats"].notna()
    n, total = int(serves.sum()), len(rows)
    counted = sentence(how_many(n, "project", "projects", of=total))
    # A title that says less than all is about the projects that are shown.
    title = f"{counted} {'serves' if n == 1 or total == 1 else 'serve'} a gap"
    if n == 0 and rows["serves"].isna().all():
        title = "Whether the projects serve a gap is not known"
    elif n:
        m = int(told.sum())
        if not study.tables["measures"]["closes_gap"].fillna(False).any():
            lines += _no_measure(words.seats).lines
        else:
            who = ("it" if n == 1 else "one of them") if m == 1 else spelled(m) + " of them" if m < n else "each"
            title += f", and {who} says how many {words.seats} it would add" if m == 1 or m == n else ""
            title += f", and {who} say how many {words.seats} they would add" if 1 < m < n else ""
            title += f", but none says how many {words.seats} it would add" if m == 0 else ""
    order = rows.assign(serves=serves).sort_values(
        ["serves", "share_of_unmet", "project_id"], ascending=[False, False, True], na_position="last"
    )
    order = order[order["serves"]]
    frame = pd.DataFrame(
        {
            "project_id": order["project_id"],
            "segment": order["segment"],
            "areas": order["areas"],
            "unmet": order["unmet"],
            "seats": order["seats"],
            "of_the_gap": [None if pd.isna(s) else _one_decimal(s) for s in order["share_of_unmet"]],
        }
    )
    if "state" in order:
        frame["state"] = order["state"].map(_STATES)
    for row in rows[~serves].sort_values("project_id").itertuples():
        lines.append(f"{names_of(study, 'project_id', [row.project_id], 80)[0]}: {row.why}")
    return Statement(
        title,
        frame if len(frame) else None,
        f"Projects by the share of the gap that their {words.seats} would close where they work",
        tuple(lines),
    )


def seats_by_place(study: Study, gap_coverage: pd.DataFrame) -> Statement | None:
    """Say where committed and chosen projects would add places, against unmet need there.

    Parameters
    ----------
    study : Study
        For labels and words.
    gap_coverage : pandas.DataFrame
        Table of the run.

    Returns
    -------
    Statement or None
        None where no gap is known, or where the figures are withheld.
    """
    rows, words = gap_coverage[~_withheld(gap_coverage)], study.profile.words
    if "seats_added" not in rows or not len(rows):
        return None
    if len(rows) != len(gap_coverage) and rows["seats_added"].isna().all():
        return None
    if not study.tables["measures"]["closes_gap"].fillna(False).any():
        return _no_measure(words.seats)
    place = ["geoid", "segment"]
    added = rows.groupby(place, sort=True).agg(
        unmet=("unmet", "first"), seats=("seats_added", lambda s: s.sum(min_count=1))
    )
    added = added.reset_index().sort_values(["seats", *place], ascending=[False, True, True])
    there = added[added["seats"] > 0]
    if not len(there):
        if added["seats"].isna().any():
            return Statement(f"No project that has begun or is chosen says how many {words.seats} it would add")
        return Statement(
            f"No project that has begun or is chosen would add {words.seats} where {words.people} have none"
        )
    first = there.iloc[0]
    area, many = area_words(study.settings.level)
    name = shortened(study.labels["geoid"].get(first["geoid"], first["geoid"]), 60)
    n = _whole(first["seats"])
    whom = _people(study, first["segment"])
    lead = "Most" if len(there) > 1 else "The only"
    title = (
        f"{lead} {words.seats} would open in {name}: {n} where {_whole(first['unmet'])} {whom} have none"
        if n not in ("1", "less than 1") or len(there) == 1
        else f"No {area} would get more than one {words.seat} from the projects that have begun or are chosen"
    )
    lines = [_SPREAD.format(seats=words.seats, area=area)]
    if len(there) > _MOST:
        lines.append(
            f"The {_MOST} largest of {len(there):,} are shown, in {there['geoid'].nunique():,} {many} together."
        )
    shown = there.head(_MOST)
    frame = shown[place].assign(
        unmet=shown["unmet"],
        new=[_whole(v) for v in shown["seats"]],
        remaining=[_whole(max(0.0, v)) for v in shown["unmet"] - shown["seats"]],
    )
    return Statement(title, frame, f"New {words.seats} against those without one, the most first", tuple(lines))


def chain(study: Study, chain: pd.DataFrame) -> Statement | None:
    """Say for which projects the chain holds from the gap to the rule, and where it breaks.

    Parameters
    ----------
    study : Study
        For labels, and what the rules say.
    chain : pandas.DataFrame
        Table of the run; the column `decisions` may be left out.

    Returns
    -------
    Statement or None
        None where there is no project.
    """
    hidden = _withheld(chain)
    rows = chain[~hidden].sort_values(["project_id", "measure_id"], na_position="last")
    lines = []
    if hidden.any():
        count = chain.loc[hidden, "project_id"].nunique()
        lines.append(
            f"For {how_many(count, 'project', 'projects')} the chain is not shown: whether there is a gap would give "
            "back small counts of people."
        )
    if not len(rows):
        return (
            Statement("The chain from the gap to the rule is not shown here", lines=tuple(lines))
            if len(hidden)
            else None
        )
    whole = rows["missing"].isna().groupby(rows["project_id"]).all()
    n, total = int(whole.sum()), len(whole)
    title = f"For {how_many(n, 'project', 'projects', of=total)} the chain holds from the gap to the rule"
    broken = rows[rows["missing"].notna()]
    if len(broken):
        counts = broken.groupby("missing")["project_id"].nunique().reindex(list(_LINKS)).dropna()
        told = [f"{_LINKS[link]} for {how_many(k, 'project', 'projects')}" for link, k in counts.items()]
        lines.append(f"The first link that is missing is {listing(told, most=9)}.")
    when = study.tables["rules"].set_index("rule_id")["when"].map(_WHEN)
    frame = pd.DataFrame(
        {
            "project_id": rows["project_id"],
            "lever": rows["lever"],
            "measure_id": rows["measure_id"],
            "to_deliver": _counted(rows["deliverables"]),
            "rules_agreed": [_rule_words(cell, when) for cell in rows["rules"]],
        }
    )
    if "decisions" in rows:
        frame["decided"] = _counted(rows["decisions"])
    frame["breaks_at"] = rows["missing"].map(_LINKS).fillna("nowhere")
    return Statement(
        title, frame, "From the project to what was decided: a count of things to deliver, rules, and where it breaks",
        tuple(lines),
    )  # fmt: skip


def _counted(cells: pd.Series) -> list[str]:
    return ["none" if pd.isna(c) else str(len(str(c).split(";"))) for c in cells]


def _rule_words(cell: object, when: pd.Series) -> str:
    if pd.isna(cell):  # type: ignore[call-overload]  # one cell
        return "none"
    # A rule that is not among the study's is named as it is.
    said = [str(when.get(r, r)) for r in str(cell).split(";")]
    return "; ".join(dict.fromkeys(said))
