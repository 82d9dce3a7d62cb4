"""The coalition's network in the shapes that other tools read, and back: a graph, and Kumu's two sheets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd

from ci_analysis.convene.ties import LEVELS
from ci_analysis.errors import StudyProblems, WrongUse, nearest
from ci_analysis.exchange.cells import as_text
from ci_analysis.exchange.understand import Network, Understood, field_name, too_much, understand
from ci_analysis.tables import INPUTS, Table, conform, parse, period_end

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = [
    "Outgoing",
    "blueprint_network",
    "from_blueprint",
    "from_graph",
    "from_kumu",
    "kumu_blueprint",
    "kumu_connections",
    "kumu_elements",
    "outgoing",
    "to_graph",
]

#: Halves of characters beyond the first 65,536, which stand alone where a program cut a text in two.
_CUT = re.compile("[\ud800-\udfff]")
_KUMU_NAMES = {"partner_id": "ID", "name": "Label", "sector": "Type"}


@dataclass(frozen=True)
class Outgoing:
    """The part of a study's network that leaves the house.

    Parameters
    ----------
    partners, ties : pandas.DataFrame
        Rows and columns of the study's tables.
    waves, every : tuple of str
        The waves that are in, and all that the study has, in order of time.
    left_out : tuple of str
        What stays here, as phrases.
    """

    partners: pd.DataFrame
    ties: pd.DataFrame
    waves: tuple[str, ...]
    every: tuple[str, ...]
    left_out: tuple[str, ...]


def outgoing(study: Study, *, wave: str | None = None, private: bool = False) -> Outgoing:
    """Partners and ties of one wave, without what is for the coalition alone.

    Parameters
    ----------
    study : Study
        Whose network it is.
    wave : str, optional
        One wave, or 'all'; the latest unless told.
    private : bool
        Whether prospects, ratings and a study's own columns go out too.

    Raises
    ------
    WrongUse
        Where the study has no partners, or no such wave.
    """
    partners, ties = study.tables["partners"], study.tables["ties"]
    if not len(partners):
        raise WrongUse(f"{study.name} has no partners to export; fill in partners.csv.")
    every = _in_order(ties["wave"])
    if wave not in (None, "all", *every):
        there = nearest(str(wave), every) if every else "the study has no ties yet"
        raise WrongUse(f"{study.name} has no wave '{wave}' of ties; {there}, or write 'all'.")
    waves = every if wave == "all" else (wave,) if wave else every[-1:]
    ties = ties[ties["wave"].isin(waves)]
    left_out: list[str] = []
    if not private:
        shown = partners["status"].ne("prospect")
        held = [_private(partners, INPUTS["partners"]), _private(ties, INPUTS["ties"])]
        inside = partners.loc[shown, "partner_id"]
        kept = ties["source"].isin(inside) & ties["target"].isin(inside)
        if n := int((~shown).sum()):
            left_out.append(f"{n} prospect{'' if n == 1 else 's'}")
        if n := int((~kept).sum()):
            left_out.append(f"{n} tie{'' if n == 1 else 's'} that name{'s' if n == 1 else ''} one")
        left_out += [words for words in held if words]
        partners, ties = (
            rows.drop(columns=[c for c in rows if _is_private(c, INPUTS[name])])
            for name, rows in (("partners", partners[shown]), ("ties", ties[kept]))
        )
    return Outgoing(partners.reset_index(drop=True), ties.reset_index(drop=True), tuple(waves), every, tuple(left_out))


def _in_order(waves: pd.Series) -> tuple[str, ...]:
    distinct = pd.Series(waves.unique(), dtype="str")
    ends = pd.DataFrame({"wave": distinct, "end": period_end(distinct)})
    return tuple(ends.sort_values(["end", "wave"])["wave"])


def _is_private(name: str, table: Table) -> bool:
    return name not in table.by_name or not table.by_name[name].public


def _private(frame: pd.DataFrame, table: Table) -> str:
    held = [c for c in frame if _is_private(c, table) and frame[c].notna().any()]
    return f"of {table.file} {', '.join(held)}" if held else ""


# --- a graph


def to_graph(partners: pd.DataFrame, ties: pd.DataFrame) -> nx.MultiDiGraph:
    """The network as a directed graph: a node for each partner, an edge for each report of one on another.

    A report of level 0 is an edge too: the answer 'none' is an answer. A missing value is no attribute.

    Parameters
    ----------
    partners : pandas.DataFrame
        As in the table partners, any of its columns.
    ties : pandas.DataFrame
        As in the table ties, of one wave or of several.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes by partner_id, with label (the name), partner_id and the other columns. Edges by the key
        `source.target.wave`, with level (0 to 5), wave and the other columns, and with weight (the level) from level 1
        on: tools that draw weights stumble over one of 0.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a", "b"], "name": ["A", "B"]})
    >>> ties = pd.DataFrame({"wave": ["2026"], "source": ["a"], "target": ["b"], "level": [3.0]})
    >>> list(to_graph(partners, ties).edges(keys=True, data=True))
    [('a', 'b', 'a.b.2026', {'wave': '2026', 'level': 3, 'weight': 3})]
    """
    graph = nx.MultiDiGraph()
    table = INPUTS["partners"]
    for record in as_text(partners, table).to_dict("records"):
        filled = _filled(record, table)
        label = {"label": filled.pop("name")} if "name" in filled else {}
        graph.add_node(record["partner_id"], **label, **filled)
    table = INPUTS["ties"]
    for record in as_text(ties, table).to_dict("records"):
        filled = _filled(record, table)
        source, target = filled.pop("source"), filled.pop("target")
        weight = {"weight": filled["level"]} if filled["level"] else {}
        graph.add_edge(source, target, key=_key(record), **filled, **weight)
    return graph


def _filled(record: Mapping[str, str], table: Table) -> dict[str, Any]:
    """Return the cells that hold something, whole numbers as such."""
    whole = {c.name for c in table.columns if c.kind == "integer"}
    return {name: int(text) if name in whole else text for name, text in record.items() if text}


def _key(record: Mapping[str, str]) -> str:
    # No identifier has a point in it, so that no connection is called as an element is; Kumu asks for that.
    return f"{record['source']}.{record['target']}.{record['wave']}"


def from_graph(
    graph: nx.Graph, *, sectors: Mapping[str, str] | None = None, wave: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables partners and ties that a graph stands for.

    Parameters
    ----------
    graph : networkx.Graph
        Directed or not, with one edge between two nodes or several; attributes as `to_graph` names them, and those of
        other tools as far as they are known (`name` or `label`, `type`, `strength` or `weight`).
    sectors : mapping of str to str, optional
        Label of each sector, so that either names it.
    wave : str, optional
        The wave of edges that name none.

    Returns
    -------
    partners, ties : pandas.DataFrame
        Typed as a study hands them over.

    Raises
    ------
    StudyProblems
        With everything that the tables cannot hold.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.Graph([("A", "B", {"weight": 2})])
    >>> nx.set_node_attributes(graph, "health", "type")
    >>> from_graph(graph, wave="2026")[1][["source", "target", "level"]].values.tolist()
    [['a', 'b', 2.0], ['b', 'a', 2.0]]
    """
    place = {"_file": "graph", "_row": "0", "_scope": "0"}
    direction = "directed" if graph.is_directed() else "undirected"
    nodes = [
        {**place, "_place": f"node {n}", "_id": str(n), "_own": "", **_attributes({"label": n, **data})}
        for n, data in graph.nodes(data=True)
    ]
    edges = [
        {
            **place,
            "_place": f"edge {u} to {v}",
            "_source": str(u),
            "_target": str(v),
            "_direction": direction,
            **_attributes(data),
        }
        for u, v, data in graph.edges(data=True)
    ]
    for record in (*nodes, *edges):
        _whole(record, "The graph holds", record["_place"])
    return _typed(understand(Network(pd.DataFrame(nodes), pd.DataFrame(edges)), sectors=sectors, wave=wave), "graph")


