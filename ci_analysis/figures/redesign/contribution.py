"""Contribution, not attribution: what a measure did beside what it would have done, by three methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.redesign.said import fitted, in_unit, period_words, unit_words
from ci_analysis.figures.words import date_words, how_many, inside, listing, shortened
from ci_analysis.tables import period_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["beside_others", "contribution"]

_METHODS = {
    "interrupted-series": ("its own trend carried on", "interrupted time series"),
    "difference-in-differences": ("the mean of the others", "difference in differences"),
    "synthetic-control": ("a mix of others that was like it", "synthetic control"),
}
_LINES = {"trend": ("interrupted-series", "two", (0, (5, 2))), "others": ("difference-in-differences", "three", "-"),
          "synthetic": ("synthetic-control", "four", (0, (1, 1.5)))}  # fmt: skip
_NOT_CAUSE = "This is contribution, not attribution: none of the methods shows that the work caused the change."


def beside_others(
    study: Study, contribution_series: pd.DataFrame, contribution: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | None:
    """Draw each measure beside what each method takes for it without the work.

    Parameters
    ----------
    study : Study
        For labels and units.
    contribution_series, contribution : pandas.DataFrame
        Tables of those names.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes or None
        None where no measure has a series to compare.
    """
    about = study.tables["measures"].set_index("measure_id")
    values = ["value", *_LINES]
    rows = contribution_series[contribution_series["value"].notna()]
    ids = list(dict.fromkeys(rows["measure_id"]))
    if not ids:
        return None
    days = contribution.drop_duplicates("measure_id").set_index("measure_id")["changed_on"]
    cell, legend = 2.3, 0.75
    height = legend + cell * len(ids)
    ax = new_axes(ax, height=height)
    texts = []
    with style():
        ax.set_axis_off()
        for k, measure in enumerate(ids):
            of = rows[rows["measure_id"] == measure]
            of = of.assign(on=period_end(of["period"])).sort_values("on").astype(dict.fromkeys(values, float))
            unit, frequency = str(about.loc[measure, "unit"]), about.loc[measure, "frequency"]
            panel = ax.inset_axes((0.1, 1 - (legend + cell * (k + 1) - 0.35) / height, 0.86, (cell - 0.85) / height))
            x = (of["on"] - of["on"].iloc[0]).dt.days.to_numpy()
            panel.plot(x, of["value"], "o-", color=COLOURS["one"], markersize=4, label="with the work")
            for column, (method, colour, dashes) in _LINES.items():
                if of[column].notna().any():
                    panel.plot(x, of[column], color=COLOURS[colour], linestyle=dashes, label=_METHODS[method][0])
            began = (pd.Timestamp(days[measure]) - of["on"].iloc[0]).days
            panel.axvline(began, color=COLOURS["quiet"], linewidth=1)
            panel.annotate("work begins", (began, 1), xycoords=("data", "axes fraction"), xytext=(4, -2),
                           textcoords="offset points", va="top", fontsize=9, color=COLOURS["quiet"])  # fmt: skip
            panel.set_xticks([x[0], x[-1]], [period_words(d, frequency) for d in of["on"].iloc[[0, -1]]])
            panel.locator_params(axis="y", nbins=4)
            panel.yaxis.set_major_formatter(lambda v, _, u=unit: in_unit(v, u))
            panel.tick_params(labelsize=9)
            name = study.labels["measure_id"].get(measure, measure)
            panel.set_title(
                fitted(name + f" ({unit})", 380, bold=True), fontsize=9, fontweight="bold", parse_math=False
            )
            texts.append(_series_words(name, unit, of, began))
        handles, labels = panel.get_legend_handles_labels()
        ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9,
                  borderaxespad=0)  # fmt: skip
    return finding(ax, _title(study, contribution), alt=" ".join(texts), notes=[_NOT_CAUSE])


def _series_words(name: str, unit: str, of: pd.DataFrame, began: int) -> str:
    since = of[(of["on"] - of["on"].iloc[0]).dt.days >= began]
    said = f"{name}: {in_unit(of['value'].iloc[0], unit)} at first, {in_unit(of['value'].iloc[-1], unit)} at last"
    parts = [
        f"{_METHODS[method][0]} {in_unit(since[column].mean(), unit)}"
        for column, (method, _, _) in _LINES.items()
        if since[column].notna().any()
    ]
    return f"{said}; since the work began, on average {in_unit(since['value'].mean(), unit)}, beside {listing(parts)}."


def contribution(study: Study, contribution: pd.DataFrame) -> Statement:
    """Set three methods side by side: by how much each measure differs from what it would have been.

    Parameters
    ----------
    study : Study
        For labels and units.
    contribution : pandas.DataFrame
        Table `contribution`.
    """
    unit = contribution["measure_id"].map(study.tables["measures"].set_index("measure_id")["unit"]).fillna("")
    frame = pd.DataFrame(
        {
            "Measure": [study.labels["measure_id"].get(m, m) for m in contribution["measure_id"]],
            "Compared with": [_METHODS[m][0] for m in contribution["method"]],
            "Difference": [_difference(v, u) for v, u in zip(contribution["estimate"], unit, strict=True)],
            "90% range": [
                "none" if pd.isna(a) else f"{_signed(a, u)} to {_signed(b, u)}"
                for a, b, u in zip(contribution["low"], contribution["high"], unit, strict=True)
            ],
            "Rests on": contribution["why"],
            "Method": [_METHODS[m][1] for m in contribution["method"]],
        }
    )
    lines = [_NOT_CAUSE]
    days = contribution.dropna(subset=["changed_on"]).drop_duplicates("measure_id")
    for measure, day in zip(days["measure_id"], days["changed_on"], strict=True):
        name = shortened(study.labels["measure_id"].get(measure, measure), 90)
        lines.append(f"{name}: the work began on {date_words(day)}.")
    return Statement(_apart(study, contribution), frame, "What each method finds", tuple(lines))


def _apart(study: Study, contribution: pd.DataFrame) -> str:
    """Say how far the methods' estimates of the first measure lie apart."""
    known = contribution[contribution["estimate"].notna()]
    of = known[known["measure_id"] == known["measure_id"].iloc[0]] if len(known) else known
    if len(of) < 2:
        return _title(study, contribution)
    measure = of["measure_id"].iloc[0]
    unit = str(study.tables["measures"].set_index("measure_id")["unit"].get(measure, ""))
    name = inside(shortened(study.labels["measure_id"].get(measure, measure), 90))
    low, high = of["estimate"].min(), of["estimate"].max()
    if in_unit(low, unit) == in_unit(high, unit):
        return f"On {name}, the methods agree: {_difference(high, unit)}"
    return f"The methods differ on {name}: {_signed(low, unit)} by one, {_difference(high, unit)} by another"


