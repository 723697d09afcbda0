"""From one month's window to the next in place: bounds and sides of what a month changes, and no program built anew."""

from __future__ import annotations

import numpy as np

from didymium.market.conditions import conditions
from didymium.market.laws import built_capacity, known_arrivals
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.segments import most_served, served_widths
from didymium.market.solve import Instance
from didymium.market.stocks import most_released
from didymium.market.tree import Tree


def in_place(market: Market, tree: Tree, options: Options) -> bool:
    """Return whether a window can be written over another: bounds and sides of what :func:`advance` knows are all."""
    duties = any(scenario is not None and scenario.wedges for scenario in tree.scenarios)
    split = options.origin is not None or options.pools or options.rationing != "price"
    split = split or options.expansion or any(project.choose for project in options.projects)
    return not duties and not split and market.network.cross.empty


def advance(instance: Instance, tree: Tree, options: Options) -> None:
    """Change an instance in place to another window of the same draw: bounds and sides of what a month changes.

    Parameters
    ----------
    instance : Instance
        Of the same market and, but for stocks at the start, goods under way and intensity, the same options.
    tree : Tree
        The window; as long as the instance's.
    options : Options
        Options of the window.
    """
    parts = instance.program.parts
    network = parts.network
    now = conditions(parts.case, network, parts.base, tree, options, parts.conditions.standing)
    parts.tree, parts.options, parts.conditions = tree, options, now
    instance.bound("ship", None, now.ship_bound)
    if options.most_active is not None:
        able = options.most_active.reindex(network.activities.index).to_numpy(float)[:, : len(tree)]
        instance.bound("activity", None, able)
    given = built_capacity(parts, np.array([project.share for project in options.projects]))
    instance.upper_side("capacity", given[parts.with_capacity])
    instance.bound("served", None, most_served(parts))
    instance.bound("served_segment", None, served_widths(parts))
    instance.right_hand_side("balance", -known_arrivals(parts))
    stocks = parts.stocks
    if stocks.empty:
        return
    instance.right_hand_side("stock_start", parts.stock_start()[:, None])
    instance.bound("release", None, most_released(stocks, now.cut[parts.stocked_at], tree.years()))
