"""What a place costs a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, finding, new_axes, style
from ci_analysis.figures.landscape.said import DRAWN, people_of, upper
from ci_analysis.figures.words import area_words, how_many, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["dearest", "price_sentence", "prices"]


def dearest(rows: pd.DataFrame) -> str:
    """Return the segment whose place takes the largest share of income in the middle area."""
    return str(rows.groupby("segment")["share"].median().idxmax())


def price_sentence(study: Study, rows: pd.DataFrame, segment: str) -> str:
    """Return in how many areas one place for the segment costs more than the benchmark."""
    rows = rows[rows["segment"] == segment]
    n, benchmark = int((rows["share"] > rows["benchmark"]).sum()), f"{100 * rows['benchmark'].iloc[0]:.3g}%"
    many = how_many(n or len(rows), *area_words(study.settings.level), of=len(rows))
    takes = f"costs more than {benchmark} of the median family income in {many}"
    if n == 0:
        takes = f"costs no more than {benchmark} of the median family income in {many}"
    whose = "" if segment == "all" else f" for {people_of(study, segment)}"
    return f"One full-time {study.profile.words.seat}{whose} {takes}"


def prices(study: Study, affordability: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw what one full-time place takes of the median family income, area by area.

    Parameters
    ----------
    study : Study
        For labels and words.
    affordability : pandas.DataFrame
        Table `affordability`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no area has both a price and an income.
    """
    import seaborn as sns

    rows = affordability.dropna(subset=["share"])
    if not len(rows):
        return None
    one = area_words(study.settings.level)[0]
    order = [s for s in study.labels["segment"] if s in set(rows["segment"])]
    labels = [shortened(upper(people_of(study, s)), DRAWN) for s in order]
    rows = rows.assign(percent=100 * rows["share"]).sort_values(["segment", "share", "geoid"])
    benchmark = 100 * float(rows["benchmark"].iloc[0])
    ax = new_axes(ax, height=0.9 + 0.75 * len(order))
    with style():
        # Overlapping points are spread evenly, not at random: the same figures draw the same picture.
        size = 3.6 if rows["segment"].value_counts().max() <= 100 else 2.4
        sns.swarmplot(
            rows, x="percent", y="segment", order=order, size=size, color=COLOURS["one"], ax=ax, warn_thresh=1.0
        )
        ax.axvline(benchmark, color=COLOURS["two"], linewidth=1.5)
        ax.annotate(f"{benchmark:.3g}% benchmark", (benchmark, 1), (0, 4), xycoords=("data", "axes fraction"),
                    textcoords="offset points", color=COLOURS["two"], ha="center", fontsize=9)  # fmt: skip
        ax.set_yticks(range(len(order)), labels, parse_math=False)
        ax.set_xlim(0, max(1.05 * rows["percent"].max(), 1.2 * benchmark))
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_ylabel("")
        ax.set_xlabel(f"Percent of the median family income; a dot is a {one}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    spread = rows.groupby("segment")["share"].agg(["min", "median", "max"])
    alt = "Dots by group of the share of income, " + "; ".join(
        f"{label}: {percent(spread.loc[s, 'min'])} to {percent(spread.loc[s, 'max'])}, "
        f"in the middle {percent(spread.loc[s, 'median'])}"
        for s, label in zip(order, labels, strict=True)
    )
    title = price_sentence(study, rows, dearest(rows))
    return finding(ax, title, alt=f"{alt}. A line marks {benchmark:.3g}%.")
