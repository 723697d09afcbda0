"""What goes in comes out: tonnes of every commodity and element at every node, and no goods carried in circles.

Computed from the quantities of a solution and the tables of the case, not from the rows that the solver was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.market.laws import known_arrivals, level_before, shipped_at

if TYPE_CHECKING:
    import xarray as xr

    from didymium.market.program import Parts

Quantities = Mapping[str, "xr.DataArray"]

FLOOR = 1e-4
"""Commodities of which less than this share of the largest passes count as this share."""

MOVING = 1e-6
"""Flows below this share of the largest one do not count as circulation, t."""


def conservation(p: Parts, primal: Quantities) -> float:
    """Return the largest gap, in the world, between what came in and where it went, relative to what passed.

    For every commodity ``c`` and node ``n``: ``sum made - sum taken - served - thrown away - put in stock + arrived -
    departed + downgraded = 0``, summed over regions. For every process that runs and every element: no more comes out
    than went in.

    Parameters
    ----------
    p : Parts
        The program's parts.
    primal : mapping of str to DataArray
        Quantities by variable, t.
    """
    network = p.network
    commodity = network.markets["commodity"]
    names = pd.Index(sorted(set(commodity)))
    nodes = len(p.tree)

    def table(name: str) -> np.ndarray:
        return np.asarray(primal[name].transpose(..., "node").to_numpy(), dtype=float)

    gap, passed = np.zeros((len(names), nodes)), np.zeros((len(names), nodes))

    def add(labels: pd.Series | np.ndarray, amounts: np.ndarray) -> None:
        place = (names.get_indexer(pd.Index(labels)), np.arange(len(labels)))
        total = sp.csr_array((np.ones(len(labels)), place), shape=(len(names), len(labels)))
        gap[:] += total @ amounts
        passed[:] += total @ np.abs(amounts)

    run = table("activity")[network.activities.index.get_indexer(pd.Index(network.terms["activity"]))]
    add(network.terms["commodity"], network.terms["coefficient"].to_numpy(float)[:, None] * run)
    add(network.uses["commodity"], -table("served"))
    add(commodity, -table("dispose"))
    if len(network.routes):
        ship = table("ship")
        sent = shipped_at(p)
        at = np.arange(len(ship))[:, None]
        add(network.routes["commodity"], np.where(sent >= 0, ship[at, np.maximum(sent, 0)], 0.0))
        add(commodity, known_arrivals(p))
        add(network.routes["commodity"], -ship)
    if len(network.downgrades):
        turned = table("downgrade")
        add(network.downgrades["better"].map(commodity), -turned)
        add(network.downgrades["lesser"].map(commodity), turned)
    if "stock" in primal:
        held = p.stocks["market"].str.split("|").str[0]
        level, parent = table("stock"), level_before(p)
        at = np.arange(len(level))[:, None]
        before = np.where(parent >= 0, level[at, np.maximum(parent, 0)], p.stock_start()[:, None])
        add(held, before - level)
    scale = np.maximum(passed, max(1.0, FLOOR * float(passed.max(initial=0.0))))
    gained = network.activities["gained"].to_numpy(float)[table("activity").max(axis=1, initial=0.0) > 0]
    return max(float(np.max(np.abs(gap) / scale, initial=0.0)), float(np.max(gained, initial=0.0)))


def circulation(p: Parts, primal: Quantities) -> float:
    """Return how much goes in circles, relative to all that is shipped.

    Flows of one commodity that leave and arrive within a node and form a loop ``i -> j -> ... -> i`` only cost freight.
    What takes longer than a node is left out: a detour can be a way to wait.

    Parameters
    ----------
    p : Parts
        The program's parts.
    primal : mapping of str to DataArray
        Quantities by variable, t.
    """
    routes = p.network.routes
    if not len(routes):
        return 0.0
    ship = primal["ship"].transpose(..., "node").to_numpy()
    at_once = shipped_at(p) == np.arange(len(p.tree))[None, :]
    index = p.network.markets.index
    tail, head = (index.get_indexer(pd.Index(routes[end])) for end in ("tail", "head"))
    # One graph of all nodes side by side: no route leads from one to another.
    moves = at_once & (ship > MOVING * ship.max(axis=0, initial=0.0))
    route, node = np.nonzero(moves)
    leaves, enters = tail[route] + len(index) * node, head[route] + len(index) * node
    size = len(index) * len(p.tree)
    graph = sp.csr_array((np.ones(len(route)), (leaves, enters)), shape=(size, size))
    _count, loop = sp.csgraph.connected_components(graph, connection="strong")
    total, round_trips = float(ship.sum()), float(ship[moves][loop[leaves] == loop[enters]].sum())
    return round_trips / total if total > 0 else 0.0
