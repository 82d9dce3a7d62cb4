from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ci_analysis.rollup import latest_figures
from ci_analysis.strategy import agenda_arithmetic, shared_claims
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]
AS_OF = date(2026, 6, 30)


def chosen(**projects: bool) -> pd.DataFrame:
    return pd.DataFrame({"rule": "value", "project_id": list(projects), "chosen": list(projects.values())})


def latest(value: float, measure: str = "m") -> pd.DataFrame:
    return pd.DataFrame({"measure_id": [measure], "latest": [value]})


@pytest.fixture
def measure(table: Make) -> Callable[..., pd.DataFrame]:
    def make(direction: str = "up", target: float = np.nan, **more: object) -> pd.DataFrame:
        return table("measures", {"measure_id": "m", "direction": direction, "target": target, **more})

    return make


@pytest.fixture
def effect(table: Make) -> Callable[..., pd.DataFrame]:
    """Effects of projects on measure m, each (low, mid, high)."""

    def make(**projects: tuple[float, float, float]) -> pd.DataFrame:
        rows = [
            {"project_id": p, "measure_id": "m", "low": low, "mid": mid, "high": high}
            for p, (low, mid, high) in projects.items()
        ]
        return table("effects", *rows)

    return make


# --- arithmetic ------------------------------------------------------------------------------------------------------


def test_needed_is_what_target_latest_and_expected_leave(measure, effect) -> None:
    effects = effect(a=(10, 20, 30), b=(5, 25, 60), c=(100, 100, 100))
    about = measure(target=100, expected=15, baseline=20)
    row = agenda_arithmetic(effects, chosen(a=True, b=True, c=False), about, latest(40)).iloc[0]
    assert row[["baseline", "latest", "target"]].to_list() == [20, 40, 100]
    assert row["needed"] == 100 - 40 - 15
    assert row[["low", "mid", "high"]].to_list() == [10 + 5, 20 + 25, 30 + 60]
    assert row["share_of_needed"] == (20 + 25) / (100 - 40 - 15)
    assert row["verdict"] == "likely"


def test_where_no_change_is_expected_none_is_counted(measure, effect) -> None:
    row = agenda_arithmetic(effect(a=(1, 2, 3)), chosen(a=True), measure(target=100), latest(40)).iloc[0]
    assert row["needed"] == 100 - 40


@pytest.mark.parametrize(
    ("target", "low", "mid", "high", "verdict"),
    [
        # latest is 100: 10 are needed
        (110, 10, 20, 30, "enough"),
        (110, 9, 10, 30, "likely"),
        (110, 1, 9, 10, "stretch"),
        (110, 1, 2, 9, "short"),
        (110, -5, -2, -1, "short"),
        (100, 1, 2, 3, "met"),
        (90, 1, 2, 3, "met"),
        (90, np.nan, np.nan, np.nan, "met"),
        # a figure that would tell is missing
        (np.nan, 1, 2, 3, "unknown"),
        (110, 1, np.nan, 3, "unknown"),
        (110, np.nan, 10, 30, "likely"),
        (110, np.nan, 9, 10, "stretch"),
        (110, np.nan, 2, 9, "short"),
        (110, 1, 9, np.nan, "unknown"),
        (110, 10, 20, np.nan, "enough"),
        (110, 1, 10, np.nan, "likely"),
    ],
)
def test_verdicts_in_both_directions(measure, effect, target, low, mid, high, verdict) -> None:
    up = agenda_arithmetic(effect(a=(low, mid, high)), chosen(a=True), measure("up", target), latest(100))
    assert up["verdict"].to_list() == [verdict]
    # A measure that is to fall is the same picture upside down.
    down = agenda_arithmetic(effect(a=(-low, -mid, -high)), chosen(a=True), measure("down", -target), latest(-100))
    assert down["verdict"].to_list() == [verdict]
    pd.testing.assert_series_equal(down["needed"], -up["needed"])
    pd.testing.assert_series_equal(down["share_of_needed"], up["share_of_needed"])


