"""Set-up: the locks, the commands of the Makefile, and what a person reads when set-up cannot go on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["requirements.lock", "setup.lock"]

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")


def committed() -> list[str]:
    """Every file that is, or would be, committed."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this copy is not a git repository")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


# The locks


ADDRESS = re.compile(r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|^\s*-[if]\b| @ ", re.M)


def entries(lock: str) -> dict[str, list[str]]:
    """The requirements of a lock, each with its hashes."""
    found = {}
    for line in lock.replace("\\\n", "").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            found[requirement.strip()] = [text.strip() for text in hashes]
    return found


def test_no_committed_lock_holds_an_address():
    locks = [name for name in committed() if name.endswith(".lock")]
    assert sorted(locks) == LOCKS
    faulty = [name for name in locks if ADDRESS.search((ROOT / name).read_text(encoding="utf-8"))]
    assert faulty == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--extra-index-url=packages.example",
        "--find-links /srv/wheels",
        "-f wheels",
        "-i packages.example",
        "#    uv pip compile --index-url packages.example",
        "    # from http://packages.example/simple",
        "numpy @ file:///srv/numpy.whl",
    ],
)
def test_an_address_in_a_lock_would_be_found(line):
    assert ADDRESS.search(f"numpy==2.0 \\\n    --hash=sha256:0\n{line}\n")


def test_nothing_else_pins_versions_or_pythons():
    names = {Path(name).name for name in committed()}
    assert names.isdisjoint({"uv.lock", "poetry.lock", "Pipfile.lock", ".python-version"})


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_one_version_with_hashes(lock):
    found = entries((ROOT / lock).read_text(encoding="utf-8"))
    assert found
    for line, hashes in found.items():
        assert re.fullmatch(r"==[^,*]+", str(Requirement(line).specifier)), line
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text) for text in hashes), line


@pytest.mark.parametrize("lock", LOCKS)
def test_the_head_of_a_lock_says_how_it_is_made(lock):
    head = (ROOT / lock).read_text(encoding="utf-8").splitlines()[:2]
    assert head[1] == "#    make lock"


def test_set_up_fetches_uv_alone():
    found = entries((ROOT / "setup.lock").read_text(encoding="utf-8"))
    assert [Requirement(line).name for line in found] == ["uv"]


def test_the_lock_holds_what_pyproject_asks_for():
    # Where this fails, pyproject.toml was changed without `make lock`.
    locked: dict[str, list[str]] = {}
    for line in entries((ROOT / "requirements.lock").read_text(encoding="utf-8")):
        requirement = Requirement(line)
        locked.setdefault(canonicalize_name(requirement.name), []).append(str(requirement.specifier)[2:])
    asked = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    for line in [*asked, *PYPROJECT["build-system"]["requires"]]:
        requirement = Requirement(line)
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement.name} is not in requirements.lock"
        assert all(version in requirement.specifier for version in versions), (line, versions)


# The Makefile, and the other files about the house


@needs_make
def test_make_alone_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):(?!=)", makefile, re.M))
    assert targets >= {"study", "test", "lint", "setup", "lock", "clean", "help"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    shown = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make ([a-z-]+) +\S", shown.stdout, re.M)) == targets


def test_the_makefile_works_with_the_make_of_macos():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for newer in (".ONESHELL", "&:", "::=", "!=", "$(file ", ".RECIPEPREFIX"):
        assert newer not in makefile


def test_commits_are_checked_with_what_set_up_made():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks[0]["hooks"])


def test_scripts_can_be_run():
    for name in (".ci/run", "scripts/setup.sh"):
        assert os.access(ROOT / name, os.X_OK), name


