"""The one program: ``build(case, tree, options)``. Clearing, shock and plan differ only in tree and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from didymium.faults import DidymiumError
from didymium.market import laws
from didymium.market.conditions import Conditions, conditions
from didymium.market.options import Options
from didymium.market.tree import Tree
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.base import Base
    from didymium.market.network import Network
    from didymium.market.prepare import Market

REST = np.array([0.0, 0.08, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 1.03, 1.12, 1.3, 1.6, 2.2, 4.0])
"""Edges of the stock rungs as multiples of the rest level, which lies in the middle of one of them."""

TERMINAL = ((1.03, 1.0), (1.3, 0.97), (2.0, 0.9), (4.0, 0.5))
"""Value of stock left at the end: up to this multiple of the rest level, this share of the base price."""


@dataclass
class Parts:
    """What the laws combine.

    Parameters
    ----------
    case, network, base, tree, options, conditions
        The case and its arrays.
    stocks : DataFrame
        The case's stocks and the programmes, with columns market, kind, rest (t), start (t), payer.
    model : linopy.Model
        The program as it grows.
    variables : dict
        Variables by name.
    """

    case: cases.Case
    network: Network
    base: Base
    tree: Tree
    options: Options
    conditions: Conditions
    stocks: pd.DataFrame
    model: Any
    variables: dict[str, Any] = field(default_factory=dict)

    def lag(self) -> np.ndarray:
        """Return whole months under way by route."""
        if not self.options.transit:
            return np.zeros(len(self.network.routes), dtype=int)
        return laws.monthly_lag(self.network.routes["days"].to_numpy(float))

    def growth_of_supply(self) -> np.ndarray:
        """Return by what the base point moves out as a facility's capacity grows, activities x nodes; at least 1.

        Otherwise doubling a plant's output would cost far more than the plant's second half does.
        """
        if not self.options.expansion:
            return np.ones((len(self.network.activities), len(self.tree)))
        years = self.tree.years()[None, :]
        capacity = self.network.facilities["capacity"].to_numpy(float)[:, None]
        ratio = np.maximum(1.0, self.conditions.capacity / np.maximum(capacity * years, 1e-9))
        return np.asarray(ratio[self.network.facilities.index.get_indexer(self.network.activities["facility"])])

    def stock_start(self) -> np.ndarray:
        """Return each stock's level before the first node, t."""
        start = self.stocks["start"].to_numpy(float)
        if self.options.stock_start is not None:
            start = self.options.stock_start.reindex(self.stocks.index).to_numpy(float)
        return start


@dataclass
class Program:
    """A built program and the arrays it was built from."""

    parts: Parts
    objective_constant: float = 0.0

    @property
    def model(self) -> Any:
        """The linopy model."""
        return self.parts.model


def build(case: cases.Case, tree: Tree, options: Options, market: Market | None = None) -> Program:
    """Build the market program.

    ``max sum_n prob[n] disc[n] (benefit - cost - freight - holding + convenience - disposal) + terminal value - capex``
    subject to the laws of :mod:`didymium.market.laws`.

    Parameters
    ----------
    case : Case
        The case.
    tree : Tree
        Nodes, lengths, probabilities, scenarios.
    options : Options
        What the verb chooses.
    market : Market, optional
        Arrays of the case and its calibrated base point; made from the case where None.

    Returns
    -------
    Program
        In kUSD and tonnes; shortage is always possible at a price, so it cannot be infeasible.
    """
    import linopy

    from didymium.market.prepare import prepare

    linopy.options["semantics"] = "v1"
    network, base = market or prepare(case)
    held = conditions(case, network, base, tree, options)
    p = Parts(case, network, base, tree, options, held, stock_table(case, network, base, options), linopy.Model(sparse=True))
    if len(tree) == 0:
        raise DidymiumError(_("a program needs at least one node"))
    _variables(p)
    laws.balance(p)
    laws.capacity(p)
    if options.no_transit:
        laws.no_transit(p)
    if options.curves == "segments":
        laws.served_split(p)
        laws.activity_split(p)
    if len(p.stocks):
        laws.stock_balance(p)
        if p.stocks["kind"].eq("commercial").any():
            laws.stock_split(p)
    laws.purses(p)
    p.model.add_objective(_objective(p), sense="max")
    return Program(p)


def stock_table(case: cases.Case, network: Network, base: Base, options: Options) -> pd.DataFrame:
    """Return stocks with levels in tonnes: days of use times what the market takes in."""
    columns = ["market", "kind", "rest", "start", "payer", "most", "per_year", "release", "inputs"]
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
         "payer": x.payer, "most": x.most, "per_year": x.per_year, "release": "shortage", "inputs": x.inputs}
        for x in options.programmes
    ]  # fmt: skip
    if extra:
        table = pd.concat([table, pd.DataFrame(extra).set_index("stock")[columns]])
    table.index.name = "stock"
    return table


