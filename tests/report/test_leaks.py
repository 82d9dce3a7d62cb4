"""The last look at finished pages: what is planted is found, wherever it stands; what may stand there is let be."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis import pipeline
from ci_analysis.cli import main
from ci_analysis.errors import RunFailed
from ci_analysis.report import made
from ci_analysis.report import run as running
from ci_analysis.report.editions import edition_of
from ci_analysis.report.leaks import Withheld, leaks_in, stop_leaks, withheld
from ci_analysis.report.site import files_of
from ci_analysis.study import Study

EXAMPLE = Path(__file__).parent.parent.parent / "data" / "raw" / "colorado-child-care"
MINERAL, HINSDALE = "08079", "08053"


@pytest.fixture(scope="module")
def counted() -> Study:
    """The example with a count of its own: six children in Mineral, five in Hinsdale, many elsewhere."""
    study = Study.read(EXAMPLE)
    own = pd.DataFrame({"geoid": study.areas["geoid"], "value": 1234.0 + 7 * study.areas.index.to_numpy()})
    own.loc[own["geoid"].eq(MINERAL), "value"] = 6.0
    own.loc[own["geoid"].eq(HINSDALE), "value"] = 5.0
    own = own.assign(indicator="children_in_care", period="2025")
    rows = own.reindex(columns=study.tables["indicators"].columns).astype(study.tables["indicators"].dtypes.to_dict())
    tables = {**study.tables, "indicators": pd.concat([study.tables["indicators"], rows], ignore_index=True)}
    return replace(study, tables=MappingProxyType(tables))


@pytest.fixture(scope="module")
def tables(counted: Study) -> dict[str, pd.DataFrame]:
    return pipeline.compute(counted)


@pytest.fixture(scope="module")
def kept(counted: Study, tables: dict[str, pd.DataFrame]) -> Withheld:
    return withheld(counted, tables, edition_of(counted, tables, "public"))


def held(data: object) -> str:
    return f'<script type="application/json">{json.dumps(data)}</script>'


CARRIED = base64.b64encode(f"geoid,children_in_care\n{MINERAL},6\n".encode()).decode()
PROSPECT = "Mountain school district"  # the example's partner that nobody has asked yet
CONTACT = "office@example.org"


@pytest.mark.parametrize(
    ("where", "name", "planted"),
    [
        ("text", "a.html", f"<p>Ask <b>{PROSPECT}</b>.</p>"),
        ("text", "a.html", f"<p>Write to {CONTACT}</p>"),
        ("text", "a.html", "<p>In Mineral there are 6 children in care.</p>"),
        ("text", "a.html", "<p>In Mineral there are six children in care now.</p>"),
        ("text", "a.html", "<p>Children in care: Mineral&#32;<b>6</b></p>"),
        (
            "text",
            "a.html",
            "<table><tr><th>Area</th><th>Children in care</th></tr><tr><th>Mineral</th><td>6</td></tr></table>",
        ),
        ("text", "a.html", f"<!-- {CONTACT} -->"),
        ("attribute", "a.html", f'<a href="mailto:{CONTACT}">x</a>'),
        ("attribute", "a.html", '<i data-area="Mineral" data-of="children_in_care" data-n="6">x</i>'),
        ("text alternative", "a.html", f'<img alt="{PROSPECT}">'),
        ("text alternative", "a.html", "<svg><title>Mineral: 6 children in care</title></svg>"),
        ("text alternative", "a.html", "<svg><desc>Children in care: Mineral has 6.</desc></svg>"),
        ("text alternative", "a.html", '<div aria-label="Children in care in Mineral: 6"></div>'),
        ("embedded data", "a.html", held({"names": ["Mineral", "Baca"], "texts": ["6 children in care", "–"]})),
        ("embedded data", "a.html", f'<script>const partners = ["{PROSPECT}"];</script>'),
        ("embedded data", "a.html", held([{"geoid": MINERAL, "of": "children_in_care", "n": 6}])),
        ("download", "data/indicators.csv", f"geoid,indicator,value\n{MINERAL},children_in_care,6.0\n"),
        ("download", "data/partners.csv", f"partner_id,name\nx,{PROSPECT}\n"),
        ("download", "data/new.csv", "area,children in care\nMineral,6\n"),
        ("download", "a.html", f'<a href="data:text/csv;base64,{CARRIED}">x</a>'),
    ],
)  # fmt: skip
def test_what_is_planted_is_found(kept: Withheld, where: str, name: str, planted: str) -> None:
    found = leaks_in({name: planted}, kept)
    assert [(leak.file, leak.where) for leak in found] == [(name, where)]
    told = str(found[0])
    assert PROSPECT not in told
    assert CONTACT not in told
    assert "6" not in told, "a message is no place for it either"


@pytest.mark.parametrize(
    "harmless",
    [
        "<p>Mineral has no seats.</p>",
        "<p>6 of 64 counties, among them Mineral, have no seats.</p>",
        "<p>On July 6, 2026, partners met in Mineral.</p>",
        "<p>Mineral is small. There are 6 rural hospitals.</p>",
        "<p>16 miles from Mineral; 6% have care.</p>",
        "<p>The school district of the mountains</p>",
        '<path d="M6 6" class="6"></path><p>Mineral</p>',
        "<table><tr><th>Area</th><th>Days late</th></tr><tr><th>Mineral</th><td>6</td></tr></table>",
    ],
)
def test_what_may_stand_there_is_let_be(kept: Withheld, harmless: str) -> None:
    assert leaks_in({"a.html": harmless}, kept) == []


def test_the_complement_is_kept_as_the_small_count_is(kept: Withheld) -> None:
    # Mineral and Hinsdale hide each other: 6 + 5 is the minimum of 11.
    assert kept.figures["Mineral"].keys() >= {"6"}
    assert kept.figures["Hinsdale"].keys() >= {"5"}
    assert "1,234" not in {form for forms in kept.figures.values() for form in forms}, "that of Adams is shown"


def test_both_editions_of_a_study_with_small_counts_pass(counted: Study, tables: dict[str, pd.DataFrame]) -> None:
    for kind in ("public", "internal"):
        edition = edition_of(counted, tables, kind)
        texts = {f"{n}.csv": frame.to_csv(index=False) for n, frame in edition.tables.items()}
        assert leaks_in(texts, withheld(counted, tables, edition)) == []


def test_the_whole_edition_in_the_place_of_the_public_one_is_stopped(
    counted: Study, tables: dict[str, pd.DataFrame], kept: Withheld
) -> None:
    texts = {
        f"{n}.csv": frame.to_csv(index=False) for n, frame in edition_of(counted, tables, "internal").tables.items()
    }
    with pytest.raises(RunFailed, match="public edition was not put in place"):
        stop_leaks(texts, kept, "public")


def test_pages_of_the_internal_edition_would_not_pass_as_public(site: Path) -> None:
    study = Study.read(EXAMPLE)
    tables = pipeline.results(study, site.parent.parent / "processed")
    kept = withheld(study, tables, edition_of(study, tables, "public"))
    assert leaks_in(files_of(site / "public"), kept) == []
    named = {leak.what for leak in leaks_in(files_of(site / "internal"), kept)}
    assert {"what partners.csv, name, says", "what partners.csv, contact, says"} <= named


def test_a_leak_stops_the_run_and_the_last_good_edition_stands(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "colorado-child-care" / "public"
    place.mkdir(parents=True)
    (place / "index.html").write_text("the last good one")
    shutil.copytree(EXAMPLE.parent.parent.parent / "notebooks", tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "1-convene.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][0]["source"] = [f"# Convene: {PROSPECT}"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    for module in (made, running):
        monkeypatch.setattr(module, "notebooks_folder", lambda: path.parent)
    words = ["run", str(EXAMPLE), "--edition", "public", "--reports", str(tmp_path)]
    said = CliRunner().invoke(main, [*words, "--processed", str(site.parent.parent / "processed")])
    assert said.exit_code == 1
    assert "convene.html: what partners.csv, name, says, in its text" in said.output
    assert (place / "index.html").read_text() == "the last good one"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_nothing_is_withheld_from_who_may_know_everything() -> None:
    assert leaks_in({"a.html": f"<p>{PROSPECT} 6</p>"}, Withheld({}, {}, {})) == []
