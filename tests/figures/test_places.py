"""Hot spots, regions and peers as figures: what their titles say, and what they keep silent about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ci_analysis import landscape
from ci_analysis.figures import landscape as figures
from ci_analysis.figures.base import Drawing, Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS, conform

ROOT = Path(__file__).parents[2]
HOSTILE = ["<script>alert(1)</script>", "$x^{$ & y_$", "a" * 400, "\N{BABY} 日本", "\u202e\u05e9\u05dc\u05d5", r"\1 $5"]


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(ROOT / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return landscape.compute(study, {})


def rows_of(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return conform(pd.DataFrame(rows).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def place(study: Study, i: int) -> str:
    return study.areas["geoid"].iloc[i]


def named(study: Study, i: int) -> str:
    return study.areas["name"].iloc[i]


# --- hot spots -------------------------------------------------------------------------------------------------------


def spots(study: Study, *kinds: str | None, variable: str = "ratio", segment: str = "preschool") -> pd.DataFrame:
    """Table `hotspots` whose first areas are in these clusters; the value rises from area to area."""
    rows = [
        {"geoid": g, "variable": variable, "segment": segment, "value": 0.001 * i, "local_i": 1.0, "p": 0.01, "q": 0.05,
         "cluster": kinds[i] if i < len(kinds) else None, "neighbours": 5}
        for i, g in enumerate(study.areas["geoid"])
    ]  # fmt: skip
    return rows_of("hotspots", rows)


HH, LL, HL, LH = "high-high", "low-low", "high-low", "low-high"


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([LL], "are scarce in one county and around it ({0})"),
        ([LL, LL], "are scarce in two counties and around them ({0} and {1})"),
        ([HH], "are least scarce in one county and around it ({0})"),
        ([LL, HH], "are scarce in one county and around it ({0}), and less so in one county and around it ({1})"),
        ([LH], "are scarcer in {0} than in the counties around"),
        ([HL, HL], "are less scarce in {0} and {1} than in the counties around"),
        ([LL, LH, HL], "are scarce in one county and around it ({0})"),
        ([LL] * 6, "are scarce in six counties and around them ({0}, {1}, {2}, {3} and 2 more)"),
    ],
)
def test_what_stands_out_is_said(kinds, title, study):
    made = figures.hotspot_map(study, spots(study, *kinds))
    names = [named(study, i) for i in range(len(kinds) + 3)]
    assert made.title == f"Seats for preschool children {title.format(*names)}"
    assert isinstance(made, Drawing)
    assert names[0] in made.alt


def test_each_kind_has_its_look_and_the_missing_theirs(study):
    frame = spots(study, HH, LL, HL, LH).iloc[:-2]
    frame.loc[frame["geoid"] == place(study, 5), ["local_i", "p", "q"]] = np.nan
    made = figures.hotspot_map(study, frame)
    for look in ("cluster-hh", "cluster-ll", "cluster-hl", "cluster-lh"):
        assert made.svg.count(f'class="area {look}"') == 1
    # Two without a figure and one without a neighbor.
    assert made.svg.count('class="area cluster-no"') == 64 - 4 - 3
    assert f"{named(study, 5)}: less than 1 for every 100; no neighbor" in made.svg
    assert f"{named(study, 63)}: no figure" in made.svg
    assert "not known: 3" in made.alt


def test_nothing_that_stands_out_is_a_finding(study):
    other = spots(study, HH, HH, LL, LH, variable="rate_poverty", segment="all")
    made = figures.hotspot_map(study, pd.concat([spots(study), other], ignore_index=True))
    assert isinstance(made, Statement)
    assert made.title == "Seats for preschool children: no group of counties stands out beyond chance"
    assert made.frame.to_numpy().tolist() == [["People in poverty", "Everybody", 2, 1, 1]]
    alone = figures.hotspot_map(study, spots(study))
    assert (alone.title, alone.frame) == (made.title, None)


def test_too_few_areas_are_said_to_be_too_few(study):
    small = replace(study, areas=study.areas.iloc[:9])
    nothing = spots(study).iloc[:0]
    assert figures.hotspot_map(small, nothing).title == "With fewer than 10 counties, none can be told from chance"
    assert figures.hotspot_map(study, nothing) is None
    assert figures.hotspot_map(study, spots(study, HH, variable="rate_poverty")) is None


def test_without_outlines_it_is_told_in_words(study):
    bare = replace(study, areas=study.areas.assign(geometry=None).set_crs("EPSG:4326", allow_override=True))
    made = figures.hotspot_map(bare, spots(study, LL, HH))
    assert isinstance(made, Statement)
    assert made.lines[0] == f"Many, and many around: {named(study, 1)}."


def test_the_segment_is_that_of_the_page(study):
    frame = pd.concat([spots(study, LL), spots(study, HH, segment="infant-toddler")], ignore_index=True)
    gap = pd.DataFrame({"segment": ["preschool", "infant-toddler"], "need": 100.0, "usable": [10.0, 50.0]})
    assert "preschool children" in figures.hotspot_map(study, frame, gap).title
    gap["usable"] = [50.0, 10.0]
    assert "infants and toddlers" in figures.hotspot_map(study, frame, gap).title


@pytest.mark.parametrize("name", HOSTILE)
def test_areas_of_any_name_are_drawn_as_they_are(name, study):
    other = replace(study, areas=study.areas.assign(name=name), tables=study.tables | {
        "areas": study.tables["areas"].assign(name=name)})  # fmt: skip
    made = figures.hotspot_map(other, spots(study, LL, HH))
    assert "<script" not in made.svg + made.legend
    assert len(made.title) < 600


def test_rows_in_any_order_draw_the_same_map(study):
    frame = spots(study, HH, LL, HL, LH)
    mixed = frame.sample(frac=1, random_state=1)
    assert drawing(figures.hotspot_map(study, mixed)) == drawing(figures.hotspot_map(study, frame))


# --- regions ---------------------------------------------------------------------------------------------------------


def summed(*rows: tuple[str, float, float], kind: str = "district", **more: object) -> pd.DataFrame:
    """Table `region_gap` of (region, need, usable seats)."""
    made = [
        {"region_kind": kind, "region": r, "segment": "preschool", "need": n, "usable": u,
         "sufficiency": u / n if n else np.nan} | more
        for r, n, u in rows
    ]  # fmt: skip
    return rows_of("region_gap", made)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("North", 100, 40), ("South", 100, 15)],
         "15 seats for every 100 preschool children in South, and 40 in North"),
        ([("North", 100, 40)], "40 seats for every 100 preschool children in North"),
        ([("North", 100, 40), ("South", 1000, 401)], "40 seats for every 100 preschool children in both regions"),
        ([(r, 100, 40) for r in "ABC"], "40 seats for every 100 preschool children in each of the three regions"),
        # What is left out of the kind is drawn, and is no region.
        ([("North", 100, 40), ("South", 100, 20), ("Not in any region", 100, 5)],
         "20 seats for every 100 preschool children in South, and 40 in North"),
        ([("North", 100, 40), ("South", 0, 20)], "40 seats for every 100 preschool children in North"),
    ],
)  # fmt: skip
def test_the_worst_and_the_best_served_regions_are_said(rows, title, study):
    assert drawing(figures.regions(study, summed(*rows))).title == f"There are {title}"


def test_one_seat_and_none_are_said_right(study):
    title = drawing(figures.regions(study, summed(("North", 100, 1), ("South", 100, 9)))).title
    assert title == "There is one seat for every 100 preschool children in North, and 9 in South"
    title = drawing(figures.regions(study, summed(("North", 100, 0), ("South", 100, 9)))).title
    assert title == "There are no seats for every 100 preschool children in North, and 9 in South"


def test_the_interval_comes_from_needs_margin(study):
    ax = figures.regions(study, summed(("North", 100, 40), ("South", 100, 20), need_moe=10.0))
    # 20 / 100 with a margin of 10 in 100 is 20 ± 2; an exact numerator adds nothing.
    assert alternative(ax).endswith("South, 20 (18 to 22); North, 40 (36 to 44).")
    assert ax.get_xlabel() == "Seats for every 100 in potential need (line: 90% interval)"
    bare = figures.regions(study, summed(("North", 100, 40), ("South", 100, 20)))
    assert alternative(bare).endswith("South, 20; North, 40.")
    assert "interval" not in bare.get_xlabel()


def test_ends_whose_margins_meet_are_not_sure(study):
    made = drawing(figures.regions(study, summed(("North", 100, 40), ("South", 100, 30), need_moe=30.0)))
    assert made.title.endswith("in South, and 40 in North; the margin of error is wider than that")


def test_of_several_kinds_the_fewest_regions_are_drawn(study):
    schools = summed(*((f"School {i}", 100, i) for i in range(9)), kind="school")
    one = summed(("All", 100, 1), kind="county")
    districts = summed(("North", 100, 40), ("South", 100, 15))
    ax = figures.regions(study, pd.concat([schools, one, districts]))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["South", "North"]
    many = summed(*((f"Region {i:02}", 100, i) for i in range(40)))
    ax = figures.regions(study, many)
    assert len(ax.get_yticks()) == 24
    assert alternative(ax).endswith("16 regions have more.")


@pytest.mark.parametrize("name", HOSTILE)
def test_regions_of_any_name_are_drawn_as_they_are(name, study):
    ax = figures.regions(study, summed((name, 100, 40), (f"{name} two", 100, 15), kind=name))
    picture = drawing(ax)
    assert "<script" not in picture.svg
    assert len(picture.title) < 400
    assert len(picture.alt) < 600


def test_colorados_regions_are_those_of_its_sums(study, run):
    table = run["region_gap"]
    rows = table[table["segment"].eq("infant-toddler")].sort_values("sufficiency")
    worst, best = rows.iloc[0], rows.iloc[-1]
    assert drawing(figures.regions(study, table)).title == (
        f"There are {100 * worst['sufficiency']:.0f} seats for every 100 infants and toddlers in {worst['region']}, "
        f"and {100 * best['sufficiency']:.0f} in {best['region']}"
    )


# --- peers -----------------------------------------------------------------------------------------------------------


def like(study: Study, *pairs: tuple[int, int], **more: object) -> pd.DataFrame:
    """Table `peers` of (area, peer)."""
    rows = [
        {"geoid": place(study, a), "rank": 1 + sum(x == a for x, _ in pairs[:i]), "peer": place(study, b),
         "name": named(study, b), "matched_on": "population;rate_poverty"} | more
        for i, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    return rows_of("peers", rows)


def seats(study: Study, *ratios: float, need: float = 100) -> pd.DataFrame:
    rows = [
        {"geoid": place(study, i), "segment": "preschool", "need": need, "usable": need * r, "ratio": r}
        for i, r in enumerate(ratios)
    ]
    return rows_of("gap", rows)


ALL = [(a, b) for a in range(3) for b in range(3) if a != b]


def test_who_is_furthest_behind_and_ahead_is_said(study):
    made = figures.peers(study, like(study, *ALL), seats(study, 0.1, 0.3, 0.8))
    a, b, c = (named(study, i) for i in range(3))
    # Medians of two: (30 + 80) / 2, (10 + 80) / 2 and (10 + 30) / 2.
    assert made.title == (
        f"Against its peers, {a} (10, its peers 55) has the fewest seats for every 100 preschool children, "
        f"{c} (80, its peers 20) the most"
    )
    assert made.frame.to_numpy().tolist() == [
        [a, "10", "55", f"{c} (80) and {b} (30)"],
        [b, "30", "45", f"{c} (80) and {a} (10)"],
    ]
    assert made.lines[:2] == (
        "2 of 3 counties have fewer seats for those in need than the middle one of their peers.",
        "Peers are the two closest by population and people in poverty.",
    )


def test_where_nobody_is_behind_that_is_said(study):
    made = figures.peers(study, like(study, (0, 1), (1, 0)), seats(study, 0.3, 0.3))
    assert (
        made.title
        == "Every county has at least as many seats for every 100 preschool children as the middle one of its peers"
    )
    assert made.frame is None
    assert made.lines[0].startswith("None of 2 counties have fewer")
    # A third and three tenths of one are the same seats but for rounding.
    sums = figures.peers(study, like(study, (0, 1), (1, 0)), seats(study, 0.3, 0.1 + 0.2))
    assert sums.frame is None


def test_one_area_alone_has_no_other_end(study):
    made = figures.peers(study, like(study, (0, 1)), seats(study, 0.1, 0.3))
    who = f"{named(study, 0)} (10, its peers 30)"
    assert made.title == f"Against its peers, {who} has the fewest seats for every 100 preschool children"
    assert made.lines[0].startswith("The one county has fewer")
    assert "the closest one by" in made.lines[1]


def test_few_in_need_are_not_compared(study):
    table = seats(study, 0.0, 0.3, 0.4)
    table.loc[0, "need"] = 50.0
    made = figures.peers(study, like(study, *ALL), table)
    assert named(study, 0) not in made.title
    assert made.lines[-1].startswith("Of counties with more than 50 preschool children in potential need")
    # Where all have few, they are compared all the same, and nothing is said of a limit.
    small = figures.peers(study, like(study, *ALL), seats(study, 0.0, 0.3, 0.4, need=20))
    assert named(study, 0) in small.title
    assert "more than 50" not in " ".join(small.lines)


def test_an_area_or_a_peer_without_seats_known_is_left_out(study):
    made = figures.peers(study, like(study, *ALL), seats(study, 0.1, np.nan, 0.8))
    assert made.title.startswith(f"Against its peers, {named(study, 0)} (10, its peers 80)")
    assert named(study, 1) not in str(made.frame)


def test_communities_beyond_the_study_are_named(study):
    outside = like(study, (0, 1), (0, 2)).assign(peer=["48001", "48003"], name=["Anderson", "Andrews"])
    for gap in (None, seats(study, 0.1, 0.3)):
        made = figures.peers(study, outside, gap)
        assert made.title == f"Most like {named(study, 0)} are Anderson and Andrews"
        assert made.frame.to_numpy().tolist() == [[named(study, 0), "Anderson and Andrews"]]
    nameless = figures.peers(study, outside.iloc[:1].assign(name=np.nan).astype({"name": "str"}))
    assert nameless.title == f"Most like {named(study, 0)} is 48001"


def test_without_peers_there_is_no_statement(study):
    assert figures.peers(study, like(study), seats(study, 0.1)) is None


def test_colorado_by_a_plain_loop(study, run):
    table = run["gap"].query("segment == 'infant-toddler' and need > 50").set_index("geoid")["ratio"].dropna()
    near = run["peers"].groupby("geoid")["peer"].agg(list)
    away = {}
    for geoid, own in table.items():
        theirs = sorted(table[p] for p in near[geoid] if p in table)
        if theirs:
            n = len(theirs)
            away[geoid] = own - (theirs[(n - 1) // 2] + theirs[n // 2]) / 2
    names = study.areas.set_index("geoid")["name"]
    made = figures.peers(study, run["peers"], run["gap"])
    assert made.title.startswith(f"Against its peers, {names[min(away, key=away.get)]} (")
    assert f", {names[max(away, key=away.get)]} (" in made.title
    assert len(made.frame) == min(12, sum(v < 0 for v in away.values()))
