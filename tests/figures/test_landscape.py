from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers

from ci_analysis import landscape
from ci_analysis.figures import landscape as figures
from ci_analysis.figures.base import Drawing, Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

ROOT = Path(__file__).parents[2]
HOSTILE = ["<script>alert(1)</script>", "$x^{$ & y_$", "a" * 400, "\N{BABY} 日本", "\u202e\u05e9\u05dc\u05d5", r"\1 $5"]
#: The figures, and the tables that each is drawn from.
DRAWN = {"gap_by_segment": "gap_summary", "gap_map": "gap", "atlas": "indicators", "shortage_map": "gap",
         "largest_gaps": "gap", "prices": "affordability",
         "disparities": "disparities", "regions": "region_gap",
         "reliability": "indicators", "spread": "indicators", "under_way": "initiatives"}  # fmt: skip
STATED = {"hotspot_map": "hotspots", "peers": "peers",
          "shortage_definitions": "gap", "gap_totals": "gap_summary",
          "caveats": "gap",
          "drivers": "drivers", "voices": "voices",
          "prices_over_years": "affordability_years",
          "indicators": "indicator_summary", "trends": "trends",
          "region_figures": "region_indicators"}  # fmt: skip
EVERY = DRAWN | STATED
#: Figures of what this study does not tell; test_seats.py looks at them.
IN_TEST_SEATS = {"occupancy", "seats_by_hour", "staffing"}
#: What else each takes, after its own table.
ALSO = {
    "atlas": ("gap", "affordability"),
    "gap_by_segment": ("gap",),
    "hotspot_map": ("gap",),
    "peers": ("gap",),
    "under_way": ("reach", "gap"),
    "drivers": ("indicator_summary", "voices"),
    "voices": ("indicators",),
}


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(ROOT / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return dict(study.tables) | landscape.compute(study, {})


def drawn(name: str, study: Study, run: dict[str, pd.DataFrame], frame: pd.DataFrame | None = None) -> object:
    """A figure, of its own table in the run or of another frame, and of whatever else it takes."""
    frame = run[EVERY[name]] if frame is None else frame
    return getattr(figures, name)(study, frame, *(run[table] for table in ALSO.get(name, ())))


def rows_of(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    table = OUTPUTS.get(name) or INPUTS[name]
    frame = pd.DataFrame(list(rows)).reindex(columns=table.names)
    for column in table.columns:
        if column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
    return conform(frame, table)


def place(study: Study, i: int) -> str:
    return study.areas["geoid"].iloc[i]


def gaps(study: Study, *pairs: tuple[float, float], segment: str = "infant-toddler", **more: object) -> pd.DataFrame:
    """Table `gap` of areas with (need, usable seats)."""
    rows = [
        {"geoid": place(study, i), "segment": segment, "need": n, "usable": u, "unmet": max(n - u, 0) if n == n else n,
         "ratio": u / n if n else np.nan} | more
        for i, (n, u) in enumerate(pairs)
    ]  # fmt: skip
    return rows_of("gap", *rows)


def summed(*rows: tuple[str, float, float], **more: object) -> pd.DataFrame:
    """Table `gap_summary` of (segment, need, usable seats)."""
    return rows_of(
        "gap_summary",
        *(
            {"segment": s, "need": n, "usable": u, "sufficiency": u / n if n else np.nan, "spatial_gap": max(n - u, 0),
             "spatial_gap_strict": max(n - u, 0), "spatial_gap_wide": max(n - u, 0), "usable_low": u, "usable_high": u}
            | more
            for s, n, u in rows
        ),
    )  # fmt: skip


def priced(study: Study, *shares: float, segment: str = "infant-toddler", benchmark: float = 0.07) -> pd.DataFrame:
    known = {"price_vintage": "2021-01-31", "income_vintage": "2018", "benchmark": benchmark, "segment": segment}
    return rows_of("affordability", *({"geoid": place(study, i), "share": s} | known for i, s in enumerate(shares)))


def with_settings(study: Study, **settings: object) -> Study:
    return replace(study, settings=study.settings.model_copy(update=settings))


def with_profile(study: Study, **parts: object) -> Study:
    return replace(study, profile=study.profile.model_copy(update=parts))


def renamed(study: Study, name: str) -> Study:
    """The study where every area, partner, segment, lever and theme has this name."""
    tables = dict(study.tables)
    for table in ("areas", "partners", "initiatives"):
        tables[table] = tables[table].assign(name=name)
    tables["voices"] = tables["voices"].assign(theme=name, text=name)
    tables["drivers"] = tables["drivers"].assign(text=name)
    profile = study.profile
    labelled = {
        part: tuple(x.model_copy(update={"label": name}) for x in getattr(profile, part))
        for part in ("segments", "groups", "levers")
    }
    return with_profile(replace(study, tables=tables), **labelled)


def title_of(made: object) -> str:
    return made.title if isinstance(made, Statement) else drawing(made).title


# --- all of them -----------------------------------------------------------------------------------------------------


def test_every_public_function_is_looked_at():
    assert set(figures.__all__) == {*EVERY, *IN_TEST_SEATS, "Headline", "focus", "headlines"}


@pytest.mark.parametrize("name", EVERY)
def test_frames_settings_and_pyplot_are_left_alone(name, study, run):
    frame = run[EVERY[name]]
    copy, before = frame.copy(deep=True), dict(mpl.rcParams)
    assert title_of(drawn(name, study, run))
    pd.testing.assert_frame_equal(frame, copy)
    assert dict(mpl.rcParams) == before
    assert not _pylab_helpers.Gcf.figs


@pytest.mark.parametrize("name", DRAWN)
def test_rows_in_any_order_draw_the_same_bytes(name, study, run):
    frame = run[DRAWN[name]]
    first = drawing(drawn(name, study, run))
    assert drawing(drawn(name, study, run)) == first
    if name != "gap_map":  # where the areas themselves give the order, and the table none
        assert drawing(drawn(name, study, run, frame.sample(frac=1, random_state=1))) == first


def test_another_process_draws_the_same_bytes():
    code = (
        "from hashlib import sha256\n"
        "from ci_analysis import landscape\n"
        "from ci_analysis.figures import landscape as figures\n"
        "from ci_analysis.figures.base import drawing\n"
        "from ci_analysis.study import Study\n"
        "study = Study.read('data/raw/colorado-child-care')\n"
        "run = dict(study.tables) | landscape.compute(study, {})\n"
        f"for name, table in {DRAWN!r}.items():\n"
        f"    frames = [run[t] for t in (table, *{ALSO!r}.get(name, ()))]\n"
        "    print(sha256(repr(drawing(getattr(figures, name)(study, *frames))).encode()).hexdigest())\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=True,
                       capture_output=True, text=True).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1]
    assert len(said[0].split()) == len(DRAWN)
    assert len(said[0].split()[0]) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_any_name_is_drawn_as_it_is(name, hostile, study, run):
    other = renamed(study, hostile)
    frame = run[EVERY[name]] if EVERY[name] in OUTPUTS else other.tables[EVERY[name]]
    made = drawn(name, other, run, frame)
    assert len(title_of(made)) < 3_000
    if isinstance(made, Statement):
        return
    picture = drawing(made)
    assert "<script" not in picture.svg + picture.legend
    assert len(picture.alt) < 8_000


@pytest.mark.parametrize("name", DRAWN)
def test_text_alternatives_state_figures(name, study, run):
    told = drawing(drawn(name, study, run)).alt
    assert told.endswith(".")
    assert any(ch.isdigit() for ch in told)
    assert "nan" not in told


@pytest.mark.parametrize("name", sorted(set(DRAWN) - {"atlas"}))
def test_nothing_to_draw_is_none(name, study, run):
    assert drawn(name, study, run, run[DRAWN[name]].iloc[:0]) is None


@pytest.mark.parametrize("name", ["disparities", "gap_by_segment", "largest_gaps", "prices"])
@pytest.mark.parametrize("label", [None, "A name of many words that goes on " * 9, "a" * 400])
def test_texts_do_not_overlap(name, label, study, run):
    study = renamed(study, label) if label else study
    ax = getattr(figures, name)(study, run[DRAWN[name]])
    ax.set_title("")
    ax.set_xlabel("")
    ax.figure.draw_without_rendering()
    ticks = [t for axis in (ax.xaxis, ax.yaxis) if axis.get_visible() for t in axis.get_ticklabels()]
    # Ticks beyond the axes' ends are not drawn.
    least, most = ax.get_xlim()
    ticks = [t for t in ticks if t not in ax.get_xticklabels() or least <= t.get_position()[0] <= most]
    texts = [t for t in (*ax.texts, *ticks) if t.get_text()]
    boxes = [t.get_window_extent().padded(-1) for t in texts]
    for i, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert box.x0 > ax.figure.bbox.x0 - 2, text
        assert box.x1 < ax.figure.bbox.x1 + 2, text
        for other, second in zip(texts[i + 1 :], boxes[i + 1 :], strict=True):
            assert not box.overlaps(second), (text, other)


def test_two_pictures_on_a_page_share_no_identifier(study, run):
    found = [re.findall(r'\bid="([^"]+)"', drawing(drawn(n, study, run)).svg) for n in DRAWN]
    every = [i for ids in found for i in ids]
    assert len(every) == len(set(every))


# --- the segment that leads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "segment"),
    [
        ([("infant-toddler", 10, 5), ("preschool", 10, 1), ("school-age", 10, 0)], "preschool"),
        ([("infant-toddler", 10, 5), ("preschool", 10, 5)], "infant-toddler"),
        ([("infant-toddler", np.nan, np.nan), ("under-six", 10, 5), ("all", 10, 5)], "under-six"),
        ([("all", 10, 5)], "all"),
    ],
)
def test_the_worst_served_segment_leads(rows, segment, study):
    assert figures.focus(study, summed(*rows)) == segment


