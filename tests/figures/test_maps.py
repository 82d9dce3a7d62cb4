from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from ci_analysis.areas import county_outlines
from ci_analysis.figures.base import SEQUENCE, Drawing
from ci_analysis.figures.maps import (
    Classes,
    Layer,
    choropleth,
    class_labels,
    classes_told,
    cut,
    explorer,
    quantile_classes,
    quantiles_said,
)

ROOT = Path(__file__).parents[2]
LABELS = ["few", "some", "many"]


def areas(*shapes: object, names: list[str] | None = None) -> gpd.GeoDataFrame:
    geoids = names or [f"a{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"geoid": geoids}, geometry=gpd.GeoSeries(list(shapes), crs="EPSG:4326"))


def drawn(where: gpd.GeoDataFrame, classes: list[float] | None = None, **more: object) -> Drawing:
    given = pd.Series(classes if classes is not None else 0.0, index=where["geoid"], dtype="float64")
    plain = {"labels": LABELS, "title": "A finding", "alt": "A map of 1.", "tips": {}} | more
    return choropleth(where, given, plain.pop("labels"), **plain)


def paths(made: Drawing) -> list[tuple[str, str]]:
    """Look and outline of each area."""
    return re.findall(r'<path class="area ([^"]+)"[^>]* d="([^"]*)"', made.svg)


def rings(path: str) -> list[np.ndarray]:
    return [
        np.array([[float(v) for v in p.split()] for p in ring.rstrip("Z").split("L")])
        for ring in path.split("M") if ring
    ]  # fmt: skip


def legend(made: Drawing) -> dict[str, int]:
    found = re.findall(r'<li>(?:<span class="swatch [^"]+"></span>)?([^<]*?) <span class="n">([\d,]+)', made.legend)
    return {label: int(n.replace(",", "")) for label, n in found}


WEST, EAST = box(-105, 39, -104, 40), box(-104, 39, -103, 40)


# --- classes ---------------------------------------------------------------------------------------------------------


def test_upper_ends_belong_to_their_class():
    values = pd.Series([-1.0, 0.0, 1.0, np.nextafter(1, 2), 2.0, 2.1, np.inf, np.nan], index=list("abcdefgh"))
    classes = cut(values, [1.0, 2.0])
    assert classes.iloc[:-1].to_list() == [0, 0, 0, 1, 1, 2, 2]
    assert np.isnan(classes["h"])
    assert classes.index.equals(values.index)
    assert cut(values.iloc[:0], [1.0]).empty


def test_values_are_left_alone():
    values = pd.Series([0.5, np.nan])
    copy = values.copy()
    cut(values, [1.0])
    pd.testing.assert_series_equal(values, copy)


def by_hand(values: list[float], n: int) -> list[float]:
    """Ends of classes, found by trying: each end is the value below which the share is nearest to the wanted one."""
    each = sorted(set(values))
    if len(each) <= n:
        return each[:-1]
    ends = []
    for k in range(1, n):
        off = [abs(sum(v <= e for v in values) - k * len(values) / n) for e in each[:-1]]
        ends.append(each[off.index(min(off))])
    return sorted(set(ends))


@given(st.lists(st.integers(0, 12).map(float), min_size=1, max_size=40), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_quantiles_are_those_found_by_trying(values, n):
    ends = quantile_classes(pd.Series(values), n)
    assert ends == by_hand(values, n)
    assert ends == quantile_classes(pd.Series([*values[::-1], np.nan]), n)
    classes = cut(pd.Series(values), ends)
    # No class is empty, and equal values are together.
    assert classes.nunique() == len(ends) + 1 <= max(n, 1) or classes.nunique() == len(set(values)) <= n
    assert classes.groupby(values).nunique().max() == 1


def test_quantiles_of_equal_and_of_no_figures():
    assert quantile_classes(pd.Series([3.0] * 9)) == []
    assert quantile_classes(pd.Series([], dtype="float64")) == []
    assert quantile_classes(pd.Series([np.nan, 1.0, 2.0])) == [1.0]
    assert quantile_classes(pd.Series(np.arange(100.0))) == [19.0, 39.0, 59.0, 79.0]


def test_labels_are_in_their_unit():
    money = pd.Series([130.0, 98.75, 1200, np.nan])
    assert class_labels(money, [100, 500], "USD") == ["$98.75", "$130", "$1,200"]
    assert class_labels(pd.Series([0.123, 0.2, 0.5]), [0.2], "share") == ["12.3% to 20.0%", "50.0%"]
    assert class_labels(pd.Series([4.0, 1200.0]), []) == ["4 to 1,200"]
    assert class_labels(pd.Series([np.nan]), []) == []


def test_how_classes_were_cut_is_said():
    assert quantiles_said(pd.Series([0, 0, 0, 1, np.nan]), "counties") == (
        "Two classes with about as many counties in each; equal figures stay together."
    )
    assert quantiles_said(pd.Series([0.0, 0.0]), "counties") == "One class: the figure is the same for all counties."
    assert quantiles_said(pd.Series([np.nan]), "counties") == ""


# --- legend ----------------------------------------------------------------------------------------------------------


def test_the_legend_counts_each_class_and_what_is_missing():
    made = drawn(areas(WEST, EAST, box(-103, 39, -102, 40), box(-102, 39, -101, 40)), [0, 0, 2, np.nan])
    assert legend(made) == {"few": 2, "some": 0, "many": 1, "not known": 1}
    looks = [look for look, _ in paths(made)]
    assert looks == ["step-1", "step-1", "step-5", "none"]


def test_the_first_class_can_be_the_dark_one():
    looks = [look for look, _ in paths(drawn(areas(WEST, EAST), [0, 2], dark_first=True))]
    assert looks == ["step-5", "step-1"]


def test_an_area_without_an_outline_is_not_drawn_and_said():
    made = drawn(areas(WEST, None, Polygon(), EAST), [0, 1, np.nan, 1])
    assert len(paths(made)) == 2
    assert legend(made) == {"few": 1, "some": 1, "many": 0, "without an outline, not drawn": 2}
    assert "without an outline" not in drawn(areas(WEST)).legend


def test_no_area_at_all_is_an_empty_map():
    assert paths(drawn(areas(None), [0.0])) == []


@pytest.mark.parametrize("n", range(1, len(SEQUENCE) + 1))
def test_every_number_of_classes_has_colours_apart(n):
    where = areas(*(box(-105 + i, 39, -104 + i, 40) for i in range(n)))
    looks = [look for look, _ in paths(drawn(where, list(range(n)), labels=list("abcde")[:n]))]
    assert len(set(looks)) == n
    assert looks == sorted(looks)


def test_more_classes_than_colours_are_refused():
    with pytest.raises(ValueError, match="at most 5 classes, not 6"):
        drawn(areas(WEST), [0], labels=list("abcdef"))


def test_hatched_areas_keep_their_colour_and_are_counted():
    where = areas(WEST, EAST, box(-103, 39, -102, 40)).assign(name=["A", "B", "<C>"])
    classes = Classes(
        pd.Series([0.0, 2.0], index=["a0", "a1"]), LABELS, "Cut by hand.", frozenset({"a1", "a2", "gone"})
    )
    made = choropleth(where, classes, title="A finding", alt="A map of 1.", tips={})
    pattern = re.search(r'<pattern id="([^"]+)"[^>]*><rect [^>]*class="(step-\d)"', made.svg)
    assert f"fill:url(#{pattern[1]})" in made.svg
    assert pattern[2] == "step-5"
    # What is not known is not hatched as well.
    assert made.svg.count("fill:url(#") == 1
    assert 'hatched: figure of low reliability <span class="n">1</span>' in made.legend
    assert 'not known <span class="n">1</span><bdi> (&lt;C&gt;)</bdi>' in made.legend
    assert made.legend.endswith('<p class="cut">Cut by hand.</p>')
    assert classes_told(where, classes) == (
        "Few: 1; some: 0; many: 1; hatched, figure of low reliability: 1; not known: 1 (<C>)."
    )
    assert "<defs>" not in drawn(areas(WEST)).svg


def test_many_missing_areas_are_named_in_part():
    where = areas(*[WEST] * 9).assign(name=list("abcdefghi"))
    made = choropleth(where, Classes(pd.Series(dtype="float64"), LABELS), title="T", alt="A.", tips={})
    assert "(a, b, c, d, e and 4 more)" in made.legend


def lightness(colour: str) -> float:
    """CIE lightness of a colour, 0 to 100: what is left of it on a black-and-white print."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return 116 * y ** (1 / 3) - 16


def test_clusters_are_told_apart_without_colour():
    labels = ["high, among high", "low, among low", "high, among low", "low, among high", "neither"]
    where = areas(*(box(-105 + i, 39, -104 + i, 40) for i in range(5)))
    of = pd.Series(range(5), index=where["geoid"], dtype="float64")
    looks = [k for k, _ in paths(choropleth(where, Classes(of, labels, look="clusters"), title="T", alt="A.", tips={}))]
    assert looks == ["cluster-hh", "cluster-ll", "cluster-hl", "cluster-lh", "cluster-no"]
    css = (ROOT / "ci_analysis" / "report" / "templates" / "style.css").read_text(encoding="utf-8")
    blocks = css.split("@media")
    for block in (blocks[0], next(b for b in blocks if "dark" in b), css[css.index("@media print") :]):
        named = {n: re.search(rf"--{n}: (#[0-9a-f]{{3,6}})", block)[1] for n in ("hh", "ll", "hl", "lh", "panel")}
        light = sorted(lightness(c) for c in named.values())
        assert min(np.diff(light)) > 7, named


# --- several figures on one map --------------------------------------------------------------------------------------


def test_an_explorer_holds_its_layers_once():
    where = areas(WEST, EAST, None).assign(name=["A", "B", "C"])
    of = pd.Series([0.0, 1.0], index=["a0", "a1"])
    layers = [
        Layer("Seats", "Girls", "One", "First.", Classes(of, ["few", "many"], hatched=frozenset({"a1"})), {"a0": "1"}),
        Layer("Seats", "Boys", "Two", "Second.", Classes(of.iloc[:1], ["few"]), {"a0": "2 & <3>"}),
        Layer("Price", "All", "Three", "Third.", Classes(1 - of, ["low", "high"], look="dark-first"), {}),
    ]
    made = explorer(where, layers, title="Three figures")
    held = json.loads(re.search(r'<script type="application/json">(.*)</script>', made.controls)[1])
    assert held["names"] == ["A", "B"]
    assert [x["of"] for x in held["layers"]] == ["01", "0.", "10"]
    assert [x["hatched"] for x in held["layers"]] == ["01", "00", "00"]
    assert [x["figure"] for x in held["layers"]] == [0, 0, 1]
    looks = [[held["looks"][k] for k in x["looks"]] for x in held["layers"]]
    assert looks == [["step-2", "step-5"], ["step-4"], ["step-5", "step-2"]]
    assert held["layers"][1]["texts"] == ["2 & <3>", "no figure"]
    # Outlines are there once, and a pattern for each look that may have to be hatched.
    assert len(paths(made)) == 2
    assert made.svg.count("<pattern") == 3
    assert made.controls.count("<option") == 2 + 2 + 3  # figures, groups of the first, areas and none of them
    assert (made.title, made.alt) == ("Three figures", "First.")
    assert made == explorer(where, layers, title="Three figures")


def test_two_hundred_areas_stay_small_and_three_thousand_can_be_opened():
    def page(n: int, corners: int) -> int:
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        ring = np.c_[np.cos(angle), np.sin(angle)]
        shapes = [Polygon(ring * 0.4 + (i % 60 - 110, i // 60 + 20)) for i in range(n)]
        where = areas(*shapes).assign(name=[f"Area {i}" for i in range(n)])
        of = pd.Series(np.arange(n) % 5, index=where["geoid"], dtype="float64")
        texts = dict.fromkeys(where["geoid"], "29 for every 100; 1,234 seats, need 5,678 (± 123)")
        layer = Layer("Seats", "All", "T", "A.", Classes(of, list("abcde")), texts)
        made = explorer(where, [layer] * 40, title="T")
        return len(made.svg + made.controls + made.legend)

    assert page(200, 600) < 5e6
    assert page(3000, 200) < 20e6


# --- outlines --------------------------------------------------------------------------------------------------------


def test_neighbours_share_their_border():
    (_, west), (_, east) = paths(drawn(areas(WEST, EAST), [0, 1]))
    shared = {tuple(p) for p in rings(west)[0]} & {tuple(p) for p in rings(east)[0]}
    assert len(shared) == 2


def test_islands_and_holes_are_drawn():
    ring = Polygon(WEST.exterior.coords, [box(-104.7, 39.3, -104.3, 39.7).exterior.coords])
    turned = Polygon(WEST.exterior.coords, [box(-104.7, 39.3, -104.3, 39.7).exterior.coords[::-1]])
    for shape, n in ((ring, 2), (turned, 2), (MultiPolygon([WEST, box(-102, 39, -101, 40)]), 2)):
        made = drawn(areas(shape))
        assert len(rings(paths(made)[0][1])) == n
        # Whichever way its ring runs, a hole stays a hole.
        assert 'fill-rule="evenodd"' in made.svg


def test_what_mending_an_outline_leaves_behind_is_drawn():
    mixed = GeometryCollection([MultiPolygon([WEST, EAST.buffer(-0.2)]), LineString([(-105, 39), (-105, 38)])])
    assert len(rings(paths(drawn(areas(mixed)))[0][1])) == 2


def test_a_tiny_area_is_still_seen():
    made = drawn(areas(box(-109, 37, -102, 41), Point(-105, 39).buffer(1e-6)), [0, 1])
    (_, large), (_, tiny) = paths(made)
    assert len(rings(large)[0]) >= 4
    x, y, width = (float(v) for v in re.match(r"M([\d.]+) ([\d.]+)h([\d.]+)v", tiny).groups())
    assert width >= 2
    # It lies in the middle of the large one.
    inside = rings(large)[0]
    assert inside[:, 0].min() < x < inside[:, 0].max()
    assert inside[:, 1].min() < y < inside[:, 1].max()


def test_one_area_fills_the_picture():
    made = drawn(areas(WEST))
    xy = rings(paths(made)[0][1])[0]
    height = float(re.search(r'viewBox="0 0 720 (\d+)"', made.svg)[1])
    assert np.isfinite(height)
    assert xy.min() >= 0
    assert xy[:, 0].max() <= 720
    assert xy[:, 1].max() <= height + 1


def extent(made: Drawing) -> np.ndarray:
    return np.ptp(np.vstack([r for _, p in paths(made) for r in rings(p) if "h" not in p]), axis=0)


def test_areas_across_the_180th_meridian_lie_together():
    # A degree on each side: as wide as two degrees elsewhere.
    apart = drawn(areas(box(179, 51, 180, 53), box(-180, 51, -179, 53)), [0, 1])
    plain = drawn(areas(box(-101, 51, -100, 53), box(-100, 51, -99, 53)), [0, 1])
    assert extent(apart) == pytest.approx(extent(plain), abs=0.3)
    one = drawn(areas(MultiPolygon([box(178, 51, 180, 53), box(-180, 51, -179, 53)])))
    west, east = rings(paths(one)[0][1])
    assert len({tuple(p) for p in west} & {tuple(p) for p in east}) == 2


def test_alaska_is_no_band_around_the_world():
    alaska = county_outlines(["02"])
    made = drawn(alaska)
    north = rings(dict(zip(alaska["geoid"], (p for _, p in paths(made)), strict=True))["02185"])[0]
    west = np.vstack(rings(dict(zip(alaska["geoid"], (p for _, p in paths(made)), strict=True))["02016"]))
    # The North Slope is above the western Aleutians, and no county is wider than three quarters of the picture.
    assert north[:, 1].max() < west[:, 1].min()
    for _, path in paths(made):
        if "h" not in path:
            assert np.ptp(np.vstack(rings(path))[:, 0]) < 0.75 * 720


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["<script>x</script>", "$x$", "a" * 400, "\N{BABY} &", "\u202e\u05e9\u05dc\u05d5", '"><b>', r"\1"]
)
def test_any_name_is_escaped(name):
    made = drawn(areas(WEST, names=[name]), labels=[name], title=name, alt=name, tips={name: name})
    assert "<script" not in made.svg + made.legend
    assert "<b>" not in made.svg + made.legend
    assert (made.title, made.alt) == (name, name)


def test_an_area_without_a_tip_says_its_identifier():
    assert "<title>a0</title>" in drawn(areas(WEST)).svg


def test_frames_are_left_alone_and_the_same_map_is_the_same_bytes():
    where, classes = areas(WEST, EAST), pd.Series([0.0, np.nan], index=["a0", "a1"])
    copy, before = where.copy(), classes.copy()
    maps = [choropleth(where, classes, LABELS, title="T", alt="A.", tips={}) for _ in range(2)]
    assert maps[0] == maps[1]
    assert where.equals(copy)
    assert where.crs == copy.crs
    pd.testing.assert_series_equal(classes, before)


def test_two_maps_have_identifiers_of_their_own():
    found = [re.findall(r'\bid="([^"]+)"', drawn(areas(WEST), title=t).svg) for t in ("One", "Other")]
    assert found[0]
    assert not set(found[0]) & set(found[1])
