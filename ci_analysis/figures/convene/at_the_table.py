"""Figures of step 1: who is at the table, who is missing, and who is to be won."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.convene.roster import MUCH
from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.grids import name_grid
from ci_analysis.figures.words import (
    NAME_LETTERS,
    date_words,
    how_many,
    inside,
    listing,
    sentence,
    shortened,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["interest_influence", "joining", "roster", "sector_gaps"]


def sector_gaps(study: Study, coverage: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw the partners of each sector, and say which needed sector has nobody, and why it is needed.

    Parameters
    ----------
    study : Study
        For the sectors' names and reasons.
    coverage : pandas.DataFrame
        Table `sector_coverage`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    stages = [c for c in ("joined", "invited", "prospects") if c in coverage]
    needed = coverage["needed"].fillna(False).astype(bool)
    rows = coverage[needed | (coverage[stages].sum(axis=1) > 0)].assign(needed=needed)
    if not len(rows):
        return None
    rows = rows.sort_values("needed", ascending=False, kind="stable")
    why = {s.sector: s.why for s in study.profile.sectors}
    labels = [study.labels["sector"].get(s, s) for s in rows["sector"]]
    empty = (rows["needed"] & rows["joined"].eq(0)).to_numpy()
    reasons = [
        textwrap.wrap(why.get(s, ""), 46, max_lines=3, placeholder="…") if gap else []
        for s, gap in zip(rows["sector"], empty, strict=True)
    ]
    y, total = _stacked_rows(rows["needed"].to_numpy(), [len(r) for r in reasons])
    ax = new_axes(ax, height=0.75 + 0.34 * total)
    most = max(rows[stages].sum(axis=1).max(), 4)
    with style():
        _sector_bars(ax, rows, y, stages, most)
        for at, row, gap, lines in zip(y, rows[stages].itertuples(), empty, reasons, strict=True):
            if gap:
                end = sum(row[1:])
                ax.text(end + 0.02 * most, at, "nobody has joined", color=COLOURS["bad"], va="center", fontsize=9)
                ax.text(0, at - 0.42, "\n".join(lines), va="top", fontsize=9, linespacing=1.25, parse_math=False)
        _headings(ax, rows["needed"].to_numpy(), y)
        ax.set_yticks(y, [textwrap.fill(shortened(x, 40), 24) for x in labels], parse_math=False)
        ax.set_ylim(y.min() - 0.6 - 0.45 * len(reasons[-1]), y.max() + 1.1)
        ax.set_xlim(0, 1.05 * most)
        ax.xaxis.set_visible(False)
        ax.spines[["bottom", "left"]].set_visible(False)
        if ax.patches:
            ax.legend(
                frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, borderaxespad=0
            )
    title = _gap_title([x for x, gap in zip(labels, empty, strict=True) if gap], rows)
    words = {"joined": "joined", "invited": "invited", "prospects": "could be asked"}
    each = []
    for label, need, counts in zip(labels, rows["needed"], rows[stages].to_numpy(), strict=True):
        said = [f"{n:.0f} {words[c]}" for c, n in zip(stages, counts, strict=True)]
        each.append(f"{shortened(label, 80)}{'' if need else ' (not needed)'}: {listing(said)}")
    return finding(ax, title, alt=f"Bars of partners by sector. {'; '.join(each)}.")


def _stacked_rows(needed: np.ndarray, lines: Sequence[int]) -> tuple[np.ndarray, float]:
    """Where each row stands, from the top down, with room for its reason and for the heading of each group."""
    at, y = 0.0, []
    for i in range(len(needed)):
        if i and needed[i] != needed[i - 1]:
            at += 0.8
        y.append(-at)
        at += 1.0 + 0.45 * lines[i] + (0.15 if lines[i] else 0.0)
    return np.array(y), at + 0.8


def _sector_bars(ax: Axes, rows: pd.DataFrame, y: np.ndarray, stages: Sequence[str], most: float) -> None:
    looks = {
        "joined": {"color": COLOURS["one"], "label": "Joined"},
        "invited": {"facecolor": "none", "edgecolor": COLOURS["one"], "hatch": "////", "label": "Invited"},
        "prospects": {"facecolor": "none", "edgecolor": COLOURS["quiet"], "linestyle": ":", "label": "Could be asked"},
    }
    left = np.zeros(len(rows))
    for stage in stages:
        # Partners counted, so a sector without any has none; only a bar's length is made from it.
        counts = rows[stage].fillna(0).to_numpy()
        if counts.any():
            # A bar of no length would leave its edge as a stroke.
            some = counts > 0
            ax.barh(y[some], counts[some], left=left[some], height=0.62, linewidth=1, **looks[stage])
        for at, start, n in zip(y, left, counts, strict=True):
            if n > 0.05 * most:
                solid = stage == "joined"
                ax.text(start + n / 2, at, f"{n:.0f}", ha="center", va="center", fontsize=9,
                        color=COLOURS["paper"] if solid else COLOURS["ink"],
                        bbox=None if solid else _patch(0.15))  # fmt: skip
        left += counts


def _patch(pad: float) -> dict[str, object]:
    """Ground of the page's colour behind letters that stand on lines."""
    return {"facecolor": COLOURS["paper"], "edgecolor": "none", "boxstyle": f"square,pad={pad}"}


