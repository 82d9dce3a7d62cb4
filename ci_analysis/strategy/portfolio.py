"""Which projects to choose together: the most value that a budget buys, and why each one is in or out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from ci_analysis.errors import RunFailed, WrongUse, nearest
from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

__all__ = ["value_portfolio"]

#: Scores are added up in millionths, as whole numbers: 'the same value' then means just that.
SCORE_UNIT = 1e-6
#: Money is added up in whole cents.
CENTS = 100
#: So many yes-or-no preferences fit in one objective without loss of digits.
#: Seconds that the solver may take for one question.
SECONDS = 60.0
BLOCK = 20
#: The solver gets no coefficient beyond this: its tolerances are absolute, and far larger ones break it.
LARGEST = 1e6


def value_portfolio(projects: pd.DataFrame, ranking: pd.DataFrame, *, budget: float | None) -> pd.DataFrame:
    """Projects that together have the highest score under the budget, and why each one is chosen or left out.

    The exact maximum of ``Σ score`` with ``Σ cost ≤ budget``, where a project comes only with all that it requires,
    never with one that either excludes, and never where its gate is no (a mixed-integer program, HiGHS). Projects
    that require each other come together or not at all. Of sets with the same score (to a millionth) the cheaper
    one is taken; of sets that also cost the same, the one that has the first project, by project_id, on which they
    differ.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, name, cost (USD), requires and excludes (`;` project_id), gate (yes/no; missing lets it pass).
    ranking : pandas.DataFrame
        project_id, score (0–1), as from `ranking`. A project without a score cannot be chosen.
    budget : float or None
        USD. Without one there is no portfolio.

    Returns
    -------
    pandas.DataFrame
        rule (`value`), project_id, chosen, cost (USD), value (the score that it adds, or would add), why (a sentence);
        sorted by project_id. Empty without a budget, projects or a ranking.

    Raises
    ------
    WrongUse
        Where a project requires or excludes one that is not in `projects`.
    RunFailed
        Where the solver gives no answer.

    References
    ----------
    Martello, S. and Toth, P. (1990), Knapsack Problems, Wiley. Huangfu, Q. and Hall, J. A. J. (2018), Parallelizing
    the dual revised simplex method, Mathematical Programming Computation 10(1) (HiGHS).

    Examples
    --------
    The best project alone is worth less than the two that the budget also buys.

    >>> projects = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b", "c"],
    ...         "name": ["Centre", "Training", "Hotline"],
    ...         "cost": [100.0, 60.0, 40.0],
    ...         "requires": None,
    ...         "excludes": None,
    ...         "gate": True,
    ...     }
    ... )
    >>> ranking = pd.DataFrame({"project_id": ["a", "b", "c"], "score": [0.9, 0.6, 0.5]})
    >>> value_portfolio(projects, ranking, budget=100)[["project_id", "chosen"]].values.tolist()
    [['a', False], ['b', True], ['c', True]]
    """
    if budget is None or pd.isna(budget) or projects.empty or ranking.empty:
        return empty_frame(OUTPUTS["portfolio"])
    table = projects.sort_values("project_id").reset_index(drop=True)
    table["score"] = table["project_id"].map(ranking.set_index("project_id")["score"])
    requires, excludes = _links(table, "requires"), _links(table, "excludes")
    excludes |= excludes.T
    reasons = _Reasons(table, requires, excludes, round(budget * CENTS))
    possible = reasons.possible
    chosen = np.zeros(len(table), dtype=bool)
    chosen[possible] = _best_set(
        np.rint(table["score"].to_numpy()[possible] / SCORE_UNIT).astype("int64"),
        reasons.cost[possible],
        reasons.budget,
        requires[np.ix_(possible, possible)],
        excludes[np.ix_(possible, possible)],
    )
    result = pd.DataFrame(
        {
            "rule": "value",
            "project_id": table["project_id"],
            "chosen": chosen,
            "cost": table["cost"],
            "value": table["score"],
            "why": [reasons.why(i, chosen) for i in range(len(table))],
        }
    )
    return conform(result, OUTPUTS["portfolio"])


def _links(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return who names whom: projects × projects, without those that name themselves."""
    ids = pd.Index(table["project_id"])
    pairs = listed(table[["project_id", column]], column)
    unknown = pairs[~pairs[column].isin(ids)]
    if len(unknown):
        said = [
            f"'{row.project_id}' {column} '{row[column]}', which is not a project; {nearest(row[column], ids)}"
            for _, row in unknown.iterrows()
        ]
        raise WrongUse(f"projects: {'; '.join(said)}")
    links = np.zeros((len(ids), len(ids)), dtype=bool)
    links[ids.get_indexer(pairs["project_id"]), ids.get_indexer(pairs[column])] = True
    np.fill_diagonal(links, False)
    return links


