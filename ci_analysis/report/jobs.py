"""What the children of a run do: its tables, each page, each edition, and what is mailed.

A run is a folder that is nobody's yet. `prepare` writes the tables and what each edition knows, `write_page` what
stands in a page, `assemble` an edition; only then does `report.run` put it all in place.
"""

from __future__ import annotations

import ast
import os
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from ci_analysis.errors import RunFailed, WrongUse
from ci_analysis.pipeline import read_tables, write_tables
from ci_analysis.report import engine
from ci_analysis.report.editions import HANDED, edition_of
from ci_analysis.report.files import write_files
from ci_analysis.report.leaks import stop_leaks, withheld
from ci_analysis.report.made import PAGES, Kind, sheet_of
from ci_analysis.report.pages import notebook_body
from ci_analysis.report.pdf import NO_BROWSER, browser, print_pdf
from ci_analysis.report.shelf import keep_earlier
from ci_analysis.report.single import one_file
from ci_analysis.report.site import files_of, write_site
from ci_analysis.study import Study

__all__ = ["Isolation", "assemble", "prepare", "render", "write_page", "write_sheets"]

Isolation = Literal["warm", "kernel"]
#: A socket's path has 107 bytes at most; beyond that folder, kernels take ports after all.
_LONGEST_SOCKET_FOLDER = 90


def prepare(folder: Path, old: Path, fresh: Path, stamp: str, aside: Path, kinds: tuple[Kind, ...]) -> None:
    """Read and check a study, compute its tables where they are not there, and write what each edition knows.

    Parameters
    ----------
    folder : pathlib.Path
        The study's.
    old, fresh : pathlib.Path
        Where its tables are, and where they go if they are to be made; the same where they stand.
    stamp : str
        The study's fingerprint.
    aside : pathlib.Path
        The run's folder.
    kinds : tuple of {'public', 'internal'}
        Editions that are wanted.
    """
    study = Study.read(folder)
    if fresh != old:
        fresh.mkdir(parents=True)
        write_tables(study, old, fresh, stamp)
    tables = read_tables(fresh)
    for kind in kinds:
        opened = edition_of(study, tables, kind)
        (aside / f"{kind}.edition").write_bytes(pickle.dumps(((os.fspath(folder), kind), opened), protocol=5))
    (aside / "whole").write_bytes(pickle.dumps((study, tables), protocol=5))


def write_page(
    notebook: Path, folder: Path, processed: Path, aside: Path, kind: Kind, name: str, isolation: Isolation
) -> None:
    """Execute a notebook for an edition, and write what stands in its page.

    Parameters
    ----------
    notebook : pathlib.Path
        The notebook.
    folder, processed : pathlib.Path
        The study's, and the one of all results.
    aside : pathlib.Path
        The run's folder.
    kind : {'public', 'internal'}
        The edition.
    name : str
        The page's.
    isolation : {'warm', 'kernel'}
        Whether the notebook is executed here, or in a kernel that is started for it.

    Raises
    ------
    RunFailed
        Where a cell fails, or a section shows nothing. The notebook up to there is left in the run's folder.
    """
    import nbformat
    from papermill.exceptions import PapermillExecutionError

    os.environ[HANDED] = os.fspath(aside / f"{kind}.edition")
    parameters = {"study": os.fspath(folder), "edition": kind, "processed": os.fspath(processed)}
    failed = aside / f"{kind}-{name}.failed"
    try:
        executed = render(notebook, parameters, isolation=isolation)
    except PapermillExecutionError as error:
        cell = nbformat.v4.new_code_cell(error.source, execution_count=error.exec_count)
        cell.outputs = [nbformat.v4.new_output("error", ename=error.ename, evalue=error.evalue, traceback=[])]
        failed.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])), encoding="utf-8")
        if error.ename == "MemoryError":
            raise MemoryError from None
        what = f"{error.ename}: {error.evalue}".strip().split("\n")[0][:300]
        raise RunFailed(f"cell {error.exec_count} stopped with {what}") from None
    silent = _silent(executed)
    if silent:
        failed.write_text(nbformat.writes(executed), encoding="utf-8")
        raise RunFailed(f"{len(silent)} of its sections showed nothing (cells {', '.join(map(str, silent))})")
    (aside / f"{kind}-{name}.html").write_text(notebook_body(executed), encoding="utf-8")


