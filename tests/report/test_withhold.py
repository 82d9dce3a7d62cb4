"""What the public edition leaves out, and what neither edition may show."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement, product
from math import comb
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from ci_analysis import landscape, pipeline
from ci_analysis.convene import condition_scores, condition_spread, network_partners, network_summary
from ci_analysis.report.editions import edition_of
from ci_analysis.report.withhold import enough_answers, internal_study, public_study, public_tables, withheld_rows
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

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
    published = with_table(study, "observations", observations)
    shown = public_tables(published, {**tables, "measures": measures})["measures"].set_index("measure_id")
    assert shown.loc[["licences-home"], ["baseline", "latest"]].eq(5.0).all(axis=None), "its source has it already"
    own = with_table(published, "measures", study.tables["measures"].assign(source=None))
    shown = public_tables(own, {**tables, "measures": measures})["measures"].set_index("measure_id")
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


def test_a_prospect_is_in_no_public_table_whatever_is_published(study: Study) -> None:
    who = study.tables["partners"].loc[study.tables["partners"]["status"] == "prospect", "partner_id"].iloc[0]
    ties = study.tables["ties"]
    named = ties.assign(target=ties["target"].mask(ties.index == len(ties) - 1, who))
    answers = study.tables["endorsements"]
    answers = answers.assign(partner_id=answers["partner_id"].mask(answers.index == len(answers) - 1, who))
    everything = [name for name, table in {**INPUTS, **OUTPUTS}.items() if not table.never_public]
    publish = study.settings.publish.model_copy(update={"tables": tuple(everything)})
    wish = study.settings.model_copy(update={"publish": publish})
    open_study = replace(with_table(with_table(study, "ties", named), "endorsements", answers), settings=wish)
    made = edition_of(open_study, pipeline.compute(open_study), "public")
    frames = {**made.study.tables, **made.tables}
    assert who in pipeline.compute(open_study)["network_partners"]["partner_id"].to_list(), "the attack is one"
    for name, frame in frames.items():
        assert not frame.astype("str").isin([who]).any(axis=None), name
    assert frames["ties"][["source", "target"]].notna().all(axis=None)


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
    assert shown.loc[few, ["score", "low", "high", "level", "spread", "backbone", "others"]].isna().all(axis=None)
    assert shown.loc[~few, ["score", "spread"]].notna().all(axis=None)


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_what_respondents_and_raters_said_has_one_decimal(
    study: Study, tables: dict[str, pd.DataFrame], kind: str
) -> None:
    shown = edition_of(study, tables, kind).tables
    whole = [f"mean_{name}" for name in RATED]
    for name, columns in (("conditions", MEANS), ("network_partners", RATED), ("network_summary", whole)):
        if name not in shown:
            continue
        exact, cells = tables[name][columns], shown[name][columns]
        assert cells.notna().any(axis=None)
        pd.testing.assert_frame_equal(cells, cells.round(1), check_exact=True)
        assert not exact.equals(exact.round(1)), "the run's own tables are exact"
        if name != "network_summary":  # those are over fewer partners
            far = (cells - exact).abs().drop(columns=["low", "high"], errors="ignore")
            assert (far.isna() | (far <= HALF)).all(axis=None)


MEANS = ["score", "low", "high", "spread", "backbone", "others"]


def test_an_interval_follows_from_what_is_shown_beside_it() -> None:
    """With 4 degrees of freedom t is 2.776; with fewer than five respondents there is no spread."""
    rows = conditions_of(np.array([[6, 12, 13, 24, 30], [11, 11, 12, 12, 13]]))
    shown = edition(conditions=rows)["conditions"]
    half = 2.776 * shown["spread"] / 5**0.5
    assert (shown["high"] - shown["score"]).to_list() == pytest.approx(half.to_list(), abs=HALF)
    assert (shown["score"] - shown["low"]).to_list() == pytest.approx(half.to_list(), abs=HALF)
    four = edition(conditions=rows.assign(respondents=4.0))["conditions"]
    assert four[["spread", "low", "high"]].isna().all(axis=None)
    assert four["score"].equals(shown["score"])


def conditions_of(sums: np.ndarray) -> pd.DataFrame:
    """A wave a row of sums of six answers, a column a respondent: the table of one condition, exact."""
    scores, n = sums / 6, sums.shape[1]
    mean, spread = scores.mean(axis=1), scores.std(axis=1, ddof=1).round(12)
    half = t.ppf(0.975, n - 1) * spread / n**0.5
    rows = pd.DataFrame({"score": mean, "low": mean - half, "high": mean + half, "spread": spread})
    level = np.digitize(mean + 1e-9, [1.8, 2.6, 3.4, 4.2]) + 1.0
    return rows.assign(wave=rows.index.astype(str), condition="backbone", respondents=float(n), level=level)


def told(looks: pd.DataFrame, sums: np.ndarray) -> tuple[float, float]:
    """In what share of all cases five scores are told by what is shown; and four, to who adds its own."""
    groups = looks.groupby(list(looks), sort=False, dropna=False).ngroup().to_numpy()
    alone = np.bincount(groups)[groups] == 1
    cases = pd.DataFrame({"looks": np.repeat(groups, sums.shape[1]), "case": np.repeat(np.arange(len(sums)), 5)})
    cases = cases.assign(own=sums.ravel()).drop_duplicates()
    return alone.mean(), (cases.groupby(["looks", "own"])["case"].transform("size") == 1).mean()


def test_few_of_all_ways_in_which_five_may_answer_six_statements_are_told() -> None:
    """Every way: five respondents whose six answers add up to 6 to 30 each, in no order."""
    sums = np.array(list(combinations_with_replacement(range(6, 31), 5)))
    assert len(sums) == comb(25 + 5 - 1, 5)
    exact = conditions_of(sums)
    columns = ["score", "low", "high", "spread", "level"]
    everybody, insider = told(exact[columns].round(9), sums)
    assert everybody > 1 / 50, "with all digits, thousands are told"
    assert insider > 1 / 10
    everybody, insider = told(edition(conditions=exact)["conditions"][columns], sums)
    assert everybody < 1 / 2000
    assert insider < 1 / 1000


def test_the_network_of_few_partners_is_not_public(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    """Of four partners and a density of 1, the roster says who works with whom: everybody with everybody."""
    least = study.settings.minimum_respondents
    whole = tables["network_summary"].head(2).assign(partners=[least - 1.0, float(least)], density=1.0)
    shown = public_tables(study, {**tables, "network_summary": whole})
    assert shown["network_summary"]["wave"].to_list() == [whole["wave"].iloc[1]]
    assert "network_summary" not in public_tables(study, {**tables, "network_summary": whole.head(1)})
    assert len(public_tables(study, tables)["network_summary"]) == len(tables["network_summary"])
    assert len(edition_of(study, {**tables, "network_summary": whole}, "internal").tables["network_summary"]) == 2
    none = public_tables(study, {**tables, "network_summary": whole.head(0)})
    assert "network_summary" in none, "where there is no network, a page says what to fill in"


def test_trust_from_few_raters_is_not_shown(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    partners = enough_answers(study, tables)["network_partners"]
    few = partners["n_ratings"] < study.settings.minimum_respondents
    assert few.any()
    assert partners.loc[few, RATED].isna().all(axis=None), "nor what would give it back"
    assert partners.loc[~few, "trust"].notna().all()


RATED = ["trust", "trust_low", "trust_high", "value", "value_low", "value_high"]
RATINGS = ["reliability", "mission", "openness", "influence", "involvement", "resources"]
LEAST = 3
#: Half of what is rounded away.
HALF = 0.05 + 1e-9
FEW = SimpleNamespace(settings=SimpleNamespace(minimum_respondents=LEAST))
ITEMS = pd.DataFrame({"item": ["x1", "x2", "y1"], "condition": ["x", "x", "y"]})
LEVELS = pd.DataFrame({"condition": ["x", "y"], "level": 1, "start": 1.0})


def edition(**frames: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What either edition shows of a step's tables; bounds for silence stand in as what they are made from."""
    given = {n: empty_frame(OUTPUTS[n]) for n in ("conditions", "network_partners", "network_summary", "comments")}
    whole = {n: f.reindex(columns=[*f, *(c for c in OUTPUTS[n].names if c not in f)]) for n, f in frames.items()}
    return enough_answers(FEW, {**given, **whole})


