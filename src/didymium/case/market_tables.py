"""Who uses, holds and cuts: end uses and their demands, stocks, measures, and the prices that were seen."""

from __future__ import annotations

from didymium.case.chain_tables import CURVES
from didymium.case.fields import BASES, BASIS, HIGH, LOW, NOTE, SIGMA, SOURCE, UNIT, YEAR, id_field, number, reference
from didymium.case.schema import Field, Kind, Table
from didymium.messages import N_

END_USES = Table(
    "end_uses",
    N_("Who needs the commodities."),
    (
        id_field("end_use", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("priority", Kind.INTEGER, N_("1 defence, 2 essential, 3 the rest; who is served first when rationed."),
              required=True, low=1, high=3),
        number("elasticity", N_("Price elasticity of demand within a year, below zero."), high=-0.001),
        Field("elasticity_low", Kind.NUMBER, N_("More elastic end."), required=True),
        Field("elasticity_high", Kind.NUMBER, N_("Less elastic end."), required=True),
        reference("elasticity_source", "sources|assumptions", N_("Where the elasticity comes from.")),
        number("choke", N_("Price at which the use stops, as a multiple of the base price."), low=1.01),
        Field("choke_low", Kind.NUMBER, N_("Low end of the choke."), required=True),
        Field("choke_high", Kind.NUMBER, N_("High end of the choke."), required=True),
        Field("curve", Kind.CHOICE, N_("How the price that is paid falls with the quantity, through the base point."),
              choices=CURVES, default=CURVES[0]),
        number("thrift", N_("Lasting saving: the use falls with the price to the power of minus this; empty: none."),
                required=False, low=0.0, high=2.0),
        number("thrift_months", N_("Months in which most of that saving is made."), required=False, low=1.0),
        reference("thrift_source", "sources|assumptions", N_("Where the saving comes from."), required=False),
        SOURCE, NOTE,
    ),
    key=("end_use",),
    required=True,
)  # fmt: skip

DEMANDS = Table(
    "demands",
    N_("How much each end use takes of a commodity in the base year."),
    (
        reference("end_use", "end_uses", N_("The end use.")),
        reference("region", "regions", N_("Where it is used.")),
        reference("commodity", "commodities", N_("What it uses.")),
        Field("year", Kind.INTEGER, N_("Base year."), required=True, low=1990, high=2100),
        number("quantity", N_("Quantity in the year."), low=0.0),
        LOW, HIGH, UNIT, BASIS, SOURCE, NOTE,
    ),
    key=("end_use", "region", "commodity", "year"),
    required=True,
    value="quantity",
    internal="t",
)  # fmt: skip

CROSS_TERMS = Table(
    "cross_terms",
    N_("How the price of one commodity moves the quantity of another. Only between linear curves of one region."),
    (
        Field("side", Kind.CHOICE, N_("demand: between end uses; supply: between facilities."), required=True,
              choices=("demand", "supply")),
        reference("region", "regions", N_("Where.")),
        reference("first_user", "end_uses|facilities",
                  N_("End use (demand) or facility (supply) whose quantity moves.")),
        reference("first", "commodities", N_("Commodity that it takes or makes.")),
        reference("second_user", "end_uses|facilities", N_("End use or facility whose price moves it.")),
        reference("second", "commodities", N_("Commodity that this one takes or makes.")),
        number("slope", N_("Change of the first quantity by the price of the second; the other way round it is the "
                            "same. Above zero on the demand side: the two replace each other.")),
        LOW, HIGH, UNIT, SOURCE, NOTE,
    ),
    key=("side", "region", "first_user", "first", "second_user", "second"),
    value="slope",
    internal="t/(USD/t)",
)  # fmt: skip

GROWTH = Table(
    "growth",
    N_("How demand grows: an index by end use and region, linear between the years given."),
    (
        reference("end_use", "end_uses", N_("The end use; * every other."), wildcard=True),
        Field("region", Kind.REFERENCE, N_("Where; * every other region."), refers="regions", wildcard=True,
              default="*"),
        YEAR,
        number("index", N_("Demand as a multiple of the base year."), low=0.0),
        LOW, HIGH, SOURCE, NOTE,
    ),
    key=("end_use", "region", "year"),
    value="index",
)  # fmt: skip

STOCKS = Table(
    "stocks",
    N_("Who holds how much of what where."),
    (
        id_field("stock", N_("Short name.")),
        Field("owner", Kind.TEXT, N_("Who decides about it."), required=True),
        Field("kind", Kind.CHOICE, N_("commercial: firms; strategic: a government."), required=True,
              choices=("commercial", "strategic")),
        reference("region", "regions", N_("Where it lies; * in every region where the commodity is used."),
                  wildcard=True),
        reference("commodity", "commodities", N_("What; stage:NAME all of a stage."), wildcard=True),
        number("quantity", N_("Amount held, or days of use in the base year."), low=0.0),
        LOW, HIGH,
        Field("unit", Kind.TEXT, N_("t, or day (of use in the region in the base year)."), required=True),
        Field("basis", Kind.CHOICE, N_("What a tonne is a tonne of; none for days."), required=True, choices=BASES),
        Field("band", Kind.CHOICE, N_("band: 5-95 %; range: swept, never a probability (a secret stock)."),
              required=True,
              choices=("band", "range")),
        Field("release", Kind.CHOICE, N_("free: as prices tell; shortage: only while a measure cuts supply; never."),
              required=True, choices=("free", "shortage", "never")),
        Field("release_rate", Kind.NUMBER,
              N_("Most that may leave in a month, as a share of the quantity held; empty: no limit."),
              low=0.0, high=1.0),
        SOURCE, NOTE,
    ),
    key=("stock",),
    value="quantity",
    internal="t|day",
)  # fmt: skip

MEASURES = Table(
    "measures",
    N_("Policies with dates."),
    (
        id_field("measure", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        reference("controller", "regions", N_("Who imposes it.")),
        Field("kind", Kind.CHOICE,
              N_("ban, quota, licence, tariff, technology, content rule, or a truce that suspends others."),
              required=True, choices=("ban", "quota", "licence", "tariff", "technology", "content_rule", "truce")),
        Field("commodities", Kind.REFERENCES,
              N_("What it covers; stage:NAME all of a stage; empty: nothing this case trades."),
              refers="commodities", wildcard=True),
        Field("destinations", Kind.REFERENCES,
              N_("Where it bites; * everywhere else."), refers="regions", wildcard=True),
        Field("announced", Kind.DATE, N_("Published on."), required=True),
        Field("start", Kind.DATE, N_("In force from."), required=True),
        Field("end", Kind.DATE, N_("In force until.")),
        Field("suspended_from", Kind.DATE, N_("Suspended from.")),
        Field("suspended_to", Kind.DATE, N_("Suspended until: its clock.")),
        Field("review_days", Kind.NUMBER, N_("Days that a review may take; empty: no limit known."), low=0.0),
        Field("law", Kind.TEXT, N_("Number of the announcement.")),
        Field("items", Kind.TEXT, N_("What it names, as its source words it.")),
        SOURCE, NOTE,
    ),
    key=("measure",),
)  # fmt: skip

PRICES = Table(
    "prices",
    N_("Observed prices."),
    (
        reference("commodity", "commodities", N_("The commodity.")),
        reference("region", "regions", N_("Where it was paid.")),
        Field("date", Kind.DATE, N_("Day, month or year."), required=True),
        Field("market", Kind.TEXT, N_("Which quotation, as its source words it."), required=True),
        number("price", N_("Price."), low=0.0),
        LOW, HIGH, SIGMA, UNIT, BASIS,
        Field("use", Kind.CHOICE, N_("fit: calibration uses it; check: only to compare."), required=True,
              choices=("fit", "check")),
        SOURCE, NOTE,
    ),
    key=("commodity", "region", "date", "market"),
    value="price",
    internal="USD/t",
)  # fmt: skip
