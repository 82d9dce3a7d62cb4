"""What each run rested on and found, kept beside its tables, and what changed from one run to another.

A run is kept as one archive in `data/processed/<study>/history/`: its input files as they were, its tables, and a
manifest. A run whose inputs and tables are those of the newest one kept is that run again, and adds nothing.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ci_analysis.errors import WrongUse
from ci_analysis.issues.profile import YamlFault, read_yaml
from ci_analysis.tables import INPUTS, OUTPUTS, Table, conform, empty_frame, parse, period_end, write_csv

__all__ = ["FOLDER", "Run", "changed_inputs", "changed_results", "keep", "kept_runs", "last_other"]

#: The folder inside a study's results.
FOLDER = "history"
#: Runs that are kept, the first one always among them.
MOST_RUNS = 50
#: Tables that tell of other runs, and so are no part of one.
_OF_RUNS = ("changes", "changed_results")
#: Settings that say how figures are made, and not what they are.
_METHOD = ("access", "counties", "issue", "level", "minimum_respondents", "peers", "publish", "seed", "tie_level")
#: Columns of a key that tell rows of one series apart, beside the period.
_PLACES = ("geoid", "partner_id", "segment", "respondent", "source", "target", "item", "unit", "facility_id")
#: A day for the archives' entries: the same run is the same bytes.
_DAY = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Run:
    """A run as it is kept, or about to be.

    Parameters
    ----------
    number : int
        From 1, in the order of the runs.
    as_of : str
        The study's day, as `2026-06-30`.
    package : str
        Version and hash of the package that computed it.
    inputs, results : mapping of str to bytes
        Content of each file by its name.
    """

    number: int
    as_of: str
    package: str
    inputs: Mapping[str, bytes]
    results: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """Name of the archive, in which runs sort in their order."""
        digest = sha256()
        for part in (self.inputs, self.results):
            for file, content in sorted(part.items()):
                digest.update(file.encode() + b"\0" + sha256(content).digest())
        return f"{self.number:04d}-{self.as_of}-{digest.hexdigest()[:8]}.zip"

    def same_as(self, other: Run) -> bool:
        """Whether two runs had the same inputs and found the same."""
        return dict(self.inputs) == dict(other.inputs) and dict(self.results) == dict(other.results)


# --- keeping ----------------------------------------------------------------------------------------------------------


def kept_runs(folder: Path) -> list[Run]:
    """Return the runs that are kept in a folder of results, the oldest first; archives that are broken are passed over.

    Parameters
    ----------
    folder : pathlib.Path
        A study's folder under `data/processed`.
    """
    found = [_read(path) for path in sorted((folder / FOLDER).glob("[0-9]*.zip"))]
    return sorted((run for run in found if run is not None), key=lambda run: run.number)


def _read(path: Path) -> Run | None:
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("manifest.json"))
            parts: dict[str, dict[str, bytes]] = {"inputs": {}, "results": {}}
            for name in archive.namelist():
                part, _, file = name.partition("/")
                if part in parts:
                    parts[part][file] = archive.read(name)
            return Run(int(about["number"]), str(about["as_of"]), str(about["package"]), **parts)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None


def keep(run: Run, old: Path, fresh: Path) -> None:
    """Carry the runs kept in one folder of results over to another, and add a run where it is a new one.

    Parameters
    ----------
    run : Run
        The present one.
    old, fresh : pathlib.Path
        Folder of the results up to now, which may not be there, and of those that take its place.
    """
    (fresh / FOLDER).mkdir()
    paths = sorted((old / FOLDER).glob("[0-9]*.zip"))
    newest = next((found for path in reversed(paths) if (found := _read(path)) is not None), None)
    new = newest is None or not run.same_as(newest)
    first, room = paths[:1], MOST_RUNS - 1 - new
    for path in [*first, *paths[1:][-room:]]:
        try:
            os.link(path, fresh / FOLDER / path.name)
        except OSError:  # a file system without hard links
            shutil.copyfile(path, fresh / FOLDER / path.name)
    if not new:
        return
    about = {"number": run.number, "as_of": run.as_of, "package": run.package}
    with zipfile.ZipFile(fresh / FOLDER / run.name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("manifest.json", _DAY), json.dumps(about, indent=1) + "\n")
        for part, files in (("inputs", run.inputs), ("results", run.results)):
            for file, content in sorted(files.items()):
                entry = zipfile.ZipInfo(f"{part}/{file}", _DAY)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)


def last_other(runs: list[Run], run: Run, number: int | None = None) -> Run | None:
    """Return the run to compare with: the last one with other inputs, or the last that found something else.

    Parameters
    ----------
    runs : list of Run
        Those that are kept, from `kept_runs`.
    run : Run
        The present one.
    number : int, optional
        Compare with this one instead.

    Returns
    -------
    Run or None
        None where all of them are the present one.

    Raises
    ------
    WrongUse
        Where no run of that number is kept.
    """
    if number is not None:
        found = [r for r in runs if r.number == number]
        if not found:
            there = ", ".join(str(r.number) for r in runs) or "none"
            raise WrongUse(f"There is no run {number} to compare with. Kept are: {there}.")
        return found[0]
    others = [r for r in runs if dict(r.inputs) != dict(run.inputs)]
    if not others:
        # The same figures in another way: only the method differs.
        others = [r for r in runs if not r.same_as(run)]
    return others[-1] if others else None


# --- comparing --------------------------------------------------------------------------------------------------------


def changed_inputs(before: Run, after: Run) -> pd.DataFrame:
    r"""Return what one run was given and the other was not, cell by cell.

    Tables are compared as they are read: another order of rows or columns, or another way to write a number, is no
    change. A setting is compared by its path in study.yaml; goals go by their identifiers.

    Parameters
    ----------
    before, after : Run
        The earlier and the later run.

    Returns
    -------
    pandas.DataFrame
        The table `changes`. `kind` is `new-method` for settings that say how figures are made, for a profile, and
        for another version of the package; `new-period` for rows of a period after all that the series had before,
        and for the study's day; `new-row` and `gone` for other rows; `revision` for a cell that reads otherwise.

    Examples
    --------
    >>> before = Run(1, "2026-03-31", "1.0", {"regions.csv": b"geoid,region_kind,region\n08001,district,One\n"}, {})
    >>> after = Run(2, "2026-03-31", "1.0", {"regions.csv": b"geoid,region_kind,region\n08001,district,Two\n"}, {})
    >>> changed_inputs(before, after)[["key", "column", "before", "after", "kind"]]
                  key  column before after      kind
    0  08001|district  region    One   Two  revision
    """
    parts = [_method(before, after)]
    for file in _ordered({*before.inputs, *after.inputs}):
        old, new = before.inputs.get(file, b""), after.inputs.get(file, b"")
        if old == new:
            continue
        name = file.removesuffix(".csv")
        if file.endswith((".yaml", ".yml")):
            parts.append(_settings(file, old, new))
        elif file.endswith(".csv") and name in INPUTS:
            table = INPUTS[name]
            parts.append(_with_kinds(_cells(_read_input(old, table), _read_input(new, table), table), table, old))
        else:
            parts.append(pd.DataFrame([(file, file, "", _short(old), _short(new), "revision")], columns=_COLUMNS))
    table = OUTPUTS["changes"]
    rows = [p for p in parts if len(p)]
    if not rows:
        return empty_frame(table)
    return conform(pd.concat(rows, ignore_index=True).assign(since=before.as_of).replace("", None)[table.names], table)


def changed_results(before: Run, after: Run) -> pd.DataFrame:
    """Return the results that differ between two runs, in tables and columns that both have.

    Parameters
    ----------
    before, after : Run
        The earlier and the later run.

    Returns
    -------
    pandas.DataFrame
        The table `changed_results`, a row a cell; a row that came or went has a row for each of its cells.
    """
    parts = []
    for name, table in OUTPUTS.items():
        old, new = before.results.get(table.file, b""), after.results.get(table.file, b"")
        if name in _OF_RUNS or old == new or not old or not new:
            continue
        one, other = _text_frame(old), _text_frame(new)
        both = [c for c in one.columns if c in other.columns]
        if set(table.key) <= set(both):
            parts.append(_cells(one[both], other[both], table))
    declared = OUTPUTS["changed_results"]
    if not any(len(p) for p in parts):
        return empty_frame(declared)
    return conform(pd.concat(parts, ignore_index=True).replace("", None)[declared.names], declared)


_COLUMNS = ["table", "key", "column", "before", "after", "kind"]


def _ordered(files: set[str]) -> list[str]:
    first = ["study.yaml", *(table.file for table in INPUTS.values())]
    return sorted(files, key=lambda f: (first.index(f) if f in first else len(first), f))


def _short(content: bytes) -> str:
    return f"{len(content):,} bytes, SHA-256 {sha256(content).hexdigest()[:12]}" if content else ""


def _method(before: Run, after: Run) -> pd.DataFrame:
    if before.package == after.package:
        return pd.DataFrame(columns=_COLUMNS)
    row = ("ci_analysis", "package", "", before.package, after.package, "new-method")
    return pd.DataFrame([row], columns=_COLUMNS)


def _settings(file: str, old: bytes, new: bytes) -> pd.DataFrame:
    """Compare two YAML files by the paths of their values."""
    one, other = _paths(old), _paths(new)
    rows = []
    for path in [*one, *(p for p in other if p not in one)]:
        was, now = one.get(path, ""), other.get(path, "")
        if was != now:
            top = path.partition(".")[0]
            kind = "new-period" if top == "as_of" else "revision"
            kind = "new-method" if file != "study.yaml" or top in _METHOD else kind
            rows.append((file, path, "", was, now, kind))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _paths(content: bytes) -> dict[str, str]:
    try:
        return dict(_flat(read_yaml(content)[0], ""))
    except YamlFault:  # an older version of the file, that nobody can mend now
        return {}


def _flat(value: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in _flat(part, f"{path}.{key}".lstrip("."))]
    if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
        # Goals, segments and the like go by their own identifier, which is their first entry.
        named = [str(next(iter(part.values()), i)) for i, part in enumerate(value)]
        return [pair for name, part in zip(named, value, strict=True) for pair in _flat(part, f"{path}.{name}")]
    return [(path, "" if value is None else str(value))]


def _read_input(content: bytes, table: Table) -> pd.DataFrame:
    """Return a table of a study as text, each cell written in the one way that results are."""
    raw = _text_frame(content)
    if raw.empty:
        return pd.DataFrame(dtype="str")
    raw = raw.set_axis(raw.columns.str.strip(), axis=1)
    raw = raw.apply(lambda cells: cells.str.strip())
    known = {c.name: parse(c, raw[c.name])[0] for c in table.columns if c.name in raw}
    own = {c: raw[c] for c in raw.columns if c not in known and c}
    shown = io.StringIO()
    write_csv(pd.DataFrame({**known, **own}, index=raw.index), shown)  # type: ignore[arg-type]  # any file of text
    return _text_frame(shown.getvalue().encode()).reindex(columns=[*known, *own])


def _text_frame(content: bytes) -> pd.DataFrame:
    if not content.strip():
        return pd.DataFrame(dtype="str")
    return pd.read_csv(io.BytesIO(content), dtype="str", keep_default_na=False, encoding="utf-8-sig")


def _cells(old: pd.DataFrame, new: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the cells in which two frames of text differ: table, key, column, before, after, came, gone."""
    one, other = _by_key(old, table.key), _by_key(new, table.key)
    columns = [c for c in dict.fromkeys([*table.names, *other.columns, *one.columns]) if c not in table.key]
    columns = [c for c in columns if c in one.columns or c in other.columns]
    came, gone = ~other.index.isin(one.index), ~one.index.isin(other.index)
    # Rows that are there now in their present order, those that went after them.
    keys = other.index.append(one.index[gone])
    was, now = (f.reindex(index=keys, columns=columns).astype(object).fillna("").to_numpy() for f in (one, other))
    whole = np.concatenate([came, np.ones(gone.sum(), dtype=bool)])
    i, j = np.nonzero(was != now)
    found = pd.DataFrame(
        {
            "table": table.name,
            "key": np.asarray(keys, dtype=object)[i],
            "column": np.array(columns, dtype=object)[j] if columns else np.array([], dtype=object),
            "before": was[i, j] if len(i) else np.array([], dtype=object),
            "after": now[i, j] if len(i) else np.array([], dtype=object),
            "came": np.concatenate([came, np.zeros(gone.sum(), dtype=bool)])[i],
            "gone": np.concatenate([np.zeros(len(came), dtype=bool), np.ones(gone.sum(), dtype=bool)])[i],
        }
    )
    # A row of nothing but its key has no cell that differs, and is there all the same.
    bare = np.flatnonzero(whole & ~(was != now).any(axis=1)) if columns else np.flatnonzero(whole)
    if len(bare):
        rows = pd.DataFrame(
            {"table": table.name, "key": np.asarray(keys, dtype=object)[bare], "column": "", "before": "", "after": "",
             "came": bare < len(came), "gone": bare >= len(came)}
        )  # fmt: skip
        found = pd.concat([found, rows], ignore_index=True)
    return found


