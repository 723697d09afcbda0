"""Value added at risk: what the industries behind the end uses stand to lose while what they need is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.case import ROW
from didymium.economy.willingness import Array

if TYPE_CHECKING:
    from didymium.case import case as cases

MILLION = 1e6


def value_added(case: cases.Case) -> pd.DataFrame:
    """Return yearly value added by region and end use, MUSD.

    The latest year of each industry; yen are converted at the case's assumed rate, which the result rests on.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    DataFrame
        Columns region, end_use, value, inputs (list of input rows).
    """
    table = case["value_added"]
    latest = table.sort_values("year").drop_duplicates(["region", "sector"], keep="last")
    yen = latest["unit"].eq("JPY")
    rate = case.assumption("a_jpy_per_usd")
    value = latest["value"].where(~yen, latest["value"] / rate) / MILLION
    inputs = latest[ROW].where(~yen, latest[ROW] + ";assumptions/a_jpy_per_usd")
    frame = pd.DataFrame({"region": latest["region"], "end_use": latest["end_use"], "value": value, "inputs": inputs})
    return frame.groupby(["region", "end_use"], as_index=False).agg({"value": "sum", "inputs": list})


def at_risk(value: Array, short_years: Array, dependence: float) -> Array:
    """Return value added at risk, in the unit of ``value``.

    ``V x s x d``: yearly value added, years' worth of it that were short, share of the industry that stops for
    want of it. It overstates where firms use up stocks, repair or catch up, and understates what stops behind them.
    """
    return value * short_years * dependence
