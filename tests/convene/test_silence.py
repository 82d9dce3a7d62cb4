"""Bounds for non-response, against every answer that the silent could have given."""

from __future__ import annotations

from itertools import combinations, product

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_analysis.convene import network_partners, network_summary

RATINGS = ["reliability", "mission", "openness", "influence", "involvement", "resources"]
BOUNDED = ["reciprocity", "degree_centralization", "ei_index", "mean_trust", "mean_value"]
HIGH = ["ties", "density"]


def places(partners, ties):
    return network_partners(partners, ties, tie_level=2, seed=1).set_index("partner_id")


def whole(partners, ties):
    summary = network_summary(partners, ties, tie_level=2)
    assert len(summary) == 1
    return summary.iloc[0]


# --- the oracle: all figures of one complete set of answers, counted plainly ---


def figures_of(ids, sectors, says):
    """Figures of the whole, from who says to have a tie with whom."""
    n = len(ids)
    ties = [(a, b) for a, b in combinations(ids, 2) if (a, b) in says or (b, a) in says]
    confirmed = [(a, b) for a, b in ties if (a, b) in says and (b, a) in says]
    degree = [sum(i in tie for tie in ties) for i in ids]
    known = [(a, b) for a, b in ties if sectors[a] and sectors[b]]
    across = [(a, b) for a, b in known if sectors[a] != sectors[b]]
    graph = nx.Graph(ties)
    graph.add_nodes_from(ids)
    return {
        "ties": len(ties),
        "density": len(ties) / (n * (n - 1) / 2) if n > 1 else None,
        "reciprocity": len(confirmed) / len(ties) if ties else None,
        "degree_centralization": sum(max(degree) - d for d in degree) / ((n - 1) * (n - 2)) if n > 2 else None,
        "ei_index": (2 * len(across) - len(known)) / len(known) if known else None,
        "components": nx.number_connected_components(graph),
        "degree": degree,
        "in_degree": [sum((j, i) in says for j in ids) for i in ids],
    }


def everything_they_could_say(ids, silent, says):
    """Who says to have a tie with whom, in each way in which the silent could have answered."""
    open_ = [(i, j) for i in silent for j in ids if i != j]
    for chosen in product([False, True], repeat=len(open_)):
        yield says | {pair for pair, yes in zip(open_, chosen, strict=True) if yes}


@st.composite
def surveys(draw):
    """Up to four partners, of whom some answered; each answer names any of the others."""
    ids = list("abcd")[: draw(st.integers(1, 4))]
    sectors = {i: draw(st.sampled_from(["k12", "health", None])) for i in ids}
    answered = [i for i in ids if len(ids) > 1 and draw(st.booleans())]
    triples = [("a", "a", 5)]
    for i in answered:
        others = [j for j in ids if j != i]
        named = draw(st.lists(st.sampled_from(others), unique=True, min_size=1))
        triples += [(i, j, draw(st.sampled_from([0, 1, 2, 5]))) for j in named]
    return ids, sectors, answered, triples


given_surveys = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def joined_from(make, sectors):
    return make("partners", [{"partner_id": i, "name": i, "sector": s, "status": "joined"} for i, s in sectors.items()])


@given_surveys
@given(survey=surveys())
def test_the_bounds_are_the_ends_of_all_that_the_silent_could_have_said(make, reports, survey):
    ids, sectors, answered, triples = survey
    silent = [i for i in ids if i not in answered]
    says = {(a, b) for a, b, level in triples if level >= 2 and a != b}
    possible = [figures_of(ids, sectors, answers) for answers in everything_they_could_say(ids, silent, says)]

    partners, ties = joined_from(make, sectors), reports(triples)
    summary, found = whole(partners, ties), places(partners, ties)
    assert found["answered"].to_dict() == {i: i in answered for i in ids}

    def ends(name):
        seen = [p[name] for p in possible if p[name] is not None]
        return (min(seen), max(seen)) if seen else (np.nan, np.nan)

    for name in HIGH:
        assert summary[f"{name}_high"] == pytest.approx(ends(name)[1], nan_ok=True)
        assert summary[name] == pytest.approx(ends(name)[0], nan_ok=True)
    for name in ("reciprocity", "ei_index"):
        assert [summary[f"{name}_low"], summary[f"{name}_high"]] == pytest.approx(ends(name), nan_ok=True)
    # The lower bound of centralization may not be reached; it is never passed.
    low, high = ends("degree_centralization")
    assert summary["degree_centralization_high"] == pytest.approx(high, nan_ok=True)
    assert np.isnan(low) == np.isnan(summary["degree_centralization_low"])
    assert np.isnan(low) or 0 <= summary["degree_centralization_low"] <= low + 1e-12
    assert summary["components_low"] == min(p["components"] for p in possible)
    for name in ("degree", "in_degree"):
        most = [max(p[name][k] for p in possible) for k in range(len(ids))]
        assert found[f"{name}_high"].to_list() == most
        assert found[name].to_list() == [min(p[name][k] for p in possible) for k in range(len(ids))]
    # Where a figure is known, it lies within its bounds.
    for name in ("reciprocity", "degree_centralization", "ei_index"):
        if not np.isnan(summary[name]):
            assert summary[f"{name}_low"] - 1e-12 <= summary[name] <= summary[f"{name}_high"] + 1e-12


