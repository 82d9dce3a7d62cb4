"""Figures of step 1: who is at the table, how they work together, how ready they are, and whether to go on."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.convene.conditions import agenda_answers
from ci_analysis.convene.ties import undirected_ties
from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.grids import name_grid
from ci_analysis.figures.networks import Panel, network, small_multiples
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
from ci_analysis.tables import members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = [
    "backbone",
    "brokers",
    "comments",
    "commitments",
    "endorsements",
    "gate",
    "interest_influence",
    "introductions",
    "joining",
    "money",
    "network_changes",
    "network_map",
    "network_over_time",
    "network_waves",
    "readiness",
    "readiness_levels",
    "readiness_spread",
    "reservations",
    "roster",
    "sector_gaps",
    "trust",
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
_PAIR = ["partner_a", "partner_b"]
_NO_SECTOR = "Sector not known"
#: At most so many partners in the picture of trust and value.
_RATED = 25
#: Colour, shape, size and words of the two ratings.
_RATING_LOOKS = {"trust": ("one", "o", 44, "Trust"), "value": ("two", "D", 32, "Value to the work")}


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
    some = how_many(len(judged), "partner", "partners")
    alt = f"Grid of {some} by interest and influence, from 1 to 5. Much of both: "
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
    nodes, edges = _everybody(study, places, ties, partners)
    here, n = nodes[nodes["here"]], int(edges["strength"].notna().sum())
    alone = [shortened(x, _NAME) for x in here.loc[here["degree"] == 0, "name"]]
    most = here["degree"].max()
    title = f"{how_many(n, 'pair of partners works', 'pairs of partners work')} together"
    if alone:
        title += f"; {listing(alone, most=3)} {'has' if len(alone) == 1 else 'have'} no tie yet"
    elif n:
        title += ", and everybody works with somebody"
    alt = f"Network of {how_many(len(here), 'partner', 'partners')} in {period_words(wave)}"
    if most > 0:
        top = [shortened(x, _NAME) for x in here.loc[here["degree"] == most, "name"]]
        alt += f". The most ties, {most:.0f}, {'has' if len(top) == 1 else 'have'} {listing(top, most=3)}"
    return network(
        nodes,
        edges,
        kinds=_kinds(study),
        strengths=_TIES,
        title=_sentence(title),
        alt=f"{alt}.",
        note=f"{_answered(summary, wave)} {_had_all_answered(summary, wave)}".strip(),
    )


def network_waves(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame, summary: pd.DataFrame
) -> Drawing | None:
    """Draw the latest waves side by side, at most three, each partner in the place that it has in `network_map`.

    Parameters
    ----------
    study : Study
        For the level from which on a tie stands.
    places : pandas.DataFrame
        Table `network_partners`.
    ties : pandas.DataFrame
        The study's table of ties.
    partners : pandas.DataFrame
        The study's table of partners.
    summary : pandas.DataFrame
        Table `network_summary`.

    Returns
    -------
    Drawing or None
        None where there is one wave.
    """
    waves = places["wave"].drop_duplicates().to_list()
    if len(waves) < 2:
        return None
    nodes, edges = _everybody(study, places, ties, partners)
    ends = _ends(undirected_ties(ties, tie_level=study.settings.tie_level), nodes["partner_id"])
    panels, counts, said = [], [], []
    shown = list(zip([None, *waves[:-1]], waves, strict=True))[-3:]
    for before, wave in shown:
        found = _turned(ends, before, wave)
        kinds = found["change"].value_counts()
        n = len(found) - int(kinds.get("lost", 0))
        turned = [f"{kinds[k]} {k}" for k in ("new", "lost") if before and k in kinds]
        rate = _rate_words(summary, wave)
        panels.append(
            Panel(
                period_words(wave),
                (f"{n:,} {'tie' if n == 1 else 'ties'}{': ' if turned else ''}{', '.join(turned)}", rate),
                nodes["partner_id"].isin(places.loc[places["wave"] == wave, "partner_id"]).to_list(),
                found,
            )
        )
        counts.append((wave, n, int((places.loc[places["wave"] == wave, "degree"] == 0).sum())))
        change = f", {listing(turned)} since {period_words(before)}" if turned else ""
        said.append(
            f"{period_words(wave)}: {how_many(n, 'tie', 'ties')}{change}, "
            f"{how_many(counts[-1][2], 'partner', 'partners')} without a tie, {rate}"
        )
    alt = f"{_sentence(spelled(len(panels)))} small networks, every partner in one place in all of them. "
    return small_multiples(
        nodes, edges, panels, kinds=_kinds(study), title=_sentence(_waves_title(counts)), alt=f"{alt}{'; '.join(said)}."
    )


def _everybody(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Partners and ties of all waves, as `networks.network` takes them; what is drawn is of the latest."""
    wave, sectors = places["wave"].iloc[-1], study.labels["sector"]
    latest = places[places["wave"] == wave]
    nodes = pd.DataFrame({"partner_id": sorted(places["partner_id"].unique())})
    nodes = nodes.merge(partners[["partner_id", "name", "sector"]], on="partner_id", how="left")
    nodes = nodes.merge(latest[["partner_id", "degree"]], on="partner_id", how="left")
    name = nodes["name"].fillna("").astype("object")
    nodes["name"] = name.where(name.str.strip() != "", nodes["partner_id"])
    nodes["kind"] = nodes["sector"].map(lambda s: sectors.get(s, _NO_SECTOR))
    nodes["here"] = nodes["degree"].notna()
    nodes["tip"] = [
        f"{n}: {how_many(d, 'tie', 'ties')}; {k}" if pd.notna(d) else n
        for n, d, k in zip(nodes["name"], nodes["degree"], nodes["kind"], strict=True)
    ]
    pairs = undirected_ties(ties, tie_level=study.settings.tie_level)
    ends = _ends(pairs, nodes["partner_id"])
    edges = ends[["a", "b"]].drop_duplicates().sort_values(["a", "b"], ignore_index=True)
    return nodes, edges.merge(ends.loc[ends["wave"] == wave, ["a", "b", "strength"]], on=["a", "b"], how="left")


