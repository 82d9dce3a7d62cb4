"""Files that others made, as far as they carry what is needed; and files that mean harm, refused in sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from ci_analysis.errors import CiAnalysisError, StudyProblems, WrongUse
from ci_analysis.exchange import formats
from ci_analysis.exchange import understand as understand_module
from ci_analysis.exchange.networks import from_graph
from ci_analysis.exchange.transfer import import_network
from ci_analysis.study import Study

YED = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
  <key for="port" id="d0" yfiles.type="portgraphics"/>
  <key attr.name="Sector" attr.type="string" for="node" id="d4"><default>health</default></key>
  <key for="node" id="d6" yfiles.type="nodegraphics"/>
  <key attr.name="Level" attr.type="int" for="edge" id="d8"/>
  <key for="edge" id="d10" yfiles.type="edgegraphics"/>
  <graph edgedefault="directed" id="G">
    <node id="n0"><data key="d4">government</data>
      <data key="d6"><y:ShapeNode><y:Fill color="#FFCC00"/><y:NodeLabel>Town
      hall<y:LabelModel/></y:NodeLabel></y:ShapeNode></data></node>
    <node id="n1"><data key="d6"><y:ShapeNode><y:NodeLabel>Clinic &lt;b&gt;</y:NodeLabel></y:ShapeNode></data></node>
    <edge id="e0" source="n0" target="n1"><data key="d8">3</data><data key="d10"><y:PolyLineEdge/></data></edge>
    <edge id="e1" source="n1" target="n0" directed="false"><data key="d8">3</data></edge>
  </graph>
</graphml>
"""
GEPHI = """<?xml version='1.0' encoding='UTF-8'?>
<gexf xmlns="http://gexf.net/1.3" version="1.3" xmlns:viz="http://gexf.net/1.3/viz">
  <meta lastmodifieddate="2026-01-05"><creator>Gephi 0.10</creator></meta>
  <graph defaultedgetype="undirected" mode="static">
    <attributes class="node" mode="static">
      <attribute id="type" title="Type" type="string"/>
      <attribute id="pageranks" title="PageRank" type="double"/>
    </attributes>
    <nodes>
      <node id="0" label="Town hall"><attvalues><attvalue for="type" value="Local government"/>
        <attvalue for="pageranks" value="0.5"/></attvalues><viz:size value="10.0"/></node>
      <node id="1" label="Clinic"><attvalues><attvalue for="type" value="HEALTH"/></attvalues></node>
      <node id="2" label="Clinic"><attvalues><attvalue for="type" value="health"/></attvalues></node>
    </nodes>
    <edges>
      <edge id="0" source="0" target="1"/>
      <edge id="1" source="1" target="2" weight="2.0" type="directed"/>
      <edge id="2" source="2" target="0" weight="4.0" type="mutual"/>
    </edges>
  </graph>
</gexf>
"""
BACKUP = {
    "elements": [
        {"_id": "elem-AbC", "attributes": {"label": "Town hall", "element type": "government", "tags": ["a", "b"]}},
        {"_id": "elem-XyZ", "attributes": {"label": "Clinic", "element type": "Health", "description": "**big**"}},
    ],
    "connections": [
        {"_id": "conn-1", "from": "elem-AbC", "to": "elem-XyZ", "direction": "mutual", "attributes": {"strength": 2}},
    ],
    "maps": [],
}


def rows(folder: Path) -> list[tuple[str, str, str, float]]:
    ties = Study.read(folder).tables["ties"]
    return list(ties[["wave", "source", "target", "level"]].itertuples(index=False, name=None))


def problems(folder: Path, files: dict[str, str | bytes], form: str, wave: str | None = "2026") -> list[str]:
    """What is said of files; and nothing was written."""
    paths = []
    for name, content in files.items():
        paths.append(folder.parent / name)
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(StudyProblems) as error:
        import_network(folder, paths, form=form, wave=wave)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    return [str(p) for p in error.value.problems]


def take(folder: Path, name: str, content: str, form: str, wave: str | None = "2026") -> list[str]:
    path = folder.parent / name
    path.write_text(content, encoding="utf-8")
    return import_network(folder, [path], form=form, wave=wave)[1]


