from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from ci_analysis.convene import backbone_evidence, own_money, resources_shown

AS_OF = date(2026, 6, 30)


@pytest.fixture
def funding(make):
    """Funding from (amount, status, project, day) rows."""
    names = ["amount", "status", "project_id", "on"]

    def of(*rows):
        given = [dict(zip(names, r, strict=True)) for r in rows]
        return make(
            "funding",
            [r | {"funding_id": f"f{i}", "source": "S", "on": pd.Timestamp(r["on"])} for i, r in enumerate(given)],
        )

    return of


def test_the_year_ends_with_its_last_day_and_begins_after_the_same_day_a_year_before(funding):
    days = ["2025-06-30", "2025-07-01", "2026-06-30", "2026-07-01"]
    found = own_money(funding(*[(10**i, "received", None, on) for i, on in enumerate(days)]), as_of=AS_OF)
    assert found.loc["received"].to_list() == [10 + 100, 0]


def test_money_is_told_by_status_and_entries_without_a_date_are_counted(funding):
    rows = [(1, "received", None, "2026-01-01"), (2, "pledged", None, None), (4, "pledged", None, None),
            (8, "asked", None, "2026-01-01"), (16, "asked", None, None), (32, "received", "p", "2026-01-01"),
            (64, "received", "p", None)]  # fmt: skip
    found = own_money(funding(*rows), as_of=AS_OF)
    assert found.index.to_list() == ["received", "pledged", "asked"]
    assert found["amount"].to_list() == [1, 0, 8]
    assert found["undated"].to_list() == [0, 2, 1]
    pd.testing.assert_frame_equal(own_money(funding(*rows[::-1]), as_of=AS_OF), found)


def test_without_entries_all_is_zero(funding):
    assert own_money(funding(), as_of=AS_OF).to_numpy().tolist() == [[0, 0]] * 3


def test_every_sentence_on_the_year_says_what_it_does_not_count(funding):
    rows = funding((400_000, "received", None, None))
    said = (
        backbone_evidence("Office", 1, 400_000, rows, as_of=AS_OF),
        resources_shown(rows, budget=None, yearly=400_000, as_of=AS_OF),
    )
    assert all("not counting 1 entry without a date" in sentence for sentence in said)
