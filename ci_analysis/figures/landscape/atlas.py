"""One map to explore: every figure that is known by area, for everybody or for one group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.figures.landscape.cost import price_sentence
from ci_analysis.figures.landscape.gap import seats_known, short_of_seats, sufficiency_layer, unreliable
from ci_analysis.figures.landscape.said import area_names, areas_of, outlined, people_of, seats_for_100, upper
from ci_analysis.figures.maps import (
    Classes,
    Layer,
    class_labels,
    classes_told,
    cut,
    explorer,
    quantile_classes,
    quantiles_said,
)
from ci_analysis.figures.words import area_words, figure_text, how_many, inside, listing, percent, period_words
from ci_analysis.landscape import latest_figures
from ci_analysis.tables import members

if TYPE_CHECKING:
    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["atlas"]

_REACH_EDGES = (0.1, 1 / 3, 2 / 3, 0.9999)
_SURE_EDGES = (0.1, 0.5, 0.9)
#: Times the benchmark at which shares of income are cut.
_TIMES = (1, 1.5, 2, 3)


def atlas(
    study: Study, indicators: pd.DataFrame, gap: pd.DataFrame, affordability: pd.DataFrame | None = None
) -> Drawing | None:
    """Draw one map on which a reader chooses the figure and the group.

    Seats for every 100 in need, seats within reach, unmet need, the probability of a shortage and the share of income
    that a place takes, each for every group; then the latest figures of every indicator.

    Parameters
    ----------
    study : Study
        For outlines, labels and words.
    indicators : pandas.DataFrame
        Table `indicators`.
    gap : pandas.DataFrame
        Table `gap`.
    affordability : pandas.DataFrame, optional
        Table `affordability`, where it may be shown.

    Returns
    -------
    Drawing or None
        None where no figure is known by area, or no area has an outline.
    """
    if not outlined(study):
        return None
    segments = [s for s in study.labels["segment"] if s != "all"]
    segments.append("all")
    layers = [
        *(layer for s in segments if (layer := _sufficiency(study, indicators, gap, s)) is not None),
        *_of_gap(study, indicators, gap, segments),
        *(_prices(study, affordability, segments) if affordability is not None else ()),
        *_of_indicators(study, indicators),
    ]
    if not layers:
        return None
    more = len(layers) - 1
    title = layers[0].title
    if more:
        title += f"; the map has {how_many(more, 'more figure', 'more figures')} to choose from"
    return explorer(study.areas, layers, title=title)


def _layer(study: Study, figure: str, whom: str, title: str, classes: Classes, texts: dict[str, str]) -> Layer:
    """Return a layer; its text alternative says what its legend says."""
    many = area_words(study.settings.level)[1]
    alt = f"Map of {many} by {inside(figure)}, {inside(whom)}. {classes_told(study.areas, classes)}"
    return Layer(figure, upper(whom), title, alt, classes, texts)


def _rows(frame: pd.DataFrame, segment: str, column: str) -> pd.DataFrame:
    """Return the rows of a segment by geoid, or none where no area has a figure."""
    rows = frame[frame["segment"] == segment].set_index("geoid").sort_index()
    return rows if rows[column].notna().any() else rows.iloc[:0]


def _source(indicators: pd.DataFrame, names: set[str], periods: set[str]) -> str:
    """Return the sentence that names the source and vintage of indicators."""
    used = indicators[indicators["indicator"].isin(names) & indicators["period"].isin(periods)]
    sources = sorted(used["source"].dropna().unique())
    of = listing([period_words(p) for p in sorted(periods)], most=9)
    return (
        f"Source: {listing(sources, most=4)}; figures of {of}." if sources else f"Figures of {of}." if periods else ""
    )


def _need_source(study: Study, indicators: pd.DataFrame, rows: pd.DataFrame) -> str:
    need = study.profile.need
    periods = {p for text in rows["need_period"].dropna().unique() for p in members(text)}
    return _source(indicators, {need.people, need.share, need.direct} - {""}, periods)


def _sufficiency(study: Study, indicators: pd.DataFrame, gap: pd.DataFrame, segment: str) -> Layer | None:
    layer = sufficiency_layer(study, gap, segment)
    if layer is None:
        return None
    source = _need_source(study, indicators, gap[gap["segment"] == segment])
    return _noted(layer, source)


def _noted(layer: Layer, source: str) -> Layer:
    return replace(layer, classes=replace(layer.classes, note=f"{layer.classes.note} {source}".strip()))


def _of_gap(study: Study, indicators: pd.DataFrame, gap: pd.DataFrame, segments: list[str]) -> Iterator[Layer]:
    """Return the gap's other figures: seats within reach, unmet need, and the probability of a shortage."""
    words, named = study.profile.words, area_names(study)
    one, many = area_words(study.settings.level)
    low = f"{words.need} of low reliability"
    for segment in segments:
        rows = _rows(gap, segment, "access")
        if not len(rows):
            continue
        known = rows["access"].dropna()
        title = short_of_seats(study, known, segment, every=len(rows), within="within reach ")
        note = f"Cut at 10, 33, 67 and 100 {words.seats} for every 100. {_need_source(study, indicators, rows)}"
        labels = (f"up to 10 {words.seats} for 100", "10 to 33", "33 to 67", "67 to 100", "100 or more")
        classes = Classes(
            cut(rows["access"], _REACH_EDGES), labels, note, unreliable(rows, "need", "need_moe"), low, "dark-first"
        )
        texts = {
            g: "no figure" if pd.isna(v) else f"{seats_for_100(v)} for every 100" for g, v in rows["access"].items()
        }
        yield _layer(
            study, f"{upper(words.seats)} within reach for every 100", people_of(study, segment), title, classes, texts
        )
    for segment in segments:
        rows = _rows(gap, segment, "unmet")
        if not len(rows):
            continue
        people, total = people_of(study, segment), rows["unmet"].sum()
        title = f"{total:,.0f} {people} have no {words.seat} in their own {one}"
        if round(total) == 0:
            title = f"Every {one} with figures has enough {words.seats} for its own {people}"
        elif rows["unmet"].gt(0).sum() > 1:
            top = rows["unmet"].idxmax()
            title += f"; the largest number is in {named(top)} ({rows['unmet'].max():,.0f})"
        note = [_need_source(study, indicators, rows), *seats_known(study, rows)]
        classes = _by_quantiles(study, rows["unmet"].round(), "", note, unreliable(rows, "need", "need_moe"), low)
        texts = {
            g: "no figure"
            if pd.isna(v)
            else f"{v:,.0f} beyond the {words.seats}" + ("" if pd.isna(m) else f" (± {m:,.0f})")
            for g, v, m in rows[["unmet", "need_moe"]].itertuples()
        }
        yield _layer(study, f"Unmet {words.need}", people_of(study, segment), title, classes, texts)
    for segment in segments:
        rows = _rows(gap, segment, "p_shortage")
        if not len(rows):
            continue
        p = rows["p_shortage"].dropna()
        n = int((p > _SURE_EDGES[-1]).sum())
        areas = areas_of(n, one, many, len(p))[0]
        whom = f"{words.seats} for {people_of(study, segment)}"
        have = "has" if n in (0, 1) or len(p) == 1 else "have"
        title = f"{areas} {have} a shortage of {whom} with more than 90% probability"
        note = "Cut at 10%, 50% and 90%; between 10% and 90% the margin of error is too wide to say. " + _need_source(
            study, indicators, rows
        )
        labels = ("up to 10%", "10% to 50%", "50% to 90%", "more than 90%")
        classes = Classes(cut(rows["p_shortage"], _SURE_EDGES), labels, note.strip())
        texts = {g: "no figure" if pd.isna(v) else percent(v) for g, v in rows["p_shortage"].items()}
        yield _layer(study, "Probability of a shortage", people_of(study, segment), title, classes, texts)