def test_a_drawing_of_yed(empty: Callable[[], Path]) -> None:
    folder = empty()
    notes = take(folder, "drawing.graphml", YED, "graphml")
    partners = Study.read(folder).tables["partners"]
    assert partners[["partner_id", "name", "sector", "status"]].to_numpy().tolist() == [
        ["town-hall", "Town hall", "government", "joined"],
        # Its sector is the drawing's default, its label is text and no markup.
        ["clinic-b", "Clinic <b>", "health", "joined"],
    ]
    assert rows(folder) == [("2026", "town-hall", "clinic-b", 3.0), ("2026", "clinic-b", "town-hall", 3.0)]
    assert notes == [
        "Identifiers were made from names: town-hall (Town hall), clinic-b (Clinic <b>).",
        "2 new partners have no status and are taken to have joined.",
        "1 undirected or mutual connection is one report from each side.",
    ]


def test_a_network_of_gephi(empty: Callable[[], Path]) -> None:
    folder = empty()
    notes = take(folder, "network.gexf", GEPHI, "gexf")
    assert Study.read(folder).tables["partners"]["partner_id"].to_list() == ["town-hall", "clinic", "clinic-2"]
    # Gephi leaves out a weight of 1, which is the format's default.
    assert rows(folder) == [
        ("2026", "town-hall", "clinic", 1.0), ("2026", "clinic", "town-hall", 1.0), ("2026", "clinic", "clinic-2", 2.0),
        ("2026", "clinic-2", "town-hall", 4.0), ("2026", "town-hall", "clinic-2", 4.0),
    ]  # fmt: skip
    assert "Not taken over, since partners.csv has no such column: pagerank." in notes
    # The same file again finds the same partners by their names, also the two that share one.
    changes, _ = import_network(folder, [folder.parent / "network.gexf"], form="gexf", wave="2026")
    assert [(c.added, c.changed, c.left) for c in changes] == [(0, 0, 3), (0, 0, 5)]


def test_a_backup_of_a_kumu_project(empty: Callable[[], Path]) -> None:
    folder = empty()
    notes = take(folder, "project.json", json.dumps(BACKUP), "kumu")
    assert rows(folder) == [("2026", "town-hall", "clinic", 2.0), ("2026", "clinic", "town-hall", 2.0)]
    assert "Not taken over, since partners.csv has no such column: description, tags." in notes


def test_sheets_by_label_with_several_targets_and_partners_that_are_there(folder: Path) -> None:
    connections = 'From,To,Strength\n"OFFICE  & <sons>",New place|clinic,2\n'
    elements = "Label,Type\nNew place,Health\n"
    for name, text in (("c.csv", connections), ("e.csv", elements)):
        (folder.parent / name).write_text(text, encoding="utf-8")
    import_network(folder, [folder.parent / "c.csv", folder.parent / "e.csv"], form="kumu", wave="2026-Q1")
    assert rows(folder)[-2:] == [("2026-Q1", "office", "new-place", 2.0), ("2026-Q1", "office", "clinic", 2.0)]


def test_formulas_stay_text(empty: Callable[[], Path]) -> None:
    folder = empty()
    take(folder, "e.csv", "Label,Type\n=cmd(),health\n'+1,health\n", "kumu")
    partners = Study.read(folder).tables["partners"]
    assert partners[["partner_id", "name"]].to_numpy().tolist() == [["cmd", "=cmd()"], ["1", "'+1"]]


def test_an_apostrophe_is_taken_off_where_we_put_it_and_nowhere_else(empty: Callable[[], Path]) -> None:
    folder = empty()
    take(folder, "e.csv", "Label,Type,Description\n'-x,health,'=1\n", "kumu")
    assert Study.read(folder).tables["partners"]["name"].to_list() == ["'-x"]
    # Another program kept our sheet, marked its start, and put every cell in quotes.
    folder = empty()
    named = [("a", "'-x"), ("b", "''-x")]
    ours = "\ufeffID,Label,Type,Status,Note\r\n" + "".join(f'"{i}","{n}",health,"joined",\r\n' for i, n in named)
    take(folder, "e.csv", ours, "kumu")
    assert Study.read(folder).tables["partners"]["name"].to_list() == ["-x", "'-x"]


