from __future__ import annotations

import unicodedata
from importlib import import_module

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_analysis.convene import comments, without_names
from ci_analysis.tables import OUTPUTS, conform

ITEMS = pd.DataFrame({"item": ["goals", "money"], "condition": ["common-agenda", "backbone"], "text": "…"})


@pytest.fixture
def found(make, joined):
    """The comments of (respondent, item, comment) rows, partners being Ann's House, House and North Clinic."""

    def of(*rows, wave="2026"):
        own = joined(["anns-house", "house", "north-clinic"]).assign(name=["Ann's House", "House", "North Clinic"])
        columns = ["respondent", "item", "comment"]
        answers = [{"wave": wave, "score": 3} | dict(zip(columns, r, strict=True)) for r in rows]
        return comments(make("readiness", answers), ITEMS, own)

    return of


def test_a_comment_stands_with_its_statement_and_nothing_that_says_who(found):
    made = found(("anns-house", "money", "Too little."), ("anon-7", "goals", "Too many."))
    assert made.columns.to_list() == OUTPUTS["comments"].names
    assert made.to_dict("records") == [
        {"wave": "2026", "item": "goals", "number": 1, "condition": "common-agenda", "comment": "Too many."},
        {"wave": "2026", "item": "money", "number": 1, "condition": "backbone", "comment": "Too little."},
    ]
    conform(made, OUTPUTS["comments"])


def test_comments_are_in_the_order_of_their_words_whatever_the_order_of_respondents(found):
    rows = [(f"anon-{i}", "goals", word) for i, word in enumerate("bCaB")]
    made = found(*rows)
    assert made["comment"].to_list() == ["a", "B", "b", "C"]
    assert made["number"].to_list() == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(found(*rows[::-1]), made)


def test_the_order_is_that_of_the_words_that_are_shown(found):
    # By the words as they were written, Zebra would stand before the name of the clinic or after that of the house.
    made = found(("a", "goals", "north clinic"), ("b", "goals", "House"), ("c", "goals", "0"))
    assert made["comment"].to_list() == ["0", "[a partner]", "[a partner]"]


def test_the_same_words_twice_are_two_comments(found):
    made = found(("a", "goals", "Slow."), ("b", "goals", "Slow."))
    assert made["comment"].to_list() == ["Slow.", "Slow."]
    assert made["number"].to_list() == [1, 2]


def test_an_empty_comment_is_none(found):
    assert found(("a", "goals", None), ("b", "goals", "   ")).empty
    assert found().empty


def test_waves_stand_in_order(make, joined):
    rows = [{"wave": w, "respondent": "a", "item": "goals", "score": 3, "comment": w} for w in ("2025", "2025-Q2")]
    assert comments(make("readiness", rows), ITEMS, joined("a"))["wave"].to_list() == ["2025-Q2", "2025"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ask ANN’S HOUSE, not House.", "Ask [a partner], not [a partner]."),
        ("ann's  house", "[a partner]"),
        ("anns-house and north clinic and north\u2011clinic", "[a partner] and [a partner] and [a partner]"),
        ("The household of Houses stays", "The household of Houses stays"),
        ("House’s roof, _House_ (House)", "[a partner]’s roof, _[a partner]_ ([a partner])"),
        ("anon-7 said it", "[a partner] said it"),
        ("write to ann@north-clinic.example.org.", "write to [contact]."),
        ("call (303) 555-0100 or +1 303 555 0100 ext. 12", "call [contact] or [contact]"),
        ("303.555.0100, 303-555-0100, 1 303 555 0100", "[contact], [contact], [contact]"),
        ("+13035550100 and +1 (303) 555-0100", "[contact] and [contact]"),
        ("call 555-0100, text 5550100, phone: 3035550100", "call [contact], text [contact], phone: [contact]"),
        ("Call me at 555 0100 or tel. +49 30 1234567", "Call me at [contact] or tel. [contact]"),
        ("500-1000 families wait, and we serve 150 2024 grads of 120 300 4500", None),
        ("555-0100 seats, 3035550100 cents, $303 555 1000, we call 150 families and text 2024 more", None),
        ("From 2024-2025 to 2026-06-30, 1,200,000 dollars for 34 of 120", None),
        ("no @ all and 5 @ 3", None),
    ],
)
def test_names_and_contacts_are_left_out(found, text, shown):
    made = found(("anon-7", "goals", text))
    assert made["comment"].to_list() == [shown or text]


