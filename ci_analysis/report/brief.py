"""The one-page brief: what a reader who reads one page should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ci_analysis.figures import landscape
from ci_analysis.figures.words import amount, date_words, figure_text, how_many
from ci_analysis.report.blocks import drawing_html

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition

__all__ = ["brief"]

_STATUS = {"met": "met", "on-track": "on track", "off-track": "off track", "no-data": "no figures yet"}
_SOON_DAYS = 120


def brief(edition: Edition) -> dict[str, Any]:
    """Return what the brief's template is filled with.

    Parameters
    ----------
    edition : Edition
        What may be shown.

    Returns
    -------
    dict
        headlines (at most three, none of which rests on made-up rows), picture, goals, decided, next, ask.
    """
    study = edition.study
    made = landscape.gap_map(study, edition.tables["gap"]) if len(edition.tables["gap"]) else None
    return {
        "headlines": landscape.headlines(study, edition.tables)[:3],
        "picture": Markup(drawing_html(made)) if made else "",
        "picture_title": made.title if made else "",
        "goals": _goals(edition),
        "decided": _decided(edition),
        "coming": _coming(edition),
        "ask": _ask(edition),
        "marked": set(study.settings.illustrative),
    }


def _goals(edition: Edition) -> list[dict[str, str]]:
    study = edition.study
    agenda = study.settings.agenda
    if agenda is None:
        return []
    status = edition.tables["measures"]
    status = status[status["segment"] == "all"].set_index("measure_id")
    units = study.tables["measures"].set_index("measure_id")["unit"]
    goals = []
    for goal in agenda.goals:
        where = {"text": goal.text, "status": "not measured", "state": "no-data", "figures": ""}
        if goal.measure_id in status.index:
            row = status.loc[goal.measure_id]
            unit = units[goal.measure_id]
            figures = [
                f"{label} {_value(row[c], unit)}"
                for label, c in (
                    ("baseline", "baseline"),
                    (f"{row['latest_on']:%B %Y}:" if pd.notna(row["latest_on"]) else "latest", "latest"),
                    ("target", "target"),
                )
                if pd.notna(row[c])
            ]
            where |= {
                "status": _STATUS.get(row["status"], "no figures yet"),
                "state": row["status"] if pd.notna(row["status"]) else "no-data",
                "figures": "; ".join(figures),
            }
        goals.append(where)
    return goals


def _value(value: float, unit: str) -> str:
    kind = "share" if unit == "share" else "USD" if unit.upper().startswith("USD") else ""
    return figure_text(float(value), kind)


def _decided(edition: Edition) -> list[str]:
    if not edition.may_show("portfolio"):
        return []
    chosen = edition.tables["portfolio"]
    chosen = chosen[(chosen["rule"] == "value") & chosen["chosen"].fillna(False).astype(bool)]
    if not len(chosen):
        return []
    names = edition.study.labels["project_id"]
    total = amount(float(chosen["cost"].sum()))
    budget = edition.study.settings.budget
    under = f" of a budget of {amount(budget)}" if budget else ""
    lead = (
        f"{how_many(len(chosen), 'project', 'projects')} would together give the most for {total}{under}:".capitalize()
    )
    return [lead, *(names[p] for p in chosen["project_id"])]


def _coming(edition: Edition) -> list[str]:
    study = edition.study
    deliverables = study.tables["deliverables"]
    today = pd.Timestamp(study.settings.as_of)
    soon = deliverables[
        deliverables["status"].isin(["planned", "started"])
        & deliverables["due_on"].between(today, today + pd.Timedelta(days=_SOON_DAYS))
    ].sort_values(["due_on", "deliverable_id"])
    owners = study.labels["partner_id"]
    return [f"{row.name_} – {owners.get(row.owner, 'a partner')}, by {date_words(row.due_on)}"
            for row in soon.rename(columns={"name": "name_"}).head(4).itertuples()]  # fmt: skip


def _ask(edition: Edition) -> str:
    study = edition.study
    backbone = study.settings.backbone
    if backbone is None:
        return "No backbone organization is named yet: name one under `backbone` in study.yaml."
    partners = study.tables["partners"].set_index("partner_id")
    name = partners.loc[backbone.partner, "name"]
    contact = partners.loc[backbone.partner, "contact"]
    return f"{name}, {contact}" if edition.kind == "internal" and pd.notna(contact) else str(name)
