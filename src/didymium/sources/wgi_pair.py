"""One dimension of the Worldwide Governance Indicators from a pair of tables: estimates and standard errors."""

from __future__ import annotations

import re
from pathlib import Path

from didymium.faults import Fault, single
from didymium.messages import N_, _
from didymium.sources.files import Faults, Reading, read_columns, read_text, split_header
from didymium.sources.wgi import COLUMNS, DIMENSIONS, country_of, mark_signs, read_value, year_of

NOT_COUNTRIES = {"R20": N_("a region"), "PUS": N_("a group of islands, here with values of Jersey")}
"""Codes that are no country. PUS holds to 2022 what the workbook of 2023 holds for Jersey, to the last digit."""

WHOLLY_NEW = ("JEY",)
"""Rows of the pair that hold the method of 2025 in every year: they differ from the workbook of 2023, no other does."""

NEW_METHOD = 2023
"""First year of the method of 2025 in the spliced pair of files."""


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
    return Reading(mark_signs(pd.DataFrame(rows, columns=list(COLUMNS))), corrections)


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
        year = year_of(name)
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
        country, note = country_of(code)
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
            value = read_value(cells[name][at], not what)
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
