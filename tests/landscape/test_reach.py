"""Which initiatives reach which areas on the study's day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.landscape import reach
from ci_analysis.tables import INPUTS, OUTPUTS, conform

DAY = dt.date(2026, 6, 30)
GEOIDS = ["08001", "08003", "08005"]


def found(areas, profile, *rows, day=DAY):
    known = {"name": "A", "lead": "x", "lever": "supply"}
    table = pd.DataFrame([{"initiative_id": f"i{n}"} | known | row for n, row in enumerate(rows)])
    table = table.reindex(columns=INPUTS["initiatives"].names)
    table = table.assign(**{c: pd.to_datetime(table[c]) for c in ("started_on", "ends_on")})
    return reach(conform(table, INPUTS["initiatives"]), areas, profile, as_of=day)


def by_hand(rows, levers):
    """The same with plain loops."""
    result = []
    for geoid in GEOIDS:
        for lever in levers:
            ids = []
            for row in rows:
                begun = row["started_on"] is None or row["started_on"] <= DAY
                over = row["ends_on"] is not None and row["ends_on"] < DAY
                there = row["areas"] is None or geoid in row["areas"].split(";")
                if row["lever"] == lever and begun and not over and there:
                    ids.append(row["initiative_id"])
            result.append((geoid, lever, len(ids), ";".join(sorted(ids)) or None))
    return result


def of(table):
    return table.set_index(["geoid", "lever"])


def test_every_area_and_lever_has_a_row_and_nothing_is_a_true_zero(squares, profile):
    table = found(squares, profile, {"areas": "08003"})
    levers = profile.vocabulary("levers")
    assert table[["geoid", "lever"]].to_numpy().tolist() == [[g, x] for g in GEOIDS for x in levers]
    assert list(table.columns) == OUTPUTS["reach"].names
    assert table["initiatives"].sum() == 1
    assert table["initiatives"].notna().all()
    assert of(table).loc[("08003", "supply")].to_list() == [1, "i0"]
    assert of(table).loc[("08001", "supply"), "initiatives"] == 0
    assert pd.isna(of(table).loc[("08001", "supply"), "initiative_ids"])


def test_no_areas_named_is_everywhere(squares, profile):
    table = found(squares, profile, {"areas": None}, {"areas": "08001;08001; 08005"})
    assert of(table).xs("supply", level="lever")["initiative_ids"].to_list() == ["i0;i1", "i0", "i0;i1"]
    assert of(table).xs("supply", level="lever")["initiatives"].to_list() == [2, 1, 2]


@pytest.mark.parametrize(
    ("days", "counts"),
    [
        ({}, 1),
        ({"started_on": "2026-06-30"}, 1),
        ({"ends_on": "2026-06-30"}, 1),
        ({"started_on": "2026-07-01"}, 0),
        ({"ends_on": "2026-06-29"}, 0),
        ({"started_on": "2020-01-01", "ends_on": "2030-01-01"}, 1),
    ],
)
def test_the_first_and_the_last_day_are_part_of_it(days, counts, squares, profile):
    table = found(squares, profile, days)
    assert of(table).loc[("08001", "supply"), "initiatives"] == counts
    # What is over leaves zeros, not a table without rows.
    assert len(table) == len(squares) * len(profile.levers)


def test_without_initiatives_nothing_is_known(squares, profile):
    assert found(squares, profile).empty
    assert list(found(squares, profile).columns) == OUTPUTS["reach"].names


def test_areas_may_have_no_names_and_may_be_none(squares, profile):
    unnamed = squares.assign(name=None)
    pd.testing.assert_frame_equal(found(unnamed, profile, {}), found(squares, profile, {}))
    assert found(squares.iloc[:0], profile, {}).empty
    assert len(found(squares.iloc[:1], profile, {})) == len(profile.levers)


_row = st.fixed_dictionaries(
    {
        "lever": st.sampled_from(["supply", "hours", "quality"]),
        "areas": st.none() | st.lists(st.sampled_from(GEOIDS), min_size=1, max_size=4).map(";".join),
        "started_on": st.none() | st.dates(DAY - dt.timedelta(2), DAY + dt.timedelta(2)),
        "ends_on": st.none() | st.dates(DAY - dt.timedelta(2), DAY + dt.timedelta(2)),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_row, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_it_is_as_by_hand_whatever_the_order_of_rows(rows, random):
    from shapely import Point

    from ci_analysis.issues import load_profile

    profile = load_profile("child-care")
    areas = pd.DataFrame({"geoid": GEOIDS, "geometry": [Point(0, 0)] * 3})
    rows = [row | {"initiative_id": f"i{n}"} for n, row in enumerate(rows)]
    table = found(areas, profile, *rows)
    told = table.astype("object").where(table.notna(), None)
    assert list(told.itertuples(index=False, name=None)) == by_hand(rows, profile.vocabulary("levers"))
    random.shuffle(rows)
    pd.testing.assert_frame_equal(found(areas.iloc[::-1], profile, *rows), table)
    # An area more changes nothing of the others.
    more = pd.concat([areas, pd.DataFrame({"geoid": ["08007"]})])
    wider = found(more, profile, *rows)
    pd.testing.assert_frame_equal(wider[wider["geoid"] != "08007"], table)
    assert np.isin(wider["geoid"].unique(), [*GEOIDS, "08007"]).all()
