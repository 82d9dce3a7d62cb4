"""What is under way, who works on what, and what takes several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.strategy.said import names_of, two_lines
from ci_analysis.figures.words import how_many, listing, shortened, spelled
from ci_analysis.tables import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["joint_work", "what_works", "who_works_on_what"]

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


def joint_work(study: Study, projects: pd.DataFrame, partners: pd.DataFrame) -> Statement:
    """Say which projects no one could do alone, and which stay within one sector or one organisation.

    Parameters
    ----------
    study : Study
        For labels.
    projects, partners : pandas.DataFrame
        The study's tables.
    """
    leads = projects.rename(columns={"lead": "partner_id"})[["project_id", "partner_id"]]
    others = listed(projects[["project_id", "partners"]], "partners").rename(columns={"partners": "partner_id"})
    joined = pd.concat([leads, others]).drop_duplicates().merge(partners, on="partner_id")
    joined["sector"] = joined["sector"].map(lambda s: study.labels["sector"].get(s, s))
    by_sector = joined.groupby(["project_id", "sector"], sort=False).size().rename("n").reset_index()
    by_sector["sectors"] = by_sector["sector"] + by_sector["n"].map(lambda n: f" ({n})" if n > 1 else "")
    together = by_sector.groupby("project_id")["sectors"]
    rows = projects[["project_id", "why_joint"]].set_index("project_id")
    rows["sectors"] = together.agg("; ".join)
    rows["n_sectors"] = together.size().reindex(rows.index, fill_value=0)
    rows["n_names"] = joined.groupby("project_id").size().reindex(rows.index, fill_value=0)
    rows = rows.reset_index().sort_values(["n_sectors", "n_names", "project_id"])
    few = rows[rows["n_sectors"] < 2]
    alone = int((few["n_names"] < 2).sum())
    n, total = len(few), len(rows)
    if n == 0:
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
    silent = int(projects["why_joint"].isna().sum())
    counted = how_many(silent, "project", "projects", of=total)
    return Statement(
        title, rows[["project_id", "why_joint", "sectors"]],
        "Why it takes several, and whose partners they are; the fewest sectors first",
        (f"For {counted} nobody has written down why it takes several.",) if silent else (),
    )  # fmt: skip
