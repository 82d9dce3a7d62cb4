"""The room as a whole: its tables, and what must hold for all of its functions."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ci_analysis import redesign, rollup
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame, period_end

DAY = dt.date(2026, 6, 30)
NAMES = [
    "measures", "control_chart", "reporting", "deliverables", "rules_fired", "commitments", "communications",
    "project_progress", "burn_up", "contribution", "contribution_series",
]  # fmt: skip


@pytest.fixture
def tables(make):
    """A small coalition's year and a half: two reporters, one of them silent in a quarter."""
    quarters = ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"]
    came = ["2025-01-20", "2025-04-20", "2025-07-20", "2025-10-20", "2026-03-20", None]
    seats = [
        {"measure_id": "seats", "period": q, "partner_id": p, "segment": s, "value": 10.0 + 3 * k + n,
         "reported_on": came[k]}
        for k, q in enumerate(quarters)
        for n, (p, s) in enumerate([("a", "infants"), ("a", "others"), ("b", "others")])
        if (q, p) != ("2025-Q2", "b")
    ]  # fmt: skip
    shares = [
        {"measure_id": "share", "period": q, "partner_id": p, "numerator": 3.0 + k + n, "denominator": 20.0}
        for k, q in enumerate(quarters)
        for n, p in enumerate("ab")
    ]
    homes = [
        {"measure_id": "homes", "period": f"{2018 + k}-09-30", "value": v}
        for k, v in enumerate([13899, 11658, 12158, 11824, 11557, 11581, 11060, 11049])
    ]
    plain = {"unit": "seats", "direction": "up", "kind": "how-much"}
    return {name: empty_frame(table) for name, table in INPUTS.items()} | {
        "partners": make("partners", [{"partner_id": p, "name": p.upper(), "status": "joined"} for p in "ab"]),
        "measures": make(
            "measures",
            [
                plain | {"measure_id": "seats", "rollup": "sum", "reporters": "a;b", "frequency": "quarter",
                         "baseline": 33.0, "baseline_on": "2024-12-31", "target": 120.0, "target_on": "2027-12-31"},
                plain | {"measure_id": "share", "rollup": "weighted", "reporters": "b;a", "frequency": "quarter",
                         "unit": "share", "baseline": 0.175, "baseline_on": "2024-12-31", "target": 0.9,
                         "target_on": "2026-12-31"},
                plain | {"measure_id": "homes", "rollup": "last", "frequency": "year"},
                plain | {"measure_id": "silent", "frequency": "month", "baseline_on": "2026-03-31", "reporters": "b"},
            ],
        ),
        "observations": make("observations", [*seats, *shares, *homes]),
        "deliverables": make(
            "deliverables",
            [
                {"deliverable_id": "d2", "project_id": "p", "name": "two", "owner": "a", "due_on": "2026-05-01",
                 "status": "started"},
                {"deliverable_id": "d1", "project_id": "p", "name": "one", "owner": "b", "due_on": "2026-05-01",
                 "status": "done", "done_on": "2026-05-03"},
            ],
        ),
        "rules": make(
            "rules",
            [
                {"rule_id": f"{m}-{w}", "measure_id": m, "when": w, "then": "meet"}
                for m in ("seats", "share", "homes", "silent")
                for w in ("off-track", "signal-worse", "target-missed", "no-data")
            ],
        ),
        "decisions": make(
            "decisions",
            [
                {"decision_id": d, "decided_on": on, "text": d, "rule_id": "silent-no-data"}
                for d, on in (("late", "2026-06-29"), ("first", "2026-06-20"), ("early", "2026-05-01"))
            ],
        ),
        "communications": make(
            "communications",
            [
                {"communication_id": c, "frequency": f, "last_on": on, "owner": "a", "internal": False}
                for c, f, on in (("two", "month", "2026-05-15"), ("one", "year", None))
            ],
        ),
        "comparisons": make(
            "comparisons",
            [
                {"measure_id": "homes", "period": f"{2018 + k}", "unit": u, "value": v + (k + 1) * step,
                 "changed_on": "2023-01-01" if (u, k) == ("here", 0) else None}
                for k, v in enumerate([13.0, 11, 12, 11, 11, 8, 7, 6])
                for u, step in (("here", 0), ("there", 1), ("yonder", -1))
            ],
        ),
        "endorsements": make(
            "endorsements",
            [{"partner_id": "b", "agenda_on": "2026-01-01", "response": "support", "commits_to": "open a room"}],
        ),
        "funding": make("funding", [{"funding_id": "f", "source": "A", "amount": 10.0, "status": "pledged"}]),
    }  # fmt: skip


