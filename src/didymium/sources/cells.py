"""Cells of a download: numbers, years, and dates that a spreadsheet turned into numbers."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.sources.files import SHOWN, Faults

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number as text: digits with a point, and no thousands mark."""

_SERIAL = range(20_000, 80_000)


def numbers(column: pa.ChunkedArray, lines: np.ndarray, field: str, faults: Faults) -> np.ndarray:
    """Return the numbers of a text column, NaN where a cell is empty.

    Parameters
    ----------
    column : ChunkedArray of str
        Cells.
    lines : array of int
        Line of each cell.
    field : str
        Name of the column.
    faults : Faults
        Cells that are no number are added here.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    given = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    try:
        values = given.cast(pa.float64())
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(given, f"^(?:{NUMBER.pattern})$")
        values = pc.if_else(good, given, pa.scalar(None, pa.string())).cast(pa.float64())
    found = values.to_numpy(zero_copy_only=False)
    empty = pc.is_null(given).to_numpy(zero_copy_only=False)
    wrong = ~np.isfinite(found) & ~empty
    if wrong.any():
        at = np.flatnonzero(wrong)
        faults.rows(lines[at], field, [column[int(i)].as_py() for i in at[:SHOWN]], _("`{cell}` is not a number"),
                    _("write digits with a point, no thousands mark; leave it empty where not given"))  # fmt: skip
    return np.asarray(found, dtype=float)


def year_fault(text: str, first: int, last: int) -> tuple[str, str] | None:
    """Return fault and fix of a year, or None.

    Parameters
    ----------
    text : str
        The cell.
    first, last : int
        First and last year that can be.
    """
    if text.isascii() and text.isdigit() and len(text) == 4 and first <= int(text) <= last:
        return None
    what = _("`{cell}` is not a year from {first} to {last}").format(cell=text, first=first, last=last)
    return serial_year(text) or (what, _("write the year as four digits"))


def serial_year(text: str) -> tuple[str, str] | None:
    """Return fault and fix of a year that a spreadsheet took for a date, None where it did not."""
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text) in _SERIAL:
        return serial_fault(int(text))
    return None


def date_fault(day: date) -> tuple[str, str]:
    """Return fault and fix of a number that a spreadsheet turned into a date: its serial number is not the number."""
    return (_("the cell is a date ({day}), not a number").format(day=f"{day:%Y-%m-%d}"),
            _("format the cell as number, and write the number of the source again"))  # fmt: skip


def serial_fault(number: int) -> tuple[str, str]:
    """Return fault and fix of a date that a spreadsheet turned into a count of days since 1899-12-30."""
    from datetime import timedelta

    day = date(1899, 12, 30) + timedelta(days=number)
    return (_("`{cell}` is a date as a serial number ({day})").format(cell=number, day=day.isoformat()),
            _("format the cell as text and write the date as the source does"))  # fmt: skip
