"""Opening an Excel workbook, for a case and for a download: what it must not be, and what its cells must not hold."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.faults import CaseError, Fault, single
from didymium.messages import _

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Cell = object
"""Content of a cell: text, number, truth, nothing, or a date."""

_OLE = b"\xd0\xcf\x11\xe0"


def open_workbook(path: Path) -> Workbook:
    """Open a workbook that is safe to read, with formulas as they are written.

    Parameters
    ----------
    path : Path
        An xlsx file.

    Raises
    ------
    CaseError
        Another kind of file, a web page, one that is cut off, protected, or holds macros.
    """
    name, again = path.name, _("open it in Excel and save it as .xlsx, or download it again")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise single(name, "", "", _("the file cannot be read ({error})").format(error=error.strerror or error),
                     _("name a file that exists")) from None  # fmt: skip
    if head.startswith(_OLE):
        raise single(name, "", "", _("this is an old or a protected Excel file"),
                     _("save it as Excel workbook (.xlsx), without password"))  # fmt: skip
    if path.suffix.lower() != ".xlsx":
        what = _("not a workbook of the form .xlsx")
        if path.suffix.lower() == ".xlsm":
            what = _("a workbook that may hold macros")
        raise single(name, "", "", what, _("save it as Excel workbook (.xlsx)"))
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise single(name, "", "", _("this is a web page, not a workbook"), _("download the workbook itself"))
    if not head.startswith(b"PK"):
        raise single(name, "", "", _("this is not a workbook"), again)
    try:
        with zipfile.ZipFile(path) as parts:
            macros = any("vbaproject" in part.lower() for part in parts.namelist())
        if not macros:
            import openpyxl

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # styles and extensions that the library does not keep
                return openpyxl.load_workbook(path, keep_links=False)
    except Exception as error:  # a damaged workbook fails anywhere inside the library
        said = (str(error) or type(error).__name__).splitlines()[0][:120]
        what = _("the workbook is cut off or damaged ({error})").format(error=said)
        raise single(name, "", "", what, again) from None
    raise single(name, "", "", _("the workbook holds a macro"), _("save it as Excel workbook (.xlsx), without macros"))


def merged_cells(sheet: Worksheet) -> Iterator[tuple[str, str, str]]:
    """Yield address, fault and fix of every merged range."""
    for area in sheet.merged_cells.ranges:
        yield (area.coord, _("the cells {cells} are merged").format(cells=area.coord),
               _("unmerge them and fill in each cell"))  # fmt: skip


def formula_fault() -> tuple[str, str]:
    """Return fault and fix of a cell that is computed: what it shows may be old, or another's."""
    return _("the cell holds a formula"), _("copy it and paste it as values")


def address(row: int, column: int) -> str:
    """Return the address of a cell, such as ``C7``; rows and columns count from 1."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{row}"


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook as cells.

    Parameters
    ----------
    file, name : str
        File, and title of the sheet.
    rows : list of tuple
        Cells by row, from row 1 and column A on, all of one length.
    spoilt : list of (int, str, str, str)
        Merged ranges and formulas: last row, address, fault and fix.
    """

    file: str
    name: str
    rows: list[tuple[Cell, ...]]
    spoilt: list[tuple[int, str, str, str]]

    def check(self, first_row: int) -> list[Fault]:
        """Return a fault for every merged range and formula at or below ``first_row``; a title above may have both."""
        return [
            Fault(self.file, "", f"{self.name}!{place}", what, fix)
            for last, place, what, fix in self.spoilt
            if last >= first_row
        ]


def read_sheets(path: Path, wanted: Iterable[re.Pattern[str]]) -> dict[str, Sheet]:
    """Read the sheets of a workbook whose title matches.

    Parameters
    ----------
    path : Path
        An xlsx file.
    wanted : iterable of pattern
        Titles to read.

    Raises
    ------
    CaseError
        As :func:`open_workbook`, or none of the sheets.
    """
    patterns = list(wanted)
    book = open_workbook(path)
    sheets = {}
    for sheet in book.worksheets:
        if any(pattern.search(sheet.title) for pattern in patterns):
            sheets[sheet.title] = _sheet(path.name, sheet)
    if not sheets:
        what = _("none of the sheets is known: {sheets}").format(sheets=", ".join(book.sheetnames))
        raise CaseError([Fault(path.name, "", "", what, _("take the workbook as published"))])
    return sheets


def _sheet(file: str, sheet: Worksheet) -> Sheet:
    """Return a sheet as cells, with what a spreadsheet made of them."""
    cells: dict[tuple[int, int], Any] = sheet._cells
    width = max((column for _row, column in cells), default=0)
    rows = [[None] * width for _row in range(max((row for row, _column in cells), default=0))]
    spoilt = [
        (int(re.sub(r"\D", "", area.rpartition(":")[2])), area, what, fix) for area, what, fix in merged_cells(sheet)
    ]
    for (row, column), cell in cells.items():
        rows[row - 1][column - 1] = cell.value
        if cell.data_type == "f":
            spoilt.append((row, cell.coordinate, *formula_fault()))
    return Sheet(file, sheet.title, [tuple(row) for row in rows], spoilt)
