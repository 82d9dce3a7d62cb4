"""A study: one folder of tables for one community and one issue, read and checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ci_analysis.areas import (
    CHANGED_COUNTIES,
    DIGITS,
    areas_at,
    county_change,
    county_outlines,
    geoid_advice,
    known_counties,
    misplaced,
    overlaps,
    read_outlines,
    replaced_together,
    with_outlines,
)
from ci_analysis.errors import Problem, StudyNotFound, StudyProblems, nearest
from ci_analysis.issues.profile import (
    Bands,
    Profile,
    Slug,
    Text,
    YamlFault,
    built_in_profiles,
    load_instrument,
    load_profile,
    model_problems,
    read_yaml,
)
from ci_analysis.places import SLUG, root_of
from ci_analysis.tables import (
    ACS_CONTROLLED,
    ACS_REASONS,
    INPUTS,
    OUTPUTS,
    Column,
    Fault,
    Table,
    conform,
    empty_frame,
    listed,
    number,
    parse,
)

__all__ = [
    "Agenda",
    "Backbone",
    "Goal",
    "Peers",
    "Precondition",
    "Preconditions",
    "Publish",
    "Settings",
    "Study",
]

#: An unknown identifier that one column names more often than this is no slip of the pen.
_SLIPS = 3
MAXIMUM_TABLE_BYTES = 256 * 2**20
_OUTLINE_FILES = ("areas.geojson", "areas.gpkg", "areas.parquet")
#: Of two outlines that share more than this of the smaller, one lies in the other.
_SAME_PLACE = 0.5
#: How many are named where a sentence speaks of many.
_NAMED = 3
_HOUR = r"hour-(?:[01][0-9]|2[0-3])"
_CLASS = r"[0-9]+-(?:[0-9]+|up)|under-[0-9]+"
#: Parts of study.yaml that a study may mark as made up, beside its tables.
_MARKABLE = ("agenda", "backbone", "budget", "preconditions")


def _as_date(value: Any) -> Any:
    # pydantic would read a plain number as seconds since 1970.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("it is not a date such as 2026-06-30")


def _as_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is not a plain number such as 410000")
    return value


def _as_code(value: Any) -> Any:
    # A code without a leading zero reads as a number, and nothing is lost; one with it stays text.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Day = Annotated[date, BeforeValidator(_as_date), Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
Amount = Annotated[float, BeforeValidator(_as_number), Field(ge=0, le=1e12)]
Whole = Annotated[int, BeforeValidator(_as_number)]
Fips = Annotated[str, BeforeValidator(_as_code), Field(pattern=r"^[0-9]{2}([0-9]{3})?$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Backbone(_Model):
    """Who holds the coalition together, and with what."""

    partner: Slug
    staff_fte: Amount | None = None
    annual_budget: Amount | None = None


class Goal(_Model):
    """A goal of the common agenda, and the measure that tells whether it is met."""

    goal_id: Slug
    text: Text
    measure_id: Slug | None = None


class Agenda(_Model):
    """The common agenda, in the coalition's own words."""

    problem: Text
    vision: Text
    goals: tuple[Goal, ...] = ()


class Precondition(_Model):
    """Whether a precondition of going on holds, what shows it, and what would change it."""

    holds: bool
    evidence: Text
    to_change: Text | None = None


class Preconditions(_Model):
    """The three preconditions of collective impact."""

    champion: Precondition | None = None
    resources: Precondition | None = None
    urgency: Precondition | None = None


class Peers(_Model):
    """How many like communities each area is set beside, and by which indicators."""

    count: Annotated[Whole, Field(ge=1, le=100)] = 10
    match: tuple[Text, ...] = ()


class Publish(_Model):
    """What the public edition may show."""

    minimum_count: Annotated[Whole, Field(ge=1, le=1000)] = 11
    tables: tuple[str, ...] = ()


class Settings(_Model):
    """What study.yaml says.

    Every key is described in `docs/study.md`; unknown keys are errors.
    """

    format: Literal[1]
    title: Text
    community: Text
    issue: Text
    level: Literal["county", "tract", "block-group", "zcta", "custom"]
    counties: Annotated[tuple[Fips, ...], Field(min_length=1)]
    as_of: Day
    backbone: Backbone | None = None
    agenda: Agenda | None = None
    preconditions: Preconditions = Preconditions()
    budget: Amount | None = None
    peers: Peers = Peers()
    tie_level: Annotated[Whole, Field(ge=1, le=5)] = 2
    minimum_respondents: Annotated[Whole, Field(ge=3, le=1000)] = 5
    publish: Publish = Publish()
    access: Bands | None = None
    staffing: dict[Slug, Annotated[Amount, Field(gt=0)]] = {}
    illustrative: tuple[str, ...] = ()
    seed: Annotated[Whole, Field(ge=0)] = 0


