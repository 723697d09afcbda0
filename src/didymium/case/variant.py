"""The same case read otherwise: another edition of a yearbook, another meaning of a source. Files stay as they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.tables import TABLES
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

QUANTITY = ["flow", "commodity", "region", "partner", "year"]
"""Columns that say which quantity a row of ``statistics.csv`` speaks of."""


def adopt(case: Case, series: str) -> Case:
    """Return the case with another edition adopted in its base year.

    Rows of ``series`` are fitted in place of the rows that speak of the same quantity and are fitted now; those become
    checks. Quantities that the edition does not have keep theirs.

    Parameters
    ----------
    case : Case
        The case.
    series : str
        Name of a series in ``statistics.csv``, such as ``mcs2025``.

    Raises
    ------
    DidymiumError
        No fitted quantity of the base year stands in that series too.
    """
    table = case["statistics"]
    now = table["year"].eq(case.base_year)
    fitted = table["use"].eq("fit")
    wanted = table[now & table["series"].eq(series)]
    same = pd.MultiIndex.from_frame(table[QUANTITY])
    known = same[now & fitted]
    taken = wanted[pd.MultiIndex.from_frame(wanted[QUANTITY]).isin(known)]
    if taken.empty:
        others = sorted(set(table.loc[now & same.isin(known), "series"]))
        raise DidymiumError(
            _(
                "statistics.csv: no fitted quantity of {year} stands in series `{series}` too -> use one of {known}"
            ).format(year=case.base_year, series=series, known=", ".join(others))
        )
    replaced = now & fitted & same.isin(pd.MultiIndex.from_frame(taken[QUANTITY]))
    use = table["use"].mask(replaced, "check")
    use.loc[taken.index] = "fit"
    tables = {**case.tables, "statistics": table.assign(use=use)}
    return varied(case, tables, _("edition {series}").format(series=series))


def reread(case: Case, reading: str) -> Case:
    """Return the case with some rows read as table ``readings`` says: values and bands times a factor.

    Parameters
    ----------
    case : Case
        The case.
    reading : str
        Name in ``readings.csv``.

    Raises
    ------
    DidymiumError
        No such reading.
    """
    readings = case["readings"]
    chosen = readings[readings["reading"].eq(reading)]
    if chosen.empty:
        raise DidymiumError(
            _("readings.csv: no reading `{reading}` -> use one of {known}").format(
                reading=reading, known=", ".join(dict.fromkeys(readings["reading"])) or _("none")
            )
        )
    tables = dict(case.tables)
    for name, cites, factor in zip(chosen["table"], chosen["cites"], chosen["factor"], strict=True):
        frame = tables[name].copy()
        cited = frame["source"].eq(cites)
        for column in (TABLES[name].value, "low", "high", "sigma"):
            if column in frame:
                frame[column] = frame[column].mask(cited, frame[column] * factor)
        tables[name] = frame
    return varied(case, tables, _("reading {reading}").format(reading=reading))


def varied(case: Case, tables: dict[str, pd.DataFrame], said: str) -> Case:
    """Return the case with other tables, and the words that say what was read otherwise."""
    digest = hashlib.sha256(f"{case.digest}|{said}".encode()).hexdigest()
    return replace(case, tables=tables, digest=digest, variant="; ".join(filter(None, (case.variant, said))))
