"""Which projects to choose together: the most value that a budget buys, and what each rule's choice comes to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ci_analysis.strategy.candidates import Candidates
from ci_analysis.strategy.equal_shares import equal_shares_portfolio
from ci_analysis.strategy.knapsack import best_set
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = ["portfolio_summary", "value_portfolio"]

#: Scores are added up in millionths, as whole numbers: 'the same value' then means just that.
SCORE_UNIT = 1e-6
#: A partner is served where one of so many of its own first is chosen.
FIRST = 3
#: The next money, as a share of the budget.
MORE = 0.1


def value_portfolio(projects: pd.DataFrame, ranking: pd.DataFrame, *, budget: float | None) -> pd.DataFrame:
    """Projects that together have the highest score under the budget, and why each one is chosen or left out.

    The exact maximum of ``Σ score`` with ``Σ cost ≤ budget``, where a project comes only with all that it requires,
    never with one that either excludes, and never where its gate is no (`best_set`, in whole cents and millionths).
    Projects that require each other come together or not at all. Of sets with the same score (to a millionth) the
    cheaper one is taken; of sets that also cost the same, the one that has the first project, by project_id, on which
    they differ.

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
        Where a project requires or excludes one that is not in `projects`, or an amount is below 0.
    RunFailed
        Where the optimum is not proven with the room there is.

    References
    ----------
    Martello, S. and Toth, P. (1990), Knapsack Problems, Wiley.

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
    candidates = Candidates(projects, ranking.set_index("project_id")["score"], budget)
    possible = candidates.possible
    inside = np.ix_(possible, possible)
    chosen = np.zeros(len(possible), dtype=bool)
    chosen[possible] = best_set(
        np.rint(candidates.score[possible] / SCORE_UNIT).astype("int64"),
        candidates.cost[possible],
        candidates.budget,
        requires=candidates.requires[inside],
        excludes=candidates.excludes[inside],
    )
    return candidates.rows("value", chosen, [_why(candidates, i, chosen) for i in range(len(chosen))])


def _why(candidates: Candidates, i: int, chosen: np.ndarray) -> str:
    """Return the sentence about one project, given the set that is chosen."""
    if chosen[i]:
        price = candidates.money(candidates.cost[i])
        return f"Score {candidates.score[i]:.2f} of 1, for {price}{candidates.asked_for(i, chosen)}."
    obstacle = candidates.obstacle(i, chosen)
    if obstacle:
        return obstacle
    new = candidates.bundle[i] & ~chosen
    cost, left = candidates.cost[new].sum(), candidates.unspent(chosen)
    if cost <= left:
        return "Its score is 0: it would add no value."
    return (
        f"The budget buys more value elsewhere: {candidates.with_others(i, new)}it costs {candidates.money(cost)}, and "
        f"{candidates.money(left)} of the budget remain."
    )


def portfolio_summary(
    portfolio: pd.DataFrame,
    projects: pd.DataFrame,
    ranking: pd.DataFrame,
    partner_rankings: pd.DataFrame,
    *,
    budget: float | None,
) -> pd.DataFrame:
    """What a rule's projects cost and are worth together, whom they serve, and what a tenth more money would buy.

    The same rule is run again with 1.1 times the budget. More money may drop a project: the best set under the
    larger budget need not hold the smaller one's.

    Parameters
    ----------
    portfolio : pandas.DataFrame
        rule, project_id, chosen, cost (USD), value, as from `value_portfolio` and `equal_shares_portfolio`.
    projects : pandas.DataFrame
        project_id, name, cost (USD), requires, excludes, gate, as those take them.
    ranking : pandas.DataFrame
        project_id, score, as from `ranking`.
    partner_rankings : pandas.DataFrame
        partner_id, project_id, score, rank, as from `partner_rankings`.
    budget : float or None
        USD.

    Returns
    -------
    pandas.DataFrame
        One row a rule of the portfolio, in its order: rule, budget (USD), projects (how many it chooses), cost (USD,
        of these), value (sum of their scores), partners (that have given weights), partners_served (of these, with
        one of their own first three, a shared third rank included, among the chosen), next_budget (USD), next_value,
        next_adds and next_drops (`;` project_id).

    Examples
    --------
    >>> projects = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b"],
    ...         "name": ["Centre", "Hotline"],
    ...         "cost": [100.0, 10.0],
    ...         "requires": None,
    ...         "excludes": None,
    ...         "gate": True,
    ...     }
    ... )
    >>> ranking = pd.DataFrame({"project_id": ["a", "b"], "score": [0.75, 0.5]})
    >>> own = ranking.assign(partner_id="school", rank=[1, 2])
    >>> chosen = value_portfolio(projects, ranking, budget=100)
    >>> result = portfolio_summary(chosen, projects, ranking, own, budget=100)
    >>> result[["rule", "value", "next_budget", "next_value", "next_adds"]].values.tolist()
    [['value', 0.75, 110.0, 1.25, 'b']]
    """
    if budget is None or pd.isna(budget) or portfolio.empty:
        return empty_frame(OUTPUTS["portfolio_summary"])
    # Whole cents: 1.1 of a round sum is not always round in binary fractions.
    more = round(budget * (1 + MORE), 2)
    again = {
        "value": lambda: value_portfolio(projects, ranking, budget=more),
        "equal-shares": lambda: equal_shares_portfolio(projects, ranking, partner_rankings, budget=more),
    }
    own_first = partner_rankings[partner_rankings["rank"] <= FIRST]
    rows = []
    for rule, of_rule in portfolio.groupby("rule", sort=False):
        now, then = _chosen(of_rule), _chosen(again[str(rule)]())
        rows.append(
            {
                "rule": rule,
                "budget": budget,
                "projects": len(now),
                "cost": now["cost"].sum(),
                "value": now["value"].sum(),
                "partners": partner_rankings["partner_id"].nunique(),
                "partners_served": own_first.loc[own_first["project_id"].isin(now.index), "partner_id"].nunique(),
                "next_budget": more,
                "next_value": then["value"].sum(),
                "next_adds": ";".join(sorted(then.index.difference(now.index))) or None,
                "next_drops": ";".join(sorted(now.index.difference(then.index))) or None,
            }
        )
    return conform(pd.DataFrame(rows), OUTPUTS["portfolio_summary"])


def _chosen(portfolio: pd.DataFrame) -> pd.DataFrame:
    return portfolio[portfolio["chosen"].fillna(False).astype(bool)].set_index("project_id")
