"""Projects: how far each has come with what it must deliver, and which are at risk."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from ci_analysis.redesign.deliverables import days_late
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = ["RISK_DAYS", "burn_up", "project_progress"]

#: Days past its due day from which on a single deliverable puts its project at risk: a month is one meeting of a
#: steering group that has passed without it.
RISK_DAYS = 30
_ALL = "all"


def project_progress(table: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return how far each project has come with its deliverables, and whether it is at risk.

    A project is `at-risk` where a deliverable is more than 30 days past its due day and not done, where two or more
    are late, or where more than half of what was due by the study's day is not done; `done` where all are done;
    `dropped` where all were dropped; else `on-time`. Dropped deliverables count nowhere else.

    Parameters
    ----------
    table : pandas.DataFrame
        The input table `deliverables`.
    as_of : datetime.date
        The study's day: what is done after it is not done yet, and what is due on it is not late.

    Returns
    -------
    pandas.DataFrame
        The table `project_progress`, a row for each project that has deliverables, sorted by project: deliverables,
        done, due, late (counts), days_late (days; missing where nothing is late), next_due_on, standing, why.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "deliverable_id": ["a", "b"],
    ...         "project_id": ["p", "p"],
    ...         "due_on": pd.to_datetime(["2026-03-31", "2026-09-30"]),
    ...         "status": ["started", "planned"],
    ...         "done_on": pd.to_datetime([None, None]),
    ...     }
    ... )
    >>> project_progress(table, as_of=dt.date(2026, 6, 30))[["due", "late", "days_late", "standing"]]
       due  late  days_late standing
    0  1.0   1.0       91.0  at-risk
    """
    output = OUTPUTS["project_progress"]
    if table.empty:
        return empty_frame(output)
    rows = _known_on(table, as_of)
    left = rows[~rows["is_dropped"]]
    by = left.groupby("project_id")
    waiting = left[left["is_late"]].groupby("project_id")
    ahead = left[~left["is_done"] & ~left["is_late"]].groupby("project_id")
    projects = pd.DataFrame(index=pd.Index(sorted(table["project_id"].unique()), name="project_id"))
    counted = {
        "deliverables": by.size(),
        "done": by["is_done"].sum(),
        "due": by["is_due"].sum(),
        "late": by["is_late"].sum(),
    }
    # A project of which nothing is left has none, which is a count and no guess.
    found = projects.assign(**{name: of.reindex(projects.index, fill_value=0) for name, of in counted.items()})
    found = found.assign(days_late=waiting["days"].max(), next_due_on=ahead["due_on"].min())
    missed = found["late"] * 2 > found["due"]
    risk = (found["days_late"] > RISK_DAYS) | (found["late"] >= 2) | (missed & (found["late"] > 0))
    nothing, all_done = found["deliverables"] == 0, found["done"] == found["deliverables"]
    standing = np.select([nothing, all_done, risk], ["dropped", "done", "at-risk"], "on-time")
    found = found.assign(standing=standing)
    why = [_why(row) if row.standing == "at-risk" else None for row in found.itertuples()]
    return conform(found.assign(why=why).reset_index()[output.names], output)


def _known_on(table: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return deliverables with what was known of each on the study's day."""
    day = pd.Timestamp(as_of)
    done_on, due_on = pd.to_datetime(table["done_on"]), pd.to_datetime(table["due_on"])
    done = table["status"].eq("done") & ~(done_on > day)
    dropped = table["status"].eq("dropped")
    # Due on the day itself is not late; what was done is due all the same.
    due = (due_on < day) | (done & (due_on <= day))
    return table.assign(
        done_on=done_on.where(done),
        due_on=due_on,
        is_done=done,
        is_dropped=dropped,
        is_due=due,
        is_late=~done & ~dropped & (due_on < day),
        days=days_late(table, as_of=as_of),
    )


def _why(row: object) -> str:
    late, due, days = int(row.late), int(row.due), int(row.days_late)  # type: ignore[attr-defined]  # a named tuple
    waits = f"{days:,} {'day' if days == 1 else 'days'}"
    if late == 1:
        lead = "The one deliverable that was due" if due == 1 else f"One of {due} deliverables that were due"
        return f"{lead} is late, by {waits}."
    lead = f"All {late}" if late == due else f"{late} of {due}"
    return f"{lead} deliverables that were due are late; the oldest waits {waits}."


def burn_up(table: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return how many deliverables were due, and how many done, by the end of each month.

    Months run from the first in which something was due or done to the last in which something is due, without a
    gap, and at least to the study's own. Dropped deliverables are left out. One that is done without a day counts
    from the month of the study's day on: it is done, and nobody wrote down when.

    Parameters
    ----------
    table : pandas.DataFrame
        The input table `deliverables`.
    as_of : datetime.date
        The study's day. Its month counts what is done by that day; later months have no `done`.

    Returns
    -------
    pandas.DataFrame
        The table `burn_up`: project_id (`all` for all of them, first), period (a month), due, done (counts, adding
        up from month to month).

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "deliverable_id": ["a", "b"],
    ...         "project_id": ["p", "p"],
    ...         "due_on": pd.to_datetime(["2026-05-31", "2026-07-31"]),
    ...         "status": ["done", "planned"],
    ...         "done_on": pd.to_datetime(["2026-06-02", None]),
    ...     }
    ... )
    >>> burn_up(table, as_of=dt.date(2026, 6, 30)).head(3)
      project_id   period  due  done
    0        all  2026-05  1.0   0.0
    1        all  2026-06  1.0   1.0
    2        all  2026-07  2.0   NaN
    """
    output = OUTPUTS["burn_up"]
    rows = _known_on(table, as_of) if len(table) else table
    if len(table) == 0 or rows["is_dropped"].all():
        return empty_frame(output)
    rows = rows[~rows["is_dropped"]]
    now = pd.Period(as_of, freq="M")
    due = rows["due_on"].dt.to_period("M")
    done = rows["done_on"].fillna(pd.Timestamp(as_of)).where(rows["is_done"]).dt.to_period("M")
    months = pd.period_range(
        min(due.min(), done.min() if done.notna().any() else now, now), max(due.max(), now), freq="M"
    )
    projects = [_ALL, *sorted(rows["project_id"].unique())]
    place = pd.Series(np.arange(1, len(projects)), index=projects[1:])
    at = place[rows["project_id"]].to_numpy()
    counts = np.zeros((2, len(projects), len(months)))
    for k, (month, known) in enumerate(((due, np.ones(len(rows), dtype=bool)), (done, rows["is_done"].to_numpy()))):
        when = months.get_indexer(month[known])
        np.add.at(counts[k], (at[known], when), 1)
    counts[:, 0] = counts.sum(axis=1)
    counts = counts.cumsum(axis=2)
    counts[1][:, months > now] = np.nan
    found = pd.DataFrame(
        {
            "project_id": np.repeat(projects, len(months)),
            "period": np.tile(months.strftime("%Y-%m"), len(projects)),
            "due": counts[0].ravel(),
            "done": counts[1].ravel(),
        }
    )
    return conform(found[output.names], output)
