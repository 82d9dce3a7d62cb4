"""The real figures of the example study, each total made again from its files with csv and plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from math import asin, cos, isclose, radians, sin, sqrt
from pathlib import Path

import pytest

from ci_analysis.landscape import compute
from ci_analysis.study import Study

FOLDER = Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care"
UNDER_SIX = ("infant-toddler", "preschool")


def read(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study():
    return Study.read(FOLDER)


@pytest.fixture(scope="module")
def given(study):
    return compute(study, {})


@pytest.fixture(scope="module")
def figures():
    """Value by indicator, period, segment and county."""
    table = defaultdict(dict)
    for row in read("indicators"):
        if row["value"]:
            table[row["indicator"], row["period"], row["segment"]][row["geoid"]] = float(row["value"])
    return table


@pytest.fixture(scope="module")
def seats():
    """Licensed seats by county and segment, with the strictest reading beside."""
    county = {row["facility_id"]: row["geoid"] for row in read("facilities")}
    table = defaultdict(lambda: [0.0, 0.0])
    for row in read("capacity"):
        if row["licensed"]:
            cell = table[county[row["facility_id"]], row["segment"]]
            cell[0] += float(row["licensed"])
            cell[1] += float(row["low"] or row["licensed"])
    return table


def test_children_statewide(given, figures):
    # As published: ACS 2020-2024, table B09001.
    for segment, published in (("infant-toddler", 183_019), ("preschool", 194_209)):
        plain = sum(figures["children", "2024", segment].values())
        table = given["indicators"]
        rows = table[table["indicator"].eq("children") & table["period"].eq("2024") & table["segment"].eq(segment)]
        assert rows["value"].sum() == plain == published


def test_need_is_children_times_share_in_each_county(given, figures):
    need = given["gap"].set_index(["geoid", "segment"])["need"]
    for segment, period in (("infant-toddler", "2024"), ("preschool", "2024"), ("school-age", "2023")):
        children = figures["children", period, segment]
        share = figures["share_all_parents_working", "2018", segment]
        assert len(children) == 64
        for county, count in children.items():
            assert isclose(need[county, segment], count * share[county], abs_tol=1e-9)


def test_seats_by_segment_statewide(given, seats):
    # As the study's note on its sources states them: infants and toddlers 33,060 in centers and 36 in homes; preschool
    # 40,282 and 80,421 mixed; school age 80,904 and 150; 11,421 and 9 of no segment.
    stated = {"infant-toddler": 33_060 + 36, "preschool": 40_282 + 80_421, "school-age": 80_904 + 150, "": 11_421 + 9}
    plain = {s: sum(have for (_, segment), (have, _) in seats.items() if segment == s) for s in stated}
    assert plain == stated
    supply = given["gap_summary"].set_index("segment")["supply"]
    for segment in ("infant-toddler", "preschool", "school-age"):
        assert supply[segment] == stated[segment]
    assert supply["under-six"] == stated["infant-toddler"] + stated["preschool"] + stated[""]
    assert supply["all"] == sum(stated.values()) == 246_283


def test_gap_by_a_plain_loop(given, figures, seats):
    unmet = given["gap"].set_index(["geoid", "segment"])[["unmet", "unmet_high"]]
    totals = [0.0, 0.0]
    for county in figures["children", "2024", "preschool"]:
        for reading in (0, 1):
            short = 0.0
            for segment in UNDER_SIX:
                need = (
                    figures["children", "2024", segment][county]
                    * figures["share_all_parents_working", "2018", segment][county]
                )
                short += max(0.0, need - seats.get((county, segment), (0, 0))[reading])
            short = max(0.0, short - seats.get((county, ""), (0, 0))[reading])
            assert isclose(unmet.loc[(county, "under-six")].iloc[reading], short, abs_tol=1e-6)
            totals[reading] += short
    summary = given["gap_summary"].set_index("segment").loc["under-six"]
    assert summary[["spatial_gap", "spatial_gap_strict"]].to_list() == pytest.approx(totals)
    assert summary["spatial_gap"] > summary["pooled_gap"] > 0
    assert summary["spatial_gap_low"] < summary["spatial_gap_high"]


def test_cap_style_shortage_by_a_plain_loop(given, figures, seats):
    table = given["gap"]
    flags = table[table["segment"].eq("under-six")].set_index("geoid")["cap_desert"]
    for county in figures["children", "2024", "preschool"]:
        children = sum(figures["children", "2024", s][county] for s in UNDER_SIX)
        licensed = sum(seats.get((county, s), (0, 0))[0] for s in (*UNDER_SIX, ""))
        assert flags[county] == (children > 50 and (licensed == 0 or children / licensed > 3))


def test_access_by_a_plain_double_loop(study, given):
    """Great-circle miles from the counties' population centres, in the study's bands."""
    table = given["gap"]
    table = table[table["segment"].eq("infant-toddler")].set_index("geoid")
    licensed = {r["facility_id"]: float(r["licensed"]) for r in read("capacity") if r["segment"] == "infant-toddler"}
    facilities = {r["facility_id"]: (float(r["longitude"]), float(r["latitude"])) for r in read("facilities")}
    centres = {r["geoid"]: (float(r["longitude"]), float(r["latitude"])) for r in read("areas")}
    access, shared = dict.fromkeys(centres, 0.0), 0.0
    for facility, have in licensed.items():
        lon, lat = (radians(x) for x in facilities[facility])
        weight = {}
        for county, place in centres.items():
            west, south = (radians(x) for x in place)
            h = sin((lat - south) / 2) ** 2 + cos(lat) * cos(south) * sin((lon - west) / 2) ** 2
            miles = 2 * 3958.7613 * asin(sqrt(h))
            weight[county] = next((w for limit, w in study.bands if miles <= limit), 0.0)
        people = sum(weight[c] * table.loc[c, "need"] for c in centres)
        if people > 0:
            shared += have
            for county in centres:
                access[county] += weight[county] * have / people
    assert table["access"].to_dict() == pytest.approx(access)
    assert (table["access"] * table["need"]).sum() == pytest.approx(shared)


def test_price_of_infant_care_against_income(given, figures):
    table = given["affordability"]
    shares = table[table["segment"].eq("infant-toddler")].set_index("geoid")["share"]
    for county, price in figures["price_week", "2015", "infant-toddler"].items():
        assert isclose(shares[county], 52 * price / figures["median_family_income", "2018", ""][county])
    # As the study's note says: 9 to 25 %, above the benchmark in all 64 counties.
    assert (round(shares.min(), 2), round(shares.max(), 2), (shares > 0.07).sum()) == (0.09, 0.25, 64)
    assert set(table["years"]) == {2018 - 2015}
