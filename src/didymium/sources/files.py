"""What every reader needs before it believes a file: its bytes, its text, its columns, and a list of what it mended.

A reader never guesses. What it can mend for a stated reason it mends and writes down; what it cannot, it refuses with
every fault at once.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

SHOWN = 20
"""Rows named one by one for each kind of fault; the rest are counted."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number as text: digits with a point, and no thousands mark."""

_SERIAL = range(20_000, 80_000)


@dataclass
class Reading:
    """What a reader made of a file.

    Parameters
    ----------
    frame : DataFrame
        Tidy rows. Its column ``note`` says what was mended in a row, or what it must not be used for.
    corrections : list of Fault
        What was mended in the whole file: ``fault`` is what stood there, ``fix`` is what was done.
    """

    frame: pd.DataFrame
    corrections: list[Fault] = field(default_factory=list)


class Faults:
    """Gathers the faults of one file.

    Parameters
    ----------
    file : str
        Name of the file.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, row: object, field: str, fault: str, fix: str) -> None:
        """Add one fault."""
        self.found.append(Fault(self.file, str(row), field, fault, fix))

    def rows(self, lines: np.ndarray, field: str, cells: Sequence[object], fault: str, fix: str) -> None:
        """Add the same fault of many rows.

        Parameters
        ----------
        lines : array of int
            Line of each row.
        field : str
            Column.
        cells : sequence
            Content of each row's cell, put into the gap ``{cell}`` of ``fault``.
        fault, fix : str
            What is wrong and what to do.
        """
        for line, cell in zip(lines[:SHOWN].tolist(), cells[:SHOWN], strict=True):
            self.add(line, field, fault.format(cell=cell), fix)
        if len(lines) > SHOWN:
            self.add("", field, _("{count} more rows with the same fault").format(count=len(lines) - SHOWN), fix)

    def refuse(self) -> None:
        """Raise all faults, if there are any.

        Raises
        ------
        CaseError
            At least one fault.
        """
        if self.found:
            raise CaseError(self.found)


def read_text(path: Path, faults: Faults) -> bytes:
    """Return the text of a file, plain or gzipped, as UTF-8 bytes without a byte order mark.

    Parameters
    ----------
    path : Path
        The file. Whether it is gzipped is seen from its first bytes, not from its name.
    faults : Faults
        Where faults are gathered.

    Raises
    ------
    CaseError
        No such file, a download that broke off, an empty file, a web page, a workbook, or text that is not UTF-8.
    """
    raw = _bytes(path, faults)
    again = _("download the file again")
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            faults.add("", "", _("the compressed file is cut off or damaged ({error})").format(error=error), again)
            faults.refuse()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.add("", "", _("the file is UTF-16, not UTF-8"), _("save it as CSV UTF-8"))
    elif raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        faults.add("", "", _("this is a workbook or an archive, not a CSV file"), _("name the CSV file"))
    elif not raw.strip(b"\xef\xbb\xbf \t\r\n"):
        faults.add("", "", _("the file is empty"), again)
    elif _is_page(raw):
        faults.add(1, "", _("this is a web page, not a table"), _("download the table itself"))
    else:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            faults.add(raw[: error.start].count(b"\n") + 1, "", _("a byte that is not UTF-8"),
                       _("save it as CSV UTF-8 (it may be cp1252 or Shift_JIS)"))  # fmt: skip
        if b"\0" in raw:
            faults.add(raw[: raw.index(b"\0")].count(b"\n") + 1, "", _("a zero byte: the file is damaged"), again)
    faults.refuse()
    return raw.removeprefix(b"\xef\xbb\xbf")


def read_columns(
    raw: bytes, wanted: Sequence[str], faults: Faults, optional: Sequence[str] = ()
) -> tuple[pa.Table, np.ndarray]:
    """Return columns of a CSV text as text, and the line of each row.

    Parameters
    ----------
    raw : bytes
        The text.
    wanted : sequence of str
        Columns that must be there.
    faults : Faults
        Where faults are gathered.
    optional : sequence of str
        Columns that may be there.

    Raises
    ------
    CaseError
        A missing, renamed, unknown or repeated column, or a row of another length.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc

    header = split_header(raw)
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in (*wanted, *optional)]
    for name in missing:
        fix = (
            _("rename `{unknown}` to {name}, or take the file as published") if unknown else _("add the column {name}")
        )
        faults.add(1, name, _("the column is missing"), fix.format(unknown="` / `".join(unknown), name=name))
    if not missing:
        for name in unknown:
            faults.add(1, name, _("unknown column"), _("remove it, or take the file as published"))
    for name in sorted({name for name in header if header.count(name) > 1}):
        faults.add(1, name, _("the column stands twice"), _("keep one of them"))
    faults.refuse()
    if b'"' in raw:  # Arrow forgives a stray quote; here it may join cells
        reader = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True)
        try:
            for _row in reader:
                pass
        except csv.Error as error:
            faults.add(reader.line_num, "", _("not a CSV row: {error}").format(error=error),
                       _("close every quoted cell with a quote"))  # fmt: skip
            faults.refuse()
    ragged: list[tuple[int, int]] = []
    empty: list[int] = []

    def keep(row: pc.InvalidRow) -> str:
        if row.text.strip():
            ragged.append((row.number, row.actual_columns))
        else:
            empty.append(row.number)
        return "skip"

    table: pa.Table | None = None
    try:
        table = pc.read_csv(
            pa.BufferReader(raw),
            read_options=pc.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
            parse_options=pc.ParseOptions(invalid_row_handler=keep, ignore_empty_lines=False),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        faults.add("", "", _("not a CSV table: {error}").format(error=str(error).splitlines()[0]),
                   _("close every quoted cell with a quote"))  # fmt: skip
    for line, found in ragged[:SHOWN]:
        faults.add(line, "", _("{found} cells under {wanted} columns").format(found=found, wanted=len(header)),
                   _("download the file again: a row is cut or a comma stands in a cell"))  # fmt: skip
    if len(ragged) > SHOWN:
        faults.add("", "", _("{count} more rows with the same fault").format(count=len(ragged) - SHOWN),
                   _("download the file again"))  # fmt: skip
    faults.refuse()
    assert table is not None
    lines = np.delete(np.arange(2, 2 + table.num_rows + len(empty)), [line - 2 for line in empty])
    return table, lines


def split_header(raw: bytes) -> list[str]:
    """Return the column names in the first line of a CSV text."""
    first = raw.split(b"\n", 1)[0].decode("utf-8").rstrip("\r")
    try:
        return [name.strip() for name in next(csv.reader([first], strict=True), [])]
    except csv.Error:
        return [name.strip() for name in first.split(",")]


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
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text) in _SERIAL:
        return serial_fault(int(text))
    return (_("`{cell}` is not a year from {first} to {last}").format(cell=text, first=first, last=last),
            _("write the year as four digits"))  # fmt: skip


def serial_fault(number: int) -> tuple[str, str]:
    """Return fault and fix of a date that a spreadsheet turned into a count of days since 1899-12-30."""
    from datetime import date, timedelta

    day = date(1899, 12, 30) + timedelta(days=number)
    return (_("`{cell}` is a date as a serial number ({day})").format(cell=number, day=day.isoformat()),
            _("format the cell as text and write the date as the source does"))  # fmt: skip


def _bytes(path: Path, faults: Faults) -> bytes:
    """Return the bytes of a file."""
    try:
        return path.read_bytes()
    except OSError as error:
        faults.add("", "", _("the file cannot be read ({error})").format(error=error.strerror or error),
                   _("name a file that exists"))  # fmt: skip
        raise CaseError(faults.found) from None


def _is_page(raw: bytes) -> bool:
    """Whether a text is a web page."""
    return raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
