"""The best set of things that a budget buys, in whole numbers, proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

from ci_analysis.errors import RunFailed

__all__ = ["best_set"]

#: How many part-sets are kept beside each other. The first widths are quick looks that leave some out and find a good
#: set; with it in hand, the next one can leave out all that cannot reach it. A look that left none out is the proof.
WIDTHS = (1_000, 30_000, 300_000)
WORD = 64


def best_set(
    value: np.ndarray, cost: np.ndarray, budget: int, *, requires: np.ndarray, excludes: np.ndarray
) -> np.ndarray:
    """Set of highest value under a budget; of those the cheapest, and of these the one with the first things.

    The exact maximum of ``Σ value`` with ``Σ cost ≤ budget`` (the 0–1 knapsack with precedence and conflicts), by
    dynamic programming over part-sets: thing after thing is taken and left; a part-set goes where another one, that
    leaves the same open, has as much value for no more cost, and where not even the bound for what is still to come
    reaches the best set known. The bound is that of the linear relaxation, whose prices of links move value between
    the things that they tie. All that decides is whole numbers, so nothing rests on a solver's tolerance.

    Parameters
    ----------
    value, cost : numpy.ndarray of int
        Of each thing, 0 or more.
    budget : int
        In the unit of the costs.
    requires : numpy.ndarray of bool
        Things × things: the row's thing comes only with the column's.
    excludes : numpy.ndarray of bool
        Things × things, both ways: never together.

    Returns
    -------
    numpy.ndarray of bool
        Which things are in. Of sets with the same value and cost, the one that has the first thing, in their order,
        on which they differ.

    Raises
    ------
    RunFailed
        Where more part-sets stay in question than are kept, as can be where value is all but a multiple of cost and
        costs have many digits.

    References
    ----------
    Nemhauser, G. L. and Ullmann, Z. (1969), Discrete dynamic programming and capital allocation, Management Science
    15(9). Pisinger, D. (1997), A minimal algorithm for the 0-1 knapsack problem, Operations Research 45(5).

    Examples
    --------
    >>> alone = np.zeros((3, 3), dtype=bool)
    >>> best_set(np.array([9, 6, 5]), np.array([100, 60, 40]), 100, requires=alone, excludes=alone).tolist()
    [False, True, True]
    """
    n = len(value)
    best = np.zeros(n, dtype=bool)
    if not n:
        return best
    # Costs are often whole thousands: fewer sums are then apart.
    unit = max(int(np.gcd.reduce(cost)), 1)
    relaxed = _Relaxation(value, cost // unit, budget // unit, requires, excludes)
    links = _Links(requires, excludes)
    for width in WIDTHS:
        least = int(value @ best)
        found, whole = _search(relaxed, links, relaxed.order(least), least, width)
        best = best if found is None else found
        if whole:
            return best
    raise RunFailed(
        "the exact portfolio is not found with the room there is: set `gate` to no for projects that are not in "
        "question, or round costs to whole thousands"
    )


class _Relaxation:
    """What the linear program says about the whole: an upper bound for whatever is still open.

    Parameters
    ----------
    value, cost : numpy.ndarray of int
    budget : int
    requires, excludes : numpy.ndarray of bool
        As `best_set` has them.
    """

    def __init__(
        self, value: np.ndarray, cost: np.ndarray, budget: int, requires: np.ndarray, excludes: np.ndarray
    ) -> None:
        self.value, self.cost, self.budget = value, cost, budget
        self.linked = requires | requires.T | excludes
        identity = np.eye(len(value))
        who, needed = np.nonzero(requires)
        one, other = np.nonzero(np.triu(excludes))
        links = np.vstack([identity[who] - identity[needed], identity[one] + identity[other]])
        upper = np.concatenate([np.zeros(len(who)), np.ones(len(one))])
        # The solver is surest with numbers near 1.
        most, dearest = max(value.max(), 1), max(cost.max(), 1)
        answer = linprog(
            -value / most,
            A_ub=np.vstack([cost / dearest, links]),
            b_ub=np.concatenate([[budget / dearest], upper]),
            bounds=(0, 1),
            method="highs",
        )
        if answer.status != 0:
            raise RunFailed(f"the portfolio has no answer: {answer.message}")
        # Whatever prices of 0 or more stand here, the bound holds; the solver's make it tight.
        prices = np.maximum(-answer.ineqlin.marginals, 0) * most
        self.worth = value - links.T @ prices[1:]
        self.constant = float(upper @ prices[1:])
        self.pull = np.abs(self.worth - prices[0] / dearest * cost)
        bargains = np.flatnonzero((cost > 0) & (self.worth > 0))
        self.bargains = bargains[np.argsort(-self.worth[bargains] / cost[bargains], kind="stable")]

    def more(self, left: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return the bound on the worth that money adds from things that are left, parts of one allowed."""
        which = self.bargains[left[self.bargains]]
        money = np.concatenate([[0], np.cumsum(self.cost[which])])
        free = self.worth[left & (self.cost == 0) & (self.worth > 0)].sum()
        worth = free + np.concatenate([[0.0], np.cumsum(self.worth[which])])
        return lambda amount: np.interp(amount, money, worth)

    def order(self, least: int) -> np.ndarray:
        """Return the things in the order to decide them: the clear ones first, then what is linked side by side."""
        everything = np.ones(len(self.value), dtype=bool)
        room = self.constant + self.more(everything)(np.array([self.budget]))[0] - least
        clear = self.pull > room
        graph = csr_array(self.linked & ~clear & ~clear[:, None])
        _, part = connected_components(graph, directed=False)
        strongest = np.zeros(part.max() + 1)
        np.maximum.at(strongest, part, self.pull)
        beside = np.argsort(reverse_cuthill_mckee(graph, symmetric_mode=True))
        return np.lexsort((beside, -strongest[part], ~clear))


