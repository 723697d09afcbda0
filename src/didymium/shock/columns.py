"""Columns that several tables of a shock share."""

from __future__ import annotations

from didymium.messages import _
from didymium.result import Column

FORESIGHT = Column(
    "", _("What markets know: none believes that today's measures stay, perfect knows every date (a bound)")
)
MONTH = Column("", _("Month"))
