"""A whole country's gap, and access within ten miles timed beside PySAL's `access` in one run.

    python benchmarks/landscape.py

PySAL is handed the distances of all pairs within reach, which it cannot make between points of the globe; ours makes
them, and its time has them in it. Both take one row of the gap. The country is made up: places and facilities crowd
around cities, of which the largest are by far the largest. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ci_analysis.issues import load_profile
from ci_analysis.landscape import (
    area_access,
    catchment_access,
    distance_weights,
    facility_seats,
    gap,
    gap_summary,
    latest_figures,
    need_estimates,
    roll_up,
    seats,
)

SEED = 20260630
BANDS = [(2.5, 1.0), (5.0, 0.68), (10.0, 0.22)]
CITIES = 400
RUNS = 3
#: Places and facilities.
SIZES = [(8_000, 3_000), (30_000, 10_000)]
COUNTRY = (85_000, 30_000)
#: Areas of the tables of which access is no part.
AREAS = (3_000, 85_000)


def points(n: int, spread: float, rural: float, seed: int) -> pd.DataFrame:
    """Points around the same cities for any n, wider around larger ones; a share of them anywhere."""
    cities = np.random.default_rng(SEED).uniform((-122, 28), (-70, 47), (CITIES, 2))
    size = 1 / np.arange(1, CITIES + 1)
    rng = np.random.default_rng([SEED, seed])
    city = rng.choice(CITIES, n, p=size / size.sum())
    around = spread * (0.4 + np.sqrt(size[city]))
    at = cities[city] + rng.normal(size=(n, 2)) * around[:, None]
    anywhere = rng.random(n) < rural
    at[anywhere] = rng.uniform((-122, 28), (-70, 47), (anywhere.sum(), 2))
    return pd.DataFrame(at, columns=["longitude", "latitude"])


def country(places: int, facilities: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Centres of places, in the order of the west to the east as identifiers roughly are, and facilities."""
    centres = points(places, 0.1, 0.15, 1)
    order = np.lexsort((centres["latitude"], centres["longitude"].round()))
    return centres.iloc[order].reset_index(drop=True), points(facilities, 0.08, 0.1, 2)


def people_and_seats(places: int, facilities: int) -> tuple[np.ndarray, np.ndarray]:
    """People in need of each place, and seats of each facility."""
    rng = np.random.default_rng(SEED)
    return rng.integers(1, 300, places).astype("float64"), rng.integers(1, 80, facilities).astype("float64")


def ours(centres: pd.DataFrame, facilities: pd.DataFrame, people: np.ndarray, have: np.ndarray) -> np.ndarray:
    """Access of each place, distances and all."""
    return catchment_access(people, have, distance_weights(centres, facilities, BANDS))


