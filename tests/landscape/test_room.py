"""The room as a whole: what it gives, what it leaves alone, and a study that brings nothing."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest

from ci_analysis import landscape
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

GIVEN = [name for name, table in OUTPUTS.items() if table.step == "landscape"]


@pytest.fixture
def calls(study):
    """Every public function, called with frames of the small study."""
    t, areas, profile, as_of = study.tables, study.areas, study.profile, study.settings.as_of
    indicators, capacity, facilities = t["indicators"], t["capacity"], t["facilities"]
    where = landscape.facility_areas(facilities, areas)
    need = landscape.need_estimates(indicators, areas, profile, as_of=as_of)
    people = landscape.latest_figures(indicators, "children", areas=areas, as_of=as_of)
    have = landscape.seats(capacity, where, areas, profile)
    by_row = landscape.facility_seats(capacity)
    centres = landscape.population_centres(areas)
    weights = landscape.distance_weights(centres, facilities, study.bands)
    trips = pd.DataFrame({"geoid": areas["geoid"], "facility_id": "center-a", "minutes": [3.0, 9.0, np.nan]})
    table = landscape.gap(need, have, areas, profile, people=people)
    demand = need[need["segment"].eq("preschool")].set_index("geoid")["need"]
    supply = pd.Series(10.0, index=facilities["facility_id"])
    one, two = pd.Series([1.0, 0.0, np.nan]), pd.Series([4.0, 5.0, 6.0])
    access = need[["geoid", "segment"]].assign(access=1.0, access_basis="minutes", access_reason=None)
    like = pd.DataFrame({"geoid": ["08001"], "peer": ["08003"]})
    return {
        "affordability_table": ((indicators, capacity, where, areas, profile), {"as_of": as_of}),
        "affordability_years": ((indicators, capacity, where, areas, profile), {"as_of": as_of}),
        "aggregated_median": ((pd.DataFrame({"0-9": [1.0, 2.0], "10-19": [3.0, 4.0], "20-up": [1.0, 9.0]}),), {}),
        "area_access": ((need, capacity, facilities, areas, profile), {"bands": study.bands, "travel": trips}),
        "catchment_access": ((demand, supply, weights), {}),
        "censored": ((indicators,), {"profile": profile}),
        "class_bounds": ((["0-9", "10-up"],), {}),
        "coefficient_of_variation": ((one, two), {}),
        "compute": ((study, {}), {}),
        "disparities": (
            (
                indicators,
                table,
                landscape.affordability_table(indicators, capacity, where, areas, profile, as_of=as_of),
                t["regions"],
                areas,
                profile,
            ),
            {"as_of": as_of},
        ),
        "differs": ((one, two, one, two), {}),
        "distance_weights": ((centres, facilities, study.bands), {}),
        "facility_areas": ((facilities, areas), {}),
        "facility_prices": ((capacity, where), {}),
        "facility_seats": ((capacity, facilities, {"preschool": 10}), {}),
        "gap": (
            (need, have, areas, profile),
            {"people": people, "access": access},
        ),
        "gap_summary": ((table, profile), {"seed": 1}),
        "hotspots": (
            (
                table,
                landscape.affordability_table(indicators, capacity, where, areas, profile, as_of=as_of),
                indicators,
                areas,
                profile,
            ),
            {"as_of": as_of, "seed": 1},
        ),
        "hours_gap": ((capacity, facilities, where, need, profile), {"at_work": people}),
        "in_dollars_of": ((one, pd.Series([2015, 2018, 2024]), 2024), {}),
        "indicator_kinds": ((indicators["indicator"], profile), {}),
        "indicator_summary": ((landscape.indicator_table(indicators, profile=profile), areas, profile), {}),
        "indicator_table": ((indicators,), {"profile": profile}),
        "interval": ((one, two), {"minimum": two}),
        "known_rows": ((capacity, profile), {}),
        "latest_figures": ((indicators, "children"), {"areas": areas, "as_of": as_of}),
        "local_moran": (
            (pd.Series([1.0, 2.0, 4.0], index=areas["geoid"]), landscape.neighbours(areas)),
            {"seed": 1},
        ),
        "membership": ((profile,), {}),
        "moe_change": ((one, two, one, two), {}),
        "moe_difference": ((one, two), {}),
        "moe_product": ((one, two, one, two), {}),
        "moe_proportion": ((one, two, one, two), {}),
        "moe_ratio": ((one, two, one, two), {}),
        "moe_sum": ((one, two), {"by": one}),
        "need_estimates": ((indicators, areas, profile), {"as_of": as_of}),
        "neighbours": ((areas,), {}),
        "outer_fourths": ((one,), {}),
        "output_rows": ((profile,), {}),
        "peer_medians": ((landscape.indicator_table(indicators), like), {"others": t["peers"]}),
        "peers": ((indicators, areas, profile), {"as_of": as_of, "match": ["median_family_income"]}),
        "population_centres": ((areas,), {}),
        "price_level": ((), {}),
        "quality_class": ((one,), {}),
        "region_gap": ((table, t["regions"], profile), {}),
        "region_indicators": (
            (landscape.indicator_table(indicators, profile=profile), t["regions"], areas, profile),
            {},
        ),
        "reach": ((t["initiatives"], areas, profile), {"as_of": as_of}),
        "roll_up": ((people.assign(basis="people"), areas, profile), {}),
        "seats": ((capacity, where, areas, profile), {}),
        "seats_by_row": ((by_row, "facility_id", profile), {}),
        "standard_error": ((one,), {}),
        "travel_weights": ((trips, areas["geoid"], facilities["facility_id"], study.bands), {}),
        "trends": ((indicators, areas, profile), {"as_of": as_of}),
        "unmet_need": ((pd.DataFrame({"a": [2.0]}), pd.DataFrame({"a": [1.0], "": [0.0]}), {"a": ("a",)}), {}),
        "uptake_table": ((capacity, where, people, areas, profile), {}),
        "weighted_median": ((two, two, [two]), {}),
    }


@pytest.mark.parametrize("name", landscape.__all__)
def test_inputs_are_left_alone(name, calls):
    args, kwargs = calls[name]
    given = [*args, *kwargs.values()]
    if name == "compute":
        given = [*args[0].tables.values(), args[0].areas]
    before = copy.deepcopy(given)
    getattr(landscape, name)(*args, **kwargs)
    for was, now in zip(before, given, strict=True):
        if isinstance(was, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(now), pd.DataFrame(was))
        elif isinstance(was, pd.Series):
            pd.testing.assert_series_equal(now, was)


def test_the_room_gives_the_declared_tables(study):
    given = landscape.compute(study, {})
    assert list(given) == GIVEN
    for name, frame in given.items():
        assert frame.columns.to_list() == OUTPUTS[name].names
        # Three areas are too few for any to stand out.
        assert len(frame) > 0 or name == "hotspots"
        assert not frame.duplicated(OUTPUTS[name].key).any()
        assert frame.index.equals(pd.RangeIndex(len(frame)))


def test_the_small_study_by_hand(study):
    given = landscape.compute(study, {})
    row = given["gap"].set_index(["geoid", "segment"]).loc[("08001", "under-six")]
    # Half of 300 + 200 children; of 40 licensed infant seats 30 are staffed, 150 preschool seats read as 100 to 180.
    assert row["need"] == 150 + 100
    assert row[["supply", "usable", "unknown"]].to_list() == [190, 180, 0]
    assert row["unmet"] == (150 - 30) + max(0, 100 - 150)
    assert row["unmet_high"] == (150 - 30) + (100 - 100)
    assert row["cap_desert"] == (500 > 3 * 190)
    one = given["gap"].set_index(["geoid", "segment"]).loc[("08003", "under-six")]
    assert one[["need", "usable", "unmet", "unknown"]].to_list() == [80, 10, 70, 1]
    # One area's school-age figure is withheld: two areas make up the sum over everybody.
    summary = given["gap_summary"].set_index("segment")
    assert summary.loc["all", ["areas", "areas_with_need"]].to_list() == [3, 2]
    price = given["affordability"].set_index(["geoid", "segment"])
    assert price.loc[("08001", "infant-toddler"), "share"] == pytest.approx(52 * 300 / 50_000)
    assert price.loc[("08003", "infant-toddler"), "share"] == pytest.approx(52 * 200 / 80_000)


def test_the_same_study_gives_the_same_tables(study):
    first, second = landscape.compute(study, {}), landscape.compute(study, {})
    for name in GIVEN:
        pd.testing.assert_frame_equal(second[name], first[name])


def test_a_study_that_brings_nothing_gets_empty_tables(study):
    study.tables = {name: empty_frame(declared) for name, declared in INPUTS.items()}
    for name, frame in landscape.compute(study, {}).items():
        assert frame.empty
        assert frame.columns.to_list() == OUTPUTS[name].names


def test_need_without_facilities_and_facilities_without_need(study):
    all_tables = study.tables
    study.tables = {**all_tables, **{n: empty_frame(INPUTS[n]) for n in ("facilities", "capacity")}}
    table = landscape.compute(study, {})["gap"]
    assert table["need"].notna().any()
    # No list of facilities is not a community without seats.
    assert table[["supply", "usable", "unmet", "access", "ratio", "cap_desert"]].isna().all(axis=None)
    study.tables = {**all_tables, "indicators": empty_frame(INPUTS["indicators"])}
    table = landscape.compute(study, {})["gap"]
    assert table["supply"].sum() > 0
    assert table[["need", "unmet", "access", "ratio"]].isna().all(axis=None)


def test_an_issue_without_segments(study):
    shortage = study.profile.shortage.model_copy(update={"segment": "all"})
    study.profile = study.profile.model_copy(update={"segments": (), "groups": (), "shortage": shortage})
    indicators = study.tables["indicators"].assign(segment=np.nan).astype({"segment": "str"})
    indicators = indicators.drop_duplicates(["geoid", "indicator"])
    capacity = study.tables["capacity"].assign(segment=np.nan).astype({"segment": "str"}).drop_duplicates("facility_id")
    study.tables = {**study.tables, "indicators": indicators, "capacity": capacity}
    given = landscape.compute(study, {})
    table = given["gap"].set_index("geoid")
    assert table["segment"].to_list() == ["all"] * 3
    assert table["need"].to_list() == pytest.approx([300 * 0.5, 100 * 0.8, 80 * 0.6])
    assert table.loc["08001", ["usable", "unmet"]].to_list() == [30, 120]
    assert table["cap_desert"].notna().all()
    assert given["gap_summary"]["segment"].to_list() == ["all"]
