"""Networks out and back: what real readers see, and that nothing is lost, invented or turned into a zero."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ci_analysis.errors import StudyProblems, WrongUse
from ci_analysis.exchange.cells import guarded, unguarded
from ci_analysis.exchange.formats import as_gexf, as_graphml, as_kumu, read_network
from ci_analysis.exchange.networks import (
    from_blueprint,
    from_graph,
    from_kumu,
    kumu_blueprint,
    kumu_connections,
    kumu_elements,
    outgoing,
    to_graph,
)
from ci_analysis.exchange.transfer import export_network, import_network
from ci_analysis.exchange.understand import field_name, understand
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, conform

FILES = {"graphml": "coalition.graphml", "gexf": "coalition.gexf"}


def plain(value: object) -> bool:
    """Whether a cell holds something."""
    return not (value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)))


def told(cell: object) -> object:
    """What a graph should say of a cell: whole numbers as such, dates as text."""
    if isinstance(cell, pd.Timestamp):
        return cell.date().isoformat()
    return int(cell) if isinstance(cell, float) else cell


def expected_nodes(partners: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Slow and plain: row by row, cell by cell."""
    nodes = {}
    for row in partners.to_dict("records"):
        data = {("label" if c == "name" else c): told(v) for c, v in row.items() if plain(v)}
        nodes[row["partner_id"]] = data
    return nodes


def expected_edges(ties: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, object]]:
    edges = {}
    for row in ties.to_dict("records"):
        data = {c: told(v) for c, v in row.items() if plain(v) and c not in ("source", "target")}
        if row["level"] > 0:
            data["weight"] = int(row["level"])
        edges[row["source"], row["target"], f"{row['source']}.{row['target']}.{row['wave']}"] = data
    return edges


def seen(graph: nx.Graph, *without: str) -> dict[tuple[str, str, str], dict[str, object]]:
    """The edges of a graph that was read, by the identifier that the file gives them."""
    multi = graph.is_multigraph()
    edges = graph.edges(keys=True, data=True) if multi else ((u, v, d["id"], d) for u, v, d in graph.edges(data=True))
    return {(u, v, k): {n: x for n, x in d.items() if n not in ("id", *without)} for u, v, k, d in edges}


def sorted_ties(ties: pd.DataFrame) -> pd.DataFrame:
    return ties.sort_values(["wave", "source", "target"], ignore_index=True)


# --- real readers see what was written


@pytest.mark.parametrize("wave", ["2024-Q4", "all"])
def test_networkx_reads_the_same_graph_from_graphml(folder: Path, tmp_path: Path, wave: str) -> None:
    study = Study.read(folder)
    ((path,), _) = export_network(study, tmp_path / "out", to="graphml", wave=wave, private=True)
    read = nx.read_graphml(path)
    ties = study.tables["ties"]
    assert dict(read.nodes(data=True)) == expected_nodes(study.tables["partners"])
    assert seen(read) == expected_edges(ties if wave == "all" else ties[ties["wave"] == wave])


@pytest.mark.parametrize("wave", ["2024-Q4", "all"])
def test_networkx_reads_the_same_graph_from_gexf(folder: Path, tmp_path: Path, wave: str) -> None:
    study = Study.read(folder)
    ((path,), _) = export_network(study, tmp_path / "out", to="gexf", wave=wave, private=True)
    read = nx.read_gexf(path, version="1.3")
    ties = study.tables["ties"]
    assert dict(read.nodes(data=True)) == expected_nodes(study.tables["partners"])
    assert seen(read) == expected_edges(ties if wave == "all" else ties[ties["wave"] == wave])


def test_several_waves_between_two_partners_stay_apart(folder: Path, tmp_path: Path) -> None:
    study = Study.read(folder)
    for form, read in (("graphml", nx.read_graphml), ("gexf", lambda p: nx.read_gexf(p, version="1.3"))):
        ((path,), _) = export_network(study, tmp_path / form, to=form, wave="all")
        graph = read(path)
        assert isinstance(graph, nx.MultiDiGraph)
        assert sorted(d["level"] for d in graph["office"]["school"].values()) == [2, 3]


