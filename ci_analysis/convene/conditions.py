"""The five conditions of collective impact: what partners say of them, and what the study's tables show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ci_analysis.convene.money import not_counting, own_money, usd, year_to
from ci_analysis.convene.waves import in_wave_order
from ci_analysis.errors import WrongUse
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "CONDITIONS",
    "activities_evidence",
    "agenda_answers",
    "agenda_evidence",
    "backbone_evidence",
    "communication_evidence",
    "condition_evidence",
    "condition_scores",
    "condition_spread",
    "half_interval",
    "measurement_evidence",
    "respondent_scores",
    "speakers",
    "with_evidence",
]

#: The five conditions (Kania and Kramer 2011), as the readiness instrument names them.
CONDITIONS = (
    "common-agenda",
    "shared-measurement",
    "mutually-reinforcing-activities",
    "continuous-communication",
    "backbone",
)
#: Means of whole numbers carry rounding errors; a score that reaches a level must not miss it by one of them.
_ROUNDING = 1e-9


# --- what partners say ------------------------------------------------------------------------------------------------


def respondent_scores(readiness: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return each respondent's score on each condition: the mean of the items that it answered.

    Parameters
    ----------
    readiness : pandas.DataFrame
        One row an answer: wave (period), respondent, item, score (1 to 5; missing is not answered).
    items : pandas.DataFrame
        One row an item of the instrument: item, condition.

    Returns
    -------
    pandas.DataFrame
        One row a wave, condition and respondent, by wave, condition (in the instrument's order) and respondent: wave,
        condition, respondent, score (1 to 5). Who answered no item of a condition has no row for it.

    Examples
    --------
    >>> answers = [("2026", "a", "x", 2), ("2026", "a", "y", 5)]
    >>> readiness = pd.DataFrame(answers, columns=["wave", "respondent", "item", "score"])
    >>> items = pd.DataFrame({"item": ["x", "y"], "condition": "backbone"})
    >>> respondent_scores(readiness, items).values.tolist()
    [['2026', 'backbone', 'a', 3.5]]
    """
    answers = readiness[["wave", "respondent", "item", "score"]].dropna(subset=["score"])
    answers = answers.merge(items[["item", "condition"]], on="item")
    scores = answers.groupby(["wave", "condition", "respondent"], as_index=False)["score"].mean()
    return _in_instrument_order(scores, items, "respondent")


def _in_instrument_order(frame: pd.DataFrame, items: pd.DataFrame, *then: str) -> pd.DataFrame:
    order = pd.Index(items["condition"].unique())
    placed = frame.assign(_place=order.get_indexer(frame["condition"]))
    return in_wave_order(placed, "_place", *then).drop(columns="_place")


