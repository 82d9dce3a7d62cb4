from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from ci_analysis.tables import period_end

Make = Callable[..., pd.DataFrame]


@pytest.fixture
def series() -> Make:
    """One series as `rolled_up` hands it over: a figure a year, from 2001 on, or for the periods given."""

    def of(
        values: Sequence[float],
        periods: Sequence[str] | None = None,
        measure_id: str = "seats",
        segment: str = "all",
    ) -> pd.DataFrame:
        if periods is None:
            periods = [str(2001 + k) for k in range(len(values))]
        frame = pd.DataFrame({"period": pd.Series(periods, dtype="str"), "value": np.array(values, dtype=float)})
        return frame.assign(
            measure_id=measure_id,
            segment=segment,
            period_end=period_end(frame["period"]),
            reporters=np.nan,
            complete=pd.array([True] * len(frame), dtype="boolean"),
        )

    return of