def _ends(pairs: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Ties with their ends as positions in `ids`: wave, a, b, strength."""
    at = pd.Index(ids)
    places = {end: at.get_indexer(pairs[f"partner_{end}"]) for end in "ab"}
    return pd.DataFrame({"wave": pairs["wave"], **places, "strength": pairs["strength"].astype("float64")})


def _kinds(study: Study) -> list[str]:
    return list(dict.fromkeys([*study.labels["sector"].values(), _NO_SECTOR]))


def _turned(ends: pd.DataFrame, before: str | None, wave: str) -> pd.DataFrame:
    """Ties of a wave, and of the one before: a, b, change (kept, new, lost)."""
    now, then = (ends.loc[ends["wave"] == w, ["a", "b"]] for w in (wave, before))
    both = now.merge(then, on=["a", "b"], how="outer", indicator="change")
    # Of the first wave nobody can say what is new.
    words = {"both": "kept", "left_only": "new" if before else "kept", "right_only": "lost"}
    return both.assign(change=both["change"].astype("object").map(words))


def _waves_title(counts: list[tuple[str, int, int]]) -> str:
    """Say how ties, and partners without any, went from the first wave shown to the last."""
    (first, then, alone_then), (last, now, alone) = counts[0], counts[-1]
    title = f"{how_many(now, 'pair', 'pairs')} of partners {'works' if now < 2 else 'work'} together in "
    title += f"{period_words(last)}, {'as many as' if now == then else f'{spelled(abs(now - then))} '}"
    title += f"{'' if now == then else 'more than' if now > then else 'fewer than'} in {period_words(first)}"
    if alone or alone_then:
        title += f"; {how_many(alone, 'partner has', 'partners have')} no tie"
        title += f", where {spelled(alone_then)} had none" if alone != alone_then else ""
    return title


def _rate_words(summary: pd.DataFrame, wave: str) -> str:
    rate = summary.set_index("wave").loc[wave, "response_rate"]
    return "nobody had joined" if pd.isna(rate) else f"{percent(rate)} answered"


def _had_all_answered(summary: pd.DataFrame, wave: str) -> str:
    """Say between what bounds the number of ties lies; nothing where nobody was silent."""
    row = summary.set_index("wave").loc[wave]
    high = row.get("ties_high", np.nan)
    if pd.isna(high) or not high > row["ties"]:
        return ""
    return f"Had all answered, between {row['ties']:,.0f} and {high:,.0f} pairs would work together."


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
    high = 100 * rows["density_high"].astype("float64") if "density_high" in rows else pd.Series(np.nan, rows.index)
    silent = high - 100 * rows["density"] > 0.5
    with style():
        if silent.any():
            _silence_band(ax, x, 100 * rows["density"], high)
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
                    # Beneath a low one stand the waves.
                    shift = 7 if up or value < 16 else -15
                    ax.annotate(f"{value:.0f}%", (at, value), (0, shift), textcoords="offset points",
                                ha="center", fontsize=9, color=colour)  # fmt: skip
            if pd.notna(values.iloc[-1]):
                # Two that end close together would lie on each other.
                shift = 0 if apart > 22 or pd.isna(apart) else (14 if up else -14)
                shift = 8 if shift == 0 and values.iloc[-1] < 8 else shift
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
        most = f" (up to {percent(high[r.Index] / 100)}, had all answered)" if silent[r.Index] else ""
        parts.append(f"{w}, {percent(r.density)} of pairs work together{most} and {rate}")
    alt = f"Two lines over {how_many(len(rows), 'wave', 'waves')}, a tie being {kind} or more: {'; '.join(parts)}"
    return finding(ax, _sentence(title), alt=alt + ".")


def _silence_band(ax: Axes, x: np.ndarray, low: pd.Series, high: pd.Series) -> None:
    """Show how far up the share of pairs could lie, had all answered."""
    band = ax.fill_between(x, low, high.fillna(low), color=COLOURS["one"], alpha=0.16, linewidth=0, zorder=0)
    band.set_label("where it could lie, had all answered")
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.01, 1.0), borderaxespad=0)


def _points(gain: float) -> str:
    return f"{gain:.1f} points" if gain >= 0.095 else f"{gain:.1g} points"


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
        held = listing([_called(names, p, _NAME) for p in top["partner_id"]])
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
    frame = pd.DataFrame(
        {
            "partner_id": rows["partner_id"],
            "ways_through_it": [percent(b) for b in rows["betweenness"]],
            "ties": [_up_to(r.degree, getattr(r, "degree_high", np.nan)) for r in rows.itertuples()],
        }
    )
    if "answered" in rows and rows["answered"].notna().any():
        frame["answered"] = rows["answered"]
    return Statement(
        title,
        frame.head(most),
        f"Shortest ways through each, {period_words(wave)}",
        (_answered(summary, wave),),
    )


def _up_to(value: float, high: float) -> str:
    """Return a count, and what it would be at most, had all answered."""
    return f"{value:.0f} (up to {high:.0f}, had all answered)" if pd.notna(high) and high > value else f"{value:.0f}"


def trust(
    study: Study, places: pd.DataFrame, summary: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | Statement | None:
    """Draw how far partners of the latest wave are trusted, and valued, by the others; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names, and the number of raters from which on trust and value are shown.
    places : pandas.DataFrame
        Table `network_partners`.
    summary : pandas.DataFrame
        Table `network_summary`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes, Statement or None
        A statement where no partner was rated by enough others, None where nobody was rated.
    """
    wave = places["wave"].iloc[-1]
    latest = places[places["wave"] == wave]
    if not (latest["n_ratings"] > 0).any():
        return None
    least = study.settings.minimum_respondents
    # Each of the two may have been asked alone.
    rows = latest[(latest["n_ratings"] >= least) & latest[["trust", "value"]].notna().any(axis=1)]
    hidden = len(latest) - len(rows)
    few = _sentence(f"{how_many(hidden, 'partner has', 'partners have')} {_TOO_FEW} (fewer than {spelled(least)}).")
    if not len(rows):
        title = f"Too few partners rated each other in {period_words(wave)} to show trust and value"
        return Statement(title, lines=(_answered(summary, wave), few))
    order = ["n_ratings", "partner_id"]
    kept = rows.sort_values(order, ascending=[False, True]).head(_RATED)
    kept = kept.sort_values(["trust", "value", "partner_id"], ascending=[False, False, True])
    names = [_called(study.labels["partner_id"], p, 42) for p in kept["partner_id"]]
    y = np.arange(len(kept))[::-1]
    notes = [_answered(summary, wave), _rating_bounds(summary, wave), few if hidden else ""]
    if len(kept) < len(rows):
        notes.append(f"Shown are the {len(kept)} of {len(rows)} with the most ratings.")
    under = "\n".join(line for note in notes if note for line in textwrap.wrap(note, 46))
    ax = new_axes(ax, height=1.15 + 0.3 * len(kept) + 0.17 * under.count("\n"))
    with style():
        ax.hlines(y, kept[["trust", "value"]].min(axis=1), kept[["trust", "value"]].max(axis=1), color=COLOURS["muted"],
                  linewidth=2, zorder=1)  # fmt: skip
        for column, (colour, marker, size, words) in _RATING_LOOKS.items():
            ax.scatter(kept[column], y, s=size, color=COLOURS[colour], marker=marker, label=words, zorder=2)
        ax.set_yticks(y, [textwrap.fill(n, 24) for n in names], fontsize=9, parse_math=False)
        ax.set_ylim(-0.7, len(kept) - 0.3)
        ax.set_xlim(0.95, 4.05)
        ax.set_xticks([1, 2, 3, 4], ["1\nleast", "2", "3", "4\nmost"])
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.set_xlabel(under, fontsize=9, loc="left", parse_math=False)
        ax.spines[["left"]].set_visible(False)
        ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0)
    each = [
        f"{n} {', '.join(f'{c} {v:.1f}' for c, v in (('trust', r.trust), ('value', r.value)) if pd.notna(v))}"
        for n, r in zip(names, kept.itertuples(), strict=True)
    ]
    said = " ".join(n for n in notes if n)
    alt = f"Two points a partner in {period_words(wave)}, from 1 to 4: {'; '.join(each)}. {said}"
    return finding(ax, _trust_title(rows, summary, wave), alt=alt)


def _trust_title(rows: pd.DataFrame, summary: pd.DataFrame, wave: str) -> str:
    """Say how trust and value stand on the whole, and for how many the one falls behind the other."""
    row = summary.set_index("wave").loc[wave]
    means = [(c, row.get(f"mean_{c}", np.nan)) for c in ("trust", "value")]
    parts = [f"{c} at {v:.1f}" for c, v in means if pd.notna(v)]
    if parts:
        parts[0] += " of 4"
        title = f"Partners rate each other's {listing(parts)}"
    else:
        title = f"{_sentence(how_many(len(rows), 'partner is', 'partners are'))} rated by enough others to show"
    gap = (rows["value"] - rows["trust"]).round(2) >= 0.5
    both = int(rows[["trust", "value"]].notna().all(axis=1).sum())
    if both:
        behind = int(gap.sum())
        some = how_many(behind, "partner", "partners", of=both)
        title += f"; {some} {'is' if behind < 2 else 'are'} valued clearly more than trusted"
    return title


def _rating_bounds(summary: pd.DataFrame, wave: str) -> str:
    """Say between what bounds the means lie; nothing where nobody was silent."""
    row = summary.set_index("wave").loc[wave]
    parts = []
    for of in ("trust", "value"):
        low, high = row.get(f"mean_{of}_low", np.nan), row.get(f"mean_{of}_high", np.nan)
        if pd.notna(low) and pd.notna(high) and high > low:
            parts.append(f"{of} between {low:.1f} and {high:.1f}")
    return f"Had all answered, the mean would lie for {listing(parts)}." if parts else ""


def network_changes(
    study: Study, summary: pd.DataFrame, changes: pd.DataFrame, partners: pd.DataFrame, *, most: int = 12
) -> Statement | None:
    """Say which ties are new, lost, stronger or weaker since the wave before; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names.
    summary : pandas.DataFrame
        Table `network_summary`.
    changes : pandas.DataFrame
        Table `network_changes`.
    partners : pandas.DataFrame
        The study's table of partners, for who has left.
    most : int
        How many pairs.

    Returns
    -------
    Statement or None
        None where there is one wave.
    """
    if len(summary) < 2:
        return None
    wave, before = summary["wave"].iloc[-1], summary["wave"].iloc[-2]
    rows = changes[changes["wave"] == wave]
    since = period_words(before)
    lines = [f"{_answered(summary, before)} {_answered(summary, wave)}"]
    if not len(rows):
        return Statement(f"No tie has changed since {since}", lines=tuple(lines))
    alike = rows["comparable"].fillna(False).astype(bool)
    counts = rows["change"].value_counts().reindex(["new", "lost"], fill_value=0)
    sure = rows.loc[alike, "change"].value_counts().reindex(["new", "lost"], fill_value=0)
    title = f"{how_many(counts['new'], 'tie is', 'ties are')} new and {_were_lost(counts['lost'])} since {since}"
    if not counts.sum():
        title = f"No tie is new or lost since {since}, but {_were_otherwise(len(rows))}"
    elif not alike.any():
        title += "; of no pair did the same partners answer both times, so all of it may lie in who answered"
    else:
        title += f"; of these {sure['new']:,} new and {sure['lost']:,} lost are "
        title += "among partners of whom the same answered both times"
    alike_words = "Comparable are pairs of which the same sides answered both times"
    lines.insert(0, f"{alike_words}; of the others only the answers may have changed.")
    size = (rows["strength"].fillna(0) - rows["strength_before"].fillna(0)).abs()  # no tie is level 0
    kinds = rows["change"].map({"new": 0, "lost": 1, "stronger": 2, "weaker": 3})
    rows = rows.assign(alike=~alike, size=-size, kind=kinds).sort_values(["alike", "size", "kind", *_PAIR])
    shown = rows.head(most)
    if len(rows) > most:
        rest = rows.iloc[most:]["change"].value_counts()
        said = listing([f"{rest[c]} {c}" for c in ("new", "lost", "stronger", "weaker") if c in rest])
        lines.insert(0, f"{_sentence(how_many(len(rows) - most, 'pair', 'pairs'))} more: {said}.")
    names = study.labels["partner_id"]
    gone = set(partners.loc[partners["status"] == "left", "partner_id"])
    frame = pd.DataFrame(
        {
            "pair": [_pair_words(names, r.partner_a, r.partner_b) for r in shown.itertuples()],
            "change": [
                r.change + ("; one has left" if {r.partner_a, r.partner_b} & gone else "") for r in shown.itertuples()
            ],
            "before": [_level_words(v) for v in shown["strength_before"]],
            "now": [_level_words(v) for v in shown["strength"]],
            "comparable": ~shown["alike"],
        }
    )
    return Statement(_sentence(title), frame, f"Pairs whose tie changed, {since} to {period_words(wave)}", tuple(lines))


def _were_lost(n: int) -> str:
    return f"{spelled(n)} {'was' if n < 2 else 'were'} lost"


def _were_otherwise(n: int) -> str:
    return f"{how_many(n, 'tie is', 'ties are')} stronger or weaker"


def _level_words(level: float) -> str:
    return "no tie" if pd.isna(level) else _TIES[round(level)]


def _called(names: Mapping[str, str], partner: str, most: int) -> str:
    """Return a partner's name, cut; its identifier where it has none."""
    name = names.get(partner)
    return shortened(name if isinstance(name, str) and name.strip() else partner, most)


def _pair_words(names: Mapping[str, str], a: str, b: str) -> str:
    """Return two names in one cell, each kept in its own direction of writing."""
    said = [_called(names, p, 60) for p in (a, b)]
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for name in said for letter in name):
        said = [f"\u2068{name}\u2069" for name in said]
    return " and ".join(said)


