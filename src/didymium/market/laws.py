"""The laws of the market: one function per law, the equation first.

Sets: activities ``a`` (a facility's recipe), markets ``m`` (a commodity in a region), routes ``r``, end uses ``u``,
stocks ``h``, nodes ``n``. Every variable belongs to a node. Quantities are tonnes in the node's period, money thousands
of USD, prices USD/kg. Objective: maximise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from didymium.case.network import positions
from didymium.economy.willingness import DemandCurve, most_wanted
from didymium.faults import DidymiumError
from didymium.market import curves
from didymium.market.cross import apart
from didymium.market.tree import MONTH
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.market.program import Parts

Expression = Any
"""A linopy expression."""


@dataclass
class Terms:
    """Terms ``c v`` gathered by market and node, until they become one expression.

    Parameters
    ----------
    p : Parts
        The program so far.
    """

    p: Parts
    labels: list[np.ndarray] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    coefficients: list[np.ndarray] = field(default_factory=list)

    def add(self, variable: str, position: np.ndarray, market: np.ndarray, coefficient: np.ndarray) -> None:
        """Add ``c_k v[position_k, n]`` to market ``k`` at every node.

        Parameters
        ----------
        variable : str
            Name of a variable that has a node dimension.
        position, market, coefficient : array, terms
            Which element, label of the market, coefficient.
        """
        labels = self.p.variables[variable].labels.transpose(..., "node").to_numpy()[position]
        nodes = np.arange(labels.shape[1])
        self.add_labels(labels.ravel(), np.repeat(market, len(nodes)), np.tile(nodes, len(position)),
                        np.repeat(coefficient, len(nodes)))  # fmt: skip

    def add_labels(self, labels: np.ndarray, market: np.ndarray, node: np.ndarray, coefficient: np.ndarray) -> None:
        """Add terms given by a variable's label, a market's label and a node's position."""
        at = positions(self.p.network.markets.index, market)
        if (at < 0).any():
            raise DidymiumError(_("a law names a market that the network does not hold: {market}").format(
                market=market[int(np.argmax(at < 0))]))  # fmt: skip
        self.labels.append(labels)
        self.rows.append(at * len(self.p.tree) + node)
        self.coefficients.append(coefficient)

    def expression(self, markets: np.ndarray | None = None) -> Expression:
        """Return the sum by market and node; only the given markets where named (positions)."""
        import linopy

        index, nodes = self.p.network.markets.index, len(self.p.tree)
        row = np.concatenate(self.rows)
        order = np.argsort(row, kind="stable")
        row = row[order]
        first = np.searchsorted(row, row, side="left")
        slot = np.arange(len(row)) - first
        shape = (len(index) * nodes, int(slot.max(initial=0)) + 1)
        labels, coefficients = np.full(shape, -1), np.full(shape, np.nan)
        labels[row, slot] = np.concatenate(self.labels)[order]
        coefficients[row, slot] = np.concatenate(self.coefficients)[order]
        kept = np.arange(len(index)) if markets is None else markets
        cube = (len(index), nodes, shape[1])
        data = xr.Dataset(
            {"vars": (("market", "node", "_term"), labels.reshape(cube)[kept]),
             "coeffs": (("market", "node", "_term"), coefficients.reshape(cube)[kept])},
            coords={"market": index[kept], "node": self.p.tree.index},
        )  # fmt: skip
        return linopy.LinearExpression(data, self.p.model)


