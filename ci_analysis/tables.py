"""Every table's columns, types, keys and links, declared once.

Reading and checking a study, the data dictionary, the templates of a new study and the columns of what a run
writes all come from the declarations here. `INPUTS` are the tables a study may bring, `OUTPUTS` those that a
run leaves behind, both by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from ci_analysis.errors import nearest
from ci_analysis.places import SLUG

__all__ = [
    "INPUTS",
    "OUTPUTS",
    "Column",
    "Fault",
    "Table",
    "conform",
    "data_dictionary",
    "empty_frame",
    "inert",
    "listed",
    "members",
    "number",
    "parse",
    "period_end",
    "read_written",
    "weekdays",
    "write_csv",
]

Kind = Literal[
    "slug",
    "slugs",
    "text",
    "geoid",
    "geoids",
    "number",
    "integer",
    "date",
    "period",
    "time",
    "days",
    "yes-no",
    "choice",
]
Vocabulary = Literal["sectors", "levers", "segments", "items"]

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_PERIOD = r"[0-9]{4}(?:-Q[1-4]|-[0-9]{2}(?:-[0-9]{2})?)?"
#: No count, amount or score here is larger; what is, would drown the others in rounding, or in infinity.
LARGEST = 1e15
#: Years that a date may be of, so that rules about dates have room on both sides.
_YEARS = ("1900", "2199")
#: Why there is no margin where a median is the limit of its class, such as 250,001 for '250,000 or more'.
OPEN_ENDED = "the median falls in an open-ended class"
#: What the American Community Survey writes where it has no estimate or no margin, and why.
ACS_REASONS = MappingProxyType(
    {
        -666666666.0: "too few sample cases for an estimate",
        -999999999.0: "too few sample cases for an estimate",
        -888888888.0: "not applicable or not available",
        -222222222.0: "too few sample cases for a margin of error",
        -333333333.0: OPEN_ENDED,
    }
)
#: The margin of an estimate that is controlled to a fixed total: zero, and not missing.
ACS_CONTROLLED = -555555555.0


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As in the file's header.
    kind : Kind
        What a cell holds. A `slugs` or `geoids` cell is a list with `;` between its members.
    help : str
        What it means, with its unit, as a clause.
    presence : {'key', 'required', 'optional'}
        Whether the column must be there, and whether it tells rows apart.
    empty : bool
        Whether a cell may be empty.
    choices, minimum, maximum
        What a cell may hold. Bounds are included.
    link : str
        Table and column that define this identifier, such as `partners.partner_id`.
    vocabulary : str
        The list of the issue profile (or of the readiness instrument) that the word is taken from.
    counts_people : bool
        Whether small values could give a person away; see the public edition.
    public : bool
        Whether the column may stand in the public edition.
    unit : {'', 'share', 'USD', 'percent', 'row'}
        How its figures are written for readers; `row`: as those of the row's measure or indicator.
    acs : bool
        Whether the codes that the American Community Survey writes in place of a figure are understood.
    """

    name: str
    kind: Kind
    help: str
    presence: Literal["key", "required", "optional"] = "optional"
    empty: bool = True
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    link: str = ""
    vocabulary: Vocabulary | Literal[""] = ""
    counts_people: bool = False
    public: bool = True
    unit: Literal["", "share", "USD", "percent", "row"] = ""
    acs: bool = False

    @property
    def rule(self) -> str:
        """What a cell may hold, as words for the data dictionary."""
        words = {
            "slug": "identifier",
            "slugs": "identifiers, `;` between",
            "geoid": "area identifier",
            "geoids": "area identifiers, `;` between",
            "date": "date, `YYYY-MM-DD`",
            "period": "period: `YYYY`, `YYYY-Qn`, `YYYY-MM` or a date",
            "time": "time, `HH:MM`",
            "days": "days, such as `Mo-Fr` or `Mo,We,Sa`",
            "yes-no": "`yes` or `no`",
            "choice": "one of " + ", ".join(f"`{c}`" for c in self.choices),
            "integer": "whole number",
        }.get(self.kind, self.kind)
        bounds = {
            (True, True): f"{_plain(self.minimum)} to {_plain(self.maximum)}",
            (True, False): f"{_plain(self.minimum)} or more",
            (False, True): f"{_plain(self.maximum)} or less",
        }.get((self.minimum is not None, self.maximum is not None))
        parts = [words, bounds, f"from `{self.link}`" if self.link else None]
        parts.append(f"from the issue's {self.vocabulary}" if self.vocabulary else None)
        return ", ".join(p for p in parts if p)


@dataclass(frozen=True)
class Table:
    """One table: its columns in order, and the rules that hold across them.

    Parameters
    ----------
    name : str
        The file is `<name>.csv`.
    step : str
        The room it belongs to.
    help : str
        What one row says, as a sentence.
    columns : tuple of Column
        In the order in which they are written.
    needs : tuple of tuples of str
        Ways to give a row's figure: each row fills all the columns of at least one of them.
    ascending : tuple of tuples of str
        Columns whose values may not fall from left to right, where they are given.
    public : bool
        Whether the table may stand in the public edition (`publish.tables` can add it).
    never_public : bool
        Whether it holds single respondents' answers, which `publish.tables` cannot add either.
    made_from : tuple of str
        Of a table that a run leaves behind: the input tables, and parts of study.yaml, that it rests on. The first
        is the one to fill in where the table is empty. One of the step `pipeline` tells of runs, and rests on all.
    follows : tuple of str
        Of a table that a run leaves behind: those from whose figures its own could be worked back. What is withheld
        there is withheld here.
    """

    name: str
    step: str
    help: str
    columns: tuple[Column, ...]
    needs: tuple[tuple[str, ...], ...] = ()
    ascending: tuple[tuple[str, ...], ...] = ()
    public: bool = True
    never_public: bool = False
    made_from: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({c.name: c for c in self.columns}))

    @property
    def file(self) -> str:
        """Name of the table's file."""
        return f"{self.name}.csv"

    @property
    def key(self) -> list[str]:
        """Names of the columns that tell rows apart."""
        return [c.name for c in self.columns if c.presence == "key"]

    @property
    def names(self) -> list[str]:
        """Names of all columns, in order."""
        return [c.name for c in self.columns]


def _key(name: str, kind: Kind, help: str, **more: object) -> Column:
    return Column(name, kind, help, "key", **{"empty": False, **more})  # type: ignore[arg-type]  # checked by Column


def _need(name: str, kind: Kind, help: str, **more: object) -> Column:
    return Column(name, kind, help, "required", **{"empty": False, **more})  # type: ignore[arg-type]  # the same


def _may(name: str, kind: Kind, help: str, **more: object) -> Column:
    return Column(name, kind, help, "optional", **more)  # type: ignore[arg-type]  # the same


def _share(name: str, help: str, **more: object) -> Column:
    return _may(name, "number", help, minimum=0, maximum=1, unit="share", **more)


_PARTNER = {"link": "partners.partner_id"}
_PROJECT = {"link": "projects.project_id"}
_MEASURE = {"link": "measures.measure_id"}
_AREA = {"link": "areas.geoid"}
_SEGMENT = {"vocabulary": "segments", "empty": True}
_LONGITUDE = {"minimum": -180, "maximum": 180}
_LATITUDE = {"minimum": -90, "maximum": 90}
_RATING = {"minimum": 1, "maximum": 4, "public": False}
_FIVE = {"minimum": 1, "maximum": 5}
_FREQUENCY = ("week", "month", "quarter", "year")

