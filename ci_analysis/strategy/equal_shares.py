"""Which projects to choose together so that each partner has the same say over the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ci_analysis.strategy.candidates import Candidates
from ci_analysis.tables import OUTPUTS, empty_frame

__all__ = ["equal_shares_portfolio"]

#: Scores count in millionths, as in the portfolio by value, so that what prints alike is alike.
SCORE_UNIT = 1e-6
#: Shares are raised by so many hundredths of the equal share at a time.
STEPS_OF_SHARE = 100
#: Prices and sums of shares that differ by less, relatively, differ by rounding alone.
SAME = 1e-9


def equal_shares_portfolio(
    projects: pd.DataFrame, ranking: pd.DataFrame, partner_rankings: pd.DataFrame, *, budget: float | None
) -> pd.DataFrame:
    """Projects that the partners buy with equal shares of the budget, and why each one is chosen or left out.

    The Method of Equal Shares with additive utilities, where what a project is worth to a partner is the partner's
    own score of it. Each of n partners has ``budget / n``. Again and again the project with the smallest price rho is
    bought at which ``Σ min(share left, rho × own score) = cost``: those who want it pay in proportion to how much they
    want it, each at most what is left. Equal prices go to the cheaper project, then to the first by project_id. A
    project is offered with all that it requires and that is not bought yet, for their summed cost and scores; it is
    out once one that excludes it, or what it requires, is bought.

    That leaves money over. So all shares are raised together, by 1 % of the equal share at a time, and the whole is
    run again until a step would cost more than the budget, or nothing more fits (Add1U); what then still fits is
    bought by score for money. One per cent is small beside what any one project costs a partner, so that few steps
    jump over an outcome, and it is in proportion to the budget, so that the currency does not matter; a dollar at a
    time would be thousands of runs for the same answer.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, name, cost (USD), requires and excludes (`;` project_id), gate (yes/no; missing lets it pass).
    ranking : pandas.DataFrame
        project_id, score (0–1) of the coalition, as from `ranking`: the value that is reported, not what decides.
    partner_rankings : pandas.DataFrame
        partner_id, project_id, score (0–1), as from `partner_rankings`. A project that lacks a partner's score cannot
        be chosen.
    budget : float or None
        USD. Without one there is no portfolio.

    Returns
    -------
    pandas.DataFrame
        rule (`equal-shares`), project_id, chosen, cost (USD), value (the coalition's score), why (a sentence, with
        counts of partners and never their names); sorted by project_id. Empty without a budget, projects, a ranking
        or partners.

    Raises
    ------
    WrongUse
        Where a project requires or excludes one that is not in `projects`, or an amount is below 0.

    References
    ----------
    Peters, D., Pierczyński, G. and Skowron, P. (2021), Proportional participatory budgeting with additive utilities,
    Advances in Neural Information Processing Systems 34. Faliszewski, P. and others (2023), Participatory budgeting:
    data, tools and analysis, International Joint Conference on Artificial Intelligence 32 (Add1U).

    Examples
    --------
    Two partners want the road and the rail, one wants the park; its third of the money buys it.

    >>> projects = pd.DataFrame(
    ...     {
    ...         "project_id": ["park", "rail", "road"],
    ...         "name": ["Park", "Rail", "Road"],
    ...         "cost": [30.0, 60.0, 60.0],
    ...         "requires": None,
    ...         "excludes": None,
    ...         "gate": True,
    ...     }
    ... )
    >>> own = pd.DataFrame(
    ...     {
    ...         "partner_id": ["east", "north", "south"] * 3,
    ...         "project_id": ["park"] * 3 + ["rail"] * 3 + ["road"] * 3,
    ...         "score": [1, 0, 0, 0, 0.75, 0.75, 0, 1, 1],
    ...     }
    ... )
    >>> ranking = own.groupby("project_id", as_index=False)["score"].mean()
    >>> equal_shares_portfolio(projects, ranking, own, budget=90)[["project_id", "chosen"]].values.tolist()
    [['park', True], ['rail', False], ['road', True]]
    """
    if budget is None or pd.isna(budget) or projects.empty or ranking.empty or partner_rankings.empty:
        return empty_frame(OUTPUTS["portfolio"])
    own = partner_rankings.pivot(index="partner_id", columns="project_id", values="score").sort_index()
    scores = ranking.set_index("project_id")["score"]
    judged = own.columns[own.notna().all()]
    candidates = Candidates(projects, scores[scores.index.isin(judged)], budget)
    # A project that is not judged is out; its 0 stands in no sum that decides.
    wanted = own[judged].reindex(columns=candidates.ids, fill_value=0).to_numpy(dtype="float64")
    wanted = np.rint(wanted / SCORE_UNIT)
    bought, raised = _raised(candidates, wanted)
    chosen = _completed(candidates, wanted, bought.chosen)
    return candidates.rows("equal-shares", chosen, _why(candidates, wanted, chosen, bought, raised))


@dataclass(frozen=True)
class _Bought:
    """What shares have bought: which projects, how many partners pay for each, and what each partner has left."""

    chosen: np.ndarray
    payers: np.ndarray
    left: np.ndarray


def _offers(candidates: Candidates, wanted: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return, for each project that can still be had, what comes with it, its cost, and how each partner wants it."""
    rivals = candidates.excludes[:, chosen].any(axis=1)
    can = candidates.possible & ~chosen & ~(candidates.bundle & rivals).any(axis=1)
    which = np.flatnonzero(can)
    new = candidates.bundle[which] & ~chosen
    cost, wishes = new @ candidates.cost, wanted @ new.T
    sought = wishes.any(axis=0)
    return new[sought], cost[sought], wishes[:, sought]


