"""A small coalition with the awkward things that tables hold, as a folder and as tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

STUDIES = Path(__file__).resolve().parent.parent / "studies"

PARTNERS = """partner_id,name,sector,status,role,joined_on,left_on,interest,influence,contact,x_note
office,Office & <sons>,nonprofit,joined,backbone,2023-01-16,,5,,"Ann, at the desk",old
school,"The ""other"" school",k12,joined,,,,,4,,
clinic,=cmd()|'x',health,left,supporter,2023-02-01,2024-05-31,,,,
firm,Fírm 東京,business,prospect,,,,2,5,+1 555,
"""
TIES = """wave,source,target,level,reliability,mission,openness,influence,involvement,resources
2024-Q4,office,school,2,3,,4,1,,2
2024-Q4,school,office,0,,,,,,
2025-Q4,office,school,3,4,4,4,4,4,4
2025-Q4,clinic,office,5,,,,,,
2025-Q4,school,firm,1,,,,,,1
"""


@pytest.fixture
def empty(tmp_path: Path) -> Callable[[], Path]:
    """Makes a study that has no tables, in a folder of its own."""
    made: list[Path] = []

    def make() -> Path:
        folder = tmp_path / f"empty-{len(made)}" / "coalition"
        shutil.copytree(STUDIES / "only-settings", folder)
        made.append(folder)
        return folder

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of four partners and two waves."""
    folder = tmp_path / "study" / "coalition"
    shutil.copytree(STUDIES / "only-settings", folder)
    (folder / "partners.csv").write_text(PARTNERS, encoding="utf-8")
    (folder / "ties.csv").write_text(TIES, encoding="utf-8")
    return folder
