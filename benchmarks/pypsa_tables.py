"""The planning program of a set of scenarios as PyPSA's components, in files that `pypsa_chain.py` reads.

Every term has its component, so that both programs have one optimum:

* a market is a bus; a route, a segment of supply, a downgrade is a link; a segment of demand is a generator that takes;
* a region that passes on only what it makes has a second bus for that: output goes there, routes leave from there, and
  a link leads from it to the market. Thrift serves users alone: they have a bus of their own behind the market;
* a plant's capacity is the generator of its own bus; a project's may be extended by one module, the whole plant
  (`p_nom_mod`); its ramp and its outages are `p_max_pu`, by scenario;
* a firm's stock is a bus with a store for every rung of its convenience yield, pinned to the level at the start where
  firms have their stocks back. What cannot be had by then comes from a generator at the price of what is missing, as if
  all of it were of the highest rung filled: PyPSA's objective is better by what lower rungs are worth more, some 1e-9;
* a strategic stock is a store with links for buying and for giving out. What is bought before the scenarios part is the
  `p_nom` of a link that runs at exactly that; PyPSA shares nominal sizes among scenarios, nothing else;
* purses and caps are rows that PyPSA has no component for: `extra_functionality` adds them.

PyPSA knows one set of snapshots, so every scenario has the same periods. It has a scenario's own copy of what comes
before the scenarios part; with equal first decisions these copies have equal optima. Rights of first call are rows
without a limit until they are used; they have no counterpart. Risk and later decisions are not in the instance.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from didymium.market import laws, rules
from didymium.market.program import Program
from didymium.market.stocks import REST, TERMINAL, home_made

UNBOUND = 1e7
"""Tonnes in a period that nothing reaches: PyPSA wants a number where we have none."""


@dataclass
class Table:
    """Components of one kind: their names, what stands fast, and what moves with scenario and period.

    Parameters
    ----------
    shape : tuple of int
        How many scenarios and periods there are.
    """

    shape: tuple[int, int]
    names: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    moves: dict[str, list[tuple[str, np.ndarray]]] = field(default_factory=dict)

    def add(self, name: str, **fields: Any) -> None:
        """Add one; an array of scenarios x periods moves, where it does."""
        fixed = {}
        for key, value in fields.items():
            if not isinstance(value, np.ndarray):
                fixed[key] = value
            elif np.ptp(value) <= 1e-12 * np.abs(value).max():
                fixed[key] = float(value.flat[0])
            else:
                self.moves.setdefault(key, []).append((name, np.broadcast_to(value, self.shape)))
        self.names.append(name)
        self.rows.append(fixed)

    def able(self, name: str, most: np.ndarray, **fields: Any) -> None:
        """Add what may run up to ``most`` (scenarios x periods): its peak and a share of it."""
        peak = float(most.max())
        share = most / peak if peak > 0 else np.ones_like(most)
        self.add(name, p_nom=peak, p_max_pu=share, **fields)

    def write(self, path: Path) -> None:
        """Write them down; fields that a component does not have are left to PyPSA."""
        fixed = {key: {name: row[key] for name, row in zip(self.names, self.rows, strict=True) if key in row}
                 for key in dict.fromkeys(key for row in self.rows for key in row)}  # fmt: skip
        about = {"names": self.names, "fixed": fixed, "moves": {k: [n for n, _v in v] for k, v in self.moves.items()}}
        path.with_suffix(".json").write_text(json.dumps(about), encoding="utf-8")
        np.savez(path.with_suffix(".npz"), **{k: np.stack([x for _n, x in v]) for k, v in self.moves.items()})


class Statement:
    """The components of a set of scenarios.

    Parameters
    ----------
    programs : list of Program
        Each scenario's own, as if it were certain, over the same periods.
    probability : list of float
        Of each.
    common : int
        Periods before the scenarios part.
    """

    def __init__(self, programs: Sequence[Program], probability: Sequence[float], common: int) -> None:
        self.programs, self.probability, self.common = programs, probability, common
        self.parts = programs[0].parts
        self.network, self.tree = self.parts.network, self.parts.tree
        self.discount = self.tree.weight()
        self.arrays = [program.model.finish() for program in programs]
        self.buses: list[str] = []
        shape = (len(programs), len(self.tree))
        self.generators, self.links, self.stores = Table(shape), Table(shape), Table(shape)
        self.built: dict[str, float] = {}
        n = self.network
        self.own = set(n.routes["tail"]) & set(n.routes["head"])
        saves = n.activities.index[n.activities["saves"]]
        self.saved = n.terms["activity"].isin(saves) & n.terms["coefficient"].gt(0)
        self.spared = set(n.terms["market"][self.saved])
        self._places()
        self._plants()
        self._use()
        self._trade()
        for stock in self.parts.stocks.index:
            self._stock(stock)

    def most(self, name: str) -> np.ndarray:
        """Return the upper bounds of a variable: scenarios first, then its own shape; a number where there is none."""
        return np.minimum(np.stack([
            arrays.upper[program.model.columns[name].positions()]
            for program, arrays in zip(self.programs, self.arrays, strict=True)
        ]), UNBOUND)  # fmt: skip

    def cost(self, name: str) -> np.ndarray:
        """Return what one more unit of a variable costs, undiscounted, in the variable's shape, kUSD."""
        return -self.arrays[0].cost[self.programs[0].model.columns[name].positions()] / self.discount

    def made_at(self, market: str) -> str:
        """Return the bus that output and routes out of a market touch."""
        return f"{market} own" if market in self.own else market

    def used_at(self, market: str) -> str:
        """Return the bus that a market's users touch."""
        return f"{market} use" if market in self.spared else market

    def _places(self) -> None:
        """Add the buses of the markets, and the ways between those of one market."""
        for market, disposal in zip(self.network.markets.index, self.cost("dispose"), strict=True):
            self.buses.append(market)
            self.generators.add(f"{market} disposal", bus=market, sign=-1.0, p_nom=UNBOUND, marginal_cost=disposal)
            for there, way in ((self.made_at(market), (-1, 1)), (self.used_at(market), (1, -1))):
                if there != market:
                    self.buses.append(there)
                    ends = (market, there)[:: way[0]]
                    self.links.add(f"{there} pass", bus0=ends[0], bus1=ends[1], efficiency=1.0, p_nom=UNBOUND)

    def _plants(self) -> None:
        """Add plants: a bus whose generator is the capacity, and links that are the recipes."""
        n, chosen = self.network, {x.facility: x for x in self.parts.options.projects if x.choose}
        fixed = [0.0 if x.choose else x.share for x in self.parts.options.projects]
        given = np.stack([laws.built_capacity(program.parts, np.array(fixed)) for program in self.programs])
        added = np.stack([program.parts.conditions.projects for program in self.programs])
        place = {x.facility: at for at, x in enumerate(self.parts.options.projects)}
        for at, facility in enumerate(n.facilities.index):
            if facility not in set(n.activities["facility"]):
                continue
            self.buses.append(f"{facility} plant")
            if facility not in chosen:
                self.generators.able(f"{facility} plant", given[:, at], bus=f"{facility} plant")
                continue
            most, project = added[:, place[facility]], chosen[facility]
            peak = max(float(most.max()), 1.0)  # what starts after the horizon has its cost, and no use
            self.generators.add(
                f"{facility} plant", bus=f"{facility} plant", p_nom_extendable=True, p_nom_max=peak,
                p_nom_mod=peak if project.whole else 0.0, capital_cost=project.charge / peak, p_max_pu=most / peak,
            )  # fmt: skip
            self.built[project.label] = peak
        running = {x: at for at, x in enumerate(self.programs[0].model.columns["activity_segment"].coords[0])}
        idle, most, cost = self.cost("activity"), self.most("activity_segment"), self.cost("activity_segment")
        for at, activity in enumerate(n.activities.index):
            ports = self._recipe(activity)
            if activity not in running:
                self.links.add(activity, p_nom=UNBOUND, marginal_cost=idle[at], **ports)
                continue
            mine = running[activity]
            for k in range(most.shape[2]):
                self.links.able(f"{activity} {k}", most[:, mine, k], marginal_cost=cost[mine, k], **ports)

    def _recipe(self, activity: str) -> dict[str, Any]:
        """Return the ports of a recipe's link: its plant, and what buses get for one unit of activity."""
        n, touched = self.network, []
        of = n.terms["activity"].eq(activity)
        rows = zip(n.terms["market"][of], n.terms["coefficient"][of], self.saved[of], strict=True)
        for market, coefficient, saved in rows:
            bus = market if coefficient < 0 else self.used_at(market) if saved else self.made_at(market)
            touched.append((bus, float(coefficient)))
        return {"bus0": f"{n.activities.loc[activity, 'facility']} plant", **ports_of(touched)}

    def _use(self) -> None:
        """Add end uses: a generator that takes for every segment of their demand."""
        uses, most, cost = self.network.uses, self.most("served_segment"), self.cost("served_segment")
        for at, (use, market) in enumerate(uses["market"].items()):
            for k in range(most.shape[2]):
                self.generators.able(f"{use} {k}", most[:, at, k], bus=self.used_at(market), sign=-1.0,
                                     marginal_cost=cost[at, k])  # fmt: skip

    def _trade(self) -> None:
        """Add routes and downgrades."""
        n, most, cost = self.network, self.most("ship"), self.cost("ship")
        for at, (route, tail, head) in enumerate(zip(n.routes.index, n.routes["tail"], n.routes["head"], strict=True)):
            self.links.able(f"{route} ship", most[:, at], bus0=self.made_at(tail), bus1=head, efficiency=1.0,
                            marginal_cost=cost[at])  # fmt: skip
        for turned, better, lesser in zip(n.downgrades.index, *(n.downgrades[x] for x in ("better", "lesser")),
                                          strict=True):  # fmt: skip
            self.links.add(f"{turned} turned", bus0=better, bus1=lesser, efficiency=1.0, p_nom=UNBOUND)

    def _stock(self, stock: str) -> None:
        """Add a stock: its bus, its store, and the ways in and out."""
        row, at = self.parts.stocks.loc[stock], int(self.parts.stocks.index.get_loc(stock))
        market, bus, start = str(row["market"]), f"{stock} stock", float(self.parts.stock_start()[at])
        holding = np.broadcast_to(self.cost("stock")[at], (len(self.programs), len(self.tree))).copy()
        left = -self.arrays[0].cost[self.programs[0].model.columns["left"].positions()][at, :, 0]
        self.buses.append(bus)
        if row["kind"] == "commercial":
            self._firms(stock, market, bus, start, holding, left)
            return
        holding[:, -1] += left[0] / self.discount[-1]
        size = min(float(row["most"]), UNBOUND) if row["kind"] == "programme" else start
        self.stores.add(bus, bus=bus, e_nom=size, e_initial=start, marginal_cost_storage=holding)
        self.links.able(f"{stock} release", self.most("release")[:, at], bus0=bus, bus1=market, efficiency=1.0)
        bought = self.most("fill")[:, at]
        for node in range(self.common if bought.any() else 0):
            runs = np.zeros_like(bought)
            runs[:, node] = 1.0
            self.links.add(first_fill(stock, node), bus0=market, bus1=bus, efficiency=1.0, p_nom_extendable=True,
                           p_nom_max=float(bought[:, node].min()), p_min_pu=runs, p_max_pu=runs)  # fmt: skip
        bought[:, : self.common] = 0.0
        if bought.any():
            self.links.able(f"{stock} fill", bought, bus0=market, bus1=bus, efficiency=1.0)

    def _firms(self, stock: str, market: str, bus: str, start: float, holding: np.ndarray, left: np.ndarray) -> None:
        """Add a firm's stock: a store for every rung, and one way in and out, whose home-made part is so marked."""
        p, at = self.parts, int(self.parts.stocks.index.get_loc(stock))
        assert min(self.most("fill")[:, at].min(), self.most("release")[:, at].min()) >= UNBOUND
        mine = self.programs[0].model.columns["stock_segment"].coords[0].get_loc(stock)
        rest, ease = float(p.stocks.loc[stock, "rest"]), self.cost("stock_segment")[mine]
        settled = np.stack([program.parts.tree.settled() for program in self.programs])
        tiers = np.array([edge for edge, _share in TERMINAL])
        missing = np.zeros_like(holding)
        for k, (low, high) in enumerate(pairwise(REST.tolist())):
            low, high = low * rest, min(high, p.options.hoarding) * rest
            if high <= low:
                continue
            cost = holding + ease[k]
            cost[:, -1] += left[np.searchsorted(tiers * rest, high * (1 - 1e-9))] / self.discount[-1]
            full = min(max((start - low) / (high - low), 0.0), 1.0)
            if full > 0.0:
                missing = cost  # what is missing is missing from the highest rung that is filled
            self.stores.add(
                f"{bus} {k}", bus=bus, e_nom=high - low, e_initial=full * (high - low), marginal_cost_storage=cost,
                e_min_pu=np.where(settled, full, 0.0), e_max_pu=np.where(settled, full, 1.0),
            )  # fmt: skip
        share = float(home_made(self.network, p.base, p.stocks.loc[[stock]]).iloc[0]) if market in self.own else 0.0
        self.links.add(f"{stock} moves", bus0=bus, **ports_of([(market, 1.0 - share), (self.made_at(market), share)]),
                       p_nom=UNBOUND, p_min_pu=-1.0)  # fmt: skip
        self.generators.add(f"{stock} missing", bus=bus, p_nom=start, p_max_pu=settled.astype(float),
                            marginal_cost=self._unfilled(stock) - missing)  # fmt: skip

    def _unfilled(self, stock: str) -> float:
        """Return what a tonne costs that is missing from a firm's stock, kUSD: the same at every settled node."""
        block = self.programs[0].model.columns["unfilled"]
        worth = self.arrays[0].cost[block.positions()[block.coords[0].get_loc(stock), 0]]
        return -float(worth) / self.discount[int(block.coords[1][0])]

    def rows(self) -> list[dict[str, Any]]:
        """Return purses and caps: limit, coefficients of generators' and links' sizes, and of links in a period."""
        found: dict[str, dict[str, Any]] = {}
        for s, program in enumerate(self.programs):
            for group in rules.limits(program.parts).values():
                for row in group:
                    early = {first_fill(stock, node): price for (stock, node), price in row.fill.items()
                             if node < self.common}  # fmt: skip
                    late = [(s, f"{stock} fill", node, price) for (stock, node), price in row.fill.items()
                            if node >= self.common]  # fmt: skip
                    build = {f"{label.split('@')[0]} plant": x / self.built[label] for label, x in row.build.items()}
                    stated = {"limit": row.limit, "build": build, "early": early, "late": late}
                    found[json.dumps(stated)] = stated
        return list(found.values())

    def write(self, folder: Path) -> None:
        """Write everything down."""
        names = [f"s{k}" for k in range(len(self.programs))]
        about = {"scenarios": dict(zip(names, self.probability, strict=True)), "discount": self.discount.tolist(),
                 "buses": self.buses, "rows": self.rows()}  # fmt: skip
        (folder / "network.json").write_text(json.dumps(about), encoding="utf-8")
        for name, table in (("Generator", self.generators), ("Link", self.links), ("Store", self.stores)):
            table.write(folder / name)


def first_fill(stock: str, node: int) -> str:
    """Return the name of the link that buys for a stock in a period before the scenarios part."""
    return f"{stock} first fill {node}"


def ports_of(touched: list[tuple[str, float]]) -> dict[str, Any]:
    """Return the ports of a link that touches buses beside its first, with what each gets for one unit taken."""
    total: dict[str, float] = {}
    for bus, given in touched:
        total[bus] = total.get(bus, 0.0) + given
    ports: dict[str, Any] = {}
    for port, (bus, given) in enumerate(((bus, given) for bus, given in total.items() if given != 0.0), 1):
        ports[f"bus{port}"] = bus
        ports["efficiency" if port == 1 else f"efficiency{port}"] = given
    return ports
