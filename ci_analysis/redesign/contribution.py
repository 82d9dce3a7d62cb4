"""Contribution: what a measure did beside what it would have done, where the study brings a comparison.

Three methods stand side by side, since each can be wrong in its own way. None of them proves a cause.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, stats

from ci_analysis.tables import OUTPUTS, conform, empty_frame, period_end

__all__ = [
    "LEVEL",
    "Effect",
    "Segments",
    "contribution",
    "contribution_series",
    "difference_in_differences",
    "interrupted_series",
    "synthetic_control",
    "synthetic_weights",
]

#: Level of all intervals.
LEVEL = 0.9
#: Periods that a trend takes before the work began, and since.
LEAST_BEFORE, LEAST_AFTER = 4, 2
#: Places from which on a result as rare as one in ten can be seen at all: one of ten is the study's own.
LEAST_PLACES = 9


class Effect(NamedTuple):
    """An estimate with its interval and chance, in the measure's unit; missing parts are NaN."""

    estimate: float
    low: float
    high: float
    p: float


class Segments(NamedTuple):
    """What an interrupted series finds: the effect, and the change of level and of slope behind it."""

    effect: Effect
    level: float
    slope: float
    trend: np.ndarray


_NOTHING = Effect(np.nan, np.nan, np.nan, np.nan)


# --- one series -------------------------------------------------------------------------------------------------------


def interrupted_series(time: np.ndarray, values: np.ndarray, after: np.ndarray, *, level: float = LEVEL) -> Segments:
    """Return how a series departs from the trend that it had before the work began.

    value = a + b·time + c·after + d·(time − start)·after, by least squares; `start` is the first time after the
    change. The estimate is the mean of c + d·(time − start) over the periods since. Its interval allows for figures
    that hang together in time (Newey and West's variance with ⌊4 (n/100)^(2/9)⌋ lags, times n/(n − 4)), with t of
    n − 4 degrees.

    Parameters
    ----------
    time : array of float
        In years or any other unit, ascending.
    values : array of float
        In the measure's unit, none missing; at least four before the change and two since.
    after : array of bool
        Whether each period ended after the work began.
    level : float
        Coverage of the interval.

    Returns
    -------
    Segments
        The effect; `level` (the measure's unit) and `slope` (the measure's unit by time's) are c and d; `trend` is
        the line of before, carried on, at each time.

    References
    ----------
    Wagner, Soumerai, Zhang and Ross-Degnan (2002), *Segmented regression analysis of interrupted time series studies
    in medication use research*. Newey and West (1987), Econometrica 55(3).

    Examples
    --------
    >>> found = interrupted_series(np.arange(8.0), np.array([1.0, 2, 3, 4, 5, 8, 9, 10]), np.arange(8) >= 5)
    >>> [round(x, 6) + 0.0 for x in (found.effect.estimate, found.level, found.slope)]
    [2.0, 2.0, 0.0]
    """
    n, since = len(values), after.astype(float)
    start = time[after].min()
    centred = time - time.mean()
    design = np.column_stack([np.ones(n), centred, since, (time - start) * since])
    inverse = np.linalg.pinv(design.T @ design)
    found = inverse @ design.T @ values
    scores = design * (values - design @ found)[:, None]
    lags = int(4 * (n / 100) ** (2 / 9))
    meat = scores.T @ scores
    for k in range(1, lags + 1):
        step = scores[k:].T @ scores[:-k]
        meat += (1 - k / (lags + 1)) * (step + step.T)
    freedom = n - design.shape[1]
    variance = inverse @ meat @ inverse * n / freedom
    contrast = np.array([0, 0, 1, (time[after] - start).mean()])
    estimate, error = contrast @ found, np.sqrt(max(contrast @ variance @ contrast, 0.0))
    reach = stats.t.ppf((1 + level) / 2, freedom) * error
    p = float(2 * stats.t.sf(abs(estimate) / error, freedom)) if error > 0 else np.nan
    effect = Effect(float(estimate), float(estimate - reach), float(estimate + reach), p)
    return Segments(effect, float(found[2]), float(found[3]), found[0] + found[1] * centred)


# --- against others ---------------------------------------------------------------------------------------------------


