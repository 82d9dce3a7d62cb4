"""Reporting: which figures were due, and which of them came."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed, period_end

__all__ = ["DUE_DAYS", "expected_periods", "reporting"]

#: Days after a period's last day by which its figure is due.
DUE_DAYS = 45

_PANDAS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
_SPELLING = {"week": "%Y-%m-%d", "month": "%Y-%m", "quarter": "%Y-Q%q", "year": "%Y"}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def expected_periods(frequency: str, seen: pd.Series, first_on: pd.Timestamp, *, as_of: dt.date) -> pd.DataFrame:
    """Return the periods for which figures are expected, from a day to the last whole period up to another.

    Parameters
    ----------
    frequency : {'week', 'month', 'quarter', 'year'}
        How often the measure is reported.
    seen : pandas.Series of str
        Periods that occur in the measure's rows. Where all of them are dates one step apart, or several (fiscal
        years that end on 30 September, weeks that end on Friday), the periods end on such dates and are spelled so.
        Otherwise periods are calendar years, quarters and months, and weeks that end on Sunday.
    first_on : pandas.Timestamp
        The first period is the one that this day falls in.
    as_of : datetime.date
        The last period ends on this day or before.

    Returns
    -------
    pandas.DataFrame
        period, in the frequency's spelling (`2026`, `2026-Q2`, `2026-06`, for weeks the last day); period_start;
        period_end; due_on, 45 days after the period's last day. In order.

    Examples
    --------
    >>> expected_periods("quarter", pd.Series(["2025-Q3"]), pd.Timestamp("2025-09-30"), as_of=dt.date(2026, 2, 1))[
    ...     ["period", "due_on"]
    ... ]
        period     due_on
    0  2025-Q3 2025-11-14
    1  2025-Q4 2026-02-14
    """
    day = pd.Timestamp(as_of)
    ends = _dated_ends(frequency, seen.dropna().drop_duplicates(), first_on, day)
    if ends is None:
        periods = pd.period_range(first_on, day, freq=_PANDAS[frequency])
        spelled = periods.strftime(_SPELLING[frequency])
        starts, ends = periods.start_time.normalize(), periods.end_time.normalize()
    else:
        spelled = ends.strftime("%Y-%m-%d")
        before = [_step(frequency, end, -1, end.is_month_end) for end in ends]
        starts = pd.DatetimeIndex(before, dtype="datetime64[ns]") + pd.Timedelta(days=1)
    frame = pd.DataFrame({"period": spelled, "period_start": starts, "period_end": ends})
    frame = frame.astype({"period": "str", "period_start": "datetime64[ns]", "period_end": "datetime64[ns]"})
    frame["due_on"] = frame["period_end"] + pd.Timedelta(days=DUE_DAYS)
    return frame[frame["period_end"] <= day].reset_index(drop=True)


def _step(frequency: str, day: pd.Timestamp, steps: int, month_end: bool) -> pd.Timestamp:
    """Return the day some periods later; from a month's last day to a month's last day."""
    if frequency == "week":
        return day + pd.Timedelta(days=7 * steps)
    moved = day + pd.DateOffset(months=_MONTHS[frequency] * steps)
    return moved + pd.offsets.MonthEnd(0) if month_end else moved


def _dated_ends(frequency: str, seen: pd.Series, first_on: pd.Timestamp, day: pd.Timestamp) -> pd.DatetimeIndex | None:
    """Return the last days of periods that are spelled as dates, or None where they are not or do not fit."""
    if seen.empty or not (seen.str.len() == 10).all():
        return None
    dates = pd.DatetimeIndex(pd.to_datetime(seen)).sort_values()
    # 28 February in one year and 29 in the next are both a month's last day.
    month_end = bool(dates.is_month_end.all())
    anchor = dates[0]
    length = {"week": 7, "month": 28, "quarter": 89, "year": 365}[frequency]
    back = max(0, (anchor - first_on).days // length + 1)
    ahead = max(0, (max(day, dates[-1]) - anchor).days // length + 1)
    ends = pd.DatetimeIndex([_step(frequency, anchor, k, month_end) for k in range(-back, ahead + 1)])
    if not dates.isin(ends).all():
        return None
    return ends[(ends >= first_on) & (ends <= day)].astype("datetime64[ns]")


def reporting(
    observations: pd.DataFrame, measures: pd.DataFrame, *, as_of: dt.date, partners: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return whether each partner that owes a figure has reported it, for every period that is due.

    A figure is due 45 days after its period's last day. It is `on-time` when it came by then, `late` when it came
    afterwards, and `missing` when it has not come although the due day is past. A row without `reported_on` counts
    as on time: it came, and nobody wrote down when. Where a partner's report has several rows (segments), the first
    to come counts. A figure belongs to the period that its own last day falls in.

    Periods run from the first that any partner reported; else from the first after the measure's baseline; else
    from the first that the community has a row for. Without any of these, without a frequency or without named
    reporters nothing is known to be due.

    Parameters
    ----------
    observations, measures : pandas.DataFrame
        The tables of those names.
    as_of : datetime.date
        Periods due on this day or later, and reports that came later, are not looked at.
    partners : pandas.DataFrame, optional
        The table `partners`. A partner owes no figure for a period that ended before it joined or began after it
        left.

    Returns
    -------
    pandas.DataFrame
        The table `reporting`: measure_id, partner_id, period, reported; sorted by measure, partner and period.

    Examples
    --------
    >>> measures = pd.DataFrame(
    ...     {
    ...         "measure_id": ["seats"],
    ...         "reporters": ["a;b"],
    ...         "frequency": ["year"],
    ...         "baseline_on": pd.to_datetime(["2023-12-31"]),
    ...     }
    ... )
    >>> observations = pd.DataFrame(
    ...     {
    ...         "measure_id": ["seats"],
    ...         "period": ["2024"],
    ...         "partner_id": ["a"],
    ...         "reported_on": pd.to_datetime(["2025-03-31"]),
    ...         "value": [3.0],
    ...         "numerator": [float("nan")],
    ...         "denominator": [float("nan")],
    ...     }
    ... )
    >>> reporting(observations, measures, as_of=dt.date(2025, 6, 30))
      measure_id partner_id period reported
    0      seats          a   2024     late
    1      seats          b   2024  missing
    """
    table = OUTPUTS["reporting"]
    day = pd.Timestamp(as_of)
    rows = observations.assign(period_end=period_end(observations["period"]))
    rows = rows.astype({"reported_on": "datetime64[ns]"})
    given = rows["value"].notna() | (rows["numerator"].notna() & rows["denominator"].notna())
    rows = rows[given & (rows["period_end"] <= day)]
    due = [_due(one, rows[rows["measure_id"] == one["measure_id"]], as_of) for one in measures.to_dict("records")]
    due = [d for d in due if len(d)]
    if not due:
        return empty_frame(table)
    owed = listed(pd.concat(due, ignore_index=True), "partner_id")
    owed = owed.drop_duplicates(["measure_id", "partner_id", "period"], ignore_index=True)
    owed = _members(owed, partners) if partners is not None else owed
    # Each report finds its period by the day on which its own period ends.
    reports = rows[rows["partner_id"].notna()].sort_values("period_end")
    reports = reports[reports["reported_on"].isna() | (reports["reported_on"] <= day)]
    found = pd.merge_asof(
        reports[["measure_id", "partner_id", "period_end", "reported_on"]],
        owed.rename(columns={"period_end": "last_day"}).sort_values("period_start"),
        left_on="period_end", right_on="period_start", by=["measure_id", "partner_id"],
    )  # fmt: skip
    found = found[found["period_end"] <= found["last_day"]]
    # A report without a day came in time, so it is put on the first of its days.
    found["came"] = found["reported_on"].fillna(found["period_start"])
    came = found.groupby(["measure_id", "partner_id", "period"])["came"].min()
    owed = owed.join(came, on=["measure_id", "partner_id", "period"])
    owed["reported"] = np.select([owed["came"].isna(), owed["came"] > owed["due_on"]], ["missing", "late"], "on-time")
    owed = owed.sort_values(["measure_id", "partner_id", "period_end"], kind="stable")
    return conform(owed[table.names], table)


