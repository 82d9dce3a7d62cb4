"""Who is in each wave of the survey, who answered, and which pairs have a tie."""

from __future__ import annotations

import pandas as pd

from ci_analysis.convene.waves import in_wave_order
from ci_analysis.tables import period_end

__all__ = ["LEVELS", "members", "reports_on_others", "undirected_ties"]

# The Levels of Collaboration Scale: what each level of a tie is called (Frey and others 2006).
LEVELS = {0: "none", 1: "networking", 2: "cooperation", 3: "coordination", 4: "coalition", 5: "collaboration"}

_NODE = ["wave", "partner_id"]


def reports_on_others(ties: pd.DataFrame) -> pd.DataFrame:
    """Return the reports of partners on others: a tie of a partner with itself says nothing of a network.

    Parameters
    ----------
    ties : pandas.DataFrame
        One row a report: source, target (partner_id), and any other columns.

    Returns
    -------
    pandas.DataFrame
        The rows whose source is not their target, as they are.

    Examples
    --------
    >>> reports_on_others(pd.DataFrame({"source": ["a", "a"], "target": ["a", "b"]})).values.tolist()
    [['a', 'b']]
    """
    return ties[ties["source"].ne(ties["target"])]


def undirected_ties(ties: pd.DataFrame, *, tie_level: int) -> pd.DataFrame:
    """Return the pairs of partners with a tie, how strong it is, and whether both sides report it.

    A tie stands where either side reports `level >= tie_level`; its strength is the larger report. A partner's tie
    with itself is left out.

    Parameters
    ----------
    ties : pandas.DataFrame
        One row a report: wave (period), source, target (partner_id), level (0 to 5, Levels of Collaboration).
    tie_level : int
        Level from which on a tie stands.

    Returns
    -------
    pandas.DataFrame
        One row a pair, by wave, partner_a, partner_b: wave, partner_a, partner_b (partner_a before partner_b),
        strength (level), confirmed (bool: both sides report at least `tie_level`).

    References
    ----------
    Frey, Lohmeier, Lee and Tollefson (2006), Measuring collaboration among grant partners, American Journal of
    Evaluation 27(3).

    Examples
    --------
    >>> ties = pd.DataFrame(
    ...     [("2026", "b", "a", 3), ("2026", "a", "b", 2), ("2026", "c", "a", 1), ("2026", "c", "b", 4)],
    ...     columns=["wave", "source", "target", "level"],
    ... )
    >>> undirected_ties(ties, tie_level=2).values.tolist()
    [['2026', 'a', 'b', 3, True], ['2026', 'b', 'c', 4, False]]
    """
    reports = reports_on_others(ties)
    reports = reports[reports["level"] >= tie_level]
    forward = reports["source"] < reports["target"]
    pairs = reports[["wave", "source", "level"]].assign(
        partner_a=reports["source"].where(forward, reports["target"]),
        partner_b=reports["target"].where(forward, reports["source"]),
    )
    grouped = pairs.groupby(["wave", "partner_a", "partner_b"], as_index=False)
    result = grouped.agg(strength=("level", "max"), confirmed=("source", "nunique"))
    result["confirmed"] = result["confirmed"].eq(2)
    return in_wave_order(result, "partner_a", "partner_b")


def members(partners: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """Return the partners of each wave's network, and which of them had joined and answered.

    In a wave are the partners that had joined by its last day (where `joined_on` is given) and had not left before
    it (`left_on`; a partner that left on an unknown day is not counted), and any other partner that the wave's ties
    name. A partner answered where it is the source of a tie with another; `respondent` counts joined partners only.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, status, joined_on, left_on (dates).
    ties : pandas.DataFrame
        One row a report: wave (period), source, target (partner_id). The waves are those found here.

    Returns
    -------
    pandas.DataFrame
        One row a partner and wave, by wave and partner_id: wave, partner_id, joined, answered, respondent (bool: both
        joined and answered).

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b", "c"], "status": ["joined", "joined", "prospect"]})
    >>> partners[["joined_on", "left_on"]] = pd.NaT
    >>> ties = pd.DataFrame({"wave": ["2026", "2026"], "source": ["a", "c"], "target": ["c", "a"]})
    >>> members(partners, ties).values.tolist()
    [['2026', 'a', True, True, True], ['2026', 'b', True, False, False], ['2026', 'c', False, True, False]]
    """
    waves = pd.DataFrame({"wave": ties["wave"].dropna().unique()})
    waves["end"] = period_end(waves["wave"])
    grid = partners[["partner_id", "status", "joined_on", "left_on"]].merge(waves, how="cross")
    came = grid["status"].isin(["joined", "left"]) & (grid["joined_on"].isna() | (grid["joined_on"] <= grid["end"]))
    stays = (grid["left_on"] >= grid["end"]) | (grid["left_on"].isna() & grid["status"].eq("joined"))
    joined = grid.loc[came & stays, _NODE].assign(joined=True)

    reports = reports_on_others(ties)
    sources = reports[["wave", "source"]].drop_duplicates().rename(columns={"source": "partner_id"})
    named = pd.concat([sources, reports[["wave", "target"]].rename(columns={"target": "partner_id"})])
    nodes = pd.concat([joined[_NODE], named]).drop_duplicates()
    nodes = nodes.merge(joined, how="left", on=_NODE).merge(sources.assign(answered=True), how="left", on=_NODE)
    nodes["joined"] = nodes["joined"].notna()
    nodes["answered"] = nodes["answered"].notna()
    nodes["respondent"] = nodes["joined"] & nodes["answered"]
    return in_wave_order(nodes, "partner_id")
