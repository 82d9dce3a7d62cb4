"""Many studies: each has its own figures, one that fails stops no other, and what is done stays done."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_analysis import batch
from ci_analysis.batch import run_studies
from ci_analysis.cli import main
from ci_analysis.errors import WrongUse
from ci_analysis.report.run import Wishes

ROOT = Path(__file__).parent.parent
STUDIES = ROOT / "tests" / "studies"
#: Children under five of one county, by study: no two alike, and none in another's words.
FIGURES = {f"county-{i:02d}": 1234 + 1111 * i for i in range(6)}


def small(folder: Path, name: str, figure: int) -> Path:
    """A study of two counties, one of which has the figure that is the study's own."""
    study = folder / "data" / "raw" / name
    shutil.copytree(STUDIES / "only-settings", study)
    text = (study / "study.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^title: .*$", f"title: Child care in {name}", text, flags=re.MULTILINE)
    (study / "study.yaml").write_text(text, encoding="utf-8")
    rows = [f"{geoid},children,2024,infant-toddler,{n},10,made up" for geoid, n in (("08009", figure), ("08061", 40))]
    (study / "indicators.csv").write_text(
        "geoid,indicator,period,segment,value,moe,source\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return study


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    return [small(tmp_path, name, figure) for name, figure in FIGURES.items()]


def told(folder: Path) -> dict[str, str]:
    content = json.loads((folder / "reports" / "batch.json").read_text(encoding="utf-8"))
    return {o["study"]: o["state"] for o in content["studies"]}


def test_every_page_has_its_own_studys_figures_and_no_others(several: list[Path], tmp_path: Path) -> None:
    outcomes = run_studies(several, Wishes(("public",)), workers=3)
    assert [o.state for o in outcomes] == ["made"] * 6, outcomes
    assert [o.study for o in outcomes] == list(FIGURES)
    for name, figure in FIGURES.items():
        pages = sorted((tmp_path / "reports" / name / "public").rglob("*.*"))
        texts = {p.name: p.read_text(encoding="utf-8") for p in pages if p.suffix in (".html", ".csv", ".json")}
        assert f"{figure:,}" in texts["landscape.html"]
        for other, number in FIGURES.items():
            if other != name:
                its = re.compile(rf"{other}|(?<![\d,])(?:{number}|{number:,})(?![\d,])")
                shown = [n for n, text in texts.items() if its.search(text)]
                assert shown == [], f"{name} shows what is {other}'s"


def test_one_that_fails_stops_no_other_and_what_is_done_stays_done(several: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "data" / "raw" / "ten-mistakes"
    shutil.copytree(STUDIES / "ten-mistakes", bad)
    words = ["run", "--all", "--edition", "public", "--workers", "2"]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 1
    assert "partners.csv:3:sector: 'helth' is not one of the issue's sectors; write 'health'" in said.output
    assert said.output.splitlines()[-1] == "Not done: ten-mistakes."
    assert told(tmp_path) == dict.fromkeys(FIGURES, "made") | {"ten-mistakes": "failed"}
    page = (tmp_path / "reports" / "batch.html").read_text(encoding="utf-8")
    assert "6 of 7 studies have their report; one study failed" in page
    assert page.index("ten-mistakes") < page.index("county-00"), "what is to be mended comes first"
    assert "write &#39;health&#39;" in page
    # The one is mended, and nothing else is run again.
    shutil.rmtree(bad)
    small(tmp_path, "ten-mistakes", 99)
    again = CliRunner().invoke(main, [*words, "--json"])
    assert again.exit_code == 0, again.output
    events = [json.loads(line) for line in again.output.splitlines()]
    assert {e["study"] for e in events if e["event"] == "page"} == {"ten-mistakes"}
    assert told(tmp_path) == dict.fromkeys(FIGURES, "up to date") | {"ten-mistakes": "made"}
    assert "All 7 studies have their report" in (tmp_path / "reports" / "batch.html").read_text(encoding="utf-8")


def test_a_batch_that_is_killed_goes_on_where_it_was(several: list[Path], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "ci_analysis", "run", "--all", "--edition", "public", "--workers", "1", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None
        done = set()
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "done":
                done.add(event["study"])
            if len(done) == 2:
                break
        running.kill()
        running.communicate(timeout=60)
    states = told(tmp_path)
    assert {name for name, state in states.items() if state == "made"} <= done
    assert "waiting" in states.values()
    outcomes = run_studies(several, Wishes(("public",)), workers=2)
    assert {o.study for o in outcomes if o.state == "up to date"} >= done
    assert {o.state for o in outcomes} == {"made", "up to date"}
    assert list(tmp_path.glob("reports/.*")) + list(tmp_path.glob("data/processed/.*")) == []


def test_two_studies_of_one_name_are_refused_before_anything_is_run(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "only-settings", tmp_path / "b" / "only-settings"
    for folder in (one, other):
        shutil.copytree(STUDIES / "only-settings", folder)
    with pytest.raises(WrongUse, match="would both write to") as refused:
        run_studies([one, other], Wishes(("public",), tmp_path / "p", tmp_path / "r"))
    assert str(one) in str(refused.value)
    assert not (tmp_path / "r").exists()


def test_a_page_of_anybodys_called_batch_is_left(several: list[Path], tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "batch.html").write_text("mine")
    run_studies(several[:2], Wishes(("public",)), workers=2)
    assert (tmp_path / "reports" / "batch.html").read_text() == "mine"


def test_without_the_extra_a_cluster_is_refused(several: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WrongUse, match=r"A cluster needs the extra: pip install 'ci-analysis\[cluster\]'"):
        run_studies(several, Wishes(("public",)), scheduler="tcp://127.0.0.1:1")


def test_a_cluster_is_not_told_what_its_own_workers_say(several: list[Path]) -> None:
    with pytest.raises(WrongUse, match="is said where they are started"):
        run_studies(several, Wishes(("public",)), workers=2, scheduler="tcp://127.0.0.1:1")


def test_memory_of_the_one_that_watches_does_not_grow(several: list[Path], tmp_path: Path) -> None:
    """Studies are read and computed in children: the one that starts them loads none of the heavy libraries."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom ci_analysis.batch import run_studies\n"
        "from ci_analysis.report.run import Wishes\n"
        "made = run_studies([Path(p) for p in sys.argv[1:]], Wishes(('public',)), workers=2)\n"
        "print([o.state for o in made], sorted({'pandas', 'numpy', 'matplotlib', 'papermill'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, several[:2])], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "['made', 'made'] []"
    assert all(o["memory"] < 450 * 2**20 for o in json.loads((tmp_path / "reports/batch.json").read_text())["studies"])


def test_default_workers_are_the_machines_and_eight_at_most() -> None:
    assert 1 <= batch.default_workers() <= 8
