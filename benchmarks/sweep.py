"""A sweep of draws on one instance, beside solving every window from nothing with presolve.

Both run the same windows of the same paths and are held to the same objective (1e-6). ``iterations`` do not depend on
how busy the machine is. ``beyond HiGHS`` is what a window costs outside the solver, which threads cannot share.
"""

from __future__ import annotations

import sys
import time
from statistics import median
from typing import Any

import numpy as np

from didymium.case.case import load_case
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.shock.draw import Chance
from didymium.shock.draws import _references
from didymium.shock.engine import OPTIONS
from didymium.shock.sweep import Sweep


class Both(Sweep):
    """Solves every window twice: as a sweep does, and from nothing."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.warm: list[tuple[float, int]] = []
        self.cold: list[tuple[float, int]] = []

    def _solve(self, tree: Any, options: Any, duty: Any) -> Any:
        solution, duty = super()._solve(tree, options, duty)
        self.warm.append((solution.run["seconds"], solution.run["iterations"]))
        cold = Instance(build(self.case, tree, options, self.market))
        cold.set_option("presolve", "on")
        raw = cold.run()
        assert abs(raw.objective - solution.objective) <= 1e-6 * abs(raw.objective)
        self.cold.append((raw.facts["seconds"], raw.facts["iterations"]))
        return solution, duty


def main() -> None:
    """Print a line per draw and the medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    case = load_case("us-japan")
    market = prepare(case)
    print(f"{'scenario':<24}{'draw':>5}{'warm s':>9}{'cold s':>9}{'cold/warm':>11}{'warm it':>9}{'cold it':>9}")
    for name in ("china-licensing-2025", "halt-six-months"):
        chance = Chance(case, case.scenario(name), market, 1)
        references = _references(chance, "low", "none", 1)
        ratios = []
        for index in range(count):
            drawn = chance.draw(chance.variates(index), "low")
            sweep = Both(case, market, OPTIONS, references)
            started = time.perf_counter()
            sweep.draw(drawn.scenario, "none", drawn.market, OPTIONS)
            _seconds = time.perf_counter() - started
            warm, cold = np.sum(sweep.warm, axis=0), np.sum(sweep.cold, axis=0)
            ratios.append(cold[0] / warm[0])
            print(f"{name:<24}{index:>5}{warm[0]:>9.2f}{cold[0]:>9.2f}{ratios[-1]:>11.1f}{warm[1]:>9.0f}{cold[1]:>9.0f}",
                  flush=True)  # fmt: skip
        print(f"{name:<24}{'':>5}{'':>9}{'median':>9}{median(ratios):>11.1f}")


if __name__ == "__main__":
    main()
