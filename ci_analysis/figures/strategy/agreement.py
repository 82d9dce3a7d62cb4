"""How far partners agree on the order, who would object to the first project, and what is missing for a rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.strategy.said import names_of
from ci_analysis.figures.words import how_many, listing, percent, spelled

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["agreement", "another_method", "missing", "weights"]

#: Partners in a table on the page: those that would object come first.
_MOST = 12


def agreement(study: Study, agreement: pd.DataFrame, objections: pd.DataFrame | None = None) -> Statement:
    """Say how far partners agree on the order, who would object to the first project, and who is silent.

    Parameters
    ----------
    study : Study
        For names, and for the roster.
    agreement : pandas.DataFrame
        Table of the run.
    objections : pandas.DataFrame, optional
        Table of the run, where the edition may show it: the partners by name.
    """
    row = agreement.iloc[0]
    first = [f"‘{n}’" for n in names_of(study, "project_id", _members(row["first"]), 80)]
    n, against = _count(row["partners"]), _count(row["objectors"])
    if not n:
        return Statement("No partner has given weights yet, so nobody knows who would object", lines=_silent(row))
    title = f"{how_many(against, 'partner', 'partners', of=n).capitalize()} would object to {listing(first)}"
    if not against:
        title = f"No partner would object to {listing(first)}"
    title += ", which the coalition ranks first"
    lines = [
        "A partner would object where the project stands in the lower half of its own order, by its own weights.",
        *_silent(row),
    ]
    if pd.notna(row["kendalls_w"]):
        lines.append(f"Kendall’s W over all their orders is {row['kendalls_w']:.2f}: 1 is one order, 0 none in common.")
    frame = None
    if objections is not None and len(objections):
        shown = objections.sort_values(["objects", "rank", "partner_id"], ascending=[False, False, True])
        shown = shown.head(_MOST)
        frame = shown[["partner_id"]].assign(
            puts_it_at=shown["rank"].map("{:.0f}".format),
            puts_first=["; ".join(names_of(study, "project_id", _members(cell), 80)) for cell in shown["own_first"]],
            # The score by its own weights, of which 1 is the most.
            score_lower_by=shown["loss"].map("{:.2f}".format),
            objects=shown["objects"].map({True: "yes", False: "no"}),
        )
    return Statement(title, frame, "How each partner’s own order treats it, the worst first", tuple(lines))


def _members(cell: object) -> list[str]:
    return [] if pd.isna(cell) else str(cell).split(";")  # type: ignore[call-overload]  # one cell


def _count(value: float) -> int:
    return 0 if pd.isna(value) else int(value)


def _silent(row: pd.Series) -> tuple[str, ...]:
    if pd.isna(row["silent"]) or not row["silent"]:
        return ()
    silent = int(row["silent"])
    have = "has" if silent == 1 else "have"
    return (f"{how_many(silent, 'joined partner', 'joined partners')} {have} given no weights yet.".capitalize(),)


def weights(study: Study, criterion_weights: pd.DataFrame) -> Statement:
    """Say what the coalition weighs most, and on which criterion its partners are furthest apart.

    Parameters
    ----------
    study : Study
        For the names of criteria.
    criterion_weights : pandas.DataFrame
        Table of the run.
    """
    named = study.tables["criteria"].set_index("criterion")["name"]
    rows = criterion_weights.sort_values(["weight", "criterion"], ascending=[False, True])
    names = [str(named.get(c, c)) for c in rows["criterion"]]
    top = rows["weight"].iloc[0]
    title = f"‘{names[0]}’ weighs most, {percent(top)} of all"
    if len(rows) == 1:
        title = f"‘{names[0]}’ is the one criterion"
    elif rows["weight"].max() - rows["weight"].min() < 0.005:
        title = "All criteria weigh about the same"
    apart = rows["high"] - rows["low"]
    if apart.notna().any() and apart.max() > 0:
        widest = int(apart.to_numpy().argmax())
        on = f"‘{names[widest]}’" if widest or title.startswith("All") else "it"
        title += f"; partners are furthest apart on {on}"
    partners = how_many(int(rows["partners"].iloc[0]), "partner", "partners")
    frame = rows[["weight", "low", "high"]].assign(criterion=names)[["criterion", "weight", "low", "high"]]
    return Statement(title, frame, f"The mean over {partners}; low and high hold the middle half of them")


def another_method(study: Study, ranking: pd.DataFrame) -> Statement | None:
    """Say, for analysts, where TOPSIS orders the projects otherwise.

    Parameters
    ----------
    study : Study
        For labels.
    ranking : pandas.DataFrame
        Table of the run.

    Returns
    -------
    Statement or None
        None where fewer than two projects have both ranks.
    """
    rows = ranking.dropna(subset=["rank", "topsis_rank"]).sort_values(["rank", "project_id"])
    if len(rows) < 2:
        return None
    moved = (rows["rank"] - rows["topsis_rank"]).abs()
    same = rows.loc[rows["rank"] == 1, "project_id"].isin(rows.loc[rows["topsis_rank"] == 1, "project_id"]).all()
    n = int((moved > 0).sum())
    title = f"TOPSIS, another method, puts {'the same project' if same else 'another project'} first"
    if not n:
        title = "TOPSIS, another method, gives the same order"
    else:
        most = names_of(study, "project_id", [rows["project_id"].iloc[int(moved.to_numpy().argmax())]], 80)[0]
        title += f"; {spelled(n)} of {spelled(len(rows))} have another rank, ‘{most}’ most"
    return Statement(title, rows[["project_id", "rank", "topsis_rank", "topsis"]], "Rank by each method")


def missing(study: Study, ranking: pd.DataFrame) -> Statement | None:
    """Say which projects have no rank, since a judgement is missing.

    Parameters
    ----------
    study : Study
        For labels.
    ranking : pandas.DataFrame
        Table of the run.

    Returns
    -------
    Statement or None
        None where every project has all its judgements.
    """
    rows = ranking[ranking["lacking"].notna()].sort_values("project_id")
    if not len(rows):
        return None
    named = study.tables["criteria"].set_index("criterion")["name"]
    lacking = [listing([f"‘{named.get(c, c)}’" for c in _members(cell)], most=9) for cell in rows["lacking"]]
    counted = how_many(len(rows), "project", "projects", of=len(ranking))
    title = f"{counted.capitalize()} {'has' if len(rows) == 1 else 'have'} no rank, since a judgement is missing"
    frame = pd.DataFrame({"project_id": rows["project_id"].to_numpy(), "nobody_has_judged": lacking})
    return Statement(title, frame, "What to ask for: a missing score is not filled in")
