"""Where new capacity would serve most people without a place."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import Drawing, Statement
from ci_analysis.figures.maps import (
    Classes,
    choropleth,
    class_labels,
    classes_told,
    cut,
    positions,
    quantile_classes,
    quantiles_said,
)
from ci_analysis.figures.marks import legend_item, var
from ci_analysis.figures.words import amount, area_words, how_many, listing, shortened, spelled
from ci_analysis.strategy import site_demand

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["site_order", "sites_map"]

#: Of a site's mark, in the units of a map; its number is as high.
_RADIUS = 13.0
#: Letters of a name in a mark's tip or a text alternative.
_LETTERS = 60


def site_order(study: Study, siting: pd.DataFrame) -> Statement:
    """Say which candidate sites the budget would open, in which order, and what each leaves.

    Parameters
    ----------
    study : Study
        For the budget, the sites' names and words.
    siting : pandas.DataFrame
        Table `siting`.
    """
    rows = siting.sort_values(["order", "site_id"], na_position="last")
    frame = pd.DataFrame(
        {
            "site": _names(study, rows["site_id"], 200),
            "order": rows["order"],
            "seats": rows["seats"],
            "cost": rows["cost"],
            "within_reach": rows["within_reach"],
            "served": rows["served"],
            "unmet_after": rows["unmet_after"],
            "why": rows["why"],
        }
    )
    return Statement(
        _finding(study, siting), frame,
        f"Candidate sites in the order to open them, then those left out; {study.profile.words.people} without a place",
        _notes(study, siting),
    )  # fmt: skip


def sites_map(study: Study, siting: pd.DataFrame, gap: pd.DataFrame) -> Drawing | None:
    """Draw the candidate sites on a map of the people without a place whom they could serve.

    Parameters
    ----------
    study : Study
        For outlines, the sites' places and names, and words.
    siting : pandas.DataFrame
        Table `siting`.
    gap : pandas.DataFrame
        Table `gap` of step 2.

    Returns
    -------
    Drawing or None
        None where no area has a figure, or none an outline.
    """
    sites = study.tables["sites"].merge(siting[["site_id", "chosen", "order"]], on="site_id")
    sites = sites.sort_values(["order", "site_id"], na_position="last").reset_index(drop=True)
    unmet = _unmet(study, sites, gap)
    drawn = study.areas[study.areas.geometry.notna() & ~study.areas.geometry.is_empty]
    if unmet.notna().sum() == 0 or drawn.empty:
        return None
    people, many = study.profile.words.people, area_words(study.settings.level)[1]
    edges = quantile_classes(unmet)
    labels = [f"{label} {people}" for label in class_labels(unmet, edges)]
    classes = Classes(cut(unmet, edges), labels, quantiles_said(cut(unmet, edges).dropna(), many))
    names = study.labels["geoid"]
    tips = {
        g: f"{names.get(g, g)}: {'not known' if pd.isna(v) else f'{v:,.0f} {people} without a place'}"
        for g, v in unmet.items()
    }
    at = positions(study.areas, sites["longitude"], sites["latitude"])
    seen = ~np.isnan(at).any(axis=1)
    chosen = sites["order"].notna()
    words = _names(study, sites["site_id"], _LETTERS)
    told = [f"{i:.0f}, {name}" for i, name in zip(sites["order"][chosen], words, strict=False)]
    left = [name for name, is_open in zip(words, chosen, strict=True) if not is_open]
    title = _first(words[: len(told)]) if told and siting["chosen"].notna().all() else _finding(study, siting)
    alt = (
        f"Map of {many} by {people} without a place whom a candidate site could serve. "
        f"{classes_told(study.areas, classes)} Sites in the order to open them: {'; '.join(told) if told else 'none'}. "
        f"Not opened: {'; '.join(left[:12]) if left else 'none'}{f' and {len(left) - 12} more' if left[12:] else ''}."
    )
    picture = choropleth(study.areas, classes, title=title, alt=alt, tips=tips)
    # Those opened lie on top, the first on top of all.
    marks = [
        _mark(x, y, "" if pd.isna(number) else f"{number:.0f}", name)
        for (x, y), number, name, there in zip(at, sites["order"], words, seen, strict=True)
        if there
    ][::-1]
    notes = []
    if (~seen).any():
        gone = [name for name, there in zip(words, seen, strict=True) if not there]
        notes.append(f"Outside the map, and not drawn: {listing(gone, most=9)}.")
    return replace(
        picture,
        svg=f"{picture.svg.removesuffix('</svg>')}{''.join(marks)}</svg>",
        legend=_legend(int((chosen & seen).sum()), int((~chosen & seen).sum())) + picture.legend,
        notes=tuple(notes),
    )


def _names(study: Study, identifiers: pd.Series, most: int) -> list[str]:
    names = study.tables["sites"].set_index("site_id")["name"]
    return [shortened(str(names.get(i, i)), most) for i in identifiers]


def _unmet(study: Study, sites: pd.DataFrame, gap: pd.DataFrame) -> pd.Series:
    """People without a place whom at least one site is meant for, by area; missing where a part is not known."""
    demand = site_demand(sites, gap, study.profile)
    return demand.groupby("geoid")["unmet"].agg(lambda parts: parts.sum(skipna=False))


def _finding(study: Study, siting: pd.DataFrame) -> str:
    total, n = len(siting), int(siting["order"].notna().sum())
    budget, served = study.settings.budget, siting.loc[siting["order"].notna(), "served"]
    counted = how_many(n, "candidate site", "candidate sites", of=total)
    words = study.profile.words
    if n == 0:
        under = f" with the budget of {amount(budget)}" if budget is not None else ""
        return f"{counted.capitalize()} can be chosen{under}; the table says why"
    filled = served.sum()
    who = how_many(filled, f"more {words.person}", f"more {words.people}") if filled >= 0.5 else "less than one more"
    have = f", and {who} would have a place" if served.notna().all() and siting["chosen"].notna().all() else ""
    if budget is None:
        return f"There is no budget for sites yet; {counted} would serve somebody{have}"
    return f"With the whole budget of {amount(budget)} spent on sites, {counted} would be opened{have}"


def _first(names: list[str]) -> str:
    """Name the sites to open first; the others are counted."""
    sentence = f"‘{names[0]}’ would be the {'one' if len(names) == 1 else 'first'} site to open"
    if names[1:]:
        sentence += f", then ‘{names[1]}’"
    if names[2:]:
        sentence += f" and {spelled(len(names) - 2)} more"
    return sentence


def _notes(study: Study, siting: pd.DataFrame) -> tuple[str, ...]:
    opened = siting[siting["order"].notna()].sort_values("order")
    words, said = study.profile.words, []
    if study.settings.budget is not None:
        cost = f": {amount(opened['cost'].sum())} for these sites would be lacking there" if len(opened) else ""
        said.append(f"It is the same budget as for the projects{cost}.")
    reach = study.bands[-1][0]
    if study.tables["travel"].empty:
        said.append(
            f"A site serves {words.people} without a place in areas whose middle, where people live, is within "
            f"{reach:g} miles of it as the crow flies, and no more of them than it has {words.seats}."
        )
    if len(opened) and opened["unmet_after"].notna().all():
        left = opened["unmet_after"].iloc[-1]
        said.append(f"{spelled(left).capitalize()} of those whom the sites are meant for would still be without one.")
    if (withheld := int(siting["chosen"].isna().sum())) and len(siting):
        said.append(
            f"{how_many(withheld, 'site', 'sites').capitalize()} cannot be shown, since too few people are concerned."
        )
    return tuple(said)


def _mark(x: float, y: float, number: str, name: str) -> str:
    """Return a site's mark: filled, with its number, where it is opened; hollow where it is not."""
    fill, edge = (var("two"), var("paper")) if number else (var("paper"), var("two"))
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="{_RADIUS if number else 0.7 * _RADIUS:g}" '
    circle += f'style="fill: {fill}; stroke: {edge}; stroke-width: {1.5 if number else 4}"/>'
    look = f"font: bold 16px var(--sans, sans-serif); fill: {var('paper')}"
    digits = f'<text x="{x:g}" y="{y + 5.6:.1f}" text-anchor="middle" style="{look}">{number}</text>' if number else ""
    tip = f"{number}. {name}" if number else f"{name}: not opened"
    return f"<g><title>{escape(tip)}</title>{circle}{digits}</g>"


def _legend(opened: int, others: int) -> str:
    full = f'<circle cx="9" cy="9" r="8" style="fill: {var("two")}"/>'
    hollow = f'<circle cx="9" cy="9" r="6" style="fill: {var("paper")}; stroke: {var("two")}; stroke-width: 3"/>'
    items = [legend_item(18, full, "a site to open, with its place in the order", opened)] if opened else []
    items += [legend_item(18, hollow, "a candidate site that is not opened", others)] if others else []
    return f'<ul class="legend">{"".join(items)}</ul>'
