"""The engine without a kernel shows what a kernel shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from ci_analysis.report.jobs import _silent, render

CELLS = [
    "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')",
    "from IPython.display import HTML, Markdown, display, clear_output, update_display\n"
    "display(HTML('<b>a</b>'), metadata={'k': 1})\n41 + 1",
    "display(Markdown('before'), display_id='x')",
    "update_display(Markdown('after'), display_id='x')",
    "print('gone')\nclear_output()\nprint('stays')",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1))\nlines = plt.plot([1, 2])",
    "!echo from the shell",
    "_ + 1 if isinstance(_, int) else None",
]


def book(path: Path, cells: list[str], *, tags: dict[int, list[str]] | None = None) -> Path:
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    made.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    for i, names in (tags or {}).items():
        made.cells[i].metadata["tags"] = names
    nbformat.write(made, path)
    return path


def shown(notebook: object) -> list[tuple[int, dict[str, str], list[dict]]]:
    """What cells show, pictures by their presence alone; a kernel sends what is printed by stream, when it has time."""

    def plain(output: dict) -> dict:
        said = {k: v for k, v in output.items() if k != "traceback"}
        if "data" in said:
            said["data"] = {k: "…" if k == "image/png" else v for k, v in said["data"].items()}
        return said

    def of(cell: object) -> tuple[dict[str, str], list[dict]]:
        printed: dict[str, str] = {}
        for output in cell.outputs:
            if output.output_type == "stream":
                printed[output.name] = printed.get(output.name, "") + output.text
        return printed, [plain(o) for o in cell.outputs if o.output_type != "stream"]

    return [(c.execution_count, *of(c)) for c in notebook.cells]


def run_alone(code: str, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=300, cwd=cwd
    )


BY_ENGINE = """
import sys
from pathlib import Path
import nbformat
from ci_analysis.report.jobs import render
nbformat.write(render(Path(sys.argv[1]), {}, isolation="warm"), sys.argv[2])
"""


def test_cells_show_what_they_show_by_a_kernel(tmp_path: Path) -> None:
    path, made = book(tmp_path / "a.ipynb", CELLS), tmp_path / "made.ipynb"
    done = run_alone(BY_ENGINE, str(path), str(made))
    assert done.returncode == 0, done.stderr
    ours, theirs = shown(nbformat.read(made, 4)), shown(render(path, {}, isolation="kernel"))
    assert ours == theirs
    assert ours[0][1] == {"stdout": "one\nthree\n", "stderr": "two\n"}
    assert ours[4][1] == {"stdout": "stays\n"}
    assert [sorted(o["data"]) for o in ours[5][2]] == [["image/png", "text/plain"]]


def test_the_engine_is_known_to_papermill(tmp_path: Path) -> None:
    path = book(tmp_path / "a.ipynb", ["n: int = 1  # help", "n * 2"], tags={0: ["parameters"]})
    command = [sys.executable, "-m", "papermill", "--engine", "ci-analysis", "--no-progress-bar", "-p", "n", "21"]
    done = subprocess.run([*command, str(path), str(tmp_path / "b.ipynb")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(tmp_path / "b.ipynb", 4).cells[-1].outputs[0]["data"]["text/plain"] == "42"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """For notebooks that leave nothing behind, the engine in this very process."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLBACKEND"):
        monkeypatch.setenv(name, os.environ.get(name, str(tmp_path)))
    monkeypatch.delenv("MPLBACKEND")
    return tmp_path


def test_a_cell_that_fails_is_the_last_and_is_named(here: Path) -> None:
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError") as failed:
        render(book(here / "a.ipynb", ["1", "1 / 0", "print('never')"]), {}, isolation="warm")
    assert failed.value.exec_count == 2
    with pytest.raises(PapermillExecutionError, match="SyntaxError"):
        render(book(here / "b.ipynb", ["1 +"]), {}, isolation="warm")
    with pytest.raises(PapermillExecutionError, match="SystemExit"):
        render(book(here / "c.ipynb", ["raise SystemExit(3)"]), {}, isolation="warm")


def test_a_cell_may_take_so_long_and_no_longer(here: Path) -> None:
    path = book(here / "a.ipynb", ["import time\ntime.sleep(30)"])
    with pytest.raises(PapermillExecutionError, match=r"longer than 0\.5 seconds"):
        papermill.execute_notebook(
            str(path), None, engine_name="ci-analysis", progress_bar=False, execution_timeout=0.5
        )


def test_the_process_is_as_it_was_afterwards(here: Path) -> None:
    before = sys.stdout, sys.stderr, sys.displayhook, sys.excepthook
    render(book(here / "a.ipynb", ["print(1)\n2"]), {}, isolation="warm")
    assert (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook) == before


VANISHED = """
import sys
from pathlib import Path
from ci_analysis.report.jobs import render
try:
    render(Path(sys.argv[1]), {}, isolation="warm")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_picture_that_no_cell_shows_stops_the_notebook(tmp_path: Path) -> None:
    lost = "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"
    done = run_alone(VANISHED, str(book(tmp_path / "a.ipynb", [lost])))
    assert "RunFailed cell 1: a picture was drawn and not shown" in done.stdout, done.stderr


def test_a_section_that_shows_nothing_is_found() -> None:
    section = "report.section(\n    figures.gap,\n    'gap',\n)"
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(section, execution_count=1),
            nbformat.v4.new_code_cell(section + ";  # not the last expression's value\nx = 1", execution_count=2),
            nbformat.v4.new_code_cell(section, execution_count=3),
            nbformat.v4.new_markdown_cell("report.section("),
        ]
    )
    made.cells[2].outputs = [nbformat.v4.new_output("execute_result", {"text/html": ""}, execution_count=3)]
    assert _silent(made) == [1]


def test_another_language_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "a.ipynb", ["1"])
    text = path.read_text(encoding="utf-8").replace('"language": "python"', '"language": "R"')
    path.write_text(text, encoding="utf-8")
    done = run_alone(VANISHED, str(path))
    assert "runs Python notebooks; this one is of R" in done.stdout, done.stdout + done.stderr
