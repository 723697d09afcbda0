"""The wide tables for screening: every mineral of the yearbooks, who mines and refines it, who supplies whom.

No market reads them. They are written by ``didymium import screening`` from downloads, and read when first asked for.
"""

from __future__ import annotations

from dataclasses import replace

from didymium.case.fields import BASIS, HIGH, LOW, NOTE, SOURCE, YEAR, id_field, number, reference
from didymium.case.schema import Field, Kind, Table
from didymium.messages import N_

SCREENING_STAGES = ("mine", "refinery", "smelter", "metal", "plant")
"""Where statistics count. mine: taken out of the ground, brines too. refinery: refined metal, oxide or compound.
smelter: primary metal or alloy from a furnace or cell. metal: sponge. plant: a chemical or industrial product."""

QUALIFIERS = (
    "measured",
    "estimated",
    "bound",
    "range",
    "withheld",
    "under_half",
    "net_exporter",
    "not_available",
    "not_applicable",
    "described",
)
"""What the cell of the source is. measured, estimated: a number. bound (>50), range (50-300), withheld (W),
under_half (less than half of the unit) and net_exporter (E): an interval without a number, whose open end is empty.
not_available (NA, blank), not_applicable (XX) and described (Large): nothing to count with."""

NUMBERS = ("measured", "estimated")
"""Qualifiers of a number."""

INTERVALS = ("bound", "range", "withheld", "under_half", "net_exporter")
"""Qualifiers of an interval without a number."""

WORLD, REST = "WLD", "OTH"
"""Codes of the published world total, and of the countries that a table does not list."""

DIMENSIONS = ("VA", "PV", "GE", "RQ", "RL", "CC")
"""Voice and accountability, political stability, government effectiveness, regulatory quality, rule of law, control of
corruption."""

_MINERAL = reference("mineral", "minerals", N_("The mineral."))
_FORM = Field("form", Kind.TEXT, N_("Form, ore or grade that the row means; empty for the mineral as a whole."))
_STAGE = Field("stage", Kind.CHOICE, N_("Where the statistic counts."), required=True, choices=SCREENING_STAGES)
_COUNTRY = Field(
    "country", Kind.TEXT,
    N_("ISO 3166 code; several joined by ; where the source names them together; WLD the published world total; OTH "
       "the countries that the table does not list."),
    required=True,
)  # fmt: skip
_SERIES = Field("series", Kind.TEXT, N_("Edition of the statistic, such as mcs2026."), required=True)
_LOW = replace(LOW, meaning=N_("Lower end of the interval; empty where that end is open."))
_HIGH = replace(HIGH, meaning=N_("Upper end of the interval; empty where that end is open."))
_BAND = Field(
    "band", Kind.CHOICE, N_("range: an interval without a number, of which the value may be anything; band: 5-95 %."),
    default="band", choices=("band", "range"),
)  # fmt: skip
_QUALIFIER = Field(
    "qualifier", Kind.CHOICE,
    N_("What the cell of the source is: a number (measured, estimated), an interval (bound, range, withheld, "
       "under_half, net_exporter) or nothing to count with (not_available, not_applicable, described)."),
    required=True, choices=QUALIFIERS,
)  # fmt: skip
_UNIT = Field("unit", Kind.TEXT, N_("Unit of the value, as published."), required=True)
_BASIS = replace(BASIS, meaning=N_("What a tonne is a tonne of; none where the unit is no mass."))


def _quantity(name: str, meaning: str) -> Field:
    return number(name, meaning, required=False, low=0.0)


MINERALS = Table(
    "minerals",
    N_("What is screened: every commodity of the yearbook."),
    (
        id_field("mineral", N_("Short name.")),
        Field("name", Kind.TEXT, N_("Name."), required=True),
        Field("name_ja", Kind.TEXT, N_("Name in Japanese."), required=True),
        Field("elements", Kind.TEXT, N_("Chemical symbols that it stands for, separated by ; empty: no element.")),
        reference("part_of", "minerals", N_("Mineral that it is a form, a stage or an element of."), required=False),
        Field("chapters", Kind.TEXT, N_("Chapters of the yearbook that speak of it, separated by ; empty: none.")),
        Field("hs92", Kind.TEXT, N_("HS 1992 codes that trade is read from, separated by ; empty: none is covered.")),
        Field("critical", Kind.FLAG, N_("On the United States list of critical minerals of 2025."), required=True),
        Field("uses", Kind.TEXT, N_("Primary applications, as the yearbook words them.")),
        Field("agreement", Kind.TEXT,
              N_("Which uses that the agreement names stand among them: magnets, batteries, catalysts, "
                 "optical_materials, separated by ;.")),
        SOURCE, NOTE,
    ),
    key=("mineral",),
    shared=True,
    screening=True,
)  # fmt: skip

