"""Who solves the pieces: a warm solver for each matrix, in threads of this machine.

Pieces of one shape share a solver. Each starts where it ended with the decision that is most like the one in hand:
the last one may have been a step of a search that led nowhere, or another coalition's plan.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.market.basis import Basis
from didymium.market.blocks import Arrays
from didymium.market.solve import answer, hand_over
from didymium.messages import _
from didymium.plan.recourse import Decision, Job, Worth

Values = npt.NDArray[np.float64]

DEVEX = 1
"""Of HiGHS: how the dual simplex method weighs rows. A solve that starts from a basis of before has few steps to make,
and steepest edge would first compute its weights anew, row by row."""

UNPERTURBED = 0.0
"""Of HiGHS: by how much costs are perturbed against stalling. From a basis of before, undoing that takes longer than
what it saves (docs/decisions/031)."""

ROOM = 1_000_000
"""Columns of the solvers that a worker keeps at hand: a large one takes 40 MB, and to load one takes less than a tenth
of a solve."""


KEPT = 32
"""Bases that are kept of a piece at most, the last ones."""

BASES = 128_000_000
"""Bytes that a worker's bases may take, one for every column and row of each: of many large pieces it keeps fewer."""

OTHER_COSTS = 0.3
"""By how much farther off a decision counts, as a share and in t, if users weighed otherwise when it was solved."""


class Start(NamedTuple):
    """Where a piece ended.

    Parameters
    ----------
    felt : array
        What the piece felt of the decision: sides of its rows and bounds of its columns, t; losses elsewhere, kUSD,
        minus infinity where none counts.
    costs : str
        How users weighed.
    basis : HighsBasis
        The solver's last basis.
    """

    felt: Values
    costs: str
    basis: Any

    def far(self, felt: Values, costs: str) -> float:
        """``(1 + o) sum |felt - felt'| + o``, t, with ``o`` zero where users weigh the same."""
        other = 0.0 if costs == self.costs else OTHER_COSTS
        apart = np.subtract(felt, self.felt, out=np.zeros_like(felt), where=felt != self.felt)
        return (1.0 + other) * float(np.abs(apart).sum()) + other


