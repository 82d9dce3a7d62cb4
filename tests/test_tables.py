"""Cells, columns and the declaration itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_analysis.tables import (
    INPUTS,
    OUTPUTS,
    Column,
    conform,
    listed,
    number,
    parse,
    period_end,
    read_written,
    write_csv,
)

ALL = [*INPUTS.values(), *OUTPUTS.values()]


@pytest.mark.parametrize("table", ALL, ids=lambda t: t.name)
def test_a_declaration_is_sound(table) -> None:
    assert table.key, "rows can be told apart"
    assert table.help.endswith(".")
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert column.help
        assert bool(column.choices) == (column.kind == "choice")
        if column.link:
            home, key = column.link.split(".")
            assert key in INPUTS[home].by_name
    for columns in (*table.needs, *table.ascending):
        assert set(columns) <= set(table.names)


@pytest.mark.parametrize("table", OUTPUTS.values(), ids=lambda t: t.name)
def test_what_a_run_leaves_names_what_it_rests_on(table) -> None:
    assert bool(table.made_from) != (table.step == "pipeline"), "what tells of other runs rests on every table"
    assert set(table.made_from) <= {*INPUTS, "agenda", "backbone", "budget", "preconditions"}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_read_back(value: float) -> None:
    assert number(pd.Series([repr(value)])).iloc[0] == value


@given(st.text(max_size=12))
def test_no_text_is_read_as_a_number_unless_python_reads_it_so_too(text: str) -> None:
    read = number(pd.Series([text])).iloc[0]
    if not np.isnan(read):
        assert float(text) == read


@given(st.text(max_size=20), st.sampled_from(sorted({c.kind for t in ALL for c in t.columns})))
def test_any_cell_is_either_read_or_faulted(text: str, kind: str) -> None:
    column = Column("c", kind, "anything", choices=("a",) if kind == "choice" else ())
    values, faults = parse(column, pd.Series([text.strip()]))
    if text.strip() == "":
        assert values.isna().all()
        assert faults == []
    else:
        assert values.isna().iloc[0] == bool(faults)


def test_every_kind_of_period_ends_on_its_last_day() -> None:
    given_periods = pd.Series(["2024", "2023-Q1", "2023-Q4", "2024-02", "2023-02", "2024-02-03", None], dtype="str")
    expected = ["2024-12-31", "2023-03-31", "2023-12-31", "2024-02-29", "2023-02-28", "2024-02-03"]
    ends = period_end(given_periods)
    assert ends.iloc[:-1].dt.strftime("%Y-%m-%d").to_list() == expected
    assert pd.isna(ends.iloc[-1])


def test_listed_leaves_the_frame_alone_and_keeps_rows_together() -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "of": ["x;y", None, " z ; "]})
    before = frame.copy(deep=True)
    assert listed(frame, "of").to_numpy().tolist() == [["a", "x"], ["a", "y"], ["c", "z"]]
    pd.testing.assert_frame_equal(frame, before)


def test_conform_refuses_a_frame_without_a_column() -> None:
    with pytest.raises(ValueError, match="table regions lacks region"):
        conform(pd.DataFrame({"geoid": ["1"], "region_kind": ["x"]}), INPUTS["regions"])


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    table = OUTPUTS["gap"]
    rows = {
        "geoid": ["08001", "08003"],
        "segment": ["all", "all"],
        "need": [1 / 3, np.nan],
        "cap_desert": [True, None],
        "need_basis": ["direct", None],
    }
    frame = conform(pd.DataFrame({c: rows.get(c, [None, None]) for c in table.names}), table)
    write_csv(frame, tmp_path / "gap.csv")
    text = (tmp_path / "gap.csv").read_text(encoding="utf-8")
    assert "08001,all,0.333333333333," in text
    assert ",yes," in text
    again = read_written(tmp_path / "gap.csv", table)
    pd.testing.assert_frame_equal(again, frame.assign(need=[0.333333333333, np.nan]))
    write_csv(again, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text(encoding="utf-8") == text
