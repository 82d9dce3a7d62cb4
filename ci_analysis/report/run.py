"""Runs one study: its tables, notebooks and pages, each in a child process, all put in place together at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ci_analysis.errors import CiAnalysisError, RunFailed
from ci_analysis.places import locked, put_in_place, root_of, writable
from ci_analysis.report.children import DEADLINE, WARM, Children
from ci_analysis.report.made import PAGES, Kind, all_editions, is_made, notebooks_folder, notebooks_hash, sheets_of
from ci_analysis.stamps import fingerprint, is_written

__all__ = ["Event", "Made", "Wishes", "report"]

_JOBS = "ci_analysis.report.jobs"


@dataclass(frozen=True)
class Wishes:
    """What is wanted of a run, and how it is to be made.

    Parameters
    ----------
    editions : tuple of {'public', 'internal'}
        Which to make.
    processed, reports : pathlib.Path, optional
        Where results go; `data/processed` and `reports` beside `data/raw`, unless told.
    single, pdf : bool
        Whether each edition is written as one HTML file too, and printed.
    force : bool
        Make everything anew, even where nothing has changed.
    isolation : {'warm', 'kernel'}
        How notebooks are executed: in children of a warm parent, or in kernels of their own.
    deadline : float
        Seconds that one notebook, or one other step, may take.
    """

    editions: tuple[Kind, ...] = all_editions()
    processed: Path | None = None
    reports: Path | None = None
    single: bool = False
    pdf: bool = False
    force: bool = False
    isolation: Literal["warm", "kernel"] = "warm" if WARM else "kernel"
    deadline: float = DEADLINE

    def tables(self, folder: Path) -> Path:
        """Return where a study's tables go."""
        return Path(self.processed or root_of(folder) / "data" / "processed") / folder.name

    def pages(self, folder: Path) -> Path:
        """Return where a study's editions go."""
        return Path(self.reports or root_of(folder) / "reports") / folder.name


@dataclass(frozen=True)
class Event:
    """What a run tells of itself while it is under way.

    Parameters
    ----------
    study : str
        The study's name.
    step : str
        `wait`, `unchanged`, `tables`, `page`, `again` or `sheets`.
    said : str
        A short sentence.
    done, of : int
        Pages that are there, and pages in all.
    """

    study: str
    step: str
    said: str
    done: int = 0
    of: int = 0


@dataclass(frozen=True)
class Made:
    """What a run leaves.

    Parameters
    ----------
    pages : tuple of pathlib.Path
        The first page of each edition.
    files : tuple of pathlib.Path
        What was written for mail.
    unchanged : bool
        Whether all was there already.
    """

    pages: tuple[Path, ...]
    files: tuple[Path, ...] = ()
    unchanged: bool = False


Say = Callable[[Event], None]


def report(
    folder: Path, wishes: Wishes | None = None, *, children: Children | None = None, say: Say = lambda _: None
) -> Made:
    """Run a study: its tables, its notebooks and its pages; what has not changed is left as it is.

    Parameters
    ----------
    folder : pathlib.Path
        The study's.
    wishes : Wishes, optional
        What is wanted.
    children : Children, optional
        The processes that do it; two at once, unless told.
    say : callable
        Is told what is being done.

    Raises
    ------
    StudyProblems
        Where the study has problems.
    RunFailed
        Where a notebook, or another step, stops. The last good report stands; `failed/` beside it holds the cell.
    """
    wishes, folder = wishes or Wishes(), folder.resolve()
    if children is None:
        children = Children(2)
        try:
            return report(folder, wishes, children=children, say=say)
        finally:
            children.stop()
    run = _Run(folder, wishes, children, say)
    with ExitStack() as held:
        for place in dict.fromkeys((run.tables, run.home)):
            held.enter_context(locked(place, run.wait))
        made = run.make()
        if wishes.single or wishes.pdf:
            said = f"{folder.name}: " + ("printing" if wishes.pdf else "writing one file of") + " each edition"
            say(Event(folder.name, "sheets", said))
            job = f"{_JOBS}:write_sheets"
            files = children.call(job, folder, made.pages, wishes.single, wishes.pdf, deadline=wishes.deadline)
            return Made(made.pages, tuple(files), made.unchanged)
        return made


