"""Results are put in place whole or not at all, and by one run at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ci_analysis import places
from ci_analysis.errors import RunFailed


def folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "a.txt").write_text(text)
    return path


@pytest.fixture(params=[True, False], ids=["in one step", "in three steps"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(places, "_AT_ONCE", request.param and sys.platform == "linux")
    return bool(request.param)


def test_two_folders_change_places(tmp_path: Path, at_once: bool) -> None:
    one, other = folder(tmp_path / "one", "1"), folder(tmp_path / "other", "2")
    places.exchange(one, other)
    assert ((one / "a.txt").read_text(), (other / "a.txt").read_text()) == ("2", "1")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "other"]


def test_in_one_step_the_place_is_never_empty(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux lets two names change places in one step")
    one, other = folder(tmp_path / "one", "1"), folder(tmp_path / "other", "2")
    missed, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            if not other.exists():
                missed.append(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(500):
        places.exchange(one, other)
    stop.set()
    watcher.join()
    assert missed == []


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [False, True])
def test_what_stops_the_second_takes_back_the_first(
    tmp_path: Path, at_once: bool, stop: BaseException, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        folder(tmp_path / name, f"old {name}")
        folder(tmp_path / "new" / name, f"new {name}")
    folder(tmp_path / "new" / "d", "new d")
    real = places.exchange

    def stopped(one: Path, other: Path) -> None:
        if (one.name, (one / "a.txt").read_text()) == ("b", "new b"):
            if after:  # a Ctrl-C may come when they have just changed places
                real(one, other)
            raise stop
        real(one, other)

    monkeypatch.setattr(places, "exchange", stopped)
    wanted = {tmp_path / name: tmp_path / "new" / name for name in "dabc"}
    with pytest.raises(RunFailed if isinstance(stop, OSError) else KeyboardInterrupt):
        places.put_in_place(wanted)
    assert {p.name: (p / "a.txt").read_text() for p in tmp_path.iterdir() if p.name != "new"} == {
        name: f"old {name}" for name in "abc"
    }
    monkeypatch.setattr(places, "exchange", real)
    places.put_in_place(wanted)
    assert [(tmp_path / name / "a.txt").read_text() for name in "abcd"] == [f"new {name}" for name in "abcd"]


def test_what_a_killed_run_left_is_taken_away_and_what_it_took_comes_back(tmp_path: Path) -> None:
    place = tmp_path / "study"
    folder(tmp_path / ".study.x1" / "old", "good")
    folder(tmp_path / ".study.x2" / "new", "half made")
    folder(tmp_path / ".study-two.x3" / "new", "of another study")
    with places.locked(place):
        assert (place / "a.txt").read_text() == "good"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".study-two.x3", "study"]


HOLD = """
import sys, time
from pathlib import Path
from ci_analysis.places import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(place: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_run_waits_for_the_first_whichever_way_it_ends(tmp_path: Path, killed: bool) -> None:
    other = hold(tmp_path / "study")
    waited = []

    def end() -> None:
        waited.append(other.poll())
        if killed:
            other.kill()
        other.communicate(None if killed else "go\n", timeout=30)

    with places.locked(tmp_path / "study", end):
        assert waited == [None], "it was under way, and one waiting was told once"
    assert other.wait(timeout=30) in (0, -9)
    assert list(tmp_path.iterdir()) == []


def test_threads_of_one_process_wait_for_each_other_too(tmp_path: Path) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(5):
            with places.locked(tmp_path / "deep" / "study"):
                with guard:
                    inside += 1
                    most = max(most, inside)
                threading.Event().wait(0.005)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (inside, most) == (0, 1)


def test_all_studies_are_those_of_the_nearest_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "no-study"):
        (tmp_path / "data" / "raw" / name).mkdir(parents=True)
    for name in "ab":
        (tmp_path / "data" / "raw" / name / "study.yaml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert [p.name for p in places.all_studies()] == ["a", "b"]
