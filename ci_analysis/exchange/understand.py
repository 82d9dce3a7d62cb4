"""What a network that somebody else drew says in the words of a study: partners, and ties between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ci_analysis.errors import Problem, nearest
from ci_analysis.places import SLUG
from ci_analysis.tables import INPUTS, Table, number, parse

__all__ = ["Network", "Understood", "field_name", "too_much", "understand"]

#: Where a record stands: file, line (0 where lines say nothing), and the words that stand in for a line.
PLACE = ("_file", "_row", "_place")
#: A study's own column.
OWN = re.compile(r"x_\w{1,60}")
#: Far more than a coalition has partners; and three hundred that all rate each other, twice over.
MAXIMUM_ELEMENTS = 10_000
MAXIMUM_CONNECTIONS = 200_000
MAXIMUM_FIELDS = 1_000
_LEVEL_FIELDS = ("level", "strength", "weight")
_DIRECTIONS = ("directed", "undirected", "mutual")
#: Fields that say what is said elsewhere, or that only describe the drawing.
_SILENT = frozenset({"id", "label", "name", "type", "sector", "partner_id", "direction", *_LEVEL_FIELDS})


@dataclass(frozen=True)
class Network:
    """Elements and connections as a file holds them, all cells text, an empty text where there is nothing.

    Parameters
    ----------
    elements : pandas.DataFrame
        `_file`, `_row`, `_place`; `_scope` (references hold within one); `_id` (as connections name it);
        `_own` ('yes' where people choose that identifier themselves); then fields, named by `field_name`.
    connections : pandas.DataFrame
        The same places and scope; `_source`, `_target`, `_direction`; then fields.
    """

    elements: pd.DataFrame
    connections: pd.DataFrame


@dataclass(frozen=True)
class Understood:
    """A network as rows of the study's tables, with what is wrong and what was assumed.

    Parameters
    ----------
    partners, ties : pandas.DataFrame
        Text cells, empty where nothing is said, with `_file` and `_row` of each.
    problems : tuple of Problem
        Where there are any, the rows are not to be used.
    notes : tuple of str
        Sentences on what was assumed or not taken over.
    """

    partners: pd.DataFrame
    ties: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())


def field_name(name: str) -> str:
    """Return a field's name as tables write it: lower case and underscores; names that begin with x_ stay as they are.

    Examples
    --------
    >>> [field_name(n) for n in ("Joined on", "Element Type", "x_Note")]
    ['joined_on', 'type', 'x_Note']
    """
    if OWN.fullmatch(name.strip()):
        return name.strip()
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    return {"element_type": "type", "connection_type": "type"}.get(plain, plain)


def too_much(*, elements: int = 0, connections: int = 0, fields: int = 0) -> str:
    """Return the clause that says how a network is larger than is read; empty where it is not.

    Parameters
    ----------
    elements, connections, fields : int
        How many there are.

    Examples
    --------
    >>> too_much(elements=12000, connections=3)
    'more than 10,000 elements'
    """
    counts = (
        (elements, MAXIMUM_ELEMENTS, "elements"),
        (connections, MAXIMUM_CONNECTIONS, "connections"),
        (fields, MAXIMUM_FIELDS, "fields"),
    )
    return " and ".join(f"more than {most:,} {of}" for count, most, of in counts if count > most)


def understand(
    network: Network,
    *,
    sectors: Mapping[str, str] | None = None,
    partners: pd.DataFrame | None = None,
    wave: str | None = None,
) -> Understood:
    """Rows of the tables partners and ties that a network stands for.

    An element is the partner that its `partner_id` says, else the partner of the study that has its name, else a new
    one, whose identifier is made from its name. A connection is one report; one that is undirected or mutual is a
    report from each side.

    Parameters
    ----------
    network : Network
        As a reader gives it.
    sectors : mapping of str to str, optional
        Label of each of the issue's sectors; without it every identifier passes.
    partners : pandas.DataFrame, optional
        The study's partners: partner_id and name.
    wave : str, optional
        The wave of connections that name none.

    Returns
    -------
    Understood
        With every problem, each at its file, line and field.

    Examples
    --------
    >>> place = {"_file": "map.json", "_row": "0", "_place": "", "_scope": "0"}
    >>> elements = pd.DataFrame([{**place, "_id": "", "_own": "yes", "label": "Town hall", "type": "Government"}])
    >>> made = understand(Network(elements, pd.DataFrame()), sectors={"government": "Government"})
    >>> made.partners[["partner_id", "name", "sector", "status"]].values.tolist()
    [['town-hall', 'Town hall', 'government', 'joined']]
    """
    targets = network.connections.get("_target", pd.Series(dtype="str")).astype("str").str.count(r"\|") + 1
    if what := too_much(elements=len(network.elements), connections=int(targets.sum())):
        file = pd.concat([frame["_file"] for frame in (network.elements, network.connections) if len(frame)]).iloc[0]
        problem = Problem(str(file), 0, "", f"the network has {what}", "export a part of it")
        return Understood(pd.DataFrame(), pd.DataFrame(), (problem,))
    reading = _Reading(sectors, partners, wave)
    rows = reading.partners(_with(network.elements, (*PLACE, "_scope", "_id", "_own")))
    ties = reading.ties(_with(network.connections, (*PLACE, "_scope", "_source", "_target", "_direction")))
    return Understood(rows, ties, tuple(dict.fromkeys(reading.problems)), tuple(reading.notes))


def _with(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the frame with these columns at least, all text, on a fresh index."""
    order = [*frame.columns, *(n for n in names if n not in frame)]
    return frame.astype("str").fillna("").reindex(columns=order, fill_value="").reset_index(drop=True)


