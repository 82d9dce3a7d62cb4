from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_analysis.convene import introductions
from ci_analysis.errors import WrongUse
from ci_analysis.figures.words import period_words


def suggested(partners, ties, **options):
    return introductions(partners, ties, **{"tie_level": 2, "most": 1000, **options})


def study_of(graph, joined, reports):
    """Partners and ties of a graph of whole numbers; each side reports, and everybody answers."""
    ids = {k: f"p{k:03d}" for k in graph}
    said = [(ids[u], ids[v], 3) for a, b in graph.edges for u, v in ((a, b), (b, a))]
    # Whoever has no tie says so.
    first, second = sorted(ids.values())[:2] if len(ids) > 1 else ("x", "x")
    said += [(ids[k], second if ids[k] == first else first, 0) for k in graph if not graph.degree(k) and len(ids) > 1]
    return joined(list(ids.values())), reports(said)


def plain_gains(graph):
    """Gain of each missing tie by measuring the whole graph again."""
    now = nx.global_efficiency(graph)
    gains = {}
    for a, b in combinations(sorted(graph), 2):
        if not graph.has_edge(a, b):
            with_tie = graph.copy()
            with_tie.add_edge(a, b)
            gains[f"p{a:03d}", f"p{b:03d}"] = nx.global_efficiency(with_tie) - now
    return gains


def agrees_with_the_plain_way(graph, joined, reports):
    found = suggested(*study_of(graph, joined, reports))
    gains = plain_gains(graph)
    pairs = list(zip(found["partner_a"], found["partner_b"], strict=True))
    assert set(pairs) == set(gains)
    assert found["gain"].to_list() == pytest.approx([gains[p] for p in pairs], abs=1e-11)
    # Best first; the same gain in the order of names.
    assert pairs == sorted(gains, key=lambda p: (-round(gains[p], 10), p))
    assert found["rank"].to_list() == list(range(1, len(found) + 1))
    for (a, b), steps in zip(pairs, found["steps"], strict=True):
        ends = int(a[1:]), int(b[1:])
        way = nx.shortest_path_length(graph, *ends) if nx.has_path(graph, *ends) else np.nan
        assert steps == pytest.approx(way, nan_ok=True)


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 9))
    graph = nx.empty_graph(n)
    graph.add_edges_from(draw(st.lists(st.sampled_from(list(combinations(range(n), 2))), min_size=1, max_size=2 * n)))
    return graph


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(graph=graphs())
def test_each_gain_agrees_with_measuring_the_whole_again(joined, reports, graph):
    agrees_with_the_plain_way(graph, joined, reports)


@pytest.mark.parametrize(
    "graph",
    [
        nx.path_graph(24),
        nx.star_graph(7),
        nx.cycle_graph(9),
        nx.complete_graph(5),
        nx.disjoint_union(nx.path_graph(5), nx.complete_graph(4)),
        nx.disjoint_union(nx.star_graph(4), nx.empty_graph(3)),
        nx.balanced_tree(2, 3),
        nx.krackhardt_kite_graph(),
        nx.gnm_random_graph(26, 50, seed=3),
    ],
    ids=["path", "star", "ring", "complete", "two parts", "isolates", "tree", "kite", "random"],
)
def test_known_shapes_agree_with_measuring_the_whole_again(joined, reports, graph):
    agrees_with_the_plain_way(graph, joined, reports)


def test_a_path_too_long_for_whole_numbers(joined, reports):
    # Of 45 partners in a line; a sample of pairs is measured again.
    graph = nx.path_graph(45)
    found = suggested(*study_of(graph, joined, reports)).set_index(["partner_a", "partner_b"])["gain"]
    now = nx.global_efficiency(graph)
    for a, b in [(0, 44), (0, 2), (10, 35), (7, 22), (21, 23)]:
        with_tie = graph.copy()
        with_tie.add_edge(a, b)
        assert found[f"p{a:03d}", f"p{b:03d}"] == pytest.approx(nx.global_efficiency(with_tie) - now, abs=1e-11)


def test_the_gain_worked_by_hand(joined, reports):
    """Latora and Marchiori (2001): the mean of one over the distance, over ordered pairs."""
    # Two pairs of partners: a tie between them makes one way of 1, two of 2 and one of 3, in both directions.
    found = suggested(joined("abcd"), reports([("a", "b", 3), ("b", "a", 3), ("c", "d", 3), ("d", "c", 3)]))
    assert found["gain"].to_list() == pytest.approx([2 * (1 + 1 / 2 + 1 / 2 + 1 / 3) / (4 * 3)] * 4)
    assert found["steps"].isna().all()
    # In a star of five, a tie between two of the leaves shortens their own way from 2 to 1.
    found = suggested(joined("abcde"), reports([("a", i, 3) for i in "bcde"] + [(i, "a", 3) for i in "bcde"]))
    assert found["gain"].to_list() == pytest.approx([2 * (1 - 1 / 2) / (5 * 4)] * 6)
    # Nobody has a tie: each pair would be the first.
    found = suggested(joined("abc"), reports([("a", "b", 0)]))
    assert found["gain"].to_list() == pytest.approx([2 * 1 / (3 * 2)] * 3)


