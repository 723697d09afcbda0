"""No set of measures takes more from a participant: a relaxation of who chooses and of how the market answers.

The adversary's problem is ``max_z benefit lost by the participant in x*(z)``, ``z`` binary, ``sum z <= k``, ``x*(z)``
the market's optimum under the measures chosen. Relaxed: ``0 <= z <= 1``, and any ``x`` that the measures allow
instead of the optimum, as long as it loses the world no more than an optimum could,

``c'x >= V(all)``,  ``c'x >= V(all but i) - (V(all but i) - V(all)) z_i`` for every ``i``,

``V`` with strategic stocks locked up. Both hold for the optimum of every set: measures only tighten bounds, so the
world is never better off with more of them; where measure ``i`` is not taken, the others together are the worst case.
(Stocks locked, because a measure may open them; the optimum may use them and is then better still.) Every date is known
to the market: the program of all months at once.

Source: the high-point relaxation with value-function cuts of bilevel programming (Moore and Bard 1990; Lozano and Smith
2017).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
import scipy.sparse as sp

from didymium.case.network import positions
from didymium.faults import SolverError
from didymium.market.blocks import Arrays
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.program import Program, build
from didymium.market.solve import Instance
from didymium.market.stocks import most_released
from didymium.market.tree import months
from didymium.messages import _
from didymium.shock.harm import listed, only
from didymium.silent import silent_highs

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario


class Game:
    """The months of a scenario as one program, under any set of its measures.

    Parameters
    ----------
    case, market, scenario, options
        What the adversary may choose from, and the market that answers.
    participant : str
        Whom he wants to hurt.
    """

    def __init__(
        self, case: cases.Case, market: Market, scenario: Scenario, participant: str, options: Options
    ) -> None:  # fmt: skip
        self.case, self.market, self.scenario, self.options = case, market, scenario, options
        self.names = listed(scenario)
        self.rate = case.assumption("a_discount_rate")
        self.instance = Instance(self.program(()))
        block = self.instance.program.model.columns["served_segment"]
        region = market.network.uses["region"].reindex(block.coords[0]).to_numpy()
        self.mine = block.positions()[region == participant].ravel()
        self.base = self.benefit(())

    def program(self, chosen: tuple[int, ...]) -> Program:
        """Return the program under a set of measures."""
        story = only(self.scenario, [self.names[at] for at in chosen])
        tree = months(story.start, story.months, story, self.rate)
        return build(self.case, tree, self.options, self.market)

    def benefit(self, chosen: tuple[int, ...]) -> float:
        """Return the benefit of the participant's users in the optimum of a set, kUSD."""
        self.instance.become(self.program(chosen))
        raw = self.instance.run()
        return float(raw.primal[self.mine] @ self.instance.stated.cost[self.mine])

    def value(self, chosen: tuple[int, ...]) -> float:
        """``V``: the world's objective under a set with strategic stocks locked up, kUSD."""
        self.instance.become(self.program(chosen))
        stocks = self.instance.program.parts.stocks
        if len(stocks):
            block = self.instance.program.model.columns["release"]
            locked = np.zeros(block.shape, dtype=bool)
            years = self.instance.program.parts.tree.years()
            self.instance.bound("release", None, most_released(stocks, locked, years))
        return self.instance.run().objective

    def bound(self, count: int) -> float:
        """Return the most benefit that a set of ``count`` measures can take from the participant's users, kUSD."""
        every = tuple(range(len(self.names)))
        lowest = self.value(every)
        without = [self.value(tuple(at for at in every if at != i)) for i in every]
        program = self.program(())
        arrays = program.model.finish()
        rows, sides = self._measured(program, arrays)
        columns, size = arrays.matrix.shape[1], len(every)
        # Columns: the market's, one z for each measure, and w = c'x.
        cost = np.zeros(columns + size + 1)
        cost[self.mine] = -arrays.cost[self.mine]
        lower = np.concatenate([arrays.lower, np.zeros(size), [-np.inf]])
        upper = np.concatenate([arrays.upper, np.ones(size), [np.inf]])
        release = program.model.columns.get("release")
        if release is not None:
            opened = np.ones(release.shape, dtype=bool)
            upper[release.positions()] = most_released(program.parts.stocks, opened, program.parts.tree.years())
        market = sp.hstack([arrays.matrix, sp.csr_array((arrays.matrix.shape[0], size + 1))])
        world = sp.csr_array(np.concatenate([arrays.cost, np.zeros(size), [-1.0]])[None, :])
        few = sp.csr_array(np.concatenate([np.zeros(columns), np.ones(size), [0.0]])[None, :])
        slopes = np.array(without) - lowest
        cuts = np.hstack([np.diag(slopes), np.ones((size, 1))])
        cut_rows = sp.hstack([sp.csr_array((size, columns)), sp.csr_array(cuts)])
        matrix = sp.csr_array(sp.vstack([market, rows, world, few, cut_rows]))
        allowance = 1e-7 * abs(lowest)
        low = np.concatenate([arrays.low, np.full(len(sides), -np.inf), [0.0], [-np.inf],
                              np.maximum(lowest, without) - allowance])  # fmt: skip
        lower[-1] = lowest - allowance
        high = np.concatenate([arrays.high, sides, [0.0], [float(count)], np.full(size, np.inf)])
        highs = silent_highs()
        highs.passModel(
            matrix.shape[1], matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMaximize), 0.0, cost, lower, upper, low, high, matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32), matrix.data, np.zeros(matrix.shape[1], dtype=np.int32),
        )  # fmt: skip
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(_("the bound on the worst case was not solved: {status}").format(
                status=highs.modelStatusToString(highs.getModelStatus())))  # fmt: skip
        return self.base + float(highs.getInfo().objective_function_value)

    def _measured(self, program: Program, arrays: Arrays) -> tuple[sp.csr_array, np.ndarray]:
        """``y + (U - b_i) z_i <= U`` on every route and month that measure ``i`` bounds by ``b_i``; plants alike."""
        columns = arrays.matrix.shape[1]
        ship = program.model.columns["ship"].positions()
        most = self._most(program)
        plants = program.parts.conditions.capacity
        data: list[float] = []
        at_row: list[int] = []
        at_column: list[int] = []
        sides: list[float] = []

        def add(column: np.ndarray, gap: float, measure: int, side: float) -> None:
            row = len(sides)
            data.extend([1.0] * len(column) + [gap])
            at_row.extend([row] * (len(column) + 1))
            at_column.extend([*column, columns + measure])
            sides.append(side)

        activity = program.model.columns["activity"].positions()
        facility = self.market.network.activities["facility"]
        for measure in range(len(self.names)):
            under = self.program((measure,)).parts.conditions
            for route, node in zip(*np.nonzero(np.isfinite(under.ship_bound)), strict=True):
                bound = under.ship_bound[route, node]
                upper = max(most[route, node], bound)
                add(np.array([ship[route, node]]), upper - bound, measure, upper)
            for plant, node in zip(*np.nonzero(under.capacity < plants - 1e-12), strict=True):
                name = self.market.network.facilities.index[plant]
                mine = activity[(facility == name).to_numpy(), node]
                add(mine, plants[plant, node] - under.capacity[plant, node], measure, plants[plant, node])
        shape = (len(sides), columns + len(self.names) + 1)
        return sp.csr_array((data, (at_row, at_column)), shape=shape), np.array(sides)

    def _most(self, program: Program) -> np.ndarray:
        """Return the most that can go on each route in a month: output at capacity, stock and what is under way."""
        network, held = self.market.network, program.parts.conditions
        terms = network.terms[network.terms["coefficient"].gt(0)]
        plant = positions(network.facilities.index, terms["activity"].map(network.activities["facility"]))
        made = np.zeros((len(network.markets), held.capacity.shape[1]))
        np.add.at(made, positions(network.markets.index, terms["market"]),
                  terms["coefficient"].to_numpy(float)[:, None] * held.capacity[plant])  # fmt: skip
        stocks = program.parts.stocks
        np.add.at(made, positions(network.markets.index, stocks["market"]), program.parts.stock_start()[:, None])
        tail = positions(network.markets.index, network.routes["tail"])
        # What is stocked or brought in may be kept and sent later, so months add up; without transit only own output.
        return np.asarray(np.cumsum(made, axis=1)[tail] + self._under_way(program)[tail])

    def _under_way(self, program: Program) -> np.ndarray:
        from didymium.market.laws import known_arrivals

        return np.asarray(np.cumsum(known_arrivals(program.parts), axis=1))


def bounded(
    case: cases.Case, market: Market, scenario: Scenario, participant: str, count: int, top: tuple[int, ...],
    options: Options,
) -> tuple[float, float]:  # fmt: skip
    """Return the benefit that a set takes from a participant's users, and the most that any of its size can, MUSD."""
    game = Game(case, market, scenario, participant, replace(options, curves="segments"))
    return (game.base - game.benefit(top)) / 1000.0, game.bound(count) / 1000.0