def introductions(study: Study, summary: pd.DataFrame, table: pd.DataFrame, *, most: int = 8) -> Statement:
    """Say whom to introduce to whom, so that the network ties together most; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names.
    summary : pandas.DataFrame
        Table `network_summary`.
    table : pandas.DataFrame
        Table `introductions`.
    most : int
        How many pairs; each partner is in one of them at most.
    """
    wave = summary["wave"].iloc[-1]
    row, answered = summary.iloc[-1], _answered(summary, wave)
    if not len(table):
        if row["partners"] >= 2 and row["density"] == 1:
            return Statement("Every pair of partners works together already", lines=(answered,))
        return Statement("There is nobody to introduce yet", lines=(answered,))
    kept = list(table[table["shortlist"]].sort_values("rank").head(most).itertuples())
    names = study.labels["partner_id"]
    first, other = (_called(names, p, _NAME) for p in (kept[0].partner_a, kept[0].partner_b))
    frame = pd.DataFrame(
        {
            "who": [_called(names, p.partner_a, 80) for p in kept],
            "with whom": [_called(names, p.partner_b, 80) for p in kept],
            "why": [p.reason for p in kept],
            "gain in nearness": [_points(100 * p.gain) for p in kept],
        }
    )
    lines = (
        "Nearness is 100% where everybody works with everybody, and 0% where nobody works with anybody: half for "
        "two who know each other through one partner, a third through two. The gain is by how many points its mean "
        "over all pairs would rise with this one introduction (global efficiency, Latora and Marchiori 2001).",
        "Each partner stands once in the list; the order is that of the gain.",
        answered,
    )
    title = f"Introducing {first} to {other} would tie the coalition together most"
    return Statement(title, frame, f"Introductions that would help most, {period_words(wave)}", lines)


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


