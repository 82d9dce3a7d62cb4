from __future__ import annotations

from math import erf, nan, sqrt

import numpy as np
import pandas as pd
import pytest

from ci_analysis.landscape import compute, gap, gap_summary, output_rows
from ci_analysis.tables import OUTPUTS

SEGMENTS = ["infant-toddler", "preschool", "school-age"]
ROWS = [*SEGMENTS, "under-six", "all"]
OF = {"under-six": SEGMENTS[:2], "all": SEGMENTS}


def normal_sf(z):
    return (1 - erf(z / sqrt(2))) / 2


@pytest.fixture
def make(profile):
    """Gap of areas, each with need and seats by segment, and seats that name no segment."""

    def make(*areas, moe=nan, people=None, access=None, readings=None):
        needs, have = [], []
        for geoid, need, seats in areas:
            need = dict(zip(SEGMENTS, need, strict=True)) if not np.isscalar(need) else {"all": need}
            need |= {row: sum(need[p] for p in parts) for row, parts in OF.items() if set(parts) <= set(need)}
            by = dict(zip([*SEGMENTS, ""], seats, strict=True))
            by |= {row: sum(by[p] for p in [*parts, ""]) for row, parts in OF.items()}
            needs += [{"geoid": geoid, "segment": r, "need": need.get(r, nan), "need_moe": moe} for r in ROWS]
            have += [{"geoid": geoid, "segment": r or None, "supply": float(by[r])} for r in [*ROWS, ""]]
        needs = pd.DataFrame(needs).assign(need_basis="people", need_period="2024")
        seats = pd.DataFrame(have)
        seats = seats.assign(
            usable=seats["supply"], usable_low=seats["supply"], usable_high=seats["supply"], unknown=0.0
        )
        if readings:
            seats["usable_low"], seats["usable_high"] = (seats["usable"] * r for r in readings)
        frame = pd.DataFrame({"geoid": [a[0] for a in areas]})
        return gap(needs, seats, frame, profile, people=people, access=access)

    return make


def of(table, geoid, segment):
    return table.set_index(["geoid", "segment"]).loc[(geoid, segment)]


def test_a_surplus_for_one_age_does_not_serve_another(make):
    # 40 too few for the youngest, 30 too many for the next: pooled, only 10 would seem to be missing.
    table = make(("08001", (50, 20, 10), (10, 50, 10, 0)))
    assert [of(table, "08001", s)["unmet"] for s in ROWS] == [40, 0, 0, 40, 40]


def test_seats_without_a_segment_serve_the_group_and_never_a_segment(make):
    table = make(("08001", (50, 20, 30), (10, 50, 10, 25)))
    assert of(table, "08001", "infant-toddler")["unmet"] == 40
    assert of(table, "08001", "under-six")["unmet"] == 40 - 25
    assert of(table, "08001", "all")["unmet"] == 40 + 20 - 25
    # More than enough of them leave none unmet, and less than none is none.
    assert of(make(("08001", (50, 20, 30), (10, 50, 10, 99))), "08001", "under-six")["unmet"] == 0


def test_need_without_segments_is_set_against_all_seats(make):
    table = make(("08001", 100, (10, 20, 5, 25)))
    assert of(table, "08001", "all")[["need", "usable", "unmet"]].to_list() == [100, 60, 40]
    assert table.loc[table["segment"].ne("all"), ["need", "unmet", "ratio"]].isna().all(axis=None)


def test_ratios_without_a_denominator_are_missing(make):
    table = make(("08001", (0, 20, 0), (10, 0, 0, 0)))
    nobody, no_seat, neither = (of(table, "08001", s) for s in SEGMENTS)
    assert (nobody["unmet"], nobody["people_per_seat"]) == (0, 0)
    assert pd.isna(nobody["ratio"])
    assert pd.isna(nobody["spatial_desert"])
    assert (no_seat["ratio"], no_seat["spatial_desert"]) == (0, True)
    assert pd.isna(no_seat["people_per_seat"])
    assert neither[["ratio", "people_per_seat"]].isna().all()
    assert not np.isinf(table["people_per_seat"]).any()


def test_need_that_is_missing_leaves_everything_of_it_missing(make):
    row = of(make(("08001", (nan, 20, 10), (10, 20, 10, 0))), "08001", "infant-toddler")
    assert (
        row[["unmet", "unmet_low", "unmet_high", "ratio", "people_per_seat", "p_shortage", "spatial_desert"]]
        .isna()
        .all()
    )
    assert row["supply"] == 10


