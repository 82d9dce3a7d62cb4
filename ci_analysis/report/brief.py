"""The one-page brief: what a reader who reads one page should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ci_analysis.figures import landscape
from ci_analysis.figures.landscape.said import people_of
from ci_analysis.figures.redesign.said import in_unit, unit_words, what_is_made_up
from ci_analysis.figures.strategy.chosen import money_raised
from ci_analysis.figures.strategy.coverage import leading_fall
from ci_analysis.figures.words import about, amount, date_words, how_many, sentence, shortened
from ci_analysis.report.blocks import drawing_html

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition
    from ci_analysis.study import Study

__all__ = ["brief"]

_STATUS = {"met": "met", "on-track": "on track", "off-track": "off track", "no-data": "no figures yet"}
_SOON_DAYS = 120
#: The brief has one printed page: what is longer, or more, is on the other pages.
_PROBLEM, _GOAL, _NAME, _TITLE = 700, 140, 80, 140
_GOALS, _CHOSEN, _COMING = 5, 6, 3
#: Lines of the brief that a printed page holds at its plain size.
_LINES = 74


def brief(edition: Edition) -> dict[str, Any]:
    """Return what the brief's template is filled with.

    Parameters
    ----------
    edition : Edition
        What may be shown.

    Returns
    -------
    dict
        finding (the page's headline), problem, headlines (at most three, none of which rests on made-up rows),
        picture, standing (what a board asks first), goals, decided, coming, ask.
    """
    study = edition.study
    made = landscape.gap_map(study, edition.tables["gap"]) if len(edition.tables["gap"]) else None
    found = landscape.headlines(study, edition.tables)[:3]
    agenda = study.settings.agenda
    made_of = {
        "finding": next((h.leads for h in found if h.leads), ""),
        "problem": shortened(agenda.problem, _PROBLEM) if agenda else "",
        "headlines": found,
        "picture": Markup(drawing_html(made)) if made else "",
        "picture_title": shortened(made.title, _TITLE) if made else "",
        "picture_source": edition.sources(("gap",)),
        "standing": _standing(edition),
        "goals": _goals(edition),
        "more_goals": max(len(agenda.goals) - _GOALS, 0) if agenda else 0,
        "decided": _decided(edition),
        "coming": _coming(edition),
        "ask": _ask(edition),
        "marked": set(study.settings.illustrative),
    }
    return made_of | {"fit": _fit(made_of)}


def _fit(made: dict[str, Any]) -> str:
    """Return how densely the brief is to be printed so that it keeps to one page: as it is, dense or tight.

    Lines are counted as they fall at the plain size on letter paper, two columns of about 60 letters under a head of
    about 105.
    """

    def lines(text: object, wide: int) -> int:
        return 1 + len(str(text)) // wide

    head = 2 * lines(made["finding"], 70) + 1.3 * lines(made["problem"], 100)
    head += max((4 + lines(h.sentence, 34) + lines(h.sure, 38) for h in made["headlines"]), default=0)
    left = (22 if made["picture"] else 0) + sum(1.6 + lines(row["text"], 62) for row in made["standing"])
    left += 3 + lines(made["ask"], 62)
    right = sum(2.3 + lines(goal["text"], 58) + bool(goal["mark"]) for goal in made["goals"])
    right += sum(1 + lines(text, 58) for text in made["decided"][:1]) + sum(lines(t, 56) for t in made["decided"][1:])
    right += 3 + sum(lines(text, 56) for text in made["coming"])
    whole = head + max(left, right)
    return "" if whole <= _LINES else "dense" if whole <= _LINES * 1.28 else "tight"


def _standing(edition: Edition) -> list[dict[str, Any]]:
    """Return what a board asks first: the gap and what closes it, who promised what, the money, and the seats."""
    study = edition.study
    marked = set(study.settings.illustrative)
    seats, made_up = _seats(edition)
    said = [
        ("The gap", _gap_closed(edition), "strategy.html", bool(marked & {"projects", "effects", "measures"})),
        ("Promises", _promises(edition), "redesign.html", bool(marked & {"deliverables", "endorsements", "funding"})),
        ("Money", _money(edition), "strategy.html", bool(marked & {"projects", "funding"})),
        (sentence(study.profile.words.seats), seats, "redesign.html", made_up),
    ]
    return [{"name": name, "text": text, "page": page, "mark": mark} for name, text, page, mark in said if text]


def _gap_closed(edition: Edition) -> str:
    row = leading_fall(edition.study, edition.tables.get("gap_waterfall"))
    if row is None:
        return ""
    study = edition.study
    parts = [f"{words} {about(row[c])}" for c, words in _CLOSED if pd.notna(row[c]) and row[c] > 0]
    people = people_of(study, row["segment"])
    said = f"{sentence(about(row['today']))} {people} are without a {study.profile.words.seat} in their own area today"
    if not parts:
        return f"{said}, and no project is expected to change that."
    remain = row["remaining"]
    left = "how many remain is not known" if pd.isna(remain) else f"{about(remain)} {_be(remain, 'remain')}"
    return f"{said}. Of these, {' and '.join(parts)}: {left}."


#: Whose seats close a gap.
_CLOSED = (("committed", "committed work would serve"), ("planned", "the projects chosen"))


def _be(n: float, plural: str) -> str:
    return f"{plural}s" if round(n) <= 1 else plural


def _promises(edition: Edition) -> str:
    if not edition.may_show("commitments") or not len(edition.tables["commitments"]):
        return ""
    status = edition.tables["commitments"]["status"].astype("str").fillna("")
    done, late = int(status.str.match("done|received").sum()), int(status.str.contains("overdue", regex=False).sum())
    kept = f"{done:,} kept" if done else "none is kept yet"
    return f"{sentence(how_many(len(status), 'promise', 'promises'))} by partners: {kept}, {late or 'none'} overdue."


def _money(edition: Edition) -> str:
    chosen = _chosen(edition)
    if not len(chosen):
        return ""
    said = f"The projects chosen cost {amount(float(chosen['cost'].sum()))}"
    if not edition.may_show("funding") or not len(edition.study.tables["funding"]):
        return f"{said}; what has been raised for them is not recorded yet."
    raised_for = money_raised(edition.study, edition.tables["portfolio"], edition.study.tables["funding"])
    got, pledged, missing = (float(raised_for[c].sum()) for c in ("received", "pledged", "missing"))
    parts = [f"{amount(x)} {word}" for x, word in ((got, "received"), (pledged, "pledged")) if x]
    raised = " and ".join(parts) if parts else "nothing raised for them yet"
    return f"{said}: {raised}" + (f"; {amount(missing)} still to raise." if parts and missing > 0 else ".")


def _seats(edition: Edition) -> tuple[str, bool]:
    """Return how many seats there are beside those at the start, and whether that is made up."""
    study, status = edition.study, edition.tables["measures"]
    closing = study.tables["measures"]
    closing = closing[closing["closes_gap"].fillna(False).astype(bool)].set_index("measure_id")
    rows = status[status["measure_id"].isin(closing.index) & (status["segment"] == "all")]
    rows = rows.dropna(subset=["baseline", "latest"])
    if not len(rows):
        return "", False
    row = rows.iloc[0]
    unit, since = closing.loc[row["measure_id"], "unit"], closing.loc[row["measure_id"], "baseline_on"]
    change = row["latest"] - row["baseline"]
    much = "as many as" if change == 0 else f"{in_unit(abs(change), unit)} {'more' if change > 0 else 'fewer'} than"
    when = f" in {since:%B %Y}" if pd.notna(since) else " at the start"
    name = shortened(str(closing.loc[row["measure_id"], "name"]), _NAME)
    made_up = bool(what_is_made_up(study).loc[row["measure_id"], "figures"])
    return f"{name}: {in_unit(row['latest'], unit)}, {much}{when}.", made_up


def _goals(edition: Edition) -> list[dict[str, str]]:
    study = edition.study
    agenda = study.settings.agenda
    if agenda is None:
        return []
    status = edition.tables["measures"]
    status = status[status["segment"] == "all"].set_index("measure_id")
    return [_goal(study, goal, status) for goal in agenda.goals[:_GOALS]]


def _goal(study: Study, goal: Any, status: pd.DataFrame) -> dict[str, str]:
    where = {
        "text": shortened(goal.text, _GOAL),
        "status": "not measured",
        "state": "no-data",
        "figures": "",
        "mark": "",
    }
    if goal.measure_id not in status.index:
        return where
    row = status.loc[goal.measure_id]
    unit = study.tables["measures"].set_index("measure_id")["unit"][goal.measure_id]
    latest = f"{row['latest_on']:%B %Y}:" if pd.notna(row["latest_on"]) else "latest"
    named = (("baseline", "baseline"), (latest, "latest"), ("target", "target"))
    figures = [f"{label} {in_unit(row[c], unit)}" for label, c in named if pd.notna(row[c])]
    made_up = what_is_made_up(study).loc[goal.measure_id]
    mark = "illustrative" if made_up["figures"] else "target illustrative" if made_up["target"] else ""
    return where | {
        "status": _STATUS.get(row["status"], "no figures yet"),
        "state": row["status"] if pd.notna(row["status"]) else "no-data",
        "figures": "; ".join(figures) + (unit_words(unit) if figures else ""),
        "mark": mark,
    }


def _chosen(edition: Edition) -> pd.DataFrame:
    if not edition.may_show("portfolio"):
        return pd.DataFrame()
    chosen = edition.tables["portfolio"]
    return chosen[(chosen["rule"] == "value") & chosen["chosen"].fillna(False).astype(bool)]


def _decided(edition: Edition) -> list[str]:
    chosen = _chosen(edition)
    if not len(chosen):
        return []
    names = edition.study.labels["project_id"]
    budget = edition.study.settings.budget
    under = f" of a budget of {amount(budget)}" if budget else ""
    many = how_many(len(chosen), "project gives", "projects together give")
    lead = f"{sentence(many)} the most for {amount(float(chosen['cost'].sum()))}{under}, by the value rule:"
    listed = [shortened(names[p], _NAME) for p in chosen["project_id"]]
    more = len(listed) - _CHOSEN
    return [lead, *listed] if more <= 1 else [lead, *listed[:_CHOSEN], f"and {more:,} more"]


def _coming(edition: Edition) -> list[str]:
    study = edition.study
    deliverables = study.tables["deliverables"]
    today = pd.Timestamp(study.settings.as_of)
    soon = deliverables[
        deliverables["status"].isin(["planned", "started"])
        & deliverables["due_on"].between(today, today + pd.Timedelta(days=_SOON_DAYS))
    ].sort_values(["due_on", "deliverable_id"])
    owners = study.labels["partner_id"]
    return [
        f"{shortened(row.name_, _NAME)} – {shortened(owners.get(row.owner, 'a partner'), _NAME)}, "
        f"by {date_words(row.due_on)}"
        for row in soon.rename(columns={"name": "name_"}).head(_COMING).itertuples()
    ]


def _ask(edition: Edition) -> str:
    study = edition.study
    backbone = study.settings.backbone
    if backbone is None:
        return ""
    partners = study.tables["partners"].set_index("partner_id")
    name = shortened(str(partners.loc[backbone.partner, "name"]), _NAME)
    contact = partners.loc[backbone.partner, "contact"]
    return f"{name}, {contact}" if edition.kind == "internal" and pd.notna(contact) else name
