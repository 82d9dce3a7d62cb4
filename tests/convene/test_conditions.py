from __future__ import annotations

from datetime import date
from statistics import mean, stdev
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ci_analysis.convene import (
    CONDITIONS,
    activities_evidence,
    agenda_answers,
    agenda_evidence,
    backbone_evidence,
    communication_evidence,
    condition_evidence,
    condition_scores,
    condition_spread,
    measurement_evidence,
    respondent_scores,
    speakers,
    with_evidence,
)
from ci_analysis.errors import WrongUse
from ci_analysis.issues import load_instrument
from ci_analysis.tables import OUTPUTS, conform, empty_frame

AS_OF = date(2026, 6, 30)
ITEMS = pd.DataFrame(
    {"condition": ["common-agenda"] * 2 + ["backbone"], "item": ["goals", "words", "money"], "text": "…"}
)
LEVELS = pd.DataFrame(
    {"condition": np.repeat(["common-agenda", "backbone"], 3), "level": [1, 2, 3] * 2, "start": [1.0, 2.5, 3.5] * 2}
)


@pytest.fixture
def answers(make):
    """Readiness from (wave, respondent, item, score) rows."""
    columns = ["wave", "respondent", "item", "score"]
    return lambda *rows: make("readiness", [dict(zip(columns, row, strict=True)) for row in rows])


# --- what partners say ---


def test_the_conditions_are_those_of_the_instrument():
    assert tuple(load_instrument().items()["condition"].unique()) == CONDITIONS


def test_a_respondent_s_score_is_the_mean_of_the_items_it_answered(answers):
    readiness = answers(
        ("2026", "r1", "goals", 2),
        ("2026", "r1", "words", 5),
        ("2026", "r2", "goals", 4),
        ("2026", "r2", "words", None),
    )
    found = respondent_scores(readiness, ITEMS)
    assert found["score"].to_list() == [(2 + 5) / 2, 4]


def test_each_respondent_counts_once_however_many_items_it_answered(answers):
    readiness = answers(("2026", "r1", "goals", 1), ("2026", "r1", "words", 1), ("2026", "r2", "goals", 4))
    assert condition_scores(readiness, ITEMS, LEVELS).loc[0, "score"] == (1 + 4) / 2


def test_the_interval_is_that_of_student_s_t(answers):
    scores = [2, 3, 4, 5]
    readiness = answers(*[("2026", f"r{i}", "money", s) for i, s in enumerate(scores)])
    found = condition_scores(readiness, ITEMS, LEVELS).set_index("condition").loc["backbone"]
    # 3.182 is the two-sided 5 % point with 3 degrees of freedom in every t table.
    half = 3.182 * stdev(scores) / 4**0.5
    assert found["score"] == mean(scores)
    assert (found["low"], found["high"]) == pytest.approx((3.5 - half, 3.5 + half), abs=1e-3)
    assert found["respondents"] == 4


def test_one_respondent_has_a_score_and_no_interval(answers):
    found = condition_scores(answers(("2026", "r1", "money", 3)), ITEMS, LEVELS).set_index("condition").loc["backbone"]
    assert found[["score", "respondents", "level"]].to_list() == [3, 1, 2]
    assert found[["low", "high"]].isna().all()


def test_respondents_who_agree_have_an_interval_of_no_width(answers):
    found = condition_scores(answers(*[("2026", r, "money", 4) for r in "abc"]), ITEMS, LEVELS)
    assert found.set_index("condition").loc["backbone", ["low", "score", "high"]].to_list() == [4, 4, 4]


def test_a_condition_that_nobody_answered_has_no_score_and_a_wave_no_row_of_another(answers):
    found = condition_scores(answers(("2026", "r1", "money", 3), ("2025", "r1", "goals", 3)), ITEMS, LEVELS)
    assert found["wave"].to_list() == ["2025", "2025", "2026", "2026"]
    assert found["condition"].to_list() == ["common-agenda", "backbone"] * 2
    assert found["respondents"].to_list() == [1, 0, 0, 1]
    unasked = found[found["respondents"].eq(0)]
    assert unasked[["score", "low", "high", "level"]].isna().all(axis=None)


