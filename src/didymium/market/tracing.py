"""Where material has been: what share of a market went through some plants.

Material that passed a marked activity is marked, and so is all that is made of it, in proportion to the element that
each input brings. In a market, what is marked mixes with what is not:

``T_m,n u_m,n = S_m,n-1 u_m,n-1 + sum_a out_am,n v_a,n + sum_r y_r,sent u_tail(r),sent``, ``v_a,n`` the mean of the
inputs' ``u``, weighted by their element; 1 where the activity is marked: *proportional mixing* (Leontief's inverse over
markets and months). Nobody has to mix so: lots can be kept apart, and :mod:`didymium.market.extremes` bounds what then
may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import Network, positions
from didymium.market.base import Base
from didymium.market.content import Holdings, mix

Array = npt.NDArray[np.float64]

TRACE = 1e-6
"""Tonnes below which a flow is nothing."""


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
    flows: Flows, marked: npt.NDArray[np.bool_], content: Array, first: Array | None = None, given: Array | None = None,
    crossed: Array | None = None,
) -> Array:  # fmt: skip
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
    crossed : array, routes, optional
        Share of what goes by each route that the route itself marks, whatever it passed before; none where None.
    """
    n, index = flows.network, flows.network.markets.index
    over = np.zeros(len(n.routes)) if crossed is None else crossed
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
        moved = sp.csr_matrix((arriving[now] * (1.0 - over[now]), (head[now], tail[now])), shape=(size, size))
        turned = sp.csr_matrix((flows.downgraded(month) * content[better], (lesser, better)), shape=(size, size))
        held = (flows.level[:, month - 1] if month else flows.start) * content
        own = held * before + gives @ marked.astype(float)
        own += np.bincount(head[now], arriving[now] * over[now], size)
        amount = held + np.asarray(gives.sum(axis=1)).ravel() + np.bincount(head[now], arriving[now], size)
        amount = amount + np.asarray(turned.sum(axis=1)).ravel()
        for route in np.nonzero(~now & (arriving > 0))[0]:
            sent = month - flows.lag[route]
            share = found[tail[route], sent] if sent >= 0 else begin[tail[route]]
            own[head[route]] += arriving[route] * (over[route] + (1.0 - over[route]) * share)
            amount[head[route]] += arriving[route]
        mixed = mix(sp.csr_matrix(gives @ takes + moved + turned), own[:, None], amount)[:, 0].clip(0.0, 1.0)
        found[:, month] = np.where(amount > TRACE, mixed, before)
        before = found[:, month]
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
