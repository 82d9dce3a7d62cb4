from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers

from ci_analysis import strategy
from ci_analysis.figures import strategy as figures
from ci_analysis.figures.base import Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, conform

HOSTILE = ["<script>alert(1)</script>", "$x^{$ & y_$", "a" * 400, "\N{BABY} 日本 care", "Two\nlines, $5 to $9"]
DRAWN = ("adds_up", "ranking", "partners_orders", "possible_ranks", "who_works_on_what", "waterfall")


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return strategy.compute(study, {"gap": shortages(study), "gap_summary": totals(study)})


def frames_of(name: str, study: Study, run: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    given = study.tables
    return {
        "goals": [standing()],
        "adds_up": [run["agenda_arithmetic"]],
        "portfolio": [run["portfolio"]],
        "next_money": [run["portfolio_summary"]],
        "money_needed": [run["portfolio"], given["funding"]],
        "ranking": [run["ranking"]],
        "agreement": [run["agreement"], run["objections"]],
        "another_method": [run["ranking"]],
        "missing": [run["ranking"]],
        "weights": [run["criterion_weights"]],
        "workshop": [run[n] for n in ("criterion_scores", "criterion_weights", "ranking", "partner_weights")],
        "partners_orders": [run["partner_rankings"]],
        "possible_ranks": [run["rank_acceptability"]],
        "what_works": [run["what_works"], given["initiatives"]],
        "who_works_on_what": [run["activities"]],
        "joint_work": [run["catalytic"]],
        "overlaps": [given["initiatives"]],
        "claims": [run["agenda_arithmetic"], run["shared_claims"], run["portfolio"], given["effects"]],
        "waterfall": [run["gap_waterfall"], run["project_gaps"]],
        "gaps_without_work": [run["gap_coverage"]],
        "projects_and_gaps": [run["project_gaps"]],
        "seats_by_place": [run["gap_coverage"]],
        "chain": [run["chain"]],
        "site_order": [run["siting"]],
        "sites_map": [run["siting"], shortages(study)],
    }[name]


def shortages(study: Study) -> pd.DataFrame:
    """People without a place, made up: a hundred in each area and segment."""
    areas = study.areas[["geoid"]].merge(pd.DataFrame({"segment": study.profile.vocabulary("segments")}), how="cross")
    return output("gap", *areas.assign(unmet=100.0).to_dict("records"))


def totals(study: Study) -> pd.DataFrame:
    """The sums of those shortages."""
    gaps = shortages(study).groupby("segment", sort=False)["unmet"].sum().rename("spatial_gap").reset_index()
    return output("gap_summary", *gaps.to_dict("records"))


def output(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def standing() -> pd.DataFrame:
    day = pd.Timestamp("2028-12-31")
    known = {"segment": "all", "target_on": day}
    return output(
        "measures",
        {"measure_id": "spots-offered", "latest": 2372, "target": 2560, **known},
        {"measure_id": "spots-offered", "latest": 1, "target": 2, **known, "segment": "preschool"},
        {"measure_id": "mothers-in-labour-force", "latest": 0.6965, "target": 0.72, **known},
        {"measure_id": "weekly-cost", "latest": 282.23, "target": 268, **known},
        {"measure_id": "rural-homes-open", "latest": 205, **known},
    )


def renamed(study: Study, names: list[str]) -> Study:
    """The study with these names, over and over, in place of its own."""
    tables = dict(study.tables)
    for table in ("partners", "projects", "measures", "initiatives"):
        frame = tables[table]
        tables[table] = frame.assign(name=[names[i % len(names)] for i in range(len(frame))])
    return replace(study, tables=tables)


def with_settings(study: Study, **settings: object) -> Study:
    return replace(study, settings=study.settings.model_copy(update=settings))


# --- all of them -----------------------------------------------------------------------------------------------------


def test_every_public_function_is_looked_at(study, run):
    for name in figures.__all__:
        assert frames_of(name, study, run)


@pytest.mark.parametrize("name", figures.__all__)
def test_frames_are_left_alone_and_pyplot_knows_nothing(name, study, run):
    frames = frames_of(name, study, run)
    copies = [f.copy(deep=True) for f in frames]
    made = getattr(figures, name)(study, *frames)
    assert made is not None
    assert not _pylab_helpers.Gcf.figs
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


@pytest.mark.parametrize("name", DRAWN)
def test_same_figures_draw_the_same_bytes(name, study, run):
    frames = frames_of(name, study, run)
    draw = getattr(figures, name)
    first = drawing(draw(study, *frames))
    shuffled = [f.sample(frac=1, random_state=1).reset_index(drop=True) for f in frames]
    assert drawing(draw(study, *frames)).svg == first.svg
    assert drawing(draw(study, *shuffled)).svg == first.svg


@pytest.mark.parametrize("name", figures.__all__)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_any_name_is_drawn_as_it_is(name, hostile, study, run):
    other = renamed(study, [hostile])
    made = getattr(figures, name)(other, *frames_of(name, other, run))
    if isinstance(made, Statement):
        assert made.title
        return
    svg = drawing(made).svg
    assert "<script>" not in svg
    assert len(drawing(made).alt) < 4_000


@pytest.mark.parametrize("name", DRAWN)
def test_text_alternatives_state_figures(name, study, run):
    told = alternative(getattr(figures, name)(study, *frames_of(name, study, run)))
    assert told.endswith(".")
    assert any(ch.isdigit() for ch in told) or "partners" in told


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_to_draw_is_none(name, study, run):
    frames = [f.iloc[:0] for f in frames_of(name, study, run)]
    assert getattr(figures, name)(with_settings(study, agenda=None), *frames) is None


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    "names", [None, ["A name of many words that goes on " * 9], ["a" * 400], ["WESTERN SLOPE COMMUNITY COLLEGE " * 12]]
)
def test_texts_do_not_overlap(name, names, study, run):
    study = renamed(study, names) if names else study
    ax = getattr(figures, name)(study, *frames_of(name, study, run))
    ax.set_title("")
    ax.figure.draw_without_rendering()
    inside = ax.figure.bbox
    ticks = [t for axis in (ax.xaxis, ax.yaxis) if axis.get_visible() for t in axis.get_ticklabels()]
    texts = [t for t in (*ax.texts, *ticks, ax.xaxis.label) if t.get_text()]
    boxes = [t.get_window_extent().padded(-1) for t in texts]
    for i, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert box.x0 > inside.x0 - 2, text
        assert box.x1 < inside.x1 + 2, text
        for other, second in zip(texts[i + 1 :], boxes[i + 1 :], strict=True):
            assert not box.overlaps(second), (text, other)


# --- goals and whether they are met ----------------------------------------------------------------------------------


def test_goals_say_where_their_measures_stand(study):
    made = figures.goals(study, standing())
    # Teachers have no figures here, and homes no target: 5 − 2.
    assert made.title == "The coalition has five goals, three of them with a target to check it by"
    assert made.frame["today"].to_list()[0] == "2,372 spots"
    assert made.frame["aim"].to_list()[0] == "2,560 spots by December 31, 2028"
    assert made.frame["aim"].to_list()[2] == "$268 a week by December 31, 2028"
    assert made.frame["aim"].to_list()[4] == "72.0% by December 31, 2028"
    assert made.frame["aim"].isna().to_list() == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("kept", "title"),
    [
        ([0], "The coalition has one goal, with a target to check it by"),
        ([1], "The coalition has one goal, without a target to check it by"),
        ([0, 2], "The coalition has two goals, both with a target to check it by"),
        ([0, 2, 4], "The coalition has three goals, each with a target to check it by"),
        ([1, 3], "The coalition has two goals, none of them with a target to check it by"),
    ],
)
def test_goals_are_counted(kept, title, study):
    all_goals = study.settings.agenda.goals
    agenda = study.settings.agenda.model_copy(update={"goals": tuple(all_goals[i] for i in kept)})
    assert figures.goals(with_settings(study, agenda=agenda), standing()).title == title


