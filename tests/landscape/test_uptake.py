from __future__ import annotations

from math import isnan, nan

import numpy as np
import pandas as pd
import pytest

from ci_analysis.landscape import facility_seats, latest_figures, output_rows, uptake_table
from ci_analysis.tables import OUTPUTS

FIGURES = ["facilities", "told", "usable", "vacancies", "filled", "occupancy"]
ENROLLED = ["told_enrolled", "enrolled", "eligible", "uptake"]


@pytest.fixture
def rows(table):
    def make(*rows):
        names = ["facility_id", "segment", "licensed", "vacancies", "enrolled", "usable"]
        return table("capacity", [dict(zip(names, [*row, nan, nan, nan][:6], strict=True)) for row in rows])

    return make


@pytest.fixture
def children(table, squares, as_of):
    """Children by area and segment, as the latest figures say."""

    def make(**by_area):
        made = [
            {"geoid": f"0{geoid[1:]}", "indicator": "children", "period": "2024", "segment": s, "value": v}
            for geoid, ages in by_area.items()
            for s, v in zip(("infant-toddler", "preschool", "school-age"), ages, strict=True)
        ]
        return latest_figures(table("indicators", made), "children", areas=squares, as_of=as_of)

    return make


@pytest.fixture
def told(children, squares, profile):
    """Table `uptake`, by area and segment; facilities are in 08001, but for those whose names say otherwise."""

    def make(capacity, people=None, areas=squares):
        places = capacity["facility_id"].unique()
        where = pd.Series({f: "08003" if f.startswith("two") else nan if f == "outside" else "08001" for f in places})
        people = children() if people is None else people
        return uptake_table(capacity, where, people, areas, profile).set_index(["geoid", "segment"])

    return make


def test_occupancy_is_over_the_facilities_that_tell(rows, told):
    table = told(rows(("a", "preschool", 40, 10), ("b", "preschool", 60, 5), ("silent", "preschool", 500)))
    row = table.loc[("08001", "preschool")]
    assert row[FIGURES].to_list() == [3, 2, 40 + 60, 10 + 5, 100 - 15, 85 / 100]
    assert row[ENROLLED].isna().to_list() == [False, True, True, True]
    assert row["told_enrolled"] == 0


def test_uptake_is_over_all_who_are_eligible(rows, told, children):
    capacity = rows(("a", "infant-toddler", 40, nan, 30), ("b", "infant-toddler", 60, nan, nan),
                    ("a", "preschool", 40, nan, 35))  # fmt: skip
    table = told(capacity, children(g8001=(200, 100, 400)))
    assert table.loc[("08001", "infant-toddler"), ENROLLED].to_list() == [1, 30, 200, 30 / 200]
    assert table.loc[("08001", "under-six"), ENROLLED].to_list() == [1, 30 + 35, 300, 65 / 300]
    # Nobody tells vacancies: that is not missing seats, and not full ones.
    assert table.loc[("08001", "under-six"), "told"] == 0
    assert table.loc[("08001", "under-six"), ["usable", "vacancies", "filled", "occupancy"]].isna().all()


def test_there_is_no_row_where_no_facility_tells(rows, told):
    table = told(rows(("a", "preschool", 40, 10), ("a", "school-age", 30), ("two-silent", "preschool", 50)))
    assert table.index.to_list() == [("08001", "preschool"), ("08001", "under-six"), ("08001", "all")]
    assert told(rows(("a", "preschool", 40))).empty
    assert list(told(rows()).reset_index().columns) == OUTPUTS["uptake"].names


def test_seats_without_a_segment_count_for_groups_and_all(rows, told):
    table = told(rows(("a", None, 40, 10, 25), ("b", "school-age", 30, 0)))
    assert ("08001", "preschool") not in table.index
    assert table.loc[("08001", "under-six"), FIGURES].to_list() == [1, 1, 40, 10, 30, 30 / 40]
    assert table.loc[("08001", "all"), FIGURES].to_list() == [2, 2, 70, 10, 60, 60 / 70]
    assert table.loc[("08001", "all"), ["told_enrolled", "enrolled"]].to_list() == [1, 25]


def test_a_facility_is_one_in_its_groups_and_tells_by_segment(rows, told):
    # One facility tells of one age alone: of the group it is one that tells, with the seats that it tells of.
    table = told(rows(("a", "infant-toddler", 20, 5), ("a", "preschool", 40)))
    assert table.loc[("08001", "under-six"), FIGURES].to_list() == [1, 1, 20, 5, 15, 15 / 20]


def test_a_full_facility_tells_and_one_that_says_nothing_is_not_full(rows, told):
    table = told(rows(("full", "preschool", 20, 0), ("silent", "preschool", 20)))
    assert table.loc[("08001", "preschool"), FIGURES].to_list() == [2, 1, 20, 0, 20, 1]


def test_vacancies_without_seats_tell_nothing_of_occupancy(rows, told):
    capacity = rows(("a", "preschool", 20, 5), ("unknown", "preschool", nan, 4))
    assert told(capacity).loc[("08001", "preschool"), FIGURES].to_list() == [2, 1, 20, 5, 15, 15 / 20]


def test_a_share_of_nothing_is_missing(rows, told, children):
    table = told(rows(("a", "preschool", 0, 0, 0)), children(g8001=(0, 0, 0)))
    row = table.loc[("08001", "preschool")]
    assert row[["usable", "vacancies", "filled", "enrolled", "eligible"]].eq(0).all()
    assert row[["occupancy", "uptake"]].isna().all()


