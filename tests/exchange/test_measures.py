"""Measures that come with the issue: added once, and never in place of a study's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from ci_analysis.exchange.round import due_figures
from ci_analysis.exchange.transfer import add_measures
from ci_analysis.issues.profile import load_profile
from ci_analysis.study import Study

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"
STUDY = """format: 1
title: A town
community: A town
issue: child-care
level: county
counties: ["08001"]
as_of: 2026-06-30
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder


def test_a_new_study_gets_all_of_them_with_their_definitions(town: Path) -> None:
    added, there = add_measures(town)
    profile = load_profile("child-care")
    assert added == tuple(m.name for m in profile.measures)
    assert there == ()
    table = Study.read(town).tables["measures"].set_index("measure_id")
    for measure in profile.measures:
        row = table.loc[measure.measure_id]
        assert (row["unit"], row["rollup"], row["definition"]) == (measure.unit, measure.rollup, measure.definition)
        assert row[["baseline", "target", "owner"]].isna().all()
    assert table["closes_gap"].fillna(False).sum() == 1
    assert add_measures(town) == ((), added)


def test_what_a_study_says_of_its_measures_stays(town: Path) -> None:
    own = "measure_id,name,unit,direction,kind\nuptake,Our own words,families,up,how-well\n"
    (town / "measures.csv").write_text(own, encoding="utf-8")
    run = CliRunner().invoke(main, ["measures", str(town)])
    assert run.exit_code == 0, run.output
    assert "There already: Families who get the aid they qualify for" in run.output
    assert "Added: Teachers with a credential" in run.output
    table = Study.read(town).tables["measures"].set_index("measure_id")
    assert table.loc["uptake", ["name", "unit"]].to_list() == ["Our own words", "families"]
    assert len(table) == len(load_profile("child-care").measures)


def test_the_first_request_asks_by_the_groups_of_the_profile(town: Path) -> None:
    add_measures(town)
    partners = "partner_id,name,sector,status\na,A center,provider,joined\n"
    (town / "partners.csv").write_text(partners, encoding="utf-8")
    path = town / "measures.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{head},reporters", *(f"{r},a" for r in rows)]) + "\n", encoding="utf-8")
    due, _ = due_figures(Study.read(town), "2026-Q2")
    spots = due[due["measure_id"] == "spots-offered"]
    assert sorted(spots["segment"]) == ["infant-toddler", "preschool", "school-age"]
    assert due.loc[due["measure_id"] == "uptake", "segment"].isna().all()


def test_the_example_counts_as_its_profile_does() -> None:
    table = Study.read(EXAMPLE).tables["measures"].set_index("measure_id")
    for measure in load_profile("child-care").measures:
        row = table.loc[measure.measure_id]
        assert (row["unit"], row["direction"], row["kind"], row["frequency"], row["rollup"]) == (
            measure.unit, measure.direction, measure.kind, measure.frequency, measure.rollup,
        )  # fmt: skip