def _silent(notebook: Any) -> list[int]:
    """Return the numbers of the cells that call for a section and show none: pictures that got lost."""

    def calls(source: str) -> bool:
        last = ast.parse(source).body[-1:]
        return bool(last) and isinstance(last[0], ast.Expr) and "report.section(" in ast.unparse(last[0])

    return [
        cell.execution_count
        for cell in notebook.cells
        if cell.cell_type == "code"
        and "report.section(" in cell.source
        and calls(cell.source)
        and not any("text/html" in output.get("data", {}) for output in cell.outputs)
    ]


def render(path: Path, parameters: dict[str, Any], *, isolation: Isolation = "kernel") -> Any:
    """Return a notebook, executed by Papermill with the parameters given.

    Parameters
    ----------
    path : pathlib.Path
        The notebook.
    parameters : dict
        By name; only those that the notebook declares.
    isolation : {'kernel', 'warm'}
        Whether a kernel is started for it, or it is executed in this process, where it leaves what it leaves.

    Raises
    ------
    WrongUse
        Where a parameter is not the notebook's: Papermill alone would let it pass.
    papermill.PapermillExecutionError
        Where a cell fails.
    """
    import papermill
    from papermill.engines import papermill_engines
    from traitlets.config import Config

    unknown = set(parameters) - set(papermill.inspect_notebook(os.fspath(path)))
    if unknown:
        raise WrongUse(f"{path.name} has no parameter {', '.join(sorted(unknown))}.")
    # A checkout that was set up before the engine was there has not registered it.
    papermill_engines.register(engine.NAME, engine.InProcess)
    with tempfile.TemporaryDirectory(prefix="ci-") as scratch:
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
            engine_name=engine.NAME if isolation == "warm" else None,
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
            cwd=scratch,
            **({} if isolation == "warm" else {"config": config}),
        )


def assemble(aside: Path, kind: Kind, processed: Path, place: Path, mark: str) -> None:
    """Write an edition's pages and downloads, and search them for what is withheld.

    Parameters
    ----------
    aside : pathlib.Path
        The run's folder, in which the edition goes to `site-<edition>`.
    kind : {'public', 'internal'}
        The edition.
    processed : pathlib.Path
        The folder of the study's tables.
    place : pathlib.Path
        Where the edition will be put. What lies there and speaks of an earlier day is kept beside it.
    mark : str
        Stands for everything that the edition is made from.
    """
    study, tables = pickle.loads((aside / "whole").read_bytes())
    shown = pickle.loads((aside / f"{kind}.edition").read_bytes())[1]
    bodies = {name: (aside / f"{kind}-{name}.html").read_text(encoding="utf-8") for name in PAGES}
    fresh = aside / f"site-{kind}"
    fresh.mkdir()
    write_site(fresh, shown, bodies, processed, mark)
    stop_leaks(files_of(fresh), withheld(study, tables, shown), kind)
    keep_earlier(place, study.settings.as_of)


def write_sheets(folder: Path, pages: tuple[Path, ...], single: bool, pdf: bool) -> list[Path]:
    """Write whole editions as files that can be mailed: one HTML file, and PDF of the brief and of all of it.

    Parameters
    ----------
    folder : pathlib.Path
        The study's.
    pages : tuple of pathlib.Path
        The first page of each edition.
    single, pdf : bool
        Which to write.

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
    day = Study.read(folder).settings.as_of
    for page in pages:
        place, kind = page.parent.parent, page.parent.name
        whole = one_file(page.parent)
        if single:
            made.append(sheet_of(place, kind, ".html"))
            write_files({made[-1]: whole}, force=True)
        if pdf and browser():
            with tempfile.TemporaryDirectory(prefix="ci-") as scratch:
                (Path(scratch) / "all.html").write_text(whole, encoding="utf-8")
                for ending, printed in (("-brief.pdf", page), (".pdf", Path(scratch) / "all.html")):
                    made.append(sheet_of(place, kind, ending))
                    print_pdf(printed, made[-1], day)
    if pdf and not browser():
        raise RunFailed(NO_BROWSER)
    return made
