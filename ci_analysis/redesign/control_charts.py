"""XmR charts: whether a series of figures shows more than its usual ups and downs."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from ci_analysis.rollup import usable
from ci_analysis.tables import OUTPUTS, conform

__all__ = [
    "MINIMUM_POINTS",
    "RULES",
    "TRIAL_POINTS",
    "Limits",
    "assurance",
    "control_chart",
    "limits_note",
    "run_rules",
    "signal",
    "slices",
    "xmr",
]

#: Under so many points there is no chart.
MINIMUM_POINTS = 5
#: Under so many points the limits are trial limits.
TRIAL_POINTS = 12
#: 3 / d2 for ranges of two: from the mean moving range to three sigma.
LIMIT_FACTOR = 2.66
#: D4 for ranges of two: the upper limit of a moving range, in mean moving ranges.
RANGE_FACTOR = 3.267
#: Points that make a run.
RUN = 7
#: What each run rule says of a point that breaks it.
RULES = MappingProxyType(
    {
        "outside": "outside the limits",
        "two-of-three": "one of two among three in a row beyond two thirds of the way to the same limit",
        "seven-on-one-side": "one of seven or more in a row on the same side of the mean",
        "seven-rising": "one of seven or more in a row, each above the one before",
        "seven-falling": "one of seven or more in a row, each below the one before",
    }
)
_SIDED = ("outside", "two-of-three", "seven-on-one-side")
_SERIES = ["measure_id", "segment"]
#: Differences smaller than this share of the largest figure are rounding, not a side of the mean.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Limits:
    """Centre and natural process limits of a series.

    Parameters
    ----------
    centre, lower, upper : float
        In the measure's unit; missing where there are too few points for a chart.
    mean_moving_range : float
        Of the moving ranges that were kept.
    points : int
        Figures that are not missing.
    dropped : int
        Moving ranges that were left out as too large.
    """

    centre: float
    lower: float
    upper: float
    mean_moving_range: float
    points: int
    dropped: int

    @property
    def trial(self) -> bool:
        """Whether the points are too few for more than trial limits."""
        return self.points < TRIAL_POINTS


def xmr(values: pd.Series | np.ndarray, *, screen: bool = True) -> Limits:
    """Return the centre and natural process limits of an XmR chart.

    centre = mean of the values; limits = centre ± 2.66 × mean moving range, where a moving range is the absolute
    difference between a value and the one before it.

    Parameters
    ----------
    values : pandas.Series or array of float
        In the order of their periods, in the measure's unit. Missing values are left out, and the moving range
        then bridges the gap, as it does where a period has no row at all.
    screen : bool
        Whether moving ranges of 3.267 or more times their mean are left out before the limits are drawn, so that
        one leap does not widen them. This is done once: done again and again it would go on to narrow the limits
        of an ordinary series.

    Returns
    -------
    Limits
        With missing limits where there are fewer than five values. Equal values have limits at the centre.

    References
    ----------
    Wheeler (1993), *Understanding Variation*. Screening: Nelson (1982), *Control Charts for Individual
    Measurements*, Journal of Quality Technology 14(3), 172-173.

    Examples
    --------
    >>> limits = xmr(pd.Series([4.0, 6.0, 4.0, 6.0, 5.0]))
    >>> limits.centre, round(limits.lower, 3), round(limits.upper, 3)
    (5.0, 0.345, 9.655)
    """
    kept = np.asarray(values, dtype=float)
    kept = kept[~np.isnan(kept)]
    if len(kept) < MINIMUM_POINTS:
        return Limits(np.nan, np.nan, np.nan, np.nan, len(kept), 0)
    ranges = np.abs(np.diff(kept))
    mean_range = ranges.mean()
    dropped = 0
    # Without any variation every range equals 3.267 times their mean: there is nothing to screen.
    if screen and mean_range > 0:
        small = ranges < RANGE_FACTOR * mean_range
        dropped = int((~small).sum())
        mean_range = ranges[small].mean()
    centre = kept.mean()
    reach = LIMIT_FACTOR * mean_range
    return Limits(float(centre), float(centre - reach), float(centre + reach), float(mean_range), len(kept), dropped)


def limits_note(points: int) -> str:
    """Return the sentence that a chart of so many points needs beside it; empty where it needs none.

    Examples
    --------
    >>> limits_note(3)
    'There is no control chart yet: it takes 5 figures, and there are 3.'
    >>> limits_note(11)
    'These are trial limits: with 11 figures, fewer than 12, they may still move.'
    """
    if points < MINIMUM_POINTS:
        verb = "is" if points == 1 else "are"
        return f"There is no control chart yet: it takes {MINIMUM_POINTS} figures, and there {verb} {points}."
    if points < TRIAL_POINTS:
        return f"These are trial limits: with {points} figures, fewer than {TRIAL_POINTS}, they may still move."
    return ""


def _in_a_run(holds: np.ndarray, length: int) -> np.ndarray:
    """Say which positions belong to an unbroken stretch of `length` or more True values."""
    if len(holds) < length:
        return np.zeros(len(holds), dtype=bool)
    full = np.lib.stride_tricks.sliding_window_view(holds, length).all(axis=1)
    # A position is in a full window where one starts at it or at most length - 1 before it.
    return np.convolve(full, np.ones(length, dtype=int)) > 0


def run_rules(values: pd.Series, limits: Limits) -> pd.DataFrame:
    """Return which run rules each point of an XmR chart breaks.

    - `outside`: above the upper or below the lower limit; on a limit is inside.
    - `two-of-three`: beyond two thirds of the way from the mean to a limit, as at least one other of three
      points in a row is on the same side.
    - `seven-on-one-side`: in a stretch of seven or more points on one side of the mean. A point on the mean is
      on neither side and ends the stretch.
    - `seven-rising`, `seven-falling`: in a stretch of seven or more points, each above (below) the one before it,
      so six or more steps. An equal neighbour ends the stretch.

    Parameters
    ----------
    values : pandas.Series of float
        Without missing values, in the order of their periods, in the measure's unit.
    limits : Limits
        From `xmr`.

    Returns
    -------
    pandas.DataFrame of bool
        A column a rule, in the order of `RULES`, on the index of `values`. Every point of a run breaks its rule,
        not only the one that completes it.

    References
    ----------
    Wheeler (1993), *Understanding Variation*; NHS England (2018), *Making Data Count*.

    Examples
    --------
    >>> values = pd.Series([5.0, 5, 5, 5, 5, 9])
    >>> run_rules(values, Limits(5.0, 3.0, 7.0, 0.75, 6, 0))["outside"].to_list()
    [False, False, False, False, False, True]
    """
    return pd.DataFrame(_broken(values.to_numpy(dtype=float), limits), index=values.index, columns=list(RULES))


def _broken(v: np.ndarray, limits: Limits) -> np.ndarray:
    """Return the run rules that each point breaks, a column a rule, in the order of `RULES`."""
    slack = _ROUNDING * np.abs(v).max(initial=0)
    away = np.where(np.abs(v - limits.centre) <= slack, 0.0, v - limits.centre)
    reach = limits.upper - limits.centre
    steps = np.diff(v)
    steps = np.where(np.abs(steps) <= slack, 0.0, steps)

    two_of_three = np.zeros(len(v), dtype=bool)
    for side in (1, -1):
        far = side * away > 2 / 3 * reach + slack
        near = np.convolve(far, np.ones(3, dtype=int))  # near[i]: how many of points i-2, i-1 and i are far
        # The three windows that hold point i end at i, i + 1 and i + 2.
        two_of_three |= far & (np.maximum.reduce([near[k : k + len(v)] for k in range(3)]) >= 2)

    def stretch_of_steps(holds: np.ndarray) -> np.ndarray:
        run = _in_a_run(holds, RUN - 1)
        # A step joins two points, so a point is in the run where the step to it or from it is.
        return np.append(run, False) | np.append(False, run)

    return np.column_stack(
        [
            np.abs(away) > reach + slack,
            two_of_three,
            _in_a_run(away > 0, RUN) | _in_a_run(away < 0, RUN),
            stretch_of_steps(steps > 0),
            stretch_of_steps(steps < 0),
        ]
    )


def control_chart(series: pd.DataFrame) -> pd.DataFrame:
    """Return the XmR chart of each series that has five figures or more.

    Parameters
    ----------
    series : pandas.DataFrame
        From `rolled_up`: measure_id, segment, period, period_end, value (the measure's unit), complete. Incomplete
        sums and missing figures are not on the chart.

    Returns
    -------
    pandas.DataFrame
        The table `control_chart`: measure_id, segment, period, value, centre, lower, upper (the measure's unit),
        rule (names of `RULES`, `;` between; missing where the point breaks none). Sorted by measure, segment and
        the period's last day.

    References
    ----------
    Wheeler (1993), *Understanding Variation*.

    Examples
    --------
    >>> series = pd.DataFrame(
    ...     {
    ...         "measure_id": "m",
    ...         "segment": "all",
    ...         "period": [str(y) for y in range(2015, 2025)],
    ...         "period_end": pd.to_datetime([f"{y}-12-31" for y in range(2015, 2025)]),
    ...         "value": [5.0, 7, 5, 7, 5, 7, 5, 7, 5, 16],
    ...         "reporters": float("nan"),
    ...         "complete": True,
    ...     }
    ... )
    >>> control_chart(series)[["period", "value", "upper", "rule"]].tail(2)
      period  value  upper     rule
    8   2023    5.0  12.22      NaN
    9   2024   16.0  12.22  outside
    """
    figures = usable(series)
    values = figures["value"].to_numpy(dtype=float)
    lines = np.full((len(values), 3), np.nan)
    codes = np.zeros(len(values), dtype=int)
    for part in slices(figures):
        limits = xmr(values[part])
        lines[part] = limits.centre, limits.lower, limits.upper
        if limits.points >= MINIMUM_POINTS:
            codes[part] = _broken(values[part], limits) @ (1 << np.arange(len(RULES)))
    words = [";".join(name for k, name in enumerate(RULES) if code >> k & 1) for code in range(1 << len(RULES))]
    rule = pd.Series(np.array(words, dtype=object)[codes], index=figures.index, dtype="str")
    charts = figures.assign(centre=lines[:, 0], lower=lines[:, 1], upper=lines[:, 2], rule=rule.mask(codes == 0))
    table = OUTPUTS["control_chart"]
    return conform(charts.loc[charts["centre"].notna(), table.names], table)


def slices(figures: pd.DataFrame) -> list[slice]:
    """Return where each series stands in a frame that is sorted by series.

    Parameters
    ----------
    figures : pandas.DataFrame
        From `usable`.

    Returns
    -------
    list of slice

    Examples
    --------
    >>> slices(pd.DataFrame({"measure_id": ["a", "a", "b"], "segment": ["all", "all", "all"]}))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if figures.empty:
        return []
    keys = figures[_SERIES]
    starts = np.flatnonzero(keys.ne(keys.shift()).any(axis=1).to_numpy())
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(figures)], strict=True)]


