from __future__ import annotations

import inspect
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ci_analysis import convene
from ci_analysis.issues import load_instrument, load_profile
from ci_analysis.study import Preconditions
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

AS_OF = date(2026, 6, 30)
TABLES = tuple(name for name, table in OUTPUTS.items() if table.step == "convene")
RATINGS = ["reliability", "mission", "openness", "influence", "involvement", "resources"]


@pytest.fixture
def tables(make):
    """A small study's tables with what can go wrong in them: who left, who said nothing, a tie with oneself."""
    rng = np.random.default_rng(11)
    day = pd.Timestamp
    partners = [
        ("ann", "k12", "joined", "backbone", None, None),
        ("bob", "health", "joined", None, day("2025-02-01"), None),
        ("cat", "business", "left", None, day("2024-01-01"), day("2025-12-01")),
        ("dan", "business", "invited", None, None, None),
        ("eve", "resident", "joined", None, None, None),
    ]
    columns = ["partner_id", "sector", "status", "role", "joined_on", "left_on"]
    ties = [
        {"wave": wave, "source": s, "target": t, "level": int(rng.integers(0, 6)),
         **dict(zip(RATINGS, rng.integers(1, 5, 6), strict=True))}
        for wave in ("2025", "2025-Q2") for s in ("ann", "bob", "cat") for t in ("ann", "bob", "cat", "dan")
    ]  # fmt: skip
    items = load_instrument().items()["item"]
    readiness = [
        {"wave": wave, "respondent": r, "item": i, "score": int(rng.integers(1, 6)), "comment": f"{wave}, {i}."}
        for wave in ("2025", "2025-Q2") for r in ("ann", "bob", "anon-1") for i in items
    ]  # fmt: skip
    endorsements = [{"partner_id": "bob", "agenda_on": day("2026-01-01"), "response": "support"}]
    funding = [{"funding_id": "f", "source": "S", "amount": 5.0, "status": "received", "on": day("2026-01-01")}]
    measures = [{"measure_id": "m", "baseline": 1.0, "target": 2.0, "owner": "ann"}]
    initiatives = [{"initiative_id": "i", "lead": "ann", "lever": "supply"}]
    return {
        "partners": make("partners", [dict(zip(columns, p, strict=True)) | {"name": p[0].title()} for p in partners]),
        "ties": make("ties", ties),
        "readiness": make("readiness", readiness),
        "endorsements": make("endorsements", endorsements),
        "funding": make("funding", funding),
        "measures": make("measures", measures),
        "initiatives": make("initiatives", initiatives),
    }


def calls(tables):
    """Every public function with a full set of arguments, by name."""
    items, levels = load_instrument().items(), load_instrument().levels()
    partners, ties, readiness = tables["partners"], tables["ties"], tables["readiness"]
    goals = pd.DataFrame({"goal_id": ["g"], "measure_id": ["m"]})
    activities = pd.DataFrame({"lever": ["supply"], "partner_id": ["ann"], "initiatives": [1.0]})
    sectors = pd.DataFrame([s.model_dump() for s in load_profile("child-care").sectors])
    scores = convene.condition_scores(readiness, items, levels)
    sentences = pd.Series("…", index=pd.Index(convene.CONDITIONS))
    return {
        "activities_evidence": (goals.assign(lever="supply"), activities, tables["initiatives"], {"as_of": AS_OF}),
        "agenda_answers": (partners, tables["endorsements"], {"as_of": AS_OF}),
        "agenda_evidence": (goals, tables["measures"], partners, tables["endorsements"], {"as_of": AS_OF}),
        "backbone_evidence": ("Ann", 1.0, 2.0, tables["funding"], {"as_of": AS_OF}),
        "communication_evidence": (pd.DataFrame({"days_overdue": [0.0, np.nan]}), {}),
        "condition_scores": (readiness, items, levels, {}),
        "champion_shown": (partners, tables["endorsements"], {"as_of": AS_OF}),
        "comments": (readiness, items, partners, {}),
        "condition_spread": (readiness, items, convene.speakers(readiness, partners), {}),
        "gate": (Preconditions(), {**tables, "voices": empty_frame(INPUTS["voices"])}, {"as_of": AS_OF}),
        "half_interval": (scores["score"], scores["respondents"], {}),
        "in_wave_order": (readiness, "respondent", {}),
        "introductions": (partners, ties, {"tie_level": 2}),
        "measurement_evidence": (pd.DataFrame({"reported": ["late"]}), {}),
        "members": (partners, ties, {}),
        "network_changes": (partners, ties, {"tie_level": 2}),
        "network_partners": (partners, ties, {"tie_level": 2, "seed": 1}),
        "network_summary": (partners, ties, {"tie_level": 2}),
        "own_money": (tables["funding"], {"as_of": AS_OF}),
        "resources_shown": (tables["funding"], {"budget": 1.0, "yearly": None, "as_of": AS_OF}),
        "respondent_scores": (readiness, items, {}),
        "sector_coverage": (partners, sectors, {}),
        "speakers": (readiness, partners, {}),
        "undirected_ties": (ties, {"tie_level": 2}),
        "urgency_shown": (partners, empty_frame(INPUTS["voices"]), {}),
        "without_names": (pd.Series(["Ann said so."]), ["Ann"], {}),
        "with_evidence": (scores.assign(evidence=None), sentences, {"as_of": AS_OF}),
    }


