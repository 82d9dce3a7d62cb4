"""Figures of step 4: titles that count rightly, text alternatives with figures, and names that mean harm."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers

from ci_analysis import convene, landscape, redesign, strategy
from ci_analysis.figures import redesign as figures
from ci_analysis.figures.base import Statement, alternative, drawing
from ci_analysis.report.editions import edition_of
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

EXAMPLE = Path(__file__).parents[2] / "data" / "raw" / "colorado-child-care"
NASTY = [
    "<script>alert(1)</script>",
    "$x$ and $\\frac{1}{",
    "long " * 80,
    "w" * 400,
    "smile 😀 🍎 中文 & “quotes”",
    "=cmd()",
]
DAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def study():
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def tables(study):
    before = {}
    for room in (convene, landscape, strategy, redesign):
        before |= room.compute(study, before)
    made = {name: before.get(name, empty_frame(table)) for name, table in OUTPUTS.items()}
    changes = [
        {"table": "measures", "key": "seats-center", "column": c, "before": "1", "after": "2", "kind": "revision"}
        for c in ("baseline", "target")
    ]
    moved = [{"table": "measures", "key": "seats-center|all", "column": "latest", "before": "1", "after": "2"}]
    return made | {
        "changes": typed(OUTPUTS, "changes", changes),
        "changed_results": typed(OUTPUTS, "changed_results", moved),
    }


def typed(declared, name, rows):
    table = declared[name]
    return conform(pd.DataFrame(rows).reindex(columns=table.names), table) if rows else empty_frame(table)


def made(study, **inputs):
    """The example's study with some tables replaced by a few rows, and nothing made up."""
    replaced = {name: typed(INPUTS, name, rows) for name, rows in inputs.items()}
    settings = study.settings.model_copy(update={"illustrative": (), "as_of": DAY})
    return dataclasses.replace(study, tables={**study.tables, **replaced}, settings=settings)


def measures_of(study, names, status, *, series=False, **more):
    """Measures with a baseline of 10 and a target of 20, and where they stand."""
    ids = [f"m{i}" for i in range(len(names))]
    given = [
        {"measure_id": m, "name": n, "unit": "seats", "direction": "up", "kind": "how-much", "baseline": 10.0,
         "target": 20.0, "baseline_on": "2024-12-31", "target_on": "2028-12-31", "frequency": "year"}
        for m, n in zip(ids, names, strict=True)
    ]  # fmt: skip
    values = {"on-track": 16.0, "off-track": 8.0, "met": 21.0, "no-data": np.nan}
    stand = [
        {"measure_id": m, "segment": "all", "baseline": 10.0, "target": 20.0, "latest": values[s], "status": s,
         "progress": 10 * (values[s] - 10), "latest_on": "2025-12-31", "target_on": "2028-12-31", **more}
        for m, s in zip(ids, status, strict=True)
    ]  # fmt: skip
    chart = [
        {"measure_id": m, "segment": "all", "period": str(2016 + k), "value": v, "centre": 12.0, "lower": 9.0,
         "upper": 15.0, "rule": "outside" if v > 15 else None}
        for m in ids
        for k, v in enumerate([10.0, 11, 12, 13, 16] if series else [])
    ]  # fmt: skip
    of = made(study, measures=given, observations=[])
    return of, typed(OUTPUTS, "measures", stand), typed(OUTPUTS, "control_chart", chart)


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (["on-track"], "The one measure with a target is on track"),
        (["off-track"], "No measure with a target is on track; one is off track"),
        (["on-track", "on-track"], "Both measures with a target are on track"),
        (["met", "on-track", "off-track"], "2 of 3 measures with a target are met or on track; one is off track"),
        (["met", "off-track", "off-track"], "1 of 3 measures with a target is met; two are off track"),
        (["off-track", "off-track", "no-data"],
         "None of 3 measures with a target is on track; two are off track and one has no figure yet"),
        (["met"] * 3, "All 3 measures with a target are met"),
    ],
)  # fmt: skip
def test_title_of_targets_counts(study, status, title):
    of, measures, _ = measures_of(study, [f"Measure {i}" for i in range(len(status))], status)
    ax = figures.targets(of, measures)
    assert drawing(ax).title == title


