"""What the survey's codes and limits become: read from a folder, as they arrive."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ci_analysis.landscape import censored, indicator_kinds, indicator_table
from ci_analysis.study import Study
from ci_analysis.tables import ACS_REASONS, OPEN_ENDED

SETTINGS = 'format: 1\ntitle: T\ncommunity: C\nissue: child-care\nlevel: county\ncounties: ["08"]\nas_of: 2026-06-30\n'


def read(folder: Path, *rows: str) -> Study:
    """A study whose areas have these figures: indicator, value, margin and reason."""
    folder.mkdir()
    (folder / "study.yaml").write_text(SETTINGS, encoding="utf-8")
    counties = [f"08{n:03}" for n in range(1, 2 * len(rows), 2)]
    lines = [f"{c},{r.split(',')[0]},2024,,{','.join(r.split(',')[1:])}" for c, r in zip(counties, rows, strict=True)]
    text = "\n".join(["geoid,indicator,period,segment,value,moe,reason", *lines, ""])
    (folder / "indicators.csv").write_text(text, encoding="utf-8")
    return Study.read(folder)


def table_of(study: Study) -> pd.DataFrame:
    return indicator_table(study.tables["indicators"], profile=study.profile)


@pytest.mark.parametrize("code", [c for c in ACS_REASONS if ACS_REASONS[c] != OPEN_ENDED])
def test_a_code_is_missing_with_its_reason_and_a_missing_margin_keeps_its_value(tmp_path, code):
    study = read(tmp_path / "s", f"children,{code:.0f},{code:.0f},", f"children,40,{code:.0f},")
    frame = study.tables["indicators"]
    assert frame["reason"].to_list() == [ACS_REASONS[code]] * 2
    result = table_of(study)
    assert result["value"].isna().to_list() == [True, False]
    assert result[["moe", "low", "high", "cv", "quality", "censored"]].isna().all(axis=None)
    assert result["suppressed"].to_list() == [True, False]
    # A value that is there has no reason to be missing.
    assert result["reason"].isna().to_list() == [False, True]


def test_a_value_s_own_reason_stands_before_its_margin_s_and_the_study_s_before_both(tmp_path):
    rows = ("children,-666666666,-222222222,", "children,-666666666,-222222222,asked again")
    frame = read(tmp_path / "s", *rows).tables["indicators"]
    assert frame["reason"].to_list() == ["too few sample cases for an estimate", "asked again"]


def test_a_controlled_figure_is_exact(tmp_path):
    row = table_of(read(tmp_path / "s", "children,40,-555555555,")).iloc[0]
    assert row[["value", "moe", "low", "high", "cv"]].to_list() == [40, 0, 40, 40, 0]
    assert row["quality"] == "high"
    assert pd.isna(row["reason"])


def test_the_open_ended_code_keeps_the_value_as_a_limit(tmp_path):
    # No catalogue knows this indicator: the side is that of the other figures.
    rows = ("rent,3501,-333333333,", "rent,900,30,", "rent,99,-333333333,", "rent,-333333333,-333333333,")
    result = table_of(read(tmp_path / "s", *rows))
    assert result["censored"].fillna("").to_list() == ["or-more", "", "or-less", ""]
    assert result["low"].fillna(-1).to_list() == [3501, 870, -1, -1]
    assert result["high"].fillna(-1).to_list() == [-1, 930, 99, -1]
    limits = result["censored"].notna()
    assert result.loc[limits, ["moe", "cv", "quality"]].isna().all(axis=None)
    assert (result.loc[limits, "reason"] == OPEN_ENDED).all()
    assert result["suppressed"].to_list() == [False, False, False, True]
    # A limit has its place among the areas.
    assert result["percentile"].to_list()[:3] == [2.5 / 3, 1.5 / 3, 0.5 / 3]


def test_the_catalogue_s_limits_hold_without_a_code(tmp_path):
    income = "median_household_income"
    rows = (f"{income},250001,100,", f"{income},250000,100,", f"{income},2499,,", f"{income},2500,10,")
    result = table_of(read(tmp_path / "s", *rows))
    assert result["censored"].fillna("").to_list() == ["or-more", "", "or-less", ""]
    assert result["moe"].notna().to_list() == [False, True, False, True]
    assert result["reason"].notna().to_list() == [True, False, True, False]


def test_a_lone_limit_is_or_more_and_a_margin_alone_is_none(table):
    frame = table("indicators", [{"geoid": "08001", "indicator": "rent", "period": "2024", "value": 9.0}])
    assert censored(frame).isna().all()
    assert censored(frame.assign(reason=OPEN_ENDED)).to_list() == ["or-more"]
    assert censored(frame.assign(value=None, reason=OPEN_ENDED).astype({"value": "float64"})).isna().all()


def test_kinds_come_from_the_catalogue_before_the_name(profile):
    names = pd.Series(["children", "rate_poverty", "share_x", "rate_x", "count_x", "x"], index=list("fedcba"))
    kinds = indicator_kinds(names, profile)
    # A rate that is measured as a share has a share's limits.
    assert kinds.fillna("").to_list() == ["count", "share", "share", "rate", "count", ""]
    assert kinds.index.equals(names.index)
