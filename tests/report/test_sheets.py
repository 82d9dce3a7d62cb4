"""Whole editions as files: one HTML file, PDF; and the shelf on which reports stand."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from ci_analysis.errors import RunFailed
from ci_analysis.report import pdf
from ci_analysis.report import run as running
from ci_analysis.report.blocks import outline_problems
from ci_analysis.report.made import sheet_of
from ci_analysis.report.pdf import browser, print_pdf
from ci_analysis.report.shelf import keep_earlier, write_shelf
from ci_analysis.report.single import one_file
from ci_analysis.report.site import NAV, outside
from tests.report.conftest import EXAMPLE

needs_browser = pytest.mark.skipif(
    browser() is None, reason="no Chromium is here (on Debian: apt-get install chromium)"
)


# --- one file -------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["public", "internal"])
def whole(request: pytest.FixtureRequest, site: Path) -> tuple[Path, str]:
    return site / request.param, one_file(site / request.param)


def test_one_file_holds_every_page_and_every_finding(whole: tuple[Path, str]) -> None:
    folder, html = whole
    assert len(html) < 5_000_000
    assert outline_problems(html) == []
    assert list(outside(html)) == []
    for name, label in NAV:
        page = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert f'<a href="#page-{name}">{label}</a>' in html
        for title in re.findall(r'<section class="finding" id="[^"]+"><h2>(.*?)</h2>', page):
            assert title in html
    assert "data-walk.html" not in html
    assert "common-agenda.html" not in html


def test_every_name_in_one_file_is_unique_and_every_fragment_is_there(whole: tuple[Path, str]) -> None:
    _, html = whole
    tags = re.findall(r"<[a-zA-Z][^>]*>", html)
    names = [m for tag in tags for m in re.findall(r'\bid="([^"]+)"', tag)]
    assert len(names) == len(set(names))
    wanted = {m for tag in tags for m in re.findall(r'href="#([^"]*)"', tag)}
    wanted |= {m for tag in tags for m in re.findall(r"url\(#([^)]+)\)", tag)}
    wanted |= {part for tag in tags for m in re.findall(r'aria-labelledby="([^"]+)"', tag) for part in m.split()}
    assert wanted <= set(names)
    # No link leads to a page that is not in the mail.
    assert not [tag for tag in tags if re.search(r'href="(?!#|data:|https?://|mailto:)', tag)]


def test_downloads_of_one_file_are_those_of_the_folder(whole: tuple[Path, str]) -> None:
    folder, html = whole
    held = re.search(r'<script type="application/json" class="files">(.*?)</script>', html, flags=re.DOTALL)
    assert held
    files = json.loads(held[1])
    assert files == {p.name: p.read_text(encoding="utf-8") for p in (folder / "data").glob("*.csv")}
    assert set(re.findall(r'data-file="([^"]+)"', html)) <= set(files)


def test_a_folder_that_is_no_edition_is_refused(tmp_path: Path) -> None:
    for name, _ in NAV:
        (tmp_path / f"{name}.html").write_text("<p>Something else</p>")
    with pytest.raises(ValueError, match="no main part"):
        one_file(tmp_path)


# --- PDF ------------------------------------------------------------------------------------------


@needs_browser
def test_the_same_page_prints_the_same_bytes_of_the_studys_day(site: Path, tmp_path: Path) -> None:
    made = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for out in made:
        print_pdf(site / "public" / "index.html", out, date(2026, 6, 30))
    content = made[0].read_bytes()
    assert content == made[1].read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/CreationDate (D:20260630000000" in content
    assert len(re.findall(rb"/Type /Page\n", content)) == 1, "the brief is one page"
    assert b"/MarkInfo" in content, "tagged, for readers who listen"
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".pdf"] == []


@needs_browser
def test_the_command_writes_one_file_and_pdf(site: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    shutil.copytree(site, reports / site.name)
    words = ["run", str(EXAMPLE), "--edition", "public", "--single", "--pdf", "--reports", str(reports)]
    said = CliRunner().invoke(main, [*words, "--processed", str(site.parent.parent / "processed")])
    assert said.exit_code == 0, said.output
    place = reports / site.name
    sheets = [sheet_of(place, "public", ending) for ending in (".html", "-brief.pdf", ".pdf")]
    for sheet in sheets:
        assert sheet.is_file()
        assert str(sheet) in said.output
    assert not list(place.glob("*-internal*")), "only what was asked for"
    assert len(re.findall(rb"/Type /Page\n", sheets[2].read_bytes())) > 20
    index = (reports / "index.html").read_text(encoding="utf-8")
    assert all(f"{site.name}/{sheet.name}" in index for sheet in sheets)


def test_pages_made_anew_take_away_what_was_made_from_those_before(site: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    shutil.copytree(site, reports / site.name)
    place = reports / site.name
    old = [sheet_of(place, kind, ending) for kind in ("public", "internal") for ending in (".html", ".pdf")]
    for sheet in old:
        sheet.write_text("of the pages before")
    (place / "public" / "index.html").write_text("touched")
    running.report(EXAMPLE, running.Wishes(("public",), site.parent.parent / "processed", reports))
    assert [sheet.exists() for sheet in old] == [False, False, True, True]


def test_without_a_browser_it_says_so_and_the_rest_is_there(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_ANALYSIS_BROWSER", str(tmp_path / "none"))
    assert browser() is None
    reports = tmp_path / "reports"
    shutil.copytree(site, reports / site.name)
    words = ["run", str(EXAMPLE), "--edition", "public", "--single", "--pdf", "--reports", str(reports)]
    said = CliRunner().invoke(main, [*words, "--processed", str(site.parent.parent / "processed")])
    assert said.exit_code == 1
    assert "No PDF was made: no Chromium, Chrome or Edge is here" in said.output
    assert "CI_ANALYSIS_BROWSER" in said.output
    assert sheet_of(reports / site.name, "public", ".html").is_file()
    with pytest.raises(RunFailed, match="No PDF was made"):
        print_pdf(site / "public" / "index.html", tmp_path / "a.pdf", date(2026, 6, 30))


def test_a_browser_that_prints_nothing_is_told_of(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\necho 'cannot open display' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("CI_ANALYSIS_BROWSER", str(program))
    with pytest.raises(RunFailed, match="cannot open display"):
        print_pdf(site / "public" / "index.html", tmp_path / "a.pdf", date(2026, 6, 30))
    program.write_text("#!/bin/sh\nsleep 60\n")
    monkeypatch.setattr(pdf, "_SECONDS", 0.2)
    with pytest.raises(RunFailed, match="did not finish"):
        print_pdf(site / "public" / "index.html", tmp_path / "a.pdf", date(2026, 6, 30))
    assert not (tmp_path / "a.pdf").exists()


# --- the shelf ------------------------------------------------------------------------------------


def edition(place: Path, **told: str) -> Path:
    place.mkdir(parents=True)
    (place / "index.html").write_text(f"the edition of {told.get('as_of')}")
    (place / "report.json").write_text(json.dumps(told))
    return place


def test_all_studies_stand_on_the_shelf(tmp_path: Path) -> None:
    about = {"title": "Care in A", "community": "A", "issue": "Child care", "as_of": "2026-06-30"}
    edition(tmp_path / "a" / "public", **about, finding="In A, all have a seat")
    edition(tmp_path / "a" / "internal", **about, finding="Only the coalition knows this")
    edition(tmp_path / "b" / "internal", title="Food in B", community="B", issue="Food access", as_of="2025-12-31",
            finding="Only the coalition knows that")  # fmt: skip
    edition(tmp_path / "a" / "earlier" / "2025-06-30" / "public", **(about | {"as_of": "2025-06-30"}))
    (tmp_path / "c").mkdir()
    shelf = write_shelf(tmp_path)
    assert shelf == tmp_path / "index.html"
    html = shelf.read_text(encoding="utf-8")
    assert "<h1>Two reports on two issues</h1>" in html
    for words in ("Care in A", "Food in B", "In A, all have a seat.", "June 30, 2026", "June 30, 2025, public edition"):
        assert words in html
    assert "Only the coalition" not in html, "the index is for whoever gets the folder"
    for link in re.findall(r'href="([^"#]+)"', html):
        assert link == "data:," or (tmp_path / link).is_file()
    before = shelf.read_bytes()
    write_shelf(tmp_path)
    assert shelf.read_bytes() == before


def test_a_shelf_of_one_and_of_none(tmp_path: Path) -> None:
    edition(tmp_path / "a" / "public", title="T", community="A", issue="Child care", as_of="2026-06-30")
    shelf = write_shelf(tmp_path)
    assert shelf
    assert "<h1>One report on child care</h1>" in shelf.read_text(encoding="utf-8")
    shutil.rmtree(tmp_path / "a")
    write_shelf(tmp_path)
    assert "No study here has a report yet" in shelf.read_text(encoding="utf-8")


def test_what_an_edition_says_of_itself_is_text_on_the_shelf(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>"
    edition(tmp_path / "a b&c" / "public", title=name, community=name, issue=name, as_of=name, finding=name)
    (tmp_path / "bad" / "public").mkdir(parents=True)
    (tmp_path / "bad" / "public" / "report.json").write_text("[not json")
    shelf = write_shelf(tmp_path)
    assert shelf
    html = shelf.read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert 'href="a%20b%26c/public/index.html"' in html


@pytest.mark.parametrize("theirs", ["<h1>My own page</h1>", ""])
def test_a_page_of_somebody_else_is_left(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "index.html").write_text(theirs)
    edition(tmp_path / "a" / "public", title="T", community="A", issue="I", as_of="2026-06-30")
    assert write_shelf(tmp_path) is None
    assert (tmp_path / "index.html").read_text() == theirs


def test_an_edition_of_an_earlier_day_is_kept(tmp_path: Path) -> None:
    place = edition(tmp_path / "a" / "public", as_of="2026-03-31")
    assert keep_earlier(place, date(2026, 3, 31)) is None, "of the same day: a revision takes its place"
    kept = keep_earlier(place, date(2026, 6, 30))
    assert kept == tmp_path / "a" / "earlier" / "2026-03-31" / "public"
    assert (kept / "index.html").read_text() == "the edition of 2026-03-31"
    assert (place / "index.html").is_file(), "until the new one is there"
    assert keep_earlier(place, date(2026, 6, 30)) == kept, "kept again, it is the newest of that day"
    assert [p.name for p in kept.parent.iterdir()] == ["public"]


@pytest.mark.parametrize("day", ["../../../etc", "2026-13-45x", "", "yesterday"])
def test_a_day_that_is_none_is_no_folder(tmp_path: Path, day: str) -> None:
    assert keep_earlier(edition(tmp_path / "a" / "public", as_of=day), date(2026, 6, 30)) is None
    assert not (tmp_path / "a" / "earlier").exists()


def test_the_first_edition_has_none_before_it(tmp_path: Path) -> None:
    assert keep_earlier(tmp_path / "a" / "public", date(2026, 6, 30)) is None
