"""Figures of step 4: where the shared measures stand, who reported, what is due, and which agreed rules fired."""

from __future__ import annotations

from ci_analysis.figures.redesign.adjusting import rules_agreed, rules_answered
from ci_analysis.figures.redesign.projects import deliverables
from ci_analysis.figures.redesign.promises import commitments, communications, system_changes
from ci_analysis.figures.redesign.reported import who_reported
from ci_analysis.figures.redesign.series import community_series, partner_series, signals
from ci_analysis.figures.redesign.standing import all_measures, targets

__all__ = [
    "all_measures",
    "commitments",
    "communications",
    "community_series",
    "deliverables",
    "partner_series",
    "rules_agreed",
    "rules_answered",
    "signals",
    "system_changes",
    "targets",
    "who_reported",
]
