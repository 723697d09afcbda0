"""Convex quadratic programs of the calibration, solved by Clarabel's interior point."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from didymium.faults import SolverError
from didymium.messages import _

LEAST = 20
"""Columns from which a part is solved apart."""

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

    Parts that no row joins are solved apart: tonnes of germanium would drown in megatonnes of titanium ore.

    Raises
    ------
    SolverError
        Any status but solved, or an answer outside its constraints.
    """
    whole = (hessian, linear, equal, equal_to, at_most, limit, low, high)
    part = _parts(hessian, equal, at_most)
    if part.max(initial=0) == 0:
        return _solve(*whole)
    solution = np.empty(len(linear))
    rows = [part[_first_columns(matrix)] for matrix in (equal, at_most)]
    for number in range(part.max() + 1):
        own = part == number
        in_equal, in_most = (where == number for where in rows)
        solution[own] = _solve(
            hessian[own][:, own], linear[own], equal[in_equal][:, own], equal_to[in_equal],
            at_most[in_most][:, own], limit[in_most], low[own], high[own],
        )  # fmt: skip
    return solution


def _parts(hessian: sp.csc_matrix, equal: sp.csr_matrix, at_most: sp.csr_matrix) -> np.ndarray:
    """Return the number of the part that each column belongs to; small ones go with the largest."""
    rows = sp.csr_matrix(sp.vstack([equal, at_most]))
    rows.eliminate_zeros()
    joined = abs(rows).T @ abs(rows) + abs(hessian)
    _count, label = connected_components(joined, directed=False)
    size = np.bincount(label)
    used = np.zeros(len(size), dtype=bool)
    used[label[rows.indices]] = True
    apart = np.nonzero(used & (size >= LEAST))[0]
    order = apart[np.argsort(-size[apart], kind="stable")]
    number = np.zeros(len(size), dtype=int)
    number[order] = np.arange(len(order))
    return number[label]


def _first_columns(matrix: sp.csr_matrix) -> np.ndarray:
    """Return a column of each row; an empty row goes with the first column."""
    rows = sp.csr_matrix(matrix)
    rows.eliminate_zeros()
    filled = np.diff(rows.indptr) > 0
    first = np.zeros(rows.shape[0], dtype=int)
    first[filled] = rows.indices[rows.indptr[:-1][filled]]
    return first


def _solve(
    hessian: sp.csc_matrix,
    linear: np.ndarray,
    equal: sp.csr_matrix,
    equal_to: np.ndarray,
    at_most: sp.csr_matrix,
    limit: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """Return the same for one part."""
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
