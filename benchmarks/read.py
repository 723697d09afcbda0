"""How long reading and checking a source takes: the long file of the USGS Mineral Commodity Summaries 2026.

Needs the folder of full source files in ``DIDYMIUM_DATA``. ``floor`` is pandas reading the same file as text and
nothing else.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from statistics import median

import pandas as pd

from didymium.sources.usgs import read_usgs
from didymium.sources.usgs_reports import double_counts, world_totals


def main() -> None:
    """Read, check and print the median of five, in wall clock and processor time."""
    root = os.environ.get("DIDYMIUM_DATA")
    if not root:
        sys.exit("set DIDYMIUM_DATA to the folder of source files")
    folder = Path(root) / "raw" / "usgs_mcs2026"
    file = folder / "MCS2026_Commodities_Data.csv"
    walls, cpus, floors, cells = [], [], [], 0
    for _turn in range(5):
        started, used = time.perf_counter(), time.process_time()
        frame = read_usgs(folder, 2026)
        totals, doubles = world_totals(frame), double_counts(frame)
        walls.append(time.perf_counter() - started)
        cpus.append(time.process_time() - used)
        started = time.perf_counter()
        cells = len(pd.read_csv(file, encoding="cp1252", dtype=str, keep_default_na=False))
        floors.append(time.perf_counter() - started)
        assert (len(frame), len(totals), len(doubles)) == (8886, 203, 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"usgs 2026: {cells} rows read and checked in {median(walls):.2f} s ({median(cpus):.2f} s of processor time), "
        f"floor {median(floors):.2f} s, peak memory {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