def balance(p: Parts) -> None:
    """``sum_a A[m,a] x[a,n] + arrivals - departures + release - fill - served - disposal = 0`` for every ``m``, ``n``.

    Goods under way from before the first node are a constant on the right. The dual is the price: probability x
    discount x USD/kg.
    """
    n, terms = p.network, Terms(p)
    every = np.arange
    terms.add("activity", positions(n.activities.index, n.terms["activity"]), n.terms["market"].to_numpy(),
              n.terms["coefficient"].to_numpy(float))  # fmt: skip
    terms.add("served", every(len(n.uses)), n.uses["market"].to_numpy(), -np.ones(len(n.uses)))
    terms.add("dispose", every(len(n.markets)), n.markets.index.to_numpy(), -np.ones(len(n.markets)))
    known = np.zeros((len(n.markets), len(p.tree)))
    if len(n.routes):
        terms.add("ship", every(len(n.routes)), n.routes["tail"].to_numpy(), -np.ones(len(n.routes)))
        arrivals(p, terms)
        known = known_arrivals(p)
    if "stock" in p.variables:
        held = p.stocks["market"].to_numpy()
        terms.add("release", every(len(held)), held, np.ones(len(held)))
        terms.add("fill", every(len(held)), held, -np.ones(len(held)))
    p.model.add_constraints(
        terms.expression() == xr.DataArray(-known, coords=[n.markets.index, p.tree.index]), name="balance"
    )


def arrivals(p: Parts, terms: Terms) -> None:
    """``arrivals[m,n] = sum_{r to m} y[r, n - lag(r)]``: what was shipped a transit time ago arrives.

    The lag counts months; a node longer than six weeks receives what it ships.
    """
    routes, ship = p.network.routes, p.variables["ship"]
    from_node = shipped_at(p)
    rows, nodes = np.nonzero(from_node >= 0)
    flat = ship.labels.to_numpy()[rows, from_node[rows, nodes]]
    terms.add_labels(flat, routes["head"].to_numpy()[rows], nodes, np.ones(len(rows)))


def known_arrivals(p: Parts) -> np.ndarray:
    """Return what arrives from before the first node, markets x nodes, t.

    The base year's flow, or what a rolling horizon knows to be under way.
    """
    n, routes = p.network, p.network.routes
    before = shipped_at(p) < 0
    known = np.zeros((len(n.markets), len(p.tree)))
    if before.any():
        if p.options.under_way is not None:
            flows = p.options.under_way.reindex(routes.index).to_numpy(float)
        else:
            flows = p.base.ship.reindex(routes.index).to_numpy(float)[:, None] * p.tree.years()[None, :]
        np.add.at(known, positions(n.markets.index, routes["head"]), np.where(before, flows, 0.0))
    return known


def freight(p: Parts) -> np.ndarray:
    """``f[r] - (1 - d[r,n]) p0[head]``, USD/kg: freight beside the interest on goods under way, ``d`` their discount.

    The price gap that a used route bridged in the base year paid for both. Where time passes on the way the program
    discounts the arrival by itself; charged twice, no base year with transit would stay at rest. Routes x nodes.
    """
    routes, base = p.network.routes, p.base
    head = np.maximum(base.price.reindex(routes["head"]).to_numpy(float), 0.0)[:, None]
    loses = 1 - p.discount_under_way()
    # A stated case may leave the price of what is neither used nor long under way unknown.
    interest = np.where(loses > 0, loses * head, 0.0)
    return np.asarray(base.freight.reindex(routes.index).to_numpy(float)[:, None] - interest)


def shipped_at(p: Parts) -> np.ndarray:
    """Return the node whose shipment arrives at each node, routes x nodes; -1 where it left before the first one."""
    lag = p.lag()
    sent = [[p.tree.lagged(node, months) for node in p.tree.index] for months in range(int(lag.max(initial=0)) + 1)]
    return np.asarray(np.array(sent)[lag])


def lost_at_end(p: Parts) -> np.ndarray:
    """Return which shipments would arrive after the last node, routes x nodes."""
    from_node = shipped_at(p)
    lost = np.ones_like(from_node, dtype=bool)
    rows, nodes = np.nonzero(from_node >= 0)
    lost[rows, from_node[rows, nodes]] = False
    return lost


