"""Running notebooks: alone, by the command, and when one fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ci_analysis.errors import RunFailed, WrongUse
from ci_analysis.report import jobs, made, run
from tests.conftest import made_once

ROOT = Path(__file__).parent.parent.parent
ONLY_SETTINGS = ROOT / "tests" / "studies" / "only-settings"


def wishes(folder: Path, **others: object) -> run.Wishes:
    """The public edition alone, with its results in a folder."""
    return replace(run.Wishes(("public",), folder / "p", folder / "r"), **others)


def outputs(notebook: dict) -> str:
    found = [o for c in notebook["cells"] if c["cell_type"] == "code" for o in c["outputs"]]
    return "".join("".join(o.get("data", {}).get("text/html", "")) for o in found)


def test_a_notebook_runs_alone_with_its_defaults(tmp_path: Path) -> None:
    """As in JupyterLab: the working folder is the notebooks', and no parameter is given."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copytree(ROOT / "data" / "raw" / "colorado-child-care", tmp_path / "data" / "raw" / "colorado-child-care")
    command = [sys.executable, "-m", "papermill", "2-landscape.ipynb", str(tmp_path / "out.ipynb"), "--no-progress-bar"]
    done = subprocess.run(command, cwd=tmp_path / "notebooks", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = outputs(json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8")))
    assert "seats for every 100 infants and toddlers" in shown
    assert (tmp_path / "data" / "processed" / "colorado-child-care" / "manifest.json").is_file()


def test_a_bare_papermill_takes_a_folder_as_the_study(tmp_path: Path) -> None:
    folder = tmp_path / "only-settings"
    shutil.copytree(ONLY_SETTINGS, folder)
    command = [
        sys.executable, "-m", "papermill", str(ROOT / "notebooks" / "1-convene.ipynb"), str(tmp_path / "out.ipynb"),
        "-p", "study", str(folder), "--no-progress-bar",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = outputs(json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8")))
    assert "fill in <code>partners.csv</code>" in shown


@pytest.fixture
def plain(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the report of a study of nothing yet, and the first page of it; it is made once."""
    made = made_once(tmp_path_factory, "plain", lambda at: run.report(ONLY_SETTINGS, wishes(at)))
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "r" / "only-settings" / "public" / "index.html"


def test_a_study_of_nothing_yet_says_on_every_page_what_to_add(plain: Path) -> None:
    texts = {p.stem: p.read_text(encoding="utf-8") for p in plain.parent.glob("*.html")}
    assert set(texts) == {
        "index",
        "convene",
        "landscape",
        "strategy",
        "redesign",
        "methods",
        "data-walk",
        "common-agenda",
    }
    for name in ("convene", "landscape", "strategy", "redesign"):
        assert texts[name].count('class="missing"') >= 3, name
        assert "nan" not in texts[name].lower().replace("finan", "").replace("tenan", "").replace("governan", "")
    assert "fill in <code>agenda</code>" in texts["index"]


def test_what_has_not_changed_is_left_and_what_was_touched_is_made_again(tmp_path: Path, plain: Path) -> None:
    said: list[run.Event] = []
    page = plain
    before = {p: p.stat().st_mtime_ns for p in page.parent.rglob("*")}
    run.report(ONLY_SETTINGS, wishes(tmp_path), say=said.append)
    assert [e.said for e in said] == ["only-settings: nothing has changed since the last run"]
    assert {p: p.stat().st_mtime_ns for p in page.parent.rglob("*")} == before
    good = page.read_bytes()
    page.write_text("spoilt")
    run.report(ONLY_SETTINGS, wishes(tmp_path), say=said.append)
    assert page.read_bytes() == good


def with_cell(folder: Path, source: str) -> Path:
    """The notebooks, with one more cell in the third."""
    shutil.copytree(ROOT / "notebooks", folder)
    path = folder / "3-strategy.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append({**notebook["cells"][-1], "cell_type": "code", "id": "planted", "source": source,
                              "outputs": [], "execution_count": None, "metadata": {}})  # fmt: skip
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def test_a_notebook_that_fails_leaves_the_last_good_report(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = plain
    good = {p: p.read_bytes() for p in page.parent.rglob("*") if p.is_file()}
    broken = with_cell(tmp_path / "notebooks", "1 / 0")
    for module in (made, run):
        monkeypatch.setattr(module, "notebooks_folder", lambda: broken)
    with pytest.raises(
        RunFailed, match=r"3-strategy, public edition: cell \d+ stopped with ZeroDivisionError"
    ) as failed:
        run.report(ONLY_SETTINGS, wishes(tmp_path))
    assert "The last good report stands" in str(failed.value)
    assert {p: p.read_bytes() for p in page.parent.rglob("*") if p.is_file()} == good
    kept = json.loads((tmp_path / "r" / "only-settings" / "failed" / "public-3-strategy.ipynb").read_text())
    assert kept["cells"][0]["source"] in ("1 / 0", ["1 / 0"])


def test_a_parameter_that_the_notebook_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"1-convene\.ipynb has no parameter studdy"):
        jobs.render(ROOT / "notebooks" / "1-convene.ipynb", {"studdy": "x"})
