from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from ci_analysis.issues import load_profile
from ci_analysis.tables import INPUTS, conform, empty_frame


def typed(name, rows):
    """A table as a study holds it: declared columns, typed, from rows that name only what they need."""
    if not rows:
        return empty_frame(INPUTS[name])
    return conform(pd.DataFrame(rows).reindex(columns=INPUTS[name].names), INPUTS[name])


@pytest.fixture
def table():
    return typed


@pytest.fixture(scope="session")
def profile():
    return load_profile("child-care")


@pytest.fixture
def as_of():
    return dt.date(2026, 6, 30)


@pytest.fixture
def squares():
    """Three squares of a tenth of a degree in a row; the first and second share an edge at longitude -105.0."""
    return gpd.GeoDataFrame(
        {
            "geoid": ["08001", "08003", "08005"],
            "name": ["One", "Two", "Three"],
            "longitude": [-105.05, np.nan, -104.85],
            "latitude": [39.05, np.nan, 39.05],
        },
        geometry=[
            box(-105.1, 39.0, -105.0, 39.1),
            box(-105.0, 39.0, -104.9, 39.1),
            box(-104.9, 39.0, -104.8, 39.1),
        ],
        crs="EPSG:4326",
    )


@pytest.fixture
def study(profile, squares, as_of):
    """A small study in which every table of the landscape has something to say."""
    children = [
        {"geoid": g, "indicator": "children", "period": "2024", "segment": s, "value": v, "moe": m, "source": "ACS"}
        for g, s, v, m in [
            ("08001", "infant-toddler", 300, 60),
            ("08001", "preschool", 200, 50),
            ("08001", "school-age", 400, 80),
            ("08003", "infant-toddler", 100, 30),
            ("08003", "preschool", 0, 14),
            ("08003", "school-age", 150, 40),
            ("08005", "infant-toddler", 80, 25),
            ("08005", "preschool", 90, 30),
        ]
    ]
    rest = [
        {"geoid": g, "indicator": i, "period": p, "value": v, "source": "ACS"}
        for g, v in [("08001", 0.5), ("08003", 0.8), ("08005", 0.6)]
        for i, p, v in [("share_all_parents_working", "2018", v), ("median_family_income", "2018", 100_000 * v)]
    ]
    rest += [
        {"geoid": g, "indicator": "rate_unemployment", "period": p, "value": v, "source": f"Survey {p}"}
        for g in ("08001", "08003", "08005")
        for p, v in [("2013", 0.08), ("2018", 0.04)]
    ]
    hidden = [
        {"geoid": "08005", "indicator": "children", "period": "2024", "segment": "school-age", "reason": "withheld"}
    ]
    facilities = [
        {"facility_id": "center-a", "name": "A", "kind": "center", "longitude": -105.05, "latitude": 39.05,
         "opens": "07:00", "closes": "18:00"},
        {"facility_id": "home-b", "name": "B", "kind": "home", "longitude": -104.95, "latitude": 39.05},
        {"facility_id": "silent-c", "name": "C", "kind": "home", "longitude": -104.95, "latitude": 39.06},
        {"facility_id": "outside-d", "name": "D", "kind": "center", "longitude": -104.75, "latitude": 39.05},
    ]  # fmt: skip
    capacity = [
        {"facility_id": "center-a", "segment": "infant-toddler", "licensed": 40, "usable": 30, "price_week": 300},
        {"facility_id": "center-a", "segment": "preschool", "licensed": 150, "low": 100, "high": 180, "vacancies": 15,
         "enrolled": 120},
        {"facility_id": "home-b", "licensed": 10},
        {"facility_id": "home-b", "segment": "infant-toddler", "price_week": 200},
        {"facility_id": "outside-d", "segment": "preschool", "licensed": 60},
    ]  # fmt: skip
    tables = {
        **{name: empty_frame(declared) for name, declared in INPUTS.items()},
        "indicators": typed("indicators", [*children, *rest, *hidden]),
        "facilities": typed("facilities", facilities),
        "capacity": typed("capacity", capacity),
        "initiatives": typed(
            "initiatives",
            [{"initiative_id": "bus", "name": "Bus", "lead": "school", "lever": "supply", "areas": "08001"}],
        ),
        "regions": typed(
            "regions",
            [
                {"geoid": g, "region_kind": "side", "region": r}
                for g, r in [("08001", "West"), ("08003", "West"), ("08005", "East")]
            ],
        ),
    }
    return SimpleNamespace(
        tables=tables,
        areas=squares,
        profile=profile,
        settings=SimpleNamespace(as_of=as_of, seed=7, peers=SimpleNamespace(count=10, match=("median_family_income",))),
        bands=((5.0, 1.0), (10.0, 0.68), (15.0, 0.22)),
        staffing={},
    )
