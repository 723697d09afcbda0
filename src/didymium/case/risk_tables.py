"""What published methods of screening take beside production and trade, and what their authors published.

A table without rows is an input that is missing: the methods that need it say so, and run when it is filled.
"""

from __future__ import annotations

from dataclasses import replace

from didymium.case.fields import HIGH, LOW, NOTE, SOURCE, UNIT, YEAR, number, reference
from didymium.case.schema import Field, Kind, Table
from didymium.case.screening_tables import PRODUCTION, SCREENING_STAGES
from didymium.messages import N_

EU_STAGES = ("extraction", "processing", "all")
"""The two stages of the European studies; all: the material as a whole."""

PARAMETERS = ("recycling_rate", "substitution_sr", "substitution_ei", "import_reliance")
"""recycling_rate: end-of-life recycling input rate. substitution: index for supply risk and for economic importance, 1
where nothing replaces it. import_reliance: net imports over apparent consumption."""

INDICES = ("freedom_house", "fraser_ppi", "trade_ties", "disruption_probability")
"""freedom_house: 0 to 100 free. fraser_ppi: policy perception, 0 to 100 best. trade_ties: trade with the region over
the country's own output, ratio. disruption_probability: that its exports stop within a year, ratio."""

ACCOUNTS = ("value_added", "operating_profit", "gdp")
"""What an industry earns; gdp: of the whole region, sector `all`."""

_MINERAL = reference("mineral", "minerals", N_("The mineral."))
_COUNTRY = Field("country", Kind.TEXT, N_("ISO 3166 code."), required=True)
_EU_STAGE = Field("stage", Kind.CHOICE, N_("Stage of the European study; all: the material as a whole."),
                  required=True, choices=EU_STAGES)  # fmt: skip

CRITICALITY = Table(
    "criticality",
    N_("What studies published about minerals: to compare with, never to compute from."),
    (
        Field("study", Kind.TEXT, N_("Short name of the study, such as eu2023 or us2025."), required=True),
        _MINERAL, _EU_STAGE,
        Field("measure", Kind.CHOICE, N_("rank: place in its order; supply_risk, economic_importance: its score."),
              required=True, choices=("rank", "supply_risk", "economic_importance")),
        number("value", N_("What it printed."), low=0.0),
        SOURCE, NOTE,
    ),
    key=("study", "mineral", "stage", "measure"),
    screening=True,
)  # fmt: skip

RISK_PARAMETERS = Table(
    "risk_parameters",
    N_("Rates and indices that formulas of supply risk take."),
    (
        Field("parameter", Kind.CHOICE, N_("Which one; indices run from 0 to 1, 1 where nothing replaces it."),
              required=True, choices=PARAMETERS),
        _MINERAL, _EU_STAGE,
        reference("region", "regions", N_("Whose; * anyone's."), wildcard=True),
        number("value", N_("Value, 0 to 1."), unit="ratio", low=0.0, high=1.0),
        LOW, HIGH, SOURCE, NOTE,
    ),
    key=("parameter", "mineral", "stage", "region"),
    value="value",
    screening=True,
)  # fmt: skip

TRADE_PARAMETERS = Table(
    "trade_parameters",
    N_("Weight of a country's trade policy in supply risk: 1 none, above for restrictions, 0.8 by treaty."),
    (
        _MINERAL, _EU_STAGE,
        reference("region", "regions", N_("For whose imports; * in world supply."), wildcard=True),
        _COUNTRY,
        number("value", N_("Parameter."), unit="ratio", low=0.5, high=2.0),
        SOURCE, NOTE,
    ),
    key=("mineral", "stage", "region", "country"),
    screening=True,
)  # fmt: skip

COUNTRY_INDICES = Table(
    "country_indices",
    N_("Indices of countries that formulas of supply risk take, beside governance."),
    (
        Field("index", Kind.CHOICE,
              N_("freedom_house 0 to 100; fraser_ppi 0 to 100; trade_ties: trade with the region over its own output; "
                 "disruption_probability: that its exports stop within a year."),
              required=True, choices=INDICES),
        reference("region", "regions", N_("Seen from where; * anywhere."), wildcard=True),
        _COUNTRY, YEAR,
        number("value", N_("Value."), low=0.0),
        SOURCE, NOTE,
    ),
    key=("index", "region", "country", "year"),
    screening=True,
)  # fmt: skip

