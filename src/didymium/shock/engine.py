"""How months follow each other under three foresights, on instances of the market program that stay warm.

An :class:`Engine` is made once for a case. Each :meth:`Engine.path` runs one scenario on it; scenarios and draws of
parameters differ in costs, bounds and right-hand sides alone, so one HiGHS instance serves them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from didymium.faults import DidymiumError
from didymium.market.conditions import Pool
from didymium.market.curves import SHORTAGE_GRID
from didymium.market.duties import solve_with_duties
from didymium.market.options import Options
from didymium.market.origin import Split, split_for
from didymium.market.parts import instance_of
from didymium.market.prepare import Market, prepare
from didymium.market.priority import ration
from didymium.market.program import build
from didymium.market.solve import Instance, Solution
from didymium.market.tree import Tree, add_months, months
from didymium.messages import _
from didymium.shock.belief import believed, dated, news
from didymium.shock.path import Path, Recorder, State
from didymium.shock.window import advance, in_place

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

FORESIGHTS = ("none", "announced", "perfect")
"""Today's measures stay; announced dates are known; every date is known (a bound, never a forecast)."""

WINDOW = 6
"""Months that the rolling horizon looks ahead where nobody knows of a day on which something changes."""

AHEAD = 12
"""Months that it looks ahead where such a day is announced (docs/decisions/025)."""

STANDS = 2
"""A plan may stand for its months divided by this while nothing happens that it did not know of."""

SAVED = 0.005
"""Share of a demand by which users may save before a plan that stands is made anew."""

START_UP = "a_start_up_months"
"""Assumption: months in which a plant works up to a good that it did not make in the base year; 0 where absent."""

MEMORY = 3
"""Months over which traders remember what a licence let through (docs/decisions/016)."""

OPTIONS = Options(stocks=True, transit=True, demand_grid=SHORTAGE_GRID)
"""Commercial stocks and transit times take part, and demand is seen finely where much is missing."""

Progress = Callable[[int, int], None]


class Shape(NamedTuple):
    """What decides the matrix of a program: programs of one shape share an instance."""

    nodes: int
    whole: bool
    pools: tuple[Pool, ...]
    rationing: str
    origin: Split | None


