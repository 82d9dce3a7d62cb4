from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from ci_analysis.convene import members, network_partners, network_summary, undirected_ties

RATINGS = ["reliability", "mission", "openness", "influence", "involvement", "resources"]


def places(partners, ties, tie_level=2, seed=1):
    return network_partners(partners, ties, tie_level=tie_level, seed=seed).set_index("partner_id")


def whole(partners, ties, tie_level=2):
    summary = network_summary(partners, ties, tie_level=tie_level)
    assert len(summary) == 1
    return summary.iloc[0]


# --- published networks ---


def test_florentine_families_without_the_isolate(survey):
    """Marriages among Florentine families (Padgett and Ansell 1993), the Pucci left out."""
    partners, ties = survey(nx.florentine_families_graph())
    found = places(partners, ties)
    # Jackson (2008), Social and Economic Networks, section 1.2.1.
    assert found["betweenness"].round(3).loc[["medici", "guadagni", "strozzi"]].to_list() == [0.522, 0.255, 0.103]
    # Wasserman and Faust (1994), Social Network Analysis, table 5.1, closeness.
    expected = {"medici": 0.560, "albizzi": 0.483, "ridolfi": 0.500, "lamberteschi": 0.326}
    assert found["closeness"].round(3).loc[list(expected)].to_dict() == expected
    assert found.loc["medici", "degree"] == 6
    assert whole(partners, ties)["density"] == pytest.approx(2 * 20 / (15 * 14))


def test_florentine_families_with_the_isolate(survey):
    """The same, with the Pucci, who married nobody: 16 families, 20 ties."""
    graph = nx.florentine_families_graph()
    graph.add_node("Pucci")
    partners, ties = survey(graph)
    found, summary = places(partners, ties), whole(partners, ties)
    # Wasserman and Faust (1994), table 5.1, degree and betweenness of the 16 families.
    assert (found["degree"] / 15).round(3).loc[["medici", "guadagni", "pucci"]].to_list() == [0.4, 0.267, 0.0]
    assert found["betweenness"].round(3).loc[["medici", "guadagni", "pucci"]].to_list() == [0.452, 0.221, 0.0]
    # The same, section 5.2: the families' degree centralization is 0.267.
    assert round(summary["degree_centralization"], 3) == 0.267
    assert summary["partners"] == 16
    assert summary["components"] == 2
    assert summary["density"] == pytest.approx(2 * 20 / (16 * 15))
    # Closeness: 14 of the 15 others are within reach, and the Medici are 25 steps from them in all.
    assert found.loc["medici", "closeness"] == pytest.approx(14 / 15 * 14 / 25)
    assert found.loc["pucci", "closeness"] == 0
    assert np.isnan(found.loc["pucci", "constraint"])
    assert found.loc["pucci", "strength"] == 0


def test_krackhardt_s_kite_has_three_centres(survey):
    """Krackhardt (1990), Assessing the political landscape, Administrative Science Quarterly 35(2)."""
    names = ["andre", "beverley", "carol", "diane", "ed", "fernando", "garth", "heather", "ike", "jane"]
    partners, ties = survey(nx.relabel_nodes(nx.krackhardt_kite_graph(), dict(enumerate(names))))
    found = places(partners, ties)
    assert found["degree"].idxmax() == "diane"
    assert found.loc["diane", "degree"] == 6
    assert found["betweenness"].idxmax() == "heather"
    # Every path from one of the seven to Ike or Jane passes Heather.
    assert found.loc["heather", "betweenness"] == pytest.approx(7 * 2 / (9 * 8 / 2))
    assert set(found.index[np.isclose(found["closeness"], found["closeness"].max())]) == {"fernando", "garth"}
    # Garth: five steps of 1, three of 2, one of 3 (Jane).
    assert found.loc["garth", "closeness"] == pytest.approx(9 / (5 * 1 + 3 * 2 + 1 * 3))


