"""How long ``didymium --help`` takes, beside starting Python with nothing to do."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

RUNS = 9


def seconds(command: list[str]) -> float:
    """Return the median wall time of a command."""
    taken = []
    for _run in range(RUNS):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return median(taken)


def main() -> None:
    """Print both and their ratio."""
    ours = seconds([sys.executable, "-m", "didymium", "--help"])
    floor = seconds([sys.executable, "-c", "pass"])
    print(f"didymium --help {ours:.3f} s, python alone {floor:.3f} s, ratio {ours / floor:.1f}")


if __name__ == "__main__":
    main()
