"""The rules agreed beforehand, those that fired, and the decisions that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.redesign.said import days_in_words
from ci_analysis.figures.words import how_many, listing

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["rules_agreed", "rules_answered"]

_WHEN = {
    "off-track": "goes off track",
    "signal-worse": "gets worse beyond its usual ups and downs",
    "target-missed": "misses its target",
    "no-data": "brings no figure in time",
}


def rules_answered(
    study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame, decisions: pd.DataFrame
) -> Statement | None:
    """Say which of the rules agreed beforehand fired, which a decision answers, and which still wait.

    Parameters
    ----------
    study : Study
        For labels.
    rules : pandas.DataFrame
        The study's rules.
    fired, measures : pandas.DataFrame
        Tables `rules_fired` and `measures` of a run.
    decisions : pandas.DataFrame
        The study's decisions.

    Returns
    -------
    Statement or None
        None in an edition that does not say which decision answers; see `rules_agreed`.
    """
    if "decision_id" not in fired:
        return None
    rows = _rules(study, rules, fired, measures)
    text = decisions.set_index("decision_id")
    rows = rows.assign(
        decided=rows["decision_id"].map(text["text"]), decided_on=rows["decision_id"].map(text["decided_on"])
    )
    waits = rows["fired"] & rows["decision_id"].isna()
    answered = rows["fired"] & ~waits
    rows = rows.assign(order=np.select([waits, answered], [0, 1], 2)).sort_values(["order", "rule_id"], kind="stable")
    frame = pd.DataFrame(
        {
            "measure_id": rows["measure_id"],
            "When it": rows["when"].map(_WHEN),
            "then": rows["then"],
            "Since": days_in_words(rows["fired_on"], rows["fired"]),
            "Answer": rows["decided"].mask(rows["order"] == 0, "still waits").mask(rows["order"] == 2, "did not fire"),
            "Decided on": days_in_words(rows["decided_on"], answered),
        }
    ).reset_index(drop=True)
    k, a, w = int(rows["fired"].sum()), int(answered.sum()), int(waits.sum())
    title = _rules_title(k, len(rows))
    if k:
        said = [how_many(a, "is answered by a decision", "are answered by a decision")] if a else []
        said += [how_many(w, "still waits", "still wait")] if w else []
        if not w:
            said = ["a decision answers it" if k == 1 else "a decision answers each"]
        elif not a:
            said = [f"{'it' if k == 1 else 'each'} still waits for a decision"]
        title += f"; {listing(said)}"
    return Statement(title, frame, "Rules agreed beforehand, those that wait for a decision first")


def rules_agreed(study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame) -> Statement | None:
    """Say which of the rules agreed beforehand fired, without the decisions.

    Parameters
    ----------
    study : Study
        For labels.
    rules : pandas.DataFrame
        The study's rules.
    fired, measures : pandas.DataFrame
        Tables `rules_fired` and `measures` of a run.

    Returns
    -------
    Statement or None
        None where the edition knows the decisions, which `rules_answered` shows.
    """
    if "decision_id" in fired:
        return None
    rows = _rules(study, rules, fired, measures)
    if not len(rows):
        return None
    rows = rows.sort_values(["fired", "rule_id"], ascending=[False, True], kind="stable")
    frame = pd.DataFrame(
        {
            "measure_id": rows["measure_id"],
            "When it": rows["when"].map(_WHEN),
            "then": rows["then"],
            "Fired": np.where(rows["fired"], "yes", "no"),
            "Since": days_in_words(rows["fired_on"], rows["fired"]),
        }
    ).reset_index(drop=True)
    return Statement(
        _rules_title(int(rows["fired"].sum()), len(rows)), frame, "Rules agreed beforehand, those that fired first"
    )


def _rules(study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the rules about measures that may be shown, with whether each fired and since when."""
    rows = rules[rules["measure_id"].isin(measures["measure_id"])]
    found = fired.set_index("rule_id").reindex(columns=["fired_on", "decision_id"])
    return rows.join(found, on="rule_id").assign(fired=rows["rule_id"].isin(fired["rule_id"]))


def _rules_title(fired: int, n: int) -> str:
    lead = how_many(fired, "rule agreed beforehand", "rules agreed beforehand", of=n)
    return f"{lead[:1].upper()}{lead[1:]} {'has' if fired <= 1 else 'have'} fired"