def test_pandas_and_json_read_kumus_files(folder: Path, tmp_path: Path) -> None:
    paths, _ = export_network(Study.read(folder), tmp_path / "out", to="kumu", wave="2024-Q4", private=True)
    assert [p.name for p in paths] == ["elements.csv", "connections.csv", "blueprint.json"]
    elements, connections = (pd.read_csv(p, dtype="str", keep_default_na=False) for p in paths[:2])
    assert elements.columns.to_list()[:3] == ["ID", "Label", "Type"]
    assert elements["Label"].to_list() == ["Office & <sons>", 'The "other" school', "'=cmd()|'x'", "Fírm 東京"]
    assert elements["Type"].to_list() == ["Nonprofit organizations", "Schools", "Health", "Employers"]
    assert elements.loc[3, ["Contact", "Joined on", "Interest"]].to_list() == ["'+1 555", "", "2"]
    assert connections.columns.to_list()[:7] == ["ID", "From", "To", "Direction", "Type", "Strength", "Wave"]
    assert connections[["From", "To", "Type", "Strength"]].to_numpy().tolist() == [
        ["office", "school", "cooperation", "2"],
        ["school", "office", "none", "0"],
    ]
    content = json.loads(paths[2].read_text(encoding="utf-8"))
    ids = [x["id"] for x in content["elements"] + content["connections"]]
    assert len(ids) == len(set(ids)) == 4 + 2
    assert content["elements"][2]["label"] == "=cmd()|'x'"
    assert content["connections"][1] == {
        "id": "school.office.2024-Q4", "from": "school", "to": "office", "direction": "directed",
        "type": "none", "strength": 0, "wave": "2024-Q4",
    }  # fmt: skip


def test_a_missing_value_is_no_attribute_and_none_is_an_answer(make: Callable[..., pd.DataFrame]) -> None:
    partners = make("partners", [{"partner_id": "a", "name": "A", "sector": "health", "status": "joined"}])
    ties = make("ties", [{"wave": "2026", "source": "a", "target": "a", "level": 0}])
    graph = to_graph(partners, ties)
    assert graph.nodes["a"] == {"label": "A", "partner_id": "a", "sector": "health", "status": "joined"}
    assert graph.edges["a", "a", "a.a.2026"] == {"wave": "2026", "level": 0}
    assert 'weight="' not in as_gexf(graph)


def test_the_same_network_gives_the_same_bytes_and_frames_are_left_alone(folder: Path) -> None:
    study = Study.read(folder)
    partners, ties = study.tables["partners"], study.tables["ties"]
    before = partners.copy(), ties.copy()
    for make in (lambda: as_graphml(to_graph(partners, ties)), lambda: as_gexf(to_graph(partners, ties)),
                 lambda: json.dumps(as_kumu(partners, ties))):  # fmt: skip
        assert make() == make()
        assert "date=" not in make()
    assert_frame_equal(partners, before[0])
    assert_frame_equal(ties, before[1])


# --- out and back


@pytest.mark.parametrize("wave", [None, "all"])
@pytest.mark.parametrize("form", ["csv", "json", "graphml", "gexf"])
def test_a_round_trip_gives_the_same_tables(
    folder: Path, empty: Callable[[], Path], tmp_path: Path, form: str, wave: str | None
) -> None:
    study, there = Study.read(folder), empty()
    tool = form if form in FILES else "kumu"
    paths, _ = export_network(study, tmp_path / "out", to=tool, wave=wave, private=True)
    given = [p for p in paths if tool != "kumu" or p.suffix == f".{form}"]
    changes, notes = import_network(there, given, form=tool)
    ties = study.tables["ties"]
    kept = ties if wave == "all" else ties[ties["wave"] == "2025-Q4"]
    assert [(c.added, c.changed, c.left) for c in changes] == [(4, 0, 0), (len(kept), 0, 0)]
    assert notes == []
    read = Study.read(there).tables
    assert_frame_equal(read["partners"], study.tables["partners"])
    assert_frame_equal(sorted_ties(read["ties"]), sorted_ties(kept))
    # Once more changes nothing at all.
    before = (there / "ties.csv").read_bytes()
    again, _ = import_network(there, given, form=tool)
    assert [(c.added, c.changed, c.left) for c in again] == [(0, 0, 4), (0, 0, len(kept))]
    assert (there / "ties.csv").read_bytes() == before


def test_pure_round_trips(folder: Path) -> None:
    study = Study.read(folder)
    partners, ties = study.tables["partners"], study.tables["ties"]
    sectors = {s.sector: s.label for s in study.profile.sectors}
    made = {
        "graph": from_graph(to_graph(partners, ties)),
        "sheets": from_kumu(kumu_elements(partners, sectors=sectors), kumu_connections(ties), sectors=sectors),
        "blueprint": from_blueprint(kumu_blueprint(partners, ties, sectors=sectors), sectors=sectors),
    }
    for back in made.values():
        assert_frame_equal(back[0], partners)
        assert_frame_equal(sorted_ties(back[1]), sorted_ties(ties))


