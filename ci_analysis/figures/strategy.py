"""Figures of step 3: what the coalition wants, which projects it chooses, how sure their order is, and who does it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, SEQUENCE, Statement, finding, new_axes, style
from ci_analysis.figures.words import amount, date_words, figure_text, how_many, listing, percent, shortened, spelled
from ci_analysis.strategy import kendalls_w
from ci_analysis.tables import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = [
    "adds_up",
    "goals",
    "joint_work",
    "partners_orders",
    "portfolio",
    "possible_ranks",
    "ranking",
    "what_works",
    "who_works_on_what",
]

#: What the verdicts of the arithmetic are called, and the colours of their lines.
_VERDICTS = {
    "enough": "enough",
    "likely": "likely",
    "stretch": "a stretch",
    "short": "too little",
    "met": "met already",
    "unknown": "not known",
}
_VERDICT_COLOURS = {"enough": "three", "likely": "one", "stretch": "two", "short": "bad"}
_QUADRANTS = ("scale-now", "test-at-scale", "keep-local", "learn-first")
#: Three classes of which each bears text that can be read, in a light and in a dark page.
_CLASS_COLOURS = (SEQUENCE[0], SEQUENCE[1], SEQUENCE[4])
_CLASS_INKS = (COLOURS["ink"], COLOURS["ink"], COLOURS["paper"])
#: Shares of what is needed beyond this are drawn as an arrow.
_FARTHEST = 3.0


# --- what the coalition wants, and whether it adds up ----------------------------------------------------------------


def goals(study: Study, measures: pd.DataFrame) -> Statement:
    """Say what the coalition wants, and which of it can be checked against a target.

    Parameters
    ----------
    study : Study
        For the common agenda, and the measures' units.
    measures : pandas.DataFrame
        Table `measures` of the run.
    """
    agenda = study.settings.agenda
    if agenda is None or not agenda.goals:
        return Statement(
            "The coalition has not written down its goals yet",
            lines=("Write them under `agenda` in study.yaml, each with the measure that tells whether it is met.",),
        )
    known = measures[measures["segment"] == "all"].set_index("measure_id")
    units = study.tables["measures"].set_index("measure_id")["unit"]
    rows = []
    for goal in agenda.goals:
        row = {"goal": goal.text, "today": None, "aim": None}
        if goal.measure_id in known.index:
            figures, unit = known.loc[goal.measure_id], units[goal.measure_id]
            row |= {"today": _in_unit(figures["latest"], unit), "aim": _in_unit(figures["target"], unit)}
            if row["aim"] and pd.notna(figures["target_on"]):
                row["aim"] += f" by {date_words(figures['target_on'])}"
        rows.append(row)
    frame = pd.DataFrame(rows)
    n, aimed = len(frame), int(frame["aim"].notna().sum())
    title = f"The coalition has {how_many(n, 'goal', 'goals')}, "
    if n == 1:
        title += "with a target to check it by" if aimed else "without a target to check it by"
    elif aimed == n:
        title += f"{'both' if n == 2 else 'each'} with a target to check it by"
    else:
        title += f"{spelled(aimed)} of them with a target to check it by"
    return Statement(title, frame, "Goals of the common agenda, and where their measures stand")


def _in_unit(value: float, unit: str) -> str | None:
    if pd.isna(value):
        return None
    if unit == "share":
        return figure_text(value, "share")
    if unit.startswith("USD"):
        return figure_text(value, "USD") + unit.removeprefix("USD")
    return f"{figure_text(value)} {unit}".strip()


def adds_up(study: Study, arithmetic: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw what the chosen projects are expected to bring to each goal, as a share of what it still needs.

    Parameters
    ----------
    study : Study
        For the common agenda and labels. Without an agenda, every measure with a target is a goal.
    arithmetic : pandas.DataFrame
        Table `agenda_arithmetic`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where there is no goal.
    """
    rows = _goal_rows(study, arithmetic)
    if not len(rows):
        return None
    shares = rows[["low", "mid", "high"]].div(rows["needed"], axis=0).where(rows["verdict"].ne("met"))
    known = shares["mid"].notna()
    left = max(min(0.0, shares.min().min() if known.any() else 0.0), -_FARTHEST)
    right = min(max(1.3, 1.04 * shares.max().max()) if known.any() else 1.3, _FARTHEST)
    ax = new_axes(ax, height=0.85 + 0.66 * len(rows))
    y = np.arange(len(rows))[::-1] - 0.12
    with style():
        across = ax.get_yaxis_transform()
        for at, name, verdict, why in zip(y, rows["name"], rows["verdict"], rows["why"], strict=True):
            ax.text(0, at + 0.42, shortened(name, 60), transform=across, va="center", fontsize=10.5, parse_math=False)
            ax.text(1.02, at, _VERDICTS[verdict], transform=across, va="center", fontsize=10.5, fontweight="bold")
            ax.text(0, at, why, transform=across, va="center", fontsize=9.5, color=COLOURS["quiet"])
        ax.vlines(np.ones(known.sum()), y[known] - 0.22, y[known] + 0.22, color=COLOURS["ink"], linewidth=1.5)
        for at, share, verdict in zip(y[known], shares[known].itertuples(), rows["verdict"][known], strict=True):
            colour = COLOURS[_VERDICT_COLOURS.get(verdict, "quiet")]
            low, high = (share.mid if pd.isna(v) else v for v in (share.low, share.high))
            ax.plot(np.clip([low, high], left, right), [at, at], color=colour, linewidth=4, solid_capstyle="butt")
            for end, beyond, mark in ((left, low < left, "<"), (right, high > right, ">")):
                if beyond:
                    ax.plot(end, at, mark, color=colour, markersize=8, clip_on=False)
            if left <= share.mid <= right:
                ax.plot(share.mid, at, "o", color=colour, markersize=9, markeredgecolor=COLOURS["paper"])
        ax.set_xlim(left, right)
        ax.set_ylim(-0.5, len(rows) - 0.4)
        ax.yaxis.set_visible(False)
        ax.spines["left"].set_visible(False)
        ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f}%")
        ax.set_xlabel("Percent of what is still needed; dot: expected, line: least to most")
    alt = "What the chosen projects bring, as percent of what each goal still needs: " + "; ".join(
        f"{shortened(name, 80)}, "
        + (f"{_range(s.low, s.mid, s.high)}, {_VERDICTS[v]}" if pd.notna(s.mid) else why or _VERDICTS[v])
        for name, s, v, why in zip(rows["name"], shares.itertuples(), rows["verdict"], rows["why"], strict=True)
    )  # fmt: skip
    agreed = study.settings.agenda is not None and len(study.settings.agenda.goals) > 0
    words = ("goal", "goals") if agreed else ("measure with a target", "measures with a target")
    return finding(ax, _sum_sentence(rows["verdict"], *words), alt=f"{alt}. Strokes mark 100%.")


