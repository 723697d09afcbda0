"""Cost curves, and the grids on which a linear program sees benefit and cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_Law = Callable[[Array, Array, Array, Array], Array]

DEMAND_GRID = np.array([0.0, 0.55, 0.7, 0.82, 0.91, 0.96, 0.99, 1.01, 1.05, 1.12, 1.25, 1.5, 2.0])
"""Edges of the demand segments as multiples of the base quantity; the base lies in the middle of one of them."""

SHORTAGE_GRID = np.array([
    0.0, 0.1, 0.2, 0.28, 0.36, 0.42, 0.48, 0.55, 0.62, 0.7, 0.76, 0.82, 0.87, 0.91, 0.96, 0.99, 1.01, 1.05, 1.12, 1.25,
    1.5, 2.0
])  # fmt: skip
"""The same with finer steps below: where half is missing, one step of :data:`DEMAND_GRID` doubles the price or more."""

SUPPLY_GRID = np.array([0.0, 0.35, 0.6, 0.8, 0.92, 0.995, 1.005, 1.1, 1.25, 1.5, 2.0, 3.0, 6.0])
"""Edges of the supply segments as multiples of the base activity."""


def marginal_cost(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """Return the cost of one more unit of activity, USD/kg.

    ``C'(x) = c0 (x / x0)^(1 / s)`` with supply elasticity ``s > 0``: ``c0`` at the base point.
    """
    return c0 * np.power(x / x0, 1.0 / elasticity)


def total_cost(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """Return the cost of activity ``x``, thousands of USD: ``C(x) = c0 x0 (x / x0)^(1 + 1/s) / (1 + 1/s)``."""
    power = 1.0 + 1.0 / elasticity
    return c0 * x0 * np.power(x / x0, power) / power


def cost_rise(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """``C''(x) = c0 / (s x0) (x / x0)^(1/s - 1)``: USD/kg by tonne."""
    return c0 / (elasticity * x0) * np.power(x / x0, 1.0 / elasticity - 1.0)


def linear_marginal_cost(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """Return the cost of one more unit of activity on a straight line, USD/kg.

    ``C'(x) = c0 max(0, 1 + (x / x0 - 1) / s)``: supply elasticity ``s > 0`` at the base point. Where ``s < 1`` the line
    meets zero at ``x0 (1 - s)``; the first activity up to there costs nothing, and none is paid for running.
    """
    return c0 * np.maximum(0.0, 1.0 + (x / x0 - 1.0) / elasticity)


def linear_total_cost(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """Return the cost of activity ``x`` on a straight line, thousands of USD.

    With ``r = x / x0`` and ``rz = max(0, 1 - s)``: 0 up to ``rz``, then
    ``C(x) = c0 x0 ((r - rz) + ((r - 1)^2 - (rz - 1)^2) / (2 s))``.
    """
    free = np.maximum(0.0, 1.0 - elasticity)
    ratio = np.maximum(x / x0, free)
    return c0 * x0 * ((ratio - free) + ((ratio - 1.0) ** 2 - (free - 1.0) ** 2) / (2.0 * elasticity))


def linear_cost_rise(x: Array, x0: Array, c0: Array, elasticity: Array) -> Array:
    """``C''(x) = c0 / (s x0)`` where the line is above zero, 0 below: USD/kg by tonne."""
    return np.where(x > x0 * (1.0 - elasticity), c0 / (elasticity * x0), 0.0)


@dataclass(frozen=True)
class CostCurve:
    """Cost curves through their base points, each of constant elasticity or a straight line.

    Parameters
    ----------
    x0, c0 : array
        Base activity, t, and marginal cost there, USD/kg.
    elasticity : array
        Elasticity of supply at the base point.
    linear : array of bool
        Which ones are straight lines.
    """

    x0: Array
    c0: Array
    elasticity: Array
    linear: npt.NDArray[np.bool_]

    def marginal(self, x: Array) -> Array:
        """``C'(x)``, USD/kg: :func:`marginal_cost` or :func:`linear_marginal_cost`."""
        return self._either(marginal_cost, linear_marginal_cost, x)

    def total(self, x: Array) -> Array:
        """``C(x)``, thousands of USD: :func:`total_cost` or :func:`linear_total_cost`."""
        return self._either(total_cost, linear_total_cost, x)

    def rise(self, x: Array) -> Array:
        """``C''(x)``, USD/kg by tonne: :func:`cost_rise` or :func:`linear_cost_rise`."""
        return self._either(cost_rise, linear_cost_rise, x)

    def _either(self, curved: _Law, straight: _Law, x: Array) -> Array:
        given = (self.x0, self.c0, self.elasticity)
        if not self.linear.any():
            return curved(x, *given)
        if self.linear.all():
            return straight(x, *given)
        return np.where(self.linear, straight(x, *given), curved(x, *given))


def demand_edges(elasticity: Array, linear: npt.NDArray[np.bool_], grid: Array = DEMAND_GRID) -> Array:
    """Return the edges of demand segments, uses x edges, as multiples of the base quantity.

    Those of ``grid``; a straight line ends where its price is zero, at ``1 - e``, be that nearer or farther.
    """
    edges = np.repeat(grid[None, :], len(elasticity), axis=0)
    end = 1.0 - elasticity
    cut = np.minimum(edges, end[:, None])
    cut[:, -1] = end
    return np.where(linear[:, None], cut, edges)


def average_slopes(values: Array, edges: Array) -> Array:
    """Return the average slope over each segment: ``(F(b) - F(a)) / (b - a)`` along the last axis; 0 where it is empty.

    The average, not the value at the middle: otherwise the objective drifts with the number of segments.
    """
    width = np.diff(edges, axis=-1)
    return np.where(width > 0, np.diff(values, axis=-1) / np.where(width > 0, width, 1.0), 0.0)
