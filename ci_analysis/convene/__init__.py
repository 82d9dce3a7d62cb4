"""Step 1, convene: who is at the table, how they work together, and how far the five conditions are met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.convene.conditions import (
    CONDITIONS,
    activities_evidence,
    agenda_evidence,
    backbone_evidence,
    communication_evidence,
    condition_evidence,
    condition_scores,
    condition_spread,
    measurement_evidence,
    respondent_scores,
    with_evidence,
)
from ci_analysis.convene.network import members, network_partners, network_summary, undirected_ties
from ci_analysis.convene.roster import sector_coverage
from ci_analysis.convene.waves import in_wave_order
from ci_analysis.issues import load_instrument
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "CONDITIONS",
    "activities_evidence",
    "agenda_evidence",
    "backbone_evidence",
    "communication_evidence",
    "compute",
    "condition_evidence",
    "condition_scores",
    "condition_spread",
    "in_wave_order",
    "measurement_evidence",
    "members",
    "network_partners",
    "network_summary",
    "respondent_scores",
    "sector_coverage",
    "undirected_ties",
    "with_evidence",
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
        sector_coverage, network_partners, network_summary and conditions, as `ci_analysis.tables.OUTPUTS` declares
        them; without rows where the study has no partners, ties or readiness. The conditions' evidence is missing:
        it needs the tables of all four steps, and `with_evidence` fills it.
    """
    partners, ties, readiness = (study.tables[name] for name in ("partners", "ties", "readiness"))
    tie_level, seed = study.settings.tie_level, study.settings.seed
    found = {}
    if len(partners):
        sectors = pd.DataFrame([sector.model_dump() for sector in study.profile.sectors])
        found["sector_coverage"] = sector_coverage(partners, sectors)
    if len(ties):
        found["network_partners"] = network_partners(partners, ties, tie_level=tie_level, seed=seed)
        found["network_summary"] = network_summary(partners, ties, tie_level=tie_level)
    if len(readiness):
        instrument = load_instrument()
        scores = condition_scores(readiness, instrument.items(), instrument.levels())
        found["conditions"] = scores.assign(evidence=None)
    names = [name for name, table in OUTPUTS.items() if table.step == "convene"]
    return {
        name: conform(_whole(found[name], name), OUTPUTS[name]) if name in found else empty_frame(OUTPUTS[name])
        for name in names
    }


def _whole(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.reindex(columns=[*frame.columns, *(c for c in OUTPUTS[name].names if c not in frame)])
