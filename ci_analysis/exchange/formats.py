"""The files of other tools: GraphML, GEXF and Kumu's sheets and blueprints, written and read."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from xml.parsers import expat

import networkx as nx
import pandas as pd

from ci_analysis.errors import Problem, WrongUse
from ci_analysis.exchange.cells import guarded, unguarded
from ci_analysis.exchange.networks import blueprint_network, kumu_blueprint, kumu_connections, kumu_elements
from ci_analysis.exchange.sheets import Unreadable, decoded, delimiter_of, rows_of
from ci_analysis.exchange.understand import Network, field_name, too_much

__all__ = ["MAXIMUM_BYTES", "Format", "as_gexf", "as_graphml", "as_kumu", "read_network"]

Format = Literal["kumu", "graphml", "gexf"]
#: Three hundred partners who all rate each other need a third of this in GEXF, the wordiest of the three.
MAXIMUM_BYTES = 64 * 2**20
#: How the headers of our own sheets begin, in which an apostrophe stands before what looks like a formula. Kumu's
#: own begin otherwise, and spreadsheet programs keep them.
_OUR_SHEETS = (
    ["ID", "Label", "Type", "Status"],
    ["ID", "From", "To", "Direction", "Type", "Strength", "Wave"],
)
_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_GEXF = "http://gexf.net/1.3"
#: What XML 1.0 has no way to hold.
_NOT_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


# --- writing


def as_graphml(graph: nx.MultiDiGraph) -> str:
    """The text of a GraphML file.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        As `ci_analysis.exchange.networks.to_graph` makes it.

    Returns
    -------
    str
        Attributes that are whole numbers everywhere are int, others string; a missing one has no data element. The same
        graph gives the same text.

    Raises
    ------
    WrongUse
        Where a text has a control character, which XML cannot hold.

    Notes
    -----
    Brandes, Eiglsperger, Herman, Himsolt and Marshall (2002), GraphML progress report.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<graphml xmlns="{_GRAPHML}">']
    keys: dict[tuple[str, str], str] = {}
    for domain, items in _items(graph):
        for name, kind in _kinds(items, "int").items():
            keys[domain, name] = f"d{len(keys)}"
            lines.append(f'  <key id="d{len(keys) - 1}" for="{domain}" attr.name={_quoted(name)} attr.type="{kind}"/>')
    lines.append('  <graph id="network" edgedefault="directed">')
    for node, data in graph.nodes(data=True):
        lines.append(f"    <node id={_quoted(node)}>")
        lines += [f'      <data key="{keys["node", k]}">{_escaped(str(v))}</data>' for k, v in data.items()]
        lines.append("    </node>")
    for source, target, key, data in _edges(graph):
        lines.append(f"    <edge id={_quoted(key)} source={_quoted(source)} target={_quoted(target)}>")
        lines += [f'      <data key="{keys["edge", k]}">{_escaped(str(v))}</data>' for k, v in data.items()]
        lines.append("    </edge>")
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def as_gexf(graph: nx.MultiDiGraph) -> str:
    """The text of a GEXF 1.3 file.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        As `ci_analysis.exchange.networks.to_graph` makes it.

    Returns
    -------
    str
        Labels and weights stand where GEXF has them, waves as the edge's kind too, so that several edges between two
        nodes stay apart. No date is written: the same graph gives the same text.

    Raises
    ------
    WrongUse
        Where a text has a control character, which XML cannot hold.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<gexf xmlns="{_GEXF}" version="1.3">']
    lines.append('  <graph defaultedgetype="directed" mode="static">')
    keys: dict[tuple[str, str], str] = {}
    for domain, items in _items(graph):
        kinds = _kinds([{k: v for k, v in d.items() if k not in ("label", "weight")} for d in items], "integer")
        lines += [f'    <attributes class="{domain}" mode="static">'] if kinds else []
        for name, kind in kinds.items():
            keys[domain, name] = f"{domain}-{len(keys)}"
            lines.append(f'      <attribute id="{keys[domain, name]}" title={_quoted(name)} type="{kind}"/>')
        lines += ["    </attributes>"] if kinds else []
    lines.append("    <nodes>")
    for node, data in graph.nodes(data=True):
        lines.append(f"      <node id={_quoted(node)} label={_quoted(str(data.get('label', node)))}>")
        lines += [*_attvalues("node", data, keys), "      </node>"]
    lines += ["    </nodes>", "    <edges>"]
    for source, target, key, data in _edges(graph):
        more = f' weight="{data["weight"]}"' if "weight" in data else ""
        more += f" kind={_quoted(str(data['wave']))}" if "wave" in data else ""
        lines.append(f"      <edge id={_quoted(key)} source={_quoted(source)} target={_quoted(target)}{more}>")
        lines += [*_attvalues("edge", data, keys), "      </edge>"]
    return "\n".join([*lines, "    </edges>", "  </graph>", "</gexf>", ""])


def as_kumu(partners: pd.DataFrame, ties: pd.DataFrame, *, sectors: Mapping[str, str] | None = None) -> dict[str, str]:
    """The texts of Kumu's files: two sheets, and a blueprint that holds both.

    Parameters
    ----------
    partners, ties : pandas.DataFrame
        As in the tables of these names.
    sectors : mapping of str to str, optional
        Label of each sector.

    Returns
    -------
    dict of str to str
        elements.csv, connections.csv and blueprint.json. In the sheets, text that a spreadsheet would take for a
        formula has an apostrophe in front.
    """
    sheets = {"elements.csv": kumu_elements(partners, sectors=sectors), "connections.csv": kumu_connections(ties)}
    texts = {name: guarded(sheet).to_csv(index=False, lineterminator="\n") for name, sheet in sheets.items()}
    content = kumu_blueprint(partners, ties, sectors=sectors)
    return {**texts, "blueprint.json": json.dumps(content, ensure_ascii=False, indent=1) + "\n"}


def _items(graph: nx.MultiDiGraph) -> list[tuple[str, list[Mapping[str, Any]]]]:
    return [("node", [d for _, d in graph.nodes(data=True)]), ("edge", [d for *_, d in _edges(graph)])]


def _edges(graph: nx.MultiDiGraph) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """Return the edges with their keys, those of one wave together."""
    return sorted(graph.edges(keys=True, data=True), key=lambda edge: str(edge[3].get("wave", "")))


def _kinds(items: Sequence[Mapping[str, Any]], whole: str) -> dict[str, str]:
    """Return the type of each attribute, in the order in which they are first met."""
    numbers: dict[str, bool] = {}
    for data in items:
        for name, value in data.items():
            numbers[name] = numbers.get(name, True) and isinstance(value, int)
    return {name: whole if number else "string" for name, number in numbers.items()}


def _attvalues(domain: str, data: Mapping[str, Any], keys: Mapping[tuple[str, str], str]) -> list[str]:
    filled = [(keys[domain, k], v) for k, v in data.items() if (domain, k) in keys]
    lines = [f'          <attvalue for="{key}" value={_quoted(str(value))}/>' for key, value in filled]
    return ["        <attvalues>", *lines, "        </attvalues>"] if lines else []


def _escaped(text: str) -> str:
    if _NOT_XML.search(text):
        shown = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:60]
        raise WrongUse(f"'{shown}' holds a control character, which these files cannot hold; take it out of the table.")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A reader of XML would make a line feed of it.
    return text.replace("\r", "&#13;")


def _quoted(text: str) -> str:
    # Readers make plain spaces of tabs and line ends in attributes, unless they are written as numbers.
    return '"' + _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


# --- reading


def read_network(paths: Sequence[Path], form: Format) -> tuple[Network, list[Problem]]:
    """The elements and connections of one file or of several that belong together, and what cannot be read of them.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Kumu: its two sheets as CSV, in any order, or a blueprint. GraphML and GEXF: each file stands for itself.
    form : {'kumu', 'graphml', 'gexf'}
        What they are.

    Returns
    -------
    network : Network
        All that could be read.
    problems : list of Problem
        Each at its file and line.
    """
    read = {"kumu": _read_kumu, "graphml": _read_xml, "gexf": _read_xml}[form]
    parts, problems = [], []
    for i, path in enumerate(paths):
        try:
            parts.append(read(path, _content(path), form, str(i)))
        except Unreadable as fault:
            problems.append(Problem(path.name, fault.row, "", fault.what, fault.do))
    frames = (
        pd.concat([part.elements for part in parts], ignore_index=True) if parts else pd.DataFrame(),
        pd.concat([part.connections for part in parts], ignore_index=True) if parts else pd.DataFrame(),
    )
    return Network(*frames), problems


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Unreadable(0, "this is a folder", "name the files in it that are to be read")
        if not path.is_file():
            raise Unreadable(0, "there is no such file", "give the path of one")
        if (size := path.stat().st_size) > MAXIMUM_BYTES:
            raise Unreadable(
                0, f"the file has {size:,} bytes, more than {MAXIMUM_BYTES:,}", "export a part of the network"
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(0, f"the file cannot be read ({error.strerror})", "see to its permissions") from error


# Kumu


def _read_kumu(path: Path, content: bytes, form: Format, scope: str) -> Network:
    if content.startswith(b"PK"):
        raise Unreadable(0, "the file is a workbook or another archive", "save each of its sheets as CSV UTF-8")
    text = decoded(content)
    if text.lstrip()[:1] == "<":
        raise Unreadable(1, "the file begins as XML does, and not as Kumu's files", "say with --from what the file is")
    if path.suffix.lower() == ".json" or text.lstrip()[:1] in ("{", "["):
        return _read_blueprint(path, text)
    header, rows, lines = _read_sheet(text)
    names = [field_name(n) for n in header]
    for name in names:
        if name and names.count(name) > 1:
            raise Unreadable(lines[0], f"the column '{name}' is there twice", "keep one")
    cells = pd.DataFrame(rows, columns=names, dtype="str").apply(lambda c: c.str.strip())
    # What another tool wrote is as it is meant, an apostrophe before an equals sign too.
    cells = unguarded(cells) if any(header[: len(own)] == own for own in _OUR_SHEETS) else cells
    cells = cells.drop(columns=[n for n in names if n.startswith("_") or not n])
    place = {"_file": path.name, "_row": [str(n) for n in lines[1:]], "_place": "", "_scope": "kumu"}
    if {"from", "to"} <= set(names):
        ends = cells.rename(columns={"from": "_source", "to": "_target", "direction": "_direction"})
        return Network(pd.DataFrame(), ends.assign(**place))
    if "label" in names:
        return Network(cells.rename(columns={"id": "_id"}).assign(**place, _own="yes"), pd.DataFrame())
    what = "the header has neither Label (elements) nor From and To (connections)"
    raise Unreadable(lines[0], what, "name the columns as Kumu does")


def _read_sheet(text: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Return a sheet's header, its rows, and the line on which each of these begins."""
    records: list[list[str]] = []
    lines: list[int] = []
    for start, record in rows_of(text, delimiter=delimiter_of(text)):
        if any(cell.strip() for cell in record):
            if records and len(record) != len(records[0]):
                what = f"the row has {len(record)} cells, the header {len(records[0])}"
                raise Unreadable(start, what, "put a cell that holds a comma in double quotes, or mend the row")
            if what := too_much(connections=len(records), fields=len(record)):
                raise Unreadable(start, f"the sheet has {what}", "export a part of the network")
            records.append(record)
            lines.append(start)
    if not records:
        raise Unreadable(1, "the file is empty", "export it again")
    return records[0], records[1:], lines