def test_low_is_the_widest_reading_and_high_the_strictest(make):
    table = make(("08001", (50, 20, 10), (10, 20, 10, 5)), readings=(0.5, 2))
    row = of(table, "08001", "under-six")
    assert row["unmet"] == (50 - 10) + 0 - 5
    assert row["unmet_low"] == (50 - 20) + 0 - 10
    assert row["unmet_high"] == (50 - 5) + (20 - 10) - 2.5


@pytest.mark.parametrize(("need", "usable", "desert"), [(30, 10, False), (31, 10, True), (29, 10, False), (5, 0, True)])
def test_spatial_desert_is_more_than_three_people_a_seat(make, need, usable, desert):
    assert of(make(("08001", (need, 1, 1), (usable, 9, 9, 0))), "08001", "infant-toddler")["spatial_desert"] == desert


def test_access_desert_uses_access_and_forgives_rounding(make):
    third = sum([0.1, 0.2, 1 / 30])
    access = pd.DataFrame({"geoid": "08001", "segment": SEGMENTS, "access": [third - 1e-16, 0.33, nan]})
    table = make(("08001", (30, 30, 30), (1, 99, 1, 0)), access=access)
    assert of(table, "08001", "infant-toddler")["access_desert"] == False  # noqa: E712 - not merely falsy
    assert of(table, "08001", "preschool")["access_desert"] == True  # noqa: E712 - not merely truthy
    assert pd.isna(of(table, "08001", "school-age")["access_desert"])


@pytest.mark.parametrize(
    ("children", "seats", "desert"),
    [((40, 11), 0, True), ((40, 10), 0, False), ((60, 60), 40, False), ((60, 61), 40, True), ((30, 19), 1, False)],
)
def test_cap_desert_sets_children_against_licensed_seats_under_six(make, children, seats, desert):
    people = pd.DataFrame({"geoid": "08001", "segment": SEGMENTS[:2], "value": children, "moe": nan, "period": "2024"})
    # Need is far below the children, and school-age seats abound: neither matters here.
    table = make(("08001", (1, 1, 1), (0, seats, 500, 0)), people=people)
    assert of(table, "08001", "under-six")["cap_desert"] == desert
    assert table.loc[table["segment"].ne("under-six"), "cap_desert"].isna().all()


def test_cap_desert_is_missing_where_the_children_are(make):
    people = pd.DataFrame({"geoid": "08001", "segment": SEGMENTS[:1], "value": [90.0], "moe": nan, "period": "2024"})
    assert make(("08001", (1, 1, 1), (0, 0, 0, 0)), people=people)["cap_desert"].isna().all()
    assert make(("08001", (1, 1, 1), (0, 0, 0, 0)))["cap_desert"].isna().all()


def test_p_shortage_is_the_normal_probability_of_need_above_three_times_the_seats(make):
    table = make(("08001", (100, 20, 90), (30, 20, 30, 0)), moe=16.45)
    for segment, need, usable in [("infant-toddler", 100, 30), ("preschool", 20, 20), ("school-age", 90, 30)]:
        expected = normal_sf((3 * usable - need) / (16.45 / 1.645))
        assert of(table, "08001", segment)["p_shortage"] == pytest.approx(expected)
    assert of(table, "08001", "school-age")["p_shortage"] == pytest.approx(0.5)


def test_p_shortage_of_an_exact_need_is_a_step_and_of_an_unsure_one_missing(make):
    table = make(("08001", (91, 90, 10), (30, 30, 30, 0)), moe=0)
    assert [of(table, "08001", s)["p_shortage"] for s in SEGMENTS] == [1, 0, 0]
    assert make(("08001", (91, 90, 10), (30, 30, 30, 0)))["p_shortage"].isna().all()


def test_gap_matches_a_plain_loop(make):
    rng = np.random.default_rng(11)
    areas = [(f"08{i:03}", tuple(rng.integers(0, 40, 3)), tuple(rng.integers(0, 40, 4))) for i in range(30)]
    table = make(*areas)
    for geoid, need, (*seats, free) in areas:
        short = {s: max(0, n - u) for s, n, u in zip(SEGMENTS, need, seats, strict=True)}
        for row, parts in OF.items():
            assert of(table, geoid, row)["unmet"] == max(0, sum(short[p] for p in parts) - free)


