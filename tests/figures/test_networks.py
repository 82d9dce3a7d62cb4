from __future__ import annotations

import re
from datetime import date
from functools import cache
from html import unescape
from itertools import combinations, pairwise
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from ci_analysis.convene.changes import network_changes
from ci_analysis.convene.introductions import introductions
from ci_analysis.convene.network import network_partners, network_summary
from ci_analysis.figures import convene as figures
from ci_analysis.figures import networks
from ci_analysis.figures.base import Drawing, Statement, drawing
from ci_analysis.figures.convene import network as drawn
from ci_analysis.figures.marks import WIDTH
from ci_analysis.figures.networks import Panel, network, place, small_multiples
from ci_analysis.issues import load_instrument, load_profile
from ci_analysis.study import Preconditions
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

PROFILE = load_profile("child-care")
PLACES = ["Alder County", "Northfield", "West Ridge", "Pine Valley", "Lakeside", "San Marco", "Grand Mesa", "Elk Creek"]
BODIES = [
    "public school district", "family child care network", "human services", "community health center",
    "chamber of commerce", "early learning council", "housing authority", "parents' assembly", "library",
    "community college", "Head Start", "United Way", "workforce board", "faith alliance", "food bank",
]  # fmt: skip


def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    declared = OUTPUTS.get(name) or INPUTS[name]
    return conform(pd.DataFrame(rows).reindex(columns=declared.names), declared) if rows else empty_frame(declared)


