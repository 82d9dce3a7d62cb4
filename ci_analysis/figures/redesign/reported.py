"""Whose figures came on time, late or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, finding, new_axes, style
from ci_analysis.figures.redesign.said import fitted, period_words
from ci_analysis.figures.words import how_many, listing, spelled
from ci_analysis.tables import period_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["who_reported"]

#: Whether a figure came: mark, colour and words.
_REPORTED = {
    "on-time": ("o", "one", "on time"),
    "late": ("s", "two", "late (L)"),
    "missing": ("x", "bad", "missing"),
}


def who_reported(study: Study, reporting: pd.DataFrame, *, ax: Axes | None = None, most: int = 8) -> Axes:
    """Draw whether each partner's figures came on time, late or not, for the last periods of each measure.

    Parameters
    ----------
    study : Study
        For labels and frequencies.
    reporting : pandas.DataFrame
        Table `reporting`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int
        How many periods of each measure.
    """
    about = study.tables["measures"].set_index("measure_id")
    rows = reporting.assign(on=period_end(reporting["period"]))
    rank = rows.groupby("measure_id")["on"].rank(method="dense", ascending=False).astype(int)
    rows = rows.assign(back=rank - 1)[rank <= most]
    names, partners = study.labels["measure_id"], study.labels["partner_id"]
    lines: list[tuple[float, str, str, str]] = []  # depth, kind, measure, partner
    depth = 0.0
    for measure, of in rows.groupby("measure_id", sort=True):
        title = fitted(names.get(measure, measure), 235, bold=True, lines=2)
        depth += 0.35
        lines.append((depth + 0.5 * title.count("\n"), "measure", str(measure), title))
        depth += 1 + title.count("\n")
        for partner in sorted(of["partner_id"].unique(), key=lambda p: (str(partners.get(p, p)).casefold(), p)):
            lines.append((depth, "partner", str(measure), str(partner)))
            depth += 1
    at = {(m, p): -d for d, kind, m, p in lines if kind == "partner"}
    x = 97 - 5 * rows["back"].to_numpy()
    y = np.array([at[m, p] for m, p in zip(rows["measure_id"], rows["partner_id"], strict=True)])
    ax = new_axes(ax, height=0.5 + 0.2 * depth)
    with style():
        ax.set_axis_off()
        ax.set_xlim(0, 100)
        ax.set_ylim(-depth, 1)
        for d, kind, measure, name in lines:
            if kind == "partner":
                ax.text(1, -d, fitted(partners.get(name, name), 240), va="center", fontsize=9, parse_math=False)
                continue
            ax.text(0, -d, name, va="center", fontsize=9, fontweight="bold", parse_math=False)
            of = rows[rows["measure_id"] == measure].sort_values("on")
            ends = [period_words(day, about["frequency"].get(measure)) for day in of["on"].iloc[[0, -1]]]
            ax.text(99.5, -d, ends[1], va="center", ha="right", fontsize=9, color=COLOURS["quiet"])
            if of["back"].max() >= 3:
                ax.text(97 - 5 * of["back"].max() - 2.5, -d, ends[0], va="center", fontsize=9, color=COLOURS["quiet"])
        for kind, (mark, colour, label) in _REPORTED.items():
            of = (rows["reported"] == kind).to_numpy()
            ax.plot(x[of], y[of], mark, color=COLOURS[colour], linestyle="", markersize=6 if mark == "x" else 8,
                    markeredgewidth=2 if mark == "x" else 0, label=label)  # fmt: skip
        late = (rows["reported"] == "late").to_numpy()
        for a, b in zip(x[late], y[late], strict=True):
            ax.text(a, b, "L", ha="center", va="center_baseline", fontsize=7, fontweight="bold", color=COLOURS["paper"])
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9, borderaxespad=0)
    return finding(ax, _reported_title(rows, most), alt=_reported_alt(study, rows, most))


def _reported_title(rows: pd.DataFrame, most: int) -> str:
    count = rows["reported"].value_counts()
    n, late, missing = len(rows), int(count.get("late", 0)), int(count.get("missing", 0))
    on_time = how_many(n - late - missing, "figure", "figures", of=n)
    parts = [f"{on_time} that partners owe came on time"]
    parts += [f"{spelled(late)} came late"] if late else []
    parts += [how_many(missing, "is missing", "are missing")] if missing else []
    periods = min(most, int(rows.groupby("measure_id")["period"].nunique().max()))
    last = f"the last {spelled(periods)} periods" if periods > 1 else "the one period so far"
    return f"In {last}, {listing(parts)}"


def _reported_alt(study: Study, rows: pd.DataFrame, most: int) -> str:
    late = rows[rows["reported"] != "on-time"]
    names, partners = study.labels["measure_id"], study.labels["partner_id"]
    said = []
    for (measure, partner), of in late.groupby(["measure_id", "partner_id"], sort=True):
        count = of["reported"].value_counts()
        words = listing([f"{count[k]} {w}" for k, w in (("late", "late"), ("missing", "missing")) if k in count])
        said.append(f"{partners.get(partner, partner)}, {names.get(measure, measure)}: {words}")
    rest = "; ".join(said) if said else "All came on time"
    return f"A grid of partners by period, for the last {most} periods of each measure. {rest}."
