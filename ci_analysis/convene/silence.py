"""Between which figures the network's lie, whatever the partners that did not answer would have said.

A pair is silent where at least one of its two members did not answer. A silent pair without a tie may have one; a
pair of two that answered, and of which neither reports a tie, has none for certain. These are bounds without any
assumption about those who are silent (Manski 1989), among the partners that are in the wave now: all that they could
have said of each other and of the rest lies between them. A silent partner could also have named one that is not in
the wave, which would then be in it; how many could come so is not known, and no bound counts them. Where all answered,
each bound is the figure itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["partner_bounds", "summary_bounds"]

#: The ends of the scales, and the number of questions behind trust, and behind value.
_STRONGEST = 5
_RATED_LOWEST, _RATED_HIGHEST, _ITEMS = 1, 4, 3


def partner_bounds(places: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return how high or low each partner's figures could be, had all of its wave answered.

    Had the k others that did not answer named every tie they could: degree has one more for each silent pair without
    a tie, in-degree is `in_degree + k`, and strength counts each silent pair at level 5. Had they rated the partner
    1 (or 4) on the three items of trust, trust is `(sum + 3k) / (count + 3k)` (or `(sum + 12k) / (count + 3k)`); so
    is value. All are reached, and with the same partners in the wave nothing lies beyond them. Of a partner that
    nobody rated, and of which k is 0, both ends are missing.

    Parameters
    ----------
    places : pandas.DataFrame
        One row a partner and wave: wave, partner_id, answered (bool), degree, in_degree (partners), trust_sum,
        trust_count, value_sum, value_count (sum and number of the ratings received).
    pairs : pandas.DataFrame
        As from `undirected_ties`, all among `places`, with answered_a and answered_b (bool).

    Returns
    -------
    pandas.DataFrame
        On the index of `places`: degree_high, in_degree_high (partners), strength_high (sum of levels), trust_low,
        trust_high, value_low, value_high (1 to 4).

    References
    ----------
    Manski (1989), Anatomy of the selection problem, Journal of Human Resources 24(3). Kossinets (2006), Effects of
    missing data in social networks, Social Networks 28(3).

    Examples
    --------
    Of three partners only a answered, and reports a tie with b: c may have one with both.

    >>> places = pd.DataFrame({"wave": "2026", "partner_id": ["a", "b", "c"], "answered": [True, False, False]})
    >>> places[["degree", "in_degree"]] = [[1, 0], [1, 1], [0, 0]]
    >>> places[["trust_sum", "trust_count", "value_sum", "value_count"]] = [[0, 0, 0, 0], [9, 3, 9, 3], [0, 0, 0, 0]]
    >>> pairs = pd.DataFrame({"wave": ["2026"], "partner_a": ["a"], "partner_b": ["b"], "strength": [2]})
    >>> pairs[["answered_a", "answered_b"]] = [True, False]
    >>> high = partner_bounds(places, pairs)
    >>> high[["degree_high", "in_degree_high", "strength_high", "trust_low"]].values.tolist()
    [[2.0, 2.0, 10.0, 1.0], [2.0, 2.0, 10.0, 2.0], [2.0, 1.0, 10.0, 1.0]]
    """
    index = pd.MultiIndex.from_frame(places[["wave", "partner_id"]])
    silent = ~places["answered"]
    by_wave = silent.groupby(places["wave"])
    others = by_wave.transform("size") - 1
    silent_others = by_wave.transform("sum") - silent
    # Whoever did not answer is in a silent pair with everybody.
    silent_pairs = silent_others.where(places["answered"], others)

    ends = pd.concat([pairs.rename(columns={end: "partner_id"}) for end in ("partner_a", "partner_b")])
    sure = ends["answered_a"] & ends["answered_b"]
    silent_ties = ends[~sure].groupby(["wave", "partner_id"]).size().reindex(index, fill_value=0).to_numpy()
    sure_strength = ends[sure].groupby(["wave", "partner_id"])["strength"].sum().reindex(index, fill_value=0).to_numpy()
    result = pd.DataFrame(
        {
            "degree_high": places["degree"] + silent_pairs - silent_ties,
            "in_degree_high": places["in_degree"] + silent_others,
            "strength_high": sure_strength + _STRONGEST * silent_pairs,
        }
    )
    for name in ("trust", "value"):
        count = places[f"{name}_count"] + _ITEMS * silent_others
        for end, rating in (("low", _RATED_LOWEST), ("high", _RATED_HIGHEST)):
            result[f"{name}_{end}"] = (places[f"{name}_sum"] + rating * _ITEMS * silent_others) / count
    return result