PRODUCTION = Table(
    "production",
    N_("Who makes how much of a mineral at which stage, edition by edition. Totals stand beside their rows."),
    (
        _MINERAL, _STAGE, _FORM, _COUNTRY, YEAR, _SERIES,
        _quantity("quantity", N_("Quantity in the year; empty where the source gives no number, never zero.")),
        _LOW, _HIGH, _BAND, _QUALIFIER, _UNIT, _BASIS, SOURCE, NOTE,
    ),
    key=("mineral", "stage", "form", "country", "year", "series"),
    value="quantity",
    internal="t|m3",
    shared=True,
    screening=True,
)  # fmt: skip

CAPACITY = Table(
    "capacity",
    N_("Capacity by country, where the yearbook gives it. Never to be added to production or facilities."),
    (
        _MINERAL, _STAGE, _FORM, _COUNTRY, YEAR, _SERIES,
        _quantity("capacity", N_("Capacity at the end of the year; empty where the source gives no number, never "
                                 "zero.")),
        _LOW, _HIGH, _BAND, _QUALIFIER, _UNIT, _BASIS, SOURCE, NOTE,
    ),
    key=("mineral", "stage", "form", "country", "year", "series"),
    value="capacity",
    internal="t/year",
    shared=True,
    screening=True,
)  # fmt: skip

RESERVES = Table(
    "reserves",
    N_("What could be mined with profit, by country."),
    (
        _MINERAL, _FORM, _COUNTRY, YEAR, _SERIES,
        _quantity("quantity", N_("Reserves; empty where the source gives no number, never zero.")),
        _LOW, _HIGH, _BAND, _QUALIFIER, _UNIT, _BASIS, SOURCE, NOTE,
    ),
    key=("mineral", "form", "country", "year", "series"),
    value="quantity",
    internal="t|m3",
    shared=True,
    screening=True,
)  # fmt: skip

RELIANCE = Table(
    "reliance",
    N_("Net import reliance of a participant: net imports and stock changes as a share of what it uses."),
    (
        _MINERAL, _FORM,
        reference("region", "regions", N_("Who relies on imports.")),
        YEAR, _SERIES,
        _quantity("reliance", N_("Share of consumption; empty for a bound (>50: from 50 to 100) and for a net "
                                 "exporter (E: at most 0).")),
        _LOW, _HIGH, _BAND, _QUALIFIER, _UNIT, SOURCE, NOTE,
    ),
    key=("mineral", "form", "region", "year", "series"),
    value="reliance",
    internal="percent",
    shared=True,
    screening=True,
)  # fmt: skip

SUPPLIERS = Table(
    "suppliers",
    N_("Who supplies an importer: shares of its imports, those below the threshold summed as OTH."),
    (
        reference("importer", "regions", N_("Who imports.")),
        _MINERAL, _FORM,
        replace(_STAGE, meaning=N_("Stage of what is traded; empty where it is of several."), required=False),
        Field("hs92", Kind.TEXT, N_("HS 1992 code; empty where the source sums several of its own.")),
        _COUNTRY,
        Field("first_year", Kind.INTEGER, N_("First year of the period; the same as year for a single one."),
              required=True, low=1990, high=2100),
        replace(YEAR, meaning=N_("Last year of the period.")),
        _SERIES,
        _quantity("share", N_("Share of the imports: by quantity or value as the source says (mcs), by value (baci).")),
        _LOW, _HIGH, _BAND, _QUALIFIER, _UNIT,
        number("value", N_("Value of the imports."), required=False, unit="USD", low=0.0),
        number("weight", N_("Gross weight of the imports; empty where a part of it is not known."), required=False,
               unit="t", low=0.0),
        SOURCE, NOTE,
    ),
    key=("importer", "mineral", "form", "hs92", "country", "year", "series"),
    value="share",
    internal="percent",
    shared=True,
    screening=True,
)  # fmt: skip

GOVERNANCE = Table(
    "governance",
    N_("How countries are governed: World Bank estimates, about -2.5 (weak) to 2.5 (strong)."),
    (
        replace(_COUNTRY, meaning=N_("ISO 3166 code.")),
        YEAR,
        Field("dimension", Kind.CHOICE,
              N_("VA voice, PV political stability, GE effectiveness, RQ regulation, RL rule of law, CC corruption."),
              required=True, choices=DIMENSIONS),
        replace(_SERIES, meaning=N_("Method, such as wgi2023: a difference across two of them means nothing.")),
        number("estimate", N_("Estimate, in standard deviations of all countries."), low=-5.0, high=5.0),
        number("standard_error", N_("Its standard error."), low=1e-12),
        SOURCE, NOTE,
    ),
    key=("country", "year", "dimension", "series"),
    value="estimate",
    shared=True,
    screening=True,
)  # fmt: skip

SCREENING = (MINERALS, PRODUCTION, CAPACITY, RESERVES, RELIANCE, SUPPLIERS, GOVERNANCE)