def _variables(p: Parts) -> None:
    """Add the variables: activity, ship, served, dispose, stock, fill, release, build, and their segments."""
    n, add, nodes = p.network, p.model.add_variables, p.tree.index
    v = p.variables

    def grid(values: np.ndarray, index: pd.Index) -> xr.DataArray:
        return xr.DataArray(values, coords=[index, nodes])

    v["activity"] = add(lower=0, coords=[n.activities.index, nodes], name="activity")
    v["served"] = add(lower=0, coords=[n.uses.index, nodes], name="served")
    v["dispose"] = add(lower=0, coords=[n.markets.index, nodes], name="dispose")
    if len(n.routes):
        v["ship"] = add(lower=0, upper=grid(p.conditions.ship_bound, n.routes.index), name="ship")
    if p.options.curves == "segments":
        width, _slope = laws.served_slopes(p)
        v["served_segment"] = add(lower=0, upper=_cube(width, n.uses.index, "segment", nodes), name="served_segment")
        if p.base.running().any():
            width, _slope = laws.activity_slopes(p)
            running = n.activities.index[p.base.running()]
            v["activity_segment"] = add(lower=0, upper=_cube(width, running, "step", nodes), name="activity_segment")
    else:
        v["benefit"] = add(coords=[n.uses.index, nodes], name="benefit")
        v["cost"] = add(lower=0, coords=[n.activities.index[p.base.running()], nodes], name="cost")
    if len(p.stocks):
        _stock_variables(p)
    chosen = [x for x in p.options.projects if x.choose]
    if chosen:
        names = pd.Index([x.facility for x in chosen], name="facility")
        whole = all(x.whole for x in chosen)
        v["build"] = add(coords=[names], name="build", binary=True) if whole else add(
            lower=0, upper=1, coords=[names], name="build")  # fmt: skip


def _cube(width: np.ndarray, index: pd.Index, dimension: str, nodes: pd.Index) -> xr.DataArray:
    return xr.DataArray(width, coords=[index, pd.RangeIndex(width.shape[1], name=dimension), nodes])


def _stock_variables(p: Parts) -> None:
    """Stocks: commercial ones move freely; strategic ones are released only while a measure cuts supply."""
    add, v, nodes, stocks = p.model.add_variables, p.variables, p.tree.index, p.stocks
    years = p.tree.years()
    firms = stocks["rest"].to_numpy(float) * p.options.hoarding
    most = np.select([stocks["kind"].eq("programme"), stocks["kind"].eq("commercial")], [stocks["most"], firms], np.inf)
    most = np.repeat(most[:, None], len(p.tree), axis=1)
    buys = np.where(stocks["kind"].eq("commercial"), np.inf, stocks["per_year"].to_numpy(float))[:, None] * years[None, :]
    allowed = p.conditions.cut[p.network.markets.index.get_indexer(stocks["market"])]
    free = stocks["release"].eq("free").to_numpy()[:, None]
    never = stocks["release"].eq("never").to_numpy()[:, None]
    gives = np.where((free | allowed) & ~never, np.inf, 0.0)
    lowest = np.zeros_like(buys)
    for programme in p.options.programmes:
        if programme.fixed is not None:
            row = stocks.index.get_loc(f"programme|{programme.market}")
            buys[row] = lowest[row] = [programme.fixed.get(int(node), 0.0) for node in nodes]

    def grid(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, coords=[stocks.index, nodes])

    v["stock"] = add(lower=0, upper=grid(most), name="stock")
    v["fill"] = add(lower=grid(lowest), upper=grid(buys), name="fill")
    v["release"] = add(lower=0, upper=grid(gives), name="release")
    commercial = stocks.index[stocks["kind"].eq("commercial")]
    if len(commercial):
        width = np.diff(REST)[None, :, None] * stocks.loc[commercial, "rest"].to_numpy(float)[:, None, None]
        width = np.repeat(width, len(p.tree), axis=2)
        v["stock_segment"] = add(lower=0, upper=_cube(width, commercial, "rung", nodes), name="stock_segment")
    leaves = p.tree.leaves()
    width = np.diff([0.0, *(edge for edge, _share in TERMINAL)])[None, :, None] * stocks["rest"].to_numpy(float)[:, None, None]
    programme = stocks["kind"].eq("programme").to_numpy()
    width[programme] = stocks.loc[programme, "most"].to_numpy(float)[:, None, None] * np.array([1.0, 0, 0, 0])[None, :, None]
    width = np.repeat(width, len(leaves), axis=2)
    left = xr.DataArray(width, coords=[stocks.index, pd.RangeIndex(len(TERMINAL), name="tier"), p.tree.index[leaves].rename("leaf")])
    v["left"] = add(lower=0, upper=left, name="left")
    at_end = v["stock"].isel(node=leaves).rename(node="leaf")
    p.model.add_constraints(v["left"].sum("tier") - at_end <= 0, name="terminal_split")