def test_a_coalition_without_an_agenda_is_told_where_to_write_it(study):
    made = figures.goals(with_settings(study, agenda=None), standing())
    assert made.title == "The coalition has not written down its goals yet"
    assert "study.yaml" in made.lines[0]


def arithmetic(*verdicts: str) -> pd.DataFrame:
    ends = {
        "enough": (12.0, 15.0, 20.0),
        "likely": (5.0, 11.0, 20.0),
        "stretch": (1.0, 5.0, 10.0),
        "short": (1.0, 2.0, 3.0),
        "met": (np.nan,) * 3,
        "unknown": (np.nan,) * 3,
    }
    rows = []
    for i, verdict in enumerate(verdicts):
        low, mid, high = ends[verdict]
        needed = -1.0 if verdict == "met" else 10.0
        rows.append(
            {"rule": "value", "measure_id": f"m{i}", "latest": 0.0, "target": 10.0, "needed": needed, "low": low,
             "mid": mid, "high": high, "share_of_needed": mid / needed, "verdict": verdict}
        )  # fmt: skip
    return output("agenda_arithmetic", *rows)


MEASURES = "measures with a target"


@pytest.mark.parametrize(
    ("verdicts", "title"),
    [
        (["enough"], "The chosen projects are enough for the one measure with a target"),
        (["likely"], "The chosen projects are likely to be enough for the one measure with a target"),
        (
            ["stretch"],
            "The chosen projects are enough for the one measure with a target only if all goes as well as it can",
        ),
        (["short"], "The chosen projects are too little for the one measure with a target"),
        (["met"], "The one measure with a target is met already"),
        (["unknown"], "Nobody can say yet whether the chosen projects are enough for the one measure with a target"),
        (["enough"] * 2, f"The chosen projects are enough for both {MEASURES}"),
        (["enough"] * 3, f"The chosen projects are enough for all three {MEASURES}"),
        (["short"] * 3, f"The chosen projects are enough for none of three {MEASURES}, too little for three"),
        (["met", "met"], f"Both {MEASURES} are met already"),
        (["unknown"] * 2, f"Nobody can say yet whether the chosen projects are enough for any of two {MEASURES}"),
        (
            ["enough", "likely", "stretch", "short", "met", "unknown"],
            f"The chosen projects are enough for one of six {MEASURES}, likely for one, a stretch for one, too little "
            "for one; one is met already; for one nobody can say yet",
        ),
    ],
)
def test_the_sum_is_said_in_all_its_cases(verdicts, title, study):
    ax = figures.adds_up(with_settings(study, agenda=None), arithmetic(*verdicts))
    assert drawing(ax).title == title
    assert drawing(ax).svg.startswith("<svg")


