from __future__ import annotations

from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.issues import load_profile
from ci_analysis.landscape import compute, gap, hours_gap, need_estimates, output_rows, seats
from ci_analysis.tables import INPUTS, OUTPUTS, conform, weekdays

WEEK = 7 * 24 * 60
KINDS = {"weekday": range(5), "saturday": [5], "sunday": [6]}
PROFILE = load_profile("child-care")
KEYS = ["geoid", "segment", "day", "hour"]


def places(*rows):
    """Facilities of (name, days, opens, closes)."""
    names = ["facility_id", "days", "opens", "closes"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(name="x", kind="center")
    return conform(frame.reindex(columns=INPUTS["facilities"].names), INPUTS["facilities"])


def held(*rows):
    """Seats of (facility, segment, licensed)."""
    names = ["facility_id", "segment", "licensed"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    return conform(frame.reindex(columns=INPUTS["capacity"].names), INPUTS["capacity"])


def needed(people, geoids=("08001",)):
    """Need, the same in each area, by row of the gap."""
    rows = list(output_rows(PROFILE))
    return pd.DataFrame([{"geoid": g, "segment": s, "need": people.get(s, nan)} for g in geoids for s in rows])


def one(days, opens, closes, day="weekday"):
    """Hours of one facility of one seat: what part of the seat is open, by hour; a second one tells days."""
    facilities = places(("a", days, opens, closes), ("empty", "Mo", "08:00", "09:00"))
    where = pd.Series({"a": "08001", "empty": "08001"})
    table = hours_gap(held(("a", "preschool", 1)), facilities, where, needed({}), PROFILE)
    rows = table[table["segment"].eq("preschool") & table["day"].eq(day)].set_index("hour")
    return rows["seats_open"].round(12), rows["seats_unknown"]


def open_in(*hours):
    return [float(h in hours) for h in range(24)]


def minutes(time):
    return 60 * int(time[:2]) + int(time[3:])


def week_slowly(days, opens, closes):
    """Each minute of the week that a facility is open, one after another, from Monday's first."""
    found = set()
    for day in days:
        minute, end = minutes(opens), minutes(closes)
        end += 1440 if end <= minute else 0
        while minute < end:
            found.add((day * 1440 + minute) % WEEK)
            minute += 1
    return found


def part_slowly(days, opens, closes, kind):
    """What part of a kind of days a facility is open through each hour."""
    found = week_slowly(days, opens, closes)
    whole = [[all(d * 1440 + 60 * h + m in found for m in range(60)) for h in range(24)] for d in KINDS[kind]]
    return np.mean(whole, axis=0).tolist()


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [
        ("07:00", "18:00", range(7, 18)),
        ("06:30", "17:45", range(7, 17)),  # half an hour is no hour
        ("06:00", "00:00", range(6, 24)),  # midnight is the end of the day
        ("00:00", "00:00", range(24)),
        ("06:30", "06:30", range(24)),  # around the clock: two days meet within the hour
        ("18:00", "06:00", [*range(18, 24), *range(6)]),
        ("18:30", "06:30", [*range(19, 24), *range(6)]),
        ("23:00", "01:00", [23, 0]),
        ("23:30", "00:30", []),
        ("08:15", "09:00", []),
        ("08:00", "09:00", [8]),
        ("08:00", "07:59", [*range(8, 24), *range(7)]),  # closes at the next day's 7:59
        ("00:00", "23:59", range(23)),
    ],
)
def test_a_seat_is_open_where_its_facility_is_through_the_whole_hour(opens, closes, hours):
    for days in ("Mo-Su", None):
        found, unknown = one(days, opens, closes)
        assert found.to_list() == open_in(*hours)
        assert unknown.eq(0).all()


@pytest.mark.parametrize(
    ("days", "weekday", "saturday", "sunday"),
    [
        # Open 18:00 to 06:00: the night belongs to the day that it is by then.
        ("Mo-Fr", ([*range(18, 24)], [*range(6)], 4 / 5), [*range(6)], []),
        ("Sa", ([], [], 0), [*range(18, 24)], [*range(6)]),
        ("Su", ([], [*range(6)], 1 / 5), [], [*range(18, 24)]),
        ("Sa-Mo", ([], [], 0), [*range(18, 24)], [*range(6), *range(18, 24)]),
    ],
)
def test_a_night_that_begins_on_one_day_ends_on_the_next(days, weekday, saturday, sunday):
    assert one(days, "18:00", "06:00", "saturday")[0].to_list() == open_in(*saturday)
    assert one(days, "18:00", "06:00", "sunday")[0].to_list() == open_in(*sunday)
    evening, early, part = weekday
    found = one(days, "18:00", "06:00")[0]
    if days == "Sa-Mo":  # Monday's evening of five, and the nights before Monday and Tuesday
        assert found.to_list() == pytest.approx([2 / 5 * (h < 6) + 1 / 5 * (h >= 18) for h in range(24)])
    else:
        assert found.to_list() == pytest.approx([(h in evening) + part * (h in early) for h in range(24)])


def test_a_weekday_is_the_mean_of_the_five():
    found, unknown = one("Mo,We,Fr", "08:00", "16:00")
    assert found.to_list() == pytest.approx([3 / 5 * (8 <= h < 16) for h in range(24)])
    assert unknown.eq(0).all()  # a day on which it is closed is known
    assert one("Mo-Fr", "08:00", "16:00", "sunday")[0].eq(0).all()


@pytest.mark.parametrize(
    ("days", "opens", "closes", "weekday", "weekend"),
    [
        (None, None, None, 1, 1),
        ("Mo-Fr", None, None, 1, 1),
        (None, "08:00", None, 1, 1),
        (None, None, "17:00", 1, 1),
        (None, "08:00", "17:00", 0, 1),
        ("Mo-Fr", "08:00", "17:00", 0, 0),
    ],
)
def test_what_a_facility_does_not_tell_is_unknown_and_not_closed(days, opens, closes, weekday, weekend):
    for kind, expected in (("weekday", weekday), ("saturday", weekend), ("sunday", weekend)):
        found, unknown = one(days, opens, closes, kind)
        assert unknown.eq(expected).all()
        assert found.eq(0).all() or not expected


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.integers(0, 6), min_size=1), st.integers(0, 95), st.integers(0, 95),
    st.sampled_from(["weekday", "saturday", "sunday"]),
)  # fmt: skip
def test_the_open_part_is_what_minutes_counted_one_by_one_give(days, opens, closes, kind):
    names = ",".join(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")[d] for d in sorted(days))
    assert weekdays(names) == sorted(days)
    first, last = (f"{q // 4:02}:{15 * (q % 4):02}" for q in (opens, closes))
    assert one(names, first, last, kind)[0].to_list() == pytest.approx(part_slowly(days, first, last, kind))


def test_rows_are_there_for_rows_whose_seats_are_known_and_days_that_some_facility_tells():
    where = pd.Series({"a": "08001", "b": "08003"})
    without = places(("a", None, "08:00", "17:00"), ("b", "Mo-Fr", None, None))
    capacity = held(("a", "preschool", 10), ("b", "infant-toddler", nan))
    table = hours_gap(capacity, without, where, needed({}, ("08003", "08001")), PROFILE)
    # Of infants a facility says only that it has some; days without hours say nothing of Saturday's hours.
    assert table["segment"].unique().tolist() == ["preschool", "school-age", "under-six", "all"]
    assert table["day"].unique().tolist() == ["weekday"]
    assert table.columns.to_list() == OUTPUTS["hours_gap"].names
    assert len(table) == 2 * 4 * 24
    order = [(g, s, "weekday", h) for g in ("08001", "08003") for s in table["segment"].unique() for h in range(24)]
    assert list(table[KEYS].itertuples(index=False, name=None)) == order
    # No facility is not an unknown one.
    assert table.loc[table["geoid"].eq("08003"), ["seats_open", "seats_unknown"]].eq(0).all(axis=None)


@pytest.mark.parametrize(
    ("facilities", "capacity"),
    [
        (places(("a", "Mo-Fr", None, None)), held(("a", "preschool", 10))),
        (places(("a", "Mo-Fr", "08:00", None)), held(("a", "preschool", 10))),
        (places(("a", "Mo-Fr", "08:00", "17:00")), held(("a", "preschool", nan))),
        (places(("a", "Mo-Fr", "08:00", "17:00")), held()),
        (places(("a", "Mo-Fr", "08:00", "17:00")).iloc[:0], held()),
    ],
)
def test_without_hours_or_seats_there_is_no_table(facilities, capacity):
    where = pd.Series(dict.fromkeys(facilities["facility_id"], "08001"), dtype="str")
    table = hours_gap(capacity, facilities, where, needed({"all": 10.0}), PROFILE)
    assert table.empty
    assert table.columns.to_list() == OUTPUTS["hours_gap"].names


def working(geoids=("08001",), **shares):
    """Share of parents at work by hour, named h7 for 7 o'clock."""
    rows = [{"geoid": g, "segment": f"hour-{int(h[1:]):02}", "value": v} for g in geoids for h, v in shares.items()]
    return pd.DataFrame(rows)


def test_short_is_what_is_needed_beyond_the_open_seats():
    facilities = places(("a", "Mo-Su", "07:00", "18:00"), ("silent", None, None, None), ("far", None, "07:00", "18:00"))
    capacity = held(("a", "preschool", 30), ("silent", "preschool", 20), ("far", "preschool", 500))
    where = pd.Series({"a": "08001", "silent": "08001", "far": np.nan})
    need = needed({"preschool": 80.0})
    table = hours_gap(capacity, facilities, where, need, PROFILE, at_work=working(h6=0.25, h12=0.75, h18=0.5))
    rows = table[table["segment"].eq("preschool")].set_index(["day", "hour"])
    figures = ["seats_open", "seats_unknown", "at_work", "seats_needed", "short", "short_low"]
    assert rows.loc[("weekday", 6), figures].to_list() == [0, 20, 0.25, 20, 20, 0]
    assert rows.loc[("weekday", 12), figures].to_list() == [30, 20, 0.75, 60, 30, 10]
    assert rows.loc[("weekday", 18), figures].to_list() == [0, 20, 0.5, 40, 40, 20]
    # No share for the hour, or for the day: nothing is short, and nothing enough.
    for key in (("weekday", 7), ("saturday", 12)):
        assert rows.loc[key, "seats_open"] == 30
        assert rows.loc[key, figures[2:]].isna().all()


def test_without_shares_at_work_the_open_seats_stand():
    facilities, where = places(("a", None, "07:00", "18:00")), pd.Series({"a": "08001"})
    for at_work in (None, working(h7=0.5).iloc[:0]):
        table = hours_gap(held(("a", "preschool", 30)), facilities, where, needed({"all": 9.0}), PROFILE,
                          at_work=at_work)  # fmt: skip
        assert table["seats_open"].notna().all()
        assert table[["at_work", "seats_needed", "short", "short_low"]].isna().all(axis=None)


def test_a_surplus_for_one_age_does_not_serve_another():
    facilities, where = places(("a", None, "07:00", "18:00"), ("b", None, "07:00", "12:00")), {}
    where = pd.Series({"a": "08001", "b": "08001"})
    capacity = held(("a", "infant-toddler", 10), ("a", "preschool", 50), ("b", None, 25))
    need = needed({"infant-toddler": 50.0, "preschool": 20.0, "under-six": 70.0})
    table = hours_gap(capacity, facilities, where, need, PROFILE, at_work=working(h8=1.0, h15=1.0))
    group = table[table["segment"].eq("under-six")].set_index("hour")
    assert group.loc[8, ["seats_open", "seats_needed", "short"]].to_list() == [85, 70, (50 - 10) - 25]
    assert group.loc[15, ["seats_open", "seats_needed", "short"]].to_list() == [60, 70, 50 - 10]
    # School-age need is not known, and so is everybody's not.
    assert table.loc[table["segment"].eq("all"), ["seats_needed", "short"]].isna().all(axis=None)


def test_where_all_work_and_all_is_open_short_is_the_unmet_need(study):
    t, areas, profile = study.tables, study.areas, study.profile
    need = need_estimates(t["indicators"], areas, profile, as_of=study.settings.as_of)
    facilities = t["facilities"].assign(opens="00:00", closes="00:00")
    where = pd.Series(["08001", "08003", "08003", nan], index=facilities["facility_id"])
    every = working(areas["geoid"], **{f"h{h}": 1.0 for h in range(24)})
    table = hours_gap(t["capacity"], facilities, where, need, profile, at_work=every)
    unmet = gap(need, seats(t["capacity"], where, areas, profile), areas, profile).set_index(["geoid", "segment"])
    both = table.set_index(["geoid", "segment"]).join(unmet[["unmet", "usable"]])
    np.testing.assert_allclose(both["short"], both["unmet"])
    np.testing.assert_allclose(both["seats_open"], both["usable"])


@pytest.fixture
def many():
    rng = np.random.default_rng(6)
    names = [f"f{i}" for i in range(40)]
    times = [None, "00:00", "06:30", "07:00", "17:45", "18:00", "22:00"]
    facilities = places(*((n, rng.choice([None, "Mo-Fr", "Sa-Mo", "Tu,Th"]), *rng.choice(times, 2)) for n in names))
    rows = [
        (n, segment or None, rng.choice([nan, 0.0, 7.0, 40.0]))
        for n in names
        for segment in rng.permutation(["infant-toddler", "preschool", "school-age", ""])[: rng.integers(1, 5)]
    ]
    where = pd.Series(rng.choice(["08001", "08003", "08005", "99999"], len(names)), index=names)
    geoids = ("08001", "08003", "08005")
    need = needed({"infant-toddler": 90.0, "preschool": 60.0, "school-age": 120.0, "under-six": 150.0, "all": 270.0},
                  geoids)  # fmt: skip
    shares = working(geoids, **{f"h{h}": round(0.9 - abs(h - 12) / 16, 3) for h in range(24)})
    return held(*rows), facilities, where, need, shares


def test_the_table_is_what_plain_loops_give(many):
    capacity, facilities, where, need, shares = many
    table = hours_gap(capacity, facilities, where, need, PROFILE, at_work=shares).set_index(KEYS)
    by_name = facilities.set_index("facility_id")
    assert len(table) == 3 * 5 * 3 * 24
    parts_of = {}
    for name, place in by_name.iterrows():
        told = isinstance(place["opens"], str) and isinstance(place["closes"], str)
        dayless = not isinstance(place["days"], str)
        days = range(7) if dayless else weekdays(place["days"])
        for kind in KINDS:
            unknown = not told or (dayless and kind != "weekday")
            parts_of[name, kind] = None if unknown else part_slowly(days, place["opens"], place["closes"], kind)
    for geoid in ("08001", "08003", "08005"):
        for row, members in output_rows(PROFILE).items():
            counted = [
                r for _, r in capacity.iterrows()
                if where[r["facility_id"]] == geoid and not isnan(r["licensed"])
                and (row in ("under-six", "all") if isinstance(r["segment"], float) else r["segment"] in members)
            ]  # fmt: skip
            for kind in KINDS:
                parts = [(r["licensed"], parts_of[r["facility_id"], kind]) for r in counted]
                unknown = sum(n for n, part in parts if part is None)
                for hour in (0, 3, 6, 7, 12, 17, 18, 23):
                    found = table.loc[(geoid, row, kind, hour)]
                    assert found["seats_open"] == pytest.approx(sum(n * p[hour] for n, p in parts if p is not None))
                    assert found["seats_unknown"] == unknown


def test_shares_of_open_seats_stay_within_the_usable_ones(many):
    capacity, facilities, where, need, _ = many
    table = hours_gap(capacity, facilities, where, need, PROFILE)
    grid = pd.DataFrame({"geoid": ["08001", "08003", "08005"]})
    usable = seats(capacity, where, grid, PROFILE).set_index(["geoid", "segment"])["usable"]
    both = table.set_index(["geoid", "segment"]).join(usable)
    assert (both["seats_open"] + both["seats_unknown"] <= both["usable"] + 1e-9).all()
    # Each segment's seats, and those that name none, make up everybody's.
    tall = table.pivot(index=["geoid", "day", "hour"], columns="segment", values="seats_open")
    alone = tall["all"] - tall[["infant-toddler", "preschool", "school-age"]].sum(axis=1)
    np.testing.assert_allclose(tall["under-six"], tall[["infant-toddler", "preschool"]].sum(axis=1) + alone)


def test_order_of_rows_and_an_added_empty_area_change_nothing(many):
    capacity, facilities, where, need, shares = many
    table = hours_gap(capacity, facilities, where, need, PROFILE, at_work=shares)
    mixed = [f.sample(frac=1, random_state=2) for f in (capacity, facilities, where, need, shares)]
    pd.testing.assert_frame_equal(hours_gap(*mixed[:4], PROFILE, at_work=mixed[4]), table)
    more = pd.concat([need, need.iloc[:5].assign(geoid="08007", need=0.0)])
    wider = hours_gap(capacity, facilities, where, more, PROFILE, at_work=shares)
    pd.testing.assert_frame_equal(wider[wider["geoid"].ne("08007")], table)
    assert wider.loc[wider["geoid"].eq("08007"), ["seats_open", "seats_unknown"]].eq(0).all(axis=None)


def test_ten_times_the_seats_and_the_need_are_ten_times_short(many):
    capacity, facilities, where, need, shares = many
    once = hours_gap(capacity, facilities, where, need, PROFILE, at_work=shares)
    ten = hours_gap(capacity.assign(licensed=10 * capacity["licensed"]), facilities, where,
                    need.assign(need=10 * need["need"]), PROFILE, at_work=shares)  # fmt: skip
    figures = ["seats_open", "seats_unknown", "seats_needed", "short", "short_low"]
    np.testing.assert_allclose(ten[figures], 10 * once[figures])


def test_the_study_brings_the_share_at_work_as_an_indicator(study, table):
    shares = [
        {"geoid": "08001", "indicator": "share_parents_at_work", "period": p, "segment": f"hour-{h:02}", "value": v}
        for p, h, v in [("2018", 7, 0.4), ("2023", 7, 0.5), ("2023", 8, 0.8), ("2027", 7, 0.9)]
    ]
    study.tables = {**study.tables, "indicators": pd.concat([study.tables["indicators"], table("indicators", shares)])}
    rows = compute(study, {})["hours_gap"].set_index(["geoid", "segment", "hour"])
    # Half of 200 preschool children need a seat, and half of their parents are at work by seven.
    assert rows.loc[("08001", "preschool", 7), ["at_work", "seats_needed", "short"]].to_list() == [0.5, 100 * 0.5, 0]
    assert rows.loc[("08001", "infant-toddler", 8), "short"] == pytest.approx(150 * 0.8 - 30)
    assert isnan(rows.loc[("08001", "preschool", 9), "at_work"])
    assert isnan(rows.loc[("08003", "preschool", 7), "at_work"])


def test_an_issue_that_names_no_share_at_work_has_hours_all_the_same(study):
    study.profile = study.profile.model_copy(update={"hours": None})
    rows = compute(study, {})["hours_gap"]
    assert rows["seats_open"].gt(0).any()
    assert rows["at_work"].isna().all()
