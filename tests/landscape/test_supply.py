from __future__ import annotations

from math import isnan, nan

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from ci_analysis.landscape import compute, facility_areas, facility_seats, known_rows, seats

FIGURES = ["supply", "usable", "usable_low", "usable_high"]
READINGS = FIGURES[1:]


@pytest.fixture
def places(table):
    def make(*rows):
        names = ["facility_id", "longitude", "latitude", "geoid"]
        full = [{"name": "x", "kind": "center", **dict(zip(names, row, strict=True))} for row in rows]
        return table("facilities", full)

    return make


@pytest.fixture
def rows(table):
    def make(*rows):
        names = ["facility_id", "segment", "licensed", "low", "high", "usable"]
        return table("capacity", [dict(zip(names, [*row, nan, nan, nan][:6], strict=True)) for row in rows])

    return make


def of(table, geoid, segment):
    keyed = table.assign(segment=table["segment"].fillna("")).set_index(["geoid", "segment"])
    return keyed.loc[(geoid, segment)]


def test_a_facility_belongs_to_its_geoid_then_to_its_point(places, squares):
    where = facility_areas(
        places(
            ("given", -104.85, 39.05, "08001"),
            ("inside", -104.85, 39.05, None),
            ("on-the-shared-edge", -105.0, 39.05, None),
            ("on-the-outer-edge", -104.8, 39.05, None),
            ("nowhere", -100.0, 39.05, None),
        ),
        squares,
    )
    assert where.index.to_list() == ["given", "inside", "on-the-shared-edge", "on-the-outer-edge", "nowhere"]
    assert where.iloc[:4].to_list() == ["08001", "08005", "08001", "08005"]
    assert isnan(where.iloc[4])


def test_the_smaller_geoid_has_the_edge_whatever_the_order(places, squares):
    edge = places(("edge", -105.0, 39.05, None))
    assert facility_areas(edge, squares[::-1])["edge"] == "08001"
    swapped = squares.assign(geoid=["08009", "08003", "08005"])
    assert facility_areas(edge, swapped)["edge"] == "08003"


def test_areas_without_outlines_contain_no_point(places, squares):
    bare = squares.assign(geometry=gpd.GeoSeries([None] * 3, crs="EPSG:4326"))
    where = facility_areas(places(("a", -105.05, 39.05, None), ("b", -105.05, 39.05, "08003")), bare)
    assert isnan(where["a"])
    assert where["b"] == "08003"


def test_a_missing_point_is_in_no_area(places, squares):
    assert isnan(facility_areas(places(("a", nan, nan, None)), squares)["a"])


def test_points_in_a_grid_fall_where_plain_comparison_puts_them(places):
    n = 6
    grid = gpd.GeoDataFrame(
        {"geoid": [f"{r}{c}" for r in range(n) for c in range(n)]},
        geometry=[box(c, r, c + 1, r + 1) for r in range(n) for c in range(n)],
        crs="EPSG:4326",
    )
    # Quarters are exact in binary, so that many points lie on edges and corners.
    points = np.random.default_rng(2).integers(0, 4 * n + 1, (200, 2)) / 4
    where = facility_areas(places(*((f"p{i}", x, y, None) for i, (x, y) in enumerate(points))), grid)
    for i, (x, y) in enumerate(points):
        holds = [f"{r}{c}" for r in range(n) for c in range(n) if c <= x <= c + 1 and r <= y <= r + 1]
        assert where[f"p{i}"] == min(holds)


@pytest.mark.parametrize(
    ("licensed", "low", "high", "usable", "expected"),
    [
        (50, nan, nan, nan, (50, 50, 50, 50)),
        (50, 20, 60, nan, (50, 50, 20, 60)),
        (50, nan, nan, 30, (50, 30, 30, 30)),
        (50, 20, 60, 30, (50, 30, 20, 30)),
        (50, nan, nan, 70, (50, 50, 50, 50)),
        (50, nan, 60, 55, (50, 50, 50, 55)),
        (50, nan, nan, 0, (50, 0, 0, 0)),
        (nan, 20, 60, 30, (nan, nan, nan, nan)),
    ],
)
def test_usable_is_the_smaller_of_licensed_and_staffed(rows, licensed, low, high, usable, expected):
    found = facility_seats(rows(("a", "preschool", licensed, low, high, usable)))
    assert found[FIGURES].iloc[0].to_list() == pytest.approx(expected, nan_ok=True)
    assert isnan(found["unstaffed"].iloc[0])


