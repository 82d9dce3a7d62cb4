"""Where new capacity serves most people without a place: candidate sites under a budget, and the order to open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from ci_analysis.areas import miles_between
from ci_analysis.errors import RunFailed, WrongUse
from ci_analysis.tables import OUTPUTS, conform, empty_frame

if TYPE_CHECKING:
    from ci_analysis.issues import Profile

__all__ = ["site_demand", "siting"]

EVERYBODY = "all"
#: People and places are counted in thousandths, as whole numbers: 'as many' then means just that.
PEOPLE_UNIT = 1e-3
#: Money is added up in whole cents.
CENTS = 100
#: Miles by which rounding may put an area beyond the reach that it stands on: two thousandths of a millimetre.
ROUNDING_MILES = 1e-9
#: Seconds that the solver may take for one question.
SECONDS = 60.0
#: So many yes-or-no preferences fit in one objective without loss of digits.
BLOCK = 20
#: The solver gets no coefficient beyond this: its tolerances are absolute, and far larger ones break it.
LARGEST = 1e6


def site_demand(sites: pd.DataFrame, gap: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Unmet need that at least one of the candidate sites is meant for, by area and segment.

    The parts of the people are the issue's own segments, of which no two share anybody; where the unmet need of none
    of them is known in any area, they are the one row for everybody. A site without a segment is for all of these
    parts, one of a group for its members, one of a segment for that alone.

    Parameters
    ----------
    sites : pandas.DataFrame
        site_id, segment (missing: everybody).
    gap : pandas.DataFrame
        geoid, segment, unmet (people without a place; missing where it is not known).
    profile : Profile
        The issue, for its segments and groups.

    Returns
    -------
    pandas.DataFrame
        geoid, segment, unmet; sorted by the first two. Areas whose unmet need is not known have a row, without a
        figure.

    Examples
    --------
    >>> from ci_analysis.issues import load_profile
    >>> sites = pd.DataFrame({"site_id": ["s"], "segment": ["preschool"]})
    >>> gap = pd.DataFrame({"geoid": "01", "segment": ["preschool", "school-age", "all"], "unmet": [5.0, 8.0, 13.0]})
    >>> site_demand(sites, gap, load_profile("child-care")).values.tolist()
    [['01', 'preschool', 5.0]]
    """
    parts = _parts(gap, profile)
    wanted = {part for segment in sites["segment"] for part in _members(segment, parts, profile)}
    rows = gap.loc[gap["segment"].isin(wanted), ["geoid", "segment", "unmet"]]
    return rows.sort_values(["geoid", "segment"]).reset_index(drop=True)


def _parts(gap: pd.DataFrame, profile: Profile) -> list[str]:
    known = set(gap.loc[gap["unmet"].notna(), "segment"])
    own = [s.segment for s in profile.segments]
    return own if known & set(own) else [EVERYBODY]


def _members(segment: object, parts: list[str], profile: Profile) -> list[str]:
    """The parts of the people that a site of a segment is for; none where the study does not tell them apart."""
    if pd.isna(segment) or segment == EVERYBODY:
        return parts
    groups = {g.segment: list(g.of) for g in profile.groups}
    return [s for s in groups.get(str(segment), [str(segment)]) if s in parts]