class _Links:
    """For each thing, as bits: itself, what it brings along, what it keeps out, and what goes where it is left.

    Parameters
    ----------
    requires, excludes : numpy.ndarray of bool
        As `best_set` has them.
    """

    def __init__(self, requires: np.ndarray, excludes: np.ndarray) -> None:
        identity = np.eye(len(requires), dtype=bool)
        self.itself, self.brings = _bits(identity), _bits(requires)
        self.bars, self.loses = _bits(excludes & ~identity), _bits(requires.T & ~identity)


@dataclass(frozen=True)
class _Sets:
    """Part-sets: their sums, and as bits what is in them, and what must and must not come yet."""

    cost: np.ndarray
    value: np.ndarray
    worth: np.ndarray
    inside: np.ndarray
    forced: np.ndarray
    barred: np.ndarray

    def __getitem__(self, which: np.ndarray) -> _Sets:
        return _Sets(*(getattr(self, f.name)[which] for f in fields(self)))

    def beside(self, other: _Sets) -> _Sets:
        return _Sets(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def _bits(rows: np.ndarray) -> np.ndarray:
    """Return rows of yes and no as words; of two words the larger has the first yes on which they differ."""
    n = rows.shape[1]
    filled = np.zeros((len(rows), -(-n // WORD) * WORD), dtype=bool)
    filled[:, :n] = rows
    return np.packbits(filled, axis=1).view(">u8").astype("uint64")


def _flags(words: np.ndarray, n: int) -> np.ndarray:
    return np.unpackbits(words.astype(">u8").view("uint8"), axis=-1)[..., :n].astype(bool)


def _search(
    relaxed: _Relaxation, links: _Links, order: np.ndarray, least: int, width: int
) -> tuple[np.ndarray | None, bool]:
    """Return the best set with at least so much value, if there is one, and whether none was left out unseen."""
    n, whole = len(order), True
    nothing, bits = np.zeros(1, dtype="int64"), np.zeros((1, links.itself.shape[1]), dtype="uint64")
    sets = _Sets(nothing, nothing, np.zeros(1), bits, bits, bits)
    left = np.ones(n, dtype=bool)
    for thing in order:
        left[thing] = False
        sets = _decided(sets, thing, relaxed, links)
        bound = sets.worth + relaxed.constant + relaxed.more(left)(relaxed.budget - sets.cost)
        # Values are whole: half a unit is far more than the bound's rounding, and less than any difference.
        possible = (bound >= least - 0.5) & ~(sets.forced & sets.barred).any(axis=1)
        sets, bound = sets[possible], bound[possible]
        kept = _undominated(sets, _bits(left[None, :]))
        if len(kept) > width:
            whole = False
            kept = np.sort(kept[np.argsort(-bound[kept], kind="stable")[:width]])
        sets = sets[kept]
    if not len(sets.cost):
        return None, whole
    # What is left here has no equal: more value always costs more.
    return _flags(sets.inside[np.argmax(sets.value)], n), whole


def _decided(sets: _Sets, thing: int, relaxed: _Relaxation, links: _Links) -> _Sets:
    """Return the part-sets without a thing and, where it may come and the money suffices, with it."""
    itself = links.itself[thing]
    out = sets[~(sets.forced & itself).any(axis=1)]
    can = ~(sets.barred & itself).any(axis=1) & (sets.cost + relaxed.cost[thing] <= relaxed.budget)
    with_it = sets[can]
    with_it = _Sets(
        with_it.cost + relaxed.cost[thing],
        with_it.value + relaxed.value[thing],
        with_it.worth + relaxed.worth[thing],
        with_it.inside | itself,
        with_it.forced | links.brings[thing],
        with_it.barred | links.bars[thing],
    )
    without = _Sets(out.cost, out.value, out.worth, out.inside, out.forced, out.barred | links.loses[thing])
    return without.beside(with_it)


def _undominated(sets: _Sets, left: np.ndarray) -> np.ndarray:
    """Return which part-sets are the best of those that leave the same open, for what they cost."""
    if not len(sets.cost):
        return np.zeros(0, dtype="int64")
    open_ = np.hstack([sets.forced & left, sets.barred & left])
    open_ = open_[:, open_.any(axis=0)]
    alike = np.zeros(len(open_), dtype="int64")
    if open_.shape[1]:
        alike = np.unique(open_, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((-sets.value, sets.cost, alike))
    figures = np.column_stack([alike, sets.cost, sets.value])[order]
    again = np.concatenate([[False], (figures[1:] == figures[:-1]).all(axis=1)])
    if again.any():
        # Only those with the same sums need their names looked at.
        tied = np.flatnonzero(again | np.append(again[1:], False))
        names = sets.inside[order[tied]]
        order[tied] = order[tied][np.lexsort((*~names.T[::-1], np.cumsum(~again)[tied]))]
    rising = sets.value[order] + alike[order] * (sets.value.max() + 1)
    best_before = np.maximum.accumulate(rising)[:-1]
    return order[np.concatenate([[True], rising[1:] > best_before])]
