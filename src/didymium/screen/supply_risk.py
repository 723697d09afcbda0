"""Supply risk and economic importance of the European Commission, method of 2017.

``SR = [HHI_GS IR/2 + HHI_own (1 - IR/2)] (1 - EOL_RIR) SI_SR``; the one of the two that is known where the other is not

``SR of a material = max over its stages``

``EI = 10 sum_s A_s Q_s / max_s Q_s  SI_EI``

``HHI_GS`` weighs the shares of world production, ``HHI_own`` the participant's sources (own output and imports), both
by governance and trade parameter. A screening value, not a probability; critical from SR 1.0 and EI 2.8 together.

Inputs: shares by stage, governance, import reliance, end-of-life recycling input rate, substitution indices; for EI
uses by sector and value added of the sectors. Source: European Commission, Methodology for establishing the EU list of
critical raw materials, 2017 (EUR 28654); lists of 2017, 2020 and 2023.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SR_THRESHOLD = 1.0
EI_THRESHOLD = 2.8


def supply_risk(
    world: ArrayLike, own: ArrayLike, reliance: ArrayLike, recycled: ArrayLike, substitution: ArrayLike
) -> NDArray[np.float64]:
    """Return ``SR`` of a stage.

    Parameters
    ----------
    world : array
        ``HHI_GS``, governance-weighted index of world production; NaN where not known.
    own : array
        ``HHI_own``, the same of the participant's sources; NaN where not known: world production alone then counts.
    reliance : array
        Import reliance, 0 to 1; NaN where not known: world production alone then counts.
    recycled : array
        End-of-life recycling input rate, 0 to 1.
    substitution : array
        Substitution index of supply risk, 0 to 1; 1: nothing replaces it.

    Returns
    -------
    array
        0 and above; NaN where neither index is known.
    """
    gs, eu, ir, eol, si = (np.asarray(x, dtype=float) for x in (world, own, reliance, recycled, substitution))
    half = np.clip(ir, 0.0, 1.0) / 2.0
    both = gs * half + eu * (1.0 - half)
    mixed = np.where(np.isnan(gs), eu, np.where(np.isnan(eu) | np.isnan(ir), gs, both))
    return np.asarray(mixed * (1.0 - eol) * si, dtype=float)


def of_material(stages: ArrayLike, axis: int = 0) -> NDArray[np.float64]:
    """Return the largest supply risk over the stages that are known; NaN where none is.

    Parameters
    ----------
    stages : array
        Supply risk by stage along ``axis``.
    axis : int
        Axis of the stages.
    """
    values = np.asarray(stages, dtype=float)
    found = np.where(np.isnan(values), -np.inf, values).max(axis=axis)
    return np.where(np.isneginf(found), np.nan, found)


def economic_importance(use: ArrayLike, value_added: ArrayLike, substitution: float, largest: float) -> float:
    """Return ``EI = 10 sum_s A_s Q_s / max Q  SI_EI``.

    Parameters
    ----------
    use : array
        Share of the material that goes to each sector; sums to 1.
    value_added : array
        Value added of each sector, in one currency and year.
    substitution : float
        Substitution index of economic importance, 0 to 1.
    largest : float
        Value added of the largest sector of all, in the same currency and year.
    """
    part = np.asarray(use, dtype=float) @ np.asarray(value_added, dtype=float)
    return float(10.0 * part / largest * substitution)
