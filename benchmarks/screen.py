"""How long it takes to screen every mineral by every method: with 1,000 draws, against none."""

from __future__ import annotations

import time

import didymium
from didymium.market.prepare import prepare
from didymium.screen import screen


def main() -> None:
    """Screen us-japan on a calibrated base year, warm, and print both times."""
    case = didymium.load_case("us-japan")
    base = prepare(case)
    screen(case, base, draws=0)  # reads the tables
    for draws in (0, 1000):
        wall, cpu = time.perf_counter(), time.process_time()
        result = screen(case, base, draws=draws)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        minerals = result.manifest["timings"]["minerals"]
        rows = len(result["ranks"])
        print(f"{draws:>5} draws: {wall:.2f} s, {cpu:.2f} s of processor time; minerals {minerals:.2f} s, {rows} rows")


if __name__ == "__main__":
    main()
