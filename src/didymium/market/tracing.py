"""Where material has been: what share of a market went through some plants, and how far that share may be off.

Material that passed a marked activity is marked, and so is all that is made of it, in proportion to the element that
each input brings. In a market, what is marked mixes with what is not:

``T_m,n u_m,n = S_m,n-1 u_m,n-1 + sum_a out_am,n v_a,n + sum_r y_r,sent u_tail(r),sent``, ``v_a,n`` the mean of the
inputs' ``u``, weighted by their element; 1 where the activity is marked: *proportional mixing* (Leontief's inverse over
markets and months). Nobody has to mix so: lots can be kept apart. The *extreme mixings* are the least and the most that
the same flows, stocks and balances allow: a linear program in the marked part of each flow,

``0 <= f <= flow``, in each market and month marked in = marked out, in each activity ``v_a`` = the marked share of its
inputs, the same in all its outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import Network, positions
from didymium.faults import SolverError
from didymium.market.base import Base
from didymium.market.content import Holdings, mix
from didymium.messages import _
from didymium.silent import silent_highs

Array = npt.NDArray[np.float64]

TRACE = 1e-6
"""Tonnes below which a flow is nothing."""

ROUNDING = 1e-8
"""Share of a market's flow by which balances may be off: presolve calls a rounding error infeasible."""


@dataclass(frozen=True)
class Flows:
    """What was made, moved, used and kept, month by month.

    Parameters
    ----------
    network : Network
        Markets, activities, routes, uses, downgrades.
    activity : array, activities x months
        t.
    ship : array, routes x months
        t, by month of departure.
    served : array, uses x months
        t.
    level : array, markets x months
        Stock at the end of a month, t.
    start : array, markets
        Stock before the first month, t.
    lag : array of int, routes
        Months under way.
    before : array, routes x most lag
        What left in the months before the first, latest last, t.
    """

    network: Network
    activity: Array
    ship: Array
    served: Array
    level: Array
    start: Array
    lag: npt.NDArray[np.int64]
    before: Array

    @classmethod
    def of_base(cls, network: Network, base: Base) -> Flows:
        """Return the base year as one month without stocks."""
        routes = len(network.routes)
        return cls(
            network, base.activity.to_numpy(float)[:, None], base.ship.to_numpy(float)[:, None],
            base.served.to_numpy(float)[:, None], np.zeros((len(network.markets), 1)), np.zeros(len(network.markets)),
            np.zeros(routes, dtype=np.int64), np.zeros((routes, 0)),
        )  # fmt: skip

    @property
    def months(self) -> int:
        """Return how many months there are."""
        return int(self.activity.shape[1])

    def arriving(self, month: int) -> Array:
        """Return what arrives in a month by route, t."""
        sent = month - self.lag
        early = self.before.shape[1] + sent
        every = np.arange(len(self.lag))
        if not self.before.shape[1]:
            return self.ship[every, sent]
        return np.where(
            sent >= 0,
            self.ship[every, np.maximum(sent, 0)],
            self.before[every, np.clip(early, 0, self.before.shape[1] - 1)],
        )

    def downgraded(self, month: int) -> Array:
        """Return what a better good gives to the lesser market in a month, by downgrade, t."""
        return self._downgrades[month]

    @cached_property
    def _downgrades(self) -> list[Array]:
        return [self._lacking(month) for month in range(self.months)]

    def _lacking(self, month: int) -> Array:
        """Return what the lesser market of each downgrade lacks: a path keeps no record of it, balances do."""
        n = self.network
        if not len(n.downgrades):
            return np.zeros(0)
        markets = n.markets.index
        change = self.level[:, month] - (self.level[:, month - 1] if month else self.start)
        lacks = change.copy()
        terms = n.terms
        at, who = positions(markets, terms["market"]), positions(n.activities.index, terms["activity"])
        np.add.at(lacks, at, -terms["coefficient"].to_numpy(float) * self.activity[who, month])
        np.add.at(lacks, positions(markets, n.uses["market"]), self.served[:, month])
        np.add.at(lacks, positions(markets, n.routes["tail"]), self.ship[:, month])
        np.add.at(lacks, positions(markets, n.routes["head"]), -self.arriving(month))
        short = np.maximum(lacks[positions(markets, n.downgrades["lesser"])], 0.0)
        return np.asarray(np.where(short > TRACE, short, 0.0))