def siting(
    sites: pd.DataFrame,
    gap: pd.DataFrame,
    centres: pd.DataFrame,
    profile: Profile,
    *,
    reach: float | None,
    budget: float | None,
) -> pd.DataFrame:
    """Candidate sites that together serve most unmet need within reach and budget, and the order to open them in.

    The exact maximum of ``Σ served`` with ``Σ cost ≤ budget``, where a site serves areas whose population centre is
    within reach of it (great-circle miles, the end included), not more people than it has seats, and no area has more
    people served than are without a place there (capacitated maximal covering; a mixed-integer program, HiGHS).
    People are counted in thousandths, money in cents. Of sets that serve as many, the cheaper one is taken; of sets
    that also cost the same, the one of fewer sites; then the one that has the first site, by site_id, on which they
    differ. So no site is chosen that would fill no place.

    The sites chosen are put in order: the first serves most by itself, the next most of what is then left, and so
    on; of equal ones the cheaper, then the first by site_id. Who goes where is settled anew at each step, so that a
    site takes nobody whom only it could serve from another.

    Parameters
    ----------
    sites : pandas.DataFrame
        site_id, longitude, latitude (degrees), segment (whom it would serve; missing: everybody), seats, cost (USD).
    gap : pandas.DataFrame
        geoid, segment, unmet (people without a place). An area whose unmet need is not known is left out, and the
        sites within reach of it say so.
    centres : pandas.DataFrame
        geoid, longitude, latitude (degrees), as from `ci_analysis.areas.population_centres`. An area without a point
        is within reach of nothing.
    profile : Profile
        The issue, for its segments and groups; see `site_demand`.
    reach : float or None
        Miles. None where the study tells reach in another way than by miles: then no site can be judged.
    budget : float or None
        USD, all of it for sites. None: there is none, and every site may be opened.

    Returns
    -------
    pandas.DataFrame
        site_id, segment (`all` is everybody), chosen, order, seats, cost (USD), within_reach (people without a place
        within reach; missing where it is known for no area there), served (places filled beside the sites before
        it), unmet_before, unmet_after (people without a place before and after it is opened, of all for whom at
        least one candidate site is meant, in all areas where it is known), why (a sentence, without counts of
        people). The last but one four are missing for a site that is not chosen. Sorted by site_id.

    Raises
    ------
    WrongUse
        Where a cost is below zero.
    RunFailed
        Where the solver gives no answer.

    References
    ----------
    Church, R. and ReVelle, C. (1974), The maximal covering location problem, Papers of the Regional Science
    Association 32, 101–118. Current, J. R. and Storbeck, J. E. (1988), Capacitated covering models, Environment and
    Planning B 15(2), 153–163. Pirkul, H. and Schilling, D. A. (1991), The maximal covering location problem with
    capacities on total workload, Management Science 37(2), 233–248.

    Examples
    --------
    The site that reaches most people has room for few of them.

    >>> from ci_analysis.issues import load_profile
    >>> centres = pd.DataFrame({"geoid": ["01", "02"], "longitude": [0.0, 1.0], "latitude": 0.0})
    >>> gap = pd.DataFrame({"geoid": ["01", "02"], "segment": "preschool", "unmet": [90.0, 30.0]})
    >>> sites = pd.DataFrame(
    ...     {
    ...         "site_id": ["a", "b"],
    ...         "longitude": [0.0, 1.0],
    ...         "latitude": 0.0,
    ...         "segment": None,
    ...         "seats": [20.0, 40.0],
    ...         "cost": 100.0,
    ...     }
    ... )
    >>> table = siting(sites, gap, centres, load_profile("child-care"), reach=10, budget=100)
    >>> table[["site_id", "chosen", "within_reach", "served", "unmet_after"]].values.tolist()
    [['a', False, 90.0, nan, nan], ['b', True, 30.0, 30.0, 90.0]]
    """
    if sites.empty:
        return empty_frame(OUTPUTS["siting"])
    if (sites["cost"] < 0).any():
        raise WrongUse("sites: a cost is below zero; write what the site would cost, in USD")
    table = sites.sort_values("site_id").reset_index(drop=True)
    candidates = _Candidates(table, gap, centres, profile, reach, budget)
    cover = _Cover(candidates)
    chosen = cover.best_set()
    order, served = cover.order(chosen)
    start = candidates.unmet.sum()
    rank = np.full(len(table), np.nan)
    rank[order] = np.arange(1, len(order) + 1)
    after, before, filled = (np.full(len(table), np.nan) for _ in range(3))
    filled[order], after[order] = served, start - np.cumsum(served)
    before[order] = after[order] + served
    result = pd.DataFrame(
        {
            "site_id": table["site_id"],
            "segment": table["segment"].fillna(EVERYBODY),
            "chosen": chosen,
            "order": rank,
            "seats": table["seats"],
            "cost": table["cost"],
            "within_reach": candidates.within_reach(),
            "served": _people(filled),
            "unmet_before": _people(before),
            "unmet_after": _people(after),
            "why": [candidates.why(j, chosen, filled[j], cover) for j in range(len(table))],
        }
    )
    return conform(result, OUTPUTS["siting"])


def _people(thousandths: np.ndarray) -> np.ndarray:
    # Divided, since a product with 0.001 is not the nearest figure.
    return thousandths / round(1 / PEOPLE_UNIT)