def declared(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return conform(frame.reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def names_of(n: int) -> list[str]:
    """Names as coalitions have them, of 15 letters and more, no two the same."""
    return [f"{PLACES[i % len(PLACES)]} {BODIES[i % len(BODIES)]}" for i in range(n)]


def coalition(n: int, *, names: list[str] | None = None, waves: int = 1, seed: int = 5) -> SimpleNamespace:
    """A study of n partners, its ties of some waves, and the tables of step 1; one in twelve has no tie."""
    rng = np.random.default_rng(seed)
    ids = [f"p{i:03d}" for i in range(n)]
    sectors = [s.sector for s in PROFILE.sectors]
    group = rng.integers(len(sectors), size=n)
    own = table("partners", [
        {"partner_id": p, "name": name, "sector": sectors[g], "status": "joined"}
        for p, name, g in zip(ids, names or names_of(n), group, strict=True)
    ])  # fmt: skip
    tied = [i for i in range(n) if i % 12 != 11]
    near = {(a, b): rng.random() < (0.18 if group[a] == group[b] else 0.02) + 0.9 / n for a, b in combinations(tied, 2)}
    hubs = tied[:: max(1, n // 5)]
    rows = []
    for k in range(waves):
        wave = f"{2023 + k}-Q4"
        silent = set(rng.choice(n, size=n // 10, replace=False).tolist())
        for a, b in combinations(tied, 2):
            works = near[a, b] or (a in hubs and rng.random() < 0.35)
            if works and rng.random() < 0.6 + 0.15 * k:
                level = int(rng.integers(2, 6))
                for s, t in ((a, b), (b, a)):
                    if s not in silent:
                        ratings = {c: int(rng.integers(2, 5)) for c in INPUTS["ties"].names[4:]}
                        rows.append({"wave": wave, "source": ids[s], "target": ids[t], "level": level} | ratings)
    ties = table("ties", rows)
    study = SimpleNamespace(
        settings=SimpleNamespace(
            as_of=date(2026, 6, 30), tie_level=2, minimum_respondents=5, seed=1, backbone=None, agenda=None,
            preconditions=Preconditions(), illustrative=(),
        ),
        profile=PROFILE,
        labels={
            "partner_id": dict(zip(own["partner_id"], own["name"], strict=True)),
            "sector": {s.sector: s.label for s in PROFILE.sectors},
            "condition": {c.condition: c.label for c in load_instrument().conditions},
        },
        tables={**{name: empty_frame(t) for name, t in INPUTS.items()}, "partners": own, "ties": ties},
    )  # fmt: skip
    return SimpleNamespace(
        study=study, partners=own, ties=ties,
        places=declared("network_partners", network_partners(own, ties, tie_level=2, seed=1)),
        summary=declared("network_summary", network_summary(own, ties, tie_level=2)),
        changes=declared("network_changes", network_changes(own, ties, tie_level=2)),
        introductions=declared("introductions", introductions(own, ties, tie_level=2)),
    )  # fmt: skip


def the_map(c: SimpleNamespace) -> Drawing:
    made = figures.network_map(c.study, c.places, c.ties, c.partners, c.summary)
    assert made is not None
    return made


def the_waves(c: SimpleNamespace) -> Drawing | None:
    return figures.network_waves(c.study, c.places, c.ties, c.partners, c.summary)


# --- the picture: boxes of letters and marks, read from the SVG


def width_of(line: str, size: float) -> float:
    """Width of a line in a wide typeface; letters that it lacks are taken to be square."""
    return size * sum(map(letter_width, line))


@cache
def letter_width(letter: str) -> float:
    if ord(letter) > 0x2E7F:
        return 1.0
    # Between two bars, so that the room on both sides counts.
    bars = [TextPath((0, 0), f"|{x}|", size=100, prop=FontProperties(family="DejaVu Sans")) for x in (letter, "")]
    wide, narrow = (path.get_extents().width for path in bars)
    return float(wide - narrow) / 100


Box = tuple[float, float, float, float]


def letter_boxes(svg: str) -> list[tuple[str, Box]]:
    found = re.findall(r'<text x="([^"]+)" y="([^"]+)"[^>]*font: ([\d.]+)px[^>]*>([^<]*)</text>', svg)
    boxes = []
    for x, y, size, line in ((float(a), float(b), float(s), unescape(t)) for a, b, s, t in found):
        half = width_of(line, size) / 2
        boxes.append((line, (x - half, y - 0.76 * size, x + half, y + 0.22 * size)))
    return boxes


def mark_boxes(svg: str) -> list[Box]:
    boxes = [
        (x - r, y - r, x + r, y + r)
        for x, y, r in (
            map(float, m)
            for m in re.findall(r'<g data-member="\d+"><circle cx="([^"]+)" cy="([^"]+)" r="([^"]+)"', svg)
        )
    ]
    for points in re.findall(r'<g data-member="\d+"><polygon points="([^"]+)"', svg):
        corners = np.array([p.split(",") for p in points.split()], dtype=float)
        boxes.append((*corners.min(axis=0), *corners.max(axis=0)))
    return boxes


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


LONG = [f"The {i}th cooperative extension association of Southwestern Mountains" for i in range(24)]
CJK = [f"第{i}地区幼児教育保育連絡協議会" for i in range(24)]


@pytest.mark.parametrize(
    ("n", "names"), [(15, None), (24, None), (24, LONG), (24, CJK), (60, None), (120, None)],
    ids=["15", "24", "24-long", "24-cjk", "60", "120"],
)  # fmt: skip
def test_no_label_and_no_mark_lie_on_each_other(n: int, names: list[str] | None) -> None:
    c = coalition(n, names=names, waves=2)
    made = the_map(c)
    letters, marks = letter_boxes(made.svg), mark_boxes(made.svg)
    assert len(marks) == n
    for (x, one), (y, other) in combinations(letters, 2):
        assert not meet(one, other), f"{x} and {y}"
    for i, j in combinations(range(n), 2):
        assert not meet(marks[i], marks[j]), f"marks {i} and {j}"
    for line, box in letters:
        assert not any(meet(box, mark) for mark in marks), line
    height = float(re.search(r'viewBox="0 0 418 (\d+)"', made.svg)[1])
    every = np.array([*marks, *(box for _, box in letters)])
    assert every[:, :2].min() >= 0
    assert every[:, 2].max() <= WIDTH
    assert every[:, 3].max() <= height


@pytest.mark.parametrize("n", [15, 30, 31, 120])
def test_every_partner_can_be_told_without_pointing(n: int) -> None:
    c = coalition(n)
    made = the_map(c)
    shown = [line for line, _ in letter_boxes(made.svg)]
    if n <= 30:
        words = " ".join(shown)
        assert all(word in words for name in c.partners["name"] for word in name.split())
        assert "<details" not in made.legend
        return
    listed = re.findall(r'<li value="(\d+)"><bdi>([^<]*)</bdi></li>', made.legend)
    assert [int(k) for k, _ in listed] == list(range(1, n + 1))
    assert sorted(unescape(name) for _, name in listed) == sorted(c.partners["name"])
    numbers = [int(m[1]) for line in shown if (m := re.match(r"(\d+)( |$)", line))]
    assert sorted(numbers) == list(range(1, n + 1))
    # Groups of the list are the sectors of the legend, in its order.
    sector = dict(zip(c.partners["name"], c.partners["sector"], strict=True))
    order = [s.sector for s in PROFILE.sectors]
    in_list = [order.index(sector[unescape(name)]) for _, name in listed]
    assert all(a <= b for a, b in pairwise(in_list))


def test_those_with_most_ties_and_those_with_none_are_named_among_many() -> None:
    c = coalition(60)
    words = " ".join(line for line, _ in letter_boxes(the_map(c).svg))
    degree = c.places.set_index("partner_id")["degree"]
    names = c.study.labels["partner_id"]
    top, alone = degree.idxmax(), degree[degree == 0].index
    assert len(alone) >= 60 // 12
    for partner in [top, *alone]:
        assert all(word in words for word in names[partner].split())


def test_two_long_names_that_begin_alike_get_numbers() -> None:
    names = [f"{'Very long beginning of a name ' * 4}{i}" for i in range(4)]
    made = the_map(coalition(4, names=names))
    assert all(name in made.legend for name in names)


# --- where they stand


def plain_stress(steps: np.ndarray, xy: np.ndarray) -> float:
    return sum(
        (float(np.hypot(*(xy[i] - xy[j]))) - steps[i, j]) ** 2 / steps[i, j] ** 2
        for i, j in combinations(range(len(xy)), 2)
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 14), st.integers(0, 2**16))
def test_majorization_lowers_the_stress_and_stops_where_no_step_helps(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(n, 0.3, seed=seed)
    pairs = np.array(graph.edges, dtype="int64").reshape(-1, 2)
    steps = networks._steps(n, pairs) if len(pairs) else np.ones((n, n)) - np.eye(n)
    start = networks._classical(steps)
    found = networks._majorize(steps, start)
    least = plain_stress(steps, found)
    assert least <= plain_stress(steps, start) + 1e-9
    # A small move of anybody does not help by more than a step of the last size; where nothing is left to lower, it
    # changes each distance by about as much as it moves, and the stress by the square of that for each pair.
    for _ in range(10):
        moved = plain_stress(steps, found + rng.normal(scale=1e-3, size=found.shape))
        assert moved >= least * (1 - 1e-3) - 1e-6 * n * (n - 1) / 2


@pytest.mark.parametrize("seed", range(4))
def test_steps_are_the_shortest_ways_and_one_more_where_there_is_none(seed: int) -> None:
    graph = nx.gnp_random_graph(20, 0.08, seed=seed)
    found = networks._steps(20, np.array(graph.edges, dtype="int64"))
    ways = dict(nx.all_pairs_shortest_path_length(graph))
    far = max(max(to.values()) for to in ways.values()) + 1
    assert found.tolist() == [[ways[i].get(j, far) for j in range(20)] for i in range(20)]


def test_a_chain_stands_in_a_line() -> None:
    chain = np.array([(i, i + 1) for i in range(5)])
    xy = networks._majorize(networks._steps(6, chain), networks._classical(networks._steps(6, chain)))
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    # Exactly as many steps apart as there are ties between: no stress is left.
    assert np.allclose(apart, [[abs(i - j) for j in range(6)] for i in range(6)], atol=0.05)


@pytest.mark.parametrize("n", [1, 2, 3, 40])
def test_those_without_ties_stand_beneath_the_others(n: int) -> None:
    ring = pd.DataFrame({"a": range(n), "b": [(i + 1) % n for i in range(n)]}).query("a != b")
    sizes = np.full((n + 30, 2), (60.0, 30.0))
    xy, height = place(n + 30, ring, sizes)
    tied = np.zeros(n + 30, dtype=bool)
    tied[ring.to_numpy().ravel()] = True
    if tied.any():
        assert xy[~tied, 1].min() >= xy[tied, 1].max() + 20
    assert xy[:, 1].max() < height
    again, _ = place(n + 30, ring.sample(frac=1, random_state=1), sizes)
    assert (again == xy).all()


def test_nobody_has_no_place() -> None:
    xy, height = place(0, pd.DataFrame({"a": [], "b": []}), np.empty((0, 2)))
    assert xy.shape == (0, 2)
    assert height > 0


@pytest.mark.parametrize("tied", [0, 1, 299])
def test_stars_of_any_size_are_placed(tied: int) -> None:
    star = pd.DataFrame({"a": [0] * tied, "b": range(1, tied + 1)}, dtype="int64")
    xy, _ = place(300, star, np.full((300, 2), 18.0))
    assert np.isfinite(xy).all()
    assert len(np.unique(xy, axis=0)) == 300


# --- waves


def spots(group: str) -> np.ndarray:
    return np.array(re.findall(r'<circle cx="([^"]+)" cy="([^"]+)"', group), dtype=float)


def test_a_partner_stands_in_one_place_in_every_wave_and_in_the_map() -> None:
    c = coalition(24, waves=3)
    made = the_waves(c)
    panels = [spots(g) for g in made.svg.split('class="panel"')[1:]]
    assert len(panels) == 3
    assert (panels[0] == panels[1]).all()
    assert (panels[1] == panels[2]).all()
    nodes, edges = drawn._everybody(c.study, c.places, c.ties, c.partners)
    xy, _ = place(24, edges, networks._sizes(networks._Who.of(nodes, edges, drawn._kinds(c.study)).labels))
    scale = np.ptp(panels[0], axis=0) / np.ptp(xy, axis=0)
    assert np.allclose(scale, (WIDTH - 16) / 3 / WIDTH, rtol=0.01)
    middles = np.array([[(b[0] + b[2]) / 2, (b[1] + b[3]) / 2] for b in mark_boxes(the_map(c).svg)])
    assert {round(float(x), 0) for x in middles[:, 0]} <= {round(float(x) + d, 0) for x in xy[:, 0] for d in (-1, 0, 1)}


def test_waves_count_what_is_new_and_what_is_lost() -> None:
    ids = ["a", "b", "c", "d"]
    own = table("partners", [{"partner_id": p, "name": p.upper(), "sector": "health", "status": "joined"} for p in ids])
    told = {"2024": ["ab", "ba", "bc", "cb", "da"], "2025": ["ab", "ba", "ac", "ca", "cd", "bd"]}
    ties = table("ties", [
        {"wave": wave, "source": s, "target": t, "level": 1 if s + t == "da" else 2}
        for wave, said in told.items() for s, t in said
    ])  # fmt: skip
    c = coalition(4)
    c.study.labels["partner_id"] = {p: p.upper() for p in ids}
    places = declared("network_partners", network_partners(own, ties, tie_level=2, seed=1))
    summary = declared("network_summary", network_summary(own, ties, tie_level=2))
    made = figures.network_waves(c.study, places, ties, own, summary)
    # Before: ab, bc. Now: ab, ac, bd, cd. d had no tie, its answer being of level 1.
    assert made.title == (
        "Four ties are known in 2025, where two were in 2024; 75% answered, where 100% had; no partner is without a "
        "known tie, where one was"
    )
    assert "hollow: partner without a known tie" in made.legend
    assert "no partner without a known tie, 75% answered" in made.alt
    words = [unescape(x) for x in re.findall(r"<text[^>]*>([^<]*)</text>", made.svg)]
    assert words == ["2024", "2 ties", "100% answered", "2025", "4 ties: 3 new, 1 lost", "75% answered"]
    first, second = made.svg.split('class="panel"')[1:]
    assert (first.count("<line"), second.count("<line")) == (2, 5)
    assert second.count("stroke-dasharray") == 1
    assert (first.count("stroke-width: 1.1"), second.count("<circle")) == (1, 4)
    assert figures.network_waves(c.study, places[places["wave"] == "2025"], ties, own, summary) is None


def test_more_than_three_waves_show_the_latest_three_each_against_the_one_before() -> None:
    c = coalition(15, waves=4)
    made = the_waves(c)
    words = re.findall(r"<text[^>]*>([^<]*)</text>", made.svg)
    assert [words[0], words[3], words[6]] == ["Q4 2024", "Q4 2025", "Q4 2026"]
    changes = c.changes[c.changes["wave"] == "2024-Q4"]["change"].value_counts()
    assert f"{changes['new']} new" in words[1]
    assert f"{changes['lost']} lost" in words[1]
    turned = c.changes["change"].isin(["new", "lost"]) & (c.changes["wave"] == "2026-Q4")
    assert all(made.alt.count(kind) == 3 for kind in ("new and", "lost since"))
    assert turned.sum() == sum(int(k) for k in re.findall(r"(\d+) (?:new|lost)", words[7]))


# --- what is said


def changes_of(*rows: tuple[str, str, str, int | None, int | None, bool]) -> pd.DataFrame:
    names = ["partner_a", "partner_b", "change", "strength_before", "strength", "comparable"]
    return table("network_changes", [
        dict(zip(names, r, strict=True)) | {"wave": "2025", "wave_before": "2024"} for r in rows
    ])  # fmt: skip


def whole(**of: object) -> pd.DataFrame:
    plain = {"partners": 15, "respondents": 12, "response_rate": 0.8, "ties": 20, "density": 20 / 105}
    return table("network_summary", [plain | {"wave": "2024"}, plain | {"wave": "2025"} | of])


def test_changes_come_comparable_first_and_the_largest_first() -> None:
    c = coalition(15)
    rows = changes_of(
        ("p000", "p001", "new", None, 5, False),
        ("p002", "p003", "stronger", 2, 3, True),
        ("p004", "p005", "lost", 4, None, True),
        ("p006", "p007", "new", None, 2, True),
    )
    made = figures.network_changes(c.study, whole(), rows)
    assert made.title == ("Two ties are new and one was lost since 2024; two of these do not hang on who answered")
    assert made.frame["change"].to_list() == ["lost", "new", "stronger", "new"]
    assert made.frame["comparable"].to_list() == ["yes", "yes", "yes", "no"]
    assert made.frame["before"].to_list() == ["coalition", "no tie", "cooperation", "no tie"]
    assert made.frame["now"].to_list() == ["no tie", "cooperation", "coordination", "collaboration"]
    assert "response rate 80%" in " ".join(made.lines)
    short = figures.network_changes(c.study, whole(), rows, most=1)
    assert short.lines[0] == "Three pairs more: 2 new and 1 stronger."


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("lost", True)], "no tie is new and one was lost since 2024; it is with a partner that came or left"),
        ([("lost", True), ("new", True)], "one tie is new and one was lost since 2024; "
         "both are with a partner that came or left"),
        ([("lost", True)] * 3, "no tie is new and three were lost since 2024; "
         "all are with a partner that came or left"),
        ([("new", True), ("new", False)], "two ties are new and none was lost since 2024; "
         "one is with a partner that came or left, "
         "and the rest cannot be told from a change in who answered"),
    ],
)  # fmt: skip
def test_a_tie_that_came_or_went_with_a_partner_is_not_laid_on_who_answered(rows: list[tuple], said: str) -> None:
    c = coalition(15)
    table = changes_of(
        *((f"p{2 * i:03d}", f"p{2 * i + 1:03d}", change, None, 3, False) for i, (change, _) in enumerate(rows))
    )
    made = figures.network_changes(c.study, whole(), table.assign(came_or_left=[m for _, m in rows]))
    assert made.title == said[:1].upper() + said[1:]
    assert [words.partition("; ")[2] for words in made.frame["change"]].count("") == sum(not m for _, m in rows)


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ([0.4, 0.4, 0.4, 0.4, 0.0], "4 hold the network together: 40% each of"),
        ([0.6, 0.5, 0.4, 0.3, 0.0], "1 more hold the network together: 30% to 60% each of"),
        ([0.4, 0.2, 0.0, 0.0, 0.0], "hold the network together: 40% and 20% of"),
        ([0.4, 0.0, 0.0, 0.0, 0.0], "holds the network together: 40% of"),
    ],
)
def test_no_broker_is_left_out_of_the_headline_where_others_hold_as_much(between: list[float], said: str) -> None:
    c = coalition(15)
    places = c.places[c.places["wave"] == c.places["wave"].iloc[-1]].head(5).assign(betweenness=between)
    title = figures.brokers(c.study, places, c.summary).title
    assert said.removeprefix("4 ") in title


