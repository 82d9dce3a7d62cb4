"""Collective impact, measured: four steps from a community's figures to a report that people read."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["Study", "__version__"]

__version__ = version("ci-analysis")


def __getattr__(name: str) -> object:
    # Study brings pandas and geopandas; who only asks for the version should not wait for them.
    if name == "Study":
        from ci_analysis.study import Study

        return Study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
