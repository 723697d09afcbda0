"""A scenario after another on one instance of 500,000 columns, beside HiGHS from nothing and beside PyPSA.

The instance is that of ``peers.py``, which PyPSA states exactly: us-japan month by month without stocks and without
goods under way. A scenario of the case is laid over its months, if any are among them. ``sweep`` is the program of the
scenario built, handed over as differences, and solved from the basis without a scenario, only months that differ: none
touches another (docs/decisions/035). ``solve`` is the last of these alone; ``cold`` is HiGHS with presolve on the
finished arrays; ``PyPSA`` builds its network's program and solves it. In seconds of the processor; objectives are held
to 1e-6. Needs the extra ``bench``.

Give the number of scenarios, months and of scenarios that PyPSA solves too.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from statistics import median

import numpy as np

from didymium.case.case import load_case
from didymium.market.options import Options
from didymium.market.parts import instance_of
from didymium.market.prepare import prepare
from didymium.market.program import Program, build
from didymium.market.solve import Instance, hand_over
from didymium.market.tree import months
from didymium.shock.sweep import SOLVER
from peers import pypsa_highs, pypsa_network

MONTHS = 130


def changes(program: Program, instance: Instance) -> bool:
    """Return whether a scenario changes anything in the months of an instance."""
    here, there = program.model.finish(), instance.stated
    return any(
        not np.array_equal(getattr(here, x), getattr(there, x)) for x in ("cost", "lower", "upper", "low", "high")
    )


def main() -> None:
    """Print a line per scenario and the medians."""
    given = [int(text) for text in sys.argv[1:]]
    most, count, peers = (*given, *(99, MONTHS, 1)[len(given) :])
    case = load_case("us-japan")
    market, options, start = prepare(case), Options(no_transit=False), date(2025, 1, 1)
    instance = instance_of(build(case, months(start, count, None, 0.05), options, market))
    instance.run()
    calm = instance.basis()
    for name, value in SOLVER.items():
        instance.set_option(name, value)
    rows, columns = instance.stated.matrix.shape
    print(f"{columns} columns, {rows} rows")
    print(
        f"{'scenario':<26}{'sweep s':>9}{'solve s':>9}{'cold s':>9}{'PyPSA s':>9}{'cold/sweep':>11}{'PyPSA/sweep':>12}"
    )
    ratios: dict[str, list[float]] = {"cold": [], "PyPSA": []}
    stories = [case.scenario(name) for name in case.scenarios()]
    stories = [s for s in stories if not s.wedges and (s.restrictions or s.outages or s.demand_changes)]
    stories = [s for s in stories if changes(build(case, months(start, count, s, 0.05), options, market), instance)]
    for at, story in enumerate(stories[:most]):
        tree = months(start, count, story, 0.05)
        clock = time.process_time
        began = clock()
        program = build(case, tree, options, market)
        instance.become(program)
        instance.start_from(calm)
        ready = clock()
        ours = instance.run().objective
        sweep, solve = clock() - began, clock() - ready
        began = clock()
        highs = hand_over(instance.stated)
        highs.setOptionValue("presolve", "on")
        highs.run()
        cold = clock() - began
        assert abs(highs.getInfo().objective_function_value - ours) <= 1e-6 * abs(ours)
        ratios["cold"].append(cold / sweep)
        line = f"{story.name:<26}{sweep:>9.2f}{solve:>9.2f}{cold:>9.2f}"
        if at < peers:
            network = pypsa_network(program)
            began = clock()
            peer = pypsa_highs(network)
            peer.setOptionValue("output_flag", False)
            peer.run()
            whole = clock() - began
            assert abs(abs(peer.getInfo().objective_function_value) - abs(ours)) <= 1e-6 * abs(ours)
            ratios["PyPSA"].append(whole / sweep)
            print(f"{line}{whole:>9.1f}{cold / sweep:>11.1f}{whole / sweep:>12.1f}", flush=True)
        else:
            print(f"{line}{'':>9}{cold / sweep:>11.1f}", flush=True)
    for name, found in ratios.items():
        if found:
            print(f"{name} over sweep, median of {len(found)}: {median(found):.1f}")


if __name__ == "__main__":
    main()
