"""The network tables of step 1, timed beside the plain way with networkx, in one run.

    python benchmarks/convene.py

Each is run several times and the median is printed. The plain way of introductions measures the whole graph again for
each pair without a tie; it is timed on a sample of the pairs and scaled up to all of them, and the table says so.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd

from ci_analysis.convene import introductions, network_changes, network_partners, network_summary, undirected_ties

SEED = 20260630
WAVES = ("2024-Q4", "2025-Q4", "2026-Q2")
RATINGS = ("reliability", "mission", "openness", "influence", "involvement", "resources")
TIE_LEVEL = 2
RUNS = 5
SAMPLE = 150


def survey(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Partners and three waves of a survey: of n partners seven in ten answer, each on about a dozen others."""
    rng = np.random.default_rng(SEED)
    ids = np.array([f"partner-{k:03d}" for k in range(n)])
    partners = pd.DataFrame({"partner_id": ids, "name": ids, "status": "joined"})
    partners["sector"] = np.array(["k12", "health", "business", "nonprofit"])[rng.integers(0, 4, n)]
    partners[["joined_on", "left_on"]] = pd.NaT
    waves = []
    for wave in WAVES:
        says = (rng.random((n, n)) < 12 / n) & (rng.random(n) < 0.7)[:, None] & ~np.eye(n, dtype=bool)
        source, target = np.nonzero(says)
        levels = rng.integers(0, 6, len(source)).astype("float64")
        waves.append(pd.DataFrame({"wave": wave, "source": ids[source], "target": ids[target], "level": levels}))
    ties = pd.concat(waves, ignore_index=True)
    ties[list(RATINGS)] = rng.integers(1, 5, (len(ties), len(RATINGS))).astype("float64")
    return partners, ties


def graphs_of(partners: pd.DataFrame, ties: pd.DataFrame) -> list[nx.Graph]:
    """The graph of each wave."""
    pairs = undirected_ties(ties, tie_level=TIE_LEVEL)
    made = []
    for wave in WAVES:
        graph = nx.Graph()
        graph.add_nodes_from(partners["partner_id"])
        graph.add_edges_from(pairs.loc[pairs["wave"].eq(wave), ["partner_a", "partner_b"]].to_numpy().tolist())
        made.append(graph)
    return made


def plain_partners(graphs: list[nx.Graph]) -> list[dict[str, dict[str, float]]]:
    """Each partner's place: degree, betweenness, closeness, constraint and community; no bounds."""
    return [
        {
            "degree": dict(graph.degree()),
            "betweenness": nx.betweenness_centrality(graph),
            "closeness": nx.closeness_centrality(graph),
            "constraint": nx.constraint(graph),
            "community": {node: k for k, g in enumerate(nx.community.louvain_communities(graph, seed=1)) for node in g},
        }
        for graph in graphs
    ]


def plain_summary(graphs: list[nx.Graph], sectors: dict[str, str]) -> list[tuple[float, ...]]:
    """Density, degree centralization, parts and E-I index of each wave; no bounds."""
    found = []
    for graph in graphs:
        n, degrees = len(graph), [d for _, d in graph.degree()]
        across = sum(sectors[a] != sectors[b] for a, b in graph.edges)
        found.append(
            (
                nx.density(graph),
                sum(max(degrees) - d for d in degrees) / ((n - 1) * (n - 2)),
                nx.number_connected_components(graph),
                (2 * across - graph.number_of_edges()) / graph.number_of_edges(),
            )
        )
    return found


def plain_changes(graphs: list[nx.Graph]) -> list[tuple[int, int]]:
    """New and lost ties from wave to wave, without their strength and without who answered."""
    edges = [{frozenset(edge) for edge in graph.edges} for graph in graphs]
    return [(len(now - before), len(before - now)) for before, now in itertools.pairwise(edges)]


def plain_gains(graph: nx.Graph, pairs: list[tuple[str, str]]) -> list[float]:
    """Gain of each pair by measuring the whole graph again."""
    now, gains = nx.global_efficiency(graph), []
    for pair in pairs:
        with_tie = graph.copy()
        with_tie.add_edge(*pair)
        gains.append(nx.global_efficiency(with_tie) - now)
    return gains