def _by_quantiles(
    study: Study, values: pd.Series, unit: str, notes: list[str], hatched: frozenset[str], hatching: str
) -> Classes:
    edges = quantile_classes(values)
    of = cut(values, edges)
    said = quantiles_said(of, area_words(study.settings.level)[1])
    note = " ".join(n for n in (said, *notes) if n)
    return Classes(of, class_labels(values, edges, unit), note, hatched, hatching)


def _prices(study: Study, affordability: pd.DataFrame, segments: list[str]) -> Iterator[Layer]:
    """Return what a place takes of income, by segment."""
    for segment in segments:
        rows = _rows(affordability, segment, "share")
        if not len(rows):
            continue
        known = rows.dropna(subset=["share"])
        benchmark = float(known["benchmark"].iloc[0])
        ends = [f"{100 * benchmark * t:.3g}%" for t in _TIMES]
        labels = [f"up to {ends[0]}, the benchmark", *(f"{a} to {b}" for a, b in pairwise(ends))]
        labels.append(f"more than {ends[-1]}")
        years = {c: sorted(known[c].dropna().unique()) for c in ("price_vintage", "income_vintage")}
        priced, earned = (listing([period_words(p) for p in y], most=5) for y in years.values())
        note = f"Cut at the benchmark and at {listing([f'{t:g}' for t in _TIMES[1:]])} times the benchmark. "
        note += f"Prices of {priced} against incomes of {earned}."
        wide = rows.assign(half=(rows["share_high"] - rows["share_low"]) / 2)
        classes = Classes(
            cut(rows["share"], [benchmark * t for t in _TIMES]), labels, note, unreliable(wide, "share", "half")
        )
        sign = {"at-most": "at most ", "at-least": "at least "}
        texts = {
            g: "no price or no income"
            if pd.isna(share)
            else f"{sign.get(str(c), '')}{percent(share)} of the median family income, ${price:,.0f} a week"
            for g, share, price, c in rows[["share", "price_week", "censored"]].itertuples()
        }
        title = price_sentence(study, known, segment)
        yield _layer(
            study, f"Price of a {study.profile.words.seat} in income", people_of(study, segment), title, classes, texts
        )