@pytest.mark.parametrize(("scores", "level"), [([1], 1), ([2], 1), ([2, 3], 2), ([3, 4], 3), ([5], 3)])
def test_a_level_starts_at_its_score(answers, scores, level):
    readiness = answers(*[("2026", f"r{i}", "money", s) for i, s in enumerate(scores)])
    assert condition_scores(readiness, ITEMS, LEVELS).set_index("condition").loc["backbone", "level"] == level


def test_a_rounding_error_does_not_cost_a_level(answers):
    readiness = answers(*[("2026", r, "money", 3) for r in "ab"])
    # A start that the score misses by the smallest step there is between floats.
    levels = pd.DataFrame({"condition": ["backbone"], "level": [4], "start": [np.nextafter(3.0, 9)]})
    found = condition_scores(readiness, ITEMS, levels).set_index("condition")
    assert found.loc["backbone", "level"] == 4


def test_below_the_first_level_there_is_none(answers):
    levels = LEVELS.assign(start=LEVELS["start"] + 3)
    found = condition_scores(answers(("2026", "r1", "money", 3)), ITEMS, levels)
    assert found["level"].isna().all()


def test_the_order_of_answers_does_not_matter(answers):
    rng = np.random.default_rng(4)
    readiness = answers(
        *[(w, f"r{r}", i, int(rng.integers(1, 6))) for w in ("2025", "2026") for r in range(9) for i in ITEMS["item"]]
    )
    mixed = readiness.sample(frac=1, random_state=1)
    who = speakers(readiness.assign(speaks_for=None), NOBODY, backbone="r3")
    pd.testing.assert_frame_equal(speakers(mixed.assign(speaks_for=None), NOBODY, backbone="r3"), who)
    for measure, more in ((respondent_scores, ()), (condition_spread, (who,)), (condition_scores, (LEVELS,))):
        pd.testing.assert_frame_equal(measure(readiness, ITEMS, *more), measure(mixed, ITEMS, *more), check_exact=True)


NOBODY = pd.DataFrame({"partner_id": [], "status": [], "role": []}, dtype="str")


def spread_of(readiness, *backbone):
    who = speakers(readiness, NOBODY).assign(speaks_for=lambda f: np.where(f["respondent"].isin(backbone), *TWO))
    return condition_spread(readiness, ITEMS, who)


TWO = ("backbone", "partner")


def test_the_spread_sets_the_backbone_beside_the_others(answers):
    readiness = answers(*[("2026", r, "money", s) for r, s in zip("abcd", [5, 4, 1, 3], strict=True)])
    found = spread_of(readiness, "a").set_index("condition").loc["backbone"]
    assert found[["n_backbone", "n_others"]].to_list() == [1, 3]
    assert found["spread"] == pytest.approx(stdev([5, 4, 1, 3]))
    assert found[["backbone", "others"]].to_list() == [5, pytest.approx((4 + 1 + 3) / 3)]


def test_the_two_groups_add_up_to_the_score(answers):
    rng = np.random.default_rng(2)
    readiness = answers(*[("2026", f"r{i}", item, int(rng.integers(1, 6))) for i in range(8) for item in ITEMS["item"]])
    found = condition_scores(readiness, ITEMS, LEVELS).merge(spread_of(readiness, "r1", "r5"), on=["wave", "condition"])
    assert (found["n_backbone"] + found["n_others"]).to_list() == found["respondents"].to_list()
    together = found["n_backbone"] * found["backbone"] + found["n_others"] * found["others"]
    assert (together / found["respondents"]).to_list() == pytest.approx(found["score"].to_list())


def test_one_respondent_has_no_spread_and_those_who_agree_none_of_any_width(answers):
    assert pd.isna(spread_of(answers(("2026", "a", "money", 4))).set_index("condition").loc["backbone", "spread"])
    thirds = [("2026", r, i, s) for r in "abc" for i, s in (("goals", 3), ("words", 4))]
    assert spread_of(answers(*thirds)).set_index("condition").loc["common-agenda", "spread"] == 0