def _prices(cost: np.ndarray, wishes: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the price of each offer: the least at which those who want it can pay it; endless where they cannot.

    Partners are put in the order in which a rising price takes the last of their share. The price is that of the
    first partner, in this order, who can pay in proportion when all before have given what they had.
    """
    # Wishes are whole: where there is one it is 1 or more, and elsewhere the quotient is not looked at.
    ends = np.where(wishes > 0, left[:, None] / np.maximum(wishes, 1), np.inf)
    order = np.argsort(ends, axis=0, kind="stable")
    wish = np.take_along_axis(wishes, order, axis=0)
    has = np.where(wish > 0, left[order], 0.0)
    given = np.cumsum(has, axis=0) - has
    others = np.cumsum(wish[::-1], axis=0)[::-1]
    price = np.maximum(cost - given, 0) / np.maximum(others, 1)
    pays = (wish > 0) & (price * wish <= has + SAME * cost)
    first = pays.argmax(axis=0)[None, :]
    return np.where(pays.any(axis=0), np.take_along_axis(price, first, axis=0)[0], np.inf)


def _first(price: np.ndarray, cost: np.ndarray) -> int:
    """Return the offer of the smallest price; of equal ones the cheapest, then the first."""
    alike = price <= price.min() * (1 + SAME)
    return int(np.argmin(np.where(alike, cost, cost.max() + 1)))


def _shared(candidates: Candidates, wanted: np.ndarray, share: float) -> _Bought:
    """Return what partners with so many cents each buy."""
    chosen = np.zeros(len(candidates.ids), dtype=bool)
    payers = np.zeros(len(chosen), dtype="int64")
    left = np.full(len(wanted), share)
    while True:
        new, cost, wishes = _offers(candidates, wanted, chosen)
        price = _prices(cost, wishes, left)
        if not np.isfinite(price).any():
            return _Bought(chosen, payers, left)
        i = _first(price, cost)
        paid = np.minimum(left, price[i] * wishes[:, i])
        payers[new[i]] = (paid > SAME * share).sum()
        left = left - paid
        chosen = chosen | new[i]


def _raised(candidates: Candidates, wanted: np.ndarray) -> tuple[_Bought, int]:
    """Return what is bought with shares raised as far as the budget bears it, and by how many per cent that is."""
    partners = len(wanted)
    equal = candidates.budget / partners
    best, percent = _shared(candidates, wanted, equal), 0
    # Nobody is lent more than the whole budget.
    while percent < STEPS_OF_SHARE * (partners - 1) and _room(candidates, wanted, best.chosen):
        further = _shared(candidates, wanted, equal * (STEPS_OF_SHARE + percent + 1) / STEPS_OF_SHARE)
        if candidates.unspent(further.chosen) < 0:
            break
        best, percent = further, percent + 1
    return best, percent


def _room(candidates: Candidates, wanted: np.ndarray, chosen: np.ndarray) -> bool:
    """Whether what is left of the budget could buy anything more."""
    _, cost, _ = _offers(candidates, wanted, chosen)
    return bool((cost <= candidates.unspent(chosen)).any())


def _completed(candidates: Candidates, wanted: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the set with what the rest of the budget buys, by score for money: the price if money were no matter."""
    while True:
        new, cost, wishes = _offers(candidates, wanted, chosen)
        fits = cost <= candidates.unspent(chosen)
        if not fits.any():
            return chosen
        chosen = chosen | new[_first(np.where(fits, cost / wishes.sum(axis=0), np.inf), cost)]


def _why(candidates: Candidates, wanted: np.ndarray, chosen: np.ndarray, bought: _Bought, raised: int) -> list[str]:
    """Return the sentence about each project."""
    how = f", raised by {raised}% so that less of the budget stays unspent" if raised else ""
    everyone = len(wanted)
    said = []
    for i in range(len(chosen)):
        asked = candidates.asked_for(i, chosen)
        if bought.payers[i]:
            said.append(f"{_paid_by(int(bought.payers[i]), everyone)}{how}{asked}.")
        elif bought.chosen[i]:
            said.append(f"It costs nothing{asked}.")
        elif chosen[i]:
            said.append(f"What the shares leave of the budget buys it, as the most score for its cost{asked}.")
        else:
            said.append(candidates.obstacle(i, chosen) or _too_dear(candidates, i, wanted, chosen, bought))
    return said


def _paid_by(payers: int, everyone: int) -> str:
    if everyone == 1:
        return "The one partner pays for it with its share"
    if payers == everyone:
        return f"{'Both' if everyone == 2 else f'All {everyone}'} partners pay for it with their shares"
    if payers == 1:
        return f"One of {everyone} partners pays for it with its share"
    return f"{payers} of {everyone} partners pay for it with their shares"


def _too_dear(candidates: Candidates, i: int, wanted: np.ndarray, chosen: np.ndarray, bought: _Bought) -> str:
    """Why a project that could be done is not bought."""
    new = candidates.bundle[i] & ~chosen
    wish = wanted[:, new].sum(axis=1)
    if not wish.any():
        return "No partner scores it above 0."
    cost, purse = candidates.cost[new].sum(), bought.left[wish > 0].sum()
    price = f"{candidates.with_others(i, new)}it costs {candidates.money(cost)}"
    if purse >= cost:
        left = candidates.money(candidates.unspent(chosen))
        return f"{price[:1].upper()}{price[1:]}, and {left} of the budget remain."
    return f"Those who want it have {candidates.money(purse)} of their shares left, and {price}."
