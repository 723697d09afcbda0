"""The stochastic plan of the rare-earth chain by decomposition, against its extensive form in HiGHS, and its growth.

The bar instance: `us-japan`, two half-years for each calm year from 2027 to 2040 and quarters in the years of a cut, 25
projects that are built or not, strategic stocks, 100 scenarios of cuts that differ in onset, duration, forms and aim.
Each scenario has 30 periods or more. Capital, purses and users' weight are those of the joint plan. Whatever their
number, scenarios are kept by the product's own reduction from the same 1,297 stories, so that more of them are not
longer ones: cuts that begin on the first of any month from 2028 to 2033 and last 6, 12 or 18 months. Before decision
031 they began on 1 January alone, and more than 109 scenarios were made by longer cuts; ``before`` runs that instance
of 100.

``python benchmarks/plan.py`` runs the bar instance; ``growth`` the same with more scenarios; ``stated`` what stating
them takes, and memory; ``extensive`` the whole program in HiGHS with a limit; ``ratio`` both on 1, 2, 4 ... scenarios
until the whole program takes longer than its limit; ``dask`` one process against two. How busy the machine was is
printed, because it decides the times; seconds of processor depend on it less.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import highspy
import numpy as np

from didymium.case.case import Case, load_case
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.plan.candidates import candidates
from didymium.plan.desk import PURSE, Desk, Terms
from didymium.plan.lshaped import Found, Progress
from didymium.plan.planner import Planner
from didymium.plan.reduction import reduced
from didymium.plan.stories import CALM, Chances, Story, generated
from didymium.plan.unfold import unfold

FIRST, LAST = date(2027, 1, 1), 2040
BOTH = ("USA", "JPN")
BINARIES = 25
WEIGHT = 2.0
SHARE = 0.001
"""Gap of the bar, as a share of the objective."""

CHANCES = Chances(onset=0.1, goes_on=0.5, heavy=0.3, one=0.3)
YEARS, HALF_YEARS = (2028, 2033), 3
"""Years in which a cut may begin, and half-years that the longest one lasts."""

DATES = 12
"""Days of a year on which a cut may begin: 1,296 stories and calm, of which every instance keeps its scenarios."""


def scenarios(case: Case, count: int, dates: int = DATES) -> list[Story]:
    """Return so many scenarios of one chain, with its chances of each year, duration, form and aim; one: no cut."""
    if count == 1:
        return [Story(CALM, None, 1.0)]
    return reduced(generated(case, CHANCES, *YEARS, HALF_YEARS, dates), count)[0]


def desk_of(case: Case, count: int, calm: int = 6, dates: int = DATES) -> Desk:
    """Return decisions and pieces of so many scenarios."""
    market = prepare(case)
    tree = unfold(scenarios(case, count, dates), FIRST, LAST, case.assumption("a_discount_rate"), 3, calm)
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
    begun, cpu = time.perf_counter(), time.process_time()
    planner = Planner(desk, threads=threads, crew=crew)
    made = planner.search_of(BOTH, WEIGHT, 0.0)
    master = made.master()
    base = sum(s.piece.probability * made.base[at].value for at, s in enumerate(desk.pieces.stated)) / 1000.0
    first = [np.nan]
    print(f"  doing nothing: {base:,.0f} MUSD after {time.perf_counter() - begun:.0f} s "
          f"({time.process_time() - cpu:.0f} s of processor)", flush=True)  # fmt: skip

    def told(far: Progress) -> None:
        now = time.perf_counter() - begun
        share = (far.bound - far.value) / abs(base + far.value)
        if share <= SHARE and np.isnan(first[0]):
            first[0] = now
        print(f"  step {far.step:3d}  {now:6.1f} s  ({time.process_time() - cpu:.0f} s of processor)  best "
              f"{far.value:10.2f}  bound {far.bound:10.2f} MUSD over nothing  gap {share:.1e} of the objective",
              flush=True)  # fmt: skip
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


def peak() -> float:
    """Return the largest memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def busy() -> str:
    """Return how busy the machine was over the last minute, and the largest memory so far."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {peak():.2f} GB at most"


def bar(count: int = 100, threads: int = 2, limit: float = 300.0, dates: int = DATES) -> None:
    """Run the bar instance."""
    case = load_case("us-japan")
    begun, cpu = time.perf_counter(), time.process_time()
    desk = desk_of(case, count, dates=dates)
    print(f"{count} scenarios, {threads} threads ({busy()})")
    sizes(desk)
    print(f"  stated in {time.perf_counter() - begun:.1f} s")
    run = decompose(desk, threads, limit)
    worked = time.process_time() - cpu
    print(f"  {run.found.steps} steps, {run.found.cuts} cuts, {run.seconds:.1f} s ({worked:.0f} s of processor)")
    print(f"  gap below {SHARE:.1%} of {run.objective:,.0f} MUSD after {run.first:.1f} s; then {run.found.gap:.1f} "
          f"MUSD, {run.found.gap / abs(run.objective):.1e} of it; {busy()}")  # fmt: skip


def extensive(count: int = 100, limit: int = 3000) -> None:
    """Hand the whole program to HiGHS, with a limit of seconds of processor."""
    desk = desk_of(load_case("us-japan"), count)
    sizes(desk)
    print("  whole program in HiGHS: " + _told(whole(desk, limit)))


def whole(desk: Desk, limit: int) -> dict[str, float]:
    """Return what the whole program costs to build and to solve to the bar's gap; ends the process at its limit."""
    cpu = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + limit, int(cpu) + limit))
    options = replace(desk.options, purses={PURSE: desk.money(BOTH)}, use_weight=dict.fromkeys(BOTH, WEIGHT))
    instance = Instance(build(desk.case, desk.tree, options, desk.market))
    built = time.process_time() - cpu
    instance.set_option("mip_rel_gap", SHARE / 2)
    instance.highs.run()
    if instance.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SystemExit(instance.highs.modelStatusToString(instance.highs.getModelStatus()))
    info = instance.highs.getInfo()
    return {"columns": instance.stated.matrix.shape[1], "objective": info.objective_function_value / 1000.0,
            "bound": info.mip_dual_bound / 1000.0, "build": built, "cpu": time.process_time() - cpu,
            "peak": peak()}  # fmt: skip


