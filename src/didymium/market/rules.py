"""What governments set, as rows of the program: purses and caps, first call, pooled quotas, who is served first.

The sets and units are those of :mod:`didymium.market.laws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.market.blocks import Terms

if TYPE_CHECKING:
    from didymium.market.options import Project
    from didymium.market.program import Parts

EVER = 9999
"""A year that no plan reaches."""


def purses(p: Parts) -> None:
    """``sum capex build + sum p0 fill <= purse`` by the end of every year of every path, kUSD; caps: :func:`limits`."""
    by_label = {x.label for x in p.options.projects if x.choose}
    for name, group in limits(p).items():
        index = pd.RangeIndex(len(group), name=f"path_{name}")
        terms, high = Terms(p, index, np.arange(1)), np.array([row.limit for row in group])
        for at, row in enumerate(group):
            for label, amount in row.build.items():
                if label in by_label:
                    terms.add("build", np.array([at]), amount, of=[label])
            for (stock, node), price in row.fill.items():
                terms.add("fill", np.array([at]), price, of=[stock], at=np.array([node]))
        if terms.rows:
            terms.state(name, "<=", high[:, None], coords=() if len(group) == 1 else (index,))


class Limit(NamedTuple):
    """``sum build + sum fill <= limit``: coefficients by project, and by stock and node.

    ``until`` is the last year whose spending counts, of a purse that fills over the years; 0: every year does.
    """

    limit: float
    build: dict[str, float]
    fill: dict[tuple[str, int], float]
    until: int = 0


def limits(p: Parts) -> dict[str, list[Limit]]:
    """``sum_{spent by the end of y} <= sum_{come in by the end of y}`` of every purse, along every path; and caps.

    What is not spent is kept. Capital is spent in full in the year of its decision, stocks when they are bought. A row
    stands for the last year before money comes in, and for the last year of the path: the years between follow. Before
    the first instalment there is nothing; one that comes in after the horizon buys nothing.

    Returns
    -------
    dict of str to list of Limit
        By name: each purse and each cap.
    """
    options, tree, nodes = p.options, p.tree, p.tree.nodes
    paths = [tree.path(leaf) for leaf in np.setdiff1d(np.arange(len(tree)), nodes["parent"])]
    chosen = [x for x in options.projects if x.choose]
    years = [day.year for day in nodes["start"]]
    buys = {x.market: (range(len(tree)) if x.nodes is None else x.nodes) for x in options.programmes if x.fixed is None}
    found: dict[str, list[Limit]] = {}

    def state(name: str, row: Limit) -> None:
        rows = found.setdefault(name, [])
        for at, other in enumerate(rows):
            if (
                other.limit == row.limit
                and row.build.keys() <= other.build.keys()
                and row.fill.keys() <= other.fill.keys()
            ):
                return
            if (
                other.limit == row.limit
                and other.build.keys() <= row.build.keys()
                and other.fill.keys() <= row.fill.keys()
            ):
                rows[at] = row
                return
        if row.build or row.fill:
            rows.append(row)

    def on(path: list[int], before: int, project: Project) -> bool:
        seen = path if project.nodes is None else [n for n in path if n in set(project.nodes)]
        return bool(seen) and years[seen[0]] < before

    for path in paths:
        for payer, money in options.purses.items():
            for before, amount in spendable(money, years[path[-1]]):
                build = {x.label: x.capex for x in chosen if x.payer == payer and x.capex > 0 and on(path, before, x)}
                fill = {
                    (f"programme|{x.market}", n): float(p.base.price[x.market])
                    for x in options.programmes if x.payer == payer and x.market in buys
                    for n in path if n in buys[x.market] and years[n] < before
                }  # fmt: skip
                state(f"purse_{payer}", Limit(amount, build, fill, 0 if before == EVER else before - 1))
        for cap in options.caps:
            use = {x.label: cap.use[x.facility] for x in chosen if x.facility in cap.use and on(path, EVER, x)}
            state(f"cap_{cap.name}", Limit(cap.limit, use, {}))
    return found


def spendable(money: float | tuple[tuple[int, float], ...], last: int) -> list[tuple[int, float]]:
    """Return years, and what all spending before each is at most; the last row stands for all spending.

    Parameters
    ----------
    money : float or tuple of (int, float)
        There from the start; or what has come in by the end of each year named, in order.
    last : int
        Last year in which anything may be spent.
    """
    if isinstance(money, int | float):
        return [(EVER, money)]
    there, rows = 0.0, []
    for year, amount in money:
        if year > last:
            break
        rows.append((year, there))
        there = amount
    return [*rows, (EVER, there)]


def first_call(p: Parts) -> None:
    """``s sum_{f} sum_{a in f} A[m,a] x[a,n] - sum_{r from m to who} y[r,n] <= 0`` where a right is used.

    For every right, and every market ``m`` abroad in which its plants sell something that goes to whoever holds it. The
    row stands from the start, without a limit until the right is used (:mod:`didymium.plan.clearing`).
    """
    n = p.network
    for call in p.options.calls:
        own = n.activities.index[
            n.activities["facility"].isin(call.facilities) & ~n.activities["region"].isin(call.who)
        ]
        made = n.terms[n.terms["activity"].isin(own) & n.terms["coefficient"].gt(0)]
        routes = n.routes[n.routes["destination"].isin(call.who) & n.routes["tail"].isin(set(made["market"]))]
        made = made[made["market"].isin(set(routes["tail"]))]
        if not len(made):
            continue
        terms = Terms(p, pd.Index(sorted(set(made["market"])), name="market"))
        terms.add("activity", made["market"], call.share * made["coefficient"], of=made["activity"])
        terms.add("ship", routes["tail"], -1.0, of=routes.index)
        terms.state(f"first_call_{call.label}", "<=", np.inf)


def pooled_quotas(p: Parts) -> None:
    """``sum_{r in pool} y[r,n] <= share x base flow x length``: one quota for all destinations, whatever the mix.

    The row stands from the start, without a limit until a measure sets one.
    """
    routes, free = p.network.routes, np.full(len(p.tree), np.inf)
    for place, pool in enumerate(dict.fromkeys((*p.options.pools, *p.conditions.pools))):
        on = routes["origin"].eq(pool.controller) & routes["destination"].isin(pool.destinations)
        on &= routes["commodity"].isin(pool.commodities)
        if on.any():
            terms = Terms(p, pd.Index([f"pool_{place}"], name="pool"))
            terms.add("ship", np.repeat(f"pool_{place}", int(on.sum())), of=routes.index[on])
            terms.state(f"pool_{place}", "<=", p.conditions.pools.get(pool, free)[None, :])


def reserved_first(p: Parts) -> None:
    """``- sum_{u in class} q[u,0] <= - L``: what is reserved for a class of end uses in the first node.

    ``L`` is 0 until :func:`didymium.market.priority.ration` has found out what can be reserved.
    """
    uses = p.network.uses
    classes = priority_classes(p)
    terms = Terms(p, pd.Index(list(classes), name="priority"), np.arange(1))
    for priority, members in classes.items():
        terms.add("served", np.repeat(priority, int(members.sum())), -1.0, of=uses.index[members])
    if terms.rows:
        terms.state("reserved", "<=", 0.0)


def priority_classes(p: Parts) -> dict[int, np.ndarray]:
    """Return which end uses of the participants have each priority, first ones first; the last class is left out."""
    uses = p.network.uses
    mine = uses["region"].isin(p.case.participants)
    ranks = sorted(set(uses.loc[mine, "priority"].astype(int)))
    return {rank: (mine & uses["priority"].eq(rank)).to_numpy() for rank in ranks[:-1]}
