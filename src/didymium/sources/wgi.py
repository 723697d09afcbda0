"""Worldwide Governance Indicators: six estimates of how a country is governed, with standard errors.

Source: World Bank, Worldwide Governance Indicators (Kaufmann, Kraay and Mastruzzi 2010), CC BY 4.0. An estimate is in
units of a standard normal distribution, about -2.5 (weak) to 2.5 (strong); it has no other unit.
"""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.workbook import Sheet, address, read_sheets
from didymium.faults import Fault
from didymium.messages import _
from didymium.sources.cells import NUMBER, date_fault, year_fault
from didymium.sources.files import Faults, Reading

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = {
    "VA": "voice and accountability",
    "PV": "political stability",
    "GE": "government effectiveness",
    "RQ": "regulatory quality",
    "RL": "rule of law",
    "CC": "control of corruption",
}
"""The six dimensions, and how their sheets' titles begin."""

OLD_CODES = {"ZAR": "COD", "ROM": "ROU", "ADO": "AND", "TMP": "TLS", "WBG": "PSE", "KSV": "XKX"}
"""World Bank codes that are not ISO 3166, and what they mean."""

MISSING = ("", "nan", "None", "NA", "#N/A", "..")
"""Marks of a missing value in the releases."""

LIMIT = 5.0
"""No estimate of any release is as far from zero; a percentile rank or a score of 0 to 100 soon is."""

COLUMNS = ("country", "year", "dimension", "estimate", "standard_error", "edition", "note")


def read_wgi(path: Path) -> Reading:
    """Read the workbook of the release of 2023 and earlier: a sheet for each of the six dimensions.

    Parameters
    ----------
    path : Path
        An xlsx file such as ``wgidataset.xlsx``.

    Returns
    -------
    Reading
        ``country`` (ISO3), ``year``, ``dimension`` (VA, PV, GE, RQ, RL, CC), ``estimate``, ``standard_error``,
        ``edition`` (year of the update), ``note``. Rows without an estimate are left out: missing is not average.

    Raises
    ------
    CaseError
        A workbook that cannot be used, with every fault and its cell.
    """
    import pandas as pd

    faults = Faults(path.name)
    sheets = read_sheets(path, [_title(words) for words in DIMENSIONS.values()])
    rows: list[tuple[object, ...]] = []
    corrections: dict[str, Fault] = {}
    for dimension, words in DIMENSIONS.items():
        found = [sheet for sheet in sheets.values() if _title(words).search(sheet.name)]
        if len(found) != 1:
            what = _("no sheet of {dimension}") if not found else _("{dimension} stands in several sheets")
            faults.add("", "", what.format(dimension=words), _("take the workbook as published"))
            continue
        rows += _sheet(found[0], dimension, faults, corrections)
    faults.refuse()
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["edition"] = str(int(frame["year"].max()) + 1)  # an update covers the years before its own
    return Reading(mark_signs(frame), list(corrections.values()))


def mark_signs(frame: pd.DataFrame) -> pd.DataFrame:
    """Note estimates that look as if their minus was lost, or one was added: valid numbers that no cell check can see.

    Both neighbours in time have the other sign, and the estimate would fit between them if it had it:
    ``|x + m| < s`` and ``|x - m| > 4 s``, ``m`` the mean of both and ``s`` the standard error. Of the releases of 2023
    and 2025 no row of 35,093 is marked; of signs turned at random six in ten are.
    """
    if frame.empty:
        return frame
    ordered = frame.sort_values(["country", "dimension", "year"], kind="stable")
    series = ordered.groupby(["country", "dimension"])["estimate"]
    before, after = series.shift(1), series.shift(-1)
    value, error, middle = ordered["estimate"], ordered["standard_error"], (before + after) / 2.0
    turned = (before * after > 0) & (value * before < 0)
    turned &= ((value + middle).abs() < error) & ((value - middle).abs() > 4.0 * error)
    at = frame.index.isin(ordered.index[turned])
    said = _("its sign differs from the years beside it, which it would fit without: a lost or added minus?")
    frame.loc[at, "note"] = [f"{note}; {said}" if note else said for note in frame.loc[at, "note"]]
    return frame


def _title(words: str) -> re.Pattern[str]:
    """Return the pattern of a sheet's title, whatever blanks it has."""
    return re.compile("^" + r"\s*".join(words.split()), re.IGNORECASE)


