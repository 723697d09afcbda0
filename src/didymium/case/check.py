"""Checks of single tables: every cell against its field, every row against its table."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from didymium.case.read import LINE
from didymium.case.schema import Field, Kind, Table
from didymium.case.screening_tables import INTERVALS, NUMBERS
from didymium.case.units import factor
from didymium.faults import DidymiumError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$", re.ASCII)
BAND = ("low", "high")
_ORDERED = (("start", "end"), ("announced", "start"), ("suspended_from", "suspended_to"), ("effective", "end"))


@lru_cache(maxsize=4096)
def first_day(text: str) -> date:
    """Return the first day of a date written YYYY, YYYY-MM or YYYY-MM-DD.

    Raises
    ------
    ValueError
        Not such a date.
    """
    match = _DATE.match(text)
    if not match:
        raise ValueError(text)
    year, month, day = match.groups()
    return date(int(year), int(month or 1), int(day or 1))


def last_day(text: str) -> date:
    """Return the last day of a date written YYYY, YYYY-MM or YYYY-MM-DD.

    What is dated to a month was surely known only when the month was over.

    Raises
    ------
    ValueError
        Not such a date.
    """
    first = first_day(text)
    if len(text) == len("YYYY"):
        return date(first.year, 12, 31)
    if len(text) == len("YYYY-MM"):
        return date(first.year, first.month, monthrange(first.year, first.month)[1])
    return first


def split_list(text: str) -> list[str]:
    """Return the entries of a cell that holds several, separated by ``;``."""
    return [entry.strip() for entry in text.split(";") if entry.strip()]


def row_names(table: Table, frame: pd.DataFrame) -> list[str]:
    """Return the key of every row, its parts joined by ``|``; a whole number without decimals.

    Several goods in one cell are joined by ``+``: results separate rows by ``;``.
    """
    columns = []
    for name in table.key:
        cells = frame[name].tolist()
        if table.field(name).kind is Kind.INTEGER:
            cells = [f"{cell:.0f}" if isinstance(cell, float) else cell for cell in cells]
        columns.append(cells)
    return ["|".join(map(str, parts)).replace(";", "+") for parts in zip(*columns, strict=True)]


class TableCheck:
    """Checks one table and turns its cells into numbers.

    Parameters
    ----------
    table : Table
        Declaration.
    frame : DataFrame
        Text as read.
    faults : list of Fault
        Where faults are gathered.
    """

    def __init__(self, table: Table, frame: pd.DataFrame, faults: list[Fault]) -> None:
        self.table = table
        self.frame = frame
        self.faults = faults
        self.file = f"{table.name}.csv"
        self.lines: list[int] = frame[LINE].tolist()

    def fault(self, line: object, field: str, what: str, fix: str) -> None:
        """Add a fault of a row."""
        self.faults.append(Fault(self.file, str(line), field, what, fix))

    def cells(self) -> None:
        """Check every cell against its field."""
        for field in self.table.fields:
            texts: list[str] = self.frame[field.name].tolist()
            if field.default and "" in texts:
                texts = [text or field.default for text in texts]
                self.frame[field.name] = texts
            if field.required and "" in texts:
                fix = _("fill it in: {meaning}").format(meaning=_(field.meaning))
                for line, text in zip(self.lines, texts, strict=True):
                    if not text:
                        self.fault(line, field.name, _("the cell is empty"), fix)
            if field.kind in (Kind.NUMBER, Kind.INTEGER):
                self.frame[field.name] = self._numbers(field, texts)
            elif field.kind in (Kind.CHOICE, Kind.FLAG, Kind.ID, Kind.DATE):
                self._texts(field, texts)

    def _texts(self, field: Field, texts: list[str]) -> None:
        """Check cells that stay text. Each distinct text is looked at once."""
        wrong = {text: self._wrong_text(field, text) for text in dict.fromkeys(texts) if text}
        if not any(wrong.values()):
            return
        for line, text in zip(self.lines, texts, strict=True):
            found = wrong.get(text)
            if found:
                self.fault(line, field.name, *found)

    def _wrong_text(self, field: Field, text: str) -> tuple[str, str] | None:
        """Return fault and fix of a text, or None."""
        if field.kind is Kind.CHOICE and text not in field.choices:
            fix = _("use one of {choices}").format(choices=", ".join(field.choices))
            return _("`{cell}` is not a choice").format(cell=text), fix
        if field.kind is Kind.FLAG and text not in ("yes", "no"):
            return _("`{cell}` is neither yes nor no").format(cell=text), _("write yes or no")
        if field.kind is Kind.ID and not _ID.match(text):
            return _("`{cell}` is not a short name").format(cell=text), _("use letters, digits, _ . and - only")
        if field.kind is Kind.DATE:
            try:
                first_day(text)
            except ValueError:
                return _("`{cell}` is not a date").format(cell=text), _("write YYYY, YYYY-MM or YYYY-MM-DD")
        return None

    def _numbers(self, field: Field, texts: list[str]) -> np.ndarray:
        """Return the numbers of a column, NaN where a cell is empty or at fault."""
        import numpy as np

        numbers = np.full(len(texts), np.nan)
        for at, text in enumerate(texts):
            if not text:
                continue
            number = float(text) if _NUMBER.match(text) else math.nan
            wrong = self._wrong_number(field, text, number)
            if wrong:
                self.fault(self.lines[at], field.name, *wrong)
            if math.isfinite(number):
                numbers[at] = number
        return numbers

    def _wrong_number(self, field: Field, text: str, number: float) -> tuple[str, str] | None:
        """Return fault and fix of a number, or None."""
        if not math.isfinite(number):
            fix = _("write digits with a point as decimal mark; leave the cell empty where the value is withheld")
            return _("`{cell}` is not a number").format(cell=text), fix
        if field.kind is Kind.INTEGER and number != round(number):
            return _("`{cell}` is not a whole number").format(cell=text), _("round it")
        what = ""
        if field.low is not None and number < field.low:
            what = _("{cell} is below {low:g}").format(cell=text, low=field.low)
        if field.high is not None and number > field.high:
            what = _("{cell} is above {high:g}").format(cell=text, high=field.high)
        return (what, _("correct it: {meaning}").format(meaning=_(field.meaning))) if what else None

    def rows(self) -> None:
        """Check what concerns several cells of a row: keys, bands, dates in order."""
        seen: set[str] = set()
        for line, name in zip(self.lines, row_names(self.table, self.frame), strict=True):
            if name in seen and name.strip("|"):
                self.fault(line, ", ".join(self.table.key), _("`{key}` stands twice").format(key=name),
                           _("keep one row, or give the other its own name"))  # fmt: skip
            seen.add(name)
        self._bands()
        for begin, end in _ORDERED:
            if begin in self.frame and end in self.frame:
                self._order(begin, end)

    def _bands(self) -> None:
        value = self.table.value
        if not value or "low" not in self.frame:
            return
        columns = (self.frame[name].tolist() for name in ("low", value, "high"))
        for line, low, number, high in zip(self.lines, *columns, strict=True):
            if math.isnan(low) != math.isnan(high) and "qualifier" not in self.frame:
                self.fault(line, "low, high", _("a band with one end"), _("give both ends, or neither"))
            if low > number or high < number:
                self.fault(line, value, _("{value:g} lies outside its band {low:g} to {high:g}").format(
                    value=number, low=low, high=high), _("widen the band or correct the value"))  # fmt: skip
            elif low > high:
                self.fault(line, "low, high", _("the band {low:g} to {high:g} is upside down").format(
                    low=low, high=high), _("put the lower end first"))  # fmt: skip
        if "qualifier" in self.frame:
            self._qualified(value)
        elif "band" in self.frame and not self.table.field(value).required:
            self._withheld(value)

    def _withheld(self, value: str) -> None:
        """A value may be missing where a range says between what it lies, and a range needs its ends."""
        bands: list[str] = self.frame["band"].tolist()
        numbers = (self.frame[name].tolist() for name in (value, "low"))
        for line, kind, number, low in zip(self.lines, bands, *numbers, strict=True):
            if kind == "range" and math.isnan(low):
                self.fault(line, "low, high", _("a range without ends"), _("give low and high"))
            if kind != "range" and math.isnan(number):
                fix = _("fill it in, or write band = range with low and high where it is withheld")
                self.fault(line, value, _("the cell is empty"), fix)

    def _qualified(self, value: str) -> None:
        """A number where the qualifier says number, an interval where it says interval, else nothing at all."""
        columns = (self.frame[name].tolist() for name in ("qualifier", "band", value, *BAND))
        for line, qualifier, band, number, low, high in zip(self.lines, *columns, strict=True):
            counted, ends = not math.isnan(number), not (math.isnan(low) and math.isnan(high))
            if qualifier in NUMBERS and not counted:
                self.fault(line, value, _("the cell is empty"),
                           _("fill it in, or write the qualifier that says why there is none"))  # fmt: skip
            elif qualifier not in NUMBERS and counted:
                self.fault(line, value, _("a number where the qualifier says {qualifier}").format(qualifier=qualifier),
                           _("leave the cell empty: what is not known is not zero"))  # fmt: skip
            elif qualifier in INTERVALS and (not ends or band != "range"):
                self.fault(line, "low, high", _("an interval ({qualifier}) without ends").format(qualifier=qualifier),
                           _("write band = range and the ends that are known"))  # fmt: skip
            elif qualifier not in (*NUMBERS, *INTERVALS) and ends:
                self.fault(line, "low, high", _("an interval where the qualifier says {qualifier}").format(
                    qualifier=qualifier), _("leave low and high empty"))  # fmt: skip

    def _order(self, begin: str, end: str) -> None:
        for line, first, last in zip(self.lines, self.frame[begin].tolist(), self.frame[end].tolist(), strict=True):
            if not (first and last):
                continue
            try:
                reversed_dates = first_day(last) < first_day(first)
            except ValueError:
                continue  # reported with the cell
            # A coarser date (2026) may stand for a day after the first one (2026-03).
            if reversed_dates and not first.startswith(last):
                self.fault(line, end, _("{end} {last} is before {begin} {first}").format(
                    end=end, last=last, begin=begin, first=first), _("put the dates in order"))  # fmt: skip

    def units(self) -> None:
        """Convert the value and its band to the internal unit; leave the stated one in ``stated_unit``."""
        import numpy as np

        table = self.table
        if not table.internal:
            return
        units: list[str] = self.frame["unit"].tolist()
        numbers = [name for name in (table.value, *BAND) if name in self.frame]
        filled = [True] * len(units) if table.screening else self.frame[numbers].notna().any(axis=1).tolist()
        inside: dict[str, str] = {}  # unit inside the model, by stated unit
        multipliers: dict[str, float] = {}
        for unit in dict.fromkeys(unit for unit, has in zip(units, filled, strict=True) if has):
            try:
                multipliers[unit] = factor(unit, table.internal)
            except DidymiumError as error:
                fix = _("state the unit, such as {internal}").format(internal=table.internal.replace("|", ", "))
                for line, stated, has in zip(self.lines, units, filled, strict=True):
                    if has and stated == unit:
                        self.fault(line, "unit", str(error) if unit else _("a number without a unit"), fix)
                continue
            inside[unit] = _target(unit, table.internal)
        scale = np.array(
            [multipliers.get(unit, np.nan) if has else np.nan for unit, has in zip(units, filled, strict=True)], float
        )
        for name in (table.value, *(other for other in (*BAND, "sigma") if other in self.frame)):
            self.frame[name] = self.frame[name].to_numpy(float) * scale
        self.frame["stated_unit"] = self.frame["unit"]
        converted = [inside.get(unit, unit) if has else unit for unit, has in zip(units, filled, strict=True)]
        if converted:
            self.frame["unit"] = converted


def _target(unit: str, internal: str) -> str:
    """Return the internal unit that a convertible unit is turned into."""
    for target in internal.split("|"):
        try:
            factor(unit, target)
        except DidymiumError:
            continue
        return target
    return unit
