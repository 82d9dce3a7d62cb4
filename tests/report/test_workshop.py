"""The workshop in a real browser: it ranks as the run does, by every partner's weights and by any others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ci_analysis import strategy
from ci_analysis.figures import strategy as figures
from ci_analysis.figures.base import Statement
from ci_analysis.study import Study

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "ci_analysis" / "report" / "templates" / "workshop.js").read_text(encoding="utf-8")
BROWSER = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
TABLES = ("criterion_scores", "criterion_weights", "ranking", "partner_weights")
#: Presses each button, then sets the sliders as told, and writes what stands on the page after each.
DRIVER = """
const told = [];
const tell = () => told.push({
  order: [...document.querySelectorAll(".order li")].map(
    (li) => [li.querySelector(".name").textContent, Number(li.dataset.rank)]),
  said: document.querySelector(".told").textContent,
  pressed: [...document.querySelectorAll("button[aria-pressed=true]")].map((b) => b.textContent),
  lines: document.querySelector("textarea").value,
});
tell();
for (const button of document.querySelectorAll("button[data-whose]")) { button.click(); tell(); }
const sliders = [...document.querySelectorAll("input[type=range]")];
for (const weights of WEIGHTS) {
  weights.forEach((w, i) => { sliders[i].value = w; });
  sliders[0].dispatchEvent(new Event("input"));
  tell();
}
const out = document.createElement("pre");
out.id = "told";
out.textContent = JSON.stringify(told);
document.body.append(out);
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.read(ROOT / "data" / "raw" / "colorado-child-care")


@pytest.fixture(scope="module")
def run(study: Study) -> dict[str, pd.DataFrame]:
    return strategy.compute(study, {})


def made(study: Study, run: dict[str, pd.DataFrame], *, partners: bool = True) -> Statement:
    frames = [run[name] for name in TABLES[: 4 if partners else 3]]
    found = figures.workshop(study, *frames)
    assert isinstance(found, Statement)
    return found


def seen(controls: str, weights: list[list[float]], folder: Path) -> list[dict]:
    """What a browser shows: at first, after each button, and after each setting of the sliders."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    page = folder / "page.html"
    driver = DRIVER.replace("WEIGHTS", json.dumps(weights))
    page.write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><body>{controls}<script>{SCRIPT}</script>'
        f"<script>{driver}</script></body></html>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert told, "the script stopped before its end"
    return json.loads(unescape(told.group(1)))


def test_a_browser_ranks_as_the_run_does(study: Study, run: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    given = study.tables
    matrix = strategy.oriented_scores(given["scores"], given["criteria"], given["projects"])
    names = study.labels["project_id"]
    drawn = np.random.default_rng(5).dirichlet(np.ones(matrix.shape[1]), size=6)
    drawn = np.vstack([drawn, np.eye(matrix.shape[1])[0], np.zeros(matrix.shape[1])])
    shown = seen(made(study, run).controls, drawn.tolist(), tmp_path)

    def order(frame: pd.DataFrame) -> list[list[object]]:
        ranked = frame[frame["rank"].notna()].sort_values(["rank", "project_id"])
        return [[names[p], r] for p, r in zip(ranked["project_id"], ranked["rank"], strict=True)]

    assert shown[0]["order"] == shown[1]["order"] == order(run["ranking"])
    assert shown[1]["pressed"] == ["The coalition"]
    partners = sorted(given["weights"]["partner_id"].unique())
    assert len(shown) == 1 + 2 + len(partners) + len(drawn)
    own = run["partner_rankings"]
    for partner, view in zip(partners, shown[3 : 3 + len(partners)], strict=True):
        assert view["order"] == order(own[own["partner_id"] == partner]), partner
        assert view["pressed"] == [study.labels["partner_id"][partner]]
    for weights, view in zip(drawn[:-1], shown[3 + len(partners) : -1], strict=True):
        one = pd.DataFrame([weights], index=["room"], columns=matrix.columns)
        assert view["order"] == order(strategy.partner_rankings(matrix, one))
        assert view["pressed"] == []
        points = [int(line.rpartition(",")[2]) for line in view["lines"].splitlines()[1:]]
        assert points == pytest.approx(100 * weights, abs=0.51)
    assert shown[-1]["order"] == []
    assert shown[-1]["said"] == "Give at least one criterion some weight."


def test_equal_scores_share_the_better_rank_in_the_browser_too(study: Study, tmp_path: Path) -> None:
    scores = pd.DataFrame(
        [(p, c, 0, s, None) for p, row in {"a": (0.1, 0.7), "b": (0.7, 0.1), "c": (0.3, 0.2)}.items()
         for c, s in zip(("x", "y"), row, strict=True)],
        columns=["project_id", "criterion", "value", "score", "judges"],
    )  # fmt: skip
    weights = pd.DataFrame({"criterion": ["x", "y"], "weight": [0.5, 0.5], "partners": 2.0})
    ranking = pd.DataFrame({"project_id": list("abc"), "rank": [1.0, 1, 3], "score": [0.4, 0.4, 0.25]})
    found = figures.workshop(study, scores, weights, ranking)
    assert isinstance(found, Statement)
    shown = seen(found.controls, [[0.9, 0.1]], tmp_path)
    assert shown[0]["order"] == [["a", 1], ["b", 1], ["c", 3]]
    # 0.9 × 0.7 + 0.1 × 0.1 = 0.64 and 0.9 × 0.3 + 0.1 × 0.2 = 0.29 and 0.9 × 0.1 + 0.1 × 0.7 = 0.16
    assert shown[-1]["order"] == [["b", 1], ["c", 2], ["a", 3]]


def test_names_are_text_and_end_no_script(study: Study, run: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    hostile = "</script><script>document.title = 'run'</script> & \"quoted\""
    tables = dict(study.tables)
    for table in ("partners", "projects", "criteria"):
        tables[table] = tables[table].assign(name=hostile)
    named = replace(study, tables=tables)
    controls = made(named, run).controls
    assert "</script><script>" not in controls
    assert escape(hostile) in controls
    shown = seen(controls, [], tmp_path)
    assert {name for name, _ in shown[0]["order"]} == {hostile}


def test_without_scripts_the_order_of_the_run_stands(study: Study, run: dict[str, pd.DataFrame]) -> None:
    found = made(study, run)
    ranked = run["ranking"].dropna(subset="rank")
    assert found.frame is not None
    assert found.frame["project_id"].to_list() == ranked["project_id"].to_list()
    assert "Coaches for infant rooms" in found.lines[0]
    assert found.controls.count(" hidden") >= 4, "nothing that only a script can fill is shown without one"


def test_without_partners_weights_none_is_there(study: Study, run: dict[str, pd.DataFrame]) -> None:
    own = run["partner_weights"]
    controls = made(study, run, partners=False).controls
    assert controls.count("<button") == 2
    for weights in own.groupby("partner_id")["weight"]:
        assert json.dumps(weights[1].to_list(), separators=(",", ":")) not in controls


def test_nothing_to_rank_has_no_workshop(study: Study, run: dict[str, pd.DataFrame]) -> None:
    scores, weights, ranking = (run[name] for name in TABLES[:3])
    assert figures.workshop(study, scores, weights.head(0), ranking) is None
    assert figures.workshop(study, scores.assign(score=np.nan), weights, ranking) is None
