"""The house's own rules: who imports whom, what is public, what is documented, what is light."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ci_analysis"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in SOURCES]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

#: Each may import from those before it, and from itself. The four steps stand on one floor and never meet.
FLOORS = [
    ("errors",),
    ("places",),
    ("stamps",),
    ("tables",),
    ("issues",),
    ("areas",),
    ("study",),
    ("rollup",),
    ("sources",),
    ("convene", "landscape", "strategy", "redesign"),
    ("history",),
    ("pipeline",),
    ("figures",),
    ("report",),
    ("exchange",),
    ("batch",),
    ("progress",),
    ("cli",),
    ("__main__",),
]
FLOOR = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
#: Libraries that only one room may use.
ONLY_IN = {
    "matplotlib": "figures",
    "seaborn": "figures",
    "papermill": "report",
    "nbconvert": "report",
    "nbclient": "report",
    "nbformat": "report",
    "jinja2": "report",
    "requests": "sources",
    "urllib": "sources",
    "http": "sources",
    "socket": "sources",
    "dask": "batch",
    "distributed": "batch",
}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the module whole"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def wrong_imports(path: Path, module: str) -> list[str]:
    room = room_of(module)
    wrong = []
    for name in imports(path):
        top = name.split(".")[0]
        if top == "ci_analysis" and room_of(name) in FLOOR and room:
            there = room_of(name)
            if there != room and FLOOR[there] >= FLOOR[room]:
                wrong.append(f"{module} imports {name}")
        if ONLY_IN.get(top, room) != room:
            wrong.append(f"{module} imports {name}, which is for {ONLY_IN[top]} alone")
    return wrong


@pytest.mark.parametrize(("path", "module"), list(zip(SOURCES, MODULES, strict=True)), ids=MODULES)
def test_who_imports_whom(path: Path, module: str) -> None:
    assert wrong_imports(path, module) == []


def test_a_wrong_import_is_seen(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import matplotlib.pyplot\nfrom ci_analysis.strategy import priorities\n")
    assert len(wrong_imports(planted, "ci_analysis.convene.planted")) == 3


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(m) for m in MODULES} - {""}
    assert rooms <= set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_all_is_what_is_public(module: str) -> None:
    if module.endswith("__main__"):
        return
    loaded = importlib.import_module(module)
    named = set(loaded.__all__)
    assert all(hasattr(loaded, name) for name in named)
    own = {
        name
        for name, thing in vars(loaded).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == module
    }
    assert own <= named, f"{module}: {', '.join(sorted(own - named))} look public and are not in __all__"


def public_functions() -> list[tuple[str, object]]:
    found = []
    for module in MODULES:
        if module.endswith("__main__"):
            continue
        loaded = importlib.import_module(module)
        found += [
            (f"{module}.{n}", getattr(loaded, n))
            for n in loaded.__all__
            if inspect.isfunction(getattr(loaded, n)) and getattr(loaded, n).__module__ == module
        ]
    return found


@pytest.mark.parametrize(("name", "function"), public_functions(), ids=lambda x: x if isinstance(x, str) else "")
def test_a_public_function_is_small_typed_and_described(name: str, function: object) -> None:
    signature = inspect.signature(function)
    assert len(signature.parameters) <= 7, "at most seven parameters"
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
    assert (function.__doc__ or "").strip()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_clean(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in code)
    tagged = [c for c in code if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for line in "".join(tagged[0]["source"]).splitlines():
        assert re.fullmatch(r"\w+: \w+ = .+  # \S.*", line), f"'{line}' is not `name: type = literal  # help`"
        ast.literal_eval(line.split(" = ", 1)[1].split("  # ")[0])
    for cell in code:
        tree = ast.parse("".join(cell["source"]))
        forbidden = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.AsyncFunctionDef)
        assert not [n for n in ast.walk(tree) if isinstance(n, forbidden)], "notebooks narrate; the package computes"
        assert "warnings" not in ast.unparse(tree)


def test_there_are_the_four_notebooks() -> None:
    assert [p.stem for p in NOTEBOOKS] == ["1-convene", "2-landscape", "3-strategy", "4-redesign"]


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh Python has loaded after some code."""
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(chr(10).join(sys.modules))"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return {line.split(".")[0] for line in said.stdout.splitlines()}


def test_importing_the_package_is_light() -> None:
    heavy = {"pandas", "numpy", "geopandas", "matplotlib", "seaborn", "scipy", "networkx", "papermill", "nbconvert"}
    assert loaded_by("import ci_analysis") & heavy == set()
    assert loaded_by("import ci_analysis.cli") & heavy == set()


def test_a_notebook_does_not_pay_for_running_notebooks() -> None:
    assert loaded_by("import ci_analysis.report") & {"papermill", "nbconvert", "nbformat", "jinja2"} == set()


def test_the_command_starts_without_dev_dependencies() -> None:
    blocked = ["pytest", "hypothesis", "xdist", "ruff", "pre_commit", "rattler", "hatchling"]
    code = f"""
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from ci_analysis.cli import main
import ci_analysis.report.run, ci_analysis.report.site
main(["--version"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout.split()[0]) == (0, "ci-analysis"), done.stderr


@pytest.mark.parametrize("name", ["data-dictionary.md", "commands.md"])
def test_documents_made_from_the_code_are_current(name: str) -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_docs.py", "--print", name],
        capture_output=True, text=True, check=True, cwd=ROOT, encoding="utf-8",
    ).stdout  # fmt: skip
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == made, "run `make docs`"


def test_every_table_and_command_is_documented() -> None:
    from ci_analysis.cli import main
    from ci_analysis.tables import INPUTS, OUTPUTS

    dictionary = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    for table in (*INPUTS.values(), *OUTPUTS.values()):
        assert f"#### {table.name}\n" in dictionary
        assert all(f"{c.name}" in dictionary and c.help for c in table.columns)
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"## ci-analysis {name}\n" in commands
        for parameter in command.params:
            assert all(option in commands for option in parameter.opts if option.startswith("--"))


def test_every_key_of_study_yaml_is_documented() -> None:
    from ci_analysis.study import Settings

    text = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")
    assert [key for key in Settings.model_fields if f"`{key}`" not in text] == []
