"""Rows that are merged into a study's folder: nothing lost, nothing half written, nothing that the study refuses."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ci_analysis.errors import CiAnalysisError, Problem, StudyProblems
from ci_analysis.exchange.cells import as_text
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, Table, number

__all__ = ["Change", "merge"]


@dataclass(frozen=True)
class Change:
    """What a merge did to one table.

    Parameters
    ----------
    table : str
        Its name.
    added, changed, left : int
        Rows that are new, that had a cell filled in or replaced, and of the imported ones those that were there alike.
    """

    table: str
    added: int
    changed: int
    left: int

    def __str__(self) -> str:
        rows = f"{self.added:,} row{'' if self.added == 1 else 's'} added"
        return f"{self.table}.csv: {rows}, {self.changed:,} changed, {self.left:,} there already."


def merge(folder: str | Path, tables: Mapping[str, pd.DataFrame], *, replace: bool = False) -> tuple[Change, ...]:
    """Merge rows into the tables of a study's folder, all of them or none.

    New rows are appended. A row that is there already is left, and an empty imported cell never erases one. Where both
    have a cell and the two differ, nothing is written unless `replace` is given. The folder as it would be is checked
    whole before anything is put in place. Rows that do not change keep their text to the letter.

    Parameters
    ----------
    folder : str or pathlib.Path
        The study's folder; it has a study.yaml.
    tables : mapping of str to pandas.DataFrame
        Rows by the name of an input table, with its key columns: typed, or text with empty cells for what is missing.
        `_file` and `_row`, where given, say where a row is from.
    replace : bool
        Whether imported cells replace those that differ.

    Returns
    -------
    tuple of Change
        One for each table, in the order given.

    Raises
    ------
    StudyProblems
        With every cell that differs, or with everything that the study would refuse.
    CiAnalysisError
        Where the files cannot be written; what had been put in place is taken back.
    """
    folder = Path(folder)
    plans = [_Plan(folder, INPUTS[name], rows, replace) for name, rows in tables.items()]
    problems = [p for plan in plans for p in plan.problems]
    if problems:
        raise StudyProblems(folder.name, problems)
    written = {plan.table.file: plan for plan in plans if plan.content != plan.before}
    _check(folder, written)
    _place(folder, written)
    return tuple(plan.change for plan in plans)


class _Plan:
    """What one table's file becomes."""

    def __init__(self, folder: Path, table: Table, rows: pd.DataFrame, replace: bool) -> None:
        self.table, self.folder = table, folder
        self.problems: list[Problem] = []
        self.change = Change(table.name, 0, 0, 0)
        #: Line in the new file, and where it is from, of each row that is new or changed.
        self.origins: dict[int, str] = {}
        path = folder / table.file
        try:
            self.before = path.read_bytes() if path.exists() else None
        except OSError as error:
            self.before = None
            self.say(0, "", f"the file cannot be read ({error.strerror})", "see to its permissions")
        self.content = self.before
        imported = self.imported(rows)
        text = self.decoded()
        if not self.problems:
            self.content = self.merged(text, imported, replace)

    def say(self, row: int, column: str, what: str, do: str, kind: str = "") -> None:
        self.problems.append(Problem(self.table.file, row, column, what, do, kind))

    def imported(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the imported rows as text, each key once."""
        table = self.table
        text = as_text(rows, table)
        text = text.assign(**{c: "" for c in ("_file", "_row") if c not in text})
        own = [c for c in text if not c.startswith("_")]
        text[own] = text[own].apply(lambda c: c.str.strip())
        lacking = [c for c in table.key if c not in text]
        if lacking:
            raise ValueError(f"rows for {table.name} lack {', '.join(lacking)}")
        text = text[~text.duplicated(own)].reset_index(drop=True)
        again = text.duplicated(table.key)
        for i in again.index[again]:
            what = f"{_named(table, text.loc[i])} is imported twice, and differs{_from(text.loc[i])}"
            self.say(0, table.key[0], what, "keep one of the two rows", "twice")
        return text

    def decoded(self) -> str:
        if self.before is None:
            return ""
        try:
            return self.before.decode("utf-8")
        except UnicodeDecodeError:
            self.say(0, "", "the file is not UTF-8", "save it as CSV UTF-8, and import again")
            return ""

    def merged(self, text: str, here: pd.DataFrame, replace: bool) -> bytes | None:
        table = self.table
        mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
        try:
            records = list(_records(text))
        except csv.Error as error:
            self.say(0, "", f"the file is not CSV ({error})", "mend it, and import again")
            return self.before
        filled = [k for k, (_, cells) in enumerate(records) if any(c.strip() for c in cells)]
        columns = [c for c in here if not c.startswith("_")]
        if not filled:
            always = {c.name for c in table.columns if c.presence != "optional"}
            header = [c for c in columns if c in always or here[c].ne("").any()]
            header += [c for c in table.names if c in always and c not in header]
            header.sort(key=lambda c: table.names.index(c) if c in table.by_name else len(table.names))
            records, filled, body = [(_line(header, "\n"), header)], [0], []
        else:
            header, body = [c.strip() for c in records[filled[0]][1]], filled[1:]
            if len(set(header)) < len(header) or any(len(records[k][1]) != len(header) for k in body):
                self.say(0, "", "the file has rows that do not fit its header", "run `ci-analysis check`, and mend it")
                return self.before
            if lacking := [c for c in table.key if c not in header]:
                self.say(0, "", f"the file lacks {', '.join(lacking)}", "run `ci-analysis check`, and mend it")
                return self.before
        there = pd.DataFrame([records[k][1] for k in body], columns=header, dtype="str").apply(lambda c: c.str.strip())
        fresh = [c for c in columns if c not in header and here[c].ne("").any()]
        there = there.assign(**dict.fromkeys(fresh, "")).astype("str")
        at = self.positions(there, here)
        values = self.compared(there, here, at, [*header, *fresh], _starts(records, body), replace)
        if self.problems:
            return self.before
        return (mark + self.assembled(records, filled[0], body, [*header, *fresh], fresh, here, at, values)).encode()

    def positions(self, there: pd.DataFrame, here: pd.DataFrame) -> np.ndarray:
        """Return the row of the file that has each imported row's key; −1 where none has."""
        keys = [pd.MultiIndex.from_frame(f[self.table.key].apply(self.canonical)) for f in (there, here)]
        first = np.flatnonzero(~keys[0].duplicated())
        found = keys[0][first].get_indexer(keys[1]) if len(first) else np.full(len(here), -1)
        return np.where(found >= 0, first[found] if len(first) else -1, -1)

    def canonical(self, cells: pd.Series) -> pd.Series:
        """Return cells such that two ways to write one number are equal."""
        column = self.table.by_name.get(str(cells.name))
        if column is None or column.kind not in ("number", "integer"):
            return cells
        values = number(cells)
        return values.map(repr, na_action="ignore").astype("str").where(values.notna(), cells)

    def compared(
        self,
        there: pd.DataFrame,
        here: pd.DataFrame,
        at: np.ndarray,
        header: list[str],
        lines: list[int],
        replace: bool,
    ) -> dict[int, dict[str, str]]:
        """Return the cells that change, by the file's row and column; say where two cells differ."""
        known = np.flatnonzero(at >= 0)
        old, new = there.iloc[at[known]].reset_index(drop=True), here.iloc[known].reset_index(drop=True)
        changed: dict[int, dict[str, str]] = {}
        touched = np.zeros(len(known), dtype=bool)
        for column in [c for c in header if c in here and c not in self.table.key]:
            unlike = self.canonical(new[column]).ne(self.canonical(old[column]))
            differs = (new[column].ne("") & unlike).to_numpy(dtype=bool)
            for i in np.flatnonzero(differs):
                row = int(at[known[i]])
                if old.loc[i, column] != "" and not replace:
                    named = _named(self.table, new.loc[i])
                    what = f"{named} has '{old.loc[i, column][:60]}' there and '{new.loc[i, column][:60]}' here"
                    self.say(lines[row], column, what + _from(new.loc[i]),
                             "mend one of the two, or import with --replace", "differs")  # fmt: skip
                changed.setdefault(row, {})[column] = new.loc[i, column]
            touched |= differs
        added = int((at < 0).sum())
        self.change = Change(self.table.name, added, int(touched.sum()), len(here) - added - int(touched.sum()))
        return changed

    def assembled(
        self,
        records: list[tuple[str, list[str]]],
        head: int,
        body: list[int],
        header: list[str],
        fresh: list[str],
        here: pd.DataFrame,
        at: np.ndarray,
        values: dict[int, dict[str, str]],
    ) -> str:
        end = _line_end(records[head][0]) or "\n"
        texts = [raw for raw, _ in records]
        texts[head] = _with_cells(texts[head], fresh)
        for k in body if fresh else ():
            texts[k] = _with_cells(texts[k], [""] * len(fresh))
        source = {int(p): i for i, p in enumerate(at) if p >= 0}
        marks: dict[int, str] = {}
        for row, cells in values.items():
            k = body[row]
            whole = [*records[k][1], *[""] * len(fresh)]
            texts[k] = _line([cells.get(c, w) for c, w in zip(header, whole, strict=True)], _line_end(texts[k]))
            marks[k] = _from(here.loc[source[row]])
        new = here[at < 0]
        if len(new):
            texts[-1] += "" if _line_end(texts[-1]) else end
            marks |= {len(texts) + i: _from(new.loc[j]) for i, j in enumerate(new.index)}
            whole = new.reindex(columns=header, fill_value="")
            texts += [_line(list(cells), end) for cells in whole.itertuples(index=False)]
        starts = np.concatenate([[1], 1 + np.cumsum([_count(t) for t in texts])])
        self.origins = {int(starts[k]): mark for k, mark in marks.items()}
        return "".join(texts)


def _records(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each record's own text, its line end included, and its cells."""
    lines = list(io.StringIO(text, newline=""))
    reader, start = csv.reader(lines, strict=True), 0
    for cells in reader:
        yield "".join(lines[start : reader.line_num]), cells
        start = reader.line_num


def _starts(records: list[tuple[str, list[str]]], body: list[int]) -> list[int]:
    ends = np.cumsum([_count(raw) for raw, _ in records])
    return [int(ends[k - 1]) + 1 if k else 1 for k in body]


def _count(text: str) -> int:
    return sum(1 for _ in io.StringIO(text, newline=""))


def _line_end(text: str) -> str:
    return next((e for e in ("\r\n", "\n", "\r") if text.endswith(e)), "")


def _line(cells: list[str], end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerow(cells)
    return out.getvalue()


def _with_cells(raw: str, cells: list[str]) -> str:
    """Return a record's text with more cells behind; what is there stays as it is."""
    end = _line_end(raw)
    return raw.removesuffix(end) + ("," + _line(cells, "") if cells else "") + end


def _named(table: Table, row: pd.Series) -> str:
    return ", ".join(f"{c} {row[c]}" for c in table.key)


def _from(row: pd.Series) -> str:
    if not row["_file"]:
        return ""
    at = f"row {row['_row']} of " if row["_row"] not in ("", "0") else ""
    return f" ({at}{row['_file']})"


def _check(folder: Path, plans: Mapping[str, _Plan]) -> None:
    """Read the whole study as it would be, in a copy."""
    with tempfile.TemporaryDirectory() as shelf:
        copy = Path(shelf) / folder.name
        try:
            shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".*"))
            for file, plan in plans.items():
                (copy / file).unlink(missing_ok=True)
                (copy / file).write_bytes(plan.content or b"")
        except (OSError, shutil.Error) as error:
            raise CiAnalysisError(f"The study cannot be copied to be checked: {error}. Nothing was written.") from error
        try:
            Study.read(copy)
        except StudyProblems as refused:
            origins = {(file, row): mark for file, plan in plans.items() for row, mark in plan.origins.items()}
            told = [
                Problem(p.file, p.row, p.column, p.what + origins.get((p.file, p.row), ""), p.do, p.kind)
                for p in refused.problems
            ]
            raise StudyProblems(f"{folder.name} with what is imported", told) from None


def _place(folder: Path, plans: Mapping[str, _Plan]) -> None:
    """Put every file in place, or none."""
    done: list[tuple[Path, bytes | None]] = []
    try:
        for file, plan in plans.items():
            path = (folder / file).resolve()
            if (path.read_bytes() if path.exists() else None) != plan.before:
                raise OSError(f"{file} has changed while it was being read")
            done.append((path, plan.before))
            _write(path, plan.content or b"")
    except BaseException as error:
        for path, before in reversed(done):
            if before is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != before:
                _write(path, before)
        if isinstance(error, OSError):
            raise CiAnalysisError(f"Nothing was imported: {error}. All files are as they were.") from error
        raise


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        else:
            os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