def _objective(p: Parts) -> Any:
    """Benefit - cost - freight - disposal, stocks' convenience and holding, terminal value, capex; weighted by node."""
    n, v, tree = p.network, p.variables, p.tree
    weight = xr.DataArray(tree.weight(), coords=[tree.index])
    region = n.uses["region"]
    importance = xr.DataArray([p.options.use_weight.get(r, 1.0) for r in region], coords=[n.uses.index])
    running = p.base.running()
    cost = p.base.cost.to_numpy(float).copy()
    terms: list[Any] = []
    if p.options.curves == "segments":
        _width, slope = laws.served_slopes(p)
        terms.append((v["served_segment"] * (_cube(slope, n.uses.index, "segment", tree.index) * weight * importance)).sum())
        if running.any():
            _width, slope = laws.activity_slopes(p)
            terms.append((v["activity_segment"] * (_cube(-slope, n.activities.index[running], "step", tree.index) * weight)).sum())
    else:
        terms.append((v["benefit"] * (weight * importance)).sum())
        terms.append((v["cost"] * (-1.0 * weight)).sum())
    cost[running] = 0.0
    idle = xr.DataArray(-cost, coords=[n.activities.index])
    terms.append((v["activity"] * (idle * weight)).sum())
    disposal = xr.DataArray(-n.markets["disposal"].to_numpy(float), coords=[n.markets.index])
    terms.append((v["dispose"] * (disposal * weight)).sum())
    if len(n.routes):
        freight = xr.DataArray(-p.base.freight.reindex(n.routes.index).to_numpy(float), coords=[n.routes.index])
        terms.append((v["ship"] * (freight * weight)).sum())
    if len(p.stocks):
        terms += _stock_terms(p)
    decided = [x for x in p.options.projects if x.choose]
    if decided:
        charge = xr.DataArray([-x.charge for x in decided], coords=[pd.Index([x.facility for x in decided], name="facility")])
        terms.append((v["build"] * charge).sum())
    return sum(terms[1:], terms[0])


def _stock_terms(p: Parts) -> list[Any]:
    """Convenience yield less holding cost of stocks, and the value of what is left at the end.

    The convenience yield falls with the square of the level, ``h p0 (s / s*)^-2``, and equals holding cost and discount at
    the rest level ``s*``: so stocks stay where they are without a shock.
    """
    v, tree, stocks = p.variables, p.tree, p.stocks
    rate, holding = p.case.assumption("a_discount_rate"), p.case.assumption("a_holding_cost")
    price = np.maximum(p.base.price.reindex(stocks["market"]).to_numpy(float), 0.0)
    years = tree.years()
    fall = 1.0 - (1.0 + rate) ** -years  # what a tonne loses by waiting
    weight = tree.weight()
    terms = []
    keep = xr.DataArray(-price[:, None] * (holding * years * weight)[None, :], coords=[stocks.index, tree.index])
    terms.append((v["stock"] * keep).sum())
    commercial = stocks["kind"].eq("commercial").to_numpy()
    if commercial.any():
        ease = _rest_slopes()[None, :, None] * price[commercial][:, None, None]
        ease = ease * ((fall + holding * years) * weight)[None, None, :]
        terms.append((v["stock_segment"] * _cube(ease, stocks.index[commercial], "rung", tree.index)).sum())
    leaves = tree.leaves()
    discounted = weight[leaves] * (1.0 + rate) ** -years[leaves]
    share = np.array([share for _edge, share in TERMINAL])
    worth = price[:, None, None] * share[None, :, None] * discounted[None, None, :]
    left = xr.DataArray(worth, coords=[stocks.index, pd.RangeIndex(len(share), name="tier"), tree.index[leaves].rename("leaf")])
    terms.append((v["left"] * left).sum())
    return terms


def _rest_slopes() -> np.ndarray:
    """Average of ``(s / s*)^-2`` over each rung: ``1 / (a b)``; the first rung as at its upper edge."""
    low, high = REST[:-1], REST[1:]
    return np.where(low > 0, 1.0 / (np.where(low > 0, low, 1.0) * high), 1.0 / high**2)

