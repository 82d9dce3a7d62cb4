"""What the figures of step 3 share: names of things, the rows of one rule, and tables of cells."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, SEQUENCE
from ci_analysis.figures.words import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["by_value", "cells", "names_of", "two_lines"]

#: Three classes of which each bears text that can be read, in a light and in a dark page.
_CLASS_COLOURS = (SEQUENCE[0], SEQUENCE[1], SEQUENCE[4])
_CLASS_INKS = (COLOURS["ink"], COLOURS["ink"], COLOURS["paper"])


def by_value(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the portfolio of highest value, or of the first rule where there is none such."""
    rules = frame["rule"].unique()
    return frame[frame["rule"] == ("value" if "value" in rules else min(rules, default=""))]


def names_of(study: Study, column: str, identifiers: object, most: int = 120) -> list[str]:
    """Return the names to show of identifiers, each shortened to so many letters."""
    labels = study.labels[column]
    return [shortened(str(labels.get(i, i)), most) for i in identifiers]  # type: ignore[attr-defined]  # any sequence


def two_lines(text: str, width: int) -> str:
    """Return a name on two lines at most, for an axis."""
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…"))


def cells(ax: Axes, classes: pd.DataFrame, texts: pd.DataFrame) -> None:
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
