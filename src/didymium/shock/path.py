"""What happened month by month under one foresight, and what one month hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from didymium.economy.willingness import thrift
from didymium.market.laws import monthly_lag
from didymium.market.options import Options
from didymium.market.origin import Clean, clean_shares
from didymium.market.prepare import Market
from didymium.market.solve import Solution, price_array
from didymium.market.stocks import stock_table
from didymium.market.tree import Tree


@dataclass
class Path:
    """What happened month by month under one foresight.

    Parameters
    ----------
    foresight : str
        ``none``, ``announced`` or ``perfect``.
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
    duty : DataFrame
        Routes x months: wedge of duties at the border, USD/kg.
    stocks : DataFrame
        What the stocks are: market, kind, rest and start (t).
    runs : list of dict
        What the solver did.
    rationing : str
        ``price`` or ``priority``: who was served first.
    before : DataFrame, optional
        What left in the months before the first, routes x months, latest last, t; the base year's flows where None.
    """

    foresight: str
    tree: Tree
    price: pd.DataFrame
    served: pd.DataFrame
    wanted: pd.DataFrame
    ship: pd.DataFrame
    activity: pd.DataFrame
    stock: pd.DataFrame
    duty: pd.DataFrame
    stocks: pd.DataFrame
    runs: list[dict[str, Any]]
    rationing: str = "price"
    before: pd.DataFrame | None = None

    @property
    def labels(self) -> list[str]:
        """Month labels, YYYY-MM."""
        return list(self.tree.nodes["label"])


class Recorder:
    """Gathers months into a :class:`Path`.

    Parameters
    ----------
    market : Market
        Network and base point.
    stocks : DataFrame
        What the stocks are.
    """

    NAMES = ("price", "served", "wanted", "ship", "activity", "stock", "duty")

    def __init__(self, market: Market, stocks: pd.DataFrame) -> None:
        self.market, self.stocks = market, stocks
        self.columns: dict[str, list[np.ndarray]] = {name: [] for name in self.NAMES}
        self.runs: list[dict[str, Any]] = []
        self._solution: Solution | None = None
        self._found: dict[str, np.ndarray] = {}

    def add(self, solution: Solution, duty: np.ndarray, node: int, most: int | None = None) -> None:
        """Keep one node of a solution as the next month; of its first ``most`` nodes alone, where told."""
        if solution is not self._solution:
            self._solution, program = solution, solution.instance.program
            self._found = {
                "price": price_array(solution, most),
                "wanted": program.parts.conditions.demand,
                "stock": _levels(solution),
                "duty": duty,
                **{name: solution.primal.array(name) for name in ("served", "ship", "activity")},
            }
        for name, values in self._found.items():
            self.columns[name].append(values[:, node])

    def last(self, name: str) -> np.ndarray:
        """Return the latest month of a quantity."""
        return self.columns[name][-1]

    def path(self, foresight: str, tree: Tree) -> Path:
        """Return the months gathered."""
        n = self.market.network
        index = {"price": n.markets.index, "served": n.uses.index, "wanted": n.uses.index, "ship": n.routes.index,
                 "activity": n.activities.index, "stock": self.stocks.index, "duty": n.routes.index}  # fmt: skip
        frames: dict[str, Any] = {
            name: pd.DataFrame(np.stack(columns, axis=1), index=index[name]) for name, columns in self.columns.items()
        }
        return Path(foresight, tree, stocks=self.stocks, runs=self.runs, **frames)


def _levels(solution: Solution) -> np.ndarray:
    """Return stock levels, stocks x nodes; no rows where the program has no stocks."""
    if "stock" in solution.primal:
        level: np.ndarray = np.maximum(solution.primal.array("stock"), 0.0)
        return level
    return np.zeros((0, len(solution.instance.program.parts.tree)))


def _clean(solution: Solution, name: str, node: int, index: pd.Index[str]) -> np.ndarray:
    """Return a clean quantity of one node; 0 for what has no clean part."""
    if name not in solution.primal:
        return np.zeros(len(index))
    part = solution.frame(name)[node].reindex(index).fillna(0.0).to_numpy(float)
    whole = solution.frame(name.removeprefix("clean_"))[node].reindex(index).to_numpy(float)
    held: np.ndarray = np.clip(part, 0.0, np.maximum(whole, 0.0))
    return held


class State:
    """What one month hands to the next: stock levels, goods under way, and what users have saved.

    Parameters
    ----------
    market : Market
        Network and base point: the state before the first month is the base year's.
    options : Options
        Market options of the run.
    """

    def __init__(self, market: Market, options: Options) -> None:
        self.market = market
        routes = market.network.routes
        self.lag = monthly_lag(routes["days"].to_numpy(float)) if options.transit else np.zeros(len(routes), dtype=int)
        base = market.base.ship.reindex(routes.index).to_numpy(float) / 12.0
        self.sent = [base] * max(1, int(self.lag.max(initial=0)))  # what left in earlier months, latest last
        self.stocks = stock_table(market.network, market.base, options)
        start = options.stock_start
        self.level = (self.stocks["start"] if start is None else start.reindex(self.stocks.index)).to_numpy(float)
        self.intensity = np.ones(len(market.network.uses))
        n = market.network
        self.running = market.base.activity.to_numpy(float) / 12.0
        self._full = n.facilities["capacity"].reindex(n.activities["facility"]).to_numpy(float)[:, None] / 12.0
        self._paid = np.maximum(market.base.price.reindex(n.uses["market"]).to_numpy(float), 1e-9)
        self.clean_level: np.ndarray | None = None
        if options.origin is not None:
            share = clean_shares(market.network, market.base, options.origin)
            self.clean_level = self.level * share.reindex(self.stocks["market"]).fillna(0.0).to_numpy()
            self.clean_sent = [base * share.reindex(routes["tail"]).fillna(0.0).to_numpy()] * len(self.sent)

    def clean(self, nodes: int) -> Clean | None:
        """Return the clean part of stocks and goods under way, where origins are told apart."""
        if self.clean_level is None:
            return None
        return Clean(pd.Series(self.clean_level, index=self.stocks.index), self.under_way(self.clean_sent, nodes))

    def able(self, months: float, nodes: int) -> pd.DataFrame | None:
        """Return the most that each activity may do in each of the next months, t; None where all may start at once.

        ``x[a, t+n] <= x[a, t-1] + (n + 1) cap / m`` for what did not run in the base year: a plant that has not made a
        good before works up to its capacity over ``m`` months. What ran is bound by its plant alone.
        """
        if months <= 0:
            return None
        step = np.arange(1, nodes + 1)[None, :] / months
        most = np.where(self.market.base.running()[:, None], np.inf, self.running[:, None] + self._full * step)
        return pd.DataFrame(most, index=self.market.network.activities.index)

    def under_way(self, sent: list[np.ndarray], nodes: int) -> pd.DataFrame:
        """Return what of ``sent`` arrives in each of the next months, routes x months, t."""
        arriving = np.zeros((len(self.lag), nodes))
        for ahead in range(nodes):
            for lag in range(ahead + 1, len(sent) + 1):
                at = self.lag == lag
                arriving[at, ahead] = sent[len(sent) - lag + ahead][at]
        return pd.DataFrame(arriving, index=self.market.network.routes.index)

    def after(self, seen: Recorder, solution: Solution, node: int) -> None:
        """Move on by the month recorded last: users design out a little more of what was dear in it."""
        if self.clean_level is not None:
            routes, stocks = self.market.network.routes.index, self.stocks.index
            self.clean_sent = [*self.clean_sent[1:], _clean(solution, "clean_ship", node, routes)]
            self.clean_level = _clean(solution, "clean_stock", node, stocks)
        self.level = seen.last("stock")
        self.running = np.maximum(seen.last("activity"), 0.0)
        self.sent = [*self.sent[1:], np.maximum(seen.last("ship"), 0.0)]
        uses = self.market.network.uses
        multiple = seen.last("price")[self.market.network.bought_at] / self._paid
        saved = (uses[name].to_numpy(float) for name in ("thrift", "thrift_months"))
        self.intensity = thrift(self.intensity, multiple, *saved)
