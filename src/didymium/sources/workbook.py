"""Workbooks as downloaded: cells as they stand, and a fault for what would make a cell mean something else."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from didymium.messages import _
from didymium.sources.files import Faults, read_text

Cell = object
"""Content of a cell: text, number, truth, nothing, or a date."""

_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_FORMULA = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]+\d+)"[^>]*?>\s*<(?:\w+:)?f[\s>/]')
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Parameters
    ----------
    name : str
        Its title.
    rows : list of tuple
        Cells by row, from row 1 and column A on.
    merged : list of tuple
        First and last row and column of every merged range, from 1 on.
    formulas : list of str
        Addresses of cells that hold a formula.
    """

    name: str
    rows: list[tuple[Cell, ...]]
    merged: list[tuple[int, int, int, int]]
    formulas: list[str]

    def check(self, first_row: int, faults: Faults) -> None:
        """Add a fault for every merged range and formula at or below ``first_row``."""
        for top, left, bottom, right in self.merged:
            if bottom >= first_row:
                area = f"{address(top, left)}:{address(bottom, right)}"
                faults.add("", f"{self.name}!{area}", _("merged cells among the data"),
                           _("unmerge them and fill every cell, or take the workbook as published"))  # fmt: skip
        for place in self.formulas:
            if int(re.sub(r"\D", "", place)) >= first_row:
                faults.add("", f"{self.name}!{place}", _("the cell holds a formula"),
                           _("paste its value, or take the workbook as published"))  # fmt: skip


def address(row: int, column: int) -> str:
    """Return the address of a cell, such as ``C7``; rows and columns count from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


def read_workbook(path: Path, wanted: Iterable[re.Pattern[str]], faults: Faults) -> dict[str, Sheet]:
    """Read the sheets of a workbook whose title matches.

    Parameters
    ----------
    path : Path
        An xlsx file.
    wanted : iterable of pattern
        Titles to read.
    faults : Faults
        Where faults are gathered. A macro is a fault of the file; merged cells and formulas wait for
        :meth:`Sheet.check`, which knows where the data begin.

    Raises
    ------
    CaseError
        No workbook, one that is cut off, a web page, an old Excel file, or none of the sheets.
    """
    from openpyxl import load_workbook

    again = _("download the file again")
    try:
        head = path.read_bytes()[:4096]
    except OSError:
        read_text(path, faults)
        raise
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        faults.add("", "", _("this is an old or a protected Excel file"), _("save it as .xlsx without a password"))
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        faults.add("", "", _("this is a web page, not a workbook"), _("download the workbook itself"))
    elif not head.startswith(b"PK"):
        faults.add("", "", _("this is not a workbook"), _("name the .xlsx file"))
    faults.refuse()
    patterns = list(wanted)
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.lower().endswith("vbaproject.bin") for name in archive.namelist()):
                faults.add("", "", _("the workbook holds a macro"), _("save it as .xlsx, without macros"))
            parts = _parts(archive)
            chosen = {name: part for name, part in parts.items() if any(pattern.search(name) for pattern in patterns)}
            texts = {name: archive.read(part) for name, part in chosen.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that the library does not keep: no concern of cells
            book = load_workbook(path, read_only=True, keep_links=False)
        cells = {}
        for name in texts:
            book[name].reset_dimensions()
            cells[name] = [tuple(row) for row in book[name].iter_rows(values_only=True)]
        book.close()
    except Exception as error:  # a damaged workbook fails anywhere inside the library
        faults.add("", "", _("the workbook is cut off or damaged ({error})").format(error=_short(error)), again)
        faults.refuse()
    if not texts:
        faults.add("", "", _("none of the sheets is known: {sheets}").format(sheets=", ".join(parts)),
                   _("take the workbook as published"))  # fmt: skip
    faults.refuse()
    sheets = {}
    for name, text in texts.items():
        ranges = [(int(top), _number(left), int(bottom), _number(right))
                  for left, top, right, bottom in _MERGE.findall(text)]  # fmt: skip
        formulas = [place.decode() for place in _FORMULA.findall(text)]
        sheets[name] = Sheet(name, list(_square(cells[name])), ranges, formulas)
    return sheets


def _short(error: Exception) -> str:
    """Return the first line of an error."""
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _square(rows: Sequence[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yield rows of one length."""
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        yield row + (None,) * (width - len(row))


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1 on."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of the archive that holds each worksheet, by title."""
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    parts = {}
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_LINK), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets/" in part:
            parts[sheet.get("name", "")] = part
    return parts
