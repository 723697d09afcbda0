"""Supply risk to manufacturing: likelihood, exposure and vulnerability.

``SR = (DP TE EV)^(1/3)``

``DP = sum_c PS_c^2 ASI_c WSI_c``, disruption potential: production shares, ability and willingness to supply

``ASI_c = (100 - PPI_c) / 100``; ``WSI_c = mean(TT_c, SV_c)``

``TE = (I - E + dS) / (PP + SP + I - E + dS)``, trade exposure: net import reliance, clipped to 0..1

``EV = sum_j (VA_j / GDP) (EXP_ij / OP_j)``, economic vulnerability

DP, TE and EV are normalised to 0..1 over the minerals compared, by their largest value; a geometric mean hides a zero,
so the three stand beside the score.

Inputs: production by country, the Fraser policy perception index, Freedom House scores, trade ties, net import
reliance, expenditure and operating profit by industry. Source: Nassar et al. (2020), Evaluating the mineral commodity
supply risk of the U.S. manufacturing sector, Science Advances 6(8); Nassar and Fortier (2021), USGS OFR 2021-1045. How
collective defence enters the willingness to supply was not seen, and is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from didymium.screen.grouped import Array, Groups


def ability(perception: ArrayLike) -> NDArray[np.float64]:
    """Return ``ASI = (100 - PPI) / 100``: 0 the most attractive jurisdiction, 1 the least."""
    return np.asarray((100.0 - np.asarray(perception, dtype=float)) / 100.0, dtype=float)


def willingness(trade_ties: ArrayLike, shared_values: ArrayLike) -> NDArray[np.float64]:
    """Return ``WSI = mean(TT, SV)``, both 0 (closest) to 1 (farthest)."""
    ties, values = np.asarray(trade_ties, dtype=float), np.asarray(shared_values, dtype=float)
    return np.asarray((ties + values) / 2.0, dtype=float)


def disruption_potential(share: Array, able: Array, willing: Array, groups: Groups) -> Array:
    """Return ``DP = sum_c PS_c^2 ASI_c WSI_c``.

    Parameters
    ----------
    share : array, rows x draws
        Share of world production, primary and secondary together, 0 to 1.
    able, willing : array, rows x draws
        Ability and willingness to supply, 0 (best) to 1 (worst).
    groups : Groups
        Rows of each mineral.

    Returns
    -------
    array, groups x draws
        0 to 1.
    """
    return groups.sum(share**2 * able * willing)


def trade_exposure(net_imports: ArrayLike, production: ArrayLike) -> NDArray[np.float64]:
    """Return ``TE = N / (PP + SP + N)``, clipped to 0..1.

    Parameters
    ----------
    net_imports : array
        ``N = I - E + dS``, imports less exports and what stocks gave, t.
    production : array
        Primary and secondary production at home, t.
    """
    net, made = np.asarray(net_imports, dtype=float), np.asarray(production, dtype=float)
    use = made + net
    share = np.divide(net, use, out=np.full_like(use, np.nan), where=use > 0)
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=float)


def economic_vulnerability(value_added: ArrayLike, spent: ArrayLike, profit: ArrayLike, gdp: float) -> float:
    """Return ``EV = sum_j (VA_j / GDP) (EXP_ij / OP_j)``.

    Parameters
    ----------
    value_added : array
        Value added of each using industry, in one currency and year.
    spent : array
        What each spends on the mineral.
    profit : array
        Operating profit of each.
    gdp : float
        Gross domestic product.
    """
    added, cost, gain = (np.asarray(x, dtype=float) for x in (value_added, spent, profit))
    return float(np.sum(added / gdp * cost / gain))


def normalised(values: ArrayLike) -> NDArray[np.float64]:
    """Return values as shares of the largest of them."""
    found = np.asarray(values, dtype=float)
    largest = np.nanmax(found, axis=0) if np.isfinite(found).any() else np.nan
    return np.asarray(found / largest, dtype=float)


def supply_risk(disruption: ArrayLike, exposure: ArrayLike, vulnerability: ArrayLike) -> NDArray[np.float64]:
    """Return ``SR = (DP TE EV)^(1/3)`` of normalised parts, 0 to 1."""
    parts = [np.asarray(x, dtype=float) for x in (disruption, exposure, vulnerability)]
    return np.asarray(np.cbrt(parts[0] * parts[1] * parts[2]), dtype=float)
