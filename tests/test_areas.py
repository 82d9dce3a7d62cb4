"""Where areas and places lie: outlines in any form, the 180th meridian, counties of before, identifiers gone wrong."""

# ruff: noqa: E501 - a message that is expected stands on one line
from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from shapely import MultiPoint, box, to_geojson
from shapely.geometry import GeometryCollection, Point, Polygon

from ci_analysis.areas import (
    CHANGED_COUNTIES,
    areas_at,
    county_change,
    county_outlines,
    geoid_advice,
    known_counties,
    miles_outside,
    read_outlines,
)
from ci_analysis.cli import main
from ci_analysis.errors import StudyProblems
from ci_analysis.study import Study

HOME = box(-103.1, 36.9, -102.0, 37.6)
NEXT = box(-103.1, 38.2, -102.0, 38.6)
FACILITIES = "facility_id,name,kind,longitude,latitude,geoid\n"


def write(
    folder: Path, *, level: str = "county", counties: str = '"08009", "08061"', more: str = "", **tables: str
) -> Path:
    folder.mkdir()
    (folder / "study.yaml").write_text(
        f"format: 1\ntitle: A\ncommunity: B\nissue: child-care\nlevel: {level}\ncounties: [{counties}]\n"
        f"as_of: 2026-06-30\n{more}"
    )
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(StudyProblems) as caught:
        Study.read(folder)
    return [str(p) for p in caught.value.problems]


def notes(folder: Path) -> list[str]:
    return [str(n) for n in Study.read(folder).notes]


def outlined(folder: Path, shapes: list[object], geoids: tuple[object, ...] = ("08009", "08061"), **study: str) -> Path:
    """A study whose areas.geojson holds these shapes as they are, without any repair on the way."""
    write(folder, **study)
    features = [
        {
            "type": "Feature",
            "properties": {"geoid": g, "name": f"Area {i}"},
            "geometry": shape if isinstance(shape, dict) or shape is None else json.loads(to_geojson(shape)),
        }
        for i, (g, shape) in enumerate(zip(geoids, shapes, strict=True))
    ]
    (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return folder


# --- reference systems


def test_an_old_crs_member_is_believed(tmp_path: Path) -> None:
    folder = outlined(tmp_path / "s", [HOME, NEXT])
    content = json.loads((folder / "areas.geojson").read_text())
    utm = gpd.GeoSeries([HOME, NEXT], crs=4326).to_crs(26913)
    for feature, shape in zip(content["features"], utm, strict=True):
        feature["geometry"] = json.loads(to_geojson(shape))
    content["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::26913"}}
    (folder / "areas.geojson").write_text(json.dumps(content))
    assert Study.read(folder).areas.geometry.iloc[0].centroid.distance(HOME.centroid) < 0.01


def test_a_crs_member_that_is_not_the_coordinates_own_is_found_by_where_they_come_to_lie(tmp_path: Path) -> None:
    folder = outlined(tmp_path / "s", [HOME, NEXT])
    content = json.loads((folder / "areas.geojson").read_text())
    content["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::26913"}}
    (folder / "areas.geojson").write_text(json.dumps(content))
    (first, second) = problems(folder)
    assert "areas.geojson:1: its outline lies 2," in first
    assert "miles from the study's counties; mend it, or see whether the reference system is the one" in second


def test_a_geopackage_in_metres_and_a_parquet_file_without_a_system(tmp_path: Path) -> None:
    areas = gpd.GeoDataFrame({"geoid": ["08009"], "name": "Baca"}, geometry=[HOME], crs=4326)
    areas.to_crs(3857).to_file(write(tmp_path / "s") / "areas.gpkg")
    assert Study.read(tmp_path / "s").areas.geometry.iloc[0].symmetric_difference(HOME).area < 1e-9
    areas.set_crs(None, allow_override=True).to_parquet(write(tmp_path / "t") / "areas.parquet")
    assert problems(tmp_path / "t") == [
        "areas.parquet: the file does not name its coordinate reference system; save the areas again, with polygons and a reference system"
    ]


