from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import asin, cos, radians, sin, sqrt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.areas import miles_between
from ci_analysis.errors import WrongUse
from ci_analysis.issues import load_profile
from ci_analysis.strategy import site_demand, siting
from ci_analysis.tables import INPUTS, OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]
PROFILE = load_profile("child-care")
RADIUS = 3958.7613
#: A degree along the equator, in miles.
DEGREE = radians(1) * RADIUS


def on_a_line(*unmet: float, segment: str = "preschool") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Areas a degree apart on the equator, and the people without a place in each."""
    geoids = [f"{i:02d}" for i in range(len(unmet))]
    centres = pd.DataFrame({"geoid": geoids, "longitude": np.arange(len(unmet), dtype=float), "latitude": 0.0})
    return centres, pd.DataFrame({"geoid": geoids, "segment": segment, "unmet": list(map(float, unmet))})


@pytest.fixture
def sites(table: Make) -> Callable[..., pd.DataFrame]:
    """Sites on the equator, each (longitude, seats, cost)."""

    def make(segment: str | None = None, **places: tuple[float, float, float]) -> pd.DataFrame:
        rows = [
            {"site_id": s, "name": s, "longitude": x, "latitude": 0, "segment": segment, "seats": seats, "cost": cost}
            for s, (x, seats, cost) in places.items()
        ]
        return table("sites", *rows)

    return make


def opened(result: pd.DataFrame) -> list[str]:
    """The chosen sites, in their order."""
    return result[result["chosen"]].sort_values("order")["site_id"].to_list()


def by_site(result: pd.DataFrame) -> pd.DataFrame:
    return result.set_index("site_id")


# --- what is chosen --------------------------------------------------------------------------------------------------


def test_the_most_people_are_served_not_the_most_reached(sites) -> None:
    centres, gap = on_a_line(100, 0, 0, 30)
    result = siting(sites(a=(0, 10, 1), b=(3, 25, 1)), gap, centres, PROFILE, reach=1, budget=1)
    # A rule that forgets the seats would open the site beside the 100.
    assert by_site(result)["within_reach"].to_dict() == {"a": 100, "b": 30}
    assert opened(result) == ["b"]
    assert by_site(result).loc["b", ["served", "unmet_before", "unmet_after"]].to_list() == [25, 130, 130 - 25]


def test_opening_one_after_the_other_is_not_the_best_set(sites) -> None:
    # The middle one reaches 2 × 30 of 40 + 30 and 30 + 40; the two outer ones reach all.
    centres, gap = on_a_line(40, 30, 30, 40)
    places = sites(left=(0.5, 100, 50), middle=(1.5, 100, 50), right=(2.5, 100, 50))
    places.loc[places["site_id"] == "middle", "seats"] = 100
    gap.loc[gap["geoid"].isin(["01", "02"]), "unmet"] = 45
    first = siting(places, gap, centres, PROFILE, reach=0.5 * DEGREE + 0.001, budget=50)
    assert opened(first) == ["middle"]  # 45 + 45 > 40 + 45
    both = siting(places, gap, centres, PROFILE, reach=0.5 * DEGREE + 0.001, budget=100)
    # Greedy would keep the middle: 90 + 40 = 130 of the 40 + 45 + 45 + 40.
    assert opened(both) == ["left", "right"]
    assert both["served"].sum() == 40 + 45 + 45 + 40


def test_people_within_reach_of_two_sites_are_served_once(sites) -> None:
    centres, gap = on_a_line(50)
    result = siting(sites(a=(0, 40, 1), b=(0.1, 40, 1)), gap, centres, PROFILE, reach=20, budget=None)
    assert opened(result) == ["a", "b"]
    assert by_site(result)["served"].to_dict() == {"a": 40, "b": 50 - 40}
    assert by_site(result)["unmet_after"].to_dict() == {"a": 10, "b": 0}
    assert by_site(result).loc["a", "why"].startswith("All its places would be filled, for $1.")
    assert by_site(result).loc["b", "why"].startswith("Part of its places would be filled, for $1.")


def test_who_goes_where_is_settled_anew_when_a_site_opens(sites) -> None:
    # `a` reaches both areas, `b` only the first. Were a to fill its seats from the first, b would find nobody.
    centres, gap = on_a_line(10, 10)
    places = sites(a=(0.5, 10, 1), b=(-0.5, 10, 1))
    result = siting(places, gap, centres, PROFILE, reach=0.5 * DEGREE + 0.001, budget=None)
    assert result["served"].to_list() == [10, 10]


def test_the_order_is_by_what_each_adds_to_those_before_it(sites) -> None:
    centres, gap = on_a_line(60, 0, 0, 0, 0, 35)
    # c serves more than b by itself, but only 60 − 50 of its people are left by a.
    places = sites(a=(0, 50, 9), b=(5, 35, 9), c=(0.1, 45, 9))
    result = siting(places, gap, centres, PROFILE, reach=20, budget=None)
    assert opened(result) == ["a", "b", "c"]
    assert by_site(result)["served"].to_dict() == {"a": 50, "b": 35, "c": 60 - 50}
    assert by_site(result)["unmet_before"].to_dict() == {"a": 95, "b": 45, "c": 10}


def test_ties_go_to_the_cheaper_then_the_fewer_then_the_first(sites) -> None:
    centres, gap = on_a_line(30)

    def chosen(**places: tuple[float, float, float]) -> list[str]:
        return opened(siting(sites(**places), gap, centres, PROFILE, reach=20, budget=100))

    assert chosen(a=(0, 30, 60), b=(0, 30, 50)) == ["b"]
    assert chosen(b=(0, 30, 50), a=(0, 30, 50)) == ["a"]
    assert chosen(a=(0, 10, 20), b=(0, 20, 30), c=(0, 30, 50)) == ["c"]
    # one that is free and adds nothing is not chosen
    assert chosen(a=(0, 5, 0), b=(0, 30, 50)) == ["b"]
    assert chosen(a=(0, 5, 0), b=(0, 25, 50)) == ["b", "a"]
    # equal in the order too: the cheaper first, then the first by name
    assert chosen(a=(0, 10, 20), b=(0, 10, 10), c=(0, 10, 10)) == ["b", "c", "a"]


def test_a_site_on_the_end_of_the_reach_counts(sites) -> None:
    centres, gap = on_a_line(30)
    for place in (1.0, -1.0, 0.7):
        reach = place * DEGREE if place > 0 else DEGREE
        assert opened(siting(sites(a=(place, 5, 1)), gap, centres, PROFILE, reach=reach, budget=1)) == ["a"]
        none = siting(sites(a=(place, 5, 1)), gap, centres, PROFILE, reach=reach - 1e-6, budget=1)
        assert not none["chosen"].any()
        assert none["within_reach"].to_list() == [0]
        assert none["why"].iloc[0].startswith("No area has its people's centre within ")


def test_miles_go_over_the_180th_meridian(sites) -> None:
    centres, gap = on_a_line(30)
    centres["longitude"] = -179.9
    place = sites(a=(179.9, 5, 1))
    assert opened(siting(place, gap, centres, PROFILE, reach=0.2 * DEGREE + 1e-6, budget=1)) == ["a"]
    assert miles_between(centres, place)[0, 0] == pytest.approx(0.2 * DEGREE)


@given(*[st.tuples(st.floats(-180, 180), st.floats(-90, 90))] * 2)
@settings(max_examples=50, deadline=None)
def test_miles_are_great_circle_miles(one, other) -> None:
    (a, b), (c, d) = (tuple(map(radians, p)) for p in (one, other))
    h = sin((d - b) / 2) ** 2 + cos(b) * cos(d) * sin((c - a) / 2) ** 2
    frames = [pd.DataFrame([p], columns=["longitude", "latitude"]) for p in (one, other)]
    assert miles_between(*frames)[0, 0] == pytest.approx(2 * RADIUS * asin(min(1, sqrt(h))), abs=1e-3)


# --- against a plain oracle ------------------------------------------------------------------------------------------


def most_served(unmet: list[int], seats: list[int], within: np.ndarray) -> int:
    """Most people served, person by person: augmenting paths (Ford and Fulkerson 1956), whole figures only."""
    taken = dict.fromkeys(map(tuple, np.argwhere(within).tolist()), 0)
    total = 0
    while True:
        # Areas with people left, then turn by turn: sites, areas whose people could move on.
        came: dict[tuple[str, int], tuple[str, int] | None] = {}
        for i, people in enumerate(unmet):
            if people > sum(n for (a, _), n in taken.items() if a == i):
                came["area", i] = None
        queue, end = list(came), None
        while queue:
            kind, here = node = queue.pop(0)
            if kind == "site" and seats[here] > sum(n for (_, b), n in taken.items() if b == here):
                end = node
                break
            if kind == "area":
                steps = [("site", j) for i, j in taken if i == here]
            else:
                steps = [("area", i) for (i, j), n in taken.items() if j == here and n > 0]
            for step in steps:
                if step not in came:
                    came[step] = node
                    queue.append(step)
        if end is None:
            return total
        node = end
        while (before := came[node]) is not None:
            if node[0] == "site":
                taken[before[1], node[1]] += 1
            else:
                taken[node[1], before[1]] -= 1
            node = before
        total += 1


def oracle(unmet: list[int], seats: list[int], cost: list[int], within: np.ndarray, budget: int) -> tuple[int, ...]:
    """The best set by looking at every one, and the names in the order of opening."""
    n = len(seats)

    def served(chosen: tuple[int, ...]) -> int:
        return most_served(unmet, [seats[j] for j in chosen], within[:, list(chosen)])

    every = [c for k in range(n + 1) for c in combinations(range(n), k) if sum(cost[j] for j in c) <= budget]
    keys = {
        c: (-served(c), sum(cost[j] for j in c), len(c), [-(j in c) for j in range(n)])
        for c in every
    }  # fmt: skip
    best = min(every, key=lambda c: keys[c])
    order: tuple[int, ...] = ()
    while len(order) < len(best):
        rest = [j for j in best if j not in order]
        order += (min(rest, key=lambda j: (-served((*order, j)), cost[j], j)),)
    return order


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_best_set_and_its_order_are_those_that_trying_all_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_areas, n_sites = rng.integers(1, 6), rng.integers(1, 6)
    centres, gap = on_a_line(*rng.integers(0, 9, n_areas))
    seats, cost = rng.integers(1, 9, n_sites).tolist(), rng.integers(0, 4, n_sites).tolist()
    at = rng.integers(0, 2 * n_areas, n_sites) / 2
    places = pd.DataFrame(
        {"site_id": [f"s{j}" for j in range(n_sites)], "longitude": at, "latitude": 0.0, "segment": None,
         "seats": np.array(seats, dtype=float), "cost": np.array(cost, dtype=float)}
    )  # fmt: skip
    reach, budget = rng.choice([0.5, 1.0]), int(rng.integers(0, 8))
    within = np.abs(np.arange(n_areas)[:, None] - at) <= reach
    unmet = gap["unmet"].astype(int).to_list()
    result = siting(places, gap, centres, PROFILE, reach=reach * DEGREE, budget=budget)
    order = oracle(unmet, seats, cost, within, budget)
    assert opened(result) == [f"s{j}" for j in order]
    assert result["served"].sum() == most_served(unmet, [seats[j] for j in order], within[:, list(order)])
    assert result["why"].str.endswith(".").all()
    # What is served, and what remains, is all that there was.
    last = result[result["chosen"]].sort_values("order")
    if len(last):
        assert last["unmet_after"].iloc[-1] == pytest.approx(sum(unmet) - last["served"].sum())
        assert (last["served"] <= last["seats"]).all()
    turned = siting(
        places.sample(frac=1, random_state=seed), gap.sample(frac=1, random_state=seed),
        centres.sample(frac=1, random_state=seed), PROFILE, reach=reach * DEGREE, budget=budget,
    )  # fmt: skip
    pd.testing.assert_frame_equal(turned, result, check_exact=True)


def a_country(seed: int = 5, segments: tuple[str, ...] = ("preschool", "school-age")) -> tuple[pd.DataFrame, ...]:
    rng = np.random.default_rng(seed)
    centres = pd.DataFrame(
        {
            "geoid": [f"{i:02d}" for i in range(30)],
            "longitude": rng.uniform(-2, 2, 30),
            "latitude": rng.uniform(38, 40, 30),
        }
    )
    gap = centres[["geoid"]].merge(pd.DataFrame({"segment": segments}), how="cross")
    gap["unmet"] = rng.gamma(2, 20, len(gap))
    places = pd.DataFrame(
        {"site_id": [f"s{j:02d}" for j in range(12)], "longitude": rng.uniform(-2, 2, 12),
         "latitude": rng.uniform(38, 40, 12), "segment": rng.choice(segments, 12),
         "seats": rng.integers(20, 90, 12).astype(float), "cost": rng.integers(10, 99, 12) * 1000.0}
    )  # fmt: skip
    return places, gap, centres


def test_other_money_and_areas_out_of_reach_change_nothing() -> None:
    places, gap, centres = a_country()
    one = siting(places, gap, centres, PROFILE, reach=30, budget=250_000)
    assert 1 < one["chosen"].sum() < len(one)
    thousand = siting(places.assign(cost=places["cost"] * 1000), gap, centres, PROFILE, reach=30, budget=250_000_000)
    cents = siting(places.assign(cost=places["cost"] / 1000), gap, centres, PROFILE, reach=30, budget=250)
    for other in (thousand, cents):
        pd.testing.assert_frame_equal(other.drop(columns=["cost", "why"]), one.drop(columns=["cost", "why"]))
    far = pd.DataFrame({"geoid": ["99"], "longitude": [90.0], "latitude": [0.0]})
    alone = pd.DataFrame({"geoid": ["99"], "segment": ["preschool"], "unmet": [40.0]})
    more = siting(places, pd.concat([gap, alone]), pd.concat([centres, far]), PROFILE, reach=30, budget=250_000)
    same = ["site_id", "chosen", "order", "within_reach", "served", "why"]
    pd.testing.assert_frame_equal(more[same], one[same])
    assert more["unmet_after"].to_numpy() == pytest.approx(one["unmet_after"].to_numpy() + 40, nan_ok=True)


def test_more_money_never_serves_fewer() -> None:
    places, gap, centres = a_country()
    served = [
        siting(places, gap, centres, PROFILE, reach=30, budget=b)["served"].sum() for b in (0, 50_000, 150_000, None)
    ]
    assert served == sorted(served)
    assert served[0] == 0 < served[1]


# --- whom a site is for ----------------------------------------------------------------------------------------------


def test_a_site_serves_its_own_segment_alone(sites) -> None:
    centres, babies = on_a_line(30, segment="infant-toddler")
    gap = pd.concat([babies, on_a_line(50)[1], on_a_line(70, segment="school-age")[1]])
    gap = pd.concat([gap, on_a_line(80, segment="under-six")[1], on_a_line(150, segment="all")[1]])

    def reached(segment: str | None) -> tuple[float, float]:
        row = siting(sites(segment, a=(0, 500, 1)), gap, centres, PROFILE, reach=9, budget=1).iloc[0]
        assert row["segment"] == (segment or "all")
        return row["within_reach"], row["unmet_before"]

    assert reached("preschool") == (50, 50)
    # A group's own figure and that of all would count the same people again.
    assert reached("under-six") == (30 + 50, 30 + 50)
    assert reached(None) == (30 + 50 + 70, 30 + 50 + 70)
    two = pd.concat([sites("preschool", a=(0, 500, 1)), sites("infant-toddler", b=(0, 500, 1))])
    result = siting(two, gap, centres, PROFILE, reach=9, budget=None)
    assert opened(result) == ["a", "b"]
    assert result["served"].to_list() == [50, 30]
    assert result["unmet_before"].to_list() == [50 + 30, 30]
    assert site_demand(two, gap, PROFILE)["unmet"].to_list() == [30, 50]


def test_a_study_without_segments_has_sites_for_everybody(sites) -> None:
    centres, gap = on_a_line(40, segment="all")
    result = siting(sites(a=(0, 30, 1)), gap, centres, PROFILE, reach=9, budget=1)
    assert result[["segment", "served", "unmet_after"]].iloc[0].to_list() == ["all", 30, 10]
    unknown = siting(sites("preschool", a=(0, 30, 1)), gap, centres, PROFILE, reach=9, budget=1).iloc[0]
    assert not unknown["chosen"]
    assert np.isnan(unknown["within_reach"])
    assert unknown["why"] == "How many of those whom it would serve are without a place is not known."


def test_what_is_not_known_is_left_out_and_counted(sites) -> None:
    centres, gap = on_a_line(20, np.nan, np.nan)
    places = sites(a=(0, 50, 1), b=(2.5, 50, 1))
    result = by_site(siting(places, gap, centres, PROFILE, reach=1.01 * DEGREE, budget=9))
    assert result["within_reach"].fillna(-1).to_dict() == {"a": 20, "b": -1}
    assert result.loc["a", "why"] == (
        "Part of its places would be filled, for $1. One area within reach is left out, since who is without a place "
        "there is not known."
    )
    assert "For no area within " in result.loc["b", "why"]
    assert result.loc["a", ["unmet_before", "unmet_after"]].to_list() == [20, 0]
    # Unlike what is zero.
    none = siting(sites(a=(0, 50, 1)), gap.assign(unmet=[0.0, np.nan, 0.0]), centres, PROFILE, reach=150, budget=9)
    assert none["within_reach"].to_list() == [0]
    assert none["why"].iloc[0].startswith("Nobody within 150 miles of it is without a place. One area within reach")


def test_an_area_whose_place_is_not_known_is_within_no_reach(sites) -> None:
    centres, gap = on_a_line(20, 30)
    for lost in (centres.assign(latitude=[0.0, np.nan]), centres.head(1)):
        result = siting(sites(a=(0, 90, 1)), gap, lost, PROFILE, reach=900, budget=9)
        assert result[["within_reach", "served", "unmet_before", "unmet_after"]].iloc[0].to_list() == [20, 20, 50, 30]


# --- what keeps a site out -------------------------------------------------------------------------------------------


def test_sites_that_cannot_be_judged_are_told_why_and_never_chosen(sites) -> None:
    centres, gap = on_a_line(20)
    places = sites(a=(0, np.nan, 1), b=(0, 0, 1), c=(0, -5, 1), d=(0, 9, np.nan), e=(np.nan, 9, 1), f=(60, 9, 1),
                   g=(0, 9, 200))  # fmt: skip
    for budget in (100, None):
        result = by_site(siting(places, gap, centres, PROFILE, reach=10, budget=budget))
        assert opened(result.reset_index()) == ([] if budget else ["g"])
        why = result["why"]
        assert why["a"] == "How many places it would add is not given."
        assert why["b"] == why["c"] == "It would add no places."
        assert why["d"] == "Its cost is missing."
        assert why["e"] == "Where it lies is not given."
        assert why["f"] == "No area has its people's centre within 10 miles of it."
        assert result["within_reach"].isna().to_dict() == {k: k == "e" for k in "abcdefg"}
        if budget:
            assert why["g"] == "It costs $200, more than the whole budget of $100."
            assert result[["order", "served", "unmet_before", "unmet_after"]].isna().all(axis=None)
        else:
            assert why["g"].endswith("There is no budget, so every site may be opened.")


def test_sites_left_out_are_told_what_was_better(sites) -> None:
    centres, gap = on_a_line(20)
    places = sites(a=(0, 20, 60), b=(0, 15, 30), c=(0, 5, 30.5))
    why = by_site(siting(places, gap, centres, PROFILE, reach=10, budget=100))["why"]
    assert why["b"] == why["c"] == "Beside the sites chosen it would fill no further place."
    why = by_site(siting(places, gap, centres, PROFILE, reach=10, budget=59.5))["why"]
    assert why["c"] == "The budget serves more people elsewhere: it costs $30.50, and $29.50 of the budget remain."


def test_without_miles_nothing_is_judged(sites) -> None:
    centres, gap = on_a_line(20)
    result = siting(sites(a=(0, 20, 60)), gap, centres, PROFILE, reach=None, budget=100)
    assert not result["chosen"].any()
    assert result["within_reach"].isna().all()
    assert "minutes" in result["why"].iloc[0]


def test_no_sites_or_no_gap(sites) -> None:
    centres, gap = on_a_line(20)
    declared = OUTPUTS["siting"].names
    none = siting(empty_frame(INPUTS["sites"]), gap, centres, PROFILE, reach=10, budget=9)
    assert none.empty
    assert none.columns.to_list() == declared
    result = siting(sites(a=(0, 20, 6)), empty_frame(OUTPUTS["gap"]), centres, PROFILE, reach=10, budget=9)
    assert result["why"].to_list() == ["How many of those whom it would serve are without a place is not known."]
    assert result.columns.to_list() == declared


def test_a_cost_below_zero_is_refused(sites) -> None:
    centres, gap = on_a_line(20)
    with pytest.raises(WrongUse, match="below zero"):
        siting(sites(a=(0, 20, -6)), gap, centres, PROFILE, reach=10, budget=9)


def test_sentences_hold_no_counts_of_people(sites) -> None:
    # A public page may have to withhold them.
    centres, gap = on_a_line(7)
    result = siting(sites(a=(0, 5, 60), b=(0, 4, 30)), gap, centres, PROFILE, reach=10, budget=80)
    assert not result["why"].str.contains(r"\b[457]\b").any()


def test_inputs_are_left_alone() -> None:
    inputs = a_country()
    before = [frame.copy() for frame in inputs]
    siting(*inputs, PROFILE, reach=30, budget=90_000)
    site_demand(inputs[0], inputs[1], PROFILE)
    for frame, copy in zip(inputs, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_profiles_without_segments_do(sites) -> None:
    plain = SimpleNamespace(segments=(), groups=())
    centres, gap = on_a_line(20, segment="all")
    assert opened(siting(sites(a=(0, 20, 60)), gap, centres, plain, reach=10, budget=80)) == ["a"]
