"""What a reader's browser makes of the finished pages: offline, without a complaint, with any device, for everybody.

Debian's Chromium opens every page of both editions. axe-core, which comes with a package for development, looks for
what keeps people from reading a page.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ci_analysis.cli import main
from ci_analysis.report.made import PAGES
from ci_analysis.report.single import one_file
from tests.conftest import made_once
from tests.report.conftest import EXAMPLE, ROOT, run_to

CHROMIUM = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI_ANALYSIS_CI"),
    reason="no Chromium is here (on Debian: apt-get install chromium), so nothing can open the pages",
)
LOUISVILLE = ROOT.parent / "shared" / "studies" / "louisville-child-care"

WIDTHS, SCHEMES = (1280, 390), ("light", "dark")
#: Where axe looks: at each width and in each scheme. Contrast hangs on the scheme alone, and the rest on the width.
LOOKED_AT = ((1280, "light"), (390, "dark"))
NAMES = ("index", *PAGES, "methods", "data-walk", "common-agenda")
EDITIONS = ("public", "internal")
STUDIES = ("colorado", "louisville")
MOST_BYTES = 5_000_000
#: What a keyboard can stop at.
STOPS = (
    "a[href], button:not([disabled]), select:not([disabled]), input:not([disabled]), textarea, summary, [tabindex='0']"
)
#: Numbers what a keyboard can stop at, and gives its beginnings.
MARK_STOPS = """((what) => [...document.querySelectorAll(what)]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0)
  .map((e, i) => { e.dataset.stop = i; return e.outerHTML.slice(0, 90); }))"""
#: Role, title, description and heading of each picture.
PICTURES = """() => [...document.querySelectorAll(".picture svg")].map((svg) => [
  svg.getAttribute("role"),
  svg.querySelector(":scope > title")?.textContent ?? "",
  svg.querySelector(":scope > desc")?.textContent ?? "",
  svg.closest("section")?.querySelector("h2, h3")?.textContent ?? ""])"""
#: All of its rules count: those of WCAG 2.2 A and AA, and its own good practice.
AXE = Path(importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"  # type: ignore[union-attr,index]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which(CHROMIUM or "chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sites(site: Path, tmp_path_factory: pytest.TempPathFactory) -> MappingProxyType[str, Path]:
    there = {"colorado": site}
    if LOUISVILLE.is_dir():
        made = made_once(tmp_path_factory, "louisville", run_to(LOUISVILLE))
        there["louisville"] = made / "reports" / "louisville-child-care"
    return MappingProxyType(there)


class Watched:
    """A page, what it asked for outside of its file, and what it complained of."""

    def __init__(self, context: BrowserContext, path: Path) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda r: None if r.url.startswith(("data:", "blob:")) else self.outside.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append(f"dialog {d.message}"), d.dismiss()))
        self.page.goto(path.as_uri())
        self.outside.remove(path.as_uri())


def opened(browser: Browser, path: Path, *, width: int = 1280, scheme: str = "light", touch: bool = False) -> Watched:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
        has_touch=touch,
        accept_downloads=True,
    )
    return Watched(context, path)


def axe_findings(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']} at {v['nodes'][0]['target']}: {v['help']}" for v in found["violations"]]


def wider(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture(
    params=[(s, e, n) for s in STUDIES for e in EDITIONS for n in NAMES], ids=lambda p: "-".join(p), scope="module"
)
def path(request: pytest.FixtureRequest, sites: MappingProxyType[str, Path]) -> Path:
    study, edition, name = request.param
    if study not in sites:
        pytest.skip("the study of Louisville is not beside this repository")
    return sites[study] / edition / f"{name}.html"


def test_a_page_opens_offline_without_a_complaint_for_everybody(chromium: Browser, path: Path) -> None:
    assert path.stat().st_size < MOST_BYTES
    for width in WIDTHS:
        for scheme in SCHEMES:
            seen = opened(chromium, path, width=width, scheme=scheme)
            where = f"{width} px, {scheme}"
            if (width, scheme) in LOOKED_AT:
                assert axe_findings(seen.page) == [], where
            assert wider(seen.page) == 0, where
            assert seen.outside == [], where
            assert seen.complaints == [], where
            seen.page.context.close()


def test_a_page_reflows_at_320_px_and_a_keyboard_reaches_everything(chromium: Browser, path: Path) -> None:
    seen = opened(chromium, path, width=320)
    page = seen.page
    assert wider(page) == 0
    stops = page.evaluate(f"{MARK_STOPS}({STOPS!r})")
    reached, unseen = set(), []
    for _ in range(len(stops) + 3):
        page.keyboard.press("Tab")
        stop, outlined = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return [e.dataset.stop ?? "", s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0]; }"""
        )
        if stop and stop not in reached:
            reached.add(stop)
            unseen += [] if outlined else [stops[int(stop)]]
    assert [stops[i] for i in range(len(stops)) if str(i) not in reached] == []
    assert unseen == [], "where the keyboard is has to be seen"
    assert seen.complaints == []
    page.context.close()


