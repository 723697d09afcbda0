"""Input rows by name, the numbers that they state, and where each number comes from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from didymium.case.case import ROW, Case
from didymium.case.read import LINE
from didymium.case.schema import Kind, Table
from didymium.case.tables import TABLES
from didymium.faults import DidymiumError
from didymium.messages import _

Row = dict[Hashable, Any]

ELSEWHERE = ("schema", "scenarios")
"""Inputs that are no tables of a case, and so state no sourced number of their own."""

_SPEAKING = ("what", "summary", "title", "topic", "name")
"""Columns that say what a row is about, best first."""


@dataclass(frozen=True)
class Origin:
    """Where a number comes from.

    Parameters
    ----------
    source : str
        Short name of the source or assumption; empty where the row states no fact.
    title, publisher, date, grade, address : str
        Of the document; an assumption has its topic as title and the grade ``assumption``.
    assumption : bool
        No document gives it.
    row : str
        Input row of the source or assumption.
    reason : str
        Why the assumption is so.
    """

    source: str = ""
    title: str = ""
    publisher: str = ""
    date: str = ""
    grade: str = ""
    address: str = ""
    assumption: bool = False
    row: str = ""
    reason: str = ""


NAN = float("nan")


@dataclass(frozen=True)
class Number:
    """A number of an input row, in the unit of the model. Without values: the row holds none.

    Parameters
    ----------
    field : str
        Column that holds it; empty where the row holds none.
    value, low, high : float
        The number and its band in ``unit``; NaN where there is none.
    unit : str
        Its unit inside the model.
    stated : str
        Number and unit as they stand in the file.
    source_field : str
        Column that names its source; empty where the table has none.
    """

    field: str = ""
    value: float = NAN
    low: float = NAN
    high: float = NAN
    unit: str = ""
    stated: str = ""
    source_field: str = ""


class Lookup:
    """Finds the rows of a case by name. Made once for many look-ups.

    Parameters
    ----------
    case : Case
        The case that a result was made from.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._rows: dict[str, dict[str, Row]] = {}

    def row(self, key: str) -> tuple[str, Row]:
        """Return table and row called ``table/key``.

        Raises
        ------
        DidymiumError
            No such row.
        """
        table = key.partition("/")[0]
        if table not in self._rows and self.case.holds(table):
            self._rows[table] = {str(row[ROW]): row for row in self.case[table].to_dict("records")}
        try:
            return table, self._rows[table][key]
        except KeyError:
            raise DidymiumError(_("{key} is not a row of case {case}").format(key=key, case=self.case.name)) from None

    def origin(self, source: str) -> Origin:
        """Return the source or assumption that a row cites."""
        if not source:
            return Origin()
        for table in ("sources", "assumptions"):
            try:
                _table, row = self.row(f"{table}/{source}")
            except DidymiumError:
                continue
            return self.own_origin(table, row)
        raise DidymiumError(_("`{source}` is neither a source nor an assumption").format(source=source))

    def own_origin(self, table: str, row: Row) -> Origin:
        """Return what a row of ``sources`` or ``assumptions`` says of itself."""
        if table == "assumptions":
            topic, when, key = str(row["topic"]), str(row["date"]), str(row[ROW])
            return Origin(str(row["assumption"]), topic, "", when, "assumption", "", True, key, str(row["reason"]))
        text = {name: str(row[name]) for name in ("source", "title", "publisher", "date", "grade", "address")}
        return Origin(**text, assumption=False, row=str(row[ROW]))

    def describe(self, table: str, row: Row) -> str:
        """Return what a row is about, in readable names."""
        parts = [self._readable(TABLES[table], name, row[name]) for name in TABLES[table].key]
        speaking = next((str(row[name]) for name in _SPEAKING if row.get(name)), "")
        if speaking and (len(TABLES[table].key) == 1 or table == "evidence"):
            return speaking if table != "evidence" else f"{row[TABLES[table].key[0]]}: {speaking}"
        return ", ".join(part for part in parts if part)

    def _readable(self, table: Table, name: str, cell: object) -> str:
        refers = table.field(name).refers
        if refers in TABLES and self.case.holds(refers) and "name" in self.case[refers]:
            try:
                return str(self.row(f"{refers}/{cell}")[1]["name"])
            except DidymiumError:
                return str(cell)  # a wildcard
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return str(cell)

    def numbers(self, table: str, row: Row) -> list[Number]:
        """Return every number that a row states; one without a value where it states none."""
        declared = TABLES[table]
        names = declared.columns
        if "source" not in names and table != "assumptions":
            return [Number()]  # a definition (a region, a process): it states no fact
        found = []
        for field in declared.fields:
            name = field.name
            if field.kind is not Kind.NUMBER or name in declared.key or _band_end(name) or row[name] != row[name]:
                continue
            main = name == declared.value
            low, high = ("low", "high") if main else (f"{name}_low", f"{name}_high")
            source = _source_of(name, names)
            stated_unit = row.get("stated_unit", row.get("unit", "")) if main else self._unit(declared, name, row)
            found.append(
                Number(
                    name,
                    float(row[name]),
                    float(row.get(low, NAN)),
                    float(row.get(high, NAN)),
                    str(row.get("unit", field.unit) if main else self._unit(declared, name, row)),
                    f"{self._as_written(table, row, name)} {stated_unit}".strip(),
                    source,
                )
            )
        if found:
            return found
        return [Number(source_field="source")]

    def where(self, table: str, row: Row) -> tuple[str, int]:
        """Return the table, with the folder where it is another than the case's own, and the line of a row."""
        file, line = self.case.files.where(table, int(row.get(LINE, 0)))
        return file.removesuffix(".csv"), line

    def _unit(self, table: Table, name: str, row: Row) -> str:
        for unit in (f"{name}_unit", name.replace("_cost", "_unit")):
            if unit != name and unit in table.columns:
                return str(row[unit])
        if name.endswith("_days"):
            return "day"
        return table.field(name).unit

    def _as_written(self, table: str, row: Row, name: str) -> str:
        written = self.case.files.written(TABLES[table]).get(int(row.get(LINE, 0)), {})
        return written.get(name, "").strip() or f"{float(row[name]):g}"


def _source_of(name: str, names: Sequence[str]) -> str:
    """Return the column that says where a number comes from: its own, that of what it belongs to, or the row's."""
    owners = (name, name.rpartition("_")[0])  # thrift_months belongs to thrift
    own = (f"{owner}_source" for owner in owners if owner)
    return next((column for column in (*own, "source") if column in names), "")


def _band_end(name: str) -> bool:
    return name in ("low", "high") or name.endswith(("_low", "_high"))


def input_rows(rests_on: str | Iterable[str]) -> Iterator[str]:
    """Yield the distinct input rows named in one cell, or in several cells, of a column ``rests_on``."""
    cells = [rests_on] if isinstance(rests_on, str) else rests_on
    seen: dict[str, None] = {}
    for cell in cells:
        for key in cell.split(";"):
            if key.strip() and key.strip() not in seen:
                seen[key.strip()] = None
                yield key.strip()