def test_those_who_did_not_answer_are_named_so_that_somebody_asks_them() -> None:
    c = coalition(15)
    silent = set(
        c.places.loc[~c.places["answered"].astype(bool) & (c.places["wave"] == c.places["wave"].iloc[-1]), "partner_id"]
    )
    note = unescape(the_map(c).legend)
    named = re.search(r"Without an answer: (.*?)\. ", note)
    assert bool(named) == bool(silent)
    assert all(c.study.labels["partner_id"][p] in note for p in silent)


def test_introductions_that_gain_alike_share_the_headline() -> None:
    c = coalition(15)
    rows = table("introductions", [
        {"rank": k, "partner_a": f"p{2 * k:03d}", "partner_b": f"p{2 * k + 1:03d}", "gain": gain,
         "reason": "R.", "shortlist": True}
        for k, gain in enumerate([0.05, 0.05, 0.05, 0.01], 1)
    ])  # fmt: skip
    assert (
        " is one of three ways to tie the coalition together most"
        in figures.introductions(c.study, whole(), rows).title
    )


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([], "No tie has changed since 2024"),
        ([("p000", "p001", "weaker", 3, 2, True)],
         "No tie is new or lost since 2024, but one tie is stronger or weaker"),
        ([("p000", "p001", "new", None, 2, False)],
         "One tie is new and none was lost since 2024; it cannot be told from a change in who answered"),
        ([("p000", "p001", "lost", 2, None, True)],
         "No tie is new and one was lost since 2024; that does not hang on who answered"),
        ([("p000", "p001", "lost", 2, None, False), ("p000", "p002", "new", None, 2, False)],
         "One tie is new and one was lost since 2024; neither can be told from a change in who answered"),
        ([("p000", "p001", "lost", 2, None, True), ("p000", "p002", "lost", 2, None, True)],
         "No tie is new and two were lost since 2024; these do not hang on who answered"),
        ([("p000", "p001", "lost", 2, None, True), ("p000", "p002", "new", None, 2, False)],
         "One tie is new and one was lost since 2024; one of these does not hang on who answered"),
        ([("p000", f"p00{k}", "new", None, 2, False) for k in (1, 2, 3)],
         "Three ties are new and none was lost since 2024; none of these can be told from a change in who answered"),
    ],
)  # fmt: skip
def test_a_wave_without_changes_or_without_the_same_answers_says_so(rows: list[tuple], title: str) -> None:
    c = coalition(15)
    assert figures.network_changes(c.study, whole(), changes_of(*rows)).title == title
    assert figures.network_changes(c.study, whole().iloc[:1], changes_of(*rows)) is None


