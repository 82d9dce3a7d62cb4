"""environment.yml, for those who use conda, asks for what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import MatchSpec

ROOT = Path(__file__).resolve().parent.parent

#: Where conda-forge's name is another than PyPI's: smaller builds of the same package.
CONDA_NAMES = {
    "geopandas": "geopandas-base",
    "matplotlib": "matplotlib-base",
    "nbconvert": "nbconvert-core",
    "seaborn": "seaborn-base",
}

#: In environment.yml alone: conda brings Python itself, and pip to install the project.
CONDA_ONLY = {"pip"}


def bounds(text: str) -> frozenset[str]:
    """The parts of a version bound, in any order and spacing."""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def wanted_by_pyproject(project: dict) -> dict[str, frozenset[str]]:
    wanted = {"python": bounds(project["requires-python"])}
    for line in project["dependencies"]:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        wanted[CONDA_NAMES.get(name, name)] = bounds(str(requirement.specifier))
    return wanted


def wanted_by_conda(environment: dict) -> dict[str, frozenset[str]]:
    wanted = {}
    for line in environment["dependencies"]:
        if isinstance(line, str):
            spec = MatchSpec(line)
            wanted[spec.name.normalized] = bounds(str(spec.version or ""))
    return {name: bound for name, bound in wanted.items() if name not in CONDA_ONLY}


def differences(project: dict, environment: dict) -> list[str]:
    """A sentence for every package that only one file names, or that they bound differently."""
    here, there = wanted_by_pyproject(project), wanted_by_conda(environment)
    found = [f"environment.yml lacks {name}." for name in sorted(here.keys() - there.keys())]
    found += [f"pyproject.toml lacks {name}." for name in sorted(there.keys() - here.keys())]
    for name in sorted(here.keys() & there.keys()):
        if here[name] != there[name]:
            ours, theirs = (",".join(sorted(side[name])) or "any" for side in (here, there))
            found.append(f"{name} is {ours} in pyproject.toml and {theirs} in environment.yml.")
    return found


@pytest.fixture
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_both_files_ask_for_the_same(project, environment):
    assert differences(project, environment) == []


def test_a_dependency_in_pyproject_alone_is_found(project, environment):
    project["dependencies"].append("scikit-learn>=1.7")
    assert differences(project, environment) == ["environment.yml lacks scikit-learn."]


def test_a_dependency_in_environment_alone_is_found(project, environment):
    environment["dependencies"].insert(0, "scikit-learn >=1.7")
    assert differences(project, environment) == ["pyproject.toml lacks scikit-learn."]


@pytest.mark.parametrize(("line", "said"), [("numpy >=1.0", ">=1.0"), ("numpy", "any")])
def test_another_bound_is_found(project, environment, line, said):
    (at,) = (i for i, text in enumerate(environment["dependencies"]) if str(text).startswith("numpy "))
    environment["dependencies"][at] = line
    (found,) = differences(project, environment)
    assert re.fullmatch(rf"numpy is >=[\d.]+ in pyproject.toml and {said} in environment.yml\.", found)


def test_another_python_is_found(project, environment):
    project["requires-python"] = ">=3.12"
    assert differences(project, environment) == ["python is >=3.12 in pyproject.toml and >=3.11 in environment.yml."]


def test_conda_installs_the_project_itself(environment):
    (by_pip,) = (line["pip"] for line in environment["dependencies"] if isinstance(line, dict))
    assert by_pip == ["--editable ."]


def test_every_dependency_has_a_lower_bound(project):
    unbounded = [line for line in project["dependencies"] if not re.search(r">=?\d", line)]
    assert unbounded == []