def test_what_one_respondent_answered_is_in_no_column():
    assert not {"lowest", "highest", "minimum", "maximum"} & set(OUTPUTS["conditions"].names)


def test_without_a_backbone_that_answered_it_has_no_mean(answers):
    found = spread_of(answers(("2026", "a", "money", 4)), "z").set_index("condition").loc["backbone"]
    assert found[["backbone", "spread"]].isna().all()
    assert found[["others", "n_backbone", "n_others"]].to_list() == [4, 0, 1]


def test_a_condition_that_nobody_answered_was_answered_by_neither_group(answers):
    found = spread_of(answers(("2026", "a", "money", 4))).set_index("condition").loc["common-agenda"]
    assert found[["n_backbone", "n_others"]].to_list() == [0, 0]
    assert found[["spread", "backbone", "others"]].isna().all()


def test_who_is_not_among_the_speakers_counts_with_the_others(answers):
    readiness = answers(("2026", "a", "money", 4), ("2026", "b", "money", 2))
    found = condition_spread(readiness, ITEMS, speakers(readiness.iloc[:1], NOBODY, backbone="a"))
    assert found.set_index("condition").loc["backbone", ["n_backbone", "n_others"]].to_list() == [1, 1]


# --- who speaks for the backbone ---


def spoken(make, rows, partners=NOBODY, backbone=None):
    columns = ["wave", "respondent", "item", "speaks_for"]
    readiness = make("readiness", [dict(zip(columns, r, strict=True)) | {"score": 3} for r in rows])
    found = speakers(readiness, partners, backbone=backbone)
    return dict(zip(zip(found["wave"], found["respondent"], strict=True), found["speaks_for"], strict=True))


def test_a_respondent_speaks_for_whom_its_rows_say(make):
    rows = [("2026", "x", "goals", "backbone"), ("2026", "x", "words", None), ("2026", "office", "goals", "partner")]
    assert spoken(make, rows, backbone="office") == {("2026", "x"): "backbone", ("2026", "office"): "partner"}


def test_without_a_word_the_identifier_of_the_backbone_speaks_for_it(make, joined):
    own = joined(["office", "host", "gone", "plain"])
    own = own.assign(role=[None, "backbone", "backbone", "steering"], status=["joined", "joined", "left", "joined"])
    rows = [("2026", who, "goals", None) for who in ("office", "host", "gone", "plain", "anon-1")]
    found = spoken(make, rows, own, backbone="office")
    assert [found["2026", who] for who in ("office", "host", "gone", "plain", "anon-1")] == [
        "backbone", "backbone", "partner", "partner", "partner",
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "said"), [("office", "backbone"), ("anon-1", "partner")])
def test_rows_that_contradict_each_other_count_as_if_they_said_nothing(make, who, said):
    rows = [("2026", who, "goals", "backbone"), ("2026", who, "words", "partner")]
    assert spoken(make, rows, backbone="office") == {("2026", who): said}


def test_each_wave_is_told_by_its_own_rows(make):
    rows = [("2025", "x", "goals", "backbone"), ("2026", "x", "goals", "partner")]
    assert spoken(make, rows) == {("2025", "x"): "backbone", ("2026", "x"): "partner"}


def test_no_answers_give_no_rows(answers):
    assert condition_scores(answers(), ITEMS, LEVELS).empty
    assert spread_of(answers()).empty
    assert speakers(answers(), NOBODY).empty
    assert respondent_scores(answers(), ITEMS).empty


# --- answers to the agenda ---


def test_the_agenda_s_answers_are_those_to_the_latest_text_of_who_has_joined(make, joined):
    own = joined("abc").assign(status=["joined", "joined", "left"])
    rows = [
        {"partner_id": p, "agenda_on": pd.Timestamp(on), "response": r}
        for p, on, r in [
            ("a", "2024-01-01", "support"),
            ("b", "2026-01-01", "support"),
            ("c", "2026-01-01", "support"),
            ("a", "2026-07-01", "support"),
        ]
    ]
    found = agenda_answers(own, make("endorsements", rows), as_of=AS_OF)
    assert found["partner_id"].to_list() == ["a", "b"]
    assert found["response"].isna().to_list() == [True, False]
    assert found["agenda_on"].eq(pd.Timestamp("2026-01-01")).all()


