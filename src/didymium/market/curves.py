"""Cost curves, and the grids on which a linear program sees benefit and cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

Array = npt.NDArray[np.float64]

DEMAND_GRID = np.array([0.0, 0.55, 0.7, 0.82, 0.91, 0.96, 0.99, 1.01, 1.05, 1.12, 1.25, 1.5, 2.0])
"""Edges of the demand segments as multiples of the base quantity; the base lies in the middle of one of them."""

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


def average_slopes(values: Array, edges: Array) -> Array:
    """Return the average slope over each segment: ``(F(b) - F(a)) / (b - a)`` along the last axis.

    The average, not the value at the middle: otherwise the objective drifts with the number of segments.
    """
    return np.diff(values, axis=-1) / np.diff(edges, axis=-1)


def cube(values: Array, index: pd.Index[Any], dimension: str, nodes: pd.Index[Any]) -> xr.DataArray:
    """Return values by element, segment and node under their labels; ``dimension`` names the segments."""
    return xr.DataArray(values, coords=[index, pd.RangeIndex(values.shape[1], name=dimension), nodes])
