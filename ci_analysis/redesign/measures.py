"""Shared measures: from reports to figures, how far they have come, and where they are going."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from ci_analysis.redesign.control_charts import assurance, control_chart, signal, slices
from ci_analysis.rollup import usable
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = [
    "LITTLE_CHANGE",
    "MINIMUM_POINTS_PROJECTED",
    "Projection",
    "consecutive",
    "measure_status",
    "meets",
    "prediction_interval",
    "progress",
    "progress_class",
    "projection",
    "standing",
]

#: Percent of the way from baseline to target under which a change is little or none.
LITTLE_CHANGE = 5.0
#: Figures that a projection takes.
MINIMUM_POINTS_PROJECTED = 4
#: Level of the projection's prediction interval.
LEVEL = 0.8

_SERIES = ["measure_id", "segment"]


# --- how far ----------------------------------------------------------------------------------------------------------


def meets(value: pd.Series, target: pd.Series, direction: pd.Series) -> pd.Series:
    """Return whether a value is at its target or beyond it, in the measure's direction.

    Parameters
    ----------
    value, target : pandas.Series of float
        In the measure's unit. A difference of a billionth is rounding.
    direction : pandas.Series of str
        `up` or `down`: which way is better.

    Returns
    -------
    pandas.Series of bool
        False where either is missing.

    Examples
    --------
    >>> meets(pd.Series([15.7, 17.0]), pd.Series([16.0, 16.0]), pd.Series(["down", "up"])).to_list()
    [True, True]
    """
    beyond = (value >= target).where(direction.eq("up"), value <= target)
    return (beyond | np.isclose(value, target, rtol=1e-9, atol=0)) & direction.isin(["up", "down"])


def progress(latest: pd.Series, baseline: pd.Series, target: pd.Series, direction: pd.Series) -> pd.Series:
    """Return the percentage of targeted change achieved.

    100 (latest − baseline) / (target − baseline).

    Parameters
    ----------
    latest, baseline, target : pandas.Series of float
        In the measure's unit.
    direction : pandas.Series of str
        `up` or `down`: which way is better.

    Returns
    -------
    pandas.Series of float
        Named `progress`: percent; below 0 is away from the target, above 100 beyond it. Missing where a part is
        missing, and where the target does not lie ahead of the baseline: there is no way to measure.

    References
    ----------
    National Center for Health Statistics, *Healthy People 2030: Measuring progress toward target attainment*.

    Examples
    --------
    >>> progress(pd.Series([17.0]), pd.Series([20.6]), pd.Series([12.0]), pd.Series(["down"])).round(1).to_list()
    [41.9]
    """
    way = target - baseline
    ahead = (way > 0).where(direction.eq("up"), way < 0)
    return (100 * (latest - baseline) / way.where(ahead)).rename("progress")


def progress_class(
    latest: pd.Series,
    baseline: pd.Series,
    target: pd.Series,
    direction: pd.Series,
    *,
    steady: pd.Series | None = None,
) -> pd.Series:
    """Return what the change since the baseline amounts to, in Healthy People's classes.

    - `target-met`: the latest figure is at the target or beyond it.
    - `little-or-no-change`: less than 5 % of the way from baseline to target, either way; or no more than the
      usual ups and downs (`steady`).
    - `improving`, `getting-worse`: more than that, by the measure's direction.

    Parameters
    ----------
    latest, baseline, target : pandas.Series of float
        In the measure's unit.
    direction : pandas.Series of str
        `up` or `down`: which way is better.
    steady : pandas.Series of boolean, optional
        Whether the control chart takes the change for its usual ups and downs; missing where there is no chart.

    Returns
    -------
    pandas.Series of str
        Named `class`. Missing where a figure is; without a target the chart alone can tell, and without both
        nobody can.

    References
    ----------
    National Center for Health Statistics, *Healthy People 2030: Measuring progress toward target attainment*.

    Examples
    --------
    >>> down = pd.Series(["down", "down"])
    >>> progress_class(pd.Series([17.0, 15.7]), pd.Series([20.6, 19.5]), pd.Series([12.0, 16.0]), down).to_list()
    ['improving', 'target-met']
    """
    change = (latest - baseline) * direction.map({"up": 1.0, "down": -1.0}).astype(float)
    way = progress(latest, baseline, target, direction)
    if steady is None:
        steady = pd.Series(pd.NA, index=latest.index, dtype="boolean")
    little = (way.abs() < LITTLE_CHANGE) | (change == 0) | steady.fillna(False).astype(bool)
    known = change.notna() & (target.notna() | steady.notna())
    kind = np.select([little, change > 0], ["little-or-no-change", "improving"], "getting-worse")
    result = pd.Series(kind, index=latest.index, dtype="str").where(known)
    return result.mask(meets(latest, target, direction), "target-met").rename("class")


def consecutive(values: pd.Series) -> float:
    """Return how many periods in a row the figures have moved in their present direction.

    Parameters
    ----------
    values : pandas.Series of float
        In the order of their periods, without missing ones.

    Returns
    -------
    float
        Changes at the end of the series with the sign of the last one; 0 where the last two figures are equal,
        missing where there are not two.

    Examples
    --------
    >>> consecutive(pd.Series([5.0, 4, 3, 4, 5, 6]))
    3.0
    """
    return _run(values.to_numpy(dtype=float))


def _run(values: np.ndarray) -> float:
    signs = np.sign(np.diff(values))[::-1]
    if not len(signs):
        return np.nan
    return float(np.cumprod(signs == signs[0]).sum()) if signs[0] else 0.0


# --- where to ---------------------------------------------------------------------------------------------------------


class Projection(NamedTuple):
    """A projected value and its prediction interval, in the measure's unit."""

    projected: float
    projected_low: float
    projected_high: float


