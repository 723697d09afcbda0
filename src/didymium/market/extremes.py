"""How far the share of marked material may be off: the two extreme mixings.

Who keeps lots apart may sell what is marked to one and the rest to another. The least and the most that the same flows,
stocks and balances allow is a linear program in the marked part of each flow,

``0 <= f <= flow``, in each market and month marked in = marked out, in each activity ``v_a`` = the marked share of its
inputs, the same in all its outputs.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.case.network import Network, positions
from didymium.faults import SolverError
from didymium.market.tracing import TRACE, Array, Flows
from didymium.messages import _
from didymium.silent import silent_highs

ROUNDING = 1e-8
"""Share of a market's flow by which balances may be off: presolve calls a rounding error infeasible."""


class Extremes:
    """The least and the most that may be marked, by a linear program in the marked part of every flow.

    Parameters
    ----------
    flows, marked, content, given
        As for :func:`didymium.market.tracing.shares`.
    first : tuple of array, markets, optional
        Least and most share of stocks at the start and of goods under way; 0 where None.
    """

    def __init__(
        self, flows: Flows, marked: npt.NDArray[np.bool_], content: Array, first: tuple[Array, Array] | None = None,
        given: Array | None = None,
    ) -> None:  # fmt: skip
        self.flows = flows
        n = flows.network
        self.upper: list[float] = []
        self.lower: list[float] = []
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        count, size = flows.months, len(n.markets)
        zero = np.zeros(size)
        least, most = first or (zero, zero)

        def column(low: float, high: float) -> int:
            self.lower.append(max(low, 0.0))
            self.upper.append(max(high, self.lower[-1]))
            return len(self.upper) - 1

        def term(row: int, at: int, value: float) -> None:
            rows.append(row)
            columns.append(at)
            values.append(value)

        index = n.markets.index
        head, tail = positions(index, n.routes["head"]), positions(index, n.routes["tail"])
        better, lesser = (positions(index, n.downgrades[name]) for name in ("better", "lesser"))
        used = positions(index, n.uses["market"])
        by_activity = _terms_of(n, content, given)
        balance = np.arange(size * count).reshape(size, count)
        extra = size * count
        self.served = np.full((len(n.uses), count), -1)
        self.taken: dict[tuple[int, int], list[tuple[int, float]]] = {}

        def takes(market: int, month: int, at: int, amount: float) -> None:
            """What is taken out of a market to be used, processed or sent on."""
            self.taken.setdefault((market, month), []).append((at, amount))

        self.content = content[used]
        sent: dict[tuple[int, int], int] = {}
        begin = flows.start * content
        stock = {m: column(least[m], most[m]) for m, s in enumerate(begin) if s > TRACE}
        inflow, outflow = np.zeros((size, count)), np.zeros((size, count))
        for month in range(count):
            held = flows.level[:, month - 1] * content if month else begin
            kept = flows.level[:, month] * content
            for market in list(stock):
                term(balance[market, month], stock.pop(market), held[market])
            inflow[:, month] += held
            for market in np.nonzero(kept > TRACE)[0].tolist():
                stock[market] = column(0.0, 1.0)
                term(balance[market, month], stock[market], -kept[market])
            outflow[:, month] += kept
            for activity in np.nonzero(flows.activity[:, month] > TRACE)[0].tolist():
                run, (inputs, outputs) = float(flows.activity[activity, month]), by_activity[activity]
                passes = column(float(marked[activity]), 1.0)
                for market, element in outputs:
                    term(balance[market, month], passes, element * run)
                    inflow[market, month] += element * run
                weight = sum(element for _market, element in inputs)
                if not marked[activity]:
                    term(extra, passes, -1.0)
                for market, element in inputs:
                    taken = column(0.0, 1.0)
                    takes(market, month, taken, element * run)
                    term(balance[market, month], taken, -element * run)
                    outflow[market, month] += element * run
                    if not marked[activity] and weight > 0:
                        term(extra, taken, element / weight)
                extra += not marked[activity]
            leaving = flows.ship[:, month] * content[tail]
            for route in np.nonzero(leaving > TRACE)[0]:
                amount = leaving[route]
                leaves = column(0.0, 1.0)
                takes(int(tail[route]), month, leaves, float(amount))
                term(balance[tail[route], month], leaves, -amount)
                outflow[tail[route], month] += amount
                sent[int(route), month] = leaves
            arriving = flows.arriving(month) * content[tail]
            for route in np.nonzero(arriving > TRACE)[0]:
                at = month - int(flows.lag[route])
                amount = arriving[route]
                comes = sent.get((int(route), at))
                if comes is None:
                    comes = column(least[tail[route]], most[tail[route]])
                term(balance[head[route], month], comes, amount)
                inflow[head[route], month] += amount
            eaten = flows.served[:, month] * content[used]
            for use in np.nonzero(eaten > TRACE)[0]:
                self.served[use, month] = column(0.0, 1.0)
                takes(int(used[use]), month, int(self.served[use, month]), float(eaten[use]))
                term(balance[used[use], month], self.served[use, month], -eaten[use])
                outflow[used[use], month] += eaten[use]
            for which, amount in enumerate(flows.downgraded(month) * content[better]):
                if amount > TRACE:
                    turned = column(0.0, 1.0)
                    term(balance[better[which], month], turned, -amount)
                    term(balance[lesser[which], month], turned, amount)
                    outflow[better[which], month] += amount
                    inflow[lesser[which], month] += amount
        # What is left over is thrown away; what a rounding lacks comes from nowhere, marked or not.
        for market, month in zip(*np.nonzero(np.abs(inflow - outflow) > 0), strict=True):
            gap = float(inflow[market, month] - outflow[market, month])
            term(balance[market, month], column(0.0, 1.0), -gap)
        matrix = sp.csr_array((values, (rows, columns)), shape=(extra, len(self.upper)))
        # Columns are shares of their flow, rows shares of what passes: grams stand beside kilotonnes.
        passing = np.maximum(np.maximum(inflow, outflow).ravel(), TRACE)
        scale = np.concatenate([1.0 / passing, np.ones(extra - size * count)])
        self.matrix = sp.csr_array(sp.diags_array(scale) @ matrix)
        self.highs: Any = None

    def share(self, uses: npt.NDArray[np.intp], months: npt.NDArray[np.intp]) -> tuple[float, float]:
        """Return the least and the most that may be marked of what some uses were served in some months.

        NaN where they were served nothing.

        Raises
        ------
        SolverError
            No optimum.
        """
        amount = self.flows.served[np.ix_(uses, months)] * self.content[uses][:, None]
        place = self.served[np.ix_(uses, months)]
        return self._ends(place[place >= 0], amount[place >= 0])

    def share_of_market(self, market: int, month: int) -> tuple[float, float]:
        """Return the least and the most that may be marked of what is taken out of a market in a month.

        NaN where nothing is.

        Raises
        ------
        SolverError
            No optimum.
        """
        out = self.taken.get((market, month), [])
        return self._ends(np.array([at for at, _amount in out]), np.array([amount for _at, amount in out]))

    def _ends(self, place: npt.NDArray[np.int64], amount: Array) -> tuple[float, float]:
        """Minimise and maximise the marked part of some flows, as a share of them."""
        total = float(amount.sum())
        if total <= TRACE:
            return np.nan, np.nan
        if self.highs is None:
            self.highs = silent_highs()
            rows = self.matrix
            slack = np.full(rows.shape[0], ROUNDING)
            self.highs.passModel(
                rows.shape[1], rows.shape[0], rows.nnz, int(highspy.MatrixFormat.kRowwise),
                int(highspy.ObjSense.kMaximize), 0.0, np.zeros(rows.shape[1]), np.array(self.lower),
                np.array(self.upper), -slack, slack, rows.indptr.astype(np.int32),
                rows.indices.astype(np.int32), rows.data, np.zeros(rows.shape[1], dtype=np.int32),
            )  # fmt: skip
        chosen = place.astype(np.int32)
        ends = []
        for sign in (-1.0, 1.0):
            self.highs.changeColsCost(len(chosen), chosen, sign * amount / total)
            self.highs.run()
            if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                what = _("the solver did not find the bound on an origin: {status} -> report it with the case")
                status = self.highs.modelStatusToString(self.highs.getModelStatus())
                raise SolverError(what.format(status=status))
            ends.append(sign * float(self.highs.getInfo().objective_function_value))
        self.highs.changeColsCost(len(chosen), chosen, np.zeros(len(chosen)))
        return max(ends[0], 0.0) + 0.0, min(ends[1], 1.0)


def _terms_of(
    n: Network, content: Array, given: Array | None
) -> dict[int, tuple[list[tuple[int, float]], list[tuple[int, float]]]]:
    """Return by activity its inputs and outputs, each (market, tonnes of element by unit of activity)."""
    found: dict[int, tuple[list[tuple[int, float]], list[tuple[int, float]]]] = {
        at: ([], []) for at in range(len(n.activities))
    }
    who, what = positions(n.activities.index, n.terms["activity"]), positions(n.markets.index, n.terms["market"])
    coefficient = n.terms["coefficient"].to_numpy(float)
    holds = np.where(coefficient < 0, content[what], content[what] if given is None else given)
    for activity, market, value, held in zip(who, what, coefficient, holds, strict=True):
        if held > 0:
            found[int(activity)][int(value > 0)].append((int(market), abs(float(value)) * float(held)))
    return found
