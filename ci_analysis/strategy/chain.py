"""From the gap to the decision: what a project is for, what it delivers, how it is watched, and where that breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Agenda

__all__ = ["chain"]


def chain(
    projects: pd.DataFrame,
    found: pd.DataFrame,
    effects: pd.DataFrame,
    deliverables: pd.DataFrame,
    rules: pd.DataFrame,
    decisions: pd.DataFrame,
    agenda: Agenda | None,
) -> pd.DataFrame:
    """Links from the gap to the decision of each project, measure by measure, and the first one that is missing.

    gap → lever → project → measure → deliverable → rule → decision. A project's measures are those of its effects,
    and those that its deliverables should move. The chain is broken at `gap` where the project is not known to serve
    one, at `measure` where it names none, at `deliverable` where nothing is to be delivered for the measure, and at
    `rule` where nothing was agreed for it. A decision is a link that need not be there yet.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, lever.
    found : pandas.DataFrame
        project_id, serves (yes/no), as from `project_gaps`.
    effects : pandas.DataFrame
        project_id, measure_id.
    deliverables : pandas.DataFrame
        deliverable_id, project_id, measure_id (missing: for each of the project's measures), status; dropped ones are
        left out.
    rules : pandas.DataFrame
        rule_id, measure_id.
    decisions : pandas.DataFrame
        decision_id, project_id, measure_id, rule_id: about the project, the measure or one of its rules.
    agenda : Agenda or None
        The common agenda, for the goals that name a measure.

    Returns
    -------
    pandas.DataFrame
        Output table `chain`: a row for each project and each of its measures, one with an empty measure_id where it
        has none; sorted by both. Lists are in the order of the alphabet.

    Examples
    --------
    >>> projects = pd.DataFrame({"project_id": ["a"], "lever": "supply"})
    >>> found = pd.DataFrame({"project_id": ["a"], "serves": [True]})
    >>> effects = pd.DataFrame({"project_id": ["a", "a"], "measure_id": ["price", "spots"]})
    >>> todo = pd.DataFrame(
    ...     {"deliverable_id": ["door"], "project_id": ["a"], "measure_id": ["spots"], "status": ["planned"]}
    ... )
    >>> rules = pd.DataFrame({"rule_id": ["r"], "measure_id": ["spots"]})
    >>> decisions = pd.DataFrame(columns=["decision_id", "project_id", "measure_id", "rule_id"], dtype="str")
    >>> table = chain(projects, found, effects, todo, rules, decisions, None)
    >>> table[["measure_id", "deliverables", "rules", "missing"]].values.tolist()
    [['price', nan, nan, 'deliverable'], ['spots', 'door', 'r', nan]]
    """
    if projects.empty:
        return empty_frame(OUTPUTS["chain"])
    kept = deliverables.loc[deliverables["status"].ne("dropped"), ["deliverable_id", "project_id", "measure_id"]]
    pairs = pd.concat([effects[["project_id", "measure_id"]], kept[["project_id", "measure_id"]].dropna()])
    keys = ["project_id", "measure_id"]
    table = projects[["project_id", "lever"]].merge(pairs.drop_duplicates(), on="project_id", how="left")
    table = table.merge(found[["project_id", "serves"]], on="project_id", how="left")
    table["serves"] = table["serves"].astype("boolean")
    for_each = kept[kept["measure_id"].isna()].drop(columns="measure_id").merge(table[keys], on="project_id")
    table = _with(table, pd.concat([kept.dropna(subset="measure_id"), for_each]), "deliverable_id", keys)
    table = _with(table, rules, "rule_id", ["measure_id"])
    goals = pd.DataFrame(
        [(g.goal_id, g.measure_id) for g in (agenda.goals if agenda else [])], columns=["goal_id", "measure_id"]
    ).astype("str")
    table = _with(table, goals.dropna(), "goal_id", ["measure_id"])
    table = _with(table, _decided(table[keys], rules, decisions), "decision_id", keys)
    broken = [
        table["serves"].ne(True).fillna(True),
        table["measure_id"].isna(),
        table["deliverable_id"].isna(),
        table["rule_id"].isna(),
    ]
    missing = np.select([b.to_numpy(dtype=bool) for b in broken], ["gap", "measure", "deliverable", "rule"], "")
    table["missing"] = pd.Series(missing, index=table.index, dtype="str").replace("", np.nan)
    table = table.rename(columns={f"{one}_id": f"{one}s" for one in ("deliverable", "rule", "goal", "decision")})
    table = table.sort_values(keys).reindex(columns=OUTPUTS["chain"].names)
    return conform(table, OUTPUTS["chain"])


def _with(table: pd.DataFrame, links: pd.DataFrame, name: str, keys: list[str]) -> pd.DataFrame:
    """The table with the identifiers of each row's links, `;` between, in the order of the alphabet."""
    own = links[links[keys[-1]].notna()] if keys == ["measure_id"] else links
    listed = own[[*keys, name]].drop_duplicates().sort_values(name).groupby(keys, dropna=False)[name].agg(";".join)
    return table.merge(listed.reset_index(), on=keys, how="left")


def _decided(rows: pd.DataFrame, rules: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """project_id, measure_id, decision_id: decisions about the project, the measure or one of the measure's rules."""
    by_rule = decisions[["decision_id", "rule_id"]].dropna().merge(rules[["rule_id", "measure_id"]], on="rule_id")
    by_measure = pd.concat([decisions[["decision_id", "measure_id"]].dropna(), by_rule[["decision_id", "measure_id"]]])
    return pd.concat(
        [
            rows.merge(decisions[["decision_id", "project_id"]].dropna(), on="project_id"),
            rows.dropna(subset="measure_id").merge(by_measure, on="measure_id"),
        ]
    )
