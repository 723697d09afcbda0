"""Calibration: a base year that balances, and prices at which what runs earns exactly zero.

Two convex programs: first quantities (:mod:`didymium.case.reconcile`), then prices (:mod:`didymium.market.prices`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from didymium.case.network import Network
from didymium.case.reconcile import balance
from didymium.market.base import Base
from didymium.market.prices import Prices

if TYPE_CHECKING:
    from didymium.case import case as cases


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
    fit = balance(case, network)
    balanced = fit.balanced
    priced = Prices(case, network, balanced).solve()
    return Base(
        price=priced.price,
        activity=balanced.activity,
        ship=balanced.ship,
        served=balanced.served,
        dispose=balanced.dispose,
        cost=priced.cost,
        freight=priced.freight,
        elasticity=priced.elasticity,
        report=priced.report,
        misfit=fit.misfit(),
    )
