"""Studies on the workers of a Dask cluster: the same pages, and a worker that is killed loses nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ci_analysis.batch import run_studies
from ci_analysis.report.run import Wishes
from tests.test_batch import FIGURES, small

# In a process of its own: the cluster has threads and loops that outlive it by moments.
SCRIPT = """
import os, signal, sys, threading, time
from pathlib import Path
import dask
from distributed import LocalCluster
from ci_analysis.batch import run_studies
from ci_analysis.report.run import Wishes

def main():
    daemon, kill, *studies = sys.argv[1:]
    dask.config.set({"distributed.worker.daemon": daemon == "yes", "distributed.comm.timeouts.connect": "20s"})
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, processes=True
    ) as cluster:
        if kill == "kill":
            def shoot():
                # As soon as a study is under way, which its lock shows.
                while not list(Path("reports").glob(".*.lock")):
                    time.sleep(0.05)
                os.kill(cluster.workers[0].process.pid, signal.SIGKILL)
            threading.Thread(target=shoot, daemon=True).start()
        made = run_studies([Path(s) for s in studies], Wishes(("public",)), scheduler=cluster.scheduler_address)
    print("|".join(f"{o.state}: {o.why}" for o in made))

if __name__ == "__main__":
    main()
"""


def on_a_cluster(folder: Path, *words: str) -> list[str]:
    script = folder / "cluster.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), *words], cwd=folder, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1].split("|")


def pages(folder: Path) -> dict[str, bytes]:
    found = [p for p in (folder / "reports").glob("*/public/*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_a_cluster_makes_the_same_pages_though_a_worker_is_killed(tmp_path: Path) -> None:
    names = list(FIGURES)[:3]
    there, here = tmp_path / "there", tmp_path / "here"
    studies = [str(small(there, name, FIGURES[name])) for name in names]
    assert on_a_cluster(there, "no", "kill", *studies) == ["made: "] * 3
    run_studies([small(here, name, FIGURES[name]) for name in names], Wishes(("public",)), workers=2)
    assert pages(there) == pages(here)
    assert list(there.glob("reports/.*")) + list(there.glob("data/processed/.*")) == []


def test_workers_that_may_start_no_process_say_how_to_start_them(tmp_path: Path) -> None:
    study = small(tmp_path, "county-00", 1234)
    (said,) = on_a_cluster(tmp_path, "yes", "leave", str(study))
    assert said.startswith("failed: county-00: this worker may start no processes")
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False" in said
