"""Worldwide Governance Indicators: six estimates of how a country is governed, with standard errors.

Source: World Bank, Worldwide Governance Indicators (Kaufmann, Kraay and Mastruzzi 2010), CC BY 4.0. An estimate is in
units of a standard normal distribution, about -2.5 (weak) to 2.5 (strong); it has no other unit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.workbook import Sheet, address, read_sheets
from didymium.faults import Fault, single
from didymium.messages import N_, _
from didymium.sources.cells import NUMBER, date_fault, year_fault
from didymium.sources.files import Faults, Reading, read_columns, read_text, split_header

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

NOT_COUNTRIES = {"R20": N_("a region"), "PUS": N_("a group of islands, here with values of Jersey")}
"""Codes that are no country. PUS holds to 2022 what the workbook of 2023 holds for Jersey, to the last digit."""

WHOLLY_NEW = ("JEY",)
"""Rows of the pair that hold the method of 2025 in every year: they differ from the workbook of 2023, no other does."""

NEW_METHOD = 2023
"""First year of the method of 2025 in the spliced pair of files."""

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
    return Reading(frame, list(corrections.values()))


def read_wgi_pair(estimates: Path, errors: Path, dimension: str = "PV") -> Reading:
    """Read one dimension from a pair of tables, a row for each country and a column for each year.

    Parameters
    ----------
    estimates, errors : Path
        CSV files of estimates and of standard errors.
    dimension : str
        Dimension that they hold.

    Returns
    -------
    Reading
        As :func:`read_wgi`. Years from 2023 on are another edition (the method of 2025) and say so in ``note``.

    Raises
    ------
    CaseError
        Files that cannot be used or do not fit each other, with every fault.
    """
    import pandas as pd

    if dimension not in DIMENSIONS:
        raise single(estimates.name, "", "", _("`{dimension}` is not a dimension").format(dimension=dimension),
                     _("use one of {known}").format(known=", ".join(DIMENSIONS)))  # fmt: skip
    corrections: list[Fault] = []
    problems: list[Fault] = []
    first, second = (_wide(path, what, corrections, problems) for path, what in ((estimates, "estimate"), (errors, "")))
    faults = Faults(errors.name)
    faults.found = problems
    for key in first:
        if key not in second:
            faults.add("", str(key[1]), _("{country} has an estimate and no standard error").format(country=key[0]),
                       _("take both files of one release"))  # fmt: skip
    for key in second:
        if key not in first:
            faults.add("", str(key[1]), _("{country} has a standard error and no estimate").format(country=key[0]),
                       _("take both files of one release"))  # fmt: skip
    faults.refuse()
    rows = []
    for (country, year), (value, note) in first.items():
        new = year >= NEW_METHOD
        spliced = _("method of 2025: do not difference with years before {year}").format(year=NEW_METHOD) if new else ""
        if country in WHOLLY_NEW and not new:
            spliced = _("method of 2025 in every year: do not compare with other countries before {year}").format(
                year=NEW_METHOD
            )
        rows.append((country, year, dimension, value, second[country, year][0], "2025" if new else "2023",
                     "; ".join(part for part in (note, spliced) if part)))  # fmt: skip
    if any(year >= NEW_METHOD for _country, year in first) and any(year < NEW_METHOD for _country, year in first):
        corrections.append(
            Fault(estimates.name, "1", str(NEW_METHOD), _("two methods in one table"),
                  _("marked as two editions: a change across them is refused"))
        )  # fmt: skip
    return Reading(pd.DataFrame(rows, columns=list(COLUMNS)), corrections)


def mean_estimate(
    frame: pd.DataFrame, start: int, end: int, dimensions: Sequence[str] = tuple(DIMENSIONS)
) -> pd.DataFrame:
    """Return the mean over dimensions and years, as the European Commission's supply risk uses it.

    ``mean_{d, y} WGI_{c, d, y}`` (European Commission, Methodology for establishing the EU list of critical raw
    materials, 2017). A country that lacks one of the values gets no mean: one dimension does not stand for six.

    Parameters
    ----------
    frame : DataFrame
        Rows of a reading.
    start, end : int
        First and last year.
    dimensions : sequence of str
        Dimensions that count.

    Returns
    -------
    DataFrame
        ``country``, ``wgi`` (NaN where a value lacks), ``values``, ``wanted`` and ``note``.

    Raises
    ------
    CaseError
        A dimension or a year that the frame does not hold for any country, or years of two editions.
    """
    years = [year for year in sorted(set(frame["year"])) if start <= year <= end]
    lacking = [_(DIMENSIONS.get(name, name)) for name in dimensions if name not in set(frame["dimension"])]
    if lacking:
        raise single("WGI", "", "dimension", _("no values of {dimensions}").format(dimensions=", ".join(lacking)),
                     _("read the workbook with all six dimensions, or name those that count"))  # fmt: skip
    if start > end or not {start, end} <= set(years):
        raise single("WGI", "", "year", _("the years {start} to {end} are not all there").format(start=start, end=end),
                     _("choose years from {first} to {last}").format(
                         first=min(frame["year"]), last=max(frame["year"])))  # fmt: skip
    chosen = frame[frame["year"].isin(years) & frame["dimension"].isin(list(dimensions))]
    if chosen["edition"].nunique() > 1:
        raise single("WGI", "", "year", _("the years {start} to {end} come from two editions").format(
            start=start, end=end), _("choose years before {year} or from it on").format(year=NEW_METHOD))  # fmt: skip
    wanted = len(years) * len(dimensions)
    groups = chosen.groupby("country")["estimate"].agg(["mean", "size"])
    table = groups.reset_index().rename(columns={"mean": "wgi", "size": "values"})
    table["wanted"] = wanted
    table["wgi"] = table["wgi"].where(table["values"] == wanted)
    short = table["values"] < wanted
    table["note"] = ""
    table.loc[short, "note"] = [_("{found} of {wanted} values: no mean").format(found=found, wanted=wanted)
                                for found in table.loc[short, "values"]]  # fmt: skip
    return table


def change(frame: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return the change of every estimate between two years of one edition.

    Raises
    ------
    CaseError
        The two years come from two editions: their difference is the change of method.
    """
    ends = [frame[frame["year"] == year].set_index(["country", "dimension"]) for year in (start, end)]
    editions = [set(part["edition"]) for part in ends]
    if not all(editions):
        raise single("WGI", "", "year", _("the years {start} to {end} are not all there").format(start=start, end=end),
                     _("choose years that the frame holds"))  # fmt: skip
    if editions[0] != editions[1]:
        raise single("WGI", "", "year", _("{start} and {end} come from two editions").format(start=start, end=end),
                     _("do not difference across {year}").format(year=NEW_METHOD))  # fmt: skip
    return (ends[1]["estimate"] - ends[0]["estimate"]).dropna().rename("change").reset_index()