def condition_scores(readiness: pd.DataFrame, items: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the score of each condition in each wave, its 95 % interval and its level.

    Score = mean over respondents of `respondent_scores`; interval = score ± t(0.975, k - 1) s / sqrt(k) over k
    respondents with standard deviation s, missing for one; it may pass the ends of the scale. Level = the highest
    whose start the score reaches.

    Parameters
    ----------
    readiness : pandas.DataFrame
        One row an answer: wave (period), respondent, item, score (1 to 5).
    items : pandas.DataFrame
        One row an item of the instrument: item, condition.
    levels : pandas.DataFrame
        One row a level of a condition: condition, level, start (the lowest score).

    Returns
    -------
    pandas.DataFrame
        One row a wave and condition, by wave and in the instrument's order: wave, condition, score, low, high (1 to
        5), respondents, level. A condition that nobody answered in a wave has 0 respondents, and nothing else.

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6(1).

    Examples
    --------
    >>> answers = [("2026", "a", "x", 2), ("2026", "b", "x", 4)]
    >>> readiness = pd.DataFrame(answers, columns=["wave", "respondent", "item", "score"])
    >>> items = pd.DataFrame({"item": ["x"], "condition": ["backbone"]})
    >>> levels = pd.DataFrame({"condition": "backbone", "level": [1, 2, 3], "start": [1.0, 2.5, 3.5]})
    >>> condition_scores(readiness, items, levels)[["score", "low", "level"]].round(2).values.tolist()
    [[3.0, -9.71, 2.0]]
    """
    scores = respondent_scores(readiness, items)
    grid = _grid(readiness, items)
    by_condition = scores.groupby(["wave", "condition"])["score"]
    # A condition that nobody answered was answered by none: a count of zero, and no score.
    count = by_condition.size().reindex(grid, fill_value=0)
    mean, deviation = by_condition.mean().reindex(grid), by_condition.std().reindex(grid)
    half = half_interval(deviation, count)
    result = pd.DataFrame({"score": mean, "low": mean - half, "high": mean + half, "respondents": count})
    result = result.reset_index()
    reached = result[["wave", "condition", "score"]].merge(levels[["condition", "level", "start"]], on="condition")
    reached = reached[reached["start"] <= reached["score"] + _ROUNDING]
    level = reached.groupby(["wave", "condition"])["level"].max().reindex(grid)
    result["level"] = level.to_numpy(dtype="float64")
    return _in_instrument_order(result, items)


def half_interval(spread: pd.Series, respondents: pd.Series) -> pd.Series:
    """Return half the width of the 95 % interval of a mean, t(0.975, k - 1) s / sqrt(k).

    Parameters
    ----------
    spread : pandas.Series
        Standard deviation s between respondents.
    respondents : pandas.Series
        Their number k.

    Returns
    -------
    pandas.Series
        In the unit of the spread; missing for fewer than two respondents.

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6(1).

    Examples
    --------
    >>> half_interval(pd.Series([1.0, 1.0]), pd.Series([4, 1])).round(3).to_list()
    [1.591, nan]
    """
    several = respondents.where(respondents >= 2)
    return spread * stdtrit(several - 1, 0.975) / np.sqrt(several)


def _grid(readiness: pd.DataFrame, items: pd.DataFrame) -> pd.MultiIndex:
    """Every wave with every condition, whether anyone answered it or not."""
    return pd.MultiIndex.from_product(
        [readiness["wave"].dropna().unique(), items["condition"].unique()], names=["wave", "condition"]
    )


def speakers(readiness: pd.DataFrame, partners: pd.DataFrame, *, backbone: str | None = None) -> pd.DataFrame:
    """Return for whom each respondent of each wave speaks: for the backbone, or for a partner.

    As its rows of the wave say (`speaks_for`). Where they say nothing, or contradict each other, its identifier
    decides: that of the backbone, or of a joined partner whose role is backbone, speaks for the backbone.

    Parameters
    ----------
    readiness : pandas.DataFrame
        One row an answer: wave (period), respondent, speaks_for (backbone, partner; may be missing).
    partners : pandas.DataFrame
        One row a partner: partner_id, status, role.
    backbone : str, optional
        The backbone that study.yaml names (partner_id).

    Returns
    -------
    pandas.DataFrame
        One row a wave and respondent, by wave and respondent: wave, respondent, speaks_for (backbone, partner).

    Examples
    --------
    >>> answers = [("2026", "office", None), ("2026", "a", None), ("2026", "b", "backbone")]
    >>> readiness = pd.DataFrame(answers, columns=["wave", "respondent", "speaks_for"])
    >>> partners = pd.DataFrame({"partner_id": ["office", "a"], "status": "joined", "role": None})
    >>> speakers(readiness, partners, backbone="office")["speaks_for"].to_list()
    ['partner', 'backbone', 'backbone']
    """
    ours = partners["role"].eq("backbone") & partners["status"].eq("joined")
    own = {*partners.loc[ours, "partner_id"], backbone}
    by_respondent = readiness.groupby(["wave", "respondent"], as_index=False)
    result = by_respondent.agg(said=("speaks_for", "first"), words=("speaks_for", "nunique"))
    # A respondent that were in neither group, or in both, would give its own answer back from the three means.
    known = result["respondent"].isin(own).map({True: "backbone", False: "partner"})
    result["speaks_for"] = result.pop("said").where(result.pop("words").eq(1), known)
    return in_wave_order(result, "respondent")


def condition_spread(readiness: pd.DataFrame, items: pd.DataFrame, speakers: pd.DataFrame) -> pd.DataFrame:
    """Return how far respondents lie apart on each condition, and the mean of the backbone and of the others.

    Spread = standard deviation (over k - 1) of the k respondents' `respondent_scores`.

    Parameters
    ----------
    readiness : pandas.DataFrame
        One row an answer: wave (period), respondent, item, score (1 to 5).
    items : pandas.DataFrame
        One row an item of the instrument: item, condition.
    speakers : pandas.DataFrame
        From `speakers`: wave, respondent, speaks_for. Who is not in it counts among the others.

    Returns
    -------
    pandas.DataFrame
        One row a wave and condition, by wave and in the instrument's order: wave, condition, spread (missing for
        fewer than two), backbone, others (mean scores, 1 to 5, missing without such a respondent), n_backbone,
        n_others (respondents). What a single respondent answered, such as the lowest and the highest, is not in it.

    Examples
    --------
    >>> answers = [("2026", "a", "x", 5), ("2026", "b", "x", 2), ("2026", "c", "x", 3)]
    >>> readiness = pd.DataFrame(answers, columns=["wave", "respondent", "item", "score"])
    >>> items = pd.DataFrame({"item": ["x"], "condition": ["backbone"]})
    >>> who = pd.DataFrame({"wave": ["2026"], "respondent": ["a"], "speaks_for": ["backbone"]})
    >>> condition_spread(readiness, items, who)[["spread", "backbone", "others", "n_others"]].round(2).values.tolist()
    [[1.53, 5.0, 2.5, 2.0]]
    """
    scores = respondent_scores(readiness, items).merge(speakers, how="left", on=["wave", "respondent"])
    ours = scores["speaks_for"].eq("backbone")
    scores = scores.assign(backbone=scores["score"].where(ours), others=scores["score"].where(~ours))
    by_condition, grid = scores.groupby(["wave", "condition"]), _grid(readiness, items)
    parts = ["backbone", "others"]
    means = by_condition[parts].mean().reindex(grid)
    # Of a condition that nobody answered, nobody spoke for either: counts of zero.
    counts = by_condition[parts].count().reindex(grid, fill_value=0).add_prefix("n_")
    # Respondents who agree differ by a rounding error of their mean at most.
    spread = by_condition["score"].std().reindex(grid).round(12)
    result = pd.concat([spread.rename("spread"), means, counts], axis=1).reset_index()
    return _in_instrument_order(result, items)


# --- what the tables show ---------------------------------------------------------------------------------------------


def _share_of(n: int, total: int, noun: tuple[str, str], holds: tuple[str, str, str]) -> str:
    """How many of a total something holds of, as a clause: right for none, one, both and all.

    `noun` is one and many; `holds` is what holds of one, of many, and what holds of the only one where it does not.
    """
    if total == 1:
        return f"The only {noun[0]} {holds[0] if n else holds[2]}"
    if n == 0:
        return f"{f'Neither {noun[0]}' if total == 2 else f'None of the {total} {noun[1]}'} {holds[0]}"
    if n == total:
        return f"{'Both' if total == 2 else f'All {total}'} {noun[1]} {holds[1]}"
    return f"{n} of {total} {noun[1]} ({_percent(n, total)}) {holds[0] if n == 1 else holds[1]}"


def _percent(part: float, whole: float) -> str:
    """Write a share as a whole percent; what is not nothing or everything is not rounded to it."""
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent}%"


def _lower(clause: str) -> str:
    return clause[:1].lower() + clause[1:]


def agenda_evidence(
    goals: pd.DataFrame,
    measures: pd.DataFrame,
    partners: pd.DataFrame,
    endorsements: pd.DataFrame,
    *,
    as_of: date,
) -> str:
    """Return a sentence on the common agenda: goals with a complete measure, and partners that support it.

    A goal's measure is complete with baseline, target and owner. A partner supports the agenda where it answered its
    latest text (by `agenda_on`, up to `as_of`) with support.

    Parameters
    ----------
    goals : pandas.DataFrame
        One row a goal: goal_id, measure_id (may be missing).
    measures : pandas.DataFrame
        One row a measure: measure_id, baseline, target (in its unit), owner.
    partners : pandas.DataFrame
        One row a partner: partner_id, status.
    endorsements : pandas.DataFrame
        One row an answer: partner_id, agenda_on (date), response (support, reservations, not-yet).
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    str

    Examples
    --------
    >>> goals = pd.DataFrame({"goal_id": ["g"], "measure_id": ["m"]})
    >>> measures = pd.DataFrame({"measure_id": ["m"], "baseline": [1.0], "target": [2.0], "owner": ["a"]})
    >>> partners = pd.DataFrame({"partner_id": ["a", "b", "c"], "status": "joined"})
    >>> endorsements = pd.DataFrame(
    ...     {"partner_id": ["a", "b"], "agenda_on": pd.Timestamp("2026-01-01"), "response": ["support", "not-yet"]}
    ... )
    >>> agenda_evidence(goals, measures, partners, endorsements, as_of=date(2026, 6, 30))
    'The only goal has a measure with baseline, target and owner; 1 of 3 joined partners (33%) supports the agenda.'
    """
    complete = measures.loc[measures[["baseline", "target", "owner"]].notna().all(axis=1), "measure_id"]
    if len(goals):
        what = "a measure with baseline, target and owner"
        first = _share_of(
            int(goals["measure_id"].isin(complete).sum()),
            len(goals),
            ("goal", "goals"),
            (f"has {what}", f"have {what}", f"has no {what.removeprefix('a ')}"),
        )
    else:
        first = "No goals are written down yet (agenda in study.yaml)"
    return f"{first}; {_endorsed(partners, endorsements, as_of)}."


def _endorsed(partners: pd.DataFrame, endorsements: pd.DataFrame, as_of: date) -> str:
    answers = agenda_answers(partners, endorsements, as_of=as_of)
    if answers.empty:
        return "no partner has joined yet (partners.csv)"
    if answers["agenda_on"].isna().all():
        return "no partner's answer to the agenda is recorded yet (endorsements.csv)"
    clause = _share_of(
        int(answers["response"].eq("support").sum()),
        len(answers),
        ("joined partner", "joined partners"),
        ("supports the agenda", "support the agenda", "does not support the agenda yet"),
    )
    doubts = int(answers["response"].eq("reservations").sum())
    if not doubts:
        return _lower(clause)
    who = "" if len(answers) == 1 else f"{doubts} "
    return f"{_lower(clause)}, and {who}{'has' if doubts == 1 else 'have'} reservations"


def agenda_answers(partners: pd.DataFrame, endorsements: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return each joined partner's answer to the agenda's latest text.

    The latest text is that of the last `agenda_on` up to `as_of`: support of an older one is not support of what
    stands now.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, status.
    endorsements : pandas.DataFrame
        One row an answer: partner_id, agenda_on (date), response (support, reservations, not-yet), and more.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        One row a joined partner, in the order of `partners`: partner_id, then the columns of `endorsements`. Without
        an answer the response is missing; agenda_on is the latest text's, missing where there is none.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b"], "status": "joined"})
    >>> endorsements = pd.DataFrame(
    ...     {"partner_id": ["a"], "agenda_on": pd.Timestamp("2026-01-01"), "response": ["support"]}
    ... )
    >>> agenda_answers(partners, endorsements, as_of=date(2026, 6, 30))["response"].to_list()
    ['support', nan]
    """
    asked = endorsements[endorsements["agenda_on"] <= pd.Timestamp(as_of)]
    latest = asked["agenda_on"].max()
    joined = partners.loc[partners["status"].eq("joined"), ["partner_id"]]
    answers = joined.merge(asked[asked["agenda_on"].eq(latest)], how="left", on="partner_id")
    return answers.assign(agenda_on=latest)


