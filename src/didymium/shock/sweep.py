"""Many paths on one instance: what changes from month to month and from draw to draw is written in place.

A draw changes costs, bounds and right-hand sides alone. Its first window is built and handed over as differences;
after that only what a month changes is computed. A month goes on from the basis of the month before, until news opens
another *chapter* of the scenario: then the same chapter of a *reference* path, which has digested the same news, may be
the better start. Of all these the one is taken in which about as much trade was let through. So a draw's answer depends
on its own numbers and on the references, never on which draws ran before it, and an interrupted sweep resumes to the
same answer (docs/decisions/018, 024).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from didymium.case.scenario_bands import moved
from didymium.faults import SolverError
from didymium.market.basis import Basis
from didymium.market.blocks import Labelled
from didymium.market.checks import ACCURACY, worst
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.solve import Instance, Solution
from didymium.market.tree import Tree
from didymium.messages import _
from didymium.shock.engine import AHEAD, Engine, Progress, answered
from didymium.shock.path import Path
from didymium.shock.window import in_place

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

DIGESTED = 1000
"""Iterations of a reference's month from which its basis is the better start: something has happened in it."""

SOLVER = {"simplex_dual_edge_weight_strategy": 1, "dual_simplex_cost_perturbation_multiplier": 0.0}
"""Options of the solver in a sweep: Devex, which takes fewer and cheaper steps from a basis, and costs as they are, for
taking their perturbation back stalls now and then (docs/decisions/024)."""

GIVEN_UP = 0.8
"""Iterations after which a start is given up and the window solved from nothing, by row of its program: a basis can
lead into a stall. From nothing it takes one or two by row, and quicker ones."""

Chapter = frozenset[tuple[str, int]]
"""How many days of change of each measure, outage, demand change and duty have passed, where any has."""

Place = tuple[Chapter, int, int]
"""A chapter, the months of the window, and months since the chapter began."""


@dataclass(frozen=True)
class Start:
    """What a month may start from.

    Parameters
    ----------
    basis : Basis
        The solver's last basis.
    passing : array, routes x nodes
        How much of the base year's trade was let through there, kUSD: :func:`passing`.
    """

    basis: Basis
    passing: npt.NDArray[np.float64]


@dataclass
class Reference:
    """Where another path stood, by chapter.

    Parameters
    ----------
    starts : dict of Place to Start
        What its months ended in.
    digested : set of Place
        Months in which something happened.
    """

    starts: dict[Place, Start] = field(default_factory=dict)
    digested: set[Place] = field(default_factory=set)

    def opening(self, now: Chapter, nodes: int) -> Start | None:
        """Return where the chapter began; else where the one began that holds most of its news, and no other news.

        What follows several measures is then reached from what followed one of them.
        """
        whole = self.starts.get((now, nodes, 0))
        if whole is not None:
            return whole
        parts = [(len(part), start) for (part, months, since), start in self.starts.items()
                 if part and part < now and months == nodes and since == 0]  # fmt: skip
        return max(parts, key=lambda part: part[0])[1] if parts else None


def chapter(scenario: Scenario, until: date) -> Chapter:
    """Return how many days of change of each measure, outage, demand change and duty lie before ``until``.

    Draws that move the same days have the same chapters, sooner or later and longer or shorter.
    """
    passed: Counter[str] = Counter()
    for measure in scenario.restrictions:
        pauses = [day for pause in measure.pauses for day in (pause.start, pause.end)]
        turns = {measure.start, measure.end, measure.announced, *pauses, *(day for day, _share in measure.approval)}
        passed[measure.measure] += sum(day is not None and day < until for day in turns)
    for outage in scenario.outages:
        passed[outage.facility] += sum(day < until for day in (outage.start, outage.end))
    for change in scenario.demand_changes:
        passed[f"{change.end_use} {change.region}"] += sum(day < until for day in (change.start, change.end))
    for wedge in scenario.wedges:
        passed[wedge.measure] += sum(day is not None and day < until for day in (wedge.start, wedge.end))
    return frozenset((name, days) for name, days in passed.items() if days)


