"""What the public edition leaves out, and what neither edition may show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from ci_analysis import pipeline
from ci_analysis.report.editions import edition_of
from ci_analysis.report.withhold import enough_answers, public_study, public_tables, withheld_rows
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def tables(study: Study) -> dict[str, pd.DataFrame]:
    return pipeline.compute(study)


def with_table(study: Study, name: str, frame: pd.DataFrame) -> Study:
    return replace(study, tables=MappingProxyType({**study.tables, name: frame}))


def gap(*needs: tuple[str, str, float]) -> pd.DataFrame:
    rows = pd.DataFrame(needs, columns=["geoid", "segment", "need"])
    return conform(rows.reindex(columns=OUTPUTS["gap"].names), OUTPUTS["gap"])


def withheld(frame: pd.DataFrame, *, exempt: bool = False) -> list[bool]:
    return withheld_rows(frame, OUTPUTS["gap"], minimum=11, exempt=pd.Series(exempt, index=frame.index)).to_list()


def test_a_small_count_takes_its_whole_area_and_the_next_smallest_with_it() -> None:
    frame = gap(("1", "all", 40), ("1", "preschool", 30), ("1", "school-age", 10), ("2", "all", 50), ("3", "all", 90))
    # 40 − 30 would give the 10 back; and with area 1 alone withheld, the total less 2 and 3 would give 40.
    assert withheld(frame) == [True, True, True, True, False]


@pytest.mark.parametrize(("count", "expected"), [(0.0, False), (0.4, True), (1.0, True), (10.9, True), (11.0, False)])
def test_zero_and_the_minimum_itself_may_be_shown(count: float, expected: bool) -> None:
    frame = gap(("1", "all", count), ("2", "all", 500), ("3", "all", 900))
    assert withheld(frame)[0] is expected


def test_two_withheld_areas_need_no_third_where_their_sum_tells_nothing() -> None:
    assert withheld(gap(("1", "all", 6), ("2", "all", 7), ("3", "all", 90))) == [True, True, False]
    # 1 and 1: their sum of 2, which the total gives back, would say both.
    assert withheld(gap(("1", "all", 1), ("2", "all", 1), ("3", "all", 90), ("4", "all", 95))) == [True] * 3 + [False]


def test_a_missing_count_is_not_a_small_one() -> None:
    assert withheld(gap(("1", "all", float("nan")), ("2", "all", 50))) == [False, False]


def test_totals_that_add_up_to_each_other_go_together() -> None:
    rows = pd.DataFrame({"segment": ["preschool", "school-age", "all"], "need": [6.0, 40.0, 46.0]})
    frame = conform(rows.reindex(columns=OUTPUTS["gap_summary"].names), OUTPUTS["gap_summary"])
    no = pd.Series(False, index=frame.index)
    assert withheld_rows(frame, OUTPUTS["gap_summary"], minimum=11, exempt=no).all()
    assert not withheld_rows(frame, OUTPUTS["gap_summary"], minimum=5, exempt=no).any()


def test_shares_of_income_that_give_providers_prices_back_are_not_public(
    study: Study, tables: dict[str, pd.DataFrame]
) -> None:
    assert "affordability" in public_tables(study, tables), "here prices are published, by county"
    priced = study.tables["capacity"].copy()
    priced.loc[0, "price_week"] = 250.0
    assert "affordability" not in public_tables(with_table(study, "capacity", priced), tables)


def test_published_figures_are_exempt() -> None:
    assert withheld(gap(("1", "all", 4), ("2", "all", 50)), exempt=True) == [False, False]


def test_an_indicator_without_a_source_is_protected(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    own = tables["indicators"].copy()
    place = (own["indicator"] == "children") & (own["geoid"] == "08079") & (own["segment"] == "preschool")
    assert place.any()
    own.loc[place, "value"] = 7.0
    own["source"] = own["source"].mask(own["indicator"] == "children")
    shown = public_tables(study, {**tables, "indicators": own})["indicators"]
    here = shown["geoid"] == "08079"
    hidden = shown[here & (shown["indicator"] == "children")]
    assert len(hidden)
    assert hidden["value"].isna().all()
    assert hidden[["moe", "low", "high", "cv", "percentile"]].isna().all(axis=None), "nothing that gives it back"
    assert shown[here & shown["source"].notna()]["value"].notna().any(), "published figures stay"


def test_a_partners_small_count_takes_the_whole_measure(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    measures = tables["measures"].copy()
    rows = measures["measure_id"] == "credentialed-teachers"
    measures.loc[rows, "latest"] = 6.0
    shown = public_tables(study, {**tables, "measures": measures})["measures"].set_index("measure_id")
    assert shown.loc[["credentialed-teachers"], ["baseline", "latest", "progress", "status"]].isna().all(axis=None)
    assert shown.loc[["seats-home"], "latest"].notna().all()


def test_what_belongs_to_the_coalition_alone_is_not_in_a_public_study(study: Study) -> None:
    public = public_study(study)
    assert set(public.tables) == set(INPUTS)
    for name in ("ties", "readiness", "weights", "decisions"):
        assert len(study.tables[name]) > 0
        assert len(public.tables[name]) == 0
    partners = public.tables["partners"]
    assert "prospect" in set(study.tables["partners"]["status"])
    assert "prospect" not in set(partners["status"])
    assert partners[["contact", "interest", "influence"]].isna().all(axis=None)
    assert set(public.labels["partner_id"]) == set(partners["partner_id"])
    assert public.tables["voices"]["public"].all()
    assert not public.tables["communications"]["internal"].any()
    internal = study.tables["measures"].query("audience == 'internal'")["measure_id"].to_list()
    assert internal
    for name, table in INPUTS.items():
        for column in table.columns:
            if column.link == "measures.measure_id" or (name, column.name) == ("measures", "measure_id"):
                assert not public.tables[name][column.name].isin(internal).any(), name
    own = [c for t in public.tables.values() for c in t.columns if c.startswith("x_")]
    assert set(own) <= {"x_illustrative", "x_target_illustrative"}


def test_a_public_study_is_made_without_touching_the_study(study: Study) -> None:
    before = {name: frame.copy(deep=True) for name, frame in study.tables.items()}
    public_study(study)
    for name, frame in study.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_internal_communications_and_measures_are_in_no_public_table(
    study: Study, tables: dict[str, pd.DataFrame]
) -> None:
    shown = public_tables(study, tables)
    inside = study.tables["communications"].query("internal")["communication_id"]
    assert len(inside)
    assert not shown["communications"]["communication_id"].isin(inside).any()
    internal = study.tables["measures"].query("audience == 'internal'")["measure_id"]
    for name, frame in shown.items():
        if "measure_id" in frame:
            assert not frame["measure_id"].isin(internal).any(), name


def test_small_counts_of_the_community_itself_are_withheld(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    observations = study.tables["observations"].copy()
    rows = observations["measure_id"] == "licences-home"
    observations.loc[rows, "value"] = 5.0
    measures = tables["measures"].copy()
    measures.loc[measures["measure_id"] == "licences-home", ["baseline", "latest"]] = 5.0
    changed = with_table(study, "observations", observations)
    shown = public_tables(changed, {**tables, "measures": measures})["measures"].set_index("measure_id")
    assert shown.loc[["licences-home"], ["baseline", "latest"]].isna().all(axis=None)
    assert shown.loc[["families-in-poverty"], "latest"].notna().all(), "a share is no count"


def test_the_order_of_few_partners_is_not_public(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    weights = study.tables["weights"]
    one = with_table(study, "weights", weights[weights["partner_id"] == weights["partner_id"].iloc[0]])
    assert not {"ranking", "portfolio", "agenda_arithmetic"} & set(public_tables(one, tables))
    assert {"ranking", "portfolio", "agenda_arithmetic"} <= set(public_tables(study, tables))


def test_a_prospect_is_named_nowhere_in_a_public_study(study: Study) -> None:
    prospect = study.tables["partners"].query("status == 'prospect'")["partner_id"].iloc[0]
    deliverables = study.tables["deliverables"].copy()
    deliverables.loc[0, "owner"] = prospect
    initiatives = study.tables["initiatives"].copy()
    initiatives.loc[0, "partners"] = f"backbone-office;{prospect}"
    public = public_study(with_table(with_table(study, "deliverables", deliverables), "initiatives", initiatives))
    assert all(prospect not in frame.to_csv() for frame in public.tables.values())
    assert public.tables["initiatives"]["partners"].iloc[0] == "backbone-office"


def test_a_study_may_publish_a_table_by_name(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    publish = study.settings.publish.model_copy(update={"tables": ("ties",)})
    open_study = replace(study, settings=study.settings.model_copy(update={"publish": publish}))
    assert edition_of(open_study, tables, "public").may_show("ties")
    assert not edition_of(study, tables, "public").may_show("ties")


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_scores_of_few_respondents_are_in_no_edition(study: Study, tables: dict[str, pd.DataFrame], kind: str) -> None:
    conditions = tables["conditions"]
    few = conditions["respondents"] < study.settings.minimum_respondents
    assert few.any(), "the example has a wave with too few answers"
    assert conditions.loc[few, "score"].notna().all()
    shown = edition_of(study, tables, kind).tables["conditions"]
    assert shown.loc[few, ["score", "low", "high", "level"]].isna().all(axis=None)
    assert shown.loc[~few, "score"].notna().all()


def test_trust_from_few_raters_is_not_shown(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    partners = enough_answers(study, tables)["network_partners"]
    few = partners["n_ratings"] < study.settings.minimum_respondents
    assert few.any()
    assert partners.loc[few, ["trust", "value"]].isna().all(axis=None)
    assert partners.loc[~few, "trust"].notna().all()


def test_a_section_with_a_private_table_is_left_out_of_the_public_edition(
    study: Study, tables: dict[str, pd.DataFrame]
) -> None:
    def draw(*_: object) -> None:
        raise AssertionError("nothing is drawn from what may not be shown")

    assert edition_of(study, tables, "public").section(draw, "sector_coverage", "ties", shows="x").html == ""
