"""How far partners agree: what each weighs, who would object to the coalition's first project, and who is silent."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from ci_analysis.strategy.priorities import agreed_values, coalition_weights, kendalls_w, oriented_scores
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = ["agreement", "criterion_scores", "criterion_weights", "objections", "weights_by_partner"]


def criterion_scores(scores: pd.DataFrame, criteria: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Value of each project on each criterion, what it is worth there, and how many judged it.

    Parameters
    ----------
    scores : pandas.DataFrame
        project_id, criterion, value (in the criterion's own unit), partner_id (missing: agreed by all).
    criteria : pandas.DataFrame
        criterion, goal, worst, best; see `oriented_scores`.
    projects : pandas.DataFrame
        project_id.

    Returns
    -------
    pandas.DataFrame
        project_id, criterion, value (agreed, else the mean of the judgements), score (0–1), judges (partners whose
        judgements the value is the mean of; missing where it is agreed, and where nobody judged). One row for each
        project and criterion, sorted by both.

    Examples
    --------
    >>> scores = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "a", "b"],
    ...         "criterion": "reach",
    ...         "value": [10.0, 30.0, 40.0],
    ...         "partner_id": ["school", "clinic", None],
    ...     }
    ... )
    >>> criteria = pd.DataFrame({"criterion": ["reach"], "goal": ["max"], "worst": [0.0], "best": [40.0]})
    >>> criterion_scores(scores, criteria, pd.DataFrame({"project_id": ["a", "b"]})).values.tolist()
    [['a', 'reach', 20.0, 0.5, 2.0], ['b', 'reach', 40.0, 1.0, nan]]
    """
    if projects.empty or criteria.empty or scores.empty:
        return empty_frame(OUTPUTS["criterion_scores"])
    keys = ["project_id", "criterion"]
    values = agreed_values(scores, criteria, projects).stack(future_stack=True).rename("value")
    oriented = oriented_scores(scores, criteria, projects).stack(future_stack=True).rename("score")
    judged = scores[scores["partner_id"].notna()].groupby(keys)["partner_id"].nunique().rename("judges")
    agreed = scores[scores["partner_id"].isna()].set_index(keys).index
    table = pd.concat([values, oriented], axis=1).join(judged.astype("float64"))
    table["judges"] = table["judges"].mask(table.index.isin(agreed))
    return conform(table.reset_index().sort_values(keys), OUTPUTS["criterion_scores"])


def weights_by_partner(weights: pd.DataFrame) -> pd.DataFrame:
    """Weight of each criterion for each partner that has given any, a row each.

    Parameters
    ----------
    weights : pandas.DataFrame
        Partners × criteria, as from `partner_weights`.

    Returns
    -------
    pandas.DataFrame
        partner_id, criterion, weight (0–1; a partner's sum to 1); sorted by both.

    Examples
    --------
    >>> own = pd.DataFrame({"reach": [0.75], "risk": [0.25]}, index=["school"])
    >>> weights_by_partner(own).values.tolist()
    [['school', 'reach', 0.75], ['school', 'risk', 0.25]]
    """
    table = weights.rename_axis(index="partner_id", columns="criterion")
    long = table.stack(future_stack=True).rename("weight").reset_index()
    return conform(long.sort_values(["partner_id", "criterion"]), OUTPUTS["partner_weights"])


def criterion_weights(weights: pd.DataFrame) -> pd.DataFrame:
    """Weight of each criterion for the coalition, and the middle half of its partners' weights.

    Parameters
    ----------
    weights : pandas.DataFrame
        Partners × criteria, as from `partner_weights`.

    Returns
    -------
    pandas.DataFrame
        criterion, weight (mean over partners), low and high (quartiles over partners, in whole hundredths, so that no
        partner's own weight is given with all its digits; missing with fewer than two), partners; sorted by criterion.
        Empty where no partner has given weights.

    Examples
    --------
    >>> own = pd.DataFrame({"reach": [0.8, 0.4], "risk": [0.2, 0.6]}, index=["school", "union"])
    >>> criterion_weights(own)[["criterion", "low", "high", "partners"]].values.tolist()
    [['reach', 0.5, 0.7, 2.0], ['risk', 0.3, 0.5, 2.0]]
    """
    if weights.empty:
        return empty_frame(OUTPUTS["criterion_weights"])
    ordered = weights.sort_index().sort_index(axis=1)
    several = len(ordered) > 1
    table = pd.DataFrame(
        {
            "criterion": ordered.columns,
            "weight": coalition_weights(ordered).to_numpy(),
            "low": ordered.quantile(0.25).round(2).to_numpy() if several else np.nan,
            "high": ordered.quantile(0.75).round(2).to_numpy() if several else np.nan,
            "partners": float(len(ordered)),
        }
    )
    return conform(table, OUTPUTS["criterion_weights"])


