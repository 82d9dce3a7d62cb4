"""Peers: which communities are most like an area, and what is usual among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from ci_analysis.landscape.indicators import indicator_kinds
from ci_analysis.landscape.need import latest_figures
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from ci_analysis.issues import Profile

__all__ = ["peer_medians", "peers"]

#: Share of communities that must have an indicator for it to be matched on.
_MINIMUM_SHARE = 0.8
#: Distances that differ by less are the same: sums in another order.
_DECIMALS = 9
#: Areas whose distances to all communities are held at a time.
_ROWS = 500


def peers(
    indicators: pd.DataFrame,
    areas: pd.DataFrame,
    profile: Profile,
    *,
    as_of: dt.date,
    match: Sequence[str] = (),
    count: int = 10,
    others: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Communities most like each area, by the indicators that both have.

    `distance = sqrt(Σ (z_area − z_peer)² / m)` over the `m` indicators matched on, each in standard deviations from
    its mean over all areas and candidates, so that none counts more for its unit. Counts, such as population, are
    taken as `ln(1 + count)` first: a few large places would else make all others look alike. Figures are for
    everybody, each indicator in its latest period (`latest_figures`). Candidates are the other areas, or, where they
    are given, other communities instead.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe.
    areas : pandas.DataFrame
        The study's areas: geoid, name.
    profile : Profile
        The issue, for the kinds of indicators, and by which communities are alike.
    as_of : datetime.date
        The day the study speaks of.
    match : sequence of str
        Indicators to match on; without any, the profile's. One that fewer than 80 % of the areas or of the
        candidates have, or that is the same everywhere, is left out.
    count : int
        How many peers of each area.
    others : pandas.DataFrame, optional
        The study's table `peers`: geoid, name, indicator, period, segment, value. With rows, its communities are the
        candidates; an area that is among them is not its own peer.

    Returns
    -------
    pandas.DataFrame
        Output table `peers`, by geoid and rank; of candidates as far away, the one with the smaller geoid comes first.
        An area that lacks an indicator matched on has no rows, and such a community is nobody's peer.

    Examples
    --------
    >>> import datetime as dt
    >>> from ci_analysis.issues import load_profile
    >>> areas = pd.DataFrame({"geoid": ["a", "b", "c"], "name": ["A", "B", "C"]})
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": ["a", "b", "c"],
    ...         "indicator": "rate_poverty",
    ...         "period": "2024",
    ...         "segment": None,
    ...         "value": [0.1, 0.2, 0.4],
    ...         "moe": None,
    ...     }
    ... )
    >>> like = peers(figures, areas, load_profile("child-care"), as_of=dt.date(2026, 6, 30), count=1)
    >>> like[["geoid", "rank", "peer", "matched_on"]].values.tolist()
    [['a', 1.0, 'b', 'rate_poverty'], ['b', 1.0, 'a', 'rate_poverty'], ['c', 1.0, 'b', 'rate_poverty']]
    """
    table = OUTPUTS["peers"]
    names = areas.drop_duplicates("geoid").set_index("geoid")["name"].sort_index()
    every, candidates = indicators, names
    outside = others is not None and len(others) > 0
    if outside:
        candidates = others.sort_values(["geoid", "period"]).drop_duplicates("geoid").set_index("geoid")["name"]
        every = others.assign(moe=np.nan)
    wanted = list(dict.fromkeys(match or profile.like))
    own = _covariates(indicators, names.index, wanted, as_of)
    theirs = _covariates(every, candidates.index, wanted, as_of) if outside else own
    known = [c for c in wanted if min(own[c].notna().mean(), theirs[c].notna().mean()) >= _MINIMUM_SHARE - 1e-9]
    own, theirs = _standardised(own[known], theirs[known] if outside else None, profile)
    if own.empty or theirs.empty or not len(own.columns):
        return empty_frame(table)
    ranked = _ranked(own, theirs, count)
    ranked["name"] = ranked["peer"].map(candidates)
    return conform(ranked.assign(matched_on=";".join(own.columns))[table.names], table)


