"""HTML: notebooks by nbconvert with this project's own template, and the pages around them by Jinja."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from copy import copy
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ci_analysis.report.blocks import MISSING

__all__ = ["FOR_ANALYSTS", "answered", "markdown", "notebook_body", "page", "ready"]

#: How a question begins whose answers are folded.
FOR_ANALYSTS = "For analysts"
_TEMPLATES = os.fspath(files("ci_analysis.report") / "templates")  # type: ignore[call-overload]  # a folder


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def ready() -> None:
    """Read the templates, so that the next page waits for none."""
    for name in _environment().list_templates(extensions=["j2"]):
        if "/" not in name:
            _environment().get_template(name)
    _exporter()


def page(template: str, context: Mapping[str, Any]) -> str:
    """Return a page from one of the templates.

    Parameters
    ----------
    template : str
        Name of a file in `templates/`.
    context : mapping
        What it is filled with. Everything is escaped, unless it is Markup.
    """
    css = (files("ci_analysis.report") / "templates" / "style.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render({"css": css, **context})


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter
    from nbconvert.exporters import TemplateExporter

    class Exporter(HTMLExporter):
        def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
            # HTMLExporter reads its own output again and writes it anew, which lowers the case of SVG's attributes
            # and takes as long as the rest. What it mends there (images without alternative) this template has not.
            return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    return Exporter(
        template_name="notebook",
        extra_template_basedirs=[_TEMPLATES],
        exclude_anchor_links=True,
        exclude_input=True,
        embed_images=True,
    )


def answered(notebook: Any) -> tuple[Any, list[str]]:
    """Return a notebook without the questions that this edition does not answer, and what they wait for.

    A text whose cells, up to the next text, all show nothing is left out; one that no cell follows stays. What a
    section says in place of its figure is taken out and given back: together they stand at the page's end.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed.

    Returns
    -------
    shown : nbformat.NotebookNode
        A copy.
    waiting : list of str
        HTML of a sentence each, as `missing_block` makes it.
    """
    groups: list[list[Any]] = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            groups.append([])
        groups[-1].append(cell)

    def said(cell: Any) -> list[str]:
        return [str(o.get("data", {}).get("text/html", "x")).strip() for o in cell.get("outputs", ())]

    def waits(cell: Any) -> bool:
        return bool(said(cell)) and all(text.startswith(MISSING) for text in said(cell))

    def kept(group: list[Any]) -> bool:
        calls = [c for c in group if c.cell_type == "code" and "parameters" not in c.metadata.get("tags", ())]
        heading = any(c.cell_type == "markdown" and c.source.startswith("#") for c in group)
        return heading or not calls or any(any(said(c)) and not waits(c) for c in calls)

    shown = copy(notebook)
    shown.cells = [c for g in groups if kept(g) for c in g if not waits(c)]
    return shown, [text for g in groups for c in g if waits(c) for text in said(c)]


def notebook_body(notebook: Any) -> str:
    """Return what stands in a page of an executed notebook: its text and its results, no code.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed.
    """
    shown, waiting = answered(notebook)
    body, _ = _exporter().from_notebook_node(shown)
    body = _told_apart("\n".join(line.rstrip() for line in body.splitlines() if line.strip()))
    body = _with_answers(body)
    if not waiting:
        return body
    more = "One more section waits" if len(waiting) == 1 else f"{len(waiting)} more sections wait"
    items = "\n".join(f"<li>{text}</li>" for text in waiting)
    return f'{body}\n<section class="waiting">\n<h2>{more} for figures</h2>\n<ul>\n{items}\n</ul>\n</section>'


_NARRATIVE = '<div class="narrative">'
_QUESTION = re.compile(r"<p>(.*?)</p>\s*</div>", re.DOTALL)
_FINDING = re.compile(r'<section class="finding" id="([^"]+)"><h2>(.*?)</h2>', re.DOTALL)


def _with_answers(body: str) -> str:
    """Put the first answer to each question at the page's head, and fold what is for analysts.

    A question is a text of one paragraph that findings follow. One that begins with 'For analysts' stands folded, and
    has no place at the head.
    """
    lead, *groups = body.split(_NARRATIVE)
    answers, parts = [], [lead]
    for group in groups:
        question, found = _QUESTION.match(group.lstrip()), _FINDING.search(group)
        if question is None or found is None or "<h1" in group:
            parts.append(_NARRATIVE + group)
        elif question[1].startswith(FOR_ANALYSTS):
            rest = group.lstrip()[question.end() :]
            parts.append(f'<details class="analysts"><summary>{question[1]}</summary>{rest.rstrip()}</details>\n')
        else:
            answers.append(f'<div><dt>{question[1]}</dt><dd><a href="#{found[1]}">{found[2]}</a></dd></div>')
            parts.append(_NARRATIVE + group)
    if len(answers) > 1 and len(parts) > 1 and "<h1" in parts[1]:
        step = re.search(r"<h1[^>]*>(.*?)[:<]", parts[1], re.DOTALL)
        heading = f'<h2 class="hidden" id="answers">{step[1].strip() if step else "This page"} in short</h2>'
        listed = "\n".join(answers)
        parts[1] = (
            f'{parts[1].rstrip()}\n<nav class="answers" aria-labelledby="answers">{heading}'
            f"<dl>\n{listed}\n</dl></nav>\n"
        )
    return "".join(parts)


def _told_apart(body: str) -> str:
    """Number the fragments of sections whose headings begin alike: each is written without knowing of the others."""
    seen: Counter[str] = Counter()

    def numbered(match: re.Match[str]) -> str:
        seen[match[2]] += 1
        return match[0] if seen[match[2]] == 1 else f'{match[1]}{match[2]}-{seen[match[2]]}"'

    return re.sub(r'(<section class="finding" id=")([^"]+)"', numbered, body)


def markdown(text: str, *, below: int) -> str:
    """Return Markdown as HTML, whatever HTML it holds shown as text, its headings moved below a level.

    Parameters
    ----------
    text : str
        Markdown.
    below : int
        The level of the heading that it stands under.

    Examples
    --------
    >>> print(markdown("# A <b>", below=2))
    <h3>A &lt;b&gt;</h3>
    """
    import mistune

    deepest = below

    class Renderer(mistune.HTMLRenderer):
        def heading(self, text: str, level: int, **attrs: Any) -> str:
            # A text that begins with ##, or leaves a level out, is set without a gap.
            nonlocal deepest
            level = deepest = min(level + below, deepest + 1, 6)
            return f"<h{level}>{text}</h{level}>\n"

        def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
            return f'<th scope="col">{text}</th>\n' if head else f"<td>{text}</td>\n"

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return text  # nothing from elsewhere

        def table(self, text: str) -> str:
            return f'<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>{text}</table></div>\n'

    made = mistune.create_markdown(renderer=Renderer(escape=True), plugins=["table"])(text)
    return str(made).strip()
