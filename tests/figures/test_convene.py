from __future__ import annotations

import re
import sys
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.axes import Axes

from ci_analysis.convene import network_partners, network_summary
from ci_analysis.figures import convene as figures
from ci_analysis.figures.base import COLOURS, Drawing, Statement, drawing
from ci_analysis.figures.networks import network
from ci_analysis.issues import load_instrument, load_profile
from ci_analysis.report.blocks import table_html
from ci_analysis.study import Preconditions
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

HOSTILE = ["<script>alert(1)</script>", "$x$ and $", "w" * 400, "Eltern 🧸 家", "A & B \"quoted\" 'too'", "نادي الآباء"]
PROFILE = load_profile("child-care")
CONDITIONS = [c.condition for c in load_instrument().conditions]


def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    declared = OUTPUTS.get(name) or INPUTS[name]
    return conform(pd.DataFrame(rows).reindex(columns=declared.names), declared) if rows else empty_frame(declared)


def study_table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """A table of the study, also where a run makes one by that name."""
    return conform(pd.DataFrame(rows).reindex(columns=INPUTS[name].names), INPUTS[name])


def partners(names: list[str], **of: list[object]) -> pd.DataFrame:
    rows = [
        {"partner_id": f"p{i:02d}", "name": name, "sector": "health", "status": "joined"}
        | {k: v[i] for k, v in of.items()}
        for i, name in enumerate(names)
    ]
    return table("partners", rows)


def a_study(own: pd.DataFrame | None = None, **settings: object) -> SimpleNamespace:
    defaults = {
        "as_of": date(2026, 6, 30), "tie_level": 2, "minimum_respondents": 5, "seed": 1, "backbone": None,
        "agenda": None, "preconditions": Preconditions(), "illustrative": (),
    }  # fmt: skip
    own = own if own is not None else partners(["North clinic"])
    labels = {
        "partner_id": dict(zip(own["partner_id"], own["name"], strict=True)),
        "sector": {s.sector: s.label for s in PROFILE.sectors},
        "condition": {c.condition: c.label for c in load_instrument().conditions},
    }
    tables = {**{n: empty_frame(t) for n, t in INPUTS.items()}, "partners": own}
    return SimpleNamespace(
        settings=SimpleNamespace(**{**defaults, **settings}), profile=PROFILE, labels=labels, tables=tables
    )


def title_of(made: Axes | Drawing | Statement) -> str:
    return made.title if isinstance(made, Drawing | Statement) else drawing(made).title


def a_network(names: list[str], pairs: list[tuple[int, int, int]], *, wave: str = "2026") -> tuple[object, ...]:
    """A study and the four tables of the network's picture; both ends report each tie, and rate each other 3."""
    own = partners(names)
    ends = [(a, b, n) for x, y, n in pairs for a, b, n in ((x, y, n), (y, x, n))]
    rated = dict.fromkeys(INPUTS["ties"].names[4:10], 3)
    ties = table("ties", [
        {"wave": wave, "source": f"p{a:02d}", "target": f"p{b:02d}", "level": n} | rated for a, b, n in ends
    ])  # fmt: skip
    study = a_study(own)
    study.tables["ties"] = ties
    places = as_declared("network_partners", network_partners(own, ties, tie_level=2, seed=1))
    return study, places, ties, own, as_declared("network_summary", network_summary(own, ties, tie_level=2))


def as_declared(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return conform(frame.reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def conditions(
    scores: dict[str, list[float]], *, respondents: int = 9, few: tuple[str, str] | None = None
) -> pd.DataFrame:
    """Scores of the five conditions by wave, half a point of interval on each side."""
    rows = []
    for wave, values in scores.items():
        for condition, score in zip(CONDITIONS, values, strict=True):
            k = 3 if few == (wave, condition) else respondents
            rows.append({
                "wave": wave, "condition": condition, "score": score, "low": score - 0.5, "high": score + 0.5,
                "respondents": k, "level": 1 + sum(score >= x for x in (1.8, 2.6, 3.4, 4.2)),
                "evidence": "4 of 5 goals.",
            })  # fmt: skip
    return table("conditions", rows)


def coverage(**joined: int) -> pd.DataFrame:
    """Sectors with so many joined partners; all are needed, none is invited."""
    rows = [
        {"sector": s, "needed": True, "joined": n, "invited": 0, "prospects": 0, "gap": n == 0}
        for s, n in joined.items()
    ]
    return table("sector_coverage", rows)


# --- who is at the table


@pytest.mark.parametrize(
    ("joined", "title"),
    [
        ({"health": 2, "k12": 1}, "Both needed sectors are at the table"),
        ({"health": 2, "k12": 1, "business": 3}, "All 3 needed sectors are at the table"),
        ({"health": 2, "k12": 0, "business": 1}, "1 of 3 needed sectors is missing from the table: schools"),
        (
            {"health": 0, "k12": 0, "business": 1},
            "2 of 3 needed sectors are missing from the table: health and schools",
        ),
        ({"health": 0, "k12": 0}, "Both needed sectors are missing from the table: health and schools"),
        ({"health": 0}, "The one needed sector is missing from the table: health"),
        ({"health": 1}, "The one needed sector is at the table"),
    ],
)
def test_missing_sectors_are_named(joined: dict[str, int], title: str) -> None:
    made = drawing(figures.sector_gaps(a_study(), coverage(**joined)))
    assert made.title == title
    assert all(str(n) in made.alt for n in joined.values())


def test_where_no_sector_is_needed_those_at_the_table_are_counted() -> None:
    for joined, title in (((0, 0), "No partner has joined yet"),
                          ((1, 0), "One partner from one sector is at the table"),
                          ((2, 1), "Three partners from two sectors are at the table")):  # fmt: skip
        rows = coverage(health=joined[0], k12=joined[1]).assign(needed=False, gap=False, invited=1)
        assert title_of(figures.sector_gaps(a_study(), rows)) == title


def test_a_missing_sector_says_why_it_is_needed_and_others_do_not() -> None:
    made = drawing(figures.sector_gaps(a_study(), coverage(health=0, k12=2)))
    words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", made.svg))
    why = {s.sector: s.why for s in PROFILE.sectors}
    assert "nobody has joined" in words
    assert all(w in words for w in why["health"].split())
    assert why["k12"].split()[-1] not in words


def test_the_public_roster_knows_no_prospects() -> None:
    rows = coverage(health=1, k12=1).assign(prospects=[3, 3])
    assert "could be asked" in drawing(figures.sector_gaps(a_study(), rows)).alt
    assert "could be asked" not in drawing(figures.sector_gaps(a_study(), rows.drop(columns="prospects"))).alt


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (["joined", "joined", "invited"], "Two partners from one sector are at the table, and one more is invited"),
        (["joined", "invited", "invited"], "One partner from one sector is at the table, and two more are invited"),
        (["joined"] * 3, "Three partners from one sector are at the table"),
        (["invited", "invited", "left"], "No partner has joined yet; two are invited"),
        (["prospect"] * 3, "No partner has joined yet"),
    ],
)
def test_the_roster_counts_who_has_joined(status: list[str], title: str) -> None:
    own = partners(["A", "B", "C"], status=status)
    made = figures.roster(a_study(own), own)
    assert made.title == title
    row = made.frame.set_index("sector").loc["health"].reindex(["at_the_table", "others"]).dropna()
    assert all(name in " ".join(row) for name in "ABC")