def _goal_rows(study: Study, arithmetic: pd.DataFrame) -> pd.DataFrame:
    """One row a goal: name, the arithmetic of the portfolio by value, and why a verdict has no interval."""
    figures = _by_value(arithmetic).set_index("measure_id")
    names = study.labels["measure_id"]
    agenda = study.settings.agenda
    if agenda is not None and agenda.goals:
        wanted = [(g.measure_id, g.text) for g in agenda.goals]
    else:
        wanted = [(m, m) for m in figures.index[figures["target"].notna()]]
    there = [m in figures.index for m, _ in wanted]
    rows = figures.reindex([m if known else None for (m, _), known in zip(wanted, there, strict=True)])
    rows["name"] = [names.get(m, t) if known else t for (m, t), known in zip(wanted, there, strict=True)]
    rows["verdict"] = rows["verdict"].fillna("unknown")
    rows["why"] = np.select(
        [
            ~np.array(there, dtype=bool),
            rows["verdict"] == "met",
            rows["target"].isna(),
            rows["needed"].isna(),
            rows["mid"].isna(),
        ],
        ["there is no figure to tell by", "nothing more is needed", "it has no target", "it has no figure yet",
         "no chosen project says what it would change"],
        "",
    )  # fmt: skip
    return rows.reset_index(drop=True)


