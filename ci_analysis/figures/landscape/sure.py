"""How sure the figures are, what changed, and every indicator at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, SEQUENCE, Statement, finding, new_axes, style
from ci_analysis.figures.landscape.said import DRAWN, SAID, area_names, areas_of, people_of, region_kind, upper
from ci_analysis.figures.words import area_words, figure_text, how_many, inside, listing, percent, shortened, spelled
from ci_analysis.landscape import indicator_kinds, latest_figures
from ci_analysis.landscape.regions import ELSEWHERE
from ci_analysis.tables import period_end

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["indicators", "region_figures", "reliability", "trends"]

#: Classes of reliability and of change as the legends name them, each with its look; what is not known is hatched.
_SURE = {
    "high": ("High reliability", SEQUENCE[4], ""),
    "medium": ("Medium", SEQUENCE[2], ""),
    "low": ("Low", COLOURS["two"], ""),
    "unrated": ("Zero, or only a limit", COLOURS["muted"], ""),
    "no-margin": ("No margin", COLOURS["paper"], "////"),
    "no-figure": ("No figure", COLOURS["paper"], ""),
}
_CHANGED = {
    "rose": ("Rose", COLOURS["one"], ""),
    "fell": ("Fell", COLOURS["two"], ""),
    "same": ("No more than its margin", COLOURS["muted"], ""),
    "unknown": ("Cannot be told", COLOURS["paper"], "////"),
}
#: Bars in one picture, and regions side by side; the tables have the others.
_MOST, _MOST_REGIONS = 24, 8


def reliability(study: Study, indicators: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw how many of the latest figures are of high, medium and low reliability, and how many have no margin.

    Parameters
    ----------
    study : Study
        For labels, areas and the day.
    indicators : pandas.DataFrame
        Table `indicators`; of each indicator and segment its latest period, as for the latest figures.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no area has a figure.
    """
    counts = _rated(study, indicators)
    if not len(counts):
        return None
    without = counts[["high", "medium", "low", "unrated"]].sum(axis=1).eq(0)
    counts = counts.assign(_low=counts["low"] / counts.sum(axis=1), _name=counts.index)
    order = counts.assign(_without=without).sort_values(["_without", "_low", "_name"], ascending=[True, False, True])
    counts = order[list(_SURE)]
    labels = [_label(study, name, None) for name in counts.index]
    ax = _bars(counts, [_two_lines(study, name, None) for name in counts.index], _SURE, ax=ax)
    ax.set_xlabel(f"Percent of the {area_words(study.settings.level)[1]}’ latest figures")
    told = "; ".join(
        f"{label}, {_counted(row, _SURE)}"
        for label, row in zip(labels[:_MOST], counts.head(_MOST).to_dict("records"), strict=True)
    )
    return finding(ax, _sure_title(counts, int(without.sum())), alt=f"Stacked bars of figures by reliability: {told}.")