def test_unknown_seats_are_not_no_seats(study):
    gap = pd.concat([gaps(study, (10, np.nan)), gaps(study, (10, 5), segment="preschool")])
    assert figures.gap_map(study, gap).title == (
        "The one county has at least one seat for every three preschool children"
    )


# --- headlines -------------------------------------------------------------------------------------------------------


def told(study: Study, **tables: pd.DataFrame) -> list[figures.Headline]:
    return figures.headlines(study, {n: tables.get(n, rows_of(n)) for n in ("gap_summary", "gap", "affordability")})


def test_no_table_is_no_headline(study):
    assert told(study) == []


def test_made_up_rows_carry_no_headline(study, run):
    made_up = with_settings(study, illustrative=("capacity",))
    assert figures.headlines(study, run)
    assert figures.headlines(made_up, run) == []


@pytest.mark.parametrize(
    ("need", "usable", "number", "sentence"),
    [
        (1000, 290, "29 for 100", "There are 29 seats for every 100 infants and toddlers in potential need. In their "
         "own county, 710 have none."),
        (100, 99, "99 for 100", "There are 99 seats for every 100 infants and toddlers in potential need. In their "
         "own county, 1 has none."),
        (100, 1, "1 for 100", "There is one seat for every 100 infants and toddlers in potential need. In their own "
         "county, 99 have none."),
        (1000, 1, "under 1 for 100", "There is less than one seat for every 100 infants and toddlers in potential "
         "need. In their own county, about 1,000 have none."),
        (50, 0, "0 for 100", "There are no seats for every 100 infants and toddlers in potential need. In their own "
         "county, 50 have none."),
        (50, 60, "120 for 100", "There are 120 seats for every 100 infants and toddlers in potential need. Every "
         "county has enough for its own."),
    ],
)  # fmt: skip
def test_the_first_headline_counts_seats(need, usable, number, sentence, study):
    (headline,) = told(study, gap_summary=summed(("infant-toddler", need, usable)))
    assert (headline.number, headline.sentence) == (number, sentence)
    assert headline.sure.startswith("How far off this may be is not known")


def test_the_first_headline_says_its_interval(study):
    frame = summed(("infant-toddler", 1000, 290), spatial_gap_low=650.0, spatial_gap_high=770.0)
    assert told(study, gap_summary=frame)[0].sure.startswith("90% interval of those without: 650 to 770, ")


@pytest.mark.parametrize(("half", "rough"), [(0.39 * 1.645 * 710, False), (0.41 * 1.645 * 710, True)])
def test_the_first_headline_says_where_it_is_of_low_reliability(half, rough, study):
    # 710 without a seat; the coefficient of variation is the half interval over 1.645 and over these.
    frame = summed(("infant-toddler", 1000, 290), spatial_gap_low=710 - half, spatial_gap_high=710 + half)
    assert told(study, gap_summary=frame)[0].sure.startswith("Of low reliability: 90% interval") == rough


@pytest.mark.parametrize(
    ("flags", "start"),
    [
        ([True, False, None], "1 of 2 counties has more than three children for each licensed seat"),
        ([True, True, False], "2 of 3 counties have more than"),
        ([True, True], "Both counties have more than"),
        ([False, False], "None of 2 counties have more than"),
        ([True], "The one county has more than"),
        ([False], "No county has more than"),
    ],
)
def test_the_shortage_headline_counts_areas(flags, start, study):
    gap = gaps(study, *[(9, 1)] * len(flags), segment="under-six", cap_desert=None)
    gap["cap_desert"] = pd.array(flags, dtype="boolean")
    (headline,) = told(study, gap=gap)
    assert headline.sentence.startswith(start)
    assert headline.sentence.endswith(", counting children under six.")
    assert headline.sure == "A county is wide: inside it, seats can still be far."
    (small,) = told(with_settings(study, level="tract"), gap=gap)
    assert "census tract" in small.sentence
    assert small.sure == "A census tract is small: seats next door are not counted."


COSTS = "One full-time seat for infants and toddlers costs "
INCOME = " of the median family income in "


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ([0.08, 0.12], f"{COSTS}more than 7%{INCOME}both counties"),
        ([0.08, 0.12, 0.2], f"{COSTS}more than 7%{INCOME}all 3 counties"),
        ([0.05, 0.12, 0.2], f"{COSTS}more than 7%{INCOME}2 of 3 counties"),
        ([0.05, 0.07], f"{COSTS}no more than 7%{INCOME}both counties"),  # the benchmark itself is not more than it
        ([0.08], f"{COSTS}more than 7%{INCOME}the one county"),
        ([0.05], f"{COSTS}no more than 7%{INCOME}the one county"),
        ([0.08, np.nan], f"{COSTS}more than 7%{INCOME}the one county"),
    ],
)
def test_prices_are_said_alike_in_headline_and_title(shares, sentence, study):
    frame = priced(study, *shares)
    known = [s for s in shares if s == s]
    (headline,) = told(study, affordability=frame)
    assert headline.sentence.startswith(f"{sentence}: {100 * min(known):.0f}%")
    assert drawing(figures.prices(study, frame)).title == sentence
    gone = " 1 of 2 counties has no price or no income." if len(known) < len(shares) else ""
    assert headline.sure == f"Prices of January 31, 2021 against incomes of 2018.{gone}"


def test_one_price_is_no_span(study):
    assert told(study, affordability=priced(study, 0.08))[0].number == "8%"
    assert told(study, affordability=priced(study, 0.08, 0.12))[0].number == "8%–12%"


def test_missing_prices_are_neither_headline_nor_picture(study):
    frame = priced(study, np.nan, np.nan)
    assert told(study, affordability=frame) == []
    assert figures.prices(study, frame) is None


def test_everybodys_price_and_a_benchmark_between(study):
    ax = figures.prices(study, priced(study, 0.08, 0.09, segment="all", benchmark=0.075))
    assert drawing(ax).title == "One full-time seat costs more than 7.5% of the median family income in both counties"
    assert alternative(ax).endswith("Children: 8% to 9%, in the middle 8%. A line marks 7.5%.")  # 8.5 goes to even


# --- need and seats of each group ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([("infant-toddler", 100, 29)], "There are 29 seats for every 100 infants and toddlers"),
        ([("infant-toddler", 100, 1)], "There is one seat for every 100 infants and toddlers"),
        ([("infant-toddler", 100, 0)], "There are no seats for every 100 infants and toddlers"),
        (
            [("infant-toddler", 100, 29), ("preschool", 100, 98), ("school-age", 1000, 1), ("all", 1200, 128)],
            "There are 29 seats for every 100 infants and toddlers, 98 for preschool children and less than 1 for "
            "school-age children",
        ),
        ([("infant-toddler", np.nan, np.nan), ("under-six", 10, 5)], "There are 50 seats for every 100 children under "
         "six"),
        ([("infant-toddler", np.nan, np.nan), ("all", 3, 2)], "There are 67 seats for every 100 children"),
        ([("all", 3000, np.nan)], "Potential need: 3,000 children; how many seats there are is not known"),
        ([("infant-toddler", 0, 4)], "Potential need: 0 infants and toddlers"),
    ],
)  # fmt: skip
def test_seats_are_said_for_each_group(rows, title, study):
    ax = figures.gap_by_segment(study, summed(*rows))
    assert drawing(ax).title == title
    assert "nan" not in drawing(ax).svg


def test_seats_that_are_not_certain_are_marked_and_said(study):
    # 50 seats stand by the strictest reading, 90 by the usual one.
    frame = summed(("infant-toddler", 100, 29), ("preschool", 100, 90)).assign(usable_low=[29.0, 50.0])
    ax = figures.gap_by_segment(study, frame)
    assert drawing(ax).title == (
        "There are 29 seats for every 100 infants and toddlers, 50 to 90 for preschool children "
        "(by how rooms are counted)"
    )
    assert alternative(ax).endswith("Preschool children, 100 and 90 (40 of them not certain).")
    assert "Not certain" in [t.get_text() for t in ax.get_legend().get_texts()]
    plain = figures.gap_by_segment(study, summed(("preschool", 100, 90)))
    assert "Not certain" not in [t.get_text() for t in plain.get_legend().get_texts()]


# --- the map ---------------------------------------------------------------------------------------------------------

