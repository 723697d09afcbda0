"""One linear program under many upper bounds, solved once per basis.

``min c'x`` subject to ``low <= M x <= high``, ``0 <= x <= u_k`` for every case k

Costs do not change from case to case, so a basis that is optimal for one is optimal for every other in which its point
is within its bounds (parametric right-hand sides: Gal 1979, chapter 4). A thousand draws of what a few industries can
make need a handful of solves; all other cases are one matrix product each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from didymium.faults import SolverError
from didymium.messages import _

Array = NDArray[np.float64]

TOLERANCE = 1e-9
"""By how much a point may miss a bound, in the unit of the columns (shares of 1)."""


def optima(cost: Array, matrix: Array, low: Array, high: Array, upper: Array) -> tuple[Array, int]:
    """Return the smallest cost of every case, and how many programs were solved.

    Parameters
    ----------
    cost : array, columns
        ``c``.
    matrix : array, rows x columns
        ``M``.
    low, high : array, rows
        Bounds of the rows; infinite where there is none.
    upper : array, columns x cases
        ``u``, 0 and above, finite.

    Raises
    ------
    SolverError
        A case without an optimum.
    """
    import highspy

    from didymium.silent import silent_highs

    count, cases = upper.shape
    highs = silent_highs()
    starts = np.arange(0, matrix.size + 1, count, dtype=np.int32)
    highs.passModel(
        count, len(matrix), matrix.size, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), 0.0,
        cost, np.zeros(count), upper[:, 0].copy(), low, high, starts,
        np.tile(np.arange(count, dtype=np.int32), len(matrix)), matrix.ravel().copy(),
        np.zeros(count, dtype=np.uint8),
    )  # fmt: skip
    columns = np.arange(count, dtype=np.int32)
    found = np.full(cases, np.nan)
    solves = 0
    while (open_ := np.nonzero(np.isnan(found))[0]).size:
        first = int(open_[0])
        highs.changeColsBounds(count, columns, np.zeros(count), upper[:, first].copy())
        highs.run()
        solves += 1
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(_("the input-output program has no optimum: {what}").format(
                what=highs.modelStatusToString(highs.getModelStatus())))  # fmt: skip
        found[first] = highs.getObjectiveValue()
        if open_.size > 1:
            others = open_[1:]
            basis = highs.getBasis()
            values = _of_basis([int(s) for s in basis.col_status], [int(s) for s in basis.row_status], cost, matrix,
                               low, high, upper[:, others])  # fmt: skip
            found[others] = np.where(np.isnan(found[others]), values, found[others])
    return found, solves


def _of_basis(column: list[int], row: list[int], cost: Array, matrix: Array, low: Array, high: Array,
              upper: Array) -> Array:  # fmt: skip
    """Return the cost of a basis in every case; NaN in those in which its point is outside its bounds."""
    import highspy

    status = highspy.HighsBasisStatus
    basic, at_upper = int(status.kBasic), int(status.kUpper)
    columns, rows = np.array(column), np.array(row)
    inside, tight = columns == basic, rows != basic
    x = np.where((columns == at_upper)[:, None], upper, 0.0)
    side = np.where(rows == at_upper, high, low)
    if inside.sum() != tight.sum() or not np.isfinite(side[tight]).all():
        return np.full(upper.shape[1], np.nan)
    if inside.any():
        known = side[tight][:, None] - matrix[np.ix_(tight, ~inside)] @ x[~inside]
        try:
            x[inside] = np.linalg.solve(matrix[np.ix_(tight, inside)], known)
        except np.linalg.LinAlgError:
            return np.full(upper.shape[1], np.nan)
    made = matrix @ x
    fits = (x >= -TOLERANCE).all(axis=0) & (x <= upper + TOLERANCE).all(axis=0)
    fits &= (made >= low[:, None] - TOLERANCE).all(axis=0) & (made <= high[:, None] + TOLERANCE).all(axis=0)
    return np.asarray(np.where(fits, cost @ x, np.nan), dtype=float)
