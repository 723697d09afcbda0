"""Rows that belong to groups: the producers of each mineral and stage, with a column for each draw.

Groups differ in size (one producer of niobium counts, forty of gold), so their rows stand one below the other and every
law of the room works on the flat array: ``rows x draws``. Nothing loops over minerals or draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """Consecutive rows that belong together.

    Parameters
    ----------
    sizes : array of int
        Rows of each group, above zero.
    """

    sizes: NDArray[np.intp]

    @property
    def starts(self) -> NDArray[np.intp]:
        """First row of each group."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.intp)

    def sum(self, values: Array) -> Array:
        """Return ``sum_i x_i`` of each group: groups x draws."""
        if not len(self.sizes):
            return values[:0]
        return np.asarray(np.add.reduceat(values, self.starts, axis=0), dtype=float)

    def spread(self, values: Array) -> Array:
        """Return a value of each group at each of its rows."""
        return np.asarray(np.repeat(values, self.sizes, axis=0), dtype=float)

    def padded(self, values: Array) -> Array:
        """Return groups x the largest size x draws; places without a row are 0."""
        width = int(self.sizes.max(initial=0))
        out = np.zeros((len(self.sizes), width, *values.shape[1:]))
        group = np.repeat(np.arange(len(self.sizes)), self.sizes)
        out[group, np.arange(len(group)) - np.repeat(self.starts, self.sizes)] = values
        return out


def one_group(count: int) -> Groups:
    """Return a single group of ``count`` rows."""
    return Groups(np.array([count], dtype=np.intp))
