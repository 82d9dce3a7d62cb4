"""The network of partners in each wave of the survey: who works with whom, and how the whole holds together.

Whoever does not answer is still in the network, by what others say of it; so every figure stands beside the
response rate (Kossinets 2006), and between the bounds that any answers of the silent, about the partners of the wave,
would leave it. Three findings are kept apart: a partner without ties has degree 0; a figure that its formula does not
define, such as the constraint of a partner without ties, is missing; and so is what a partner that did not answer would
have reported.
"""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pandas as pd

from ci_analysis.convene.changes import network_changes
from ci_analysis.convene.silence import partner_bounds, summary_bounds
from ci_analysis.convene.ties import members, reports_on_others, undirected_ties
from ci_analysis.convene.waves import in_wave_order

__all__ = ["network_partners", "network_summary"]

_TRUST = ["reliability", "mission", "openness"]
_VALUE = ["influence", "involvement", "resources"]
_NODE = ["wave", "partner_id"]
_BOUNDS = ["degree_high", "in_degree_high", "strength_high", "trust_low", "trust_high", "value_low", "value_high"]


def network_partners(partners: pd.DataFrame, ties: pd.DataFrame, *, tie_level: int, seed: int) -> pd.DataFrame:
    """Return each partner's place in the network of each wave.

    Betweenness is the share of shortest paths between the others, `sum(g_jk(i) / g_jk) / ((n-1)(n-2)/2)`; closeness
    is `(r / (n-1)) * (r / sum of distances)` for the r others within reach, 0 for none; constraint is
    `sum_j (p_ij + sum_q p_iq p_qj)^2` with p = 1 / degree; all on the ties without their strength. Trust and value
    are the means of all ratings received (reliability, mission, openness; influence, involvement, resources).
    Missing are: betweenness under three partners, closeness for one alone, constraint without ties, community in a
    wave without ties, trust and value without ratings, out_degree where the partner did not answer. The columns that
    end in _low and _high are the bounds of `partner_bounds`: whatever the silent had said of those in the wave, the
    figure lies between.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, status, joined_on, left_on (dates).
    ties : pandas.DataFrame
        One row a report: wave (period), source, target (partner_id), level (0 to 5), and reliability, mission,
        openness, influence, involvement, resources (1 to 4, may be missing).
    tie_level : int
        Level from which on a tie stands.
    seed : int
        Of the communities (Louvain).

    Returns
    -------
    pandas.DataFrame
        One row a partner and wave, by wave and partner_id: wave, partner_id, degree, in_degree, out_degree
        (partners), strength (sum of levels), betweenness, closeness (0 to 1), constraint, trust, value (1 to 4),
        community (from 1, the largest first, then the one whose first member comes first), n_ratings (partners that
        rated it; where fewer stand behind trust than behind value, or the other way, the fewer), answered (bool),
        degree_high, in_degree_high (partners), strength_high (sum of levels), trust_low, trust_high, value_low,
        value_high (1 to 4), response_rate (of the wave: joined partners that answered, in joined partners).

    References
    ----------
    Freeman (1978), Centrality in social networks; Wasserman and Faust (1994), Social Network Analysis, ch. 5; Burt
    (1992), Structural Holes; Blondel, Guillaume, Lambiotte and Lefebvre (2008), Fast unfolding of communities in
    large networks; Varda, Chandra, Stern and Lurie (2008), Core dimensions of connectivity in public health
    collaboratives (PARTNER).

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b", "c", "d"], "status": "joined"})
    >>> partners[["joined_on", "left_on"]] = pd.NaT
    >>> ties = pd.DataFrame({"wave": "2026", "source": ["a", "a"], "target": ["b", "c"], "level": [2, 3]})
    >>> ties[["reliability", "mission", "openness", "influence", "involvement", "resources"]] = 3.0
    >>> places = network_partners(partners, ties, tie_level=2, seed=1)
    >>> places[["partner_id", "degree", "strength", "trust"]].values.tolist()
    [['a', 2, 5, nan], ['b', 1, 2, 3.0], ['c', 1, 3, 3.0], ['d', 0, 0, nan]]
    """
    places, pairs = _places(partners, ties, tie_level)
    in_wave = dict(iter(pairs.groupby("wave")))
    structure = [
        _structure(group["partner_id"].to_list(), in_wave.get(wave, pairs.iloc[:0]), seed)
        for wave, group in places.groupby("wave", sort=False)
    ]
    columns = ["betweenness", "closeness", "constraint", "community"]
    places[columns] = np.concatenate([np.empty((0, len(columns))), *structure])
    by_wave = places.groupby("wave")
    # A wave in which nobody had joined has no rate: 0 / 0 is missing.
    places["response_rate"] = by_wave["respondent"].transform("sum") / by_wave["joined"].transform("sum")
    order = ["degree", "in_degree", "out_degree", "strength", "betweenness", "closeness", "constraint"]
    return places[[*_NODE, *order, "trust", "value", "community", "n_ratings", "answered", *_BOUNDS, "response_rate"]]