def test_the_shortlist_is_shown_in_the_order_of_the_ranks() -> None:
    c = coalition(15)
    pairs = [("p000", "p001"), ("p000", "p002"), ("p002", "p003"), ("p001", "p004"), ("p004", "p005")]
    rows = table("introductions", [
        {"rank": k, "partner_a": a, "partner_b": b, "gain": 0.05 / k, "reason": f"Reason {k}.",
         "shortlist": k in (1, 3, 5)}
        for k, (a, b) in enumerate(pairs, 1)
    ])  # fmt: skip
    made = figures.introductions(c.study, whole(), rows.sample(frac=1, random_state=2))
    names = c.study.labels["partner_id"]
    assert made.title == f"Introducing {names['p000']} to {names['p001']} would tie the coalition together most"
    assert made.frame["why"].to_list() == ["Reason 1.", "Reason 3.", "Reason 5."]
    assert made.frame["gain in nearness"].to_list() == ["5.0 points", "1.7 points", "1.0 points"]
    assert "response rate 80%" in made.lines[-1]


@pytest.mark.parametrize(
    ("density", "title"),
    [(1.0, "Every pair of partners works together already"), (0.0, "There is nobody to introduce yet")],
)
def test_where_nobody_can_be_introduced_a_sentence_says_why(density: float, title: str) -> None:
    made = figures.introductions(coalition(15).study, whole(density=density), table("introductions", []))
    assert made.title == title
    assert made.frame is None