class _Reasons:
    """What keeps a project out, whatever else is chosen, and the sentence about each one.

    Parameters
    ----------
    table : pandas.DataFrame
        project_id, name, cost, gate, score; in the order of the arrays.
    requires, excludes : numpy.ndarray of bool
        Projects × projects; `excludes` both ways.
    budget : int
        Cents.
    """

    def __init__(self, table: pd.DataFrame, requires: np.ndarray, excludes: np.ndarray, budget: int) -> None:
        self.names = [f"'{name}'" for name in table["name"]]
        self.requires, self.excludes, self.budget = requires, excludes, budget
        self.bundle = _with_all_required(requires)
        self.stopped = table["gate"].eq(False).fillna(False).to_numpy(dtype=bool)
        self.unpriced = table["cost"].isna().to_numpy()
        self.unscored = table["score"].isna().to_numpy()
        # An unknown cost stands as 0 in sums that no sentence and no set uses.
        self.cost = np.rint(table["cost"].fillna(0).to_numpy() * CENTS).astype("int64")
        self.score = table["score"].to_numpy()
        self.alone = ~(self.stopped | self.unpriced | self.unscored | (self.cost > budget))
        self.bundle_cost = self.bundle @ self.cost
        clash = (self.bundle.astype(int) @ excludes * self.bundle).any(axis=1)
        self.possible = self.bundle[:, self.alone].sum(axis=1) == self.bundle.sum(axis=1)
        self.possible &= ~clash & (self.bundle_cost <= budget)

    def why(self, i: int, chosen: np.ndarray) -> str:
        """Return the sentence about one project, given the set that is chosen."""
        if chosen[i]:
            askers = np.flatnonzero(self.requires[:, i] & chosen)
            asked = f"; {self._named(askers)} {_verb(askers, 'requires', 'require')} it" if len(askers) else ""
            return f"Score {self.score[i]:.2f} of 1, for {_money(self.cost[i])}{asked}."
        return self._own_obstacle(i) or self._obstacle_of_bundle(i) or self._outweighed(i, chosen)

    def _own_obstacle(self, i: int) -> str | None:
        if self.stopped[i]:
            return "Its gate is no: it is not at once proper, affordable, acceptable and lawful."
        if self.unpriced[i]:
            return "Its cost is missing."
        if self.cost[i] > self.budget:
            return f"It costs {_money(self.cost[i])}, more than the whole budget of {_money(self.budget)}."
        if self.unscored[i]:
            return "Its score is missing: a criterion without a judgement, or no partner's weights."
        return None

    def _obstacle_of_bundle(self, i: int) -> str | None:
        """What stands in the way of a project together with all that it requires."""
        others = self.bundle[i] & (np.arange(len(self.cost)) != i)
        out = np.flatnonzero(others & ~self.possible)
        if self.possible[i]:
            return None
        blocked = [j for j in out if not self.bundle[j, i]] or [j for j in out if not self.alone[j]]
        # What it names itself is said first; what that in turn requires, only where it names nothing blocked.
        blocked = [j for j in blocked if self.requires[i, j]] or blocked
        if blocked:
            return f"It requires {self._named(blocked)}, which {_verb(blocked, 'is', 'are')} left out."
        inside = np.argwhere(np.triu(self.excludes & np.outer(self.bundle[i], self.bundle[i])))
        if len(inside):
            return f"With what it requires it would take {self._named(inside[0])}, which exclude each other."
        return (
            f"With {self._named(np.flatnonzero(others))}, which it requires, it costs "
            f"{_money(self.bundle_cost[i])}, more than the whole budget of {_money(self.budget)}."
        )

    def _outweighed(self, i: int, chosen: np.ndarray) -> str:
        """Why a project that could be done is not in the best set."""
        rivals = np.flatnonzero(self.excludes[i] & chosen)
        if len(rivals):
            return f"It cannot be done beside {self._named(rivals)}, which {_verb(rivals, 'is', 'are')} chosen."
        new = self.bundle[i] & ~chosen
        for j in np.flatnonzero(new):
            rivals = np.flatnonzero(self.excludes[j] & chosen)
            if len(rivals):
                return (
                    f"It requires {self.names[j]}, which cannot be done beside {self._named(rivals)}, which "
                    f"{_verb(rivals, 'is', 'are')} chosen."
                )
        cost, left = self.cost[new].sum(), self.budget - self.cost[chosen].sum()
        if cost <= left:
            return "Its score is 0: it would add no value."
        others = np.flatnonzero(new & (np.arange(len(new)) != i))
        bundled = f"with {self._named(others)}, which it requires, " if len(others) else ""
        return (
            f"The budget buys more value elsewhere: {bundled}it costs {_money(cost)}, and {_money(left)} of the "
            "budget remain."
        )

    def _named(self, which: np.ndarray | list[int]) -> str:
        names = [self.names[j] for j in which]
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _verb(things: np.ndarray | list[int], one: str, many: str) -> str:
    return one if len(things) == 1 else many


