"""The one program: ``build(case, tree, options)``. Clearing, shock and plan differ only in tree and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from didymium.case.network import positions
from didymium.faults import DidymiumError
from didymium.market import laws
from didymium.market.conditions import Conditions, conditions
from didymium.market.cross import Joint, add_joint, apart, joint_terms, joints
from didymium.market.curves import cube
from didymium.market.options import Options
from didymium.market.stocks import stock_table, stock_terms, stock_variables
from didymium.market.tree import LONG, Tree
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.network import Network
    from didymium.market.base import Base
    from didymium.market.prepare import Market


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
    joint : dict of str to Joint
        Groups of end uses and of activities that cross terms join, by side.
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
    joint: dict[str, Joint] = field(default_factory=dict)

    def lag(self) -> np.ndarray:
        """Return whole months under way by route."""
        if not self.options.transit:
            return np.zeros(len(self.network.routes), dtype=int)
        return laws.monthly_lag(self.network.routes["days"].to_numpy(float))

    def discount_under_way(self) -> np.ndarray:
        """Return what a dollar received on arrival is worth on departure: ``(1 + r)^-(lag / 12)``, routes x nodes.

        1 where nodes are longer than six weeks: they receive what they ship.
        """
        waits = self.options.transit & (self.tree.years() <= LONG)
        rate = self.case.assumption("a_discount_rate") if waits.any() else 0.0
        return np.asarray((1.0 + rate) ** -(self.lag()[:, None] * waits[None, :] / 12.0))

    def growth_of_supply(self) -> np.ndarray:
        """Return by what the base point moves out as a facility's capacity grows, activities x nodes; at least 1.

        Otherwise doubling a plant's output would cost far more than the plant's second half does.
        """
        if not self.options.expansion:
            return np.ones((len(self.network.activities), len(self.tree)))
        years = self.tree.years()[None, :]
        capacity = self.network.facilities["capacity"].to_numpy(float)[:, None]
        ratio = np.maximum(1.0, self.conditions.capacity / np.maximum(capacity * years, 1e-9))
        return np.asarray(ratio[positions(self.network.facilities.index, self.network.activities["facility"])])

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
    stocks = stock_table(network, base, options)
    p = Parts(case, network, base, tree, options, held, stocks, linopy.Model(sparse=True),
              joint=joints(network, base))  # fmt: skip
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
    for side in p.joint:
        add_joint(p, side)
    if len(p.stocks):
        laws.stock_balance(p)
        if p.stocks["kind"].eq("commercial").any():
            laws.stock_split(p)
    laws.purses(p)
    p.model.add_objective(_objective(p), sense="max")
    return Program(p)


def _variables(p: Parts) -> None:
    """Add the variables: activity, ship, served, dispose, stock, fill, release, build, and their segments."""
    n, add, nodes = p.network, p.model.add_variables, p.tree.index
    v = p.variables

    def grid(values: np.ndarray, index: pd.Index[Any]) -> xr.DataArray:
        return xr.DataArray(values, coords=[index, nodes])

    v["activity"] = add(lower=0, coords=[n.activities.index, nodes], name="activity")
    v["served"] = add(lower=0, upper=grid(laws.most_served(p), n.uses.index), name="served")
    v["dispose"] = add(lower=0, coords=[n.markets.index, nodes], name="dispose")
    if len(n.routes):
        v["ship"] = add(lower=0, upper=grid(p.conditions.ship_bound, n.routes.index), name="ship")
    uses, plants = n.uses.index[apart(p, "demand")], n.activities.index[apart(p, "supply")]
    if p.options.curves == "segments":
        width, _slope = laws.served_slopes(p)
        v["served_segment"] = add(lower=0, upper=cube(width, uses, "segment", nodes), name="served_segment")
        if len(plants):
            width, _slope = laws.activity_slopes(p)
            v["activity_segment"] = add(lower=0, upper=cube(width, plants, "step", nodes), name="activity_segment")
    else:
        v["benefit"] = add(coords=[uses, nodes], name="benefit")
        v["cost"] = add(lower=0, coords=[plants, nodes], name="cost")
    if len(p.stocks):
        stock_variables(p)
    chosen = [x for x in p.options.projects if x.choose]
    if chosen:
        names = pd.Index([x.facility for x in chosen], name="facility")
        if all(x.whole for x in chosen):
            v["build"] = add(coords=[names], name="build", binary=True)
        else:
            v["build"] = add(lower=0, upper=1, coords=[names], name="build")


def _under_way_at_end(p: Parts) -> xr.DataArray:
    """Return what goods are worth that arrive after the horizon, kUSD per tonne: the base price where they go.

    Without it nobody would ship in the last months.
    """
    head = p.base.price.reindex(p.network.routes["head"]).to_numpy(float)[:, None]
    worth = np.where(laws.lost_at_end(p), head * p.discount_under_way() * p.tree.weight()[None, :], 0.0)
    return xr.DataArray(worth, coords=[p.network.routes.index, p.tree.index])


def _objective(p: Parts) -> Any:
    """Benefit - cost - freight - disposal, stocks' convenience and holding, terminal value, capex; weighted by node."""
    n, v, tree = p.network, p.variables, p.tree
    weight = xr.DataArray(tree.weight(), coords=[tree.index])
    alone, running = apart(p, "demand"), apart(p, "supply")
    uses = n.uses.index[alone]
    importance = xr.DataArray([p.options.use_weight.get(r, 1.0) for r in n.uses["region"][alone]], coords=[uses])
    cost = p.base.cost.to_numpy(float).copy()
    terms: list[Any] = []
    if p.options.curves == "segments":
        _width, slope = laws.served_slopes(p)
        worth = cube(slope, uses, "segment", tree.index) * weight * importance
        terms.append((v["served_segment"] * worth).sum())
        if running.any():
            _width, slope = laws.activity_slopes(p)
            spent = cube(-slope, n.activities.index[running], "step", tree.index) * weight
            terms.append((v["activity_segment"] * spent).sum())
    else:
        terms.append((v["benefit"] * (weight * importance)).sum())
        terms.append((v["cost"] * (-1.0 * weight)).sum())
    for side in p.joint:
        terms += joint_terms(p, side)
    cost[running] = 0.0
    idle = xr.DataArray(-cost, coords=[n.activities.index])
    terms.append((v["activity"] * (idle * weight)).sum())
    disposal = xr.DataArray(-n.markets["disposal"].to_numpy(float), coords=[n.markets.index])
    terms.append((v["dispose"] * (disposal * weight)).sum())
    if len(n.routes):
        freight = xr.DataArray(-laws.freight(p), coords=[n.routes.index, tree.index])
        terms.append((v["ship"] * (freight * weight + _under_way_at_end(p))).sum())
    if len(p.stocks):
        terms += stock_terms(p)
    decided = [x for x in p.options.projects if x.choose]
    if decided:
        names = pd.Index([x.facility for x in decided], name="facility")
        charge = xr.DataArray([-x.charge for x in decided], coords=[names])
        terms.append((v["build"] * charge).sum())
    return sum(terms[1:], terms[0])