def _signed(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:+.1f} points".replace("-", "−")
    text = in_unit(abs(value), unit)
    return f"{'−' if value < 0 else '+'}{text}"


def _difference(value: float, unit: str) -> str:
    return "no estimate" if pd.isna(value) else _signed(value, unit) + unit_words(unit)


def _title(study: Study, contribution: pd.DataFrame) -> str:
    """Say of the first measure whether the methods agree, and of how many others there is something to say."""
    known = contribution[contribution["estimate"].notna()]
    if known.empty:
        n = contribution["measure_id"].nunique()
        return f"No method can tell yet what {how_many(n, 'measure', 'measures')} would have been without the work"
    measure = known["measure_id"].iloc[0]
    of = known[known["measure_id"] == measure]
    unit = str(study.tables["measures"].set_index("measure_id")["unit"].get(measure, ""))
    name = inside(shortened(study.labels["measure_id"].get(measure, measure), 90))
    sides = np.sign(of["estimate"].round(12))
    clear = int(((of["low"] > 0) | (of["high"] < 0)).sum())
    n = len(of)
    low, high = of["estimate"].abs().min(), of["estimate"].abs().max()
    if n == 1:
        way = "above" if sides.iloc[0] > 0 else "below"
        text = f"By the one method that can tell, {name} is {in_unit(high, unit)} {way} what it would have been"
    elif sides.iloc[0] and (sides == sides.iloc[0]).all():
        way = "above" if sides.iloc[0] > 0 else "below"
        lead = "Both methods" if n == 2 else f"All {n} methods"
        size = in_unit(low, unit) if in_unit(low, unit) == in_unit(high, unit) else (
            f"{in_unit(low, unit)} to {in_unit(high, unit)}"
        )  # fmt: skip
        text = f"{lead} put {name} {way} what it would have been, by {size}"
    else:
        text = f"The methods disagree whether {name} is above or below what it would have been"
    ranged = int(of["low"].notna().sum())
    if ranged:
        leaves = "leaves" if clear <= 1 else "leave"
        text += f"; {how_many(clear, 'range', 'ranges', of=ranged)} {leaves} out no difference"
    others = contribution["measure_id"].nunique() - 1
    return text + (f" ({how_many(others, 'more measure', 'more measures')} below)" if others else "")