def pieces(count: int) -> dict[str, float]:
    """Return what the same costs by decomposition, from the scenarios to the bar's gap, with one thread."""
    case = load_case("us-japan")
    cpu = time.process_time()
    desk = desk_of(case, count)
    built = time.process_time() - cpu
    run = decompose(desk, 1, np.inf)
    return {"columns": sum(len(s.cost) for s in desk.pieces.stated), "objective": run.objective,
            "bound": run.objective + run.found.gap, "build": built, "cpu": time.process_time() - cpu,
            "peak": peak()}  # fmt: skip


def ratio(limit: int = 600, counts: tuple[int, ...] = (1, 2, 4, 8, 16, 32)) -> None:
    """Print how both grow, each in a process of its own, until the whole program takes longer than its limit.

    The same scenarios, horizon and gap; one thread; seconds of processor.
    """
    print(f"seconds of processor to a gap of {SHARE / 2:.2%}; {busy()}")
    for count in counts:
        found = {}
        for kind in ("pieces", "whole"):
            command = [sys.executable, __file__, f"only-{kind}", str(count), str(limit)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                why = "no answer within its limit" if run.returncode == -signal.SIGXCPU else run.stderr.strip()[-200:]
                print(f"{count} scenarios, {kind}: {why} ({limit} s)", flush=True)
                break
            found[kind] = json.loads(run.stdout.strip().splitlines()[-1])
            print(f"{count} scenarios, {kind}: {_told(found[kind])}", flush=True)
        if len(found) < 2:
            if "pieces" in found:
                print(f"{count} scenarios: more than {limit / found['pieces']['cpu']:.1f} times as fast", flush=True)
            return
        ours, theirs = found["pieces"], found["whole"]
        size = abs(theirs["objective"])
        assert ours["objective"] <= theirs["bound"] + 1e-6 * size, "a decision beyond the whole program's bound"
        assert theirs["objective"] <= ours["bound"] + 1e-6 * size, "the whole program's decision beyond our bound"
        print(f"{count} scenarios: {theirs['cpu'] / ours['cpu']:.1f} times as fast", flush=True)


def _told(run: dict[str, float]) -> str:
    return (f"{run['columns']:,} columns, {run['cpu']:.1f} s ({run['build']:.1f} s to state), best "
            f"{run['objective']:,.1f}, bound {run['bound']:,.1f} MUSD, {run['peak']:.2f} GB")  # fmt: skip


def growth(counts: tuple[int, ...] = (100, 200, 400), threads: int = 2) -> None:
    """Print processor time by step, pieces and memory as scenarios grow."""
    case = load_case("us-japan")
    for count in counts:
        cpu = time.process_time()
        desk = desk_of(case, count)
        stated = time.process_time() - cpu
        print(f"{count} scenarios ({busy()})")
        sizes(desk)
        print(f"  stated in {stated:.1f} s of processor", flush=True)
        run = decompose(desk, threads, np.inf)
        worked = time.process_time() - cpu
        print(f"  {run.found.steps} steps, {worked:.1f} s of processor, {worked / count:.2f} s by scenario; {busy()}")


def stated(*counts: int) -> None:
    """Print what it takes to state plans of so many scenarios, and to solve one piece of each matrix: memory."""
    case = load_case("us-japan")
    for count in counts:
        cpu = time.process_time()
        desk = desk_of(case, count)
        print(f"{count} scenarios, stated in {time.process_time() - cpu:.1f} s of processor ({busy()})")
        sizes(desk)
        cpu = time.process_time()
        planner = Planner(desk, threads=1)
        made = planner.search_of(BOTH, WEIGHT, 0.0)
        found: dict[int, int] = {}
        for job in made.jobs:
            found.setdefault(job.matrix, job.at)
        planner.crew.solve(planner.clearing.nothing(), found.values())
        worked = time.process_time() - cpu
        print(f"  one piece of each of {len(found)} matrices, {worked:.1f} s of processor; {busy()}", flush=True)


class Watched:
    """A cluster whose processes are asked after every solve how long they worked, seconds of processor."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.busiest = self.all = 0.0
        self.iterations = 0

    def __call__(self, found: Any, matrices: Any) -> Any:
        """Return a crew for these pieces."""
        crew, client = self.cluster(found, matrices), self.cluster.client
        solve = crew.solve

        def watched(*asked: Any, **more: Any) -> Any:
            before = client.run(time.process_time)
            worths = solve(*asked, **more)
            worked = [now - before[place] for place, now in client.run(time.process_time).items()]
            self.iterations += sum(worth.iterations for worth in worths.values())
            self.busiest += max(worked)
            self.all += sum(worked)
            return worths

        crew.solve = watched
        return crew


def dask(count: int = 60, processes: int = 2, dates: int = DATES) -> None:
    """Compare one process with several of a Dask cluster on this machine.

    On a busy machine the clock says little. So beside it stands what a quiet one would take: seconds of processor of
    the process that proposes, and at every step of the busiest of those that solve the pieces.
    """
    from didymium.plan.cluster import Cluster

    case = load_case("us-japan")
    desk = desk_of(case, count, dates=dates)
    sizes(desk)
    seconds, alone = {}, {}
    for number in (1, processes):
        watched, here = Watched(Cluster.to(processes=number)), time.process_time()
        run = decompose(desk, 1, 3600.0, crew=watched)
        own = time.process_time() - here
        watched.cluster.shut()
        seconds[number], alone[number] = run.seconds, own + watched.busiest
        print(f"{number} processes: {run.seconds:.1f} s, {run.objective:,.3f} MUSD in {run.found.steps} steps; seconds "
              f"of processor: {own:.1f} to propose, {watched.all:.1f} to solve, of which {watched.busiest:.1f} by the "
              f"busiest of each step; {watched.iterations:,} simplex iterations ({busy()})", flush=True)  # fmt: skip
    print(f"{processes} processes are {seconds[1] / seconds[processes]:.2f} times as fast as one by the clock, "
          f"{alone[1] / alone[processes]:.2f} times by processor")  # fmt: skip


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "bar"
    numbers = [int(each) for each in sys.argv[2:]]
    match what:
        case "bar":
            bar(*numbers)
        case "before":
            bar(100, dates=1)
        case "growth":
            growth(tuple(numbers) or (100, 200, 400))
        case "stated":
            stated(*(numbers or (100, 1000)))
        case "extensive":
            extensive(*numbers)
        case "ratio":
            ratio(*numbers[:1], *([tuple(numbers[1:])] if numbers[1:] else []))
        case "only-pieces":
            print(json.dumps(pieces(numbers[0])))
        case "only-whole":
            print(json.dumps(whole(desk_of(load_case("us-japan"), numbers[0]), numbers[1])))
        case "dask":
            dask(*numbers)
        case _:
            raise SystemExit(f"no benchmark {what}")
