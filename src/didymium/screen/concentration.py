"""Concentration of supply, for many minerals and many draws at once.

``s_i = q_i / sum_j q_j``; ``HHI = sum_i s_i^2``; ``top_n = sum of the n largest s_i``

The Herfindahl-Hirschman index runs from 0 (many equal suppliers) to 1 (one supplier); antitrust offices print it times
10,000. Countries that a table does not list count in the total and never as a square or as one of the largest.

Inputs: production by country. Source: Hirschman (1964), The paternity of an index, American Economic Review 54(5); IEA,
Global Critical Minerals Outlook 2025 (top three, averaged over minerals).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from didymium.screen.grouped import Array, Groups


def shares(quantity: Array, groups: Groups) -> Array:
    """Return ``s_i = q_i / sum_j q_j``.

    Parameters
    ----------
    quantity : array, rows x draws
        Quantities of one unit within a group.
    groups : Groups
        Which rows belong together.

    Returns
    -------
    array, rows x draws
        0 to 1; NaN in a group that makes nothing.
    """
    total = groups.spread(groups.sum(quantity))
    return np.divide(quantity, total, out=np.full_like(quantity, np.nan), where=total > 0)


def hhi(share: Array, groups: Groups, named: NDArray[np.bool_] | None = None) -> Array:
    """Return ``HHI = sum_i s_i^2``.

    Parameters
    ----------
    share : array, rows x draws
        0 to 1.
    groups : Groups
        Which rows belong together.
    named : array of bool, optional
        Rows that are a country; all where None. The true index lies between this value and this value plus the square
        of the rest.

    Returns
    -------
    array, groups x draws
        0 to 1.
    """
    return groups.sum(_of_named(share, named) ** 2)


def top(share: Array, groups: Groups, count: int, named: NDArray[np.bool_] | None = None) -> Array:
    """Return ``top_n``, the share of the ``count`` largest countries.

    Parameters
    ----------
    share : array, rows x draws
        0 to 1.
    groups : Groups
        Which rows belong together.
    count : int
        How many countries.
    named : array of bool, optional
        Rows that are a country; all where None.

    Returns
    -------
    array, groups x draws
        0 to 1.
    """
    wide = groups.padded(_of_named(share, named))
    count = min(count, wide.shape[1])
    return np.asarray(np.sort(wide, axis=1)[:, wide.shape[1] - count :].sum(axis=1), dtype=float)


def largest(share: NDArray[np.float64], groups: Groups, named: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row of the largest country of each group; the first of equals.

    Parameters
    ----------
    share : array, rows
        0 to 1, one draw.
    groups : Groups
        Which rows belong together.
    named : array of bool
        Rows that are a country.
    """
    wide = groups.padded(np.where(named, share, -1.0))
    return np.asarray(groups.starts + wide.argmax(axis=1), dtype=np.intp)


def _of_named(share: Array, named: NDArray[np.bool_] | None) -> Array:
    if named is None:
        return share
    return np.where(named.reshape(-1, *[1] * (share.ndim - 1)), share, 0.0)
