"""How each table of a run is made, in a sentence or two with its formula and where it comes from: the methods page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["METHODS", "Method"]


@dataclass(frozen=True)
class Method:
    """How one table is made.

    Parameters
    ----------
    formula : str
        In words and signs, as text.
    reference : str
        Author and year; empty where it is plain counting, or this project's own.
    """

    formula: str
    reference: str = ""


_ACS = "U.S. Census Bureau (2020), Understanding and Using American Community Survey Data, chapters 7 and 8"
_SMAA = "Lahdelma and Salminen (2001), SMAA-2"
_GAP = "Center for American Progress (2018), America's Child Care Deserts"

#: By the name of the table.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "sector_coverage": Method(
            "Partners by sector and status. A sector is a gap where the issue needs it and no partner of it has "
            "joined.",
        ),
        "network_partners": Method(
            "Two partners are tied where either reports a level of collaboration at or above the study's tie "
            "level. Degree: ties. Betweenness: share of shortest paths between two others that lead through the "
            "partner. Closeness: (r / (n − 1)) × (r / sum of distances) for the r others within reach. "
            "Constraint: Σj (p_ij + Σq p_iq p_qj)², p = 1 / degree. Trust and value: means of the ratings "
            "received, 1 to 4.",
            "Freeman (1978); Burt (1992); Frey et al. (2006)",
        ),
        "network_summary": Method(
            "Density = 2 ties / (n (n − 1)). Centralization = sum of (largest degree − degree) / ((n − 1)(n − "
            "2)). Reciprocity: of pairs that both answered and at least one reports, the share that both report. "
            "E-I index = (ties across sectors − ties within) / both. Low and high: the ends over all that the "
            "silent could have said.",
            "Freeman (1978); Krackhardt and Stern (1988); Manski (1989)",
        ),
        "network_changes": Method(
            "Pairs whose tie is new, lost, stronger or weaker than in the wave before; comparable where the same "
            "of the two answered in both waves.",
        ),
        "introductions": Method(
            "Gain = global efficiency with the tie less without it; efficiency = mean of 1 / distance over all "
            "ordered pairs, 0 where there is no way. Computed for every pair without a tie.",
            "Latora and Marchiori (2001)",
        ),
        "conditions": Method(
            "Score = mean over respondents of their mean over a condition's statements, 1 to 5; interval = score "
            "± t(0.975, k − 1) s / √k for k respondents. Spread = s.",
            "Kania and Kramer (2011); Student (1908)",
        ),
        "comments": Method(
            "As written, sorted by their words; names of partners and contacts are taken out.",
        ),
        "gate": Method(
            "The coalition's own judgement of urgency, champion and resources, beside what the tables show. It "
            "advises, and stops nothing.",
            "Hanleybrown, Kania and Kramer (2012), Channeling Change",
        ),
        "indicators": Method(
            "As published or brought. Interval = figure ± margin of error (90 percent), within what the figure "
            "can be. Coefficient of variation = margin / 1.645 / figure; percentile = share of the areas with a "
            "lower figure, plus half of those with the same.",
            _ACS,
        ),
        "indicator_summary": Method(
            "Over the areas with a figure: total of a count, the middle, the two ends.",
        ),
        "trends": Method(
            "The last period against the earliest that can be compared: same source, ages and length, no year in "
            "common. A change where the difference is more than √(sum of the two margins²); one area in ten would "
            "seem to change by chance.",
            _ACS,
        ),
        "peers": Method(
            "Distance = √(mean over the indicators matched on of (z of the area − z of the other)²), z in "
            "standard deviations from the mean; counts by ln(1 + count) first.",
        ),
        "gap": Method(
            "Unmet = max(0, need − usable seats), by area and segment; of a group, the sum of its segments'. "
            "Access: each facility's seats over the people within its reach, by distance; an area's is the sum "
            "over the facilities within its reach. Probability of a shortage = P(need > people a seat × usable), "
            "need normal around its estimate.",
            f"{_GAP}; Luo and Qi (2009)",
        ),
        "region_gap": Method(
            "Sums over a region's areas of need, seats and unmet need; access weighted by need.",
        ),
        "region_indicators": Method(
            "Counts are summed; shares are weighted by the count that they are of; a median is made from summed "
            "counts by class, where the study has them, and never from medians.",
            _ACS,
        ),
        "uptake": Method(
            "Filled = usable − vacancies. Occupancy = filled / usable. Uptake = enrolled / eligible.",
        ),
        "hours_gap": Method(
            "In each hour: seats of facilities open through all of it, against need times the share of parents at "
            "work then. Low: as if unknown hours were open; high: as if closed.",
        ),
        "gap_summary": Method(
            "Spatial gap = sum of the areas' unmet need. Pooled gap = max(0, sum of need − sum of usable seats). "
            "Sufficiency = usable / need. Interval: 5th to 95th percentile of 4,000 draws of every need around "
            "its estimate.",
            _GAP,
        ),
        "affordability": Method(
            "Share = 52 × weekly price / median income of the year, against the benchmark. Price: median of the "
            "area's facilities by their seats, else the indicator's. Price and income may be of different years; "
            "both are named.",
            "45 CFR 98.45 (2016)",
        ),
        "affordability_years": Method(
            "The same for each year with prices for at least 80 percent of the areas, with the income of the "
            "nearest year; other years' dollars by the consumer price index CPI-U.",
            "U.S. Bureau of Labor Statistics, series CUUR0000SA0",
        ),
        "hotspots": Method(
            "I = z × mean z of the areas that share an edge or a corner. Two-sided p from 999 conditional "
            "permutations with the study's seed; a cluster where q (Benjamini and Hochberg) is at most 0.10.",
            "Anselin (1995); Benjamini and Hochberg (1995)",
        ),
        "disparities": Method(
            "Ratio and difference of two groups, the worse off first: the outer fourths of the areas by an "
            "indicator, regions, groups of people. 90 percent intervals from the margins.",
            _ACS,
        ),
        "reach": Method(
            "Initiatives under way on the study's day, by lever and by the areas that they name; none: all.",
        ),
        "activities": Method(
            "Initiatives and projects of each partner on each lever; overlap: two or more partners.",
        ),
        "what_works": Method(
            "Evidence and scalability are rated 1 to 5; 4 or 5 is high. Both high: scale now; only scalability: "
            "test at scale; only evidence: keep local; neither: learn first.",
        ),
        "ranking": Method(
            "Score = sum over criteria of weight × (value − worst) / (best − worst); weights are the mean of the "
            "partners' own, each summing to 1. Low and high rank: 5th and 95th percentile over 1,000 bootstrap "
            "samples of the partners. Disagreement: interquartile range of the rank across partners. TOPSIS, "
            "another method, as a check.",
            f"Efron (1979); {_SMAA}; Hwang and Yoon (1981)",
        ),
        "criterion_scores": Method(
            "Value = the agreed one, else the mean of the judgements; score = (value − worst) / (best − worst), "
            "between 0 and 1, where 1 is best.",
        ),
        "criterion_weights": Method(
            "Mean over partners of their points, each partner's summing to 1, with the quartiles over partners.",
        ),
        "partner_weights": Method(
            "A partner's points over their sum.",
        ),
        "rank_acceptability": Method(
            "Share of 10,000 weights, drawn evenly from all that are non-negative and sum to 1, that give a "
            "project each rank.",
            _SMAA,
        ),
        "partner_rankings": Method(
            "Score = sum over criteria of the partner's own weight × score on the criterion; ranks as in the ranking."
        ),
        "objections": Method(
            "A partner would object to the coalition's first project where it stands in the lower half of the "
            "partner's own order. Loss = score of its own first − score of that one, by its own weights.",
        ),
        "agreement": Method(
            "Kendall's W = 12 S / (m² (n³ − n) − m ΣT) over m partners' orders of n projects: S the squared "
            "deviations of rank sums, T = Σ(t³ − t) for ties.",
            "Kendall and Babington Smith (1939)",
        ),
        "portfolio": Method(
            "Value rule: the exact maximum of the sum of scores under the budget, with what projects require and "
            "exclude. Equal shares: each partner has an equal share of the budget; again and again the project is "
            "bought that costs its supporters least for what it is worth to them.",
            "Martello and Toth (1990); Peters, Pierczyński and Skowron (2021)",
        ),
        "portfolio_summary": Method(
            "Sums over the chosen projects; what a budget a tenth larger would choose besides.",
        ),
        "agenda_arithmetic": Method(
            "Needed = target − latest figure − change expected without new work. Against it the sums of the "
            "chosen projects' effects: enough where the low sum covers it, likely the mid, stretch only the high, "
            "short not even that.",
        ),
        "shared_claims": Method(
            "Pairs of chosen projects with effects on one measure, for the same segment, in areas that meet.",
        ),
        "catalytic": Method(
            "Joined partners that lead or take part in each project, and their sectors; a single organization's "
            "where they are of fewer than two sectors.",
        ),
        "gap_coverage": Method(
            "Unmet need by area and segment, and the places that projects there are to add, spread in proportion "
            "to unmet need.",
        ),
        "project_gaps": Method(
            "Unmet need of a project's segment in its areas, and the places that it is to add.",
        ),
        "gap_waterfall": Method(
            "Remaining = max(0, today − committed − planned). Committed: a deliverable is begun and money is "
            "there or pledged or the portfolio chooses it, or its cost is covered. Planned: the portfolio chooses "
            "it. Places fill the gap of their areas and segment, spread in proportion to unmet need, an "
            "assumption.",
        ),
        "chain": Method(
            "From gap to project, measure, deliverable, rule and decision, by their identifiers.",
        ),
        "siting": Method(
            "The sites that together serve most people without a place within reach, under the budget, each "
            "serving no more than it has seats: capacitated maximal covering, an exact maximum.",
            "Church and ReVelle (1974); Current and Storbeck (1988)",
        ),
        "measures": Method(
            "Progress = 100 (latest − baseline) / (target − baseline) percent. Projection: a least-squares line "
            "over months, with its 80 percent prediction interval, from four figures on; with fewer, the share of "
            "the way gone against the share of the time gone.",
            "National Center for Health Statistics, Healthy People 2030; Draper and Smith (1998)",
        ),
        "control_chart": Method(
            "Centre = mean; limits = centre ± 2.66 × mean moving range, from five figures on, trial limits below "
            "twelve. Signals: outside the limits; two of three beyond two thirds of the way to one; seven in a "
            "row on one side, or rising, or falling.",
            "Wheeler (1993), Understanding Variation; Nelson (1982)",
        ),
        "reporting": Method(
            "A figure is due 45 days after its period's last day; on time, late, or missing once that day is past.",
        ),
        "deliverables": Method(
            "Days late = the study's day, or the day it was done, less the day it was due.",
        ),
        "rules_fired": Method(
            "A rule fires where its condition holds on the study's day; it has fired on the last day of the first "
            "period from which on it has held without a break. The answer is the first decision that names it "
            "since.",
        ),
        "commitments": Method(
            "What partners said with the agenda, deliverables that they answer for, money pledged or given, and "
            "decided projects. What was only asked for is nobody's promise.",
        ),
        "communications": Method(
            "Due one week, month, quarter or year of the calendar after the last time; what has never happened is "
            "due at once.",
        ),
        "project_progress": Method(
            "At risk: a deliverable more than 30 days late, two or more late, or more than half of what was due "
            "not done.",
        ),
        "burn_up": Method(
            "Deliverables due, and done, by the end of each month, adding up.",
        ),
        "contribution": Method(
            "Three methods side by side: segmented regression of the series itself (Newey and West's errors); "
            "change beside the mean change of others; the mix of others nearest before the work, by weights of at "
            "least 0 that sum to 1. Contribution, not attribution.",
            "Wagner et al. (2002); Card and Krueger (1994); Abadie, Diamond and Hainmueller (2010)",
        ),
        "contribution_series": Method(
            "The figures, and what each of the three methods takes for those without the work.",
        ),
        "changes": Method(
            "This run's inputs against those of the last run whose inputs differ, cell by cell.",
        ),
        "changed_results": Method(
            "The same of its results.",
        ),
    }
)
