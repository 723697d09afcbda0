"""How long it takes to screen every mineral by every method: with 1,000 draws, against none.

Wall time is that of the machine as it is; processor time is what the work takes when nothing else runs.
"""

from __future__ import annotations

import time

import didymium
from didymium.market.prepare import prepare
from didymium.screen import screen
from didymium.screen.minerals import screen_minerals
from didymium.screen.sourcing import places


def main() -> None:
    """Screen us-japan on a calibrated base year, warm, and print both times."""
    case = didymium.load_case("us-japan")
    base = prepare(case)
    first = screen(case, base, draws=0)  # reads the tables
    chain = first["exposure"], first["shares"]
    for draws in (0, 1000):
        wall, cpu = time.perf_counter(), time.process_time()
        result = screen(case, base, draws=draws)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        before = time.process_time()
        screen_minerals(case, places(case), *chain, draws=draws)
        alone = time.process_time() - before
        rows, minerals = len(result["ranks"]), result["minerals"]["mineral"].nunique()
        print(f"{draws:>5} draws: {wall:.2f} s, {cpu:.2f} s of processor time, {alone:.2f} s of it for {minerals} "
              f"minerals by every method; {rows} ranks")  # fmt: skip


if __name__ == "__main__":
    main()
