"""Rules that the coalition agreed on beforehand: which of them fire, and which decision answers."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from ci_analysis.redesign.measures import meets, standing
from ci_analysis.redesign.reporting import expected_periods
from ci_analysis.rollup import usable
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = ["rules_fired"]

_WHOLE = "all"
#: Conditions that figures fire.
_KINDS = ["off-track", "signal-worse", "target-missed"]
#: Figures that are judged first, from the latest backwards.
_FIRST_TURNS = 8


def rules_fired(
    rules: pd.DataFrame, series: pd.DataFrame, measures: pd.DataFrame, decisions: pd.DataFrame, *, as_of: dt.date
) -> pd.DataFrame:
    """Return the rules whose condition holds on the study's day, since when, and the decision that answers each.

    A rule looks at its measure as a whole:

    - `off-track`: the status is off-track;
    - `signal-worse`: the control chart's signal is worse;
    - `target-missed`: a figure of the target's day or later does not meet the target;
    - `no-data`: a figure is overdue, that is, 45 days have passed since the end of an expected period and no
      comparable figure of it or of a later one is there. Without a frequency, no figure has ever come.

    `fired_on` is the day of the figure that fired the rule: the last day of the first period from which on the
    condition has held without a break, each figure judged by what was known with it. So a decision taken when a
    measure went off track still answers while it stays off track. For `no-data` it is the first due day that passed
    in vain, missing where no frequency says when a figure was due. Rules are agreed before the data: only figures
    and due days after `agreed_on` fire a rule.

    Parameters
    ----------
    rules, measures, decisions : pandas.DataFrame
        The tables of those names.
    series : pandas.DataFrame
        From `rolled_up`, of the same day.
    as_of : datetime.date
        Due days on this day or later are not past, and later decisions are not taken yet.

    Returns
    -------
    pandas.DataFrame
        The table `rules_fired`: rule_id, measure_id, fired_on, then, decision_id (of the first decision that names
        the rule, taken on `fired_on` or later; missing while the rule waits). Sorted by rule.

    Examples
    --------
    >>> rules = pd.DataFrame(
    ...     {
    ...         "rule_id": ["r"],
    ...         "measure_id": ["m"],
    ...         "when": ["target-missed"],
    ...         "then": ["meet within a month"],
    ...         "agreed_on": pd.to_datetime(["2024-01-15"]),
    ...     }
    ... )
    >>> measures = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "direction": ["up"],
    ...         "frequency": ["year"],
    ...         "baseline": [10.0],
    ...         "baseline_on": pd.to_datetime(["2023-12-31"]),
    ...         "target": [20.0],
    ...         "target_on": pd.to_datetime(["2024-12-31"]),
    ...     }
    ... )
    >>> series = pd.DataFrame(
    ...     {
    ...         "measure_id": ["m"],
    ...         "segment": ["all"],
    ...         "period": ["2024"],
    ...         "period_end": pd.to_datetime(["2024-12-31"]),
    ...         "value": [14.0],
    ...         "complete": pd.array([True], dtype="boolean"),
    ...     }
    ... )
    >>> decisions = pd.DataFrame(
    ...     {
    ...         "decision_id": ["d"],
    ...         "decided_on": pd.to_datetime(["2025-02-01"]),
    ...         "rule_id": ["r"],
    ...     }
    ... )
    >>> rules_fired(rules, series, measures, decisions, as_of=dt.date(2025, 6, 30))[["fired_on", "decision_id"]]
        fired_on decision_id
    0 2024-12-31           d
    """
    table = OUTPUTS["rules_fired"]
    known = rules[rules["measure_id"].isin(measures["measure_id"])]
    if known.empty:
        return empty_frame(table)
    known = known.astype({"agreed_on": "datetime64[ns]"})
    figures = usable(series[series["segment"] == _WHOLE])
    by_figures = known[known["when"] != "no-data"]
    by_days = known[known["when"] == "no-data"]
    watched = figures[figures["measure_id"].isin(by_figures["measure_id"])]
    fired = [
        _by_figures(by_figures, _latest_history(watched, measures)),
        _by_due_days(by_days, figures, measures, as_of),
    ]
    found = pd.concat([f.astype({"fired_on": "datetime64[ns]"}) for f in fired], ignore_index=True)
    found = found.sort_values("rule_id", ignore_index=True)
    return conform(_answered(found, decisions, as_of)[table.names], table)


def _latest_history(figures: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return what held of each measure when each of its latest figures was the latest, as far back as it matters.

    What held before every condition was broken fires nothing, so that the figures are judged from the latest
    backwards, ever more of them at once, until all of a measure's conditions have been broken.
    """
    figures = figures.assign(turn=figures.groupby("measure_id").cumcount())
    end = figures.groupby("measure_id").size()
    unbroken = pd.DataFrame(True, index=end.index, columns=_KINDS)
    parts, several = [], _FIRST_TURNS
    while len(end):
        start = (end - several).clip(lower=0)
        of = figures["measure_id"]
        judged = figures["turn"].ge(of.map(start)) & figures["turn"].lt(of.map(end))
        part = _history(figures, measures, figures.loc[judged, ["measure_id", "turn"]])
        parts.append(part)
        unbroken &= part.groupby("measure_id")[_KINDS].all().reindex(unbroken.index, fill_value=False)
        end = start[(start > 0) & unbroken.loc[start.index].any(axis=1)]
        unbroken = unbroken.loc[end.index]
        several *= 2
    return pd.concat(parts, ignore_index=True) if parts else _history(figures, measures, figures)


