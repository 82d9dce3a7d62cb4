"""Access against hand-worked and published catchments, a plain double loop, PySAL, and what must not change.

The hand-worked cases follow Luo, W. and Wang, F. (2003), Environment and Planning B 30, 865-884 (one band), and Luo, W.
and Qi, Y. (2009), Health & Place 15, 1100-1107 (three bands with the weights 1, 0.68 and 0.22).
"""

from __future__ import annotations

import warnings
from math import asin, cos, degrees, nan, radians, sin, sqrt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ci_analysis.landscape import (
    area_access,
    catchment_access,
    compute,
    distance_weights,
    need_estimates,
    population_centres,
    travel_weights,
)
from ci_analysis.study import Study, StudyProblems

RADIUS = 3958.7613
LUO_QI = [(5, 1.0), (10, 0.68), (15, 0.22)]
#: Rounding may not take a facility out of the band on whose end it stands.
ROUNDING = 1e-9


def haversine(lon1, lat1, lon2, lat2):
    lon1, lat1, lon2, lat2 = map(radians, (lon1, lat1, lon2, lat2))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * RADIUS * asin(min(1, sqrt(h)))


def north(miles):
    """Degrees of latitude that many miles make: on a meridian a mile is 1/R radians."""
    return degrees(miles / RADIUS)


def road(*miles, start=39.0):
    """Points on a meridian, so many miles north of its start."""
    return pd.DataFrame({"longitude": -105.0, "latitude": [start + north(m) for m in miles]})


def at(*spots):
    return pd.DataFrame(spots, columns=["longitude", "latitude"], dtype="float64")


def plain_weights(areas, facilities, bands):
    """Weight of each pair, area by area, with nothing but `math`."""
    table = []
    for a in areas.itertuples():
        away = [haversine(a.longitude, a.latitude, f.longitude, f.latitude) for f in facilities.itertuples()]
        table.append([next((w for limit, w in bands if miles <= limit + ROUNDING), 0.0) for miles in away])
    return table


def plain_access(demand, supply, weight):
    """Two steps, two loops, no arrays: what the fast kernel is held against, and the seats that reach anyone."""
    people = [p if p > 0 else 0 for p in demand]
    ratio, shared = [], 0
    for j, seats in enumerate(supply):
        reached = sum(weight[i][j] * p for i, p in enumerate(people))
        ratio.append(seats / reached if reached > 0 else 0.0)
        shared += seats if reached > 0 else 0
    found = [sum(w * r for w, r in zip(weight[i], ratio, strict=True)) if p > 0 else nan for i, p in enumerate(people)]
    return found, shared


# --- by hand and as published ----------------------------------------------------------------------------------------


def test_one_band_by_hand():
    # Two areas and two facilities on one road; each facility reaches 10 miles.
    access = catchment_access([100, 50], [30, 10], distance_weights(road(0, 12), road(4, 20), [(10, 1)]))
    # The first reaches both (4 and 8 miles): 30 / 150; the second reaches the second area alone (8 miles): 10 / 50.
    assert access.tolist() == pytest.approx([30 / 150, 30 / 150 + 10 / 50])


def test_three_bands_by_hand():
    access = catchment_access([100, 50, 20], [20, 10], distance_weights(road(0, 8, 30), road(0, 12), LUO_QI))
    # One: the first area at 0 miles, the second at 8. Two: the first at 12 miles, the second at 4. None at 30.
    one, two = 20 / (1 * 100 + 0.68 * 50), 10 / (0.22 * 100 + 1 * 50)
    assert access.tolist() == pytest.approx([1 * one + 0.22 * two, 0.68 * one + 1 * two, 0])
    assert 100 * access[0] + 50 * access[1] == pytest.approx(20 + 10)


def test_the_textbook_s_overlapping_catchments():
    # Wang, F. (2006), Quantitative Methods and Applications in GIS, chapter 5, after Luo and Wang (2003): supply a has
    # eight residents in its catchment (a ratio of 1/8), supply b four (1/4), and the one in both has 0.375.
    only_a, both, only_b = [[1, 0]] * 7, [[1, 1]], [[0, 1]] * 3
    access = catchment_access(np.ones(11), np.ones(2), csr_array(np.array([*only_a, *both, *only_b], dtype=float)))
    assert access.tolist() == [1 / 8] * 7 + [0.375] + [1 / 4] * 3


