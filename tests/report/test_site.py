"""The finished pages: whole, offline, described, and without what is not for the public."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from ci_analysis.report.blocks import outline_problems
from ci_analysis.report.made import PAGES
from ci_analysis.report.site import outside
from ci_analysis.study import Study

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"
EDITIONS = ("public", "internal")
NAMES = ("index", *PAGES, "methods", "data-walk", "common-agenda")
OWN_SCRIPTS = ("explorer.js", "ties.js", "workshop.js", "pictures.js")
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect", "circle", "line"}


class Page(HTMLParser):
    """What a test asks of a page: its elements with their attributes, and its visible text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.problems: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes what is not open")

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts.append(data)
        elif "style" not in self.open:
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(params=[(e, n) for e in EDITIONS for n in NAMES], ids=lambda p: "-".join(p))
def page(request: pytest.FixtureRequest, site: Path) -> Page:
    edition, name = request.param
    return Page(site / edition / f"{name}.html")


def test_an_edition_is_complete(site: Path) -> None:
    for edition in EDITIONS:
        folder = site / edition
        assert {p.name for p in folder.glob("*.html")} == {f"{n}.html" for n in NAMES}
        assert list((folder / "data").glob("*.csv"))
    assert {p.name for p in site.iterdir()} == set(EDITIONS), "nothing half-made is left"


def test_a_page_is_well_formed_and_described(page: Page) -> None:
    assert page.problems == []
    assert page.open == []
    assert page.named("html")[0]["lang"] == "en"
    assert len(page.named("h1")) == 1
    assert len(page.named("main")) == 1
    assert page.named("title")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids)), "an identifier is there twice"
    assert all(a.get("scope") for a in page.named("th"))


def test_a_page_runs_its_own_script_alone_and_loads_nothing(site: Path, page: Page) -> None:
    templates = ROOT / "ci_analysis" / "report" / "templates"
    own = [(templates / n).read_text(encoding="utf-8").strip() for n in OWN_SCRIPTS]
    for attrs, script in zip(page.named("script"), page.scripts, strict=True):
        # Either figures, which a browser does not run, or a script of this project, always the same.
        assert attrs == {"type": "application/json"} or (attrs == {} and script.strip() in own)
        assert attrs == {} or json.loads(script)
    assert page.named("iframe") == []
    assert not [k for _, a in page.elements for k in a if k.startswith("on")]
    for tag, attrs in page.elements:
        for key in ("src", "srcset", "data", "xlink:href"):
            assert (attrs.get(key) or "data:").startswith(("data:", "#")), (tag, attrs)
    assert [a["href"] for a in page.named("link")] == ["data:,"]


def test_every_link_inside_the_report_leads_somewhere(site: Path) -> None:
    for edition in EDITIONS:
        for path in (site / edition).glob("*.html"):
            for attrs in Page(path).named("a"):
                target = attrs["href"] or ""
                name, _, fragment = target.partition("#")
                there = path.parent / (name or path.name)
                if target.startswith("http"):
                    continue
                assert there.is_file(), f"{path.name} links to {target}"
                if fragment:
                    html = there.read_text(encoding="utf-8")
                    assert f'id="{fragment}"' in html, f"{path.name} links to {target}"


def test_every_picture_states_its_finding(site: Path) -> None:
    seen = 0
    for edition in EDITIONS:
        for name in PAGES:
            html = (site / edition / f"{name}.html").read_text(encoding="utf-8")
            for svg in re.findall(r"<svg\b.*?</svg>", html, flags=re.DOTALL):
                if 'aria-hidden="true"' in svg.partition(">")[0]:
                    continue  # a legend's mark; its words stand beside it
                seen += 1
                token = re.search(r'role="img" aria-labelledby="(\w+)-t (\w+)-d"', svg)
                assert token
                title = re.search(rf'<title id="{token[1]}-t">([^<]+)</title>', svg)[1]
                described = re.search(rf'<desc id="{token[1]}-d">([^<]+)</desc>', svg)[1]
                assert len(title.split()) >= 4, f"'{title}' is a topic, not a finding"
                assert len(described.split()) >= 6, described
                assert described != title
    assert seen >= 12


def test_no_code_and_no_path_of_this_machine_is_shown(site: Path) -> None:
    for path in site.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "open_edition" not in text
            assert "Traceback" not in text
            assert str(ROOT) not in text
            assert str(site) not in text


def test_figures_of_measures_name_where_they_are_published(site: Path) -> None:
    sources = Study.read(EXAMPLE).tables["measures"]["source"].dropna().unique()
    assert len(sources) > 1
    for edition in EDITIONS:
        text = "".join(Page(site / edition / "redesign.html").text)
        assert all(source in text for source in sources)
        assert "other figures are partners’ own reports" in text


