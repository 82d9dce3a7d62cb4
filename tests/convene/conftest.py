from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from types import SimpleNamespace

import networkx as nx
import pandas as pd
import pytest

from ci_analysis.issues import load_profile
from ci_analysis.study import Preconditions
from ci_analysis.tables import INPUTS, conform, empty_frame

Make = Callable[..., pd.DataFrame]


def table(name: str, rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """An input table as a study hands it over: every column, typed."""
    rows = list(rows)
    if not rows:
        return empty_frame(INPUTS[name])
    return conform(pd.DataFrame(rows).reindex(columns=INPUTS[name].names), INPUTS[name])


@pytest.fixture
def make() -> Make:
    return table


@pytest.fixture
def joined() -> Make:
    """Partners that have joined, with a sector each (all of one sector by default)."""

    def of(ids: Iterable[str], sectors: dict[str, str] | None = None) -> pd.DataFrame:
        sectors = sectors or {}
        return table(
            "partners",
            [{"partner_id": i, "name": i.title(), "sector": sectors.get(i, "health"), "status": "joined"} for i in ids],
        )

    return of


@pytest.fixture
def reports() -> Make:
    """Ties of one wave from (source, target, level) triples."""

    def of(triples: Iterable[tuple[str, str, int]], wave: str = "2026") -> pd.DataFrame:
        return table("ties", [{"wave": wave, "source": s, "target": t, "level": level} for s, t, level in triples])

    return of


@pytest.fixture
def survey(joined: Make, reports: Make) -> Callable[[nx.Graph], tuple[pd.DataFrame, pd.DataFrame]]:
    """Partners and ties of a published network in which both sides of every tie report it."""

    def of(graph: nx.Graph) -> tuple[pd.DataFrame, pd.DataFrame]:
        names = nx.relabel_nodes(graph, {n: f"{n:02d}" if isinstance(n, int) else n.lower() for n in graph})
        both = [(a, b, 3) for u, v in names.edges for a, b in ((u, v), (v, u))]
        return joined(list(names)), reports(both)

    return of


@pytest.fixture
def study() -> Callable[..., SimpleNamespace]:
    """What a room reads of a Study, with the tables given and all others empty."""

    def of(tables: dict[str, pd.DataFrame] | None = None, **settings: object) -> SimpleNamespace:
        defaults = {
            "as_of": date(2026, 6, 30), "seed": 7, "tie_level": 2, "backbone": None, "agenda": None, "budget": None,
            "preconditions": Preconditions(),
        }  # fmt: skip
        return SimpleNamespace(
            tables={**{name: empty_frame(t) for name, t in INPUTS.items()}, **(tables or {})},
            settings=SimpleNamespace(**{**defaults, **settings}),
            profile=load_profile("child-care"),
        )

    return of