@dataclass(frozen=True)
class Study:
    """One community and one issue, read from a folder and checked.

    Parameters
    ----------
    folder : pathlib.Path
        Where it was read.
    settings : Settings
        What study.yaml says.
    profile : Profile
        The issue's profile.
    tables : mapping of str to pandas.DataFrame
        Every table of `ci_analysis.tables.INPUTS` by name. An absent table has no rows. Every declared column is
        there, typed (whole numbers as floats, dates as datetime64, yes/no as nullable booleans, the rest as text),
        then the study's own `x_` columns.
    areas : geopandas.GeoDataFrame
        geoid, name, longitude, latitude (degrees, of the population centre, may be missing) and geometry
        (EPSG:4326, may be missing), sorted by geoid.
    files : tuple of str
        Names of the files that were read, sorted.
    provenance : str
        Text of PROVENANCE.md (Markdown), where the folder has one: the study's own notes on its sources.
    notes : tuple of Problem
        What is worth a look and stops nothing, such as facilities that lie in no area.

    Examples
    --------
    >>> study = Study.read("data/raw/colorado-child-care")
    >>> len(study.areas)
    64
    """

    folder: Path
    settings: Settings
    profile: Profile
    tables: Mapping[str, pd.DataFrame]
    areas: gpd.GeoDataFrame
    files: tuple[str, ...]
    provenance: str = ""
    notes: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, folder: str | Path) -> Study:
        """Read a folder and check all of it.

        Parameters
        ----------
        folder : str or pathlib.Path
            With study.yaml and any of the tables.

        Raises
        ------
        StudyNotFound
            There is no such folder, or no study.yaml in it.
        StudyProblems
            With every problem that the folder has.
        """
        study, problems = _Reader(Path(folder)).read()
        if problems or study is None:
            raise StudyProblems(Path(folder).name, problems)
        return study

    @property
    def name(self) -> str:
        """The study's slug: its folder's name."""
        return self.folder.name

    @property
    def root(self) -> Path:
        """Where the study's `data/` lies, or the working folder where it lies elsewhere."""
        return root_of(self.folder)

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """What readers see in place of identifiers, by the column that holds them."""
        profile = self.profile
        named = {
            c: dict(zip(self.tables[t][c], self.tables[t]["name"], strict=True))
            for t, c in (
                ("partners", "partner_id"),
                ("projects", "project_id"),
                ("measures", "measure_id"),
                ("initiatives", "initiative_id"),
                ("deliverables", "deliverable_id"),
                ("criteria", "criterion"),
                ("areas", "geoid"),
                ("facilities", "facility_id"),
            )
        }
        return {
            **named,
            "partner_a": named["partner_id"],
            "partner_b": named["partner_id"],
            "segment": {"all": "Everybody"} | {s.segment: s.label for s in (*profile.segments, *profile.groups)},
            "sector": {s.sector: s.label for s in profile.sectors},
            "lever": {x.lever: x.label for x in profile.levers},
            "indicator": {i.name: i.label for i in profile.indicators},
            "condition": {c.condition: c.label for c in load_instrument().conditions},
        }

    @cached_property
    def units(self) -> Mapping[str, str]:
        """How figures of each measure and each indicator are written: `share`, `USD`, or empty for plain numbers."""
        catalogue = {i.name: "USD" if i.kind == "money" else i.unit for i in self.profile.indicators}
        own = self.tables["measures"]
        units = catalogue | dict(zip(own["measure_id"], own["unit"], strict=True))
        return {n: "USD" if u.upper().startswith("USD") else "share" if u == "share" else "" for n, u in units.items()}

    @property
    def bands(self) -> tuple[tuple[float, float], ...]:
        """Distance bands of the catchment: (up to, weight), the study's own or else the profile's."""
        return (self.settings.access or self.profile.access).bands

    @property
    def staffing(self) -> dict[str, float]:
        """People that one credentialed member of staff may serve, by segment: the study's own or else the profile's."""
        return self.settings.staffing or self.profile.staffing

    def has(self, table: str) -> bool:
        """Whether a table has rows."""
        return len(self.tables[table]) > 0

    def is_illustrative(self, table: str) -> bool:
        """Whether a table, or a part of study.yaml, is made up for teaching, wholly or in some rows."""
        if table in self.settings.illustrative:
            return True
        marks = [c for c in ("x_illustrative", "x_target_illustrative") if c in self.tables.get(table, ())]
        return any(self.tables[table][c].eq("yes").any() for c in marks)

    def __getstate__(self) -> dict[str, Any]:
        # A view that cannot be written to cannot be handed to another process either.
        return {**vars(self), "tables": dict(self.tables)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"tables": MappingProxyType(state["tables"])})

    def __repr__(self) -> str:
        rows = sum(len(t) for t in self.tables.values())
        return f"Study({self.name!r}: {self.settings.title}, {len(self.areas)} areas, {rows:,} rows)"


