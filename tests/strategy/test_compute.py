from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from ci_analysis import strategy
from ci_analysis.issues import load_profile
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]
TABLES = [name for name, table in OUTPUTS.items() if table.step == "strategy"]


def study_of(budget: float | None = None, **tables: pd.DataFrame) -> SimpleNamespace:
    """What the room asks of a study; tables that are not given are empty."""
    return SimpleNamespace(
        tables={name: tables.get(name, empty_frame(t)) for name, t in INPUTS.items()},
        settings=SimpleNamespace(as_of=date(2026, 6, 30), seed=7, budget=budget, agenda=None),
        profile=load_profile("child-care"),
    )


@pytest.fixture
def full(table: Make) -> SimpleNamespace:
    return study_of(
        budget=100_000,
        initiatives=table(
            "initiatives", {"initiative_id": "i", "lead": "p", "lever": "supply", "evidence": 4, "scalability": 5}
        ),
        projects=table(
            "projects",
            {"project_id": "a", "name": "Night care", "lead": "p", "lever": "hours", "cost": 60_000},
            {"project_id": "b", "name": "Training", "lead": "q", "lever": "workforce", "cost": 50_000},
            {"project_id": "c", "name": "Hotline", "lead": "q", "lever": "navigation", "cost": 40_000},
        ),
        criteria=table("criteria", {"criterion": "reach", "goal": "max"}, {"criterion": "risk", "goal": "min"}),
        scores=table(
            "scores",
            *(
                {"project_id": p, "criterion": c, "value": v}
                for c, values in {"reach": (10, 20, 0), "risk": (1, 3, 5)}.items()
                for p, v in zip("abc", values, strict=True)
            ),
        ),
        weights=table(
            "weights",
            *(
                {"partner_id": p, "criterion": c, "points": v}
                for p, points in {"p": (80, 20), "q": (30, 30)}.items()
                for c, v in zip(("reach", "risk"), points, strict=True)
            ),
        ),
        measures=table("measures", {"measure_id": "seats", "direction": "up", "target": 130, "rollup": "last"}),
        observations=table("observations", {"measure_id": "seats", "period": "2025", "value": 100}),
        effects=table("effects", {"project_id": "b", "measure_id": "seats", "low": 20, "mid": 30, "high": 40}),
    )


def test_all_tables_are_there_as_declared_with_or_without_inputs(full: SimpleNamespace) -> None:
    for study in (full, study_of(), study_of(budget=5)):
        found = strategy.compute(study, {})
        assert list(found) == TABLES
        for name, frame in found.items():
            assert list(frame.columns) == OUTPUTS[name].names
            assert frame.dtypes.to_list() == empty_frame(OUTPUTS[name]).dtypes.to_list()
            assert frame.index.equals(pd.RangeIndex(len(frame)))
            assert not frame.duplicated(OUTPUTS[name].key).any()
            if study is not full:
                assert frame.empty


def test_the_chain_holds_from_scores_to_the_agenda(full: SimpleNamespace) -> None:
    found = strategy.compute(full, {})
    # Oriented: a (10/20, 1), b (1, 2/4), c (0, 0). Weights: p (0.8, 0.2), q (0.5, 0.5): the coalition's (0.65, 0.35).
    by_project = found["ranking"].set_index("project_id")
    assert by_project["score"].to_dict() == pytest.approx(
        {"b": 0.65 * 1 + 0.35 * 0.5, "a": 0.65 * 0.5 + 0.35 * 1, "c": 0.0}
    )
    assert by_project["rank"].to_dict() == {"b": 1, "a": 2, "c": 3}
    assert by_project["dominated_by"].fillna("").to_dict() == {"a": "", "b": "", "c": "a;b"}
    # a and b together cost 110,000; b alone is worth more than a, and c adds nothing.
    assert found["portfolio_summary"]["rule"].to_list() == ["value", "equal-shares"]
    portfolio = found["portfolio"][found["portfolio"]["rule"] == "value"].set_index("project_id")
    assert portfolio["chosen"].to_dict() == {"a": False, "b": True, "c": False}
    assert portfolio["value"].equals(by_project["score"][portfolio.index].rename("value"))
    row = found["agenda_arithmetic"].iloc[0]
    assert (row["needed"], row["mid"], row["verdict"]) == (130 - 100, 30, "likely")
    assert found["what_works"]["quadrant"].to_list() == ["scale-now"]
    gaps = found["activities"].set_index("lever")["gap"]
    assert gaps[~gaps].index.to_list() == ["supply"]
    assert set(gaps.index) == set(full.profile.vocabulary("levers"))


def test_the_same_study_gives_the_same_tables_whatever_the_order_of_its_rows(full: SimpleNamespace) -> None:
    turned = SimpleNamespace(
        tables={name: frame.iloc[::-1].reset_index(drop=True) for name, frame in full.tables.items()},
        settings=full.settings,
        profile=full.profile,
    )
    for one, other in zip(strategy.compute(full, {}).values(), strategy.compute(turned, {}).values(), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_the_study_is_left_alone(full: SimpleNamespace) -> None:
    before = {name: frame.copy() for name, frame in full.tables.items()}
    strategy.compute(full, {})
    for name, frame in full.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
