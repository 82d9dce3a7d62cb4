"""The pieces of a page: whatever comes from a table is text, and says what is missing."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from ci_analysis.report.blocks import finding_block, missing_block, slug_of, table_html
from ci_analysis.report.pages import markdown, notebook_body
from ci_analysis.report.site import inert
from ci_analysis.tables import INPUTS, OUTPUTS

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("x")',
    "a & b",
    "שלום 🎈",
    "x" * 400,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_as_text(name: str) -> None:
    frame = pd.DataFrame({"partner_id": ["p"], "name": [name]})
    html = table_html(frame, INPUTS["partners"], {"partner_id": {"p": name}}, caption=name)
    html += finding_block(name, "", notes=[name]).html + missing_block(name, [name], name).html
    assert "<script" not in html
    assert "<img" not in html
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert f"<bdi>{escaped}</bdi>" in html


def test_figures_are_written_for_readers_and_missing_ones_say_so() -> None:
    frame = pd.DataFrame(
        {
            "geoid": ["08009"],
            "price_week": [172.5],
            "median_family_income": [50000.0],
            "share": [0.1794],
            "years": [None],
        }
    )
    html = table_html(frame, OUTPUTS["affordability"], {"geoid": {"08009": "Baca"}}, caption="Prices")
    assert '<th scope="row"><bdi>Baca</bdi></th>' in html
    for cell in ("$172", "$50,000", "17.9%"):
        assert f'<td class="num">{cell}' in html
    assert "no figure</span></span></td>" in html
    assert "nan" not in html.lower()


def test_figures_are_written_as_those_of_their_own_row() -> None:
    frame = pd.DataFrame({"measure_id": ["a", "b", "c"], "latest": [0.634, 2500.0, 12.0]})
    html = table_html(frame, OUTPUTS["measures"], {}, caption="c", units={"a": "share", "b": "USD"})
    assert re.findall(r'<td class="num">([^<]*)</td>', html) == ["63.4%", "$2,500", "12"]


def test_yes_and_no_and_dates_are_words() -> None:
    frame = pd.DataFrame({"geoid": ["1", "2"], "cap_desert": pd.array([True, False], dtype="boolean")})
    html = table_html(frame, OUTPUTS["gap"], {}, caption="x")
    assert "<td>yes</td>" in html
    assert "<td>no</td>" in html
    frame = pd.DataFrame({"communication_id": ["c"], "due_on": [pd.Timestamp("2026-06-30")]})
    assert "June 30, 2026" in table_html(frame, OUTPUTS["communications"], {}, caption="x")


def test_a_missing_section_says_what_and_where() -> None:
    assert missing_block("who is at the table", ["partners.csv"], "partners.csv").html == (
        '<p class="missing">This section would show who is at the table. '
        "To see it, fill in <code>partners.csv</code>.</p>"
    )
    assert missing_block("x", ["scores.csv", "weights.csv"], "projects.csv").html.endswith(
        "To see it, fill in <code>scores.csv</code> and <code>weights.csv</code>.</p>"
    )
    assert "<code>observations.csv</code> would need more figures" in missing_block("x", [], "observations.csv").html


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_text_cell_of_a_download_runs_in_a_spreadsheet(cell: str) -> None:
    frame = pd.DataFrame({"name": [cell, "plain", None], "n": [-1.0, 2.0, None]})
    safe = inert(frame)
    assert safe["name"].iloc[0] == "'" + cell
    assert safe["name"].iloc[1] == "plain"
    assert safe["name"].isna().iloc[2]
    assert safe["n"].iloc[0] == -1, "a number below zero is no formula"
    assert frame["name"].iloc[0] == cell


def test_slugs_of_headings_are_fragments() -> None:
    assert slug_of("<b>12</b> of 64!") == "s-b-12-b-of-64"


def test_markdown_of_a_study_brings_no_markup_and_loads_nothing() -> None:
    html = markdown("# One\n\n<script>x</script> ![a](https://example.org/x.png)\n\n| a |\n|---|\n| <b> |\n", below=2)
    assert "<script" not in html
    assert "<img" not in html
    assert "<h3>One</h3>" in html
    assert "&lt;b&gt;" in html
    # Headings that begin low, or leave a level out, are set without a gap.
    assert "<h3>Two</h3>" in markdown("## Two\n\n#### Four\n", below=2)
    assert "<h4>Four</h4>" in markdown("## Two\n\n#### Four\n", below=2)
    assert 'href="javascript' not in markdown("[x](javascript:alert(1))", below=2)


def test_sections_whose_headings_begin_alike_have_fragments_of_their_own() -> None:
    import nbformat

    long = "All three methods put days from the first call to a place below what it would have been"
    cells = []
    for heading in (f"{long}, by 8", f"{long}, by 9", "Another finding"):
        html = {"text/html": finding_block(heading, "").html}
        cells.append(nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", html)]))
    body = notebook_body(nbformat.v4.new_notebook(cells=cells))
    assert re.findall(r'id="([^"]+)"', body) == [slug_of(long), f"{slug_of(long)}-2", "s-another-finding"]


def test_sections_without_their_table_stand_together_at_the_end() -> None:
    import nbformat

    def cell(html: str) -> nbformat.NotebookNode:
        out = nbformat.v4.new_output("display_data", {"text/html": html})
        return nbformat.v4.new_code_cell("x", outputs=[out])

    def question(text: str) -> nbformat.NotebookNode:
        return nbformat.v4.new_markdown_cell(text)

    wanted = missing_block("who promised what", ["deliverables.csv"], "deliverables.csv").html
    cells = [question("# A page"), question("Answered?"), cell(finding_block("A finding", "").html), cell(wanted)]
    cells += [question("Not answered?"), cell(wanted), question("Said to nobody?"), cell(""), question("At last.")]
    body = notebook_body(nbformat.v4.new_notebook(cells=cells))
    assert "Answered?" in body
    assert "Not answered?" not in body
    assert "Said to nobody?" not in body
    assert body.index("A finding") < body.index("At last.") < body.index("2 more sections wait for figures")
    assert body.count(wanted) == 2
    alone = notebook_body(nbformat.v4.new_notebook(cells=cells[:4]))
    assert "One more section waits for figures" in alone
    assert "for figures" not in notebook_body(nbformat.v4.new_notebook(cells=cells[:3]))
