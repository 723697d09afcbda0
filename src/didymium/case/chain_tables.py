"""What is made where and from what: commodities, processes, plants, projects, their costs and the ways between them."""

from __future__ import annotations

from didymium.case.fields import BASES, BASIS, HIGH, LOW, NOTE, SOURCE, UNIT, id_field, number, reference
from didymium.case.schema import Field, Kind, Table
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

REGIONS = Table(
    "regions",
    N_("Countries and groups of countries."),
    (
        id_field("region", N_("Short name in capitals: an ISO 3166 code, or EUR, ROW.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("role", Kind.CHOICE,
              N_("participant: its costs and losses are counted; partner: it cooperates; controller: it can "
                 "cut supply."),
              required=True, choices=("participant", "partner", "controller", "other")),
        Field("countries", Kind.TEXT, N_("ISO 3166 codes of the countries in the region, separated by ;."),
              required=True),
        number("latitude", N_("Where the map draws it."), low=-90.0, high=90.0),
        number("longitude", N_("Where the map draws it."), low=-180.0, high=180.0),
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
        id_field("basket", N_("Ore type.")),
        Field("element", Kind.TEXT, N_("Chemical symbol."), required=True),
        number("share", N_("Share of total rare-earth oxide."), low=0.0, high=100.0),
        LOW, HIGH, UNIT, BASIS, SOURCE, NOTE,
    ),
    key=("basket", "element"),
    value="share",
    internal="percent",
)  # fmt: skip

COMMODITIES = Table(
    "commodities",
    N_("Substances in a form."),
    (
        id_field("commodity", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage that makes it."), required=True, choices=STAGES),
        Field("elements", Kind.TEXT, N_("Elements it is traded for, separated by ; (content is counted for these)."),
              required=True),
        Field("basket", Kind.TEXT, N_("Basket that its content follows, for ores and mixed concentrates.")),
        UNIT,
        Field("basis", Kind.CHOICE, N_("What a tonne of it is a tonne of, inside the model."), required=True,
              choices=BASES),
        Field("calibrated", Kind.FLAG, N_("Its price is fitted to observed prices; if not, only a band is reported."),
              default="yes"),
        number("disposal_cost", N_("Cost of getting rid of a tonne that nobody wants."), low=0.0),
        Field("disposal_unit", Kind.TEXT, N_("Unit of the disposal cost."), required=True),
        reference("serves_as", "commodities", N_("A lesser good that it may be used as, tonne for tonne; never back."),
             required=False),
        SOURCE, NOTE,
    ),
    key=("commodity",),
    required=True,
)  # fmt: skip

PROCESSES = Table(
    "processes",
    N_("Recipes: what is turned into what."),
    (
        id_field("process", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage of the chain."), required=True, choices=STAGES),
        Field("capacity_side", Kind.CHOICE, N_("Whether capacity is stated in feed or in output."), required=True,
              choices=("feed", "output")),
        reference("capacity_commodity", "commodities",
                  N_("Commodity that one unit of activity takes in or gives out.")),
        Field("mixed", Kind.CHOICE,
              N_("strict: no more mass of an element may leave than enters; mine: mass comes out of the ground, or out "
                 "of use; saving: nothing is made, an end use of the same region needs so much less (thrift)."),
              required=True, choices=("strict", "mine", "saving")),
        NOTE,
    ),
    key=("process",),
    required=True,
    sourced=False,
)  # fmt: skip

RECIPES = Table(
    "recipes",
    N_("Signed coefficients per unit of activity: inputs below zero, outputs above."),
    (
        reference("process", "processes", N_("The process.")),
        reference("commodity", "commodities", N_("What goes in or comes out.")),
        number("coefficient",
                N_("Amount per unit of activity; where a basket is named, the share recovered from it.")),
        LOW, HIGH, UNIT, BASIS,
        Field("basket", Kind.TEXT,
              N_("Basket whose content of the commodity's elements the coefficient recovers, converted by "
                 "atomic masses.")),
        SOURCE, NOTE,
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
        id_field("facility", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("operator", Kind.TEXT, N_("Who runs it.")),
        reference("region", "regions", N_("Where it stands.")),
        Field("country", Kind.TEXT, N_("ISO 3166 code of the country."), required=True),
        Field("stage", Kind.CHOICE, N_("Stage of the chain."), required=True,
              choices=(*STAGES, "integrated", "concentrate")),
        Field("processes", Kind.REFERENCES,
              N_("Recipes it can run under one capacity; empty: known, but not modelled."),
              refers="processes"),
        number("capacity", N_("What it can do in a year."), required=False, low=0.0),
        LOW, HIGH,
        Field("unit", Kind.TEXT, N_("Unit of the capacity, per year.")),
        Field("basis", Kind.CHOICE, N_("What a tonne of the capacity is a tonne of."), choices=BASES),
        Field("status", Kind.CHOICE, N_("Where it stands between study and output."), required=True, choices=STATUSES),
        Field("start", Kind.DATE, N_("First output, or the date planned for it.")),
        Field("end", Kind.DATE, N_("Last output.")),
        Field("additive", Kind.FLAG, N_("Counts in sums; no: the same tonnes stand in another row."), required=True),
        reference("supersedes", "facilities", N_("Row that this one replaces once it starts."), required=False),
        reference("ramp", "ramps", N_("How output grows after the start."), required=False),
        Field("modelled", Kind.TEXT, N_("Why the row is left out of the market, where it is.")),
        Field("product", Kind.TEXT, N_("Product as its source words it.")),
        SOURCE, NOTE,
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
        id_field("ramp", N_("Short name.")),
        Field("year", Kind.INTEGER, N_("Year after the start, from 1; the last one holds."), required=True, low=1),
        number("share", N_("Share of capacity."), low=0.0, high=1.0),
        LOW, HIGH, SOURCE, NOTE,
    ),
    key=("ramp", "year"),
    value="share",
)  # fmt: skip

PROJECTS = Table(
    "projects",
    N_("What it takes to build a facility that does not run yet, and to decide about it."),
    (
        reference("facility", "facilities", N_("The facility.")),
        number("capex", N_("Investment needed."), low=0.0),
        LOW, HIGH, UNIT,
        Field("price_year", Kind.INTEGER, N_("Year of the prices; empty: not stated, read as the base year's."),
              low=1990, high=2100),
        number("lead_time", N_("Time from the decision to first output."), low=0.0),
        Field("lead_time_low", Kind.NUMBER, N_("Short end of the lead time."), required=True, low=0.0),
        Field("lead_time_high", Kind.NUMBER, N_("Long end of the lead time."), required=True, low=0.0),
        Field("lead_time_unit", Kind.TEXT, N_("Unit of the lead time."), required=True),
        reference("lead_time_source", "sources|assumptions", N_("Where the lead time comes from.")),
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
        SOURCE, NOTE,
    ),
    key=("facility",),
    value="capex",
    internal="USD",
)  # fmt: skip

CAPS = Table(
    "caps",
    N_("What projects share besides money and may not use up: land, water, a permit to discharge."),
    (
        id_field("cap", N_("Short name; the rows of one cap go together.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        reference("facility", "facilities", N_("A project that uses it.")),
        number("use", N_("What the project uses of it where it is built in full."), low=0.0),
        number("limit", N_("How much there is; the same in every row of the cap."), low=0.0),
        UNIT, SOURCE, NOTE,
    ),
    key=("cap", "facility"),
)  # fmt: skip

COSTS = Table(
    "costs",
    N_("What a unit of activity costs beside the commodities that it takes in."),
    (
        reference("process", "processes", N_("The process; * for all of a stage: stage:NAME."), wildcard=True),
        reference("region", "regions", N_("Where; * for every other region."), wildcard=True),
        number("cost", N_("Cost per unit of activity."), low=0.0),
        LOW, HIGH, UNIT, BASIS,
        Field("curve", Kind.CHOICE, N_("How the cost of one more unit rises with activity, through the base point."),
              choices=CURVES, default=CURVES[0]),
        number("elasticity", N_("Elasticity of supply at the base point; empty: the assumption for its stage."),
                required=False, low=1e-6),
        SOURCE, NOTE,
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
        reference("process", "processes", N_("The process; * for any; stage:NAME for all of a stage."), wildcard=True),
        reference("region", "regions", N_("Where; * for every other region."), wildcard=True),
        Field("stressor", Kind.CHOICE, N_("What is taken or left."), required=True, choices=STRESSORS),
        number("amount", N_("Amount per unit of activity."), low=0.0),
        LOW, HIGH, UNIT, BASIS, SOURCE, NOTE,
    ),
    key=("process", "region", "stressor"),
    value="amount",
    internal="t/t|m3/t|MWh/t",
)  # fmt: skip

ROUTES = Table(
    "routes",
    N_("Which commodity may go from where to where, at what cost, in what time."),
    (
        reference("commodity", "commodities", N_("The commodity; * any; stage:NAME all of a stage."), wildcard=True),
        reference("origin", "regions", N_("From; * anywhere."), wildcard=True),
        reference("destination", "regions", N_("To; * anywhere."), wildcard=True),
        number("cost", N_("Freight, insurance and handling; always above zero."), low=1e-9),
        LOW, HIGH, UNIT,
        number("transit_days", N_("Days from door to door."), low=0.0, high=365.0),
        number("tariff", N_("Ad valorem tariff in the base year."), required=False, low=0.0),
        Field("open", Kind.FLAG, N_("no: this row closes a route that a wider row opened."), default="yes"),
        SOURCE, NOTE,
    ),
    key=("commodity", "origin", "destination"),
    value="cost",
    internal="USD/t",
)  # fmt: skip
