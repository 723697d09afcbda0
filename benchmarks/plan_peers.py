"""Ten scenarios in didymium, mpi-sppy and PyPSA: one objective, and how long each takes.

``python benchmarks/plan_peers.py farmer``: a tiny instance that all three can state: three crops on 500 acres, ten
equally likely yields, the prices of Birge and Louveaux (2011). mpi-sppy solves its extensive form through Pyomo and
HiGHS, PyPSA its two-stage network through linopy and HiGHS.

``python benchmarks/plan_peers.py chain``: the rare-earth chain. Two stages, so that mpi-sppy's simplest root node holds
it: projects and stocks are decided in 2027, from 2028 on everything is known. The scenarios' programs are written to
files by our own laws and read into Pyomo models, so both solve the same numbers; writing them counts for nobody.

``python benchmarks/plan_peers.py network``: the same chain in PyPSA as well, stated in its own components
(`pypsa_tables.py`). Its scenarios share their snapshots, so here every scenario has half-years throughout.

The peers run in processes of their own, because they need not live beside didymium: name the Python that has them in
``PEERS``. Times are from data to objective, imports left out and shown apart; seconds of processor decide, because
other work on the machine does not change them much.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from didymium.case.case import Case, load_case
from didymium.case.scenario import Outage, Scenario
from didymium.market.prepare import prepare
from didymium.market.program import Program, build
from didymium.market.tree import add_months
from didymium.plan.candidates import candidates
from didymium.plan.desk import Desk, Terms
from didymium.plan.extensive import solve_whole, whole_options
from didymium.plan.planner import Planner
from didymium.plan.stories import CALM, Chances, Story, generated
from didymium.plan.unfold import unfold
from plan_cases import FEED, YEAR, desk_for, farmer
from pypsa_tables import Statement

YIELDS = np.linspace(0.75, 1.2, 10)

BOTH = ("USA", "JPN")
WEIGHT = 2.0
BINARIES = 25
SHARE = 5e-7
"""Gap of the chain, as a share of the objective: equal objectives are asked to 1e-6."""

MPI_SPPY = """
import json, sys, time
import pyomo.environ as pyo
import mpisppy.utils.sputils as sputils
from mpisppy.opt.ef import ExtensiveForm
yields = json.loads(sys.argv[1])
names = [f"scen{k}" for k in range(len(yields))]
def creator(name, **_):
    f = yields[int(name[4:])]
    m = pyo.ConcreteModel()
    crops = ["wheat", "corn", "beets"]
    m.acres = pyo.Var(crops, bounds=(0, 500))
    m.land = pyo.Constraint(expr=sum(m.acres[c] for c in crops) <= 500)
    m.sold = pyo.Var(crops, within=pyo.NonNegativeReals); m.cheap = pyo.Var(within=pyo.NonNegativeReals)
    m.bought = pyo.Var(["wheat", "corn"], within=pyo.NonNegativeReals)
    y = {"wheat": 2.5 * f, "corn": 3.0 * f, "beets": 20.0 * f}
    m.w = pyo.Constraint(expr=y["wheat"] * m.acres["wheat"] + m.bought["wheat"] - m.sold["wheat"] >= 200)
    m.c = pyo.Constraint(expr=y["corn"] * m.acres["corn"] + m.bought["corn"] - m.sold["corn"] >= 240)
    m.b = pyo.Constraint(expr=m.sold["beets"] + m.cheap <= y["beets"] * m.acres["beets"])
    m.q = pyo.Constraint(expr=m.sold["beets"] <= 6000)
    first = 150 * m.acres["wheat"] + 230 * m.acres["corn"] + 260 * m.acres["beets"]
    m.first = pyo.Expression(expr=first)
    m.total = pyo.Objective(expr=first + 238 * m.bought["wheat"] + 210 * m.bought["corn"] - 170 * m.sold["wheat"]
                            - 150 * m.sold["corn"] - 36 * m.sold["beets"] - 10 * m.cheap)
    sputils.attach_root_node(m, m.first, [m.acres]); m._mpisppy_probability = 1 / len(yields)
    return m
