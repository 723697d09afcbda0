"""The stochastic plan of the rare-earth chain by decomposition, against its extensive form in HiGHS, and its growth.

The bar instance: `us-japan`, two half-years for each calm year from 2027 to 2040 and quarters in the years of a cut, 25
projects that are built or not, strategic stocks, 100 scenarios of cuts that differ in onset, duration, forms and aim.
Each scenario has 28 periods or more. Capital, purses and users' weight are those of the joint plan.

``python benchmarks/plan.py`` runs the bar instance; ``growth`` the same with more scenarios; ``extensive`` the whole
program in HiGHS with a limit of time; ``peers`` a small instance that mpi-sppy and PyPSA state too; ``dask`` one
process against two. How busy the machine was is printed, because it decides the times.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from didymium.case.case import Case, load_case
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.plan.candidates import candidates
from didymium.plan.desk import PURSE, Desk, Terms
from didymium.plan.lshaped import Found, Progress
from didymium.plan.planner import Planner
from didymium.plan.stories import Chances, generated, reduced
from didymium.plan.unfold import unfold

FIRST, LAST = date(2027, 1, 1), 2040
BOTH = ("USA", "JPN")
BINARIES = 25
WEIGHT = 2.0
SHARE = 0.001
"""Gap of the bar, as a share of the objective."""

CHANCES = Chances(onset=0.1, goes_on=0.5, heavy=0.3, one=0.3)


def desk_of(case: Case, count: int, first: int = 2028, last: int = 2033, half_years: int = 3, calm: int = 6) -> Desk:
    """Return decisions and pieces of so many scenarios."""
    market = prepare(case)
    per_year = 1
    while True:
        stories = generated(case, CHANCES, first, last, half_years, per_year)
        if len(stories) >= count or per_year == 4:
            break
        per_year *= 2
    if len(stories) < count:
        stories = generated(case, CHANCES, first, LAST - 4, half_years + 2, per_year)
    kept = reduced(stories, count, FIRST, LAST)[0]
    tree = unfold(kept, FIRST, LAST, case.assumption("a_discount_rate"), 3, calm)
    found = candidates(case, market, FIRST)
    free = [c for c in found if not c.committed and set(c.sponsors) & set(BOTH)]
    left_out = {c.facility for c in free[BINARIES:]}
    return Desk(case, market, tree, [c for c in found if c.facility not in left_out], Terms((FIRST,)), BOTH)


@dataclass
class Run:
    """How a search went."""

    found: Found
    objective: float
    first: float
    seconds: float
    build: float


def decompose(desk: Desk, threads: int, limit: float, crew: Any = None, gap: float | None = None) -> Run:
    """Return the search; ``first`` is when the gap fell below the bar."""
    begun = time.perf_counter()
    planner = Planner(desk, threads=threads, crew=crew)
    made = planner.search_of(BOTH, WEIGHT, 0.0)
    master = made.master()
    base = sum(s.piece.probability * made.base[at].value for at, s in enumerate(desk.pieces.stated)) / 1000.0
    first = [np.nan]
    print(f"  doing nothing: {base:,.0f} MUSD after {time.perf_counter() - begun:.0f} s", flush=True)

    def told(far: Progress) -> None:
        now = time.perf_counter() - begun
        share = (far.bound - far.value) / abs(base + far.value)
        if share <= SHARE and np.isnan(first[0]):
            first[0] = now
        print(f"  step {far.step:3d}  {now:6.1f} s  best {far.value:10.2f}  bound {far.bound:10.2f} MUSD over nothing"
              f"  gap {share:.1e} of the objective", flush=True)  # fmt: skip
        if now > limit:
            raise TimeoutError

    try:
        found = made.run(SHARE * abs(base) / 2 if gap is None else gap, told, master=master)
    finally:
        planner.close()
    return Run(found, base + found.value, first[0], time.perf_counter() - begun, 0.0)


def sizes(desk: Desk) -> None:
    """Print how large an instance is."""
    tree, pieces = desk.tree, desk.pieces
    columns = sum(len(s.cost) for s in pieces.stated)
    per_node = max(len(s.cost) / len(s.piece.nodes) for s in pieces.stated)
    lengths = [len(path) for path in desk.unfolded.paths]
    print(f"  {len(desk.case['regions'])} regions, {len(desk.unfolded.stories)} scenarios of {min(lengths)} to "
          f"{max(lengths)} periods, {len(tree)} nodes, {sum(x.choose for x in desk.projects)} yes-or-no projects, "
          f"{len(desk.programmes)} strategic stocks; whole program about {per_node * len(tree):,.0f} columns; "
          f"{len(pieces)} pieces with {columns:,} columns in {len(pieces.shapes)} shapes")  # fmt: skip


def busy() -> str:
    """Return how busy the machine was over the last minute, and the largest memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {peak:.2f} GB at most"