def test_the_roster_names_needed_sectors_that_have_nobody_and_says_why_each_is_needed() -> None:
    own = partners(["A", "B"], sector=["health", "philanthropy"])
    rows = figures.roster(a_study(own), own).frame.set_index("sector")
    needed = [s.sector for s in PROFILE.sectors if s.needed]
    assert set(needed) | {"philanthropy"} == set(rows.index)
    assert rows.loc["k12", "at_the_table"] == "nobody"
    why = {s.sector: s.why for s in PROFILE.sectors}
    assert all(rows.loc[s, "why_this_issue_needs_it"] == why[s] for s in needed)
    assert rows.loc["philanthropy", "why_this_issue_needs_it"].startswith("Not needed")


def judged(*rows: tuple[str, str, int | None, int | None]) -> pd.DataFrame:
    names, status, interest, influence = map(list, zip(*rows, strict=True))
    return partners(names, status=status, interest=interest, influence=influence)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (
            [("A", "joined", 5, 4), ("B", "joined", 3, 5), ("C", "invited", 5, 5), ("D", "joined", 5, 3)],
            "1 of 3 partners with much influence is at the table with much interest; B has joined with less interest; "
            "C has not joined",
        ),
        ([("A", "joined", 4, 4), ("B", "joined", 5, 5)],
         "Both partners with much influence are at the table with much interest"),
        ([("A", "joined", 5, 3)], "No partner is said to have much influence on the issue"),
        ([("A", "prospect", 1, 5), ("B", "left", 5, 5), ("C", "joined", None, 5)],
         "No partner with much influence is at the table with much interest; A has not joined"),
    ],
)  # fmt: skip
def test_who_has_influence_and_is_to_be_won(rows: list[tuple], title: str) -> None:
    own = judged(*rows)
    made = figures.interest_influence(a_study(own), own)
    assert made.title == title
    shown = {name for name, status, interest, _ in rows if status != "left" and interest}
    assert set(re.findall(r"<g>.*?<title>([^<]*)</title></g>", made.svg)) == shown


def test_without_judgements_there_is_no_grid() -> None:
    own = judged(("A", "joined", None, 5), ("B", "left", 3, 3))
    assert figures.interest_influence(a_study(own), own) is None


def test_joining_counts_who_came_and_who_left() -> None:
    days = ["2024-01-10", "2024-02-10", "2025-03-01", "2026-01-05", None]
    left = pd.to_datetime([None, "2025-06-01", None, None, None])
    own = partners(list("ABCDE"), joined_on=pd.to_datetime(days), left_on=left,
                   status=["joined", "left", "joined", "joined", "joined"])  # fmt: skip
    made = drawing(figures.joining(a_study(own), own))
    # Three of four that came are there; a year ago two of three; the fifth came on a day that is not known.
    assert made.title == "Three partners are at the table, one more than a year ago"
    assert "3 on June 30, 2026" in made.alt
    assert "One partner left" in made.alt
    assert "one partner</text>" in made.svg


@pytest.mark.parametrize(
    ("days", "ending"),
    [(["2024-01-10", "2024-02-10"], "as many as a year ago"), (["2026-01-10", "2026-02-10"], "since January 10, 2026")],
)
def test_joining_says_what_has_changed(days: list[str], ending: str) -> None:
    own = partners(["A", "B"], joined_on=pd.to_datetime(days))
    assert title_of(figures.joining(a_study(own), own)) == f"Two partners are at the table, {ending}"


def test_joining_may_end_with_nobody() -> None:
    days, left = (pd.to_datetime(x) for x in (["2024-01-10", "2024-02-10"], ["2024-03-10", "2024-03-10"]))
    own = partners(["A", "B"], joined_on=days, left_on=left, status=["left", "left"])
    assert title_of(figures.joining(a_study(own), own)) == "No partner is at the table, as a year ago"


