from __future__ import annotations

from itertools import permutations
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.errors import WrongUse
from ci_analysis.strategy import (
    agreed_values,
    coalition_weights,
    kendalls_w,
    missing_scores,
    oriented_scores,
    partner_rankings,
    partner_weights,
    rank_acceptability,
    ranking,
    topsis,
)
from ci_analysis.tables import OUTPUTS

PROJECTS = pd.DataFrame({"project_id": ["a", "b", "c"]})


def scores_of(values: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Agreed scores: criterion to project to value."""
    rows = [(p, c, v, np.nan) for c, by_project in values.items() for p, v in by_project.items()]
    return pd.DataFrame(rows, columns=["project_id", "criterion", "value", "partner_id"])


def criterion(goal: str = "max", worst: float = np.nan, best: float = np.nan) -> pd.DataFrame:
    return pd.DataFrame({"criterion": ["k"], "goal": [goal], "worst": [worst], "best": [best]})


def matrix_of(*rows: tuple[float, ...]) -> pd.DataFrame:
    """Projects a, b, … by criteria k0, k1, …"""
    return pd.DataFrame(
        list(rows), index=list("abcdefghij")[: len(rows)], columns=[f"k{i}" for i in range(len(rows[0]))]
    )


def weights_of(*rows: tuple[float, ...]) -> pd.DataFrame:
    """Partners p0, p1, … by criteria k0, k1, …"""
    return pd.DataFrame(
        list(rows),
        index=[f"p{i}" for i in range(len(rows))],
        columns=[f"k{i}" for i in range(len(rows[0]))],
    )


def shuffled(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=seed)


# --- oriented scores -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        # values 10, 20, 40
        (criterion("max"), [0, (20 - 10) / (40 - 10), 1]),
        (criterion("min"), [1, (40 - 20) / (40 - 10), 0]),
        (criterion("max", worst=0, best=50), [10 / 50, 20 / 50, 40 / 50]),
        (criterion("min", worst=50, best=0), [1 - 10 / 50, 1 - 20 / 50, 1 - 40 / 50]),
        (criterion("max", worst=0), [10 / 40, 20 / 40, 1]),
        (criterion("min", best=0), [1 - 10 / 40, 1 - 20 / 40, 0]),
        # beyond the range judged: held between 0 and 1
        (criterion("max", worst=15, best=25), [0, (20 - 15) / (25 - 15), 1]),
        (criterion("min", worst=25, best=15), [1, (25 - 20) / (25 - 15), 0]),
        # the one end that is given lies beyond, or at the edge of, all that is seen
        (criterion("max", worst=60), [0, 0, 0]),
        (criterion("max", worst=40), [0, 0, 0]),
        (criterion("max", best=5), [1, 1, 1]),
        (criterion("max", best=10), [1, 1, 1]),
        (criterion("min", worst=10), [0, 0, 0]),
        (criterion("min", best=60), [1, 1, 1]),
    ],
)
def test_oriented_scores_run_from_worst_to_best(about: pd.DataFrame, expected: list[float]) -> None:
    scores = scores_of({"k": {"a": 10, "b": 20, "c": 40}})
    assert oriented_scores(scores, about, PROJECTS)["k"].to_list() == pytest.approx(expected)


@pytest.mark.parametrize("goal", ["max", "min"])
def test_a_criterion_on_which_all_are_equal_gives_everybody_1_and_changes_no_order(goal: str) -> None:
    scores = scores_of({"k": {"a": 7, "b": 7, "c": 7}})
    assert oriented_scores(scores, criterion(goal), PROJECTS)["k"].to_list() == [1, 1, 1]
    other = matrix_of((0.2,), (0.9,), (0.4,))
    with_it = other.assign(k1=1.0)
    alone, both = ranking(other, weights_of((1,)), seed=1), ranking(with_it, weights_of((0.5, 0.5)), seed=1)
    assert alone["project_id"].to_list() == both["project_id"].to_list() == ["b", "c", "a"]


def test_all_equal_inside_a_given_range_are_where_they_are() -> None:
    scores = scores_of({"k": {"a": 7, "b": 7, "c": 7}})
    assert oriented_scores(scores, criterion("max", 0, 10), PROJECTS)["k"].to_list() == pytest.approx([7 / 10] * 3)


def test_one_project_alone_is_the_best_seen() -> None:
    one = oriented_scores(scores_of({"k": {"a": 3}}), criterion(), PROJECTS.head(1))
    assert one.loc["a", "k"] == 1


@pytest.mark.parametrize(("goal", "worst", "best"), [("max", 5, 1), ("min", 1, 5), ("max", 3, 3), ("min", 3, 3)])
def test_a_worst_that_is_not_worse_than_the_best_is_refused(goal: str, worst: float, best: float) -> None:
    with pytest.raises(WrongUse, match=f"criterion 'k' has goal {goal}, worst {worst} and best {best}"):
        oriented_scores(scores_of({"k": {"a": 3}}), criterion(goal, worst, best), PROJECTS)


def test_an_agreed_value_goes_before_the_partners_and_their_mean_before_nothing() -> None:
    scores = pd.DataFrame(
        [("a", "k", 4, None), ("a", "k", 1, "p"), ("b", "k", 1, "p"), ("b", "k", 2, "q"), ("b", "k", 6, "r")],
        columns=["project_id", "criterion", "value", "partner_id"],
    )
    raw = agreed_values(scores, criterion(), PROJECTS)
    assert raw["k"].iloc[:2].to_list() == [4, (1 + 2 + 6) / 3]
    assert np.isnan(raw.loc["c", "k"])


def test_judgements_alone_and_agreement_alone_are_both_enough() -> None:
    judged = pd.DataFrame({"project_id": ["a"], "criterion": "k", "value": 2.0, "partner_id": "p"})
    agreed = judged.assign(partner_id=None)
    for scores in (judged, agreed):
        assert agreed_values(scores, criterion(), PROJECTS).loc["a", "k"] == 2


def test_a_missing_score_stays_missing_and_is_named() -> None:
    about = pd.concat([criterion(), criterion().assign(criterion="z")], ignore_index=True)
    scores = scores_of({"k": {"a": 0, "b": 10, "c": 5}, "z": {"a": 1, "b": 2}})
    matrix = oriented_scores(scores, about, PROJECTS)
    assert np.isnan(matrix.loc["c", "z"])
    assert missing_scores(matrix).to_numpy().tolist() == [["c", "z"]]
    table = ranking(matrix, partner_weights(points_of({"p": {"k": 1, "z": 0}}), about), seed=1)
    last = table.iloc[-1]
    # Even where the criterion weighs nothing: what is not judged is not ranked.
    assert last["project_id"] == "c"
    assert last[["score", "rank", "acceptability_1", "rank_low", "disagreement", "dominated_by"]].isna().all()
    assert table["rank"].iloc[:2].to_list() == [1, 2]


def test_a_criterion_that_nobody_judged_leaves_everybody_unranked() -> None:
    about = pd.concat([criterion(), criterion().assign(criterion="z")], ignore_index=True)
    matrix = oriented_scores(scores_of({"k": {"a": 0, "b": 10, "c": 5}}), about, PROJECTS)
    assert missing_scores(matrix).to_numpy().tolist() == [["a", "z"], ["b", "z"], ["c", "z"]]
    table = ranking(matrix, weights_of((0.5, 0.5)).set_axis(["k", "z"], axis=1), seed=1)
    assert table["project_id"].to_list() == ["a", "b", "c"]
    assert table["score"].isna().all()
    assert rank_acceptability(matrix, seed=1).empty
    assert partner_rankings(matrix, weights_of((0.5, 0.5)).set_axis(["k", "z"], axis=1))["rank"].isna().all()


# --- weights ---------------------------------------------------------------------------------------------------------


def points_of(points: dict[str, dict[str, float]]) -> pd.DataFrame:
    rows = [(p, c, v) for p, by_criterion in points.items() for c, v in by_criterion.items()]
    return pd.DataFrame(rows, columns=["partner_id", "criterion", "points"])


TWO = pd.DataFrame({"criterion": ["k", "z"]})


def test_points_are_rescaled_partner_by_partner_and_the_coalition_takes_the_mean() -> None:
    weights = partner_weights(points_of({"p": {"k": 30, "z": 10}, "q": {"k": 20, "z": 80}}), TWO)
    assert weights.loc["p"].to_list() == pytest.approx([30 / 40, 10 / 40])
    assert weights.loc["q"].to_list() == pytest.approx([20 / 100, 80 / 100])
    assert coalition_weights(weights).to_list() == pytest.approx([(0.75 + 0.2) / 2, (0.25 + 0.8) / 2])


def test_a_partner_without_points_has_no_weights() -> None:
    weights = partner_weights(points_of({"p": {"k": 1}, "q": {"k": 0, "z": 0}}), TWO)
    assert weights.index.to_list() == ["p"]
    assert weights.loc["p"].to_list() == [1, 0]
    assert coalition_weights(weights).to_list() == [1, 0]


def test_without_any_weights_nobody_has_a_score_but_acceptability_stands() -> None:
    weights = partner_weights(points_of({}), TWO)
    assert weights.shape == (0, 2)
    assert coalition_weights(weights).isna().all()
    table = ranking(matrix_of((1, 0.5), (0, 0)).set_axis(["k", "z"], axis=1), weights, seed=1)
    assert table["score"].isna().all()
    assert table["rank"].isna().all()
    assert table["acceptability_1"].to_list() == [1, 0]
    assert table["dominated_by"].fillna("").to_list() == ["", "a"]
    assert partner_rankings(matrix_of((1, 0.5)), weights).empty


@given(
    st.lists(st.lists(st.integers(1, 100), min_size=2, max_size=2), min_size=1, max_size=5), st.sampled_from([3, 0.25])
)
@settings(deadline=None, max_examples=30)
def test_scaled_points_change_nothing(points: list[list[int]], factor: float) -> None:
    table = points_of({f"p{i}": dict(zip("kz", row, strict=True)) for i, row in enumerate(points)})
    # One partner's purse is larger: it counts no more for that.
    larger = table.assign(points=table["points"] * np.where(table["partner_id"] == "p0", factor, 1))
    matrix = matrix_of((1, 0), (0, 1), (0.5, 0.5)).set_axis(["k", "z"], axis=1)
    one, other = (ranking(matrix, partner_weights(t, TWO), draws=50, samples=50, seed=3) for t in (table, larger))
    pd.testing.assert_frame_equal(one, other)


# --- ranking ---------------------------------------------------------------------------------------------------------


def test_the_score_is_the_weighted_sum_and_ties_share_the_better_rank() -> None:
    matrix = matrix_of((0.1, 0.3), (0.9, 0.2), (0.3, 0.1), (0.2, 0.2))
    table = ranking(matrix, weights_of((0.5, 0.5)), seed=1)
    assert table["project_id"].to_list() == ["b", "a", "c", "d"]
    # 0.1 + 0.3, 0.3 + 0.1 and 0.2 + 0.2 are equal, whatever the order of adding makes of them
    assert table["score"].to_list() == pytest.approx([0.55, 0.2, 0.2, 0.2])
    assert table["rank"].to_list() == [1, 2, 2, 2]
    assert list(table.columns) == OUTPUTS["ranking"].names


def test_dominance_is_at_least_as_good_everywhere_and_better_somewhere() -> None:
    matrix = matrix_of((0.5, 0.5), (0.5, 0.6), (0.5, 0.5), (0.9, 0.1), (0.5, 0.0))
    by_project = ranking(matrix, weights_of((0.5, 0.5)), seed=1).set_index("project_id")["dominated_by"]
    # equals do not dominate each other
    assert by_project.fillna("").to_dict() == {"a": "b", "b": "", "c": "b", "d": "", "e": "a;b;c;d"}


def test_disagreement_is_the_interquartile_range_of_the_partners_ranks() -> None:
    # p0 to p3 look at k0 alone or k1 alone: a is first for three of them and second for one.
    matrix = matrix_of((1, 0), (0, 1))
    table = ranking(matrix, weights_of((1, 0), (1, 0), (1, 0), (0, 1)), seed=1).set_index("project_id")
    # ranks 1, 1, 1, 2: the third quartile lies a quarter of the way from the third to the fourth
    assert table.loc["a", "disagreement"] == pytest.approx((1 + 0.25 * (2 - 1)) - 1)
    assert table.loc["b", "disagreement"] == pytest.approx(2 - (1 + 0.75 * (2 - 1)))


def test_one_partner_tells_nothing_about_spread() -> None:
    table = ranking(matrix_of((1, 0), (0, 1)), weights_of((0.6, 0.4)), seed=1)
    assert table["rank"].to_list() == [1, 2]
    assert table[["rank_low", "rank_high", "disagreement"]].isna().all(axis=None)


def test_partners_of_one_mind_have_a_sure_rank() -> None:
    table = ranking(matrix_of((1, 0), (0, 1)), weights_of((0.6, 0.4), (0.7, 0.3)), seed=1)
    assert (table["rank_low"] == table["rank"]).all()
    assert (table["rank_high"] == table["rank"]).all()


def test_the_rank_interval_is_that_of_all_samples_of_partners() -> None:
    # Two partners: a sample is p0 twice (1/4), p1 twice (1/4) or both (1/2). Means of k0's weight: 0.9, 0.2, 0.55.
    # a beats b where k0 weighs more than one half: in 3 of 4 samples. Both ranks are well above 5 %.
    table = ranking(matrix_of((1, 0), (0, 1)), weights_of((0.9, 0.1), (0.2, 0.8)), seed=1).set_index("project_id")
    assert table.loc["a", ["rank", "rank_low", "rank_high"]].to_list() == [1, 1, 2]
    # Ten partners, one of another mind: it takes five of ten in a sample to turn the order.
    # P(Binomial(10, 0.1) ≥ 5) = 0.0016, far below 5 %.
    many = ranking(matrix_of((1, 0), (0, 1)), weights_of(*[(1, 0)] * 9, (0, 1)), seed=1).set_index("project_id")
    assert many.loc["a", ["rank", "rank_low", "rank_high"]].to_list() == [1, 1, 1]


def test_partner_rankings_are_by_each_partners_own_weights() -> None:
    table = partner_rankings(matrix_of((1, 0), (0, 1), (np.nan, 1)), weights_of((0.75, 0.25), (0.5, 0.5)))
    assert table.fillna(-1).to_numpy().tolist() == [
        ["p0", "a", 0.75, 1],
        ["p0", "b", 0.25, 2],
        ["p0", "c", -1, -1],
        ["p1", "a", 0.5, 1],
        ["p1", "b", 0.5, 1],
        ["p1", "c", -1, -1],
    ]


def test_one_project_and_one_criterion() -> None:
    table = ranking(matrix_of((0.3,)), weights_of((1,), (1,)), seed=1)
    expected = ["a", 0.3, 1, 1, 1, 1, 1, 0]
    assert table.drop(columns=["dominated_by", "topsis", "topsis_rank", "lacking"]).to_numpy().tolist() == [expected]
    # One project alone is neither nearer to the best nor to the worst.
    assert table[["dominated_by", "topsis", "topsis_rank", "lacking"]].isna().all(axis=None)
    assert rank_acceptability(matrix_of((0.3,)), draws=10, seed=1).to_numpy().tolist() == [["a", 1, 1]]


def test_no_projects_have_no_ranking() -> None:
    nobody = matrix_of((0.3,)).head(0)
    for table in (
        ranking(nobody, weights_of((1,)), seed=1),
        rank_acceptability(nobody, seed=1),
        partner_rankings(nobody, weights_of((1,))),
        missing_scores(nobody),
    ):
        assert table.empty


def test_rows_in_another_order_give_the_same_tables() -> None:
    rng = np.random.default_rng(5)
    projects = pd.DataFrame({"project_id": [f"x{i}" for i in range(12)]})
    criteria = pd.DataFrame(
        {"criterion": ["k", "y", "z"], "goal": ["max", "min", "max"], "worst": np.nan, "best": np.nan}
    )
    scores = projects.merge(criteria[["criterion"]], how="cross").merge(
        pd.DataFrame({"partner_id": ["p", "q", "r"]}), how="cross"
    )
    scores["value"] = rng.random(len(scores))
    points = points_of({p: dict(zip("kyz", rng.integers(0, 100, 3), strict=True)) for p in "pqrst"})

    def tables(seed: int | None) -> list[pd.DataFrame]:
        def turn(frame: pd.DataFrame) -> pd.DataFrame:
            return frame if seed is None else shuffled(frame, seed)

        matrix = oriented_scores(turn(scores), turn(criteria), turn(projects))
        weights = partner_weights(turn(points), turn(criteria))
        return [
            matrix,
            weights,
            ranking(turn(matrix), turn(weights), draws=500, samples=100, seed=2),
            rank_acceptability(turn(matrix).iloc[:, ::-1], draws=500, seed=2),
            partner_rankings(turn(matrix), turn(weights)),
        ]

    for one, other in zip(tables(None), tables(8), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


# --- rank acceptability ----------------------------------------------------------------------------------------------


def within_chance(found: float, exact: float, draws: int) -> bool:
    """Four standard errors of a share."""
    return abs(found - exact) <= 4 * sqrt(exact * (1 - exact) / draws)


@pytest.mark.parametrize("c", [0.25, 0.5, 1.0])
def test_two_criteria_have_an_exact_acceptability(c: float) -> None:
    # a = (1, 0), b = (0, c): a is first where w > c (1 − w), so where w > c / (1 + c), with w uniform on 0–1.
    found = rank_acceptability(matrix_of((1, 0), (0, c)), draws=10_000, seed=11).set_index(["project_id", "rank"])
    assert within_chance(found.loc[("a", 1), "probability"], 1 / (1 + c), 10_000)
    assert within_chance(found.loc[("b", 1), "probability"], c / (1 + c), 10_000)


def test_three_projects_on_two_criteria_have_exact_acceptabilities() -> None:
    # a = (1, 0), b = (0.6, 0.6), c = (0, 1): b is first where 0.6 > max(w, 1 − w), so for w from 0.4 to 0.6,
    # and else second; a and c share the rest.
    table = rank_acceptability(matrix_of((1, 0), (0.6, 0.6), (0, 1)), draws=10_000, seed=11)
    found = table.set_index(["project_id", "rank"])["probability"]
    exact = {("a", 1): 0.4, ("a", 2): 0.1, ("a", 3): 0.5, ("b", 1): 0.2, ("b", 2): 0.8, ("b", 3): 0.0}
    assert all(within_chance(found[cell], share, 10_000) for cell, share in exact.items())


def test_three_criteria_that_are_alike_give_every_rank_a_third() -> None:
    # Each project is best on one criterion: the weights' order is the projects', and all 3! orders are as likely.
    shares = {(p, r): 0 for p in "abc" for r in (1, 2, 3)}
    for order in permutations("abc"):
        for place, project in enumerate(order, 1):
            shares[project, place] += 1 / 6
    found = rank_acceptability(matrix_of((1, 0, 0), (0, 1, 0), (0, 0, 1)), draws=10_000, seed=11)
    for row in found.itertuples():
        assert within_chance(row.probability, shares[row.project_id, row.rank], 10_000)


def test_a_third_criterion_on_which_all_are_equal_leaves_the_two_as_they_were() -> None:
    # w1 / (w1 + w2) is uniform again, so that the exact share of the two-criteria case holds.
    found = rank_acceptability(matrix_of((1, 0, 0.7), (0, 0.5, 0.7)), draws=10_000, seed=11)
    assert within_chance(found["probability"].iloc[0], 1 / 1.5, 10_000)


def slow_acceptability(matrix: pd.DataFrame, draws: int, seed: int) -> dict[tuple[str, int], float]:
    shares = {(p, r): 0.0 for p in matrix.index for r in range(1, len(matrix) + 1)}
    for weights in np.random.default_rng(seed).dirichlet(np.ones(matrix.shape[1]), size=draws):
        score = {p: sum(w * v for w, v in zip(weights, matrix.loc[p], strict=True)) for p in matrix.index}
        for p in matrix.index:
            better = sum(score[q] > score[p] + 1e-12 for q in matrix.index)
            shares[p, 1 + better] += 1 / draws
    return shares


@given(
    st.integers(1, 4).flatmap(
        lambda m: st.lists(st.lists(st.sampled_from([0, 0.25, 0.5, 1]), min_size=m, max_size=m), min_size=1, max_size=5)
    ),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_acceptability_agrees_with_a_slow_count_over_the_same_draws(rows: list[list[float]], seed: int) -> None:
    matrix = matrix_of(*map(tuple, rows))
    found = rank_acceptability(matrix, draws=40, seed=seed).set_index(["project_id", "rank"])["probability"]
    slow = slow_acceptability(matrix, 40, seed)
    assert found.to_dict() == pytest.approx(slow)
    assert found.groupby("project_id").sum().to_list() == pytest.approx([1] * len(matrix))
    if len(matrix) > 2:
        first = ranking(matrix, weights_of((1 / len(rows[0]),) * len(rows[0])), draws=40, seed=seed)
        top3 = {p: sum(slow[p, r] for r in (1, 2, 3)) for p in matrix.index}
        assert first.set_index("project_id")["acceptability_1"].to_dict() == pytest.approx(
            {p: slow[p, 1] for p in matrix.index}
        )
        assert first.set_index("project_id")["acceptability_top3"].to_dict() == pytest.approx(top3)


def test_equal_projects_are_equal_in_every_draw_wherever_they_stand() -> None:
    same = pd.DataFrame([[0.1, 0.7, 0.3]] * 67, index=[f"x{i:02}" for i in range(67)], columns=list("klm"))
    table = rank_acceptability(same, draws=1_000, seed=1)
    assert (table.loc[table["rank"] == 1, "probability"] == 1).all()


# --- Kendall's W -----------------------------------------------------------------------------------------------------


def tidy(*ranks: list[float]) -> pd.DataFrame:
    rows = [(f"p{i}", f"x{j}", r) for i, row in enumerate(ranks) for j, r in enumerate(row)]
    return pd.DataFrame(rows, columns=["partner_id", "project_id", "rank"])


def test_kendalls_w_of_siegels_executives() -> None:
    # Siegel (1956), Nonparametric Statistics, ch. 9: three executives rank six applicants; sums 8, 14, 11, 11, 11, 8
    # around 10.5, s = 25.5, W = .16.
    table = tidy([1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1])
    s = sum((r - 63 / 6) ** 2 for r in (8, 14, 11, 11, 11, 8))
    assert s == 25.5
    assert kendalls_w(table) == pytest.approx(12 * s / (3**2 * (6**3 - 6)))
    assert round(kendalls_w(table), 2) == 0.16


TIED = (
    [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
    [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
    [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
)


def test_kendalls_w_with_ties() -> None:
    # Siegel (1956), ch. 9, after Kendall (1948): s = 591; T of the three rankings 1, 1.5 and 7 (twelfths of Σ t³ − t:
    # two pairs; three pairs; a four and a three); W = 591 / (742.5 − 28.5) = .828.
    twelfths = [2 * 6 / 12, 3 * 6 / 12, (60 + 24) / 12]
    assert twelfths == [1, 1.5, 7]
    expected = 591 / (3**2 * (10**3 - 10) / 12 - 3 * sum(twelfths))
    assert kendalls_w(tidy(*TIED)) == pytest.approx(expected)
    assert round(expected, 3) == 0.828


def test_kendalls_w_takes_shared_better_ranks_as_ties() -> None:
    better = [pd.Series(row).rank(method="min").to_list() for row in TIED]
    assert better[2] == [2, 1, 3, 3, 3, 3, 7, 7, 7, 10]
    assert kendalls_w(tidy(*better)) == pytest.approx(kendalls_w(tidy(*TIED)))


def test_kendalls_w_at_its_ends_and_beyond() -> None:
    assert kendalls_w(tidy([1, 2, 3], [1, 2, 3], [1, 2, 3])) == 1
    assert kendalls_w(tidy([1, 2, 3], [3, 2, 1])) == 0
    assert np.isnan(kendalls_w(tidy([1, 2, 3])))
    assert np.isnan(kendalls_w(tidy([1], [1])))
    assert np.isnan(kendalls_w(tidy([1, 1], [1, 1])))
    assert np.isnan(kendalls_w(tidy()))
    # a project that one partner has not ranked is left out for all
    assert kendalls_w(tidy([1, 2, 3], [1, 2, np.nan])) == 1


# --- TOPSIS ----------------------------------------------------------------------------------------------------------

#: Hwang and Yoon (1981), the fighter aircraft: Mach, range in miles, payload in pounds, cost in million USD, and
#: reliability and manoeuvrability on a scale of ten.
FIGHTERS = matrix_of(
    (2.0, 1500, 20000, 5.5, 5, 9),
    (2.5, 2700, 18000, 6.5, 3, 5),
    (1.8, 2000, 21000, 4.5, 7, 7),
    (2.2, 1800, 20000, 5.0, 5, 5),
)
FIGHTER_WEIGHTS = pd.Series([0.2, 0.1, 0.1, 0.1, 0.2, 0.3], index=FIGHTERS.columns)
FIGHTER_GOALS = pd.Series(["max", "max", "max", "min", "max", "max"], index=FIGHTERS.columns)


def test_topsis_of_hwang_and_yoons_fighters() -> None:
    # Published closeness: .643, .268, .613, .312.
    found = topsis(FIGHTERS, FIGHTER_WEIGHTS, goals=FIGHTER_GOALS)
    assert found.to_list() == pytest.approx([0.643, 0.268, 0.613, 0.312], abs=0.001)
    # And by plain arithmetic.
    columns = []
    for name, weight, goal in zip(FIGHTERS, FIGHTER_WEIGHTS, FIGHTER_GOALS, strict=True):
        length = sqrt(sum(v * v for v in FIGHTERS[name]))
        v = [weight * x / length for x in FIGHTERS[name]]
        columns.append((v, max(v), min(v)) if goal == "max" else (v, min(v), max(v)))
    for i, closeness in enumerate(found):
        best = sqrt(sum((v[i] - ideal) ** 2 for v, ideal, _ in columns))
        worst = sqrt(sum((v[i] - nadir) ** 2 for v, _, nadir in columns))
        assert closeness == pytest.approx(worst / (best + worst))


def test_topsis_does_not_mind_units_or_order() -> None:
    in_kilometres = FIGHTERS.assign(k1=FIGHTERS["k1"] * 1.609344)
    for other in (in_kilometres, FIGHTERS.iloc[::-1], FIGHTERS.iloc[:, ::-1]):
        found = topsis(other, FIGHTER_WEIGHTS, goals=FIGHTER_GOALS)
        assert found[FIGHTERS.index].to_list() == pytest.approx(
            topsis(FIGHTERS, FIGHTER_WEIGHTS, goals=FIGHTER_GOALS).to_list()
        )


def test_topsis_of_what_cannot_be_compared_is_missing() -> None:
    half = pd.Series({"k0": 0.5, "k1": 0.5})
    assert topsis(matrix_of((0.2, 0.3)), half).isna().all()
    assert topsis(matrix_of((0.2, 0.3), (0.2, 0.3)), half).isna().all()
    found = topsis(matrix_of((1, 0), (0.5, 0), (np.nan, 0)), half)
    # nobody has anything on k1: it keeps nobody apart
    assert found.iloc[:2].to_list() == [1, 0]
    assert np.isnan(found["c"])
    assert topsis(matrix_of((1, 0), (0, 0)), pd.Series({"k0": np.nan, "k1": np.nan})).isna().all()


# --- inputs ----------------------------------------------------------------------------------------------------------

SCORES = scores_of({"k": {"c": 1, "a": 2, "b": 3}, "z": {"a": 1, "b": 5}})
CRITERIA = pd.DataFrame({"criterion": ["z", "k"], "goal": ["min", "max"], "worst": np.nan, "best": [0.0, np.nan]})
POINTS = points_of({"q": {"z": 1, "k": 3}, "p": {"k": 1}})
MATRIX = matrix_of((1, 0.5), (0.2, np.nan), (0, 0.7)).iloc[::-1]
WEIGHTS = weights_of((0.5, 0.5), (1, 0)).iloc[::-1]


@pytest.mark.parametrize(
    ("function", "inputs", "options"),
    [
        (agreed_values, (SCORES, CRITERIA, PROJECTS), {}),
        (oriented_scores, (SCORES, CRITERIA, PROJECTS), {}),
        (missing_scores, (MATRIX,), {}),
        (partner_weights, (POINTS, CRITERIA), {}),
        (coalition_weights, (WEIGHTS,), {}),
        (ranking, (MATRIX, WEIGHTS), {"seed": 1}),
        (rank_acceptability, (MATRIX,), {"seed": 1}),
        (partner_rankings, (MATRIX, WEIGHTS), {}),
        (kendalls_w, (tidy(*TIED),), {}),
        (topsis, (FIGHTERS, FIGHTER_WEIGHTS), {"goals": FIGHTER_GOALS}),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_inputs_are_left_alone(function, inputs, options) -> None:
    before = [x.copy() for x in inputs]
    function(*inputs, **options)
    for x, was in zip(inputs, before, strict=True):
        assert x.equals(was)
        assert x.index.equals(was.index)
