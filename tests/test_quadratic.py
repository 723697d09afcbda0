"""The solver of calibration: parts that nothing joins are solved apart, and an answer that is none is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.quadratic import LEAST, _parts, solve_quadratic

Program = tuple[sp.csc_matrix, np.ndarray, sp.csr_matrix, np.ndarray, sp.csr_matrix, np.ndarray, np.ndarray, np.ndarray]


def random_program(seed: int, size: int, scale: float) -> Program:
    """Return a program whose rows join all of its columns, with quantities of the order of ``scale``."""
    draw = np.random.default_rng(seed)
    wanted = scale * draw.uniform(0.5, 1.5, size)
    weight = 1.0 / (0.1 * scale) ** 2
    joined = sp.csr_matrix(np.ones((1, size)))
    one = sp.csr_matrix((np.ones(2), (np.zeros(2, int), np.array([0, 1]))), shape=(1, size))
    return (
        sp.csc_matrix(weight * sp.identity(size)), -weight * wanted, joined, np.array([0.8 * wanted.sum()]), one,
        np.array([0.5 * wanted[:2].sum()]), np.zeros(size), np.full(size, np.inf),
    )  # fmt: skip


def beside(first: Program, second: Program) -> Program:
    """Return two programs as one."""
    blocks = [sp.block_diag((a, b), format="csr") if sp.issparse(a) else np.concatenate([a, b])
              for a, b in zip(first, second, strict=True)]  # fmt: skip
    blocks[0] = sp.csc_matrix(blocks[0])
    return tuple(blocks)  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(5))
def test_a_small_part_is_as_exact_as_alone(seed: int) -> None:
    """Kilotonnes of germanium (0.02) beside those of titanium mineral (5,000): neither hears of the other."""
    large, small = random_program(seed, 2 * LEAST, 5e3), random_program(seed + 100, LEAST, 2e-2)
    both = solve_quadratic(*beside(large, small))
    np.testing.assert_array_equal(both[2 * LEAST :], solve_quadratic(*small))
    np.testing.assert_array_equal(both[: 2 * LEAST], solve_quadratic(*large))


def test_parts_are_what_rows_join() -> None:
    first, second = random_program(1, 2 * LEAST, 1.0), random_program(2, LEAST, 1.0)
    hessian, _linear, equal, _to, at_most, *_rest = beside(first, second)
    part = _parts(hessian, equal, at_most)
    assert part.tolist() == [0] * 2 * LEAST + [1] * LEAST
    bridge = sp.csr_matrix((np.ones(2), (np.zeros(2, int), np.array([0, 3 * LEAST - 1]))), shape=(1, 3 * LEAST))
    assert not _parts(hessian, sp.csr_matrix(sp.vstack([equal, bridge])), at_most).any()
    joined = hessian.tolil()
    joined[0, 3 * LEAST - 1] = joined[3 * LEAST - 1, 0] = 1e-3
    assert not _parts(sp.csc_matrix(joined), equal, at_most).any()


def test_small_parts_and_columns_without_rows_go_with_the_largest() -> None:
    first, second = random_program(1, 2 * LEAST, 1.0), random_program(2, LEAST - 1, 1.0)
    hessian, _linear, equal, _to, at_most, *_rest = beside(first, second)
    assert not _parts(hessian, equal, at_most).any()
    wide = sp.csr_matrix(sp.hstack([first[2], sp.csr_matrix((1, 3))]))
    loose = sp.csc_matrix(sp.block_diag((first[0], sp.identity(3))))
    assert not _parts(loose, wide, sp.csr_matrix((0, 2 * LEAST + 3))).any()


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
