from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.errors import WrongUse
from ci_analysis.strategy import equal_shares_portfolio, value_portfolio
from ci_analysis.tables import OUTPUTS

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def election(scores: object, costs: object, **columns: list[object]) -> Frames:
    """Projects a, b, …, the coalition's ranking and the partners' own, from scores as partners × projects."""
    own = np.asarray(scores, dtype="float64")
    partners, n = own.shape
    ids = [chr(97 + i) if n <= 26 else f"p{i:03}" for i in range(n)]
    projects = pd.DataFrame({"project_id": ids, "name": [i.upper() for i in ids], "cost": np.asarray(costs, "float64")})
    projects = projects.assign(requires=None, excludes=None, gate=True).assign(**columns)
    projects = projects.astype({"requires": "str", "excludes": "str"})
    projects["gate"] = pd.array(projects["gate"].where(projects["gate"].notna(), None), dtype="boolean")
    own_rankings = pd.DataFrame(
        {
            "partner_id": np.repeat([f"partner{i:03}" for i in range(partners)], n),
            "project_id": np.tile(ids, partners),
            "score": own.ravel(),
        }
    )
    return projects, pd.DataFrame({"project_id": ids, "score": own.mean(axis=0)}), own_rankings


def pick(result: pd.DataFrame) -> str:
    return "".join(result.loc[result["chosen"], "project_id"])


def why(result: pd.DataFrame) -> dict[str, str]:
    return result.set_index("project_id")["why"].to_dict()


# --- oracles ---------------------------------------------------------------------------------------------------------


def pabutools_pick(scores: np.ndarray, costs: list[int], budget: int) -> str:
    """The library of the method's authors' field, in exact fractions: Add1U by hundredths, then by score for money."""
    with warnings.catch_warnings():
        # What the other library says about itself is not ours to mend.
        warnings.simplefilter("ignore")
        from pabutools.election import CardinalBallot, CardinalProfile, Instance, Project
        from pabutools.election.satisfaction import Additive_Cardinal_Sat
        from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares
        from pabutools.tiebreaking import TieBreakingRule

        things = [Project(chr(97 + i), cost) for i, cost in enumerate(costs)]
        instance = Instance(things, budget_limit=budget)
        profile = CardinalProfile(
            [CardinalBallot({p: int(u) for p, u in zip(things, row, strict=True)}) for row in scores]
        )
        cheaper_first = TieBreakingRule(lambda _instance, _profile, project: (project.cost, project.name))
        bought = method_of_equal_shares(
            instance, profile, sat_class=Additive_Cardinal_Sat, tie_breaking=cheaper_first,
            voter_budget_increment=Fraction(budget, 100 * len(scores)),
        )  # fmt: skip
        whole = greedy_utilitarian_welfare(
            instance, profile, sat_class=Additive_Cardinal_Sat, tie_breaking=cheaper_first,
            initial_budget_allocation=bought,
        )  # fmt: skip
    return "".join(sorted({p.name for p in whole}))


@pytest.mark.parametrize("seed", range(12))
def test_the_same_projects_are_bought_as_by_pabutools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    partners, n = int(rng.integers(2, 9)), int(rng.integers(3, 13))
    scores = rng.integers(0, 6, (partners, n)) * (rng.random((partners, n)) < 0.6)
    # Each project has somebody who wants it: the other library takes the rest of the money for what nobody does.
    scores[rng.integers(0, partners, n), np.arange(n)] += 1
    costs = rng.integers(1, 40, n)
    budget = int(costs.sum() * rng.uniform(0.2, 0.8))
    result = equal_shares_portfolio(*election(scores / 10, costs), budget=budget)
    assert pick(result) == pabutools_pick(scores, costs.tolist(), budget)