SHORT = "one seat for every three infants and toddlers"


@pytest.mark.parametrize(
    ("pairs", "title"),
    [
        ([(100, 10), (100, 50)], f"1 of 2 counties has less than {SHORT}"),
        ([(100, 10), (100, 10), (100, 50)], f"2 of 3 counties have less than {SHORT}"),
        ([(100, 10), (100, 0)], f"Both counties have less than {SHORT}"),
        ([(100, 10)], f"The one county has less than {SHORT}"),
        ([(100, 50)], f"The one county has at least {SHORT}"),
        ([(3, 1), (0.3, 0.1)], f"Both counties have at least {SHORT}"),  # 0.1 / 0.3 falls below 1 / 3 in binary
        ([(100, 10), (100, 50), (0, 5)], f"1 of 2 counties with figures has less than {SHORT}"),
    ],
)
def test_short_areas_are_counted(pairs, title, study):
    assert figures.gap_map(study, gaps(study, *pairs)).title == title


def test_other_levels_and_thresholds_have_their_words(study):
    gap = gaps(study, (100, 10), (100, 50), segment="all")
    tracts = figures.gap_map(with_settings(study, level="tract"), gap)
    assert tracts.title == "1 of 2 census tracts has less than one seat for every three children"
    assert tracts.alt.startswith("Map of census tracts by seats for every 100 children in potential need.")
    for per, whom in ((1, "for each of the children"), (2.5, "for every 2.5 children")):
        shortage = study.profile.shortage.model_copy(update={"people_per_seat": per})
        assert figures.gap_map(with_profile(study, shortage=shortage), gap).title.endswith(whom)


def test_the_map_counts_what_is_not_known(study):
    made = figures.gap_map(study, gaps(study, (100, 10), (100, 50), (np.nan, 5)))
    # The other counties are not in the table at all.
    assert f'not known <span class="n">{len(study.areas) - 2}</span>' in made.legend
    assert 'up to 10 seats for 100 <span class="n">1</span>' in made.legend
    assert "no figure" in made.svg


def test_without_outlines_there_is_no_map(study):
    bare = replace(study, areas=study.areas.assign(geometry=None).set_crs("EPSG:4326"))
    gap = gaps(study, (100, 10))
    assert figures.gap_map(bare, gap) is None
    assert drawing(figures.largest_gaps(bare, gap)).svg


def test_many_areas_with_the_fewest_seats_are_counted(study):
    told = figures.gap_map(study, gaps(study, *[(100, 0)] * 6, (100, 50))).alt
    assert told.endswith("6 of 7 counties have the fewest, 0.")


# --- the largest gaps ------------------------------------------------------------------------------------------------


def named(study: Study, *places: int) -> list[str]:
    return [study.areas["name"].iloc[i] for i in places]


def test_where_half_of_the_unmet_need_is(study):
    a, b, c = named(study, 0, 1, 2)
    whose = "of the unmet need of infants and toddlers is in"
    for pairs, title in (
        ([(50, 0)], f"All {whose} one county: {a}"),
        ([(50, 0), (0, 9)], f"All {whose} one county: {a}"),
        ([(50, 0), (50, 0)], f"Half {whose} one county: {a}"),
        ([(10, 0), (90, 0)], f"90% {whose} one county: {b}"),
        ([(30, 0), (30, 0), (22, 0), (18, 0)], f"60% {whose} two counties: {a} and {b}"),
        ([(26, 0), (26, 0), (24, 0), (24, 0)], f"Half {whose} two counties: {a} and {b}"),
    ):
        assert title_of(figures.largest_gaps(study, gaps(study, *pairs))) == title
    assert c not in title


def test_more_areas_than_are_drawn_are_counted_in_the_title(study):
    ax = figures.largest_gaps(study, gaps(study, *[(10, 0)] * 40))
    assert drawing(ax).title.endswith("and 16 more")  # half of 40 are 20, of which 4 are named
    assert "is in 20 counties" in drawing(ax).title
    assert len(ax.get_yticks()) == 12


def test_no_unmet_need_is_said(study):
    made = figures.largest_gaps(study, gaps(study, (5, 9), (5, 5)))
    assert made.title == "No county with figures has more infants and toddlers in potential need than seats"
    assert figures.largest_gaps(study, gaps(study, (np.nan, 5))) is None


def test_margins_are_drawn_where_they_are_known(study):
    gap = gaps(study, (50, 0), (40, 0))
    assert "margin" not in figures.largest_gaps(study, gap).get_xlabel()
    ax = figures.largest_gaps(study, gap.assign(need_moe=[60.0, np.nan]))
    assert ax.get_xlabel() == "Infants and toddlers beyond the seats (line: 90% margin)"
    a, b = named(study, 0, 1)
    assert alternative(ax) == f"Bars of unmet need: {a}, 50 (± 60); {b}, 40."
    lines = [s for c in ax.collections for s in c.get_segments()]
    # From nothing unmet to 50 + 60; the area without a margin has no line.
    drawn = [s[:, 0].tolist() for s in lines if len(s) and np.isfinite(s).all()]
    assert drawn == [[0.0, 110.0]]


# --- definitions of shortage -----------------------------------------------------------------------------------------


def flagged(study: Study, *flags: tuple[bool | None, ...], segment: str = "under-six") -> pd.DataFrame:
    gap = gaps(study, *[(10, 5)] * len(flags), segment=segment)
    for i, column in enumerate(("cap_desert", "spatial_desert", "access_desert")):
        gap[column] = pd.array([f[i] for f in flags], dtype="boolean")
    return gap


Y, N = (True,) * 3, (False,) * 3
SOME = (True, False, False)


@pytest.mark.parametrize(
    ("flags", "title"),
    [
        ([Y, SOME, N], "1 of 3 counties is short for children under six by all three definitions; 1 by one or two and "
         "1 by none"),
        ([Y, Y, N], "2 of 3 counties are short for children under six by all three definitions; 1 by none"),
        ([SOME, N], "None of 2 counties is short for children under six by all three definitions; 1 by one or two and "
         "1 by none"),
        ([Y, Y], "Both counties are short for children under six by all three definitions"),
        ([N, N, N], "None of 3 counties is short for children under six by any definition"),
        ([Y], "The one county is short for children under six by all three definitions"),
        ([N], "No county is short for children under six by any definition"),
        ([SOME], "Whether the one county is short for children under six depends on the definition"),
    ],
)  # fmt: skip
def test_definitions_are_set_side_by_side(flags, title, study):
    made = figures.shortage_definitions(study, flagged(study, *flags))
    assert made.title == title
    # A row for each set of answers, and the areas that give it.
    assert len(made.frame) == len(set(flags))
    assert made.frame["counties"].astype(int).sum() == len(flags)


def test_two_definitions_of_everybody_are_told_where_there_is_no_more(study):
    nobody = flagged(study, (None,) * 3, (None,) * 3)
    everybody = flagged(study, (None, True, False), (None, True, True), segment="all")
    made = figures.shortage_definitions(study, pd.concat([nobody, everybody]))
    assert made.title == "1 of 2 counties is short for children by both definitions; 1 by one of them"
    assert "cap_desert" not in made.frame
    assert "licensed" not in made.lines[0]
    assert figures.shortage_definitions(study, nobody) is None


def test_what_is_not_known_and_not_sure_is_said(study):
    gap = flagged(study, Y, N, (None, True, True))
    sure = pd.concat([gap, gaps(study, (10, 5), (10, 5), p_shortage=0.5)])
    assert figures.shortage_definitions(study, sure).lines[1:] == (
        "Not told for one county, where a figure is not known.",
        "For two counties the margin of error is too wide to say whether some group is short (a probability between "
        "10 and 90 percent).",
    )


def test_the_table_says_who_agrees(study):
    made = figures.shortage_definitions(study, flagged(study, Y, SOME, SOME, N))
    assert made.frame["short"].to_list() == [
        "All three definitions", "CAP-style, children under six, coarse", "None"
    ]  # fmt: skip
    assert made.frame["counties"].to_list() == ["1", "2", "1"]
    assert made.frame["which"].iloc[1] == f"{named(study, 1)[0]} and {named(study, 2)[0]}"
    small = figures.shortage_definitions(with_settings(study, level="tract"), flagged(study, SOME, N))
    assert small.frame["short"].iloc[0] == "CAP-style, children under six"


def test_two_definitions_say_which_is_gone(study):
    made = figures.shortage_definitions(study, flagged(study, (None, True, True), (None, False, True), segment="all"))
    assert made.frame["short"].to_list() == ["Both definitions", "By seats within reach"]
    assert "CAP-style" in made.lines[1]
    assert "Only two definitions" in made.lines[1]


