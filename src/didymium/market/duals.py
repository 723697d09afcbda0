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

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

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
    at_row, at_law = np.asarray(balance.positions(), np.intp), np.asarray(transit.positions(), np.intp)
    split = _Split(stated.matrix, at_row, solution.raw.primal, -solution.raw.reduced, stated.upper <= stated.lower)
    held = np.zeros(balance.shape)
    for at, node in np.argwhere((mu > SLIGHT) & ~split.traded(at_row[place], at_law)):
        market, law = int(at_row[place[at], node]), int(at_law[at, node])
        held[place[at], node] = split.raise_output(market, law, float(mu[at, node]))
    return Rise(np.asarray(split.raised[at_row], dtype=float), held)


class _Split:
    """Prices that may rise without a column that would then want to run.

    Parameters
    ----------
    matrix : csr_array
        Rows of the program.
    balance : array
        Which of them are balances.
    primal, room : array
        Columns, and how far each is from paying.
    closed : array of bool
        Columns that may not move.
    """

    def __init__(
        self,
        matrix: sp.csr_array[Any],
        balance: npt.NDArray[np.intp],
        primal: Array,
        room: Array,
        closed: npt.NDArray[np.bool_],
    ) -> None:
        self.rows, self.moves, self.room, self.closed = matrix, np.abs(primal) > TRACE, room.copy(), closed
        self.is_balance = np.zeros(matrix.shape[0], dtype=bool)
        self.is_balance[balance.ravel()] = True
        self.raised = np.zeros(matrix.shape[0])
        self._law = np.zeros(matrix.shape[1])

    @cached_property
    def columns(self) -> sp.csc_array[Any]:
        """The program by column."""
        return sp.csc_array(self.rows)

    def row(self, at: int) -> tuple[npt.NDArray[np.int32], Array]:
        """Return columns and coefficients of a row."""
        own = slice(self.rows.indptr[at], self.rows.indptr[at + 1])
        return self.rows.indices[own], self.rows.data[own]

    def traded(self, market: npt.NDArray[np.intp], transit: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return in which balances more columns move than the law against transit holds: that tells the price."""
        ends = np.concatenate([[0], np.cumsum(self.moves[self.rows.indices])])
        moving = np.diff(ends[self.rows.indptr])
        return np.asarray(moving[market] > moving[transit])

    def raise_output(self, market: int, transit: int, most: float) -> float:
        """Raise a price by what the law against transit holds, as far as nothing else comes; return by how much."""
        # What a column earns when the price rises by what the law loses: nothing for makers and departures.
        columns, amounts = self.row(market)
        own, held = self.row(transit)
        self._law[own] = held
        amounts = amounts + self._law[columns]
        self._law[own] = 0.0
        others = np.abs(amounts) > SLIGHT
        columns, amounts = columns[others], amounts[others]
        if self.moves[columns].any():
            return 0.0  # somebody trades beside the makers: that tells the price
        brings = (amounts > 0) & ~self.closed[columns]
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
            columns, weight = self.row(int(market))
            if self.moves[columns].any():
                continue
            supply = weight > 0
            rise = float(np.min(self.room[columns[supply]] / weight[supply], initial=np.inf))
            if SLIGHT < rise < np.inf:
                self.raised[market] += rise
                self.room[columns] -= rise * weight
                return True
        return False