def _title(words: str) -> re.Pattern[str]:
    """Return the pattern of a sheet's title, whatever blanks it has."""
    return re.compile("^" + r"\s*".join(words.split()), re.IGNORECASE)


def _value(cell: object, standard_error: bool) -> float | tuple[str, str] | None:
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


def _country(code: str) -> tuple[str, str]:
    """Return the ISO3 code of a World Bank code, and a note."""
    if code in OLD_CODES:
        return OLD_CODES[code], _("{old} is {new}").format(old=code, new=OLD_CODES[code])
    return code, ""


def _year(cell: object) -> int | tuple[str, str]:
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
        year = _year(above[column])
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
        country, note = _country(code)
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
                value = _value(row[pair[name]], name == "StdErr")
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


def _wide(
    path: Path, what: str, corrections: list[Fault], problems: list[Fault]
) -> dict[tuple[str, int], tuple[float, str]]:
    """Return the values of one file of a pair by country and year; faults go to ``problems``."""
    faults = Faults(path.name)
    raw = read_text(path, faults)
    fixed = ("Country/Territory", "Code")
    header = split_header(raw)
    years: dict[str, int] = {}
    for name in header:
        if name in (*fixed, "country_code") or not re.match(r"\d", name):
            continue
        year = _year(name)
        if isinstance(year, tuple):
            faults.add(1, name, *year)
        else:
            years[name] = year
    if not years:
        faults.add(1, "", _("no column of a year"), _("take the file as published"))
    faults.refuse()
    table, lines = read_columns(raw, (*fixed, *years), faults, ("country_code",))
    cells = {name: table[name].to_pylist() for name in table.column_names}
    codes = cells["Code"]
    shared = {code for code in codes if codes.count(code) > 1}
    values: dict[tuple[str, int], tuple[float, str]] = {}
    guyana = _guyana(codes)
    for at, (line, code) in enumerate(zip(lines.tolist(), codes, strict=True)):
        if code in NOT_COUNTRIES:
            if what:
                corrections.append(Fault(path.name, str(line), "Code", _("{code} is {what}: no country").format(
                    code=code, what=_(NOT_COUNTRIES[code])), _("row left out")))  # fmt: skip
            continue
        if not re.fullmatch(r"[A-Z]{3}", code, re.ASCII):
            faults.add(line, "Code", _("`{cell}` is not a country code of three letters").format(cell=code),
                       _("write the ISO 3166 alpha-3 code"))  # fmt: skip
            continue
        country, note = _country(code)
        if at in guyana:
            country = guyana[at]
            note = _("GUY stands twice; this row is {country}").format(country=country)
            if what:
                corrections.append(Fault(path.name, str(line), "Code", _("GUY stands twice"),
                                         _("read as {country}").format(country=country)))  # fmt: skip
        elif code in shared:
            faults.add(line, "Code", _("{country} stands twice").format(country=code), _("keep one of the rows"))
            continue
        for name, year in years.items():
            value = _value(cells[name][at], not what)
            if isinstance(value, tuple):
                faults.add(line, name, *value)
            elif value is not None and (country, year) in values:
                faults.add(line, "Code", _("{country} stands twice").format(country=country), _("keep one of the rows"))
                break
            elif value is not None:
                values[country, year] = (value, note)
    problems.extend(faults.found)
    return values


def _guyana(codes: list[str]) -> dict[int, str]:
    """Return what the two rows GUY of the pair are, by position.

    The first row equals French Guiana and the second Guyana in the workbook of the release of 2023, to the last digit
    in every year to 2022. Both stand in the order of the older codes, GUF before GUY, and no row GUF is left.
    """
    places = [at for at, code in enumerate(codes) if code == "GUY"]
    if len(places) == 2 and "GUF" not in codes:
        return {places[0]: "GUF", places[1]: "GUY"}
    return {}