def test_metres_that_are_called_degrees_and_exchanged_degrees_are_told_apart(tmp_path: Path) -> None:
    metres = gpd.GeoSeries([HOME, NEXT], crs=4326).to_crs(26913).to_list()
    assert "coordinates lie outside the globe" in problems(outlined(tmp_path / "s", metres))[0]
    exchanged = [box(y1, x1, y2, x2) for x1, y1, x2, y2 in (HOME.bounds, NEXT.bounds)]
    assert "longitude and latitude look exchanged" in problems(outlined(tmp_path / "t", exchanged))[0]


# --- outlines


def test_broken_outlines_are_mended_to_the_area_that_they_hold(tmp_path: Path) -> None:
    x, y = -102.5, 37.2
    bowtie = Polygon([(x, y), (x + 0.2, y + 0.2), (x + 0.2, y), (x, y + 0.2)])
    hole_outside = Polygon(
        box(x, y + 1.1, x + 0.2, y + 1.3).exterior, [box(x + 0.3, y + 1.1, x + 0.4, y + 1.2).exterior]
    )
    study = Study.read(outlined(tmp_path / "s", [bowtie, hole_outside]))
    # Two triangles of half the width and the whole height: half of the square. A hole elsewhere is no area.
    assert shapely.area(study.areas.geometry.to_numpy()).tolist() == pytest.approx([0.2 * 0.2 / 2, 0.2 * 0.2])
    assert study.areas.geometry.is_valid.all()
    doubled = Polygon([p for p in HOME.exterior.coords for _ in (0, 1)])
    mixed = GeometryCollection([NEXT, Point(-102, 38.2), MultiPoint([(-102, 38.3)])])
    study = Study.read(outlined(tmp_path / "t", [doubled, mixed]))
    assert shapely.area(study.areas.geometry.to_numpy()).tolist() == pytest.approx([HOME.area, NEXT.area])


def test_an_outline_that_is_not_closed_is_closed_or_named(tmp_path: Path) -> None:
    ring = [list(p) for p in HOME.exterior.coords][:-1]
    folder = outlined(tmp_path / "s", [{"type": "Polygon", "coordinates": [ring]}, NEXT])
    assert shapely.area(Study.read(folder).areas.geometry.iloc[0]) == pytest.approx(HOME.area)


def test_an_outline_without_area_is_named_by_its_row(tmp_path: Path) -> None:
    line = Polygon([(-103, 37), (-102.5, 37), (-102, 37), (-103, 37)])
    said = problems(outlined(tmp_path / "s", [HOME, line]))
    assert said == ["areas.geojson:2: its outline holds no area; draw its polygon again, or leave the outline out"]
    assert notes(outlined(tmp_path / "t", [HOME, None])) == [
        "areas.geojson: 1 area (08061) without an outline; no map shows them, and no point is in them"
    ]


def test_areas_in_the_same_place_are_a_problem_and_slivers_are_none(tmp_path: Path) -> None:
    inside = box(-103.0, 37.0, -102.5, 37.5)
    said = problems(outlined(tmp_path / "s", [HOME, inside]))
    assert said == [
        "areas.geojson:2: 08061 and 08009 (row 1) lie in the same place: they share 100% of the smaller; "
        "keep areas that lie side by side, or people and seats are counted twice"
    ]
    partly = box(-102.1, 36.9, -101.1, 37.6)  # a tenth of it lies in the first
    facilities = FACILITIES + "both,B,center,-102.05,37.2,\ntold,T,center,-102.05,37.2,08061\n"
    there = notes(outlined(tmp_path / "t", [HOME, partly], facilities=facilities))
    assert any("one pair of areas overlaps, such as 08009 and 08061 by 10%" in n for n in there)
    assert any("1 facility (both) in more than one area" in n for n in there)
    sliver = box(-102.001, 36.9, -101.0, 37.6)
    assert notes(outlined(tmp_path / "u", [HOME, sliver])) == []


def test_a_geoid_twice_is_named_in_the_file_where_it_stands(tmp_path: Path) -> None:
    said = problems(outlined(tmp_path / "s", [HOME, NEXT], ("08009", "08009")))
    assert said[0].startswith("areas.geojson:2:geoid: the same geoid as in row 1; keep one of the two rows")
    twice = "geoid,name\n08009,Baca\n08009,Baca\n"
    assert problems(write(tmp_path / "t", areas=twice))[0].startswith("areas.csv:3:geoid: the same geoid as in row 2")


# --- places


