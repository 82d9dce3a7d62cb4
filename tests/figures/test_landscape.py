from __future__ import annotations

import hashlib
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
from ci_analysis.figures.base import Statement, alternative, drawing
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

ROOT = Path(__file__).parents[2]
HOSTILE = ["<script>alert(1)</script>", "$x^{$ & y_$", "a" * 400, "\N{BABY} 日本", "\u202e\u05e9\u05dc\u05d5", r"\1 $5"]
#: The figures, and the tables that each is drawn from.
DRAWN = {"gap_by_segment": "gap_summary", "gap_map": "gap", "largest_gaps": "gap", "prices": "affordability"}
STATED = {"shortage_definitions": "gap", "under_way": "initiatives", "drivers": "drivers", "voices": "voices"}
EVERY = DRAWN | STATED


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(ROOT / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return dict(study.tables) | landscape.compute(study, {})


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
    assert set(figures.__all__) == {*EVERY, "Headline", "focus", "headlines"}


@pytest.mark.parametrize("name", EVERY)
def test_frames_settings_and_pyplot_are_left_alone(name, study, run):
    frame = run[EVERY[name]]
    copy, before = frame.copy(deep=True), dict(mpl.rcParams)
    assert title_of(getattr(figures, name)(study, frame))
    pd.testing.assert_frame_equal(frame, copy)
    assert dict(mpl.rcParams) == before
    assert not _pylab_helpers.Gcf.figs


@pytest.mark.parametrize("name", DRAWN)
def test_rows_in_any_order_draw_the_same_bytes(name, study, run):
    frame = run[DRAWN[name]]
    draw = getattr(figures, name)
    first = drawing(draw(study, frame))
    assert drawing(draw(study, frame)) == first
    if name != "gap_map":  # where the areas themselves give the order, and the table none
        assert drawing(draw(study, frame.sample(frac=1, random_state=1))) == first


def test_another_process_draws_the_same_bytes():
    code = (
        "from hashlib import sha256\n"
        "from ci_analysis import landscape\n"
        "from ci_analysis.figures import landscape as figures\n"
        "from ci_analysis.figures.base import drawing\n"
        "from ci_analysis.study import Study\n"
        "study = Study.read('data/raw/colorado-child-care')\n"
        "run = landscape.compute(study, {})\n"
        f"for name, table in {DRAWN!r}.items():\n"
        "    print(sha256(repr(drawing(getattr(figures, name)(study, run[table]))).encode()).hexdigest())\n"
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
    frame = other.tables.get(EVERY[name], run[EVERY[name]])
    made = getattr(figures, name)(other, frame)
    assert len(title_of(made)) < 3_000
    if isinstance(made, Statement):
        return
    picture = drawing(made)
    assert "<script" not in picture.svg + picture.legend
    assert len(picture.alt) < 8_000


@pytest.mark.parametrize("name", DRAWN)
def test_text_alternatives_state_figures(name, study, run):
    told = drawing(getattr(figures, name)(study, run[DRAWN[name]])).alt
    assert told.endswith(".")
    assert any(ch.isdigit() for ch in told)
    assert "nan" not in told


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_to_draw_is_none(name, study, run):
    assert getattr(figures, name)(study, run[DRAWN[name]].iloc[:0]) is None


@pytest.mark.parametrize("name", ["gap_by_segment", "largest_gaps", "prices"])
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
    found = [re.findall(r'\bid="([^"]+)"', drawing(getattr(figures, n)(study, run[t])).svg) for n, t in DRAWN.items()]
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
    short = sum(any(f) for f in flags)
    assert (0 if made.frame is None else len(made.frame)) == short


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


# --- what is under way, why, and what residents say ------------------------------------------------------------------


def working(study: Study, *levers: str, **more: object) -> Statement:
    rows = [{"initiative_id": f"i{n}", "name": "A", "lead": "x", "lever": v} | more for n, v in enumerate(levers)]
    return figures.under_way(study, rows_of("initiatives", *rows))


def test_what_is_under_way_is_counted(study):
    levers = [x.lever for x in study.profile.levers]
    assert working(study, *levers).title == "Seven initiatives are under way, at least one on each lever"
    assert working(study, *levers[:-1]).title == "Six initiatives are under way; nothing works on coordination"
    assert working(study, "supply").title.startswith("One initiative is under way; nothing works on affordability, ")
    for day in ({"ends_on": "2001-01-01"}, {"started_on": "2101-01-01"}):
        over = working(study, "supply", **day)
        assert (over.title, over.frame) == ("No initiative is under way", None)


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
    assert figures.drivers(study, rows_of("drivers", *rows)).title == f"The coalition sees {title}"


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
    assert figures.voices(study, rows_of("voices", *rows)).title == title
