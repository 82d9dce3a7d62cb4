"""From the gap to the decision, and the first link that is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ci_analysis.strategy import chain
from ci_analysis.study import Agenda
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]
AGENDA = Agenda.model_validate(
    {
        "goals": [
            {"goal_id": "wide", "text": "More", "measure_id": "spots"},
            {"goal_id": "early", "text": "Soon", "measure_id": "spots"},
            {"goal_id": "free", "text": "Better", "measure_id": None},
        ],
        "problem": "p", "vision": "v",
    }
)  # fmt: skip


def linked(table: Make, *projects: str, serves: dict[str, bool] | None = None, agenda: Agenda | None = None,
           **rows: list[dict[str, object]]) -> pd.DataFrame:  # fmt: skip
    """The chain of projects, each of which serves a gap unless told."""
    about = table("projects", *({"project_id": p, "lever": "supply"} for p in projects))
    gaps = pd.DataFrame({"project_id": list(projects), "serves": [(serves or {}).get(p, True) for p in projects]})
    frames = [
        table(name, *rows[name]) if name in rows else empty_frame(INPUTS[name])
        for name in ("effects", "deliverables", "rules", "decisions")
    ]
    return chain(about, gaps, *frames, agenda)


def cells(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    part = frame[list(columns)].astype("object")
    return part.where(part.notna(), None).to_numpy().tolist()


def test_each_link_is_looked_for_in_turn(table: Make) -> None:
    found = linked(
        table, "a", "b", "c", "d", "e", "f",
        serves={"a": False, "b": None},
        effects=[{"project_id": p, "measure_id": "spots", "mid": 1} for p in "abdf"]
        + [{"project_id": "e", "measure_id": "price", "mid": 1}],
        deliverables=[
            {"deliverable_id": f"door-{p}", "project_id": p, "measure_id": m, "status": "planned"}
            for p, m in (("a", "spots"), ("e", "price"), ("f", "spots"))
        ],
        rules=[{"rule_id": "r", "measure_id": "spots", "when": "no-data"}],
    )  # fmt: skip
    assert cells(found, "project_id", "measure_id", "missing") == [
        ["a", "spots", "gap"], ["b", "spots", "gap"], ["c", None, "measure"], ["d", "spots", "deliverable"],
        ["e", "price", "rule"], ["f", "spots", None],
    ]  # fmt: skip
    assert cells(found, "serves")[:3] == [[False], [None], [True]]
    assert list(found) == OUTPUTS["chain"].names


def test_a_deliverable_belongs_to_its_measure_or_to_each(table: Make) -> None:
    found = linked(
        table, "a", "b",
        effects=[{"project_id": "a", "measure_id": m, "mid": 1} for m in ("spots", "price")],
        deliverables=[
            {"deliverable_id": "z-all", "project_id": "a", "status": "done"},
            {"deliverable_id": "door", "project_id": "a", "measure_id": "spots", "status": "started"},
            {"deliverable_id": "gone", "project_id": "a", "measure_id": "price", "status": "dropped"},
            {"deliverable_id": "more", "project_id": "a", "measure_id": "hours", "status": "planned"},
            {"deliverable_id": "own", "project_id": "b", "status": "planned"},
            {"deliverable_id": "never", "project_id": "b", "measure_id": "price", "status": "dropped"},
        ],
    )  # fmt: skip
    # A measure that only a deliverable names is one of the project's; one that only a dropped one names is not.
    assert cells(found, "project_id", "measure_id", "deliverables") == [
        ["a", "hours", "more;z-all"], ["a", "price", "z-all"], ["a", "spots", "door;z-all"], ["b", None, "own"],
    ]  # fmt: skip


def test_goals_rules_and_decisions_are_those_of_the_measure_and_project(table: Make) -> None:
    day = date(2026, 6, 1)
    found = linked(
        table, "a", "b",
        agenda=AGENDA,
        effects=[
            {"project_id": "a", "measure_id": "spots", "mid": 1},
            {"project_id": "a", "measure_id": "price", "mid": 1},
        ],
        rules=[
            {"rule_id": "s2", "measure_id": "spots", "when": "no-data"},
            {"rule_id": "s1", "measure_id": "spots", "when": "off-track"},
            {"rule_id": "other", "measure_id": "days", "when": "off-track"},
        ],
        decisions=[
            {"decision_id": "of-project", "project_id": "a", "decided_on": day},
            {"decision_id": "of-measure", "measure_id": "price", "decided_on": day},
            {"decision_id": "of-rule", "rule_id": "s1", "decided_on": day},
            {"decision_id": "of-both", "project_id": "a", "measure_id": "spots", "rule_id": "s1", "decided_on": day},
            {"decision_id": "of-neither", "rule_id": "other", "measure_id": "days", "decided_on": day},
            {"decision_id": "of-b", "project_id": "b", "decided_on": day},
            {"decision_id": "general", "decided_on": day},
        ],
    )  # fmt: skip
    assert cells(found, "project_id", "measure_id", "goals", "rules", "decisions") == [
        ["a", "price", None, None, "of-both;of-measure;of-project"],
        ["a", "spots", "early;wide", "s1;s2", "of-both;of-project;of-rule"],
        ["b", None, None, None, "of-b"],
    ]


def test_a_project_whose_gap_nobody_looked_at_is_not_known_to_serve_one(table: Make) -> None:
    about = table("projects", {"project_id": "a", "lever": "supply"})
    none = [empty_frame(INPUTS[n]) for n in ("effects", "deliverables", "rules", "decisions")]
    found = chain(about, empty_frame(OUTPUTS["project_gaps"]), *none, None)
    assert cells(found, "project_id", "serves", "missing") == [["a", None, "gap"]]
    assert chain(about.iloc[:0], empty_frame(OUTPUTS["project_gaps"]), *none, None).empty


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_does_not_matter_and_frames_are_left_alone(table: Make, seed: int) -> None:
    about = table("projects", *({"project_id": p, "lever": "supply"} for p in "abc"))
    gaps = pd.DataFrame({"project_id": list("abc"), "serves": True})
    frames = [
        table("effects", *({"project_id": p, "measure_id": m, "mid": 1} for p in "ab" for m in ("x", "y"))),
        table(
            "deliverables",
            *({"deliverable_id": f"{p}{i}", "project_id": p, "status": "done"} for p in "abc" for i in "12"),
        ),
        table("rules", *({"rule_id": f"{m}{i}", "measure_id": m, "when": "no-data"} for m in "xy" for i in "12")),
        table("decisions", *({"decision_id": f"d{i}", "measure_id": "x"} for i in range(3))),
    ]
    copies = [f.copy(deep=True) for f in (about, gaps, *frames)]
    first = chain(about, gaps, *frames, AGENDA)
    for frame, copy in zip((about, gaps, *frames), copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
    turned = [f.sample(frac=1, random_state=seed).reset_index(drop=True) for f in (about, gaps, *frames)]
    pd.testing.assert_frame_equal(chain(*turned, AGENDA), first, check_exact=True)
    assert len(first) == 2 * 2 + 1