def test_targets_say_what_is_projected(study):
    of, measures, _ = measures_of(
        study, ["Places"], ["on-track"], projected=24.0, projected_low=22.0, projected_high=26.0
    )
    alt = alternative(figures.targets(of, measures))
    assert "Places: on track, 60% of the way, 16 against a target of 20, projected to be 24 (22 to 26)" in alt


def test_targets_where_no_measure_has_one(study):
    of, measures, _ = measures_of(study, ["Places"], ["on-track"])
    assert figures.targets(of, measures.assign(target=np.nan, status=None)) is None


def test_what_is_beyond_the_drawing_is_an_arrow_and_its_number_stands_beside_it(study):
    of, measures, _ = measures_of(study, ["Far", "Beyond"], ["off-track", "met"])
    ax = figures.targets(of, measures.assign(progress=[-900.0, 700.0]))
    assert {line.get_marker() for line in ax.lines} >= {"<", ">"}
    assert {t.get_text() for t in ax.texts} >= {"−900%", "700%"}
    low, high = ax.get_xlim()
    assert all(low <= x <= high for line in ax.lines for x in line.get_xdata())


def test_withheld_measures_are_named_as_withheld_and_not_as_lacking_a_target(study):
    of, measures, _ = measures_of(study, ["Open", "Hidden"], ["on-track", "on-track"])
    hidden = measures.assign(x_withheld=["", "yes"])
    figures_of = [c for c in measures if c not in ("measure_id", "segment")]
    hidden.loc[1, figures_of] = None
    assert drawing(figures.targets(of, hidden)).title == ("1 of 2 measures with a target is on track; one is withheld")
    said = figures.all_measures(of, hidden)
    assert said.frame["Status"].to_list() == ["on track", "withheld"]
    assert not any("no target yet" in line for line in said.lines)


@pytest.mark.parametrize(
    ("classes", "title"),
    [
        (["improving"], "Since its baseline, the one measure has become better"),
        (["getting-worse"] * 2, "Since their baselines, both measures have become worse"),
        (["improving", "target-met", "getting-worse", None],
         "Since their baselines, 2 of 4 measures have become better, one has become worse and one cannot be told yet"),
        (["little-or-no-change"] * 3, "Since their baselines, all 3 measures have changed little"),
    ],
)  # fmt: skip
def test_title_of_all_measures_counts(study, classes, title):
    n = len(classes)
    of, measures, _ = measures_of(study, [f"Measure {i}" for i in range(n)], ["on-track"] * n)
    assert figures.all_measures(of, measures.assign(**{"class": classes})).title == title


def test_measures_without_a_target_are_asked_for_one(study, tables):
    said = figures.all_measures(study, tables["measures"])
    line = next(x for x in said.lines if "no target yet" in x)
    assert line.endswith("have no target yet: set one in measures.csv.")
    assert "Licensed seats in family child care homes" in line
    assert "Child care spots open at our partners" not in line


def test_measures_say_which_figures_are_made_up(study, tables):
    frame = figures.all_measures(study, tables["measures"]).frame.set_index("Measure")["Figures are"]
    assert frame["Licensed seats in family child care homes"] == "real"
    assert frame["Mothers of children under six in the labour force"] == "real, but the target is made up"
    assert frame["Teachers with a credential"] == "made up for teaching"


def test_a_study_of_real_figures_has_no_such_column(study):
    of, measures, _ = measures_of(study, ["Places"], ["on-track"])
    assert "Figures are" not in figures.all_measures(of, measures).frame
    assert "made up" not in alternative(figures.targets(of, measures))


