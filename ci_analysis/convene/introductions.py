"""Which two partners to introduce: those whose tie would bring the whole network closest together."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from ci_analysis.convene.ties import members, undirected_ties
from ci_analysis.convene.waves import in_wave_order
from ci_analysis.errors import WrongUse
from ci_analysis.tables import period_end

__all__ = ["introductions"]

_COLUMNS = ["rank", "partner_a", "partner_b", "gain", "steps", "reason", "shortlist", "response_rate"]
#: Gains that differ by less are the same, and names decide.
_DIGITS = 12
#: Whole numbers up to here are exact in floating point.
_EXACT = 2.0**53
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def introductions(partners: pd.DataFrame, ties: pd.DataFrame, *, tie_level: int, most: int = 20) -> pd.DataFrame:
    """Return the pairs of partners without a tie whose tie would raise the network's global efficiency most.

    Global efficiency is the mean of one over the distance, over all ordered pairs of the latest wave's n partners,
    `E = sum(1 / d(s, t)) / (n (n-1))`; a pair without a way between them adds 0. A pair's `gain` is E with its tie
    less E without. It is exact for each pair, and counted for all pairs together: with a tie between a and b, the
    ways from s to t that are `d(s, a) = k` and `d(b, t) = l` from its ends become `k + 1 + l` steps where they were
    more, `d(s, t) = m`, and the number of such s and t is an entry of a product of three matrices.

    Suggested are partners that had joined by the latest wave, and that have neither left nor a day on which they will.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, name, status, joined_on, left_on (dates).
    ties : pandas.DataFrame
        One row a report: wave (period), source, target (partner_id), level (0 to 5, Levels of Collaboration).
    tie_level : int
        Level from which on a tie stands.
    most : int
        The best pairs to give, 1 or more; half as many further down where the shortlist needs them.

    Returns
    -------
    pandas.DataFrame
        One row a pair, by rank: rank (1 gains most; the same gain, to twelve decimals, goes by partner_a, then
        partner_b), partner_a, partner_b (partner_a before partner_b), gain (0 to 1), steps (ties on the shortest way
        now; missing where there is none), reason (a sentence), shortlist (bool: the first pair of both its partners,
        from the best down, so that each partner is on it once), response_rate (of the wave). No rows without ties,
        with fewer than two such partners, or where all of them work with each other.

    Raises
    ------
    WrongUse
        Where `most` is less than 1.

    References
    ----------
    Latora and Marchiori (2001), Efficient behavior of small-world networks, Physical Review Letters 87(19).

    Examples
    --------
    Of a chain of five, the ends gain most: their own way, and those from each to the other's neighbour, are shorter.

    >>> names = ["Ann", "Ben", "Cy", "Di", "Ed"]
    >>> partners = pd.DataFrame({"partner_id": list("abcde"), "name": names, "status": "joined"})
    >>> partners[["joined_on", "left_on"]] = pd.NaT
    >>> both = [("2026", s, t, 2) for s, t in ("ab", "ba", "bc", "cb", "cd", "dc", "de", "ed")]
    >>> ties = pd.DataFrame(both, columns=["wave", "source", "target", "level"])
    >>> first = introductions(partners, ties, tie_level=2).iloc[0]
    >>> first["partner_a"], first["partner_b"], first["reason"]
    ('a', 'e', 'Ann and Ed are four steps apart: nobody who works with the one works with the other.')
    >>> abs(first["gain"].item() - 2 * ((1 - 1 / 4) + 2 * (1 / 2 - 1 / 3)) / (5 * 4)) < 1e-12
    True
    """
    if most < 1:
        raise WrongUse(f"introductions takes a number of rows of 1 or more as `most`, not {most}")
    nodes = members(partners, ties)
    if nodes.empty:
        return pd.DataFrame(columns=_COLUMNS)
    wave = in_wave_order(nodes[["wave"]])["wave"].iloc[-1]
    nodes = nodes[nodes["wave"].eq(wave)].reset_index(drop=True)
    pairs = undirected_ties(ties[ties["wave"].eq(wave)], tie_level=tie_level)

    steps = _steps(nodes["partner_id"], pairs)
    here = partners.set_index("partner_id")
    # A day on which a partner leaves, however late: an introduction is no use to whoever goes.
    remains = here.index[here["status"].eq("joined") & here["left_on"].isna()]
    stays = nodes["joined"] & nodes["partner_id"].isin(remains)
    a, b = np.triu_indices(len(nodes), k=1)
    free = (stays.to_numpy()[a] & stays.to_numpy()[b]) & (steps[a, b] > 1)
    a, b = a[free], b[free]
    gain = _gains(steps)[a, b].round(_DIGITS)
    # The pairs come in the order of their names, and a stable order keeps it among the same gains.
    order = np.argsort(-gain, kind="stable")
    a, b, gain = a[order], b[order], gain[order]
    shortlist = _shortlist(a, b, most // 2)
    kept = np.flatnonzero(shortlist | (np.arange(len(a)) < most))
    a, b, gain = a[kept], b[kept], gain[kept]

    say = _Reasons(nodes.assign(name=nodes["partner_id"].map(here["name"])), steps, wave)
    ids, between = nodes["partner_id"].to_numpy(), steps[a, b]
    joined = nodes["joined"].sum()
    result = pd.DataFrame({"rank": kept + 1, "partner_a": ids[a], "partner_b": ids[b], "gain": gain})
    result["shortlist"] = shortlist[kept]
    result["steps"] = np.where(np.isfinite(between), between, np.nan)
    result["reason"] = [say.why(i, j) for i, j in zip(a, b, strict=True)]
    result["response_rate"] = nodes["respondent"].sum() / joined if joined else np.nan
    return result[_COLUMNS]


def _shortlist(a: np.ndarray, b: np.ndarray, most: int) -> np.ndarray:
    """Whether each pair, the best first, is the first of both its partners among those on the list.

    One partner without a tie would fill the top of the ranks with itself; the list names each partner once.
    """
    listed, taken = np.zeros(len(a), dtype=bool), set()
    for row, ends in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        if len(taken) >= 2 * max(most, 1):
            break
        if taken.isdisjoint(ends):
            listed[row] = True
            taken.update(ends)
    return listed


def _steps(ids: pd.Series, pairs: pd.DataFrame) -> np.ndarray:
    """Steps from each partner to each, infinite where there is no way."""
    ends = [pd.Index(ids).get_indexer(pairs[end]) for end in ("partner_a", "partner_b")]
    graph = csr_array((np.ones(len(pairs)), ends), shape=(len(ids), len(ids)))
    return shortest_path(graph, directed=False, unweighted=True)


def _gains(steps: np.ndarray) -> np.ndarray:
    """Rise of global efficiency by a tie between each two; only for two without a tie does it say so.

    At most one direction over the new tie shortens a way: were both `d(s,a) + 1 + d(b,t)` and `d(s,b) + 1 + d(a,t)`
    less than `d(s,t)`, then by the triangle inequality a would be nearer to s than b, and b nearer than a.
    """
    n = len(steps)
    lengths = np.unique(steps)
    finite = lengths[np.isfinite(lengths)]
    # In units of this, each 1 / length is a whole number and so is each sum, whatever the order of adding.
    longest = int(2 * finite[-1] + 1)
    unit = float(math.lcm(*range(1, longest + 1))) if longest < 40 else np.inf  # beyond, it is too large at any rate
    unit = unit if unit * n * n < _EXACT else 1.0
    # Together they have one entry a pair, so that a long thin network costs little more than a dense one.
    at = {length: csr_array((steps == length).astype("float64")) for length in lengths}
    total = np.zeros((n, n))
    for k in finite:
        new = unit / (k + 1 + steps)
        saved = np.zeros((n, n))
        for m in lengths[lengths > k + 1]:
            # From s, each t that is m steps away; by the new tie it is k + 1 + d(b, t).
            saved += at[m] @ np.maximum(new - unit / m, 0)
        total += at[k] @ saved
    # Each way counts from s to t and from t to s, and the sum is the same from a to b as from b to a.
    return 2 * total / unit / max(n * (n - 1), 1)


class _Reasons:
    """The sentence about each pair.

    Parameters
    ----------
    nodes : pandas.DataFrame
        The latest wave's members: name, answered; in the order of `steps`.
    steps : numpy.ndarray
        Steps from each to each.
    wave : str
        The latest wave (period).
    """

    def __init__(self, nodes: pd.DataFrame, steps: np.ndarray, wave: str) -> None:
        self.names, self.answered = nodes["name"].to_numpy(), nodes["answered"].to_numpy()
        self.steps, self.near, self.wave = steps, steps == 1, _period_words(wave)

    def why(self, i: int, j: int) -> str:
        """Return why these two, and what to ask first."""
        return f"{self._apart(i, j)}{self._ask_first(i, j)}"

    def _apart(self, i: int, j: int) -> str:
        x, y = self.names[i], self.names[j]
        alone = [not self.near[k].any() for k in (i, j)]
        if all(alone):
            return f"Neither {x} nor {y} works with anybody yet, as far as the answers say."
        if any(alone):
            lone, other = (i, j) if alone[0] else (j, i)
            others = _count(self.near[other].sum(), "partner", "partners")
            return f"{self._works_with_nobody(lone)}; {self.names[other]} works with {others}."
        distance = self.steps[i, j]
        if np.isinf(distance):
            sizes = [np.isfinite(self.steps[k]).sum() for k in (i, j)]
            return (
                f"No way leads from {x} to {y}: they are in two parts of the network, of {sizes[0]} and {sizes[1]} "
                "partners, without a tie between them."
            )
        if distance > 2:
            number = _WORDS[int(distance)] if distance < len(_WORDS) else f"{distance:.0f}"
            return f"{x} and {y} are {number} steps apart: nobody who works with the one works with the other."
        common = _count((self.near[i] & self.near[j]).sum(), "partner", "partners")
        but = "do not work together" if self.answered[i] and self.answered[j] else "no known tie"
        return f"{x} and {y} have {common} in common but {but}."

    def _works_with_nobody(self, lone: int) -> str:
        if self.answered[lone]:
            return f"{self.names[lone]} works with nobody yet"
        # It may well, and has not said so.
        return f"Nobody who answered works with {self.names[lone]}"

    def _ask_first(self, i: int, j: int) -> str:
        silent = [self.names[k] for k in (i, j) if not self.answered[k]]
        if not silent:
            return ""
        who = f"Neither {silent[0]} nor {silent[1]} answered" if len(silent) == 2 else f"{silent[0]} did not answer"
        return f" {who} in {self.wave}, so ask first whether they work together already."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _period_words(period: str) -> str:
    """Return a period as a reader says it."""
    if len(period) == 7 and "Q" in period:
        return f"{period[5:]} {period[:4]}"
    day = period_end(pd.Series([period])).iloc[0]
    return {4: period, 7: f"{day:%B %Y}", 10: f"{day:%B} {day.day}, {day.year}"}[len(period)]
