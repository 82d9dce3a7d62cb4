"""The pages of one edition, written as a small site that opens from a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ci_analysis.figures.words import listing
from ci_analysis.report.blocks import outline_problems
from ci_analysis.report.brief import brief
from ci_analysis.report.common_agenda import common_agenda
from ci_analysis.report.data_walk import data_walk
from ci_analysis.report.made import MARK
from ci_analysis.report.methods import METHODS
from ci_analysis.report.pages import markdown, page
from ci_analysis.stamps import MANIFEST
from ci_analysis.tables import INPUTS, OUTPUTS, write_csv
from ci_analysis.tables import inert as inert_cells

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition

__all__ = ["NAV", "files_of", "inert", "outside", "write_site"]

#: Pages in their order, and what each is called.
NAV = (
    ("index", "In brief"),
    ("convene", "1 Convene"),
    ("landscape", "2 Landscape"),
    ("strategy", "3 Strategy"),
    ("redesign", "4 Redesign"),
    ("methods", "Methods"),
)
#: Attributes whose address a browser loads by itself.
_LOADING = ("src", "srcset", "poster", "data", "background")


def write_site(folder: Path, edition: Edition, bodies: Mapping[str, str], processed: Path, mark: str) -> None:
    """Write an edition's pages and downloads into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Empty.
    edition : Edition
        What the pages show.
    bodies : mapping of str to str
        HTML of each step's page, by the page's name.
    processed : pathlib.Path
        The folder of the run, for its manifest.
    mark : str
        Stands for everything that the edition was made from.

    Raises
    ------
    ValueError
        Where a page's headings are out of order, or it names an address outside: the code is wrong, not the study.
    """
    (folder / "data").mkdir()
    for name, frame in edition.tables.items():
        write_csv(inert(frame), folder / "data" / OUTPUTS[name].file)
    for step, body in bodies.items():
        _write(folder, edition, step, "step.html.j2", {"body": Markup(body)})
    first = brief(edition)
    _write(folder, edition, "index", "index.html.j2", first)
    _write(folder, edition, "methods", "methods.html.j2", _methods(edition, processed))
    (folder / "data-walk.html").write_text(data_walk(edition, back=True), encoding="utf-8")
    (folder / "common-agenda.html").write_text(common_agenda(edition, back=True), encoding="utf-8")
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    hashes = {p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest() for p in files}
    made = {
        "study": edition.study.name,
        "edition": edition.kind,
        "title": edition.study.settings.title,
        "community": edition.study.settings.community,
        "issue": edition.study.profile.label,
        "as_of": edition.study.settings.as_of.isoformat(),
        "finding": first["finding"],
        "mark": mark,
        "files": hashes,
    }
    (folder / MARK).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def files_of(folder: Path) -> dict[str, str]:
    """Return the texts of a folder's files by their names inside it."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes().decode("utf-8", errors="replace") for p in paths}


def inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose text no spreadsheet takes for a formula: such cells begin with an apostrophe.

    Examples
    --------
    >>> inert(pd.DataFrame({"a": ["=1+1", "b"], "n": [-1.0, 2.0]})).values.tolist()
    [["'=1+1", -1.0], ['b', 2.0]]
    """
    text = [c for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype)]
    return frame.assign(**{c: inert_cells(frame[c]) for c in text})


def _write(folder: Path, edition: Edition, name: str, template: str, context: Mapping[str, Any]) -> None:
    settings = edition.study.settings
    html = page(
        template,
        {
            "name": name,
            "title": dict(NAV)[name],
            "nav": NAV,
            "study": settings,
            "edition": edition.kind,
            "made_up": any(edition.study.is_illustrative(t) for t in (*INPUTS, *settings.illustrative)),
            "issue": edition.study.profile.label,
            "seats": edition.study.profile.words.seats,
            **context,
        },
    )
    wrong = outline_problems(html) + outside(html)
    if wrong:
        raise ValueError(f"{name}.html: {'; '.join(wrong)}")
    (folder / f"{name}.html").write_text(html, encoding="utf-8")


def outside(html: str) -> Sequence[str]:
    """Return the addresses outside the file that a page would load by itself.

    Links that a reader may follow are none of these.

    Examples
    --------
    >>> outside('<a href="https://example.org">x</a><img src="https://example.org/x.png">')
    ['loads https://example.org/x.png']
    """
    return _Loads(html).found


class _Loads(HTMLParser):
    """Collects what a page would load; what it says as text is none of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        for name, value in attrs:
            if name in _LOADING or (name.endswith("href") and tag in ("link", "image", "use")):
                self.look(value or "")
            elif name == "style":
                self.look_in_style(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.look_in_style(data)

    def look_in_style(self, css: str) -> None:
        for address in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", css):
            self.look(address)

    def look(self, address: str) -> None:
        if re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", address.strip(), flags=re.IGNORECASE):
            self.found.append(f"loads {address[:80]}")


def _made(edition: Edition, manifest: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return, step by step, how each table of an edition is made and from which of the study's files."""
    files = {f["path"] for f in manifest["inputs"]}
    steps: dict[str, list[dict[str, Any]]] = {}
    for name in edition.tables:
        table = OUTPUTS[name]
        behind = [INPUTS[m].file if m in INPUTS else "study.yaml" for m in table.made_from]
        rests = [path for path in dict.fromkeys(behind) if path in files]
        label = dict(NAV).get(table.step, "What changed since the last run")
        steps.setdefault(label, []).append({"table": table, "method": METHODS[name], "files": rests})
    return list(steps.items())


def _methods(edition: Edition, processed: Path) -> dict[str, Any]:
    manifest = json.loads((processed / MANIFEST).read_text(encoding="utf-8"))
    study = edition.study
    labels = study.labels["indicator"]
    sources = [
        s | {"used_for": listing([labels.get(n, n) for n in s["used_for"].split(", ")], most=20)}
        for s in manifest["sources"]
    ]
    return {
        "manifest": manifest | {"sources": sources},
        "steps": _made(edition, manifest),
        "profile": study.profile,
        "bands": study.bands,
        "provenance": Markup(markdown(study.provenance, below=2)) if study.provenance else "",
    }