def test_the_longest_name_goes_first_and_a_name_may_be_a_word_of_the_replacement():
    assert without_names(pd.Series(["Big House here"]), ["House", "Big House"]).to_list() == ["[a partner] here"]
    words = ["a partner", "partner", "a", "contact"]
    assert without_names(pd.Series(["Partner me@x.org"]), words).to_list() == ["[a partner] [contact]"]


def test_names_that_overlap_go_as_a_whole():
    names = ["Front Range Hospital", "Range Hospital Group"]
    assert without_names(pd.Series(["the front range hospital group"]), names).to_list() == ["the [a partner]"]


@pytest.mark.parametrize(
    ("name", "found", "stay"),
    [
        ("Denver Public Schools (DPS)", ["denver public schools", "DPS", "Denver  Public Schools (DPS)", "DPS’s"],
         ["dps", "public schools", "Denver"]),
        ("Helping Out (IT)", ["helping out", "IT"], ["it", "It"]),
        ("Kids First (Denver)", ["kids first"], ["Denver"]),
        ("St. Mary's", ["St Marys", "st mary’s", "ST. MARYS", "St Mary's"], ["st mar", "Mary's", "Stmarys"]),
        ("Kids First!", ["Kids First", "kids  first", "Kids-First!"], ["kids' firsts", "Kids"]),
        ("Jardín Niños", ["Jardin Ninos", "jardín niños", "JARDIN NIÑOS"], ["Jardin"]),
        ("Jardin Ninos", ["Jardín Niños"], []),
        ("O'Neil Clinic", ["ONeil clinic", "O’Neil Clinic's"], ["Neil Clinic"]),
        ("Hope", ["Hope", "HOPE", "Hope's", "l’Hope"], ["hope", "Hopeful", "hope's"]),
        ("health", ["Health"], ["health", "healthy"]),
        ("BrightPath", ["BrightPath", "brightpath", "BRIGHTPATH"], ["bright path"]),
        ("GOODWILL", ["Goodwill", "GOODWILL"], ["goodwill"]),
        ("K12", ["k12", "K12"], ["12"]),
        ("a", [], ["a", "A"]),
        ("12", [], ["12"]),
        ("بيت", ["بيت"], []),
    ],
)  # fmt: skip
def test_a_name_is_known_however_it_is_written_and_everyday_words_stay(name, found, stay):
    texts = pd.Series([f"Ask, {words}; then go" for words in [*found, *stay]])
    assert [name_at("Ask, ", t) for t in without_names(texts, [name])] == [True] * len(found) + [False] * len(stay)
    assert without_names(texts.tail(len(stay)), [name]).to_list() == texts.tail(len(stay)).to_list()


def name_at(before, text):
    return before in text and "[a partner]" in text.removeprefix(before)


def test_an_address_is_looked_for_once_in_each_run_of_letters():
    """Were it looked for from each letter on, a long text without a space would take the square of its letters."""
    pattern = import_module("ci_analysis.convene.comments")._EMAIL
    text = "(ann.lee@x.org) bob"
    assert [at for at in range(len(text)) if pattern.match(text, at)] == [text.index("ann")]
    assert without_names(pd.Series(["a" * 20_000, "a@" * 10_000]), ["North"]).str.contains("contact").to_list() == [
        False,
        True,
    ]


def test_no_person_s_name_is_promised_away():
    assert without_names(pd.Series(["Ann Lee said so."]), ["North Clinic"]).to_list() == ["Ann Lee said so."]


def test_letters_written_in_two_ways_are_the_same_name():
    name = "Niños Unidos"
    text = unicodedata.normalize("NFD", "los NIÑOS UNIDOS")
    assert without_names(pd.Series([text]), [name]).to_list() == ["los [a partner]"]


def test_a_name_is_text_and_no_pattern():
    names = ["A & B (new)", ".*", "$x y$", "—", "(", ""]
    assert without_names(pd.Series(["a & b (new) .* $x y$ —"]), names).to_list() == ["[a partner] .* $[a partner]$ —"]


PLAIN = ["slow", "roof", "café", "12"]
NAMES = ["Front Range hospital", "Parents' circle", "Valley", "Niños"]


@given(
    st.lists(st.sampled_from([*NAMES, *map(str.upper, NAMES), *PLAIN]), min_size=1, max_size=8),
    st.sampled_from([" ", "  ", "\n", ", ", "; ("]),
)
def test_no_name_is_left_whatever_stands_around_it(words, between):
    text = between.join(words).replace("'", "’")
    made = without_names(pd.Series([text]), NAMES).iloc[0]
    assert not any(name.casefold().replace("'", "’") in made.casefold() for name in NAMES)
    # What is not a name stays, word for word.
    assert [made.count(word) for word in PLAIN] == [words.count(word) for word in PLAIN]
