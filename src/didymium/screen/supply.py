"""World supply as the tables tell it: who makes how much of a mineral at a stage, and what cannot be counted.

A group of rows is one mineral, stage and form in one edition and year. A group that does not add up, or in which a
producer of weight is withheld, has no index: it says why, and where the withheld value has two ends the index is given
at both. Nothing that is not known is counted as zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    frame = case["production"]
    if series is not None:
        frame = frame[frame["series"].eq(series)]
    frame = pd.concat([frame, *more], ignore_index=True)
    found, parts = [], []
    for key, every in frame.groupby(KEYS, sort=True):
        newest = every[every["series"].eq(every["series"].max())]
        years = set(newest["year"].astype(int))
        wanted = year if year is not None else case.base_year if case.base_year in years else max(years)
        rows = newest[newest["year"].eq(wanted)]
        facts = dict(zip(KEYS, key, strict=True)) | {"series": newest["series"].iloc[0], "year": wanted}
        if rows.empty:
            have = ", ".join(map(str, sorted(years)))
            facts |= {
                "unit": newest["unit"].iloc[0],
                "total": np.nan,
                "swept": False,
                "inputs": [],
                "problem": _("no figure for {year}, only for {have}").format(year=wanted, have=have),
            }
            makers = _nobody(rows)
        else:
            makers = _makers(rows)
            facts |= _facts(rows, makers)
        found.append(facts)
        parts.append(makers)
    columns = [*KEYS, "series", "year", "unit", "total", "problem", "swept", "inputs"]
    table = pd.DataFrame(found, columns=columns)
    rows = pd.concat(parts, ignore_index=True) if parts else _nobody(frame)
    return Supply(table, rows, Groups(np.array([len(part) for part in parts], dtype=np.intp)))


_COLUMNS = ["country", "quantity", "low", "high", "qualifier", "named", ROW]


def _nobody(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row that makes nothing, so that no group is empty."""
    return pd.DataFrame(
        [{"country": "", "quantity": 0.0, "low": 0.0, "high": 0.0, "qualifier": "", "named": False, ROW: ""}],
        columns=_COLUMNS,
    )


def _makers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that may make something, the world total left out."""
    makers = rows[rows["country"].ne(WORLD)].copy()
    number = makers["qualifier"].isin(NUMBERS)
    makers["named"] = ~makers["country"].str.contains(";") & makers["country"].ne(REST)
    makers["low"] = makers["low"].where(~number, makers["quantity"])
    makers["high"] = makers["high"].where(~number, makers["quantity"])
    makers["quantity"] = makers["quantity"].where(number, 0.0)
    makers = makers[number & makers["quantity"].gt(0) | makers["qualifier"].isin(INTERVALS)]
    return makers[_COLUMNS] if len(makers) else _nobody(rows)


def _facts(rows: pd.DataFrame, makers: pd.DataFrame) -> dict[str, object]:
    """Return what is known of a group as a whole, and why it has no index where it has none."""
    number = makers["qualifier"].isin(NUMBERS)
    total = float(makers.loc[number, "quantity"].sum())
    world = rows.loc[rows["country"].eq(WORLD) & rows["qualifier"].isin(NUMBERS), "quantity"]
    printed = float(world.iloc[0]) if len(world) == 1 else np.nan
    hidden = makers[~number & makers["qualifier"].ne("")]
    problem, swept = "", False
    if rows["unit"].nunique() > 1:
        problem = _("its rows are of several units")
    elif total <= 0:
        problem = _("no country's figure is published")
    elif len(hidden):
        who = ", ".join(hidden["country"])
        if hidden["high"].isna().any():
            problem = _("{who}: withheld, and the total does not tell how much").format(who=who)
        elif float(hidden["high"].sum()) > SLIGHT * (total + float(hidden["high"].sum())):
            problem = _("{who}: withheld, from {low:,.0f} to {high:,.0f} {unit}").format(
                who=who, low=float(hidden["low"].fillna(0).sum()), high=float(hidden["high"].sum()),
                unit=rows["unit"].iloc[0])  # fmt: skip
            swept = True
    elif printed == printed and printed > 0 and abs(total / printed - 1.0) > CLOSES:
        problem = _("its countries add up to {share:.0f} % of the published total").format(share=100 * total / printed)
    return {
        "unit": rows["unit"].iloc[0], "total": total, "problem": problem, "swept": swept,
        "inputs": [str(key) for key in rows[ROW] if key],
    }  # fmt: skip