def test_seats_without_a_segment_count_for_groups_and_all_only(rows, squares, profile):
    where = pd.Series({"a": "08001", "b": "08001"})
    table = seats(rows(("a", "preschool", 20), ("a", "school-age", 7), ("b", None, 6)), where, squares, profile)
    found = {
        s: of(table, "08001", s)["supply"]
        for s in ["infant-toddler", "preschool", "school-age", "under-six", "all", ""]
    }
    assert found == {
        "infant-toddler": 0, "preschool": 20, "school-age": 7, "under-six": 20 + 6, "all": 20 + 7 + 6, "": 6,
    }  # fmt: skip


def test_an_area_without_facilities_has_none_and_one_outside_adds_none(rows, squares, profile):
    where = pd.Series({"a": "08001", "outside": np.nan, "elsewhere": "99999"})
    capacity = rows(("a", "preschool", 20), ("outside", "preschool", 50), ("elsewhere", "preschool", 50))
    table = seats(capacity, where, squares, profile)
    assert of(table, "08005", "all")["supply"] == 0
    assert table.loc[table["segment"].eq("all"), "supply"].sum() == 20


def test_where_no_seat_is_known_supply_is_missing_and_not_zero(rows, table, squares, profile):
    where = pd.Series({"a": "08001"})
    for capacity in (table("capacity", []), rows(("a", "preschool", nan))):
        found = seats(capacity, where, squares, profile)
        assert found[["supply", "usable", "usable_low", "usable_high"]].isna().all(axis=None)
        assert of(found, "08001", "all")["unknown"] == 1
        assert known_rows(capacity, profile) == []


def test_rows_with_a_price_alone_are_no_unknown_facility_and_no_zero(rows, squares, profile):
    # A list that gives the licence for all ages, and prices by age.
    capacity = rows(("a", None, 30), ("a", "infant-toddler", nan), ("a", "preschool", nan))
    table = seats(capacity, pd.Series({"a": "08001"}), squares, profile)
    assert table["unknown"].sum() == 0
    assert table.loc[table["segment"].isin(["infant-toddler", "preschool"]), "supply"].isna().all()
    assert of(table, "08001", "under-six")["supply"] == 30
    # No facility names school age: there is none.
    assert of(table, "08001", "school-age")["supply"] == 0


def test_unknown_facilities_are_counted_once_in_each_row(rows, squares, profile):
    capacity = rows(
        ("known", "preschool", 20),
        ("partly", "preschool", 5),
        ("partly", "infant-toddler", nan),
        ("by-segment", "infant-toddler", nan),
        ("by-segment", "preschool", nan),
        ("no-segment", None, nan),
    )
    where = pd.Series(dict.fromkeys(["known", "partly", "by-segment", "no-segment", "no-row"], "08001"))
    table = seats(capacity, where, squares, profile)
    found = {
        s: of(table, "08001", s)["unknown"] for s in ["infant-toddler", "preschool", "school-age", "under-six", "all"]
    }
    # `by-segment` stands in two segments and still is one facility of the group's three.
    assert found == {"infant-toddler": 1, "preschool": 1, "school-age": 0, "under-six": 3, "all": 3}
    assert of(table, "08003", "all")["unknown"] == 0


def test_seats_do_not_depend_on_the_order_of_rows(study):
    where = facility_areas(study.tables["facilities"], study.areas)
    table = seats(study.tables["capacity"], where, study.areas, study.profile)
    shuffled = seats(
        study.tables["capacity"].sample(frac=1, random_state=1), where[::-1], study.areas[::-1], study.profile
    )
    pd.testing.assert_frame_equal(shuffled, table)


# --- the limit of staff ----------------------------------------------------------------------------------------------