CONSUMPTION = Table(
    "consumption",
    N_("How much of a mineral a country uses in a year."),
    (
        _MINERAL,
        Field("stage", Kind.CHOICE, N_("Stage whose product is used; empty: the mineral as a whole."),
              choices=SCREENING_STAGES),
        _COUNTRY, YEAR,
        number("quantity", N_("Apparent or reported consumption."), low=0.0),
        LOW, HIGH, UNIT, SOURCE, NOTE,
    ),
    key=("mineral", "stage", "country", "year"),
    value="quantity",
    internal="t|m3",
    screening=True,
)  # fmt: skip

MINERAL_PRICES = Table(
    "mineral_prices",
    N_("What a mineral cost in a year; one quotation stands for it."),
    (
        _MINERAL, YEAR,
        Field("market", Kind.TEXT, N_("Which quotation, as its source words it."), required=True),
        number("price", N_("Price."), low=0.0),
        LOW, HIGH, UNIT, SOURCE, NOTE,
    ),
    key=("mineral", "year"),
    value="price",
    internal="USD/t",
    screening=True,
)  # fmt: skip

EXPORTER_SHARES = Table(
    "exporter_shares",
    N_("Net exports of a producer as a share of what is used outside it."),
    (
        _MINERAL, _COUNTRY, YEAR,
        number("share", N_("Share of use outside the exporter."), unit="ratio", low=0.0, high=1.0),
        LOW, HIGH, SOURCE, NOTE,
    ),
    key=("mineral", "country", "year"),
    value="share",
    screening=True,
)  # fmt: skip

MINERAL_USES = Table(
    "mineral_uses",
    N_("Which industries use a mineral, and how much of them stops without it."),
    (
        _MINERAL,
        reference("region", "regions", N_("Whose industries.")),
        Field("sector", Kind.TEXT, N_("Industry, as in sector_accounts."), required=True),
        number("share", N_("Share of the mineral's use that goes to the industry; empty: not known."), required=False,
               unit="ratio", low=0.0, high=1.0),
        number("dependence", N_("Share of the industry's value added that stops without the mineral; empty: not "
                                "known."), required=False, unit="ratio", low=0.0, high=1.0),
        LOW, HIGH, SOURCE, NOTE,
    ),
    key=("mineral", "region", "sector"),
    value="dependence",
    screening=True,
)  # fmt: skip

SECTOR_ACCOUNTS = Table(
    "sector_accounts",
    N_("What industries earn, in one classification: for economic importance, vulnerability and lost output."),
    (
        reference("region", "regions", N_("Where.")),
        Field("sector", Kind.TEXT, N_("Industry; all: the whole region."), required=True),
        Field("account", Kind.CHOICE, N_("value_added, operating_profit, or gdp of the region."), required=True,
              choices=ACCOUNTS),
        YEAR,
        number("value", N_("Amount in the year."), low=0.0),
        LOW, HIGH, UNIT, SOURCE, NOTE,
    ),
    key=("region", "sector", "account", "year"),
    value="value",
    internal="USD|EUR|JPY",
    screening=True,
)  # fmt: skip

TRADE_NETWORK = Table(
    "trade_network",
    N_("Trade of all countries with each other in a product: who would fall when an exporter stops."),
    (
        _MINERAL,
        Field("hs92", Kind.TEXT, N_("HS 1992 code."), required=True),
        Field("exporter", Kind.TEXT, N_("ISO 3166 code."), required=True),
        Field("importer", Kind.TEXT, N_("ISO 3166 code."), required=True),
        YEAR,
        number("value", N_("Value of the trade."), unit="USD", low=0.0),
        SOURCE,
    ),
    key=("mineral", "hs92", "exporter", "importer", "year"),
    screening=True,
)  # fmt: skip

PRODUCTION_OTHER = replace(
    PRODUCTION,
    name="production_other",
    meaning=N_("Production of other statistics than the yearbook's, in the same columns, entered by hand."),
)

RISK = (
    PRODUCTION_OTHER, CRITICALITY, RISK_PARAMETERS, TRADE_PARAMETERS, COUNTRY_INDICES, CONSUMPTION, MINERAL_PRICES,
    EXPORTER_SHARES, MINERAL_USES, SECTOR_ACCOUNTS, TRADE_NETWORK,
)  # fmt: skip

STUDY_STAGE = dict.fromkeys(SCREENING_STAGES, "processing") | {"mine": "extraction"}
"""Stage of the European studies that each stage of the statistics belongs to."""
