"""Figures of step 2: need, seats and the gap, where they are, what care costs, and how sure all this is."""

from __future__ import annotations

from ci_analysis.figures.landscape.community import drivers, under_way, voices
from ci_analysis.figures.landscape.cost import prices
from ci_analysis.figures.landscape.gap import gap_by_segment, gap_map, largest_gaps
from ci_analysis.figures.landscape.headlines import Headline, headlines
from ci_analysis.figures.landscape.said import focus
from ci_analysis.figures.landscape.shortage import shortage_definitions

__all__ = [
    "Headline",
    "drivers",
    "focus",
    "gap_by_segment",
    "gap_map",
    "headlines",
    "largest_gaps",
    "prices",
    "shortage_definitions",
    "under_way",
    "voices",
]