def test_the_sum_is_told_in_percent_of_what_is_needed(study):
    told = alternative(figures.adds_up(with_settings(study, agenda=None), arithmetic("likely", "met")))
    assert "m0, 110% (50% to 200%), likely" in told
    assert "m1, nothing more is needed" in told


def test_a_sum_that_helps_a_lot_or_harms_stays_in_the_picture(study):
    frame = arithmetic("enough", "short")
    frame.loc[0, ["low", "mid", "high"]] = [500.0, 900.0, 1000.0]
    frame.loc[1, ["low", "mid", "high"]] = [-80.0, -5.0, 2.0]
    ax = figures.adds_up(with_settings(study, agenda=None), frame)
    assert ax.get_xlim() == (-3.0, 3.0)
    assert "m1, −50% (−800% to 20%)" in alternative(ax)


def test_only_the_portfolio_of_highest_value_is_added_up(study):
    frame = pd.concat([arithmetic("short").assign(rule="equal-shares"), arithmetic("enough")])
    ax = figures.adds_up(with_settings(study, agenda=None), frame)
    assert drawing(ax).title == "The chosen projects are enough for the one measure with a target"


# --- the portfolio ---------------------------------------------------------------------------------------------------


def chosen(*flags: bool) -> pd.DataFrame:
    return output(
        "portfolio",
        *(
            {"rule": "value", "project_id": f"p{i}", "chosen": f, "cost": 100.0, "value": 0.5 + i / 10, "why": "Why."}
            for i, f in enumerate(flags)
        ),
    )


