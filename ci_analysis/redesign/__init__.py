"""Step 4, redesign: where the shared measures stand, what is due, and which agreed rules fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ci_analysis.redesign.commitments import commitments
from ci_analysis.redesign.communications import communications
from ci_analysis.redesign.contribution import (
    contribution,
    contribution_series,
    difference_in_differences,
    interrupted_series,
    synthetic_control,
    synthetic_weights,
)
from ci_analysis.redesign.control_charts import (
    RULES,
    Limits,
    assurance,
    control_chart,
    limits_note,
    run_rules,
    signal,
    xmr,
)
from ci_analysis.redesign.deliverables import days_late, deliverables
from ci_analysis.redesign.measures import (
    Projection,
    consecutive,
    measure_status,
    meets,
    prediction_interval,
    progress,
    progress_class,
    projection,
    standing,
)
from ci_analysis.redesign.projects import RISK_DAYS, burn_up, project_progress
from ci_analysis.redesign.reporting import DUE_DAYS, expected_periods, reporting
from ci_analysis.redesign.rules import rules_fired
from ci_analysis.rollup import rolled_up
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    import pandas as pd

    from ci_analysis.study import Study

__all__ = [
    "DUE_DAYS",
    "RISK_DAYS",
    "RULES",
    "Limits",
    "Projection",
    "assurance",
    "burn_up",
    "commitments",
    "communications",
    "compute",
    "consecutive",
    "contribution",
    "contribution_series",
    "control_chart",
    "days_late",
    "deliverables",
    "difference_in_differences",
    "expected_periods",
    "interrupted_series",
    "limits_note",
    "measure_status",
    "meets",
    "prediction_interval",
    "progress",
    "progress_class",
    "project_progress",
    "projection",
    "reporting",
    "rules_fired",
    "run_rules",
    "signal",
    "standing",
    "synthetic_control",
    "synthetic_weights",
    "xmr",
]


def compute(study: Study, before: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of step 4 by name.

    Parameters
    ----------
    study : Study
        The study, read and checked.
    before : mapping of str to pandas.DataFrame
        Tables of the steps before; `portfolio` is looked at where it is there.

    Returns
    -------
    dict of str to pandas.DataFrame
        Those of this step in `ci_analysis.tables.OUTPUTS`, with the columns declared there. A table whose inputs are
        absent has no rows.
    """
    tables, as_of = study.tables, study.settings.as_of
    measures, observations = tables["measures"], tables["observations"]
    series = rolled_up(observations, measures, as_of=as_of)
    portfolio = before.get("portfolio", empty_frame(OUTPUTS["portfolio"]))
    made = {
        "measures": measure_status(series, measures),
        "control_chart": control_chart(series),
        "reporting": reporting(observations, measures, as_of=as_of, partners=tables["partners"]),
        "deliverables": deliverables(tables["deliverables"], as_of=as_of),
        "rules_fired": rules_fired(tables["rules"], series, measures, tables["decisions"], as_of=as_of),
        "commitments": commitments(tables, portfolio, as_of=as_of),
        "communications": communications(tables["communications"], as_of=as_of),
        "project_progress": project_progress(tables["deliverables"], as_of=as_of),
        "burn_up": burn_up(tables["deliverables"], as_of=as_of),
        "contribution": contribution(tables["comparisons"], as_of=as_of),
        "contribution_series": contribution_series(tables["comparisons"], as_of=as_of),
    }
    declared = {name: table for name, table in OUTPUTS.items() if table.step == "redesign"}
    return {name: made.get(name, empty_frame(table)) for name, table in declared.items()}