def slow_pick(frames: Frames, budget: float) -> str:
    """The rule as it is written, in exact fractions, one project and one partner at a time."""
    projects, _, own = frames
    rows = {r["project_id"]: r for r in projects.sort_values("project_id").to_dict("records")}
    table = own.pivot(index="partner_id", columns="project_id", values="score")
    u = {p: [Fraction(round(v * 10**6)) for v in table[p]] for p in table.columns if table[p].notna().all()}
    links = {
        kind: {p: {q for q in str(r[kind]).split(";") if q in rows and q != p} for p, r in rows.items()}
        for kind in ("requires", "excludes")
    }
    against = {p: {q for q in rows if q in links["excludes"][p] or p in links["excludes"][q]} for p in rows}

    def bundle(p: str) -> set[str]:
        found = {p}
        while any(links["requires"][q] - found for q in found):
            found = found.union(*(links["requires"][q] for q in found))
        return found

    def can(p: str, chosen: set[str]) -> bool:
        parts = bundle(p)
        known = all(q in u and rows[q]["cost"] == rows[q]["cost"] and rows[q]["gate"] is not False for q in parts)
        rivals = set().union(*(against[q] for q in parts))
        return known and not rivals & (parts | chosen) and sum(Fraction(rows[q]["cost"]) for q in parts) <= budget

    def price(cost: Fraction, wish: list[Fraction], left: list[Fraction]) -> Fraction | None:
        payers = [i for i, w in enumerate(wish) if w]
        if not payers or sum(left[i] for i in payers) < cost:
            return None
        poor: set[int] = set()
        while True:
            rich = [i for i in payers if i not in poor]
            if not rich:
                return max((left[i] / wish[i] for i in payers), default=Fraction(0))
            rho = (cost - sum(left[i] for i in poor)) / sum(wish[i] for i in rich)
            broke = {i for i in rich if left[i] < rho * wish[i]}
            if not broke:
                return rho
            poor |= broke

    def best(chosen: set[str], left: list[Fraction] | None, money: Fraction) -> tuple | None:
        found = []
        for p in rows:
            if p in chosen or not can(p, chosen):
                continue
            new = bundle(p) - chosen
            cost = sum((Fraction(rows[q]["cost"]) for q in new), Fraction(0))
            wish = [sum(w) for w in zip(*(u[q] for q in new), strict=True)]
            if left is not None:
                rho = price(cost, wish, left)
            else:
                rho = cost / sum(wish) if any(wish) and cost <= money else None
            if rho is not None:
                found.append((rho, cost, p, new, wish))
        return min(found, key=lambda f: f[:3], default=None)

    def spent(chosen: set[str]) -> Fraction:
        return sum((Fraction(rows[q]["cost"]) for q in chosen), Fraction(0))

    def shared(share: Fraction) -> set[str]:
        chosen, left = set(), [share] * len(table)
        while (found := best(chosen, left, Fraction(0))) is not None:
            rho, _, _, new, wish = found
            left = [b - min(b, rho * w) for b, w in zip(left, wish, strict=True)]
            chosen = chosen | new
        return chosen

    whole, equal, step = Fraction(budget), Fraction(budget) / len(table), 0
    chosen = shared(equal)
    while best(chosen, None, whole - spent(chosen)) and step < 100 * (len(table) - 1):
        step += 1
        further = shared(equal * (100 + step) / 100)
        if spent(further) > whole:
            break
        chosen = further
    while (found := best(chosen, None, whole - spent(chosen))) is not None:
        chosen = chosen | found[3]
    return "".join(sorted(chosen))


@st.composite
def elections(draw: st.DrawFn) -> tuple[Frames, float]:
    n, partners = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    ids = "abcdef"[:n]
    names = st.lists(st.sampled_from(ids), max_size=2, unique=True).map(lambda t: ";".join(t) or None)
    some = st.one_of(st.just(None), names)
    costs = draw(st.lists(st.one_of(st.integers(0, 12), st.just(np.nan)), min_size=n, max_size=n))
    score = st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.75, 1.0])
    scores = draw(st.lists(st.lists(score, min_size=n, max_size=n), min_size=partners, max_size=partners))
    own = np.array(scores)
    own[:, draw(st.lists(st.booleans(), min_size=n, max_size=n)) if draw(st.booleans()) else [False] * n] = np.nan
    columns = {
        kind: draw(st.lists(some, min_size=n, max_size=n)) for kind in ("requires", "excludes")
    } | {"gate": draw(st.lists(st.sampled_from([True, True, None, False]), min_size=n, max_size=n))}  # fmt: skip
    return election(own, costs, **columns), draw(st.integers(0, 40))


