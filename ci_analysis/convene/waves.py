"""The order of survey waves."""

from __future__ import annotations

import pandas as pd

from ci_analysis.tables import period_end

__all__ = ["in_wave_order"]


def in_wave_order(frame: pd.DataFrame, *then: str) -> pd.DataFrame:
    """Return the rows by the last day of their wave, then by other columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        With a column wave (period).
    *then : str
        Columns that order the rows of one wave.

    Returns
    -------
    pandas.DataFrame
        The same columns, on a fresh index.

    Examples
    --------
    >>> in_wave_order(pd.DataFrame({"wave": ["2025", "2025-Q1"]}))["wave"].to_list()
    ['2025-Q1', '2025']
    """
    # Text alone would put 2025 before 2025-Q1; the text still decides between two waves that end on one day.
    ends = frame.assign(_end=period_end(frame["wave"]))
    ordered = ends.sort_values(["_end", "wave", *then], kind="stable", ignore_index=True)
    return ordered.drop(columns="_end")