RATIOS = {"infant-toddler": 5.0, "preschool": 10.0, "all": 8.0}


@pytest.fixture
def staff(table):
    def make(**people):
        named = [{"facility_id": f, "name": f, "kind": "center", "credentialed_staff": n} for f, n in people.items()]
        return table("facilities", named)

    return make


def limited_slowly(capacity, people, ratios):
    """The three readings and the loss of each row, one facility after another, from how the rule is said."""
    found = {}
    for facility in dict.fromkeys(capacity["facility_id"]):
        mine = capacity[capacity["facility_id"].eq(facility)]
        counted, before = [], {}
        for i, row in mine.iterrows():
            licensed = row["licensed"]
            seats = [
                licensed,
                licensed if isnan(row["low"]) else row["low"],
                licensed if isnan(row["high"]) else row["high"],
            ]
            seats = [nan if isnan(licensed) else s if isnan(row["usable"]) else min(s, row["usable"]) for s in seats]
            ratio = ratios.get("all" if isinstance(row["segment"], float) else row["segment"])
            before[i] = seats
            found[i] = [*seats, nan]
            if ratio is not None and not isnan(licensed) and not isnan(people.get(facility, nan)):
                counted.append((i, ratio))
        here = people.get(facility, nan)
        needs = [sum(before[i][k] / ratio for i, ratio in counted) for k in range(3)]
        cut = [min(1, here / n) if n > 0 else 1 for n in needs]
        left = max(0, here - needs[0] * cut[0])
        more = sum((before[i][2] - before[i][0]) / ratio for i, ratio in counted)
        for i, _ in counted:
            middle, low, high = before[i]
            usable = middle * cut[0]
            added = (high - middle) * (min(1, left / more) if more > 0 else 1)
            found[i] = [usable, min(low * cut[1], usable), usable + added, middle - usable]
    return pd.DataFrame.from_dict(found, orient="index", columns=[*READINGS, "unstaffed"])


@pytest.mark.parametrize(
    ("row", "people", "expected"),
    [
        # licensed, low, high, usable: middle, strictest, widest, lost
        ((50, nan, nan, nan), 3, (30, 30, 30, 50 - 30)),
        ((50, 20, 60, nan), 3, (30, 20, 30, 50 - 30)),
        ((50, 20, 60, nan), 5.5, (50, 20, 55, 0)),
        ((50, 20, 60, nan), 100, (50, 20, 60, 0)),
        ((50, nan, nan, 40), 3, (30, 30, 30, 40 - 30)),  # licensed 50, staffed 40 by the facility's own word
        ((50, nan, nan, 25), 3, (25, 25, 25, 0)),
        ((50, 20, 60, nan), 0, (0, 0, 0, 50)),
        ((50, 20, 60, nan), nan, (50, 20, 60, nan)),
        ((0, nan, nan, nan), 0, (0, 0, 0, 0)),
        ((nan, 20, 60, 30), 3, (nan, nan, nan, nan)),
    ],
)
def test_one_segment_has_the_smaller_of_seats_and_staff_times_ratio(rows, staff, row, people, expected):
    found = facility_seats(rows(("a", "preschool", *row)), staff(a=people), {"preschool": 10})
    assert found[[*READINGS, "unstaffed"]].iloc[0].to_list() == pytest.approx(expected, nan_ok=True)
    assert found["supply"].iloc[0] == pytest.approx(row[0], nan_ok=True)


def test_one_staff_is_shared_by_the_facilitys_segments(rows, staff):
    capacity = rows(("a", "infant-toddler", 20), ("a", "preschool", 40), ("a", "school-age", 30), ("a", None, 16))
    found = facility_seats(capacity, staff(a=5), RATIOS)
    # 4 teachers, 4 and 2 would be needed; school age has no ratio, needs nobody and loses nothing.
    part = 5 / (20 / 5 + 40 / 10 + 16 / 8)
    assert found["usable"].to_list() == pytest.approx([20 * part, 40 * part, 30, 16 * part])
    assert found["unstaffed"].to_list() == pytest.approx([20 * (1 - part), 40 * (1 - part), nan, 16 * (1 - part)],
                                                         nan_ok=True)  # fmt: skip
    # Each age by itself would have used the same teachers twice.
    assert found["usable"].sum() < 20 + 40 + 30 + 16


