"""Which observation pulls which: who contradicts whom, and how strongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp

from didymium.case.reconcile.observations import KILO

if TYPE_CHECKING:
    from didymium.case.reconcile.balance import Fit

ACTIVE = 1e-6
"""Distance from a limit below which it binds, kt."""

LIFT = 0.1
"""How far a capacity is thought to be wrong at most, as a share of it, when its part in a conflict is weighed."""

EVEN = 1e-10
"""Regularisation of the multipliers, so that balances that say the same twice do no harm."""


class Pulls(NamedTuple):
    """Who pulls what: each adjusted value stands where the pulls on it balance.

    Parameters
    ----------
    observations : array, fitted x fitted
        By how much observation ``k`` pulls the adjusted value of ``j`` towards where ``k`` would be met, t.
    limits : array, fitted x binding limits
        By how much ``j`` would move if the limit were lifted until it no longer binds, t.
    binding : array of int
        Rows of the program's limits that bind.
    """

    observations: np.ndarray
    limits: np.ndarray
    binding: np.ndarray


def pulls(fit: Fit) -> Pulls:
    """Return who pulls what.

    ``pull[j,k] = S[j,k] (observed_k - adjusted_k)`` with ``S = d adjusted / d observed``, from the optimality
    conditions with the binding limits held: ``Q dv + C' dy = H' W d observed``, ``C dv = 0``. The pulls on each ``j``,
    with what binding limits and the small costs of trade deny it, add up to nothing: what one observation wants others
    deny it. A binding limit is lifted until its multiplier ``y`` ends, ``y / (- dy/dlimit)``, but by no more than a
    tenth.

    Parameters
    ----------
    fit : Fit
        A balanced base year.
    """
    program, v = fit.program, fit.vector
    fitted = fit.observations.fitted()
    weights = fit.observations.weights[fitted]
    sigma = fit.observations.table["sigma"].to_numpy(float)[fitted] / KILO
    free = np.nonzero((v > ACTIVE) & (program.high - v > ACTIVE))[0]
    binding = np.nonzero(program.ceilings - program.limits @ v < ACTIVE)[0]
    held = sp.vstack([program.balance, program.limits[binding]], format="csr")[:, free]
    hessian = program.hessian[free][:, free]
    system = sp.linalg.splu(sp.bmat([[hessian, held.T], [held, -EVEN * sp.identity(held.shape[0])]], format="csc"))
    count = held.shape[0]
    wants = (weights[:, free].T @ sp.diags(1.0 / sigma**2)).toarray()
    moved = system.solve(np.vstack([wants, np.zeros((count, wants.shape[1]))]))[: len(free)]
    observed = fit.observations.table["observed"].to_numpy(float)[fitted]
    by_observation = np.asarray(weights[:, free] @ moved) * (observed - fit.adjusted[fitted])[None, :]
    ends = np.zeros((len(free) + count, len(binding)))
    rows = len(free) + program.balance.shape[0] + np.arange(len(binding))
    ends[rows, np.arange(len(binding))] = 1.0
    lifted = system.solve(ends)
    slope = lifted[rows, np.arange(len(binding))]
    gradient = -(program.hessian @ v + program.linear)[free]
    multiplier = system.solve(np.concatenate([gradient, np.zeros(count)]))[rows]
    far = np.where(np.abs(slope) > EVEN, multiplier / np.where(np.abs(slope) > EVEN, -slope, 1.0), 0.0)
    far = np.where(multiplier > 0, np.minimum(far, LIFT * np.abs(program.ceilings[binding])), 0.0)
    by_limit = np.asarray(weights[:, free] @ lifted[: len(free)]) * far[None, :] * KILO
    return Pulls(by_observation, by_limit, binding)
