"""Reading and checking both large sources, one after the other in one process: must take under 3 s and 1 GB.

The long file of the USGS Mineral Commodity Summaries 2026 with its totals and double counts, and 321,976 rows of BACI
with their code tables. The peer is pandas, which reads the same two files as text and checks nothing. Needs the
variable DIDYMIUM_DATA, which names the folder of full source files. Each way is a process of its own, imports included
in its memory and not in its time. This parent imports nothing: on Linux a child's peak counts from its parent's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

LIMIT_S, LIMIT_MB = 3.0, 1000.0
WAYS = {"ours": "read and checked", "pandas": "pandas alone, as text"}
LONG = "usgs_mcs2026/MCS2026_Commodities_Data.csv"
FLOWS = "baci_hs92/baci_hs92_critical_2010-2024.csv.gz"
TABLES = ("baci_hs92/country_codes_V202401b.csv", "baci_hs92/hs92_codes.csv")


def measure(way: str, folder: Path) -> dict[str, float]:
    """Read both files in one way, in this process."""
    import pandas as pd
    import pyarrow.compute
    import pyarrow.csv  # noqa: F401 - loaded before the clock starts

    from didymium.sources.baci import read_baci
    from didymium.sources.usgs import read_usgs
    from didymium.sources.usgs_reports import double_counts, world_totals

    start, used = time.perf_counter(), time.process_time()
    if way == "pandas":
        long = pd.read_csv(folder / LONG, encoding="cp1252", dtype=str, keep_default_na=False)
        flows = pd.read_csv(folder / FLOWS, dtype=str, keep_default_na=False)
    else:
        long = read_usgs(folder / "usgs_mcs2026", 2026)
        totals, doubles = world_totals(long), double_counts(long)
        assert (len(totals), len(doubles)) == (203, 0)
        flows = read_baci(folder / FLOWS, *(folder / name for name in TABLES)).frame
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    assert (len(long), len(flows)) == (8886, 321_976)
    return {"wall": wall, "cpu": cpu, "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    """Print one line for each way: the best of three by processor time, which other processes do not change."""
    data = os.environ.get("DIDYMIUM_DATA")
    if not data:
        sys.exit("set DIDYMIUM_DATA to the folder of full source files")
    best = {}
    for way, title in WAYS.items():
        runs = []
        for _run in range(3):
            command = [sys.executable, __file__, way, str(Path(data) / "raw")]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs.append(json.loads(out))
        run = best[way] = min(runs, key=lambda found: found["cpu"])
        print(f"{title:24} {run['wall']:6.2f} s  {run['cpu']:6.2f} s of processor time  {run['MB']:6.0f} MB")
    ours, peer = best["ours"], best["pandas"]
    kept = ours["cpu"] < LIMIT_S and ours["MB"] < LIMIT_MB
    print(f"{'ours / pandas':24} {ours['cpu'] / peer['cpu']:6.2f}; under 3 s and 1 GB: {'yes' if kept else 'NO'}")
    if not kept:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