def _due(measure: dict[str, object], rows: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the periods of one measure that are due, each with the list of those who owe it."""
    if pd.isna(measure["frequency"]) or pd.isna(measure["reporters"]):
        return pd.DataFrame()
    baseline_on = pd.Timestamp(measure["baseline_on"])
    by_partners = rows.loc[rows["partner_id"].notna(), "period_end"]
    if len(by_partners):
        first_on = by_partners.min()
    elif not pd.isna(baseline_on):
        first_on = baseline_on + pd.Timedelta(days=1)
    elif len(rows):
        first_on = rows["period_end"].min()
    else:
        return pd.DataFrame()
    periods = expected_periods(str(measure["frequency"]), rows["period"], first_on, as_of=as_of)
    periods = periods[periods["due_on"] < pd.Timestamp(as_of)]
    return periods.assign(measure_id=measure["measure_id"], partner_id=measure["reporters"])


def _members(owed: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    terms = partners[["partner_id", "joined_on", "left_on"]].astype(
        {"joined_on": "datetime64[ns]", "left_on": "datetime64[ns]"}
    )
    rows = owed.merge(terms, on="partner_id", how="left")
    outside = (rows["period_end"] < rows["joined_on"]) | (rows["period_start"] > rows["left_on"])
    return owed[~outside.to_numpy()].reset_index(drop=True)