@given_surveys
@given(survey=surveys())
def test_strength_is_at_most_as_if_each_of_the_silent_reported_the_strongest_tie(make, reports, survey):
    ids, sectors, answered, triples = survey
    silent = [i for i in ids if i not in answered]
    level = {(a, b): said for a, b, said in triples if a != b}
    best = {(i, j): 5 for i in silent for j in ids if i != j} | level

    def strength(i):
        return sum(k for j in ids if (k := max(best.get((i, j), 0), best.get((j, i), 0))) >= 2)

    found = places(joined_from(make, sectors), reports(triples))
    assert found["strength_high"].to_dict() == {i: strength(i) for i in ids}


def rating_rows(given_):
    return [
        {"wave": "2026", "source": a, "target": b, "level": 0, **({} if r is None else dict.fromkeys(RATINGS, r))}
        for (a, b), r in given_.items()
    ]


def mean_trust_of(ids, given_):
    """Mean trust over the rated, and each one's own, where each rating stands for all items."""
    own = {}
    for i in ids:
        received = [r for (_, b), r in given_.items() if b == i and r is not None]
        if received:
            own[i] = sum(received) / len(received)
    return (sum(own.values()) / len(own) if own else None), own


@settings(parent=given_surveys, max_examples=25)
@given(
    answers=st.dictionaries(
        st.sampled_from([(a, b) for a in "abc" for b in "abc" if a != b]), st.sampled_from([None, 1, 2, 4]), min_size=1
    )
)
def test_trust_and_value_lie_between_what_the_silent_could_have_rated(joined, make, answers):
    ids = list("abc")
    silent = [i for i in ids if i not in {a for a, _ in answers}]
    open_ = [(i, j) for i in silent for j in ids if i != j]
    every = [
        mean_trust_of(ids, answers | dict(zip(open_, ratings, strict=True)))
        for ratings in product([None, 1, 3, 4], repeat=len(open_))
    ]
    partners, ties = joined(ids), make("ties", rating_rows(answers))
    summary, found = whole(partners, ties), places(partners, ties)
    means = [mean for mean, _ in every if mean is not None]
    expected = [min(means), max(means)] if means else [np.nan, np.nan]
    for name in ("trust", "value"):
        assert [summary[f"mean_{name}_low"], summary[f"mean_{name}_high"]] == pytest.approx(expected, nan_ok=True)
        for i in ids:
            seen = [own[i] for _, own in every if i in own]
            ends = [min(seen), max(seen)] if seen else [np.nan, np.nan]
            assert found.loc[i, [f"{name}_low", f"{name}_high"]].to_list() == pytest.approx(ends, nan_ok=True)


# --- where all answered, and where nearly nobody did ---


def test_where_all_answered_each_bound_is_the_figure(joined, make):
    rng = np.random.default_rng(4)
    ids = [f"p{i}" for i in range(7)]
    rows = [
        {"wave": "2026", "source": a, "target": b, "level": int(rng.integers(0, 6)),
         **dict(zip(RATINGS, rng.integers(1, 5, 6), strict=True))}
        for a in ids for b in ids if a != b and rng.random() < 0.7
    ]  # fmt: skip
    assert {row["source"] for row in rows} == set(ids)
    partners, ties = joined(ids, {i: ["k12", "health"][k % 2] for k, i in enumerate(ids)}), make("ties", rows)
    summary, found = whole(partners, ties), places(partners, ties)
    for name in BOUNDED:
        assert [summary[f"{name}_low"], summary[f"{name}_high"]] == pytest.approx([summary[name]] * 2)
    for name in HIGH:
        assert summary[f"{name}_high"] == summary[name]
    assert summary["components_low"] == summary["components"]
    for name in ("degree", "in_degree", "strength"):
        assert found[f"{name}_high"].to_list() == found[name].to_list()
    for name in ("trust", "value"):
        for end in ("low", "high"):
            assert found[f"{name}_{end}"].to_list() == pytest.approx(found[name].to_list(), nan_ok=True)
    assert found["answered"].all()
    assert found["response_rate"].to_list() == [1] * 7


