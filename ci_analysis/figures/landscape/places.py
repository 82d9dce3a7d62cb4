"""Which places stand out: hot spots, regions, and areas against those that are like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.landscape.said import (
    DRAWN,
    SAID,
    area_names,
    focus,
    outlined,
    people_of,
    region_kind,
    seats_for_100,
    seats_sentence,
    sufficiency_of,
    upper,
)
from ci_analysis.figures.maps import Classes, choropleth, classes_told
from ci_analysis.figures.words import area_words, how_many, inside, listing, shortened, spelled
from ci_analysis.landscape import interval, moe_ratio
from ci_analysis.landscape.hotspots import FALSE_DISCOVERY_RATE, MINIMUM_AREAS
from ci_analysis.landscape.regions import ELSEWHERE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["hotspot_map", "peers", "regions"]

#: The kinds of clusters in the order of their looks on a map, with few and many for low and high.
_CLUSTERS = {
    "high-high": "many, and many around",
    "low-low": "few, and few around",
    "high-low": "many, but few around",
    "low-high": "few, but many around",
    "": "nothing beyond chance",
}
#: Variables that are about the people whom the seats are for.
_OF_SEATS = ("ratio", "access", "price_share")
#: Bars of a picture and rows of a statement; the table has the others.
_MOST_BARS, _MOST_ROWS = 24, 12


def hotspot_map(study: Study, hotspots: pd.DataFrame, gap: pd.DataFrame | None = None) -> Drawing | Statement | None:
    """Draw where areas and their neighbours have few or many seats together, for the segment that the page leads with.

    Parameters
    ----------
    study : Study
        For outlines, labels and words.
    hotspots : pandas.DataFrame
        Table `hotspots`.
    gap : pandas.DataFrame, optional
        Table `gap`, for the segment that the page leads with; without it, the one with the fewest seats for each
        person in need in the middle area.

    Returns
    -------
    Drawing, Statement or None
        A statement where nothing stands out, with the figures in which areas do; and where the study has too few areas
        for any to stand out, or none an outline. None where nothing is known of seats.
    """
    one, many = area_words(study.settings.level)
    rows = hotspots[hotspots["variable"] == "ratio"]
    if not len(rows):
        few = len(study.areas) < MINIMUM_AREAS
        return Statement(f"With fewer than {MINIMUM_AREAS} {many}, none can be told from chance") if few else None
    middle = rows.groupby("segment", as_index=False)["value"].median().rename(columns={"value": "sufficiency"})
    segment = focus(study, middle if gap is None else sufficiency_of(gap))
    rows = rows[rows["segment"] == segment].sort_values(["value", "geoid"]).set_index("geoid")
    if not len(rows):
        return None
    words, people, named = study.profile.words, people_of(study, segment), area_names(study)
    found = {kind: [named(g) for g in rows.index[rows["cluster"].eq(kind)]] for kind in _CLUSTERS if kind}
    title = _cluster_title(f"{upper(words.seats)} for {people}", found, one, many)
    said = [f"{label}: {listing(found[kind], most=8)}" for kind, label in _CLUSTERS.items() if found.get(kind)]
    lines = (
        f"Few and many are below and above the mean of all {many} in {words.seats} for every 100 {people} in "
        f"{words.need}. A {one} is marked where it and its neighbors are more alike, or more unlike, than chance has "
        f"it (local Moran’s I, both sides, with a false discovery rate of {100 * FALSE_DISCOVERY_RATE:.0f}%).",
    )
    if not said:
        return Statement(title, _other_clusters(study, hotspots), f"Figures in which {many} do stand out", lines)
    if not outlined(study):
        return Statement(title, None, "", (*(f"{upper(s)}." for s in said), *lines))
    kinds = rows["cluster"].astype("str").fillna("").map({kind: i for i, kind in enumerate(_CLUSTERS)})
    classes = Classes(
        kinds.astype("float64").where(rows["local_i"].notna()), tuple(_CLUSTERS.values()), lines[0], look="clusters"
    )
    tips = {
        g: f"{named(g)}: {seats_for_100(v)} for every 100; " + ("no neighbor" if pd.isna(k) else classes.labels[int(k)])
        for g, v, k in zip(rows.index, rows["value"], classes.of, strict=True)
    }
    tips = {g: tips.get(g, f"{named(g)}: no figure") for g in study.areas["geoid"]}
    alt = f"Map of {many} that stand out with or against their neighbors. {classes_told(study.areas, classes)}"
    alt += f" {upper('; '.join(said))}." if said else ""
    return choropleth(study.areas, classes, title=title, alt=alt, tips=tips)


def _other_clusters(study: Study, hotspots: pd.DataFrame) -> pd.DataFrame | None:
    """Return how many areas stand out in each figure where some do."""
    many = area_words(study.settings.level)[1]
    rows = hotspots[hotspots["cluster"].notna()]
    if not len(rows):
        return None
    words = study.profile.words
    labels = study.labels["indicator"] | {
        "ratio": f"{upper(words.seats)} for each in {words.need}",
        "access": f"{upper(words.seats)} within reach for each in {words.need}",
        "price_share": "Share of income that the price takes",
    }
    kinds = rows["cluster"].replace({"high-low": "other", "low-high": "other"})
    counts = rows.groupby(["variable", "segment", kinds])["geoid"].nunique().unstack(fill_value=0)
    counts = counts.reindex(columns=["high-high", "low-low", "other"], fill_value=0).reset_index()
    return pd.DataFrame(
        {
            "figure": [shortened(labels.get(v, v), SAID) for v in counts["variable"]],
            "of whom": [
                "Everybody" if s == "all" and v not in _OF_SEATS else shortened(upper(people_of(study, s)), SAID)
                for v, s in zip(counts["variable"], counts["segment"], strict=True)
            ],
            f"{many}, high with those around": counts["high-high"],
            "low with those around": counts["low-low"],
            "unlike those around": counts["other"],
        }
    )


def _cluster_title(subject: str, found: dict[str, list[str]], one: str, many: str) -> str:
    """Return where what stands out lies: few first, then many, then single areas that differ from all around."""

    def placed(names: list[str]) -> str:
        around = "around it" if len(names) == 1 else "around them"
        return f"{how_many(len(names), one, many)} and {around} ({listing(names)})"

    few, plenty = found["low-low"], found["high-high"]
    if few or plenty:
        parts = [f"scarce in {placed(few)}"] if few else []
        parts += [f"{'less so' if few else 'least scarce'} in {placed(plenty)}"] if plenty else []
        return f"{subject} are {', and '.join(parts)}"
    if alone := found["low-high"]:
        return f"{subject} are scarcer in {listing(alone)} than in the {many} around"
    if alone := found["high-low"]:
        return f"{subject} are less scarce in {listing(alone)} than in the {many} around"
    return f"{subject}: no group of {many} stands out beyond chance"


def regions(study: Study, region_gap: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw seats for every 100 in need by region, the worst served first, with the 90 % interval from need's margin.

    Parameters
    ----------
    study : Study
        For labels and words.
    region_gap : pandas.DataFrame
        Table `region_gap`; of several kinds of regions the one with the fewest, and at least two, regions.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where of no region seats and need are known.
    """
    known = region_gap[region_gap["sufficiency"].notna()]
    if not len(known):
        return None
    kind = region_kind(known)
    rows = known[known["region_kind"] == kind]
    segment = focus(study, sufficiency_of(rows))
    rows = rows[rows["segment"] == segment].sort_values(["sufficiency", "region"])
    words, people = study.profile.words, people_of(study, segment)
    exact = pd.Series(0.0, index=rows.index)
    margins = moe_ratio(rows["usable"], rows["need"], exact, rows["need_moe"])
    ends = 100 * interval(rows["sufficiency"], margins, minimum=0)
    rows = rows.assign(of_100=100 * rows["sufficiency"], low=ends["low"], high=ends["high"])
    shown = rows.head(_MOST_BARS)
    names = [shortened(r, DRAWN) for r in shown["region"]]
    ax = new_axes(ax, height=0.7 + 0.34 * len(shown))
    y = np.arange(len(shown))[::-1]
    with style():
        away = np.vstack([shown["of_100"] - shown["low"], shown["high"] - shown["of_100"]])
        hues = np.where(shown["region"] == ELSEWHERE, COLOURS["muted"], COLOURS["one"])
        ax.barh(y, shown["of_100"], height=0.62, color=hues, xerr=away,
                error_kw={"ecolor": COLOURS["ink"], "elinewidth": 1, "capsize": 2})  # fmt: skip
        reach = shown["high"].fillna(shown["of_100"])
        top = max(reach.max(), 1.0)
        for at, end, share in zip(y, reach, shown["sufficiency"], strict=True):
            ax.text(end + 0.015 * top, at, seats_for_100(share), va="center", fontsize=9)
        ax.set_xlim(0, 1.14 * top)
        ax.set_yticks(y, names, parse_math=False)
        line = " (line: 90% interval)" if shown["low"].notna().any() else ""
        ax.set_xlabel(f"{upper(words.seats)} for every 100 in {words.need}{line}", parse_math=False)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    alt = f"Bars of {words.seats} for every 100 {people} in {words.need} by {inside(shortened(kind, SAID))}: "
    alt += "; ".join(
        f"{name}, {seats_for_100(s)}" + ("" if np.isnan(low) else f" ({low:.0f} to {high:.0f})")
        for name, s, low, high in shown[["region", "sufficiency", "low", "high"]]
        .assign(region=names)
        .itertuples(index=False)
    )
    gone = f". {how_many(len(rows) - len(shown), 'region has', 'regions have')} more" if len(rows) > len(shown) else ""
    return finding(ax, _region_title(study, rows, segment), alt=f"{alt}{gone}.")


