"""Whether the chosen projects add up to the common agenda's targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

__all__ = ["agenda_arithmetic", "shared_claims"]

#: Figures that differ by less than this share of their size are equal: 0.8 − 0.6 covers 0.2.
SAME_FIGURE = 1e-9


def agenda_arithmetic(
    effects: pd.DataFrame,
    portfolio: pd.DataFrame,
    measures: pd.DataFrame,
    latest: pd.DataFrame,
    *,
    shared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Change that each measure still needs, and what the chosen projects are expected to bring.

    ``needed = target − latest − expected``, in the measure's unit and with its sign: below zero where a measure is
    to fall. Where no `expected` is given, no change is expected without new work. Against it stand the sums of the
    chosen projects' effects. `low` is the effect that helps least and `high` the one that helps most, whichever way
    round they were written, so for a measure that is to fall −2 is low and −9 high. Effects of projects that reach
    the same people may overlap: `shared_claims` names them.

    Parameters
    ----------
    effects : pandas.DataFrame
        project_id, measure_id, low, mid, high (change in the measure's unit, with its sign).
    portfolio : pandas.DataFrame
        rule, project_id, chosen.
    measures : pandas.DataFrame
        measure_id, direction (`up` or `down`: which way is better), baseline, target, expected.
    latest : pandas.DataFrame
        measure_id, latest: the community's figure.
    shared : pandas.DataFrame, optional
        rule, measure_id, project_a, project_b, as from `shared_claims`. With it, a project whose people a larger one
        claims already adds nothing to that measure (unless it harms): the sums are then what remains if every such
        pair reaches the very same people. Larger is by `mid`, in the measure's direction; of equal ones, the first by
        project_id.

    Returns
    -------
    pandas.DataFrame
        rule, measure_id, baseline, latest, target, needed, low, mid, high (sums; missing where one of the chosen
        projects' is, or where none of them names the measure), share_of_needed (mid in needed; missing where nothing is
        needed), verdict: `met` (nothing is needed), `enough` (low covers it), `likely` (mid does), `stretch` (only
        high does), `short` (not even high), `unknown` (a figure that would tell is missing). One row for each rule in
        the portfolio and each measure, sorted by both.

    Examples
    --------
    >>> effects = pd.DataFrame(
    ...     {
    ...         "project_id": ["a", "b"],
    ...         "measure_id": ["seats", "seats"],
    ...         "low": [20.0, 10.0],
    ...         "mid": [40.0, 30.0],
    ...         "high": [60.0, 50.0],
    ...     }
    ... )
    >>> portfolio = pd.DataFrame({"rule": "value", "project_id": ["a", "b"], "chosen": [True, True]})
    >>> measures = pd.DataFrame(
    ...     {
    ...         "measure_id": ["seats"],
    ...         "direction": ["up"],
    ...         "baseline": [900.0],
    ...         "target": [1000.0],
    ...         "expected": [10.0],
    ...     }
    ... )
    >>> latest = pd.DataFrame({"measure_id": ["seats"], "latest": [930.0]})
    >>> agenda_arithmetic(effects, portfolio, measures, latest)[["needed", "mid", "verdict"]].values.tolist()
    [[60.0, 70.0, 'likely']]
    """
    if portfolio.empty or measures.empty:
        return empty_frame(OUTPUTS["agenda_arithmetic"])
    rules = pd.DataFrame({"rule": sorted(portfolio["rule"].unique())}, dtype="str")
    table = measures[["measure_id", "direction", "baseline", "target", "expected"]].merge(
        latest[["measure_id", "latest"]], how="left", on="measure_id"
    )
    # Where no change is given as expected without new work, none is (the docstring says so).
    table["needed"] = table["target"] - table["latest"] - table["expected"].fillna(0)
    chosen = portfolio.loc[portfolio["chosen"].fillna(False).astype(bool), ["rule", "project_id"]]
    counted = _least_and_most(effects, measures).merge(chosen, on="project_id")
    if shared is not None:
        counted = _largest_alone(counted, shared, measures)
    sums = counted.groupby(["rule", "measure_id"])[["low", "mid", "high"]].sum(skipna=False).reset_index()
    table = rules.merge(table, how="cross").merge(sums, how="left", on=["rule", "measure_id"])
    wanted = table["needed"] * _sign(table["direction"])
    table["share_of_needed"] = table["mid"] / table["needed"].where(wanted > _slack(table))
    table["verdict"] = _verdict(table)
    return conform(
        table.drop(columns=["direction", "expected"]).sort_values(["rule", "measure_id"]),
        OUTPUTS["agenda_arithmetic"],
    )


def _sign(direction: pd.Series) -> pd.Series:
    return direction.map({"up": 1.0, "down": -1.0}).astype("float64")


def _slack(table: pd.DataFrame) -> pd.Series:
    return SAME_FIGURE * table[["target", "latest"]].abs().max(axis=1)


