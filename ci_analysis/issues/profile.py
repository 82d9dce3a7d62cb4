"""The model that every issue profile is checked against, and the one safe reader of YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ci_analysis.errors import CiAnalysisError, Problem, nearest

__all__ = [
    "Bands",
    "Condition",
    "Group",
    "Hours",
    "Indicator",
    "Instrument",
    "Item",
    "Level",
    "Lever",
    "Measure",
    "Need",
    "Price",
    "Profile",
    "Scale",
    "Sector",
    "Segment",
    "Shortage",
    "Slug",
    "Words",
    "YamlFault",
    "built_in_profiles",
    "load_instrument",
    "load_profile",
    "model_problems",
    "read_yaml",
]

MAXIMUM_YAML_BYTES = 2**20
MAXIMUM_YAML_DEPTH = 20
MAXIMUM_YAML_EVENTS = 20_000

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _rising(bands: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    limits = [limit for limit, _ in bands]
    if any(limit <= 0 for limit in limits) or any(b <= a for a, b in pairwise(limits)):
        raise ValueError("bands go outward: each limit is above the one before, and above 0")
    if any(not 0 < weight <= 1 for _, weight in bands):
        raise ValueError("a band's weight is above 0 and at most 1")
    return bands


class Bands(_Model):
    """Distance bands of the catchment: `(up to, weight)`, upper ends included, in miles or minutes."""

    bands: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Bands:
        _rising(self.bands)
        return self


class Segment(_Model):
    """A part of the people: an age band or group."""

    segment: Slug
    label: Text
    ages: str = ""


class Group(_Model):
    """Several segments taken together; capacity that names no segment counts here too."""

    segment: Slug
    label: Text
    of: Annotated[tuple[Slug, ...], Field(min_length=1)]


class Sector(_Model):
    """A sector, and why the issue needs it at the table."""

    sector: Slug
    label: Text
    needed: bool
    why: Text


class Lever(_Model):
    """A kind of action on the issue."""

    lever: Slug
    label: Text
    about: Text


class Indicator(_Model):
    """An entry of the catalogue of indicators."""

    name: Text
    label: Text
    unit: Text
    direction: Literal["up", "down", "neither"]
    kind: Literal["count", "share", "rate", "money", "index"]
    #: The indicator that counts whom a share or rate is of, so that areas' shares can be put together.
    base: str = ""
    #: Figures from which on, and up to which, the publisher says no more: 250,001 is '250,000 or more'.
    top: float | None = None
    bottom: float | None = None
    #: Of a median: the indicator that counts people or households by class, with segments such as `10000-14999`.
    classes: str = ""


class Measure(_Model):
    """A shared measure that comes with the issue, for a study to begin with."""

    measure_id: Slug
    name: Text
    unit: Text
    direction: Literal["up", "down"]
    kind: Literal["how-much", "how-well", "better-off"]
    definition: Text
    frequency: Literal["week", "month", "quarter", "year"]
    rollup: Literal["sum", "mean", "weighted", "last"]
    #: Whether one more of it is one place more for people in need.
    closes_gap: bool = False
    #: The indicator that tells the same of areas, if there is one.
    indicator: str = ""
    #: Groups by which partners report it.
    segments: tuple[Slug, ...] = ()


class Need(_Model):
    """Which indicators make need: `direct`, or `people` times `share`."""

    people: Text
    share: str = ""
    direct: str = ""
    about: Text


class Price(_Model):
    """Which indicators make affordability, and what the share of income is held against."""

    indicator: Text
    income: Annotated[tuple[Text, ...], Field(min_length=1)]
    benchmark: Share
    about: Text


class Hours(_Model):
    """Which indicator says how many parents are at work in each hour, with segments `hour-00` to `hour-23`."""

    at_work: Text
    about: Text


class Shortage(_Model):
    """When seats are called short: more people a seat than this, where there are more people than that."""

    people_per_seat: Annotated[float, Field(gt=0)]
    minimum_people: Annotated[float, Field(ge=0)]
    people: Text
    segment: Slug
    about: Text


class Words(_Model):
    """The issue's words in sentences."""

    person: Text
    people: Text
    seat: Text
    seats: Text
    need: Text
    facility: Text
    facilities: Text


