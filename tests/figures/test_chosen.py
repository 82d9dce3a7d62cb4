from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ci_analysis import strategy
from ci_analysis.figures.strategy import money_needed, next_money, portfolio
from ci_analysis.figures.strategy.chosen import money_raised
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

RULES = ("value", "equal-shares")


@pytest.fixture(scope="module")
def study() -> Study:
    read = Study.read(Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care")
    return replace(read, settings=read.settings.model_copy(update={"budget": 450.0}))


def output(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def chosen(**by_rule: str) -> pd.DataFrame:
    """Portfolios over five projects at 100 dollars: the letters that each rule chooses."""
    return output(
        "portfolio",
        *(
            {"rule": rule.replace("_", "-"), "project_id": p, "chosen": p in letters, "cost": 100.0,
             "value": 0.9 - i / 10, "why": f"{rule} on {p}."}
            for rule, letters in by_rule.items()
            for i, p in enumerate("abcde")
        ),
    )  # fmt: skip


# --- both rules side by side -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_rule", "title"),
    [
        ({"value": "abc", "equal_shares": "abc"},
         "3 of 5 projects are chosen by both rules, for $300 of the budget of $450"),
        ({"value": "a", "equal_shares": "a"},
         "1 of 5 projects is chosen by both rules, for $100 of the budget of $450"),
        ({"value": "abc", "equal_shares": "bcd"},
         "The budget of $450 buys 3 of 5 projects by either rule; both choose two of them"),
        ({"value": "ab", "equal_shares": "cd"},
         "The budget of $450 buys 2 of 5 projects by either rule; both choose none of them"),
        ({"value": "ab", "equal_shares": "bcde"},
         "The budget of $450 buys 2 of 5 projects for the most value and 4 of 5 projects with equal shares; both "
         "choose one"),
        ({"value": "", "equal_shares": ""}, "None of 5 projects can be chosen under the budget of $450"),
        ({"value": "ab"}, "2 of 5 projects are chosen, for $200 of the budget of $450"),
        ({"equal_shares": "ab"}, "2 of 5 projects are chosen with equal shares, for $200 of the budget of $450"),
    ],
)  # fmt: skip
def test_what_both_rules_choose_is_the_finding(by_rule: dict[str, str], title: str, study: Study) -> None:
    assert portfolio(study, chosen(**by_rule)).title == title


def test_each_project_stands_once_with_what_each_rule_says(study: Study) -> None:
    made = portfolio(study, chosen(value="abc", equal_shares="bcd"))
    # Those that both choose, then those that one does, by their value; then the rest.
    assert made.frame["project_id"].to_list() == ["b", "c", "a", "d", "e"]
    assert list(made.frame.columns) == ["project_id", "cost", "for_the_most_value", "with_equal_shares"]
    assert made.frame.iloc[2, 2:].to_list() == ["Chosen. value on a.", "Left out. equal_shares on a."]
    assert made.lines[1:] == ("$150 of the budget would remain.",)


def test_what_remains_is_told_for_each_rule_where_it_differs(study: Study) -> None:
    assert portfolio(study, chosen(value="ab", equal_shares="bcd")).lines[1:] == (
        "$250 of the budget would remain for the most value.",
        "$150 of the budget would remain with equal shares.",
    )


def test_a_rule_without_rows_is_said(study: Study) -> None:
    alone = portfolio(study, chosen(value="ab"))
    assert list(alone.frame.columns) == ["project_id", "cost", "why"]
    assert alone.lines == (
        "$250 of the budget would remain.",
        "Nothing is chosen with equal shares: that takes partners’ own weights.",
    )
    unscored = portfolio(study, chosen(value="").assign(value=float("nan")))
    assert unscored.title.startswith("No project can be chosen yet")


def test_rows_in_any_order_say_the_same(study: Study) -> None:
    frame = chosen(value="abc", equal_shares="bcd")
    one, other = portfolio(study, frame), portfolio(study, frame.sample(frac=1, random_state=1))
    assert (one.title, one.lines) == (other.title, other.lines)
    pd.testing.assert_frame_equal(one.frame, other.frame)


# --- more money ------------------------------------------------------------------------------------------------------


def summed(rule: str = "value", **more: object) -> dict[str, object]:
    plain = {"rule": rule, "budget": 1000.0, "projects": 2, "cost": 900.0, "value": 1.5, "partners": 4,
             "partners_served": 3, "next_budget": 1100.0, "next_value": 1.5}  # fmt: skip
    return plain | more


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([summed()], "A tenth more money, $100, would buy no further project"),
        ([summed(), summed("equal-shares")], "A tenth more money, $100, would buy no further project by either rule"),
        ([summed(next_adds="x")], "A tenth more money, $100, would also buy ‘x’"),
        ([summed(next_adds="x;y", next_drops="z")], "A tenth more money, $100, would buy ‘x’ and ‘y’ in place of ‘z’"),
        ([summed(next_drops="z")], "A tenth more money, $100, would only drop ‘z’"),
        (
            [summed("equal-shares"), summed(next_adds="x")],
            "A tenth more money, $100, would for the most value also buy ‘x’, and with equal shares buy no further "
            "project",
        ),
    ],
)
def test_what_a_tenth_more_buys_is_the_finding(rows: list[dict[str, object]], title: str, study: Study) -> None:
    assert next_money(study, output("portfolio_summary", *rows)).title == title


