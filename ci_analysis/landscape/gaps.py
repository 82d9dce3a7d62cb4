"""Need against seats: the gap of every area, and over all areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ci_analysis.landscape.estimates import standard_error
from ci_analysis.landscape.need import NO_SEGMENT, distinct, in_segments, output_rows, roll_up
from ci_analysis.tables import OUTPUTS, conform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ci_analysis.issues import Profile

__all__ = ["gap", "gap_summary", "unmet_need"]

#: Which seats the unmet need of each column is what is left of.
_READINGS = {"unmet": "usable", "unmet_low": "usable_high", "unmet_high": "usable_low"}
_ACCESS = ["access", "access_basis", "access_reason"]
#: Random numbers held at a time.
_CHUNK = 500_000


def _wide(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column with a row an area and a column a segment."""
    keyed = frame.assign(segment=frame["segment"].fillna(NO_SEGMENT))
    wide = keyed.pivot(index="geoid", columns="segment", values=column)
    return wide.astype("float64")


def _known(needs: pd.DataFrame) -> set[str]:
    return set(needs.columns[needs.notna().any()])


def unmet_need(needs: pd.DataFrame, usable: pd.DataFrame, rows: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Need beyond the seats, area by row. In a group, what one age has too many of does not serve another.

    Parameters
    ----------
    needs : pandas.DataFrame of float
        People; a column for each of `rows`.
    usable : pandas.DataFrame of float
        Seats, on the same index; a column for each of `rows`, and the empty one for seats that name no segment.
    rows : dict
        As from `output_rows`.

    Returns
    -------
    pandas.DataFrame of float
        People, in the shape of `needs`.

    Examples
    --------
    >>> rows = {"a": ("a",), "b": ("b",), "all": ("a", "b")}
    >>> needs = pd.DataFrame({"a": [50.0], "b": [20.0], "all": [70.0]})
    >>> seats = pd.DataFrame({"a": [10.0], "b": [40.0], "all": [55.0], "": [5.0]})
    >>> unmet_need(needs, seats, rows).values.tolist()
    [[40.0, 0.0, 35.0]]
    """
    own = (needs - usable[needs.columns]).clip(lower=0)
    known = _known(needs)
    result = {}
    for row, parts in rows.items():
        if parts != (row,) and in_segments(known, parts):
            # Seats of a segment that are unknown everywhere add nothing to the group's, as in every sum of seats.
            have = usable[list(parts)].where(usable[list(parts)].notna(), 0.0)
            short = (needs[list(parts)] - have).clip(lower=0).sum(axis=1, skipna=False)
            result[row] = (short - usable[NO_SEGMENT]).clip(lower=0)
        else:
            result[row] = own[row]
    return pd.DataFrame(result)


def _tall(wide: pd.DataFrame, name: str) -> pd.DataFrame:
    return wide.rename_axis("geoid").reset_index().melt(id_vars="geoid", var_name="segment", value_name=name)


def _flag(is_so: pd.Series, *needed: pd.Series) -> pd.Series:
    """Return yes or no, and missing where what it rests on is."""
    known = pd.concat(needed, axis=1).notna().all(axis=1)
    return is_so.astype("boolean").where(known)


def gap(
    need: pd.DataFrame,
    seats: pd.DataFrame,
    areas: pd.DataFrame,
    profile: Profile,
    *,
    people: pd.DataFrame | None = None,
    access: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Need against seats in every area, for each segment, each group and everybody.

    `ratio = usable / need`, `people_per_seat = need / usable`. Of a segment `unmet = max(0, need − usable)`. Of a
    group and of `all`, `unmet = max(0, Σ segments' unmet − usable seats without a segment)`, since a surplus for one
    age does not serve another; where need is not known by segment, `max(0, need − usable)`. `unmet_low` and
    `unmet_high` are the same by the widest and the strictest reading of the seats.

    Three definitions of shortage, with the profile's threshold `t` of people a seat: `cap_desert`, more people than
    the profile's minimum and more than `t` for each licensed seat, or no seat, in the profile's row only;
    `spatial_desert`, `ratio < 1/t`; `access_desert`, `access < 1/t`. `p_shortage = P(need > t × usable)` with need
    normal around its estimate.

    Parameters
    ----------
    need : pandas.DataFrame
        As from `need_estimates`.
    seats : pandas.DataFrame
        As from `seats`.
    areas : pandas.DataFrame
        The study's areas, by `geoid`.
    profile : Profile
        The issue: segments, groups and when seats are short.
    people : pandas.DataFrame, optional
        As from `latest_figures` of `profile.shortage.people`; without it no area has a `cap_desert`.
    access : pandas.DataFrame, optional
        geoid, segment, access (seats a person), access_basis, access_reason, as from `area_access`.

    Returns
    -------
    pandas.DataFrame
        Output table `gap`; a row for each area and each of `output_rows`, by geoid and then in that order. A ratio
        with a zero or missing denominator is missing, and so is what rests on a missing figure.

    References
    ----------
    Center for American Progress (2018), *America's Child Care Deserts in 2018* (`cap_desert`, which there is for
    children under five, by census tract).

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> profile, areas = load_profile("child-care"), pd.DataFrame({"geoid": ["01"]})
    >>> rows = list(output_rows(profile))
    >>> need = pd.DataFrame({"geoid": "01", "segment": rows, "need": [50.0, 20, 10, 70, 80], "need_moe": 16.45})
    >>> seats = pd.DataFrame({"geoid": "01", "segment": [*rows, None], "supply": [10.0, 40, 10, 55, 65, 5]})
    >>> seats = seats.assign(usable=seats["supply"], usable_low=0.0, usable_high=seats["supply"], unknown=0)
    >>> table = gap(need.assign(need_basis="people", need_period="2024"), seats, areas, profile)
    >>> table.set_index("segment")["unmet"].to_list()  # under six: 40 too few, 20 too many, and 5 for any age
    [40.0, 0.0, 0.0, 35.0, 35.0]
    """
    rows, keys, limit = output_rows(profile), ["geoid", "segment"], profile.shortage.people_per_seat
    table = need.merge(seats.dropna(subset=["segment"]), on=keys, how="left", validate="1:1")
    needs = _wide(need, "need")[list(rows)]
    for column, reading in _READINGS.items():
        unmet = _tall(unmet_need(needs, _wide(seats, reading), rows), column)
        table = table.merge(unmet, on=keys, how="left", validate="1:1")
    if access is None:
        table[_ACCESS] = np.nan
    else:
        table = table.merge(access.reindex(columns=[*keys, *_ACCESS]), on=keys, how="left", validate="1:1")
    table["ratio"] = table["usable"] / table["need"].where(table["need"] > 0)
    table["people_per_seat"] = table["need"] / table["usable"].where(table["usable"] > 0)
    table["p_shortage"] = _p_more(table["need"], table["need_moe"], limit * table["usable"])
    table["cap_desert"] = _cap_desert(table, people, areas, profile)
    for column, per_person in (("spatial_desert", "ratio"), ("access_desert", "access")):
        table[column] = _flag(_below(table[per_person], 1 / limit), table[per_person])
    # Seats counted without staff have nothing to say of it.
    return conform(table.reindex(columns=OUTPUTS["gap"].names), OUTPUTS["gap"])


def _below(values: pd.Series, limit: float) -> pd.Series:
    """Return whether values are below a limit by more than the rounding of a sum."""
    return (values < limit) & ~np.isclose(values, limit, rtol=1e-9, atol=0)


def _p_more(estimate: pd.Series, moe: pd.Series, than: pd.Series) -> pd.Series:
    """Return the probability that the true value is more than a limit; a step where the estimate is exact."""
    error = standard_error(moe)
    away = (estimate - than) / error.where(error > 0)
    exact = (estimate > than).astype("float64").where(estimate.notna() & than.notna() & error.eq(0))
    return pd.Series(ndtr(away.to_numpy()), index=estimate.index).fillna(exact)


def _cap_desert(table: pd.DataFrame, people: pd.DataFrame | None, areas: pd.DataFrame, profile: Profile) -> pd.Series:
    shortage = profile.shortage
    if people is None:
        return pd.Series(pd.NA, index=table.index, dtype="boolean")
    rolled = roll_up(people.assign(basis="people"), areas, profile)
    rolled = rolled[rolled["segment"].eq(shortage.segment)].set_index("geoid")["value"]
    living = table["geoid"].map(rolled).where(table["segment"].eq(shortage.segment))
    # Where there is no seat, any person is more than the threshold's multiple of none.
    short = (living > shortage.minimum_people) & (living > shortage.people_per_seat * table["supply"])
    return _flag(short, living, table["supply"])


def gap_summary(gap: pd.DataFrame, profile: Profile, *, seed: int, draws: int = 4000) -> pd.DataFrame:
    """Need against seats over all areas whose need is known, for each segment, each group and everybody.

    `pooled_gap = max(0, Σ need − Σ usable)`, as if every seat served everywhere; `spatial_gap = Σ unmet`, where a
    surplus in one area does not serve another; `sufficiency = Σ usable / Σ need`. `spatial_gap_low` and
    `spatial_gap_high` are the 5th and 95th percentile of the spatial gap when every need is drawn from the normal
    distribution around its estimate. Groups and `all` are simulated from the same draws of their segments. Draws
    are not cut at 0, which would change nothing: a need below 0 leaves no more unmet than a need of 0. Since unmet
    need cannot be negative either, the draws' mean lies above the point, which may even lie below the interval.

    Parameters
    ----------
    gap : pandas.DataFrame
        As from `gap`.
    profile : Profile
        The issue, for its segments and groups.
    seed : int
        Seed of the random numbers.
    draws : int
        Number of simulated communities.

    Returns
    -------
    pandas.DataFrame
        Output table `gap_summary`; a row for each of `output_rows`, in that order. The interval is missing where
        the need of a counted area has no margin, and every sum where no area's need, or no seats, are known.
        `spatial_gap_strict` and `spatial_gap_wide` are by the strictest and widest reading of the seats.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> table = pd.DataFrame(
    ...     {"geoid": ["01", "02", "03"], "segment": "all", "need": [50.0, 10, np.nan], "need_moe": np.nan}
    ... ).assign(supply=20.0, usable=20.0, unmet=[30, 0, np.nan], unmet_low=0, unmet_high=0, unknown=0)
    >>> table = table.assign(usable_low=20.0, usable_high=20.0, need_period="2024")
    >>> summary = gap_summary(table, load_profile("child-care"), seed=1)
    >>> summary[["areas", "areas_with_need", "pooled_gap", "spatial_gap"]].values.tolist()
    [[3.0, 2.0, 20.0, 30.0]]
    """
    table = OUTPUTS["gap_summary"]
    rows = {row: parts for row, parts in output_rows(profile).items() if gap["segment"].eq(row).any()}
    counted = gap[gap["need"].notna()]
    by_row = counted.groupby("segment")
    result = pd.DataFrame(index=list(rows))
    result["areas"] = gap.groupby("segment").size()
    result["areas_with_need"] = by_row.size().reindex(rows, fill_value=0)
    sums = {
        "need": "need", "supply": "supply", "usable": "usable", "unknown": "unknown", "spatial_gap": "unmet",
        "spatial_gap_strict": "unmet_high", "spatial_gap_wide": "unmet_low", "usable_low": "usable_low",
        "usable_high": "usable_high",
    }  # fmt: skip
    for name, column in sums.items():
        whole = counted[column].notna().groupby(counted["segment"]).all()
        result[name] = by_row[column].sum().where(whole)
    result["pooled_gap"] = (result["need"] - result["usable"]).clip(lower=0)
    result["sufficiency"] = result["usable"] / result["need"].where(result["need"] > 0)
    result["need_period"] = by_row["need_period"].agg(lambda periods: distinct(";".join(periods.dropna().unique())))
    simulated = _simulated(gap, rows, np.random.default_rng(seed), draws)
    result["spatial_gap_low"] = simulated.quantile(0.05)
    result["spatial_gap_high"] = simulated.quantile(0.95)
    return conform(result.rename_axis("segment").reset_index()[table.names], table)


def _simulated(
    gap: pd.DataFrame, rows: dict[str, tuple[str, ...]], rng: np.random.Generator, draws: int
) -> pd.DataFrame:
    """Return the spatial gap of each draw (row) and row of the gap (column); no column where there is no margin."""
    # In the order of areas, so that shuffled rows draw the same numbers.
    needs, margins, usable = (_wide(gap, c)[list(rows)].sort_index() for c in ("need", "need_moe", "usable"))
    errors = margins.apply(standard_error)
    known = _known(needs)
    parts = {row: p if in_segments(known, p) else (row,) for row, p in rows.items()}
    drawn = sorted({p for members in parts.values() for p in members}, key=list(rows).index)
    at = {part: i for i, part in enumerate(drawn)}
    # What a row has beyond its parts' seats are the seats without a segment.
    ready, extra, counts = {}, {}, {}
    for row, p in parts.items():
        counted = needs[row].notna()
        complete = usable.loc[counted, row].notna().all() and errors.loc[counted, list(p)].notna().all(axis=None)
        ready[row] = counted.any() and complete
        extra[row] = (usable[row] - usable[list(p)].sum(axis=1)).to_numpy()[counted]
        counts[row] = slice(None) if counted.all() else counted.to_numpy()
    have = usable[drawn].where(usable[drawn].notna(), 0.0)
    over, spread = (frame.to_numpy().T.copy() for frame in (needs[drawn] - have, errors[drawn]))
    sums: dict[str, list[NDArray[np.float64]]] = {row: [] for row, is_ready in ready.items() if is_ready}
    size = max(1, _CHUNK // max(1, over.size))
    for start in range(0, draws, size):
        short = rng.standard_normal((min(size, draws - start), *over.shape))
        # In place: there are as many numbers as draws, areas and segments multiplied.
        short *= spread
        short += over
        np.maximum(short, 0, out=short)
        for row in sums:
            first, *others = (short[:, at[p]] for p in parts[row])
            left = sum(others, start=first)[:, counts[row]]
            if others or extra[row].any():
                left = np.maximum(left - extra[row], 0)
            sums[row].append(left.sum(axis=1))
    return pd.DataFrame({row: np.concatenate(values) for row, values in sums.items()})
