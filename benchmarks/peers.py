"""How long didymium and PyPSA take to build the same network, and that both find the same objective.

The instance is us-japan, month by month without stocks and without goods under way, because PyPSA states exactly that:
a market is a bus, a route a link, a segment of demand a generator that takes, a segment of supply a link from the
plant's own bus, whose generator is its capacity. A recipe is the link's efficiencies, disposal a generator that takes.
Both have a column for every segment, route, market and month; PyPSA writes bounds as rows.

Building is from objects in memory (our case, network and base point; PyPSA's network with all its components) to a
program inside HiGHS. Making those objects is printed, not counted. Needs the extra ``bench``.
"""

from __future__ import annotations

import gc
import sys
import time
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from build import chain
from by_hand import assemble, hand_over, tables
from didymium.case.case import load_case
from didymium.market import laws, segments
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import Program, build
from didymium.market.solve import Instance

MONTHS = 180
RUNS = 3
UNBOUND = 1e6
"""Tonnes a month that nothing reaches: PyPSA wants a number where we have none."""


def pypsa_network(program: Program) -> Any:
    """Return the same market as a PyPSA network."""
    import pypsa

    p = program.parts
    n, base, tree = p.network, p.base, p.tree
    made = pypsa.Network()
    made.set_snapshots(pd.RangeIndex(len(tree)))
    weights = {"objective": tree.weight(), "stores": 1.0, "generators": 1.0}
    made.snapshot_weightings = pd.DataFrame(weights, index=made.snapshots)
    plants = n.facilities.index[n.facilities.index.isin(n.activities["facility"])]
    made.add("Bus", n.markets.index)
    made.add("Bus", plants, suffix=" plant")

    def add(kind: str, names: pd.Index, most: np.ndarray, **fields: Any) -> None:
        """Add components that may run up to ``most`` (names x months): its peak, and a share where it moves."""
        peak = most.max(axis=1)
        share = np.divide(most, peak[:, None], out=np.zeros_like(most), where=peak[:, None] > 0)
        moves = (share < 1.0).any(axis=1) & (peak > 0)
        made.add(kind, names, p_nom=peak, **fields)
        at = made.components[kind.lower() + "s"].dynamic
        at["p_max_pu"] = at["p_max_pu"].join(pd.DataFrame(share[moves].T, made.snapshots, names[moves]), how="right")

    def generators(index: pd.Index, width: np.ndarray) -> tuple[pd.Index, np.ndarray]:
        count = width.shape[1]
        names = pd.Index([f"{name} {at}" for name in index for at in range(count)])
        return names, np.repeat(np.arange(len(index)), count)

    capacity = pd.DataFrame(p.conditions.capacity, index=n.facilities.index).loc[plants].to_numpy()
    add("Generator", plants + " plant", capacity, bus=(plants + " plant").to_numpy())
    width, slope = segments.served_slopes(p)
    names, at = generators(n.uses.index, width)
    add("Generator", names, width.reshape(len(names), -1), bus=n.uses["market"].to_numpy()[at], sign=-1.0,
        marginal_cost=-slope[:, :, 0].ravel())  # fmt: skip
    made.add("Generator", n.markets.index, suffix=" disposal", bus=n.markets.index, sign=-1.0, p_nom=UNBOUND,
             marginal_cost=n.markets["disposal"].to_numpy(float))  # fmt: skip

    # Recipes: one port per term, ports without a term lead nowhere.
    terms = n.terms.groupby(["activity", "market"], sort=False)["coefficient"].sum().reset_index()
    terms["port"] = terms.groupby("activity").cumcount() + 1
    bus, rate = (terms.pivot(index="activity", columns="port", values=v) for v in ("market", "coefficient"))

    def recipe(activities: pd.Index) -> dict[str, Any]:
        ports: dict[str, Any] = {"bus0": (n.activities.loc[activities, "facility"] + " plant").to_numpy()}
        for port in bus.columns:
            ports[f"bus{port}"] = bus.loc[activities, port].fillna("").to_numpy()
            name = "efficiency" if port == 1 else f"efficiency{port}"
            ports[name] = rate.loc[activities, port].fillna(0.0 if port == 1 else 1.0).to_numpy(float)
        return ports

    runs = base.running()
    width, slope = segments.activity_slopes(p)
    names, at = generators(n.activities.index[runs], width)
    add("Link", names, width.reshape(len(names), -1), marginal_cost=slope[:, :, 0].ravel(),
        **recipe(n.activities.index[runs][at]))  # fmt: skip
    idle = n.activities.index[~runs]
    made.add("Link", idle, p_nom=UNBOUND, marginal_cost=base.cost[~runs].to_numpy(float), **recipe(idle))
    bound = np.minimum(p.conditions.ship_bound, UNBOUND)
    add("Link", n.routes.index, bound, bus0=n.routes["tail"].to_numpy(), bus1=n.routes["head"].to_numpy(),
        efficiency=1.0, marginal_cost=laws.freight(p)[:, 0])  # fmt: skip
    turned = n.downgrades
    made.add("Link", turned.index, bus0=turned["better"], bus1=turned["lesser"], efficiency=1.0, p_nom=UNBOUND)
    return made


def pypsa_highs(network: Any) -> Any:
    """Return the network's program inside HiGHS."""
    from linopy.io import to_highspy

    return to_highspy(network.optimize.create_model(), set_names=False)


def objective(highs: Any) -> tuple[float, float]:
    """Return the optimum and the seconds that it took."""
    highs.setOptionValue("output_flag", False)
    started = time.perf_counter()
    highs.run()
    assert highs.modelStatusToString(highs.getModelStatus()) == "Optimal"
    return float(highs.getInfo().objective_function_value), time.perf_counter() - started


def main() -> None:
    """Print build times, sizes and objectives."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MONTHS
    case = load_case("us-japan")
    market = prepare(case)
    tree, options = chain(case, count), Options(no_transit=False)
    known = tables(case, market, tree, options)
    started = time.perf_counter()
    network = pypsa_network(build(case, tree, options, market))
    print(f"{count} months; PyPSA's components took {time.perf_counter() - started:.1f} s to make, not counted")
    ways = {
        "didymium": lambda: Instance(build(case, tree, options, market)).highs,
        "by hand": lambda: hand_over(assemble(known)),
        "PyPSA": lambda: pypsa_highs(network),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    held: dict[str, Any] = {}
    for _run in range(RUNS):
        for name, way in ways.items():
            held.pop(name, None)
            gc.collect()
            started = time.perf_counter()
            held[name] = way()
            seconds[name].append(time.perf_counter() - started)
    ours = median(seconds["didymium"])
    print(f"{'builder':<12}{'columns':>9}{'rows':>9}{'build s':>9}{'this/ours':>11}{'objective':>20}{'solve s':>9}")
    found = {}
    for name, highs in held.items():
        found[name], solved = objective(highs)
        built = median(seconds[name])
        print(f"{name:<12}{highs.getNumCol():>9}{highs.getNumRow():>9}{built:>9.2f}{built / ours:>11.1f}"
              f"{abs(found[name]):>20.4f}{solved:>9.1f}", flush=True)  # fmt: skip
    gap = abs(abs(found["PyPSA"]) / abs(found["didymium"]) - 1.0)
    print(f"objectives differ by {gap:.1e} of themselves")
    assert gap < 1e-6


if __name__ == "__main__":
    main()