#: Standard deviations on the scale of 1 to 5 below which respondents agree, differ, or else are far apart.
_AGREE, _DIFFER = 0.5, 1.0


def readiness_spread(study: Study, conditions: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw where respondents agree on the five conditions and where they differ, and the backbone beside the others.

    Parameters
    ----------
    study : Study
        For names, and the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`; its latest wave is drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where too few answered in the latest wave.
    """
    shown = _shown(study, conditions)
    wave = conditions["wave"].iloc[-1]
    rows = shown[(shown["wave"] == wave) & shown["spread"].notna()].reset_index(drop=True)
    if not len(rows):
        return None
    names, scale = study.labels["condition"], load_instrument().scale
    rows["label"] = [names.get(c, c) for c in rows["condition"]]
    # Rounded as it is read, so that no 0.5 stands below 0.5.
    words = [_apart(round(s, 1)) for s in rows["spread"]]
    y, apart = np.arange(len(rows))[::-1], _backbone_apart(study, rows)
    ax = new_axes(ax, height=1.6 + 0.52 * len(rows))
    with style():
        left, right = ((rows["score"] + k * rows["spread"]).clip(scale.minimum, scale.maximum) for k in (-1, 1))
        ax.hlines(y, left, right, color=COLOURS["muted"], linewidth=9)
        ax.plot(rows["score"], y, "|", color=COLOURS["ink"], markersize=12, markeredgewidth=2, label="mean of all")
        if rows["backbone"].notna().any():
            ax.plot(rows["backbone"], y + 0.24, "D", color=COLOURS["two"], markersize=6, label="backbone")
            ax.plot(rows["others"], y - 0.24, "o", color=COLOURS["one"], markersize=7, label="other partners")
            ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3,
                      handletextpad=0.2, columnspacing=1.2, borderaxespad=0)  # fmt: skip
        for at, word, spread in zip(y, words, rows["spread"], strict=True):
            ax.text(5.12, at, f"{word}\n(±{spread:.1f})", va="center", fontsize=9, linespacing=1.2)
        ax.set_yticks(y, [textwrap.fill(x, 20) for x in rows["label"]])
        ax.set_xlim(scale.minimum, scale.maximum)
        ax.set_ylim(-0.55, len(rows) - 0.4)
        ends = {scale.minimum: f"{scale.minimum}\n{scale.low}", scale.maximum: f"{scale.maximum}\n{scale.high}"}
        ticks = range(scale.minimum, scale.maximum + 1)
        ax.set_xticks(ticks, [ends.get(i, str(i)) for i in ticks])
        ax.set_xlabel(
            "Bar: one standard deviation to each side of the mean answer. Respondents\n"
            f"agree below ±{_AGREE}, differ from there on, and are far apart from ±{_DIFFER:.1f} on,\n"
            f"as where half answer 2 and half answer 4.\n{textwrap.fill(apart, 72)}".rstrip(),
            fontsize=9,
        )
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    by_word = {w: [_inside(x) for x, v in zip(rows["label"], words, strict=True) if v == w] for w in _WORDS}
    if len(rows) == max(len(named) for named in by_word.values()) > 1:
        title = f"Respondents {words[0]} on {how_many(len(rows), 'condition', 'conditions', of=len(rows))}"
        widest = rows.loc[rows["spread"].round(1) == rows["spread"].round(1).max(), "label"]
        if len(widest) < len(rows):
            title += f", {'least' if words[0] == 'agree' else 'most'} on {listing(list(map(_inside, widest)))}"
    else:
        parts = [f"{w} on {listing(named, most=5)}" for w, named in by_word.items() if named]
        title = f"Respondents {listing(parts)}"
    each = []
    for row, word in zip(rows.itertuples(), words, strict=True):
        said = f"{_inside(row.label)} {row.score:.1f}, ±{row.spread:.1f} ({word}"
        both = f"; backbone {row.backbone:.1f}, other partners {row.others:.1f}" if pd.notna(row.backbone) else ""
        each.append(f"{said}{both})")
    alt = f"Bars by condition in {period_words(wave)}, from 1 to 5, as wide as the answers lie apart: "
    return finding(ax, title, alt=f"{alt}{', '.join(each)}. {apart}".strip())


#: How far respondents lie apart, in words.
_WORDS = ("agree", "differ", "are far apart")


def _apart(spread: float) -> str:
    return _WORDS[int(spread >= _AGREE) + int(spread >= _DIFFER)]


def _backbone_apart(study: Study, rows: pd.DataFrame) -> str:
    """Say why the backbone's answers are not shown beside the others'; empty where they are."""
    least = study.settings.minimum_respondents
    if rows["backbone"].notna().any():
        return ""
    if not (rows["n_backbone"] > 0).any():
        return "Nobody who answered speaks for the backbone."
    few = f"to show its answers apart (fewer than {spelled(least)})."
    if (rows["n_backbone"] < least).any():
        return f"Too few speak for the backbone {few}"
    return f"Too few besides the backbone answered {few}"


def comments(study: Study, comments: pd.DataFrame) -> Statement:
    """Show what respondents added to the statements in the latest wave, by condition; for the coalition alone.

    Parameters
    ----------
    study : Study
        For the number of respondents from which on comments are shown.
    comments : pandas.DataFrame
        Table `comments`.
    """
    wave = comments["wave"].iloc[-1]
    rows = comments[comments["wave"] == wave]
    texts = load_instrument().items().set_index("item")["text"]
    names = [_inside(study.labels["condition"].get(c, c)) for c in dict.fromkeys(rows["condition"])]
    n = rows["item"].nunique()
    title = f"{how_many(len(rows), 'comment', 'comments')} on {how_many(n, 'statement', 'statements')}: "
    title += listing(names, most=5)
    frame = pd.DataFrame(
        {"condition": rows["condition"], "statement": rows["item"].map(texts), "comment": rows["comment"]}
    )
    earlier = len(comments) - len(rows)
    least = spelled(study.settings.minimum_respondents)
    lines = (
        "Nothing says who wrote what: names of partners and ways to reach them are left out, and the comments on a "
        "statement stand in the order of their letters. Read them with the same care: words can tell who speaks.",
        f"Comments are shown on a condition from {least} respondents on."
        + (f" The data hold {how_many(earlier, 'comment', 'comments')} of earlier waves." if earlier else ""),
    )
    return Statement(_sentence(title), frame, f"Comments by statement, {period_words(wave)}", lines)


# --- what they stand for, and with what -------------------------------------------------------------------------------


def _latest_answers(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """Return each joined partner's answer to the agenda's latest text; `none` where there is no answer."""
    found = agenda_answers(partners, answers, as_of=study.settings.as_of)
    return found.assign(response=found["response"].fillna("none"))


def _held_back(responses: pd.Series) -> list[str]:
    """Say how many do not support the agenda, by their answer."""
    words = {
        "reservations": ("has reservations", "have reservations"),
        "not-yet": ("is not ready yet", "are not ready yet"),
        "none": ("has not answered", "have not answered"),
    }
    counts = responses.value_counts()
    return [f"{spelled(counts[c])} {w[0] if counts[c] == 1 else w[1]}" for c, w in words.items() if c in counts]


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
    others = _held_back(found["response"])
    title += f"; {listing(others)}" if others else ""
    alt = f"Bars of answers to the agenda of {date_words(found['agenda_on'].iloc[0])}: " + "; ".join(
        f"{_RESPONSES[c].lower()}, {v}" for c, v in kept.items()
    )
    return finding(ax, _sentence(title), alt=alt + ".")


def commitments(study: Study, answers: pd.DataFrame, partners: pd.DataFrame) -> Statement | None:
    """List what each partner will do for the agenda, and its reservations where they are known.

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
    said = found[found["commits_to"].notna() | found["reservation"].notna()]
    if not len(found):
        return None
    n, doubts = int(found["commits_to"].notna().sum()), int(found["response"].eq("reservations").sum())
    some = how_many(n, "joined partner", "joined partners", of=len(found))
    title = f"{some} {'has said what it' if n < 2 else 'have said what they'} will do"
    title += f"; {spelled(doubts)} {'has' if doubts == 1 else 'have'} reservations" if doubts else ""
    frame = said.assign(answer=said["response"].map(_RESPONSES))[["partner_id", "commits_to", "answer", "reservation"]]
    caption = "What each will do, and its answer to the agenda"
    return Statement(_sentence(title), frame.dropna(axis=1, how="all") if len(said) else None, caption)


def reservations(
    study: Study, answers: pd.DataFrame, partners: pd.DataFrame, written: pd.DataFrame
) -> Statement | None:
    """Say who holds back from the agenda's latest text, on what, and who has not answered; for the coalition alone.

    Parameters
    ----------
    study : Study
        For the day it speaks of.
    answers : pandas.DataFrame
        The study's table of endorsements.
    partners : pandas.DataFrame
        The study's table of partners.
    written : pandas.DataFrame
        The rows of endorsements whose reservation is filled in.

    Returns
    -------
    Statement or None
        None where nobody has joined, or no answer is recorded.
    """
    found = _latest_answers(study, answers, partners).drop(columns="reservation")
    if not len(found) or found["agenda_on"].isna().all():
        return None
    key = ["partner_id", "agenda_on"]
    found = found.merge(written[[*key, "reservation"]], how="left", on=key)
    place = {"reservations": 0, "not-yet": 1, "none": 2}
    back = found[found["response"].isin(list(place))]
    back = back.iloc[back["response"].map(place).argsort(kind="stable")]
    if not len(back):
        return Statement(_sentence(f"{how_many(len(found), 'joined partner', 'joined partners', of=len(found))} "
                                   f"{'supports' if len(found) == 1 else 'support'} the agenda"))  # fmt: skip
    frame = pd.DataFrame(
        {
            "partner_id": back["partner_id"],
            "answer": back["response"].map(_RESPONSES),
            "what_holds_it_back": back["reservation"],
            "what_it_offers": back["commits_to"],
        }
    )
    lines = []
    asked = {
        "reservations": ("has reservations", "have reservations", "which"),
        "not-yet": ("is not ready yet", "are not ready yet", "what for"),
    }
    for response, (one, many, what) in asked.items():
        own = back.loc[back["response"] == response, "reservation"]
        n = int(own.isna().sum())
        if n:
            some = "" if n == len(own) else f", of {spelled(len(own))},"
            said = f"{how_many(n, 'partner', 'partners')}{some} {one if n == 1 else many}, and nobody wrote down {what}"
            lines.append(f"{_sentence(said)}: fill in reservation in endorsements.csv.")
    title = _sentence(listing(_held_back(back["response"])))
    return Statement(
        title, frame.dropna(axis=1, how="all"), "Who does not yet support the agenda, and why", tuple(lines)
    )


def backbone(study: Study, partners: pd.DataFrame, funding: pd.DataFrame) -> Statement:
    """Say who holds the work together, with what, and what it coordinates.

    Parameters
    ----------
    study : Study
        For the backbone that its settings name, and its tables of what the backbone leads, owns or reports.
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
    own = funding[funding["project_id"].isna() & year].groupby("status")["amount"].sum()
    # Without an entry of a status, nothing was received, pledged or asked for.
    own = own.reindex(["received", "pledged", "asked"], fill_value=0.0)
    title, budget = f"{shortened(name, _NAME)} holds the work together", named.annual_budget
    if budget and len(funding):
        share = own["received"] / budget
        part = f"{percent(share)} of a year's budget"
        if share >= 1:
            part = "a whole year's budget" if share == 1 else "more than a year's budget"
        title += f" and received {part if own['received'] else 'nothing'} in the last year"
    elif named.staff_fte is not None:
        title += f" with {_staff(named.staff_fte)}"
    status = partners.loc[partners["partner_id"] == named.partner, ["status", "role"]].dropna(subset=["status"])
    role = status["role"].iloc[0] if len(status) else None
    words = {"received": "Received", "pledged": "Pledged", "asked": "Asked for"}
    money = [(f"{w}, for the coalition itself in the last year", figure_text(own[s], "USD")) for s, w in words.items()]
    work = _coordinated(study, named.partner)
    rows = [
        ("Office", name),
        ("Role", str(role).replace("-", " ") if pd.notna(role) else None),
        ("Staff", _staff(named.staff_fte) if named.staff_fte is not None else None),
        ("Budget of a year", figure_text(budget, "USD") if budget is not None else None),
        *(money if len(funding) else ()),
        *work,
    ]
    unknown = {
        "How many people work for it is not stated (staff_fte under backbone in study.yaml).": named.staff_fte is None,
        "What it costs a year is not stated (annual_budget under backbone in study.yaml).": budget is None,
        "What money came in is not known: funding.csv has no rows.": not len(funding),
        "What it coordinates is not known: no table says who leads, owns or reports what.": not work,
        "It is not among the partners that have joined.": len(status) > 0 and status["status"].iloc[0] != "joined",
    }
    frame = pd.DataFrame(rows, columns=["what", "figure"]).dropna()
    lines = (*lines, *(said for said, so in unknown.items() if so))
    return Statement(title, frame, "Who holds the work together, with what, and what it coordinates", lines)


def _coordinated(study: Study, partner: str) -> list[tuple[str, str]]:
    """What a partner leads, owns or reports, counted and named, by table; of a table without rows nothing is known."""
    tables, found = study.tables, []
    today = pd.Timestamp(study.settings.as_of)
    measures, told = tables["measures"], tables["communications"]
    reports = measures["reporters"].map(lambda cell: partner in members(cell), na_action="ignore").eq(True)
    over, dropped = tables["initiatives"]["ends_on"] < today, tables["deliverables"]["status"].eq("dropped")
    for words, table, rows in (
        ("Initiatives under way that it leads", "initiatives", tables["initiatives"]["lead"].eq(partner) & ~over),
        ("Projects that it would lead", "projects", tables["projects"]["lead"].eq(partner)),
        ("Deliverables that it answers for", "deliverables", tables["deliverables"]["owner"].eq(partner) & ~dropped),
        ("Measures that it owns or reports", "measures", measures["owner"].eq(partner) | reports),
        ("Communications that it answers for", "communications", told["owner"].eq(partner)),
    ):
        of = tables[table]
        names = of["name"] if "name" in of else of["audience"] + " (" + of["channel"] + ")"
        some = [shortened(x, 80) for x in names[rows]]
        if len(of):
            found.append((words, f"{len(some)}: {'; '.join(some)}" if some else "none"))
    return found


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


def gate(study: Study, gate: pd.DataFrame) -> Statement:
    """Say which preconditions of going on hold, what shows it, and what would change it: advice, and no more.

    Parameters
    ----------
    study : Study
        For what of it is made up.
    gate : pandas.DataFrame
        Table `gate`.
    """
    asked = {
        "urgency": ("Urgency: people want change now", "urgency is not yet there"),
        "champion": ("A champion whom people follow", "a champion is not yet there"),
        "resources": ("Money for the first years", "money is not yet there"),
    }
    judged = gate["holds"].astype("boolean")
    failing = [asked[name][1] for name in gate.loc[judged.eq(False).fillna(False), "precondition"]]
    open_ones, holding = int(judged.isna().sum()), int(judged.sum())
    lines = _marked(study, "preconditions", "Illustrative: what is said of the preconditions is made up for teaching.")
    frame = pd.DataFrame(
        {
            "what_has_to_hold": [asked[name][0] for name in gate["precondition"]],
            "does_it_hold": ["not judged yet" if pd.isna(x) else "yes" if x else "no" for x in judged],
            "what_shows_it": gate["evidence"].to_list(),
            "what_the_tables_show": gate["tables_show"].to_list() if "tables_show" in gate else None,
            "what_would_change_it": gate["to_change"].to_list(),
        }
    )
    if open_ones == len(gate):
        title = "Whether the three preconditions hold is not judged yet"
        lines = (*lines, "Write them under preconditions in study.yaml.")
    else:
        some = f"{spelled(holding)} of three preconditions" if holding < len(gate) else "all three preconditions"
        title = f"{some} {'holds' if holding < 2 else 'hold'}"
        title += f"; {listing(failing)}" if failing else ""
        title += f"; {spelled(open_ones)} {'is' if open_ones == 1 else 'are'} not judged yet" if open_ones else ""
    lines = (*lines, "This is advice: nothing stops the coalition from going on.")
    caption = "What has to hold before the coalition goes on"
    return Statement(_sentence(title), frame.dropna(axis=1, how="all"), caption, lines)


def _marked(study: Study, part: str, words: str) -> tuple[str, ...]:
    """Return the sentence that marks a part of study.yaml as made up, where it is."""
    return (words,) if part in study.settings.illustrative else ()


def _sentence(text: str) -> str:
    """Return text with its first letter large; the others as they are."""
    return text[:1].upper() + text[1:]


def _inside(label: str) -> str:
    """Return a label as it stands inside a sentence; one that begins with several large letters is kept."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