_INPUTS = (
    Table(
        "partners",
        "convene",
        "An organisation or group that is, was or should be at the table.",
        (
            _key("partner_id", "slug", "the partner"),
            _need("name", "text", "the name to show"),
            _need("sector", "slug", "the sector it speaks for", vocabulary="sectors"),
            _need("status", "choice", "where it stands", choices=("prospect", "invited", "joined", "left")),
            _may("role", "choice", "its part", choices=("backbone", "steering", "working-group", "supporter")),
            _may("joined_on", "date", "the day it joined"),
            _may("left_on", "date", "the day it left"),
            _may("interest", "integer", "interest in the issue", **_FIVE, public=False),
            _may("influence", "integer", "influence on the issue", **_FIVE, public=False),
            _may("contact", "text", "whom to ask; never leaves the internal edition", public=False),
        ),
        ascending=(("joined_on", "left_on"),),
    ),
    Table(
        "ties",
        "convene",
        "How one partner rates its work with another, in one wave of the survey.",
        (
            _key("wave", "period", "the survey's wave"),
            _key("source", "slug", "the partner that answers", **_PARTNER),
            _key("target", "slug", "the partner that it speaks of", **_PARTNER),
            _need(
                "level",
                "integer",
                "Levels of Collaboration: 0 none, 1 networking, 2 cooperation, 3 coordination, "
                "4 coalition, 5 collaboration (Frey et al. 2006)",
                minimum=0,
                maximum=5,
            ),
            _may("reliability", "integer", "trust: the target is reliable", **_RATING),
            _may("mission", "integer", "trust: the target shares the mission", **_RATING),
            _may("openness", "integer", "trust: the target is open to discussion", **_RATING),
            _may("influence", "integer", "value: the target's power and influence", **_RATING),
            _may("involvement", "integer", "value: the target's involvement", **_RATING),
            _may("resources", "integer", "value: the target's resources", **_RATING),
        ),
        public=False,
    ),
    Table(
        "readiness",
        "convene",
        "One respondent's answer to one item of the readiness survey.",
        (
            _key("wave", "period", "the survey's wave"),
            _key("respondent", "slug", "a partner, or an anonymous identifier"),
            _key("item", "slug", "the item of the readiness instrument", vocabulary="items"),
            _need("score", "integer", "the answer, 1 (not at all) to 5 (fully)", **_FIVE),
            _may("comment", "text", "what the respondent adds", public=False),
            _may(
                "speaks_for",
                "choice",
                "whom the respondent speaks for; without it, the backbone's own identifier speaks for the backbone",
                choices=("backbone", "partner"),
            ),
        ),
        public=False,
        never_public=True,
    ),
    Table(
        "endorsements",
        "convene",
        "A partner's answer to the common agenda.",
        (
            _key("partner_id", "slug", "the partner", **_PARTNER),
            _key("agenda_on", "date", "the date of the agenda's text"),
            _need("response", "choice", "the answer", choices=("support", "reservations", "not-yet")),
            _may("commits_to", "text", "what the partner will do"),
            _may("reservation", "text", "what it has reservations about, or still waits for", public=False),
        ),
    ),
    Table(
        "funding",
        "convene",
        "Money asked for, pledged or received.",
        (
            _key("funding_id", "slug", "the entry"),
            _need("source", "text", "who gives"),
            _need("amount", "number", "USD", unit="USD", minimum=0),
            _need("status", "choice", "where it stands", choices=("asked", "pledged", "received")),
            _may("project_id", "slug", "the project it is for; empty for the coalition", **_PROJECT),
            _may("on", "date", "the day of the status"),
        ),
    ),
    Table(
        "areas",
        "landscape",
        "One area of the community; its outline comes with it or is built in (counties).",
        (
            _key("geoid", "geoid", "the area, a string with its leading zeros"),
            _need("name", "text", "the name to show"),
            _may("longitude", "number", "degrees, of the population-weighted centre", **_LONGITUDE),
            _may("latitude", "number", "degrees, of the population-weighted centre", **_LATITUDE),
        ),
    ),
    Table(
        "indicators",
        "landscape",
        "One figure of one area, period and segment.",
        (
            _key("geoid", "geoid", "the area", **_AREA),
            _key("indicator", "text", "name of the indicator, as in the issue profile or the study's own"),
            _key("period", "period", "the period that the figure describes"),
            _key("segment", "slug", "age band or group; empty is everybody", empty=True),
            _need("value", "number", "the figure; empty is missing", empty=True, counts_people=True, acs=True),
            _may("moe", "number", "margin of error, 90 %", minimum=0, acs=True),
            _may("n", "number", "cases that it rests on", minimum=0, counts_people=True),
            _may("source", "text", "who published it; without one it is the coalition's own"),
            _may("reason", "text", "why the value or its margin is missing"),
            _may("ages", "text", "the ages that the segment covers here"),
        ),
    ),
    Table(
        "facilities",
        "landscape",
        "A place that serves people.",
        (
            _key("facility_id", "slug", "the facility"),
            _need("name", "text", "the name to show"),
            _need("kind", "slug", "kind of facility"),
            _need("longitude", "number", "degrees", **_LONGITUDE),
            _need("latitude", "number", "degrees", **_LATITUDE),
            _may(
                "geoid",
                "geoid",
                "the area it belongs to; where given it is believed before the point",
                **_AREA,
            ),
            _may("partner_id", "slug", "the partner that runs it", **_PARTNER),
            _may("days", "days", "days that it opens, such as Mo-Fr or Mo,We,Sa; of the hours, where it gives any"),
            _may("opens", "time", "opening time"),
            _may("closes", "time", "closing time; at or before `opens` means the next day"),
            _may("accepts_subsidy", "yes-no", "whether it takes subsidised places"),
            _may("staff", "number", "people on the staff", minimum=0),
            _may("credentialed_staff", "number", "people on the staff with the credential", minimum=0),
            _may("quality", "number", "quality on the issue profile's scale", minimum=0),
        ),
    ),
    Table(
        "capacity",
        "landscape",
        "A facility's places for one segment.",
        (
            _key("facility_id", "slug", "the facility", link="facilities.facility_id"),
            _key("segment", "slug", "the segment; empty where the source does not say", **_SEGMENT),
            _may("licensed", "number", "licensed seats; empty is unknown, and adds nothing", minimum=0),
            _may("low", "number", "licensed seats by the strictest reading", minimum=0),
            _may("high", "number", "licensed seats by the widest reading", minimum=0),
            _may("usable", "number", "staffed seats", minimum=0),
            _may("vacancies", "number", "free seats", minimum=0, public=False),
            _may("enrolled", "number", "children or people enrolled", minimum=0, counts_people=True),
            _may("price_week", "number", "full price, USD a week", unit="USD", minimum=0, public=False),
            _may("price_week_after_aid", "number", "price after aid, USD a week", unit="USD", minimum=0, public=False),
        ),
        ascending=(("low", "licensed", "high"), ("vacancies", "licensed"), ("vacancies", "usable")),
    ),
    Table(
        "initiatives",
        "landscape",
        "Work on the issue that is already under way.",
        (
            _key("initiative_id", "slug", "the initiative"),
            _need("name", "text", "the name to show"),
            _need("lead", "slug", "the partner that leads", **_PARTNER),
            _need("lever", "slug", "the lever that it works on", vocabulary="levers"),
            _may("partners", "slugs", "the partners that take part", **_PARTNER),
            _may("areas", "geoids", "where; empty is everywhere", **_AREA),
            _may("people_served", "number", "people a year", minimum=0, counts_people=True),
            _may("annual_cost", "number", "USD a year", unit="USD", minimum=0),
            _may("evidence", "integer", "how good the evidence is", **_FIVE),
            _may("scalability", "integer", "how well it could grow", **_FIVE),
            _may("started_on", "date", "first day"),
            _may("ends_on", "date", "last day"),
        ),
        ascending=(("started_on", "ends_on"),),
    ),
    Table(
        "voices",
        "landscape",
        "Something that residents said.",
        (
            _key("voice_id", "slug", "the voice"),
            _need("theme", "text", "what it is about"),
            _need("text", "text", "the words"),
            _may("geoid", "geoid", "where", **_AREA),
            _may("group", "text", "who, as a group"),
            _may("count", "number", "how many said it", minimum=0, counts_people=True),
            _may("public", "yes-no", "whether it may be published"),
            _may("indicator", "text", "the indicator that it speaks to", link="indicators.indicator"),
        ),
    ),
    Table(
        "regions",
        "landscape",
        "An area's place in a larger region.",
        (
            _key("geoid", "geoid", "the area", **_AREA),
            _key("region_kind", "text", "kind of region, such as school district"),
            _need("region", "text", "name of the region"),
        ),
    ),
    Table(
        "travel",
        "landscape",
        "Travel time from an area to a facility, in place of straight-line miles.",
        (
            _key("geoid", "geoid", "the area", **_AREA),
            _key("facility_id", "slug", "the facility", link="facilities.facility_id"),
            _need("minutes", "number", "minutes one way", minimum=0),
        ),
    ),
    Table(
        "peers",
        "landscape",
        "One figure of one community that the study's areas may be like.",
        (
            _key("geoid", "geoid", "the community; it need not be one of the study's areas"),
            _need("name", "text", "the name to show"),
            _key("indicator", "text", "the indicator, named as in the table of indicators"),
            _key("period", "period", "the period that the figure describes"),
            _key("segment", "slug", "age band or group; empty is everybody", empty=True),
            _need("value", "number", "the figure; empty is missing", empty=True, acs=True),
            _may("source", "text", "who published it"),
        ),
    ),
    Table(
        "drivers",
        "landscape",
        "A reason why the issue persists.",
        (
            _key("driver_id", "slug", "the driver"),
            _need("text", "text", "the reason, in a sentence"),
            _need("lever", "slug", "the lever that it calls for", vocabulary="levers"),
            _may("indicator", "text", "the indicator that speaks to it", link="indicators.indicator"),
            _may("voice_id", "slug", "the voice that speaks to it", link="voices.voice_id"),
        ),
    ),
    Table(
        "projects",
        "strategy",
        "A project that the coalition could choose.",
        (
            _key("project_id", "slug", "the project"),
            _need("name", "text", "the name to show"),
            _need("lead", "slug", "the partner that leads", **_PARTNER),
            _need("lever", "slug", "the lever that it works on", vocabulary="levers"),
            _need("cost", "number", "USD", unit="USD", minimum=0),
            _may("description", "text", "what would be done"),
            _may("why_joint", "text", "why no one could do it alone"),
            _may("segment", "slug", "the segment that it serves; empty is everybody", vocabulary="segments"),
            _may("partners", "slugs", "the partners that take part", **_PARTNER),
            _may("areas", "geoids", "where; empty is everywhere", **_AREA),
            _may("months", "number", "months until it is complete", minimum=0),
            _may("builds_on", "slugs", "initiatives that it builds on", link="initiatives.initiative_id"),
            _may("requires", "slugs", "projects without which it cannot be done", **_PROJECT),
            _may("excludes", "slugs", "projects that cannot be done beside it", **_PROJECT),
            _may("gate", "yes-no", "whether it is proper, affordable, acceptable and lawful (PEARL)"),
        ),
    ),
    Table(
        "criteria",
        "strategy",
        "A criterion by which projects are judged.",
        (
            _key("criterion", "slug", "the criterion"),
            _need("name", "text", "the name to show"),
            _need("goal", "choice", "whether more or less is better", choices=("max", "min")),
            _may("worst", "number", "the worst of the range judged; by default the worst seen"),
            _may("best", "number", "the best of the range judged; by default the best seen"),
        ),
    ),
    Table(
        "scores",
        "strategy",
        "A project's score on one criterion.",
        (
            _key("project_id", "slug", "the project", **_PROJECT),
            _key("criterion", "slug", "the criterion", link="criteria.criterion"),
            _need("value", "number", "the score, in the criterion's own unit"),
            _key("partner_id", "slug", "whose judgement; empty is agreed by all", **_PARTNER, empty=True),
        ),
        public=False,
    ),
    Table(
        "weights",
        "strategy",
        "The points that one partner gives one criterion.",
        (
            _key("partner_id", "slug", "the partner", **_PARTNER),
            _key("criterion", "slug", "the criterion", link="criteria.criterion"),
            _need("points", "number", "points, rescaled to sum 1 for each partner", minimum=0, maximum=100),
        ),
        public=False,
    ),
    Table(
        "effects",
        "strategy",
        "What a project is expected to change in a measure once it is complete.",
        (
            _key("project_id", "slug", "the project", **_PROJECT),
            _key("measure_id", "slug", "the measure", **_MEASURE),
            _may("low", "number", "the least to expect, in the measure's unit"),
            _need("mid", "number", "what to expect, in the measure's unit"),
            _may("high", "number", "the most to expect, in the measure's unit"),
        ),
    ),
    Table(
        "sites",
        "strategy",
        "A candidate place for new capacity.",
        (
            _key("site_id", "slug", "the site"),
            _need("name", "text", "the name to show"),
            _need("longitude", "number", "degrees", **_LONGITUDE),
            _need("latitude", "number", "degrees", **_LATITUDE),
            _may("segment", "slug", "the segment that it would serve", vocabulary="segments"),
            _may("seats", "number", "seats that it would add", minimum=0),
            _need("cost", "number", "USD", unit="USD", minimum=0),
        ),
    ),
    Table(
        "measures",
        "redesign",
        "A measure that the coalition shares.",
        (
            _key("measure_id", "slug", "the measure"),
            _need("name", "text", "the name to show"),
            _need("unit", "text", "what it is counted in"),
            _need("direction", "choice", "which way is better", choices=("up", "down")),
            _need("kind", "choice", "what it tells", choices=("how-much", "how-well", "better-off")),
            _may("definition", "text", "who is counted, when, from which record"),
            _may("expected", "number", "change by the target's date without new work, in the measure's unit"),
            _may("baseline_on", "date", "day of the baseline"),
            _may("baseline", "number", "the baseline"),
            _may("target_on", "date", "day by which the target is to be met"),
            _may("target", "number", "the target"),
            _may("indicator", "text", "the landscape's name for it"),
            _may("closes_gap", "yes-no", "whether one more of it is one place more for people in need"),
            _may("owner", "slug", "the partner that answers for it", **_PARTNER),
            _may("reporters", "slugs", "the partners that owe figures", **_PARTNER),
            _may("frequency", "choice", "how often it is reported", choices=_FREQUENCY),
            _may(
                "rollup",
                "choice",
                "how partners' figures become the community's",
                choices=("sum", "mean", "weighted", "last"),
            ),
            _may("source", "text", "where its figures are published; without one they are the coalition's own"),
            _may("audience", "choice", "who sees it", choices=("public", "internal")),
        ),
        ascending=(("baseline_on", "target_on"),),
    ),
    Table(
        "observations",
        "redesign",
        "A measure's figure for one period, of one partner or of the community.",
        (
            _key("measure_id", "slug", "the measure", **_MEASURE),
            _key("period", "period", "the period"),
            _key("partner_id", "slug", "who reports; empty is the community as a whole", **_PARTNER, empty=True),
            _key("segment", "slug", "the group; empty is everybody", empty=True),
            _may("reported_on", "date", "the day it was reported"),
            _may("value", "number", "the figure, in the measure's unit", counts_people=True),
            _may("numerator", "number", "of a share or mean: what is counted", counts_people=True),
            _may("denominator", "number", "of a share or mean: out of what", minimum=0, counts_people=True),
        ),
        needs=(("value",), ("numerator", "denominator")),
    ),
    Table(
        "deliverables",
        "redesign",
        "Something that a project must deliver.",
        (
            _key("deliverable_id", "slug", "the deliverable"),
            _need("project_id", "slug", "the project", **_PROJECT),
            _may("measure_id", "slug", "the measure that it should move", **_MEASURE),
            _need("name", "text", "the name to show"),
            _need("owner", "slug", "the partner that answers for it", **_PARTNER),
            _need("due_on", "date", "the day it is due"),
            _need("status", "choice", "where it stands", choices=("planned", "started", "done", "dropped")),
            _may("done_on", "date", "the day it was done"),
        ),
    ),
    Table(
        "rules",
        "redesign",
        "What the coalition agreed, beforehand, to do when a measure does something.",
        (
            _key("rule_id", "slug", "the rule"),
            _need("measure_id", "slug", "the measure", **_MEASURE),
            _need(
                "when",
                "choice",
                "when it fires",
                choices=("off-track", "signal-worse", "target-missed", "no-data"),
            ),
            _need("then", "text", "what is to be done then"),
            _may("agreed_on", "date", "the day it was agreed"),
        ),
    ),
    Table(
        "system_changes",
        "redesign",
        "A change of policy, practice or funding.",
        (
            _key("change_id", "slug", "the change"),
            _need("kind", "choice", "what changes", choices=("policy", "practice", "funding")),
            _need("text", "text", "the change, in a sentence"),
            _need("status", "choice", "where it stands", choices=("proposed", "adopted", "in-force")),
            _may("on", "date", "the day of the status"),
            _may("project_id", "slug", "the project that brought it", **_PROJECT),
        ),
    ),
    Table(
        "comparisons",
        "redesign",
        "A measure's figure in a place or group that had no such work.",
        (
            _key("measure_id", "slug", "the measure", **_MEASURE),
            _key("period", "period", "the period"),
            _key("unit", "text", "the place or group"),
            _need("value", "number", "the figure, in the measure's unit"),
            _may("changed_on", "date", "on rows of the study itself: the day the work began"),
        ),
    ),
    Table(
        "decisions",
        "redesign",
        "Something that the coalition decided.",
        (
            _key("decision_id", "slug", "the decision"),
            _need("decided_on", "date", "the day"),
            _need("text", "text", "the decision, in a sentence"),
            _may("rule_id", "slug", "the rule that it answers", link="rules.rule_id"),
            _may("project_id", "slug", "the project that it concerns", **_PROJECT),
            _may("measure_id", "slug", "the measure that it concerns", **_MEASURE),
        ),
        public=False,
    ),
    Table(
        "communications",
        "redesign",
        "Who is told what, how, and how often.",
        (
            _key("communication_id", "slug", "the communication"),
            _need("audience", "text", "who is told"),
            _need("channel", "text", "how"),
            _need("purpose", "text", "what for"),
            _need("frequency", "choice", "how often", choices=_FREQUENCY),
            _need("owner", "slug", "the partner that answers for it", **_PARTNER),
            _may("last_on", "date", "the last time"),
            _need("internal", "yes-no", "whether it is for the coalition alone"),
        ),
    ),
)

