"""The whole run: its tables agree with plain arithmetic, come whole or not at all, and are the same twice."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from ci_analysis import pipeline, places
from ci_analysis.errors import RunFailed
from ci_analysis.study import Study
from ci_analysis.tables import OUTPUTS

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
ONLY_SETTINGS = Path(__file__).parent / "studies" / "only-settings"


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's tables, computed once."""
    return pipeline.run(Study.read(EXAMPLE), tmp_path_factory.mktemp("processed"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_gap_summary_agrees_with_plain_arithmetic_on_the_raw_tables(processed: Path) -> None:
    """Need, seats, unmet need and both gaps by loops over the raw CSV files, without this package."""
    children: dict[tuple[str, str, str], float] = {}
    share: dict[tuple[str, str, str], float] = {}
    for row in rows(EXAMPLE / "indicators.csv"):
        if row["value"]:
            if row["indicator"] == "children":
                children[row["segment"], row["period"], row["geoid"]] = float(row["value"])
            elif row["indicator"] == "share_all_parents_working":
                share[row["segment"], row["period"], row["geoid"]] = float(row["value"])
    # The latest year of each: children 2024, but 2023 for school age (PROVENANCE.md); shares 2018.
    year = {"infant-toddler": "2024", "preschool": "2024", "school-age": "2023"}
    counties = sorted({geoid for *_, geoid in children})
    need = {(s, g): children[s, y, g] * share[s, "2018", g] for s, y in year.items() for g in counties}
    county_of = {row["facility_id"]: row["geoid"] for row in rows(EXAMPLE / "facilities.csv")}
    seats: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows(EXAMPLE / "capacity.csv"):
        if row["licensed"]:
            seats[row["segment"], county_of[row["facility_id"]]] += float(row["licensed"])
    unmet = {(s, g): max(0.0, need[s, g] - seats[s, g]) for s in year for g in counties}
    groups = {**{s: [s] for s in year}, "under-six": ["infant-toddler", "preschool"], "all": list(year)}
    written = {row["segment"]: row for row in rows(processed / "gap_summary.csv")}
    assert list(written) == list(groups)
    for name, members in groups.items():
        unnamed = {g: seats["", g] if name in ("under-six", "all") else 0.0 for g in counties}
        total_need = sum(need[s, g] for s in members for g in counties)
        total_seats = sum(seats[s, g] for s in members for g in counties) + sum(unnamed.values())
        spatial = sum(max(0.0, sum(unmet[s, g] for s in members) - unnamed[g]) for g in counties)
        row = written[name]
        assert float(row["need"]) == pytest.approx(total_need, rel=1e-9)
        assert float(row["supply"]) == float(row["usable"]) == total_seats
        assert float(row["spatial_gap"]) == pytest.approx(spatial, rel=1e-9)
        assert float(row["pooled_gap"]) == pytest.approx(max(0.0, total_need - total_seats), rel=1e-9)
        assert float(row["sufficiency"]) == pytest.approx(total_seats / total_need, rel=1e-9)
        assert (row["areas"], row["areas_with_need"]) == ("64", "64")
        assert float(row["spatial_gap_low"]) < spatial * 1.05
        assert float(row["spatial_gap_low"]) < float(row["spatial_gap_high"])


@pytest.mark.parametrize("table", OUTPUTS.values(), ids=lambda t: t.name)
def test_every_table_is_written_with_its_columns_and_keys(processed: Path, table) -> None:
    frame = pd.read_csv(processed / table.file, dtype=str, keep_default_na=False)
    assert frame.columns.to_list()[: len(table.names)] == table.names
    # No public record says when Colorado's facilities open, who is enrolled and how many seats are free, and none of
    # this is made up for real facilities.
    # A first run has none before it.
    without = {"uptake", "hours_gap", "changes", "changed_results"}
    assert (len(frame) > 0) == (table.name not in without), "the example has something for every other table"
    if table.name != "commitments":  # a partner may promise several things
        assert not frame.duplicated(table.key).any()
    for column in table.columns:
        if column.presence == "key" and not column.empty:
            assert frame[column.name].ne("").all()
        if column.kind == "yes-no":
            assert set(frame[column.name]) <= {"yes", "no", ""}
        if column.kind == "choice":
            assert set(frame[column.name]) <= {*column.choices, ""}


def test_the_manifest_names_every_file_by_its_hash(processed: Path) -> None:
    manifest = json.loads((processed / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["study"], manifest["as_of"]) == ("colorado-child-care", "2026-06-30")
    for entries, folder in ((manifest["inputs"], EXAMPLE), (manifest["outputs"], processed)):
        for entry in entries:
            content = (folder / entry["path"]).read_bytes()
            assert (entry["bytes"], entry["sha256"]) == (len(content), sha256(content).hexdigest())
    assert {e["path"] for e in manifest["inputs"]} >= {"study.yaml", "indicators.csv", "ties.csv"}
    assert {p.name for p in processed.iterdir() if p.is_file()} == {e["path"] for e in manifest["outputs"]} | {
        "manifest.json"
    }
    assert any("ACS 2020-2024 B09001" in s["source"] for s in manifest["sources"])
    assert str(ROOT) not in json.dumps(manifest), "a manifest says nothing of the machine"


def test_the_same_inputs_give_the_same_bytes(processed: Path, tmp_path: Path) -> None:
    again = pipeline.run(Study.read(EXAMPLE), tmp_path)
    one, other = ({p.name: p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (again, processed))
    assert one == other


def test_rows_in_another_order_give_the_same_tables(processed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "colorado-child-care"
    shutil.copytree(EXAMPLE, folder)
    for path in folder.glob("*.csv"):
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        if '"' not in "".join(lines) or path.stem in ("capacity", "facilities"):
            # Partners', projects' and goals' own order is kept on pages; figures do not depend on it.
            path.write_text(header + "".join(sorted(lines, reverse=True)), encoding="utf-8")
    again = pipeline.run(Study.read(folder), tmp_path / "processed")
    for name in ("gap", "gap_summary", "affordability", "network_summary", "measures", "ranking", "portfolio"):
        table = OUTPUTS[name]
        one, other = (pd.read_csv(f / table.file).sort_values(table.key, ignore_index=True) for f in (processed, again))
        pd.testing.assert_frame_equal(one, other, rtol=1e-9, obj=name)


def test_a_study_of_nothing_yet_runs_through_all_steps(tmp_path: Path) -> None:
    folder = pipeline.run(Study.read(ONLY_SETTINGS), tmp_path)
    for table in OUTPUTS.values():
        assert len(rows(folder / table.file)) == 0, table.name


def test_results_are_computed_once_and_again_only_when_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "only-settings"
    shutil.copytree(ONLY_SETTINGS, folder)
    runs = []
    real = pipeline.compute
    monkeypatch.setattr(pipeline, "compute", lambda study: runs.append(study.name) or real(study))
    pipeline.results(Study.read(folder), tmp_path / "p")
    pipeline.results(Study.read(folder), tmp_path / "p")
    assert len(runs) == 1
    (folder / "partners.csv").write_text("partner_id,name,sector,status\na,A,health,joined\n")
    tables = pipeline.results(Study.read(folder), tmp_path / "p")
    assert len(runs) == 2
    assert tables["sector_coverage"].set_index("sector").loc["health", "joined"] == 1
    # A table that somebody changed or took away is not believed.
    (tmp_path / "p" / "only-settings" / "gap.csv").write_text("geoid\n")
    pipeline.results(Study.read(folder), tmp_path / "p")
    assert len(runs) == 3


def test_a_run_that_fails_leaves_the_last_good_tables(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with places.in_place(place) as fresh:
        (fresh / "a.txt").write_text("good")

    def fail(fresh: Path) -> None:
        (fresh / "a.txt").write_text("half")
        raise KeyError("a step that stops")

    with pytest.raises(KeyError), places.in_place(place) as fresh:
        fail(fresh)
    assert (place / "a.txt").read_text() == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["place"], "nothing half-made is left beside it"


def test_a_stop_between_the_two_renames_brings_the_old_tables_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    with places.in_place(place) as fresh:
        (fresh / "a.txt").write_text("good")
    monkeypatch.setattr(places, "_AT_ONCE", False)
    real = Path.rename

    def stopped(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt), places.in_place(place) as fresh:
        (fresh / "a.txt").write_text("newer")
    assert (place / "a.txt").read_text() == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["place"]


def test_a_study_over_all_of_virginia_runs(tmp_path: Path) -> None:
    """The outline of one of its cities is empty at this scale."""
    text = (ONLY_SETTINGS / "study.yaml").read_text(encoding="utf-8").replace('["08009", "08061"]', '["51"]')
    folder = tmp_path / "virginia"
    folder.mkdir()
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    (folder / "indicators.csv").write_text("geoid,indicator,period,segment,value\n51610,children,2024,preschool,300\n")
    tables = pipeline.compute(Study.read(folder))
    assert tables["gap_summary"].set_index("segment").loc["preschool", "need"] == 300


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFailed, match="Results cannot be written to"), places.in_place(tmp_path / "file" / "x"):
        pass
