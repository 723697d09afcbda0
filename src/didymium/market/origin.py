"""Split by origin: a second set of quantities, those free of a country's material, beside the market's own.

Every total keeps its law. Beside it stands its clean part, never larger than the total: what a process makes is clean
only if all that it takes in is (any input taints), clean goods may be sold as controlled, never back, and stocks carry
their origin. A rule that follows the atoms bounds total less clean. Without one nothing here binds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.case.check import split_list
from didymium.case.network import positions
from didymium.faults import DidymiumError
from didymium.market.blocks import Terms
from didymium.market.conditions import shares
from didymium.market.laws import from_stock, shipped_at
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.network import Network
    from didymium.case.scenario import Scenario
    from didymium.market.base import Base
    from didymium.market.program import Parts

PASSES = 500
"""Rounds of mixing after which clean shares have settled: recycling is the only loop."""


class Split(NamedTuple):
    """Whose material is followed through which commodities."""

    controller: str
    commodities: frozenset[str]


class Clean(NamedTuple):
    """Clean part of what one month hands to the next: stock levels (t), and goods under way (routes x nodes, t)."""

    level: pd.Series
    under_way: pd.DataFrame


def split_for(case: cases.Case, scenario: Scenario) -> Split | None:
    """Return the split that a scenario's rules need; None where none follows atoms.

    It holds what the rules cover and follow, and all that these are made of as far as it holds an element of what is
    followed as oxide or metal.

    Raises
    ------
    DidymiumError
        Rules that follow two countries' material.
    """
    rules = [r for r in scenario.restrictions if r.kind == "content_rule" or r.end_uses]
    if not rules:
        return None
    controllers = sorted({r.controller for r in rules})
    if len(controllers) > 1:
        raise DidymiumError(
            _("scenario {name}: rules follow the material of {controllers} -> follow one country's at a time").format(
                name=scenario.name, controllers=", ".join(controllers)
            )
        )
    table = case["commodities"].set_index("commodity")
    elements = {str(name): set(split_list(str(cell))) for name, cell in table["elements"].items()}
    held = {c for r in rules for c in (*r.commodities, *r.follows)}
    pure = [c for c in held if "separation" in str(table.at[c, "stage"]) or table.at[c, "stage"] == "metal"]
    followed = set().union(*(elements[c] for c in pure or held))
    recipes = case["recipes"]
    while True:
        makers = set(recipes.loc[recipes["commodity"].isin(held) & recipes["coefficient"].gt(0), "process"])
        inputs = recipes.loc[recipes["process"].isin(makers) & recipes["coefficient"].lt(0), "commodity"]
        more = {str(c) for c in inputs if elements[str(c)] & followed} - held
        if not more:
            return Split(controllers[0], frozenset(held))
        held |= more


def clean_shares(network: Network, base: Base, split: Split) -> pd.Series:
    """Return the clean share of what each market of the split handles in the base year, 0 to 1.

    A market mixes in proportion what is made there and what arrives; a process is as clean as its least clean input.
    """
    index = network.markets.index[network.markets["commodity"].isin(split.commodities)]
    own = network.markets.loc[index, "region"].eq(split.controller).to_numpy()
    terms = network.terms[network.terms["market"].isin(index)]
    ran = base.activity.reindex(terms["activity"]).to_numpy(float)
    made = np.maximum(terms["coefficient"].to_numpy(float), 0.0) * ran
    market, activity = positions(index, terms["market"]), positions(network.activities.index, terms["activity"])
    takes = terms["coefficient"].lt(0).to_numpy()
    routes = network.routes[network.routes["commodity"].isin(split.commodities)]
    flow = base.ship.reindex(routes.index).to_numpy(float)
    tail, head = positions(index, routes["tail"]), positions(index, routes["head"])
    total = np.bincount(market, made, len(index)) + np.bincount(head, flow, len(index))
    share = np.where(own, 0.0, 1.0)
    for _round in range(PASSES):
        pure = np.ones(len(network.activities))
        np.minimum.at(pure, activity[takes], share[market[takes]])
        clean = np.bincount(market, made * pure[activity], len(index))
        clean += np.bincount(head, flow * share[tail], len(index))
        mixed = np.where(own, 0.0, np.divide(clean, total, out=np.ones_like(total), where=total > 1e-9))
        if np.max(np.abs(mixed - share), initial=0.0) < 1e-12:
            break
        share = mixed
    return pd.Series(share, index=index)


class _Sides(NamedTuple):
    """Which elements of the program have a clean part."""

    markets: pd.Index
    activities: pd.Index
    routes: pd.DataFrame
    uses: pd.DataFrame
    stocks: pd.DataFrame


def _sides(p: Parts, split: Split) -> _Sides:
    """Nothing in the controller's own region is clean, and what goes there is lost as clean."""
    n = p.network
    abroad = n.markets["commodity"].isin(split.commodities) & n.markets["region"].ne(split.controller)
    markets = n.markets.index[abroad]
    made = n.terms["coefficient"].gt(0) & n.terms["market"].isin(markets)
    makes = n.activities.index[n.activities.index.isin(n.terms.loc[made, "activity"])]
    routes = n.routes[n.routes["tail"].isin(markets) & n.routes["head"].isin(markets)]
    return _Sides(markets, makes, routes, n.uses[n.uses["market"].isin(markets)],
                  p.stocks[p.stocks["market"].isin(markets)])  # fmt: skip


