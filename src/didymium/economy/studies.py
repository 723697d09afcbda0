"""What others found that a cut costs, on one basis.

``y = g / (m - s / 30.4) x 12``: loss ``g`` (percent of GDP) of a cut of ``m`` months that ``s`` days of stock soften,
as the loss of a year without stock. What is left between two studies after that is how much of the economy they let
stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.case import ROW

if TYPE_CHECKING:
    from didymium.case import case as cases

DAYS = 365.25 / 12
YEN = "JPY"


def one_basis(case: cases.Case) -> pd.DataFrame:
    """Return the published studies with their loss as that of a year without stock.

    Returns
    -------
    DataFrame
        study, publisher, region, scope, months, cut, stock_days, gdp_share, low, high (percent of GDP as published),
        amount (bn of its currency), unit, implied_gdp (bn), short_months (after stock), year_share (percent of GDP,
        a year without stock; the middle of a range), multiple (of the smallest such loss of the region and scope),
        method, driver, scenarios, inputs.
    """
    table = case["studies"].copy()
    number = {name: table[name].astype(float) for name in ("gdp_share", "low", "high", "stock_days", "amount", "cut")}
    share = number["gdp_share"].fillna((number["low"] + number["high"]) / 2.0)
    months = table["months"].astype(float)
    short = months - number["stock_days"].fillna(0.0) / DAYS
    year = (share / short.where(short.gt(0))) * 12.0
    frame = table[["study", "publisher", "region", "scope"]].assign(months=months)
    for name in ("cut", "stock_days", "gdp_share", "low", "high"):
        frame[name] = number[name]
    frame["amount"] = number["amount"] / 1e9
    frame["unit"] = table["unit"]
    frame["implied_gdp"] = frame["amount"] / share.where(share.gt(0)) * 100.0
    frame["short_months"] = short
    frame["year_share"] = year
    least = year.where(year.gt(0)).groupby([table["region"], table["scope"]]).transform("min")
    frame["multiple"] = year / least
    for name in ("method", "driver", "scenarios"):
        frame[name] = table[name]
    frame["inputs"] = table[ROW]
    return frame


def gdp_of(case: cases.Case, region: str) -> tuple[float, float, list[str]]:
    """Return the smallest and largest GDP that the studies of a region imply, MUSD, and the rows behind it.

    NaN where no study gives its loss both in money and as a share.
    """
    frame = one_basis(case)
    frame = frame[frame["region"].eq(region) & frame["implied_gdp"].notna()]
    if frame.empty:
        return np.nan, np.nan, []
    in_yen = frame["unit"].eq(YEN)
    rate = case.assumption("a_jpy_per_usd") if in_yen.any() else 1.0
    gdp = frame["implied_gdp"].where(~in_yen, frame["implied_gdp"] / rate) * 1000.0
    keys = [*frame["inputs"], *(["assumptions/a_jpy_per_usd"] if in_yen.any() else [])]
    return float(gdp.min()), float(gdp.max()), keys
