"""Geopolitical supply risk of a country's imports.

``GeoPolRisk = HHI sum_i g_i f_i / (p + F)``; ``F = sum_i f_i``

``HHI`` is that of world production, ``f_i`` what is imported from country i, ``g_i`` its instability (0 to 1),
``p`` what is made at home. Imports within a group of countries carry no risk but count in ``F``. The characterisation
factor is the score times the price over that of copper, in kg copper equivalents.

Inputs: production by country, imports by partner, political stability (WGI). Source: Koyamparambath et al. (2024),
geopolrisk-py, and Gemechu et al. (2016), International Journal of Life Cycle Assessment 21; published in the Journal of
Open Source Software 9600 (2026 release 2.0.1, whose figures the test reproduces).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from didymium.screen.grouped import Array, Groups

COPPER = 0.409412948
"""USD/kg: score times price of copper, mean of the OECD countries 2017 to 2021, as geopolrisk-py 2.0.1 sets it."""

UNKNOWN_INSTABILITY = 0.5
"""What the method gives a country without an estimate."""


def import_risk(imports: Array, instability: Array, own: ArrayLike, groups: Groups) -> Array:
    """Return ``sum_i g_i f_i / (p + F)``.

    Parameters
    ----------
    imports : array, rows x draws
        Imported from each country, t.
    instability : array, rows x draws
        Political instability of each, 0 to 1; 0 for a country of the same group.
    own : array, groups x draws
        Made at home, t.
    groups : Groups
        Rows of each mineral.

    Returns
    -------
    array, groups x draws
        0 to 1; NaN where nothing is made or imported.
    """
    use = groups.sum(imports) + np.asarray(own, dtype=float)
    risk = groups.sum(imports * instability)
    return np.asarray(np.divide(risk, use, out=np.full_like(risk, np.nan), where=use > 0), dtype=float)


def score(hhi: ArrayLike, risk: ArrayLike) -> Array:
    """Return ``GeoPolRisk = HHI x import risk``, 0 to 1."""
    return np.asarray(np.asarray(hhi, dtype=float) * np.asarray(risk, dtype=float), dtype=float)


def characterisation(points: ArrayLike, price: ArrayLike) -> Array:
    """Return ``score x price / copper``, kg copper equivalents per kg; the price in USD/kg."""
    return np.asarray(np.asarray(points, dtype=float) * np.asarray(price, dtype=float) / COPPER, dtype=float)
