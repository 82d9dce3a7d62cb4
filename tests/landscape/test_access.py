"""Access against hand-worked catchments, a plain double loop, and what must not change.

The hand-worked cases follow Luo, W. and Wang, F. (2003), Environment and Planning B 30, 865-884 (one band), and Luo, W.
and Qi, Y. (2009), Health & Place 15, 1100-1107 (three bands with the weights 1, 0.68 and 0.22).
"""

from __future__ import annotations

from math import asin, cos, degrees, nan, radians, sin, sqrt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from ci_analysis.landscape import (
    area_access,
    catchment_access,
    distance_weights,
    need_estimates,
    population_centres,
    travel_weights,
)

RADIUS = 3958.7613
LUO_QI = [(5, 1.0), (10, 0.68), (15, 0.22)]


def haversine(lon1, lat1, lon2, lat2):
    lon1, lat1, lon2, lat2 = map(radians, (lon1, lat1, lon2, lat2))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * RADIUS * asin(sqrt(h))


def north(miles):
    """Degrees of latitude that many miles make: on a meridian a mile is 1/R radians."""
    return degrees(miles / RADIUS)


def points(key, at, longitude=-105.0, start=39.0):
    return pd.DataFrame({key: list(at), "longitude": longitude, "latitude": [start + north(m) for m in at.values()]})


def plain_access(demand, supply, areas, facilities, bands):
    """Two steps, two loops, no arrays: what the fast kernel is held against."""
    weight = {}
    for a in areas.itertuples():
        for f in facilities.itertuples():
            miles = haversine(a.longitude, a.latitude, f.longitude, f.latitude)
            weight[a.geoid, f.facility_id] = next((w for limit, w in bands if miles <= limit), 0.0)
    people = {g: p for g, p in demand.items() if p > 0}
    ratio = {}
    for f, s in supply.items():
        reached = sum(weight[g, f] * p for g, p in people.items())
        ratio[f] = s / reached if reached > 0 else 0.0
    return {g: sum(weight[g, f] * r for f, r in ratio.items()) if g in people else nan for g in demand.index}


def test_one_band_by_hand():
    # Two areas and two facilities on one road; each facility reaches 10 miles.
    weights = distance_weights(points("geoid", {"a": 0, "b": 12}), points("facility_id", {"x": 4, "y": 20}), [(10, 1)])
    access = catchment_access(pd.Series({"a": 100, "b": 50}), pd.Series({"x": 30, "y": 10}), weights)
    # x reaches both (4 and 8 miles): 30 / 150; y reaches b alone (8 miles): 10 / 50.
    assert access.to_dict() == pytest.approx({"a": 30 / 150, "b": 30 / 150 + 10 / 50})


def test_three_bands_by_hand():
    centres = points("geoid", {"a": 0, "b": 8, "c": 30})
    weights = distance_weights(centres, points("facility_id", {"x": 0, "y": 12}), LUO_QI)
    access = catchment_access(pd.Series({"a": 100.0, "b": 50.0, "c": 20.0}), pd.Series({"x": 20.0, "y": 10.0}), weights)
    # x: a at 0 miles, b at 8. y: a at 12 miles, b at 4. Neither reaches c.
    ratio_x = 20 / (1 * 100 + 0.68 * 50)
    ratio_y = 10 / (0.22 * 100 + 1 * 50)
    expected = {"a": 1 * ratio_x + 0.22 * ratio_y, "b": 0.68 * ratio_x + 1 * ratio_y, "c": 0}
    assert access.to_dict() == pytest.approx(expected)
    assert 100 * access["a"] + 50 * access["b"] == pytest.approx(20 + 10)


@pytest.mark.parametrize(
    ("miles", "weight"),
    [(0, 1), (5, 1), (5.0001, 0.68), (10, 0.68), (10.0001, 0.22), (15, 0.22), (15.0001, None)],
)
@pytest.mark.parametrize("start", [-33.0, 0.0, 39.0, 64.0])
def test_a_band_s_upper_end_belongs_to_it(miles, weight, start):
    found = distance_weights(
        points("geoid", {"a": 0}, start=start), points("facility_id", {"x": miles}, start=start), LUO_QI
    )
    assert found["weight"].to_list() == ([] if weight is None else [weight])


def test_minutes_take_the_same_bands():
    trips = pd.DataFrame({"geoid": "a", "facility_id": list("uvwxyz"), "minutes": [0, 5, 5.5, 10, 15, 15.5]})
    found = travel_weights(trips, LUO_QI)
    assert dict(zip(found["facility_id"], found["weight"], strict=True)) == {
        "u": 1,
        "v": 1,
        "w": 0.68,
        "x": 0.68,
        "y": 0.22,
    }