def test_joining_needs_two_days() -> None:
    own = partners(["A", "B"], joined_on=pd.to_datetime(["2024-01-10", None]))
    assert figures.joining(a_study(own), own) is None


# --- how they work together


@pytest.mark.parametrize(
    ("pairs", "title"),
    [
        ([(0, 1, 2), (1, 2, 3)], "Two pairs of partners work together, and everybody works with somebody"),
        ([(0, 1, 2), (1, 2, 1)], "One pair of partners works together; C has no tie yet"),
        ([(0, 1, 1), (1, 2, 1)], "No pair of partners works together; A, B and C have no tie yet"),
    ],
)
def test_the_network_names_who_works_with_nobody(pairs: list[tuple[int, int, int]], title: str) -> None:
    made = figures.network_map(*a_network(["A", "B", "C"], pairs))
    assert made.title == title
    assert "All 3 joined partners answered in 2026 (response rate 100%)" in made.svg
    assert "response rate 100%" in made.legend
    assert made.svg.count("<line") == sum(n >= 2 for _, _, n in pairs)


def test_sectors_differ_by_shape_and_colour() -> None:
    kinds = [s.label for s in PROFILE.sectors]
    nodes = pd.DataFrame({"name": kinds, "kind": kinds, "tip": kinds})
    edges = pd.DataFrame({"a": 0, "b": range(1, len(kinds)), "strength": 2})
    made = network(nodes, edges, kinds=kinds, strengths={2: "cooperation"}, title="T", alt="A.")
    marks = re.findall(r'<svg width="18".*?</svg>', made.legend)
    assert len({re.sub(r'style="[^"]*"', "", m) for m in marks}) == len(kinds)
    assert len(set(re.findall(r"fill: var\(--(\w+)", "".join(marks)))) == 4


@pytest.mark.parametrize(
    ("densities", "title"),
    [
        ([0.2, 0.3], "3 of 10 pairs of partners work together (30%), up from 20% in Q4 2024"),
        ([0.5, 0.3], "3 of 10 pairs of partners work together (30%), down from 50% in Q4 2024"),
        ([0.301, 0.3], "3 of 10 pairs of partners work together (30%), as in Q4 2024"),
        ([0.3], "3 of 10 pairs of partners work together"),
        ([0.1, 1.0], "All 10 pairs of partners work together (100%), up from 10% in Q4 2024"),
        ([0.1, 0.0], "None of 10 pairs of partners works together (0%), down from 10% in Q4 2024"),
    ],
)
def test_density_stands_beside_its_response_rate(densities: list[float], title: str) -> None:
    waves = ["2024-Q4", "2025-Q4"][: len(densities)]
    rows = [
        {"wave": w, "partners": 5, "respondents": 4, "response_rate": 0.8, "ties": round(10 * d), "density": d}
        for w, d in zip(waves, densities, strict=True)
    ]
    # The same partners answered both times.
    turned = round(10 * (densities[-1] - densities[0]))
    rows[-1] |= {"new_ties_comparable": max(turned, 0), "lost_ties_comparable": max(-turned, 0)}
    made = figures.network_over_time(a_study(), table("network_summary", rows))
    if len(densities) == 1:
        assert isinstance(made, Statement)
        assert "4 of 5 joined partners answered in Q4 2024 (response rate 80%)." in made.lines[0]
    else:
        assert drawing(made).alt.count("80% of joined partners answered") == len(densities)
    assert title_of(made) == title


def test_two_lines_that_end_together_keep_their_words_apart() -> None:
    rows = [
        {"wave": w, "partners": 5, "respondents": 4, "response_rate": 0.8, "ties": 8, "density": d}
        for w, d in (("2024", 0.7), ("2025", 0.79))
    ]
    ax = figures.network_over_time(a_study(), table("network_summary", rows))
    drawing(ax)
    last = [t for t in ax.texts if "\n" in t.get_text()]
    assert len(last) == 2
    shifts = [t.xyann[1] for t in last]
    assert max(shifts) - min(shifts) > 20


@pytest.mark.parametrize(
    ("names", "pairs", "title", "through"),
    [
        # In a star of five the middle lies on all 4 * 3 / 2 ways between the others.
        ("ABCDE", [(1, 0, 2), (1, 2, 2), (1, 3, 2), (1, 4, 2)], "B holds the network together: 100%", "it"),
        # In two stars of three that are tied, each middle lies on all ways but the one between the other's points.
        ("ABCDEF", [(0, 1, 2), (0, 2, 2), (0, 3, 2), (3, 4, 2), (3, 5, 2)],
         "A and D hold the network together: 70% each", "them"),
        ("ABC", [(0, 1, 2), (1, 2, 2), (0, 2, 2)], "No partner stands between others", ""),
    ],
)  # fmt: skip
def test_brokers_are_those_on_the_ways_between_others(
    names: str, pairs: list[tuple[int, int, int]], title: str, through: str
) -> None:
    study, places, _, _, summary = a_network(list(names), pairs)
    made = figures.brokers(study, places, summary)
    assert made.title == title + (f" of the shortest ways between others lead through {through}" if through else "")
    assert "response rate 100%" in made.lines[0]


def test_ties_may_be_more_had_all_answered() -> None:
    study, places, _, _, summary = a_network(["A", "B", "C"], [(0, 1, 2), (1, 2, 2)])
    places = places.assign(degree_high=[2.0, 2.0, 1.0], answered=[True, True, False])
    shown = figures.brokers(study, places, summary).frame.set_index("partner_id")
    assert shown["ties"].to_dict() == {"p01": "2", "p00": "1 (up to 2, had all answered)", "p02": "1"}
    assert shown["answered"].to_dict() == {"p01": True, "p00": True, "p02": False}


