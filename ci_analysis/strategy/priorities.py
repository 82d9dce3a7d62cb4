"""Which projects come first: criteria, partners' weights, and how far the order depends on either.

Scores are oriented and scaled to 0–1, weighted and added up. Beside the ranking stands how sure it is: over all
possible weights (SMAA), over samples of partners (bootstrap), and between partners (Kendall's W).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ci_analysis.errors import WrongUse
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = [
    "agreed_values",
    "coalition_weights",
    "kendalls_w",
    "missing_scores",
    "oriented_scores",
    "partner_rankings",
    "partner_weights",
    "rank_acceptability",
    "ranking",
    "topsis",
]

#: Scores nearer to each other than this are equal: what lies below is the noise of adding in another order.
SAME_SCORE = 1e-12


def agreed_values(scores: pd.DataFrame, criteria: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Value of each project on each criterion: the agreed one, else the mean of the partners' judgements.

    Parameters
    ----------
    scores : pandas.DataFrame
        project_id, criterion, value (in the criterion's own unit), partner_id (missing: agreed by all).
    criteria : pandas.DataFrame
        criterion.
    projects : pandas.DataFrame
        project_id.

    Returns
    -------
    pandas.DataFrame
        Projects × criteria, both sorted by identifier. What nobody judged is missing.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b", "b"],
    ...         "criterion": "reach",
    ...         "value": [40.0, 10.0, 20.0],
    ...         "partner_id": [None, "school", "clinic"],
    ...     }
    ... )
    >>> agreed_values(scores, pd.DataFrame({"criterion": ["reach"]}), pd.DataFrame({"project_id": ["a", "b", "c"]}))
    criterion   reach
    project_id
    a            40.0
    b            15.0
    c             NaN
    """
    keys = ["project_id", "criterion"]
    # Sorted first, so that a mean is added up in the same order however the rows came.
    ordered = scores.sort_values([*keys, "partner_id"])
    agreed = ordered[ordered["partner_id"].isna()].groupby(keys)["value"].mean()
    judged = ordered[ordered["partner_id"].notna()].groupby(keys)["value"].mean()
    values = agreed.combine_first(judged).astype("float64").unstack("criterion")
    return values.reindex(
        index=pd.Index(sorted(projects["project_id"]), name="project_id"),
        columns=pd.Index(sorted(criteria["criterion"]), name="criterion"),
    )


