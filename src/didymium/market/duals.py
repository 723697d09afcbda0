"""What two rows that say the same are worth together: the price of a market whose whole output leaves it.

Where everything that is made leaves, the balance (``output - departures = 0``) and the law against transit
(``departures <= output``) are one row twice, and their duals ``-p`` and ``mu`` may be split in any way that keeps
``p + mu``, what a tonne of output earns: the solver's split is arbitrary. The price is the highest, ``p + delta`` with

``delta = min(mu, min_j -d_j / b_j)`` over the columns ``j`` that bring the good in without making it (arrivals, stock),

``b_j`` their coefficient in the balance and ``d_j`` their reduced cost: what they would have to be paid to come. Where
they come from a market in which nothing is made, used or traded, its own price is arbitrary too, and is raised first
as far as nobody would begin to supply it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.market.curves import Array

if TYPE_CHECKING:
    from didymium.market.solve import Solution

SLIGHT = 1e-9
"""Duals below this are none."""

TRACE = 1e-6
"""Tonnes below this are none."""


class Rise(NamedTuple):
    """How far prices rise, markets x nodes, weighted as the duals are; 0 where nothing is arbitrary.

    Parameters
    ----------
    price : array
        By how much each balance row's dual falls.
    held : array
        How much of that the law against transit holds no longer; the rest is of markets where nothing moves.
    """

    price: Array
    held: Array


def split_off(solution: Solution) -> Rise:
    """Return how far prices rise when every market is worth as much as it can be.

    Parameters
    ----------
    solution : Solution
        A verified optimum.
    """
    stated, model = solution.instance.stated, solution.instance.program.model
    balance = model.rows["balance"]
    if "no_transit" not in model.rows:
        return Rise(np.zeros(balance.shape), np.zeros(balance.shape))
    transit = model.rows["no_transit"]
    place = balance.coords[0].get_indexer(transit.coords[0])
    mu = np.maximum(solution.raw.dual[transit.positions()], 0.0)
    at_row = np.asarray(balance.positions(), np.intp)
    split = _Split(sp.csr_matrix(stated.matrix), at_row, solution.raw.primal, -solution.raw.reduced)
    closed, held = stated.upper <= stated.lower, np.zeros(balance.shape)
    for at, node in np.argwhere(mu > SLIGHT):
        market, law = int(at_row[place[at], node]), int(transit.positions()[at, node])
        held[place[at], node] = split.raise_output(market, law, float(mu[at, node]), closed)
    return Rise(np.asarray(split.raised[at_row], dtype=float), held)


class _Split:
    """Prices that may rise without a column that would then want to run.

    Parameters
    ----------
    matrix : csr_matrix
        Rows of the program.
    balance : array
        Which of them are balances.
    primal, room : array
        Columns, and how far each is from paying.
    """

    def __init__(self, matrix: sp.csr_matrix, balance: npt.NDArray[np.intp], primal: Array, room: Array) -> None:
        self.rows, self.columns, self.primal, self.room = matrix, sp.csc_matrix(matrix), primal, room.copy()
        self.is_balance = np.zeros(matrix.shape[0], dtype=bool)
        self.is_balance[balance.ravel()] = True
        self.raised = np.zeros(matrix.shape[0])

    def raise_output(self, market: int, transit: int, most: float, closed: npt.NDArray[np.bool_]) -> float:
        """Raise a price by what the law against transit holds, as far as nothing else comes; return by how much."""
        # What a column earns when the price rises by what the law loses: nothing for makers and departures.
        row = self.rows[[market]] + self.rows[[transit]]
        others = np.abs(row.data) > SLIGHT
        columns, amounts = row.indices[others], row.data[others]
        if np.any(np.abs(self.primal[columns]) > TRACE):
            return 0.0  # somebody trades beside the makers: that tells the price
        brings = (amounts > 0) & ~closed[columns]
        come, weight = columns[brings], amounts[brings]
        least = np.inf
        for _try in range(len(come) + 1):
            bid = self.room[come] / weight
            least = float(np.min(bid, initial=np.inf))
            if least >= most or not self._raise_idle(int(come[int(np.argmin(bid))])):
                break
        rise = min(most, max(0.0, least))
        self.raised[market] += rise
        self.room[columns] -= rise * amounts
        return rise

    def _raise_idle(self, column: int) -> bool:
        """Raise the price of an idle market that a column takes from; return whether it rose."""
        start, end = self.columns.indptr[column], self.columns.indptr[column + 1]
        rows, amounts = self.columns.indices[start:end], self.columns.data[start:end]
        for market in rows[(amounts < 0) & self.is_balance[rows]]:
            row = self.rows[[int(market)]]
            if np.any(np.abs(self.primal[row.indices]) > TRACE):
                continue
            supply = row.data > 0
            rise = float(np.min(self.room[row.indices[supply]] / row.data[supply], initial=np.inf))
            if SLIGHT < rise < np.inf:
                self.raised[market] += rise
                self.room[row.indices] -= rise * row.data
                return True
        return False