def _headings(ax: Axes, needed: np.ndarray, y: np.ndarray) -> None:
    for value, words in ((True, "Needed for this issue"), (False, "Also there")):
        if (needed == value).any() and not (value is False and not needed.any()):
            ax.text(0, y[needed == value].max() + 0.52, words, color=COLOURS["quiet"], fontsize=9, va="bottom")


def _gap_title(missing: Sequence[str], rows: pd.DataFrame) -> str:
    n = int(rows["needed"].sum())
    if not n:
        joined, sectors = rows["joined"].sum(), (rows["joined"] > 0).sum()
        if not joined:
            return "No partner has joined yet"
        title = f"{how_many(joined, 'partner', 'partners')} from {how_many(sectors, 'sector', 'sectors')} "
        return sentence(title + ("is at the table" if joined == 1 else "are at the table"))
    if not missing:
        some = how_many(n, "needed sector", "needed sectors", of=n)
        return sentence(f"{some} {'is' if n == 1 else 'are'} at the table")
    some = how_many(len(missing), "needed sector", "needed sectors", of=n)
    names = listing([inside(shortened(x, NAME_LETTERS)) for x in missing])
    return sentence(f"{some} {'is' if len(missing) == 1 else 'are'} missing from the table: {names}")


def roster(study: Study, partners: pd.DataFrame) -> Statement:
    """List who is at the table, and who is asked, by sector, and why the issue needs the sector.

    Parameters
    ----------
    study : Study
        For the sectors' order and reasons.
    partners : pandas.DataFrame
        The study's table of partners.
    """
    words = {"invited": "invited", "prospect": "could be asked", "left": "has left"}
    rows = []
    for sector in study.profile.sectors:
        own = partners[partners["sector"] == sector.sector]
        here = own.loc[own["status"] == "joined", "name"]
        others = [f"{name} ({words[status]})" for status in words for name in own.loc[own["status"] == status, "name"]]
        if len(own) or sector.needed:
            why = sector.why if sector.needed else f"Not needed for this issue. {sector.why}"
            rows.append((sector.sector, "; ".join(here) or "nobody", "; ".join(others) or None, why))
    joined = partners[partners["status"] == "joined"]
    n, invited = len(joined), int(partners["status"].eq("invited").sum())
    if n:
        title = f"{how_many(n, 'partner', 'partners')} from "
        title += f"{how_many(joined['sector'].nunique(), 'sector', 'sectors')} {'is' if n == 1 else 'are'} at the table"
        title += f", and {how_many(invited, 'more is', 'more are')} invited" if invited else ""
    else:
        title = "no partner has joined yet"
        title += f"; {how_many(invited, 'is', 'are')} invited" if invited else ""
    frame = pd.DataFrame(rows, columns=["sector", "at_the_table", "others", "why_this_issue_needs_it"])
    return Statement(sentence(title), frame.dropna(axis=1, how="all"), "Partners by sector")


_ALL_NAMED = 40


def interest_influence(study: Study, partners: pd.DataFrame) -> Drawing | None:
    """Draw partners by their interest in the issue and their influence on it; for the coalition alone.

    Parameters
    ----------
    study : Study
        For the sectors' names.
    partners : pandas.DataFrame
        The study's table of partners; those that left are not drawn.

    Returns
    -------
    Drawing or None
        None where both are judged of no partner.
    """
    here = partners[partners["status"] != "left"]
    judged = here.dropna(subset=["interest", "influence"])
    if not len(judged):
        return None
    strong = judged[judged["influence"] >= MUCH].sort_values("influence", ascending=False, kind="stable")
    won = strong["status"].eq("joined") & (strong["interest"] >= MUCH)
    some = how_many(int(won.sum()), "partner", "partners", of=len(strong))
    if not len(strong):
        title = "no partner is said to have much influence on the issue"
    elif won.all():
        title = f"{some} with much influence {'is' if len(strong) == 1 else 'are'} at the table with much interest"
    else:
        title = f"{some} with much influence {'is' if won.sum() < 2 else 'are'} at the table with much interest"
        for kind, words in ((strong["status"].eq("joined"), "joined with less interest"),
                            (strong["status"].ne("joined"), "not joined")):  # fmt: skip
            rest = [shortened(name, NAME_LETTERS) for name in strong.loc[~won & kind, "name"]]
            title += f"; {listing(rest, most=2)} {'has' if len(rest) == 1 else 'have'} {words}" if rest else ""
    sectors = study.labels["sector"]
    order = {s: i for i, s in enumerate(sectors)}
    sorted_rows = judged.assign(order=judged["sector"].map(order), full=judged["status"].eq("joined")).sort_values(
        ["full", "order", "name"], ascending=[False, True, True]
    )
    drawn = pd.DataFrame(
        {
            "name": [shortened(name, 60) for name in sorted_rows["name"]],
            "kind": sorted_rows["sector"].map(lambda s: sectors.get(s, s)),
            "x": sorted_rows["interest"].astype(int),
            "y": sorted_rows["influence"].astype(int),
            "full": sorted_rows["full"],
            # With many, only those with much influence are named, or the picture would be longer than a page.
            "named": (len(judged) <= _ALL_NAMED) | (sorted_rows["influence"] >= MUCH),
        }
    )
    some = how_many(len(judged), "partner", "partners")
    alt = f"Grid of {some} by interest and influence, from 1 to 5. Much of both: "
    both = strong[strong["interest"] >= MUCH]
    alt += f"{listing([shortened(x, NAME_LETTERS) for x in both['name']], most=12)}."
    unknown = len(here) - len(judged)
    if unknown:
        alt += f" Not placed, since one of the two is not judged: {how_many(unknown, 'partner', 'partners')}."
    return name_grid(
        drawn,
        kinds=list(sectors.values()),
        scale=(1, 5),
        axes=("Interest in the issue, 1 to 5", "Influence on it, 1 to 5"),
        corner=(MUCH - 1, MUCH, "shaded: much influence, less interest"),
        title=sentence(title),
        alt=alt,
    )