def oriented_scores(scores: pd.DataFrame, criteria: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Score of each project on each criterion, 0 (worst) to 1 (best), whichever way the criterion points.

    ``(value − worst) / (best − worst)``, held between 0 and 1. Where a criterion gives no `worst` or `best`, it is the
    worst or best seen among the projects. Where nothing is given and all values seen are equal, every project is
    at the best seen: 1. The order stays as it is, and a project alone on the list still has a value. Where the one
    end that is given lies beyond all values seen, every project is at that end.

    Parameters
    ----------
    scores : pandas.DataFrame
        project_id, criterion, value (in the criterion's own unit), partner_id (missing: agreed by all). An agreed
        value goes before the partners' judgements, which are averaged.
    criteria : pandas.DataFrame
        criterion, goal (`max` or `min`), worst, best (in the criterion's own unit; missing: as seen).
    projects : pandas.DataFrame
        project_id.

    Returns
    -------
    pandas.DataFrame
        Projects × criteria, both sorted by identifier, 0–1. What nobody judged is missing.

    Raises
    ------
    WrongUse
        Where a criterion's `worst` is not on the worse side of its `best`.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b", "c", "a", "b"],
    ...         "criterion": ["reach", "reach", "reach", "risk", "risk"],
    ...         "value": [10.0, 20.0, 40.0, 1.0, 5.0],
    ...         "partner_id": None,
    ...     }
    ... )
    >>> criteria = pd.DataFrame(
    ...     {
    ...         "criterion": ["reach", "risk"],
    ...         "goal": ["max", "min"],
    ...         "worst": [0.0, 5.0],
    ...         "best": [40.0, 1.0],
    ...     }
    ... )
    >>> oriented_scores(scores, criteria, pd.DataFrame({"project_id": ["a", "b", "c"]}))
    criterion   reach  risk
    project_id
    a            0.25   1.0
    b            0.50   0.0
    c            1.00   NaN
    """
    raw = agreed_values(scores, criteria, projects)
    about = criteria.set_index("criterion").reindex(raw.columns)
    sign = about["goal"].map({"max": 1.0, "min": -1.0}).astype("float64")
    # From here on more is better: a goal of less is counted backwards.
    values, worst, best = raw * sign, about["worst"] * sign, about["best"] * sign
    _refuse_turned_ranges(about, worst >= best)
    low, high = worst.fillna(values.min()), best.fillna(values.max())
    span = high - low
    scaled = ((values - low) / span.where(span > 0)).clip(0, 1)
    # Without a span every project is at the one end that is given, or at the best seen.
    flat = (worst.isna() | best.notna()).astype("float64").where(~(span > 0))
    return scaled.fillna(values.notna() * flat).where(values.notna())


def _refuse_turned_ranges(about: pd.DataFrame, turned: pd.Series) -> None:
    wrong = [
        f"criterion '{name}' has goal {row.goal}, worst {row.worst:g} and best {row.best:g}"
        for name, row in zip(about.index[turned], about[turned].itertuples(), strict=True)
    ]
    if wrong:
        raise WrongUse(
            f"criteria: {'; '.join(wrong)}; with goal max write a worst below the best, with goal min above it"
        )


def missing_scores(matrix: pd.DataFrame) -> pd.DataFrame:
    """Scores that nobody has given: the reason why a project has no rank.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Projects × criteria, as from `oriented_scores`.

    Returns
    -------
    pandas.DataFrame
        project_id, criterion; sorted by both.

    Examples
    --------
    >>> matrix = pd.DataFrame({"reach": [0.5, None], "risk": [None, 1.0]}, index=["a", "b"])
    >>> missing_scores(matrix).values.tolist()
    [['a', 'risk'], ['b', 'reach']]
    """
    ordered = _sorted(matrix)
    rows, columns = np.nonzero(ordered.isna().to_numpy())
    return pd.DataFrame(
        {
            "project_id": ordered.index.to_numpy()[rows],
            "criterion": ordered.columns.to_numpy()[columns],
        },
        dtype="str",
    )


# --- weights ---------------------------------------------------------------------------------------------------------


def partner_weights(weights: pd.DataFrame, criteria: pd.DataFrame) -> pd.DataFrame:
    """Weights of each partner: its points, rescaled to sum 1.

    A criterion that a partner does not name gets none of its points. A partner that gives no points at all has no
    weights, and no row.

    Parameters
    ----------
    weights : pandas.DataFrame
        partner_id, criterion, points (0 or more).
    criteria : pandas.DataFrame
        criterion.

    Returns
    -------
    pandas.DataFrame
        Partners × criteria, both sorted by identifier; every row sums to 1.

    Examples
    --------
    >>> points = pd.DataFrame(
    ...     {
    ...         "partner_id": ["school", "school", "clinic"],
    ...         "criterion": ["reach", "risk", "reach"],
    ...         "points": [60.0, 20.0, 0.0],
    ...     }
    ... )
    >>> partner_weights(points, pd.DataFrame({"criterion": ["reach", "risk"]}))
    criterion   reach  risk
    partner_id
    school       0.75  0.25
    """
    columns = pd.Index(sorted(criteria["criterion"]), name="criterion")
    points = weights.set_index(["partner_id", "criterion"])["points"].astype("float64").sort_index()
    # Points are handed out from one purse: a criterion without an entry was given none of them.
    given = points.unstack("criterion", fill_value=0.0).reindex(columns=columns, fill_value=0.0).sort_index()
    total = given.sum(axis=1)
    return given[total > 0].div(total[total > 0], axis=0).rename_axis(index="partner_id")


def coalition_weights(weights: pd.DataFrame) -> pd.Series:
    """Weight of each criterion for the coalition: the mean of its partners' weights.

    Parameters
    ----------
    weights : pandas.DataFrame
        Partners × criteria, as from `partner_weights`.

    Returns
    -------
    pandas.Series
        By criterion, sum 1; missing where no partner has given weights.

    Examples
    --------
    >>> coalition_weights(pd.DataFrame({"reach": [0.75, 0.25], "risk": [0.25, 0.75]})).to_dict()
    {'reach': 0.5, 'risk': 0.5}
    """
    return weights.mean(axis=0).astype("float64").rename("weight")


# --- rankings --------------------------------------------------------------------------------------------------------


def ranking(
    matrix: pd.DataFrame,
    weights: pd.DataFrame,
    *,
    raw: tuple[pd.DataFrame, pd.Series] | None = None,
    draws: int = 10_000,
    samples: int = 1_000,
    seed: int,
) -> pd.DataFrame:
    """Score and rank of each project by the coalition's weights, and how sure the rank is.

    The score is ``Σ weight × oriented score``. Equal scores share the better rank. A project that lacks a score on
    any criterion has no score and no rank (`missing_scores` says which): it is not judged on what it happens to
    have. Where no partner has given weights, nobody has a score; acceptability and dominance need none.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Projects × criteria, 0–1, as from `oriented_scores`.
    weights : pandas.DataFrame
        Partners × criteria, as from `partner_weights`.
    raw : tuple of pandas.DataFrame and pandas.Series, optional
        Values as from `agreed_values`, and each criterion's goal: what TOPSIS is published for. Without them, or
        where a value is below zero, it takes the oriented scores.
    draws : int
        Weights drawn for the acceptabilities.
    samples : int
        Bootstrap samples of partners.
    seed : int
        Of both.

    Returns
    -------
    pandas.DataFrame
        project_id, score, rank (1 is first), rank_low and rank_high (5th and 95th percentile of the rank when the
        partners are drawn again with replacement and the scores stay as they are; missing with fewer than two
        partners), acceptability_1, acceptability_top3 (share of all possible weights that put it first, or among
        the first three), dominated_by (`;` project_id: at least as good on every criterion and better on one),
        disagreement (interquartile range of its rank across partners; missing with fewer than two), topsis and
        topsis_rank (see `topsis`; by the coalition's weights), lacking (`;` criterion: what nobody has judged).
        Sorted by rank, then project_id; projects without a rank come last.

    Raises
    ------
    WrongUse
        Where a weight is missing or below zero, or none of a partner's is above it.

    References
    ----------
    Lahdelma, R. and Salminen, P. (2001), SMAA-2: Stochastic multicriteria acceptability analysis for group decision
    making, Operations Research 49(3). Efron, B. (1979), Bootstrap methods, Annals of Statistics 7(1).

    Examples
    --------
    >>> matrix = pd.DataFrame({"reach": [1.0, 0.0, 0.0], "risk": [0.5, 1.0, 0.0]}, index=["a", "b", "c"])
    >>> weights = pd.DataFrame({"reach": [0.5], "risk": [0.5]}, index=["school"])
    >>> ranking(matrix, weights, seed=1)[["project_id", "score", "rank", "dominated_by"]].values.tolist()
    [['a', 0.75, 1.0, nan], ['b', 0.5, 2.0, nan], ['c', 0.0, 3.0, 'a;b']]
    """
    whole, lacking = _judged(matrix)
    result = pd.DataFrame(
        index=whole.index.append(lacking), columns=OUTPUTS["ranking"].names[1:], dtype="float64"
    ).astype({"dominated_by": "str", "lacking": "str"})
    if len(whole):
        acceptability = rank_acceptability(whole, draws=draws, seed=seed)
        for name, last in (("acceptability_1", 1), ("acceptability_top3", 3)):
            among = acceptability[acceptability["rank"] <= last]
            result[name] = among.groupby("project_id")["probability"].sum().clip(upper=1)
        result.loc[whole.index, "dominated_by"] = _dominated_by(whole)
    if len(whole) and len(weights):
        own = _weights_for(weights, whole)
        result.loc[whole.index, "score"] = score = _weighted(whole, own.mean(axis=0)[None, :])[0]
        result.loc[whole.index, "rank"] = _ranks(score)
        result.loc[whole.index, "topsis"] = close = _closeness(whole, weights, raw)
        # Projects that are all alike have no closeness, and no order.
        known = close.dropna()
        result.loc[known.index, "topsis_rank"] = _ranks(known.to_numpy())
    if len(whole) and len(weights) > 1:
        drawn = np.random.default_rng(seed).multinomial(len(own), np.full(len(own), 1 / len(own)), size=samples)
        ranks = _ranks(_weighted(whole, drawn / len(own) @ own))
        # A rank that occurred, never one between two ranks.
        result.loc[whole.index, ["rank_low", "rank_high"]] = np.percentile(
            ranks, [5, 95], axis=0, method="inverted_cdf"
        ).T
        quartiles = np.percentile(_ranks(_weighted(whole, own)), [25, 75], axis=0)
        result.loc[whole.index, "disagreement"] = quartiles[1] - quartiles[0]
    if len(lacking):
        absent = missing_scores(matrix).groupby("project_id")["criterion"].agg(";".join)
        result.loc[absent.index, "lacking"] = absent
    result = result.rename_axis("project_id").reset_index().sort_values(["rank", "project_id"])
    return conform(result, OUTPUTS["ranking"])


def _closeness(whole: pd.DataFrame, weights: pd.DataFrame, raw: tuple[pd.DataFrame, pd.Series] | None) -> pd.Series:
    """TOPSIS of the projects that have all their scores, on raw values where the method takes them."""
    together = coalition_weights(weights.sort_index())
    if raw is not None:
        values = raw[0].reindex(index=whole.index, columns=whole.columns)
        if values.notna().all(axis=None) and (values >= 0).all(axis=None):
            return topsis(values, together, goals=raw[1])
    return topsis(whole, together)


def partner_rankings(matrix: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Score and rank of each project by each partner's own weights.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Projects × criteria, 0–1, as from `oriented_scores`: the coalition's scores, not the partner's own.
    weights : pandas.DataFrame
        Partners × criteria, as from `partner_weights`.

    Returns
    -------
    pandas.DataFrame
        partner_id, project_id, score, rank (1 is first; equal scores share the better rank). A project that lacks a
        score on any criterion has neither. Sorted by partner_id, rank and project_id.

    Examples
    --------
    >>> matrix = pd.DataFrame({"reach": [1.0, 0.0], "risk": [0.5, 1.0]}, index=["a", "b"])
    >>> weights = pd.DataFrame({"reach": [0.75, 0.25], "risk": [0.25, 0.75]}, index=["school", "union"])
    >>> partner_rankings(matrix, weights).values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['school', 'a', 0.875, 1.0], ['school', 'b', 0.25, 2.0],
     ['union', 'b', 0.75, 1.0], ['union', 'a', 0.625, 2.0]]
    """
    whole, lacking = _judged(matrix)
    projects = whole.index.append(lacking)
    if weights.empty or projects.empty:
        return empty_frame(OUTPUTS["partner_rankings"])
    score = pd.DataFrame(np.nan, index=weights.index.sort_values(), columns=projects)
    rank = score.copy()
    if len(whole):
        values = _weighted(whole, _weights_for(weights, whole))
        score[whole.index], rank[whole.index] = values, _ranks(values)
    result = pd.DataFrame(
        {
            "partner_id": score.index.repeat(len(projects)),
            "project_id": np.tile(projects.to_numpy(), len(score)),
            "score": score.to_numpy().ravel(),
            "rank": rank.to_numpy().ravel(),
        }
    )
    return conform(result.sort_values(["partner_id", "rank", "project_id"]), OUTPUTS["partner_rankings"])


def rank_acceptability(matrix: pd.DataFrame, *, draws: int = 10_000, seed: int) -> pd.DataFrame:
    """Share of all possible weights that give a project a rank.

    Weights are drawn uniformly from the simplex (all non-negative weights that sum to 1). A share has a standard
    error of at most ``0.5 / sqrt(draws)``: 0.005 with 10,000 draws. Equal scores share the better rank.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Projects × criteria, 0–1, as from `oriented_scores`. Projects that lack a score take no part.
    draws : int
        Weights drawn.
    seed : int
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        project_id, rank, probability; one row for each project and each possible rank, sorted by both. The
        probabilities of a project sum to 1.

    References
    ----------
    Lahdelma, R. and Salminen, P. (2001), SMAA-2: Stochastic multicriteria acceptability analysis for group decision
    making, Operations Research 49(3), 444–454.

    Examples
    --------
    Better on everything is first under all weights.

    >>> matrix = pd.DataFrame({"reach": [1.0, 0.0], "risk": [0.5, 0.4]}, index=["a", "b"])
    >>> rank_acceptability(matrix, draws=100, seed=1).values.tolist()
    [['a', 1.0, 1.0], ['a', 2.0, 0.0], ['b', 1.0, 0.0], ['b', 2.0, 1.0]]
    """
    whole, _ = _judged(matrix)
    n, m = whole.shape
    if not n or not m:
        return empty_frame(OUTPUTS["rank_acceptability"])
    weights = np.random.default_rng(seed).dirichlet(np.ones(m), size=draws)
    order, better = _in_order(_weighted(whole, weights))
    cells = order * n + better
    result = pd.DataFrame(
        {
            "project_id": whole.index.repeat(n),
            "rank": np.tile(np.arange(1, n + 1), n),
            "probability": np.bincount(cells.ravel(), minlength=n * n) / draws,
        }
    )
    return conform(result, OUTPUTS["rank_acceptability"])


# --- checks ----------------------------------------------------------------------------------------------------------


def kendalls_w(rankings: pd.DataFrame) -> float:
    """Agreement between the partners' rankings: Kendall's coefficient of concordance W, with the ties' correction.

    ``W = 12 S / (m² (n³ − n) − m ΣT)``, with m partners, n projects, S the sum of squared deviations of the projects'
    rank sums from their mean, and T = Σ (t³ − t) over each partner's groups of t tied projects; ties take the mean of
    the ranks that they span. 1: all the same order; 0: no agreement.

    Parameters
    ----------
    rankings : pandas.DataFrame
        partner_id, project_id, rank, as from `partner_rankings`. Only projects that every partner has ranked count.

    Returns
    -------
    float
        0–1; missing with fewer than two partners or two projects, or where every partner ranks all projects equal.

    References
    ----------
    Kendall, M. G. and Babington Smith, B. (1939), The problem of m rankings, Annals of Mathematical Statistics 10(3).

    Examples
    --------
    >>> kendalls_w(pd.DataFrame({"partner_id": list("sstt"), "project_id": list("abab"), "rank": [1, 2, 1, 2]}))
    1.0
    """
    by_partner = rankings.pivot(index="partner_id", columns="project_id", values="rank").dropna(axis=1)
    # Shared better ranks become mean ranks, as the formula takes them.
    ranks = by_partner.rank(axis=1).to_numpy(dtype="float64")
    m, n = ranks.shape
    if m < 2 or n < 2:
        return float("nan")
    sums = ranks.sum(axis=0)
    deviation = ((sums - sums.mean()) ** 2).sum()
    # Each project stands in a group of t, so adding t² − 1 over projects adds t³ − t over groups.
    size = (ranks[:, :, None] == ranks[:, None, :]).sum(axis=2)
    bottom = m**2 * (n**3 - n) - m * (size**2 - 1).sum()
    return float(12 * deviation / bottom) if bottom else float("nan")


def topsis(matrix: pd.DataFrame, weights: pd.Series, *, goals: pd.Series | None = None) -> pd.Series:
    """Relative closeness of each project to the ideal one, 0–1 (TOPSIS): another method's answer, as a check.

    Each criterion is divided by the root of its sum of squares and multiplied by its weight. The ideal has the best
    of every criterion, its opposite the worst; with d⁺ and d⁻ the Euclidean distances from the two, closeness is
    ``d⁻ / (d⁺ + d⁻)``. On raw values this is the published method, and the ranges of the criteria play no part; on
    oriented scores they do.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Projects × criteria: raw values of 0 or more (`agreed_values`), with `goals`; or oriented scores.
    weights : pandas.Series
        By criterion, as from `coalition_weights`.
    goals : pandas.Series, optional
        By criterion, `max` or `min`; by default more is better everywhere, as in oriented scores.

    Returns
    -------
    pandas.Series
        `closeness`, on the matrix's index. Missing where a project lacks a score, which also takes no part in the
        others' figures, and where all projects are alike.

    References
    ----------
    Hwang, C.-L. and Yoon, K. (1981), Multiple Attribute Decision Making, Springer, 128–140.

    Examples
    --------
    >>> matrix = pd.DataFrame({"reach": [3.0, 4.0], "cost": [4.0, 3.0]}, index=["a", "b"])
    >>> goals = pd.Series({"reach": "max", "cost": "min"})
    >>> topsis(matrix, pd.Series({"reach": 0.5, "cost": 0.5}), goals=goals).to_dict()
    {'a': 0.0, 'b': 1.0}
    """
    whole = matrix.dropna().astype("float64")
    sign = 1.0 if goals is None else goals.reindex(whole.columns).map({"max": 1.0, "min": -1.0}).astype("float64")
    length = np.sqrt((whole**2).sum())
    # A criterion on which everybody has nothing keeps nobody apart.
    weighted = whole / length.where(length > 0, 1) * weights.reindex(whole.columns) * sign
    from_best = _distance(weighted, weighted.max())
    from_worst = _distance(weighted, weighted.min())
    total = from_best + from_worst
    return (from_worst / total.where(total > 0)).reindex(matrix.index).rename("closeness")


def _distance(points: pd.DataFrame, point: pd.Series) -> pd.Series:
    return ((points - point) ** 2).sum(axis=1, skipna=False) ** 0.5


# --- kernels ---------------------------------------------------------------------------------------------------------


def _sorted(matrix: pd.DataFrame) -> pd.DataFrame:
    return matrix.sort_index(axis=0).sort_index(axis=1)


def _judged(matrix: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
    """Projects with a score on every criterion, sorted, and the names of the others."""
    ordered = _sorted(matrix)
    whole = ordered.notna().all(axis=1) & bool(ordered.shape[1])
    return ordered[whole], ordered.index[~whole]


def _weights_for(weights: pd.DataFrame, matrix: pd.DataFrame) -> np.ndarray:
    own = weights.sort_index().reindex(columns=matrix.columns).astype("float64")
    wrong = own.index[(own.isna() | (own < 0)).any(axis=1) | ~(own.sum(axis=1) > 0)]
    if len(wrong):
        raise WrongUse(
            f"weights of {', '.join(map(str, wrong))}: each is 0 or more, one at least is above 0, and none is missing"
        )
    return own.to_numpy(dtype="float64")


def _weighted(matrix: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Scores by each row of weights: weights × projects."""
    return weights @ matrix.to_numpy(dtype="float64").T


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks along the last axis, 1 for the largest; the equal share the better rank."""
    order, better = _in_order(values)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, better + 1, axis=-1)
    return ranks


def _in_order(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions along the last axis from the largest value to the least, and how many values are better than each."""
    order = np.argsort(-values, axis=-1)
    falling = -np.sort(-values, axis=-1)
    places = np.broadcast_to(np.arange(values.shape[-1]), values.shape)
    apart = falling[..., :-1] - falling[..., 1:] > SAME_SCORE
    if apart.all():
        return order, places
    starts = np.concatenate([np.zeros((*values.shape[:-1], 1), dtype=bool), apart], axis=-1)
    return order, np.maximum.accumulate(np.where(starts, places, 0), axis=-1)


def _dominated_by(matrix: pd.DataFrame) -> list[str | None]:
    """For each project, those at least as good on every criterion and better on one."""
    values = matrix.to_numpy(dtype="float64")

    ahead, beside = values[:, None, :], values[None, :, :]
    beats = (ahead >= beside).all(axis=2) & (ahead > beside).any(axis=2)
    return [";".join(matrix.index[column]) or None for column in beats.T]