def bar(count: int = 100, threads: int = 2, limit: float = 300.0) -> None:
    """Run the bar instance."""
    case = load_case("us-japan")
    begun, cpu = time.perf_counter(), time.process_time()
    desk = desk_of(case, count)
    print(f"{count} scenarios, {threads} threads ({busy()})")
    sizes(desk)
    print(f"  stated in {time.perf_counter() - begun:.1f} s")
    run = decompose(desk, threads, limit)
    worked = time.process_time() - cpu
    print(f"  {run.found.steps} steps, {run.found.cuts} cuts, {run.seconds:.1f} s ({worked:.0f} s of processor)")
    print(f"  gap below {SHARE:.1%} of {run.objective:,.0f} MUSD after {run.first:.1f} s; then {run.found.gap:.1f} "
          f"MUSD, {run.found.gap / abs(run.objective):.1e} of it; {busy()}")  # fmt: skip


def extensive(count: int = 100, limit: float = 3000.0) -> None:
    """Hand the whole program to HiGHS, with a limit of time."""
    case = load_case("us-japan")
    desk = desk_of(case, count)
    sizes(desk)
    options = replace(desk.options, purses={PURSE: desk.money(BOTH)}, use_weight=dict.fromkeys(BOTH, WEIGHT))
    begun = time.perf_counter()
    instance = Instance(build(case, desk.tree, options, desk.market))
    rows, columns = instance.stated.matrix.shape
    print(f"whole program: {columns:,} columns, {rows:,} rows, {instance.stated.matrix.nnz:,} entries, built in "
          f"{time.perf_counter() - begun:.1f} s ({busy()})", flush=True)  # fmt: skip
    for name, value in (("time_limit", limit), ("mip_rel_gap", SHARE)):
        instance.set_option(name, value)
    begun = time.perf_counter()
    instance.highs.run()
    status = instance.highs.modelStatusToString(instance.highs.getModelStatus())
    info = instance.highs.getInfo()
    best, bound = info.objective_function_value / 1000, info.mip_dual_bound / 1000
    seconds = time.perf_counter() - begun
    print(f"HiGHS: {status} after {seconds:.0f} s, best {best:,.1f}, bound {bound:,.1f} MUSD ({busy()})")


def growth(counts: tuple[int, ...] = (50, 100, 200), threads: int = 2) -> None:
    """Print time by step and memory as scenarios grow."""
    case = load_case("us-japan")
    for count in counts:
        begun = time.perf_counter()
        desk = desk_of(case, count)
        stated = time.perf_counter() - begun
        print(f"{count} scenarios ({busy()})")
        sizes(desk)
        run = decompose(desk, threads, 3600.0)
        each = run.seconds / (run.found.steps + 1)
        print(
            f"  stated in {stated:.1f} s, {run.found.steps} steps in {run.seconds:.1f} s, {each:.1f} s each; {busy()}"
        )


def dask(count: int = 60, processes: int = 2) -> None:
    """Compare one process with several of a Dask cluster on this machine."""
    from didymium.plan.cluster import machines

    case = load_case("us-japan")
    desk = desk_of(case, count)
    sizes(desk)
    seconds = {}
    for number in (1, processes):
        cluster = machines(processes=number)
        run = decompose(desk, 1, 3600.0, crew=cluster)
        cluster.shut()
        seconds[number] = run.seconds
        print(f"{number} processes: {run.seconds:.1f} s, {run.objective:,.3f} MUSD ({busy()})", flush=True)
    print(f"{processes} processes are {seconds[1] / seconds[processes]:.2f} times as fast as one")


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "bar"
    numbers = [int(each) for each in sys.argv[2:]]
    match what:
        case "bar":
            bar(*numbers)
        case "growth":
            growth(tuple(numbers) or (50, 100, 200))
        case "extensive":
            extensive(*numbers)
        case "dask":
            dask(*numbers)
        case _:
            raise SystemExit(f"no benchmark {what}")
