"""A second real study, of tracts: each figure made again from its files with csv, json and plain Python.

The study is not part of this repository, whose own example has counties; where the folder is not there, nothing is
looked at.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from itertools import pairwise
from math import asin, cos, isclose, radians, sin, sqrt
from pathlib import Path

import pytest

from ci_analysis.landscape import compute
from ci_analysis.study import Study

FOLDER = Path(__file__).parents[3] / "shared" / "studies" / "louisville-child-care"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the study of Louisville is not beside this repository")
BANDS = ((5, 1.0), (10, 0.68), (15, 0.22))


def read(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def inside(x, y, ring):
    """Whether a point lies in a ring, by the crossings of a ray to the east."""
    odd = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def miles(a, b):
    (west, south), (lon, lat) = ((radians(x) for x in place) for place in (a, b))
    h = sin((lat - south) / 2) ** 2 + cos(lat) * cos(south) * sin((lon - west) / 2) ** 2
    return 2 * 3958.7613 * asin(sqrt(h))


@pytest.fixture(scope="module")
def given():
    return compute(Study.read(FOLDER), {})


@pytest.fixture(scope="module")
def gap(given):
    table = given["gap"]
    return table[table["segment"].eq("all")].set_index("geoid")


@pytest.fixture(scope="module")
def tracts():
    """Rings of each tract, and its centre."""
    content = json.loads((FOLDER / "areas.geojson").read_text(encoding="utf-8"))
    rings, centres = {}, {}
    for feature in content["features"]:
        shape, about = feature["geometry"], feature["properties"]
        parts = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings[about["geoid"]] = parts
        centres[about["geoid"]] = (float(about["longitude"]), float(about["latitude"]))
    return rings, centres


@pytest.fixture(scope="module")
def children():
    return {r["geoid"]: float(r["value"]) for r in read("indicators") if r["indicator"] == "children"
            and r["period"] == "2019" and r["value"]}  # fmt: skip


@pytest.fixture(scope="module")
def seats():
    """Licensed seats of each provider; rows by age carry a price alone."""
    return {r["facility_id"]: float(r["licensed"]) for r in read("capacity") if r["licensed"]}


@pytest.fixture(scope="module")
def home(tracts):
    """The tract of each provider, by the crossings of a ray."""
    rings, _ = tracts
    found = {}
    for row in read("facilities"):
        x, y = float(row["longitude"]), float(row["latitude"])
        for geoid in sorted(rings):
            outer_and_holes = rings[geoid]
            if any(inside(x, y, part[0]) and not any(inside(x, y, hole) for hole in part[1:])
                   for part in outer_and_holes):  # fmt: skip
                found[row["facility_id"]] = geoid
                break
    return found


def test_need_is_children_where_no_share_is_known(gap, children):
    assert len(children) == len(gap) == 191
    assert gap["need"].to_dict() == children
    assert set(gap["need_basis"]) == {"people"}


def test_seats_by_tract(gap, seats, home):
    plain = defaultdict(float)
    for facility, licensed in seats.items():
        if facility in home:
            plain[home[facility]] += licensed
    assert {g: plain[g] for g in gap.index} == gap["supply"].to_dict()
    assert sum(seats.values()) == 31_536  # as its note on sources says


def test_gap_by_tract_and_in_all(given, gap, children, seats, home):
    plain = dict.fromkeys(gap.index, 0.0)
    for facility, licensed in seats.items():
        if facility in home:
            plain[home[facility]] += licensed
    unmet = {g: max(0.0, children[g] - plain[g]) for g in gap.index}
    assert gap["unmet"].to_dict() == pytest.approx(unmet)
    row = given["gap_summary"].set_index("segment").loc["all"]
    assert row["spatial_gap"] == pytest.approx(sum(unmet.values()))
    assert row["pooled_gap"] == pytest.approx(max(0.0, sum(children.values()) - sum(plain.values())))
    # No margin on the number of children: no interval and no probability, rather than a narrow one.
    assert row[["spatial_gap_low", "spatial_gap_high"]].isna().all()
    assert gap["p_shortage"].isna().all()


def test_what_is_not_known_by_age_is_not_told_by_age(given):
    table = given["gap"]
    by_age = table[table["segment"].isin(["infant-toddler", "preschool", "school-age", "under-six"])]
    assert by_age[["need", "ratio", "unmet", "cap_desert", "spatial_desert", "access_desert"]].isna().all(axis=None)
    # Rows by age carry a price alone: their seats are unknown, and not none.
    assert by_age.loc[by_age["segment"].eq("infant-toddler"), "supply"].isna().all()


def test_access_by_a_plain_double_loop(gap, tracts, children, seats):
    _, centres = tracts
    places = {r["facility_id"]: (float(r["longitude"]), float(r["latitude"])) for r in read("facilities")}
    access, shared = dict.fromkeys(centres, 0.0), 0.0
    for facility, licensed in seats.items():
        weight = {}
        for tract, centre in centres.items():
            if children[tract] > 0:
                away = miles(centre, places[facility])
                weight[tract] = next((w for limit, w in BANDS if away <= limit), 0.0)
        people = sum(weight[t] * children[t] for t in weight)
        if people > 0:
            shared += licensed
            for tract in weight:
                access[tract] += weight[tract] * licensed / people
    for tract, expected in access.items():
        if children[tract] > 0:
            assert isclose(gap.loc[tract, "access"], expected, rel_tol=1e-9)
        else:
            assert gap.loc[tract, "access"] != gap.loc[tract, "access"]  # nobody there: no figure, and not none
    known = gap[gap["need"] > 0]
    assert (known["access"] * known["need"]).sum() == pytest.approx(shared)


def test_price_is_the_seat_weighted_median_of_the_tract(given, seats, home):
    listed = defaultdict(list)
    for row in read("capacity"):
        if row["price_week"] and row["facility_id"] in home and seats.get(row["facility_id"], 0) > 0:
            place = home[row["facility_id"]], row["segment"]
            listed[place].append((float(row["price_week"]), seats[row["facility_id"]]))
    medians = {}
    for place, prices in listed.items():
        prices.sort()
        half, reached, lower = sum(w for _, w in prices) / 2, 0.0, None
        for price, weight in prices:
            reached += weight
            if lower is None and reached >= half:
                lower = price
            if reached > half:
                medians[place] = (lower + price) / 2
                break
    table = given["affordability"].dropna(subset=["price_week"])
    found = {(r.geoid, r.segment): r.price_week for r in table.itertuples()}
    assert found == pytest.approx(medians)
    income = {r["geoid"]: float(r["value"]) for r in read("indicators") if r["indicator"] == "median_family_income"
              and r["value"]}  # fmt: skip
    shares = {(r.geoid, r.segment): r.share for r in table.dropna(subset=["share"]).itertuples()}
    assert shares == pytest.approx({p: 52 * m / income[p[0]] for p, m in medians.items() if p[0] in income})
