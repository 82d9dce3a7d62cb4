"""Choosing among 200 projects: rank acceptability, the proven optimum and equal shares, beside plainer ways.

    python benchmarks/strategy.py

Branch and bound is HiGHS by way of SciPy, asked without a gap for the highest value and then for the lowest cost at
which it can be had; ties by name, which ours settles too, would be further questions to it. Each question is given up
after some time. Greed takes value for money as long as it fits.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from ci_analysis.strategy import best_set, equal_shares_portfolio, rank_acceptability, ranking

PROJECTS = 200
SEEDS = range(5)
#: Seconds after which a question to branch and bound is given up.
PATIENCE = 20
#: Partners and projects of the elections; pabutools knows no links between projects.
ELECTIONS = [(12, 12), (24, 40), (50, 100)]


def seconds(run: Callable[[], object]) -> tuple[float, object]:
    """Time of one run, and what it gave."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def list_of_projects(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Value and cost of each project, in the classes of Martello and Toth (1990), and half the money for all."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(1, 1000, PROJECTS)
    value = {
        "uncorrelated": lambda: rng.integers(1, 1000, PROJECTS),
        "weakly correlated": lambda: np.maximum(cost + rng.integers(-100, 101, PROJECTS), 1),
        "strongly correlated": lambda: cost + 100,
        "equal values": lambda: np.full(PROJECTS, 500),
    }[kind]()
    return value, cost, int(cost.sum() // 2)


def links(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Who requires whom, a fifth of the projects, and which pairs exclude each other, a tenth."""
    rng = np.random.default_rng([seed, 1])
    requires, excludes = (np.zeros((PROJECTS, PROJECTS), dtype=bool) for _ in range(2))
    for matrix, share in ((requires, 0.2), (excludes, 0.1)):
        who = np.flatnonzero(rng.random(PROJECTS) < share)
        matrix[who, rng.permutation(PROJECTS)[: len(who)]] = True
        np.fill_diagonal(matrix, False)
    return requires, excludes | excludes.T


def branch_and_bound(
    value: np.ndarray, cost: np.ndarray, budget: int, requires: np.ndarray, excludes: np.ndarray
) -> tuple[int, int] | None:
    """The highest value and the lowest cost of it, or None where either is not proven in time."""
    unit = np.eye(len(value))
    who, needed = np.nonzero(requires)
    one, other = np.nonzero(np.triu(excludes))
    rows = np.vstack([cost, unit[who] - unit[needed], unit[one] + unit[other]])
    upper = np.concatenate([[budget], np.zeros(len(who)), np.ones(len(one))])
    best = program(value, rows, upper)
    if best is None:
        return None
    rows, upper = np.vstack([rows, -value]), np.append(upper, -(value @ best))
    cheapest = program(-cost, rows, upper)
    return None if cheapest is None else (int(value @ best), int(cost @ cheapest))


def program(objective: np.ndarray, rows: np.ndarray, upper: np.ndarray) -> np.ndarray | None:
    """The best choice of things, or None where it is not proven in time."""
    answer = milp(
        -objective, integrality=np.ones(len(objective)), bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, ub=upper), options={"mip_rel_gap": 0.0, "time_limit": PATIENCE},
    )  # fmt: skip
    return np.rint(answer.x).astype(int) if answer.status == 0 else None


def greed(value: np.ndarray, cost: np.ndarray, budget: int) -> int:
    """Value of what is taken by value for money, as long as it fits; without links."""
    total = 0
    for i in np.argsort(-value / cost, kind="stable"):
        if cost[i] <= budget:
            budget, total = budget - cost[i], total + value[i]
    return int(total)


def optimum(kind: str, tied: bool, say: Callable[[str], object]) -> None:
    """Print one line for a class of lists: median seconds of both ways, their ratio, and what greed misses."""
    ours, theirs, missed = [], [], []
    for seed in SEEDS:
        value, cost, budget = list_of_projects(kind, seed)
        requires, excludes = links(seed) if tied else (np.zeros((PROJECTS, PROJECTS), dtype=bool),) * 2
        took, chosen = seconds(lambda: best_set(value, cost, budget, requires=requires, excludes=excludes))  # noqa: B023
        ours.append(took)
        took, best = seconds(lambda: branch_and_bound(value, cost, budget, requires, excludes))  # noqa: B023
        theirs.append(took)
        found = int(value @ chosen), int(cost @ chosen)
        if best is not None and best != found:
            raise SystemExit(f"{kind}, seed {seed}: value and cost {found} here, {best} by branch and bound")
        missed.append(1 - greed(value, cost, budget) / found[0])
    mine, other = statistics.median(ours), statistics.median(theirs)
    say(f"{kind + (', linked' if tied else ''):<30}{mine:>8.2f} s{max(ours):>8.2f} s")
    say(f"{other:>9.2f} s{max(theirs):>8.2f} s{other / mine:>8.1f}x")
    say("\n" if tied else f"{100 * statistics.median(missed):>9.3f}%\n")


def election(partners: int, projects: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, int]:
    """Projects, the coalition's ranking, the partners' own scores, and a third of the money for all."""
    rng = np.random.default_rng([partners, projects])
    ids = [f"p{i:03}" for i in range(projects)]
    cost = rng.integers(10, 400, projects)
    own = pd.DataFrame(
        {
            "partner_id": np.repeat([f"partner{i:03}" for i in range(partners)], projects),
            "project_id": np.tile(ids, partners),
            "score": np.round(rng.random(partners * projects), 3),
        }
    )
    table = pd.DataFrame({"project_id": ids, "name": ids, "cost": cost * 1.0, "requires": None, "excludes": None})
    return table.assign(gate=True), own.groupby("project_id", as_index=False)["score"].mean(), own, int(cost.sum() // 3)


def pabutools(projects: pd.DataFrame, own: pd.DataFrame, budget: int) -> set[str]:
    """The same by the library of the field, in fractions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pabutools.election import CardinalBallot, CardinalProfile, Instance, Project
        from pabutools.election.satisfaction import Additive_Cardinal_Sat
        from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares

        things = {r.project_id: Project(r.project_id, int(r.cost)) for r in projects.itertuples()}
        scores = own.pivot(index="partner_id", columns="project_id", values="score")
        ballots = [CardinalBallot({things[p]: round(v * 1000) for p, v in row.items()}) for _, row in scores.iterrows()]
        instance, profile = Instance(things.values(), budget_limit=budget), CardinalProfile(ballots)
        bought = method_of_equal_shares(
            instance, profile, sat_class=Additive_Cardinal_Sat,
            voter_budget_increment=Fraction(budget, 100 * len(ballots)),
        )  # fmt: skip
        whole = greedy_utilitarian_welfare(
            instance, profile, sat_class=Additive_Cardinal_Sat, initial_budget_allocation=bought
        )
    return {p.name for p in whole}


def shares(partners: int, projects: int, say: Callable[[str], object]) -> None:
    """Print one line for an election, after both gave the same projects."""
    table, ranking, own, budget = election(partners, projects)
    pabutools(table, own, budget)
    mine, result = seconds(lambda: equal_shares_portfolio(table, ranking, own, budget=budget))
    other, theirs = seconds(lambda: pabutools(table, own, budget))
    same = set(result.loc[result["chosen"], "project_id"]) == theirs
    say(f"{partners:>4} partners, {projects:>4} projects{mine:>10.2f} s{other:>10.2f} s{other / mine:>8.1f}x")
    say(f"   {'the same projects' if same else 'other projects, where prices are equal'}\n")


def portfolios(say: Callable[[str], object]) -> None:
    """Print both parts of the portfolio."""
    say(f"{PROJECTS} projects, {len(SEEDS)} lists each: median and longest seconds here, and by branch and bound; ")
    say("ratio of medians; value that greed misses\n")
    for kind in ("uncorrelated", "weakly correlated", "strongly correlated", "equal values"):
        for tied in (False, True):
            optimum(kind, tied, say)
    say("\nequal shares: here, pabutools, ratio\n")
    for size in ELECTIONS:
        shares(*size, say)


def acceptability_loop(matrix: np.ndarray, draws: int) -> np.ndarray:
    """Share of weights that give each project each rank, a draw at a time."""
    rng, n = np.random.default_rng(1), len(matrix)
    counts = np.zeros((n, n))
    for _ in range(draws):
        order = np.argsort(-(matrix @ rng.dirichlet(np.ones(matrix.shape[1]))), kind="stable")
        counts[order, np.arange(n)] += 1
    return counts / draws


def ranks(say: Callable[[str], object], *, projects: int = PROJECTS, criteria: int = 8, draws: int = 10_000) -> None:
    """Print the seconds of rank acceptability and of the whole ranking, beside a loop over the draws."""
    rng = np.random.default_rng(7)
    matrix = pd.DataFrame(
        rng.random((projects, criteria)),
        index=pd.Index([f"p{i:03}" for i in range(projects)], name="project_id"),
        columns=[f"c{i}" for i in range(criteria)],
    )
    weights = pd.DataFrame(rng.dirichlet(np.ones(criteria), size=30), columns=matrix.columns)
    fast, whole, plain = [], [], []
    for _ in range(3):
        took, table = seconds(lambda: rank_acceptability(matrix, draws=draws, seed=1))
        fast.append(took)
        whole.append(seconds(lambda: ranking(matrix, weights, draws=draws, seed=1))[0])
        took, counts = seconds(lambda: acceptability_loop(matrix.to_numpy(), draws))
        plain.append(took)
        if not np.array_equal(table["probability"].to_numpy().reshape(projects, projects), counts):
            raise SystemExit("the loop gives other shares")
    ours, theirs = statistics.median(fast), statistics.median(plain)
    say(f"{draws:,} draws x {projects} projects x {criteria} criteria, medians of 3 runs\n")
    say(f"rank acceptability {ours:.2f} s, a loop over the draws {theirs:.2f} s: {theirs / ours:.1f}x; ")
    say(f"the whole ranking {statistics.median(whole):.2f} s\n\n")


def by_pymcdm(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of weights that give each project each rank, a weighted sum of the library of the field for each."""
    from pymcdm.helpers import rrankdata
    from pymcdm.methods import WSM

    n, up = len(matrix), np.ones(matrix.shape[1])
    counts, weighted_sum = np.zeros((n, n)), WSM(lambda column, cost: column)
    for each in weights:
        ranks = rrankdata(weighted_sum(matrix, each, up))
        counts[np.arange(n), ranks.astype(int) - 1] += 1
    return counts / len(weights)


def beside_pymcdm(
    say: Callable[[str], object], *, projects: int = 30, criteria: int = 8, draws: int = 10_000, runs: int = 3
) -> None:
    """Print the seconds of rank acceptability beside a loop over pymcdm, after both gave the same shares."""
    matrix = pd.DataFrame(np.random.default_rng(7).random((projects, criteria)), columns=list("abcdefgh"))
    matrix.index = pd.Index([f"p{i:03}" for i in range(projects)], name="project_id")
    fast, plain = [], []
    for _ in range(runs):
        took, table = seconds(lambda: rank_acceptability(matrix, draws=draws, seed=1))
        fast.append(took)
        weights = np.random.default_rng(1).dirichlet(np.ones(criteria), size=draws)
        took, counts = seconds(lambda: by_pymcdm(matrix.to_numpy(), weights))  # noqa: B023
        plain.append(took)
        if not np.array_equal(table["probability"].to_numpy().reshape(projects, projects), counts):
            raise SystemExit("pymcdm gives other shares")
    ours, theirs = statistics.median(fast), statistics.median(plain)
    say(f"{draws:,} draws x {projects} projects x {criteria} criteria, medians of {runs} runs\n")
    say(f"rank acceptability {ours * 1000:.1f} ms, a loop over pymcdm {theirs:.2f} s: {theirs / ours:.0f}x\n\n")


def main() -> None:
    """Run all parts."""
    if find_spec("pymcdm"):  # pip install pymcdm
        beside_pymcdm(sys.stdout.write)
    ranks(sys.stdout.write)
    portfolios(sys.stdout.write)


if __name__ == "__main__":
    main()
