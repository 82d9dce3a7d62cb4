"""Child processes: one for each piece of work, with a deadline and a limit of memory.

Where the system can fork (Linux), a parent that has loaded the libraries once, and computes nothing, forks each child;
elsewhere each child starts from nothing, which is slower and gives the same. Nothing that a piece of work leaves behind
in its process, such as a setting or a patch, meets another.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.forkserver import ensure_running
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from ci_analysis.errors import CiAnalysisError, RunFailed

__all__ = ["ALONE", "DEADLINE", "WARM", "Children", "Lost", "Used", "machine_memory"]

#: Whether this system forks children of a warm parent. macOS can fork too, but its own libraries may not be used after.
WARM = sys.platform == "linux"
#: Seconds that a piece of work may take.
DEADLINE = 600.0
_GIGABYTE = 2**30
#: What libraries read from the environment when they are loaded, to have no thread beside the one that calls them; and
#: what tells a warm parent that it is one.
ALONE = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")},
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "CI_ANALYSIS_WARM": "1",
}


class Lost(RunFailed):
    """A child that was ended before its work was done: by its deadline, or from outside."""


@dataclass(frozen=True)
class Used:
    """What children have used up.

    Parameters
    ----------
    seconds : float
        Of processors, without those of the processes that they started.
    memory : int
        Bytes at the highest, of any one of them, with what it shares with its parent.
    """

    seconds: float = 0.0
    memory: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(self.seconds + other.seconds, max(self.memory, other.memory))


class Children:
    """Runs pieces of work in processes of their own, some at once.

    Parameters
    ----------
    workers : int
        Children at work at once, at most; others wait for their turn.
    memory : int, optional
        Bytes that each may have; the machine's, shared among the workers, unless told.
    """

    def __init__(self, workers: int, *, memory: int | None = None) -> None:
        self.workers = workers
        self.memory = memory or machine_memory() // workers
        self.used = Used()
        self._room = threading.BoundedSemaphore(workers)
        self._guard = threading.Lock()
        self._alive: set[BaseProcess] = set()
        self._stopped = threading.Event()
        self._whole: Children | None = None
        self._context = multiprocessing.get_context("forkserver" if WARM else "spawn")
        if WARM:
            self._context.set_forkserver_preload(["ci_analysis.report.warm"])

    def call(self, work: str, *args: object, deadline: float = DEADLINE) -> Any:
        """Return what a function gives in a process of its own, or raise what it raises.

        Parameters
        ----------
        work : str
            The function, as `module:name`.
        *args : object
            What it is called with.
        deadline : float
            Seconds, without those of waiting for a turn.

        Raises
        ------
        Lost
            Where the child was ended before it was done.
        RunFailed
            Where it stopped with something else than an error of this package.
        """
        with self._room:
            receive, send = self._context.Pipe(duplex=False)
            with self._child(send, work, args) as child:
                send.close()
                try:
                    if not receive.poll(deadline):
                        raise Lost(f"it took longer than {deadline:g} seconds")
                    result, error, used = receive.recv()
                except (EOFError, OSError):
                    raise Lost(self._how_it_ended(child)) from None
                finally:
                    receive.close()
        with self._guard:
            self.used += used
            if self._whole is not None:
                self._whole.used += used
        if error is not None:
            raise error
        return result

    @contextmanager
    def _child(self, send: Connection, work: str, args: tuple[object, ...]) -> Iterator[BaseProcess]:
        with _one_thread_each(), _no_interrupt():
            environment = dict(os.environ)
            if WARM:
                ensure_running()
        child = self._context.Process(target=_at_work, args=(send, work, args, self.memory, environment), daemon=True)
        with self._guard:
            if self._stopped.is_set():
                raise Lost("the run was stopped")
            try:
                with _no_interrupt():
                    child.start()
            except (OSError, EOFError) as error:
                raise RunFailed(f"no process could be started for it ({error or type(error).__name__})") from None
            self._alive.add(child)
        try:
            yield child
        finally:
            _end(child)
            with self._guard:
                self._alive.discard(child)

    def _how_it_ended(self, child: BaseProcess) -> str:
        child.join(timeout=5)
        if self._stopped.is_set():
            return "the run was stopped"
        code = child.exitcode
        if code is not None and code < 0:
            return f"it was ended from outside ({signal.Signals(-code).name}), as happens when memory runs out"
        return "it ended without a word" + ("" if code is None else f" (code {code})")

    def account(self) -> Children:
        """Return these children once more, for somebody who wants to know what only its own work has used up."""
        mine = copy(self)
        mine.used = Used()
        mine._whole = self
        return mine

    @property
    def stopped(self) -> bool:
        """Whether no new child begins."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End all children, with the processes that they started; no new one begins."""
        with self._guard:
            self._stopped.set()
            for child in self._alive:
                _kill(child)