def rated(c: SimpleNamespace, *rows: tuple[float, float, int]) -> pd.DataFrame:
    latest = c.places.iloc[: len(rows)]
    return latest.assign(
        trust=[r[0] for r in rows], value=[r[1] for r in rows], n_ratings=[float(r[2]) for r in rows], wave="2025"
    )


def test_trust_and_value_wait_for_enough_raters() -> None:
    c = coalition(15)
    places = rated(c, (3.25, 3.8, 5), (2.5, 2.0, 6), (1.47, 1.0, 4), (np.nan, np.nan, 0))
    made = drawing(figures.trust(c.study, places, whole(mean_trust=2.875, mean_value=2.9)))
    # Value is half a point above trust for the first of the two that are shown: 3.8 - 3.25 = 0.55.
    assert made.title == (
        "Partners rate each other's trust at 2.9 of 4 and value at 2.9; 1 of 2 partners is valued clearly more than "
        "trusted"
    )
    assert "trust 3.2, value 3.8" in made.alt
    assert "1.5" not in made.alt
    assert "Two partners have too few answers to show (fewer than five)." in made.alt
    assert "response rate 80%" in made.alt


def test_bounds_for_silence_are_said() -> None:
    c = coalition(15)
    bounds = {"mean_trust": 3.0, "mean_trust_low": 2.6, "mean_trust_high": 3.4, "mean_value": 2.0}
    made = drawing(figures.trust(c.study, rated(c, (3.0, 2.0, 5)), whole(**bounds)))
    assert "Had all answered, the mean of this partner would lie for trust between 2.6 and 3.4." in made.alt
    # Of three one is withheld, and the means and their bounds are of the other two.
    bounds |= {"mean_value_low": 1.5, "mean_value_high": 2.5}
    made = drawing(figures.trust(c.study, rated(c, (3.0, 2.0, 5), (3.0, 2.0, 6), (1.0, 1.0, 4)), whole(**bounds)))
    assert (
        "Had all answered, the mean of these two partners would lie for trust between 2.6 and 3.4 and for value "
        "between 1.5 and 2.5." in made.alt
    )
    made = drawing(figures.trust(c.study, rated(c, (3.0, 2.0, 5), (3.0, np.nan, 6)), whole(**bounds)))
    assert (
        "Had all answered, the mean would lie for trust between 2.6 and 3.4 (of these two partners) and for value "
        "between 1.5 and 2.5 (of this partner)." in made.alt
    )
    assert "had all answered" not in the_map(coalition(15)).title.lower()
    summary = whole(wave=c.summary["wave"].iloc[-1], ties=20, ties_high=31)
    note = figures.network_map(c.study, c.places, c.ties, c.partners, summary).legend
    assert "Had all answered, between 20 and 31 pairs of these partners would work together." in note
    one = figures.network_map(c.study, c.places, c.ties, c.partners, summary.assign(ties=0, ties_high=1)).legend
    assert "Had all answered, at most one pair of these partners would work together." in one
    silent = figures.network_map(c.study, c.places, c.ties, c.partners, summary.assign(ties_high=20)).legend
    assert "Had all" not in silent


