"""The quarter's round: what is asked of whom, and what comes back."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from ci_analysis.errors import CiAnalysisError, StudyProblems, WrongUse
from ci_analysis.exchange.round import collect_round, due_figures, request_round
from ci_analysis.redesign import reporting
from ci_analysis.study import Study

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"
PERIOD = "2026-Q3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, looked at on a day in November."""
    place = tmp_path / "data" / "raw" / "town"
    shutil.copytree(EXAMPLE, place)
    text = (place / "study.yaml").read_text(encoding="utf-8")
    (place / "study.yaml").write_text(text.replace("as_of: 2026-06-30", "as_of: 2026-11-30"), encoding="utf-8")
    return place


@pytest.fixture
def asked(folder: Path) -> dict[str, Path]:
    made, _ = request_round(Study.read(folder), PERIOD)
    return {one.partner_id: one.path for one in made}


def rows_of(path: Path) -> list[dict[str, object]]:
    cells = list(openpyxl.load_workbook(path)["Figures"].iter_rows(values_only=True))
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def fill(path: Path, give: Callable[[dict[str, object]], dict[str, object]]) -> Path:
    """Write into a workbook's cells what `give` says of each row, by heading."""
    book = openpyxl.load_workbook(path)
    sheet = book["Figures"]
    heads = [c.value for c in sheet[1]]
    for r in range(2, sheet.max_row + 1):
        row = {h: sheet.cell(r, k).value for k, h in enumerate(heads, start=1)}
        for heading, value in give(row).items():
            sheet.cell(r, heads.index(heading) + 1).value = value
    book.save(path)
    return path


def like_last(row: dict[str, object]) -> dict[str, object]:
    if row["State"] != "asked for":
        return {}
    if row["Unit"] in ("share", "USD a week"):
        return {
            "Counted": 30 if row["Unit"] == "share" else 27_000,
            "Out of": 100,
            "Counted on (YYYY-MM-DD)": "2026-10-05",
        }
    return {"Figure": row["Last figure"], "Counted on (YYYY-MM-DD)": "2026-10-05"}


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_quarter_asks_for_its_months_and_leaves_years_to_their_last_quarter(folder: Path) -> None:
    study = Study.read(folder)
    due, _ = due_figures(study, PERIOD)
    periods = due.groupby("measure_id")["period"].unique().map(sorted)
    assert periods["days-to-placement"] == ["2026-07", "2026-08", "2026-09"]
    assert periods["spots-offered"] == ["2026-Q3"]
    # A school year's figure of 30 September is due in this quarter, one of the calendar year in the next.
    yearly = {"kindergarten-check"}
    fourth, _ = due_figures(study, "2026-Q4")
    assert not yearly & set(due["measure_id"])
    assert yearly <= set(fourth["measure_id"])


def test_only_those_who_owe_are_asked_and_the_rest_is_said(folder: Path) -> None:
    study = Study.read(folder)
    due, notes = due_figures(study, "2026")
    measures = study.tables["measures"].set_index("measure_id")
    for row in due.itertuples():
        reporters = measures.loc[row.measure_id, "reporters"]
        if pd.notna(reporters):
            assert row.asked in reporters.split(";")
            assert row.partner_id == row.asked
        else:
            assert row.asked == measures.loc[row.measure_id, "owner"]
            assert row.partner_id is None or pd.isna(row.partner_id)
    told = measures[measures["reporters"].isna() & measures["owner"].isna()]
    for name in told["name"]:
        assert f"{name} is not asked for: measures.csv names no owner and no reporters." in notes


def test_a_partner_that_left_is_not_asked(folder: Path) -> None:
    path = folder / "partners.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[frame["partner_id"] == "referral-line", ["status", "left_on"]] = ["left", "2026-07-31"]
    frame.to_csv(path, index=False)
    due, _ = due_figures(Study.read(folder), PERIOD)
    of = due[due["asked"] == "referral-line"]
    # July had begun before it left, and so had the quarter.
    assert set(of.loc[of["measure_id"] == "days-to-placement", "period"]) == {"2026-07"}