def test_the_version_is_the_same_everywhere():
    version = PYPROJECT["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_wheel_holds_notebooks_and_data(tmp_path):
    names = committed()
    # Built from a copy, so that two test processes do not meet in the project's folder.
    for name in names:
        if name.split("/")[0] in {"ci_analysis", "notebooks"} or "/" not in name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = {name for name in names if name.startswith("ci_analysis/")}
    expected |= {f"ci_analysis/{name}" for name in names if name.startswith("notebooks/")}
    assert expected - held == set()
    assert {name.split("/")[0] for name in held} == {
        "ci_analysis",
        f"ci_analysis-{PYPROJECT['project']['version']}.dist-info",
    }


# Notebooks hold no results


def notebook(path: Path, **cell: object) -> Path:
    code = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None, **cell}
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# One"}, code]}))
    return path


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ({}, ""),
        ({"outputs": [{"output_type": "stream"}], "execution_count": 1}, "cell 2 holds outputs."),
        ({"execution_count": 3}, "cell 2 holds a run number."),
    ],
)
def test_results_in_a_notebook_are_found(tmp_path, cell, said):
    path = notebook(tmp_path / "one.ipynb", **cell)
    command = [sys.executable, ROOT / "scripts" / "check_notebooks.py", path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == (1 if said else 0)
    assert run.stderr == ""
    assert run.stdout.splitlines()[:1] == ([f"{path}: {said}"] if said else [])


# scripts/setup.sh, with stand-ins for Python's pip and for uv, in a folder with a space in its name

USED = ("cat", "cp", "dirname", "env", "grep", "id", "ln", "mkdir", "mv", "rm", "sed", "tail", "touch")

FAKE_UV = """#!/bin/sh
case "$*" in
--version) exit 0 ;;
venv*) echo 'make .venv' ;;
*requirements.lock*) echo 'install the packages' ;;
*--editable*) echo 'install the project' ;;
esac >>uv.calls
[ ! -e uv.fails ] || exit 1
case "$*" in
venv*) rm -rf .venv && mkdir -p .venv/bin && ln -s "$REAL_PYTHON" .venv/bin/python ;;
*--editable*) touch .venv/bin/ci-analysis && chmod +x .venv/bin/ci-analysis ;;
esac
"""

PACKAGES, PROJECT = ["make .venv", "install the packages"], ["install the project"]


class Machine:
    """A folder with the project's set-up in it, and a PATH on which only what is put there is found."""

    def __init__(self, folder: Path):
        self.project = folder / "my folder" / "project"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        (self.project / "scripts").mkdir(parents=True)
        for name in ("scripts/setup.sh", "pyproject.toml", *LOCKS):
            shutil.copy(ROOT / name, self.project / name)
        for name in (*USED, "chmod"):
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def put(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def put_python(self, pip: str) -> None:
        """This Python as python3, with these shell lines where its pip would run."""
        self.put("python3", f'case "$*" in\n*"-m pip"*) {pip} ;;\n*) exec "{sys.executable}" "$@" ;;\nesac')

    def put_uv(self) -> None:
        path = self.project / ".tools" / "py" / "bin" / "uv"
        path.parent.mkdir(parents=True)
        path.write_text(FAKE_UV)
        path.chmod(0o755)
        shutil.copy(self.project / "setup.lock", path.parent.parent / ".made")

    def set_up(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.project / "uv.calls").unlink(missing_ok=True)
        return subprocess.run(
            ["/bin/sh", str(self.project / "scripts" / "setup.sh"), *arguments],
            cwd=self.bin,  # not the project: the script finds it
            env={"PATH": str(self.bin), "REAL_PYTHON": sys.executable, "HOME": str(self.bin), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        path = self.project / "uv.calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ready(machine) -> Machine:
    """A machine on which set-up was run once."""
    machine.put_python("exit 0")
    machine.put_uv()
    run = machine.set_up()
    assert (run.returncode, run.stderr) == (0, "")
    assert machine.calls() == PACKAGES + PROJECT
    return machine


@pytest.mark.parametrize("version", ["2.7.18", "3.9.1", "3.10.14"])
def test_a_python_too_old_is_named_in_a_sentence(machine, version):
    machine.put("python3", f"echo {version}; exit 1")
    run = machine.set_up()
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.splitlines() == [
        f"The Python found here is {version} (python3); this project needs Python 3.11 or newer. "
        "Install it, then run the same command again:",
        *how_to_install_python(),
    ]
    assert not (machine.project / ".venv").exists()


def how_to_install_python() -> list[str]:
    sudo = "" if os.getuid() == 0 else "sudo "
    return [
        f"  Debian, Ubuntu:  {sudo}apt-get install -y python3 python3-pip",
        "  macOS:           brew install python@3.13",
    ]


def test_no_python_is_said_in_a_sentence(machine):
    run = machine.set_up()
    assert run.returncode == 1
    assert run.stderr.splitlines()[0].startswith("No Python was found here; this project needs Python 3.11")


def test_the_python_that_debian_offers_is_named(machine):
    machine.put("apt-cache", '[ "$2" = python3.12 ]')
    assert "apt-get install -y python3.12 python3-pip" in machine.set_up().stderr


def test_a_newer_python_beside_an_old_one_is_used(machine):
    machine.put_python("exit 0")
    (machine.bin / "python3").rename(machine.bin / "python3.12")
    machine.put("python3", "echo 3.9.1; exit 1")
    machine.put_uv()
    run = machine.set_up()
    assert run.returncode == 0, run.stderr
    assert "python3.12)" in run.stdout


@pytest.mark.parametrize(
    ("installer", "line"),
    [("apt-get", "apt-get install -y python3-pip"), ("dnf", "dnf install -y python3-pip"), (None, "-m ensurepip")],
)
def test_a_missing_pip_is_one_line(machine, installer, line):
    machine.put_python("exit 1")
    if installer:
        machine.put(installer, "exit 0")
    run = machine.set_up()
    assert run.returncode == 1
    (said,) = run.stderr.splitlines()
    assert "has no pip. Install it, then run the same command again:" in said
    assert line in said


@pytest.mark.parametrize("words", ["NewConnectionError('…')", "dns error", "Temporary failure in name resolution"])
def test_no_network_is_said_plainly(machine, words):
    machine.put_python(f'[ "$4" = --version ] || {{ echo "{words}"; exit 1; }}')
    run = machine.set_up()
    assert run.returncode == 1
    (said,) = run.stderr.splitlines()
    assert said.startswith("No network: uv, the installer, could not be fetched.")
    assert ".tools/setup.log" in said
    assert words in (machine.project / ".tools" / "setup.log").read_text(encoding="utf-8")


def test_a_file_with_another_hash_is_said_plainly(machine):
    machine.put_python('[ "$4" = --version ] || { echo "THESE PACKAGES DO NOT MATCH THE HASHES FROM"; exit 1; }')
    (said,) = machine.set_up().stderr.splitlines()
    assert "is not the one that the lock names" in said


def test_another_failure_shows_the_end_of_the_log(machine):
    machine.put_python('[ "$4" = --version ] || { echo "No space left on device"; exit 1; }')
    said = machine.set_up().stderr.splitlines()
    assert said[0].startswith("Setting up stopped: uv, the installer, could not be installed.")
    assert said[1:] == ["  No space left on device"]


def test_set_up_asks_pip_for_hashes_and_installs_nothing_outside(machine):
    machine.put_python('[ "$4" = --version ] || { echo "$*" >>pip.calls; exit 1; }')
    machine.set_up()
    call = (machine.project / "pip.calls").read_text()
    assert "--require-hashes -r setup.lock" in call
    assert "--target .tools/py.new" in call
    assert "--only-binary :all:" in call


def test_progress_is_told_in_short_sentences(machine):
    machine.put_python("exit 0")
    machine.put_uv()
    said = machine.set_up().stdout.splitlines()
    assert [line.split(",")[0] for line in said] == [
        "Setting up: 1 of 3",
        "Setting up: 2 of 3",
        "Setting up: 3 of 3",
        "Setting up is done.",
    ]


def test_the_second_time_does_nothing(ready):
    # Not even Python's pip or uv are needed any more.
    (ready.bin / "python3").unlink()
    shutil.rmtree(ready.project / ".tools")
    run = ready.set_up()
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "done"), [("requirements.lock", PACKAGES + PROJECT), ("pyproject.toml", PROJECT), ("setup.lock", [])]
)
def test_only_what_depends_on_a_changed_file_is_done_again(ready, name, done):
    with (ready.project / name).open("a") as file:
        file.write("# changed\n")
    assert ready.set_up().returncode == 0
    assert ready.calls() == done
    assert (ready.set_up().stdout, ready.calls()) == ("", [])


def test_a_moved_folder_is_set_up_again(ready):
    moved = ready.project.with_name("moved")
    ready.project.rename(moved)
    ready.project = moved
    assert ready.set_up().returncode == 0
    assert ready.calls() == PACKAGES + PROJECT


@pytest.mark.parametrize("lost", [".venv/bin/python", ".venv/.packages", ".venv"])
def test_a_damaged_environment_is_made_again(ready, lost):
    path = ready.project / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if lost == ".venv/.packages":
        (ready.project / ".venv/.project").unlink()
    assert ready.set_up().returncode == 0
    assert ready.calls() == PACKAGES + PROJECT


def test_a_failed_set_up_is_taken_up_again(machine):
    machine.put_python("exit 0")
    machine.put_uv()
    (machine.project / "uv.fails").touch()
    assert machine.set_up().returncode == 1
    assert machine.calls() == PACKAGES[:1]
    (machine.project / "uv.fails").unlink()
    assert machine.set_up().returncode == 0
    assert machine.calls() == PACKAGES + PROJECT
    assert machine.set_up().stdout == ""


def test_another_python_is_taken_when_asked_for(ready):
    # It has no pip, which is not needed once uv is there.
    ready.put("other", f'case "$*" in\n*version_info*) echo 3.99.0 ;;\n*) exec "{sys.executable}" "$@" ;;\nesac')
    asked = {"PYTHON": "other", "REAL_PYTHON": str(ready.bin / "other")}
    assert ready.set_up(PYTHON="python3").stdout == ""
    assert "with Python 3.99.0" in ready.set_up(**asked).stdout
    assert ready.calls() == PACKAGES + PROJECT
    assert ready.set_up(**asked).stdout == ""
    assert ready.set_up().stdout == ""


def test_a_word_that_set_up_does_not_know_is_refused(machine):
    machine.put_python("exit 0")
    run = machine.set_up("everything")
    assert (run.returncode, run.stderr) == (1, "scripts/setup.sh takes 'tools' or nothing, not 'everything'.\n")
