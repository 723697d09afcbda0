"""Pink Sheet: commodity prices of the World Bank, monthly and annual.

Source: World Bank, Commodity Markets, historical data (CMO-Historical-Data-Monthly.xlsx and -Annual.xlsx), CC BY 4.0.
Monthly prices are in nominal US dollars only; annual ones are nominal or in US dollars of a stated year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.workbook import Cell, Sheet, address, read_sheets
from didymium.faults import Fault, single
from didymium.messages import N_, _
from didymium.sources.cells import date_fault, serial_fault
from didymium.sources.files import Faults, Reading

if TYPE_CHECKING:
    import pandas as pd

UNITS: Mapping[str, str] = {
    "$/bbl": "USD/bbl",
    "$/mt": "USD/t",
    "$/kg": "USD/kg",
    "$/mmbtu": "USD/MMBtu",
    "$/troy oz": "USD/troy_oz",
    "$/toz": "USD/troy_oz",
    "$/dmtu": "USD/dmtu",
    "$/cubic meter": "USD/m3",
    "cents/sheet": "cents/sheet",
}
"""Units as headed, and as they are called here. The numbers are not converted."""

MISSING = ("…", "...", "..")
"""Marks of a missing price: an ellipsis, or dots in a row."""

CHANGED = N_("marked ** in the source: the series was changed or replaced, see its description")

IRON = "Iron ore, cfr spot"
"""Series headed $/dmtu against its own description, which has three parts: see :data:`IRON_PARTS`."""

IRON_PARTS = (
    (date(1, 1, 1), "cents/dmtu", N_("headed $/dmtu; described as contract in US cents a dry tonne unit (1 % Fe)")),
    (date(2006, 1, 1), "USD/t", N_("headed $/dmtu; described as spot in US dollars a dry tonne, 63.5 % Fe")),
    (date(2008, 12, 1), "USD/t", N_("headed $/dmtu; described as spot in US dollars a dry tonne, 62 % Fe")),
)
"""First month, unit and note of each part (sheet Description of the workbook, edition of June 2026)."""

COLUMNS = ("commodity", "date", "price", "unit", "basis", "note")

_PRICES = re.compile(r"^(Monthly Prices|Annual Prices)", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})M(0[1-9]|1[0-2])", re.ASCII)
_YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
_UNIT = re.compile(r"\s*\((.+)\)\s*")
_SPELL = {"monthly": 1, "annual": 12}


def read_pinksheet(path: Path, basis: str = "nominal") -> Reading:
    """Read the monthly or the annual prices.

    Parameters
    ----------
    path : Path
        The xlsx file as published.
    basis : str
        ``nominal`` or ``real``: which sheet of the annual workbook. Monthly prices are nominal.

    Returns
    -------
    Reading
        ``commodity``, ``date`` (first day of the month or year), ``price`` (NaN where the source gives none), ``unit``,
        ``basis`` (``nominal``, or ``real`` with the year of its dollars) and ``note``.

    Raises
    ------
    CaseError
        A workbook that cannot be used, with every fault and its cell.
    """
    import pandas as pd

    faults = Faults(path.name)
    sheets = [sheet for sheet in read_sheets(path, [_PRICES]).values() if _is_basis(sheet, basis)]
    if len(sheets) != 1:
        faults.add("", "", _("{count} sheets of {basis} prices").format(count=len(sheets), basis=basis),
                   _("take the workbook as published; monthly prices are nominal only"))  # fmt: skip
        faults.refuse()
    sheet = sheets[0]
    corrections: list[Fault] = []
    first = _first_row(sheet, faults)
    faults.found += sheet.check(_header(sheet, first, faults)[0] + 1)
    names, units = _series(sheet, first, faults)
    days = _days(sheet, first, faults)
    stated = _stated(sheet, first, basis)
    frames = []
    for column, (name, changed) in names.items():
        prices, notes = _prices(sheet, first, column, faults)
        note = [_(CHANGED)] * len(prices) if changed else [""] * len(prices)
        unit = [units.get(column, "")] * len(prices)
        if name == IRON and units.get(column) == "USD/dmtu":
            parts = [next(part for part in reversed(IRON_PARTS) if day >= part[0]) for day in days]
            unit, note = [part[1] for part in parts], [_(part[2]) for part in parts]
            place = f"{sheet.name}!{address(first, column + 1)}"
            corrections.append(Fault(path.name, "", place, _("headed $/dmtu against its own description"),
                                     _("read as cents/dmtu to 2005 and USD/t from 2006")))  # fmt: skip
        note = ["; ".join(part for part in pair if part) for pair in zip(note, notes, strict=True)]
        frames.append(
            pd.DataFrame({"commodity": name, "date": pd.to_datetime(days), "price": prices, "unit": unit,
                          "basis": stated, "note": note})
        )  # fmt: skip
        if changed:
            place = f"{sheet.name}!{address(first - 1, column + 1)}"
            corrections.append(Fault(path.name, "", place, _("{name} is marked **").format(name=name), _(CHANGED)))
    faults.refuse()
    return Reading(pd.concat(frames, ignore_index=True)[list(COLUMNS)], corrections)


def annual_means(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of twelve monthly prices by year, as the World Bank's annual prices are.

    Parameters
    ----------
    frame : DataFrame
        Monthly rows of :func:`read_pinksheet`.

    Returns
    -------
    DataFrame
        ``commodity``, ``year``, ``price`` (NaN where a month lacks), ``unit``, ``months`` and ``note``. A year whose
        months have two units has no mean.
    """
    rows = frame.assign(year=frame["date"].dt.year)
    groups = rows.groupby(["commodity", "year"], sort=False)
    table = groups.agg(price=("price", "mean"), unit=("unit", "first"), months=("price", "count"),
                       units=("unit", "nunique")).reset_index()  # fmt: skip
    whole = (table["months"] == _SPELL["annual"]) & (table["units"] == 1)
    table["price"] = table["price"].where(whole)
    table["note"] = ""
    table.loc[~whole, "note"] = [
        _("months of two units: no mean") if units > 1 else _("{count} of 12 months: no mean").format(count=months)
        for units, months in zip(table.loc[~whole, "units"], table.loc[~whole, "months"], strict=True)
    ]
    return table.drop(columns="units")


