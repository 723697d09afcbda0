"""What a decision that stands brings under the functional, where a cut may last and outcomes share a value at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from didymium.plan.lshaped import evaluate
from didymium.plan.recourse import TAIL

if TYPE_CHECKING:
    from didymium.plan.master import Master
    from didymium.plan.planner import Search
    from didymium.plan.recourse import Decision, Worth

MOST = 60
"""Values at risk that are tried; the way there is a handful of them."""


class Stands(NamedTuple):
    """A decision as it stands: with its value at risk, what the pieces say, and what it brings, MUSD."""

    decision: Decision
    worths: dict[int, Worth]
    value: float


def stands(made: Search, decision: Decision, gap: float) -> Stands:
    """Return what a decision brings: ``max_v F(decision, v)``, concave in the value at risk ``v``, to within ``gap``.

    Projects and stocks stay as they are; the value at risk, and with it what the market does in a cut that may last,
    is what suits the functional best (Rockafellar and Uryasev 2000, Journal of Risk 2, 21-41, theorem 1).

    Parameters
    ----------
    made : Search
        The planning program.
    decision : Decision
        What stands.
    gap : float
        Allowed between bound and value, MUSD.
    """
    master = made.master()
    decision = decision._replace(excess=master.nothing().excess)
    if made.risk == 0.0 or not master.outcomes.several.any():
        decision, worths = evaluate(master, made.crew, decision)
        return Stands(decision, worths, master.value(decision, worths))

    def at(level: float) -> tuple[Stands, float]:
        found, worths = evaluate(master, made.crew, decision._replace(at_risk=level))
        return Stands(found, worths, master.value(found, worths)), _slope(master, found, worths)

    best, slope = at(decision.at_risk)
    ends = {slope >= 0.0: (best.decision.at_risk, best.value, slope)}
    step = 100.0 if slope >= 0.0 else -100.0
    for _try in range(MOST):
        if len(ends) < 2:
            level, step = next(iter(ends.values()))[0] + step, 2.0 * step
        else:
            (left, low, up), (right, high, down) = ends[True], ends[False]
            level = (high - low + up * left - down * right) / (up - down)
            if low + up * (level - left) - best.value <= gap:
                break
        found, slope = at(level)
        best = max(best, found, key=lambda each: each.value)
        ends[slope >= 0.0] = (level, found.value, slope)
    return best


def _slope(master: Master, decision: Decision, worths: dict[int, Worth]) -> float:
    """Return how the value moves with the value at risk: ``-r (1 - P(plain loss > v) / a) - sum_b p_b dW_b/dc``."""
    outcomes, risk = master.outcomes, master.task.risk
    losses = outcomes.losses(decision, worths)[outcomes.plain]
    beyond = float(outcomes.share[outcomes.plain][losses > decision.at_risk].sum())
    lasting = sum(outcomes.probability[b] * float(worths[b].excess.sum()) for b in np.nonzero(outcomes.several)[0])
    return -risk * (1.0 - beyond / TAIL) - float(lasting)
