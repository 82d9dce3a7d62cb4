"""Step 2, landscape: what the community needs, what it has, and how sure the figures are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ci_analysis.areas import population_centres
from ci_analysis.landscape.access import (
    area_access,
    catchment_access,
    distance_weights,
    travel_weights,
)
from ci_analysis.landscape.affordability import (
    affordability_table,
    affordability_years,
    facility_prices,
    weighted_median,
)
from ci_analysis.landscape.disparities import disparities, outer_fourths
from ci_analysis.landscape.dollars import in_dollars_of, price_level
from ci_analysis.landscape.estimates import (
    coefficient_of_variation,
    differs,
    interval,
    moe_change,
    moe_difference,
    moe_product,
    moe_proportion,
    moe_ratio,
    moe_sum,
    quality_class,
    standard_error,
)
from ci_analysis.landscape.gaps import gap, gap_summary, unmet_need
from ci_analysis.landscape.hotspots import hotspots, local_moran, neighbours
from ci_analysis.landscape.hours import hours_gap
from ci_analysis.landscape.indicators import censored, indicator_kinds, indicator_table
from ci_analysis.landscape.medians import aggregated_median, class_bounds
from ci_analysis.landscape.need import latest_figures, need_estimates, output_rows, roll_up
from ci_analysis.landscape.peers import peer_medians, peers
from ci_analysis.landscape.reach import reach
from ci_analysis.landscape.regions import region_gap, region_indicators
from ci_analysis.landscape.summary import indicator_summary
from ci_analysis.landscape.supply import facility_areas, facility_seats, known_rows, membership, seats, seats_by_row
from ci_analysis.landscape.trends import trends
from ci_analysis.landscape.uptake import uptake_table
from ci_analysis.tables import OUTPUTS, empty_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ci_analysis.study import Study

__all__ = [
    "affordability_table",
    "affordability_years",
    "aggregated_median",
    "area_access",
    "catchment_access",
    "censored",
    "class_bounds",
    "coefficient_of_variation",
    "compute",
    "differs",
    "disparities",
    "distance_weights",
    "facility_areas",
    "facility_prices",
    "facility_seats",
    "gap",
    "gap_summary",
    "hotspots",
    "hours_gap",
    "in_dollars_of",
    "indicator_kinds",
    "indicator_summary",
    "indicator_table",
    "interval",
    "known_rows",
    "latest_figures",
    "local_moran",
    "membership",
    "moe_change",
    "moe_difference",
    "moe_product",
    "moe_proportion",
    "moe_ratio",
    "moe_sum",
    "need_estimates",
    "neighbours",
    "outer_fourths",
    "output_rows",
    "peer_medians",
    "peers",
    "population_centres",
    "price_level",
    "quality_class",
    "reach",
    "region_gap",
    "region_indicators",
    "roll_up",
    "seats",
    "seats_by_row",
    "standard_error",
    "travel_weights",
    "trends",
    "unmet_need",
    "uptake_table",
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
        gap has no rows. Everything that counts seats counts the same ones, limited by staff where the study has the
        figures.
    """
    tables, areas, profile, as_of = study.tables, study.areas, study.profile, study.settings.as_of
    indicators, facilities = tables["indicators"], tables["facilities"]
    capacity = facility_seats(tables["capacity"], facilities, study.staffing)
    where = facility_areas(facilities, areas)
    need = need_estimates(indicators, areas, profile, as_of=as_of)
    table, summary = empty_frame(OUTPUTS["gap"]), empty_frame(OUTPUTS["gap_summary"])
    if need["need"].notna().any() or len(facilities):
        access = area_access(need, capacity, facilities, areas, profile, bands=study.bands, travel=tables["travel"])
        people = latest_figures(indicators, profile.shortage.people, areas=areas, as_of=as_of)
        have = seats(capacity, where, areas, profile)
        table = gap(need, have, areas, profile, people=people, access=access)
        summary = gap_summary(table, profile, seed=study.settings.seed)
    eligible = latest_figures(indicators, profile.need.people, areas=areas, as_of=as_of)
    at_work = None
    if profile.hours is not None:
        at_work = latest_figures(indicators, profile.hours.at_work, areas=areas, as_of=as_of)
    figures = indicator_table(indicators, profile=profile)
    alike = study.settings.peers
    like = peers(indicators, areas, profile, as_of=as_of, match=alike.match, count=alike.count, others=tables["peers"])
    prices = affordability_table(indicators, capacity, where, areas, profile, as_of=as_of)
    return {
        **{name: empty_frame(table) for name, table in OUTPUTS.items() if table.step == "landscape"},
        "indicators": peer_medians(figures, like, others=tables["peers"]),
        "indicator_summary": indicator_summary(figures, areas, profile),
        "trends": trends(indicators, areas, profile, as_of=as_of),
        "peers": like,
        "gap": table,
        "region_gap": region_gap(table, tables["regions"], profile),
        "region_indicators": region_indicators(figures, tables["regions"], areas, profile),
        "gap_summary": summary,
        "uptake": uptake_table(capacity, where, eligible, areas, profile),
        "hours_gap": hours_gap(capacity, facilities, where, need, profile, at_work=at_work),
        "reach": reach(tables["initiatives"], areas, profile, as_of=as_of),
        "affordability": prices,
        "affordability_years": affordability_years(indicators, capacity, where, areas, profile, as_of=as_of),
        "hotspots": hotspots(table, prices, indicators, areas, profile, as_of=as_of, seed=study.settings.seed),
        "disparities": disparities(indicators, table, prices, tables["regions"], areas, profile, as_of=as_of),
    }
