"""Studies of many communities from one: each county of the example and those around it, with real figures.

The coalition's tables go along, as they do when somebody copies a folder to run it for the next community; what they
say of counties that are not the study's is left out.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ci_analysis.areas import population_centres
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, members

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "data" / "raw" / "colorado-child-care"


def communities(folder: Path, number: int) -> list[Path]:
    """Write so many studies, each of a county and its nearest ones, and return their folders."""
    study = Study.read(EXAMPLE)
    centres = population_centres(study.areas).set_index("geoid")[["longitude", "latitude"]].to_numpy()
    geoids, names = study.areas["geoid"].tolist(), dict(zip(study.areas["geoid"], study.areas["name"], strict=True))
    flat = centres * [np.cos(np.radians(39)), 1]
    made = []
    for i in range(number):
        home, size = geoids[i % len(geoids)], 8 + 4 * (i // len(geoids))
        near = np.argsort(((flat - flat[i % len(geoids)]) ** 2).sum(axis=1))[:size]
        name = f"{re.sub(r'[^a-z]+', '-', names[home].lower()).strip('-')}-{size}"
        made.append(community(folder / "data" / "raw" / name, names[home], {geoids[k] for k in near}))
    return made


def community(place: Path, name: str, counties: set[str]) -> Path:
    """Write one study: the example's tables as far as they speak of these counties."""
    shutil.copytree(EXAMPLE, place)
    text = (place / "study.yaml").read_text(encoding="utf-8")
    listed = ", ".join(f'"{geoid}"' for geoid in sorted(counties))
    text = re.sub(r"^counties:.*$", f"counties: [{listed}]", text, flags=re.MULTILINE)
    text = re.sub(r"^title:.*$", f'title: "Child care around {name}"', text, flags=re.MULTILINE)
    text = re.sub(r"^community:.*$", f'community: "{name} and its neighbours"', text, flags=re.MULTILINE)
    (place / "study.yaml").write_text(text, encoding="utf-8")
    gone: dict[str, set[str]] = {}
    for table in INPUTS.values():
        path = place / table.file
        if not path.is_file():
            continue
        rows = pd.read_csv(path, dtype="str", keep_default_na=False)
        for column in (c for c in table.columns if c.name in rows):
            cells = rows[column.name]
            if column.kind == "geoid":
                kept = cells.isin(counties | {""})
                gone.setdefault(table.key[0], set()).update(rows.loc[~kept, table.key[0]])
                rows = rows[kept]
            elif column.kind == "geoids":
                rows[column.name] = cells.map(lambda cell: "; ".join(m for m in members(cell) if m in counties))
            elif column.name in gone and column.name in table.key:
                rows = rows[~cells.isin(gone[column.name])]
            elif column.name in gone:
                rows[column.name] = cells.mask(cells.isin(gone[column.name]), "")
        rows.to_csv(path, index=False, lineterminator="\n")
    return place
