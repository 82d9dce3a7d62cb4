"""Figures of step 1: who stands behind the agenda, who keeps the work together, with what, and whether to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.convene.conditions import agenda_answers
from ci_analysis.convene.money import not_counting, own_money
from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.words import (
    NAME_LETTERS,
    amount,
    date_words,
    figure_text,
    how_many,
    listing,
    percent,
    sentence,
    shortened,
    spelled,
)
from ci_analysis.study import Backbone
from ci_analysis.tables import members

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["backbone", "commitments", "endorsements", "gate", "money", "reservations"]

_RESPONSES = {
    "support": "Support",
    "reservations": "With reservations",
    "not-yet": "Not yet",
    "none": "No answer",
}


def _latest_answers(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Return each joined partner's answer to the agenda's latest text; `none` where there is no answer."""
    found = agenda_answers(partners, answers, as_of=study.settings.as_of)
    return found.assign(response=found["response"].fillna("none"))


def _held_back(responses: pd.Series) -> list[str]:
    """Say how many do not support the agenda, by their answer."""
    words = {
        "reservations": ("has reservations", "have reservations"),
        "not-yet": ("is not ready yet", "are not ready yet"),
        "none": ("has not answered", "have not answered"),
    }
    counts = responses.value_counts()
    return [f"{spelled(counts[c])} {w[0] if counts[c] == 1 else w[1]}" for c, w in words.items() if c in counts]


