"""Figures of step 4: where the shared measures stand, who reported, what is due, and which agreed rules fired."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.words import date_words, figure_text, how_many, listing, shortened, spelled
from ci_analysis.redesign.control_charts import MINIMUM_POINTS, RULES, TRIAL_POINTS
from ci_analysis.tables import period_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = [
    "all_measures",
    "commitments",
    "communications",
    "community_series",
    "deliverables",
    "partner_series",
    "rules_agreed",
    "rules_answered",
    "signals",
    "system_changes",
    "targets",
    "who_reported",
]

#: Status of a measure: its words, colour and mark.
_STATUS = {
    "met": ("met", "three", "*"),
    "on-track": ("on track", "three", "o"),
    "off-track": ("off track", "bad", "X"),
    "no-data": ("no figure yet", "quiet", ""),
    "too-few": ("too few figures", "quiet", "o"),
    "no-day": ("no day set", "quiet", "o"),
    "withheld": ("withheld", "quiet", ""),
    "no-target": ("no target yet", "quiet", ""),
}
_CHANGE = {
    "target-met": "target met",
    "improving": "better",
    "little-or-no-change": "little or none",
    "getting-worse": "worse",
}
_WHEN = {
    "off-track": "goes off track",
    "signal-worse": "gets worse beyond its usual ups and downs",
    "target-missed": "misses its target",
    "no-data": "brings no figure in time",
}
#: Whether a figure came: mark, colour and words.
_REPORTED = {
    "on-time": ("o", "one", "on time"),
    "late": ("s", "two", "late (L)"),
    "missing": ("x", "bad", "missing"),
}
#: What stands behind the name of a measure that is made up for teaching, and what it means.
_MADE_UP = {"*": "* made up for teaching", "†": "† the target made up"}
#: How far from the baseline the way to the target is drawn, in percent; what lies beyond is an arrow.
_WAY = (-100.0, 150.0)


# --- where the measures stand -----------------------------------------------------------------------------------------


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
    rows = _stand(study, measures)
    rows = rows[(rows["segment"] == "all") & (rows["state"] != "no-target")]
    if not len(rows):
        return None
    made = _made_up(study).reindex(rows["measure_id"])
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
            words, colour, mark = _STATUS[row.state]
            name = _fitted(row.name, 322) + row.made
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
        text = f"{row.name}: {_STATUS[row.state][0]}"
        if not np.isnan(row.progress):
            latest, target = _figure(row.latest, row.unit), _figure(row.target, row.unit)
            text += f", {figure_text(row.progress, 'percent')} of the way, {latest} against a target of {target}"
        if pd.notna(row.projected):
            text += f", projected to be {_figure(row.projected, row.unit)} ({_figure(row.projected_low, row.unit)} to "
            text += f"{_figure(row.projected_high, row.unit)})"
        text += {"*": ", made up for teaching", "†": ", with a target made up for teaching"}.get(row.made, "")
        said.append(text)
    return f"Bars from baseline to target, one a measure. {'; '.join(said)}."


def _stand(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the table `measures` with each measure's name and unit, and in which of the states of `_STATUS` it is."""
    about = study.tables["measures"].set_index("measure_id")
    withheld = _withheld(measures)
    own = measures["measure_id"].map(about["target"]).notna() & (measures["segment"] == "all")
    state = measures["status"].astype(object)
    state = state.mask((state == "no-data") & measures["latest"].notna(), "too-few")
    state = state.mask(state.isna() & measures["target"].notna(), "no-day")
    state = state.mask(measures["target"].isna(), "no-target").mask(withheld & own, "withheld")
    figures = ["baseline", "latest", "target", "progress", "projected", "projected_low", "projected_high"]
    return measures.assign(
        state=state,
        withheld=withheld,
        name=_names(study, measures),
        unit=measures["measure_id"].map(about["unit"]).fillna(""),
        **{c: pd.to_numeric(measures[c]) for c in figures},
    )