@pytest.mark.parametrize(
    ("high", "band"), [([0.5, 0.6], True), ([0.2, 0.3], False), ([float("nan")] * 2, False), ([0.2, 0.6], True)]
)
def test_a_band_shows_what_silence_could_hide(high: list[float], band: bool) -> None:
    rows = [
        {"wave": w, "partners": 5, "respondents": 4, "response_rate": 0.8, "ties": 10 * d, "density": d,
         "density_high": h}
        for w, d, h in zip(("2024", "2025"), (0.2, 0.3), high, strict=True)
    ]  # fmt: skip
    ax = figures.network_over_time(a_study(), table("network_summary", rows))
    made = drawing(ax)
    assert bool(ax.collections) == ("had all answered" in made.svg) == band
    assert made.alt.count("had all answered") == sum(h > d for h, d in zip(high, (0.2, 0.3), strict=True))


# --- how ready they are


@pytest.mark.parametrize(
    ("scores", "title"),
    [
        ([4.1, 2.0, 3, 3, 3], "Common agenda is farthest along (4.1 of 5), shared measurement least (2.0)"),
        (
            [4.1, 4.1, 3, 3, 2],
            "Common agenda and shared measurement are farthest along (4.1 of 5), backbone least (2.0)",
        ),
        ([3.02, 3, 3, 3, 2.98], "All 5 conditions stand at 3.0 of 5"),
    ],
)
def test_readiness_names_the_farthest_and_the_least(scores: list[float], title: str) -> None:
    assert title_of(figures.readiness(a_study(), conditions({"2025": scores}))) == title


def test_scores_that_few_stand_behind_are_nowhere() -> None:
    rows = conditions({"2024": [2, 2, 2, 2, 1.47], "2025": [3.5, 2, 3, 4.63, 3]}, few=("2024", "backbone"))
    made = drawing(figures.readiness(a_study(), rows))
    assert "Not shown, since too few answered: backbone in 2024" in made.alt
    assert "1.5" not in re.sub(r"1\.5 to 2\.5", "", made.alt + made.title)
    rows.loc[rows.index[-2], "respondents"] = 4
    made = drawing(figures.readiness(a_study(), rows))
    assert "4.6" not in made.alt + made.title
    said = figures.readiness_levels(a_study(), rows)
    assert not said.frame.astype("str").apply(lambda c: c.str.contains("4.6", regex=False)).to_numpy().any()
    assert said.frame["where_it_stands"].eq("too few answers to show").sum() == 1


def test_readiness_of_too_few_is_said_once_and_the_tables_speak() -> None:
    rows = conditions({"2025-Q4": [3, 3, 3, 3, 3]}, respondents=4)
    assert figures.readiness(a_study(), rows) is None
    made = figures.readiness_levels(a_study(), rows)
    said = "In Q4 2025 too few partners answered to show how ready they are"
    assert made.title == f"{said}; this is what the tables show"
    assert made.frame["what_the_tables_show"].to_list() == ["4 of 5 goals."] * 5
    assert made.frame.columns.to_list() == ["condition", "what_the_tables_show"]
    silent = figures.readiness_levels(a_study(), rows.assign(evidence=None))
    assert (silent.title, silent.frame) == (said, None)


def test_scores_of_the_wave_before_stay_where_too_few_answered_since() -> None:
    rows = conditions({"2024": [2, 3, 3, 3, 4], "2025": [5, 5, 5, 5, 5]})
    rows.loc[rows["wave"] == "2025", "respondents"] = 3
    made = drawing(figures.readiness(a_study(), rows))
    assert made.title == (
        "In 2025 too few answered; in 2024, backbone is farthest along (4.0 of 5), common agenda least (2.0)"
    )
    assert "5.0" not in made.alt


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ([3.1, 3, 3, 3, 2.9], "; since 2024 common agenda rose from 2.0 to 3.1"),
        ([2, 1.9, 3, 3, 3], "; since 2024 shared measurement fell from 3.0 to 1.9"),
        # One point of score and half a point of interval on each side: the two meet.
        ([3, 3, 3, 3, 3], ""),
    ],
)
def test_what_turned_most_since_the_wave_before_is_said_where_the_intervals_do_not_meet(
    now: list[float], said: str
) -> None:
    title = title_of(figures.readiness(a_study(), conditions({"2024": [2, 3, 3, 3, 3], "2025": now})))
    assert title.partition("; since")[1:] == tuple(said.partition("; since")[1:])


def test_an_interval_is_written_as_far_as_the_scale_goes() -> None:
    rows = conditions({"2025": [4.9, 1.2, 3, 3, 3]})
    made = drawing(figures.readiness(a_study(), rows))
    assert "4.9 (4.4 to 5.0)" in made.alt
    assert "1.2 (1.0 to 1.7)" in made.alt
    told = figures.readiness_levels(a_study(), rows).frame["score, and 95% interval"].to_list()
    assert told[:2] == ["4.9 (4.4 to 5.0)", "1.2 (1.0 to 1.7)"]


@pytest.mark.parametrize(
    ("scores", "title"),
    [
        ([3.5, 3.5, 3, 3, 3], "Two of five conditions stand at level 4 of 5, three at level 3"),
        ([3.5, 3, 3, 3, 2], "One of five conditions stands at level 4 of 5, three at level 3 and one at level 2"),
        ([3, 3, 3, 3, 3], "All 5 conditions stand at level 3 of 5"),
    ],
)
def test_levels_are_counted_and_described(scores: list[float], title: str) -> None:
    made = figures.readiness_levels(a_study(), conditions({"2024": [1] * 5, "2025": scores}))
    assert made.title == title
    words = load_instrument().levels().set_index(["condition", "level"])
    first = made.frame.iloc[0]
    level = int(first["where_it_stands"][0])
    assert first["what_that_means"] == words.loc[("common-agenda", level), "descriptor"]
    assert first["what_the_tables_show"] == "4 of 5 goals."


