from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from ci_analysis.convene import PRECONDITIONS, champion_shown, compute, gate, resources_shown, urgency_shown
from ci_analysis.study import Preconditions
from ci_analysis.tables import OUTPUTS, conform

AS_OF = date(2026, 6, 30)
NO_TABLE = "No table speaks of it"


@pytest.fixture
def tables(make):
    """The four tables that the gate reads, those given and the others without rows."""

    def of(**given):
        return {n: make(n, given.get(n, [])) for n in ("partners", "endorsements", "funding", "voices")}

    return of


@pytest.fixture
def money():
    """Funding rows from (amount, status, project, day) tuples."""
    return lambda *rows: [
        {"funding_id": f"f{i}", "source": "S", "amount": a, "status": s, "project_id": p, "on": pd.Timestamp(on)}
        for i, (a, s, p, on) in enumerate(rows)
    ]


def judged(**given: dict[str, object]) -> Preconditions:
    return Preconditions.model_validate(given)


def test_there_is_a_row_for_each_precondition_in_order(tables):
    assert set(PRECONDITIONS) == set(Preconditions.model_fields)
    found = gate(Preconditions(), tables(), as_of=AS_OF)
    assert tuple(found["precondition"]) == PRECONDITIONS == ("urgency", "champion", "resources")
    assert found.columns.to_list() == OUTPUTS["gate"].names
    assert found[["holds", "evidence"]].isna().all(axis=None)
    assert found[["tables_show", "to_change"]].notna().all(axis=None), "what is not judged is advised on"
    assert found["tables_show"].str.startswith(NO_TABLE).all()
    assert conform(found, OUTPUTS["gate"])["holds"].isna().all()


def test_what_study_yaml_says_goes_before_what_is_computed(tables):
    given = judged(
        urgency={"holds": True, "evidence": "Seen."},
        champion={"holds": False, "evidence": "Nobody.", "to_change": "Ask the mayor."},
        resources={"holds": False, "evidence": "Little."},
    )
    found = conform(gate(given, tables(), as_of=AS_OF), OUTPUTS["gate"]).set_index("precondition")
    assert found["holds"].to_list() == [True, False, False]
    assert found["evidence"].to_list() == ["Seen.", "Nobody.", "Little."]
    assert pd.isna(found.loc["urgency", "to_change"]), "what holds needs no change"
    assert found.loc["champion", "to_change"] == "Ask the mayor."
    assert "funding.csv" in found.loc["resources", "to_change"]


def people(*rows):
    """Partners from (status, interest, influence)."""
    names = ["status", "interest", "influence"]
    return [{"partner_id": f"p{i}"} | dict(zip(names, r, strict=True)) for i, r in enumerate(rows)]


def said(*rows):
    return [{"voice_id": f"v{i}", "theme": theme, "text": "…", "count": n} for i, (theme, n) in enumerate(rows)]


@pytest.mark.parametrize(
    ("partners", "voices", "sentence"),
    [
        ([("joined", 4, 1), ("joined", 3, 1), ("left", 5, 1), ("joined", None, 1)], [],
         "Interest of 4 or 5: 1 of 2 joined partners whose interest is judged."),
        ([("joined", 5, 1)], [("Price", 9), ("Price", 4), ("Time", 12)],
         "Interest of 4 or 5: 1 of 1 joined partner whose interest is judged. Most people, 13, spoke of Price."),
        ([], [("Price", 9), ("Price", None), ("Time", 9)],
         "Most people, at least 9 each, spoke of Price and of Time."),
        ([], [("Price", 1), ("Time", 0)], "One person spoke of Price."),
        ([], [("Price", 1), ("Time", 1), ("Time", None)], "At least one person each spoke of Price and of Time."),
        ([("joined", None, 5)], [("Price", None), ("Time", 0)], None),
        ([], [], None),
    ],
)  # fmt: skip
def test_urgency_is_seen_in_interest_and_in_what_most_people_speak_of(tables, partners, voices, sentence):
    given = tables(partners=people(*partners), voices=said(*voices))
    found = urgency_shown(given["partners"], given["voices"])
    assert found == sentence if sentence else found.startswith(NO_TABLE)


def answers(*responses, on="2026-01-01"):
    return [{"partner_id": f"p{i}", "agenda_on": pd.Timestamp(on), "response": r} for i, r in enumerate(responses) if r]


