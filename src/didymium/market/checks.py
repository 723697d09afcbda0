"""The check after every solve: feasible, dual feasible, complementary; masses conserved; nothing carried in circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didymium.market.blocks import Arrays
    from didymium.market.solve import Solution

ACCURACY = 1e-6
"""Largest violation allowed, relative to the magnitude of what is compared."""

FLOOR = 1e-4
"""Magnitudes below this share of the largest quantity count as this share: grams beside hundreds of kilotonnes."""


def verify(solution: Solution) -> dict[str, float]:
    """Check a solution, and refuse one that fails.

    Primal: ``l <= x <= u``, ``L <= A x <= U``. Dual: ``c - A' y = d`` with the sign of ``d`` and ``y`` that the bounds
    allow. Strong duality: ``c' x = y' b(active) + d' x(active)``, which is complementary slackness summed. These are
    computed from the program as it was stated, not as the solver holds it. Conservation and circulation
    (:mod:`didymium.market.conservation`) are computed from the quantities and the case alone, so that they also catch a
    law that was built wrong.

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
        **violations(instance.stated, raw.primal, raw.dual, raw.reduced, whole=whole),
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


def violations(
    program: Arrays, primal: np.ndarray, dual: np.ndarray, reduced: np.ndarray, *, whole: bool
) -> dict[str, float]:
    """Return the largest primal, dual and slackness violation of an answer, relative to the terms that it comes from.

    Parameters
    ----------
    program : Arrays
        The program that is answered.
    primal, dual, reduced : array
        Column values, row duals, reduced costs.
    whole : bool
        Some columns are integer: such an optimum has no duals of its own, and only ``primal`` is returned.
    """
    matrix, low, high, row_low, row_high = program.matrix, program.lower, program.upper, program.low, program.high
    size = sp.csr_array((np.abs(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
    amount, rows = np.abs(primal), matrix @ primal
    floor = max(1.0, FLOOR * _largest(amount))
    checked = {
        "primal": max(
            _largest(np.maximum(low - primal, primal - high) / (floor + amount)),
            _largest(np.maximum(row_low - rows, rows - row_high) / (floor + size @ amount)),
        )
    }
    if whole:
        return checked
    y, d, c = -dual, -reduced, -program.cost  # as a minimisation: d >= 0 at lower bounds
    cost_size = 1.0 + np.abs(c) + size.T @ np.abs(y)
    stationarity = _largest(np.abs(c - matrix.T @ y - d) / cost_size)
    below, above = np.isinf(low), np.isinf(high)
    wrong = max(
        _largest(d[below] / cost_size[below]), _largest(-d[above] / cost_size[above]),
        _largest(y[np.isinf(row_low)]), _largest(-y[np.isinf(row_high)]),
    )  # fmt: skip
    # What the duals say the optimum is worth: positive ones pay at the lower, negative ones at the upper bound.
    value = _paid(d, low, high) + _paid(y, row_low, row_high)
    objective = float(np.sum(c * primal))
    return checked | {"dual": max(stationarity, wrong), "slackness": abs(objective - value) / (1.0 + abs(objective))}


def _paid(dual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    bound = np.where(dual > 0, low, high)
    return float(np.sum(dual * np.where(np.isfinite(bound), bound, 0.0)))


def _largest(values: np.ndarray) -> float:
    return float(np.max(values, initial=0.0))
