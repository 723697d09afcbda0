"""Fields that many tables share."""

from __future__ import annotations

from didymium.case.schema import Field, Kind
from didymium.messages import N_

BASES = ("element", "oxide", "reo", "lce", "gross", "none")
"""element: tonnes of the element. oxide: of its trade oxide. reo: rare-earth oxide in a basket. lce: lithium carbonate
equivalent. gross: as weighed."""

SOURCE = Field(
    "source", Kind.REFERENCE, N_("Where the row comes from: a source, or an assumption."), required=True,
    refers="sources|assumptions",
)  # fmt: skip
NOTE = Field("note", Kind.TEXT, N_("What a reader must know to use the row."))
LOW = Field("low", Kind.NUMBER, N_("Lower end of the band, in the unit of the value (5 % unless the row says range)."))
HIGH = Field(
    "high", Kind.NUMBER, N_("Upper end of the band, in the unit of the value (95 % unless the row says range).")
)  # fmt: skip
SIGMA = Field(
    "sigma", Kind.NUMBER, N_("Standard error in the unit of the value, above zero; empty: from the band."), low=1e-12
)
UNIT = Field("unit", Kind.TEXT, N_("Unit of the value. A number without a unit does not enter."), required=True)
BASIS = Field(
    "basis", Kind.CHOICE, N_("What a tonne is a tonne of."), required=True, choices=BASES,
)  # fmt: skip
YEAR = Field("year", Kind.INTEGER, N_("Year."), required=True, low=1990, high=2100)


def id_field(name: str, meaning: str) -> Field:
    """Return a required field that names a row."""
    return Field(name, Kind.ID, meaning, required=True)


def reference(name: str, refers: str, meaning: str, required: bool = True, wildcard: bool = False) -> Field:
    """Return a field that names a row of another table."""
    return Field(name, Kind.REFERENCE, meaning, required=required, refers=refers, wildcard=wildcard)


def number(name: str, meaning: str, required: bool = True, unit: str = "", **bounds: float) -> Field:
    """Return a field that holds a number."""
    return Field(name, Kind.NUMBER, meaning, required=required, unit=unit, **bounds)  # type: ignore[arg-type]
