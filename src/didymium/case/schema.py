"""The declarative schema: what a case is made of, said once.

A :class:`Table` is a CSV file of a case; a :class:`Field` is a column. Loading, checking, ``didymium describe``,
``didymium new``, the reference page, the Excel template and the forms all read these declarations, so a field's
meaning, unit and bounds stand in one place: :mod:`didymium.case.tables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a field holds."""

    ID = "id"  # lower-case letters, digits, _ and -; regions are upper-case
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"  # YYYY, YYYY-MM or YYYY-MM-DD; kept as text, compared by its first day
    CHOICE = "choice"
    FLAG = "flag"  # yes / no
    REFERENCE = "reference"  # the id of a row of another table
    REFERENCES = "references"  # several ids, separated by ";"


GRADES = ("A", "B", "C", "D", "assumption")
"""A: official or primary. B: wire, filing, analyst. C: trade press or secondary. D: suspect, never feeds a model."""


@dataclass(frozen=True)
class Field:
    """One column of a table.

    Parameters
    ----------
    name : str
        Column name in the file.
    kind : Kind
        What the cell holds.
    meaning : str
        One sentence, marked for the message catalogue.
    required : bool
        An empty cell is a fault.
    unit : str
        Unit of a number that is the same for the whole column; empty where the row's ``unit`` states it.
    low, high : float, optional
        Inclusive bounds of a number.
    choices : tuple of str
        Allowed values of a choice.
    refers : str
        Table whose key a reference names. ``a|b`` allows either table.
    default : str
        Value of an empty cell.
    wildcard : bool
        ``*`` (any) and ``stage:NAME`` are allowed beside ids.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    refers: str = ""
    default: str = ""
    wildcard: bool = False


@dataclass(frozen=True)
class Table:
    """One file of a case.

    Parameters
    ----------
    name : str
        File name without its ending.
    meaning : str
        One sentence, marked for the message catalogue.
    fields : tuple of Field
        The columns, in order.
    key : tuple of str
        Columns that together name a row; they are unique.
    required : bool
        A case without the file is refused.
    sourced : bool
        Rows state facts and must name a source; sources graded D are refused.
    value : str
        The column that ``low``, ``high``, ``unit`` and ``basis`` speak of, where there is one.
    internal : str
        Unit that the value is converted to at the door; ``a|b`` where rows may measure one or the other.
    screening : bool
        A wide table for screening: no market reads it, so it is read and checked when it is first asked for.
    shared : bool
        The chains of a case take the table from it: what is said there holds for each of them.
    """

    name: str
    meaning: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    required: bool = False
    sourced: bool = True
    value: str = ""
    internal: str = ""
    screening: bool = False
    shared: bool = False

    def field(self, name: str) -> Field:
        """Return the field called ``name``."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"table {self.name} has no field {name}")

    @property
    def columns(self) -> list[str]:
        """Column names in order."""
        return [field.name for field in self.fields]