def test_where_everybody_reaches_everything_access_is_one_ratio():
    # The example of `spai_2sfca` in the R package fca (Grueebler 2021): people 1 to 4, services 1 to 6, all within
    # reach; its own test expects 2.1 everywhere.
    access = catchment_access(np.arange(1, 5), np.arange(1, 7), csr_array(np.ones((4, 6))))
    assert access.tolist() == pytest.approx([sum(range(1, 7)) / sum(range(1, 5))] * 4)
    assert access.tolist() == pytest.approx([2.1] * 4)


def test_columns_are_done_each_by_itself():
    weights = distance_weights(road(0, 8, 30), road(0, 12), LUO_QI)
    demand = np.array([[100, 0], [50, 7], [20, 3]])
    supply = np.array([[20, 1], [10, 4]])
    both = catchment_access(demand, supply, weights)
    for column in (0, 1):
        np.testing.assert_array_equal(both[:, column], catchment_access(demand[:, column], supply[:, column], weights))


# --- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("miles", "weight"), [(0, 1), (5, 1), (5.0001, 0.68), (10, 0.68), (10.0001, 0.22), (15, 0.22), (15.0001, 0)]
)
@pytest.mark.parametrize("start", [-33.0, 0.0, 39.0, 64.0])
def test_a_band_s_upper_end_belongs_to_it(miles, weight, start):
    found = distance_weights(road(0, start=start), road(miles, start=start), LUO_QI)
    assert found.toarray().tolist() == [[weight]]
    # Out of reach is not a pair of weight 0.
    assert found.nnz == (weight > 0)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((179.9, 0.0), (-179.9, 0.0)),
        ((180.0, 52.0), (-180.0, 52.0)),
        ((10.0, 89.99), (-170.0, 89.99)),
        ((10.0, 90.0), (-170.0, 90.0)),
        ((0.0, -90.0), (55.0, -89.9)),
        ((-105.0, 39.0), (-104.9, 39.05)),
    ],
)
def test_miles_are_along_the_great_circle_everywhere(here, there):
    miles = haversine(*here, *there)
    assert miles < 15
    assert distance_weights(at(here), at(there), [(miles + 1e-6, 1.0)]).nnz == 1
    assert miles < 1e-6 or distance_weights(at(here), at(there), [(miles - 1e-6, 1.0)]).nnz == 0


def test_half_way_round_is_the_farthest_that_there_is():
    places = at((0, 0), (180, 0), (0, 90), (-90, 12))
    assert (distance_weights(places, places, [(5000, 0.5), (20_000, 0.25), (30_000, 0.1)]).toarray() >= 0.25).all()


def test_without_a_point_nothing_is_reached_and_nobody():
    weights = distance_weights(at((nan, nan), (-105, 39), (-105, nan)), at((-105, 39), (nan, 39)), LUO_QI)
    assert weights.toarray().tolist() == [[0, 0], [1, 0], [0, 0]]


@pytest.mark.parametrize(("areas", "facilities"), [(0, 0), (0, 2), (1, 0), (1, 1)])
def test_none_and_one(areas, facilities):
    weights = distance_weights(road(*range(areas)), road(*range(facilities)), LUO_QI)
    assert weights.shape == (areas, facilities)
    assert catchment_access(np.full(areas, 9), np.full(facilities, 3), weights).tolist() == [3 / 9 * facilities] * areas


def test_a_pair_takes_twelve_bytes():
    weights = distance_weights(road(0, 8, 30), road(0, 12), LUO_QI)
    assert isinstance(weights, csr_array)
    assert (weights.indices.dtype, weights.indptr.dtype, weights.dtype) == (np.int32, np.int32, np.float64)
    assert weights.has_canonical_format
    assert weights.nnz == 4