def _least_and_most(effects: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Effects in a fixed order of rows, `low` the one that helps least."""
    # Sorted, so that sums are added up in the same order however the rows came.
    table = effects[["project_id", "measure_id", "low", "mid", "high"]].sort_values(["measure_id", "project_id"])
    table = table.reset_index(drop=True)
    sign = _sign(table["measure_id"].map(measures.set_index("measure_id")["direction"]))
    low, mid, high = (table[c] * sign for c in ("low", "mid", "high"))
    turned = (low > high) | (high.isna() & (low > mid)) | (low.isna() & (high < mid))
    return table.assign(low=table["low"].where(~turned, table["high"]), high=table["high"].where(~turned, table["low"]))


def _largest_alone(counted: pd.DataFrame, shared: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the effects without those of projects whose people a larger one, which stays, claims too."""
    sign = _sign(counted["measure_id"].map(measures.set_index("measure_id")["direction"]))
    ordered = counted.assign(helps=counted["mid"] * sign).sort_values(["helps", "project_id"], ascending=[False, True])
    pairs = set(shared[["rule", "measure_id", "project_a", "project_b"]].itertuples(index=False, name=None))
    kept: dict[tuple[str, str], list[str]] = {}
    stays = []
    columns = ["rule", "measure_id", "project_id", "helps"]
    for rule, measure, project, helps in ordered[columns].itertuples(index=False, name=None):
        before = kept.setdefault((rule, measure), [])
        # What harms is not made good by others' reaching the same people.
        claimed = helps > 0 and any((rule, measure, *sorted((project, other))) in pairs for other in before)
        stays.append(not claimed)
        if stays[-1]:
            before.append(project)
    return counted.loc[ordered.index[stays]].sort_index()


def _verdict(table: pd.DataFrame) -> np.ndarray:
    sign, slack = _sign(table["direction"]), _slack(table)
    wanted = table["needed"] * sign
    low, mid, high = (table[c] * sign for c in ("low", "mid", "high"))
    return np.select(
        [
            wanted <= slack,
            wanted.isna() | mid.isna(),
            low >= wanted - slack,
            mid >= wanted - slack,
            high >= wanted - slack,
            high.isna(),
        ],
        ["met", "unknown", "enough", "likely", "stretch", "unknown"],
        "short",
    )


def shared_claims(effects: pd.DataFrame, portfolio: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Pairs of chosen projects that claim the same people for one measure, so that their effects may overlap.

    Two projects may reach the same people where both are for the same segment, or one for everybody, and they share
    an area, or one works everywhere.

    Parameters
    ----------
    effects : pandas.DataFrame
        project_id, measure_id.
    portfolio : pandas.DataFrame
        rule, project_id, chosen.
    projects : pandas.DataFrame
        project_id, segment (missing: everybody), areas (`;` geoid; missing: everywhere).

    Returns
    -------
    pandas.DataFrame
        rule, measure_id, project_a, project_b (a before b); sorted by all four.

    Examples
    --------
    >>> effects = pd.DataFrame({"project_id": ["a", "b", "c"], "measure_id": "seats"})
    >>> portfolio = pd.DataFrame({"rule": "value", "project_id": ["a", "b", "c"], "chosen": True})
    >>> projects = pd.DataFrame(
    ...     {"project_id": ["a", "b", "c"], "segment": ["preschool", None, "preschool"], "areas": ["01", "01", "03"]}
    ... )
    >>> shared_claims(effects, portfolio, projects)[["project_a", "project_b"]].values.tolist()
    [['a', 'b']]
    """
    chosen = portfolio.loc[portfolio["chosen"].fillna(False).astype(bool), ["rule", "project_id"]]
    about = projects[["project_id", "segment", "areas"]]
    one = effects[["project_id", "measure_id"]].merge(chosen, on="project_id").merge(about, on="project_id")
    pairs = one.merge(one, on=["rule", "measure_id"], suffixes=("_a", "_b"))
    pairs = pairs[pairs["project_id_a"] < pairs["project_id_b"]]
    areas = listed(about[["project_id", "areas"]], "areas")
    meeting = areas.merge(areas, on="areas", suffixes=("_a", "_b"))[["project_id_a", "project_id_b"]]
    together = pd.MultiIndex.from_frame(pairs[["project_id_a", "project_id_b"]]).isin(pd.MultiIndex.from_frame(meeting))
    same_place = pairs["areas_a"].isna() | pairs["areas_b"].isna() | together
    same_people = pairs["segment_a"].isna() | pairs["segment_b"].isna() | (pairs["segment_a"] == pairs["segment_b"])
    columns = ["rule", "measure_id", "project_a", "project_b"]
    found = pairs[same_place & same_people].rename(columns={"project_id_a": "project_a", "project_id_b": "project_b"})
    return conform(found[columns].sort_values(columns), OUTPUTS["shared_claims"])