def _history(figures: pd.DataFrame, measures: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """Return what held of each measure when each of some of its figures was the latest, one row a figure."""
    # Each turn is a series of its own: the figures up to it.
    turns = turns[["measure_id", "turn"]].rename(columns={"turn": "segment"})
    upto = turns.merge(figures.drop(columns="segment"), on="measure_id")
    upto = upto[upto["turn"] <= upto["segment"]].astype({"segment": "str"})
    goals = turns.astype({"segment": "str"}).merge(measures, on="measure_id")
    goals = goals[["measure_id", "segment", "direction", "baseline", "baseline_on", "target", "target_on"]]
    goals = goals.astype({"baseline_on": "datetime64[ns]", "target_on": "datetime64[ns]"})
    stood = standing(upto, goals)
    missed = (stood["latest_on"] >= stood["target_on"]) & stood["target"].notna()
    missed &= ~meets(stood["latest"], stood["target"], goals["direction"])
    return pd.DataFrame(
        {
            "measure_id": stood["measure_id"],
            "turn": stood["segment"].astype(int),
            "day": stood["latest_on"],
            "off-track": stood["status"].eq("off-track"),
            "signal-worse": stood["signal"].eq("worse"),
            "target-missed": missed,
        }
    ).sort_values(["measure_id", "turn"], ignore_index=True)


def _by_figures(rules: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the rules that the latest figure keeps firing, with the day of the figure that began it."""
    long = history.melt(["measure_id", "turn", "day"], _KINDS, var_name="when", value_name="holds")
    long = long.sort_values(["measure_id", "when", "turn"], ascending=[True, True, False], ignore_index=True)
    # From the latest figure backwards, as long as the condition holds.
    unbroken = long["holds"].astype(int).groupby([long["measure_id"], long["when"]]).cumprod()
    rows = rules.merge(long[unbroken == 1].drop(columns=["turn", "holds"]), on=["measure_id", "when"])
    rows = rows[rows["agreed_on"].isna() | (rows["day"] > rows["agreed_on"])]
    first = rows.groupby("rule_id")["day"].min().rename("fired_on")
    return rules.merge(first, left_on="rule_id", right_index=True)


def _by_due_days(rules: pd.DataFrame, figures: pd.DataFrame, measures: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the rules of measures with an overdue figure, with the first due day that passed in vain."""
    about = measures.set_index("measure_id")[["frequency", "baseline_on"]].to_dict("index")
    days = [
        _in_vain(about[rule.measure_id], figures[figures["measure_id"] == rule.measure_id], rule.agreed_on, as_of)
        for rule in rules.itertuples()
    ]
    fires = np.array([fires for fires, _ in days], dtype=bool)
    return rules.assign(fired_on=pd.Series([d for _, d in days], index=rules.index, dtype="datetime64[ns]"))[fires]


def _in_vain(
    about: dict[str, object], figures: pd.DataFrame, agreed_on: pd.Timestamp, as_of: dt.date
) -> tuple[bool, pd.Timestamp | None]:
    """Return whether a figure is overdue, and the first due day after the rule was agreed that brought none."""
    served = figures["period_end"].max() if len(figures) else pd.Timestamp(about["baseline_on"])
    # Without a figure or a baseline, the first period expected is the one in which the rule was agreed.
    start = agreed_on if pd.isna(served) else served + pd.Timedelta(days=1)
    if pd.isna(about["frequency"]) or pd.isna(start):
        in_force = pd.isna(agreed_on) or agreed_on < pd.Timestamp(as_of)
        return figures.empty and in_force, None
    expected = expected_periods(str(about["frequency"]), figures["period"], start, as_of=as_of)
    due = expected.loc[expected["due_on"] < pd.Timestamp(as_of), "due_on"]
    # A period is served by a figure whose last day falls in it, or by a later one.
    if not pd.isna(served):
        due = due[expected["period_start"] > served]
    due = due[due > agreed_on] if not pd.isna(agreed_on) else due
    return (True, due.iloc[0]) if len(due) else (False, None)


def _answered(fired: pd.DataFrame, decisions: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    taken = decisions[["decision_id", "decided_on", "rule_id"]].astype({"decided_on": "datetime64[ns]"})
    taken = taken[taken["decided_on"] <= pd.Timestamp(as_of)].sort_values(["decided_on", "decision_id"])
    pairs = fired[["rule_id", "fired_on", "agreed_on"]].merge(taken, on="rule_id")
    since = pairs["fired_on"].fillna(pairs["agreed_on"])
    answers = pairs[since.isna() | (pairs["decided_on"] >= since)].drop_duplicates("rule_id")
    return fired.merge(answers[["rule_id", "decision_id"]], on="rule_id", how="left")