@pytest.mark.parametrize(
    ("flags", "title"),
    [
        ([False, False], "None of 2 projects can be chosen under the budget of $450"),
        ([True, False, False], "1 of 3 projects is chosen, for $100 of the budget of $450"),
        ([True, True, False], "2 of 3 projects are chosen, for $200 of the budget of $450"),
        ([True, True], "Both projects are chosen, for $200 of the budget of $450"),
        ([True, True, True], "All 3 projects are chosen, for $300 of the budget of $450"),
        ([True], "The one project is chosen, for $100 of the budget of $450"),
        ([False], "No project can be chosen under the budget of $450"),
    ],
)
def test_the_portfolio_is_counted(flags, title, study):
    assert figures.portfolio(with_settings(study, budget=450.0), chosen(*flags)).title == title


def test_the_portfolio_says_what_is_left_out_and_what_remains(study):
    made = figures.portfolio(with_settings(study, budget=450.0), chosen(True, False, True))
    assert made.frame["project_id"].to_list() == ["p2", "p0", "p1"]
    assert made.frame["why"].to_list() == ["Chosen. Why.", "Chosen. Why.", "Left out. Why."]
    assert made.lines[0] == "$250 of the budget would remain."  # 450 − 2 × 100


# --- rankings --------------------------------------------------------------------------------------------------------


def ranked(*ranks: float, **more: object) -> pd.DataFrame:
    rows = [
        {"project_id": f"p{i}", "rank": r, "rank_low": r, "rank_high": r, "acceptability_1": 0.5 if r == 1 else 0.1,
         "acceptability_top3": 0.9, "disagreement": 1.0} | more
        for i, r in enumerate(ranks)
    ]  # fmt: skip
    return output("ranking", *rows)


@pytest.mark.parametrize(
    ("frame", "title"),
    [
        (ranked(1), "‘p0’ is the only project that can be ranked"),
        (ranked(1, 2), "‘p0’ comes first by the partners’ weights, and under 50% of all possible ones"),
        (
            ranked(1, 2, 3, 4),
            "‘p0’ comes first by the partners’ weights, and under 50% of all possible ones; 90% put it among the "
            "first three",
        ),
        (ranked(1, 1, 3), "‘p0’ and ‘p1’ share the first place by the partners’ weights"),
        (ranked(1, 2, acceptability_1=np.nan), "‘p0’ comes first by the partners’ weights"),
        (ranked(1, 2, rank_low=np.nan, rank_high=np.nan, disagreement=np.nan), "‘p0’ comes first by the partners’ "
         "weights, and under 50% of all possible ones"),
    ],
)  # fmt: skip
def test_the_first_project_is_named_with_how_sure_it_is(frame, title, study):
    ax = figures.ranking(study, frame)
    assert drawing(ax).title == title
    assert drawing(ax).alt.startswith("Ranks")


def test_without_weights_the_shares_of_all_possible_ones_are_said(study):
    made = figures.ranking(study, ranked(np.nan, np.nan, acceptability_1=0.4))
    assert isinstance(made, Statement)
    assert made.title == "No partner has given weights yet; ‘p0’ would come first under 40% of all possible ones"