def _covariates(indicators: pd.DataFrame, geoids: pd.Index, names: list[str], as_of: dt.date) -> pd.DataFrame:
    """Return each community's latest figures for everybody, an indicator a column."""
    places = pd.DataFrame({"geoid": geoids})
    found = {name: latest_figures(indicators, name, areas=places, as_of=as_of) for name in names}
    return pd.DataFrame(
        {name: f[f["segment"].isna()].set_index("geoid")["value"].reindex(geoids) for name, f in found.items()},
        index=geoids,
        columns=names,
    )


def _standardised(
    own: pd.DataFrame, theirs: pd.DataFrame | None, profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return areas' and candidates' covariates as z-scores over both; only of those that lack none."""
    counts = own.columns[indicator_kinds(pd.Series(own.columns, dtype="str"), profile).eq("count")]
    both = own if theirs is None else pd.concat([own, theirs])
    both = both.assign(**{name: np.log1p(both[name]) for name in counts})
    spread = both.std(ddof=0)
    both = both.loc[:, spread > 1e-12 * both.abs().max()]
    z = (both - both.mean()) / both.std(ddof=0)
    first, last = z.iloc[: len(own)].dropna(), (z if theirs is None else z.iloc[len(own) :]).dropna()
    return first, last


def _ranked(own: pd.DataFrame, theirs: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return each area's nearest candidates: geoid, rank, peer, distance."""
    theirs = theirs.sort_index()
    made = []
    for start in range(0, len(own), _ROWS):
        here = own.iloc[start : start + _ROWS]
        apart = cdist(here.to_numpy(), theirs.to_numpy()) / np.sqrt(theirs.shape[1])
        itself = here.index.to_numpy()[:, None] == theirs.index.to_numpy()[None, :]
        rounded = np.where(itself, np.inf, np.round(apart, _DECIMALS))
        # Candidates stand in the order of their geoids, and a stable sort leaves those as far away in it.
        order = np.argsort(rounded, axis=1, kind="stable")[:, :count]
        kept = np.isfinite(np.take_along_axis(rounded, order, axis=1))
        rows, ranks = np.nonzero(kept)
        made.append(
            pd.DataFrame(
                {
                    "geoid": here.index.to_numpy()[rows],
                    "rank": ranks + 1,
                    "peer": theirs.index.to_numpy()[order[kept]],
                    "distance": np.take_along_axis(apart, order, axis=1)[kept],
                }
            )
        )
    return pd.concat(made, ignore_index=True)


def peer_medians(table: pd.DataFrame, peers: pd.DataFrame, *, others: pd.DataFrame | None = None) -> pd.DataFrame:
    """Median figure of each area's peers, beside its own.

    Parameters
    ----------
    table : pandas.DataFrame
        Output table `indicators`.
    peers : pandas.DataFrame
        Output table `peers`.
    others : pandas.DataFrame, optional
        The study's table `peers`; with rows, the peers' figures are taken from it.

    Returns
    -------
    pandas.DataFrame
        The table with `peer_median`: over the peers whose figure of the same indicator, period and segment is known;
        missing where none is.

    Examples
    --------
    >>> table = pd.DataFrame({"geoid": ["a", "b", "c"], "indicator": "i", "period": "2024", "segment": None})
    >>> like = pd.DataFrame({"geoid": ["a", "a"], "peer": ["b", "c"]})
    >>> peer_medians(table.assign(value=[1.0, 2.0, 4.0]), like)["peer_median"].to_list()
    [3.0, nan, nan]
    """
    series = ["indicator", "period", "key"]
    given = others if others is not None and len(others) else table
    figures = given.loc[given["value"].notna(), ["geoid", "indicator", "period", "segment", "value"]]
    figures = figures.assign(key=figures["segment"].astype("str").fillna(""))
    pairs = peers[["geoid", "peer"]].merge(figures.rename(columns={"geoid": "peer"}), on="peer")
    median = pairs.groupby(["geoid", *series])["value"].median().rename("peer_median").reset_index()
    keys = table[["geoid", "indicator", "period"]].assign(key=table["segment"].astype("str").fillna(""))
    found = keys.merge(median, on=["geoid", *series], how="left", validate="m:1")["peer_median"]
    return table.assign(peer_median=found.to_numpy(dtype="float64"))