def endorsements(study: Study, answers: pd.DataFrame, partners: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw how many joined partners support the agenda's latest text.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    found = _latest_answers(study, answers, partners)
    if not len(found) or found["agenda_on"].isna().all():
        return None
    n = len(found)
    counts = found["response"].value_counts().reindex(list(_RESPONSES), fill_value=0)
    kept = counts[(counts > 0) | (counts.index != "none")]
    hues = {"support": "one", "reservations": "two", "not-yet": "quiet", "none": "muted"}
    ax = new_axes(ax, height=0.35 + 0.36 * len(kept))
    y = np.arange(len(kept))[::-1]
    with style():
        ax.barh(y, kept, height=0.62, color=[COLOURS[hues[c]] for c in kept.index])
        for at, value in zip(y, kept, strict=True):
            ax.text(value + 0.01 * n, at, f"{value}", va="center")
        ax.set_yticks(y, [_RESPONSES[c] for c in kept.index])
        ax.set_xlim(0, 1.06 * n)
        ax.xaxis.set_visible(False)
        ax.spines[["bottom"]].set_visible(False)
    support = int(counts["support"])
    some = how_many(support, "joined partner", "joined partners", of=n)
    title = f"{some} {'supports' if support < 2 else 'support'} the agenda"
    others = _held_back(found["response"])
    title += f"; {listing(others)}" if others else ""
    alt = f"Bars of answers to the agenda of {date_words(found['agenda_on'].iloc[0])}: " + "; ".join(
        f"{_RESPONSES[c].lower()}, {v}" for c, v in kept.items()
    )
    return finding(ax, sentence(title), alt=alt + ".")


def commitments(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> Statement | None:
    """List what each partner will do for the agenda, and count those that have reservations.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    """
    found = _latest_answers(study, answers, partners)
    said = found[found["commits_to"].notna()]
    if not len(found):
        return None
    n, doubts = len(said), int(found["response"].eq("reservations").sum())
    some = how_many(n, "joined partner", "joined partners", of=len(found))
    title = f"{some} {'has said what it' if n < 2 else 'have said what they'} will do"
    title += f"; {spelled(doubts)} {'has' if doubts == 1 else 'have'} reservations" if doubts else ""
    frame = said.assign(answer=said["response"].map(_RESPONSES))[["partner_id", "commits_to", "answer"]]
    return Statement(sentence(title), frame if n else None, "What each will do, and its answer to the agenda")


def reservations(
    study: Study, answers: pd.DataFrame, partners: pd.DataFrame, written: pd.DataFrame
) -> Statement | None:
    """Say who holds back from the agenda's latest text, on what, and who has not answered; for the coalition alone.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    written : pandas.DataFrame
        The rows of endorsements whose reservation is filled in.

    Returns
    -------
    Statement or None
        None where nobody has joined, or no answer is recorded.
    """
    found = _latest_answers(study, answers, partners).drop(columns="reservation")
    if not len(found) or found["agenda_on"].isna().all():
        return None
    key = ["partner_id", "agenda_on"]
    found = found.merge(written[[*key, "reservation"]], how="left", on=key)
    place = {"reservations": 0, "not-yet": 1, "none": 2}
    back = found[found["response"].isin(list(place))]
    back = back.iloc[back["response"].map(place).argsort(kind="stable")]
    if not len(back):
        return Statement("No joined partner holds back from the agenda")
    frame = pd.DataFrame(
        {
            "partner_id": back["partner_id"],
            "answer": back["response"].map(_RESPONSES),
            "what_holds_it_back": back["reservation"],
            "what_it_offers": back["commits_to"],
        }
    )
    lines = []
    asked = {
        "reservations": ("has reservations", "have reservations", "which"),
        "not-yet": ("is not ready yet", "are not ready yet", "what for"),
    }
    for response, (one, many, what) in asked.items():
        own = back.loc[back["response"] == response, "reservation"]
        n = int(own.isna().sum())
        if n:
            some = "" if n == len(own) else f", of {spelled(len(own))},"
            said = f"{how_many(n, 'partner', 'partners')}{some} {one if n == 1 else many}, and nobody wrote down {what}"
            lines.append(f"{sentence(said)}: fill in reservation in endorsements.csv.")
    title = sentence(listing(_held_back(back["response"])))
    return Statement(
        title, frame.dropna(axis=1, how="all"), "Who does not yet support the agenda, and why", tuple(lines)
    )


def backbone(study: Study, partners: pd.DataFrame, funding: pd.DataFrame) -> Statement:
    """Say who holds the work together, with what, and what it coordinates.

    Parameters
    ----------
    study : Study
        For the backbone that its settings name, and its tables of what the backbone leads, owns or reports.
    partners : pandas.DataFrame
        The study's table of partners.
    funding : pandas.DataFrame
        The study's table of funding.
    """
    named = study.settings.backbone or _by_role(partners)
    lines = _marked(study, "backbone", "Illustrative: the backbone's staff and budget are made up for teaching.")
    if named is None:
        said = "No office or person is named as backbone (backbone in study.yaml, or the role in partners.csv)."
        return Statement("Nobody is named yet to hold the work together", lines=(said,))
    name = study.labels["partner_id"].get(named.partner, named.partner)
    entries = own_money(funding, as_of=study.settings.as_of)
    own, undated = entries["amount"], entries["undated"]
    title, budget = f"{shortened(name, NAME_LETTERS)} holds the work together", named.annual_budget
    if budget and len(funding):
        share = own["received"] / budget
        part = f"{percent(share)} of a year's budget"
        if share >= 1:
            part = "a whole year's budget" if share == 1 else "more than a year's budget"
        title += f" and received {part if own['received'] else 'nothing'} in the last year"
        title += f", {not_counting(undated['received'])}" if undated["received"] else ""
    elif named.staff_fte is not None:
        title += f" with {_staff(named.staff_fte)}"
    status = partners.loc[partners["partner_id"] == named.partner, ["status", "role"]].dropna(subset=["status"])
    role = status["role"].iloc[0] if len(status) else None
    words = {"received": "Received", "pledged": "Pledged", "asked": "Asked for"}
    money = [(f"{w}, for the coalition itself in the last year", figure_text(own[s], "USD")) for s, w in words.items()]
    work = _coordinated(study, named.partner)
    rows = [
        ("Office", name),
        ("Role", str(role).replace("-", " ") if pd.notna(role) else None),
        ("Staff", _staff(named.staff_fte) if named.staff_fte is not None else None),
        ("Budget of a year", figure_text(budget, "USD") if budget is not None else None),
        *(money if len(funding) else ()),
        *work,
    ]
    unknown = {
        "How many people work for it is not stated (staff_fte under backbone in study.yaml).": named.staff_fte is None,
        "What it costs a year is not stated (annual_budget under backbone in study.yaml).": budget is None,
        "What money came in is not known: funding.csv has no rows.": not len(funding),
        f"The coalition's own money is told {not_counting(undated.sum())} (on in funding.csv).": undated.sum() > 0,
        "What it coordinates is not known: no table says who leads, owns or reports what.": not work,
        "It is not among the partners that have joined.": len(status) > 0 and status["status"].iloc[0] != "joined",
    }
    frame = pd.DataFrame(rows, columns=["what", "figure"]).dropna()
    lines = (*lines, *(said for said, so in unknown.items() if so))
    return Statement(title, frame, "Who holds the work together, with what, and what it coordinates", lines)


def _by_role(partners: pd.DataFrame) -> Backbone | None:
    """Return the joined partner that has the role of backbone, of which no more is known."""
    holds = partners.loc[partners["role"].eq("backbone") & partners["status"].eq("joined"), "partner_id"]
    return Backbone(partner=holds.iloc[0]) if len(holds) else None


def _coordinated(study: Study, partner: str) -> list[tuple[str, str]]:
    """What a partner leads, owns or reports, counted and named, by table; of a table without rows nothing is known."""
    tables, found = study.tables, []
    today = pd.Timestamp(study.settings.as_of)
    measures, told = tables["measures"], tables["communications"]
    reports = measures["reporters"].map(lambda cell: partner in members(cell), na_action="ignore").eq(True)
    over, dropped = tables["initiatives"]["ends_on"] < today, tables["deliverables"]["status"].eq("dropped")
    for words, table, rows in (
        ("Initiatives under way that it leads", "initiatives", tables["initiatives"]["lead"].eq(partner) & ~over),
        ("Projects that it would lead", "projects", tables["projects"]["lead"].eq(partner)),
        ("Deliverables that it answers for", "deliverables", tables["deliverables"]["owner"].eq(partner) & ~dropped),
        ("Measures that it owns or reports", "measures", measures["owner"].eq(partner) | reports),
        ("Communications that it answers for", "communications", told["owner"].eq(partner)),
    ):
        of = tables[table]
        names = of["name"] if "name" in of else of["audience"] + " (" + of["channel"] + ")"
        some = [shortened(x, 80) for x in names[rows]]
        if len(of):
            found.append((words, f"{len(some)}: {'; '.join(some)}" if some else "none"))
    return found


def _staff(fte: float) -> str:
    if fte == 1:
        return "one full-time staff member"
    return f"{fte:g} full-time-equivalent staff" if fte else "no paid staff"


def money(study: Study, funding: pd.DataFrame) -> Statement:
    """Say what money was received, what is pledged and what is only asked for.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    funding : pandas.DataFrame
        The study's table of funding.
    """
    rows = funding[~(funding["on"] > pd.Timestamp(study.settings.as_of))]
    project = rows["project_id"].notna()
    words = {"received": "has been received", "pledged": "is pledged", "asked": "is asked for"}
    total = rows.groupby("status")["amount"].sum().reindex(list(words), fill_value=0.0)
    sums = {
        "for_projects": rows[project].groupby("status")["amount"].sum(),
        "not_tied_to_a_project": rows[~project].groupby("status")["amount"].sum(),
        "together": total,
    }
    frame = pd.DataFrame({k: [figure_text(x.get(s, 0.0), "USD") for s in words] for k, x in sums.items()})
    frame.insert(0, "where_it_stands", ["Received", "Pledged", "Asked for"])
    parts = [f"{amount(total[s])} {w}" for s, w in words.items() if total[s] > 0]
    title = listing(parts) if parts else "no money is received, pledged or asked for yet"
    if parts and not total["received"]:
        title = f"nothing has been received yet; {title}"
    given = rows[rows["status"] == "received"].groupby("source")["amount"].sum().sort_values(ascending=False)
    lines: tuple[str, ...] = ()
    if len(given) and given.iloc[0] > total["received"] / 2:
        part = percent(given.iloc[0] / total["received"]) if len(given) > 1 else "All"
        lines = (f"{part} of what was received came from one source: {shortened(given.index[0], 120)}.",)
    return Statement(sentence(title), frame, "Money, USD", lines)


def gate(study: Study, gate: pd.DataFrame) -> Statement:
    """Say which preconditions of going on hold, what shows it, and what would change it: advice, and no more.

    Parameters
    ----------
    study : Study
        Not used: the table says it all.
    gate : pandas.DataFrame
        Table `gate`.
    """
    asked = {
        "urgency": ("Urgency: people want change now", "urgency is not yet there"),
        "champion": ("A champion whom people follow", "a champion is not yet there"),
        "resources": ("Money for the first years", "money is not yet there"),
    }
    judged = gate["holds"].astype("boolean")
    failing = [asked[name][1] for name in gate.loc[judged.eq(False).fillna(False), "precondition"]]
    open_ones, holding = int(judged.isna().sum()), int(judged.sum())
    frame = pd.DataFrame(
        {
            "what_has_to_hold": [asked[name][0] for name in gate["precondition"]],
            "does_it_hold": ["not judged yet" if pd.isna(x) else "yes" if x else "no" for x in judged],
            "what_shows_it": gate["evidence"].to_list(),
            "what_the_tables_show": gate["tables_show"].to_list() if "tables_show" in gate else None,
            "what_would_change_it": gate["to_change"].to_list(),
        }
    )
    if open_ones == len(gate):
        title = "Whether the three preconditions hold is not judged yet"
    else:
        some = f"{spelled(holding)} of three preconditions" if holding < len(gate) else "all three preconditions"
        title = f"{some} {'holds' if holding < 2 else 'hold'}"
        title += f"; {listing(failing)}" if failing else ""
        title += f"; {spelled(open_ones)} {'is' if open_ones == 1 else 'are'} not judged yet" if open_ones else ""
    caption = "What has to hold before the coalition goes on"
    lines = ["This is advice: nothing stops the coalition from going on."]
    if open_ones:
        lines.insert(0, "Write down what you judge under preconditions in study.yaml.")
    return Statement(sentence(title), frame.dropna(axis=1, how="all"), caption, tuple(lines))


def _marked(study: Study, part: str, words: str) -> tuple[str, ...]:
    """Return the sentence that marks a part of study.yaml as made up, where it is."""
    return (words,) if part in study.settings.illustrative else ()
