"""What results rest on, as hashes: a study's files, the notebooks, this package, and the libraries it stands on.

Whether something has changed is told by these and never by dates: a clock may be wrong, and a copy has new dates.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path

__all__ = [
    "MANIFEST",
    "digest",
    "fingerprint",
    "is_written",
    "libraries",
    "package_folder",
    "package_hash",
    "untouched",
]

#: What a run says of itself, beside its tables.
MANIFEST = "manifest.json"
_CODE = (".py", ".yaml", ".json", ".csv", ".j2", ".css", ".js", ".parquet")
#: A file is hashed by pieces of this size.
_PIECE = 2**20


def fingerprint(folder: Path) -> str:
    """Return one hash of everything that a study's tables rest on.

    Parameters
    ----------
    folder : pathlib.Path
        The study's. Every file in it counts but hidden ones, whether it is read or not: which ones are read is known
        only after reading.
    """
    whole = sha256(package_hash().encode())
    for name, number in libraries().items():
        whole.update(f"{name}\0{number}\0".encode())
    for path in sorted(folder.iterdir()):
        if not path.name.startswith("."):
            content = _file(path) if path.is_file() else b"no file"
            whole.update(os.fsencode(path.name) + b"\0" + content + b"\0")
    return whole.hexdigest()


def untouched(folder: Path, written: Mapping[str, str]) -> bool:
    """Whether every file that a folder of results had is there as it was written.

    Parameters
    ----------
    folder : pathlib.Path
        Of the results.
    written : mapping of str to str
        SHA-256 of each file, by its name inside the folder.
    """
    return all(digest((folder / name).read_bytes()) == value for name, value in written.items())


def is_written(folder: Path, stamp: str) -> bool:
    """Whether a folder holds the tables that a study's fingerprint stands for, all of them as they were written.

    Parameters
    ----------
    folder : pathlib.Path
        Of the study's tables and their manifest.
    stamp : str
        The fingerprint.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        written = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
        return bool(manifest["fingerprint"] == stamp) and untouched(folder, written)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes.

    Examples
    --------
    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return sha256(content).hexdigest()


def _file(path: Path) -> bytes:
    whole = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            whole.update(piece)
    return whole.digest()


@cache
def libraries() -> dict[str, str]:
    """Return the version of each library that this package asks for, by name: another one may compute otherwise."""
    try:
        asked = requires("ci-analysis") or []
    except PackageNotFoundError:  # a copy of the source that was never installed
        return {}
    names = {line.partition(";")[0].strip() for line in asked if "extra ==" not in line}
    found = {}
    for name in sorted(_name(line) for line in names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _name(requirement: str) -> str:
    ends = [i for i, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_.")]
    return requirement[: ends[0]] if ends else requirement


@cache
def package_hash() -> str:
    """Return a hash of the package's own code and data: what another version computes is not the same."""
    root = package_folder()
    whole = sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in _CODE and path.is_file():
            whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def package_folder() -> Path:
    """Return the folder of the package."""
    return Path(os.fspath(files("ci_analysis")))  # type: ignore[call-overload]  # an installed package is a folder