def price_of(frame: pd.DataFrame, commodity: str) -> pd.DataFrame:
    """Return the rows of one commodity.

    Raises
    ------
    CaseError
        The Pink Sheet has no such commodity.
    """
    found = frame[frame["commodity"] == commodity]
    if found.empty:
        raise single("Pink Sheet", "", "commodity", _("no prices of {commodity}").format(commodity=commodity),
                     _("use one of {known}").format(known=", ".join(dict.fromkeys(frame["commodity"]))))  # fmt: skip
    return found


def _is_basis(sheet: Sheet, basis: str) -> bool:
    """Whether a sheet holds prices of the basis."""
    return ("real" in sheet.name.lower()) == (basis == "real")


def _label(cell: Cell) -> str:
    """Return a date cell as text, a whole number without decimals."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() if isinstance(cell, (str, int)) and not isinstance(cell, bool) else ""


def _first_row(sheet: Sheet, faults: Faults) -> int:
    """Return the position of the first row of prices: below the row of units."""
    units = [at for at, row in enumerate(sheet.rows)
             if sum(isinstance(cell, str) and bool(_UNIT.fullmatch(cell)) for cell in row[1:]) * 2
             > sum(cell is not None for cell in row[1:]) > 0]  # fmt: skip
    if not units:
        faults.add("", f"{sheet.name}!A1", _("no row of units such as ($/mt)"), _("take the workbook as published"))
        faults.refuse()
    at = units[0] + 1
    # the annual workbook has a row of codes; a row of numbers that lost its date is a fault and not a row of codes
    while at < len(sheet.rows) and sheet.rows[at][0] is None and not any(map(_is_number, sheet.rows[at][1:])):
        at += 1
    if at >= len(sheet.rows):
        faults.add("", f"{sheet.name}!A{at}", _("no prices below the units"), _("take the workbook as published"))
        faults.refuse()
    return at


def _is_number(cell: Cell) -> bool:
    """Whether a cell holds a number."""
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _header(sheet: Sheet, first: int, faults: Faults) -> tuple[int, int]:
    """Return the positions of the rows of names and of units."""
    units = next(at for at in range(first - 1, -1, -1)
                 if any(isinstance(cell, str) and _UNIT.fullmatch(cell) for cell in sheet.rows[at][1:]))  # fmt: skip
    if not units:
        faults.add("", f"{sheet.name}!A1", _("no row of names above the units"), _("take the workbook as published"))
        faults.refuse()
    return units - 1, units


def _series(sheet: Sheet, first: int, faults: Faults) -> tuple[dict[int, tuple[str, bool]], dict[int, str]]:
    """Return name and mark ``**`` of every series, and its unit, by position of its column."""
    at_names, at_units = _header(sheet, first, faults)
    names: dict[int, tuple[str, bool]] = {}
    units: dict[int, str] = {}
    seen: dict[str, int] = {}
    for column in range(1, len(sheet.rows[at_names])):
        name, unit = sheet.rows[at_names][column], sheet.rows[at_units][column]
        used = any(row[column] is not None for row in sheet.rows[first:])
        place = f"{sheet.name}!{address(at_names + 1, column + 1)}"
        if name is None and unit is None and not used:
            continue
        if not isinstance(name, str) or not name.strip("* "):
            faults.add("", place, _("prices without a name"), _("take the workbook as published"))
            continue
        clean = name.replace("*", "").strip()
        if clean in seen:
            faults.add("", place, _("{name} stands twice").format(name=clean), _("keep one of the columns"))
            continue
        seen[clean] = column
        names[column] = (clean, "**" in name)
        match = _UNIT.fullmatch(unit) if isinstance(unit, str) else None
        text = match.group(1).strip() if match else ""
        index = re.fullmatch(r"(\d{4})\s*=\s*100", text)
        if index:
            units[column] = f"index {index.group(1)}=100"
        elif text in UNITS:
            units[column] = UNITS[text]
        else:
            faults.add("", f"{sheet.name}!{address(at_units + 1, column + 1)}",
                       _("`{cell}` is not a unit of the Pink Sheet").format(cell=unit),
                       _("use one of {known}").format(known=", ".join(UNITS)))  # fmt: skip
    return names, units


def _days(sheet: Sheet, first: int, faults: Faults) -> list[date]:
    """Return the first day of every row's month or year; each follows the one before."""
    days: list[date] = []
    months = [_MONTH.fullmatch(_label(row[0])) for row in sheet.rows[first:]]
    monthly = sum(map(bool, months)) * 2 >= len(months)
    step = _SPELL["monthly" if monthly else "annual"]
    last: int | None = None
    for number, (row, month) in enumerate(zip(sheet.rows[first:], months, strict=True), first + 1):
        label, place = _label(row[0]), f"{sheet.name}!A{number}"
        count: int | None = None
        if monthly and month:
            count = int(month.group(1)) * 12 + int(month.group(2)) - 1
        elif not monthly and _YEAR.fullmatch(label):
            count = int(label) * 12
        else:
            faults.add("", place, *_date_fault(row[0], monthly))
        if count is not None and last is not None and count != last + step:
            what = _("{label} does not follow the row above") if count > last else _("{label} stands twice or too late")
            faults.add("", place, what.format(label=label),
                       _("take the workbook as published: a row is missing or moved"))  # fmt: skip
        last = count if count is not None else (None if last is None else last + step)
        days.append(date(max(1, (count or 12) // 12), (count or 0) % 12 + 1, 1))
    return days


def _date_fault(cell: Cell, monthly: bool) -> tuple[str, str]:
    """Return fault and fix of a cell that should be a date."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 10_000 <= cell < 80_000:
        return serial_fault(int(cell))
    if isinstance(cell, (date, datetime)):
        return (_("`{cell}` is a date of the spreadsheet").format(cell=f"{cell:%Y-%m-%d}"),
                _("format the cell as text and write the date as the source does"))  # fmt: skip
    written = "1960M01" if monthly else "1960"
    return (_("`{cell}` is not a date such as {written}").format(cell="" if cell is None else cell, written=written),
            _("write it so, or remove the row"))  # fmt: skip


def _prices(sheet: Sheet, first: int, column: int, faults: Faults) -> tuple[list[float], list[str]]:
    """Return the prices of a column, NaN where missing, and a note of each."""
    prices: list[float] = []
    notes: list[str] = []
    absent = _("no price given")
    for number, row in enumerate(sheet.rows[first:], first + 1):
        cell = row[column]
        price, note = math.nan, ""
        if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
            note = absent
        elif isinstance(cell, date):
            faults.add("", f"{sheet.name}!{address(number, column + 1)}", *date_fault(cell))
        elif isinstance(cell, bool) or not isinstance(cell, (int, float)):
            place = f"{sheet.name}!{address(number, column + 1)}"
            faults.add("", place, _("`{cell}` is not a number").format(cell=cell),
                       _("format the cell as a number; the source writes … where there is no price"))  # fmt: skip
        elif not math.isfinite(cell) or cell <= 0:
            faults.add("", f"{sheet.name}!{address(number, column + 1)}", _("a price of {cell}").format(cell=cell),
                       _("write … where there is no price: missing is not zero"))  # fmt: skip
        else:
            price = float(cell)
        prices.append(price)
        notes.append(note)
    return prices, notes


def _stated(sheet: Sheet, first: int, basis: str) -> str:
    """Return the basis with the year of its dollars where it is real."""
    if basis != "real":
        return basis
    text = " ".join(str(cell) for row in sheet.rows[:first] for cell in row if isinstance(cell, str))
    year = re.search(r"real\D{0,20}((?:19|20)\d\d)", text, re.IGNORECASE)
    return f"real {year.group(1)}" if year else basis
