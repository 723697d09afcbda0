"""Which of the equally good patterns of trade to show: the one nearest to the base year's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import positions
from didymium.faults import SolverError
from didymium.market.prepare import Market
from didymium.messages import _


def nearest_flows(market: Market, ship: pd.Series, output: pd.Series) -> pd.Series:
    """Return the flows nearest to the base year's with the same net trade everywhere and no more freight.

    ``min sum_r |y_r - y0_r|`` subject to ``D y = D y*``, ``freight' y <= freight' y*`` and departures at most own
    output.
    Bilateral flows of an equilibrium are not unique; its prices and net trade are.

    Parameters
    ----------
    market : Market
        Network and base point.
    ship : Series
        Optimal flows by route, t.
    output : Series
        What each market's makers give out, t.

    Raises
    ------
    SolverError
        No such flows, which the optimal ones themselves rule out.
    """
    from scipy.optimize import linprog

    network, base = market
    routes, index = network.routes, network.markets.index
    count = len(routes)
    if count == 0:
        return ship
    here = np.arange(count)
    ones = np.ones(count)
    leaving = sp.csr_matrix((ones, (positions(index, routes["tail"]), here)), shape=(len(index), count))
    arriving = sp.csr_matrix((ones, (positions(index, routes["head"]), here)), shape=(len(index), count))
    flow = ship.reindex(routes.index).to_numpy(float)
    wanted = base.ship.reindex(routes.index).to_numpy(float)
    freight = base.freight.reindex(routes.index).to_numpy(float)
    nothing = sp.csr_matrix((len(index), count))
    eye = sp.identity(count, format="csr")
    both = np.asarray((leaving.sum(axis=1) > 0) & (arriving.sum(axis=1) > 0)).ravel()
    # Rounding of the optimum must not make it infeasible for itself.
    slack = 1e-6 * (1.0 + np.abs(flow).sum())
    limit = np.maximum(output.reindex(index).to_numpy(float)[both], leaving[both] @ flow) + slack
    none_of_it = sp.csr_matrix((1, count))
    rows = sp.vstack([
        sp.hstack([eye, -eye]), sp.hstack([-eye, -eye]), sp.hstack([sp.csr_matrix(freight[None, :]), none_of_it]),
        sp.hstack([leaving[both], nothing[both]]),
    ])  # fmt: skip
    high = np.concatenate([wanted, -wanted, [freight @ flow + slack * float(np.abs(freight).max())], limit])
    step = arriving - leaving
    found: Any = linprog(  # type: ignore[call-overload]
        np.concatenate([np.zeros(count), ones]), A_ub=rows, b_ub=high, A_eq=sp.hstack([step, nothing]),
        b_eq=step @ flow, bounds=(0, None), method="highs",
    )  # fmt: skip
    if not found.success:
        raise SolverError(_("no pattern of trade near the base year: {status}").format(status=found.message))
    return pd.Series(np.asarray(found.x)[:count], index=routes.index)
