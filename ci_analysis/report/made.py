"""Where an edition lies, from which notebooks it is made, and whether it is made already."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from ci_analysis.errors import RunFailed
from ci_analysis.stamps import package_folder, untouched

__all__ = [
    "MARK",
    "PAGES",
    "SHEETS",
    "Kind",
    "all_editions",
    "is_made",
    "notebooks_folder",
    "notebooks_hash",
    "sheet_of",
    "sheets_of",
]

Kind = Literal["public", "internal"]
#: The notebook behind each step's page.
PAGES = {"convene": "1-convene", "landscape": "2-landscape", "strategy": "3-strategy", "redesign": "4-redesign"}
#: What an edition says of itself.
MARK = "report.json"
#: Endings of the files that stand for a whole edition, and what each is called.
SHEETS = {".html": "one file", "-brief.pdf": "the brief as PDF", ".pdf": "all of it as PDF"}


def all_editions() -> tuple[Kind, ...]:
    """Return both editions, the public one first."""
    return get_args(Kind)


def is_made(folder: Path, mark: str) -> bool:
    """Whether an edition's pages are there, all of them as they were written, from what `mark` stands for."""
    try:
        made = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return bool(made["mark"] == mark) and untouched(folder, made["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def notebooks_folder() -> Path:
    """Return the folder of the four notebooks: beside the package in a checkout, inside it when installed."""
    inside = package_folder()
    for folder in (inside.parent / "notebooks", inside / "notebooks"):
        if all((folder / f"{stem}.ipynb").is_file() for stem in PAGES.values()):
            return folder
    raise RunFailed("The notebooks are missing; install the package again.")


def notebooks_hash() -> str:
    """Return a hash of the four notebooks."""
    whole = sha256()
    for stem in PAGES.values():
        whole.update((notebooks_folder() / f"{stem}.ipynb").read_bytes())
    return whole.hexdigest()


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
    return [sheet_of(place, kind, ending) for ending in SHEETS]
