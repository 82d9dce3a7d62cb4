"""The sheets of a data walk: a question, a figure and room to write at every stop, and nothing private."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis import landscape
from ci_analysis.cli import main
from ci_analysis.errors import WrongUse
from ci_analysis.figures import landscape as figures
from ci_analysis.figures.base import drawing
from ci_analysis.report.data_walk import data_walk, write_data_walk
from ci_analysis.report.editions import edition_of
from ci_analysis.report.withhold import public_study
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, OUTPUTS, conform, empty_frame

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
STUDIES = Path(__file__).parent.parent / "studies"
ASKED = ("What do you notice?", "What surprises you?", "What is missing or wrong?", "What should be done? By whom?")
EVIL = "<script>alert(1)</script> & \"x\" '{{ 7 * 7 }}'"


@pytest.fixture(scope="module")
def example() -> Study:
    return Study.read(EXAMPLE)


@pytest.fixture(scope="module")
def run(example: Study) -> dict[str, pd.DataFrame]:
    return {name: empty_frame(table) for name, table in OUTPUTS.items()} | landscape.compute(example, {})


@pytest.fixture(scope="module")
def page(example: Study, run: dict[str, pd.DataFrame]) -> str:
    return data_walk(edition_of(example, run, "public"))


def walk_of(study: Study, kind: str = "public", tables: dict[str, pd.DataFrame] | None = None) -> str:
    """The page of a study, from a run's tables or else from those of its own landscape."""
    if tables is None:
        tables = {name: empty_frame(table) for name, table in OUTPUTS.items()} | landscape.compute(study, {})
    return data_walk(edition_of(study, tables, kind))  # type: ignore[arg-type]  # one of the two


def stations(page: str) -> list[str]:
    return re.findall(r'<section class="station".*?</section>', page, flags=re.DOTALL)[:-1]