def _attributes(data: Mapping[Any, Any]) -> dict[str, str]:
    return {field_name(str(k)): str(v) for k, v in data.items() if v is not None and str(k)[:1] != "_"}


def _typed(understood: Understood, what: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    if understood.problems:
        raise StudyProblems(what, understood.problems)
    return _as_table(understood.partners, INPUTS["partners"]), _as_table(understood.ties, INPUTS["ties"])


def _as_table(text: pd.DataFrame, table: Table) -> pd.DataFrame:
    cells = text.reindex(columns=[*table.names, *_own(text)], fill_value="").astype("str")
    typed = {c.name: parse(c, cells[c.name])[0] for c in table.columns}
    own = {n: cells[n].where(cells[n].ne("")) for n in _own(text)}
    return conform(pd.DataFrame({**typed, **own}, index=cells.index), table)


def _own(frame: pd.DataFrame) -> list[str]:
    return [n for n in frame.columns if n.startswith("x_")]


# --- Kumu


def kumu_elements(partners: pd.DataFrame, *, sectors: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Partners as the rows of Kumu's sheet of elements.

    Parameters
    ----------
    partners : pandas.DataFrame
        As in the table partners.
    sectors : mapping of str to str, optional
        Label of each sector, for the column Type; without it the identifier stands there.

    Returns
    -------
    pandas.DataFrame
        ID, Label and Type, then the other columns that hold anything, all text; an empty text is missing.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a"], "name": ["A"], "sector": ["health"], "status": ["joined"]})
    >>> kumu_elements(partners, sectors={"health": "Health care"}).to_dict("records")
    [{'ID': 'a', 'Label': 'A', 'Type': 'Health care', 'Status': 'joined'}]
    """
    text = as_text(partners, INPUTS["partners"])
    shown = _labels(sectors or {})
    text["sector"] = text["sector"].map(lambda s: shown.get(s, s)).astype("str")
    return _sheet(text, list(_KUMU_NAMES))


def _labels(sectors: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that tell sectors apart: one that several share, or that is another's identifier, does not."""
    folded = [" ".join(label.split()).casefold() for label in sectors.values()]
    return {
        slug: label
        for (slug, label), word in zip(sectors.items(), folded, strict=True)
        if folded.count(word) == 1 and word not in {s.casefold() for s in sectors} - {slug.casefold()}
    }


def kumu_connections(ties: pd.DataFrame) -> pd.DataFrame:
    """Reports as the rows of Kumu's sheet of connections.

    Parameters
    ----------
    ties : pandas.DataFrame
        As in the table ties.

    Returns
    -------
    pandas.DataFrame
        ID, From, To (identifiers), Direction ('directed'), Type (the level in a word), Strength (the level), Wave, then
        the other columns that hold anything, all text.

    Examples
    --------
    >>> ties = pd.DataFrame({"wave": ["2026"], "source": ["a"], "target": ["b"], "level": [0.0]})
    >>> kumu_connections(ties).values.tolist()
    [['a.b.2026', 'a', 'b', 'directed', 'none', '0', '2026']]
    """
    text = as_text(ties, INPUTS["ties"])
    lead = pd.DataFrame(
        {
            "ID": text["source"] + "." + text["target"] + "." + text["wave"],
            "From": text["source"],
            "To": text["target"],
            "Direction": "directed",
            "Type": text["level"].map({str(level): word for level, word in LEVELS.items()}),
            "Strength": text["level"],
            "Wave": text["wave"],
        },
        index=text.index,
        dtype="str",
    )
    return pd.concat([lead, _sheet(text.drop(columns=["wave", "source", "target", "level"]), [])], axis=1)


def _sheet(text: pd.DataFrame, always: list[str]) -> pd.DataFrame:
    kept = [c for c in text if c in always or text[c].ne("").any()]
    plain = {c: c if c.startswith("x_") else c.replace("_", " ").capitalize() for c in kept}
    return text[[*always, *(c for c in kept if c not in always)]].rename(columns={**plain, **_KUMU_NAMES})


def kumu_blueprint(
    partners: pd.DataFrame, ties: pd.DataFrame, *, sectors: Mapping[str, str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The network as Kumu's blueprint: what its JSON file holds.

    Parameters
    ----------
    partners, ties : pandas.DataFrame
        As in the tables of these names.
    sectors : mapping of str to str, optional
        Label of each sector, for `type`.

    Returns
    -------
    dict
        `elements` and `connections`, each a list of objects with lower-case keys; what is missing has no key, and
        strength is a number.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["a"], "name": ["A"], "sector": ["health"], "status": ["joined"]})
    >>> ties = pd.DataFrame({"wave": ["2026"], "source": ["a"], "target": ["a"], "level": [1.0]})
    >>> kumu_blueprint(partners, ties)["connections"][0]["strength"]
    1
    """
    elements = kumu_elements(partners, sectors=sectors).to_dict("records")
    connections = kumu_connections(ties).to_dict("records")
    return {
        "elements": [_object(e, INPUTS["partners"]) for e in elements],
        "connections": [_object(c, INPUTS["ties"]) for c in connections],
    }


def _object(record: Mapping[str, str], table: Table) -> dict[str, Any]:
    whole = {c.name for c in table.columns if c.kind == "integer"} | {"strength"}
    named = {k if k.startswith("x_") else k.lower(): v for k, v in record.items() if v != ""}
    return {k: int(v) if field_name(k) in whole else v for k, v in named.items()}


def from_kumu(
    elements: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    sectors: Mapping[str, str] | None = None,
    wave: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables partners and ties that Kumu's two sheets stand for.

    Parameters
    ----------
    elements, connections : pandas.DataFrame
        Text cells under Kumu's headings.
    sectors : mapping of str to str, optional
        Label of each sector, so that either names it.
    wave : str, optional
        The wave of connections that name none.

    Returns
    -------
    partners, ties : pandas.DataFrame
        Typed as a study hands them over.

    Raises
    ------
    StudyProblems
        With everything that the tables cannot hold.

    Examples
    --------
    >>> elements = pd.DataFrame({"Label": ["A", "B"], "Type": ["health", "health"]})
    >>> connections = pd.DataFrame({"From": ["A"], "To": ["B"], "Strength": ["2"]})
    >>> from_kumu(elements, connections, wave="2026")[1][["source", "target", "level"]].values.tolist()
    [['a', 'b', 2.0]]
    """
    content = {"elements": elements.to_dict("records"), "connections": connections.to_dict("records")}
    return from_blueprint(content, sectors=sectors, wave=wave)


def from_blueprint(
    content: Mapping[str, Any], *, sectors: Mapping[str, str] | None = None, wave: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables partners and ties that a Kumu blueprint stands for.

    Parameters
    ----------
    content : mapping
        With lists of objects under `elements` and `connections`, as a blueprint or as Kumu's own backup of a project
        writes them.
    sectors : mapping of str to str, optional
        Label of each sector, so that either names it.
    wave : str, optional
        The wave of connections that name none.

    Returns
    -------
    partners, ties : pandas.DataFrame
        Typed as a study hands them over.

    Raises
    ------
    StudyProblems
        With everything that the tables cannot hold.

    Examples
    --------
    >>> content = {"elements": [{"label": "A", "type": "health"}], "connections": []}
    >>> from_blueprint(content)[0]["partner_id"].to_list()
    ['a']
    """
    return _typed(understand(blueprint_network(content, "blueprint"), sectors=sectors, wave=wave), "blueprint")


def blueprint_network(content: Mapping[str, Any], file: str) -> Network:
    """The elements and connections of a Kumu blueprint, as text cells.

    Parameters
    ----------
    content : mapping
        As in `from_blueprint`.
    file : str
        What problems call it.

    Raises
    ------
    WrongUse
        Where it is no blueprint.

    Examples
    --------
    >>> blueprint_network({"elements": [{"label": "A"}]}, "x.json").elements["label"].to_list()
    ['A']
    """
    elements = [
        {"_id": r.pop("id", ""), "_own": r.pop("_own"), **r} for r in _objects(content, "elements", file, ("label",))
    ]
    connections = []
    for record in _objects(content, "connections", file, ("from", "to")):
        ends = {"_source": "from", "_target": "to", "_direction": "direction"}
        taken = {end: record.pop(name, "") for end, name in ends.items()}
        connections.append({**record, **taken})
    return Network(pd.DataFrame(elements), pd.DataFrame(connections))


def _objects(content: Mapping[str, Any], name: str, file: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    listed = content.get(name, []) if isinstance(content, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        fields = " and ".join(needed)
        raise WrongUse(f"{file} is not a Kumu blueprint: it needs a list of objects with {fields}, under '{name}'.")
    if what := too_much(**{name: len(listed)}):  # type: ignore[arg-type]  # either of the two
        raise WrongUse(f"{file} has {what}: export a part of the network.")
    found: list[dict[str, str]] = []
    names: set[str] = set()
    for i, item in enumerate(listed):
        # Kumu's backup of a project keeps fields apart, and its own identifier under _id.
        inner = item.get("attributes")
        fields = {**item, **(inner if isinstance(inner, Mapping) else {})}
        record = {field_name(str(k)): _word(v) for k, v in fields.items() if str(k) not in ("_id", "attributes")}
        chosen = record.get("id", "")
        record["id"] = chosen or _word(item.get("_id"))
        place = {"_file": file, "_row": "0", "_place": f"{name}[{i + 1}]", "_scope": "kumu"}
        # An identifier that Kumu made says nothing of the partner; one that people chose does.
        record = {k: v for k, v in record.items() if not k.startswith("_")}
        _whole(record, f"{file} holds", f"{name}[{i + 1}]")
        names |= record.keys()
        if what := too_much(fields=len(names)):
            raise WrongUse(f"{file} has {what}: leave out those that partners and ties do not need.")
        found.append({**record, **place, "_own": "yes" if chosen or not record["id"] else ""})
    return found


def _whole(record: Mapping[str, str], holds: str, place: str) -> None:
    """Refuse text that was cut in the midst of a character: no file can hold it."""
    for name, text in record.items():
        if cut := _CUT.search(name + text):
            shown = _CUT.sub("\N{REPLACEMENT CHARACTER}", f"{place}.{name}" if name[:1] != "_" else place)[:120]
            code = f"\\u{ord(cut[0]):04x}"
            raise WrongUse(f"{holds} half a character ({code}) in {shown}: write the whole one, or leave it out.")


def _word(value: Any) -> str:
    """Return a value as a cell's text; a list as Kumu's sheets write it."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, list):
        return "|".join(_word(v) for v in value)
    return str(value).strip()