def test_every_finding_leads_to_how_it_was_made(site: Path) -> None:
    for edition in EDITIONS:
        made = (site / edition / "methods.html").read_text(encoding="utf-8")
        for name in PAGES:
            html = (site / edition / f"{name}.html").read_text(encoding="utf-8")
            led = re.findall(r'href="methods\.html#([^"]+)"', html)
            assert led, name
            assert all(f'id="{fragment}"' in made for fragment in led), name


def test_what_is_made_up_says_so(site: Path) -> None:
    study = Study.read(EXAMPLE)
    assert study.is_illustrative("partners")
    assert study.is_illustrative("measures"), "some rows are"
    assert not study.is_illustrative("indicators")
    for edition in EDITIONS:
        for name in NAMES:
            assert "made up for teaching" in "".join(Page(site / edition / f"{name}.html").text), name
    convene = (site / "public" / "convene.html").read_text(encoding="utf-8")
    sections = re.findall(r'<section class="finding".*?</section>', convene, flags=re.DOTALL)
    assert sections
    assert all("Illustrative" in s for s in sections)
    landscape = (site / "public" / "landscape.html").read_text(encoding="utf-8")
    gap = re.search(r"<section[^>]*>(?:(?!</section>).)*<svg class=\"map\".*?</section>", landscape, flags=re.DOTALL)[0]
    assert "Illustrative" not in gap, "the map rests on public records alone"


def test_the_public_edition_leaves_out_what_is_for_the_coalition(site: Path) -> None:
    partners = pd.read_csv(EXAMPLE / "partners.csv", dtype=str, keep_default_na=False)
    comments = pd.read_csv(EXAMPLE / "readiness.csv", dtype=str, keep_default_na=False)["comment"]
    voices = pd.read_csv(EXAMPLE / "voices.csv", dtype=str, keep_default_na=False)
    decisions = pd.read_csv(EXAMPLE / "decisions.csv", dtype=str, keep_default_na=False)
    secret = [
        *partners["contact"],
        *partners.loc[partners["status"] == "prospect", "name"],
        *comments,
        *voices.loc[voices["public"] == "no", "text"],
        *decisions["text"],
    ]
    secret = [s for s in secret if s]
    assert len(secret) > 20
    everything = "\n".join(
        re.sub(r"&#39;|&#x27;", "'", p.read_text(encoding="utf-8"))
        for p in (site / "public").rglob("*")
        if p.suffix in (".html", ".csv")
    )
    assert [s for s in secret if s in everything] == []
    assert not (site / "public" / "data" / "partner_rankings.csv").exists()
    assert (site / "internal" / "data" / "partner_rankings.csv").exists()
    inside = (site / "internal" / "index.html").read_text(encoding="utf-8")
    assert "office@example.org" in inside


def test_the_same_inputs_give_the_same_bytes_wherever_they_are(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "colorado-child-care"
    shutil.copytree(EXAMPLE, folder)
    words = ["run", str(folder), "--edition", "internal", "--processed", str(tmp_path / "p")]
    assert CliRunner().invoke(main, [*words, "--reports", str(tmp_path / "r")]).exit_code == 0
    tops = (site / "internal", tmp_path / "r" / "colorado-child-care" / "internal")
    one, other = ({p.relative_to(top): p.read_bytes() for p in top.rglob("*") if p.is_file()} for top in tops)
    assert len(one) > 50
    assert set(one) == set(other)
    assert [str(name) for name in one if one[name] != other[name]] == []


def test_an_address_outside_is_seen() -> None:
    assert outside('<script src="https://example.org/x.js">') == ["loads https://example.org/x.js"]
    assert outside("<style>@import //example.org/x.css</style>")
    assert outside("<style>a { background: url('http://example.org/x.png') }</style>")
    assert outside('<a href="https://example.org">') == []
    assert outside('<img src="data:image/png;base64,xx"><use href="#a">') == []
    assert outside('<p style="background: url(//example.org/x)">')
    assert outside("<p>a partner called url(https://example.org/x), src='https://example.org', @import //x</p>") == []


def test_headings_out_of_order_are_seen() -> None:
    assert outline_problems("<h1>a</h1><h2>b</h2><h3>c</h3><h2>d</h2>") == []
    assert outline_problems("<h2>a</h2>") == ["0 headings of level 1"]
    assert outline_problems("<h1>a</h1><h3>b</h3>") == ["h3 follows h1"]
