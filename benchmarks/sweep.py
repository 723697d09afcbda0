"""A sweep of draws on one instance, beside solving windows from nothing with presolve, over the shipped scenarios.

Both solve the same windows of the same paths and are held to the same objective (1e-6). ``sweep`` is all that a window
costs: what changes is written, a start chosen, the program solved and checked. ``cold`` is HiGHS with presolve on the
finished arrays, without building them. Both in seconds of the processor, over every third window (``EVERY``);
``iterations`` do not depend on how busy the machine is. ``draw`` is a whole draw, prices and tables included.

Give the number of draws, and names of scenarios for fewer than all.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from didymium.case.case import load_case
from didymium.market.prepare import prepare
from didymium.market.solve import answer, hand_over
from didymium.shock.crew import Task, one, reference
from didymium.shock.draw import Chance
from didymium.shock.draws import REFERENCES
from didymium.shock.engine import OPTIONS
from didymium.shock.sweep import Sweep

EVERY = 3
"""Windows from one that is solved twice to the next."""


class Both(Sweep):
    """Solves every third window twice: as a sweep does, and from nothing."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.warm: list[tuple[float, int]] = []
        self.cold: list[tuple[float, int]] = []
        self.apart, self.windows = 0.0, 0

    def _solve(self, tree: Any, options: Any, duty: Any, whole: bool = False) -> Any:
        started = time.process_time()
        solution, duty = super()._solve(tree, options, duty, whole)
        taken = time.process_time() - started
        self.windows += 1
        if self.windows % EVERY == 0:
            started = time.process_time()
            self._again(solution, taken)
            self.apart += time.process_time() - started
        return solution, duty

    def _again(self, solution: Any, taken: float) -> None:
        """Solve the window from nothing, with the duties that were found."""
        stated = solution.instance.stated
        started = time.process_time()
        highs = hand_over(stated)
        highs.setOptionValue("presolve", "on")
        highs.run()
        seconds = time.process_time() - started
        iterations = int(highs.getInfo().simplex_iteration_count)
        raw = answer(highs, stated)
        assert abs(raw.objective - solution.objective) <= 1e-6 * abs(raw.objective)
        self.warm.append((taken, solution.run["iterations"]))
        self.cold.append((seconds, iterations))


def main() -> None:
    """Print a line per draw and the medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    case = load_case("us-japan")
    market = prepare(case)
    names = sys.argv[2:] or list(case.scenarios())
    columns = ("draw", "draw s", "months", "sweep s", "cold s", "cold/sweep", "iterations", "cold it")
    print(f"{'scenario':<26}" + "".join(f"{name:>11}" for name in columns))
    ratios = []
    for name in names:
        chance = Chance(case, case.scenario(name), market, 1)
        asked = Task(chance, "low", "none")
        task = replace(asked, references=[reference(asked, z) for z in REFERENCES[: 3 if chance.bands else 1]])
        mine = []
        for index in range(count):
            sweep = Both(case, task.middle.market, OPTIONS, task.references)
            started = time.process_time()
            one(task, sweep, index)
            whole = time.process_time() - started - sweep.apart
            warm, cold = np.sum(sweep.warm, axis=0), np.sum(sweep.cold, axis=0)
            mine.append(cold[0] / warm[0])
            print(f"{name:<26}{index:>11}{whole:>11.2f}{chance.scenario.months:>11}{warm[0]:>11.2f}{cold[0]:>11.2f}"
                  f"{mine[-1]:>11.1f}{warm[1]:>11.0f}{cold[1]:>11.0f}", flush=True)  # fmt: skip
        ratios.append(median(mine))
    print(f"median over {len(ratios)} scenarios: {median(ratios):.1f}")


if __name__ == "__main__":
    main()
