"""Peak memory of a process that builds the large program, beside one that writes the same arrays by hand.

Each way is a process of its own, imports included, and the case and its calibration where it starts from them. The
strictest peer finds all arrays of the case on disk and imports nothing but numpy, scipy and highspy. This parent
imports nothing: on Linux a child's peak counts from its parent's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = {
    "ours": "ours, from the case",
    "hand": "by hand, from the case",
    "arrays": "by hand, from arrays on disk",
}


def peak(what: str, stored: str) -> dict[str, float]:
    """Return the peak memory of a process that makes the large program in one way, MB."""
    out = subprocess.run([sys.executable, __file__, what, stored], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(out.splitlines()[-1]))


def held() -> float:
    """Return the most memory this process ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(what: str, stored: str) -> None:
    """Make the large program in one way, and print the memory before and the peak; or store the case's arrays."""
    import numpy as np

    from by_hand import Tables, assemble, hand_over, tables

    if what == "arrays":
        with np.load(stored) as known:
            arrays = Tables(*(known[name] for name in Tables._fields))
        before = held()
        kept = hand_over(assemble(arrays))
    else:
        from build import PROGRAMS, chain
        from didymium.case.case import load_case
        from didymium.market.prepare import prepare
        from didymium.market.program import build
        from didymium.market.solve import Instance

        _name, length, options = PROGRAMS[-1]
        case = load_case("us-japan")
        market, tree = prepare(case), chain(case, length)
        before = held()
        if what == "ours":
            kept = Instance(build(case, tree, options, market))
        else:
            arrays = tables(case, market, tree, options)
            if what == "store":
                np.savez(stored, **arrays._asdict())
            kept = hand_over(assemble(arrays))
    print(json.dumps({"before": before, "peak": held()}))
    del kept


def main() -> None:
    """Print one line per way."""
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
        return
    with tempfile.TemporaryDirectory() as folder:
        stored = str(Path(folder) / "arrays.npz")
        peak("store", stored)
        found = {what: peak(what, stored) for what in WAYS}
    print(f"{'peak memory':<30}{'MB':>8}{'before':>9}{'added':>8}{'ours/this':>11}")
    for what, name in WAYS.items():
        most, before = found[what]["peak"], found[what]["before"]
        ratio = found["ours"]["peak"] / most
        print(f"{name:<30}{most:>8.0f}{before:>9.0f}{most - before:>8.0f}{ratio:>11.2f}")


if __name__ == "__main__":
    main()