def read_value(cell: object, standard_error: bool) -> float | tuple[str, str] | None:
    """Return the number in a cell, None where it is missing, or fault and fix."""
    if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
        return None
    if isinstance(cell, date):
        return date_fault(cell)
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return _("`{cell}` is not a number").format(cell=cell), _("format the cell as a number")
    if isinstance(cell, str) and not NUMBER.fullmatch(cell.strip()):
        return _("`{cell}` is not a number").format(cell=cell), _("write digits with a point as decimal mark")
    number = float(cell)
    if not math.isfinite(number) or abs(number) > LIMIT:
        return (_("`{cell}` is no estimate: a percentile rank, a score of 0 to 100 or a date?").format(cell=cell),
                _("take the column of estimates, from about -2.5 to 2.5"))  # fmt: skip
    if standard_error and number <= 0:
        return _("a standard error of {cell}").format(cell=cell), _("take the column of standard errors")
    return number


def country_of(code: str) -> tuple[str, str]:
    """Return the ISO3 code of a World Bank code, and a note."""
    if code in OLD_CODES:
        return OLD_CODES[code], _("{old} is {new}").format(old=code, new=OLD_CODES[code])
    return code, ""


def year_of(cell: object) -> int | tuple[str, str]:
    """Return a year in a header, or fault and fix."""
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    return year_fault(text, 1990, 2100) or int(text)


def _sheet(sheet: Sheet, dimension: str, faults: Faults, corrections: dict[str, Fault]) -> list[tuple[object, ...]]:
    """Return the rows of one dimension's sheet."""
    heads = [i for i, row in enumerate(sheet.rows) if "Estimate" in row and "Code" in row]
    at = heads[-1] if heads else None  # one sheet holds a broken copy of the header two rows above
    if at is None or not at:
        faults.add("", f"{sheet.name}!A1", _("no row with the columns Code, Estimate and StdErr"),
                   _("take the workbook as published"))  # fmt: skip
        return []
    faults.found += sheet.check(at)
    header, above = sheet.rows[at], sheet.rows[at - 1]
    places: dict[int, dict[str, int]] = {}
    for column, name in enumerate(header):
        if name not in ("Estimate", "StdErr"):
            continue
        year = year_of(above[column])
        if isinstance(year, tuple):
            faults.add("", f"{sheet.name}!{address(at, column + 1)}", *year)
        elif name in places.setdefault(year, {}):
            faults.add("", f"{sheet.name}!{address(at, column + 1)}", _("{year} stands twice").format(year=year),
                       _("keep one of the columns"))  # fmt: skip
        else:
            places[year][str(name)] = column
    for year, pair in places.items():
        if len(pair) != 2:
            faults.add("", f"{sheet.name}!{address(at + 1, next(iter(pair.values())) + 1)}",
                       _("{year} lacks Estimate or StdErr").format(year=year),
                       _("take the workbook as published"))  # fmt: skip
    complete = {year: pair for year, pair in places.items() if len(pair) == 2}
    key = header.index("Code")
    seen: dict[str, int] = {}
    rows: list[tuple[object, ...]] = []
    for number, row in enumerate(sheet.rows[at + 1 :], at + 2):
        if all(cell is None for cell in row):
            continue
        code = row[key]
        place = f"{sheet.name}!{address(number, key + 1)}"
        if not (isinstance(code, str) and re.fullmatch(r"[A-Z]{3}", code, re.ASCII)):
            faults.add("", place, _("`{cell}` is not a country code of three letters").format(cell=code),
                       _("write the ISO 3166 alpha-3 code"))  # fmt: skip
            continue
        country, note = country_of(code)
        if country in seen:
            faults.add("", place, _("{country} stands in row {row} too").format(country=country, row=seen[country]),
                       _("keep one of the rows"))  # fmt: skip
            continue
        seen[country] = number
        if note:
            corrections.setdefault(code, Fault(faults.file, "", place, _("old code {code}").format(code=code),
                                               _("read as {country}").format(country=country)))  # fmt: skip
        for year, pair in complete.items():
            found = []
            for name in ("Estimate", "StdErr"):
                value = read_value(row[pair[name]], name == "StdErr")
                if isinstance(value, tuple):
                    faults.add("", f"{sheet.name}!{address(number, pair[name] + 1)}", *value)
                    value = math.nan
                found.append(value)
            if (found[0] is None) != (found[1] is None):
                faults.add("", f"{sheet.name}!{address(number, pair['Estimate'] + 1)}",
                           _("an estimate without its standard error, or the reverse"),
                           _("take the workbook as published"))  # fmt: skip
            elif found[0] is not None:
                rows.append((country, year, dimension, *found, "", note))
    if not rows:
        faults.add("", sheet.name, _("the sheet has no values"), _("take the workbook as published"))
    return rows
