"""The master problem: all decisions of all nodes, and what the pieces have told about their worth so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.market.blocks import Arrays
from didymium.market.checks import ACCURACY, violations
from didymium.market.laws import Limit
from didymium.market.solve import hand_over
from didymium.messages import _
from didymium.plan.recourse import TAIL, Decision, Job, Worth

if TYPE_CHECKING:
    from didymium.market.options import Project
    from didymium.plan.pieces import Pieces

Values = npt.NDArray[np.float64]

UNIT = 1000.0
"""kUSD in the master's unit of money, MUSD: its numbers stay near one."""

_NOISE = 2e-6
"""Slopes below this (kUSD by tonne, or by project) are rounding, and less than the solver takes."""

_FREE = np.inf


class Proposal(NamedTuple):
    """What the master proposes: a decision, what it hopes for (MUSD), and a bound on what any decision can bring."""

    decision: Decision
    hoped: float
    bound: float
    whole: bool


@dataclass(frozen=True)
class Target:
    """A stock that there has to be.

    Parameters
    ----------
    said : str
        What it is of, in the case's words.
    programmes : tuple of int
        Strategic stocks that count.
    node : int
        Position of the calm node at whose end they do.
    least : float
        Amount, t.
    """

    said: str
    programmes: tuple[int, ...]
    node: int
    least: float


