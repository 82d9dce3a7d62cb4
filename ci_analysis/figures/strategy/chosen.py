"""Which projects the budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.strategy.said import by_value
from ci_analysis.figures.words import amount, how_many

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["portfolio"]


def portfolio(study: Study, portfolio: pd.DataFrame) -> Statement:
    """Say which projects are chosen under the budget, and why the others are left out.

    Parameters
    ----------
    study : Study
        For the budget and labels.
    portfolio : pandas.DataFrame
        Table `portfolio`.
    """
    rows = by_value(portfolio)
    chosen = rows["chosen"].fillna(False).astype(bool)
    rows = rows.assign(chosen=chosen).sort_values(
        ["chosen", "value", "project_id"], ascending=[False, False, True], na_position="last"
    )
    n, total = int(chosen.sum()), len(rows)
    budget = study.settings.budget
    under = f"the budget of {amount(budget)}" if budget is not None else "the budget"
    cost = rows.loc[rows["chosen"], "cost"].sum()
    counted = how_many(n, "project", "projects", of=total)
    if rows["value"].isna().all():
        title = (
            "No project can be chosen yet: none has a score, since criteria, scores or partners’ weights are missing"
        )
    elif n == 0:
        title = f"{counted.capitalize()} can be chosen under {under}"
    else:
        title = f"{counted.capitalize()} {'is' if n == 1 else 'are'} chosen, for {amount(cost)} of {under}"
    told = np.where(rows["chosen"], "Chosen. ", "Left out. ") + rows["why"].fillna("").astype("str")
    left = budget - cost if budget is not None and 0 < n < total else 0.0
    return Statement(
        title, rows[["project_id", "cost"]].assign(why=told.str.strip()),
        "Chosen projects first, by the value that they add; then those left out",
        (f"{amount(left)} of the budget would remain.",) if left > 0 else (),
    )  # fmt: skip
