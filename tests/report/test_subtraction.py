"""Small tables, tried at random: no sum or difference of what is public gives a withheld count back.

Cells are area by segment. Every public figure of need is the sum of some of them; what can be told from all of them
together is the span of these sums. The attack is linear algebra, and knows nothing of how figures are withheld.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ci_analysis.report.withhold import public_tables
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"
SEGMENTS = ("infant-toddler", "preschool", "school-age")
ELSEWHERE = "Not in any region"
MINIMUM = 11


@pytest.fixture(scope="module")
def colorado() -> Study:
    return Study.read(EXAMPLE)


def frame(name: str, rows: list[dict[str, object]], declared: dict = OUTPUTS) -> pd.DataFrame:
    return conform(pd.DataFrame(rows).reindex(columns=declared[name].names), declared[name])


def study_of(example: Study, regions: list[dict[str, object]], *, source: str | None) -> Study:
    """The example's settings with an indicator that says whether need is published, and regions of one's own."""
    children = [{"geoid": "a0", "indicator": "children", "period": "2024", "segment": s, "value": 1.0, "source": source}
                for s in SEGMENTS]  # fmt: skip
    tables = {n: f.iloc[:0] for n, f in example.tables.items()}
    tables["indicators"] = frame("indicators", children, INPUTS)
    if regions:
        tables["regions"] = frame("regions", regions, INPUTS)
    return replace(example, tables=MappingProxyType(tables))


def tables_of(
    counts: np.ndarray, kinds: dict[str, list[str]]
) -> tuple[dict[str, pd.DataFrame], list[dict[str, object]]]:
    """Need by area and segment, by region, and in all, with groups of segments; and which area is in which region."""
    areas = [f"a{i}" for i in range(len(counts))]
    whole = np.column_stack([counts, counts[:, :2].sum(axis=1), counts.sum(axis=1)])
    rows = (*SEGMENTS, "under-six", "all")
    regions = [
        {"geoid": a, "region_kind": k, "region": r}
        for k, of in kinds.items()
        for a, r in zip(areas, of, strict=True)
        if r
    ]

    def sums(**keys: object) -> list[dict[str, object]]:
        at = keys.pop("at")
        return [{**keys, "segment": s, "need": float(whole[at, j].sum())} for j, s in enumerate(rows)]

    gap = [row for i, a in enumerate(areas) for row in sums(geoid=a, at=[i])]
    by_region = [
        row for k, of in kinds.items() for r in dict.fromkeys(of)
        for row in sums(region_kind=k, region=r or ELSEWHERE, at=[i for i, x in enumerate(of) if x == r])
    ]  # fmt: skip
    made = {
        "gap": frame("gap", gap),
        "region_gap": frame("region_gap", by_region),
        "gap_summary": frame("gap_summary", sums(at=list(range(len(areas))))),
    }
    return made, regions


def public_sums(shown: dict[str, pd.DataFrame], kinds: dict[str, list[str]], areas: int) -> np.ndarray:
    """Each figure of need that is shown, as the cells that it adds up."""
    found = []
    for name in ("gap", "region_gap", "gap_summary"):
        table = shown[name]
        for row in table[table["need"].notna()].to_dict("records"):
            if "geoid" in row:
                at = [int(row["geoid"][1:])]
            elif "region" in row:
                wanted = "" if row["region"] == ELSEWHERE else row["region"]
                at = [i for i, r in enumerate(kinds[row["region_kind"]]) if r == wanted]
            else:
                at = list(range(areas))
            parts = {"all": (0, 1, 2), "under-six": (0, 1)}.get(row["segment"]) or (SEGMENTS.index(row["segment"]),)
            cells = np.zeros((areas, 3))
            cells[np.ix_(at, parts)] = 1
            found.append(cells.ravel())
    return np.array(found).reshape(-1, areas * 3)


def told(known: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether sums and differences of the known figures give the wanted one."""
    if not len(known):
        return False
    best, *_ = np.linalg.lstsq(known.T, wanted, rcond=None)
    return bool(np.allclose(known.T @ best, wanted, atol=1e-8))


@st.composite
def small_tables(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, list[str]]]:
    areas = draw(st.integers(2, 7))
    few = st.one_of(st.integers(0, MINIMUM - 1), st.integers(MINIMUM, 60), st.integers(MINIMUM, 60))
    counts = np.array(draw(st.lists(few, min_size=areas * 3, max_size=areas * 3))).reshape(areas, 3)
    kinds = {
        f"kind-{k}": draw(st.lists(st.sampled_from(["n", "s", "w", ""]), min_size=areas, max_size=areas))
        for k in range(draw(st.integers(0, 2)))
    }
    return counts, {k: of for k, of in kinds.items() if any(of)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=small_tables())
def test_no_small_count_is_a_sum_or_difference_of_what_is_public(
    colorado: Study, made: tuple[np.ndarray, dict[str, list[str]]]
) -> None:
    counts, kinds = made
    tables, regions = tables_of(counts, kinds)
    shown = public_tables(study_of(colorado, regions, source=None), tables)
    known = public_sums(shown, kinds, len(counts))
    cells = np.eye(counts.size)
    for i, count in enumerate(counts.ravel()):
        if 0 < count < MINIMUM:
            assert not told(known, cells[i]), f"{count} people of area {i // 3}, {SEGMENTS[i % 3]}"
    # Nor does the total of an area whose segments are withheld, or what several withheld areas are in one segment.
    everything = public_sums(tables, kinds, len(counts))
    assert all(told(everything, cell) for cell in cells), "the attack is one"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=small_tables())
@example(made=(np.array([[4, 50, 50], [0, 30, 30], [40, 50, 50], [60, 70, 70]]), {}))
def test_what_is_left_over_of_a_total_is_never_a_few_people(
    colorado: Study, made: tuple[np.ndarray, dict[str, list[str]]]
) -> None:
    counts, kinds = made
    tables, regions = tables_of(counts, kinds)
    shown = public_tables(study_of(colorado, regions, source=None), tables)
    gap = shown["gap"]
    for segment in SEGMENTS:
        total = shown["gap_summary"].set_index("segment")["need"][segment]
        rows = gap[gap["segment"] == segment]
        hidden = rows["need"].isna()
        if pd.isna(total) or not hidden.any():
            continue
        left = total - rows["need"].sum()
        own = counts[hidden.to_numpy(), SEGMENTS.index(segment)]
        assert left == own.sum()
        assert hidden.sum() >= 2, "several areas together, and none of them by itself"
        assert left == 0 or left >= MINIMUM, "what they are together is no small count either"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=small_tables())
def test_published_counts_are_all_shown(colorado: Study, made: tuple[np.ndarray, dict[str, list[str]]]) -> None:
    counts, kinds = made
    tables, regions = tables_of(counts, kinds)
    shown = public_tables(study_of(colorado, regions, source="Census"), tables)
    for name in tables:
        assert shown[name]["need"].to_list() == tables[name]["need"].to_list()
