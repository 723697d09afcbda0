"""Calibration, first program: the smallest change of the observed quantities that balances every market.

Each observation counts in units of its accuracy (constrained least squares, the method of material-flow analysis).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.case import ROW
from didymium.case.facilities import operating_in
from didymium.case.network import Network, positions
from didymium.faults import CaseError, Fault
from didymium.messages import _
from didymium.quadratic import solve_quadratic

if TYPE_CHECKING:
    from didymium.case import case as cases

KILO = 1000.0
SMALL = 1e-2
"""Tonnes a year below which nothing runs: what an interior point leaves behind."""


CUSTOMS = {"hs:280530": ("metal",), "hs:284690": ("heavy_separation", "light_separation"), "hs:284610": ()}
"""Stages whose element tonnes lie nearest to a customs code. Codes are gross and hold more: for comparison only."""


class Balanced(NamedTuple):
    """Quantities of a base year that balances, t/year."""

    activity: pd.Series
    ship: pd.Series
    served: pd.Series
    dispose: pd.Series


class Quantities:
    """``min sum ((h'v - observed) / sigma)^2 + small costs`` subject to balance, capacity and no transit."""

    def __init__(self, case: cases.Case, network: Network) -> None:
        self.case, self.network = case, network
        running = operating_in(network.facilities, case.base_year)
        self.may_run = network.activities["facility"].isin(network.facilities.index[running]).to_numpy()
        sizes = [len(network.activities), len(network.routes), len(network.uses), len(network.markets)]
        ends = np.cumsum([0, *sizes])
        self.block = {name: slice(a, b) for name, a, b in zip(("x", "y", "q", "z"), ends[:-1], ends[1:], strict=True)}
        self.size = int(ends[-1])

    def solve(self) -> tuple[Balanced, pd.DataFrame]:
        """Return the balanced quantities, and observed beside adjusted ones."""
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
        # Nobody makes metal, alloy or magnets to throw them away: rather an observation moves far.
        high[self.block["z"]] = np.where(self._main_products(), 0.0, np.inf)
        hessian = sp.csc_matrix(scaled.T @ scaled + sp.diags(ridge))
        even, low = np.zeros(balance.shape[0]), np.zeros(self.size)
        solution = solve_quadratic(hessian, linear, balance, even, limits, ceilings, low, high)
        # A use that is served has a demand curve, however small: only flows and activities are cleaned away.
        wanted = np.maximum(solution[self.block["q"]], 1e-3 * n.uses["quantity"].to_numpy(float) / KILO)
        solution = np.where(solution * KILO < SMALL, 0.0, solution)
        solution[self.block["q"]] = wanted
        adjusted = rows @ solution
        misfit = pd.DataFrame(
            {
                "label": labels,
                "observed": observed * KILO,
                "sigma": sigma * KILO,
                "adjusted": adjusted * KILO,
                "inputs": inputs,
            }
        )
        misfit["sigmas"] = (misfit["adjusted"] - misfit["observed"]) / misfit["sigma"]

        def series(block: str, index: pd.Index) -> pd.Series:
            return pd.Series(solution[self.block[block]] * KILO, index=index)

        balanced = Balanced(
            activity=series("x", n.activities.index),
            ship=series("y", n.routes.index),
            served=series("q", n.uses.index),
            dispose=series("z", n.markets.index),
        )
        return balanced, misfit

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
                (n.terms["market"].map(position).to_numpy(), positions(n.activities.index, n.terms["activity"])),
            ),
            shape=(len(market), len(n.activities)),
        )
        ship = place(n.routes["head"], 1.0) + place(n.routes["tail"], -1.0)
        return sp.csr_matrix(sp.hstack([recipe, ship, place(n.uses["market"], -1.0), -sp.identity(len(market))]))

    def _limits(self) -> tuple[sp.csr_matrix, np.ndarray]:
        """Capacity by facility, and departures at most own output."""
        n = self.network
        facility = positions(n.facilities.index, n.activities["facility"])
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
        columns = np.concatenate([leaving + self.block["y"].start, positions(n.activities.index, made["activity"])])
        transit = sp.csr_matrix((data, (rows.astype(int), columns)), shape=(len(both), self.size))
        return sp.csr_matrix(sp.vstack([by_facility, transit])), np.concatenate([ceiling, np.zeros(len(both))])

    def _main_products(self) -> np.ndarray:
        """Return which markets trade what a metal, alloy or magnet plant is built for (not its swarf)."""
        processes = self.case["processes"]
        plants = processes[
            processes["capacity_side"].eq("output") & processes["stage"].isin(("metal", "alloy", "magnet"))
        ]
        return self.network.markets["commodity"].isin(plants["capacity_commodity"]).to_numpy()

    def _disposal_penalty(self) -> np.ndarray:
        """Throwing away what somebody separates is dear: a market with disposal has a price below zero."""
        stage = self.network.markets["stage"].to_numpy()
        oxide = self.network.markets["commodity"].str.endswith("_oxide").to_numpy()
        return np.where(oxide, 200.0, np.where(stage == "mine", 5.0, 0.5))

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
            row = self.answer(record)
            if not row.any():
                what = _("nothing in the network answers to it")
                fix = _("correct it, or set use to check")
                faults.append(Fault("statistics.csv", str(record["_line"]), "commodity", what, fix))
                continue
            known = record["high"] > record["low"]
            band = (record["high"] - record["low"]) / (2 * 1.645) if known else 0.1 * record["quantity"]
            rows.append(row)
            observed.append(record["quantity"] / KILO)
            sigma.append(max(band / KILO, 1e-5))
            labels.append(
                f"{record['flow']} {record['commodity']} {record['region']}"
                + (f" {record['partner']}" if record["partner"] else "")
            )
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
        """Recipes for one product at one plant: ``x_k - share_k sum_k x_k = 0``, as far as observations let it."""
        n, found = self.network, []
        known = set(self.case["assumptions"]["assumption"])
        mixed = n.activities[n.activities["process"].map(lambda p: f"a_mix_{p}" in known) & self.may_run]
        for facility, recipes in mixed.groupby("facility"):
            at = positions(n.activities.index, recipes.index)
            spread = max(0.05 * float(n.facilities["capacity"][str(facility)]) / KILO, 1e-3)
            for position, process in zip(at, recipes["process"], strict=True):
                row = np.zeros(self.size)
                row[at] = -self.case.assumption(f"a_mix_{process}")
                row[position] += 1.0
                label = _("recipe mix {facility} {process}").format(facility=facility, process=process)
                found.append((row, spread, label, f"assumptions/a_mix_{process}"))
        return found

    def answer(self, record: Mapping[Any, Any]) -> np.ndarray:
        """Return the weights with which activities, routes, uses and disposal (in this order) answer an observation."""
        n, row = self.network, np.zeros(self.size)
        wanted = str(record["commodity"])
        basis = self.case.content.basis
        if wanted.startswith("stage:"):
            stage = wanted.removeprefix("stage:")
            names = {c for c, s in zip(n.markets["commodity"], n.markets["stage"], strict=True)
                     if s == stage and basis[c] == record["basis"] and not c.startswith("swarf")}  # fmt: skip
        elif wanted in CUSTOMS:
            names = {c for c, s in zip(n.markets["commodity"], n.markets["stage"], strict=True)
                     if s in CUSTOMS[wanted] and basis[c] == "element"}  # fmt: skip
        else:
            names = {wanted}
        region, partner = str(record["region"]), str(record["partner"] or "*")
        if record["flow"] in ("production", "use"):
            sign = 1.0 if record["flow"] == "production" else -1.0
            terms = n.terms[n.terms["commodity"].isin(names) & (n.terms["region"].eq(region) | (region == "*"))]
            terms = terms[terms["coefficient"].mul(sign).gt(0)]
            np.add.at(
                row, positions(n.activities.index, terms["activity"]), sign * terms["coefficient"].to_numpy(float)
            )
            if record["flow"] == "use":
                on = n.uses["commodity"].isin(names) & (n.uses["region"].eq(region) | (region == "*"))
                row[self.block["q"]][on.to_numpy()] = 1.0
        else:
            out, into = ("origin", "destination") if record["flow"] == "export" else ("destination", "origin")
            on = (
                n.routes["commodity"].isin(names)
                & n.routes[out].eq(region)
                & (n.routes[into].eq(partner) | (partner == "*"))
            )
            row[self.block["y"]][on.to_numpy()] = 1.0
        return row