def test_seats_of_no_segment_are_not_limited_without_a_ratio_of_their_own(rows, staff):
    found = facility_seats(rows(("a", None, 50), ("a", "preschool", 50)), staff(a=0), {"preschool": 10})
    assert found["usable"].to_list() == [50, 0]


@pytest.mark.parametrize(("facilities", "staffing"), [(None, None), (None, RATIOS), ("there", None), ("there", {})])
def test_without_staff_or_ratios_nothing_is_limited(rows, staff, facilities, staffing):
    capacity = rows(("a", "preschool", 50, 20, 60, 40))
    found = facility_seats(capacity, staff(a=0) if facilities else None, staffing)
    assert found[FIGURES].iloc[0].to_list() == [50, 40, 20, 40]
    assert found["unstaffed"].isna().all()


def test_the_strictest_reading_never_has_more_than_the_middle_nor_the_widest_less(rows, staff):
    # By itself each reading would give the second row 10 x 10 / 15, then 10 / 2, then 10 x 10 / 30 seats.
    capacity = rows(("a", "infant-toddler", 10, 5, 20), ("a", "preschool", 10, 10, 10))
    found = facility_seats(capacity, staff(a=1), {"infant-toddler": 10, "preschool": 10})
    assert found["usable"].to_list() == [5, 5]
    assert found["usable_low"].to_list() == pytest.approx([10 / 3, 5])
    assert found["usable_high"].to_list() == [5, 5]


@pytest.fixture
def many(rows, staff):
    rng = np.random.default_rng(4)
    made, people = [], {}
    for f in range(60):
        name = f"f{f}"
        people[name] = rng.choice([nan, 0, 1, 2, 5, 12.5])
        for segment in rng.permutation(["infant-toddler", "preschool", "school-age", ""])[: rng.integers(1, 5)]:
            licensed = rng.choice([nan, 0, *range(5, 60)])
            low, high = licensed - rng.choice([0, nan, licensed / 3]), licensed + rng.choice([0, nan, 15])
            made.append((name, segment or None, licensed, low, high, rng.choice([nan, licensed / 2])))
    return rows(*made), people


def test_the_limit_is_what_a_plain_loop_gives(many, staff):
    capacity, people = many
    found = facility_seats(capacity, staff(**people), RATIOS)
    plain = limited_slowly(capacity, people, RATIOS)
    pd.testing.assert_frame_equal(found[plain.columns], plain.loc[found.index], check_exact=False, rtol=1e-12)


def test_no_reading_needs_more_staff_than_there_is(many, staff):
    capacity, people = many
    found = facility_seats(capacity, staff(**people), RATIOS)
    ratio = found["segment"].fillna("all").map(RATIOS)
    for reading in READINGS:
        needed = (found[reading] / ratio).groupby(found["facility_id"]).sum()
        known = needed.index.map(people).to_series(index=needed.index).dropna()
        assert (needed[known.index] <= known + 1e-9).all()
    known = found.dropna(subset=["usable"])
    assert (known["usable_low"] <= known["usable"] + 1e-12).all()
    assert (known["usable"] <= known["usable_high"] + 1e-12).all()
    lost = found["unstaffed"].dropna()
    assert (lost >= 0).all()
    assert (lost > 0).any()


def test_plenty_of_staff_limits_nothing(many, staff):
    capacity, people = many
    found = facility_seats(capacity, staff(**dict.fromkeys(people, 1e6)), RATIOS)
    pd.testing.assert_frame_equal(found[FIGURES], facility_seats(capacity)[FIGURES])
    assert found["unstaffed"].dropna().eq(0).all()


def test_proportions_within_a_facility_are_kept(many, staff):
    capacity, people = many
    before, after = facility_seats(capacity), facility_seats(capacity, staff(**people), RATIOS)
    limited = after["unstaffed"].notna() & (before["usable"] > 0)
    part = (after["usable"] / before["usable"])[limited]
    by_facility = part.groupby(capacity["facility_id"])
    assert (by_facility.max() - by_facility.min() < 1e-12).all()


