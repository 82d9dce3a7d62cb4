from __future__ import annotations

import re
from html import unescape
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.figures.base import Drawing
from ci_analysis.figures.grids import name_grid
from ci_analysis.figures.marks import LETTER, RADIUS, WIDTH, looks_of, measure

LONG = "San Luis Valley intergovernmental preschool cooperative"
Box = tuple[float, float, float, float]


def grid(rows: list[tuple[str, int, int]], *, full: bool = True) -> Drawing:
    items = pd.DataFrame(rows, columns=["name", "x", "y"]).assign(kind="Schools", full=full)
    return name_grid(
        items, kinds=["Schools"], scale=(1, 5), axes=("right", "up"), corner=(3, 4, "shaded"), title="t", alt="a"
    )


def lines(made: Drawing) -> list[tuple[str, Box]]:
    """Every line of a name with the box that its letters fill at most."""
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="start"[^>]*>([^<]*)</text>', made.svg)
    return [(t, (float(x), float(y) - 0.8 * LETTER, float(x) + 0.9 * measure(t), float(y) + 0.2 * LETTER))
            for x, y, t in ((x, y, unescape(t)) for x, y, t in found)]  # fmt: skip


def cells(made: Drawing) -> list[Box]:
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', made.svg)
    return [(float(x), float(y), float(x) + float(w), float(y) + float(h)) for x, y, w, h in found]


def overlap(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.2 and min(a[3], b[3]) - max(a[1], b[1]) > 0.2


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs", "P"]), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=25))
def test_no_two_names_lie_on_each_other_and_each_stays_in_a_cell(rows: list[tuple[str, int, int]]) -> None:
    made = grid(rows)
    boxes = [box for _, box in lines(made)]
    assert not any(overlap(a, b) for a, b in combinations(boxes, 2))
    for x0, y0, x1, y1 in boxes:
        assert any(a <= x0 and x1 <= c + 0.2 and b <= y0 and y1 <= d + 0.2 for a, b, c, d in cells(made))


@pytest.mark.parametrize("n", [1, 15, 120])
def test_every_name_is_whole_however_many(n: int) -> None:
    made = grid([(f"{LONG} {i}", 1 + i % 5, 1 + i // 5 % 5) for i in range(n)])
    said = re.sub(r"- (?=[a-z])", "", " ".join(t for t, _ in lines(made)))
    assert all(re.search(rf"\b{re.escape(LONG)} {i}\b", said) for i in range(n))


def test_a_name_stands_in_the_cell_of_its_two_figures() -> None:
    made = grid([("Southwest", 1, 1), ("Northeast", 5, 5), ("Southeast", 5, 1)])
    at = dict(lines(made))
    assert at["Southwest"][0] < at["Southeast"][0] == at["Northeast"][0]
    assert at["Northeast"][1] < at["Southeast"][1] == at["Southwest"][1]
    assert len(cells(made)) == 5 * 5
    assert max(c[2] for c in cells(made)) <= WIDTH


def test_the_shaded_cells_are_those_of_the_corner() -> None:
    shaded = re.findall(r"<rect [^>]*color-mix[^>]*>", grid([("A", 1, 1)]).svg)
    assert len(shaded) == 3 * 2


def test_an_outline_is_told_apart_in_the_legend() -> None:
    assert "has not joined" in grid([("A", 1, 1)], full=False).legend
    assert "has not joined" not in grid([("A", 1, 1)]).legend


def test_many_marks_without_a_name_stand_side_by_side_in_their_cell() -> None:
    rows = [("Named", 2, 2, True), *((f"Hidden {i}", 2, 2, False) for i in range(50)), ("Far", 5, 5, True)]
    items = pd.DataFrame(rows, columns=["name", "x", "y", "named"]).assign(kind="Schools", full=True)
    made = name_grid(
        items, kinds=["Schools"], scale=(1, 5), axes=("right", "up"), corner=(3, 4, "shaded"), title="t", alt="a"
    )
    assert [words for words, _ in lines(made)] == ["Far", "Named"]
    spots = [(float(x), float(y)) for x, y in re.findall(r'<g><circle cx="([\d.]+)" cy="([\d.]+)"', made.svg)]
    assert len(spots) == len(rows)
    assert all(max(abs(a - c), abs(b - d)) >= 2 * RADIUS for (a, b), (c, d) in combinations(spots, 2))
    held = [cell for cell in cells(made) if sum(cell[0] <= x <= cell[2] and cell[1] <= y <= cell[3] for x, y in spots)]
    assert len(held) == 2
    assert "without a name here" in made.legend


def test_words_of_scripts_without_spaces_part_without_a_hyphen() -> None:
    made = grid([("谷地幼儿保育中心联合会" * 3, x, 1) for x in range(1, 6)])
    assert not any("-" in words for words, _ in lines(made))


def test_markup_in_a_name_is_text() -> None:
    made = grid([("<script>alert(1)</script>", 2, 2)])
    assert "<script" not in made.svg
    assert "&lt;script" in made.svg


def test_kinds_differ_by_shape_and_colour() -> None:
    looks = looks_of([str(i) for i in range(11)])
    assert len({shape for shape, _ in looks.values()}) == 11
