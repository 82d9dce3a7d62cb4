"""Who works on what already, where nobody does, and which work should grow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

__all__ = ["activities", "what_works"]

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
    if as_of is not None:
        day = pd.Timestamp(as_of)
        initiatives = initiatives[~(initiatives["started_on"] > day) & ~(initiatives["ends_on"] < day)]
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


def _partners(table: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """Each row's lead and partners, once each: identifier, lever, partner_id."""
    columns = [identifier, "lever", "partner_id"]
    leads = table.rename(columns={"lead": "partner_id"})[columns]
    others = listed(table[[identifier, "lever", "partners"]], "partners").set_axis(columns, axis=1)
    return pd.concat([leads, others]).dropna(subset="partner_id").drop_duplicates()


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
