"""Solving: one HiGHS instance in memory, changed in place and solved again from its last basis."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import highspy
import numpy as np
import pandas as pd

from didymium.faults import SolverError
from didymium.market.blocks import Arrays, Labelled
from didymium.market.checks import ACCURACY, verify, violations, worst
from didymium.market.duals import split_off
from didymium.market.polish import polished
from didymium.market.program import Program
from didymium.market.tangents import Tangents
from didymium.messages import _
from didymium.silent import silent_highs

PRIMAL_TOLERANCE = 1e-7
"""Tonnes, of up to 1e5: while tangents are refined. At the defaults refinement stalls with a price error of 2e-4."""

DUAL_TOLERANCE = 1e-9
"""USD/kg, of up to 1e3: while tangents are refined."""

NEAR = 1e-2
"""Gap between tangents and curves, relative to the objective, from which what binds is likely known."""

EARLY = 10_000
"""Columns up to which Newton is tried at every pass. Beyond, a step costs as much as a pass and many things change
between passes, so it is tried once tangents have closed."""

_ATTEMPTS = (None, "choose", "ipm")
"""What a solve tries in turn: from the last basis, from nothing, from nothing by interior point."""

_IN_TROUBLE = (highspy.HighsModelStatus.kUnknown, highspy.HighsModelStatus.kSolveError)
"""Statuses that say something of the solver and nothing of the program."""

ENDLESS = 2**31 - 1
"""Simplex iterations without a limit, as the solver writes it."""

_AT_LIMIT = (highspy.HighsModelStatus.kSolutionLimit, highspy.HighsModelStatus.kTimeLimit)
"""Statuses of a search that stopped where it was told to."""


class Raw(NamedTuple):
    """An answer as the solver numbers it: objective (kUSD), columns, row duals, reduced costs, and what ran."""

    objective: float
    primal: np.ndarray
    dual: np.ndarray
    reduced: np.ndarray
    facts: dict[str, Any]


@dataclass
class Solution:
    """A verified optimum.

    Parameters
    ----------
    objective : float
        Thousands of USD.
    primal, dual : Labelled
        Values of variables and duals of constraints by name.
    reduced : Labelled
        Reduced costs of variables by name.
    run : dict
        Algorithm that ran, status, gap, iterations, seconds, columns, rows and the largest violations.
    raw : Raw
        The same as the solver numbers it.
    instance : Instance
        The program that it solves, as it was at ``revision``.
    revision : int
        Changes that the program had seen.
    """

    objective: float
    primal: Labelled
    dual: Labelled
    reduced: Labelled
    run: dict[str, Any]
    raw: Raw
    instance: Instance
    revision: int

    def frame(self, name: str) -> pd.DataFrame:
        """Return a variable as a DataFrame with nodes as columns."""
        return pd.DataFrame(self.primal[name].transpose(..., "node").to_pandas())


class Instance:
    """A program inside HiGHS, and beside it the program as it was stated, which answers are checked against.

    Bounds, costs and right-hand sides change in place, and the next solve starts from the last basis.

    Parameters
    ----------
    program : Program
        A built program.
    """

    def __init__(self, program: Program) -> None:
        started = time.perf_counter()
        self.program = program
        self.revision = 0
        self.stated = program.model.finish()
        self.highs = hand_over(self.stated)
        self.seconds = time.perf_counter() - started

    @cached_property
    def columns(self) -> Labelled:
        """Return the solver's columns by variable, labelled."""
        return Labelled(self.program.model.columns, np.arange(self.stated.matrix.shape[1], dtype=np.int32))

    @cached_property
    def rows(self) -> Labelled:
        """Return the solver's rows by law, labelled."""
        return Labelled(self.program.model.rows, np.arange(self.stated.matrix.shape[0], dtype=np.int32))

    def set_option(self, name: str, value: object) -> None:
        """Set a HiGHS option; an unknown one is an error."""
        set_option(self.highs, name, value)

    def bound(self, variable: str, lower: np.ndarray | None, upper: np.ndarray) -> None:
        """Change the bounds of a variable in place (arrays in the variable's own order; lower 0 where None)."""
        at, high = self.program.model.columns[variable].positions().ravel(), upper.ravel().astype(float)
        low = np.zeros(len(at)) if lower is None else lower.ravel().astype(float)
        other = (self.stated.lower[at] != low) | (self.stated.upper[at] != high)
        self._put_bounds(at[other], low[other], high[other], variable)

    def cost(self, variable: str, values: np.ndarray) -> None:
        """Change the objective coefficients of a variable in place (array in the variable's own order)."""
        at, cost = self.program.model.columns[variable].positions().ravel(), values.ravel().astype(float)
        _finite(cost, variable)
        self._put_cost(at, cost, variable)

    def aim(self, cost: np.ndarray) -> None:
        """Change the whole objective in place."""
        _finite(cost, "objective")
        self._put_cost(np.arange(len(cost), dtype=np.int32), cost, "objective")

    def right_hand_side(self, constraint: str, values: np.ndarray) -> None:
        """Change the right-hand side of an equality in place (array in the constraint's own order)."""
        side = values.ravel().astype(float)
        self._change_sides(constraint, side, side)

    def upper_side(self, constraint: str, values: np.ndarray) -> None:
        """Change the right-hand side of a <= row in place."""
        side = values.ravel().astype(float)
        self._change_sides(constraint, np.full(len(side), -np.inf), side)

    def _change_sides(self, constraint: str, low: np.ndarray, high: np.ndarray) -> None:
        at = self.program.model.rows[constraint].positions().ravel()
        other = (self.stated.low[at] != low) | (self.stated.high[at] != high)
        self._put_sides(at[other], low[other], high[other], constraint)

    def _put_bounds(self, at: np.ndarray, low: np.ndarray, high: np.ndarray, name: str) -> None:
        """Give columns other bounds."""
        self._ok(self.highs.changeColsBounds(len(at), at, low, high), name)
        self.stated.lower[at], self.stated.upper[at] = low, high

    def _put_cost(self, at: np.ndarray, cost: np.ndarray, name: str) -> None:
        """Give columns other objective coefficients."""
        self._ok(self.highs.changeColsCost(len(at), at, cost), name)
        self.stated.cost[at] = cost

    def _put_sides(self, at: np.ndarray, low: np.ndarray, high: np.ndarray, name: str) -> None:
        """Give rows other sides."""
        self._ok(self.highs.changeRowsBounds(len(at), at, low, high), name)
        self.stated.low[at], self.stated.high[at] = low, high

    def become(self, program: Program) -> None:
        """Turn into another program of the same matrix: another month, scenario or draw of the parameters.

        Only costs, bounds and sides that differ are handed to the solver, so the next solve starts from the last basis.

        Raises
        ------
        SolverError
            The matrices differ, or the program refines tangents.
        """
        new, old = program.model.finish(), self.stated
        same = new.matrix.shape == old.matrix.shape and all(
            np.array_equal(a, b)
            for a, b in (
                (new.matrix.indptr, old.matrix.indptr),
                (new.matrix.indices, old.matrix.indices),
                (new.matrix.data, old.matrix.data),
                (new.whole, old.whole),
            )
        )
        if not same:
            raise SolverError(_("an instance cannot become a program of another matrix: make a new one"))
        _finite(new.cost, "objective")
        for bound in (new.lower, new.upper, new.low, new.high):
            _finite(bound[np.isnan(bound)], "bounds")
        at = np.nonzero((new.lower != old.lower) | (new.upper != old.upper))[0].astype(np.int32)
        self._put_bounds(at, new.lower[at], new.upper[at], "bounds")
        at = np.nonzero(new.cost != old.cost)[0].astype(np.int32)
        self._put_cost(at, new.cost[at], "objective")
        at = np.nonzero((new.low != old.low) | (new.high != old.high))[0].astype(np.int32)
        self._put_sides(at, new.low[at], new.high[at], "sides")
        self.program, self.stated = program, new

    def basis(self) -> Any:
        """Return the basis of the last solve."""
        return self.highs.getBasis()

    def start_from(self, basis: Any) -> None:
        """Forget how the last answer was reached: the next solve starts from this basis, or from nothing where None.

        Where several optima are equally good, which one is found depends on the start; so the same start gives the
        same answer.
        """
        self.highs.clearSolver()
        if basis is not None:
            self._ok(self.highs.setBasis(basis), "basis")

    def add_rows(
        self, low: np.ndarray, high: np.ndarray, columns: np.ndarray, coefficients: np.ndarray, name: str
    ) -> None:
        """Add rows ``low <= sum_k c_k v_k <= high`` (columns and coefficients: rows x terms)."""
        count, terms = columns.shape
        starts = np.arange(0, terms * count + 1, terms, dtype=np.int32)
        index, value = columns.ravel().astype(np.int32), coefficients.ravel()
        self._ok(self.highs.addRows(count, low, high, terms * count, starts[:-1], index, value), name)
        self.stated = self.stated.with_rows(low, high, (value, index, starts))

    def drop_rows(self, first: int) -> None:
        """Remove the rows from position ``first`` on, as they were added."""
        rows = np.arange(first, self.highs.getNumRow(), dtype=np.int32)
        self._ok(self.highs.deleteRows(len(rows), rows), "tangents")
        self.stated = self.stated.first_rows(first)

    def _ok(self, status: object, name: str) -> None:
        """Count a change of the program; one that the solver refused is an error."""
        self.revision += 1
        if status != highspy.HighsStatus.kOk:
            raise SolverError(_("the solver refused a change of {name}").format(name=name))

    def run(self, most: int | None = None) -> Raw:
        """Solve and return what came back, once it passes the checks of :mod:`didymium.market.checks`.

        A warm start can end in numerical trouble, or in an answer that the solver calls optimal and that breaks its own
        rows (docs/decisions/008): then the program is solved again from nothing, and last by interior point.

        Parameters
        ----------
        most : int, optional
            Iterations that the last basis is worth: a start that takes more is given up for one from nothing.

        Raises
        ------
        SolverError
            Any status but optimal; no number is used then.
        """
        return answer(self.highs, self.stated, self.integers(), most)

    def integers(self) -> bool:
        """Return whether the program decides about whole projects."""
        return any(project.choose and project.whole for project in self.program.parts.options.projects)

    def solve(self) -> Solution:
        """Solve; refine tangents where the program has them; verify.

        Raises
        ------
        SolverError
            No optimum, or one that fails the checks of :mod:`didymium.market.checks`.
        """
        tangents = self.program.parts.options.curves == "tangents"
        raw, model = Raw(*(self._refine() if tangents else self.run())), self.program.model
        solution = Solution(
            objective=raw.objective,
            primal=Labelled(model.columns, raw.primal),
            dual=Labelled(model.rows, raw.dual),
            reduced=Labelled(model.columns, raw.reduced),
            run=raw.facts,
            raw=raw,
            instance=self,
            revision=self.revision,
        )
        raw.facts["check"] = verify(solution)
        return solution

    def _refine(self, passes: int = 60, accuracy: float = 1e-12) -> Raw:
        """Add tangents at each solution until curve and tangents agree.

        ``w_u <= B(q_k) + B'(q_k) (q - q_k)`` for benefits, ``w_a >= C(x_k) + C'(x_k) (x - x_k)`` for costs. The
        objective gap bounds the price error by ``sqrt(2 gap / |elasticity|)``, so it is driven far below the accuracy
        promised; unless Newton on the curves (:mod:`didymium.market.polish`) gets there first, and exactly.
        """
        largest = float(np.max(self.program.parts.conditions.demand, initial=1.0))
        # Relative to the largest quantity, so that a market of a tonne is as exact as one of a hundred kilotonnes.
        tolerance = float(np.clip(PRIMAL_TOLERANCE * largest / 1e5, 1e-10, PRIMAL_TOLERANCE))
        self.set_option("primal_feasibility_tolerance", tolerance)
        self.set_option("dual_feasibility_tolerance", DUAL_TOLERANCE)
        curve = Tangents(self)
        curve.start()
        seconds = 0.0
        last = tried = np.inf
        for count in range(1, passes + 1):
            outcome = Raw(*self.run())
            seconds += outcome.facts["seconds"]
            gap = curve.gap(outcome.primal)
            size = max(1e-3, abs(outcome.objective))
            # At the solver's own tolerance the gap stops falling: then two digits of the accuracy are lost.
            stalled = gap <= 100.0 * accuracy * size and gap > 0.7 * last
            last, closed = gap, gap <= accuracy * size or stalled
            early = len(outcome.primal) <= EARLY and gap <= NEAR * size and gap <= 0.5 * tried
            if (early or closed) and not self.integers():
                tried = gap
                started = time.perf_counter()
                exact = polished(curve, outcome)
                seconds += time.perf_counter() - started
                if exact is not None:
                    return exact._replace(facts=exact.facts | {"tangent_passes": count, "seconds": seconds})
            if closed:
                done = {"gap": gap / size, "tangent_passes": count, "seconds": seconds}
                return outcome._replace(facts=outcome.facts | done)
            curve.add(outcome.primal)
        raise SolverError(
            _("tangents did not close after {passes} passes: gap {gap:g} kUSD").format(passes=passes, gap=gap)
        )


