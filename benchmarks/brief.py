"""How long the main job takes, by verb: ``didymium brief us-japan`` from a cold start, without installing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Run the job once and print where the time went."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "brief"
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "didymium", "brief", "us-japan", "--out", str(out)], check=True)
        total = time.perf_counter() - started
        for manifest in sorted(out.glob("data/*/manifest.json")):
            taken = json.loads(manifest.read_text("utf-8")).get("timings", {})
            print(f"{manifest.parent.name:<8}", ", ".join(f"{name} {seconds:.2f} s" for name, seconds in taken.items()))
        size = (out / "brief.html").stat().st_size / 1e6
        # On a machine with other work the wall clock says little; the processor time says what the job itself took.
        took = os.times()
        cpu = took.children_user + took.children_system
        print(f"in all {total:.1f} s; {cpu:.1f} s of processor time, {os.cpu_count()} cores; brief.html {size:.1f} MB")


if __name__ == "__main__":
    main()
