"""The smallest change of the observed quantities that balances every market.

Each observation counts in units of its accuracy (constrained least squares, the method of material-flow analysis:
Brunner and Rechberger, Practical Handbook of Material Flow Analysis, 2004, section 2.3; Cencic, STAN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from didymium.case.facilities import operating_in
from didymium.case.network import Network, positions
from didymium.case.reconcile.layout import Layout
from didymium.case.reconcile.observations import BAND, KILO, Observations, gather
from didymium.faults import SolverError
from didymium.quadratic import solve_quadratic

if TYPE_CHECKING:
    from didymium.case.case import Case

SMALL = 1e-2
"""Tonnes a year below which nothing runs: what an interior point leaves behind."""

TRADE = 0.02
"""Cost of a kilotonne of trade that nobody observed: absolute and not squared, or it would spread over every route."""

LARGE = 500.0
"""Kilotonnes a year that plants can make of a good from which on its trade costs less, in proportion: ten million
tonnes of manganese ore are not a thousand times as unlikely to move as ten thousand tonnes of neodymium."""


class Balanced(NamedTuple):
    """Quantities of a base year that balances, t/year."""

    activity: pd.Series
    ship: pd.Series
    served: pd.Series
    dispose: pd.Series


@dataclass(frozen=True)
class Fit:
    """A balanced base year and how it was found.

    Parameters
    ----------
    balanced : Balanced
        Quantities, t/year.
    observations : Observations
        What was observed.
    adjusted : array, observations
        What the balanced year answers, t.
    layout : Layout
        Order of the quantities.
    program : Program
        The least-squares program, kt.
    vector : array, quantities
        Its solution, kt.
    """

    balanced: Balanced
    observations: Observations
    adjusted: np.ndarray
    layout: Layout
    program: Program
    vector: np.ndarray

    def misfit(self) -> pd.DataFrame:
        """Return observed beside adjusted: label, observed, sigma, adjusted (t), sigmas, inputs; intervals left out."""
        table = self.observations.table.assign(adjusted=self.adjusted)[self.observations.fitted()]
        frame = table[["label", "observed", "sigma", "adjusted", "inputs"]].reset_index(drop=True)
        frame["sigmas"] = (frame["adjusted"] - frame["observed"]) / frame["sigma"]
        return frame

    def chi2(self, kinds: tuple[str, ...] = ("use", "statistic")) -> float:
        """Return ``sum ((adjusted - observed) / sigma)^2`` over observations of some kinds."""
        table = self.observations.table
        chosen = table["kind"].isin(kinds).to_numpy()
        moved = (self.adjusted - table["observed"].to_numpy(float)) / table["sigma"].to_numpy(float)
        return float((moved[chosen] ** 2).sum())


@dataclass(frozen=True)
class Program:
    """``min 1/2 v'Hv + c'v`` subject to ``E v = 0``, ``A v <= a``, ``0 <= v <= u``; kilotonnes.

    Parameters
    ----------
    hessian, linear : csc_matrix, array
        ``H`` and ``c``: ``H = sum_k h_k h_k' / sigma_k^2`` and a small ridge.
    balance : csr_matrix
        ``E``: one row per market.
    limits, ceilings : csr_matrix, array
        ``A`` and ``a``: capacity by facility, departures at most own output, ends of the intervals.
    names : list of (str, int)
        What each row of ``A`` is: ``facility``, ``transit``, ``low`` or ``high``, and which one.
    high : array
        ``u``.
    """

    hessian: sp.csc_matrix
    linear: np.ndarray
    balance: sp.csr_matrix
    limits: sp.csr_matrix
    ceilings: np.ndarray
    names: list[tuple[str, int]]
    high: np.ndarray


def balance(case: Case, network: Network) -> Fit:
    """Return the balanced base year of a case.

    ``min sum_k ((h_k'v - observed_k) / sigma_k)^2 + costs of trade and disposal`` subject to ``E v = 0`` (every market
    balances), capacity, no transit, and ``low <= h'v <= high`` for statistics that are ranges.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.

    Raises
    ------
    CaseError
        Statistics that nothing answers to, or ranges that cannot hold together: each contradicting row is named.
    SolverError
        A program without an optimum.
    """
    layout = Layout(case, network)
    running = network.facilities.index[operating_in(network.facilities, case.base_year)]
    may_run = network.activities["facility"].isin(running).to_numpy()
    observations = gather(layout, may_run)
    program = _program(layout, observations, may_run)
    low = np.zeros(layout.size)
    try:
        solution = solve_quadratic(program.hessian, program.linear, program.balance, np.zeros(len(network.markets)),
                                   program.limits, program.ceilings, low, program.high)  # fmt: skip
    except SolverError:
        from didymium.case.reconcile.contradiction import refuse_contradiction

        refuse_contradiction(layout, observations, program)
        raise
    # A use that is served has a demand curve, however small: only flows and activities are cleaned away.
    wanted = np.maximum(solution[layout.block["q"]], 1e-3 * network.uses["quantity"].to_numpy(float) / KILO)
    small = np.full(layout.size, SMALL)
    small[layout.block["y"]] *= _bulk(layout)
    solution = np.where(solution * KILO < small, 0.0, solution)
    solution[layout.block["q"]] = wanted
    solution[layout.block["y"]] = without_circles(network, solution[layout.block["y"]])

    def series(block: str, index: pd.Index) -> pd.Series:
        return pd.Series(solution[layout.block[block]] * KILO, index=index)

    balanced = Balanced(
        activity=series("x", network.activities.index),
        ship=series("y", network.routes.index),
        served=series("q", network.uses.index),
        dispose=series("z", network.markets.index),
    )
    return Fit(balanced, observations, observations.weights @ solution * KILO, layout, program, solution)


def without_circles(network: Network, ship: np.ndarray) -> np.ndarray:
    """Return flows by route with every circle cancelled: each loses what its smallest flow carries.

    No market's balance changes. A circle comes from statistics of both directions (grades that the case does not tell
    apart) or from what an interior point leaves; no prices fit one, because every route costs something.

    Parameters
    ----------
    network : Network
        Arrays of the case.
    ship : array, routes
        Flows.
    """
    tail, head = (positions(network.markets.index, network.routes[end]) for end in ("tail", "head"))
    flow = ship.copy()
    size = len(network.markets)
    while True:
        used = np.nonzero(flow > 0)[0]
        links = sp.csr_matrix((np.ones(len(used)), (tail[used], head[used])), shape=(size, size))
        _count, label = connected_components(links, connection="strong")
        inside = used[label[tail[used]] == label[head[used]]]
        if not len(inside):
            return flow
        # From any market of a circle the walk along routes that stay inside it must come back.
        onward = dict(zip(tail[inside].tolist(), inside.tolist(), strict=True))
        at = int(tail[inside[0]])
        walk: list[int] = []
        seen: dict[int, int] = {}
        while at not in seen:
            seen[at] = len(walk)
            walk.append(onward[at])
            at = int(head[onward[at]])
        circle = walk[seen[at] :]
        least = circle[int(np.argmin(flow[circle]))]
        flow[circle] -= flow[least]
        flow[least] = 0.0


def _program(layout: Layout, observations: Observations, may_run: np.ndarray) -> Program:
    n, block = layout.network, layout.block
    fitted = observations.fitted()
    sigma = observations.table["sigma"].to_numpy(float)[fitted] / KILO
    scaled = sp.diags(1.0 / sigma) @ observations.weights[fitted]
    ridge = np.zeros(layout.size)
    capacity = n.activities["facility"].map(n.facilities["capacity"]).to_numpy(float) / KILO
    ridge[block["x"]] = 2e-3 / np.maximum(capacity, 1e-3) ** 2
    bulk = _bulk(layout)
    ridge[block["y"]] = 1e-6 / bulk**2
    linear = -scaled.T @ (observations.table["observed"].to_numpy(float)[fitted] / KILO / sigma)
    linear[block["y"]] += TRADE / bulk * (1.0 + n.routes["days"].to_numpy(float) / 45.0)
    linear[block["z"]] += _disposal_penalty(n)
    # What runs beyond an assumed capacity moves that assumption: by its own accuracy, and within its band.
    room = (n.facilities["most"] - n.facilities["capacity"]).to_numpy(float)[layout.assumed] / KILO
    ridge[block["e"]] = (BAND / 2 / room) ** 2
    limits, ceilings, names = _limits(layout, observations)
    high = np.full(layout.size, np.inf)
    high[block["e"]] = room
    high[block["x"]] = np.where(may_run, np.inf, 0.0)
    # Nobody makes metal, magnets or cells to throw them away: rather an observation moves far.
    high[block["z"]] = np.where(_main_products(layout), 0.0, np.inf)
    hessian = sp.csc_matrix(scaled.T @ scaled + sp.diags(ridge))
    return Program(hessian, linear, _balance(layout), limits, ceilings, names, high)


def _bulk(layout: Layout) -> np.ndarray:
    """Return by route how many times :data:`LARGE` plants can make of what it carries, at least 1."""
    n = layout.network
    made = n.terms[n.terms["coefficient"].gt(0)]
    facility = made["activity"].map(n.activities["facility"])
    most = (made["coefficient"] * facility.map(n.facilities["capacity"]) / KILO).groupby(
        [made["commodity"], facility]
    ).max()  # fmt: skip
    able = most.groupby(level=0).sum()
    return np.maximum(n.routes["commodity"].map(able).to_numpy(float) / LARGE, 1.0)


def _balance(layout: Layout) -> sp.csr_matrix:
    """``sum_a A[m,a] x_a + arrivals - departures - q - z``: markets x quantities."""
    n = layout.network
    market = n.markets.index

    def place(labels: pd.Series, sign: float) -> sp.csr_matrix:
        at = positions(market, labels)
        return sp.csr_matrix((np.full(len(at), sign), (at, np.arange(len(at)))), shape=(len(market), len(at)))

    at = (positions(market, n.terms["market"]), positions(n.activities.index, n.terms["activity"]))
    recipe = sp.csr_matrix((n.terms["coefficient"].to_numpy(float), at), shape=(len(market), len(n.activities)))
    ship = place(n.routes["head"], 1.0) + place(n.routes["tail"], -1.0)
    excess = sp.csr_matrix((len(market), len(layout.assumed)))
    return sp.csr_matrix(sp.hstack([recipe, ship, place(n.uses["market"], -1.0), -sp.identity(len(market)), excess]))


def _limits(layout: Layout, observations: Observations) -> tuple[sp.csr_matrix, np.ndarray, list[tuple[str, int]]]:
    """Return capacity by facility, departures at most own output, and the ends of the intervals.

    What runs beyond an assumed capacity is excess: ``x_f - e_f <= capacity_f``.
    """
    n = layout.network
    facility = positions(n.facilities.index, n.activities["facility"])
    beyond = layout.block["e"].start + np.arange(len(layout.assumed))
    by_facility = sp.csr_matrix(
        (np.concatenate([np.ones(len(facility)), -np.ones(len(beyond))]),
         (np.concatenate([facility, layout.assumed]), np.concatenate([np.arange(len(facility)), beyond]))),
        shape=(len(n.facilities), layout.size),
    )  # fmt: skip
    both = np.intersect1d(n.routes["tail"].unique(), n.routes["head"].unique())
    leaving = np.nonzero(n.routes["tail"].isin(both).to_numpy())[0]
    made = n.terms[n.terms["coefficient"].gt(0) & n.terms["market"].isin(both)]
    row = pd.Index(both)
    data = np.concatenate([np.ones(len(leaving)), -made["coefficient"].to_numpy(float)])
    rows = np.concatenate([positions(row, n.routes["tail"].iloc[leaving]), positions(row, made["market"])])
    columns = np.concatenate([leaving + layout.block["y"].start, positions(n.activities.index, made["activity"])])
    transit = sp.csr_matrix((data, (rows.astype(int), columns)), shape=(len(both), layout.size))
    ranges = np.nonzero(~observations.fitted())[0]
    interval = observations.weights[ranges]
    low, high = (observations.table[end].to_numpy(float)[ranges] / KILO for end in ("low", "high"))
    limits = sp.csr_matrix(sp.vstack([by_facility, transit, interval, -interval]))
    ceilings = np.concatenate([n.facilities["capacity"].to_numpy(float) / KILO, np.zeros(len(both)), high, -low])
    kinds = (("facility", len(n.facilities)), ("transit", len(both)))
    names = [(kind, at) for kind, count in kinds for at in range(count)]
    names += [(end, int(at)) for end in ("high", "low") for at in ranges]
    return limits, ceilings, names


def _main_products(layout: Layout) -> np.ndarray:
    """Return which markets trade what a plant is built for: metal, magnets, cells; no swarf, nothing that is dug."""
    processes = layout.case["processes"]
    plants = processes[processes["capacity_side"].eq("output") & ~processes["stage"].isin(("mine", "recycling"))]
    return layout.network.markets["commodity"].isin(plants["capacity_commodity"]).to_numpy()


def _disposal_penalty(n: Network) -> np.ndarray:
    """Throwing away what somebody separates is dear: a market with disposal has a price below zero."""
    oxide = n.markets["commodity"].str.endswith("_oxide").to_numpy()
    return np.where(oxide, 200.0, np.where(n.markets["stage"].eq("mine").to_numpy(), 5.0, 0.5))
