"""Deliverables, communications and commitments."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from ci_analysis.redesign import commitments, communications, deliverables
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

DAY = dt.date(2026, 6, 30)


class TestDeliverables:
    @pytest.mark.parametrize(
        ("status", "due_on", "done_on", "late"),
        [
            ("done", "2026-01-31", "2026-02-03", 3),
            ("done", "2026-01-31", "2026-01-31", 0),
            ("done", "2026-01-31", "2025-12-31", 0),
            ("done", "2026-01-31", None, None),
            ("planned", "2026-06-30", None, 0),
            ("planned", "2026-06-29", None, 1),
            ("started", "2026-05-31", None, 30),
            ("started", "2027-05-31", None, 0),
            ("dropped", "2026-01-31", None, None),
            # Done after the study's day: on it, it was still open.
            ("done", "2026-06-20", "2026-07-05", 10),
        ],
    )
    def test_days_late(self, make, status, due_on, done_on, late):
        table = make(
            "deliverables",
            [{"deliverable_id": "d", "project_id": "p", "owner": "a", "due_on": due_on, "status": status,
              "done_on": done_on}],
        )  # fmt: skip
        found = deliverables(table, as_of=DAY)
        assert found.columns.to_list() == OUTPUTS["deliverables"].names
        assert found["days_late"].isna().item() if late is None else found["days_late"].item() == late
        assert found["status"].item() == status

    def test_another_day_changes_only_what_is_open(self, make):
        table = make(
            "deliverables",
            [
                {"deliverable_id": "a", "due_on": "2026-01-31", "status": "done", "done_on": "2026-02-03"},
                {"deliverable_id": "b", "due_on": "2026-01-31", "status": "started"},
            ],
        )
        days = {day: deliverables(table, as_of=dt.date(2026, 6, day))["days_late"].to_list() for day in (1, 30)}
        assert days == {1: [3, 121], 30: [3, 121 + 29]}


class TestCommunications:
    @pytest.mark.parametrize(
        ("frequency", "last_on", "due_on", "overdue"),
        [
            ("week", "2026-06-23", "2026-06-30", 0),
            ("week", "2026-06-22", "2026-06-29", 1),
            ("month", "2026-01-31", "2026-02-28", 122),
            ("month", "2024-01-31", "2024-02-29", 852),
            ("quarter", "2025-11-30", "2026-02-28", 122),
            ("quarter", "2026-03-31", "2026-06-30", 0),
            ("year", "2024-02-29", "2025-02-28", 487),
            ("year", "2025-07-01", "2026-07-01", 0),
            ("month", None, "2026-06-30", None),
        ],
    )
    def test_due(self, make, frequency, last_on, due_on, overdue):
        table = make("communications", [{"communication_id": "c", "frequency": frequency, "last_on": last_on}])
        found = communications(table, as_of=DAY)
        assert found.columns.to_list() == OUTPUTS["communications"].names
        assert found["due_on"].item() == pd.Timestamp(due_on)
        if overdue is None:
            assert found["days_overdue"].isna().item()
        else:
            assert found["days_overdue"].item() == overdue == max(0, (DAY - dt.date.fromisoformat(due_on)).days)

    def test_what_never_happened_is_due_on_the_studys_day(self, make):
        table = make("communications", [{"communication_id": "c", "frequency": "week"}])
        for day in (DAY, dt.date(2020, 2, 29)):
            assert communications(table, as_of=day)["due_on"].item() == pd.Timestamp(day)


@pytest.fixture
def promised(make):
    """What is promised, as (partner, what, by when, status)."""

    def of(*, as_of=DAY, portfolio=None, **rows):
        tables = {name: empty_frame(table) for name, table in INPUTS.items()}
        tables |= {name: make(name, given) for name, given in rows.items()}
        chosen = empty_frame(OUTPUTS["portfolio"]) if portfolio is None else portfolio
        found = commitments(tables, chosen, as_of=as_of)
        assert found.columns.to_list() == OUTPUTS["commitments"].names
        days = found["by_when"].dt.strftime("%Y-%m-%d").astype(object)
        found = found.assign(by_when=days.where(days.notna(), None))
        return list(found.itertuples(index=False, name=None))

    return of


class TestCommitments:
    def test_the_answer_to_the_newest_agenda(self, promised):
        rows = [
            {"partner_id": "a", "agenda_on": "2025-01-01", "response": "support", "commits_to": "old"},
            {"partner_id": "a", "agenda_on": "2026-01-01", "response": "reservations", "commits_to": "new"},
            {"partner_id": "a", "agenda_on": "2026-07-01", "response": "support", "commits_to": "not yet"},
            {"partner_id": "b", "agenda_on": "2026-01-01", "response": "support"},
        ]
        assert promised(endorsements=rows) == [("a", "new", None, "promised, with reservations, on 2026-01-01")]
        assert promised(endorsements=rows, as_of=dt.date(2025, 6, 30)) == [
            ("a", "old", None, "promised with the agenda of 2025-01-01")
        ]

    def test_deliverables_in_words(self, promised):
        plain = {"project_id": "p", "owner": "a", "due_on": "2026-06-01"}
        rows = [
            plain | {"deliverable_id": "1", "name": "1", "status": "done", "done_on": "2026-06-01"},
            plain | {"deliverable_id": "2", "name": "2", "status": "done", "done_on": "2026-06-02"},
            plain | {"deliverable_id": "3", "name": "3", "status": "done"},
            plain | {"deliverable_id": "4", "name": "4", "status": "started"},
            plain | {"deliverable_id": "5", "name": "5", "status": "planned", "due_on": "2026-12-31"},
            plain | {"deliverable_id": "6", "name": "6", "status": "dropped"},
            plain | {"deliverable_id": "7", "name": "7", "status": "done", "done_on": "2026-07-02"},
        ]
        assert {what: status for _, what, _, status in promised(deliverables=rows)} == {
            "1": "done on time",
            "2": "done, 1 day late",
            "3": "done",
            "4": "started, overdue by 29 days",
            "5": "planned",
            "6": "dropped",
            "7": "started, overdue by 29 days",
        }

    def test_money_of_partners(self, promised):
        partners = [{"partner_id": "bank", "name": "First Bank"}, {"partner_id": "fund", "name": "The Fund"}]
        plain = {"amount": 50000, "on": "2026-01-31"}
        rows = [
            plain | {"funding_id": "1", "source": " first bank ", "status": "pledged", "project_id": "p"},
            plain | {"funding_id": "2", "source": "fund", "status": "received", "on": None},
            plain | {"funding_id": "3", "source": "First Bank", "status": "asked"},
            plain | {"funding_id": "4", "source": "A stranger", "status": "pledged"},
            plain | {"funding_id": "5", "source": "First Bank", "status": "pledged", "on": "2026-07-01"},
        ]
        projects = [{"project_id": "p", "name": "New rooms", "lead": "bank"}]
        assert promised(partners=partners, funding=rows, projects=projects) == [
            ("bank", "USD 50,000 for New rooms", None, "pledged on 2026-01-31, not yet received"),
            ("fund", "USD 50,000 for the coalition", None, "received"),
        ]

    def test_a_name_that_two_partners_share_names_neither(self, promised):
        partners = [{"partner_id": p, "name": "Community Fund"} for p in ("a", "b")]
        rows = [{"funding_id": "1", "source": "Community Fund", "amount": 1, "status": "pledged"}]
        assert promised(partners=partners, funding=rows) == []

    def test_a_project_is_promised_once_it_is_chosen_and_decided(self, promised):
        projects = [{"project_id": p, "name": p.upper(), "lead": "a"} for p in ("both", "chosen", "decided")]
        decisions = [
            {"decision_id": "1", "decided_on": "2026-05-01", "project_id": "both"},
            {"decision_id": "2", "decided_on": "2026-06-01", "project_id": "both"},
            {"decision_id": "3", "decided_on": "2026-05-01", "project_id": "decided"},
            {"decision_id": "4", "decided_on": "2026-07-01", "project_id": "chosen"},
        ]
        portfolio = pd.DataFrame(
            {
                "rule": ["value", "equal-shares", "value", "value"],
                "project_id": ["both", "both", "chosen", "decided"],
                "chosen": [True, True, True, False],
            }
        )
        found = promised(projects=projects, decisions=decisions, portfolio=portfolio)
        assert found == [("a", "Lead: BOTH", None, "decided on 2026-05-01")]

    def test_rows_come_by_partner_and_day(self, promised):
        plain = {"project_id": "p", "status": "planned"}
        rows = [
            plain | {"deliverable_id": "1", "name": "x", "owner": "b", "due_on": "2026-09-01"},
            plain | {"deliverable_id": "2", "name": "y", "owner": "b", "due_on": "2026-08-01"},
            plain | {"deliverable_id": "3", "name": "z", "owner": "a", "due_on": "2026-10-01"},
        ]
        said = [{"partner_id": "a", "agenda_on": "2026-01-01", "response": "support", "commits_to": "open"}]
        assert [what for _, what, _, _ in promised(deliverables=rows, endorsements=said)] == ["z", "open", "y", "x"]

    def test_nobody_has_promised_anything(self, promised):
        assert promised() == []