def test_every_picture_says_what_it_shows(chromium: Browser, path: Path) -> None:
    seen = opened(chromium, path)
    told = seen.page.evaluate(PICTURES)
    for role, title, description, heading in told:
        assert role == "img"
        assert len(title) > 20, "the finding"
        assert len(description) > 20, "and what the picture shows"
        assert heading
    assert seen.page.evaluate("[...document.images].every((i) => i.alt)")
    seen.page.context.close()


# --- with mouse, touch and keyboard ---------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_a_map_is_explored_with_mouse_touch_and_keyboard(
    chromium: Browser, sites: MappingProxyType[str, Path], study: str
) -> None:
    if study not in sites:
        pytest.skip("the study of Louisville is not beside this repository")
    page = opened(chromium, sites[study] / "public" / "landscape.html", touch=True).page
    explorer, told = ".explorer:has(svg.map)", ".explorer:has(svg.map) .told"
    page.locator(f"{explorer} .area").nth(3).hover(force=True)
    by_mouse = page.inner_text(told)
    assert ":" in by_mouse, "the area's name, and its figure"
    page.mouse.move(0, 0)
    assert page.inner_text(told) == ""
    # The keyboard: the list of areas has the same.
    page.focus(f"{explorer} [data-choice=place]")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    assert page.inner_text(told) == by_mouse
    page.locator(f"{explorer} .area").nth(5).tap(force=True)
    by_touch = page.inner_text(told)
    assert by_touch not in ("", by_mouse)
    # Another figure gives the map another title, and another text alternative.
    before = page.text_content(f"{explorer} svg.map > title"), page.inner_text(f"{explorer} .chosen:not([hidden])")
    page.focus(f"{explorer} [data-choice=figure]")
    page.keyboard.press("ArrowDown")
    after = page.text_content(f"{explorer} svg.map > title"), page.inner_text(f"{explorer} .chosen:not([hidden])")
    assert all(a != b for a, b in zip(before, after, strict=True))
    # The same stands in a table, for those who cannot use a map.
    page.click(f"{explorer} .same > summary")
    assert page.inner_text(f"{explorer} .same caption") == after[1]
    rows = page.locator(f"{explorer} .same tbody tr")
    assert rows.count() == page.locator(f"{explorer} .area").count()
    name, _, figure = page.text_content(f"{explorer} .area >> nth=5 >> title").partition(": ")  # type: ignore[union-attr]
    assert rows.filter(has=page.get_by_role("rowheader", name=name, exact=True)).locator("td").all_inner_texts() == [
        figure
    ]
    page.context.close()


