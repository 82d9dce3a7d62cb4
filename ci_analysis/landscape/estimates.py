"""Margins of error as the Census Bureau computes them.

A margin of error (MOE) is half the width of a 90 % interval, as the American Community Survey publishes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.errors import WrongUse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "HIGH_QUALITY_CV",
    "MEDIUM_QUALITY_CV",
    "Z_90",
    "coefficient_of_variation",
    "differs",
    "interval",
    "moe_change",
    "moe_difference",
    "moe_product",
    "moe_proportion",
    "moe_ratio",
    "moe_sum",
    "quality_class",
    "standard_error",
]

#: Standard errors in a published margin of error; the Bureau's own rounding of the normal's 95th percentile.
Z_90 = 1.645
#: Coefficients of variation up to these are of high and of medium reliability (Esri 2014).
HIGH_QUALITY_CV = 0.12
MEDIUM_QUALITY_CV = 0.40


def _arrays(*inputs: ArrayLike) -> tuple[list[NDArray[np.float64]], pd.Index | None]:
    """Return the inputs as float arrays, and the index that those that are Series share."""
    indexes = [x.index for x in inputs if isinstance(x, pd.Series)]
    if any(not index.equals(indexes[0]) for index in indexes[1:]):
        raise WrongUse(
            "the series stand on different indexes; align them first, so that each figure meets its own margin"
        )
    return [np.asarray(x, dtype="float64") for x in inputs], indexes[0] if indexes else None


def _on(values: NDArray[np.float64], index: pd.Index | None, name: str) -> pd.Series | NDArray[np.float64] | float:
    if index is not None:
        return pd.Series(values, index=index, name=name)
    return float(values) if np.ndim(values) == 0 else values


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ratio; missing where the denominator is zero or missing."""
    safe = np.where(denominator == 0, np.nan, denominator)
    return numerator / safe


def moe_sum(values: ArrayLike, moes: ArrayLike, *, by: ArrayLike | None = None) -> pd.Series | float:
    """Margin of error of a sum of estimates.

    `sqrt(sum(moe²))`, where of the estimates that are zero only the one with the largest margin is counted: the
    margins of zeros are modelled, and would otherwise pile up.

    Parameters
    ----------
    values : array-like of float
        The estimates.
    moes : array-like of float
        Their margins of error (90 %), in the same unit.
    by : array-like, optional
        A group for each estimate; the margin is then that of each group's sum.

    Returns
    -------
    float or pandas.Series
        The margin; with `by`, one for each group, sorted. Missing where an estimate or a margin of the sum is
        missing, and for a sum of nothing.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data: What All Data Users Need to
    Know*, chapter 8.

    Examples
    --------
    >>> moe_sum([0, 0, 100], [12, 9, 16])
    20.0
    >>> moe_sum([3, 4], [3, 4], by=["a", "a"]).to_dict()
    {'a': 5.0}
    """
    (value, moe), _ = _arrays(values, moes)
    groups = np.zeros(len(value)) if by is None else np.asarray(by)
    zero = value == 0
    squares = pd.DataFrame({"by": groups, "of_zero": np.where(zero, moe**2, 0.0), "other": np.where(zero, 0.0, moe**2)})
    # A missing estimate may be anything, also the zero whose margin would not count.
    squares.loc[np.isnan(value) | np.isnan(moe), ["of_zero", "other"]] = np.nan
    grouped = squares.groupby("by", sort=True)
    largest = grouped["of_zero"].max()
    total = grouped["other"].sum(min_count=1) + largest
    complete = squares["other"].notna().groupby(squares["by"]).all()
    result = np.sqrt(total.where(complete)).rename("moe").rename_axis(None)
    if by is not None:
        return result
    return float(result.iloc[0]) if len(result) else float("nan")


def moe_proportion(
    numerator: ArrayLike, denominator: ArrayLike, numerator_moe: ArrayLike, denominator_moe: ArrayLike
) -> pd.Series | NDArray[np.float64] | float:
    """Margin of error of a proportion, whose numerator is a part of its denominator.

    `sqrt(MOE_n² − p² MOE_d²) / d` with `p = n / d`. Where the difference under the root is negative, the ratio's
    formula, with a plus, takes its place.

    Parameters
    ----------
    numerator, denominator : array-like of float
        The estimates, in the same unit.
    numerator_moe, denominator_moe : array-like of float
        Their margins of error (90 %).

    Returns
    -------
    float, array or pandas.Series
        The margin, as a share; on the index of the Series among the inputs. Missing where the denominator is zero
        or anything is missing.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8.

    Examples
    --------
    >>> round(moe_proportion(50, 100, 5, 6), 6)
    0.04
    >>> moe_proportion(50, 100, 3, 8) == moe_ratio(50, 100, 3, 8)
    True
    """
    (n, d, moe_n, moe_d), index = _arrays(numerator, denominator, numerator_moe, denominator_moe)
    inside = moe_n**2 - _divide(n, d) ** 2 * moe_d**2
    turned = moe_n**2 + _divide(n, d) ** 2 * moe_d**2
    root = np.sqrt(np.where(inside < 0, turned, inside))
    return _on(_divide(root, np.abs(d)), index, "moe")


