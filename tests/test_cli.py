"""The command: what it says, and with which status it ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ci_analysis import __version__
from ci_analysis.cli import main

ROOT = Path(__file__).parent.parent
STUDIES = Path(__file__).parent / "studies"


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_it_says_its_version_and_its_commands() -> None:
    assert call("--version").output == f"ci-analysis {__version__}\n"
    said = call("--help")
    assert said.exit_code == 0
    assert all(command in said.output for command in ("run", "check", "list"))


def test_it_runs_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ci_analysis", "--version"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == f"ci-analysis {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run"], "Missing argument 'STUDY...'"),
        (["run", "colorado-child-care", "--edition", "secret"], "'secret' is not one of 'public', 'internal', 'both'"),
        (["run", "nowhere"], "There is no study 'nowhere'."),
        (["check", "/"], "/ is not a study: it has no study.yaml."),
        (["chek"], "No such command 'chek'"),
    ],
)
def test_wrong_use_ends_with_2_and_a_sentence(words: list[str], says: str) -> None:
    said = call(*words)
    assert said.exit_code == 2
    assert says in said.output
    assert "Traceback" not in said.output


def test_check_says_what_is_there_and_what_is_not() -> None:
    said = call("check", str(STUDIES / "only-settings"))
    assert said.exit_code == 0
    assert said.output.startswith("only-settings: no problems in 0 tables")
    assert "Not there, and not needed: partners, ties," in said.output


def test_a_study_with_problems_ends_with_1_and_leaves_nothing(tmp_path: Path) -> None:
    said = call(
        "run", str(STUDIES / "ten-mistakes"), "--processed", str(tmp_path / "p"), "--reports", str(tmp_path / "r")
    )
    assert said.exit_code == 1
    assert "ten-mistakes has 10 problems:" in said.output
    assert said.output.splitlines()[-1] == "Not done: ten-mistakes."
    assert list(tmp_path.iterdir()) == []


def test_list_names_the_studies_and_their_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("list")
    assert (said.exit_code, said.output) == (2, "There is no study here: no folder under data/raw has a study.yaml.\n")
    shutil.copytree(STUDIES / "only-settings", tmp_path / "data" / "raw" / "only-settings")
    broken = tmp_path / "data" / "raw" / "broken"
    broken.mkdir()
    (broken / "study.yaml").write_text("title: [")
    page = tmp_path / "reports" / "only-settings" / "public" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("")
    assert call("list").output.splitlines() == [
        "broken: study.yaml cannot be read; see `ci-analysis check`, no report yet",
        "only-settings: A study of nothing yet, report at reports/only-settings/public/index.html",
    ]
