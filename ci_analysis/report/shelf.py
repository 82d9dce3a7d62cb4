"""What stands in the folder of reports: an index of all studies, and editions of earlier days."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ci_analysis.errors import RunFailed
from ci_analysis.figures.words import date_words, how_many, sentence
from ci_analysis.report.files import write_files
from ci_analysis.report.pages import page
from ci_analysis.report.site import MARK

__all__ = ["keep_earlier", "sheet_of", "sheets_of", "write_shelf"]

#: By this the index knows a file that it wrote itself.
_OURS = b'<meta name="generator" content="ci_analysis">'
_KINDS = {"public": "Public edition", "internal": "Internal edition, for the coalition alone"}
_SHEETS = {
    ".html": "one file",
    "-brief.pdf": "the brief as PDF",
    ".pdf": "all of it as PDF",
}


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


def sheet_of(place: Path, kind: str, ending: str) -> Path:
    """Return where a file that stands for a whole edition lies: beside the edition's folder, named for mail.

    Parameters
    ----------
    place : pathlib.Path
        The study's folder of reports.
    kind : {'public', 'internal'}
        The edition.
    ending : {'.html', '-brief.pdf', '.pdf'}
        Of the file's name.
    """
    return place / f"{place.name}-{kind}{ending}"


def sheets_of(place: Path, kind: str) -> list[Path]:
    """Return where all files lie that stand for a whole edition, whether they are there or not."""
    return [sheet_of(place, kind, ending) for ending in _SHEETS]


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
    if os.path.lexists(place) and (place.is_symlink() or not place.is_file() or _OURS not in place.read_bytes()):
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
                for ending, words in _SHEETS.items()
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
