"""What is under way, who works on what, and what takes several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.strategy.said import names_of, two_lines
from ci_analysis.figures.words import how_many, listing, shortened, spelled
from ci_analysis.strategy import overlapping_initiatives
from ci_analysis.tables import members

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["joint_work", "overlaps", "what_works", "who_works_on_what"]

_QUADRANTS = ("scale-now", "test-at-scale", "keep-local", "learn-first")


def what_works(study: Study, what_works: pd.DataFrame, initiatives: pd.DataFrame) -> Statement | None:
    """Sort what is under way by what its evidence and its scalability call for.

    Parameters
    ----------
    study : Study
        For labels and the day that the study is as of.
    what_works : pandas.DataFrame
        Table `what_works`.
    initiatives : pandas.DataFrame
        The study's table of initiatives: those that have ended, or not begun, are left out.

    Returns
    -------
    Statement or None
        None where nothing is under way.
    """
    today = pd.Timestamp(study.settings.as_of)
    over = initiatives["ends_on"] < today
    off = initiatives.loc[over | (initiatives["started_on"] > today), "initiative_id"]
    rows = what_works[~what_works["initiative_id"].isin(off)]
    if not len(rows):
        return None
    rows = rows.assign(
        initiatives=names_of(study, "initiative_id", rows["initiative_id"], 200),
        place=rows["quadrant"].map({q: i for i, q in enumerate(_QUADRANTS)}).fillna(len(_QUADRANTS)),
    )
    grown = rows.loc[rows["quadrant"] == "scale-now", "initiatives"]
    counted = how_many(len(grown), "initiative", "initiatives", of=len(rows))
    title = f"{counted.capitalize()} under way {'is' if len(grown) < 2 else 'are'} ready to grow"
    if len(grown):
        title += f": {listing([f'‘{shortened(n, 80)}’' for n in grown])}"
    elif rows["quadrant"].isna().all():
        title = (
            f"Whether {'the initiative' if len(rows) == 1 else 'initiatives'} under way should grow is not rated yet"
        )
    frame = (
        rows.groupby(["place", "next_step"], sort=True)["initiatives"]
        .agg("; ".join)
        .reset_index()[["initiatives", "next_step"]]
    )
    ended = names_of(study, "initiative_id", initiatives.loc[over, "initiative_id"], 80)
    return Statement(
        title, frame, "What evidence and scalability call for (each 1 to 5; 4 or 5 is high)",
        (f"Ended, and not listed: {listing(ended, most=9)}.",) if len(ended) else (),
    )  # fmt: skip


def who_works_on_what(study: Study, activities: pd.DataFrame, *, ax: Axes | None = None, most: int = 30) -> Axes | None:
    """Draw which partner works on which lever, under way and proposed.

    Parameters
    ----------
    study : Study
        For labels and the order of levers.
    activities : pandas.DataFrame
        Table `activities`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many partners: those with the most work under way.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no partner works on anything.
    """
    rows = activities.dropna(subset=["partner_id"])
    if not len(rows):
        return None
    levers = [x.lever for x in study.profile.levers if x.lever in set(activities["lever"])]
    work = rows.groupby("partner_id")[["initiatives", "projects"]].sum()
    work["name"] = names_of(study, "partner_id", work.index)
    work = work.sort_values(["initiatives", "projects", "name"], ascending=[False, False, True]).head(most)
    rows = rows[rows["partner_id"].isin(work.index)].sort_values(["partner_id", "lever"])
    y = rows["partner_id"].map({p: len(work) - 1 - i for i, p in enumerate(work.index)})
    x = rows["lever"].map({lever: i for i, lever in enumerate(levers)})
    active = rows["initiatives"] > 0
    ax = new_axes(ax, height=1.6 + 0.32 * len(work))
    with style():
        ax.plot(x[active], y[active], "s", color=COLOURS["one"], markersize=9, label="under way", zorder=3)
        ax.plot(x[~active], y[~active], "o", markerfacecolor=COLOURS["paper"], markeredgecolor=COLOURS["two"],
                markeredgewidth=1.6, markersize=7, label="proposed only", zorder=3)  # fmt: skip
        ax.set_xlim(-0.5, len(levers) - 0.5)
        ax.set_ylim(-0.6, len(work) - 0.4)
        ax.xaxis.tick_top()
        ax.set_xticks(range(len(levers)), [two_lines(n, 16) for n in names_of(study, "lever", levers)], rotation=90,
                      fontsize=9, color=COLOURS["ink"], parse_math=False)  # fmt: skip
        ax.set_yticks(range(len(work)), [two_lines(n, 28) for n in work["name"]][::-1], fontsize=9, parse_math=False)
        ax.tick_params(length=0)
        ax.grid()
        ax.set_axisbelow(True)
        for side in ("left", "bottom"):
            ax.spines[side].set_visible(False)
        ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.35, 0), ncols=2)
    there = activities.dropna(subset=["partner_id"])
    busy = (there["initiatives"] > 0).groupby(there["lever"])
    counts = pd.DataFrame({"active": busy.sum(), "all": busy.size()}).reindex(levers, fill_value=0)
    parts = [
        f"{name}, {how_many(n, 'partner', 'partners')} with work under way and {spelled(whole - n)} with proposals only"
        for name, n, whole in zip(names_of(study, "lever", levers), counts["active"], counts["all"], strict=True)
    ]
    alt = "Partners by the lever that they work on: " + "; ".join(parts) + "."
    return finding(ax, _work_sentence(study, activities, levers), alt=alt)


def _work_sentence(study: Study, activities: pd.DataFrame, levers: list[str]) -> str:
    active = activities[(activities["initiatives"] > 0) & activities["partner_id"].notna()]
    counts = active["lever"].value_counts().reindex(levers, fill_value=0)
    idle = [n.lower() for n in names_of(study, "lever", counts.index[counts == 0])]
    if len(idle) == len(levers):
        return "Nothing is under way on any lever yet; there are only proposals"
    if idle:
        sentence = f"Nothing under way works on {listing(idle)}"
    else:
        sentence = "Something is under way on every lever" if len(levers) > 1 else "Something is under way"
    n = counts.max()
    if n < 2:
        return f"{sentence}; no two partners work on the same lever"
    top = [name.lower() for name in names_of(study, "lever", counts.index[counts == n])]
    each, have = (" each", "have") if len(top) > 1 else ("", "has")
    return f"{sentence}; {listing(top)} {have} the most partners, {spelled(n)}{each}"


def overlaps(study: Study, initiatives: pd.DataFrame) -> Statement | None:
    """Name initiatives that work on the same lever in the same areas, and levers on which nothing is under way.

    Parameters
    ----------
    study : Study
        For labels, levers, and the day that the study is as of.
    initiatives : pandas.DataFrame
        The study's table.

    Returns
    -------
    Statement or None
        None where nothing is under way.
    """
    day = pd.Timestamp(study.settings.as_of)
    active = initiatives[~(initiatives["started_on"] > day) & ~(initiatives["ends_on"] < day)]
    if not len(active):
        return None
    rows = overlapping_initiatives(active)
    idle = [x.lever for x in study.profile.levers if x.lever not in set(active["lever"])]
    n = len(rows)
    if n:
        work = "works" if n == 1 else "work"
        title = f"{how_many(n, 'pair', 'pairs').capitalize()} of initiatives {work} on the same lever in the same areas"
    else:
        title = "No two initiatives of different leads work on the same lever in the same areas"
    if idle:
        title += f"; nothing is under way on {listing([i.lower() for i in names_of(study, 'lever', idle)])}"
    names = [names_of(study, "initiative_id", rows[c]) for c in ("initiative_a", "initiative_b")]
    frame = pd.DataFrame(
        {
            "lever": rows["lever"],
            "initiatives": [f"{a}; {b}" for a, b in zip(*names, strict=True)],
            "where": [
                "everywhere" if pd.isna(areas) else listing(names_of(study, "geoid", members(areas), 60), most=6)
                for areas in rows["areas"]
            ],
        }
    )
    return Statement(
        title, frame if n else None, "Initiatives of different leads under way on one lever, and where they meet",
        ("Where two meet they can share the work, or may be doing it twice.",) if n else (),
    )  # fmt: skip


def joint_work(study: Study, catalytic: pd.DataFrame) -> Statement:
    """Say which projects no one could do alone, and which stay within one sector or one organisation.

    Parameters
    ----------
    study : Study
        For labels.
    catalytic : pandas.DataFrame
        Table `catalytic`.
    """
    labels = study.labels["sector"]
    rows = catalytic.sort_values(["n_sectors", "partners", "project_id"])
    rows["sectors"] = rows["sectors"].map(lambda s: "; ".join(labels.get(x, x) for x in members(s)), na_action="ignore")
    few = rows[rows["flag"].notna()]
    alone = int((few["partners"] < 2).sum())
    n, total = len(few), len(rows)
    if rows["n_sectors"].isna().all():
        title = "Which projects join partners of several sectors is not known: the study has no table of partners"
    elif n == 0:
        counted = how_many(total, "project", "projects", of=total)
        title = f"{counted.capitalize()} {'joins' if total == 1 else 'join'} partners of two sectors or more"
    else:
        counted = how_many(n, "project", "projects", of=total)
        told = listing([f"‘{p}’" for p in names_of(study, "project_id", few["project_id"], 80)])
        title = f"{counted.capitalize()} {'stays' if n == 1 else 'stay'} within one sector: {told}"
        if alone:
            title += (
                ", the work of a single organisation"
                if n == 1
                else f"; {spelled(alone)} {'is' if alone == 1 else 'are'} the work of a single organisation"
            )
    silent = rows[rows["why_joint"].isna()].sort_values("project_id")
    lines = ["Partners that have joined count; prospects and those that have left do not."]
    if len(silent):
        told = listing([f"‘{p}’" for p in names_of(study, "project_id", silent["project_id"], 80)], most=9)
        counted = how_many(len(silent), "project", "projects", of=total)
        lines.append(f"For {counted} nobody has written down why it takes several: {told}.")
    return Statement(
        title, rows[["project_id", "why_joint", "partners", "sectors"]],
        "Why it takes several, how many partners do it, and their sectors; the fewest sectors first", tuple(lines),
    )  # fmt: skip
