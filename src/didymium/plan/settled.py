"""A decision under risk, at the value at risk that suits it: what it is worth is a maximum over that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from didymium.faults import SolverError
from didymium.messages import _
from didymium.plan.recourse import Decision, Worth

if TYPE_CHECKING:
    from didymium.plan.master import Master
    from didymium.plan.workers import Crew

TRIES = 200
"""Values at risk that are tried for one decision."""

Tried = tuple[Decision, dict[int, Worth]]
"""A decision and what it is worth in each piece."""


def settled(master: Master, crew: Crew, decision: Decision, worths: Mapping[int, Worth]) -> list[Tried]:
    """``max_v G(x, v)``: a decision at the value at risk ``v`` that suits it best, last; before it what was tried.

    Rockafellar and Uryasev's ``(1 - r) E - r (v + E[loss - v]+ / a)`` is the functional at the best ``v`` alone; at any
    other it says less than a decision is worth. It is concave and made of straight lines, so the tangents from its left
    and from its right meet at its top, or at the next place to look.

    Parameters
    ----------
    master : Master
        Of the decision's program.
    crew : Crew
        Who solves the pieces.
    decision : Decision
        The decision; its value at risk is where the search begins.
    worths : Mapping of int to Worth
        What it is worth in the pieces that end in one way; others are solved.

    Raises
    ------
    SolverError
        No top within :data:`TRIES`.
    """
    outcomes, risk = master.outcomes, master.task.risk
    if risk == 0.0 or not outcomes.split_up:
        return [(decision, dict(worths))]
    told = {at: worths[at] for at in outcomes.asked if not outcomes.several[at]}
    losses = outcomes.losses(decision, told)[outcomes.plain]
    step = max(float(np.ptp(losses)) if len(losses) else 0.0, 1e-3 * master.size, 1e-6)
    found: list[Tried] = []
    values: list[float] = []
    below: tuple[float, float, float] | None = None
    above: tuple[float, float, float] | None = None
    at_risk = decision.at_risk
    while len(found) < TRIES:
        tried = outcomes.elsewhere(decision._replace(at_risk=at_risk), told)
        found.append((tried, told | crew.solve(tried, outcomes.split_up)))
        values.append(master.value(*found[-1]))
        line = (at_risk, values[-1], outcomes.rise(*found[-1], risk))
        if line[2] >= 0.0:
            below = line
        else:
            above = line
        if below is None or above is None:
            at_risk, step = at_risk + (step if above is None else -step), 2.0 * step
            continue
        best = int(np.argmax(values))
        meet = (below[1] - below[2] * below[0] - above[1] + above[2] * above[0]) / (above[2] - below[2])
        hoped = below[1] + below[2] * (meet - below[0])
        if hoped - values[best] <= 0.01 * master.room or above[0] - below[0] <= 1e-12 * (1.0 + master.size):
            return [*found[:best], *found[best + 1 :], found[best]]
        at_risk = float(meet)
    raise SolverError(_("no value at risk was found that suits a plan best, of {tries} tried").format(tries=TRIES))