def prediction_interval(x: np.ndarray, y: np.ndarray, at: float, *, level: float = LEVEL) -> Projection:
    """Return the least-squares prediction of a new value at one place, with its prediction interval.

    ŷ ± t(n−2) · s · √(1 + 1/n + (at − x̄)² / Σ(x − x̄)²), with s² = Σ(y − ŷ)² / (n − 2).

    Parameters
    ----------
    x, y : arrays of float
        As long as each other, without missing values; three points or more.
    at : float
        Where to predict, in the unit of `x`.
    level : float
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Projection
        Missing where there are fewer than three points, or where all of them lie at one `x`.

    References
    ----------
    Draper and Smith (1998), *Applied Regression Analysis*, section 3.1.

    Examples
    --------
    >>> found = prediction_interval(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]), 5.0)
    >>> [round(v, 2) for v in found]
    [4.5, 1.67, 7.33]
    """
    n = len(x)
    mean = x.mean() if n else np.nan
    spread = ((x - mean) ** 2).sum()
    if n < 3 or spread == 0:
        return Projection(np.nan, np.nan, np.nan)
    slope = ((x - mean) * (y - y.mean())).sum() / spread
    value = y.mean() + slope * (at - mean)
    residual = y - y.mean() - slope * (x - mean)
    variance = (residual**2).sum() / (n - 2)
    reach = _t((1 + level) / 2, n - 2) * np.sqrt(variance * (1 + 1 / n + (at - mean) ** 2 / spread))
    return Projection(float(value), float(value - reach), float(value + reach))


@cache
def _t(share: float, freedom: int) -> float:
    return float(stats.t.ppf(share, freedom))


def projection(figures: pd.DataFrame, target_on: pd.Timestamp, *, level: float = LEVEL) -> Projection:
    """Return a series' figure projected to a day, by least squares over the last days of its periods.

    Time runs in months of the calendar, so that equal periods are equally far apart: February is as long as March.

    Parameters
    ----------
    figures : pandas.DataFrame
        One series without missing figures: period_end, value (the measure's unit).
    target_on : pandas.Timestamp
        The day to project to.
    level : float
        Coverage of the prediction interval, between 0 and 1.

    Returns
    -------
    Projection
        Missing where there are fewer than four figures, where all are of one day, where `target_on` is missing,
        and where the last figure is of that day or later: then there is nothing left to project. A projection
        carries a straight line on; it knows no floor and no ceiling.

    Examples
    --------
    >>> figures = pd.DataFrame(
    ...     {
    ...         "period_end": pd.to_datetime(["2021-12-31", "2022-12-31", "2023-12-31", "2024-12-31"]),
    ...         "value": [1.0, 2.0, 3.0, 4.0],
    ...     }
    ... )
    >>> projection(figures, pd.Timestamp("2026-12-31")).projected
    6.0
    """
    months = _months(figures["period_end"]) - _months(pd.Series([target_on])).item()
    return _projected(months.to_numpy(), figures["value"].to_numpy(dtype=float), level)


