"""The landscape where geography is hard, and where nothing can be divided by: nothing infinite, no zero for missing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from shapely import box, to_geojson

from ci_analysis import landscape
from ci_analysis.figures.maps import choropleth
from ci_analysis.landscape.access import EARTH_RADIUS_MILES
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS

HEAD = "geoid,indicator,period,segment,value,moe,n\n"
PLACES = "facility_id,name,kind,longitude,latitude,days,opens,closes\n"


def write(folder, counties, level="county", outlines=None, **tables):
    folder.mkdir()
    (folder / "study.yaml").write_text(
        f"format: 1\ntitle: A\ncommunity: B\nissue: child-care\nlevel: {level}\ncounties: {counties}\n"
        "as_of: 2026-06-30\naccess: {bands: [[10, 1.0], [60, 0.5]]}\n"
    )
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    if outlines:
        features = [
            {"type": "Feature", "properties": {"geoid": g, "name": g}, "geometry": json.loads(to_geojson(shape))}
            for g, shape in outlines.items()
        ]
        (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return Study.read(folder)


# --- Alaska, across the 180th meridian

EITHER_SIDE = PLACES + "east,E,home,-179.5,51.9,,,\nwest,W,home,179.7,52.0,,,\n"
SEATS = "facility_id,segment,licensed\neast,preschool,30\nwest,preschool,20\n"


def test_alaska_counts_the_facilities_of_both_sides(tmp_path) -> None:
    points = PLACES + "adak,A,home,-176.65,51.87,,,\nattu,B,home,172.9,52.9,,,\nanchorage,C,center,-149.9,61.2,,,\n"
    seats = "facility_id,segment,licensed\nadak,preschool,30\nattu,preschool,20\nanchorage,preschool,500\n"
    people = "02016,children,2024,preschool,200,20,\n02020,children,2024,preschool,9000,90,\n"
    study = write(tmp_path / "s", '["02"]', facilities=points, capacity=seats, indicators=HEAD + people)
    where = landscape.facility_areas(study.tables["facilities"], study.areas)
    assert where.to_dict() == {"adak": "02016", "attu": "02016", "anchorage": "02020"}
    gap = landscape.compute(study, {})["gap"].set_index(["geoid", "segment"])
    assert gap.loc[("02016", "preschool"), "supply"] == 30 + 20
    assert gap.loc[("02020", "preschool"), "ratio"] == pytest.approx(500 / 9000)


@pytest.fixture
def islands(tmp_path):
    """Two areas that meet at the 180th meridian, one of which goes across it."""
    outlines = {"02016000100": box(178.5, 51.5, 180.5, 52.5), "02016000200": box(-179.5, 51.5, -178.5, 52.5)}
    people = HEAD + "".join(f"{g},children,2024,preschool,100,10,\n" for g in outlines)
    return write(
        tmp_path / "s", '["02016"]', "tract", outlines, facilities=EITHER_SIDE, capacity=SEATS, indicators=people
    )


def test_an_outline_of_ones_own_counts_both_sides_and_reaches_across(islands) -> None:
    where = landscape.facility_areas(islands.tables["facilities"], islands.areas)
    assert where.to_dict() == {"east": "02016000100", "west": "02016000100"}, "an edge belongs to the smaller geoid"
    centres = landscape.population_centres(islands.areas)
    near = landscape.distance_weights(centres, islands.tables["facilities"], [(200, 1.0)])
    assert near.nnz == 2 * 2, "from either area to either side"
    # 0.8 degrees of longitude apart, and not 359.2.
    arc = np.radians(0.8) * np.cos(np.radians(52)) * EARTH_RADIUS_MILES
    here, there = (pd.DataFrame({"longitude": [x], "latitude": [52.0]}) for x in (-179.5, 179.7))
    assert landscape.distance_weights(here, there, [(arc * 0.999, 0.5), (arc * 1.001, 0.25)]).toarray() == [[0.25]]
    gap = landscape.compute(islands, {})["gap"].query("segment == 'preschool'")
    assert (gap["access"] * gap["need"]).sum() == pytest.approx(30 + 20), "every seat is shared out"


def test_areas_on_both_sides_are_neighbours_and_lie_together_on_a_map(islands) -> None:
    pairs = landscape.neighbours(islands.areas)
    assert pairs["basis"].unique().tolist() == ["touching"]
    assert len(pairs) == 2
    drawn = choropleth(
        islands.areas, pd.Series(0.0, index=islands.areas["geoid"]), ["x"], title="t", alt="a", tips={}
    )  # fmt: skip
    height = float(drawn.svg.split('viewBox="0 0 720 ')[1].split('"')[0])
    # Three degrees of longitude at 52 degrees by one degree of latitude, and no line round the world.
    assert 720 / height == pytest.approx(3 * np.cos(np.radians(52)), rel=0.1)


# --- nothing to divide by

ZEROS = (
    HEAD
    # Nobody, no income and no price in Baca, now and before; nothing known of Kiowa but how many.
    + "".join(f"08009,children,{y},{s},0,0,0\n" for y in (2019, 2024) for s in ("infant-toddler", "preschool"))
    + "08009,children,2024,school-age,0,0,0\n08061,children,2024,preschool,40,10,0\n08061,children,2019,preschool,,,\n"
    + "08009,share_all_parents_working,2024,,0,0,0\n08061,share_all_parents_working,2024,,0,0,0\n"
    + "".join(f"{g},{i},{y},,0,0,\n" for g in ("08009", "08061") for i in (
        "median_family_income", "price_week", "population", "rate_poverty") for y in (2019, 2024))
    + "".join(f"{g},share_parents_at_work,2024,hour-{h:02d},0,0,\n" for g in ("08009", "08061") for h in (2, 9))
    + "08009,own_thing,2019,,0,,\n08009,own_thing,2024,,5,,\n08061,own_thing,2024,,0,0,\n08061,own_thing,2019,,4,,\n"
)  # fmt: skip
EMPTY_SEATS = (
    "facility_id,segment,licensed,usable,vacancies,enrolled,price_week\n"
    "a,preschool,0,0,0,0,0\na,infant-toddler,10,0,0,0,0\nb,preschool,,,,,\n"
)
A_DAY = PLACES + "a,A,home,-102.5,37.2,Mo-Fr,06:00,18:00\nb,B,home,-102.6,38.4,,,\n"
REGIONS = "geoid,region_kind,region\n08009,district,South\n08061,district,North\n"
PEERS = (
    "geoid,name,indicator,period,segment,value\n"
    "20129,Morton,population,2024,,0\n20129,Morton,rate_poverty,2024,,0\n20187,Stanton,population,2024,,0\n"
)


@pytest.fixture
def of_nothing(tmp_path):
    return write(
        tmp_path / "s", '["08009", "08061"]', indicators=ZEROS, facilities=A_DAY, capacity=EMPTY_SEATS,
        regions=REGIONS, peers=PEERS,
    )  # fmt: skip


def test_nothing_is_infinite_where_everything_is_zero(of_nothing) -> None:
    made = landscape.compute(of_nothing, {})
    assert set(made) == {name for name, table in OUTPUTS.items() if table.step == "landscape"}
    assert len(made["gap"])
    for name, frame in made.items():
        numbers = frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(dtype="float64", na_value=np.nan)).any(), name


def test_what_is_divided_by_nothing_is_missing_and_not_zero(of_nothing) -> None:
    made = landscape.compute(of_nothing, {})
    gap = made["gap"].query("geoid == '08009'")
    assert (gap["need"] == 0).all()
    assert gap[["ratio", "access"]].isna().all(axis=None), "no seat for each of nobody"
    assert made["affordability"]["share"].isna().all(), "a share of no income"
    cv = made["indicators"].query("value == 0")["cv"]
    assert len(cv)
    assert cv.isna().all(), "no spread in nothing"
    change = made["trends"].query("indicator == 'own_thing' and geoid == '08009'")
    assert change["change"].to_list() == [5 - 0]
    assert change["change_share"].isna().all(), "from nothing to something is no share"


def test_no_zero_stands_where_the_figure_is_missing(of_nothing) -> None:
    made = landscape.compute(of_nothing, {})
    unknown = made["gap"].query("geoid == '08061' and segment in ('infant-toddler', 'school-age', 'all')")
    assert unknown["need"].isna().all(), "nothing is known of these children"
    made_from_need = [
        "unmet",
        "unmet_low",
        "unmet_high",
        "ratio",
        "access",
        "people_per_seat",
        "p_shortage",
        "need_moe",
    ]
    assert unknown[made_from_need].isna().all(axis=None)
    before = made["indicators"].query("geoid == '08061' and indicator == 'children' and period == '2019'")
    assert before[["value", "moe", "low", "high", "cv", "percentile"]].isna().all(axis=None)
    hours = made["hours_gap"].query("geoid == '08061' and segment == 'all'")
    assert hours[["seats_needed", "short"]].isna().all(axis=None)
