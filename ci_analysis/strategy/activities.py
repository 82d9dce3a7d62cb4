"""Who works on what already, where nobody does, and which work should grow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

__all__ = ["activities", "catalytic", "overlapping_initiatives", "what_works"]

#: From this rating on, of 5, evidence or scalability counts as high: a middling 3 is no reason to grow.
HIGH = 4

_NEXT_STEPS = {
    "scale-now": "Scale it now: the evidence is good and it can grow; find the money and the places.",
    "test-at-scale": "Test it at scale: it can grow, but the evidence is thin; try it in more places and compare.",
    "keep-local": "Keep it local: it works where it is and would be hard to grow; protect it and share what it taught.",
    "learn-first": "Learn before growing: evidence and scalability are both low; measure what it does first.",
}


def activities(
    initiatives: pd.DataFrame, projects: pd.DataFrame, levers: Sequence[str], *, as_of: date | None = None
) -> pd.DataFrame:
    """Work of each partner on each lever, and the levers on which no initiative works.

    Parameters
    ----------
    initiatives : pandas.DataFrame
        initiative_id, lead, lever, partners (`;` partner_id), people_served (people a year), started_on, ends_on.
    projects : pandas.DataFrame
        project_id, lead, lever, partners (`;` partner_id): proposed, so that they close no gap yet.
    levers : sequence of str
        The issue profile's levers, in its order.
    as_of : datetime.date, optional
        Initiatives that start after this day, or ended before it, are not under way and do not count.

    Returns
    -------
    pandas.DataFrame
        lever, partner_id, initiatives and projects (that it leads or takes part in), people_served (people a year, by
        those initiatives together; missing where it has none or where one does not say), overlap (another partner
        has an initiative on the lever), gap (no initiative works on the lever). A lever without partners has one row
        with a missing partner_id. In the order of `levers`, then by partner_id; empty where nothing is under way
        or proposed at all.

    Examples
    --------
    >>> work = pd.DataFrame(
    ...     {
    ...         "initiative_id": ["i"],
    ...         "lead": ["college"],
    ...         "lever": ["workforce"],
    ...         "partners": ["hospital"],
    ...         "people_served": [30.0],
    ...         "started_on": pd.NaT,
    ...         "ends_on": pd.NaT,
    ...     }
    ... )
    >>> none = pd.DataFrame(columns=["project_id", "lead", "lever", "partners"], dtype="str")
    >>> table = activities(work, none, ["workforce", "hours"])
    >>> table[["lever", "partner_id", "initiatives", "gap"]].values.tolist()
    [['workforce', 'college', 1.0, False], ['workforce', 'hospital', 1.0, False], ['hours', nan, 0.0, True]]
    """
    initiatives = _under_way(initiatives, as_of)
    if initiatives.empty and projects.empty:
        return empty_frame(OUTPUTS["activities"])
    under_way, proposed = _partners(initiatives, "initiative_id"), _partners(projects, "project_id")
    keys = ["lever", "partner_id"]
    served = under_way.merge(initiatives[["initiative_id", "people_served"]], on="initiative_id").groupby(keys)
    counts = pd.DataFrame(
        {
            "initiatives": under_way.groupby(keys).size(),
            "projects": proposed.groupby(keys).size(),
            "people_served": served["people_served"].sum(skipna=False),
        }
    ).reset_index()
    table = pd.DataFrame({"lever": list(levers)}, dtype="str").merge(counts, how="outer", on="lever")
    # A count of rows that are not there is a true zero, unlike a figure that nobody gave.
    table[["initiatives", "projects"]] = table[["initiatives", "projects"]].fillna(0)
    has = table["initiatives"] > 0
    active = has.groupby(table["lever"]).transform("sum")
    table["overlap"] = active - has > 0
    table["gap"] = active == 0
    order = {lever: place for place, lever in enumerate(levers)}
    table = table.sort_values(keys).sort_values("lever", key=lambda s: s.map(order), kind="stable")
    return conform(table, OUTPUTS["activities"])


def _under_way(initiatives: pd.DataFrame, as_of: date | None) -> pd.DataFrame:
    if as_of is None:
        return initiatives
    day = pd.Timestamp(as_of)
    return initiatives[~(initiatives["started_on"] > day) & ~(initiatives["ends_on"] < day)]


def _partners(table: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """Each row's lead and partners, once each: identifier, lever, partner_id."""
    columns = [identifier, "lever", "partner_id"]
    leads = table.rename(columns={"lead": "partner_id"})[columns]
    others = listed(table[[identifier, "lever", "partners"]], "partners").set_axis(columns, axis=1)
    return pd.concat([leads, others]).dropna(subset="partner_id").drop_duplicates()