def set_option(highs: Any, name: str, value: object) -> None:
    """Set an option of a solver.

    Raises
    ------
    SolverError
        It does not know the option or the value.
    """
    if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        raise SolverError(_("the solver does not know option {name} = {value}").format(name=name, value=value))


def answer(highs: Any, stated: Arrays, whole: bool = False, most: int | None = None) -> Raw:
    """Solve what a solver holds and return what came back, once it passes the checks against the program as stated.

    Parameters
    ----------
    highs : Highs
        Holds the program, and the basis to start from.
    stated : Arrays
        The program.
    whole : bool
        It decides about whole projects.
    most : int, optional
        Iterations of the simplex method after which the last basis is given up and the program solved from nothing.

    Raises
    ------
    SolverError
        Any status but optimal; no number is used then.
    """
    started = time.perf_counter()
    for solver in _ATTEMPTS:
        if solver is not None:
            highs.clearSolver()
            highs.setOptionValue("solver", solver)
        limited = most is not None and solver is None
        if limited:
            highs.setOptionValue("simplex_iteration_limit", most)
        highs.run()
        if limited:
            highs.setOptionValue("simplex_iteration_limit", ENDLESS)
        raw = _read(highs, stated, whole, started)
        given_up = limited and highs.getModelStatus() == highspy.HighsModelStatus.kIterationLimit
        if raw is None and highs.getModelStatus() not in _IN_TROUBLE and not given_up:
            break
        if raw is not None and worst(raw.facts["check"])[1] <= ACCURACY:
            break
    highs.setOptionValue("solver", "choose")
    if raw is None:
        raise SolverError(
            _("the solver stopped without an optimum: {status} -> check the case with `didymium check`, "
              "or report it").format(status=highs.modelStatusToString(highs.getModelStatus()))
        )  # fmt: skip
    return raw


