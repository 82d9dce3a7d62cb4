"""Reports of several communities: this package's batch beside the loop of commands, and beside a plain script.

    python benchmarks/report.py
    python benchmarks/report.py many 200

The loop is what people run today: `papermill` and `jupyter nbconvert`, once for each of the four notebooks of each
community, one after another. The plain script is the least that can be done: one process that opens each study once and
draws the same sections, without notebooks and without pages. First both are shown to draw the same pictures. `many`
runs ten studies, and then more, and says whether a study takes longer or more memory when there are many.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from communities import communities

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROUNDS, STUDIES, WORKERS = 3, 8, 2


def measured(command: list[str | Path], **others: object) -> tuple[float, float]:
    """Seconds by the clock, and of processors, of a command with all that it starts and waits for."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **others)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loop(study: Path, out: Path) -> tuple[float, float]:
    """Seconds of the loop of commands for one study."""
    total = [0.0, 0.0]
    for notebook in NOTEBOOKS:
        made = out / notebook.name
        given = ["-p", "study", study, "-p", "edition", "internal", "-p", "processed", out / "processed"]
        for command in (
            [BIN / "papermill", notebook, made, *given, "--no-progress-bar"],
            [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", made],
        ):
            took = measured(command)
            total = [a + b for a, b in zip(total, took, strict=True)]
    return total[0], total[1]


def batch(studies: list[Path], out: Path, workers: int) -> tuple[float, float, list[dict[str, object]]]:
    """Seconds of the command for several studies, by the clock and of processors, and what it says of each."""
    words = ["run", *studies, "--edition", "internal", "--workers", str(workers)]
    # The parent of children is not waited for by the command, so its children's own figures are taken.
    clock, _ = measured([BIN / "ci-analysis", *words, "--processed", out / "processed", "--reports", out / "reports",
                         "--log", out / "log", "--force"])  # fmt: skip
    if len(studies) > 1:
        said = json.loads((out / "reports" / "batch.json").read_text(encoding="utf-8"))["studies"]
        assert {o["state"] for o in said} == {"made"}
        return clock, sum(o["processor_seconds"] for o in said), said
    return clock, float("nan"), []


FLOOR = """
import importlib, resource, sys, time
from pathlib import Path
import nbformat
from ci_analysis.report import open_edition
names = ("convene", "landscape", "strategy", "redesign")
figures = {name: importlib.import_module(f"ci_analysis.figures.{name}") for name in names}
books = [nbformat.read(path, 4) for path in sys.argv[2].split(",")]
def draw(study):
    report = open_edition(study, "internal", sys.argv[1])
    for name, book in zip(names, books):
        for cell in book.cells:
            if cell.cell_type == "code" and cell.source.startswith("report.section"):
                eval(cell.source, {"report": report, "figures": figures[name]})._repr_html_()
draw(sys.argv[3])
start = time.process_time()
for study in sys.argv[4:]:
    draw(study)
print((time.process_time() - start) / len(sys.argv[4:]))
"""


def floor(studies: list[Path], out: Path) -> float:
    """Processor seconds a study of a plain script that computes and draws the same, after its first study."""
    words = [out / "processed", ",".join(map(str, NOTEBOOKS)), *studies]
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(
        [sys.executable, "-c", FLOOR, *map(str, words)], capture_output=True, text=True, check=True,
        env={**os.environ, **one},
    )  # fmt: skip
    return float(done.stdout)


def pictures(text: str) -> list[str]:
    """Every picture of a page; a page's lines have no spaces at their ends."""
    return [" ".join(svg.split()) for svg in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)]


def same(study: Path, by_loop: Path, by_batch: Path) -> int:
    """Number of pictures of a study, after both ways have drawn the same ones from the same tables."""
    count = 0
    for notebook in NOTEBOOKS:
        executed = nbformat.read(by_loop / notebook.name, 4)
        outputs = [o for c in executed.cells if c.cell_type == "code" for o in c.outputs]
        theirs = pictures("".join(o.get("data", {}).get("text/html", "") for o in outputs))
        page = by_batch / "reports" / study.name / "internal" / f"{notebook.stem[2:]}.html"
        ours = pictures(page.read_text(encoding="utf-8"))
        if sorted(theirs) != sorted(ours):
            raise SystemExit(f"{study.name}, {notebook.stem}: {len(theirs)} pictures by the loop, {len(ours)} here")
        count += len(ours)
    for table in (by_loop / "processed" / study.name).glob("*.csv"):
        if table.read_bytes() != (by_batch / "processed" / study.name / table.name).read_bytes():
            raise SystemExit(f"{study.name}: {table.name} differs")
    return count