def test_a_network_is_explored_with_mouse_touch_and_keyboard(chromium: Browser, site: Path) -> None:
    seen = opened(chromium, site / "internal" / "convene.html", touch=True)
    page, explorer = seen.page, ".explorer:has(svg.network)"
    lines, own = f"{explorer} line[data-a]", f"{explorer} line.own"
    assert page.locator(own).count() == 0, "at first all ties stand alike"
    page.focus(f"{explorer} select")
    page.keyboard.press("ArrowDown")
    first = page.inner_text(f"{explorer} .told")
    chosen = page.input_value(f"{explorer} select")
    assert ". Works with " in first
    ends = page.evaluate(f"[...document.querySelectorAll('{lines}')].map((l) => [l.dataset.a, l.dataset.b])")
    assert page.locator(own).count() == sum(chosen in pair for pair in ends) > 0
    page.locator(f"{explorer} [data-member]").nth(2).tap(force=True)
    assert page.inner_text(f"{explorer} .told") not in ("", first)
    assert page.locator(own).count() > 0
    # The same is in the table beneath.
    names = page.locator("section:has(svg.network) details table tbody th").all_inner_texts()
    options = page.locator(f"{explorer} option").all_inner_texts()[1:]
    assert set(options) <= {
        name.strip() for name in page.locator("section:has(svg.network) details td").all_text_contents()
    } | set(names)
    assert seen.complaints == []
    page.context.close()


def test_what_is_for_analysts_is_folded_and_opens(chromium: Browser, site: Path) -> None:
    page = opened(chromium, site / "internal" / "strategy.html").page
    folded = page.locator("details.analysts")
    assert folded.count() == 1
    assert not folded.locator("section").first.is_visible()
    page.focus("details.analysts > summary")
    page.keyboard.press("Enter")
    assert folded.locator("section").first.is_visible()
    page.context.close()


def test_every_answer_at_the_head_leads_to_its_finding(chromium: Browser, site: Path) -> None:
    for name in PAGES:
        page = opened(chromium, site / "public" / f"{name}.html").page
        links = page.locator(".answers a")
        assert links.count() > 2
        for link in links.all():
            target = page.locator(link.get_attribute("href") or "#none")
            assert target.count() == 1
            assert target.locator("h2").inner_text() == link.inner_text()
        page.context.close()