def study(tables, as_of=DAY):
    return SimpleNamespace(tables=tables, settings=SimpleNamespace(as_of=as_of))


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame, obj=name, check_exact=True)


def test_tables_are_as_declared(tables):
    found = redesign.compute(study(tables), {})
    assert list(found) == NAMES
    assert set(NAMES) == {name for name, table in OUTPUTS.items() if table.step == "redesign"}
    for name, frame in found.items():
        assert len(frame), name
        assert frame.columns.to_list() == OUTPUTS[name].names
        assert frame.dtypes.to_dict() == conform(frame, OUTPUTS[name]).dtypes.to_dict()
        for column in OUTPUTS[name].columns:
            if column.kind == "choice":
                assert set(frame[column.name].dropna()) <= set(column.choices)
        if name != "commitments":
            assert not frame.duplicated(OUTPUTS[name].key).any()


def test_a_study_without_step_4_has_empty_tables():
    found = redesign.compute(study({name: empty_frame(table) for name, table in INPUTS.items()}), {})
    assert list(found) == NAMES
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, empty_frame(OUTPUTS[name]))


@pytest.mark.parametrize("left_out", ["measures", "observations", "rules", "decisions", "partners", "communications"])
def test_any_table_may_be_absent(tables, left_out):
    found = redesign.compute(study(tables | {left_out: empty_frame(INPUTS[left_out])}), {})
    assert list(found) == NAMES


def test_the_silent_quarter_is_not_a_fall(tables):
    found = redesign.compute(study(tables), {})
    chart = found["control_chart"].query("measure_id == 'seats' and segment == 'all'")
    # Three rows of 10 + 3 k + n each quarter, without the second quarter of 2025, where b is missing.
    assert chart["value"].to_list() == [3 * (10 + 3 * k) + 0 + 1 + 2 for k in (0, 1, 3, 4, 5)]
    report = found["reporting"].query("measure_id == 'seats' and period == '2025-Q2'")
    assert report.set_index("partner_id")["reported"]["b"] == "missing"


def test_the_rule_about_silence_is_answered(tables):
    fired = redesign.compute(study(tables), {})["rules_fired"].set_index("rule_id")
    # April was due on 14 June: 30 April and 45 days.
    assert fired.loc["silent-no-data", "fired_on"] == pd.Timestamp("2026-06-14")
    assert fired.loc["silent-no-data", "decision_id"] == "first"


def test_the_signal_is_as_old_as_the_figure_that_gave_it(tables):
    fired = redesign.compute(study(tables), {})["rules_fired"].set_index("rule_id")
    # With 2023, ranges 500, 334, 267 and 24 are kept (3.267 × 3366 / 5 < 2241); 11,557 and 11,581 lie beyond two
    # thirds of the way. With 2022 none is dropped (3.267 × 3342 / 4 > 2241), and the limits are wide.
    centre = (13899 + 11658 + 12158 + 11824 + 11557 + 11581) / 6
    assert centre - 2 / 3 * 2.66 * (500 + 334 + 267 + 24) / 4 > 11581
    assert fired.loc["homes-signal-worse", "fired_on"] == pd.Timestamp("2023-09-30")


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_does_not_matter(tables, seed):
    shuffled = {name: t.sample(frac=1, random_state=seed).reset_index(drop=True) for name, t in tables.items()}
    same(redesign.compute(study(shuffled), {}), redesign.compute(study(tables), {}))


def test_columns_of_the_studys_own_change_nothing(tables):
    more = {name: t.assign(x_note="x") for name, t in tables.items()}
    same(redesign.compute(study(more), {}), redesign.compute(study(tables), {}))


