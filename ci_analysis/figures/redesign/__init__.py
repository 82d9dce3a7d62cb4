"""Figures of step 4: where the measures stand, who reported, what is due, what was decided, and what changed."""

from __future__ import annotations

from ci_analysis.figures.redesign.adjusting import decision_log, rules_agreed, rules_answered
from ci_analysis.figures.redesign.changes import what_changed, what_moved
from ci_analysis.figures.redesign.conditions import conditions_over_time, what_tables_show
from ci_analysis.figures.redesign.contribution import beside_others, contribution
from ci_analysis.figures.redesign.projects import burn_up, deliverables, projects_at_risk
from ci_analysis.figures.redesign.promises import commitments, communications, system_changes
from ci_analysis.figures.redesign.reported import who_reported
from ci_analysis.figures.redesign.series import community_series, partner_series, signals
from ci_analysis.figures.redesign.standing import all_measures, targets

__all__ = [
    "all_measures",
    "beside_others",
    "burn_up",
    "commitments",
    "communications",
    "community_series",
    "conditions_over_time",
    "contribution",
    "decision_log",
    "deliverables",
    "partner_series",
    "projects_at_risk",
    "rules_agreed",
    "rules_answered",
    "signals",
    "system_changes",
    "targets",
    "what_changed",
    "what_moved",
    "what_tables_show",
    "who_reported",
]
