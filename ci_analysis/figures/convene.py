"""Figures of step 1: who is at the table, how they work together, how ready they are, and whether to go on."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.convene.network import undirected_ties
from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.grids import name_grid
from ci_analysis.figures.networks import network
from ci_analysis.figures.words import (
    amount,
    date_words,
    figure_text,
    how_many,
    listing,
    percent,
    period_words,
    shortened,
    spelled,
)
from ci_analysis.issues import load_instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = [
    "backbone",
    "brokers",
    "commitments",
    "endorsements",
    "interest_influence",
    "joining",
    "money",
    "network_map",
    "network_over_time",
    "preconditions",
    "readiness",
    "readiness_levels",
    "roster",
    "sector_gaps",
]

_TOO_FEW = "too few answers to show"
#: Levels of Collaboration (Frey et al. 2006).
_TIES = {1: "networking", 2: "cooperation", 3: "coordination", 4: "coalition", 5: "collaboration"}
_RESPONSES = {
    "support": "Support",
    "reservations": "With reservations",
    "not-yet": "Not yet",
    "none": "No answer",
}
_NAME = 48


# --- who is at the table ----------------------------------------------------------------------------------------------


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
        title = f"{how_many(joined, 'partner', 'partners')} from {how_many(sectors, 'sector', 'sectors')} "
        return _sentence(title + ("is at the table" if joined == 1 else "are at the table"))
    if not missing:
        some = how_many(n, "needed sector", "needed sectors", of=n)
        return _sentence(f"{some} {'is' if n == 1 else 'are'} at the table")
    some = how_many(len(missing), "needed sector", "needed sectors", of=n)
    names = listing([_inside(shortened(x, _NAME)) for x in missing])
    return _sentence(f"{some} {'is' if len(missing) == 1 else 'are'} missing from the table: {names}")


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
    return Statement(_sentence(title), frame.dropna(axis=1, how="all"), "Partners by sector")


#: From this judgement of interest or influence on, a partner has much of it.
_MUCH = 4


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
    strong = judged[judged["influence"] >= _MUCH]
    won = strong["status"].eq("joined") & (strong["interest"] >= _MUCH)
    some = how_many(int(won.sum()), "partner", "partners", of=len(strong))
    if not len(strong):
        title = "no partner is said to have much influence on the issue"
    elif won.all():
        title = f"{some} with much influence {'is' if len(strong) == 1 else 'are'} at the table with much interest"
    else:
        rest = [shortened(name, _NAME) for name in strong.loc[~won, "name"]]
        title = f"{some} with much influence {'is' if won.sum() < 2 else 'are'} at the table with much interest; "
        title += f"to be won {'is' if len(rest) == 1 else 'are'} {listing(rest)}"
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
        }
    )
    alt = "Names of partners in a grid of five steps of interest by five of influence. Much of both: "
    both = strong[strong["interest"] >= _MUCH]
    alt += f"{listing([shortened(x, _NAME) for x in both['name']], most=12)}."
    unknown = len(here) - len(judged)
    if unknown:
        alt += f" Not placed, since one of the two is not judged: {how_many(unknown, 'partner', 'partners')}."
    return name_grid(
        drawn,
        kinds=list(sectors.values()),
        scale=(1, 5),
        axes=("Interest in the issue, 1 to 5", "Influence on it, 1 to 5"),
        corner=(_MUCH - 1, _MUCH, "shaded: much influence, less interest"),
        title=_sentence(title),
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
                    label=f"{_sentence(how_many(len(gone), 'partner', 'partners'))} left")  # fmt: skip
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
        change = "as many as a year ago"
    elif not then:
        change = f"since {date_words(first)}"
    else:
        change = f"{spelled(abs(now - then))} {'more' if now > then else 'fewer'} than a year ago"
    title = _sentence(f"{how_many(now, 'partner is', 'partners are')} at the table, {change}")
    ends = line.groupby(line.index.year).last()
    years = [f"{n:.0f} at the end of {year}, " for year, n in ends.items() if year < today.year]
    left = _sentence(how_many(len(gone), "partner", "partners"))
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


# --- how they work together -------------------------------------------------------------------------------------------


def network_map(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame, summary: pd.DataFrame
) -> Drawing | None:
    """Draw who works with whom in the latest wave; for the coalition alone.

    Parameters
    ----------
    study : Study
        For labels, and the level from which on a tie stands.
    places : pandas.DataFrame
        Table `network_partners`.
    ties : pandas.DataFrame
        The study's table of ties.
    partners : pandas.DataFrame
        The study's table of partners.
    summary : pandas.DataFrame
        Table `network_summary`.
    """
    wave = places["wave"].iloc[-1]
    named = partners[["partner_id", "name", "sector"]]
    nodes = places[places["wave"] == wave].merge(named, on="partner_id", how="left")
    pairs = undirected_ties(ties[ties["wave"] == wave], tie_level=study.settings.tie_level)
    position = dict(zip(nodes["partner_id"], range(len(nodes)), strict=True))
    edges = pd.DataFrame(
        {"a": pairs["partner_a"].map(position), "b": pairs["partner_b"].map(position), "strength": pairs["strength"]}
    ).astype("int64")
    sectors = study.labels["sector"]
    names = nodes["name"].fillna(nodes["partner_id"])
    kind = nodes["sector"].map(lambda s: sectors.get(s, "Sector not known"))
    drawn = pd.DataFrame({"name": names, "kind": kind})
    drawn["tip"] = [
        f"{n}: {how_many(d, 'tie', 'ties')}; {k}" for n, d, k in zip(names, nodes["degree"], kind, strict=True)
    ]
    alone = [shortened(x, _NAME) for x in names[nodes["degree"] == 0]]
    most = nodes["degree"].max()
    title = f"{how_many(len(edges), 'pair of partners works', 'pairs of partners work')} together"
    if alone:
        title += f"; {listing(alone, most=3)} {'has' if len(alone) == 1 else 'have'} no tie yet"
    elif len(edges):
        title += ", and everybody works with somebody"
    alt = f"Network of {how_many(len(nodes), 'partner', 'partners')} in {period_words(wave)}"
    if most > 0:
        top = [shortened(x, _NAME) for x in names[nodes["degree"] == most]]
        alt += f". The most ties, {most:.0f}, {'has' if len(top) == 1 else 'have'} {listing(top, most=3)}"
    answered = _answered(summary, wave)
    kinds = list(dict.fromkeys([*sectors.values(), "Sector not known"]))
    return network(drawn, edges, kinds=kinds, strengths=_TIES, title=_sentence(title), alt=f"{alt}.", note=answered)


def _answered(summary: pd.DataFrame, wave: str) -> str:
    """Say how many of those asked answered, for beside every figure of the network."""
    row = summary.set_index("wave").loc[wave]
    if pd.isna(row["response_rate"]):
        return f"Nobody had joined in {period_words(wave)}."
    asked = round(row["respondents"] / row["response_rate"]) if row["response_rate"] else 0
    if not asked:
        return f"None of the joined partners answered in {period_words(wave)}."
    some = how_many(row["respondents"], "joined partner", "joined partners", of=asked)
    return _sentence(f"{some} answered in {period_words(wave)} (response rate {percent(row['response_rate'])}).")


def network_over_time(study: Study, summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes | Statement | None:
    """Draw the share of pairs that work together, and the response rate, wave by wave.

    Parameters
    ----------
    study : Study
        For the level from which on a tie stands.
    summary : pandas.DataFrame
        Table `network_summary`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes, Statement or None
        A statement where there is one wave, None where no wave has two partners.
    """
    rows = summary.dropna(subset=["density"]).reset_index(drop=True)
    if not len(rows):
        return None
    waves, last = [period_words(w) for w in rows["wave"]], rows.iloc[-1]
    kind = _TIES[study.settings.tie_level]
    pairs = round(last["partners"] * (last["partners"] - 1) / 2)
    some = how_many(last["ties"], "pair of partners", "pairs of partners", of=pairs)
    title = f"{some} {'works' if last['ties'] < 2 else 'work'} together"
    if len(rows) == 1:
        return Statement(_sentence(title), lines=(f"A tie is {kind} or more. {_answered(summary, last['wave'])}",))
    before, now = percent(rows["density"].iloc[-2]), percent(last["density"])
    change = np.sign(last["density"] - rows["density"].iloc[-2]) if before != now else 0
    title += f" ({now}), {({1: 'up from', -1: 'down from', 0: 'as in'})[int(change)]} "
    title += f"{before} in {waves[-2]}" if change else waves[-2]
    ax = new_axes(ax, height=2.7)
    x = np.arange(len(rows))
    with style():
        shown = {
            "response_rate": (COLOURS["two"], "s", "--", "of partners\nanswered"),
            "density": (COLOURS["one"], "o", "-", "of pairs\nwork together"),
        }
        apart = 100 * abs(last["response_rate"] - last["density"])
        above = last["response_rate"] >= last["density"]
        for column, (colour, marker, dash, words) in shown.items():
            values = 100 * rows[column]
            ax.plot(x, values, color=colour, marker=marker, linestyle=dash, markersize=6)
            up = above if column == "response_rate" else not above
            for at, value in zip(x[:-1], values.iloc[:-1], strict=True):
                if pd.notna(value) and len(rows) <= 6:
                    ax.annotate(f"{value:.0f}%", (at, value), (0, 7 if up else -15), textcoords="offset points",
                                ha="center", fontsize=9, color=colour)  # fmt: skip
            if pd.notna(values.iloc[-1]):
                # Two that end close together would lie on each other.
                shift = 0 if apart > 22 or pd.isna(apart) else (14 if up else -14)
                ax.annotate(f"{values.iloc[-1]:.0f}% {words}", (x[-1], values.iloc[-1]), (9, shift), fontsize=9,
                            textcoords="offset points", va="center", color=colour, annotation_clip=False)  # fmt: skip
        every = int(np.ceil(len(rows) / 5))
        ticks = x[::-1][::every][::-1]
        ax.set_xticks(ticks, [waves[i] for i in ticks])
        ax.set_xlim(-0.25, x[-1] + 0.55 * max(1.0, x[-1] / 2))
        ax.set_ylim(0, 108)
        ax.set_yticks([0, 50, 100], ["0%", "50%", "100%"])
        ax.grid(axis="y")
        ax.set_axisbelow(True)
    parts = []
    for w, r in zip(waves, rows.itertuples(), strict=True):
        rate = (
            f"{percent(r.response_rate)} of joined partners answered"
            if pd.notna(r.response_rate)
            else "nobody had joined"
        )
        parts.append(f"{w}, {percent(r.density)} of pairs work together and {rate}")
    alt = f"Two lines over {how_many(len(rows), 'wave', 'waves')}, a tie being {kind} or more: {'; '.join(parts)}"
    return finding(ax, _sentence(title), alt=alt + ".")


def brokers(study: Study, places: pd.DataFrame, summary: pd.DataFrame, *, most: int = 10) -> Statement | None:
    """Say which partners hold the network together in the latest wave; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names, and the number of raters from which on trust and value are shown.
    places : pandas.DataFrame
        Table `network_partners`.
    summary : pandas.DataFrame
        Table `network_summary`.
    most : int
        How many partners.
    """
    wave = places["wave"].iloc[-1]
    rows = places[(places["wave"] == wave) & places["betweenness"].notna()]
    if not len(rows):
        return None
    rows = rows.sort_values(["betweenness", "degree", "partner_id"], ascending=[False, False, True])
    names = study.labels["partner_id"]
    top = rows[rows["betweenness"] >= 0.1].head(3)
    if len(top):
        held = listing([shortened(names.get(p, p), _NAME) for p in top["partner_id"]])
        title = f"{held} {'holds' if len(top) == 1 else 'hold'} the network together: "
        title += (
            f"{listing([percent(b) for b in top['betweenness']])} of the shortest ways between others lead through "
        )
        title += "it" if len(top) == 1 else "them"
    elif rows["betweenness"].max() > 0:
        most_between = percent(rows["betweenness"].max())
        title = "No partner alone holds the network together: "
        title += f"at most {most_between} of the shortest ways between others lead through one"
    else:
        title = "No partner stands between others"
    enough = rows["n_ratings"] >= study.settings.minimum_respondents
    rated = {
        f"{c} (1 to 4)": [f"{v:.1f}" if ok and pd.notna(v) else _TOO_FEW for v, ok in zip(rows[c], enough, strict=True)]
        for c in ("trust", "value")
    }
    frame = pd.DataFrame(
        {
            "partner_id": rows["partner_id"],
            "ways_through_it": [percent(b) for b in rows["betweenness"]],
            "ties": [f"{d:.0f}" for d in rows["degree"]],
            **rated,
            "rated_by": [f"{n:.0f}" for n in rows["n_ratings"]],
            "constraint (Burt)": [f"{c:.2f}" if pd.notna(c) else None for c in rows["constraint"]],
        }
    )
    lines = [_answered(summary, wave)]
    if enough.sum() < len(rows):
        lines.append(f"Trust and value are shown from {spelled(study.settings.minimum_respondents)} raters on.")
    return Statement(
        title,
        frame.head(most),
        f"Shortest ways through each, {period_words(wave)}",
        tuple(lines),
    )


# --- how ready they are -----------------------------------------------------------------------------------------------


def _shown(study: Study, conditions: pd.DataFrame) -> pd.DataFrame:
    """Return scores that enough respondents stand behind."""
    enough = conditions["respondents"] >= study.settings.minimum_respondents
    return conditions[enough & conditions["score"].notna()]


def _nothing_shown(study: Study, wave: str, rows: pd.DataFrame) -> Statement:
    if not (rows["respondents"] > 0).any():
        return Statement(
            "No partner has been asked yet how ready the coalition is; this is what its tables show",
            rows[["condition"]].assign(what_the_tables_show=rows["evidence"]),
            "The five conditions, by the tables alone",
            ("To see what partners say, fill in readiness.csv.",),
        )
    few = spelled(study.settings.minimum_respondents)
    return Statement(
        f"In {period_words(wave)} too few partners answered to show how ready they are",
        lines=(f"A score is shown from {few} answers on, so that nobody's answer can be read from it.",),
    )


def readiness(
    study: Study, conditions: pd.DataFrame, *, ax: Axes | None = None, waves: int = 4
) -> Axes | Statement | None:
    """Draw what partners say of the five conditions, with the 95 % interval, and the waves before.

    Parameters
    ----------
    study : Study
        For names, and the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    waves : int
        How many of the latest waves.

    Returns
    -------
    Axes or Statement
        A statement where too few answered in the latest wave.
    """
    shown = _shown(study, conditions)
    times = list(dict.fromkeys(conditions["wave"]))[-waves:]
    latest = shown[shown["wave"] == times[-1]].set_index("condition")
    if not len(latest):
        rows = conditions[conditions["wave"] == times[-1]]
        # Where nobody was asked, the section on levels says so, with what the tables show.
        return _nothing_shown(study, times[-1], rows) if (rows["respondents"] > 0).any() else None
    instrument, names = load_instrument(), study.labels["condition"]
    order = list(dict.fromkeys(conditions["condition"]))
    levels = _levels()
    ax = new_axes(ax, height=1.15 + 0.62 * len(order))
    y = dict(zip(order, np.arange(len(order))[::-1], strict=True))
    with style():
        for k, wave in enumerate(times):
            rows = shown[shown["wave"] == wave]
            if len(rows):
                _wave_points(ax, rows, y, back=len(times) - 1 - k)
        for condition, at in y.items():
            if condition in latest.index:
                row = latest.loc[condition]
                label = textwrap.fill(levels.get((condition, row["level"]), ""), 16)
                ax.text(5.12, at, f"{row['score']:.1f}\n{label}", va="center", fontsize=9, linespacing=1.2)
            else:
                ax.text(5.12, at, textwrap.fill(_TOO_FEW, 14), va="center", fontsize=9, color=COLOURS["quiet"])
        ax.set_yticks(list(y.values()), [textwrap.fill(names.get(c, c), 20) for c in y])
        scale = instrument.scale
        ax.set_xlim(scale.minimum, scale.maximum)
        ax.set_ylim(-0.55, len(order) - 0.4)
        ends = {scale.minimum: f"{scale.minimum}\n{scale.low}", scale.maximum: f"{scale.maximum}\n{scale.high}"}
        ticks = range(scale.minimum, scale.maximum + 1)
        ax.set_xticks(ticks, [ends.get(i, str(i)) for i in ticks])
        ax.set_xlabel("Mean answer; line: 95% interval")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, handletextpad=0.2,
                  columnspacing=1.2, borderaxespad=0)  # fmt: skip
    title = _readiness_title(latest["score"].round(1), names)
    hidden = conditions[conditions["wave"].isin(times) & ~conditions.index.isin(shown.index)]
    return finding(ax, title, alt=_readiness_alt(shown[shown["wave"].isin(times)], hidden, names))


def _wave_points(ax: Axes, rows: pd.DataFrame, y: dict[str, int], *, back: int) -> None:
    """Draw one wave: the latest strong, those before lighter, smaller and above it."""
    markers = ("o", "s", "^", "D")
    at = np.array([y[c] for c in rows["condition"]]) + (0.15 * back - 0.08)
    least, most = rows["respondents"].min(), rows["respondents"].max()
    answers = f"{least:.0f}" if least == most else f"{least:.0f}–{most:.0f}"
    score = rows["score"].to_numpy()
    # An interval may pass the ends of the scale, where no answer can lie; one answer alone has none.
    errors = np.vstack([score - rows["low"].clip(lower=1), rows["high"].clip(upper=5) - score])
    colour = COLOURS["one"] if back == 0 else COLOURS["muted"]
    ax.errorbar(score, at, xerr=np.nan_to_num(errors), linestyle="none", marker=markers[back % len(markers)],
                color=colour, ecolor=colour, elinewidth=2 if back == 0 else 1, markersize=7.5 if back == 0 else 5,
                zorder=3 if back == 0 else 2, clip_on=False,
                label=f"{period_words(rows['wave'].iloc[0])}\n{answers} answers")  # fmt: skip


def _levels() -> dict[tuple[str, float], str]:
    levels = load_instrument().levels()
    keys = zip(levels["condition"], levels["level"].astype(float), strict=True)
    return dict(zip(keys, levels["label"], strict=True))


def _readiness_title(scores: pd.Series, names: dict[str, str]) -> str:
    """Say what is farthest along and what least; scores rounded as they are read."""
    high, low = scores[scores == scores.max()], scores[scores == scores.min()]

    def named(x: pd.Series) -> str:
        return listing([_inside(names.get(c, c)) for c in x.index])

    if scores.max() == scores.min():
        if len(scores) == 1:
            return _sentence(f"{named(high)} stands at {scores.max():.1f} of 5")
        some = how_many(len(scores), "condition", "conditions", of=len(scores))
        return _sentence(f"{some} stand at {scores.max():.1f} of 5")
    far = f"{named(high)} {'is' if len(high) == 1 else 'are'} farthest along ({scores.max():.1f} of 5)"
    return _sentence(f"{far}, {named(low)} least ({scores.min():.1f})")


def _readiness_alt(shown: pd.DataFrame, hidden: pd.DataFrame, names: dict[str, str]) -> str:
    parts = []
    for wave, rows in shown.groupby("wave", sort=False):
        each = [
            f"{_inside(names.get(r.condition, r.condition))} {r.score:.1f}"
            + (f" ({r.low:.1f} to {r.high:.1f})" if pd.notna(r.low) else "")
            for r in rows.itertuples()
        ]
        parts.append(f"{period_words(str(wave))}: {', '.join(each)}")
    few = [f"{_inside(names.get(r.condition, r.condition))} in {period_words(r.wave)}" for r in hidden.itertuples()]
    alt = "Points by condition, from 1 to 5, with 95% intervals. " + "; ".join(parts) + "."
    return alt + (f" Not shown, since too few answered: {listing(few, most=9)}." if few else "")


def readiness_levels(study: Study, conditions: pd.DataFrame) -> Statement:
    """Say in words which level each condition has reached, and what the study's tables show of it.

    Parameters
    ----------
    study : Study
        For the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    """
    wave = conditions["wave"].iloc[-1]
    rows = conditions[conditions["wave"] == wave]
    known = rows.index.isin(_shown(study, conditions).index) & rows["level"].notna()
    if not known.any():
        return _nothing_shown(study, wave, rows)
    table = load_instrument().levels()
    top = table.groupby("condition")["level"].max()
    words = table.set_index(["condition", "level"])
    frame = []
    for row, ok in zip(rows.itertuples(), known, strict=True):
        level = words.loc[(row.condition, int(row.level))] if ok else None
        interval = f" ({row.low:.1f} to {row.high:.1f})" if pd.notna(row.low) else ""
        frame.append(
            {
                "condition": row.condition,
                "where_it_stands": f"{row.level:.0f} of {top[row.condition]}: {level['label']}" if ok else _TOO_FEW,
                "what_that_means": level["descriptor"] if ok else None,
                "what_the_tables_show": row.evidence,
                "score, and 95% interval": f"{row.score:.1f}{interval}" if ok else None,
                "answers": f"{row.respondents:.0f}" if ok else _TOO_FEW,
            }
        )
    counts = rows.loc[known, "level"].value_counts().sort_index(ascending=False)
    n = int(counts.sum())
    parts = [f"{spelled(c)} at level {level:.0f}" for level, c in counts.items()]
    if len(counts) == 1:
        some = how_many(n, "condition", "conditions", of=n)
    else:
        some = f"{spelled(counts.iloc[0])} of {spelled(n)} conditions"
    stands = "stands" if counts.iloc[0] == 1 else "stand"
    title = f"{some} {stands} at level {counts.index[0]:.0f} of 5"
    title += f", {listing(parts[1:])}" if len(parts) > 1 else ""
    shown = pd.DataFrame(frame).dropna(axis=1, how="all")
    return Statement(_sentence(title), shown, f"The five conditions, {period_words(wave)}")


# --- what they stand for, and with what -------------------------------------------------------------------------------


def _latest_answers(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Return each joined partner's answer to the agenda's latest text; `none` where there is no answer."""
    today = pd.Timestamp(study.settings.as_of)
    asked = answers[answers["agenda_on"] <= today]
    text = asked[asked["agenda_on"] == asked["agenda_on"].max()]
    joined = partners.loc[partners["status"] == "joined", ["partner_id"]]
    found = joined.merge(text[["partner_id", "agenda_on", "response", "commits_to"]], on="partner_id", how="left")
    return found.assign(response=found["response"].fillna("none"), agenda_on=text["agenda_on"].max())


