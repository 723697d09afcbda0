"""What is left when the largest supplier is out.

``N-1 = (supply - supply of the largest) / (need - need of the largest)``

The need of the excluded country leaves together with its supply: it is often the largest consumer too. 1 and above:
the others could serve themselves at this stage; 0: they get nothing. One supplier out is not a scenario with prices or
time.

Source: IEA, Global Critical Minerals Outlook 2025 (N-1 test, borrowed from the security of gas and power supply).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from didymium.screen.shares import RESIDUAL, largest, shares

NEGLIGIBLE = 0.05
"""Tonnes of an element a year below which nobody is said to take it in: less is a residue of the reconciliation."""


def n_minus_1(supply: Mapping[str, float], need: Mapping[str, float], residual: str = RESIDUAL) -> float:
    """Return the cover of the others' need when the largest supplier is out.

    Parameters
    ----------
    supply : mapping of str to float
        What each region makes, t/year.
    need : mapping of str to float
        What each region takes in, t/year.
    residual : str
        Group of countries that are not named, so never the largest.

    Returns
    -------
    float
        Ratio, 0 and above. NaN where no named region makes anything, or nobody else takes anything in.
    """
    found = largest(shares(supply), 1, residual)
    if not found:
        return float("nan")
    out = found[0]
    others = sum(value for region, value in need.items() if region != out)
    if others <= NEGLIGIBLE:
        return float("nan")
    return float(left_over(sum(supply.values()), supply[out], sum(need.values()), need.get(out, 0.0)))


def left_over(supply: ArrayLike, largest: ArrayLike, need: ArrayLike, of_largest: ArrayLike) -> NDArray[np.float64]:
    """Return ``(supply - supply of the largest) / (need - need of the largest)``.

    Parameters
    ----------
    supply, largest : array
        What all make, and what the largest makes, in one unit.
    need, of_largest : array
        What all take in, and what the largest does, in the same unit.

    Returns
    -------
    array
        Ratio; NaN where nobody else takes anything in.
    """
    rest = np.asarray(need, dtype=float) - np.asarray(of_largest, dtype=float)
    left = np.asarray(supply, dtype=float) - np.asarray(largest, dtype=float)
    rest, left = np.broadcast_arrays(rest, left)
    return np.asarray(np.divide(left, rest, out=np.full(rest.shape, np.nan), where=rest > 0), dtype=float)
