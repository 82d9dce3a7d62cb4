"""What goes wrong in a run: the last good report stands, nothing is half-written, and the next run completes.

The study is one of settings alone, so that a run takes seconds. A report of it stands before each fault.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_analysis.errors import RunFailed
from ci_analysis.report import made, run
from ci_analysis.report.children import WARM, Children
from tests.conftest import made_once

ROOT = Path(__file__).parent.parent.parent
ONLY_SETTINGS = ROOT / "tests" / "studies" / "only-settings"
ONLY_LINUX = pytest.mark.skipif(not WARM, reason="needs what only Linux has")


class Place:
    """A copy of the study, and of its good report, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = folder / "data" / "raw" / "only-settings"
        self.before = self.results()

    def results(self) -> dict[str, bytes]:
        found = [p for top in ("reports", "data/processed") for p in (self.folder / top).rglob("*") if p.is_file()]
        kept = {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in found}
        return {name: content for name, content in kept.items() if "/failed/" not in name}

    def change(self) -> None:
        """Give the next run something to do."""
        path = self.study / "study.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "\nbudget: 1000\n", encoding="utf-8")

    def stands(self) -> bool:
        """Whether results are as they were; what a killed run left aside is hidden, and nobody's."""
        return {n: c for n, c in self.results().items() if "/." not in f"/{n}"} == self.before

    def completes(self) -> None:
        run.report(self.study, run.Wishes(("public",)))
        after = self.results()
        assert not [name for name in after if "/." in f"/{name}"], "nothing is left aside"
        assert after["reports/only-settings/public/index.html"]
        mark = json.loads(after["reports/only-settings/public/report.json"])["mark"]
        assert mark != json.loads(self.before["reports/only-settings/public/report.json"])["mark"]

    def command(self, *words: str, code: str = "", **others: object) -> subprocess.Popen[str]:
        """Start the command in a process of its own, behind some code."""
        start = f"import sys\n{code}\nfrom ci_analysis.cli import main\nsys.argv[0] = 'ci-analysis'\nmain()"
        words = ("run", str(self.study), "--edition", "public", *words)
        return subprocess.Popen(
            [sys.executable, "-c", start, *words], text=True, cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **others,
        )  # fmt: skip


def good(folder: Path) -> None:
    study = folder / "data" / "raw" / "only-settings"
    shutil.copytree(ONLY_SETTINGS, study)
    run.report(study, run.Wishes(("public",)))


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    shutil.copytree(made_once(tmp_path_factory, "good", good), tmp_path, dirs_exist_ok=True)
    here = Place(tmp_path)
    here.change()
    return here