def test_zachary_s_karate_club(survey):
    """Zachary (1977): 34 members, 78 ties; the instructor and the officer have the most."""
    graph = nx.karate_club_graph()
    partners, ties = survey(graph)
    found, summary = places(partners, ties), whole(partners, ties)
    assert summary["ties"] == 78
    assert summary["density"] == pytest.approx(78 / (34 * 33 / 2))
    assert found["degree"].nlargest(2).to_dict() == {"33": 17, "00": 16}
    assert summary["degree_centralization"] == pytest.approx((34 * 17 - 2 * 78) / (33 * 32))
    # Blondel, Guillaume, Lambiotte and Lefebvre (2008), table 1: Louvain reaches a modularity of 0.42.
    groups = [{int(i) for i in group.index} for _, group in found.groupby("community")]
    assert round(nx.community.modularity(graph, groups, weight=None), 2) == 0.42
    assert found.loc["00", "community"] != found.loc["33", "community"]


def test_a_star_is_centralized_and_a_ring_is_not(survey):
    assert whole(*survey(nx.star_graph(5)))["degree_centralization"] == 1
    assert whole(*survey(nx.cycle_graph(6)))["degree_centralization"] == 0
    # Freeman (1978): the centre of a star is on every path between others, and one step from all.
    found = places(*survey(nx.star_graph(5)))
    assert found.loc["00", ["betweenness", "closeness"]].to_list() == [1, 1]


def test_constraint_follows_burt_s_formula(survey):
    """Burt (1992), Structural Holes, ch. 2: sum over contacts j of (p_ij + sum_q p_iq p_qj)^2."""
    star = places(*survey(nx.star_graph(4)))
    assert star.loc["00", "constraint"] == pytest.approx(4 * (1 / 4) ** 2)
    assert star.loc["01", "constraint"] == pytest.approx(1)
    triangle = places(*survey(nx.complete_graph(3)))
    assert triangle["constraint"].to_list() == pytest.approx([2 * (1 / 2 + 1 / 2 * 1 / 2) ** 2] * 3)


# --- a slow plain oracle ---


