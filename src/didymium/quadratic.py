"""Convex quadratic programs of the calibration, solved by Clarabel's interior point."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.messages import _

OUTSIDE = 1e-4
"""Violation of a constraint, relative to its terms, above which an answer is none: the solver calls a program solved
whose numbers have grown so large that nothing else matters, and one without any answer ends that way."""


def solve_quadratic(
    hessian: sp.csc_matrix,
    linear: np.ndarray,
    equal: sp.csr_matrix,
    equal_to: np.ndarray,
    at_most: sp.csr_matrix,
    limit: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Return ``argmin 1/2 x'Hx + c'x`` subject to ``E x = e``, ``A x <= a``, ``l <= x <= u``.

    Raises
    ------
    SolverError
        Any status but solved, or an answer outside its constraints.
    """
    import clarabel  # type: ignore[import-untyped]

    size = len(linear)
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    eye = sp.csr_matrix(sp.identity(size))
    below = sp.csr_matrix(sp.vstack([at_most, eye[has_high], -eye[has_low]]))
    ceiling = np.concatenate([limit, high[has_high], -low[has_low]])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = 500
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    cones = [clarabel.ZeroConeT(equal.shape[0]), clarabel.NonnegativeConeT(below.shape[0])]
    rows = sp.csc_matrix(sp.vstack([equal, below]))
    upper = sp.triu(hessian, format="csc")
    sides = np.concatenate([equal_to, ceiling])
    solution = clarabel.DefaultSolver(upper, linear, rows, sides, cones, settings).solve()
    if str(solution.status) not in ("Solved", "AlmostSolved"):
        raise SolverError(_("the calibration stopped without an optimum: {status}").format(status=solution.status))
    found = np.asarray(solution.x, dtype=float)
    slack = sides - rows @ found
    slack[equal.shape[0] :] = np.minimum(slack[equal.shape[0] :], 0.0)
    off = float((np.abs(slack) / (1.0 + np.abs(sides) + abs(rows) @ np.abs(found))).max(initial=0.0))
    if off > OUTSIDE:
        raise SolverError(_("the calibration ended outside its constraints, by {off:.2g}").format(off=off))
    return found