def _read_blueprint(path: Path, text: str) -> Network:
    def refuse(constant: str) -> None:
        raise Unreadable(0, f"the file holds {constant}, which is not a number in JSON", "leave the field out")

    try:
        content = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"the file is not JSON ({error.msg})", "export it from Kumu again") from error
    except RecursionError as error:
        raise Unreadable(0, "the file is nested too deeply", "export it from Kumu again") from error
    except ValueError as error:
        raise Unreadable(0, "the file holds a number with thousands of digits", "export it from Kumu again") from error
    try:
        return blueprint_network(content, path.name)
    except WrongUse as error:
        what, _, do = str(error).removeprefix(f"{path.name} ").rstrip(".").partition(": ")
        raise Unreadable(0, f"the file {what}", do) from error


# GraphML and GEXF


def _read_xml(path: Path, content: bytes, form: Format, scope: str) -> Network:
    reading = {"graphml": _GraphmlReading, "gexf": _GexfReading}[form]()
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start and start[:1].isascii() and start[:1] not in (b"<", b"\0"):
        what = f"the file begins with '{chr(start[0])}', and so is not XML as GraphML and GEXF are"
        raise Unreadable(1, what, "say with --from what the file is")
    reading.read(content)
    place = {"_file": path.name, "_place": "", "_scope": scope}
    elements = pd.DataFrame(reading.nodes).assign(**place, _own="")
    return Network(elements, pd.DataFrame(reading.edges).assign(**place))


