"""Figures of step 3: what the coalition wants, which projects it chooses, how sure their order is, and who does it."""

from __future__ import annotations

from ci_analysis.figures.strategy.agenda import adds_up, goals
from ci_analysis.figures.strategy.chosen import portfolio
from ci_analysis.figures.strategy.order import partners_orders, possible_ranks, ranking
from ci_analysis.figures.strategy.work import joint_work, what_works, who_works_on_what

__all__ = [
    "adds_up",
    "goals",
    "joint_work",
    "partners_orders",
    "portfolio",
    "possible_ranks",
    "ranking",
    "what_works",
    "who_works_on_what",
]
