"""What governments have: their purses, what money is worth, and what they committed to."""

from __future__ import annotations

from didymium.case.fields import HIGH, LOW, NOTE, SOURCE, YEAR, id_field, number, reference
from didymium.case.schema import Field, Kind, Table
from didymium.messages import N_

COMMITMENT_LADDER = (
    "promised",
    "announced",
    "letter_of_intent",
    "conditional",
    "closed",
    "disbursed",
    "building",
    "producing",
    "met",
    "missed",
    "no_public_evidence",
)

PURSES = Table(
    "purses",
    N_("Public money that may pay for projects and stocks. Counted at the exchange rate of its price year, in dollars "
       "of the base year."),
    (
        id_field("purse", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        reference("region", "regions", N_("Whose money.")),
        number("amount", N_("Amount."), low=0.0),
        LOW, HIGH,
        Field("unit", Kind.TEXT, N_("Currency."), required=True),
        Field("price_year", Kind.INTEGER, N_("Year of the prices, and of the exchange rate."), required=True, low=1990,
              high=2100),
        Field("year", Kind.INTEGER,
              N_("Year in which it comes in; what is not spent is kept. Empty: there from the start."),
              low=1990, high=2100),
        reference("year_source", "sources|assumptions", N_("Where that year comes from."), required=False),
        Field("counted", Kind.FLAG, N_("The plan may spend it; no: known, but not for this chain."), required=True),
        SOURCE, NOTE,
    ),
    key=("purse",),
    value="amount",
    internal="USD|JPY|EUR|AUD",
    shared=True,
)  # fmt: skip

EXCHANGE_RATES = Table(
    "exchange_rates",
    N_("What a dollar cost, by currency and year: purses in other currencies are converted at the rate of their year."),
    (
        Field("currency", Kind.TEXT, N_("Currency: its ISO 4217 code."), required=True),
        YEAR,
        number("per_usd", N_("Units of the currency for one US dollar, mean of the year."), low=1e-9),
        SOURCE, NOTE,
    ),
    key=("currency", "year"),
    shared=True,
)  # fmt: skip

DEFLATORS = Table(
    "deflators",
    N_("The level of US prices by year: money of other years is brought to the prices of the base year with it."),
    (
        YEAR,
        number("index", N_("Price level; only its ratio between two years counts."), low=1e-9),
        SOURCE, NOTE,
    ),
    key=("year",),
    shared=True,
)  # fmt: skip

COMMITMENTS = Table(
    "commitments",
    N_("Promises of the agreement: owner, verb, clock."),
    (
        Field("commitment", Kind.TEXT, N_("Clause."), required=True),
        Field("title", Kind.TEXT, N_("Short title."), required=True),
        Field("title_ja", Kind.TEXT, N_("Short title in Japanese.")),
        Field("owner", Kind.TEXT, N_("Who promised."), required=True),
        Field("verb", Kind.TEXT, N_("Verb of the text; verbs differ in weight."), required=True),
        Field("what", Kind.TEXT, N_("The promise in our words."), required=True),
        Field("clock", Kind.CHOICE, N_("fixed: a date; triggered: days after an event; none."), required=True,
              choices=("fixed", "triggered", "none")),
        Field("rule", Kind.TEXT, N_("How the deadline is computed.")),
        Field("signed", Kind.DATE, N_("When it was signed."), required=True),
        Field("days", Kind.INTEGER, N_("Days that the clock runs."), low=0),
        Field("months", Kind.INTEGER, N_("Calendar months that the clock runs."), low=0),
        Field("signal", Kind.TEXT, N_("What would show that it is kept.")),
        SOURCE, NOTE,
    ),
    key=("commitment",),
    shared=True,
)  # fmt: skip