@pytest.mark.parametrize(
    ("signal", "title"),
    [
        (["better"], "One measure has become better beyond the usual ups and downs"),
        (["worse", "none"], "One measure has become worse beyond the usual ups and downs; one stays within them"),
        (["better", "better", "worse", "none", "none"],
         "Two measures have become better and one worse beyond the usual ups and downs; two stay within them"),
        (["none", "none"], "Neither of two measures with a chart has moved beyond its usual ups and downs"),
        (["none"], "The one measure with a chart has not moved beyond its usual ups and downs"),
        (["none"] * 3, "None of 3 measures with a chart has moved beyond its usual ups and downs"),
    ],
)  # fmt: skip
def test_title_of_signals_counts(study, signal, title):
    n = len(signal)
    of, measures, chart = measures_of(study, [f"Measure {i}" for i in range(n)], ["on-track"] * n, series=True)
    said = figures.signals(of, measures.assign(signal=signal), chart)
    assert said.title == title
    assert any("trial limits" in line for line in said.lines)


def test_signals_without_any_chart(study):
    of, measures, chart = measures_of(study, ["Places"], ["on-track"])
    said = figures.signals(of, measures, chart)
    assert said.title == "No measure has enough figures to tell a change from its usual ups and downs"
    assert said.frame is None
    assert said.lines == ("There is no control chart yet for Places: it takes 5 comparable figures.",)


def test_series_says_from_where_to_where(study):
    of, measures, chart = measures_of(study, ["Places"], ["on-track"], series=True)
    made_of = drawing(figures.community_series(of, chart, measures))
    assert made_of.title == "Places rose from 10 to 16 between 2016 and 2020"
    assert "trial limits 9 to 15; one figure beyond" in made_of.alt
    assert "trial limits, 5 figures" in made_of.svg
    assert figures.partner_series(of, chart, measures) is None


def test_series_with_too_few_figures_has_no_limits(study):
    of, measures, chart = measures_of(study, ["Places"], ["on-track"])
    made_of = drawing(figures.community_series(of, chart, measures))
    assert "fewer than 5 comparable figures: no limits yet" in made_of.alt
    assert "too few figures for limits" in made_of.svg
    assert "usual range" not in made_of.svg


def test_withheld_series_is_not_drawn(study):
    of, measures, chart = measures_of(study, ["Places", "Hidden"], ["on-track"] * 2, series=True)
    hidden = chart["measure_id"] == "m1"
    chart = chart.assign(x_withheld=np.where(hidden, "yes", ""))
    chart.loc[hidden, ["value", "centre", "lower", "upper", "rule"]] = None
    measures = measures.assign(x_withheld=["", "yes"])
    assert "Hidden" not in drawing(figures.community_series(of, chart, measures)).svg


def reports(study, kinds):
    of = made(
        study,
        measures=[{"measure_id": "m", "name": "Seats", "unit": "seats", "direction": "up", "frequency": "year"}],
        partners=[{"partner_id": "a", "name": "Library", "sector": "health", "status": "joined"}],
    )
    rows = [{"measure_id": "m", "partner_id": "a", "period": str(2010 + i), "reported": k} for i, k in enumerate(kinds)]
    return of, typed(OUTPUTS, "reporting", rows)


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        (["on-time"], "the one period so far, the one figure that partners owe came on time"),
        (["on-time"] * 3, "the last three periods, all 3 figures that partners owe came on time"),
        (["on-time", "late", "missing"],
         "the last three periods, 1 of 3 figures that partners owe came on time, "
         "one came late and one is missing"),
        (["missing", "missing"],
         "the last two periods, none of 2 figures that partners owe came on time and two are missing"),
    ],
)  # fmt: skip
def test_title_of_reports_counts(study, kinds, title):
    of, reporting = reports(study, kinds)
    assert drawing(figures.who_reported(of, reporting)).title == f"In {title}"


def test_reports_count_the_periods_that_are_drawn(study):
    of, reporting = reports(study, ["missing"] * 5 + ["on-time"] * 8)
    ax = figures.who_reported(of, reporting)
    assert "all 8 figures" in drawing(ax).title
    assert sum(len(line.get_xdata()) for line in ax.lines) == 8


def test_reports_name_who_was_late_in_words(study):
    of, reporting = reports(study, ["late", "missing", "missing", "on-time"])
    ax = figures.who_reported(of, reporting)
    assert "Library, Seats: 1 late and 2 missing" in alternative(ax)
    # Told apart by mark and letter, not by colour alone.
    assert len({line.get_marker() for line in ax.lines}) == 3
    assert sum(t.get_text() == "L" for t in ax.texts) == 1


