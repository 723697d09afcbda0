"""How long the us-japan program takes to build, beside handing the same finished matrix to HiGHS as raw arrays.

The peer is the floor: somebody who already has every array, and only calls ``passModel``. Imports and calibration are
not counted; building is from the case's arrays in memory to a program inside HiGHS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from statistics import median

import highspy
import numpy as np

from didymium.case.case import load_case
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import Tree, months, single_year

RUNS = 7


def timed(action: Callable[[], object]) -> float:
    """Return the median seconds of several runs."""
    seconds = []
    for _run in range(RUNS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def raw(lp: highspy.HighsLp) -> Callable[[], object]:
    """Return an action that hands finished arrays to a new HiGHS."""
    matrix = lp.a_matrix_
    start, index, value = (np.asarray(a).copy() for a in (matrix.start_, matrix.index_, matrix.value_))
    columns = [np.asarray(a).copy() for a in (lp.col_cost_, lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_)]
    shape, layout, sense = (lp.num_col_, lp.num_row_), matrix.format_, lp.sense_

    def action() -> None:
        highs = highspy.Highs()
        highs.silent()
        fresh = highspy.HighsLp()
        fresh.num_col_, fresh.num_row_ = shape
        fresh.sense_ = sense
        fresh.col_cost_, fresh.col_lower_, fresh.col_upper_, fresh.row_lower_, fresh.row_upper_ = columns
        fresh.a_matrix_.format_ = layout
        fresh.a_matrix_.start_, fresh.a_matrix_.index_, fresh.a_matrix_.value_ = start, index, value
        highs.passModel(fresh)

    return action


def main() -> None:
    """Print one line per program."""
    case = load_case("us-japan")
    market = prepare(case)
    dynamic = Options(stocks=True, transit=True)
    programs: list[tuple[str, Tree, Options]] = [
        ("one year, tangents", single_year(2024), Options(curves="tangents")),
        ("one year, segments", single_year(2024), Options()),
        ("24 months with stocks", months(date(2025, 1, 1), 24, case.scenario("china-licensing-2025"), 0.05), dynamic),
    ]
    print(f"{'program':<24}{'rows':>9}{'columns':>9}{'entries':>10}{'build s':>9}{'raw s':>9}{'ratio':>8}")
    for name, tree, options in programs:
        instance = Instance(build(case, tree, options, market))
        lp = instance.highs.getLp()
        ours = timed(lambda tree=tree, options=options: Instance(build(case, tree, options, market)))  # type: ignore[misc]
        floor = timed(raw(lp))
        size = f"{lp.num_row_:>9}{lp.num_col_:>9}{len(lp.a_matrix_.value_):>10}"
        print(f"{name:<24}{size}{ours:>9.3f}{floor:>9.4f}{ours / floor:>8.1f}")


if __name__ == "__main__":
    main()
