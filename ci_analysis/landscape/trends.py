"""What changed between two periods, area by area, and whether that is more than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.landscape.dollars import in_dollars_of
from ci_analysis.landscape.estimates import differs, moe_change, moe_difference
from ci_analysis.landscape.indicators import censored, indicator_kinds
from ci_analysis.tables import OUTPUTS, conform, empty_frame, period_end

if TYPE_CHECKING:
    import datetime as dt

    from ci_analysis.issues import Profile

__all__ = ["trends"]

#: Share of the areas with a figure in any period that a period must cover, as for the latest figures.
MINIMUM_SHARE = 0.8
_YEAR = r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])"
#: Years that a survey collected over, in the text of its source; and how many, where only that is said.
_WINDOW = rf"({_YEAR})\s*(?:-|–|to)\s*({_YEAR})"
_LENGTH = r"(?<![0-9])([1-9])[ -]year"
#: What tells two editions of one series apart: windows, years, months and days.
_DATED = rf"{_YEAR}(?:\s*(?:-|–|to)\s*{_YEAR}|(?:-[0-9]{{2}}){{1,2}}(?![0-9]))?"
#: What figures that may be compared have in common.
_ALIKE = ["indicator", "key", "series"]


def trends(indicators: pd.DataFrame, areas: pd.DataFrame, profile: Profile, *, as_of: dt.date) -> pd.DataFrame:
    """Change of every figure between two periods that can be compared.

    The last period against the earliest one of the same series: the same source once years are taken out of its text,
    the same ages, and periods of one length. Both end by `as_of` and cover at least 80 % of the areas that have a
    figure in any period. Where the source names the years that it was collected over, as five-year estimates do, the
    earliest period that shares no year with the last is taken: two windows that share years have people in common, and
    their difference says little about what changed. Where all of them share years, the row says so in `overlap`, and
    has no change. Of several series of one indicator, that with a change is taken, and then the one that ends last.

    `change = last − first`; `change_share = change / first`; `change_real`, of money, takes the first into the dollars
    of the last period's year.

    Parameters
    ----------
    indicators : pandas.DataFrame
        The study's table: geoid, indicator, period, segment, value, moe (90 %), source, reason, ages.
    areas : pandas.DataFrame
        The study's areas, by `geoid`; figures of other places are left out.
    profile : Profile
        The issue, whose catalogue says which indicators are money, and from which figures on a publisher says no more.
    as_of : datetime.date
        The day the study speaks of.

    Returns
    -------
    pandas.DataFrame
        Output table `trends`; one row for each area, indicator and segment with a figure in either period. `change` is
        missing where a figure is missing or is the limit of an open-ended class. `moe` and `change_share_moe` are
        those of `moe_difference` and `moe_change`; `significant` is `differs`, for money between the two in the last
        period's dollars, since a rise of prices is none of income. These are missing where a margin is, and
        `change_share` where the first figure is 0.

    References
    ----------
    U.S. Census Bureau (2020), *Understanding and Using American Community Survey Data*, chapters 7 and 8, and on
    comparing estimates of several years (windows that do not overlap).

    Examples
    --------
    >>> import datetime as dt
    >>> from ci_analysis.issues import load_profile
    >>> figures = pd.DataFrame(
    ...     {
    ...         "geoid": "a",
    ...         "indicator": "children",
    ...         "period": ["2014", "2018", "2019"],
    ...         "segment": None,
    ...         "value": [100.0, 120.0, 150.0],
    ...         "moe": [3.0, 3.0, 4.0],
    ...         "source": ["ACS 2010-2014", "ACS 2014-2018", "ACS 2015-2019"],
    ...         "reason": None,
    ...         "ages": None,
    ...     }
    ... )
    >>> found = trends(figures, pd.DataFrame({"geoid": ["a"]}), load_profile("child-care"), as_of=dt.date(2026, 6, 30))
    >>> found[["from_period", "to_period", "change", "moe", "change_share", "significant"]].values.tolist()
    [['2014', '2019', 50.0, 5.0, 0.5, True]]
    """
    declared = OUTPUTS["trends"]
    rows = _dated(indicators[indicators["value"].notna() & indicators["geoid"].isin(areas["geoid"])], profile)
    rows = rows[rows["end"] <= pd.Timestamp(as_of)]
    pairs = _pairs(rows)
    if not len(pairs):
        return empty_frame(declared)
    figures = ["value", "moe", "limit"]
    ends = [
        rows.merge(pairs.rename(columns={f"{side}_period": "period"}), on=[*_ALIKE, "period"])[
            ["geoid", "indicator", "key", *figures]
        ].rename(columns={f: f"{side}_{f}" for f in figures})
        for side in ("from", "to")
    ]
    both = ends[0].merge(ends[1], on=["geoid", "indicator", "key"], how="outer")
    both = both.merge(pairs, on=["indicator", "key"]).sort_values(["geoid", "indicator", "key"], ignore_index=True)
    return conform(_changes(both, profile)[declared.names], declared)


def _dated(indicators: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Return figures with their segment, series, last day and the years that they were collected over."""
    source, period = indicators["source"].astype("str").fillna(""), indicators["period"].astype("str")
    ages = indicators["ages"].astype("str").fillna("")
    series = source.str.replace(_DATED, "", regex=True).str.split().str.join(" ").str.lower()
    # 2019 and 2019-Q4 end on the same day and are not the same length of time.
    kind = period.str.len().astype("str") + period.str.contains("Q").astype("str")
    year = period.str[:4].astype("float64")
    windows = source.str.extractall(_WINDOW).astype("float64").groupby(level=0).agg({0: "min", 1: "max"})
    windows = windows.reindex(indicators.index)
    length = source.str.extract(_LENGTH, expand=False).astype("float64")
    return indicators.assign(
        key=indicators["segment"].fillna(""),
        series=series + "|" + ages + "|" + kind,
        end=period_end(period),
        limit=censored(indicators, profile=profile).notna(),
        windowed=windows[0].notna() | length.gt(1),
        since=windows[0].fillna(year - length + 1).fillna(year),
        until=windows[1].fillna(year),
    )


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the two periods to compare for each indicator and segment, and whether they share years."""
    known = rows.groupby(["indicator", "key"])["geoid"].nunique().rename("known").reset_index()
    periods = rows.groupby([*_ALIKE, "period"], as_index=False).agg(
        end=("end", "first"), areas=("geoid", "nunique"), since=("since", "min"), until=("until", "max"),
        windowed=("windowed", "any"),
    )  # fmt: skip
    periods = periods.merge(known, on=["indicator", "key"])
    # 0.8 has no exact binary form: four areas of five are enough.
    periods = periods[periods["areas"] >= MINIMUM_SHARE * periods["known"] - 1e-9]
    last = periods.sort_values([*_ALIKE, "end"]).drop_duplicates(_ALIKE, keep="last")
    both = periods.merge(last, on=_ALIKE, suffixes=("", "_last"))
    both = both[both["end"] < both["end_last"]]
    both = both.assign(
        overlap=(both["windowed"] | both["windowed_last"]) & (both["until"] >= both["since_last"]),
        newest=-both["end_last"].astype("int64"),
    )
    # A series whose ends can be compared, then the newest, then its earliest period; the name settles what is left.
    both = both.sort_values(["indicator", "key", "overlap", "newest", "series", "end"])
    both = both.drop_duplicates(["indicator", "key"])
    return both.rename(columns={"period": "from_period", "period_last": "to_period"})[
        [*_ALIKE, "from_period", "to_period", "overlap"]
    ]


def _changes(both: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Return the table of changes from the two figures of each area."""
    first, last, first_moe, last_moe = (
        both[c].astype("float64") for c in ("from_value", "to_value", "from_moe", "to_moe")
    )
    # A limit may stand for any figure beyond it.
    comparable = ~both["overlap"] & ~both["from_limit"].eq(True) & ~both["to_limit"].eq(True)
    change = (last - first).where(comparable)
    known = change.notna()
    years = [both[c].str[:4].astype("int64") for c in ("from_period", "to_period")]
    money = indicator_kinds(both["indicator"], profile).eq("money")
    then, then_moe = (in_dollars_of(v, *years).where(money, v) for v in (first, first_moe))
    return pd.DataFrame(
        {
            "geoid": both["geoid"],
            "indicator": both["indicator"],
            "segment": both["key"].where(both["key"].ne("")),
            "from_period": both["from_period"],
            "to_period": both["to_period"],
            "first": first,
            "last": last,
            "change": change,
            "moe": moe_difference(first_moe, last_moe).where(known),
            "change_share": change / first.where(first.ne(0)),
            "change_share_moe": moe_change(first, last, first_moe, last_moe).where(known),
            "change_real": (last - then).where(known & money),
            "significant": differs(then, last, then_moe, last_moe).where(known, pd.NA),
            "overlap": both["overlap"],
        },
    )