def test_ten_times_the_staff_and_the_seats_are_ten_times_the_usable(many, staff):
    capacity, people = many
    seats_of = ["licensed", "low", "high", "usable"]
    larger = capacity.assign(**{c: 10 * capacity[c] for c in seats_of})
    once = facility_seats(capacity, staff(**people), RATIOS)
    ten = facility_seats(larger, staff(**{f: 10 * n for f, n in people.items()}), RATIOS)
    pd.testing.assert_frame_equal(ten[READINGS], 10 * once[READINGS], check_exact=False, rtol=1e-12)
    # Ten times as many for each teacher is the same as ten times the teachers.
    wide = facility_seats(capacity, staff(**people), {s: 10 * r for s, r in RATIOS.items()})
    more = facility_seats(capacity, staff(**{f: 10 * n for f, n in people.items()}), RATIOS)
    pd.testing.assert_frame_equal(wide[READINGS], more[READINGS], check_exact=False, rtol=1e-12)


def test_seats_that_are_limited_already_are_not_limited_again(many, staff):
    capacity, people = many
    once = facility_seats(capacity, staff(**people), RATIOS)
    pd.testing.assert_frame_equal(facility_seats(once, staff(**people), {"preschool": 0.1}), once)


def test_what_staff_cannot_serve_is_summed_where_it_is_known(rows, staff, squares, profile):
    capacity = rows(
        ("a", "preschool", 50), ("b", "preschool", 20), ("b", "infant-toddler", 10), ("silent", "preschool", 30)
    )
    limited = facility_seats(capacity, staff(a=3, b=100, silent=nan), RATIOS)
    where = pd.Series({"a": "08001", "b": "08001", "silent": "08003"})
    table = seats(limited, where, squares, profile)
    assert of(table, "08001", "preschool")[["supply", "usable", "unstaffed"]].to_list() == [70, 30 + 20, 20]
    assert of(table, "08001", "under-six")["unstaffed"] == 20
    assert of(table, "08001", "infant-toddler")["unstaffed"] == 0
    # Its one facility does not tell its staff: not zero, and not limited either.
    assert isnan(of(table, "08003", "preschool")["unstaffed"])
    assert of(table, "08003", "preschool")["usable"] == 30
    # No facility at all loses none; what no facility tells is missing everywhere.
    assert of(table, "08005", "preschool")["unstaffed"] == 0
    assert table.loc[table["segment"].eq("school-age"), "unstaffed"].isna().all()


def test_every_table_counts_the_same_seats(study, table):
    people = table("facilities", study.tables["facilities"].assign(credentialed_staff=1.0).to_dict("records"))
    study.tables = {**study.tables, "facilities": people}
    study.staffing = {"infant-toddler": 5.0, "preschool": 10.0}
    given = compute(study, {})
    row = given["gap"].set_index(["geoid", "segment"]).loc[("08001", "under-six")]
    part = 1 / (30 / 5 + 150 / 10)
    assert row["supply"] == 40 + 150
    assert row["usable"] == pytest.approx((30 + 150) * part)
    assert row["unstaffed"] == pytest.approx((30 + 150) * (1 - part))
    # The widest reading has no teachers for its seats, and the strictest needs as many as there are.
    assert row["usable_high"] == pytest.approx(row["usable"])
    assert row["unmet"] == pytest.approx((150 - 30 * part) + (100 - 150 * part))
    uptake = given["uptake"].set_index(["geoid", "segment"]).loc[("08001", "preschool")]
    assert uptake["usable"] == pytest.approx(150 * part)
    hours = given["hours_gap"].set_index(["geoid", "segment", "hour"]).loc[("08001", "preschool", 12)]
    assert hours["seats_open"] == pytest.approx(150 * part)
    # Seats within reach: no more than everybody has, wherever they are.
    reached = given["gap"][given["gap"]["segment"].eq("preschool")]
    served = (reached["access"] * reached["need"]).sum()
    assert served == pytest.approx(150 * part + 1 * 10)