def answers_of(seed: int, n: int, share: float):
    """Made-up answers of n partners: some do not answer, some say nothing of each other."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:02d}" for i in range(n)]
    sources = [i for i in ids if rng.random() < 0.7]
    triples = [(a, b, int(rng.integers(0, 6))) for a in sources for b in ids if a != b and rng.random() < share]
    return ids, triples


CASES = [(seed, n, share) for seed, (n, share) in enumerate([(4, 0.9), (7, 0.4), (9, 0.2), (12, 0.3), (12, 0.6)])]


@pytest.mark.parametrize(("seed", "n", "share"), CASES)
def test_the_whole_agrees_with_a_plain_count(joined, reports, seed, n, share):
    ids, triples = answers_of(seed, n, share)
    sectors = {i: ["k12", "health", "business"][int(i[1:]) % 3] for i in ids}
    says = {(a, b) for a, b, level in triples if level >= 2}
    answered = {a for a, _, _ in triples}
    pairs = [(a, b) for a, b in combinations(ids, 2) if (a, b) in says or (b, a) in says]
    mutual = [(a, b) for a, b in pairs if (a, b) in says and (b, a) in says]
    both = [(a, b) for a, b in pairs if a in answered and b in answered]
    across = [(a, b) for a, b in pairs if sectors[a] != sectors[b]]
    degree = {i: sum(i in pair for pair in pairs) for i in ids}

    summary = whole(joined(ids, sectors), reports(triples))
    assert summary["partners"] == n
    assert summary["respondents"] == len(answered)
    assert summary["response_rate"] == len(answered) / n
    assert summary["ties"] == len(pairs)
    assert summary["confirmed"] == len(mutual)
    assert summary["density"] == pytest.approx(len(pairs) / (n * (n - 1) / 2))
    assert summary["reciprocity"] == pytest.approx(len(mutual) / len(both))
    assert summary["ei_index"] == pytest.approx((len(across) - (len(pairs) - len(across))) / len(pairs))
    worst = max(degree.values())
    spread = sum(worst - d for d in degree.values())
    assert summary["degree_centralization"] == pytest.approx(spread / ((n - 1) * (n - 2)))


def steps_from(start, neighbours):
    steps, queue = {start: 0}, deque([start])
    while queue:
        here = queue.popleft()
        for there in sorted(neighbours[here] - steps.keys()):
            steps[there] = steps[here] + 1
            queue.append(there)
    return steps


def shortest_paths(a, b, neighbours):
    """All shortest paths between two partners, by walking back along falling distances."""
    steps = steps_from(a, neighbours)
    if b not in steps:
        return []
    paths = [[b]]
    for d in range(steps[b] - 1, -1, -1):
        paths = [[before, *path] for path in paths for before in neighbours[path[0]] if steps.get(before) == d]
    return paths


@pytest.mark.parametrize(("seed", "n", "share"), CASES)
def test_each_place_agrees_with_a_plain_count(joined, reports, seed, n, share):
    ids, triples = answers_of(seed, n, share)
    level = {}
    for a, b, said in triples:
        if said >= 2:
            pair = frozenset((a, b))
            level[pair] = max(level.get(pair, 0), said)
    neighbours = {i: {j for j in ids if frozenset((i, j)) in level} for i in ids}
    answered = {a for a, _, _ in triples}
    found = places(joined(ids), reports(triples))
    assert found.index.to_list() == ids

    for i in ids:
        near = neighbours[i]
        assert found.loc[i, "degree"] == len(near)
        assert found.loc[i, "strength"] == sum(level[frozenset((i, j))] for j in near)
        assert found.loc[i, "in_degree"] == sum(b == i and said >= 2 for _, b, said in triples)
        reported = sum(a == i and said >= 2 for a, _, said in triples) if i in answered else np.nan
        assert found.loc[i, "out_degree"] == pytest.approx(reported, nan_ok=True)

        steps = steps_from(i, neighbours)
        reach, total = len(steps) - 1, sum(steps.values())
        assert found.loc[i, "closeness"] == pytest.approx(reach / (n - 1) * reach / total if reach else 0)

        between = 0.0
        for a, b in combinations([j for j in ids if j != i], 2):
            paths = shortest_paths(a, b, neighbours)
            between += sum(i in path for path in paths) / len(paths) if paths else 0
        assert found.loc[i, "betweenness"] == pytest.approx(between / ((n - 1) * (n - 2) / 2))

        burt = sum(
            (1 / len(near) + sum(1 / len(near) / len(neighbours[q]) for q in near & neighbours[j])) ** 2 for j in near
        )
        assert found.loc[i, "constraint"] == pytest.approx(burt if near else np.nan, nan_ok=True)


# --- ties ---


def test_a_tie_stands_where_either_side_reports_it_and_is_as_strong_as_the_larger_report(reports):
    ties = reports([("a", "b", 1), ("b", "a", 4), ("c", "a", 2), ("a", "c", 3), ("b", "c", 1), ("c", "b", 1)])
    pairs = undirected_ties(ties, tie_level=2)
    assert pairs.to_numpy().tolist() == [["2026", "a", "b", 4, False], ["2026", "a", "c", 3, True]]


@pytest.mark.parametrize(("tie_level", "pairs"), [(1, 3), (2, 2), (4, 1), (5, 0)])
def test_fewer_ties_stand_at_a_higher_level(reports, tie_level, pairs):
    ties = reports([("a", "b", 4), ("c", "a", 3), ("b", "c", 1)])
    assert len(undirected_ties(ties, tie_level=tie_level)) == pairs


def test_a_tie_with_oneself_changes_nothing(joined, reports):
    triples = [("a", "b", 3), ("b", "c", 2), ("c", "b", 2)]
    partners, ties, more = joined("abcd"), reports(triples), reports([*triples, ("d", "d", 5), ("a", "a", 5)])
    pd.testing.assert_frame_equal(undirected_ties(ties, tie_level=2), undirected_ties(more, tie_level=2))
    pd.testing.assert_frame_equal(members(partners, ties), members(partners, more))
    pd.testing.assert_frame_equal(places(partners, ties), places(partners, more))
    pd.testing.assert_series_equal(whole(partners, ties), whole(partners, more))


def test_a_wave_of_nothing_but_ties_with_oneself_has_nobody_who_answered(joined, reports):
    summary = whole(joined("ab"), reports([("a", "a", 5)]))
    assert summary[["partners", "respondents", "ties", "density", "components"]].to_list() == [2, 0, 0, 0, 2]


# --- who is in a wave ---


def person(i, status="joined", joined_on=None, left_on=None):
    return {
        "partner_id": i,
        "name": i,
        "sector": "health",
        "status": status,
        "joined_on": pd.Timestamp(joined_on) if joined_on else pd.NaT,
        "left_on": pd.Timestamp(left_on) if left_on else pd.NaT,
    }


@pytest.mark.parametrize(
    ("partner", "in_wave"),
    [
        (person("x"), True),
        (person("x", joined_on="2025-03-31"), True),
        (person("x", joined_on="2025-04-01"), False),
        (person("x", "left", left_on="2025-03-30"), False),
        (person("x", "left", left_on="2025-03-31"), True),
        (person("x", "left", "2024-01-01", "2025-06-01"), True),
        (person("x", "left", "2025-05-01", "2025-06-01"), False),
        (person("x", "left"), False),
        (person("x", "invited"), False),
        (person("x", "prospect"), False),
    ],
)
def test_a_partner_is_in_a_wave_from_the_day_it_joined_to_the_day_it_left(make, reports, partner, in_wave):
    partners = make("partners", [person("a"), person("b"), partner])
    found = members(partners, reports([("a", "b", 2)], wave="2025-Q1"))
    assert ("x" in found["partner_id"].to_list()) == in_wave


def test_whoever_a_tie_names_is_in_the_wave_but_did_not_join_it(make, reports):
    partners = make("partners", [person("a"), person("b"), person("x", "left", left_on="2024-01-01"), person("y")])
    ties = reports([("a", "x", 0), ("x", "a", 3)], wave="2025-Q1")
    found = members(partners, ties).set_index("partner_id")
    assert found["joined"].to_dict() == {"a": True, "b": True, "x": False, "y": True}
    # x answered, but does not count among those who were to answer.
    assert found["answered"].to_dict() == {"a": True, "b": False, "x": True, "y": False}
    assert found["respondent"].to_dict() == {"a": True, "b": False, "x": False, "y": False}
    assert whole(partners, ties)["response_rate"] == 1 / 3
    assert places(partners, ties).loc["x", "out_degree"] == 1


def test_each_wave_has_its_own_members_and_ties(make, reports):
    partners = make("partners", [person("a"), person("b"), person("c", joined_on="2025-06-01")])
    first, second = [("a", "b", 3)], [("a", "c", 3), ("b", "c", 3)]
    ties = pd.concat([reports(second, "2025"), reports(first, "2025-Q1")])
    summary = network_summary(partners, ties, tie_level=2)
    # By their last days, not by their letters.
    assert summary["wave"].to_list() == ["2025-Q1", "2025"]
    assert summary["partners"].to_list() == [2, 3]
    assert summary["ties"].to_list() == [1, 2]
    alone = network_partners(partners, reports(second, "2025"), tie_level=2, seed=1)
    among = network_partners(partners, ties, tie_level=2, seed=1).query("wave == '2025'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)


# --- figures of the whole ---


def test_the_ei_index_worked_by_hand(joined, reports):
    """Krackhardt and Stern (1988): four ties across sectors, one within."""
    sectors = {"a": "k12", "b": "k12", "c": "health", "d": "business"}
    ties = [("a", "b", 3), ("a", "c", 3), ("a", "d", 3), ("b", "c", 3), ("c", "d", 3)]
    assert whole(joined("abcd", sectors), reports(ties))["ei_index"] == pytest.approx((4 - 1) / (4 + 1))
    assert whole(joined("abcd"), reports(ties))["ei_index"] == -1


def test_a_tie_with_a_partner_of_unknown_sector_is_neither_across_nor_within(joined, reports):
    partners = joined("ab", {"a": "k12", "b": "health"})
    assert whole(partners, reports([("a", "b", 3), ("a", "stranger", 3)]))["ei_index"] == 1
    assert np.isnan(whole(partners, reports([("a", "stranger", 3)]))["ei_index"])


def test_silence_is_not_taken_for_no(joined, reports):
    # a and b answered and agree; c was named by both and did not answer.
    summary = whole(joined("abc"), reports([("a", "b", 3), ("b", "a", 3), ("a", "c", 3), ("b", "c", 3)]))
    assert summary["ties"] == 3
    assert summary["confirmed"] == 1
    assert summary["reciprocity"] == 1


def test_an_answer_that_leaves_a_partner_out_is_a_no(joined, reports):
    summary = whole(joined("abc"), reports([("a", "b", 3), ("b", "c", 3), ("c", "b", 3)]))
    assert summary["reciprocity"] == 1 / 2


def test_one_respondent_gives_ties_but_no_reciprocity(joined, reports):
    partners, ties = joined("abcd"), reports([("a", "b", 3), ("a", "c", 2)])
    summary, found = whole(partners, ties), places(partners, ties)
    assert summary[["respondents", "response_rate", "ties", "confirmed"]].to_list() == [1, 1 / 4, 2, 0]
    assert np.isnan(summary["reciprocity"])
    assert found["out_degree"].to_dict() == pytest.approx({"a": 2, "b": np.nan, "c": np.nan, "d": np.nan}, nan_ok=True)


def test_one_partner_alone_has_no_density_centrality_or_community(joined, reports):
    partners, ties = joined("a"), reports([("a", "a", 5)])
    summary, found = whole(partners, ties), places(partners, ties).loc["a"]
    assert summary[["partners", "ties", "components"]].to_list() == [1, 0, 1]
    undefined = ["density", "reciprocity", "degree_centralization", "ei_index", "mean_trust", "mean_value"]
    assert summary[undefined].isna().all()
    assert found[["betweenness", "closeness", "constraint", "community", "trust", "value"]].isna().all()
    assert found[["degree", "strength", "n_ratings"]].to_list() == [0, 0, 0]


def test_two_partners_have_a_density_and_closeness_but_nothing_between_them(joined, reports):
    partners, ties = joined("ab"), reports([("a", "b", 3)])
    summary, found = whole(partners, ties), places(partners, ties)
    assert summary["density"] == 1
    assert np.isnan(summary["degree_centralization"])
    assert found["closeness"].to_list() == [1, 1]
    assert found["betweenness"].isna().all()


def test_a_wave_without_ties_has_density_zero_and_no_communities(joined, reports):
    partners, ties = joined("abc"), reports([("a", "b", 1), ("b", "a", 0)])
    summary, found = whole(partners, ties), places(partners, ties)
    assert summary[["ties", "density", "degree_centralization", "components"]].to_list() == [0, 0, 0, 3]
    assert summary[["reciprocity", "ei_index"]].isna().all()
    assert found[["constraint", "community"]].isna().all(axis=None)
    assert found["closeness"].to_list() == found["betweenness"].to_list() == [0, 0, 0]


def test_a_wave_of_strangers_has_no_response_rate(joined, reports):
    summary = whole(joined(""), reports([("x", "y", 3)]))
    assert summary[["partners", "respondents"]].to_list() == [2, 0]
    assert np.isnan(summary["response_rate"])


def test_without_answers_there_are_no_waves(joined, make):
    partners, ties = joined("ab"), make("ties", [])
    assert network_summary(partners, ties, tie_level=2).empty
    assert network_partners(partners, ties, tie_level=2, seed=1).empty
    assert members(partners, ties).empty
    assert undirected_ties(ties, tie_level=2).empty


def test_a_partner_without_ties_dilutes_the_density_and_is_a_part_of_its_own(joined, reports):
    ties = reports([("a", "b", 3), ("b", "c", 3)])
    without, with_isolate = whole(joined("abc"), ties), whole(joined("abcd"), ties)
    assert (without["density"], with_isolate["density"]) == pytest.approx((2 / 3, 2 / 6))
    assert (without["components"], with_isolate["components"]) == (1, 2)


# --- trust and value ---


def rated(make, *rows):
    """Ties with ratings, as (source, target, reliability, mission, openness, influence, involvement, resources)."""
    return make(
        "ties",
        [{"wave": "2026", "source": s, "target": t, "level": 1, **dict(zip(RATINGS, r, strict=True))}
         for s, t, *r in rows],
    )  # fmt: skip


def test_trust_and_value_are_means_of_the_ratings_received(joined, make):
    ties = rated(make, ("a", "c", 4, 3, 2, 1, 1, 2), ("b", "c", 1, 2, 3, 4, 4, 4), ("c", "a", 4, 4, 4, 4, 4, 4))
    found = places(joined("abc"), ties)
    assert found.loc["c", "trust"] == pytest.approx((4 + 3 + 2 + 1 + 2 + 3) / 6)
    assert found.loc["c", "value"] == pytest.approx((1 + 1 + 2 + 4 + 4 + 4) / 6)
    assert found["n_ratings"].to_dict() == {"a": 1, "b": 0, "c": 2}
    # b was rated by nobody; the mean runs over those that were.
    summary = whole(joined("abc"), ties)
    assert summary["mean_trust"] == pytest.approx((15 / 6 + 4) / 2)
    assert summary["mean_value"] == pytest.approx((16 / 6 + 4) / 2)


def test_a_missing_rating_is_left_out_of_the_mean(joined, make):
    none = float("nan")
    found = places(joined("ab"), rated(make, ("a", "b", 4, none, 1, none, none, none))).loc["b"]
    assert found["trust"] == pytest.approx((4 + 1) / 2)
    assert np.isnan(found["value"])
    assert found["n_ratings"] == 1


def test_one_rater_of_value_does_not_hide_behind_three_of_trust(joined, make):
    none = float("nan")
    ties = rated(make, *[(s, "d", 3, 3, 3, none, none, none) for s in "ab"], ("c", "d", 3, 3, 3, 1, 1, 1))
    assert places(joined("abcd"), ties).loc["d", "n_ratings"] == 1


def test_a_rating_of_oneself_does_not_count(joined, make):
    ties = rated(make, ("a", "b", 1, 1, 1, 1, 1, 1), ("b", "b", 4, 4, 4, 4, 4, 4))
    assert places(joined("ab"), ties).loc["b", ["trust", "n_ratings"]].to_list() == [1, 1]


# --- communities and order ---


def test_communities_are_numbered_by_size_and_then_by_first_member(survey):
    graph = nx.disjoint_union_all([nx.complete_graph(3), nx.complete_graph(4), nx.complete_graph(3)])
    graph.add_node(10)
    found = places(*survey(graph))["community"]
    assert found.to_list() == [2] * 3 + [1] * 4 + [3] * 3 + [4]


def test_the_same_seed_gives_the_same_communities_in_every_process(tmp_path):
    """Sets of strings are ordered anew in each process; the result must not be."""
    script = tmp_path / "communities.py"
    script.write_text(
        "import networkx as nx, pandas as pd\n"
        "from ci_analysis.convene import network_partners\n"
        "graph = nx.karate_club_graph()\n"
        "partners = pd.DataFrame({'partner_id': [f'p{i}' for i in graph], 'status': 'joined'})\n"
        "partners[['joined_on', 'left_on']] = pd.NaT\n"
        "ties = pd.DataFrame([('2026', f'p{a}', f'p{b}', 3) for a, b in graph.edges],\n"
        "                    columns=['wave', 'source', 'target', 'level'])\n"
        f"ties[{RATINGS}] = 3.0\n"
        "found = network_partners(partners, ties, tie_level=2, seed=5)\n"
        "print(found.to_csv(float_format='%.17g'))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_does_not_matter(joined, reports, seed):
    ids, triples = answers_of(3, 12, 0.4)
    sectors = {i: ["k12", "health"][int(i[1:]) % 2] for i in ids}
    partners, ties = joined(ids, sectors), reports(triples)
    ties[RATINGS] = np.random.default_rng(seed).integers(1, 5, (len(ties), 6)).astype(float)
    mixed = partners.sample(frac=1, random_state=seed), ties.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        places(partners, ties), places(*mixed), check_exact=True,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        network_summary(partners, ties, tie_level=2), network_summary(*mixed, tie_level=2), check_exact=True
    )
    pd.testing.assert_frame_equal(undirected_ties(ties, tie_level=2), undirected_ties(mixed[1], tie_level=2))
    pd.testing.assert_frame_equal(members(partners, ties), members(*mixed))


def test_who_reports_a_tie_does_not_matter_to_the_undirected_network(joined, reports):
    _, triples = answers_of(4, 10, 0.4)
    partners = joined([f"p{i:02d}" for i in range(10)])
    turned = [(b, a, level) for a, b, level in triples]
    one, other = places(partners, reports(triples)), places(partners, reports(turned))
    undirected = ["degree", "strength", "betweenness", "closeness", "constraint", "community"]
    pd.testing.assert_frame_equal(one[undirected], other[undirected])


def test_many_partners_without_ties_do_not_mix_up_the_few_with_ties(joined, reports):
    # Numbers of far-apart partners come out of a set in an order of their own.
    ids = [f"p{i:03d}" for i in range(300)]
    star = [("p200", other, 3) for other in ("p005", "p121", "p290")]
    found = places(joined(ids), reports(star))["constraint"].dropna()
    assert found.to_dict() == pytest.approx({"p005": 1, "p121": 1, "p200": 3 * (1 / 3) ** 2, "p290": 1})