@pytest.mark.parametrize(
    ("here", "there"),
    [((179.98, 52.0), (-179.98, 52.0)), ((10.0, 89.99), (-170.0, 89.99)), ((-105.0, 39.0), (-104.9, 39.05))],
)
def test_miles_are_along_the_great_circle_everywhere(here, there):
    centre = pd.DataFrame({"geoid": ["a"], "longitude": [here[0]], "latitude": [here[1]]})
    place = pd.DataFrame({"facility_id": ["x"], "longitude": [there[0]], "latitude": [there[1]]})
    miles = haversine(*here, *there)
    assert miles < 15
    assert distance_weights(centre, place, [(15, 1.0)])["miles"].to_list() == pytest.approx([miles], rel=1e-9)


@pytest.fixture(params=range(4))
def town(request):
    """A random town, with areas without people and of unknown need, empty facilities and a remote one."""
    rng = np.random.default_rng(request.param)
    areas = pd.DataFrame(
        {
            "geoid": [f"{i:05}" for i in range(40)],
            "longitude": rng.uniform(-105.4, -104.6, 40),
            "latitude": rng.uniform(39, 39.6, 40),
        }
    )
    facilities = pd.DataFrame(
        {
            "facility_id": [f"f{i}" for i in range(60)],
            "longitude": rng.uniform(-105.5, -104.5, 60),
            "latitude": rng.uniform(38.9, 39.7, 60),
        }
    )
    facilities.loc[0, "longitude"] = -90.0
    demand = pd.Series(rng.integers(0, 300, 40).astype(float), index=areas["geoid"])
    demand.iloc[[3, 7]], demand.iloc[5] = 0, nan
    supply = pd.Series(rng.integers(0, 80, 60).astype(float), index=facilities["facility_id"])
    return areas, facilities, demand, supply


def test_access_matches_a_plain_double_loop(town):
    areas, facilities, demand, supply = town
    found = catchment_access(demand, supply, distance_weights(areas, facilities, LUO_QI))
    expected = plain_access(demand, supply, areas, facilities, LUO_QI)
    assert found.to_dict() == pytest.approx(expected, nan_ok=True)


def test_every_seat_that_reaches_anyone_is_shared_out(town):
    areas, facilities, demand, supply = town
    weights = distance_weights(areas, facilities, LUO_QI)
    access = catchment_access(demand, supply, weights)
    reaching = weights.loc[weights["geoid"].isin(demand.index[demand > 0]), "facility_id"].unique()
    assert 0 < len(reaching) < len(supply)
    assert (access * demand).sum() == pytest.approx(supply[reaching].sum())


def test_order_does_not_matter(town):
    areas, facilities, demand, supply = town
    access = catchment_access(demand, supply, distance_weights(areas, facilities, LUO_QI))
    weights = distance_weights(areas.sample(frac=1, random_state=1), facilities[::-1], LUO_QI)
    pd.testing.assert_frame_equal(weights, distance_weights(areas, facilities, LUO_QI))
    again = catchment_access(
        demand[::-1], supply.sample(frac=1, random_state=2), weights.sample(frac=1, random_state=3)
    )
    pd.testing.assert_series_equal(again[demand.index], access)


def test_people_and_seats_together_may_be_counted_in_dozens(town):
    areas, facilities, demand, supply = town
    weights = distance_weights(areas, facilities, LUO_QI)
    access = catchment_access(demand, supply, weights)
    pd.testing.assert_series_equal(catchment_access(demand / 12, supply / 12, weights), access)
    pd.testing.assert_series_equal(catchment_access(demand, supply * 3, weights), access * 3)


def test_an_added_empty_area_changes_nothing(town):
    areas, facilities, demand, supply = town
    more = pd.concat([areas, areas.head(1).assign(geoid="99999")])
    access = catchment_access(demand, supply, distance_weights(areas, facilities, LUO_QI))
    for nobody in (0.0, nan):
        wider = pd.concat([demand, pd.Series({"99999": nobody})]).rename_axis("geoid")
        again = catchment_access(wider, supply, distance_weights(more, facilities, LUO_QI))
        pd.testing.assert_series_equal(again[demand.index], access)
        assert pd.isna(again["99999"])


def test_unreached_is_zero_and_no_demand_is_missing():
    weights = pd.DataFrame({"geoid": ["a", "b"], "facility_id": "x", "weight": 1.0})
    access = catchment_access(
        pd.Series({"a": 10.0, "b": 0.0, "far": 5.0, "unsure": nan}), pd.Series({"x": 5.0}), weights
    )
    assert access["a"] == 0.5
    assert access["far"] == 0
    assert access[["b", "unsure"]].isna().all()


