"""Governance as a weight of concentration.

``g_c = 2 (2.5 - mean_k e_ck)``, from 0 (best) to 10 (worst), ``e_ck`` the six Worldwide Governance Indicators

``HHI_WGI = sum_c s_c^2 g_c t_c``

``t_c`` is the trade parameter: 1 without restriction, above for export restrictions, 0.8 for partners by treaty.

Inputs: shares by country, WGI estimates, trade parameters (1 where a case states none). Source: European Commission,
Methodology for establishing the EU list of critical raw materials, 2017 (EUR 28654), section 3.1; Kaufmann, Kraay and
Mastruzzi (2010) for the indicators.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from didymium.screen.grouped import Array, Groups

HIGHEST = 2.5
"""End of the scale of the indicators that counts as best; minus it is the worst."""

UNSEEN = 0.02
"""Most that a producer without an estimate may add to the index; a larger one leaves the index without a value."""


def weak_governance(estimate: Array) -> Array:
    """Return ``g = 2 (2.5 - e)``, clipped to 0..10.

    Parameters
    ----------
    estimate : array
        Mean of the six estimates, in standard deviations of all countries.
    """
    return np.asarray(np.clip(2.0 * (HIGHEST - estimate), 0.0, 10.0), dtype=float)


def instability(estimate: Array) -> Array:
    """Return ``g = (2.5 - e) / 5``, clipped to 0..1, of political stability and absence of violence.

    Parameters
    ----------
    estimate : array
        Estimate of political stability, in standard deviations of all countries.
    """
    return np.asarray(np.clip((HIGHEST - estimate) / (2.0 * HIGHEST), 0.0, 1.0), dtype=float)


def weighted_hhi(
    share: Array, weak: Array, trade: Array | float, groups: Groups, named: NDArray[np.bool_] | None = None
) -> Array:
    """Return ``HHI_WGI = sum_c s_c^2 g_c t_c``.

    Parameters
    ----------
    share : array, rows x draws
        0 to 1.
    weak : array, rows x draws
        Weakness of governance, 0 to 10.
    trade : array or float
        Trade parameter of each row; 1 none.
    groups : Groups
        Which rows belong together.
    named : array of bool, optional
        Rows that are a country; the rest adds no square.

    Returns
    -------
    array, groups x draws
        0 to 10 and, with restrictions, above; NaN where a country of weight has no governance estimate. A small one
        (``10 s^2`` of at most :data:`UNSEEN`) counts at the middle of the scale.
    """
    part = share**2 * np.where(np.isnan(weak) & (10.0 * share**2 <= UNSEEN), 5.0, weak) * trade
    if named is not None:
        part = np.where(named.reshape(-1, *[1] * (part.ndim - 1)), part, 0.0)
    return groups.sum(part)