def measurement_evidence(reporting: pd.DataFrame) -> str:
    """Return a sentence on shared measurement: the share of due reports that arrived.

    Parameters
    ----------
    reporting : pandas.DataFrame
        One row a report that was due: reported (on-time, late, missing).

    Returns
    -------
    str

    Examples
    --------
    >>> measurement_evidence(pd.DataFrame({"reported": ["on-time", "late", "late", "missing"]}))
    '3 of 4 due reports (75%) arrived, 2 of them late.'
    """
    due = reporting["reported"].dropna()
    if due.empty:
        return (
            "Whether reports arrive is not known: none is due yet, "
            "or measures.csv does not say who reports, and how often."
        )
    arrived, late = int(due.ne("missing").sum()), int(due.eq("late").sum())
    clause = _share_of(arrived, len(due), ("due report", "due reports"), ("arrived", "arrived", "did not arrive"))
    return f"{clause}{_lateness(arrived, late)}."


def _lateness(arrived: int, late: int) -> str:
    if arrived == 0:
        return ""
    if late in (0, arrived):
        each = {1: "", 2: "both of them "}.get(arrived, "all of them ")
        return f", {each}{'late' if late else 'on time'}"
    return f", {late} of them late"


def activities_evidence(
    levers: pd.DataFrame, activities: pd.DataFrame, initiatives: pd.DataFrame, *, as_of: date
) -> str:
    """Return a sentence on mutually reinforcing activities: levers with two or more partners and a named lead.

    Work under way counts; proposed projects do not.

    Parameters
    ----------
    levers : pandas.DataFrame
        One row a lever of the issue profile: lever.
    activities : pandas.DataFrame
        One row a lever and partner: lever, partner_id, initiatives (that it leads or takes part in).
    initiatives : pandas.DataFrame
        One row an initiative: lever, lead, ends_on (date).
    as_of : datetime.date
        The day the study speaks of: an initiative that ended before it has no lead any more.

    Returns
    -------
    str

    Examples
    --------
    >>> levers = pd.DataFrame({"lever": ["supply", "quality"]})
    >>> activities = pd.DataFrame({"lever": "supply", "partner_id": ["a", "b"], "initiatives": [1, 1]})
    >>> initiatives = pd.DataFrame({"lever": ["supply"], "lead": ["a"], "ends_on": [pd.NaT]})
    >>> activities_evidence(levers, activities, initiatives, as_of=date(2026, 6, 30))
    '1 of 2 levers (50%) has two or more partners and a named lead.'
    """
    if initiatives.empty:
        return "Who works on what is not known: initiatives.csv has no rows."
    working = activities[activities["initiatives"] > 0]
    partners = working.groupby("lever")["partner_id"].nunique()
    ended = initiatives["ends_on"] < pd.Timestamp(as_of)
    led = initiatives.loc[~ended & initiatives["lead"].notna(), "lever"]
    shared = levers["lever"].isin(partners.index[partners >= 2]) & levers["lever"].isin(led)
    what = "two or more partners and a named lead"
    holds = (f"has {what}", f"have {what}", "lacks two partners or a named lead")
    return f"{_share_of(int(shared.sum()), len(levers), ('lever', 'levers'), holds)}."


