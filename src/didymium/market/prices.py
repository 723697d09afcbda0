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
        markets, runs, goes = len(n.markets), len(active), len(routes)
        matrix = sp.csr_matrix(n.matrix().to_numpy())
        cost = n.activities["cost"].to_numpy(float)
        stated = n.routes["cost"].to_numpy(float)[routes]
        # Columns: prices, rents, subsidies, freight.
        profit = sp.hstack([matrix[:, active].T, -sp.identity(runs), sp.identity(runs), sp.csr_matrix((runs, goes))])
        head = positions(n.markets.index, n.routes["head"].iloc[routes])
        tail = positions(n.markets.index, n.routes["tail"].iloc[routes])
        step = sp.csr_matrix((np.ones(goes), (np.arange(goes), head)), shape=(goes, markets)) - sp.csr_matrix(
            (np.ones(goes), (np.arange(goes), tail)), shape=(goes, markets)
        )
        trade = sp.hstack([step, sp.csr_matrix((goes, 2 * runs)), -sp.identity(goes)])
        thrown = np.nonzero(self.dispose.to_numpy() > 0)[0]
        waste = sp.csr_matrix(
            (np.ones(len(thrown)), (np.arange(len(thrown)), thrown)), shape=(len(thrown), markets + 2 * runs + goes)
        )
        equal = sp.vstack([profit, trade, waste], format="csr")
        right = np.concatenate([cost[active], np.zeros(goes), -n.markets["disposal"].to_numpy(float)[thrown]])
        at, observed, sigma = self._observed()
        square = np.concatenate([
            np.full(markets, 1e-9),
            2e-4 / np.maximum(cost[active], 0.5) ** 2,
            5e-2 / np.maximum(cost[active], 0.5) ** 2,
            1e-2 / np.maximum(stated, 0.1) ** 2,
        ])  # fmt: skip
        linear = np.zeros(len(square))
        np.add.at(square, at, 1.0 / sigma**2)
        np.add.at(linear, at, -observed / sigma**2)
        linear[markets + 2 * runs :] -= 1e-2 / np.maximum(stated, 0.1) ** 2 * stated
        low = np.concatenate([-n.markets["disposal"].to_numpy(float), np.zeros(2 * runs), np.full(goes, 0.01)])
        high = np.concatenate([np.full(markets, np.inf), np.full(2 * runs, np.inf), np.full(goes, np.inf)])
        empty = sp.csr_matrix((0, len(square)))
        found = solve_quadratic(sp.diags(square).tocsc(), linear, equal, right, empty, np.zeros(0), low, high)
        price = self._fallback(found[:markets])
        rent, subsidy = np.zeros(len(cost)), np.zeros(len(cost))
        rent[active], subsidy[active] = found[markets : markets + runs], found[markets + runs : markets + 2 * runs]
        both = np.minimum(rent, subsidy)  # least norm may leave a little of each
        rent, subsidy = rent - both, subsidy - both
        # A subsidy beyond the cost itself cannot be explained: it is reported, and the activity is left at a loss.
        unexplained = np.maximum(subsidy - (1.0 - LEAST_COST) * cost, 0.0)
        subsidy = subsidy - unexplained
        freight = n.routes["cost"].to_numpy(float).copy()
        freight[routes] = found[markets + 2 * runs :]
        report = {"stated_cost": cost, "rent": rent, "subsidy": subsidy, "unexplained": unexplained,
                  "inputs": n.activities["inputs"]}  # fmt: skip
        return Priced(
            price=pd.Series(price, index=n.markets.index),
            cost=self._costs(matrix, price, cost, rent, subsidy, active),
            freight=self._freight(freight, price, routes),
            elasticity=supply_elasticity(self.case, n),
            report=pd.DataFrame(report, index=n.activities.index),
        )

    def _observed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        table = self.case["prices"]
        table = table[table["date"].str[:4].eq(str(self.case.base_year))]
        fitted = table["use"].eq("fit")
        loose = ~fitted & table["commodity"].map(self._calibrated()).eq(False)
        table = pd.concat([table[fitted], table[loose].drop_duplicates(["commodity", "region"])])
        labels = table["commodity"] + "|" + table["region"]
        known = labels.isin(self.network.markets.index)
        if not known.any():
            what = _("no observed price of {year} to fit").format(year=self.case.base_year)
            fix = _("add one row with use = fit for a market of the network")
            raise CaseError([Fault("prices.csv", "", "use", what, fix)])
        table, labels = table[known], labels[known]
        value = table["price"].to_numpy(float) / KG
        band = (table["high"] - table["low"]).to_numpy(float) / (2 * 1.645) / KG
        sigma = np.where(np.isfinite(band) & (band > 0), band, self.case.assumption("a_price_sigma") * value)
        # A price that only gives the order of magnitude (Sm, Gd, Y) holds within half of itself.
        sigma = np.where(table["use"].eq("fit").to_numpy(), sigma, 0.5 * value)
        return positions(self.network.markets.index, labels), value, sigma

    def _calibrated(self) -> dict[str, bool]:
        table = self.case["commodities"]
        return dict(zip(table["commodity"], table["calibrated"].eq("yes"), strict=True))

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