def test_a_workbook_holds_what_is_asked_with_its_definition_and_last_figure(asked: dict[str, Path]) -> None:
    rows = rows_of(asked["referral-line"])
    homes = next(r for r in rows if r["measure_id"] == "rural-homes-open")
    assert (homes["Period"], homes["Last figure"], homes["Of"]) == ("2026-Q3", 205, "2026-Q2")
    assert str(homes["What is counted"]).startswith("Licensed homes that answered the referral line’s call")
    assert homes["Figure"] is None
    assert {r["partner_id"] for r in rows} == {"referral-line"}


def test_only_cells_that_are_asked_for_can_be_written(asked: dict[str, Path]) -> None:
    sheet = openpyxl.load_workbook(asked["referral-line"])["Figures"]
    assert sheet.protection.sheet
    heads = [c.value for c in sheet[1]]
    free = {heads[c.column - 1] for row in sheet.iter_rows(min_row=2) for c in row if not c.protection.locked}
    assert free <= {"Figure", "Counted", "Out of", "Counted on (YYYY-MM-DD)"}
    hidden = {h for k, h in enumerate(heads) if sheet.column_dimensions[sheet.cell(1, k + 1).column_letter].hidden}
    assert hidden == {"study", "measure_id", "period", "partner_id", "segment"}


def test_the_same_study_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    study = Study.read(folder)
    one, other = (request_round(study, PERIOD, tmp_path / n)[0] for n in ("one", "other"))
    assert [r.path.read_bytes() for r in one] == [r.path.read_bytes() for r in other]


def test_workbooks_that_are_there_are_left(folder: Path, asked: dict[str, Path]) -> None:
    before = {p: path.read_bytes() for p, path in asked.items()}
    with pytest.raises(WrongUse, match="are there already"):
        request_round(Study.read(folder), PERIOD)
    assert {p: path.read_bytes() for p, path in asked.items()} == before
    assert not [p for p in next(iter(asked.values())).parent.iterdir() if p.name.startswith(".")]
    request_round(Study.read(folder), PERIOD, force=True)


@pytest.mark.parametrize("period", ["2026-Q5", "2026-13", "2026-07-01", "", "../2026", "next"])
def test_what_is_no_period_is_refused(folder: Path, period: str) -> None:
    with pytest.raises(WrongUse, match="is not a period to ask for"):
        request_round(Study.read(folder), period)


def test_text_of_tables_is_text(folder: Path) -> None:
    path = folder / "measures.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Family child care homes in the rural counties we serve", '"=HYPERLINK(""http://x"")"'),
                    encoding="utf-8")  # fmt: skip
    made, _ = request_round(Study.read(folder), PERIOD)
    for one in made:
        for row in openpyxl.load_workbook(one.path)["Figures"].iter_rows():
            assert all(c.data_type != "f" for c in row)


# --- what comes back --------------------------------------------------------------------------------------------------


def test_from_request_to_figures_that_came_on_time(folder: Path, asked: dict[str, Path]) -> None:
    before = Study.read(folder)
    due, _ = due_figures(before, PERIOD)
    got = collect_round(folder, [fill(path, like_last) for path in asked.values()])
    assert got.missing.empty
    assert got.notes == ()
    (change,) = got.changes
    assert (change.table, change.added, change.changed) == ("observations", len(due), 0)
    after = Study.read(folder)
    assert len(after.tables["observations"]) == len(before.tables["observations"]) + len(due)
    came = reporting(after.tables["observations"], after.tables["measures"], as_of=after.settings.as_of,
                     partners=after.tables["partners"])  # fmt: skip
    third = came[came["period"].isin(["2026-Q3", "2026-09"])]
    assert len(third)
    assert set(third["reported"]) == {"on-time"}
    # The same again changes nothing.
    again = collect_round(folder, list(asked.values()))
    assert (again.changes[0].added, again.changes[0].changed, again.changes[0].left) == (0, 0, len(due))


