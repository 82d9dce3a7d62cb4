"""Which projects the budget buys by each rule, and what more money would buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.base import Statement
from ci_analysis.figures.strategy.said import names_of
from ci_analysis.figures.words import NAME_LETTERS, amount, figure_text, how_many, listing, percent, sentence, shortened

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["money_needed", "money_raised", "next_money", "portfolio"]

#: The rules in the order to show, and what they are called in a sentence.
_RULES = {"value": "for the most value", "equal-shares": "with equal shares"}
_COLUMNS = {"value": "for_the_most_value", "equal-shares": "with_equal_shares"}
_ABOUT = (
    "For the most value: of all sets that the budget buys, the one whose scores add up to most. With equal shares: "
    "each partner has the same part of the budget to spend on what it wants most, so that a few who want the same are "
    "not outvoted on every project."
)


def portfolio(study: Study, portfolio: pd.DataFrame) -> Statement:
    """Say which projects each rule chooses under the budget, side by side, and why the others are left out.

    Parameters
    ----------
    study : Study
        For the budget and labels.
    portfolio : pandas.DataFrame
        Table `portfolio`.
    """
    rows = portfolio.assign(chosen=portfolio["chosen"].fillna(False).astype(bool))
    rules = [rule for rule in _RULES if rule in set(rows["rule"])]
    chosen = {rule: frozenset(rows.loc[(rows["rule"] == rule) & rows["chosen"], "project_id"]) for rule in rules}
    first = rows.drop_duplicates("project_id").set_index("project_id")[["cost", "value"]]
    cost = {rule: float(first.loc[sorted(chosen[rule]), "cost"].sum()) for rule in rules}
    budget = study.settings.budget
    if first["value"].isna().all():
        title = (
            "No project can be chosen yet: none has a score, since criteria, scores or partners’ weights are missing"
        )
    else:
        title = _bought(chosen, cost, len(first), budget)
    return Statement(
        title,
        _beside(rows, first, chosen),
        "Projects that most rules choose come first, by the value that they add; then those left out",
        _remarks(chosen, cost, len(first), budget),
    )


def money_raised(study: Study, portfolio: pd.DataFrame, funding: pd.DataFrame) -> pd.DataFrame:
    """Return what the projects chosen for the most value cost, USD, and what is received, pledged and asked for them.

    Parameters
    ----------
    study : Study
        For the day: money that comes later is not there yet.
    portfolio : pandas.DataFrame
        Table `portfolio`.
    funding : pandas.DataFrame
        The study's table of funding.

    Returns
    -------
    pandas.DataFrame
        project_id, cost, received, pledged, asked, missing (cost less what is received and pledged; 0 where that is
        more); where the value rule chooses nothing, no row.
    """
    chosen = portfolio[(portfolio["rule"] == "value") & portfolio["chosen"].fillna(False).astype(bool)]
    there = funding[~(funding["on"] > pd.Timestamp(study.settings.as_of))]
    sums = there.pivot_table(index="project_id", columns="status", values="amount", aggfunc="sum")
    # No row of a status is no money of that status: a true zero.
    sums = sums.reindex(index=chosen["project_id"], columns=["received", "pledged", "asked"]).fillna(0.0)
    frame = chosen[["project_id", "cost"]].join(sums.astype("float64"), on="project_id").reset_index(drop=True)
    return frame.assign(missing=(frame["cost"] - frame["received"] - frame["pledged"]).clip(lower=0))


def money_needed(study: Study, portfolio: pd.DataFrame, funding: pd.DataFrame) -> Statement | None:
    """Say how much of what the chosen projects cost is raised, and what is still to raise for each.

    Parameters
    ----------
    study : Study
        For the day and for labels.
    portfolio : pandas.DataFrame
        Table `portfolio`.
    funding : pandas.DataFrame
        The study's table of funding.

    Returns
    -------
    Statement or None
        None where the value rule chooses nothing.
    """
    rows = money_raised(study, portfolio, funding)
    if not len(rows):
        return None
    cost, raised = float(rows["cost"].sum()), float((rows["cost"] - rows["missing"]).sum())
    projects = how_many(len(rows), "chosen project costs", "chosen projects cost")
    if raised == 0:
        title = f"Nothing is raised yet of the {amount(cost)} that the {projects}"
    elif raised >= cost:
        title = f"All of the {amount(cost)} that the {projects} is raised"
    else:
        title = f"{amount(raised)} of the {amount(cost)} that the {projects} is raised: {percent(raised / cost)}"
    frame = rows.sort_values(["missing", "project_id"], ascending=[False, True], ignore_index=True)
    others = {"received": "received", "pledged": "pledged", "asked": "asked_for", "missing": "still_to_raise"}
    told = {new: [figure_text(v, "USD") for v in frame[old]] for old, new in others.items()}
    more = float((rows["received"] + rows["pledged"] - rows["cost"]).clip(lower=0).sum())
    lines = ["Raised is what is received or pledged. What is only asked for is nobody’s promise."]
    if more > 0:
        lines.append(f"{amount(more)} beyond what single projects cost is not counted for others.")
    return Statement(
        title,
        frame[["project_id", "cost"]].assign(**told),
        "Money for the projects chosen for the most value, USD: those with most to raise first",
        tuple(lines),
    )


def _beside(rows: pd.DataFrame, first: pd.DataFrame, chosen: dict[str, frozenset[str]]) -> pd.DataFrame:
    """One row a project, with what each rule says about it."""
    told = rows.assign(
        told=rows["chosen"].map({True: "Chosen. ", False: "Left out. "}).astype("str") + rows["why"].fillna("")
    )
    said = told.pivot(index="project_id", columns="rule", values="told")[list(chosen)].apply(lambda c: c.str.strip())
    said = said.rename(columns=_COLUMNS if len(chosen) > 1 else dict.fromkeys(chosen, "why"))
    frame = first.join(said).assign(often=[sum(p in ids for ids in chosen.values()) for p in first.index])
    frame = (
        frame.rename_axis("project_id")
        .reset_index()
        .sort_values(["often", "value", "project_id"], ascending=[False, False, True], na_position="last")
    )
    return frame.drop(columns=["often", "value"]).reset_index(drop=True)


def _bought(chosen: dict[str, frozenset[str]], cost: dict[str, float], total: int, budget: float | None) -> str:
    under = f"the budget of {amount(budget)}" if budget is not None else "the budget"
    counts = {rule: len(ids) for rule, ids in chosen.items()}
    if not any(counts.values()):
        return f"{how_many(0, 'project', 'projects', of=total).capitalize()} can be chosen under {under}"
    if len(set(chosen.values())) == 1:
        rule, n = next(iter(counts.items()))
        counted = f"{how_many(n, 'project', 'projects', of=total)} {'is' if n == 1 else 'are'} chosen"
        how = "" if rule == "value" else f" {_RULES[rule]}"
        if len(chosen) > 1:
            how = " by both rules"
        return sentence(f"{counted}{how}, for {amount(cost[rule])} of {under}")
    both = len(frozenset.intersection(*chosen.values()))
    most, equal = (how_many(n, "project", "projects", of=total) for n in counts.values())
    shared = "none" if not both else "one" if both == 1 else how_many(both, "", "").strip()
    if most == equal:
        return sentence(f"{under} buys {most} by either rule; both choose {shared} of them")
    return sentence(f"{under} buys {most} for the most value and {equal} with equal shares; both choose {shared}")


def _remarks(
    chosen: dict[str, frozenset[str]], cost: dict[str, float], total: int, budget: float | None
) -> tuple[str, ...]:
    """What stands beneath the table: the rules, what remains of the money, and a rule that has no rows."""
    lines = [_ABOUT] if len(chosen) > 1 else []
    left = {
        rule: budget - cost[rule]
        for rule, ids in chosen.items()
        if budget is not None and 0 < len(ids) < total and budget > cost[rule]
    }
    if len(chosen) == 1 or len(set(left.values())) == 1:
        lines += [f"{amount(v)} of the budget would remain." for v in list(left.values())[:1]]
    else:
        lines += [f"{amount(v)} of the budget would remain {_RULES[rule]}." for rule, v in left.items()]
    if "equal-shares" not in chosen:
        lines.append("Nothing is chosen with equal shares: that takes partners’ own weights.")
    return tuple(lines)


def next_money(study: Study, summary: pd.DataFrame) -> Statement | None:
    """Say what a tenth more money would buy by each rule, and how many partners each rule serves.

    Parameters
    ----------
    study : Study
        For labels.
    summary : pandas.DataFrame
        Table `portfolio_summary`.

    Returns
    -------
    Statement or None
        None where no rule has a portfolio.
    """
    rows = summary.set_index("rule")
    rules = [rule for rule in _RULES if rule in rows.index]
    if not rules:
        return None
    more = amount(float((rows["next_budget"] - rows["budget"]).loc[rules[0]]))
    told = {rule: _change(study, rows.loc[rule], 3) for rule in rules}
    if len(set(told.values())) == 1:
        either = "" if len(rules) == 1 else " by either rule"
        title = f"A tenth more money, {more}, would {told[rules[0]]}{either}"
    else:
        title = f"A tenth more money, {more}, would " + ", and ".join(f"{_RULES[r]} {told[r]}" for r in rules)
    full = {rule: _in_full(study, rows.loc[rule]) for rule in rules}
    same = len(rules) > 1 and len(set(full.values())) == 1
    lines = {"by either rule": full[rules[0]]} if same else {_RULES[rule]: text for rule, text in full.items()}
    return Statement(title, lines=tuple(f"{sentence(rule)}: {text}" for rule, text in lines.items()))


def _named(study: Study, projects: object, most: int) -> str:
    ids = [] if pd.isna(projects) else str(projects).split(";")  # type: ignore[call-overload]  # one cell
    return listing([f"‘{shortened(n, NAME_LETTERS)}’" for n in names_of(study, "project_id", ids)], most=most)


def _change(study: Study, row: pd.Series, most: int) -> str:
    """What the next money would do, after 'would'."""
    adds, drops = pd.notna(row["next_adds"]), pd.notna(row["next_drops"])
    if adds and drops:
        return f"buy {_named(study, row['next_adds'], most)} in place of {_named(study, row['next_drops'], most)}"
    if adds:
        return f"also buy {_named(study, row['next_adds'], most)}"
    return f"only drop {_named(study, row['next_drops'], most)}" if drops else "buy no further project"


def _in_full(study: Study, row: pd.Series) -> str:
    n, partners, served = int(row["projects"]), int(row["partners"]), int(row["partners_served"])
    now = f"{how_many(n, 'project', 'projects')} for {amount(float(row['cost']))}" if n else "no project"
    said = [f"{amount(float(row['budget']))} buys {now}."]
    if n:
        worth, then = float(row["value"]), float(row["next_value"])
        moved = "stay" if f"{worth:.2f}" == f"{then:.2f}" else "rise" if then > worth else "fall"
        to = f"at {worth:.2f}" if moved == "stay" else f"from {worth:.2f} to {then:.2f}"
        said.append(f"With {amount(float(row['next_budget']))} it would {_change(study, row, 12)};")
        said.append(f"the sum of scores would {moved} {to}.")
    else:
        said.append(f"{amount(float(row['next_budget']))} would {_change(study, row, 12)}.")
    if partners:
        whose = how_many(served, "partner", "partners", of=partners).capitalize()
        said.append(f"{whose} {'has' if served == 1 or partners == 1 else 'have'} one of their own first three "
                    "projects among the chosen.")  # fmt: skip
    return " ".join(said)
