"""What a decision is worth: every piece of the tree solved with the decision fixed, and how much more of it would help.

A piece is a linear program that any decision leaves feasible: shortage is always possible at a price. Pieces of one
shape share a solver, and each starts from the basis that it ended with last time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.market.blocks import Arrays
from didymium.market.solve import answer, hand_over
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.plan.pieces import Pieces

Values = npt.NDArray[np.float64]

TAIL = 0.05
"""Share of the worst outcomes that the conditional value at risk averages: 95 %."""


class Decision(NamedTuple):
    """What is decided, as numbers.

    Parameters
    ----------
    build : array
        Share of each project.
    stock : array, calm nodes x programmes
        Level of each strategic stock at the end of each calm node before a cut, t.
    excess : array
        Of each exit of a piece with several: loss elsewhere on the story's path less the value at risk, kUSD. Empty
        where nobody minds risk.
    at_risk : float
        The loss from which on outcomes count as the worst ones, MUSD; 0 where nobody minds risk.
    """

    build: Values
    stock: Values
    excess: Values
    at_risk: float = 0.0


class Worth(NamedTuple):
    """What a decision is worth in a piece, kUSD, and the slope of that worth."""

    value: float
    build: Values
    first: Values
    final: Values
    excess: Values
    iterations: int


@dataclass
class Job:
    """A piece as a worker solves it: plain arrays.

    Parameters
    ----------
    at : int
        Position of the piece.
    matrix : int
        Position of its matrix.
    arrays : tuple of array
        Cost, bounds of columns, bounds of rows, nothing decided.
    projects : sparse array, rows x projects
        What projects add to the upper sides of rows.
    first, final, excess : array of int
        Rows and columns that the decision fixes: stocks at the beginning, at the end, and losses elsewhere.
    above, own : int
        Position among the calm nodes of the one before, and of its own; -1: none.
    """

    at: int
    matrix: int
    arrays: tuple[Values, Values, Values, Values, Values]
    projects: sp.csc_array
    first: npt.NDArray[np.intp]
    final: npt.NDArray[np.intp]
    excess: npt.NDArray[np.intp]
    above: int
    own: int
    exits_from: int = 0


def jobs(pieces: Pieces, weight: Mapping[str, float], risk: float = 0.0) -> tuple[list[Job], list[sp.csr_array]]:
    """Return the pieces as jobs, for users weighted by region, and the matrices that they share.

    Where risk counts, a piece that ends in several ways is told what each way adds to the worst outcomes:
    ``max (1 - r) sum_e p_e W_e - r / (1 - a) sum_e p_e z_e``, ``z_e >= c_e - W_e``, ``z_e >= 0``.
    """
    matrices = [shape.matrix for shape in pieces.shapes]
    place = {node: at for at, node in enumerate(pieces.before)}
    found: list[Job] = []
    count = 0
    for at, stated in enumerate(pieces.stated):
        cost = pieces.use_cost(stated, dict(weight))
        arrays = (cost, stated.lower, stated.upper, stated.low, stated.high)
        shape, excess, projects = stated.shape, np.zeros(0, dtype=np.intp), stated.projects
        if risk > 0.0 and len(stated.exits) > 1:
            matrix, arrays, excess = _with_excess(matrices[shape], arrays, stated.exits, risk)
            shape = len(matrices)
            matrices.append(matrix)
            projects = sp.csc_array(sp.vstack([projects, sp.csc_array((len(excess), projects.shape[1]))]))
        own = place.get(stated.piece.nodes[0], -1) if len(stated.final) else -1
        above = place.get(stated.piece.above, -1) if len(stated.first) else -1
        found.append(Job(at, shape, arrays, projects, stated.first, stated.final, excess, above, own, count))
        count += len(excess)
    return found, matrices


def _with_excess(
    matrix: sp.csr_array,
    arrays: tuple[Values, ...],
    exits: list[tuple[float, npt.NDArray[np.intp], Values]],
    risk: float,
) -> tuple[sp.csr_array, tuple[Values, Values, Values, Values, Values], npt.NDArray[np.intp]]:
    cost, lower, upper, low, high = arrays
    count, columns = len(exits), len(cost)
    rows = []
    for _share, at, scale in exits:
        worth = np.zeros(columns)
        worth[at] = cost[at] * scale
        rows.append(sp.csr_array(worth[None, :]))
    below = sp.hstack([sp.vstack(rows), sp.eye_array(count)])
    above = sp.hstack([matrix, sp.csr_array((matrix.shape[0], count))])
    more = np.array([-risk / TAIL * share for share, _at, _scale in exits])
    extended = (
        np.append((1.0 - risk) * cost, more),
        np.append(lower, np.zeros(count)), np.append(upper, np.full(count, np.inf)),
        np.append(low, np.full(count, -np.inf)), np.append(high, np.full(count, np.inf)),
    )  # fmt: skip
    made = sp.csr_array(sp.vstack([above, below], format="csr"))
    return made, extended, np.arange(matrix.shape[0], matrix.shape[0] + count)


class Worker:
    """Solves jobs with a warm solver for each matrix."""

    def __init__(self, matrices: Sequence[sp.csr_array]) -> None:
        self.matrices = matrices
        self.solvers: dict[int, Any] = {}
        self.inside: dict[int, int] = {}
        self.basis: dict[int, Any] = {}
        self.last: dict[int, tuple[Values, Values]] = {}

    def solve(self, job: Job, decision: Decision, keep: bool = False) -> Worth:
        """Return what a decision is worth in a piece.

        Parameters
        ----------
        job : Job
            The piece.
        decision : Decision
            What is decided.
        keep : bool
            Keep the values of all columns and the duals of all rows in ``last``.
        """
        arrays = self._decided(job, decision)
        highs = self._load(job, arrays)
        raw = answer(highs, arrays)
        self.basis[job.at] = highs.getBasis()
        if keep:
            self.last[job.at] = (raw.primal.copy(), raw.dual.copy())
        return Worth(
            raw.objective,
            np.asarray(job.projects.T @ raw.dual),
            raw.dual[job.first] if job.above >= 0 else np.zeros(0),
            raw.reduced[job.final],
            raw.dual[job.excess],
            raw.facts["iterations"],
        )

    def _decided(self, job: Job, decision: Decision) -> Arrays:
        cost, lower, upper, low, high = job.arrays
        high = high + job.projects @ decision.build
        if len(job.first):
            level = decision.stock[job.above] if job.above >= 0 else 0.0
            low = low.copy()
            low[job.first] = high[job.first] = level
        if len(job.final):
            lower, upper = lower.copy(), upper.copy()
            lower[job.final] = upper[job.final] = decision.stock[job.own]
        if len(job.excess):
            low = low.copy()
            low[job.excess] = decision.excess[job.exits_from : job.exits_from + len(job.excess)]
        matrix = self.matrices[job.matrix]
        return Arrays(cost, lower, upper, np.zeros(len(cost), dtype=np.int32), low, high, matrix)

    def _load(self, job: Job, arrays: Arrays) -> Any:
        highs = self.solvers.get(job.matrix)
        if highs is None:
            highs = self.solvers[job.matrix] = hand_over(arrays)
        else:
            rows = np.arange(len(arrays.low), dtype=np.int32)
            columns = np.arange(len(arrays.cost), dtype=np.int32)
            done = [highs.changeRowsBounds(len(rows), rows, arrays.low, arrays.high)]
            other = self.inside[job.matrix] != job.at
            if other or len(job.final):
                done.append(highs.changeColsBounds(len(columns), columns, arrays.lower, arrays.upper))
            if other:
                done.append(highs.changeColsCost(len(columns), columns, arrays.cost))
                known = self.basis.get(job.at)
                if known is not None:
                    highs.setBasis(known)
            if any(status != highspy.HighsStatus.kOk for status in done):
                raise SolverError(_("the solver refused a change of {name}").format(name=_("a piece of the plan")))
        self.inside[job.matrix] = job.at
        return highs


class Crew(Protocol):
    """Who solves the pieces: threads of this machine, or machines."""

    def solve(self, decision: Decision, which: Iterable[int] | None = None, keep: bool = False) -> dict[int, Worth]:
        """Return what a decision is worth in each piece."""
        ...

    def kept(self) -> dict[int, tuple[Values, Values]]:
        """Return columns and row duals of what was solved to be kept."""
        ...

    def take(self, found: list[Job]) -> None:
        """Take the same pieces with other costs: users weighted otherwise."""
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...


def shares(found: Sequence[Job], count: int) -> list[list[Job]]:
    """Return the jobs of each of ``count`` workers: pieces of one matrix together, the work even."""
    lots: list[list[Job]] = [[] for _worker in range(count)]
    load = np.zeros(count)
    size = {job.at: len(job.arrays[0]) ** 1.3 for job in found}
    total = sum(size.values()) / count
    groups: dict[int, list[Job]] = {}
    for job in found:
        groups.setdefault(job.matrix, []).append(job)
    for group in sorted(groups.values(), key=lambda each: -sum(size[job.at] for job in each)):
        at = int(np.argmin(load))
        # Pieces in which the same is cut follow each other: the first solve of one starts where the last one ended.
        for job in sorted(group, key=lambda each: np.isfinite(each.arrays[2]).tobytes()):
            if load[at] + size[job.at] > total * 1.02:
                at = int(np.argmin(load))
            lots[at].append(job)
            load[at] += size[job.at]
    return lots


@dataclass
class Threads:
    """Workers in threads of this process: the solver lets the interpreter go while it runs."""

    found: list[Job]
    matrices: list[sp.csr_array]
    count: int = 1
    stop: Callable[[], bool] | None = None
    workers: list[Worker] = field(init=False)
    lots: list[list[Job]] = field(init=False)

    def __post_init__(self) -> None:
        """Share the jobs out."""
        self.workers = [Worker(self.matrices) for _worker in range(self.count)]
        self.lots = shares(self.found, self.count)
        self._pool = ThreadPoolExecutor(self.count) if self.count > 1 else None

    def solve(self, decision: Decision, which: Iterable[int] | None = None, keep: bool = False) -> dict[int, Worth]:
        """Return what a decision is worth in each piece."""
        wanted = None if which is None else set(which)

        def run(worker: Worker, lot: list[Job]) -> dict[int, Worth]:
            return {job.at: worker.solve(job, decision, keep) for job in lot if wanted is None or job.at in wanted}

        if self._pool is None:
            return run(self.workers[0], self.lots[0])
        futures = [self._pool.submit(run, *each) for each in zip(self.workers, self.lots, strict=True)]
        return {at: worth for future in futures for at, worth in future.result().items()}

    def kept(self) -> dict[int, tuple[Values, Values]]:
        """Return columns and row duals of what was solved to be kept."""
        return {at: values for worker in self.workers for at, values in worker.last.items()}

    def take(self, found: list[Job]) -> None:
        """Take the same pieces with other costs: users weighted otherwise."""
        if found is self.found:
            return
        self.found = found
        by_place = {job.at: job for job in found}
        self.lots = [[by_place[job.at] for job in lot] for lot in self.lots]
        for worker in self.workers:
            worker.inside = dict.fromkeys(worker.inside, -1)

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
