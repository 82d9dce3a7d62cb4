"""Issue profiles, as data: what an issue counts, who it needs at the table, and the words for it."""

from ci_analysis.issues.profile import Instrument, Profile, built_in_profiles, load_instrument, load_profile

__all__ = ["Instrument", "Profile", "built_in_profiles", "load_instrument", "load_profile"]
