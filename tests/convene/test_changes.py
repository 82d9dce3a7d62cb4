from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from ci_analysis.convene import members, network_changes, network_summary

COUNTS = ["new_ties", "new_ties_comparable", "lost_ties", "lost_ties_comparable"]
ORDER = ["new", "lost", "stronger", "weaker"]


def two_waves(reports, before, now):
    return pd.concat([reports(before, wave="2025"), reports(now, wave="2026")], ignore_index=True)


def changed(partners, ties, tie_level=2):
    found = network_changes(partners, ties, tie_level=tie_level)
    return [(row.partner_a, row.partner_b, row.change, row.comparable) for row in found.itertuples()]


def test_each_kind_of_change_in_order(joined, reports):
    before = [("a", "b", 3), ("b", "a", 3), ("c", "d", 4), ("d", "c", 2), ("e", "a", 2), ("d", "e", 2)]
    now = [("a", "b", 5), ("b", "a", 1), ("c", "d", 2), ("d", "a", 2), ("c", "b", 3), ("d", "e", 2), ("e", "a", 1)]
    ties = two_waves(reports, before, now)
    found = network_changes(joined("abcde"), ties, tie_level=2)
    assert found.columns.to_list() == [
        "wave", "partner_a", "partner_b", "wave_before", "change", "strength_before", "strength", "comparable",
        "came_or_left",
    ]  # fmt: skip
    assert found[["partner_a", "partner_b", "change"]].to_numpy().tolist() == [
        ["a", "d", "new"], ["b", "c", "new"], ["a", "e", "lost"], ["a", "b", "stronger"], ["c", "d", "weaker"],
    ]  # fmt: skip
    assert found["strength_before"].to_list() == pytest.approx([np.nan, np.nan, 2, 3, 4], nan_ok=True)
    assert found["strength"].to_list() == pytest.approx([2, 3, np.nan, 5, 2], nan_ok=True)
    assert set(found["wave"]) == {"2026"}
    assert set(found["wave_before"]) == {"2025"}
    # All five answered in both waves.
    assert found["comparable"].all()
    assert not found["came_or_left"].any()


def test_a_tie_that_is_as_strong_is_no_change_whoever_reports_it(joined, reports):
    assert changed(joined("ab"), two_waves(reports, [("a", "b", 3)], [("b", "a", 3)])) == []


@pytest.mark.parametrize(
    ("before", "now", "change", "comparable"),
    [
        # b answered in both, a in both.
        ([("a", "b", 3), ("b", "a", 3)], [("a", "b", 1), ("b", "a", 0)], "lost", True),
        # a fell silent; b never named it.
        ([("a", "b", 3), ("b", "c", 1)], [("b", "c", 1)], "lost", False),
        # a spoke for the first time.
        ([("b", "c", 1)], [("a", "b", 3), ("b", "c", 1)], "new", False),
        # b answers in neither wave: what a says of it did change.
        ([("a", "b", 1)], [("a", "b", 3)], "new", True),
        # b answered in the first only.
        ([("a", "b", 1), ("b", "c", 1)], [("a", "b", 3)], "new", False),
        ([("a", "b", 2), ("b", "c", 1)], [("a", "b", 3)], "stronger", False),
        ([("a", "b", 4)], [("a", "b", 3)], "weaker", True),
    ],
)
def test_a_change_compares_where_the_same_sides_answered(joined, reports, before, now, change, comparable):
    assert changed(joined("abc"), two_waves(reports, before, now)) == [("a", "b", change, comparable)]


def row(i, status="joined", joined_on=None, left_on=None):
    day = {"joined_on": joined_on, "left_on": left_on}
    return {"partner_id": i, "name": i, "sector": "k12", "status": status} | {
        k: pd.Timestamp(v) if v else pd.NaT for k, v in day.items()
    }


def test_who_came_or_left_does_not_compare(make, reports):
    partners = make("partners", [row("a"), row("b", joined_on="2026-01-02"), row("c", "left", left_on="2026-01-02")])
    ties = two_waves(reports, [("a", "c", 3)], [("a", "b", 3)])
    assert changed(partners, ties) == [("a", "b", "new", False), ("a", "c", "lost", False)]


def test_a_partner_who_left_and_is_still_named_compares_by_its_answers(make, reports):
    partners = make("partners", [row("a"), row("c", "left", left_on="2024-01-02")])
    ties = two_waves(reports, [("a", "c", 3)], [("a", "c", 0)])
    assert changed(partners, ties) == [("a", "c", "lost", True)]


