"""How much a month's price moves with a licence that comes in bursts, by what traders remember and how fine demand is.

Run: ``python benchmarks/beliefs.py``. Prints the mean monthly change of terbium's price outside China, July 2025 to
March 2026, for memories of 1, 3 and 6 months and for both grids of demand. Decision 016 rests on it.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from didymium.case.case import load_case
from didymium.market.curves import DEMAND_GRID, SHORTAGE_GRID
from didymium.shock.engine import OPTIONS, Engine

MARKETS = ("tb_oxide|JPN", "tb_oxide|EUR", "tb_metal|JPN", "dy_oxide|JPN")
"""Where the price is looked at."""


def main() -> None:
    """Print one row per memory and grid."""
    case = load_case("us-japan")
    story = replace(case.scenario("china-licensing-2025"), months=15)
    print("grid    memory  seconds  " + "  ".join(f"{label:>14}" for label in MARKETS))
    for name, grid in (("coarse", DEMAND_GRID), ("fine", SHORTAGE_GRID)):
        for memory in (1, 3, 6):
            engine = Engine(case, options=replace(OPTIONS, demand_grid=grid), memory=memory)
            started = time.process_time()
            price = engine.path(story).price
            spent = time.process_time() - started
            moves = [np.abs(np.diff(np.log(price.loc[label].to_numpy()[6:15]))).mean() for label in MARKETS]
            print(f"{name:6}  {memory:6}  {spent:7.1f}  " + "  ".join(f"{move:14.2f}" for move in moves))


if __name__ == "__main__":
    main()