def test_each_rule_is_told_in_full(study: Study) -> None:
    made = next_money(study, output("portfolio_summary", summed(next_adds="x", next_value=2.0),
                                    summed("equal-shares", partners_served=4)))  # fmt: skip
    assert made.lines == (
        "For the most value: $1,000 buys two projects for $900. With $1,100 it would also buy ‘x’; the sum of scores "
        "would rise from 1.50 to 2.00. 3 of 4 partners have one of their own first three projects among the chosen.",
        "With equal shares: $1,000 buys two projects for $900. With $1,100 it would buy no further project; the sum of "
        "scores would stay at 1.50. All 4 partners have one of their own first three projects among the chosen.",
    )


def test_what_both_rules_come_to_is_told_once(study: Study) -> None:
    rows = (summed(rule, partners_served=1) for rule in RULES)
    made = next_money(study, output("portfolio_summary", *rows))
    assert made.lines == (
        "By either rule: $1,000 buys two projects for $900. With $1,100 it would buy no further project; the sum of "
        "scores would stay at 1.50. 1 of 4 partners has one of their own first three projects among the chosen.",
    )


def test_a_budget_that_buys_nothing_is_told(study: Study) -> None:
    nothing = {"projects": 0, "cost": 0.0, "value": 0.0, "partners": 0, "partners_served": 0}
    made = next_money(study, output("portfolio_summary", summed(**nothing, next_adds="x", next_value=0.5)))
    assert made.lines == ("For the most value: $1,000 buys no project. $1,100 would also buy ‘x’.",)


def test_without_a_portfolio_there_is_no_next_money(study: Study) -> None:
    assert next_money(study, output("portfolio_summary").head(0)) is None


def test_the_example_has_both_rules(study: Study) -> None:
    found = strategy.compute(replace(study, settings=study.settings.model_copy(update={"budget": 4e6})), {})
    assert found["portfolio"]["rule"].unique().tolist() == list(RULES)
    assert found["portfolio_summary"]["rule"].tolist() == list(RULES)


# --- money raised against needed --------------------------------------------------------------------------------------


def funding(*rows: tuple[str | None, str, float, str | None]) -> pd.DataFrame:
    entries = [
        {"funding_id": f"f{i}", "source": "S", "project_id": p, "status": s, "amount": x, "on": on}
        for i, (p, s, x, on) in enumerate(rows)
    ]
    frame = pd.DataFrame(entries, columns=INPUTS["funding"].names)
    return conform(frame.assign(on=pd.to_datetime(frame["on"])), INPUTS["funding"])


@pytest.mark.parametrize(
    ("letters", "rows", "title"),
    [
        ("ab", [], "Nothing is raised yet of the $200 that the two chosen projects cost"),
        ("a", [], "Nothing is raised yet of the $100 that the one chosen project costs"),
        ("ab", [("a", "received", 30.0, None), ("b", "pledged", 20.0, "2026-01-01")],
         "$50 of the $200 that the two chosen projects cost is raised: 25%"),
        ("ab", [("a", "received", 100.0, None), ("b", "pledged", 100.0, None)],
         "All of the $200 that the two chosen projects cost is raised"),
        # What is asked for is not raised; what comes after the study's day is not there; others' money is not theirs.
        ("ab", [("a", "asked", 100.0, None), ("b", "received", 100.0, "2030-01-01"), ("e", "received", 100.0, None),
                (None, "received", 100.0, None)],
         "Nothing is raised yet of the $200 that the two chosen projects cost"),
        # More than one project costs does not pay for another.
        ("ab", [("a", "received", 150.0, None)], "$100 of the $200 that the two chosen projects cost is raised: 50%"),
    ],
)  # fmt: skip
def test_money_raised_against_needed(study: Study, letters: str, rows: list, title: str) -> None:
    made = money_needed(study, chosen(value=letters), funding(*rows))
    assert made is not None
    assert made.title == title
    assert len(made.frame) == len(letters)
    assert any("beyond what single projects cost" in line for line in made.lines) == ("$100 of" in title)


def test_nothing_chosen_needs_no_money(study: Study) -> None:
    assert money_needed(study, chosen(equal_shares="ab"), funding()) is None


def test_each_project_says_what_it_still_needs(study: Study) -> None:
    given = funding(("a", "received", 30.0, None), ("a", "received", 5.0, None), ("b", "pledged", 20.0, None),
                    ("b", "asked", 9.0, None))  # fmt: skip
    raised = money_raised(study, chosen(value="ab"), given).set_index("project_id")
    assert raised.loc["a"].to_list() == [100, 30 + 5, 0, 0, 100 - 35]
    assert raised.loc["b"].to_list() == [100, 0, 20, 9, 100 - 20]