def test_inputs_are_left_alone(tables):
    copies = {name: t.copy(deep=True) for name, t in tables.items()}
    before = {"portfolio": pd.DataFrame({"rule": ["value"], "project_id": ["p"], "chosen": [True]})}
    portfolio = before["portfolio"].copy(deep=True)
    redesign.compute(study(tables), before)
    same(tables, copies)
    pd.testing.assert_frame_equal(before["portfolio"], portfolio)


VALUES = pd.Series([5.0, 6, 5, 6, 5, 30, 7], name="value")
SERIES = pd.DataFrame(
    {
        "measure_id": "m", "segment": "all", "period": [str(2015 + k) for k in range(7)],
        "period_end": pd.to_datetime([f"{2015 + k}-12-31" for k in range(7)]), "value": VALUES,
        "reporters": np.nan, "complete": pd.array([True] * 7, dtype="boolean"),
    }
)  # fmt: skip
GOALS = pd.DataFrame(
    {
        "measure_id": ["m"], "segment": ["all"], "direction": ["up"], "baseline": [4.0],
        "baseline_on": pd.to_datetime(["2014-12-31"]), "target": [9.0], "target_on": pd.to_datetime(["2030-12-31"]),
        "unit": ["seats"], "rollup": ["sum"],
    }
)  # fmt: skip
CELLS = [pd.Series([v]) for v in (7.0, 4.0, 9.0, "up")]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (redesign.xmr, [VALUES]),
        (redesign.run_rules, [VALUES, redesign.xmr(VALUES)]),
        (rollup.usable, [SERIES]),
        (redesign.control_chart, [SERIES]),
        (redesign.signal, [redesign.control_chart(SERIES), GOALS]),
        (redesign.assurance, CELLS),
        (redesign.meets, [CELLS[0], CELLS[2], CELLS[3]]),
        (redesign.progress, CELLS),
        (redesign.progress_class, CELLS),
        (redesign.consecutive, [VALUES]),
        (redesign.prediction_interval, [np.arange(7.0), VALUES.to_numpy(copy=True), 9.0]),
        (redesign.projection, [SERIES, pd.Timestamp("2030-12-31")]),
        (redesign.standing, [SERIES, GOALS]),
        (redesign.measure_status, [SERIES, GOALS.drop(columns="segment")]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_function_leaves_its_inputs_alone(function, arguments):
    copies = [a.copy() if hasattr(a, "copy") else a for a in arguments]
    function(*arguments)
    for before, after in zip(copies, arguments, strict=True):
        if isinstance(before, pd.DataFrame):
            pd.testing.assert_frame_equal(before, after)
        elif isinstance(before, pd.Series):
            pd.testing.assert_series_equal(before, after)
        elif isinstance(before, np.ndarray):
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("as_of", [dt.date(2025, 3, 31), dt.date(2025, 12, 31), dt.date(2026, 6, 30)])
def test_what_comes_after_the_studys_day_is_as_if_it_were_not_there(tables, as_of):
    day = pd.Timestamp(as_of)
    observations = tables["observations"]
    ends = period_end(observations["period"])
    later = (ends > day) | (observations["reported_on"] > day)
    known = tables | {
        "observations": observations[~later].reset_index(drop=True),
        "decisions": tables["decisions"].query("decided_on <= @day").reset_index(drop=True),
        "endorsements": tables["endorsements"].query("agenda_on <= @day").reset_index(drop=True),
    }
    same(redesign.compute(study(known, as_of), {}), redesign.compute(study(tables, as_of), {}))


def test_a_later_day_without_news_changes_no_figure(tables):
    early, late = (redesign.compute(study(tables, day), {}) for day in (DAY, dt.date(2026, 12, 1)))
    for name in ("measures", "control_chart"):
        pd.testing.assert_frame_equal(early[name], late[name])


def test_all_names_are_public_and_sorted():
    assert sorted(redesign.__all__, key=lambda n: (not n.isupper(), n[0].islower(), n)) == redesign.__all__
    assert all(hasattr(redesign, name) for name in redesign.__all__)