@pytest.mark.parametrize(
    ("flags", "title"),
    [
        ([Y, SOME, N], "One county is short for children under six by all three definitions: {0}"),
        ([SOME, SOME, N], "Two counties are short for children under six by one of the three definitions: {0} and {1}"),
        ([(True, True, False), N], "One county is short for children under six by two of the three definitions: {0}"),
        ([(None, True, True), (None, True, False)], "One county is short for children under six by both definitions: "
         "{0}"),
        ([N, N], "By no definition is any county short for children under six"),
    ],
)  # fmt: skip
def test_the_map_of_definitions(flags, title, study):
    made = figures.shortage_map(study, flagged(study, *flags))
    assert made.title == title.format(*named(study, 0, 1))
    assert f'not known <span class="n">{len(study.areas) - len(flags)}</span>' in made.legend
    # The page shows table and map: the same title would be the same address twice.
    assert made.title != figures.shortage_definitions(study, flagged(study, *flags)).title


@pytest.mark.parametrize(("p", "hatched"), [(0.05, 0), (0.1, 1), (0.5, 1), (0.9, 1), (0.95, 0), (np.nan, 0)])
def test_what_the_margin_cannot_tell_is_hatched(p, hatched, study):
    made = figures.shortage_map(study, flagged(study, SOME).assign(p_shortage=p))
    assert made.svg.count("fill:url(#") == hatched
    assert ("too wide to say" in made.legend) == bool(hatched)


def test_a_tip_gives_each_answer_with_its_figure(study):
    gap = flagged(study, (True, False, None)).assign(supply=40.0, access=np.nan, p_shortage=0.25)
    other = flagged(study, N, N, N).iloc[2:]
    svg = figures.shortage_map(study, pd.concat([gap, other])).svg
    assert (
        f"<title>{named(study, 0)[0]}: CAP-style, children under six, coarse: short (40 licensed seats); by its own "
        "seats: not short (50 for every 100); by seats within reach: not known; probability of a shortage 25%</title>"
    ) in svg


# --- reliability, totals and what to know ----------------------------------------------------------------------------


def test_need_of_low_reliability_is_hatched(study):
    # The coefficient of variation is moe / 1.645 / need, low above 0.40.
    edge = 0.40 * 1.645 * 100
    made = figures.gap_map(
        study, gaps(study, (100, 10), (100, 50), (100, 50)).assign(need_moe=[edge, edge + 1, np.nan])
    )
    assert made.svg.count("fill:url(#") == 1
    assert 'hatched: potential need of low reliability <span class="n">1</span>' in made.legend


def test_unknown_seats_make_a_gap_at_most_so_large(study):
    gap = gaps(study, (100, 10), (100, 50)).assign(unknown=[0, 1])
    assert "A gap is at most this: one child care provider does not say how many seats it has." in (
        figures.gap_map(study, gap).legend
    )
    two = figures.gap_map(study, gap.assign(unknown=[1, 1])).legend
    assert "two child care providers do not say how many seats they have." in two
    assert "at most" not in figures.gap_map(study, gap.assign(unknown=0)).legend


def test_the_margin_of_need_is_drawn(study):
    gap = gaps(study, (60, 10), (40, 10)).assign(need_moe=[3.0, 4.0])
    summary = summed(("infant-toddler", 100, 20))
    told = alternative(figures.gap_by_segment(study, summary, gap))
    assert "Infants and toddlers, 100 (± 5) and 20" in told  # sqrt(3² + 4²)
    assert "±" not in alternative(figures.gap_by_segment(study, summary, gap.assign(need_moe=[3.0, np.nan])))


def test_readings_of_seats_widen_the_gap(study):
    gap = gaps(study, (50, 10), (40, 0)).assign(need_moe=5.0, unmet_low=[30.0, 40], unmet_high=[45.0, 40])
    ax = figures.largest_gaps(study, gap)
    a, b = named(study, 0, 1)
    assert alternative(ax) == (f"Bars of unmet need: {a}, 40 (± 5) (30 to 45 by how seats are counted); {b}, 40 (± 5).")
    assert ax.get_xlabel().endswith("(line: 90% margin and readings of seats)")
    assert drawing(ax).title.endswith("depends on how rooms are counted that two groups share")
    lines = [s[:, 0].tolist() for c in ax.collections for s in c.get_segments()]
    assert lines == [[30.0 - 5, 45.0 + 5], [40.0 - 5, 40.0 + 5]]


@pytest.mark.parametrize(
    ("pooled", "spatial", "title"),
    [
        (80, 90, "90 infants and toddlers have no seat in their own county; 80 if every seat served everywhere"),
        (90, 90, "90 infants and toddlers have no seat in their own county"),
        (0, 1, "One of the infants and toddlers has no seat in the same county; 0 if every seat served everywhere"),
        (0, 0, "Every county has enough seats for its own infants and toddlers"),
    ],
)
def test_totals_are_said_twice(pooled, spatial, title, study):
    frame = summed(("infant-toddler", 100, 20)).assign(pooled_gap=float(pooled), spatial_gap=float(spatial))
    made = figures.gap_totals(study, frame.assign(areas=2, areas_with_need=2))
    assert made.title == title
    assert made.lines[1].startswith("No interval can be given")
    sure = figures.gap_totals(
        study, frame.assign(areas=2, areas_with_need=1, spatial_gap_low=1.0, spatial_gap_high=2.0)
    )
    assert "a shortfall cannot be negative" in sure.lines[1]
    assert sure.lines[-1] == "Counted over the 1 of 2 areas whose need is known."
    assert figures.gap_totals(study, frame.assign(spatial_gap=np.nan)) is None


def noted(study: Study, gap: pd.DataFrame) -> str:
    made = figures.caveats(study, gap)
    assert made.title.startswith("What to know before reading: ")
    return "\n".join(made.lines)


def test_how_need_was_made_is_said(study):
    gap = gaps(study, (10, 5), (20, 5), need_basis="people-times-share", need_period="2018;2024")
    text = noted(study, gap)
    assert "public preschool" in text
    assert "relatives" in text
    plain = noted(study, gap.assign(need_basis="people"))
    assert "infants and toddlers is all of them" in plain
    assert "relatives" not in plain


def test_years_that_differ_are_said(study):
    gap = gaps(study, (10, 5), need_basis="direct", need_period="2018;2024")
    assert "different years: 2018 and 2024 for infants and toddlers." in noted(study, gap)
    both = pd.concat([gap.assign(need_period="2024"), gaps(study, (10, 5), segment="preschool", need_period="2023")])
    assert "2024 for infants and toddlers; 2023 for preschool children." in noted(study, both)
    assert "different years" not in noted(study, gap.assign(need_period="2024"))


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ("0-4", "Preschool children are counted at ages 0 to 4, and seats are for ages 3 to 5."),
        ("3-4", "counted at ages 3 to 4, and seats are for ages 3 to 5: seats for each of them look better"),
        ("3-6", "counted at ages 3 to 6, and seats are for ages 3 to 5: seats for each of them look worse"),
        ("3 to 5", ""),
        (None, ""),
    ],
)
def test_ages_that_differ_are_said(ages, said, study):
    tables = dict(study.tables)
    rows = tables["indicators"]
    own = rows["indicator"].eq("children") & rows["segment"].eq("preschool")
    tables["indicators"] = rows.assign(ages=rows["ages"].mask(own, ages))
    text = noted(replace(study, tables=tables), gaps(study, (10, 5), segment="preschool"))
    assert said in text
    assert ("counted at ages" in text) == bool(said)


def test_seats_distances_and_margins_are_said(study):
    gap = gaps(study, (100, 5), (100, 5), access=0.5, need_moe=10.0)
    text = noted(study, gap)
    assert "population centre" in text
    assert "staffing is unknown" in text
    assert "low reliability" not in text
    assert "In 1 of 2 counties potential need of at least one group is of low reliability" in (
        noted(study, gap.assign(need_moe=[10.0, 90.0]))
    )
    assert "No margin of error is known for potential need" in noted(study, gap.assign(need_moe=np.nan))
    assert "minutes of travel" in noted(study, gap.assign(access_basis="minutes"))
    assert "not from where people live" in noted(study, gap.assign(access_basis="miles-from-point-on-surface"))
    everybody = gaps(study, (100, 5), segment="all", unknown=2, unstaffed=40.0)
    more = noted(study, pd.concat([gap, everybody]))
    assert "two child care providers do not say how many seats they have" in more
    assert "40 licensed seats are not counted as usable" in more
    away = study.tables["facilities"].assign(geoid=None, longitude=0.0, latitude=0.0).head(1)
    outside = replace(study, tables=dict(study.tables) | {"facilities": away})
    assert "One child care provider lies in no area of the study. It adds no seats" in noted(outside, gap)


def test_withheld_need_is_not_said_to_be_unknown(study):
    gap = gaps(study, (100, 5), (np.nan, np.nan))
    assert "is not known for 1 of 2 counties" in noted(study, gap)
    assert "is not shown for 1 of 2 counties" in noted(study, gap.assign(x_withheld=[None, "yes"]))


# --- the map with many figures ---------------------------------------------------------------------------------------


def layers_of(made: Drawing) -> dict:
    held = re.search(r'<script type="application/json">(.*?)</script>', made.controls)[1]
    return json.loads(held)


