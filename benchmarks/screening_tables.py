"""What the tables for screening cost: loading ``us-japan`` without them, against reading and checking them too."""

from __future__ import annotations

import time

import didymium
from didymium.case.screening_tables import SCREENING

RUNS = 7


def main() -> None:
    """Print both, processor time, the best of several runs, and their ratio."""
    didymium.load_case("us-japan")  # imports
    lazy, eager = [], []
    for _run in range(RUNS):
        started = time.process_time()
        case = didymium.load_case("us-japan")
        lazy.append(time.process_time() - started)
        rows = sum(len(case[table.name]) for table in SCREENING)
        eager.append(time.process_time() - started)
    least, most = min(lazy), min(eager)
    print(f"load {least:.3f} s; with {rows:,} rows for screening {most:.3f} s, ratio {most / least:.2f}")


if __name__ == "__main__":
    main()
