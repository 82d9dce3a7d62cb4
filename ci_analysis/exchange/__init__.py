"""To other tools and back: networks as files that Kumu, Gephi and yEd read, answers of form tools, and merging.

Nothing is loaded here; each module is named whole where it is used.
"""

from __future__ import annotations

__all__: list[str] = []