def said_of(tmp_path: Path, *rows: str, table: str = "facilities", **study: str) -> list[str]:
    head = FACILITIES if table == "facilities" else "site_id,name,longitude,latitude,cost\n"
    return problems(
        write(tmp_path / "s", **{table: head + "".join(f"f{i},F,{r}\n" for i, r in enumerate(rows))}, **study)
    )


def test_a_latitude_of_minus_105_is_a_longitude(tmp_path: Path) -> None:
    assert said_of(tmp_path, "home,37,-102.5,") == [
        "facilities.csv:2:latitude: '-102.5' is out of range; longitude and latitude look exchanged: write -102.5 as the longitude and 37 as the latitude"
    ]


KENTUCKY = {"counties": '"21111"'}


def test_one_exchanged_place_is_named_by_its_row_and_most_of_them_at_once(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, "home,38.2,-85.7,", "home,-85.7,38.2,", "home,-85.6,38.2,", **KENTUCKY)
    assert said.startswith("facilities.csv:2:longitude: the point lies ")
    assert said.endswith(
        "miles from the study's areas, and longitude and latitude look exchanged; write -85.7 as the longitude and 38.2 as the latitude"
    )
    (tmp_path / "all").mkdir()
    assert said_of(tmp_path / "all", *["home,38.2,-85.7,"] * 3, "home,-85.7,38.2,", **KENTUCKY) == [
        "facilities.csv:longitude: most of the places lie far from the study's areas (3 of 4 rows, such as row 2), and longitude and latitude look exchanged; exchange the two"
    ]


def test_a_lost_sign_and_a_place_that_was_not_found_are_named(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, "102.5,37.2,5", table="sites")
    assert "the sign of the longitude looks lost; write -102.5 as the longitude and 37.2 as the latitude" in said
    (tmp_path / "zero").mkdir()
    (said,) = said_of(tmp_path / "zero", "home,0,0,")
    assert "(0, 0) is what stands where no place was found; find its longitude and latitude" in said


def test_a_place_far_away_that_can_be_right_is_not_accused(tmp_path: Path) -> None:
    rows = FACILITIES + "near,N,home,-102.5,39.5,\nfar,F,home,-80,35,\nin,I,home,-102.5,37.2,\n"
    assert notes(write(tmp_path / "s", facilities=rows))[-1] == (
        "facilities.csv:geoid: 2 facilities (near, far) in no area of the study; no area counts their seats, which are in reach of the areas near by"
    )


def test_centres_are_looked_at_too(tmp_path: Path) -> None:
    areas = "geoid,name,longitude,latitude\n08009,Baca,102.5,37.3\n08061,Kiowa,-102.7,38.4\n"
    (said,) = problems(write(tmp_path / "s", areas=areas))
    assert said.startswith("areas.csv:2:longitude: its centre lies ")
    assert "the sign of the longitude looks lost; write -102.5 as the longitude" in said


def test_a_point_elsewhere_than_its_geoid_is_a_note_with_a_count(tmp_path: Path) -> None:
    rows = "".join(f"f{i},F,home,-102.5,37.2,08061\n" for i in range(5)) + "ok,O,home,-102.5,37.2,08009\n"
    folder = write(tmp_path / "s", facilities=FACILITIES + rows)
    expected = "facilities.csv:geoid: 5 facilities (f0, f1, f2 and 2 more) with a point outside the area of the geoid; the geoid is believed, and distances are from the point"
    assert expected in notes(folder)
    said = CliRunner().invoke(main, ["check", str(folder)])
    assert said.exit_code == 0
    assert f"Note: {expected}." in said.output.splitlines()
    assert "no problems" in said.output.splitlines()[0]
    assert Study.read(write(tmp_path / "t")).notes == ()


def test_miles_outside_against_the_arc(tmp_path: Path) -> None:
    point = Point(-105.0, 40.0)
    away = miles_outside(pd.Series([-105.0, -104.0, -105.0]), pd.Series([41.0, 40.0, 40.0]), [point])
    east = np.degrees(np.arccos(np.sin(np.radians(40)) ** 2 + np.cos(np.radians(40)) ** 2 * np.cos(np.radians(1))))
    assert away.tolist() == pytest.approx([np.radians(1) * 3958.7613, np.radians(east) * 3958.7613, 0])
    assert np.isinf(miles_outside(pd.Series([1.0]), pd.Series([1.0]), [None]))