def _end(child: BaseProcess) -> None:
    """See a child to its end: one that has given its result goes by itself, any other is ended."""
    child.join(timeout=1)
    if child.is_alive():
        _kill(child)
        child.join()
    elif WARM:
        # What the child started and left behind is of its group.
        with suppress(OSError):
            os.killpg(child.pid or 0, signal.SIGKILL)


def _kill(child: BaseProcess) -> None:
    with suppress(OSError, ValueError, AttributeError):
        if WARM and child.pid:
            os.killpg(child.pid, signal.SIGKILL)
    with suppress(OSError, ValueError):
        child.kill()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let what is started inside compute in one thread.

    Children use the processors by their number. A parent with threads of its own could not fork safely, and a sum whose
    parts are added by several threads may come out otherwise on another machine.
    """
    before = {name: os.environ.get(name) for name in ALONE}
    os.environ.update(ALONE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let what is started inside pass over Ctrl-C, which is for this process: it ends its children itself."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def machine_memory() -> int:
    """Return the bytes of memory of this machine, or what its container may have of them."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows says it otherwise, and limits nothing here
        return 4 * _GIGABYTE
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError), open(limit, encoding="ascii") as file:
            memory = min(memory, int(file.read()))
    return memory


# --- in the child ----------------------------------------------------------------------------------------------------


def _at_work(
    send: Connection, work: str, args: tuple[object, ...], memory: int, environment: Mapping[str, str]
) -> None:
    """Do a piece of work, and send what it gives, what it raised and what it has used."""
    os.environ.update(environment)  # a warm parent has that of the time when it began
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.setsid()  # a group of its own, which ends together
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    # A child is gone before what it has used up matters: it looks for rubbish seldom.
    gc.set_threshold(200_000, 50, 50)
    limited = _limit(memory)
    result: Any = None
    error: CiAnalysisError | None = None
    try:
        module, _, name = work.partition(":")
        result = getattr(importlib.import_module(module), name)(*args)
    except CiAnalysisError as failure:
        error = failure
    except MemoryError:
        error = RunFailed(f"it needed more memory than the {memory / _GIGABYTE:.2g} GB that it may have")
    except OSError as failure:
        where = f" ({failure.filename})" if failure.filename else ""
        error = RunFailed(f"{failure.strerror or failure}{where}")
    except Exception as failure:
        error = RunFailed(f"it stopped with {type(failure).__name__}: {failure}\n{traceback.format_exc()}")
    if limited:
        _limit(None)  # to say that memory ran out takes memory too
    send.send((result, error, _used()))
    send.close()
    _leave()


def _end_with_the_parent() -> None:
    """End this process, and what it has started, as soon as nobody waits for it any more."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    if sys.platform == "win32":
        os._exit(1)
    os.killpg(0, signal.SIGKILL)


def _leave() -> NoReturn:
    """End at once: what the parent has loaded would otherwise be taken apart once more in every child."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _limit(memory: int | None) -> bool:
    """Limit the memory of this process and of those that it starts; None takes the limit away. Say whether it did."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    kind = getattr(resource, "RLIMIT_DATA", None)
    if kind is None or sys.platform != "linux":
        return False  # elsewhere the limit does not hold what is asked of the system by pages
    _, most = resource.getrlimit(kind)
    wanted = most if memory is None else memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.setrlimit(kind, (wanted, most))
    return True


def _used() -> Used:
    try:
        import resource
    except ImportError:  # Windows
        return Used()
    own = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return Used(own.ru_utime + own.ru_stime, own.ru_maxrss * unit)
