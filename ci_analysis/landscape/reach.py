"""Where work is under way already: the initiatives that reach each area, lever by lever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.tables import OUTPUTS, conform, empty_frame, listed

if TYPE_CHECKING:
    import datetime as dt

    from ci_analysis.issues import Profile

__all__ = ["reach"]


def reach(initiatives: pd.DataFrame, areas: pd.DataFrame, profile: Profile, *, as_of: dt.date) -> pd.DataFrame:
    """Initiatives under way in each area, by lever.

    An initiative is under way from its first day to its last, both included; without a first day it has begun,
    without a last day it goes on. It reaches the areas that it names, and all of them where it names none.

    Parameters
    ----------
    initiatives : pandas.DataFrame
        The study's table: initiative_id, lever, areas (`;` between; empty is everywhere), started_on, ends_on.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue, for its levers.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        geoid, lever, initiatives (how many), initiative_ids (`;` between, in the order of the alphabet); one row for
        every area and lever, sorted by geoid, levers in the profile's order. An area that nothing reaches has 0: that
        is known. Without a single initiative in the table there are no rows: what is under way is then not known.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> import datetime as dt
    >>> work = pd.DataFrame(
    ...     {
    ...         "initiative_id": ["bus", "fund"],
    ...         "lever": ["supply", "affordability"],
    ...         "areas": ["08001", None],
    ...         "started_on": pd.NaT,
    ...         "ends_on": pd.NaT,
    ...     }
    ... )
    >>> areas = pd.DataFrame({"geoid": ["08001", "08003"]})
    >>> found = reach(work, areas, load_profile("child-care"), as_of=dt.date(2026, 6, 30))
    >>> found[found["lever"].isin(["supply", "affordability"])].values.tolist()
    [['08001', 'supply', 1.0, 'bus'], ['08001', 'affordability', 1.0, 'fund'], ['08003', 'supply', 0.0, nan], \
['08003', 'affordability', 1.0, 'fund']]
    """
    table = OUTPUTS["reach"]
    if not len(initiatives):
        return empty_frame(table)
    day = pd.Timestamp(as_of)
    active = initiatives[~(initiatives["started_on"] > day) & ~(initiatives["ends_on"] < day)]
    columns = ["initiative_id", "lever", "areas"]
    named = listed(active[columns], "areas").rename(columns={"areas": "geoid"})
    geoids = pd.Series(sorted(areas["geoid"]), name="geoid", dtype="str")
    everywhere = active.loc[active["areas"].isna(), ["initiative_id", "lever"]].merge(geoids, how="cross")
    # An area that is named twice is reached once.
    pairs = pd.concat([named, everywhere]).drop_duplicates(["initiative_id", "geoid"]).sort_values("initiative_id")
    work = pairs.groupby(["geoid", "lever"])["initiative_id"].agg(["size", ";".join])
    every = pd.MultiIndex.from_product([geoids, profile.vocabulary("levers")], names=["geoid", "lever"])
    work = work.set_axis(["initiatives", "initiative_ids"], axis=1).reindex(every)
    # No row in the table of initiatives is no initiative.
    work["initiatives"] = work["initiatives"].fillna(0)
    return conform(work.reset_index(), table)