def test_every_figure_is_a_layer(study, run):
    made = figures.atlas(study, run["indicators"], run["gap"], run["affordability"])
    held = layers_of(made)
    n = len(held["layers"])
    rows = run["gap"].dropna(subset=["ratio"])["segment"].nunique()
    assert sum(layer["figure"] == 0 for layer in held["layers"]) == rows
    assert len(held["names"]) == len(study.areas)
    for layer in held["layers"]:
        assert {len(layer["of"]), len(layer["hatched"]), len(layer["texts"])} == {len(study.areas)}
        assert set(layer["of"]) <= set("01234.")
    # A heading and a legend for each, of which only the first is shown without a script.
    assert made.controls.count("<h3") == made.legend.count("<div data-layer") == n
    assert made.controls.count(" hidden>") == n + 1  # all but the first, the choices, and what an area is told by
    whole = figures.atlas(study, run["indicators"], run["gap"])
    assert len(layers_of(whole)["layers"]) == n - run["affordability"].dropna(subset=["share"])["segment"].nunique()


def test_layers_show_what_the_tables_say(study, run):
    held = layers_of(figures.atlas(study, run["indicators"], run["gap"], run["affordability"]))
    at = held["names"].index("Denver")
    row = run["gap"].query("segment == 'infant-toddler' and geoid == '08031'").iloc[0]
    assert held["layers"][0]["texts"][at].startswith(
        f"{round(100 * row['ratio'])} for every 100; {row['usable']:,.0f} "
    )
    poverty = [layer for layer in held["layers"] if layer["title"].startswith("People in poverty")]
    assert len(poverty) == 1
    # 2019 knows 14 counties only; the latest period that covers the counties is shown.
    assert poverty[0]["title"].endswith("(2018)")
    assert poverty[0]["group"] == "Everybody"


def test_low_reliability_is_hatched_in_its_layer_and_missing_is_named(study):
    few = rows_of(
        "indicators",
        *(
            {"geoid": place(study, i), "indicator": "rate_poverty", "period": "2024", "value": v, "quality": q}
            for i, (v, q) in enumerate([(0.1, "high"), (0.2, "low"), (np.nan, None)])
        ),
    )
    (layer,) = layers_of(made := figures.atlas(study, few, rows_of("gap")))["layers"]
    assert (layer["of"][:4], layer["hatched"][:4]) == ("01..", "0100")
    assert "not known: 62" in layer["alt"]
    a, b = named(study, 0, 1)
    assert layer["title"].startswith(f"People in poverty: from 10.0% in {a} to 20.0% in {b}")
    assert 'hatched: figure of low reliability <span class="n">1</span>' in made.legend
    assert figures.atlas(study, few.iloc[2:], rows_of("gap")) is None


def test_a_name_cannot_end_the_script(study, run):
    other = renamed(study, "</script><script>alert(1)</script>")
    made = figures.atlas(replace(other, areas=other.areas.assign(name="</script><b>")), run["indicators"], run["gap"])
    assert made.controls.count("<script") == made.controls.count("</script") == 1
    assert "<b>" not in made.controls + made.legend + made.svg
    assert layers_of(made)["names"][0] == "</script><b>"


# --- what is under way, why, and what residents say ------------------------------------------------------------------


def working(study: Study, *levers: str, **more: object) -> object:
    rows = [{"initiative_id": f"i{n}", "name": "A", "lead": "x", "lever": v} | more for n, v in enumerate(levers)]
    return under_way(study, *rows)


def under_way(study: Study, *rows: dict[str, object], gap: pd.DataFrame | None = None) -> object:
    known = {"name": "A", "lead": "x", "lever": "supply"}
    table = rows_of("initiatives", *({"initiative_id": f"i{n}"} | known | row for n, row in enumerate(rows)))
    reach = landscape.reach(table, study.areas, study.profile, as_of=study.settings.as_of)
    return figures.under_way(study, table, reach, rows_of("gap") if gap is None else gap)


def listed_areas(study: Study, n: int, first: int = 0) -> str:
    return ";".join(study.areas["geoid"].iloc[first : first + n])


def test_what_is_under_way_is_counted(study):
    levers = [x.lever for x in study.profile.levers]
    everywhere = ". All of them work everywhere"
    assert working(study, *levers).title == f"Seven initiatives are under way, at least one on each lever{everywhere}"
    six = working(study, *levers[:-1])
    assert six.title == f"Six initiatives are under way; nothing works on coordination{everywhere}"
    assert "Coordination, no initiative." in six.alt
    one = working(study, "supply")
    assert one.title.startswith("One initiative is under way; nothing works on affordability, ")
    assert one.title.endswith(". It works everywhere")
    assert figures.under_way(study, rows_of("initiatives"), rows_of("reach"), rows_of("gap")) is None


def test_work_that_ended_and_work_to_come_are_told_apart(study):
    over = working(study, "supply", ends_on="2001-01-01")
    assert over == Statement("No initiative is under way", lines=("Has ended: ‘A’ (January 1, 2001).",))
    later = working(study, "supply", started_on="2101-01-01")
    assert later == Statement("No initiative is under way", lines=("Has not begun: ‘A’ (January 1, 2101).",))
    day = str(study.settings.as_of)
    assert working(study, "supply", started_on=day, ends_on=day).title.startswith("One initiative is under way")
    both = under_way(study, {"ends_on": "2026-12-31"}, {"ends_on": "2026-06-29"})
    assert both.title.startswith("One initiative is under way")
    assert "<p>Ends within a year: ‘A’ (December 31, 2026).</p><p>Has ended: ‘A’ (June 29, 2026).</p>" in both.legend


def test_areas_that_nothing_reaches_are_named_where_few_and_counted_where_many(study):
    n = len(study.areas)
    last = study.areas["name"].iloc[-2:]
    few = under_way(study, {"areas": listed_areas(study, n - 2)})
    assert few.title.endswith(f". None reaches {last.iloc[0]} and {last.iloc[1]}")
    many = under_way(study, {"areas": listed_areas(study, 4)})
    assert many.title.endswith(f". None reaches {n - 4} of {n} counties")
    one = under_way(study, {"areas": listed_areas(study, 4)}, {"areas": None})
    assert one.title.endswith(f". Apart from one that works everywhere, none reaches {n - 4} of {n} counties")
    # To name every area is to work everywhere.
    assert under_way(study, {"areas": listed_areas(study, n)}).title.endswith(". It works everywhere")
    halves = under_way(study, {"areas": listed_areas(study, 40)}, {"areas": listed_areas(study, n - 40, 40)})
    assert halves.title.endswith(". At least one reaches each county")


def test_what_is_unmet_where_nothing_reaches_stands_beside_it(study):
    # Unmet need of 10 to 120 in the first twelve areas; nothing reaches the first nine and all beyond the twelfth.
    gap = gaps(study, *((10.0 * k, 0.0) for k in range(1, 13)))
    made = under_way(study, {"areas": listed_areas(study, 3, 9)}, gap=gap)
    assert made.title.endswith("; of the ten counties with the largest unmet need, seven are among them")
    there, whole = sum(10 * k for k in range(1, 10)), sum(10 * k for k in range(1, 13))
    said = f"Where none reaches there are {there} infants and toddlers more than seats: {100 * there / whole:.0f}%"
    assert said in made.legend
    none = under_way(study, {"areas": listed_areas(study, 12)}, gap=gap)
    assert none.title.endswith("; of the ten counties with the largest unmet need, none is among them")
    unknown = under_way(study, {"areas": listed_areas(study, 12)}, gap=gaps(study, (np.nan, 1.0)))
    assert unknown.title.endswith("counties")


def test_people_and_cost_are_summed_where_known_only(study):
    made = under_way(study, {"people_served": 100, "annual_cost": 5000}, {"people_served": 20}, {})
    assert "2 of 3 initiatives say how many people they serve: 120 people a year together; who takes" in made.legend
    assert "1 of 3 initiatives says what it costs: $5,000 a year." in made.legend
    assert "No initiative under way says how many people it serves." in under_way(study, {}).legend


def test_one_area_alone_has_no_places(study):
    alone = replace(study, areas=study.areas.iloc[:1], tables=dict(study.tables) | {
        "areas": study.tables["areas"].iloc[:1]})  # fmt: skip
    made = under_way(alone, {}, {"lever": "hours"})
    assert made.title.startswith("Two initiatives are under way; nothing works on")
    assert "everywhere" not in made.title + made.legend
    assert "count" not in made.alt


@pytest.mark.parametrize(
    ("levers", "title"),
    [
        (["supply"], "one reason why the issue persists, about supply of seats"),
        (["supply"] * 2, "two reasons why the issue persists, both about supply of seats"),
        (["supply"] * 3, "three reasons why the issue persists, all about supply of seats"),
        (["supply", "hours"], "two reasons why the issue persists, about hours and supply of seats"),
        (["supply", "supply", "hours"], "three reasons why the issue persists, most often about supply of seats"),
        ([None], "one reason why the issue persists"),
    ],
)
def test_reasons_are_counted(levers, title, study):
    rows = [{"driver_id": f"d{i}", "text": "Why", "lever": v} for i, v in enumerate(levers)]
    made = figures.drivers(study, rows_of("drivers", *rows), rows_of("indicator_summary"), rows_of("voices"))
    it = "it" if len(levers) == 1 else "them"
    assert made.title == f"The coalition sees {title}; neither a figure nor a voice speaks to {it} yet"


