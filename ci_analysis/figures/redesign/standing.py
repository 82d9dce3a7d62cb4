"""Where the shared measures stand: baseline, latest figure, target, and the way between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.redesign.said import (
    STATUS,
    days_in_words,
    fitted,
    in_unit,
    in_units,
    measure_rows,
    what_is_made_up,
)
from ci_analysis.figures.words import figure_text, how_many, listing, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["all_measures", "targets"]

_CHANGE = {
    "target-met": "target met",
    "improving": "better",
    "little-or-no-change": "little or none",
    "getting-worse": "worse",
}


#: What stands behind the name of a measure that is made up for teaching, and what it means.
_MADE_UP = {"*": "* made up for teaching", "†": "† the target made up"}


#: How far from the baseline the way to the target is drawn, in percent; what lies beyond is an arrow.
_WAY = (-100.0, 150.0)


def targets(study: Study, measures: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw the share of the way from baseline to target of each measure that has one, and what is projected.

    Parameters
    ----------
    study : Study
        For labels, units and the targets of what is withheld.
    measures : pandas.DataFrame
        Table `measures`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no measure has a target.
    """
    rows = measure_rows(study, measures)
    rows = rows[(rows["segment"] == "all") & (rows["state"] != "no-target")]
    if not len(rows):
        return None
    made = what_is_made_up(study).reindex(rows["measure_id"])
    rows = rows.assign(made=np.select([made["figures"], made["target"]], ["*", "†"], ""))
    # Without a figure there is no way gone: such measures come last.
    rows = rows.sort_values(["progress", "measure_id"], ascending=[False, True], na_position="last")
    way = rows["target"] - rows["baseline"]
    way = way.where(rows["progress"].notna())
    share = {
        c: (100 * (rows[c] - rows["baseline"]) / way).to_numpy(dtype=float)
        for c in ("projected", "projected_low", "projected_high")
    }
    low, high = np.fmin(share["projected_low"], share["projected_high"]), np.fmax(
        share["projected_low"], share["projected_high"]
    )  # fmt: skip
    known = np.concatenate([rows["progress"].dropna(), share["projected"][~np.isnan(share["projected"])], [0, 100]])
    left, right = max(_WAY[0], known.min()) - 12, min(_WAY[1], known.max()) + 12
    ax = new_axes(ax, height=0.95 + 0.52 * len(rows))
    y = np.arange(len(rows))[::-1]
    with style():
        # Lines stop short of the names.
        ax.vlines(np.zeros(len(y)), y - 0.4, y + 0.1, color=COLOURS["quiet"], linewidth=1)
        ax.vlines(np.full(len(y), 100), y - 0.4, y + 0.1, color=COLOURS["quiet"], linewidth=1, linestyle=(0, (4, 2)))
        for i, (at, row) in enumerate(zip(y, rows.itertuples(), strict=True)):
            words, colour, mark = STATUS[row.state]
            name = fitted(row.name, 322) + row.made
            ax.text(left, at + 0.28, name, va="center", fontsize=9, parse_math=False)
            ax.text(1.02, at + 0.28, words, va="center", fontsize=9, fontweight="bold", color=COLOURS[colour],
                    transform=ax.get_yaxis_transform(), parse_math=False)  # fmt: skip
            if np.isnan(row.progress):
                continue
            ax.text(1.02, at - 0.12, figure_text(row.progress, "percent"), va="center", fontsize=9,
                    transform=ax.get_yaxis_transform())  # fmt: skip
            _arrow_or(ax, row.progress, at, (left, right), mark, colour, bar=True)
            if not np.isnan(share["projected"][i]):
                ends = np.clip([low[i], high[i]], left, right)
                ax.plot(ends, [at - 0.12] * 2, color=COLOURS["ink"], linewidth=1, zorder=3)
                both = np.array([row.progress, share["projected"][i]])
                # Where both lie beyond the same edge, one arrow says so.
                if not ((both < left).all() or (both > right).all()):
                    _arrow_or(ax, share["projected"][i], at, (left, right), "D", "ink", bar=False)
        ax.set_ylim(-0.5, len(rows) - 0.35)
        ax.set_xlim(left, right)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ticks = [t for t in (-100, -50, 0, 50, 100, 150) if left <= t <= right]
        ax.set_xticks(ticks, [{0: "baseline", 100: "target"}.get(t, f"{t}%".replace("-", "−")) for t in ticks])
        marks = "; ".join(words for mark, words in _MADE_UP.items() if rows["made"].eq(mark).any())
        ax.set_xlabel(f"Share of the way from baseline to target\n{marks}".rstrip())
        so_far = Line2D([], [], color=COLOURS["quiet"], linewidth=6, alpha=0.6, label="so far")
        ahead = Line2D([], [], color=COLOURS["ink"], linewidth=1, marker="D", markersize=5,
                       markerfacecolor=COLOURS["paper"], label="projected, 80% range")  # fmt: skip
        ax.legend(handles=[so_far, ahead], loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False,
                  fontsize=9, borderaxespad=0)  # fmt: skip
    return finding(ax, _targets_title(rows["state"]), alt=_targets_alt(rows))


def _arrow_or(
    ax: Axes, value: float, at: float, ends: tuple[float, float], mark: str, colour: str, *, bar: bool
) -> None:
    """Draw a value, or an arrow at the edge that it lies beyond."""
    left, right = ends
    shown = float(np.clip(value, left + 3, right - 3))
    if shown != value:
        mark = "<" if value < shown else ">"
    if bar:
        ax.barh(at - 0.12, shown, height=0.26, color=COLOURS[colour], alpha=0.6)
    face = colour if bar else "paper"
    ax.plot([shown], [at - 0.12], mark, color=COLOURS[face], markeredgecolor=COLOURS[colour], linestyle="",
            markersize={"*": 11, "D": 5}.get(mark, 7), zorder=4)  # fmt: skip