def test_low_is_the_effect_that_helps_least_whichever_way_round_it_was_written(measure, effect) -> None:
    for written in ((-9, -5, -2), (-2, -5, -9)):
        row = agenda_arithmetic(effect(a=written), chosen(a=True), measure("down", 10), latest(15)).iloc[0]
        assert row[["low", "mid", "high"]].to_list() == [-2, -5, -9]
        assert row["needed"] == 10 - 15
        assert row["verdict"] == "likely"
    one_sided = agenda_arithmetic(effect(a=(-9, -5, np.nan)), chosen(a=True), measure("down", 10), latest(15)).iloc[0]
    assert np.isnan(one_sided["low"])
    assert one_sided["high"] == -9


def test_a_sum_with_a_missing_member_is_missing(measure, effect) -> None:
    effects = effect(a=(1, 2, 3), b=(np.nan, 2, np.nan))
    row = agenda_arithmetic(effects, chosen(a=True, b=True), measure(target=104), latest(100)).iloc[0]
    assert row["mid"] == 2 + 2
    assert row[["low", "high"]].isna().all()


def test_projects_without_an_effect_on_the_measure_leave_it_unknown(measure, effect) -> None:
    row = agenda_arithmetic(effect(b=(1, 2, 3)), chosen(a=True, b=False), measure(target=104), latest(100)).iloc[0]
    assert row[["low", "mid", "high", "share_of_needed"]].isna().all()
    assert row["verdict"] == "unknown"


def test_where_nothing_is_needed_there_is_no_share_of_it(measure, effect) -> None:
    for target in (100, 90):
        row = agenda_arithmetic(effect(a=(1, 2, 3)), chosen(a=True), measure(target=target), latest(100)).iloc[0]
        assert np.isnan(row["share_of_needed"])


def test_binary_fractions_do_not_turn_a_verdict(measure, effect) -> None:
    assert 0.8 - 0.6 > 0.2
    row = agenda_arithmetic(effect(a=(0.2, 0.3, 0.4)), chosen(a=True), measure(target=0.8), latest(0.6)).iloc[0]
    assert row["verdict"] == "enough"
    met = agenda_arithmetic(
        effect(a=(0.2, 0.3, 0.4)), chosen(a=True), measure(target=0.3, expected=0.1), latest(0.1 + 0.1)
    ).iloc[0]
    assert met["verdict"] == "met"


def test_every_rule_and_every_measure_has_a_row(table: Make) -> None:
    measures = table("measures", *({"measure_id": m, "direction": "up", "target": 10} for m in ("z", "y")))
    effects = table("effects", {"project_id": "a", "measure_id": "y", "low": 5, "mid": 5, "high": 5})
    portfolio = pd.DataFrame({"rule": ["value", "equal-shares"], "project_id": ["a", "a"], "chosen": [True, False]})
    result = agenda_arithmetic(effects, portfolio, measures, latest(5, "y"))
    assert result[["rule", "measure_id", "verdict"]].to_numpy().tolist() == [
        ["equal-shares", "y", "unknown"],
        ["equal-shares", "z", "unknown"],
        ["value", "y", "enough"],
        ["value", "z", "unknown"],
    ]
    assert list(result.columns) == OUTPUTS["agenda_arithmetic"].names


def test_no_portfolio_or_no_measures_is_no_arithmetic(measure, effect) -> None:
    assert agenda_arithmetic(effect(a=(1, 2, 3)), chosen(), measure(), latest(1)).empty
    assert agenda_arithmetic(effect(a=(1, 2, 3)), chosen(a=True), measure().head(0), latest(1)).empty
    row = agenda_arithmetic(empty_frame(INPUTS["effects"]), chosen(a=True), measure(target=3), latest(1).head(0))
    assert row["verdict"].to_list() == ["unknown"]
    assert row["needed"].isna().all()


