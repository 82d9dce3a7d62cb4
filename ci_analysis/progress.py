"""What a run says while it is under way: a line that changes in a terminal, lines elsewhere, JSON for machines."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TextIO

import click

from ci_analysis.batch import Outcome
from ci_analysis.errors import CiAnalysisError
from ci_analysis.report.run import Event

__all__ = ["Progress", "duration"]


def duration(seconds: float) -> str:
    """Return a time in the words one would use of it.

    Parameters
    ----------
    seconds : float
        The time.

    Examples
    --------
    >>> duration(4), duration(80), duration(600), duration(9000)
    ('less than 10 seconds', 'about a minute', 'about 10 minutes', 'about 2.5 hours')
    """
    if seconds < 10:
        return "less than 10 seconds"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 90:
        return "about a minute"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.2g} hours"


class Progress:
    """Tells a person, a log and a machine what is being done.

    Parameters
    ----------
    studies : int
        How many are run.
    machine : bool
        Whether each event is written to standard output as a line of JSON.
    log : pathlib.Path, optional
        A file that gets plain lines, after those that it has.
    """

    def __init__(self, studies: int, *, machine: bool = False, log: Path | None = None) -> None:
        self.studies, self.machine = studies, machine
        self.done = self.worked = 0
        self.begun = time.monotonic()
        self.live = sys.stderr.isatty() and not machine
        self.guard = threading.Lock()
        try:
            self.log: TextIO | None = log.open("a", encoding="utf-8") if log else None
        except OSError as error:
            raise CiAnalysisError(f"The log cannot be written to {log} ({error.strerror}).") from None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._line("")
        if self.log:
            self.log.close()

    def __call__(self, event: Event) -> None:
        """Tell what a study's run is doing."""
        ahead = f"{self.ahead()} · " if self.studies > 1 else ""
        with self.guard:
            self._machine({"event": event.step, **asdict(event)})
            self._log(event.said)
            if self.live:
                self._line(ahead + event.said)
            elif not self.machine:
                click.echo(event.said, err=True)

    def told(self, outcome: Outcome) -> None:
        """Tell what became of a study."""
        with self.guard:
            self.done += 1
            self.worked += outcome.state != "up to date"
            self._machine({"event": "done", **asdict(outcome)})
            why = f": {outcome.why}" if outcome.why else ""
            self._log(f"{outcome.study}: {outcome.state} after {outcome.seconds:.1f} seconds{why}")
            if self.studies > 1 and not self.machine:
                said = f"{self.ahead()}: {outcome.study} is {outcome.state}"
                if self.live:
                    self._line(said)
                else:
                    click.echo(said, err=True)

    def ahead(self) -> str:
        """Return how many studies are done, and how long the others will take by those that were not up to date."""
        said = f"{self.done:,} of {self.studies:,} studies"
        left = self.studies - self.done
        if not self.worked or not left:
            return said
        each = (time.monotonic() - self.begun) / self.worked
        return f"{said}, {duration(each * left)} still"

    def _line(self, said: str) -> None:
        if self.live:
            width = max(20, shutil.get_terminal_size().columns - 1)
            click.echo(f"\r\x1b[2K{said[:width]}", nl=False, err=True)

    def _log(self, said: str) -> None:
        if self.log:
            with suppress(OSError, ValueError):
                self.log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {said}\n")
                self.log.flush()

    def _machine(self, said: dict[str, object]) -> None:
        if self.machine:
            click.echo(json.dumps(said, ensure_ascii=False))
