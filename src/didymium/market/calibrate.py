"""Calibration: a base year that balances, and prices at which what runs earns exactly zero.

Two convex programs. First quantities: the smallest change of the observed ones, in units of their accuracy, that balances
every market. Then prices: the least deviation from observed prices at which every active process and route earns zero, with
rents and implied subsidies told apart. What did not run costs more than it would earn. (Howitt's positive mathematical
programming is the textbook cousin; with observed prices this is stronger.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.case import ROW
from didymium.faults import CaseError, Fault
from didymium.market.base import Base
from didymium.market.conditions import operating_in
from didymium.market.network import KG, Network
from didymium.market.quadratic import solve_quadratic
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases

KILO = 1000.0
SMALL = 1e-2
"""Tonnes a year below which nothing runs: what an interior point leaves behind."""

LEAST_COST = 0.05
"""Share of an activity's stated cost that no implied subsidy takes away."""

OUT_OF_MONEY = 0.02
"""What does not run in the base year loses at least this share of its revenue."""


def calibrate(case: cases.Case, network: Network) -> Base:
    """Return the calibrated base point of a case.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.

    Raises
    ------
    CaseError
        No observed price at all, or an observation that names nothing.
    SolverError
        A program without an optimum.
    """
    quantities, misfit = _Quantities(case, network).solve()
    priced = _Prices(case, network, quantities).solve()
    return Base(**quantities, **priced, misfit=misfit)


