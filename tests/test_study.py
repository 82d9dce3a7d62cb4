"""Reading a study: what is right is typed, and everything that is wrong is named at once, with what to do."""

# ruff: noqa: E501 - a message that is expected stands on one line
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shapely.geometry import Point, box

from ci_analysis.areas import county_outlines, known_counties
from ci_analysis.cli import main
from ci_analysis.errors import StudyNotFound, StudyProblems
from ci_analysis.places import find_study
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS

STUDIES = Path(__file__).parent / "studies"
EXAMPLE = Path(__file__).parent.parent / "data" / "raw" / "colorado-child-care"
SETTINGS = (STUDIES / "only-settings" / "study.yaml").read_text(encoding="utf-8")
PARTNERS = "partner_id,name,sector,status\noffice,Office,nonprofit,joined\nclinic,Clinic,health,joined\n"
MEASURES = "measure_id,name,unit,direction,kind\nseats,Seats,seats,up,how-much\n"


def write(folder: Path, **files: str | bytes) -> Path:
    """Write a study; `study` is study.yaml, any other name a CSV file."""
    folder.mkdir(exist_ok=True)
    for name, text in {"study": SETTINGS, **files}.items():
        path = folder / (f"{name}.yaml" if name == "study" else f"{name}.csv")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(StudyProblems) as caught:
        Study.read(folder)
    return [str(p) for p in caught.value.problems]


def test_ten_different_mistakes_are_named_at_once_with_file_row_and_column() -> None:
    said = CliRunner().invoke(main, ["check", str(STUDIES / "ten-mistakes")])
    assert said.exit_code == 1
    lines = said.output.splitlines()
    assert lines[0] == "ten-mistakes has 10 problems:"
    assert lines[1:] == [
        "study.yaml:8:budjet: 'budjet' is not a known key; write 'budget'",
        "partners.csv:3:sector: 'helth' is not one of the issue's sectors; write 'health'",
        "partners.csv:4:partner_id: the same partner_id as in row 2; keep one of the two rows, or mend what tells them apart",
        "ties.csv:2:level: '7' is out of range; write a number between 0 and 5",
        "indicators.csv:2:value: '1,234' is not a number; write 1234",
        "indicators.csv:3:geoid: '8061' is not one of the study's areas; write '08061', with its leading zero",
        "indicators.csv:4:period: '2024-Q5' is not a period; write 2026, 2026-Q2, 2026-06 or 2026-06-30",
        "projects.csv:1:colour: there is no such column; use one of 'description', 'why_joint', 'segment', 'partners', "
        "'areas', 'months', 'builds_on', 'requires', 'excludes', 'gate', or begin the name with x_",
        "projects.csv:2:lead: 'libary' is not in partners.csv; use one of 'office', 'clinic', or add it to partners.csv",
        "measures.csv:2:baseline_on: '06/30/2024' is not a date; write it as YYYY-MM-DD, such as 2026-06-30",
    ]  # fmt: skip


def checked(folder: Path, tables: dict[str, str], settings: str = "") -> list[str]:
    """What `check` says of the smallest study with these tables and settings."""
    shutil.copytree(STUDIES / "only-settings", folder)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    with (folder / "study.yaml").open("a") as file:
        file.write(settings)
    return CliRunner().invoke(main, ["check", str(folder)]).output.splitlines()[1:]


