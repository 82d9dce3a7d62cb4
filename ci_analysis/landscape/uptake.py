"""Uptake: how many of the usable seats are filled, and how many people of a segment have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.need import NO_SEGMENT, roll_up
from ci_analysis.landscape.supply import facility_seats, membership
from ci_analysis.tables import OUTPUTS, conform

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["uptake_table"]


def uptake_table(
    capacity: pd.DataFrame, facility_geoid: pd.Series, people: pd.DataFrame, areas: pd.DataFrame, profile: Profile
) -> pd.DataFrame:
    """Occupancy of the usable seats, and share of the people of a segment who are enrolled, area by area.

    `filled = usable − vacancies` and `occupancy = filled / usable`, over the rows of facilities that tell their
    vacancies and whose seats are known; `uptake = enrolled / eligible`, with enrolled over the facilities that tell
    it. A vacancy is taken as a seat that could be used now. So where staff limit the usable seats, a facility has at
    most as many vacancies as usable seats, and filled is the least that there can be.

    Parameters
    ----------
    capacity : pandas.DataFrame
        As from `facility_seats`, with vacancies (seats) and enrolled (people).
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id, as from `facility_areas`.
    people : pandas.DataFrame
        Who is eligible: as from `latest_figures` of `profile.need.people`.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: a segment's facilities count for it, for its groups and for `all`; rows without a segment for
        groups and `all` only.

    Returns
    -------
    pandas.DataFrame
        Output table `uptake`, by geoid and then in the order of `output_rows`; a row where some facility tells its
        vacancies or how many are enrolled. `facilities` are those that name the row, whatever they tell; one that
        tells of one segment alone is among those that tell in every row that it counts for, with that segment's
        seats. A figure that nobody tells is missing, and so is a share of nothing. Uptake may pass 1, since people
        of other areas are enrolled too.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> from ci_analysis.tables import INPUTS, empty_frame
    >>> rows = pd.DataFrame({"facility_id": ["a", "b"], "segment": "preschool", "licensed": [20.0, 30.0]})
    >>> rows = rows.assign(low=None, high=None, usable=float("nan"), vacancies=[5.0, None], enrolled=float("nan"))
    >>> nobody = empty_frame(INPUTS["indicators"])
    >>> table = uptake_table(
    ...     rows,
    ...     pd.Series({"a": "01", "b": "01"}),
    ...     nobody,
    ...     pd.DataFrame({"geoid": ["01"]}),
    ...     load_profile("child-care"),
    ... )
    >>> table[["segment", "facilities", "told", "occupancy"]].head(1).values.tolist()
    [['preschool', 2.0, 1.0, 0.75]]
    """
    keys = ["geoid", "row"]
    seats = facility_seats(capacity)
    vacant = seats["vacancies"].mask(seats["vacancies"] > seats["usable"], seats["usable"])
    tells = seats["usable"].notna() & vacant.notna()
    figures = pd.DataFrame(
        {
            "geoid": seats["facility_id"].map(facility_geoid).astype("str"),
            "key": seats["segment"].fillna(NO_SEGMENT),
            "facilities": seats["facility_id"],
            "told": seats["facility_id"].where(tells),
            "told_enrolled": seats["facility_id"].where(seats["enrolled"].notna()),
            "usable": seats["usable"].where(tells),
            "vacancies": vacant.where(tells),
            "enrolled": seats["enrolled"],
        }
    )
    figures = figures[figures["geoid"].isin(areas["geoid"])].merge(membership(profile), on="key")
    groups = figures[figures["row"].ne(NO_SEGMENT)].groupby(keys)
    table = groups[["facilities", "told", "told_enrolled"]].nunique()
    table[["usable", "vacancies", "enrolled"]] = groups[["usable", "vacancies", "enrolled"]].sum(min_count=1)
    table = table[(table["told"] > 0) | (table["told_enrolled"] > 0)]
    eligible = roll_up(people.assign(basis="people"), areas, profile).set_index(["geoid", "segment"])["value"]
    # In the order of the areas and of the rows of the gap, which is that of the eligible.
    table = table.rename_axis(["geoid", "segment"]).reindex(eligible.index.intersection(table.index, sort=False))
    table["eligible"] = eligible.reindex(table.index)
    table["filled"] = table["usable"] - table["vacancies"]
    table["occupancy"] = table["filled"] / table["usable"].where(table["usable"] > 0)
    table["uptake"] = table["enrolled"] / table["eligible"].where(table["eligible"] > 0)
    return conform(table.rename_axis(["geoid", "segment"]).reset_index()[OUTPUTS["uptake"].names], OUTPUTS["uptake"])