class _Reader:
    """Reads one folder and collects every problem on the way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.tables: dict[str, pd.DataFrame] = {}
        #: Line in the file of each row of a table, by table.
        self.rows: dict[str, np.ndarray] = {}
        self.files: list[str] = []
        #: Tables whose file is there and cannot be read: what others say of them cannot be judged.
        self.unread: set[str] = set()
        #: Level of the study's areas, as soon as it is read.
        self.level = "custom"
        self.areas_file = INPUTS["areas"].file
        #: Tables with rows whose identifier cannot be used: what names it elsewhere is not at fault.
        self.misnamed: set[str] = set()

    def say(self, file: str, row: int, column: str, what: str, do: str, kind: str = "") -> None:
        self.problems.append(Problem(file, row, column, what, do, kind))

    def note(self, file: str, column: str, what: str, do: str) -> None:
        self.notes.append(Problem(file, 0, column, what, do, "note"))

    def read(self) -> tuple[Study | None, list[Problem]]:
        if not self.folder.is_dir():
            raise StudyNotFound(f"There is no folder {self.folder}. Give a study's name or the path of its folder.")
        if not (self.folder / "study.yaml").exists():
            raise StudyNotFound(f"{self.folder} is not a study: it has no study.yaml.")
        if not SLUG.fullmatch(self.folder.name):
            self.say("study.yaml", 0, "", f"the folder's name '{self.folder.name}' is not an identifier",
                     "rename it with lower-case letters, digits and hyphens")  # fmt: skip
        settings, lines = self.read_settings()
        self.level = settings.level if settings is not None else self.level
        profile = self.read_profile(settings, lines)
        self.find_files()
        for table in INPUTS.values():
            self.read_table(table)
        self.check_strategy()
        areas = self.read_areas(settings, lines)
        self.check_links(areas)
        self.check_vocabularies(profile)
        if settings is not None:
            self.check_settings(settings, lines)
            self.check_days(settings)
        if profile is not None:
            self.check_indicators(profile)
        if profile is not None and settings is not None:
            self.check_staffing(settings, profile, lines)
        self.check_peers()
        if areas is not None:
            self.check_places(areas)
        provenance = self.read_provenance()
        problems = sorted(set(self.problems), key=_place)
        if problems or settings is None or profile is None or areas is None:
            return None, problems
        tables, files = MappingProxyType(self.tables), tuple(sorted(self.files))
        notes = tuple(sorted(self.notes, key=_place))
        return Study(self.folder, settings, profile, tables, areas, files, provenance, notes), []

    def read_provenance(self) -> str:
        path = self.folder / "PROVENANCE.md"
        if not path.exists() and not path.is_symlink():
            return ""
        content = self.open_bytes(path.name, 2**20)
        return (self.decode(path.name, content) or "") if content is not None else ""

    # --- study.yaml and the profile

    def open_bytes(self, name: str, limit: int) -> bytes | None:
        """Return a file's bytes, or say why not."""
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            self.say(name, 0, "", "the file is a link out of the study's folder", "copy the file into the folder")
        elif not path.is_file():
            self.say(name, 0, "", "this is not a file", "put a file there, or take it away")
        elif (size := path.stat().st_size) > limit:
            self.say(
                name,
                0,
                "",
                f"the file has {size:,} bytes, more than {limit:,}",
                "take out what the study does not need",
            )
        else:
            try:
                content = path.read_bytes()
            except OSError as error:
                self.say(name, 0, "", f"the file cannot be read ({error.strerror})", "see to its permissions")
                return None
            self.files.append(name)
            return content
        return None

    def read_settings(self) -> tuple[Settings | None, dict[tuple[str | int, ...], int]]:
        text = self.open_bytes("study.yaml", 2**20)
        if text is None:
            return None, {}
        try:
            content, lines = read_yaml(text)
        except YamlFault as fault:
            self.say("study.yaml", fault.line, "", fault.what, fault.do)
            return None, {}
        if not isinstance(content, dict):
            self.say("study.yaml", 1, "", "there are no keys", "write `title: …` and the rest, one a line")
            return None, lines
        try:
            return Settings.model_validate(content), lines
        except ValidationError as error:
            self.problems += model_problems(error, "study.yaml", lines, Settings)
            return self.salvaged(content, {e["loc"][0] for e in error.errors() if e["loc"]}), lines

    @staticmethod
    def salvaged(content: dict[str, Any], wrong: set[str | int]) -> Settings | None:
        """Return settings without the wrong keys, so that the tables are checked in the same reading all the same."""
        stand_ins = {"format": 1, "title": "?", "community": "?", "as_of": date(2000, 1, 1)}
        right = {key: value for key, value in content.items() if key not in wrong}
        try:
            return Settings.model_validate({**stand_ins, **right})
        except ValidationError:
            return None

    def read_profile(self, settings: Settings | None, lines: dict[tuple[str | int, ...], int]) -> Profile | None:
        if settings is None:
            return None
        issue = settings.issue
        if issue in built_in_profiles():
            return load_profile(issue)
        line = lines.get(("issue",), 0)
        if ".." in issue or issue.startswith("/"):
            what = f"'{issue[:60]}' lies outside the study's folder"
            self.say(
                "study.yaml", line, "issue", what, "copy the profile into the folder, and name it by its path there"
            )
            return None
        if not re.fullmatch(r"[\w.-]{1,100}(/[\w.-]{1,100}){0,5}\.yaml", issue):
            do = f"{nearest(issue, built_in_profiles())}, or name a profile in the study's folder, ending in .yaml"
            self.say("study.yaml", line, "issue", f"'{issue[:60]}' is not a built-in issue", do)
            return None
        text = self.open_bytes(issue, 2**20)
        if text is None:
            return None
        profile_lines: dict[tuple[str | int, ...], int] = {}
        try:
            content, profile_lines = read_yaml(text)
            return Profile.model_validate(content)
        except YamlFault as fault:
            self.say(issue, fault.line, "", fault.what, fault.do)
        except ValidationError as error:
            self.problems += model_problems(error, issue, profile_lines, Profile)
        return None

    def check_settings(self, settings: Settings, lines: dict[tuple[str | int, ...], int]) -> None:
        def say(path: tuple[str | int, ...], what: str, do: str) -> None:
            line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)
            key = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
            self.say("study.yaml", line, key, what, do, path[0])

        partners = self.tables["partners"]["partner_id"].dropna().tolist()
        read = "partners" not in self.unread
        measures = self.tables["measures"]["measure_id"].dropna().tolist()
        if read and settings.backbone and settings.backbone.partner not in partners:
            say(("backbone", "partner"), f"'{settings.backbone.partner}' is not in partners.csv",
                nearest(settings.backbone.partner, partners))  # fmt: skip
        elif read and settings.backbone:
            status = self.tables["partners"].set_index("partner_id")["status"].get(settings.backbone.partner)
            if status != "joined":
                say(("backbone", "partner"), f"'{settings.backbone.partner}' has not joined (its status is {status})",
                    "name a partner that has joined, or mend its status")  # fmt: skip
            else:
                self.check_role(settings.backbone.partner, say)
        for i, goal in enumerate(settings.agenda.goals if settings.agenda else ()):
            if goal.measure_id and goal.measure_id not in measures and "measures" not in self.unread:
                say(("agenda", "goals", i, "measure_id"), f"'{goal.measure_id}' is not in measures.csv",
                    nearest(goal.measure_id, measures))  # fmt: skip
        goals = [g.goal_id for g in settings.agenda.goals] if settings.agenda else []
        for twice in sorted({g for g in goals if goals.count(g) > 1}):
            say(
                ("agenda", "goals"),
                f"the goal '{twice}' is there twice",
                "give each goal an identifier of its own",
            )
        for key, names, known in (
            ("publish", settings.publish.tables, list({**INPUTS, **OUTPUTS})),
            ("illustrative", settings.illustrative, [*INPUTS, *_MARKABLE]),
        ):
            path = ("publish", "tables") if key == "publish" else (key,)
            for i, name in enumerate(names):
                if name not in known:
                    say((*path, i), f"'{name}' is not a table", nearest(name, known))
                elif key == "publish" and {**INPUTS, **OUTPUTS}[name].never_public:
                    say((*path, i), f"'{name}' holds what single respondents said, which is never published",
                        "take it out")  # fmt: skip
        named = self.tables["indicators"]["indicator"].dropna().unique().tolist()
        for i, name in enumerate(settings.peers.match if "indicators" not in self.unread else ()):
            if name not in named:
                say(("peers", "match", i), f"the study has no indicator '{name}'", nearest(name, named))
        states = set(known_counties().index.str[:2])
        for i, code in enumerate(settings.counties):
            if code in CHANGED_COUNTIES:
                name = f"write {' and '.join(CHANGED_COUNTIES[code][2])}"
                do = f'{name}; or, for areas of before, write "{code[:2]}" and bring their outlines'
                say(("counties", i), county_change(code), do)
            elif code not in states and code not in known_counties().index:
                say(
                    ("counties", i),
                    f"there is no state or county {code}",
                    "give two digits for a state or five for a county",
                )

    def check_role(self, backbone: str, say: Callable[[tuple[str, ...], str, str], None]) -> None:
        """Say where partners.csv gives the role of backbone to others alone."""
        partners = self.tables["partners"]
        holds = set(partners.loc[partners["role"].eq("backbone") & partners["status"].eq("joined"), "partner_id"])
        if holds and backbone not in holds:
            what = f"'{backbone}' is named, and partners.csv gives the role to {' and '.join(sorted(holds))}"
            say(("backbone", "partner"), what, "name the same partner in both")

    def check_days(self, settings: Settings) -> None:
        """Say which days and statuses cannot both be right on the day that the study speaks of."""
        day = pd.Timestamp(settings.as_of)
        partners, answers = self.tables["partners"], self.tables["endorsements"]
        joined, left = partners["status"].eq("joined"), partners["status"].eq("left")
        after = f"after {settings.as_of}, the day that the study speaks of"
        for file, column, wrong, what, do in (
            ("partners", "joined_on", joined & (partners["joined_on"] > day), f"it joined {after}",
             "write invited as its status until then, or move as_of in study.yaml"),
            ("partners", "left_on", left & (partners["left_on"] > day), f"it left {after}",
             "write joined as its status until then, or move as_of in study.yaml"),
            ("partners", "left_on", joined & (partners["left_on"] <= day), "it has left, and its status is joined",
             "write left as its status, or take the day out"),
            ("endorsements", "agenda_on", answers["agenda_on"] > day, f"the agenda's text is of a day {after}",
             "mend the day, or move as_of in study.yaml"),
        ):  # fmt: skip
            for i in np.flatnonzero(wrong.to_numpy(dtype=bool)):
                self.say(f"{file}.csv", int(self.rows[file][i]), column, what, do, "day")

    # --- tables

    def find_files(self) -> None:
        """Say which files are not what they seem to be meant for."""
        names = sorted(p.name for p in self.folder.iterdir() if not p.name.startswith((".", "x_")))
        present = [n for n in names if n in (*_OUTLINE_FILES, "areas.csv")]
        if len(present) > 1:
            self.say(present[1], 0, "", f"areas are in {' and in '.join(present)}", "keep one of these files")
        for name in names:
            stem, _, ending = name.rpartition(".")
            if ending == "csv" and stem not in INPUTS:
                self.say(
                    name,
                    0,
                    "",
                    f"there is no table '{stem}'",
                    f"{nearest(stem, INPUTS)}, or begin the name with x_",
                )
            elif stem.lower() in INPUTS and ending in ("CSV", "xlsx", "xls", "ods", "tsv", "txt"):
                self.unread.add(stem.lower())
                self.say(name, 0, "", "tables are CSV files", f"save it as {stem.lower()}.csv (CSV UTF-8)")

    def read_table(self, table: Table) -> None:
        frame, rows = empty_frame(table), np.zeros(0, dtype=int)
        path = self.folder / table.file
        if path.is_symlink() or path.exists():
            text, before = self.open_bytes(table.file, MAXIMUM_TABLE_BYTES), len(self.problems)
            if text is not None:
                raw, rows = self.read_cells(table, text)
                frame = self.type_table(table, raw, rows)
            if not len(frame) and (text is None or len(self.problems) > before):
                self.unread.add(table.name)
        self.tables[table.name], self.rows[table.name] = frame, rows

    def read_cells(self, table: Table, content: bytes) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the cells as stripped text, and the line of each row."""
        nothing = pd.DataFrame(columns=table.names, dtype="str"), np.zeros(0, dtype=int)
        text = self.decode(table.file, content)
        if text is None:
            return nothing
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        records: list[list[str]] = []
        lines: list[int] = []
        header: list[str] | None = None
        start = 1
        try:
            for record in reader:
                if header is None and any(cell.strip() for cell in record):
                    header = [cell.strip() for cell in record]
                    if not self.check_header(table, header, start):
                        return nothing
                elif any(cell.strip() for cell in record):
                    if header is not None and len(record) == len(header):
                        records.append(record)
                        lines.append(start)
                    else:
                        what = f"the row has {len(record)} cells, the header {len(header or ())}"
                        do = "put a cell that holds a comma in double quotes, or mend the row"
                        self.say(table.file, start, "", what, do, "cells")
                start = reader.line_num + 1
        except csv.Error as error:
            self.say(table.file, max(start, 1), "", f"the row is not CSV ({error})", "mend its quotes and cells")
        if header is None:
            self.say(table.file, 1, "", "the file is empty", "write the header row, or take the file away")
            return nothing
        frame = pd.DataFrame(records, columns=header, dtype="str")
        return frame.apply(lambda c: c.str.strip()) if len(frame) else frame, np.array(lines, dtype=int)

    def decode(self, file: str, content: bytes) -> str | None:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.say(file, 1, "", "the file is in UTF-16", "save it as CSV UTF-8")
            return None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = content[: error.start].count(b"\n") + 1
            self.say(file, row, "", f"the file is not UTF-8 (byte {content[error.start]:#04x}); it may be Windows-1252",
                     "save it as CSV UTF-8")  # fmt: skip
            return None
        if "\0" in text:
            self.say(
                file,
                text[: text.index("\0")].count("\n") + 1,
                "",
                "the file holds a NUL character",
                "save it as CSV UTF-8",
            )
            return None
        return text

    def check_header(self, table: Table, header: list[str], row: int) -> bool:
        """Say what is wrong with the header; False where the rows cannot be read by it."""
        if len(header) == 1 and len(table.columns) > 1 and (mark := re.search(r"[;\t|]", header[0])):
            name = "a tab" if mark[0] == "\t" else f"'{mark[0]}'"
            self.say(table.file, row, "", f"columns are divided by {name}", "divide them by commas (CSV UTF-8)")
            return False
        known = [c for c in table.names if c not in header]
        for name in sorted({n for n in header if header.count(n) > 1}):
            self.say(table.file, row, name, "the column is there twice", "keep one")
        for i, name in enumerate(header):
            if not name:
                self.say(table.file, row, "", f"column {i + 1} has no name", "name it, or take it out")
            elif name not in table.by_name and not re.fullmatch(r"x_\w{1,60}", name):
                self.say(
                    table.file,
                    row,
                    name[:60],
                    "there is no such column",
                    f"{nearest(name, known or table.names)}, or begin the name with x_",
                )
        for column in table.columns:
            if column.presence != "optional" and column.name not in header:
                self.say(
                    table.file,
                    row,
                    column.name,
                    "the column is missing",
                    "add it to the header and fill it in",
                )
        return len(set(header)) == len(header)

    def type_table(self, table: Table, raw: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        columns: dict[str, pd.Series] = {}
        unread = pd.Series(False, index=raw.index)
        for column in table.columns:
            if column.name in raw:
                columns[column.name], faults = parse(column, raw[column.name])
                for f in faults:
                    do = self.do_instead(f, column.name, raw.iloc[f.position]) or f.do
                    self.say(table.file, int(rows[f.position]), column.name, f.what, do, f.kind)
                    unread.iloc[f.position] = True
                if faults and table.key == [column.name]:
                    self.misnamed.add(table.name)
        for name in raw.columns:
            if name.startswith("x_") and name not in columns:
                columns[name] = self.own_column(table, name, raw[name], rows)
        # conform adds nothing; absent columns come from the declaration's types, all missing.
        frame = pd.concat([pd.DataFrame(columns, index=raw.index), *self.absent(table, columns, raw.index)], axis=1)
        frame = conform(frame, table)
        if "segment" in table.by_name:
            # `all` written out means what an empty cell means.
            frame["segment"] = frame["segment"].mask(frame["segment"].eq("all"))
        if table.name == "indicators":
            frame = _without_annotations(frame)
        self.check_rows(table, frame, rows, unread.to_numpy())
        return frame

    def do_instead(self, fault: Fault, name: str, row: pd.Series) -> str:
        """Return a better advice for a cell than its column alone can give, where the row or the level knows one."""
        if fault.kind == "geoid" and re.fullmatch(r"[0-9.]+[eE][+]?[0-9]+", row[name]):
            return geoid_advice(row[name], (), self.level)
        if fault.kind == "range" and name == "latitude" and "longitude" in row.index:
            north, east = number(row[["longitude", "latitude"]].astype("str"))
            if abs(north) <= 90 and abs(east) <= 180:
                return f"longitude and latitude look exchanged: write {_as_place(east, north)}"
        return ""

    def own_column(self, table: Table, name: str, cells: pd.Series, rows: np.ndarray) -> pd.Series:
        yes_no = name in ("x_illustrative", "x_target_illustrative")
        column = Column(name, "choice" if yes_no else "text", "", choices=("yes", "no") if yes_no else ())
        values, faults = parse(column, cells)
        for f in faults:
            self.say(table.file, int(rows[f.position]), name, f.what, f.do, f.kind)
        return values

    @staticmethod
    def absent(table: Table, there: Mapping[str, pd.Series], index: pd.Index) -> list[pd.DataFrame]:
        names = [n for n in table.names if n not in there]
        return [empty_frame(table)[names].reindex(index)] if names else []

    def check_rows(self, table: Table, frame: pd.DataFrame, rows: np.ndarray, unread: np.ndarray) -> None:
        key = frame[table.key]
        whole = key[[c for c in table.key if not table.by_name[c].empty]].notna().all(axis=1)
        again = key[whole].duplicated().to_numpy()
        if again.any():
            first = key[whole].groupby(table.key, dropna=False, sort=False).ngroup().to_numpy()
            at = rows[whole.to_numpy()]
            where = dict(zip(first[~again], at[~again], strict=True))
            names = ", ".join(table.key)
            for group, row in zip(first[again], at[again], strict=True):
                self.say(table.file, int(row), table.key[0], f"the same {names} as in row {where[group]}",
                         "keep one of the two rows, or mend what tells them apart", "twice")  # fmt: skip
        if table.needs:
            filled = [frame[list(way)].notna().all(axis=1) for way in table.needs]
            ways = " or ".join(" and ".join(way) for way in table.needs)
            # A cell that could not be read is named already.
            for i in np.flatnonzero(~np.logical_or.reduce([f.to_numpy() for f in filled]) & ~unread):
                do = f"fill in {ways}, or take the row out: a figure that is missing has no row"
                self.say(table.file, int(rows[i]), table.needs[0][0], "the row has no figure", do, "figure")
        for columns in table.ascending:
            for left, right in combinations(columns, 2):
                what = f"{right} {'comes before' if table.by_name[left].kind == 'date' else 'is less than'} {left}"
                for r in np.flatnonzero((frame[left] > frame[right]).to_numpy(dtype=bool)):
                    self.say(table.file, int(rows[r]), right, what, "mend one of the two", "order")

    def check_strategy(self) -> None:
        """Say which projects name themselves, and which criteria have their range the wrong way round."""
        projects = self.tables["projects"].assign(_row=self.rows["projects"])
        for column in ("requires", "excludes"):
            own = listed(projects, column)
            for row in own.loc[own[column] == own["project_id"], "_row"]:
                self.say("projects.csv", int(row), column, "the project names itself", "take it out")
        criteria = self.tables["criteria"]
        more_is_better = criteria["goal"].eq("max")
        distance = (criteria["best"] - criteria["worst"]).where(more_is_better, criteria["worst"] - criteria["best"])
        for i in np.flatnonzero((distance <= 0).to_numpy()):
            where = "above" if more_is_better.iloc[i] else "below"
            do = f"for a goal of {criteria['goal'].iloc[i]}, best is {where} worst"
            self.say("criteria.csv", int(self.rows["criteria"][i]), "best", "best is not better than worst", do)

    def check_indicators(self, profile: Profile) -> None:
        """Say which figures are beyond what their kind can be, and which segments of need the issue does not have."""
        frame, rows = self.tables["indicators"], self.rows["indicators"]
        kinds = {i.name: i.kind for i in profile.indicators}
        kind = frame["indicator"].map(kinds)
        share = kind.eq("share") | frame["indicator"].str.startswith("share_").fillna(False).astype(bool)
        counted = kind.isin(["count", "money"]) | frame["indicator"].str.startswith("count_").fillna(False).astype(bool)
        for i in np.flatnonzero((share & ~frame["value"].between(0, 1) & frame["value"].notna()).to_numpy()):
            what = f"{frame['indicator'].iloc[i]} is {frame['value'].iloc[i]:g}, and a share is between 0 and 1"
            self.say("indicators.csv", int(rows[i]), "value", what, "write 0.65 for 65 percent", "share")
        for i in np.flatnonzero((counted & (frame["value"] < 0)).to_numpy()):
            what = f"{frame['indicator'].iloc[i]} is below zero"
            self.say("indicators.csv", int(rows[i]), "value", what, "mend it", "below zero")
        names = [profile.need.people, profile.need.share, profile.need.direct, profile.shortage.people]
        names += [profile.price.indicator] if profile.price else []
        known = [*profile.vocabulary("segments"), *(g.segment for g in profile.groups)]
        wrong = frame["indicator"].isin(names) & frame["segment"].notna() & ~frame["segment"].isin(known)
        for i in np.flatnonzero(wrong.to_numpy()):
            word = frame["segment"].iloc[i]
            what = f"'{word}' is not one of the issue's segments, so this figure would count for nobody"
            self.say("indicators.csv", int(rows[i]), "segment", what, nearest(word, known), "segment")

        self.check_classes(profile)

    def check_classes(self, profile: Profile) -> None:
        """Say which segments of hours and of classes cannot be read, so that their figures would count for nothing."""
        frame, rows = self.tables["indicators"], self.rows["indicators"]
        hours = [profile.hours.at_work] if profile.hours else []
        classes = [i.classes for i in profile.indicators if i.classes]
        for names, form, what, do in (
            (hours, _HOUR, "does not name an hour", "write hour-00 to hour-23"),
            (classes, _CLASS, "does not name a class", "write such as 10000-14999, and 200000-up for the highest"),
        ):
            wrong = frame["indicator"].isin(names) & frame["segment"].notna()
            wrong &= ~frame["segment"].str.fullmatch(form).fillna(False).astype(bool)
            for i in np.flatnonzero(wrong.to_numpy()):
                said = f"'{frame['segment'].iloc[i]}' {what}, so this figure would count for nothing"
                self.say("indicators.csv", int(rows[i]), "segment", said, do, "class")

    def check_peers(self) -> None:
        """Say where the communities of peers.csv cannot be set beside the study's areas."""
        peers, rows = self.tables["peers"], self.rows["peers"]
        if not len(peers) or "indicators" in self.unread:
            return
        known = set(self.tables["indicators"]["indicator"].dropna())
        named = sorted(set(peers["indicator"].dropna()))
        unknown = [name for name in named if name not in known]
        if unknown and len(unknown) == len(named):
            what = f"the study has none of these indicators: {_some(named)}"
            do = "name them as indicators.csv does, and bring them for the study's areas too"
            self.say("peers.csv", int(rows[0]), "indicator", what, do)
        elif unknown:
            what = f"the study has no figures of {_some(unknown)}"
            self.note("peers.csv", "indicator", what, "nothing is matched on them; bring them in indicators.csv too")
        if self.level == "county":
            counties = set(known_counties().index)
            for i in np.flatnonzero(peers["geoid"].str.fullmatch("[0-9]{4}").fillna(False).to_numpy(dtype=bool)):
                word = peers["geoid"].iloc[i]
                if f"0{word}" in counties:
                    do = f"write '0{word}', with its leading zero"
                    self.say("peers.csv", int(rows[i]), "geoid", f"'{word}' has 4 characters", do, "digits")

    def check_staffing(self, settings: Settings, profile: Profile, lines: dict[tuple[str | int, ...], int]) -> None:
        known = [*profile.vocabulary("segments"), "all"]
        for segment in settings.staffing:
            if segment not in known:
                line = lines.get(("staffing", segment), lines.get(("staffing",), 0))
                what = f"'{segment}' is not one of the issue's segments"
                self.say("study.yaml", line, f"staffing.{segment}", what, nearest(segment, known), "staffing")

    # --- areas

    def read_areas(self, settings: Settings | None, lines: dict[tuple[str | int, ...], int]) -> gpd.GeoDataFrame | None:
        outlines = [n for n in _OUTLINE_FILES if (self.folder / n).exists()]
        table = INPUTS["areas"]
        file = self.areas_file = outlines[0] if outlines else table.file
        if outlines:
            areas = self.read_area_outlines(outlines[0])
        elif (self.folder / table.file).exists():
            areas = self.outlined(settings)
        elif settings is not None and settings.level == "county":
            counties = county_outlines(settings.counties).assign(longitude=np.nan, latitude=np.nan)
            areas = counties[["geoid", "name", "longitude", "latitude", "geometry"]]
            self.tables["areas"] = conform(pd.DataFrame(areas.drop(columns="geometry")), table)
            self.rows["areas"] = np.zeros(len(areas), dtype=int)
        elif settings is not None:
            what = f"there are no areas, and none are built in for level {settings.level}"
            self.say("study.yaml", lines.get(("level",), 0), "level", what, "add areas.geojson or areas.csv")
            return None
        else:
            return None
        if areas is None or settings is None:
            return None
        self.check_geoids(file, settings)
        self.check_changed(file, areas, settings)
        self.check_outlines(file, areas, settings)
        return areas.sort_values("geoid", ignore_index=True)

    def outlined(self, settings: Settings | None) -> gpd.GeoDataFrame | None:
        """Return areas.csv with the built-in outlines, which are counties': those of other levels have none."""
        areas = self.tables["areas"]
        if settings is None or not len(areas):
            return None
        if settings.level == "county":
            return with_outlines(areas)
        return gpd.GeoDataFrame(areas, geometry=gpd.GeoSeries([None] * len(areas), index=areas.index, crs="EPSG:4326"))

    def read_area_outlines(self, file: str) -> gpd.GeoDataFrame | None:
        if self.open_bytes(file, MAXIMUM_TABLE_BYTES) is None:
            return None
        table = INPUTS["areas"]
        try:
            areas, faults = read_outlines(self.folder / file)
        except ValueError as error:
            self.say(file, 0, "", str(error), "save the areas again, with polygons and a reference system")
            return None
        for f in faults:
            self.say(file, f.position + 1, "", f.what, f.do, f.kind)
        cells = pd.DataFrame(areas.drop(columns="geometry"))
        for name in cells.columns:
            if name in ("geoid", "name") and pd.api.types.is_numeric_dtype(cells[name]):
                self.say(
                    file,
                    0,
                    name,
                    f"'{name}' holds numbers",
                    f"write it as text, so that leading zeros are kept{self.as_text(name, cells[name])}",
                )
                return None
            text = (
                cells[name].astype("str") if not pd.api.types.is_numeric_dtype(cells[name]) else cells[name].map(repr)
            )
            cells[name] = text.where(cells[name].notna(), "").fillna("").str.strip()
        rows = np.arange(1, len(cells) + 1)
        if not self.check_header(table, list(cells.columns), 0):
            return None
        before = len(self.problems)
        frame = self.type_table(table, cells, rows)
        # What is said of a row of areas stands in this file.
        self.problems[before:] = [replace(p, file=file) for p in self.problems[before:]]
        self.tables["areas"], self.rows["areas"] = frame, rows
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(areas.geometry.to_numpy(), crs=areas.crs))

    def check_geoids(self, file: str, settings: Settings) -> None:
        """Every area's identifier has the level's digits and lies in the study's counties."""
        geoids = self.tables["areas"]["geoid"]
        digits = DIGITS[settings.level]
        if not digits:
            return
        right = geoids.str.fullmatch(rf"[0-9]{{{digits}}}").fillna(True).astype(bool)
        covered = tuple(settings.counties)
        for i in np.flatnonzero(~right.to_numpy()):
            found = geoids.iloc[i]
            do = self.digits_advice(found, settings)
            self.say(
                file,
                int(self.rows["areas"][i]),
                "geoid",
                f"'{found}' has {len(found)} characters",
                do,
                "digits",
            )
        if settings.level != "zcta":
            outside = right & geoids.notna() & ~geoids.fillna("").str.startswith(covered)
            for i in np.flatnonzero(outside.to_numpy()):
                what = f"{geoids.iloc[i]} lies outside the study's counties"
                do = "add its county to `counties` in study.yaml, or take it out"
                self.say(file, int(self.rows["areas"][i]), "geoid", what, do, "outside")

    def as_text(self, name: str, numbers: pd.Series) -> str:
        """Return an example of an identifier as text, where a number has lost its leading zero."""
        digits = DIGITS[self.level]
        short = numbers[numbers.notna() & (numbers % 1 == 0) & (numbers < 10.0 ** (digits - 1))]
        if name != "geoid" or not digits or not len(short):
            return ""
        return f": '{int(short.iloc[0]):0{digits}d}' in place of {int(short.iloc[0])}"

    @staticmethod
    def digits_advice(found: str, settings: Settings) -> str:
        digits = DIGITS[settings.level]
        here = settings.level == "zcta" or f"0{found}".startswith(settings.counties)
        if re.fullmatch(rf"[0-9]{{{digits - 1}}}", found) and here:
            return f"write '0{found}', with the leading zero that was lost"
        advice = geoid_advice(found, (), settings.level)
        if "spreadsheet" in advice:
            return advice
        levels = {"county": "counties", "tract": "tracts", "block-group": "block groups"}
        level = next((x for x in levels if len(found) == DIGITS[x] and found.isdigit()), "")
        also = f"; of {levels[level]}, write `level: {level}` in study.yaml" if level else ""
        return f"write {digits} digits for level {settings.level}{also}"

    def check_changed(self, file: str, areas: gpd.GeoDataFrame, settings: Settings) -> None:
        """Say which areas lie in counties that the Census Bureau has given up."""
        if settings.level not in ("county", "tract", "block-group"):
            return
        geoids, rows = areas["geoid"].fillna("").astype("str"), self.rows["areas"]
        pairs = replaced_together(geoids)
        for old, new in pairs:
            row = int(rows[np.flatnonzero(geoids.str.startswith(old).to_numpy())[0]])
            what = f"areas of before and after a change are here together: {old} and {new}; {county_change(old)}"
            self.say(file, row, "geoid", what, "keep the areas of one time, and figures for these", "changed")
        old = geoids.str[:5].isin(CHANGED_COUNTIES) & ~geoids.str[:5].isin([code for code, _ in pairs])
        bare = old & areas.geometry.isna() if settings.level == "county" else old & False
        for i in np.flatnonzero(bare.to_numpy()):
            do = "bring outlines of that time (areas.geojson), or the areas of today with figures for these"
            self.say(file, int(rows[i]), "geoid", f"there is no outline built in: {county_change(geoids.iloc[i])}", do,
                     "changed")  # fmt: skip
        kept = geoids[old & ~bare]
        if len(kept):
            self.note(file, "geoid", f"{_count(kept, 'area')} of before a change: {county_change(kept.iloc[0])}",
                      "see that all figures are of that time")  # fmt: skip

    def check_outlines(self, file: str, areas: gpd.GeoDataFrame, settings: Settings) -> None:
        """Say which areas do not lie where the study's counties are, and which overlap."""
        rows, counties = self.rows["areas"], county_outlines(settings.counties).geometry
        shapes = areas.geometry
        bare = areas.loc[shapes.isna(), "geoid"].dropna()
        if len(bare):
            self.note(
                file, "", f"{_count(bare, 'area')} without an outline", "no map shows them, and no point is in them"
            )
        middle = shapely.centroid(shapely.envelope(shapes.to_numpy()))
        wide = np.ptp(shapely.bounds(shapes.to_numpy())[:, [0, 2]], axis=1) > 180
        middle = np.where(wide, shapely.point_on_surface(shapes.to_numpy()), middle)
        places = {
            "": pd.DataFrame(
                {"longitude": shapely.get_x(middle), "latitude": shapely.get_y(middle)}, index=areas.index
            ),
            "longitude": areas[["longitude", "latitude"]],
        }
        for column, place in places.items():
            wrong = misplaced(place["longitude"], place["latitude"], counties)
            what = "its outline" if not column else "its centre"
            self.say_misplaced(file, column, wrong, place.notna().all(axis=1).sum(), what, "the study's counties")
        if file == INPUTS["areas"].file:
            return  # built-in outlines lie side by side
        pairs = overlaps(areas)
        names = areas["geoid"].to_numpy()
        for pair in pairs[pairs["share"] > _SAME_PLACE].itertuples():
            what = f"{names[pair.second]} and {names[pair.first]} (row {rows[pair.first]}) lie in the same place: " \
                   f"they share {pair.share:.0%} of the smaller"  # fmt: skip
            do = "keep areas that lie side by side, or people and seats are counted twice"
            self.say(file, int(rows[pair.second]), "", what, do, "overlap")
        some = pairs[pairs["share"] <= _SAME_PLACE]
        if len(some):
            first = some.iloc[0]
            a, b = names[int(first["first"])], names[int(first["second"])]
            n = "one pair of areas overlaps" if len(some) == 1 else f"{len(some)} pairs of areas overlap"
            what = f"{n}, such as {a} and {b} by {first['share']:.0%} of the smaller"
            self.note(file, "", what, "a place in both counts for the smaller geoid; give facilities their geoid")

    def say_misplaced(
        self, file: str, column: str, wrong: pd.DataFrame, rows: int, what: str, where: str, *, any_far: bool = True
    ) -> None:
        """Say which of so many places are far away; in one sentence, where most are so for one reason."""
        at = self.rows["areas" if file.startswith("areas.") else file.removesuffix(".csv")]
        for fault, of_kind in wrong[wrong["fault"].ne("") | any_far].groupby("fault", sort=True):
            said, do = _WRITTEN[str(fault)]
            said = f", and {said}" if said else ""
            if fault != "zero" and len(of_kind) > 2 and rows < 2 * len(of_kind):
                many = f"{len(of_kind):,} of {rows:,} rows, such as row {at[of_kind.index[0]]}"
                self.say(file, 0, column, f"most of the places lie far from {where} ({many}){said}", do)
                continue
            for row in of_kind.itertuples():
                far = f"{what} lies {row.miles:,.0f} miles from {where}{said}"
                if column and fault not in ("", "zero"):
                    do = f"write {_as_place(row.longitude, row.latitude)}"
                self.say(file, int(at[row.Index]), column, far, do, "place")

    def check_places(self, areas: gpd.GeoDataFrame) -> None:
        """Say which facilities and sites are written where they cannot be, and note which lie in no or another area."""
        if any(p.file.startswith("areas.") for p in self.problems):
            return  # the areas come first: against wrong ones every place would be
        centres = gpd.points_from_xy(areas["longitude"], areas["latitude"])
        shapes = [*areas.geometry, *centres[areas["longitude"].notna().to_numpy()]]
        for name in ("facilities", "sites"):
            place = self.tables[name][["longitude", "latitude"]]
            wrong = misplaced(place["longitude"], place["latitude"], shapes)
            n = int(place.notna().all(axis=1).sum())
            self.say_misplaced(f"{name}.csv", "longitude", wrong, n, "the point", "the study's areas", any_far=False)
        self.note_facilities(areas)

    def note_facilities(self, areas: gpd.GeoDataFrame) -> None:
        facilities = self.tables["facilities"]
        if not len(facilities):
            return
        found = areas_at(facilities["longitude"], facilities["latitude"], areas)
        own = facilities["geoid"].to_numpy()[found["position"]]
        placed = pd.Series(False, index=facilities.index)
        placed.iloc[found["position"].unique()] = True
        agrees = pd.Series(False, index=facilities.index)
        agrees.iloc[found.loc[found["geoid"].to_numpy() == own, "position"]] = True
        outlined = areas.set_index("geoid").geometry.notna()
        given = facilities["geoid"].notna()
        has_outline = facilities["geoid"].map(outlined).eq(True)
        ids, travel = facilities["facility_id"], self.tables["travel"]
        centreless = areas.loc[areas["longitude"].isna() & areas.geometry.notna(), "geoid"]
        twice = np.unique(found["position"][found["position"].duplicated()])
        for file, column, names, of, where, do in (
            ("facilities.csv", "geoid", ids[given & has_outline & ~agrees], "facilit", "with a point outside the area "
             "of the geoid", "the geoid is believed, and distances are from the point"),
            ("facilities.csv", "geoid", ids[~given & ~placed], "facilit", "in no area of the study",
             "no area counts their seats, which are in reach of the areas near by"),
            ("facilities.csv", "geoid", ids.iloc[twice][~given.iloc[twice]], "facilit", "in more than one area",
             "the area with the smaller geoid counts the seats, unless the facility has a geoid"),
            (self.areas_file, "longitude", centreless.iloc[: 0 if len(travel) else None], "area",
             "without a centre of population",
             "distances start at a point in the outline; add longitude and latitude"),
        ):  # fmt: skip
            if len(names):
                self.note(file, column, f"{_count(names, of)} {where}", do)

    # --- what holds across tables

    def check_links(self, areas: gpd.GeoDataFrame | None) -> None:
        for table in INPUTS.values():
            for column in table.columns:
                if not column.link or not len(self.tables[table.name]):
                    continue
                home, key = column.link.split(".")
                if home == "areas" and areas is None:
                    continue  # the areas' own problem is said already, and would be repeated in every row
                if home in self.unread:
                    continue  # so is this table's
                known = self.tables[home][key].dropna().unique().tolist()
                self.check_members(table, column, known, f"is not in {home}.csv", bool(known), home)

    def check_vocabularies(self, profile: Profile | None) -> None:
        words: dict[str, list[str]] = {"items": load_instrument().items()["item"].to_list()}
        if profile is not None:
            words |= {name: profile.vocabulary(name) for name in ("sectors", "levers", "segments")}
        for table in INPUTS.values():
            for column in table.columns:
                if column.vocabulary in words:
                    home = "instrument" if column.vocabulary == "items" else "issue"
                    what = f"is not one of the {home}'s {column.vocabulary}"
                    self.check_members(table, column, words[column.vocabulary], what, True, "")

    def check_members(
        self, table: Table, column: Column, known: Iterable[str], what: str, any_known: bool, home: str
    ) -> None:
        """Say which identifiers of a column, single or in lists, are not known."""
        frame = self.tables[table.name][[column.name]].assign(_row=self.rows[table.name])
        parts = listed(frame, column.name) if column.kind in ("slugs", "geoids") else frame.dropna(subset=[column.name])
        if len(parts) and not any_known:
            first = int(parts["_row"].iloc[0])
            what = f"identifiers of {home} are named, but {home}.csv is absent or empty"
            self.say(table.file, first, column.name, what, f"add {home}.csv, or empty the column", "absent")
            return
        wrong = parts[~parts[column.name].isin(set(known))]
        advice = {w: self.advice(w, n, known, home) for w, n in wrong[column.name].value_counts().head(200).items()}
        for word, row in zip(wrong[column.name], wrong["_row"], strict=True):
            do, said = advice.get(word, "mend it"), what if home != "areas" else "is not one of the study's areas"
            self.say(table.file, int(row), column.name, f"'{word[:60]}' {said}", do, "unknown")

    def advice(self, word: str, times: int, known: Iterable[str], home: str) -> str:
        """Return what to do about an identifier that is not known, named so many times in one column."""
        if home in self.misnamed:
            return f"mend the identifiers of {home}.csv first"
        if home == "areas":
            return geoid_advice(word, known, self.level)
        if not home:
            return nearest(word, known)
        # A slip of the pen is not made so often: the one place that defines it is the likelier fault.
        often = times > _SLIPS
        return (
            f"add it to {home}.csv, or mend it there" if often else f"{nearest(word, known)}, or add it to {home}.csv"
        )


