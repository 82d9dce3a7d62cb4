"""What the projects have delivered, and what is due next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.words import date_words, how_many, shortened

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["deliverables"]


def deliverables(study: Study, deliverables: pd.DataFrame) -> Statement:
    """Say what is done, what is late, and what is due next.

    Parameters
    ----------
    study : Study
        For labels and owners.
    deliverables : pandas.DataFrame
        Table `deliverables` of a run.
    """
    own = study.tables["deliverables"].set_index("deliverable_id")
    rows = deliverables.join(own[["name", "owner", "done_on"]], on="deliverable_id")
    today = pd.Timestamp(study.settings.as_of)
    done = (rows["status"] == "done") & ~(rows["done_on"] > today)
    dropped = rows["status"] == "dropped"
    late = ~done & ~dropped & (rows["days_late"] > 0)
    state = np.select([late, done & (rows["days_late"] > 0), done, dropped], [0, 2, 3, 4], 1)
    words = ["late", "due", "done, late", "done", "dropped"]
    rows = rows.assign(state=state).sort_values(["state", "due_on", "deliverable_id"], kind="stable")
    partner = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "deliverable_id": rows["deliverable_id"],
            "Where it stands": rows["state"].map(dict(enumerate(words))),
            "due_on": rows["due_on"],
            "days_late": rows["days_late"],
            "Owner": rows["owner"].map(lambda p: partner.get(p, p)),
            "project_id": rows["project_id"],
        }
    ).reset_index(drop=True)
    ahead = rows[rows["state"] == 1].head(3)
    due = [f"{shortened(n, 90)} ({date_words(d)})" for n, d in zip(ahead["name"], ahead["due_on"], strict=True)]
    n, k, gone = int((~dropped).sum()), int(late.sum()), int(dropped.sum())
    return Statement(
        _deliverables_title(n, k, gone), frame, "Deliverables: what is late first, then what is due next",
        (f"Next due: {'; '.join(due)}.",) if due else (),
    )  # fmt: skip


def _deliverables_title(n: int, late: int, dropped: int) -> str:
    if not n:
        return f"{how_many(dropped, 'deliverable was', 'deliverables were').capitalize()} dropped; none is left"
    good = how_many(n - late, "deliverable", "deliverables", of=n)
    title = f"{good[:1].upper()}{good[1:]} {'is' if n - late <= 1 else 'are'} done or on time"
    title += f"; {how_many(late, 'is', 'are')} late" if late else ""
    return title + (f"; {how_many(dropped, 'was', 'were')} dropped" if dropped else "")
