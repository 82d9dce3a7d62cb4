"""Runs the four steps in order and keeps what they find in `data/processed/<study>/`.

`results` is what a notebook calls: it gives the tables of the last run where nothing has changed since, and computes
them where something has. Whether something has changed is told by hashes of the inputs and of this package, never by
dates.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from ci_analysis import __version__, convene, landscape, redesign, strategy
from ci_analysis.areas import OUTLINES_SOURCE
from ci_analysis.convene.conditions import condition_evidence, with_evidence
from ci_analysis.errors import RunFailed
from ci_analysis.history import Run, changed_inputs, changed_results, keep, kept_runs, last_other
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, empty_frame, read_written, write_csv

__all__ = [
    "compute",
    "fingerprint",
    "in_place",
    "is_current",
    "processed_folder",
    "results",
    "run",
    "sources",
    "writable",
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
        run(study, processed)
    return {name: read_written(folder / table.file, table) for name, table in OUTPUTS.items()}


def is_current(study: Study, folder: Path) -> bool:
    """Whether a folder's tables come from the study as it is, by this package, and are all there, unchanged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        written = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
        return manifest["fingerprint"] == fingerprint(study) and all(
            _hash((folder / name).read_bytes()) == digest for name, digest in written.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def run(study: Study, processed: str | Path | None = None) -> Path:
    """Compute a study's tables and put them in place, all or none, and keep the run in the study's history.

    Returns
    -------
    pathlib.Path
        The folder of the tables and of manifest.json.
    """
    folder = processed_folder(study, processed)
    tables = compute(study)
    with in_place(folder) as fresh:
        for name, table in OUTPUTS.items():
            write_csv(tables[name], fresh / table.file)
        if study.areas.geometry.notna().any():
            study.areas.to_parquet(fresh / "areas.parquet")
        _keep(study, folder, fresh)
        (fresh / "manifest.json").write_text(
            json.dumps(_manifest(study, fresh), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return folder


def _keep(study: Study, folder: Path, fresh: Path) -> None:
    """Say what changed since the last run that was another, and add this one to those that are kept."""
    of_runs = {name: OUTPUTS[name] for name in ("changes", "changed_results")}
    results = {table.file: (fresh / table.file).read_bytes() for name, table in OUTPUTS.items() if name not in of_runs}
    runs = kept_runs(folder)
    package = f"{__version__} ({_package_hash()[:12]})"
    number = runs[-1].number + 1 if runs else 1
    now = Run(number, study.settings.as_of.isoformat(), package, dict(_inputs(study)), results)
    before = last_other(runs, now)
    if before is not None:
        write_csv(changed_inputs(before, now), fresh / of_runs["changes"].file)
        write_csv(changed_results(before, now), fresh / of_runs["changed_results"].file)
    keep(now, folder, fresh)


@contextmanager
def in_place(folder: Path) -> Iterator[Path]:
    """Give a new folder to write in, and put it in the place of the old one once all is written.

    Whatever fails inside leaves the old folder as it was.

    Parameters
    ----------
    folder : pathlib.Path
        The place.

    Yields
    ------
    pathlib.Path
        An empty folder beside it.

    Raises
    ------
    RunFailed
        Where the place cannot be written.
    """
    aside = writable(folder.parent, keep=f".{folder.name}.")
    fresh, old = aside / "new", aside / "old"
    try:
        fresh.mkdir()
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except OSError as error:
        raise RunFailed(f"Results cannot be put in {folder} ({error.strerror}); what was there stands.") from error
    finally:
        # Whatever stopped it, Ctrl-C between the two renames included: the old folder goes back to its place.
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)


def writable(folder: Path, *, keep: str = "") -> Path:
    """Return a new folder inside a folder, which shows that results can be written there; gone again, unless kept.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it is not there.
    keep : str
        How the new folder's name begins, where it is kept.

    Raises
    ------
    RunFailed
        Where nothing can be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        inside = Path(tempfile.mkdtemp(prefix=keep or ".", dir=folder))
        if not keep:
            inside.rmdir()
    except OSError as error:
        raise RunFailed(f"Results cannot be written to {folder} ({error.strerror}).") from None
    return inside


def fingerprint(study: Study) -> str:
    """Return one hash of everything that a study's tables rest on: its files, and this package."""
    digest = sha256(_package_hash().encode())
    for name, content in _inputs(study):
        digest.update(name.encode() + b"\0" + _hash(content).encode() + b"\0")
    return digest.hexdigest()


def _inputs(study: Study) -> Iterator[tuple[str, bytes]]:
    for name in study.files:
        yield name, (study.folder / name).read_bytes()


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


@cache
def _package_hash() -> str:
    """Hash of the package's own code and data: what another version computes is not the same."""
    root = Path(os.fspath(files("ci_analysis")))  # type: ignore[call-overload]  # an installed package is a folder
    digest = sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".yaml", ".json", ".csv", ".j2", ".css", ".js") and path.is_file():
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _manifest(study: Study, folder: Path) -> dict[str, Any]:
    def entries(named: Iterator[tuple[str, bytes]]) -> list[dict[str, Any]]:
        return [{"path": name, "bytes": len(content), "sha256": _hash(content)} for name, content in named]

    return {
        "study": study.name,
        "title": study.settings.title,
        "as_of": study.settings.as_of.isoformat(),
        "package": {"version": __version__, "sha256": _package_hash()},
        "fingerprint": fingerprint(study),
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