def endorsements(study: Study, answers: pd.DataFrame, partners: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw how many joined partners support the agenda's latest text.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    found = _latest_answers(study, answers, partners)
    if not len(found) or found["agenda_on"].isna().all():
        return None
    n = len(found)
    counts = found["response"].value_counts().reindex(list(_RESPONSES), fill_value=0)
    kept = counts[(counts > 0) | (counts.index != "none")]
    hues = {"support": "one", "reservations": "two", "not-yet": "quiet", "none": "muted"}
    ax = new_axes(ax, height=0.35 + 0.36 * len(kept))
    y = np.arange(len(kept))[::-1]
    with style():
        ax.barh(y, kept, height=0.62, color=[COLOURS[hues[c]] for c in kept.index])
        for at, value in zip(y, kept, strict=True):
            ax.text(value + 0.01 * n, at, f"{value}", va="center")
        ax.set_yticks(y, [_RESPONSES[c] for c in kept.index])
        ax.set_xlim(0, 1.06 * n)
        ax.xaxis.set_visible(False)
        ax.spines[["bottom"]].set_visible(False)
    support = int(counts["support"])
    some = how_many(support, "joined partner", "joined partners", of=n)
    title = f"{some} {'supports' if support < 2 else 'support'} the agenda"
    others = [
        f"{spelled(counts[c])} {one if counts[c] == 1 else many}"
        for c, one, many in (
            ("reservations", "has reservations", "have reservations"),
            ("not-yet", "is not ready yet", "are not ready yet"),
            ("none", "has not answered", "have not answered"),
        )
        if counts[c]
    ]
    title += f"; {listing(others)}" if others else ""
    alt = f"Bars of answers to the agenda of {date_words(found['agenda_on'].iloc[0])}: " + "; ".join(
        f"{_RESPONSES[c].lower()}, {v}" for c, v in kept.items()
    )
    return finding(ax, _sentence(title), alt=alt + ".")


def commitments(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> Statement | None:
    """List what each partner will do for the agenda.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    """
    found = _latest_answers(study, answers, partners)
    said = found[found["commits_to"].notna()]
    if not len(found):
        return None
    n = len(said)
    some = how_many(n, "joined partner", "joined partners", of=len(found))
    title = f"{some} {'has said what it' if n < 2 else 'have said what they'} will do"
    frame = said.assign(answer=said["response"].map(_RESPONSES))[["partner_id", "commits_to", "answer"]]
    return Statement(_sentence(title), frame if n else None, "What each will do, and its answer to the agenda")


def backbone(study: Study, partners: pd.DataFrame, funding: pd.DataFrame) -> Statement:
    """Say who holds the work together, and with what.

    Parameters
    ----------
    study : Study
        For the backbone that its settings name.
    partners : pandas.DataFrame
        The study's table of partners.
    funding : pandas.DataFrame
        The study's table of funding.
    """
    named, today = study.settings.backbone, pd.Timestamp(study.settings.as_of)
    lines = _marked(study, "backbone", "Illustrative: the backbone's staff and budget are made up for teaching.")
    if named is None:
        said = "No office or person is named as backbone (backbone in study.yaml)."
        return Statement("Nobody is named yet to hold the work together", lines=(said,))
    name = study.labels["partner_id"].get(named.partner, named.partner)
    year = (funding["on"] > today - pd.DateOffset(years=1)) & (funding["on"] <= today)
    own = funding[funding["project_id"].isna() & year]
    received, pledged = (float(own.loc[own["status"] == s, "amount"].sum()) for s in ("received", "pledged"))
    title, budget = f"{shortened(name, _NAME)} holds the work together", named.annual_budget
    if budget and len(funding):
        share = received / budget
        part = f"{percent(share)} of a year's budget"
        if share >= 1:
            part = "a whole year's budget" if share == 1 else "more than a year's budget"
        title += f" and received {part if received else 'nothing'} in the last year"
    elif named.staff_fte is not None:
        title += f" with {_staff(named.staff_fte)}"
    status = partners.loc[partners["partner_id"] == named.partner, ["status", "role"]].dropna(subset=["status"])
    role = status["role"].iloc[0] if len(status) else None
    rows = [
        ("Office", name),
        ("Role", str(role).replace("-", " ") if pd.notna(role) else None),
        ("Staff", _staff(named.staff_fte) if named.staff_fte is not None else None),
        ("Budget of a year", figure_text(budget, "USD") if budget is not None else None),
        ("Received for the coalition itself in the last year", figure_text(received, "USD") if len(funding) else None),
        ("Pledged for the coalition itself in the last year", figure_text(pledged, "USD") if len(funding) else None),
    ]
    if len(status) and status["status"].iloc[0] != "joined":
        lines = (*lines, "It is not among the partners that have joined.")
    frame = pd.DataFrame(rows, columns=["what", "figure"])
    return Statement(title, frame, "Who holds the work together, and with what", lines)


def _staff(fte: float) -> str:
    return f"{fte:g} full-time staff" if fte else "no paid staff"


def money(study: Study, funding: pd.DataFrame) -> Statement:
    """Say what money was received, what is pledged and what is only asked for.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    funding : pandas.DataFrame
        The study's table of funding.
    """
    rows = funding[~(funding["on"] > pd.Timestamp(study.settings.as_of))]
    project = rows["project_id"].notna()
    words = {"received": "has been received", "pledged": "is pledged", "asked": "is asked for"}
    total = rows.groupby("status")["amount"].sum().reindex(list(words), fill_value=0.0)
    sums = {
        "for_projects": rows[project].groupby("status")["amount"].sum(),
        "not_tied_to_a_project": rows[~project].groupby("status")["amount"].sum(),
        "together": total,
    }
    frame = pd.DataFrame({k: [figure_text(x.get(s, 0.0), "USD") for s in words] for k, x in sums.items()})
    frame.insert(0, "where_it_stands", ["Received", "Pledged", "Asked for"])
    parts = [f"{amount(total[s])} {w}" for s, w in words.items() if total[s] > 0]
    title = listing(parts) if parts else "no money is received, pledged or asked for yet"
    if parts and not total["received"]:
        title = f"nothing has been received yet; {title}"
    given = rows[rows["status"] == "received"].groupby("source")["amount"].sum().sort_values(ascending=False)
    lines: tuple[str, ...] = ()
    if len(given) and given.iloc[0] > total["received"] / 2:
        part = percent(given.iloc[0] / total["received"]) if len(given) > 1 else "All"
        lines = (f"{part} of what was received came from one source: {shortened(given.index[0], 120)}.",)
    return Statement(_sentence(title), frame, "Money, USD", lines)


def preconditions(study: Study, partners: pd.DataFrame) -> Statement:
    """Say which preconditions of going on hold, and what shows it.

    Parameters
    ----------
    study : Study
        For its preconditions.
    partners : pandas.DataFrame
        Not used: a coalition without partners has no preconditions to speak of.
    """
    asked = {
        "champion": ("A champion whom people follow", "a champion is not yet there"),
        "resources": ("Money for the first years", "money is not yet there"),
        "urgency": ("Urgency: people want change now", "urgency is not yet there"),
    }
    judged = {k: getattr(study.settings.preconditions, k) for k in asked}
    known = {k: p for k, p in judged.items() if p is not None}
    failing = [asked[k][1] for k, p in known.items() if not p.holds]
    open_ones = len(asked) - len(known)
    holding = len(known) - len(failing)
    lines = _marked(study, "preconditions", "Illustrative: what is said of the preconditions is made up for teaching.")
    frame = pd.DataFrame(
        {
            "precondition": [words for words, _ in asked.values()],
            "holds": ["not judged yet" if p is None else "yes" if p.holds else "no" for p in judged.values()],
            "what_shows_it": [p.evidence if p else None for p in judged.values()],
        }
    )
    if not known:
        title = "Whether the three preconditions hold is not judged yet"
        lines = (*lines, "Write them under preconditions in study.yaml.")
    else:
        some = f"{spelled(holding)} of three preconditions" if holding < len(asked) else "all three preconditions"
        title = f"{some} {'holds' if holding < 2 else 'hold'}"
        title += f"; {listing(failing)}" if failing else ""
        title += f"; {spelled(open_ones)} {'is' if open_ones == 1 else 'are'} not judged yet" if open_ones else ""
    return Statement(_sentence(title), frame, "What has to hold before the coalition goes on", lines)


def _marked(study: Study, part: str, words: str) -> tuple[str, ...]:
    """Return the sentence that marks a part of study.yaml as made up, where it is."""
    return (words,) if part in study.settings.illustrative else ()


def _sentence(text: str) -> str:
    """Return text with its first letter large; the others as they are."""
    return text[:1].upper() + text[1:]


def _inside(label: str) -> str:
    """Return a label as it stands inside a sentence; one that begins with several large letters is kept."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
