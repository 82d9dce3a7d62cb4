"""From tables to pages: the two editions, the notebooks' sections, and the site that a stakeholder opens."""

from ci_analysis.report.editions import Edition, open_edition

__all__ = ["Edition", "open_edition"]