def test_without_a_text_no_partner_has_answered(make, joined):
    found = agenda_answers(joined("ab"), make("endorsements", []), as_of=AS_OF)
    assert len(found) == 2
    assert found[["agenda_on", "response"]].isna().all(axis=None)


# --- what the tables show ---


def reporting(on_time=0, late=0, missing=0):
    return pd.DataFrame({"reported": ["on-time"] * on_time + ["late"] * late + ["missing"] * missing}, dtype="str")


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((3, 2, 1), "5 of 6 due reports (83%) arrived, 2 of them late."),
        ((1, 0, 2), "1 of 3 due reports (33%) arrived, on time."),
        ((0, 1, 2), "1 of 3 due reports (33%) arrived, late."),
        ((0, 0, 3), "None of the 3 due reports arrived."),
        ((0, 0, 2), "Neither due report arrived."),
        ((2, 0, 0), "Both due reports arrived, both of them on time."),
        ((0, 4, 0), "All 4 due reports arrived, all of them late."),
        ((1, 0, 0), "The only due report arrived, on time."),
        ((0, 0, 1), "The only due report did not arrive."),
        ((199, 0, 1), "199 of 200 due reports (99%) arrived, all of them on time."),
        ((1, 0, 399), "1 of 400 due reports (1%) arrived, on time."),
        (
            (0, 0, 0),
            "Whether reports arrive is not known: none is due yet, "
            "or measures.csv does not say who reports, and how often.",
        ),
    ],
)
def test_shared_measurement_is_the_share_of_due_reports_that_arrived(counts, sentence):
    assert measurement_evidence(reporting(*counts)) == sentence


@pytest.mark.parametrize(
    ("overdue", "sentence"),
    [
        ([0, 0, 5, 0], "3 of 4 communications (75%) are on time."),
        ([0, 5, 9], "1 of 3 communications (33%) is on time."),
        ([5, 1, 2], "None of the 3 communications is on time."),
        ([5, 1], "Neither communication is on time."),
        ([0, 0], "Both communications are on time."),
        ([0, 0, 0], "All 3 communications are on time."),
        ([0], "The only communication is on time."),
        ([3], "The only communication is overdue."),
        ([0, 4, None], "1 of 2 communications with a known date (50%) is on time; 1 more has none."),
        ([0, None, None], "The only communication with a known date is on time; 2 more have none."),
        ([None], "Whether communication is on time is not known: communications.csv has no dates in last_on."),
        ([], "Whether communication is on time is not known: communications.csv has no rows."),
    ],
)
def test_communication_is_the_share_on_time(overdue, sentence):
    assert communication_evidence(pd.DataFrame({"days_overdue": pd.Series(overdue, dtype="float64")})) == sentence


@pytest.fixture
def work(make):
    """Activities and initiatives in which the partners given work on each lever, the first of them in the lead."""

    def of(by_lever: dict[str, str], ends_on=None):
        activities = pd.DataFrame(
            [(lever, p, 1.0, 0.0) for lever, ps in by_lever.items() for p in ps],
            columns=["lever", "partner_id", "initiatives", "projects"],
        )
        initiatives = [
            {"initiative_id": lever, "name": "I", "lead": ps[0], "lever": lever, "ends_on": ends_on}
            for lever, ps in by_lever.items()
        ]
        return activities, make("initiatives", initiatives)

    return of


