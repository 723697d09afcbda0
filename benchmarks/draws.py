"""How long draws of a scenario take: on one processor, on all of them, and what 1,000 would take.

``python benchmarks/draws.py [DRAWS] [FORESIGHT] [SCENARIO] [MONTHS]``: 48 draws of ``china-licensing-2025`` over 36
months with foresight ``none`` where not told otherwise. The first eight run on one processor, the peer; then all of
them on all processors. References are run first in both and counted apart, as a thousand draws share them. Equal
numbers are checked to the last bit.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from didymium.case.case import load_case
from didymium.shock.draws import PART, draws

ALONE = 8
"""Draws that one processor runs."""


def timed(count: int, workers: int, foresight: str, story: Any, case: Any) -> tuple[float, float, Any]:
    """Return seconds until the first part was done, seconds of all, and what was drawn."""
    started, first = time.perf_counter(), [0.0]

    def seen(done: int, total: int) -> None:
        if done and not first[0]:
            first[0] = time.perf_counter() - started
        print(f"\r{workers} at once: {done} of {total}", end="", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        result = draws(case, story, count, levels=("low",), foresight=foresight, folder=Path(folder) / "draws",
                       workers=workers, progress=seen)  # fmt: skip
    return first[0], time.perf_counter() - started, result["drawn"].select_dtypes("number").to_numpy(float)


def main() -> None:
    """Print seconds a draw on one processor and on all, and their ratio."""
    given = sys.argv[1:]
    count, foresight, name, months = (*given, *("48", "none", "china-licensing-2025", "36")[len(given) :])
    case = load_case("us-japan")
    story = replace(case.scenario(name), months=int(months))
    workers = os.cpu_count() or 1
    print(f"{name}, {months} months, foresight {foresight}; load {os.getloadavg()[0]:.1f} on {workers} processors")
    # What comes after the first part has no share in the references.
    begun, whole, alone = timed(ALONE, 1, foresight, story, case)
    each = (whole - begun) / (ALONE - PART)
    print(f"\none at once: {each:.2f} s a draw after {begun - PART * each:.1f} s for the references")
    begun, whole, found = timed(int(count), workers, foresight, story, case)
    together = (whole - begun) / (int(count) - PART * workers) if int(count) > PART * workers else np.nan
    thousand = (whole + (1000 - int(count)) * together) / 60
    print(f"\n{workers} at once: {whole:.0f} s for {count} draws, {together:.2f} s a draw once begun: "
          f"{each / together:.2f} times one; 1,000 draws take {thousand:.1f} min")  # fmt: skip
    assert np.array_equal(alone, found[:ALONE], equal_nan=True), "the draws differ"


if __name__ == "__main__":
    main()