class Profile(_Model):
    """One issue: what it counts, who it needs at the table, and the words for it.

    Parameters
    ----------
    issue, label : str
        Slug and name.
    words, segments, groups, sectors, levers, indicators
        Vocabularies.
    need, price, hours, shortage, access
        Which indicators make need, price and hours at work, when seats are short, and how far people go.
    staffing : dict
        People that one credentialed member of staff may serve, by segment; `all` for seats that name none.
    like, equity : tuple of str
        Indicators by which communities are alike, and by which areas are told apart as better and worse off.
    measures
        Shared measures to begin with.
    """

    issue: Slug
    label: Text
    words: Words
    segments: tuple[Segment, ...] = ()
    groups: tuple[Group, ...] = ()
    sectors: Annotated[tuple[Sector, ...], Field(min_length=1)]
    levers: Annotated[tuple[Lever, ...], Field(min_length=1)]
    indicators: tuple[Indicator, ...] = ()
    need: Need
    price: Price | None = None
    hours: Hours | None = None
    shortage: Shortage
    access: Bands
    staffing: dict[Slug, Annotated[float, Field(gt=0)]] = {}
    like: tuple[Text, ...] = ()
    equity: tuple[Text, ...] = ()
    measures: tuple[Measure, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Profile:
        known = [s.segment for s in self.segments]
        names = {
            "segments": [*known, *(g.segment for g in self.groups)],
            "sectors": [s.sector for s in self.sectors],
            "levers": [x.lever for x in self.levers],
            "indicators": [i.name for i in self.indicators],
            "measures": [m.measure_id for m in self.measures],
        }
        for what, words in names.items():
            twice = sorted({w for w in words if words.count(w) > 1})
            if twice:
                raise ValueError(f"{what} names {', '.join(twice)} twice")
        if "all" in names["segments"]:
            raise ValueError("'all' stands for everybody and cannot name a segment")
        for segment in self.staffing:
            if segment not in [*known, "all"]:
                raise ValueError(f"staffing: '{segment}' is not a segment; {nearest(segment, [*known, 'all'])}")
        for measure in self.measures:
            for segment in measure.segments:
                if segment not in known:
                    raise ValueError(
                        f"measure {measure.measure_id}: '{segment}' is not a segment; {nearest(segment, known)}"
                    )
            if measure.indicator and measure.indicator not in names["indicators"]:
                raise ValueError(
                    f"measure {measure.measure_id}: '{measure.indicator}' is not an indicator; "
                    f"{nearest(measure.indicator, names['indicators'])}"
                )
        for group in self.groups:
            for member in group.of:
                if member not in known:
                    raise ValueError(f"group {group.segment}: '{member}' is not a segment; {nearest(member, known)}")
        if self.shortage.segment not in [*names["segments"], "all"]:
            raise ValueError(f"shortage: '{self.shortage.segment}' is not a segment or group")
        return self

    def vocabulary(self, name: str) -> list[str]:
        """Return the words of one vocabulary: `sectors`, `levers` or `segments`."""
        return {
            "sectors": [s.sector for s in self.sectors],
            "levers": [x.lever for x in self.levers],
            "segments": [s.segment for s in self.segments],
        }[name]

    @property
    def labels(self) -> dict[str, str]:
        """Label of each segment, group, sector, lever and indicator, by its identifier."""
        return {
            **{s.segment: s.label for s in (*self.segments, *self.groups)},
            **{s.sector: s.label for s in self.sectors},
            **{x.lever: x.label for x in self.levers},
            **{i.name: i.label for i in self.indicators},
        }


class Item(_Model):
    """One statement of the readiness instrument."""

    item: Slug
    text: Text


class Level(_Model):
    """A level of one condition, from a mean score on."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    level: int
    label: Text
    start: float = Field(alias="from")
    descriptor: Text


class Condition(_Model):
    """One of the five conditions: its items and levels."""

    condition: Slug
    label: Text
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]


class Scale(_Model):
    """The answers' scale."""

    minimum: int
    maximum: int
    low: Text
    high: Text


class Instrument(_Model):
    """The readiness survey: items over the five conditions, with levels in words."""

    scale: Scale
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]

    def items(self) -> pd.DataFrame:
        """Return one row an item: condition, item, text."""
        rows = [(c.condition, i.item, i.text) for c in self.conditions for i in c.items]
        return pd.DataFrame(rows, columns=["condition", "item", "text"])

    def levels(self) -> pd.DataFrame:
        """Return one row a level: condition, level, label, start (lowest mean score), descriptor."""
        rows = [(c.condition, x.level, x.label, x.start, x.descriptor) for c in self.conditions for x in c.levels]
        return pd.DataFrame(rows, columns=["condition", "level", "label", "start", "descriptor"])