def test_of_many_rated_partners_those_with_most_ratings_are_shown() -> None:
    c = coalition(40)
    places = rated(c, *[(3.0, 3.0, 5 + i) for i in range(40)])
    made = drawing(figures.trust(c.study, places, whole()))
    assert made.alt.count("trust 3.0, value 3.0") == 25
    names = c.study.labels["partner_id"]
    assert names[places["partner_id"].iloc[0]] not in made.alt
    assert "Shown are the 25 of 40 with the most ratings." in made.alt


def test_few_or_no_ratings_make_no_picture_of_trust() -> None:
    c = coalition(15)
    few = figures.trust(c.study, rated(c, (3.9, 3.9, 4)), whole())
    assert few.title == "Too few partners rated each other in 2025 to show trust and value"
    assert "3.9" not in " ".join(few.lines)
    assert figures.trust(c.study, rated(c, (np.nan, np.nan, 0)), whole()) is None


# --- silence is not a finding


def surveyed(n: int, told: dict[str, dict[int, set[int]]]) -> SimpleNamespace:
    """A coalition of n that all joined: in each wave who answered, and whom it named; to all others it said no."""
    c = coalition(n, names=[f"Org {chr(65 + i)}" for i in range(n)])
    ids = c.partners["partner_id"].to_list()
    rows = [
        {"wave": wave, "source": ids[i], "target": ids[j], "level": 3 if j in named else 0}
        for wave, answers in told.items() for i, named in answers.items() for j in range(n) if j != i
    ]  # fmt: skip
    # Whoever says only something of itself is in the survey and has not answered.
    rows += [{"wave": wave, "source": ids[0], "target": ids[0], "level": 5} for wave in told]
    c.ties, own = table("ties", rows), c.partners
    c.places = declared("network_partners", network_partners(own, c.ties, tie_level=2, seed=1))
    c.summary = declared("network_summary", network_summary(own, c.ties, tie_level=2))
    c.changes = declared("network_changes", network_changes(own, c.ties, tie_level=2))
    c.introductions = declared("introductions", introductions(own, c.ties, tie_level=2))
    return c


def everybody(n: int) -> dict[int, set[int]]:
    return {i: set(range(n)) - {i} for i in range(n)}


def around(n: int, steps: int = 1) -> dict[int, set[int]]:
    """Each names those next to it on a ring, so many steps to either side."""
    return {i: {(i + s) % n for s in range(-steps, steps + 1) if s} for i in range(n)}


def over_time(c: SimpleNamespace) -> str:
    return drawing(figures.network_over_time(c.study, c.summary)).title


def test_a_wave_that_one_partner_answered_is_not_told_as_a_fall() -> None:
    c = surveyed(10, {"2025": everybody(10), "2026": {0: set(range(1, 9))}})
    # 8 of 10 * 9 / 2 pairs.
    assert over_time(c) == (
        "8 of 45 pairs of partners are known to work together (18%); in 2025, when 100% answered instead of 10%, it "
        "was 100%"
    )
    assert the_waves(c).title == (
        "Eight ties are known in 2026, where 45 were in 2025; 10% answered, where 100% had; one partner has no known "
        "tie, where everybody had one"
    )
    made = the_map(c)
    assert made.title == "Eight pairs of partners are known to work together; nobody who answered works with Org J"
    assert made.alt.endswith("Nobody who answered works with Org J.")
    assert "Org J: nobody who answered works with it; " in made.svg
    assert "hollow: no tie known" in made.legend
    held = figures.brokers(c.study, c.places, c.summary)
    assert held.title == "Only 1 of 10 joined partners answered: too few to say who holds the network together"
    assert len(held.frame) == 10
    met = figures.introductions(c.study, c.summary, c.introductions)
    assert met.title.endswith("would tie the coalition together most, as far as the answers say")


def test_those_who_answered_have_no_tie_and_of_the_silent_nobody_knows() -> None:
    told = {0: {1}, 1: {0}, 2: set(), 3: {0}, 4: {0}, 5: {0}, 6: {0}}
    made = the_map(surveyed(8, {"2026": told}))
    assert made.title == (
        "Five pairs of partners work together; Org C has no tie yet, and nobody who answered works with Org H"
    )
    assert made.alt.endswith("Org C has no tie yet, and nobody who answered works with Org H.")
    assert "Org C: no tie; " in made.svg
    assert "hollow: no tie known" in made.legend
    legend = the_map(surveyed(7, {"2026": told})).legend
    assert "hollow: no tie" in legend
    assert "hollow: no tie known" not in legend


