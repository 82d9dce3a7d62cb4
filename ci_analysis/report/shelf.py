"""What stands in the folder of reports: an index of all studies, and editions of earlier days."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ci_analysis.errors import RunFailed
from ci_analysis.figures.words import date_words, how_many, sentence
from ci_analysis.report.files import write_files
from ci_analysis.report.made import MARK, SHEETS, sheet_of
from ci_analysis.report.pages import page

__all__ = ["keep_earlier", "write_shelf", "write_summary"]

#: By this the index knows a file that it wrote itself.
_OURS = b'<meta name="generator" content="ci_analysis">'
_KINDS = {"public": "Public edition", "internal": "Internal edition, for the coalition alone"}


@dataclass(frozen=True)
class _Report:
    """One study's place on the shelf."""

    name: str
    title: str
    community: str
    issue: str
    as_of: str
    finding: str
    editions: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    earlier: tuple[tuple[str, str, str], ...]


def keep_earlier(place: Path, as_of: date) -> Path | None:
    """Put an edition that speaks of another day than `as_of` beside the others of earlier days, and say where.

    Parameters
    ----------
    place : pathlib.Path
        The edition's folder, which is left as it is; `<study>/<edition>`.
    as_of : datetime.date
        Of which day the edition speaks that will take its place.

    Returns
    -------
    pathlib.Path or None
        `<study>/earlier/<day>/<edition>`; None where there is none to keep.

    Raises
    ------
    RunFailed
        Where it cannot be copied; then nothing has changed.
    """
    day = _told(place).get("as_of", "")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(day)) or day == as_of.isoformat():
        return None
    kept = place.parent / "earlier" / day / place.name
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(prefix=f".{place.name}.", dir=kept.parent))
        try:
            shutil.copytree(place, aside / "new")
            if kept.exists():
                kept.rename(aside / "old")
            (aside / "new").rename(kept)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise RunFailed(f"The edition of {day} cannot be kept in {kept} ({error.strerror}); it stands.") from error
    return kept


def write_shelf(reports: Path) -> Path | None:
    """Write the index of all studies that have a report, and say where it is.

    Parameters
    ----------
    reports : pathlib.Path
        The folder of all studies' reports.

    Returns
    -------
    pathlib.Path or None
        None where another page of that name stands there, which is left.
    """
    place = reports / "index.html"
    if not _is_ours(place):
        return None
    found = [r for folder in sorted(reports.iterdir()) if folder.is_dir() for r in [_report(folder)] if r]
    issues = len({r.issue for r in found})
    heading = sentence(how_many(len(found), "report", "reports"))
    heading += (
        f" on {how_many(issues, 'issue', 'issues')}" if issues > 1 else f" on {found[0].issue.lower()}" if found else ""
    )
    html = page("shelf.html.j2", {"heading": heading, "reports": found})
    write_files({place: html}, force=True)
    return place


def write_summary(reports: Path, outcomes: Sequence[Mapping[str, Any]]) -> Path | None:
    """Write the page that says what became of each study of a batch, and say where it is.

    Parameters
    ----------
    reports : pathlib.Path
        The folder of all studies' reports.
    outcomes : sequence of mapping
        Of each study its name, what became of it (`state`), what to mend (`why`) and its first pages.

    Returns
    -------
    pathlib.Path or None
        None where another page of that name stands there, which is left.
    """
    place = reports / "batch.html"
    if not _is_ours(place):
        return None
    failed = [o for o in outcomes if o["state"] == "failed"]
    made = [o for o in outcomes if o["state"] != "failed"]
    whole = how_many(len(outcomes) - len(failed), "study", "studies", of=len(outcomes))
    has = "has its report" if len(made) == 1 else "have their report" if made else "has a report"
    heading = sentence(
        f"{whole} {has}" + (f"; {how_many(len(failed), 'study', 'studies')} failed" if failed and made else "")
    )

    def row(o: Mapping[str, Any]) -> dict[str, Any]:
        link = f"{o['study']}/{Path(o['pages'][0]).parent.name}/index.html" if o["pages"] else ""
        why = [line for line in o["why"].splitlines() if line.strip()]
        return {"study": o["study"], "state": o["state"], "link": link, "why": why}

    parts = {
        name: [row(o) for o in sorted(of, key=lambda o: o["study"])]
        for name, of in (("failed", failed), ("rows", made))
    }
    write_files({place: page("batch.html.j2", {"heading": heading, **parts})}, force=True)
    return place


def _is_ours(place: Path) -> bool:
    """Whether a page may be written: nothing is there, or what this package wrote."""
    return not os.path.lexists(place) or (not place.is_symlink() and place.is_file() and _OURS in place.read_bytes())


def _told(edition: Path) -> dict[str, Any]:
    """Return what an edition's folder says of itself; nothing where it is none."""
    try:
        told = json.loads((edition / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and (edition / "index.html").is_file() else {}


def _report(folder: Path) -> _Report | None:
    told = {kind: _told(folder / kind) for kind in _KINDS}
    there = {kind: of for kind, of in told.items() if of}
    if not there:
        return None
    first = next(iter(there.values()))
    texts = {k: str(first.get(k, "")) for k in ("title", "community", "issue")}
    # The day and the finding of the edition that everybody may read; the coalition's own may know more.
    finding = str(there.get("public", {}).get("finding", ""))
    editions = tuple(
        (
            _KINDS[kind],
            f"{folder.name}/{kind}/index.html",
            tuple(
                (f"{folder.name}/{sheet_of(folder, kind, ending).name}", words)
                for ending, words in SHEETS.items()
                if sheet_of(folder, kind, ending).is_file()
            ),
        )
        for kind in there
    )
    earlier = tuple(
        (_day(day.name), f"{folder.name}/earlier/{day.name}/{kind}/index.html", _KINDS[kind].partition(",")[0].lower())
        for day in sorted((folder / "earlier").glob("*-*-*"), reverse=True)
        for kind in _KINDS
        if _told(day / kind)
    )
    as_of = _day(str(first.get("as_of", "")))
    return _Report(
        folder.name,
        texts["title"] or folder.name,
        texts["community"],
        texts["issue"],
        as_of,
        finding,
        editions,
        earlier,
    )


def _day(text: str) -> str:
    try:
        return date_words(date.fromisoformat(text))
    except ValueError:
        return ""
