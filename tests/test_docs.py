"""The documents say what is so: links lead somewhere, commands parse, tables and functions exist."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ci_analysis.cli import main
from ci_analysis.tables import INPUTS, OUTPUTS

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
METHODS = ROOT / "docs" / "methods.md"
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """What a document's headings are called in links, as GitHub makes them."""
    names: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        names.append(slug if slug not in names else f"{slug}-{names.count(slug)}")
    return set(names)


def wrong_links(path: Path, text: str) -> list[str]:
    """The relative links of a document that lead nowhere."""
    wrong = []
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(text))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, fragment = target.partition("#")
        there = (path.parent / name) if name else path
        if name and not there.exists():
            wrong.append(f"{target}: no such file")
        elif fragment and fragment not in anchors(text if there == path else there.read_text(encoding="utf-8")):
            wrong.append(f"{target}: no such heading")
    return wrong


def commands(text: str) -> list[list[str]]:
    """The arguments of each `ci-analysis` command in blocks of shell, and in code within a sentence."""
    blocks = [
        line for kind, block in _FENCE.findall(text) if kind in ("sh", "bash", "console") for line in block.split("\n")
    ]
    spoken = re.findall(r"`([^`\n]+)`", prose(text))
    found = []
    for line in [*blocks, *spoken]:
        words = shlex.split(line.strip().removeprefix("$ "), comments=True)
        if words and words[0].rsplit("/", 1)[-1] == "ci-analysis":
            found.append(words[1:])
    return found


def refusal(words: list[str]) -> str | None:
    """Why the command line would not take these arguments; None where it would. Nothing is run."""
    if not words or words[0].startswith("-"):
        known = {option for p in main.get_params(click.Context(main)) for option in p.opts}
        return next((f"no option {w}" for w in words if w not in known), None)
    command = main.commands.get(words[0])
    if command is None:
        return f"no command {words[0]}"
    try:
        command.make_context(words[0], words[1:], parent=click.Context(main, info_name="ci-analysis"))
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        return error.format_message()
    return None


def unknown_tables(text: str) -> set[str]:
    """Names of CSV files that are neither declared nor a file of the example."""
    known = {f"{name}.csv" for name in (*INPUTS, *OUTPUTS)} | {p.name for p in EXAMPLE.glob("*.csv")}
    return set(re.findall(r"(?<![\w*-])[\w-]+\.csv\b", text)) - known


def unknown_functions(text: str) -> set[str]:
    """Dotted names in code that are no function of the package."""
    names = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?:\(\))?`", prose(text)))
    names = {n for n in names if n.rsplit(".", 1)[1] not in ("csv", "json", "md", "py", "yaml")}
    return {n for n in names if not is_function(n)}


def is_function(name: str) -> bool:
    module, _, function = name.rpartition(".")
    try:
        return callable(getattr(importlib.import_module(f"ci_analysis.{module}"), function, None))
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(path):
    assert wrong_links(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_parse(path):
    shown = commands(path.read_text(encoding="utf-8"))
    refused = {" ".join(words): refusal(words) for words in shown}
    assert {words: why for words, why in refused.items() if why} == {}


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_tables_are_declared(path):
    assert unknown_tables(path.read_text(encoding="utf-8")) == set()


def test_methods_name_functions_that_exist():
    assert unknown_functions(METHODS.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("step", ["convene", "landscape", "strategy", "redesign"])
def test_methods_name_every_public_function_of_a_step(step):
    text = METHODS.read_text(encoding="utf-8")
    module = importlib.import_module(f"ci_analysis.{step}")
    # What only orders rows or names lists, or hands a step's tables on, is no method.
    plumbing = {"compute", "in_wave_order", "output_rows"}
    public = {n for n in module.__all__ if n.islower() and callable(getattr(module, n))} - plumbing
    assert {n for n in public if f"`{step}.{n}`" not in text} == set()


def test_every_document_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    names = {p.name for p in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {n for n in names if f"]({n})" not in index} == set()


def test_the_tutorial_shows_commands():
    # Were none found, the test of commands would pass on anything.
    assert len(commands((ROOT / "docs" / "first-study.md").read_text(encoding="utf-8"))) >= 5


def test_the_tutorial_quotes_the_example():
    tutorial = (ROOT / "docs" / "first-study.md").read_text(encoding="utf-8")
    for file, line in (("partners.csv", 22), ("observations.csv", 208)):
        assert (EXAMPLE / file).read_text(encoding="utf-8").splitlines()[line - 1] in tutorial
    said = CliRunner().invoke(main, ["check", str(EXAMPLE)]).output.replace(EXAMPLE.name, "our-child-care")
    assert "\n".join(said.splitlines()[:2]) in tutorial


# --- each check fails on what it is there for -------------------------------------------------------------------------


def test_a_dead_link_is_found():
    text = "# A heading\n[a](#a-heading) [b](nowhere.md) [c](#another) [d](https://example.org/x)\n"
    assert wrong_links(ROOT / "docs" / "x.md", text) == ["nowhere.md: no such file", "#another: no such heading"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ci-analysis run here --edition public", None),
        (".venv/bin/ci-analysis --version", None),
        ("ci-analysis check --help", None),
        ("ci-analysis walk", "no command walk"),
        ("ci-analysis run here --colour red", "--colour"),
        ("ci-analysis check", "Missing argument"),
        ("ci-analysis run here --edition secret", "'secret' is not one of"),
    ],
)
def test_a_wrong_command_is_found(line, why):
    (words,) = commands(f"```sh\n{line}\n```\n")
    said = refusal(words)
    assert said is None if why is None else why in said


def test_an_unknown_table_is_found():
    assert unknown_tables("`partners.csv` and `partner.csv`, as data/*.csv") == {"partner.csv"}


def test_an_unknown_function_is_found():
    text = "`convene.sector_coverage`, `convene.sector_cover`, `nowhere.f`, `study.yaml`"
    assert unknown_functions(text) == {"convene.sector_cover", "nowhere.f"}