@st.composite
def networks(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A wave of six partners, some of whom answer and rate some of the others, with gaps."""
    n, rng = 6, np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0.3, 0.6, 0.9]))
    pairs = [(a, b) for a in range(n) for b in range(n) if a != b and rng.random() < share]
    ties = pd.DataFrame(pairs or [(0, 1)], columns=["source", "target"]).map(lambda i: f"p{i}")
    ties = ties.assign(wave="2026", level=rng.integers(0, 6, len(ties)))
    given = rng.integers(1, 5, (len(ties), 6)).astype(float)
    given[rng.random(given.shape) < draw(st.sampled_from([0.0, 0.5]))] = np.nan
    ties[RATINGS] = given
    partners = pd.DataFrame({"partner_id": [f"p{i}" for i in range(n)], "status": "joined", "sector": "health"})
    return partners.assign(joined_on=pd.NaT, left_on=pd.NaT), ties


def places_and_whole(partners: pd.DataFrame, ties: pd.DataFrame) -> dict[str, pd.DataFrame]:
    places = network_partners(partners, ties, tie_level=2, seed=1)
    whole = network_summary(partners, ties, tie_level=2)
    for of in ("trust", "value"):
        # A bound with one who is silent: one more rating of 1, or of 4. Whoever knows it knows the sum.
        count = 3 * places["n_ratings"]
        for end, rating in (("low", 1), ("high", 4)):
            places[f"{of}_{end}"] = (places[of] * count + 3 * rating) / (count + 3)
            whole[f"mean_{of}_{end}"] = places[f"{of}_{end}"].mean()
    return edition(network_partners=places, network_summary=whole)


@given(networks(), st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_whatever_the_few_raters_of_a_partner_said_the_edition_is_the_same(
    survey: tuple[pd.DataFrame, pd.DataFrame], seed: int
) -> None:
    partners, ties = survey
    shown = places_and_whole(partners, ties)
    counts = shown["network_partners"].set_index("partner_id")["n_ratings"]
    of_few = ties["target"].map(counts) < LEAST
    other = ties.copy()
    redrawn = np.random.default_rng(seed).integers(1, 5, (int(of_few.sum()), 6))
    other.loc[of_few, RATINGS] = ties.loc[of_few, RATINGS].mask(ties.loc[of_few, RATINGS].notna(), redrawn)
    for name, frame in places_and_whole(partners, other).items():
        pd.testing.assert_frame_equal(frame, shown[name], check_exact=True)


@given(networks())
@settings(max_examples=12, deadline=None)
def test_no_rating_and_no_withheld_mean_is_a_sum_of_what_is_shown(survey: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    partners, ties = survey
    shown = places_and_whole(partners, ties)
    places = shown["network_partners"].set_index("partner_id")
    for of, columns in (("trust", RATINGS[:3]), ("value", RATINGS[3:])):
        answers = ties.melt(["source", "target"], columns).dropna(subset=["value"])
        if answers.empty:
            continue
        # One row a partner that was rated: the weight of each answer in its mean.
        own = np.array([answers["target"].eq(p) / answers["target"].eq(p).sum() for p in answers["target"].unique()])
        means = pd.DataFrame(own, index=answers["target"].unique())
        cells = places[of].dropna()
        known = means.loc[cells.index]
        assert known.to_numpy() @ answers["value"].to_numpy() == pytest.approx(cells.to_numpy(), abs=HALF)
        whole = shown["network_summary"][f"mean_{of}"].iloc[0]
        if pd.notna(whole):
            known = pd.concat([known, known.mean().to_frame().T])
            assert known.iloc[-1] @ answers["value"].to_numpy() == pytest.approx(whole, abs=HALF), "over those shown"
        for one in (*means.drop(index=cells.index).to_numpy(), *np.eye(len(answers))):
            assert not in_span(one, known.to_numpy())


def in_span(one: np.ndarray, known: np.ndarray) -> bool:
    """Whether what is known adds up to one figure."""
    if not len(known):
        return False
    weights = np.linalg.lstsq(known.T, one, rcond=None)[0]
    return np.allclose(known.T @ weights, one, atol=1e-9)


def test_the_attack_is_seen_where_a_mean_is_over_all() -> None:
    """The test above would find what it looks for: three means of one rater each, and the mean of the three."""
    known = np.vstack([np.eye(3)[:2], np.full(3, 1 / 3)])
    assert in_span(np.eye(3)[2], known)


def test_a_mean_of_trust_needs_as_many_partners_as_a_score_needs_answers() -> None:
    places = pd.DataFrame({"wave": ["2025"] * 4 + ["2026"] * 4, "n_ratings": [9.0] * 3 + [2.0] + [9.0] * 2 + [2.0] * 2})
    places = places.assign(trust=[1.0, 2, 4, 4] * 2, value=[1.0, 2, 3, 4] * 2, trust_low=1.0, trust_high=[4, None] * 4)
    whole = pd.DataFrame({"wave": ["2025", "2026"], "mean_trust": [9.0, 9.0], "mean_value": [9.0, 9.0]})
    shown = edition(network_partners=places, network_summary=whole)["network_summary"]
    assert shown["mean_trust"].iloc[0] == round((1 + 2 + 4) / 3, 1)
    assert pd.isna(shown["mean_trust"].iloc[1])
    assert shown["mean_value"].iloc[0] == (1 + 2 + 3) / 3
    assert shown["mean_trust_low"].iloc[0] == 1
    assert shown[["mean_trust_high", "mean_value_low"]].isna().all(axis=None), "a bound over some bounds nothing"


@st.composite
def surveys(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers of up to eight respondents, some of them the backbone's, each to both conditions or to one."""
    n, rng = draw(st.integers(1, 8)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ours, names = draw(st.integers(0, n)), [f"r{i}" for i in range(n)]
    rows = [
        ("2026", name, item, int(rng.integers(1, 6)))
        for name in names
        for condition, items in ITEMS.groupby("condition")["item"]
        if condition == "x" or rng.random() < 0.6
        for item in items
    ]
    readiness = pd.DataFrame(rows, columns=["wave", "respondent", "item", "score"])
    speaks_for = ["backbone"] * ours + ["partner"] * (n - ours)
    return readiness, pd.DataFrame({"wave": "2026", "respondent": names, "speaks_for": speaks_for})


def readiness_shown(readiness: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    scores = condition_scores(readiness, ITEMS, LEVELS)
    scores = scores.merge(condition_spread(readiness, ITEMS, who), on=["wave", "condition"])
    return edition(conditions=scores)["conditions"]


@given(surveys(), st.data())
@settings(max_examples=20, deadline=None)
def test_two_respondents_could_have_said_what_the_other_said(
    survey: tuple[pd.DataFrame, pd.DataFrame], data: st.DataObject
) -> None:
    """Of any condition, whoever cannot be told apart by the two groups that are shown cannot be told apart at all."""
    readiness, who = survey
    shown = readiness_shown(readiness, who)
    for row in shown.itertuples():
        own = readiness["item"].map(ITEMS.set_index("item")["condition"]).eq(row.condition)
        names = sorted(readiness.loc[own, "respondent"].unique())
        group = who.set_index("respondent")["speaks_for"] if pd.notna(row.backbone) else pd.Series("all", index=names)
        alike = [(a, b) for a in names for b in names if a < b and group[a] == group[b]]
        if not alike:
            continue
        a, b = data.draw(st.sampled_from(alike))
        swapped = readiness.assign(
            respondent=readiness["respondent"].mask(own, readiness["respondent"].replace({a: b, b: a}))
        )
        pd.testing.assert_frame_equal(readiness_shown(swapped, who), shown)


@given(surveys(), st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_whatever_the_few_respondents_said_the_edition_is_the_same(
    survey: tuple[pd.DataFrame, pd.DataFrame], seed: int
) -> None:
    readiness, who = survey
    shown = readiness_shown(readiness, who)
    few = shown.loc[shown["respondents"] < LEAST, "condition"]
    of_few = readiness["item"].map(ITEMS.set_index("item")["condition"]).isin(few)
    other = np.random.default_rng(seed).integers(1, 6, len(readiness))
    changed = readiness.assign(score=readiness["score"].mask(of_few, other))
    pd.testing.assert_frame_equal(readiness_shown(changed, who), shown, check_exact=True)


@given(surveys())
@settings(max_examples=20, deadline=None)
def test_no_answer_is_a_sum_of_the_means_that_are_shown(survey: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    readiness, who = survey
    for row in readiness_shown(readiness, who).itertuples():
        own = readiness[readiness["item"].isin(ITEMS.loc[ITEMS["condition"] == row.condition, "item"])]
        if own.empty:
            continue
        scores = own.groupby("respondent")["score"].mean()
        ours = who.set_index("respondent").loc[scores.index, "speaks_for"].eq("backbone").to_numpy()
        parts = {"score": np.ones(len(ours), dtype=bool), "backbone": ours, "others": ~ours}
        means = {name: part / part.sum() for name, part in parts.items() if part.any()}
        known = {name: mean for name, mean in means.items() if pd.notna(getattr(row, name))}
        for name, mean in known.items():
            assert mean @ scores.to_numpy() == pytest.approx(getattr(row, name), abs=HALF)
        hidden = [mean for name, mean in means.items() if name not in known and not parts[name].all()]
        for one in (*hidden, *np.eye(len(ours))):
            assert not in_span(one, np.array(list(known.values())))


@pytest.mark.parametrize("ours", [0, 1, 3])
def test_who_tries_every_answer_cannot_tell_one_unless_all_of_a_group_said_the_same(ours: int) -> None:
    """Every way in which four or six may answer one statement, each as a wave, and what the edition shows of it."""
    n, scale = (4, range(1, 6)) if ours < 3 else (6, range(1, 4))
    ways = np.array(list(product(scale, repeat=n)))
    waves = pd.date_range("2000-01-01", periods=len(ways)).strftime("%Y-%m-%d")
    names = [f"r{i}" for i in range(n)]
    wide = pd.DataFrame(ways, columns=names).assign(wave=waves, item="y1")
    readiness = wide.melt(["wave", "item"], var_name="respondent", value_name="score")
    who = readiness[["wave", "respondent"]].assign(
        speaks_for=readiness["respondent"].isin(names[:ours]).map({True: "backbone", False: "partner"})
    )
    shown = readiness_shown(readiness, who).query("condition == 'y'").set_index("wave")
    apart = ours >= LEAST
    assert shown["backbone"].notna().all() == apart
    cells = shown[["score", "low", "high", "level", "spread", "backbone", "others"]].round(9)
    looks = wide.merge(
        cells.groupby(list(cells), dropna=False).ngroup().rename("looks"), left_on="wave", right_index=True
    )
    possible = looks.groupby("looks")[names].transform("nunique")
    for group in (names[:ours], names[ours:]) if apart else (names,):
        differ = looks[group].max(axis=1) > looks[group].min(axis=1)
        assert (possible.loc[differ, group] >= 2).all(axis=None)


def test_comments_on_a_condition_with_few_respondents_are_in_no_edition() -> None:
    rows = [("2025", "x", 2.0), ("2025", "y", 3.0), ("2026", "x", 4.0)]
    conditions = pd.DataFrame(rows, columns=["wave", "condition", "respondents"])
    said = pd.DataFrame({"wave": ["2025", "2025", "2026", "2024"], "condition": ["x", "y", "x", "x"]})
    said = said.assign(item="i", number=1, comment=["few", "enough", "more", "nobody"])
    assert edition(conditions=conditions, comments=said)["comments"]["comment"].to_list() == ["enough", "more"]


def test_no_edition_knows_a_respondent_s_answer(study: Study) -> None:
    given = study.tables["readiness"].assign(x_name="Ann", x_illustrative="yes")
    assert given["comment"].notna().any()
    inside = internal_study(with_table(study, "readiness", given))
    survey, ties = inside.tables["readiness"], inside.tables["ties"]
    assert survey[["respondent", "score", "comment", "speaks_for"]].isna().all(axis=None)
    assert "x_name" not in survey
    assert inside.has("readiness")
    assert inside.is_illustrative("readiness")
    assert survey[["wave", "item"]].equals(survey[["wave", "item"]].sort_values(["wave", "item"]))
    assert ties[RATINGS].isna().all(axis=None)
    assert ties["level"].notna().all(), "who works with whom is the coalition's to see"
    assert study.tables["ties"][RATINGS].notna().any(axis=None), "the study itself is left as it is"
    for name, frame in study.tables.items():
        if name not in ("readiness", "ties"):
            pd.testing.assert_frame_equal(inside.tables[name], frame)


@pytest.mark.parametrize(
    "names", [("readiness",), ("comments",), ("readiness", "comments", "ties", "network_partners")]
)
def test_a_wish_to_publish_answers_or_comments_is_not_followed(
    study: Study, tables: dict[str, pd.DataFrame], names: tuple[str, ...]
) -> None:
    publish = study.settings.publish.model_copy(update={"tables": names})
    wish = replace(study, settings=study.settings.model_copy(update={"publish": publish}))
    shown = edition_of(wish, tables, "public")
    assert len(tables["comments"]), "the example has some"
    assert "comments" not in shown.tables
    assert shown.study.tables["readiness"].empty
    assert shown.study.tables["ties"][RATINGS].isna().all(axis=None)
    said = study.tables["readiness"]["comment"].dropna()
    everything = "".join(f.to_csv() for f in (*shown.tables.values(), *shown.study.tables.values()))
    assert not any(comment in everything for comment in said)


def test_the_gate_keeps_what_private_columns_show_inside(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    assert edition_of(study, tables, "internal").tables["gate"]["tables_show"].notna().all()
    assert "tables_show" not in edition_of(study, tables, "public").tables["gate"]
    one = study.tables["partners"].assign(interest=1.0, influence=1.0)
    other = pipeline.compute(with_table(study, "partners", one))
    shown = [public_tables(study, t)["gate"] for t in (tables, {**tables, "gate": other["gate"]})]
    pd.testing.assert_frame_equal(*shown)


def test_a_section_with_a_private_table_is_left_out_of_the_public_edition(
    study: Study, tables: dict[str, pd.DataFrame]
) -> None:
    def draw(*_: object) -> None:
        raise AssertionError("nothing is drawn from what may not be shown")

    assert edition_of(study, tables, "public").section(draw, "sector_coverage", "ties", shows="x").html == ""


# --- what follows from a table is withheld with it


COLORADO = ("08001", "08003", "08005", "08007", "08009", "08011", "08013", "08014")
SEGMENTS = ("infant-toddler", "preschool", "school-age")


def small_study(tmp_path: Path, counts: np.ndarray, kinds: list[list[str]], *, source: str = "") -> Study:
    """A study with its own count of children by county and segment, and regions of one kind or more."""
    folder = tmp_path / "s"
    folder.mkdir(exist_ok=True)
    quoted = ", ".join(f'"{g}"' for g in COLORADO)
    (folder / "study.yaml").write_text(
        "format: 1\ntitle: A\ncommunity: B\nissue: child-care\nlevel: county\nas_of: 2026-06-30\n"
        f"counties: [{quoted}]\n"
    )
    rows = [
        f"{g},{name},{year},{s},{max(counts[i, j] + more, 0)},{source}\n"
        for i, g in enumerate(COLORADO)
        for j, s in enumerate(SEGMENTS)
        for name, year, more in (("children", 2024, 0), ("pupils", 2019, 1), ("pupils", 2024, 0))
    ]
    (folder / "indicators.csv").write_text("geoid,indicator,period,segment,value,source\n" + "".join(rows))
    (folder / "facilities.csv").write_text(
        "facility_id,name,kind,longitude,latitude,geoid,days,opens,closes\n"
        + "".join(f"f{g},F,home,-104.9,39.{i}5,{g},Mo-Fr,06:00,18:00\n" for i, g in enumerate(COLORADO))
    )
    (folder / "capacity.csv").write_text(
        "facility_id,segment,licensed\n" + "".join(f"f{g},{s},15\n" for g in COLORADO for s in SEGMENTS)
    )
    (folder / "regions.csv").write_text(
        "geoid,region_kind,region\n"
        + "".join(f"{g},kind-{k},{r}\n" for k, of in enumerate(kinds) for g, r in zip(COLORADO, of, strict=True) if r)
    )
    return Study.read(folder)


def computed(study: Study) -> dict[str, pd.DataFrame]:
    return landscape.compute(study, {})


def sums_that_are_shown(shown: dict[str, pd.DataFrame], study: Study, name: str) -> np.ndarray:
    """Each public figure of need, or of one indicator, as the cells of area × segment that it adds up."""
    cells = pd.MultiIndex.from_product([COLORADO, SEGMENTS])
    where = study.tables["regions"]
    known = []

    def add(geoids: list[str], segment: str) -> None:
        parts = {"all": SEGMENTS, "under-six": SEGMENTS[:2]}.get(segment, (segment,))
        known.append(np.array([g in geoids and s in parts for g, s in cells], dtype=float))

    tables = {
        "need": (("gap", "need"), ("region_gap", "need"), ("gap_summary", "need")),
        "pupils": (("indicators", "value"), ("region_indicators", "value"), ("indicator_summary", "total")),
    }[name]
    for table, column in tables:
        frame = shown[table]
        if name != "need":
            frame = frame[(frame["indicator"] == name) & (frame["period"] == "2024")]
        for row in frame[frame[column].notna()].to_dict("records"):
            if "geoid" in row:
                add([row["geoid"]], row["segment"])
            elif "region" in row:
                kind = where[where["region_kind"] == row["region_kind"]]
                inside = kind.loc[kind["region"] == row["region"], "geoid"].to_list()
                outside = [g for g in COLORADO if g not in set(kind["geoid"])]
                add(inside or outside, row["segment"])
            else:
                add(list(COLORADO), row["segment"])
    return np.array(known)


ONE_KIND = [["n", "n", "n", "s", "s", "s", "w", ""]]
CROSSING = [*ONE_KIND, ["a", "b", "a", "b", "a", "b", "a", "b"]]
#: Where the small counts are: area, and the count of its preschool children.
SMALL = {
    "one": {0: 4},
    "two in one region": {0: 8, 1: 9},
    "two regions": {0: 8, 3: 9},
    "three": {0: 3, 3: 2, 6: 5},
    "left out of the kind": {7: 6},
    "most": {0: 5, 1: 6, 2: 7, 3: 8, 4: 9, 5: 10},
}


@pytest.mark.parametrize("kinds", [ONE_KIND, CROSSING], ids=["one kind", "crossing kinds"])
@pytest.mark.parametrize("small", SMALL.values(), ids=SMALL)
def test_no_sum_of_public_figures_gives_a_withheld_count(
    tmp_path: Path, small: dict[int, int], kinds: list[list[str]]
) -> None:
    counts = 20 + 7 * np.arange(24).reshape(8, 3)
    for area, count in small.items():
        counts[area, 1] = count
    study = small_study(tmp_path, counts, kinds)
    tables = computed(study)
    shown = public_tables(study, tables)
    for name in ("need", "pupils"):
        known = sums_that_are_shown(shown, study, name)
        cells = np.eye(24)
        for area in small:
            assert not in_span(cells[area * 3 + 1], known), f"{name} of {COLORADO[area]}"
            assert not in_span(cells[area * 3 : area * 3 + 3].sum(axis=0), known), "nor of the whole area"
    everything = sums_that_are_shown(tables, study, "need")
    assert in_span(np.eye(24)[min(small) * 3 + 1], everything), "the attack is one"


def test_what_rests_on_a_withheld_area_is_withheld_with_it(tmp_path: Path) -> None:
    counts = np.full((8, 3), 40)
    counts[0, 1] = 4
    study = small_study(tmp_path, counts, ONE_KIND)
    tables = computed(study)
    shown = public_tables(study, tables)
    gone = set(shown["gap"].query("x_withheld == 'yes'")["geoid"])
    assert "08001" in gone
    assert len(gone) == 2, "and one more"
    for name in ("hours_gap", "trends"):
        here = shown[name][shown[name]["geoid"].isin(gone)]
        assert len(here), name
        figures = [c for c in here if c not in (*OUTPUTS[name].key, "x_withheld")]
        assert here[figures].isna().all(axis=None), name
        assert here["x_withheld"].eq("yes").all()
    assert shown["gap"]["access"].isna().all(), "seats within reach are shared with the neighbours"
    assert tables["gap"]["access"].notna().any()
    summary = shown["indicator_summary"].query("indicator == 'pupils'")
    assert len(summary)
    assert summary[["total", "minimum", "median", "maximum", "lowest", "highest"]].isna().all(axis=None)
    for name in ("hotspots", "disparities"):
        figures = [c for c in ("value", "local_i", "value_a", "ratio", "difference") if c in shown[name]]
        assert shown[name][figures].isna().all(axis=None), name
    assert "uptake" not in shown


def test_published_counts_and_what_is_made_from_them_are_shown_whole(tmp_path: Path) -> None:
    counts = np.full((8, 3), 40)
    counts[0, 1] = 4
    study = small_study(tmp_path, counts, ONE_KIND, source="Census")
    tables = computed(study)
    for name, frame in public_tables(study, tables).items():
        if OUTPUTS[name].step == "landscape":
            assert "x_withheld" not in frame, name
            pd.testing.assert_frame_equal(frame, tables[name][list(frame)], check_dtype=False)


def test_a_region_whose_withheld_areas_hide_each_other_is_shown(tmp_path: Path) -> None:
    counts = np.full((8, 3), 40)
    counts[0, 1], counts[1, 1] = 8, 9
    study = small_study(tmp_path, counts, ONE_KIND)
    regions = public_tables(study, computed(study))["region_gap"]
    # The two together are 8 + 9 = 17, and 17 is more than 11.
    assert regions.query("region == 'n'")["need"].notna().all()
    crossing = small_study(tmp_path, counts, CROSSING)
    regions = public_tables(crossing, computed(crossing))["region_gap"]
    assert regions.query("region in ('n', 'a', 'b')")["need"].isna().all()
    assert regions.query("region in ('s', 'w')")["need"].notna().all()


def test_peers_do_not_say_how_far_a_withheld_area_is(study: Study, tables: dict[str, pd.DataFrame]) -> None:
    own = study.tables["indicators"].assign(source=None).astype({"source": "str"})
    figures = tables["indicators"].assign(source=None).astype({"source": "str"})
    figures.loc[figures.index[0], "value"] = 3.0
    name = figures["indicator"].iloc[0]
    rows = pd.DataFrame({"geoid": ["08001", "08003"], "rank": 1.0, "peer": ["08005", "08007"], "distance": [0.5, 0.7]})
    peers = conform(rows.assign(name="P", matched_on=[f"x;{name}", "nothing of ours"]), OUTPUTS["peers"])
    shown = public_tables(with_table(study, "indicators", own), {**tables, "indicators": figures, "peers": peers})
    assert shown["peers"]["distance"].isna().to_list() == [True, False]


def test_shares_of_income_go_with_providers_prices_in_every_table(
    study: Study, tables: dict[str, pd.DataFrame]
) -> None:
    priced = study.tables["capacity"].copy()
    priced.loc[0, "price_week"] = 250.0
    shown = public_tables(with_table(study, "capacity", priced), tables)
    assert "affordability_years" not in shown
    for name, column in (("hotspots", "variable"), ("disparities", "indicator")):
        assert not shown[name][column].eq("price_share").any()