def _targets_title(state: pd.Series) -> str:
    n, count = len(state), state.value_counts()
    met, on = int(count.get("met", 0)), int(count.get("on-track", 0))
    good = {(True, True): "met or on track", (True, False): "met"}.get((met > 0, on > 0), "on track")
    lead = how_many(met + on, "measure with a target", "measures with a target", of=n)
    title = f"{lead[:1].upper()}{lead[1:]} {'is' if met + on <= 1 else 'are'} {good}"
    rest = [
        (("off-track",), "is off track", "are off track"),
        (("no-data",), "has no figure yet", "have no figure yet"),
        (("too-few", "no-day"), "cannot be judged yet", "cannot be judged yet"),
        (("withheld",), "is withheld", "are withheld"),
    ]
    parts = [how_many(k, one, many) for s, one, many in rest if (k := int(count.reindex(list(s)).sum()))]
    return title + (f"; {listing(parts)}" if parts else "")


def _targets_alt(rows: pd.DataFrame) -> str:
    said = []
    for row in rows.itertuples():
        text = f"{row.name}: {STATUS[row.state][0]}"
        if not np.isnan(row.progress):
            latest, target = in_unit(row.latest, row.unit), in_unit(row.target, row.unit)
            text += f", {figure_text(row.progress, 'percent')} of the way, {latest} against a target of {target}"
        if pd.notna(row.projected):
            text += f", projected to be {in_unit(row.projected, row.unit)} ({in_unit(row.projected_low, row.unit)} to "
            text += f"{in_unit(row.projected_high, row.unit)})"
        text += {"*": ", made up for teaching", "†": ", with a target made up for teaching"}.get(row.made, "")
        said.append(text)
    return f"Bars from baseline to target, one a measure. {'; '.join(said)}."


def all_measures(study: Study, measures: pd.DataFrame) -> Statement:
    """Set all measures side by side: baseline, latest, target, progress, and what is made up.

    Parameters
    ----------
    study : Study
        For labels, units, and what is made up for teaching.
    measures : pandas.DataFrame
        Table `measures`.
    """
    rows = measure_rows(study, measures)
    unit, made = rows["unit"], what_is_made_up(study).reindex(rows["measure_id"])
    frame = pd.DataFrame({"Measure": rows["name"], "Baseline": in_units(rows["baseline"], unit)})
    frame["Latest"] = in_units(rows["latest"], unit, counted=True)
    frame["latest_on"] = pd.to_datetime(rows["latest_on"])
    by = days_in_words(rows["target_on"], rows["target"].notna())
    frame["Target"] = in_units(rows["target"], unit) + (" by " + by).fillna("")
    frame["progress"] = rows["progress"]
    change = rows["class"].map(_CHANGE).astype(object).where(rows["class"].notna(), None)
    frame["Change so far"] = change.mask(rows["withheld"], "withheld")
    part = rows["segment"] != "all"
    # A part of a whole is not expected to have a target of its own.
    state = rows["state"].map({k: words for k, (words, _, _) in STATUS.items()})
    frame["Status"] = state.mask(part & (rows["state"] == "no-target"), None).mask(rows["withheld"], "withheld")
    lines = ["Progress is the share of the way from the baseline to the target; below zero is away from it."]
    if made.to_numpy().any():
        only_target = (made["target"] & ~made["figures"]).to_numpy()
        words = np.where(only_target, "real, but the target is made up", "real")
        frame["Figures are"] = np.where(made["figures"], "made up for teaching", words)
        lines.append(_made_up_line(made.groupby(level=0).any()))
    without = rows.loc[(rows["state"] == "no-target") & ~part & ~rows["withheld"], "name"]
    if len(without):
        names = listing([shortened(n, 90) for n in without], most=20)
        lines.append(f"{names} {'has' if len(without) == 1 else 'have'} no target yet: set one in measures.csv.")
    caption = "All measures: from the baseline to the latest figure, and to the target"
    return Statement(_measures_title(rows[~part]), frame.reset_index(drop=True), caption, tuple(lines))


def _measures_title(rows: pd.DataFrame) -> str:
    count = rows.loc[~rows["withheld"], "class"].value_counts()
    n, better = len(rows), int(count.get("improving", 0) + count.get("target-met", 0))
    worse, little = int(count.get("getting-worse", 0)), int(count.get("little-or-no-change", 0))
    parts = [
        (better, "has become better", "have become better"),
        (worse, "has become worse", "have become worse"),
        (little, "has changed little", "have changed little"),
        (n - better - worse - little, "cannot be told yet", "cannot be told yet"),
    ]
    (k, one, many), *others = [p for p in parts if p[0]]
    lead = f"{how_many(k, 'measure', 'measures', of=n)} {one if k == 1 else many}"
    rest = [how_many(j, a, b) for j, a, b in others]
    return f"Since {'its baseline' if n == 1 else 'their baselines'}, {listing([lead, *rest])}"


def _made_up_line(made: pd.DataFrame) -> str:
    figures, target = int(made["figures"].sum()), int((made["target"] & ~made["figures"]).sum())
    said = []
    if figures:
        lead = how_many(figures, "measure", "measures", of=len(made))
        said.append(f"{lead} {'rests' if figures == 1 else 'rest'} on figures made up for teaching")
    if target:
        said.append(f"{how_many(target, 'measure', 'measures')} with real figures {'has' if target == 1 else 'have'} "
                    "a target made up for teaching")  # fmt: skip
    text = "; ".join(said) or "no figure is made up"
    return f"{text[:1].upper()}{text[1:]}."