def test_who_works_with_everybody_needs_no_introduction(joined, reports):
    assert suggested(*study_of(nx.complete_graph(4), joined, reports)).empty


def test_fewer_than_two_partners_or_no_answers(joined, make, reports):
    assert suggested(joined("ab"), make("ties", [])).empty
    assert suggested(joined("a"), reports([("a", "a", 5)])).empty
    # x and y are named, and have not joined.
    assert suggested(joined("a"), reports([("a", "x", 3), ("y", "a", 0)])).empty
    assert suggested(joined(""), reports([("x", "y", 0)])).empty
    assert suggested(joined(""), reports([("x", "x", 3)])).empty


def person(i, status="joined", joined_on=None, left_on=None):
    return {
        "partner_id": i,
        "name": i.upper(),
        "sector": "health",
        "status": status,
        "joined_on": pd.Timestamp(joined_on) if joined_on else pd.NaT,
        "left_on": pd.Timestamp(left_on) if left_on else pd.NaT,
    }


def pairs_of(found):
    return set(zip(found["partner_a"], found["partner_b"], strict=True))


def test_only_those_who_joined_and_stayed_are_introduced(make, reports):
    people = [
        person("a"),
        person("b"),
        person("c", "invited"),
        person("d", "left", left_on="2025-01-01"),
        # Was there when the wave ended, and is gone today.
        person("e", "left", left_on="2027-01-01"),
        person("f", joined_on="2027-01-01"),
        # Is there, and goes: on the wave's last day, after it, and long after it.
        person("g", left_on="2026-12-31"),
        person("h", left_on="2027-01-01"),
        person("i", left_on="2031-01-01"),
    ]
    ties = reports([("a", i, 0) for i in "bcdefghi"])
    assert pairs_of(suggested(make("partners", people), ties)) == {("a", "b")}


def test_ways_lead_through_partners_who_did_not_join(joined, reports):
    found = suggested(joined("ab"), reports([("a", "x", 3), ("b", "x", 3), ("x", "a", 2), ("x", "b", 2)]))
    assert found[["partner_a", "partner_b", "steps", "gain"]].to_numpy().tolist() == [
        ["a", "b", 2, pytest.approx(2 * (1 - 1 / 2) / (3 * 2))]
    ]


def test_the_latest_wave_counts(joined, reports):
    ties = pd.concat([reports([("a", "b", 3), ("b", "c", 3)], "2025"), reports([("a", "c", 3)], "2025-Q2")])
    found = suggested(joined("abc"), ties)
    assert pairs_of(found) == {("a", "c")}
    assert found["response_rate"].to_list() == [2 / 3]


def test_a_tie_that_one_side_reports_needs_no_introduction(joined, reports):
    assert suggested(joined("ab"), reports([("a", "b", 2), ("b", "a", 0)])).empty
    assert len(suggested(joined("ab"), reports([("a", "b", 2), ("b", "a", 0)]), tie_level=3)) == 1


def test_a_tie_with_oneself_changes_nothing(joined, reports):
    triples = [("a", "b", 3), ("b", "a", 3), ("c", "d", 3)]
    one, other = (suggested(joined("abcd"), reports([*triples, *more])) for more in ([], [("d", "d", 5)]))
    pd.testing.assert_frame_equal(one, other)


# --- how many, and in which order ---


def test_at_most_so_many_rows(joined, reports):
    partners, ties = study_of(nx.cycle_graph(12), joined, reports)
    everything = suggested(partners, ties)
    assert len(everything) == 12 * 11 // 2 - 12
    few = suggested(partners, ties, most=5)
    pd.testing.assert_frame_equal(few.head(5).drop(columns="shortlist"), everything.head(5).drop(columns="shortlist"))
    assert few["rank"].iloc[:5].to_list() == [1, 2, 3, 4, 5]
    assert few.loc[5:, "shortlist"].all()
    assert few["shortlist"].sum() == 5 // 2
    usual = introductions(partners, ties, tie_level=2)
    assert 20 <= len(usual) <= 20 + 20 // 2
    with pytest.raises(WrongUse, match="1 or more"):
        suggested(partners, ties, most=0)


def test_the_shortlist_names_each_partner_once_from_the_best_down(joined, reports):
    graph = nx.barbell_graph(6, 2)
    graph.add_nodes_from([20, 21])  # two without a tie, whose pairs fill the top of the ranks
    partners, ties = study_of(graph, joined, reports)
    everything = suggested(partners, ties)
    listed, taken = [], set()
    for row in everything.itertuples():
        if not taken & {row.partner_a, row.partner_b}:
            listed.append(row.rank)
            taken |= {row.partner_a, row.partner_b}
    assert everything.loc[everything["shortlist"], "rank"].to_list() == listed
    assert len(listed) > 2
    few = suggested(partners, ties, most=4)
    assert few.loc[few["shortlist"], "rank"].to_list() == listed[:2]