def test_a_facility_within_reach_of_nobody_divides_nothing_by_nothing():
    weights = pd.DataFrame({"geoid": ["a"], "facility_id": ["x"], "weight": [1.0]})
    assert catchment_access(pd.Series({"a": 0.0, "b": 9.0}), pd.Series({"x": 5.0}), weights)["b"] == 0


def test_no_facilities_at_all():
    centres = points("geoid", {"a": 0})
    weights = distance_weights(centres, points("facility_id", {}), LUO_QI)
    assert weights.empty
    assert catchment_access(pd.Series({"a": 9.0}), pd.Series(dtype=float), weights).to_list() == [0]


def test_people_set_out_from_their_centre_or_else_from_a_point_of_the_outline(squares):
    squares.loc[3] = {"geoid": "08007", "name": "Nowhere", "longitude": nan, "latitude": nan, "geometry": None}
    centres = population_centres(squares).set_index("geoid")
    assert centres["basis"].iloc[:3].to_list() == ["centre", "point-on-surface", "centre"]
    assert centres.loc["08003", ["longitude", "latitude"]].to_list() == pytest.approx([-104.95, 39.05])
    assert centres.loc["08007"].isna().all()


@pytest.fixture
def access_of(study):
    def access_of(**changed):
        tables = {**study.tables, **changed}
        areas = changed.get("areas", study.areas)
        need = need_estimates(tables["indicators"], areas, study.profile, as_of=study.settings.as_of)
        table = area_access(
            need, tables["capacity"], tables["facilities"], areas, study.profile,
            bands=changed.get("bands", study.bands), travel=tables["travel"],
        )  # fmt: skip
        return need, table.set_index(["geoid", "segment"])["access"]

    return access_of


def test_each_row_sets_its_need_against_all_usable_seats_that_count_for_it(study, access_of):
    need, access = access_of()
    places = {"08001": (-105.05, 39.05), "08003": (-104.95, 39.05), "08005": (-104.85, 39.05)}
    centres = pd.DataFrame([(g, *at) for g, at in places.items()], columns=["geoid", "longitude", "latitude"])
    # Usable by facility; the one outside every area takes part, a home's places count for groups alone.
    seats = {
        "infant-toddler": {"center-a": 30},
        "preschool": {"center-a": 150, "outside-d": 60},
        "school-age": {},
        "under-six": {"center-a": 180, "home-b": 10, "outside-d": 60},
    }
    for row, supply in seats.items():
        demand = need[need["segment"].eq(row)].set_index("geoid")["need"]
        expected = plain_access(
            demand, pd.Series(supply, dtype=float), centres, study.tables["facilities"], study.bands
        )
        assert access.xs(row, level="segment").to_dict() == pytest.approx(expected, nan_ok=True)


def test_a_facility_outside_every_area_serves_those_within_reach(access_of):
    _, access = access_of()
    # 08005 has no facility of its own; the center beyond the border is within ten miles.
    assert access["08005", "preschool"] > 0


def test_travel_takes_the_place_of_miles(table, access_of):
    trips = [("08001", "center-a", 12), ("08003", "center-a", 99)]
    travel = table("travel", [dict(zip(["geoid", "facility_id", "minutes"], t, strict=True)) for t in trips])
    need, access = access_of(travel=travel, bands=[(15, 1.0), (30, 0.5)])
    children = need.set_index(["geoid", "segment"]).loc[("08001", "infant-toddler"), "need"]
    assert access["08001", "infant-toddler"] == pytest.approx(30 / children)
    # 99 minutes is out of reach; of 08005 the table says nothing at all.
    assert access["08003", "infant-toddler"] == 0
    assert pd.isna(access["08005", "infant-toddler"])


def test_an_area_whose_place_is_unknown_has_no_access_and_no_part(study, access_of):
    bare = gpd.GeoDataFrame(study.areas.assign(geometry=None), geometry="geometry", crs="EPSG:4326")
    _, access = access_of(areas=bare)
    need, _ = access_of()
    assert pd.isna(access["08003", "infant-toddler"])
    demand = need[need["segment"].eq("infant-toddler")].set_index("geoid")["need"].drop("08003")
    assert sum(access[g, "infant-toddler"] * demand[g] for g in demand.index) == pytest.approx(30)


def test_unknown_seats_are_not_zero_access(table, access_of):
    _, access = access_of(capacity=table("capacity", []))
    assert access.isna().all()