def moe_ratio(
    numerator: ArrayLike, denominator: ArrayLike, numerator_moe: ArrayLike, denominator_moe: ArrayLike
) -> pd.Series | NDArray[np.float64] | float:
    """Margin of error of a ratio, whose numerator is not a part of its denominator.

    `sqrt(MOE_n² + r² MOE_d²) / d` with `r = n / d`.

    Parameters
    ----------
    numerator, denominator : array-like of float
        The estimates.
    numerator_moe, denominator_moe : array-like of float
        Their margins of error (90 %).

    Returns
    -------
    float, array or pandas.Series
        The margin; on the index of the Series among the inputs. Missing where the denominator is zero or anything
        is missing.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8.

    Examples
    --------
    >>> round(moe_ratio(50, 100, 3, 8), 6)
    0.05
    """
    (n, d, moe_n, moe_d), index = _arrays(numerator, denominator, numerator_moe, denominator_moe)
    root = np.sqrt(moe_n**2 + _divide(n, d) ** 2 * moe_d**2)
    return _on(_divide(root, np.abs(d)), index, "moe")


def moe_product(
    first: ArrayLike, second: ArrayLike, first_moe: ArrayLike, second_moe: ArrayLike
) -> pd.Series | NDArray[np.float64] | float:
    """Margin of error of a product of two estimates.

    `sqrt(a² MOE_b² + b² MOE_a²)`.

    Parameters
    ----------
    first, second : array-like of float
        The estimates `a` and `b`, such as a count and a share of it.
    first_moe, second_moe : array-like of float
        Their margins of error (90 %); 0 for a factor that is exact.

    Returns
    -------
    float, array or pandas.Series
        The margin, in the product's unit; on the index of the Series among the inputs. Missing where anything is.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8.

    Examples
    --------
    >>> moe_product(100, 0.5, 6, 0.04)
    5.0
    """
    (a, b, moe_a, moe_b), index = _arrays(first, second, first_moe, second_moe)
    return _on(np.sqrt(a**2 * moe_b**2 + b**2 * moe_a**2), index, "moe")


def moe_difference(first_moe: ArrayLike, second_moe: ArrayLike) -> pd.Series | NDArray[np.float64] | float:
    """Margin of error of a difference between two estimates.

    `sqrt(MOE_a² + MOE_b²)`, for estimates that are independent. Two windows that share years are not, nor are a part
    and its whole: what they have in common varies with both, and the formula is then wrong, in either direction.

    Parameters
    ----------
    first_moe, second_moe : array-like of float
        Margins of error (90 %) of the two, in the same unit; 0 for one that is exact or controlled.

    Returns
    -------
    float, array or pandas.Series
        The margin, in that unit; on the index of the Series among the inputs. Missing where either is.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8.

    Examples
    --------
    >>> moe_difference(3, 4)
    5.0
    """
    (moe_a, moe_b), index = _arrays(first_moe, second_moe)
    return _on(np.hypot(moe_a, moe_b), index, "moe")


def moe_change(
    first: ArrayLike, last: ArrayLike, first_moe: ArrayLike, last_moe: ArrayLike
) -> pd.Series | NDArray[np.float64] | float:
    """Margin of error of a relative change, `(last − first) / first`.

    The change is the ratio of the two less 1, so its margin is the ratio's: `sqrt(MOE_last² + r² MOE_first²) / first`
    with `r = last / first`. The two must be independent, as in `moe_difference`.

    Parameters
    ----------
    first, last : array-like of float
        The earlier and the later estimate, in the same unit.
    first_moe, last_moe : array-like of float
        Their margins of error (90 %).

    Returns
    -------
    float, array or pandas.Series
        The margin, as a share of the first: 0.04 is four percentage points. Missing where the first is zero or
        anything is missing.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 8 (percent change).

    Examples
    --------
    >>> round(moe_change(100, 50, 8, 3), 6)
    0.05
    """
    return moe_ratio(last, first, last_moe, first_moe)