def test_summary_tells_the_spatial_from_the_pooled_gap(make, profile):
    table = make(("08001", (50, 0, 0), (10, 0, 0, 0)), ("08003", (20, 0, 0), (45, 0, 0, 0)))
    row = gap_summary(table, profile, seed=1).set_index("segment").loc["infant-toddler"]
    assert row["pooled_gap"] == (50 + 20) - (10 + 45)
    assert row["spatial_gap"] == 50 - 10
    assert row["sufficiency"] == pytest.approx((10 + 45) / (50 + 20))


def test_sums_run_over_areas_whose_need_is_known(make, profile):
    table = make(("08001", (50, 5, 5), (10, 5, 5, 0)), ("08003", (nan, 5, 5), (45, 5, 5, 0)))
    summary = gap_summary(table, profile, seed=1).set_index("segment")
    columns = ["areas", "areas_with_need", "need", "supply", "spatial_gap"]
    assert summary.loc["infant-toddler", columns].to_list() == [2, 1, 50, 10, 40]
    assert summary.loc["preschool", columns].to_list() == [2, 2, 10, 10, 0]
    assert summary.loc["all", columns].to_list() == [2, 1, 60, 20, 40]


def test_a_sum_over_no_area_is_missing_and_not_zero(make, profile):
    summary = gap_summary(make(("08001", 100, (10, 20, 5, 25))), profile, seed=1).set_index("segment")
    assert summary.loc["preschool", "areas_with_need"] == 0
    assert summary.loc["preschool", ["need", "supply", "spatial_gap", "pooled_gap", "sufficiency"]].isna().all()


def test_no_margin_no_interval(make, profile):
    both = [("08001", (50, 20, 10), (10, 9, 9, 0)), ("08003", (50, 20, 10), (10, 9, 9, 0))]
    summary = gap_summary(make(*both), profile, seed=1)
    assert summary[["spatial_gap_low", "spatial_gap_high"]].isna().all(axis=None)
    one = make(*both, moe=5)
    one.loc[one["geoid"].eq("08001") & one["segment"].eq("preschool"), "need_moe"] = nan
    known = gap_summary(one, profile, seed=1).set_index("segment")["spatial_gap_low"].notna()
    assert known.to_dict() == {
        "infant-toddler": True, "preschool": False, "school-age": True, "under-six": False, "all": False,
    }  # fmt: skip


def test_exact_need_has_an_interval_without_width(make, profile):
    summary = gap_summary(make(("08001", (50, 20, 10), (10, 30, 9, 4)), moe=0), profile, seed=1)
    for column in ("spatial_gap_low", "spatial_gap_high"):
        assert summary[column].to_list() == pytest.approx(summary["spatial_gap"].to_list())


def test_interval_of_one_area_is_the_normal_s(make, profile):
    # Need 100 with standard error 10 against 80 seats: the 5th and 95th percentile of N(20, 10).
    table = make(("08001", (100, 10, 10), (80, 99, 99, 0)), moe=16.45)
    row = gap_summary(table, profile, seed=4, draws=40_000).set_index("segment").loc["infant-toddler"]
    assert row["spatial_gap_low"] == pytest.approx(20 - 16.45, abs=0.4)
    assert row["spatial_gap_high"] == pytest.approx(20 + 16.45, abs=0.4)


def test_the_interval_may_lie_above_the_point_since_a_shortfall_cannot_be_negative(make, profile):
    # Seats for exactly the need, in many areas: each draw finds some areas short, none can make up for it.
    table = make(*((f"08{i:03}", (50, 0, 0), (50, 9, 9, 0)) for i in range(100)), moe=16.45)
    row = gap_summary(table, profile, seed=4).set_index("segment").loc["infant-toddler"]
    assert row["spatial_gap"] == 0
    # The mean of a normal's positive part is its standard error / sqrt(2 pi).
    middle = (row["spatial_gap_low"] + row["spatial_gap_high"]) / 2
    assert middle == pytest.approx(100 * 10 / sqrt(2 * np.pi), rel=0.02)


def test_groups_are_simulated_from_the_same_draws_as_their_segments(make, profile):
    table = make(("08001", (100, 60, 0), (20, 10, 0, 5)), ("08003", (90, 70, 0), (20, 10, 0, 5)), moe=10)
    table.loc[table["segment"].isin(["preschool", "school-age"]), "need_moe"] = 0
    found = gap_summary(table, profile, seed=9).set_index("segment")
    for column in ("spatial_gap_low", "spatial_gap_high"):
        youngest = found.loc["infant-toddler", column]
        # The other segments are exact: (60 − 10) + (70 − 10) more, less 2 × 5 seats for any age.
        assert found.loc["under-six", column] == pytest.approx(youngest + 50 + 60 - 10)
        assert found.loc["all", column] == found.loc["under-six", column]