@pytest.mark.parametrize(
    ("silent", "words"),
    [(1, "Org F"), (2, "Org E or Org F"), (3, "Org D, Org E or Org F"), (4, "Org C, Org D, Org E or 1 other"),
     (5, "Org B, Org C, Org D or 2 others")],
)  # fmt: skip
def test_the_silent_are_each_meant_by_themselves(silent: int, words: str) -> None:
    n = 6 - silent
    c = surveyed(6, {"2026": everybody(n)})
    assert (
        the_map(c).title.removesuffix(", and Org A has no tie yet").endswith(f"obody who answered works with {words}")
    )


def test_where_nobody_answered_it_is_said() -> None:
    c = surveyed(5, {"2026": {}})
    assert the_map(c).title == "No pair of partners is known to work together: nobody answered"
    assert figures.brokers(c.study, c.places, c.summary).title == (
        "None of the joined partners answered: too few to say who holds the network together"
    )


@pytest.mark.parametrize(
    ("told", "title"),
    [
        # All answered both times: 6 pairs of a ring of six, and 12 with those two steps away, of 15.
        ({"2025": around(6), "2026": around(6, 2)},
         "12 of 15 pairs of partners work together (80%), up from 40% in 2025"),
        ({"2025": around(6, 2), "2026": around(6)},
         "6 of 15 pairs of partners work together (40%), down from 80% in 2025"),
        # One fell silent, and the others name each other still.
        ({"2025": around(6), "2026": {i: around(6)[i] for i in range(5)}},
         "6 of 15 pairs of partners work together (40%), as in 2025, when 100% answered instead of 83%"),
        # Two beside each other fell silent, and with them the tie between them.
        ({"2025": around(6), "2026": {i: around(6)[i] for i in range(4)}},
         "5 of 15 pairs of partners work together (33%); in 2025, when 100% answered instead of 67%, it was 40%"),
        # As many answered, and not the same: the last two, of whom nothing is known of the pairs of the first two.
        ({"2025": {i: around(6)[i] for i in range(4)}, "2026": {i: around(6, 2)[i] for i in range(2, 6)}},
         "11 of 15 pairs of partners work together (73%); in 2025, when 67% answered too, it was 33%"),
    ],
    ids=["up", "down", "as in", "silence", "as many others"],
)  # fmt: skip
def test_up_and_down_are_said_where_like_is_compared_with_like(told: dict, title: str) -> None:
    assert over_time(surveyed(6, told)) == title


def test_comparable_pairs_that_say_the_other_way_keep_the_headline_neutral() -> None:
    # Of eight, all answer at first, and name nobody but the first two each other; then the first two have no tie any
    # more, and a third, new to the survey, names everybody.
    told = {"2025": {0: {1}, 1: {0}}, "2026": {0: set(), 1: set(), 2: set(range(3, 8))}}
    c = surveyed(8, told)
    latest = c.summary.iloc[-1]
    assert latest[["new_ties_comparable", "lost_ties_comparable"]].to_list() == [0, 1]
    assert over_time(c) == (
        "5 of 28 pairs of partners are known to work together (18%); in 2025, when 25% answered instead of 38%, it was "
        "4%"
    )


def test_as_many_new_as_lost_among_the_comparable_is_no_rise() -> None:
    rows = whole(ties=30, density=30 / 105, new_ties_comparable=2, lost_ties_comparable=2)
    assert drawing(figures.network_over_time(coalition(3).study, rows)).title == (
        "30 of 105 pairs of partners work together (29%); in 2024, when 80% answered too, it was 19%"
    )
    unknown = drawing(figures.network_over_time(coalition(3).study, rows.assign(response_rate=np.nan))).title
    assert unknown == "30 of 105 pairs of partners work together (29%); in 2024 it was 19%"


@pytest.mark.parametrize(
    ("first", "last", "rates", "title"),
    [
        ((24, 0), (51, 0), (0.65, 0.74),
         "51 ties are known in 2025, where 24 were in 2024; 74% answered, where 65% had"),
        ((24, 3), (51, 2), (0.65, 0.74),
         "51 ties are known in 2025, where 24 were in 2024; 74% answered, where 65% had; two partners have no known "
         "tie, where three had none"),
        ((5, 1), (5, 1), (0.8, 0.8),
         "five ties are known in 2025, as many as in 2024; 80% answered both times; one partner has no known tie"),
        ((1, 0), (1, 2), (0.8, 0.8),
         "one tie is known in 2025, as in 2024; 80% answered both times; two partners have no known tie, where "
         "everybody had one"),
        ((0, 4), (0, 4), (0.0, 0.0),
         "no tie is known in 2025, as in 2024; nobody answered either time; four partners have no known tie"),
        ((1, 2), (0, 4), (0.5, 0.0),
         "no tie is known in 2025, where one was in 2024; nobody answered, where 50% had; four partners have no known "
         "tie, where two had none"),
        ((0, 4), (1, 0), (0.0, 0.5),
         "one tie is known in 2025, where none was in 2024; 50% answered, where nobody had; no partner is without a "
         "known tie, where four were"),
        ((2, 0), (3, 0), (np.nan, 0.5), "three ties are known in 2025, where two were in 2024"),
    ],
)  # fmt: skip
def test_waves_are_told_without_a_cause(
    first: tuple[int, int], last: tuple[int, int], rates: tuple[float, float], title: str
) -> None:
    summary = whole().assign(response_rate=rates)
    assert drawn._waves_title([("2024", *first), ("2025", *last)], summary) == title