def communication_evidence(communications: pd.DataFrame) -> str:
    """Return a sentence on continuous communication: the share of communications on time.

    Parameters
    ----------
    communications : pandas.DataFrame
        One row a communication: days_overdue (0 where on time; missing where the last time is not known).

    Returns
    -------
    str

    Examples
    --------
    >>> communication_evidence(pd.DataFrame({"days_overdue": [0.0, 12.0, 0.0, None]}))
    '2 of 3 communications with a known date (67%) are on time; 1 more has none.'
    """
    if communications.empty:
        return "Whether communication is on time is not known: communications.csv has no rows."
    overdue = communications["days_overdue"].dropna()
    unknown = len(communications) - len(overdue)
    if overdue.empty:
        return "Whether communication is on time is not known: communications.csv has no dates in last_on."
    of = " with a known date" if unknown else ""
    clause = _share_of(
        int((overdue <= 0).sum()),
        len(overdue),
        (f"communication{of}", f"communications{of}"),
        ("is on time", "are on time", "is overdue"),
    )
    more = f"; {unknown} more {'has' if unknown == 1 else 'have'} none" if unknown else ""
    return f"{clause}{more}."


def backbone_evidence(
    name: str | None,
    staff_fte: float | None,
    annual_budget: float | None,
    funding: pd.DataFrame,
    *,
    as_of: date,
) -> str:
    """Return a sentence on the backbone: whether it is named, staffed, and funded for a year.

    Funded = money received for the coalition itself (not for a project) in the year up to `as_of`, against the
    yearly budget. What is pledged is named beside it; what is only asked for is not counted.

    Parameters
    ----------
    name : str or None
        The backbone's name to show; None where there is none.
    staff_fte : float or None
        Full-time equivalents.
    annual_budget : float or None
        USD a year.
    funding : pandas.DataFrame
        One row an entry: amount (USD), status (asked, pledged, received), project_id, on (date).
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    str

    Examples
    --------
    >>> funding = pd.DataFrame(
    ...     {"amount": [300000.0], "status": "received", "project_id": None, "on": pd.Timestamp("2026-02-01")}
    ... )
    >>> print(backbone_evidence("The Office", 2.5, 400000, funding, as_of=date(2026, 6, 30)))
    The Office is named as backbone, with 2.5 full-time-equivalent staff; in the year to June 30, 2026 it received
    $300,000 of its yearly budget of $400,000 (75%).
    """
    if name is None:
        first, who, budget = "No backbone is named (backbone in study.yaml)", "the coalition", None
    else:
        first = f"{name} is named as backbone, {_staff(staff_fte)}"
        who, budget = "it", annual_budget
    return f"{first}; {_funded(who, budget, funding, as_of)}."


