"""What the public edition leaves out, and what neither edition shows.

Single answers are in neither: not by themselves, and not where others would give them back. Of the public edition,
columns and tables that are for the coalition alone go first; then, by row, small counts of people and whatever would
give them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from ci_analysis.convene.conditions import half_interval
from ci_analysis.landscape.regions import ELSEWHERE
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, Table, empty_frame, members

__all__ = [
    "SHOWN_COUNTS",
    "enough_answers",
    "internal_study",
    "may_be_public",
    "public_study",
    "public_tables",
    "withheld_rows",
]

#: Tables that show how partners weigh; with few of them, one partner's own weights.
_JUDGEMENTS = (
    "ranking", "criterion_scores", "criterion_weights", "agreement", "portfolio", "portfolio_summary",
    "agenda_arithmetic", "shared_claims",
)  # fmt: skip
_RATINGS = ("trust", "trust_low", "trust_high", "value", "value_low", "value_high")
#: By table: the columns that count answers, and the scores that rest on them. All of the counts have to be enough.
_ANSWERS = (
    ("conditions", ("respondents",), ("score", "low", "high", "level", "spread")),
    # One of the two means and the score would give the other back.
    ("conditions", ("n_backbone", "n_others"), ("backbone", "others")),
    # Bounds for silence, with the number of the silent, would give trust and value back.
    ("network_partners", ("n_ratings",), _RATINGS),
)
#: Results that rest on answers, in ways that a comparison of two runs would tell.
_OF_ANSWERS = ("conditions", "network_partners", "network_summary", "comments")
#: Fewer respondents than these have no spread and no interval: a respondent who knows its own score could often tell
#: those of the others.
_SPREAD_FROM = 5
#: Columns by which the figures that are shown would give a withheld one back: seats within reach of one area are
#: shared with its neighbours, and a median of like areas is often the mean of two.
_SHARED = {
    "gap": ("access", "access_desert", "access_reason"),
    "region_gap": ("access", "access_desert"),
    "indicators": ("peer_median",),
    # A project's places are spread in proportion to unmet need, and what it adds in all is known.
    "gap_coverage": ("seats_low", "seats_added", "seats_high"),
}
#: Columns of the gap that other tables take as an indicator.
_OF_GAP = ("ratio", "access")
_OF_PRICES = "price_share"
_RESTS_ON_NEED = (
    "gap", "gap_summary", "affordability", "region_gap", "hours_gap", "gap_coverage", "project_gaps", "gap_waterfall",
    "chain", "siting",
)  # fmt: skip
#: A comparison of smaller groups is one of single areas.
_LEAST_AREAS = 3
#: The study's own columns that say what is made up for teaching.
_MARKS = ("x_illustrative", "x_target_illustrative")
#: The study's own tables whose counts of people stand on pages as they are.
SHOWN_COUNTS = ("initiatives", "voices")


def enough_answers(study: Study, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return a run's tables without the scores that rest on fewer answers than the study's minimum, others rounded.

    One respondent's readiness, trust or value could be read from such a score, in either edition. From a mean and a
    spread with all their digits single answers can be worked out too: scores, ratings and their means have one decimal.
    The interval of a score is made anew from its rounded score and spread, so that it tells no more than these two.
    Both are missing with fewer than five respondents. Means of the network are made anew from the partners whose own
    figure is shown: a mean over all, less those, would give the withheld ones back. They are missing where fewer
    partners than the minimum are shown. Comments are left out on a condition that fewer respondents answered in the
    wave.

    Parameters
    ----------
    study : Study
        Its `minimum_respondents`.
    tables : mapping of str to pandas.DataFrame
        A run's output tables.
    """
    least, kept = study.settings.minimum_respondents, dict(tables)
    for name, answers, scores in _ANSWERS:
        few = ~(kept[name][list(answers)] >= least).all(axis=1)
        kept[name] = kept[name].assign(**{score: kept[name][score].mask(few) for score in scores})
    # Means of the network are of figures with all their digits, before these are rounded.
    kept["network_summary"] = _means_of_shown(kept["network_summary"], kept["network_partners"], least)
    kept["network_partners"] = kept["network_partners"].assign(**_rounded(kept["network_partners"], _RATINGS))
    kept["conditions"] = _rounded_conditions(kept["conditions"])
    answered = kept["conditions"].loc[kept["conditions"]["respondents"] >= least, ["wave", "condition"]]
    said = pd.MultiIndex.from_frame(kept["comments"][["wave", "condition"]])
    enough = said.isin(pd.MultiIndex.from_frame(answered))
    kept["comments"] = kept["comments"][enough].reset_index(drop=True)
    kept |= {name: _without_answers(kept[name]) for name in ("changes", "changed_results") if name in kept}
    return kept