def words(html: str) -> str:
    """What a reader sees, on one line."""
    html = re.sub(r"<(style|title|desc)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def with_tables(study: Study, **tables: pd.DataFrame) -> Study:
    return replace(study, tables=MappingProxyType({**study.tables, **tables}))


def test_each_stop_asks_shows_says_how_sure_and_leaves_room(page: str) -> None:
    found = stations(page)
    assert len(found) >= 6
    for number, html in enumerate(found, 1):
        said = words(html)
        assert f"Station {number} of {len(found)}" in said
        assert words(re.search(r"<h2.*?</h2>", html)[0]).endswith("?")
        assert [a for a in ASKED if a in said] == list(ASKED)
        assert html.count('class="line"') >= 2 * len(ASKED)
        for blank in ("I am a", "My county", "You may print my words"):
            assert blank in said
    for html in found[:-1]:
        assert html.count("<svg") == 1
        assert "How sure: " in words(html)
        assert "Source: " in html or "initiatives" in html


def test_figures_are_those_of_the_report(example: Study, run: dict[str, pd.DataFrame], page: str) -> None:
    for made in (
        figures.gap_by_segment(example, run["gap_summary"], run["gap"]),
        figures.gap_map(example, run["gap"]),
        figures.prices(example, run["affordability"]),
        figures.under_way(example, example.tables["initiatives"], run["reach"], run["gap"]),
        figures.spread(example, run["indicators"], name="share_households_broadband"),
    ):
        assert f"{drawing(made).title}." in words(page)


def test_each_voice_stands_at_one_stop(example: Study, page: str) -> None:
    voices = example.tables["voices"]
    shown = voices.loc[voices["public"].astype(bool), ["text", "indicator"]]
    assert len(shown) > 5
    for text, indicator in shown.to_numpy():
        at = [html for html in stations(page) if text in words(html)]
        assert len(at) == 1, text
        # What no figure speaks to, stands where the numbers end.
        assert ("What do the numbers not show?" in at[0]) == (not isinstance(indicator, str))


def test_private_voices_and_small_counts_are_the_coalitions(
    example: Study, run: dict[str, pd.DataFrame], page: str
) -> None:
    voices = example.tables["voices"]
    (private,) = voices.loc[~voices["public"].astype(bool), "text"]
    inside = data_walk(edition_of(example, run, "internal"))
    assert private not in words(page)
    assert private in words(inside)
    few = voices.loc[voices["public"].astype(bool) & (voices["count"] < 11)]
    assert len(few) == 1
    assert few["count"].iloc[0] == 6
    assert "six people said so" in words(inside)
    assert "six people said so" not in words(page)
    shown = public_study(example).tables
    assert not shown["voices"]["count"].between(1, 10).any()
    least = example.settings.model_copy(update={"publish": example.settings.publish.model_copy(
        update={"minimum_count": 20})})  # fmt: skip
    served = public_study(replace(example, settings=least)).tables["initiatives"]["people_served"]
    assert served.isna().sum() == (example.tables["initiatives"]["people_served"] < 20).sum() > 0


def test_every_sheet_says_what_is_made_up(page: str) -> None:
    assert "Some of this is made up for teaching" in words(page)
    for html in stations(page):
        assert "made up for teaching" in words(re.search(r'<p class="number">.*?</p>', html)[0])
        assert ("Illustrative: made up for teaching (voices" in words(html)) == ("What people said" in words(html))
    (work,) = [s for s in stations(page) if "Who works on this" in s]
    assert "Illustrative: made up for teaching (initiatives" in words(work)


def test_answers_go_back_into_columns_that_there_are(example: Study, page: str) -> None:
    last = page[page.index('aria-labelledby="type-in"') :]
    named = set(re.findall(r"<code>(\w+)</code>", last.partition("<table")[0])) - {"yes", "no"}
    assert named == {c.name for c in INPUTS["voices"].columns}
    rows = re.findall(r'<th scope="row">(\d+)</th><td><code>(.*?)</code></td><td>(.*?)</td><td>(.*?)</td>', last)
    assert [int(n) for n, *_ in rows] == list(range(1, len(stations(page)) + 1))
    known = set(example.tables["indicators"]["indicator"])
    for number, code, theme, indicator in rows:
        assert code == f"walk-{number}-"
        assert words(theme)
        assert words(indicator) in known | {"leave empty"}


def test_answers_that_are_typed_in_as_it_says_are_read(page: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(EXAMPLE, folder)
    last = page[page.index('aria-labelledby="type-in"') :]
    rows = re.findall(r'<th scope="row">(\d+)</th><td><code>(.*?)</code></td><td>(.*?)</td><td>(.*?)</td>', last)
    with (folder / "voices.csv").open("a", encoding="utf-8") as file:
        for _, code, theme, indicator in rows:
            cell = words(indicator) if "code" in indicator else ""
            file.write(f'{code}a-01,"{words(theme)}","So it is.",08031,parent,3,no,{cell}\n')
    before = len(pd.read_csv(EXAMPLE / "voices.csv"))
    assert len(Study.read(folder).tables["voices"]) == before + len(rows)


def test_what_tables_hold_is_text(example: Study, run: dict[str, pd.DataFrame]) -> None:
    tables = {
        name: example.tables[name].assign(**dict.fromkeys(columns, EVIL))
        for name, columns in {
            "voices": ["text", "theme", "group"],
            "initiatives": ["name"],
            "areas": ["name"],
            "partners": ["name"],
            "drivers": ["text"],
        }.items()
    }
    indicators = example.tables["indicators"]
    tables["indicators"] = indicators.assign(source=EVIL)
    study = with_tables(example, **tables)
    settings = study.settings.model_copy(update={"title": EVIL, "community": EVIL})
    run = run | {"indicators": run["indicators"].assign(source=EVIL)}
    made = walk_of(replace(study, settings=settings), "internal", run)
    assert "<script" not in made
    assert f"“ {EVIL} ”" in words(made)
    assert " on" not in "".join(re.findall(r"<\w+[^>]*?(?= on\w+=)", made))


@pytest.mark.parametrize("table", ["voices", "initiatives", "drivers", "indicators", "capacity"])
def test_without_a_table_the_rest_stands(table: str, example: Study, run: dict[str, pd.DataFrame]) -> None:
    made_anew = table in ("indicators", "capacity")
    kept = run | {"reach": empty_frame(OUTPUTS["reach"])} if table == "initiatives" else run
    made = walk_of(with_tables(example, **{table: empty_frame(INPUTS[table])}), tables=None if made_anew else kept)
    found = stations(made)
    assert found
    assert "What do the numbers not show?" in found[-1]
    assert ("Who works on this already" in made) == (table not in ("initiatives",))
    if table == "voices":
        assert "What people said" not in words(made)
        assert "Nobody’s words are on this yet. Yours can be the first." in words(made)


def test_a_study_of_nothing_has_one_stop() -> None:
    made = walk_of(Study.read(STUDIES / "only-settings"))
    (only,) = stations(made)
    assert "What do the numbers not show?" in only
    assert "<svg" not in only
    assert "made up for teaching" not in words(made)


def test_one_area_and_areas_without_names(example: Study, run: dict[str, pd.DataFrame]) -> None:
    geoid = example.areas["geoid"].iloc[0]
    tables = {
        name: frame[frame["geoid"] == geoid] if "geoid" in frame else frame for name, frame in example.tables.items()
    }
    initiatives = tables["initiatives"]
    tables["initiatives"] = initiatives.assign(areas=initiatives["areas"].where(initiatives["areas"].isna(), geoid))
    alone = replace(example, tables=MappingProxyType(tables), areas=example.areas.iloc[:1])
    made = words(walk_of(alone))
    assert "Station 1 of" in made
    assert " nan" not in made
    areas = example.tables["areas"]
    for name in (areas["geoid"], ""):
        unnamed = with_tables(example, areas=areas.assign(name=name))
        assert "nan" not in words(walk_of(unnamed, tables=run)).split()


def test_work_that_is_over_is_no_work_under_way(example: Study, run: dict[str, pd.DataFrame]) -> None:
    over = example.tables["initiatives"].assign(ends_on=pd.Timestamp("2001-01-01"), started_on=pd.NaT)
    assert "Who works on this already" not in walk_of(
        with_tables(example, initiatives=conform(over, INPUTS["initiatives"])), tables=run
    )


def test_prices_of_single_providers_close_their_stop_in_public_alone(
    example: Study, run: dict[str, pd.DataFrame]
) -> None:
    priced = with_tables(example, capacity=example.tables["capacity"].assign(price_week=200.0))
    assert "What does a seat cost a family?" not in walk_of(priced, tables=run)
    assert "What does a seat cost a family?" in walk_of(priced, "internal", run)


def test_the_same_study_makes_the_same_bytes_in_any_order(example: Study, page: str) -> None:
    turned = {n: f.iloc[::-1].reset_index(drop=True) for n, f in example.tables.items() if n in (
        "voices", "initiatives", "drivers", "indicators")}  # fmt: skip
    assert walk_of(with_tables(example, **turned)) == page


def test_it_runs_and_loads_nothing_and_breaks_pages_between_stops(page: str) -> None:
    assert not re.findall(r"<(?:script|form|iframe|img)\b", page)
    assert not re.findall(r'(?:src|href)="https?:', page)
    assert ".station { break-before: page;" in page
    assert re.search(r"\.station figure[^}]*break-inside: avoid", page)


def test_it_is_written_where_it_is_told_and_over_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "raw" / "mine"
    shutil.copytree(STUDIES / "only-settings", folder)
    study = Study.read(folder)
    place = write_data_walk(study)
    assert place == tmp_path.resolve() / "reports" / "mine" / "data-walk.html"
    made = place.read_bytes()
    assert write_data_walk(study).read_bytes() == made
    place.write_bytes(made + b"mine")
    with pytest.raises(WrongUse, match=r"is there already; nothing was written"):
        write_data_walk(study)
    assert write_data_walk(study, force=True).read_bytes() == made
    with pytest.raises(WrongUse, match="lies in a study's folder"):
        write_data_walk(study, folder / "walk.html", force=True)


def test_the_command_writes_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "raw" / "mine"
    shutil.copytree(STUDIES / "only-settings", folder)
    out = tmp_path / "walk.html"
    said = CliRunner().invoke(main, ["data-walk", str(folder), "-o", str(out), "--edition", "internal"])
    assert said.exit_code == 0, said.output
    assert "internal edition: for the coalition" in out.read_text(encoding="utf-8")
    again = CliRunner().invoke(main, ["data-walk", str(folder), "-o", str(out)])
    assert again.exit_code == 2
    assert CliRunner().invoke(main, ["data-walk", str(folder), "-o", str(out), "--force"]).exit_code == 0
    assert "public edition" in out.read_text(encoding="utf-8")
