"""The one program: ``build(case, tree, options)``. Clearing, shock and plan differ only in tree and options."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.faults import DidymiumError
from didymium.market import curves, laws, rules, segments
from didymium.market.blocks import Blocks
from didymium.market.conditions import Conditions, conditions
from didymium.market.cross import Joint, add_joint, apart, joint_worth, joints
from didymium.market.options import Options
from didymium.market.origin import add_origin
from didymium.market.stocks import stock_table, stock_variables, stock_worth
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
    model : Blocks
        The program as it grows.
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
    model: Blocks = field(default_factory=Blocks)
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
        return np.where(waits[None, :], ((1.0 + rate) ** -(self.lag() / 12.0))[:, None], 1.0)

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

    @cached_property
    def base_trade(self) -> tuple[np.ndarray, np.ndarray]:
        """The base year's flow on each route, t, and what it is worth where it leaves, USD/kg."""
        routes, base = self.network.routes, self.base
        price = np.nan_to_num(base.price.reindex(routes["tail"]).to_numpy(float))
        return base.ship.reindex(routes.index).to_numpy(float), np.maximum(price, 0.0)

    @cached_property
    def demand_edges(self) -> np.ndarray:
        """Edges of the demand segments as multiples of the base quantity, uses that stand alone x edges."""
        uses = self.network.uses[apart(self, "demand")]
        linear = uses["curve"].eq("linear").to_numpy(bool)
        return curves.demand_edges(uses["elasticity"].to_numpy(float), linear, self.options.demand_grid)

    @cached_property
    def with_capacity(self) -> np.ndarray:
        """Position of the facility of each capacity law."""
        return positions(self.network.facilities.index, self.model.rows["capacity"].coords[0])

    @cached_property
    def stocked_at(self) -> np.ndarray:
        """Position of the market where each stock lies."""
        return positions(self.network.markets.index, self.stocks["market"])

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

    @property
    def model(self) -> Blocks:
        """The blocks of columns and rows."""
        return self.parts.model


def build(
    case: cases.Case, tree: Tree, options: Options, market: Market | None = None, held: Conditions | None = None
) -> Program:
    """Build the market program.

    ``max sum_n prob[n] disc[n] (benefit - cost - freight - holding + convenience - disposal) + terminal value - capex``
    subject to :mod:`didymium.market.laws`, :mod:`didymium.market.segments` and :mod:`didymium.market.rules`.

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
    held : Conditions, optional
        What holds at each node, where it is known already.

    Returns
    -------
    Program
        In kUSD and tonnes; shortage is always possible at a price, so it cannot be infeasible.
    """
    from didymium.market.prepare import prepare

    network, base = market or prepare(case)
    held = held or conditions(case, network, base, tree, options)
    stocks = stock_table(network, base, options)
    p = Parts(case, network, base, tree, options, held, stocks, joint=joints(network, base))
    if len(tree) == 0:
        raise DidymiumError(_("a program needs at least one node"))
    _variables(p)
    laws.balance(p)
    laws.capacity(p)
    if options.no_transit:
        laws.no_transit(p)
    laws.thrift_stays(p)
    if options.curves == "segments":
        segments.served_split(p)
        segments.activity_split(p)
    for side in p.joint:
        add_joint(p, side)
    if len(p.stocks):
        segments.terminal_split(p)
        laws.stock_balance(p)
        laws.settle(p)
        if p.stocks["kind"].eq("commercial").any():
            segments.stock_split(p)
    laws.once(p)
    rules.purses(p)
    rules.pooled_quotas(p)
    rules.first_call(p)
    if options.rationing == "priority":
        rules.reserved_first(p)
    if options.origin is not None:
        add_origin(p, options.origin)
    p.model.worth = _worth(p)
    return Program(p)


def _variables(p: Parts) -> None:
    """Add the variables: activity, ship, served, dispose, stock, fill, release, build, and their segments."""
    n, add, nodes = p.network, p.model.add_variable, p.tree.index
    most = p.options.most_active
    able = np.inf if most is None else most.reindex(n.activities.index).to_numpy(float)[:, : len(p.tree)]
    add("activity", [n.activities.index, nodes], upper=able)
    add("served", [n.uses.index, nodes], upper=segments.most_served(p))
    add("dispose", [n.markets.index, nodes])
    add("ship", [n.routes.index, nodes], upper=p.conditions.ship_bound)
    if len(n.downgrades):
        add("downgrade", [n.downgrades.index, nodes])
    uses, plants = n.uses.index[apart(p, "demand")], n.activities.index[apart(p, "supply")]
    if p.options.curves == "segments":
        width, _slope = segments.served_slopes(p)
        add("served_segment", [uses, pd.RangeIndex(width.shape[1], name="segment"), nodes], upper=width)
        if len(plants):
            width, _slope = segments.activity_slopes(p)
            add("activity_segment", [plants, pd.RangeIndex(width.shape[1], name="step"), nodes], upper=width)
    else:
        add("benefit", [uses, nodes], lower=-np.inf)
        add("cost", [plants, nodes])
    if len(p.stocks):
        stock_variables(p)
    chosen = [x for x in p.options.projects if x.choose]
    if chosen:
        names = pd.Index([x.label for x in chosen], name="project")
        add("build", [names], upper=1.0, whole=np.array([x.whole for x in chosen]))


def _under_way_at_end(p: Parts) -> np.ndarray:
    """Return what goods are worth that arrive after the horizon, kUSD per tonne: the base price where they go.

    Without it nobody would ship in the last months.
    """
    head = p.base.price.reindex(p.network.routes["head"]).to_numpy(float)[:, None]
    return np.where(laws.lost_at_end(p), head * p.discount_under_way() * p.tree.weight(), 0.0)


def _worth(p: Parts) -> dict[str, np.ndarray]:
    """Benefit - cost - freight - disposal, stocks' convenience and holding, terminal value, capex; weighted by node.

    By variable: what one more unit adds to the objective, in the shape of the variable.
    """
    n, weight = p.network, p.tree.weight()
    alone, running = apart(p, "demand"), apart(p, "supply")
    importance = np.array([p.options.use_weight.get(r, 1.0) for r in n.uses["region"][alone]])
    worth: dict[str, np.ndarray] = {}
    if p.options.curves == "segments":
        _width, slope = segments.served_slopes(p)
        worth["served_segment"] = slope * importance[:, None, None] * weight
        if running.any():
            _width, slope = segments.activity_slopes(p)
            worth["activity_segment"] = -slope * weight
    else:
        worth["benefit"] = importance[:, None] * weight
        worth["cost"] = -weight
    for side in p.joint:
        worth |= joint_worth(p, side)
    idle = np.where(running, 0.0, p.base.cost.to_numpy(float))  # what runs pays by its curve
    worth["activity"] = -idle[:, None] * weight
    worth["dispose"] = -n.markets["disposal"].to_numpy(float)[:, None] * weight
    worth["ship"] = _under_way_at_end(p) - laws.freight(p) * weight
    if len(p.stocks):
        worth |= stock_worth(p)
    decided = [x for x in p.options.projects if x.choose]
    if decided:
        worth["build"] = np.array([-x.charge for x in decided])
    return worth
