"""Deliverables: what is late, and by how much."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ci_analysis.tables import OUTPUTS, conform

__all__ = ["days_late", "deliverables"]


def days_late(table: pd.DataFrame, *, as_of: dt.date) -> pd.Series:
    """Return the days by which each deliverable is or was late.

    Done: done_on − due_on; open: as_of − due_on; 0 where that is not positive. What is done only after the study's
    day is still open on it.

    Parameters
    ----------
    table : pandas.DataFrame
        The table `deliverables`.
    as_of : datetime.date
        The study's day.

    Returns
    -------
    pandas.Series of float
        Named `days_late`, in days, on the table's index. Missing for what was dropped, and for what is done
        without a day.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "due_on": pd.to_datetime(["2026-01-31", "2026-06-01", "2026-12-31"]),
    ...         "status": ["done", "started", "planned"],
    ...         "done_on": pd.to_datetime(["2026-02-03", None, None]),
    ...     }
    ... )
    >>> days_late(table, as_of=dt.date(2026, 6, 30)).to_list()
    [3.0, 29.0, 0.0]
    """
    day = pd.Timestamp(as_of)
    done_on = pd.to_datetime(table["done_on"])
    done = table["status"].eq("done") & ~(done_on > day)
    end = done_on.where(done, day)
    late = (end - pd.to_datetime(table["due_on"])).dt.days.clip(lower=0)
    return late.astype(float).mask(table["status"].eq("dropped")).rename("days_late")


def deliverables(table: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return whether each deliverable is on time.

    Parameters
    ----------
    table : pandas.DataFrame
        The table `deliverables`.
    as_of : datetime.date
        The study's day.

    Returns
    -------
    pandas.DataFrame
        The output table `deliverables`: deliverable_id, project_id, due_on, status (as given), days_late (see
        `days_late`); sorted by deliverable.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "deliverable_id": ["room"],
    ...         "project_id": ["p"],
    ...         "due_on": pd.to_datetime(["2026-06-01"]),
    ...         "status": ["dropped"],
    ...         "done_on": pd.to_datetime([None]),
    ...     }
    ... )
    >>> deliverables(table, as_of=dt.date(2026, 6, 30))["days_late"].to_list()
    [nan]
    """
    output = OUTPUTS["deliverables"]
    rows = table.assign(days_late=days_late(table, as_of=as_of)).sort_values("deliverable_id")
    return conform(rows[output.names], output)
