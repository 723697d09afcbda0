"""The tables of a case. Add a field here and it is loaded, checked, described and documented."""

from __future__ import annotations

from didymium.case.fields import BASES, YEAR
from didymium.case.fields import BASIS as _BASIS
from didymium.case.fields import HIGH as _HIGH
from didymium.case.fields import LOW as _LOW
from didymium.case.fields import NOTE as _NOTE
from didymium.case.fields import SIGMA as _SIGMA
from didymium.case.fields import SOURCE as _SOURCE
from didymium.case.fields import UNIT as _UNIT
from didymium.case.fields import id_field as _id
from didymium.case.fields import number as _number
from didymium.case.fields import reference as _ref
from didymium.case.risk_tables import RISK
from didymium.case.schema import GRADES, Field, Kind, Table
from didymium.case.screening_tables import SCREENING
from didymium.messages import N_

STAGES = (
    "mine",
    "light_separation",
    "heavy_separation",
    "refining",
    "metal",
    "alloy",
    "magnet",
    "precursor",
    "cathode",
    "anode",
    "cell",
    "recycling",
    "use",
)
"""Stages of the chains, in order of flow. A commodity's stage is the stage that makes it."""

CURVES = ("constant_elasticity", "linear")
"""Forms of demand and supply curves. Each passes through the base point with its elasticity there."""

STATUSES = ("operating", "construction", "permitting", "feasibility", "suspended", "closed")
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

SOURCES = Table(
    "sources",
    N_("Documents that rows rest on."),
    (
        _id("source", N_("Short name of the document.")),
        Field("title", Kind.TEXT, N_("Title of the document."), required=True),
        Field("publisher", Kind.TEXT, N_("Who published it."), required=True),
        Field("date", Kind.DATE, N_("When it was published, or read where no date is given."), required=True),
        Field("address", Kind.TEXT, N_("Where it can be read."), required=True),
        Field("licence", Kind.TEXT, N_("Terms under which its facts may be passed on.")),
        Field("grade", Kind.CHOICE, N_("A official, B wire or filing, C trade press, D suspect (never feeds a model)."),
              required=True, choices=GRADES[:4]),
        _NOTE,
    ),
    key=("source",),
    required=True,
    sourced=False,
    shared=True,
)  # fmt: skip

ASSUMPTIONS = Table(
    "assumptions",
    N_("Numbers that no source gives, each with a band and a reason. Reports show how much rests on them."),
    (
        _id("assumption", N_("Short name; rows cite it as their source.")),
        Field("topic", Kind.TEXT, N_("What it is about."), required=True),
        _number("value", N_("Central value.")),
        Field("low", Kind.NUMBER, N_("Lower end of the band."), required=True),
        Field("high", Kind.NUMBER, N_("Upper end of the band."), required=True),
        Field("unit", Kind.TEXT,
              N_("Unit; `ratio` means that rows citing it have the band low..high times their own value."),
              required=True),
        Field("reason", Kind.TEXT, N_("Why this value and this band."), required=True),
        Field("date", Kind.DATE, N_("When it was set."), required=True),
    ),
    key=("assumption",),
    required=True,
    sourced=False,
    value="value",
    shared=True,
)  # fmt: skip

