"""Partners' reports become the community's figures: what shared measurement rests on.

Two steps read it: strategy sets its projects against the latest figures, and redesign follows them over time.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from ci_analysis.tables import listed, period_end

__all__ = ["latest_figures", "rolled_up", "usable"]

_SERIES = ["measure_id", "segment"]
_FIGURE = ["measure_id", "segment", "period", "period_end"]
_POOLED = ("sum", "mean", "weighted")


def rolled_up(observations: pd.DataFrame, measures: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return the community's figure of each measure, segment and period.

    A row's figure is its `value`, or else numerator / denominator (missing where the denominator is zero). A
    community row wins over partners' rows, and a row without a segment over segments. Otherwise partners' rows are
    rolled up by the measure's rule: `sum`; `mean`; `weighted` = Σ numerator / Σ denominator; with `last`, or where
    the measure names no rule, community rows alone count. Only for a `sum`, the whole is made from segments in a
    period that has no row without one; segments are then taken not to overlap. A partner who did not report adds
    nothing and is not counted: it is never a zero.

    A sum over fewer partners than owe figures is no figure of the community: set beside a full one it reads as a
    fall. The sum is kept, and marked: `complete` is False where a partner that `measures.reporters` names is not
    in it, or, where the whole is made from segments, a segment that the measure has in another period. (Where
    there was nobody to count, report a zero.) Each named partner owes the whole, and those segments that it has
    reported at least once. Where a measure names no reporters nobody can say who is missing: `complete` is missing
    too, and `reporters` shows how many the sum rests on. Means and weighted shares keep their scale when a partner
    is missing, and count as complete.

    Parameters
    ----------
    observations, measures : pandas.DataFrame
        The tables of those names.
    as_of : datetime.date
        Periods that end later, and reports that came later, are not known yet.

    Returns
    -------
    pandas.DataFrame
        measure_id; segment (`all` is the whole); period; period_end (its last day); value (the measure's unit);
        reporters (partners whose rows it rests on; missing for community rows); complete (nullable boolean).
        Sorted by measure, segment and the period's last day.

    Examples
    --------
    >>> measures = pd.DataFrame({"measure_id": ["seats"], "rollup": ["sum"], "reporters": ["a;b"]})
    >>> observations = pd.DataFrame(
    ...     {
    ...         "measure_id": "seats",
    ...         "period": ["2024", "2024", "2025"],
    ...         "partner_id": ["a", "b", "a"],
    ...         "segment": pd.Series([None] * 3, dtype="str"),
    ...         "reported_on": pd.Series([pd.NaT] * 3),
    ...         "value": [10.0, 12.0, 11.0],
    ...         "numerator": float("nan"),
    ...         "denominator": float("nan"),
    ...     }
    ... )
    >>> rolled_up(observations, measures, as_of=dt.date(2026, 6, 30))[["period", "value", "reporters", "complete"]]
      period  value  reporters  complete
    0   2024   22.0        2.0      True
    1   2025   11.0        1.0     False
    """
    rows = _known(observations, measures, as_of)
    owed = listed(measures[["measure_id", "reporters"]], "reporters").drop_duplicates()
    owed = owed.rename(columns={"reporters": "partner_id"}).astype("str")
    by_partner = rows["partner_id"].notna()
    community = rows.loc[~by_partner, [*_FIGURE, "rollup", "figure"]].rename(columns={"figure": "value"})
    community["complete"] = True
    reports = rows[by_partner & rows["rollup"].isin(_POOLED)]
    reports = pd.concat([reports, _wholes(reports)], ignore_index=True)
    figures = pd.concat(
        [f.astype({"complete": "boolean"}) for f in (community, _pooled(reports, owed))], ignore_index=True
    )
    # Community rows stand first, so they are the ones that stay.
    figures = figures.drop_duplicates(_FIGURE, ignore_index=True)
    figures = pd.concat([figures, _from_segments(figures, reports, owed)], ignore_index=True)
    figures = figures.sort_values([*_SERIES, "period_end", "period"], kind="stable", ignore_index=True)
    return figures[[*_FIGURE, "value", "reporters", "complete"]]


