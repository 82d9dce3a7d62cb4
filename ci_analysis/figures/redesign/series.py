"""How the measures move over time, and which changes are more than noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.redesign.said import (
    fitted,
    in_unit,
    is_withheld,
    measure_rows,
    period_words,
    unit_words,
    what_is_made_up,
)
from ci_analysis.figures.words import how_many, listing, shortened, spelled
from ci_analysis.redesign.control_charts import MINIMUM_POINTS, RULES, TRIAL_POINTS
from ci_analysis.tables import period_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["community_series", "partner_series", "signals"]


def community_series(
    study: Study, control_chart: pd.DataFrame, measures: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | None:
    """Draw the measures that nobody reports, because they come from records of the whole community.

    Parameters
    ----------
    study : Study
        For labels, units and directions.
    control_chart, measures : pandas.DataFrame
        Tables of those names.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where there is no such measure with figures.
    """
    about = study.tables["measures"]
    ids = about.loc[about["reporters"].isna(), "measure_id"]
    nouns = ("community-wide measure", "community-wide measures")
    return _series(study, control_chart, measures, list(ids), nouns, ax)


def partner_series(
    study: Study, control_chart: pd.DataFrame, measures: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | None:
    """Draw the measures that partners report.

    Parameters
    ----------
    study : Study
        For labels, units and directions.
    control_chart, measures : pandas.DataFrame
        Tables of those names.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where there is no such measure with figures.
    """
    about = study.tables["measures"]
    ids = about.loc[about["reporters"].notna(), "measure_id"]
    nouns = ("measure that partners report", "measures that partners report")
    return _series(study, control_chart, measures, list(ids), nouns, ax)


def _series(
    study: Study,
    chart: pd.DataFrame,
    measures: pd.DataFrame,
    ids: Sequence[str],
    nouns: tuple[str, str],
    ax: Axes | None,
) -> Axes | None:
    found = _points(study, chart, measures, ids)
    if not found:
        return None
    made = what_is_made_up(study)
    about = study.tables["measures"].set_index("measure_id")
    rows = -(-len(found) // 2)
    legend, cell = 0.55, 1.85
    height = legend + cell * rows
    ax = new_axes(ax, height=height)
    with style():
        ax.set_axis_off()
        for k, (measure, points) in enumerate(found.items()):
            row, column = divmod(k, 2)
            bottom = 1 - (legend + cell * (row + 1) - 0.28) / height
            panel = ax.inset_axes((0.09 + 0.52 * column, bottom, 0.39, 0.85 / height))
            notes = _panel(panel, study, points, about.loc[measure])
            notes += ["made up"] if made.loc[measure, "figures"] else []
            notes += ["target made up"] if made.loc[measure, "target"] and not made.loc[measure, "figures"] else []
            unit = unit_words(about.loc[measure, "unit"])
            ends = [in_unit(v, about.loc[measure, "unit"]) for v in points["value"].iloc[[0, -1]]]
            where = {"transform": panel.transAxes, "fontsize": 9, "parse_math": False, "va": "bottom"}
            lines = [
                fitted(study.labels["measure_id"].get(measure, measure), 198, bold=True, lines=2),
                fitted(f"{ends[0]} → {ends[1]}{unit}", 198),
                "; ".join(notes),
            ]
            lift = 1.08
            for text, weight, colour in zip(
                lines[::-1], ("normal", "normal", "bold"), ("quiet", "ink", "ink"), strict=True
            ):
                if text:
                    panel.text(-0.2, lift, text, color=COLOURS[colour], fontweight=weight, **where)
                    lift += 0.2
        ax.legend(handles=_keys(found, about), loc="upper left", bbox_to_anchor=(0, 1), ncols=3, frameon=False,
                  fontsize=9, borderaxespad=0, handlelength=1.6, columnspacing=1.2)  # fmt: skip
    title, alt = _series_words(study, found, nouns)
    return finding(ax, title, alt=alt)


def _points(study: Study, chart: pd.DataFrame, measures: pd.DataFrame, ids: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return each measure's figures; where there are too few for a chart, its baseline and its latest figure."""
    chart = chart[(chart["segment"] == "all") & ~is_withheld(chart)]
    stand = measures[(measures["segment"] == "all") & ~is_withheld(measures)].set_index("measure_id")
    about = study.tables["measures"].set_index("measure_id")
    found = {}
    for measure in ids:
        points = chart[chart["measure_id"] == measure]
        if len(points):
            points = points.assign(on=period_end(points["period"]))
        elif measure in stand.index and pd.notna(stand.loc[measure, "latest"]):
            row = stand.loc[measure]
            points = pd.DataFrame(
                {
                    "on": pd.to_datetime([about.loc[measure, "baseline_on"], row["latest_on"]]),
                    "value": [row["baseline"], row["latest"]],
                    "period": None, "centre": np.nan, "lower": np.nan, "upper": np.nan, "rule": None,
                }
            ).dropna(subset=["on", "value"]).drop_duplicates("on", keep="last")  # fmt: skip
        else:
            continue
        if len(points):
            numbers = points[["value", "centre", "lower", "upper"]].astype(float)
            found[measure] = points.assign(**numbers).sort_values("on", ignore_index=True)
    return found