def _of_indicators(study: Study, indicators: pd.DataFrame) -> Iterator[Layer]:
    """Return the latest figures of each indicator, those of the catalogue first, in its order."""
    profile = study.profile
    there = sorted(indicators["indicator"].unique())
    catalogue = {i.name: i for i in profile.indicators}
    # Counts by class and shares by the hour are steps on the way to other figures.
    inner = {i.classes for i in profile.indicators} | {profile.hours.at_work if profile.hours else ""}
    names = [n for n in catalogue if n in there] + [n for n in there if n not in catalogue]
    for name in (n for n in names if n not in inner):
        own = indicators[indicators["indicator"] == name]
        latest = latest_figures(own, name, areas=study.areas, as_of=study.settings.as_of)
        keys = ["geoid", "segment", "period"]
        rows = latest[keys].merge(own, on=keys, how="left")
        segments = rows["segment"].fillna("all")
        for segment in [*(s for s in study.labels["segment"] if s in set(segments)),
                        *sorted(set(segments) - set(study.labels["segment"]))]:  # fmt: skip
            every = own[own["segment"].fillna("all").eq(segment)]
            part = rows[segments.eq(segment)].set_index("geoid").sort_index()
            unit = _unit(name, catalogue, part["value"])
            yield _indicator(study, name, segment, part, every, unit)


def _unit(name: str, catalogue: dict, values: pd.Series) -> str:
    """Return how an indicator's figures are said: as shares, money, or numbers."""
    known = catalogue.get(name)
    if known is not None:
        return "share" if known.unit == "share" else "USD" if known.kind == "money" else ""
    return "share" if name.startswith(("share_", "rate_")) and values.abs().max() <= 1 else ""


def _indicator(study: Study, name: str, segment: str, rows: pd.DataFrame, every: pd.DataFrame, unit: str) -> Layer:
    label = study.labels["indicator"].get(name, upper(name.replace("_", " ")))
    one = area_words(study.settings.level)[0]
    named, values = area_names(study), rows["value"].astype("float64")
    low, middle, high = (figure_text(v, unit) for v in (values.min(), values.median(), values.max()))
    of = "" if segment == "all" else f", {people_of(study, segment)}"
    period = str(rows["period"].iloc[0])
    title = f"{label}{of}: {low} in every {one} with a figure ({period_words(period)})"
    if len(values) == 1:
        title = f"{label}{of}: {low} ({period_words(period)})"
    elif low != high:
        ends = [_where(study, values, v, named) for v in (values.min(), values.max())]
        title = (
            f"{label}{of}: from {low} {ends[0]} to {high} {ends[1]}, {middle} in the middle {one} "
            f"({period_words(period)})"
        )
    sign = {"or-more": " or more", "or-less": " or less"}
    margins = rows["moe"].astype("float64")
    texts = {
        g: figure_text(v, unit) + sign.get(str(c), "") + ("" if pd.isna(m) else f" (± {figure_text(m, unit)})")
        for g, v, m, c in zip(rows.index, values, margins, rows["censored"], strict=True)
    }
    gone = every[every["value"].isna() & every["period"].eq(period)].set_index("geoid")["reason"].dropna()
    texts |= {g: f"no figure: {reason}" for g, reason in gone.items() if g not in texts}
    source = _source(every, {name}, {period})
    hatched = frozenset(rows.index[rows["quality"].eq("low").fillna(False).to_numpy(dtype=bool)])
    digits = {"share": 3, "USD": 0}.get(unit, 6)
    classes = _by_quantiles(study, values.round(digits), unit, [source], hatched, "figure of low reliability")
    # An indicator of everybody counts more than those that the issue is about.
    whom = study.labels["segment"]["all"] if segment == "all" else people_of(study, segment)
    return _layer(study, label, whom, title, classes, texts)


def _where(study: Study, values: pd.Series, value: float, named: object) -> str:
    """Return where a figure is found: in one area by name, in several by their number."""
    at = values.index[values == value]
    return f"in {named(at[0])}" if len(at) == 1 else f"in {how_many(len(at), *area_words(study.settings.level))}"
