"""Many studies: on this machine, or on a Dask cluster. One that fails stops no other, and what is done stays done.

Each study is one piece of work, `run_one`, that is handed to an executor: threads here, which wait for the children
that do the work, or the workers of a cluster, which have children of their own. What is up to date is not run again,
so a batch that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ci_analysis.errors import CiAnalysisError, RunFailed, WrongUse
from ci_analysis.report.children import Children
from ci_analysis.report.run import Say, Wishes, report

__all__ = ["BATCH", "Outcome", "default_workers", "run_one", "run_studies"]

#: What a batch says of itself, in the folder of reports.
BATCH = "batch.json"
#: Workers unless told: more than these seldom find the memory they need.
_MOST_WORKERS = 8
#: Times that a study whose worker was lost is given to another.
_AGAIN = 2


@dataclass(frozen=True)
class Outcome:
    """What became of one study.

    Parameters
    ----------
    study : str
        Its name.
    folder : str
        Where it lies.
    state : {'made', 'up to date', 'failed', 'waiting'}
        What became of it.
    why : str
        Of a study that failed: what to mend, in sentences.
    pages, files : tuple of str
        The first page of each edition, and what was written for mail.
    seconds, processor_seconds : float
        How long it took, and of processors.
    memory : int
        Bytes at the highest of any one process.
    """

    study: str
    folder: str
    state: Literal["made", "up to date", "failed", "waiting"]
    why: str = ""
    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    processor_seconds: float = 0.0
    memory: int = 0


def default_workers() -> int:
    """Return how many workers this machine has, as far as a batch needs them."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, _MOST_WORKERS)


@cache
def _own_children() -> Children:
    """Return the children of a cluster's worker; its threads share the warm parent."""
    return Children(1)


def run_one(folder: Path, wishes: Wishes, children: Children | None = None, say: Say = lambda _: None) -> Outcome:
    """Run one study, and say what became of it: never an error, whatever happens.

    Parameters
    ----------
    folder : pathlib.Path
        The study's.
    wishes : Wishes
        What is wanted.
    children : Children, optional
        The processes that do it; a worker's own, unless told.
    say : callable
        Is told what is being done.
    """
    begun = time.monotonic()
    if multiprocessing.current_process().daemon:
        how = "start the cluster's workers with DASK_DISTRIBUTED__WORKER__DAEMON=False in their environment"
        return Outcome(
            folder.name, os.fspath(folder), "failed", f"{folder.name}: this worker may start no processes; {how}."
        )
    mine = (children or _own_children()).account()
    try:
        made = report(folder, wishes, children=mine, say=say)
        state: Literal["made", "up to date", "failed"] = "up to date" if made.unchanged else "made"
        why, pages, files = "", made.pages, made.files
    except CiAnalysisError as failure:
        state, why, pages, files = "failed", str(failure), (), ()
    except OSError as failure:
        where = f" ({failure.filename})" if failure.filename else ""
        state, why, pages, files = "failed", f"{folder.name}: {failure.strerror or failure}{where}.", (), ()
    return Outcome(
        folder.name,
        os.fspath(folder),
        state,
        why,
        tuple(map(os.fspath, pages)),
        tuple(map(os.fspath, files)),
        round(time.monotonic() - begun, 2),
        round(mine.used.seconds, 2),
        mine.used.memory,
    )


