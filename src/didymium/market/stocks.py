"""Stocks in the program: their levels, their variables, and what holding them is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.market.options import Options

if TYPE_CHECKING:
    from didymium.case.network import Network
    from didymium.market.base import Base
    from didymium.market.program import Parts

REST = np.array([0.0, 0.08, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 1.03, 1.12, 1.3, 1.6, 2.2, 4.0])
"""Edges of the stock rungs as multiples of the rest level, which lies in the middle of one of them."""

TERMINAL = ((1.03, 1.0), (1.3, 0.97), (2.0, 0.9), (4.0, 0.5))
"""Value of stock left at the end: up to this multiple of the rest level, this share of the base price."""


UNFILLED = 20.0
"""What a tonne costs that is missing from a working stock when it has to be back at rest, in base prices.

More than a cut makes of nearly every price, so it is paid only where the goods cannot be had.
"""

SALVAGE = 0.8
"""What is left of a programme's stock sells at this share of the base price: nobody buys it to sell it on."""


def stock_table(network: Network, base: Base, options: Options) -> pd.DataFrame:
    """Return stocks with levels in tonnes: days of use times what the market takes in."""
    columns = ["market", "kind", "rest", "start", "payer", "most", "per_year", "release", "release_rate", "inputs"]
    if not options.stocks:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="stock"))
    table = network.stocks.copy()
    daily = base.intake(network).reindex(table["market"]).to_numpy(float) / 365.25
    days = table["in_days"].to_numpy(bool)
    level = np.where(days, table["quantity"].to_numpy(float) * daily, table["quantity"].to_numpy(float))
    commercial = table["kind"].eq("commercial").to_numpy()
    table["rest"] = np.where(commercial, level * options.stock_scale, level)
    table["start"] = table["rest"]
    table["payer"], table["most"], table["per_year"] = "", np.inf, 0.0
    table = table.loc[table["rest"].gt(1e-6), columns]
    extra = [
        {"stock": f"programme|{x.market}", "market": x.market, "kind": "programme", "rest": 0.0, "start": 0.0,
         "payer": x.payer, "most": x.most, "per_year": x.per_year, "release": "shortage", "release_rate": np.nan,
         "inputs": x.inputs}
        for x in options.programmes
    ]  # fmt: skip
    if extra:
        table = pd.concat([table, pd.DataFrame(extra).set_index("stock")[columns]])
    table.index.name = "stock"
    return table


def stock_variables(p: Parts) -> None:
    """Stocks: commercial ones move freely; strategic ones are released only while a measure cuts supply."""
    add, nodes, stocks = p.model.add_variable, p.tree.index, p.stocks
    years = p.tree.years()
    commercial, bought = (stocks["kind"].eq(kind).to_numpy() for kind in ("commercial", "programme"))
    most = np.where(bought, stocks["most"].to_numpy(float), np.inf)
    most[commercial] = stocks["rest"].to_numpy(float)[commercial] * p.options.hoarding
    per_year = np.where(commercial, np.inf, stocks["per_year"].to_numpy(float))
    buys = per_year[:, None] * years[None, :]
    gives = most_released(stocks, p.conditions.cut[p.stocked_at], years)
    lowest = np.zeros_like(buys)
    for programme in p.options.programmes:
        if programme.fixed is not None:
            row = stocks.index.get_loc(f"programme|{programme.market}")
            buys[row] = lowest[row] = [programme.fixed.get(int(node), 0.0) for node in nodes]
        elif programme.nodes is not None:
            row = stocks.index.get_loc(f"programme|{programme.market}")
            buys[row, np.setdiff1d(np.arange(len(nodes)), programme.nodes)] = 0.0

    add("stock", [stocks.index, nodes], upper=most[:, None])
    add("fill", [stocks.index, nodes], lower=lowest, upper=buys)
    add("release", [stocks.index, nodes], upper=gives)
    firms = stocks[stocks["kind"].eq("commercial")]
    if len(firms):
        width = np.diff(REST)[None, :, None] * firms["rest"].to_numpy(float)[:, None, None]
        add("stock_segment", [firms.index, pd.RangeIndex(len(REST) - 1, name="rung"), nodes], upper=width)
    rests = np.nonzero(p.tree.settled())[0]
    if len(firms) and len(rests):
        add("unfilled", [firms.index, nodes[rests].rename("rest")])
    leaves = nodes[p.tree.leaves()].rename("leaf")
    if not len(leaves):
        return
    tiers = np.diff([0.0, *(edge for edge, _share in TERMINAL)])
    width = tiers[None, :, None] * stocks["rest"].to_numpy(float)[:, None, None]
    width[bought] = stocks.loc[bought, "most"].to_numpy(float)[:, None, None] * np.array([1.0, 0, 0, 0])[None, :, None]
    add("left", [stocks.index, pd.RangeIndex(len(tiers), name="tier"), leaves], upper=width)


