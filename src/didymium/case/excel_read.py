"""Reading a case from a workbook as text: one sheet per table, settings and scenarios in sheets of their own.

A number is never changed silently. What a spreadsheet computes, guesses or hides (formulas, error values, dates as
serial numbers, percentages, merged cells, macros) is a fault that names the cell and the fix.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.case.files import CaseFiles, in_sheets, number_text, places_of
from didymium.case.read import Grid
from didymium.case.schema import Field, Kind, Table
from didymium.case.tables import TABLES
from didymium.case.workbook import formula_fault, merged_cells, open_workbook
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ABOUT, LISTS, SETTINGS, SCENARIOS = "about", "lists", "settings", "scenarios"
"""Sheets beside those of the tables: what the file is, entries of drop-down lists, case.toml, the scenarios."""
SETTINGS_HEADER = ("text",)
SCENARIOS_HEADER = ("scenario", "text")

_DECIMALS = re.compile(r"0\.(0+)$")
_GROUPED = re.compile(r"[+-]?\d{1,3}([,.'  \u00a0\u2009\u202f’]\d{3})+([.,]\d+)?")
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")  # a control character; openpyxl undoes x005F itself
ESCAPES = re.compile(r"_x00[01][0-9A-Fa-f]_|x005F_")
"""Text that a workbook cannot tell from an escaped character."""
_NUMBERS = (Kind.NUMBER, Kind.INTEGER)
_YEARS = range(1000, 3000)


class Workbook(CaseFiles):
    """A case in an Excel workbook, read whole.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    CaseError
        It cannot be read at all, or holds macros.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._grids: dict[str, Grid] = {}
        self._letters: dict[str, dict[str, str]] = {}
        self._text: str | None = None
        self._scenarios: dict[str, list[str]] = {}
        self._first: dict[str, int] = {}
        self._strangers: list[str] = []
        for sheet in open_workbook(path).worksheets:
            name = sheet.title
            if name in TABLES:
                self._grids[name] = self._read(sheet, TABLES[name])
            elif name == SETTINGS:
                grid = self._read(sheet, None, SETTINGS_HEADER)
                self._text = "\n".join(_filled(grid)) + "\n"
            elif name == SCENARIOS:
                self._read_scenarios(self._read(sheet, None, SCENARIOS_HEADER))
            elif name not in (ABOUT, LISTS) and not name.startswith("_"):
                self._strangers.append(name)

    def settings(self) -> str | None:
        """Return the text of ``case.toml``; None where there is no such sheet."""
        return self._text

    def scenarios(self) -> list[str]:
        """Return the names of the scenarios."""
        return sorted(self._scenarios)

    def scenario(self, name: str) -> str:
        """Return the text of a scenario."""
        return "\n".join(self._scenarios[name]) + "\n"

    def holds(self, table: str) -> bool:
        """Return whether there is a sheet of the table; an optional one may have no rows."""
        return table in self._grids

    def grid(self, table: Table, faults: list[Fault]) -> Grid | None:
        """Return a table as text; None, and a fault, where its sheet is empty."""
        grid = self._grids[table.name]
        if not any(grid.header):
            fix = _("put the header {header} in its first line").format(header=",".join(table.columns))
            faults.append(Fault(f"{table.name}.csv", "", "", _("the sheet is empty"), fix))
            return None
        return grid

    def strangers(self, faults: list[Fault]) -> None:
        """Add a fault for every sheet that is no table."""
        fix = _("remove it, rename it to one of {tables}, or let its name begin with _ to keep it to yourself")
        for name in self._strangers:
            faults.append(Fault(name, "", "", _("not a table of a case"), fix.format(tables=", ".join(TABLES))))

    def contents(self) -> dict[str, bytes]:
        """Return the bytes that every file of the case has in a folder."""
        contents = {f"{name}.csv": _ordered(grid, TABLES[name]).csv().encode() for name, grid in self._grids.items()}
        if self._text is not None:
            contents["case.toml"] = self._text.encode()
        return contents | {f"scenarios/{name}.toml": self.scenario(name).encode() for name in self._scenarios}

    def place(self, fault: Fault) -> Fault:
        """Return a fault with sheet and cell address in place of file and row."""
        if fault.file == "case.toml":
            at = _named_line(self._text or "", fault.field) or _told_line(fault.fault)
            missing = self._text is None
            return replace(
                fault,
                file=f"{SETTINGS}!A{at + 1}" if at else SETTINGS,
                fault=_("the sheet is missing") if missing else fault.fault,
                fix=_("start from a workbook that `didymium export` wrote") if missing else fault.fix,
            )
        name = fault.file.removeprefix("scenarios/").removesuffix(".toml")
        if fault.file != name and name in self._first:
            line = self._first[name] + max(_told_line(fault.fault) - 1, 0)
            return replace(
                fault, file=f"{SCENARIOS}!B{line}", fault=in_sheets(fault.fault), fix=in_sheets(fault.fix)
            )  # fmt: skip
        return places_of(fault, self._letters)

    def said(self, text: str) -> str:
        """Return a sentence that speaks of sheets."""
        return in_sheets(text)

    def tidy(self, faults: list[Fault]) -> list[Fault]:
        """Return the faults without what a check says of a cell that could not be read as it stands."""
        unread = {fault.file for fault in self.faults}
        return [
            fault
            for fault in super().tidy(faults)
            if fault in self.faults or not unread.intersection(fault.file.split(", "))
        ]

    def _read_scenarios(self, grid: Grid) -> None:
        for cells, line in zip(grid.rows, grid.lines, strict=True):
            name, text = (*cells, "", "")[:2]
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
                what = _("`{cell}` is not a short name").format(cell=name)
                self._fault(SCENARIOS, f"A{line}", "scenario", what, _("use letters, digits, _ . and - only"))
                continue
            self._first.setdefault(name, line)
            self._scenarios.setdefault(name, []).append(text)

    def _fault(self, sheet: str, cell: str, field: str, what: str, fix: str) -> None:
        self.faults.append(Fault(f"{sheet}!{cell}", "", field, what, fix))

    def _read(self, sheet: Worksheet, table: Table | None, wanted: tuple[str, ...] = ()) -> Grid:
        """Return a sheet as text, and keep what is wrong with its cells."""
        name = sheet.title
        for area, what, fix in merged_cells(sheet):
            self._fault(name, area.partition(":")[0], "", what, fix)
        lines: dict[int, dict[int, Any]] = {}
        for (row, column), cell in sorted(sheet._cells.items()):
            if cell.value is not None:
                lines.setdefault(row, {})[column] = cell
        top = {column: self._cell(name, cell, None).strip() for column, cell in lines.pop(1, {}).items()}
        header = [top.get(column, "") for column in range(1, max(top, default=0) + 1)]
        if table is None:
            if tuple(header) != wanted:
                fix = _("put the header {header} in its first line").format(header=", ".join(wanted))
                self._fault(name, "A1", "", _("the sheet has another header"), fix)
        else:
            self._letters[name] = {text: _letter(column) for column, text in top.items()}
        fields = {field.name: field for field in table.fields} if table else {}
        rows, places = [], []
        for line, cells in lines.items():
            texts = {}
            for column, cell in cells.items():
                title = top.get(column, "")
                text = self._cell(name, cell, fields.get(title))
                texts[column] = text.strip() if table else text
                if texts[column] and not title:
                    self._fault(name, cell.coordinate, "", _("a value without a column name above it"),
                                _("name the column in row 1, or move the value into `note`"))  # fmt: skip
            if any(texts.values()) or (table is None and texts):
                rows.append([texts.get(column, "") for column in range(1, len(header) + 1)])
                places.append(line)
        return Grid(header, rows, places)

    def _cell(self, sheet: str, cell: Any, field: Field | None) -> str:
        """Return what a cell says as text; a fault where a spreadsheet made something else of it."""
        value = cell.value
        wrong = _wrong(cell, field)
        if wrong:
            self._fault(sheet, cell.coordinate, field.name if field else "", *wrong)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))
        decimals = _DECIMALS.fullmatch(cell.number_format or "")
        return number_text(value, len(decimals[1]) if decimals else 0)