class _XmlReading(ABC):
    """Reads XML element by element; refuses whatever could make a small file large, or fetch another one."""

    root = ""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.nodes: list[dict[str, str]] = []
        self.edges: list[dict[str, str]] = []
        #: The nodes and edges that are open, innermost last.
        self.open: list[dict[str, str]] = []
        self.ids: set[str] = set()
        #: Name of each declared attribute, and the value where none is given, by kind and identifier.
        self.names: dict[tuple[str, str], str] = {}
        self.defaults: dict[tuple[str, str], str] = {}
        self.text: list[str] | None = None

    @property
    def row(self) -> int:
        return self.parser.CurrentLineNumber

    def read(self, content: bytes) -> None:
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            said = expat.errors.messages.get(error.code, "it cannot be read")
            raise Unreadable(error.lineno, f"the file is not XML ({said})", "export it again, as UTF-8") from error
        except (LookupError, ValueError) as error:
            raise Unreadable(1, f"the file's encoding cannot be read ({error})", "export it again, as UTF-8") from error
        self.finish()

    def _doctype(self, name: str, *_: object) -> None:
        raise Unreadable(
            self.row, f"the file declares a document type ('{name[:40]}')", "take the line <!DOCTYPE …> out"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self.path and local != self.root:
            what = f"the file begins with <{local[:40]}>, not with <{self.root}>"
            raise Unreadable(self.row, what, "say with --from what the file is")
        self.path.append(local)
        if len(self.path) > 200:
            raise Unreadable(self.row, "the file is nested too deeply", "export it again")
        self.start(local, attributes)

    def _end(self, name: str) -> None:
        self.end(self.path.pop())

    def _characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def said(self) -> str:
        """Return the text since it was last asked for, and stop listening."""
        text, self.text = "".join(self.text or ()), None
        return text

    def add_node(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("id", "")
        if not name or name in self.ids:
            what = f"the node '{name[:60]}' is there twice" if name else "a node has no id"
            raise Unreadable(self.row, what, "give each node an id of its own")
        self.ids.add(name)
        self.limit(elements=len(self.ids))
        self.nodes.append({"_id": name, "_row": str(self.row)})
        self.open.append(self.nodes[-1])

    def add_edge(self, attributes: Mapping[str, str], direction: str) -> None:
        self.limit(connections=len(self.edges) + 1)
        ends = {"_source": attributes.get("source", ""), "_target": attributes.get("target", "")}
        self.edges.append({**ends, "_direction": direction, "_row": str(self.row)})
        self.open.append(self.edges[-1])

    def limit(self, **counts: int) -> None:
        """Refuse a network that is larger than is read."""
        if what := too_much(**counts):
            raise Unreadable(self.row, f"the file has {what}", "export a part of the network")

    def put(self, kind: str, key: str, value: str) -> None:
        """Give the innermost open item an attribute."""
        name = self.names.get((kind, key)) or self.names.get(("all", key))
        if not self.open or not name or name.startswith("_"):
            return
        if self.open[-1].get(name, value) != value:
            raise Unreadable(self.row, f"the attribute '{name[:60]}' has several values", "export one point in time")
        self.open[-1][name] = value

    def finish(self) -> None:
        """Fill in what attributes are where nothing is said."""
        for (kind, key), value in self.defaults.items():
            name = self.names.get((kind, key))
            for item in [*(self.nodes if kind != "edge" else ()), *(self.edges if kind != "node" else ())]:
                if name:
                    item.setdefault(name, value)
        for node in self.nodes:
            if not (node.get("label") or node.get("name")):
                # A file that names nodes by their id alone has no other name for them.
                node["label"] = node["_id"]

    @abstractmethod
    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in an element's beginning."""

    @abstractmethod
    def end(self, name: str) -> None:
        """Take in an element's end."""


class _GraphmlReading(_XmlReading):
    root = "graphml"

    def __init__(self) -> None:
        super().__init__()
        self.direction = ["undirected"]
        self.key = ("", "")
        self.plain = True
        self.labels: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "key":
            self.key = (attributes.get("for", "all"), attributes.get("id", ""))
            self.names[self.key] = field_name(attributes.get("attr.name", ""))
            self.limit(fields=len(self.names))
        elif name == "graph":
            self.direction.append(attributes.get("edgedefault", "undirected"))
        elif name == "node":
            self.add_node(attributes)
        elif name == "edge":
            word = attributes.get("directed", "")
            self.add_edge(attributes, {"true": "directed", "false": "undirected"}.get(word, self.direction[-1]))
        elif name == "hyperedge":
            raise Unreadable(self.row, "the file has an edge between more than two nodes", "draw it as several edges")
        elif name in ("data", "default"):
            self.plain, self.text = True, []
            if name == "data":
                self.key = ("", attributes.get("key", ""))
        elif "data" in self.path:
            # yEd draws with elements of its own; of these only the first label says something.
            self.plain = False
            if "NodeLabel" not in self.path[:-1]:
                self.text = [] if name == "NodeLabel" else None

    def end(self, name: str) -> None:
        if name == "data":
            text, kind = self.said(), "edge" if "edge" in self.path else "node"
            if self.plain and self.path[-1:] in (["node"], ["edge"]):
                self.put(kind, self.key[1], text)
        elif name == "default":
            self.defaults[self.key] = self.said()
        elif name == "NodeLabel":
            text = " ".join(self.said().split())
            if text and self.open:
                self.labels.setdefault(self.open[-1].get("_id", ""), text)
        elif name == "graph":
            self.direction.pop()
        elif name in ("node", "edge") and self.open:
            self.open.pop()

    def finish(self) -> None:
        for node in self.nodes:
            if node["_id"] in self.labels and not (node.get("label") or node.get("name")):
                node["label"] = self.labels[node["_id"]]
        super().finish()


class _GexfReading(_XmlReading):
    root = "gexf"

    def __init__(self) -> None:
        super().__init__()
        self.direction = "undirected"
        self.kind = ""
        self.attribute = ("", "")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "graph":
            self.direction = attributes.get("defaultedgetype", "undirected")
        elif name == "attributes":
            self.kind = attributes.get("class", "")
        elif name == "attribute":
            self.attribute = (self.kind, attributes.get("id", ""))
            self.names[self.attribute] = field_name(attributes.get("title", ""))
            self.limit(fields=len(self.names))
        elif name == "default":
            self.text = []
        elif name == "node":
            self.add_node(attributes)
            if attributes.get("label", "").strip():
                self.open[-1]["label"] = attributes["label"]
        elif name == "edge":
            self.add_edge(attributes, attributes.get("type", self.direction))
            if "weight" in attributes:
                self.open[-1]["weight"] = attributes["weight"]
        elif name == "attvalue":
            kind = "edge" if "edge" in self.path else "node"
            self.put(kind, attributes.get("for", attributes.get("id", "")), attributes.get("value", ""))

    def end(self, name: str) -> None:
        if name == "default":
            self.defaults[self.attribute] = self.said()
        elif name in ("node", "edge") and self.open:
            self.open.pop()

    def finish(self) -> None:
        super().finish()
        # GEXF's own default; Gephi leaves out every weight of 1 when it writes.
        if any("weight" in edge for edge in self.edges):
            for edge in self.edges:
                if not edge.get("level") and not edge.get("strength"):
                    edge.setdefault("weight", "1")