def things(study, rows):
    base = {"project_id": study.tables["projects"]["project_id"].iloc[0], "owner": "backbone-office"}
    rows = [{"deliverable_id": f"d{i}", "name": f"Thing {i}", **base, **row} for i, row in enumerate(rows)]
    of = made(study, deliverables=rows)
    return of, redesign.deliverables(of.tables["deliverables"], as_of=DAY)


LATE = {"due_on": "2026-06-01", "status": "started"}
DUE = {"due_on": "2026-07-15", "status": "planned"}
DONE = {"due_on": "2026-03-01", "status": "done", "done_on": "2026-03-01"}
DONE_LATE = {"due_on": "2026-03-01", "status": "done", "done_on": "2026-04-01"}
DROPPED = {"due_on": "2026-03-01", "status": "dropped"}


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([DONE, DUE, DONE_LATE], "All 3 deliverables are done or on time"),
        ([DONE, LATE, LATE, DROPPED], "1 of 3 deliverables is done or on time; two are late; one was dropped"),
        ([LATE], "No deliverable is done or on time; one is late"),
        ([LATE, LATE], "None of 2 deliverables is done or on time; two are late"),
        ([DROPPED], "One deliverable was dropped; none is left"),
    ],
)
def test_title_of_deliverables_counts(study, rows, title):
    of, frame = things(study, rows)
    assert figures.deliverables(of, frame).title == title


def test_deliverables_put_what_is_late_first_then_what_is_due(study):
    of, frame = things(study, [DONE, DUE, DROPPED, LATE, DONE_LATE])
    said = figures.deliverables(of, frame)
    assert said.frame["Where it stands"].to_list() == ["late", "due", "done, late", "done", "dropped"]
    # From 1 June to 30 June.
    assert said.frame["days_late"].iloc[0] == 30 - 1
    assert said.lines == ("Next due: Thing 1 (July 15, 2026).",)


def ruled(study, fired, answered):
    """Three rules, of which some fired and some of these are answered."""
    rules = [{"rule_id": f"r{i}", "measure_id": "m", "when": "off-track", "then": f"Do {i}"} for i in range(3)]
    of = made(
        study,
        measures=[{"measure_id": "m", "name": "Seats", "unit": "seats", "direction": "up"}],
        rules=rules,
        decisions=[{"decision_id": "d", "decided_on": "2026-05-01", "text": "We did it"}],
    )
    rows = [
        {"rule_id": f"r{i}", "measure_id": "m", "fired_on": "2026-03-31", "then": f"Do {i}",
         "decision_id": "d" if i < answered else None}
        for i in range(fired)
    ]  # fmt: skip
    return (
        of,
        of.tables["rules"],
        typed(OUTPUTS, "rules_fired", rows),
        typed(OUTPUTS, "measures", [{"measure_id": "m"}]),
    )


@pytest.mark.parametrize(
    ("fired", "answered", "title"),
    [
        (0, 0, "None of 3 rules agreed beforehand has fired"),
        (1, 0, "1 of 3 rules agreed beforehand has fired; it still waits for a decision"),
        (1, 1, "1 of 3 rules agreed beforehand has fired; a decision answers it"),
        (2, 2, "2 of 3 rules agreed beforehand have fired; a decision answers each"),
        (3, 0, "All 3 rules agreed beforehand have fired; each still waits for a decision"),
        (3, 1, "All 3 rules agreed beforehand have fired; one is answered by a decision and two still wait"),
    ],
)
def test_title_of_rules_counts(study, fired, answered, title):
    of, rules, table, measures = ruled(study, fired, answered)
    said = figures.rules_answered(of, rules, table, measures, of.tables["decisions"])
    assert said.title == title
    waits = ["still waits"] * (fired - answered)
    assert said.frame["Answer"].to_list() == waits + ["We did it"] * answered + ["did not fire"] * (3 - fired)
    assert said.frame["Decided on"].dropna().to_list() == ["May 1, 2026"] * answered
    assert said.frame["Since"].notna().sum() == fired