begun, cpu = time.perf_counter(), time.process_time()
ef = ExtensiveForm({"solver": "appsi_highs"}, names, creator)
ef.solve_extensive_form()
print(json.dumps([ef.get_objective_value(), time.perf_counter() - begun, time.process_time() - cpu]))
"""

PYPSA = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pypsa
yields = json.loads(sys.argv[1])
begun, cpu = time.perf_counter(), time.process_time()
n = pypsa.Network(); n.set_snapshots([0])
for bus in ("wheat", "corn", "beets", "land"):
    n.add("Bus", bus)
cost = {"wheat": 150, "corn": 230, "beets": 260}; tonnes = {"wheat": 2.5, "corn": 3.0, "beets": 20.0}
n.add("Generator", "land", bus="land", p_nom=500)
for c in cost:
    n.add("Link", c, bus0="land", bus1=c, p_nom_extendable=True, p_nom_max=500, capital_cost=cost[c],
          efficiency=tonnes[c])
for c, price, most in (("wheat", 170, 1e5), ("corn", 150, 1e5), ("beets", 36, 6000)):
    n.add("Generator", f"sell {c}", bus=c, sign=-1, p_nom=most, marginal_cost=-price)
n.add("Generator", "cheap", bus="beets", sign=-1, p_nom=1e5, marginal_cost=-10)
for c, price, need in (("wheat", 238, 200), ("corn", 210, 240)):
    n.add("Generator", f"buy {c}", bus=c, p_nom=1e5, marginal_cost=price)
    n.add("Load", f"feed {c}", bus=c, p_set=need)
n.set_scenarios({f"s{k}": 1 / len(yields) for k in range(len(yields))})
for k, f in enumerate(yields):
    for c in tonnes:
        n.c.links.static.loc[(f"s{k}", c), "efficiency"] = tonnes[c] * f
def land(n, sns):
    m = n.model
    m.add_constraints(m["Link-p_nom"].sum() <= 500, name="land")
n.optimize(solver_name="highs", extra_functionality=land, log_to_console=False)
print(json.dumps([n.objective, time.perf_counter() - begun, time.process_time() - cpu]))
"""


def yields() -> list[Story]:
    """Return ten yields as outages against the best."""
    found = []
    for at, factor in enumerate(YIELDS):
        outages = tuple(
            Outage(f"{crop}_field", date(YEAR, 1, 1), date(YEAR + 1, 1, 1), factor / 1.2, ("caps/land|wheat_field",))
            for crop in ("wheat", "corn", "beets")
        )
        name = f"yield-{at}"
        found.append(Story(name, Scenario(name, name, "", date(YEAR, 1, 1), 12, outages=outages), 1 / len(YIELDS)))
    return found


def peer(name: str, *command: str) -> tuple[str, float] | None:
    """Return a peer's last line, and the seconds of processor of its whole process; None where it cannot be run."""
    python = os.environ.get("PEERS", sys.executable)
    before = os.times()
    run = subprocess.run([python, *command], capture_output=True, text=True, check=False)
    after = os.times()
    whole = after.children_user + after.children_system - before.children_user - before.children_system
    if run.returncode:
        print(f"{name}: not run ({run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'no word'})")
        return None
    return run.stdout.strip().splitlines()[-1], whole


