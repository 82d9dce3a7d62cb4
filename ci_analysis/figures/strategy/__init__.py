"""Figures of step 3: what the coalition wants, which projects it chooses, how sure their order is, and who does it."""

from __future__ import annotations

from ci_analysis.figures.strategy.agenda import adds_up, claims, goals
from ci_analysis.figures.strategy.agreement import agreement, another_method, missing, weights
from ci_analysis.figures.strategy.chosen import money_needed, next_money, portfolio
from ci_analysis.figures.strategy.coverage import (
    chain,
    gaps_without_work,
    projects_and_gaps,
    seats_by_place,
    waterfall,
)
from ci_analysis.figures.strategy.order import partners_orders, possible_ranks, ranking
from ci_analysis.figures.strategy.sites import site_order, sites_map
from ci_analysis.figures.strategy.work import joint_work, overlaps, what_works, who_works_on_what
from ci_analysis.figures.strategy.workshop import workshop

__all__ = [
    "adds_up",
    "agreement",
    "another_method",
    "chain",
    "claims",
    "gaps_without_work",
    "goals",
    "joint_work",
    "missing",
    "money_needed",
    "next_money",
    "overlaps",
    "partners_orders",
    "portfolio",
    "possible_ranks",
    "projects_and_gaps",
    "ranking",
    "seats_by_place",
    "site_order",
    "sites_map",
    "waterfall",
    "weights",
    "what_works",
    "who_works_on_what",
    "workshop",
]
