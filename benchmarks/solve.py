"""How long a program takes to solve through us, beside HiGHS alone on the same matrix with the same options.

``alone`` hands the matrix over, runs HiGHS and fetches values, duals and reduced costs. ``run`` is what a sweep does:
the same, and the check of rows, duals and slackness. ``solve`` adds conservation, circulation and the labels. Both
start cold; handing over is not counted in either. Objectives agree to 1e-9. ``beyond HiGHS`` is the time of a solve
outside the solver's own clock: it does not depend on how busy the machine is while HiGHS works.

The last program has more than 700,000 columns; without stocks its months are tied by nothing, and it solves in less
than a minute. The one of ``build.py`` with stocks takes minutes: ``--large`` solves it too.
"""

from __future__ import annotations

import gc
import sys
import time
from statistics import median
from typing import Any

import numpy as np

from build import LARGE, chain
from by_hand import Arrays, hand_over
from didymium.case.case import load_case
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import single_year

DYNAMIC = Options(stocks=True, transit=True)


def alone(program: Arrays) -> tuple[float, float]:
    """Return seconds and objective of HiGHS alone."""
    highs = hand_over(program)
    started = time.perf_counter()
    highs.run()
    found = highs.getSolution()
    _values = [np.asarray(values) for values in (found.col_value, found.row_dual, found.col_dual)]
    return time.perf_counter() - started, highs.getInfo().objective_function_value


def main() -> None:
    """Print one line per program."""
    case = load_case("us-japan")
    market = prepare(case)
    programs: list[tuple[str, Any, Options, int]] = [
        ("one year", single_year(2025), Options(), 21),
        ("12 months with stocks", chain(case, 12), DYNAMIC, 5),
        ("24 months with stocks", chain(case, 24), DYNAMIC, 3),
        ("180 months, no stocks", chain(case, 180), Options(), 3),
    ]
    if "--large" in sys.argv[1:]:
        programs.append((f"{LARGE} months with stocks", chain(case, LARGE), DYNAMIC, 1))
    print(f"{'program':<24}{'columns':>9}{'alone s':>9}{'run s':>9}{'solve s':>9}{'run/alone':>11}{'solve/alone':>13}"
          f"{'beyond HiGHS s':>16}")  # fmt: skip
    for name, tree, options, runs in programs:
        taken: list[list[float]] = []
        for _run in range(runs):
            gc.collect()
            instance = Instance(build(case, tree, options, market))
            raw, objective = alone(instance.stated)
            started = time.perf_counter()
            instance.run()
            ran = time.perf_counter() - started
            instance.highs.clearSolver()
            before = instance.highs.getRunTime()
            started = time.perf_counter()
            solution = instance.solve()
            solved = time.perf_counter() - started
            assert abs(solution.objective - objective) <= 1e-9 * abs(objective)
            taken.append([raw, ran, solved, solved - (instance.highs.getRunTime() - before)])
        raw, ran, solved, beyond = (median(column) for column in zip(*taken, strict=True))
        print(f"{name:<24}{instance.highs.getNumCol():>9}{raw:>9.3f}{ran:>9.3f}{solved:>9.3f}{ran / raw:>11.3f}"
              f"{solved / raw:>13.3f}{beyond:>16.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
