from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ci_analysis.figures.base import (
    COLOURS,
    SEQUENCE,
    Drawing,
    Statement,
    alternative,
    drawing,
    finding,
    new_axes,
    style,
    titled_svg,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "$x^{$ & y_$",
    "a" * 400,
    "\N{BABY} 日本",
    "\u202e\u05e9\u05dc\u05d5",
    r"\1 \g<0> $5 to $9",
]


def bars(name: str = "Baca", title: str = "Baca has three seats", alt: str = "A bar of 3.") -> Axes:
    ax = new_axes()
    with style():
        ax.barh([0], [3], color=COLOURS["one"], hatch="//")
        ax.set_yticks([0], [name], parse_math=False)
    return finding(ax, title, alt=alt)


def identifiers(svg: str) -> list[str]:
    return re.findall(r'<[^>]*?\bid="([^"]+)"', svg)


def test_the_callers_axes_are_drawn_on():
    ax = Figure().subplots()
    assert new_axes(ax) is ax
    assert tuple(new_axes(height=2.0, width=4.0).figure.get_size_inches()) == (4.0, 2.0)


def test_settings_and_pyplot_are_left_alone():
    before = dict(mpl.rcParams)
    drawing(bars())
    with pytest.raises(RuntimeError, match="stop"), style():
        raise RuntimeError("stop")
    assert dict(mpl.rcParams) == before
    assert not _pylab_helpers.Gcf.figs


def test_the_alternative_stays_beside_its_own_figure():
    one, other = bars(alt="One."), bars(alt="Other.")
    assert (alternative(one), alternative(other)) == ("One.", "Other.")
    assert alternative(new_axes()) == ""


@pytest.mark.parametrize(("title", "alt"), [("", "A bar."), ("A finding", "")])
def test_a_figure_needs_a_finding_and_an_alternative(title, alt):
    with pytest.raises(ValueError, match="no finding or no text alternative"):
        drawing(bars(title=title, alt=alt))


def test_a_drawing_is_one_already_and_shows_itself():
    made = Drawing("<svg></svg>", "a < b", "alt", "<ul></ul>")
    assert drawing(made) is made
    assert made._repr_html_() == "<p><strong>a &lt; b</strong></p><svg></svg><ul></ul>"


def test_a_statement_may_be_a_sentence_alone():
    assert (Statement("So it is").frame, Statement("So it is").lines) == (None, ())


def test_the_picture_has_no_title_inside_and_the_axes_keep_theirs():
    ax = bars()
    made = drawing(ax)
    assert made.title == "Baca has three seats"
    assert not re.search(r"<text[^>]*>[^<]*three seats", made.svg)
    assert ax.get_title() == "Baca has three seats"
    left = bars(title="")
    left.set_title("To the left", loc="left")
    assert drawing(left).title == "To the left"
    assert (left.get_title(loc="left"), left.get_title()) == ("To the left", "")


def test_twice_is_the_same_bytes():
    assert drawing(bars()) == drawing(bars())


def test_the_picture_follows_the_page():
    svg = drawing(bars()).svg
    assert f"var(--one, {COLOURS['one']})" in svg
    assert "var(--sans" in svg
    assert 'role="img"' in svg
    assert not re.search(r'<svg[^>]* (?:width|height)="', svg)
    assert "<metadata" not in svg
    assert "<?xml" not in svg


def test_roles_have_colours_of_their_own():
    every = [*COLOURS.values(), *SEQUENCE]
    assert len(set(every)) == len(every)


def test_identifiers_are_unique_on_a_page_and_found():
    one, other = drawing(bars(alt="One.")).svg, drawing(bars(alt="Other.")).svg
    ids = identifiers(one) + identifiers(other)
    assert len(ids) == len(set(ids))
    for svg in (one, other):
        used = re.findall(r'(?:url\(#|href="#)([^")]+)', svg)
        used += re.search(r'aria-labelledby="([^"]+)"', svg)[1].split()
        assert used
        assert set(used) <= set(identifiers(svg))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_any_text_is_drawn_as_it_is(hostile):
    made = drawing(bars(hostile[:40], title=hostile, alt=hostile))
    assert made.title == made.alt == hostile
    assert "<script" not in made.svg
    assert "&lt;script&gt;" in made.svg or "<script" not in hostile


@pytest.mark.parametrize("name", [COLOURS["one"], "url(#a)", 'id="a"', 'href="#a"', "font-family: DejaVu Sans"])
def test_a_name_that_looks_like_a_tags_inside_stays_as_it_is(name):
    svg = drawing(bars(name)).svg
    said = [t.replace("&quot;", '"') for t in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    assert name in said


def test_only_tags_are_changed():
    svg = titled_svg('<svg viewBox="0 0 1 1"><g id="a"/><use href="#a"/><text>id="a"</text></svg>', "T", "A")
    assert '<text>id="a"</text>' in svg
    assert len(set(identifiers(svg))) == 3  # title, description and the group
    assert svg.startswith('<svg viewBox="0 0 1 1" role="img" aria-labelledby="')


def test_a_failure_gives_the_axes_their_title_back():
    ax = bars()
    ax.set_axis_off()
    ax.figure.savefig = lambda *_, **__: (_ for _ in ()).throw(OSError("full"))
    with pytest.raises(OSError, match="full"):
        drawing(ax)
    assert ax.get_title() == "Baca has three seats"


def test_letters_that_the_font_lacks_are_no_warning():
    with style():
        ax = bars("\N{BABY} \u0b85")
        ax.figure.draw_without_rendering()
    assert np.isfinite(ax.get_xlim()).all()
