"""One method for one participant: a value, a band and a reason for every mineral, stage and form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from didymium.screen.draws import band
from didymium.screen.grouped import Array

WORLD = "world"
"""Participant of an index that is the same for everybody."""


@dataclass
class Index:
    """One method for one participant: a value, a band and a reason for each group of the supply.

    Parameters
    ----------
    method : str
        Name in :data:`didymium.screen.methods.METHODS`.
    participant : str
        Whose; ``world`` for everybody's.
    values : array, groups x draws
        The first column is the centre; NaN where not computable.
    why : list of str
        Why there is no value; empty where there is one.
    swept : array, groups x 2
        Ends of the index over what is only known as an interval; NaN where there is none.
    parts : dict of str to array
        What the index is made of, at the centre, by group.
    inputs : list of list of str
        Rows behind each, beside those of the group.
    how : list of str
        What a reader must know of how a value came about; empty where nothing.
    """

    method: str
    participant: str
    values: Array
    why: list[str]
    swept: Array
    parts: dict[str, Array] = field(default_factory=dict)
    inputs: list[list[str]] = field(default_factory=list)
    how: list[str] = field(default_factory=list)

    def bands(self) -> tuple[Array, Array]:
        """Return low and high of each group: 5 and 95 % of the draws, or the ends of what was swept."""
        low, high = band(self.values)
        only = np.isnan(self.values[:, 0]) & np.isfinite(self.swept[:, 0])
        return np.where(only, self.swept[:, 0], low), np.where(only, self.swept[:, 1], high)