@dataclass(frozen=True)
class Task:
    """What is asked of the master.

    Parameters
    ----------
    projects : tuple of Project
        What may be decided, in the order of the options.
    allowed : array of bool
        Which of them this coalition may decide.
    charge : array, projects x nodes
        Capital written off in a node, kUSD, discounted.
    limits : dict of str to list of Limit
        Purses and caps along the paths.
    stock_most, stock_year : array
        Largest level and most bought in a year, t, by programme; 0 where the coalition may not buy.
    risk : float
        Weight of the conditional value at risk, 0 to 1.
    targets : tuple of Target
        Stocks that there have to be.
    """

    projects: tuple[Project, ...]
    allowed: npt.NDArray[np.bool_]
    charge: Values
    limits: dict[str, list[Limit]]
    stock_most: Values
    stock_year: Values
    risk: float = 0.0
    targets: tuple[Target, ...] = ()


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
        What doing nothing is worth in each piece: all worths are counted from there.
    story : int, optional
        The only story that may happen: what one would decide who knew it.
    """

    def __init__(
        self, pieces: Pieces, found: Sequence[Job], task: Task, base: Mapping[int, Worth], story: int | None = None
    ) -> None:
        self.pieces, self.jobs, self.task = pieces, list(found), task
        self.base = np.array([base[job.at].value for job in found])
        unfolded = pieces.unfolded
        tree = unfolded.tree
        self.probability = np.array([s.piece.probability for s in pieces.stated])
        self.several = np.array([len(job.excess) > 0 for job in found])
        node_piece = np.empty(len(tree), dtype=int)
        for at, stated in enumerate(pieces.stated):
            for copy in stated.piece.copies:
                node_piece[list(copy)] = at
        share = tree.nodes["probability"].to_numpy(float)
        self.paths = [list(dict.fromkeys(node_piece[path].tolist())) for path in unfolded.paths]
        self.story_share = np.array([story.probability for story in unfolded.stories])
        self.path_charge = np.array([task.charge[:, path].sum(axis=1) for path in unfolded.paths]) / UNIT
        self.charge = task.charge @ share / UNIT
        self.path_base = np.array([self.base[path].sum() for path in self.paths])
        self.pieces_asked = list(range(len(found)))
        if story is not None:
            self.pieces_asked = self.paths[story]
            self.probability = np.bincount(self.paths[story], minlength=len(found)).astype(float)
            self.charge = self.path_charge[story]
            self.paths, self.path_charge = [self.paths[story]], self.path_charge[[story]]
            self.path_base, self.story_share = self.path_base[[story]], np.ones(1)
        self._lay_out()
        self.best = float(self.path_base[self.plain or list(range(len(self.paths)))].max())
        self.highs: Any = hand_over(self._arrays())
        for option, value in (("mip_rel_gap", 0.0), ("mip_feasibility_tolerance", 1e-9)):
            self.highs.setOptionValue(option, value)
        self.cuts = 0
        self.demanded: dict[int, tuple[str, float]] = {}
        self._demand()
        self.first_rows = self.stated.matrix
        self.dual = self.reduced = np.zeros(0)
        self.heard: list[tuple[Decision, dict[int, Worth]]] | None = None

    def _lay_out(self) -> None:
        """Give every column its place: build, stock, theta, excess elsewhere, value at risk, and losses beyond it."""
        task, nodes = self.task, self.pieces.before
        self.n_build, self.n_programme = len(task.projects), len(task.stock_most)
        self.n_stock = len(nodes) * self.n_programme
        self.at_stock = self.n_build
        self.at_theta = self.at_stock + self.n_stock
        self.at_excess = self.at_theta + len(self.jobs)
        self.n_excess = sum(len(job.excess) for job in self.jobs)
        self.risky = task.risk > 0.0
        self.plain = [s for s, path in enumerate(self.paths) if not any(self.several[at] for at in path)]
        self.at_eta = self.at_excess + self.n_excess
        self.at_beyond = self.at_eta + int(self.risky)
        self.columns = self.at_beyond + (len(self.plain) if self.risky else 0)
        parent = self.pieces.unfolded.tree.nodes["parent"].to_numpy(int)
        place = {node: at for at, node in enumerate(nodes)}
        self.before = np.array([place.get(int(parent[node]), -1) for node in nodes], dtype=int)

    def _arrays(self) -> Arrays:
        task = self.task
        cost, lower = np.zeros(self.columns), np.zeros(self.columns)
        upper = np.full(self.columns, _FREE)
        years = self.pieces.unfolded.tree.years()
        self.most = np.concatenate([np.where(task.allowed, 1.0, 0.0), np.tile(task.stock_most, len(self.before))])
        upper[: self.at_theta] = self.most
        cost[: self.n_build] = -(1.0 - task.risk) * self.charge
        theta = slice(self.at_theta, self.at_excess)
        cost[theta] = self.probability * np.where(self.several, 1.0, 1.0 - task.risk)
        lower[theta] = -_FREE
        lower[self.at_excess : self.at_beyond] = -_FREE
        if self.risky:
            cost[self.at_eta] = -task.risk
            cost[self.at_beyond :] = -task.risk / TAIL * self.story_share[self.plain]
        whole = np.zeros(self.columns, dtype=np.int32)
        whole[: self.n_build] = [project.whole for project in task.projects]
        self.whole = whole.astype(bool)
        rows: list[dict[int, float]] = []
        low: list[float] = []
        high: list[float] = []

        def state(row: dict[int, float], least: float, most: float) -> None:
            rows.append(row)
            low.append(least)
            high.append(most)

        for at, above in enumerate(self.before):
            for h in np.nonzero(task.stock_most > 0)[0].tolist():
                row = {self._stock(at, h): 1.0} | ({self._stock(above, h): -1.0} if above >= 0 else {})
                state(row, 0.0, float(task.stock_year[h] * years[self.pieces.before[at]]))
        self.limit_rows: dict[str, list[int]] = {}
        for name, group in task.limits.items():
            for limit in group:
                self.limit_rows.setdefault(name, []).append(len(rows))
                unit = UNIT if name.startswith("purse_") else 1.0
                state({c: v / unit for c, v in self._spending(limit).items()}, -_FREE, limit.limit / unit)
        self._once(state)
        if self.risky:
            self._losses(state)
        lengths = [len(row) for row in rows]
        data = np.array([v for row in rows for v in row.values()])
        index = np.array([c for row in rows for c in row], dtype=np.int32)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        matrix = sp.csr_array((data, index, starts), shape=(len(rows), self.columns))
        self.stated = Arrays(cost, lower, upper, whole, np.array(low), np.array(high), matrix)
        return self.stated

    def _demand(self) -> None:
        """State the targets: ``sum_h stock[h, n] >= target`` at the last calm node before a day."""
        for target in self.task.targets:
            row = {self._stock(target.node, h): 1.0 for h in target.programmes}
            index, value = np.array(list(row), dtype=np.int32), np.array(list(row.values()))
            at = self.highs.getNumRow()
            self.highs.addRow(target.least, _FREE, len(index), index, value)
            start = np.array([0, len(index)], dtype=np.int32)
            self.stated = self.stated.with_rows(np.array([target.least]), np.array([_FREE]), (value, index, start))
            self.demanded[at] = (target.said, target.least)

    def _stock(self, node: int, programme: int) -> int:
        return self.at_stock + node * self.n_programme + programme

    def _spending(self, limit: Limit) -> dict[int, float]:
        """Return a purse's or cap's row: buying is the difference of two levels."""
        label = {project.label: at for at, project in enumerate(self.task.projects)}
        row: dict[int, float] = {label[name]: amount for name, amount in limit.build.items() if name in label}
        node_at = {node: at for at, node in enumerate(self.pieces.before)}
        programme = {f"programme|{x.market}": at for at, x in enumerate(self.pieces.programmes)}
        for (stock, node), price in limit.fill.items():
            if node not in node_at:
                continue
            at, h = node_at[node], programme[stock]
            row[self._stock(at, h)] = row.get(self._stock(at, h), 0.0) + price
            if self.before[at] >= 0:
                above = self._stock(int(self.before[at]), h)
                row[above] = row.get(above, 0.0) - price
        return {column: value for column, value in row.items() if value != 0.0}

    def _once(self, state: Any) -> None:
        """State that no path builds a project twice."""
        by_facility: dict[str, list[int]] = {}
        for at, project in enumerate(self.task.projects):
            by_facility.setdefault(project.facility, []).append(at)
        done: set[tuple[int, ...]] = set()
        for own in by_facility.values():
            if len(own) < 2:
                continue
            for path in self.pieces.unfolded.paths:
                on = set(path)
                nodes = [self.task.projects[at].nodes for at in own]
                seen = tuple(at for at, mine in zip(own, nodes, strict=True) if mine is None or on & set(mine))
                if len(seen) > 1 and seen not in done:
                    done.add(seen)
                    state(dict.fromkeys(seen, 1.0), -_FREE, 1.0)

    def _losses(self, state: Any) -> None:
        """State losses, MUSD: what a path is worth less than the best path of doing nothing."""
        best = self.best
        plain = {s: at for at, s in enumerate(self.plain)}
        for s, path in enumerate(self.paths):
            lost = (best - self.path_base[s]) / UNIT
            row = {self.at_theta + at: 1.0 for at in path}
            row |= {at: -c for at, c in enumerate(self.path_charge[s]) if c != 0.0}
            row[self.at_eta] = 1.0
            several = [at for at in path if self.several[at]]
            if s in plain:
                state(row | {self.at_beyond + plain[s]: 1.0}, lost, _FREE)
                continue
            job = self.jobs[several[0]]
            if len(several) > 1:
                raise SolverError(_("a story passes two cuts that may last: risk is not counted on such a tree"))
            way = self._exit(s, several[0])
            # c = loss elsewhere - eta, counted from the piece's own worth of doing nothing.
            row.pop(self.at_theta + several[0])
            elsewhere = (best - (self.path_base[s] - self.base[several[0]])) / UNIT
            column = self.at_excess + job.exits_from + way
            state(row | {column: 1.0}, elsewhere, elsewhere)

    def _exit(self, story: int, piece: int) -> int:
        path = set(self.pieces.unfolded.paths[story])
        exits = self.pieces.stated[piece].piece.exits
        return next(at for at, node in enumerate(exits) if node in path)

    def add(self, there: Decision, worths: Mapping[int, Worth]) -> None:
        """Add what the pieces told about a decision: one cut by piece."""
        data: list[Values] = []
        index: list[np.ndarray] = []
        high = []
        for at, worth in sorted(worths.items()):
            if self.probability[at] == 0.0 and not self.risky:
                continue
            job = self.jobs[at]
            columns, slope, point = self._slope(job, worth, there)
            kept = np.abs(slope) > _NOISE
            data.append(np.concatenate([[1.0], -slope[kept] / UNIT]))
            index.append(np.concatenate([[self.at_theta + at], columns[kept]]).astype(np.int32))
            high.append((worth.value - self.base[at] - float(slope[kept] @ point[kept])) / UNIT)
        starts = np.cumsum([0, *(len(each) for each in data)]).astype(np.int32)
        low, upper = np.full(len(high), -_FREE), np.array(high)
        value, column = np.concatenate(data), np.concatenate(index)
        status = self.highs.addRows(len(high), low, upper, len(value), starts[:-1], column, value)
        if status != highspy.HighsStatus.kOk:
            raise SolverError(_("the solver refused a change of {name}").format(name=_("the master problem")))
        self.stated = self.stated.with_rows(low, upper, (value, column, starts))
        self.cuts += len(high)

    def _slope(self, job: Job, worth: Worth, there: Decision) -> tuple[np.ndarray, Values, Values]:
        columns = [np.arange(self.n_build)]
        slope, point = [worth.build], [there.build]
        programmes = np.arange(self.n_programme)
        if len(worth.first):
            columns.append(self.at_stock + job.above * self.n_programme + programmes)
            slope.append(worth.first)
            point.append(there.stock[job.above])
        if len(worth.final):
            columns.append(self.at_stock + job.own * self.n_programme + programmes)
            slope.append(worth.final)
            point.append(there.stock[job.own])
        if len(worth.excess):
            columns.append(self.at_excess + job.exits_from + np.arange(len(worth.excess)))
            slope.append(worth.excess * UNIT)
            point.append(there.excess[job.exits_from : job.exits_from + len(worth.excess)] / UNIT)
        return np.concatenate(columns), np.concatenate(slope), np.concatenate(point)

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
        low, high = np.zeros(self.at_theta), self.most.copy()
        if near is not None:
            middle = np.concatenate([near.build, near.stock.ravel()])
            low = np.maximum(low, middle - reach * self.most)
            high = np.minimum(high, middle + reach * self.most)
            # The search for whole projects is not held back: only amounts are.
            if whole:
                low[: self.n_build][self.whole[: self.n_build]] = 0.0
                high[: self.n_build] = np.where(
                    self.whole[: self.n_build], self.most[: self.n_build], high[: self.n_build]
                )
        if fixed is not None:
            stands = np.isfinite(fixed)
            low[: self.n_build][stands] = high[: self.n_build][stands] = fixed[stands]
        index = np.arange(self.at_theta, dtype=np.int32)
        self.highs.changeColsBounds(len(index), index, low, high)
        self.stated.lower[index], self.stated.upper[index] = low, high
        integral = whole and bool(self.whole.any())
        kinds = np.where(self.whole[: self.n_build] & integral, 1, 0).astype(np.uint8)
        self.highs.changeColsIntegrality(self.n_build, index[: self.n_build], kinds)
        self.highs.setOptionValue("mip_abs_gap", max(gap, 1e-9))
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
        info, solution = self.highs.getInfo(), self.highs.getSolution()
        value = np.asarray(solution.col_value)
        dual, reduced = np.asarray(solution.row_dual), np.asarray(solution.col_dual)
        self.dual, self.reduced = dual, reduced
        build = np.clip(value[: self.n_build], 0.0, 1.0)
        if integral:
            build = np.where(self.whole[: self.n_build], np.round(build), build)
        stock = np.maximum(value[self.at_stock : self.at_theta], 0.0).reshape(len(self.before), self.n_programme)
        excess = value[self.at_excess : self.at_eta] * UNIT
        at_risk = float(value[self.at_eta]) if self.risky else 0.0
        hoped = float(info.objective_function_value)
        bound = float(info.mip_dual_bound) if integral else hoped
        return Proposal(Decision(build, stock, excess, at_risk), hoped, bound, integral)

    def _holds(self) -> bool:
        """Return whether the solver stopped at an optimum that keeps to its rows."""
        return self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal and self._broken() <= ACCURACY

    def _broken(self) -> float:
        """Return the largest violation of the solver's answer, relative to the magnitude of what is compared."""
        solution = self.highs.getSolution()
        answer = (np.asarray(each) for each in (solution.col_value, solution.row_dual, solution.col_dual))
        return violations(self.stated, *answer, whole=True)["primal"]

    def forced(self, at: int, share: float, gap: float) -> float:
        """Return a bound on what any decision brings that builds this share of a project, MUSD; -inf: none may."""
        fixed = np.full(self.n_build, np.nan)
        fixed[at] = share
        try:
            return self.propose(whole=True, fixed=fixed, gap=gap / 4).bound
        except Infeasible:
            return -np.inf

    def exclude(self, build: Values) -> None:
        """``sum_chosen (1 - x) + sum_others x >= 1``: not this choice of whole projects again."""
        on = np.nonzero(self.whole[: self.n_build] & (self.most[: self.n_build] > 0))[0].astype(np.int32)
        value = np.where(build[on] > 0.5, -1.0, 1.0)
        low = np.array([1.0 - float((build[on] > 0.5).sum())])
        self.highs.addRow(low[0], _FREE, len(on), on, value)
        self.stated = self.stated.with_rows(low, np.array([_FREE]), (value, on, np.array([0, len(on)], dtype=np.int32)))

    def shadow_prices(self, build: Values) -> dict[str, float]:
        """Return what one more unit of each purse (MUSD) or cap would bring, MUSD, with the projects as they are."""
        self.propose(whole=False, fixed=build)
        return {name: float(sum(self.dual[row] for row in rows)) for name, rows in self.limit_rows.items()}

    def nothing(self) -> Decision:
        """Return the decision to do nothing."""
        return Decision(np.zeros(self.n_build), np.zeros((len(self.before), self.n_programme)), np.zeros(self.n_excess))

    def admits(self, decision: Decision) -> bool:
        """Return whether a decision is whole where it must be, and keeps within purses, caps and bounds."""
        point = np.concatenate([decision.build, decision.stock.ravel()])
        free = decision.build[self.whole[: self.n_build]]
        if np.abs(free - np.round(free)).max(initial=0.0) > 1e-9 or (point > self.most * (1 + 1e-9) + 1e-6).any():
            return False
        entries = sp.csr_array(
            (np.abs(self.first_rows.data), self.first_rows.indices, self.first_rows.indptr), shape=self.first_rows.shape
        )
        rows, size = self.first_rows[:, : self.at_theta] @ point, entries[:, : self.at_theta] @ np.abs(point)
        own = entries[:, self.at_theta :].sum(axis=1) == 0  # rows that speak of decisions alone
        room = 1e-7 * (1.0 + size)
        low, high = self.stated.low[: len(rows)], self.stated.high[: len(rows)]
        return not bool((own & ((rows < low - room) | (rows > high + room))).any())

    def value(self, decision: Decision, worths: Mapping[int, Worth]) -> float:
        """Return what a decision brings over doing nothing, less the risk that it leaves where risk counts, MUSD."""
        gained = np.zeros(len(self.jobs))
        gained[self.pieces_asked] = [worths[at].value - self.base[at] for at in self.pieces_asked]
        gained /= UNIT
        risk, paid = self.task.risk, float(self.charge @ decision.build)
        expected = float(self.probability[~self.several] @ gained[~self.several]) - paid
        if not self.risky:
            return expected
        losses = self.losses(decision, worths)
        if not self.several.any():
            return (1 - risk) * expected - risk * cvar(losses, self.story_share)
        beyond = np.maximum(losses[self.plain] - decision.at_risk, 0.0)
        return (
            (1 - risk) * expected
            + float(self.probability[self.several] @ gained[self.several])
            - risk * (decision.at_risk + float(self.story_share[self.plain] @ beyond) / TAIL)
        )

    def losses(self, decision: Decision, worths: Mapping[int, Worth]) -> Values:
        """Return the loss on each story's path, MUSD: against the best path of doing nothing, capital paid.

        Where a piece ends in several ways its part is left out.
        """
        worth = np.zeros(len(self.jobs))
        told = [at for at in self.pieces_asked if not self.several[at]]
        worth[told] = [worths[at].value for at in told]
        return np.array([
            (self.best - worth[path].sum()) / UNIT + float(self.path_charge[s] @ decision.build)
            for s, path in enumerate(self.paths)
        ])  # fmt: skip

    def elsewhere(self, decision: Decision, worths: Mapping[int, Worth]) -> Decision:
        """Return the decision with the losses that the stories bring to the pieces that end in several ways."""
        losses = self.losses(decision, worths)
        excess = decision.excess.copy()
        plain = set(self.plain)
        for s, path in enumerate(self.paths):
            if s not in plain:
                at = next(at for at in path if self.several[at])
                excess[self.jobs[at].exits_from + self._exit(s, at)] = (losses[s] - decision.at_risk) * UNIT
        return decision._replace(excess=excess)

    def conflict(self) -> str:
        """Return which limits cannot hold together, in the case's words."""
        names = self._conflicting()
        if not names:
            return _("no decision keeps within all limits")
        return _("these cannot hold together: {names} -> raise or drop one of them").format(names="; ".join(names))

    def _conflicting(self) -> list[str]:
        """Return the rows of an irreducible infeasible set, in the case's words."""
        known = {row: _("{name} of {limit:,.1f}").format(name=self._said(name), limit=self.stated.high[row])
                 for name, rows in self.limit_rows.items() for row in rows}  # fmt: skip
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
    def _said(name: str) -> str:
        kind, _sign, rest = name.partition("_")
        return _("the purse, MUSD,") if kind == "purse" else _("cap `{cap}`").format(cap=rest)


def cvar(losses: Values, share: Values, tail: float = TAIL) -> float:
    """``min_v v + sum_s p_s max(0, l_s - v) / a``: mean of the worst share ``a``.

    Rockafellar and Uryasev 2000 (Journal of Risk 2, 21-41), eq. 4.
    """
    order = np.argsort(losses)[::-1]
    weight = np.minimum(share[order], np.maximum(0.0, tail - np.cumsum(share[order]) + share[order]))
    return float((weight * losses[order]).sum() / tail)
