"""Reading the files of a case as text, before anything is believed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from didymium.case.schema import Table
from didymium.case.text import MARK, garbled, not_text
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

LINE = "_line"
"""Column that carries the line number of each row."""


@dataclass(frozen=True)
class Grid:
    """A table as text, before anything is believed.

    Parameters
    ----------
    header : list of str
        Column names as the file has them.
    rows : list of list of str
        Cells.
    lines : list of int
        Where each row stands in its file.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def csv(self) -> str:
        """Return the grid as the text of a CSV file."""
        return "".join(",".join(map(_quoted, row)) + "\n" for row in (self.header, *self.rows))


def _quoted(cell: str) -> str:
    """Return a cell as CSV. The csv module of Python 3.11 leaves a lone carriage return bare, and reads two rows."""
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


def read_csv(raw: bytes, name: str, table: Table, faults: list[Fault]) -> Grid | None:
    """Read the bytes of a CSV file.

    Parameters
    ----------
    raw : bytes
        What the file holds.
    name : str
        Its name.
    table : Table
        What it should hold.
    faults : list of Fault
        Wrong encoding, an empty file and broken rows are added here.

    Returns
    -------
    Grid or None
        None where the file cannot be used.
    """

    def fault(row: str, field: str, what: str, fix: str) -> None:
        faults.append(Fault(name, row, field, what, fix))

    if not raw.removeprefix(MARK).strip():
        fault("", "", _("the file is empty"), _("put the header {header} in its first line").format(
            header=",".join(table.columns)))  # fmt: skip
        return None
    wrong = not_text(raw) or garbled(raw.decode("utf-8-sig"))
    if wrong:
        fault(wrong[0], "", *wrong[1:])
        return None
    text = raw.decode("utf-8-sig")
    rows: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        fault(str(reader.line_num), "", _("not a CSV row: {error}").format(error=error),
              _("close every quoted cell with a quote"))  # fmt: skip
        return None
    return Grid(header, rows, lines)


def frame_of(grid: Grid, name: str, table: Table, faults: list[Fault]) -> pd.DataFrame | None:
    """Return a grid in the columns of its table.

    Parameters
    ----------
    grid : Grid
        Text as read.
    name : str
        Name of its file.
    table : Table
        What it should hold.
    faults : list of Fault
        Missing, unknown or repeated columns and ragged rows are added here.

    Returns
    -------
    DataFrame or None
        Text in the table's columns and the line number in ``_line``; None where the grid cannot be used.
    """
    import pandas as pd

    if not fits(grid, name, table, faults):
        return None
    header, rows = grid.header, grid.rows
    at = {column: header.index(column) for column in table.columns if column in header}
    frame = pd.DataFrame(
        {column: [row[at[column]] for row in rows] if column in at else [""] * len(rows) for column in table.columns},
        dtype=str,
    )
    frame[LINE] = pd.Series(grid.lines, dtype=int)
    return frame


def fits(grid: Grid, name: str, table: Table, faults: list[Fault]) -> bool:
    """Return whether a grid has the columns of its table and a cell for each in every row; faults where not.

    Parameters
    ----------
    grid, name, table, faults
        As for :func:`frame_of`.
    """

    def fault(row: str, field: str, what: str, fix: str) -> None:
        faults.append(Fault(name, row, field, what, fix))

    header, rows, lines = grid.header, grid.rows, grid.lines
    missing = [column for column in table.columns if column not in header]
    unknown = [column for column in header if column not in table.columns]
    repeated = sorted({column for column in header if header.count(column) > 1})
    needed = [column for column in missing if table.field(column).required]
    for column in needed:
        meaning = _(table.field(column).meaning)
        fault("1", column, _("the column is missing"), _("add it: {meaning}").format(meaning=meaning))
    for column in unknown:
        fault("1", column, _("unknown column"), _("remove it or rename it to one of {columns}").format(
            columns=", ".join(missing) or ", ".join(table.columns)))  # fmt: skip
    for column in repeated:
        fault("1", column, _("the column stands twice"), _("keep one of them"))
    ragged = [(line, cells) for line, cells in zip(lines, rows, strict=True) if len(cells) != len(header)]
    for line, cells in ragged:
        fault(str(line), "", _("{found} cells under {wanted} columns").format(found=len(cells), wanted=len(header)),
              _("quote cells that hold a comma"))  # fmt: skip
    return not (needed or unknown or repeated or ragged)
