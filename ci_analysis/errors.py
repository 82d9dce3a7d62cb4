"""Every error that this package raises on purpose, each written for the person at the notebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = ["CiAnalysisError", "Problem", "RunFailed", "StudyNotFound", "StudyProblems", "WrongUse", "nearest"]

#: Of problems of one kind in one column, how many are printed before the rest are only counted.
SHOWN_OF_A_KIND = 25


class CiAnalysisError(Exception):
    """The root of this package's errors: what was found, what was expected, what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this: in a notebook the sentences are the message, without the lines of code above them.
        return str(self).splitlines()


class WrongUse(CiAnalysisError):
    """A command or a function was called in a way that it does not take."""


class StudyNotFound(WrongUse):
    """There is no study folder by that name."""


class RunFailed(CiAnalysisError):
    """A step of a run stopped; the last good report stands."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a study, and what to do about it.

    Parameters
    ----------
    file : str
        Name of the file, relative to the study's folder.
    row : int
        Line in the file, counted from 1 (the header is line 1); 0 where the whole file is meant.
    column : str
        Name of the column or key; empty where the whole row is meant.
    what, do : str
        What is wrong, and what to do, as clauses without a full stop.
    kind : str
        Problems of one kind in one column are shown together.

    Examples
    --------
    >>> print(Problem("partners.csv", 4, "sector", "'helth' is not a sector", "write 'health'"))
    partners.csv:4:sector: 'helth' is not a sector; write 'health'
    """

    file: str
    row: int
    column: str
    what: str
    do: str
    kind: str = ""

    def __str__(self) -> str:
        where = ":".join([self.file, *([str(self.row)] if self.row else []), *([self.column] if self.column else [])])
        return f"{where}: {self.what}; {self.do}"


class StudyProblems(CiAnalysisError):
    """All the problems of a study, found in one reading.

    Parameters
    ----------
    study : str
        The study's name or folder, for the first line.
    problems : sequence of Problem
        In the order of files, rows and columns.
    """

    def __init__(self, study: str, problems: Sequence[Problem]) -> None:
        self.study = study
        self.problems = tuple(problems)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return the problems as lines, the many of one kind cut short and counted."""
        n = len(self.problems)
        return [
            f"{self.study} has {n} problem{'' if n == 1 else 's'}:",
            *_shortened(self.problems),
        ]

    def __reduce__(self) -> tuple[type[StudyProblems], tuple[str, tuple[Problem, ...]]]:
        # The default would hand the joined text to __init__ when the error crosses processes.
        return StudyProblems, (self.study, self.problems)


def _shortened(problems: Iterable[Problem]) -> list[str]:
    problems = list(problems)
    totals = Counter((p.file, p.column, p.kind) for p in problems if p.kind)
    seen: Counter[tuple[str, str, str]] = Counter()
    lines = []
    for p in problems:
        group = (p.file, p.column, p.kind)
        seen[group] += 1
        if not p.kind or seen[group] <= SHOWN_OF_A_KIND:
            lines.append(str(p))
        if p.kind and seen[group] == SHOWN_OF_A_KIND < totals[group]:
            lines.append(f"{p.file}:{p.column}: {totals[group] - SHOWN_OF_A_KIND} more like these; mend them too")
    return lines


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the clause that names the known word nearest to a wrong one.

    Examples
    --------
    >>> nearest("sectr", ["sector", "status"])
    "write 'sector'"
    >>> nearest("qq", ["sector", "status"])
    "use one of 'sector', 'status'"
    """
    known = list(known)
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"write '{close[0]}'"
    shown = ", ".join(f"'{k}'" for k in known[:12])
    more = f" … ({len(known)} in all)" if len(known) > 12 else ""
    return f"use one of {shown}{more}" if known else "there is none to use yet"
