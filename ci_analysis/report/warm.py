"""Loads all that a run's children need. The parent that forks them imports this, and nobody else need.

Libraries are loaded, fonts are found and measured, templates and profiles are read; nothing is computed, so that there
are no threads and no locks for a fork to break. What is here then is frozen: the collector passes over it, and children
share its memory for as long as they live.
"""

from __future__ import annotations

import gc
import importlib
import os

__all__ = ["LIBRARIES", "load"]

#: What the package loads only where it is used, and a run uses.
LIBRARIES = (
    "ci_analysis.report.jobs",
    "ci_analysis.report.engine",
    "ci_analysis.figures.convene",
    "ci_analysis.figures.landscape",
    "ci_analysis.figures.redesign",
    "ci_analysis.figures.strategy",
    "esda",
    "libpysal",
    "networkx",
    "mistune",
    "scipy.optimize",
    "scipy.sparse.csgraph",
    "scipy.spatial",
    "scipy.stats",
    "seaborn",
    "papermill",
    "papermill.engines",
    "nbconvert",
    "nbclient",
    "ipykernel.jsonutil",
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.crashhandler",
    "IPython.core.interactiveshell",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "encodings.cp437",
    "encodings.utf_8_sig",
    "geopandas.io._geoarrow",
    "jinja2.ext",
    "mistune.plugins.def_list",
    "mistune.plugins.task_lists",
    "mistune.plugins.url",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.csvs",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "matplotlib_inline.backend_inline",
)


def load() -> None:
    """Load what children need, and freeze it."""
    for name in LIBRARIES:
        importlib.import_module(name)
    import pandas

    from ci_analysis.areas import known_counties
    from ci_analysis.figures.base import drawing, finding, new_axes, style
    from ci_analysis.issues.profile import built_in_profiles, load_instrument, load_profile
    from ci_analysis.report import leaks, pages

    pages.ready()
    leaks.ready()
    known_counties()
    load_instrument()
    for issue in built_in_profiles():
        load_profile(issue)
    with style():
        # The first picture of a process finds the fonts and makes the canvas.
        drawing(finding(new_axes(), "Warm", alt="Nothing"))
    # Tables here have some hundreds of rows: kept as plain Python, their texts take less time than as Arrow's.
    pandas.set_option("mode.string_storage", "python")
    gc.collect()
    gc.freeze()


if os.environ.get("CI_ANALYSIS_WARM"):
    load()  # a fork server imports what it is told to, and calls nothing
