"""Commitments: who has promised what, by when, and where it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ci_analysis.redesign.deliverables import days_late
from ci_analysis.tables import OUTPUTS, conform, empty_frame

__all__ = ["commitments"]

_COLUMNS = ["partner_id", "what", "by_when", "status"]


def commitments(tables: Mapping[str, pd.DataFrame], portfolio: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return what each partner has promised, from the tables where promises are made.

    - `endorsements`: what a partner says it will do, in its answer to the newest text of the agenda that it answered;
    - `deliverables`: what a partner answers for, with its due day;
    - `funding`: money that a partner pledged or gave, where `source` is the partner's name or identifier (what was
      only asked for is nobody's promise, and givers who are not partners are left out);
    - `projects`: a project to lead, where a portfolio rule chooses it **and** a decision names it. A project that a
      computation recommends is not yet a promise of anybody.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The study's tables endorsements, deliverables, funding, partners, projects and decisions.
    portfolio : pandas.DataFrame
        The strategy's table `portfolio`; may be empty.
    as_of : datetime.date
        The study's day; what is dated later is not known yet.

    Returns
    -------
    pandas.DataFrame
        The table `commitments`: partner_id, what, by_when (missing where no day was named), status (in words);
        sorted by partner, day and promise.

    Examples
    --------
    >>> from ci_analysis.tables import INPUTS
    >>> tables = {name: empty_frame(table) for name, table in INPUTS.items()}
    >>> tables["endorsements"] = pd.DataFrame(
    ...     {
    ...         "partner_id": ["library"],
    ...         "agenda_on": pd.to_datetime(["2026-01-15"]),
    ...         "response": ["support"],
    ...         "commits_to": ["Open a reading room"],
    ...     }
    ... )
    >>> commitments(tables, empty_frame(OUTPUTS["portfolio"]), as_of=dt.date(2026, 6, 30))[["what", "status"]]
                      what                                    status
    0  Open a reading room  promised with the agenda of 2026-01-15
    """
    table = OUTPUTS["commitments"]
    day = pd.Timestamp(as_of)
    parts = [
        _agenda(tables["endorsements"], day),
        _deliverables(tables["deliverables"], as_of),
        _money(tables["funding"], tables["partners"], tables["projects"], day),
        _projects(tables["projects"], portfolio, tables["decisions"], day),
    ]
    parts = [p.astype({"by_when": "datetime64[ns]"}) for p in parts if len(p)]
    if not parts:
        return empty_frame(table)
    rows = pd.concat(parts, ignore_index=True).sort_values(
        ["partner_id", "by_when", "what", "status"], ignore_index=True
    )
    return conform(rows[table.names], table)


def _agenda(endorsements: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    agenda_on = pd.to_datetime(endorsements["agenda_on"])
    rows = endorsements[agenda_on <= day].sort_values(["partner_id", "agenda_on"])
    rows = rows.drop_duplicates("partner_id", keep="last")
    rows = rows[rows["commits_to"].notna()]
    reserved = rows["response"].eq("reservations")
    date = pd.to_datetime(rows["agenda_on"]).dt.strftime("%Y-%m-%d")
    status = ("promised with the agenda of " + date).where(~reserved, "promised, with reservations, on " + date)
    return rows.assign(what=rows["commits_to"], by_when=pd.NaT, status=status)[_COLUMNS]


def _deliverables(table: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    day = pd.Timestamp(as_of)
    late = days_late(table, as_of=as_of)
    done = table["status"].eq("done") & ~(pd.to_datetime(table["done_on"]) > day)
    open_ = ~done & table["status"].ne("dropped")
    words = table["status"].where(~(table["status"].eq("done") & ~done), "started")
    # Words alone are made from it, and only where a delay is known (the masks below).
    number = late.fillna(0).astype(int)
    days = number.astype("str") + np.where(number == 1, " day", " days")
    status = words.mask(done & (late > 0), "done, " + days + " late").mask(done & (late == 0), "done on time")
    status = status.mask(open_ & (late > 0), words + ", overdue by " + days)
    return pd.DataFrame(
        {"partner_id": table["owner"], "what": table["name"], "by_when": table["due_on"], "status": status}
    )


def _money(funding: pd.DataFrame, partners: pd.DataFrame, projects: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    names = pd.concat(
        [
            pd.DataFrame({"giver": partners["partner_id"], "partner_id": partners["partner_id"]}),
            pd.DataFrame({"giver": partners["name"], "partner_id": partners["partner_id"]}),
        ]
    )
    names["giver"] = _plain(names["giver"])
    # A name that two partners share names neither.
    names = names.drop_duplicates().drop_duplicates("giver", keep=False)
    known = funding["status"].isin(["pledged", "received"]) & ~(pd.to_datetime(funding["on"]) > day)
    rows = funding[known].assign(giver=lambda f: _plain(f["source"])).merge(names, on="giver")
    if rows.empty:
        return pd.DataFrame(columns=_COLUMNS)
    titles = projects.set_index("project_id")["name"]
    purpose = rows["project_id"].map(titles).astype("str").fillna(rows["project_id"]).fillna("the coalition")
    on = pd.to_datetime(rows["on"]).dt.strftime(" on %Y-%m-%d").fillna("")
    status = ("pledged" + on + ", not yet received").where(rows["status"].eq("pledged"), "received" + on)
    return rows.assign(
        what="USD " + rows["amount"].map("{:,.0f}".format) + " for " + purpose, by_when=pd.NaT, status=status
    )[_COLUMNS]


def _plain(text: pd.Series) -> pd.Series:
    return text.astype("str").str.strip().str.casefold()


def _projects(
    projects: pd.DataFrame, portfolio: pd.DataFrame, decisions: pd.DataFrame, day: pd.Timestamp
) -> pd.DataFrame:
    chosen = portfolio.loc[portfolio["chosen"].fillna(False).astype(bool), "project_id"]
    taken = decisions[decisions["project_id"].notna() & (pd.to_datetime(decisions["decided_on"]) <= day)]
    first = taken.sort_values(["decided_on", "decision_id"]).drop_duplicates("project_id")
    rows = projects[projects["project_id"].isin(chosen)].merge(first[["project_id", "decided_on"]], on="project_id")
    date = pd.to_datetime(rows["decided_on"]).dt.strftime("%Y-%m-%d")
    return rows.assign(
        partner_id=rows["lead"], what="Lead: " + rows["name"], by_when=pd.NaT, status="decided on " + date
    )[_COLUMNS]
