"""Say which notebooks hold results: they are committed clean, so that a change shows what a person changed.

Called with notebooks, looks at those; called with none, at every notebook under notebooks/.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def results_in(path: Path) -> list[str]:
    """What a run left in a notebook, one phrase a cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "code":
            continue
        if cell["outputs"]:
            found.append(f"cell {number} holds outputs")
        elif cell["execution_count"] is not None:
            found.append(f"cell {number} holds a run number")
    return found


def main(names: list[str]) -> int:
    paths = [Path(name) for name in names] or sorted((ROOT / "notebooks").glob("**/*.ipynb"))
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    faulty = {path: found for path in paths if (found := results_in(path))}
    for path, found in faulty.items():
        print(f"{path}: {'; '.join(found)}.")
    if faulty:
        names = " ".join(f'"{path}"' for path in faulty)
        print(f"Clear them:  .venv/bin/jupyter nbconvert --clear-output --inplace {names}")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
