"""The farmer with ten yields in didymium, mpi-sppy and PyPSA: one objective, and how long each takes.

A small instance that all three can state: three crops on 500 acres, ten equally likely yields, the prices of Birge and
Louveaux (2011). mpi-sppy solves its extensive form through Pyomo and HiGHS, PyPSA its two-stage network through linopy
and HiGHS; both are imported in processes of their own, because they need not live beside didymium: name the Python that
has them in ``PEERS``. Times are from data to objective, imports left out; ours includes the market's check.
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

import numpy as np

from didymium.case.scenario import Outage, Scenario
from didymium.plan.planner import Planner
from didymium.plan.stories import Story
from plan_cases import FEED, YEAR, desk_for, farmer

YIELDS = np.linspace(0.75, 1.2, 10)

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
begun = time.perf_counter()
ef = ExtensiveForm({"solver": "appsi_highs"}, names, creator)
ef.solve_extensive_form()
print(json.dumps([ef.get_objective_value(), time.perf_counter() - begun]))
"""

PYPSA = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pypsa
yields = json.loads(sys.argv[1])
begun = time.perf_counter()
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
print(json.dumps([n.objective, time.perf_counter() - begun]))
"""


def stories() -> list[Story]:
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


def peer(name: str, program: str) -> tuple[float, float] | None:
    """Return a peer's objective and seconds; None where it cannot be run."""
    python = os.environ.get("PEERS", sys.executable)
    run = subprocess.run([python, "-c", program, json.dumps(list(YIELDS))], capture_output=True, text=True, check=False)
    if run.returncode:
        print(f"{name}: not run ({run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'no word'})")
        return None
    objective, seconds = json.loads(run.stdout.strip().splitlines()[-1])
    return float(objective), float(seconds)


def main() -> None:
    """Print objectives and times side by side."""
    with tempfile.TemporaryDirectory() as folder:
        case = farmer(Path(folder) / "farm")
        begun = time.perf_counter()
        desk = desk_for(case, stories(), ("FARM",))
        planner = Planner(desk, threads=1, gap=1e-6, weights=(1.0,))
        plan = planner.candidate(("FARM",), 1.0)
        seconds = time.perf_counter() - begun
        planner.close()
    ours = FEED - 1000 * plan.planning["objective"]
    print(f"didymium, {plan.planning['algorithm']}: {ours:,.3f} in {seconds:.2f} s (load {os.getloadavg()[0]:.1f})")
    for name, program in (("mpi-sppy", MPI_SPPY), ("PyPSA", PYPSA)):
        told = peer(name, program)
        if told is not None:
            objective, took = told
            print(f"{name}: {objective:,.3f} in {took:.2f} s, {took / seconds:.2f} times ours")
            assert abs(objective - ours) <= 1e-6 * abs(ours), "the objectives differ"


if __name__ == "__main__":
    main()
