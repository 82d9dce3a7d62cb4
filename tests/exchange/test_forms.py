"""Answers as form tools export them: the same ones come out, whichever tool it was, and nothing of who gave them."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.formatting.rule import ColorScaleRule

from ci_analysis.errors import Problem, WrongUse
from ci_analysis.exchange import forms, workbooks
from ci_analysis.exchange.forms import NOTE, read_form
from ci_analysis.issues.profile import load_instrument
from ci_analysis.report.questionnaire import form_questions
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, Table, conform

STUDIES = Path(__file__).resolve().parent.parent / "studies"
WAVE = "2026-Q4"
CONDITIONS = {c.condition: [i.item for i in c.items] for c in load_instrument().conditions}
LABELS = {c.condition: c.label for c in load_instrument().conditions}
TEXTS = {i.item: i.text for c in load_instrument().conditions for i in c.items}
ITEMS = list(TEXTS)
HOME = {item: condition for condition, items in CONDITIONS.items() for item in items}
READINESS: Table = INPUTS["readiness"]

Grid = list[list[object]]
Export = Callable[[Sequence["Person"]], Grid]


@dataclass(frozen=True)
class Person:
    """What one respondent has answered, and what the tool knows of them."""

    scores: Mapping[str, int]
    who: str = ""
    speaks: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    mail: str = "kim@example.org"
    name: str = "Kim Lee"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("forms") / "coalition"
    folder.mkdir()
    (folder / "study.yaml").write_bytes((STUDIES / "only-settings" / "study.yaml").read_bytes())
    (folder / "partners.csv").write_text(
        "partner_id,name,sector,status\noffice,The Office,nonprofit,joined\nschool,North School,k12,joined\n"
        "twin-a,Twin,health,joined\ntwin-b,Twin,health,joined\n",
        encoding="utf-8",
    )
    return Study.read(folder)


# --- what each tool writes --------------------------------------------------------------------------------------------


def google(people: Sequence[Person]) -> Grid:
    head = ["Timestamp", "Email Address", "A code of your own, or your organization", "I speak for"]
    for condition, items in CONDITIONS.items():
        head += [f"{LABELS[condition]} [{TEXTS[i]}]" for i in items]
        head.append(f"Anything to add on {LABELS[condition].lower()}?")
    rows = []
    for n, p in enumerate(people):
        row: list[object] = [datetime(2026, 11, 1, 9, n % 60), p.mail.replace("@", f"{n}@"), p.who]
        row.append({"backbone": "the backbone", "partner": "a partner", "": None}[p.speaks])
        for condition, items in CONDITIONS.items():
            row += [p.scores.get(i) for i in items] + [p.comments.get(condition)]
        rows.append(row)
    return [head, *rows]


def microsoft(people: Sequence[Person]) -> Grid:
    head = ["ID", "Start time", "Completion time", "Email", "Name", "Total points", "Quiz feedback", "Your code",
            "Points - Your code", "I speak for:\xa0"]  # fmt: skip
    for n, (condition, items) in enumerate(CONDITIONS.items(), 1):
        head += [f"{TEXTS[i].replace(chr(39), '’')}\xa0" for i in items]
        head += ["Anything to add?" + (str(n) if n > 1 else ""), f"Points - {LABELS[condition]}"]
    words = {1: "1 - not at all", 5: "5 (Fully)"}
    rows = []
    for n, p in enumerate(people):
        row: list[object] = [n + 1, datetime(2026, 11, 1), datetime(2026, 11, 1, 1), "anonymous", p.name, None, None,
                             p.who, None, f"{p.speaks};" if p.speaks else ""]  # fmt: skip
        for condition, items in CONDITIONS.items():
            row += [words.get(p.scores[i], str(p.scores[i])) if i in p.scores else "Not able to say" for i in items]
            row += [p.comments.get(condition, ""), 1.5]
        rows.append(row)
    return [head, *rows]


def survey_monkey(people: Sequence[Person]) -> Grid:
    upper: list[object] = [
        "Respondent ID",
        "Collector ID",
        "Start Date",
        "IP Address",
        "First Name",
        "Code",
        "I speak for",
    ]
    lower: list[object] = ["", "", "", "", "", "Open-Ended Response", "Response"]
    for condition, items in CONDITIONS.items():
        upper += [LABELS[condition], *[""] * (len(items) - 1), f"Comments on {LABELS[condition]}"]
        lower += [*(TEXTS[i].upper() for i in items), "Open-Ended Response"]
    rows = []
    for n, p in enumerate(people):
        row: list[object] = [118432000000 + n, 4, "11/01/2026", "10.0.0.1", p.name, p.who, p.speaks]
        for condition, items in CONDITIONS.items():
            row += [float(p.scores[i]) if i in p.scores else "N/A" for i in items] + [p.comments.get(condition, "")]
        rows.append(row)
    return [upper, lower, *rows]


def qualtrics(people: Sequence[Person]) -> Grid:
    codes: list[object] = ["StartDate", "IPAddress", "Finished", "ResponseId", "RecipientLastName", "Q1", "Q2"]
    texts: list[object] = [
        "Start Date",
        "IP Address",
        "Finished",
        "Response ID",
        "Recipient Last Name",
        "Code",
        "I speak for",
    ]
    for q, (condition, items) in enumerate(CONDITIONS.items(), 3):
        codes += [*(f"Q{q}_{n}" for n, _ in enumerate(items, 1)), f"Q{q}_c"]
        texts += [*(f"How far does it hold? - {TEXTS[i]}" for i in items), f"Comment: {condition}"]
    ids = ['{"ImportId":"QID' + str(n) + '"}' for n, _ in enumerate(codes)]
    rows = []
    for n, p in enumerate(people):
        row: list[object] = ["2026-11-01 10:00:00", "10.0.0.1", "True", f"R_{n}x", p.name, p.who, p.speaks]
        for condition, items in CONDITIONS.items():
            row += [p.scores.get(i) for i in items] + [p.comments.get(condition)]
        rows.append(row)
    return [codes, texts, ids, *rows]


def by_identifier(people: Sequence[Person]) -> Grid:
    """As somebody makes it by hand: identifiers for columns, a comment column for each."""
    head = ["respondent", "speaks_for", *ITEMS, *(f"comment: {c}" for c in CONDITIONS)]
    rows = [
        [p.who, p.speaks, *(p.scores.get(i) for i in ITEMS), *(p.comments.get(c) for c in CONDITIONS)] for p in people
    ]
    return [head, *rows]


TOOLS: list[Export] = [google, microsoft, survey_monkey, qualtrics, by_identifier]


def as_csv(grid: Grid, path: Path, *, bom: bool = False, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["" if c is None else c for c in row] for row in grid])
    return path


def as_workbook(grid: Grid, path: Path, title: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in grid:
        book.active.append(row)
    book.save(path)
    return path


def faults(problems: Sequence[Problem]) -> list[str]:
    return [str(p) for p in problems if p.kind != NOTE]


def notes(problems: Sequence[Problem]) -> list[str]:
    return [str(p) for p in problems if p.kind == NOTE]


def cells(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(None if pd.isna(c) else c for c in row) for row in frame.itertuples(index=False)]


# --- a slow, plain account of what must come out ----------------------------------------------------------------------


def plain_rows(person: Person, respondent: str) -> Iterator[tuple[object, ...]]:
    placed: dict[str, list[str]] = {}
    for condition in CONDITIONS:
        if condition not in person.comments:
            continue
        first = [i for i in CONDITIONS[condition] if i in person.scores] or [i for i in ITEMS if i in person.scores]
        if first:
            text = f"[on {LABELS[condition]} as a whole] {person.comments[condition]}"
            placed.setdefault(first[0], []).append(text)
    for item in ITEMS:
        if item in person.scores:
            said = " / ".join(placed[item]) if item in placed else None
            yield (WAVE, respondent, item, float(person.scores[item]), said, person.speaks or None)


def plain(people: Sequence[Person]) -> list[tuple[object, ...]]:
    """The rows of people whose codes are kept, and of others numbered by their scores, which differ here."""
    silent = [p for p in people if not p.who and p.scores]
    silent.sort(key=lambda p: [p.scores.get(i, 0) for i in ITEMS])
    named = [(p.who, p) for p in people if p.who and p.scores]
    named += [(f"anon-2026-q4-{n:02d}", p) for n, p in enumerate(silent, 1)]
    return [row for who, p in sorted(named, key=lambda x: x[0]) for row in plain_rows(p, who)]


PEOPLE = [
    Person(dict.fromkeys(ITEMS, 4), comments={"backbone": "More people in the north.", "common-agenda": "Good."}),
    Person({i: 1 + n % 5 for n, i in enumerate(ITEMS)}, who="river-42", speaks="partner"),
    Person(dict.fromkeys(ITEMS[8:], 2), speaks="partner", comments={"common-agenda": "I was not there."}),
    Person({}, who="nothing-1", comments={"backbone": "I cannot say."}),
    Person(dict.fromkeys(ITEMS, 5), who="office", speaks="backbone"),
    Person(dict.fromkeys(ITEMS, 1)),
]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("ending", ["xlsx", "csv", "csv with a mark", "csv with semicolons"])
def test_every_tool_gives_the_same_answers(tool: Export, ending: str, study: Study, tmp_path: Path) -> None:
    grid = tool(PEOPLE)
    path = tmp_path / f"answers.{ending.split()[0]}"
    if ending == "xlsx":
        as_workbook(grid, path)
    else:
        as_csv(grid, path, bom="mark" in ending, delimiter=";" if "semicolons" in ending else ",")
    rows, problems = read_form(path, study, wave=WAVE)
    assert faults(problems) == []
    assert cells(rows) == plain(PEOPLE)
    assert list(rows.columns) == READINESS.names
    assert rows.dtypes.equals(conform(rows, READINESS).dtypes)


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_of_who_and_when_is_kept(tool: Export, study: Study, tmp_path: Path) -> None:
    rows, problems = read_form(as_workbook(tool(PEOPLE), tmp_path / "a.xlsx"), study, wave=WAVE)
    everything = rows.to_csv() + "".join(map(str, problems))
    for secret in ("kim", "Kim", "Lee", "10.0.0.1", "118432", "R_0x", "11/01", "2026-11-01"):
        assert secret not in everything
    if tool is not by_identifier:
        said = [n for n in notes(problems) if "not kept" in n and "who answered or when" in n]
        assert len(said) == 1


PEOPLE_AT_RANDOM = st.lists(
    st.builds(
        Person,
        scores=st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 5), max_size=8),
        speaks=st.sampled_from(["", "backbone", "partner"]),
        comments=st.dictionaries(
            st.sampled_from(list(CONDITIONS)), st.sampled_from(["Yes, but.", "Ça va 東京", "=1+1"])
        ),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE_AT_RANDOM, tool=st.sampled_from(TOOLS), seed=st.integers(0, 9))
def test_any_answers_come_out_in_an_order_that_does_not_follow_the_file(
    people: list[Person], tool: Export, seed: int, study: Study, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    rows, problems = read_form(as_csv(tool(people), path), study, wave=WAVE)
    answered = [p for p in people if p.scores]
    assert len(faults(problems)) == (0 if answered else 1)
    expected = Counter(tuple(r[2:] for r in plain_rows(p, "")) for p in answered)
    found = Counter(tuple(tuple(r[2:]) for r in cells(g)) for _, g in rows.groupby("respondent"))
    assert found == expected
    assert sorted(rows["respondent"].unique()) == [f"anon-2026-q4-{n:02d}" for n in range(1, len(answered) + 1)]
    shuffled = random.Random(seed).sample(people, len(people))
    again, _ = read_form(as_csv(tool(shuffled), path), study, wave=WAVE)
    pd.testing.assert_frame_equal(rows, again)


# --- headings ---------------------------------------------------------------------------------------------------------


def one(heading: str, cell: object, study: Study, tmp_path: Path, *more: object) -> tuple[pd.DataFrame, list[Problem]]:
    """A form of two statements, the second by its identifier with the answer 3, and one column more."""
    grid = [[heading, "agenda-goals", *more[::2]], [cell, 3, *more[1::2]]]
    return read_form(as_workbook(grid, tmp_path / "one.xlsx"), study, wave=WAVE)


FIRST = TEXTS["agenda-problem"]


@pytest.mark.parametrize(
    "heading",
    [
        FIRST,
        f"1. {FIRST}",
        f"Q1: {FIRST}",
        f"(1) {FIRST}",
        f"1.1 {FIRST}",
        FIRST.removesuffix("."),
        f"{FIRST} *",
        f"  {FIRST.upper()}:  ",
        f"Common agenda [{FIRST}]",
        f"Common agenda - {FIRST}",
        f"Common agenda: {FIRST} (1 = not at all, 5 = fully)",
        f"<p>{FIRST.replace(' ', '&nbsp;', 1)}</p>",
        FIRST.replace(" ", "\xa0").replace("problem", "prob\u200blem"),
        "agenda-problem",
        "Agenda_Problem",
        f"agenda-problem: {FIRST}",
    ],
)
def test_a_statement_is_known_in_many_guises(heading: str, study: Study, tmp_path: Path) -> None:
    rows, problems = one(heading, 4, study, tmp_path)
    assert faults(problems) == []
    assert cells(rows[["item", "score"]]) == [("agenda-problem", 4), ("agenda-goals", 3)]


def test_no_two_statements_and_no_comment_are_taken_for_one_another() -> None:
    known = forms._Headings(load_instrument())
    assert {known.role(text).target for text in TEXTS.values()} == set(ITEMS)
    assert {known.role(text).kind for text in [*TEXTS.values(), *ITEMS]} == {"item"}
    assert {known.role(f"comment: {i}") for i in ITEMS} == {forms._Role("comment", i) for i in ITEMS}
    assert known.role(f"{FIRST} Comments").kind == "comment"


def test_what_the_form_asks_is_known_again_by_text_and_by_name() -> None:
    known = forms._Headings(load_instrument())
    for column in ("text", "item"):
        for question in form_questions().itertuples():
            role = known.role(getattr(question, column))
            kind, _, condition = question.item.partition(": ")
            expected = {"respondent": ("code", ""), "speaks_for": ("speaks_for", ""), "comment": ("comment", condition)}
            assert (role.kind, role.target) == expected.get(kind, ("item", question.item))


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Timestamp", "person"), ("Completion time", "person"), ("Email Address", "person"), ("E-mail", "person"),
        ("Your name", "person"), ("Name", "person"), ("Last Name (optional)", "person"), ("IP Address", "person"),
        ("Respondent ID", "person"), ("Location Latitude", "person"), ("Phone number", "person"),
        ("Total points", "grading"), ("Points - Anything to add?", "grading"), (f"{FIRST} [Score]", "grading"),
        ("Feedback - Name", "grading"), ("Respondent", "code"), ("Your code:", "code"), ("code", "code"),
        ("Your organisation", "organisation"), ("Name of your organization", "organisation"),
        ("Partner", "organisation"),
        ("Which organization do you speak for?", "organisation"), ("I speak for …", "speaks_for"),
        ("Whom do you speak for?", "speaks_for"), ("How do you work with your partner in the north?", "unknown"),
        ("ZIP code", "unknown"), ("", "blank"), (" *", "blank"),
    ],
)  # fmt: skip
def test_other_columns_are_told_apart(heading: str, kind: str) -> None:
    assert forms._Headings(load_instrument()).role(heading).kind == kind


def test_a_slip_in_a_statement_is_named_with_what_was_meant(study: Study, tmp_path: Path) -> None:
    _, problems = one(FIRST.replace("same words", "same word"), 4, study, tmp_path)
    (said,) = faults(problems)
    assert said.startswith("one.xlsx (Sheet1):1:A: 'We describe the problem in the same word and ")
    assert said.endswith(f"write '{FIRST}' or 'agenda-problem'")
    _, problems = one("agenda-problm", 4, study, tmp_path)
    assert "or 'agenda-problem'" in faults(problems)[0]


def test_other_columns_are_named_as_not_kept(study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, 4, study, tmp_path, "What would help most?", "Time", "", None)
    assert faults(problems) == []
    assert any("not kept: C ('What would help most?')" in n for n in notes(problems))
    assert "Time" not in rows.to_csv()


def test_missing_statements_are_a_note(study: Study, tmp_path: Path) -> None:
    _, problems = one(FIRST, 4, study, tmp_path)
    assert any(
        f"{len(ITEMS) - 2} of {len(ITEMS)} statements have no column: agenda-residents," in n for n in notes(problems)
    )


def test_two_columns_for_one_statement_are_a_problem(study: Study, tmp_path: Path) -> None:
    _, problems = one(FIRST, 4, study, tmp_path, f"{FIRST}2", 5)
    assert faults(problems) == [
        "one.xlsx (Sheet1):1:C: a second column for agenda-problem, after column A; take one of them out"
    ]


def test_headings_that_contradict_each_other_leave_no_statement(study: Study, tmp_path: Path) -> None:
    grid = [["agenda-goals", "Code"], [FIRST, "Open-Ended Response"], [4, "x1"]]
    rows, problems = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert len(rows) == 0
    assert faults(problems) == [
        "a.csv:2: no column can be told to be a statement of the survey; mend the headings",
        "a.csv:2:A: the headings name two statements, agenda-goals and agenda-problem; keep one of them",
    ]


def test_a_cell_under_no_heading_is_a_problem(study: Study, tmp_path: Path) -> None:
    _, problems = one(FIRST, 4, study, tmp_path, None, "left over")
    assert faults(problems) == ["one.xlsx (Sheet1):2:C: the cell stands under no heading; name its column, or empty it"]


@pytest.mark.parametrize("above", [["Results of our survey"], ["Results", "of", "2026"], ["", "", "Results"]])
def test_other_rows_above_the_statements_are_refused_or_read_as_headings(
    above: list[str], study: Study, tmp_path: Path
) -> None:
    grid = [above, ["x", "y"], [FIRST, "agenda-goals"], [4, 3]]
    rows, problems = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    (said,) = faults(problems)
    assert said.startswith("a.csv:3: the statements are in row 3, and other rows stand above")
    assert len(rows) == 0


def test_an_answer_that_says_response_is_no_heading(study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, 4, study, tmp_path, "comment: agenda-goals", "Response")
    assert faults(problems) == []
    assert rows["comment"].tolist()[1] == "Response"


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "score"),
    [
        (1, 1), (5, 5), (4.0, 4), ("4", 4), (" 4 ", 4), ("4.0", 4), ("１", 1), ("1 - not at all", 1),
        ("1: Not at all", 1), ("5-fully", 5),
        ("5 (fully)", 5), ("5(fully)", 5), ("Fully", 5), ("not at all", 1), ("not at all (1)", 1), ("Fully - 5", 5),
        ("2 - a little", 2), ("[3]", None), ("Strongly agree", None), (0, None), (6, None), (-1, None), ("10", None),
        (3.5, None), ("3,5", None), ("4/5", None), ("4 or 5", None), ("1 (fully)", None), ("not at all - 5", None),
        (True, None), (date(1900, 1, 4), None), (datetime(2026, 3, 4), None), ("4-Mar", None), ("#REF!", None),
        ("#N/A", None), ("9" * 5000, None), ("a" + "(" * 30_000, None), ("★★★", None),
    ],
)  # fmt: skip
def test_what_counts_as_an_answer(cell: object, score: int | None, study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, cell, study, tmp_path)
    found = dict(zip(rows["item"], rows["score"], strict=True))
    assert found.get("agenda-problem") == score
    said = faults(problems)
    assert len(said) == (score is None)
    assert all(s.startswith("one.xlsx (Sheet1):2:A: ") and len(s) < 250 for s in said)


@pytest.mark.parametrize(
    "cell", [None, "", " ", "-", "—", "n/a", "N.A.", "NA", "Not able to say", "I don’t know", "Prefer not to say"]
)
def test_what_is_no_answer_has_no_row(cell: object, study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, cell, study, tmp_path)
    assert faults(problems) == []
    assert rows["item"].tolist() == ["agenda-goals"]


def test_a_formula_counts_by_its_result_and_is_named_without_one(study: Study, tmp_path: Path) -> None:
    path = as_workbook([[FIRST, "agenda-goals"], ["=2+2", 3], [4, "=1+1"]], tmp_path / "f.xlsx")
    _, problems = read_form(path, study, wave=WAVE)
    assert [s.split(";")[0] for s in faults(problems)] == [
        "f.xlsx (Sheet1):2:A: the cell holds a formula without its result",
        "f.xlsx (Sheet1):3:B: the cell holds a formula without its result",
    ]
    with_result = tmp_path / "r.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(with_result, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = text.replace(b"<f>2+2</f><v></v>", b"<f>2+2</f><v>4</v>").replace(
                    b"<f>2+2</f><v />", b"<f>2+2</f><v>4</v>"
                )
                text = text.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
                    b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"
                )
            new.writestr(part.filename, text)
    rows, problems = read_form(with_result, study, wave=WAVE)
    assert faults(problems) == []
    assert sorted(rows["score"]) == sorted([2 + 2, 3, 4, 1 + 1])


def test_merged_and_formatted_cells_do_no_harm(study: Study, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([FIRST, "agenda-goals", "agenda-limits"])
    sheet.append([4, 3, 2])
    sheet.append([5, None, 1])
    sheet.merge_cells("A3:B3")
    sheet["A2"].number_format = "0%"
    sheet.conditional_formatting.add(
        "A1:C3", ColorScaleRule("min", None, "FF0000", "max", None, None, None, None, "00FF00")
    )
    book.create_sheet("hidden").sheet_state = "hidden"
    book["hidden"].append(["left", "over"])
    book.create_sheet("empty")
    book.save(tmp_path / "m.xlsx")
    rows, problems = read_form(tmp_path / "m.xlsx", study, wave=WAVE)
    assert faults(problems) == []
    assert sorted(rows["score"]) == [1, 2, 3, 4, 5]


def test_all_problems_come_at_once_in_the_order_of_the_sheet(study: Study, tmp_path: Path) -> None:
    grid = [[FIRST, "agenda-goals", "agenda-goal"], ["x", 9, 1], [7, 3, 1]]
    _, problems = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert [s.split(": ")[0] for s in faults(problems)] == ["a.csv:1:C", "a.csv:2:A", "a.csv:2:B", "a.csv:3:A"]
    kinds = [p.kind == NOTE for p in problems]
    assert kinds == sorted(kinds), "notes come last"


@pytest.mark.parametrize(
    ("cell", "speaks"),
    [("the backbone", "backbone"), ("Backbone", "backbone"), ("a partner", "partner"), ("A partner;", "partner"),
     ("", None), ("n/a", None)],
)  # fmt: skip
def test_whom_one_speaks_for(cell: str, speaks: str | None, study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, 4, study, tmp_path, "I speak for", cell)
    assert faults(problems) == []
    assert cells(rows[["speaks_for"]]) == [(speaks,), (speaks,)]


@pytest.mark.parametrize("cell", ["myself", "the backbone or a partner"])
def test_what_does_not_say_whom_one_speaks_for(cell: str, study: Study, tmp_path: Path) -> None:
    _, problems = one(FIRST, 4, study, tmp_path, "I speak for", cell)
    assert faults(problems) == [
        f"one.xlsx (Sheet1):2:C: '{cell}' does not say whom the respondent speaks for; "
        "write 'backbone' or 'partner', or empty the cell"
    ]


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_on_a_statement_stands_with_it(study: Study, tmp_path: Path) -> None:
    rows, _ = one(
        FIRST, 4, study, tmp_path, f"Comment: {TEXTS['agenda-goals']}", " Not \n all. ", "agenda-goals comment", "More"
    )
    assert cells(rows[["item", "comment"]]) == [("agenda-problem", None), ("agenda-goals", "Not all. / More")]


def test_a_comment_on_what_was_not_answered_says_what_it_is_about(study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, None, study, tmp_path, "comment: agenda-problem", "Which problem?")
    assert rows["comment"].tolist() == ["[on statement agenda-problem] Which problem?"]
    assert any("1 comment is not about one statement that was answered" in n for n in notes(problems))


def test_the_only_plain_comment_is_about_the_survey(study: Study, tmp_path: Path) -> None:
    rows, _ = one(FIRST, 4, study, tmp_path, "Comments", "Long.")
    assert cells(rows[["comment"]]) == [("[on the survey as a whole] Long.",), (None,)]


def test_plain_comments_behind_each_statement_are_about_it(study: Study, tmp_path: Path) -> None:
    grid = [[FIRST, "Comment", "agenda-goals", "Comment2", "backbone-time", "Comment3", "backbone-money", "Comment4"],
            [4, "a", 3, "b", 2, "c", 1, "d"]]  # fmt: skip
    rows, _ = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert rows["comment"].tolist() == ["a", "b", "c", "d"]


def test_plain_comments_behind_each_condition_are_about_it(study: Study, tmp_path: Path) -> None:
    grid = [[FIRST, "agenda-goals", "Comment", "backbone-time", "Comment2", "Anything else?"], [4, 3, "a", 2, "b", "c"]]
    rows, _ = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert cells(rows[["comment"]]) == [
        ("[on Common agenda as a whole] a / [on the survey as a whole] c",), (None,), ("[on Backbone as a whole] b",)
    ]  # fmt: skip


# --- respondents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "respondent"),
    [
        ("river-42", "river-42"), ("school", "school"), ("North School", "school"), ("  north  SCHOOL ", "school"),
        ("kim@example.org", "anon-2026-q4-01"), ("Kim Lee", "anon-2026-q4-01"), ("kim-lee", "anon-2026-q4-01"),
        ("kim", "anon-2026-q4-01"), ("Twin", "anon-2026-q4-01"), ("", "anon-2026-q4-01"), ("a" * 64, "anon-2026-q4-01"),
    ],
)  # fmt: skip
def test_who_a_respondent_may_be(who: str, respondent: str, study: Study, tmp_path: Path) -> None:
    rows, problems = one(FIRST, 4, study, tmp_path, "code", who, "Name", "Kim Lee", "Email", "kim@example.org")
    assert faults(problems) == []
    assert set(rows["respondent"]) == {respondent}
    assert rows["respondent"].str.fullmatch("[a-z0-9][a-z0-9-]{0,62}").all()
    assert "kim" not in "".join(map(str, problems)).casefold()


def test_an_organisation_is_kept_only_where_it_is_a_partner(study: Study, tmp_path: Path) -> None:
    grid = [["Your organization", FIRST], ["North School", 4], ["Some Club", 3], ["some-club", 2]]
    rows, problems = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert rows["respondent"].tolist() == ["anon-2026-q4-01", "anon-2026-q4-02", "school"]
    assert rows["score"].tolist() == [2, 3, 4]
    assert any("names no partner of the study in 2 rows" in n for n in notes(problems))
    assert "Club" not in "".join(map(str, problems))


def test_a_number_that_somebody_took_as_a_code_is_not_given_again(study: Study, tmp_path: Path) -> None:
    grid = [["code", FIRST], ["", 1], ["anon-2026-q4-01", 2], ["", 3]]
    rows, _ = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert dict(zip(rows["score"], rows["respondent"], strict=True)) == {
        1: "anon-2026-q4-02", 2: "anon-2026-q4-01", 3: "anon-2026-q4-03"
    }  # fmt: skip


def test_one_respondent_in_two_rows_is_a_problem(study: Study, tmp_path: Path) -> None:
    grid = [["code", FIRST, "Email"], ["x1", 1, "A@x.org"], ["x1", 2, ""], ["", 3, "b@x.org"], ["", 3, "a@x.org"]]
    rows, problems = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert faults(problems) == [
        "a.csv:3:A: 'x1' answers in row 2 already; "
        "keep one of the two rows; where two people of one organisation answered, give each a code",
        "a.csv:5:C: the same address as in row 2; "
        "keep one of the two rows; where two people share the address, empty it in one of them",
    ]
    assert not rows[READINESS.key].duplicated().any()


def test_the_width_of_the_numbers_follows_their_count(study: Study, tmp_path: Path) -> None:
    grid: Grid = [[FIRST], *([1 + n % 5] for n in range(100))]
    rows, _ = read_form(as_csv(grid, tmp_path / "a.csv"), study, wave=WAVE)
    assert rows["respondent"].tolist() == [f"anon-2026-q4-{n:03d}" for n in range(1, 101)]


# --- files ------------------------------------------------------------------------------------------------------------


def refusal(content: bytes, study: Study, tmp_path: Path, name: str = "a.xlsx", sheet: str | None = None) -> str:
    path = tmp_path / name
    path.write_bytes(content)
    rows, problems = read_form(path, study, wave=WAVE, sheet=sheet)
    assert len(rows) == 0
    assert list(rows.columns) == READINESS.names
    (said,) = faults(problems)
    return said


def archive(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n , ,\n", "the file is empty"),
        ("a;b".encode("utf-16"), "the file is in UTF-16"),
        ("agenda-goals\n3".encode("utf-16-le"), "NUL characters"),
        ("agenda-goals,comment\n3,don’t\n".encode("cp1252"), "the file is in Windows-1252 (byte 0x92)"),
        ("agenda-goals,comment\n3,façade\n".encode("cp1252"), "is not in UTF-8; it may be in Windows-1252"),
        (b'agenda-goals\n"3', "the row is not CSV"),
        (b"A" * 140_000 + b",agenda-goals\n,3\n", "a.xlsx:1: the row is not CSV (field larger than field limit"),
        (b"agenda-goals\n3\n" + b"A" * 140_000, "a.xlsx:3: the row is not CSV (field larger than field limit"),
        (b"agenda-goals\n", "no answers below the headings"),
        (b"name,age\nKim,3\n", "no column is a statement of the readiness survey"),
        (b"agenda-goals,agenda-limits\n,n/a\n", "no row answers a statement"),
        (b"<html><table><tr><td>agenda-goals</td></tr></table></html>", "a web page that was named as a spreadsheet"),
        (b"\n<!DOCTYPE html>", "a web page"),
        (b'<?xml version="1.0"?><Workbook/>', "an XML file"),
        (b"%PDF-1.7", "a PDF"),
        (b"{\\rtf1", "a text document"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel's old format (.xls)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (b"PK\x03\x04 cut short", "not a whole workbook"),
        (archive({"Index/Document.iwa": b""}), "a document of Numbers"),
        (archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "OpenDocument spreadsheet"),
        (archive({"xl/workbook.bin": b""}), "a binary Excel workbook"),
        (archive({"Our form.csv": b"agenda-goals\n3"}), "unpack it first"),
        (archive({"x": b""}), "an archive and no workbook"),
        (archive({"xl/workbook.xml": b"<workbook/>"}), "the workbook is broken"),
        (archive({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), "defines entities"),
        (archive({"xl/workbook.xml": b"", "xl/media/bomb.xml": b"\0" * (65 * 2**20)}), "unpacked, the file has more"),
        (archive({f"p{n}": b"" for n in range(2001)}, zipfile.ZIP_STORED), "2,000 parts"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)  # fmt: skip
def test_what_is_no_sheet_of_answers_is_refused_in_a_sentence(
    content: bytes, says: str, study: Study, tmp_path: Path
) -> None:
    said = refusal(content, study, tmp_path)
    assert says in said
    assert said.startswith("a.xlsx")
    assert "; " in said


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(path) as file:
        return archive({p: change(file.read(p)) if p == part else file.read(p) for p in file.namelist()})


SHEET = "xl/worksheets/sheet1.xml"


def test_a_sheet_that_claims_a_million_rows_is_read_for_what_it_holds(study: Study, tmp_path: Path) -> None:
    path = as_workbook([[FIRST], [4]], tmp_path / "a.xlsx")
    content = rewritten(path, SHEET, lambda x: x.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'))
    assert b"XFD1048576" in zipfile.ZipFile(io.BytesIO(content)).read(SHEET)
    path.write_bytes(content)
    rows, problems = read_form(path, study, wave=WAVE)
    assert faults(problems) == []
    assert rows["score"].tolist() == [4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headings_may_be_long_together(delimiter: str, study: Study, tmp_path: Path) -> None:
    # Read with another delimiter they are one cell, of more characters than the reader takes.
    heads = [FIRST, *(f"Another question {n}: {'what do you think? ' * 25}" for n in range(400))]
    assert sum(map(len, heads)) > 131_072
    path = tmp_path / "a.csv"
    path.write_text(delimiter.join(heads) + "\n" + delimiter.join(["4", *["x"] * 400]) + "\n", encoding="utf-8")
    rows, problems = read_form(path, study, wave=WAVE)
    assert faults(problems) == []
    assert rows["score"].tolist() == [4]


@pytest.mark.parametrize(
    "cell", [b'<row r="900000"><c r="A900000"><v>4</v></c></row>', b'<row r="3"><c r="CAA3"><v>4</v></c></row>']
)
def test_cells_far_out_are_refused(cell: bytes, study: Study, tmp_path: Path) -> None:
    path = as_workbook([[FIRST], [4]], tmp_path / "a.xlsx")
    content = rewritten(path, SHEET, lambda x: x.replace(b"</sheetData>", cell + b"</sheetData>"))
    assert "more than 10,000 rows or 2,000 columns" in refusal(content, study, tmp_path)


@pytest.mark.parametrize(
    "broken", [b"<c r='ZZZZZZ1'><v>1</v></c>", b"<c r='B1' t='s'><v>99</v></c>", b"<c r='?'/>", b"<<"]
)
def test_a_broken_sheet_is_refused(broken: bytes, study: Study, tmp_path: Path) -> None:
    path = as_workbook([[FIRST], [4]], tmp_path / "a.xlsx")
    content = rewritten(path, SHEET, lambda x: x.replace(b"</row>", broken + b"</row>", 1))
    assert "the workbook is broken" in refusal(content, study, tmp_path)


def test_a_protected_archive_is_refused(study: Study, tmp_path: Path) -> None:
    content = bytearray(archive({"xl/workbook.xml": b"x"}))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    assert "protected by a password" in refusal(bytes(content), study, tmp_path)


def test_a_file_that_is_too_large_is_refused(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAXIMUM_BYTES", 10)
    assert "the file has 11 bytes, more than 10" in refusal(b"x" * 11, study, tmp_path)


def test_a_long_csv_is_refused(study: Study, tmp_path: Path) -> None:
    assert "more than 10,000 rows" in refusal(b"agenda-goals\n" + b"3\n" * 10_000, study, tmp_path, "a.csv")


def two_sheets(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Form Responses 1"
    book.active.append(["agenda-goals"])
    book.active.append([3])
    book.create_sheet("Old").append(["agenda-goals"])
    book["Old"].append([2])
    book.save(path)
    return path


def test_of_several_sheets_one_is_named(study: Study, tmp_path: Path) -> None:
    path = two_sheets(tmp_path / "a.xlsx")
    assert "the workbook has 2 sheets: 'Form Responses 1', 'Old'; say which to read" in refusal(
        path.read_bytes(), study, tmp_path
    )
    rows, problems = read_form(path, study, wave=WAVE, sheet="Old")
    assert (rows["score"].tolist(), faults(problems)) == ([2], [])
    said = refusal(path.read_bytes(), study, tmp_path, sheet="Form Response 1")
    assert "there is no sheet 'Form Response 1'; write 'Form Responses 1'" in said
    assert "a CSV file has no sheets" in refusal(b"agenda-goals\n3\n", study, tmp_path, "a.csv", sheet="Old")


def test_an_empty_workbook_says_so(study: Study, tmp_path: Path) -> None:
    path = as_workbook([], tmp_path / "a.xlsx")
    assert "the workbook is empty" in refusal(path.read_bytes(), study, tmp_path)


def test_a_wave_that_is_no_period_and_a_file_that_is_not_there_are_wrong_use(study: Study, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="The wave 'autumn' is not a period"):
        read_form(tmp_path / "x.csv", study, wave="autumn")
    with pytest.raises(WrongUse, match="There is no file"):
        read_form(tmp_path / "x.csv", study, wave=WAVE)


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [forms._letter(n) for n in (0, 25, 26, 26 + 26 * 26 - 1, 26 + 26 * 26)] == ["A", "Z", "AA", "ZZ", "AAA"]
