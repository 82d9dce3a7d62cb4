"""Runs a study's notebooks through Papermill, and puts the report in place."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from ci_analysis.errors import RunFailed, WrongUse
from ci_analysis.pipeline import fingerprint, in_place, is_current, processed_folder, results, run, writable
from ci_analysis.report.editions import Kind, edition_of
from ci_analysis.report.files import write_files
from ci_analysis.report.leaks import stop_leaks, withheld
from ci_analysis.report.pdf import NO_BROWSER, browser, print_pdf
from ci_analysis.report.shelf import keep_earlier, sheet_of, sheets_of, write_shelf
from ci_analysis.report.single import one_file
from ci_analysis.report.site import PAGES, files_of, is_made, report_folder, write_site
from ci_analysis.study import Study

__all__ = ["all_editions", "notebooks_folder", "render", "report", "sheets"]

#: Seconds that one cell of a notebook may take.
CELL_SECONDS = 600
_WORKERS = 2
#: A socket's path has 107 bytes at most; beyond that folder, kernels take ports after all.
_LONGEST_SOCKET_FOLDER = 90

Say = Callable[[str], None]


def notebooks_folder() -> Path:
    """Return the folder of the four notebooks: beside the package in a checkout, inside it when installed."""
    inside = Path(os.fspath(files("ci_analysis")))  # type: ignore[call-overload]  # an installed package is a folder
    for folder in (inside.parent / "notebooks", inside / "notebooks"):
        if all((folder / f"{stem}.ipynb").is_file() for stem in PAGES.values()):
            return folder
    raise RunFailed("The notebooks are missing; install the package again.")


def report(
    study: Study,
    editions: tuple[Kind, ...] = ("public", "internal"),
    *,
    processed: Path | None = None,
    reports: Path | None = None,
    force: bool = False,
    say: Say = lambda _: None,
) -> list[Path]:
    """Run a study: its tables, its notebooks and its pages; what has not changed is left as it is.

    Parameters
    ----------
    study : Study
        Read and checked.
    editions : tuple of {'public', 'internal'}
        Which to make.
    processed, reports : pathlib.Path, optional
        Where results go; `data/processed` and `reports` beside `data/raw`, unless told.
    force : bool
        Make everything anew, even where nothing has changed.
    say : callable
        Is told, in a short sentence, what is being done.

    Returns
    -------
    list of pathlib.Path
        The first page of each edition.

    Raises
    ------
    RunFailed
        Where a notebook stops; the last good report stands.
    """
    folder = processed_folder(study, processed)
    mark = fingerprint(study) + _notebooks_hash()
    first = [report_folder(study, reports) / kind / "index.html" for kind in editions]
    for place in {page.parent.parent for page in first}:
        writable(place)
    if force or not is_current(study, folder):
        say(f"{study.name}: computing the tables")
        run(study, processed)
    stale = tuple(k for k, page in zip(editions, first, strict=True) if force or not is_made(page.parent, mark))
    if not stale:
        say(f"{study.name}: nothing has changed since the last run")
        write_shelf(first[0].parent.parent.parent)
        return first
    tables = results(study, processed)
    bodies = _bodies(study, [(kind, page) for kind in stale for page in PAGES], folder, reports, say)
    for kind, page in zip(editions, first, strict=True):
        if kind not in stale:
            continue
        keep_earlier(page.parent, study.settings.as_of)
        with in_place(page.parent) as fresh:
            shown = edition_of(study, tables, kind)
            write_site(fresh, shown, {p: bodies[kind, p] for p in PAGES}, folder, mark)
            stop_leaks(files_of(fresh), withheld(study, tables, shown), kind)
        # What was written from the pages before would be mailed as if it said the same.
        for sheet in sheets_of(page.parent.parent, kind):
            sheet.unlink(missing_ok=True)
    write_shelf(first[0].parent.parent.parent)
    return first


def sheets(study: Study, pages: list[Path], *, single: bool, pdf: bool, say: Say = lambda _: None) -> list[Path]:
    """Write whole editions as files that can be mailed: one HTML file, and PDF of the brief and of all of it.

    Parameters
    ----------
    study : Study
        Read and checked.
    pages : list of pathlib.Path
        The first page of each edition, as `report` returns them.
    single, pdf : bool
        Which to write.
    say : callable
        Is told, in a short sentence, what is being done.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    RunFailed
        Where a PDF is asked for and no browser is here that prints one; what else was asked for is there.
    """
    made: list[Path] = []
    day = study.settings.as_of
    for page in pages:
        place, kind = page.parent.parent, page.parent.name
        whole = one_file(page.parent)
        if single:
            made.append(sheet_of(place, kind, ".html"))
            write_files({made[-1]: whole}, force=True)
        if pdf and browser():
            say(f"{study.name}: printing the {kind} edition")
            with tempfile.TemporaryDirectory(prefix="ci-") as scratch:
                (Path(scratch) / "all.html").write_text(whole, encoding="utf-8")
                for ending, printed in (("-brief.pdf", page), (".pdf", Path(scratch) / "all.html")):
                    made.append(sheet_of(place, kind, ending))
                    print_pdf(printed, made[-1], day)
    write_shelf(pages[0].parent.parent.parent)
    if pdf and not browser():
        raise RunFailed(NO_BROWSER)
    return made


def _bodies(
    study: Study, wanted: list[tuple[Kind, str]], folder: Path, reports: Path | None, say: Say
) -> dict[tuple[Kind, str], str]:
    """Run the notebooks of the pages wanted, some at once, and return what stands in each page."""
    bodies: dict[tuple[Kind, str], str] = {}
    with tempfile.TemporaryDirectory(prefix="ci-") as scratch, _workers(len(wanted)) as pool:
        shelf = notebooks_folder()
        place, home = os.fspath(study.folder.resolve()), os.fspath(folder.parent.resolve())
        jobs = {
            pool.submit(_body, shelf / f"{PAGES[page]}.ipynb", place, kind, home, scratch): (kind, page)
            for kind, page in wanted
        }
        for done, job in enumerate(as_completed(jobs), 1):
            kind, page = jobs[job]
            try:
                html, notebook, failure = job.result()
            except BrokenProcessPool:
                said = "a worker was ended from outside, as happens when memory runs out; the last good report stands"
                raise RunFailed(f"{study.name}: {said}. Run it again, with fewer programs open.") from None
            if failure:
                raise RunFailed(_keep_failed(study, reports, kind, page, notebook, failure))
            bodies[kind, page] = html
            say(f"{study.name}: {done} of {len(wanted)} pages ({kind} {page})")
    return bodies


def render(path: Path, parameters: dict[str, Any], *, scratch: str | None = None) -> Any:
    """Return a notebook, executed by Papermill with the parameters given.

    Parameters
    ----------
    path : pathlib.Path
        The notebook.
    parameters : dict
        By name; only those that the notebook declares.
    scratch : str, optional
        A folder for what the kernel leaves; the system's, unless told.

    Raises
    ------
    WrongUse
        Where a parameter is not the notebook's: Papermill alone would let it pass.
    papermill.PapermillExecutionError
        Where a cell fails.
    """
    import papermill
    from traitlets.config import Config

    unknown = set(parameters) - set(papermill.inspect_notebook(os.fspath(path)))
    if unknown:
        raise WrongUse(f"{path.name} has no parameter {', '.join(sorted(unknown))}.")
    with tempfile.TemporaryDirectory(prefix="ci-", dir=scratch) as scratch:
        config = Config()
        if sys.platform != "win32" and len(scratch) <= _LONGEST_SOCKET_FOLDER:
            # Kernels that start together race for free ports; a socket file of its own has no rival.
            config.KernelManager.transport = "ipc"
            config.KernelManager.ip = os.path.join(scratch, "k")
        # The reader's own start-up files and history have no place in a report, nor has what a kernel says in parting.
        profile = Path(scratch) / "profile_default"
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text(
            "c = get_config()\nc.IPKernelApp.log_level = 50\nc.HistoryManager.enabled = False\n"
        )
        os.environ["IPYTHONDIR"] = os.environ["JUPYTER_RUNTIME_DIR"] = scratch
        return papermill.execute_notebook(
            os.fspath(path),
            None,
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=CELL_SECONDS,
            cwd=scratch,
            config=config,
        )


def _body(notebook: Path, study: str, kind: Kind, processed: str, scratch: str) -> tuple[str, str, str]:
    """In a worker: return a notebook's page body, or the failed notebook and a sentence on what stopped it."""
    import nbformat
    from papermill.exceptions import PapermillExecutionError

    from ci_analysis.report.pages import notebook_body

    try:
        executed = render(notebook, {"study": study, "edition": kind, "processed": processed}, scratch=scratch)
    except PapermillExecutionError as error:
        what = f"{error.ename}: {error.evalue}".strip().split("\n")[0][:300]
        failed = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(error.source)])
        return "", nbformat.writes(failed), f"cell {error.exec_count} stopped with {what}"
    return notebook_body(executed), "", ""


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of workers; whatever stops the run stops them too, and their kernels with them."""
    # Spawned, not forked: the parent may hold threads of pandas and BLAS, which a fork would copy half-way.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(min(_WORKERS, jobs), mp_context=context, initializer=_leave_it_to_the_parent) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in set(multiprocessing.active_children()) - others:
                worker.kill()  # in the midst of starting a kernel it would not listen; kernels follow their worker
            raise


def _leave_it_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _keep_failed(study: Study, reports: Path | None, kind: str, page: str, notebook: str, failure: str) -> str:
    place = report_folder(study, reports) / "failed"
    place.mkdir(parents=True, exist_ok=True)
    kept = place / f"{kind}-{PAGES[page]}.ipynb"
    kept.write_text(notebook, encoding="utf-8")
    return (
        f"{study.name}: {PAGES[page]}, {kind} edition: {failure}. The last good report stands; the cell is in {kept}."
    )


def _notebooks_hash() -> str:
    from hashlib import sha256

    digest = sha256()
    for stem in PAGES.values():
        digest.update((notebooks_folder() / f"{stem}.ipynb").read_bytes())
    return digest.hexdigest()


def all_editions() -> tuple[Kind, ...]:
    """Return both editions, the public one first."""
    return get_args(Kind)
