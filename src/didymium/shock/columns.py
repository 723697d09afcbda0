"""Columns and limits that several tables of a shock share."""

from __future__ import annotations

from didymium.messages import N_
from didymium.result import Column

FORESIGHT = Column(
    "", N_("What markets know: none believes that today's measures stay, perfect knows every date (a bound)")
)
MONTH = Column("", N_("Month"))

LINE_STOP = 0.15
"""Share missing at which production lines stop: above what thrift saves within a month."""
