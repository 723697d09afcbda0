"""Many paths on one instance: what changes from month to month and from draw to draw is written in place.

A draw changes costs, bounds and right-hand sides alone. Its first window is built and handed over as differences;
after that only what a month changes is computed. Where news arrives, the last basis of the same month of a *reference*
path may be a better start than the month before: the reference has digested the same news. The one that is wrong in the
fewest places is taken. So a draw's answer depends on
its own numbers and on the references, never on which draws ran before it, and an interrupted sweep resumes to the same
answer (docs/decisions/018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from didymium.case.network import positions
from didymium.faults import SolverError
from didymium.market.blocks import Labelled
from didymium.market.checks import ACCURACY, worst
from didymium.market.conditions import conditions
from didymium.market.cross import apart
from didymium.market.curves import demand_edges
from didymium.market.duties import solve_with_duties
from didymium.market.laws import built_capacity, known_arrivals, most_served
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.priority import ration
from didymium.market.program import build
from didymium.market.solve import Instance, Solution
from didymium.market.stocks import most_released
from didymium.market.tree import Tree
from didymium.messages import _
from didymium.shock.engine import Engine, Progress, _shape
from didymium.shock.path import Path

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

DIGESTED = 2500
"""Iterations of a reference's month from which its basis is the better start: something has happened in it."""


@dataclass
class Reference:
    """Where another path stood, month by month.

    Parameters
    ----------
    bases : dict of int to basis
        By month: the solver's last basis, for months in which something happened.
    """

    bases: dict[int, Any] = field(default_factory=dict)


class Sweep(Engine):
    """An engine for many draws of one case.

    Parameters
    ----------
    case, market, options
        As for :class:`didymium.shock.engine.Engine`.
    references : sequence of Reference
        What months may start from.
    """

    def __init__(
        self,
        case: cases.Case,
        market: Market | None = None,
        options: Options | None = None,
        references: Sequence[Reference] = (),
    ) -> None:
        super().__init__(case, market, options)
        self.references = references
        self.recorded: Reference | None = None
        self._shift, self._month, self._anew = 0, 0, True

    def draw(
        self,
        scenario: Scenario,
        foresight: str,
        market: Market,
        options: Options,
        shift: int = 0,
        progress: Progress | None = None,
    ) -> Path:
        """Run a scenario with the numbers of a draw.

        Parameters
        ----------
        scenario, foresight, options, progress
            As for :meth:`didymium.shock.engine.Engine.path`.
        market : Market
            Network and base point with the numbers of the draw; of the shape of the engine's own.
        shift : int
            Months by which its news arrives later than in the references.
        """
        self.market, self._shift = market, shift
        return self.path(scenario, foresight, options, progress)

    def record(self, scenario: Scenario, foresight: str, market: Market, options: Options) -> Reference:
        """Run a path and keep what others may start from."""
        self.recorded = Reference()
        try:
            self.draw(scenario, foresight, market, options)
            return self.recorded
        finally:
            self.recorded = None

    def _fresh_start(self, nodes: int, options: Options, whole: bool = False) -> None:
        """Begin a path where nothing has happened, and with numbers that may all be other ones."""
        super()._fresh_start(nodes, options, whole)
        self._month, self._anew = 0, True

    def _solve(
        self, tree: Tree, options: Options, duty: np.ndarray | None, whole: bool = False
    ) -> tuple[Solution, np.ndarray]:
        """Solve a window: the first of a path is built, the others are written over it where that is enough."""
        if whole:
            return super()._solve(tree, options, duty, whole)
        instance, _rest = self._instances[_shape(len(tree), options, whole)]
        plain = in_place(self.market, tree, options)
        if plain and not self._anew:
            advance(instance, tree, options)
        else:
            instance.become(build(self.case, tree, options, self.market))
        self._anew = False
        month = self._month - self._shift
        starts = [r.bases[month] for r in self.references if month in r.bases]
        if self._month == 0 and not starts:
            starts = [r.bases[0] for r in self.references]
        if starts:
            instance.start_from(nearest(instance, starts))
        if plain:
            solution, duty = checked(instance), np.zeros((len(self.market.network.routes), len(tree)))
        else:
            solution, duty = solve_with_duties(instance, duty)
            if options.rationing == "priority":
                solution = ration(instance, solution)
        if self.recorded is not None and (self._month == 0 or solution.run["iterations"] > DIGESTED):
            self.recorded.bases[self._month] = instance.basis()
        self._month += 1
        return solution, duty