def test_the_same_gain_goes_by_names(joined, reports):
    found = suggested(*study_of(nx.cycle_graph(8), joined, reports))
    # The four across the ring come first: they gain the same.
    assert list(zip(found["partner_a"], found["partner_b"], strict=True))[:4] == [
        (f"p{k:03d}", f"p{k + 4:03d}") for k in range(4)
    ]
    assert found["gain"].iloc[:4].eq(found["gain"].iloc[0]).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(joined, reports, seed):
    partners, ties = study_of(nx.gnm_random_graph(20, 28, seed=seed), joined, reports)
    mixed = suggested(partners.sample(frac=1, random_state=seed), ties.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(mixed, suggested(partners, ties), check_exact=True)


def test_relabelled_partners_gain_the_same(joined, reports):
    graph = nx.gnm_random_graph(15, 20, seed=5)
    turned = nx.relabel_nodes(graph, {k: 14 - k for k in graph})
    one, other = (suggested(*study_of(g, joined, reports)) for g in (graph, turned))
    assert one["gain"].to_list() == other["gain"].to_list()


# --- the sentence ---


def reason_of(partners, ties, a, b):
    found = suggested(partners, ties).set_index(["partner_a", "partner_b"])
    return found.loc[(a, b), "reason"]


def all_say(pairs, silent=()):
    """Ties that both sides report, and a no from each partner to each other it has no tie with."""
    ids = sorted({i for pair in pairs for i in pair})
    yes = {frozenset(pair) for pair in pairs}
    return [(a, b, 3 if {a, b} in yes else 0) for a in ids for b in ids if a != b and a not in silent]


def test_two_with_partners_in_common(joined, reports):
    ties = all_say(["ac", "bc"])
    assert reason_of(joined("abc"), reports(ties), "a", "b") == (
        "A and B have 1 partner in common but do not work together."
    )
    ties = all_say(["ac", "bc", "ad", "bd", "ae", "be"])
    assert reason_of(joined("abcde"), reports(ties), "a", "b") == (
        "A and B have 3 partners in common but do not work together."
    )


def test_two_far_apart(joined, reports):
    ties = all_say(["ab", "bc", "cd", "de"])
    assert reason_of(joined("abcde"), reports(ties), "a", "e") == (
        "A and E are four steps apart: nobody who works with the one works with the other."
    )
    line = [chr(97 + k) + chr(98 + k) for k in range(12)]
    assert reason_of(joined("abcdefghijklm"), reports(all_say(line)), "a", "m").startswith("A and M are 12 steps apart")


def test_two_without_a_way_between_them(joined, reports):
    assert reason_of(joined("abcde"), reports(all_say(["ab", "bc", "de"])), "a", "e") == (
        "No way leads from A to E: they are in two parts of the network, of 3 and 2 partners, without a tie between "
        "them."
    )


def test_one_without_any_tie(joined, reports):
    said = [*all_say(["ab", "ac"]), ("d", "a", 1)]
    assert reason_of(joined("abcd"), reports(said), "a", "d") == "D works with nobody yet; A works with 2 partners."
    assert reason_of(joined("abcd"), reports(said), "b", "d") == "D works with nobody yet; B works with 1 partner."
    # Silence is not a no.
    assert reason_of(joined("abcd"), reports(all_say(["ab", "ac"])), "a", "d") == (
        "Nobody who answered works with D; A works with 2 partners. D did not answer in 2026, so ask first whether "
        "they work together already."
    )


def test_two_without_any_tie(joined, reports):
    said = [("a", "b", 0), ("b", "a", 1)]
    assert reason_of(joined("abc"), reports(said), "a", "b") == (
        "Neither A nor B works with anybody yet, as far as the answers say."
    )


def test_whoever_did_not_answer_is_asked_first(joined, reports):
    one, both = (all_say(["ac", "bc"], silent) for silent in ("a", "ab"))
    # Nobody says that they do not work together, or only one of the two.
    in_common = "A and B have 1 partner in common but no known tie."
    assert reason_of(joined("abc"), reports(one), "a", "b") == (
        f"{in_common} A did not answer in 2026, so ask first whether they work together already."
    )
    assert reason_of(joined("abc"), reports(both), "a", "b") == (
        f"{in_common} Neither A nor B answered in 2026, so ask first whether they work together already."
    )


@pytest.mark.parametrize("wave", ["2026", "2026-Q2", "2026-04", "2026-06-09"])
def test_the_wave_is_written_as_on_the_pages(joined, reports, wave):
    ties = reports(all_say(["ac", "bc"], "a"), wave=wave)
    assert f"A did not answer in {period_words(wave)}, so" in reason_of(joined("abc"), ties, "a", "b")


# --- global efficiency itself ---


def test_all_introductions_of_a_chain_of_three_make_it_whole(joined, reports):
    """A path of three has an efficiency of 5/6, and the only tie that it lacks makes it 1."""
    found = suggested(*study_of(nx.path_graph(3), joined, reports))
    assert found["gain"].to_list() == pytest.approx([1 - (4 * 1 + 2 * (1 / 2)) / (3 * 2)])
