"""The check after every solve: feasible, dual feasible, complementary; masses conserved; nothing carried in circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from didymium.faults import SolverError
from didymium.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didymium.market.solve import Solution

ACCURACY = 1e-6
"""Largest violation allowed, relative to the magnitude of what is compared."""

FLOOR = 1e-4
"""Magnitudes below this share of the largest quantity count as this share: grams beside hundreds of kilotonnes."""


def verify(solution: Solution) -> dict[str, float]:
    """Check a solution, and refuse one that fails.

    Primal: ``l <= x <= u``, ``L <= A x <= U``. Dual: ``c - A' y = d`` with the sign of ``d`` and ``y`` that the bounds
    allow. Strong duality: ``c' x = y' b(active) + d' x(active)``, which is complementary slackness summed. These are
    read off the program inside the solver. Conservation and circulation (:mod:`didymium.market.conservation`) are
    computed from the quantities and the case alone, so that they also catch a law that was built wrong.

    Parameters
    ----------
    solution : Solution
        What :meth:`didymium.market.solve.Instance.solve` returned.

    Returns
    -------
    dict of str to float
        primal, dual, slackness, conservation, circulation: largest violation of each, relative to the magnitude of what
        it is a difference of.

    Raises
    ------
    SolverError
        A violation above :data:`ACCURACY`; or the program was changed after this solution.
    """
    from didymium.market.conservation import circulation, conservation

    instance, raw = solution.instance, solution.raw
    if instance.revision != solution.revision:
        raise SolverError(_("the program was changed after this solution -> verify it before the next change"))
    parts = instance.program.parts
    whole = instance.integers()
    checked = {
        **violations(instance.highs.getLp(), raw.primal, raw.dual, raw.reduced, whole=whole),
        "conservation": conservation(parts, solution.primal),
        "circulation": circulation(parts, solution.primal),
    }
    name, size = worst(checked)
    if not size <= ACCURACY:
        raise SolverError(
            _("the solver's answer fails the {name} check by {size:.1e} (allowed {limit:.0e}); it is not used").format(
                name=name, size=size, limit=ACCURACY
            )
        )
    return checked


def worst(checked: Mapping[str, float]) -> tuple[str, float]:
    """Return the largest violation and its name. A NaN is the worst of all, and compares as nothing."""
    name = max(checked, key=lambda each: np.inf if np.isnan(checked[each]) else checked[each])
    return name, checked[name]


def violations(lp: Any, primal: np.ndarray, dual: np.ndarray, reduced: np.ndarray, *, whole: bool) -> dict[str, float]:
    """Return the largest primal, dual and slackness violation of an answer, relative to the terms that it comes from.

    Parameters
    ----------
    lp : HighsLp
        The program inside the solver.
    primal, dual, reduced : array
        Column values, row duals, reduced costs.
    whole : bool
        Some columns are integer: such an optimum has no duals of its own, and only ``primal`` is returned.
    """
    import scipy.sparse as sp

    held = lp.a_matrix_
    layout = sp.csc_matrix if str(held.format_).endswith("kColwise") else sp.csr_matrix
    matrix = layout(
        (np.asarray(held.value_), np.asarray(held.index_), np.asarray(held.start_)), shape=(lp.num_row_, lp.num_col_)
    )
    low, high = np.asarray(lp.col_lower_), np.asarray(lp.col_upper_)
    row_low, row_high = np.asarray(lp.row_lower_), np.asarray(lp.row_upper_)
    size = abs(matrix)
    rows = matrix @ primal
    floor = max(1.0, FLOOR * _largest(np.abs(primal)))
    row_size = floor + size @ np.abs(primal)
    col_size = floor + np.abs(primal)
    checked = {
        "primal": max(
            _largest((low - primal) / col_size), _largest((primal - high) / col_size),
            _largest((row_low - rows) / row_size), _largest((rows - row_high) / row_size),
        )
    }  # fmt: skip
    if whole:
        return checked
    cost = np.asarray(lp.col_cost_)
    sign = -1.0 if str(lp.sense_).endswith("kMaximize") else 1.0
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
    return checked | {"dual": max(stationarity, wrong), "slackness": abs(objective - value) / (1.0 + abs(objective))}


def _paid(dual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    at_low = np.where(np.isfinite(low), low, 0.0)
    at_high = np.where(np.isfinite(high), high, 0.0)
    return float(np.sum(np.where(dual > 0, dual * at_low, dual * at_high)))


def _largest(values: np.ndarray) -> float:
    return float(np.max(values, initial=0.0))
