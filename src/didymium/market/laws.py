"""The laws of the market, one function each, the equation first: goods, plants and stocks.

Sets: activities ``a`` (a facility's recipe), markets ``m`` (a commodity in a region), routes ``r``, end uses ``u``,
stocks ``h``, nodes ``n``. Every variable belongs to a node. Quantities are tonnes in the node's period, money thousands
of USD, prices USD/kg. Objective: maximise. What curves become is in :mod:`didymium.market.segments`, what governments
set in :mod:`didymium.market.rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.market.blocks import Terms
from didymium.market.stocks import home_made
from didymium.market.tree import MONTH

if TYPE_CHECKING:
    from didymium.market.options import Project
    from didymium.market.program import Parts


def balance(p: Parts) -> None:
    """``sum_a A[m,a] x[a,n] + arrivals - departures + release - fill - served - disposal + downgrades = 0``.

    For every ``m``, ``n``. A better good may serve as a lesser one: it leaves its own market for the other's, never
    back. Goods under way from before the first node are a constant on the right. The dual is the price: probability x
    discount x USD/kg.
    """
    n, terms = p.network, Terms(p, p.network.markets.index)
    terms.add("activity", n.terms["market"], n.terms["coefficient"], of=n.terms["activity"])
    terms.add("served", n.uses["market"], -1.0)
    terms.add("dispose", n.markets.index, -1.0)
    terms.add("ship", n.routes["tail"], -1.0)
    arrivals(p, terms)
    if len(n.downgrades):
        terms.add("downgrade", n.downgrades["better"], -1.0)
        terms.add("downgrade", n.downgrades["lesser"])
    if "stock" in p.model.columns:
        terms.add("release", p.stocks["market"])
        terms.add("fill", p.stocks["market"], -1.0)
    terms.state("balance", "=", -known_arrivals(p))


def arrivals(p: Parts, terms: Terms) -> None:
    """``arrivals[m,n] = sum_{r to m} y[r, n - lag(r)]``: what was shipped a transit time ago arrives.

    The lag counts months; a node longer than six weeks receives what it ships.
    """
    terms.add("ship", p.network.routes["head"], at=shipped_at(p))


def known_arrivals(p: Parts) -> np.ndarray:
    """Return what arrives from before the first node, markets x nodes, t.

    The base year's flow, or what a rolling horizon knows to be under way.
    """
    n, routes = p.network, p.network.routes
    before = shipped_at(p) < 0
    known = np.zeros((len(n.markets), len(p.tree)))
    early = np.nonzero(before.any(axis=0))[0]
    if len(early):
        if p.options.under_way is not None:
            flows = p.options.under_way.reindex(routes.index).to_numpy(float)[:, early]
        else:
            flows = p.base.ship.reindex(routes.index).to_numpy(float)[:, None] * p.tree.years()[early]
        arriving = np.zeros((len(n.markets), len(early)))
        np.add.at(arriving, n.heads, np.where(before[:, early], flows, 0.0))
        known[:, early] = arriving
    return known


def freight(p: Parts) -> np.ndarray:
    """``f[r] - (1 - d[r,n]) p0[head]``, USD/kg: freight beside the interest on goods under way, ``d`` their discount.

    The price gap that a used route bridged in the base year paid for both. Where time passes on the way the program
    discounts the arrival by itself; charged twice, no base year with transit would stay at rest. Routes x nodes.
    """
    routes, base = p.network.routes, p.base
    head = np.maximum(base.price.reindex(routes["head"]).to_numpy(float), 0.0)[:, None]
    loses = 1 - p.discount_under_way()
    # A stated case may leave the price of what is neither used nor long under way unknown.
    interest = np.where(loses > 0, loses * head, 0.0)
    return np.asarray(base.freight.reindex(routes.index).to_numpy(float)[:, None] - interest)


def shipped_at(p: Parts) -> np.ndarray:
    """Return the node whose shipment arrives at each node, routes x nodes; -1 where it left before the first one."""
    lag, nodes = p.lag(), np.arange(len(p.tree))
    sent = [p.tree.lagged(nodes, months) for months in range(int(lag.max(initial=0)) + 1)]
    return np.asarray(np.stack(sent)[lag])


def lost_at_end(p: Parts) -> np.ndarray:
    """Return which shipments would arrive after the last node, routes x nodes."""
    from_node = shipped_at(p)
    lost = np.ones_like(from_node, dtype=bool)
    rows, nodes = np.nonzero(from_node >= 0)
    lost[rows, from_node[rows, nodes]] = False
    return lost


def capacity(p: Parts) -> None:
    """``sum_{a in f} x[a,n] <= capacity[f,n] + sum_{v of f} project[v,n] build[v]``, built share by decision.

    Capacity is in the side that the facility states it: feed of separation, output of metal, alloy and magnets.
    """
    facility = p.network.activities["facility"]
    projects = p.options.projects
    chosen = [project.choose for project in projects]
    names = pd.Index(sorted(set(facility)), name="facility")
    decided = names.isin({x.facility for x in projects if x.choose})
    given = built_capacity(p, np.array([0.0 if x.choose else x.share for x in projects]))
    for name, index in (("project_capacity", names[decided]), ("capacity", names[~decided])):
        if not len(index):
            continue
        mine, terms = facility[facility.isin(index)], Terms(p, index)
        terms.add("activity", mine, of=mine.index)
        if name == "project_capacity":
            places = [x.facility for x in projects if x.choose]
            terms.add("build", places, -p.conditions.projects[chosen], of=[x.label for x in projects if x.choose])
        terms.state(name, "<=", given[positions(p.network.facilities.index, index)])


def built_capacity(p: Parts, shares: np.ndarray) -> np.ndarray:
    """``capacity[f,n] + sum_{v of f} project[v,n] share[v]``: facilities x nodes, t.

    Parameters
    ----------
    p : Parts
        The program's parts.
    shares : array
        Built share of each project of the options.
    """
    projects = p.options.projects
    decided = np.array([x.facility for x in projects], dtype=object)
    limit = p.conditions.capacity.copy()
    index = p.network.facilities.index
    known = index.isin(decided)
    limit[known] = 0.0
    if len(projects):
        np.add.at(limit, positions(index, decided), p.conditions.projects * shares[:, None])
    return limit


def once(p: Parts) -> None:
    """``sum_{v of f on a path} build[v] <= 1``: a project that may be decided more than once is built once."""
    by_facility: dict[str, list[Project]] = {}
    for project in p.options.projects:
        if project.choose:
            by_facility.setdefault(project.facility, []).append(project)
    paths = [set(p.tree.path(leaf)) for leaf in np.setdiff1d(np.arange(len(p.tree)), p.tree.nodes["parent"])]
    rows: dict[tuple[str, ...], None] = {}
    for own in by_facility.values():
        if len(own) < 2:
            continue
        for path in paths:
            seen = tuple(x.label for x in own if x.nodes is None or path & set(x.nodes))
            if len(seen) > 1:
                rows[seen] = None
    if not rows:
        return
    index = pd.Index(["|".join(seen) for seen in rows], name="once")
    terms = Terms(p, index, np.arange(1))
    for name, seen in zip(index, rows, strict=True):
        terms.add("build", [name] * len(seen), of=list(seen))
    terms.state("once", "<=", 1.0, coords=(index,))


def no_transit(p: Parts) -> None:
    """``departures[m,n] <= own output + own[h] (release[h,n] - fill[h,n])``: a region passes on only what it makes.

    Without it a ban on one country does nothing, because the next country passes the goods on. Only where goods may
    also come in: elsewhere the balance says the same. What thrift saves is not made. What a region made before is its
    own too: the firms' stocks hold home-made goods in the base year's mix, ``own = output / (output + arrivals)``, and
    give them out in that mix. Over time no more leaves than was made, plus the home-made part of what stocks gave.
    """
    n, index = p.network, p.network.markets.index
    tail, head, made_in = (positions(index, table) for table in (n.routes["tail"], n.routes["head"], n.terms["market"]))
    both = np.intersect1d(tail, head)
    if len(both) == 0:
        return
    terms = Terms(p, index[both])
    leaves = np.isin(tail, both)
    terms.add("ship", n.routes["tail"][leaves], of=n.routes.index[leaves])
    saved = n.terms["activity"].isin(n.activities.index[n.activities["saves"]])
    made = n.terms["coefficient"].gt(0) & np.isin(made_in, both) & ~saved
    terms.add("activity", n.terms["market"][made], -n.terms["coefficient"][made], of=n.terms["activity"][made])
    from_stock(p, terms, p.stocks[p.stocks["market"].isin(index[both])])
    terms.state("no_transit", "<=", 0.0)


def from_stock(p: Parts, terms: Terms, stocks: pd.DataFrame, prefix: str = "") -> None:
    """Add ``- own[h] (release[h,n] - fill[h,n])`` to the law against transit."""
    own = home_made(p.network, p.base, stocks)
    own = own[own > 0]
    if len(own):
        terms.add(f"{prefix}release", stocks.loc[own.index, "market"], -own, of=own.index)
        terms.add(f"{prefix}fill", stocks.loc[own.index, "market"], own, of=own.index)


def thrift_stays(p: Parts) -> None:
    """``sum_{a saves m} A[m,a] x[a,n] <= sum_u q[u,n]``: what is saved was needed there, and nothing else comes of it.

    A programme of thrift stands in the balance like a plant: a need that falls by a tonne is a tonne less to be made.
    It cannot leave its region (:func:`no_transit` does not count it), and its gain is its users'.
    """
    n, saves = p.network, p.network.activities["saves"]
    terms_of = n.terms[n.terms["activity"].map(saves) & n.terms["coefficient"].gt(0)]
    if not len(terms_of):
        return
    index = pd.Index(sorted(set(terms_of["market"])), name="market")
    terms, uses = Terms(p, index), n.uses[n.uses["market"].isin(index)]
    terms.add("activity", terms_of["market"], terms_of["coefficient"], of=terms_of["activity"])
    terms.add("served", uses["market"], -1.0, of=uses.index)
    terms.state("thrift_stays", "<=", 0.0)


def stock_balance(p: Parts) -> None:
    """``s[h,n] = s[h, parent(n)] + fill[h,n] - release[h,n]``, from the level at the start.

    Working stocks begin at that level again after every settled node.
    """
    stocks, before = p.stocks.index, level_before(p)
    parent = p.tree.nodes["parent"].to_numpy(int)
    for name, nodes in (("stock_start", np.nonzero(parent < 0)[0]), ("stock_balance", np.nonzero(parent >= 0)[0])):
        if not len(nodes):
            continue
        terms = Terms(p, stocks, nodes)
        terms.add("stock", stocks)
        terms.add("fill", stocks, -1.0)
        terms.add("release", stocks)
        if name == "stock_balance":
            terms.add("stock", stocks, -1.0, at=before[:, nodes])
        terms.state(name, "=", np.where(before[:, nodes] < 0, p.stock_start()[:, None], 0.0))


def level_before(p: Parts) -> np.ndarray:
    """Return the node whose level each node begins with, stocks x nodes; -1: the level at the start."""
    parent = p.tree.nodes["parent"].to_numpy(int)[None, :]
    anew = p.stocks["kind"].eq("commercial").to_numpy()[:, None] & p.tree.rested()[None, :]
    return np.where(anew, -1, parent)


def settle(p: Parts) -> None:
    """``s[h,n] + unfilled[h,n] = start[h]`` for working stocks at every settled node."""
    if "unfilled" not in p.model.columns:
        return
    firms, rests = p.model.columns["unfilled"].coords[0], np.nonzero(p.tree.settled())[0]
    terms = Terms(p, firms, rests)
    terms.add("stock", firms, of=firms)
    terms.add("unfilled", firms, at=np.arange(len(rests)))
    start = p.stock_start()[p.stocks.index.get_indexer(firms)]
    terms.state("settle", "=", start[:, None])


def monthly_lag(days: np.ndarray) -> np.ndarray:
    """Return whole months of a transit time: ``round(days / 30.4)``."""
    return np.rint(days / MONTH).astype(int)