def signal(chart: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return what the latest point of each control chart says, in the measure's direction.

    Only rules that the latest point itself breaks count: a run that ended before it is over. The side of the mean
    (outside, two of three, seven on one side) goes before the movement (seven rising or falling), should they differ.

    Parameters
    ----------
    chart : pandas.DataFrame
        From `control_chart`, in its order.
    measures : pandas.DataFrame
        The table `measures`: measure_id and direction (up, down).

    Returns
    -------
    pandas.DataFrame
        measure_id, segment, signal: `better`, `worse` or `none`; a row a chart.

    Examples
    --------
    >>> chart = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "segment": ["all"],
    ...         "period": ["2023"],
    ...         "value": [9.0],
    ...         "centre": [5.0],
    ...         "lower": [3.0],
    ...         "upper": [7.0],
    ...         "rule": ["outside"],
    ...     }
    ... )
    >>> signal(chart, pd.DataFrame({"measure_id": ["m"], "direction": ["down"]}))["signal"].item()
    'worse'
    """
    last = chart.groupby(_SERIES, sort=True).tail(1).reset_index(drop=True)
    last = last.merge(measures[["measure_id", "direction"]], on="measure_id", how="left")
    rules = {name: (";" + last["rule"].fillna("") + ";").str.contains(f";{name};", regex=False) for name in RULES}
    sided = np.logical_or.reduce([rules[name] for name in _SIDED])
    side = np.sign(last["value"] - last["centre"])
    movement = rules["seven-rising"].astype(float) - rules["seven-falling"].astype(float)
    way = side.where(sided, movement) * last["direction"].map({"up": 1.0, "down": -1.0}).astype(float)
    says = pd.Series(np.select([way > 0, way < 0], ["better", "worse"], "none"), index=last.index, dtype="str")
    return last[_SERIES].assign(signal=says)


def assurance(target: pd.Series, lower: pd.Series, upper: pd.Series, direction: pd.Series) -> pd.Series:
    """Return whether the process, as it is, meets its target: pass, fail or inconsistent.

    A target that every figure between the limits meets is passed, one that none meets is failed; a target between
    the limits is met in some periods and missed in others.

    Parameters
    ----------
    target, lower, upper : pandas.Series of float
        Target and limits, in the measure's unit.
    direction : pandas.Series of str
        `up` or `down`: which way is better.

    Returns
    -------
    pandas.Series of str
        Named `assurance`; missing where there is no target or no chart.

    References
    ----------
    NHS England (2018), *Making Data Count*.

    Examples
    --------
    >>> assurance(pd.Series([2.0, 5, 9]), pd.Series([4.0] * 3), pd.Series([6.0] * 3), pd.Series(["up"] * 3)).to_list()
    ['pass', 'inconsistent', 'fail']
    """
    up = direction.eq("up")
    passed = (lower >= target).where(up, upper <= target)
    failed = (upper < target).where(up, lower > target)
    says = pd.Series(np.select([passed, failed], ["pass", "fail"], "inconsistent"), index=target.index, dtype="str")
    return says.where(target.notna() & lower.notna() & upper.notna()).rename("assurance")