@pytest.fixture
def planted(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts one more cell into the second notebook."""

    def plant(source: str) -> None:
        folder = place.folder / "notebooks"
        shutil.copytree(ROOT / "notebooks", folder, dirs_exist_ok=True)
        path = folder / "2-landscape.ipynb"
        notebook = json.loads((ROOT / "notebooks" / path.name).read_text(encoding="utf-8"))
        cell = {"cell_type": "code", "id": "planted", "source": source, "outputs": [], "execution_count": None}
        notebook["cells"].append({**cell, "metadata": {}})
        path.write_text(json.dumps(notebook), encoding="utf-8")
        for module in (made, run):
            monkeypatch.setattr(module, "notebooks_folder", lambda: folder)

    return plant


# --- killed


@pytest.mark.parametrize(("step", "nth"), [("tables", 1), ("page", 1), ("page", 4)])
def test_killed_while_it_works(place: Place, step: str, nth: int) -> None:
    with place.command("--json") as running:
        assert running.stdout is not None
        seen = 0
        for line in running.stdout:
            seen += json.loads(line)["event"] == step
            if seen == nth:
                break
        running.kill()
        running.communicate(timeout=60)
    assert place.stands()
    place.completes()


KILL = """
import os, signal
from ci_analysis import places
real, left = places.exchange, {n}
def exchange(one, other):
    global left
    left -= 1
    if {after}:
        real(one, other)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(one, other)
places.exchange = exchange
"""


@pytest.mark.parametrize("at", [1, 2])
def test_killed_while_it_puts_results_in_place(place: Place, at: int) -> None:
    with place.command(code=KILL.format(n=at, after=False)) as running:
        running.communicate(timeout=240)
    assert running.returncode == -9
    pages = {n: c for n, c in place.results().items() if n.startswith("reports/only-settings/public/")}
    before = {n: c for n, c in place.before.items() if n.startswith("reports/only-settings/public/")}
    assert pages == before, "the last good pages are whole"
    tables = json.loads((place.folder / "data/processed/only-settings/manifest.json").read_text(encoding="utf-8"))
    assert all((place.folder / "data/processed/only-settings" / o["path"]).is_file() for o in tables["outputs"])
    place.completes()


def test_stopped_by_ctrl_c(place: Place) -> None:
    with place.command("--json") as running:
        assert running.stdout is not None
        for line in running.stdout:
            if json.loads(line)["event"] == "page":
                break
        running.send_signal(2)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert said.splitlines()[-1].startswith("Stopped. What was done stays done")
    assert "Traceback" not in said
    assert place.stands()
    assert not [n for n in place.results() if "/." in f"/{n}"]
    place.completes()


# --- the disk


QUOTA = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))"


@ONLY_LINUX
def test_no_room_for_a_file(place: Place) -> None:
    with place.command(code=QUOTA) as running:
        _, said = running.communicate(timeout=240)
    assert running.returncode == 1
    assert "File too large" in said
    assert "The last good report stands." in said
    assert "Traceback" not in said
    assert place.stands()
    place.completes()


@ONLY_LINUX
def test_a_disk_that_is_full(place: Place) -> None:
    """A disk of three megabytes, which the good report and a filler fill."""
    disk = place.folder / "disk"
    disk.mkdir()
    script = place.folder / "full.sh"
    script.write_text(
        'set -e\nmount -t tmpfs -o size=3m tmpfs "$1"\ncp -r data reports "$1"\n'
        'head -c 4m /dev/zero > "$1/filler" 2>/dev/null || true\ncd "$1"\nset +e\nshift\n"$@"\necho "ended $?"\n'
        "find reports data -type f | grep -c '/[.]'\n"
        "find reports/only-settings -type f | sort | xargs sha256sum\n"
    )
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("only who may mount can make a small disk; the quota above stands in for it")
    words = [sys.executable, "-m", "ci_analysis", "run", "data/raw/only-settings", "--edition", "public"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["unshare", "-m", "sh", str(script), str(disk), *words], cwd=place.folder, env=environment,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert "No space left on device" in done.stderr, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    ended, hidden, *sums = done.stdout.splitlines()
    assert (ended, hidden) == ("ended 1", "0")
    here = subprocess.run(
        "find reports/only-settings -type f | sort | xargs sha256sum", shell=True, cwd=place.folder, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert sums == here.stdout.splitlines()


def test_a_folder_of_reports_that_cannot_be_written(place: Place) -> None:
    (place.folder / "elsewhere").write_text("a file where a folder would be")
    with pytest.raises(RunFailed, match="Results cannot be written to"):
        run.report(place.study, run.Wishes(("public",), reports=place.folder / "elsewhere"))
    if os.name == "posix" and os.geteuid() != 0:  # root may write anywhere
        (place.folder / "reports").chmod(0o555)
        with pytest.raises(RunFailed, match="Results cannot be written to"):
            run.report(place.study, run.Wishes(("public",)))
        (place.folder / "reports").chmod(0o755)
    assert place.stands()
    place.completes()


# --- the notebook


def test_a_notebook_that_hangs(place: Place, planted: Callable[[str], None]) -> None:
    planted("import time\ntime.sleep(600)")
    said: list[run.Event] = []
    with pytest.raises(RunFailed, match=r"2-landscape, public edition: it took longer than 8 seconds\. The last good"):
        run.report(place.study, run.Wishes(("public",), deadline=8), say=said.append)
    assert [e.step for e in said].count("again") == 1, "it was tried by a kernel too"
    assert place.stands()
    planted("'short'")
    place.completes()


@ONLY_LINUX
def test_a_notebook_that_exhausts_memory(place: Place, planted: Callable[[str], None]) -> None:
    planted("x = [b'x' * 2**28 for _ in range(40)]")
    with pytest.raises(RunFailed, match=r"it needed more memory than the 1\.5 GB that it may have"):
        run.report(place.study, run.Wishes(("public",)), children=Children(2, memory=3 * 2**29))
    assert place.stands()
    planted("'little'")
    place.completes()


@ONLY_LINUX
@pytest.mark.parametrize("number", [9, 11])
def test_a_worker_that_is_killed_is_followed_by_a_kernel(
    place: Place, planted: Callable[[str], None], number: int
) -> None:
    planted(f"import os\nif 'ipykernel' not in type(get_ipython()).__module__:\n    os.kill(os.getpid(), {number})")
    said: list[run.Event] = []
    run.report(place.study, run.Wishes(("public",)), say=said.append)
    assert [e.said for e in said if e.step == "again"] == [
        "only-settings: public landscape once more, with a kernel of its own (it was ended from outside "
        f"({'SIGKILL' if number == 9 else 'SIGSEGV'}), as happens when memory runs out)"
    ]
    assert not place.stands()


def test_a_kernel_of_its_own_gives_the_same_bytes(place: Place) -> None:
    run.report(place.study, run.Wishes(("public",)))
    warm = place.results()
    run.report(place.study, run.Wishes(("public",), isolation="kernel", force=True))
    assert place.results() == warm


def test_what_one_notebook_changes_no_other_finds(
    place: Place, planted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(
        "import os, sys\nimport matplotlib as mpl\nimport pandas as pd\nfrom ci_analysis.figures import base\n"
        "assert 'LEFT' not in os.environ and not hasattr(base, 'left')\n"
        "assert mpl.rcParams['font.size'] != 77 and pd.get_option('display.precision') != 1\n"
        "os.environ['LEFT'] = '1'\nbase.left = True\nmpl.rcParams['font.size'] = 77\n"
        "pd.set_option('display.precision', 1)"
    )
    for _ in range(2):
        run.report(place.study, run.Wishes(force=True), children=Children(1))


# --- the clock, and others


def test_a_clock_that_was_moved(place: Place) -> None:
    run.report(place.study, run.Wishes(("public",)))
    said: list[run.Event] = []
    for day in (0, 4_000_000_000):
        for path in [*place.study.rglob("*"), *(place.folder / "reports").rglob("*")]:
            os.utime(path, (day, day))
        assert run.report(place.study, run.Wishes(("public",)), say=said.append).unchanged
    path = place.study / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("budget: 1000", "budget: 2000"), encoding="utf-8")
    os.utime(path, (0, 0))
    assert not run.report(place.study, run.Wishes(("public",)), say=said.append).unchanged


def test_two_runs_at_once(place: Place) -> None:
    with place.command("--force") as one, place.command("--force") as other:
        said = [process.communicate(timeout=300)[1] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), said
    assert sum("another run is under way; waiting for its end" in text for text in said) == 1
    place.completes()


def test_a_study_that_changes_while_it_is_run_is_run_again(place: Place) -> None:
    """A file is written between the reading of the study and the end of the run."""

    def meddle(event: run.Event) -> None:
        if event.step == "page" and event.done == 1:
            (place.study / "NOTES.md").write_text("later")

    run.report(place.study, run.Wishes(("public",)), say=meddle)
    assert not run.report(place.study, run.Wishes(("public",))).unchanged
    assert run.report(place.study, run.Wishes(("public",))).unchanged
