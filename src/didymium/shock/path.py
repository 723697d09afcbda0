"""What happened month by month under one foresight, and what one month hands to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from didymium.economy.willingness import thrift
from didymium.market.laws import monthly_lag
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.solve import Solution, prices
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


class Recorder:
    """Gathers months into a :class:`Path`.

    Parameters
    ----------
    market : Market
        Network and base point.
    stocks : DataFrame
        What the stocks are.
    """

    NAMES = ("price", "served", "wanted", "ship", "activity", "stock")

    def __init__(self, market: Market, stocks: pd.DataFrame) -> None:
        self.market, self.stocks = market, stocks
        self.columns: dict[str, list[np.ndarray]] = {name: [] for name in self.NAMES}
        self.runs: list[dict[str, Any]] = []
        self._solution: Solution | None = None
        self._found: dict[str, np.ndarray] = {}

    def add(self, solution: Solution, node: int) -> None:
        """Keep one node of a solution as the next month."""
        if solution is not self._solution:
            self._solution, program = solution, solution.instance.program
            self._found = {
                "price": prices(program, solution).to_numpy(),
                "wanted": program.parts.conditions.demand,
                "stock": _levels(solution),
                **{name: solution.frame(name).to_numpy() for name in ("served", "ship", "activity")},
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
                 "activity": n.activities.index, "stock": self.stocks.index}  # fmt: skip
        frames = {
            name: pd.DataFrame(np.stack(columns, axis=1), index=index[name]) for name, columns in self.columns.items()
        }
        return Path(foresight, tree, stocks=self.stocks, runs=self.runs, **frames)


def _levels(solution: Solution) -> np.ndarray:
    """Return stock levels, stocks x nodes; no rows where the program has no stocks."""
    if "stock" in solution.primal:
        level: np.ndarray = np.maximum(solution.frame("stock").to_numpy(float), 0.0)
        return level
    return np.zeros((0, len(solution.instance.program.parts.tree)))


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

    def under_way(self, nodes: int) -> pd.DataFrame:
        """Return what arrives in each of the next months from before them, routes x months, t."""
        arriving = np.zeros((len(self.lag), nodes))
        for ahead in range(nodes):
            for lag in range(ahead + 1, len(self.sent) + 1):
                at = self.lag == lag
                arriving[at, ahead] = self.sent[len(self.sent) - lag + ahead][at]
        return pd.DataFrame(arriving, index=self.market.network.routes.index)

    def after(self, seen: Recorder) -> None:
        """Move on by the month recorded last: users design out a little more of what was dear in it."""
        self.level = seen.last("stock")
        self.sent = [*self.sent[1:], np.maximum(seen.last("ship"), 0.0)]
        network, base = self.market
        uses = network.uses
        paid = pd.Series(seen.last("price"), index=network.markets.index).reindex(uses["market"]).to_numpy(float)
        multiple = paid / np.maximum(base.price.reindex(uses["market"]).to_numpy(float), 1e-9)
        saved = (uses[name].to_numpy(float) for name in ("thrift", "thrift_months"))
        self.intensity = thrift(self.intensity, multiple, *saved)