def difference_in_differences(
    own: np.ndarray, others: np.ndarray, after: np.ndarray, *, level: float = LEVEL
) -> Effect:
    """Return the change of one place beyond the mean change of others.

    (mean since − mean before) of the place, less the mean of the same over the others. The interval takes the place
    for one more draw from the others' changes: ± t(J − 1) · s · √(1 + 1/J), with s their standard deviation.

    Parameters
    ----------
    own : array of float, shape (periods,)
        The place's figures, in the measure's unit.
    others : array of float, shape (periods, J)
        Those of the J places without the work.
    after : array of bool
        Whether each period ended after the work began.
    level : float
        Coverage of the interval.

    Returns
    -------
    Effect
        Without interval and chance where J is 1: one place cannot tell how much places differ by chance.

    References
    ----------
    Card and Krueger (1994), American Economic Review 84(4). Donald and Lang (2007), *Inference with
    difference-in-differences and other panel data*, Review of Economics and Statistics 89(2).

    Examples
    --------
    >>> found = difference_in_differences(
    ...     np.array([20.0, 24]), np.array([[10.0, 11], [11, 13]]), np.array([False, True])
    ... )
    >>> found.estimate
    2.5
    """
    own_change = own[after].mean() - own[~after].mean()
    changes = others[after].mean(axis=0) - others[~after].mean(axis=0)
    estimate, n = float(own_change - changes.mean()), len(changes)
    if n < 2:
        return Effect(estimate, np.nan, np.nan, np.nan)
    error = changes.std(ddof=1) * np.sqrt(1 + 1 / n)
    reach = stats.t.ppf((1 + level) / 2, n - 1) * error
    p = float(2 * stats.t.sf(abs(estimate) / error, n - 1)) if error > 0 else np.nan
    return Effect(estimate, float(estimate - reach), float(estimate + reach), p)


