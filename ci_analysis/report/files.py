"""Files that a person asked for, put where the person said: whole or not at all, and over nothing of anybody's."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from errno import ENOTDIR
from pathlib import Path

from ci_analysis.errors import CiAnalysisError, WrongUse

__all__ = ["write_files"]


def write_files(
    texts: Mapping[Path, str], *, force: bool = False, ours: Callable[[bytes], bool] = lambda content: False
) -> None:
    """Write texts into files, all of them or none.

    Parameters
    ----------
    texts : mapping of pathlib.Path to str
        What each file holds, as UTF-8; folders that are not there are made.
    force : bool
        Whether files that are there are replaced.
    ours : callable
        Whether a file of this content may be replaced in any case, since nothing of anybody's is in it.

    Raises
    ------
    WrongUse
        Where a file would lie in a study's folder or in the place of a folder or a link, or is there already.
    CiAnalysisError
        Where the files cannot be written; then all is as it was.
    """
    _refuse_studies(texts)
    kept = [path for path in texts if os.path.lexists(path)]
    odd = [path for path in kept if path.is_symlink() or not path.is_file()]
    if odd:
        # To write through a link would change a file that nobody named.
        what = "is a link or a folder, and no file" if len(odd) == 1 else "are links or folders, and no files"
        raise WrongUse(f"{_listed(odd)} {what}; nothing was written. Take it away, or name another place with --out.")
    try:
        theirs = [path for path in kept if not (force or ours(path.read_bytes()))]
        if theirs:
            are, it = ("is", "it") if len(theirs) == 1 else ("are", "them")
            raise WrongUse(
                f"{_listed(theirs)} {are} there already; nothing was written. "
                f"Name another place with --out, or replace {it} with --force."
            )
        _put(texts)
    except OSError as error:
        where = f"{next(iter(texts))}" if len(texts) == 1 else f"{next(iter(texts)).parent}"
        why = error.strerror or error
        raise CiAnalysisError(
            f"{where} cannot be written ({why}); all is as it was. Name another place with --out."
        ) from error


def _refuse_studies(texts: Mapping[Path, str]) -> None:
    for path in texts:
        # Both as it is written and where links lead.
        for folder in (*Path(os.path.abspath(path)).parents, *path.parent.resolve().parents, path.parent.resolve()):
            if os.path.lexists(folder / "study.yaml"):
                raise WrongUse(
                    f"{path} lies in a study's folder, {folder}, which holds its tables alone; nothing was written. "
                    f"Name another place with --out."
                )


def _listed(paths: list[Path]) -> str:
    names = [str(path) for path in paths]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _put(texts: Mapping[Path, str]) -> None:
    """Put every file in place, or none: all are written beside their places first, old ones copied too."""
    fresh: dict[Path, Path] = {}
    old: dict[Path, Path] = {}
    done: list[Path] = []
    made: list[Path] = []
    try:
        for path, text in texts.items():
            made.extend(_folder(path.parent))
            fresh[path] = _beside(path, text.encode())
            if path.exists():
                shutil.copymode(path, fresh[path])
                old[path] = _beside(path, path.read_bytes())
                shutil.copymode(path, old[path])
        for path, new in fresh.items():
            done.append(path)
            os.replace(new, path)
    except BaseException:
        for path in done:
            if path in old:
                os.replace(old[path], path)
            elif not fresh[path].exists():
                path.unlink(missing_ok=True)
        for path in (*fresh.values(), *old.values()):
            path.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise
    for path in old.values():
        path.unlink(missing_ok=True)


def _folder(folder: Path) -> Iterator[Path]:
    """Make a folder and those above it; yield each that was made, the outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    for each in reversed(missing):
        each.mkdir()
        yield each
    if not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "a file is where its folder would be")


def _beside(path: Path, content: bytes) -> Path:
    """Write a hidden file in the folder of another, so that it can take its place at once; return where it is."""
    aside = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return aside
