from __future__ import annotations

import datetime as dt
from math import nan, sqrt

import pandas as pd
import pytest

from ci_analysis.landscape import latest_figures, need_estimates, output_rows, roll_up


@pytest.fixture
def areas():
    return pd.DataFrame({"geoid": ["01001", "01003", "01005", "01007", "01009"]})


@pytest.fixture
def figures(table):
    def make(*rows):
        names = ["geoid", "indicator", "period", "segment", "value", "moe"]
        return table("indicators", [dict(zip(names, row, strict=True)) for row in rows])

    return make


def of(need, geoid, segment):
    return need.set_index(["geoid", "segment"]).loc[(geoid, segment)]


def test_rows_are_segments_then_groups_then_all(profile):
    assert output_rows(profile) == {
        "infant-toddler": ("infant-toddler",),
        "preschool": ("preschool",),
        "school-age": ("school-age",),
        "under-six": ("infant-toddler", "preschool"),
        "all": ("infant-toddler", "preschool", "school-age"),
    }
    bare = profile.model_copy(update={"segments": (), "groups": ()})
    assert output_rows(bare) == {"all": ()}


def test_the_period_is_the_same_for_all_areas(figures, areas, as_of):
    old = [(g, "children", "2023", None, 10, 1) for g in areas["geoid"]]
    three = figures(*old, *((g, "children", "2024", None, 20, 1) for g in areas["geoid"][:3]))
    four = figures(*old, *((g, "children", "2024", None, 20, 1) for g in areas["geoid"][:4]))
    # Three areas of five are too few; with four of five, 80 %, the fifth has none.
    assert latest_figures(three, "children", areas=areas, as_of=as_of)["period"].to_list() == ["2023"] * 5
    assert latest_figures(four, "children", areas=areas, as_of=as_of)["period"].to_list() == ["2024"] * 4


def test_each_segment_has_its_own_period(figures, areas, as_of):
    rows = [(g, "children", p, s, 1, 1) for g in areas["geoid"] for p, s in [("2024", "preschool"), ("2023", None)]]
    found = latest_figures(figures(*rows), "children", areas=areas, as_of=as_of)
    assert set(map(tuple, found[["segment", "period"]].fillna("").to_numpy())) == {("preschool", "2024"), ("", "2023")}


def test_a_period_counts_only_once_it_has_ended(figures, areas):
    rows = [(g, "children", p, None, 1, 1) for g in areas["geoid"] for p in ("2025", "2026-Q2", "2026")]
    found = latest_figures(figures(*rows), "children", areas=areas, as_of=dt.date(2026, 6, 30))
    assert set(found["period"]) == {"2026-Q2"}
    assert set(latest_figures(figures(*rows), "children", areas=areas, as_of=dt.date(2026, 6, 29))["period"]) == {
        "2025"
    }


def test_an_empty_cell_covers_nothing_and_other_places_do_not_count(figures, areas, as_of):
    old = [(g, "children", "2023", None, 10, 1) for g in areas["geoid"]]
    empty = [(g, "children", "2024", None, nan, 1) for g in areas["geoid"]]
    elsewhere = [(f"0200{i}", "children", "2024", None, 9, 1) for i in range(9)]
    found = latest_figures(figures(*old, *empty, *elsewhere), "children", areas=areas, as_of=as_of)
    assert found["geoid"].to_list() == areas["geoid"].to_list()
    assert set(found["period"]) == {"2023"}


def test_no_period_that_covers_enough_means_no_figure(figures, areas, as_of):
    rows = [(g, "children", str(2020 + i), None, 10, 1) for i, g in enumerate(areas["geoid"])]
    assert latest_figures(figures(*rows), "children", areas=areas, as_of=as_of).empty


def test_need_is_people_times_share_with_the_product_s_margin(figures, areas, profile, as_of):
    need = need_estimates(
        figures(
            ("01001", "children", "2024", "preschool", 100, 20),
            ("01001", "share_all_parents_working", "2018", "preschool", 0.6, 0.1),
        ),
        areas, profile, as_of=as_of,
    )  # fmt: skip
    row = of(need, "01001", "preschool")
    assert row["need"] == pytest.approx(100 * 0.6)
    assert row["need_moe"] == pytest.approx(sqrt(100**2 * 0.1**2 + 0.6**2 * 20**2))
    assert (row["need_basis"], row["need_period"]) == ("people-times-share", "2018;2024")


