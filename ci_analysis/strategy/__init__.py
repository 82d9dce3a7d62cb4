"""Step 3, strategy: what is under way, which projects come first, what the budget buys, and whether it adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.areas import population_centres
from ci_analysis.rollup import latest_figures
from ci_analysis.strategy.activities import activities, catalytic, overlapping_initiatives, what_works
from ci_analysis.strategy.agenda import agenda_arithmetic, shared_claims
from ci_analysis.strategy.agreement import (
    agreement,
    criterion_scores,
    criterion_weights,
    objections,
    weights_by_partner,
)
from ci_analysis.strategy.chain import chain
from ci_analysis.strategy.coverage import gap_coverage, gap_waterfall, project_gaps, project_states
from ci_analysis.strategy.equal_shares import equal_shares_portfolio
from ci_analysis.strategy.knapsack import best_set
from ci_analysis.strategy.portfolio import portfolio_summary, value_portfolio
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
from ci_analysis.strategy.siting import site_demand, siting
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "activities",
    "agenda_arithmetic",
    "agreed_values",
    "agreement",
    "best_set",
    "catalytic",
    "chain",
    "coalition_weights",
    "compute",
    "criterion_scores",
    "criterion_weights",
    "equal_shares_portfolio",
    "gap_coverage",
    "gap_waterfall",
    "kendalls_w",
    "missing_scores",
    "objections",
    "oriented_scores",
    "overlapping_initiatives",
    "partner_rankings",
    "partner_weights",
    "portfolio_summary",
    "project_gaps",
    "project_states",
    "rank_acceptability",
    "ranking",
    "shared_claims",
    "site_demand",
    "siting",
    "topsis",
    "value_portfolio",
    "weights_by_partner",
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
    portfolio, summary = _portfolios(projects, orders, settings.budget)
    latest = latest_figures(given["observations"], given["measures"], as_of=settings.as_of)
    made = {
        "activities": activities(initiatives, projects, study.profile.vocabulary("levers"), as_of=settings.as_of),
        "what_works": what_works(initiatives),
        **orders,
        "portfolio": portfolio,
        "portfolio_summary": summary,
        "agenda_arithmetic": agenda_arithmetic(given["effects"], portfolio, given["measures"], latest),
        "shared_claims": shared_claims(given["effects"], portfolio, projects),
        "catalytic": catalytic(projects, given["partners"]),
        **_from_gap_to_decision(study, before, portfolio),
        "siting": _siting(study, before),
    }
    declared = {name: table for name, table in OUTPUTS.items() if table.step == "strategy"}
    return {name: made.get(name, empty_frame(table)) for name, table in declared.items()}


def _from_gap_to_decision(
    study: Study, before: Mapping[str, pd.DataFrame], portfolio: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return what works on each gap, what each project adds to it, what remains, and the chain to the decisions."""
    given, settings, profile = study.tables, study.settings, study.profile
    gap, summary = (before.get(name, empty_frame(OUTPUTS[name])) for name in ("gap", "gap_summary"))
    projects, effects, deliverables = given["projects"], given["effects"], given["deliverables"]
    states = project_states(projects, deliverables, given["funding"], portfolio, as_of=settings.as_of)
    found = project_gaps(gap, projects, effects, given["measures"], states, profile)
    return {
        "gap_coverage": gap_coverage(gap, projects, given["initiatives"], found, profile, as_of=settings.as_of),
        "project_gaps": found,
        "gap_waterfall": gap_waterfall(gap, summary, projects, found, profile),
        "chain": chain(projects, found, effects, deliverables, given["rules"], given["decisions"], settings.agenda),
    }


def _portfolios(
    projects: pd.DataFrame, orders: Mapping[str, pd.DataFrame], budget: float | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each rule chooses under the budget, and what its choice comes to."""
    scores, own = orders["ranking"], orders["partner_rankings"]
    by_rule = [
        value_portfolio(projects, scores, budget=budget),
        equal_shares_portfolio(projects, scores, own, budget=budget),
    ]
    portfolio = pd.concat([p for p in by_rule if len(p)] or by_rule[:1], ignore_index=True)
    return portfolio, portfolio_summary(portfolio, projects, scores, own, budget=budget)


def _siting(study: Study, before: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return which candidate sites serve most; without any there is nothing to look at."""
    sites = study.tables["sites"]
    if sites.empty:
        return empty_frame(OUTPUTS["siting"])
    # With travel times, reach is told in minutes, and nobody has counted those to a candidate site.
    reach = study.bands[-1][0] if study.tables["travel"].empty else None
    gap = before.get("gap", empty_frame(OUTPUTS["gap"]))
    centres = population_centres(study.areas)
    return siting(sites, gap, centres, study.profile, reach=reach, budget=study.settings.budget)


def _orders(study: Study) -> dict[str, pd.DataFrame]:
    """Return the rankings and what they rest on; without projects, criteria and scores there is nothing to rank."""
    given, settings = study.tables, study.settings
    seed, made = settings.seed, ("ranking", "rank_acceptability", "partner_rankings")
    if any(given[name].empty for name in ("projects", "criteria", "scores")):
        return {name: empty_frame(OUTPUTS[name]) for name in made}
    scored = given["scores"], given["criteria"], given["projects"]
    matrix = oriented_scores(*scored)
    weights = partner_weights(given["weights"], given["criteria"])
    raw = agreed_values(*scored), given["criteria"].set_index("criterion")["goal"]
    order, own = ranking(matrix, weights, raw=raw, seed=seed), partner_rankings(matrix, weights)
    return {
        "ranking": order,
        "rank_acceptability": rank_acceptability(matrix, seed=seed),
        "partner_rankings": own,
        "criterion_scores": criterion_scores(*scored),
        "criterion_weights": criterion_weights(weights),
        "partner_weights": weights_by_partner(weights),
        "objections": objections(order, own),
        "agreement": agreement(order, own, given["partners"], as_of=settings.as_of),
    }
