"""The solver of calibration: an answer that is none is refused, whatever the solver calls it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.quadratic import solve_quadratic


def test_a_small_program_by_hand() -> None:
    """``min (x - 3)^2 + (y - 1)^2`` with ``x = y``: both 2."""
    found = solve_quadratic(
        sp.csc_matrix(2.0 * np.eye(2)), np.array([-6.0, -2.0]), sp.csr_matrix([[1.0, -1.0]]), np.zeros(1),
        sp.csr_matrix((0, 2)), np.zeros(0), np.zeros(2), np.full(2, np.inf),
    )  # fmt: skip
    np.testing.assert_allclose(found, [2.0, 2.0], atol=1e-7)


@pytest.mark.parametrize("ridge", [1e-9, 1e-4, 1.0])
def test_prices_around_a_circle_are_refused(ridge: float) -> None:
    """``p2 - p1 = f1``, ``p1 - p2 = f2``, ``f >= 0.01``: no prices. With hardly any curvature Clarabel says solved."""
    rows = np.array([[-1.0, 1.0, -1.0, 0.0], [1.0, -1.0, 0.0, -1.0]])
    low = np.array([-0.05, -0.05, 0.01, 0.01])
    with pytest.raises(SolverError):
        solve_quadratic(
            sp.csc_matrix(ridge * np.eye(4)), np.array([-60.0, -60.0, 0.0, 0.0]), sp.csr_matrix(rows), np.zeros(2),
            sp.csr_matrix((0, 4)), np.zeros(0), low, np.full(4, np.inf),
        )  # fmt: skip