def _staff(fte: float | None) -> str:
    if fte is None or np.isnan(fte):
        return "its staff not stated"
    return f"with {fte:g} full-time-equivalent staff" if fte else "without paid staff"


def _funded(who: str, budget: float | None, funding: pd.DataFrame, as_of: date) -> str:
    if funding.empty:
        return f"what {who} received is not known (funding.csv has no rows)"
    own = own_money(funding, as_of=as_of).loc[["received", "pledged"]]
    received, pledged = own["amount"]
    undated = int(own["undated"].sum())

    clause = f"{year_to(as_of)} {who} received {usd(received) if received else 'nothing'}"
    if budget is not None and budget > 0:
        clause += f" of its yearly budget of {usd(budget)} ({_percent(received, budget)})"
    elif who == "it":
        clause += ", its yearly budget not stated" if budget is None else ", its yearly budget being $0"
    if pledged:
        clause += f", and {usd(pledged)} {'more ' if received else ''}is pledged"
    return f"{clause}, {not_counting(undated)}" if undated else clause


def condition_evidence(study: Study, before: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return a sentence for each condition on what the study's tables show of it.

    Parameters
    ----------
    study : Study
        Read and checked.
    before : mapping of str to pandas.DataFrame
        Output tables of all four steps, of which activities, reporting and communications are read.

    Returns
    -------
    pandas.Series
        Named evidence: a sentence by condition, in the order of `CONDITIONS`. Where a table or a part of study.yaml
        is empty, the sentence says so.

    Raises
    ------
    WrongUse
        Where one of the three output tables is not in `before`; one without rows is no error.

    See Also
    --------
    agenda_evidence, measurement_evidence, activities_evidence, communication_evidence, backbone_evidence
    """
    inputs, settings = study.tables, study.settings
    lacking = [n for n in ("activities", "reporting", "communications") if n not in before]
    if lacking:
        raise WrongUse(
            f"The conditions' evidence needs {', '.join(lacking)}; run the strategy and redesign steps first."
        )
    as_of, agenda, backbone = settings.as_of, settings.agenda, settings.backbone
    goals = pd.DataFrame(
        [(goal.goal_id, goal.measure_id) for goal in (agenda.goals if agenda else ())],
        columns=["goal_id", "measure_id"],
        dtype="str",
    )
    levers = pd.DataFrame({"lever": [lever.lever for lever in study.profile.levers]})
    sentences = (
        agenda_evidence(goals, inputs["measures"], inputs["partners"], inputs["endorsements"], as_of=as_of),
        measurement_evidence(before["reporting"]),
        activities_evidence(levers, before["activities"], inputs["initiatives"], as_of=as_of),
        communication_evidence(before["communications"]),
        backbone_evidence(
            _backbone_name(backbone.partner if backbone else None, inputs["partners"]),
            backbone.staff_fte if backbone else None,
            backbone.annual_budget if backbone else None,
            inputs["funding"],
            as_of=as_of,
        ),
    )
    return pd.Series(sentences, index=pd.Index(CONDITIONS, name="condition"), name="evidence", dtype="str")


def _backbone_name(partner: str | None, partners: pd.DataFrame) -> str | None:
    """Name the backbone that study.yaml gives, or else the joined partner with that role."""
    if partner is not None:
        names = partners.loc[partners["partner_id"].eq(partner), "name"]
        return names.iloc[0] if len(names) else partner
    ours = partners["role"].eq("backbone") & partners["status"].eq("joined")
    return " and ".join(sorted(partners.loc[ours, "name"])) or None


def with_evidence(conditions: pd.DataFrame, evidence: pd.Series, *, as_of: date) -> pd.DataFrame:
    """Return the conditions with the evidence filled in.

    The tables speak of `as_of`, so the sentences stand beside the latest wave only; earlier waves have none. Without
    any wave, each condition has a row whose wave is `as_of`, without a score.

    Parameters
    ----------
    conditions : pandas.DataFrame
        From `condition_scores`: wave (period), condition and the rest; may have no rows.
    evidence : pandas.Series of str
        A sentence by condition.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        The columns of the output table conditions.

    Examples
    --------
    >>> conditions = pd.DataFrame({"wave": ["2025", "2026"], "condition": "backbone"})
    >>> with_evidence(conditions, pd.Series({"backbone": "It is named."}), as_of=date(2026, 6, 30)).evidence.to_list()
    [nan, 'It is named.']
    """
    if conditions.empty:
        rows = empty_frame(OUTPUTS["conditions"]).reindex(range(len(evidence)))
        return rows.assign(
            wave=as_of.isoformat(),
            condition=list(evidence.index),
            evidence=list(evidence),
            respondents=0.0,
            n_backbone=0.0,
            n_others=0.0,
        )
    latest = in_wave_order(conditions[["wave"]])["wave"].iloc[-1]
    sentences = conditions["condition"].map(evidence)
    return conditions.assign(evidence=sentences.where(conditions["wave"].eq(latest)))
