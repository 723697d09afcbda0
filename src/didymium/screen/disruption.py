"""Effect of a foreign trade disruption: what one year without an exporter costs.

Market outside the exporter d, prices relative to those before:

``sum_{i != d} s_i p^{eta_i} (up to k_i) + (1 - delta) s_d = p^{-eps}``, ``s`` shares of supply, ``k`` capacities

Industries j that depend on the mineral for a share ``theta_j`` of their value added ``V_j`` fall as it does:

``x_j = 1 - theta_j max_m (1 - q_m)``, ``q_m = p_m^{-eps}``; a scarce mineral binds and a second one does not bind twice

``dGDP = -sum_j V_j (1 - x_j) - (p - 1) M + (p q_own - 1) O``: value added lost, the dearer import bill ``M`` and what
home producers ``O`` gain. With an input-output table the first term is the optimum of the table's program instead.

``score = sum_k prob_k dGDP_k``; unweighted losses of a scenario and weighted scores are never mixed.

Inputs: net exports as a share of use outside the exporter, elasticities, capacities, use and price, value added of the
using industries and their dependence, probabilities. Source: USGS OFR 2024-1057 (Nassar and others, 2024) and OFR
2025-1047, reconstructed from the abstracts; the elasticities and the shares of dependence are this case's assumptions.
A loss at fixed recipes within one year is an upper end: no stocks, no redesign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from didymium.screen.grouped import Array, Groups

HIGHEST_PRICE = 1e4
"""Multiple of the price above which a market without supply is said to have none."""

_STEPS = 60


def price(
    share: Array, cut: Array, supply: Array, capacity: Array, demand: ArrayLike, groups: Groups
) -> NDArray[np.float64]:
    """Return the price after the cut over the price before: the root of the market's balance.

    Parameters
    ----------
    share : array, rows x draws
        Share of what is used outside the exporter, by supplier; sums to 1 in each group.
    cut : array, rows x draws
        Part of each supplier's sales that is stopped, 0 to 1. What is left of a supplier that is cut does not respond.
    supply : array, rows x draws
        Elasticity of supply of each, 0 and above.
    capacity : array, rows x draws
        Most that each can sell as a multiple of what it sells, 1 and above; infinite where not known.
    demand : array, groups x draws
        Elasticity of demand ``eps``, above 0.
    groups : Groups
        Rows of each market.

    Returns
    -------
    array, groups x draws
        1 and above; infinite where nobody sells anything.
    """
    eps = np.asarray(demand, dtype=float)
    answers = np.where(cut > 0, 0.0, supply)
    left = share * (1.0 - cut)
    most = np.log(np.maximum(capacity, 1.0))
    low = np.zeros(np.broadcast_shapes(eps.shape, (len(groups.sizes), *share.shape[1:])))
    high = np.full_like(low, np.log(HIGHEST_PRICE))
    for _step in range(_STEPS):
        middle = (low + high) / 2.0
        grown = np.exp(np.minimum(answers * groups.spread(middle), most))
        short = groups.sum(left * grown) < np.exp(-eps * middle)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found = np.exp((low + high) / 2.0)
    return np.where(low >= np.log(HIGHEST_PRICE) - 1e-6, np.inf, found)


def price_of_loss(share: ArrayLike, supply: ArrayLike, demand: ArrayLike) -> NDArray[np.float64]:
    """Return the price after one exporter is lost, where the others share one elasticity and have no limit.

    The root of :func:`price` in closed form: ``p = (1 - s)^(-1 / (eta + eps))``.

    Parameters
    ----------
    share : array
        Share ``s`` of the exporter in what is used, 0 to 1.
    supply, demand : array
        Elasticities ``eta`` of the others and ``eps`` of demand, above 0.

    Returns
    -------
    array
        1 and above; infinite where nobody else sells anything.
    """
    s, eta, eps = (np.asarray(x, dtype=float) for x in (share, supply, demand))
    left = np.where(s < 1.0 - 1e-3, 1.0 - s, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(left ** (-1.0 / (eta + eps)), dtype=float)


def quantity(multiple: ArrayLike, demand: ArrayLike) -> NDArray[np.float64]:
    """Return use over use before: ``q = p^{-eps}``."""
    return np.asarray(np.asarray(multiple, dtype=float) ** -np.asarray(demand, dtype=float), dtype=float)


def output(left: ArrayLike, dependence: ArrayLike) -> NDArray[np.float64]:
    """Return output over output before of industries: ``x_j = 1 - max_m theta_jm (1 - q_m)``.

    Parameters
    ----------
    left : array, minerals (x draws)
        ``q_m``, what is left of each mineral, 0 to 1.
    dependence : array, industries x minerals (x draws)
        ``theta_jm``, share of the industry's value added that stops without the mineral.

    Returns
    -------
    array, industries (x draws)
        0 to 1.
    """
    short = 1.0 - np.asarray(left, dtype=float)
    theta = np.asarray(dependence, dtype=float)
    if short.ndim > 1 and theta.ndim == 2:
        theta = theta[..., None]
    return np.asarray(1.0 - (theta * short).max(axis=1, initial=0.0), dtype=float)


def gdp_effect(
    value_added: ArrayLike, made: ArrayLike, multiple: ArrayLike, imports: ArrayLike, own: ArrayLike
) -> NDArray[np.float64]:
    """Return ``dGDP``; below zero is a loss.

    Parameters
    ----------
    value_added : array, industries (x draws)
        ``V_j`` a year.
    made : array, industries (x draws)
        ``x_j``.
    multiple : array, minerals (x draws)
        ``p_m``.
    imports, own : array, minerals (x draws)
        What is still imported, and what is made at home, after the cut, at the prices before; unit of value added.

    Returns
    -------
    array (draws)
        In the unit of value added.
    """
    added = np.asarray(value_added, dtype=float)
    lost = added.reshape(-1, *[1] * (np.ndim(made) - 1)) if added.ndim == 1 else added
    fall = (lost * (1.0 - np.asarray(made, dtype=float))).sum(axis=0)
    bought = np.asarray(imports, dtype=float) - np.asarray(own, dtype=float)
    # Where nothing is sold at any price, nothing is paid either.
    dearer = np.where(bought == 0, 0.0, np.asarray(multiple, dtype=float) - 1.0)
    trade = dearer * bought
    return np.asarray(-fall - trade.sum(axis=0), dtype=float)


def weighted(effects: ArrayLike, probability: ArrayLike) -> NDArray[np.float64]:
    """Return ``sum_k prob_k effect_k`` over scenarios along the first axis."""
    return np.asarray(np.tensordot(np.asarray(probability, dtype=float), np.asarray(effects, dtype=float), 1))
