"""How months follow each other: perfect foresight as a bound, and a rolling horizon in which today's measures stay."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.economy.willingness import thrift
from didymium.market.conditions import conditions
from didymium.market.laws import known_arrivals, monthly_lag, served_slopes
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.stocks import stock_table
from didymium.market.tree import Tree, add_months, months

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

WINDOW = 6
"""Months that the rolling horizon looks ahead."""

Progress = Callable[[int, int], None]


@dataclass
class Path:
    """What happened month by month under one foresight.

    Parameters
    ----------
    foresight : str
        ``none`` or ``perfect``.
    tree : Tree
        The months.
    price : DataFrame
        Markets x months, USD/kg.
    served, wanted : DataFrame
        Uses x months, t.
    ship : DataFrame
        Routes x months, t.
    activity : DataFrame
        Activities x months, t.
    stock : DataFrame
        Stocks x months, level at the end, t.
    stocks : DataFrame
        What the stocks are: market, kind, rest and start (t).
    runs : list of dict
        What the solver did.
    """

    foresight: str
    tree: Tree
    price: pd.DataFrame
    served: pd.DataFrame
    wanted: pd.DataFrame
    ship: pd.DataFrame
    activity: pd.DataFrame
    stock: pd.DataFrame
    stocks: pd.DataFrame
    runs: list[dict[str, Any]]

    @property
    def labels(self) -> list[str]:
        """Month labels, YYYY-MM."""
        return list(self.tree.nodes["label"])


def perfect(case: cases.Case, market: Market, scenario: Scenario, options: Options) -> Path:
    """Solve all months at once: everybody knows every date. A bound, never a forecast."""
    rate = case.assumption("a_discount_rate")
    tree = months(scenario.start, scenario.months, scenario, rate)
    program = build(case, tree, options, market)
    solution = Instance(program).solve()
    return Path(
        "perfect",
        tree,
        price=prices(program, solution),
        served=solution.frame("served"),
        wanted=pd.DataFrame(program.parts.conditions.demand, index=market.network.uses.index),
        ship=solution.frame("ship"),
        activity=solution.frame("activity"),
        stock=_levels(solution, len(tree)),
        stocks=program.parts.stocks,
        runs=[solution.run],
    )


def none(
    case: cases.Case, market: Market, scenario: Scenario, options: Options, progress: Progress | None = None
) -> Path:
    """Solve month after month, each looking :data:`WINDOW` months ahead and believing that today's measures stay.

    One instance serves all windows: bounds and right-hand sides change in place, and each solve starts from the last
    basis.
    """
    rolling = _Rolling(case, market, scenario, options)
    for month in range(scenario.months):
        rolling.step(month)
        if progress:
            progress(month + 1, scenario.months)
    return rolling.path()


def _levels(solution: Solution, nodes: int) -> pd.DataFrame:
    """Return stock levels, stocks x nodes; no rows where the program has no stocks."""
    return solution.frame("stock") if "stock" in solution.primal else pd.DataFrame(columns=range(nodes), dtype=float)


class _Rolling:
    """The state that one month hands to the next: stock levels, goods under way, and what users have saved."""

    def __init__(self, case: cases.Case, market: Market, scenario: Scenario, options: Options) -> None:
        self.case, self.market, self.scenario, self.options = case, market, scenario, options
        self.rate = case.assumption("a_discount_rate")
        self.tree = months(scenario.start, scenario.months, scenario, self.rate)
        routes = market.network.routes
        self.lag = monthly_lag(routes["days"].to_numpy(float)) if options.transit else np.zeros(len(routes), dtype=int)
        base = market.base.ship.reindex(routes.index).to_numpy(float) / 12.0
        self.sent = [base] * max(1, int(self.lag.max(initial=0)))  # what left in earlier months, latest last
        self.stocks = stock_table(market.network, market.base, options)
        self.level = self.stocks["start"].to_numpy(float)
        self.intensity = np.ones(len(market.network.uses))
        self.instance: Instance | None = None
        self.columns: dict[str, list[np.ndarray]] = {
            name: [] for name in ("price", "served", "wanted", "ship", "activity", "stock")
        }
        self.runs: list[dict[str, Any]] = []

    def _window(self, month: int) -> Tree:
        """Return the months ahead as they are believed at the end of this one."""
        start = add_months(self.scenario.start, month)
        tree = months(start, WINDOW, None, self.rate)
        today = add_months(start, 1) - timedelta(days=1)
        known = [r for r in self.scenario.restrictions if r.start <= today and (r.end is None or r.end > today)]
        belief = replace(
            self.scenario,
            restrictions=tuple(r.believed(today, known_end=False) for r in known),
            outages=tuple(o for o in self.scenario.outages if o.start <= today),
            demand_changes=tuple(d for d in self.scenario.demand_changes if d.start <= today),
        )
        return Tree(tree.nodes, (self.scenario, *([belief] * (WINDOW - 1))))

    def _under_way(self) -> np.ndarray:
        """Return what arrives in each month of the window from before it, routes x months, t."""
        arriving = np.zeros((len(self.lag), WINDOW))
        for ahead in range(WINDOW):
            for lag in range(ahead + 1, len(self.sent) + 1):
                at = self.lag == lag
                arriving[at, ahead] = self.sent[len(self.sent) - lag + ahead][at]
        return arriving

    def step(self, month: int) -> None:
        """Solve the window that starts with ``month``, keep its first month."""
        started = time.perf_counter()
        tree, arriving = self._window(month), self._under_way()
        if self.instance is None:
            self.instance = Instance(build(self.case, tree, self._options(arriving), self.market))
        else:
            self._update(tree, arriving)
        program = self.instance.program
        solution = self.instance.solve()
        first = {
            "price": prices(program, solution)[0].to_numpy(),
            "wanted": program.parts.conditions.demand[:, 0],
            "stock": _levels(solution, WINDOW)[0].to_numpy(float),
            **{name: solution.frame(name)[0].to_numpy() for name in ("served", "ship", "activity")},
        }
        for name, values in first.items():
            self.columns[name].append(values)
        self._save(first["price"])
        self.level = np.maximum(first["stock"], 0.0)
        self.sent = [*self.sent[1:], np.maximum(first["ship"], 0.0)]
        self.runs.append({**solution.run, "seconds": time.perf_counter() - started})

    def _save(self, price: np.ndarray) -> None:
        """Let users design out a little more of what is dear this month."""
        network, base = self.market
        uses = network.uses
        paid = pd.Series(price, index=network.markets.index).reindex(uses["market"]).to_numpy(float)
        multiple = paid / np.maximum(base.price.reindex(uses["market"]).to_numpy(float), 1e-9)
        saved = (uses[name].to_numpy(float) for name in ("thrift", "thrift_months"))
        self.intensity = thrift(self.intensity, multiple, *saved)

    def _options(self, arriving: np.ndarray) -> Options:
        """Return the options of a window: stocks as they stand, goods as they are under way."""
        return replace(
            self.options,
            stock_start=pd.Series(self.level, index=self.stocks.index),
            under_way=pd.DataFrame(arriving, index=self.market.network.routes.index),
            intensity=pd.Series(self.intensity, index=self.market.network.uses.index),
        )

    def _update(self, tree: Tree, arriving: np.ndarray) -> None:
        """Change the instance in place to another month's window."""
        assert self.instance is not None
        instance, parts, network = self.instance, self.instance.program.parts, self.market.network
        parts.options = self._options(arriving)
        now = conditions(self.case, network, self.market.base, tree, parts.options)
        parts.tree, parts.conditions = tree, now
        instance.bound("ship", None, now.ship_bound)
        order = list(instance.rows["capacity"].coords["facility"].to_numpy())
        at = positions(network.facilities.index, order)
        instance.upper_side("capacity", now.capacity[at])
        width, _slope = served_slopes(parts)
        instance.bound("served_segment", None, width)
        instance.right_hand_side("balance", -known_arrivals(parts))
        if self.stocks.empty:
            return
        instance.right_hand_side("stock_start", self.level[:, None])
        allowed = now.cut[positions(network.markets.index, self.stocks["market"])]
        free = self.stocks["release"].eq("free").to_numpy()[:, None]
        never = self.stocks["release"].eq("never").to_numpy()[:, None]
        instance.bound("release", None, np.where((free | allowed) & ~never, np.inf, 0.0))

    def path(self) -> Path:
        """Return the months gathered so far."""
        network = self.market.network
        uses = network.uses.index
        index = {"price": network.markets.index, "served": uses, "wanted": uses, "ship": network.routes.index,
                 "activity": network.activities.index, "stock": self.stocks.index}  # fmt: skip
        frames = {
            name: pd.DataFrame(np.stack(columns, axis=1), index=index[name]) for name, columns in self.columns.items()
        }
        return Path("none", self.tree, stocks=self.stocks, runs=self.runs, **frames)
