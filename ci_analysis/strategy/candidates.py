"""Projects that may be chosen together: their bundles, and what keeps each one out whatever else is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ci_analysis.errors import WrongUse, nearest
from ci_analysis.tables import OUTPUTS, conform, listed

__all__ = ["Candidates"]

#: Money is added up in whole cents.
CENTS = 100


class Candidates:
    """Projects in the order of their identifiers, and the sentences about them that every rule says alike.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, name, cost (USD), requires and excludes (`;` project_id), gate (yes/no; missing lets it pass).
    scores : pandas.Series
        By project_id. A project without a score cannot be chosen.
    budget : float
        USD.

    Raises
    ------
    WrongUse
        Where a project requires or excludes one that is not in `projects`, costs less than nothing, or the budget is
        below 0.
    """

    def __init__(self, projects: pd.DataFrame, scores: pd.Series, budget: float) -> None:
        table = projects.sort_values("project_id").reset_index(drop=True)
        _no_debts(table, budget)
        self.table, self.ids = table, pd.Index(table["project_id"])
        self.names = [f"'{name}'" for name in table["name"]]
        self.requires, self.excludes = _links(table, "requires"), _links(table, "excludes")
        self.excludes |= self.excludes.T
        self.budget = round(budget * CENTS)
        self.bundle = _with_all_required(self.requires)
        self.stopped = table["gate"].eq(False).fillna(False).to_numpy(dtype=bool)
        self.unpriced = table["cost"].isna().to_numpy()
        self.score = table["project_id"].map(scores).to_numpy(dtype="float64")
        self.unscored = np.isnan(self.score)
        # An unknown cost stands as 0 in sums that no sentence and no set uses.
        self.cost = np.rint(table["cost"].fillna(0).to_numpy() * CENTS).astype("int64")
        self.alone = ~(self.stopped | self.unpriced | self.unscored | (self.cost > self.budget))
        self.bundle_cost = self.bundle @ self.cost
        clash = (self.bundle.astype(int) @ self.excludes * self.bundle).any(axis=1)
        self.possible = self.bundle[:, self.alone].sum(axis=1) == self.bundle.sum(axis=1)
        self.possible &= ~clash & (self.bundle_cost <= self.budget)

    def rows(self, rule: str, chosen: np.ndarray, why: list[str]) -> pd.DataFrame:
        """Return the rows of table `portfolio` for a rule."""
        result = pd.DataFrame(
            {
                "rule": rule,
                "project_id": self.ids,
                "chosen": chosen,
                "cost": self.table["cost"],
                "value": self.score,
                "why": why,
            }
        )
        return conform(result, OUTPUTS["portfolio"])

    def unspent(self, chosen: np.ndarray) -> int:
        """Return the cents of the budget that a set leaves; below 0 where it costs more."""
        return int(self.budget - self.cost[chosen].sum())

    def asked_for(self, i: int, chosen: np.ndarray) -> str:
        """Return which chosen projects require one, as the end of a sentence."""
        askers = np.flatnonzero(self.requires[:, i] & chosen)
        return f"; {self.named(askers)} {_verb(askers, 'requires', 'require')} it" if len(askers) else ""

    def with_others(self, i: int, new: np.ndarray) -> str:
        """Return what a project would bring along, as a clause; nothing where it comes alone."""
        others = np.flatnonzero(new & (np.arange(len(new)) != i))
        return f"with {self.named(others)}, which it requires, " if len(others) else ""

    def obstacle(self, i: int, chosen: np.ndarray) -> str | None:
        """Return what keeps a project out, whatever a rule thinks of it; None where nothing does."""
        return self._own_obstacle(i) or self._obstacle_of_bundle(i) or self._rivals(i, chosen)

    def _own_obstacle(self, i: int) -> str | None:
        if self.stopped[i]:
            return "Its gate is no: it is not at once proper, affordable, acceptable and lawful."
        if self.unpriced[i]:
            return "Its cost is missing."
        if self.cost[i] > self.budget:
            return f"It costs {self.money(self.cost[i])}, more than the whole budget of {self.money(self.budget)}."
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
            return f"It requires {self.named(blocked)}, which {_verb(blocked, 'is', 'are')} left out."
        inside = np.argwhere(np.triu(self.excludes & np.outer(self.bundle[i], self.bundle[i])))
        if len(inside):
            return f"With what it requires it would take {self.named(inside[0])}, which exclude each other."
        return (
            f"With {self.named(np.flatnonzero(others))}, which it requires, it costs "
            f"{self.money(self.bundle_cost[i])}, more than the whole budget of {self.money(self.budget)}."
        )

    def _rivals(self, i: int, chosen: np.ndarray) -> str | None:
        """What is chosen and cannot be done beside a project, or beside what that requires."""
        rivals = np.flatnonzero(self.excludes[i] & chosen)
        if len(rivals):
            return f"It cannot be done beside {self.named(rivals)}, which {_verb(rivals, 'is', 'are')} chosen."
        for j in np.flatnonzero(self.bundle[i] & ~chosen):
            rivals = np.flatnonzero(self.excludes[j] & chosen)
            if len(rivals):
                return (
                    f"It requires {self.names[j]}, which cannot be done beside {self.named(rivals)}, which "
                    f"{_verb(rivals, 'is', 'are')} chosen."
                )
        return None

    def named(self, which: np.ndarray | list[int]) -> str:
        """Return projects by name, as a list in a sentence."""
        names = [self.names[j] for j in which]
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    @staticmethod
    def money(cents: float) -> str:
        """Return cents as dollars; cents are shown where there are any."""
        cents = round(cents)
        return f"${cents / CENTS:,.0f}" if cents % CENTS == 0 else f"${cents / CENTS:,.2f}"


def _verb(things: np.ndarray | list[int], one: str, many: str) -> str:
    return one if len(things) == 1 else many


def _with_all_required(requires: np.ndarray) -> np.ndarray:
    """Each project with all that it requires, at any remove: projects × projects."""
    bundle = requires | np.eye(len(requires), dtype=bool)
    while True:
        further = (bundle.astype("int64") @ bundle) > 0
        if (further == bundle).all():
            return bundle
        bundle = further


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


def _no_debts(table: pd.DataFrame, budget: float) -> None:
    """Refuse what no sum of money can be."""
    below = table.loc[table["cost"] < 0, ["project_id", "cost"]]
    if len(below):
        said = [f"'{row.project_id}' costs {row.cost:,.0f}" for row in below.itertuples()]
        raise WrongUse(f"projects: {'; '.join(said)}; a cost is 0 or more")
    if budget < 0:
        raise WrongUse(f"the budget is {budget:,.0f}; it is 0 or more")
