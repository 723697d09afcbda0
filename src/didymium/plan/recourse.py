"""What a decision is worth, as programs: every piece of the tree with the decision fixed.

A piece is a linear program that any decision leaves feasible: shortage is always possible at a price. How much more of
a decision would help is in its duals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

if TYPE_CHECKING:
    from didymium.plan.pieces import Pieces

Values = npt.NDArray[np.float64]

TAIL = 0.05
"""Share of the worst outcomes that the conditional value at risk averages: 95 %."""


class Decision(NamedTuple):
    """What is decided, as numbers.

    Parameters
    ----------
    build : array
        Share of each project.
    stock : array, calm nodes x programmes
        Level of each strategic stock at the end of each calm node before a cut, t.
    excess : array
        Of each exit of a piece with several: loss elsewhere on the story's path less the value at risk, kUSD. Empty
        where nobody minds risk.
    at_risk : float
        The loss from which on outcomes count as the worst ones, MUSD; 0 where nobody minds risk.
    """

    build: Values
    stock: Values
    excess: Values
    at_risk: float = 0.0


class Worth(NamedTuple):
    """What a decision is worth in a piece, kUSD, and the slope of that worth."""

    value: float
    build: Values
    first: Values
    final: Values
    excess: Values
    iterations: int


@dataclass
class Job:
    """A piece as a worker solves it: plain arrays.

    Parameters
    ----------
    at : int
        Position of the piece.
    matrix : int
        Position of its matrix.
    arrays : tuple of array
        Cost, bounds of columns, bounds of rows, nothing decided.
    projects : sparse array, rows x projects
        What projects add to the upper sides of rows.
    first, final, excess : array of int
        Rows and columns that the decision fixes: stocks at the beginning, at the end, and losses elsewhere.
    above, own : int
        Position among the calm nodes of the one before, and of its own; -1: none.
    exits_from : int
        Position of its first exit among all of them.
    costs : str
        How users weigh: pieces with the same word have the same costs.
    """

    at: int
    matrix: int
    arrays: tuple[Values, Values, Values, Values, Values]
    projects: sp.csc_array
    first: npt.NDArray[np.intp]
    final: npt.NDArray[np.intp]
    excess: npt.NDArray[np.intp]
    above: int
    own: int
    exits_from: int = 0
    costs: str = ""

    @cached_property
    def felt(self) -> npt.NDArray[np.intp]:
        """Rows whose sides depend on the decision."""
        return np.concatenate([np.unique(self.projects.indices), self.first]).astype(np.intp)


def jobs(pieces: Pieces, weight: Mapping[str, float], risk: float = 0.0) -> tuple[list[Job], list[sp.csr_array]]:
    """Return the pieces as jobs, for users weighted by region, and the matrices that they share.

    Where risk counts, a piece that ends in several ways is told what each way adds to the worst outcomes:
    ``max (1 - r) sum_e p_e W_e - r / (1 - a) sum_e p_e z_e``, ``z_e >= c_e - W_e``, ``z_e >= 0``.
    """
    matrices = [shape.matrix for shape in pieces.shapes]
    place = {node: at for at, node in enumerate(pieces.before)}
    found: list[Job] = []
    costs: dict[tuple[int, int], Values] = {}  # pieces that differ in what is cut alone share their costs
    count, said = 0, repr((sorted(weight.items()), risk))
    for at, stated in enumerate(pieces.stated):
        key = (id(stated.cost), stated.shape)
        if key not in costs:
            costs[key] = pieces.use_cost(stated, dict(weight))
        cost = costs[key]
        arrays = (cost, stated.lower, stated.upper, stated.low, stated.high)
        shape, excess, projects = stated.shape, np.zeros(0, dtype=np.intp), stated.projects
        if risk > 0.0 and len(stated.exits) > 1:
            matrix, arrays, excess = _with_excess(matrices[shape], arrays, stated.exits, risk)
            shape = len(matrices)
            matrices.append(matrix)
            projects = sp.csc_array(sp.vstack([projects, sp.csc_array((len(excess), projects.shape[1]))]))
        own = place.get(stated.piece.nodes[0], -1) if len(stated.final) else -1
        above = place.get(stated.piece.above, -1) if len(stated.first) else -1
        found.append(Job(at, shape, arrays, projects, stated.first, stated.final, excess, above, own, count, said))
        count += len(excess)
    return found, matrices


def _with_excess(
    matrix: sp.csr_array,
    arrays: tuple[Values, ...],
    exits: list[tuple[float, npt.NDArray[np.intp], Values]],
    risk: float,
) -> tuple[sp.csr_array, tuple[Values, Values, Values, Values, Values], npt.NDArray[np.intp]]:
    cost, lower, upper, low, high = arrays
    count, columns = len(exits), len(cost)
    rows = []
    for _share, at, scale in exits:
        worth = np.zeros(columns)
        worth[at] = cost[at] * scale
        rows.append(sp.csr_array(worth[None, :]))
    below = sp.hstack([sp.vstack(rows), sp.eye_array(count)])
    above = sp.hstack([matrix, sp.csr_array((matrix.shape[0], count))])
    more = np.array([-risk / TAIL * share for share, _at, _scale in exits])
    extended = (
        np.append((1.0 - risk) * cost, more),
        np.append(lower, np.zeros(count)), np.append(upper, np.full(count, np.inf)),
        np.append(low, np.full(count, -np.inf)), np.append(high, np.full(count, np.inf)),
    )  # fmt: skip
    made = sp.csr_array(sp.vstack([above, below], format="csr"))
    return made, extended, np.arange(matrix.shape[0], matrix.shape[0] + count)
