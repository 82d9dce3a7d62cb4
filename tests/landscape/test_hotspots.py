"""Hot spots against published figures, plain loops and the usual mistakes."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from libpysal.examples import get_path
from libpysal.graph import Graph
from scipy.stats import false_discovery_control
from shapely import affinity, box

from ci_analysis.landscape import hotspots, local_moran, neighbours
from ci_analysis.landscape.hotspots import FALSE_DISCOVERY_RATE, MINIMUM_AREAS
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

AS_OF = dt.date(2026, 6, 30)


def placed(shapes, centres=None):
    """Areas with outlines (or none), and population centres where they are known."""
    points = np.full((len(shapes), 2), np.nan) if centres is None else np.asarray(centres, dtype="float64")
    geoids = [f"{i:03}" for i in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"geoid": geoids, "longitude": points[:, 0], "latitude": points[:, 1]}, geometry=list(shapes), crs="EPSG:4326"
    )


def grid(rows, columns):
    return placed([box(x, y, x + 1, y + 1) for y in range(rows) for x in range(columns)])


def pairs_of(areas):
    return set(map(tuple, neighbours(areas)[["geoid", "neighbour"]].to_numpy().tolist()))


def seats(areas, values, segment="all"):
    return pd.DataFrame({"geoid": areas["geoid"], "segment": segment, "ratio": values, "access": np.nan})


@pytest.fixture
def run(profile):
    """Hot spots of a gap alone."""

    def of(areas, gap, seed=1, **more):
        given = {
            "affordability": empty_frame(OUTPUTS["affordability"]),
            "indicators": empty_frame(INPUTS["indicators"]),
        }
        given |= more
        return hotspots(gap, given["affordability"], given["indicators"], areas, profile, as_of=AS_OF, seed=seed)

    return of


@pytest.fixture(scope="module")
def columbus():
    """Residential burglaries and vehicle thefts in 49 neighbourhoods of Columbus, Ohio, in 1980 (Anselin 1988)."""
    shapes = gpd.read_file(get_path("columbus.shp"))
    # A plane's coordinates of a few units; read as degrees near the equator they keep who touches whom.
    areas = placed(shapes.geometry.to_list())
    return areas, pd.Series(shapes["CRIME"].to_numpy(), index=areas["geoid"])


# --- neighbours ------------------------------------------------------------------------------------------------------


def test_corners_and_edges_make_neighbours():
    # The middle of a board of nine touches the eight others; a corner's square touches three.
    counts = neighbours(grid(3, 3))["geoid"].value_counts()
    assert counts.loc[["004", "000", "001"]].to_list() == [8, 3, 5]


def test_neighbours_by_a_plain_double_loop(columbus):
    areas, _ = columbus
    shapes = dict(zip(areas["geoid"], areas.geometry, strict=True))
    plain = {(a, b) for a in shapes for b in shapes if a != b and shapes[a].intersects(shapes[b])}
    assert pairs_of(areas) == plain
    queen = Graph.build_contiguity(areas.set_index("geoid").geometry, rook=False).adjacency
    assert pairs_of(areas) == set(queen.index)


def test_outlines_that_rounding_parted_still_touch():
    areas = placed([box(0, 0, 1, 1), box(1.000004, 0, 2, 1), box(2.001, 0, 3, 1), box(3, 0, 4, 1)])
    # Half a metre is rounding; a hundred metres of water are not.
    found = neighbours(areas)
    assert found[found["basis"].eq("touching")][["geoid", "neighbour"]].to_numpy().tolist() == [
        ["000", "001"],
        ["001", "000"],
        ["002", "003"],
        ["003", "002"],
    ]


def test_neighbours_across_the_180th_meridian():
    areas = placed([box(178, 50, 180, 52), box(-180, 51, -178, 53), box(-150, 60, -149, 61), box(-149, 60, -148, 61)])
    assert pairs_of(areas) == {("000", "001"), ("001", "000"), ("002", "003"), ("003", "002")}


def test_an_island_has_its_six_nearest_and_they_have_it_not():
    shapes = [*grid(3, 3).geometry, box(10, 0, 11, 1)]
    found = neighbours(placed(shapes))
    island = found[found["geoid"].eq("009")]
    # Nearest to (10.5, 0.5): the column at 2.5, then that at 1.5.
    assert island["neighbour"].to_list() == ["001", "002", "004", "005", "007", "008"]
    assert set(island["basis"]) == {"nearest"}
    assert not found["neighbour"].eq("009").any()


def test_the_nearest_are_found_on_the_sphere():
    # At 80 degrees north a degree of longitude is a sixth of one of latitude.
    centres = [(0, 80), *[(3, 80), (-3, 80), (4, 80), (-4, 80), (5, 80), (-5, 80)], (0, 81.5), (0, 78.5)]
    found = neighbours(placed([None] * 9, centres))
    assert found.loc[found["geoid"].eq("000"), "neighbour"].to_list() == ["001", "002", "003", "004", "005", "006"]
    # And -179 is next to 179.
    centres = [(179.5, 0), *[(-179.5 + i, 0) for i in range(6)], (170, 0), (171, 0)]
    found = neighbours(placed([None] * 9, centres))
    assert found.loc[found["geoid"].eq("000"), "neighbour"].to_list() == ["001", "002", "003", "004", "005", "006"]


def test_areas_in_one_place_are_not_their_own_neighbours():
    found = neighbours(placed([None] * 12, [(1, 1)] * 12))
    assert (found["geoid"] != found["neighbour"]).all()
    assert set(found["geoid"].value_counts()) == {6}


def test_areas_without_a_place_have_no_neighbours():
    found = neighbours(placed([box(0, 0, 1, 1), box(1, 0, 2, 1), None]))
    assert pairs_of(placed([box(0, 0, 1, 1), box(1, 0, 2, 1), None])) == {("000", "001"), ("001", "000")}
    assert len(found) == 2
    assert neighbours(placed([box(0, 0, 1, 1)])).empty
    assert neighbours(placed([None, None])).empty


# --- the statistic ---------------------------------------------------------------------------------------------------


def test_the_mean_is_the_published_morans_i_of_columbus(columbus):
    # moran.test(columbus$CRIME, nb2listw(poly2nb(columbus))) of R's spdep: 0.500189 (expectation -0.020833 = -1/48).
    areas, crime = columbus
    found = local_moran(crime, neighbours(areas), seed=1)
    assert round(found["local_i"].mean(), 6) == 0.500189


def test_local_i_by_a_plain_double_loop(columbus):
    areas, crime = columbus
    pairs = pairs_of(areas)
    mean = sum(crime) / len(crime)
    variance = sum((v - mean) ** 2 for v in crime) / len(crime)
    for geoid, row in local_moran(crime, neighbours(areas), seed=1).iterrows():
        around = [crime[b] - mean for a, b in pairs if a == geoid]
        lag = sum(around) / len(around)
        assert row["local_i"] == pytest.approx((crime[geoid] - mean) * lag / variance)
        high = ("low", "high")
        assert row["cluster"] == f"{high[int(crime[geoid] > mean)]}-{high[int(lag > 0)]}"
        assert row["neighbours"] == len(around)


def test_probabilities_are_esdas_folded_ones_doubled(columbus):
    from esda.moran import Moran_Local

    areas, crime = columbus
    graph = Graph.build_contiguity(areas.geometry, rook=False)
    with pytest.warns(DeprecationWarning, match="alternative hypothesis"):
        theirs = Moran_Local(crime.to_numpy(), graph, permutations=999, seed=7)
    ours = local_moran(crime, neighbours(areas), seed=7)
    # Where a permutation deals out what is there, esda counts it on the high side alone.
    same = np.isclose(theirs.sim, theirs.Is, rtol=0, atol=1e-9).sum(axis=0)
    assert (same == 0).sum() > 30
    assert ours["p"].to_numpy()[same == 0] == pytest.approx(np.minimum(1, 2 * theirs.p_sim[same == 0]))
    beyond = (ours["p"] - np.minimum(1, 2 * theirs.p_sim)).to_numpy()
    assert ((beyond >= -1e-12) & (beyond <= 2 * same / 1000 + 1e-12)).all()
    quadrant = {"high-high": 1, "low-high": 2, "low-low": 3, "high-low": 4}
    assert ours["cluster"].map(quadrant).to_list() == theirs.q.tolist()


def test_a_plain_permutation_of_one_area_gives_its_probability(columbus):
    areas, crime = columbus
    found = local_moran(crime, neighbours(areas), seed=3)
    rng = np.random.default_rng(5)
    z = (crime - crime.mean()) / crime.std(ddof=0)
    for geoid in ("002", "020", "033"):
        others, n = z.drop(geoid).to_numpy(), int(found.loc[geoid, "neighbours"])
        dealt = np.array([z[geoid] * rng.choice(others, n, replace=False).mean() for _ in range(4000)])
        more, less = (dealt >= found.loc[geoid, "local_i"]).mean(), (dealt <= found.loc[geoid, "local_i"]).mean()
        assert found.loc[geoid, "p"] == pytest.approx(min(1, 2 * min(more, less)), abs=0.06)


def test_many_equal_figures_make_nothing_stand_out():
    # One area of seats among 24 without any: whatever is dealt out around it gives the same. To count only what gives
    # less, and not also what gives the same, would make it the surest find of all.
    areas = grid(5, 5)
    values = pd.Series(0.0, index=areas["geoid"])
    values["012"] = 1.0
    assert local_moran(values, neighbours(areas), seed=1).loc["012", "p"] == 1.0


def test_an_area_at_the_mean_is_no_find():
    areas = grid(4, 4)
    values = pd.Series([1.0, -1.0] * 7 + [0.0, 0.0], index=areas["geoid"])
    found = local_moran(values, neighbours(areas), seed=1).loc[["014", "015"]]
    assert found[["local_i", "p"]].to_numpy().tolist() == [[0.0, 1.0]] * 2


def test_units_do_not_matter(columbus):
    areas, crime = columbus
    first = local_moran(crime, neighbours(areas), seed=1)
    for other in (1000 * crime, crime / 7 + 3, 1e-6 * crime):
        found = local_moran(other, neighbours(areas), seed=1)
        assert found["local_i"].to_list() == pytest.approx(first["local_i"].to_list())
        assert found[["p", "cluster"]].equals(first[["p", "cluster"]])
    turned = local_moran(-crime, neighbours(areas), seed=1)
    assert turned["p"].to_list() == first["p"].to_list()


def test_units_do_not_matter_where_many_figures_are_equal():
    areas = grid(6, 6)
    values = pd.Series(np.arange(36) % 3 / 3.0, index=areas["geoid"])
    first = local_moran(values, neighbours(areas), seed=1)
    for other in (0.1 * values, values + 0.1, 3.3 * values - 7):
        assert local_moran(other, neighbours(areas), seed=1)["p"].equals(first["p"])


def test_rows_in_any_order_and_the_same_seed_give_the_same(columbus):
    areas, crime = columbus
    first = local_moran(crime, neighbours(areas), seed=1)
    mixed = areas.sample(frac=1, random_state=2)
    again = local_moran(crime.sample(frac=1, random_state=3), neighbours(mixed).sample(frac=1, random_state=4), seed=1)
    pd.testing.assert_frame_equal(again, first)
    assert not local_moran(crime, neighbours(areas), seed=2)["p"].equals(first["p"])
    local_moran(crime, neighbours(areas), seed=2**40)


def test_nothing_else_in_the_program_is_changed(columbus, recwarn):
    areas, crime = columbus
    np.random.seed(4)  # noqa: NPY002  # the state that must be left alone
    expected = np.random.random(3).tolist()  # noqa: NPY002  # the same
    np.random.seed(4)  # noqa: NPY002  # the same
    local_moran(crime, neighbours(areas), seed=1)
    assert np.random.random(3).tolist() == expected  # noqa: NPY002  # the same
    assert not recwarn.list


# --- false discoveries -----------------------------------------------------------------------------------------------


def test_rates_of_benjamini_and_hochberg():
    # Benjamini and Hochberg (1995), section 3.2: of the 15 ordered probabilities the first four are found at 0.05.
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                 0.6528, 0.7590, 1.0]  # fmt: skip
    assert int((false_discovery_control(published) <= 0.05).sum()) == 4


def test_q_by_a_plain_loop(run):
    areas = grid(7, 7)
    rng = np.random.default_rng(3)
    table = run(areas, seats(areas, np.repeat(np.arange(7), 7) + 3 * rng.random(49)))
    p = sorted(table["p"])
    m = len(p)
    for _, row in table.iterrows():
        # The smallest rate at which the area, and so all that are as sure, are among the finds.
        assert row["q"] == pytest.approx(min(min(1, p[k] * m / (k + 1)) for k in range(m) if p[k] >= row["p"]))
    found = table["q"] <= FALSE_DISCOVERY_RATE
    assert found.any()
    assert table["cluster"].notna().equals(found)
    assert (table["p"] <= 0.10).sum() > found.sum()


# --- the table -------------------------------------------------------------------------------------------------------


def halves(rows=6, columns=6):
    """A board whose west has few seats and whose east has many."""
    areas = grid(rows, columns)
    return areas, np.tile(np.repeat([0.1, 0.9], columns // 2), rows) + np.arange(rows * columns) * 1e-4


def test_two_halves_are_two_clusters(run):
    areas, values = halves()
    table = run(areas, seats(areas, values)).set_index("geoid")
    # The outer columns have only their like around them.
    west, east = table.loc[[f"{6 * y:03}" for y in range(6)]], table.loc[[f"{6 * y + 5:03}" for y in range(6)]]
    assert set(west["cluster"].iloc[1:-1]) == {"low-low"}
    assert set(east["cluster"].iloc[1:-1]) == {"high-high"}
    assert table["cluster"].dropna().isin(["low-low", "high-high"]).all()


def test_a_missing_figure_is_nobodys_neighbour(run):
    areas, values = halves()
    holes = values.copy()
    holes[[0, 14, 21]] = np.nan
    table = run(areas, seats(areas, holes))
    assert len(table) == 33
    # As if the areas were not there at all.
    kept = ~np.isnan(holes)
    pd.testing.assert_frame_equal(table, run(areas[kept], seats(areas[kept], holes[kept])))
    # And not as if their figure were 0, or the mean.
    for filled in (0.0, np.nanmean(holes)):
        other = run(areas, seats(areas, np.where(kept, holes, filled)))
        assert not other[other["geoid"].isin(table["geoid"])]["local_i"].reset_index(drop=True).equals(table["local_i"])


def test_an_area_whose_neighbours_are_all_missing_has_its_nearest(run):
    areas = grid(5, 5)
    values = np.arange(25.0)
    values[[1, 5, 6]] = np.nan
    table = run(areas, seats(areas, values)).set_index("geoid")
    assert table.loc["000", "neighbours"] == 6


def test_an_area_without_a_place_has_a_figure_and_no_local_i(run):
    areas, values = halves(4, 4)
    lost = pd.concat([areas, placed([None]).assign(geoid="lost")], ignore_index=True)
    table = run(lost, seats(lost, [*values, 0.5])).set_index("geoid")
    row = table.loc["lost"]
    assert row[["value", "neighbours"]].to_list() == [0.5, 0]
    assert row[["local_i", "p", "q", "cluster"]].isna().all()
    # It does not change what the others are set against.
    without = run(areas, seats(areas, values)).set_index("geoid")
    pd.testing.assert_frame_equal(table.drop("lost"), without)


@pytest.mark.parametrize("n", [0, 1, MINIMUM_AREAS - 1])
def test_too_few_areas_have_no_rows(n, run):
    areas = grid(1, max(n, 1))
    assert run(areas, seats(areas, np.arange(len(areas)) * (1.0 if n else np.nan))).empty
    ten = grid(1, MINIMUM_AREAS)
    assert len(run(ten, seats(ten, np.arange(10.0)))) == 10


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1e9])
def test_the_same_figure_everywhere_has_no_rows(value, run):
    areas = grid(4, 4)
    assert run(areas, seats(areas, value)).empty
    # Rounding makes no difference between areas.
    assert run(areas, seats(areas, value * (1 + 1e-15 * np.arange(16)))).empty


def test_every_variable_and_segment_is_its_own(run, table):
    areas, values = halves()
    gap = pd.concat([seats(areas, values, "preschool"), seats(areas, values[::-1], "all").assign(access=values)])
    prices = pd.DataFrame({"geoid": areas["geoid"], "segment": "preschool", "share": values})
    rows = [
        {"geoid": g, "indicator": i, "period": p, "segment": s, "value": v}
        for g, v in zip(areas["geoid"], values, strict=True)
        for i, p, s in [("rate_poverty", "2020", None), ("rate_poverty", "2024", None), ("rate_poverty", "2030", None),
                        ("price_week", "2024", "preschool"), ("population", "2024", None), ("x_own", "2024", None)]
    ]  # fmt: skip
    found = run(areas, gap, affordability=prices, indicators=table("indicators", rows))
    keys = found[["variable", "segment", "period"]].drop_duplicates().fillna("")
    # Of more people neither is better; what the catalogue does not know has no direction; 2030 is not known yet.
    assert sorted(map(tuple, keys.to_numpy())) == [
        ("access", "all", ""),
        ("price_share", "preschool", ""),
        ("price_week", "preschool", "2024"),
        ("rate_poverty", "all", "2024"),
        ("ratio", "all", ""),
        ("ratio", "preschool", ""),
    ]
    one = found[found["geoid"].eq("000")]
    assert one[["variable", "segment"]].to_numpy().tolist()[-2:] == [["ratio", "preschool"], ["ratio", "all"]]
    alike = {key: rows["q"].to_list() for key, rows in found.groupby(["variable", "segment"])}
    assert alike["ratio", "preschool"] == alike["rate_poverty", "all"]


def test_rows_in_any_order_give_the_same_table_and_bytes(run):
    areas, values = halves()
    gap = seats(areas, values)
    first = run(areas, gap)
    mixed = run(areas.sample(frac=1, random_state=1), gap.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(mixed, first)
    assert run(areas, gap).to_csv() == first.to_csv()
    assert not run(areas, gap, seed=2)["p"].equals(first["p"])


def test_an_added_area_without_a_figure_changes_nothing(run):
    areas, values = halves()
    more = pd.concat([areas, placed([affinity.translate(areas.geometry.iloc[0], -1, 0)]).assign(geoid="new")])
    more = more.reset_index(drop=True)
    pd.testing.assert_frame_equal(run(more, seats(more, [*values, np.nan])), run(areas, seats(areas, values)))