def _known(observations: pd.DataFrame, measures: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the rows that are known on a day, with period_end, figure, weight (denominator) and part (numerator)."""
    day = pd.Timestamp(as_of)
    rows = observations.assign(period_end=period_end(observations["period"]))
    came = pd.to_datetime(rows["reported_on"])
    rows = rows[(rows["period_end"] <= day) & (came.isna() | (came <= day))]
    ratio = rows["numerator"] / rows["denominator"].where(rows["denominator"] != 0)
    rows = rows.assign(
        figure=rows["value"].fillna(ratio),
        # A share with its base is as good as the two counts.
        part=rows["numerator"].fillna(rows["value"] * rows["denominator"]),
        segment=rows["segment"].astype("str").fillna("all"),
        # `all` written out means the same as an empty cell, which is looked at first.
        _written=rows["segment"].notna(),
    )
    rows = rows.sort_values("_written", kind="stable")
    rows = rows.drop_duplicates(["measure_id", "period", "partner_id", "segment"])
    rules = measures[["measure_id", "rollup"]].astype("str")
    columns = ["measure_id", "segment", "period", "period_end", "partner_id", "figure", "part", "denominator"]
    return (
        rows[columns]
        .merge(rules, on="measure_id")
        .sort_values(["measure_id", "segment", "period_end", "period", "partner_id"], ignore_index=True)
    )


def _wholes(reports: pd.DataFrame) -> pd.DataFrame:
    """Return a whole for partners that gave only segments in a period where others gave wholes; sums only."""
    sums = reports[reports["rollup"] == "sum"]
    whole = sums["segment"] == "all"
    period, partner = ["measure_id", "period"], ["measure_id", "period", "partner_id"]
    others_do = whole.groupby([sums[c] for c in period]).transform("any")
    own = whole.groupby([sums[c] for c in partner]).transform("any")
    parts = sums[others_do & ~own]
    if parts.empty:
        return parts
    ever = sums[~whole].groupby(["measure_id", "partner_id"])["segment"].nunique().rename("ever")
    made = parts.groupby([*partner, "period_end", "rollup"], as_index=False).agg(
        figure=("figure", "sum"), given=("figure", "count")
    )
    made = made.join(ever, on=["measure_id", "partner_id"])
    # Fewer segments than the partner has reported before, or one without a figure: no whole.
    return made.assign(segment="all", figure=made["figure"].where(made["given"] == made["ever"]))[
        [*_FIGURE, "partner_id", "figure", "rollup"]
    ]


def _owes(rows: pd.DataFrame, owed: pd.DataFrame) -> np.ndarray:
    """Say which rows are of a partner that owes figures of the measure."""
    pair = ["measure_id", "partner_id"]
    return pd.MultiIndex.from_frame(rows[pair]).isin(pd.MultiIndex.from_frame(owed[pair]))


def _pooled(reports: pd.DataFrame, owed: pd.DataFrame) -> pd.DataFrame:
    """Return partners' reports rolled up by their measure's rule."""
    if reports.empty:
        return reports[[*_FIGURE, "rollup"]].assign(value=0.0, reporters=0.0, complete=True)
    weighted = reports["rollup"] == "weighted"
    counts = reports["figure"].notna().where(~weighted, reports["part"].notna() & reports["denominator"].notna())
    owes = _owes(reports, owed)
    rows = reports.assign(
        figure=reports["figure"].where(counts),
        # A count out of nobody is no share: it came, and adds nothing.
        part=reports["part"].where(counts & (reports["denominator"] != 0)),
        denominator=reports["denominator"].where(counts),
        counts=counts,
        owed_here=owes & counts,
    )
    pooled = rows.groupby([*_FIGURE, "rollup"], as_index=False).agg(
        total=("figure", "sum"),
        mean=("figure", "mean"),
        part=("part", "sum"),
        base=("denominator", "sum"),
        reporters=("counts", "sum"),
        owed_here=("owed_here", "sum"),
    )
    some = pooled["reporters"] > 0
    share = pooled["part"] / pooled["base"].where(pooled["base"] != 0)
    pooled["value"] = np.select(
        [pooled["rollup"] == "sum", pooled["rollup"] == "mean"], [pooled["total"], pooled["mean"]], share
    )
    pooled["value"] = pooled["value"].where(some)

    due = owed.groupby("measure_id").size().rename("due")
    seen = reports[owes].groupby(_SERIES)["partner_id"].nunique().rename("seen")
    pooled = pooled.join(due, on="measure_id").join(seen, on=_SERIES)
    # A measure that names reporters, none of whom ever gave this segment, is owed nothing in it.
    expected = pooled["due"].where(pooled["segment"] == "all", pooled["seen"].fillna(0))
    full = (pooled["owed_here"] >= expected).astype("boolean").mask(pooled["due"].isna())
    pooled["complete"] = full.mask(pooled["rollup"] != "sum", True)
    return pooled[[*_FIGURE, "rollup", "value", "reporters", "complete"]].astype({"reporters": "float64"})


def _from_segments(figures: pd.DataFrame, reports: pd.DataFrame, owed: pd.DataFrame) -> pd.DataFrame:
    """Return wholes made from segments, for sums in periods without a figure of the whole."""
    sums = figures[figures["rollup"] == "sum"]
    period = ["measure_id", "period"]
    has_whole = (sums["segment"] == "all").groupby([sums[c] for c in period]).transform("any")
    parts = sums[~has_whole]
    if parts.empty:
        return parts
    segments = sums[sums["segment"] != "all"].groupby("measure_id")["segment"].nunique().rename("segments")
    made = parts.assign(
        figure=parts["value"].notna(), pooled=parts["reporters"].notna(), partial=parts["complete"].eq(False)
    ).groupby([*period, "period_end", "rollup"], as_index=False).agg(
        value=("value", "sum"), given=("figure", "sum"), pooled=("pooled", "any"), partial=("partial", "any")
    )  # fmt: skip
    own = parts.loc[parts["reporters"].notna(), _FIGURE]
    behind = reports[reports["figure"].notna()].merge(own)[[*period, "partner_id"]].drop_duplicates()
    made = made.join(segments, on="measure_id")
    made = made.join(behind.groupby(period).size().rename("reporters"), on=period)
    made = made.join(behind[_owes(behind, owed)].groupby(period).size().rename("owed_here"), on=period)
    made = made.join(owed.groupby("measure_id").size().rename("due"), on="measure_id")
    full = made["given"].eq(made["segments"]) & ~made["partial"].fillna(False).astype(bool)
    # Rows counted: where none of those who owe figures is there, none has arrived.
    arrived = made["owed_here"].fillna(0) >= made["due"]
    complete = full.astype("boolean")
    complete = complete.mask(made["pooled"] & made["due"].notna() & ~arrived, False)
    # Partners' segments without a list of who owes them: no one knows whether anybody is missing.
    complete = complete.mask(full & made["pooled"] & made["due"].isna())
    made = made.assign(
        segment="all",
        value=made["value"].where(made["given"] > 0),
        reporters=made["reporters"].fillna(0).where(made["pooled"]),
        complete=complete,
    )
    return made[[*_FIGURE, "rollup", "value", "reporters", "complete"]]


def usable(series: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that may be set against each other, in the order of their periods.

    Parameters
    ----------
    series : pandas.DataFrame
        From `rolled_up`.

    Returns
    -------
    pandas.DataFrame
        Without missing figures, and without sums that lack a partner or a segment: such a sum would read as a fall.

    Examples
    --------
    >>> usable(
    ...     pd.DataFrame(
    ...         {
    ...             "measure_id": "m",
    ...             "segment": "all",
    ...             "period": ["2023", "2024"],
    ...             "period_end": pd.to_datetime(["2023-12-31", "2024-12-31"]),
    ...             "value": [20.0, 10.0],
    ...             "complete": pd.array([True, False], dtype="boolean"),
    ...         }
    ...     )
    ... )["value"].to_list()
    [20.0]
    """
    kept = series[series["value"].notna() & series["complete"].astype("boolean").fillna(True)]
    kept = kept.astype({"period_end": "datetime64[ns]", "value": "float64"})
    return kept.sort_values([*_SERIES, "period_end", "period"], kind="stable", ignore_index=True)


def latest_figures(observations: pd.DataFrame, measures: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Latest figure of each measure for the community as a whole, known on a day.

    The last of its `usable` figures for everybody, rolled up by the measure's rule (`rolled_up`).

    Parameters
    ----------
    observations : pandas.DataFrame
        measure_id, period, partner_id (missing: the community), segment (missing or `all`: everybody), reported_on,
        value, or numerator and denominator.
    measures : pandas.DataFrame
        measure_id, rollup, reporters (`;` partner_id who owe figures).
    as_of : datetime.date
        Periods that end later, and reports that came later, are not known yet.

    Returns
    -------
    pandas.DataFrame
        measure_id, latest (in the measure's unit), latest_on (last day of its period); one row a measure, sorted by
        measure_id, with missing figures where there is none.

    Examples
    --------
    >>> observations = pd.DataFrame(
    ...     {
    ...         "measure_id": "wait",
    ...         "period": ["2024", "2025", "2025"],
    ...         "partner_id": [None, "east", "west"],
    ...         "segment": None,
    ...         "reported_on": pd.NaT,
    ...         "value": [9.0, None, None],
    ...         "numerator": [None, 30.0, 90.0],
    ...         "denominator": [None, 10.0, 10.0],
    ...     }
    ... )
    >>> measures = pd.DataFrame({"measure_id": ["wait"], "rollup": ["weighted"], "reporters": [None]})
    >>> latest_figures(observations, measures, as_of=dt.date(2026, 6, 30))["latest"].to_list()
    [6.0]
    """
    figures = usable(rolled_up(observations, measures, as_of=as_of))
    last = figures[figures["segment"] == "all"].drop_duplicates("measure_id", keep="last")
    last = last.rename(columns={"value": "latest", "period_end": "latest_on"})
    ids = pd.DataFrame({"measure_id": sorted(measures["measure_id"])}, dtype="str")
    return ids.merge(last[["measure_id", "latest", "latest_on"]], how="left", on="measure_id")
