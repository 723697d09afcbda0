"""Concentration of supply.

``HHI = sum_i s_i^2``; ``top_n = sum of the n largest s_i``; ``s_i = q_i / sum_j q_j``

The Herfindahl-Hirschman index runs from 0 (many equal suppliers) to 1 (one supplier); antitrust offices print it times
10,000. Top-1 and top-3 are the shares of the one and of the three largest named countries.

Source: Hirschman (1964), The paternity of an index, American Economic Review 54(5); IEA, Global Critical Minerals
Outlook 2025 (top three, averaged over minerals).
"""

from __future__ import annotations

from collections.abc import Mapping

RESIDUAL = "ROW"
"""The rest of the world: countries that are not named, so never one of the largest suppliers."""


def shares(quantity: Mapping[str, float]) -> dict[str, float]:
    """Return ``s_i = q_i / sum_j q_j``.

    Parameters
    ----------
    quantity : mapping of str to float
        Quantity by region, t.

    Returns
    -------
    dict of str to float
        Share by region, 0 to 1; empty where nothing is known to be made.
    """
    total = sum(quantity.values())
    return {region: value / total for region, value in quantity.items()} if total > 0 else {}


def hhi(share: Mapping[str, float], residual: str = RESIDUAL) -> float:
    """Return ``HHI = sum_i s_i^2``.

    The residual group counts in the total but adds no square: its countries are small and not known apart. The true
    index lies between this value and this value plus the square of the group's share.

    Parameters
    ----------
    share : mapping of str to float
        Share by region, 0 to 1.
    residual : str
        Group of countries that are not named.

    Returns
    -------
    float
        0 to 1; NaN where no share is known.
    """
    if not share:
        return float("nan")
    return sum(value**2 for region, value in share.items() if region != residual)


def largest(share: Mapping[str, float], count: int = 1, residual: str = RESIDUAL) -> list[str]:
    """Return the regions with the largest shares, largest first; the residual group is not one of them."""
    named = [region for region, value in share.items() if region != residual and value > 0]
    return sorted(named, key=lambda region: (-share[region], region))[:count]


def top(share: Mapping[str, float], count: int, residual: str = RESIDUAL) -> float:
    """Return the share of the ``count`` largest named regions.

    Parameters
    ----------
    share : mapping of str to float
        Share by region, 0 to 1.
    count : int
        How many regions.
    residual : str
        Group of countries that are not named.

    Returns
    -------
    float
        0 to 1; NaN where no share is known.
    """
    if not share:
        return float("nan")
    return sum(share[region] for region in largest(share, count, residual))