def _withheld(frame: pd.DataFrame) -> pd.Series:
    return frame["x_withheld"].eq("yes") if "x_withheld" in frame else pd.Series(False, index=frame.index)


def _names(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Return each row's measure, and its group where it is not the whole."""
    measure, segment = study.labels["measure_id"], study.labels["segment"]
    return pd.Series(
        [
            measure.get(m, m) + ("" if s == "all" else f": {segment.get(s, s)}")
            for m, s in zip(frame["measure_id"], frame["segment"], strict=True)
        ],
        index=frame.index,
        dtype=object,
    )


def _made_up(study: Study) -> pd.DataFrame:
    """Return which measures have figures, and which a target, that are made up for teaching."""
    tables, whole = study.tables, study.settings.illustrative
    measures, observations = tables["measures"].set_index("measure_id"), tables["observations"]

    def marked(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
        own = frame[column].eq("yes") if column in frame else pd.Series(False, index=frame.index)
        return own | (name in whole)

    rows = set(observations.loc[marked(observations, "x_illustrative", "observations"), "measure_id"])
    figures = marked(measures, "x_illustrative", "measures") | measures.index.isin(rows)
    target = (figures | marked(measures, "x_target_illustrative", "measures")) & measures["target"].notna()
    return pd.DataFrame({"figures": figures, "target": target})


def all_measures(study: Study, measures: pd.DataFrame) -> Statement:
    """Set all measures side by side: baseline, latest, target, progress, and what is made up.

    Parameters
    ----------
    study : Study
        For labels, units, and what is made up for teaching.
    measures : pandas.DataFrame
        Table `measures`.
    """
    rows = _stand(study, measures)
    unit, made = rows["unit"], _made_up(study).reindex(rows["measure_id"])
    frame = pd.DataFrame({"Measure": rows["name"], "Baseline": _figures(rows["baseline"], unit)})
    frame["Latest"] = _figures(rows["latest"], unit, counted=True)
    frame["latest_on"] = pd.to_datetime(rows["latest_on"])
    by = _days(rows["target_on"], rows["target"].notna())
    frame["Target"] = _figures(rows["target"], unit) + (" by " + by).fillna("")
    frame["progress"] = rows["progress"]
    change = rows["class"].map(_CHANGE).astype(object).where(rows["class"].notna(), None)
    frame["Change so far"] = change.mask(rows["withheld"], "withheld")
    part = rows["segment"] != "all"
    # A part of a whole is not expected to have a target of its own.
    state = rows["state"].map({k: words for k, (words, _, _) in _STATUS.items()})
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


def _figure(value: float, unit: str) -> str:
    if pd.isna(value):
        return "no figure"
    return figure_text(value, "share" if unit == "share" else "USD" if unit.startswith("USD") else "")


def _counted(unit: str) -> str:
    """Return what follows a figure: `seats`, for `USD a week` just `a week`, and nothing for a share."""
    return "" if unit == "share" else f" {unit.removeprefix('USD').strip()}".rstrip()


def _figures(values: pd.Series, unit: pd.Series, *, counted: bool = False) -> pd.Series:
    texts = [
        None if pd.isna(v) else _figure(v, u) + (_counted(u) if counted else "")
        for v, u in zip(values, unit, strict=True)
    ]
    return pd.Series(texts, index=values.index, dtype=object)


def _fitted(text: str, points: float, *, bold: bool = False, lines: int = 1) -> str:
    """Return a name on at most so many lines, none wider than so many points; cut where it must be."""
    font = FontProperties(family="DejaVu Sans", size=9, weight="bold" if bold else "normal")

    def too_wide(part: str) -> bool:
        return text_to_path.get_text_width_height_descent(part, font, ismath=False)[0] > points

    # No line of a phone's width holds as many letters.
    rest, found = " ".join(text.split())[: 200 * lines], []
    with style():
        while rest and too_wide(rest):
            end = "…" if len(found) == lines - 1 else ""
            most = bisect_left(range(len(rest)), True, key=lambda n, end=end: too_wide(rest[: n + 1] + end))
            cut = rest.rfind(" ", 0, most + 1)
            cut = cut if cut > most // 2 else most
            found.append(rest[:cut].rstrip() + end)
            rest = "" if end else rest[cut:].lstrip()
    return "\n".join([*found, rest] if rest else found)


# --- series -----------------------------------------------------------------------------------------------------------


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
    made = _made_up(study)
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
            unit = _counted(about.loc[measure, "unit"])
            ends = [_figure(v, about.loc[measure, "unit"]) for v in points["value"].iloc[[0, -1]]]
            where = {"transform": panel.transAxes, "fontsize": 9, "parse_math": False, "va": "bottom"}
            lines = [
                _fitted(study.labels["measure_id"].get(measure, measure), 198, bold=True, lines=2),
                _fitted(f"{ends[0]} → {ends[1]}{unit}", 198),
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
    chart = chart[(chart["segment"] == "all") & ~_withheld(chart)]
    stand = measures[(measures["segment"] == "all") & ~_withheld(measures)].set_index("measure_id")
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
    ends = [_period_words(d, about["frequency"]) for d in points["on"].iloc[[0, -1]]]
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


def _period_words(day: pd.Timestamp, frequency: object) -> str:
    if frequency == "year":
        return f"{day.year}"
    if frequency == "quarter":
        return f"Q{day.quarter} {day.year}"
    return f"{day:%b} {day.year}" if frequency == "month" else f"{day:%b} {day.day}, {day.year}"


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
        days = [_period_words(d, about.loc[measure, "frequency"]) for d in found[measure]["on"].iloc[[0, -1]]]
        if first == last:
            return f"{name} stayed at {_figure(last, unit)} until {days[1]}"
        moved = "rose" if last > first else "fell"
        return f"{name} {moved} from {_figure(first, unit)} to {_figure(last, unit)} between {days[0]} and {days[1]}"

    title = said(top, 90)
    if n > 1 and ends.loc[top, "first"] != ends.loc[top, "last"]:
        title += f", the {'larger' if n == 2 else 'largest'} change of {how_many(n, *nouns)}"
    texts = []
    for measure, points in found.items():
        text = said(measure, 200)
        k = int(points["rule"].notna().sum())
        if points["centre"].notna().all():
            lower, upper = (_figure(points[c].iloc[-1], about.loc[measure, "unit"]) for c in ("lower", "upper"))
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
    rows = _stand(study, measures)
    rows = rows[(rows["segment"] == "all") & ~rows["withheld"]]
    last = control_chart[(control_chart["segment"] == "all") & ~_withheld(control_chart)]
    size = last.groupby("measure_id").size()
    last = last.drop_duplicates("measure_id", keep="last").set_index("measure_id")
    charted = rows[rows["measure_id"].isin(last.index)]
    order = charted["signal"].map({"worse": 0, "better": 1}).fillna(2)
    charted = charted.assign(order=order).sort_values(["order", "measure_id"], kind="stable")
    chart = last.loc[charted["measure_id"]]
    unit = list(charted["unit"])
    lower, upper = ([_figure(v, u) for v, u in zip(chart[c], unit, strict=True)] for c in ("lower", "upper"))
    frame = pd.DataFrame(
        {
            "Measure": charted["name"].to_list(),
            "Beyond noise": charted["signal"].map({"worse": "worse", "better": "better"}).fillna("no").to_list(),
            "Latest": [_figure(v, u) for v, u in zip(charted["latest"], unit, strict=True)],
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


# --- who does what ----------------------------------------------------------------------------------------------------


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
        title = _fitted(names.get(measure, measure), 235, bold=True, lines=2)
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
                ax.text(1, -d, _fitted(partners.get(name, name), 240), va="center", fontsize=9, parse_math=False)
                continue
            ax.text(0, -d, name, va="center", fontsize=9, fontweight="bold", parse_math=False)
            of = rows[rows["measure_id"] == measure].sort_values("on")
            ends = [_period_words(day, about["frequency"].get(measure)) for day in of["on"].iloc[[0, -1]]]
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


def deliverables(study: Study, deliverables: pd.DataFrame) -> Statement:
    """Say what is done, what is late, and what is due next.

    Parameters
    ----------
    study : Study
        For labels and owners.
    deliverables : pandas.DataFrame
        Table `deliverables` of a run.
    """
    own = study.tables["deliverables"].set_index("deliverable_id")
    rows = deliverables.join(own[["name", "owner", "done_on"]], on="deliverable_id")
    today = pd.Timestamp(study.settings.as_of)
    done = (rows["status"] == "done") & ~(rows["done_on"] > today)
    dropped = rows["status"] == "dropped"
    late = ~done & ~dropped & (rows["days_late"] > 0)
    state = np.select([late, done & (rows["days_late"] > 0), done, dropped], [0, 2, 3, 4], 1)
    words = ["late", "due", "done, late", "done", "dropped"]
    rows = rows.assign(state=state).sort_values(["state", "due_on", "deliverable_id"], kind="stable")
    partner = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "deliverable_id": rows["deliverable_id"],
            "Where it stands": rows["state"].map(dict(enumerate(words))),
            "due_on": rows["due_on"],
            "days_late": rows["days_late"],
            "Owner": rows["owner"].map(lambda p: partner.get(p, p)),
            "project_id": rows["project_id"],
        }
    ).reset_index(drop=True)
    ahead = rows[rows["state"] == 1].head(3)
    due = [f"{shortened(n, 90)} ({date_words(d)})" for n, d in zip(ahead["name"], ahead["due_on"], strict=True)]
    n, k, gone = int((~dropped).sum()), int(late.sum()), int(dropped.sum())
    return Statement(
        _deliverables_title(n, k, gone), frame, "Deliverables: what is late first, then what is due next",
        (f"Next due: {'; '.join(due)}.",) if due else (),
    )  # fmt: skip


def _deliverables_title(n: int, late: int, dropped: int) -> str:
    if not n:
        return f"{how_many(dropped, 'deliverable was', 'deliverables were').capitalize()} dropped; none is left"
    good = how_many(n - late, "deliverable", "deliverables", of=n)
    title = f"{good[:1].upper()}{good[1:]} {'is' if n - late <= 1 else 'are'} done or on time"
    title += f"; {how_many(late, 'is', 'are')} late" if late else ""
    return title + (f"; {how_many(dropped, 'was', 'were')} dropped" if dropped else "")


def rules_answered(
    study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame, decisions: pd.DataFrame
) -> Statement | None:
    """Say which of the rules agreed beforehand fired, which a decision answers, and which still wait.

    Parameters
    ----------
    study : Study
        For labels.
    rules : pandas.DataFrame
        The study's rules.
    fired, measures : pandas.DataFrame
        Tables `rules_fired` and `measures` of a run.
    decisions : pandas.DataFrame
        The study's decisions.

    Returns
    -------
    Statement or None
        None in an edition that does not say which decision answers; see `rules_agreed`.
    """
    if "decision_id" not in fired:
        return None
    rows = _rules(study, rules, fired, measures)
    text = decisions.set_index("decision_id")
    rows = rows.assign(
        decided=rows["decision_id"].map(text["text"]), decided_on=rows["decision_id"].map(text["decided_on"])
    )
    waits = rows["fired"] & rows["decision_id"].isna()
    answered = rows["fired"] & ~waits
    rows = rows.assign(order=np.select([waits, answered], [0, 1], 2)).sort_values(["order", "rule_id"], kind="stable")
    frame = pd.DataFrame(
        {
            "measure_id": rows["measure_id"],
            "When it": rows["when"].map(_WHEN),
            "then": rows["then"],
            "Since": _days(rows["fired_on"], rows["fired"]),
            "Answer": rows["decided"].mask(rows["order"] == 0, "still waits").mask(rows["order"] == 2, "did not fire"),
            "Decided on": _days(rows["decided_on"], answered),
        }
    ).reset_index(drop=True)
    k, a, w = int(rows["fired"].sum()), int(answered.sum()), int(waits.sum())
    title = _rules_title(k, len(rows))
    if k:
        said = [how_many(a, "is answered by a decision", "are answered by a decision")] if a else []
        said += [how_many(w, "still waits", "still wait")] if w else []
        if not w:
            said = ["a decision answers it" if k == 1 else "a decision answers each"]
        elif not a:
            said = [f"{'it' if k == 1 else 'each'} still waits for a decision"]
        title += f"; {listing(said)}"
    return Statement(title, frame, "Rules agreed beforehand, those that wait for a decision first")


def rules_agreed(study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame) -> Statement | None:
    """Say which of the rules agreed beforehand fired, without the decisions.

    Parameters
    ----------
    study : Study
        For labels.
    rules : pandas.DataFrame
        The study's rules.
    fired, measures : pandas.DataFrame
        Tables `rules_fired` and `measures` of a run.

    Returns
    -------
    Statement or None
        None where the edition knows the decisions, which `rules_answered` shows.
    """
    if "decision_id" in fired:
        return None
    rows = _rules(study, rules, fired, measures)
    if not len(rows):
        return None
    rows = rows.sort_values(["fired", "rule_id"], ascending=[False, True], kind="stable")
    frame = pd.DataFrame(
        {
            "measure_id": rows["measure_id"],
            "When it": rows["when"].map(_WHEN),
            "then": rows["then"],
            "Fired": np.where(rows["fired"], "yes", "no"),
            "Since": _days(rows["fired_on"], rows["fired"]),
        }
    ).reset_index(drop=True)
    return Statement(
        _rules_title(int(rows["fired"].sum()), len(rows)), frame, "Rules agreed beforehand, those that fired first"
    )


def _rules(study: Study, rules: pd.DataFrame, fired: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the rules about measures that may be shown, with whether each fired and since when."""
    rows = rules[rules["measure_id"].isin(measures["measure_id"])]
    found = fired.set_index("rule_id").reindex(columns=["fired_on", "decision_id"])
    return rows.join(found, on="rule_id").assign(fired=rows["rule_id"].isin(fired["rule_id"]))


def _rules_title(fired: int, n: int) -> str:
    lead = how_many(fired, "rule agreed beforehand", "rules agreed beforehand", of=n)
    return f"{lead[:1].upper()}{lead[1:]} {'has' if fired <= 1 else 'have'} fired"


def _days(days: pd.Series, said: pd.Series) -> pd.Series:
    """Return days in words where they are given; the others stay empty."""
    days = pd.to_datetime(days)
    texts = [
        date_words(d) if ok and pd.notna(d) else None for d, ok in zip(days, said.reindex(days.index), strict=True)
    ]
    return pd.Series(texts, index=days.index, dtype=object)


def commitments(study: Study, commitments: pd.DataFrame) -> Statement:
    """Say who promised what, by when, and what is overdue.

    Parameters
    ----------
    study : Study
        For labels.
    commitments : pandas.DataFrame
        Table `commitments`.
    """
    status = commitments["status"].astype("str").fillna("")
    overdue = status.str.contains("overdue", regex=False)
    over = status.str.match("done|dropped|received")
    order = np.select([overdue, commitments["by_when"].notna() & ~over, ~over], [0, 1, 2], 3)
    rows = commitments.assign(order=order, status=status.map(_spoken_days))
    rows = rows.sort_values(["order", "by_when", "partner_id", "what"], kind="stable").drop(columns="order")
    partners, k = commitments["partner_id"].nunique(), int(overdue.sum())
    title = f"{how_many(partners, 'partner has', 'partners have')} made "
    title += how_many(len(rows), "promise", "promises")
    title += f"; {how_many(k, 'is', 'are')} overdue" if k else "; none is overdue"
    columns = ["partner_id", "what", "by_when", "status"]
    return Statement(
        title[:1].upper() + title[1:], rows[columns].reset_index(drop=True),
        "Promises: what is overdue first, then by day; those without a day after them, those kept last",
    )  # fmt: skip


def _spoken_days(text: str) -> str:
    return re.sub(r"\d{4}-\d{2}-\d{2}", lambda m: date_words(pd.Timestamp(m[0])), text)


def system_changes(study: Study, system_changes: pd.DataFrame) -> Statement:
    """Say which policies, practices and flows of money have changed.

    Parameters
    ----------
    study : Study
        Not used, but as for every section.
    system_changes : pandas.DataFrame
        The study's table of that name.
    """
    order = {"in-force": (0, "in force"), "adopted": (1, "adopted"), "proposed": (2, "proposed")}
    count = system_changes["status"].value_counts()
    n = len(system_changes)
    there = [(spelled(count[s]), w) for s, (_, w) in order.items() if s in count]
    (first, words), *others = there
    if others:
        parts = [f"{first} {'is' if first == 'one' else 'are'} {words}", *(f"{k} {w}" for k, w in others)]
        title = f"Of {how_many(n, 'system change', 'system changes')}, {listing(parts)}"
    else:
        lead = how_many(n, "system change", "system changes", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if n == 1 else 'are'} {words}"
    rows = system_changes.assign(order=system_changes["status"].map({k: v for k, (v, _) in order.items()}))
    rows = rows.sort_values(["order", "on", "change_id"], kind="stable").reset_index(drop=True)
    columns = {"text": "Change", "kind": "kind", "status": "status", "on": "Since", "project_id": "project_id"}
    frame = rows.assign(on=_days(rows["on"], rows["on"].notna()))[list(columns)].rename(columns=columns)
    return Statement(title, frame, "Changes of policy, practice and funding")


def communications(study: Study, communications: pd.DataFrame) -> Statement:
    """Say which audiences wait for what they are to be told.

    Parameters
    ----------
    study : Study
        For audiences, channels and owners.
    communications : pandas.DataFrame
        Table `communications` of a run.
    """
    own = study.tables["communications"].set_index("communication_id")
    rows = communications.join(own[["audience", "channel", "purpose", "owner", "last_on"]], on="communication_id")
    never = rows["last_on"].isna()
    late = (rows["days_overdue"] > 0) | never
    rows = rows.assign(late=late, wait=rows["days_overdue"].fillna(np.inf))
    rows = rows.sort_values(["late", "wait", "due_on", "communication_id"], ascending=[False, False, True, True])
    partner = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "Audience": rows["audience"],
            "Purpose": rows["purpose"],
            "Channel": rows["channel"],
            "Owner": rows["owner"].map(lambda p: partner.get(p, p)),
            "Last time": _days(rows["last_on"], rows["last_on"].notna()).fillna("never yet"),
            "due_on": rows["due_on"],
            "days_overdue": rows["days_overdue"],
        }
    ).reset_index(drop=True)
    n, k = len(rows), int(late.sum())
    if not k:
        lead = how_many(n, "communication", "communications", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if n == 1 else 'are'} on time"
    else:
        lead = how_many(k, "communication", "communications", of=n)
        title = f"{lead[:1].upper()}{lead[1:]} {'is' if k == 1 else 'are'} overdue: to "
        title += listing([shortened(a, 60) for a in dict.fromkeys(rows.loc[rows["late"], "audience"])], most=3)
    return Statement(title, frame, "Who is told what, what is overdue first")
