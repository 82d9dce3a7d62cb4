"""The workshop: weights that a room can move, and what they do to the order of the projects."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement, script_data
from ci_analysis.figures.strategy.said import names_of
from ci_analysis.figures.words import how_many, listing
from ci_analysis.strategy.priorities import SAME_SCORE

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["workshop"]


def workshop(
    study: Study,
    criterion_scores: pd.DataFrame,
    criterion_weights: pd.DataFrame,
    ranking: pd.DataFrame,
    partner_weights: pd.DataFrame | None = None,
) -> Statement | None:
    """Let a room weigh the criteria, and rank the projects by these weights.

    A page's script (`workshop.js`) does it, without a server; without scripts the order of the run stands.

    Parameters
    ----------
    study : Study
        For the names of projects, criteria and partners.
    criterion_scores, criterion_weights, ranking : pandas.DataFrame
        Tables of the run.
    partner_weights : pandas.DataFrame, optional
        Table of the run, where the edition may show it: each partner's weights are one click away.

    Returns
    -------
    Statement or None
        None where no project has all its scores, or nobody has given weights.
    """
    matrix = criterion_scores.pivot(index="project_id", columns="criterion", values="score").sort_index()
    matrix = matrix.sort_index(axis=1)
    whole = matrix[matrix.notna().all(axis=1)]
    weights = criterion_weights.set_index("criterion")["weight"].reindex(matrix.columns)
    if whole.empty or weights.isna().any():
        return None
    named = study.tables["criteria"].set_index("criterion")["name"]
    criteria = [str(named.get(c, c)) for c in matrix.columns]
    whose = [("The coalition", "the coalition’s weights", weights.to_list()),
             ("All equal", "equal weights", [1 / len(criteria)] * len(criteria))]  # fmt: skip
    if partner_weights is not None and len(partner_weights):
        own = partner_weights.pivot(index="partner_id", columns="criterion", values="weight").sort_index()
        own = own.reindex(columns=matrix.columns)
        for name, row in zip(names_of(study, "partner_id", own.index, 60), own.to_numpy().tolist(), strict=True):
            whose.append((name, f"the weights of {name}", row))
    data = {
        "same": SAME_SCORE,
        "criteria": list(matrix.columns),
        "projects": [
            {"name": name, "scores": row}
            for name, row in zip(names_of(study, "project_id", whole.index), whole.to_numpy().tolist(), strict=True)
        ],
        "whose": [{"by": by, "weights": row} for _, by, row in whose],
    }
    lacking = names_of(study, "project_id", matrix.index[~matrix.notna().all(axis=1)], 80)
    lines = (f"Not ranked, since a judgement is missing: {listing(lacking, most=9)}.",) if lacking else ()
    ranked = ranking[ranking["rank"].notna()].sort_values(["rank", "project_id"])
    return Statement(
        f"How the order of {how_many(len(whole), 'project', 'projects')} changes with the weights, to try together",
        ranked[["project_id", "score"]].assign(rank=ranked["rank"].map("{:.0f}".format)),
        "The order by the coalition’s weights, as it stands today",
        lines,
        _controls(criteria, [name for name, _, _ in whose], data),
    )


def _controls(criteria: list[str], whose: list[str], data: dict[str, object]) -> str:
    buttons = "".join(
        f'<button type="button" data-whose="{i}" aria-pressed="false"><bdi>{escape(n)}</bdi></button>'
        for i, n in enumerate(whose)
    )
    sliders = "".join(
        f"<label><span><bdi>{escape(n)}</bdi> <output></output></span>"
        '<input type="range" min="0" max="1" step="any" value="0"></label>'
        for n in criteria
    )
    return (
        '<div class="workshop"><div class="whose" data-script hidden role="group" aria-label="Whose weights">'
        f'{buttons}</div><div class="sliders" data-script hidden role="group" aria-label="Weight of each criterion">'
        f'{sliders}</div><p class="told" role="status" data-part="said" data-script hidden></p>'
        '<ol class="order" data-part="order" data-script hidden></ol><details data-script hidden>'
        "<summary>Take these weights along</summary><label>Lines for weights.csv: put the partner’s identifier in "
        'place of our-partner<textarea readonly rows="8" data-part="lines"></textarea></label></details>'
        f'<script type="application/json">{script_data(data)}</script></div>'
    )
