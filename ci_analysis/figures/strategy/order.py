"""Which projects come first, and how sure their order is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.strategy.said import cells, names_of, two_lines
from ci_analysis.figures.words import how_many, listing, percent, shortened
from ci_analysis.strategy import kendalls_w

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["partners_orders", "possible_ranks", "ranking"]


def ranking(study: Study, ranking: pd.DataFrame, *, ax: Axes | None = None, most: int = 20) -> Axes | Statement | None:
    """Draw each project's rank with its 90 % interval over partners, and how far partners are apart.

    Parameters
    ----------
    study : Study
        For labels.
    ranking : pandas.DataFrame
        Table `ranking`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many projects.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A Statement where no partner has given weights, so that only the share of all possible weights is known; None
        where that is not known either.
    """
    ranked = ranking[ranking["rank"].notna()].sort_values(["rank", "project_id"])
    if not len(ranked):
        return _unweighted(study, ranking)
    without = ranking[ranking["rank"].isna()]
    shown, left_out = ranked.head(most), without.head(max(0, most - len(ranked)))
    names = [
        *names_of(study, "project_id", shown["project_id"]),
        *names_of(study, "project_id", left_out["project_id"]),
    ]
    sampled = shown["rank_low"].notna().any()
    apart = shown["disagreement"].notna().any()
    ax = new_axes(ax, height=0.9 + 0.4 * len(names))
    y = np.arange(len(names))[::-1]
    with style():
        ranks = y[: len(shown)]
        ax.hlines(ranks, shown["rank_low"], shown["rank_high"], color=COLOURS["one"], linewidth=3)
        ax.plot(shown["rank"], ranks, "o", color=COLOURS["one"], markersize=8, markeredgecolor=COLOURS["paper"])
        across = ax.get_yaxis_transform()
        for at in y[len(shown) :]:
            ax.text(0.02, at, "no rank: a score is missing", transform=across, va="center", fontsize=9,
                    color=COLOURS["quiet"], backgroundcolor=COLOURS["paper"])  # fmt: skip
        if apart:
            ax.text(1.12, len(names) - 0.35, "partners\napart by", transform=across, ha="center", va="bottom",
                    fontsize=8.5, color=COLOURS["quiet"])  # fmt: skip
            for at, spread in zip(ranks, shown["disagreement"], strict=True):
                ax.text(1.12, at, f"{spread:.3g}" if pd.notna(spread) else "–", transform=across, ha="center",
                        va="center", fontsize=9)  # fmt: skip
        ax.set_yticks(y, [two_lines(n, 30) for n in names], fontsize=9, parse_math=False)
        ax.set_ylim(-0.6, len(names) - 0.4)
        last = int(max(shown["rank"].max(), shown["rank_high"].max() if sampled else 0))
        step = 1 if last <= 12 else -(-last // 8)
        ax.set_xticks(np.unique([1, *range(step, last + 1, step)]))
        ax.set_xlim(0.4, last + 0.6)
        ax.set_xlabel("Rank (1 is first)" + ("; line: 90% interval" if sampled else ""))
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    told = [
        f"{shortened(name, 80)}, {r.rank:.0f}"
        + (f" ({r.rank_low:.0f} to {r.rank_high:.0f})" if pd.notna(r.rank_low) else "")
        for name, r in zip(names, shown.itertuples(index=False), strict=False)
    ]
    alt = f"Ranks{', each with its 90% interval over samples of partners' if sampled else ''}: {'; '.join(told)}"
    alt += f". {how_many(len(without), 'project has', 'projects have').capitalize()} no rank." if len(without) else "."
    return finding(ax, _first_sentence(study, ranked), alt=alt)


def _first_sentence(study: Study, ranked: pd.DataFrame) -> str:
    first = ranked[ranked["rank"] == 1]
    names = [f"‘{n}’" for n in names_of(study, "project_id", first["project_id"], 80)]
    if len(ranked) == 1:
        return f"{names[0]} is the only project that can be ranked"
    if len(names) > 1:
        return f"{listing(names)} share the first place by the partners’ weights"
    row = first.iloc[0]
    sentence = f"{names[0]} comes first by the partners’ weights"
    if pd.isna(row["acceptability_1"]):
        return sentence
    sentence += f", and under {percent(row['acceptability_1'])} of all possible ones"
    if len(ranked) > 3:
        sentence += f"; {percent(row['acceptability_top3'])} put it among the first three"
    return sentence


def _unweighted(study: Study, ranking: pd.DataFrame) -> Statement | None:
    rows = ranking.dropna(subset=["acceptability_1"])
    if not len(rows):
        return None
    rows = rows.sort_values(["acceptability_1", "project_id"], ascending=[False, True])
    top = names_of(study, "project_id", rows["project_id"].head(1), 80)[0]
    share = percent(rows["acceptability_1"].iloc[0])
    return Statement(
        f"No partner has given weights yet; ‘{top}’ would come first under {share} of all possible ones",
        rows[["project_id", "acceptability_1", "acceptability_top3"]],
        "How often each project would come first, or among the first three, whatever the weights",
    )


def partners_orders(study: Study, rankings: pd.DataFrame, *, ax: Axes | None = None, most: int = 16) -> Axes | None:
    """Draw each partner's own ranking of the projects, and say where partners disagree most.

    Parameters
    ----------
    study : Study
        For labels.
    rankings : pandas.DataFrame
        Table `partner_rankings`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many partners, and projects: those that differ most from the others.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where nothing is ranked.
    """
    ranks = rankings.pivot(index="project_id", columns="partner_id", values="rank").dropna(how="all")
    if ranks.empty:
        return None
    middle = ranks.mean(axis=1)
    spread = ranks.quantile(0.75, axis=1) - ranks.quantile(0.25, axis=1)
    order = pd.DataFrame({"spread": spread, "reach": ranks.max(axis=1) - ranks.min(axis=1), "middle": middle})
    order = order.sort_values(["spread", "reach", "middle"], ascending=[False, False, True], kind="stable")
    far = ranks.sub(middle, axis=0).abs().sum().sort_values(ascending=False, kind="stable")
    shown = ranks.loc[middle[order.index[:most]].sort_values(kind="stable").index, sorted(far.index[:most])]
    classes = np.select([shown <= 3, shown <= (len(ranks) + 1) // 2], [2, 1], 0)
    classes = pd.DataFrame(classes, index=shown.index, columns=shown.columns).where(shown.notna())
    names = names_of(study, "project_id", shown.index)
    ax = new_axes(ax, height=1.85 + 0.37 * len(shown))
    with style():
        cells(ax, classes, shown.map(lambda v: f"{v:.0f}" if pd.notna(v) else ""))
        ax.xaxis.tick_top()
        partners = [two_lines(n, 22) for n in names_of(study, "partner_id", shown.columns)]
        ax.set_xticks(np.arange(shown.shape[1]) + 0.5, partners, rotation=90, fontsize=8.5, color=COLOURS["ink"],
                      linespacing=0.95, parse_math=False)  # fmt: skip
        ax.tick_params(length=0)
        ax.set_yticks(np.arange(len(shown)) + 0.5, [two_lines(n, 30) for n in names], fontsize=9, rotation=0,
                      parse_math=False)  # fmt: skip
        ax.set_xlabel("Rank by each partner’s own weights; strongest colour: its first three", loc="right")
    apart = order.index[0]
    told = f"‘{names_of(study, 'project_id', [apart], 80)[0]}’"
    lines = [f"{name}, {int(r.min())} to {int(r.max())}" for name, (_, r) in zip(names, shown.iterrows(), strict=True)]
    alt = f"Ranks of {how_many(len(shown), 'project', 'projects')} by {how_many(shown.shape[1], 'partner', 'partners')}"
    if shown.shape[1] < ranks.shape[1]:
        alt += f" of {ranks.shape[1]}, those that differ most"
    alt += ": " + "; ".join(lines) + "."
    return finding(ax, _agreement_sentence(rankings, ranks, told, ranks.loc[apart]), alt=alt)


def _agreement_sentence(rankings: pd.DataFrame, ranks: pd.DataFrame, told: str, apart: pd.Series) -> str:
    n = ranks.shape[1]
    who = how_many(n, "partner", "partners").capitalize()
    if n == 1:
        return "Only one partner has given weights, so nobody knows yet whether partners agree"
    if not (apart.max() > apart.min()):
        return f"{who} put {'the projects in the same order' if len(ranks) > 1 else 'the one project first'}"
    w = kendalls_w(rankings)
    agree = "rank the projects"
    if pd.notna(w):
        level = "largely agree" if w >= 0.7 else "agree in part" if w >= 0.3 else "hardly agree"
        agree = f"{level} on the order (Kendall’s W {w:.2f} of 1)"
    return f"{who} {agree}; they are furthest apart on {told}, from rank {apart.min():.0f} to {apart.max():.0f}"


def possible_ranks(study: Study, acceptability: pd.DataFrame, *, ax: Axes | None = None, most: int = 16) -> Axes | None:
    """Draw how many of all possible weights give each project each rank, for analysts.

    Parameters
    ----------
    study : Study
        For labels.
    acceptability : pandas.DataFrame
        Table `rank_acceptability`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many projects, and ranks.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no project has all its scores.
    """
    shares = acceptability.pivot(index="project_id", columns="rank", values="probability").dropna(how="all")
    if shares.empty:
        return None
    expected = (shares * shares.columns.to_numpy()).sum(axis=1)
    shown = shares.loc[expected.sort_values(kind="stable").index[:most]].iloc[:, :most]
    classes = pd.DataFrame(np.select([shown >= 0.25, shown >= 0.05], [2, 1], 0), shown.index, shown.columns)
    names = names_of(study, "project_id", shown.index)
    ax = new_axes(ax, height=0.95 + 0.37 * len(shown))
    with style():
        cells(ax, classes.where(shown > 0), shown.map(lambda v: f"{100 * v:.0f}" if v >= 0.005 else ""))
        ax.set_xticks(np.arange(shown.shape[1]) + 0.5, [f"{r:.0f}" for r in shown.columns])
        ax.tick_params(length=0)
        ax.set_yticks(np.arange(len(shown)) + 0.5, [two_lines(n, 30) for n in names], fontsize=9, rotation=0,
                      parse_math=False)  # fmt: skip
        ax.set_xlabel("Rank; in the cells, percent of all possible weights", loc="right")
    can = shares[1][shares[1] > 0].sort_values(ascending=False, kind="stable")
    told = [f"‘{n}’ ({percent(p)})" for n, p in zip(names_of(study, "project_id", can.index, 44), can, strict=True)]
    if len(can) == 1:
        title = f"{told[0].rpartition(' ')[0]} comes first whatever the weights"
    else:
        title = (
            f"{how_many(len(can), 'project', 'projects', of=len(shares)).capitalize()} can come first, depending on "
            f"the weights: {listing(told, most=3)}"
        )
    likely = shown.idxmax(axis=1)
    alt = "Percent of all possible weights for each rank. Most often: " + "; ".join(
        f"{name}, rank {likely[p]:.0f} ({percent(shown.loc[p, likely[p]])})"
        for name, p in zip(names, shown.index, strict=True)
    )  # fmt: skip
    return finding(ax, title, alt=alt + ".")
