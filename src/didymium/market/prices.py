"""Calibration, second program: prices at which what runs in the base year earns exactly zero.

The least deviation from observed prices, with rents and implied subsidies told apart. What did not run costs more than
it would earn. (Howitt's positive mathematical programming is the textbook cousin; with observed prices this is
stronger.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.case import ROW
from didymium.case.facilities import operating_in
from didymium.case.network import KG, Network, positions
from didymium.case.reconcile import Balanced
from didymium.faults import CaseError, Fault
from didymium.messages import _
from didymium.quadratic import solve_quadratic

if TYPE_CHECKING:
    from didymium.case import case as cases

LEAST_COST = 0.05
"""Share of an activity's stated cost that no implied subsidy takes away."""

LEAST_FREIGHT = 0.01
"""USD/kg that every route costs: otherwise goods go in circles."""

DEAR = 100.0
"""Cost of a USD/kg of loss that no subsidy explains: far more than a price ten standard errors from its observation."""

NOTHING = 1e-6
"""USD/kg below which an unexplained loss is what an interior point leaves behind."""

OUT_OF_MONEY = 0.02
"""What does not run in the base year loses at least this share of its revenue."""


class Priced(NamedTuple):
    """Prices and costs of the base year, USD/kg."""

    price: pd.Series
    cost: pd.Series
    freight: pd.Series
    elasticity: pd.Series
    report: pd.DataFrame