def _months(days: pd.Series) -> pd.Series:
    """Return days on a scale of calendar months, on which a month's last day is a whole number."""
    days = days.astype("datetime64[ns]").dt
    return 12.0 * days.year + days.month + days.day / days.days_in_month


def _projected(months: np.ndarray, values: np.ndarray, level: float = LEVEL) -> Projection:
    """Project to month 0; `months` count from it, which keeps the numbers small and the sums of squares exact."""
    if len(months) < MINIMUM_POINTS_PROJECTED or not months.max() < 0:
        return Projection(np.nan, np.nan, np.nan)
    return prediction_interval(months, values, 0.0, level=level)


# --- where it stands --------------------------------------------------------------------------------------------------


def measure_status(series: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return where each measure stands, as a whole and by segment.

    Only comparable figures count: no missing ones, and no sums that lack a partner (`rolled_up`).

    For a segment, the baseline is its own figure of `baseline_on` (the last one up to that day). The measure's
    target is a segment's target too only where parts and whole are on one scale: the rule is `mean` or `weighted`,
    or the unit is `share`. A third of the seats is not expected to reach the target for all of them.

    Parameters
    ----------
    series : pandas.DataFrame
        From `rolled_up`, which has applied the study's day.
    measures : pandas.DataFrame
        The table `measures`.

    Returns
    -------
    pandas.DataFrame
        The table `measures` of the outputs, see `standing`: a row `all` for every measure, and one for each
        segment that has figures; sorted by measure and segment.

    Examples
    --------
    >>> measures = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "direction": ["up"],
    ...         "unit": ["seats"],
    ...         "rollup": ["sum"],
    ...         "baseline": [10.0],
    ...         "baseline_on": pd.to_datetime(["2023-12-31"]),
    ...         "target": [20.0],
    ...         "target_on": pd.to_datetime(["2027-12-31"]),
    ...     }
    ... )
    >>> series = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "segment": ["all"],
    ...         "period": ["2024"],
    ...         "period_end": pd.to_datetime(["2024-12-31"]),
    ...         "value": [14.0],
    ...         "reporters": [2.0],
    ...         "complete": pd.array([True], dtype="boolean"),
    ...     }
    ... )
    >>> measure_status(series, measures)[["latest", "progress", "class", "status"]]
       latest  progress      class    status
    0    14.0      40.0  improving  on-track
    """
    if measures.empty:
        return empty_frame(OUTPUTS["measures"])
    figures = usable(series)
    return standing(figures, _goals(figures, measures))


def _goals(figures: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return direction, baseline and target of each measure as a whole and of each of its segments."""
    wholes = measures[["measure_id"]].assign(segment="all")
    keys = pd.concat([wholes, figures[_SERIES]]).astype("str").drop_duplicates().sort_values(_SERIES)
    goals = keys.merge(measures, on="measure_id")
    goals = goals.astype({"baseline_on": "datetime64[ns]", "target_on": "datetime64[ns]"})
    early = figures.merge(goals[[*_SERIES, "baseline_on"]], on=_SERIES)
    early = early[early["period_end"] <= early["baseline_on"]].groupby(_SERIES)["value"].last().rename("first")
    first = goals.join(early, on=_SERIES)["first"]
    whole = goals["segment"] == "all"
    same_scale = goals["rollup"].isin(["mean", "weighted"]) | goals["unit"].eq("share")
    return goals.assign(
        baseline=goals["baseline"].fillna(first).where(whole, first),
        target=goals["target"].where(whole | same_scale),
        target_on=goals["target_on"].where(whole | same_scale),
    )[[*_SERIES, "direction", "baseline", "baseline_on", "target", "target_on"]]


