"""Tangents of benefit and cost curves, added to an instance where its solution left the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from didymium.economy.willingness import benefit, willingness
from didymium.market import curves

if TYPE_CHECKING:
    from didymium.market.solve import Instance


class Tangents:
    """Tangents of benefit and cost curves, added to the instance as rows."""

    def __init__(self, instance: Instance) -> None:
        self.instance, p = instance, instance.program.parts
        uses = p.network.uses
        self.q0 = p.conditions.demand
        self.p0 = p.base.price.reindex(uses["market"]).to_numpy(float)[:, None]
        self.elasticity = uses["elasticity"].to_numpy(float)[:, None]
        self.choke = uses["choke"].to_numpy(float)[:, None] * p.options.choke_scale
        running = p.base.running()
        self.x0 = (
            p.base.activity.to_numpy(float)[running][:, None] * p.growth_of_supply()[running] * p.tree.years()[None, :]
        )
        self.c0 = p.base.cost.to_numpy(float)[running][:, None]
        self.supply = p.base.elasticity.to_numpy(float)[running][:, None]
        column = instance.columns
        self.q, self.w = column["served"].to_numpy(), column["benefit"].to_numpy()
        self.x, self.c = column["activity"].to_numpy()[running], column["cost"].to_numpy()
        weight = p.tree.weight()[None, :]
        importance = np.array([p.options.use_weight.get(r, 1.0) for r in uses["region"]])[:, None]
        self.use_weight, self.cost_weight = weight * importance, weight

    def start(self) -> None:
        """Add the first tangents: on the fixed grids, so that the first pass is near."""
        for ratio in (0.05, 0.3, *curves.DEMAND_GRID[1:], 3.0):
            self._benefit_rows(self.q0 * ratio, np.ones_like(self.q0, dtype=bool))
        for ratio in (*curves.SUPPLY_GRID[1:], 10.0):
            self._cost_rows(self.x0 * ratio, np.ones_like(self.x0, dtype=bool))

    def gap(self, primal: np.ndarray) -> float:
        """Return by how much tangents and curves differ at a solution, kUSD."""
        self.at_q = np.maximum(primal[self.q], 1e-12 * self.q0)
        self.at_x = np.maximum(primal[self.x], 1e-9 * self.x0)
        over = primal[self.w] - benefit(self.at_q, self.q0, self.p0, self.elasticity, self.choke)
        under = curves.total_cost(self.at_x, self.x0, self.c0, self.supply) - primal[self.c]
        self.benefit_off = over > 1e-12 * (1.0 + np.abs(primal[self.w]))
        self.cost_off = under > 1e-12 * (1.0 + primal[self.c])
        return float((np.maximum(over, 0) * self.use_weight).sum() + (np.maximum(under, 0) * self.cost_weight).sum())

    def add(self) -> None:
        """Add tangents where the last solution left the curves."""
        self._benefit_rows(self.at_q, self.benefit_off)
        self._cost_rows(self.at_x, self.cost_off)

    def _benefit_rows(self, q: np.ndarray, where: np.ndarray) -> None:
        slope = willingness(q, self.q0, self.p0, self.elasticity, self.choke)
        level = benefit(q, self.q0, self.p0, self.elasticity, self.choke) - slope * q
        self._rows(self.w[where], self.q[where], slope[where], -np.inf, level[where])

    def _cost_rows(self, x: np.ndarray, where: np.ndarray) -> None:
        slope = curves.marginal_cost(x, self.x0, self.c0, self.supply)
        level = curves.total_cost(x, self.x0, self.c0, self.supply) - slope * x
        self._rows(self.c[where], self.x[where], slope[where], level[where], np.inf)

    def _rows(self, left: np.ndarray, right: np.ndarray, slope: np.ndarray, low: Any, high: Any) -> None:
        """Add rows ``low <= left - slope right <= high``."""
        count = len(left)
        if not count:
            return
        lower, upper = np.broadcast_to(low, count).astype(float), np.broadcast_to(high, count).astype(float)
        columns, coefficients = np.stack([left, right], axis=1), np.stack([np.ones(count), -slope], axis=1)
        self.instance.add_rows(lower, upper, columns, coefficients, "tangents")