class _Quantities:
    """``min sum ((h'v - observed) / sigma)^2 + small costs`` subject to balance, capacity and no transit."""

    def __init__(self, case: cases.Case, network: Network) -> None:
        self.case, self.network = case, network
        running = operating_in(network, case.base_year)
        self.may_run = network.activities["facility"].isin(network.facilities.index[running]).to_numpy()
        sizes = [len(network.activities), len(network.routes), len(network.uses), len(network.markets)]
        ends = np.cumsum([0, *sizes])
        self.block = {name: slice(a, b) for name, a, b in zip(("x", "y", "q", "z"), ends[:-1], ends[1:], strict=True)}
        self.size = int(ends[-1])

    def solve(self) -> tuple[dict[str, pd.Series], pd.DataFrame]:
        n = self.network
        rows, observed, sigma, labels, inputs = self._observations()
        scaled = sp.diags(1.0 / sigma) @ rows
        ridge = np.zeros(self.size)
        capacity = n.activities["facility"].map(n.facilities["capacity"]).to_numpy(float) / KILO
        ridge[self.block["x"]] = 2e-3 / np.maximum(capacity, 1e-3) ** 2
        ridge[self.block["y"]] = 1e-6
        linear = -scaled.T @ (observed / sigma)
        linear[self.block["y"]] += 0.02 * (1.0 + n.routes["days"].to_numpy(float) / 45.0)
        linear[self.block["z"]] += self._disposal_penalty()
        balance = self._balance()
        limits, ceilings = self._limits()
        high = np.full(self.size, np.inf)
        high[self.block["x"]] = np.where(self.may_run, np.inf, 0.0)
        solution = solve_quadratic(
            (scaled.T @ scaled + sp.diags(ridge)).tocsc(), linear, balance, np.zeros(balance.shape[0]), limits, ceilings,
            np.zeros(self.size), high,
        )  # fmt: skip
        solution = np.where(solution * KILO < SMALL, 0.0, solution)
        adjusted = rows @ solution
        misfit = pd.DataFrame(
            {"label": labels, "observed": observed * KILO, "sigma": sigma * KILO, "adjusted": adjusted * KILO, "inputs": inputs}
        )
        misfit["sigmas"] = (misfit["adjusted"] - misfit["observed"]) / misfit["sigma"]

        def series(block: str, index: pd.Index) -> pd.Series:
            return pd.Series(solution[self.block[block]] * KILO, index=index)

        return {
            "activity": series("x", n.activities.index),
            "ship": series("y", n.routes.index),
            "served": series("q", n.uses.index),
            "dispose": series("z", n.markets.index),
        }, misfit

    def _balance(self) -> sp.csr_matrix:
        n = self.network
        market = n.markets.index
        position = {name: at for at, name in enumerate(market)}

        def place(labels: pd.Series, sign: float) -> sp.csr_matrix:
            at = labels.map(position).to_numpy()
            return sp.csr_matrix((np.full(len(at), sign), (at, np.arange(len(at)))), shape=(len(market), len(at)))

        recipe = sp.csr_matrix(
            (
                n.terms["coefficient"].to_numpy(float),
                (n.terms["market"].map(position).to_numpy(), n.activities.index.get_indexer(n.terms["activity"])),
            ),
            shape=(len(market), len(n.activities)),
        )
        ship = place(n.routes["head"], 1.0) + place(n.routes["tail"], -1.0)
        return sp.hstack([recipe, ship, place(n.uses["market"], -1.0), -sp.identity(len(market))], format="csr")

    def _limits(self) -> tuple[sp.csr_matrix, np.ndarray]:
        """Capacity by facility, and departures at most own output."""
        n = self.network
        facility = n.facilities.index.get_indexer(n.activities["facility"])
        by_facility = sp.csr_matrix(
            (np.ones(len(facility)), (facility, np.arange(len(facility)))), shape=(len(n.facilities), self.size)
        )
        ceiling = n.facilities["capacity"].to_numpy(float) / KILO
        both = np.intersect1d(n.routes["tail"].unique(), n.routes["head"].unique())
        row = {name: at for at, name in enumerate(both)}
        leaving = np.nonzero(n.routes["tail"].isin(both).to_numpy())[0]
        made = n.terms[n.terms["coefficient"].gt(0) & n.terms["market"].isin(both)]
        data = np.concatenate([np.ones(len(leaving)), -made["coefficient"].to_numpy(float)])
        rows = np.concatenate([n.routes["tail"].iloc[leaving].map(row).to_numpy(), made["market"].map(row).to_numpy()])
        columns = np.concatenate([leaving + self.block["y"].start, n.activities.index.get_indexer(made["activity"])])
        transit = sp.csr_matrix((data, (rows.astype(int), columns)), shape=(len(both), self.size))
        return sp.vstack([by_facility, transit], format="csr"), np.concatenate([ceiling, np.zeros(len(both))])

    def _disposal_penalty(self) -> np.ndarray:
        """Throwing away what somebody makes is dear: a market with disposal has a price below zero."""
        stage = self.network.markets["stage"].to_numpy()
        made = np.isin(stage, ("metal", "alloy", "magnet")) | self.network.markets["commodity"].str.endswith("_oxide").to_numpy()
        return np.where(made, 200.0, np.where(stage == "mine", 5.0, 0.5))

    def _observations(self) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray, list[str], list[str]]:
        n = self.network
        rows: list[np.ndarray] = []
        observed: list[float] = []
        sigma: list[float] = []
        labels: list[str] = []
        inputs: list[str] = []
        for at, (name, use) in enumerate(n.uses.iterrows()):
            row = np.zeros(self.size)
            row[self.block["q"].start + at] = 1.0
            rows.append(row)
            observed.append(float(use["quantity"]) / KILO)
            sigma.append(max(float(use["sigma"]) / KILO, 1e-5))
            labels.append(_("use {name}").format(name=name))
            inputs.append(str(use["inputs"]))
        table = self.case["statistics"]
        table = table[table["use"].eq("fit") & table["year"].eq(self.case.base_year) & table["unit"].eq("t")]
        faults = []
        for record in table.to_dict("records"):
            row = self._row(record)
            if not row.any():
                faults.append(Fault("statistics.csv", str(record["_line"]), "commodity", _("nothing in the network answers to it"),
                                    _("correct it, or set use to check")))  # fmt: skip
                continue
            band = (record["high"] - record["low"]) / (2 * 1.645) if record["high"] > record["low"] else 0.1 * record["quantity"]
            rows.append(row)
            observed.append(record["quantity"] / KILO)
            sigma.append(max(band / KILO, 1e-5))
            labels.append(f"{record['flow']} {record['commodity']} {record['region']}" + (f" {record['partner']}" if record["partner"] else ""))
            inputs.append(record[ROW])
        if faults:
            raise CaseError(faults)
        for row, spread, label, key in self._mixes():
            rows.append(row)
            observed.append(0.0)
            sigma.append(spread)
            labels.append(label)
            inputs.append(key)
        return sp.csr_matrix(np.array(rows)), np.array(observed), np.array(sigma), labels, inputs

    def _mixes(self) -> list[tuple[np.ndarray, float, str, str]]:
        """Recipes for one product at one plant: ``x_k - share_k sum_k x_k = 0``, as far as other observations let it."""
        n, found = self.network, []
        known = set(self.case["assumptions"]["assumption"])
        mixed = n.activities[n.activities["process"].map(lambda p: f"a_mix_{p}" in known) & self.may_run]
        for facility, recipes in mixed.groupby("facility"):
            at = n.activities.index.get_indexer(recipes.index)
            spread = max(0.05 * float(n.facilities.at[facility, "capacity"]) / KILO, 1e-3)
            for position, process in zip(at, recipes["process"], strict=True):
                row = np.zeros(self.size)
                row[at] = -self.case.assumption(f"a_mix_{process}")
                row[position] += 1.0
                label = _("recipe mix {facility} {process}").format(facility=facility, process=process)
                found.append((row, spread, label, f"assumptions/a_mix_{process}"))
        return found

    def _row(self, record: dict[str, object]) -> np.ndarray:
        """Return what the network sums to answer an observation."""
        n, row = self.network, np.zeros(self.size)
        wanted = str(record["commodity"])
        basis = self.case.content.basis
        if wanted.startswith("stage:"):
            stage = wanted.removeprefix("stage:")
            names = {c for c, s in zip(n.markets["commodity"], n.markets["stage"], strict=True)
                     if s == stage and basis[c] == record["basis"] and not c.startswith("swarf")}  # fmt: skip
        else:
            names = {wanted}
        region, partner = str(record["region"]), str(record["partner"] or "*")
        if record["flow"] in ("production", "use"):
            sign = 1.0 if record["flow"] == "production" else -1.0
            terms = n.terms[n.terms["commodity"].isin(names) & (n.terms["region"].eq(region) | (region == "*"))]
            terms = terms[terms["coefficient"].mul(sign).gt(0)]
            np.add.at(row, n.activities.index.get_indexer(terms["activity"]), sign * terms["coefficient"].to_numpy(float))
            if record["flow"] == "use":
                on = n.uses["commodity"].isin(names) & (n.uses["region"].eq(region) | (region == "*"))
                row[self.block["q"]][on.to_numpy()] = 1.0
        else:
            out, into = ("origin", "destination") if record["flow"] == "export" else ("destination", "origin")
            on = n.routes["commodity"].isin(names) & n.routes[out].eq(region) & (n.routes[into].eq(partner) | (partner == "*"))
            row[self.block["y"]][on.to_numpy()] = 1.0
        return row


