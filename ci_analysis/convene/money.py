"""The coalition's own money: what came in, is pledged and is asked for in a year, and what has no date."""

from __future__ import annotations

from datetime import date

import pandas as pd

__all__ = ["STATUSES", "not_counting", "own_money", "usd", "year_to"]

#: Where money stands, and how a sentence says it.
STATUSES = {"received": "received", "pledged": "pledged", "asked": "asked for"}


def own_money(funding: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the coalition's own money, not tied to a project, in the year up to a day: a sum by status.

    Parameters
    ----------
    funding : pandas.DataFrame
        One row an entry: amount (USD), status (asked, pledged, received), project_id, on (date; may be missing).
    as_of : datetime.date
        The year's last day.

    Returns
    -------
    pandas.DataFrame
        One row a status, in the order of `STATUSES`, which is the index: amount (USD; 0 where the year has no entry),
        undated (entries without a date, which are in no amount).

    Examples
    --------
    >>> funding = pd.DataFrame(
    ...     {"amount": [5.0, 2.0], "status": "received", "project_id": None, "on": [pd.Timestamp("2026-02-01"), pd.NaT]}
    ... )
    >>> own_money(funding, as_of=date(2026, 6, 30)).loc["received"].to_list()
    [5.0, 1.0]
    """
    end = pd.Timestamp(as_of)
    own = funding[funding["project_id"].isna()]
    year = own[(own["on"] > end - pd.DateOffset(years=1)) & (own["on"] <= end)]
    # Without an entry of a status, nothing was received, pledged or asked for: true zeros.
    statuses = pd.Index(list(STATUSES), name="status")
    sums = year.groupby("status")["amount"].sum().reindex(statuses, fill_value=0.0)
    undated = own[own["on"].isna()].groupby("status").size().reindex(statuses, fill_value=0)
    return pd.DataFrame({"amount": sums.astype("float64"), "undated": undated.astype("int64")})


def not_counting(undated: int) -> str:
    """Return the clause that says how many entries are in no sum, since they have no date; empty for none.

    Parameters
    ----------
    undated : int
        Entries without a date.

    Examples
    --------
    >>> not_counting(1), not_counting(2), not_counting(0)
    ('not counting 1 entry without a date', 'not counting 2 entries without a date', '')
    """
    return f"not counting {undated} {'entry' if undated == 1 else 'entries'} without a date" if undated else ""


def usd(amount: float) -> str:
    """Return an amount in whole dollars.

    Parameters
    ----------
    amount : float
        USD.

    Examples
    --------
    >>> usd(1234.5)
    '$1,234'
    """
    return f"${amount:,.0f}"


def year_to(as_of: date) -> str:
    """Return the clause that names the year up to a day.

    Parameters
    ----------
    as_of : datetime.date
        The year's last day.

    Examples
    --------
    >>> year_to(date(2026, 6, 30))
    'in the year to June 30, 2026'
    """
    return f"in the year to {as_of:%B} {as_of.day}, {as_of.year}"
