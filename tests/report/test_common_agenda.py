from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis import pipeline
from ci_analysis.cli import main
from ci_analysis.report.blocks import outline_problems
from ci_analysis.report.common_agenda import common_agenda, write_common_agenda
from ci_analysis.report.editions import Edition, edition_of
from ci_analysis.report.made import Kind
from ci_analysis.report.site import outside
from ci_analysis.study import Study

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
EMPTY = ROOT / "tests" / "studies" / "only-settings"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def tables(study: Study) -> dict[str, pd.DataFrame]:
    return pipeline.compute(study)


def edition(study: Study, tables: dict[str, pd.DataFrame], kind: Kind = "internal") -> Edition:
    return edition_of(study, tables, kind)


def changed(study: Study, **frames: pd.DataFrame) -> Study:
    return replace(study, tables={**study.tables, **frames})


def test_it_holds_what_a_partner_signs(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    html = common_agenda(edition(study, tables))
    agenda = study.settings.agenda
    assert agenda is not None
    for said in (agenda.problem, agenda.vision, *(g.text for g in agenda.goals)):
        assert said.replace("'", "&#39;") in html
    assert (outline_problems(html), list(outside(html))) == ([], [])
    joined = study.tables["partners"]
    joined = joined[joined["status"] == "joined"]
    assert html.count("name and signature") == len(joined)
    chosen = tables["portfolio"]
    chosen = chosen[(chosen["rule"] == "value") & chosen["chosen"]]["project_id"]
    for project in study.tables["projects"].itertuples():
        assert (f"<h3><bdi>{project.name}</bdi></h3>" in html) == (project.project_id in set(chosen))
    assert common_agenda(edition(study, tables)) == html, "the same bytes again"


def test_dropped_deliverables_and_partners_that_left_are_out(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    html = common_agenda(edition(study, tables))
    dropped = study.tables["deliverables"].query("status == 'dropped'")["name"]
    assert len(dropped)
    assert not [name for name in dropped if name in html]
    gone = study.tables["partners"].copy()
    gone.loc[gone["partner_id"] == "mountain-town", "status"] = "left"
    after = common_agenda(edition(changed(study, partners=gone), tables))
    assert after.count("name and signature") == html.count("name and signature") - 1


def test_reservations_are_for_the_coalition_alone(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    said = study.tables["endorsements"]
    last = said.sort_values("agenda_on").drop_duplicates("partner_id", keep="last")
    held = last["reservation"].dropna().to_list()
    inside, outside_ = (common_agenda(edition(study, tables, kind)) for kind in ("internal", "public"))
    assert held
    assert all(words.replace("'", "&#39;") in inside for words in held)
    assert not [words for words in held if words.replace("'", "&#39;") in outside_]
    assert "has reservations" not in outside_
    prospects = study.tables["partners"].query("status == 'prospect'")["name"]
    assert not [name for name in prospects if name in outside_]


def test_an_earlier_answer_of_a_partner_gives_way_to_its_latest(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    html = common_agenda(edition(study, tables))
    assert "Keep 36 infant and toddler spots open" in html
    assert "The goals name no one who answers" not in html, "the hospital has answered again since"


def test_a_goal_that_nobody_can_check_says_what_is_missing(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    measures = study.tables["measures"]
    bare = measures.assign(target=measures["target"].where(measures["measure_id"] != "weekly-cost"))
    html = common_agenda(edition(changed(study, measures=bare), tables))
    assert "Not set or not known yet: target." in html
    none = changed(study, measures=measures[measures["measure_id"] != "weekly-cost"])
    assert "Not set or not known yet: measure." in common_agenda(edition(none, tables))
    assert "Not set or not known yet" not in common_agenda(edition(study, tables))


def test_names_are_text(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    hostile = "<script>alert(1)</script>"
    named = changed(
        study, **{t: study.tables[t].assign(name=hostile) for t in ("partners", "projects", "measures", "deliverables")}
    )
    html = common_agenda(edition(named, tables))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_study_of_nothing_yet_says_what_to_write() -> None:
    study = Study.read(EMPTY)
    html = common_agenda(edition_of(study, pipeline.compute(study), "public"))
    assert "fill in <code>agenda</code> in <code>study.yaml</code>" in html
    assert html.count("name and signature") == 3


def test_the_command_writes_it_and_replaces_nothing_unasked(tmp_path: Path) -> None:
    shutil.copytree(EMPTY, tmp_path / "data" / "raw" / "only-settings")
    place = tmp_path / "agenda.html"
    call = ["agenda", str(tmp_path / "data" / "raw" / "only-settings"), "-o", str(place)]
    done = CliRunner().invoke(main, call)
    assert (done.exit_code, place.is_file()) == (0, True), done.output
    assert CliRunner().invoke(main, call).exit_code == 0, "the same page again is no loss"
    place.write_text("mine")
    refused = CliRunner().invoke(main, call)
    assert refused.exit_code != 0
    assert place.read_text() == "mine"
    assert CliRunner().invoke(main, [*call, "--force"]).exit_code == 0
    assert CliRunner().invoke(main, ["agenda", "no-such-study"]).exit_code != 0


def test_the_file_is_the_same_as_the_page(study: Study, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    empty = Study.read(EMPTY)
    made = write_common_agenda(empty, tmp_path / "a.html", kind="public", processed=tmp_path / "p")
    assert made.read_text(encoding="utf-8") == common_agenda(edition_of(empty, pipeline.compute(empty), "public"))
