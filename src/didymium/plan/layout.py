"""The master before any cut: where each decision stands among its columns, and the rows that bind them together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from didymium.market.blocks import Arrays
from didymium.plan.recourse import TAIL
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from didymium.market.rules import Limit
    from didymium.plan.pieces import Pieces
    from didymium.plan.recourse import Job
    from didymium.plan.risk import Outcomes
    from didymium.plan.task import Task

Values = npt.NDArray[np.float64]

FREE = np.inf

Row = tuple[dict[int, float], float, float]
"""Coefficients by column, least and most."""


class Layout:
    """Where every column of the master stands: build, stock, theta, excess elsewhere, value at risk, losses beyond it.

    Parameters
    ----------
    pieces : Pieces
        The pieces.
    task : Task
        What is asked.
    outcomes : Outcomes
        The stories' ways through the pieces.
    """

    def __init__(self, pieces: Pieces, task: Task, outcomes: Outcomes) -> None:
        self.pieces, self.task, self.outcomes = pieces, task, outcomes
        self.n_build, self.n_programme = len(task.projects), len(task.stock_most)
        self.n_stock = len(pieces.before) * self.n_programme
        self.at_stock = self.n_build
        self.at_theta = self.at_stock + self.n_stock
        self.at_excess = self.at_theta + len(outcomes.jobs)
        self.n_excess = sum(len(job.excess) for job in outcomes.jobs)
        self.risky = task.risk > 0.0
        self.at_eta = self.at_excess + self.n_excess
        self.at_beyond = self.at_eta + int(self.risky)
        self.columns = self.at_beyond + (len(outcomes.plain) if self.risky else 0)
        parent = pieces.unfolded.tree.nodes["parent"].to_numpy(int)
        place = {node: at for at, node in enumerate(pieces.before)}
        self.before = np.array([place.get(int(parent[node]), -1) for node in pieces.before], dtype=int)
        self.bought = pieces.unfolded.tree.years()[pieces.before][:, None] * task.stock_year
        self.most = np.concatenate([np.where(task.allowed, 1.0, 0.0), np.tile(task.stock_most, len(self.before))])
        self.whole = np.array([project.whole for project in task.projects], dtype=bool)

    def stock(self, node: int, programme: int) -> int:
        """Return the column of a strategic stock at the end of a calm node."""
        return self.at_stock + node * self.n_programme + programme

    def slope(
        self, job: Job, slopes: tuple[Values, Values, Values, Values], there: tuple[Values, Values, Values]
    ) -> tuple[np.ndarray, Values, Values]:
        """Return columns and slopes of a cut, and the decision where it was made.

        Parameters
        ----------
        job : Job
            The piece.
        slopes : tuple of array
            By project, by stock at the beginning, by stock at the end, by loss elsewhere; kUSD by unit of each.
        there : tuple of array
            Built shares, stocks and losses elsewhere (kUSD) of the decision.
        """
        build, first, final, excess = slopes
        shares, level, lost = there
        columns, slope, point = [np.arange(self.n_build)], [build], [shares]
        programmes = np.arange(self.n_programme)
        for at, own in ((job.above, first), (job.own, final)):
            if len(own):
                columns.append(self.at_stock + at * self.n_programme + programmes)
                slope.append(own)
                point.append(level[at])
        if len(excess):
            columns.append(self.at_excess + job.exits_from + np.arange(len(excess)))
            slope.append(excess * UNIT)
            point.append(lost[job.exits_from : job.exits_from + len(excess)] / UNIT)
        return np.concatenate(columns), np.concatenate(slope), np.concatenate(point)

    def arrays(self) -> tuple[Arrays, dict[str, list[int]]]:
        """Return the master without cuts, and the rows of each purse and cap."""
        task, outcomes = self.task, self.outcomes
        cost, lower, upper = np.zeros(self.columns), np.zeros(self.columns), np.full(self.columns, FREE)
        upper[: self.at_theta] = self.most
        cost[: self.n_build] = -(1.0 - task.risk) * outcomes.charge
        cost[self.at_theta : self.at_excess] = outcomes.probability * np.where(outcomes.several, 1.0, 1.0 - task.risk)
        lower[self.at_theta : self.at_beyond] = -FREE
        if self.risky:
            cost[self.at_eta] = -task.risk
            cost[self.at_beyond :] = -task.risk / TAIL * outcomes.share[outcomes.plain]
        whole = np.zeros(self.columns, dtype=np.int32)
        whole[: self.n_build] = self.whole
        rows = list(self._buying())
        limit_rows: dict[str, list[int]] = {}
        for name, group in task.limits.items():
            for limit in group:
                limit_rows.setdefault(name, []).append(len(rows))
                unit = UNIT if name.startswith("purse_") else 1.0
                rows.append(({c: v / unit for c, v in self._spending(limit).items()}, -FREE, limit.limit / unit))
        rows += self._once()
        if self.risky:
            rows += self._losses()
        data = np.array([v for row, _low, _high in rows for v in row.values()])
        index = np.array([c for row, _low, _high in rows for c in row], dtype=np.int32)
        starts = np.concatenate([[0], np.cumsum([len(row) for row, _low, _high in rows])]).astype(np.int32)
        matrix = sp.csr_array((data, index, starts), shape=(len(rows), self.columns))
        low, high = (np.array([row[side] for row in rows], dtype=float) for side in (1, 2))
        return Arrays(cost, lower, upper, whole, low, high, matrix), limit_rows

    def _buying(self) -> Iterator[Row]:
        """``0 <= level - level before <= most bought in a year x years``, by calm node and programme."""
        for at, above in enumerate(self.before):
            for h in np.nonzero(self.task.stock_most > 0)[0].tolist():
                row = {self.stock(at, h): 1.0} | ({self.stock(above, h): -1.0} if above >= 0 else {})
                yield row, 0.0, float(self.bought[at, h])

    def bought_in_time(self, level: Values) -> Values:
        """Return levels by calm node and programme that keep to what may be bought: exactly, not but for rounding.

        The solver keeps to a row within a tolerance. A piece is told its levels, and may have no way to reach one that
        lies beyond by more than that.
        """
        kept = level.copy()
        for at, above in enumerate(self.before):  # parents first
            start = kept[above] if above >= 0 else 0.0
            kept[at] = np.clip(kept[at], start, start + self.bought[at])
        return kept

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
            row[self.stock(at, h)] = row.get(self.stock(at, h), 0.0) + price
            if self.before[at] >= 0:
                above = self.stock(int(self.before[at]), h)
                row[above] = row.get(above, 0.0) - price
        return {column: value for column, value in row.items() if value != 0.0}

    def _once(self) -> Iterator[Row]:
        """State that no path builds a project twice."""
        by_facility: dict[str, list[int]] = {}
        for at, project in enumerate(self.task.projects):
            by_facility.setdefault(project.facility, []).append(at)
        done: set[tuple[int, ...]] = set()
        several = [own for own in by_facility.values() if len(own) > 1]
        nodes = [None if x.nodes is None else frozenset(x.nodes) for x in self.task.projects]
        for path in self.pieces.unfolded.paths if several else []:
            on = [mine is None or not mine.isdisjoint(path) for mine in nodes]
            for own in several:
                seen = tuple(at for at in own if on[at])
                if len(seen) > 1 and seen not in done:
                    done.add(seen)
                    yield dict.fromkeys(seen, 1.0), -FREE, 1.0

    def _losses(self) -> Iterator[Row]:
        """State losses, MUSD: what a path is worth less than the best path of doing nothing."""
        outcomes = self.outcomes
        plain = {s: at for at, s in enumerate(outcomes.plain)}
        for s, path in enumerate(outcomes.paths):
            row = {self.at_theta + at: 1.0 for at in path}
            row |= {at: -c for at, c in enumerate(outcomes.path_charge[s]) if c != 0.0}
            row[self.at_eta] = 1.0
            if s in plain:
                yield row | {self.at_beyond + plain[s]: 1.0}, (outcomes.best - outcomes.idle[s]) / UNIT, FREE
                continue
            at, way = outcomes.split(s)
            # c = loss elsewhere - eta, counted from the piece's own worth of doing nothing.
            row.pop(self.at_theta + at)
            elsewhere = (outcomes.best - (outcomes.idle[s] - outcomes.base[at])) / UNIT
            yield row | {self.at_excess + outcomes.jobs[at].exits_from + way: 1.0}, elsewhere, elsewhere
