"""Where studies and results lie, and how results get there: one run at a time, whole or not at all.

Results are written in a folder beside their place, hidden, and change places with what was there in one step. While a
run is under way it holds a lock, which the system takes back when the run ends in whatever way, so that what an ended
run left aside is known to be nobody's.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ci_analysis.errors import RunFailed, StudyNotFound

__all__ = [
    "SLUG",
    "all_studies",
    "exchange",
    "find_study",
    "in_place",
    "locked",
    "put_in_place",
    "root_of",
    "shelf_here",
    "tidy",
    "writable",
]

#: An identifier: of studies, partners, projects and all that tables name.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: Seconds between two looks at a lock that another run holds.
_LOOK_AGAIN = 0.2
#: Whether two names can change places in one step.
_AT_ONCE = sys.platform == "linux"
#: Of Linux: the folder that paths are relative to, and to let two names change places.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def root_of(folder: Path) -> Path:
    """Return where a study's `data/` lies, or the working folder where the study lies elsewhere.

    Parameters
    ----------
    folder : pathlib.Path
        The study's.
    """
    parents = folder.resolve().parents
    return parents[2] if len(parents) > 2 and parents[0].name == "raw" and parents[1].name == "data" else Path.cwd()


def shelf_here() -> Path | None:
    """Return the `data/raw` of the working folder or of the nearest folder above it; None where there is none."""
    here = Path.cwd()
    return next((p / "data" / "raw" for p in (here, *here.parents) if (p / "data" / "raw").is_dir()), None)


def all_studies() -> list[Path]:
    """Return the folders of all studies under `data/raw`, by name.

    Raises
    ------
    StudyNotFound
        Where there is none.
    """
    shelf = shelf_here()
    found = sorted(path.parent for path in shelf.glob("*/study.yaml")) if shelf else []
    if not found:
        raise StudyNotFound("There is no study here: no folder under data/raw has a study.yaml.")
    return found


def find_study(named: str | Path) -> Path:
    """Return the folder of a study that is named by its slug or by its path.

    A slug is looked for under `data/raw` of the working folder and of the folders above it, so that a notebook
    finds it too.

    Raises
    ------
    StudyNotFound
        With the studies that are there.
    """
    path = Path(named)
    if (path / "study.yaml").is_file():
        return path.resolve()
    here = Path.cwd()
    shelves = [folder / "data" / "raw" for folder in (here, *here.parents)]
    if SLUG.fullmatch(str(named)):
        for shelf in shelves:
            if (shelf / str(named) / "study.yaml").is_file():
                return shelf / str(named)
    there = sorted({p.parent.name for shelf in shelves if shelf.is_dir() for p in shelf.glob("*/study.yaml")})
    found = f"The studies here are {', '.join(there)}." if there else f"There is no study under {shelves[0]} either."
    folder = next((p for p in (path, *(shelf / str(named) for shelf in shelves)) if p.is_dir()), None)
    if folder is not None:
        raise StudyNotFound(f"{named} is not a study: it has no study.yaml. Copy one from another study. {found}")
    raise StudyNotFound(f"There is no study '{named}'. {found}")


# --- whole or not at all ---------------------------------------------------------------------------------------------


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
    fresh = aside / "new"
    try:
        fresh.mkdir()
        yield fresh
        put_in_place({folder: fresh})
    except OSError as error:
        raise RunFailed(f"Results cannot be put in {folder} ({error.strerror}); what was there stands.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def put_in_place(fresh: Mapping[Path, Path]) -> None:
    """Put new folders in the places of old ones, all of them or none.

    Parameters
    ----------
    fresh : mapping of pathlib.Path to pathlib.Path
        By its place, each new folder; on the same file system. Where one was in its place, it lies there afterwards.

    Raises
    ------
    RunFailed
        Where one cannot be put in its place; then all is as it was.
    """
    done: list[tuple[Path, Path, bool, int]] = []
    try:
        for place, new in fresh.items():
            there = place.exists()
            done.append((place, new, there, new.stat().st_ino))
            if there:
                exchange(new, place)
            else:
                new.rename(place)
    except BaseException as error:
        # Whatever stopped it, Ctrl-C between two of them included. Of the last one only its number tells where it is.
        for place, new, there, number in reversed(done):
            if place.exists() and place.stat().st_ino == number:
                if there:
                    exchange(new, place)
                else:
                    place.rename(new)
        if isinstance(error, OSError):
            what = f"Results cannot be put in {done[-1][0]} ({error.strerror}); what was there stands."
            raise RunFailed(what) from error
        raise


def exchange(one: Path, other: Path) -> None:
    """Let two folders of one file system change places: in one step where the system can, else in three.

    Parameters
    ----------
    one, other : pathlib.Path
        Both are there.
    """
    if _AT_ONCE:
        rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        paths = (os.fsencode(one), os.fsencode(other))
        if rename and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
            return
    between = one.parent / "old"
    other.rename(between)
    try:
        one.rename(other)
    except BaseException:
        between.rename(other)
        raise
    between.rename(one)


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


def tidy(place: Path) -> None:
    """Take away what a run that was killed left beside a place, and give the place back what it held.

    Only for who holds the place's lock.

    Parameters
    ----------
    place : pathlib.Path
        The folder of results.
    """
    for aside in place.parent.glob(f".{place.name}.*/"):
        # Where folders change places in three steps, a kill may have come after the first.
        old = next((p for p in (aside / "old", *aside.glob("*/old")) if p.is_dir()), None)
        if old is not None and not place.exists():
            old.rename(place)
        shutil.rmtree(aside, ignore_errors=True)


# --- one run at a time -----------------------------------------------------------------------------------------------


@contextmanager
def locked(place: Path, wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a place of results for one run; where another run holds it, wait for its end.

    Parameters
    ----------
    place : pathlib.Path
        The folder of results; the lock lies beside it, hidden, as long as it is held.
    wait : callable
        Is called once, where there is something to wait for.

    Raises
    ------
    RunFailed
        Where no lock can be written there.
    """
    path, said = place.parent / f".{place.name}.lock", False
    above = [folder for folder in path.parents if not folder.exists()]
    while (lock := _open(path)) is None or not _taken(lock) or not _is(lock, path):
        if lock is not None:
            os.close(lock)
        if not said:
            wait()
            said = True
        time.sleep(_LOOK_AGAIN)
    try:
        tidy(place)
        yield
    finally:
        with suppress(OSError):  # Windows takes away no file that is open
            path.unlink()
        os.close(lock)
        with suppress(OSError):  # of a run that put nothing there, nothing is left
            for folder in above:
                folder.rmdir()


def _open(path: Path) -> int | None:
    """Return an open lock; None where its folder was taken away in the meantime."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFailed(f"Results cannot be written to {path.parent} ({error.strerror}).") from None


def _is(lock: int, path: Path) -> bool:
    """Whether an open lock is still the one that lies there: who held it before has taken it away."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(path))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _taken(lock: int) -> bool:
        """Whether the lock is ours now; Windows locks the first byte, which need not be there."""
        with suppress(OSError):
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
            return True
        return False

else:
    import fcntl

    def _taken(lock: int) -> bool:
        """Whether the lock is ours now."""
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False