def _wrong(cell: Any, field: Field | None) -> tuple[str, str] | None:
    """Return fault and fix of a cell that a spreadsheet computed or guessed; None where it says what it holds."""
    value = cell.value
    if cell.data_type == "f":
        return formula_fault()
    if cell.data_type == "e":
        return _("the cell holds the error {error}").format(error=value), _("write the value, or empty the cell")
    if isinstance(value, bool):
        return _("the cell holds a truth value, not text"), _("format the cell as text and write yes or no")
    if isinstance(value, datetime | date | time | timedelta):
        day = value.date().isoformat() if isinstance(value, datetime) else str(value)
        what = _("the cell is a date, which Excel stores as a serial number ({day})").format(day=day)
        if field and field.kind in _NUMBERS:
            return what, _("format the cell as number, and write the number again")
        return what, _("format the cell as text, then write {day}").format(day=day)
    if isinstance(value, int | float):
        return _wrong_number(cell, value, field)
    if field and field.kind in _NUMBERS and _GROUPED.fullmatch(str(value).strip()):
        what = _("`{cell}` is a number stored as text, with separators").format(cell=value)
        return what, _(
            "write the digits without separators, with a point as decimal mark, and format the cell as number"
        )
    return None


def _wrong_number(cell: Any, value: float, field: Field | None) -> tuple[str, str] | None:
    if "%" in (cell.number_format or "") and field:
        what = _("the cell shows a percentage but stores {value:g}").format(value=value)
        return what, _("format the cell as General and write the number in the unit of its row")
    if field and field.kind is Kind.DATE and not (value == int(value) and int(value) in _YEARS):
        from openpyxl.utils.datetime import from_excel

        try:
            day = str(from_excel(value))[:10]
        except (ValueError, OverflowError):
            day = "YYYY-MM-DD"
        what = _("{value:g} is a date as a serial number ({day})").format(value=value, day=day)
        return what, _("format the cell as text, then write {day}").format(day=day)
    return None


def _ordered(grid: Grid, table: Table) -> Grid:
    """Return a grid with every column of its table, in order."""
    at = [grid.header.index(column) if column in grid.header else None for column in table.columns]
    rows = [["" if place is None else row[place] for place in at] for row in grid.rows]
    return Grid(table.columns, rows, grid.lines)


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def _filled(grid: Grid) -> list[str]:
    """Return the lines of a sheet of text, with the empty ones between them."""
    texts = dict(zip(grid.lines, (row[0] if row else "" for row in grid.rows), strict=True))
    return [texts.get(line, "") for line in range(2, max(texts, default=1) + 1)]


def _named_line(text: str, field: str) -> int:
    """Return the line that sets a name, counted from 1; 0 where none does."""
    lines = enumerate(text.split("\n"), 1)
    return next((at for at, line in lines if field and re.match(rf"\s*{re.escape(field)}\s*=", line)), 0)


def _told_line(said: str) -> int:
    """Return the line that a message of the TOML reader names; 0 where it names none."""
    found = re.search(r"at line (\d+)", said)
    return int(found[1]) if found else 0