INPUTS: Mapping[str, Table] = MappingProxyType({t.name: t for t in _INPUTS})

_WAVE = _key("wave", "period", "the survey's wave")
_OF_PARTNER = _key("partner_id", "slug", "the partner")
_OF_PROJECT = _key("project_id", "slug", "the project")
_OF_MEASURE = _key("measure_id", "slug", "the measure")
_OF_AREA = _key("geoid", "geoid", "the area")
_OF_SEGMENT = _key("segment", "slug", "the segment; `all` is everybody")
_DUE = _may("due_on", "date", "the day it is due")


def _figure(name: str, help: str, **more: object) -> Column:
    return _may(name, "number", help, **more)


_OUTPUTS = (
    Table(
        "sector_coverage",
        "convene",
        "A sector: how many of its partners are at the table.",
        (
            _key("sector", "slug", "the sector"),
            _may("needed", "yes-no", "whether the issue needs it at the table"),
            _may("joined", "integer", "partners that have joined"),
            _may("invited", "integer", "partners that are invited"),
            _may("prospects", "integer", "partners that could be asked", public=False),
            _may("gap", "yes-no", "needed, and nobody has joined"),
        ),
        made_from=("partners",),
    ),
    Table(
        "network_partners",
        "convene",
        "A partner's place in the network of one wave.",
        (
            _WAVE,
            _OF_PARTNER,
            _may("degree", "integer", "partners that it has a tie with"),
            _may("in_degree", "integer", "partners that report a tie with it"),
            _may("out_degree", "integer", "partners that it reports a tie with; empty where it did not answer"),
            _figure("strength", "sum of its ties' levels"),
            _figure("betweenness", "share of shortest paths between others that pass through it (Freeman)"),
            _figure("closeness", "closeness with unreachable partners counted (Wasserman and Faust)"),
            _figure("constraint", "Burt's constraint; empty without ties"),
            _figure("trust", "mean of the trust ratings received, 1 to 4; with one decimal in a report, as its bounds"),
            _figure("value", "mean of the value ratings received, 1 to 4; with one decimal in a report, as its bounds"),
            _may("community", "integer", "group of partners with more ties inside than out (Louvain)"),
            _may("n_ratings", "integer", "partners that rated it"),
            _may("answered", "yes-no", "whether it answered; if not, it is known by what others say"),
            _may("degree_high", "integer", "degree, had all who did not answer named every tie they could"),
            _may("in_degree_high", "integer", "in_degree in that case"),
            _figure("strength_high", "strength in that case, each of those ties at level 5"),
            _figure("trust_low", "trust, had all who did not answer rated it 1"),
            _figure("trust_high", "trust, had all who did not answer rated it 4"),
            _figure("value_low", "value, had all who did not answer rated it 1"),
            _figure("value_high", "value, had all who did not answer rated it 4"),
            _share("response_rate", "joined partners that answered in this wave, in those asked"),
        ),
        public=False,
        made_from=("ties", "partners"),
    ),
    Table(
        "network_summary",
        "convene",
        "The network of one wave as a whole.",
        (
            _WAVE,
            _may("partners", "integer", "partners in the network"),
            _may("respondents", "integer", "joined partners that answered"),
            _share("response_rate", "respondents in those asked"),
            _may("ties", "integer", "pairs with a tie"),
            _may("confirmed", "integer", "of these, reported by both sides"),
            _share("density", "ties in all pairs"),
            _share("reciprocity", "of pairs where both answered and one reports a tie, those where both do"),
            _share("degree_centralization", "how far one partner holds the network (Freeman)"),
            _may(
                "ei_index",
                "number",
                "ties across sectors less ties within, in all ties",
                minimum=-1,
                maximum=1,
            ),
            _may("components", "integer", "parts without a tie between them"),
            _figure("mean_trust", "mean of the partners' trust, 1 to 4; in a report, of those shown, with one decimal"),
            _figure("mean_value", "mean of the partners' value, 1 to 4; in a report, of those shown, with one decimal"),
            _may("ties_high", "integer", "ties, were there one wherever one side did not answer"),
            _share("density_high", "density in that case"),
            _share("reciprocity_low", "least reciprocity over all pairs, whatever the others would have answered"),
            _share("reciprocity_high", "most reciprocity over all pairs, likewise"),
            _share("degree_centralization_low", "a bound below which it cannot lie, likewise"),
            _share("degree_centralization_high", "most degree centralization, likewise"),
            _may("ei_index_low", "number", "least E-I index, likewise", minimum=-1, maximum=1),
            _may("ei_index_high", "number", "most E-I index, likewise", minimum=-1, maximum=1),
            _may("components_low", "integer", "fewest parts, likewise"),
            _figure("mean_trust_low", "least mean trust of the same partners, had all answered"),
            _figure("mean_trust_high", "most mean trust of the same partners, had all answered"),
            _figure("mean_value_low", "least mean value of the same partners, had all answered"),
            _figure("mean_value_high", "most mean value of the same partners, had all answered"),
            _may("new_ties", "integer", "pairs with a tie that had none in the wave before; empty in the first"),
            _may("new_ties_comparable", "integer", "of these, pairs of which the same sides answered in both waves"),
            _may("lost_ties", "integer", "pairs with a tie in the wave before that have none now"),
            _may("lost_ties_comparable", "integer", "of these, pairs of which the same sides answered in both waves"),
        ),
        made_from=("ties", "partners"),
    ),
    Table(
        "network_changes",
        "convene",
        "A pair of partners whose tie is not what it was in the wave before.",
        (
            _WAVE,
            _key("partner_a", "slug", "one partner"),
            _key("partner_b", "slug", "the other"),
            _may("wave_before", "period", "the wave that this one is compared with"),
            _may("change", "choice", "what changed", choices=("new", "lost", "stronger", "weaker")),
            _may("strength_before", "integer", "level before; empty where there was no tie"),
            _may("strength", "integer", "level now; empty where there is no tie"),
            _may(
                "comparable",
                "yes-no",
                "whether the same sides answered in both waves; if not, only the answers may have changed",
            ),
            _may("came_or_left", "yes-no", "whether one of the two was not in the network in one of the waves"),
        ),
        public=False,
        made_from=("ties", "partners"),
    ),
    Table(
        "introductions",
        "convene",
        "Two partners without a tie whose introduction would tie the network of the latest wave together more.",
        (
            _key("rank", "integer", "1 gains most"),
            _may("partner_a", "slug", "one partner"),
            _may("partner_b", "slug", "the other"),
            _figure("gain", "rise of global efficiency, 0 to 1 (Latora and Marchiori)"),
            _may("steps", "integer", "ties on the shortest way between them now; empty where there is none"),
            _may("reason", "text", "why, in a sentence"),
            _may("shortlist", "yes-no", "whether it is the first pair of both, from the best down; each is on it once"),
            _share("response_rate", "joined partners that answered in this wave, in those asked"),
        ),
        public=False,
        made_from=("ties", "partners"),
    ),
    Table(
        "conditions",
        "convene",
        "One of the five conditions in one wave: what partners say, and what the tables show.",
        (
            _WAVE,
            _key("condition", "slug", "the condition"),
            _figure("score", "mean over respondents, 1 to 5; in a report, with one decimal, as the other scores"),
            _figure("low", "lower end of the 95 % interval (t); in a report, from the rounded score and spread"),
            _figure("high", "upper end of the 95 % interval (t); in a report, likewise"),
            _may("respondents", "integer", "those who answered"),
            _may("level", "integer", "level of the readiness instrument"),
            _may("evidence", "text", "what the study's other tables show"),
            _figure("spread", "standard deviation between respondents; in a report, from five respondents on"),
            _figure("backbone", "mean over those who speak for the backbone, 1 to 5"),
            _figure("others", "mean over the other respondents, 1 to 5"),
            _may("n_backbone", "integer", "respondents who speak for the backbone"),
            _may("n_others", "integer", "the other respondents"),
        ),
        made_from=("readiness",),
    ),
    Table(
        "comments",
        "convene",
        "What a respondent added to a statement of the readiness survey; nothing says who.",
        (
            _WAVE,
            _key("item", "slug", "the statement"),
            _key("number", "integer", "counts the comments on one statement, in the order of their letters"),
            _may("condition", "slug", "the condition that the statement speaks of"),
            _may("comment", "text", "the words, names of partners left out"),
        ),
        public=False,
        never_public=True,
        made_from=("readiness",),
    ),
    Table(
        "gate",
        "convene",
        "A precondition of going on: whether it holds, and what would change it.",
        (
            _key("precondition", "choice", "the precondition", choices=("urgency", "champion", "resources")),
            _may("holds", "yes-no", "the coalition's judgement; empty where it has not judged"),
            _may("evidence", "text", "what it gives as evidence"),
            _may("tables_show", "text", "what the study's tables show of it", public=False),
            _may("to_change", "text", "what would change it, where it does not hold"),
        ),
        made_from=("preconditions", "funding", "partners"),
    ),
    Table(
        "indicators",
        "landscape",
        "An indicator's figure for one area, with how sure it is.",
        (
            _OF_AREA,
            _key("indicator", "text", "the indicator"),
            _key("period", "period", "the period"),
            _key("segment", "slug", "the segment; empty is everybody", empty=True),
            _figure("value", "the figure", counts_people=True, unit="row"),
            _figure("moe", "margin of error, 90 %", unit="row"),
            _figure("low", "lower end of the 90 % interval", unit="row"),
            _figure("high", "upper end of the 90 % interval", unit="row"),
            _figure("cv", "coefficient of variation: standard error in the estimate"),
            _may(
                "quality",
                "choice",
                "class of the coefficient of variation",
                choices=("high", "medium", "low"),
            ),
            _may("suppressed", "yes-no", "whether the publisher withheld it"),
            _share("percentile", "share of the study's areas with a lower value, ties counted half"),
            _figure("peer_median", "median of like areas"),
            _may("source", "text", "who published it"),
            _may(
                "censored",
                "choice",
                "of a median in the publisher's open-ended class, whose limit the figure is",
                choices=("or-more", "or-less"),
            ),
            _may("reason", "text", "why the value is missing, or the limit of a class"),
        ),
        made_from=("indicators",),
    ),
    Table(
        "indicator_summary",
        "landscape",
        "An indicator over the study's areas: the total of a count, the middle, and the two ends.",
        (
            _key("indicator", "text", "the indicator"),
            _key("period", "period", "the period"),
            _key("segment", "slug", "the segment; empty is everybody", empty=True),
            _may("areas", "integer", "areas of the study"),
            _may("areas_known", "integer", "areas whose figure is known; all that follows is over these"),
            _figure("total", "of a count: the sum over areas", counts_people=True, unit="row"),
            _figure("total_moe", "its margin of error, 90 %; empty where an area has none"),
            _figure("minimum", "the smallest figure", counts_people=True, unit="row"),
            _figure("median", "the figure of the area in the middle", counts_people=True, unit="row"),
            _figure("maximum", "the largest figure", counts_people=True, unit="row"),
            _may("lowest", "geoid", "the area with the smallest figure, where one alone has it", **_AREA),
            _may("highest", "geoid", "the area with the largest figure, where one alone has it", **_AREA),
            _may("low_quality", "integer", "areas whose figure is of low reliability"),
            _may("censored", "integer", "areas whose median lies in the publisher's open-ended class"),
            _may("source", "text", "who published it, `;` between"),
        ),
        made_from=("indicators",),
        follows=("indicators",),
    ),
    Table(
        "trends",
        "landscape",
        "The change of an area's figure between two periods.",
        (
            _OF_AREA,
            _key("indicator", "text", "the indicator"),
            _key("segment", "slug", "the segment; empty is everybody", empty=True),
            _may("from_period", "period", "the first period"),
            _may("to_period", "period", "the last period"),
            _figure("first", "the figure of the first period", counts_people=True),
            _figure("last", "the figure of the last period", counts_people=True),
            _figure("change", "last less first"),
            _figure("moe", "its margin of error, 90 %; empty where one of the two has none"),
            _figure("change_share", "the change in the first figure", unit="share"),
            _figure("change_share_moe", "its margin of error, 90 %", unit="share"),
            _figure("change_real", "of money: the change in the last period's dollars"),
            _may("significant", "yes-no", "whether the two, money in one year's dollars, differ at the 90 % level"),
            _may("overlap", "yes-no", "whether the two periods' windows share years, so that they cannot be compared"),
        ),
        made_from=("indicators",),
        follows=("indicators",),
    ),
    Table(
        "peers",
        "landscape",
        "A community like an area, by the indicators that both have.",
        (
            _OF_AREA,
            _key("rank", "integer", "1 is the most alike"),
            _need("peer", "geoid", "the like community"),
            _may("name", "text", "its name"),
            _figure("distance", "how unlike the two are: standard deviations apart, over all indicators matched on"),
            _may("matched_on", "text", "the indicators matched on, `;` between"),
        ),
        made_from=("indicators", "peers"),
    ),
    Table(
        "gap",
        "landscape",
        "Need against seats in one area, for one segment.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _figure("need", "people who potentially need a seat", counts_people=True),
            _figure("need_moe", "its margin of error, 90 %"),
            _figure("supply", "licensed seats"),
            _figure("usable", "seats that can be used"),
            _figure("usable_low", "the same by the strictest reading of the seats"),
            _figure("usable_high", "the same by the widest reading of the seats"),
            _figure("ratio", "usable seats for each person in need"),
            _figure("unmet", "people in need beyond the usable seats", counts_people=True),
            _figure("unmet_low", "the same by the widest reading of the seats", counts_people=True),
            _figure("unmet_high", "the same by the strictest reading of the seats", counts_people=True),
            _figure("access", "seats within reach for each person in need (enhanced two-step floating catchment)"),
            _figure("people_per_seat", "people in need for each usable seat"),
            _share(
                "p_shortage",
                "probability that need is more than the shortage threshold times the usable seats",
            ),
            _may("cap_desert", "yes-no", "shortage in the manner of the Center for American Progress"),
            _may("spatial_desert", "yes-no", "shortage by the area's own seats"),
            _may("access_desert", "yes-no", "shortage by the seats within reach"),
            _may("need_basis", "text", "how need was made: `direct`, `people-times-share` or `people`"),
            _may("need_period", "text", "periods of the figures behind it, `;` between"),
            _may("unknown", "integer", "facilities here whose seats are unknown; they add nothing"),
            _figure("unstaffed", "licensed or staffed seats that the credentialed staff cannot serve; not usable"),
            _may(
                "access_basis",
                "choice",
                "what the distance is measured in and from",
                choices=("minutes", "miles-from-centre", "miles-from-point-on-surface"),
            ),
            _may(
                "access_reason",
                "choice",
                "why access is 0 or missing",
                choices=(
                    "nothing-in-reach",
                    "no-seats-in-reach",
                    "no-need",
                    "need-unknown",
                    "place-unknown",
                    "seats-unknown",
                ),
            ),
        ),
        made_from=("indicators", "capacity", "facilities"),
    ),
    Table(
        "region_gap",
        "landscape",
        "Need against seats in one region, for one segment: the sum of its areas.",
        (
            _key("region_kind", "text", "kind of region"),
            _key("region", "text", "the region"),
            _OF_SEGMENT,
            _may("areas", "integer", "areas of the region"),
            _may("areas_with_need", "integer", "areas whose need is known; every sum runs over these"),
            _figure("need", "people who potentially need a seat", counts_people=True),
            _figure("need_moe", "its margin of error, 90 %; empty where an area has none"),
            _figure("supply", "licensed seats"),
            _figure("usable", "seats that can be used"),
            _figure("usable_low", "the same by the strictest reading of the seats"),
            _figure("usable_high", "the same by the widest reading of the seats"),
            _figure("pooled_gap", "need beyond usable seats if every seat served the whole region", counts_people=True),
            _figure("spatial_gap", "sum of the areas' unmet need", counts_people=True),
            _figure("sufficiency", "usable seats for each person in need"),
            _figure("access", "seats within reach for each person in need, mean of the areas weighted by need"),
            _may("cap_desert", "integer", "areas short in the manner of the Center for American Progress"),
            _may("spatial_desert", "integer", "areas short by their own seats"),
            _may("access_desert", "integer", "areas short by the seats within reach"),
            _may("unknown", "integer", "facilities whose seats are unknown; they add nothing"),
        ),
        made_from=("regions", "indicators", "capacity", "facilities"),
        follows=("gap",),
    ),
    Table(
        "region_indicators",
        "landscape",
        "An indicator's figure for one region, made from those of its areas.",
        (
            _key("region_kind", "text", "kind of region"),
            _key("region", "text", "the region"),
            _key("indicator", "text", "the indicator"),
            _key("period", "period", "the period"),
            _key("segment", "slug", "the segment; empty is everybody", empty=True),
            _may("areas", "integer", "areas of the region"),
            _may("areas_known", "integer", "areas whose figure is known; the region's is over these"),
            _figure(
                "value", "the figure; empty where the areas' figures cannot make one", counts_people=True, unit="row"
            ),
            _figure("moe", "margin of error, 90 %; empty where an area has none", unit="row"),
            _figure("cv", "coefficient of variation: standard error in the estimate"),
            _may("quality", "choice", "class of the coefficient of variation", choices=("high", "medium", "low")),
            _may(
                "how",
                "choice",
                "how the figure was made; `none`: a median or share that its areas' figures cannot give",
                choices=("sum", "weighted", "median-of-classes", "none"),
            ),
            _may(
                "censored",
                "choice",
                "of a median in an open-ended class, whose limit the figure is",
                choices=("or-more", "or-less"),
            ),
            _may("source", "text", "who published it, `;` between"),
        ),
        made_from=("regions", "indicators"),
        follows=("indicators",),
    ),
    Table(
        "uptake",
        "landscape",
        "How many of an area's usable seats are filled, and how many people of its segment are enrolled.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _may("facilities", "integer", "facilities of the area with seats for the segment"),
            _may("told", "integer", "those of them that tell their vacancies"),
            _figure("usable", "usable seats at those that tell"),
            _figure("vacancies", "free seats at those that tell"),
            _figure("filled", "usable less vacancies, at those that tell"),
            _figure("occupancy", "filled in usable", unit="share"),
            _may("told_enrolled", "integer", "facilities that tell how many are enrolled"),
            _figure("enrolled", "people enrolled, at those that tell", counts_people=True),
            _figure("eligible", "people of the segment who live in the area", counts_people=True),
            _figure("uptake", "enrolled for each eligible person; at least so many where not every facility tells"),
        ),
        public=False,
        made_from=("capacity", "indicators", "facilities"),
        follows=("gap",),
    ),
    Table(
        "hours_gap",
        "landscape",
        "Seats open in one hour of the day against those who need one while parents work.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _key("day", "choice", "the day", choices=("weekday", "saturday", "sunday")),
            _key("hour", "integer", "the hour from, 0 to 23", minimum=0, maximum=23),
            _figure("seats_open", "usable seats of facilities that are open through the whole hour"),
            _figure("seats_unknown", "usable seats of facilities whose hours are unknown"),
            _figure("at_work", "share of parents who are at work in the hour", unit="share"),
            _figure("seats_needed", "need times that share", counts_people=True),
            _figure("short", "needed beyond open, as if unknown hours were closed", counts_people=True),
            _figure("short_low", "needed beyond open, as if unknown hours were open", counts_people=True),
        ),
        made_from=("facilities", "capacity", "indicators"),
        follows=("gap",),
    ),
    Table(
        "gap_summary",
        "landscape",
        "Need against seats over all areas whose need is known, for one segment.",
        (
            _OF_SEGMENT,
            _may("areas", "integer", "areas of the study"),
            _may("areas_with_need", "integer", "areas whose need is known; every sum runs over these"),
            _figure("need", "people who potentially need a seat", counts_people=True),
            _figure("supply", "licensed seats"),
            _figure("usable", "usable seats"),
            _figure("usable_low", "the same by the strictest reading of the seats"),
            _figure("usable_high", "the same by the widest reading of the seats"),
            _figure("pooled_gap", "need beyond usable seats if every seat served everywhere", counts_people=True),
            _figure("spatial_gap", "sum of the areas' unmet need", counts_people=True),
            _figure("spatial_gap_low", "lower end of its 90 % interval", counts_people=True),
            _figure("spatial_gap_high", "upper end of its 90 % interval", counts_people=True),
            _figure("spatial_gap_strict", "spatial gap by the strictest reading of the seats", counts_people=True),
            _figure("spatial_gap_wide", "spatial gap by the widest reading of the seats", counts_people=True),
            _figure("sufficiency", "usable seats for each person in need"),
            _may("need_period", "text", "periods of the figures behind need, `;` between"),
            _may("unknown", "integer", "facilities whose seats are unknown; they add nothing"),
        ),
        made_from=("indicators", "capacity", "facilities"),
    ),
    Table(
        "affordability",
        "landscape",
        "The price of one person's full-time place against a family's income.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _figure("price_week", "USD a week", unit="USD"),
            _may("price_vintage", "period", "period of the price"),
            _figure("median_family_income", "USD a year", unit="USD"),
            _may("income_vintage", "period", "period of the income"),
            _figure("share", "52 weeks' price in the income", unit="share"),
            _figure("benchmark", "the share that it is held against", unit="share"),
            _may("years", "integer", "years between price and income"),
            _figure("share_low", "lower end of the share's 90 % interval, from the income's margin", unit="share"),
            _figure("share_high", "upper end of the share's 90 % interval, from the income's margin", unit="share"),
            _figure("share_same_dollars", "the share with the price in the dollars of the income's year", unit="share"),
            _figure("price_week_after_aid", "USD a week, after aid", unit="USD", public=False),
            _figure("share_after_aid", "52 weeks' price after aid in the income", unit="share", public=False),
            _may("price_basis", "choice", "whose prices", choices=("facilities", "indicator")),
            _may(
                "censored",
                "choice",
                "the income lies in an open-ended class, and so the share too",
                choices=("at-most", "at-least"),
            ),
        ),
        made_from=("indicators", "capacity"),
    ),
    Table(
        "affordability_years",
        "landscape",
        "The price of one person's full-time place against a family's income, year by year.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _key("year", "integer", "year of the price"),
            _figure("price_week", "USD a week, of the year", unit="USD"),
            _figure("median_family_income", "USD a year, of the year of income", unit="USD"),
            _may("income_year", "integer", "year of the income; the nearest that is known"),
            _figure("share", "52 weeks' price in the income, both in the dollars of the price's year", unit="share"),
            _figure("price_week_real", "the price in the dollars of the base year", unit="USD"),
            _figure("income_real", "the income in the dollars of the base year", unit="USD"),
            _may("base_year", "integer", "year of the dollars"),
            _may(
                "censored",
                "choice",
                "the income lies in an open-ended class, and so the share too",
                choices=("at-most", "at-least"),
            ),
        ),
        made_from=("indicators", "capacity"),
    ),
    Table(
        "hotspots",
        "landscape",
        "Where an area and its neighbours stand out together, or the area against them (local Moran's I).",
        (
            _OF_AREA,
            _key("variable", "text", "a column of the gap (`ratio`, `access`), `price_share`, or an indicator"),
            _key("segment", "slug", "the segment; `all` is everybody"),
            _may("period", "period", "of an indicator: the period"),
            _figure("value", "the figure"),
            _figure("local_i", "local Moran's I"),
            _share("p", "two-sided pseudo-probability, from conditional permutations"),
            _share("q", "false discovery rate at which it counts (Benjamini and Hochberg)"),
            _may(
                "cluster",
                "choice",
                "where q is at most 0.10: the area, then its neighbours; empty where nothing stands out",
                choices=("high-high", "low-low", "high-low", "low-high"),
            ),
            _may("neighbours", "integer", "areas that it is set against"),
        ),
        made_from=("indicators", "capacity", "facilities"),
        follows=("gap", "indicators"),
    ),
    Table(
        "disparities",
        "landscape",
        "The figures of two groups set against each other.",
        (
            _key("indicator", "text", "a column of the gap (`ratio`, `access`), `price_share`, or an indicator"),
            _key("segment", "slug", "the segment; empty is everybody", empty=True),
            _key(
                "by",
                "text",
                "what tells the groups apart: `segment`, a kind of region, or an indicator of areas",
            ),
            _key("group_a", "text", "the group that is worse off, by the indicator's direction"),
            _key("group_b", "text", "the other"),
            _may("period", "period", "of an indicator: the period"),
            _figure("value_a", "the figure of the first group"),
            _figure("value_b", "the figure of the second group"),
            _figure("ratio", "first over second"),
            _figure("ratio_low", "lower end of the ratio's 90 % interval"),
            _figure("ratio_high", "upper end of the ratio's 90 % interval"),
            _figure("difference", "first less second"),
            _figure("low", "lower end of the difference's 90 % interval"),
            _figure("high", "upper end of the difference's 90 % interval"),
            _may("significant", "yes-no", "whether the two differ at the 90 % level; empty where that is not known"),
            _may("areas_a", "integer", "areas in the first group"),
            _may("areas_b", "integer", "areas in the second group"),
        ),
        made_from=("indicators", "capacity", "facilities"),
    ),
    Table(
        "reach",
        "landscape",
        "Which initiatives work on one lever in one area, on the study's day.",
        (
            _OF_AREA,
            _key("lever", "slug", "the lever"),
            _may("initiatives", "integer", "how many"),
            _may("initiative_ids", "slugs", "which, `;` between"),
        ),
        made_from=("initiatives",),
    ),
    Table(
        "activities",
        "strategy",
        "A partner's work on one lever.",
        (
            _key("lever", "slug", "the lever"),
            _key("partner_id", "slug", "the partner; empty where the lever has none", empty=True),
            _may("initiatives", "integer", "initiatives that it leads or takes part in"),
            _may("projects", "integer", "proposed projects that it leads or takes part in"),
            _figure("people_served", "people a year that its initiatives serve", counts_people=True),
            _may("overlap", "yes-no", "whether other partners work on the lever too"),
            _may("gap", "yes-no", "whether no initiative works on the lever"),
        ),
        public=False,
        made_from=("initiatives", "projects", "partners"),
    ),
    Table(
        "what_works",
        "strategy",
        "An initiative's evidence and scalability, and what they call for.",
        (
            _key("initiative_id", "slug", "the initiative"),
            _may("evidence", "integer", "1 to 5"),
            _may("scalability", "integer", "1 to 5"),
            _may(
                "quadrant",
                "choice",
                "what the two call for",
                choices=("scale-now", "test-at-scale", "keep-local", "learn-first"),
            ),
            _may("next_step", "text", "the next step, in a sentence"),
        ),
        made_from=("initiatives",),
    ),
    Table(
        "ranking",
        "strategy",
        "A project's place in the coalition's ranking.",
        (
            _OF_PROJECT,
            _figure("score", "weighted sum of the criteria, 0 to 1"),
            _may("rank", "integer", "1 is first"),
            _figure("rank_low", "better end of the rank over 90 % of samples of partners"),
            _figure("rank_high", "worse end of the rank over 90 % of samples of partners"),
            _share("acceptability_1", "share of all possible weights that put it first"),
            _share("acceptability_top3", "share of all possible weights that put it among the first three"),
            _may("dominated_by", "slugs", "projects at least as good everywhere and better somewhere"),
            _figure("disagreement", "interquartile range of its rank across partners"),
            _share("topsis", "closeness to the best of everything, 0 to 1 (TOPSIS): a check by another method"),
            _may("topsis_rank", "integer", "its rank by that closeness"),
            _may("lacking", "text", "criteria on which nobody has judged it, `;` between: why it has no rank"),
        ),
        made_from=("projects", "criteria", "scores", "weights"),
    ),
    Table(
        "criterion_scores",
        "strategy",
        "A project's value on one criterion, and what it is worth there.",
        (
            _OF_PROJECT,
            _key("criterion", "slug", "the criterion"),
            _figure("value", "agreed, else the mean of the partners' judgements; in the criterion's own unit"),
            _figure("score", "0 (worst) to 1 (best), whichever way the criterion points"),
            _may("judges", "integer", "partners whose judgements it is the mean of; empty where it is agreed"),
        ),
        made_from=("projects", "criteria", "scores"),
    ),
    Table(
        "criterion_weights",
        "strategy",
        "The coalition's weight of one criterion, and how far its partners are apart on it.",
        (
            _key("criterion", "slug", "the criterion"),
            _share("weight", "mean of the partners' weights"),
            _share("low", "a quarter of the partners give less"),
            _share("high", "a quarter of the partners give more"),
            _may("partners", "integer", "partners that have given weights"),
        ),
        made_from=("criteria", "weights"),
    ),
    Table(
        "partner_weights",
        "strategy",
        "One partner's weight of one criterion.",
        (
            _OF_PARTNER,
            _key("criterion", "slug", "the criterion"),
            _share("weight", "its points, rescaled to sum 1"),
        ),
        public=False,
        made_from=("criteria", "weights"),
    ),
    Table(
        "rank_acceptability",
        "strategy",
        "How many of all possible weights give a project a rank (SMAA).",
        (
            _OF_PROJECT,
            _key("rank", "integer", "the rank"),
            _share("probability", "share of weights, uniform on the simplex"),
        ),
        made_from=("projects", "criteria", "scores"),
    ),
    Table(
        "partner_rankings",
        "strategy",
        "The ranking by one partner's own weights.",
        (
            _OF_PARTNER,
            _OF_PROJECT,
            _figure("score", "weighted sum of the criteria, 0 to 1"),
            _may("rank", "integer", "1 is first"),
        ),
        public=False,
        made_from=("projects", "criteria", "scores", "weights"),
    ),
    Table(
        "objections",
        "strategy",
        "How one partner's own order treats the project that the coalition ranks first.",
        (
            _OF_PARTNER,
            _key("project_id", "slug", "the project that the coalition ranks first"),
            _may("rank", "integer", "its rank by the partner's own weights"),
            _may("own_first", "slugs", "what the partner's own weights put first"),
            _figure("loss", "by those weights, how much lower it scores than the partner's own first, 0 to 1"),
            _may("objects", "yes-no", "whether it is in the lower half of the partner's own order"),
        ),
        public=False,
        made_from=("projects", "criteria", "scores", "weights"),
    ),
    Table(
        "agreement",
        "strategy",
        "How far the partners' orders of the projects agree.",
        (
            _key("projects", "integer", "projects with a rank"),
            _may("partners", "integer", "partners that have given weights"),
            _may("silent", "integer", "joined partners that have given none"),
            _figure("kendalls_w", "Kendall's W: 1 is the same order, 0 no agreement"),
            _may("first", "slugs", "the project or projects that the coalition ranks first"),
            _may("objectors", "integer", "partners that have a first one in the lower half of their own order"),
            _figure("topsis_tau", "Kendall's tau-b between the ranks and those by TOPSIS: 1 is the same order"),
        ),
        made_from=("projects", "criteria", "scores", "weights"),
    ),
    Table(
        "portfolio",
        "strategy",
        "Whether a rule chooses a project under the budget, and why.",
        (
            _key("rule", "choice", "the rule", choices=("value", "equal-shares")),
            _OF_PROJECT,
            _may("chosen", "yes-no", "whether it is chosen"),
            _figure("cost", "USD", unit="USD"),
            _figure("value", "the score that it adds"),
            _may("why", "text", "why it is chosen or left out, in a sentence"),
        ),
        made_from=("projects", "budget", "criteria", "scores", "weights"),
    ),
    Table(
        "portfolio_summary",
        "strategy",
        "What a rule's projects cost and are worth together, and what a tenth more money would buy.",
        (
            _key("rule", "choice", "the rule", choices=("value", "equal-shares")),
            _figure("budget", "USD", unit="USD"),
            _may("projects", "integer", "projects that it chooses"),
            _figure("cost", "USD, of these", unit="USD"),
            _figure("value", "sum of their scores"),
            _may("partners", "integer", "partners that have given weights"),
            _may("partners_served", "integer", "of these, with one of their own first three among the chosen"),
            _figure("next_budget", "the budget and a tenth of it, USD", unit="USD"),
            _figure("next_value", "sum of scores that it would buy"),
            _may("next_adds", "slugs", "projects that it would add"),
            _may("next_drops", "slugs", "projects that it would leave out"),
        ),
        made_from=("projects", "budget", "criteria", "scores", "weights"),
    ),
    Table(
        "agenda_arithmetic",
        "strategy",
        "Whether the projects that a rule chooses add up to a measure's target.",
        (
            _key("rule", "choice", "the portfolio's rule", choices=("value", "equal-shares")),
            _OF_MEASURE,
            _figure("baseline", "the baseline, in the measure's unit", counts_people=True, unit="row"),
            _figure("latest", "the latest figure", counts_people=True, unit="row"),
            _figure("target", "the target", unit="row"),
            _figure("needed", "change still needed, beyond what is expected without new work"),
            _figure("low", "sum of the chosen projects' low effects"),
            _figure("mid", "sum of their mid effects"),
            _figure("high", "sum of their high effects"),
            _figure("share_of_needed", "mid in needed", unit="share"),
            _may(
                "verdict",
                "choice",
                "whether they add up",
                choices=("enough", "likely", "stretch", "short", "met", "unknown"),
            ),
        ),
        made_from=("effects", "projects", "measures", "observations", "budget", "scores", "weights"),
    ),
    Table(
        "shared_claims",
        "strategy",
        "Two chosen projects that claim the same people for one measure, so that their effects may overlap.",
        (
            _key("rule", "choice", "the portfolio's rule", choices=("value", "equal-shares")),
            _OF_MEASURE,
            _key("project_a", "slug", "the one"),
            _key("project_b", "slug", "the other"),
        ),
        made_from=("effects", "projects", "budget", "scores", "weights"),
    ),
    Table(
        "catalytic",
        "strategy",
        "Whether a project takes several: who does it, from how many sectors, and why no one could alone.",
        (
            _OF_PROJECT,
            _may("partners", "integer", "partners that lead it or take part"),
            _may("sectors", "text", "their sectors, `;` between"),
            _may("n_sectors", "integer", "how many sectors these are"),
            _may("flag", "choice", "partners of fewer than two sectors", choices=("single-organisation",)),
            _may("why_joint", "text", "why no one could do it alone"),
        ),
        made_from=("projects", "partners"),
    ),
    Table(
        "gap_coverage",
        "strategy",
        "A gap, and the initiatives and projects that work on it through one lever.",
        (
            _OF_AREA,
            _OF_SEGMENT,
            _key("lever", "slug", "the lever; empty where nothing addresses the gap", empty=True),
            _figure("unmet", "people without a place", counts_people=True),
            _may("initiatives", "integer", "initiatives under way for it"),
            _may("initiative_ids", "slugs", "which, `;` between"),
            _may("projects", "integer", "projects proposed for it"),
            _may("project_ids", "slugs", "which, `;` between"),
            _figure("seats_low", "places that committed and chosen projects are to add here, at the least"),
            _figure("seats_added", "the same, as expected"),
            _figure("seats_high", "the same, at the most"),
            _may("uncovered", "yes-no", "whether nothing addresses the gap"),
        ),
        made_from=("projects", "initiatives", "indicators", "capacity", "effects", "measures"),
        follows=("gap",),
    ),
    Table(
        "project_gaps",
        "strategy",
        "The gap that a project serves, and the places that it is to add.",
        (
            _OF_PROJECT,
            _key("segment", "slug", "whom it is for; `all` is everybody"),
            _may("areas", "integer", "areas where it works that have a gap"),
            _figure("unmet", "people without a place there", counts_people=True),
            _figure("seats_low", "places that it is to add, at the least"),
            _figure("seats", "the same, as expected"),
            _figure("seats_high", "the same, at the most"),
            _figure("share_of_unmet", "expected places in people without one there", unit="share"),
            _may("state", "choice", "how far it has come", choices=("committed", "planned", "proposed")),
            _may("measures", "slugs", "measures that it is to change"),
            _may("serves", "yes-no", "whether it serves a gap"),
            _may("why", "text", "why it serves none"),
        ),
        made_from=("projects", "indicators", "capacity", "effects", "measures"),
        follows=("gap",),
    ),
    Table(
        "gap_waterfall",
        "strategy",
        "The gap today, what is committed and planned against it, and what remains.",
        (
            _OF_SEGMENT,
            _figure("today", "people without a place in their own area", counts_people=True),
            _figure("today_low", "lower end of its 90 % interval"),
            _figure("today_high", "upper end of its 90 % interval"),
            _figure("committed_low", "of these, with a place by committed projects, at the least"),
            _figure("committed", "the same, as expected"),
            _figure("committed_high", "the same, at the most"),
            _figure("planned_low", "with a place by chosen projects that are not committed, at the least"),
            _figure("planned", "the same, as expected"),
            _figure("planned_high", "the same, at the most"),
            _figure("remaining_low", "what remains, were all to bring the most"),
            _figure("remaining", "what remains, as expected", counts_people=True),
            _figure("remaining_high", "what remains, were all to bring the least"),
            _figure("surplus", "expected places beyond the gap where they would be"),
        ),
        made_from=("projects", "indicators", "capacity", "effects", "measures"),
        follows=("gap",),
    ),
    Table(
        "chain",
        "strategy",
        "From the gap to the decision: what a project is for, what it delivers, and how that is watched.",
        (
            _OF_PROJECT,
            _key("measure_id", "slug", "a measure that it is to change; empty where it names none", empty=True),
            _may("lever", "slug", "the lever that it works on"),
            _may("serves", "yes-no", "whether it serves a gap"),
            _may("goals", "slugs", "goals of the common agenda that the measure stands for"),
            _may("deliverables", "slugs", "what it is to deliver for that measure, dropped ones left out"),
            _may("rules", "slugs", "what was agreed to do when the measure does something"),
            _may("decisions", "slugs", "decisions about the project, the measure or its rules", public=False),
            _may(
                "missing",
                "choice",
                "the first link that is missing",
                choices=("gap", "measure", "deliverable", "rule"),
            ),
        ),
        made_from=("projects", "effects", "deliverables", "rules", "decisions", "agenda"),
    ),
    Table(
        "siting",
        "strategy",
        "A candidate site: whether it is among those that serve most people without a place, and in which order.",
        (
            _key("site_id", "slug", "the site"),
            _may("segment", "slug", "whom it would serve; `all` is everybody"),
            _may("chosen", "yes-no", "whether it is among those that serve most within the budget"),
            _may("order", "integer", "1 serves most of what is left; empty where it is not chosen"),
            _may("seats", "number", "places that it would add"),
            _figure("cost", "USD", unit="USD"),
            _figure("within_reach", "people without a place within reach of it", counts_people=True),
            _figure("served", "places that would be filled, beside those of the sites before it", counts_people=True),
            _figure("unmet_before", "people without a place before it is opened", counts_people=True),
            _figure("unmet_after", "people without a place after it is opened", counts_people=True),
            _may("why", "text", "why it is chosen or left out, in a sentence"),
        ),
        made_from=("sites", "budget", "indicators", "capacity"),
        follows=("gap",),
    ),
    Table(
        "measures",
        "redesign",
        "Where a measure stands.",
        (
            _OF_MEASURE,
            _OF_SEGMENT,
            _figure("baseline", "the baseline, in the measure's unit", counts_people=True, unit="row"),
            _figure("latest", "the latest figure", counts_people=True, unit="row"),
            _may("latest_on", "date", "the last day of its period"),
            _figure("target", "the target", unit="row"),
            _may("target_on", "date", "the day by which it is to be met"),
            _figure("progress", "percent of the way from baseline to target (Healthy People 2030)", unit="percent"),
            _may(
                "class",
                "choice",
                "what the change amounts to",
                choices=("target-met", "improving", "little-or-no-change", "getting-worse"),
            ),
            _figure("projected", "value projected to the target's day (least squares)", counts_people=True, unit="row"),
            _figure("projected_low", "lower end of its 80 % prediction interval", counts_people=True, unit="row"),
            _figure("projected_high", "upper end of its 80 % prediction interval", counts_people=True, unit="row"),
            _may("status", "choice", "where it is going", choices=("met", "on-track", "off-track", "no-data")),
            _may("consecutive", "integer", "periods in a row in the present direction"),
            _may("signal", "choice", "what the control chart says", choices=("better", "worse", "none")),
            _may(
                "assurance",
                "choice",
                "whether the process as it is meets the target",
                choices=("pass", "fail", "inconsistent"),
            ),
        ),
        made_from=("measures", "observations"),
    ),
    Table(
        "control_chart",
        "redesign",
        "A point of a measure's control chart (XmR).",
        (
            _OF_MEASURE,
            _OF_SEGMENT,
            _key("period", "period", "the period"),
            _figure("value", "the figure", counts_people=True, unit="row"),
            _figure("centre", "the mean", unit="row"),
            _figure("lower", "lower natural process limit", unit="row"),
            _figure("upper", "upper natural process limit", unit="row"),
            _may("rule", "text", "the run rules that the point breaks, `;` between"),
        ),
        made_from=("observations", "measures"),
    ),
    Table(
        "reporting",
        "redesign",
        "Whether a partner that owes a figure for a period has reported it.",
        (
            _OF_MEASURE,
            _OF_PARTNER,
            _key("period", "period", "the period"),
            _may("reported", "choice", "whether it came", choices=("on-time", "late", "missing")),
        ),
        public=False,
        made_from=("observations", "measures"),
    ),
    Table(
        "deliverables",
        "redesign",
        "Whether a deliverable is on time.",
        (
            _key("deliverable_id", "slug", "the deliverable"),
            _may("project_id", "slug", "the project"),
            _DUE,
            _may("status", "text", "planned, started, done or dropped"),
            _may("days_late", "integer", "days past the due day, when done or as of the study's day"),
        ),
        made_from=("deliverables",),
    ),
    Table(
        "rules_fired",
        "redesign",
        "A rule that fired, and the decision that answers it.",
        (
            _key("rule_id", "slug", "the rule"),
            _may("measure_id", "slug", "the measure"),
            _may("fired_on", "date", "the day of the figure that fired it"),
            _may("then", "text", "what was agreed to be done"),
            _may("decision_id", "slug", "the decision that answers it; empty while it waits", public=False),
        ),
        made_from=("rules", "measures", "observations", "decisions"),
    ),
    Table(
        "commitments",
        "redesign",
        "What a partner has promised.",
        (
            _OF_PARTNER,
            _may("what", "text", "the promise"),
            _may("by_when", "date", "the day it is due, where there is one"),
            _may("status", "text", "where it stands"),
        ),
        public=False,
        made_from=("endorsements", "deliverables", "funding"),
    ),
    Table(
        "communications",
        "redesign",
        "When a communication is due.",
        (
            _key("communication_id", "slug", "the communication"),
            _DUE,
            _may("days_overdue", "integer", "days past the due day, as of the study's day; 0 where on time"),
        ),
        made_from=("communications",),
    ),
    Table(
        "project_progress",
        "redesign",
        "How far a project has come with what it must deliver, and whether it is at risk.",
        (
            _OF_PROJECT,
            _may("deliverables", "integer", "deliverables that were not dropped"),
            _may("done", "integer", "of them, done by the study's day"),
            _may("due", "integer", "of them, due by the study's day"),
            _may("late", "integer", "of them, due by the study's day and not done"),
            _may("days_late", "integer", "days past its due day of the one that waits longest"),
            _may("next_due_on", "date", "the day the next one is due"),
            _may("standing", "choice", "where it stands", choices=("at-risk", "on-time", "done", "dropped")),
            _may("why", "text", "why it is at risk, in a sentence"),
        ),
        made_from=("deliverables",),
    ),
    Table(
        "burn_up",
        "redesign",
        "What had to be delivered by the end of a month, and what was.",
        (
            _key("project_id", "slug", "the project; `all` is all of them"),
            _key("period", "period", "the month"),
            _may("due", "integer", "deliverables due by its last day, dropped ones left out"),
            _may("done", "integer", "deliverables done by its last day; empty after the study's day"),
        ),
        made_from=("deliverables",),
    ),
    Table(
        "contribution",
        "redesign",
        "What a measure did beside what it would have done, by one method.",
        (
            _OF_MEASURE,
            _key(
                "method",
                "choice",
                "how the figure without the work was found",
                choices=("interrupted-series", "difference-in-differences", "synthetic-control"),
            ),
            _may("changed_on", "date", "the day the work began"),
            _figure("estimate", "the figure with the work less that without it, in the measure's unit"),
            _figure("low", "lower end of its 90 % interval; empty where none can be had"),
            _figure("high", "upper end of its 90 % interval"),
            _figure("p", "share of chance results at least as large, where the method gives one"),
            _may("before", "integer", "periods before the work began"),
            _may("after", "integer", "periods since"),
            _may("units", "integer", "places or groups compared with"),
            _may("why", "text", "what the estimate rests on, or why there is none, in a sentence"),
        ),
        made_from=("comparisons", "measures", "observations"),
    ),
    Table(
        "contribution_series",
        "redesign",
        "A measure's figure in a period, and what each method takes for the figure without the work.",
        (
            _OF_MEASURE,
            _key("period", "period", "the period"),
            _figure("value", "the figure, in the measure's unit", counts_people=True, unit="row"),
            _figure("trend", "carried on from the periods before the work began (interrupted series)", unit="row"),
            _figure("others", "the mean of the places compared with", unit="row"),
            _figure("synthetic", "those places, weighted so that they were like this one before", unit="row"),
        ),
        made_from=("comparisons", "measures", "observations"),
    ),
    Table(
        "changes",
        "pipeline",
        "A figure that was given to this run and not to the last one whose inputs differ, or the other way round.",
        (
            _key("table", "text", "the input table, or study.yaml"),
            _key("key", "text", "the row: its key's cells, `|` between; in study.yaml, the setting"),
            _key("column", "text", "the column; empty where the whole row came or went", empty=True),
            _may("before", "text", "the cell in the run before; empty where it was empty or the row was not there"),
            _may("after", "text", "the cell now"),
            _may(
                "kind",
                "choice",
                "what changed",
                choices=("revision", "new-period", "new-row", "gone", "new-method"),
            ),
            _may("since", "date", "the study's day in the run before"),
        ),
    ),
    Table(
        "changed_results",
        "pipeline",
        "A result that differs from the run that `changes` compares with.",
        (
            _key("table", "text", "the table of results"),
            _key("key", "text", "the row: its key's cells, `|` between"),
            _key("column", "text", "the column"),
            _may("before", "text", "the cell in the run before"),
            _may("after", "text", "the cell now"),
        ),
        public=False,
    ),
)