def joining(study: Study, partners: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw how many partners were at the table, day by day.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    partners : pandas.DataFrame
        The study's table of partners.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where fewer than two days of joining are known.
    """
    today = pd.Timestamp(study.settings.as_of)
    came = partners[partners["status"].isin(["joined", "left"])]
    # Whose first day is not known, or whose last, is on no line.
    whole = came["joined_on"].notna() & (came["status"].eq("joined") | came["left_on"].notna())
    dated = came[whole & (came["joined_on"] <= today)]
    gone = dated[dated["left_on"] <= today]
    if dated["joined_on"].nunique() < 2:
        return None
    steps = pd.concat([pd.Series(1, index=dated["joined_on"]), pd.Series(-1, index=gone["left_on"])])
    line = steps.groupby(level=0).sum().sort_index().cumsum()
    first, ago = line.index[0], today - pd.DateOffset(years=1)
    now, then = int(line.iloc[-1]), int(line[line.index <= ago].iloc[-1]) if (line.index <= ago).any() else 0
    line.loc[today] = now
    ax = new_axes(ax, height=2.5)
    with style():
        ax.step(line.index, line.to_numpy(), where="post", color=COLOURS["one"])
        ax.text(today, now, f" {now}", va="center", color=COLOURS["one"], fontweight="bold")
        if len(gone):
            ax.plot(gone["left_on"], line.asof(gone["left_on"]).to_numpy(), "X", color=COLOURS["two"], markersize=8,
                    label=f"{sentence(how_many(len(gone), 'partner', 'partners'))} left")  # fmt: skip
            ax.legend(frameon=False, fontsize=9, loc="upper left")
        ax.set_ylim(0, 1.15 * line.max())
        ax.set_xlim(first - 0.02 * (today - first), today + 0.07 * (today - first))
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set_xticks(*_month_ticks(first, today))
        ax.set_ylabel("Partners at the table")
        ax.grid(axis="y")
        ax.set_axisbelow(True)
        unknown = len(came) - int(whole.sum())
        if unknown:
            ax.set_xlabel(f"Not on the line, since its day is not known: {how_many(unknown, 'partner', 'partners')}")
    if now == then:
        change = "as many as a year ago" if now else "as a year ago"
    elif not then:
        change = f"since {date_words(first)}"
    else:
        change = f"{spelled(abs(now - then))} {'more' if now > then else 'fewer'} than a year ago"
    title = sentence(f"{how_many(now, 'partner is', 'partners are')} at the table, {change}")
    ends = line.groupby(line.index.year).last()
    years = [f"{n:.0f} at the end of {year}, " for year, n in ends.items() if year < today.year]
    left = sentence(how_many(len(gone), "partner", "partners"))
    alt = f"Steps from {date_words(first)} on: {''.join(years)}{now} on {date_words(today)}. {left} left."
    return finding(ax, title, alt=alt)


def _month_ticks(first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.DatetimeIndex, list[str]]:
    """Return at most six first days of months, or of years, between two days, and what they are called."""
    months = 12 * (last.year - first.year) + last.month - first.month
    step = next((x for x in (1, 2, 3, 6, 12, 24, 60, 120) if months / x <= 5), 600)
    start = pd.Timestamp(first.year - first.year % max(1, step // 12), 1, 1)
    days = pd.date_range(start, last, freq=f"{step}MS")
    days = days[days >= first.normalize().replace(day=1)]
    return days, [f"{day:%b %Y}" if step < 12 else f"{day.year}" for day in days]
