"""Figures of step 4: where the shared measures stand, who reported, what is due, and which agreed rules fired."""

from __future__ import annotations

from ci_analysis.figures.redesign.adjusting import rules_agreed, rules_answered
from ci_analysis.figures.redesign.changes import changes_in_lines, what_changed, what_moved
from ci_analysis.figures.redesign.projects import deliverables
from ci_analysis.figures.redesign.promises import commitments, communications, system_changes
from ci_analysis.figures.redesign.reported import who_reported
from ci_analysis.figures.redesign.series import community_series, partner_series, signals
from ci_analysis.figures.redesign.standing import all_measures, targets

__all__ = [
    "all_measures",
    "changes_in_lines",
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
    "what_changed",
    "what_moved",
    "who_reported",
]
