"""Step 2, landscape: what the community needs, what it has, and how sure the figures are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ci_analysis.landscape.access import (
    area_access,
    catchment_access,
    distance_weights,
    population_centres,
    travel_weights,
)
from ci_analysis.landscape.affordability import affordability_table, facility_prices, weighted_median
from ci_analysis.landscape.estimates import (
    coefficient_of_variation,
    indicator_table,
    interval,
    moe_product,
    moe_proportion,
    moe_ratio,
    moe_sum,
    quality_class,
    standard_error,
)
from ci_analysis.landscape.gaps import gap, gap_summary
from ci_analysis.landscape.need import latest_figures, need_estimates, output_rows, roll_up
from ci_analysis.landscape.supply import facility_areas, facility_seats, known_rows, seats, seats_by_row
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ci_analysis.study import Study

__all__ = [
    "affordability_table",
    "area_access",
    "catchment_access",
    "coefficient_of_variation",
    "compute",
    "distance_weights",
    "facility_areas",
    "facility_prices",
    "facility_seats",
    "gap",
    "gap_summary",
    "indicator_table",
    "interval",
    "known_rows",
    "latest_figures",
    "moe_product",
    "moe_proportion",
    "moe_ratio",
    "moe_sum",
    "need_estimates",
    "output_rows",
    "population_centres",
    "quality_class",
    "roll_up",
    "seats",
    "seats_by_row",
    "standard_error",
    "travel_weights",
    "weighted_median",
]


def compute(study: Study, before: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the landscape's output tables of a study.

    Parameters
    ----------
    study : Study
        A study that was read and checked.
    before : mapping of str to pandas.DataFrame
        Output tables of the steps before; none is used.

    Returns
    -------
    dict of str to pandas.DataFrame
        `indicators`, `gap`, `gap_summary` and `affordability`. Without indicators of need and without facilities the
        gap has no rows.
    """
    tables, areas, profile, as_of = study.tables, study.areas, study.profile, study.settings.as_of
    indicators, capacity, facilities = (tables[t] for t in ("indicators", "capacity", "facilities"))
    where = facility_areas(facilities, areas)
    need = need_estimates(indicators, areas, profile, as_of=as_of)
    table, summary = empty_frame(OUTPUTS["gap"]), empty_frame(OUTPUTS["gap_summary"])
    if need["need"].notna().any() or len(facilities):
        access = area_access(need, capacity, facilities, areas, profile, bands=study.bands, travel=tables["travel"])
        people = latest_figures(indicators, profile.shortage.people, areas=areas, as_of=as_of)
        have = seats(capacity, where, areas, profile)
        table = gap(need, have, areas, profile, people=people, access=access)
        summary = gap_summary(table, profile, seed=study.settings.seed)
    return {
        **{name: empty_frame(table) for name, table in OUTPUTS.items() if table.step == "landscape"},
        "indicators": indicator_table(indicators, profile=profile),
        "gap": table,
        "gap_summary": summary,
        "affordability": affordability_table(indicators, capacity, where, areas, profile, as_of=as_of),
    }
