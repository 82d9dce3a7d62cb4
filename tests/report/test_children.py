"""Children do one piece of work each: what ends one of them ends no other, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ci_analysis.errors import Problem, RunFailed, StudyProblems
from ci_analysis.report.children import ALONE, WARM, Children, Lost

ONLY_WARM = pytest.mark.skipif(not WARM, reason="this system does not fork children of a warm parent")
HERE = "tests.report.test_children"


# --- pieces of work


def add(a: int, b: int) -> int:
    return a + b


def sleep(seconds: float, mark: str = "") -> None:
    if mark:
        Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)


def shot(number: int) -> None:
    os.kill(os.getpid(), number)


def hungry(megabytes: int) -> int:
    return len(b"x" * (megabytes * 2**20))


def wrong(kind: str) -> None:
    if kind == "problems":
        raise StudyProblems("study", [Problem("a.csv", 2, "b", "it is wrong", "mend it")])
    if kind == "disk":
        raise OSError(28, "No space left on device", "/somewhere")
    raise KeyError("a step")


def state() -> tuple[int, str, bool]:
    """Something that a child could find changed, and changes."""
    import pandas as pd

    found = pd.get_option("display.max_rows"), os.environ.get("LEFT_BEHIND", ""), "planted" in sys.modules
    pd.set_option("display.max_rows", 7)
    os.environ["LEFT_BEHIND"] = "here"
    sys.modules["planted"] = sys
    return found


def heavy_modules() -> list[str]:
    return sorted({name.split(".")[0] for name in sys.modules})


@pytest.fixture(scope="module")
def children() -> Children:
    return Children(2, memory=2 * 2**30)


# --- tests


def test_a_child_gives_its_result_and_says_what_it_used(children: Children) -> None:
    mine = children.account()
    assert mine.call(f"{HERE}:add", 2, 3) == 5
    assert 0 < mine.used.seconds < 60
    assert mine.used.memory > 2**20


def test_what_a_child_leaves_behind_meets_no_other(children: Children) -> None:
    first, second = (children.call(f"{HERE}:state") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("work", "args", "says"),
    [
        ("sleep", (60,), "it took longer than 2 seconds"),
        ("shot", (9,), r"it was ended from outside \(SIGKILL\), as happens when memory runs out"),
        ("shot", (11,), r"it was ended from outside \(SIGSEGV\)"),
    ],
)
def test_a_child_that_is_lost_says_how(children: Children, work: str, args: tuple[object, ...], says: str) -> None:
    begun = time.monotonic()
    with pytest.raises(Lost, match=says):
        children.call(f"{HERE}:{work}", *args, deadline=2)
    assert time.monotonic() - begun < 30
    assert children.call(f"{HERE}:add", 1, 1) == 2


@ONLY_WARM
def test_memory_has_a_limit_and_the_next_child_has_it_anew(children: Children) -> None:
    with pytest.raises(RunFailed, match="needed more memory than the 2 GB"):
        children.call(f"{HERE}:hungry", 3000)
    assert children.call(f"{HERE}:hungry", 100) == 100 * 2**20


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("problems", StudyProblems, "a.csv:2:b: it is wrong; mend it"),
        ("disk", RunFailed, r"No space left on device \(/somewhere\)"),
        ("other", RunFailed, "it stopped with KeyError: 'a step'"),
    ],
)
def test_what_a_child_raises_comes_back_as_an_error_of_ours(
    children: Children, kind: str, error: type, says: str
) -> None:
    with pytest.raises(error, match=says):
        children.call(f"{HERE}:wrong", kind)


def test_there_are_never_more_at_once_than_workers() -> None:
    one, begun = Children(1), time.monotonic()
    one.call(f"{HERE}:add", 1, 1)
    threads = [threading.Thread(target=one.call, args=(f"{HERE}:sleep", 0.5)) for _ in range(3)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert time.monotonic() - begun >= 1.5


def test_a_stop_ends_those_at_work_and_lets_none_begin(tmp_path: Path) -> None:
    some, lost = Children(2), []

    def work(i: int) -> None:
        try:
            some.call(f"{HERE}:sleep", 60, str(tmp_path / f"{i}"))
        except Lost as error:
            lost.append(str(error))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    some.stop()
    for thread in threads:
        thread.join(timeout=20)
    assert lost == ["the run was stopped"] * 3


PARENT = f"""
import sys
from ci_analysis.report.children import Children
Children(1).call("{HERE}:sleep", 120, sys.argv[1])
"""


@ONLY_WARM
def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    root = Path(__file__).parent.parent.parent
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(mark)], cwd=root)
    end = time.monotonic() + 120
    while not (mark.is_file() and mark.read_text()):
        assert time.monotonic() < end
        assert parent.poll() is None
        time.sleep(0.05)
    child = int(mark.read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait(timeout=30)
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(") ")[1][:1]:
        assert time.monotonic() < end
        time.sleep(0.05)


USED_IN_BOTH = """
import multiprocessing, os, sys
for name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{name}_NUM_THREADS"] = "1"
import geopandas as gpd, numpy as np, pandas as pd, pyarrow as pa, pyarrow.compute as pc, shapely

def use(path):
    words = pa.array([f"w{i % 97}" for i in range(200_000)])
    arrow = len(pc.unique(pc.utf8_upper(words)))
    blas = round(float(np.linalg.norm(np.ones((400, 400)) @ np.ones((400, 400)))))
    geos = round(shapely.unary_union(shapely.buffer(shapely.points(np.arange(50.0), 0), 1)).area, 3)
    gdal = len(gpd.read_file(path))
    return arrow, blas, geos, gdal

def child(send, path):
    send.send(use(path))

if __name__ == "__main__":
    path = sys.argv[1]
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=gpd.points_from_xy([0, 1], [0, 1]), crs=4326)
    frame.to_file(path, driver="GeoJSON")
    first, context = use(path), multiprocessing.get_context("fork")
    for _ in range(3):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=child, args=(send, path))
        process.start()
        assert receive.poll(60), "the child hangs"
        assert receive.recv() == first
        process.join(60)
        assert process.exitcode == 0
    print("all survive", first)
"""


@ONLY_WARM
def test_what_was_used_in_the_parent_can_be_used_in_a_child(tmp_path: Path) -> None:
    """The parent computes nothing; should a library do so while it is loaded, a child must not hang on it."""
    script = tmp_path / "both.py"
    script.write_text(USED_IN_BOTH)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "a.geojson")], capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert "all survive" in done.stdout, done.stderr


@ONLY_WARM
def test_the_parent_has_no_thread_beside_its_own() -> None:
    """A fork copies one thread alone: whatever lock another held would stay locked in the child."""
    code = "import ci_analysis.report.warm, os; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **ALONE}
    )
    assert done.stdout.strip() == "1", done.stdout