def median_seconds(run: Callable[[], object], runs: int) -> float:
    """Median time of several runs, after one that does not count."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def agree(partners: pd.DataFrame, ties: pd.DataFrame, graphs: list[nx.Graph], pairs: list[tuple[str, str]]) -> None:
    """Stop where the two ways give different figures."""
    ours = network_partners(partners, ties, tie_level=TIE_LEVEL, seed=1)
    for wave, plain in zip(WAVES, plain_partners(graphs), strict=True):
        here = ours[ours["wave"].eq(wave)].set_index("partner_id")
        for figure in ("degree", "betweenness", "closeness", "constraint"):
            theirs = pd.Series(plain[figure]).reindex(here.index)
            np.testing.assert_allclose(here[figure].to_numpy(float), theirs.to_numpy(float), atol=1e-10)
    summary = network_summary(partners, ties, tie_level=TIE_LEVEL)
    figures = summary[["density", "degree_centralization", "components", "ei_index"]].to_numpy(float)
    np.testing.assert_allclose(
        figures, plain_summary(graphs, dict(zip(*partners[["partner_id", "sector"]].to_numpy().T, strict=True)))
    )
    np.testing.assert_array_equal(summary[["new_ties", "lost_ties"]].iloc[1:], plain_changes(graphs))
    every = introductions(partners, ties, tie_level=TIE_LEVEL, most=len(partners) ** 2)
    gain = every.set_index(["partner_a", "partner_b"])["gain"]
    np.testing.assert_allclose(gain.loc[pairs].to_numpy(), plain_gains(graphs[-1], pairs), atol=1e-10)


def compare(n: int, say: Callable[[str], object]) -> None:
    """Print one line a table for n partners."""
    partners, ties = survey(n)
    graphs = graphs_of(partners, ties)
    sectors = dict(zip(partners["partner_id"], partners["sector"], strict=True))
    missing = sorted(nx.non_edges(graphs[-1]))
    missing = [tuple(sorted(pair)) for pair in missing]
    chosen = np.random.default_rng(SEED).choice(len(missing), SAMPLE, replace=False)
    sample = [missing[k] for k in chosen]
    agree(partners, ties, graphs, sample)

    scale = len(missing) / SAMPLE
    rows = [
        ("network_partners", lambda: network_partners(partners, ties, tie_level=TIE_LEVEL, seed=1),
         lambda: plain_partners(graphs), 1.0),
        ("network_summary", lambda: network_summary(partners, ties, tie_level=TIE_LEVEL),
         lambda: plain_summary(graphs, sectors), 1.0),
        ("network_changes", lambda: network_changes(partners, ties, tie_level=TIE_LEVEL),
         lambda: plain_changes(graphs), 1.0),
        ("introductions", lambda: introductions(partners, ties, tie_level=TIE_LEVEL),
         lambda: plain_gains(graphs[-1], sample), scale),
    ]  # fmt: skip
    say(f"\n{n} partners, {len(WAVES)} waves, {len(ties):,} reports; medians of {RUNS} runs\n")
    say(f"{'table':<18}{'ours':>10}{'networkx':>13}{'ratio':>10}\n")
    total = [0.0, 0.0]
    for name, ours, plain, times in rows:
        seconds = median_seconds(ours, RUNS), times * median_seconds(plain, RUNS if times == 1 else 1)
        total = [a + b for a, b in zip(total, seconds, strict=True)]
        mark = "*" if times != 1 else " "
        say(f"{name:<18}{seconds[0]:>8.3f} s{seconds[1]:>10.3f} s{mark}{seconds[1] / seconds[0]:>9.1f}x\n")
    say(f"{'together':<18}{total[0]:>8.3f} s{total[1]:>10.3f} s {total[1] / total[0]:>9.1f}x\n")
    say(f"* {SAMPLE} of {len(missing):,} pairs measured, one run, scaled by {scale:.1f}\n")


def main() -> None:
    """Compare both sizes."""
    sys.stdout.write("The networkx column has neither bounds, nor answers, nor ratings; ours has them all.\n")
    for n in (120, 300):
        compare(n, sys.stdout.write)


if __name__ == "__main__":
    main()