def summed_up(name: str, **more: object) -> pd.DataFrame:
    known = {"indicator": name, "period": "2018", "areas": 64, "areas_known": 64, "low_quality": 0, "censored": 0}
    return rows_of("indicator_summary", known | {"minimum": 10.0, "median": 20.0, "maximum": 90.0} | more)


def reasons(study: Study, *rows: dict[str, object], summary: pd.DataFrame, said: pd.DataFrame | None = None):
    known = {"text": "Why", "lever": "supply"}
    table = rows_of("drivers", *({"driver_id": f"d{n}"} | known | row for n, row in enumerate(rows)))
    return figures.drivers(study, table, summary, rows_of("voices") if said is None else said)


def test_each_reason_stands_beside_its_figure_and_its_voice(study):
    said = rows_of("voices", {"voice_id": "v", "theme": "T", "text": "So.", "geoid": "08031", "group": "parent",
                              "count": 3})  # fmt: skip
    summary = summed_up("price_week", segment="infant-toddler", lowest="08001", low_quality=5, areas_known=60,
                        source="NDCP 2015")  # fmt: skip
    made = reasons(study, {"lever": "hours"}, {"indicator": "price_week", "voice_id": "v"}, summary=summary, said=said)
    # By lever, in the order: supply before hours.
    assert made.frame["lever"].to_list() == ["Supply of seats", "Hours"]
    assert made.frame["figure_beside_it"].to_list() == [
        "Weekly price of care in a center (infants and toddlers), 2018: $20 a week in the county in the middle, from "
        "$10 a week (Adams) to $90 a week (known for 60 of 64 counties; of low reliability in 5 of 60 counties; "
        "source: NDCP 2015)",
        "no figure speaks to this yet",
    ]
    assert made.frame["voice_beside_it"].to_list() == [
        "“So.” Parent, Denver, three people said so", "no voice speaks to this yet"
    ]  # fmt: skip
    assert made.title.endswith("; a figure speaks to one of them and a voice to one")


def test_of_an_indicator_everybody_and_the_latest_period_that_most_areas_know_are_told(study):
    rows = [
        {"period": "2013", "median": 1.0},
        {"period": "2018", "median": 2.0},
        {"period": "2018", "median": 3.0, "segment": "preschool"},
        {"period": "2020", "median": 4.0, "areas_known": 3},
        {"period": "2099", "median": 5.0},
    ]
    summary = pd.concat([summed_up("children", **row) for row in rows], ignore_index=True)
    made = reasons(study, {"indicator": "children"}, summary=summary)
    assert made.frame["figure_beside_it"][0].startswith("Children, 2018: 2 in the county")
    assert made.title.endswith("; a figure speaks to it")
    withheld = summed_up("children", areas_known=None, minimum=None, median=None, maximum=None)
    hidden = reasons(study, {"indicator": "children"}, summary=withheld)
    assert hidden.frame["figure_beside_it"].to_list() == ["its figures are missing or withheld"]
    assert hidden.title.endswith("; neither a figure nor a voice speaks to it yet")


def seen(study: Study, *values: float, name: str = "price_week", **more: object) -> pd.DataFrame:
    known = {"indicator": name, "period": "2015"}
    return rows_of("indicators", *({"geoid": place(study, i), "value": v} | known | more for i, v in enumerate(values)))


def spoken(study: Study, *rows: dict[str, object], indicators: pd.DataFrame | None = None) -> Statement:
    known = {"theme": "T", "text": "So."}
    table = rows_of("voices", *({"voice_id": f"v{n}"} | known | row for n, row in enumerate(rows)))
    return figures.voices(study, table, rows_of("indicators") if indicators is None else indicators)


def test_a_voice_stands_beside_the_figure_of_its_own_place(study):
    there, elsewhere = {"geoid": place(study, 1)}, {"geoid": place(study, 60)}
    rows = [{"indicator": "price_week"} | of for of in (there, elsewhere, {})]
    made = spoken(study, *rows, {"indicator": "nobody_knows"}, {}, indicators=seen(study, 150, 241, 300))
    label, name = "Weekly price of care in a center", study.areas["name"]
    assert made.frame["figure_beside_it"].to_list() == [
        f"{label}, {name[1]}, 2015: $241 a week (three counties: $150 to $300 a week)",
        f"{label}, 2015: no figure for {name[60]} (three counties: $150 to $300 a week)",
        f"{label}, 2015: $241 a week in the county in the middle (three counties: $150 to $300 a week)",
        "its figures are missing or withheld",
        "no figure speaks to this yet",
    ]
    assert made.frame["words"].to_list() == ["“So.”"] * 5


def test_a_figure_that_is_rough_or_has_no_end_says_so(study):
    rough = seen(study, 0.5, 0.9, name="share_all_parents_working", quality="low")
    made = spoken(study, {"indicator": "share_all_parents_working", "geoid": place(study, 0)}, indicators=rough)
    assert ", 2015: 50%; of low reliability (two counties: 50% to 90%)" in made.frame["figure_beside_it"][0]
    open_ = seen(study, 250_001, name="median_family_income", censored="or-more")
    made = spoken(study, {"indicator": "median_family_income", "geoid": place(study, 0)}, indicators=open_)
    assert made.frame["figure_beside_it"][0].endswith(", 2015: $250,001 a year or more")


def test_those_who_said_so_are_counted(study):
    made = spoken(study, {"group": "parent", "geoid": "08031", "count": 41}, {"count": 1}, {})
    assert made.frame["who"].to_list()[:2] == ["Parent, Denver, 41 people said so", "One person said so"]
    assert made.frame["who"].isna().to_list() == [False, False, True]
    people = [{"theme": "A", "count": 5}, {"theme": "A", "count": 4}, {"theme": "B", "count": 30}]
    assert spoken(study, *people).title == "Residents speak most often about ‘B’: 30 people said so"
    # Where one voice does not say how many, voices are counted.
    assert spoken(study, *people, {"theme": "C"}).title == "Residents speak most often about ‘A’"


def test_the_spread_says_its_ends(study):
    made = drawing(figures.spread(study, seen(study, 150, 241, 300)))
    names = study.areas["name"]
    ends = f"from $150 a week in {names[0]} to $300 a week in {names[2]}"
    assert made.title == f"Weekly price of care in a center, 2015: {ends}"
    assert "Not known for 61 of 64 counties." in made.alt
    assert drawing(figures.spread(study, seen(study, 150, 150))).title.endswith("2015: $150 a week in both counties")
    assert drawing(figures.spread(study, seen(study, 150))).title.endswith(f"2015: $150 a week in {names[0]}")
    # Two have the least, so neither is named.
    assert "from $150 a week to" in drawing(figures.spread(study, seen(study, 150, 150, 300))).title


@pytest.mark.parametrize(
    ("themes", "title"),
    [
        (["Price"], "Residents speak about ‘Price’"),
        (["Price", "Price"], "Residents speak about ‘Price’"),
        (["Price", "Hours"], "Residents speak about ‘Hours’ and ‘Price’"),
        (["Price", "Price", "Hours"], "Residents speak most often about ‘Price’"),
        ([None], "What residents say has no themes yet"),
    ],
)
def test_themes_are_named(themes, title, study):
    rows = [{"voice_id": f"v{i}", "theme": t, "text": "So"} for i, t in enumerate(themes)]
    assert figures.voices(study, rows_of("voices", *rows), rows_of("indicators")).title == title


# --- how sure, what changed, and every indicator ---------------------------------------------------------------------


def rated(study: Study, *figures: tuple[float, float], name: str = "children", **more: object) -> pd.DataFrame:
    """Table `indicators` of areas with (figure, margin)."""
    rows = [
        {"geoid": place(study, i), "indicator": name, "period": "2024", "value": v, "moe": m} | more
        for i, (v, m) in enumerate(figures)
    ]
    return landscape.indicator_table(rows_of_input(rows), profile=study.profile)


def rows_of_input(rows: list[dict[str, object]]) -> pd.DataFrame:
    return conform(pd.DataFrame(rows).reindex(columns=INPUTS["indicators"].names), INPUTS["indicators"])


HIGH, LOW, NONE = (100, 10), (100, 90), (100, np.nan)


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        ([NONE], [NONE], "No indicator has a margin of error, so how sure the figures are is not known"),
        ([HIGH, LOW], [NONE], "1 of 2 indicators has no margin of error at all; 50% of the other figures are of low "
         "reliability"),
        ([HIGH], [NONE], "1 of 2 indicators has no margin of error at all; none of the other figures is of low "
         "reliability"),
        ([HIGH, LOW], [HIGH, HIGH], "25% of the figures are of low reliability"),
        ([HIGH, NONE], [HIGH], "None of the figures is of low reliability"),
        ([(0, 9)], [(0, 9)], "No figure can be rated: all are zero or only a limit"),
        ([(0, 9)], [NONE], "1 of 2 indicators has no margin of error at all"),
    ],
)  # fmt: skip
def test_reliability_is_counted(first, second, title, study):
    frame = pd.concat([rated(study, *first), rated(study, *second, name="population")])
    assert drawing(figures.reliability(study, frame)).title == title