def test_rows_in_another_order_and_other_units_give_the_same(table: Make) -> None:
    rng = np.random.default_rng(4)
    effects = pd.DataFrame({"measure_id": [f"m{i}" for i in range(4)]}).merge(
        pd.DataFrame({"project_id": list("abcdefgh")}), how="cross"
    )
    effects[["low", "mid", "high"]] = rng.random((len(effects), 3))
    measures = table(
        "measures",
        *({"measure_id": f"m{i}", "direction": d, "target": 3 * i} for i, d in enumerate(["up", "down"] * 2)),
    )
    figures = pd.DataFrame({"measure_id": measures["measure_id"], "latest": [1.0, 4.0, 2.0, 20.0]})
    portfolio = chosen(**dict.fromkeys("abcdefg", True), h=False)

    def turned(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sample(frac=1, random_state=3)

    one = agenda_arithmetic(effects, portfolio, measures, figures)
    other = agenda_arithmetic(*map(turned, (effects, portfolio, measures, figures)))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    effects[["low", "mid", "high"]] *= 1000
    measures["target"] *= 1000
    figures["latest"] *= 1000
    in_thousandths = agenda_arithmetic(effects, portfolio, measures, figures)
    assert in_thousandths["verdict"].equals(one["verdict"])
    assert in_thousandths["share_of_needed"].to_list() == pytest.approx(one["share_of_needed"].to_list(), nan_ok=True)
    assert in_thousandths["mid"].to_list() == pytest.approx((one["mid"] * 1000).to_list())


# --- shared claims ---------------------------------------------------------------------------------------------------


def test_projects_that_claim_the_same_people_are_named(table: Make) -> None:
    projects = table(
        "projects",
        {"project_id": "a", "segment": "preschool", "areas": "01;02"},
        {"project_id": "b", "segment": "preschool", "areas": "02;03"},
        {"project_id": "c", "segment": "preschool", "areas": "04"},
        {"project_id": "d", "segment": "school-age", "areas": "02"},
        {"project_id": "e", "areas": "01;02;03"},  # everybody
        {"project_id": "f", "segment": "school-age"},  # everywhere
        {"project_id": "g"},  # not chosen
    )
    effects = table("effects", *({"project_id": p, "measure_id": "m", "mid": 1} for p in "gfedcba"))
    pairs = shared_claims(effects, chosen(**dict.fromkeys("abcdef", True), g=False), projects)
    found = {a + b for a, b in zip(pairs["project_a"], pairs["project_b"], strict=True)}
    assert found == {"ab", "ae", "be", "de", "df", "ef"}
    assert pairs["project_a"].is_monotonic_increasing
    assert pairs.columns.to_list() == ["rule", "measure_id", "project_a", "project_b"]


def test_different_measures_claim_nothing_of_each_other(table: Make) -> None:
    projects = table("projects", {"project_id": "a"}, {"project_id": "b"})
    effects = table(
        "effects", {"project_id": "a", "measure_id": "m", "mid": 1}, {"project_id": "b", "measure_id": "n", "mid": 1}
    )
    assert shared_claims(effects, chosen(a=True, b=True), projects).empty
    assert shared_claims(effects.head(0), chosen(a=True, b=True), projects).empty


def pairs(*names: str, rule: str = "value") -> pd.DataFrame:
    """Claims of projects of one letter: `ab` is the pair of a and b."""
    return pd.DataFrame([{"rule": rule, "measure_id": "m", "project_a": p[0], "project_b": p[1]} for p in names])


@pytest.mark.parametrize(
    ("claimed", "left"),
    [
        ([], 10 + 8 + 5),
        (["ab"], 10 + 5),
        # All three: only the largest.
        (["ab", "ac", "bc"], 10),
        # a and c do not overlap, and b is already within a: the people of c are nobody else's.
        (["ab", "bc"], 10 + 5),
    ],
)
def test_of_projects_that_claim_the_same_people_the_largest_alone_counts(measure, effect, claimed, left) -> None:
    effects = effect(c=(4, 5, 6), a=(1, 10, 11), b=(8, 8, 8))
    portfolio, about = chosen(a=True, b=True, c=True), measure(target=20)
    shared = pairs(*claimed) if claimed else empty_frame(OUTPUTS["shared_claims"])
    row = agenda_arithmetic(effects, portfolio, about, latest(0), shared=shared).iloc[0]
    assert row["mid"] == left
    # The other way round, and for another rule, which has its own claims.
    down = effects.assign(low=-effects["low"], mid=-effects["mid"], high=-effects["high"])
    row = agenda_arithmetic(down, portfolio, measure("down", target=-20), latest(0), shared=shared).iloc[0]
    assert row["mid"] == -left
    if claimed:
        other = pairs(*claimed, rule="equal-shares")
        assert agenda_arithmetic(effects, portfolio, about, latest(0), shared=other)["mid"].to_list() == [10 + 8 + 5]


def test_of_equal_claims_the_first_counts_and_harm_is_never_left_out(measure, effect) -> None:
    effects = effect(a=(1, 5, 9), b=(2, 5, 6), c=(-9, -4, -1))
    portfolio = chosen(c=True, b=True, a=True)
    row = agenda_arithmetic(effects, portfolio, measure(target=20), latest(0), shared=pairs("ab", "ac", "bc")).iloc[0]
    assert row[["low", "mid", "high"]].to_list() == [1 - 9, 5 - 4, 9 - 1]


def test_claims_are_named_under_each_rule(table: Make) -> None:
    projects = table("projects", *({"project_id": p} for p in "abc"))
    effects = table("effects", *({"project_id": p, "measure_id": "m", "mid": 1} for p in "abc"))
    portfolio = pd.DataFrame(
        {"rule": ["value"] * 3 + ["equal-shares"] * 3, "project_id": list("abcabc"),
         "chosen": [True, True, False, False, True, True]}
    )  # fmt: skip
    result = shared_claims(effects, portfolio, projects)
    assert result.to_numpy().tolist() == [["equal-shares", "m", "b", "c"], ["value", "m", "a", "b"]]
    none = shared_claims(effects, portfolio.head(0), projects)
    assert none.empty
    assert none.dtypes.to_list() == empty_frame(OUTPUTS["shared_claims"]).dtypes.to_list()


# --- the latest figure -----------------------------------------------------------------------------------------------


def figure(table: Make, rollup: str | None, rows: list[tuple], reporters: str | None = None) -> float:
    """Latest figure from rows of period, partner, segment, value, numerator, denominator."""
    columns = ["period", "partner_id", "segment", "value", "numerator", "denominator"]
    observations = table("observations", *({"measure_id": "m", **dict(zip(columns, r, strict=False))} for r in rows))
    measures = table("measures", {"measure_id": "m", "rollup": rollup, "reporters": reporters})
    result = latest_figures(observations, measures, as_of=AS_OF)
    turned = latest_figures(observations.sample(frac=1, random_state=1), measures, as_of=AS_OF)
    pd.testing.assert_frame_equal(result, turned, check_exact=True)
    return result["latest"].iloc[0]


def test_the_community_wins_over_partners_and_everybody_over_segments(table: Make) -> None:
    community, partner = ("2025", None, None, 7), ("2025", "p", None, 100)
    by_segment, both = ("2025", None, "preschool", 1000), ("2025", "p", "preschool", 10_000)
    assert figure(table, "sum", [both, by_segment, partner, community]) == 7
    assert figure(table, "sum", [both, by_segment, partner]) == 100
    assert figure(table, "sum", [both, by_segment]) == 1000
    assert figure(table, "sum", [both]) == 10_000
    # `all` written out means the same as an empty cell
    assert figure(table, "sum", [both, ("2025", None, "all", 7)]) == 7


def test_only_a_sum_is_made_from_segments_and_only_from_all_of_them(table: Make) -> None:
    rows = [("2024", None, "preschool", 3), ("2024", "p", "school-age", 4), ("2024", "q", "school-age", 5)]
    assert figure(table, "sum", rows) == 3 + 4 + 5
    for rule in ("mean", "weighted", "last"):
        assert np.isnan(figure(table, rule, rows))
    later = ("2025", None, "preschool", 6)
    assert figure(table, "sum", [*rows, later]) == 3 + 4 + 5
    assert figure(table, "sum", [*rows, later, ("2025", None, "school-age", 1)]) == 6 + 1
    assert np.isnan(figure(table, "sum", rows, reporters="p;q;r"))


def test_partners_are_rolled_up_by_the_measures_rule(table: Make) -> None:
    rows = [("2025", "p", None, np.nan, 3, 4), ("2025", "q", None, np.nan, 1, 16)]
    assert figure(table, "sum", rows) == 3 / 4 + 1 / 16
    assert figure(table, "mean", rows) == (3 / 4 + 1 / 16) / 2
    assert figure(table, "weighted", rows) == (3 + 1) / (4 + 16)
    # the last figure is the community's own, never one partner's
    for rule in ("last", None):
        assert np.isnan(figure(table, rule, rows))
        assert figure(table, rule, [*rows, ("2024", None, None, 5)]) == 5


def test_the_latest_period_up_to_the_day_counts(table: Make) -> None:
    rows = [("2024", None, None, 1), ("2026-06", None, None, 2), ("2026-Q3", None, None, 3), ("2026", None, None, 4)]
    assert figure(table, "last", rows) == 2
    assert figure(table, "last", rows[2:]) is not None
    assert np.isnan(figure(table, "last", rows[2:]))


def test_a_missing_figure_is_not_taken_for_the_latest(table: Make) -> None:
    rows = [("2024", None, None, 8), ("2025", None, None, np.nan, 3, 0)]
    assert figure(table, "last", rows) == 8
    assert np.isnan(figure(table, "last", rows[1:]))


def test_a_sum_waits_for_every_partner_that_owes_figures(table: Make) -> None:
    rows = [("2024", "p", None, 1), ("2024", "q", None, 2), ("2025", "p", None, 10)]
    assert figure(table, "sum", rows, reporters="p;q") == 1 + 2
    assert figure(table, "sum", rows, reporters="p") == 10
    assert figure(table, "sum", rows) == 10
    assert figure(table, "mean", rows, reporters="p;q") == 10
    # a figure that a partner could not give is no zero: the sum waits, the others rest on who reported
    unknown = [("2024", "p", None, np.nan, 1, 0), ("2024", "q", None, np.nan, 2, 8)]
    assert np.isnan(figure(table, "sum", unknown, reporters="p;q"))
    assert figure(table, "mean", unknown, reporters="p;q") == 2 / 8
    assert figure(table, "weighted", unknown, reporters="p;q") == 2 / 8
    # the community's own figure waits for nobody
    assert figure(table, "sum", [("2025", None, None, 4)], reporters="p;q") == 4


def test_a_share_with_its_base_is_as_good_as_the_two_counts(table: Make) -> None:
    rows = [("2025", "p", None, 0.5, np.nan, 10), ("2025", "q", None, np.nan, 3, 30)]
    assert figure(table, "weighted", rows) == pytest.approx((0.5 * 10 + 3) / (10 + 30))
    # without its base it has no weight
    assert figure(table, "weighted", [("2025", "p", None, 0.5), rows[1]]) == 3 / 30


def test_what_was_reported_later_is_not_known_yet(table: Make) -> None:
    rows = [{"measure_id": "m", "period": "2024", "value": 1}, {"measure_id": "m", "period": "2025", "value": 2}]
    measures = table("measures", {"measure_id": "m", "rollup": "last"})
    for day, expected in (("2026-06-30", 2), ("2026-07-01", 1)):
        rows[1]["reported_on"] = pd.Timestamp(day)
        assert latest_figures(table("observations", *rows), measures, as_of=AS_OF)["latest"].to_list() == [expected]


def test_a_weighted_figure_without_people_is_missing(table: Make) -> None:
    assert np.isnan(figure(table, "weighted", [("2025", "p", None, np.nan, 0, 0)]))


def test_every_measure_has_a_row_with_or_without_observations(table: Make) -> None:
    measures = table("measures", {"measure_id": "z"}, {"measure_id": "y"})
    result = latest_figures(empty_frame(INPUTS["observations"]), measures, as_of=AS_OF)
    assert result["measure_id"].to_list() == ["y", "z"]
    assert result[["latest", "latest_on"]].isna().all(axis=None)
    assert latest_figures(empty_frame(INPUTS["observations"]), measures.head(0), as_of=AS_OF).empty


# --- inputs ----------------------------------------------------------------------------------------------------------


def test_inputs_are_left_alone(table: Make) -> None:
    inputs = {
        "effects": table("effects", {"project_id": "a", "measure_id": "m", "low": 3, "mid": 2, "high": 1}),
        "portfolio": chosen(b=True, a=True),
        "measures": table("measures", {"measure_id": "m", "direction": "up", "rollup": "sum", "reporters": "p"}),
        "latest": latest(3),
        "projects": table("projects", {"project_id": "b"}, {"project_id": "a", "areas": "01"}),
        "observations": table("observations", {"measure_id": "m", "period": "2025", "partner_id": "p", "value": 1}),
    }
    before = {name: frame.copy() for name, frame in inputs.items()}
    agenda_arithmetic(inputs["effects"], inputs["portfolio"], inputs["measures"], inputs["latest"])
    shared_claims(inputs["effects"], inputs["portfolio"], inputs["projects"])
    latest_figures(inputs["observations"], inputs["measures"], as_of=AS_OF)
    for name, frame in inputs.items():
        pd.testing.assert_frame_equal(frame, before[name])