@pytest.mark.parametrize(
    ("by_lever", "sentence"),
    [
        ({"x": "ab", "y": "a"}, "1 of 3 levers (33%) has two or more partners and a named lead."),
        ({"x": "ab", "y": "abc"}, "2 of 3 levers (67%) have two or more partners and a named lead."),
        ({"x": "ab", "y": "bc", "z": "ca"}, "All 3 levers have two or more partners and a named lead."),
        ({"x": "a", "y": "b"}, "None of the 3 levers has two or more partners and a named lead."),
    ],
)
def test_activities_reinforce_each_other_where_two_partners_work_and_one_leads(work, by_lever, sentence):
    levers = pd.DataFrame({"lever": ["x", "y", "z"]})
    assert activities_evidence(levers, *work(by_lever), as_of=AS_OF) == sentence


def test_a_proposed_project_and_an_initiative_that_ended_are_not_work_under_way(work):
    levers = pd.DataFrame({"lever": ["x"]})
    none = "The only lever lacks two partners or a named lead."
    activities, initiatives = work({"x": "ab"})
    planned = activities.assign(initiatives=[1.0, 0.0], projects=1.0)
    assert activities_evidence(levers, planned, initiatives, as_of=AS_OF) == none
    for ends_on, sentence in (("2026-06-29", none), ("2026-06-30", None)):
        found = activities_evidence(levers, *work({"x": "ab"}, pd.Timestamp(ends_on)), as_of=AS_OF)
        assert found == (sentence or "The only lever has two or more partners and a named lead.")


def test_without_initiatives_who_works_on_what_is_not_known(work):
    found = activities_evidence(pd.DataFrame({"lever": ["x"]}), *work({}), as_of=AS_OF)
    assert found == "Who works on what is not known: initiatives.csv has no rows."


def agenda(make, joined, measures, responses, on="2026-01-15"):
    """Two goals, their measures, five joined partners and their answers."""
    goals = pd.DataFrame({"goal_id": ["g1", "g2"], "measure_id": ["m1", "m2"]})
    rows = [{"measure_id": m, "baseline": b, "target": t, "owner": o} for m, b, t, o in measures]
    endorsements = make(
        "endorsements",
        [{"partner_id": p, "agenda_on": pd.Timestamp(on), "response": r} for p, r in responses.items()],
    )
    return agenda_evidence(goals, make("measures", rows), joined("abcde"), endorsements, as_of=AS_OF)


FULL = [("m1", 1, 2, "a"), ("m2", 0, 5, "b")]


@pytest.mark.parametrize(
    ("measures", "clause"),
    [
        (FULL, "Both goals have a measure with baseline, target and owner; "),
        ([FULL[0], ("m2", 1, None, "b")], "1 of 2 goals (50%) has a measure with baseline, target and owner; "),
        ([FULL[0], ("m2", None, 2, "b")], "1 of 2 goals (50%) has a measure with baseline, target and owner; "),
        ([("m1", 1, 2, None)], "Neither goal has a measure with baseline, target and owner; "),
        ([], "Neither goal has a measure with baseline, target and owner; "),
    ],
)
def test_a_goal_counts_with_baseline_target_and_owner(make, joined, measures, clause):
    assert agenda(make, joined, measures, {}).startswith(clause)


@pytest.mark.parametrize(
    ("responses", "clause"),
    [
        (dict.fromkeys("abcde", "support"), "all 5 joined partners support the agenda."),
        (dict.fromkeys("abc", "support"), "3 of 5 joined partners (60%) support the agenda."),
        (
            {"a": "support", "b": "reservations", "c": "not-yet"},
            "1 of 5 joined partners (20%) supports the agenda, and 1 has reservations.",
        ),
        (
            dict.fromkeys("ab", "reservations"),
            "none of the 5 joined partners supports the agenda, and 2 have reservations.",
        ),
        ({"z": "support"}, "none of the 5 joined partners supports the agenda."),
        ({}, "no partner's answer to the agenda is recorded yet (endorsements.csv)."),
    ],
)
def test_of_joined_partners_those_count_that_support_the_agenda(make, joined, responses, clause):
    assert agenda(make, joined, FULL, responses).endswith(f"; {clause}")


