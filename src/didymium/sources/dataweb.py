"""DataWeb: imports and exports of the United States by partner and tariff heading, as its query tool saves them.

Source: U.S. International Trade Commission, DataWeb (public domain). A workbook is the answer to one query: it holds
the partners and headings that were asked for and no others. A sheet for each measure, once by year and once for the
months so far (year to date); the year that is still running stands in the annual sheets too, as zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.workbook import Cell, Sheet, address, read_sheets
from didymium.faults import Fault, single
from didymium.messages import N_, _
from didymium.sources.files import Faults, Reading

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "flow",
    "year",
    "period",
    "partner",
    "hts",
    "measure",
    "unit",
    "amount",
    "counted_in",
    "note",
    "sheet",
    "row",
)
"""``amount`` is in ``unit``; ``counted_in`` is the unit in which the goods of the row are counted."""

SUBSET = N_("partners of the query only: no share of the world")

_HEAD = ("Data Type", "Country", "HTS Number", "Description", "Quantity Description")
_PARAMETERS = "Query Parameters"
_TITLE = re.compile(r"(?P<measure>Customs Value|FAS Value|(?:First|Second) Unit of Quantity)(?P<part> YTD)?")
_YEAR = re.compile(r"((?:19|20)\d\d)(_Year_to_date)?(_Suppressed)?")
_MONTHS = re.compile(r"Data from (.+)$")
_FLOWS = {"Imports For Consumption": "imports", "Domestic Exports": "exports", "General Imports": "general imports",
          "Total Exports": "total exports"}  # fmt: skip


def read_dataweb(path: Path) -> Reading:
    """Read the workbook of a query.

    Parameters
    ----------
    path : Path
        The xlsx file as saved.

    Returns
    -------
    Reading
        Columns of :data:`COLUMNS`: a row per flow, year, partner, heading, measure and unit. ``amount`` of a value is
        in current USD. Partners and headings without trade are zero; what was not asked for is not there.

    Raises
    ------
    CaseError
        A workbook that cannot be used, a sheet with fewer rows than it states, or a total that its rows do not have.
    """
    import pandas as pd

    faults = Faults(path.name)
    sheets = read_sheets(path, [_TITLE, re.compile(_PARAMETERS)])
    asked = {str(row[0]): row[1] for row in sheets[_PARAMETERS].rows if len(row) > 1} if _PARAMETERS in sheets else {}
    flow, saved = _FLOWS.get(str(asked.get("Trade Flow"))), asked.get("Download Date")
    if flow is None or not isinstance(saved, datetime):
        faults.add("", f"{_PARAMETERS}!A1", _("the sheet lacks Trade Flow or Download Date"),
                   _("save the query from DataWeb again, with its parameters"))  # fmt: skip
        faults.refuse()
    assert isinstance(saved, datetime)
    corrections: list[Fault] = []
    rows: list[tuple[object, ...]] = []
    for sheet in sheets.values():
        title = _TITLE.fullmatch(sheet.name)
        if title:
            found = _sheet(sheet, title["measure"], bool(title["part"]), saved.year, faults, corrections)
            rows += [(flow, *row) for row in found]
    faults.refuse()
    if not rows:
        raise single(path.name, "", "", _("no sheet of values or quantities"), _("save the query from DataWeb again"))
    return Reading(pd.DataFrame(rows, columns=list(COLUMNS)), corrections)


def values_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the value of trade by year, partner and heading.

    ``value = sum over units of value``: a heading has one row for each unit in which its goods are counted, and the
    first of them is not its value. Quantities in unlike units are never added, so that they are not here.

    Parameters
    ----------
    frame : DataFrame
        Rows of a reading.

    Returns
    -------
    DataFrame
        ``flow``, ``year``, ``period``, ``partner``, ``hts``, ``value_usd`` and ``rows``, the number of rows added.
    """
    values = frame[frame["unit"].eq("USD")]
    groups = values.groupby(["flow", "year", "period", "partner", "hts"], sort=False)["amount"]
    return groups.agg(value_usd="sum", rows="size").reset_index()