def spread(*deviations: float, **more: object) -> pd.DataFrame:
    """Conditions of one wave, at 3 of 5, that so far lie apart."""
    return conditions({"2025": [3.0] * 5}).assign(spread=[*deviations, *[deviations[-1]] * 5][:5], **more)


@pytest.mark.parametrize(
    ("deviations", "title"),
    [
        ((0.44, 0.45, 0.99, 0.94, 1.2),
         "Respondents agree on common agenda, differ on shared measurement and continuous communication and are far "
         "apart on mutually reinforcing activities and backbone"),
        ((0.6, 0.6, 0.6, 0.6, 0.84), "Respondents differ on all 5 conditions, most on backbone"),
        ((0.1, 0.1, 0.1, 0.1, 0.44), "Respondents agree on all 5 conditions, least on backbone"),
        ((0.0,), "Respondents agree on all 5 conditions"),
    ],
)  # fmt: skip
def test_the_spread_says_where_respondents_agree(deviations: tuple[float, ...], title: str) -> None:
    made = drawing(figures.readiness_spread(a_study(), spread(*deviations)))
    assert made.title == title
    assert all(f"±{d:.1f}" in made.alt for d in deviations)
    assert "far apart from ±1.0 on" in re.sub(r"\s+", " ", " ".join(re.findall(r">([^<>]+)</text>", made.svg)))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"n_backbone": 1.0, "n_others": 8.0},
         "Too few speak for the backbone to show its answers apart (fewer than five)."),
        ({"n_backbone": 0.0, "n_others": 9.0}, "Nobody who answered speaks for the backbone."),
        ({"n_backbone": 7.0, "n_others": 2.0},
         "Too few besides the backbone answered to show its answers apart (fewer than five)."),
    ],
)  # fmt: skip
def test_why_the_backbone_is_not_set_apart_is_said(more: dict[str, float], sentence: str) -> None:
    made = drawing(figures.readiness_spread(a_study(), spread(0.5, **more)))
    assert made.alt.endswith(sentence)
    assert sentence in " ".join(re.findall(r">([^<>]+)</text>", made.svg))
    assert "other partners" not in made.svg


def test_the_backbone_stands_beside_the_others() -> None:
    rows = spread(0.5, n_backbone=5.0, n_others=6.0, backbone=[4.25, 3, 3, 3, 3], others=[2.5, 3, 3, 3, 3])
    made = drawing(figures.readiness_spread(a_study(), rows))
    assert "common agenda 3.0, ±0.5 (differ; backbone 4.2, other partners 2.5)" in made.alt
    assert ">other partners</text>" in made.svg


def test_the_spread_of_few_is_nowhere() -> None:
    rows = spread(0.5)
    rows.loc[0, ["spread", "respondents"]] = [0.87, 4.0]
    made = drawing(figures.readiness_spread(a_study(), rows))
    assert "±0.9" not in made.alt + made.svg
    assert "common agenda" not in made.alt
    assert figures.readiness_spread(a_study(), spread(0.5).assign(respondents=4.0)) is None
    assert figures.readiness_spread(a_study(), spread(0.5).assign(respondents=1.0, spread=float("nan"))) is None