def _first(frame: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """Return, in each row, the first of several fields that is filled."""
    result = pd.Series("", index=frame.index, dtype="str")
    for name in names:
        if name in frame:
            result = result.where(result.ne(""), frame[name].str.strip())
    return result


def _same_name(names: pd.Series) -> pd.Series:
    return names.astype("str").str.split().str.join(" ").str.casefold()


class _Reading:
    """Turns one network into rows, and collects what is wrong on the way."""

    def __init__(self, sectors: Mapping[str, str] | None, partners: pd.DataFrame | None, wave: str | None) -> None:
        self.sectors = sectors
        self.known = partners if partners is not None else pd.DataFrame({"partner_id": [], "name": []}, dtype="str")
        self.wave = wave
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        #: Partner of each reference, by scope and then by identifier or by name.
        self.by_id: dict[tuple[str, str], str] = {}
        self.by_name: dict[tuple[str, str], set[str]] = {}

    def say(self, raw: pd.DataFrame, i: int, column: str, what: str, do: str, kind: str = "") -> None:
        """Note what is wrong in a field of the record of this label."""
        file, row, place = (str(raw[name][i]) for name in PLACE)
        where = f"{place}.{column}".strip(".") if place else column
        self.problems.append(Problem(file, int(row or 0), where, what, do, kind))

    # --- elements

    def partners(self, raw: pd.DataFrame) -> pd.DataFrame:
        table = INPUTS["partners"]
        label = _first(raw, ("label", "name"))
        ids = self.identified(raw, label)
        existing = ids.isin(self.known["partner_id"])
        cells = {"partner_id": ids, "name": label, "sector": self.sector_of(raw, existing, label)}
        status = _first(raw, ("status",))
        silent = status.eq("") & ~existing & ids.ne("")
        if silent.any():
            what = _counted(silent.sum(), "new partner has no status and is", "new partners have no status and are")
            self.notes.append(f"{what} taken to have joined.")
        cells["status"] = status.mask(silent, "joined")
        cells |= {n: raw[n].str.strip() for n in self.taken(raw, table, cells)}
        rows = pd.DataFrame(cells, index=raw.index).assign(_file=raw["_file"], _row=raw["_row"])
        for i in np.flatnonzero((label.eq("") & ~existing & ids.ne("")).to_numpy()):
            self.say(raw, i, "label", "the element has no label", "write the partner's name", "no label")
        self.check(raw, rows, table)
        self.refer(raw, ids, label)
        return self.once(raw, rows[ids.ne("")], ["partner_id"], "the partner")

    def taken(self, raw: pd.DataFrame, table: Table, done: Iterable[str]) -> list[str]:
        """Return the fields that are the table's own; say which others were there."""
        own = [n for n in raw.columns if (n in table.by_name or OWN.fullmatch(n)) and n not in done]
        other = [n for n in raw.columns if n not in (*own, *done, *_SILENT) and not n.startswith("_")]
        other = [n for n in other if raw[n].ne("").any()]
        if other:
            self.notes.append(f"Not taken over, since {table.file} has no such column: {', '.join(sorted(other))}.")
        return own

    def identified(self, raw: pd.DataFrame, label: pd.Series) -> pd.Series:
        """Return each element's partner_id."""
        said = _first(raw, ("partner_id",))
        known = set(self.known["partner_id"])
        chosen = raw["_id"].str.fullmatch(SLUG.pattern) & (raw["_own"].eq("yes") | raw["_id"].isin(known))
        ids = said.where(said.ne(""), raw["_id"].where(chosen.astype(bool), ""))
        for i in np.flatnonzero((~ids.str.fullmatch(SLUG.pattern).astype(bool) & ids.ne("")).to_numpy()):
            self.say(raw, i, "partner_id", f"'{ids[i][:60]}' is not an identifier",
                     "use lower-case letters, digits and hyphens, starting with a letter or digit", "slug")  # fmt: skip
        named = set(ids) - {""}
        used = known | named
        # Several partners may share a name: the first element of that name is the first of them not yet named.
        free: dict[str, list[str]] = {}
        for name, partner in zip(_same_name(self.known["name"]), self.known["partner_id"], strict=True):
            if partner not in named:
                free.setdefault(name, []).append(partner)
        made: dict[str, str] = {}
        numbers: dict[str, int] = {}
        folded = _same_name(label)
        for i in np.flatnonzero((ids.eq("") & label.ne("")).to_numpy()):
            there = free.get(folded[i])
            ids[i] = there.pop(0) if there else _slug(label[i], used, numbers)
            if ids[i] not in used:
                made[label[i]] = ids[i]
            used.add(ids[i])
        for i in np.flatnonzero((ids.eq("") & label.eq("")).to_numpy()):
            what = "the element has neither a label nor a partner_id"
            self.say(raw, i, "label", what, "write the partner's name", "no label")
        if made:
            shown = ", ".join(f"{i} ({n[:60]})" for n, i in list(made.items())[:10])
            more = f" and {len(made) - 10} more" if len(made) > 10 else ""
            self.notes.append(f"Identifiers were made from names: {shown}{more}.")
        return ids.astype("str")

    def sector_of(self, raw: pd.DataFrame, existing: pd.Series, label: pd.Series) -> pd.Series:
        said = _first(raw, ("sector", "type"))
        column = ["sector" if "sector" in raw and raw.loc[i, "sector"].strip() else "type" for i in raw.index]
        for i in np.flatnonzero((said.eq("") & ~existing & label.ne("")).to_numpy()):
            self.say(raw, i, "type", f"'{label[i][:60]}' has no sector",
                     "write one of the issue's sectors as its Type", "no sector")  # fmt: skip
        if self.sectors is None:
            return said
        labels = pd.Series(self.sectors, dtype="str")
        folded = _same_name(labels)
        alone = folded[~folded.duplicated(keep=False)]
        words = dict(zip(alone, alone.index, strict=True)) | {slug.casefold(): slug for slug in self.sectors}
        sector = _same_name(said).map(words).fillna("").astype("str")
        for i in np.flatnonzero((sector.eq("") & said.ne("")).to_numpy()):
            do = nearest(said[i][:60], [*self.sectors.values(), *self.sectors])
            self.say(raw, i, column[i], f"'{said[i][:60]}' is not one of the issue's sectors", do, "sector")
        return sector

    def refer(self, raw: pd.DataFrame, ids: pd.Series, label: pd.Series) -> None:
        """Note how connections may name each element."""
        for scope, given, partner in zip(raw["_scope"], raw["_id"], ids, strict=True):
            if given and partner:
                self.by_id[scope, given] = partner
        for scope, name, partner in zip(raw["_scope"], _same_name(label), ids, strict=True):
            if name and partner:
                self.by_name.setdefault((scope, name), set()).add(partner)
        unsaid = raw["_id"].eq("") & raw["_own"].eq("yes") & label.ne("")
        twice = raw[unsaid].assign(_name=_same_name(label[unsaid])).duplicated("_name")
        for i in twice.index[twice]:
            self.say(raw, i, "label", f"the label '{label[i][:60]}' is there twice",
                     "give each element an ID of its own, and use it in the connections", "same label")  # fmt: skip

    # --- connections

    def ties(self, raw: pd.DataFrame) -> pd.DataFrame:
        table = INPUTS["ties"]
        raw = self.each_end(raw)
        direction = raw["_direction"].str.strip().str.lower()
        for i in np.flatnonzero((~direction.isin([*_DIRECTIONS, ""])).to_numpy()):
            what = f"'{direction[i][:60]}' is not a direction"
            self.say(raw, i, "direction", what, nearest(direction[i][:60], _DIRECTIONS), "direction")
        cells = {
            "wave": self.wave_of(raw),
            "source": self.ends(raw, "_source", "from"),
            "target": self.ends(raw, "_target", "to"),
            "level": self.level_of(raw),
        }
        cells |= {n: raw[n].str.strip() for n in self.taken(raw, table, cells)}
        rows = pd.DataFrame(cells, index=raw.index).assign(_file=raw["_file"], _row=raw["_row"])
        self.check(raw, rows, table)
        both = direction.isin(["undirected", "mutual"]) & rows["source"].ne(rows["target"])
        if both.any():
            what = _counted(both.sum(), "undirected or mutual connection is", "undirected or mutual connections are")
            self.notes.append(f"{what} one report from each side.")
        turned = rows[both].rename(columns={"source": "target", "target": "source"})
        rows = pd.concat([rows, turned[rows.columns]]).sort_index(kind="stable")
        raw = raw.loc[rows.index].reset_index(drop=True)
        return self.once(raw, rows.reset_index(drop=True), ["wave", "source", "target"], "the tie of")

    def each_end(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Return a row for each target where Kumu's sheet names several in one cell, with `|` between."""
        names = {word for scope, word in (*self.by_name, *self.by_id) if scope == "kumu"}
        whole = raw["_target"].str.strip().isin(names) | _same_name(raw["_target"]).isin(names)
        several = raw["_scope"].eq("kumu") & raw["_target"].str.contains("|", regex=False) & ~whole
        targets = raw["_target"].where(~several, raw["_target"].str.strip("| ")).astype(object)
        targets = targets.where(~several, targets.str.split("|"))
        return raw.assign(_target=targets).explode("_target", ignore_index=True).astype("str")

    def wave_of(self, raw: pd.DataFrame) -> pd.Series:
        wave = _first(raw, ("wave",))
        if self.wave is not None:
            own = sorted(set(wave) - {"", self.wave})
            if own:
                self.notes.append(f"Connections that name their own wave ({', '.join(own[:5])}) keep it.")
            return wave.mask(wave.eq(""), self.wave)
        silent = raw[wave.eq("")]
        for i in silent.index[~silent["_file"].duplicated()]:
            n = int(silent["_file"].eq(silent.loc[i, "_file"]).sum())
            self.say(raw, i, "wave", _counted(n, "connection names", "connections name") + " no wave",
                     "say which wave of the survey it is with --wave, such as --wave 2026-Q2")  # fmt: skip
        return wave

    def ends(self, raw: pd.DataFrame, end: str, column: str) -> pd.Series:
        """Return the partner at one end of each connection."""
        own = set(self.known["partner_id"])
        names: dict[str, set[str]] = {}
        for name, partner in zip(_same_name(self.known["name"]), self.known["partner_id"], strict=True):
            names.setdefault(name, set()).add(partner)
        said, folded = raw[end].str.strip(), _same_name(raw[end])
        found = []
        for i, (scope, word, name) in enumerate(zip(raw["_scope"], said, folded, strict=True)):
            partner = self.by_id.get((scope, word))
            called = self.by_name.get((scope, name), set()) or names.get(name, set())
            if partner is None and word in own:
                partner = word
            if partner is None and len(called) == 1:
                partner = next(iter(called))
            if partner is None:
                what, do = f"'{word[:60]}' is no element", "add the element, or mend the connection"
                if called:
                    what, do = f"'{word[:60]}' is the label of {len(called)} partners", "name it by its ID"
                elif not word:
                    what, do = "the cell is empty", "name the element"
                self.say(raw, i, column, what, do, "end")
            found.append(partner or "")
        return pd.Series(found, index=raw.index, dtype="str")

    def level_of(self, raw: pd.DataFrame) -> pd.Series:
        said = _first(raw, _LEVEL_FIELDS)
        value = number(said)
        right = value.between(0, 5) & value.mod(1).eq(0)
        for i in np.flatnonzero((~right).to_numpy()):
            column = next((c for c in _LEVEL_FIELDS if c in raw and raw.loc[i, c].strip()), "level")
            what = f"'{said[i][:40]}' is not a level of collaboration" if said[i] else "the connection has no level"
            self.say(raw, i, column, what, "write a whole number from 0 (none) to 5 (collaboration)", "level")
        return value.map(lambda v: f"{v:.0f}", na_action="ignore").astype("str").where(right, "")

    # --- both

    def check(self, raw: pd.DataFrame, rows: pd.DataFrame, table: Table) -> None:
        """Say which cells break their column's rule; an empty one may be filled in by the study."""
        for column in table.columns:
            # The identifiers' own rules, sectors and levels are judged where they are read.
            if column.name in rows and column.name not in ("partner_id", "sector", "source", "target", "level"):
                cells = rows.loc[rows[column.name].ne(""), column.name]
                for fault in parse(column, cells)[1]:
                    named = "label" if column.name == "name" else column.name
                    self.say(raw, cells.index[fault.position], named, fault.what, fault.do, fault.kind)

    def once(self, raw: pd.DataFrame, rows: pd.DataFrame, key: list[str], what: str) -> pd.DataFrame:
        """Return the rows, those that say the same only once; say where two differ."""
        own = [c for c in rows.columns if not c.startswith("_")]
        kept = rows[~rows.duplicated(own)]
        whole = kept[key].ne("").all(axis=1)
        again = np.flatnonzero(whole & kept.duplicated(key))
        places = pd.Series(np.arange(len(kept)), kept.index)
        first = places.groupby([kept[k] for k in key]).transform("first").to_numpy()[again]
        cells, keys = kept[own].to_numpy(dtype=object), kept[key].to_numpy(dtype=object)
        for here, before in zip(again, first, strict=True):
            row = raw["_row"][kept.index[before]]
            at = f" (row {row})" if row not in ("", "0") else ""
            differs = next(c for c, a, b in zip(own, cells[here], cells[before], strict=True) if a != b)
            said = f"{what} {' '.join(keys[here])} is there twice{at}, and differs"
            self.say(raw, kept.index[here], differs, said, "keep one of the two", "twice")
        return kept.reset_index(drop=True)


def _slug(name: str, used: set[str], numbers: dict[str, int]) -> str:
    """Return an identifier that is made from a name and is not used yet; `numbers` keeps the last one of each stem."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:56].strip("-") or "partner"
    candidate, n = stem, numbers.get(stem, 1)
    while candidate in used:
        n += 1
        candidate = f"{stem}-{n}"
    numbers[stem] = n
    return candidate


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