@pytest.mark.parametrize(("name", "section"), [("landscape", ".explorer"), ("strategy", "figure"), ("index", "figure")])
def test_every_picture_can_be_saved_as_png(
    chromium: Browser, site: Path, tmp_path: Path, name: str, section: str
) -> None:
    from PIL import Image

    seen = opened(chromium, site / "public" / f"{name}.html", scheme="dark")
    figures = seen.page.locator("figure:has(.picture svg)")
    assert seen.page.locator("button.save").count() == figures.count() > 0
    with seen.page.expect_download() as waiting:
        seen.page.locator("button.save").first.click()
    given = waiting.value
    assert given.suggested_filename.endswith(".png")
    given.save_as(tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width == 1840
        assert picture.height > 700
        colours = picture.convert("RGB").resize((230, picture.height // 8)).getcolors(100_000)
    assert colours is not None
    assert len(colours) > 20, "something is drawn"
    paper = max(colours)[1]
    assert sum(paper) < 150, "as it looks here: dark"
    assert seen.complaints == []
    seen.page.context.close()


# --- on paper -------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", ["Letter", "A4"])
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("study", STUDIES)
def test_the_brief_is_one_printed_page(
    chromium: Browser, sites: MappingProxyType[str, Path], study: str, edition: str, paper: str
) -> None:
    if study not in sites:
        pytest.skip("the study of Louisville is not beside this repository")
    page = opened(chromium, sites[study] / edition / "index.html").page
    content = page.pdf(format=paper)
    assert content.count(b"/Type /Page\n") == 1
    page.context.close()


def test_a_table_behind_a_picture_is_whole_on_paper(chromium: Browser, site: Path) -> None:
    page = opened(chromium, site / "public" / "landscape.html").page
    page.emulate_media(media="print")
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".scroll")].filter((e) => e.checkVisibility()
        && getComputedStyle(e).overflowY !== "visible").length"""
    )
    assert cut == 0
    assert page.evaluate("[...document.querySelectorAll('button.save')].every((b) => !b.checkVisibility())")
    page.context.close()


# --- names that mean harm -------------------------------------------------------------------------

#: What a table can hold: markup, a formula, 400 letters, letters from right to left, emoji, several lines.
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("https://example.org","see")',
    "Association " * 33 + "West",
    "جمعية رعاية الطفولة",
    "👶🏽 Crèche & Cie",
    "</script><img src=x onerror=alert(2)>",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "{{ 7*7 }} {% raw %}",
)


def hostile_study(place: Path) -> None:
    """The example, with hostile names of partners, projects, measures and themes, run and written as one file too."""
    folder = place / "data" / "raw" / "hostile"
    shutil.copytree(EXAMPLE, folder)
    for table, column in (
        ("partners", "name"), ("projects", "name"), ("measures", "name"), ("voices", "theme"), ("deliverables", "name"),
        ("initiatives", "name"),
    ):  # fmt: skip
        frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
        frame.loc[frame.index[: len(HOSTILE)], column] = list(HOSTILE[: len(frame)])
        frame.to_csv(folder / f"{table}.csv", index=False)
    words = ["run", str(folder), "--single", "--edition", "internal"]
    said = CliRunner().invoke(
        main, [*words, "--processed", str(place / "processed"), "--reports", str(place / "reports")]
    )
    assert said.exit_code == 0, said.output


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "hostile", hostile_study) / "reports" / "hostile"


@pytest.mark.parametrize("name", [*(f"internal/{n}" for n in NAMES), "hostile-internal"])
def test_hostile_names_are_text_in_every_page(chromium: Browser, hostile: Path, name: str) -> None:
    path = hostile / f"{name}.html"
    for width in (1280, 320):
        seen = opened(chromium, path, width=width)
        page = seen.page
        assert seen.complaints == [], "no dialog, no error"
        assert seen.outside == []
        assert wider(page) == 0, f"{width} px"
        assert page.evaluate("document.querySelectorAll('img').length") == 0
        said = page.evaluate("document.body.textContent")
        # A page that names the first partner at all, shows the name as it was written.
        if "convene" in name or name == "hostile-internal":
            for text in HOSTILE:
                assert " ".join(text.split()) in " ".join(said.split())
        # Whatever is chosen from a list is text too.
        for select in page.locator("select:visible").all():
            for i in range(1, min(4, select.locator("option").count())):
                select.select_option(index=i)
        assert seen.complaints == []
        page.context.close()


def test_no_cell_of_a_download_runs_in_a_spreadsheet(chromium: Browser, hostile: Path, tmp_path: Path) -> None:
    for file in sorted((hostile / "internal" / "data").glob("*.csv")):
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        for column in frame:
            begins = frame[column].str.match(r"\s*[=+\-@\t\r]")
            number = frame[column].str.fullmatch(r"-?[\d.]+(e[-+]?\d+)?")
            assert not (begins & ~number).any(), f"{file.name}, {column}"
    # The same of a table that one file gives out.
    page = opened(chromium, hostile / "hostile-internal.html").page
    with page.expect_download() as waiting:
        page.locator("a[data-file='catalytic.csv']").first.click()
    waiting.value.save_as(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == (hostile / "internal" / "data" / "catalytic.csv").read_bytes()
    page.context.close()


def test_one_file_is_for_everybody_too(chromium: Browser, site: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.html"
    path.write_text(one_file(site / "public"), encoding="utf-8")
    for width, scheme in LOOKED_AT:
        seen = opened(chromium, path, width=width, scheme=scheme)
        if width == 1280:
            assert axe_findings(seen.page) == []
        assert wider(seen.page) == 0
        assert (seen.outside, seen.complaints) == ([], [])
        seen.page.context.close()


def test_the_shelf_of_reports_is_for_everybody_too(chromium: Browser, site: Path) -> None:
    for width in (*WIDTHS, 320):
        seen = opened(chromium, site.parent / "index.html", width=width)
        assert axe_findings(seen.page) == []
        assert wider(seen.page) == 0
        assert (seen.outside, seen.complaints) == ([], [])
        seen.page.context.close()