class Worker:
    """Solves jobs with a warm solver for each matrix."""

    def __init__(self, matrices: Sequence[sp.csr_array]) -> None:
        self.matrices = matrices
        self.solvers: dict[int, Any] = {}
        self.inside: dict[int, int] = {}
        self.starts: dict[int, deque[Start]] = {}
        self.last: dict[int, tuple[Values, Values]] = {}
        self.seeds: dict[int, Basis] = {}

    def seed(self, job: Job, decision: Decision) -> Basis:
        """Solve a piece for the sake of its basis, from which others of its matrix may start."""
        self.solve(job, decision)
        return Basis.of(self.starts[job.at][-1].basis)

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
        felt = np.concatenate([arrays.high[job.felt], arrays.upper[job.final], arrays.low[job.excess]])
        highs = self._load(job, arrays, felt)
        raw = answer(highs, arrays)
        highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", UNPERTURBED)
        kept = self.starts.setdefault(job.at, deque())
        kept.append(Start(felt, job.costs, highs.getBasis()))
        while len(kept) > self._most_kept(len(arrays.cost) + len(arrays.low)):
            kept.popleft()
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

    def _most_kept(self, size: int) -> int:
        """Return how many bases of a piece of so many columns and rows are kept, beside as many of all others."""
        return max(2, min(KEPT, BASES // (len(self.starts) * size)))

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

    def _load(self, job: Job, arrays: Arrays, felt: Values) -> Any:
        """Return the solver of a piece with its program in it, and the basis from which it starts."""
        known = list(self.starts.get(job.at, ()))
        start = min(reversed(known), key=lambda each: each.far(felt, job.costs)).basis if known else None
        there = self.inside.get(job.matrix) == job.at and bool(known) and start is known[-1].basis
        if job.matrix not in self.solvers:
            there = False
            self._make_room(len(arrays.cost))
            highs = self.solvers[job.matrix] = hand_over(arrays)
            highs.setOptionValue("simplex_dual_edge_weight_strategy", DEVEX)
            if start is None and job.matrix in self.seeds:
                start = self.seeds[job.matrix].handed
            if start is not None:
                highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", UNPERTURBED)
        else:
            highs = self.solvers[job.matrix]
            self._write(highs, job, arrays)
        if start is not None and not there:
            highs.setBasis(start)
        self.inside[job.matrix] = job.at
        return highs

    def _write(self, highs: Any, job: Job, arrays: Arrays) -> None:
        """Write a piece over the one that a solver holds."""
        rows = np.arange(len(arrays.low), dtype=np.int32)
        columns = np.arange(len(arrays.cost), dtype=np.int32)
        done = [highs.changeRowsBounds(len(rows), rows, arrays.low, arrays.high)]
        other = self.inside[job.matrix] != job.at
        if other or len(job.final):
            done.append(highs.changeColsBounds(len(columns), columns, arrays.lower, arrays.upper))
        if other:
            done.append(highs.changeColsCost(len(columns), columns, arrays.cost))
        if any(status != highspy.HighsStatus.kOk for status in done):
            raise SolverError(_("the solver refused a change of {name}").format(name=_("a piece of the plan")))

    def _make_room(self, columns: int) -> None:
        """Let the solvers go that were made first, until there is room for one more."""
        size = {matrix: self.matrices[matrix].shape[1] for matrix in self.solvers}
        for matrix in list(self.solvers):
            if sum(size.values()) + columns <= ROOM:
                return
            del self.solvers[matrix], size[matrix]


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
    """Return the jobs of each of ``count`` workers: a matrix with as few of them as can be, the work even.

    A row of pieces, those of a matrix together and the lightest matrix last, that is cut where a worker has its share
    (McNaughton 1959, Management Science 6, 1-12).
    """
    lots: list[list[Job]] = [[] for _worker in range(count)]
    load = np.zeros(count)
    # A piece takes longer the larger it is and the more of the decision it feels: later years feel more projects.
    size = {job.at: len(job.arrays[0]) ** 1.3 * (1.0 + job.projects.nnz / 100.0) for job in found}
    share = sum(size.values()) / count
    groups: dict[int, list[Job]] = {}
    for job in found:
        groups.setdefault(job.matrix, []).append(job)
    for group in sorted(groups.values(), key=lambda each: -sum(size[job.at] for job in each)):
        at = int(np.argmin(load))
        # Pieces in which the same is cut follow each other: the first solve of one starts where the last one ended.
        for job in sorted(group, key=lambda each: np.isfinite(each.arrays[2]).tobytes()):
            if load[at] + size[job.at] / 2 > share:
                at = int(np.argmin(load))
            lots[at].append(job)
            load[at] += size[job.at]
    return lots


def seeding(lots: Sequence[Sequence[Job]]) -> list[list[Job]]:
    """Return by worker what is solved first: a piece of each matrix, whoever holds it, the work even.

    From nothing a piece takes ten times as long as from one that is alike, and grows with the square of its columns.
    The largest go first, each to whoever has least to do (Graham 1969, SIAM Journal on Applied Mathematics 17,
    416-429).
    """
    first = {job.matrix: job for lot in reversed(lots) for job in reversed(lot)}
    asked: list[list[Job]] = [[] for _lot in lots]
    load = np.zeros(len(lots))
    for job in sorted(first.values(), key=lambda each: -len(each.arrays[0])):
        at = int(np.argmin(load))
        asked[at].append(job)
        load[at] += float(len(job.arrays[0])) ** 2
    return asked


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
        self._seeded = False

    def solve(self, decision: Decision, which: Iterable[int] | None = None, keep: bool = False) -> dict[int, Worth]:
        """Return what a decision is worth in each piece."""
        wanted = None if which is None else set(which)

        def run(worker: Worker, lot: list[Job]) -> dict[int, Worth]:
            return {job.at: worker.solve(job, decision, keep) for job in lot if wanted is None or job.at in wanted}

        if self._pool is None:
            return run(self.workers[0], self.lots[0])
        if not self._seeded:
            self._seed(decision)
        futures = [self._pool.submit(run, *each) for each in zip(self.workers, self.lots, strict=True)]
        return {at: worth for future in futures for at, worth in future.result().items()}

    def _seed(self, decision: Decision) -> None:
        """Give every worker a basis of each matrix."""
        assert self._pool is not None
        self._seeded = True

        def run(worker: Worker, asked: list[Job]) -> dict[int, Basis]:
            return {job.matrix: worker.seed(job, decision) for job in asked}

        futures = [self._pool.submit(run, *each) for each in zip(self.workers, seeding(self.lots), strict=True)]
        seeds = {matrix: basis for future in futures for matrix, basis in future.result().items()}
        for worker in self.workers:
            worker.seeds = seeds

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