@given(elections())
@settings(deadline=None, max_examples=150)
def test_every_step_is_that_of_the_rule_as_it_is_written(problem: tuple[Frames, float]) -> None:
    frames, budget = problem
    result = equal_shares_portfolio(*frames, budget=budget)
    assert pick(result) == slow_pick(frames, budget)
    # What the sentences say agrees with what was done.
    for row in result.itertuples():
        out = ("It ", "Its ", "Those ", "No ", "With what it requires", "With '")
        assert row.why.startswith(out) != row.chosen or row.why.startswith("It costs nothing")


@given(elections(), st.integers(0, 5), st.sampled_from([3, 1000]))
@settings(deadline=None, max_examples=25)
def test_neither_the_rows_order_nor_the_currency_matters(problem: tuple[Frames, float], seed: int, factor: int) -> None:
    frames, budget = problem
    result = equal_shares_portfolio(*frames, budget=budget)
    turned = equal_shares_portfolio(*(f.sample(frac=1, random_state=seed) for f in frames), budget=budget)
    pd.testing.assert_frame_equal(result, turned, check_exact=True)
    projects, ranking, own = frames
    dearer = projects.assign(cost=projects["cost"] * factor)
    assert pick(equal_shares_portfolio(dearer, ranking, own, budget=budget * factor)) == pick(result)
    # Each partner's scores may be on a scale of its own for all of them together.
    halved = own.assign(score=own["score"] / 2)
    assert pick(equal_shares_portfolio(projects, ranking, halved, budget=budget)) == pick(result)


# --- known outcomes --------------------------------------------------------------------------------------------------


def test_a_few_who_want_the_same_are_outvoted_by_value_and_served_by_equal_shares() -> None:
    # Six of ten want the first ten projects, four want the others. Each project costs a tenth of the budget.
    scores = np.vstack([np.repeat([[1, 0]], 6, axis=0), np.repeat([[0, 1]], 4, axis=0)]).repeat(10, axis=1)
    frames = election(scores, [10] * 20)
    by_value = value_portfolio(*frames[:2], budget=100)
    assert pick(by_value) == "abcdefghij"
    result = equal_shares_portfolio(*frames, budget=100)
    # 6 × 10 buys six of theirs, 4 × 10 buys four.
    assert pick(result) == "abcdef" + "klmn"
    assert why(result)["a"] == "6 of 10 partners pay for it with their shares."
    assert why(result)["k"] == "4 of 10 partners pay for it with their shares."
    assert why(result)["g"] == "Those who want it have $0 of their shares left, and it costs $10."


def test_of_red_and_blue_projects_each_side_gets_its_half() -> None:
    # 51 want ten red projects and 49 want ten blue ones, with money for ten: red takes all ten by votes, and equal
    # shares give each five (Method of Equal Shares, Electowiki). 51 × 0.1 pays for five red and 49 × 0.1 for four blue
    # at first; with shares raised by 3 %, 49 × 0.103 > 5 > 51 × 0.103 − 1.
    scores = np.vstack([np.repeat([[1, 0]], 51, axis=0), np.repeat([[0, 1]], 49, axis=0)]).repeat(10, axis=1)
    frames = election(scores, [1] * 20)
    assert pick(value_portfolio(*frames[:2], budget=10)) == "abcdefghij"
    result = equal_shares_portfolio(*frames, budget=10)
    assert pick(result) == "abcde" + "klmno"
    assert "49 of 100 partners pay for it with their shares, raised by 3% so" in why(result)["k"]