def in_place(market: Market, tree: Tree, options: Options) -> bool:
    """Return whether a window can be written over another: bounds and sides of what :func:`advance` knows are all."""
    duties = any(scenario is not None and scenario.wedges for scenario in tree.scenarios)
    split = options.origin is not None or options.pools or options.rationing != "price"
    split = split or any(project.choose for project in options.projects)
    return not duties and not split and market.network.cross.empty


def nearest(instance: Instance, starts: Sequence[Any]) -> Any:
    """Return the basis that is wrong in the fewest places: rows and columns outside their bounds, prices against them.

    A factorisation each, where a bad start costs thousands of iterations.
    """
    if len(starts) == 1:
        return starts[0]
    highs, wrong = instance.highs, []
    instance.set_option("simplex_iteration_limit", 0)
    for basis in starts:
        highs.setBasis(basis)
        highs.run()
        info = highs.getInfo()
        wrong.append(info.num_primal_infeasibilities + info.num_dual_infeasibilities)
    instance.set_option("simplex_iteration_limit", 2**31 - 1)
    return starts[int(np.argmin(wrong))]


def advance(instance: Instance, tree: Tree, options: Options) -> None:
    """Change an instance in place to another window of the same draw: bounds and sides of what a month changes.

    Parameters
    ----------
    instance : Instance
        Of the same market and, but for stocks at the start, goods under way and intensity, the same options.
    tree : Tree
        The window; as long as the instance's.
    options : Options
        Options of the window.
    """
    parts = instance.program.parts
    network = parts.network
    now = conditions(parts.case, network, parts.base, tree, options)
    parts.tree, parts.options, parts.conditions = tree, options, now
    instance.bound("ship", None, now.ship_bound)
    if options.most_active is not None:
        able = options.most_active.reindex(network.activities.index).to_numpy(float)[:, : len(tree)]
        instance.bound("activity", None, able)
    order = list(instance.program.model.rows["capacity"].coords[0])
    given = built_capacity(parts, np.array([project.share for project in options.projects]))
    instance.upper_side("capacity", given[positions(network.facilities.index, order)])
    alone = apart(parts, "demand")
    uses = network.uses[alone]
    linear = uses["curve"].eq("linear").to_numpy()
    if linear.any():
        instance.bound("served", None, most_served(parts))
    edges = demand_edges(uses["elasticity"].to_numpy(float), linear, options.demand_grid)
    instance.bound("served_segment", None, np.diff(edges)[:, :, None] * now.demand[alone][:, None, :])
    instance.right_hand_side("balance", -known_arrivals(parts))
    stocks = parts.stocks
    if stocks.empty:
        return
    instance.right_hand_side("stock_start", parts.stock_start()[:, None])
    allowed = now.cut[positions(network.markets.index, stocks["market"])]
    instance.bound("release", None, most_released(stocks, allowed, tree.years()))


def checked(instance: Instance) -> Solution:
    """Solve and check rows, duals and slackness; conservation is checked on the references.

    Raises
    ------
    SolverError
        No optimum, or one that fails a check.
    """
    raw, model = instance.run(), instance.program.model
    name, size = worst(raw.facts["check"])
    if not size <= ACCURACY:
        raise SolverError(
            _("the solver's answer fails the {name} check by {size:.1e} (allowed {limit:.0e}); it is not used").format(
                name=name, size=size, limit=ACCURACY
            )
        )
    return Solution(
        raw.objective, Labelled(model.columns, raw.primal), Labelled(model.rows, raw.dual),
        Labelled(model.columns, raw.reduced), raw.facts, raw, instance, instance.revision,
    )  # fmt: skip
