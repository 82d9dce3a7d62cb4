"""Merging: what is there stays to the letter, what differs is named, and a failure leaves no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from ci_analysis.errors import CiAnalysisError, StudyProblems
from ci_analysis.exchange import merge as module
from ci_analysis.exchange.cells import as_text
from ci_analysis.exchange.merge import Change, merge
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS


def rows(*records: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(records), dtype="str").fillna("")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_new_rows_are_appended_and_the_rest_stays_to_the_letter(folder: Path) -> None:
    # Windows line ends, a mark at the beginning, columns in another order, own columns, blanks, quotes without need.
    before = (
        '\ufeffx_own,level,"source",target,wave \r\n'
        ' kept ,"2",office,school,2024-Q4\r\n'
        ",,,,\r\n"
        '"a\nb",0,school, office ,2024-Q4'
    )
    (folder / "ties.csv").write_bytes(before.encode())
    new = rows(
        {"wave": "2024-Q4", "source": "office", "target": "school", "level": "2.0"},
        {"wave": "2025-Q1", "source": "office", "target": "clinic", "level": "1"},
    )
    assert merge(folder, {"ties": new}) == (Change("ties", 1, 0, 1),)
    assert (folder / "ties.csv").read_bytes() == (before + "\r\n,1,office,clinic,2025-Q1\r\n").encode()


def test_an_empty_cell_is_filled_and_an_empty_one_never_erases(folder: Path) -> None:
    before = (folder / "partners.csv").read_text(encoding="utf-8")
    new = rows({"partner_id": "school", "name": "", "sector": "", "role": "steering", "influence": "4"})
    assert merge(folder, {"partners": new}) == (Change("partners", 0, 1, 0),)
    after = before.replace("k12,joined,,,,,4,,", "k12,joined,steering,,,,4,,")
    assert (folder / "partners.csv").read_text(encoding="utf-8") == after != before


def test_a_new_column_leaves_the_text_of_every_row(folder: Path) -> None:
    (folder / "ties.csv").write_text('wave,source,target,level\n"2024-Q4",office,school,2\n\n2024-Q4,school,office,0\n')
    new = rows(
        {"wave": "2024-Q4", "source": "school", "target": "office", "level": "0", "mission": "4", "x_by": "mail"}
    )
    assert merge(folder, {"ties": new}) == (Change("ties", 0, 1, 0),)
    assert (folder / "ties.csv").read_text() == (
        'wave,source,target,level,mission,x_by\n"2024-Q4",office,school,2,,\n\n2024-Q4,school,office,0,4,mail\n'
    )


def test_cells_that_differ_are_all_named_and_nothing_is_written(folder: Path) -> None:
    before = snapshot(folder)
    new = {
        "partners": rows({"partner_id": "office", "name": "Office", "sector": "k12", "_file": "x.gexf", "_row": "7"}),
        "ties": rows({"wave": "2024-Q4", "source": "school", "target": "office", "level": "4", "_file": "x.json"}),
    }
    with pytest.raises(StudyProblems) as error:
        merge(folder, new)
    do = "mend one of the two, or import with --replace"
    assert [str(p) for p in error.value.problems] == [
        f"partners.csv:2:name: partner_id office has 'Office & <sons>' there and 'Office' here (row 7 of x.gexf); {do}",
        f"partners.csv:2:sector: partner_id office has 'nonprofit' there and 'k12' here (row 7 of x.gexf); {do}",
        "ties.csv:3:level: wave 2024-Q4, source school, target office has '0' there and '4' here (x.json); " + do,
    ]
    assert snapshot(folder) == before
    assert merge(folder, new, replace=True) == (Change("partners", 0, 1, 0), Change("ties", 0, 1, 0))
    tables = Study.read(folder).tables
    assert tables["partners"].loc[0, ["name", "sector", "contact"]].to_list() == ["Office", "k12", "Ann, at the desk"]
    assert tables["ties"].loc[1, "level"] == 4


def test_what_the_study_refuses_is_said_with_where_it_is_from(folder: Path) -> None:
    before = snapshot(folder)
    new = {
        "partners": rows({"partner_id": "new", "name": "New", "sector": "nowhere", "status": "joined"}),
        "ties": rows(
            {"wave": "2024-Q4", "source": "ghost", "target": "new", "level": "1", "_file": "map.json", "_row": "3"}
        ),
    }
    with pytest.raises(StudyProblems) as error:
        merge(folder, new)
    said = [str(p) for p in error.value.problems]
    assert said[0].startswith("partners.csv:6:sector: 'nowhere' is not one of the issue's sectors")
    assert said[1].startswith("ties.csv:7:source: 'ghost' is not in partners.csv (row 3 of map.json);")
    assert snapshot(folder) == before


def test_two_imported_rows_of_one_key(folder: Path) -> None:
    tie = {"wave": "2026", "source": "office", "target": "school"}
    with pytest.raises(StudyProblems, match="wave 2026, source office, target school is imported twice, and differs"):
        merge(folder, {"ties": rows({**tie, "level": "1"}, {**tie, "level": "2"})})
    assert merge(folder, {"ties": rows({**tie, "level": "1"}, {**tie, "level": "1"})}) == (Change("ties", 1, 0, 0),)


def test_a_table_that_is_not_there_yet_gets_the_columns_that_hold_something(folder: Path) -> None:
    frame = pd.DataFrame(
        {"wave": ["2026"], "respondent": ["office"], "item": ["agenda-problem"], "score": [4.0], "comment": [None]}
    )
    assert merge(folder, {"readiness": frame}) == (Change("readiness", 1, 0, 0),)
    assert (folder / "readiness.csv").read_text() == "wave,respondent,item,score\n2026,office,agenda-problem,4\n"


def test_rows_typed_as_a_study_has_them_are_there_already(folder: Path) -> None:
    tables = Study.read(folder).tables
    before = snapshot(folder)
    changes = merge(folder, {name: tables[name] for name in ("partners", "ties")})
    assert [str(c) for c in changes] == [
        "partners.csv: 0 rows added, 0 changed, 4 there already.",
        "ties.csv: 0 rows added, 0 changed, 5 there already.",
    ]
    assert snapshot(folder) == before


@pytest.mark.parametrize("ready", [True, False])
def test_all_files_are_put_in_place_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch, ready: bool) -> None:
    if not ready:
        (folder / "ties.csv").unlink()
        (folder / "partners.csv").rename(folder / "x_partners.csv")
    before = snapshot(folder)
    real, calls = os.replace, []

    def failing(source: str, target: Path) -> None:
        calls.append(Path(target).name)
        if len(calls) == 2:
            raise OSError("the disk is full")
        real(source, target)

    monkeypatch.setattr(module.os, "replace", failing)
    partner = {"name": "New", "sector": "health", "status": "joined"}
    new = {
        "partners": rows({"partner_id": "new", **partner}, {"partner_id": "newer", **partner}),
        "ties": rows({"wave": "2026", "source": "new", "target": "newer", "level": "1"}),
    }
    with pytest.raises(CiAnalysisError, match=r"Nothing was imported: the disk is full\. All files are as they were\."):
        merge(folder, new)
    assert calls[:2] == ["partners.csv", "ties.csv"]
    assert snapshot(folder) == before


def test_a_file_that_changes_meanwhile_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module._check

    def slow(where: Path, plans: object) -> None:
        real(where, plans)
        (folder / "ties.csv").write_text("wave,source,target,level\n")

    monkeypatch.setattr(module, "_check", slow)
    tie = {"wave": "2026", "source": "office", "target": "school", "level": "1"}
    with pytest.raises(CiAnalysisError, match=r"ties\.csv has changed while it was being read"):
        merge(folder, {"ties": rows(tie)})
    assert (folder / "ties.csv").read_text() == "wave,source,target,level\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"wave,source,target,level\n2024,caf\xe9,x,1\n", "ties.csv: the file is not UTF-8"),
        (b'wave,source,target,level\n"2024"x,a,b,1\n', "ties.csv: the file is not CSV"),
        (b"wave,source,target,level\n2024,a,b\n", "ties.csv: the file has rows that do not fit its header"),
        (b"wave,source,level\n2024,a,1\n", "ties.csv: the file lacks target"),
    ],
)
def test_a_table_that_cannot_be_read_is_not_merged_into(folder: Path, content: bytes, says: str) -> None:
    (folder / "ties.csv").write_bytes(content)
    with pytest.raises(StudyProblems) as error:
        merge(folder, {"ties": rows({"wave": "2026", "source": "office", "target": "school", "level": "1"})})
    assert str(error.value.problems[0]).startswith(says)
    assert (folder / "ties.csv").read_bytes() == content


def test_text_of_every_kind_of_cell() -> None:
    frame = pd.DataFrame(
        {
            "joined_on": pd.to_datetime(["2026-01-31", None]),
            "interest": [5.0, float("nan")],
            "x_flag": pd.array([True, None], dtype="boolean"),
            "partner_id": ["a", "b"],
        }
    )
    text = as_text(frame, INPUTS["partners"])
    assert text.columns.to_list() == ["partner_id", "joined_on", "interest", "x_flag"]
    assert text.to_numpy().tolist() == [["a", "2026-01-31", "5", "yes"], ["b", "", "", ""]]