def objections(ranking: pd.DataFrame, partner_rankings: pd.DataFrame) -> pd.DataFrame:
    """How each partner's own order treats the project that the coalition ranks first.

    A partner would object where the project stands in the lower half of its own order: below the middle rank,
    ``rank > (n + 1) / 2`` of n ranked projects. Equal scores share the better rank.

    Parameters
    ----------
    ranking : pandas.DataFrame
        project_id, rank, as from `ranking`. Where several share the first rank, each has its rows.
    partner_rankings : pandas.DataFrame
        partner_id, project_id, score, rank, as from `partner_rankings`.

    Returns
    -------
    pandas.DataFrame
        partner_id, project_id, rank (in the partner's own order), own_first (`;` project_id), loss (by the partner's
        own weights, score of its own first less score of this one, 0–1), objects; sorted by both.

    Examples
    --------
    >>> ranking = pd.DataFrame({"project_id": ["a", "b", "c"], "rank": [1.0, 2.0, 3.0]})
    >>> own = pd.DataFrame(
    ...     {"partner_id": "union", "project_id": ["c", "b", "a"], "score": [0.75, 0.5, 0.25], "rank": [1.0, 2.0, 3.0]}
    ... )
    >>> objections(ranking, own)[["rank", "own_first", "loss", "objects"]].values.tolist()
    [[3.0, 'c', 0.5, True]]
    """
    ranked = partner_rankings[partner_rankings["rank"].notna()]
    top = ranking.loc[ranking["rank"] == 1, "project_id"]
    if ranked.empty or top.empty:
        return empty_frame(OUTPUTS["objections"])
    by_partner = ranked.sort_values(["partner_id", "project_id"]).groupby("partner_id")
    first = ranked[ranked["rank"] == 1].sort_values("project_id").groupby("partner_id")["project_id"].agg(";".join)
    table = ranked[ranked["project_id"].isin(top)].copy()
    table["own_first"] = table["partner_id"].map(first)
    table["loss"] = table["partner_id"].map(by_partner["score"].max()) - table["score"]
    table["objects"] = table["rank"] > (table["partner_id"].map(by_partner.size()) + 1) / 2
    return conform(table.drop(columns="score").sort_values(["partner_id", "project_id"]), OUTPUTS["objections"])


def agreement(
    ranking: pd.DataFrame, partner_rankings: pd.DataFrame, partners: pd.DataFrame, *, as_of: date | None = None
) -> pd.DataFrame:
    """Agreement of the partners' orders: Kendall's W, objectors to the first project, and who is silent.

    Parameters
    ----------
    ranking : pandas.DataFrame
        project_id, rank, topsis_rank, as from `ranking`.
    partner_rankings : pandas.DataFrame
        As from `partner_rankings`.
    partners : pandas.DataFrame
        partner_id, status, joined_on, left_on: the roster.
    as_of : datetime.date, optional
        Partners that join after this day are not asked yet.

    Returns
    -------
    pandas.DataFrame
        One row: projects (with a rank), partners (that have given weights), silent (joined partners that have not;
        missing without a roster), kendalls_w, first (`;` project_id), objectors (partners that have a first project in
        the lower half of their own order), topsis_tau (Kendall's tau-b between the ranks and those by TOPSIS; missing
        with fewer than two projects). Empty where no project has a rank.

    References
    ----------
    Kendall, M. G. (1945), The treatment of ties in ranking problems, Biometrika 33(3), 239–251.

    Examples
    --------
    >>> ranking = pd.DataFrame({"project_id": ["a", "b"], "rank": [1.0, 2.0], "topsis_rank": [1.0, 2.0]})
    >>> own = pd.DataFrame({"partner_id": "union", "project_id": ["a", "b"], "score": [0.75, 0.5], "rank": [1.0, 2.0]})
    >>> roster = pd.DataFrame({"partner_id": ["union", "school"], "status": "joined", "joined_on": pd.NaT})
    >>> agreement(ranking, own, roster)[["projects", "partners", "silent", "first", "objectors"]].values.tolist()
    [[2.0, 1.0, 1.0, 'a', 0.0]]
    """
    ranked = ranking[ranking["rank"].notna()]
    if ranked.empty:
        return empty_frame(OUTPUTS["agreement"])
    joined = partners[partners["status"] == "joined"]
    if as_of is not None:
        joined = joined[~(joined["joined_on"] > pd.Timestamp(as_of))]
    weighing = partner_rankings["partner_id"].unique()
    against = objections(ranking, partner_rankings)
    table = pd.DataFrame(
        {
            "projects": [float(len(ranked))],
            "partners": float(len(weighing)),
            "silent": float((~joined["partner_id"].isin(weighing)).sum()) if len(partners) else np.nan,
            "kendalls_w": kendalls_w(partner_rankings),
            "first": ";".join(sorted(ranked.loc[ranked["rank"] == 1, "project_id"])),
            "objectors": float(against.loc[against["objects"].eq(True), "partner_id"].nunique()),
            "topsis_tau": _tau(ranked["rank"], ranked["topsis_rank"]),
        }
    )
    return conform(table, OUTPUTS["agreement"])


def _tau(ones: pd.Series, others: pd.Series) -> float:
    both = pd.concat([ones, others], axis=1).dropna().to_numpy(dtype="float64")
    first, second = (np.sign(column[:, None] - column[None, :]) for column in both.T)
    untied = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / untied) if untied else float("nan")