THREE = [("joined", 4, 5), ("joined", 5, 4), ("joined", 5, 3), ("joined", None, 5), ("prospect", 5, 5)]
BOTH = "Influence and interest of 4 or 5: 2 of 3 joined partners of whom both are judged"


@pytest.mark.parametrize(
    ("partners", "endorsements", "sentence"),
    [
        (THREE, answers("support", "not-yet", "support"),
         f"{BOTH}; 1 of 2 supports the latest text of the agenda."),
        # Support of an older text is not support of the latest.
        (THREE, [*answers("support", "support", on="2025-01-01"), *answers(None, None, "support")],
         f"{BOTH}; 0 of 2 support the latest text of the agenda."),
        (THREE, [], f"{BOTH}; no answer to the agenda is recorded (endorsements.csv)."),
        ([("joined", 5, 3)], [],
         "Influence and interest of 4 or 5: 0 of 1 joined partner of whom both are judged: one would have to be won "
         "first."),
        ([("joined", 5, None), ("invited", 5, 5)], answers("support"), None),
    ],
)  # fmt: skip
def test_a_champion_has_influence_and_interest_and_supports_the_agenda(tables, partners, endorsements, sentence):
    given = tables(partners=people(*partners), endorsements=endorsements)
    found = champion_shown(given["partners"], given["endorsements"], as_of=AS_OF)
    assert found == sentence if sentence else found.startswith(NO_TABLE)


def test_what_would_change_urgency_and_the_champion_says_nothing_of_private_columns(tables):
    """Interest and influence are for the coalition alone; what would change it is in both editions."""
    others = [[], THREE, [("joined", 1, 1)], [("joined", 5, 5)] * 4]
    found = [gate(Preconditions(), tables(partners=people(*rows)), as_of=AS_OF)["to_change"] for rows in others]
    assert all(one.to_list() == found[0].to_list() for one in found)
    assert not OUTPUTS["gate"].by_name["tables_show"].public


YEAR = "For the coalition itself, in the year to June 30, 2026"


def test_resources_are_told_for_projects_and_for_the_coalition_itself(tables, money):
    rows = money(
        (500, "received", "p", "2020-01-01"),
        (250, "received", "q", None),
        (100, "pledged", "p", "2026-06-30"),
        (9, "received", "p", "2026-07-01"),
        (40, "received", None, "2025-07-01"),
        (7, "received", None, "2025-06-30"),
        (30, "asked", None, "2026-01-01"),
    )
    found = resources_shown(tables(funding=rows)["funding"], budget=2000, yearly=100, as_of=AS_OF)
    assert found == (
        "For new projects: $750 received, $100 pledged and nothing asked for, of a budget of $2,000. "
        f"{YEAR}: $40 received, nothing pledged and $30 asked for, of a yearly budget of $100."
    )


def test_a_budget_that_is_not_stated_is_said_so(tables, money):
    rows = tables(funding=money((5, "asked", "p", "2026-01-01")))["funding"]
    found = resources_shown(rows, budget=None, yearly=None, as_of=AS_OF)
    assert "$5 asked for; the budget is not stated." in found
    assert found.endswith("its yearly budget is not stated.")
    assert resources_shown(rows[:0], budget=1, yearly=1, as_of=AS_OF).startswith(NO_TABLE)


@pytest.mark.parametrize(
    ("rows", "said", "advice"),
    [
        # All that is missing may be the entry whose day nobody wrote down.
        ([(400_000, "received", None)], "nothing received, nothing pledged and nothing asked for (not counting 1 entry "
         "without a date), of a yearly budget of $400,000.",
         "$400,000 of the coalition's own yearly budget is neither received nor pledged, not counting 1 entry without "
         "a date: first write its date into funding.csv (on)."),
        ([(9, "received", None), (9, "pledged", None)], "(not counting 2 entries without a date)",
         "$400,000 of the coalition's own yearly budget is neither received nor pledged, not counting 2 entries "
         "without a date: first write their dates into funding.csv (on)."),
        # What is only asked for would close no gap, whatever its date.
        ([(9, "asked", None)], "(not counting 1 entry without a date)",
         "$400,000 of the coalition's own yearly budget is neither received nor pledged."),
        # Money for projects counts in any year.
        ([(9, "received", "p")], "nothing received, nothing pledged and nothing asked for, of a yearly",
         "$400,000 of the coalition's own yearly budget is neither received nor pledged."),
    ],
)  # fmt: skip
def test_money_without_a_date_is_said_to_be_in_no_sum(tables, money, rows, said, advice):
    given = tables(funding=money(*[(*row, None) for row in rows]))
    found = gate(Preconditions(), given, yearly=400_000, as_of=AS_OF).set_index("precondition").loc["resources"]
    assert said in found["tables_show"]
    assert found["to_change"] == advice