def test_one_respondent_leaves_nearly_everything_open(joined, reports):
    # a names b and not c; b, c and d are silent.
    partners, ties = joined("abcd"), reports([("a", "b", 3)])
    summary, found = whole(partners, ties), places(partners, ties)
    assert found["answered"].to_dict() == {"a": True, "b": False, "c": False, "d": False}
    assert found["response_rate"].to_list() == [1 / 4] * 4
    assert found["degree_high"].to_list() == [3, 3, 3, 3]
    assert found["in_degree_high"].to_list() == [3, 1 + 2, 2, 2]
    assert found["strength_high"].to_list() == [3 * 5] * 4
    assert summary[["ties_high", "density_high", "components_low"]].to_list() == [6, 1, 1]
    assert np.isnan(summary["reciprocity"])
    # The tie of a and b, and the three pairs of b, c and d: all four of them may be confirmed, and none.
    assert summary[["reciprocity_low", "reciprocity_high"]].to_list() == [0, (0 + 1 + 3) / (1 + 3)]
    # One hub of three ties and no other is a star; a ring of four has equal degrees.
    assert summary["degree_centralization_high"] == 1
    assert summary["degree_centralization_low"] == 0
    # Nobody was rated; three others could rate a, two each of the silent.
    assert found[["trust_low", "trust_high"]].drop_duplicates().to_numpy().tolist() == [[1, 4]]
    assert summary[["mean_value_low", "mean_value_high"]].to_list() == [1, 4]


def test_what_an_answering_side_denies_is_never_confirmed(joined, reports):
    # a and b answered and agree; both leave out c, who is silent and may name both.
    summary = whole(joined("abc"), reports([("a", "b", 3), ("b", "a", 3)]))
    assert summary[["reciprocity_low", "reciprocity_high"]].to_list() == [1 / (1 + 2), 1]
    # Nobody reports a tie: whatever c says stands alone.
    summary = whole(joined("abc"), reports([("a", "b", 0), ("b", "a", 0)]))
    assert summary[["reciprocity_low", "reciprocity_high"]].to_list() == [0, 0]


def test_two_of_the_silent_can_confirm_one_tie_and_no_more(joined, reports):
    # a names b, b denies it; c and d are silent, and nobody who answered names them.
    ties = reports([("a", "b", 2), ("b", "a", 0)])
    sectors = dict.fromkeys("abcd", "health")
    every = [
        figures_of("abcd", sectors, says)["reciprocity"]
        for says in everything_they_could_say("abcd", "cd", {("a", "b")})
    ]
    assert len(every) == 2 ** (2 * 3)
    found = whole(joined("abcd"), ties)[["reciprocity_low", "reciprocity_high"]].to_list()
    # At most the pair of c and d is confirmed, beside that of a and b, which never is.
    assert found == [min(every), max(every)] == [0, 1 / (1 + 1)]


def test_a_partner_from_outside_the_wave_is_in_no_bound(joined, make, reports):
    # b, silent, could have named x, who is in no table: then three partners and, it may be, two ties.
    partners = joined("ab")
    now, then = (whole(partners, reports(said)) for said in ([("a", "b", 3)], [("a", "b", 3), ("b", "x", 1)]))
    assert now["density"] == 1
    assert then["density"] == 1 / 3
    assert now[["ties_high", "density_high"]].to_list() == [1, 1]


def test_ties_that_only_one_side_reports_are_silent_only_where_the_other_did_not_answer(joined, reports):
    ties = [("a", "b", 3), ("b", "c", 1), ("c", "a", 3)]
    summary = whole(joined("abc"), reports(ties))
    # All three answered: two ties, of one side each.
    assert summary[["reciprocity", "reciprocity_low", "reciprocity_high"]].to_list() == [0, 0, 0]
    summary = whole(joined("abcd"), reports(ties))
    # d may name all three, none of whom named it.
    assert summary[["reciprocity_low", "reciprocity_high", "ties_high"]].to_list() == [0, 0, 2 + 3]