def most_released(stocks: pd.DataFrame, cut: np.ndarray, years: np.ndarray) -> np.ndarray:
    """``release <= rate x rest x 12 x length`` where the rule allows any, t; nothing elsewhere. Stocks x nodes.

    Parameters
    ----------
    stocks : DataFrame
        Stocks with their rule in ``release``: free, shortage or never; ``release_rate`` is the share of ``rest`` that
        may leave in a month, no limit where it is NaN.
    cut : array of bool, stocks x nodes
        A measure cuts supply where the stock lies.
    years : array, nodes
        Length of each node.
    """
    rule = stocks["release"].to_numpy(object)[:, None]
    free, never = rule == "free", rule == "never"
    monthly = (stocks["release_rate"].astype(float) * stocks["rest"].astype(float)).to_numpy()
    most = np.where(np.isnan(monthly), np.inf, monthly)[:, None] * 12.0 * years[None, :]
    return np.where((free | cut) & ~never, most, 0.0)


def home_made(network: Network, base: Base, stocks: pd.DataFrame) -> pd.Series:
    """``output / (output + arrivals)`` of the base year: the part of a firms' stock that was made where it lies.

    What governments hold does not leave the country: 0. By stock.
    """
    made = base.output(network)
    come = base.ship.groupby(network.routes["head"]).sum().reindex(made.index, fill_value=0.0)
    share = (made / (made + come).where(lambda total: total > 1e-9)).fillna(0.0)
    return share.reindex(stocks["market"]).set_axis(stocks.index).where(stocks["kind"].eq("commercial"), 0.0)


def stock_worth(p: Parts) -> dict[str, np.ndarray]:
    """Return by variable the convenience yield less holding cost of stocks, and the value of what is left at the end.

    The convenience yield falls with the square of the level, ``h p0 (s / s*)^-2``, and equals holding cost and discount
    at the rest level ``s*``: so stocks stay where they are without a shock.
    """
    tree, stocks = p.tree, p.stocks
    rate, holding = p.case.assumption("a_discount_rate"), p.case.assumption("a_holding_cost")
    price = np.maximum(p.base.price.reindex(stocks["market"]).to_numpy(float), 0.0)
    years = tree.years()
    fall = 1.0 - (1.0 + rate) ** -years  # what a tonne loses by waiting
    weight = tree.weight()
    worth = {"stock": -price[:, None] * (holding * years * weight)[None, :]}
    commercial = stocks["kind"].eq("commercial").to_numpy()
    if commercial.any():
        ease = _rest_slopes()[None, :, None] * price[commercial][:, None, None]
        worth["stock_segment"] = ease * ((fall + holding * years) * weight)[None, None, :]
    rests = np.nonzero(tree.settled())[0]
    if commercial.any() and len(rests):
        worth["unfilled"] = -UNFILLED * np.maximum(price[commercial], 1e-3)[:, None] * weight[rests]
    leaves = tree.leaves()
    if not len(leaves):
        return worth
    discounted = weight[leaves] * (1.0 + rate) ** -years[leaves]
    share = np.array([share for _edge, share in TERMINAL])
    salvage = np.where(stocks["kind"].eq("programme"), SALVAGE, 1.0)
    worth["left"] = (salvage * price)[:, None, None] * share[None, :, None] * discounted[None, None, :]
    return worth


def _rest_slopes() -> np.ndarray:
    """Average of ``(s / s*)^-2`` over each rung: ``1 / (a b)``; the first rung as at its upper edge."""
    low, high = REST[:-1], REST[1:]
    return np.where(low > 0, 1.0 / (np.where(low > 0, low, 1.0) * high), 1.0 / high**2)
