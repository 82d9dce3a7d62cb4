"""The five conditions over time: what partners say, and what the tables show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.redesign.said import fitted
from ci_analysis.figures.words import how_many, inside, listing, period_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["conditions_over_time", "what_tables_show"]

_SCALE = (1, 5)


def _enough(study: Study, conditions: pd.DataFrame) -> pd.DataFrame:
    """Return the scores that enough partners stand behind, with the place of their wave."""
    waves = {w: i for i, w in enumerate(dict.fromkeys(conditions["wave"]))}
    kept = conditions["score"].notna() & (conditions["respondents"] >= study.settings.minimum_respondents)
    return conditions[kept].assign(at=conditions["wave"].map(waves))


def conditions_over_time(study: Study, conditions: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw what partners say of each condition, wave by wave, with its interval.

    Parameters
    ----------
    study : Study
        For names, and the number of answers from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes or None
        None with fewer than two waves in which enough partners answered.
    """
    rows = _enough(study, conditions)
    waves = list(dict.fromkeys(conditions["wave"]))
    if rows["wave"].nunique() < 2:
        return None
    names, order = study.labels["condition"], list(dict.fromkeys(conditions["condition"]))
    cell, height = 1.05, 0.4 + 1.05 * len(order)
    ax = new_axes(ax, height=height)
    with style():
        ax.set_axis_off()
        for k, condition in enumerate(order):
            panel = ax.inset_axes((0.42, 1 - (cell * (k + 1) - 0.2) / height, 0.5, 0.72 / height))
            of = rows[rows["condition"] == condition]
            panel.fill_between(of["at"], of["low"].clip(lower=_SCALE[0]), of["high"].clip(upper=_SCALE[1]),
                               color=COLOURS["muted"], alpha=0.35, linewidth=0)  # fmt: skip
            panel.plot(of["at"], of["score"], "o-", color=COLOURS["one"], markersize=5)
            for at, score in zip(of["at"].iloc[[0, -1]], of["score"].iloc[[0, -1]], strict=True):
                panel.annotate(f"{score:.1f}", (at, score), xytext=(0, 7), textcoords="offset points", ha="center",
                               fontsize=9, annotation_clip=False)  # fmt: skip
            panel.set_xlim(-0.3, len(waves) - 0.7)
            panel.set_ylim(_SCALE[0], _SCALE[1] + 0.4)
            panel.set_yticks(_SCALE)
            panel.tick_params(labelsize=9, pad=2)
            last = k == len(order) - 1
            panel.set_xticks(range(len(waves)), [period_words(w) for w in waves] if last else [""] * len(waves))
            ax.text(0, 1 - (cell * (k + 0.5)) / height, fitted(names.get(condition, condition), 150, lines=2),
                    va="center", fontsize=9, fontweight="bold", parse_math=False, transform=ax.transAxes)  # fmt: skip
    said = []
    for condition in order:
        of = rows[rows["condition"] == condition]
        scores = ", ".join(f"{s:.1f} in {period_words(w)}" for w, s in zip(of["wave"], of["score"], strict=True))
        said.append(f"{names.get(condition, condition)}: {scores or 'too few answers'}")
    few = [w for w in waves if w not in set(rows["wave"])]
    notes = ["The band is the 95% interval of the mean answer, from 1 to 5."]
    if few:
        notes.append(f"In {listing([period_words(w) for w in few])} too few partners answered for a score.")
    title = _moved(rows, names)
    return finding(ax, title, alt=f"A line for each condition over the waves. {'; '.join(said)}.", notes=notes)


def _moved(rows: pd.DataFrame, names: dict[str, str]) -> str:
    """Say which conditions rose or fell from the first wave to the last by more than their intervals."""
    ends = rows.sort_values("at", kind="stable").groupby("condition", sort=False)
    first, last = ends.first(), ends.last()
    both = first.index[ends.size() > 1]
    rose = [c for c in both if last.loc[c, "low"] > first.loc[c, "high"]]
    fell = [c for c in both if last.loc[c, "high"] < first.loc[c, "low"]]
    since = period_words(rows.sort_values("at")["wave"].iloc[0])
    parts = []
    for found, word in ((rose, "rose"), (fell, "fell")):
        if found:
            labels = listing([inside(names.get(c, c)) for c in found], most=5)
            parts.append(f"{labels} {word}")
    if not parts:
        lead = how_many(0, "condition", "conditions", of=len(both))
        return f"{lead[:1].upper()}{lead[1:]} has moved beyond its interval since {since}"
    still = len(both) - len(rose) - len(fell)
    title = f"Since {since}, {listing(parts)} beyond the interval of the answers"
    return title + (f"; {how_many(still, 'condition', 'conditions')} did not" if still else "")


def what_tables_show(study: Study, conditions: pd.DataFrame) -> Statement:
    """Set what partners say of each condition beside what the tables show of it.

    Parameters
    ----------
    study : Study
        For names, and the number of answers from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    """
    rows = _enough(study, conditions)
    ends = rows.sort_values("at").groupby("condition")["score"]
    newest = conditions[conditions["wave"] == conditions["wave"].iloc[-1]]
    now = rows[rows["wave"] == conditions["wave"].iloc[-1]].set_index("condition")["score"]
    change = (ends.last() - ends.first()).where(ends.size() > 1)
    score = newest["condition"].map(now)
    moved = newest["condition"].map(change)
    frame = pd.DataFrame(
        {
            "condition": newest["condition"],
            "Partners say (1 to 5)": np.where(score.notna(), score.map("{:.1f}".format), "too few answers"),
            "Since the first wave": [
                "no other wave" if np.isnan(m) else "no change" if round(m, 1) == 0 else f"{m:+.1f}".replace("-", "−")
                for m in moved.astype(float)
            ],
            "The tables show": newest["evidence"],
        }
    ).reset_index(drop=True)
    title = _ends(study, newest, now)
    return Statement(title, frame, "The five conditions: what partners say, and what the tables show")


def _ends(study: Study, newest: pd.DataFrame, now: pd.Series) -> str:
    """Say where partners find the coalition least and most ready, or why no one can say."""
    if now.empty:
        # A condition without a row of answers was asked of nobody.
        if newest["respondents"].fillna(0).eq(0).all():
            return "Partners have not been asked yet how the coalition works together"
        return "Too few partners answered to say how the coalition works together"
    names = study.labels["condition"]
    low, high = (f"{score:.1f}" for score in (now.min(), now.max()))
    if low == high:
        return (
            f"Partners find the coalition equally ready in {how_many(len(now), 'condition', 'conditions')}: {low} of 5"
        )
    least, most = (inside(names.get(c, c)) for c in (now.idxmin(), now.idxmax()))
    return f"Partners find the coalition least ready in {least} ({low} of 5), and readiest in {most} ({high})"
