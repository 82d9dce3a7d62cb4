"""What this run was given that the one before was not, and which results moved with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.redesign.said import in_unit
from ci_analysis.figures.words import date_words, how_many, listing, shortened
from ci_analysis.tables import INPUTS, OUTPUTS, Table

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["changes_in_lines", "what_changed", "what_moved"]

#: Rows of a page's table; the rest is in the file.
_MOST = 40
_KINDS = {
    "revision": ("figure or text was revised", "figures or texts were revised"),
    "new-period": ("is of a new period", "are of a new period"),
    "new-row": ("is new", "are new"),
    "gone": ("is gone", "are gone"),
    "new-method": ("way of making figures changed", "ways of making figures changed"),
}
_SAID = {
    "revision": "revised",
    "new-period": "new period",
    "new-row": "new",
    "gone": "gone",
    "new-method": "new method",
}
#: Results that a board asks after, by table: what a column is called on the page.
_RESULTS = {
    "gap_summary": {
        "need": "potential need",
        "usable": "usable places",
        "spatial_gap": "without a place in their area",
    },
    "measures": {"latest": "latest figure", "class": "change so far", "status": "status", "signal": "signal"},
    "agenda_arithmetic": {"verdict": "whether projects add up"},
    "portfolio": {"chosen": "chosen"},
    "project_progress": {"standing": "where it stands"},
    "rules_fired": {"fired_on": "fired on", "decision_id": "answered by"},
    "sector_coverage": {"joined": "partners at the table"},
}


def what_changed(study: Study, changes: pd.DataFrame) -> Statement:
    """Say what was revised, what is new, and what is made in another way since the run before.

    Parameters
    ----------
    study : Study
        For labels.
    changes : pandas.DataFrame
        Table `changes`; not empty.
    """
    kinds = changes["kind"].astype("str")
    whole = kinds.isin(["new-period", "new-row", "gone"])
    # A row that came or went is one thing that changed, however many cells it has.
    things = pd.concat([changes[~whole], changes[whole].drop_duplicates(["table", "key"])])
    count = things["kind"].value_counts()
    parts = []
    for kind, (one, many) in _KINDS.items():
        k = int(count.get(kind, 0))
        noun = ("", "") if kind in ("revision", "new-method") else ("row ", "rows ")
        if k:
            parts.append(how_many(k, noun[0] + one, noun[1] + many))
    since = changes["since"].dropna()
    when = f"Since the run of {date_words(since.iloc[0])}" if len(since) else "Since the run before"
    order = changes["kind"].map({k: i for i, k in enumerate(("new-method", "revision", "gone"))}).fillna(9)
    listed = changes.assign(order=order).sort_values("order", kind="stable")
    listed = listed[listed["order"] < 9]
    frame = pd.DataFrame(
        {
            "Table": [_table_words(t) for t in listed["table"]],
            "Row": _rows_in_words(study, listed, INPUTS),
            "What": listed["column"].astype("str").fillna(""),
            "Before": listed["before"].astype("str").fillna("empty"),
            "Now": listed["after"].astype("str").fillna("empty"),
            "Kind": [_SAID[k] for k in listed["kind"]],
        }
    )
    lines = _new_rows(study, changes[changes["kind"].isin(["new-period", "new-row"])])
    if len(frame) > _MOST:
        lines.append(f"The first {_MOST} of {len(frame):,} are listed here; all are in changes.csv.")
    return Statement(
        f"{when}, {listing(parts)}",
        frame.head(_MOST).reset_index(drop=True) if len(frame) else None,
        "What was revised, what is gone, and what is made in another way",
        tuple(lines),
    )


def changes_in_lines(study: Study, changes: pd.DataFrame) -> list[str]:
    """Return what changed between two runs, a line a cell, for a terminal.

    Parameters
    ----------
    study : Study
        For labels.
    changes : pandas.DataFrame
        Table `changes`.
    """
    names = _rows_in_words(study, changes, INPUTS)
    lines = []
    for name, row in zip(names, changes.astype("str").itertuples(), strict=True):
        where = ", ".join(p for p in (_table_words(row.table), name, "" if pd.isna(row.column) else row.column) if p)
        before, after = ("empty" if pd.isna(cell) else cell for cell in (row.before, row.after))
        lines.append(f"{where}: {before}, now {after} ({_SAID[row.kind]})")
    return lines or ["Nothing that was given differs."]


def _new_rows(study: Study, new: pd.DataFrame) -> list[str]:
    """Say how many rows came, by table, and which periods they are of."""
    said = []
    for name, of in new.drop_duplicates(["table", "key"]).groupby("table", sort=False):
        table = INPUTS.get(str(name))
        period = [c.name for c in table.columns if c.kind == "period" and c.presence == "key"] if table else []
        text = f"{how_many(len(of), 'new row', 'new rows').capitalize()} in {_table_words(str(name))}"
        if period and table:
            at = of["key"].str.split("|").str[table.key.index(period[0])]
            found = sorted(at.dropna().unique())
            text += f", of {listing(found, most=3)}"
        said.append(f"{text}.")
    return said


def _table_words(name: str) -> str:
    return "study.yaml" if name == "study.yaml" else name.replace("_", " ")


def _rows_in_words(study: Study, rows: pd.DataFrame, tables: object) -> pd.Series:
    """Return each row's key with names in place of identifiers."""
    texts = []
    for name, key in zip(rows["table"], rows["key"].astype("str"), strict=True):
        table: Table | None = tables.get(str(name))  # type: ignore[attr-defined]  # a mapping of tables
        if table is None:
            texts.append(key)
            continue
        columns = [*table.key, *[""] * key.count("|")]
        parts = [study.labels.get(c, {}).get(p, p) for c, p in zip(columns, key.split("|"), strict=False) if p]
        texts.append(shortened(", ".join(str(p) for p in parts), 120))
    return pd.Series(texts, index=rows.index, dtype=object)


