"""Columns and limits that several tables of a shock share."""

from __future__ import annotations

import pandas as pd

from didymium.messages import N_
from didymium.result import Column

FORESIGHT = Column(
    "",
    N_(
        "What markets know: none believes that today's measures stay, announced knows their ends, perfect every date "
        "(a bound)"
    ),
)
MONTH = Column("", N_("Month"))

LINE_STOP = 0.15
"""Share missing at which production lines stop: above what thrift saves within a month."""


def first_over(missing: pd.Series, limit: float) -> str:
    """Return the first month in which a share is above a limit; empty where none is."""
    over = missing[missing.gt(limit)]
    return str(over.index[0]) if len(over) else ""
