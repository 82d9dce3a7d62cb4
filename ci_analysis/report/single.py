"""An edition as one file, for mail and shared drives: every page one below the other, downloads inside."""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

from ci_analysis.figures.base import script_data
from ci_analysis.report.blocks import outline_problems
from ci_analysis.report.pages import page
from ci_analysis.report.site import NAV, outside

__all__ = ["one_file"]

_MAIN = re.compile(r'<main id="main">\s*<div class="wrap">\n(.*)</div>\s*</main>', re.DOTALL)
_TITLE = re.compile(r"<title>[^<]* · (.*?)</title>", re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z/][^>]*>")
#: Attributes that name elements of their own page.
_NAMING = re.compile(r'\b(id|for|aria-labelledby|aria-describedby|aria-controls|list)="([^"]+)"')
#: Paragraphs that lead to sheets which are printed by themselves.
_SHEETS = re.compile(r'<p class="more"><a href="(?:data-walk|common-agenda)\.html">.*?</p>\n?', re.DOTALL)


def one_file(folder: Path) -> str:
    """Return an edition as one page of HTML, from its folder.

    Fragments are told apart by the page that they were on, headings go one level down, but for the brief's, and links
    between pages lead to where their page begins. Tables to download are inside, and are given out by a script.

    Parameters
    ----------
    folder : pathlib.Path
        A finished edition.

    Raises
    ------
    ValueError
        Where the folder's pages are not those of this package, or one would load something: the code is wrong.
    """
    texts = {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name, _ in NAV}
    parts = []
    for name, label in NAV:
        found = _MAIN.search(texts[name])
        if found is None:
            raise ValueError(f"{name}.html has no main part")
        parts.append({"name": name, "label": label, "body": Markup(_moved(found[1], name))})
    first = texts["index"]
    header, footer = (
        _moved(first[first.index(f"<{t} ") : first.index(f"</{t}>")], "index") for t in ("header", "footer")
    )
    title = _TITLE.search(first)
    html = page(
        "single.html.j2",
        {
            "title": Markup(title[1]) if title else "",
            "parts": parts,
            "about": Markup("".join(re.findall(r'<p class="(?:study|edition)">.*?</p>', header, re.DOTALL))),
            "foot": Markup("".join(re.findall(r"<p.*?</p>", footer, re.DOTALL))),
            "files": Markup(
                script_data({p.name: p.read_text(encoding="utf-8") for p in sorted(folder.glob("data/*.csv"))})
            ),
        },
    )
    wrong = outline_problems(html) + list(outside(html))
    if wrong:
        raise ValueError(f"one file: {'; '.join(wrong)}")
    return html


def _moved(body: str, name: str) -> str:
    body = _SHEETS.sub("", body)
    return _TAG.sub(lambda tag: _tag(tag[0], name), body)


def _tag(tag: str, name: str) -> str:
    tag = _NAMING.sub(lambda m: f'{m[1]}="{" ".join(f"{name}-{part}" for part in m[2].split())}"', tag)
    tag = re.sub(r'((?:xlink:)?href=")#', rf"\1#{name}-", tag)
    tag = re.sub(r"url\(#", f"url(#{name}-", tag)
    tag = re.sub(r'href="([a-z]+)\.html#([^"]+)"', r'href="#\1-\2"', tag)
    tag = re.sub(r'href="([a-z]+)\.html"', r'href="#page-\1"', tag)
    tag = re.sub(r'href="data/([^"]+)" download', r'href="#files" data-file="\1"', tag)
    if name == "index":
        return tag
    return re.sub(r"^<(/?)h([1-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", tag)
