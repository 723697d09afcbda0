"""The same market program written straight into arrays, without didymium's laws: what the builder is measured against.

A competent script for this one structure: every block is integer arithmetic on numpy arrays, one ``coo -> csr`` by
scipy, one ``passModel``. No names, no other options, no checks. It starts from what the case's tables become anyhow
(network, base point, bounds by node), as arrays, and follows the builder's order of columns and rows, so that the two
matrices can be compared entry by entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp

from didymium.economy.willingness import DemandCurve
from didymium.market.curves import DEMAND_GRID, SUPPLY_GRID, CostCurve
from didymium.silent import silent_highs

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.market.options import Options
    from didymium.market.prepare import Market
    from didymium.market.tree import Tree


class Tables(NamedTuple):
    """What is known of the case, as plain arrays: quantities t, prices USD/kg, by position instead of by name."""

    term_activity: np.ndarray
    term_market: np.ndarray
    term_coefficient: np.ndarray
    facility: np.ndarray
    activity: np.ndarray
    activity_cost: np.ndarray
    supply_elasticity: np.ndarray
    growth: np.ndarray
    use_market: np.ndarray
    use_elasticity: np.ndarray
    use_choke: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    better: np.ndarray
    lesser: np.ndarray
    freight: np.ndarray
    lag: np.ndarray
    flow: np.ndarray
    price: np.ndarray
    disposal: np.ndarray
    stock_market: np.ndarray
    rest: np.ndarray
    firms: np.ndarray
    free: np.ndarray
    own: np.ndarray
    capacity: np.ndarray
    ship_bound: np.ndarray
    demand: np.ndarray
    cut: np.ndarray
    weight: np.ndarray
    years: np.ndarray
    rate: float
    holding: float
    no_transit: bool
    rungs: np.ndarray
    tiers: np.ndarray
    shares: np.ndarray


class Arrays(NamedTuple):
    """A finished linear program: maximise ``cost x``, ``lower <= x <= upper``, ``low <= A x <= high``."""

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    low: np.ndarray
    high: np.ndarray
    matrix: Any


def tables(case: Case, market: Market, tree: Tree, options: Options) -> Tables:
    """Return what is known of a chain of months, with or without stocks, nothing to decide."""
    from didymium.market.conditions import conditions
    from didymium.market.program import Parts
    from didymium.market.stocks import REST, TERMINAL, home_made, stock_table

    held = conditions(case, *market, tree, options)
    p = Parts(case, *market, tree, options, held, stock_table(*market, options))
    edges, shares = np.array(TERMINAL).T
    n, base = market
    assert not (n.uses["curve"].eq("linear").any() or n.activities["curve"].eq("linear").any())
    market = n.markets.index
    order = sorted(set(n.activities["facility"]))
    place = {name: at for at, name in enumerate(order)}
    at = n.facilities.index.get_indexer(order)
    stocks = p.stocks
    rates = ("a_discount_rate", "a_holding_cost") if len(stocks) else ()
    rate, holding = (p.case.assumption(name) for name in rates) if rates else (0.0, 0.0)
    return Tables(
        n.activities.index.get_indexer(n.terms["activity"]), market.get_indexer(n.terms["market"]),
        n.terms["coefficient"].to_numpy(float), np.array([place[f] for f in n.activities["facility"]]),
        base.activity.to_numpy(float), base.cost.to_numpy(float), base.elasticity.to_numpy(float),
        p.growth_of_supply() * p.tree.years(), market.get_indexer(n.uses["market"]),
        n.uses["elasticity"].to_numpy(float), n.uses["choke"].to_numpy(float), market.get_indexer(n.routes["tail"]),
        market.get_indexer(n.routes["head"]), market.get_indexer(n.downgrades["better"]),
        market.get_indexer(n.downgrades["lesser"]), base.freight.reindex(n.routes.index).to_numpy(float), p.lag(),
        base.ship.reindex(n.routes.index).to_numpy(float), base.price.reindex(market).to_numpy(float),
        n.markets["disposal"].to_numpy(float), market.get_indexer(stocks["market"]), stocks["rest"].to_numpy(float),
        stocks["kind"].eq("commercial").to_numpy(bool), stocks["release"].eq("free").to_numpy(bool),
        home_made(n, base, stocks).to_numpy(float), held.capacity[at], held.ship_bound, held.demand, held.cut,
        p.tree.weight(), p.tree.years(), rate, holding, p.options.no_transit, REST, edges, shares,
    )  # fmt: skip


def assemble(t: Tables) -> Arrays:
    """Return the program as finished arrays."""
    months = len(t.weight)
    node = np.arange(months, dtype=np.int32)
    size = {"activity": len(t.activity), "served": len(t.use_market), "dispose": len(t.price), "ship": len(t.tail),
            "downgrade": len(t.better)}  # fmt: skip
    ran = np.nonzero(t.activity > 0)[0]
    steps, parts, rungs, tiers = len(SUPPLY_GRID) - 1, len(DEMAND_GRID) - 1, len(t.rungs) - 1, len(t.tiers)
    firms, stocks = np.nonzero(t.firms)[0], len(t.rest)
    size |= {"served_segment": size["served"] * parts, "activity_segment": len(ran) * steps}
    if stocks:
        size |= {"stock": stocks, "fill": stocks, "release": stocks, "stock_segment": len(firms) * rungs}
    first, total = {}, 0
    for name, count in size.items():
        first[name], total = total, total + count * months
    if stocks:
        first["left"], total = total, total + stocks * tiers

    # Columns
    cost, upper = np.zeros(total), np.full(total, np.inf)

    def column(name: str, values: np.ndarray | None, bound: np.ndarray | None) -> None:
        at = slice(first[name], first[name] + size[name] * months)
        if values is not None:
            cost[at].reshape(-1, months)[:] = values
        if bound is not None:
            upper[at].reshape(-1, months)[:] = bound

    column("activity", np.where(t.activity > 0, 0.0, -t.activity_cost)[:, None] * t.weight, None)
    column("dispose", -t.disposal[:, None] * t.weight, None)
    sent = node - t.lag[:, None]
    lost = node >= months - t.lag[:, None]
    discount, price = (1 + t.rate) ** (-t.lag / 12.0), t.price[t.head]
    freight = t.freight - (1 - discount) * np.maximum(price, 0.0)
    column("ship", (np.where(lost, (price * discount)[:, None], 0.0) - freight[:, None]) * t.weight, t.ship_bound)
    one = np.ones((size["served"], 1))
    grid = np.broadcast_to(DEMAND_GRID, (size["served"], parts + 1))
    curve = (one, t.price[t.use_market, None], t.use_elasticity[:, None], t.use_choke[:, None], one < 0)
    slope = np.diff(DemandCurve(*curve).benefit(grid)) / np.diff(DEMAND_GRID)
    wide = np.diff(DEMAND_GRID)[:, None] * t.demand[:, None, :]
    column("served_segment", slope.reshape(-1, 1) * t.weight, wide.reshape(-1, months))
    grid, one = np.broadcast_to(SUPPLY_GRID, (len(ran), steps + 1)), np.ones((len(ran), 1))
    rising = CostCurve(one, t.activity_cost[ran, None], t.supply_elasticity[ran, None], one < 0)
    slope = np.diff(rising.total(grid)) / np.diff(SUPPLY_GRID)
    wide = np.diff(SUPPLY_GRID)[:, None] * (t.activity[ran, None] * t.growth[ran])[:, None, :]
    column("activity_segment", -slope.reshape(-1, 1) * t.weight, wide.reshape(-1, months))
    if stocks:
        price = np.maximum(t.price[t.stock_market], 0.0)
        fall = 1.0 - (1.0 + t.rate) ** -t.years
        column("stock", -price[:, None] * t.holding * t.years * t.weight, None)
        column("release", None, np.where(t.free[:, None] | t.cut[t.stock_market], np.inf, 0.0))
        column("fill", None, np.where(t.firms[:, None], np.inf, np.zeros(months)))
        before, after = t.rungs[:-1], t.rungs[1:]
        ease = np.append(1.0 / after[0] ** 2, 1.0 / (before[1:] * after[1:]))
        ease = (price[firms, None] * ease).reshape(-1, 1)
        wide = (t.rest[firms, None] * np.diff(t.rungs)).reshape(-1, 1)
        column("stock_segment", ease * (fall + t.holding * t.years) * t.weight, wide)
        last = t.weight[-1] * (1.0 + t.rate) ** -t.years[-1]
        cost[first["left"] :] = (price[:, None] * t.shares * last).ravel()
        upper[first["left"] :] = (t.rest[:, None] * np.diff(t.tiers, prepend=0.0)).ravel()

    # Rows
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    values: list[np.ndarray] = []
    low: list[np.ndarray] = []
    high: list[np.ndarray] = []
    above = 0

    def entries(row: np.ndarray, name: str, element: np.ndarray, value: Any) -> None:
        """Add ``value v[element, n]`` to row ``row`` at every node."""
        rows.append(((above + row * months)[:, None] + node).ravel())
        columns.append(((first[name] + element * months)[:, None] + node).ravel())
        values.append(np.repeat(np.broadcast_to(value, len(row)).astype(float), months))

    def side(below: np.ndarray, over: np.ndarray) -> None:
        nonlocal above
        low.append(below.ravel())
        high.append(over.ravel())
        above += below.size

    def each(name: str) -> np.ndarray:
        return np.arange(size[name], dtype=np.int32)

    entries(t.term_market, "activity", t.term_activity, t.term_coefficient)
    entries(t.use_market, "served", each("served"), -1.0)
    entries(each("dispose"), "dispose", each("dispose"), -1.0)
    entries(t.tail, "ship", each("ship"), -1.0)
    route, arrives = np.nonzero(sent >= 0)
    rows.append((t.head[route] * months + arrives).astype(np.int32))
    columns.append((first["ship"] + route * months + sent[route, arrives]).astype(np.int32))
    values.append(np.ones(len(route)))
    entries(t.better, "downgrade", each("downgrade"), -1.0)
    entries(t.lesser, "downgrade", each("downgrade"), 1.0)
    known = np.zeros((size["dispose"], months))
    np.add.at(known, t.head, np.where(sent < 0, t.flow[:, None] * t.years, 0.0))
    if stocks:
        entries(t.stock_market, "release", each("stock"), 1.0)
        entries(t.stock_market, "fill", each("stock"), -1.0)
    side(-known, -known)
    entries(t.facility, "activity", each("activity"), 1.0)
    side(np.full(t.capacity.shape, -np.inf), t.capacity)
    if t.no_transit:
        both = np.intersect1d(t.tail, t.head)
        place = np.full(size["dispose"], -1)
        place[both] = np.arange(len(both))
        leaving = np.nonzero(place[t.tail] >= 0)[0]
        entries(place[t.tail[leaving]], "ship", leaving, 1.0)
        made = (t.term_coefficient > 0) & (place[t.term_market] >= 0)
        entries(place[t.term_market[made]], "activity", t.term_activity[made], -t.term_coefficient[made])
        held = np.nonzero((t.own > 0) & (place[t.stock_market] >= 0))[0] if stocks else np.zeros(0, int)
        if len(held):
            entries(place[t.stock_market[held]], "release", held, -t.own[held])
            entries(place[t.stock_market[held]], "fill", held, t.own[held])
        side(np.full((len(both), months), -np.inf), np.zeros((len(both), months)))

    def split(whole: str, element: np.ndarray, segments: str, count: int) -> None:
        every = np.arange(len(element))
        entries(every, whole, element, 1.0)
        entries(np.repeat(every, count), segments, np.arange(len(element) * count), -1.0)
        side(np.zeros((len(element), months)), np.zeros((len(element), months)))

    split("served", each("served"), "served_segment", parts)
    split("activity", ran, "activity_segment", steps)
    if stocks:
        held = np.arange(stocks)
        rows.append(above + np.repeat(held, tiers))
        columns.append(first["left"] + np.arange(stocks * tiers))
        values.append(np.ones(stocks * tiers))
        rows.append(above + held)
        columns.append(first["stock"] + held * months + months - 1)
        values.append(-np.ones(stocks))
        side(np.full(stocks, -np.inf), np.zeros(stocks))
        # The first month's rows stand before the others'.
        row = np.concatenate([above + held[:, None], above + stocks + held[:, None] * (months - 1) + node[:-1]], axis=1)
        for name, sign in (("stock", 1.0), ("fill", -1.0), ("release", 1.0)):
            rows.append(row.ravel())
            columns.append((first[name] + held[:, None] * months + node).ravel())
            values.append(np.full(row.size, sign))
        rows.append(row[:, 1:].ravel())
        columns.append((first["stock"] + held[:, None] * months + node[:-1]).ravel())
        values.append(-np.ones(stocks * (months - 1)))
        side(t.rest, t.rest)
        side(np.zeros(stocks * (months - 1)), np.zeros(stocks * (months - 1)))
        split("stock", firms, "stock_segment", rungs)

    place_of = (np.concatenate(rows).astype(np.int32), np.concatenate(columns).astype(np.int32))
    matrix = sp.coo_array((np.concatenate(values), place_of), shape=(above, total)).tocsr()
    return Arrays(cost, np.zeros(total), upper, np.concatenate(low), np.concatenate(high), matrix)


def hand_over(lp: Arrays) -> Any:
    """Return a silent HiGHS that holds finished arrays: the floor below which no builder gets."""
    highs = silent_highs()
    matrix = lp.matrix
    status = highs.passModel(
        len(lp.cost), len(lp.low), matrix.nnz, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMaximize), 0.0,
        lp.cost, lp.lower, lp.upper, lp.low, lp.high, matrix.indptr, matrix.indices, matrix.data,
        np.zeros(len(lp.cost), dtype=np.int32),
    )  # fmt: skip
    assert status == highspy.HighsStatus.kOk
    return highs
