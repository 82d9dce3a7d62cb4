from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import rules_fired
from ci_analysis.tables import OUTPUTS

DAY = dt.date(2026, 6, 30)


@pytest.fixture
def fired(make, measure, series):
    """The rules that fire, as {rule: (day, decision)}."""

    def of(when, values, *, first=2021, agreed_on=None, decisions=(), as_of=DAY, **changes):
        rules = make(
            "rules",
            [{"rule_id": "r", "measure_id": "seats", "when": when, "then": "meet", "agreed_on": agreed_on}],
        )
        taken = [{"decision_id": d, "decided_on": on, "text": d, "rule_id": r} for d, on, r in decisions]
        frame = series(values, [str(first + k) for k in range(len(values))])
        found = rules_fired(rules, frame, measure(**changes), make("decisions", taken), as_of=as_of)
        assert found.columns.to_list() == OUTPUTS["rules_fired"].names
        if found.empty:
            return None
        row = found.iloc[0]
        day = None if pd.isna(row["fired_on"]) else row["fired_on"].strftime("%Y-%m-%d")
        return day, None if pd.isna(row["decision_id"]) else row["decision_id"]

    return of


class TestByFigures:
    def test_off_track_since_the_first_figure_of_the_spell(self, fired):
        # On pace (11, 12), then off it (12.5 with three tenths of the time gone), and so it stays.
        assert fired("off-track", [11, 12, 12.5, 12.6]) == ("2023-12-31", None)
        assert fired("off-track", [11, 12]) is None

    def test_a_spell_that_is_over_does_not_fire(self, fired):
        assert fired("off-track", [10.5, 13]) is None
        assert fired("off-track", [10.5, 13, 12]) == ("2023-12-31", None)

    def test_each_figure_is_judged_by_what_was_known_with_it(self, fired):
        # After three figures the pace is short of 13. After four, the line from 11.0 up is steep enough.
        assert fired("off-track", [11.0, 11.5, 12.9]) == ("2022-12-31", None)
        assert fired("off-track", [11.0, 11.5, 12.9, 15.0]) is None

    def test_signal_worse(self, fired):
        steady = [5, 6, 5, 6, 5, 6, 5, 6, 5, 6]
        assert fired("signal-worse", steady, first=2011) is None
        assert fired("signal-worse", [*steady, -20], first=2011) == ("2021-12-31", None)
        assert fired("signal-worse", [*steady, 30], first=2011, direction="down", target=1.0) == ("2021-12-31", None)

    def test_target_missed_by_a_figure_of_the_day_or_later(self, fired):
        assert fired("target-missed", [15, 16], target_on="2023-01-01") is None
        assert fired("target-missed", [15, 16, 17], target_on="2022-12-31") == ("2022-12-31", None)
        assert fired("target-missed", [15, 16, 20], target_on="2022-12-31") is None
        assert fired("target-missed", [15, 16], target=np.nan, target_on="2021-12-31") is None

    @pytest.mark.parametrize(
        ("agreed_on", "day"),
        [
            ("2022-12-30", "2022-12-31"),
            ("2022-12-31", "2023-12-31"),  # a rule is agreed before the data
            ("2024-01-01", None),
            (None, "2022-12-31"),
        ],
    )
    def test_only_figures_after_the_agreement_fire(self, fired, agreed_on, day):
        found = fired("target-missed", [15, 16, 17], target_on="2022-12-31", agreed_on=agreed_on)
        assert (found[0] if found else None) == day

    def test_only_the_whole_is_looked_at(self, make, measure, series):
        rules = make("rules", [{"rule_id": "r", "measure_id": "seats", "when": "off-track", "then": "meet"}])
        frame = series([1.0, 1.0], ["2021", "2022"], segment="infants")
        about = measure(rollup="mean")
        assert rules_fired(rules, frame, about, make("decisions"), as_of=DAY).empty

    def test_a_partial_sum_fires_nothing(self, make, measure, series):
        rules = make("rules", [{"rule_id": "r", "measure_id": "seats", "when": "off-track", "then": "meet"}])
        frame = series([12.0, 3.0], ["2021", "2022"])
        frame["complete"] = pd.array([True, False], dtype="boolean")
        assert rules_fired(rules, frame, measure(), make("decisions"), as_of=DAY).empty


class TestByDueDays:
    def test_the_first_due_day_that_passed_in_vain(self, fired):
        # The figure of 2024 was due on 14 February 2025, that of 2025 a year later.
        assert fired("no-data", [11, 12, 13]) == ("2025-02-14", None)
        assert fired("no-data", [11, 12, 13], first=2023) is None

    @pytest.mark.parametrize(("as_of", "day"), [(dt.date(2026, 2, 14), None), (dt.date(2026, 2, 15), "2026-02-14")])
    def test_the_studys_day_decides(self, fired, as_of, day):
        found = fired("no-data", [11, 12], first=2023, as_of=as_of)
        assert (found[0] if found else None) == day

    def test_only_due_days_after_the_agreement(self, fired):
        assert fired("no-data", [11], agreed_on="2024-02-14") == ("2025-02-14", None)
        assert fired("no-data", [11], agreed_on="2026-02-14") is None

    def test_without_a_figure_periods_run_from_the_baseline_or_the_agreement(self, fired):
        assert fired("no-data", [], baseline_on="2023-12-31") == ("2025-02-14", None)
        assert fired("no-data", [], baseline_on=None, agreed_on="2024-05-01") == ("2025-02-14", None)
        assert fired("no-data", [], baseline_on=None, agreed_on="2026-05-01") is None

    def test_without_a_frequency_only_silence_fires_and_no_day_is_known(self, fired):
        assert fired("no-data", [], frequency=None) == (None, None)
        assert fired("no-data", [11], frequency=None) is None
        assert fired("no-data", [], frequency=None, agreed_on="2026-07-01") is None

    def test_a_partial_sum_is_not_the_figure_that_was_due(self, make, measure, series):
        rules = make("rules", [{"rule_id": "r", "measure_id": "seats", "when": "no-data", "then": "ask"}])
        frame = series([12.0, 3.0], ["2024", "2025"])
        frame["complete"] = pd.array([True, False], dtype="boolean")
        found = rules_fired(rules, frame, measure(), make("decisions"), as_of=DAY)
        assert found["fired_on"].to_list() == [pd.Timestamp("2026-02-14")]


