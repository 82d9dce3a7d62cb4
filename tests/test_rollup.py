"""Partners' reports, rolled up: against published rules, a plain loop, and the usual mistakes."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.redesign import measure_status
from ci_analysis.rollup import rolled_up

DAY = dt.date(2026, 6, 30)


def one(frame: pd.DataFrame) -> dict[str, object]:
    """The only row, with None where a cell is missing."""
    assert len(frame) == 1
    return {k: None if pd.isna(v) else v for k, v in frame.iloc[0].items()}


def figures(found: pd.DataFrame) -> dict[tuple[str, str], tuple[object, object, object]]:
    """(segment, period) to value, reporters and complete, with None for missing."""
    cells = found[["value", "reporters", "complete"]].astype(object)
    cells = cells.where(found[["value", "reporters", "complete"]].notna(), None)
    return dict(zip(zip(found["segment"], found["period"], strict=True), map(tuple, cells.to_numpy()), strict=True))


class TestRolledUp:
    def test_sums_partners(self, measure, observed):
        found = rolled_up(observed([("2024", "a", None, 10), ("2024", "b", None, 12)]), measure(), as_of=DAY)
        assert figures(found) == {("all", "2024"): (10 + 12, 2, None)}
        assert found["period_end"].to_list() == [pd.Timestamp("2024-12-31")]

    def test_a_partner_who_did_not_report_is_never_a_zero(self, measure, observed):
        rows = observed([("2024", "a", None, 10), ("2024", "b", None, 12), ("2025", "a", None, 11)])
        found = figures(rolled_up(rows, measure(rollup="mean", reporters="a;b"), as_of=DAY))
        assert found == {("all", "2024"): ((10 + 12) / 2, 2, True), ("all", "2025"): (11 / 1, 1, True)}

    def test_a_partial_sum_does_not_read_as_a_fall(self, measure, observed):
        rows = observed(
            [("2024", "a", None, 10), ("2024", "b", None, 12), ("2025", "a", None, 11), ("2025", "c", None, 1)]
        )
        about = measure(reporters="a;b")
        found = rolled_up(rows, about, as_of=DAY)
        assert figures(found) == {("all", "2024"): (22, 2, True), ("all", "2025"): (11 + 1, 2, False)}
        status = one(measure_status(found, about))
        assert (status["latest"], status["latest_on"]) == (22, pd.Timestamp("2024-12-31"))
        assert status["class"] == "target-met"

    def test_where_nobody_is_named_nobody_can_be_missed(self, measure, observed):
        rows = observed([("2024", "a", None, 10), ("2024", "b", None, 12), ("2025", "a", None, 11)])
        found = rolled_up(rows, measure(), as_of=DAY)
        assert figures(found) == {("all", "2024"): (22, 2, None), ("all", "2025"): (11, 1, None)}
        assert one(measure_status(found, measure()))["latest"] == 11

    def test_a_report_without_a_figure_does_not_count(self, measure, make):
        rows = make(
            "observations",
            [
                {"measure_id": "seats", "period": "2024", "partner_id": "a", "value": 10},
                {"measure_id": "seats", "period": "2024", "partner_id": "b", "numerator": 0, "denominator": 0},
            ],
        )
        found = figures(rolled_up(rows, measure(reporters="a;b"), as_of=DAY))
        assert found == {("all", "2024"): (10, 1, False)}

    def test_a_community_row_wins(self, measure, observed):
        rows = observed([("2024", "a", None, 10), ("2024", None, None, 25), ("2025", "a", None, 11)])
        found = figures(rolled_up(rows, measure(reporters="a;b"), as_of=DAY))
        assert found == {("all", "2024"): (25, None, True), ("all", "2025"): (11, 1, False)}

    def test_a_row_without_a_segment_wins_over_segments(self, measure, observed):
        rows = observed(
            [("2024", None, "x", 3), ("2024", None, "y", 4), ("2025", None, "x", 3), ("2025", None, None, 9)]
        )
        found = figures(rolled_up(rows, measure(), as_of=DAY))
        assert found == {
            ("all", "2024"): (3 + 4, None, True),
            ("all", "2025"): (9, None, True),
            ("x", "2024"): (3, None, True),
            ("x", "2025"): (3, None, True),
            ("y", "2024"): (4, None, True),
        }

    @pytest.mark.parametrize("rule", ["mean", "weighted", "last"])
    def test_only_sums_are_made_from_segments(self, measure, observed, rule):
        found = rolled_up(observed([("2024", None, "x", 3), ("2024", None, "y", 4)]), measure(rollup=rule), as_of=DAY)
        assert found["segment"].to_list() == ["x", "y"]

    def test_a_whole_without_one_of_its_segments_is_partial(self, measure, observed):
        rows = observed([("2024", None, "x", 3), ("2024", None, "y", 4), ("2025", None, "x", 3)])
        found = rolled_up(rows, measure(), as_of=DAY)
        assert figures(found)["all", "2025"] == (3, None, False)
        assert one(measure_status(found, measure()).query("segment == 'all'"))["latest"] == 7

    def test_a_reporter_owes_only_the_segments_it_has(self, measure, observed):
        rows = observed(
            [
                ("2024", "a", "x", 1), ("2024", "a", "y", 2), ("2024", "b", "y", 4),
                ("2025", "a", "x", 1), ("2025", "b", "y", 4),
            ]
        )  # fmt: skip
        found = figures(rolled_up(rows, measure(reporters="a;b"), as_of=DAY))
        assert found == {
            ("x", "2024"): (1, 1, True),
            ("x", "2025"): (1, 1, True),
            ("y", "2024"): (2 + 4, 2, True),
            ("y", "2025"): (4, 1, False),
            ("all", "2024"): (1 + 6, 2, True),
            ("all", "2025"): (1 + 4, 2, False),
        }

    def test_a_partner_with_segments_alone_counts_beside_partners_with_wholes(self, measure, observed):
        rows = observed([("2024", "a", None, 10), ("2024", "b", "x", 3), ("2024", "b", "y", 4)])
        found = figures(rolled_up(rows, measure(reporters="a;b"), as_of=DAY))
        assert found["all", "2024"] == (10 + 3 + 4, 2, True)

    def test_such_a_partner_needs_all_its_segments(self, measure, observed):
        rows = observed(
            [("2024", "a", None, 10), ("2024", "b", "x", 3), ("2024", "b", "y", 4),
             ("2025", "a", None, 10), ("2025", "b", "x", 3)]
        )  # fmt: skip
        found = figures(rolled_up(rows, measure(reporters="a;b"), as_of=DAY))
        assert found["all", "2025"] == (10, 1, False)

    def test_weighted_is_one_ratio_of_sums(self, measure, make):
        rows = make(
            "observations",
            [
                {"measure_id": "seats", "period": "2024", "partner_id": "a", "numerator": 1, "denominator": 2},
                {"measure_id": "seats", "period": "2024", "partner_id": "b", "numerator": 30, "denominator": 40},
                # A share with its base is as good as the two counts: 0.25 × 8 = 2.
                {"measure_id": "seats", "period": "2024", "partner_id": "c", "value": 0.25, "denominator": 8},
                # A share alone has no weight.
                {"measure_id": "seats", "period": "2024", "partner_id": "d", "value": 0.9},
                {"measure_id": "seats", "period": "2024", "partner_id": "e", "numerator": 0, "denominator": 0},
            ],
        )
        found = figures(rolled_up(rows, measure(rollup="weighted"), as_of=DAY))
        value, reporters, complete = found["all", "2024"]
        assert value == pytest.approx((1 + 30 + 2 + 0) / (2 + 40 + 8 + 0))
        assert (reporters, complete) == (4, True)

    @pytest.mark.parametrize("rule", ["sum", "mean", "weighted"])
    def test_a_zero_denominator_is_no_figure(self, measure, make, rule):
        row = {"measure_id": "seats", "period": "2024", "partner_id": "a", "numerator": 0, "denominator": 0}
        found = figures(rolled_up(make("observations", [row]), measure(rollup=rule), as_of=DAY))
        assert found["all", "2024"][0] is None
        whole = figures(rolled_up(make("observations", [row | {"partner_id": None}]), measure(), as_of=DAY))
        assert whole["all", "2024"] == (None, None, True)

    @pytest.mark.parametrize("rule", ["last", None])
    def test_without_a_rule_to_roll_up_community_rows_alone_count(self, measure, observed, rule):
        rows = observed([("2024", "a", None, 10), ("2025", None, None, 7)])
        assert figures(rolled_up(rows, measure(rollup=rule), as_of=DAY)) == {("all", "2025"): (7, None, True)}

    def test_a_segment_called_all_is_the_whole(self, measure, observed):
        rows = observed([("2024", None, "all", 8), ("2025", None, "all", 8), ("2025", None, None, 9)])
        found = figures(rolled_up(rows, measure(), as_of=DAY))
        assert found == {("all", "2024"): (8, None, True), ("all", "2025"): (9, None, True)}

    @pytest.mark.parametrize(
        ("as_of", "periods"),
        [
            (dt.date(2024, 12, 30), []),
            (dt.date(2024, 12, 31), ["2024"]),
            (dt.date(2025, 3, 31), ["2024", "2025-Q1"]),
            (dt.date(2025, 5, 1), ["2024", "2025-Q1", "2025-04"]),
        ],
    )
    def test_only_periods_that_are_over_are_known(self, measure, observed, as_of, periods):
        rows = observed([("2024", None, None, 1), ("2025-Q1", None, None, 2), ("2025-04", None, None, 3)])
        assert rolled_up(rows, measure(), as_of=as_of)["period"].to_list() == periods

    def test_a_report_is_known_from_the_day_it_came(self, measure, make):
        row = {"measure_id": "seats", "period": "2024", "value": 5, "reported_on": "2025-02-10"}
        rows = make("observations", [row])
        assert rolled_up(rows, measure(), as_of=dt.date(2025, 2, 9)).empty
        assert len(rolled_up(rows, measure(), as_of=dt.date(2025, 2, 10))) == 1

    def test_nothing_comes_of_nothing(self, measure, make):
        found = rolled_up(make("observations"), make("measures"), as_of=DAY)
        assert found.empty
        assert found.columns.to_list() == [
            "measure_id", "segment", "period", "period_end", "value", "reporters", "complete",
        ]  # fmt: skip
        assert rolled_up(make("observations"), measure(), as_of=DAY).empty

    @pytest.mark.parametrize("seed", range(8))
    def test_agrees_with_a_plain_roll_up(self, make, seed):
        rng = np.random.default_rng(seed)
        rules = {"m1": "sum", "m2": "mean", "m3": "weighted", "m4": "last", "m5": "sum", "m6": "sum"}
        named = {"m1": "a;b", "m2": "a;b", "m3": "a;b", "m4": None, "m5": None, "m6": "c"}
        about = make("measures", [{"measure_id": m, "rollup": r, "reporters": named[m]} for m, r in rules.items()])
        keys = [
            (m, p, q, s)
            for m in rules
            for p in ("2023", "2024", "2025-Q1", "2027")
            for q in (None, "a", "b", "c")
            for s in (None, "x", "y")
        ]
        picked = [keys[i] for i in rng.choice(len(keys), size=90, replace=False)]
        rows = []
        for m, p, q, s in picked:
            row = {"measure_id": m, "period": p, "partner_id": q, "segment": s}
            if rng.random() < 0.5:
                row |= {"numerator": float(rng.integers(0, 9)), "denominator": float(rng.integers(0, 4))}
            else:
                row |= {"value": float(rng.integers(0, 50))}
            if rng.random() < 0.4:
                row |= {"reported_on": rng.choice(["2026-01-31", "2026-07-01"])}
            rows.append(row)
        found = rolled_up(make("observations", rows), about, as_of=DAY)
        for m, rule in rules.items():
            mine = figures(found[found["measure_id"] == m])
            expected = plain_roll_up(rows, m, rule, named[m])
            assert mine.keys() == expected.keys()
            for key, (value, reporters, complete) in expected.items():
                assert mine[key] == (pytest.approx(value) if value is not None else None, reporters, complete), key


def plain_roll_up(rows, measure_id, rule, named):
    """Every figure of one measure, looked up one after the other; the day is 30 June 2026."""
    owed = named.split(";") if named else None
    rows = [
        r for r in rows
        if r["measure_id"] == measure_id and r["period"] != "2027" and r.get("reported_on", "") <= "2026-06-30"
    ]  # fmt: skip

    def figure(r):
        if "value" in r:
            return r["value"]
        return r["numerator"] / r["denominator"] if r["denominator"] else None

    def rows_of(period, partner, segment):
        return [
            r for r in rows
            if r["period"] == period and r["partner_id"] == partner and (segment == "?" or r["segment"] == segment)
        ]  # fmt: skip

    partners = sorted({r["partner_id"] for r in rows if r["partner_id"]})

    def has_given(partner, segment):
        return any(r["partner_id"] == partner and r["segment"] == segment for r in rows)

    def pooled(period, segment):
        """Value, who counted, complete; or nothing."""
        here = {p: rows_of(period, p, segment)[0] for p in partners if rows_of(period, p, segment)}
        if not here:
            return None
        if rule == "weighted":
            counts = {p: r for p, r in here.items() if "numerator" in r}
            base = sum(r["denominator"] for r in counts.values())
            value = sum(r["numerator"] for r in counts.values()) / base if base else None
            return value, set(counts), True
        values = {p: figure(r) for p, r in here.items() if figure(r) is not None}
        if rule == "mean":
            return sum(values.values()) / len(values) if values else None, set(values), True
        if segment is None:
            for p in partners:
                ever = {s for s in ("x", "y") if has_given(p, s)}
                if p not in here and ever:
                    parts = [figure(rows_of(period, p, s)[0]) for s in ever if rows_of(period, p, s)]
                    if len(parts) == len(ever) and None not in parts:
                        values[p] = sum(parts)
        owing = None if owed is None else [p for p in owed if segment is None or has_given(p, segment)]
        complete = None if owing is None else all(p in values for p in owing)
        return sum(values.values()) if values else None, set(values), complete

    result = {}
    periods = sorted({r["period"] for r in rows})
    for period in periods:
        for segment in ("x", "y", None):
            community = rows_of(period, None, segment)
            if community:
                result[segment or "all", period] = (figure(community[0]), None, True)
            elif rule in ("sum", "mean", "weighted"):
                found = pooled(period, segment)
                if found is not None:
                    result[segment or "all", period] = (found[0], len(found[1]), found[2])
    if rule == "sum":
        segments = {s for s, _ in result if s != "all"}
        for period in periods:
            if ("all", period) in result:
                continue
            parts = {s: result[s, period] for s in segments if (s, period) in result}
            given = [v for v, _, _ in parts.values() if v is not None]
            from_partners = [s for s, (_, reporters, _) in parts.items() if reporters is not None]
            behind = set().union(*(pooled(period, s)[1] for s in from_partners)) if from_partners else set()
            full = len(given) == len(segments) and all(c is not False for _, _, c in parts.values())
            if not full:
                complete = False
            elif not from_partners:
                complete = True
            elif owed is None:
                complete = None
            else:
                complete = all(p in behind for p in owed)
            reporters = len(behind) if from_partners else None
            result["all", period] = (sum(given) if given else None, reporters, complete)
    return result