def capacity(p: Parts) -> None:
    """``sum_{a in f} x[a,n] <= capacity[f,n]``, times the built share where the facility is a project to decide.

    Capacity is in the side that the facility states it: feed of separation, output of metal, alloy and magnets.
    """
    activities = p.network.activities
    facility = activities["facility"].to_numpy()
    groups = xr.DataArray(facility, dims="activity", coords={"activity": activities.index}, name="facility")
    runs = p.variables["activity"].groupby(groups).sum()
    # groupby sorts its groups: read the limits in the same order.
    order = sorted(set(activities["facility"]))
    limit = xr.DataArray(p.conditions.capacity, coords=[p.network.facilities.index, p.tree.index]).sel(facility=order)
    built = [project.facility for project in p.options.projects if project.choose and project.facility in order]
    shares = {project.facility: project.share for project in p.options.projects if not project.choose}
    for name, share in shares.items():
        if name in order:
            limit.loc[{"facility": name}] = limit.sel(facility=name) * share
    if built:
        rest = [name for name in order if name not in built]
        p.model.add_constraints(
            runs.sel(facility=built) - limit.sel(facility=built) * p.variables["build"].sel(facility=built) <= 0,
            name="project_capacity",
        )
        runs, limit = runs.sel(facility=rest), limit.sel(facility=rest)
    p.model.add_constraints(runs <= limit, name="capacity")


def no_transit(p: Parts) -> None:
    """``departures[m,n] <= own output``: a region passes on only what it makes.

    Without it a ban on one country does nothing, because the next country passes the goods on. Only where goods may
    also come in: elsewhere the balance says the same.
    """
    n, terms = p.network, Terms(p)
    both = np.intersect1d(n.routes["tail"].unique(), n.routes["head"].unique())
    if len(both) == 0:
        return
    leaving = n.routes["tail"].isin(both).to_numpy()
    terms.add("ship", np.nonzero(leaving)[0], n.routes.loc[leaving, "tail"].to_numpy(), np.ones(leaving.sum()))
    made = n.terms[n.terms["coefficient"].gt(0) & n.terms["market"].isin(both)]
    terms.add("activity", positions(n.activities.index, made["activity"]), made["market"].to_numpy(),
              -made["coefficient"].to_numpy(float))  # fmt: skip
    p.model.add_constraints(terms.expression(positions(n.markets.index, both)) <= 0, name="no_transit")


def stock_balance(p: Parts) -> None:
    """``s[h,n] = s[h, parent(n)] + fill[h,n] - release[h,n]``, from the level at the start."""
    v = p.variables
    parent = p.tree.nodes["parent"].to_numpy()
    change = v["stock"] - v["fill"] + v["release"]
    start = xr.DataArray(
        np.where(parent[None, :] < 0, p.stock_start()[:, None], 0.0), coords=[p.stocks.index, p.tree.index]
    )  # fmt: skip
    inner = np.nonzero(parent >= 0)[0]
    roots = np.nonzero(parent < 0)[0]
    p.model.add_constraints(change.isel(node=roots) == start.isel(node=roots), name="stock_start")
    if len(inner):
        earlier = v["stock"].isel(node=parent[inner]).assign_coords(node=p.tree.index[inner])
        p.model.add_constraints(change.isel(node=inner) - earlier == 0, name="stock_balance")


def served_split(p: Parts) -> None:
    """``q[u,n] = sum_k q_k[u,n]``: what is served fills the segments of the benefit curve from the most wanted down."""
    v = p.variables
    alone = p.network.uses.index[apart(p, "demand")]
    p.model.add_constraints(v["served"].sel(use=alone) - v["served_segment"].sum("segment") == 0, name="served_split")


def activity_split(p: Parts) -> None:
    """``x[a,n] = sum_k x_k[a,n]`` for activities with a cost curve: the cheapest output first."""
    v = p.variables
    if "activity_segment" not in v:
        return
    running = p.network.activities.index[apart(p, "supply")]
    p.model.add_constraints(
        v["activity"].sel(activity=running) - v["activity_segment"].sum("step") == 0, name="activity_split"
    )


def stock_split(p: Parts) -> None:
    """``s[h,n] = sum_k s_k[h,n]`` for commercial stocks: the first tonnes are the most useful to hold."""
    v = p.variables
    commercial = p.stocks.index[p.stocks["kind"].eq("commercial")]
    p.model.add_constraints(v["stock"].sel(stock=commercial) - v["stock_segment"].sum("rung") == 0, name="stock_split")