def summary_bounds(summary: pd.DataFrame, places: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return between which figures those of each wave's network as a whole lie, had all answered.

    With n partners, m ties, U silent pairs without a tie, and degree d_i and u_i such pairs of partner i:

    - ties at most `m + U`, density `2 (m + U) / (n (n-1))`; parts at least 1 where anybody is silent.
    - reciprocity over all pairs with a tie, at least `confirmed / (m + U)`: what the silent add may stay unconfirmed.
      At most `(confirmed + s + b) / (m + b)`: they confirm the s ties whose other side alone reported them, and the
      b pairs of two silent partners name each other. To a partner that answered, and did not name them, they can
      add no confirmed tie.
    - degree centralization at most with all silent ties at one hub, `sum = max_i((n-2)(d_i + u_i) + 2 d_i) - 2m`; at
      least `min_D(n D - 2 (m + floor(sum_i min(u_i, D - d_i) / 2)))` over each highest degree D that could be. This
      lower bound may not be reached.
    - E-I index with all silent pairs without a tie that lie within sectors, and none across (lowest), or the other
      way (highest). A pair of which a sector is unknown is in neither.
    - mean trust and mean value: the means of the partners' own bounds. A partner that nobody rated counts at both
      ends where somebody is silent: rated 1 it can only lower the mean, rated 4 only raise it.

    Each but the lower bound of centralization is reached by some answers. They run over those answers that name
    partners of the wave, and for which the figure is defined; where there are none, both ends are missing.

    Parameters
    ----------
    summary : pandas.DataFrame
        One row a wave: wave, ties, confirmed, components.
    places : pandas.DataFrame
        One row a partner and wave: wave, sector (may be missing), answered (bool), degree, degree_high, trust_low,
        trust_high, value_low, value_high.
    pairs : pandas.DataFrame
        As from `undirected_ties`, with answered_a, answered_b (bool), sector_a, sector_b.

    Returns
    -------
    pandas.DataFrame
        On the index of `summary`: ties_high (pairs), density_high, reciprocity_low, reciprocity_high,
        degree_centralization_low, degree_centralization_high (0 to 1), ei_index_low, ei_index_high (-1 to 1),
        components_low, mean_trust_low, mean_trust_high, mean_value_low, mean_value_high (1 to 4).

    References
    ----------
    Manski (1989), Anatomy of the selection problem, Journal of Human Resources 24(3). Kossinets (2006), Effects of
    missing data in social networks, Social Networks 28(3).

    Examples
    --------
    Four partners; a and b answered and agree, c and d are silent.

    >>> summary = pd.DataFrame({"wave": ["2026"], "ties": [1], "confirmed": [1], "components": [3]})
    >>> places = pd.DataFrame({"wave": "2026", "sector": "k12", "answered": [True, True, False, False]})
    >>> places[["degree", "degree_high"]] = [[1, 3], [1, 3], [0, 3], [0, 3]]
    >>> places[["trust_low", "trust_high", "value_low", "value_high"]] = 3.0
    >>> pairs = pd.DataFrame({"wave": ["2026"], "confirmed": [True], "sector_a": ["k12"], "sector_b": ["k12"]})
    >>> pairs[["answered_a", "answered_b"]] = True
    >>> summary_bounds(summary, places, pairs)[["ties_high", "reciprocity_low", "reciprocity_high"]].values.tolist()
    [[6.0, 0.16666666666666666, 1.0]]
    """
    own = ["mean_trust_low", "mean_trust_high", "mean_value_low", "mean_value_high"]
    means = places.groupby("wave")[[name.removeprefix("mean_") for name in own]].mean().reindex(summary["wave"])
    found = [
        _wave_bounds(row, places[places["wave"].eq(row.wave)], pairs[pairs["wave"].eq(row.wave)])
        for row in summary.itertuples()
    ]
    result = pd.DataFrame(found, columns=_OF_WAVE, index=summary.index)
    result[own] = means.to_numpy()
    return result


_OF_WAVE = [
    "ties_high",
    "density_high",
    "reciprocity_low",
    "reciprocity_high",
    "degree_centralization_low",
    "degree_centralization_high",
    "ei_index_low",
    "ei_index_high",
    "components_low",
]


def _wave_bounds(row: object, places: pd.DataFrame, pairs: pd.DataFrame) -> tuple[float, ...]:
    """Return one wave's bounds, in the order of `_OF_WAVE`."""
    n, silent = len(places), int((~places["answered"]).sum())
    highest = row.ties + int((places["degree_high"] - places["degree"]).sum()) // 2  # type: ignore[attr-defined]
    return (
        highest,
        2 * highest / (n * (n - 1)) if n > 1 else np.nan,
        *_reciprocity(row, highest, pairs, silent),
        *_centralization(places["degree"].to_numpy("int64"), places["degree_high"].to_numpy("int64")),
        *_ei_index(places, pairs),
        1 if silent else row.components,  # type: ignore[attr-defined]
    )


def _reciprocity(row: object, highest: int, pairs: pd.DataFrame, silent: int) -> tuple[float, float]:
    """Least and most reciprocity over all pairs; `highest` is the number of ties that there may be."""
    if not highest:
        return np.nan, np.nan
    m, confirmed = row.ties, row.confirmed  # type: ignore[attr-defined]
    one_sided = int((pairs["answered_a"] ^ pairs["answered_b"]).sum())
    # Two that are both silent report no tie, so that none of their pairs has one yet.
    both_silent = silent * (silent - 1) // 2
    most = m + both_silent
    # Without any of these, each tie that could still come is one that the other side has denied.
    return confirmed / highest, (confirmed + one_sided + both_silent) / most if most else 0.0


def _centralization(degree: np.ndarray, degree_high: np.ndarray) -> tuple[float, float]:
    """Bounds of degree centralization; the upper one is reached, the lower one may not be."""
    n = len(degree)
    if n < 3:
        return np.nan, np.nan
    ends, room = degree.sum(), degree_high - degree
    highest = ((n - 2) * degree_high + 2 * degree).max() - ends
    tops = np.arange(degree.max(), degree_high.max() + 1)
    # Each partner takes what leaves it at or below the highest degree; each tie is one of two partners'.
    added = np.minimum(room, tops[:, None] - degree).sum(axis=1) // 2
    lowest = (n * tops - ends - 2 * added).min()
    return lowest / ((n - 1) * (n - 2)), highest / ((n - 1) * (n - 2))


def _ei_index(places: pd.DataFrame, pairs: pd.DataFrame) -> tuple[float, float]:
    """Least and most E-I index."""
    everyone, sure = _by_sector(places["sector"]), _by_sector(places.loc[places["answered"], "sector"])
    ties = pairs[pairs["sector_a"].notna() & pairs["sector_b"].notna()]
    crosses = ties["sector_a"].ne(ties["sector_b"])
    is_silent = ~(ties["answered_a"] & ties["answered_b"])
    tied = np.array([crosses.sum(), (~crosses).sum()])
    free = everyone - sure - np.array([(crosses & is_silent).sum(), (~crosses & is_silent).sum()])
    if not (tied + free).any():
        return np.nan, np.nan
    low, high = tied + free * [0, 1], tied + free * [1, 0]
    # With ties of one kind only, however many, the index stays at that kind's end.
    low, high = (end if end.any() else tied + free for end in (low, high))
    return tuple((across - within) / (across + within) for across, within in (low, high))  # type: ignore[return-value]


def _by_sector(sector: pd.Series) -> np.ndarray:
    """Count the pairs of partners across sectors, and within; a partner of unknown sector is in none."""
    sizes = sector.value_counts().to_numpy()
    n, within = sizes.sum(), (sizes * (sizes - 1) // 2).sum()
    return np.array([n * (n - 1) // 2 - within, within])