def add_origin(p: Parts, split: Split) -> None:
    """Add the clean quantities and their laws."""
    sides, nodes, add = _sides(p, split), p.tree.index, p.model.add_variable
    add("clean_activity", [sides.activities, nodes])
    add("clean_ship", [sides.routes.index, nodes])
    add("clean_served", [sides.uses.index, nodes])
    parts = {"activity": sides.activities, "ship": sides.routes.index, "served": sides.uses.index}
    if len(sides.stocks):
        for name in ("stock", "fill", "release"):
            add(f"clean_{name}", [sides.stocks.index, nodes])
            parts[name] = sides.stocks.index
    for name, index in parts.items():
        _part_of(p, name, index)
    share = clean_shares(p.network, p.base, split)
    _clean_balance(p, sides, share)
    _clean_transit(p, sides)
    if len(sides.stocks):
        _clean_stock(p, sides, share)
    _rules(p, sides, share)


def _part_of(p: Parts, name: str, index: pd.Index) -> None:
    """``clean v <= v``: what is not clean is never less than nothing."""
    terms = Terms(p, index)
    terms.add(f"clean_{name}", index)
    terms.add(name, index, -1.0, of=index)
    terms.state(f"clean_{name}_part", "<=", 0.0)


def _clean_balance(p: Parts, sides: _Sides, share: pd.Series) -> None:
    """``- sum_a A[m,a] x'[a] - arrivals' + departures' - release' + fill' + served' <= 0``; the rest is sold as any."""
    n, terms = p.network, Terms(p, sides.markets)
    mine = n.terms[n.terms["market"].isin(sides.markets) & n.terms["activity"].isin(sides.activities)]
    terms.add("clean_activity", mine["market"], -mine["coefficient"], of=mine["activity"])
    terms.add("clean_served", sides.uses["market"])
    terms.add("clean_ship", sides.routes["tail"])
    at = shipped_at(p)[positions(n.routes.index, sides.routes.index)]
    terms.add("clean_ship", sides.routes["head"], -1.0, at=at)
    if len(sides.stocks):
        terms.add("clean_release", sides.stocks["market"], -1.0)
        terms.add("clean_fill", sides.stocks["market"])
    terms.state("clean_balance", "<=", _known_clean(p, sides, share, at))


