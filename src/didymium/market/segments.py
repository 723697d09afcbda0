"""What curves become in the program: segments, each at its average slope, filled from the best one on.

The sets and units are those of :mod:`didymium.market.laws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from didymium.economy.willingness import DemandCurve, most_wanted
from didymium.market import curves
from didymium.market.blocks import Terms
from didymium.market.cross import apart

if TYPE_CHECKING:
    from didymium.market.program import Parts


def served_split(p: Parts) -> None:
    """``q[u,n] = sum_k q_k[u,n]``: what is served fills the segments of the benefit curve from the most wanted down."""
    _split(p, "served_split", "served", "served_segment")


def activity_split(p: Parts) -> None:
    """``x[a,n] = sum_k x_k[a,n]`` for activities with a cost curve: the cheapest output first."""
    if "activity_segment" in p.model.columns:
        _split(p, "activity_split", "activity", "activity_segment")


def stock_split(p: Parts) -> None:
    """``s[h,n] = sum_k s_k[h,n]`` for commercial stocks: the first tonnes are the most useful to hold."""
    _split(p, "stock_split", "stock", "stock_segment")


def terminal_split(p: Parts) -> None:
    """``sum_k left_k[h,n] <= s[h,n]`` at every leaf: each tonne that is left at the end is sold once."""
    if "left" not in p.model.columns:
        return
    leaves = p.tree.leaves()
    terms = Terms(p, p.stocks.index, leaves)
    terms.add("left", p.stocks.index, at=np.arange(len(leaves)))
    terms.add("stock", p.stocks.index, -1.0)
    terms.state("terminal_split", "<=", 0.0)


def _split(p: Parts, name: str, whole: str, segments: str) -> None:
    """``v[e,n] - sum_k v_k[e,n] = 0`` for every element that has segments."""
    index = p.model.columns[segments].coords[0]
    terms = Terms(p, index)
    terms.add(whole, index, of=index)
    terms.add(segments, index, -1.0)
    terms.state(name, "=", 0.0)


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
    uses = p.network.uses[alone]
    p0 = p.base.price.reindex(uses["market"]).to_numpy(float)[:, None]
    elasticity = uses["elasticity"].to_numpy(float)[:, None]
    choke = uses["choke"].to_numpy(float)[:, None] * p.options.choke_scale
    linear = uses["curve"].eq("linear").to_numpy()
    edges = p.demand_edges
    value = DemandCurve(np.ones_like(p0), p0, elasticity, choke, linear[:, None]).benefit(edges)
    slope = curves.average_slopes(value, edges)
    width = served_widths(p)
    return width, np.broadcast_to(slope[:, :, None], width.shape)


def served_widths(p: Parts) -> np.ndarray:
    """Return the widths of the demand segments, uses x segments x nodes, t."""
    return np.asarray(np.diff(p.demand_edges)[:, :, None] * p.conditions.demand[apart(p, "demand")][:, None, :])


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
    return width, np.broadcast_to(slope[:, :, None], width.shape)