OUTPUTS: Mapping[str, Table] = MappingProxyType({t.name: t for t in _OUTPUTS})

#: pandas dtype of a column, by kind. Whole numbers are floats, so that a missing one stays missing.
_DTYPES: dict[str, str] = {
    "number": "float64",
    "integer": "float64",
    "date": "datetime64[ns]",
    "yes-no": "boolean",
}


def empty_frame(table: Table) -> pd.DataFrame:
    """Return a frame without rows that has the table's columns and types.

    Examples
    --------
    >>> empty_frame(INPUTS["regions"]).columns.to_list()
    ['geoid', 'region_kind', 'region']
    """
    return pd.DataFrame({c.name: pd.Series(dtype=_DTYPES.get(c.kind, "str")) for c in table.columns})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the frame with the table's columns, in order and typed, and its own after them.

    Parameters
    ----------
    frame : pandas.DataFrame
        With every column of the table.
    table : Table
        The declaration.

    Returns
    -------
    pandas.DataFrame
        A new frame on a fresh index. Columns beyond the declaration follow, so that a study's own are kept.

    Raises
    ------
    ValueError
        Where a column is missing: the code that made the frame is wrong, not the study.
    """
    missing = [n for n in table.names if n not in frame.columns]
    if missing:
        raise ValueError(f"table {table.name} lacks {', '.join(missing)}")
    extra = [n for n in frame.columns if n not in table.by_name]
    types = {c.name: _DTYPES.get(c.kind, "str") for c in table.columns}
    result = frame[[*table.names, *extra]].reset_index(drop=True)
    for name, dtype in types.items():
        if dtype == "boolean" and result[name].dtype == object:
            result[name] = pd.array(result[name].where(result[name].notna(), None), dtype="boolean")
        elif str(result[name].dtype) != dtype:
            result[name] = result[name].astype(dtype)
    return result


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    r"""Write a frame as this project's CSV: UTF-8, `\\n`, yes/no, ISO dates, numbers to 12 digits, empty is missing.

    Twelve significant digits are more than any figure here bears, and the same on every machine.
    """
    shown = frame.copy()
    for name in shown.columns:
        if isinstance(shown[name].dtype, pd.BooleanDtype) or shown[name].dtype == bool:
            shown[name] = shown[name].map({True: "yes", False: "no"}).astype("str")
    shown.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", float_format="%.12g", date_format="%Y-%m-%d")


#: What a spreadsheet may take for a formula, behind any number of apostrophes.
FORMULA = r"'*[=+\-@\t\r]"


def inert(cells: pd.Series) -> pd.Series:
    """Return text cells that no spreadsheet takes for a formula: such cells get an apostrophe in front.

    A cell that has apostrophes before such a sign gets one more, so that one can be taken off again. A missing cell
    stays missing.

    Examples
    --------
    >>> inert(pd.Series(["=1+1", "'=1", "it's", None], dtype="str")).to_list()[:3]
    ["'=1+1", "''=1", "it's"]
    """
    return cells.mask(cells.str.match(FORMULA).fillna(False).astype(bool), "'" + cells)


def read_written(path: Path, table: Table) -> pd.DataFrame:
    """Return a table that a run left behind, typed by its declaration.

    Parameters
    ----------
    path : pathlib.Path
        As `write_csv` wrote it.
    table : Table
        The declaration; columns beyond it are read as text.
    """
    kinds = {c.name: _DTYPES.get(c.kind, "str") for c in table.columns}
    # What a run wrote was checked then, and is told by its hash since: its cells need no second look.
    raw = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8")
    for name, kind in kinds.items():
        if kind == "float64":
            raw[name] = raw[name].astype("float64")
        elif kind == "boolean":
            raw[name] = raw[name].map({"yes": True, "no": False}).astype("boolean")
        elif kind != "str":
            raw[name] = pd.to_datetime(raw[name], format="%Y-%m-%d").astype(kind)
    own = {n: "str" for n in raw.columns if n not in kinds}
    return conform(raw.astype(own), table)


# --- cells -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A cell that breaks its column's rule: where it is, what is wrong, what to do."""

    position: int
    what: str
    do: str
    kind: str