def test_each_edition_has_one_section_of_rules(study):
    of, rules, fired, measures = ruled(study, 2, 1)
    assert figures.rules_agreed(of, rules, fired, measures) is None
    public = fired.drop(columns="decision_id")
    assert figures.rules_answered(of, rules, public, measures, of.tables["decisions"]) is None
    said = figures.rules_agreed(of, rules, public, measures)
    assert said.title == "2 of 3 rules agreed beforehand have fired"
    assert "We did it" not in said.frame.to_string()


def test_rules_of_measures_that_may_not_be_shown_are_left_out(study):
    of, rules, fired, measures = ruled(study, 2, 1)
    assert figures.rules_agreed(of, rules, fired.drop(columns="decision_id"), measures.iloc[:0]) is None


def test_promises_count_partners_and_what_is_overdue(study):
    rows = [
        {"partner_id": "a", "what": "Open", "by_when": "2026-06-01", "status": "started, overdue by 29 days"},
        {"partner_id": "a", "what": "Give", "status": "promised with the agenda of 2025-09-15"},
        {"partner_id": "b", "what": "Tell", "by_when": "2026-01-01", "status": "done on time"},
    ]
    said = figures.commitments(study, typed(OUTPUTS, "commitments", rows[::-1]))
    assert said.title == "Two partners have made three promises; one is overdue"
    assert said.frame["what"].to_list() == ["Open", "Give", "Tell"]
    assert said.frame["status"].iloc[1] == "promised with the agenda of September 15, 2025"
    one = figures.commitments(study, typed(OUTPUTS, "commitments", rows[1:2]))
    assert one.title == "One partner has made one promise; none is overdue"


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (["in-force"], "The one system change is in force"),
        (["adopted", "adopted"], "Both system changes are adopted"),
        (["proposed", "in-force", "proposed"], "Of three system changes, one is in force and two proposed"),
        (["in-force", "in-force", "adopted", "proposed"],
         "Of four system changes, two are in force, one adopted and one proposed"),
    ],
)  # fmt: skip
def test_title_of_system_changes_counts(study, status, title):
    rows = [{"change_id": f"c{i}", "kind": "policy", "text": f"Text {i}", "status": s} for i, s in enumerate(status)]
    assert figures.system_changes(study, typed(INPUTS, "system_changes", rows)).title == title


@pytest.mark.parametrize(
    ("last", "title"),
    [
        (["2026-06-20"], "The one communication is on time"),
        (["2026-06-20", "2026-06-20"], "Both communications are on time"),
        (["2026-06-20"] * 3, "All 3 communications are on time"),
        ([None], "The one communication is overdue: to Audience 0"),
        (["2026-04-01", "2026-06-20", None], "2 of 3 communications are overdue: to Audience 2 and Audience 0"),
    ],
)
def test_title_of_communications_counts(study, last, title):
    rows = [
        {"communication_id": f"c{i}", "audience": f"Audience {i}", "channel": "e-mail", "purpose": "news",
         "frequency": "month", "owner": "backbone-office", "last_on": d, "internal": False}
        for i, d in enumerate(last)
    ]  # fmt: skip
    of = made(study, communications=rows)
    frame = redesign.communications(of.tables["communications"], as_of=DAY)
    said = figures.communications(of, frame)
    assert said.title == title
    assert (said.frame["Last time"] == "never yet").sum() == last.count(None)


# --- the example, and what every figure owes ------------------------------------------------------------------------

DRAWN = {
    "targets": ("measures",),
    "community_series": ("control_chart", "measures"),
    "partner_series": ("control_chart", "measures"),
    "who_reported": ("reporting",),
    "burn_up": ("burn_up",),
    "beside_others": ("contribution_series", "contribution"),
    "conditions_over_time": ("conditions",),
}
STATED = {
    "all_measures": ("measures",),
    "signals": ("measures", "control_chart"),
    "deliverables": ("deliverables",),
    "rules_answered": ("rules", "rules_fired", "measures", "decisions"),
    "commitments": ("commitments",),
    "system_changes": ("system_changes",),
    "communications": ("communications",),
    "projects_at_risk": ("project_progress",),
    "contribution": ("contribution",),
    "decision_log": ("decisions", "rules_fired"),
    "what_tables_show": ("conditions",),
    "what_changed": ("changes",),
    "what_moved": ("changed_results",),
}