def test_reliability_counts_the_latest_period_and_what_is_missing(study):
    old = rated(study, *[LOW] * 64, period="2010")
    new = rated(study, *[HIGH] * 60, (np.nan, np.nan), period="2024")
    ax = figures.reliability(study, pd.concat([old, new]))
    assert alternative(ax) == "Stacked bars of figures by reliability: Children, high reliability 60 and no figure 4."
    limit = rated(study, *[(250_001, 5)] * 64, name="median_household_income")
    assert alternative(figures.reliability(study, limit)).endswith("zero, or only a limit 64.")


def changes(study: Study, *figures: tuple[float, bool | None], name: str = "rate_poverty", **more: object):
    """Table `trends` of areas with (change, whether it is more than its margin)."""
    known = {"indicator": name, "from_period": "2014", "to_period": "2019", "overlap": False}
    rows = [{"geoid": place(study, i), "change": c, "significant": s} | known for i, (c, s) in enumerate(figures)]
    return rows_of("trends", *({**r, **more} for r in rows))


UP, DOWN, SAME, UNKNOWN = (0.1, True), (-0.1, True), (0.1, False), (0.1, None)


@pytest.mark.parametrize(
    ("rows", "name", "title"),
    [
        # Less poverty is better, more income too; of children neither is.
        ([DOWN, DOWN, UP, SAME], "rate_poverty", "People in poverty: better in 2 of 4 counties and worse in one"),
        ([DOWN, SAME], "rate_poverty", "People in poverty: better in 1 of 2 counties"),
        ([UP, UP], "rate_poverty", "People in poverty: worse in both counties"),
        ([UP], "share_women_in_labour_force", "Women in the labor force: better in the one county"),
        ([UP, DOWN, DOWN], "population", "Population: more in 1 of 3 counties and less in two"),
        ([UP, UNKNOWN], "x_own", "X own: more in 1 of 2 counties"),
    ],
)
def test_what_changed_is_said_for_better_and_worse(rows, name, title, study):
    made = drawing(figures.trends(study, changes(study, *rows, name=name)))
    assert made.title == f"{title}, 2014 to 2019"
    assert "<svg" in made.svg
    assert "nan" not in made.alt


def test_no_change_and_no_knowledge_are_different_findings(study):
    made = figures.trends(study, changes(study, SAME, UNKNOWN))
    assert drawing(made).title == "In no county did a figure change by more than its margin of error"
    assert alternative(made).endswith("2014 to 2019: no more than its margin 1 and cannot be told 1.")
    silent = figures.trends(study, changes(study, UNKNOWN))
    assert isinstance(silent, Statement)
    assert silent.title == "Whether anything changed cannot be told: one figure has no margin of error"
    shared = figures.trends(study, changes(study, (np.nan, None), overlap=True))
    assert shared.title == "Whether anything changed cannot be told: the periods share years of the same survey"
    assert shared.frame["why"].to_list() == ["the periods share years"]
    assert figures.trends(study, changes(study)) is None


def test_the_figure_that_changed_in_most_areas_leads_if_it_is_better_or_worse(study):
    frame = pd.concat([
        changes(study, UP, UP, UP, name="population"),
        changes(study, DOWN, SAME, SAME),
        changes(study, UP, UP, SAME, name="rate_unemployment"),
    ])  # fmt: skip
    assert drawing(figures.trends(study, frame)).title.startswith("Unemployment: worse in 2 of 3 counties")


def test_money_changed_where_its_dollars_did(study):
    # 5,000 more, and 2,000 less in the last year's dollars.
    frame = changes(study, (5_000.0, True), name="median_family_income", change_real=-2_000.0)
    assert drawing(figures.trends(study, frame)).title.startswith("Median family income: worse in the one county")


def test_one_label_a_line_and_the_people_beneath(study):
    frame = changes(study, UP, name="share_all_parents_working", segment="preschool")
    labels = [t.get_text() for t in figures.trends(study, frame).get_yticklabels()]
    assert labels == ["Share of children with all…\nPreschool children"]


def summarised(study: Study, *figures: tuple[float, float], name: str = "rate_poverty", **more: object) -> pd.DataFrame:
    return landscape.indicator_summary(rated(study, *figures, name=name, **more), study.areas, study.profile)


def test_every_indicator_is_said_with_its_middle_and_ends(study):
    a, _, c = named(study, 0, 1, 2)
    made = figures.indicators(study, summarised(study, (0.05, 0.01), (0.1, 0.01), (0.3, 0.01), source="ACS"))
    assert made.title == f"People in poverty: from 5.0% ({a}) to 30.0% ({c}), with 10.0% in the middle county"
    row = made.frame.iloc[0].to_list()
    assert row == ["People in poverty", "2024", "10.0%", f"5.0% ({a})", f"30.0% ({c})", "3", "ACS"]
    alone = figures.indicators(study, summarised(study, (1_200, 1), name="population"))
    assert alone.title == "Population: 1,200"
    assert figures.indicators(study, summarised(study, (np.nan, np.nan))) is None


def test_limits_are_said_to_be_limits(study):
    made = figures.indicators(study, summarised(study, (50_000, 1), (250_001, 1), name="median_household_income"))
    assert made.frame["largest"].iloc[0].startswith("$250,001 or more (")
    assert made.frame["county in the middle"].to_list() == ["not known"]
    assert made.lines[1].startswith("1 of 2 figures is only a limit")


def test_only_the_latest_period_that_covers_enough_is_shown(study):
    frame = pd.concat([
        summarised(study, *[(0.1, 0.01)] * 10, period="2018"),
        summarised(study, *[(0.2, 0.01)] * 10, period="2019"),
        summarised(study, (0.3, 0.01), period="2020"),
        summarised(study, *[(0.4, 0.01)] * 10, period="2100"),
    ])  # fmt: skip
    made = figures.indicators(study, frame)
    assert made.frame["period"].to_list() == ["2019"]
    assert made.title == "People in poverty: from 20.0% to 20.0%, with 20.0% in the middle county"


# --- what a place costs: how sure, and over the years ----------------------------------------------------------------


def notes_of(made: object) -> str:
    return " ".join(drawing(made).notes)


def test_the_benchmark_and_both_years_are_told(study, run):
    told = notes_of(figures.prices(study, run["affordability"]))
    assert study.profile.price.about in told
    assert "Prices of 2015 against incomes of 2018, three years apart." in told
    assert "How far off the shares may be is not known" in told


def test_margins_say_on_which_side_of_the_benchmark_a_share_lies(study):
    frame = priced(study, 0.10, 0.08).assign(share_low=[0.09, 0.06], share_high=[0.11, 0.10])
    told = notes_of(figures.prices(study, frame))
    assert "is 1.5 percentage points to either side" in told  # in the middle of 1 and 2
    assert "lies wholly on one side of the benchmark in 1 of 2 counties" in told


@pytest.mark.parametrize(
    ("share", "side", "title", "note"),
    [
        (0.05, "at-most", f"{COSTS}more than 7%{INCOME}1 of 2 counties", "the share is at most what is drawn"),
        (0.09, "at-most", f"{COSTS}more than 7%{INCOME}the one county", "not known there for one county"),
        (0.09, "at-least", f"{COSTS}more than 7%{INCOME}both counties", "the share is at least what is drawn"),
        (0.05, "at-least", f"{COSTS}more than 7%{INCOME}the one county", "not known there for one county"),
    ],
)
def test_a_limit_counts_only_where_its_side_is_known(share, side, title, note, study):
    ax = figures.prices(study, priced(study, 0.1, share).assign(censored=pd.array([None, side], dtype="str")))
    assert drawing(ax).title == title
    assert note in notes_of(ax)


def test_limits_alone_say_that_nothing_is_known(study):
    frame = priced(study, 0.1).assign(censored=pd.array(["at-most"], dtype="str"))
    assert title_of(figures.prices(study, frame)).startswith(
        "Whether one full-time seat for infants and toddlers costs"
    )


def test_prices_after_aid_are_marked_where_the_edition_shows_them(study):
    frame = priced(study, 0.1, 0.2).assign(share_after_aid=[0.04, 0.06])
    ax = figures.prices(study, frame)
    assert "after aid 5% where it is told" in alternative(ax)
    assert "A diamond is what is left to pay after aid" in notes_of(ax)
    public = figures.prices(study, frame.drop(columns=["share_after_aid", "price_week_after_aid"]))
    assert "aid" not in alternative(public) + notes_of(public).replace(study.profile.price.about, "")


