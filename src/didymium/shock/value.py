"""What a shock costs the partners' economies: by our methods side by side, and beside what others have published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.check import split_list
from didymium.economy.methods import Shortage, side_by_side
from didymium.economy.studies import gdp_of, one_basis
from didymium.market.prepare import Market
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

METHODS = {
    "at_risk": N_("industries stop as their magnets do"),
    "ces": N_("industries replace a little of what is short"),
    "input_output_narrow": N_("their customers stop too; their suppliers sell elsewhere"),
    "input_output_wide": N_("their customers and their suppliers stop too"),
}


def worth_of(market: Market) -> pd.DataFrame:
    """Return what each end use pays in a base year for what it takes, MUSD: region, end_use, worth."""
    uses, base = market.network.uses, market.base
    price = base.price.reindex(uses["market"]).to_numpy(float)
    frame = uses[["region", "end_use"]].assign(worth=np.maximum(price, 0.0) * base.served.to_numpy(float) / 1000.0)
    return pd.DataFrame(frame.groupby(["region", "end_use"], as_index=False)[["worth"]].sum())


def shortages(
    case: cases.Case, market: Market, uses: pd.DataFrame, foresights: list[str]
) -> dict[tuple[str, str], Shortage]:
    """Return the shortage of each participant by foresight.

    Parameters
    ----------
    case, market
        What was run.
    uses : DataFrame
        Wanted and served by foresight, month, end use, region and commodity, t.
    foresights : list of str
        Which paths.
    """
    worth = worth_of(market)
    return {
        (name, region): Shortage.of(uses[uses["foresight"].eq(name)], worth, region)
        for name in foresights
        for region in case.participants
    }


def value_tables(
    case: cases.Case, scenario: Scenario, found: dict[tuple[str, str], Shortage], why: list[str]
) -> list[ResultTable]:
    """Return the loss of each participant by method, and the published studies beside it.

    Parameters
    ----------
    case, scenario
        What was run.
    found : dict
        What :func:`shortages` returned.
    why : list of str
        Input rows of the scenario.
    """
    parts = []
    for (foresight, region), shortage in found.items():
        frame = side_by_side(case, shortage)
        frame.insert(0, "foresight", foresight)
        frame.insert(1, "region", region)
        parts.append(frame)
    ours = pd.concat(parts, ignore_index=True)
    ours.insert(3, "meaning", [_(METHODS[name]) for name in ours["method"]])
    ours[RESTS_ON] = [join_inputs(why, rows) for rows in ours.pop("inputs")]
    columns = {
        "foresight": FORESIGHT, "region": Column("", _("Region")), "method": Column("", _("Method")),
        "meaning": Column("", _("What the method supposes")),
        "substitution": Column("ratio", _("Elasticity of substitution between magnets and everything else")),
        "value": Column("MUSD", _("Value added lost in the months shown")),
        "low": Column("MUSD", _("Low end, by the share of an industry that depends on its magnets")),
        "high": Column("MUSD", _("High end")),
        "state": Column("", _("Why there is no number")),
        "gdp_low": Column("percent", _("Low end as a share of a year's GDP, as the published studies imply it")),
        "gdp_high": Column("percent", _("High end as a share of a year's GDP")),
    }  # fmt: skip
    value = ResultTable("value", _("Value added lost, by method"), ours[[*columns, RESTS_ON]], columns,
                        ("foresight", "region", "method", "substitution"))  # fmt: skip
    return [value, _studies(case, scenario, ours, why)]


def _studies(case: cases.Case, scenario: Scenario, ours: pd.DataFrame, why: list[str]) -> ResultTable:
    """Published losses on one basis; beside those that cut the same as the scenario, our range for it."""
    frame = one_basis(case)
    frame = frame[frame["region"].isin(case.participants)].reset_index(drop=True)
    low, high, rests = [], [], []
    for region, same, inputs in zip(frame["region"], frame["scenarios"], frame["inputs"], strict=True):
        counts = scenario.name in split_list(same)
        mine = ours[ours["region"].eq(region) & ours["state"].eq("")] if counts else ours.iloc[:0]
        scale = 12.0 / scenario.months if len(mine) else np.nan
        low.append(float(mine["gdp_low"].min()) * scale if len(mine) else np.nan)
        high.append(float(mine["gdp_high"].max()) * scale if len(mine) else np.nan)
        keys = [*why, *gdp_of(case, region)[2]] if len(mine) else []
        rests.append(join_inputs([inputs], keys))
    frame["ours_low"], frame["ours_high"], frame[RESTS_ON] = low, high, rests
    columns = {
        "study": Column("", _("Study")), "publisher": Column("", _("Who computed it")),
        "region": Column("", _("Whose loss")), "scope": Column("", _("rare_earths, or more minerals")),
        "months": Column("month", _("Length of the cut")), "cut": Column("ratio", _("Share of supply that is cut")),
        "stock_days": Column("day", _("Stock that is used first")),
        "gdp_share": Column("percent", _("Loss as published, share of GDP")),
        "low": Column("percent", _("Low end as published")), "high": Column("percent", _("High end as published")),
        "short_months": Column("month", _("Months of the cut that stock does not cover")),
        "year_share": Column("percent", _("The same loss rate over a year without stock: one basis")),
        "multiple": Column("ratio", _("On that basis, as a multiple of the smallest of its kind")),
        "implied_gdp": Column("bn", _("GDP that its money and its share imply, in its currency")),
        "ours_low": Column("percent", _("Ours for the same cut, a year's rate: lowest method and band")),
        "ours_high": Column("percent", _("Ours: highest method and band")),
        "method": Column("", _("How it was computed")), "driver": Column("", _("What makes its number")),
    }  # fmt: skip
    return ResultTable("studies", _("Published losses on one basis, and ours for the same cut"),
                       frame[[*columns, RESTS_ON]], columns, ("study",))  # fmt: skip