def test_an_empty_cell_is_missing_and_a_zero_is_none(folder: Path, asked: dict[str, Path]) -> None:
    path = fill(asked["referral-line"], lambda r: {"Figure": 0} if r["measure_id"] == "rural-homes-open" else {})
    got = collect_round(folder, [path], on="2026-10-02")
    observed = Study.read(folder).tables["observations"]
    homes = observed[(observed["measure_id"] == "rural-homes-open") & (observed["period"] == "2026-Q3")]
    assert homes["value"].to_list() == [0.0]
    assert homes["reported_on"].to_list() == [pd.Timestamp("2026-10-02")]
    assert set(got.missing["measure_id"]) == {r["measure_id"] for r in rows_of(path)} - {"rural-homes-open"}
    assert any("0 is far from the last figure, 205" in n for n in got.notes)


def test_what_is_there_is_never_overwritten_silently(folder: Path, asked: dict[str, Path]) -> None:
    path = fill(asked["referral-line"], like_last)
    collect_round(folder, [path])
    content = (folder / "observations.csv").read_bytes()
    fill(path, lambda r: {"Figure": 204} if r["measure_id"] == "rural-homes-open" else {})
    with pytest.raises(StudyProblems, match="has '205' there and '204' here"):
        collect_round(folder, [path])
    assert (folder / "observations.csv").read_bytes() == content
    got = collect_round(folder, [path], replace=True)
    assert got.changes[0].changed == 1