class _Run:
    """One run of one study, which holds its places."""

    def __init__(self, folder: Path, wishes: Wishes, children: Children, say: Say) -> None:
        self.folder, self.wishes, self.children, self.say = folder, wishes, children, say
        self.name = folder.name
        self.tables, self.home = wishes.tables(folder), wishes.pages(folder)

    def wait(self) -> None:
        self.say(Event(self.name, "wait", f"{self.name}: another run is under way; waiting for its end"))

    def call(self, job: str, *args: object) -> object:
        """Do a job in a child; what stops it is said with the study's name and what stands."""
        try:
            return self.children.call(f"{_JOBS}:{job}", *args, deadline=self.wishes.deadline)
        except RunFailed as failure:
            raise RunFailed(self.sentence(str(failure))) from None

    def sentence(self, what: str) -> str:
        head, _, rest = what.partition("\n")
        head = head if head.startswith(self.name) else f"{self.name}: {head}"
        stands = "" if "stands" in head else " The last good report stands."
        return f"{head.rstrip('.')}.{stands}" + (f"\n{rest}" if rest else "")

    def make(self) -> Made:
        wishes, folder = self.wishes, self.folder
        stamp = fingerprint(folder)
        mark = stamp + notebooks_hash()
        first = tuple(self.home / kind / "index.html" for kind in wishes.editions)
        current = not wishes.force and is_written(self.tables, stamp)
        stale = tuple(k for k in wishes.editions if wishes.force or not is_made(self.home / k, mark))
        if current and not stale:
            self.say(Event(self.name, "unchanged", f"{self.name}: nothing has changed since the last run"))
            return Made(first, unchanged=True)
        aside = writable(self.home.parent, keep=f".{self.name}.")
        beside = aside if current else writable(self.tables.parent, keep=f".{self.name}.")
        try:
            fresh = self.tables if current else beside / self.name
            if not current:
                self.say(Event(self.name, "tables", f"{self.name}: computing the tables"))
            self.call("prepare", folder, self.tables, fresh, stamp, aside, stale)
            self.write(stale, fresh, aside, mark)
            self.home.mkdir(parents=True, exist_ok=True)
            put_in_place(
                ({} if current else {self.tables: fresh}) | {self.home / kind: aside / f"site-{kind}" for kind in stale}
            )
            self.leave_nothing_older(stale)
        except BaseException:
            self.keep_failed(aside)
            raise
        finally:
            for each in {aside, beside}:
                shutil.rmtree(each, ignore_errors=True)
        return Made(first)

    def write(self, stale: tuple[Kind, ...], tables: Path, aside: Path, mark: str) -> None:
        """Write every page, some at once, and each edition as soon as its pages are there."""
        shelf, wanted = notebooks_folder(), [(kind, page) for kind in stale for page in PAGES]
        left = {kind: set(PAGES) for kind in stale}
        with ThreadPoolExecutor(max(1, len(wanted))) as pool:

            def page_of(kind: Kind, page: str) -> tuple[Kind, str]:
                self.page(shelf / f"{PAGES[page]}.ipynb", tables.parent, aside, kind, page)
                return kind, page

            try:
                editions = []
                for done, job in enumerate(as_completed([pool.submit(page_of, *each) for each in wanted]), 1):
                    kind, page = job.result()
                    said = f"{self.name}: {done} of {len(wanted)} pages ({kind} {page})"
                    self.say(Event(self.name, "page", said, done, len(wanted)))
                    left[kind].discard(page)
                    if not left[kind]:
                        place = self.home / kind
                        editions.append(pool.submit(self.call, "assemble", aside, kind, tables, place, mark))
                for edition in editions:
                    edition.result()
            except BaseException as failure:
                pool.shutdown(wait=False, cancel_futures=True)
                if not isinstance(failure, CiAnalysisError):
                    self.children.stop()  # nobody waits for what is under way
                raise

    def page(self, notebook: Path, processed: Path, aside: Path, kind: Kind, page: str) -> None:
        """Execute a notebook and write its page: where a warm child fails, once more with a kernel of its own."""
        work = f"{_JOBS}:write_page"
        args = (notebook, self.folder, processed, aside, kind, page)
        try:
            try:
                self.children.call(work, *args, self.wishes.isolation, deadline=self.wishes.deadline)
            except RunFailed as failure:
                if self.wishes.isolation == "kernel" or self.children.stopped:
                    raise
                said = f"{self.name}: {kind} {page} once more, with a kernel of its own ({_first(failure)})"
                self.say(Event(self.name, "again", said))
                self.children.call(work, *args, "kernel", deadline=self.wishes.deadline)
        except RunFailed as failure:
            kept = self.home / "failed" / f"{kind}-{PAGES[page]}.ipynb"
            where = f" The cell is in {kept}." if (aside / f"{kind}-{page}.failed").is_file() else ""
            said = (
                f"{notebook.stem}, {kind} edition: {_first(failure).rstrip('.')}. The last good report stands.{where}"
            )
            raise RunFailed(f"{self.name}: {said}") from None

    def keep_failed(self, aside: Path) -> None:
        """Keep the notebooks that failed, up to the cell that did."""
        for kept in aside.glob("*.failed"):
            kind, _, page = kept.stem.partition("-")
            place = self.home / "failed" / f"{kind}-{PAGES[page]}.ipynb"
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(kept, place)
            except OSError:
                continue  # what stopped the run is said in any case

    def leave_nothing_older(self, kinds: tuple[Kind, ...]) -> None:
        """Take away what was written from the pages before: it would be mailed as if it said the same."""
        for kind in kinds:
            for sheet in sheets_of(self.home, kind):
                sheet.unlink(missing_ok=True)
            for failed in (self.home / "failed").glob(f"{kind}-*.ipynb"):
                failed.unlink(missing_ok=True)


def _first(failure: CiAnalysisError) -> str:
    return str(failure).partition("\n")[0]
