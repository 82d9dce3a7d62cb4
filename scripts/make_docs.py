"""Writes the documents that are made from the code: the data dictionary and the command reference."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ci_analysis.cli import main
from ci_analysis.tables import data_dictionary

DOCS = Path(__file__).resolve().parent.parent / "docs"


def commands() -> str:
    """Return the command reference, in Markdown."""
    lines = ["# Commands", "", "Made from `ci_analysis/cli.py` by `make docs`; change it there.", ""]
    lines += ["Exit status: 0 done; 1 a study has problems or failed; 2 wrong use.", ""]
    top = click.Context(
        main, info_name="ci-analysis", terminal_width=100, max_content_width=100, help_option_names=["-h", "--help"]
    )
    lines += ["## ci-analysis", "", "```text", main.get_help(top), "```"]
    for name, command in sorted(main.commands.items()):
        context = click.Context(
            command,
            info_name=name,
            parent=top,
            terminal_width=100,
            max_content_width=100,
            help_option_names=["-h", "--help"],
        )
        lines += ["", f"## ci-analysis {name}", "", "```text", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


MADE = {"data-dictionary.md": data_dictionary, "commands.md": commands}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(MADE[sys.argv[2]]())
    else:
        for name, make in MADE.items():
            (DOCS / name).write_text(make(), encoding="utf-8")