def differs(
    first: ArrayLike, second: ArrayLike, first_moe: ArrayLike, second_moe: ArrayLike
) -> pd.Series | pd.arrays.BooleanArray | bool | None:
    """Whether two estimates differ at the 90 % level.

    `|a − b| / sqrt(SE_a² + SE_b²) > 1.645`, for estimates that are independent, as in `moe_difference`. Intervals
    that overlap do not say that the estimates are alike.

    Parameters
    ----------
    first, second : array-like of float
        The estimates, in the same unit.
    first_moe, second_moe : array-like of float
        Their margins of error (90 %); 0 for one that is exact or controlled. Between two of these, any difference is
        one.

    Returns
    -------
    bool, boolean array or pandas.Series
        On the index of the Series among the inputs. Missing where an estimate or a margin is.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapter 7.

    Examples
    --------
    >>> differs(37.9, 38.4, 0.1, 0.1), differs(37.9, 38.0, 0.1, 0.1)
    (True, False)
    >>> differs(pd.Series([10.0, 10.0]), pd.Series([20.0, 20.0]), 0.0, pd.Series([None, 5.0])).to_list()
    [<NA>, True]
    """
    (a, b, moe_a, moe_b), index = _arrays(first, second, first_moe, second_moe)
    distance, unit = np.broadcast_arrays(np.abs(a - b), np.hypot(moe_a, moe_b))
    # Multiplied out: without any error the unit is zero, and what differs at all is then different.
    found = pd.array(np.atleast_1d(distance > unit), dtype="boolean")
    found[np.atleast_1d(np.isnan(distance) | np.isnan(unit))] = pd.NA
    if index is not None:
        return pd.Series(found, index=index, name="differs")
    return found if np.ndim(distance) else (None if found[0] is pd.NA else bool(found[0]))


def standard_error(moes: ArrayLike) -> pd.Series | NDArray[np.float64] | float:
    """Return the standard error of an estimate: `MOE / 1.645`.

    Parameters
    ----------
    moes : array-like of float
        Margins of error (90 %).

    Returns
    -------
    float, array or pandas.Series
        In the unit of the margin.

    Examples
    --------
    >>> round(standard_error(16.45), 6)
    10.0
    """
    (moe,), index = _arrays(moes)
    return _on(moe / Z_90, index, "se")


def coefficient_of_variation(values: ArrayLike, moes: ArrayLike) -> pd.Series | NDArray[np.float64] | float:
    """Coefficient of variation: standard error in the estimate, `(MOE / 1.645) / |estimate|`.

    Parameters
    ----------
    values : array-like of float
        The estimates.
    moes : array-like of float
        Their margins of error (90 %).

    Returns
    -------
    float, array or pandas.Series
        Without unit; missing where the estimate is zero, or the estimate or its margin is missing.

    Raises
    ------
    WrongUse
        Where two Series stand on different indexes.

    Examples
    --------
    >>> round(coefficient_of_variation(100, 16.45), 6)
    0.1
    """
    (value, moe), index = _arrays(values, moes)
    return _on(_divide(moe / Z_90, np.abs(value)), index, "cv")


def quality_class(cv: pd.Series) -> pd.Series:
    """Reliability of an estimate by its coefficient of variation.

    `high` up to 0.12, `medium` up to 0.40, `low` above; the ends belong to the better class.

    Parameters
    ----------
    cv : pandas.Series of float
        Coefficients of variation.

    Returns
    -------
    pandas.Series of str
        On the same index; missing where the coefficient is.

    References
    ----------
    Esri (2014), *The American Community Survey*, white paper.

    Examples
    --------
    >>> quality_class(pd.Series([0.12, 0.40, 0.41])).to_list()
    ['high', 'medium', 'low']
    """
    classes = np.select([cv <= HIGH_QUALITY_CV, cv <= MEDIUM_QUALITY_CV, cv.notna()], ["high", "medium", "low"], "")
    return pd.Series(classes, index=cv.index, name="quality", dtype="str").where(cv.notna())


def interval(
    values: pd.Series,
    moes: pd.Series,
    *,
    minimum: float | pd.Series = -np.inf,
    maximum: float | pd.Series = np.inf,
) -> pd.DataFrame:
    """90 % interval of an estimate: the estimate less and plus its margin, within its natural limits.

    Parameters
    ----------
    values : pandas.Series of float
        The estimates.
    moes : pandas.Series of float
        Their margins of error (90 %), on the same index.
    minimum, maximum : float or pandas.Series, optional
        Natural limits: there are no fewer than 0 people, and no share above 1.

    Returns
    -------
    pandas.DataFrame
        Columns low and high, on the same index; missing where the estimate or its margin is. An estimate beyond a
        limit stays inside its interval.

    Raises
    ------
    WrongUse
        Where the Series stand on different indexes.

    References
    ----------
    U.S. Census Bureau, *American Community Survey Accuracy of the Data*, on natural limits of bounds.

    Examples
    --------
    >>> interval(pd.Series([10.0]), pd.Series([12.0]), minimum=0).values.tolist()
    [[0.0, 22.0]]
    """
    (value, moe, floor, ceiling), index = _arrays(values, moes, minimum, maximum)
    low = np.maximum(value - moe, np.minimum(floor, value))
    high = np.minimum(value + moe, np.maximum(ceiling, value))
    return pd.DataFrame({"low": low, "high": high}, index=index)