def _rated(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return how many latest figures of each indicator are in each class of reliability."""
    latest = [
        latest_figures(table, name, areas=study.areas, as_of=study.settings.as_of).assign(indicator=name)
        for name in sorted(table.loc[table["value"].notna(), "indicator"].unique())
    ]
    known = pd.concat(latest, ignore_index=True) if latest else table.iloc[:0]
    if not len(known):
        return pd.DataFrame(columns=list(_SURE))
    keys = ["geoid", "indicator", "period", "segment"]
    known = known[keys].merge(table[[*keys, "moe", "quality", "censored"]], on=keys, how="left")
    rest = np.where(known["moe"].isna() & known["censored"].isna(), "no-margin", "unrated")
    sure = known["quality"].where(known["quality"].notna(), rest)
    counts = pd.crosstab(known["indicator"], sure).reindex(columns=list(_SURE), fill_value=0)
    segments = known.assign(segment=known["segment"].fillna("")).groupby("indicator")["segment"].nunique()
    return counts.assign(**{"no-figure": len(study.areas) * segments - counts.sum(axis=1)})


def _sure_title(counts: pd.DataFrame, without: int) -> str:
    n = len(counts)
    rated = counts[["high", "medium", "low"]].to_numpy().sum()
    low = counts["low"].sum()
    whose = "the other figures" if without else "the figures"
    rest = f"{percent(low / rated)} of {whose} are of low reliability" if rated and low else ""
    rest = f"none of {whose} is of low reliability" if rated and not low else rest
    if not without:
        return upper(rest or "No figure can be rated: all are zero or only a limit")
    if without == n:
        return "No indicator has a margin of error, so how sure the figures are is not known"
    have = "has" if without == 1 else "have"
    title = f"{upper(how_many(without, 'indicator', 'indicators', of=n))} {have} no margin of error at all"
    return f"{title}; {rest}" if rest else title


def trends(study: Study, trends: pd.DataFrame, *, ax: Axes | None = None) -> Axes | Statement | None:
    """Draw in how many areas each figure rose, fell, did not change beyond its margin, or cannot be told.

    Parameters
    ----------
    study : Study
        For labels, and for the directions of the issue's catalogue.
    trends : pandas.DataFrame
        Table `trends`. Money is compared in the dollars of its last period.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A Statement where no change can be told anywhere; None where there are no two periods of anything.
    """
    if not len(trends):
        return None
    counts = _changed(trends)
    keys = [segment or None for segment in counts["key"]]
    labels = [_label(study, name, key) for name, key in zip(counts["indicator"], keys, strict=True)]
    one, many = area_words(study.settings.level)
    title = _changed_title(study, counts, one, many)
    if not counts[["rose", "fell", "same"]].to_numpy().any():
        # A picture of nothing but what is not known would show nothing.
        why = counts["shared"].map({True: "the periods share years", False: "no margin of error"})
        frame = pd.DataFrame(
            {"indicator": labels, "from": counts["from_period"], "to": counts["to_period"], "why": why}
        )
        return Statement(title, frame, "Figures of two periods, and why their difference says nothing yet")
    drawn = [_two_lines(study, name, key) for name, key in zip(counts["indicator"], keys, strict=True)]
    ax = _bars(counts[list(_CHANGED)], drawn, _CHANGED, ax=ax)
    # So many tests at the 90 % level find something where there is nothing.
    chance = "where nothing changed, one in ten would still seem to"
    ax.set_xlabel(f"Percent of {many}\n({chance})" if (counts["told"] < 0).any() else f"Percent of {many}")
    ax.spines["bottom"].set_bounds(0, 100)
    shown = counts.head(_MOST)
    for at, first, last in zip(range(len(shown) - 1, -1, -1), shown["from_period"], shown["to_period"], strict=True):
        ax.text(101.5, at, f"{first} to {last}", va="center", fontsize=8, color=COLOURS["quiet"])
    ax.set_xlim(0, 124 if counts["from_period"].str.len().max() <= 4 else 140)
    told = "; ".join(
        f"{label}, {row['from_period']} to {row['to_period']}: {_counted(row, _CHANGED)}"
        for label, row in zip(labels[:_MOST], shown.to_dict("records"), strict=True)
    )
    return finding(ax, title, alt=f"Stacked bars of {many} by what changed: {told}.")


def _changed(trends: pd.DataFrame) -> pd.DataFrame:
    """Return in how many areas each indicator and segment rose, fell, stayed or cannot be told; most told first."""
    # Of money, what changed beyond the rise of prices.
    change = trends["change_real"].fillna(trends["change"])
    sure = trends["significant"].astype("object")
    what = np.select([sure.eq(True) & (change > 0), sure.eq(True), sure.eq(False)], ["rose", "fell", "same"], "unknown")
    rows = trends.assign(key=trends["segment"].fillna(""), what=what, shared=trends["overlap"].eq(True))
    keys = ["indicator", "key", "from_period", "to_period"]
    counts = (
        rows.groupby(keys)["what"].value_counts().unstack(fill_value=0).reindex(columns=list(_CHANGED), fill_value=0)
    )
    counts = counts.assign(shared=rows.groupby(keys)["shared"].any(), told=-counts[["rose", "fell"]].sum(axis=1))
    return counts.reset_index().sort_values(["told", "unknown", "indicator", "key"], ignore_index=True)


def _changed_title(study: Study, counts: pd.DataFrame, one: str, many: str) -> str:
    catalogue = {i.name: i.direction for i in study.profile.indicators}
    direction = counts["indicator"].map(catalogue).fillna("neither")
    told = counts[counts["told"] < 0]
    if len(told):
        # What is better or worse says more than what is only more or less.
        judged = told[direction.loc[told.index].ne("neither")]
        row = (judged if len(judged) else told).iloc[0]
        way = direction.loc[row.name]
        n = int(row[list(_CHANGED)].sum())
        ups, downs = ("better", "worse") if way != "neither" else ("more", "less")
        up, down = (row["fell"], row["rose"]) if way == "down" else (row["rose"], row["fell"])
        label = _label(study, row["indicator"], row["key"] or None)
        said = [f"{word} in {how_many(k, one, many, of=n)}" for word, k in ((ups, up), (downs, down)) if k]
        if len(said) == 2:
            said[1] = f"{downs} in {spelled(down)}"
        return f"{label}: {listing(said)}, {row['from_period']} to {row['to_period']}"
    if counts["same"].any():
        return f"In no {one} did a figure change by more than its margin of error"
    shared, n = int(counts["shared"].sum()), len(counts)
    if shared == n:
        return "Whether anything changed cannot be told: the periods share years of the same survey"
    why = f"{how_many(n - shared, 'figure has', 'figures have')} no margin of error"
    why += f", and the periods of {how_many(shared, 'one', 'others')} share years" if shared else ""
    return f"Whether anything changed cannot be told: {why}"


def indicators(study: Study, indicator_summary: pd.DataFrame) -> Statement | None:
    """Say what the indicators are in the middle area and at both ends.

    Parameters
    ----------
    study : Study
        For labels, and for the kinds of the issue's catalogue.
    indicator_summary : pandas.DataFrame
        Table `indicator_summary`; of each indicator and segment the latest period that covers enough areas.

    Returns
    -------
    Statement or None
        None where no area has a figure.
    """
    rows = _latest(study, indicator_summary)
    if not len(rows):
        return None
    one, many = area_words(study.settings.level)
    kinds = indicator_kinds(rows["indicator"], study.profile)
    tops = {i.name: (i.bottom, i.top) for i in study.profile.indicators}
    named = area_names(study)
    said = [
        {c: _said(row[c], kind, tops.get(row["indicator"], (None, None))) for c in ("median", "minimum", "maximum")}
        for row, kind in zip(rows.to_dict("records"), kinds, strict=True)
    ]
    ends = [
        {c: s[f] + (f" ({named(row[a])})" if isinstance(row[a], str) else "") for c, f, a in
         (("smallest", "minimum", "lowest"), ("largest", "maximum", "highest"))}
        for s, row in zip(said, rows.to_dict("records"), strict=True)
    ]  # fmt: skip
    labels = [_label(study, n, s) for n, s in zip(rows["indicator"], rows["segment"], strict=True)]
    frame = pd.DataFrame(
        {
            "indicator": labels,
            "period": rows["period"].to_list(),
            f"{one} in the middle": [s["median"] for s in said],
            **{c: [e[c] for e in ends] for c in ("smallest", "largest")},
            f"{many} known": rows["areas_known"].astype("int64").astype("str").to_list(),
            "source": rows["source"].to_list(),
        }
    )
    lead = next((i for name in study.profile.equity for i, n in enumerate(rows["indicator"]) if n == name), 0)
    title = f"{labels[lead]}: {said[lead]['median']}"
    if rows["areas_known"].iloc[lead] > 1:
        title = (
            f"{labels[lead]}: from {ends[lead]['smallest']} to {ends[lead]['largest']}, with {said[lead]['median']} "
        )
        title += f"in the middle {one}"
    limits = int(rows["censored"].sum())
    lines = ["The middle counts each area once, whoever lives there."]
    if limits:
        what, single = areas_of(limits, "figure", "figures", int(rows["areas_known"].sum()))
        lines += [
            f"{what} {'is' if single else 'are'} only a limit: the publisher says no more than ‘or more’ or ‘or less’."
        ]
    return Statement(title, frame, f"Indicators over the {many}", tuple(lines))


def region_figures(study: Study, region_indicators: pd.DataFrame) -> Statement | None:
    """Set the indicators of the regions side by side, each in its latest period.

    Parameters
    ----------
    study : Study
        For labels, and for the kinds and the order of the issue's catalogue.
    region_indicators : pandas.DataFrame
        Table `region_indicators`; of several kinds of regions the one with the fewest, and at least two, regions.

    Returns
    -------
    Statement or None
        None where no region has a figure: medians and shares cannot always be put together.
    """
    rows = region_indicators[region_indicators["value"].notna()]
    if not len(rows):
        return None
    rows = rows[rows["region_kind"] == region_kind(rows)]
    # The latest period that knows enough of the areas: regions of a few known areas would not be the regions.
    rows = rows.assign(of=rows["segment"].fillna(""), end=period_end(rows["period"]))
    known = rows.groupby(["indicator", "of", "end"])["areas_known"].transform("sum")
    rows = rows[known >= 0.8 * known.groupby([rows["indicator"], rows["of"]]).transform("max") - 1e-9]
    rows = rows[rows["end"] == rows.groupby(["indicator", "of"])["end"].transform("max")]
    regions = sorted(rows["region"].unique(), key=lambda r: (r == ELSEWHERE, r))[:_MOST_REGIONS]
    units = {"share": "share", "rate": "share", "money": "USD"}
    said = [
        figure_text(v, units.get(k, "")) if k != "count" else f"{v:,.0f}"
        for v, k in zip(rows["value"], indicator_kinds(rows["indicator"], study.profile), strict=True)
    ]
    low = rows["quality"].eq("low").map({True: " *", False: ""})
    labels = [_label(study, n, s) for n, s in zip(rows["indicator"], rows["segment"], strict=True)]
    cells = rows.assign(label=labels, said=said + low)
    # Two indicators may be called alike; their own names tell them apart.
    wide = cells.pivot(index=["indicator", "of", "label", "period"], columns="region", values="said")[regions]
    wide = wide.reset_index(["label", "period"]).reset_index(drop=True).rename_axis(columns=None)
    wide = wide.rename(columns={"label": "indicator"})
    lead = next((n for n in study.profile.equity if rows["indicator"].eq(n).any()), rows["indicator"].iloc[0])
    first = cells[cells["indicator"].eq(lead) & cells["region"].ne(ELSEWHERE)].sort_values(["segment", "value"])
    first = first[first["label"].eq(first["label"].iloc[0])] if len(first) else first
    title = f"{how_many(len(wide), 'figure', 'figures')} by region"
    if len(first) > 1:
        least, most = (
            f"{first['said'].iloc[at].removesuffix(' *')} in {shortened(first['region'].iloc[at], SAID)}"
            for at in (0, -1)
        )
        title = f"{first['label'].iloc[0]}: {least}, {most}"
    lines = [
        "Counts are summed; shares are weighted by the people they are of. Medians of areas cannot make a region's."
    ]
    lines += ["A star marks a figure of low reliability."] if (low != "").any() else []
    return Statement(upper(title), wide, "Indicators by region", tuple(lines))


def _latest(study: Study, summary: pd.DataFrame) -> pd.DataFrame:
    """Return of each indicator and segment the latest period that covers enough of the areas."""
    rows = summary[summary["minimum"].notna()]
    rows = rows.assign(key=rows["segment"].fillna(""), end=period_end(rows["period"]))
    rows = rows[rows["end"] <= pd.Timestamp(study.settings.as_of)]
    most = rows.groupby(["indicator", "key"])["areas_known"].transform("max")
    rows = rows[rows["areas_known"] >= 0.8 * most - 1e-9]
    rows = rows.sort_values(["indicator", "key", "end", "period"]).drop_duplicates(["indicator", "key"], keep="last")
    # In the order of the catalogue; the study's own after it.
    order = {i.name: n for n, i in enumerate(study.profile.indicators)}
    place = rows["indicator"].map(order).fillna(len(order))
    return rows.assign(place=place).sort_values(["place", "indicator", "key"], ignore_index=True)


def _said(value: float, kind: object, ends: tuple[float | None, float | None]) -> str:
    if pd.isna(value):
        return "not known"
    bottom, top = ends
    text = figure_text(value, {"share": "share", "money": "USD"}.get(str(kind), ""))
    if top is not None and value >= top:
        return f"{text} or more"
    return f"{text} or less" if bottom is not None and value <= bottom else text


def _label(study: Study, name: str, segment: str | None) -> str:
    """Return an indicator, and the people whom its figure is of, as words."""
    label = study.labels["indicator"].get(name, upper(name.replace("_", " ")))
    if not isinstance(segment, str):
        return shortened(label, SAID)
    people = people_of(study, segment) if segment in study.labels["segment"] else segment.replace("-", " ")
    return f"{shortened(label, SAID)}, {shortened(people, SAID)}"


def _two_lines(study: Study, name: str, segment: str | None) -> str:
    """Return an indicator as the label of a bar, whom its figure is of beneath it."""
    parts = [_label(study, name, None)]
    parts += [upper(_label(study, name, segment).removeprefix(f"{parts[0]}, "))] if segment else []
    return "\n".join(shortened(part, DRAWN) for part in parts)


def _counted(row: Mapping[str, float], classes: Mapping[str, tuple[str, str, str]]) -> str:
    return listing([f"{inside(words)} {row[c]:,}" for c, (words, _, _) in classes.items() if row[c]], most=9)


def _bars(
    counts: pd.DataFrame, labels: list[str], classes: Mapping[str, tuple[str, str, str]], *, ax: Axes | None
) -> Axes:
    """Draw a stacked bar of percent for each row, the first at the top."""
    counts, labels = counts.head(_MOST), labels[:_MOST]
    ax = new_axes(ax, height=1.15 + (0.42 if any("\n" in label for label in labels) else 0.29) * len(counts))
    y = np.arange(len(counts))[::-1]
    parts = 100 * counts.div(counts.sum(axis=1), axis=0)
    left = np.zeros(len(counts))
    with style():
        for name, (words, colour, hatch) in classes.items():
            if not counts[name].any():
                continue
            edge = COLOURS["muted"] if colour == COLOURS["paper"] else COLOURS["paper"]
            ax.barh(y, parts[name], left=left, height=0.66, label=words, facecolor=colour, hatch=hatch, edgecolor=edge,
                    linewidth=0.6)  # fmt: skip
            left = left + parts[name].to_numpy()
        ax.set_yticks(y, labels, parse_math=False)
        ax.set_ylim(-0.6, len(counts) - 0.4)
        ax.set_xlim(0, 100)
        ax.set_xticks([0, 25, 50, 75, 100])
        ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=3)
    return ax
