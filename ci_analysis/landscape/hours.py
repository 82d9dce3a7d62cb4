"""Hours: which seats are open in each hour of the day, and who needs one while parents work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ci_analysis.landscape.gaps import unmet_need
from ci_analysis.landscape.need import NO_SEGMENT, output_rows
from ci_analysis.landscape.supply import facility_seats, known_rows, seats_by_row
from ci_analysis.tables import OUTPUTS, conform, empty_frame, weekdays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ci_analysis.issues import Profile

__all__ = ["hours_gap"]

#: Kinds of day, and which days of the week they are, 0 for Monday.
_KINDS = {"weekday": slice(0, 5), "saturday": slice(5, 6), "sunday": slice(6, 7)}
_HOURS = 24
_WEEK = 7 * _HOURS
_MINUTES_A_DAY = 24 * 60


def hours_gap(
    capacity: pd.DataFrame,
    facilities: pd.DataFrame,
    facility_geoid: pd.Series,
    need: pd.DataFrame,
    profile: Profile,
    *,
    at_work: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Seats open in each hour of the day against need while parents are at work, by area and row of the gap.

    A seat is open in the hour from `h` where its facility is open through all of `h` to `h + 1`. A facility opens on
    each of its days at `opens`; where `closes` is at or before `opens` it closes on the next day, so that equal times
    are around the clock. What it has open after midnight counts for the day that it is then. Seats open on a weekday
    are the mean of Monday to Friday: a facility that opens on three of the five counts three fifths of its seats.

    `seats_needed = need × at_work` on weekdays; the indicator does not tell Saturdays and Sundays from other days, and
    there it is missing. `short = max(0, seats_needed − seats_open)`, and `short_low` with unknown hours as open; in
    groups and `all`, as for unmet need in `gap`, a surplus for one age does not serve another.

    Parameters
    ----------
    capacity : pandas.DataFrame
        As from `facility_seats`.
    facilities : pandas.DataFrame
        facility_id, days (such as Mo-Fr), opens, closes (HH:MM).
    facility_geoid : pandas.Series of str
        Area of each facility, indexed by facility_id, as from `facility_areas`.
    need : pandas.DataFrame
        As from `need_estimates`.
    profile : Profile
        The issue, for its segments and groups.
    at_work : pandas.DataFrame, optional
        geoid, segment (`hour-00` to `hour-23`), value (share of parents at work in the hour), as from
        `latest_figures` of `profile.hours.at_work`.

    Returns
    -------
    pandas.DataFrame
        Output table `hours_gap`, by geoid, row of the gap, day and hour; a row for each area and each row of the gap
        whose seats are known (see `known_rows`). Without rows where no facility tells its hours; without Saturdays
        and Sundays where none tells hours and days. A facility that does not tell hours, opening and closing, is
        unknown on every day. One that tells no days is open at its hours on each weekday, the night before included,
        and unknown on Saturdays and Sundays.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> rows = pd.DataFrame({"facility_id": ["a", "b"], "segment": "preschool", "licensed": [20.0, 30.0]})
    >>> places = pd.DataFrame(
    ...     {"facility_id": ["a", "b"], "days": None, "opens": ["06:30", None], "closes": ["17:45", None]}
    ... )
    >>> need = pd.DataFrame({"geoid": "01", "segment": ["preschool"], "need": [60.0]})
    >>> table = hours_gap(
    ...     rows.assign(low=np.nan, high=np.nan, usable=np.nan),
    ...     places,
    ...     pd.Series({"a": "01", "b": "01"}),
    ...     need,
    ...     load_profile("child-care"),
    ... )
    >>> here = table[table["segment"].eq("preschool") & table["seats_open"].gt(0)]
    >>> here.loc[here["hour"].isin([7, 16]), ["hour", "seats_open", "seats_unknown"]].values.tolist(), len(here)
    ([[7.0, 20.0, 30.0], [16.0, 20.0, 30.0]], 10)
    """
    table, rows, known = OUTPUTS["hours_gap"], output_rows(profile), known_rows(capacity, profile)
    facilities = facilities.sort_values("facility_id")
    told = facilities[["opens", "closes"]].notna().all(axis=1)
    shown = [row for row in rows if row in known]
    if not told.any() or not shown:
        return empty_frame(table)
    kinds = list(_KINDS) if (told & facilities["days"].notna()).any() else ["weekday"]
    geoids = pd.Index(need["geoid"].drop_duplicates().sort_values(), name="geoid")
    is_open, unknown = _open(facilities, told)
    by_area = _sums_by_area(facilities["facility_id"].map(facility_geoid), geoids)
    usable = seats_by_row(facility_seats(capacity), "facility_id", profile)["usable"].unstack("row")
    usable = usable.reindex(index=facilities["facility_id"], columns=[*rows, NO_SEGMENT]).fillna(0.0).to_numpy()
    grid = pd.MultiIndex.from_product([geoids, kinds, range(_HOURS)], names=["geoid", "day", "hour"])

    def seats(share: NDArray[np.float64]) -> pd.DataFrame:
        """Return the seats that a share of the time, by facility, kind of day and hour, makes of the usable ones."""
        share = share[:, : len(kinds)].reshape(len(facilities), -1)
        sums = {
            row: (by_area @ (usable[:, [i]] * share)).ravel() if row in known else np.nan
            for i, row in enumerate([*rows, NO_SEGMENT])
        }
        return pd.DataFrame(sums, index=grid)

    opened, closed = seats(is_open), seats(np.broadcast_to(unknown[:, :, None], is_open.shape))
    working = _at_work(at_work, grid)
    needs = need.pivot(index="geoid", columns="segment", values="need").astype("float64")
    needs = needs.reindex(index=grid.get_level_values("geoid"), columns=list(rows)).set_axis(grid)
    needed = needs.mul(working, axis=0)
    columns = {
        "seats_open": opened,
        "seats_unknown": closed,
        "at_work": pd.DataFrame(dict.fromkeys(rows, working)),
        "seats_needed": needed,
        "short": unmet_need(needed, opened, rows),
        "short_low": unmet_need(needed, opened + closed, rows),
    }
    tall = pd.MultiIndex.from_product([geoids, shown, kinds, range(_HOURS)], names=["geoid", "segment", "day", "hour"])
    by_segment = (len(geoids), len(kinds) * _HOURS, len(shown))
    values = {
        name: wide[shown].to_numpy().reshape(by_segment).transpose(0, 2, 1).ravel() for name, wide in columns.items()
    }
    return conform(pd.DataFrame(values, index=tall).reset_index()[table.names], table)


