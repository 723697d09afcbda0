"""The peer of `plan_peers.py chain` and `network`: programs from files into Pyomo, mpi-sppy's extensive form, HiGHS.

Runs in a Python of its own, without didymium: ``python mpi_sppy_chain.py FOLDER GAP SECONDS``. Each file holds one
scenario's program as arrays, ``max cost x`` over ``lower <= x <= upper, low <= A x <= high``, and says which columns
are decided before anything is known. Prints JSON: objective and bound in the files' unit, seconds and seconds of
processor to build and to solve, status.
"""

import json
import sys
import time
from pathlib import Path

import mpisppy.utils.sputils as sputils
import numpy as np
import pyomo.environ as pyo
from mpisppy.opt.ef import ExtensiveForm
from pyomo.core.expr.numeric_expr import LinearExpression


def creator(name: str, folder: str) -> pyo.ConcreteModel:
    """Return a scenario's model."""
    held = np.load(Path(folder) / f"{name}.npz")
    m = pyo.ConcreteModel(name)
    bounds = [
        (None if a == -np.inf else a, None if b == np.inf else b)
        for a, b in zip(held["lower"].tolist(), held["upper"].tolist(), strict=True)
    ]
    whole = held["whole"].astype(bool).tolist()

    def columns(which: list[int]) -> pyo.Var:
        return pyo.Var(
            range(len(which)),
            bounds=lambda _m, k: bounds[which[k]],
            domain=lambda _m, k: pyo.Integers if whole[which[k]] else pyo.Reals,
        )

    # mpi-sppy compares the names of what is decided first: it stands by itself, under the same names everywhere.
    first = held["first"].tolist()
    later = sorted(set(range(len(bounds))) - set(first))
    m.decided, m.later = columns(first), columns(later)
    x = [None] * len(bounds)
    for var, which in ((m.decided, first), (m.later, later)):
        for k, at in enumerate(which):
            x[at] = var[k]
    starts, index, data = held["indptr"].tolist(), held["indices"].tolist(), held["data"].tolist()
    low, high = held["low"].tolist(), held["high"].tolist()

    def row(_m: pyo.ConcreteModel, r: int) -> object:
        at = slice(starts[r], starts[r + 1])
        if starts[r] == starts[r + 1] or (low[r] == -np.inf and high[r] == np.inf):
            return pyo.Constraint.Skip
        body = LinearExpression(constant=0.0, linear_coefs=data[at], linear_vars=[x[k] for k in index[at]])
        if low[r] == high[r]:
            return body == low[r]
        return (None if low[r] == -np.inf else low[r], body, None if high[r] == np.inf else high[r])

    m.rows = pyo.Constraint(range(len(low)), rule=row)
    cost = held["cost"]
    paid = np.nonzero(cost)[0].tolist()
    total = LinearExpression(constant=0.0, linear_coefs=(-cost[paid]).tolist(), linear_vars=[x[k] for k in paid])
    m.total = pyo.Objective(expr=total)
    m.first = pyo.Expression(expr=0.0)
    sputils.attach_root_node(m, m.first, [m.decided])
    m._mpisppy_probability = float(held["probability"])
    return m


def main(folder: str, gap: float, limit: float) -> None:
    """Build, solve, tell."""
    names = sorted(path.stem for path in Path(folder).glob("*.npz"))
    begun, cpu = time.perf_counter(), time.process_time()
    ef = ExtensiveForm({"solver": "appsi_highs"}, names, creator, scenario_creator_kwargs={"folder": folder})
    built, built_cpu = time.perf_counter(), time.process_time()
    options = {"mip_rel_gap": gap, "mip_abs_gap": 0.0, "time_limit": limit}
    results = ef.solve_extensive_form(solver_options=options)
    done, done_cpu = time.perf_counter(), time.process_time()
    status = str(results.solver.termination_condition)
    found = {
        "objective": -ef.get_objective_value() if ef.tree_solution_available else None, "status": status,
        "build": built - begun, "build_cpu": built_cpu - cpu, "solve": done - built, "solve_cpu": done_cpu - built_cpu,
        "columns": sum(len(ef.local_scenarios[name].decided) + len(ef.local_scenarios[name].later) for name in names),
    }  # fmt: skip
    print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