def test_staff_limits_the_seats_that_can_be_vacant(rows, told, table):
    # Of 50 licensed seats the staff can serve 30: with 10 free ones 20 are filled; with 35 none can be said to be.
    people = table("facilities", [{"facility_id": f, "name": f, "kind": "center", "credentialed_staff": 3}
                                  for f in ("a", "two")])  # fmt: skip
    capacity = rows(("a", "preschool", 50, 10), ("two", "preschool", 50, 35))
    table = told(facility_seats(capacity, people, {"preschool": 10}))
    assert table.loc[("08001", "preschool"), FIGURES].to_list() == [1, 1, 30, 10, 20, 20 / 30]
    assert table.loc[("08003", "preschool"), FIGURES].to_list() == [1, 1, 30, 30, 0, 0]


def test_uptake_can_pass_one_and_eligible_need_not_be_known(rows, told, children):
    capacity = rows(("a", "preschool", 50, nan, 45), ("two", "preschool", 50, nan, 45))
    table = told(capacity, children(g8001=(10, 30, 10)))
    assert table.loc[("08001", "preschool"), "uptake"] == 45 / 30
    assert isnan(table.loc[("08003", "preschool"), "eligible"])
    assert isnan(table.loc[("08003", "preschool"), "uptake"])


def test_a_facility_outside_every_area_counts_nowhere(rows, told):
    assert told(rows(("outside", "preschool", 50, 5, 45))).empty


@pytest.fixture
def many(rows, children):
    rng = np.random.default_rng(8)
    made = [
        (name, segment or None, *rng.choice([nan, 0, 10, 30], 1), *rng.choice([nan, 0, 4, 20], 1),
         *rng.choice([nan, 0, 9], 1))
        for name in [f"{where}{i}" for where in ("one", "two") for i in range(25)]
        for segment in rng.permutation(["infant-toddler", "preschool", "school-age", ""])[: rng.integers(1, 5)]
    ]  # fmt: skip
    return rows(*made), children(g8001=(100, 80, 160), g8003=(50, 0, 70), g8005=(1, 2, 3))


def test_the_table_is_what_a_plain_loop_gives(many, told, profile):
    capacity, people = many
    table = told(capacity, people)
    ages = {(r["geoid"], r["segment"]): r["value"] for _, r in people.iterrows()}
    expected = {}
    for geoid, start in (("08001", "one"), ("08003", "two")):
        for row, parts in output_rows(profile).items():
            names, told_by, enrolled_by = set(), set(), set()
            usable = vacancies = enrolled = 0.0
            for _, r in capacity.iterrows():
                nameless = isinstance(r["segment"], float)
                counts = row in ("under-six", "all") if nameless else r["segment"] in parts
                if not counts or not r["facility_id"].startswith(start):
                    continue
                names.add(r["facility_id"])
                if not isnan(r["vacancies"]) and not isnan(r["licensed"]):
                    told_by.add(r["facility_id"])
                    usable += r["licensed"]
                    vacancies += min(r["vacancies"], r["licensed"])
                if not isnan(r["enrolled"]):
                    enrolled_by.add(r["facility_id"])
                    enrolled += r["enrolled"]
            eligible = sum(ages[geoid, p] for p in parts)
            if told_by or enrolled_by:
                filled = usable - vacancies
                expected[geoid, row] = [
                    len(names), len(told_by), *([usable, vacancies, filled] if told_by else [nan] * 3),
                    filled / usable if usable else nan, len(enrolled_by), enrolled if enrolled_by else nan, eligible,
                    enrolled / eligible if enrolled_by and eligible else nan,
                ]  # fmt: skip
    plain = pd.DataFrame.from_dict(expected, orient="index", columns=[*FIGURES, *ENROLLED])
    assert table.index.to_list() == list(expected)
    np.testing.assert_allclose(table[plain.columns].to_numpy(), plain.to_numpy(), rtol=1e-12)


def test_order_of_rows_and_an_added_empty_area_change_nothing(many, told, squares):
    capacity, people = many
    table = told(capacity, people)
    pd.testing.assert_frame_equal(
        told(capacity.sample(frac=1, random_state=3), people.sample(frac=1, random_state=3), squares[::-1]), table
    )
    more = pd.concat([squares, squares.iloc[:1].assign(geoid="08007")], ignore_index=True)
    pd.testing.assert_frame_equal(told(capacity, people, more), table)


def test_ten_times_the_seats_and_children_are_the_same_shares(many, told):
    capacity, people = many
    once = told(capacity, people)
    counts = ["licensed", "vacancies", "enrolled"]
    ten = told(capacity.assign(**{c: 10 * capacity[c] for c in counts}), people.assign(value=10 * people["value"]))
    np.testing.assert_allclose(ten[["occupancy", "uptake"]], once[["occupancy", "uptake"]], rtol=1e-12)
    np.testing.assert_allclose(ten["filled"], 10 * once["filled"])


def test_segments_and_seats_without_one_make_up_everybody(many, told):
    capacity, people = many
    table = told(capacity, people)
    where = capacity["facility_id"].str.startswith("one")
    known = where & capacity["vacancies"].notna() & capacity["licensed"].notna()
    assert table.loc[("08001", "all"), "usable"] == capacity.loc[known, "licensed"].sum()
    assert table.loc[("08001", "all"), "enrolled"] == capacity.loc[where, "enrolled"].sum()
