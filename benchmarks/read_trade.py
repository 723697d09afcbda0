"""Reading and checking BACI: seconds and peak memory, beside pandas that reads the same file and checks nothing.

Needs the variable DIDYMIUM_DATA, which names the folder of full source files. Each way is a process of its own,
imports included in its memory and not in its time. This parent imports nothing: on Linux a child's peak counts from
its parent's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

WAYS = {"ours": "read and checked", "report": "read, checked, unit values", "pandas": "pandas alone, no checks"}
FLOWS = "baci_hs92_critical_2010-2024.csv.gz"
TABLES = ("country_codes_V202401b.csv", "hs92_codes.csv")


def measure(way: str, folder: Path) -> dict[str, float]:
    """Read the file in one way, in this process."""
    import pandas as pd
    import pyarrow.compute
    import pyarrow.csv  # noqa: F401 - loaded before the clock starts

    from didymium.sources.baci import read_baci
    from didymium.sources.trade import unit_values

    start = time.perf_counter()
    if way == "pandas":
        rows = len(pd.read_csv(folder / FLOWS, dtype={"hs92": str}, keep_default_na=False, na_values=[""]))
    else:
        frame = read_baci(folder / FLOWS, *(folder / name for name in TABLES)).frame
        rows = len(frame)
        if way == "report":
            unit_values(frame)
    seconds = time.perf_counter() - start
    return {"rows": rows, "s": seconds, "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    """Print one line for each way: the best time of three, and the peak memory."""
    data = os.environ.get("DIDYMIUM_DATA")
    if not data:
        sys.exit("set DIDYMIUM_DATA to the folder of full source files")
    folder = Path(data) / "raw" / "baci_hs92"
    for way, title in WAYS.items():
        runs = []
        for _run in range(3):
            command = [sys.executable, __file__, way, str(folder)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs.append(json.loads(out))
        best = min(runs, key=lambda run: run["s"])
        print(f"{title:28} {best['rows']:>8.0f} rows  {best['s']:6.2f} s  {best['MB']:6.0f} MB")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
