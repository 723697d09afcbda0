"""The peer of `plan_peers.py network`: components from files into PyPSA's two-stage stochastic network, HiGHS.

Runs in a Python of its own, without didymium: ``python pypsa_chain.py FOLDER GAP SECONDS``. `pypsa_tables.py` wrote the
files. Prints JSON: objective in the files' unit, seconds and seconds of processor to build (components and program) and
to solve, size, status. PyPSA's consistency check is left out: it would take longer than the building.
"""

import json
import logging
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path

import linopy
import numpy as np
import pandas as pd
import pypsa
import xarray as xr


def network(folder: Path) -> tuple[pypsa.Network, list[dict]]:
    """Return the network, and the rows that it has no component for."""
    about = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    n = pypsa.Network()
    n.set_snapshots(pd.RangeIndex(len(about["discount"])))
    weights = {"objective": about["discount"], "stores": 1.0, "generators": 1.0}
    n.snapshot_weightings = pd.DataFrame(weights, index=n.snapshots)
    n.add("Bus", about["buses"])
    moves = {}
    for kind in ("Generator", "Link", "Store"):
        told = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
        fixed = pd.DataFrame(told["fixed"], index=told["names"])
        for field in fixed.columns[fixed.isna().any()]:
            # A port that a link does not have is the empty bus; its efficiency has the default of the first one.
            empty = "" if field.startswith("bus") else n.components[kind].defaults["default"][field.rstrip("23456789")]
            fixed[field] = fixed[field].fillna(empty).infer_objects()
        n.add(kind, told["names"], **{field: fixed[field].to_numpy() for field in fixed})
        with np.load(folder / f"{kind}.npz") as held:
            for field, names in told["moves"].items():
                moves[kind, field] = (names, held[field])
    n.set_scenarios(about["scenarios"])
    for (kind, field), (names, values) in moves.items():
        scenarios = list(about["scenarios"])
        columns = pd.MultiIndex.from_product([scenarios, names], names=["scenario", "name"])
        series = values.transpose(2, 1, 0).reshape(len(n.snapshots), -1)
        n.components[kind].dynamic[field] = pd.DataFrame(series, n.snapshots, columns)
    return n, about["rows"]


def state(n: pypsa.Network, rows: list[dict]) -> linopy.Model:
    """Return the program: PyPSA's own, and ``sum sizes + sum flows <= limit`` for each row."""
    model = n.optimize.create_model(consistency_check=False, include_objective_constant=False)
    for place, row in enumerate(rows):
        terms = [
            model[name].sel(name=list(given)) * xr.DataArray(list(given.values()), {"name": list(given)}, ["name"])
            for name, given in (("Generator-p_nom", row["build"]), ("Link-p_nom", row["early"])) if given
        ]  # fmt: skip
        late = pd.DataFrame(row["late"], columns=["scenario", "name", "snapshot", "price"])
        for scenario, bought in late.groupby("scenario"):
            price = bought.pivot(index="snapshot", columns="name", values="price").fillna(0.0)
            flow = model["Link-p"].sel(scenario=n.scenarios[scenario], name=price.columns, snapshot=price.index)
            terms.append(flow * xr.DataArray(price.to_numpy(), {"snapshot": price.index, "name": price.columns},
                                             ["snapshot", "name"]))  # fmt: skip
        model.add_constraints(sum(term.sum() for term in terms) <= row["limit"], name=f"row {place}")
    return model


def main(folder: str, gap: float, limit: float) -> None:
    """Build, solve, tell."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    times = [(time.perf_counter(), time.process_time())]
    model = state(*network(Path(folder)))
    times.append((time.perf_counter(), time.process_time()))
    options = {"mip_rel_gap": gap, "mip_abs_gap": 0.0, "time_limit": limit, "log_to_console": False}
    _status, condition = model.solve(solver_name="highs", io_api="direct", progress=False, **options)
    times.append((time.perf_counter(), time.process_time()))
    build, solve = ((b[0] - a[0], b[1] - a[1]) for a, b in pairwise(times))
    value = model.objective.value
    found = {
        "objective": None if value is None or not np.isfinite(value) else -value, "status": condition,
        "columns": model.nvars, "rows": model.ncons,
        "build": build[0], "build_cpu": build[1], "solve": solve[0], "solve_cpu": solve[1],
    }  # fmt: skip
    print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
