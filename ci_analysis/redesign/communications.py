"""Communications: what is due, and since when."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ci_analysis.tables import OUTPUTS, conform

__all__ = ["communications"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def communications(table: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return when each communication is due, and how long it is overdue.

    due_on = last_on + one week, month, quarter or year of the calendar: a month after 31 January is the last of
    February.

    What has never happened is due at once, on the study's day. Since when it is overdue nobody knows, so
    `days_overdue` is missing: it is not on time, and its delay is no number.

    Parameters
    ----------
    table : pandas.DataFrame
        The table `communications`.
    as_of : datetime.date
        The study's day.

    Returns
    -------
    pandas.DataFrame
        The output table `communications`: communication_id, due_on, days_overdue (days from the due day to the
        study's day; 0 where it is not past); sorted by communication.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "communication_id": ["board", "families"],
    ...         "frequency": ["month", "quarter"],
    ...         "last_on": pd.to_datetime(["2026-05-20", None]),
    ...     }
    ... )
    >>> communications(table, as_of=dt.date(2026, 6, 30))
      communication_id     due_on  days_overdue
    0            board 2026-06-20          10.0
    1         families 2026-06-30           NaN
    """
    output = OUTPUTS["communications"]
    day = pd.Timestamp(as_of)
    rows = table.sort_values("communication_id", ignore_index=True)
    last_on = pd.to_datetime(rows["last_on"]).astype("datetime64[ns]")
    next_on = last_on + pd.Timedelta(days=7)
    for frequency, months in _MONTHS.items():
        next_on = next_on.mask(rows["frequency"].eq(frequency), last_on + pd.DateOffset(months=months))
    overdue = (day - next_on).dt.days.clip(lower=0).astype(float)
    rows = rows.assign(due_on=next_on.fillna(day), days_overdue=overdue)
    return conform(rows[output.names], output)