def overlapping_initiatives(initiatives: pd.DataFrame, *, as_of: date | None = None) -> pd.DataFrame:
    """Pairs of initiatives of different leads on one lever that share an area: to align, or work done twice.

    Parameters
    ----------
    initiatives : pandas.DataFrame
        initiative_id, lead, lever, areas (`;` geoid; missing: everywhere), started_on, ends_on.
    as_of : datetime.date, optional
        Initiatives that start after this day, or ended before it, are not under way and do not count.

    Returns
    -------
    pandas.DataFrame
        lever, initiative_a, initiative_b (a before b), areas (`;` geoid that both work in; where one works
        everywhere, those of the other; missing where both do). Sorted by the first three.

    Examples
    --------
    >>> work = pd.DataFrame(
    ...     {
    ...         "initiative_id": ["i", "j", "k"],
    ...         "lead": ["p", "q", "r"],
    ...         "lever": "hours",
    ...         "areas": ["01;02", "02", "03"],
    ...     }
    ... )
    >>> overlapping_initiatives(work).values.tolist()
    [['hours', 'i', 'j', '02']]
    """
    rows = _under_way(initiatives, as_of)[["initiative_id", "lead", "lever", "areas"]]
    pairs = rows.merge(rows, on="lever", suffixes=("_a", "_b"))
    pairs = pairs[(pairs["initiative_id_a"] < pairs["initiative_id_b"]) & (pairs["lead_a"] != pairs["lead_b"])]
    pairs = pairs.rename(columns={"initiative_id_a": "initiative_a", "initiative_id_b": "initiative_b"})
    where = listed(rows[["initiative_id", "areas"]], "areas").drop_duplicates()
    both = where.merge(where, on="areas", suffixes=("_a", "_b")).sort_values("areas")
    both = both.groupby(["initiative_id_a", "initiative_id_b"])["areas"].agg(";".join)
    shared = pd.MultiIndex.from_frame(pairs[["initiative_a", "initiative_b"]])
    everywhere = pairs["areas_a"].isna() | pairs["areas_b"].isna()
    together = both.reindex(shared).set_axis(pairs.index).astype("str")
    pairs["areas"] = together.where(~everywhere, pairs["areas_a"].fillna(pairs["areas_b"]))
    columns = ["lever", "initiative_a", "initiative_b"]
    found = pairs.loc[everywhere | together.notna(), [*columns, "areas"]]
    return found.sort_values(columns).reset_index(drop=True)


def catalytic(projects: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Whether each project takes several: its partners, their sectors, and why no one could do it alone.

    Only partners that have joined count: a prospect, or one that has left, is no hand to work with.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, lead, lever, partners (`;` partner_id), why_joint.
    partners : pandas.DataFrame
        partner_id, sector, status. Without rows nobody knows who has joined, and nothing is said of any project.

    Returns
    -------
    pandas.DataFrame
        project_id, partners (how many joined ones lead it or take part), sectors (of these, `;` between, sorted),
        n_sectors, flag (`single-organisation` where these are fewer than two), why_joint; sorted by project_id.

    Examples
    --------
    >>> projects = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b"],
    ...         "lead": "school",
    ...         "lever": "hours",
    ...         "partners": ["clinic", None],
    ...         "why_joint": None,
    ...     }
    ... )
    >>> partners = pd.DataFrame({"partner_id": ["school", "clinic"], "sector": ["k12", "health"], "status": "joined"})
    >>> catalytic(projects, partners)[["sectors", "n_sectors", "flag"]].values.tolist()
    [['health;k12', 2.0, nan], ['k12', 1.0, 'single-organisation']]
    """
    joined = partners.loc[partners["status"] == "joined", ["partner_id", "sector"]]
    hands = _partners(projects, "project_id").merge(joined, on="partner_id")
    sectors = hands[["project_id", "sector"]].dropna().drop_duplicates().sort_values("sector").groupby("project_id")
    table = projects[["project_id", "why_joint"]].sort_values("project_id").set_index("project_id")
    table["partners"] = hands.groupby("project_id").size().reindex(table.index, fill_value=0).astype("float64")
    table["sectors"] = sectors["sector"].agg(";".join).astype("str")
    table["n_sectors"] = sectors.size().reindex(table.index, fill_value=0).astype("float64")
    if partners.empty:
        table[["partners", "n_sectors"]] = np.nan
    table["flag"] = table["n_sectors"].lt(2).map({True: "single-organisation", False: None})
    return conform(table.reset_index(), OUTPUTS["catalytic"])


def what_works(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Quadrant of each initiative by evidence and scalability, and the next step that it calls for.

    A rating of 4 or 5 is high. Both high: scale now; only scalability: test at scale; only evidence: keep local;
    neither: learn first.

    Parameters
    ----------
    initiatives : pandas.DataFrame
        initiative_id, evidence, scalability (1–5 each).

    Returns
    -------
    pandas.DataFrame
        initiative_id, evidence, scalability, quadrant, next_step (a sentence); sorted by initiative_id. Without both
        ratings the quadrant is missing, and the next step is to rate.

    Examples
    --------
    >>> rated = pd.DataFrame({"initiative_id": ["a", "b"], "evidence": [5, 3], "scalability": [4, 4]})
    >>> what_works(rated)["quadrant"].to_list()
    ['scale-now', 'test-at-scale']
    """
    table = initiatives[["initiative_id", "evidence", "scalability"]].sort_values("initiative_id")
    no_evidence, no_scale = table["evidence"].isna(), table["scalability"].isna()
    good, grows = table["evidence"] >= HIGH, table["scalability"] >= HIGH
    quadrant = pd.Series(
        np.select(
            [no_evidence | no_scale, good & grows, grows, good],
            ["", "scale-now", "test-at-scale", "keep-local"],
            "learn-first",
        ),
        index=table.index,
    ).replace("", None)
    to_rate = np.select(
        [no_evidence & no_scale, no_evidence, no_scale],
        ["evidence and scalability", "evidence", "scalability"],
        "",
    )
    table["quadrant"] = quadrant
    table["next_step"] = quadrant.map(_NEXT_STEPS).where(
        quadrant.notna(), "Rate its " + pd.Series(to_rate, index=table.index) + " first, from 1 to 5."
    )
    return conform(table, OUTPUTS["what_works"])