REGIONS = Table(
    "regions",
    N_("Countries and groups of countries."),
    (
        _id("region", N_("Short name in capitals: an ISO 3166 code, or EUR, ROW.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("role", Kind.CHOICE,
              N_("participant: its costs and losses are counted; partner: it cooperates; controller: it can "
                 "cut supply."),
              required=True, choices=("participant", "partner", "controller", "other")),
        Field("countries", Kind.TEXT, N_("ISO 3166 codes of the countries in the region, separated by ;."),
              required=True),
        _number("latitude", N_("Where the map draws it."), low=-90.0, high=90.0),
        _number("longitude", N_("Where the map draws it."), low=-180.0, high=180.0),
    ),
    key=("region",),
    required=True,
    sourced=False,
    shared=True,
)  # fmt: skip

BASKETS = Table(
    "baskets",
    N_("What elements an ore, clay or mud holds, as shares of its rare-earth oxide."),
    (
        _id("basket", N_("Ore type.")),
        Field("element", Kind.TEXT, N_("Chemical symbol."), required=True),
        _number("share", N_("Share of total rare-earth oxide."), low=0.0, high=100.0),
        _LOW, _HIGH, _UNIT, _BASIS, _SOURCE, _NOTE,
    ),
    key=("basket", "element"),
    value="share",
    internal="percent",
)  # fmt: skip

COMMODITIES = Table(
    "commodities",
    N_("Substances in a form."),
    (
        _id("commodity", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage that makes it."), required=True, choices=STAGES),
        Field("elements", Kind.TEXT, N_("Elements it is traded for, separated by ; (content is counted for these)."),
              required=True),
        Field("basket", Kind.TEXT, N_("Basket that its content follows, for ores and mixed concentrates.")),
        _UNIT,
        Field("basis", Kind.CHOICE, N_("What a tonne of it is a tonne of, inside the model."), required=True,
              choices=BASES),
        Field("calibrated", Kind.FLAG, N_("Its price is fitted to observed prices; if not, only a band is reported."),
              default="yes"),
        _number("disposal_cost", N_("Cost of getting rid of a tonne that nobody wants."), low=0.0),
        Field("disposal_unit", Kind.TEXT, N_("Unit of the disposal cost."), required=True),
        _ref("serves_as", "commodities", N_("A lesser good that it may be used as, tonne for tonne; never back."),
             required=False),
        _SOURCE, _NOTE,
    ),
    key=("commodity",),
    required=True,
)  # fmt: skip

PROCESSES = Table(
    "processes",
    N_("Recipes: what is turned into what."),
    (
        _id("process", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage of the chain."), required=True, choices=STAGES),
        Field("capacity_side", Kind.CHOICE, N_("Whether capacity is stated in feed or in output."), required=True,
              choices=("feed", "output")),
        _ref("capacity_commodity", "commodities", N_("Commodity that one unit of activity takes in or gives out.")),
        Field("mixed", Kind.CHOICE,
              N_("strict: no more mass of an element may leave than enters; mine: mass comes out of the ground, or out "
                 "of use; saving: nothing is made, an end use of the same region needs so much less (thrift)."),
              required=True, choices=("strict", "mine", "saving")),
        _NOTE,
    ),
    key=("process",),
    required=True,
    sourced=False,
)  # fmt: skip

RECIPES = Table(
    "recipes",
    N_("Signed coefficients per unit of activity: inputs below zero, outputs above."),
    (
        _ref("process", "processes", N_("The process.")),
        _ref("commodity", "commodities", N_("What goes in or comes out.")),
        _number("coefficient",
                N_("Amount per unit of activity; where a basket is named, the share recovered from it.")),
        _LOW, _HIGH, _UNIT, _BASIS,
        Field("basket", Kind.TEXT,
              N_("Basket whose content of the commodity's elements the coefficient recovers, converted by "
                 "atomic masses.")),
        _SOURCE, _NOTE,
    ),
    key=("process", "commodity"),
    required=True,
    value="coefficient",
    internal="ratio",
)  # fmt: skip

FACILITIES = Table(
    "facilities",
    N_("Processes at a place: what runs, and the projects that do not run yet."),
    (
        _id("facility", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("operator", Kind.TEXT, N_("Who runs it.")),
        _ref("region", "regions", N_("Where it stands.")),
        Field("country", Kind.TEXT, N_("ISO 3166 code of the country."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage of the chain."), required=True,
              choices=(*STAGES, "integrated", "concentrate")),
        Field("processes", Kind.REFERENCES,
              N_("Recipes it can run under one capacity; empty: known, but not modelled."),
              refers="processes"),
        _number("capacity", N_("What it can do in a year."), required=False, low=0.0),
        _LOW, _HIGH,
        Field("unit", Kind.TEXT, N_("Unit of the capacity, per year.")),
        Field("basis", Kind.CHOICE, N_("What a tonne of the capacity is a tonne of."), choices=BASES),
        Field("status", Kind.CHOICE, N_("Where it stands between study and output."), required=True, choices=STATUSES),
        Field("start", Kind.DATE, N_("First output, or the date planned for it.")),
        Field("end", Kind.DATE, N_("Last output.")),
        Field("additive", Kind.FLAG, N_("Counts in sums; no: the same tonnes stand in another row."), required=True),
        _ref("supersedes", "facilities", N_("Row that this one replaces once it starts."), required=False),
        _ref("ramp", "ramps", N_("How output grows after the start."), required=False),
        Field("modelled", Kind.TEXT, N_("Why the row is left out of the market, where it is.")),
        Field("product", Kind.TEXT, N_("Product as its source words it.")),
        _SOURCE, _NOTE,
    ),
    key=("facility",),
    required=True,
    value="capacity",
    internal="t/year",
)  # fmt: skip

RAMPS = Table(
    "ramps",
    N_("Share of capacity reached in each year after the start."),
    (
        _id("ramp", N_("Short name.")),
        Field("year", Kind.INTEGER, N_("Year after the start, from 1; the last one holds."), required=True, low=1),
        _number("share", N_("Share of capacity."), low=0.0, high=1.0),
        _LOW, _HIGH, _SOURCE, _NOTE,
    ),
    key=("ramp", "year"),
    value="share",
)  # fmt: skip

PROJECTS = Table(
    "projects",
    N_("What it takes to build a facility that does not run yet, and to decide about it."),
    (
        _ref("facility", "facilities", N_("The facility.")),
        _number("capex", N_("Investment needed."), low=0.0),
        _LOW, _HIGH, _UNIT,
        Field("price_year", Kind.INTEGER, N_("Year of the prices; empty: not stated, read as the base year's."),
              low=1990, high=2100),
        _number("lead_time", N_("Time from the decision to first output."), low=0.0),
        Field("lead_time_low", Kind.NUMBER, N_("Short end of the lead time."), required=True, low=0.0),
        Field("lead_time_high", Kind.NUMBER, N_("Long end of the lead time."), required=True, low=0.0),
        Field("lead_time_unit", Kind.TEXT, N_("Unit of the lead time."), required=True),
        _ref("lead_time_source", "sources|assumptions", N_("Where the lead time comes from.")),
        Field("committed", Kind.FLAG, N_("Goes ahead whatever the participants decide."), default="no"),
        Field("sponsors", Kind.REFERENCES, N_("Participants whose money may pay for it."), refers="regions"),
        Field("scalable", Kind.FLAG, N_("yes: it may be built in part; no: all or nothing."), default="no"),
        Field("first_fill", Kind.NUMBER,
              N_("Days of its own intake that fill it before it gives anything; their price adds to the investment."),
              low=0.0),
        Field("reserved", Kind.CHOICE,
              N_("When whoever paid has first call on its output, where it stands abroad: only while a measure cuts "
                 "supply, always, or never."),
              choices=("no", "cut", "always"), default="no"),
        _SOURCE, _NOTE,
    ),
    key=("facility",),
    value="capex",
    internal="USD",
)  # fmt: skip

CAPS = Table(
    "caps",
    N_("What projects share besides money and may not use up: land, water, a permit to discharge."),
    (
        _id("cap", N_("Short name; the rows of one cap go together.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        _ref("facility", "facilities", N_("A project that uses it.")),
        _number("use", N_("What the project uses of it where it is built in full."), low=0.0),
        _number("limit", N_("How much there is; the same in every row of the cap."), low=0.0),
        _UNIT, _SOURCE, _NOTE,
    ),
    key=("cap", "facility"),
)  # fmt: skip

COSTS = Table(
    "costs",
    N_("What a unit of activity costs beside the commodities that it takes in."),
    (
        _ref("process", "processes", N_("The process; * for all of a stage: stage:NAME."), wildcard=True),
        _ref("region", "regions", N_("Where; * for every other region."), wildcard=True),
        _number("cost", N_("Cost per unit of activity."), low=0.0),
        _LOW, _HIGH, _UNIT, _BASIS,
        Field("curve", Kind.CHOICE, N_("How the cost of one more unit rises with activity, through the base point."),
              choices=CURVES, default=CURVES[0]),
        _number("elasticity", N_("Elasticity of supply at the base point; empty: the assumption for its stage."),
                required=False, low=1e-6),
        _SOURCE, _NOTE,
    ),
    key=("process", "region"),
    value="cost",
    internal="USD/t",
)  # fmt: skip

STRESSORS = ("co2", "energy", "water", "wastewater", "waste_gas", "radioactive_residue")
"""What the environment bears: carbon dioxide equivalent, energy, fresh water taken, and what is let out or left."""

ENVIRONMENT = Table(
    "environment",
    N_("What a unit of activity takes from the environment or leaves in it. No row: not known, never zero."),
    (
        _ref("process", "processes", N_("The process; * for any; stage:NAME for all of a stage."), wildcard=True),
        _ref("region", "regions", N_("Where; * for every other region."), wildcard=True),
        Field("stressor", Kind.CHOICE, N_("What is taken or left."), required=True, choices=STRESSORS),
        _number("amount", N_("Amount per unit of activity."), low=0.0),
        _LOW, _HIGH, _UNIT, _BASIS, _SOURCE, _NOTE,
    ),
    key=("process", "region", "stressor"),
    value="amount",
    internal="t/t|m3/t|MWh/t",
)  # fmt: skip

ROUTES = Table(
    "routes",
    N_("Which commodity may go from where to where, at what cost, in what time."),
    (
        _ref("commodity", "commodities", N_("The commodity; * any; stage:NAME all of a stage."), wildcard=True),
        _ref("origin", "regions", N_("From; * anywhere."), wildcard=True),
        _ref("destination", "regions", N_("To; * anywhere."), wildcard=True),
        _number("cost", N_("Freight, insurance and handling; always above zero."), low=1e-9),
        _LOW, _HIGH, _UNIT,
        _number("transit_days", N_("Days from door to door."), low=0.0, high=365.0),
        _number("tariff", N_("Ad valorem tariff in the base year."), required=False, low=0.0),
        Field("open", Kind.FLAG, N_("no: this row closes a route that a wider row opened."), default="yes"),
        _SOURCE, _NOTE,
    ),
    key=("commodity", "origin", "destination"),
    value="cost",
    internal="USD/t",
)  # fmt: skip

END_USES = Table(
    "end_uses",
    N_("Who needs the commodities."),
    (
        _id("end_use", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("priority", Kind.INTEGER, N_("1 defence, 2 essential, 3 the rest; who is served first when rationed."),
              required=True, low=1, high=3),
        _number("elasticity", N_("Price elasticity of demand within a year, below zero."), high=-0.001),
        Field("elasticity_low", Kind.NUMBER, N_("More elastic end."), required=True),
        Field("elasticity_high", Kind.NUMBER, N_("Less elastic end."), required=True),
        _ref("elasticity_source", "sources|assumptions", N_("Where the elasticity comes from.")),
        _number("choke", N_("Price at which the use stops, as a multiple of the base price."), low=1.01),
        Field("choke_low", Kind.NUMBER, N_("Low end of the choke."), required=True),
        Field("choke_high", Kind.NUMBER, N_("High end of the choke."), required=True),
        Field("curve", Kind.CHOICE, N_("How the price that is paid falls with the quantity, through the base point."),
              choices=CURVES, default=CURVES[0]),
        _number("thrift", N_("Lasting saving: the use falls with the price to the power of minus this; empty: none."),
                required=False, low=0.0, high=2.0),
        _number("thrift_months", N_("Months in which most of that saving is made."), required=False, low=1.0),
        _ref("thrift_source", "sources|assumptions", N_("Where the saving comes from."), required=False),
        _SOURCE, _NOTE,
    ),
    key=("end_use",),
    required=True,
)  # fmt: skip

DEMANDS = Table(
    "demands",
    N_("How much each end use takes of a commodity in the base year."),
    (
        _ref("end_use", "end_uses", N_("The end use.")),
        _ref("region", "regions", N_("Where it is used.")),
        _ref("commodity", "commodities", N_("What it uses.")),
        Field("year", Kind.INTEGER, N_("Base year."), required=True, low=1990, high=2100),
        _number("quantity", N_("Quantity in the year."), low=0.0),
        _LOW, _HIGH, _UNIT, _BASIS, _SOURCE, _NOTE,
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
        _ref("region", "regions", N_("Where.")),
        _ref("first_user", "end_uses|facilities", N_("End use (demand) or facility (supply) whose quantity moves.")),
        _ref("first", "commodities", N_("Commodity that it takes or makes.")),
        _ref("second_user", "end_uses|facilities", N_("End use or facility whose price moves it.")),
        _ref("second", "commodities", N_("Commodity that this one takes or makes.")),
        _number("slope", N_("Change of the first quantity by the price of the second; the other way round it is the "
                            "same. Above zero on the demand side: the two replace each other.")),
        _LOW, _HIGH, _UNIT, _SOURCE, _NOTE,
    ),
    key=("side", "region", "first_user", "first", "second_user", "second"),
    value="slope",
    internal="t/(USD/t)",
)  # fmt: skip

GROWTH = Table(
    "growth",
    N_("How demand grows: an index by end use and region, linear between the years given."),
    (
        _ref("end_use", "end_uses", N_("The end use; * every other."), wildcard=True),
        Field("region", Kind.REFERENCE, N_("Where; * every other region."), refers="regions", wildcard=True,
              default="*"),
        YEAR,
        _number("index", N_("Demand as a multiple of the base year."), low=0.0),
        _LOW, _HIGH, _SOURCE, _NOTE,
    ),
    key=("end_use", "region", "year"),
    value="index",
)  # fmt: skip

STOCKS = Table(
    "stocks",
    N_("Who holds how much of what where."),
    (
        _id("stock", N_("Short name.")),
        Field("owner", Kind.TEXT, N_("Who decides about it."), required=True),
        Field("kind", Kind.CHOICE, N_("commercial: firms; strategic: a government."), required=True,
              choices=("commercial", "strategic")),
        _ref("region", "regions", N_("Where it lies; * in every region where the commodity is used."), wildcard=True),
        _ref("commodity", "commodities", N_("What; stage:NAME all of a stage."), wildcard=True),
        _number("quantity", N_("Amount held, or days of use in the base year."), low=0.0),
        _LOW, _HIGH,
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
        _SOURCE, _NOTE,
    ),
    key=("stock",),
    value="quantity",
    internal="t|day",
)  # fmt: skip

MEASURES = Table(
    "measures",
    N_("Policies with dates."),
    (
        _id("measure", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        _ref("controller", "regions", N_("Who imposes it.")),
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
        _SOURCE, _NOTE,
    ),
    key=("measure",),
)  # fmt: skip

PRICES = Table(
    "prices",
    N_("Observed prices."),
    (
        _ref("commodity", "commodities", N_("The commodity.")),
        _ref("region", "regions", N_("Where it was paid.")),
        Field("date", Kind.DATE, N_("Day, month or year."), required=True),
        Field("market", Kind.TEXT, N_("Which quotation, as its source words it."), required=True),
        _number("price", N_("Price."), low=0.0),
        _LOW, _HIGH, _SIGMA, _UNIT, _BASIS,
        Field("use", Kind.CHOICE, N_("fit: calibration uses it; check: only to compare."), required=True,
              choices=("fit", "check")),
        _SOURCE, _NOTE,
    ),
    key=("commodity", "region", "date", "market"),
    value="price",
    internal="USD/t",
)  # fmt: skip

STATISTICS = Table(
    "statistics",
    N_("Observed quantities: what statistics say was made, used or traded."),
    (
        Field("flow", Kind.CHOICE, N_("production, use, export or import."), required=True,
              choices=("production", "use", "export", "import")),
        Field("commodity", Kind.TEXT,
              N_("A commodity, several joined by ;, stage:NAME for a sum over a stage, or magnet_elements:STAGE."),
              required=True),
        _ref("region", "regions", N_("Reporter; * the world."), wildcard=True),
        _ref("partner", "regions", N_("Other side of a trade; * all."), required=False, wildcard=True),
        YEAR,
        Field("series", Kind.TEXT, N_("Which statistic, where several speak of the same quantity."), required=True),
        _number("quantity", N_("Quantity; empty where it is withheld and only a range is known."), required=False,
                low=0.0),
        _LOW, _HIGH, _SIGMA,
        Field("band", Kind.CHOICE, N_("band: 5-95 %; range: an interval that must hold (a withheld value)."),
              default="band", choices=("band", "range")),
        _UNIT, _BASIS,
        Field("use", Kind.CHOICE, N_("fit: reconciliation uses it; check: only to compare."), required=True,
              choices=("fit", "check")),
        _SOURCE, _NOTE,
    ),
    key=("flow", "commodity", "region", "partner", "year", "series"),
    value="quantity",
    internal="t|percent",
)  # fmt: skip

READINGS = Table(
    "readings",
    N_("Other ways to read a source: what its rows would say then. The rows themselves stay as they are."),
    (
        _id("reading", N_("Short name; rows of one name go together.")),
        Field("table", Kind.CHOICE, N_("Table whose rows are read otherwise."), required=True,
              choices=("demands", "statistics")),
        _ref("cites", "sources|assumptions", N_("Rows that cite this source or assumption.")),
        _number("factor", N_("Their values and bands times this."), low=1e-6),
        _SOURCE, _NOTE,
    ),
    key=("reading", "table", "cites"),
)  # fmt: skip

VALUE_ADDED = Table(
    "value_added",
    N_("What the industries behind the end uses earn."),
    (
        _ref("region", "regions", N_("Where.")),
        Field("sector", Kind.TEXT, N_("Industry."), required=True),
        _ref("end_use", "end_uses", N_("End use that it stands behind.")),
        YEAR,
        _number("value", N_("Value added in the year."), low=0.0),
        _LOW, _HIGH, _UNIT, _SOURCE, _NOTE,
    ),
    key=("region", "sector", "year"),
    value="value",
    internal="USD|JPY",
)  # fmt: skip

INPUT_OUTPUT = Table(
    "input_output",
    N_("Who buys what of whom: an input-output table, a cell a row. Empty until one is imported."),
    (
        _ref("region", "regions", N_("Whose economy.")),
        Field("supplier", Kind.TEXT, N_("Industry that sells; `value added` or another payment to none of them."),
              required=True),
        Field("user", Kind.TEXT, N_("Industry that buys; `final demand` for everybody else."), required=True),
        YEAR,
        _number("value", N_("What is paid in the year.")),
        _UNIT, _SOURCE, _NOTE,
    ),
    key=("region", "supplier", "user"),
    value="value",
    internal="USD|JPY",
)  # fmt: skip

STUDIES = Table(
    "studies",
    N_("What others found that a cut costs: to be set beside each other, and beside the case, on one basis."),
    (
        _id("study", N_("Short name.")),
        Field("publisher", Kind.TEXT, N_("Who computed it."), required=True),
        _ref("region", "regions", N_("Whose loss.")),
        Field("scope", Kind.CHOICE, N_("What is cut: rare earths, or rare earths and other minerals."), required=True,
              choices=("rare_earths", "more")),
        _number("months", N_("How long the cut lasts."), low=0.1),
        Field("cut", Kind.NUMBER, N_("Share of supply that is cut; empty: all of it, or not seen."), low=0.0, high=1.0),
        Field("stock_days", Kind.NUMBER, N_("Days of stock that the study lets firms use first; empty: none seen."),
              low=0.0),
        Field("gdp_share", Kind.NUMBER, N_("Loss over the study's own horizon, as it gives it."), unit="percent"),
        Field("low", Kind.NUMBER, N_("Lower end, where the study gives a range."), unit="percent"),
        Field("high", Kind.NUMBER, N_("Upper end."), unit="percent"),
        Field("amount", Kind.NUMBER, N_("The same loss in money, where the study gives it."), low=0.0),
        Field("unit", Kind.TEXT, N_("Currency of the amount.")),
        Field("method", Kind.TEXT, N_("How it was computed, as far as was seen."), required=True),
        Field("driver", Kind.TEXT, N_("What makes its number large or small."), required=True),
        Field("scenarios", Kind.TEXT,
              N_("Scenarios of this case that cut the same, separated by ;; empty: none does.")),
        _SOURCE, _NOTE,
    ),
    key=("study",),
)  # fmt: skip

PURSES = Table(
    "purses",
    N_("Public money that may pay for projects and stocks. Counted at the exchange rate of its price year, in dollars "
       "of the base year."),
    (
        _id("purse", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        _ref("region", "regions", N_("Whose money.")),
        _number("amount", N_("Amount."), low=0.0),
        _LOW, _HIGH,
        Field("unit", Kind.TEXT, N_("Currency."), required=True),
        Field("price_year", Kind.INTEGER, N_("Year of the prices, and of the exchange rate."), required=True, low=1990,
              high=2100),
        Field("year", Kind.INTEGER,
              N_("Year in which it comes in; what is not spent is kept. Empty: there from the start."),
              low=1990, high=2100),
        Field("counted", Kind.FLAG, N_("The plan may spend it; no: known, but not for this chain."), required=True),
        _SOURCE, _NOTE,
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
        _number("per_usd", N_("Units of the currency for one US dollar, mean of the year."), low=1e-9),
        _SOURCE, _NOTE,
    ),
    key=("currency", "year"),
    shared=True,
)  # fmt: skip

DEFLATORS = Table(
    "deflators",
    N_("The level of US prices by year: money of other years is brought to the prices of the base year with it."),
    (
        YEAR,
        _number("index", N_("Price level; only its ratio between two years counts."), low=1e-9),
        _SOURCE, _NOTE,
    ),
    key=("year",),
    shared=True,
)  # fmt: skip

EVENTS = Table(
    "events",
    N_("What happened, dated: controls, deals, effects."),
    (
        _id("event", N_("Short name.")),
        Field("date", Kind.DATE, N_("When."), required=True),
        Field("category", Kind.TEXT, N_("Kind of event."), required=True),
        Field("actor", Kind.TEXT, N_("Who acted."), required=True),
        Field("target", Kind.TEXT, N_("Whom it concerned.")),
        Field("instrument", Kind.TEXT, N_("What was used."), required=True),
        Field("minerals", Kind.TEXT, N_("Minerals named.")),
        Field("summary", Kind.TEXT, N_("One sentence.")),
        Field("quantity", Kind.TEXT, N_("Quantity as its source words it.")),
        Field("unit", Kind.TEXT, N_("Unit of the quantity.")),
        Field("effective", Kind.DATE, N_("In force from.")),
        Field("end", Kind.DATE, N_("In force until.")),
        _SOURCE, _NOTE,
    ),
    key=("event",),
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
        _SOURCE, _NOTE,
    ),
    key=("commitment",),
    shared=True,
)  # fmt: skip

EVIDENCE = Table(
    "evidence",
    N_("Dated steps of commitments on the status ladder. Silence is not failure."),
    (
        _ref("commitment", "commitments", N_("The commitment.")),
        Field("date", Kind.DATE, N_("When the step happened, or up to when was searched."), required=True),
        Field("status", Kind.CHOICE, N_("Step on the ladder."), required=True, choices=COMMITMENT_LADDER),
        Field("what", Kind.TEXT, N_("What was seen."), required=True),
        Field("participant", Kind.TEXT, N_("Whose step: USA, JPN or both."), required=True),
        _SOURCE, _NOTE,
    ),
    key=("commitment", "date", "status", "participant"),
    shared=True,
)  # fmt: skip

BACKTESTS = Table(
    "backtests",
    N_("What was observed in an episode that a scenario tells: prediction and observation are shown side by side."),
    (
        _id("backtest", N_("Short name.")),
        Field("scenario", Kind.TEXT, N_("Scenario of the case that is run."), required=True),
        Field("quantity", Kind.CHOICE,
              N_("price_multiple: mean price over the base year's; peak_multiple: the highest month's; exports_change: "
                 "the controller's exports over base exports, less one; line_stop: 1 where a line stood still, or 0."),
              required=True, choices=("price_multiple", "peak_multiple", "exports_change", "line_stop")),
        Field("commodities", Kind.REFERENCES, N_("What; stage:NAME all of a stage; empty for a line stop."),
              refers="commodities", wildcard=True),
        Field("end_uses", Kind.REFERENCES, N_("Whose lines, any of them; empty for prices and exports."),
              refers="end_uses"),
        _ref("region", "regions", N_("Where the price or the line is, or where exports go; * everywhere."),
             wildcard=True),
        Field("month", Kind.DATE, N_("Month, or first month, YYYY-MM."), required=True),
        Field("until", Kind.DATE, N_("Last month, where it is a mean over several.")),
        _number("value", N_("What was observed: a ratio.")),
        _LOW, _HIGH,
        Field("use", Kind.CHOICE,
              N_("calibrate: the scenario or a parameter was made from it; score: it judges; show: it is only shown, "
                 "as is everything of grade D."),
              required=True, choices=("calibrate", "score", "show")),
        _SOURCE, _NOTE,
    ),
    key=("backtest",),
)  # fmt: skip

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