def test_a_second_request_shows_what_is_here_already(folder: Path, asked: dict[str, Path]) -> None:
    collect_round(folder, [fill(asked["referral-line"], like_last)])
    made, _ = request_round(Study.read(folder), PERIOD, force=True)
    one = next(r for r in made if r.partner_id == "referral-line")
    assert one.asked == 0
    assert one.known > 0
    assert {r["State"] for r in rows_of(one.path)} == {"already here"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Figure": "about 200"}, "'about 200' is not a number"),
        ({"Figure": "1,23"}, "'1,23' is not a number"),
        ({"Figure": "42 %"}, "'42 %' is not a number"),
        ({"Figure": "="}, "'=' is not a number"),
        ({"Figure": 5, "Counted on (YYYY-MM-DD)": "5 October"}, "'5 October' is not a day"),
        ({"Counted": 5}, "'Counted' is given and 'Out of' is not"),
        ({"Counted": -5, "Out of": 3}, "a count is below zero"),
        ({"measure_id": "no-such"}, "'no-such' is no measure of the study"),
        ({"partner_id": "../../etc"}, "'../../etc' owes no figure of rural-homes-open"),
        ({"partner_id": None}, "the partner's identifier is gone"),
        ({"study": "other"}, "the row is of the study 'other'"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(
    folder: Path, asked: dict[str, Path], cells: dict[str, object], said: str
) -> None:
    path = fill(asked["referral-line"], lambda r: cells if r["measure_id"] == "rural-homes-open" else {})
    row = 2 + next(i for i, r in enumerate(rows_of(asked["referral-line"])) if r["Unit"] == "homes")
    before = (folder / "observations.csv").read_bytes()
    with pytest.raises(StudyProblems) as wrong:
        collect_round(folder, [path])
    assert said in str(wrong.value)
    assert f"{path.name} (Figures):{row}:" in str(wrong.value)
    assert (folder / "observations.csv").read_bytes() == before


def test_everything_that_is_wrong_is_said_at_once(folder: Path, asked: dict[str, Path]) -> None:
    for path in asked.values():
        fill(path, lambda r: {"Figure": "many"})
    with pytest.raises(StudyProblems) as wrong:
        collect_round(folder, list(asked.values()))
    assert len(wrong.value.problems) == sum(len(rows_of(p)) for p in asked.values())
    assert {p.file for p in wrong.value.problems} == {f"{p.name} (Figures)" for p in asked.values()}


def test_shares_are_shares(folder: Path, asked: dict[str, Path]) -> None:
    partner = next(p for p, path in asked.items() if any(r["Unit"] == "share" for r in rows_of(path)))

    def give(**cells: object) -> Path:
        return fill(asked[partner], lambda r: cells if r["Unit"] == "share" else {})

    with pytest.raises(StudyProblems, match="120 of 100 are more than all"):
        collect_round(folder, [give(**{"Counted": 120, "Out of": 100})])
    with pytest.raises(StudyProblems, match="a share of 42 does not lie between 0 and 1"):
        collect_round(folder, [give(**{"Counted": None, "Out of": None, "Figure": 42})])
    got = collect_round(folder, [give(**{"Figure": "42 %"})])
    assert any("'42 %' was taken as 0.42" in n for n in got.notes)


def test_two_workbooks_that_say_different_things(folder: Path, asked: dict[str, Path], tmp_path: Path) -> None:
    path = fill(asked["referral-line"], like_last)
    other = tmp_path / "again.xlsx"
    shutil.copyfile(path, other)
    fill(other, lambda r: {"Figure": 204} if r["measure_id"] == "rural-homes-open" else {})
    with pytest.raises(StudyProblems, match=r"is imported twice, and differs .*again\.xlsx"):
        collect_round(folder, [path, other])


def test_a_sheet_saved_as_csv_comes_in_too(folder: Path, asked: dict[str, Path], tmp_path: Path) -> None:
    rows = pd.DataFrame(rows_of(fill(asked["referral-line"], like_last)))
    path = tmp_path / "figures.csv"
    rows.to_csv(path, index=False)
    assert collect_round(folder, [path]).changes[0].added == len(rows)


def test_a_bomb_a_stranger_and_a_formula_are_refused(folder: Path, asked: dict[str, Path], tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (65 * 2**20))
    stranger = tmp_path / "stranger.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Figures"
    book.active.append(["a", "b"])
    saved = io.BytesIO()
    book.save(saved)
    stranger.write_bytes(saved.getvalue())
    formula = fill(asked["referral-line"], lambda r: {"Figure": "=1+1"})
    with pytest.raises(StudyProblems) as wrong:
        collect_round(folder, [bomb, stranger, formula])
    said = str(wrong.value)
    for part in (
        "bomb.xlsx: unpacked, the file has more than 64 MiB",
        "stranger.xlsx (Figures): the sheet lacks the columns",
        "the cell holds a formula without its result",
    ):
        assert part in said
    with pytest.raises(WrongUse, match="There is no file"):
        collect_round(folder, [tmp_path / "nowhere.xlsx"])


def test_the_commands_say_what_they_did(folder: Path) -> None:
    run = CliRunner()
    asked = run.invoke(main, ["request", str(folder), "--period", PERIOD])
    assert asked.exit_code == 0, asked.output
    assert "figures asked for" in asked.output
    place = folder.parent.parent.parent / "reports" / "town" / "requests" / PERIOD
    path = fill(place / f"{PERIOD}-referral-line.xlsx", lambda r: like_last(r) if r["Unit"] == "homes" else {})
    got = run.invoke(main, ["collect", str(folder), str(path)])
    assert got.exit_code == 0, got.output
    assert "observations.csv: 1 row added, 0 changed, 0 there already." in got.output
    assert "Still missing from Child care referral line: " in got.output
    assert "Days from the first call to a place 2026-07;" in got.output
    wrong = run.invoke(main, ["collect", str(folder), str(path), "--on", "soon"])
    assert wrong.exit_code == 2
    assert "'soon' is not a day" in wrong.output


def test_a_folder_that_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("no folder")
    with pytest.raises(CiAnalysisError, match="cannot be written"):
        request_round(Study.read(folder), PERIOD, place)
