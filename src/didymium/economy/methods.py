"""What a shortage costs an economy, by methods that differ: side by side, never one number.

* at risk: the industries stop as what they need does (:func:`didymium.economy.value.at_risk`);
* ces: they replace a little of what is short (:mod:`didymium.economy.ces`), by elasticity of substitution;
* input_output: they stop, and with them those whom they buy from and sell to (:mod:`didymium.economy.input_output`).

All three let the same share of an industry depend on what is short (``a_industry_dependence``, a band).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.economy.ces import SWEEP, lost
from didymium.economy.input_output import Table, table_of
from didymium.economy.studies import gdp_of
from didymium.economy.value import MILLION, at_risk, value_added
from didymium.economy.willingness import Array
from didymium.messages import N_, _

if TYPE_CHECKING:
    from didymium.case import case as cases

ENDS = ("low", "value", "high")
DEPENDENCE = "a_industry_dependence"
YEN = "a_jpy_per_usd"

NO_VALUE_ADDED = N_("not computable: the case holds no value added")
NO_TABLE = N_("not computable: no input-output table imported")
NO_INDUSTRY = N_("not computable: no industry of the input-output table stands behind an end use in value_added.csv")

SHORT = 0.05
"""Share missing before a use counts as short: below it buyers only save a little because the price is up."""


class Range(NamedTuple):
    """A loss over all months, MUSD: low and high by the band of dependence, and what it rests on."""

    low: float
    value: float
    high: float
    inputs: list[str]


@dataclass(frozen=True)
class Shortage:
    """What the end uses of a region lacked.

    Parameters
    ----------
    region : str
        Where.
    ratio : DataFrame
        Served over wanted, at most 1: end uses x months.
    worth : Series
        By end use: what it pays in a year for what it takes, at base prices, MUSD.
    """

    region: str
    ratio: pd.DataFrame
    worth: pd.Series

    @classmethod
    def of(cls, uses: pd.DataFrame, worth: pd.DataFrame, region: str) -> Shortage:
        """Return the shortage of a region.

        Parameters
        ----------
        uses : DataFrame
            Rows with region, end_use, month, wanted and served, t.
        worth : DataFrame
            Rows with region, end_use and worth (MUSD a year).
        region : str
            Where.
        """
        mine = uses[uses["region"].eq(region)]
        totals = mine.groupby(["end_use", "month"], sort=False)[["served", "wanted"]].sum()
        ratio = (totals["served"] / totals["wanted"].where(totals["wanted"].gt(0))).fillna(1.0).clip(0.0, 1.0)
        paid = worth[worth["region"].eq(region)].groupby("end_use")["worth"].sum()
        return cls(region, ratio.unstack("month"), paid)


def value_at_risk(case: cases.Case, shortage: Shortage) -> Range:
    """``sum_e V_e d sum_n max-short / 12``: value added of what stands still; NaN where the case holds none."""
    known = _known(case, shortage)
    if known.empty:
        return Range(np.nan, np.nan, np.nan, [])
    missing = 1.0 - shortage.ratio.loc[known["end_use"]].to_numpy(float)
    return Range(*standing_still(case, known["value"].to_numpy(float), missing), _inputs(known))


def standing_still(case: cases.Case, value: Array, missing: Array) -> tuple[float, float, float]:
    """Return the sum of :func:`value_at_risk` at the low end, the middle and the high end of dependence.

    Parameters
    ----------
    case : Case
        The case.
    value : array
        Value added of a year by end use, MUSD.
    missing : array, end uses x months
        Share of what is wanted that is missing.
    """
    years = np.where(missing > SHORT, missing, 0.0).sum(axis=1) / 12.0
    low, middle, high = (float(at_risk(value, years, case.assumption(DEPENDENCE, end)).sum()) for end in ENDS)
    return low, middle, high


def ces_loss(case: cases.Case, shortage: Shortage, substitution: float) -> Range:
    """Return what is lost where industries can replace a little: :func:`didymium.economy.ces.lost`, month by month."""
    known = _known(case, shortage)
    if known.empty:
        return Range(np.nan, np.nan, np.nan, [])
    ratio = shortage.ratio.loc[known["end_use"]].to_numpy(float)
    value = known["value"].to_numpy(float)[:, None]
    worth = np.maximum(shortage.worth.reindex(known["end_use"]).fillna(0.0).to_numpy(float)[:, None], 1e-9)
    totals = [
        float(lost(value * case.assumption(DEPENDENCE, end), worth, ratio, substitution).sum() / 12.0) for end in ENDS
    ]
    return Range(totals[0], totals[1], totals[2], _inputs(known))


def input_output_loss(case: cases.Case, shortage: Shortage) -> tuple[dict[str, Range], str]:
    """Return the narrow and the wide loss of the input-output program, or why there is none.

    Months are programs of their own: what an industry lacks this month it does not make up next month.
    """
    table = table_of(case, shortage.region)
    if table is None:
        return {}, _(NO_TABLE)
    rows = case["value_added"].sort_values("year").drop_duplicates(["region", "sector"], keep="last")
    rows = rows[rows["region"].eq(shortage.region) & rows["end_use"].isin(shortage.ratio.index)]
    behind = [str(sector) for sector in rows["sector"]]
    if not any(table.sector_of(sector) for sector in behind):
        return {}, _(NO_INDUSTRY)
    rate, keys = currency(case, shortage.region, table)
    same = rows["unit"].eq(table.unit).to_numpy(bool)
    other = case.assumption(YEN) if table.unit == "JPY" else 1.0 / case.assumption(YEN)
    added = np.where(same, 1.0, other) * rows["value"].to_numpy(float)
    missing = 1.0 - shortage.ratio.loc[list(rows["end_use"])].to_numpy(float)
    missing = np.where(missing > SHORT, missing, 0.0)
    found = {}
    for name in ("narrow", "wide"):
        totals = []
        for end in ENDS:
            made = 1.0 - case.assumption(DEPENDENCE, end) * missing
            limits, _absent = table.limits(behind, made, added[:, None])
            lost = table.losses(limits, name == "wide", missing.shape[1])
            totals.append(float(lost.sum()) / 12.0 * rate)
        found[name] = Range(totals[0], totals[1], totals[2], [f"assumptions/{DEPENDENCE}", *keys])
    return found, ""


def currency(case: cases.Case, region: str, table: Table) -> tuple[float, list[str]]:
    """Return MUSD in a unit of a region's table, and the input rows behind it and the table.

    A table has thousands of cells: its sources stand for them.
    """
    cells = case["input_output"]
    keys = [f"sources/{name}" for name in dict.fromkeys(cells.loc[cells["region"].eq(region), "source"])]
    if table.unit == "JPY":
        return 1.0 / case.assumption(YEN) / MILLION, [f"assumptions/{YEN}", *keys]
    return 1.0 / MILLION, keys


def side_by_side(case: cases.Case, shortage: Shortage) -> pd.DataFrame:
    """Return a row per method: what a shortage costs a region over all its months.

    Parameters
    ----------
    case : Case
        The case.
    shortage : Shortage
        What was short.

    Returns
    -------
    DataFrame
        method, substitution, value, low, high (MUSD, all months), gdp_low, gdp_high (percent of a year's GDP as the
        studies of the region imply it; NaN where none does), state (empty, or why there is no number), inputs.
    """
    rows: list[dict[str, object]] = []

    def add(method: str, substitution: float, found: Range | None, state: str = "") -> None:
        found = found or Range(np.nan, np.nan, np.nan, [])
        rows.append({"method": method, "substitution": substitution, "value": found.value, "low": found.low,
                     "high": found.high, "state": state, "inputs": found.inputs})  # fmt: skip

    plain = value_at_risk(case, shortage)
    missing = "" if plain.inputs else _(NO_VALUE_ADDED)
    add("at_risk", np.nan, plain, missing)
    for substitution in SWEEP:
        add("ces", substitution, ces_loss(case, shortage, substitution) if plain.inputs else None, missing)
    networked, why = input_output_loss(case, shortage)
    for name in ("narrow", "wide"):
        add(f"input_output_{name}", np.nan, networked.get(name), why)
    least, most, keys = gdp_of(case, shortage.region)
    frame = pd.DataFrame(rows)
    frame["gdp_low"], frame["gdp_high"] = frame["low"] / most * 100.0, frame["high"] / least * 100.0
    frame["inputs"] = [[*own, *(keys if own else [])] for own in frame["inputs"]]
    return frame


def _known(case: cases.Case, shortage: Shortage) -> pd.DataFrame:
    """Return the region's value added by end use, for uses that take part in the market."""
    table = value_added(case)
    return table[table["region"].eq(shortage.region) & table["end_use"].isin(shortage.ratio.index)]


def _inputs(known: pd.DataFrame) -> list[str]:
    return [f"assumptions/{DEPENDENCE}", *(key for cell in known["inputs"] for row in cell for key in row.split(";"))]