def test_many_projects_are_cut_and_those_without_a_rank_are_counted(study):
    ax = figures.ranking(study, ranked(*range(1, 41), np.nan), most=20)
    assert len(ax.get_yticks()) == 20
    assert alternative(ax).endswith("One project has no rank.")
    ax = figures.ranking(study, ranked(1, np.nan, np.nan))
    assert alternative(ax).endswith("Two projects have no rank.")


def orders(*lists: list[float]) -> pd.DataFrame:
    return output(
        "partner_rankings",
        *(
            {"partner_id": f"partner{i}", "project_id": f"p{j}", "rank": r}
            for i, ranks in enumerate(lists)
            for j, r in enumerate(ranks)
        ),
    )


@pytest.mark.parametrize(
    ("frame", "title"),
    [
        (orders([1, 2, 3]), "Only one partner has given weights, so nobody knows yet whether partners agree"),
        (orders([1, 2, 3], [1, 2, 3]), "Two partners put the projects in the same order"),
        (orders([1], [1], [1]), "Three partners put the one project first"),
        # W = 12 S / (m² (n³ − n)); rank sums 2, 5, 5 about 4: S = 6; 12 × 6 / (4 × 24) = 0.75.
        (
            orders([1, 2, 3], [1, 3, 2]),
            "Two partners largely agree on the order (Kendall’s W 0.75 of 1); they are furthest apart on ‘p1’, from "
            "rank 2 to 3",
        ),
        # Opposite orders: all rank sums are 4, S = 0.
        (
            orders([1, 2, 3], [3, 2, 1]),
            "Two partners hardly agree on the order (Kendall’s W 0.00 of 1); they are furthest apart on ‘p0’, from "
            "rank 1 to 3",
        ),
    ],
)
def test_partners_agreement_is_said_in_words(frame, title, study):
    ax = figures.partners_orders(study, frame)
    assert drawing(ax).title == title
    assert drawing(ax).svg


def test_many_partners_are_cut_to_those_that_differ_most(study):
    frame = orders(*([[1, 2, 3]] * 29), [3, 2, 1])
    ax = figures.partners_orders(study, frame, most=10)
    assert len(ax.get_xticks()) == 10
    assert "partner29" in [t.get_text() for t in ax.get_xticklabels()]
    assert "10 partners" not in alternative(ax)  # said as a word
    assert "of 30, those that differ most" in alternative(ax)


def shares(rows: dict[str, list[float]]) -> pd.DataFrame:
    return output(
        "rank_acceptability",
        *({"project_id": p, "rank": i, "probability": v} for p, r in rows.items() for i, v in enumerate(r, 1)),
    )


def test_what_can_come_first_is_named(study):
    ax = figures.possible_ranks(study, shares({"a": [1.0, 0.0], "b": [0.0, 1.0]}))
    assert drawing(ax).title == "‘a’ comes first whatever the weights"
    ax = figures.possible_ranks(study, shares({"a": [0.7, 0.3], "b": [0.3, 0.7]}))
    assert drawing(ax).title == ("Both projects can come first, depending on the weights: ‘a’ (70%) and ‘b’ (30%)")
    assert alternative(ax).endswith("Most often: a, rank 1 (70%); b, rank 2 (70%).")


# --- work ------------------------------------------------------------------------------------------------------------


def rated(study: Study, *quadrants: str | None) -> Statement | None:
    initiatives = study.tables["initiatives"]
    ids = initiatives.loc[initiatives["initiative_id"] != "preschool-bus", "initiative_id"].head(len(quadrants))
    rows = [{"initiative_id": i, "quadrant": q, "next_step": f"Do {q}."} for i, q in zip(ids, quadrants, strict=True)]
    return figures.what_works(study, output("what_works", *rows), initiatives.iloc[:0])