def _by_key(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    if frame.empty:
        return pd.DataFrame(index=pd.Index([], dtype=object))
    parts = [frame[c] if c in frame else pd.Series("", index=frame.index) for c in key]
    name = parts[0].astype(object)
    for part in parts[1:]:
        name = name + "|" + part.astype(object)
    again = name.groupby(name).cumcount()
    name = name.where(again == 0, name + "|" + (again + 1).astype(str))
    return frame.drop(columns=[c for c in key if c in frame]).set_index(pd.Index(name, dtype=object))


def _with_kinds(cells: pd.DataFrame, table: Table, old: bytes) -> pd.DataFrame:
    """Say of each cell that differs whether its row is of a new period, new, gone, or was there before."""
    kind = np.select([cells["gone"], cells["came"]], ["gone", "new-row"], "revision")
    later = _of_later_periods(cells.loc[cells["came"], "key"], table, old)
    kind = np.where(cells["came"] & cells["key"].isin(later), "new-period", kind)
    return cells.assign(kind=kind)[_COLUMNS]


def _of_later_periods(keys: pd.Series, table: Table, old: bytes) -> set[str]:
    """Return the keys of rows whose period ends after all that their series had before."""
    period = next((c.name for c in table.columns if c.presence == "key" and c.kind == "period"), None)
    if period is None or keys.empty:
        return set()
    series = [c for c in table.key if c != period and c not in _PLACES]
    parts = keys.drop_duplicates().str.split("|", expand=True).reindex(columns=range(len(table.key)))
    rows = parts.set_axis(table.key, axis=1).assign(key=keys.drop_duplicates())
    ends = period_end(rows[period].astype("str"))
    before = _read_input(old, table)
    if before.empty:
        return set()
    there = before[series].assign(end=period_end(before[period]), one="")
    latest = there.groupby([*series, "one"])["end"].max().rename("latest").reset_index()
    known = rows[series].assign(one="").merge(latest, on=[*series, "one"], how="left")["latest"]
    return set(rows.loc[(ends.to_numpy() > known.to_numpy()), "key"])
