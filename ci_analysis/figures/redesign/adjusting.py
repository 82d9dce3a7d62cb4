"""The rules agreed beforehand, those that fired, and the decisions that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.redesign.said import days_in_words
from ci_analysis.figures.words import how_many, listing, shortened, spelled

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["decision_log", "rules_agreed", "rules_answered"]

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


def decision_log(study: Study, decisions: pd.DataFrame, rules_fired: pd.DataFrame) -> Statement:
    """Say what the coalition decided, the newest first, and what each decision answers.

    Parameters
    ----------
    study : Study
        For labels, and its day: what is decided later is not decided yet.
    decisions : pandas.DataFrame
        The study's decisions.
    rules_fired : pandas.DataFrame
        Table of that name.
    """
    day = pd.Timestamp(study.settings.as_of)
    rows = decisions.assign(on=pd.to_datetime(decisions["decided_on"]))
    rows = rows[rows["on"] <= day].sort_values(["on", "decision_id"], ascending=[False, True], kind="stable")
    names = study.labels
    rule = study.tables["rules"].set_index("rule_id")["measure_id"]
    about = []
    for row in rows.itertuples():
        parts = []
        if pd.notna(row.rule_id):
            of = rule.get(row.rule_id)
            parts.append(f"the rule on {shortened(names['measure_id'].get(of, of or row.rule_id), 60)}")
        elif pd.notna(row.measure_id):
            parts.append(shortened(names["measure_id"].get(row.measure_id, row.measure_id), 60))
        if pd.notna(row.project_id):
            parts.append(shortened(names["project_id"].get(row.project_id, row.project_id), 60))
        about.append("; ".join(parts) or None)
    frame = pd.DataFrame(
        {
            "Decided on": days_in_words(rows["on"], rows["on"].notna()),
            "Decision": rows["text"],
            "It answers or concerns": about,
        }
    ).reset_index(drop=True)
    since = day - pd.DateOffset(months=3)
    new, n = int((rows["on"] > since).sum()), len(rows)
    title = f"{how_many(n, 'decision', 'decisions').capitalize()} so far, {spelled(new) if new else 'none'} of them in "
    title += "the last three months"
    answers = int(rows["rule_id"].notna().sum())
    lines = (f"{how_many(answers, 'decision answers', 'decisions answer').capitalize()} a rule agreed beforehand.",)
    if "decision_id" in rules_fired:
        waits = int(rules_fired["decision_id"].isna().sum())
        lines += (f"{how_many(waits, 'rule that fired waits', 'rules that fired wait').capitalize()} for a decision.",)
    return Statement(title, frame, "Decisions, the newest first", lines)
