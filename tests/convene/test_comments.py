from __future__ import annotations

import unicodedata

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
        ("call 303.555.0100, 555-0100, 3035550100, +49 30 1234567", "call [contact], [contact], [contact], [contact]"),
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
    assert without_names(pd.Series(["partner me@x.org"]), words).to_list() == ["[a partner] [contact]"]


def test_letters_written_in_two_ways_are_the_same_name():
    name = "Niños Unidos"
    text = unicodedata.normalize("NFD", "los NIÑOS UNIDOS")
    assert without_names(pd.Series([text]), [name]).to_list() == ["los [a partner]"]


def test_a_name_is_text_and_no_pattern():
    names = ["A & B (new)", ".*", "$x$", "—", "(", ""]
    assert without_names(pd.Series(["a & b (new) .* $x$ —"]), names).to_list() == ["[a partner] .* [a partner] —"]


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
