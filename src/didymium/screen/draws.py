"""Draws of what is uncertain, all at once: a column for each draw, the first one at the centre.

A band of 5 to 95 % is read as lognormal, ``x = m exp(s z)``, ``s = ln(high / low) / (2 * 1.645)``; a standard error as
normal. A range (a withheld value, a bound) has no probability and is never drawn: it is swept from end to end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from didymium.screen.grouped import Array

DRAWS = 1000
SEED = 20251028
"""The day of the agreement; any number does."""

COMPONENTS = ("shares", "governance", "elasticities")
"""What is drawn, and can be drawn alone to see what drives a rank."""

_Z95 = 1.6448536269514722


@dataclass
class Draws:
    """A source of draws that are the same in every run.

    Parameters
    ----------
    count : int
        Draws beside the centre.
    active : collection of str
        Components that vary; the others stay at their centre.
    """

    count: int = DRAWS
    active: Collection[str] = COMPONENTS

    def normal(self, component: str, what: str, rows: int) -> Array:
        """Return ``rows x (1 + count)`` standard normal values, the first column 0.

        The same component, purpose and number of rows give the same values whatever else is drawn.
        """
        out = np.zeros((rows, 1 + self.count))
        if component in self.active and self.count:
            seed = [SEED, *map(ord, component + what)]
            out[:, 1:] = np.random.default_rng(seed).standard_normal((rows, self.count))
        return out

    def banded(self, component: str, what: str, value: ArrayLike, low: ArrayLike, high: ArrayLike) -> Array:
        """Return draws of positive values with bands of 5 to 95 %: rows x (1 + count)."""
        middle, small, large = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (value, low, high))
        width = np.zeros_like(middle)
        open_ = (small > 0) & (large > small) & (middle > 0)
        width[open_] = np.log(large[open_] / small[open_]) / (2.0 * _Z95)
        return np.asarray(middle[:, None] * np.exp(width[:, None] * self.normal(component, what, len(middle))))


def band(values: Array) -> tuple[Array, Array]:
    """Return the 5 % and the 95 % quantile of each row over its draws; both the centre where nothing was drawn."""
    if values.shape[1] == 1:
        return values[:, 0], values[:, 0]
    # Infinite draws (a market that nobody serves) sort to the end; between two of them there is nothing to interpolate.
    low, high = np.quantile(values[:, 1:], (0.05, 0.95), axis=1, method="nearest")
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)