def shares(
    flows: Flows, marked: npt.NDArray[np.bool_], content: Array, first: Array | None = None, given: Array | None = None
) -> Array:
    """Return the share of each market that passed a marked activity, by proportional mixing; markets x months.

    Parameters
    ----------
    flows : Flows
        What was made, moved, used and kept.
    marked : array of bool, activities
        Which plants mark what passes them.
    content : array, markets
        Element in a tonne of what is in a market.
    first : array, markets, optional
        Share of stocks at the start and of goods under way; 0 where None.
    given : array, terms, optional
        Element in a tonne of each output of an activity, where recipes for one good differ; its market's where None.
    """
    n, index = flows.network, flows.network.markets.index
    size = len(index)
    begin = np.zeros(size) if first is None else first
    terms = n.terms
    coefficient = terms["coefficient"].to_numpy(float)
    who, what = positions(n.activities.index, terms["activity"]), positions(index, terms["market"])
    into, out = coefficient < 0, coefficient > 0
    holds = content[what] if given is None else given
    head, tail = positions(index, n.routes["head"]), positions(index, n.routes["tail"])
    better, lesser = (positions(index, n.downgrades[name]) for name in ("better", "lesser"))
    found = np.zeros((size, flows.months))
    before = begin
    for month in range(flows.months):
        run = flows.activity[:, month]
        weight = np.where(into, -coefficient * content[what] * run[who], 0.0)
        total = np.bincount(who, weight, len(n.activities))
        weight = np.divide(weight, total[who], out=np.zeros_like(weight), where=total[who] > 0)
        weight[marked[who]] = 0.0
        takes = sp.csr_matrix((weight[into], (who[into], what[into])), shape=(len(n.activities), size))
        made = np.where(out, coefficient * run[who] * holds, 0.0)
        gives = sp.csr_matrix((made[out], (what[out], who[out])), shape=(size, len(n.activities)))
        arriving = flows.arriving(month) * content[tail]
        now = flows.lag == 0
        moved = sp.csr_matrix((arriving[now], (head[now], tail[now])), shape=(size, size))
        turned = sp.csr_matrix((flows.downgraded(month) * content[better], (lesser, better)), shape=(size, size))
        held = (flows.level[:, month - 1] if month else flows.start) * content
        own = held * before + gives @ marked.astype(float)
        amount = held + np.asarray(gives.sum(axis=1)).ravel() + np.asarray(moved.sum(axis=1)).ravel()
        amount = amount + np.asarray(turned.sum(axis=1)).ravel()
        for route in np.nonzero(~now & (arriving > 0))[0]:
            sent = month - flows.lag[route]
            share = found[tail[route], sent] if sent >= 0 else begin[tail[route]]
            own[head[route]] += arriving[route] * share
            amount[head[route]] += arriving[route]
        mixed = mix(sp.csr_matrix(gives @ takes + moved + turned), own[:, None], amount)[:, 0].clip(0.0, 1.0)
        found[:, month] = np.where(amount > TRACE, mixed, before)
        before = found[:, month]
    return found


class Extremes:
    """The least and the most that may be marked, by a linear program in the marked part of every flow.

    Parameters
    ----------
    flows, marked, content, given
        As for :func:`shares`.
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


def plants_in(network: Network, regions: list[str], stages: tuple[str, ...] = ()) -> npt.NDArray[np.bool_]:
    """Return the activities in some regions, of some stages where they are named."""
    mine = network.activities["region"].isin(regions)
    if stages:
        mine &= network.activities["stage"].isin(stages)
    return np.asarray(mine.to_numpy(bool))


def given_by(network: Network, holdings: Holdings, element: str) -> Array:
    """Return tonnes of an element in a tonne of each output, by term; the market's where none is made."""
    terms, made = network.terms, holdings.made
    own = content_of(holdings.market, element)[positions(network.markets.index, terms["market"])]
    known = (made[element] / made["quantity"]).groupby([made["activity"], made["market"]]).first()
    keys = pd.MultiIndex.from_arrays([terms["activity"], terms["market"]])
    found = known.reindex(keys).to_numpy(float)
    return np.where(np.isnan(found) | terms["coefficient"].lt(0).to_numpy(), own, found)


def content_of(held: pd.DataFrame, element: str) -> Array:
    """Return tonnes of an element in a tonne, by market; 0 where a market held none in the base year."""
    return np.asarray(np.nan_to_num(held[element].to_numpy(float)))