def test_only_the_latest_text_of_the_agenda_counts_and_none_of_the_future(make, joined):
    goals = pd.DataFrame({"goal_id": [], "measure_id": []}, dtype="str")
    endorsements = make(
        "endorsements",
        [
            {"partner_id": p, "agenda_on": pd.Timestamp(on), "response": r}
            for p, on, r in [
                ("a", "2024-01-01", "support"),
                ("b", "2024-01-01", "support"),
                ("a", "2026-01-01", "not-yet"),
                ("b", "2026-01-01", "support"),
                ("a", "2026-07-01", "support"),
            ]
        ],
    )
    found = agenda_evidence(goals, make("measures", []), joined("ab"), endorsements, as_of=AS_OF)
    assert found == (
        "No goals are written down yet (agenda in study.yaml); 1 of 2 joined partners (50%) supports the agenda."
    )


def test_an_agenda_before_anyone_joined(make, joined):
    goals = pd.DataFrame({"goal_id": ["g"], "measure_id": [None]})
    found = agenda_evidence(goals, make("measures", []), joined(""), make("endorsements", []), as_of=AS_OF)
    assert found == (
        "The only goal has no measure with baseline, target and owner; no partner has joined yet (partners.csv)."
    )


def test_the_only_partner_with_reservations(make, joined):
    goals = pd.DataFrame({"goal_id": ["g"], "measure_id": ["m"]})
    row = {"partner_id": "a", "agenda_on": pd.Timestamp("2026-01-01"), "response": "reservations"}
    found = agenda_evidence(goals, make("measures", []), joined("a"), make("endorsements", [row]), as_of=AS_OF)
    assert found.endswith("; the only joined partner does not support the agenda yet, and has reservations.")


@pytest.fixture
def money(make):
    """Funding from (amount, status, project, day) rows."""
    return lambda *rows: make(
        "funding",
        [
            {"funding_id": f"f{i}", "source": "S", "amount": a, "status": s, "project_id": p, "on": pd.Timestamp(on)}
            for i, (a, s, p, on) in enumerate(rows)
        ],
    )


YEAR = "in the year to June 30, 2026"


@pytest.mark.parametrize(
    ("backbone", "rows", "sentence"),
    [
        (
            ("Office", 2.5, 400_000),
            [(250_000, "received", None, "2026-01-05"), (50_000, "received", None, "2025-07-01")],
            f"Office is named as backbone, with 2.5 full-time-equivalent staff; {YEAR} it received $300,000 of its "
            "yearly budget of $400,000 (75%).",
        ),
        (
            ("Office", 1, 400_000),
            [(100_000, "received", None, "2026-01-05"), (80_000, "pledged", None, "2026-02-05")],
            f"Office is named as backbone, with 1 full-time-equivalent staff; {YEAR} it received $100,000 of its "
            "yearly budget of $400,000 (25%), and $80,000 more is pledged.",
        ),
        (
            ("Office", 0, 400_000),
            [(9, "received", "project", "2026-01-05"), (9, "asked", None, "2026-01-05"),
             (9, "received", None, "2025-06-30"), (9, "received", None, "2026-07-01")],
            f"Office is named as backbone, without paid staff; {YEAR} it received nothing of its yearly budget of "
            "$400,000 (0%).",
        ),
        (
            ("Office", None, None),
            [(5_000, "received", None, "2026-06-30"), (7, "received", None, None)],
            f"Office is named as backbone, its staff not stated; {YEAR} it received $5,000, its yearly budget not "
            "stated, not counting 1 entry without a date.",
        ),
        (
            ("Office", 2, 0),
            [(5_000, "pledged", None, "2026-06-30")],
            f"Office is named as backbone, with 2 full-time-equivalent staff; {YEAR} it received nothing, its yearly "
            "budget being $0, and $5,000 is pledged.",
        ),
        (
            ("Office", 2, 100),
            [],
            "Office is named as backbone, with 2 full-time-equivalent staff; what it received is not known "
            "(funding.csv has no rows).",
        ),
        (
            (None, None, None),
            [(5_000, "received", None, "2026-06-30")],
            f"No backbone is named (backbone in study.yaml); {YEAR} the coalition received $5,000.",
        ),
    ],
)  # fmt: skip
def test_a_backbone_is_named_staffed_and_funded(money, backbone, rows, sentence):
    assert backbone_evidence(*backbone, money(*rows), as_of=AS_OF) == sentence


