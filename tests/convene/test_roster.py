from __future__ import annotations

import pandas as pd

from ci_analysis.convene import sector_coverage

SECTORS = pd.DataFrame(
    {
        "sector": ["k12", "health", "philanthropy"],
        "label": ["Schools", "Health", "Philanthropy"],
        "needed": [True, True, False],
        "why": ["…", "…", "…"],
    }
)


def roster(make, *rows):
    return make(
        "partners",
        [
            {"partner_id": f"p{i}", "name": "P", "sector": sector, "status": status}
            for i, (sector, status) in enumerate(rows)
        ],
    )


def test_partners_are_counted_by_status_and_those_that_left_are_not(make):
    partners = roster(
        make,
        *[("k12", "joined")] * 2,
        ("k12", "left"),
        ("k12", "invited"),
        *[("health", "prospect")] * 3,
        ("health", "invited"),
    )
    coverage = sector_coverage(partners, SECTORS).set_index("sector")
    assert coverage.loc["k12", ["joined", "invited", "prospects"]].to_list() == [2, 1, 0]
    assert coverage.loc["health", ["joined", "invited", "prospects"]].to_list() == [0, 1, 3]


def test_a_gap_is_a_needed_sector_from_which_nobody_has_joined(make):
    partners = roster(make, ("k12", "joined"), ("health", "invited"), ("health", "left"))
    coverage = sector_coverage(partners, SECTORS).set_index("sector")
    assert coverage["gap"].to_dict() == {"k12": False, "health": True, "philanthropy": False}


def test_every_sector_of_the_profile_has_a_row_in_the_profile_s_order(make):
    backwards = SECTORS.iloc[::-1]
    partners = roster(make, ("health", "joined"))
    assert sector_coverage(partners, SECTORS)["sector"].to_list() == ["k12", "health", "philanthropy"]
    assert sector_coverage(partners, backwards)["sector"].to_list() == ["philanthropy", "health", "k12"]


def test_without_partners_every_needed_sector_is_a_gap(make):
    coverage = sector_coverage(roster(make), SECTORS)
    assert coverage["joined"].to_list() == [0, 0, 0]
    assert coverage["gap"].to_list() == [True, True, False]


def test_a_partner_of_another_sector_changes_no_row(make):
    partners = roster(make, ("k12", "joined"))
    more = roster(make, ("k12", "joined"), ("sports", "joined"))
    pd.testing.assert_frame_equal(sector_coverage(partners, SECTORS), sector_coverage(more, SECTORS))
