"""The check after every solve: feasible, dual feasible, complementary, and the masses balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from didymium.faults import SolverError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.market.solve import Instance, Solution

ACCURACY = 1e-6
"""Largest violation allowed, relative to the magnitude of what is compared."""

FLOOR = 1e-4
"""Magnitudes below this share of the largest quantity count as this share: grams beside hundreds of kilotonnes."""


def verify(
    instance: Instance, solution: Solution, primal: np.ndarray, dual: np.ndarray, reduced: np.ndarray
) -> dict[str, float]:
    """Check a solution against the program inside the solver.

    Primal: ``l <= x <= u``, ``L <= A x <= U``. Dual: ``c - A' y = d`` with the sign of ``d`` and ``y`` that the bounds
    allow. Strong duality: ``c' x = y' b(active) + d' x(active)``, which is complementary slackness summed. All
    violations are scaled by the magnitude of the terms that they come from.

    Parameters
    ----------
    instance : Instance
        The program in HiGHS.
    solution : Solution
        What came back; ``run["check"]`` receives the largest violations.
    primal, dual, reduced : array
        Column values, row duals, reduced costs.

    Returns
    -------
    dict of str to float
        primal, dual, slackness: largest scaled violation of each.

    Raises
    ------
    SolverError
        A violation above :data:`ACCURACY`.
    """
    import scipy.sparse as sp

    lp = instance.highs.getLp()
    matrix = sp.csc_matrix(
        (np.asarray(lp.a_matrix_.value_), np.asarray(lp.a_matrix_.index_), np.asarray(lp.a_matrix_.start_)),
        shape=(lp.num_row_, lp.num_col_),
    ) if str(lp.a_matrix_.format_).endswith("kColwise") else sp.csr_matrix(
        (np.asarray(lp.a_matrix_.value_), np.asarray(lp.a_matrix_.index_), np.asarray(lp.a_matrix_.start_)),
        shape=(lp.num_row_, lp.num_col_),
    )  # fmt: skip
    low, high = np.asarray(lp.col_lower_), np.asarray(lp.col_upper_)
    row_low, row_high = np.asarray(lp.row_lower_), np.asarray(lp.row_upper_)
    cost = np.asarray(lp.col_cost_)
    size = abs(matrix)
    rows = matrix @ primal
    floor = max(1.0, FLOOR * _largest(np.abs(primal)))
    row_size = floor + size @ np.abs(primal)
    col_size = floor + np.abs(primal)
    primal_gap = max(
        _largest((low - primal) / col_size), _largest((primal - high) / col_size),
        _largest((row_low - rows) / row_size), _largest((rows - row_high) / row_size),
    )  # fmt: skip
    checked = {"primal": primal_gap}
    if not instance.integers():  # an integer optimum has no duals of its own
        checked |= _duality(
            matrix, size, cost, (low, high, row_low, row_high), primal, rows, dual, reduced, str(lp.sense_)
        )
    solution.run["check"] = checked
    # A NaN is the worst of all, and compares as nothing.
    worst = max(checked, key=lambda name: np.inf if np.isnan(checked[name]) else checked[name])
    if not checked[worst] <= ACCURACY:
        raise SolverError(
            _("the solver's answer fails the {name} check by {size:.1e} (allowed {limit:.0e}); it is not used").format(
                name=worst, size=checked[worst], limit=ACCURACY
            )
        )
    return checked


def _duality(
    matrix: Any, size: Any, cost: np.ndarray, bounds: tuple[np.ndarray, ...], primal: np.ndarray, rows: np.ndarray,
    dual: np.ndarray, reduced: np.ndarray, sense: str,
) -> dict[str, float]:  # fmt: skip
    low, high, row_low, row_high = bounds
    sign = -1.0 if sense.endswith("kMaximize") else 1.0
    y, d, c = sign * dual, sign * reduced, sign * cost  # as a minimisation: d >= 0 at lower bounds
    cost_size = 1.0 + np.abs(c) + size.T @ np.abs(y)
    stationarity = _largest(np.abs(c - matrix.T @ y - d) / cost_size)
    wrong = max(
        _largest(np.where(np.isinf(low), d, 0.0) / cost_size), _largest(np.where(np.isinf(high), -d, 0.0) / cost_size),
        _largest(np.where(np.isinf(row_low), y, 0.0)), _largest(np.where(np.isinf(row_high), -y, 0.0)),
    )  # fmt: skip
    # What the duals say the optimum is worth: positive ones pay at the lower, negative ones at the upper bound.
    value = _paid(d, low, high) + _paid(y, row_low, row_high)
    objective = float(c @ primal)
    slackness = abs(objective - value) / (1.0 + abs(objective))
    return {"dual": max(stationarity, wrong), "slackness": slackness}


def _paid(dual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    at_low = np.where(np.isfinite(low), low, 0.0)
    at_high = np.where(np.isfinite(high), high, 0.0)
    return float(np.sum(np.where(dual > 0, dual * at_low, dual * at_high)))


def _largest(values: np.ndarray) -> float:
    return float(np.max(values, initial=0.0))