@pytest.mark.parametrize(
    ("n", "answer", "title"),
    [
        # A star of five in which all answer, and of ten in which half of them do: the middle is on every way.
        (5, 5, "Org A holds the network together: 100% of the shortest ways between others lead through it"),
        (10, 5, "Org A holds the network together: 100% of the shortest ways between others lead through it"),
        (10, 4, "Only 4 of 10 joined partners answered: too few to say who holds the network together"),
        (3, 3, "A network of three partners is too small for one to hold it together"),
        (4, 4, "A network of four partners is too small for one to hold it together"),
    ],
)
def test_who_holds_the_network_together_needs_answers_and_partners(n: int, answer: int, title: str) -> None:
    told = {i: set(range(1, n)) if i == 0 else {0} for i in range(answer)}
    c = surveyed(n, {"2026": told})
    assert figures.brokers(c.study, c.places, c.summary).title == title
    few = answer < n / 2
    met = figures.introductions(c.study, c.summary, c.introductions).title
    assert met.endswith("as far as the answers say" if few else "tie the coalition together most")


# --- edges of the cases


HOSTILE = [
    "<script>alert(1)</script>",
    "$x$",
    "w" * 400,
    "",
    "نادي الآباء",
    "גן ילדים",
    "A & B",
    "\\1 \\g<0>",
    "e\u0301" * 9,
]


@pytest.mark.parametrize("n", [1, 2, 9, 31])
@pytest.mark.parametrize("waves", [1, 2])
@pytest.mark.parametrize("level", [2, 5])
def test_few_partners_strange_names_and_no_ties_break_nothing(n: int, waves: int, level: int) -> None:
    ids = [f"p{i:02d}" for i in range(n)]
    own = table("partners", [
        {"partner_id": p, "name": HOSTILE[i % len(HOSTILE)] or None, "sector": "health", "status": "joined"}
        for i, p in enumerate(ids)
    ])  # fmt: skip
    # At level 5 nobody has a tie.
    ties = table("ties", [
        {"wave": f"{2024 + k}", "source": ids[i], "target": ids[(i + 1 + k) % n], "level": 3}
        for k in range(waves) for i in range(n)
    ])  # fmt: skip
    study = coalition(3).study
    study.settings.tie_level = level
    study.labels["partner_id"] = dict(zip(own["partner_id"], own["name"], strict=True))
    places = declared("network_partners", network_partners(own, ties, tie_level=level, seed=1))
    summary = declared("network_summary", network_summary(own, ties, tie_level=level))
    changes = declared("network_changes", network_changes(own, ties, tie_level=level))
    meetings = declared("introductions", introductions(own, ties, tie_level=level))
    for draw, frames in (
        (figures.network_map, (places, ties, own, summary)),
        (figures.network_waves, (places, ties, own, summary)),
        (figures.network_changes, (summary, changes)),
        (figures.introductions, (summary, meetings)),
        (figures.trust, (places, summary)),
        (figures.network_over_time, (summary,)),
        (figures.brokers, (places, summary)),
    ):
        before = [frame.copy(deep=True) for frame in frames]
        once, again = draw(study, *frames), draw(study, *frames)
        for frame, old in zip(frames, before, strict=True):
            pd.testing.assert_frame_equal(frame, old)
        if isinstance(once, Statement):
            assert once.title == again.title
        elif once is not None:
            one, two = drawing(once), drawing(again)
            assert (one.svg, one.legend) == (two.svg, two.legend)
            assert "<script" not in one.svg + one.legend
            assert one.alt


def test_pictures_of_waves_take_two_columns_where_a_page_is_narrow() -> None:
    nodes = pd.DataFrame({"name": ["A", "B"], "kind": "Schools", "tip": ""})
    edges = pd.DataFrame({"a": [0], "b": [1], "strength": [2]})
    panel = Panel("2025", ("one tie",), [True, True], pd.DataFrame({"a": [0], "b": [1], "change": ["kept"]}))
    three = small_multiples(nodes, edges, [panel] * 3, kinds=["Schools"], title="T", alt="A.")
    two = small_multiples(nodes, edges, [panel] * 2, kinds=["Schools"], title="T", alt="A.")
    assert three.svg.count("scale(") == 3
    assert float(re.search(r"--more: ([\d.]+)%", three.svg)[1]) > 0
    assert two.svg.count("scale(") == 0
    assert "--more: 0.0%" in two.svg


def test_a_tie_of_another_wave_says_where_they_stand_and_is_not_drawn() -> None:
    nodes = pd.DataFrame({"name": list("ABC"), "kind": "Schools", "tip": "", "here": [True, True, False]})
    edges = pd.DataFrame({"a": [0, 1], "b": [1, 2], "strength": [3.0, np.nan]})
    made = network(nodes, edges, kinds=["Schools"], strengths={3: "coordination"}, title="T", alt="A.")
    assert (made.svg.count("<line"), len(mark_boxes(made.svg))) == (1, 2)
    assert [line for line, _ in letter_boxes(made.svg)] == ["A", "B"]