def test_minutes_take_the_same_bands():
    trips = pd.DataFrame({"geoid": "a", "facility_id": list("uvwxyz"), "minutes": [0, 5, 5.5, 10, 15, 15.5]})
    found = travel_weights(trips[::-1], ["nowhere", "a"], list("zyxwvu"), LUO_QI)
    assert found.toarray().tolist() == [[0] * 6, [0, 0.22, 0.68, 0.68, 1, 1]]
    assert found.nnz == 5


def test_minutes_that_are_missing_and_places_that_are_not_the_study_s_are_passed_over():
    trips = pd.DataFrame({"geoid": ["a", "a", "other"], "facility_id": ["x", "gone", "x"], "minutes": [nan, 3.0, 3.0]})
    assert travel_weights(trips, ["a"], ["x"], LUO_QI).nnz == 0


# --- against a plain loop and against PySAL --------------------------------------------------------------------------

SPOTS = st.one_of(
    # The 180th meridian and the poles, by either name; the ends of bands on one road; one town; anywhere.
    st.sampled_from(
        [(179.9, 0), (-179.9, 0), (180, 0), (-180, 0), (0, 90), (77, 90), (12, 89.9), (0, -90), (9, -89.95)]
    ),
    st.sampled_from([0, 5, 10, 15, 20, 25]).map(lambda miles: (-105.0, 39.0 + north(miles))),
    st.tuples(st.floats(-105.2, -104.8), st.floats(39.0, 39.3)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
)
PEOPLE = st.one_of(st.just(nan), st.just(0.0), st.floats(0.5, 500))
SEATS = st.one_of(st.just(0.0), st.floats(0.5, 200))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(data=st.data())
def test_access_matches_a_plain_double_loop_and_shares_out_every_seat(data):
    places, sites = data.draw(st.lists(SPOTS, min_size=1, max_size=9)), data.draw(st.lists(SPOTS, max_size=9))
    rows = data.draw(st.integers(1, 3))
    demand = np.array([[data.draw(PEOPLE) for _ in range(rows)] for _ in places])
    supply = np.array([[data.draw(SEATS) for _ in range(rows)] for _ in sites]).reshape(len(sites), rows)
    weights = distance_weights(at(*places), at(*sites), LUO_QI)
    plain = plain_weights(at(*places), at(*sites), LUO_QI)
    assert weights.toarray().tolist() == plain
    found = catchment_access(demand, supply, weights)
    for row in range(rows):
        expected, shared = plain_access(demand[:, row], supply[:, row], plain)
        assert found[:, row].tolist() == pytest.approx(expected, rel=1e-12, nan_ok=True)
        assert np.nansum(found[:, row] * demand[:, row]) == pytest.approx(shared, rel=1e-12)


@pytest.fixture(params=range(4))
def town(request):
    """A random town, with areas without people and of unknown need, empty facilities and a remote one."""
    rng = np.random.default_rng(request.param)
    areas = pd.DataFrame({"longitude": rng.uniform(-105.4, -104.6, 40), "latitude": rng.uniform(39, 39.6, 40)})
    facilities = pd.DataFrame({"longitude": rng.uniform(-105.5, -104.5, 60), "latitude": rng.uniform(38.9, 39.7, 60)})
    facilities.loc[0, "longitude"] = -90.0
    demand = rng.integers(0, 300, 40).astype(float)
    demand[[3, 7]], demand[5] = 0, nan
    return areas, facilities, demand, rng.integers(0, 80, 60).astype(float)


def test_access_equals_pysal_s(town):
    areas, facilities, demand, supply = town
    with warnings.catch_warnings():
        # What the other library says about itself and about areas without people is not ours to mend.
        warnings.simplefilter("ignore")
        from access import Access, weights

        pairs = [(i, j, haversine(*a, *f)) for i, a in enumerate(areas.to_numpy()) for j, f in
                 enumerate(facilities.to_numpy())]  # fmt: skip
        people = np.where(demand > 0, demand, 0)
        theirs = Access(
            demand_df=pd.DataFrame({"geoid": range(40), "people": people}), demand_index="geoid",
            demand_value="people", supply_df=pd.DataFrame({"site": range(60), "seats": supply}), supply_index="site",
            supply_value="seats", cost_df=pd.DataFrame(pairs, columns=["origin", "dest", "miles"]),
            cost_origin="origin", cost_dest="dest", cost_name="miles",
        )  # fmt: skip
        # It takes nobody in a catchment for a ratio without end, and leaves the facility's areas without a figure.
        table = theirs.enhanced_two_stage_fca(weight_fn=weights.step_fn(dict(LUO_QI)), max_cost=15)
    ours = catchment_access(demand, supply, distance_weights(areas, facilities, LUO_QI))
    known = demand > 0
    expected = table["e2sfca_seats"].reindex(range(40)).to_numpy()[known]
    reached = ours[known] > 0
    assert reached.sum() > 20
    np.testing.assert_allclose(ours[known][reached], expected[reached], rtol=1e-12, atol=0)
    assert (np.nan_to_num(expected[~reached]) == 0).all()


def test_a_remote_facility_s_seats_are_shared_by_nobody(town):
    areas, facilities, demand, supply = town
    weights = distance_weights(areas, facilities, LUO_QI)
    reaching = weights.T @ (demand > 0).astype(float) > 0
    assert 0 < reaching.sum() < len(supply)
    assert np.nansum(catchment_access(demand, supply, weights) * demand) == pytest.approx(supply[reaching].sum())


# --- what must not change --------------------------------------------------------------------------------------------


def test_neither_the_size_nor_the_number_of_the_pieces_changes_a_bit(town, monkeypatch):
    areas, facilities, demand, supply = town
    whole = distance_weights(areas, facilities, LUO_QI)
    for size, threads in ((1, 1), (7, 3), (39, 2), (40, 1), (41, 4)):
        monkeypatch.setattr("ci_analysis.landscape.access._CHUNK", size)
        monkeypatch.setattr("ci_analysis.landscape.access._THREADS", threads)
        again = distance_weights(areas, facilities, LUO_QI)
        for part in ("indptr", "indices", "data"):
            assert getattr(again, part).tobytes() == getattr(whole, part).tobytes()
        np.testing.assert_array_equal(catchment_access(demand, supply, again), catchment_access(demand, supply, whole))


def test_order_does_not_matter(town):
    areas, facilities, demand, supply = town
    weights = distance_weights(areas, facilities, LUO_QI)
    rng = np.random.default_rng(1)
    i, j = rng.permutation(40), rng.permutation(60)
    shuffled = distance_weights(areas.iloc[i], facilities.iloc[j], LUO_QI)
    np.testing.assert_array_equal(shuffled.toarray(), weights.toarray()[i][:, j])
    again = catchment_access(demand[i], supply[j], shuffled)
    np.testing.assert_allclose(again, catchment_access(demand, supply, weights)[i], rtol=1e-13)


def test_people_and_seats_together_may_be_counted_in_dozens(town):
    areas, facilities, demand, supply = town
    weights = distance_weights(areas, facilities, LUO_QI)
    access = catchment_access(demand, supply, weights)
    np.testing.assert_allclose(catchment_access(demand / 12, supply / 12, weights), access)
    np.testing.assert_allclose(catchment_access(demand, supply * 3, weights), access * 3)


def test_an_added_empty_area_changes_nothing(town):
    areas, facilities, demand, supply = town
    access = catchment_access(demand, supply, distance_weights(areas, facilities, LUO_QI))
    weights = distance_weights(pd.concat([areas, areas.head(1)]), facilities, LUO_QI)
    for nobody in (0.0, nan):
        again = catchment_access([*demand, nobody], supply, weights)
        np.testing.assert_array_equal(again[:-1], access)
        assert np.isnan(again[-1])


def test_unreached_is_zero_and_no_demand_is_missing():
    weights = csr_array([[1.0], [1.0], [0.0], [0.0]])
    np.testing.assert_array_equal(catchment_access([10, 0, 5, nan], [5], weights), [5 / 10, nan, 0, nan])


def test_a_facility_within_reach_of_nobody_divides_nothing_by_nothing():
    np.testing.assert_array_equal(catchment_access([0, 9], [5], csr_array([[1.0], [0.0]])), [nan, 0])


# --- the room's areas ------------------------------------------------------------------------------------------------


def test_people_set_out_from_their_centre_or_else_from_a_point_of_the_outline(squares):
    squares.loc[3] = {"geoid": "08007", "name": "Nowhere", "longitude": nan, "latitude": nan, "geometry": None}
    centres = population_centres(squares).set_index("geoid")
    assert centres["basis"].iloc[:3].to_list() == ["centre", "point-on-surface", "centre"]
    assert centres.loc["08003", ["longitude", "latitude"]].to_list() == pytest.approx([-104.95, 39.05])
    assert centres.loc["08007"].isna().all()


@pytest.fixture
def tell(study):
    """Need and access of the small study, by area and row, with some of its tables changed."""

    def tell(**changed):
        tables = {**study.tables, **changed}
        areas = changed.get("areas", study.areas)
        need = need_estimates(tables["indicators"], areas, study.profile, as_of=study.settings.as_of)
        table = area_access(
            need, tables["capacity"], tables["facilities"], areas, study.profile,
            bands=changed.get("bands", study.bands), travel=tables["travel"],
        )  # fmt: skip
        keys = ["geoid", "segment"]
        return need.set_index(keys)["need"], table.set_index(keys)

    return tell


def test_each_row_sets_its_need_against_all_usable_seats_that_count_for_it(study, tell):
    need, table = tell()
    places = {"08001": (-105.05, 39.05), "08003": (-104.95, 39.05), "08005": (-104.85, 39.05)}
    facilities = study.tables["facilities"]
    weight = plain_weights(at(*places.values()), facilities, study.bands)
    # Usable by facility; the one outside every area takes part, a home's places count for groups alone.
    seats = {
        "infant-toddler": {"center-a": 30},
        "preschool": {"center-a": 150, "outside-d": 60},
        "school-age": {},
        "under-six": {"center-a": 180, "home-b": 10, "outside-d": 60},
    }
    for row, usable in seats.items():
        demand = need.xs(row, level="segment").reindex(list(places))
        supply = [usable.get(f, 0) for f in facilities["facility_id"]]
        expected, _ = plain_access(demand, supply, weight)
        found = table["access"].xs(row, level="segment").reindex(list(places))
        for geoid, access, value in zip(places, expected, found, strict=True):
            assert value == pytest.approx(access, nan_ok=True), (row, geoid)


def test_a_facility_outside_every_area_serves_those_within_reach(tell):
    # 08005 has no facility of its own; the center beyond the border is within ten miles.
    assert tell()[1].loc[("08005", "preschool"), "access"] > 0


def test_basis_says_what_is_measured_and_from_where(study, tell):
    basis = tell()[1]["access_basis"].groupby("geoid").agg(lambda words: "/".join(words.unique()))
    assert basis.to_dict() == {
        "08001": "miles-from-centre", "08003": "miles-from-point-on-surface", "08005": "miles-from-centre",
    }  # fmt: skip


def test_travel_takes_the_place_of_miles(table, tell):
    trips = [("08001", "center-a", 12), ("08003", "center-a", 99)]
    travel = table("travel", [dict(zip(["geoid", "facility_id", "minutes"], t, strict=True)) for t in trips])
    need, found = tell(travel=travel, bands=[(15, 1.0), (30, 0.5)])
    row = found.xs("infant-toddler", level="segment")
    assert row.loc["08001", "access"] == pytest.approx(30 / need["08001", "infant-toddler"])
    assert pd.isna(row.loc["08001", "access_reason"])
    # 99 minutes is out of reach; of 08005 the table says nothing at all.
    assert row.loc["08003", ["access", "access_basis", "access_reason"]].to_list() == [0, "minutes", "nothing-in-reach"]
    assert row.loc["08005", ["access", "access_basis"]].isna().all()
    assert row.loc["08005", "access_reason"] == "place-unknown"


def test_a_facility_that_travel_never_names_reaches_nobody(study, table, tell):
    # The center outside is next door by miles; with travel times, miles are not asked.
    travel = table("travel", [{"geoid": g, "facility_id": "home-b", "minutes": 5} for g in study.areas["geoid"]])
    need, found = tell(travel=travel)
    row = found.xs("under-six", level="segment")["access"]
    assert (row * need.xs("under-six", level="segment")).sum() == pytest.approx(10)
    assert found.loc[("08005", "preschool"), "access_reason"] == "no-seats-in-reach"


def test_minutes_that_nobody_knows_do_not_place_an_area(table, tell):
    trips = [("08001", "center-a", 12.0), ("08003", "center-a", nan), ("08003", "home-b", nan)]
    travel = pd.DataFrame(trips, columns=["geoid", "facility_id", "minutes"])
    row = tell(travel=travel)[1].xs("infant-toddler", level="segment")
    assert row.loc["08003", "access_reason"] == "place-unknown"
    # One pair without minutes is as one that is not there.
    travel.loc[2, "minutes"] = 4
    assert tell(travel=travel)[1].loc[("08003", "infant-toddler"), "access_reason"] == "no-seats-in-reach"


def test_an_area_whose_place_is_unknown_has_no_access_and_no_part(study, tell):
    bare = gpd.GeoDataFrame(study.areas.assign(geometry=None), geometry="geometry", crs="EPSG:4326")
    need, table = tell(areas=bare)
    row = table.xs("infant-toddler", level="segment")
    assert row.loc["08003", ["access", "access_basis"]].isna().all()
    assert row.loc["08003", "access_reason"] == "place-unknown"
    demand = need.xs("infant-toddler", level="segment").drop("08003")
    assert (row["access"] * demand).sum() == pytest.approx(30)


def test_unknown_seats_are_not_zero_access(table, tell):
    _, found = tell(capacity=table("capacity", []))
    assert found["access"].isna().all()
    # What more would have to be known comes after what is known already.
    assert found["access_reason"].to_dict() == {
        **dict.fromkeys(found.index, "seats-unknown"),
        ("08003", "preschool"): "no-need",
        ("08005", "school-age"): "need-unknown",
        ("08005", "all"): "need-unknown",
    }


def test_every_reason_and_the_first_that_holds(study, table, tell):
    found = tell()[1]
    assert found.loc[("08001", "preschool"), "access"] > 0
    assert pd.isna(found.loc[("08001", "preschool"), "access_reason"])
    # Facilities are near, and none of them takes school-age children.
    assert found.loc[("08001", "school-age"), ["access", "access_reason"]].to_list() == [0, "no-seats-in-reach"]
    assert found.loc[("08003", "preschool"), "access_reason"] == "no-need"
    assert found.loc[("08005", "school-age"), "access_reason"] == "need-unknown"
    # Nobody there, and need that is unknown, stay so where the place is unknown too.
    bare = gpd.GeoDataFrame(study.areas.assign(geometry=None, longitude=nan), geometry="geometry", crs="EPSG:4326")
    lost = tell(areas=bare)[1]["access_reason"]
    assert lost["08003", "preschool"] == "no-need"
    assert lost["08005", "school-age"] == "need-unknown"
    assert lost["08001", "preschool"] == "place-unknown"
    far = study.tables["facilities"].assign(longitude=-90.0)
    assert tell(facilities=far)[1].loc[("08001", "preschool"), ["access", "access_reason"]].to_list() == [
        0, "nothing-in-reach",
    ]  # fmt: skip
    price_alone = table("capacity", [
        {"facility_id": "center-a", "licensed": 40}, {"facility_id": "home-b", "segment": "preschool", "price_week": 9},
    ])  # fmt: skip
    seats = tell(capacity=price_alone)[1]
    assert seats.loc[("08001", "preschool"), "access_reason"] == "seats-unknown"
    assert pd.isna(seats.loc[("08001", "preschool"), "access"])
    assert seats.loc[("08001", "under-six"), "access"] > 0


def test_facilities_that_do_not_say_how_many_seats_they_have_are_not_facilities_without_seats(study, table, tell):
    facilities = study.tables["facilities"]
    near = facilities["facility_id"].isin(["silent-c"])
    facilities = facilities.assign(longitude=facilities["longitude"].where(near, -90.0))
    found = tell(facilities=facilities)[1]
    # It names no segment: what it may have counts for the groups and for everybody.
    assert found.loc[("08001", "under-six"), "access_reason"] == "seats-unknown"
    assert pd.isna(found.loc[("08001", "under-six"), "access"])
    assert found.loc[("08001", "preschool"), ["access", "access_reason"]].to_list() == [0, "no-seats-in-reach"]
    capacity = pd.concat([study.tables["capacity"], table("capacity", [{"facility_id": "silent-c", "licensed": 0}])])
    none = tell(facilities=facilities, capacity=capacity)[1]
    assert none.loc[("08001", "under-six"), ["access", "access_reason"]].to_list() == [0, "no-seats-in-reach"]


def test_access_is_above_zero_or_there_is_one_reason(study, tell, table):
    travel = table("travel", [{"geoid": "08001", "facility_id": "home-b", "minutes": 5}])
    for changed in ({}, {"travel": travel}, {"capacity": table("capacity", [])}, {"bands": [(0.5, 1.0)]}):
        found = tell(**changed)[1]
        assert (found["access"] > 0).equals(found["access_reason"].isna())
        zero = found["access_reason"].isin(["nothing-in-reach", "no-seats-in-reach"])
        assert zero.equals(found["access"].eq(0))
        assert found.loc[found["access_reason"].eq("place-unknown"), "access_basis"].isna().all()
        placed = found["access_basis"].groupby("geoid").nunique(dropna=False)
        assert (placed == 1).all()


def test_shuffled_tables_give_the_same_figures_to_the_last_bit(study):
    def shuffled(frame):
        return frame.sample(frac=1, random_state=3)

    rng = np.random.default_rng(8)
    geoids = [f"08{i:03}" for i in range(60)]
    areas = gpd.GeoDataFrame(
        {"geoid": geoids, "longitude": rng.uniform(-105.3, -104.8, 60), "latitude": rng.uniform(39, 39.4, 60)},
        geometry=[None] * 60, crs="EPSG:4326",
    )  # fmt: skip
    need = pd.DataFrame({"geoid": np.repeat(geoids, 2), "segment": ["preschool", "under-six"] * 60})
    need["need"] = rng.uniform(0, 300, 120)
    ids = [f"f{i:03}" for i in range(80)]
    facilities = pd.DataFrame({"facility_id": ids, "longitude": rng.uniform(-105.3, -104.8, 80)})
    facilities["latitude"] = rng.uniform(39, 39.4, 80)
    capacity = pd.DataFrame(
        {"facility_id": ids, "segment": ["preschool", None] * 40, "licensed": rng.uniform(1, 90, 80)}
    )
    capacity[["low", "high", "usable"]] = nan
    one = area_access(need, capacity, facilities, areas, study.profile, bands=LUO_QI)
    two = area_access(
        shuffled(need), shuffled(capacity), shuffled(facilities), shuffled(areas), study.profile, bands=LUO_QI
    )
    assert one["access"].nunique() == 120
    pd.testing.assert_frame_equal(two.loc[one.index], one, check_exact=True)


def test_the_gap_carries_access_its_basis_and_its_reason(study, tell):
    columns = ["access", "access_basis", "access_reason"]
    table = compute(study, {})["gap"].set_index(["geoid", "segment"])
    pd.testing.assert_frame_equal(table[columns], tell()[1].loc[table.index, columns], check_dtype=False)
    # A shortage by what is within reach is told of 0, and not of what is unknown.
    assert table["access_desert"].isna().equals(table["access"].isna())


def test_a_pair_that_travel_names_twice_is_refused(tmp_path):
    (tmp_path / "study.yaml").write_text(
        "format: 1\ntitle: T\ncommunity: C\nissue: child-care\nlevel: county\ncounties: ['08001']\nas_of: 2026-06-30\n"
    )
    (tmp_path / "facilities.csv").write_text("facility_id,name,kind,longitude,latitude\na,A,center,-104.9,39.9\n")
    (tmp_path / "travel.csv").write_text("geoid,facility_id,minutes\n08001,a,10\n08001,a,12\n")
    with pytest.raises(StudyProblems, match=r"travel.csv:3"):
        Study.read(tmp_path)