class Engine:
    """A case ready to run scenarios.

    Parameters
    ----------
    case : Case
        The case.
    market : Market, optional
        Its network and base point; made where None.
    options : Options, optional
        Market options of every path; :data:`OPTIONS` where None.
    memory : int
        Months over which traders remember what a measure let through; 1: they think that today's share stays.
    """

    def __init__(
        self, case: cases.Case, market: Market | None = None, options: Options | None = None, memory: int = MEMORY
    ) -> None:
        self.memory = memory
        self.case, self.market = case, market or prepare(case)
        self._first = self.market  # whose numbers the solvers see first
        self.options = options or OPTIONS
        self.rate = case.assumption("a_discount_rate")
        made = set(case["assumptions"]["assumption"])
        self.start_up = case.assumption(START_UP) if START_UP in made else 0.0
        self.month = 0  # of the path in work: where its window begins
        self._instances: dict[Shape, tuple[Instance, Any]] = {}
        self._begun: set[Shape] = set()  # shapes that the path in work has used
        self._written: dict[Shape, Market] = {}  # whose numbers each instance holds
        self._goes_on = False  # the path in work has the numbers of the one before

    def path(
        self,
        scenario: Scenario,
        foresight: str = "none",
        options: Options | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Run a scenario.

        Parameters
        ----------
        scenario : Scenario
            What happens.
        foresight : str
            One of :data:`FORESIGHTS`.
        options : Options, optional
            The engine's where None. A draw of parameters may change numbers (scales, starting stocks) and keeps the
            instances; what changes the program's shape needs an engine of its own.
        progress : callable, optional
            Called with months done and months in all.

        Raises
        ------
        DidymiumError
            An unknown foresight.
        SolverError
            No verified optimum.
        """
        if foresight not in FORESIGHTS:
            raise DidymiumError(_("foresight `{name}` is unknown -> use {known}").format(
                name=foresight, known=", ".join(FORESIGHTS)))  # fmt: skip
        options = suited(self.case, scenario, options or self.options)
        if foresight == "perfect" and options.rationing != "price":
            raise DidymiumError(_("rationing by priority goes month by month -> use foresight none or announced"))
        if foresight == "perfect":
            return self._perfect(scenario, options)
        return self._rolling(scenario, foresight, options, progress)

    def _tree(self, scenario: Scenario) -> Tree:
        return months(scenario.start, scenario.months, scenario, self.rate)

    def _perfect(self, scenario: Scenario, options: Options) -> Path:
        """Solve all months at once."""
        tree = self._tree(scenario)
        state = State(self.market, options)
        seen = Recorder(self.market, state.stocks)
        options = replace(options, most_active=state.able(self.start_up, len(tree)))
        self._begin()
        solution, duty = self._solve(tree, options, None, whole=True)
        for node in range(len(tree)):
            seen.add(solution, duty, node)
        seen.runs.append({**solution.run, "months": len(tree)})
        return seen.path("perfect", tree)

    def _rolling(self, scenario: Scenario, foresight: str, options: Options, progress: Progress | None) -> Path:
        """Solve window after window: a plan stands while nothing happens, for half of its months at most.

        Where no date is announced there is nothing to see beyond the months that somebody sees who knows of none.
        """
        announced = foresight == "announced"
        state = State(self.market, options)
        seen = Recorder(self.market, state.stocks)
        duty: np.ndarray | None = None
        self._begin()
        while self.month < scenario.months:
            started = time.perf_counter()
            start = add_months(scenario.start, self.month)
            tomorrow = add_months(start, 1)
            belief = believed(scenario, tomorrow, announced, self.memory)
            far = announced and dated(belief, tomorrow, add_months(start, AHEAD))
            tree = months(start, AHEAD if far else WINDOW, None, self.rate)
            tree = Tree(tree.nodes, (scenario, *([belief] * (len(tree) - 1))))
            solution, duty = self._solve(tree, _as_is(options, state, self.start_up), duty)
            most = max(1, len(tree) // STANDS) if options.rationing == "price" else 1
            planned, kept = state.intensity, 0
            while True:
                seen.add(solution, duty, kept, most)
                state.after(seen, solution, kept)
                kept, self.month = kept + 1, self.month + 1
                if progress:
                    progress(self.month, scenario.months)
                if kept >= most or self.month >= scenario.months:
                    break
                if news(scenario, add_months(scenario.start, self.month), announced, self.memory):
                    break
                if np.max(np.abs(state.intensity - planned), initial=0.0) > SAVED:
                    break
            seen.runs.append({**solution.run, "seconds": time.perf_counter() - started, "months": kept})
        return seen.path(foresight, self._tree(scenario))

    def _begin(self) -> None:
        """Begin a path: each of its programs starts the same way, whatever was run before."""
        self.month = 0
        self._begun.clear()

    def _warm(self, shape: Shape, tree: Tree, options: Options) -> tuple[Instance, bool]:
        """Return the instance of a shape, and whether the path in work uses it for the first time.

        Then a window starts where nothing has happened. All months at once start from nothing: on us-japan that takes
        7.5 s, and from a calm basis 13 s.
        """
        if shape not in self._instances:
            calm = months(date(self.case.base_year, 1, 1), len(tree), None, self.rate)
            still = replace(
                options, stock_start=None, under_way=None, most_active=None, clean=None, intensity=None
            )  # fmt: skip
            instance, rest = instance_of(build(self.case, calm, still, self._first)), None
            if not shape.whole:
                instance.run()
                rest = instance.basis()
                self._tuned(instance, rest)
            self._instances[shape] = (instance, rest)
        instance, rest = self._instances[shape]
        first = shape not in self._begun
        if first:
            self._begun.add(shape)
            instance.start_from(rest)
        return instance, first

    def _tuned(self, instance: Instance, rest: Any) -> None:
        """Make ready an instance that is new, at its optimum; ``rest`` is its basis."""

    def _solve(
        self, tree: Tree, options: Options, duty: np.ndarray | None, whole: bool = False
    ) -> tuple[Solution, np.ndarray]:
        """Solve the program of a tree in the instance of its shape; return it and the duties (routes x nodes)."""
        instance, _first = self._window(tree, options, whole)
        return answered(instance, options, duty)

    def _window(self, tree: Tree, options: Options, whole: bool = False) -> tuple[Instance, bool]:
        """Return the instance of a tree's shape with its program in it, and whether it is the path's first such one.

        Written over the window before where that is enough, else built.
        """
        shape = Shape(len(tree), whole, options.pools, options.rationing, options.origin)
        instance, first = self._warm(shape, tree, options)
        there = not first or (self._goes_on and self._written.get(shape) is self.market)
        if there and in_place(self.market, tree, options):
            advance(instance, tree, options)
        else:
            instance.become(build(self.case, tree, options, self.market))
            self._written[shape] = self.market
        return instance, first


def answered(instance: Instance, options: Options, duty: np.ndarray | None) -> tuple[Solution, np.ndarray]:
    """Solve an instance with its duties and its rationing; return it and the duties (routes x nodes)."""
    solution, duty = solve_with_duties(instance, duty)
    return (ration(instance, solution) if options.rationing == "priority" else solution), duty


def suited(case: cases.Case, scenario: Scenario, options: Options) -> Options:
    """Return options with the rows that a scenario's pooled quotas and rules on origin ask for."""
    pools = tuple(dict.fromkeys(Pool.of(measure) for measure in scenario.restrictions if measure.pooled))
    return replace(options, pools=pools, origin=split_for(case, scenario))


def _as_is(options: Options, state: State, start_up: float) -> Options:
    """Return the options of a window: stocks as they stand, goods as they are under way, plants as they run."""
    return replace(
        options,
        stock_start=pd.Series(state.level, index=state.stocks.index),
        under_way=state.under_way(state.sent, max(AHEAD, WINDOW)),
        most_active=state.able(start_up, max(AHEAD, WINDOW)),
        clean=state.clean(max(AHEAD, WINDOW)),
        intensity=pd.Series(state.intensity, index=state.market.network.uses.index),
    )


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return solves, the months that they cover, seconds, algorithm, status, size and the largest violation."""
    checks: list[dict[str, float]] = [run["check"] for run in runs]
    return {
        "solves": len(runs),
        "months": sum(run["months"] for run in runs),
        "seconds": sum(run["seconds"] for run in runs),
        **{name: runs[0][name] for name in ("algorithm", "status", "columns", "rows")},
        "check": {name: max(check[name] for check in checks) for name in checks[0]},
    }