def small() -> None:
    """Print objectives and times of the farmer side by side."""
    xr.DataArray([0.0])  # its first array looks for other libraries and imports them
    with tempfile.TemporaryDirectory() as folder:
        case = farmer(Path(folder) / "farm")
        begun, cpu = time.perf_counter(), time.process_time()
        planner = Planner(desk_for(case, yields(), ("FARM",)), threads=1, gap=1e-6, weights=(1.0,))
        plan = planner.candidate(("FARM",), 1.0)
        seconds, worked = time.perf_counter() - begun, time.process_time() - cpu
        planner.close()
    ours = FEED - 1000 * plan.planning["objective"]
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; seconds, seconds of processor, of the whole process"
    )
    print(f"didymium, {plan.planning['algorithm']}: {ours:,.3f} in {seconds:.2f} s, {worked:.2f} s of processor, "
          f"{time.process_time():.2f} s with imports and reading the tables")  # fmt: skip
    for name, program in (("mpi-sppy", MPI_SPPY), ("PyPSA", PYPSA)):
        told = peer(name, "-c", program, json.dumps(list(YIELDS)))
        if told is None:
            continue
        objective, took, of_processor = json.loads(told[0])
        print(f"{name}: {objective:,.3f} in {took:.2f} s, {of_processor:.2f} s of processor, {told[1]:.2f} s with "
              f"imports: {of_processor / worked:.2f} times ours")  # fmt: skip
        assert abs(objective - ours) <= 1e-6 * abs(ours), "the objectives differ"


def cuts(case: Case) -> list[Story]:
    """Return nothing cut, six halts of half a year and three licences of a year that let half through, from 2028."""
    halts = generated(case, Chances(onset=0.5, goes_on=0.0, heavy=0.3, one=0.3), 2028, 2028, 1)
    found = [story for story in halts if story.name != CALM]
    for story in [s for s in found if "-all-" in s.name]:
        assert story.scenario is not None
        measure = story.scenario.restrictions[0]
        half = replace(measure, kind="licence", approval=((measure.start, 0.5),), end=add_months(measure.start, 12))
        name = story.name + "-half"
        found.append(Story(name, replace(story.scenario, name=name, months=12, restrictions=(half,)), 1.0))
    return [Story(CALM, None, 0.5), *(replace(story, probability=0.5 / len(found)) for story in found)]


def chain_desk(case: Case, stories: list[Story], last: int, calm: int) -> Desk:
    """Return the desk of some scenarios: half-years while something is cut, else periods of so many months."""
    first, market = date(2027, 1, 1), prepare(case)
    tree = unfold(stories, first, last, case.assumption("a_discount_rate"), 6, calm)
    found = candidates(case, market, first)
    free = [c for c in found if not c.committed and set(c.sponsors) & set(BOTH)]
    left_out = {c.facility for c in free[BINARIES:]}
    return Desk(case, market, tree, [c for c in found if c.facility not in left_out], Terms((first,)), BOTH)


def programs(case: Case, stories: list[Story], last: int, calm: int) -> list[Program]:
    """Return each scenario's own program, as if it were certain."""
    desks = [chain_desk(case, [replace(story, probability=1.0)], last, calm) for story in stories]
    return [build(case, desk.tree, whole_options(desk, BOTH, WEIGHT), desk.market) for desk in desks]


def write(stated: list[Program], stories: list[Story], common: int, folder: Path) -> None:
    """Write the scenarios' programs, and which of their columns are decided before the scenarios part."""
    for at, (program, story) in enumerate(zip(stated, stories, strict=True)):
        arrays, columns = program.model.finish(), program.model.columns
        first = [columns["build"].positions().ravel(), columns["stock"].positions()[:, :common].ravel()]
        np.savez(
            folder / f"scen{at}.npz", cost=arrays.cost, lower=arrays.lower, upper=arrays.upper, whole=arrays.whole,
            low=arrays.low, high=arrays.high, data=arrays.matrix.data, indices=arrays.matrix.indices,
            indptr=arrays.matrix.indptr, first=np.concatenate(first), probability=story.probability,
        )  # fmt: skip