def _by_value(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the portfolio of highest value, or of the first rule where there is none such."""
    rules = frame["rule"].unique()
    return frame[frame["rule"] == ("value" if "value" in rules else min(rules, default=""))]


def _range(low: float, mid: float, high: float) -> str:
    ends = ["not given" if pd.isna(v) else f"{100 * v:.0f}%" for v in (low, mid, high)]
    return f"{ends[1]} ({ends[0]} to {ends[2]})".replace("-", "−")


def _sum_sentence(verdicts: pd.Series, one: str, many: str) -> str:
    n, total = verdicts.value_counts(), len(verdicts)
    if total == 1:
        return {
            "enough": f"The chosen projects are enough for the one {one}",
            "likely": f"The chosen projects are likely to be enough for the one {one}",
            "stretch": f"The chosen projects are enough for the one {one} only if all goes as well as it can",
            "short": f"The chosen projects are too little for the one {one}",
            "met": f"The one {one} is met already",
            "unknown": f"Nobody can say yet whether the chosen projects are enough for the one {one}",
        }[verdicts.iloc[0]]
    if n.get("unknown", 0) == total:
        return f"Nobody can say yet whether the chosen projects are enough for any of {spelled(total)} {many}"
    if n.get("met", 0) == total:
        return f"{'Both' if total == 2 else f'All {spelled(total)}'} {many} are met already"
    enough = n.get("enough", 0)
    whole = "both" if total == 2 else f"all {spelled(total)}"
    sentence = "The chosen projects are enough for "
    sentence += f"{whole} {many}" if enough == total else f"{spelled(enough)} of {spelled(total)} {many}"
    said = {"likely": "likely for", "stretch": "a stretch for", "short": "too little for"}
    sentence += "".join(f", {words} {spelled(n[v])}" for v, words in said.items() if v in n)
    if "met" in n:
        sentence += f"; {spelled(n['met'])} {'is' if n['met'] == 1 else 'are'} met already"
    if "unknown" in n:
        sentence += f"; for {spelled(n['unknown'])} nobody can say yet"
    return sentence


def portfolio(study: Study, portfolio: pd.DataFrame) -> Statement:
    """Say which projects are chosen under the budget, and why the others are left out.

    Parameters
    ----------
    study : Study
        For the budget and labels.
    portfolio : pandas.DataFrame
        Table `portfolio`.
    """
    rows = _by_value(portfolio)
    chosen = rows["chosen"].fillna(False).astype(bool)
    rows = rows.assign(chosen=chosen).sort_values(
        ["chosen", "value", "project_id"], ascending=[False, False, True], na_position="last"
    )
    n, total = int(chosen.sum()), len(rows)
    budget = study.settings.budget
    under = f"the budget of {amount(budget)}" if budget is not None else "the budget"
    cost = rows.loc[rows["chosen"], "cost"].sum()
    counted = how_many(n, "project", "projects", of=total)
    if rows["value"].isna().all():
        title = (
            "No project can be chosen yet: none has a score, since criteria, scores or partners’ weights are missing"
        )
    elif n == 0:
        title = f"{counted.capitalize()} can be chosen under {under}"
    else:
        title = f"{counted.capitalize()} {'is' if n == 1 else 'are'} chosen, for {amount(cost)} of {under}"
    told = np.where(rows["chosen"], "Chosen. ", "Left out. ") + rows["why"].fillna("").astype("str")
    left = budget - cost if budget is not None and 0 < n < total else 0.0
    return Statement(
        title, rows[["project_id", "cost"]].assign(why=told.str.strip()),
        "Chosen projects first, by the value that they add; then those left out",
        (f"{amount(left)} of the budget would remain.",) if left > 0 else (),
    )  # fmt: skip


# --- the order, and how sure it is -----------------------------------------------------------------------------------


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
    names = [*_names(study, "project_id", shown["project_id"]), *_names(study, "project_id", left_out["project_id"])]
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
        ax.set_yticks(y, [_lines(n, 30) for n in names], fontsize=9, parse_math=False)
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
    names = [f"‘{n}’" for n in _names(study, "project_id", first["project_id"], 80)]
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
    top = _names(study, "project_id", rows["project_id"].head(1), 80)[0]
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
    names = _names(study, "project_id", shown.index)
    ax = new_axes(ax, height=1.85 + 0.37 * len(shown))
    with style():
        _cells(ax, classes, shown.map(lambda v: f"{v:.0f}" if pd.notna(v) else ""))
        ax.xaxis.tick_top()
        partners = [_lines(n, 22) for n in _names(study, "partner_id", shown.columns)]
        ax.set_xticks(np.arange(shown.shape[1]) + 0.5, partners, rotation=90, fontsize=8.5, color=COLOURS["ink"],
                      linespacing=0.95, parse_math=False)  # fmt: skip
        ax.tick_params(length=0)
        ax.set_yticks(np.arange(len(shown)) + 0.5, [_lines(n, 30) for n in names], fontsize=9, rotation=0,
                      parse_math=False)  # fmt: skip
        ax.set_xlabel("Rank by each partner’s own weights; strongest colour: its first three", loc="right")
    apart = order.index[0]
    told = f"‘{_names(study, 'project_id', [apart], 80)[0]}’"
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
    names = _names(study, "project_id", shown.index)
    ax = new_axes(ax, height=0.95 + 0.37 * len(shown))
    with style():
        _cells(ax, classes.where(shown > 0), shown.map(lambda v: f"{100 * v:.0f}" if v >= 0.005 else ""))
        ax.set_xticks(np.arange(shown.shape[1]) + 0.5, [f"{r:.0f}" for r in shown.columns])
        ax.tick_params(length=0)
        ax.set_yticks(np.arange(len(shown)) + 0.5, [_lines(n, 30) for n in names], fontsize=9, rotation=0,
                      parse_math=False)  # fmt: skip
        ax.set_xlabel("Rank; in the cells, percent of all possible weights", loc="right")
    can = shares[1][shares[1] > 0].sort_values(ascending=False, kind="stable")
    told = [f"‘{n}’ ({percent(p)})" for n, p in zip(_names(study, "project_id", can.index, 44), can, strict=True)]
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


def _cells(ax: Axes, classes: pd.DataFrame, texts: pd.DataFrame) -> None:
    """Draw a table of cells in up to three classes, with their texts; a missing one stays empty."""
    import seaborn as sns
    from matplotlib.colors import ListedColormap

    sns.heatmap(classes.astype("float64"), cmap=ListedColormap(_CLASS_COLOURS), vmin=-0.5, vmax=2.5, cbar=False,
                linewidths=1, linecolor=COLOURS["paper"], xticklabels=False, yticklabels=False, ax=ax)  # fmt: skip
    for (i, j), k in np.ndenumerate(classes.to_numpy(dtype="float64")):
        if not np.isnan(k):
            ax.text(j + 0.5, i + 0.5, texts.iloc[i, j], ha="center", va="center", fontsize=9, color=_CLASS_INKS[int(k)])
    ax.set_xlabel("")
    ax.set_ylabel("")


# --- who works on what -----------------------------------------------------------------------------------------------


def what_works(study: Study, what_works: pd.DataFrame, initiatives: pd.DataFrame) -> Statement | None:
    """Sort what is under way by what its evidence and its scalability call for.

    Parameters
    ----------
    study : Study
        For labels and the day that the study is as of.
    what_works : pandas.DataFrame
        Table `what_works`.
    initiatives : pandas.DataFrame
        The study's table of initiatives: those that have ended, or not begun, are left out.

    Returns
    -------
    Statement or None
        None where nothing is under way.
    """
    today = pd.Timestamp(study.settings.as_of)
    over = initiatives["ends_on"] < today
    off = initiatives.loc[over | (initiatives["started_on"] > today), "initiative_id"]
    rows = what_works[~what_works["initiative_id"].isin(off)]
    if not len(rows):
        return None
    rows = rows.assign(
        initiatives=_names(study, "initiative_id", rows["initiative_id"], 200),
        place=rows["quadrant"].map({q: i for i, q in enumerate(_QUADRANTS)}).fillna(len(_QUADRANTS)),
    )
    grown = rows.loc[rows["quadrant"] == "scale-now", "initiatives"]
    counted = how_many(len(grown), "initiative", "initiatives", of=len(rows))
    title = f"{counted.capitalize()} under way {'is' if len(grown) < 2 else 'are'} ready to grow"
    if len(grown):
        title += f": {listing([f'‘{shortened(n, 80)}’' for n in grown])}"
    elif rows["quadrant"].isna().all():
        title = (
            f"Whether {'the initiative' if len(rows) == 1 else 'initiatives'} under way should grow is not rated yet"
        )
    frame = (
        rows.groupby(["place", "next_step"], sort=True)["initiatives"]
        .agg("; ".join)
        .reset_index()[["initiatives", "next_step"]]
    )
    ended = _names(study, "initiative_id", initiatives.loc[over, "initiative_id"], 80)
    return Statement(
        title, frame, "What evidence and scalability call for (each 1 to 5; 4 or 5 is high)",
        (f"Ended, and not listed: {listing(ended, most=9)}.",) if len(ended) else (),
    )  # fmt: skip


def who_works_on_what(study: Study, activities: pd.DataFrame, *, ax: Axes | None = None, most: int = 30) -> Axes | None:
    """Draw which partner works on which lever, under way and proposed.

    Parameters
    ----------
    study : Study
        For labels and the order of levers.
    activities : pandas.DataFrame
        Table `activities`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many partners: those with the most work under way.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no partner works on anything.
    """
    rows = activities.dropna(subset=["partner_id"])
    if not len(rows):
        return None
    levers = [x.lever for x in study.profile.levers if x.lever in set(activities["lever"])]
    work = rows.groupby("partner_id")[["initiatives", "projects"]].sum()
    work["name"] = _names(study, "partner_id", work.index)
    work = work.sort_values(["initiatives", "projects", "name"], ascending=[False, False, True]).head(most)
    rows = rows[rows["partner_id"].isin(work.index)].sort_values(["partner_id", "lever"])
    y = rows["partner_id"].map({p: len(work) - 1 - i for i, p in enumerate(work.index)})
    x = rows["lever"].map({lever: i for i, lever in enumerate(levers)})
    active = rows["initiatives"] > 0
    ax = new_axes(ax, height=1.6 + 0.32 * len(work))
    with style():
        ax.plot(x[active], y[active], "s", color=COLOURS["one"], markersize=9, label="under way", zorder=3)
        ax.plot(x[~active], y[~active], "o", markerfacecolor=COLOURS["paper"], markeredgecolor=COLOURS["two"],
                markeredgewidth=1.6, markersize=7, label="proposed only", zorder=3)  # fmt: skip
        ax.set_xlim(-0.5, len(levers) - 0.5)
        ax.set_ylim(-0.6, len(work) - 0.4)
        ax.xaxis.tick_top()
        ax.set_xticks(range(len(levers)), [_lines(n, 16) for n in _names(study, "lever", levers)], rotation=90,
                      fontsize=9, color=COLOURS["ink"], parse_math=False)  # fmt: skip
        ax.set_yticks(range(len(work)), [_lines(n, 28) for n in work["name"]][::-1], fontsize=9, parse_math=False)
        ax.tick_params(length=0)
        ax.grid()
        ax.set_axisbelow(True)
        for side in ("left", "bottom"):
            ax.spines[side].set_visible(False)
        ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.35, 0), ncols=2)
    there = activities.dropna(subset=["partner_id"])
    busy = (there["initiatives"] > 0).groupby(there["lever"])
    counts = pd.DataFrame({"active": busy.sum(), "all": busy.size()}).reindex(levers, fill_value=0)
    parts = [
        f"{name}, {how_many(n, 'partner', 'partners')} with work under way and {spelled(whole - n)} with proposals only"
        for name, n, whole in zip(_names(study, "lever", levers), counts["active"], counts["all"], strict=True)
    ]
    alt = "Partners by the lever that they work on: " + "; ".join(parts) + "."
    return finding(ax, _work_sentence(study, activities, levers), alt=alt)


def _work_sentence(study: Study, activities: pd.DataFrame, levers: list[str]) -> str:
    active = activities[(activities["initiatives"] > 0) & activities["partner_id"].notna()]
    counts = active["lever"].value_counts().reindex(levers, fill_value=0)
    idle = [n.lower() for n in _names(study, "lever", counts.index[counts == 0])]
    if len(idle) == len(levers):
        return "Nothing is under way on any lever yet; there are only proposals"
    if idle:
        sentence = f"Nothing under way works on {listing(idle)}"
    else:
        sentence = "Something is under way on every lever" if len(levers) > 1 else "Something is under way"
    n = counts.max()
    if n < 2:
        return f"{sentence}; no two partners work on the same lever"
    top = [name.lower() for name in _names(study, "lever", counts.index[counts == n])]
    each, have = (" each", "have") if len(top) > 1 else ("", "has")
    return f"{sentence}; {listing(top)} {have} the most partners, {spelled(n)}{each}"


def joint_work(study: Study, projects: pd.DataFrame, partners: pd.DataFrame) -> Statement:
    """Say which projects no one could do alone, and which stay within one sector or one organisation.

    Parameters
    ----------
    study : Study
        For labels.
    projects, partners : pandas.DataFrame
        The study's tables.
    """
    leads = projects.rename(columns={"lead": "partner_id"})[["project_id", "partner_id"]]
    others = listed(projects[["project_id", "partners"]], "partners").rename(columns={"partners": "partner_id"})
    joined = pd.concat([leads, others]).drop_duplicates().merge(partners, on="partner_id")
    joined["sector"] = joined["sector"].map(lambda s: study.labels["sector"].get(s, s))
    by_sector = joined.groupby(["project_id", "sector"], sort=False).size().rename("n").reset_index()
    by_sector["sectors"] = by_sector["sector"] + by_sector["n"].map(lambda n: f" ({n})" if n > 1 else "")
    together = by_sector.groupby("project_id")["sectors"]
    rows = projects[["project_id", "why_joint"]].set_index("project_id")
    rows["sectors"] = together.agg("; ".join)
    rows["n_sectors"] = together.size().reindex(rows.index, fill_value=0)
    rows["n_names"] = joined.groupby("project_id").size().reindex(rows.index, fill_value=0)
    rows = rows.reset_index().sort_values(["n_sectors", "n_names", "project_id"])
    few = rows[rows["n_sectors"] < 2]
    alone = int((few["n_names"] < 2).sum())
    n, total = len(few), len(rows)
    if n == 0:
        counted = how_many(total, "project", "projects", of=total)
        title = f"{counted.capitalize()} {'joins' if total == 1 else 'join'} partners of two sectors or more"
    else:
        counted = how_many(n, "project", "projects", of=total)
        told = listing([f"‘{p}’" for p in _names(study, "project_id", few["project_id"], 80)])
        title = f"{counted.capitalize()} {'stays' if n == 1 else 'stay'} within one sector: {told}"
        if alone:
            title += (
                ", the work of a single organisation"
                if n == 1
                else f"; {spelled(alone)} {'is' if alone == 1 else 'are'} the work of a single organisation"
            )
    silent = int(projects["why_joint"].isna().sum())
    counted = how_many(silent, "project", "projects", of=total)
    return Statement(
        title, rows[["project_id", "why_joint", "sectors"]],
        "Why it takes several, and whose partners they are; the fewest sectors first",
        (f"For {counted} nobody has written down why it takes several.",) if silent else (),
    )  # fmt: skip


# --- names -----------------------------------------------------------------------------------------------------------


def _names(study: Study, column: str, identifiers: object, most: int = 120) -> list[str]:
    labels = study.labels[column]
    return [shortened(str(labels.get(i, i)), most) for i in identifiers]  # type: ignore[attr-defined]  # any sequence


def _lines(text: str, width: int) -> str:
    """Return a name on two lines at most, for an axis."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…"))