def test_simulation_matches_a_plain_loop_over_the_same_numbers(make, profile):
    rng = np.random.default_rng(5)
    areas = [(f"08{i:03}", tuple(rng.integers(0, 40, 3)), tuple(rng.integers(0, 40, 4))) for i in range(6)]
    summary = gap_summary(make(*areas, moe=9.0), profile, seed=3, draws=200).set_index("segment")
    z = np.random.default_rng(3).standard_normal((200, 3, 6))
    totals = []
    for draw in range(200):
        total = 0.0
        for a, (_, need, (*seats, free)) in enumerate(areas):
            short = sum(max(0.0, need[s] + z[draw, s, a] * 9.0 / 1.645 - seats[s]) for s in range(3))
            total += max(0.0, short - free)
        totals.append(total)
    low, high = np.quantile(totals, [0.05, 0.95])
    assert summary.loc["all", ["spatial_gap_low", "spatial_gap_high"]].to_list() == pytest.approx([low, high])


def test_the_seed_decides_and_the_size_of_the_pieces_does_not(make, profile, monkeypatch):
    table = make(*((f"08{i:03}", (50, 20, 10), (40, 20, 10, 0)) for i in range(5)), moe=9)
    first = gap_summary(table, profile, seed=3)
    assert not first.equals(gap_summary(table, profile, seed=4))
    monkeypatch.setattr("ci_analysis.landscape.gaps._CHUNK", 70)
    pd.testing.assert_frame_equal(gap_summary(table.sample(frac=1, random_state=2), profile, seed=3), first)


def test_strict_and_wide_readings_stand_in_the_summary(make, profile):
    table = make(("08001", (50, 20, 10), (10, 20, 10, 5)), readings=(0.5, 2))
    row = gap_summary(table, profile, seed=1).set_index("segment").loc["under-six"]
    assert row[["spatial_gap_wide", "spatial_gap", "spatial_gap_strict"]].to_list() == [20, 35, 52.5]


def test_an_added_empty_area_changes_no_sum(make, profile):
    some = [("08001", (50, 20, 10), (10, 20, 10, 5)), ("08003", (5, 20, 10), (10, 2, 10, 5))]
    fewer, more = (
        gap_summary(make(*areas), profile, seed=1).set_index("segment")
        for areas in (some, [*some, ("08005", (0, 0, 0), (0, 0, 0, 0))])
    )
    sums = ["need", "supply", "usable", "pooled_gap", "spatial_gap", "sufficiency", "unknown"]
    pd.testing.assert_frame_equal(more[sums], fewer[sums])
    assert (more["areas"] - fewer["areas"]).eq(1).all()


def test_scaling_people_and_seats_scales_the_gap(make, profile):
    areas = [("08001", (50, 20, 10), (10, 20, 10, 5)), ("08003", (5, 20, 10), (10, 2, 10, 5))]
    tenfold = [(g, tuple(10 * n for n in need), tuple(10 * s for s in seats)) for g, need, seats in areas]
    one, ten = (gap_summary(make(*a, moe=m), profile, seed=1) for a, m in ((areas, 4), (tenfold, 40)))
    for column in ("need", "pooled_gap", "spatial_gap", "spatial_gap_low", "spatial_gap_high"):
        assert ten[column].to_list() == pytest.approx([10 * v for v in one[column]])


def test_unknown_seats_of_a_named_segment_do_not_hide_the_group_s_gap(study, table):
    # Seats for all ages, prices by age: what is known of the group is need by segment and seats without one.
    study.tables["capacity"] = table(
        "capacity",
        [{"facility_id": "home-b", "licensed": 10}, {"facility_id": "home-b", "segment": "preschool", "price_week": 9}],
    )
    row = of(compute(study, {})["gap"], "08003", "under-six")
    assert row["unmet"] == pytest.approx(100 * 0.8 + 0 - 10)
    assert pd.isna(of(compute(study, {})["gap"], "08003", "preschool")["supply"])


def test_columns_and_order_are_the_declared_ones(make, profile):
    table = make(("08001", (50, 20, 10), (10, 20, 10, 5)), ("08003", (5, 20, 10), (10, 2, 10, 5)))
    assert table.columns.to_list() == OUTPUTS["gap"].names
    assert table["segment"].to_list() == list(output_rows(profile)) * 2
    assert gap_summary(table, profile, seed=1).columns.to_list() == OUTPUTS["gap_summary"].names