def beside_the_loop(folder: Path) -> None:
    """Print both ways side by side."""
    say = sys.stdout.write
    studies = communities(folder, STUDIES + 1)
    loops, batches, colds, floors = [], [], [], []
    memory = 0.0
    for i in range(ROUNDS):
        out = folder / f"round-{i}"
        for part in ("loop", "batch", "cold", "floor"):
            (out / part).mkdir(parents=True)
        loops.append(loop(studies[i], out / "loop"))
        clock, processors, said = batch(studies[:STUDIES], out / "batch", WORKERS)
        batches.append((clock / STUDIES, processors / STUDIES))
        memory = max(memory, *(float(o["memory"]) for o in said))  # type: ignore[arg-type]
        colds.append(batch(studies[i : i + 1], out / "cold", WORKERS)[0])
        floors.append(floor([studies[-1], *studies[:3]], out / "floor"))
        drawn = same(studies[i], out / "loop", out / "batch")
        say(f"{studies[i].name}: the same tables and {drawn} pictures; loop {loops[-1][0]:.1f} s, ")
        say(f"batch {batches[-1][0]:.1f} s a study, cold {colds[-1]:.1f} s\n")
    a_loop, a_batch = ([statistics.median(x[k] for x in way) for k in (0, 1)] for way in (loops, batches))
    cold, least = statistics.median(colds), statistics.median(floors)
    say(f"\nmedians of {ROUNDS} rounds, {STUDIES} studies a batch, {WORKERS} workers, {os.cpu_count()} processors\n")
    say(f"{'':<34}{'loop':>10}{'here':>10}{'ratio':>9}\n")
    for what, theirs, ours in (
        ("processor seconds a study", a_loop[1], a_batch[1]),
        ("seconds a study, two workers", a_loop[0], a_batch[0]),
        ("seconds, one study, cold", a_loop[0], cold),
    ):
        say(f"{what:<34}{theirs:>9.1f}s{ours:>9.1f}s{theirs / ours:>8.1f}x\n")
    say(f"{'beside a plain script, processors':<34}{least:>9.1f}s{a_batch[1]:>9.1f}s{a_batch[1] / least:>8.2f}x\n")
    spread = (max(x[0] for x in batches) - min(x[0] for x in batches)) / a_batch[0]
    say(f"spread of the batch {100 * spread:.0f}%, peak memory of a child {memory / 2**20:.0f} MB\n")


def many(folder: Path, number: int) -> None:
    """Print seconds and memory a study of few and of many."""
    studies = communities(folder, number)
    for count in (10, number):
        out = folder / f"many-{count}"
        out.mkdir()
        clock, processors, said = batch(studies[:count], out, WORKERS)
        peak = [float(o["memory"]) / 2**20 for o in said]  # type: ignore[arg-type]
        half = len(peak) // 2
        first, second = (statistics.median(part) for part in (peak[:half], peak[half:]))
        sys.stdout.write(
            f"{count:>4} studies: {clock / count:.2f} s and {processors / count:.2f} processor seconds each; "
        )
        sys.stdout.write(f"peak of a child {first:.0f} MB in the first half, {second:.0f} MB in the second\n")
        titles = {s.name: f"Child care around {_title(s)}" for s in studies[:count]}
        for name, title in titles.items():
            for page in (out / "reports" / name / "internal").glob("*.html"):
                text = page.read_text(encoding="utf-8")
                if title not in text or any(o in text for n, o in titles.items() if o != title and o not in title):
                    raise SystemExit(f"{page} is not of {name} alone")


def _title(study: Path) -> str:
    found = re.search(r'^title: "Child care around (.*)"$', (study / "study.yaml").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else ""


def main() -> None:
    """Run what is asked for."""
    with tempfile.TemporaryDirectory(prefix="ci-benchmark-") as scratch:
        if sys.argv[1:2] == ["many"]:
            many(Path(scratch), int(sys.argv[2]))
        else:
            beside_the_loop(Path(scratch))


if __name__ == "__main__":
    main()