def purses(p: Parts) -> None:
    """``sum capex build + sum_n p0 fill <= purse`` for each payer with a limit, thousands of USD."""
    for payer, limit in p.options.purses.items():
        spent: list[Expression] = []
        decided = [x for x in p.options.projects if x.payer == payer and x.choose and x.capex > 0]
        if decided:
            names = [x.facility for x in decided]
            cost = xr.DataArray([x.capex for x in decided], coords=[pd.Index(names, name="facility")])
            spent.append((p.variables["build"].sel(facility=names) * cost).sum())
        programmes = [s for s in p.stocks.index if p.stocks.at[s, "payer"] == payer]
        if programmes and "stock" in p.variables:
            price = p.base.price.reindex(p.stocks.loc[programmes, "market"]).to_numpy(float)
            prices = xr.DataArray(price, coords=[pd.Index(programmes, name="stock")])
            spent.append((p.variables["fill"].sel(stock=programmes) * prices).sum())
        if spent:
            p.model.add_constraints(sum(spent[1:], spent[0]) <= limit, name=f"purse_{payer}")


def monthly_lag(days: np.ndarray) -> np.ndarray:
    """Return whole months of a transit time: ``round(days / 30.4)``."""
    return np.rint(days / MONTH).astype(int)


def most_served(p: Parts) -> np.ndarray:
    """``q[u,n] <= q0 (1 - e)`` where demand is a straight line; no limit elsewhere. Uses x nodes, t.

    A use that cross terms join to others has no end of its own, except where nothing is wanted.
    """
    uses, wanted, alone = p.network.uses, p.conditions.demand, apart(p, "demand")[:, None]
    linear = uses["curve"].eq("linear").to_numpy()[:, None] & alone
    most = most_wanted(wanted, uses["elasticity"].to_numpy(float)[:, None], linear)
    return np.where(alone | (wanted > 0), most, 0.0)


def served_slopes(p: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Return widths (t) and average willingness (USD/kg) of the demand segments, uses x segments x nodes.

    Only for uses that no cross term joins to others.
    """
    alone = apart(p, "demand")
    wanted = p.conditions.demand[alone]
    uses = p.network.uses[alone]
    p0 = p.base.price.reindex(uses["market"]).to_numpy(float)[:, None]
    elasticity = uses["elasticity"].to_numpy(float)[:, None]
    choke = uses["choke"].to_numpy(float)[:, None] * p.options.choke_scale
    linear = uses["curve"].eq("linear").to_numpy()
    edges = curves.demand_edges(elasticity[:, 0], linear)
    value = DemandCurve(np.ones_like(p0), p0, elasticity, choke, linear[:, None]).benefit(edges)
    slope = curves.average_slopes(value, edges)
    width = np.diff(edges)[:, :, None] * wanted[:, None, :]
    return width, np.repeat(slope[:, :, None], len(p.tree), axis=2)


def activity_slopes(p: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Return widths (t) and average marginal cost (USD/kg) of the supply segments, activities x segments x nodes.

    Only for activities that run in the base year, and that no cross term joins to others.
    """
    running = apart(p, "supply")
    x0 = p.base.activity.to_numpy(float)[running]
    c0 = p.base.cost.to_numpy(float)[running][:, None]
    elasticity = p.base.elasticity.to_numpy(float)[running][:, None]
    edges = np.broadcast_to(curves.SUPPLY_GRID, (len(x0), len(curves.SUPPLY_GRID)))
    linear = p.network.activities["curve"].eq("linear").to_numpy()[running][:, None]
    value = curves.CostCurve(np.ones_like(c0), c0, elasticity, linear).total(edges)
    slope = curves.average_slopes(value, edges)
    grown = p.growth_of_supply()[running] * p.tree.years()[None, :]
    width = np.diff(curves.SUPPLY_GRID)[None, :, None] * x0[:, None, None] * grown[:, None, :]
    return width, np.repeat(slope[:, :, None], len(p.tree), axis=2)
