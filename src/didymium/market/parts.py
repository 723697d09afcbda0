"""A program that falls into parts which share nothing: each is solved by itself, and only where something changed.

Markets of metals that no route, recipe or end use joins are such parts, and months that no stock joins. One basis of
all of them would be as good, but every step of the simplex method would go through the whole program.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from didymium.faults import SolverError
from didymium.market.blocks import Arrays
from didymium.market.program import Program
from didymium.market.solve import Instance, Raw, answer, hand_over, set_option
from didymium.messages import _

Positions = npt.NDArray[np.intp]

LEAST = 2_000
"""Columns and rows of a part that is worth a solver of its own; smaller ones go together."""

_NEVER = object()
"""A start that no part has begun at."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a part answered.

    Parameters
    ----------
    begun : object
        The whole's basis at which it began, or the answer of the part before it; :data:`_NEVER`: where its own answer
        before ended.
    arrays : Arrays
        What was asked.
    raw : Raw
        The answer.
    basis : HighsBasis
        Where it ended.
    """

    begun: object
    arrays: Arrays
    raw: Raw
    basis: Any

    def to(self, begun: object, arrays: Arrays) -> bool:
        """Return whether it is the answer to the same question from the same start."""
        return begun is self.begun and np.array_equal(self.arrays.cost, arrays.cost) and alike(self.arrays, arrays)


def alike(one: Arrays, other: Arrays) -> bool:
    """Return whether bounds and sides are the same: whoever keeps to the one keeps to the other."""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("lower", "upper", "low", "high"))


@dataclass
class Part:
    """Columns and rows that share nothing with the others.

    Parameters
    ----------
    columns, rows : array of int
        Where they stand in the whole.
    matrix : sparse array
        Their coefficients.
    follows : bool
        The part before it has the same matrix.
    home : Arrays or None
        What was asked when the first basis of all was taken: where nothing happens.
    highs : Highs or None
        Their solver, once they were solved.
    last : Answer or None
        The last answer.
    rest : Answer or None
        The last one that took no step: where nothing happens, to which scenario after scenario comes back.
    stands : bool
        Nothing changed since the last answer.
    """

    columns: Positions
    rows: Positions
    matrix: sp.csr_array[Any]
    follows: bool = False
    home: Arrays | None = None
    highs: Any = None
    last: Answer | None = None
    rest: Answer | None = None
    stands: bool = False

    def arrays(self, whole: Arrays) -> Arrays:
        """Return the part of a program."""
        at, row = self.columns, self.rows
        return Arrays(whole.cost[at], whole.lower[at], whole.upper[at], whole.whole[at], whole.low[row],
                      whole.high[row], self.matrix)  # fmt: skip


def split(matrix: sp.csr_array[Any], least: int = LEAST) -> list[tuple[Positions, Positions]]:
    """Return columns and rows of the parts of a matrix that share no entry, small ones together."""
    count, width = matrix.shape
    ones = sp.csr_array((np.ones(len(matrix.data), dtype=np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)
    _count, label = connected_components(sp.block_array([[None, ones], [ones.T, None]], format="csr"), directed=False)
    size = np.bincount(label)
    order = np.argsort(-size, kind="stable")
    group, filled, at = np.empty(len(size), dtype=np.intp), 0, 0
    for each in order:
        if filled >= least:
            at, filled = at + 1, 0
        group[each] = at
        filled += int(size[each])
    if filled < least and at:
        group[group == at] = at - 1
    place = group[label]
    rows, columns = place[:count], place[count : count + width]
    return [(np.nonzero(columns == one)[0], np.nonzero(rows == one)[0]) for one in range(int(place.max(initial=0)) + 1)]


class Parted(Instance):
    """An instance whose parts are solved by themselves.

    A part whose program and start are those of its last answer keeps it. From a start that is named an answer depends
    on these two to the last bit, whatever was solved before.

    Parameters
    ----------
    program : Program
        A built program without tangents and whole projects.
    parts : list of (array, array)
        Columns and rows of each part: :func:`split`.
    """

    def __init__(self, program: Program, parts: list[tuple[Positions, Positions]]) -> None:
        started = time.perf_counter()
        self.program = program
        self.revision = 0
        self.stated = program.model.finish()
        matrix = self.stated.matrix
        self.parts = [Part(columns, rows, sp.csr_array(matrix[rows][:, columns])) for columns, rows in parts]
        for one, other in pairwise(self.parts):
            other.follows = one.matrix.shape == other.matrix.shape and all(
                np.array_equal(getattr(one.matrix, name), getattr(other.matrix, name))
                for name in ("indptr", "indices", "data")
            )
        self._of_column, self._of_row = np.empty(matrix.shape[1], np.intp), np.empty(matrix.shape[0], np.intp)
        for at, part in enumerate(self.parts):
            self._of_column[part.columns], self._of_row[part.rows] = at, at
        self._options: dict[str, object] = {}
        self._start: object = _NEVER
        self._home: object = _NEVER
        self._read: tuple[Any, Any, Any] = (_NEVER, None, None)
        self.seconds = time.perf_counter() - started

    def set_option(self, name: str, value: object) -> None:
        """Set a HiGHS option of every part; an unknown one is an error."""
        self._options[name] = value
        for part in self.parts:
            if part.highs is not None:
                set_option(part.highs, name, value)

    def _put_bounds(self, at: np.ndarray, low: np.ndarray, high: np.ndarray, name: str) -> None:
        self.stated.lower[at], self.stated.upper[at] = low, high
        self._changed(self._of_column[at])

    def _put_cost(self, at: np.ndarray, cost: np.ndarray, name: str) -> None:
        other = self.stated.cost[at] != cost
        self.stated.cost[at] = cost
        self._changed(self._of_column[at[other]])

    def _put_sides(self, at: np.ndarray, low: np.ndarray, high: np.ndarray, name: str) -> None:
        self.stated.low[at], self.stated.high[at] = low, high
        self._changed(self._of_row[at])

    def _changed(self, where: np.ndarray) -> None:
        self.revision += 1
        for at in np.unique(where):
            self.parts[at].stands = False

    def add_rows(
        self, low: np.ndarray, high: np.ndarray, columns: np.ndarray, coefficients: np.ndarray, name: str
    ) -> None:
        """Refuse: rows may join what shares nothing.

        Raises
        ------
        SolverError
            Always.
        """
        raise SolverError(_("rows cannot be added to a program in parts: {name}").format(name=name))

    def basis(self) -> Any:
        """Return the basis of the last solve, of all parts."""
        columns, rows = np.empty(len(self._of_column), object), np.empty(len(self._of_row), object)
        held = highspy.HighsBasis()
        for part in self.parts:
            assert part.last is not None
            own = part.last.basis
            columns[part.columns], rows[part.rows] = own.col_status, own.row_status
        held.valid = True
        held.col_status, held.row_status = columns.tolist(), rows.tolist()
        self._read = held, columns, rows
        if self._home is _NEVER:
            self._home = held
            for part in self.parts:
                part.home = part.arrays(self.stated)
        return held

    def _statuses(self, start: Any) -> tuple[Any, Any]:
        """Return where a basis of all parts has columns and rows; to read one takes as long as to solve a few parts."""
        if self._read[0] is not start:
            self._read = start, np.array(start.col_status, object), np.array(start.row_status, object)
        return self._read[1:]

    def start_from(self, basis: Any) -> None:
        """Let the next solve start from a basis of all parts, or from nothing where None."""
        self._start = basis

    def run(self, most: int | None = None) -> Raw:
        """Solve the parts in which something changed; return the answer of all, each part of which passed the checks.

        Parameters
        ----------
        most : int, optional
            Iterations that the last basis of a part is worth.

        Raises
        ------
        SolverError
            Any status but optimal in one of them.
        """
        started = time.perf_counter()
        start, self._start = self._start, _NEVER
        primal, reduced = (np.empty(len(self._of_column)) for _each in range(2))
        dual, answers, steps = np.empty(len(self._of_row)), [], 0
        before: Answer | None = None
        for part in self.parts:
            steps += self._ask(part, start, before, most)
            assert part.last is not None
            before = part.last
            raw = part.last.raw
            primal[part.columns], reduced[part.columns], dual[part.rows] = raw.primal, raw.reduced, raw.dual
            answers.append(raw)
        objective = sum(each.objective for each in answers)
        facts = {
            **answers[0].facts,
            "bound": objective,
            "iterations": steps,
            "seconds": time.perf_counter() - started,
            "columns": len(primal),
            "rows": len(dual),
            "check": {name: max(each.facts["check"][name] for each in answers) for name in answers[0].facts["check"]},
        }
        return Raw(objective, primal, dual, reduced, facts)

    def _ask(self, part: Part, start: object, before: Answer | None, most: int | None) -> int:
        """Let a part answer and return the steps that it took.

        From a start it begins at its own piece; from where nothing happens, if something does and the part before it
        may do the same, at that one's answer: months of a cut differ in what a dollar is worth alone. Without a start
        it goes on where it ended. Which of them it is depends on what is asked alone.
        """
        arrays = part.last.arrays if part.stands and part.last is not None else part.arrays(self.stated)
        if start is self._home and part.home is not None and part.follows and before is not None:
            start = before if alike(before.arrays, arrays) and not alike(part.home, arrays) else start
        if part.stands and part.last is not None and (start is _NEVER or start is part.last.begun):
            return 0
        if start is not _NEVER and part.rest is not None and part.rest.to(start, arrays):
            part.last, part.stands = part.rest, True
            return 0
        self._write(part, arrays)
        if start is not _NEVER:
            self._begin(part, self._basis_of(part, start))
        elif part.last is not None and part.last.begun is not _NEVER:
            # Its solver may have been elsewhere since, and what it knows beside the basis is not to count.
            self._begin(part, part.last.basis)
        raw = answer(part.highs, arrays, most=most)
        part.last, part.stands = Answer(start, arrays, raw, part.highs.getBasis()), True
        steps = int(raw.facts["iterations"])
        if start is not _NEVER and steps == 0 and not isinstance(start, Answer):
            part.rest = part.last
        return steps

    def _begin(self, part: Part, basis: Any) -> None:
        """Let a part's solver begin at a basis, or at nothing where None."""
        part.highs.clearSolver()
        if basis is not None:
            self._ok(part.highs.setBasis(basis), "basis")

    def _write(self, part: Part, arrays: Arrays) -> None:
        """Give a part's solver its program."""
        if part.highs is None:
            part.highs = hand_over(arrays)
            for name, value in self._options.items():
                set_option(part.highs, name, value)
            return
        columns, rows = (np.arange(len(each), dtype=np.int32) for each in (part.columns, part.rows))
        for done in (
            part.highs.changeColsBounds(len(columns), columns, arrays.lower, arrays.upper),
            part.highs.changeColsCost(len(columns), columns, arrays.cost),
            part.highs.changeRowsBounds(len(rows), rows, arrays.low, arrays.high),
        ):
            self._ok(done, "parts")

    def _basis_of(self, part: Part, start: object) -> Any:
        """Return the basis of another part's answer, a part's piece of a basis of all, or None for nothing."""
        if isinstance(start, Answer) or start is None:
            return None if start is None else start.basis
        columns, rows = self._statuses(start)
        held = highspy.HighsBasis()
        held.valid = True
        held.col_status, held.row_status = columns[part.columns].tolist(), rows[part.rows].tolist()
        return held


def instance_of(program: Program) -> Instance:
    """Return a program inside HiGHS, in parts where it falls into some."""
    stated = program.model.finish()
    if program.parts.options.curves != "tangents" and not stated.whole.any():
        parts = split(stated.matrix)
        if len(parts) > 1:
            return Parted(program, parts)
    return Instance(program)
