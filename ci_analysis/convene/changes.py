"""Which ties came, went, grew or weakened from one wave of the survey to the next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ci_analysis.convene.ties import members, undirected_ties
from ci_analysis.convene.waves import in_wave_order

__all__ = ["network_changes"]

_ORDER = ["new", "lost", "stronger", "weaker"]
_PAIR = ["partner_a", "partner_b"]


def network_changes(partners: pd.DataFrame, ties: pd.DataFrame, *, tie_level: int) -> pd.DataFrame:
    """Return the pairs of partners whose tie is not what it was in the wave before.

    A tie is new where the pair had none in the wave before, lost where it has none now, and stronger or weaker where
    its strength is another. A change is comparable where both partners are in both waves, and each of the two
    answered in both or in neither: then it is not the silence of one that changed.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, status, joined_on, left_on (dates).
    ties : pandas.DataFrame
        One row a report: wave (period), source, target (partner_id), level (0 to 5, Levels of Collaboration).
    tie_level : int
        Level from which on a tie stands.

    Returns
    -------
    pandas.DataFrame
        One row a pair that changed, by wave, change (new, lost, stronger, weaker), partner_a and partner_b: wave,
        partner_a, partner_b (partner_a before partner_b), wave_before (period), change, strength_before, strength
        (level; missing where there is no tie), comparable (bool), came_or_left (bool: one of the two was not in the
        network in one of the waves). No rows with fewer than two waves.

    References
    ----------
    Kossinets (2006), Effects of missing data in social networks, Social Networks 28(3).

    Examples
    --------
    In 2026 b is silent, so that nobody knows whether its tie with c is lost.

    >>> partners = pd.DataFrame({"partner_id": ["a", "b", "c"], "status": "joined"})
    >>> partners[["joined_on", "left_on"]] = pd.NaT
    >>> ties = pd.DataFrame(
    ...     [("2025", "a", "c", 2), ("2025", "b", "c", 2), ("2026", "a", "c", 4)],
    ...     columns=["wave", "source", "target", "level"],
    ... )
    >>> changed = network_changes(partners, ties, tie_level=2)
    >>> changed[["partner_a", "partner_b", "change", "comparable"]].values.tolist()
    [['b', 'c', 'lost', False], ['a', 'c', 'stronger', True]]
    """
    waves = in_wave_order(pd.DataFrame({"wave": ties["wave"].dropna().unique()}))["wave"]
    pairs = undirected_ties(ties, tie_level=tie_level).astype({"strength": "float64"})
    place = pd.Index(waves).get_indexer(pairs["wave"])
    now = pairs.assign(place=place, strength_before=np.nan)
    before = pairs.assign(place=place + 1, strength_before=pairs["strength"], strength=np.nan)
    both = pd.concat([now[now["place"] > 0], before[before["place"] < len(waves)]])
    result = both.groupby(["place", *_PAIR], as_index=False)[["strength_before", "strength"]].max()
    result = result[result["strength"].ne(result["strength_before"])].reset_index(drop=True)
    after = result.pop("place").to_numpy()
    result = result.assign(wave=waves.to_numpy()[after], wave_before=waves.to_numpy()[after - 1])
    change = np.select(
        [
            result["strength_before"].isna(),
            result["strength"].isna(),
            result["strength"].gt(result["strength_before"]),
        ],
        [0, 1, 2],
        3,
    )
    # Missing where the partner is not in the wave, and a missing answer is like no other.
    answered = members(partners, ties).set_index(["wave", "partner_id"])["answered"].astype("float64")
    then, still = (
        [answered.reindex(pd.MultiIndex.from_frame(result[[wave, end]])).to_numpy() for end in _PAIR]
        for wave in ("wave_before", "wave")
    )
    result = result.assign(_change=change, change=np.array(_ORDER)[change])
    result["comparable"] = (then[0] == still[0]) & (then[1] == still[1])
    result["came_or_left"] = np.isnan([*then, *still]).any(axis=0)
    columns = ["wave", *_PAIR, "wave_before", "change", "strength_before", "strength", "comparable", "came_or_left"]
    return in_wave_order(result, "_change", *_PAIR)[columns]
