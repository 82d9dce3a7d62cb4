"""Step 3, strategy: what is under way, which projects come first, what the budget buys, and whether it adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.rollup import latest_figures
from ci_analysis.strategy.activities import activities, what_works
from ci_analysis.strategy.agenda import agenda_arithmetic, shared_claims
from ci_analysis.strategy.portfolio import value_portfolio
from ci_analysis.strategy.priorities import (
    agreed_values,
    coalition_weights,
    kendalls_w,
    missing_scores,
    oriented_scores,
    partner_rankings,
    partner_weights,
    rank_acceptability,
    ranking,
    topsis,
)
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "activities",
    "agenda_arithmetic",
    "agreed_values",
    "coalition_weights",
    "compute",
    "kendalls_w",
    "missing_scores",
    "oriented_scores",
    "partner_rankings",
    "partner_weights",
    "rank_acceptability",
    "ranking",
    "shared_claims",
    "topsis",
    "value_portfolio",
    "what_works",
]


def compute(study: Study, before: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the strategy's tables of a study, by name.

    Parameters
    ----------
    study : Study
        Read and checked.
    before : mapping of str to pandas.DataFrame
        Output tables of the steps before: `gap`, `gap_summary` and `reach` of step 2, where there are any.

    Returns
    -------
    dict of str to pandas.DataFrame
        Those that `ci_analysis.tables.OUTPUTS` declares for this step, in its order. One whose inputs are absent has
        no rows.
    """
    given, settings = study.tables, study.settings
    projects, initiatives = given["projects"], given["initiatives"]
    orders = _orders(study)
    portfolio = value_portfolio(projects, orders["ranking"], budget=settings.budget)
    latest = latest_figures(given["observations"], given["measures"], as_of=settings.as_of)
    made = {
        "activities": activities(initiatives, projects, study.profile.vocabulary("levers"), as_of=settings.as_of),
        "what_works": what_works(initiatives),
        **orders,
        "portfolio": portfolio,
        "agenda_arithmetic": agenda_arithmetic(given["effects"], portfolio, given["measures"], latest),
    }
    declared = {name: table for name, table in OUTPUTS.items() if table.step == "strategy"}
    return {name: made.get(name, empty_frame(table)) for name, table in declared.items()}


def _orders(study: Study) -> dict[str, pd.DataFrame]:
    """Return the three rankings; without projects, criteria and scores there is nothing to rank."""
    given, seed = study.tables, study.settings.seed
    if any(given[name].empty for name in ("projects", "criteria", "scores")):
        return {name: empty_frame(OUTPUTS[name]) for name in ("ranking", "rank_acceptability", "partner_rankings")}
    matrix = oriented_scores(given["scores"], given["criteria"], given["projects"])
    weights = partner_weights(given["weights"], given["criteria"])
    return {
        "ranking": ranking(matrix, weights, seed=seed),
        "rank_acceptability": rank_acceptability(matrix, seed=seed),
        "partner_rankings": partner_rankings(matrix, weights),
    }