def test_who_wants_a_project_more_pays_more_for_it() -> None:
    # Shares of 50. The first project has price 60 / (0.9 + 0.3) = 50: 45 and 15. Left are 5 and 35, and the second,
    # wanted by the first partner alone, costs 10; the third, wanted by the second alone, costs 30.
    frames = election([[0.9, 0.1, 0.0], [0.3, 0.0, 0.5]], [60, 10, 30])
    result = equal_shares_portfolio(*frames, budget=100)
    # Price of the third before: 30 / 0.5 = 60. Raised shares buy the second too: 100 in all.
    assert pick(result) == "abc"
    assert equal_shares_portfolio(*frames, budget=99)["chosen"].to_list() == [True, False, True]


def test_shares_are_raised_until_the_budget_is_used() -> None:
    # Shares of 50 buy nothing that only one partner wants for 60. With shares of 60, a fifth more, one could be
    # bought by each: 120 is too much. So one is bought with the rest, by score for money: 0.8 / 60.
    frames = election([[0.5, 0.0], [0.0, 0.8]], [60, 60])
    result = equal_shares_portfolio(*frames, budget=100)
    assert why(result) == {
        "a": "Those who want it have $59.50 of their shares left, and it costs $60.",  # 50 × 1.19
        "b": "What the shares leave of the budget buys it, as the most score for its cost.",
    }
    # Where the other costs 40, a share of 60 buys both.
    frames = election([[0.5, 0.0], [0.0, 0.8]], [60, 40])
    how = "One of 2 partners pays for it with its share, raised by 20% so that less of the budget stays unspent."
    assert why(equal_shares_portfolio(*frames, budget=100)) == {"a": how, "b": how}


def test_what_two_cannot_pay_alone_they_pay_together() -> None:
    frames = election([[1.0], [0.1]], [100])
    assert why(equal_shares_portfolio(*frames, budget=100)) == {"a": "Both partners pay for it with their shares."}


# --- what belongs together, and what does not ------------------------------------------------------------------------


def test_a_project_is_offered_with_what_it_requires() -> None:
    # b alone is worth nothing to anybody; with a, for 30, it is the best there is; c is then too dear.
    frames = election([[0.9, 0.0, 0.5]] * 2, [10, 20, 30], requires=["b", None, None])
    result = equal_shares_portfolio(*frames, budget=50)
    assert pick(result) == "ab"
    assert why(result)["b"] == "Both partners pay for it with their shares; 'A' requires it."
    assert why(result)["c"] == "Those who want it have $20 of their shares left, and it costs $30."
    dearer = equal_shares_portfolio(
        *election([[0.1, 0.0, 0.9]] * 2, [10, 20, 30], requires=["b", None, None]), budget=50
    )
    assert why(dearer)["a"] == (
        "Those who want it have $20 of their shares left, and with 'B', which it requires, it costs $30."
    )


def test_projects_that_require_each_other_come_together() -> None:
    links = {"requires": ["b", "c", "a", None]}
    frames = election([[0.6, 0.6, 0.6, 0.5]] * 3, [60, 60, 60, 90], **links)
    assert pick(equal_shares_portfolio(*frames, budget=200)) == "abc"
    too_dear = equal_shares_portfolio(*frames, budget=170)
    assert pick(too_dear) == "d"
    assert "more than the whole budget of $170" in why(too_dear)["a"]


def test_a_project_is_out_once_a_rival_is_bought() -> None:
    frames = election([[0.9, 0.8, 0.7]], [10, 10, 10], excludes=["b", None, None], requires=[None, None, "b"])
    result = equal_shares_portfolio(*frames, budget=30)
    assert why(result) == {
        "a": "The one partner pays for it with its share.",
        "b": "It cannot be done beside 'A', which is chosen.",
        "c": "It requires 'B', which cannot be done beside 'A', which is chosen.",
    }


def test_a_project_that_excludes_what_it_requires_is_never_bought() -> None:
    frames = election([[0.9, 0.1]], [10, 10], requires=["b", None], excludes=["b", None])
    assert pick(equal_shares_portfolio(*frames, budget=20)) == "b"


