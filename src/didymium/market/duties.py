"""Duties at borders: a tariff or a minimum import price is a wedge that depends on the price, so it is iterated.

The program is linear in a wedge of USD/kg. The wedge is set, the market cleared, the wedge computed anew from the
prices, until it stays. The revenue is a transfer: it is reported, and no cost to the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from didymium.faults import SolverError
from didymium.market.solve import Instance, Solution, prices
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.restriction import Wedge
    from didymium.market.program import Parts

PASSES = 20
"""Passes after which a wedge that still moves is a fault."""

STAYS = 2e-3
"""Change of a wedge, relative to the value on arrival, below which it stays."""

STEADY = 4
"""Passes after which half of each step is taken: two prices that answer each other in turn meet in the middle."""

Array = npt.NDArray[np.float64]


def levied(p: Parts) -> list[tuple[Wedge, Array]]:
    """Return each wedge of the tree and the share of each node in which it is levied, routes x nodes."""
    routes = p.network.routes
    found: dict[Wedge, Array] = {}
    for node, ((first, last), scenario) in enumerate(zip(p.tree.dates(), p.tree.scenarios, strict=True)):
        for wedge in scenario.wedges if scenario else ():
            days = (min(wedge.end or last, last) - max(wedge.start, first)).days
            if days <= 0:
                continue
            on = routes["destination"].eq(wedge.importer) & routes["origin"].isin(wedge.origins)
            on &= routes["commodity"].isin(wedge.commodities)
            share = found.setdefault(wedge, np.zeros((len(routes), len(p.tree))))
            share[on.to_numpy(), node] = days / (last - first).days
    return list(found.items())


def solve_with_duties(instance: Instance, guess: Array | None = None) -> tuple[Solution, Array]:
    """Solve, and where duties are levied iterate them.

    ``w = t (p_tail + f)`` for a tariff ``t``, ``w = max(0, m - p_tail - f)`` for a minimum price ``m``, with the price
    ``p`` where the goods leave and the freight ``f``.

    Parameters
    ----------
    instance : Instance
        The program without duties.
    guess : array, routes x nodes, optional
        Wedges to begin with, USD/kg.

    Returns
    -------
    Solution, array
        The market and its wedges (routes x nodes, USD/kg).

    Raises
    ------
    SolverError
        A wedge still moves after :data:`PASSES` passes.
    """
    program = instance.program
    p = program.parts
    routes = p.network.routes
    wedge = np.zeros((len(routes), len(p.tree)))
    duties = levied(p)
    if not duties:
        return instance.solve(), wedge
    worth = program.model.worth["ship"]
    weight = p.tree.weight()
    freight = p.base.freight.reindex(routes.index).to_numpy(float)[:, None]
    if guess is not None and guess.shape == wedge.shape:
        wedge = np.where(sum(share for _wedge, share in duties) > 0, guess, 0.0)
    for count in range(PASSES):
        instance.cost("ship", worth - wedge * weight)
        solution = instance.solve()
        arrival = prices(program, solution).reindex(routes["tail"]).to_numpy() + freight
        asked = np.zeros_like(wedge)
        for duty, share in duties:
            level = duty.level * arrival if duty.kind == "tariff" else np.maximum(0.0, duty.level - arrival)
            asked += share * np.maximum(level, 0.0)
        moved = np.abs(asked - wedge) / np.maximum(np.abs(arrival), 1e-6)
        used = solution.frame("ship").to_numpy() > 1e-6
        if np.max(np.where(used, moved, 0.0), initial=0.0) <= STAYS:
            return solution, wedge
        wedge = asked if count < STEADY else 0.5 * (asked + wedge)
    names = ", ".join(dict.fromkeys(duty.measure for duty, _share in duties))
    raise SolverError(
        _("the wedge of {names} still moves after {passes} passes -> use a smaller rate, or a ban").format(
            names=names, passes=PASSES
        )
    )
