"""The command: what it says, and with which status it ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
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
        (["run"], "Give the names of studies, or --all"),
        (["run", "--all", "colorado-child-care"], "Give the names of studies, or --all"),
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


# --- export and import


def coalition(folder: Path) -> Path:
    """A study of two partners and one tie."""
    shutil.copytree(STUDIES / "only-settings", folder)
    (folder / "partners.csv").write_text("partner_id,name,sector,status\na,A,health,joined\nb,B,k12,joined\n")
    (folder / "ties.csv").write_text("wave,source,target,level,mission\n2026-Q2,a,b,3,4\n")
    return folder


def test_export_says_what_it_wrote_and_what_it_left_out(tmp_path: Path) -> None:
    study = coalition(tmp_path / "coalition")
    said = call("export", str(study), "--to", "graphml", "--out", str(tmp_path / "out"))
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        f"Wrote {tmp_path / 'out' / 'coalition.graphml'}",
        "2 partners, 1 report of ties of wave 2026-Q2, the only one.",
        "Left out: of ties.csv mission. With --private they go out too.",
        "Named ties are for the coalition: before you upload a file to a public service, ask those it names.",
    ]


def test_files_that_are_there_are_left_unless_force_says_otherwise(tmp_path: Path) -> None:
    study, out = coalition(tmp_path / "coalition"), tmp_path / "out"
    export = ("export", str(study), "--to", "kumu", "--out", str(out))
    assert call(*export).exit_code == 0
    (out / "elements.csv").write_text("worked on")
    (out / "connections.csv").unlink()
    said = call(*export)
    assert said.exit_code == 2
    assert said.output == (
        f"{out / 'elements.csv'} and {out / 'blueprint.json'} are there already; nothing was written. "
        "Name another place with --out, or replace them with --force.\n"
    )
    assert (out / "elements.csv").read_text() == "worked on"
    assert not (out / "connections.csv").exists()
    assert call(*export, "--force").exit_code == 0
    assert (out / "elements.csv").read_text().startswith("ID,Label,")


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_no_command_writes_into_a_study(tmp_path: Path, force: list[str]) -> None:
    study, other = coalition(tmp_path / "coalition"), coalition(tmp_path / "other")
    (other / "readiness.csv").write_text("wave,respondent,item,score\n")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.csv")}
    for words in (
        ["questionnaire", str(study), "--form", "--out", str(other / "readiness.csv")],
        ["questionnaire", str(study), "--out", str(study / "partners.csv")],
        ["export", str(study), "--to", "kumu", "--out", str(other / "maps")],
    ):
        said = call(*words, *force)
        assert said.exit_code == 2
        assert "lies in a study's folder" in said.output
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.csv")} == before
    assert not (other / "maps").exists()


def test_import_merges_and_counts(tmp_path: Path) -> None:
    study, out = coalition(tmp_path / "coalition"), tmp_path / "out"
    call("export", str(study), "--to", "kumu", "--out", str(out))
    (study / "ties.csv").unlink()
    said = call("import", str(study), str(out / "elements.csv"), str(out / "connections.csv"), "--from", "kumu")
    assert (said.exit_code, said.output.splitlines()) == (
        0,
        [
            "partners.csv: 0 rows added, 0 changed, 2 there already.",
            "ties.csv: 1 row added, 0 changed, 0 there already.",
        ],
    )
    assert (study / "ties.csv").read_text() == "wave,source,target,level\n2026-Q2,a,b,3\n"


def test_an_import_with_problems_ends_with_1_and_names_them(tmp_path: Path) -> None:
    study, sheet = coalition(tmp_path / "coalition"), tmp_path / "ties.csv"
    sheet.write_text("From,To,Strength,Wave\na,b,2,2026-Q2\n")
    said = call("import", str(study), str(sheet), "--from", "kumu")
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "coalition has 1 problem:",
        "ties.csv:2:level: wave 2026-Q2, source a, target b has '3' there and '2' here (row 2 of ties.csv); "
        "mend one of the two, or import with --replace",
    ]
    assert call("import", str(study), str(sheet), "--from", "kumu", "--replace").exit_code == 0
    assert (study / "ties.csv").read_text() == "wave,source,target,level,mission\n2026-Q2,a,b,2,4\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["export", "STUDY"], "Missing option '--to'"),
        (["export", "STUDY", "--to", "kumu", "--out", "OUT", "--wave", "2025"], "has no wave '2025' of ties"),
        (["export", "STUDY", "--to", "kumu", "--out", "STUDY"], "lies in a study's folder"),
        (["import", "STUDY", "--from", "kumu"], "Missing argument 'FILE...'"),
        (["import", "STUDY", "x.csv", "--from", "kumu", "--sheet", "A"], "--sheet is for answers of a form"),
        (["import", "STUDY", "x.csv", "--from", "form"], "Answers of a form need their wave"),
        (["import", "STUDY", "x.csv", "--from", "kumu", "--wave", "spring"], "'spring' is not a wave"),
    ],
)
def test_wrong_use_of_export_and_import(tmp_path: Path, words: list[str], says: str) -> None:
    places = {"STUDY": str(coalition(tmp_path / "coalition")), "OUT": str(tmp_path / "out")}
    said = call(*[places.get(w, w) for w in words])
    assert said.exit_code == 2
    assert says in said.output


def test_answers_of_a_form_are_merged(tmp_path: Path) -> None:
    study, sheet = coalition(tmp_path / "coalition"), tmp_path / "answers.csv"
    sheet.write_text("respondent,agenda-problem,agenda-goals\na,4,2\nb,5,\n")
    said = call("import", str(study), str(sheet), "--from", "form", "--wave", "2026-Q2")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[-1] == "readiness.csv: 3 rows added, 0 changed, 0 there already."
    again = call("import", str(study), str(sheet), "--from", "form", "--wave", "2026-Q2")
    assert again.output.splitlines()[-1] == "readiness.csv: 0 rows added, 0 changed, 3 there already."


def test_answers_without_a_code_are_never_mixed_with_those_of_others(tmp_path: Path) -> None:
    study, first, second = coalition(tmp_path / "coalition"), tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("agenda-problem,agenda-goals\n4,2\n5,1\n")
    second.write_text("agenda-problem,agenda-goals\n3,3\n")
    form = ("--from", "form", "--wave", "2026-Q2")
    both = call("import", str(study), str(first), str(second), *form)
    assert both.exit_code == 1
    assert "second.csv: answers without a code are in first.csv too" in both.output
    assert not (study / "readiness.csv").exists()
    assert call("import", str(study), str(first), *form).exit_code == 0
    there = (study / "readiness.csv").read_text()
    assert call("import", str(study), str(first), *form).exit_code == 0
    for more in ([], ["--replace"]):
        other = call("import", str(study), str(second), *form, *more)
        assert other.exit_code == 1
        assert "has other answers of 2026-Q2 without a code" in other.output
    assert (study / "readiness.csv").read_text() == there
    other = call("import", str(study), str(second), "--from", "form", "--wave", "2026-Q4")
    assert other.exit_code == 0


# --- questionnaire


def test_the_survey_is_written_to_print_and_for_a_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = coalition(tmp_path / "data" / "raw" / "coalition")
    monkeypatch.chdir(tmp_path)
    said = call("questionnaire", "coalition", "--wave", "2026-Q4")
    page = Path("reports") / "coalition" / "questionnaire.html"
    assert (said.exit_code, said.output) == (0, f"Wrote {page}\n")
    assert "Q4 2026" in page.read_text(encoding="utf-8")
    said = call("questionnaire", str(study), "--form", "--out", "questions.csv")
    assert (said.exit_code, said.output) == (0, "Wrote questions.csv\n")
    assert (tmp_path / "questions.csv").read_text(encoding="utf-8").startswith("item,condition,text,scale\nrespondent,")


def test_a_survey_of_an_unknown_wave_is_wrong_use(tmp_path: Path) -> None:
    said = call("questionnaire", str(coalition(tmp_path / "coalition")), "--wave", "autumn")
    assert (said.exit_code, said.output) == (
        2,
        "The wave 'autumn' is not a period. Write 2026, 2026-Q2, 2026-06 or 2026-06-30.\n",
    )


def test_answers_to_the_form_that_the_survey_describes_come_in(tmp_path: Path) -> None:
    study = coalition(tmp_path / "coalition")
    call("questionnaire", str(study), "--form", "--out", str(tmp_path / "questions.csv"))
    questions = pd.read_csv(tmp_path / "questions.csv", dtype="str", keep_default_na=False)
    answers = {"respondent": "river-42", "speaks_for": "a partner"}
    row = [answers.get(item, "Fine." if item.startswith("comment") else 4) for item in questions["item"]]
    pd.DataFrame([row], columns=questions["text"]).to_csv(tmp_path / "answers.csv", index=False)
    said = call("import", str(study), str(tmp_path / "answers.csv"), "--from", "form", "--wave", "2026-Q4")
    assert said.exit_code == 0, said.output
    there = pd.read_csv(study / "readiness.csv")
    assert (len(there), set(there["score"]), set(there["respondent"])) == (30, {4}, {"river-42"})
    assert set(there["speaks_for"]) == {"partner"}
    assert there["comment"].notna().sum() == 5