def test_a_field_that_is_no_name_of_a_column_never_becomes_one(empty: Callable[[], Path]) -> None:
    folder = empty()
    field = {"x_a,b": "1", "x_ok": "2", "x_": "3", 'x_q"': "4", "x_a\t!": "5"}
    notes = take(folder, "e.json", json.dumps({"elements": [{"label": "A", "type": "health", **field}]}), "kumu")
    header = (folder / "partners.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "partner_id,name,sector,status,x_ok"
    assert 'Not taken over, since partners.csv has no such column: x_, x_a,b, x_a_!, x_q".' in notes


def test_half_a_character_is_named(empty: Callable[[], Path]) -> None:
    do = "write the whole one, or leave it out"
    for item, where in (({"label": "A\ud83d", "type": "health"}, "label"), ({"label": "A", "x\udc00": "1"}, "x\ufffd")):
        code = "\\ud83d" if where == "label" else "\\udc00"
        said = problems(empty(), {"x.json": json.dumps({"elements": [item]})}, "kumu")
        assert said == [f"x.json: the file holds half a character ({code}) in elements[1].{where}; {do}"]
    with pytest.raises(WrongUse, match=r"The graph holds half a character \(\\udc00\) in node \ufffd: write"):
        from_graph(nx.Graph([("\udc00", "B")]), wave="2026")


def test_sheets_with_semicolons_are_read(empty: Callable[[], Path]) -> None:
    folder = empty()
    take(folder, "e.csv", 'Label;Type\r\n"Parks, roads";health\r\n', "kumu")
    assert Study.read(folder).tables["partners"]["name"].to_list() == ["Parks, roads"]


def test_a_folder_is_no_file(empty: Callable[[], Path], tmp_path: Path) -> None:
    with pytest.raises(StudyProblems, match="this is a folder; name the files in it that are to be read"):
        import_network(empty(), [tmp_path], form="kumu")


def test_a_network_beyond_all_measure_is_refused(empty: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MAXIMUM_ELEMENTS", 2), ("MAXIMUM_CONNECTIONS", 3), ("MAXIMUM_FIELDS", 9)):
        monkeypatch.setattr(understand_module, name, most)
    do = "export a part of the network"
    nodes, edges = '<node id="{}"/>', '<edge source="a" target="b"/>'
    element = {"label": "A"}
    cases = [
        ("x.graphml", "<graphml><graph>" + "".join(nodes.format(n) for n in "abc") + "</graph></graphml>", "graphml",
         f"x.graphml:1: the file has more than 2 elements; {do}"),
        ("x.gexf", "<gexf><graph>" + edges * 4 + "</graph></gexf>", "gexf",
         f"x.gexf:1: the file has more than 3 connections; {do}"),
        ("x.json", json.dumps({"elements": [element] * 3}), "kumu",
         f"x.json: the file has more than 2 elements; {do}"),
        ("x.json", json.dumps({"elements": [{**element, **{f"f{i}": i for i in range(9)}}]}), "kumu",
         "x.json: the file has more than 9 fields; leave out those that partners and ties do not need"),
        ("x.csv", "Label,Type\n" + "A,health\n" * 3, "kumu",
         "x.csv: the network has more than 2 elements; export a part of it"),
        ("x.csv", "From,To,Strength\na,b|c|d|e,1\n", "kumu",
         "x.csv: the network has more than 3 connections; export a part of it"),
        ("x.csv", ",".join(["Label", *(f"f{i}" for i in range(9))]) + "\n", "kumu",
         f"x.csv:1: the sheet has more than 9 fields; {do}"),
    ]  # fmt: skip
    for name, content, form, says in cases:
        assert problems(empty(), {name: content}, form) == [says]


@pytest.mark.parametrize("twice", [True, False])
def test_rows_of_one_key_are_compared_with_the_first(empty: Callable[[], Path], twice: bool) -> None:
    """Against every pair, one by one: which row differs, from which, and in what."""
    said = [("a", 1), ("b", 2), ("a", 3), ("a", 1), ("b", 4), ("a", 5)][: None if twice else 2]
    sheet = "ID,Label,Type,x_n\n" + "".join(f"{i},{i.upper()},health,{n}\n" for i, n in said)
    expected, seen = [], {}
    for row, (i, n) in enumerate(said, 2):
        first = seen.setdefault(i, (row, n))
        if n != first[1]:
            what = f"the partner {i} is there twice (row {first[0]}), and differs"
            expected.append(f"e.csv:{row}:x_n: {what}; keep one of the two")
    if expected:
        assert problems(empty(), {"e.csv": sheet}, "kumu") == expected
    else:
        folder = empty()
        take(folder, "e.csv", sheet, "kumu")
        assert Study.read(folder).tables["partners"]["partner_id"].to_list() == ["a", "b"]


def test_identifiers_made_from_one_name_go_on_counting(empty: Callable[[], Path]) -> None:
    folder = empty()
    labels = ["Hall", "Hall 2", "hall!", "HALL?", "Hall-2.", "hall 2"]
    nodes = "".join(
        f'<node id="n{i}"><data key="l">{name}</data><data key="s">health</data></node>'
        for i, name in enumerate(labels)
    )
    keys = '<key id="l" for="node" attr.name="label"/><key id="s" for="node" attr.name="sector"/>'
    take(folder, "x.graphml", f"<graphml>{keys}<graph>{nodes}</graph></graphml>", "graphml")
    made, used = [], set()
    for stem in ("hall", "hall-2", "hall", "hall", "hall-2", "hall-2"):
        # The slow way: from one on, each time.
        name = next(c for c in (stem, *(f"{stem}-{n}" for n in range(2, 99))) if c not in used)
        used.add(name)
        made.append(name)
    assert Study.read(folder).tables["partners"]["partner_id"].to_list() == made


def test_a_name_without_letters_still_gets_an_identifier(empty: Callable[[], Path]) -> None:
    folder = empty()
    take(folder, "e.csv", "Label,Type\n東京,health\n大阪,health\n" + "é" * 90 + ",health\n", "kumu")
    assert Study.read(folder).tables["partners"]["partner_id"].to_list() == ["partner", "partner-2", "e" * 56]


def test_everything_that_is_wrong_is_said_at_once_with_its_line(empty: Callable[[], Path]) -> None:
    files = {
        "elements.csv": "Label,Type,Joined on\nA,helth,2026-1-1\nB,,\nC,Health,\nC,Schools,\n,Health,\n",
        "connections.csv": "From,To,Strength,Direction,Wave\nA,X,2.5,directed,2026\nB,A,,both,soon\nC,A,6,,\n",
    }
    assert problems(empty(), files, "kumu", wave=None) == [
        "connections.csv:2:strength: '2.5' is not a level of collaboration; "
        "write a whole number from 0 (none) to 5 (collaboration)",
        "connections.csv:2:to: 'X' is no element; add the element, or mend the connection",
        "connections.csv:3:direction: 'both' is not a direction; use one of 'directed', 'undirected', 'mutual'",
        "connections.csv:3:level: the connection has no level; write a whole number from 0 (none) to 5 (collaboration)",
        "connections.csv:3:wave: 'soon' is not a period; write 2026, 2026-Q2, 2026-06 or 2026-06-30",
        "connections.csv:4:from: 'C' is the label of 2 partners; name it by its ID",
        "connections.csv:4:strength: '6' is not a level of collaboration; "
        "write a whole number from 0 (none) to 5 (collaboration)",
        "connections.csv:4:wave: 1 connection names no wave; "
        "say which wave of the survey it is with --wave, such as --wave 2026-Q2",
        "elements.csv:2:joined_on: '2026-1-1' is not a date; write it as YYYY-MM-DD, such as 2026-06-30",
        "elements.csv:2:type: 'helth' is not one of the issue's sectors; write 'health'",
        "elements.csv:3:type: 'B' has no sector; write one of the issue's sectors as its Type",
        "elements.csv:5:label: the label 'C' is there twice; "
        "give each element an ID of its own, and use it in the connections",
        "elements.csv:6:label: the element has neither a label nor a partner_id; write the partner's name",
    ]


def test_one_tie_that_is_said_twice(empty: Callable[[], Path]) -> None:
    elements = "ID,Label,Type\na,A,health\nb,B,health\n"
    twice = {"e.csv": elements, "c.csv": "From,To,Strength\na,b,2\nb,a,3\na,b,4\n"}
    assert problems(empty(), twice, "kumu") == [
        "c.csv:4:level: the tie of 2026 a b is there twice (row 2), and differs; keep one of the two"
    ]
    folder = empty()
    (folder.parent / "e.csv").write_text(elements)
    (folder.parent / "c.csv").write_text("From,To,Strength,Direction\na,b,2,mutual\na,b,2.0,undirected\n")
    import_network(folder, [folder.parent / "e.csv", folder.parent / "c.csv"], form="kumu", wave="2026")
    assert rows(folder) == [("2026", "a", "b", 2.0), ("2026", "b", "a", 2.0)]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph><node id="&b;"/></graph></graphml>'
)
OUTSIDE = '<!DOCTYPE gexf SYSTEM "file:///etc/passwd">\n<gexf/>'


@pytest.mark.parametrize(
    ("name", "content", "form", "says"),
    [
        ("x.graphml", BOMB, "graphml", "x.graphml:1: the file declares a document type ('x')"),
        ("x.gexf", OUTSIDE, "gexf", "x.gexf:1: the file declares a document type ('gexf')"),
        ("x.gexf", "<gexf>" + "<a>" * 5000, "gexf", "x.gexf:1: the file is nested too deeply"),
        ("x.gexf", YED, "gexf", "x.gexf:2: the file begins with <graphml>, not with <gexf>"),
        ("x.gexf", b"<gexf>\n\xff</gexf>", "gexf", "x.gexf:2: the file is not XML (not well-formed (invalid token))"),
        ("x.gexf", "<gexf>\n\x07</gexf>", "gexf", "x.gexf:2: the file is not XML (not well-formed (invalid token))"),
        ("x.gexf", "<gexf>\n<graph>", "gexf", "x.gexf:2: the file is not XML (no element found)"),
        ("x.gexf", b"", "gexf", "x.gexf:1: the file is not XML (no element found)"),
        ("x.gexf", '<?xml version="1.0" encoding="ebcdic-zz"?><gexf/>', "gexf", "encoding"),
        ("x.graphml", '<graphml><graph><node id="a"/><node id="a"/></graph></graphml>', "graphml",
         "the node 'a' is there twice"),
        ("x.graphml", "<graphml><graph><node/></graph></graphml>", "graphml", "a node has no id"),
        ("x.graphml", "<graphml><graph><hyperedge/></graph></graphml>", "graphml", "between more than two nodes"),
        ("x.gexf", b'{"elements": []}', "gexf", "x.gexf:1: the file begins with '{', and so is not XML"),
        ("x.graphml", "\ufeffLabel,Type\nA,health\n", "graphml", "x.graphml:1: the file begins with 'L'"),
        ("x.csv", YED, "kumu", "x.csv:1: the file begins as XML does, and not as Kumu's files; say with --from"),
        ("x.csv", b"PK\x03\x04", "kumu", "x.csv: the file is a workbook or another archive; save each"),
        ("x.json", "[" * 200_000, "kumu", "x.json"),
        ("x.json", '{"elements": [{"label": "A", "x": NaN}]}', "kumu", "the file holds NaN"),
        ("x.json", '{"elements": [{"label": ' + "9" * 6000 + "}]}", "kumu", "thousands of digits"),
        ("x.json", '{"elements": 3}', "kumu", "the file is not a Kumu blueprint"),
        ("x.json", '[{"label": "A"}]', "kumu", "the file is not a Kumu blueprint"),
        ("x.json", '{"elements": [1]}', "kumu", "the file is not a Kumu blueprint"),
        ("x.json", '{"elements": [\n}', "kumu", "x.json:2: the file is not JSON"),
        ("x.csv", "Name,Sector\nA,health\n", "kumu", "x.csv:1: the header has neither Label (elements)"),
        ("x.csv", "Label,label\nA,health\n", "kumu", "x.csv:1: the column 'label' is there twice"),
        ("x.csv", "Label,Type\nA,health,x\n", "kumu", "x.csv:2: the row has 3 cells, the header 2"),
        ("x.csv", 'Label,Type\n"A"b,health\n', "kumu", "x.csv:2: the row is not CSV"),
        ("x.csv", "Label,Type\n" + "A" * 200_000 + ",health\n", "kumu", "x.csv:2: the row is not CSV"),
        ("x.csv", b"Label,Type\nCaf\xe9,health\n", "kumu", "it may be in Windows-1252 (byte 0xe9)"),
        ("x.csv", "Label,Type\n".encode("utf-16"), "kumu", "x.csv:1: the file is in UTF-16"),
        ("x.csv", "Label,Type\nA\0,health\n", "kumu", "x.csv:2: the file holds NUL characters"),
        ("x.csv", "\n\n", "kumu", "x.csv:1: the file is empty"),
        ("x.csv", "Label,Type\nbell\x07,health\n", "kumu", "x.csv:2:label: 'bell\N{REPLACEMENT CHARACTER}' holds"),
        ("x.csv", "ID,Label,Type\n../up,A,health\n", "kumu", ""),
        ("x.csv", "partner_id,Label,Type\n../up,A,health\n", "kumu", "x.csv:2:partner_id: '../up' is not an"),
    ],
)  # fmt: skip
def test_what_means_harm_is_refused_in_a_sentence(
    empty: Callable[[], Path], name: str, content: str | bytes, form: str, says: str
) -> None:
    if not says:
        # An ID that is no identifier of ours is Kumu's own affair.
        folder = empty()
        take(folder, name, str(content), form)
        assert Study.read(folder).tables["partners"]["partner_id"].to_list() == ["a"]
        return
    said = problems(empty(), {name: content}, form)
    assert len(said) == 1
    assert says in said[0]


def test_a_large_file_is_not_read(empty: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAXIMUM_BYTES", 10)
    assert problems(empty(), {"x.gexf": "<gexf></gexf>"}, "gexf") == [
        "x.gexf: the file has 13 bytes, more than 10; export a part of the network"
    ]


def test_a_file_that_is_not_there(empty: Callable[[], Path], tmp_path: Path) -> None:
    with pytest.raises(StudyProblems, match=r"gone\.csv: there is no such file; give the path of one"):
        import_network(empty(), [tmp_path / "gone.csv"], form="kumu")


def test_files_that_say_nothing_and_waves_that_are_none(empty: Callable[[], Path]) -> None:
    folder = empty()
    path = folder.parent / "x.json"
    path.write_text("{}")
    with pytest.raises(CiAnalysisError, match="The files hold no elements and no connections"):
        import_network(folder, [path], form="kumu")
    with pytest.raises(CiAnalysisError, match="'spring' is not a wave"):
        import_network(folder, [path], form="kumu", wave="spring")


def test_unknown_ends_of_edges(empty: Callable[[], Path]) -> None:
    text = '<graphml><graph edgedefault="directed"><edge source="a" target="b"/></graph></graphml>'
    said = problems(empty(), {"x.graphml": text}, "graphml")
    assert said == [
        "x.graphml:1:from: 'a' is no element; add the element, or mend the connection",
        "x.graphml:1:level: the connection has no level; write a whole number from 0 (none) to 5 (collaboration)",
        "x.graphml:1:to: 'b' is no element; add the element, or mend the connection",
    ]


def test_several_values_over_time_are_refused(empty: Callable[[], Path]) -> None:
    text = (
        '<gexf><graph><attributes class="node"><attribute id="0" title="sector"/></attributes><nodes><node id="a">'
        '<attvalues><attvalue for="0" value="health"/>\n<attvalue for="0" value="k12"/></attvalues>'
        "</node></nodes></graph></gexf>"
    )
    assert problems(empty(), {"x.gexf": text}, "gexf") == [
        "x.gexf:2: the attribute 'sector' has several values; export one point in time"
    ]


def test_a_wave_of_the_command_is_said_where_connections_have_their_own(empty: Callable[[], Path]) -> None:
    sheet = "From,To,Strength,Wave\nA,B,2,2025\nB,A,3,\n"
    elements = "Label,Type\nA,health\nB,health\n"
    folder = empty()
    for name, content in (("e.csv", elements), ("c.csv", sheet)):
        (folder.parent / name).write_text(content)
    _, notes = import_network(folder, [folder.parent / "e.csv", folder.parent / "c.csv"], form="kumu", wave="2026")
    assert "Connections that name their own wave (2025) keep it." in notes
    assert sorted(tie[0] for tie in rows(folder)) == ["2025", "2026"]