def _without_answers(changes: pd.DataFrame) -> pd.DataFrame:
    """Return what changed between two runs without anybody's answers, and without what rests on them."""
    answers = changes["table"].eq("readiness")
    answers |= changes["table"].eq("ties") & ~changes["column"].fillna("level").eq("level")
    answers |= changes["table"].isin(_OF_ANSWERS)
    return changes[~answers].reset_index(drop=True)


def _rounded(frame: pd.DataFrame, columns: Iterable[str]) -> dict[str, pd.Series]:
    return {column: frame[column].astype("float64").round(1) for column in columns}


def _rounded_conditions(conditions: pd.DataFrame) -> pd.DataFrame:
    """Return scores with one decimal, and the interval that follows from them; the level is that of the exact score."""
    shown = conditions.assign(**_rounded(conditions, ("score", "spread", "backbone", "others")))
    shown["spread"] = shown["spread"].where(shown["respondents"] >= _SPREAD_FROM)
    half = half_interval(shown["spread"], shown["respondents"])
    return shown.assign(low=(shown["score"] - half).round(1), high=(shown["score"] + half).round(1))


def _means_of_shown(summary: pd.DataFrame, places: pd.DataFrame, least: int) -> pd.DataFrame:
    """Return the summary with its means over the partners that `places` shows, where they are enough."""
    means = {}
    for of in ("trust", "value"):
        shown = places[places[of].notna()].groupby("wave")
        enough = summary["wave"].map(shown.size()) >= least
        for column in (of, f"{of}_low", f"{of}_high"):
            # A bound over some of them only would bound nothing.
            mean = shown[column].mean().where(shown[column].count() == shown.size())
            means[f"mean_{column}"] = summary["wave"].map(mean).where(enough)
    shown = summary.assign(**means)
    return shown.assign(**_rounded(shown, means))


def internal_study(study: Study) -> Study:
    """Return a study as the coalition's own edition may know it: without any respondent's answer.

    Readiness keeps the wave and the statement of each answer, ties keep who works with whom, and how closely. No
    respondent, score, comment or rating is left, nor a column of the study's own in these two.

    Parameters
    ----------
    study : Study
        The study; it is left as it is.
    """
    kept = {"readiness": ["wave", "item"], "ties": ["wave", "source", "target", "level"]}
    tables = dict(study.tables)
    for name, columns in kept.items():
        frame = tables[name]
        marks = [mark for mark in _MARKS if mark in frame]
        # The order of the rows would tell which answers came from one hand.
        frame = frame[[*columns, *marks]].sort_values(columns, ignore_index=True)
        blank = empty_frame(INPUTS[name]).reindex(frame.index)
        tables[name] = blank.assign(**{column: frame[column] for column in (*columns, *marks)})
    return replace(study, tables=MappingProxyType(tables))


def public_study(study: Study) -> Study:
    """Return a study as far as the public edition may know it: a section cannot show what is not there.

    Tables for the coalition alone have no rows, private columns no cells; prospects, voices that are not for
    publication, communications inside the coalition, and whatever belongs to an internal measure are left out, and
    the study's own `x_` columns too, but for those that mark what is made up.

    Parameters
    ----------
    study : Study
        The study; it is left as it is.
    """
    shown = {name: _public_input(study, frame, INPUTS[name]) for name, frame in study.tables.items()}
    return replace(study, tables=MappingProxyType(shown))