def _place(problem: Problem) -> tuple[int, Problem]:
    """Where a problem stands: study.yaml first, then tables in the order in which they build on each other."""
    files = ["study.yaml", *(t.file for t in INPUTS.values())]
    return (files.index(problem.file) if problem.file in files else len(files), problem)


#: What is said of a place that is written another way than it is meant, and what to do where most are.
_WRITTEN = {
    "": ("", "mend it, or see whether the reference system is the one that the file names"),
    "zero": ("(0, 0) is what stands where no place was found", "find its longitude and latitude, or take the row out"),
    "exchanged": ("longitude and latitude look exchanged", "exchange the two"),
    "sign": ("the sign of the longitude looks lost", "put a minus before longitudes west of Greenwich"),
    "both": (
        "longitude and latitude look exchanged, and the sign of the longitude lost",
        "exchange the two, and put a minus before longitudes west of Greenwich",
    ),
}


def _some(names: Sequence[str]) -> str:
    """Return the first few of many names."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(str(name) for name in list(names)[:_NAMED]) + more


def _count(names: Sequence[str], of: str) -> str:
    """Return how many there are of a word that is given without its ending, and which the first are."""
    one, many = ("y", "ies") if of.endswith("t") else ("", "s")
    return f"{len(names):,} {of}{one if len(names) == 1 else many} ({_some(names)})"


def _as_place(longitude: float, latitude: float) -> str:
    return f"{longitude:g} as the longitude and {latitude:g} as the latitude"


def _without_annotations(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return indicators with the American Community Survey's codes read for what they mean.

    A code in place of a value or margin is missing, with its reason, the value's before the margin's; a value whose
    margin is missing stays. −555555555 as a margin says that the figure is controlled to a total: its margin is zero.
    """
    reasons = indicators["value"].map(ACS_REASONS).combine_first(indicators["moe"].map(ACS_REASONS))
    return indicators.assign(
        value=indicators["value"].mask(indicators["value"].isin([*ACS_REASONS, ACS_CONTROLLED])),
        moe=indicators["moe"].mask(indicators["moe"].isin(ACS_REASONS)).mask(indicators["moe"] == ACS_CONTROLLED, 0.0),
        reason=indicators["reason"].where(indicators["reason"].notna(), reasons).astype("str"),
    )