def _known_clean(p: Parts, sides: _Sides, share: pd.Series, at: np.ndarray) -> np.ndarray:
    """Return the clean goods that arrive from before the first node, markets x nodes, t."""
    routes = sides.routes
    if p.options.clean is not None:
        flows = p.options.clean.under_way.reindex(routes.index).to_numpy(float)[:, : len(p.tree)]
    else:
        sent = p.base.ship.reindex(routes.index) * share.reindex(routes["tail"]).to_numpy()
        flows = sent.to_numpy(float)[:, None] * p.tree.years()
    known = np.zeros((len(sides.markets), len(p.tree)))
    np.add.at(known, positions(sides.markets, routes["head"]), np.where(at < 0, flows, 0.0))
    return known


def _clean_transit(p: Parts, sides: _Sides) -> None:
    """``departures' <= own clean output + own[h] (release' - fill')``: what is bought clean is not passed on either."""
    if not p.options.no_transit:
        return
    index = sides.markets[sides.markets.isin(sides.routes["tail"])]
    if not len(index):
        return
    terms = Terms(p, index)
    terms.add("clean_ship", sides.routes["tail"])
    n = p.network
    made = n.terms[n.terms["market"].isin(index) & n.terms["coefficient"].gt(0)]
    terms.add("clean_activity", made["market"], -made["coefficient"], of=made["activity"])
    from_stock(p, terms, sides.stocks[sides.stocks["market"].isin(index)], "clean_")
    terms.state("clean_transit", "<=", 0.0)


def _clean_stock(p: Parts, sides: _Sides, share: pd.Series) -> None:
    """``s'[n] = s'[parent] + fill' - release'``, from the clean part of the level at the start."""
    parent, stocks = p.tree.nodes["parent"].to_numpy(int), sides.stocks
    if p.options.clean is not None:
        start = p.options.clean.level.reindex(stocks.index).to_numpy(float)
    else:
        level = p.stock_start()[positions(p.stocks.index, stocks.index)]
        start = level * share.reindex(stocks["market"]).to_numpy(float)
    for name, nodes in (("start", np.nonzero(parent < 0)[0]), ("balance", np.nonzero(parent >= 0)[0])):
        if not len(nodes):
            continue
        terms = Terms(p, stocks.index, nodes)
        terms.add("clean_stock", stocks.index)
        terms.add("clean_fill", stocks.index, -1.0)
        terms.add("clean_release", stocks.index)
        if name == "balance":
            terms.add("clean_stock", stocks.index, -1.0, at=parent[nodes])
        terms.state(f"clean_stock_{name}", "=", start[:, None] if name == "start" else 0.0)


def _rules(p: Parts, sides: _Sides, share: pd.Series) -> None:
    """``y - y' <= share x base flow that was not clean`` between others, ``q - q' <= share x wanted`` of end uses."""
    routes, uses = sides.routes, sides.uses
    ship = np.full((len(routes), len(p.tree)), np.inf)
    served = np.full((len(uses), len(p.tree)), np.inf)
    dirty = p.base.ship.reindex(routes.index).to_numpy(float) * (1.0 - share.reindex(routes["tail"]).to_numpy())
    wanted = p.conditions.demand[positions(p.network.uses.index, uses.index)]
    years = p.tree.years()
    for measure, let_through in shares(p.tree).items():
        bites = let_through < 1.0
        if measure.end_uses:
            on = uses["end_use"].isin(measure.end_uses) & uses["region"].isin(measure.destinations)
            cells = np.ix_((on & uses["commodity"].isin(measure.commodities)).to_numpy(), bites)
            served[cells] = np.minimum(served[cells], (let_through * wanted)[cells])
        elif measure.kind == "content_rule":
            on = routes["destination"].isin(measure.destinations) & routes["commodity"].isin(measure.commodities)
            cells = np.ix_(on.to_numpy(), bites)
            ship[cells] = np.minimum(ship[cells], (dirty[:, None] * let_through * years)[cells])
    for name, index, limit in (("ship", routes.index, ship), ("served", uses.index, served)):
        terms = Terms(p, index)
        terms.add(name, index, of=index)
        terms.add(f"clean_{name}", index, -1.0)
        terms.state(f"tainted_{name}", "<=", limit)