def test_what_should_grow_is_named(study):
    none = rated(study, "keep-local", "learn-first")
    assert none.title == "None of 2 initiatives under way is ready to grow"
    assert rated(study, None).title == "Whether the initiative under way should grow is not rated yet"
    assert rated(study, None, None).title == "Whether initiatives under way should grow is not rated yet"
    one = rated(study, "keep-local", "scale-now")
    assert one.title == "1 of 2 initiatives under way is ready to grow: ‘Child care at the hospital’"
    assert one.frame["next_step"].to_list() == ["Do scale-now.", "Do keep-local."]
    assert rated(study, "scale-now", "scale-now").title.startswith("Both initiatives under way are ready to grow: ‘")


def test_what_has_ended_is_not_told_to_grow(study, run):
    made = figures.what_works(study, run["what_works"].assign(quadrant="scale-now"), study.tables["initiatives"])
    assert "All 9 initiatives" in made.title  # 10, of which one has ended
    assert made.lines == ("Ended, and not listed: A preschool class on a bus.",)
    over = study.tables["initiatives"].assign(ends_on=pd.Timestamp("2020-01-01"))
    assert figures.what_works(study, run["what_works"], over) is None


def work(rows: dict[str, list[int]]) -> pd.DataFrame:
    """Initiatives of partners, by lever."""
    table = [
        {"lever": lever, "partner_id": f"p{i}", "initiatives": n, "projects": 1}
        for lever, counts in rows.items()
        for i, n in enumerate(counts)
    ]
    return output("activities", *table, *({"lever": lever} for lever, counts in rows.items() if not counts))


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ({"supply": [0], "hours": [0]}, "Nothing is under way on any lever yet; there are only proposals"),
        (
            {"supply": [1, 1], "hours": []},
            "Nothing under way works on hours; supply of seats has the most partners, two",
        ),
        (
            {"supply": [1], "hours": [1]},
            "Something is under way on every lever; no two partners work on the same lever",
        ),
        (
            {"supply": [1, 2], "hours": [1, 1]},
            "Something is under way on every lever; supply of seats and hours have the most partners, two each",
        ),
    ],
)
def test_idle_levers_and_crowds_are_named(rows, title, study):
    ax = figures.who_works_on_what(study, work(rows))
    assert drawing(ax).title == title
    assert drawing(ax).svg


def test_partners_on_each_lever_are_told(study):
    told = alternative(figures.who_works_on_what(study, work({"supply": [1, 0], "hours": []})))
    assert "Supply of seats, one partner with work under way and one with proposals only" in told
    assert "Hours, no partner with work under way and none with proposals only" in told


def jointly(study: Study, *partners: str | None, why: str | None = "Why.") -> Statement:
    projects = study.tables["projects"].head(len(partners)).assign(
        lead="front-range-centers", partners=pd.Series(list(partners), dtype="str"), why_joint=why
    )  # fmt: skip
    return figures.joint_work(study, strategy.catalytic(projects, study.tables["partners"]))


def test_projects_within_one_sector_are_named(study):
    two = "front-range-county"
    assert jointly(study, two).title == "The one project joins partners of two sectors or more"
    assert jointly(study, two, two).title == "Both projects join partners of two sectors or more"
    assert jointly(study, two, two, two).title == "All 3 projects join partners of two sectors or more"
    names = [f"‘{n}’" for n in study.tables["projects"]["name"]]
    within = jointly(study, two, "western-slope-centers")
    assert within.title == f"1 of 2 projects stays within one sector: {names[1]}"
    assert within.frame[["sectors", "partners"]].iloc[0].to_list() == ["Child care providers", 2]
    alone = jointly(study, two, None)
    assert alone.title == f"1 of 2 projects stays within one sector: {names[1]}, the work of a single organisation"
    both = jointly(study, None, "western-slope-centers")
    assert both.title.startswith("Both projects stay within one sector: ")
    assert both.title.endswith("; one is the work of a single organisation")
    assert len(both.lines) == 1
    assert jointly(study, two, two, why=None).lines[1:] == (
        f"For both projects nobody has written down why it takes several: {names[1]} and {names[0]}.",
    )
