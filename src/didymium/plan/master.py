"""The master problem: all decisions of all nodes, and what the pieces have told about their worth so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.market.checks import ACCURACY, violations
from didymium.market.solve import hand_over
from didymium.messages import _
from didymium.plan import phases
from didymium.plan.layout import FREE, Layout
from didymium.plan.recourse import Decision, Job, Worth
from didymium.plan.risk import Outcomes
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from didymium.plan.pieces import Pieces
    from didymium.plan.task import Task

Values = npt.NDArray[np.float64]

_NOISE = 2e-6
"""Slopes below this (kUSD by tonne, or by project) are rounding, and less than the solver takes."""


class Proposal(NamedTuple):
    """What the master proposes: a decision, what it hopes for (MUSD), and a bound on what any decision can bring."""

    decision: Decision
    hoped: float
    bound: float
    whole: bool


class Infeasible(SolverError):
    """No decision keeps within all limits."""


class Master:
    """Cuts, decisions and the risk functional as one small mixed-integer program.

    ``max (1 - r) (sum_b p_b theta_b - sum_v charge_v x_v) - r CVaR(loss)`` over decisions within purses and caps, with
    ``theta_b <= worth + slope (decision - there)`` for every decision tried, by piece (multi-cut).

    Parameters
    ----------
    pieces : Pieces
        The pieces.
    found : list of Job
        The same as jobs.
    task : Task
        What is asked.
    base : dict of int to Worth
        What doing nothing is worth in each piece where nobody minds risk: all worths are counted from there, and it is
        the first cut, so that no master is without a bound.
    story : int, optional
        The only story that may happen: what one would decide who knew it.
    stand_ins : array, optional
        Probability by piece where some stand for the others: :func:`didymium.plan.stand_ins.stand_ins`.
    """

    def __init__(
        self,
        pieces: Pieces,
        found: Sequence[Job],
        task: Task,
        base: Mapping[int, Worth],
        story: int | None = None,
        stand_ins: Values | None = None,
    ) -> None:
        self.jobs, self.task = list(found), task
        self.base = np.array([base[job.at].value for job in found])
        self.outcomes = Outcomes(pieces, self.jobs, task, self.base, story, stand_ins)
        self.layout = Layout(pieces, task, self.outcomes)
        self.most, self.n_build = self.layout.most, self.layout.n_build
        self.stated, self.limit_rows = self.layout.arrays()
        self.highs: Any = hand_over(self.stated)
        for option, value in (("mip_rel_gap", 0.0), ("mip_feasibility_tolerance", 1e-9)):
            self.highs.setOptionValue(option, value)
        self.cuts = 0
        self.demanded: dict[int, tuple[str, float]] = {}
        self._demand()
        self.first_rows = self.stated.matrix
        self.dual = self.reduced = np.zeros(0)
        self.heard: list[tuple[Decision, dict[int, Worth]]] | None = None
        self.idle = 0.0
        """What doing nothing brings under the functional, MUSD: with risk less than nothing, for it leaves risk."""
        self.size = float(self.outcomes.probability @ np.abs(self.base)) / UNIT
        """Magnitude of what is compared, MUSD."""
        self.add(self.nothing(), base)

    @property
    def room(self) -> float:
        """Return by how much a bound may lie below a value that is reached, MUSD: what the solver is accurate to."""
        return ACCURACY * (1.0 + self.size)

    @property
    def asked(self) -> list[int]:
        """Return the pieces whose worth counts."""
        return self.outcomes.asked

    def _demand(self) -> None:
        """State the targets: ``sum_h stock[h, n] >= target`` at the last calm node before a day."""
        for target in self.task.targets:
            index = np.array([self.layout.stock(target.node, h) for h in target.programmes], dtype=np.int32)
            at = self.highs.getNumRow()
            self._add_rows(np.array([target.least]), np.array([FREE]), np.ones(len(index)), index,
                           np.array([0, len(index)], dtype=np.int32))  # fmt: skip
            self.demanded[at] = (target.said, target.least)

    def _add_rows(self, low: Values, high: Values, value: Values, index: np.ndarray, starts: np.ndarray) -> None:
        status = self.highs.addRows(len(low), low, high, len(value), starts[:-1], index, value)
        if status != highspy.HighsStatus.kOk:
            raise SolverError(_("the solver refused a change of {name}").format(name=_("the master problem")))
        self.stated = self.stated.with_rows(low, high, (value, index, starts))

    def add(self, there: Decision, worths: Mapping[int, Worth]) -> None:
        """Add what the pieces told about a decision: one cut by piece."""
        data: list[Values] = []
        index: list[np.ndarray] = []
        high = []
        for at, worth in sorted(worths.items()):
            if self.outcomes.probability[at] == 0.0 and not self.layout.risky:
                continue
            slopes = (worth.build, worth.first, worth.final, worth.excess)
            columns, slope, point = self.layout.slope(self.jobs[at], slopes, there[:3])
            kept = np.abs(slope) > _NOISE
            data.append(np.concatenate([[1.0], -slope[kept] / UNIT]))
            index.append(np.concatenate([[self.layout.at_theta + at], columns[kept]]).astype(np.int32))
            high.append((worth.value - self.base[at] - float(slope[kept] @ point[kept])) / UNIT)
        starts = np.cumsum([0, *(len(each) for each in data)]).astype(np.int32)
        low = np.full(len(high), -FREE)
        self._add_rows(low, np.array(high), np.concatenate(data), np.concatenate(index), starts)
        self.cuts += len(high)

    def propose(
        self,
        near: Decision | None = None,
        reach: float = 1.0,
        whole: bool = True,
        fixed: Values | None = None,
        gap: float = 0.0,
    ) -> Proposal:
        """Return the best decision by what is known so far.

        Parameters
        ----------
        near : Decision, optional
            Stay within ``reach`` of it, as a share of the range of every decision.
        reach : float
            Size of that trust region.
        whole : bool
            Projects that are all or nothing are so.
        fixed : array, optional
            Built shares that stand; NaN: free.
        gap : float
            Gap at which the search may stop, MUSD.
        """
        self._confine(near, reach, whole, fixed)
        integral = whole and bool(self.layout.whole.any())
        kinds = np.where(self.layout.whole & integral, 1, 0).astype(np.uint8)
        self.highs.changeColsIntegrality(self.n_build, np.arange(self.n_build, dtype=np.int32), kinds)
        self.highs.setOptionValue("mip_abs_gap", max(gap, 1e-9))
        value, hoped = self._solved()
        decision = self._read(value, integral)
        bound = float(self.highs.getInfo().mip_dual_bound) if integral else hoped
        return Proposal(decision, hoped - self.idle, bound - self.idle, integral)

    def _confine(self, near: Decision | None, reach: float, whole: bool, fixed: Values | None) -> None:
        """Bound the decisions: a trust region, shares that stand."""
        low, high = np.zeros(self.layout.at_theta), self.most.copy()
        if near is not None:
            middle = np.concatenate([near.build, near.stock.ravel()])
            low = np.maximum(low, middle - reach * self.most)
            high = np.minimum(high, middle + reach * self.most)
            # The search for whole projects is not held back: only amounts are.
            if whole:
                free = np.nonzero(self.layout.whole)[0]
                low[free], high[free] = 0.0, self.most[free]
        if fixed is not None:
            stands = np.nonzero(np.isfinite(fixed))[0]
            low[stands] = high[stands] = fixed[stands]
        index = np.arange(self.layout.at_theta, dtype=np.int32)
        self.highs.changeColsBounds(len(index), index, low, high)
        self.stated.lower[index], self.stated.upper[index] = low, high

    def _solved(self) -> tuple[Values, float]:
        """Solve and return columns and objective, once they keep within the rows as stated."""
        self.highs.run()
        if not self._holds():
            self.highs.clearSolver()  # from nothing: a basis that has seen many cuts may have grown inexact
            self.highs.run()
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Infeasible(self.conflict())
        if status != highspy.HighsModelStatus.kOptimal:
            name = self.highs.modelStatusToString(status)
            raise SolverError(_("the master problem stopped without an optimum: {status}").format(status=name))
        if (broken := self._broken()) > ACCURACY:
            raise SolverError(_("the master problem's answer breaks its own rows by {size:.1e}").format(size=broken))
        solution = self.highs.getSolution()
        value = np.asarray(solution.col_value)
        dual, reduced = np.asarray(solution.row_dual), np.asarray(solution.col_dual)
        self.dual, self.reduced = dual, reduced
        return value, float(self.highs.getInfo().objective_function_value)

    def _holds(self) -> bool:
        """Return whether the solver stopped at an optimum that keeps to its rows."""
        return self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal and self._broken() <= ACCURACY

    def _broken(self) -> float:
        """Return the largest violation of the solver's answer, relative to the magnitude of what is compared."""
        solution = self.highs.getSolution()
        answer = (np.asarray(each) for each in (solution.col_value, solution.row_dual, solution.col_dual))
        return violations(self.stated, *answer, whole=True)["primal"]

    def _read(self, value: Values, integral: bool) -> Decision:
        """Return the decision in the columns' values."""
        at = self.layout
        build = np.clip(value[: self.n_build], 0.0, 1.0)
        if integral:
            build = np.where(at.whole, np.round(build), build)
        level = np.maximum(value[at.at_stock : at.at_theta], 0.0)
        stock = at.bought_in_time(level.reshape(len(at.before), at.n_programme))
        excess = value[at.at_excess : at.at_eta] * UNIT
        return Decision(build, stock, excess, float(value[at.at_eta]) if at.risky else 0.0)

    def forced(self, at: int, share: float, gap: float) -> float:
        """Return a bound on what any decision brings that builds this share of a project, MUSD; -inf: none may."""
        fixed = np.full(self.n_build, np.nan)
        fixed[at] = share
        try:
            return self.propose(whole=True, fixed=fixed, gap=gap / 4).bound
        except Infeasible:
            return -np.inf
        finally:
            phases.solved()

    def exclude(self, build: Values) -> None:
        """``sum_chosen (1 - x) + sum_others x >= 1``: not this choice of whole projects again."""
        on = np.nonzero(self.layout.whole & (self.most[: self.n_build] > 0))[0].astype(np.int32)
        value = np.where(build[on] > 0.5, -1.0, 1.0)
        low = np.array([1.0 - float((build[on] > 0.5).sum())])
        self._add_rows(low, np.array([FREE]), value, on, np.array([0, len(on)], dtype=np.int32))

    def leave_out(self, build: Values) -> None:
        """``sum_chosen (1 - x) >= 1``: neither this choice of whole projects again nor one with more beside it."""
        on = np.nonzero(self.layout.whole & (self.most[: self.n_build] > 0) & (build > 0.5))[0].astype(np.int32)
        if not len(on):
            return self.exclude(build)
        self._add_rows(np.array([1.0 - len(on)]), np.array([FREE]), np.full(len(on), -1.0), on,
                       np.array([0, len(on)], dtype=np.int32))  # fmt: skip

    def shadow_prices(self, build: Values) -> dict[str, float]:
        """Return what one more unit of each purse (MUSD) or cap would bring, MUSD, with the projects as they are."""
        self.propose(whole=False, fixed=build)
        return {name: float(sum(self.dual[row] for row in rows)) for name, rows in self.limit_rows.items()}

    def nothing(self) -> Decision:
        """Return the decision to do nothing."""
        stock = np.zeros((len(self.layout.before), self.layout.n_programme))
        return Decision(np.zeros(self.n_build), stock, np.zeros(self.layout.n_excess))

    def admits(self, decision: Decision) -> bool:
        """Return whether a decision is whole where it must be, and keeps within purses, caps and bounds."""
        point = np.concatenate([decision.build, decision.stock.ravel()])
        free = decision.build[self.layout.whole]
        if np.abs(free - np.round(free)).max(initial=0.0) > 1e-9 or (point > self.most * (1 + 1e-9) + 1e-6).any():
            return False
        rows, decided = self.first_rows, self.layout.at_theta
        entries = sp.csr_array((np.abs(rows.data), rows.indices, rows.indptr), shape=rows.shape)
        sums, size = rows[:, :decided] @ point, entries[:, :decided] @ np.abs(point)
        own = entries[:, decided:].sum(axis=1) == 0  # rows that speak of decisions alone
        room = 1e-7 * (1.0 + size)
        low, high = self.stated.low[: len(sums)], self.stated.high[: len(sums)]
        return not bool((own & ((sums < low - room) | (sums > high + room))).any())

    def value(self, decision: Decision, worths: Mapping[int, Worth]) -> float:
        """Return what a decision brings over doing nothing under the functional, MUSD."""
        return self.outcomes.value(decision, worths, self.task.risk) - self.idle

    def conflict(self) -> str:
        """Return which limits cannot hold together, in the case's words."""
        names = self._conflicting()
        if not names:
            return _("no decision keeps within all limits")
        return _("these cannot hold together: {names} -> raise or drop one of them").format(names="; ".join(names))

    def _conflicting(self) -> list[str]:
        """Return the rows of an irreducible infeasible set, in the case's words."""
        known = {row: _("{name} of {limit:,.1f}").format(name=self._said(name, until), limit=self.stated.high[row])
                 for name, rows in self.limit_rows.items()
                 for row, until in zip(rows, (x.until for x in self.task.limits[name]), strict=True)}  # fmt: skip
        known |= {row: _("at least {least:,.1f} of {what}").format(least=least, what=what)
                  for row, (what, least) in self.demanded.items()}  # fmt: skip
        kinds = np.zeros(self.n_build, dtype=np.uint8)
        self.highs.changeColsIntegrality(self.n_build, np.arange(self.n_build, dtype=np.int32), kinds)
        strategy = highspy.IisStrategy
        self.highs.setOptionValue(
            "iis_strategy", int(strategy.kIisStrategyFromLp) + int(strategy.kIisStrategyIrreducible)
        )
        _status, found = self.highs.getIis()
        return [known[row] for row in sorted(set(found.row_index_) & set(known))]

    @staticmethod
    def _said(name: str, until: int) -> str:
        kind, _sign, rest = name.partition("_")
        if kind != "purse":
            return _("cap `{cap}`").format(cap=rest)
        return _("the purse to {year}, MUSD,").format(year=until) if until else _("the purse, MUSD,")