class _Candidates:
    """Candidate sites, the parts of the people whom they could serve, and the sentence about each site.

    Parameters
    ----------
    table : pandas.DataFrame
        Sites, in the order of the arrays.
    gap, centres, profile, reach, budget
        As of `siting`.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        gap: pd.DataFrame,
        centres: pd.DataFrame,
        profile: Profile,
        reach: float | None,
        budget: float | None,
    ) -> None:
        self.table, self.reach = table, reach
        demand = site_demand(table, gap, profile)
        unknown = demand["unmet"].isna().to_numpy()
        near = _near(centres.set_index("geoid").reindex(demand["geoid"]), table, reach)
        parts = _parts(gap, profile)
        whom = [set(_members(segment, parts, profile)) for segment in table["segment"]]
        known_parts = set(demand.loc[~unknown, "segment"])
        self.told = np.array([bool(w & known_parts) for w in whom], dtype=bool)
        within = near & np.column_stack([demand["segment"].isin(w) for w in whom])
        self.placed = table[["longitude", "latitude"]].notna().all(axis=1).to_numpy()
        self.areas_near = within.any(axis=0)
        codes = pd.factorize(demand["geoid"])[0]
        self.unknown_near = np.array([len(np.unique(codes[within[:, j] & unknown])) for j in range(len(table))])
        self.known_near = (within & ~unknown[:, None]).any(axis=0)
        self.within = within[~unknown]
        people = demand.loc[~unknown, "unmet"].to_numpy(dtype="float64")
        self.unmet = np.rint(np.maximum(people, 0) / PEOPLE_UNIT)
        self.seats = np.rint(table["seats"].to_numpy(dtype="float64") / PEOPLE_UNIT)
        self.unpriced = table["cost"].isna().to_numpy()
        # An unknown cost stands as 0 in sums that no sentence and no set uses.
        self.cost = np.rint(table["cost"].fillna(0).to_numpy(dtype="float64") * CENTS).astype("int64")
        self.budget = None if budget is None or pd.isna(budget) else round(budget * CENTS)
        self.possible = np.array([self._obstacle(j) is None for j in range(len(table))], dtype=bool)

    def within_reach(self) -> np.ndarray:
        people = _people(self.unmet @ self.within)
        nobody = self.told & ~self.areas_near & self.placed & (self.reach is not None)
        return np.where(self.known_near | nobody, people, np.nan)

    def _obstacle(self, j: int) -> str | None:
        """What keeps a site out, whatever else is chosen."""
        site, reach = self.table.iloc[j], self.reach
        if reach is None:
            return "People's reach is told in minutes here, and nobody has said how many it takes to this site."
        if pd.isna(site["seats"]):
            return "How many places it would add is not given."
        if self.seats[j] <= 0:
            return "It would add no places."
        if self.unpriced[j]:
            return "Its cost is missing."
        if not self.told[j]:
            return "How many of those whom it would serve are without a place is not known."
        if not self.placed[j]:
            return "Where it lies is not given."
        if not self.areas_near[j]:
            return f"No area has its people's centre within {reach:g} miles of it."
        if not self.known_near[j]:
            return f"For no area within {reach:g} miles is it known how many people are without a place."
        if not (self.unmet @ self.within[:, j]):
            return f"Nobody within {reach:g} miles of it is without a place.{self._left_out(j)}"
        if self.budget is not None and self.cost[j] > self.budget:
            return f"It costs {_money(self.cost[j])}, more than the whole budget of {_money(self.budget)}."
        return None

    def why(self, j: int, chosen: np.ndarray, served: float, cover: _Cover) -> str:
        """Return the sentence about one site, given the set that is chosen and the places that it fills."""
        obstacle = self._obstacle(j)
        if obstacle is not None:
            return obstacle
        free = " There is no budget, so every site may be opened." if self.budget is None else ""
        if chosen[j]:
            full = "All its places would be filled" if served == self.seats[j] else "Part of its places would be filled"
            return f"{full}, for {_money(self.cost[j])}.{self._left_out(j)}{free}"
        if cover.filled(chosen | (np.arange(len(chosen)) == j)) == cover.filled(chosen):
            said = "Beside the sites chosen it would fill no further place."
        else:
            left = (self.budget or 0) - self.cost[chosen].sum()
            said = (
                f"The budget serves more people elsewhere: it costs {_money(self.cost[j])}, and {_money(left)} of the "
                "budget remain."
            )
        return f"{said}{self._left_out(j)}{free}"

    def _left_out(self, j: int) -> str:
        n = self.unknown_near[j]
        if not n:
            return ""
        who = "One area within reach is" if n == 1 else f"{n} areas within reach are"
        return f" {who} left out, since who is without a place there is not known."


def _near(places: pd.DataFrame, sites: pd.DataFrame, reach: float | None) -> np.ndarray:
    """Whether each place is within reach of each site."""
    if reach is None:
        return np.zeros((len(places), len(sites)), dtype=bool)
    # A place that is not known is missing miles away, which is within no reach.
    return miles_between(places, sites) <= reach + ROUNDING_MILES


def _money(cents: int) -> str:
    return f"${cents / CENTS:,.0f}" if cents % CENTS == 0 else f"${cents / CENTS:,.2f}"


# --- the program -----------------------------------------------------------------------------------------------------


class _Cover:
    """The covering problem of the sites that come into question: which set, how many it serves, in which order."""

    def __init__(self, candidates: _Candidates) -> None:
        self.at = np.flatnonzero(candidates.possible)
        self.size = len(candidates.possible)
        self.cost, self.budget = candidates.cost[self.at], candidates.budget
        # Parts of the people within reach of the same sites are one.
        within = candidates.within[:, self.at]
        reached = within.any(axis=1) & (candidates.unmet > 0)
        kinds, which = np.unique(within[reached], axis=0, return_inverse=True)
        self.unmet = np.bincount(which.ravel(), weights=candidates.unmet[reached], minlength=len(kinds))
        # More places than people within reach are never filled.
        self.seats = np.minimum(candidates.seats[self.at], self.unmet @ kinds)
        self.who, self.where = np.nonzero(kinds)
        pairs = np.arange(len(self.who))
        self.of_people = csr_array((np.ones(len(pairs)), (self.who, pairs)), shape=(len(kinds), len(pairs)))
        self.of_sites = csr_array((np.ones(len(pairs)), (self.where, pairs)), shape=(len(self.at), len(pairs)))
        self._known: dict[bytes, int] = {}

    def filled(self, chosen: np.ndarray) -> int:
        """Return the places that a set of sites fills at most, in thousandths: a linear program with a whole answer."""
        own = chosen[self.at]
        key = own.tobytes()
        if key not in self._known:
            self._known[key] = self._most_filled(own)
        return self._known[key]

    def _most_filled(self, own: np.ndarray) -> int:
        pairs = np.flatnonzero(own[self.where])
        if not len(pairs):
            return 0
        unmet, seats = self.unmet * PEOPLE_UNIT, self.seats[own] * PEOPLE_UNIT
        answer = linprog(
            -np.ones(len(pairs)),
            A_ub=vstack([self.of_people[:, pairs], self.of_sites[np.flatnonzero(own)][:, pairs]], format="csr"),
            b_ub=np.concatenate([unmet, seats]),
            method="highs",
        )
        if answer.status != 0:
            raise RunFailed(f"how many people the sites serve has no answer: {answer.message}")
        return round(-answer.fun / PEOPLE_UNIT)

    def best_set(self) -> np.ndarray:
        """Return the set that serves most, then costs least, then has fewest sites, then the first names."""
        n = len(self.at)
        if not n:
            return np.zeros(self.size, dtype=bool)
        unit = max(int(np.gcd.reduce(self.cost)), 1)
        cost = self.cost // unit
        limits: list[tuple[np.ndarray, int]] = []
        if self.budget is not None:
            limits.append((cost, self.budget // unit))
        best = self._serves_most(limits)
        least = self.filled(self._whole(best))
        for objective in (cost, np.ones(n, dtype="int64")):
            best = self._cheapest(objective, limits, least, best)
            limits.append((objective, int(objective @ best)))
        for start in range(0, n, BLOCK):
            block = np.arange(start, min(start + BLOCK, n))
            preference = np.zeros(n, dtype="int64")
            preference[block] = -(2 ** np.arange(len(block))[::-1])
            best = self._cheapest(preference, limits, least, best)
            limits.append((preference, int(preference @ best)))
        return self._whole(best)

    def _whole(self, own: np.ndarray) -> np.ndarray:
        chosen = np.zeros(self.size, dtype=bool)
        chosen[self.at] = own
        return chosen

    def _serves_most(self, limits: list[tuple[np.ndarray, int]]) -> np.ndarray:
        best, most = np.zeros(len(self.at), dtype=bool), 0
        cuts: list[tuple[np.ndarray, int]] = []
        while True:
            answer = self._ask(None, [*limits, *cuts], 0)
            if answer is None:
                return best
            found, bound = answer
            if all(row @ found <= up for row, up in limits) and self.filled(self._whole(found)) > most:
                best, most = found, self.filled(self._whole(found))
            if -bound < (most + 0.5) * PEOPLE_UNIT:
                return best
            # The solver's tolerance let part of a site be open, or a little too much be spent: asked without this set.
            cuts.append((np.where(found, 1, -1), int(found.sum()) - 1))

    def _cheapest(
        self, objective: np.ndarray, limits: list[tuple[np.ndarray, int]], least: int, best: np.ndarray
    ) -> np.ndarray:
        """Return the set of the lowest objective among those within the limits that serve the most; `best` is one."""
        cuts = [(objective, int(objective @ best) - 1)]
        while True:
            answer = self._ask(objective, [*limits, *cuts], least)
            if answer is None:
                return best
            found, bound = answer
            served = self.filled(self._whole(found)) >= least
            if served and all(row @ found <= up for row, up in [*limits, cuts[0]]):
                best = found
                if objective @ best < bound + 0.5:
                    return best
                cuts[0] = (objective, int(objective @ best) - 1)
            else:
                cuts.append((np.where(found, 1, -1), int(found.sum()) - 1))

    def _ask(
        self, objective: np.ndarray | None, limits: list[tuple[np.ndarray, int]], least: int
    ) -> tuple[np.ndarray, float] | None:
        """Return a set of sites and the least that any can have of the objective, or None where there is no set.

        Without an objective, it is the people served, below zero. The program's variables are the people of a kind at
        a site, then whether a site is open.
        """
        pairs, n = len(self.who), len(self.at)
        none = csr_array((self.of_people.shape[0], n))
        rooms = csr_array(np.diag(-self.seats * PEOPLE_UNIT))
        rows = [_beside(self.of_people, none), _beside(self.of_sites, rooms)]
        upper = [self.unmet * PEOPLE_UNIT, np.zeros(n)]
        if least:
            rows.append(_beside(csr_array(-np.ones((1, pairs))), csr_array((1, n))))
            # Half a thousandth less, so that rounding does not shut out the best.
            upper.append(np.array([-(least - 0.5) * PEOPLE_UNIT]))
        for row, up in limits:
            size = max(np.abs(row).max() / LARGEST, 1)
            rows.append(_beside(csr_array((1, pairs)), csr_array((row / size)[None, :])))
            upper.append(np.array([up / size]))
        by = 1.0 if objective is None else max(np.abs(objective).max() / LARGEST, 1)
        wanted = np.zeros(pairs + n)
        if objective is None:
            wanted[:pairs] = -1
        else:
            wanted[pairs:] = objective / by
        answer = milp(
            wanted,
            integrality=np.concatenate([np.zeros(pairs), np.ones(n)]),
            bounds=Bounds(0, np.concatenate([np.full(pairs, np.inf), np.ones(n)])),
            constraints=LinearConstraint(vstack(rows, format="csr"), ub=np.concatenate(upper)),
            options={"mip_rel_gap": 0.0, "time_limit": SECONDS},
        )
        if answer.status == 2:
            return None
        if answer.status == 1:
            raise RunFailed("the best sites are not found in a minute: leave out sites that are not in question")
        if answer.x is None or answer.status != 0:
            raise RunFailed(f"the choice of sites has no answer: {answer.message}")
        return np.rint(answer.x[pairs:]).astype(bool), by * float(answer.mip_dual_bound)

    def order(self, chosen: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Return the sites chosen, each filling most of what those before it leave, and the places that each fills."""
        cost = np.zeros(self.size, dtype="int64")
        cost[self.at] = self.cost
        left = np.flatnonzero(chosen)
        opened = np.zeros(self.size, dtype=bool)
        # What a site adds only falls as others open, so what it added earlier is the most that it can add now.
        gains = np.full(self.size, np.inf)
        order, served = [], []
        while len(left):
            left = left[np.lexsort((left, cost[left], -gains[left]))]
            base, most = self.filled(opened), -1.0
            for j in left:
                if gains[j] < most:
                    break
                gains[j] = self.filled(opened | (np.arange(self.size) == j)) - base
                most = max(most, gains[j])
            first = left[np.lexsort((left, cost[left], -gains[left]))][0]
            order.append(int(first))
            served.append(gains[first])
            opened[first] = True
            left = left[left != first]
        return order, np.array(served)


def _beside(left: csr_array, right: csr_array) -> csr_array:
    return hstack([left, right], format="csr")