def standing(figures: pd.DataFrame, goals: pd.DataFrame) -> pd.DataFrame:
    """Return how far each series has come and where it is going.

    `status` is `no-data` without a figure; `met` where the latest figure meets the target; else, towards
    `target_on`: `on-track` where the projection meets the target and `off-track` where it does not. With fewer than
    four figures the pace decides: on track where the share of the way gone is at least the share of the time gone.
    Where the latest figure is of the target's day or later the target is missed: `off-track`. With too few figures
    even for the pace, `no-data`. Missing where there are figures but no target or no day for it: nobody has said
    where to go.

    `class` takes a change for the usual ups and downs where a control chart has both the baseline and the latest
    figure inside its limits, and the latest point breaks no run rule.

    Parameters
    ----------
    figures : pandas.DataFrame
        Comparable figures: measure_id, segment, period, period_end, value, complete; see `usable`.
    goals : pandas.DataFrame
        A row a series: measure_id, segment, direction, baseline, baseline_on, target, target_on.

    Returns
    -------
    pandas.DataFrame
        The table `measures` of the outputs, a row for each row of `goals`, in their order: baseline, latest, target
        and projected values in the measure's unit, progress in percent (Healthy People 2030), the projection with
        its 80 % prediction interval, consecutive in periods. `progress` and `class` are missing where no figure is
        later than the baseline.

    Examples
    --------
    >>> goals = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "segment": ["all"],
    ...         "direction": ["up"],
    ...         "baseline": [10.0],
    ...         "baseline_on": pd.to_datetime(["2023-12-31"]),
    ...         "target": [20.0],
    ...         "target_on": pd.to_datetime(["2027-12-31"]),
    ...     }
    ... )
    >>> standing(pd.DataFrame(columns=["measure_id", "segment", "period", "period_end", "value", "complete"]), goals)[
    ...     "status"
    ... ].to_list()
    ['no-data']
    """
    table = OUTPUTS["measures"]
    if goals.empty:
        return empty_frame(table)
    figures = usable(figures)
    rows = goals.merge(_ends(figures, goals), on=_SERIES, how="left")
    chart = control_chart(figures)
    rows = rows.merge(signal(chart, rows[["measure_id", "direction"]].drop_duplicates()), on=_SERIES, how="left")
    limits = chart.drop_duplicates(_SERIES, keep="last")[[*_SERIES, "lower", "upper", "rule"]]
    rows = rows.merge(limits, on=_SERIES, how="left").astype({"latest": float, "latest_on": "datetime64[ns]"})

    latest, target, way = rows["latest"], rows["target"], rows["direction"]
    # Nothing has changed since the baseline where the latest figure is no later than it.
    since = ~(rows["latest_on"] <= rows["baseline_on"])
    baseline = rows["baseline"].where(since)
    inside = latest.between(rows["lower"], rows["upper"]) & baseline.between(rows["lower"], rows["upper"])
    steady = (inside & rows["rule"].isna()).astype("boolean").mask(rows["lower"].isna())
    rows["progress"] = progress(latest, baseline, target, way)
    rows["class"] = progress_class(latest, baseline, target, way, steady=steady)
    rows["status"] = _status(rows.assign(baseline=baseline))
    rows["assurance"] = assurance(target, rows["lower"], rows["upper"], way)
    return conform(rows[table.names], table)


def _ends(figures: pd.DataFrame, goals: pd.DataFrame) -> pd.DataFrame:
    """Return the latest figure, the run and the projection of each series."""
    figures = figures.merge(goals[[*_SERIES, "target_on"]], on=_SERIES)
    months = (_months(figures["period_end"]) - _months(figures["target_on"])).to_numpy()
    values = figures["value"].to_numpy(dtype=float)
    parts = slices(figures)
    last = figures.iloc[[part.stop - 1 for part in parts]].reset_index(drop=True)
    ahead = [_projected(months[part], values[part]) for part in parts]
    return last[_SERIES].assign(
        latest=last["value"],
        latest_on=last["period_end"],
        consecutive=[_run(values[part]) for part in parts],
        **{name: [p[k] for p in ahead] for k, name in enumerate(Projection._fields)},
    )


def _status(rows: pd.DataFrame) -> pd.Series:
    target, way = rows["target"], rows["direction"]
    begun = _months(rows["baseline_on"])
    to_go = _months(rows["target_on"]) - begun
    pace = 100 * (_months(rows["latest_on"]) - begun) / to_go.where(to_go > 0)
    # A target at or behind the baseline that is not met has been lost, whatever the pace.
    lost = rows["baseline"].notna() & rows["progress"].isna()
    track = np.select(
        [
            rows["latest"].isna(),
            target.isna(),
            meets(rows["latest"], target, way),
            rows["target_on"].isna(),
            rows["latest_on"] >= rows["target_on"],
            rows["projected"].notna() & meets(rows["projected"], target, way),
            rows["projected"].notna() | lost,
            rows["progress"].isna() | pace.isna(),
            rows["progress"] >= pace - 1e-9,
        ],
        ["no-data", "", "met", "", "off-track", "on-track", "off-track", "no-data", "on-track"],
        "off-track",
    )
    status = pd.Series(track, index=rows.index, dtype="str")
    return status.mask(status == "")
