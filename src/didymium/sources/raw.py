"""Reading a downloaded table as text: encoding, web pages, cut downloads and shifted rows are found first."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from didymium.faults import Fault
from didymium.messages import _

_GARBLED = re.compile(r"â€|Ã[\u0080-\u00bf]|Â[\u0080-\u00bf]|\ufffd")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml|script)", re.IGNORECASE)


@dataclass(frozen=True)
class RawTable:
    """A file as text.

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


def read_raw(path: Path, faults: list[Fault]) -> RawTable | None:
    """Read a CSV file in UTF-8 (with or without mark) or cp1252.

    Parameters
    ----------
    path : Path
        The file.
    faults : list of Fault
        What is wrong is added here.

    Returns
    -------
    RawTable or None
        None where the file cannot be used.
    """
    name = path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.append(
            Fault(name, "", "", _("cannot be read: {error}").format(error=error.strerror), _("name another file"))
        )
        return None
    text = _decode(name, raw, faults)
    if text is None:
        return None
    if not text.strip():
        faults.append(Fault(name, "", "", _("the file is empty"), _("download it again")))
        return None
    if _WEB_PAGE.match(text):
        faults.append(Fault(name, "1", "", _("this is a web page, not a table"), _("download the table itself")))
        return None
    found = _GARBLED.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        what = _("`{text}` was decoded with the wrong encoding").format(text=found[0])
        faults.append(
            Fault(name, str(line), "", what, _("download the file again and do not save it from a spreadsheet"))
        )
        return None
    return _parse(name, text, faults)


def _decode(name: str, raw: bytes, faults: list[Fault]) -> str | None:
    """Return the text of the bytes, or None."""
    fix = _("use the file as published: UTF-8 or cp1252")
    if raw.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
        faults.append(Fault(name, "", "", _("this is not a text file"), _("unpack it, or download the CSV file")))
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        faults.append(Fault(name, "", "", _("the file is UTF-16 or holds zero bytes"), fix))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = str(raw[: error.start].count(b"\n") + 1)
        faults.append(Fault(name, line, "", _("a byte that is neither UTF-8 nor cp1252"), fix))
        return None


def _parse(name: str, text: str, faults: list[Fault]) -> RawTable | None:
    """Return header, rows and lines of a CSV text, or None."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    last, cut = 0, False
    try:
        header = [" ".join(cell.split()) for cell in next(reader)]
        last = reader.line_num
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != len(header):
                cut = True
                what = _("{found} cells, {expected} columns: the row is cut or shifted").format(
                    found=len(cells), expected=len(header)
                )
                faults.append(Fault(name, str(line), "", what, _("download the file again")))
                continue
            rows.append(cells)
            lines.append(line)
    except csv.Error as error:
        what = _("the table breaks off: {error}").format(error=error)
        faults.append(Fault(name, str(last + 1), "", what, _("download the file again")))
        return None
    if not rows and not cut:
        faults.append(Fault(name, "", "", _("a header and no rows"), _("download the file again")))
    return None if cut or not rows else RawTable(name, header, rows, lines)