FUNCTIONS = sorted(n for n in convene.__all__ if inspect.isfunction(getattr(convene, n)))
OF_A_STUDY = ["compute", "condition_evidence"]


@pytest.mark.parametrize("name", [f for f in FUNCTIONS if f not in OF_A_STUDY])
def test_inputs_are_left_alone(tables, name):
    *arguments, options = calls(tables)[name]
    before = [a.copy(deep=True) if isinstance(a, pd.DataFrame | pd.Series) else a for a in arguments]
    getattr(convene, name)(*arguments, **options)
    for was, now in zip(before, arguments, strict=True):
        if isinstance(was, pd.DataFrame):
            pd.testing.assert_frame_equal(now, was, check_exact=True)
        elif isinstance(was, pd.Series):
            pd.testing.assert_series_equal(now, was, check_exact=True)


def test_a_study_is_left_alone(study, tables):
    given = study(tables)
    before = {name: frame.copy(deep=True) for name, frame in given.tables.items()}
    of_steps = {n: empty_frame(OUTPUTS[n]) for n in ("activities", "reporting", "communications")}
    convene.compute(given, {})
    convene.condition_evidence(given, of_steps)
    for name, frame in given.tables.items():
        pd.testing.assert_frame_equal(frame, before[name], check_exact=True)


def test_the_step_gives_its_tables_as_they_are_declared(study, tables):
    found = convene.compute(study(tables), {})
    assert tuple(found) == TABLES
    for name, frame in found.items():
        declared = OUTPUTS[name]
        assert frame.columns.to_list() == declared.names
        assert not frame.duplicated(declared.key).any()
        assert frame[declared.key].notna().all(axis=None)
        pd.testing.assert_series_equal(frame.dtypes, empty_frame(declared).dtypes)
        for column in declared.columns:
            known = frame[column.name].dropna()
            assert column.minimum is None or (known >= column.minimum).all()
            assert column.maximum is None or (known <= column.maximum).all()
    assert found["sector_coverage"]["sector"].to_list() == load_profile("child-care").vocabulary("sectors")
    assert found["network_summary"]["wave"].to_list() == ["2025-Q2", "2025"]
    assert found["network_summary"]["respondents"].to_list() == [3, 2]
    assert found["conditions"]["evidence"].isna().all()
    assert len(found["conditions"]) == 2 * 5


@pytest.mark.parametrize(
    ("absent", "without_rows"),
    [
        # Only partners that have joined are introduced to each other.
        ("partners", {"sector_coverage", "introductions"}),
        ("ties", {"network_partners", "network_summary", "network_changes", "introductions"}),
        ("readiness", {"conditions", "comments"}),
    ],
)
def test_an_absent_table_leaves_its_own_output_empty_and_no_other(study, tables, absent, without_rows):
    found = convene.compute(study({n: t for n, t in tables.items() if n != absent}), {})
    assert {name for name, frame in found.items() if frame.empty} == without_rows


def test_a_study_without_tables_gives_empty_tables(study):
    found = convene.compute(study(), {})
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, empty_frame(OUTPUTS[name]))


def test_the_order_of_a_study_s_rows_does_not_matter(study, tables):
    mixed = {name: frame.sample(frac=1, random_state=3, ignore_index=True) for name, frame in tables.items()}
    one, other = convene.compute(study(tables), {}), convene.compute(study(mixed), {})
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name], other[name], check_exact=True)


def test_a_tie_stands_from_the_study_s_level_on(study, tables):
    ties = [convene.compute(study(tables, tie_level=k), {})["network_summary"]["ties"].sum() for k in range(1, 6)]
    assert ties == sorted(ties, reverse=True)
    assert ties[0] > ties[-1]