def _panel(panel: Axes, study: Study, points: pd.DataFrame, about: pd.Series) -> list[str]:
    """Draw one series, and return what must be said beside it."""
    charted = points["centre"].notna().all()
    x = (points["on"] - points["on"].iloc[0]).dt.days.to_numpy()
    y, beyond = points["value"].to_numpy(dtype=float), points["rule"].notna().to_numpy()
    notes = []
    if charted:
        trial = len(points) < TRIAL_POINTS
        lower, centre, upper = points[["lower", "centre", "upper"]].iloc[-1]
        panel.axhspan(lower, upper, color=COLOURS["muted"], alpha=0.35, linewidth=0)
        for limit in (lower, upper):
            panel.axhline(limit, color=COLOURS["quiet"], linewidth=0.8, linestyle=(0, (2, 2)) if trial else "-")
        panel.axhline(centre, color=COLOURS["quiet"], linewidth=0.8)
        notes += [f"trial limits, {len(points)} figures"] if trial else []
    else:
        notes += ["too few figures for limits"]
    for value, colour, dashes in ((about["baseline"], "four", (0, (1, 1.5))), (about["target"], "three", (0, (5, 2)))):
        if pd.notna(value):
            panel.axhline(value, color=COLOURS[colour], linewidth=1.5, linestyle=dashes)
    panel.plot(x, y, color=COLOURS["one"], linewidth=1.5, linestyle="-" if charted else (0, (3, 3)))
    panel.plot(x[~beyond], y[~beyond], "o", color=COLOURS["one"], markersize=3.5)
    panel.plot(x[beyond], y[beyond], "D", color=COLOURS["two"], markersize=4.5)
    unit = str(about["unit"])
    panel.locator_params(axis="y", nbins=3)
    panel.yaxis.set_major_formatter(lambda v, _: _tick(v, unit))
    panel.tick_params(labelsize=9, pad=2)
    ends = [period_words(d, about["frequency"]) for d in points["on"].iloc[[0, -1]]]
    panel.set_xlim(-0.03 * max(x[-1], 1), 1.03 * max(x[-1], 1))
    panel.set_xticks([x[0], x[-1]] if len(x) > 1 else [x[0]], ends if len(x) > 1 else ends[:1])
    for label, side in zip(panel.get_xticklabels(), ("left", "right"), strict=False):
        label.set_horizontalalignment(side)
    return notes


def _tick(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.3g}%".replace("-", "−")
    sign = "$" if unit.startswith("USD") else ""
    if abs(value) >= 10_000:
        return f"{sign}{value / 1000:,.4g}k".replace("-", "−")
    return f"{sign}{value:,.4g}".replace("-", "−")


def _keys(found: Mapping[str, pd.DataFrame], about: pd.DataFrame) -> list[Line2D | Patch]:
    points = pd.concat(found.values())
    rows = about.loc[list(found)]
    keys: list[Line2D | Patch] = [
        Line2D([], [], color=COLOURS["one"], linewidth=1.5, marker="o", markersize=3.5, label="figure")
    ]
    if points["rule"].notna().any():
        look = {"linestyle": "", "marker": "D", "markersize": 4.5}
        keys.append(Line2D([], [], color=COLOURS["two"], label="beyond noise", **look))
    if points["centre"].notna().any():
        keys.append(Patch(color=COLOURS["muted"], alpha=0.5, linewidth=0, label="usual range"))
    if rows["baseline"].notna().any():
        keys.append(Line2D([], [], color=COLOURS["four"], linewidth=1.5, linestyle=(0, (1, 1.5)), label="baseline"))
    if rows["target"].notna().any():
        keys.append(Line2D([], [], color=COLOURS["three"], linewidth=1.5, linestyle=(0, (5, 2)), label="target"))
    return keys


