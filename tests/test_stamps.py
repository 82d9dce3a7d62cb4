"""Whether something has changed is told by what files hold, never by their dates."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ci_analysis import stamps

ONLY_SETTINGS = Path(__file__).parent / "studies" / "only-settings"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ONLY_SETTINGS, tmp_path / "study"))


def test_dates_and_hidden_files_do_not_count(study: Path) -> None:
    before = stamps.fingerprint(study)
    for day in (0, 4_000_000_000):  # a clock that stood in 1970, and one far ahead
        os.utime(study / "study.yaml", (day, day))
        assert stamps.fingerprint(study) == before
    (study / ".study.yaml.swp").write_text("an editor's")
    assert stamps.fingerprint(study) == before


def test_content_names_and_new_files_count_even_under_an_old_date(study: Path) -> None:
    before, seen = (study / "study.yaml").stat(), {stamps.fingerprint(study)}
    text = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(text + "\n# a word\n", encoding="utf-8")
    os.utime(study / "study.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    seen.add(stamps.fingerprint(study))
    (study / "partners.csv").write_text("partner_id\n")
    seen.add(stamps.fingerprint(study))
    (study / "partners.csv").rename(study / "ties.csv")
    seen.add(stamps.fingerprint(study))
    (study / "ties.csv").unlink()
    (study / "ties.csv").mkdir()
    seen.add(stamps.fingerprint(study))
    assert len(seen) == 5


def test_another_version_of_a_library_is_another_stamp(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = stamps.fingerprint(study), stamps.libraries()
    assert {"pandas", "numpy", "matplotlib", "scipy"} <= set(real)
    assert not {"distributed", "numba"} & set(real), "extras compute nothing else"
    monkeypatch.setattr(stamps, "libraries", lambda: real | {"pandas": "99.0"})
    assert stamps.fingerprint(study) != before


def test_another_package_is_another_stamp(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stamps.fingerprint(study)
    monkeypatch.setattr(stamps, "package_hash", lambda: "another")
    assert stamps.fingerprint(study) != before