@pytest.mark.parametrize(
    ("people_moe", "share_moe", "expected"),
    [(20, nan, 0.6 * 20), (nan, 0.1, 100 * 0.1), (nan, nan, None)],
)
def test_a_factor_without_a_margin_is_exact(figures, areas, profile, as_of, people_moe, share_moe, expected):
    indicators = figures(
        ("01001", "children", "2024", "preschool", 100, people_moe),
        ("01001", "share_all_parents_working", "2024", "preschool", 0.6, share_moe),
    )
    moe = of(need_estimates(indicators, areas, profile, as_of=as_of), "01001", "preschool")["need_moe"]
    assert pd.isna(moe) if expected is None else moe == pytest.approx(expected)


def test_the_segment_s_own_share_comes_before_everybody_s(figures, areas, profile, as_of):
    need = need_estimates(
        figures(
            ("01001", "children", "2024", "preschool", 100, 1),
            ("01001", "children", "2024", "infant-toddler", 100, 1),
            ("01001", "share_all_parents_working", "2024", "preschool", 0.7, nan),
            ("01001", "share_all_parents_working", "2024", None, 0.5, nan),
        ),
        areas, profile, as_of=as_of,
    )  # fmt: skip
    assert of(need, "01001", "preschool")["need"] == pytest.approx(70)
    assert of(need, "01001", "infant-toddler")["need"] == pytest.approx(50)


def test_without_any_share_need_is_people(figures, areas, profile, as_of):
    need = need_estimates(figures(("01001", "children", "2024", "preschool", 100, 7)), areas, profile, as_of=as_of)
    assert of(need, "01001", "preschool")[["need", "need_moe", "need_basis"]].to_list() == [100, 7, "people"]


def test_where_only_this_area_lacks_the_share_its_need_is_missing(figures, areas, profile, as_of):
    # All its children, beside a share of the neighbours', would make it look the neediest.
    rows = [(g, "children", "2024", "preschool", 100, 7) for g in areas["geoid"]]
    rows += [(g, "share_all_parents_working", "2024", "preschool", 0.6, 0.1) for g in areas["geoid"][1:]]
    need = need_estimates(figures(*rows), areas, profile, as_of=as_of)
    assert of(need, "01001", "preschool")[["need", "need_moe", "need_basis", "need_period"]].isna().all()
    assert of(need, "01003", "preschool")["need"] == pytest.approx(60)


def test_no_children_means_no_need_whatever_the_share(figures, areas, profile, as_of):
    rows = [(g, "children", "2024", "preschool", v, 12) for g, v in zip(areas["geoid"], [0, 9, 9, 9, 9], strict=True)]
    rows += [(g, "share_all_parents_working", "2024", "preschool", 0.6, 0.1) for g in areas["geoid"][1:]]
    row = of(need_estimates(figures(*rows), areas, profile, as_of=as_of), "01001", "preschool")
    assert row[["need", "need_moe"]].to_list() == [0, 12]


def test_the_direct_count_wins_where_present(figures, areas, profile, as_of):
    rows = [(g, "children", "2024", "preschool", 100, 7) for g in areas["geoid"]]
    rows += [(g, "children_all_parents_working", "2023", "preschool", 64, 9) for g in areas["geoid"][:4]]
    need = need_estimates(figures(*rows), areas, profile, as_of=as_of)
    expected = [64, 9, "direct", "2023"]
    assert of(need, "01001", "preschool")[["need", "need_moe", "need_basis", "need_period"]].to_list() == expected
    assert of(need, "01009", "preschool")["need_basis"] == "people"


def test_groups_sum_their_segments_and_a_zero_s_margin_counts_once(figures, areas, profile, as_of):
    indicators = figures(
        ("01001", "children", "2024", "infant-toddler", 0, 12),
        ("01001", "children", "2024", "preschool", 0, 9),
        ("01001", "children", "2023", "school-age", 50, 16),
    )
    need = need_estimates(indicators, areas, profile, as_of=as_of)
    assert of(need, "01001", "under-six")[["need", "need_moe"]].to_list() == [0, 12]
    assert of(need, "01001", "all")[["need", "need_moe"]].to_list() == pytest.approx([50, sqrt(12**2 + 16**2)])
    assert of(need, "01001", "all")["need_period"] == "2023;2024"


