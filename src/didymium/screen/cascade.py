"""Cascades in a trade network: who falls when an exporter stops.

A country's supply of a product is ``max(imports, exports)``: who sells more than it buys makes at least the difference.
It falls when ``lost imports / supply > threshold``; its exports then stop too; repeated until nobody else falls:

``f(0) = {d}``; ``f(n+1) = f(n) + {j : sum_{i in f(n)} W_ij > threshold  max(sum_i W_ij, sum_k W_jk)}``

The threshold has no source and decides the result, so a sweep is reported, never one value. No stocks, no prices, no
substitution: a fast look before a market model, not a result on its own.

Inputs: trade of all countries with each other in a product. Source: the avalanche models of trade networks (China
Mining Magazine 2024, HS 280530; Frontiers in Earth Science 2024, niobium; Klimek, Obersteiner and Thurner 2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from didymium.screen.grouped import Array

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Swept; a share of supply lost."""


def fallen(trade: Array, first: int, threshold: float) -> NDArray[np.bool_]:
    """Return which countries have fallen at the end.

    Parameters
    ----------
    trade : array, exporters x importers
        Quantity or value; the diagonal is 0.
    first : int
        Exporter that stops.
    threshold : float
        Share of supply whose loss a country does not bear.

    Returns
    -------
    array of bool
        By country; the first one included.
    """
    supply = np.maximum(trade.sum(axis=0), trade.sum(axis=1))
    down = np.zeros(len(trade), dtype=bool)
    down[first] = True
    while True:
        after = down | ((down @ trade > threshold * supply) & (supply > 0))
        if (after == down).all():
            return np.asarray(down, dtype=bool)
        down = after


def supply_lost(trade: Array, down: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of each country's supply that came from those who have fallen, itself excepted; 0 to 1."""
    supply = np.maximum(trade.sum(axis=0), trade.sum(axis=1))
    lost = down @ trade
    share = np.divide(lost, supply, out=np.zeros_like(supply, dtype=float), where=supply > 0)
    return np.asarray(share, dtype=float)
