"""Medians of areas taken together, from counts by class: medians cannot be averaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ci_analysis.errors import WrongUse
from ci_analysis.landscape.estimates import Z_90

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["DESIGN_FACTOR", "SAMPLED", "aggregated_median", "class_bounds"]

#: How much wider the survey's design makes a margin than drawing people at random would: earnings, in the Bureau's
#: worked example.
DESIGN_FACTOR = 1.3
#: Share of addresses in five years of the American Community Survey: one in forty each year.
SAMPLED = 0.125
_CLASS = re.compile(r"([0-9]+)-([0-9]+|up)|under-([0-9]+)")


def class_bounds(segments: Iterable[str]) -> pd.DataFrame:
    """Bounds of the classes that segments name, from the lowest to the highest.

    `10000-14999` is from 10,000 to less than 15,000: whole numbers leave no room between one class and the next.
    `200000-up` has no upper end, and `under-10000` no lower one.

    Parameters
    ----------
    segments : iterable of str
        The segments; each once.

    Returns
    -------
    pandas.DataFrame
        lower and upper (where the next class begins), in the unit of the classes, indexed by segment and sorted by
        lower; infinite where a class has no end. A lowest class that begins at 0 has no lower end either: 'less than
        $10,000' also holds who lost money.

    Raises
    ------
    WrongUse
        Where a segment names no class, where there is none, or where classes overlap or leave a gap.

    Examples
    --------
    >>> class_bounds(["200000-up", "0-9999", "10000-199999"]).reset_index().values.tolist()
    [['0-9999', -inf, 10000.0], ['10000-199999', 10000.0, 200000.0], ['200000-up', 200000.0, inf]]
    """
    names = list(segments)
    if not names:
        raise WrongUse("there are no classes; give a column for each")
    found = {name: _CLASS.fullmatch(name) for name in names}
    wrong = [name for name, match in found.items() if match is None]
    if wrong:
        raise WrongUse(f"'{wrong[0]}' names no class; write 10000-14999, 200000-up or under-10000")
    bounds = pd.DataFrame(
        [
            (
                float(match[1]) if match[1] else -np.inf,
                float(match[3]) if match[3] else np.inf if match[2] == "up" else float(match[2]) + 1,
            )
            for match in found.values()
            if match
        ],
        index=pd.Index(list(found), name="segment", dtype="str"),
        columns=["lower", "upper"],
        dtype="float64",
    ).sort_values("lower", kind="stable")
    ends, starts = bounds["upper"].to_numpy()[:-1], bounds["lower"].to_numpy()[1:]
    broken = np.flatnonzero(ends != starts)
    if len(broken) or len(found) < len(names) or (bounds["lower"] >= bounds["upper"]).any():
        at = broken[0] if len(broken) else 0
        pair = " and ".join(f"'{n}'" for n in bounds.index[at : at + 2])
        raise WrongUse(f"the classes {pair} overlap or leave a gap; name each class once, from one end to the other")
    if bounds["lower"].iloc[0] == 0:
        bounds.iloc[0, 0] = -np.inf
    return bounds


def aggregated_median(
    counts: pd.DataFrame,
    *,
    method: Literal["linear", "pareto"] = "linear",
    design_factor: float = DESIGN_FACTOR,
    sampled: float = SAMPLED,
) -> pd.DataFrame:
    """Median of people or households counted by class, with its margin of error.

    The class that half of them lie in is found by cumulating, and the median by interpolation inside it. `linear`
    spreads people evenly, `lower + (N/2 − below) / inside × width`, as the Bureau does today; `pareto` lets them thin
    out upward, `lower × (upper / lower)^(ln(2 n₁ / N) / ln(n₁ / n₂))` with `n₁` at or above lower and `n₂` at or above
    upper, as it did for wide classes of income.

    The margin is the Bureau's: the standard error of 50 %, `SE = DF × sqrt((1 − f) / (f N)) × 50 %`, is taken off and
    put on; both shares are interpolated as the median is; half of the distance between the two is the standard error
    of the median, and 1.645 of it the margin. The approximation is on the wide side.

    Parameters
    ----------
    counts : pandas.DataFrame
        A row for each region (or anything else that is counted), a column for each class, named as for
        `class_bounds`; the sums of its areas' counts. The columns may stand in any order.
    method : {'linear', 'pareto'}
        How to interpolate inside a class. Where Pareto's curve is not defined, in a class with nobody above it, it is
        linear.
    design_factor : float
        `DF`, above 0: as the Bureau publishes it for a state and subject.
    sampled : float
        `f`, the share of people in the sample, above 0 and up to 1: 0.125 over five years, 0.025 in one.

    Returns
    -------
    pandas.DataFrame
        value, moe (90 %, in the unit of the classes) and censored (`or-more`, `or-less`, or missing), on the index of
        the counts. A median in an open-ended class is not interpolated: value is the class's limit, and the margin is
        missing. The margin is also missing where an end of the interval lies in such a class. All are missing where a
        count is, and where nobody is counted.

    Raises
    ------
    WrongUse
        Where a column names no class, or classes overlap or leave a gap.

    References
    ----------
    U.S. Census Bureau, *American Community Survey Public Use Microdata Sample: Accuracy of the Data*, on standard
    errors of medians. U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data: What State
    and Local Government Users Need to Know*, case study 1. California State Data Center (2016), *Re-calculating
    Medians and their Margins of Error for Aggregated ACS Data*.

    Examples
    --------
    >>> counts = pd.DataFrame({"0-9999": [100.0, 300.0], "10000-19999": [400.0, 50.0], "20000-up": [300.0, 50.0]})
    >>> aggregated_median(counts)[["value", "censored"]].values.tolist()
    [[17500.0, nan], [10000.0, 'or-less']]
    """
    bounds = class_bounds(counts.columns)
    lower, upper = bounds["lower"].to_numpy(), bounds["upper"].to_numpy()
    cells = counts[list(bounds.index)].to_numpy(dtype="float64")
    total = cells.sum(axis=1)
    total = np.where(total > 0, total, np.nan)
    # Shares below the start of each class, and below its end.
    reached = np.column_stack([np.zeros(len(cells)), np.cumsum(cells, axis=1)]) / total[:, None]
    error = design_factor * np.sqrt((1 - sampled) / (sampled * total)) * 0.5
    value, side = _quantile(np.full(len(cells), 0.5), reached, lower, upper, method)
    low, low_side = _quantile(0.5 - error, reached, lower, upper, method)
    high, high_side = _quantile(0.5 + error, reached, lower, upper, method)
    inside = (side == "") & (low_side == "") & (high_side == "")
    return pd.DataFrame(
        {
            "value": value,
            "moe": np.where(inside, Z_90 * (high - low) / 2, np.nan),
            "censored": pd.Series(side, index=counts.index, dtype="str").where(side != ""),
        },
        index=counts.index,
    )


def _quantile(
    share: NDArray[np.float64],
    reached: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    method: Literal["linear", "pareto"],
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return the value that so large a share lies below, by row, and on which side it is only a limit."""
    rows = np.arange(len(share))
    # The class in which the share is reached; nobody is in a class whose end adds nothing.
    at = np.minimum((reached[:, 1:] < share[:, None]).sum(axis=1), len(lower) - 1)
    below, through = reached[rows, at], reached[rows, at + 1]
    start, end = lower[at], upper[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = start + (share - below) / (through - below) * (end - start)
        if method == "pareto":
            power = np.log((1 - below) / (1 - share)) / np.log((1 - below) / (1 - through))
            curved = (start > 0) & (through < 1)
            value = np.where(curved, start * (end / start) ** power, value)
    known = ~np.isnan(below) & ~np.isnan(share)
    # Beyond either end of everybody there is nothing to interpolate.
    over = known & ((end == np.inf) | (share > 1))
    under = known & ((start == -np.inf) & (share < through) | (share < 0))
    value = np.where(end == np.inf, start, np.where(start == -np.inf, end, value))
    side = np.select([over, under], ["or-more", "or-less"], "")
    return np.where(known, value, np.nan), side
