"""Figures of step 2: need, seats and the gap, where they are, what care costs, and how sure all this is."""

from __future__ import annotations

from ci_analysis.figures.landscape.atlas import atlas
from ci_analysis.figures.landscape.caveats import caveats
from ci_analysis.figures.landscape.community import drivers, spread, under_way, voices
from ci_analysis.figures.landscape.cost import prices, prices_over_years
from ci_analysis.figures.landscape.fairness import disparities
from ci_analysis.figures.landscape.gap import gap_by_segment, gap_map, gap_totals, largest_gaps
from ci_analysis.figures.landscape.headlines import Headline, headlines
from ci_analysis.figures.landscape.hours import occupancy, seats_by_hour, staffing
from ci_analysis.figures.landscape.places import hotspot_map, peers, regions
from ci_analysis.figures.landscape.said import focus
from ci_analysis.figures.landscape.shortage import shortage_definitions, shortage_map
from ci_analysis.figures.landscape.sure import indicators, region_figures, reliability, trends

__all__ = [
    "Headline",
    "atlas",
    "caveats",
    "disparities",
    "drivers",
    "focus",
    "gap_by_segment",
    "gap_map",
    "gap_totals",
    "headlines",
    "hotspot_map",
    "indicators",
    "largest_gaps",
    "occupancy",
    "peers",
    "prices",
    "prices_over_years",
    "region_figures",
    "regions",
    "reliability",
    "seats_by_hour",
    "shortage_definitions",
    "shortage_map",
    "spread",
    "staffing",
    "trends",
    "under_way",
    "voices",
]