def run_studies(
    folders: Sequence[Path],
    wishes: Wishes,
    *,
    workers: int | None = None,
    memory: int | None = None,
    scheduler: str | None = None,
    say: Say = lambda _: None,
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run studies, some at once, and say what became of each, in their order.

    Parameters
    ----------
    folders : sequence of pathlib.Path
        The studies'.
    wishes : Wishes
        What is wanted of each.
    workers : int, optional
        Processes at work at once on this machine; its processors, unless told. Not with a scheduler.
    memory : int, optional
        Bytes that each may have. Not with a scheduler.
    scheduler : str, optional
        Address of a Dask scheduler, such as `tcp://10.0.0.5:8786`, whose workers see the same folders.
    say : callable
        Is told what is being done; of a cluster's studies, only that they are done.
    told : callable
        Is told what became of each study, as soon as it is known.

    Raises
    ------
    WrongUse
        Where two studies would write to one place, a cluster is told what its own workers say, or it cannot be used.
    """
    if scheduler and (workers or memory):
        raise WrongUse("How many workers a cluster has, and what memory, is said where they are started.")
    _refuse_rivals(folders, wishes)
    outcomes = {folder: Outcome(folder.name, os.fspath(folder), "waiting") for folder in folders}
    places = sorted({wishes.pages(folder).parent for folder in folders})
    several = len(folders) > 1
    children = Children(workers or default_workers(), memory=memory)
    try:
        with _executor(children, len(folders), scheduler) as (executor, here):
            doing: dict[Future[Outcome], Path] = {}
            for folder in folders:
                arguments = (children, say) if here else ()
                doing[executor.submit(run_one, folder, wishes, *arguments)] = folder
            try:
                for future in as_completed(doing):
                    folder = doing[future]
                    outcomes[folder] = _outcome(future, folder)
                    told(outcomes[folder])
                    if several:
                        _note(places, outcomes, wishes)
            except BaseException:
                children.stop()
                executor.shutdown(wait=False, cancel_futures=True)
                raise
        fresh = any(o.state == "made" or o.files for o in outcomes.values())
        if fresh or several or not all((place / "index.html").is_file() for place in places):
            _write_indexes(children, places, outcomes, wishes, several=several)
    finally:
        children.stop()
    return list(outcomes.values())


def _outcome(future: Future[Outcome], folder: Path) -> Outcome:
    try:
        return future.result()
    except Exception as failure:  # a cluster's own: its worker was lost, or could not be reached
        why = f"{folder.name}: its worker on the cluster was lost ({type(failure).__name__}). Run it again."
        return Outcome(folder.name, os.fspath(folder), "failed", why)


def _refuse_rivals(folders: Sequence[Path], wishes: Wishes) -> None:
    """Refuse studies that would write to one place: the last one would stand there as if it were all of them."""
    for places in ([wishes.tables(f) for f in folders], [wishes.pages(f) for f in folders]):
        counts = Counter(places)
        for place, folder in zip(places, folders, strict=True):
            if counts[place] > 1:
                rivals = [os.fspath(f) for f, p in zip(folders, places, strict=True) if p == place]
                raise WrongUse(
                    f"{' and '.join(rivals)} would both write to {place}. Rename one, or run each with --processed and "
                    f"--reports of its own; {folder.name} was not run, and no other either."
                )


@contextmanager
def _executor(children: Children, studies: int, scheduler: str | None) -> Iterator[tuple[Executor | Any, bool]]:
    """Give what runs the studies, and whether it is on this machine."""
    if scheduler is None:
        # Threads wait for children, which are never more than the workers; one more thread has its next one ready.
        with ThreadPoolExecutor(min(studies, children.workers + 1) or 1) as threads:
            yield threads, True
        return
    try:
        from distributed import Client
    except ImportError:
        raise WrongUse("A cluster needs the extra: pip install 'ci-analysis[cluster]'.") from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise WrongUse(f"No Dask scheduler answers at {scheduler} ({error}).") from None
    with client:
        yield client.get_executor(pure=False, retries=_AGAIN), False


# --- what is said of a batch -----------------------------------------------------------------------------------------


def _note(places: Sequence[Path], outcomes: dict[Path, Outcome], wishes: Wishes) -> None:
    """Write what became of each study so far, so that a batch that is killed says how far it came."""
    for place in places:
        said = [asdict(o) for folder, o in outcomes.items() if wishes.pages(folder).parent == place]
        counts = Counter(o["state"] for o in said)
        text = json.dumps({"counts": dict(sorted(counts.items())), "studies": said}, indent=1, ensure_ascii=False)
        aside = place / f".{BATCH}.{os.getpid()}"
        try:
            aside.write_text(text + "\n", encoding="utf-8")
            os.replace(aside, place / BATCH)
        except OSError:
            aside.unlink(missing_ok=True)  # a full disk, which each study says of itself


def _write_indexes(
    children: Children, places: Sequence[Path], outcomes: dict[Path, Outcome], wishes: Wishes, *, several: bool
) -> None:
    """Write the index of all reports and, of several studies, the page that says what became of each."""
    for place in places:
        here = [o for folder, o in outcomes.items() if wishes.pages(folder).parent == place]
        if any(o.state != "failed" for o in here) or several:
            try:
                children.call("ci_analysis.report.shelf:write_shelf", place)
                if several:
                    children.call("ci_analysis.report.shelf:write_summary", place, [asdict(o) for o in here])
            except RunFailed as failure:
                if not any(o.state == "failed" for o in here):
                    raise RunFailed(f"The index of all reports in {place} cannot be written: {failure}") from None
