"""Cells as text: how a table's values are written for other tools, and what keeps them harmless in a spreadsheet."""

from __future__ import annotations

import pandas as pd

from ci_analysis.tables import FORMULA, Table, inert

__all__ = ["as_text", "guarded", "unguarded"]


def as_text(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a table's cells as the text that its file would hold; a missing value is an empty text.

    Parameters
    ----------
    frame : pandas.DataFrame
        Typed as a study hands it over, or text already; any of the table's columns, and others.
    table : Table
        The declaration; its order of columns is taken, and columns beyond it follow.

    Returns
    -------
    pandas.DataFrame
        The columns that are there, all of text, on a fresh index.

    Examples
    --------
    >>> from ci_analysis.tables import INPUTS
    >>> rows = pd.DataFrame({"level": [3.0, float("nan")], "wave": ["2026-Q2", None]})
    >>> as_text(rows, INPUTS["ties"]).values.tolist()
    [['2026-Q2', '3'], ['', '']]
    """
    order = [n for n in table.names if n in frame] + [n for n in frame.columns if n not in table.by_name]
    texts = {name: _text(frame[name]) for name in order}
    return pd.DataFrame(texts, index=frame.index).reset_index(drop=True)


def _text(column: pd.Series) -> pd.Series:
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        text = column.dt.strftime("%Y-%m-%d").astype("str")
    elif pd.api.types.is_bool_dtype(kind):
        text = column.astype("boolean").map({True: "yes", False: "no"}).astype("str")
    elif pd.api.types.is_numeric_dtype(kind):
        # The same twelve digits as in every table that a run writes.
        text = column.map(lambda v: f"{v:.12g}", na_action="ignore").astype("str")
    else:
        text = column.astype("str")
    return text.where(column.notna(), "").astype("str")


def guarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text cells that no spreadsheet takes for a formula: such cells get an apostrophe in front.

    A cell that has apostrophes before such a sign gets one more, so that `unguarded` gives back exactly what was there.
    The rule is that of every CSV that leaves the house: `ci_analysis.tables.inert`.

    Examples
    --------
    >>> guarded(pd.DataFrame({"a": ["=1+1", "'=1", "b", "it's"]}))["a"].to_list()
    ["'=1+1", "''=1", 'b', "it's"]
    """
    return frame.apply(inert)


def unguarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text cells without the one apostrophe that `guarded` put before what looks like a formula.

    Examples
    --------
    >>> unguarded(pd.DataFrame({"a": ["'=1+1", "''=1", "=1+1", "'b'"]}))["a"].to_list()
    ['=1+1', "'=1", '=1+1', "'b'"]
    """
    return frame.apply(lambda cells: cells.mask(cells.str.match("'" + FORMULA), cells.str[1:]))
