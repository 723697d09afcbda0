"""How long clearing us-japan takes in a running Python, and where the time goes.

The case is loaded and nothing else is ready: what an earlier clearing left behind is thrown away, so every one
calibrates anew. ``building alone`` is a part of it once more.
"""

from __future__ import annotations

import time
from statistics import median

import didymium
from didymium.market import prepare as prepared
from didymium.market.options import Options
from didymium.market.program import build
from didymium.market.tree import single_year

RUNS = 7


def main() -> None:
    """Print the median of several first clearings, and of building their program."""
    case = didymium.load_case("us-japan")
    didymium.clear(case)  # imports
    taken: list[dict[str, float]] = []
    for _run in range(RUNS):
        prepared._READY.clear()
        started, used = time.perf_counter(), time.process_time()
        result = didymium.clear(case)
        total, used = time.perf_counter() - started, time.process_time() - used
        market = prepared.prepare(case)
        started = time.perf_counter()
        build(case, single_year(case.base_year), Options(curves="tangents"), market)
        built = time.perf_counter() - started
        taken.append({"in all": total, "in all, cpu": used, **result.manifest["timings"], "building alone": built})
    for name in taken[0]:
        print(f"{name:<16}{median(run[name] for run in taken):>8.3f} s")


if __name__ == "__main__":
    main()
