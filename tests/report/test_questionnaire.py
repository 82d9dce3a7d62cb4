"""The survey: every question is a control with its words, nothing leads, and what it promises is so."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from ci_analysis.errors import CiAnalysisError, WrongUse
from ci_analysis.issues.profile import load_instrument
from ci_analysis.report.questionnaire import form_questions, questionnaire, write_questionnaire
from ci_analysis.report.withhold import enough_answers, may_be_public, public_study
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
STUDIES = Path(__file__).parent.parent / "studies"
INSTRUMENT = load_instrument()
ITEMS = [i for c in INSTRUMENT.conditions for i in c.items]
VOID = {"meta", "link", "br", "input"}
RATINGS = ("reliability", "mission", "openness", "influence", "involvement", "resources")


class Page(HTMLParser):
    """The controls of a page, each with the words of its label and of the group it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.controls: list[dict[str, str]] = []
        self.labels: dict[str, str] = {}
        self.tags: Counter[str] = Counter()
        self.said = ""
        self.legend = self.label = ""
        self.inside: list[dict[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if tag == "fieldset":
            self.legend = ""
        if tag == "label":
            self.label, self.inside, self.target = "", [], given.get("for", "")
        if tag in ("input", "textarea"):
            control = {**given, "legend": self.legend if "fieldset" in self.open else ""}
            self.controls.append(control)
            if "label" in self.open:
                self.inside.append(control)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "label":
            words = " ".join(self.label.split())
            for control in self.inside:
                control["label"] = words
            if self.target:
                self.labels[self.target] = words

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.said += data
        if "legend" in self.open:
            self.legend += data
        if "label" in self.open:
            self.label += data

    def named(self, name: str) -> list[dict[str, str]]:
        return [c for c in self.controls if c.get("name") == name]


def study_of(names: list[str], **changes: object) -> Study:
    """The study of nothing, with partners of these names that have joined, and other settings."""
    study = Study.read(STUDIES / "only-settings")
    partners = empty_frame(INPUTS["partners"]).reindex(range(len(names)))
    partners = conform(
        partners.assign(partner_id=[f"p-{n}" for n in range(len(names))], name=names, sector="health", status="joined"),
        INPUTS["partners"],
    )
    tables = MappingProxyType({**study.tables, "partners": partners})
    return replace(study, tables=tables, settings=study.settings.model_copy(update=changes))


@pytest.fixture(scope="module")
def example() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def page(example: Study) -> Page:
    return Page(questionnaire(example, wave="2026-Q4"))


def test_every_statement_is_a_group_of_choices_under_its_words(page: Page) -> None:
    for number, item in enumerate(ITEMS, 1):
        choices = page.named(item.item)
        assert [c["value"] for c in choices] == ["1", "2", "3", "4", "5", ""]
        assert [c["label"] for c in choices] == ["1 not at all", "2", "3", "4", "5 fully", "not able to say"]
        assert {" ".join(c["legend"].split()) for c in choices} == {f"{number}. {item.text}"}
        assert {c["type"] for c in choices} == {"radio"}
        assert not any("checked" in c for c in choices)


def test_every_control_has_a_label(page: Page) -> None:
    for control in page.controls:
        assert control.get("label") or page.labels.get(control.get("id", "")), control


def test_the_descriptors_of_levels_are_not_shown_before_answering(page: Page) -> None:
    assert not [x for c in INSTRUMENT.conditions for x in c.levels if x.descriptor in page.said]
    lines = [" ".join(line.split()) for line in page.said.splitlines()]
    assert not [x for c in INSTRUMENT.conditions for x in c.levels if x.label in lines]


def test_each_condition_has_room_for_a_comment(page: Page) -> None:
    for condition in INSTRUMENT.conditions:
        (room,) = page.named(f"comment: {condition.condition}")
        assert page.labels[room["id"]].startswith(f"Anything to add on {condition.label.lower()}?")


def test_it_asks_who_answers_and_for_whom(page: Page) -> None:
    assert [c["value"] for c in page.named("speaks_for")] == list(INPUTS["readiness"].by_name["speaks_for"].choices)
    assert page.labels["respondent"] == "A code of your own, or your organization"


def test_partners_that_have_joined_are_asked_about_and_no_others(example: Study, page: Page) -> None:
    partners = example.tables["partners"]
    joined = sorted(partners.loc[partners["status"] == "joined", "name"], key=str.casefold)
    others = set(partners.loc[partners["status"] != "joined", "name"])
    boxes = [c for c in page.controls if c["name"].startswith("level-")]
    assert [c["label"] for c in boxes] == [f"We work together, 0 to 5 for {name}" for name in joined]
    assert not [name for name in others if name in page.said]


def test_each_partner_has_the_columns_of_ties_with_their_bounds(page: Page) -> None:
    declared = INPUTS["ties"].by_name
    for name in ("level", *RATINGS):
        box = page.named(f"{name}-1")[0]
        assert (box["type"], float(box["min"]), float(box["max"])) == (
            "number",
            declared[name].minimum,
            declared[name].maximum,
        )
    words = ("none", "networking", "cooperation", "coordination", "coalition", "collaboration")
    assert all(f"{level} {word}" in page.said for level, word in enumerate(words))


@pytest.mark.parametrize("n", [2, 24, 120])
def test_it_works_for_few_partners_and_for_many(n: int) -> None:
    made = questionnaire(study_of([f"Partner {i}" for i in range(n)]))
    page = Page(made)
    assert len([c for c in page.controls if c.get("type") == "number"]) == 7 * n
    # A browser repeats the head of a table on each sheet, and breaks none of its rows.
    assert page.tags["thead"] == page.tags["table"] == 1
    assert "display: table-header-group" in made
    assert ".ties tr { break-inside: avoid; }" in made


@pytest.mark.parametrize("names", [[], ["The only one"]])
def test_without_a_second_partner_there_is_no_third_part(names: list[str]) -> None:
    page = Page(questionnaire(study_of(names)))
    assert page.tags["table"] == 0
    assert "Part 3" not in page.said
    assert "who works with whom" not in page.said
    assert "The coalition asks everyone" in page.said


def test_it_says_the_study_the_vision_the_backbone_and_the_wave(example: Study, page: Page) -> None:
    settings = example.settings
    for words in (settings.title, settings.agenda.vision, "Child care coalition office asks", "Q4 2026"):
        assert words in page.said
    assert "Made up for teaching" in page.said
    assert "Made up for teaching" not in Page(questionnaire(study_of(["A", "B"]))).said


def test_what_tables_hold_is_text() -> None:
    name = "<script>alert(1)</script> & \"Söhne\" '{{ 7 * 7 }}'"
    made = questionnaire(study_of([name, "B"], title=f"A {name}"))
    page = Page(made)
    assert page.tags["script"] == 0
    assert f"We work together, 0 to 5 for {name}" in [c.get("label") for c in page.controls]
    assert f"A {name}" in page.said


def test_it_needs_no_script_sends_nothing_and_loads_nothing(page: Page, example: Study) -> None:
    made = questionnaire(example)
    assert {"script", "form", "img", "iframe", "button"}.isdisjoint(page.tags)
    assert "://" not in made
    assert " on" not in " ".join(k for c in page.controls for k in c)


def test_names_of_controls_and_identifiers_do_not_clash(page: Page) -> None:
    ids = [c["id"] for c in page.controls if "id" in c]
    assert len(ids) == len(set(ids))
    single = Counter(c["name"] for c in page.controls if c.get("type") != "radio")
    assert set(single.values()) == {1}


@pytest.mark.parametrize("least", [2, 5, 12])
def test_what_it_promises_of_scores_is_what_editions_do(least: int) -> None:
    said = Page(questionnaire(study_of(["A", "B"], minimum_respondents=least))).said
    assert f"rounded to one decimal and only from {least} answers on" in said
    study = study_of(["A", "B"], minimum_respondents=least)
    tables = {name: empty_frame(t) for name, t in OUTPUTS.items()}
    conditions = empty_frame(OUTPUTS["conditions"]).reindex(range(2))
    conditions = conditions.assign(wave="2026", condition=["backbone", "common-agenda"], score=3.0)
    tables["conditions"] = conditions.assign(respondents=[float(least), least - 1.0])
    assert enough_answers(study, tables)["conditions"]["score"].notna().tolist() == [True, False]


def test_what_it_promises_of_comments_and_answers_is_what_editions_do() -> None:
    assert not OUTPUTS["comments"].public
    assert OUTPUTS["comments"].never_public
    assert "respondent" not in OUTPUTS["comments"].names
    said = Page(questionnaire(study_of(["A", "B"]))).said
    assert "taken out where they are recognized" in said
    assert "please name nobody" in said
    assert "without names" not in said
    study = study_of(["A", "B"])
    answers = empty_frame(INPUTS["readiness"]).reindex(range(1))
    answers = answers.assign(wave="2026", respondent="a", item="agenda-goals", score=3.0, comment="Hm.")
    study = replace(study, tables=MappingProxyType({**study.tables, "readiness": answers}))
    assert public_study(study).tables["readiness"]["comment"].isna().all()


def test_what_is_said_of_ties_follows_what_is_published() -> None:
    open_, closed = "These answers may be published.", "drawn for the coalition alone, in the internal edition"

    def said(*tables: str) -> str:
        publish = study_of([]).settings.publish.model_copy(update={"tables": tables})
        return Page(questionnaire(study_of(["A", "B"], publish=publish))).said

    behind = {t.name for t in OUTPUTS.values() if "ties" in t.made_from and not t.public} | {"ties"}
    assert {"network_partners", "network_changes", "introductions"} <= behind
    for name, table in {**INPUTS, **OUTPUTS}.items():
        promised = name not in behind
        page = said(name)
        assert (closed in page, open_ in page) == (promised, not promised), name
        # What the promise is about: a table with who works with whom is not in the public edition, or it is said.
        study = study_of([], publish=study_of([]).settings.publish.model_copy(update={"tables": (name,)}))
        assert may_be_public(study, table) or table.never_public
    assert closed in said()
    for tables in ((), ("ties",)):
        assert "only as the mean of 5 or more ratings, rounded to one decimal" in said(*tables)


def test_the_same_study_makes_the_same_page_whatever_the_order_of_partners() -> None:
    names = ["b", "A", "c", "Ä"]
    study = study_of(names)
    partners = study.tables["partners"]
    turned = replace(study, tables=MappingProxyType({**study.tables, "partners": partners.iloc[::-1]}))
    assert questionnaire(study) == questionnaire(turned)


def test_a_wave_that_is_no_period_is_wrong_use(example: Study) -> None:
    with pytest.raises(WrongUse, match="The wave 'autumn' is not a period"):
        questionnaire(example, wave="autumn")


def test_the_table_for_forms_holds_every_question_once() -> None:
    questions = form_questions()
    assert list(questions.columns) == ["item", "condition", "text", "scale"]
    assert [q for q in questions["item"] if q in {i.item for i in ITEMS}] == [i.item for i in ITEMS]
    assert questions["item"].is_unique
    assert questions["text"].is_unique
    assert len(questions) == 2 + len(ITEMS) + len(INSTRUMENT.conditions)
    scale = questions.set_index("item")["scale"]
    assert scale["agenda-goals"] == "1 (not at all) to 5 (fully), or not able to say"


def test_it_is_written_where_reports_are_or_where_it_is_told(example: Study, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "raw" / "mine"
    shutil.copytree(STUDIES / "only-settings", folder)
    study = Study.read(folder)
    assert write_questionnaire(study) == tmp_path.resolve() / "reports" / "mine" / "questionnaire.html"
    table = write_questionnaire(study, form=True)
    assert table.name == "questionnaire.csv"
    pd.testing.assert_frame_equal(
        pd.read_csv(table, keep_default_na=False, dtype="str"), form_questions(), check_dtype=False
    )
    there = tmp_path / "new" / "q.html"
    assert write_questionnaire(study, there, wave="2026") == there
    assert there.read_text(encoding="utf-8") == questionnaire(study, wave="2026")
    with pytest.raises(
        CiAnalysisError, match=r"q\.html cannot be written \(.*\); all is as it was\. Name another place"
    ):
        write_questionnaire(study, there / "q.html")


def test_its_own_place_is_renewed_as_long_as_nobody_worked_there(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "raw" / "mine"
    shutil.copytree(STUDIES / "only-settings", folder)
    study = Study.read(folder)
    page, table = write_questionnaire(study), write_questionnaire(study, form=True)
    assert write_questionnaire(study, wave="2026-Q4") == page
    assert "Q4 2026" in page.read_text(encoding="utf-8")
    assert write_questionnaire(study, form=True) == table
    for path, form in ((page, False), (table, True)):
        made = path.read_bytes()
        for changed in (made.replace(b"agenda", b"Agenda", 1), made + b"\n", b"", b"mine\xff"):
            path.write_bytes(changed)
            with pytest.raises(
                WrongUse, match=r"is there already; nothing was written\. .* or replace it with --force"
            ):
                write_questionnaire(study, form=form)
            assert path.read_bytes() == changed
        assert (
            write_questionnaire(study, form=form, force=True).read_bytes() == made.replace(b"Q4 2026", b"") or not form
        )
    # Anywhere else a page that was made here is somebody's: it may be the one that was handed out.
    elsewhere = tmp_path / "q.html"
    write_questionnaire(study, elsewhere)
    with pytest.raises(WrongUse, match="is there already"):
        write_questionnaire(study, elsewhere)