def yearly(study: Study, *rows: tuple[int, int, float, float], segment: str = "preschool") -> pd.DataFrame:
    """Table `affordability_years` of (place, year, price, price in dollars of the last year)."""
    base = max(y for _, y, _, _ in rows)
    return rows_of("affordability_years", *(
        {"geoid": place(study, i), "segment": segment, "year": y, "price_week": p, "price_week_real": q,
         "base_year": base, "share": p / 1000}
        for i, y, p, q in rows
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("prices", "title"),
    [
        ((100, 110, 121), "A full-time seat for preschool children cost 10% more in 2018 than in 2015 after inflation: "
         "$100 a week in 2015 and $121 in 2018, in each year's dollars"),
        ((100, 110, 99), "A full-time seat for preschool children cost 10% less in 2018 than in 2015 after inflation: "
         "$100 a week in 2015 and $99 in 2018, in each year's dollars"),
        ((100, 110, 110), "A full-time seat for preschool children cost as much in 2018 as in 2015, after inflation: "
         "$100 a week in 2015 and $110 in 2018, in each year's dollars"),
    ],
)  # fmt: skip
def test_prices_move_beside_all_others(prices, title, study):
    nominal, before, now = prices
    ax = figures.prices_over_years(study, yearly(study, (0, 2015, nominal, before), (0, 2018, now, now)))
    assert drawing(ax).title == title
    assert "one county for preschool children" in notes_of(ax)
    assert f"took 10% in 2015 and {now / 10:.0f}% in 2018" in notes_of(ax)


def test_the_middle_does_not_move_with_who_is_known(study):
    rows = [(0, 2015, 100, 110), (0, 2018, 110, 110), (1, 2018, 900, 900), (2, 2018, 900, 900)]
    ax = figures.prices_over_years(study, yearly(study, *rows))
    assert "cost as much in 2018 as in 2015" in drawing(ax).title


def test_one_year_of_prices_is_no_series(study, run):
    made = figures.prices_over_years(study, run["affordability_years"])
    assert made.title == "Prices are known of one year only, 2015: whether they rise faster than others is not known"
    assert made.lines == ("Rows of the indicator ‘price_week’ for other years would show a series.",)
    unknown = yearly(study, (0, 2018, 110, 110), (0, 2026, 120, np.nan))
    assert title_of(figures.prices_over_years(study, unknown)) == (
        "Prices of two years are known, 2018 and 2026, and no two of them can be compared"
    )
    assert figures.prices_over_years(study, run["affordability_years"].iloc[:0]) is None


@pytest.mark.parametrize("label", [None, "A name of many words that goes on " * 9])
def test_a_series_of_every_segment_has_texts_apart(label, study):
    study = renamed(study, label) if label else study
    parts = [s.segment for s in study.profile.segments]
    frame = pd.concat([yearly(study, (0, 2010, 90, 100), (0, 2018, 130, 130), segment=s) for s in parts])
    ax = figures.prices_over_years(study, frame)
    assert len(ax.get_legend().get_texts()) == len(parts) + 1
    assert drawing(ax) == drawing(figures.prices_over_years(study, frame.iloc[::-1]))
    assert max(len(t.get_text()) for t in ax.get_legend().get_texts()) <= 31


# --- who is worst off ------------------------------------------------------------------------------------------------


def apart(*rows: dict[str, object]) -> pd.DataFrame:
    known = {"indicator": "ratio", "segment": "infant-toddler", "by": "rate_poverty", "group_a": "highest fourth",
             "group_b": "lowest fourth", "value_a": 0.21, "value_b": 0.45}  # fmt: skip
    made = [known | r for r in rows]
    return rows_of("disparities", *(r | {"difference": r["value_a"] - r["value_b"]} for r in made))


POVERTY = "by people in poverty"


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({}, f"Counties in the highest fourth {POVERTY} have 21 seats for every 100 infants and toddlers; those in the "
         "lowest fourth have 45"),
        ({"value_a": 0.01}, f"Counties in the highest fourth {POVERTY} have 1 seat for every 100 infants and toddlers; "
         "those in the lowest fourth have 45"),
        ({"value_a": 0.0}, f"Counties in the highest fourth {POVERTY} have 0 seats for every 100 infants and toddlers; "
         "those in the lowest fourth have 45"),
        ({"indicator": "access"}, f"Counties in the highest fourth {POVERTY} have 21 seats within reach for every 100 "
         "infants and toddlers; those in the lowest fourth have 45"),
        ({"by": "side", "group_a": "West", "group_b": "East"}, "West has 21 seats for every 100 infants and toddlers; "
         "East has 45"),
        ({"indicator": "price_share"}, "One full-time seat for infants and toddlers takes 21% of the median family "
         f"income in counties in the highest fourth {POVERTY}, 45% in those in the lowest fourth"),
        ({"indicator": "rate_poverty", "segment": None, "by": "segment", "group_a": "black", "group_b": "white"},
         "People in poverty: 21% for black, 45% for white"),
        ({"indicator": "median_family_income", "segment": None, "by": "segment", "group_a": "black",
          "group_b": "white", "value_a": 40_000.0, "value_b": 90_000.0},
         "Median family income: $40,000 for black, $90,000 for white"),
    ],
)  # fmt: skip
def test_who_is_worst_off_is_said(row, title, study):
    assert drawing(figures.disparities(study, apart(row))).title == title


def test_what_is_sure_leads_and_what_is_not_is_said(study):
    frame = apart(
        {"by": "population", "value_a": 0.1, "significant": False, "low": -0.4, "high": 0.1},
        {"significant": True, "low": -0.3, "high": -0.18},
    )
    ax = figures.disparities(study, frame)
    assert drawing(ax).title.startswith("Counties in the highest fourth by people in poverty have 21 seats")
    assert "No larger than chance would make it is the difference by population." in notes_of(ax)
    assert "−24 (−30 to −18)" in [t.get_text() for t in ax.texts]
    none = figures.disparities(study, frame.assign(significant=pd.array([False, False], dtype="boolean")))
    assert drawing(none).title == (
        "No group stands out in seats for every 100 infants and toddlers: the differences are no larger than chance "
        "would make them"
    )


def test_fourths_come_before_regions_which_are_picked_as_ends(study):
    frame = apart({"by": "side", "group_a": "West", "group_b": "East", "value_a": 0.01}, {})
    ax = figures.disparities(study, frame)
    assert drawing(ax).title.startswith("Counties in the highest fourth")
    assert "picked as the two ends of their kind" in notes_of(ax)
    assert "Whether chance made the differences is not known" in notes_of(ax)


def test_groups_of_people_stand_beneath_those_of_areas(study):
    people = {"indicator": "rate_poverty", "segment": None, "by": "segment", "group_a": "black", "group_b": "white"}
    assert "People in poverty: 21% for black, 45% for white." in notes_of(figures.disparities(study, apart({}, people)))


@pytest.mark.parametrize("name", HOSTILE)
def test_regions_of_any_name_are_drawn_as_they_are(name, study):
    ax = figures.disparities(study, apart({"by": name, "group_a": name, "group_b": f"{name} 2"}))
    picture = drawing(ax)
    assert "<script" not in picture.svg
    assert len(picture.title) < 400


def test_the_poorest_counties_of_the_study_have_the_fewest_seats(study, run):
    # 15 and 37 for 100: sums over the 16 counties at either end.
    gap = run["gap"][run["gap"]["segment"] == "infant-toddler"].set_index("geoid")
    rows = run["indicators"].query("indicator == 'rate_poverty' and period == '2018'").sort_values("value")
    a, b = (gap.loc[rows["geoid"].to_list()[s]] for s in (slice(-16, None), slice(None, 16)))
    said = [f"{100 * g['usable'].sum() / g['need'].sum():.0f}" for g in (a, b)]
    assert drawing(figures.disparities(study, run["disparities"])).title == (
        f"Counties in the highest fourth by people in poverty have {said[0]} seats for every 100 infants and toddlers; "
        f"those in the lowest fourth have {said[1]}"
    )


def test_figures_of_regions_are_of_a_period_that_knows_them(study):
    # Of 2019 only one of the ten areas of each region is known.
    rows = pd.DataFrame(
        {
            "region_kind": "side",
            "region": ["West", "East"] * 2,
            "indicator": "rate_poverty",
            "period": ["2018", "2018", "2019", "2019"],
            "areas": 10,
            "areas_known": [10, 10, 1, 1],
            "value": [0.1, 0.25, 0.5, 0.6],
            "quality": ["high", "low", "high", "high"],
        }
    )
    said = figures.region_figures(study, conform(rows.reindex(columns=OUTPUTS["region_indicators"].names),
                                                 OUTPUTS["region_indicators"]))  # fmt: skip
    assert said.title == "People in poverty: 10.0% in West, 25.0% in East"
    assert said.frame.to_dict("records") == [
        {"indicator": "People in poverty", "period": "2018", "East": "25.0% *", "West": "10.0%"}
    ]
    assert said.lines[-1] == "A star marks a figure of low reliability."


def test_regions_without_a_figure_are_not_told(study):
    assert figures.region_figures(study, conform(pd.DataFrame(columns=OUTPUTS["region_indicators"].names),
                                                 OUTPUTS["region_indicators"])) is None  # fmt: skip
