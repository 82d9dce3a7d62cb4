"""Runs that are kept, and what changed between them."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis import pipeline
from ci_analysis.cli import main
from ci_analysis.errors import WrongUse
from ci_analysis.figures.redesign import what_changed, what_moved
from ci_analysis.history import FOLDER, MOST_RUNS, Run, changed_inputs, changed_results, keep, kept_runs, last_other
from ci_analysis.report.editions import edition_of
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, read_written

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"

REGIONS = "geoid,region_kind,region\n08001,district,One\n08003,district,One\n"
OBSERVED = "measure_id,period,partner_id,segment,value\nseats,2024,,,10\nseats,2025,,,12\n"


def run_of(number: int = 1, package: str = "1.0 (a)", results: dict[str, bytes] | None = None, **files: str) -> Run:
    inputs = {name.replace("__", ".") if "__" in name else f"{name}.csv": t.encode() for name, t in files.items()}
    return Run(number, "2026-06-30", package, inputs, results or {})


def rows(before: Run, after: Run) -> list[tuple[str, ...]]:
    found = changed_inputs(before, after)
    return [tuple(r) for r in found[["table", "key", "column", "before", "after", "kind"]].fillna("").to_numpy()]


# --- what changed -----------------------------------------------------------------------------------------------------


def test_a_revised_cell_is_one_row() -> None:
    after = OBSERVED.replace("2024,,,10", "2024,,,11")
    assert rows(run_of(observations=OBSERVED), run_of(observations=after)) == [
        ("observations", "seats|2024||", "value", "10", "11", "revision")
    ]


@pytest.mark.parametrize(
    "same",
    [
        pytest.param("measure_id,period,partner_id,segment,value\nseats,2025,,,12\nseats,2024,,,10\n", id="rows"),
        pytest.param("value,measure_id,period,partner_id,segment\n10,seats,2024,,\n12,seats,2025,,\n", id="columns"),
        pytest.param(OBSERVED.replace("10", "10.0").replace("12", " 1.2e1"), id="numbers"),
        pytest.param("\ufeff" + OBSERVED.replace("\n", "\r\n"), id="mark-and-line-ends"),
        pytest.param(OBSERVED.replace("value", "value,reported_on").replace(",10", ",10,").replace(",12", ",12,"),
                     id="an-empty-column"),
    ],
)  # fmt: skip
def test_another_way_to_write_the_same_is_no_change(same: str) -> None:
    assert rows(run_of(observations=OBSERVED), run_of(observations=same)) == []


def test_rows_that_came_are_of_a_new_period_or_fill_in_an_old_one() -> None:
    after = OBSERVED + "seats,2026,,,15\nseats,2023,,,9\nteachers,2026,,,3\n"
    kinds = {r[1]: r[5] for r in rows(run_of(observations=OBSERVED), run_of(observations=after))}
    # Nothing was known of teachers, so that their first figure is a new row and not a later period.
    assert kinds == {"seats|2026||": "new-period", "seats|2023||": "new-row", "teachers|2026||": "new-row"}


def test_periods_follow_their_last_days_and_not_their_spelling() -> None:
    old = OBSERVED.replace("2025", "2025-12")
    after = old + "seats,2025-Q3,,,15\nseats,2026-01,,,16\n"
    kinds = {r[1]: r[5] for r in rows(run_of(observations=old), run_of(observations=after))}
    assert kinds == {"seats|2025-Q3||": "new-row", "seats|2026-01||": "new-period"}


def test_rows_that_went_keep_what_they_said() -> None:
    after = OBSERVED.replace("seats,2024,,,10\n", "")
    assert rows(run_of(observations=OBSERVED), run_of(observations=after)) == [
        ("observations", "seats|2024||", "value", "10", "", "gone")
    ]


def test_a_filled_cell_and_an_emptied_one_are_revisions_of_nothing() -> None:
    old, new = OBSERVED.replace("value", "value,x_note"), OBSERVED.replace("value", "value,x_note")
    old, new = (
        old.replace("10\n", "10,\n").replace("12\n", "12,b\n"),
        new.replace("10\n", "10,a\n").replace("12\n", "12,\n"),
    )
    assert [r[2:] for r in rows(run_of(observations=old), run_of(observations=new))] == [
        ("x_note", "", "a", "revision"),
        ("x_note", "b", "", "revision"),
    ]


def test_a_table_that_came_or_went() -> None:
    there, gone = run_of(regions=REGIONS), run_of()
    assert {r[5] for r in rows(gone, there)} == {"new-row"}
    assert {r[5] for r in rows(there, gone)} == {"gone"}
    assert len(rows(gone, there)) == 2


def test_settings_are_compared_by_their_path_and_goals_by_their_name() -> None:
    goals = "agenda:\n  goals:\n    - {goal_id: a, text: One}\n    - {goal_id: b, text: Two}\n"
    old = f"as_of: 2026-03-31\nbudget: 1\n{goals}"
    new = (
        "as_of: 2026-06-30\nbudget: 2\nagenda:\n  goals:\n    - {goal_id: b, text: Two}\n    - {goal_id: a, text: Oh}\n"
    )
    found = rows(run_of(study__yaml=old), run_of(study__yaml=new + "access: {bands: [[5, 1.0]]}\n"))
    assert found == [
        ("study.yaml", "as_of", "", "2026-03-31", "2026-06-30", "new-period"),
        ("study.yaml", "budget", "", "1", "2", "revision"),
        ("study.yaml", "agenda.goals.a.text", "", "One", "Oh", "revision"),
        ("study.yaml", "access.bands", "", "", "[[5, 1.0]]", "new-method"),
    ]


def test_another_package_is_a_new_method() -> None:
    found = rows(run_of(regions=REGIONS), run_of(package="1.1 (b)", regions=REGIONS))
    assert found == [("ci_analysis", "package", "", "1.0 (a)", "1.1 (b)", "new-method")]


def test_another_file_is_told_by_its_size_and_hash() -> None:
    one, other = run_of(areas__geojson="{}"), run_of(areas__geojson="{ }")
    ((table, _, _, before, after, kind),) = rows(one, other)
    assert (table, kind) == ("areas.geojson", "revision")
    assert before.startswith("2 bytes")
    assert after.startswith("3 bytes")


def test_order_follows_the_tables_and_their_rows() -> None:
    old = run_of(regions=REGIONS, observations=OBSERVED)
    new = run_of(observations=OBSERVED.replace("10", "1").replace("12", "2"), regions=REGIONS.replace("One", "Two"))
    assert [r[1] for r in rows(old, new)] == ["08001|district", "08003|district", "seats|2024||", "seats|2025||"]


def test_results_are_compared_in_what_both_runs_have() -> None:
    old = {"gap_summary.csv": b"segment,need,usable\nall,10,4\n", "gap.csv": b"geoid,segment,need\n1,all,2\n"}
    new = {"gap_summary.csv": b"segment,need,supply\nall,12,4\n"}
    found = changed_results(run_of(results=old), run_of(results=new))
    assert found[["table", "key", "column", "before", "after"]].to_numpy().tolist() == [
        ["gap_summary", "all", "need", "10", "12"]
    ]


# --- runs -------------------------------------------------------------------------------------------------------------


def kept(folder: Path, *runs: Run) -> list[Run]:
    """Keep runs one after another, as the pipeline does, and return what is kept."""
    for run in runs:
        fresh = folder.with_name("fresh")
        fresh.mkdir(parents=True)
        there = kept_runs(folder)
        numbered = Run(there[-1].number + 1 if there else 1, run.as_of, run.package, run.inputs, run.results)
        keep(numbered, folder, fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return kept_runs(folder)


def test_the_same_run_again_adds_nothing_and_an_earlier_one_come_back_does(tmp_path: Path) -> None:
    a, b = run_of(regions=REGIONS), run_of(regions=REGIONS.replace("One", "Two"))
    runs = kept(tmp_path / "s", a, a, b, b, a)
    assert [r.number for r in runs] == [1, 2, 3]
    assert last_other(runs, a) is runs[1]
    assert last_other(runs, b) is runs[2]
    assert last_other(runs, b, 1) is runs[0]
    with pytest.raises(WrongUse, match=r"no run 7 to compare with\. Kept are: 1, 2, 3\."):
        last_other(runs, b, 7)


def test_a_first_run_has_none_to_compare_with() -> None:
    a = run_of(regions=REGIONS)
    assert last_other([], a) is None
    assert last_other([a], a) is None


def test_the_same_figures_in_another_way_are_compared_where_nothing_else_differs(tmp_path: Path) -> None:
    a = run_of(regions=REGIONS, results={"gap.csv": b"geoid,segment,need\n1,all,2\n"})
    again = run_of(regions=REGIONS, package="2", results={"gap.csv": b"geoid,segment,need\n1,all,3\n"})
    runs = kept(tmp_path / "s", a, again)
    assert len(runs) == 2
    assert last_other(runs, again) == runs[0]


def test_the_first_run_is_kept_whatever_comes(tmp_path: Path) -> None:
    runs = kept(tmp_path / "s", *(run_of(regions=REGIONS.replace("One", f"R{i}")) for i in range(MOST_RUNS + 3)))
    assert len(runs) == MOST_RUNS
    assert (runs[0].number, runs[-1].number) == (1, MOST_RUNS + 3)


def test_archives_have_the_same_bytes_and_broken_ones_are_passed_over(tmp_path: Path) -> None:
    a = run_of(regions=REGIONS, results={"gap.csv": b"x\n"})
    kept(tmp_path / "one", a)
    kept(tmp_path / "two", a)
    (one,), (two,) = ((tmp_path / n / FOLDER).iterdir() for n in ("one", "two"))
    assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())
    (tmp_path / "one" / FOLDER / "0002-broken.zip").write_bytes(b"PK\3\4 nothing")
    with zipfile.ZipFile(tmp_path / "one" / FOLDER / "0003-empty.zip", "w"):
        pass
    assert [r.number for r in kept_runs(tmp_path / "one")] == [1]
    # They stay where they are: whatever they were is not thrown away.
    kept(tmp_path / "one", a)
    assert len(list((tmp_path / "one" / FOLDER).iterdir())) == 3


# --- the example ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[pd.DataFrame]]:
    """A copy of the example, run as it is, with one revised figure, and with a new quarter."""
    root = tmp_path_factory.mktemp("three")
    folder = root / "data" / "raw" / "town"
    shutil.copytree(EXAMPLE, folder)
    found = []

    def once() -> None:
        out = pipeline.run(Study.read(folder))
        found.append(read_written(out / "changes.csv", OUTPUTS["changes"]))

    once()
    path = folder / "measures.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(",116466,") == 1
    path.write_text(text.replace(",116466,", ",116467,"), encoding="utf-8")
    once()
    path = folder / "observations.csv"
    text = path.read_text(encoding="utf-8").rstrip("\n")
    width = text.splitlines()[0].count(",")
    path.write_text(f"{text}\nseats-center,2026,,,120000{',' * (width - 4)}\n", encoding="utf-8")
    once()
    once()
    return folder, found


def test_a_first_run_changes_nothing_and_a_revised_figure_shows_alone(
    three_runs: tuple[Path, list[pd.DataFrame]],
) -> None:
    first, second, third, again = three_runs[1]
    assert first.empty
    assert second[["table", "key", "column", "before", "after", "kind"]].to_numpy().tolist() == [
        ["measures", "seats-center", "baseline", "116466", "116467", "revision"]
    ]
    assert third[["table", "key", "column", "after", "kind"]].to_numpy().tolist() == [
        ["observations", "seats-center|2026||", "value", "120000", "new-period"]
    ]
    pd.testing.assert_frame_equal(third, again)


def test_the_third_run_can_show_the_first(three_runs: tuple[Path, list[pd.DataFrame]]) -> None:
    folder, _ = three_runs
    asked = CliRunner().invoke(main, ["changes", str(folder), "--since", "1"])
    assert asked.exit_code == 0, asked.output
    assert "measures, Licensed seats in child care centers, baseline: 116466, now 116467 (revised)" in asked.output
    assert "120000" in asked.output
    listed = CliRunner().invoke(main, ["changes", str(folder), "--runs"])
    assert [line.split()[:2] for line in listed.output.splitlines()] == [["Run", "1"], ["Run", "2"], ["Run", "3"]]
    wrong = CliRunner().invoke(main, ["changes", str(folder), "--since", "9"])
    assert wrong.exit_code == 2
    assert "Kept are: 1, 2." in wrong.output


def test_pages_say_what_changed(three_runs: tuple[Path, list[pd.DataFrame]]) -> None:
    folder, _ = three_runs
    study = Study.read(folder)
    tables = pipeline.results(study)
    for kind in ("internal", "public"):
        edition = edition_of(study, tables, kind)  # type: ignore[arg-type]  # one of the two
        block = edition.section(what_changed, "changes", shows="what changed").html
        if kind == "internal":
            assert "Since the run of June 30, 2026, one row is of a new period" in block
            assert "One new row in observations, of 2026." in block
        else:
            # What partners and the community report is told where it stands, withheld or not.
            assert block == ""


# --- what pages may say -----------------------------------------------------------------------------------------------


def changes_of(*cells: tuple[str, str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(cells, columns=["table", "key", "column", "before", "after"]).replace("", None)
    return frame.assign(kind="revision", since=pd.Timestamp("2026-03-31"))


@pytest.fixture(scope="module")
def example() -> tuple[Study, Callable[[str, pd.DataFrame], pd.DataFrame]]:
    study = Study.read(EXAMPLE)
    tables = pipeline.compute(study)

    def shown(kind: str, changes: pd.DataFrame) -> pd.DataFrame:
        return edition_of(study, {**tables, "changes": changes}, kind).tables["changes"]  # type: ignore[arg-type]

    return study, shown


SHOWN = ("measures", "mothers-in-labour-force", "target", "0.7", "0.72")


@pytest.mark.parametrize(
    ("cell", "internal"),
    [
        (("readiness", "2026-Q2|anon-01|agenda", "score", "2", "4"), False),
        (("ties", "2026-Q2|backbone-office|referral-line", "reliability", "2", "4"), False),
        (("ties", "2026-Q2|backbone-office|referral-line", "level", "2", "4"), True),
        (("partners", "backbone-office", "contact", "a@example.org", "b@example.org"), True),
        (("measures", "teachers-leaving", "target", "0.05", "0.04"), True),
        (("decisions", "pay-first", "text", "One", "Two"), True),
        (("observations", "spots-offered|2026-Q1|front-range-centers|", "value", "5", "300"), True),
        (("weights", "backbone-office|reach", "points", "20", "30"), True),
        (("study.yaml", "backbone.annual_budget", "", "400000", "410000"), True),
        (("measures", "no-such-measure", "target", "1", "2"), True),
    ],
)
def test_what_an_edition_does_not_show_is_not_among_its_changes(
    example: tuple[Study, Callable[[str, pd.DataFrame], pd.DataFrame]], cell: tuple[str, ...], internal: bool
) -> None:
    changes = changes_of(SHOWN, cell)  # type: ignore[arg-type]  # five cells
    assert len(example[1]("internal", changes)) == 1 + internal
    public = example[1]("public", changes)
    assert public["key"].to_list() == ["mothers-in-labour-force"]


def test_what_was_not_public_before_is_not_told_now(
    example: tuple[Study, Callable[[str, pd.DataFrame], pd.DataFrame]],
) -> None:
    """A measure that was internal until now had figures that nobody outside was to see."""
    opened = changes_of(SHOWN, ("measures", "mothers-in-labour-force", "audience", "internal", "public"))
    assert not len(example[1]("public", opened))
    lower = changes_of(SHOWN, ("study.yaml", "publish.minimum_count", "", "5", "11"))
    assert not len(example[1]("public", lower))


def test_names_stand_in_place_of_identifiers_and_many_rows_in_the_file() -> None:
    study = Study.read(EXAMPLE)
    many = changes_of(*(("measures", "seats-center", f"x_{i}", "1", "2") for i in range(45)))
    said = what_changed(study, many)
    assert said.title == "Since the run of March 31, 2026, 45 figures or texts were revised"
    assert said.frame is not None
    assert len(said.frame) == 40
    assert said.frame["Row"].iloc[0] == "Licensed seats in child care centers"
    assert "The first 40 of 45 are listed here; all are in changes.csv." in said.lines


def test_what_a_board_asks_after_comes_first() -> None:
    study = Study.read(EXAMPLE)
    moved = pd.DataFrame(
        [
            ("measures", "mothers-in-labour-force|all", "latest", "0.7", "0.71"),
            ("measures", "mothers-in-labour-force|all", "status", "on-track", "off-track"),
            ("gap", "08001|all", "need", "10", "11"),
        ],
        columns=["table", "key", "column", "before", "after"],
    )
    said = what_moved(study, moved)
    assert said is not None
    assert said.title == "One result that a board asks after moved with it"
    assert said.frame is not None
    assert said.frame[["What", "Before", "Now"]].to_numpy().tolist() == [
        ["latest figure", "70.0%", "71.0%"],
        ["status", "on track", "off track"],
    ]
    assert said.lines == ("One other figure in one table of results differs; all are in changed_results.csv.",)
    assert what_moved(study, moved[:0]) is None