def what_moved(study: Study, changed_results: pd.DataFrame) -> Statement | None:
    """Say which of the results that a board asks after differ from the run before.

    Parameters
    ----------
    study : Study
        For labels.
    changed_results : pandas.DataFrame
        Table of that name.

    Returns
    -------
    Statement or None
        None where nothing moved.
    """
    if not len(changed_results):
        return None
    told = [c in _RESULTS.get(t, {}) for t, c in zip(changed_results["table"], changed_results["column"], strict=True)]
    rows, others = changed_results[told], changed_results[[not t for t in told]]
    frame = pd.DataFrame(
        {
            "Result": _rows_in_words(study, rows, OUTPUTS),
            "What": [_RESULTS[t][c] for t, c in zip(rows["table"], rows["column"], strict=True)],
            "Before": _spoken(study, rows, "before"),
            "Now": _spoken(study, rows, "after"),
        }
    ).reset_index(drop=True)
    n = frame["Result"].nunique()
    title = "None of the results that a board asks after moved with it"
    if n:
        moved = how_many(n, "result that a board asks after moved", "results that a board asks after moved")
        title = f"{moved[:1].upper()}{moved[1:]} with it"
    lines = []
    if len(others):
        lead = how_many(len(others), "other figure", "other figures")
        tables = how_many(others["table"].nunique(), "table of results", "tables of results")
        lines.append(
            f"{lead[:1].upper()}{lead[1:]} in {tables} {'differs' if len(others) == 1 else 'differ'}; "
            "all are in changed_results.csv."
        )
    if len(frame) > _MOST:
        lines.append(f"The first {_MOST} of {len(frame):,} are listed here.")
    return Statement(title, frame.head(_MOST) if n else None, "Results before and now", tuple(lines))


def _spoken(study: Study, rows: pd.DataFrame, side: str) -> list[str]:
    """Return results as a page says them: in their unit, days and choices as words."""
    unit = study.tables["measures"].set_index("measure_id")["unit"]
    texts = []
    for row in rows.itertuples():
        cell = getattr(row, side)
        kind = OUTPUTS[row.table].by_name[row.column].kind
        if pd.isna(cell):
            texts.append("none")
        elif kind == "number":
            texts.append(in_unit(float(cell), str(unit.get(row.key.partition("|")[0], ""))))
        elif kind == "date":
            texts.append(date_words(pd.Timestamp(cell)))
        else:
            texts.append(str(cell).replace("-", " "))
    return texts
