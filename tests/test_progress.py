"""What a run says: lines for people, a log, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_analysis import progress
from ci_analysis.batch import Outcome
from ci_analysis.errors import CiAnalysisError
from ci_analysis.report.run import Event


def test_lines_say_how_far_and_how_long_still(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.Progress(5, log=tmp_path / "run.log") as say:
        say(Event("a", "tables", "a: computing the tables"))
        say.told(Outcome("z", "/z", "up to date"))
        now[0] = 160.0
        say.told(Outcome("a", "/a", "made", seconds=60))
        say.told(Outcome("b", "/b", "failed", why="b has 1 problem"))
    lines = capsys.readouterr().err.splitlines()
    # One that was up to date took no time: 60 seconds for each that was worked on, and then 30.
    assert lines == [
        "a: computing the tables",
        "1 of 5 studies: z is up to date",
        f"2 of 5 studies, {progress.duration(60 * 3)} still: a is made",
        f"3 of 5 studies, {progress.duration(30 * 2)} still: b is failed",
    ]
    log = (tmp_path / "run.log").read_text(encoding="utf-8").splitlines()
    assert [line[20:] for line in log][-1] == "b: failed after 0.0 seconds: b has 1 problem"


def test_machines_get_a_line_for_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Progress(2, machine=True) as say:
        say(Event("ä", "page", "ä: 1 of 8 pages", 1, 8))
        say.told(Outcome("ä", "/ä", "made", pages=("p",)))
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [(e["event"], e["study"]) for e in events] == [("page", "ä"), ("done", "ä")]
    assert (events[0]["done"], events[0]["of"], events[1]["state"]) == (1, 8, "made")
    assert said.err == ""


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CiAnalysisError, match="The log cannot be written to"):
        progress.Progress(1, log=tmp_path / "none" / "run.log")