def outputs(**frames):
    return {**{n: empty_frame(OUTPUTS[n]) for n in ("activities", "reporting", "communications")}, **frames}


def test_a_study_without_tables_has_a_sentence_for_each_condition(study):
    found = condition_evidence(study(), outputs())
    assert tuple(found.index) == CONDITIONS
    assert found.name == "evidence"
    assert found.to_list() == [
        "No goals are written down yet (agenda in study.yaml); no partner has joined yet (partners.csv).",
        measurement_evidence(reporting()),
        "Who works on what is not known: initiatives.csv has no rows.",
        "Whether communication is on time is not known: communications.csv has no rows.",
        "No backbone is named (backbone in study.yaml); what the coalition received is not known "
        "(funding.csv has no rows).",
    ]


def test_the_evidence_is_read_from_the_study_and_the_other_steps_tables(study, make, joined):
    goal = SimpleNamespace(goal_id="g", text="…", measure_id="m")
    backbone = SimpleNamespace(partner="a", staff_fte=1.0, annual_budget=None)
    full = study(
        {
            "partners": joined("ab"),
            "measures": make("measures", [{"measure_id": "m", "baseline": 1, "target": 2, "owner": "a"}]),
        },
        agenda=SimpleNamespace(goals=(goal,)),
        backbone=backbone,
    )
    found = condition_evidence(full, outputs(reporting=reporting(1, 0, 1)))
    assert found["common-agenda"].startswith("The only goal has a measure with")
    assert found["shared-measurement"] == "1 of 2 due reports (50%) arrived, on time."
    assert found["backbone"].startswith("A is named as backbone, with 1 full-time-equivalent staff; ")


def test_where_study_yaml_names_no_backbone_the_partner_with_that_role_is_it(study, joined):
    partners = joined("ab").assign(role=["supporter", "backbone"])
    found = condition_evidence(study({"partners": partners}), outputs())
    assert found["backbone"].startswith("B is named as backbone, its staff not stated; ")
    left = partners.assign(status="left")
    assert condition_evidence(study({"partners": left}), outputs())["backbone"].startswith("No backbone is named")


def test_the_other_steps_tables_must_be_there(study):
    with pytest.raises(WrongUse, match="needs activities, communications"):
        condition_evidence(study(), {"reporting": reporting(1)})


def test_the_evidence_stands_beside_the_latest_wave(answers):
    readiness = answers(("2025", "a", "money", 2), ("2025-Q2", "a", "money", 3))
    scores = condition_scores(readiness, ITEMS, LEVELS).merge(spread_of(readiness), on=["wave", "condition"])
    scores = conform(scores.assign(evidence=None), OUTPUTS["conditions"])
    evidence = pd.Series(["Agenda.", "Office."], index=["common-agenda", "backbone"])
    found = with_evidence(scores, evidence, as_of=AS_OF)
    assert found["wave"].to_list() == ["2025-Q2"] * 2 + ["2025"] * 2
    assert found["evidence"].isna().to_list() == [True, True, False, False]
    assert found["evidence"].to_list()[2:] == ["Agenda.", "Office."]
    pd.testing.assert_frame_equal(found.drop(columns="evidence"), scores.drop(columns="evidence"))


def test_without_a_survey_the_evidence_stands_on_the_study_s_day():
    evidence = pd.Series("…", index=pd.Index(CONDITIONS))
    found = with_evidence(empty_frame(OUTPUTS["conditions"]), evidence, as_of=AS_OF)
    assert found["wave"].unique().tolist() == ["2026-06-30"]
    assert tuple(found["condition"]) == CONDITIONS
    assert found[["respondents", "n_backbone", "n_others"]].eq(0).all(axis=None)
    assert found[["score", "low", "high", "level"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(found, conform(found, OUTPUTS["conditions"]))