def _read(highs: Any, stated: Arrays, whole: bool, started: float) -> Raw | None:
    """Return what the solver found, or None where its status says that it found nothing."""
    status = highs.getModelStatus()
    # Branch and bound may stop at its limit of nodes or time with a plan and a bound; both are reported.
    stopped = status in _AT_LIMIT and whole and _has_point(highs)
    if status != highspy.HighsModelStatus.kOptimal and not stopped:
        return None
    info, solution = highs.getInfo(), highs.getSolution()
    primal, dual = _array(solution.col_value), _array(solution.row_dual)
    # A product with the matrix is quicker than the solver's list of every column's reduced cost.
    reduced = _array(solution.col_dual) if whole else stated.cost - stated.matrix.T @ dual
    values = primal, dual, reduced
    facts = {
        "solver": f"HiGHS {highs.version()}",
        "algorithm": _algorithm(info, whole),
        "status": highs.modelStatusToString(status),
        "gap": float(info.mip_gap) if whole else 0.0,
        "bound": float(info.mip_dual_bound) if whole else float(info.objective_function_value),
        "iterations": int(max(info.simplex_iteration_count, info.ipm_iteration_count)),
        "seconds": time.perf_counter() - started,
        "columns": int(highs.getNumCol()),
        "rows": int(highs.getNumRow()),
        "check": violations(stated, *values, whole=whole),
    }
    return Raw(float(info.objective_function_value), *values, facts)