# --- YAML ------------------------------------------------------------------------------------------------------------


class YamlFault(CiAnalysisError):
    """A YAML file that cannot be read: line, what is wrong, what to do."""

    def __init__(self, line: int, what: str, do: str) -> None:
        self.line, self.what, self.do = line, what, do
        super().__init__(f"{line}: {what}; {do}")


class _Loader(yaml.SafeLoader):
    """YAML without tags, aliases, octal numbers or sexagesimal times: what stands there is what is meant."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read_yaml(text: bytes) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    r"""Return what a YAML file holds, and the line of each of its keys and items.

    Parameters
    ----------
    text : bytes
        UTF-8; at most 1 MiB, 20 levels deep; no tags, anchors or aliases.

    Returns
    -------
    content : object
        Mappings, sequences and scalars.
    lines : dict
        Path of keys and positions to line, from 1.

    Raises
    ------
    YamlFault
        Where it is not YAML, or more than plain YAML.

    Examples
    --------
    >>> read_yaml(b"a: 01001\nb: [1, no]\n")
    ({'a': '01001', 'b': [1, 'no']}, {(): 1, ('a',): 1, ('b',): 2, ('b', 0): 2, ('b', 1): 2})
    """
    if len(text) > MAXIMUM_YAML_BYTES:
        raise YamlFault(0, f"the file has {len(text):,} bytes", "keep it under 1 MiB")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise YamlFault(line, "the file is not UTF-8", "save it as UTF-8") from None
    try:
        _refuse_more_than_plain(decoded)
        loader = _Loader(decoded)
        node = loader.get_single_node()
        if node is None:
            return None, {(): 1}
        lines = dict(_lines(node, ()))
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = (error.problem or error.context or "the file is not YAML").replace("\n", " ")
        raise YamlFault(mark.line + 1 if mark else 0, f"not YAML: {what}", "mend the line or the one above") from None
    except (yaml.YAMLError, ValueError) as error:
        what = " ".join(str(error).split())[:200]
        raise YamlFault(0, f"not YAML: {what}", "mend or take out what cannot be read") from None


def _refuse_more_than_plain(text: str) -> None:
    depth = 0
    for events, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1
        if events > MAXIMUM_YAML_EVENTS:
            raise YamlFault(line, "the file has too many entries", "keep what a study needs")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlFault(line, "anchors and aliases are not allowed", "write the value out")
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            raise YamlFault(line, f"the tag {tag[:60]} is not allowed", "write plain text, numbers and lists")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAXIMUM_YAML_DEPTH:
            raise YamlFault(line, f"nested more than {MAXIMUM_YAML_DEPTH} levels deep", "make it flatter")


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            yield from _lines(child, (*path, i))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlFault(line, "a key is not plain text", "write plain keys")
            if key.value in seen:
                raise YamlFault(line, f"the key '{key.value[:60]}' is there twice", "keep one")
            seen.add(key.value)
            for where, at in _lines(child, (*path, key.value)):
                # A scalar may start on the line after its key; the key's line is where people look.
                yield where, line if where == (*path, key.value) else at


def model_problems(
    error: ValidationError, file: str, lines: dict[tuple[str | int, ...], int], model: type[BaseModel]
) -> list[Problem]:
    """Return what pydantic found as problems with file, line, key and advice.

    Parameters
    ----------
    error : pydantic.ValidationError
        From validating `model`.
    file : str
        Name of the file.
    lines : dict
        From `read_yaml`.
    model : type
        The model, whose fields are the known keys.
    """
    problems = []
    for found in error.errors(include_url=False):
        path = tuple(p for p in found["loc"] if not (isinstance(p, str) and p.startswith(("function-", "["))))
        line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 0)
        key = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
        what, do = _in_words(found, path, model)
        problems.append(Problem(file, line, key, what, do))
    return problems


#: What to write, by the pattern that a text does not match.
_PATTERNS = {
    r"^[0-9]{2}([0-9]{3})?$": 'write two digits for a state or five for a county, in quotes: "08" or "08001"',
    r"^[a-z0-9][a-z0-9-]{0,62}$": "write lower-case letters, digits and hyphens, 63 at most",
}


def _in_words(found: Any, path: Sequence[str | int], model: type[BaseModel]) -> tuple[str, str]:
    kind, value, context = found["type"], found.get("input"), found.get("ctx", {})
    shown = f"'{str(value)[:60]}'" if not isinstance(value, dict | list) else "the value"
    if kind == "extra_forbidden":
        return f"'{path[-1]}' is not a known key", nearest(str(path[-1]), _known_keys(model, path[:-1]))
    if kind == "missing":
        return "the key is missing", "add it"
    if kind == "value_error":
        return str(context.get("error", found["msg"])), "mend it"
    if kind in ("string_type", "string_pattern_mismatch", "string_too_short"):
        if kind == "string_pattern_mismatch":
            do = _PATTERNS.get(context["pattern"], f"it must match {context['pattern']}")
        else:
            do = "write text; put numbers and dates that are meant as text in quotes"
        return f"{shown} is not what is expected", do
    if kind == "literal_error":
        return f"{shown} is not a choice", f"use {context['expected']}"
    says = found["msg"][0].lower() + found["msg"][1:]
    return f"{shown} does not fit", says


def _known_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Field names of the model that stands at a path inside another."""
    for part in path:
        if isinstance(part, int):
            continue
        if part not in model.model_fields:
            return []
        inner = _models_in(model.model_fields[part].annotation)
        if not inner:
            return []
        model = inner[0]
    return [f.alias or name for name, f in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _models_in(part)]


