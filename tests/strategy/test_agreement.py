from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ci_analysis.errors import StudyProblems, WrongUse
from ci_analysis.strategy import (
    agreement,
    criterion_scores,
    criterion_weights,
    objections,
    partner_rankings,
    partner_weights,
    ranking,
    topsis,
    weights_by_partner,
)
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, empty_frame

Make = Callable[..., pd.DataFrame]


def own_weights(**by_partner: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(by_partner, index=["reach", "risk", "speed"][: len(next(iter(by_partner.values())))]).T


def matrix(*rows: tuple[float, ...]) -> pd.DataFrame:
    columns = ["reach", "risk", "speed"][: len(rows[0])]
    return pd.DataFrame(rows, index=list("abcdefgh")[: len(rows)], columns=columns).rename_axis(index="project_id")


def test_a_value_says_how_many_judged_it(table: Make) -> None:
    scores = table(
        "scores",
        {"project_id": "a", "criterion": "reach", "value": 2, "partner_id": "p"},
        {"project_id": "a", "criterion": "reach", "value": 4, "partner_id": "q"},
        {"project_id": "b", "criterion": "reach", "value": 5},
        {"project_id": "b", "criterion": "reach", "value": 1, "partner_id": "p"},
    )
    criteria = table("criteria", {"criterion": "reach", "goal": "max", "worst": 1, "best": 5})
    projects = table("projects", *({"project_id": p} for p in "abc"))
    found = criterion_scores(scores, criteria, projects).set_index("project_id")
    assert found.loc["a", ["value", "score", "judges"]].to_list() == [(2 + 4) / 2, (3 - 1) / (5 - 1), 2]
    # An agreed value goes before the judgements, so that nobody's judgement is in it.
    assert found.loc["b", "value"] == 5
    assert pd.isna(found.loc["b", "judges"])
    assert found.loc["c", ["value", "score", "judges"]].isna().all()
    turned = criterion_scores(scores.iloc[::-1], criteria, projects.iloc[::-1])
    pd.testing.assert_frame_equal(turned.set_index("project_id"), found)


def test_nothing_scored_has_no_rows(table: Make) -> None:
    some = table("projects", {"project_id": "a"}), table("criteria", {"criterion": "reach", "goal": "max"})
    assert criterion_scores(table("scores").head(0), some[1], some[0]).empty


def test_weights_are_told_by_partner_and_together() -> None:
    own = own_weights(q=(0.2, 0.8), p=(0.6, 0.4), r=(1.0, 0.0))
    long = weights_by_partner(own)
    assert long["partner_id"].to_list() == ["p", "p", "q", "q", "r", "r"]
    assert long.groupby("partner_id")["weight"].sum().to_list() == pytest.approx([1, 1, 1])
    together = criterion_weights(own).set_index("criterion")
    assert together["weight"].to_dict() == pytest.approx({"reach": (0.2 + 0.6 + 1) / 3, "risk": (0.8 + 0.4) / 3})
    # Quartiles of 0.2, 0.6 and 1.0 lie half-way between neighbours.
    assert together.loc["reach", ["low", "high", "partners"]].to_list() == pytest.approx([0.4, 0.8, 3])
    alone = criterion_weights(own.loc[["p"]])
    assert alone[["low", "high"]].isna().all(axis=None)
    assert criterion_weights(own.head(0)).empty


def test_a_partner_objects_below_the_middle_of_its_own_order() -> None:
    # Five projects: rank 3 is the middle, 4 is below it.
    first = pd.DataFrame({"project_id": list("abcde"), "rank": [1.0, 2, 3, 4, 5]})
    own = pd.DataFrame(
        [(p, x, s, r) for p, places in {"p": "bcade", "q": "bcdae"}.items()
         for r, (x, s) in enumerate(zip(places, (0.9, 0.7, 0.5, 0.4, 0.1), strict=True), 1)],
        columns=["partner_id", "project_id", "score", "rank"],
    )  # fmt: skip
    found = objections(first, own).set_index("partner_id")
    assert found["rank"].to_dict() == {"p": 3, "q": 4}
    assert found["objects"].to_dict() == {"p": False, "q": True}
    assert found["loss"].to_dict() == pytest.approx({"p": 0.9 - 0.5, "q": 0.9 - 0.4})
    assert set(found["own_first"]) == {"b"}


def test_each_of_two_first_projects_is_looked_at_and_a_partner_counted_once() -> None:
    first = pd.DataFrame({"project_id": list("abcd"), "rank": [1.0, 1, 3, 4], "topsis_rank": [1.0, 2, 3, 4]})
    own = pd.DataFrame(
        {"partner_id": "p", "project_id": list("cdab"), "score": [0.9, 0.8, 0.2, 0.1], "rank": [1.0, 2, 3, 4]}
    )
    assert objections(first, own)["objects"].to_list() == [True, True]
    one = agreement(first, own, pd.DataFrame(columns=["partner_id", "status", "joined_on"])).iloc[0]
    assert (one["first"], one["objectors"]) == ("a;b", 1)
    assert pd.isna(one["silent"]), "without a roster nobody knows who is silent"


def test_all_equal_scores_leave_nobody_to_object() -> None:
    scores, own = matrix((0.5, 0.5), (0.5, 0.5)), own_weights(p=(0.5, 0.5), q=(0.9, 0.1))
    order, orders = ranking(scores, own, seed=1), partner_rankings(scores, own)
    assert order["rank"].to_list() == [1, 1]
    assert not objections(order, orders)["objects"].any()
    assert order["topsis"].isna().all(), "none is nearer to the best than another"


def test_silent_partners_are_those_that_joined_and_gave_no_weights(table: Make) -> None:
    roster = table(
        "partners",
        {"partner_id": "p", "status": "joined"},
        {"partner_id": "q", "status": "joined"},
        {"partner_id": "later", "status": "joined", "joined_on": pd.Timestamp("2026-07-01")},
        {"partner_id": "asked", "status": "prospect"},
    )
    scores, own = matrix((0.9, 0.1), (0.2, 0.4)), own_weights(p=(0.5, 0.5))
    order, orders = ranking(scores, own, seed=1), partner_rankings(scores, own)
    one = agreement(order, orders, roster, as_of=date(2026, 6, 30)).iloc[0]
    assert (one["projects"], one["partners"], one["silent"]) == (2, 1, 1)
    nobody = own.head(0)
    none = agreement(ranking(scores, nobody, seed=1), partner_rankings(scores, nobody), roster)
    assert none.empty, "without weights no project has a rank"
    assert agreement(empty_frame(OUTPUTS["ranking"]), orders, roster).empty


def test_tau_against_counting_pairs() -> None:
    rng = np.random.default_rng(3)
    scores = matrix(*map(tuple, rng.random((7, 3)).round(1)))
    own = own_weights(p=(0.2, 0.5, 0.3), q=(0.6, 0.2, 0.2))
    order = ranking(scores, own, seed=1)
    one = agreement(order, partner_rankings(scores, own), pd.DataFrame(columns=["partner_id", "status", "joined_on"]))
    pairs = list(combinations(order[["rank", "topsis_rank"]].to_numpy().tolist(), 2))
    signs = [(np.sign(a - c), np.sign(b - d)) for (a, b), (c, d) in pairs]
    agreeing = sum(x * y for x, y in signs)
    untied = [sum(1 for s in signs if s[i]) for i in (0, 1)]
    assert one["topsis_tau"].item() == pytest.approx(agreeing / (untied[0] * untied[1]) ** 0.5)


def test_topsis_stands_beside_the_rank_by_raw_values_with_their_goals() -> None:
    raw = matrix((3.0, 4.0), (4.0, 3.0))
    goals = pd.Series({"reach": "max", "risk": "min"})
    own = own_weights(p=(0.5, 0.5))
    found = ranking(matrix((0.0, 0.0), (1.0, 1.0)), own, raw=(raw, goals), seed=1).set_index("project_id")
    assert found["topsis"].to_dict() == topsis(raw, own.iloc[0], goals=goals).to_dict() == {"a": 0, "b": 1}
    assert found["topsis_rank"].to_dict() == {"a": 2, "b": 1}
    # A value below zero has no place in TOPSIS as it is published; the oriented scores are used.
    below = ranking(matrix((0.0, 0.5), (1.0, 0.0)), own, raw=(raw - 4, goals), seed=1).set_index("project_id")
    assert below["topsis"].to_dict() == pytest.approx(topsis(matrix((0.0, 0.5), (1.0, 0.0)), own.iloc[0]).to_dict())


def test_what_is_lacking_is_named_and_not_filled() -> None:
    scores = matrix((0.9, np.nan, np.nan), (0.2, 0.4, 0.1))
    found = ranking(scores, own_weights(p=(0.4, 0.3, 0.3)), seed=1).set_index("project_id")
    assert found.loc["a", "lacking"] == "risk;speed"
    assert found.loc["a", ["rank", "score", "topsis", "topsis_rank"]].isna().all()
    assert pd.isna(found.loc["b", "lacking"])


@pytest.mark.parametrize("wrong", [(-0.1, 1.1), (np.nan, 1.0), (0.0, 0.0)])
def test_weights_that_are_none_are_refused_by_name(wrong: tuple[float, float]) -> None:
    with pytest.raises(WrongUse, match="weights of p: each is 0 or more"):
        ranking(matrix((0.9, 0.1), (0.2, 0.4)), own_weights(p=wrong, q=(0.5, 0.5)), seed=1)


def test_a_partner_with_no_points_has_no_say(table: Make) -> None:
    criteria = table("criteria", {"criterion": "reach", "goal": "max"}, {"criterion": "risk", "goal": "min"})
    points = table(
        "weights",
        {"partner_id": "p", "criterion": "reach", "points": 3},
        {"partner_id": "p", "criterion": "risk", "points": 1},
        {"partner_id": "silent", "criterion": "reach", "points": 0},
    )
    assert partner_weights(points, criteria).to_dict("index") == {"p": {"reach": 0.75, "risk": 0.25}}


def test_negative_points_are_refused_at_the_door_with_their_row(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        'format: 1\ntitle: T\ncommunity: C\nissue: child-care\nlevel: county\ncounties: ["08"]\nas_of: 2026-06-30\n'
    )
    (tmp_path / "partners.csv").write_text("partner_id,name,sector,status\np,P,business,joined\n")
    (tmp_path / "criteria.csv").write_text("criterion,name,goal\nreach,Reach,max\n")
    (tmp_path / "weights.csv").write_text("partner_id,criterion,points\np,reach,-5\n")
    with pytest.raises(StudyProblems, match=r"weights\.csv:2:points"):
        Study.read(tmp_path)