def _sheet(
    sheet: Sheet, measure: str, part: bool, running: int, faults: Faults, corrections: list[Fault]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of one sheet."""
    heads = [at for at, row in enumerate(sheet.rows) if tuple(row[: len(_HEAD)]) == _HEAD]
    if not heads:
        faults.add("", f"{sheet.name}!A3", _("no row with the columns {columns}").format(columns=", ".join(_HEAD)),
                   _("save the query from DataWeb again"))  # fmt: skip
        return
    at = heads[0]
    faults.found += sheet.check(at + 1)
    said = _MONTHS.search(str(sheet.rows[0][0]))
    period = (said[1] if said else "") if part else "year"
    years, suppressed = _years(sheet, at, part, faults)
    body = [(number, row) for number, row in enumerate(sheet.rows[at + 1 :], at + 2) if row[0] not in (None, "")]
    totals = [(number, row) for number, row in body if str(row[0]).startswith("Total")]
    body = [(number, row) for number, row in body if not str(row[0]).startswith("Total")]
    _whole(sheet, at, len(body), faults)
    sums = dict.fromkeys(years, 0.0)
    amounts: dict[tuple[int, int], float] = {}
    for number, row in body:
        for column in (*years, *suppressed):
            amount = _amount(sheet, number, column, row[column], faults)
            amounts[number, column] = amount
            if column in sums:
                sums[column] += amount
    for number, row in totals:
        _compare(sheet, number, row, sums, years, faults)
    for column, year in years.items():
        place = f"{sheet.name}!{address(at + 1, column + 1)}"
        if not part and year >= running:
            if sums[column]:
                faults.add("", place, _("{year} was still running when the query was saved").format(year=year),
                           _("ask for whole years, and take the running one from the sheet of months"))  # fmt: skip
            else:
                what = _("{year} is still running: zero in every row").format(year=year)
                fix = _("left out; its months stand in the sheet {sheet} YTD").format(sheet=measure)
                corrections.append(Fault(sheet.file, "", place, what, fix))
            continue
        hidden = next((at_hidden for at_hidden, hidden_year in suppressed.items() if hidden_year == year), None)
        for number, row in body:
            held = hidden is not None and amounts[number, hidden] > 0
            note = _("part of it is suppressed in the source") + "; " if held else ""
            unit = str(row[4]).removeprefix("Value for:").strip()
            yield (year, period, str(row[1]).strip(), str(row[2]).strip(), measure.lower(),
                   "USD" if "Value" in measure else unit, amounts[number, column], unit, note + _(SUBSET), sheet.name,
                   number)  # fmt: skip


def _years(sheet: Sheet, at: int, part: bool, faults: Faults) -> tuple[dict[int, int], dict[int, int]]:
    """Return the year of every column of amounts, and of every column that says what is suppressed."""
    years: dict[int, int] = {}
    suppressed: dict[int, int] = {}
    for column, name in enumerate(sheet.rows[at][len(_HEAD) :], len(_HEAD)):
        found = _YEAR.fullmatch(str(name)) if name is not None else None
        place = f"{sheet.name}!{address(at + 1, column + 1)}"
        if name is None and all(row[column] is None for row in sheet.rows[at:]):
            continue
        if not found or bool(found[2]) != part:
            faults.add("", place, _("`{cell}` is not a year of this sheet").format(cell=name),
                       _("save the query from DataWeb again"))  # fmt: skip
            continue
        kind = suppressed if found[3] else years
        if int(found[1]) in kind.values():
            faults.add("", place, _("{year} stands twice").format(year=found[1]), _("keep one of the columns"))
        kind[column] = int(found[1])
    return years, suppressed


def _whole(sheet: Sheet, at: int, rows: int, faults: Faults) -> None:
    """Add a fault where a sheet holds another number of rows than it says above its header."""
    stated = next((row[1] for row in sheet.rows[:at] if row[0] == "Data Row Count"), None)
    if stated != rows:
        faults.add("", f"{sheet.name}!B2", _("{found} rows, {stated} are stated").format(found=rows, stated=stated),
                   _("save the query from DataWeb again: rows are lost"))  # fmt: skip


def _amount(sheet: Sheet, number: int, column: int, cell: Cell, faults: Faults) -> float:
    """Return an amount, which is a number of zero or more."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and math.isfinite(cell) and cell >= 0:
        return float(cell)
    shown = "" if cell is None else cell
    faults.add("", f"{sheet.name}!{address(number, column + 1)}", _("`{cell}` is not an amount").format(cell=shown),
               _("write digits, zero where there was no trade"))  # fmt: skip
    return 0.0


def _compare(
    sheet: Sheet, number: int, total: tuple[Cell, ...], sums: dict[int, float], years: dict[int, int], faults: Faults
) -> None:
    """Add a fault where the row of totals differs from the sum of its rows."""
    for column, year in years.items():
        text = str(total[column]).replace(",", "")
        stated = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else math.nan
        if not math.isclose(stated, sums[column], abs_tol=0.5):
            what = _("{year}: the rows add up to {sum:,.0f}, the total says {cell}")
            faults.add("", f"{sheet.name}!{address(number, column + 1)}", what.format(
                year=year, sum=sums[column], cell=total[column]), _("save the query from DataWeb again"))  # fmt: skip
