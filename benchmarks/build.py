"""How long a program takes to build, beside the same program written into arrays by hand.

``ours`` starts from the case, its network and base point, and ends with a program inside HiGHS: what a scenario makes
of every node included. ``by hand`` is ``by_hand.py``: it starts from all those arrays, bounds by node included, and
ends inside HiGHS too. ``floor`` only hands finished arrays over. Imports and calibration are not counted. The two
programs are compared entry by entry. Where the machine is busy with something else, trust the ratio ``by cpu``: what
either does, it does in one thread.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import scipy.sparse as sp

from by_hand import Arrays, assemble, hand_over, tables
from didymium.case.case import Case, load_case
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import Tree, months

RUNS = 9
LARGE = 126
"""Months that make 700,000 columns of us-japan with stocks and goods under way."""

PROGRAMS = (
    ("one month", 1, Options()),
    ("24 months with stocks", 24, Options(stocks=True, transit=True)),
    (f"{LARGE} months with stocks", LARGE, Options(stocks=True, transit=True)),
)


def timed(*actions: Callable[[], object]) -> list[tuple[float, float]]:
    """Return the median seconds of each action, by the clock and of the processor; they take turns."""
    seconds: list[list[tuple[float, float]]] = [[] for _action in actions]
    for _run in range(RUNS):
        for taken, action in zip(seconds, actions, strict=True):
            gc.collect()
            started = time.perf_counter(), time.process_time()
            kept = action()
            taken.append((time.perf_counter() - started[0], time.process_time() - started[1]))
            del kept
    return [(median(clock for clock, _cpu in taken), median(cpu for _clock, cpu in taken)) for taken in seconds]


def chain(case: Case, length: int) -> Tree:
    """Return a chain of months under the licences of 2025."""
    return months(date(2025, 1, 1), length, case.scenario("china-licensing-2025"), 0.05)


def same(mine: Any, other: Arrays) -> bool:
    """Return whether two programs are the same, entry by entry."""
    pairs = [(getattr(mine, name), getattr(other, name)) for name in ("cost", "lower", "upper", "low", "high")]
    equal = all(np.allclose(a, b, rtol=1e-12, atol=1e-9) for a, b in pairs)
    return equal and bool(abs(sp.csr_array(mine.matrix) - sp.csr_array(other.matrix)).max() < 1e-12)


def main() -> None:
    """Print one line per program."""
    case = load_case("us-japan")
    market = prepare(case)
    print(f"{'program':<24}{'rows':>9}{'columns':>9}{'entries':>10}{'ours s':>9}{'by hand s':>11}{'floor s':>9}"
          f"{'ours/hand':>11}{'by cpu':>8}{'ours/floor':>12}")  # fmt: skip
    for name, length, options in PROGRAMS:
        tree = chain(case, length)
        known = tables(case, market, tree, options)
        finished = assemble(known)
        assert same(Instance(build(case, tree, options, market)).stated, finished), name
        rows, columns = finished.matrix.shape
        ours, hand, floor = timed(
            lambda: Instance(build(case, tree, options, market)),  # noqa: B023
            lambda: hand_over(assemble(known)),  # noqa: B023
            lambda: hand_over(finished),  # noqa: B023
        )
        print(f"{name:<24}{rows:>9}{columns:>9}{finished.matrix.nnz:>10}{ours[0]:>9.3f}{hand[0]:>11.4f}{floor[0]:>9.4f}"
              f"{ours[0] / hand[0]:>11.2f}{ours[1] / hand[1]:>8.2f}{ours[0] / floor[0]:>12.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
