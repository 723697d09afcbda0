"""Tangents of benefit and cost curves, added to an instance where its solution left the curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from didymium.economy.willingness import DemandCurve
from didymium.market import curves
from didymium.market.cross import SQUARE_GRID, apart, importance_of, scale_of
from didymium.market.curves import Array

if TYPE_CHECKING:
    from didymium.market.solve import Instance


SMALL = 1e-9
"""Slopes below this, USD/kg, are none: the solver takes no smaller coefficients."""


@dataclass(frozen=True)
class Bend:
    """Columns that are bound to a curve of other columns: ``w <= f(v)`` (f concave) or ``w >= f(v)`` (f convex).

    Parameters
    ----------
    left, right : array of int
        Columns ``w`` and ``v`` in the solver.
    upper : bool
        The curve bounds ``w`` from above: a benefit. Otherwise it is a cost.
    weight : array
        What a unit of ``w`` counts in the objective, without its sign.
    value, slope, second : callable
        ``f``, ``f'`` and ``f''`` of an array of ``v``.
    least : array
        Smallest ``v`` at which the curve is read.
    start : tuple of array
        Where the first tangents touch.
    signed : bool
        ``v`` may be below zero.
    """

    left: np.ndarray
    right: np.ndarray
    upper: bool
    weight: Array
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    second: Callable[[Array], Array]
    least: Array
    start: tuple[Array, ...]
    signed: bool = False

    def at(self, primal: Array) -> Array:
        """Return where the curve is read for a solution."""
        point: Array = np.maximum(primal[self.right], self.least)
        return point

    def off(self, primal: Array) -> Array:
        """Return by how much ``w`` is better than the curve allows, kUSD."""
        beyond = primal[self.left] - self.value(self.at(primal))
        better: Array = np.maximum(beyond if self.upper else -beyond, 0.0)
        return better


class Tangents:
    """Tangents of benefit and cost curves, added to the instance as rows."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        own = (demand_bend(instance), supply_bend(instance))
        joint = [square_bend(instance, side) for side in instance.program.parts.joint]
        self.bends = [bend for bend in (*own, *joint) if bend is not None]

    def start(self) -> None:
        """Add the first tangents: on the fixed grids, so that the first pass is near."""
        for bend in self.bends:
            for point in bend.start:
                self._rows(bend, point, np.ones(point.shape, dtype=bool))

    def gap(self, primal: Array) -> float:
        """Return by how much tangents and curves differ at a solution, kUSD."""
        return float(sum((bend.off(primal) * bend.weight).sum() for bend in self.bends))

    def add(self, primal: Array, everywhere: bool = False) -> None:
        """Add tangents where a solution left the curves, or everywhere."""
        for bend in self.bends:
            off = bend.off(primal) > 1e-12 * (1.0 + np.abs(primal[bend.left]))
            self._rows(bend, bend.at(primal), off | everywhere)

    def _rows(self, bend: Bend, point: Array, where: np.ndarray) -> None:
        """``w - f'(v_k) v <= f(v_k) - f'(v_k) v_k``, or ``>=`` where the curve is a cost."""
        count = int(where.sum())
        if not count:
            return
        slope = bend.slope(point)
        slope = np.where(np.abs(slope) > SMALL, slope, 0.0)
        level = (bend.value(point) - slope * point)[where]
        free = np.full(count, np.inf)
        low, high = (-free, level) if bend.upper else (level, free)
        columns = np.stack([bend.left[where], bend.right[where]], axis=1)
        self.instance.add_rows(low, high, columns, np.stack([np.ones(count), -slope[where]], axis=1), "tangents")


def demand_bend(instance: Instance) -> Bend | None:
    """``w[u,n] <= B_u(q[u,n])`` for every end use that no cross term joins to others."""
    p = instance.program.parts
    alone = apart(p, "demand")
    uses, q0 = p.network.uses[alone], p.conditions.demand[alone]
    if not len(uses):
        return None
    curve = DemandCurve(
        q0,
        p.base.price.reindex(uses["market"]).to_numpy(float)[:, None],
        uses["elasticity"].to_numpy(float)[:, None],
        uses["choke"].to_numpy(float)[:, None] * p.options.choke_scale,
        uses["curve"].eq("linear").to_numpy()[:, None],
    )
    importance = np.array([p.options.use_weight.get(r, 1.0) for r in uses["region"]])[:, None]
    return Bend(
        instance.columns["benefit"].to_numpy(), instance.columns["served"].to_numpy()[alone], True,
        p.tree.weight()[None, :] * importance, curve.benefit, curve.price, curve.fall, 1e-12 * q0,
        tuple(q0 * ratio for ratio in (0.05, 0.3, *curves.DEMAND_GRID[1:], 3.0)),
    )  # fmt: skip


def supply_bend(instance: Instance) -> Bend | None:
    """``c[a,n] >= C_a(x[a,n])`` for every activity that runs in the base year and no cross term joins to others."""
    p = instance.program.parts
    running = apart(p, "supply")
    if not running.any():
        return None
    x0 = p.base.activity.to_numpy(float)[running][:, None] * p.growth_of_supply()[running] * p.tree.years()[None, :]
    curve = curves.CostCurve(
        x0,
        p.base.cost.to_numpy(float)[running][:, None],
        p.base.elasticity.to_numpy(float)[running][:, None],
        p.network.activities["curve"].eq("linear").to_numpy()[running][:, None],
    )
    return Bend(
        instance.columns["cost"].to_numpy(), instance.columns["activity"].to_numpy()[running], False,
        np.broadcast_to(p.tree.weight()[None, :], x0.shape), curve.total, curve.marginal, curve.rise, 1e-9 * x0,
        tuple(x0 * ratio for ratio in (*curves.SUPPLY_GRID[1:], 10.0)),
    )  # fmt: skip


def square_bend(instance: Instance, side: str) -> Bend:
    """``w[k,n] >= 1/2 z[k,n]^2`` for every member of a group that cross terms join."""
    p = instance.program.parts
    joint = p.joint[side]
    reach = joint.reach()[:, None] * np.sqrt(np.max(scale_of(p, side), axis=0))[None, :]
    columns = instance.columns
    return Bend(
        columns[f"{side}_square"].to_numpy(), columns[f"{side}_turned"].to_numpy(), False, importance_of(p, side),
        lambda z: 0.5 * z**2, lambda z: z, np.ones_like, np.full(reach.shape, -np.inf),
        tuple(sign * ratio * reach for ratio in SQUARE_GRID for sign in (1.0, -1.0)), signed=True,
    )  # fmt: skip
