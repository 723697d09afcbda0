"""What every reader needs before it believes a file: its bytes, its text, its columns, and a list of what it mended.

A reader never guesses. What it can mend for a stated reason it mends and writes down; what it cannot, it refuses with
every fault at once.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.text import MARK, garbled, not_text
from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

SHOWN = 20
"""Rows named one by one for each kind of fault; the rest are counted."""


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


def read_text(path: Path, faults: Faults, cp1252: bool = False) -> bytes:
    """Return the text of a file, plain or gzipped, as UTF-8 bytes without a byte order mark.

    Parameters
    ----------
    path : Path
        The file. Whether it is gzipped is seen from its first bytes, not from its name.
    faults : Faults
        Where faults are gathered.
    cp1252 : bool
        What is not UTF-8 may be cp1252.

    Raises
    ------
    CaseError
        No such file, a download that broke off, an empty file, a web page, a workbook, or text of another encoding.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.add("", "", _("the file cannot be read ({error})").format(error=error.strerror or error),
                   _("name a file that exists"))  # fmt: skip
        raise CaseError(faults.found) from None
    again = _("download the file again")
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            faults.add("", "", _("the compressed file is cut off or damaged ({error})").format(error=error), again)
            faults.refuse()
    wrong = not_text(raw, cp1252)
    if wrong:
        faults.add(wrong[0], "", *wrong[1:])
    elif not raw.removeprefix(MARK).strip():
        faults.add("", "", _("the file is empty"), again)
    faults.refuse()
    if cp1252 and not raw.isascii():
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            raw = raw.decode("cp1252").encode()
    return raw.removeprefix(MARK)


@dataclass(frozen=True)
class Rows:
    """A file as rows of text.

    Parameters
    ----------
    name : str
        File name.
    header : list of str
        Names of the columns, stripped.
    rows : list of list of str
        Cells of every row that holds something, as wide as the header.
    lines : list of int
        Line of the file that each row begins in.
    """

    name: str
    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_rows(path: Path, found: list[Fault]) -> Rows | None:
    """Read a CSV file in UTF-8 (with or without mark) or cp1252 as rows of text.

    Parameters
    ----------
    path : Path
        The file.
    found : list of Fault
        What is wrong is added here, so that one list may hold the faults of many files.

    Returns
    -------
    Rows or None
        None where the file cannot be used.
    """
    faults = Faults(path.name)
    faults.found = found
    before = len(found)
    again = _("download the file again")
    try:
        text = read_text(path, faults, cp1252=True).decode("utf-8")
    except CaseError:
        return None
    wrong = garbled(text)
    if wrong:
        faults.add(wrong[0], "", *wrong[1:])
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int]] = []
    last = 0
    try:
        header = [" ".join(cell.split()) for cell in next(reader)]
        last = reader.line_num
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != len(header):
                ragged.append((line, len(cells)))
                continue
            rows.append(cells)
            lines.append(line)
    except csv.Error as error:
        faults.add(last + 1, "", _("the table breaks off: {error}").format(error=error), again)
        return None
    what = _("{found} cells, {expected} columns: the row is cut or shifted")
    for line, cells_found in ragged[:SHOWN]:
        faults.add(line, "", what.format(found=cells_found, expected=len(header)), again)
    if len(ragged) > SHOWN:
        faults.add("", "", _("{count} more rows with the same fault").format(count=len(ragged) - SHOWN), again)
    if not rows and len(found) == before:
        faults.add("", "", _("a header and no rows"), again)
    return Rows(path.name, header, rows, lines) if len(found) == before else None


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
