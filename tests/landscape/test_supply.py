from __future__ import annotations

from math import isnan, nan

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from ci_analysis.landscape import facility_areas, facility_seats, known_rows, seats


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
    assert found.iloc[0, 2:].to_list() == pytest.approx(expected, nan_ok=True)


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