def said(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Comments from (wave, item, words)."""
    of = load_instrument().items().set_index("item")["condition"]
    made = [
        {"wave": w, "item": i, "number": n, "condition": of[i], "comment": text} for n, (w, i, text) in enumerate(rows)
    ]
    return table("comments", made)


def test_comments_of_the_latest_wave_stand_with_their_statements() -> None:
    rows = said(("2025", "agenda-goals", "Old."), ("2026", "agenda-goals", "New."), ("2026", "backbone-money", "Thin."))
    made = figures.comments(a_study(), rows)
    assert made.title == "Two comments on two statements: common agenda and backbone"
    texts = load_instrument().items().set_index("item")["text"]
    assert made.frame["statement"].to_list() == texts[["agenda-goals", "backbone-money"]].to_list()
    assert made.frame["comment"].to_list() == ["New.", "Thin."]
    assert "one comment of earlier waves" in made.lines[1]
    assert "A person's name cannot be told from other words" in made.lines[0]
    assert figures.comments(a_study(), rows.iloc[:1]).title == "One comment on one statement: common agenda"


# --- what they stand for, and with what


def answers(*responses: str, on: str = "2025-01-01") -> list[dict[str, object]]:
    return [
        {
            "partner_id": f"p{i:02d}",
            "agenda_on": pd.Timestamp(on),
            "response": r,
            "commits_to": f"do {i}" if r == "support" else None,
        }
        for i, r in enumerate(responses)
    ]


@pytest.mark.parametrize(
    ("responses", "title", "said"),
    [
        (("support",) * 3, "All 3 joined partners support the agenda",
         "All 3 joined partners have said what they will do"),
        (("support", "reservations", "not-yet"),
         "1 of 3 joined partners supports the agenda; one has reservations and one is not ready yet",
         "1 of 3 joined partners has said what it will do; one has reservations"),
        (("not-yet", "not-yet"),
         "None of 3 joined partners supports the agenda; two are not ready yet and one has not answered",
         "None of 3 joined partners has said what it will do"),
        (("reservations", "reservations", "support"),
         "1 of 3 joined partners supports the agenda; two have reservations",
         "1 of 3 joined partners has said what it will do; two have reservations"),
    ],
)  # fmt: skip
def test_support_is_counted_among_joined_partners(responses: tuple[str, ...], title: str, said: str) -> None:
    own = partners(["A", "B", "C", "D"], status=["joined"] * 3 + ["left"])
    rows = table("endorsements", answers(*responses))
    assert title_of(figures.endorsements(a_study(own), rows, own)) == title
    assert figures.commitments(a_study(own), rows, own).title == said


def test_support_of_an_older_text_or_of_who_left_does_not_count() -> None:
    own = partners(["A", "B", "C"], status=["joined", "joined", "left"])
    rows = answers("support", "support", "support", on="2024-01-01") + answers("not-yet", "support", "support")
    rows += answers("support", on="2027-01-01")
    made = drawing(figures.endorsements(a_study(own), table("endorsements", rows), own))
    assert made.title == "1 of 2 joined partners supports the agenda; one is not ready yet"
    assert "agenda of January 1, 2025: support, 1; with reservations, 0; not yet, 1." in made.alt


def holding_back(*rows: tuple[str | None, str | None]) -> tuple[object, ...]:
    """A study, answers, partners and written reservations from (response, reservation) rows."""
    own = partners([chr(65 + i) for i in range(len(rows))])
    made = answers(*[r for r, _ in rows])
    given = table("endorsements", [m | {"reservation": w} for m, (r, w) in zip(made, rows, strict=True) if r])
    return a_study(own), given, own, given[given["reservation"].notna()].reset_index(drop=True)


def test_who_holds_back_is_named_with_what_it_would_take() -> None:
    rows = (None, None), ("not-yet", "Waits for its board."), ("support", None), ("reservations", "The cost.")
    made = figures.reservations(*holding_back(*rows))
    assert made.title == "One has reservations, one is not ready yet and one has not answered"
    assert made.frame["partner_id"].to_list() == ["p03", "p01", "p00"]
    assert made.frame["what_holds_it_back"].fillna("").to_list() == ["The cost.", "Waits for its board.", ""]
    assert made.lines == ()


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([("reservations", None)] * 2, "Two partners have reservations, and nobody wrote down which"),
        ([("reservations", None), ("reservations", "X")],
         "One partner, of two, has reservations, and nobody wrote down which"),
        ([("not-yet", None)], "One partner is not ready yet, and nobody wrote down what for"),
    ],
)  # fmt: skip
def test_reservations_that_nobody_wrote_down_are_asked_for(rows: list[tuple[str, str | None]], line: str) -> None:
    assert figures.reservations(*holding_back(*rows)).lines == (f"{line}: fill in reservation in endorsements.csv.",)


def test_where_nobody_holds_back_it_is_said() -> None:
    made = figures.reservations(*holding_back(("support", None), ("support", None)))
    assert made.title == "No joined partner holds back from the agenda"
    assert made.frame is None
    assert figures.reservations(*holding_back((None, None))) is None


def funding(*rows: tuple[str, float, str, str | None, str | None]) -> pd.DataFrame:
    columns = ["source", "amount", "status", "project_id", "on"]
    made = [dict(zip(columns, r, strict=True)) | {"funding_id": f"f{i}"} for i, r in enumerate(rows)]
    return table("funding", [m | {"on": pd.Timestamp(m["on"]) if m["on"] else pd.NaT} for m in made])


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("F", 5e5, "received", None, None), ("G", 2e6, "pledged", None, None), ("H", 10, "asked", "p", None)],
         "$500,000 has been received, $2 million is pledged and $10 is asked for"),
        ([("F", 5e5, "received", None, None)], "$500,000 has been received"),
        ([("F", 5e5, "asked", None, None)], "Nothing has been received yet; $500,000 is asked for"),
        ([("F", 0, "asked", None, None)], "No money is received, pledged or asked for yet"),
        # What is dated after the study's day has not come.
        ([("F", 5e5, "received", None, None), ("F", 9e5, "received", None, "2026-07-01")],
         "$500,000 has been received"),
    ],
)  # fmt: skip
def test_money_is_told_by_where_it_stands(
    rows: list[tuple[str, float, str, str | None, str | None]], title: str
) -> None:
    assert figures.money(a_study(), funding(*rows)).title == title


def test_money_adds_up_and_names_who_gives_most() -> None:
    rows = [("F", 600, "received", "p", None), ("F", 150, "received", None, None), ("G", 250, "received", "p", None)]
    made = figures.money(a_study(), funding(*rows))
    assert made.frame.iloc[0].to_list() == ["Received", "$850", "$150", "$1,000"]
    assert made.lines == ("75% of what was received came from one source: F.",)


@pytest.mark.parametrize(
    ("received", "title"),
    [
        (100.0, "North clinic holds the work together and received a whole year's budget in the last year"),
        (150.0, "North clinic holds the work together and received more than a year's budget in the last year"),
        (25.0, "North clinic holds the work together and received 25% of a year's budget in the last year"),
    ],
)
def test_the_backbone_is_named_with_its_money(received: float, title: str) -> None:
    study = a_study(backbone=SimpleNamespace(partner="p00", staff_fte=2.5, annual_budget=100.0))
    rows = funding(
        ("F", received, "received", None, "2026-01-01"),
        ("F", 999, "received", None, "2025-06-30"),
        ("F", 999, "received", "project", "2026-01-01"),
    )
    made = figures.backbone(study, study.tables["partners"], rows)
    assert made.title == title
    assert "2.5 full-time-equivalent staff" in set(made.frame["figure"])
    nothing = figures.backbone(study, study.tables["partners"], rows.iloc[1:])
    assert nothing.title == "North clinic holds the work together and received nothing in the last year"


def test_the_backbone_s_money_without_a_date_is_said_to_be_in_no_sum() -> None:
    study = a_study(backbone=SimpleNamespace(partner="p00", staff_fte=1.0, annual_budget=100.0))
    rows = funding(("F", 100, "received", None, None), ("F", 9, "asked", None, None))
    made = figures.backbone(study, study.tables["partners"], rows)
    assert made.title.endswith(" and received nothing in the last year, not counting 1 entry without a date")
    assert "The coalition's own money is told not counting 2 entries without a date (on in funding.csv)." in made.lines
    dated = figures.backbone(study, study.tables["partners"], funding(("F", 100, "received", None, "2026-01-01")))
    assert not [line for line in dated.lines if "without a date" in line]
    assert "one full-time staff member" in set(made.frame["figure"])


def test_a_backbone_may_lack_everything() -> None:
    study = a_study(backbone=SimpleNamespace(partner="p00", staff_fte=None, annual_budget=None))
    made = figures.backbone(study, study.tables["partners"], funding())
    assert made.title == "North clinic holds the work together"
    assert made.frame["what"].to_list() == ["Office"]
    assert [line.split(" (")[0] for line in made.lines] == [
        "How many people work for it is not stated",
        "What it costs a year is not stated",
        "What money came in is not known: funding.csv has no rows.",
        "What it coordinates is not known: no table says who leads, owns or reports what.",
    ]
    nobody = figures.backbone(a_study(), study.tables["partners"], funding())
    assert nobody.title == "Nobody is named yet to hold the work together"
    assert nobody.frame is None


def test_what_the_backbone_coordinates_is_counted_and_named() -> None:
    study = a_study(backbone=SimpleNamespace(partner="p00", staff_fte=1.0, annual_budget=5.0))
    study.tables |= {
        "initiatives": study_table("initiatives", [
            {"initiative_id": f"i{i}", "name": n, "lead": lead, "ends_on": pd.Timestamp(on) if on else pd.NaT}
            for i, (n, lead, on) in enumerate([("Bus", "p00", None), ("Van", "p00", "2026-06-30"),
                                               ("Gone", "p00", "2026-06-29"), ("Theirs", "p01", None)])
        ]),
        "projects": study_table("projects", [{"project_id": "x", "name": "Yard", "lead": "p01"}]),
        "deliverables": study_table("deliverables", [
            {"deliverable_id": s, "name": s, "owner": "p00", "status": s} for s in ("done", "dropped", "planned")
        ]),
        "measures": study_table("measures", [
            {"measure_id": "a", "name": "Seats", "owner": "p00"},
            {"measure_id": "b", "name": "Teachers", "reporters": "p01; p00"},
            {"measure_id": "c", "name": "Price", "owner": "p01", "reporters": "p000"},
        ]),
        "communications": study_table("communications", [
            {"communication_id": "a", "audience": "All partners", "channel": "E-mail", "owner": "p00"}
        ]),
    }  # fmt: skip
    rows = funding(("F", 7, "asked", None, "2026-01-01"), ("F", 9, "asked", "x", "2026-01-01"))
    made = figures.backbone(study, study.tables["partners"], rows).frame.set_index("what")["figure"]
    assert made["Asked for, for the coalition itself in the last year"] == "$7"
    assert made["Initiatives under way that it leads"] == "2: Bus; Van"
    assert made["Projects that it would lead"] == "none"
    assert made["Deliverables that it answers for"] == "2: done; planned"
    assert made["Measures that it owns or reports"] == "2: Seats; Teachers"
    assert made["Communications that it answers for"] == "1: All partners (E-mail)"


def the_gate(*holds: bool | None, **more: object) -> pd.DataFrame:
    """Table `gate` of urgency, champion and resources."""
    rows = [
        {"precondition": k, "holds": h, "evidence": None if h is None else f"Seen in {k}.", "tables_show": "Much.",
         "to_change": None if h else "Ask."}
        for k, h in zip(("urgency", "champion", "resources"), holds, strict=True)
    ]  # fmt: skip
    return table("gate", rows).assign(**more)


@pytest.mark.parametrize(
    ("holds", "title"),
    [
        ((True, True, False), "Two of three preconditions hold; money is not yet there"),
        ((True, True, True), "All three preconditions hold"),
        ((False, True, False), "One of three preconditions holds; urgency is not yet there and money is not yet there"),
        ((False, False, False),
         "None of three preconditions holds; urgency is not yet there, a champion is not yet there and money is not "
         "yet there"),
        ((True, None, True), "Two of three preconditions hold; one is not judged yet"),
        ((None, None, None), "Whether the three preconditions hold is not judged yet"),
    ],
)  # fmt: skip
def test_the_gate_says_what_does_not_hold(holds: tuple[bool | None, ...], title: str) -> None:
    made = figures.gate(a_study(), the_gate(*holds))
    assert made.title == title
    words = {True: "yes", False: "no", None: "not judged yet"}
    assert made.frame["does_it_hold"].to_list() == [words[h] for h in holds]
    assert made.frame["what_the_tables_show"].to_list() == ["Much."] * 3
    assert made.lines[-1] == "This is advice: nothing stops the coalition from going on."
    change = made.frame.get("what_would_change_it", pd.Series([None] * 3)).notna()
    assert change.to_list() == [not h for h in holds]


def test_the_public_gate_knows_nothing_of_private_columns() -> None:
    made = figures.gate(a_study(), the_gate(True, False, None).drop(columns="tables_show"))
    assert "what_the_tables_show" not in made.frame
    html = table_html(made.frame, OUTPUTS["gate"], {}, caption="")
    assert html.count("<bdi>no</bdi>") == 1, "a no stays a no on a page"


def test_what_is_made_up_says_so() -> None:
    study = a_study(
        illustrative=("preconditions", "backbone"),
        backbone=SimpleNamespace(partner="p00", staff_fte=1.0, annual_budget=None),
    )
    assert "made up for teaching" in figures.backbone(study, study.tables["partners"], funding()).lines[0]


# --- all of them


def everything(names: list[str]) -> list[tuple[object, tuple[object, ...]]]:
    """Every figure with a coalition of these names."""
    star = [(0, i, 2 + i % 4) for i in range(1, len(names))]
    study, places, ties, own, summary = a_network(names, star, wave="2025")
    own["joined_on"] = pd.date_range("2024-01-01", periods=len(names), freq="30D")
    study.settings.backbone = SimpleNamespace(partner="p00", staff_fte=1.0, annual_budget=10.0)
    study.labels["sector"] = {s: HOSTILE[i % len(HOSTILE)] for i, s in enumerate(study.labels["sector"])}
    two = pd.concat([summary.assign(wave="2024", density=0.1), summary], ignore_index=True)
    both = pd.concat([places.assign(wave="2024"), places], ignore_index=True)
    earlier = ties.iloc[:4].assign(wave="2024")
    pair = {"partner_a": "p01", "partner_b": "p02"}
    changed = table("network_changes", [{"wave": "2025", "wave_before": "2024", "change": "lost", "strength_before": 2,
                                         "comparable": False} | pair])  # fmt: skip
    meet = table(
        "introductions", [{"rank": 1, "gain": 0.1, "steps": 2, "reason": "Because.", "shortlist": True, **pair}]
    )
    rows = table("endorsements", answers(*["support"] * len(names)))
    held = rows.assign(response="reservations", reservation=HOSTILE[0])
    given = funding((names[0], 100, "received", None, "2026-01-01"), (names[-1], 1, "asked", None, None))
    scores = conditions({"2024": [2] * 5, "2025": [3, 4, 3, 2, 5]})
    return [
        (figures.sector_gaps, (study, coverage(health=0, k12=2, business=0))),
        (figures.roster, (study, own)),
        (figures.interest_influence, (study, own.assign(interest=3.0, influence=4.0))),
        (figures.joining, (study, own)),
        (figures.network_map, (study, places, ties, own, summary)),
        (figures.network_waves, (study, both, pd.concat([earlier, ties], ignore_index=True), own, two)),
        (figures.network_changes, (study, two, changed)),
        (figures.introductions, (study, summary, meet)),
        (figures.trust, (study, places, summary)),
        (figures.network_over_time, (study, two)),
        (figures.brokers, (study, places, summary)),
        (figures.readiness, (study, scores)),
        (figures.readiness_levels, (study, scores)),
        (figures.endorsements, (study, rows, own)),
        (figures.commitments, (study, rows, own)),
        (figures.backbone, (study, own, given)),
        (figures.money, (study, given)),
        (figures.gate, (study, the_gate(True, False, None, evidence=HOSTILE[0], to_change=HOSTILE[2]))),
        (figures.readiness_spread, (study, scores.assign(spread=0.5, backbone=4.0, others=2.0))),
        (figures.comments, (study, said(*[("2025", "agenda-goals", text) for text in HOSTILE]))),
        (figures.reservations, (study, held, own, held)),
    ]


def test_every_figure_is_tried() -> None:
    assert {draw.__name__ for draw, _ in everything(HOSTILE)} == set(figures.__all__)


@pytest.mark.parametrize("at", range(len(figures.__all__)))
def test_hostile_names_are_text_and_the_same_twice(at: int) -> None:
    draw, given = everything(HOSTILE)[at]
    frames = [x for x in given if isinstance(x, pd.DataFrame)]
    before = [f.copy(deep=True) for f in frames]
    once, again = draw(*given), draw(*given)
    for frame, old in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, old)
    if isinstance(once, Statement):
        assert once.title
    else:
        first, second = drawing(once), drawing(again)
        assert first.title
        assert first.svg == second.svg
        assert first.alt
        assert re.search(r"\d", first.alt)
        assert "<script" not in first.svg + first.legend
        assert "w" * 80 not in re.sub(r"<title>.*?</title>", "", first.svg)
        known = {v.lower() for v in COLOURS.values()}
        assert {c.lower() for c in re.findall(r"#[0-9a-fA-F]{6}\b", first.svg)} <= known
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_figures_are_drawn_on_the_axes_that_are_given() -> None:
    from matplotlib.figure import Figure

    drawn = [(draw, given) for draw, given in everything(list("ABCDEF")) if "ax" in (draw.__kwdefaults__ or {})]
    assert len(drawn) == 7
    for draw, given in drawn:
        ax = Figure().subplots()
        assert draw(*given, ax=ax) is ax


def test_where_nobody_was_asked_the_tables_speak_alone() -> None:
    rows = pd.DataFrame({"wave": "2026-06-30", "condition": ["backbone"], "respondents": [0.0], "evidence": ["None."]})
    conditions = conform(rows.reindex(columns=OUTPUTS["conditions"].names), OUTPUTS["conditions"])
    assert figures.readiness(a_study(), conditions) is None
    said = figures.readiness_levels(a_study(), conditions)
    assert said.title.startswith("No partner has been asked yet")
    assert said.frame["what_the_tables_show"].to_list() == ["None."]
    assert "readiness.csv" in said.lines[0]