def _places(partners: pd.DataFrame, ties: pd.DataFrame, tie_level: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each wave's members with all that counts give, and the pairs with a tie and which ends answered."""
    nodes = members(partners, ties)
    pairs = undirected_ties(ties, tie_level=tie_level)
    reports = reports_on_others(ties)
    stated = reports[reports["level"] >= tie_level]
    index = pd.MultiIndex.from_frame(nodes[_NODE])

    ends = pd.concat([pairs.rename(columns={end: "partner_id"}) for end in ("partner_a", "partner_b")])
    by_end = ends.groupby(_NODE)["strength"]
    # A member that no tie names has none: a count of zero, not a missing one.
    places = nodes.assign(
        degree=by_end.size().reindex(index, fill_value=0).to_numpy(),
        in_degree=stated.groupby(["wave", "target"]).size().reindex(index, fill_value=0).to_numpy(),
        out_degree=stated.groupby(["wave", "source"]).size().reindex(index, fill_value=0).to_numpy(),
        strength=by_end.sum().reindex(index, fill_value=0).to_numpy(),
    )
    places["out_degree"] = places["out_degree"].where(places["answered"])
    # The sum and the count of no ratings are zero, and their ratio is missing.
    ratings = _ratings(reports).reindex(index, fill_value=0)
    places[ratings.columns] = ratings.to_numpy()
    for name in ("trust", "value"):
        places[name] = places[f"{name}_sum"] / places[f"{name}_count"]

    answered = places.set_index(_NODE)["answered"]
    for end in ("a", "b"):
        of = pd.MultiIndex.from_frame(pairs[["wave", f"partner_{end}"]])
        pairs[f"answered_{end}"] = answered.reindex(of).to_numpy(dtype=bool)
    places[_BOUNDS] = partner_bounds(places, pairs)
    return places, pairs


def _graph(nodes: Sequence[str], pairs: pd.DataFrame) -> nx.Graph:
    """One wave's graph, its nodes numbered in order.

    Numbers instead of names: a set of small whole numbers has the same order in every process, a set of strings has
    not, and Louvain walks through sets.
    """
    names = pd.Index(nodes)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(names)))
    ends = (names.get_indexer(pairs[column]).tolist() for column in ("partner_a", "partner_b"))
    graph.add_edges_from(zip(*ends, strict=True))
    return graph


def _structure(nodes: Sequence[str], pairs: pd.DataFrame, seed: int) -> np.ndarray:
    """Betweenness, closeness, constraint and community of one wave's nodes; missing where undefined."""
    graph = _graph(nodes, pairs)
    result = np.full((len(nodes), 4), np.nan)
    if len(nodes) > 2:
        result[:, 0] = list(nx.betweenness_centrality(graph).values())
    if len(nodes) > 1:
        result[:, 1] = list(nx.closeness_centrality(graph, wf_improved=True).values())
    if len(pairs):
        constraint = nx.constraint(graph.subgraph([node for node, degree in graph.degree() if degree]))
        result[list(constraint), 2] = list(constraint.values())
        # Each wave starts from the seed, so that another wave's answers do not change this one's communities.
        found = nx.community.louvain_communities(graph, seed=np.random.default_rng(seed))
        for number, group in enumerate(sorted(found, key=lambda g: (-len(g), min(g))), start=1):
            result[sorted(group), 3] = number
    return result


def _ratings(reports: pd.DataFrame) -> pd.DataFrame:
    """Sums and counts of the ratings received and the raters behind them, by wave and partner_id of the rated."""
    given = reports[["wave", "target"]].rename(columns={"target": "partner_id"})
    for name, columns in (("trust", _TRUST), ("value", _VALUE)):
        given[f"{name}_sum"] = reports[columns].sum(axis=1).astype("float64")
        given[f"{name}_count"] = reports[columns].count(axis=1)
        given[f"{name}_raters"] = reports[columns].notna().any(axis=1)
    total = given.groupby(_NODE).sum()
    # A partner is withheld below a number of raters; were trust's four raters to lend value's one their number,
    # that one's judgement would show. A figure that nobody gave does not count.
    raters = pd.concat([total.pop("trust_raters"), total.pop("value_raters")], axis=1).astype("float64")
    return total.assign(n_ratings=raters.where(raters > 0, raters.max(axis=1), axis=0).min(axis=1))