def frames(study, tables, names):
    return [tables[n] if n in OUTPUTS else study.tables[n] for n in names]


def test_every_figure_is_tried():
    assert set(DRAWN) | set(STATED) | {"rules_agreed"} == set(figures.__all__)


@pytest.mark.parametrize("name", [*DRAWN, *STATED])
def test_frames_are_left_alone_and_nothing_stays_behind(study, tables, name):
    given = frames(study, tables, {**DRAWN, **STATED}[name])
    before = [f.copy(deep=True) for f in given]
    getattr(figures, name)(study, *given)
    for frame, copy in zip(given, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
    assert not _pylab_helpers.Gcf.figs


@pytest.mark.parametrize(("name", "names"), DRAWN.items())
def test_pictures_have_a_text_alternative_with_figures_and_are_the_same_twice(study, tables, name, names):
    first, again = (drawing(getattr(figures, name)(study, *frames(study, tables, names))) for _ in range(2))
    assert any(ch.isdigit() for ch in first.alt)
    assert first.svg == again.svg


@pytest.mark.parametrize(("name", "names"), DRAWN.items())
def test_pictures_are_drawn_on_the_callers_axes(study, tables, name, names):
    from matplotlib.figure import Figure

    ax = Figure(layout="constrained").subplots()
    assert getattr(figures, name)(study, *frames(study, tables, names), ax=ax) is ax
    assert drawing(ax).title


@pytest.mark.parametrize(("name", "names"), DRAWN.items())
def test_names_that_mean_harm_are_drawn_as_text(study, tables, name, names):
    given = {t: study.tables[t].copy() for t in ("measures", "partners")}
    for frame in given.values():
        frame["name"] = [NASTY[i % len(NASTY)] for i in range(len(frame))]
    given["measures"]["unit"] = given["measures"]["unit"].mask(given["measures"]["unit"] == "seats", "$y$ <b>")
    of = dataclasses.replace(study, tables={**study.tables, **given})
    made_of = drawing(getattr(figures, name)(of, *frames(of, tables, names)))
    assert "<script>alert" not in made_of.svg
    assert "<b>" not in made_of.svg
    assert "w" * 100 not in made_of.title


@pytest.mark.parametrize(("name", "names"), STATED.items())
def test_statements_stand_with_names_that_mean_harm(study, tables, name, names):
    given = {t: study.tables[t].copy() for t in ("measures", "partners", "deliverables", "communications")}
    for frame in given.values():
        column = "name" if "name" in frame else "audience"
        frame[column] = [NASTY[i % len(NASTY)] for i in range(len(frame))]
    of = dataclasses.replace(study, tables={**study.tables, **given})
    said = getattr(figures, name)(of, *frames(of, tables, names))
    assert isinstance(said, Statement)
    assert len(said.title) < 400


def test_public_edition_shows_nothing_of_the_coalition_alone(study, tables):
    public = edition_of(study, tables, "public")
    for name, names in {**DRAWN, **STATED}.items():
        block = public.section(getattr(figures, name), *names, shows="x").html
        if name in ("who_reported", "commitments", "rules_answered"):
            assert block == ""
        assert "Teachers who left in the quarter" not in block
    rules = public.section(figures.rules_agreed, "rules", "rules_fired", "measures", shows="x").html
    assert "5 of 7 rules agreed beforehand have fired" in rules
    assert "sixty parents on late shifts" not in rules


def test_rules_that_did_not_fire_are_not_taken_for_a_missing_table(study, tables):
    quiet = {**tables, "rules_fired": empty_frame(OUTPUTS["rules_fired"])}
    internal = edition_of(study, quiet, "internal")
    names = ("rules", "rules_fired", "measures", "decisions")
    assert "None of 7 rules" in internal.section(figures.rules_answered, *names, shows="x").html