def test_a_date_that_hides_no_gap_is_not_asked_for(tables, money):
    rows = money((100, "received", None, "2026-01-01"), (9, "received", None, None))
    found = gate(Preconditions(), tables(funding=rows), budget=50, yearly=100, as_of=AS_OF)
    advice = found.set_index("precondition").loc["resources", "to_change"]
    assert advice == "$50 of the budget for new projects is neither received nor pledged."


@pytest.mark.parametrize(
    ("rows", "budget", "yearly", "advice"),
    [
        # 2,000 less 750 received less 100 pledged, and 100 less 40.
        ([(750, "received", "p"), (100, "pledged", "p"), (40, "received", None), (900, "asked", "p")], 2000, 100,
         "$1,150 of the budget for new projects and $60 of the coalition's own yearly budget are neither received nor "
         "pledged."),
        ([(750, "received", "p"), (160, "pledged", None)], 2000, 100,
         "$1,250 of the budget for new projects is neither received nor pledged. $60 of it could come from what the "
         "coalition itself has beyond its yearly budget."),
        ([(2000, "received", "p"), (40, "received", None)], 2000, 100,
         "$60 of the coalition's own yearly budget is neither received nor pledged."),
        ([(1500, "received", "p"), (500, "pledged", "p")], 2000, None,
         "Nothing is missing once what is pledged has been received: see that it is."),
        ([(2000, "received", "p"), (100, "received", None)], 2000, 100,
         "What is received covers what is needed: judge again whether this holds."),
        ([(1, "received", "p")], None, None,
         "Write down in study.yaml what is needed: budget, and annual_budget under backbone."),
        ([], 2000, 100, "Write down in funding.csv what is asked for, pledged and received."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("resources", [None, {"holds": False, "evidence": "Little."}])
def test_the_missing_dollars_are_counted(tables, money, rows, budget, yearly, advice, resources):
    given = tables(funding=money(*[(*row, "2026-01-01") for row in rows]))
    found = gate(Preconditions(resources=resources), given, budget=budget, yearly=yearly, as_of=AS_OF)
    assert found.set_index("precondition").loc["resources", "to_change"] == advice


def test_the_gate_advises_and_stops_nothing(study, joined):
    """Whatever does not hold, all other tables of the step are made."""
    none = {name: {"holds": False, "evidence": "No."} for name in PRECONDITIONS}
    partners = {"partners": joined("ab")}
    open_, shut = (compute(study(partners, preconditions=p), {}) for p in (Preconditions(), judged(**none)))
    assert not shut["gate"]["holds"].any()
    for name, frame in open_.items():
        if name != "gate":
            pd.testing.assert_frame_equal(frame, shut[name])


def test_a_study_that_says_nothing_of_it_has_no_gate(study, joined, make, money):
    assert compute(study(), {})["gate"].empty
    assert len(compute(study({"partners": joined("a")}), {})["gate"]) == 3
    assert len(compute(study({"funding": make("funding", money((1, "asked", None, None)))}), {})["gate"]) == 3
    said_so = judged(urgency={"holds": True, "evidence": "Seen."})
    assert len(compute(study(preconditions=said_so), {})["gate"]) == 3


def test_the_backbone_s_budget_and_the_study_s_are_the_gate_s(study, make, money):
    given = study(
        {"funding": make("funding", money((1, "received", "p", "2026-01-01")))},
        budget=11.0,
        backbone=SimpleNamespace(partner="office", staff_fte=None, annual_budget=5.0),
    )
    found = compute(given, {})["gate"].set_index("precondition").loc["resources"]
    assert "of a budget of $11" in found["tables_show"]
    assert found["to_change"].startswith("$10 of the budget for new projects and $5 of the coalition's own")