def synthetic_weights(own: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the shares of other places that together come nearest to one place.

    argmin ‖own − others · w‖ over w ≥ 0 with Σ w = 1.

    Parameters
    ----------
    own : array of float, shape (periods,)
        The place's figures before the work began.
    others : array of float, shape (periods, J)
        Those of the others in the same periods.

    Returns
    -------
    array of float, shape (J,)
        Shares that sum to 1. Where several sets of shares are as near, one of those with few places.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105(490).

    Examples
    --------
    >>> synthetic_weights(np.array([1.0, 2, 4]), np.array([[0.0, 2], [2, 2], [4, 4]])).round(6).tolist()
    [0.5, 0.5]
    """
    # What all places share does not tell them apart, and would drown what does.
    middle = np.column_stack([own, others]).mean(axis=1)
    apart = others - middle[:, None]
    scale = np.abs(np.column_stack([own - middle, apart])).max()
    if scale == 0:
        return np.full(others.shape[1], 1 / others.shape[1])
    # The sum is held by a row so heavy that what it misses is far below any figure's digits.
    heavy = 1e4
    rows = np.vstack([apart / scale, np.full(others.shape[1], heavy)])
    found, _ = optimize.nnls(rows, np.append((own - middle) / scale, heavy))
    return found / found.sum()


def synthetic_control(
    own: np.ndarray, others: np.ndarray, after: np.ndarray, *, level: float = LEVEL
) -> tuple[Effect, np.ndarray]:
    """Return how one place departs from the mix of others that was like it before the work began.

    The estimate is the mean of own − others · w since, with w from `synthetic_weights` over the periods before. Its
    chance is the share of all places whose ratio of root mean squared gaps, since to before, is at least as large,
    each taken in turn for the one with the work. The interval reaches as far as the gaps of nine in ten such places.

    Parameters
    ----------
    own : array of float, shape (periods,)
        The place's figures, in the measure's unit.
    others : array of float, shape (periods, J)
        Those of the J ≥ 2 places without the work.
    after : array of bool
        Whether each period ended after the work began.
    level : float
        Coverage of the interval.

    Returns
    -------
    effect : Effect
        Without an interval with fewer than nine places: a result as rare as one in ten needs ten.
    weights : array of float, shape (J,)
        The mix.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105(490).

    Examples
    --------
    >>> others = np.array([[0.0, 2], [2, 2], [4, 4], [5, 5]])
    >>> found, weights = synthetic_control(np.array([1.0, 2, 4, 8]), others, np.array([False, False, False, True]))
    >>> round(found.estimate, 6), weights.round(6).tolist()
    (3.0, [0.5, 0.5])
    """
    weights = synthetic_weights(own[~after], others[~after])
    gap = own - others @ weights
    n = others.shape[1]
    placebos = []
    for j in range(n):
        rest = np.delete(others, j, axis=1)
        placebos.append(others[:, j] - rest @ synthetic_weights(others[~after, j], rest[~after]))
    ratios = np.array([_ratio(g, after, np.abs(others).max()) for g in (gap, *placebos)])
    p = float((ratios >= ratios[0] * (1 - 1e-9)).mean())
    estimate = float(gap[after].mean())
    if n < LEAST_PLACES:
        return Effect(estimate, np.nan, np.nan, p), weights
    far = np.sort([abs(g[after].mean()) for g in placebos])
    reach = float(far[min(int(np.ceil(level * (n + 1))), n) - 1])
    return Effect(estimate, estimate - reach, estimate + reach, p), weights


def _ratio(gap: np.ndarray, after: np.ndarray, size: float) -> float:
    """Return the root mean squared gap since, over that before; a perfect fit before is one to rounding."""
    before = np.sqrt((gap[~after] ** 2).mean())
    return float(np.sqrt((gap[after] ** 2).mean()) / max(before, 1e-6 * size, 1e-300))


# --- tables -----------------------------------------------------------------------------------------------------------


class _Panel(NamedTuple):
    """A measure's figures by period and place, or the reason why there are none to use."""

    measure_id: str
    changed_on: pd.Timestamp
    periods: pd.Index
    time: np.ndarray
    after: np.ndarray
    own: np.ndarray
    others: pd.DataFrame
    left_out: int
    fault: str


def contribution(comparisons: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return what each measure did beside what it would have done, by three methods.

    A row of `comparisons` with `changed_on` belongs to the study itself, and so does every row of the same unit; the
    other units had no such work. A period that ended on the day of the change or after it is one with the work.
    Methods that compare take the places that have a figure in every period of the study's own.

    Parameters
    ----------
    comparisons : pandas.DataFrame
        The table of that name.
    as_of : datetime.date
        The study's day; figures of periods that end later are not known yet.

    Returns
    -------
    pandas.DataFrame
        The table `contribution`: three rows a measure, each with an estimate (the measure's unit), its 90 % interval
        and chance, or with the reason why there is none.

    See Also
    --------
    interrupted_series, difference_in_differences, synthetic_control

    Examples
    --------
    >>> rows = [
    ...     ("m", str(2018 + t), u, v, c)
    ...     for t in range(6)
    ...     for u, v, c in (("us", t + 3.0 * (t > 3), None), ("A", t, None))
    ... ]
    >>> comparisons = pd.DataFrame(rows, columns=["measure_id", "period", "unit", "value", "changed_on"])
    >>> comparisons.loc[0, "changed_on"] = "2022-01-01"
    >>> contribution(comparisons.astype({"changed_on": "datetime64[ns]"}), as_of=dt.date(2026, 6, 30))[
    ...     "estimate"
    ... ].round(6)
    0    3.0
    1    3.0
    2    NaN
    Name: estimate, dtype: float64
    """
    output = OUTPUTS["contribution"]
    rows = [row for panel in _panels(comparisons, as_of) for row in _by_methods(panel)]
    if not rows:
        return empty_frame(output)
    return conform(pd.DataFrame(rows)[output.names], output)


def _by_methods(panel: _Panel) -> Iterator[dict[str, object]]:
    before, since = int((~panel.after).sum()), int(panel.after.sum())
    about = {"measure_id": panel.measure_id, "changed_on": panel.changed_on, "before": before, "after": since}
    units = panel.others.shape[1]
    for method in OUTPUTS["contribution"].by_name["method"].choices:
        compares = method != "interrupted-series"
        effect, why = _NOTHING, panel.fault or _reason(method, before, since, units)
        if not why:
            effect, why = _found(method, panel)
        yield {**about, "method": method, "units": units if compares else None, "why": why, **effect._asdict()}


def _reason(method: str, before: int, since: int, units: int) -> str:
    """Return why a method cannot be used; empty where it can."""
    trend = method != "difference-in-differences"
    least = (LEAST_BEFORE if trend else 1, LEAST_AFTER if method == "interrupted-series" else 1)
    if before < least[0] or since < least[1]:
        return (
            f"It takes {least[0]} {_periods(least[0])} before the work began and {least[1]} since; there are {before} "
            f"and {since}."
        )
    places = {"interrupted-series": 0, "difference-in-differences": 1, "synthetic-control": 2}[method]
    if units < places:
        return f"It takes {places} {'place' if places == 1 else 'places'} without the work; there {_are(units)}."
    return ""


def _periods(n: int) -> str:
    return "period" if n == 1 else "periods"


def _are(n: int) -> str:
    return "is 1" if n == 1 else f"are {n}" if n else "is none"


def _found(method: str, panel: _Panel) -> tuple[Effect, str]:
    """Return a method's effect, and a sentence on what it rests on."""
    own, others, after = panel.own, panel.others.to_numpy(), panel.after
    n, out = others.shape[1], ""
    if panel.left_out:
        verb = "was" if panel.left_out == 1 else "were"
        out = f" {panel.left_out} more {verb} left out, since not every period has their figure."
    if method == "interrupted-series":
        found = interrupted_series(panel.time, own, after)
        return found.effect, f"The trend of {int((~after).sum())} periods, carried on; no other place is looked at."
    if method == "difference-in-differences":
        effect = difference_in_differences(own, others, after)
        places = f"The mean change of {n} other places." if n > 1 else "The change of one other place: no interval."
        return effect, places + _parallel(panel) + out
    effect, weights = synthetic_control(own, others, after)
    gap = (own - others @ weights)[~after]
    chosen = int((weights > 0.01).sum())
    miss = np.sqrt((gap**2).mean())
    text = f"A mix of {chosen} of {n} places that missed this one by {miss:.3g} in a usual period before."
    if n < LEAST_PLACES:
        text += f" With fewer than {LEAST_PLACES} places there is no interval."
    return effect, text + out


def _parallel(panel: _Panel) -> str:
    """Say where the place moved unlike the others already before the work began."""
    before = ~panel.after
    if before.sum() < LEAST_BEFORE:
        return ""
    gap = panel.own[before] - panel.others.to_numpy()[before].mean(axis=1)
    found = stats.linregress(panel.time[before], gap)
    if not found.pvalue < 1 - LEVEL:
        return ""
    return " The places moved apart already before the work began, so that this says little."


def contribution_series(comparisons: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return each measure's figures beside what each method takes for the figures without the work.

    Parameters
    ----------
    comparisons : pandas.DataFrame
        The table of that name.
    as_of : datetime.date
        The study's day.

    Returns
    -------
    pandas.DataFrame
        The table `contribution_series`: value, trend, others, synthetic (the measure's unit); what a method cannot
        tell is missing. Measures that have no figures of their own have no rows.

    Examples
    --------
    >>> comparisons = pd.DataFrame(
    ...     {
    ...         "measure_id": "m",
    ...         "period": ["2024", "2025", "2024", "2025"],
    ...         "unit": ["us", "us", "A", "A"],
    ...         "value": [1.0, 4.0, 2.0, 3.0],
    ...         "changed_on": pd.to_datetime(["2025-01-01", None, None, None]),
    ...     }
    ... )
    >>> contribution_series(comparisons, as_of=dt.date(2026, 6, 30))[["period", "value", "others"]]
      period  value  others
    0   2024    1.0     2.0
    1   2025    4.0     3.0
    """
    output = OUTPUTS["contribution_series"]
    parts = []
    for panel in _panels(comparisons, as_of):
        if panel.fault:
            continue
        before, since, units = int((~panel.after).sum()), int(panel.after.sum()), panel.others.shape[1]
        others = panel.others.to_numpy()
        part = pd.DataFrame({"measure_id": panel.measure_id, "period": panel.periods, "value": panel.own})
        part = part.assign(trend=np.nan, others=np.nan, synthetic=np.nan)
        if not _reason("interrupted-series", before, since, units):
            part["trend"] = interrupted_series(panel.time, panel.own, panel.after).trend
        if not _reason("difference-in-differences", before, since, units):
            part["others"] = others.mean(axis=1)
        if not _reason("synthetic-control", before, since, units):
            part["synthetic"] = others @ synthetic_weights(panel.own[~panel.after], others[~panel.after])
        parts.append(part)
    if not parts:
        return empty_frame(output)
    return conform(pd.concat(parts, ignore_index=True)[output.names], output)


def _panels(comparisons: pd.DataFrame, as_of: dt.date) -> Iterator[_Panel]:
    if comparisons.empty:
        return
    rows = comparisons.assign(end=period_end(comparisons["period"]), day=pd.to_datetime(comparisons["changed_on"]))
    for measure, of in rows.groupby("measure_id", sort=True):
        named = of.loc[of["day"].notna(), ["unit", "day"]].drop_duplicates()
        fault = ""
        if named.empty:
            fault = "No row says when the work began: fill in changed_on in a row of the study's own place."
        elif len(named["unit"].unique()) > 1:
            fault = f"{len(named['unit'].unique())} units say that work began there; only the study's own place may."
        elif len(named) > 1:
            fault = f"The work began on {len(named)} different days; give one day in changed_on."
        of = of[of["end"] <= pd.Timestamp(as_of)]
        own_unit = named["unit"].iloc[0] if not fault else ""
        mine = of[of["unit"] == own_unit].sort_values("end")
        if not fault and mine.empty:
            fault = "There is no figure of the study's own place up to the study's day."
        changed_on = named["day"].iloc[0] if not fault else pd.NaT
        wide = of[of["unit"] != own_unit].pivot_table(index="end", columns="unit", values="value", aggfunc="first")
        wide = wide.reindex(mine["end"]) if not fault else wide.iloc[:0]
        whole = wide.notna().all() if len(wide) else pd.Series(True, index=wide.columns)
        ends = mine["end"].dt
        # On a scale of calendar months equal periods are equally far apart; in years, slopes are those people know.
        time = (ends.year + (ends.month + ends.day / ends.days_in_month) / 12).to_numpy(dtype=float)
        after = (mine["end"] >= changed_on).to_numpy() if not fault else np.zeros(len(mine), dtype=bool)
        yield _Panel(
            str(measure), changed_on, pd.Index(mine["period"]), time, after, mine["value"].to_numpy(dtype=float),
            wide.loc[:, whole], int((~whole).sum()), fault,
        )  # fmt: skip