def period_end(period: pd.Series) -> pd.Series:
    """Return the last day of each period.

    Parameters
    ----------
    period : pandas.Series of str
        `YYYY`, `YYYY-Qn`, `YYYY-MM` or a date; a missing one stays missing.

    Returns
    -------
    pandas.Series of datetime64

    Examples
    --------
    >>> period_end(pd.Series(["2024", "2024-Q1", "2024-02", "2024-02-03"])).dt.strftime("%Y-%m-%d").to_list()
    ['2024-12-31', '2024-03-31', '2024-02-29', '2024-02-03']
    """
    ends = {p: _period_end(p) for p in period.dropna().unique()}
    return period.map(ends).astype("datetime64[ns]")


def _period_end(text: str) -> pd.Timestamp:
    if len(text) == 10:
        return pd.Timestamp(text)
    if "Q" in text:
        return pd.Period(text.replace("-", ""), freq="Q").end_time.normalize()
    return pd.Period(text, freq="M" if "-" in text else "Y").end_time.normalize()


def listed(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the frame with a row for each member of a `;` list; rows with an empty list are left out.

    Examples
    --------
    >>> listed(pd.DataFrame({"a": [1, 2], "b": ["x; y", None]}), "b").values.tolist()
    [[1, 'x'], [1, 'y']]
    """
    filled = frame[frame[column].notna()]
    parts = filled.assign(**{column: filled[column].map(members)}).explode(column)
    return parts[parts[column].notna()].astype({column: "str"}).reset_index(drop=True)


def parse(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    """Return a column's typed values, and what is wrong with its cells.

    Parameters
    ----------
    column : Column
        The declaration.
    text : pandas.Series of str
        The cells, stripped; an empty string is an empty cell.

    Returns
    -------
    values : pandas.Series
        Typed; missing where a cell is empty or wrong.
    faults : list of Fault
        By position in `text`.
    """
    blank = text.eq("")
    faults = []
    if not column.empty:
        faults += _faults(blank, text, lambda t: "the cell is empty", "fill it in", "empty")
    values, wrong = _READERS.get(column.kind, _read_text)(column, text.where(~blank))
    return values, faults + wrong


def _faults(
    mask: pd.Series, text: pd.Series, what: Callable[[str], str], do: str | Callable[[str], str], kind: str
) -> list[Fault]:
    positions = np.flatnonzero(mask.to_numpy(dtype=bool, na_value=False))
    return [Fault(int(i), what(text.iloc[i]), do(text.iloc[i]) if callable(do) else do, kind) for i in positions]


def _quote(text: str) -> str:
    short = text if len(text) <= 40 else text[:37] + "…"
    return "'" + "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in short) + "'"


def number(text: pd.Series) -> pd.Series:
    """Return plain decimal numbers as floats; anything else, empty cells included, is missing.

    Examples
    --------
    >>> number(pd.Series(["1.5", "-2e3", "1,000", "nan", "0x10", ""])).to_list()
    [1.5, -2000.0, nan, nan, nan, nan]
    """
    plain = text.str.fullmatch(_NUMBER).fillna(False).astype(bool)
    values = pd.to_numeric(text.where(plain), errors="coerce").astype("float64")
    return values.where(np.isfinite(values))


_MISSING_WORDS = {
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "-",
    ".",
    "..",
    "?",
    "missing",
    "(x)",
    "#n/a",
    "unknown",
}


def _number_advice(text: str) -> str:
    if text.lower() in _MISSING_WORDS:
        return "leave the cell empty where the figure is missing"
    if re.fullmatch(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text):
        return f"write {text.replace(',', '')}"
    if text.endswith("%"):
        return "write a share between 0 and 1, without the sign"
    return "write a plain number such as 1234.5"


def _read_number(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    values = number(text)
    faults = _faults(
        text.notna() & values.isna(), text, lambda t: f"{_quote(t)} is not a number", _number_advice, "number"
    )
    if column.kind == "integer":
        broken = values.notna() & (values % 1 != 0)
        faults += _faults(broken, text, lambda t: f"{_quote(t)} is not a whole number", "round it", "whole")
    low, high = column.minimum, column.maximum
    outside = values.abs() > LARGEST
    faults += _faults(outside, text, lambda t: f"{_quote(t)} is too large to be right", "mend it", "large")
    values, outside = values.where(~outside), pd.Series(False, index=text.index)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    if column.acs:
        outside &= ~values.isin([*ACS_REASONS, ACS_CONTROLLED])
    bounds = f"between {_plain(low)} and {_plain(high)}" if high is not None else f"at least {_plain(low)}"
    faults += _faults(outside, text, lambda t: f"{_quote(t)} is out of range", f"write a number {bounds}", "range")
    return values.where(~outside), faults


def _plain(number: float | None) -> str:
    return f"{number:g}" if number is not None else ""


def _each(
    text: pd.Series, good: Callable[[str], bool], what: str, do: str | Callable[[str], str], kind: str
) -> tuple[pd.Series, list[Fault]]:
    """Check each distinct cell once; `what` follows the quoted cell."""
    bad = {t for t in text.dropna().unique() if not good(t)}
    mask = text.isin(bad)
    return text.where(~mask), _faults(mask, text, lambda t: f"{_quote(t)} {what}", do, kind)


def _read_text(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    def good(t: str) -> bool:
        return len(t) <= 20_000 and all(ch.isprintable() or ch in "\n\t\u200d\u200e\u200f" for ch in t)

    return _each(
        text,
        good,
        "holds control characters or more than 20,000 characters",
        "take out what cannot be read",
        "text",
    )


def _read_slug(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    do = "use lower-case letters, digits and hyphens, 63 at most, starting with a letter or digit"
    if column.kind != "slugs":
        return _each(text, lambda t: SLUG.fullmatch(t) is not None, "is not an identifier", do, "slug")
    return _each(
        text,
        lambda t: all(SLUG.fullmatch(p) for p in members(t)),
        "is not a list of identifiers",
        f"{do}, and put ';' between identifiers",
        "slug",
    )


def members(text: str) -> list[str]:
    """Return the members of a `;` list, stripped, in order.

    Examples
    --------
    >>> members("a; b;c")
    ['a', 'b', 'c']
    """
    return [part.strip() for part in text.split(";") if part.strip()]


def _read_geoid(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    def good(t: str) -> bool:
        parts = members(t) if column.kind == "geoids" else [t]
        return all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", p) for p in parts)

    return _each(text, good, "is not an area identifier", "write the Census identifier with its leading zeros", "geoid")


def _read_date(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    kept, faults = _each(text, _is_date, "is not a date", "write it as YYYY-MM-DD, such as 2026-06-30", "date")
    return pd.to_datetime(kept, format="%Y-%m-%d").astype("datetime64[ns]"), faults


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) or not _YEARS[0] <= text[:4] <= _YEARS[1]:
        return False
    return not pd.isna(pd.to_datetime(text, format="%Y-%m-%d", errors="coerce"))


def _read_period(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    def good(t: str) -> bool:
        if not re.fullmatch(_PERIOD, t):
            return False
        day = t if len(t) == 10 else f"{t}-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", t) else f"{t[:4]}-01-01"
        return _is_date(day)

    return _each(text, good, "is not a period", "write 2026, 2026-Q2, 2026-06 or 2026-06-30", "period")


def _read_time(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    return _each(
        text,
        lambda t: re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", t) is not None,
        "is not a time of day",
        "write it as HH:MM, such as 06:30",
        "time",
    )


def _read_days(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    do = "write Mo-Fr, Mo-Su or Mo,We,Sa, from Mo Tu We Th Fr Sa Su"
    return _each(text, lambda t: weekdays(t) is not None, "does not name days", do, "days")


_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def weekdays(text: str) -> list[int] | None:
    """Return the days of the week that a cell names, 0 for Monday; nothing where it names none.

    Examples
    --------
    >>> weekdays("Mo-Fr"), weekdays("Sa-Mo"), weekdays("We, Fr"), weekdays("daily")
    ([0, 1, 2, 3, 4], [0, 5, 6], [2, 4], None)
    """
    found: set[int] = set()
    for part in text.split(","):
        ends = [end.strip() for end in part.split("-")]
        if len(ends) > 2 or any(end not in _DAYS for end in ends):
            return None
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        # From Saturday to Monday leads over the week's end.
        found |= {day % 7 for day in range(first, last + 1 + 7 * (last < first))}
    return sorted(found)


def _read_yes_no(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    kept, faults = _each(text, lambda t: t in ("yes", "no"), "is neither yes nor no", "write yes or no", "yes-no")
    return kept.map({"yes": True, "no": False}).astype("boolean"), faults


def _read_choice(column: Column, text: pd.Series) -> tuple[pd.Series, list[Fault]]:
    return _each(
        text,
        lambda t: t in column.choices,
        f"is not a known {column.name}",
        lambda t: nearest(t, column.choices),
        "choice",
    )


_READERS: dict[str, Callable[[Column, pd.Series], tuple[pd.Series, list[Fault]]]] = {
    "number": _read_number,
    "integer": _read_number,
    "slug": _read_slug,
    "slugs": _read_slug,
    "geoid": _read_geoid,
    "geoids": _read_geoid,
    "date": _read_date,
    "period": _read_period,
    "time": _read_time,
    "days": _read_days,
    "yes-no": _read_yes_no,
    "choice": _read_choice,
}


# --- documentation ---------------------------------------------------------------------------------------------------

_STEPS = {"convene": "Step 1, convene", "landscape": "Step 2, landscape", "strategy": "Step 3, strategy",
          "redesign": "Step 4, redesign", "pipeline": "Between two runs"}  # fmt: skip


def data_dictionary() -> str:
    """Return the data dictionary, in Markdown, from the declarations."""
    lines = [
        "# Data dictionary",
        "",
        "Made from `ci_analysis/tables.py` by `make docs`; change it there.",
        "",
        "A study is a folder of these tables, each a CSV file in UTF-8 with a header row and one fact a row. An empty",
        "cell is a missing value, never zero. Columns of your own begin with `x_` and are carried along. A row made up",
        "for teaching says so with `x_illustrative` = `yes`.",
        "",
        "**Bold** columns tell rows apart, plain ones are required, *italic* ones may be left out.",
    ]
    for title, tables in (
        ("What a study brings", INPUTS),
        ("What a run leaves in `data/processed`", OUTPUTS),
    ):
        lines += ["", f"## {title}"]
        for step, heading in _STEPS.items():
            of_step = [table for table in tables.values() if table.step == step]
            lines += ["", f"### {heading}"] if of_step else []
            for table in of_step:
                lines += _dictionary_entry(table)
    return "\n".join(lines) + "\n"


def _dictionary_entry(table: Table) -> Iterable[str]:
    yield from ("", f"#### {table.name}", "", table.help)
    if table.never_public:
        yield from ("", "Never in the public edition: it holds what single respondents said.")
    elif not table.public:
        yield from ("", "Not in the public edition, unless `publish.tables` names it.")
    for choice in [table.needs] if table.needs else []:
        ways = " or ".join(" and ".join(f"`{c}`" for c in way) for way in choice)
        yield from ("", f"Each row fills {ways}.")
    for columns in table.ascending:
        yield from ("", "In each row, " + " ≤ ".join(f"`{c}`" for c in columns) + ".")
    yield from ("", "| column | holds | meaning |", "|---|---|---|")
    mark = {"key": "**", "required": "", "optional": "*"}
    for c in table.columns:
        notes = [c.help]
        notes += ["may be empty"] if c.empty and c.presence != "optional" and "empty" not in c.help else []
        notes += ["counts people"] if c.counts_people else []
        notes += ["internal edition only"] if not c.public and table.public else []
        m = mark[c.presence]
        yield f"| {m}{c.name}{m} | {c.rule} | {'; '.join(notes)} |"