class Sweep(Engine):
    """An engine for many draws of one case.

    Parameters
    ----------
    case, market, options
        As for :class:`didymium.shock.engine.Engine`. The market is of the shape of those of the draws.
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
        self._anew, self._since = True, 0
        self._passing: npt.NDArray[np.float64] = np.zeros((0, 0))
        self._chapter: tuple[Chapter, int] = frozenset(), 0

    def draw(
        self,
        scenario: Scenario,
        foresight: str,
        market: Market,
        options: Options,
        progress: Progress | None = None,
    ) -> Path:
        """Run a scenario with the numbers of a draw.

        Parameters
        ----------
        scenario, foresight, options, progress
            As for :meth:`didymium.shock.engine.Engine.path`.
        market : Market
            Network and base point with the numbers of the draw; of the shape of the engine's own.
        """
        self.market = market
        return self.path(scenario, foresight, options, progress)

    def calm(self, scenario: Scenario, options: Options) -> Path:
        """Run the months of the last draw once more, with nothing in them.

        Nothing happens, so what traders know makes no difference. What happens is put off and not taken out: the
        programs keep their shape, their solvers and their references.
        """
        never = moved(scenario, scenario.months + AHEAD + self.memory, 1.0)
        self._goes_on = True
        try:
            return self.path(never, "announced", options)
        finally:
            self._goes_on = False

    def record(self, scenario: Scenario, foresight: str, market: Market, options: Options) -> Reference:
        """Run a path, and its months with nothing in them, and keep what others may start from."""
        self.recorded = Reference()
        try:
            self.draw(scenario, foresight, market, options)
            self.calm(scenario, options)
            return self.recorded
        finally:
            self.recorded = None

    def _tuned(self, instance: Instance, rest: Any) -> None:
        """Give an instance the options of a sweep, and its scale.

        The solver scales a program at the first solve from a basis, by costs too, and keeps that scale: it must not be
        that of the draw that happens to come first (docs/decisions/036).
        """
        for name, value in SOLVER.items():
            instance.set_option(name, value)
        instance.start_from(rest)
        instance.run()

    def _begin(self) -> None:
        """Begin a path with numbers that may all be other ones."""
        super()._begin()
        self._anew, self._chapter, self._since = True, (frozenset(), 0), 0

    def _solve(
        self, tree: Tree, options: Options, duty: np.ndarray | None, whole: bool = False
    ) -> tuple[Solution, np.ndarray]:
        """Solve a window: the first of a path is built, the others are written over it where that is enough."""
        if whole:
            return super()._solve(tree, options, duty, whole)
        instance, first = self._window(tree, options)
        place, through = self._turn(tree), passing(instance)
        starts = self._starts(place)
        # A path in its first month has no month before.
        own = None if self._anew or place[2] else self._passing
        start = nearest(through, own, starts)
        if start is not None:
            instance.start_from(start.basis.handed)
        elif first and self.references:
            instance.start_from(None)  # where it would start otherwise is a matter of the draw that made it
        if in_place(self.market, tree, options):
            solution, duty = checked(instance), np.zeros((len(self.market.network.routes), len(tree)))
        else:
            solution, duty = answered(instance, options, duty)
        if self.recorded is not None:
            self.recorded.starts.setdefault(place, Start(Basis.of(instance.basis()), through))
            if first or solution.run["iterations"] > DIGESTED:
                self.recorded.digested.add(place)
        self._anew, self._passing = False, through
        return solution, duty

    def _turn(self, tree: Tree) -> Place:
        """Return the chapter in which a window begins, its months, and months since the path came to it."""
        story, (_first, until) = tree.scenarios[0], tree.dates()[0]
        now = (chapter(story, until) if story else frozenset(), len(tree))
        self._since = 0 if self._anew or now != self._chapter else self._since + 1
        self._chapter = now
        return *now, self._since

    def _starts(self, place: Place) -> list[Start]:
        """Return what a month may start from beside the month before."""
        now, nodes, since = place
        if since == 0:
            return [start for r in self.references if (start := r.opening(now, nodes)) is not None]
        return [r.starts[place] for r in self.references if place in r.digested]


def passing(instance: Instance) -> npt.NDArray[np.float64]:
    """``min(bound, flow x length) x price``: how much of the base year's trade is let through, kUSD, routes x nodes."""
    parts, ship = instance.program.parts, instance.program.model.columns["ship"]
    flow, price = parts.base_trade
    bound = instance.stated.upper[ship.positions()]
    return np.asarray(np.minimum(bound, flow[:, None] * parts.tree.years()) * price[:, None])


def nearest(
    through: npt.NDArray[np.float64], own: npt.NDArray[np.float64] | None, starts: Sequence[Start]
) -> Start | None:
    """Return the start in which about as much was let through as now; none where that is the month before.

    The simplex takes the fewer steps the less has changed, wherever it comes from: on us-japan a sixth fewer than from
    the start that is wrong in the fewest rows and columns, which costs a factorisation each to know.

    Parameters
    ----------
    through : array, routes x nodes
        What is let through now, kUSD.
    own : array, routes x nodes, or None
        What was let through in the month before; None where there is none, or where it is no start.
    starts : sequence of Start
        What else there is.
    """
    if not starts:
        return None
    apart = [float(np.abs(start.passing - through).sum()) for start in starts]
    best = int(np.argmin(apart))
    if own is not None and own.shape == through.shape and float(np.abs(own - through).sum()) <= apart[best]:
        return None
    return starts[best]


def checked(instance: Instance) -> Solution:
    """Solve and check rows, duals and slackness; conservation is checked on the references.

    Raises
    ------
    SolverError
        No optimum, or one that fails a check.
    """
    raw, model = instance.run(round(GIVEN_UP * len(instance.stated.low))), instance.program.model
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
