"""The tables of a case. Add a field to one and it is loaded, checked, described and documented."""

from __future__ import annotations

from didymium.case.chain_tables import (
    BASKETS,
    CAPS,
    COMMODITIES,
    COSTS,
    ENVIRONMENT,
    FACILITIES,
    PROCESSES,
    PROJECTS,
    RAMPS,
    RECIPES,
    REGIONS,
    ROUTES,
)
from didymium.case.evidence_tables import (
    ASSUMPTIONS,
    BACKTESTS,
    EVENTS,
    EVIDENCE,
    INPUT_OUTPUT,
    READINGS,
    SOURCES,
    STATISTICS,
    STUDIES,
    VALUE_ADDED,
)
from didymium.case.market_tables import (
    CROSS_TERMS,
    DEMANDS,
    END_USES,
    GROWTH,
    MEASURES,
    PRICES,
    STOCKS,
)
from didymium.case.promise_tables import COMMITMENTS, DEFLATORS, EXCHANGE_RATES, PURSES
from didymium.case.risk_tables import RISK
from didymium.case.schema import Table
from didymium.case.screening_tables import SCREENING

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        SOURCES, ASSUMPTIONS, REGIONS, BASKETS, COMMODITIES, PROCESSES, RECIPES, RAMPS, FACILITIES, PROJECTS, CAPS,
        COSTS, ENVIRONMENT, ROUTES, END_USES, DEMANDS, CROSS_TERMS, GROWTH, STOCKS, MEASURES, PRICES, STATISTICS,
        READINGS, VALUE_ADDED, INPUT_OUTPUT, STUDIES, PURSES, EXCHANGE_RATES, DEFLATORS,
        EVENTS, COMMITMENTS, EVIDENCE, BACKTESTS, *SCREENING, *RISK,
    )
}  # fmt: skip
"""Every table of a case by name, in the order in which they are checked."""