def _public_input(study: Study, frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    if not may_be_public(study, table):
        return empty_frame(table)
    internal = _internal_measures(study)
    prospects = _prospects(study)
    kept = pd.Series(True, index=frame.index)
    if table.name == "partners":
        kept = frame["status"] != "prospect"
    elif table.name == "voices":
        kept = frame["public"].fillna(False).astype(bool)
    elif table.name == "communications":
        kept = ~frame["internal"].fillna(True).astype(bool)
    blank = empty_frame(table).reindex(frame.index)
    shown = frame.drop(columns=[c for c in frame.columns if c.startswith("x_") and c not in _MARKS])
    for column in table.columns:
        if not column.public:
            shown[column.name] = blank[column.name]
        elif column.counts_people and table.name in SHOWN_COUNTS:
            # No total of these is shown beside them, so that none gives a small one back.
            few = (frame[column.name] > 0) & (frame[column.name] < study.settings.publish.minimum_count)
            shown[column.name] = frame[column.name].mask(few)
        elif column.link == "partners.partner_id" and column.presence == "key":
            kept &= ~frame[column.name].isin(prospects)
        elif column.link == "partners.partner_id" and prospects:
            shown[column.name] = shown[column.name].map(
                lambda cell: ";".join(m for m in members(cell) if m not in prospects) or None, na_action="ignore"
            ).astype("str")  # fmt: skip
        elif column.link == "measures.measure_id" or (table.name, column.name) == ("measures", "measure_id"):
            of_internal = frame[column.name].isin(internal)
            if column.presence == "optional":
                shown[column.name] = shown[column.name].mask(of_internal)
            else:
                kept &= ~of_internal
    return shown[kept].reset_index(drop=True)


def _prospects(study: Study) -> set[str]:
    partners = study.tables["partners"]
    return set(partners.loc[partners["status"] == "prospect", "partner_id"])


def may_be_public(study: Study, table: Table) -> bool:
    """Whether a table may stand in a study's public edition: by its declaration, or because the study says so."""
    return table.public or (table.name in study.settings.publish.tables and not table.never_public)


def _internal_measures(study: Study) -> set[str]:
    measures = study.tables["measures"]
    return set(measures.loc[measures["audience"] == "internal", "measure_id"])


def public_tables(study: Study, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables that the public edition may show, each without what is withheld.

    Parameters
    ----------
    study : Study
        Its `publish` says what more may be shown, and from which count on.
    tables : mapping of str to pandas.DataFrame
        A run's output tables.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables for the coalition alone are not in it, nor rows of prospects in any, nor the network of a wave with
        fewer partners than `minimum_respondents`: its totals would say who works with whom. Rows with a count of
        people from 1 to `minimum_count` − 1, and those that would give it back, keep their keys and lose every
        figure; they are marked in `x_withheld`. What is withheld in one table is withheld in those that follow it.
    """
    shown: dict[str, pd.DataFrame] = {}
    hidden: dict[str, pd.DataFrame] = {}
    prospects = _prospects(study)
    weighing = study.tables["weights"]["partner_id"].nunique()
    few_weigh = weighing < study.settings.minimum_respondents
    priced = bool(study.tables["capacity"]["price_week"].notna().any())
    # A table comes after those that it follows.
    for name in sorted(tables, key=list(OUTPUTS).index):
        frame, table = tables[name], OUTPUTS[name]
        if not may_be_public(study, table):
            continue
        if name in _JUDGEMENTS and few_weigh:
            continue  # the order of few partners is a single partner's
        if name == "criterion_scores" and _few_judges(study, frame):
            continue  # the score of a project, less its parts that are shown, would give a single judgement back
        if name == "gap_waterfall" and few_weigh and weighing:
            continue  # what is planned is what their order chooses
        if name in ("affordability", "affordability_years") and priced:
            continue  # a share of income and the income give single providers' prices back
        public = frame[[c.name for c in table.columns if c.public]]
        if name == "changes":
            shown[name] = _public_changes(study, public)
            continue
        if name in ("hotspots", "disparities") and priced:
            of = "variable" if name == "hotspots" else "indicator"
            public = public[public[of] != _OF_PRICES].reset_index(drop=True)
        if name == "network_summary":
            # Of two partners and a density of 1, the roster says who works with whom.
            public = public[public["partners"] >= study.settings.minimum_respondents].reset_index(drop=True)
            if len(public) < len(frame) and not len(public):
                continue
        for column in ("partner_id", "partner_a", "partner_b"):
            if column in public:
                public = public[~public[column].isin(prospects)].reset_index(drop=True)
        if "measure_id" in public:
            public = public[~public["measure_id"].isin(_internal_measures(study))].reset_index(drop=True)
        if name == "communications":
            said = study.tables[name]
            inside = said.loc[said["internal"].fillna(True).astype(bool), "communication_id"]
            public = public[~public["communication_id"].isin(inside)].reset_index(drop=True)
        if name in ("project_gaps", "gap_coverage"):
            public = _without_judgement(study, public, hide=few_weigh and bool(weighing))
        exempt, minimum = _published(study, name, public), study.settings.publish.minimum_count
        if "region" in table.key:
            regions = study.tables["regions"]
            withheld = _withheld_regions(
                public[~exempt], table, _joined(hidden, table), regions, minimum=minimum
            ).reindex(public.index, fill_value=False)
        else:
            withheld = withheld_rows(public, table, minimum=minimum, exempt=exempt)
            withheld |= _following(public, table, hidden) & ~exempt
            withheld |= _of_withheld_gaps(study, name, public, hidden, shown) & ~exempt
            if name == "siting" and withheld.any():
                withheld |= ~exempt  # what is left before and after each site gives the others back
        if "geoid" in table.key:
            hidden[name] = _counts(public[withheld], table)
        if withheld.any() or len(_joined(hidden, table)):
            public = public.assign(x_withheld=withheld.map({True: "yes", False: None}).astype("str"))
            public.loc[withheld, [c for c in table.names if c in public and c not in table.key]] = None
            public.loc[~exempt, [c for c in _SHARED.get(name, ()) if c in public]] = None
            if name == "gap_coverage":
                public = _areas_alone(public, [*_joined(hidden, table)["geoid"], *public.loc[withheld, "geoid"]])
            elif not withheld.any():
                public = public.drop(columns="x_withheld")
        shown[name] = public
    return shown


#: Settings that the public edition shows.
_PUBLIC_SETTINGS = ("access", "agenda", "as_of", "community", "counties", "issue", "level", "peers", "title")
#: Columns that say who may see a row, and tables whose rows say so.
_SAY_WHO_SEES = {
    ("partners", "status"), ("measures", "audience"), ("voices", "public"), ("communications", "internal"),
    ("indicators", "source"),
}  # fmt: skip


def _public_changes(study: Study, changes: pd.DataFrame) -> pd.DataFrame:
    """Return what changed between two runs as far as the public edition shows the cells now, and showed them before.

    A row that is gone, or that this edition does not show, is left out; so are counts of people, but for published
    ones, and whatever concerns an identifier of which it changed who may see it.
    """
    if not len(changes):
        return changes
    public = public_study(study).tables
    column = changes["column"].fillna("").astype("str")
    deciding = [(t, c) in _SAY_WHO_SEES for t, c in zip(changes["table"], column, strict=True)]
    deciding = pd.Series(deciding, index=changes.index) | (
        changes["table"].eq("study.yaml") & changes["key"].str.startswith("publish")
    )
    if (deciding & changes["table"].eq("study.yaml")).any():
        return changes[:0]
    touched = {part for key in changes.loc[deciding, "key"] for part in str(key).split("|")}
    named = changes["key"].str.split("|").map(lambda parts: bool(touched & set(parts)))
    named |= changes["before"].fillna("").map(lambda cell: bool(touched & set(members(cell))))
    kept = pd.Series(False, index=changes.index)
    for name, rows in changes.groupby("table", sort=False):
        if name not in INPUTS:
            top = rows["key"].str.partition(".")[0]
            kept[rows.index] = top.isin(_PUBLIC_SETTINGS) | rows["kind"].eq("new-method")
            continue
        table, frame = INPUTS[str(name)], public[str(name)]
        columns = {c.name for c in table.columns if c.public and not c.counts_people}
        if name == "indicators":
            frame, columns = frame[frame["source"].notna()], {c.name for c in table.columns if c.public}
        parts = [frame[c].astype("str").fillna("") for c in table.key]
        keys = set(parts[0].str.cat(parts[1:], sep="|")) if len(frame) else set()
        kept[rows.index] = rows["key"].isin(keys) & column[rows.index].isin(columns | {""})
    # A partner's own figures, weights and scores are its own.
    kept &= ~changes["table"].isin(["observations", "scores", "weights", "endorsements", "funding"])
    return changes[kept & ~named & ~deciding].reset_index(drop=True)


def _few_judges(study: Study, scores: pd.DataFrame) -> bool:
    """Whether a project's value on a criterion is the mean of fewer judgements than the study's minimum."""
    return bool(scores["judges"].between(1, study.settings.minimum_respondents - 1).any())


def _people(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    return frame[[c.name for c in table.columns if c.counts_people and c.name in frame]]


def _counts(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the keys of withheld rows of areas, and the smallest count of people of each, where there is one."""
    people = _people(rows, table).astype("float64")
    return rows[table.key].assign(count=people.where(people > 0).min(axis=1))


def _joined(hidden: Mapping[str, pd.DataFrame], table: Table) -> pd.DataFrame:
    """Return what is withheld in the tables that one follows."""
    found = [hidden[name] for name in table.follows if name in hidden and len(hidden[name])]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["geoid", "count"])


def _following(frame: pd.DataFrame, table: Table, hidden: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Whether each row would give back what is withheld in the tables that its table follows, or rests on."""
    no = pd.Series(False, index=frame.index)
    areas = hidden.get("gap", pd.DataFrame({"geoid": []}))
    figures = hidden.get("indicators", pd.DataFrame({"geoid": [], "indicator": []}))
    if table.name == "peers":
        # How unlike an area is to many others tells where it lies among them.
        return no | bool(len(figures))
    if table.name in ("hotspots", "disparities"):
        # Each area's figure is in its neighbours' and in its group's.
        of = frame["variable" if table.name == "hotspots" else "indicator"]
        gives = of.isin(figures["indicator"]) | (of.isin(_OF_GAP) & bool(len(areas)))
        if table.name == "hotspots":
            return gives
        few = (frame[["areas_a", "areas_b"]] < _LEAST_AREAS).any(axis=1)
        return gives | few | frame["by"].isin(figures["indicator"])
    if table.name == "siting":
        # People within reach of sites that overlap are sums over areas, whose differences are single ones.
        return no | bool(len(areas))
    if table.name == "project_gaps":
        return no  # by where a project works, not by whom it is for: `_of_withheld_gaps`
    followed = _joined(hidden, table)
    if "geoid" in table.key:
        return frame["geoid"].isin(followed["geoid"])
    keys = [k for k in table.key if k in followed]
    if not keys:
        return no
    rows, gone = (pd.MultiIndex.from_frame(f[keys].astype("str").fillna("")) for f in (frame, followed))
    return pd.Series(rows.isin(gone), index=frame.index)


def _without_judgement(study: Study, frame: pd.DataFrame, *, hide: bool) -> pd.DataFrame:
    """Return projects' gaps, or gaps' projects, without internal measures and, to hide it, without who is chosen."""
    if "measures" in frame:
        internal = _internal_measures(study)
        kept = frame["measures"].map(
            lambda cell: ";".join(m for m in members(cell) if m not in internal) or None, na_action="ignore"
        )
        frame = frame.assign(measures=kept.astype("str"))
    if not hide:
        return frame
    if "state" in frame:
        # Committed work that nobody has paid for yet is work that is chosen.
        return frame.drop(columns="state")
    return frame.drop(columns=list(_SHARED["gap_coverage"]))


def _of_withheld_gaps(
    study: Study,
    name: str,
    frame: pd.DataFrame,
    hidden: Mapping[str, pd.DataFrame],
    shown: Mapping[str, pd.DataFrame],
) -> pd.Series:
    """Whether each row is of a project that works in an area whose gap is withheld, or a total over such areas.

    What the projects close, less what they add elsewhere, is the whole gap of an area that they fill.
    """
    no = pd.Series(False, index=frame.index)
    areas = set(hidden["gap"]["geoid"]) if "gap" in hidden else set()
    if name == "gap_waterfall":
        return no | bool(areas) | ("x_withheld" in shown.get("gap_summary", frame))
    if name not in ("project_gaps", "chain") or not areas:
        return no
    projects = study.tables["projects"]
    # A project that names no area works in all.
    there = projects["areas"].map(lambda cell: pd.isna(cell) or not areas.isdisjoint(members(cell))).astype(bool)
    return frame["project_id"].isin(projects.loc[there, "project_id"])


def _areas_alone(frame: pd.DataFrame, areas: list[str]) -> pd.DataFrame:
    """Return the gaps with one row for each withheld area: how many rows it has would say who is without a place."""
    kept = frame[~frame["geoid"].isin(areas)]
    alone = pd.DataFrame({"geoid": sorted(set(areas)), "segment": "all", "x_withheld": "yes"}, dtype="str")
    blank = kept.iloc[:0].reindex(alone.index).assign(**alone)
    return pd.concat([kept, blank]).sort_values("geoid", kind="stable").reset_index(drop=True)


def _withheld_regions(
    frame: pd.DataFrame, table: Table, hidden: pd.DataFrame, regions: pd.DataFrame, *, minimum: int
) -> pd.Series:
    """Return which rows of regions are withheld, given what is withheld of areas.

    A region's figure less those of its areas that are shown is the sum over its withheld ones: it must be of two areas
    at least, and of the minimum at least. The same holds of the sum over all regions of the kind that are withheld,
    which the community's figure gives back. Where kinds of regions cross, differences between them could tell more:
    there no region with a withheld area is shown.
    """
    people = _people(frame, table)
    small = ((people > 0) & (people < minimum)).any(axis=1)
    place = ["region_kind", "region"]
    names = set(frame.loc[small, place].itertuples(index=False, name=None))
    group = [k for k in table.key if k not in place]
    kinds = regions[["region_kind"]].drop_duplicates()
    if len(hidden) and len(kinds):
        within = hidden.merge(kinds, how="cross").merge(
            regions[["geoid", *place]], on=["geoid", "region_kind"], how="left"
        )
        within = within.assign(**{k: within[k].astype("str").fillna("") for k in group})
        within["region"] = within["region"].astype("str").fillna(ELSEWHERE)
        for kind, rows in within.groupby("region_kind"):
            gone = set(rows["region"]) if len(kinds) > 1 else _with_complement(rows, group, minimum)
            names |= {(kind, region) for region in gone}
    return pd.Series(pd.MultiIndex.from_frame(frame[place]).isin(list(names)), index=frame.index)


def _with_complement(rows: pd.DataFrame, group: list[str], minimum: int) -> set[str]:
    """Return the regions of one kind to withhold: those that give areas back, and those that would give them back."""

    def few(part: pd.DataFrame, by: list[str]) -> pd.DataFrame:
        # A missing count, or one of nobody, hides nothing beside another.
        sums = part.groupby(by)["count"].agg(["count", "sum"])
        return sums[(sums["count"] < 2) | (sums["sum"] < minimum)].reset_index()

    gone = set(few(rows, ["region", *group])["region"])
    for region in rows.groupby("region")["count"].sum().sort_values(kind="stable").index:
        if not gone or few(rows[rows["region"].isin(gone)], group).empty:
            break
        gone.add(str(region))
    return gone


def withheld_rows(frame: pd.DataFrame, table: Table, *, minimum: int, exempt: pd.Series) -> pd.Series:
    """Return which rows are withheld: those with a small count of people, and those that would give one back.

    A row's parts (segments, periods) add up to each other, so everything of the same area, measure or project is
    withheld with it. Where that leaves one area withheld, or few people in several, the total over areas would give it
    back: the next one, by its smallest count, is withheld too.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table of a run.
    table : Table
        Its declaration, which says what counts people.
    minimum : int
        The smallest count that may be shown; 0 may.
    exempt : pandas.Series of bool
        Rows whose figures are published already.

    Returns
    -------
    pandas.Series of bool
        On the frame's index.

    Examples
    --------
    >>> from ci_analysis.tables import OUTPUTS
    >>> gap = pd.DataFrame({"geoid": ["1", "2", "3"], "segment": "all", "need": [4.0, 20.0, 90.0]})
    >>> withheld_rows(gap, OUTPUTS["gap"], minimum=11, exempt=pd.Series(False, index=gap.index)).to_list()
    [True, True, False]
    """
    people = _people(frame, table)
    if people.shape[1] == 0:
        return pd.Series(False, index=frame.index)
    # A count is a whole number; 10.6 of an estimate is as small as 10.
    small = ((people > 0) & (people < minimum)).any(axis=1) & ~exempt
    whole = next((key for key in ("geoid", "measure_id", "project_id") if key in frame), "")
    if not whole:
        # Rows of totals add up to each other.
        return ~exempt & small.any()
    names = set(frame.loc[small, whole])
    if whole == "geoid" and names:
        own, key = ~exempt, [k for k in table.key if k != "geoid"]
        names |= _complement(frame[own], people[own].astype("float64"), names, key=key, minimum=minimum)
    return frame[whole].isin(names) & ~exempt


def _complement(
    frame: pd.DataFrame, people: pd.DataFrame, names: set[str], *, key: list[str], minimum: int
) -> set[str]:
    """Return the areas to withhold beside those with small counts, the smallest first.

    A total less the areas shown is the sum over the withheld ones. In each row of totals (segment, period …) and each
    column it must be of two areas at least, and of nobody or of the minimum at least.
    """
    columns = people.set_axis(range(people.shape[1]), axis=1).assign(geoid=frame["geoid"])
    rows = frame[key].astype("str").fillna("").agg("|".join, axis=1) if key else pd.Series("", index=frame.index)
    cells = columns.assign(row=rows).pivot_table(
        index="geoid", columns="row", values=list(range(people.shape[1])), aggfunc="sum"
    )
    least = people.where(people > 0).min(axis=1).groupby(frame["geoid"]).min()
    # A missing count is in no total: it adds nothing to what is left of one.
    cells = cells.reindex(least.index).fillna(0.0)
    # A total that is small is not shown itself, and gives nothing back.
    cells = cells.loc[:, cells.sum() >= minimum]
    gone = least.index.isin(names)
    count, left = int(gone.sum()), cells[gone].to_numpy().sum(axis=0)
    more: set[str] = set()
    for area in least[~gone].sort_values(kind="stable", na_position="last").index:
        if count >= 2 and not ((left > 1e-9) & (left < minimum)).any():
            break
        more.add(str(area))
        count, left = count + 1, left + cells.loc[area].to_numpy()
    return more


def _published(study: Study, name: str, frame: pd.DataFrame) -> pd.Series:
    """Whether each row's figures are public already: indicators with a source, and what is made from them alone."""
    if name == "indicators":
        return frame["source"].notna()
    used = study.tables["indicators"]
    own = set(used.loc[used["source"].isna(), "indicator"])
    profile = study.profile
    of_need = {profile.need.people, profile.need.share, profile.need.direct, profile.shortage.people}
    of_hours = {profile.hours.at_work} if profile.hours else set()
    if name in _RESTS_ON_NEED:
        rests = of_need | (of_hours if name == "hours_gap" else set())
        return pd.Series(not rests & own, index=frame.index)
    if name in ("indicator_summary", "trends", "region_indicators"):
        return ~frame["indicator"].isin(own)
    if name in ("hotspots", "disparities"):
        of = frame["variable" if name == "hotspots" else "indicator"]
        rests_on_own = of.isin(own) | (of.isin(_OF_GAP) & bool(of_need & own))
        return ~(rests_on_own | frame["by"].isin(own) if name == "disparities" else rests_on_own)
    if name == "peers":
        return frame["matched_on"].map(lambda cell: not own & set(members(cell)), na_action="ignore").eq(True)
    if "measure_id" in frame:
        return ~frame["measure_id"].isin(_counting_measures(study))
    return pd.Series(False, index=frame.index)


def _counting_measures(study: Study) -> set[str]:
    """Return measures whose small figures could be people: reported counts, small bases, small whole numbers.

    What has a source is published already.
    """
    measures = study.tables["measures"]
    rows = study.tables["observations"]
    rows = rows[~rows["measure_id"].isin(measures.loc[measures["source"].notna(), "measure_id"])]
    rules = study.tables["measures"].set_index("measure_id")["rollup"]
    least = study.settings.publish.minimum_count

    def small(figures: pd.Series) -> pd.Series:
        return (figures > 0) & (figures < least)

    own_sums = rows["partner_id"].notna() & ~rows["measure_id"].map(rules).isin(["mean", "weighted"])
    whole_numbers = small(rows["value"]) & (rows["value"] % 1 == 0)
    bases = small(rows["numerator"]) | small(rows["denominator"])
    return set(rows.loc[own_sums | whole_numbers | bases, "measure_id"])