def test_what_networkx_reads_of_our_files_comes_back_too(folder: Path, tmp_path: Path) -> None:
    study = Study.read(folder)
    for form, read in (("graphml", nx.read_graphml), ("gexf", lambda p: nx.read_gexf(p, version="1.3"))):
        ((path,), _) = export_network(study, tmp_path / form, to=form, wave="all", private=True)
        partners, ties = from_graph(read(path))
        assert_frame_equal(partners, study.tables["partners"])
        assert_frame_equal(sorted_ties(ties), sorted_ties(study.tables["ties"]))


def test_sheets_and_blueprint_together_say_it_once(folder: Path, empty: Callable[[], Path], tmp_path: Path) -> None:
    paths, _ = export_network(Study.read(folder), tmp_path / "out", to="kumu", wave="all", private=True)
    changes, _ = import_network(empty(), paths, form="kumu")
    assert [(c.added, c.changed, c.left) for c in changes] == [(4, 0, 0), (5, 0, 0)]


def test_sectors_that_share_a_label_are_named_by_their_identifier(make: Callable[..., pd.DataFrame]) -> None:
    sectors = {"a": "Care", "b": "care", "c": "a", "d": "Other"}
    rows = [{"partner_id": f"p-{s}", "name": s, "sector": s, "status": "joined"} for s in sectors]
    partners = make("partners", rows)
    elements = kumu_elements(partners, sectors=sectors)
    assert elements["Type"].to_list() == ["a", "b", "c", "Other"]
    assert_frame_equal(from_kumu(elements, pd.DataFrame(), sectors=sectors)[0], partners)


NAMES = st.text(min_size=1, max_size=30).filter(
    lambda t: t == t.strip() != "" and all(ch.isprintable() or ch in "\n\t\u200d\u200e\u200f" for ch in t)
)


@settings(max_examples=25, deadline=None)
@given(names=st.lists(NAMES | st.sampled_from(["'=x", "''+1", "]]>", "&#10;", "a\n\tb"]), min_size=1, max_size=4))
def test_any_name_that_a_table_holds_comes_back(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = {"partner_id": [f"p-{i}" for i in range(len(names))], "name": names, "sector": "health", "status": "joined"}
    partners = conform(pd.DataFrame(rows).reindex(columns=INPUTS["partners"].names), INPUTS["partners"])
    ties = conform(
        pd.DataFrame([{"wave": "2026", "source": "p-0", "target": "p-0", "level": 0.0}]).reindex(
            columns=INPUTS["ties"].names
        ),
        INPUTS["ties"],
    )
    out = tmp_path_factory.mktemp("names")
    graph = to_graph(partners, ties)
    texts = {"x.graphml": as_graphml(graph), "x.gexf": as_gexf(graph), **as_kumu(partners, ties)}
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="")
    for form, files in (("graphml", ["x.graphml"]), ("gexf", ["x.gexf"]), ("kumu", ["elements.csv", "connections.csv"]),
                        ("kumu", ["blueprint.json"])):  # fmt: skip
        network, problems = read_network([out / f for f in files], form)
        made = understand(network)
        assert (problems, made.problems) == ([], ())
        assert made.partners["name"].to_list() == names
        assert made.ties[["source", "target", "level"]].to_numpy().tolist() == [["p-0", "p-0", "0"]]
    assert [d["label"] for _, d in nx.read_graphml(out / "x.graphml").nodes(data=True)] == names
    assert [d["label"] for _, d in nx.read_gexf(out / "x.gexf", version="1.3").nodes(data=True)] == names


@settings(deadline=None)
@given(st.lists(st.text(alphabet="'=+-@\tab", max_size=5), min_size=1))
def test_what_is_guarded_comes_back_and_is_no_formula(cells: list[str]) -> None:
    frame = pd.DataFrame({"a": cells}, dtype="str")
    safe = guarded(frame)
    assert not safe["a"].str.match(r"[=+\-@\t\r]").any()
    assert unguarded(safe)["a"].to_list() == cells


# --- what leaves the house


