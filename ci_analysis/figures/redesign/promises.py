"""What partners promised, what changed in the system, and who is told of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.redesign.said import days_in_words
from ci_analysis.figures.words import date_words, how_many, listing, shortened, spelled

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["commitments", "communications", "system_changes"]


def commitments(study: Study, commitments: pd.DataFrame) -> Statement:
    """Say who promised what, by when, and what is overdue.

    Parameters
    ----------
    study : Study
        For labels.
    commitments : pandas.DataFrame
        Table `commitments`.
    """
    status = commitments["status"].astype("str").fillna("")
    overdue = status.str.contains("overdue", regex=False)
    over = status.str.match("done|dropped|received")
    order = np.select([overdue, commitments["by_when"].notna() & ~over, ~over], [0, 1, 2], 3)
    rows = commitments.assign(order=order, status=status.map(_spoken_days))
    rows = rows.sort_values(["order", "by_when", "partner_id", "what"], kind="stable").drop(columns="order")
    partners, k = commitments["partner_id"].nunique(), int(overdue.sum())
    title = f"{how_many(partners, 'partner has', 'partners have')} made "
    title += how_many(len(rows), "promise", "promises")
    title += f"; {how_many(k, 'is', 'are')} overdue" if k else "; none is overdue"
    columns = ["partner_id", "what", "by_when", "status"]
    return Statement(
        title[:1].upper() + title[1:], rows[columns].reset_index(drop=True),
        "Promises: what is overdue first, then by day; those without a day after them, those kept last",
    )  # fmt: skip


def _spoken_days(text: str) -> str:
    return re.sub(r"\d{4}-\d{2}-\d{2}", lambda m: date_words(pd.Timestamp(m[0])), text)


def system_changes(study: Study, system_changes: pd.DataFrame) -> Statement:
    """Say which policies, practices and flows of money have changed.

    Parameters
    ----------
    study : Study
        Not used, but as for every section.
    system_changes : pandas.DataFrame
        The study's table of that name.
    """
    order = {"in-force": (0, "in force"), "adopted": (1, "adopted"), "proposed": (2, "proposed")}
    count = system_changes["status"].value_counts()
    n = len(system_changes)
    there = [(spelled(count[s]), w) for s, (_, w) in order.items() if s in count]
    (first, words), *others = there
    if others:
        parts = [f"{first} {'is' if first == 'one' else 'are'} {words}", *(f"{k} {w}" for k, w in others)]
        title = f"Of {how_many(n, 'system change', 'system changes')}, {listing(parts)}"
    else:
        lead = how_many(n, "system change", "system changes", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if n == 1 else 'are'} {words}"
    rows = system_changes.assign(order=system_changes["status"].map({k: v for k, (v, _) in order.items()}))
    rows = rows.sort_values(["order", "on", "change_id"], kind="stable").reset_index(drop=True)
    columns = {"text": "Change", "kind": "kind", "status": "status", "on": "Since", "project_id": "project_id"}
    frame = rows.assign(on=days_in_words(rows["on"], rows["on"].notna()))[list(columns)].rename(columns=columns)
    return Statement(title, frame, "Changes of policy, practice and funding")


def communications(study: Study, communications: pd.DataFrame) -> Statement:
    """Say which audiences wait for what they are to be told.

    Parameters
    ----------
    study : Study
        For audiences, channels and owners.
    communications : pandas.DataFrame
        Table `communications` of a run.
    """
    own = study.tables["communications"].set_index("communication_id")
    rows = communications.join(
        own[["audience", "channel", "purpose", "owner", "last_on", "internal"]], on="communication_id"
    )
    never = rows["last_on"].isna()
    late = (rows["days_overdue"] > 0) | never
    rows = rows.assign(late=late, wait=rows["days_overdue"].fillna(np.inf))
    rows = rows.sort_values(["late", "wait", "due_on", "communication_id"], ascending=[False, False, True, True])
    partner = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "Audience": rows["audience"],
            "For": ["the coalition" if i else "everybody" for i in rows["internal"].fillna(True).astype(bool)],
            "Purpose": rows["purpose"],
            "Channel": rows["channel"],
            "Owner": rows["owner"].map(lambda p: partner.get(p, p)),
            "Last time": days_in_words(rows["last_on"], rows["last_on"].notna()).fillna("never yet"),
            "due_on": rows["due_on"],
            "days_overdue": rows["days_overdue"],
        }
    ).reset_index(drop=True)
    n, k = len(rows), int(late.sum())
    if not k:
        lead = how_many(n, "communication", "communications", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if n == 1 else 'are'} on time"
    else:
        lead = how_many(k, "communication", "communications", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if k == 1 else 'are'} overdue: to "
        title += listing([shortened(a, 60) for a in dict.fromkeys(rows.loc[rows["late"], "audience"])], most=3)
    outside = ~rows["internal"].fillna(True).astype(bool)
    lines = []
    for of, words in ((outside, "go beyond the coalition"), (~outside, "stay inside it")):
        m, j = int(of.sum()), int((of & rows["late"]).sum())
        if m:
            said = words.replace("go", "goes", 1).replace("stay", "stays", 1) if m == 1 else words
            lead = how_many(m, "communication", "communications")
            late_words = how_many(j, "of them is overdue", "of them are overdue") if j else "none is overdue"
            lines.append(f"{lead[:1].upper()}{lead[1:]} {said}; {late_words}.")
    return Statement(title, frame, "Who is told what, what is overdue first", tuple(lines))
