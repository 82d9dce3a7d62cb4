"""Runs the four steps in order and keeps what they find in `data/processed/<study>/`.

`results` is what a notebook calls: it gives the tables of the last run where nothing has changed since, and computes
them where something has. Whether something has changed is told by hashes of the inputs and of this package, never by
dates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ci_analysis import __version__, convene, landscape, redesign, strategy
from ci_analysis.areas import OUTLINES_SOURCE
from ci_analysis.convene.conditions import condition_evidence, with_evidence
from ci_analysis.history import Run, changed_inputs, changed_results, keep, kept_runs, last_other
from ci_analysis.places import in_place, locked
from ci_analysis.stamps import MANIFEST, digest, fingerprint, is_written, package_hash
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, empty_frame, read_written, write_csv

__all__ = [
    "compute",
    "is_current",
    "processed_folder",
    "read_tables",
    "results",
    "run",
    "sources",
    "write_tables",
]


_STEPS = (convene, landscape, strategy, redesign)
#: Tables that say something of the five conditions.
_EVIDENCE = ("partners", "readiness", "measures", "communications", "initiatives")


def compute(study: Study) -> dict[str, pd.DataFrame]:
    """Return every output table of a study, by name, in the order of the steps.

    Parameters
    ----------
    study : Study
        Read and checked.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of `ci_analysis.tables.OUTPUTS`; one whose inputs are absent has no rows.
    """
    tables: dict[str, pd.DataFrame] = {}
    for step in _STEPS:
        tables |= step.compute(study, tables)
    if any(study.has(name) for name in _EVIDENCE):
        evidence = condition_evidence(study, tables)
        tables["conditions"] = with_evidence(tables["conditions"], evidence, as_of=study.settings.as_of)
    return {name: tables.get(name, empty_frame(table)) for name, table in OUTPUTS.items()}


def processed_folder(study: Study, processed: str | Path | None = None) -> Path:
    """Return the folder that keeps a study's tables.

    Parameters
    ----------
    study : Study
        The study.
    processed : path, optional
        The folder of all studies' tables. Without one, `data/processed` beside the study's `data/raw`, or in the
        working folder where the study lies elsewhere.
    """
    return Path(processed or study.root / "data" / "processed") / study.name


def results(study: Study, processed: str | Path | None = None) -> dict[str, pd.DataFrame]:
    """Return the study's tables: the last run's where nothing has changed since, else computed and kept.

    Parameters
    ----------
    study : Study
        Read and checked.
    processed : path, optional
        As for `processed_folder`.

    Returns
    -------
    dict of str to pandas.DataFrame
        By name, as they are read back from their files.
    """
    folder = processed_folder(study, processed)
    if not is_current(study, folder):
        with locked(folder):
            # Another run, for which this one has waited, may have computed them.
            if not is_current(study, folder):
                _write(study, folder)
    return read_tables(folder)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables that a run left in a folder, by name."""
    return {name: read_written(folder / table.file, table) for name, table in OUTPUTS.items()}


def is_current(study: Study, folder: Path) -> bool:
    """Whether a folder's tables come from the study as it is, by this package, and are all there, unchanged."""
    return is_written(folder, fingerprint(study.folder))


def run(study: Study, processed: str | Path | None = None) -> Path:
    """Compute a study's tables and put them in place, all or none, and keep the run in the study's history.

    Where another run of the study is under way, its end is waited for.

    Returns
    -------
    pathlib.Path
        The folder of the tables and of manifest.json.
    """
    folder = processed_folder(study, processed)
    with locked(folder):
        _write(study, folder)
    return folder


def _write(study: Study, folder: Path) -> None:
    with in_place(folder) as fresh:
        write_tables(study, folder, fresh)


def write_tables(study: Study, old: Path, fresh: Path, stamp: str = "") -> None:
    """Compute a study's tables and write them, their manifest and the study's history into a folder.

    Parameters
    ----------
    study : Study
        Read and checked.
    old : pathlib.Path
        Folder of the results up to now, whose history goes on; it may not be there.
    fresh : pathlib.Path
        Empty.
    stamp : str
        The study's fingerprint, taken before it was read: what changes while it is computed then counts as changed.
    """
    stamp = stamp or fingerprint(study.folder)
    tables = compute(study)
    for name, table in OUTPUTS.items():
        write_csv(tables[name], fresh / table.file)
    if study.areas.geometry.notna().any():
        study.areas.to_parquet(fresh / "areas.parquet")
    _keep(study, old, fresh)
    manifest = json.dumps(_manifest(study, fresh, stamp), indent=1, ensure_ascii=False)
    (fresh / MANIFEST).write_text(manifest + "\n", encoding="utf-8")


def _keep(study: Study, folder: Path, fresh: Path) -> None:
    """Say what changed since the last run that was another, and add this one to those that are kept."""
    of_runs = {name: OUTPUTS[name] for name in ("changes", "changed_results")}
    results = {table.file: (fresh / table.file).read_bytes() for name, table in OUTPUTS.items() if name not in of_runs}
    runs = kept_runs(folder)
    package = f"{__version__} ({package_hash()[:12]})"
    number = runs[-1].number + 1 if runs else 1
    now = Run(number, study.settings.as_of.isoformat(), package, dict(_inputs(study)), results)
    before = last_other(runs, now)
    if before is not None:
        write_csv(changed_inputs(before, now), fresh / of_runs["changes"].file)
        write_csv(changed_results(before, now), fresh / of_runs["changed_results"].file)
    keep(now, folder, fresh)


def _inputs(study: Study) -> Iterator[tuple[str, bytes]]:
    for name in study.files:
        yield name, (study.folder / name).read_bytes()


def _manifest(study: Study, folder: Path, stamp: str) -> dict[str, Any]:
    def entries(named: Iterator[tuple[str, bytes]]) -> list[dict[str, Any]]:
        return [{"path": name, "bytes": len(content), "sha256": digest(content)} for name, content in named]

    return {
        "study": study.name,
        "title": study.settings.title,
        "as_of": study.settings.as_of.isoformat(),
        "package": {"version": __version__, "sha256": package_hash()},
        "fingerprint": stamp,
        "parameters": study.settings.model_dump(mode="json"),
        "sources": sources(study),
        "inputs": entries(_inputs(study)),
        "outputs": entries((p.name, p.read_bytes()) for p in sorted(folder.iterdir()) if p.is_file()),
    }


def sources(study: Study) -> list[dict[str, str]]:
    """Return each source of the study's indicators with what it is used for and its periods, and the outlines'."""
    named = study.tables["indicators"].dropna(subset=["source"])
    found = [
        {
            "source": source,
            "used_for": ", ".join(sorted(set(rows["indicator"]))),
            "vintage": ", ".join(sorted(set(rows["period"]))),
        }
        for source, rows in named.groupby("source", sort=True)
    ]
    if "areas.csv" in study.files or not any(f.startswith("areas.") for f in study.files):
        found.append({"source": OUTLINES_SOURCE, "used_for": "outlines of counties", "vintage": "2023"})
    return found
