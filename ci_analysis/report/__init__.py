"""From tables to pages: the two editions, the notebooks' sections, and the site that a stakeholder opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition, open_edition

__all__ = ["Edition", "open_edition"]


def __getattr__(name: str) -> Any:
    # Who only starts and watches a run need not wait for the libraries that compute it.
    if name in __all__:
        from ci_analysis.report import editions

        return getattr(editions, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
