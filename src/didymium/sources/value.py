"""What a cell of a U.S. Geological Survey table means: one law for every edition.

A cell is a number, or it says why there is none. The codes are those of the Mineral Commodity Summaries (appendix
"Abbreviations and units of measure" and the footnotes of each table): W withheld, NA not available,
XX not applicable, E net exporter, an em dash zero, s less than half of the unit. A range or a bound is never averaged
into a number, and what cannot be read stays text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan


class Kind(StrEnum):
    """What a cell is."""

    NUMBER = "number"
    BOUND = "bound"
    RANGE = "range"
    WITHHELD = "withheld"
    NOT_AVAILABLE = "not available"
    NOT_APPLICABLE = "not applicable"
    ZERO = "zero"
    NET_EXPORTER = "net exporter"
    UNDER_HALF = "under half a unit"
    BLANK = "blank"
    TEXT = "text"
    LOST_SIGN = "lost sign"


@dataclass(frozen=True)
class Cell:
    """What one cell says.

    Parameters
    ----------
    kind : Kind
        What the cell is.
    value : float
        The number, in the unit of the row; not a number where the cell gives none.
    low, high : float
        Ends of the interval in which the value lies; not a number where that end is not known.
    estimated : bool
        The cell itself carries the mark of an estimate.
    note : str
        What was read into the cell; empty for a plain number.
    """

    kind: Kind
    value: float = NAN
    low: float = NAN
    high: float = NAN
    estimated: bool = False
    note: str = ""


_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_PLAIN = re.compile(rf"({_NUMBER})", re.ASCII)
_SIGNED = re.compile(rf"([-−–])\s?({_NUMBER})", re.ASCII)
_ESTIMATE = re.compile(rf"e\s?({_NUMBER})", re.ASCII)
_PERCENT = re.compile(rf"({_NUMBER})\s?%", re.ASCII)
_BOUND = re.compile(rf"([<>])\s?({_NUMBER})\s?(%?)", re.ASCII)
_RANGE = re.compile(rf"({_NUMBER})\s?[-–]\s?({_NUMBER})", re.ASCII)
_LOST = re.compile(rf"[?\ufffd]\s?({_NUMBER})", re.ASCII)
_HALF = re.compile(r"less than (?:½|1/2|one-half|a half|half a) unit\.?", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_BLANKS = re.compile(r"\s+")


def number(text: str) -> float:
    """Return the number of a text that is digits, thousands separators and a decimal point."""
    return float(text.replace(",", ""))


def read_cell(text: str, withheld_below: float = NAN) -> Cell:
    """Return what a cell says. Any text is allowed.

    Parameters
    ----------
    text : str
        The cell as the file has it.
    withheld_below : float
        Upper end of a withheld value where one is known, in the unit of the row. The value is then in
        [0, withheld_below]; without it the interval has no ends. It is never zero.
    """
    cell = _BLANKS.sub(" ", text).strip()
    if _PLAIN.fullmatch(cell):
        value = number(cell)
        return Cell(Kind.NUMBER, value, value, value) if math.isfinite(value) else _text(cell)
    code = _code(cell, withheld_below)
    if code is not None:
        return code
    read = _number_like(cell)
    # a number too large for the machine is no number
    if read is not None and not any(map(math.isinf, (read.value, read.low, read.high))):
        return read
    return _text(cell)


def _code(cell: str, withheld_below: float) -> Cell | None:
    """Return what a code means, or None."""
    if not cell:
        return Cell(Kind.BLANK, note=_("the cell is empty"))
    if cell == "W":
        low = NAN if math.isnan(withheld_below) else 0.0
        return Cell(Kind.WITHHELD, low=low, high=withheld_below, note=_("withheld: not zero, not published"))
    if cell == "NA":
        return Cell(Kind.NOT_AVAILABLE, note=_("not available"))
    if cell in ("XX", "xx"):
        return Cell(Kind.NOT_APPLICABLE, note=_("not applicable"))
    if cell == "—":
        return Cell(Kind.ZERO, 0.0, 0.0, 0.0, note=_("a dash: zero"))
    if cell == "E":
        return Cell(Kind.NET_EXPORTER, high=0.0, note=_("net exporter: net imports are below zero"))
    if cell == "s" or _HALF.fullmatch(cell):
        return Cell(Kind.UNDER_HALF, low=0.0, high=0.5, note=_("less than half of the unit"))
    return None


def _number_like(cell: str) -> Cell | None:
    """Return what a cell with a sign, a mark, a bound or two ends says, or None."""
    if match := _BOUND.fullmatch(cell):
        end = number(match[2])
        percent = _("; the cell has a percent sign") if match[3] else ""
        if match[1] == ">":
            return Cell(Kind.BOUND, low=end, note=_("more than {end}").format(end=match[2]) + percent)
        return Cell(Kind.BOUND, high=end, note=_("less than {end}").format(end=match[2]) + percent)
    if match := _RANGE.fullmatch(cell):
        low, high = number(match[1]), number(match[2])
        if low <= high:
            return Cell(Kind.RANGE, low=low, high=high, note=_("a range, not averaged"))
        return None
    if match := _SIGNED.fullmatch(cell):
        value = -number(match[2])
        note = "" if match[1] == "-" else _("the sign {sign} read as minus").format(sign=match[1])
        return Cell(Kind.NUMBER, value, value, value, note=note)
    if match := _ESTIMATE.fullmatch(cell):
        value = number(match[1])
        return Cell(Kind.NUMBER, value, value, value, True, _("the mark e read as estimated"))
    if match := _PERCENT.fullmatch(cell):
        value = number(match[1])
        return Cell(Kind.NUMBER, value, value, value, note=_("the cell has a percent sign"))
    if _LOST.fullmatch(cell):
        return Cell(
            Kind.LOST_SIGN, note=_("`{cell}`: the sign was lost in the source, no number read").format(cell=cell)
        )
    return None


def _text(cell: str) -> Cell:
    """Return a cell that stays text."""
    if _DIGIT.search(cell):
        return Cell(Kind.TEXT, note=_("`{cell}` holds digits but is not a number of this source").format(cell=cell))
    return Cell(Kind.TEXT, note=_("text: `{cell}`").format(cell=cell))


def read_cells(texts: pd.Series) -> pd.DataFrame:
    """Return kind, value, low, high, estimated and note of every cell. Each distinct text is read once."""
    import pandas as pd

    codes, distinct = pd.factorize(texts)
    cells = [read_cell(str(text)) for text in distinct]
    table = pd.DataFrame(
        {
            "kind": pd.Series([str(cell.kind) for cell in cells], dtype=object),
            "value": pd.Series([cell.value for cell in cells], dtype=float),
            "low": pd.Series([cell.low for cell in cells], dtype=float),
            "high": pd.Series([cell.high for cell in cells], dtype=float),
            "estimated": pd.Series([cell.estimated for cell in cells], dtype=bool),
            "note": pd.Series([cell.note for cell in cells], dtype=object),
        }
    ).take(codes)
    table.index = texts.index
    return table


def join_notes(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return both notes, parted where both say something."""
    import numpy as np
    import pandas as pd

    one, two = first.to_numpy(object), second.to_numpy(object)
    between = np.where((one != "") & (two != ""), "; ", "").astype(object)
    return pd.Series(one + between + two, index=first.index, dtype=object)
