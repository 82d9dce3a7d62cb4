"""What the coalition wants, and whether the chosen projects add up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.strategy.said import by_value, names_of
from ci_analysis.figures.words import date_words, figure_text, how_many, listing, shortened, spelled
from ci_analysis.strategy import agenda_arithmetic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["adds_up", "claims", "goals"]

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
#: Shares of what is needed beyond this are drawn as an arrow.
_FARTHEST = 3.0


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
    notes = [*_still_lacking(study, rows), *_by_the_other_rule(arithmetic, rows, words)]
    return finding(ax, _sum_sentence(rows["verdict"], *words), alt=f"{alt}. Strokes mark 100%.", notes=notes)


def _goal_rows(study: Study, arithmetic: pd.DataFrame) -> pd.DataFrame:
    """One row a goal: name, the arithmetic of the portfolio by value, and why a verdict has no interval."""
    figures = by_value(arithmetic).set_index("measure_id")
    names = study.labels["measure_id"]
    agenda = study.settings.agenda
    if agenda is not None and agenda.goals:
        wanted = [(g.measure_id, g.text) for g in agenda.goals]
    else:
        wanted = [(m, m) for m in figures.index[figures["target"].notna()]]
    there = [m in figures.index for m, _ in wanted]
    rows = figures.reindex([m if known else None for (m, _), known in zip(wanted, there, strict=True)])
    rows["measure_id"] = rows.index
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


def _still_lacking(study: Study, rows: pd.DataFrame) -> list[str]:
    """Say of each goal for which the projects may be too little how much more would be enough."""
    units = study.tables["measures"].set_index("measure_id")["unit"]
    said = []
    for row in rows.itertuples():
        if row.verdict in ("enough", "met") or pd.isna(row.needed):
            continue
        unit, name = units.get(row.measure_id, ""), shortened(row.name, 80)
        # In the direction that helps; what is needed is then above zero.
        needed, low, mid = abs(row.needed), *(v * np.sign(row.needed) for v in (row.low, row.mid))
        whole = _change(needed, unit)
        if pd.isna(mid):
            said.append(f"{name}: {whole} still needed, and no chosen project says what it would bring.")
        elif mid <= 0:
            said.append(f"{name}: {whole} still needed, and the chosen projects are not expected to bring any of it.")
        elif row.verdict == "likely":
            least = (
                "how little it could be is not said"
                if pd.isna(low)
                else f"at the least {_change(max(low, 0), unit, bare=True)} would come, and "
                f"{_change(needed - max(low, 0), unit, bare=True)} more would make it sure"
            )
            said.append(f"{name}: the {whole} still needed can be expected; {least}.")
        else:
            are = "are" if unit and unit != "share" and not unit.startswith("USD") and round(mid) != 1 else "is"
            part, more = (_change(v, unit, bare=True) for v in (mid, needed - mid))
            said.append(f"{name}: {part} of the {whole} still needed {are} expected; {more} more would be enough.")
    return said


def _change(value: float, unit: str, *, bare: bool = False) -> str:
    """Return how much a measure is to change, with its unit or, where that was said already, without it."""
    if unit == "share":
        return f"{figure_text(100 * value)}{'' if bare else ' percentage points'}"
    if bare:
        return figure_text(value, "USD" if unit.startswith("USD") else "")
    return _in_unit(value, unit) or ""


def _signed(value: float, unit: str) -> str | None:
    return None if pd.isna(value) else f"{'−' if value < 0 else ''}{_change(abs(value), unit)}"


def _by_the_other_rule(arithmetic: pd.DataFrame, rows: pd.DataFrame, words: tuple[str, str]) -> list[str]:
    """Say where the projects chosen by equal shares would get another verdict."""
    other = arithmetic[arithmetic["rule"] == "equal-shares"].set_index("measure_id")["verdict"]
    if not len(other) or set(by_value(arithmetic)["rule"]) == {"equal-shares"}:
        return []
    verdicts = rows["measure_id"].map(other)
    differs = verdicts.notna() & (verdicts != rows["verdict"])
    if not differs.any():
        return ["Chosen by equal shares in place of the highest value, the projects would get the same verdicts."]
    told = [
        f"‘{shortened(name, 80)}’, {_VERDICTS[new]} instead of {_VERDICTS[old]}"
        for name, new, old in zip(rows["name"][differs], verdicts[differs], rows["verdict"][differs], strict=True)
    ]
    counted = how_many(differs.sum(), *words)
    return [
        f"Chosen by equal shares in place of the highest value, the projects would get another verdict for {counted}: "
        f"{'; '.join(told)}."
    ]


def claims(
    study: Study, arithmetic: pd.DataFrame, shared: pd.DataFrame, portfolio: pd.DataFrame, effects: pd.DataFrame
) -> Statement:
    """Say which chosen projects claim the same people for one measure, and how far the sum could fall for it.

    Parameters
    ----------
    study : Study
        For labels, and the measures' units and directions.
    arithmetic, shared, portfolio : pandas.DataFrame
        Tables `agenda_arithmetic`, `shared_claims` and `portfolio`.
    effects : pandas.DataFrame
        The study's table.
    """
    rows = by_value(arithmetic)
    rule = rows["rule"].min()
    pairs = shared[(shared["rule"] == rule) & shared["measure_id"].isin(rows["measure_id"])]
    if not len(pairs):
        return Statement("No two chosen projects claim the same people for one measure, so that their effects add up")
    measures = study.tables["measures"]
    measures = measures[measures["measure_id"].isin(rows["measure_id"])]
    least = agenda_arithmetic(effects, portfolio[portfolio["rule"] == rule], measures, rows, shared=pairs)
    least, rows = least.set_index("measure_id"), rows.set_index("measure_id")
    units = measures.set_index("measure_id")["unit"]
    ones = [pairs[["measure_id", c]].set_axis(["measure_id", "project_id"], axis=1) for c in ("project_a", "project_b")]
    who = pd.concat(ones).drop_duplicates().sort_values(["measure_id", "project_id"]).groupby("measure_id")
    said = []
    for measure, projects in who["project_id"]:
        both = [frame.loc[measure] for frame in (rows, least)]
        now, then = (_VERDICTS[b["verdict"]] for b in both)
        said.append(
            {
                "measure_id": measure,
                "projects": "; ".join(names_of(study, "project_id", projects)),
                "all added up": _signed(both[0]["mid"], units.get(measure, "")),
                "the largest alone": _signed(both[1]["mid"], units.get(measure, "")),
                "verdict": now if now == then else f"{now}; with the largest alone {then}",
                "changes": now != then,
            }
        )
    frame = pd.DataFrame(said)
    changing = names_of(study, "measure_id", frame.loc[frame["changes"], "measure_id"], 80)
    title = f"Chosen projects claim the same people for {how_many(len(frame), 'measure', 'measures')}"
    if changing:
        title += (
            f"; were they to help the same ones, the verdict would fall for {listing([f'‘{n}’' for n in changing])}"
        )
    else:
        title += "; even were they to help the same ones, no verdict would change"
    return Statement(
        title, frame.drop(columns="changes"),
        "Projects of the same segment and areas for one measure, and what they are expected to change together",
        (
            "The largest alone: of projects that claim the same people only the one that helps most is counted. What "
            "they change together lies between the two sums.",
        ),
    )  # fmt: skip


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