# --- identifiers


@pytest.mark.parametrize(
    ("word", "do"),
    [
        ("8009", "write '08009', with its leading zero"),
        ("8009.0", "write '08009': a spreadsheet has made a number of it"),
        ("8.009E3", "write '08009': a spreadsheet has made a number of it"),
        ("0500000US08009", "write '08009', without what stands before it"),
        ("08009962100", "it is a tract, and the study's level is county: add such figures up to '08009'"),
        ("8009962100", "it is a tract, and the study's level is county: add such figures up to '08009'"),
    ],
)
@pytest.mark.parametrize("table", ["indicators", "regions", "initiatives"])
def test_a_geoid_that_lost_its_form_is_named_with_the_right_one(tmp_path: Path, table: str, word: str, do: str) -> None:
    text = {
        "indicators": f"geoid,indicator,period,segment,value\n{word},children,2024,,5\n",
        "regions": f"geoid,region_kind,region\n{word},district,North\n",
        "initiatives": f"initiative_id,name,lead,lever,areas\ni,I,office,supply,08061;{word}\n",
    }[table]
    partners = "partner_id,name,sector,status\noffice,O,health,joined\n"
    (said,) = problems(write(tmp_path / "s", partners=partners, **{table: text}))
    assert said.startswith(f"{table}.csv:2:")
    assert f"; {do}" in said


def test_a_number_that_a_spreadsheet_cut_short_cannot_be_made_good(tmp_path: Path) -> None:
    text = "geoid,indicator,period,segment,value\n8.01E+10,children,2024,,5\n"
    (said,) = problems(write(tmp_path / "s", indicators=text))
    assert said.endswith("a spreadsheet has made a number of it: take it from its source again, as text")


def test_outlines_whose_geoids_are_numbers_are_told_the_right_one(tmp_path: Path) -> None:
    (said,) = problems(outlined(tmp_path / "s", [HOME, NEXT], (8009, 8061)))
    assert said.endswith("write it as text, so that leading zeros are kept: '08009' in place of 8009")
    tracts = "geoid,name\n8009962100,T\n08061960100,U\n"
    (said,) = problems(write(tmp_path / "t", level="tract", areas=tracts))
    assert (
        said
        == "areas.csv:2:geoid: '8009962100' has 10 characters; write '08009962100', with the leading zero that was lost"
    )
    (said,) = problems(write(tmp_path / "u", areas="geoid,name\n08009962100,T\n"))
    assert said.endswith("write 5 digits for level county; of tracts, write `level: tract` in study.yaml")


def test_a_county_in_a_study_of_tracts_and_a_zip_code_are_not_mistaken(tmp_path: Path) -> None:
    assert geoid_advice("08009", {"08009962100"}, "tract").startswith("it is a county, and the study's level is tract")
    assert geoid_advice("09001", {"09002"}, "zcta") == "mend it, or add its area to the study"


# --- counties of before


def test_the_counties_of_before_are_gone_and_those_of_today_are_built_in() -> None:
    today = known_counties()
    assert not set(CHANGED_COUNTIES) & set(today.index)
    assert {new for _, _, codes in CHANGED_COUNTIES.values() for new in codes} <= set(today.index)
    names = [f"{name} ({code})" for code, (name, _, _) in CHANGED_COUNTIES.items() if code.startswith("09")]
    assert len(names) == 8
    assert len(today[today.index.str.startswith("09")]) == 9
    assert county_change("02261") == "Valdez-Cordova (02261) became Chugach (02063) and Copper River (02066) in 2019"
    assert county_change("02270") == "Wade Hampton (02270) became Kusilvak (02158) in 2015"
    assert county_change("51515") == "Bedford city (51515) became a part of Bedford (51019) in 2013"


def test_an_old_county_in_study_yaml_is_told_what_became_of_it(tmp_path: Path) -> None:
    (said,) = problems(write(tmp_path / "s", counties='"46113"'))
    assert said == (
        "study.yaml:6:counties.1: Shannon (46113) became Oglala Lakota (46102) in 2015; "
        'write 46102; or, for areas of before, write "46" and bring their outlines'
    )
    (said,) = problems(write(tmp_path / "t", counties='"09001"'))
    assert "Connecticut's eight counties, Fairfield (09001) among them, gave way to nine planning regions" in said


