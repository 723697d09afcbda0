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


def split_off(solution: Solution, nodes: int | None = None) -> Rise:
    """Return how far prices rise when every market is worth as much as it can be.

    Parameters
    ----------
    solution : Solution
        A verified optimum.
    nodes : int, optional
        Of the first so many nodes of a chain alone. Where something moves they rest on no later one; the price of a
        market where nothing does may be lower than with all nodes, as what leaves it later raises it too.
    """
    stated, model = solution.instance.stated, solution.instance.program.model
    balance = model.rows["balance"]
    at_row = np.asarray(balance.positions(), np.intp)[:, :nodes]
    if "no_transit" not in model.rows:
        return Rise(np.zeros(at_row.shape), np.zeros(at_row.shape))
    transit = model.rows["no_transit"]
    place = balance.coords[0].get_indexer(transit.coords[0])
    at_law = np.asarray(transit.positions(), np.intp)[:, :nodes]
    mu = np.maximum(solution.raw.dual[at_law], 0.0)
    split = _Split(stated.matrix, at_row, solution.raw.primal, -solution.raw.reduced, stated.upper <= stated.lower)
    held = np.zeros(at_row.shape)
    at, node = np.nonzero(mu > SLIGHT)
    held[place[at], node] = split.raise_outputs(at_row[place[at], node], at_law[at, node], mu[at, node])
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

    @cached_property
    def columns(self) -> sp.csc_array[Any]:
        """The program by column."""
        return sp.csc_array(self.rows)

    def row(self, at: int) -> tuple[npt.NDArray[np.int32], Array]:
        """Return columns and coefficients of a row."""
        own = slice(self.rows.indptr[at], self.rows.indptr[at + 1])
        return self.rows.indices[own], self.rows.data[own]

    def raise_outputs(
        self, market: npt.NDArray[np.intp], transit: npt.NDArray[np.intp], most: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Raise prices by what the law against transit holds, as far as nothing else comes; return by how much.

        Parameters
        ----------
        market, transit : array of int
            Rows of balances, and of the law that holds each.
        most : array
            What the law holds.
        """
        # What a column earns when the price rises by what the law loses: nothing for makers and departures.
        both = sp.csr_array(self.rows[market] + self.rows[transit])
        both.data[np.abs(both.data) <= SLIGHT] = 0.0
        both.eliminate_zeros()
        ends, columns, amounts = both.indptr.tolist(), both.indices, both.data
        trades = np.concatenate([[0], np.cumsum(self.moves[columns])])[both.indptr]
        brings = (amounts > 0) & ~self.closed[columns]
        rises = np.zeros(len(market))
        # Where somebody trades beside the makers, that tells the price.
        for at in np.nonzero(np.diff(trades) == 0)[0].tolist():
            own = slice(ends[at], ends[at + 1])
            come = brings[own]
            rises[at] = rise = self._rise(columns[own][come], amounts[own][come], float(most[at]))
            self.raised[market[at]] += rise
            self.room[columns[own]] -= rise * amounts[own]
        return rises

    def _rise(self, come: npt.NDArray[np.int32], weight: Array, most: float) -> float:
        """Return how far a price may rise before one of the columns that bring the good would run."""
        if not len(come):
            return most
        least = np.inf
        for _try in range(len(come) + 1):
            bid = self.room[come] / weight
            least = float(bid.min())
            if least >= most or not self._raise_idle(int(come[int(np.argmin(bid))])):
                break
        return min(most, max(0.0, least))

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