class TestAnswers:
    def test_the_first_decision_on_or_after_the_day(self, fired):
        decisions = [
            ("before", "2022-12-30", "r"),
            ("second", "2023-05-01", "r"),
            ("first", "2022-12-31", "r"),
            ("other", "2022-12-31", "another"),
            ("none", "2022-12-31", None),
        ]
        about = {"target_on": "2022-12-31", "decisions": decisions}
        assert fired("target-missed", [15, 16, 17], **about) == ("2022-12-31", "first")

    def test_a_decision_still_answers_while_the_spell_lasts(self, fired):
        decisions = [("d", "2023-01-15", "r")]
        assert fired("target-missed", [15, 16, 17, 18], target_on="2022-12-31", decisions=decisions)[1] == "d"

    def test_a_later_decision_is_not_taken_yet(self, fired):
        decisions = [("d", "2026-07-01", "r")]
        about = {"target_on": "2022-12-31", "decisions": decisions}
        assert fired("target-missed", [15, 16], **about) == ("2022-12-31", None)
        assert fired("target-missed", [15, 16], as_of=dt.date(2026, 7, 1), **about) == ("2022-12-31", "d")

    def test_silence_without_a_day_is_answered_after_the_agreement(self, fired):
        about = {"frequency": None, "agreed_on": "2025-01-01"}
        assert fired("no-data", [], decisions=[("d", "2024-12-31", "r")], **about) == (None, None)
        assert fired("no-data", [], decisions=[("d", "2025-01-01", "r")], **about) == (None, "d")


def test_many_rules_come_in_order_and_each_on_its_own(make, measure, series):
    kinds = ["target-missed", "off-track", "no-data", "signal-worse"]
    rows = [
        {"rule_id": f"{n}-{k}", "measure_id": "seats", "when": when, "then": k}
        for n, (when, k) in enumerate([(w, w) for w in kinds] * 2)
    ]
    rules = make("rules", rows)
    about = measure(target_on="2022-12-31")
    found = rules_fired(rules, series([15.0, 16.0], ["2021", "2022"]), about, make("decisions"), as_of=DAY)
    expected = sorted(r["rule_id"] for r in rows if r["when"] != "signal-worse")
    assert found["rule_id"].to_list() == expected
    assert set(found["measure_id"]) == {"seats"}


def test_without_rules_nothing_fires(make, measure, series):
    found = rules_fired(make("rules"), series([15.0]), measure(), make("decisions"), as_of=DAY)
    assert found.empty
    assert found.columns.to_list() == OUTPUTS["rules_fired"].names


@pytest.mark.parametrize("seed", range(4))
def test_judging_from_the_latest_backwards_finds_the_same(seed, make, monkeypatch):
    from ci_analysis.redesign import rules as room

    random = np.random.default_rng(seed)
    parts, measures = [], []
    for k in range(4):
        n = int(random.integers(1, 40))
        ends = pd.date_range("2022-01-31", periods=n, freq="ME")
        values = 10 + random.normal(0, 1, n).cumsum() * random.choice([0.0, 1.0])
        parts.append(
            pd.DataFrame(
                {"measure_id": f"m{k}", "segment": "all", "period": ends.strftime("%Y-%m"), "period_end": ends,
                 "value": values, "complete": pd.array([True] * n, dtype="boolean")}
            )
        )  # fmt: skip
        measures.append(
            {"measure_id": f"m{k}", "direction": str(random.choice(["up", "down"])), "baseline": 10.0,
             "baseline_on": "2021-12-31", "target": float(random.choice([12.0, np.nan])), "target_on": "2024-06-30",
             "unit": "x", "kind": "how-much"}
        )  # fmt: skip
    rules = [
        {"rule_id": f"{m['measure_id']}-{w}", "measure_id": m["measure_id"], "when": w, "then": "meet"}
        for m in measures
        for w in ("off-track", "signal-worse", "target-missed")
    ]
    given = make("rules", rules), pd.concat(parts, ignore_index=True), make("measures", measures)
    found = {}
    for several in (1, 3, 10_000):
        monkeypatch.setattr(room, "_FIRST_TURNS", several)
        found[several] = rules_fired(*given, make("decisions", []), as_of=dt.date(2026, 6, 30))
    pd.testing.assert_frame_equal(found[1], found[10_000])
    pd.testing.assert_frame_equal(found[3], found[10_000])
