"""Step 1, convene: who is at the table, how they work together, and how far the five conditions are met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.convene.changes import network_changes
from ci_analysis.convene.comments import comments, without_names
from ci_analysis.convene.conditions import (
    CONDITIONS,
    activities_evidence,
    agenda_answers,
    agenda_evidence,
    backbone_evidence,
    communication_evidence,
    condition_evidence,
    condition_scores,
    condition_spread,
    half_interval,
    measurement_evidence,
    respondent_scores,
    speakers,
    with_evidence,
)
from ci_analysis.convene.gate import PRECONDITIONS, champion_shown, gate, resources_shown, urgency_shown
from ci_analysis.convene.introductions import introductions
from ci_analysis.convene.money import own_money
from ci_analysis.convene.network import network_partners, network_summary
from ci_analysis.convene.roster import MUCH, sector_coverage
from ci_analysis.convene.ties import members, undirected_ties
from ci_analysis.convene.waves import in_wave_order
from ci_analysis.issues import load_instrument
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "CONDITIONS",
    "MUCH",
    "PRECONDITIONS",
    "activities_evidence",
    "agenda_answers",
    "agenda_evidence",
    "backbone_evidence",
    "champion_shown",
    "comments",
    "communication_evidence",
    "compute",
    "condition_evidence",
    "condition_scores",
    "condition_spread",
    "gate",
    "half_interval",
    "in_wave_order",
    "introductions",
    "measurement_evidence",
    "members",
    "network_changes",
    "network_partners",
    "network_summary",
    "own_money",
    "resources_shown",
    "respondent_scores",
    "sector_coverage",
    "speakers",
    "undirected_ties",
    "urgency_shown",
    "with_evidence",
    "without_names",
]


def compute(study: Study, before: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of step 1.

    Parameters
    ----------
    study : Study
        Read and checked.
    before : mapping of str to pandas.DataFrame
        Output tables of the steps before: none.

    Returns
    -------
    dict of str to pandas.DataFrame
        sector_coverage, network_partners, network_summary, network_changes, introductions, conditions, comments and
        gate, as `ci_analysis.tables.OUTPUTS` declares them; without rows where the study has not what they are made
        from. The conditions' evidence is missing: it needs the tables of all four steps, and `with_evidence` fills it.
    """
    partners, ties, readiness = (study.tables[name] for name in ("partners", "ties", "readiness"))
    tie_level, seed, backbone = study.settings.tie_level, study.settings.seed, study.settings.backbone
    found = {}
    if len(partners):
        sectors = pd.DataFrame([sector.model_dump() for sector in study.profile.sectors])
        found["sector_coverage"] = sector_coverage(partners, sectors)
    if len(ties):
        found["network_partners"] = network_partners(partners, ties, tie_level=tie_level, seed=seed)
        found["network_summary"] = network_summary(partners, ties, tie_level=tie_level)
        found["network_changes"] = network_changes(partners, ties, tie_level=tie_level)
        found["introductions"] = introductions(partners, ties, tie_level=tie_level)
    if len(readiness):
        instrument, items = load_instrument(), load_instrument().items()
        who = speakers(readiness, partners, backbone=backbone.partner if backbone else None)
        scores = condition_scores(readiness, items, instrument.levels())
        scores = scores.merge(condition_spread(readiness, items, who), on=["wave", "condition"])
        found["conditions"] = scores.assign(evidence=None)
        found["comments"] = comments(readiness, items, partners)
    judged = study.settings.preconditions
    if any(getattr(judged, name) for name in PRECONDITIONS) or len(partners) or len(study.tables["funding"]):
        yearly = backbone.annual_budget if backbone else None
        found["gate"] = gate(
            judged, study.tables, budget=study.settings.budget, yearly=yearly, as_of=study.settings.as_of
        )
    names = [name for name, table in OUTPUTS.items() if table.step == "convene"]
    return {
        name: conform(found[name], OUTPUTS[name]) if name in found else empty_frame(OUTPUTS[name]) for name in names
    }
