"""Figures of step 1: who is at the table, how they work together, how ready they are, and whether to go on."""

from __future__ import annotations

from ci_analysis.figures.convene.agreement import backbone, commitments, endorsements, gate, money, reservations
from ci_analysis.figures.convene.at_the_table import interest_influence, joining, roster, sector_gaps
from ci_analysis.figures.convene.conditions import comments, readiness, readiness_levels, readiness_spread
from ci_analysis.figures.convene.network import (
    brokers,
    introductions,
    network_changes,
    network_map,
    network_over_time,
    network_waves,
    trust,
)

__all__ = [
    "backbone",
    "brokers",
    "comments",
    "commitments",
    "endorsements",
    "gate",
    "interest_influence",
    "introductions",
    "joining",
    "money",
    "network_changes",
    "network_map",
    "network_over_time",
    "network_waves",
    "readiness",
    "readiness_levels",
    "readiness_spread",
    "reservations",
    "roster",
    "sector_gaps",
    "trust",
]