def test_each_wave_is_compared_with_the_one_before_it(joined, reports):
    ties = pd.concat(
        # By their last days: 2025-Q1, 2025-Q4, 2026.
        [reports([("a", "b", 3)], "2026"), reports([("a", "b", 2)], "2025-Q1"), reports([("a", "b", 1)], "2025-Q4")]
    )
    found = network_changes(joined("ab"), ties, tie_level=2)
    assert found[["wave", "wave_before", "change"]].to_numpy().tolist() == [
        ["2025-Q4", "2025-Q1", "lost"], ["2026", "2025-Q4", "new"],
    ]  # fmt: skip
    summary = network_summary(joined("ab"), ties, tie_level=2)
    assert summary["wave"].to_list() == ["2025-Q1", "2025-Q4", "2026"]
    assert summary[COUNTS].iloc[0].isna().all()
    assert summary[COUNTS].iloc[1:].to_numpy().tolist() == [[0, 0, 1, 1], [1, 1, 0, 0]]


def test_the_summary_counts_what_compares(joined, reports):
    before = [("a", "b", 3), ("b", "a", 3), ("c", "a", 3)]
    now = [("a", "b", 0), ("b", "d", 3), ("b", "e", 2)]
    summary = network_summary(joined("abcde"), two_waves(reports, before, now), tie_level=2)
    # d and e are silent in both; of the lost, a-b compares, and c fell silent.
    assert summary[COUNTS].iloc[1].to_list() == [2, 2, 2, 1]


def test_one_wave_has_nothing_before_it(joined, reports):
    ties = reports([("a", "b", 3)])
    assert network_changes(joined("ab"), ties, tie_level=2).empty
    assert network_summary(joined("ab"), ties, tie_level=2)[COUNTS].isna().all(axis=None)


def test_waves_without_ties_change_nothing(joined, reports):
    ties = two_waves(reports, [("a", "b", 1)], [("a", "a", 5)])
    assert network_changes(joined("ab"), ties, tie_level=2).empty
    assert network_summary(joined("ab"), ties, tie_level=2)[COUNTS].iloc[1].to_list() == [0, 0, 0, 0]


def test_all_ties_are_lost_where_nobody_answers(joined, reports):
    ties = two_waves(reports, [("a", "b", 3)], [("a", "a", 5)])
    assert changed(joined("ab"), ties) == [("a", "b", "lost", False)]


def test_one_partner_or_no_answers_change_nothing(joined, make, reports):
    assert network_changes(joined("ab"), make("ties", []), tie_level=2).empty
    assert network_changes(joined("a"), two_waves(reports, [("a", "a", 3)], [("a", "a", 3)]), tie_level=2).empty


@pytest.mark.parametrize("seed", range(4))
def test_the_changes_agree_with_a_plain_comparison(joined, reports, seed):
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(9)]
    waves = {}
    for wave in ("2024", "2025", "2026"):
        sources = [i for i in ids if rng.random() < 0.7]
        waves[wave] = [(a, b, int(rng.integers(0, 6))) for a in sources for b in ids if a != b and rng.random() < 0.4]
    partners, ties = joined(ids), pd.concat([reports(rows, wave) for wave, rows in waves.items()])

    expected = []
    for before, wave in (("2024", "2025"), ("2025", "2026")):
        level = {w: {frozenset(p): 0 for p in combinations(ids, 2)} for w in (before, wave)}
        for w in (before, wave):
            for a, b, said in waves[w]:
                level[w][frozenset((a, b))] = max(level[w][frozenset((a, b))], said)
        spoke = {w: {a for a, _, _ in waves[w]} for w in (before, wave)}
        rows = []
        for a, b in combinations(ids, 2):
            was, now = (k if (k := level[w][frozenset((a, b))]) >= 2 else 0 for w in (before, wave))
            if was == now:
                continue
            change = "new" if not was else "lost" if not now else "stronger" if now > was else "weaker"
            same = all((i in spoke[before]) == (i in spoke[wave]) for i in (a, b))
            rows.append((ORDER.index(change), a, b, wave, change, same))
        expected += [(wave, a, b, change, same) for _, a, b, wave, change, same in sorted(rows)]
    found = network_changes(partners, ties, tie_level=2)
    assert [tuple(r) for r in found[["wave", "partner_a", "partner_b", "change", "comparable"]].to_numpy()] == expected
    mixed = network_changes(partners.sample(frac=1, random_state=1), ties.sample(frac=1, random_state=1), tie_level=2)
    pd.testing.assert_frame_equal(mixed, found, check_exact=True)


def test_nothing_is_new_or_lost_twice(joined, reports):
    ties = two_waves(reports, [("a", "b", 3), ("b", "a", 4)], [("a", "c", 3), ("c", "a", 3)])
    found = network_changes(joined("abc"), ties, tie_level=2)
    assert not found.duplicated(["wave", "partner_a", "partner_b"]).any()
    assert len(members(joined("abc"), ties)) == 6