def chain(last: int = 2034, limit: float = 1200.0, calm: int = 12, pypsa: bool = False) -> None:
    """Print objectives and times of the rare-earth chain side by side."""
    case = load_case("us-japan")
    stories = cuts(case)
    xr.DataArray([0.0])
    begun, cpu = time.perf_counter(), time.process_time()
    desk = chain_desk(case, stories, last, calm)
    planner = Planner(desk, threads=1, weights=(WEIGHT,))
    made = planner.search_of(BOTH, WEIGHT, 0.0)
    master = made.master()
    size = SHARE * sum(s.piece.probability * made.base[at].value for at, s in enumerate(desk.pieces.stated)) / 1000.0
    found = made.run(size, master=master)
    ours = planner.total(made, found)
    times: dict[str, tuple[float, float]] = {}
    times["didymium, L-shaped"] = (time.perf_counter() - begun, time.process_time() - cpu)
    planner.close()
    print(f"{len(case['regions'])} regions, {len(stories)} scenarios, {len(desk.tree)} nodes, "
          f"{sum(x.choose for x in desk.projects)} projects, {len(desk.programmes)} strategic stocks; load "
          f"{os.getloadavg()[0]:.1f}")  # fmt: skip
    _line("didymium, L-shaped", ours, times, f"{found.steps} steps, gap {found.gap / abs(ours):.0e}")
    begun, cpu = time.perf_counter(), time.process_time()
    whole = solve_whole(desk, BOTH, WEIGHT, gap=1000 * size)
    times["the same as one program in HiGHS"] = (time.perf_counter() - begun, time.process_time() - cpu)
    _line("the same as one program in HiGHS", whole.objective / 1000, times, f"gap {whole.run['gap']:.0e}")
    assert abs(whole.objective / 1000 - ours) <= 1e-6 * abs(ours), "the objectives differ"
    stated = programs(case, stories, last, calm)
    common = int(desk.tree.nodes["probability"].gt(1.0 - 1e-9).sum())
    with tempfile.TemporaryDirectory() as folder:
        write(stated, stories, common, Path(folder))
        _beside("mpi-sppy", "mpi_sppy_chain.py", folder, limit, ours, times)
    if pypsa:
        with tempfile.TemporaryDirectory() as folder:
            Statement(stated, [story.probability for story in stories], common).write(Path(folder))
            _beside("PyPSA", "pypsa_chain.py", folder, limit, ours, times)


def _beside(
    name: str, program: str, folder: str, limit: float, ours: float, times: dict[str, tuple[float, float]]
) -> None:  # fmt: skip
    """Run a peer on the files of a folder and print what it finds, or that it finds nothing in time."""
    told = peer(name, str(Path(__file__).parent / program), folder, str(SHARE), str(limit))
    if told is None:
        return
    theirs: dict[str, Any] = json.loads(told[0].removeprefix("RESULT "))
    times[name] = (theirs["build"] + theirs["solve"], theirs["build_cpu"] + theirs["solve_cpu"])
    sizes = f"{theirs['columns']:,} columns, {theirs['status']}; building {theirs['build_cpu']:.1f} s, "
    if theirs["objective"] is None or theirs["status"] != "optimal":
        best = "none" if theirs["objective"] is None else f"{theirs['objective'] / 1000:,.3f} MUSD"
        print(f"{name}: no answer within {limit:.0f} s ({sizes}solver {theirs['solve_cpu']:.1f} s of processor; best "
              f"found: {best})", flush=True)  # fmt: skip
        return
    _line(name, theirs["objective"] / 1000, times, f"{sizes}solver {theirs['solve_cpu']:.1f} s of processor")
    assert abs(theirs["objective"] / 1000 - ours) <= 1e-6 * abs(ours), "the objectives differ"


def _line(name: str, objective: float, times: dict[str, tuple[float, float]], more: str) -> None:
    seconds, worked = times[name]
    ratio = worked / times["didymium, L-shaped"][1]
    print(f"{name}: {objective:,.3f} MUSD in {seconds:.1f} s, {worked:.1f} s of processor, {ratio:.1f} times ours "
          f"({more})", flush=True)  # fmt: skip


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["chain", *numbers]:
            chain(*(int(number) for number in numbers))
        case ["network", *numbers]:
            chain(*(int(number) for number in numbers), calm=6, pypsa=True)
        case ["farmer"]:
            small()
        case []:
            small()
            chain()
            chain(calm=6, pypsa=True)
        case other:
            raise SystemExit(f"no benchmark {' '.join(other)}")