def test_what_is_for_the_coalition_alone_stays(folder: Path, tmp_path: Path) -> None:
    study = Study.read(folder)
    for form in ("kumu", "graphml", "gexf"):
        paths, notes = export_network(study, tmp_path / form, to=form)
        text = "".join(p.read_text(encoding="utf-8") for p in paths).lower()
        for secret in (
            "ann, at the desk",
            "+1 555",
            "fírm",
            "firm",
            "interest",
            "influence",
            "reliability",
            "x_note",
            "old",
        ):
            assert secret not in text, (form, secret)
        assert notes == [
            "3 partners, 2 reports of ties of wave 2025-Q4, the latest; 1 other wave (2024-Q4) is not in: "
            "--wave all takes every one.",
            "Left out: 1 prospect; 1 tie that names one; of partners.csv interest, influence, contact, x_note; "
            "of ties.csv reliability, mission, openness, influence, involvement, resources. "
            "With --private they go out too.",
            "Named ties are for the coalition: before you upload a file to a public service, ask those it names.",
        ]


def test_private_files_say_so(folder: Path, tmp_path: Path) -> None:
    _, notes = export_network(Study.read(folder), tmp_path / "out", to="gexf", private=True)
    assert "These files hold ratings, contacts and prospects, where the study has them: never upload them." in notes
    assert not any(n.startswith("Left out") for n in notes)


def test_the_latest_wave_is_the_last_to_end(folder: Path) -> None:
    # As text 2025-Q4 is the last; the year 2025 ends on the same day, and 2024 with its last quarter.
    text = (folder / "ties.csv").read_text(encoding="utf-8")
    (folder / "ties.csv").write_text(
        text + "2026-01,office,school,4,,,,,,\n2026,office,school,4,,,,,,\n", encoding="utf-8"
    )
    part = outgoing(Study.read(folder))
    assert (part.waves, part.every) == (("2026",), ("2024-Q4", "2025-Q4", "2026-01", "2026"))


def test_export_refuses_in_sentences(folder: Path, empty: Callable[[], Path], tmp_path: Path) -> None:
    study = Study.read(folder)
    with pytest.raises(WrongUse, match=r"coalition has no wave '2025-Q3' of ties; write '2025-Q4', or write 'all'\."):
        outgoing(study, wave="2025-Q3")
    with pytest.raises(WrongUse, match=r"coalition has no partners to export; fill in partners\.csv\."):
        outgoing(Study.read(empty()))
    with pytest.raises(WrongUse, match="lies in a study's folder"):
        export_network(study, folder / "maps", to="kumu")
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(Exception, match="cannot be written") as error:
        export_network(study, taken, to="kumu")
    assert type(error.value).__name__ == "CiAnalysisError"


def test_a_study_without_ties_has_partners_to_show(folder: Path, tmp_path: Path) -> None:
    (folder / "ties.csv").unlink()
    paths, notes = export_network(Study.read(folder), tmp_path / "out", to="kumu")
    assert notes[0] == "3 partners, 0 reports of ties: the study has no ties yet."
    assert paths[1].read_text(encoding="utf-8").startswith("ID,From,To,")


def test_what_xml_cannot_hold_is_refused(make: Callable[..., pd.DataFrame]) -> None:
    partners = make("partners", [{"partner_id": "a", "name": "bell\x07", "sector": "health", "status": "joined"}])
    for write in (as_graphml, as_gexf):
        with pytest.raises(WrongUse, match="'bell\N{REPLACEMENT CHARACTER}' holds a control character"):
            write(to_graph(partners, make("ties")))


# --- graphs that were made elsewhere


def test_an_undirected_graph_is_a_report_from_each_side() -> None:
    graph = nx.Graph([("A & B", "C", {"weight": 3.0})])
    nx.set_node_attributes(graph, "health", "sector")
    partners, ties = from_graph(graph, wave="2026")
    assert partners[["partner_id", "name", "status"]].to_numpy().tolist() == [
        ["a-b", "A & B", "joined"],
        ["c", "C", "joined"],
    ]
    assert ties[["source", "target", "level"]].to_numpy().tolist() == [["a-b", "c", 3.0], ["c", "a-b", 3.0]]
    with pytest.raises(StudyProblems, match=r"graph:edge A & B to C\.wave: 1 connection names no wave"):
        from_graph(graph)


def test_field_names() -> None:
    assert [field_name(n) for n in (" Left on ", "connection type", "x_Own", "LEVEL")] == [
        "left_on",
        "type",
        "x_Own",
        "level",
    ]