def _array(values: list[float]) -> np.ndarray:
    return np.fromiter(values, float, len(values))


def hand_over(program: Arrays) -> Any:
    """Return the program inside a silent HiGHS."""
    rows = program.matrix
    _finite(program.cost, "objective")
    _finite(rows.data, "coefficients")
    for bound in (program.lower, program.upper, program.low, program.high):
        _finite(bound[np.isnan(bound)], "bounds")
    highs = silent_highs()
    status = highs.passModel(
        rows.shape[1], rows.shape[0], rows.nnz, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMaximize),
        0.0, program.cost, program.lower, program.upper, program.low, program.high, rows.indptr, rows.indices,
        rows.data, program.whole,
    )  # fmt: skip
    if status != highspy.HighsStatus.kOk:
        raise SolverError(_("the solver refused the program"))
    return highs


def _finite(values: np.ndarray, name: str) -> None:
    """Refuse NaN and infinity before the solver sees them: it would take them, and not come back."""
    if not np.isfinite(values).all():
        what = _("{name} of the program holds what is no number -> run `didymium check`, look for a price or cost of 0")
        raise SolverError(what.format(name=name))


def _has_point(highs: Any) -> bool:
    return bool(highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible)


def _algorithm(info: Any, whole: bool) -> str:
    if whole:
        return "branch and bound"
    if info.ipm_iteration_count > 0:
        return "interior point"
    return "dual simplex"


def prices(program: Program, solution: Solution) -> pd.DataFrame:
    """Return prices by market and node: ``dual / (probability x discount)``, USD/kg.

    Amounts of a node are tonnes of the whole period, so its length needs no division. Where duals are split in any way
    between two rows that say the same, they are put together (:mod:`didymium.market.duals`).
    """
    parts = program.parts
    return pd.DataFrame(price_array(solution), index=parts.network.markets.index, columns=parts.tree.index)


def price_array(solution: Solution, nodes: int | None = None) -> np.ndarray:
    """Return :func:`prices` without labels, markets x nodes; of the first nodes alone where told how many."""
    weight = solution.instance.program.parts.tree.weight()
    return np.asarray((split_off(solution, nodes).price - solution.dual.array("balance")[:, :nodes]) / weight[:nodes])