def test_whoever_was_not_asked_is_silent_unless_it_answered(make, reports):
    partners = make("partners", [{"partner_id": "a", "name": "A", "sector": "k12", "status": "joined"}])
    found = places(partners, reports([("a", "x", 3), ("y", "a", 3)]))
    assert found["answered"].to_dict() == {"a": True, "x": False, "y": True}
    # a named x only, but y reports a tie with a; x may name y.
    assert found["degree_high"].to_dict() == {"a": 2, "x": 2, "y": 2}
    assert found["degree"].to_dict() == {"a": 2, "x": 1, "y": 1}
    assert found["response_rate"].to_list() == [1, 1, 1]


def test_the_ei_index_between_its_ends(joined, reports):
    # a (k12) answered and has a tie with b (k12); c and d (health) are silent, as is b.
    sectors = {"a": "k12", "b": "k12", "c": "health", "d": "health"}
    summary = whole(joined("abcd", sectors), reports([("a", "b", 3)]))
    assert summary["ei_index"] == -1
    # Across: a-c, a-d, b-c, b-d. Within: c-d beside a-b.
    assert summary[["ei_index_low", "ei_index_high"]].to_list() == [-1, pytest.approx((4 - 1) / (4 + 1))]


def test_where_only_ties_across_could_be_the_index_is_at_its_end(joined, reports):
    summary = whole(joined("ab", {"a": "k12", "b": "health"}), reports([("a", "b", 0)]))
    assert summary[["ei_index_low", "ei_index_high"]].to_list() == [1, 1]
    summary = whole(joined("ab"), reports([("a", "b", 0)]))
    assert summary[["ei_index_low", "ei_index_high"]].to_list() == [-1, -1]


def test_one_partner_alone_has_no_bounds(joined, reports):
    partners, ties = joined("a"), reports([("a", "a", 5)])
    summary, found = whole(partners, ties), places(partners, ties).loc["a"]
    bounds = [f"{name}_{end}" for name in BOUNDED for end in ("low", "high")]
    assert summary[[*bounds, "density_high"]].isna().all()
    assert summary[["ties_high", "components_low"]].to_list() == [0, 1]
    assert found[["degree_high", "in_degree_high", "strength_high", "answered"]].to_list() == [0, 0, 0, False]
    assert found[["trust_low", "trust_high", "value_low", "value_high"]].isna().all()


def test_a_wave_of_strangers_has_bounds_and_no_response_rate(joined, reports):
    found = places(joined(""), reports([("x", "y", 3)]))
    assert found["response_rate"].isna().all()
    assert found["degree_high"].to_list() == [1, 1]


def test_a_partner_who_left_is_silent_no_longer(make, reports):
    rows = [{"partner_id": i, "name": i, "sector": "k12", "status": "joined"} for i in "ab"]
    rows.append(
        {"partner_id": "c", "name": "c", "sector": "k12", "status": "left", "left_on": pd.Timestamp("2026-02-01")}
    )
    ties = pd.concat([reports([("a", "b", 3), ("b", "a", 3)], wave=wave) for wave in ("2025", "2026")])
    summary = network_summary(make("partners", rows), ties, tie_level=2)
    assert summary["partners"].to_list() == [3, 2]
    assert summary["ties_high"].to_list() == [1 + 2, 1]
    assert summary["components_low"].to_list() == [1, 1]


def test_without_answers_there_are_no_bounds(joined, make):
    partners, ties = joined("ab"), make("ties", [])
    assert network_partners(partners, ties, tie_level=2, seed=1).empty
    assert network_summary(partners, ties, tie_level=2).empty


def test_each_wave_has_its_own_silence(joined, reports):
    full = [("a", "b", 3), ("b", "a", 3)]
    ties = pd.concat([reports(full, wave="2025"), reports(full[:1], wave="2026")])
    found = network_partners(joined("ab"), ties, tie_level=2, seed=1)
    assert found["response_rate"].to_list() == [1, 1, 1 / 2, 1 / 2]
    assert found["in_degree_high"].to_list() == [1, 1, 1, 1]
    assert found["in_degree"].to_list() == [1, 1, 0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_names_and_the_order_of_rows_do_not_matter(joined, reports, seed):
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(8)]
    triples = [(a, b, int(rng.integers(0, 6))) for a in ids[:5] for b in ids if a != b and rng.random() < 0.5]
    summary = whole(joined(ids), reports(triples))
    other = dict(zip(ids, rng.permutation(ids), strict=True))
    relabelled = reports([(other[a], other[b], level) for a, b, level in rng.permutation(np.array(triples, object))])
    pd.testing.assert_series_equal(whole(joined(ids[::-1]), relabelled), summary)