def network_summary(partners: pd.DataFrame, ties: pd.DataFrame, *, tie_level: int) -> pd.DataFrame:
    """Return the figures of each wave's network as a whole.

    With n partners, m ties and degrees d: density `2m / (n(n-1))`; degree centralization
    `sum(d_max - d_i) / ((n-1)(n-2))`; reciprocity, of the pairs where both answered and at least one reports a tie,
    those where both do; E-I index `(E - I) / (E + I)` over the E ties across sectors and the I ties within (ties of
    a partner whose sector is unknown are in neither). Missing are: response_rate where nobody had joined, density
    under two partners, degree_centralization under three, reciprocity without such a pair, ei_index without such a
    tie, mean_trust and mean_value without ratings. Partners without ties are in every figure. The columns that end in
    _low and _high are the bounds of `summary_bounds`; those of reciprocity are of all pairs with a tie, while
    reciprocity itself is of those where both answered. New and lost ties are those of `network_changes`.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, sector, status, joined_on, left_on (dates).
    ties : pandas.DataFrame
        As in `network_partners`.
    tie_level : int
        Level from which on a tie stands.

    Returns
    -------
    pandas.DataFrame
        One row a wave, in order: wave, partners, respondents (joined partners that answered), response_rate
        (respondents in joined partners), ties (pairs), confirmed (pairs reported by both), density, reciprocity,
        degree_centralization (0 to 1), ei_index (-1 to 1), components, mean_trust, mean_value (1 to 4, means over
        the partners that were rated), ties_high, density_high, components_low, reciprocity_low and reciprocity_high,
        and likewise of degree_centralization, ei_index, mean_trust and mean_value; new_ties, new_ties_comparable,
        lost_ties, lost_ties_comparable (pairs; missing in the first wave).

    References
    ----------
    Freeman (1978), Centrality in social networks; Krackhardt and Stern (1988), Informal networks and organizational
    crises; Kossinets (2006), Effects of missing data in social networks.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b", "c"], "sector": ["k12", "k12", "health"], "status": "joined"})
    >>> partners[["joined_on", "left_on"]] = pd.NaT
    >>> ties = pd.DataFrame({"wave": "2026", "source": ["a", "a"], "target": ["b", "c"], "level": [2, 3]})
    >>> ties[["reliability", "mission", "openness", "influence", "involvement", "resources"]] = 3.0
    >>> whole = network_summary(partners, ties, tie_level=2)
    >>> whole[["ties", "degree_centralization", "ei_index", "reciprocity"]].values.tolist()
    [[2.0, 1.0, 0.0, nan]]
    """
    places, pairs = _places(partners, ties, tie_level)
    sector = partners.set_index("partner_id")["sector"]
    places["sector"] = places["partner_id"].map(sector)
    for end in ("a", "b"):
        pairs[f"sector_{end}"] = pairs[f"partner_{end}"].map(sector)

    waves = in_wave_order(pd.DataFrame({"wave": ties["wave"].dropna().unique()}))["wave"]
    summaries = [_summary(places[places["wave"].eq(wave)], pairs[pairs["wave"].eq(wave)]) for wave in waves]
    result = pd.DataFrame(summaries, columns=_SUMMARY)
    result.insert(0, "wave", waves)
    means = places.groupby("wave")[["trust", "value"]].mean()
    result[["mean_trust", "mean_value"]] = means.reindex(waves).to_numpy()
    bounds = summary_bounds(result, places, pairs)
    return pd.concat([result, bounds, _turnover(waves, network_changes(partners, ties, tie_level=tie_level))], axis=1)


def _turnover(waves: pd.Series, changes: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of new and lost ties of each wave, and how many of them can be compared."""
    counts = {}
    for change in ("new", "lost"):
        which = changes[changes["change"].eq(change)]
        for name, rows in ((f"{change}_ties", which), (f"{change}_ties_comparable", which[which["comparable"]])):
            counts[name] = rows["wave"].value_counts().reindex(waves, fill_value=0).to_numpy()
    result = pd.DataFrame(counts, index=waves.index).astype("float64")
    # Nothing comes before the first wave: what changed there is not known, not zero.
    result.iloc[:1] = np.nan
    return result


_SUMMARY = [
    "partners",
    "respondents",
    "response_rate",
    "ties",
    "confirmed",
    "density",
    "reciprocity",
    "degree_centralization",
    "ei_index",
    "components",
]


def _summary(nodes: pd.DataFrame, pairs: pd.DataFrame) -> tuple[float, ...]:
    """Return the figures of one wave, in the order of `_SUMMARY`."""
    n, m = len(nodes), len(pairs)
    graph = _graph(nodes["partner_id"].to_list(), pairs)
    degrees = np.array([degree for _, degree in graph.degree()])
    both = pairs["answered_a"] & pairs["answered_b"]
    known = pairs["sector_a"].notna() & pairs["sector_b"].notna()
    across = int((pairs["sector_a"].ne(pairs["sector_b"]) & known).sum())
    within = int(known.sum()) - across
    respondents = int(nodes["respondent"].sum())
    return (
        n,
        respondents,
        _ratio(respondents, int(nodes["joined"].sum())),
        m,
        int(pairs["confirmed"].sum()),
        _ratio(2 * m, n * (n - 1)),
        # Whoever confirms a tie has answered, so every confirmed pair is among those where both did.
        _ratio(int(pairs["confirmed"].sum()), int(both.sum())),
        _ratio(int((degrees.max() - degrees).sum()), (n - 1) * (n - 2)) if n else np.nan,
        _ratio(across - within, across + within),
        nx.number_connected_components(graph),
    )


def _ratio(part: int, whole: int) -> float:
    """Return a ratio; missing without a denominator."""
    return part / whole if whole else np.nan