def test_what_may_not_be_chosen_is_not() -> None:
    frames = election([[0.9, 0.9, np.nan, 0.9, 0.0, 0.2]] * 2, [1, np.nan, 1, 99, 1, 1], gate=[False] + [True] * 5)
    assert why(equal_shares_portfolio(*frames, budget=50)) == {
        "a": "Its gate is no: it is not at once proper, affordable, acceptable and lawful.",
        "b": "Its cost is missing.",
        "c": "Its score is missing: a criterion without a judgement, or no partner's weights.",
        "d": "It costs $99, more than the whole budget of $50.",
        "e": "No partner scores it above 0.",
        "f": "Both partners pay for it with their shares.",
    }


def test_a_project_that_one_partner_has_not_scored_cannot_be_bought() -> None:
    frames = election([[0.9, 0.5], [np.nan, 0.5]], [10, 10])
    assert why(equal_shares_portfolio(*frames, budget=20))["a"].startswith("Its score is missing")


# --- ties and edges --------------------------------------------------------------------------------------------------


def test_equal_prices_go_to_the_cheaper_then_to_the_first_by_name() -> None:
    assert pick(equal_shares_portfolio(*election([[0.5] * 5], [50] * 5), budget=100)) == "ab"
    # 40 / 0.4 = 20 / 0.2 = 30 / 0.3
    assert pick(equal_shares_portfolio(*election([[0.4, 0.2, 0.3]], [40, 20, 30]), budget=50)) == "bc"


def test_a_third_of_a_share_is_no_less_than_it_takes() -> None:
    # Each of three has 100 / 3, and only all of it together buys the one project.
    assert pick(equal_shares_portfolio(*election([[0.1], [0.2], [0.7]], [100]), budget=100)) == "a"
    assert pick(equal_shares_portfolio(*election([[0.3]] * 7, [0.01]), budget=0.01)) == "a"


def test_a_budget_below_every_cost_buys_nothing() -> None:
    result = equal_shares_portfolio(*election([[0.5, 0.5]], [10, 20]), budget=9)
    assert pick(result) == ""
    assert result["why"].str.contains("more than the whole budget of \\$9").all()


def test_a_budget_of_zero_still_takes_what_is_free_and_wanted() -> None:
    result = equal_shares_portfolio(*election([[0.5, 0.0, 0.5], [0.0, 0.0, 0.5]], [0, 0, 20]), budget=0)
    assert pick(result) == "a"
    assert why(result)["a"] == "It costs nothing."


def test_one_project_and_one_partner() -> None:
    result = equal_shares_portfolio(*election([[0.1]], [10]), budget=10)
    assert pick(result) == "a"
    assert list(result.columns) == OUTPUTS["portfolio"].names


def test_more_partners_than_cents() -> None:
    # 200 partners share one cent: each has a part of it, and together they buy what costs one.
    assert pick(equal_shares_portfolio(*election(np.full((200, 2), 0.5), [0.01, 0.02]), budget=0.01)) == "a"


@pytest.mark.parametrize("budget", [None, float("nan")])
def test_without_a_budget_there_is_no_portfolio(budget: float | None) -> None:
    assert equal_shares_portfolio(*election([[0.1]], [10]), budget=budget).empty


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_without_projects_a_ranking_or_partners_there_is_no_portfolio(absent: int) -> None:
    frames = list(election([[0.1]], [10]))
    frames[absent] = frames[absent].head(0)
    assert equal_shares_portfolio(*frames, budget=10).empty


def test_no_cost_is_below_nothing() -> None:
    with pytest.raises(WrongUse, match="'a' costs -10; a cost is 0 or more"):
        equal_shares_portfolio(*election([[0.1]], [-10]), budget=10)


def test_inputs_are_left_alone() -> None:
    frames = [f.iloc[::-1] for f in election([[0.1, 0.4]], [10, 10], requires=["b", None])]
    before = [f.copy() for f in frames]
    equal_shares_portfolio(*frames, budget=15)
    for frame, copy in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
