"""How months follow each other under three foresights, on instances of the market program that stay warm.

An :class:`Engine` is made once for a case. Each :meth:`Engine.path` runs one scenario on it; scenarios and draws of
parameters differ in costs, bounds and right-hand sides alone, so one HiGHS instance serves them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.faults import DidymiumError
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution
from didymium.market.tree import Tree, add_months, months
from didymium.messages import _
from didymium.shock.belief import believed, news
from didymium.shock.path import Path, Recorder, State

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

FORESIGHTS = ("none", "announced", "perfect")
"""Today's measures stay; announced dates are known; every date is known (a bound, never a forecast)."""

WINDOW = 6
"""Months that the rolling horizon looks ahead where nobody knows how long a measure lasts."""

AHEAD = 12
"""Months that it looks ahead where announced dates are known."""

STEADY = 6
"""Months for which a plan may stand, where announced dates are known and nothing else happens."""

SAVED = 0.005
"""Share of a demand by which users may save before a plan that stands is made anew."""

OPTIONS = Options(stocks=True, transit=True)
"""Commercial stocks and transit times take part."""

Progress = Callable[[int, int], None]


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
    """

    def __init__(self, case: cases.Case, market: Market | None = None, options: Options | None = None) -> None:
        self.case, self.market = case, market or prepare(case)
        self.options = options or OPTIONS
        self.rate = case.assumption("a_discount_rate")
        self._instances: dict[int, Instance] = {}

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
        options = options or self.options
        if foresight == "perfect":
            return self._perfect(scenario, options)
        return self._rolling(scenario, foresight, options, progress)

    def _tree(self, scenario: Scenario) -> Tree:
        return months(scenario.start, scenario.months, scenario, self.rate)

    def _perfect(self, scenario: Scenario, options: Options) -> Path:
        """Solve all months at once."""
        tree = self._tree(scenario)
        seen = Recorder(self.market, State(self.market, options).stocks)
        solution = self._solve(tree, options)
        for node in range(len(tree)):
            seen.add(solution, node)
        seen.runs.append(solution.run)
        return seen.path("perfect", tree)

    def _rolling(self, scenario: Scenario, foresight: str, options: Options, progress: Progress | None) -> Path:
        """Solve month after month; without announcements each month anew, with them when something happens."""
        announced = foresight == "announced"
        state = State(self.market, options)
        seen = Recorder(self.market, state.stocks)
        month = 0
        while month < scenario.months:
            started = time.perf_counter()
            start = add_months(scenario.start, month)
            tree = months(start, AHEAD if announced else WINDOW, None, self.rate)
            belief = believed(scenario, add_months(start, 1), announced)
            solution = self._solve(Tree(tree.nodes, (scenario, *([belief] * (len(tree) - 1)))), _as_is(options, state))
            planned, kept = state.intensity, 0
            while True:
                seen.add(solution, kept)
                state.after(seen)
                kept, month = kept + 1, month + 1
                if progress:
                    progress(month, scenario.months)
                stands = announced and kept < STEADY and month < scenario.months
                if not stands or news(scenario, add_months(scenario.start, month)):
                    break
                if np.max(np.abs(state.intensity - planned), initial=0.0) > SAVED:
                    break
            seen.runs.append({**solution.run, "seconds": time.perf_counter() - started})
        return seen.path(foresight, self._tree(scenario))

    def _solve(self, tree: Tree, options: Options) -> Solution:
        """Solve the program of a tree, in the instance of its length."""
        program = build(self.case, tree, options, self.market)
        instance = self._instances.get(len(tree))
        if instance is None:
            instance = self._instances[len(tree)] = Instance(program)
        else:
            instance.become(program)
        return instance.solve()


def _as_is(options: Options, state: State) -> Options:
    """Return the options of a window: stocks as they stand, goods as they are under way."""
    return replace(
        options,
        stock_start=pd.Series(state.level, index=state.stocks.index),
        under_way=state.under_way(max(AHEAD, WINDOW)),
        intensity=pd.Series(state.intensity, index=state.market.network.uses.index),
    )


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return solves, seconds, algorithm, status, size and the largest violation over all solves."""
    checks: list[dict[str, float]] = [run["check"] for run in runs]
    return {
        "solves": len(runs),
        "seconds": sum(run["seconds"] for run in runs),
        **{name: runs[0][name] for name in ("algorithm", "status", "columns", "rows")},
        "check": {name: max(check[name] for check in checks) for name in checks[0]},
    }