# --- what comes with the package --------------------------------------------------------------------------------------


def built_in_profiles() -> list[str]:
    """Return the names of the issue profiles that come with the package."""
    names = (f.name.removesuffix(".yaml") for f in files(__package__).iterdir() if f.name.endswith(".yaml"))
    return sorted(n for n in names if n != "readiness")


def load_profile(source: str | Path) -> Profile:
    """Return a built-in profile by its name, or one of your own by its path.

    Raises
    ------
    YamlFault
        Where the file cannot be read as YAML.
    StudyProblems
        Never; a profile's problems come as `pydantic.ValidationError` to the caller, who knows the file's name.

    Examples
    --------
    >>> load_profile("child-care").words.people
    'children'
    """
    if isinstance(source, Path):
        return Profile.model_validate(read_yaml(source.read_bytes())[0])
    return _built_in(source)


@cache
def _built_in(name: str) -> Profile:
    return Profile.model_validate(read_yaml((files(__package__) / f"{name}.yaml").read_bytes())[0])


@cache
def load_instrument() -> Instrument:
    """Return the readiness instrument.

    Examples
    --------
    >>> [c.condition for c in load_instrument().conditions][:2]
    ['common-agenda', 'shared-measurement']
    """
    return Instrument.model_validate(read_yaml((files(__package__) / "readiness.yaml").read_bytes())[0])
