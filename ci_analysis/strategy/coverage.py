"""From the gap to the projects: what addresses each gap, what each project adds, and what then remains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["gap_coverage", "gap_waterfall", "project_gaps", "project_states"]

EVERYBODY = "all"
#: States whose places count against the gap, in the order in which they fill it.
COUNTED = ("committed", "planned")
ENDS = ("seats_low", "seats", "seats_high")
#: What is left of a gap below this share of it is what rounding left.
ROUNDING = 1e-9


def project_states(
    projects: pd.DataFrame,
    deliverables: pd.DataFrame,
    funding: pd.DataFrame,
    portfolio: pd.DataFrame,
    *,
    as_of: date | None = None,
) -> pd.DataFrame:
    """State of each project: committed, planned or proposed.

    `committed`: one of its deliverables is started or done and somebody stands behind it (money is received or
    pledged for it, or the portfolio of the most value chooses it), or its money covers its cost. A study of the site
    for a project that nobody pays for commits nobody; of a project that costs nothing, money says nothing. Else
    `planned`: the portfolio of the most value chooses it. Else `proposed`.

    Parameters
    ----------
    projects : pandas.DataFrame
        project_id, cost (USD).
    deliverables : pandas.DataFrame
        project_id, status.
    funding : pandas.DataFrame
        project_id, amount (USD), status, on.
    portfolio : pandas.DataFrame
        rule, project_id, chosen.
    as_of : datetime.date, optional
        Money of a later day is not known yet; money without a day counts.

    Returns
    -------
    pandas.DataFrame
        project_id, state; sorted by project_id.

    Examples
    --------
    >>> projects = pd.DataFrame({"project_id": ["a", "b", "c"], "cost": 100.0})
    >>> begun = pd.DataFrame({"project_id": ["a"], "status": ["started"]})
    >>> money = pd.DataFrame({"project_id": ["a"], "amount": [90.0], "status": "pledged", "on": pd.NaT})
    >>> chosen = pd.DataFrame({"rule": "value", "project_id": ["a", "b"], "chosen": True})
    >>> project_states(projects, begun, money, chosen)["state"].to_list()
    ['committed', 'planned', 'proposed']
    """
    table = projects[["project_id", "cost"]].sort_values("project_id").reset_index(drop=True)
    begun = deliverables.loc[deliverables["status"].isin(["started", "done"]), "project_id"]
    given = funding[funding["status"].isin(["received", "pledged"])]
    if as_of is not None:
        given = given[~(given["on"] > pd.Timestamp(as_of))]
    # Sorted, so that cents are added up in the same order however the rows came.
    money = table["project_id"].map(given.sort_values("amount").groupby("project_id")["amount"].sum()).astype("float64")
    chosen = portfolio.loc[portfolio["rule"].eq("value") & portfolio["chosen"].fillna(False).astype(bool), "project_id"]
    planned = table["project_id"].isin(chosen)
    backed = planned | (money > 0)
    committed = (table["project_id"].isin(begun) & backed) | ((money >= table["cost"] - ROUNDING) & (money > 0))
    state = pd.Series(np.select([committed, planned], list(COUNTED), "proposed"), index=table.index, dtype="str")
    return table[["project_id"]].assign(state=state)


def project_gaps(
    gap: pd.DataFrame,
    projects: pd.DataFrame,
    effects: pd.DataFrame,
    measures: pd.DataFrame,
    states: pd.DataFrame,
    profile: Profile,
) -> pd.DataFrame:
    """Gap that each project serves, and the places that it is to add.

    A gap is a row of the table `gap` with unmet need above zero, for one of the issue's segments; where no segment's
    unmet need is known in any area, for everybody. Where unmet need is missing it is not known, which is neither a
    gap nor none. A project serves the gap of its segment (of a group's members; without a segment, of all) in its
    areas (without areas, everywhere).

    The places that it adds are its effect on a measure with `closes_gap`: `seats_low` is the least of low, mid and
    high. Where it names several such measures they may count the same places, so only the one with the largest mid
    is taken (of equal ones the first by measure_id).

    Parameters
    ----------
    gap : pandas.DataFrame
        geoid, segment, unmet (people).
    projects : pandas.DataFrame
        project_id, segment (missing: everybody), areas (`;` geoid; missing: everywhere).
    effects : pandas.DataFrame
        project_id, measure_id, low, mid, high (change in the measure's unit).
    measures : pandas.DataFrame
        measure_id, closes_gap (yes/no).
    states : pandas.DataFrame
        project_id, state, as from `project_states`.
    profile : Profile
        The issue, for its segments, groups and words.

    Returns
    -------
    pandas.DataFrame
        Output table `project_gaps`: a row for each project, sorted by project_id. `areas` and `unmet` are over the
        areas where unmet need is known; `share_of_unmet` is missing where nobody there is without a place; the
        figures of seats are missing where it names none; `serves` is missing where unmet need is known nowhere that
        it works. No rows where the gap has none.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> gap = pd.DataFrame({"geoid": ["01", "02"], "segment": "preschool", "unmet": [30.0, 0.0]})
    >>> projects = pd.DataFrame({"project_id": ["a", "b"], "segment": "preschool", "areas": ["01", "02"]})
    >>> effects = pd.DataFrame({"project_id": ["a"], "measure_id": "spots", "low": [4.0], "mid": [6.0], "high": [9.0]})
    >>> measures = pd.DataFrame({"measure_id": ["spots"], "closes_gap": [True]})
    >>> states = pd.DataFrame({"project_id": ["a", "b"], "state": "proposed"})
    >>> found = project_gaps(gap, projects, effects, measures, states, load_profile("child-care"))
    >>> found[["project_id", "unmet", "seats", "share_of_unmet", "serves"]].values.tolist()
    [['a', 30.0, 6.0, 0.2, True], ['b', 0.0, nan, nan, False]]
    """
    if gap.empty or projects.empty:
        return empty_frame(OUTPUTS["project_gaps"])
    table = projects[["project_id", "segment", "areas"]].sort_values("project_id").reset_index(drop=True)
    reach = _reached(gap, table.set_index("project_id"), profile)
    where = reach.served[["id", "kind"]].drop_duplicates()
    table["segment"] = table["segment"].fillna(EVERYBODY)
    whom = table.set_index("project_id")["segment"]
    known = pd.Series(0, index=whom.index)
    found = pd.DataFrame({"areas": 0, "unmet": 0.0}, index=whom.index)
    for segment in whom.unique():
        kinds = _short(gap, reach, segment, profile)
        own = where[where["id"].isin(whom.index[whom == segment])].merge(kinds, on="kind")
        sums = own.groupby("id")[["areas", "unmet", "known"]].sum()
        known = known.add(sums["known"], fill_value=0)
        found = found.add(sums[["areas", "unmet"]], fill_value=0)
    found = found.where(known > 0)
    places = _places_added(effects, measures)
    named = effects.sort_values("measure_id").groupby("project_id")["measure_id"].agg(";".join)
    words = profile.words
    result = table[["project_id", "segment"]].merge(found, left_on="project_id", right_index=True)
    result = result.merge(places, on="project_id", how="left").merge(states, on="project_id", how="left")
    result["share_of_unmet"] = result["seats"] / result["unmet"].where(result["unmet"] > 0)
    result["measures"] = result["project_id"].map(named)
    result["serves"] = (result["areas"] > 0).astype("boolean").where(result["areas"].notna())
    whose = pd.Series(f"{words.person} ", index=result.index).where(
        result["segment"].eq(EVERYBODY), f"{words.person} whom it is for "
    )
    unknown = f"Where it works it is not known how many of those whom it is for are without a {words.seat}."
    none = "Where it works no " + whose + f"is without a {words.seat}."
    result["why"] = none.where(result["serves"].eq(False).fillna(False)).where(result["serves"].notna(), unknown)
    return conform(result.reindex(columns=OUTPUTS["project_gaps"].names), OUTPUTS["project_gaps"])


def gap_coverage(
    gap: pd.DataFrame,
    projects: pd.DataFrame,
    initiatives: pd.DataFrame,
    found: pd.DataFrame,
    profile: Profile,
    *,
    as_of: date | None = None,
) -> pd.DataFrame:
    """Initiatives and projects that address each gap, lever by lever, and the gaps that nothing addresses.

    Gaps are those of `project_gaps`. An initiative under way addresses the gap of every segment in its areas (without
    areas, everywhere), a project that of its segment. The places of committed and planned projects are spread over
    their gap in proportion to unmet need, an assumption: each area gets `seats × unmet / Σ unmet`. Places of several
    projects in one gap add up, to no more than unmet need; what is beyond is taken off each in proportion.

    Parameters
    ----------
    gap : pandas.DataFrame
        geoid, segment, unmet (people).
    projects : pandas.DataFrame
        project_id, lever, segment (missing: everybody), areas (`;` geoid; missing: everywhere).
    initiatives : pandas.DataFrame
        initiative_id, lever, areas (the same), started_on, ends_on.
    found : pandas.DataFrame
        Each project's places and state, as from `project_gaps`.
    profile : Profile
        The issue, for its segments, groups and levers.
    as_of : datetime.date, optional
        Initiatives that start after this day, or ended before it, are not under way.

    Returns
    -------
    pandas.DataFrame
        Output table `gap_coverage`: a row for each gap and each lever through which something addresses it, and one
        with an empty lever and `uncovered` where nothing does. By geoid, then segments and levers in the profile's
        order. The figures of seats are 0 where no committed or planned project addresses the gap through the lever,
        and missing where none of those that do names a figure. No rows without a single project or initiative: what
        is done is then not known.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> gap = pd.DataFrame({"geoid": ["01", "02"], "segment": "preschool", "unmet": [30.0, 10.0]})
    >>> projects = pd.DataFrame({"project_id": ["a"], "lever": "supply", "segment": "preschool", "areas": "01"})
    >>> none = pd.DataFrame(columns=["initiative_id", "lever", "areas", "started_on", "ends_on"])
    >>> seats = {"seats_low": 4.0, "seats": 6.0, "seats_high": 9.0, "state": "planned"}
    >>> found = pd.DataFrame({"project_id": ["a"], **seats})
    >>> table = gap_coverage(gap, projects, none, found, load_profile("child-care"))
    >>> table[["geoid", "lever", "project_ids", "seats_added", "uncovered"]].values.tolist()
    [['01', 'supply', 'a', 6.0, False], ['02', nan, nan, 0.0, True]]
    """
    if gap.empty or (projects.empty and initiatives.empty):
        return empty_frame(OUTPUTS["gap_coverage"])
    if as_of is not None:
        day = pd.Timestamp(as_of)
        initiatives = initiatives[~(initiatives["started_on"] > day) & ~(initiatives["ends_on"] < day)]
    # Two tables may use the same identifier.
    works = pd.concat(
        [
            initiatives.assign(id="i " + initiatives["initiative_id"].astype("str"), segment=None),
            projects.assign(id="p " + projects["project_id"].astype("str")),
        ]
    )[["id", "lever", "segment", "areas"]].set_index("id")
    reach = _reached(gap, works.sort_index(), profile)
    own = reach.served.sort_values("id")
    own = own.assign(lever=own["id"].map(works["lever"]), name=own["id"].str[2:], project=own["id"].str[0] == "p")
    keys = ["kind", "segment", "lever"]
    table = own[keys].drop_duplicates()
    for thing, is_one in (("initiative", ~own["project"]), ("project", own["project"])):
        ids = own[is_one].groupby(keys)["name"].agg(["size", ";".join])
        ids.columns = [f"{thing}s", f"{thing}_ids"]
        table = table.merge(ids, on=keys, how="left")
    counted = found[found["state"].isin(COUNTED)]
    counted = counted.assign(id="p " + counted["project_id"].astype("str"))
    shares = _shares(own[["id", *keys]], counted, reach.need, keys)
    whole = shares.groupby(["kind", "segment"])[list(ENDS)].sum(skipna=False).add_suffix("_whole")
    table = table.merge(shares, on=keys, how="left", indicator=True).merge(whole, on=["kind", "segment"], how="left")
    of_counted = own[own["id"].isin(counted["id"])].assign(
        told=lambda t: t["id"].isin(counted.loc[counted["seats"].notna(), "id"])
    )
    told = of_counted.groupby(keys)["told"].agg(["size", "sum"])
    table = table.merge(told, on=keys, how="left")
    silent = table["size"].gt(0) & table["sum"].eq(0)
    for end in ENDS:
        # A lever without a committed or planned project that names places has no row among the shares: a true zero.
        share = table[end].where(table["_merge"] == "both", 0.0)
        over = table[f"{end}_whole"]
        table[end] = (share / over.where(over > 1, 1.0).where(over.notna() | share.eq(0))).mask(silent)
    rows = reach.cells[reach.cells["unmet"] > 0].merge(table, on=["kind", "segment"], how="left")
    rows["uncovered"] = rows["lever"].isna()
    for end, name in zip(ENDS, ("seats_low", "seats_added", "seats_high"), strict=True):
        rows[name] = (rows[end] * rows["unmet"]).mask(rows["uncovered"], 0.0)
    # No row among initiatives or projects is none of them.
    rows[["initiatives", "projects"]] = rows[["initiatives", "projects"]].fillna(0)
    order = {name: i for i, name in enumerate((*profile.vocabulary("segments"), *profile.vocabulary("levers")))}
    rows = rows.assign(a=rows["segment"].map(order), b=rows["lever"].map(order)).sort_values(
        ["geoid", "a", "b", "lever"]
    )
    return conform(rows.reindex(columns=OUTPUTS["gap_coverage"].names), OUTPUTS["gap_coverage"])


def gap_waterfall(
    gap: pd.DataFrame, gap_summary: pd.DataFrame, projects: pd.DataFrame, found: pd.DataFrame, profile: Profile
) -> pd.DataFrame:
    """Gap today, what committed and planned projects close of it, and what remains.

    Places are spread as in `gap_coverage`: committed ones fill the gap of an area and segment first, planned ones what
    is left. Of a group and of everybody, an area's closing is the sum over its segments, to no more than the row's
    own unmet need there, which is less than its segments' together where seats name no segment. `remaining = max(0,
    today − committed − planned)`; `remaining_low` is what is left of today's gap were every project to bring the
    most. `surplus` is the rest of the places: those beyond the gap where they would be.

    Parameters
    ----------
    gap : pandas.DataFrame
        geoid, segment, unmet (people).
    gap_summary : pandas.DataFrame
        segment, spatial_gap, spatial_gap_low, spatial_gap_high (people; 90 % interval).
    projects : pandas.DataFrame
        project_id, segment, areas.
    found : pandas.DataFrame
        Each project's places and state, as from `project_gaps`.
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    pandas.DataFrame
        Output table `gap_waterfall`: the rows of `gap_summary`, in its order. Sums are over the projects that name
        places, and missing where there are committed (planned) projects for the row and none of them does. Where one
        names no low or high, that end is missing, and the end of what remains that rests on it. No rows without
        projects.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> gap = pd.DataFrame({"geoid": ["01", "02"], "segment": "preschool", "unmet": [30.0, 10.0]})
    >>> today = {"spatial_gap": 40.0, "spatial_gap_low": 35.0, "spatial_gap_high": 45.0}
    >>> summary = pd.DataFrame({"segment": ["preschool"], **today})
    >>> projects = pd.DataFrame({"project_id": ["a"], "segment": "preschool", "areas": "02"})
    >>> seats = {"seats_low": 4.0, "seats": 6.0, "seats_high": 15.0, "state": "planned"}
    >>> table = gap_waterfall(
    ...     gap, summary, projects, pd.DataFrame({"project_id": ["a"], **seats}), load_profile("child-care")
    ... )
    >>> table[["today", "planned", "planned_high", "remaining_low", "remaining", "remaining_high"]].values.tolist()
    [[40.0, 6.0, 10.0, 30.0, 34.0, 36.0]]
    """
    if gap_summary.empty or projects.empty or found.empty:
        return empty_frame(OUTPUTS["gap_waterfall"])
    works = projects.set_index("project_id").sort_index()
    reach = _reached(gap, works, profile)
    counted = found[found["state"].isin(COUNTED)].rename(columns={"project_id": "id"})
    cells = _closed(reach, counted)
    counted = counted.assign(
        whom=counted["id"].map(works["segment"]), need=counted["id"].map(reach.need).astype("float64")
    )
    rows = [_fall(row, cells, counted, gap, reach, profile) for row in gap_summary["segment"]]
    table = pd.concat([gap_summary[["segment"]].reset_index(drop=True), pd.DataFrame(rows)], axis=1)
    ends = {"today": "spatial_gap", "today_low": "spatial_gap_low", "today_high": "spatial_gap_high"}
    for name, column in ends.items():
        table[name] = gap_summary[column].to_numpy(dtype="float64")
    for name, end in (("remaining_low", "seats_high"), ("remaining", "seats"), ("remaining_high", "seats_low")):
        left = (table["today"] - table[f"closed_{end}"]).clip(lower=0)
        table[name] = left.mask(left <= ROUNDING * table["today"], 0.0)
    return conform(table.reindex(columns=OUTPUTS["gap_waterfall"].names), OUTPUTS["gap_waterfall"])


# --- who is reached --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reach:
    """Where works reach gaps. Areas that the same works name are of one kind, and are reckoned together.

    Parameters
    ----------
    cells : pandas.DataFrame
        geoid, segment, unmet, kind: areas and segments whose unmet need is known.
    served : pandas.DataFrame
        id, kind, segment: which work is for which segment in which kind of areas.
    need : pandas.Series
        By id: unmet need that it is for; missing where none is known.
    kinds : pandas.Series
        By geoid: the kind of the area.
    """

    cells: pd.DataFrame
    served: pd.DataFrame
    need: pd.Series
    kinds: pd.Series


def _parts(gap: pd.DataFrame, profile: Profile) -> list[str]:
    """The parts of the people: the issue's segments, or everybody where no segment's unmet need is known."""
    own = profile.vocabulary("segments")
    return list(own) if gap.loc[gap["segment"].isin(own), "unmet"].notna().any() else [EVERYBODY]


def _whom(segment: object, profile: Profile) -> set[str]:
    """The issue's segments that a row, a project or an initiative is for."""
    own = profile.vocabulary("segments")
    if pd.isna(segment) or segment == EVERYBODY:  # type: ignore[call-overload]  # one cell
        return {*own, EVERYBODY}
    groups = {g.segment: g.of for g in profile.groups}
    return set(groups.get(str(segment), [str(segment)]))


def _reached(gap: pd.DataFrame, works: pd.DataFrame, profile: Profile) -> _Reach:
    parts = _parts(gap, profile)
    geoids = sorted(gap["geoid"].unique())
    named = listed(works[["areas"]].rename_axis("id").reset_index(), "areas").drop_duplicates()
    named = named[named["areas"].isin(geoids)].sort_values(["areas", "id"])
    together = named.groupby("areas")["id"].agg(";".join).reindex(geoids).fillna("").astype("str")
    kinds = pd.Series(together.to_numpy(), index=pd.Index(geoids, name="geoid"), name="kind")
    kind = pd.DataFrame({"kind": sorted(set(together))}, dtype="str")
    within = listed(kind.assign(id=kind["kind"]), "id")
    everywhere = pd.DataFrame({"id": works.index[works["areas"].isna()]}, dtype="str").merge(kind, how="cross")
    whom = [(name, p) for name, s in works["segment"].items() for p in parts if p in _whom(s, profile)]
    served = pd.concat([within, everywhere]).merge(pd.DataFrame(whom, columns=["id", "segment"], dtype="str"), on="id")
    cells = gap.loc[gap["segment"].isin(parts) & gap["unmet"].notna(), ["geoid", "segment", "unmet"]]
    # Sorted, so that sums are added up in the same order however the rows came.
    cells = cells.sort_values(["geoid", "segment"]).reset_index(drop=True)
    cells["kind"] = cells["geoid"].map(kinds).astype("str")
    need = cells.groupby(["kind", "segment"])["unmet"].sum().reset_index().merge(served, on=["kind", "segment"])
    need = need.sort_values(["id", "kind", "segment"]).groupby("id")["unmet"].sum()
    return _Reach(cells, served, need, kinds)


def _short(gap: pd.DataFrame, reach: _Reach, segment: str, profile: Profile) -> pd.DataFrame:
    """By kind of areas: how many have a gap for a segment (or group, or everybody), unmet need, cells known."""
    cells = reach.cells[reach.cells["segment"].isin(_whom(segment, profile))]
    short = cells[cells["unmet"] > 0].drop_duplicates("geoid").groupby("kind").size()
    # What a group, or everybody, has unmet is less than its segments' together where seats name no segment.
    whole = gap.loc[gap["segment"].eq(segment)].dropna(subset="unmet").set_index("geoid")["unmet"]
    there = cells.groupby("geoid")["unmet"].sum()
    unmet = whole.reindex(there.index).fillna(there)
    by_kind = unmet.groupby(reach.kinds.reindex(unmet.index)).sum()
    known = cells.groupby("kind").size()
    columns = {"areas": short.reindex(known.index, fill_value=0), "unmet": by_kind, "known": known}
    return pd.DataFrame(columns, index=known.index).rename_axis("kind").reset_index()


# --- the places ------------------------------------------------------------------------------------------------------


def _places_added(effects: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """project_id and its places, least to most, by the measure that counts most of them."""
    counting = measures.loc[measures["closes_gap"].fillna(False).astype(bool), "measure_id"]
    rows = effects.loc[effects["measure_id"].isin(counting), ["project_id", "measure_id", "low", "mid", "high"]]
    rows = rows.sort_values(["project_id", "mid", "measure_id"], ascending=[True, False, True])
    rows = rows.drop_duplicates("project_id").astype(dict.fromkeys(("low", "mid", "high"), "float64"))
    low, mid, high = rows["low"], rows["mid"], rows["high"]
    turned = (low > high) | (high.isna() & (low > mid)) | (low.isna() & (high < mid))
    rows = rows.assign(low=low.where(~turned, high), high=high.where(~turned, low))
    return rows.rename(columns={"low": "seats_low", "mid": "seats", "high": "seats_high"}).drop(columns="measure_id")


def _shares(own: pd.DataFrame, counted: pd.DataFrame, need: pd.Series, keys: list[str]) -> pd.DataFrame:
    """By keys of `own`: places in unmet need, of the projects that name places and have a gap to put them in."""
    placed = counted[counted["seats"].notna()].assign(need=counted["id"].map(need).astype("float64"))
    placed = placed[placed["need"] > 0]
    rates = placed[list(ENDS)].div(placed["need"], axis=0).assign(id=placed["id"])
    rows = own.merge(rates, on="id").sort_values(["kind", "segment", "id"])
    return rows.groupby(keys)[list(ENDS)].sum(skipna=False).reset_index()


def _closed(reach: _Reach, counted: pd.DataFrame) -> pd.DataFrame:
    """The cells with what committed projects close of each, what all do, and the expected places put there."""
    keys = ["kind", "segment"]
    table = reach.cells[keys].drop_duplicates().reset_index(drop=True)
    own = reach.served.assign(state=reach.served["id"].map(counted.set_index("id")["state"]))
    shares = _shares(own, counted, reach.need, [*keys, "state"])
    for state in COUNTED:
        of_state = shares[shares["state"] == state].drop(columns="state").add_suffix(f"_{state}")
        of_state = of_state.rename(columns={f"{k}_{state}": k for k in keys})
        table = table.merge(of_state, on=keys, how="left", indicator=True)
        # Where no such project puts places, it closes none of the gap: a true zero, unlike an end that is not named.
        table.loc[table.pop("_merge") == "left_only", [f"{end}_{state}" for end in ENDS]] = 0.0
    shown = {}
    for end in ENDS:
        both = table[f"{end}_committed"] + table[f"{end}_planned"]
        # np.minimum passes on what is missing.
        shown[f"committed_{end}"] = np.minimum(table[f"{end}_committed"], 1.0)
        shown[f"closed_{end}"] = np.minimum(both, 1.0)
        if end == "seats":
            shown["placed"] = both
    cells = reach.cells.merge(table[keys].assign(**shown), on=keys, how="left")
    cells[list(shown)] = cells[list(shown)].mul(cells["unmet"], axis=0)
    return cells


def _fall(
    row: str, cells: pd.DataFrame, counted: pd.DataFrame, gap: pd.DataFrame, reach: _Reach, profile: Profile
) -> dict[str, float]:
    """One row of the waterfall, without today's gap."""
    whom = _whom(row, profile)
    columns = [c for c in cells if c.startswith(("committed_", "closed_"))]
    own = cells[cells["segment"].isin(whom)]
    by_area = own.groupby("geoid")[[*columns, "placed"]].sum(skipna=False)
    if not own["segment"].eq(row).all():
        most = gap.loc[gap["segment"].eq(row)].dropna(subset="unmet").set_index("geoid")["unmet"]
        if len(most):
            by_area = by_area.loc[by_area.index.isin(most.index)]
            by_area[columns] = np.minimum(by_area[columns], most.reindex(by_area.index).to_numpy()[:, None])
    sums = by_area.sum(skipna=False)
    is_for = counted["whom"].map(lambda s: bool(_whom(s, profile) & whom)).astype(bool)
    told = counted["seats"].notna() & counted["need"].notna()
    unknown = {
        state: bool((is_for & counted["state"].eq(state)).any())
        and not bool((is_for & told & counted["state"].eq(state)).any())
        for state in COUNTED
    }
    any_told = bool((is_for & told).any()) or not bool(is_for.any())
    no_gap = told & counted["need"].eq(0) & counted["whom"].map(lambda s: _whom(s, profile) <= whom).astype(bool)
    made: dict[str, float] = {}
    for end, tail in zip(ENDS, ("_low", "", "_high"), strict=True):
        committed, closed = sums[f"committed_{end}"], sums[f"closed_{end}"]
        made[f"committed{tail}"] = np.nan if unknown["committed"] else committed
        made[f"planned{tail}"] = np.nan if unknown["planned"] else closed - committed
        made[f"closed_{end}"] = closed if any_told and len(own) else np.nan
    left_over = sums["placed"] + counted.loc[no_gap, "seats"].sum() - sums["closed_seats"]
    made["surplus"] = max(0.0, left_over) if any_told and len(own) else np.nan
    return made if len(own) else dict.fromkeys(made, np.nan)