def test_old_figures_beside_areas_of_today_are_named_and_never_shared_out(tmp_path: Path) -> None:
    head = "geoid,indicator,period,segment,value\n"
    (said,) = problems(write(tmp_path / "s", counties='"09"', indicators=head + "09001,children,2018,,5\n"))
    assert "gave way to nine planning regions (09110 to 09190) in 2022: bring figures of the areas of today" in said
    (said,) = problems(write(tmp_path / "t", counties='"46"', indicators=head + "46113,children,2012,,5\n"))
    assert said.endswith("write '46102': Shannon (46113) became Oglala Lakota (46102) in 2015")


def test_old_areas_need_outlines_of_their_time_and_cannot_stand_beside_new_ones(tmp_path: Path) -> None:
    (said,) = problems(write(tmp_path / "s", counties='"09"', areas="geoid,name\n09001,Fairfield\n"))
    assert said.startswith("areas.csv:2:geoid: there is no outline built in: Connecticut's eight counties")
    both = "geoid,name\n09190,Western\n09001,Fairfield\n"
    (said,) = problems(write(tmp_path / "t", counties='"09"', areas=both))
    assert said.startswith("areas.csv:3:geoid: areas of before and after a change are here together: 09001 and 09190")
    fairfield = box(-73.6, 41.0, -73.1, 41.4)
    old = outlined(tmp_path / "u", [fairfield], ("09001",), counties='"09"')
    assert "1 area (09001) of before a change" in notes(old)[0]
    (old / "indicators.csv").write_text("geoid,indicator,period,segment,value\n09190,children,2024,,5\n")
    assert "bring figures of the areas that the study has; none are shared out here" in problems(old)[0]
    connecticut = Study.read(write(tmp_path / "v", counties='"09"'))
    assert len(connecticut.areas) == 9


# --- the 180th meridian


WAYS = {
    "beyond": box(179, 51, 181, 53),
    "before": box(-181, 51, -179, 53),
    "jumping": Polygon([(179, 51), (-179, 51), (-179, 53), (179, 53)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_outline_across_the_180th_meridian_is_the_same_however_it_is_written(tmp_path: Path, way: str) -> None:
    study = Study.read(outlined(tmp_path / "s", [WAYS[way]], ("02016",), counties='"02"'))
    (shape,) = study.areas.geometry
    assert shape.bounds == pytest.approx((-180, 51, 180, 53))
    assert shape.area == pytest.approx(2 * 2)
    found = areas_at(pd.Series([-179.5, 179.9, 180.0, -180.0, 0.0, 178.0]), pd.Series([52.0] * 6), study.areas)
    assert found["position"].to_list() == [0, 1, 2, 3]


def test_a_hole_and_a_projected_file_across_the_180th_meridian(tmp_path: Path) -> None:
    holed = Polygon(
        WAYS["jumping"].exterior, [Polygon([(179.5, 51.5), (-179.5, 51.5), (-179.5, 52.5), (179.5, 52.5)]).exterior]
    )
    read, faults = read_outlines(outlined(tmp_path / "s", [holed], ("02016",), counties='"02"') / "areas.geojson")
    assert not faults
    assert shapely.area(read.geometry.iloc[0]) == pytest.approx(2 * 2 - 1)
    folder = write(tmp_path / "t", counties='"02"')
    albers = gpd.GeoDataFrame({"geoid": ["02016"], "name": "A"}, geometry=[box(179, 51.2, 181, 52.2)], crs=4326).to_crs(
        3338
    )
    albers.to_file(folder / "areas.gpkg")
    (shape,) = Study.read(folder).areas.geometry
    assert shape.area == pytest.approx(2 * 1, rel=1e-4), "it does not go round the world"
    assert not shape.intersects(Point(0, 52))


def test_the_built_in_outline_of_aleutians_west_lies_on_both_sides() -> None:
    (shape,) = county_outlines(["02016"]).geometry
    west, _, east, _ = shape.bounds
    assert (west, east) == pytest.approx((-179.14, 179.77), abs=0.01)
    assert not shape.intersects(Point(0, 52))
