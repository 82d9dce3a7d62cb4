"""Figures of hours, occupancy and staff, of a study that tells them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers

from ci_analysis import landscape
from ci_analysis.figures import landscape as figures
from ci_analysis.figures.base import Statement, drawing
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform

ROOT = Path(__file__).parents[2]
HOSTILE = ["<script>alert(1)</script>", "$x^{$ & y_$", "a" * 400, "\N{BABY} 日本", "\u202e\u05e9\u05dc\u05d5", r"\1 $5"]
DRAWN = {"seats_by_hour": "hours_gap", "occupancy": "uptake"}
EVERY = DRAWN | {"staffing": "gap"}


@pytest.fixture(scope="module")
def colorado() -> Study:
    return Study.read(ROOT / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def study(colorado: Study) -> Study:
    """Colorado with made-up hours, vacancies, enrolment, staff, ratios and share at work."""
    rng, tables = np.random.default_rng(5), dict(colorado.tables)
    places, capacity = tables["facilities"], tables["capacity"]
    opens = np.resize(["06:30", "07:00", "22:00"], len(places))
    tables["facilities"] = places.assign(
        opens=pd.Series(opens, dtype="str").where(rng.random(len(places)) < 0.9),
        closes=pd.Series(np.resize(["17:45", "18:00", "06:00"], len(places)), dtype="str"),
        days=pd.Series(np.resize(["Mo-Fr", "Mo-Su"], len(places)), dtype="str").where(rng.random(len(places)) < 0.5),
        credentialed_staff=rng.choice([np.nan, 20.0, 60.0], len(places)),
    )
    part = rng.choice([0, 0.1, np.nan], len(capacity), p=[0.05, 0.05, 0.9])
    tables["capacity"] = capacity.assign(
        vacancies=(capacity["licensed"] * part).round(), enrolled=(capacity["licensed"] * (1 - part)).round()
    )
    shares = [
        {"geoid": g, "indicator": "share_parents_at_work", "period": "2023", "segment": f"hour-{h:02}",
         "value": 0.9 - abs(h - 12) / 16}
        for g in colorado.areas["geoid"][:40] for h in range(24)
    ]  # fmt: skip
    shares = conform(pd.DataFrame(shares).reindex(columns=INPUTS["indicators"].names), INPUTS["indicators"])
    tables["indicators"] = pd.concat([tables["indicators"], shares], ignore_index=True)
    return with_ratios(replace(colorado, tables=tables), {"infant-toddler": 5.0, "preschool": 10.0})


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return landscape.compute(study, {})


def with_ratios(study: Study, staffing: dict[str, float]) -> Study:
    return replace(study, settings=study.settings.model_copy(update={"staffing": staffing}))


def with_staff(study: Study, *staff: float) -> Study:
    """The study with so many facilities, each with so many credentialed staff."""
    places = study.tables["facilities"].iloc[: len(staff)].assign(credentialed_staff=list(map(float, staff)))
    return replace(study, tables={**study.tables, "facilities": places})


def renamed(study: Study, name: str) -> Study:
    tables = {**study.tables, "areas": study.tables["areas"].assign(name=name)}
    labelled = {
        part: tuple(x.model_copy(update={"label": name}) for x in getattr(study.profile, part))
        for part in ("segments", "groups")
    }
    words = study.profile.words
    words = words.model_copy(update=dict.fromkeys(type(words).model_fields, name))
    return replace(study, tables=tables, profile=study.profile.model_copy(update={**labelled, "words": words}))


def rows_of(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    return conform(pd.DataFrame(list(rows)).reindex(columns=OUTPUTS[name].names), OUTPUTS[name])


def opened(study: Study, by_hour: dict[int, float], **more: object) -> pd.DataFrame:
    """Table `hours_gap` of one area: seats open for everybody by hour, none in the others."""
    unknown = {"geoid": study.areas["geoid"].iloc[0], "segment": "all", "day": "weekday", "seats_unknown": 0.0} | more
    return rows_of("hours_gap", *({"hour": h, "seats_open": by_hour.get(h, 0.0)} | unknown for h in range(24)))


def filled(study: Study, *areas: tuple[float, float, int], **more: object) -> pd.DataFrame:
    """Table `uptake` for everybody, of areas with (usable, vacancies, facilities that tell)."""
    return rows_of("uptake", *(
        {"geoid": study.areas["geoid"].iloc[i], "segment": "all", "facilities": 9, "told": told, "usable": usable,
         "vacancies": free, "filled": usable - free, "told_enrolled": 0} | more
        for i, (usable, free, told) in enumerate(areas)
    ))  # fmt: skip


def title_of(made: object) -> str:
    return made.title if isinstance(made, Statement) else drawing(made).title


# --- all of them -----------------------------------------------------------------------------------------------------


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
    frame, draw = run[DRAWN[name]], getattr(figures, name)
    first = drawing(draw(study, frame))
    assert drawing(draw(study, frame)) == first
    assert drawing(draw(study, frame.sample(frac=1, random_state=1))) == first


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_any_name_is_drawn_as_it_is(name, hostile, study, run):
    made = getattr(figures, name)(renamed(study, hostile), run[EVERY[name]])
    assert title_of(made)
    if not isinstance(made, Statement):
        assert "<script" not in drawing(made).svg


@pytest.mark.parametrize("name", DRAWN)
def test_text_alternatives_state_figures(name, study, run):
    made = drawing(getattr(figures, name)(study, run[DRAWN[name]]))
    assert made.alt.endswith(".")
    assert any(ch.isdigit() for ch in made.alt)
    assert "nan" not in " ".join([made.title, made.alt, *made.notes])


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_to_draw_is_none(name, study, run):
    assert getattr(figures, name)(study, run[DRAWN[name]].iloc[:0]) is None


def test_a_study_that_tells_none_of_it_has_none_of_them(colorado):
    run = landscape.compute(colorado, {})
    assert [getattr(figures, name)(colorado, run[table]) for name, table in EVERY.items()] == [None] * 3


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("label", [None, "A name of many words that goes on " * 9])
def test_texts_do_not_overlap(name, label, study, run):
    ax = getattr(figures, name)(renamed(study, label) if label else study, run[DRAWN[name]])
    ax.set_title("")
    ax.set_xlabel("")
    ax.figure.draw_without_rendering()
    legend = ax.legend_.get_window_extent()
    assert legend.x0 > ax.figure.bbox.x0 - 2
    assert legend.x1 < ax.figure.bbox.x1 + 2
    least, most = ax.get_ylim()
    ticks = [*ax.get_xticklabels(), *(t for t in ax.get_yticklabels() if least <= t.get_position()[1] <= most)]
    texts = [t for t in (*ax.texts, *ticks) if t.get_text()]
    boxes = [t.get_window_extent().padded(-1) for t in texts]
    for i, (text, box) in enumerate(zip(texts, boxes, strict=True)):
        assert box.x0 > ax.figure.bbox.x0 - 2, text
        assert box.x1 < ax.figure.bbox.x1 + 2, text
        assert not any(box.overlaps(other) for other in boxes[i + 1 :]), text


# --- hours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_hour", "said"),
    [
        (
            {6: 30, 10: 100, 18: 12},
            "10 in the morning on a weekday, 30 are open at 6 in the morning and 12 at 6 in the",
        ),
        ({6: 1, 12: 100}, "noon on a weekday, one is open at 6 in the morning and none at 6 in the evening"),
        ({2: 1000, 18: 1}, "2 at night on a weekday, none is open at 6 in the morning and less than one at 6 in the"),
        ({0: 10, 6: 10}, "midnight on a weekday, 100 are open at 6 in the morning"),
        ({15: 10}, "3 in the afternoon on a weekday"),
        ({21: 10}, "9 at night on a weekday"),
    ],
)
def test_open_seats_are_said_for_every_100_of_the_busiest_hour(by_hour, said, colorado):
    made = drawing(figures.seats_by_hour(colorado, opened(colorado, by_hour)))
    assert made.title.startswith("For every 100 seats that are open at ")
    assert said in made.title
    assert any("the indicator share_parents_at_work would say" in note for note in made.notes)


def test_hours_that_are_not_known_are_neither_open_nor_closed(colorado):
    made = drawing(figures.seats_by_hour(colorado, opened(colorado, {10: 50}, seats_unknown=20.0)))
    assert "The hours of 20 more are not known." in made.alt
    assert made.notes[0].startswith("20 seats are at child care providers whose hours are not known")
    assert "Hours not known" in made.svg
    known = drawing(figures.seats_by_hour(colorado, opened(colorado, {10: 50})))
    assert "Hours not known" not in known.svg


def test_no_seat_open_at_any_hour_is_a_sentence(colorado):
    made = figures.seats_by_hour(colorado, opened(colorado, {}))
    assert made.title == "No seat is open at any hour at the child care providers that tell their hours"


@pytest.mark.parametrize(
    ("short", "low", "said"),
    [
        (
            40.0,
            40.0,
            "40 children whose parents are at work find no open seat in their own county, the most of any hour",
        ),
        (
            40.0,
            10.0,
            "find no open seat in their own county (10 if those whose hours are not known are open), the most",
        ),
        (1.0, 1.0, "on a weekday 1 child whose parents are at work finds no open seat"),
        (0.0, 0.0, "as many open seats in each county as children need while their parents are at work"),
    ],
)
def test_the_hour_in_which_most_find_no_seat_leads(short, low, said, colorado):
    frame = opened(colorado, {10: 50}, at_work=0.5, seats_needed=100.0, short=0.0, short_low=0.0)
    frame.loc[frame["hour"] == 18, ["short", "short_low"]] = short, low
    made = drawing(figures.seats_by_hour(colorado, frame))
    assert said in made.title
    assert short == 0 or made.title.startswith("At 6 in the evening on a weekday")
    assert "10 in the morning" not in made.title


def test_areas_without_need_are_in_no_sum_and_the_note_says_so(colorado):
    one = opened(colorado, {10: 50}, at_work=0.5, seats_needed=100.0, short=50.0, short_low=50.0)
    two = opened(colorado, {10: 7000}).assign(geoid=colorado.areas["geoid"].iloc[1])
    made = drawing(figures.seats_by_hour(colorado, pd.concat([one, two], ignore_index=True)))
    assert "9 in the morning, 0 for 100 needed" in made.alt
    assert "7,0" not in made.alt
    assert "Over 1 of 2 counties, whose need and share of parents at work are known." in made.notes


def test_an_hour_without_a_share_has_no_need(colorado):
    frame = opened(colorado, {10: 50}, at_work=0.5, seats_needed=100.0, short=50.0, short_low=50.0)
    frame.loc[frame["hour"] < 6, ["at_work", "seats_needed", "short", "short_low"]] = np.nan
    assert "midnight, 0; 3 at night, 0; 6 in the morning, 0 for 100 needed" in drawing(
        figures.seats_by_hour(colorado, frame)
    ).alt  # fmt: skip


def test_the_segment_worst_served_in_its_busiest_hour_is_drawn(study, run):
    made = drawing(figures.seats_by_hour(study, run["hours_gap"]))
    week = run["hours_gap"][run["hours_gap"]["day"].eq("weekday") & run["hours_gap"]["seats_needed"].notna()]
    served = {}
    for segment in ("infant-toddler", "preschool"):
        noon = week[week["segment"].eq(segment) & week["hour"].eq(12)]
        served[segment] = noon["seats_open"].sum() / noon["seats_needed"].sum()
    assert min(served, key=served.get) == "infant-toddler"
    assert "infants and toddlers whose parents are at work" in made.title


def test_saturdays_are_told_beside(study, run):
    notes = " ".join(drawing(figures.seats_by_hour(study, run["hours_gap"])).notes)
    assert "The most seats open at one hour: on Saturdays" in notes
    without = run["hours_gap"][run["hours_gap"]["day"].eq("weekday")]
    notes = " ".join(drawing(figures.seats_by_hour(study, without)).notes)
    assert "No child care provider tells on which days its hours hold" in notes


# --- occupancy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "places", "title"),
    [
        (
            [(100, 14, 2), (100, 0, 1)],
            9,
            "93% of the usable seats are filled at the 3 of 9 child care providers that tell",
        ),
        ([(100, 0, 2)], 2, "100% of the usable seats are filled at both child care providers that tell"),
        ([(100, 100, 1)], 9, "0% of the usable seats are filled at 1 of 9 child care providers that tells"),
        ([(100, 50, 1)], 1, "50% of the usable seats are filled at the one child care provider that tells"),
        ([(1000, 1, 3)], 3, "more than 99% of the usable seats are filled at all 3 child care providers that tell"),
    ],
)
def test_occupancy_says_how_many_tell(areas, places, title, colorado):
    made = drawing(figures.occupancy(with_staff(colorado, *[np.nan] * places), filled(colorado, *areas)))
    assert made.title.startswith(title[:1].upper() + title[1:])
    assert made.title.endswith("how many are free")


@pytest.mark.parametrize(
    ("areas", "note"),
    [
        ([(100, 0, 1), (50, 0, 1)], "No seat is free in the two counties where some child care provider tells."),
        ([(100, 0, 1), (50, 5, 1)], "Full, as far as they tell: {0}. The most free seats are in {1} (5)."),
        ([(100, 9, 1), (50, 5, 1)], "Some seats are free in every county where some child care provider tells. The "
         "most free seats are in {0} (9) and {1} (5)."),
    ],
)  # fmt: skip
def test_where_it_is_full_is_told(areas, note, colorado):
    names = colorado.areas["geoid"].map(colorado.labels["geoid"]).to_list()
    made = drawing(figures.occupancy(colorado, filled(colorado, *areas)))
    assert made.notes == (note.format(*names), "No child care provider tells how many are enrolled.")


def test_uptake_is_told_over_the_areas_where_it_is_known(colorado):
    known = filled(colorado, (100, 5, 1), enrolled=30.0, told_enrolled=1, eligible=400.0)
    other = filled(colorado, (100, 5, 1), enrolled=10.0, told_enrolled=2).assign(geoid=colorado.areas["geoid"].iloc[1])
    made = drawing(figures.occupancy(colorado, pd.concat([known, other], ignore_index=True)))
    assert made.notes[-1] == (
        "40 children are enrolled at the three child care providers that tell it: where the number of children is "
        "known, at least 8% of them."
    )
    assert drawing(figures.occupancy(colorado, other)).notes[-1].endswith("; how many could be is not known.")


def test_enrolment_alone_is_a_sentence(colorado):
    frame = filled(colorado, (np.nan, np.nan, 0), enrolled=1.0, told_enrolled=1, eligible=4.0)
    made = figures.occupancy(colorado, frame)
    assert made.title == "No child care provider tells how many of its seats are free"
    assert made.lines == ("One child is enrolled at the one child care provider that tells it: where the number of "
                          "children is known, at least 25% of them.",)  # fmt: skip


def test_facilities_that_tell_of_no_usable_seat_are_a_sentence(colorado):
    made = figures.occupancy(colorado, filled(colorado, (0, 0, 2)))
    assert made.title == "The child care providers that tell their free seats have no usable seat"


# --- staff -----------------------------------------------------------------------------------------------------------


def unstaffed(study: Study, *lost: float) -> pd.DataFrame:
    return rows_of("gap", *(
        {"geoid": study.areas["geoid"].iloc[i], "segment": "all", "supply": 50, "usable": 50 - n, "unstaffed": n}
        for i, n in enumerate(lost)
    ))  # fmt: skip


def test_staff_without_ratios_is_said_with_the_number_of_facilities(colorado):
    made = figures.staffing(with_staff(colorado, 3, np.nan, 4), unstaffed(colorado, np.nan))
    assert made.title == "How many seats the staff can serve is not known"
    assert made.lines[0].startswith("2 of 3 child care providers tell how many people with the credential work there")
    assert "staffing in study.yaml" in made.lines[0]
    (one,) = figures.staffing(with_staff(colorado, 3, np.nan), unstaffed(colorado, np.nan)).lines
    assert one.startswith("1 of 2 child care providers tells how many")


def test_ratios_without_staff_are_said_with_the_number_of_facilities(colorado):
    ratios = {"infant-toddler": 5.0, "preschool": 10.0, "school-age": 15.0, "all": 8.0}
    silent = with_ratios(with_staff(colorado, np.nan, np.nan, np.nan), ratios)
    made = figures.staffing(silent, unstaffed(colorado, np.nan))
    assert made.title == "How many seats the staff can serve is not known"
    assert made.lines == ("All 3 child care providers do not tell how many people with the credential work there: all "
                          "their licensed or staffed seats count as usable, so there may be fewer.",)  # fmt: skip
    partly = figures.staffing(with_ratios(with_staff(colorado, 3, np.nan, 9), ratios), unstaffed(colorado, 12, 0, 30))
    assert partly.title == "42 seats cannot be used: the staff with the credential are too few"
    assert partly.lines[0].startswith("1 of 3 child care providers does not tell")
    assert partly.frame["unstaffed"].to_list() == [30, 12]


@pytest.mark.parametrize(
    ("lost", "title"),
    [
        ((0, 0), "The staff are enough for every seat of the child care providers that tell their staff"),
        ((1, 0), "1 seat cannot be used: the staff with the credential are too few"),
        ((0.2,), "Less than one seat cannot be used: the staff with the credential are too few"),
        ((1234,), "About 1,200 seats cannot be used: the staff with the credential are too few"),
    ],
)
def test_seats_without_staff_are_counted(lost, title, colorado):
    study = with_ratios(with_staff(colorado, 3), {"preschool": 10.0})
    made = figures.staffing(study, unstaffed(colorado, *lost))
    assert made.title == title
    assert made.lines == ("Seats for infants and toddlers, for school-age children and that name no group have no "
                          "ratio in study.yaml and are not limited.",)  # fmt: skip


def test_the_study_with_staff_says_how_many_seats_are_lost(study, run):
    made = figures.staffing(study, run["gap"])
    lost = run["gap"].loc[run["gap"]["segment"].eq("all"), "unstaffed"].sum()
    assert lost > 1000
    assert made.title.startswith("About ")
    assert len(made.frame) <= 12