AS_OF = Study.read(STUDIES / "only-settings").settings.as_of.isoformat()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("joined,2199-01-01,", f"2:joined_on: it joined after {AS_OF}, the day that the study speaks of; "
         "write invited as its status until then, or move as_of in study.yaml"),
        ("left,,2199-01-01", f"2:left_on: it left after {AS_OF}, the day that the study speaks of; "
         "write joined as its status until then, or move as_of in study.yaml"),
        ("joined,2000-01-01,2001-01-01", "2:left_on: it has left, and its status is joined; "
         "write left as its status, or take the day out"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_right_on_the_day_of_the_study_are_named(tmp_path: Path, row: str, says: str) -> None:
    partners = f"partner_id,name,sector,status,joined_on,left_on\na,A,health,{row}\n"
    assert checked(tmp_path / "s", {"partners": partners}) == [f"partners.csv:{says}"]


def test_days_up_to_the_day_of_the_study_are_right(tmp_path: Path) -> None:
    rows = f"a,A,health,joined,{AS_OF},2199-01-01\nb,B,health,left,2000-01-01,{AS_OF}\nc,C,k12,invited,2199-01-01,\n"
    tables = {
        "partners": f"partner_id,name,sector,status,joined_on,left_on\n{rows}",
        "endorsements": f"partner_id,agenda_on,response\na,{AS_OF},support\n",
    }
    assert not any(line.startswith("partners.csv") for line in checked(tmp_path / "s", tables))
    tables["endorsements"] = "partner_id,agenda_on,response\na,2199-01-01,support\n"
    (said,) = checked(tmp_path / "t", tables)
    assert said.startswith("endorsements.csv:2:agenda_on: the agenda's text is of a day after")


def test_a_backbone_that_two_places_name_differently_is_named(tmp_path: Path) -> None:
    partners = "partner_id,name,sector,status,role\na,A,health,joined,backbone\nb,B,k12,joined,steering\n"
    (said,) = checked(tmp_path / "s", {"partners": partners}, "\nbackbone: {partner: b}\n")
    assert said.endswith("'b' is named, and partners.csv gives the role to a; name the same partner in both")
    assert not any(
        "gives the role" in x for x in checked(tmp_path / "t", {"partners": partners}, "\nbackbone: {partner: a}\n")
    )


def test_an_identifier_that_is_named_often_is_looked_for_where_it_is_defined(tmp_path: Path) -> None:
    head = (
        "partner_id,name,sector,status\nplains-school,A,health,joined\nb,B,k12,joined\nc,C,k12,joined\nd,D,k12,joined\n"
    )
    ties = "wave,source,target,level\n" + "".join(f"2020-Q{q},plane-school,b,2\n" for q in (1, 2, 3, 4))
    said = checked(tmp_path / "s", {"partners": head, "ties": ties})
    assert (
        said[0] == "ties.csv:2:source: 'plane-school' is not in partners.csv; add it to partners.csv, or mend it there"
    )
    once = checked(tmp_path / "t", {"partners": head, "ties": ties.rsplit("2020-Q4")[0]})
    assert once[0].endswith("write 'plains-school', or add it to partners.csv")


def test_the_identifier_that_cannot_be_used_comes_before_those_that_name_it(tmp_path: Path) -> None:
    partners = "partner_id,name,sector,status\nPlains_School,A,health,joined\nplains-clinic,B,k12,joined\n"
    said = checked(
        tmp_path / "s",
        {
            "partners": partners,
            "funding": "funding_id,source,amount,status\nx,Y,1,asked\n",
            "endorsements": "partner_id,agenda_on,response\nplains-school,2020-01-01,support\n",
        },
    )
    assert said[0].startswith("partners.csv:2:partner_id: 'Plains_School' is not an identifier")
    assert said[1].endswith("'plains-school' is not in partners.csv; mend the identifiers of partners.csv first")


TABLE_MISTAKES = [
    ("partners", "partner_id,name,status\na,A,joined\n", "partners.csv:1:sector: the column is missing"),
    ("partners", PARTNERS + "office2,,health,joined\n", "partners.csv:4:name: the cell is empty; fill it in"),
    ("partners", PARTNERS + "Big Office,X,health,joined\n", "partners.csv:4:partner_id: 'Big Office' is not an identifier"),
    ("partners", PARTNERS + "b,B,health,join\n", "partners.csv:4:status: 'join' is not a known status; write 'joined'"),
    ("partners", PARTNERS + "b,B,health\n", "partners.csv:4: the row has 3 cells, the header 4"),
    ("partners", PARTNERS + 'b,"B,health,joined\n', "partners.csv:4: the row is not CSV"),
    ("partners", PARTNERS + "b,B\x07,health,joined\n", "partners.csv:4:name: 'B�' holds control characters"),
    ("partners", PARTNERS.replace("name", "name,name", 1), "partners.csv:1:name: the column is there twice"),
    ("partners", PARTNERS.replace("status", "status,", 1), "partners.csv:1: column 5 has no name"),
    ("partners", PARTNERS.replace(",", ";"), "partners.csv:1: columns are divided by ';'; divide them by commas"),
    ("partners", "", "partners.csv:1: the file is empty"),
    ("partners", "\n\n", "partners.csv:1: the file is empty"),
    ("partners", "partner_id,name,sector,status,joined_on,left_on\na,A,health,left,2026-01-02,2025-01-01\n",
     "partners.csv:2:left_on: left_on comes before joined_on"),
    ("partners", "partner_id,name,sector,status,joined_on\na,A,health,joined,2026-02-30\n",
     "partners.csv:2:joined_on: '2026-02-30' is not a date"),
    ("partners", "partner_id,name,sector,status,interest\na,A,health,joined,2.5\n",
     "partners.csv:2:interest: '2.5' is not a whole number"),
    ("partners", "partner_id,name,sector,status,x_illustrative\na,A,health,joined,maybe\n",
     "partners.csv:2:x_illustrative: 'maybe' is not a known x_illustrative"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,children,2024,,n/a\n",
     "indicators.csv:2:value: 'n/a' is not a number; leave the cell empty where the figure is missing"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,share,2024,,45%\n",
     "write a share between 0 and 1, without the sign"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,children,2024,,1e999\n", "'1e999' is not a number"),
    ("indicators", "geoid,indicator,period,segment,value,moe\n08009,children,2024,,5,-2\n",
     "indicators.csv:2:moe: '-2' is out of range; write a number at least 0"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,children,2024,,5\n08009,children,2024,,6\n",
     "indicators.csv:3:geoid: the same geoid, indicator, period, segment as in row 2"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,share_all_parents_working,2024,,65\n",
     "share_all_parents_working is 65, and a share is between 0 and 1; write 0.65 for 65 percent"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,children,2024,,-100\n", "children is below zero"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,children,2024,infants,5\n",
     "'infants' is not one of the issue's segments, so this figure would count for nobody"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,population,2024,,1e300\n", "'1e300' is too large to be right"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,population,20２4,,1\n", "is not a period"),
    ("partners", "partner_id,name,sector,status,joined_on\na,A,health,joined,2261-12-31\n", "'2261-12-31' is not a date"),
    ("observations", "measure_id,period,partner_id,segment,value\nseats,2026,,,\n",
     "observations.csv:2:value: the row has no figure; fill in value or numerator and denominator"),
    ("observations", "measure_id,period,partner_id,segment,value\nseets,2026,,,4\n",
     "observations.csv:2:measure_id: 'seets' is not in measures.csv; write 'seats', or add it to measures.csv"),
    ("weights", "partner_id,criterion,points\noffice,cost,4\n",
     "weights.csv:2:criterion: identifiers of criteria are named, but criteria.csv is absent or empty"),
    ("readiness", "wave,respondent,item,score\n2026,r-1,agenda-nothing,4\n", "is not one of the instrument's items"),
    ("facilities", "facility_id,name,kind,longitude,latitude,opens\nf,F,home,-103,37,7:30\n",
     "facilities.csv:2:opens: '7:30' is not a time of day; write it as HH:MM"),
    ("facilities", "facility_id,name,kind,longitude,latitude\nf,F,home,37,-103\n",
     "facilities.csv:2:latitude: '-103' is out of range"),
    ("projects", "project_id,name,lead,lever,cost,requires\np,P,office,supply,1,p\n",
     "projects.csv:2:requires: the project names itself; take it out"),
    ("criteria", "criterion,name,goal,worst,best\ncost,Cost,min,1,5\n",
     "criteria.csv:2:best: best is not better than worst; for a goal of min, best is below worst"),
    ("areas", "geoid,name\n8009,Baca\n08061,Kiowa\n",
     "areas.csv:2:geoid: '8009' has 4 characters; write '08009', with the leading zero that was lost"),
    ("areas", "geoid,name\n08009,Baca\n08001,Adams\n", "areas.csv:3:geoid: 08001 lies outside the study's counties"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,share_parents_at_work,2024,hour-24,0.5\n",
     "indicators.csv:2:segment: 'hour-24' does not name an hour, so this figure would count for nothing; write hour-00 to hour-23"),
    ("indicators", "geoid,indicator,period,segment,value\n08009,families_by_income,2024,10k-15k,5\n",
     "indicators.csv:2:segment: '10k-15k' does not name a class, so this figure would count for nothing; write such as 10000-14999"),
    ("peers", "geoid,name,indicator,period,segment,value\n20187,Stanton,poeple,2024,,5\n",
     "peers.csv:2:indicator: the study has none of these indicators: poeple; name them as indicators.csv does"),
    ("peers", "geoid,name,indicator,period,segment,value\n1001,Autauga,population,2024,,5\n",
     "peers.csv:2:geoid: '1001' has 4 characters; write '01001', with its leading zero"),
    ("voices", "voice_id,theme,text,indicator\nv,cost,Too dear.,price_weak\n",
     "voices.csv:2:indicator: identifiers of indicators are named, but indicators.csv is absent or empty"),
    ("facilities", "facility_id,name,kind,longitude,latitude,days\nf,F,home,-103,37,Mon-Fri\n",
     "facilities.csv:2:days: 'Mon-Fri' does not name days; write Mo-Fr, Mo-Su or Mo,We,Sa"),
    ("facilities", "facility_id,name,kind,longitude,latitude,days\nf,F,home,-103,37,Mo-We-Fr\n", "'Mo-We-Fr' does not name days"),
    ("capacity", "facility_id,segment,licensed,vacancies\nf,preschool,10,11\n",
     "capacity.csv:2:licensed: licensed is less than vacancies; mend one of the two"),
    ("capacity", "facility_id,segment,licensed,usable,vacancies\nf,preschool,10,4,5\n",
     "capacity.csv:2:usable: usable is less than vacancies; mend one of the two"),
    ("capacity", "facility_id,segment,licensed,low\nf,preschool,10,12\n",
     "capacity.csv:2:licensed: licensed is less than low; mend one of the two"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "text", "expected"), TABLE_MISTAKES, ids=[m[2][:60] for m in TABLE_MISTAKES])
def test_a_mistake_in_a_table_is_named(tmp_path: Path, table: str, text: str, expected: str) -> None:
    files = {"partners": PARTNERS, "measures": MEASURES, table: text}
    found = problems(write(tmp_path / "s", **files))
    assert any(expected in line for line in found), found
    assert all("; " in line for line in found), "each says what to do"


YAML_MISTAKES = [
    ("format: 1", "format: 2", "study.yaml:1:format: '2' is not a choice; use 1"),
    ("level: county", "level: couty", "study.yaml:5:level: 'couty' is not a choice"),
    ("issue: child-care", "issue: childcare", "study.yaml:4:issue: 'childcare' is not a built-in issue; write 'child-care'"),
    ("issue: child-care", "issue: ../other.yaml", "study.yaml:4:issue: '../other.yaml' lies outside the study's folder"),
    ("issue: child-care", 'issue: "x\\0.yaml"', "is not a built-in issue"),
    ("issue: child-care", "issue: " + "x" * 300 + ".yaml", "is not a built-in issue"),
    ("as_of: 2026-06-30", "as_of: 9999-12-31", "study.yaml:7:as_of: '9999-12-31' does not fit"),
    ("as_of:", "budget: 1.0e+300\nas_of:", "study.yaml:7:budget: "),
    ("as_of:", "x: [" + "1," * 30_000 + "1]\nas_of:", "the file has too many entries"),
    ("as_of: 2026-06-30", "as_of: 20260630", "study.yaml:7:as_of: it is not a date such as 2026-06-30"),
    ("as_of: 2026-06-30", "", "study.yaml:1:as_of: the key is missing; add it"),
    ('"08061"', '"99999"', "study.yaml:6:counties.2: there is no state or county 99999"),
    ("title: A study", "title: [a", "study.yaml:"),
    ("title: A study of nothing yet", "title: 2026", "study.yaml:2:title: '2026' is not what is expected; write text"),
    ("as_of:", "title: again\nas_of:", "study.yaml:7: the key 'title' is there twice; keep one"),
    ("as_of:", "agenda: {problem: p, vision: v, goals: [{goal_id: g, text: t, measure_id: m}]}\nas_of:",
     "study.yaml:7:agenda.goals.1.measure_id: 'm' is not in measures.csv"),
    ("as_of:", "backbone: {partner: nobody}\nas_of:", "study.yaml:7:backbone.partner: 'nobody' is not in partners.csv"),
    ("as_of:", "illustrative: [partner]\nas_of:", "study.yaml:7:illustrative.1: 'partner' is not a table; write 'partners'"),
    ("as_of:", "budget: true\nas_of:", "study.yaml:7:budget: it is not a plain number"),
    ("as_of:", "minimum_respondents: 2\nas_of:", "study.yaml:7:minimum_respondents: '2' does not fit"),
    ("as_of:", "budget: -5\nas_of:", "study.yaml:7:budget: '-5' does not fit"),
    ("as_of:", "access: {bands: [[10, 1.0], [5, 0.5]]}\nas_of:", "study.yaml:7:access: bands go outward"),
    ("as_of:", "publish: {minimum: 3}\nas_of:", "study.yaml:7:publish.minimum: 'minimum' is not a known key; write 'minimum_count'"),
    ("as_of:", "x: &a [1]\ny: *a\nas_of:", "anchors and aliases are not allowed"),
    ("as_of:", "x: !!python/object:os.system {}\nas_of:", "the tag tag:yaml.org,2002:python/object:os.system is not allowed"),
    ("as_of:", "staffing: {pre-school: 10}\nas_of:",
     "study.yaml:7:staffing.pre-school: 'pre-school' is not one of the issue's segments; write 'preschool'"),
    ("as_of:", "staffing: {preschool: 0}\nas_of:", "study.yaml:7:staffing.preschool: '0' does not fit"),
    ("as_of:", "peers: {match: [populaton]}\nas_of:",
     "study.yaml:7:peers.match.1: the study has no indicator 'populaton'; there is none to use yet"),
    ("as_of:", "x: " + "[" * 25 + "]" * 25 + "\nas_of:", "nested more than 20 levels deep"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), YAML_MISTAKES, ids=[m[2][:60] for m in YAML_MISTAKES])
def test_a_mistake_in_study_yaml_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = problems(write(tmp_path / "s", study=SETTINGS.replace(old, new, 1)))
    assert any(expected in line for line in found), found


def test_a_cell_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    observations = "measure_id,period,partner_id,segment,value\nseats,2026,,,72 spots\n"
    found = problems(write(tmp_path / "s", measures=MEASURES, observations=observations))
    assert found == ["observations.csv:2:value: '72 spots' is not a number; write a plain number such as 1234.5"]


def test_yaml_bombs_are_refused_at_once(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert "anchors and aliases" in problems(write(tmp_path / "s", study=bomb))[0]


def test_a_file_over_its_size_is_refused_unread(tmp_path: Path) -> None:
    found = problems(write(tmp_path / "s", study=SETTINGS + "#" + "y" * 2**20))
    assert "study.yaml: the file has" in found[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PARTNERS.replace("Clinic", "Café").encode("cp1252"), "partners.csv:3: the file is not UTF-8 (byte 0xe9); it may be"),
        (PARTNERS.encode("utf-16"), "partners.csv:1: the file is in UTF-16; save it as CSV UTF-8"),
        (PARTNERS.replace("Clinic", "Cli\0nic").encode(), "partners.csv:3: the file holds a NUL character"),
    ],
)  # fmt: skip
def test_encodings_are_refused_by_name(tmp_path: Path, content: bytes, expected: str) -> None:
    assert any(expected in line for line in problems(write(tmp_path / "s", partners=content)))


def test_a_bom_windows_lines_quoted_lines_and_blank_rows_are_read(tmp_path: Path) -> None:
    text = (
        "\ufeff"
        + 'partner_id,name,sector,status\r\na,"A, of\ntwo lines",health,joined\r\n,,,\r\n\r\nb,B,helth,joined\r\n'
    )
    assert problems(write(tmp_path / "s", partners=text)) == [
        "partners.csv:6:sector: 'helth' is not one of the issue's sectors; write 'health'"
    ]
    study = Study.read(write(tmp_path / "t", partners=text.replace("helth", "health")))
    assert study.tables["partners"]["name"].to_list() == ["A, of\ntwo lines", "B"]


def test_files_that_are_not_what_they_seem_to_be_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", partner=PARTNERS, partners=PARTNERS)
    (folder / "ties.xlsx").write_bytes(b"PK")
    (folder / "x_mine.csv").write_text("anything")
    (folder / "notes.md").write_text("anything")
    assert problems(folder) == [
        "partner.csv: there is no table 'partner'; write 'partners', or begin the name with x_",
        "ties.xlsx: tables are CSV files; save it as ties.csv (CSV UTF-8)",
    ]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(PARTNERS)
    folder = write(tmp_path / "s")
    os.symlink(tmp_path / "secret.csv", folder / "partners.csv")
    assert problems(folder) == [
        "partners.csv: the file is a link out of the study's folder; copy the file into the folder"
    ]


def test_a_folder_in_place_of_a_table_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    (folder / "partners.csv").mkdir()
    assert problems(folder) == ["partners.csv: this is not a file; put a file there, or take it away"]


def test_many_of_a_kind_are_cut_short_and_counted(tmp_path: Path) -> None:
    rows = "".join(f"p{i},P,helth,joined\n" for i in range(1000))
    with pytest.raises(StudyProblems) as caught:
        Study.read(write(tmp_path / "s", partners="partner_id,name,sector,status\n" + rows))
    assert len(caught.value.problems) == 1000
    lines = str(caught.value).splitlines()
    assert lines[0] == "s has 1000 problems:"
    assert len(lines) == 1 + 25 + 1
    assert lines[-1] == "partners.csv:sector: 975 more like these; mend them too"


def test_only_study_yaml_is_required(tmp_path: Path) -> None:
    study = Study.read(STUDIES / "only-settings")
    assert study.areas["geoid"].to_list() == ["08009", "08061"]
    assert study.areas.geometry.notna().all()
    assert study.areas.crs == "EPSG:4326"
    assert all(len(study.tables[n]) == 0 for n in INPUTS if n != "areas")


def test_every_declared_column_is_there_and_typed(tmp_path: Path) -> None:
    indicators = (
        "geoid,indicator,period,segment,value,x_note\n08009,children,2024,,0,a\n08061,children,2024,preschool,,b\n"
    )
    study = Study.read(write(tmp_path / "s", indicators=indicators))
    frame = study.tables["indicators"]
    assert frame.columns.to_list() == [*INPUTS["indicators"].names, "x_note"]
    assert frame["value"].dtype == "float64"
    assert frame["value"].to_list()[0] == 0.0
    assert np.isnan(frame["value"].iloc[1]), "an empty cell is missing, never zero"
    assert frame["segment"].isna().to_list() == [True, False]
    assert frame["moe"].isna().all()


def test_codes_of_the_community_survey_are_read_for_what_they_mean(tmp_path: Path) -> None:
    text = (
        "geoid,indicator,period,segment,value,moe\n08009,children,2024,,-666666666,-222222222\n"
        "08061,children,2024,,40,-555555555\n"
    )
    frame = Study.read(write(tmp_path / "s", indicators=text)).tables["indicators"]
    assert frame["value"].isna().to_list() == [True, False]
    assert frame["moe"].isna().to_list() == [True, False]
    assert frame["moe"].iloc[1] == 0, "a controlled estimate has no error, and its margin is not missing"
    assert frame["reason"].iloc[0] == "too few sample cases for an estimate"
    assert pd.isna(frame["reason"].iloc[1])


def outlines(**columns: object) -> gpd.GeoDataFrame:
    shapes = [box(-103.1, 36.9, -102.0, 37.6), box(-103.1, 38.2, -102.0, 38.6)]
    return gpd.GeoDataFrame(
        {"geoid": ["08009", "08061"], "name": ["Baca", "Kiowa"], **columns}, geometry=shapes, crs=4326
    )


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet"])
def test_outlines_of_ones_own_are_read(tmp_path: Path, ending: str) -> None:
    folder = write(tmp_path / "s")
    areas = outlines(longitude=[-102.5, -102.7]).to_crs(26913)
    path = folder / f"areas.{ending}"
    if ending == "parquet":
        areas.to_parquet(path)
    else:
        areas.to_file(path)
    study = Study.read(folder)
    assert study.areas.crs == "EPSG:4326"
    assert study.areas["geoid"].to_list() == ["08009", "08061"]
    assert study.areas["longitude"].to_list() == [-102.5, -102.7]
    assert study.areas.geometry.iloc[0].centroid.distance(Point(-102.55, 37.25)) < 0.01


def test_outlines_that_cannot_serve_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    path = folder / "areas.geojson"
    path.write_text("{")
    assert "areas.geojson: the file cannot be read" in problems(folder)[0]
    outlines().set_geometry([Point(0, 0), Point(1, 1)], crs=4326).to_file(path)
    assert "areas.geojson: the file holds Point where polygons are expected" in problems(folder)[0]
    outlines(geoid=[8009, 8061]).to_file(path)
    assert "areas.geojson:geoid: 'geoid' holds numbers; write it as text" in problems(folder)[0]
    outlines().to_file(path)
    (folder / "areas.csv").write_text("geoid,name\n08009,Baca\n")
    assert any("areas are in areas.csv and in areas.geojson" in line for line in problems(folder))


def test_a_level_without_outlines_asks_for_areas(tmp_path: Path) -> None:
    found = problems(write(tmp_path / "s", study=SETTINGS.replace("level: county", "level: tract")))
    assert found == [
        "study.yaml:5:level: there are no areas, and none are built in for level tract; add areas.geojson or areas.csv"
    ]


def test_a_profile_of_ones_own_is_read_and_checked(tmp_path: Path) -> None:
    import ci_analysis.issues

    built_in = (Path(ci_analysis.issues.__file__).parent / "child-care.yaml").read_text(encoding="utf-8")
    folder = write(tmp_path / "s", study=SETTINGS.replace("issue: child-care", "issue: mine.yaml"))
    (folder / "mine.yaml").write_text(built_in.replace("label: Child care\n", "label: Our care\n", 1))
    assert Study.read(folder).profile.label == "Our care"
    (folder / "mine.yaml").write_text(built_in.replace("of: [infant-toddler, preschool]", "of: [infants, preschool]"))
    assert any("group under-six: 'infants' is not a segment" in line for line in problems(folder))
    (folder / "mine.yaml").write_text(built_in.replace("needed: true", "need: true", 1))
    assert any(
        line.startswith("mine.yaml:23:sectors.1.need: 'need' is not a known key") for line in problems(folder)
    ), problems(folder)


def test_a_backbone_must_have_joined(tmp_path: Path) -> None:
    partners = PARTNERS + "maybe,Maybe,health,prospect\n"
    settings = SETTINGS.replace("as_of:", "backbone: {partner: maybe}\nas_of:")
    found = problems(write(tmp_path / "s", study=settings, partners=partners))
    assert found == [
        "study.yaml:7:backbone.partner: 'maybe' has not joined (its status is prospect); "
        "name a partner that has joined, or mend its status"
    ]


def test_everybody_may_be_written_out(tmp_path: Path) -> None:
    text = "geoid,indicator,period,segment,value\n08009,population,2024,all,5\n"
    frame = Study.read(write(tmp_path / "s", indicators=text)).tables["indicators"]
    assert frame["segment"].isna().all()


def test_notes_on_sources_are_read_as_safely_as_tables(tmp_path: Path) -> None:
    folder = write(tmp_path / "s")
    (folder / "PROVENANCE.md").write_text("## From the Census\n", encoding="utf-8")
    study = Study.read(folder)
    assert study.provenance == "## From the Census\n"
    assert "PROVENANCE.md" in study.files, "a change of it is a change of the study"
    (folder / "PROVENANCE.md").write_bytes("Café".encode("cp1252"))
    assert "PROVENANCE.md:1: the file is not UTF-8" in problems(folder)[0]
    (folder / "PROVENANCE.md").unlink()
    os.symlink("/etc/hostname", folder / "PROVENANCE.md")
    assert problems(folder)[0].startswith("PROVENANCE.md: the file is a link out of the study's folder")


def test_areas_of_another_level_get_no_county_outline(tmp_path: Path) -> None:
    settings = SETTINGS.replace("level: county", "level: zcta").replace('["08009", "08061"]', '["34"]')
    study = Study.read(write(tmp_path / "s", study=settings, areas="geoid,name\n08001,Alloway\n"))
    assert study.areas.geometry.isna().all(), "08001 is a county's code too, and means another place"


def test_no_built_in_outline_is_an_empty_shape() -> None:
    states = sorted(set(known_counties().index.str[:2]))
    outlines = county_outlines(states)
    known = outlines.geometry[outlines.geometry.notna()]
    assert len(outlines) == len(known_counties())
    assert len(outlines) - len(known) <= 5
    assert not known.is_empty.any()
    assert set(known.geom_type) <= {"Polygon", "MultiPolygon"}
    assert known.is_valid.all()


def test_the_example_is_read_whole() -> None:
    study = Study.read(EXAMPLE)
    assert len(study.areas) == 64
    for name in INPUTS:
        path = EXAMPLE / f"{name}.csv"
        if path.exists():
            assert len(study.tables[name]) == len(pd.read_csv(path, dtype=str)), name


def test_studies_are_found_by_name_from_the_folders_below(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shelf = tmp_path / "data" / "raw"
    shelf.mkdir(parents=True)
    write(shelf / "one")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find_study("one") == shelf / "one"
    assert Study.read(find_study("one")).root == tmp_path
    with pytest.raises(StudyNotFound, match=re.escape("There is no study 'two'. The studies here are one.")):
        find_study("two")
    with pytest.raises(StudyNotFound, match=r"no study\.yaml"):
        find_study(tmp_path)


FACILITY = "facility_id,name,kind,longitude,latitude,days\n"


def test_days_vacancies_hours_and_classes_that_are_right_are_read(tmp_path: Path) -> None:
    days = ["Mo-Fr", "Mo,We,Sa", "Sa-Mo", "Su", ""]
    facilities = FACILITY + "".join(f'f{i},F,home,-102.5,37.2,"{d}"\n' for i, d in enumerate(days))
    capacity = (
        "facility_id,segment,licensed,usable,vacancies\n"
        "f0,preschool,10,,10\nf1,preschool,,,3\nf2,preschool,10,4,4\nf3,preschool,10,0,0\n"
    )
    segments = ["hour-00", "hour-23", "all"]
    rows = [f"08009,share_parents_at_work,2024,{s},0.5\n" for s in segments]
    rows += [f"08009,families_by_income,2024,{s},5\n" for s in ("0-9999", "10000-14999", "200000-up", "")]
    study = Study.read(
        write(
            tmp_path / "s",
            facilities=facilities,
            capacity=capacity,
            indicators="geoid,indicator,period,segment,value\n" + "".join(rows),
            study=SETTINGS + "staffing: {preschool: 8, all: 10}\n",
        )
    )
    assert study.tables["facilities"]["days"].fillna("").to_list() == days
    assert study.tables["capacity"]["vacancies"].to_list() == [10, 3, 4, 0]
    assert study.staffing == {"preschool": 8, "all": 10}


def test_an_indicator_that_peers_alone_have_is_a_note(tmp_path: Path) -> None:
    indicators = "geoid,indicator,period,segment,value\n08009,population,2024,,3500\n"
    peers = "geoid,name,indicator,period,segment,value\n20187,S,population,2024,,5\n20187,S,rainfall,2024,,5\n"
    study = Study.read(write(tmp_path / "s", indicators=indicators, peers=peers))
    assert [str(n) for n in study.notes] == [
        "peers.csv:indicator: the study has no figures of rainfall; nothing is matched on them; bring them in indicators.csv too"
    ]
    wrong = SETTINGS + "peers: {match: [populaton]}\n"
    (said,) = problems(write(tmp_path / "t", indicators=indicators, study=wrong))
    assert said.endswith("the study has no indicator 'populaton'; write 'population'")
    voice = "voice_id,theme,text,indicator\nv,cost,Too dear.,populaton\n"
    (said,) = problems(write(tmp_path / "u", indicators=indicators, voices=voice))
    assert said.startswith("voices.csv:2:indicator: 'populaton' is not in indicators.csv; write 'population'")


def test_an_area_that_no_outline_is_built_in_for_is_read_and_noted(tmp_path: Path) -> None:
    study = Study.read(
        write(
            tmp_path / "s", study=SETTINGS.replace('["08009", "08061"]', '["08"]'), areas="geoid,name\n08999,Nowhere\n"
        )
    )
    assert study.areas.geometry.isna().all()
    assert str(study.notes[0]).startswith("areas.csv: 1 area (08999) without an outline")