def _region_title(study: Study, rows: pd.DataFrame, segment: str) -> str:
    named = rows[rows["region"] != ELSEWHERE]
    named = named if len(named) else rows
    worst, best = named.iloc[0], named.iloc[-1]
    least, most = seats_for_100(worst["sufficiency"]), seats_for_100(best["sufficiency"])
    where = [shortened(r["region"], SAID) for r in (worst, best)]
    sentence = f"{seats_sentence(study, worst['sufficiency'], segment)} in {where[0]}"
    if len(named) == 1:
        return sentence
    if least == most:
        return f"{seats_sentence(study, worst['sufficiency'], segment)} in {_each_region(len(named))}"
    # The two ends are picked for their figures; where the margins meet, which is which is not sure.
    unsure = "; the margin of error is wider than that" if worst["high"] >= best["low"] else ""
    return f"{sentence}, and {most} in {where[1]}{unsure}"


def _each_region(n: int) -> str:
    return "both regions" if n == 2 else f"each of the {spelled(n)} regions"


def peers(study: Study, peers: pd.DataFrame, gap: pd.DataFrame | None = None) -> Statement | None:
    """Set areas beside those that are most like them, and say which of these do better.

    Parameters
    ----------
    study : Study
        For labels and words.
    peers : pandas.DataFrame
        Table `peers`.
    gap : pandas.DataFrame, optional
        Table `gap`. Without it, or where the peers are communities beyond the study, it is only said who is alike.

    Returns
    -------
    Statement or None
        None where no area has peers.
    """
    if not len(peers):
        return None
    segment = "all" if gap is None else focus(study, sufficiency_of(gap))
    rows = None if gap is None else _against_peers(study, peers, gap, segment)
    alike = listing(
        [inside(study.labels["indicator"].get(m, m)) for m in peers["matched_on"].iloc[0].split(";")], most=9
    )
    number = int(peers.groupby("geoid").size().max())
    lines = [f"Peers are {_closest(number)} by {alike}."]
    if rows is None or not len(rows):
        return _who_is_alike(study, peers, lines)
    one, many = area_words(study.settings.level)
    words, people, named = study.profile.words, people_of(study, segment), area_names(study)
    behind, ahead = rows.iloc[0], rows.iloc[-1]

    def set_beside(row: pd.Series) -> str:
        return f"{named(row['geoid'])} ({seats_for_100(row['ratio'])}, its peers {seats_for_100(row['median'])})"

    whom = f"{words.seats} for every 100 {people}"
    title = f"Against its peers, {set_beside(behind)} has the fewest {whom}, {set_beside(ahead)} the most"
    if behind["away"] >= 0:
        title = f"Every {one} has at least as many {whom} as the middle one of its peers"
    elif len(rows) == 1 or ahead["away"] <= 0:
        title = f"Against its peers, {set_beside(behind)} has the fewest {whom}"
    better = int((rows["away"] < 0).sum())
    some = f"{upper(how_many(better, one, many, of=len(rows)))} {'has' if 1 in (better, len(rows)) else 'have'}"
    lines = [f"{some} fewer {words.seats} for those in need than the middle one of their peers.", *lines]
    least = study.profile.shortage.minimum_people
    if (rows["need"] > least).all() and least:
        lines.append(f"Of {many} with more than {least:,.0f} {people} in {words.need}, and peers with as many.")
    shown = rows[rows["away"] < 0].head(_MOST_ROWS)
    frame = pd.DataFrame(
        {
            one: shown["geoid"].map(named),
            f"{words.seats} for every 100": shown["ratio"].map(seats_for_100),
            "middle peer": shown["median"].map(seats_for_100),
            "the peers that do best": [
                listing([f"{named(p)} ({seats_for_100(r)})" for p, r in found], most=3) for found in shown["best"]
            ],
        }
    )
    return Statement(title, frame if len(frame) else None, "Furthest behind their peers first", tuple(lines))