def _minutes(times: pd.Series) -> NDArray[np.int64]:
    """Return times as minutes from midnight; those that are not known as 0."""
    text = times.fillna("00:00").astype("str")
    return (60 * text.str[:2].astype("int64") + text.str[3:].astype("int64")).to_numpy()


def _open(facilities: pd.DataFrame, told: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what part of a kind of days a facility is open, by hour, and whether that is unknown, 1 or 0."""
    opens, closes = _minutes(facilities["opens"]), _minutes(facilities["closes"])
    # The span lasts at least a minute and at most a day, so that those of two days never lie on each other.
    ends = opens + (closes - opens - 1) % _MINUTES_A_DAY + 1
    hours = 60 * np.arange(2 * _HOURS)
    covered = np.minimum(ends[:, None], hours + 60) - np.maximum(opens[:, None], hours)
    covered = np.clip(covered, 0, None) * told.to_numpy()[:, None]
    dayless = facilities["days"].isna().to_numpy()
    on = {text: np.isin(np.arange(7), weekdays(text)) for text in facilities["days"].dropna().unique()}
    days = np.array([on.get(text, np.ones(7, dtype=bool)) for text in facilities["days"]]).reshape(-1, 7)
    week = np.zeros((len(facilities), _WEEK), dtype="int64")
    for day in range(7):
        # A night that begins on Sunday ends on Monday. An hour may be made up of two days' spans.
        week[:, (day * _HOURS + np.arange(2 * _HOURS)) % _WEEK] += days[:, [day]] * covered
    through = (week >= 60).reshape(-1, 7, _HOURS)
    share = np.stack([through[:, which].mean(axis=1) for which in _KINDS.values()], axis=1)
    unknown = np.stack([~told.to_numpy() | (dayless & (kind != "weekday")) for kind in _KINDS], axis=1)
    return np.where(unknown[:, :, None], 0.0, share), unknown.astype("float64")


def _sums_by_area(facility_geoid: pd.Series, geoids: pd.Index) -> csr_array:
    """Return the matrix, area by facility, that sums facilities' figures; those outside every area add nothing."""
    area = geoids.get_indexer(facility_geoid)
    inside = np.flatnonzero(area >= 0)
    return csr_array((np.ones(len(inside)), (area[inside], inside)), shape=(len(geoids), len(area)))


def _at_work(at_work: pd.DataFrame | None, grid: pd.MultiIndex) -> pd.Series:
    """Return the share of parents at work, on the grid of areas, days and hours; missing but on weekdays."""
    if at_work is None or not len(at_work):
        return pd.Series(np.nan, index=grid)
    hours = {f"hour-{hour:02}": hour for hour in range(_HOURS)}
    said = at_work.assign(day="weekday", hour=at_work["segment"].map(hours))
    said = said[said["hour"].notna()].astype({"hour": "int64"})
    return said.set_index(["geoid", "day", "hour"])["value"].astype("float64").reindex(grid)
