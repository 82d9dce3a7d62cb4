"""The methods page: how each table is made, from which files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ci_analysis.report.methods import METHODS
from ci_analysis.tables import OUTPUTS


def test_every_table_says_how_it_is_made() -> None:
    assert set(METHODS) == set(OUTPUTS)
    assert list(METHODS) == list(OUTPUTS), "in the order of the steps"
    for name, method in METHODS.items():
        assert method.formula.endswith("."), name
        assert method.formula != OUTPUTS[name].help, name


@pytest.mark.parametrize("edition", ["public", "internal"])
def test_every_table_of_an_edition_leads_to_its_files_and_their_hashes(site: Path, edition: str) -> None:
    html = (site / edition / "methods.html").read_text(encoding="utf-8")
    tables = {p.stem for p in (site / edition / "data").glob("*.csv")}
    assert {name for name in OUTPUTS if f'id="m-{name}"' in html} == tables
    manifest = json.loads((site.parent.parent / "processed" / site.name / "manifest.json").read_text(encoding="utf-8"))
    hashes = {f["path"]: f["sha256"] for f in manifest["inputs"]}
    for path in ("indicators.csv", "measures.csv", "study.yaml"):
        row = re.search(rf'<tr id="f-{path.replace(".", "-")}">(.*?)</tr>', html, flags=re.DOTALL)
        assert row
        assert hashes[path][:16] in row[1]
    for fragment in set(re.findall(r'href="#(f-[^"]+)"', html)):
        assert f'id="{fragment}"' in html
