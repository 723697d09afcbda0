"""What makes the bytes of a file no table of text, whoever made it: a case or a download."""

from __future__ import annotations

import re

from didymium.messages import _

MARK = b"\xef\xbb\xbf"
"""Byte order mark of UTF-8."""

_GARBLED = re.compile("â€|Ã[\u0080-\u00bf]|Â[\u0080-\u00bf]|\ufffd")


def not_text(raw: bytes, cp1252: bool = False) -> tuple[str, str, str] | None:
    """Return row, fault and fix of the first thing that makes bytes no table of text; None where they are one.

    Parameters
    ----------
    raw : bytes
        What the file holds; not compressed.
    cp1252 : bool
        Bytes that are not UTF-8 may be cp1252.
    """
    again = _("download the file again")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", _("the file is UTF-16, not UTF-8"), _("save it as CSV UTF-8")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "", _("this is a workbook or an archive, not a CSV file"), _("name the CSV file")
    if raw.startswith((b"%PDF", b"\x1f\x8b", b"PAR1")):
        return "", _("this is not a text file"), _("unpack it, or download the CSV file")
    if raw[:512].removeprefix(MARK).lstrip(b" \t\r\n").startswith(b"<"):
        return "1", _("this is a web page, not a table"), _("download the table itself")
    if b"\0" in raw:
        return _line(raw, raw.index(b"\0")), _("a zero byte: the file is damaged"), again
    if raw.isascii():
        return None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if not cp1252:
            fix = _("save it as CSV UTF-8 (it may be cp1252 or Shift_JIS)")
            return _line(raw, error.start), _("a byte that is not UTF-8"), fix
        try:
            raw.decode("cp1252")
        except UnicodeDecodeError as other:
            fix = _("use the file as published: UTF-8 or cp1252")
            return _line(raw, other.start), _("a byte that is neither UTF-8 nor cp1252"), fix
    return None


def garbled(text: str) -> tuple[str, str, str] | None:
    """Return row, fault and fix of the first letters that were decoded with the wrong encoding before they came here.

    Parameters
    ----------
    text : str
        A table whose names are read. (A published table of country codes has such names; only its codes are used.)
    """
    found = None if text.isascii() else _GARBLED.search(text)
    if not found:
        return None
    what = _("`{text}` was decoded with the wrong encoding").format(text=found[0])
    fix = _("take the file as published again, and do not save it from a spreadsheet")
    return str(text.count("\n", 0, found.start()) + 1), what, fix


def _line(raw: bytes, at: int) -> str:
    """Return the line of a byte."""
    return str(raw[:at].count(b"\n") + 1)