def test_a_group_with_an_unknown_segment_is_unknown(figures, areas, profile, as_of):
    rows = [(g, "children", "2024", "infant-toddler", 10, 1) for g in areas["geoid"]]
    rows += [(g, "children", "2024", "preschool", 10, 1) for g in areas["geoid"][1:]]
    need = need_estimates(figures(*rows), areas, profile, as_of=as_of)
    assert pd.isna(of(need, "01001", "under-six")["need"])
    assert of(need, "01003", "under-six")["need"] == 20
    # School-age children are counted nowhere: everybody's need is unknown, not that of the two segments.
    assert need.loc[need["segment"].eq("all"), "need"].isna().all()


def test_need_without_segments_is_everybody_s_alone(figures, areas, profile, as_of):
    need = need_estimates(figures(("01001", "children", "2024", None, 80, 5)), areas, profile, as_of=as_of)
    assert of(need, "01001", "all")[["need", "need_moe", "need_basis"]].to_list() == [80, 5, "people"]
    assert need.loc[need["segment"].ne("all"), "need"].isna().all()


def test_a_group_s_own_figure_serves_where_its_segments_have_none(figures, areas, profile, as_of):
    need = need_estimates(figures(("01001", "children", "2024", "under-six", 80, 5)), areas, profile, as_of=as_of)
    assert of(need, "01001", "under-six")["need"] == 80
    assert pd.isna(of(need, "01001", "all")["need"])


def test_every_area_has_every_row_in_order_and_leading_zeros(figures, areas, profile, as_of):
    need = need_estimates(figures(("01001", "children", "2024", None, 80, 5)), areas[::-1], profile, as_of=as_of)
    assert need["geoid"].to_list() == [g for g in areas["geoid"] for _ in output_rows(profile)]
    assert need["segment"].to_list() == list(output_rows(profile)) * 5


def test_an_issue_without_share_and_direct_count(figures, areas, profile, as_of):
    bare = profile.model_copy(update={"need": profile.need.model_copy(update={"share": "", "direct": ""})})
    indicators = figures(
        ("01001", "children", "2024", "preschool", 100, 7),
        ("01001", "share_all_parents_working", "2024", "preschool", 0.5, 0.1),
    )
    assert of(need_estimates(indicators, areas, bare, as_of=as_of), "01001", "preschool")["need"] == 100


def test_no_indicators_at_all(table, areas, profile, as_of):
    need = need_estimates(table("indicators", []), areas, profile, as_of=as_of)
    assert len(need) == 5 * 5
    assert need["need"].isna().all()


def test_need_does_not_depend_on_the_order_of_rows(study):
    indicators, areas = study.tables["indicators"], study.areas
    need = need_estimates(indicators, areas, study.profile, as_of=study.settings.as_of)
    shuffled = need_estimates(
        indicators.sample(frac=1, random_state=5), areas[::-1], study.profile, as_of=study.settings.as_of
    )
    pd.testing.assert_frame_equal(shuffled, need)


def test_roll_up_conserves_totals(profile, areas):
    segments = list(output_rows(profile))[:3]
    figures = pd.DataFrame(
        [
            {"geoid": g, "segment": s, "value": 10.0 * i + j, "moe": 1.0, "basis": "people", "period": "2024"}
            for i, g in enumerate(areas["geoid"])
            for j, s in enumerate(segments)
        ]
    )
    rolled = roll_up(figures, areas, profile)
    assert rolled.loc[rolled["segment"].eq("all"), "value"].sum() == figures["value"].sum()


def test_spellings_of_one_period_are_one_period(figures, areas, as_of):
    spelt = ["2024", "2024-Q4", "2024-12", "2024-12-31", "2024"]
    rows = figures(*((g, "children", p, None, 20, 1) for g, p in zip(areas["geoid"], spelt, strict=True)))
    assert len(latest_figures(rows, "children", areas=areas, as_of=as_of)) == 5