def _series_words(study: Study, found: Mapping[str, pd.DataFrame], nouns: tuple[str, str]) -> tuple[str, str]:
    about = study.tables["measures"].set_index("measure_id")
    ends = pd.DataFrame({m: p["value"].iloc[[0, -1]].to_list() for m, p in found.items()}, index=["first", "last"]).T
    change = ((ends["last"] - ends["first"]) / ends["first"].abs().where(ends["first"] != 0)).abs()
    top = change.idxmax() if change.notna().any() else ends.index[0]
    n = len(found)

    def said(measure: str, width: int) -> str:
        first, last = ends.loc[measure]
        unit = about.loc[measure, "unit"]
        name = shortened(study.labels["measure_id"].get(measure, measure), width)
        days = [period_words(d, about.loc[measure, "frequency"]) for d in found[measure]["on"].iloc[[0, -1]]]
        if first == last:
            return f"{name} stayed at {in_unit(last, unit)} until {days[1]}"
        moved = "rose" if last > first else "fell"
        return f"{name} {moved} from {in_unit(first, unit)} to {in_unit(last, unit)} between {days[0]} and {days[1]}"

    title = said(top, 90)
    if n > 1 and ends.loc[top, "first"] != ends.loc[top, "last"]:
        title += f", the {'larger' if n == 2 else 'largest'} change of {how_many(n, *nouns)}"
    texts = []
    for measure, points in found.items():
        text = said(measure, 200)
        k = int(points["rule"].notna().sum())
        if points["centre"].notna().all():
            lower, upper = (in_unit(points[c].iloc[-1], about.loc[measure, "unit"]) for c in ("lower", "upper"))
            kind = "trial limits" if len(points) < TRIAL_POINTS else "limits"
            text += f" ({kind} {lower} to {upper}; {how_many(k, 'figure', 'figures')} beyond the usual ups and downs)"
        else:
            text += f" (fewer than {MINIMUM_POINTS} comparable figures: no limits yet)"
        texts.append(text)
    return title, f"A line for each of {how_many(n, *nouns)}. {'; '.join(texts)}."


def signals(study: Study, measures: pd.DataFrame, control_chart: pd.DataFrame) -> Statement:
    """Say which measures changed beyond their usual ups and downs, and which rule says so.

    Parameters
    ----------
    study : Study
        For labels and units.
    measures, control_chart : pandas.DataFrame
        Tables of those names.
    """
    rows = measure_rows(study, measures)
    rows = rows[(rows["segment"] == "all") & ~rows["withheld"]]
    last = control_chart[(control_chart["segment"] == "all") & ~is_withheld(control_chart)]
    size = last.groupby("measure_id").size()
    last = last.drop_duplicates("measure_id", keep="last").set_index("measure_id")
    charted = rows[rows["measure_id"].isin(last.index)]
    order = charted["signal"].map({"worse": 0, "better": 1}).fillna(2)
    charted = charted.assign(order=order).sort_values(["order", "measure_id"], kind="stable")
    chart = last.loc[charted["measure_id"]]
    unit = list(charted["unit"])
    lower, upper = ([in_unit(v, u) for v, u in zip(chart[c], unit, strict=True)] for c in ("lower", "upper"))
    frame = pd.DataFrame(
        {
            "Measure": charted["name"].to_list(),
            "Beyond noise": charted["signal"].map({"worse": "worse", "better": "better"}).fillna("no").to_list(),
            "Latest": [in_unit(v, u) for v, u in zip(charted["latest"], unit, strict=True)],
            "Usual range": [f"{a} to {b}" for a, b in zip(lower, upper, strict=True)],
            "The latest figure is": [_broken_words(r) for r in chart["rule"]],
            "Limits rest on": [
                f"{k} figures" + (" (trial limits)" if k < TRIAL_POINTS else "") for k in size.loc[chart.index]
            ],
        }
    )
    lines = []
    without = rows.loc[~rows["measure_id"].isin(last.index), "name"]
    if len(without):
        names = listing([shortened(n, 90) for n in without], most=20)
        lines.append(f"There is no control chart yet for {names}: it takes {MINIMUM_POINTS} comparable figures.")
    if (size.loc[chart.index] < TRIAL_POINTS).any():
        lines.append(f"Limits from fewer than {TRIAL_POINTS} figures are trial limits: they may still move.")
    count = charted["signal"].value_counts()
    better, worse = int(count.get("better", 0)), int(count.get("worse", 0))
    return Statement(_signals_title(better, worse, len(charted)), frame if len(frame) else None,
                     "Latest figures against the usual range of each measure", tuple(lines))  # fmt: skip


def _signals_title(better: int, worse: int, n: int) -> str:
    if not n:
        return "No measure has enough figures to tell a change from its usual ups and downs"
    if not better + worse:
        lead = "Neither of two measures" if n == 2 else f"None of {n:,} measures"
        lead, has = ("The one measure", "has not") if n == 1 else (lead, "has")
        return f"{lead} with a chart {has} moved beyond its usual ups and downs"
    kinds = [(better, "better"), (worse, "worse")]
    (k, first), *others = [(k, word) for k, word in kinds if k]
    text = f"{how_many(k, 'measure has', 'measures have').capitalize()} become {first}"
    text += "".join(f" and {spelled(j)} {word}" for j, word in others)
    rest = n - better - worse
    text += " beyond the usual ups and downs"
    return text + (f"; {how_many(rest, 'stays', 'stay')} within them" if rest else "")


def _broken_words(rule: object) -> str:
    return "; ".join(RULES.get(r, r) for r in str(rule).split(";")) if pd.notna(rule) else "within the limits"