def _money(cents: int) -> str:
    return f"${cents / CENTS:,.0f}" if cents % CENTS == 0 else f"${cents / CENTS:,.2f}"


def _with_all_required(requires: np.ndarray) -> np.ndarray:
    """Each project with all that it requires, at any remove: projects × projects."""
    bundle = requires | np.eye(len(requires), dtype=bool)
    while True:
        further = (bundle.astype("int64") @ bundle) > 0
        if (further == bundle).all():
            return bundle
        bundle = further


# --- the program -----------------------------------------------------------------------------------------------------


def _best_set(
    value: np.ndarray, cost: np.ndarray, budget: int, requires: np.ndarray, excludes: np.ndarray
) -> np.ndarray:
    """Return the set of highest value, then lowest cost, then first names; all figures are whole numbers."""
    n = len(value)
    if not n:
        return np.zeros(0, dtype=bool)
    # Costs are often whole thousands, and the solver is surest with small numbers.
    unit = max(int(np.gcd.reduce(cost)), 1)
    cost, budget = cost // unit, budget // unit
    identity = np.eye(n, dtype="int64")
    who, needed = np.nonzero(requires)
    one, other = np.nonzero(np.triu(excludes))
    rows = np.vstack([cost, identity[who] - identity[needed], identity[one] + identity[other]])
    upper = np.concatenate([[budget], np.zeros(len(who), "int64"), np.ones(len(one), "int64")])
    lower = np.zeros(n, dtype="int64")
    best = _maximum(value, rows, upper, lower)
    rows, upper = np.vstack([rows, -value]), np.append(upper, -(value @ best))
    best = _maximum(-cost, rows, upper, lower)
    rows, upper = np.vstack([rows, cost]), np.append(upper, cost @ best)
    for start in range(0, n, BLOCK):
        block = np.arange(start, min(start + BLOCK, n))
        preference = np.zeros(n, dtype="int64")
        preference[block] = 2 ** np.arange(len(block))[::-1]
        best = _maximum(preference, rows, upper, lower)
        # What this block holds is settled, for and against.
        lower[block] = best[block]
        rows, upper = np.vstack([rows, identity[block]]), np.concatenate([upper, best[block]])
    return best.astype(bool)


def _maximum(objective: np.ndarray, rows: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return the 0–1 vector x ≥ `lower` that maximises objective @ x under rows @ x ≤ upper."""
    while True:
        by = _scale(rows)
        answer = milp(
            -objective / _scale(objective),
            integrality=np.ones(len(objective)),
            bounds=Bounds(lower, 1),
            constraints=LinearConstraint(rows / by[:, None], ub=upper / by),
            options={"mip_rel_gap": 0.0, "time_limit": SECONDS},
        )
        if answer.status == 1:
            raise RunFailed(
                "the exact portfolio is not found in a minute: set `gate` to no for projects that are not in question"
            )
        if answer.x is None or answer.status != 0:
            raise RunFailed(f"the portfolio has no answer: {answer.message}")
        x = np.rint(answer.x).astype("int64")
        if (rows @ x <= upper).all():
            return x
        # Whole numbers say that the solver's tolerance let this set through: it is forbidden, and asked again.
        rows, upper = np.vstack([rows, 2 * x - 1]), np.append(upper, x.sum() - 1)


def _scale(whole: np.ndarray) -> np.ndarray:
    """What to divide whole numbers by, along the last axis, so that none is beyond `LARGEST`."""
    return np.maximum(np.abs(whole).max(axis=-1) / LARGEST, 1)
