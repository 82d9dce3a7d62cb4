"""Pictures and statements of the chain from the gap to the projects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from ci_analysis.figures import strategy as figures
from ci_analysis.figures.base import Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, conform, empty_frame

BABIES, PRE = "infant-toddler", "preschool"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care")


def output(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def with_table(study: Study, name: str, frame: pd.DataFrame) -> Study:
    return replace(study, tables=MappingProxyType({**study.tables, name: frame}))


def uncounted(study: Study) -> Study:
    measures = study.tables["measures"]
    return with_table(
        study, "measures", measures.assign(closes_gap=pd.Series(pd.NA, index=measures.index, dtype="boolean"))
    )


def fall(**figures_: object) -> dict[str, object]:
    row = {"segment": BABIES, "today": 200, "committed": 6, "planned": 2, "remaining": 192, "surplus": 0}
    return {**row, **figures_}


def title_of(made: object) -> str:
    return made.title if isinstance(made, Statement) else drawing(made).title  # type: ignore[arg-type]


NO_PROJECTS = empty_frame(OUTPUTS["project_gaps"])


# --- the waterfall ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures_", "expected"),
    [
        ({}, "would open 8 seats where 200 infants and toddlers have none: 4.0%"),
        (
            {"committed": 1, "planned": 0, "remaining": 199},
            "would open 1 seat where 200 infants and toddlers have none: 0.5%",
        ),
        (
            {"today": 9000, "committed": 0.2, "planned": 0.1, "remaining": 8999.7},
            "would open less than 1 seat where 9,000 infants and toddlers have none: less than 0.1%",
        ),
        (
            {"committed": 60, "planned": 20, "remaining": 120},
            "would open 80 seats where 200 infants and toddlers have none: 40%",
        ),
        ({"committed": 0, "planned": 0, "remaining": 200}, "would open seats where 200 infants and toddlers have none"),
        ({"committed": 200, "planned": 0, "remaining": 0}, "would close the gap for 200 infants and toddlers"),
        (
            {"committed": None, "remaining": None},
            "says how many seats it would open where 200 infants and toddlers have none",
        ),
        (
            {"committed": -5, "planned": 0, "remaining": 205},
            "would open seats where 200 infants and toddlers have none",
        ),
    ],
)
def test_the_finding_says_what_is_closed_of_what(study: Study, figures_: dict[str, object], expected: str) -> None:
    told = title_of(figures.waterfall(study, output("gap_waterfall", fall(**figures_)), NO_PROJECTS))
    assert told.endswith(expected)
    assert told.startswith("Projects that" if ":" in told or "close" in told else "No project that")


def test_the_finding_is_about_the_segment_for_which_most_is_done(study: Study) -> None:
    rows = output(
        "gap_waterfall", fall(segment=PRE, today=90, remaining=50, committed=40, planned=0), fall(),
        fall(segment="under-six", today=290, remaining=242, committed=46),
        fall(segment="all", today=290, remaining=242),
    )  # fmt: skip
    made = figures.waterfall(study, rows, NO_PROJECTS)
    assert "40 seats where 90 preschool children have none" in title_of(made)
    told = alternative(made)
    for part in ("preschool children, 90 today, committed 40, chosen 0, remaining 50", "everybody, 290 today"):
        assert part in told
    only_all = output("gap_waterfall", fall(segment=PRE, today=None), fall(segment="all"))
    assert "200 children have none" in title_of(figures.waterfall(study, only_all, NO_PROJECTS))


def notes_of(study: Study, row: dict[str, object], *projects: dict[str, object]) -> str:
    return " ".join(
        drawing(figures.waterfall(study, output("gap_waterfall", row), output("project_gaps", *projects))).notes
    )


def test_notes_say_how_sure_it_is_and_what_is_not_known(study: Study) -> None:
    sure = fall(today_low=180, today_high=220, remaining_low=190, remaining_high=196, surplus=3)
    told = notes_of(
        study, sure,
        {"project_id": "rural-homes", "state": "committed", "seats": 8, "serves": True},
        {"project_id": "subsidy-navigators", "state": "committed", "serves": True},
        {"project_id": "tuition-pool", "state": "proposed", "serves": True},
        {"project_id": "works-yard", "state": "planned", "seats": 4},
    )  # fmt: skip
    assert "between 180 and 220 (a 90 percent interval)" in told
    assert "190 to 196 of today’s 200 would remain" in told
    assert "One project begun or chosen says no number of seats, and adds what nobody knows: ‘Four navigators" in told
    assert "tuition" not in told, "a proposal is not counted"
    assert "Not counted, since the gap of those whom it is for is not known: ‘A center in the old" in told
    assert "Up to 3 more seats would open where nobody is without one" in told
    assert "spread in proportion to unmet need, an assumption" in told
    told = notes_of(study, fall(), {"project_id": "a", "state": "planned"}, {"project_id": "b", "state": "committed"})
    assert "has no interval" in told
    assert "names no least or no most" in told
    assert "Two projects begun or chosen say no number of seats, and add what nobody knows: ‘a’ and ‘b’." in told


def test_without_a_measure_that_counts_places_the_column_is_named(study: Study) -> None:
    other = uncounted(study)
    rows = output("gap_waterfall", fall(committed=None, remaining=None))
    covered = output("gap_coverage", {"geoid": "08001", "segment": PRE, "lever": "supply", "unmet": 3})
    served = output("project_gaps", {"project_id": "rural-homes", "segment": PRE, "unmet": 3, "serves": True})
    for made in (
        figures.waterfall(other, rows, NO_PROJECTS),
        figures.seats_by_place(other, covered),
        figures.projects_and_gaps(other, served),
    ):
        assert isinstance(made, Statement)
        assert "measures.csv: closes_gap" in " ".join(made.lines)


def test_bars_have_their_true_length(study: Study) -> None:
    made = figures.waterfall(study, output("gap_waterfall", fall()), NO_PROJECTS)
    widths = [bar.get_width() for bar in made.patches]  # type: ignore[union-attr]
    assert widths == [6, 2, 192]
    assert [bar.get_x() for bar in made.patches] == [0, 6, 8]  # type: ignore[union-attr]


def test_nothing_is_drawn_where_nobody_is_without(study: Study) -> None:
    assert figures.waterfall(study, output("gap_waterfall", fall(today=0, remaining=0)), NO_PROJECTS) is None
    assert figures.waterfall(study, empty_frame(OUTPUTS["gap_waterfall"]), NO_PROJECTS) is None


# --- gaps ------------------------------------------------------------------------------------------------------------


def cell(geoid: str, segment: str, unmet: float, lever: str | None = None, **more: object) -> dict[str, object]:
    return {"geoid": geoid, "segment": segment, "unmet": unmet, "lever": lever, "uncovered": lever is None, **more}


def test_gaps_that_nothing_addresses_are_listed_the_largest_first(study: Study) -> None:
    rows = output(
        "gap_coverage", cell("08003", PRE, 10), cell("08001", PRE, 30), cell("08005", PRE, 60, "supply"),
        cell("08005", PRE, 60, "hours"),
    )  # fmt: skip
    made = figures.gaps_without_work(study, rows)
    # Two gaps of three, with 10 + 30 of 100 people; the third has two rows and is one gap.
    assert made.title == "Nothing is under way or proposed for 2 of 3 gaps, 40% of those without a seat"
    assert made.frame["geoid"].to_list() == ["08001", "08003"]
    one = figures.gaps_without_work(study, rows.iloc[:1])
    assert one.title == "Nothing is under way or proposed for the one gap"
    many = output("gap_coverage", *(cell(f"08{i:03}", PRE, i) for i in range(1, 41)))
    made = figures.gaps_without_work(study, many)
    assert made.title == "Nothing is under way or proposed for all 40 gaps"
    assert made.frame["unmet"].to_list() == list(range(40, 25, -1))
    assert "The 15 largest are shown." in made.lines


@pytest.mark.parametrize(("n", "expected"), [(1, "the one gap"), (2, "both gaps"), (3, "each of 3 gaps")])
def test_no_gap_without_work_is_said_with_what_is_missing_on_each_lever(study: Study, n: int, expected: str) -> None:
    rows = output(
        "gap_coverage",
        *(cell(f"08{i:03}", PRE, 10.0 * i, "supply") for i in range(1, n + 1)),
        cell("08001", PRE, 10.0, "hours"),
    )
    made = figures.gaps_without_work(study, rows)
    assert made.title == f"Something is under way or proposed for {expected}"
    told = made.frame.set_index("lever")["gaps_without_it"].to_dict()
    assert told["supply"] == f"0 of {n}"
    assert told["hours"] == f"{n - 1} of {n}"
    assert told["quality"] == f"{n} of {n}"
    assert made.frame["lever"].to_list()[-1] == "supply" if n > 1 else True
    assert figures.gaps_without_work(study, empty_frame(OUTPUTS["gap_coverage"])) is None


# --- projects --------------------------------------------------------------------------------------------------------


def served(
    project: str, seats: float | None = None, *, serves: bool | None = True, **more: object
) -> dict[str, object]:
    share = None if seats is None else seats / 100
    why = None if serves else "Where it works no child is without a seat."
    return {"project_id": project, "segment": "all", "areas": 2, "unmet": 100, "seats": seats, "share_of_unmet": share,
            "state": "proposed", "serves": serves, "why": why, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([served("a", 5)], "The one project serves a gap, and it says how many seats it would add"),
        ([served("a")], "The one project serves a gap, but none says how many seats it would add"),
        ([served("a", serves=False)], "No project serves a gap"),
        ([served("a", serves=None)], "Whether the projects serve a gap is not known"),
        ([served("a", 5), served("b", 6)], "Both projects serve a gap, and each says how many seats it would add"),
        ([served("a", 5), served("b"), served("c", serves=False)],
         "2 of 3 projects serve a gap, and one of them says how many seats it would add"),
        ([served("a", 5), served("b", 1), served("c")],
         "All 3 projects serve a gap, and two of them say how many seats they would add"),
    ],
)  # fmt: skip
def test_projects_that_serve_a_gap_are_counted(study: Study, rows: list[dict[str, object]], expected: str) -> None:
    assert figures.projects_and_gaps(study, output("project_gaps", *rows)).title == expected


def test_projects_that_serve_none_are_named_with_why(study: Study) -> None:
    rows = output("project_gaps", served("works-yard", serves=False), served("b", 0.01), served("c", 30), served("d"))
    made = figures.projects_and_gaps(study, rows)
    assert made.frame["project_id"].to_list() == ["c", "b", "d"]
    assert made.frame["of_the_gap"].to_list()[:2] == ["30%", "less than 0.1%"]
    assert made.lines[0] == ("A center in the old public works yard: Where it works no child is without a seat.")
    assert figures.projects_and_gaps(study, empty_frame(OUTPUTS["project_gaps"])) is None


# --- places ----------------------------------------------------------------------------------------------------------


def test_places_are_added_up_over_levers_and_listed_with_what_remains(study: Study) -> None:
    rows = output(
        "gap_coverage", cell("08001", PRE, 50, "supply", seats_added=6), cell("08001", PRE, 50, "hours", seats_added=4),
        cell("08001", PRE, 50, "quality", seats_added=None), cell("08003", PRE, 20, "supply", seats_added=0.3),
        cell("08005", PRE, 9, seats_added=0),
    )  # fmt: skip
    made = figures.seats_by_place(study, rows)
    assert made.title == "Most seats would open in Adams: 10 where 50 preschool children have none"
    assert made.frame[["geoid", "new", "remaining"]].to_numpy().tolist() == [
        ["08001", "10", "40"], ["08003", "less than 1", "20"],
    ]  # fmt: skip
    none = figures.seats_by_place(study, rows.assign(seats_added=0.0))
    assert none.title == "No project that has begun or is chosen would add seats where children have none"
    unknown = figures.seats_by_place(study, rows.assign(seats_added=float("nan")))
    assert unknown.title == "No project that has begun or is chosen says how many seats it would add"
    only = figures.seats_by_place(study, rows.iloc[:1])
    assert only.title == "The only seats would open in Adams: 6 where 50 preschool children have none"
    many = output("gap_coverage", *(cell(f"08{i:03}", PRE, 50, "supply", seats_added=i) for i in range(1, 31)))
    made = figures.seats_by_place(study, many)
    assert len(made.frame) == 15
    assert "The 15 largest of 30 are shown, in 30 counties together." in made.lines


# --- the chain -------------------------------------------------------------------------------------------------------


def test_the_chain_holds_where_it_holds_for_each_measure(study: Study) -> None:
    rows = output(
        "chain",
        {
            "project_id": "a",
            "measure_id": "x",
            "deliverables": "p;q",
            "rules": "spots-off-track;strange",
            "decisions": "d",
        },
        {"project_id": "b", "measure_id": "x", "deliverables": "r", "rules": "late"},
        {"project_id": "b", "measure_id": "y", "missing": "deliverable"},
        {"project_id": "c", "missing": "measure"},
    )
    made = figures.chain(study, rows)
    assert made.title == "For 1 of 3 projects the chain holds from the gap to the rule"
    assert made.lines == (
        "The first link that is missing is the measure for one project and the deliverable for one project.",
    )
    assert made.frame["to_deliver"].to_list() == ["2", "1", "none", "none"]
    assert made.frame["rules_agreed"].to_list()[0] == "if it is off track; strange"
    assert made.frame["breaks_at"].to_list() == ["nowhere", "nowhere", "the deliverable", "the measure"]
    public = figures.chain(study, rows.drop(columns="decisions"))
    assert "decided" in made.frame
    assert "decided" not in public.frame
    assert figures.chain(study, rows.iloc[:1]).title == "For the one project the chain holds from the gap to the rule"
    assert figures.chain(study, rows.iloc[3:]).title == "For no project the chain holds from the gap to the rule"
    assert figures.chain(study, empty_frame(OUTPUTS["chain"])) is None