def costs(centres: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """Miles of each pair within reach, for PySAL."""
    pairs = distance_weights(centres, facilities, BANDS).tocoo()
    here, there = np.radians(centres.to_numpy()[pairs.row]), np.radians(facilities.to_numpy()[pairs.col])
    h = np.sin((there[:, 1] - here[:, 1]) / 2) ** 2
    h += np.cos(here[:, 1]) * np.cos(there[:, 1]) * np.sin((there[:, 0] - here[:, 0]) / 2) ** 2
    return pd.DataFrame({"place": pairs.row, "facility": pairs.col, "miles": 2 * 3958.7613 * np.arcsin(np.sqrt(h))})


def pysal(pairs: pd.DataFrame, people: np.ndarray, have: np.ndarray) -> pd.Series:
    """Access of each place that reaches anything, from the miles of each pair."""
    from access import Access, weights

    table = Access(
        demand_df=pd.DataFrame({"place": range(len(people)), "people": people}),
        demand_index="place",
        demand_value="people",
        supply_df=pd.DataFrame({"facility": range(len(have)), "seats": have}),
        supply_index="facility",
        supply_value="seats",
        cost_df=pairs,
        cost_origin="place",
        cost_dest="facility",
        cost_name="miles",
    ).enhanced_two_stage_fca(weight_fn=weights.step_fn(dict(BANDS)), max_cost=BANDS[-1][0])
    return table["e2sfca_seats"]


def median_seconds(run: Callable[[], object], runs: int, *, first: bool = True) -> float:
    """Median time of several runs, after one that does not count, unless one has just been."""
    if first:
        run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def from_pairs(pairs: pd.DataFrame, people: np.ndarray, have: np.ndarray) -> np.ndarray:
    """Access of each place from what PySAL is handed: the miles of each pair."""
    limits, weights = (np.array(part) for part in zip(*BANDS, strict=True))
    # On the end of a band, as far as the miles were rounded.
    weight = weights[np.searchsorted(limits + 1e-9, pairs["miles"].to_numpy())]
    at = (pairs["place"].to_numpy(), pairs["facility"].to_numpy())
    return catchment_access(people, have, csr_array((weight, at), shape=(len(people), len(have))))


def compare(places: int, facilities: int, say: Callable[[str], object], *, runs: int = RUNS) -> None:
    """Print one line for a size that both can do, after both gave the same figures."""
    where, numbers = country(places, facilities), people_and_seats(places, facilities)
    pairs = costs(*where)
    theirs = pysal(pairs, *numbers).reindex(range(places)).to_numpy()
    found = ours(*where, *numbers)
    reached = found > 0
    np.testing.assert_allclose(theirs[reached], found[reached], rtol=1e-12)
    np.testing.assert_array_equal(np.nan_to_num(theirs[~reached]), 0)
    np.testing.assert_allclose(from_pairs(pairs, *numbers), found, rtol=1e-12)
    mine = median_seconds(lambda: ours(*where, *numbers), runs)
    alone = median_seconds(lambda: from_pairs(pairs, *numbers), runs)
    other = median_seconds(lambda: pysal(pairs, *numbers), runs, first=runs > 1)
    say(f"{places:>7,} x {facilities:<7,}{len(pairs):>12,}{mine:>10.3f} s{alone:>10.3f} s{other:>10.3f} s")
    say(f"{other / mine:>9.1f}x{other / alone:>9.1f}x\n")


def peak() -> float:
    """Most memory that this process had so far, in gigabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def alone(say: Callable[[str], object]) -> None:
    """Print the country's seconds, pairs and memory, for the two steps over five rows and for the room's function."""
    centres, facilities = country(*COUNTRY)
    people, have = people_and_seats(*COUNTRY)
    demand, supply = np.outer(people, np.arange(1, 6)), np.outer(have, np.arange(1, 6))
    before = peak()
    start = time.perf_counter()
    weights = distance_weights(centres, facilities, BANDS)
    found = time.perf_counter()
    catchment_access(demand, supply, weights)
    end = time.perf_counter()
    say(f"\n{COUNTRY[0]:,} places, {COUNTRY[1]:,} facilities, {weights.nnz:,} pairs within {BANDS[-1][0]:g} miles\n")
    say(f"{'weights':<18}{found - start:>8.2f} s\n{'two steps, 5 rows':<18}{end - found:>8.2f} s\n")
    say(f"{'peak memory':<18}{peak():>8.2f} GB, of which {before:.2f} GB before it began\n")


def tables(n: int) -> dict[str, pd.DataFrame]:
    """A study of n areas with need by age, and with three facilities for eight areas."""
    centres, sites = country(n, max(1, 3 * n // 8))
    geoids = [f"{i:011d}" for i in range(n)]
    rng = np.random.default_rng(SEED)
    ages = ["infant-toddler", "preschool", "school-age"]
    grid = pd.MultiIndex.from_product([geoids, ["2023", "2024"], ages], names=["geoid", "period", "segment"])
    children = pd.DataFrame(index=grid).reset_index().assign(indicator="children")
    children["value"] = rng.integers(0, 300, len(children)).astype("float64")
    children["moe"] = rng.integers(5, 90, len(children)).astype("float64")
    share = children[children["period"].eq("2024")].assign(indicator="share_all_parents_working", moe=0.05)
    share["value"] = rng.uniform(0.4, 0.8, len(share))
    ids = [f"facility-{i:05d}" for i in range(len(sites))]
    capacity = pd.DataFrame({"facility_id": np.repeat(ids, 2), "segment": ["infant-toddler", "preschool"] * len(ids)})
    capacity = capacity.assign(licensed=rng.integers(1, 80, len(capacity)).astype("float64"))
    capacity[["low", "high", "usable"]] = np.nan
    areas = gpd.GeoDataFrame(centres.assign(geoid=geoids), geometry=[None] * n, crs="EPSG:4326")
    facilities = sites.assign(facility_id=ids, geoid=rng.choice(geoids, len(ids)))
    return {
        "indicators": pd.concat([children, share], ignore_index=True),
        "capacity": facility_seats(capacity),
        "facilities": facilities,
        "areas": areas,
    }


def parts(n: int, say: Callable[[str], object]) -> None:
    """Print the seconds of each part of the gap, for n areas; one run each."""
    t, profile, as_of = tables(n), load_profile("child-care"), dt.date(2026, 6, 30)
    areas, facilities = t["areas"], t["facilities"]
    where = facilities.set_index("facility_id")["geoid"]
    made: dict[str, pd.DataFrame] = {}

    def run(name: str, make: Callable[[], pd.DataFrame]) -> None:
        start = time.perf_counter()
        made[name] = make()
        say(f"{name:<18}{time.perf_counter() - start:>8.2f} s\n")

    say(f"\n{n:,} areas, {len(facilities):,} facilities, need by three ages; one run\n")
    run("latest_figures", lambda: latest_figures(t["indicators"], "children", areas=areas, as_of=as_of))
    people = made["latest_figures"]
    run("roll_up", lambda: roll_up(people.assign(basis="people"), areas, profile))
    run("need_estimates", lambda: need_estimates(t["indicators"], areas, profile, as_of=as_of))
    run("seats", lambda: seats(t["capacity"], where, areas, profile))
    need, have = made["need_estimates"], made["seats"]
    run("area_access", lambda: area_access(need, t["capacity"], facilities, areas, profile, bands=BANDS))
    run("gap", lambda: gap(need, have, areas, profile, people=people, access=made["area_access"]))
    run("gap_summary", lambda: gap_summary(made["gap"], profile, seed=SEED))
    say(f"{'peak memory':<18}{peak():>8.2f} GB\n")


def main() -> None:
    """Measure each part of the country in a process of its own, then compare both sizes."""
    say = sys.stdout.write
    if sys.argv[1:] == ["country"]:
        alone(say)
    elif sys.argv[1:]:
        parts(int(sys.argv[1]), say)
    else:
        # What the other library says about its own code is not measured.
        warnings.simplefilter("ignore")
        # First, while this process is small: a process starts with the peak of the one that started it.
        for what in ("country", *map(str, AREAS)):
            subprocess.run([sys.executable, __file__, what], check=True)
        say(f"\nAccess beside PySAL, medians of {RUNS} runs on {os.cpu_count()} processors\n\n")
        say(f"{'places x facilities':<17}{'pairs':>10}{'ours':>12}{'from pairs':>12}{'PySAL':>12}{'ratios':>19}\n")
        for size in SIZES:
            compare(*size, say)
        compare(*COUNTRY, say, runs=1)


if __name__ == "__main__":
    main()
