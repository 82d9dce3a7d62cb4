"""What the projects have delivered, and what is due next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.words import date_words, how_many, listing, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["burn_up", "deliverables", "projects_at_risk"]


def deliverables(study: Study, deliverables: pd.DataFrame) -> Statement:
    """Say what is done, what is late, and what is due next.

    Parameters
    ----------
    study : Study
        For labels and owners.
    deliverables : pandas.DataFrame
        Table `deliverables` of a run.
    """
    own = study.tables["deliverables"].set_index("deliverable_id")
    rows = deliverables.join(own[["name", "owner", "done_on"]], on="deliverable_id")
    today = pd.Timestamp(study.settings.as_of)
    done = (rows["status"] == "done") & ~(rows["done_on"] > today)
    dropped = rows["status"] == "dropped"
    late = ~done & ~dropped & (rows["days_late"] > 0)
    state = np.select([late, done & (rows["days_late"] > 0), done, dropped], [0, 2, 3, 4], 1)
    words = ["late", "due", "done, late", "done", "dropped"]
    rows = rows.assign(state=state).sort_values(["state", "due_on", "deliverable_id"], kind="stable")
    partner = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "deliverable_id": rows["deliverable_id"],
            "Where it stands": rows["state"].map(dict(enumerate(words))),
            "due_on": rows["due_on"],
            "days_late": rows["days_late"],
            "Owner": rows["owner"].map(lambda p: partner.get(p, p)),
            "project_id": rows["project_id"],
        }
    ).reset_index(drop=True)
    ahead = rows[rows["state"] == 1].head(3)
    due = [f"{shortened(n, 90)} ({date_words(d)})" for n, d in zip(ahead["name"], ahead["due_on"], strict=True)]
    n, k, gone = int((~dropped).sum()), int(late.sum()), int(dropped.sum())
    return Statement(
        _deliverables_title(n, k, gone), frame, "Deliverables: what is late first, then what is due next",
        (f"Next due: {'; '.join(due)}.",) if due else (),
    )  # fmt: skip


def _deliverables_title(n: int, late: int, dropped: int) -> str:
    if not n:
        return f"{how_many(dropped, 'deliverable was', 'deliverables were').capitalize()} dropped; none is left"
    good = how_many(n - late, "deliverable", "deliverables", of=n)
    title = f"{good[:1].upper()}{good[1:]} {'is' if n - late <= 1 else 'are'} done or on time"
    title += f"; {how_many(late, 'is', 'are')} late" if late else ""
    return title + (f"; {how_many(dropped, 'was', 'were')} dropped" if dropped else "")


_STANDING = {"at-risk": "at risk", "on-time": "on time", "done": "done", "dropped": "dropped"}


def projects_at_risk(study: Study, project_progress: pd.DataFrame) -> Statement:
    """Say which projects are at risk and why, and which chosen ones have nothing to deliver yet.

    Parameters
    ----------
    study : Study
        For names and leads.
    project_progress : pandas.DataFrame
        Table of that name.
    """
    order = {name: i for i, name in enumerate(_STANDING)}
    rows = project_progress.assign(order=project_progress["standing"].map(order))
    rows = rows.sort_values(["order", "days_late", "project_id"], ascending=[True, False, True], kind="stable")
    projects, partner = study.tables["projects"].set_index("project_id"), study.labels["partner_id"]
    lead = rows["project_id"].map(projects["lead"]) if len(projects) else pd.Series(None, index=rows.index)
    frame = pd.DataFrame(
        {
            "project_id": rows["project_id"],
            "standing": rows["standing"].map(_STANDING),
            "Done": [f"{d:.0f} of {n:.0f}" for d, n in zip(rows["done"], rows["deliverables"], strict=True)],
            "next_due_on": rows["next_due_on"],
            "Lead": [partner.get(p, p) if pd.notna(p) else None for p in lead],
            "why": rows["why"],
        }
    ).reset_index(drop=True)
    going = rows[rows["standing"] != "dropped"]
    k = int(going["standing"].eq("at-risk").sum())
    title = "Nothing is left to deliver"
    if len(going) == 1:
        title = f"The one project with deliverables is {_STANDING[going['standing'].iloc[0]]}"
    elif len(going):
        text = how_many(k, "project", "projects", of=len(going))
        title = f"{text[:1].upper()}{text[1:]} with deliverables {'is' if k <= 1 else 'are'} at risk"
    without = [p for p in projects.index if p not in set(project_progress["project_id"])]
    lines = ()
    if without:
        names = listing([shortened(study.labels["project_id"].get(p, p), 90) for p in without], most=6)
        lines = (f"No deliverables yet: {names}.",)
    return Statement(title, frame, "Projects, those at risk first", lines)


def burn_up(study: Study, burn_up: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many deliverables were due, and how many done, by the end of each month.

    Parameters
    ----------
    study : Study
        For its day.
    burn_up : pandas.DataFrame
        Table of that name.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    rows = burn_up[burn_up["project_id"] == "all"]
    months = pd.PeriodIndex(rows["period"], freq="M")
    due, done = rows["due"].to_numpy(dtype=float), rows["done"].to_numpy(dtype=float)
    known = ~np.isnan(done)
    now = int(known.sum()) - 1
    x = np.arange(len(rows))
    ax = new_axes(ax, height=2.9)
    with style():
        ax.step(x, due, where="mid", color=COLOURS["quiet"], linestyle=(0, (4, 2)), label="due")
        ax.step(x[known], done[known], where="mid", color=COLOURS["one"], label="done")
        ax.fill_between(x[known], done[known], due[known], where=due[known] > done[known], step="mid",
                        color=COLOURS["bad"], alpha=0.2, linewidth=0, label="behind")  # fmt: skip
        ax.annotate(f"{done[now]:.0f}", (now, done[now]), xytext=(4, -3), textcoords="offset points", va="top",
                    fontweight="bold", fontsize=9, color=COLOURS["one"])  # fmt: skip
        step = max(1, len(rows) // 6)
        ticks = x[::step]
        ax.set_xticks(ticks, [f"{months[i]:%b}\n{months[i].year}" for i in ticks])
        ax.set_ylim(0, max(due.max(), 1) * 1.08)
        ax.set_ylabel("Deliverables")
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.legend(loc="upper left", frameon=False, fontsize=9)
    own = study.tables["deliverables"]
    day = pd.Timestamp(study.settings.as_of)
    left = own[own["status"] != "dropped"]
    of_due = left[pd.to_datetime(left["due_on"]) < day]
    finished = of_due["status"].eq("done") & ~(pd.to_datetime(of_due["done_on"]) > day)
    k, n = int(finished.sum()), len(of_due)
    if n:
        lead = how_many(k, "deliverable", "deliverables", of=n)
        verb = "is" if k <= 1 else "are"
        was = "was" if n == 1 else "were"
        title = f"{lead[:1].upper()}{lead[1:]} that {was} due before {date_words(day)} {verb} done"
    else:
        title = f"No deliverable was due before {date_words(day)}"
    rest = len(left) - n
    title += f"; {how_many(rest, 'more is', 'more are')} due later" if rest else ""
    alt = (
        f"Two lines over {len(rows)} months. By {months[now]:%B} {months[now].year}, {done[now]:.0f} were done and "
        f"{due[now]:.0f} due by its last day; {due[-1]:.0f} are due by {months[-1]:%B} {months[-1].year}."
    )
    return finding(ax, title, alt=alt)
