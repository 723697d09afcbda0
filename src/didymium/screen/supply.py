"""World supply as the tables tell it: who makes how much of a mineral at a stage, and what cannot be counted.

A group of rows is one mineral, stage and form in one edition and year. A group that does not add up, or in which a
producer of weight is withheld, has no index: it says why, and where the withheld value has two ends the index is given
at both. Nothing that is not known is counted as zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from didymium.case.case import ROW
from didymium.case.screening_tables import INTERVALS, NUMBERS, REST, WORLD
from didymium.messages import _
from didymium.screen.grouped import Groups

if TYPE_CHECKING:
    from didymium.case.case import Case

KEYS = ["mineral", "stage", "form"]
CLOSES = 0.05
"""Part of the published world total by which its countries may miss it: totals are rounded."""
UNLISTED = 0.5
"""Part of the world above which producers that no table lists leave nothing to say about concentration."""
SLIGHT = 0.02
"""Part of the world that withheld producers may make before nothing is said about concentration."""
CALIBRATED = "calibrated"
"""Edition of rows that come from the calibrated base year of a chain, not from a statistic."""


@dataclass(frozen=True)
class Supply:
    """Producers of many minerals.

    Parameters
    ----------
    table : DataFrame
        A row for each group: mineral, stage, form, series, year, unit, total (of the countries), problem (why no index
        can be given, or empty), swept (whether the withheld ones have two ends), inputs (list).
    rows : DataFrame
        A row for each producer, group by group: country, quantity, low, high (of what is withheld; else the quantity),
        qualifier, named, ``_row``.
    groups : Groups
        Which rows belong to which row of ``table``.
    """

    table: pd.DataFrame
    rows: pd.DataFrame
    groups: Groups

    @property
    def known(self) -> NDArray[np.bool_]:
        """Groups that have an index."""
        return np.asarray(self.table["problem"].eq(""), dtype=bool)

    @property
    def named(self) -> NDArray[np.bool_]:
        """Rows that are one country."""
        return self.rows["named"].to_numpy(bool)


def read_supply(case: Case, year: int | None = None, series: str | None = None,
                more: Iterable[pd.DataFrame] = ()) -> Supply:  # fmt: skip
    """Return the supply of every mineral, stage and form of a case.

    Parameters
    ----------
    case : Case
        The case.
    year : int, optional
        Year asked for: a group without it says so. Where None, the base year, or the newest one a group has.
    series : str, optional
        Edition; the newest of each group where None.
    more : iterable of DataFrame
        Further rows in the columns of the table ``production``, such as those of a calibrated chain.
    """
    frame = pd.concat([case["production"], case["production_other"]], ignore_index=True)
    if series is not None:
        frame = frame[frame["series"].eq(series)]
    frame = pd.concat([frame, *more], ignore_index=True)
    names = [*KEYS, *_READ]
    by_group: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for cells in zip(*(frame[name].tolist() for name in names), strict=True):
        by_group.setdefault(tuple(cells[:3]), []).append(dict(zip(names, cells, strict=True)))
    forms = Counter(key[:2] for key in by_group)
    found, makers, sizes = [], [], []
    for key, every in sorted(by_group.items()):
        edition = max(row["series"] for row in every)
        newest = [row for row in every if row["series"] == edition]
        years = {int(row["year"]) for row in newest}
        wanted = year if year is not None else case.base_year if case.base_year in years else max(years)
        rows = [row for row in newest if int(row["year"]) == wanted]
        facts = dict(zip(KEYS, key, strict=True)) | {"series": edition, "year": wanted, "unit": newest[0]["unit"]}
        if rows:
            some = _makers(rows)
            facts |= _facts(rows, some, several=forms[key[:2]] > 1)
        else:
            have = ", ".join(map(str, sorted(years)))
            some = [_NOBODY]
            facts |= {
                "total": np.nan,
                "swept": False,
                "inputs": [],
                "problem": _("no figure for {year}, only for {have}").format(year=wanted, have=have),
            }
        found.append(facts)
        makers += some
        sizes.append(len(some))
    table = pd.DataFrame(found, columns=[*KEYS, "series", "year", "unit", "total", "problem", "swept", "inputs"])
    return Supply(table, pd.DataFrame(makers, columns=_COLUMNS), Groups(np.array(sizes, dtype=np.intp)))


_READ = ("country", "year", "series", "quantity", "low", "high", "qualifier", "unit", ROW)
_COLUMNS = ["country", "quantity", "low", "high", "qualifier", "named", ROW]
_NOBODY: dict[str, Any] = {
    "country": "", "quantity": 0.0, "low": 0.0, "high": 0.0, "qualifier": "", "named": False, ROW: "",
}  # fmt: skip
"""Stands in a group in which nobody makes anything, so that no group is empty."""


def _makers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those who may make something, the world total left out."""
    found = []
    for row in rows:
        number = row["qualifier"] in NUMBERS
        if row["country"] == WORLD or not (row["quantity"] > 0 if number else row["qualifier"] in INTERVALS):
            continue
        quantity = float(row["quantity"]) if number else 0.0
        found.append({
            "country": row["country"], "quantity": quantity, "low": quantity if number else row["low"],
            "high": quantity if number else row["high"], "qualifier": row["qualifier"],
            "named": ";" not in row["country"] and row["country"] != REST, ROW: row[ROW],
        })  # fmt: skip
    return found or [_NOBODY]


def _facts(rows: list[dict[str, Any]], makers: list[dict[str, Any]], several: bool) -> dict[str, Any]:
    """Return what is known of a group as a whole, and why it has no index where it has none."""
    unit = rows[0]["unit"]
    total = sum(row["quantity"] for row in makers)
    world = [float(r["quantity"]) for r in rows if r["country"] == WORLD and r["qualifier"] in NUMBERS]
    hidden = [row for row in makers if row["qualifier"] in INTERVALS]
    most = sum(row["high"] for row in hidden)
    problem, swept = "", False
    who = ", ".join(row["country"] for row in hidden)
    if any(row["unit"] != unit for row in rows):
        problem = _("its rows are of several units")
    elif total <= 0:
        problem = _("no country's figure is published")
    elif several and not any(row["country"] == WORLD for row in rows):
        problem = _("countries are published in several forms that do not add up")
    elif len(makers) == 1 and not world and rows[0]["series"] != CALIBRATED:
        problem = _("only {who} is published, and no world total").format(who=makers[0]["country"])
    elif hidden and most != most:
        problem = _("{who}: withheld, and the total does not tell how much").format(who=who)
    elif hidden and most > SLIGHT * (total + most):
        least = sum(row["low"] for row in hidden if row["low"] == row["low"])
        problem = _("{who}: withheld, from {low:,.0f} to {high:,.0f} {unit}").format(
            who=who, low=least, high=most, unit=unit)  # fmt: skip
        swept = True
    elif not hidden and len(world) == 1 and world[0] > 0 and abs(total / world[0] - 1.0) > CLOSES:
        problem = _("its countries add up to {share:.0f} % of the published total").format(share=100 * total / world[0])
    rest = sum(row["quantity"] for row in makers if row["country"] == REST)
    if not problem and rest > UNLISTED * total:
        problem = _("countries that the table does not list make {share:.0f} % of it").format(share=100 * rest / total)
    inputs = [key for row in rows for key in str(row[ROW]).split(";") if key]
    return {"total": total, "problem": problem, "swept": swept, "inputs": inputs}
