"""Whether it is time to go on: the three preconditions, what the tables show of them, and what would change them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.convene.conditions import agenda_answers
from ci_analysis.convene.money import STATUSES, not_counting, own_money, usd, year_to
from ci_analysis.convene.roster import MUCH

if TYPE_CHECKING:
    from ci_analysis.study import Preconditions

__all__ = ["PRECONDITIONS", "champion_shown", "gate", "resources_shown", "urgency_shown"]

#: The preconditions of collective impact (Hanleybrown, Kania and Kramer 2012), as study.yaml names them.
PRECONDITIONS = ("urgency", "champion", "resources")
#: Interest and influence are for the coalition alone, so what would change these two is worded without them.
_ADVICE = {
    "urgency": (
        "Urgency would show in partners who say how much the issue matters to them (interest in partners.csv) and in "
        "many residents who speak of the same thing (voices.csv): ask both."
    ),
    "champion": "Ask somebody whom others in the community follow to answer for the agenda in public.",
}


def gate(
    preconditions: Preconditions,
    tables: Mapping[str, pd.DataFrame],
    *,
    budget: float | None = None,
    yearly: float | None = None,
    as_of: date,
) -> pd.DataFrame:
    """Return whether each precondition of going on holds, what shows it, and what would change it.

    It advises: whether to go on is the coalition's to decide, and nothing here stops a run.

    Parameters
    ----------
    preconditions : Preconditions
        What study.yaml says of urgency, champion and resources: holds, evidence, to_change.
    tables : mapping of str to pandas.DataFrame
        The study's partners, endorsements, funding and voices, by name.
    budget : float, optional
        For new projects, USD.
    yearly : float, optional
        The backbone's budget of a year, USD.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        One row a precondition, in the order of `PRECONDITIONS`: precondition, holds (bool; missing where it is not
        judged), evidence, tables_show, to_change: what study.yaml says, else a sentence where it does not hold or is
        not judged, else missing.

    References
    ----------
    Hanleybrown, Kania and Kramer (2012), Channeling change: making collective impact work.

    Examples
    --------
    >>> from ci_analysis.study import Preconditions
    >>> from ci_analysis.tables import INPUTS, empty_frame
    >>> tables = {name: empty_frame(INPUTS[name]) for name in ("partners", "endorsements", "funding", "voices")}
    >>> judged = Preconditions.model_validate({"champion": {"holds": True, "evidence": "The mayor asks for it."}})
    >>> found = gate(judged, tables, as_of=date(2026, 6, 30)).set_index("precondition")
    >>> found.loc["champion", ["holds", "evidence"]].to_list()
    [True, 'The mayor asks for it.']
    >>> found.loc["resources", "to_change"]
    'Write down in funding.csv what is asked for, pledged and received.'
    """
    partners, endorsements, funding, voices = (tables[n] for n in ("partners", "endorsements", "funding", "voices"))
    shown = {
        "urgency": urgency_shown(partners, voices),
        "champion": champion_shown(partners, endorsements, as_of=as_of),
        "resources": resources_shown(funding, budget=budget, yearly=yearly, as_of=as_of),
    }
    advice = _ADVICE | {"resources": _to_find(funding, budget, yearly, as_of)}
    rows = []
    for name in PRECONDITIONS:
        judged = getattr(preconditions, name)
        computed = None if judged and judged.holds else advice[name]
        rows.append(
            {
                "precondition": name,
                "holds": judged.holds if judged else None,
                "evidence": judged.evidence if judged else None,
                "tables_show": shown[name],
                "to_change": (judged.to_change if judged else None) or computed,
            }
        )
    return pd.DataFrame(rows)


def urgency_shown(partners: pd.DataFrame, voices: pd.DataFrame) -> str:
    """Return a sentence on urgency: joined partners with much interest, and what most residents spoke of.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: status, interest (1 to 5; may be missing).
    voices : pandas.DataFrame
        One row something said: theme, count (people who said it; may be missing).

    Returns
    -------
    str

    Examples
    --------
    >>> partners = pd.DataFrame({"status": "joined", "interest": [5, 3, None]})
    >>> voices = pd.DataFrame({"theme": ["Price", "Price", "Teachers"], "count": [20.0, 4.0, 9.0]})
    >>> urgency_shown(partners, voices)
    'Interest of 4 or 5: 1 of 2 joined partners whose interest is judged. Most people, 24, spoke of Price.'
    """
    interest = partners.loc[partners["status"].eq("joined"), "interest"].dropna()
    said = []
    if len(interest):
        many = int((interest >= MUCH).sum())
        said.append(f"Interest of 4 or 5: {many} of {_judged(len(interest), 'whose interest is judged')}.")
    people = voices.groupby("theme")["count"].sum(min_count=1).dropna()
    if len(people) and people.max() > 0:
        top = sorted(people.index[people.eq(people.max())])
        least = "at least " if voices.loc[voices["theme"].isin(top), "count"].isna().any() else ""
        each, of = " each" if len(top) > 1 else "", " and of ".join(top)
        if people.max() == 1:
            said.append(f"{'At least one' if least else 'One'} person{each} spoke of {of}.")
        else:
            said.append(f"Most people, {least}{people.max():,.0f}{each}, spoke of {of}.")
    return " ".join(said) or (
        "No table speaks of it: partners.csv has no interest of a joined partner, and voices.csv no counts."
    )


def champion_shown(partners: pd.DataFrame, endorsements: pd.DataFrame, *, as_of: date) -> str:
    """Return a sentence on champions: joined partners with much influence and interest, and support among them.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, status, interest, influence (1 to 5; may be missing).
    endorsements : pandas.DataFrame
        One row an answer: partner_id, agenda_on (date), response (support, reservations, not-yet).
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    str

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b"], "status": "joined", "interest": [5, 2], "influence": 4})
    >>> endorsements = pd.DataFrame(
    ...     {"partner_id": ["a"], "agenda_on": pd.Timestamp("2026-01-01"), "response": ["support"]}
    ... )
    >>> print(champion_shown(partners, endorsements, as_of=date(2026, 6, 30)))
    Influence and interest of 4 or 5: 1 of 2 joined partners of whom both are judged; 1 of 1 supports the latest text
    of the agenda.
    """
    joined = partners[partners["status"].eq("joined")].dropna(subset=["interest", "influence"])
    if joined.empty:
        return "No table speaks of it: partners.csv has no influence and interest of a joined partner."
    strong = joined.loc[(joined["interest"] >= MUCH) & (joined["influence"] >= MUCH), "partner_id"]
    counted = f"{len(strong)} of {_judged(len(joined), 'of whom both are judged')}"
    first = f"Influence and interest of 4 or 5: {counted}"
    if strong.empty:
        return f"{first}: one would have to be won first."
    answers = agenda_answers(partners, endorsements, as_of=as_of)
    if answers["agenda_on"].isna().all():
        return f"{first}; no answer to the agenda is recorded (endorsements.csv)."
    support = int(answers.loc[answers["partner_id"].isin(strong), "response"].eq("support").sum())
    verb = "supports" if support == 1 else "support"
    return f"{first}; {support} of {len(strong)} {verb} the latest text of the agenda."


def _judged(n: int, what: str) -> str:
    return f"{n} joined partner{'' if n == 1 else 's'} {what}"


def resources_shown(funding: pd.DataFrame, *, budget: float | None, yearly: float | None, as_of: date) -> str:
    """Return a sentence on resources: money received, pledged and asked for, beside what is needed.

    For new projects: all entries with a project, up to `as_of`, against the budget. For the coalition itself: entries
    without a project of the year up to `as_of`, against the backbone's budget of a year; how many of these have no
    date, and are in no sum, is said.

    Parameters
    ----------
    funding : pandas.DataFrame
        One row an entry: amount (USD), status (asked, pledged, received), project_id, on (date).
    budget : float or None
        For new projects, USD.
    yearly : float or None
        The backbone's budget of a year, USD.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    str

    Examples
    --------
    >>> funding = pd.DataFrame(
    ...     {"amount": [5.0, 2.0], "status": ["received", "asked"], "project_id": "p", "on": pd.Timestamp("2026-02-01")}
    ... )
    >>> print(resources_shown(funding, budget=20, yearly=None, as_of=date(2026, 6, 30)))
    For new projects: $5 received, nothing pledged and $2 asked for, of a budget of $20. For the coalition itself, in
    the year to June 30, 2026: nothing received, nothing pledged and nothing asked for; its yearly budget is not stated.
    """
    if funding.empty:
        return "No table speaks of it: funding.csv has no rows."
    own = own_money(funding, as_of=as_of)
    but = not_counting(int(own["undated"].sum()))
    of_projects = f", of a budget of {usd(budget)}" if budget is not None else "; the budget is not stated"
    of_own = f", of a yearly budget of {usd(yearly)}" if yearly is not None else "; its yearly budget is not stated"
    return (
        f"For new projects: {_each(_for_projects(funding, as_of))}{of_projects}. "
        f"For the coalition itself, {year_to(as_of)}: {_each(own['amount'])}"
        f"{f' ({but})' if but else ''}{of_own}."
    )


def _for_projects(funding: pd.DataFrame, as_of: date) -> pd.Series:
    """Sums by status of what is for projects, up to the day; of whatever year, so a date may be missing."""
    rows = funding[funding["project_id"].notna() & ~(funding["on"] > pd.Timestamp(as_of))]
    # Without an entry of a status, nothing is received, pledged or asked for: true zeros.
    return rows.groupby("status")["amount"].sum().reindex(list(STATUSES), fill_value=0.0)


def _each(sums: pd.Series) -> str:
    parts = [f"{usd(sums[status]) if sums[status] else 'nothing'} {words}" for status, words in STATUSES.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _to_find(funding: pd.DataFrame, budget: float | None, yearly: float | None, as_of: date) -> str:
    """Say which dollars are missing: what is needed less what is received and pledged, and dates that may hide some."""
    if funding.empty:
        return "Write down in funding.csv what is asked for, pledged and received."
    if budget is None and yearly is None:
        return "Write down in study.yaml what is needed: budget, and annual_budget under backbone."
    projects, money = _for_projects(funding, as_of), own_money(funding, as_of=as_of).loc[["received", "pledged"]]
    own, undated = money["amount"], int(money["undated"].sum())
    lack = max(0, round(budget - projects["received"] - projects["pledged"])) if budget is not None else 0
    over = round(own["received"] + own["pledged"] - yearly) if yearly is not None else 0
    parts = [f"{usd(lack)} of the budget for new projects"] if lack else []
    if over < 0:
        parts.append(f"{usd(-over)} of the coalition's own yearly budget")
    if parts:
        said = f"{' and '.join(parts)} {'are' if len(parts) > 1 else 'is'} neither received nor pledged"
        if over < 0 and undated:
            # What has no date may be of this year: it may be all that is missing.
            dates = "its date" if undated == 1 else "their dates"
            return f"{said}, {not_counting(undated)}: first write {dates} into funding.csv (on)."
        said += "."
        spare = usd(min(lack, over))
        more = f" {spare} of it could come from what the coalition itself has beyond its yearly budget."
        return said + (more if lack and over > 0 else "")
    if projects["pledged"] + own["pledged"] > 0:
        return "Nothing is missing once what is pledged has been received: see that it is."
    return "What is received covers what is needed: judge again whether this holds."