class _Prices:
    """``min sum ((p - observed) / sigma)^2 + rents^2 + subsidies^2 + freight changes^2`` with zero profit on what runs."""

    def __init__(self, case: cases.Case, network: Network, quantities: dict[str, pd.Series]) -> None:
        self.case, self.network = case, network
        self.activity, self.ship = quantities["activity"], quantities["ship"]
        self.dispose = quantities["dispose"]

    def solve(self) -> dict[str, pd.Series | pd.DataFrame]:
        n = self.network
        active = np.nonzero(self.activity.to_numpy() > 0)[0]
        routes = np.nonzero(self.ship.to_numpy() > 0)[0]
        markets, runs, goes = len(n.markets), len(active), len(routes)
        matrix = sp.csr_matrix(n.matrix().to_numpy())
        cost = n.activities["cost"].to_numpy(float)
        stated = n.routes["cost"].to_numpy(float)[routes]
        # Columns: prices, rents, subsidies, freight.
        profit = sp.hstack([matrix[:, active].T, -sp.identity(runs), sp.identity(runs), sp.csr_matrix((runs, goes))])
        head = n.markets.index.get_indexer(n.routes["head"].iloc[routes])
        tail = n.markets.index.get_indexer(n.routes["tail"].iloc[routes])
        step = sp.csr_matrix((np.ones(goes), (np.arange(goes), head)), shape=(goes, markets)) - sp.csr_matrix(
            (np.ones(goes), (np.arange(goes), tail)), shape=(goes, markets)
        )
        trade = sp.hstack([step, sp.csr_matrix((goes, 2 * runs)), -sp.identity(goes)])
        thrown = np.nonzero(self.dispose.to_numpy() > 0)[0]
        waste = sp.csr_matrix((np.ones(len(thrown)), (np.arange(len(thrown)), thrown)), shape=(len(thrown), markets + 2 * runs + goes))
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
        price = self._fallback(found[:markets], stated)
        rent, subsidy = np.zeros(len(cost)), np.zeros(len(cost))
        rent[active], subsidy[active] = found[markets : markets + runs], found[markets + runs : markets + 2 * runs]
        both = np.minimum(rent, subsidy)  # least norm may leave a little of each
        rent, subsidy = rent - both, subsidy - both
        # A subsidy beyond the cost itself cannot be explained: it is reported, and the activity is left at a loss.
        unexplained = np.maximum(subsidy - (1.0 - LEAST_COST) * cost, 0.0)
        subsidy = subsidy - unexplained
        freight = n.routes["cost"].to_numpy(float).copy()
        freight[routes] = found[markets + 2 * runs :]
        return {
            "price": pd.Series(price, index=n.markets.index),
            "cost": self._costs(matrix, price, cost, rent, subsidy, active),
            "freight": self._freight(freight, price, routes),
            "elasticity": self._elasticity(),
            "report": pd.DataFrame(
                {"stated_cost": cost, "rent": rent, "subsidy": subsidy, "unexplained": unexplained,
                 "inputs": n.activities["inputs"]}, index=n.activities.index
            ),
        }

    def _observed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        table = self.case["prices"]
        table = table[table["date"].str[:4].eq(str(self.case.base_year))]
        fitted = table["use"].eq("fit")
        loose = ~fitted & table["commodity"].map(self._calibrated()).eq(False)
        table = pd.concat([table[fitted], table[loose].drop_duplicates(["commodity", "region"])])
        labels = table["commodity"] + "|" + table["region"]
        known = labels.isin(self.network.markets.index)
        if not known.any():
            raise CaseError([Fault("prices.csv", "", "use", _("no observed price of {year} to fit").format(year=self.case.base_year),
                                   _("add one row with use = fit for a market of the network"))])  # fmt: skip
        table, labels = table[known], labels[known]
        value = table["price"].to_numpy(float) / KG
        band = (table["high"] - table["low"]).to_numpy(float) / (2 * 1.645) / KG
        sigma = np.where(np.isfinite(band) & (band > 0), band, self.case.assumption("a_price_sigma") * value)
        # A price that only gives the order of magnitude (Sm, Gd, Y) holds within half of itself.
        sigma = np.where(table["use"].eq("fit").to_numpy(), sigma, 0.5 * value)
        return self.network.markets.index.get_indexer(labels), value, sigma

    def _calibrated(self) -> dict[str, bool]:
        table = self.case["commodities"]
        return dict(zip(table["commodity"], table["calibrated"].eq("yes"), strict=True))

    def _fallback(self, price: np.ndarray, stated: np.ndarray) -> np.ndarray:
        """Give markets that nothing touched in the base year the price of their cheapest import, or of what they make."""
        n = self.network
        touched = set(n.terms.loc[n.terms["activity"].isin(self.activity.index[self.activity.gt(0)]), "market"])
        touched |= set(n.uses["market"]) | set(n.routes.loc[self.ship.gt(0).to_numpy(), ["head", "tail"]].to_numpy().ravel())
        known = n.markets.index.isin(touched)
        price = np.where(known, price, np.nan)
        values = dict(zip(n.markets.index, price, strict=True))
        offers = n.routes["tail"].map(values).to_numpy(float) + n.routes["cost"].to_numpy(float)
        cheapest = pd.Series(offers).groupby(n.routes["head"].to_numpy()).min()
        filled = np.where(np.isnan(price), cheapest.reindex(n.markets.index).to_numpy(float), price)
        mean = pd.Series(filled).groupby(n.markets["commodity"].to_numpy()).transform("mean").to_numpy(float)
        del stated
        return np.where(np.isnan(filled), np.where(np.isnan(mean), 0.0, mean), filled)

    def _costs(
        self, matrix: sp.csr_matrix, price: np.ndarray, cost: np.ndarray, rent: np.ndarray, subsidy: np.ndarray, active: np.ndarray
    ) -> pd.Series:
        """Marginal cost at the base point; what idled loses money; a later plant costs what its like in the region costs."""
        n = self.network
        margin = matrix.T @ price
        revenue = matrix.maximum(0).T @ np.abs(price)
        fitted = cost + rent - subsidy
        runs = np.zeros(len(cost), dtype=bool)
        runs[active] = True
        there = n.activities["facility"].isin(n.facilities.index[operating_in(n, self.case.base_year)]).to_numpy()
        group = n.activities["process"] + "|" + n.activities["region"]
        like = pd.Series(np.where(runs, fitted - rent, np.nan)).groupby(group.to_numpy()).transform("mean").to_numpy(float)
        later = np.where(np.isnan(like), cost, like)
        idle = np.maximum(cost, margin + OUT_OF_MONEY * revenue)
        return pd.Series(np.where(runs, fitted, np.where(there, idle, later)), index=n.activities.index)

    def _freight(self, freight: np.ndarray, price: np.ndarray, active: np.ndarray) -> pd.Series:
        """Routes that were not used cost more than the price gap that they would bridge."""
        n = self.network
        head = price[n.markets.index.get_indexer(n.routes["head"])]
        tail = price[n.markets.index.get_indexer(n.routes["tail"])]
        used = np.zeros(len(freight), dtype=bool)
        used[active] = True
        barred = np.maximum(freight, head - tail + OUT_OF_MONEY * np.abs(head))
        return pd.Series(np.where(used, freight, barred), index=n.routes.index)

    def _elasticity(self) -> pd.Series:
        stage = self.network.activities["stage"]
        mine = self.case.assumption("a_supply_elasticity_mine")
        plant = self.case.assumption("a_supply_elasticity_processing")
        return pd.Series(np.where(stage.eq("mine"), mine, plant), index=stage.index)