def _closest(number: int) -> str:
    return "the closest one" if number == 1 else f"the {spelled(number)} closest"


def _against_peers(study: Study, peers: pd.DataFrame, gap: pd.DataFrame, segment: str) -> pd.DataFrame:
    """Return each area's seats for each in need beside its peers', the furthest behind first."""
    known = gap[(gap["segment"] == segment) & gap["ratio"].notna()]
    # Where few are in need, a seat more or less is the whole difference.
    several = known[known["need"] > study.profile.shortage.minimum_people]
    known = (several if len(several) else known)[["geoid", "need", "ratio"]]
    pairs = peers[["geoid", "peer"]].merge(
        known[["geoid", "ratio"]].set_axis(["peer", "theirs"], axis=1), on="peer"
    )  # fmt: skip
    if not len(pairs):
        return known.iloc[:0]
    pairs = pairs.sort_values(["geoid", "theirs", "peer"], ascending=[True, False, True])
    best = pairs.groupby("geoid").head(3).groupby("geoid")[["peer", "theirs"]]
    told = pd.DataFrame(
        {
            "median": pairs.groupby("geoid")["theirs"].median(),
            "best": {g: list(b.itertuples(index=False, name=None)) for g, b in best},
        }
    )
    rows = known.merge(told, left_on="geoid", right_index=True)
    # What is equal but for the rounding of a sum is not less.
    rows = rows.assign(away=(rows["ratio"] - rows["median"]).round(9))
    return rows.sort_values(["away", "geoid"], ignore_index=True)


def _who_is_alike(study: Study, peers: pd.DataFrame, lines: list[str]) -> Statement:
    """Return who is like whom, without what they have."""
    one, named = area_words(study.settings.level)[0], area_names(study)
    nearest = peers[peers["rank"] <= 3].sort_values(["geoid", "rank"])
    nearest = nearest.assign(name=nearest["name"].fillna(nearest["peer"]).map(lambda n: shortened(n, SAID)))
    alike = nearest.groupby("geoid")["name"].agg(lambda names: listing(list(names)))
    frame = pd.DataFrame({one: [named(g) for g in alike.index], "most alike": alike.to_numpy()})
    first = alike.index[0]
    be = "is" if nearest["geoid"].eq(first).sum() == 1 else "are"
    title = f"Most like {named(first)} {be} {alike[first]}"
    return Statement(title, frame, f"Who is most like each {one}", tuple(lines))