class Prices:
    """``min sum ((p - observed) / sigma)^2 + rents^2 + subsidies^2 + freight changes^2``, zero profit on what runs."""

    def __init__(self, case: cases.Case, network: Network, balanced: Balanced) -> None:
        self.case, self.network = case, network
        self.activity, self.ship, self.dispose = balanced.activity, balanced.ship, balanced.dispose

    def solve(self) -> Priced:
        """Return the fitted prices and the costs that go with them."""
        n = self.network
        active = np.nonzero(self.activity.to_numpy() > 0)[0]
        routes = np.nonzero(self.ship.to_numpy() > 0)[0]
        cost = n.activities["cost"].to_numpy(float)
        found = self._fit(active, routes, cost[active], n.routes["cost"].to_numpy(float)[routes])
        price = self._fallback(found["price"])
        rent, subsidy, unexplained = (np.zeros(len(cost)) for _each in range(3))
        rent[active], subsidy[active], unexplained[active] = found["rent"], found["subsidy"], found["unexplained"]
        both = np.minimum(rent, subsidy)  # least norm may leave a little of each
        rent, subsidy = rent - both, subsidy - both
        unexplained = np.where(unexplained > NOTHING, unexplained, 0.0)
        freight = n.routes["cost"].to_numpy(float).copy()
        freight[routes] = found["freight"]
        report = {"stated_cost": cost, "rent": rent, "subsidy": subsidy, "unexplained": unexplained,
                  "inputs": n.activities["inputs"]}  # fmt: skip
        matrix = sp.csr_matrix(n.matrix().to_numpy())
        return Priced(
            price=pd.Series(price, index=n.markets.index),
            cost=self._costs(matrix, price, cost, rent, subsidy, active),
            freight=self._freight(freight, price, routes),
            elasticity=supply_elasticity(self.case, n),
            report=pd.DataFrame(report, index=n.activities.index),
        )

    def _fit(
        self, active: np.ndarray, routes: np.ndarray, cost: np.ndarray, stated: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return prices, rents, subsidies, unexplained losses and freights, USD/kg.

        ``A'p = cost + rent - subsidy - unexplained`` on what runs, ``p_head - p_tail = freight`` on routes in use,
        ``p = -disposal`` where something is thrown away, ``p_lesser <= p_better`` where one serves as the other. A
        subsidy leaves :data:`LEAST_COST` of the cost; what even that does not explain is so dear that prices move
        first.
        """
        n = self.network
        sizes = {"price": len(n.markets), "rent": len(active), "subsidy": len(active), "unexplained": len(active),
                 "freight": len(routes)}  # fmt: skip
        ends = np.cumsum([0, *sizes.values()])
        block = {name: slice(a, b) for name, a, b in zip(sizes, ends[:-1], ends[1:], strict=True)}

        def rows(count: int, **parts: sp.spmatrix) -> sp.csr_matrix:
            empty = ((name, sp.csr_matrix((count, size))) for name, size in sizes.items())
            return sp.csr_matrix(sp.hstack([parts.get(name, nothing) for name, nothing in empty]))

        def pick(labels: np.ndarray) -> sp.csr_matrix:
            count = len(labels)
            return sp.csr_matrix((np.ones(count), (np.arange(count), labels)), shape=(count, len(n.markets)))

        eye = sp.identity(len(active))
        margin = sp.csr_matrix(n.matrix().to_numpy())[:, active].T
        head, tail = (positions(n.markets.index, n.routes[end].iloc[routes]) for end in ("head", "tail"))
        thrown = np.nonzero(self.dispose.to_numpy() > 0)[0]
        disposal = n.markets["disposal"].to_numpy(float)
        equal = sp.vstack([
            rows(len(active), price=margin, rent=-eye, subsidy=eye, unexplained=eye),
            rows(len(routes), price=pick(head) - pick(tail), freight=-sp.identity(len(routes))),
            rows(len(thrown), price=pick(thrown)),
        ], format="csr")  # fmt: skip
        right = np.concatenate([cost, np.zeros(len(routes)), -disposal[thrown]])
        square, linear = np.full(int(ends[-1]), 1e-9), np.zeros(int(ends[-1]))
        seen = price_observations(self.case, n)
        np.add.at(square, seen.at, 1.0 / seen.sigma**2)
        np.add.at(linear, seen.at, -seen.value / seen.sigma**2)
        square[block["rent"]] = 2e-4 / np.maximum(cost, 0.5) ** 2
        square[block["subsidy"]] = 5e-2 / np.maximum(cost, 0.5) ** 2
        square[block["freight"]] = 1e-2 / np.maximum(stated, 0.1) ** 2
        linear[block["freight"]] = -square[block["freight"]] * stated
        linear[block["unexplained"]] = DEAR
        low, high = np.zeros(int(ends[-1])), np.full(int(ends[-1]), np.inf)
        low[block["price"]], low[block["freight"]] = -disposal, LEAST_FREIGHT
        high[block["subsidy"]] = (1.0 - LEAST_COST) * cost
        # A better good that cost less than the lesser one would serve as it, and nobody does that in the base year.
        better, lesser = (positions(n.markets.index, n.downgrades[end]) for end in ("better", "lesser"))
        ordered = rows(len(better), price=pick(lesser) - pick(better))
        found = solve_quadratic(
            sp.diags(square).tocsc(), linear, equal, right, ordered, np.zeros(len(better)), low, high
        )
        return {name: found[part] for name, part in block.items()}

    def _fallback(self, price: np.ndarray) -> np.ndarray:
        """Give markets that nothing touched in the base year their cheapest import's price, or the commodity's mean."""
        n = self.network
        touched = set(n.terms.loc[n.terms["activity"].isin(self.activity.index[self.activity.gt(0)]), "market"])
        shipped = n.routes.loc[self.ship.gt(0).to_numpy(), ["head", "tail"]]
        touched |= set(n.uses["market"]) | set(shipped.to_numpy().ravel())
        known = n.markets.index.isin(touched)
        price = np.where(known, price, np.nan)
        values = dict(zip(n.markets.index, price, strict=True))
        offers = n.routes["tail"].map(values).to_numpy(float) + n.routes["cost"].to_numpy(float)
        cheapest = pd.Series(offers).groupby(n.routes["head"].to_numpy()).min()
        filled = np.where(np.isnan(price), cheapest.reindex(n.markets.index).to_numpy(float), price)
        mean = pd.Series(filled).groupby(n.markets["commodity"].to_numpy()).transform("mean").to_numpy(float)
        return np.where(np.isnan(filled), np.where(np.isnan(mean), 0.0, mean), filled)

    def _costs(
        self,
        matrix: sp.csr_matrix,
        price: np.ndarray,
        cost: np.ndarray,
        rent: np.ndarray,
        subsidy: np.ndarray,
        active: np.ndarray,
    ) -> pd.Series:
        """Marginal cost at the base point; what idled loses money; a later plant costs what its like there costs."""
        n = self.network
        margin = matrix.T @ price
        revenue = matrix.maximum(0).T @ np.abs(price)
        fitted = cost + rent - subsidy
        runs = np.zeros(len(cost), dtype=bool)
        runs[active] = True
        there = (
            n.activities["facility"]
            .isin(n.facilities.index[operating_in(n.facilities, self.case.base_year)])
            .to_numpy()
        )
        group = n.activities["process"] + "|" + n.activities["region"]
        own = pd.Series(np.where(runs, fitted - rent, np.nan))
        like = own.groupby(group.to_numpy()).transform("mean").to_numpy(float)
        later = np.where(np.isnan(like), cost, like)
        idle = np.maximum(cost, margin + OUT_OF_MONEY * revenue)
        return pd.Series(np.where(runs, fitted, np.where(there, idle, later)), index=n.activities.index)

    def _freight(self, freight: np.ndarray, price: np.ndarray, active: np.ndarray) -> pd.Series:
        """Routes that were not used cost more than the price gap that they would bridge."""
        n = self.network
        head = price[positions(n.markets.index, n.routes["head"])]
        tail = price[positions(n.markets.index, n.routes["tail"])]
        used = np.zeros(len(freight), dtype=bool)
        used[active] = True
        barred = np.maximum(freight, head - tail + OUT_OF_MONEY * np.abs(head))
        return pd.Series(np.where(used, freight, barred), index=n.routes.index)


def supply_elasticity(case: cases.Case, network: Network) -> pd.Series:
    """Return each activity's elasticity of supply: its cost row's, or else the assumption for its stage."""
    stage = network.activities["stage"]
    mine = case.assumption("a_supply_elasticity_mine")
    plant = case.assumption("a_supply_elasticity_processing")
    stated = network.activities["elasticity"].to_numpy(float)
    assumed = np.where(stage.eq("mine"), mine, plant)
    return pd.Series(np.where(np.isnan(stated), assumed, stated), index=stage.index)


class Seen(NamedTuple):
    """Observed prices of the base year: market (position), value and standard error (USD/kg), input row."""

    at: np.ndarray
    value: np.ndarray
    sigma: np.ndarray
    inputs: list[str]


def price_observations(case: cases.Case, network: Network) -> Seen:
    """Return the observed prices that calibration fits.

    Parameters
    ----------
    case, network : Case, Network
        The case and its arrays.

    Raises
    ------
    CaseError
        None of the base year in a market of the network.
    """
    table = case["prices"]
    table = table[table["date"].str[:4].eq(str(case.base_year))]
    commodities = case["commodities"]
    calibrated = dict(zip(commodities["commodity"], commodities["calibrated"].eq("yes"), strict=True))
    fitted = table["use"].eq("fit")
    loose = ~fitted & table["commodity"].map(calibrated).eq(False)
    table = pd.concat([table[fitted], table[loose].drop_duplicates(["commodity", "region"])])
    labels = table["commodity"] + "|" + table["region"]
    known = labels.isin(network.markets.index)
    if not known.any():
        what = _("no observed price of {year} to fit").format(year=case.base_year)
        fix = _("add one row with use = fit for a market of the network")
        raise CaseError([Fault("prices.csv", "", "use", what, fix)])
    table, labels = table[known], labels[known]
    value = table["price"].to_numpy(float) / KG
    band = (table["high"] - table["low"]).to_numpy(float) / (2 * 1.645) / KG
    sigma = np.where(np.isfinite(band) & (band > 0), band, case.assumption("a_price_sigma") * value)
    stated = table["sigma"].to_numpy(float) / KG
    sigma = np.where(stated > 0, stated, sigma)
    # A price that only gives the order of magnitude (Sm, Gd, Y) holds within half of itself.
    sigma = np.where(table["use"].eq("fit").to_numpy(), sigma, 0.5 * value)
    return Seen(positions(network.markets.index, labels), value, sigma, table[ROW].tolist())
