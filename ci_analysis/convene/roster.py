"""Who is at the table, and which sectors the issue needs are not."""

from __future__ import annotations

import pandas as pd

__all__ = ["MUCH", "sector_coverage"]

#: From this judgement of interest or influence on, 1 to 5, a partner has much of it.
MUCH = 4


def sector_coverage(partners: pd.DataFrame, sectors: pd.DataFrame) -> pd.DataFrame:
    """Return the number of partners at the table from each sector, and the sectors that lack one.

    `gap` = `needed` and `joined` = 0. Partners that left are in no count.

    Parameters
    ----------
    partners : pandas.DataFrame
        One row a partner: partner_id, sector, status (prospect, invited, joined, left).
    sectors : pandas.DataFrame
        One row a sector of the issue profile: sector, label, needed (bool), why.

    Returns
    -------
    pandas.DataFrame
        One row a sector, in the profile's order: sector, needed, joined, invited, prospects (partners), gap (bool).

    Examples
    --------
    >>> partners = pd.DataFrame(
    ...     {"partner_id": ["a", "b"], "sector": ["health", "k12"], "status": ["joined", "invited"]}
    ... )
    >>> sectors = pd.DataFrame({"sector": ["k12", "health"], "needed": [True, True]})
    >>> sector_coverage(partners, sectors)[["sector", "joined", "gap"]].values.tolist()
    [['k12', 0, True], ['health', 1, False]]
    """
    counts = pd.crosstab(partners["sector"], partners["status"])
    # A sector or status that no partner has is counted, and counts none.
    counts = counts.reindex(index=sectors["sector"], columns=["joined", "invited", "prospect"], fill_value=0)
    coverage = sectors[["sector", "needed"]].reset_index(drop=True)
    coverage[["joined", "invited", "prospects"]] = counts.to_numpy(dtype="int64")
    coverage["gap"] = coverage["needed"].astype(bool) & coverage["joined"].eq(0)
    return coverage
