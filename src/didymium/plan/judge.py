"""What a plan is worth on stories that had no part in making it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from didymium.plan.clearing import Clearing, Plan

if TYPE_CHECKING:
    import numpy.typing as npt

    from didymium.plan.desk import Desk

NORMAL = 1.96
"""Half the width of a 95 % interval in standard errors of a mean."""


@dataclass
class Judge:
    """Clears plans on a separate set of stories.

    Parameters
    ----------
    clearing : Clearing
        The market on those stories.
    draws : int
        Draws that the stories were joined from.
    """

    clearing: Clearing
    draws: int

    def worth(self, made_on: Desk, who: tuple[str, ...], plan: Plan) -> tuple[float, float, npt.NDArray[np.float64]]:
        """Return a plan's worth to its coalition: mean, half its 95 % interval ``1.96 s / sqrt(n)``, by story; kUSD.

        Parameters
        ----------
        made_on : Desk
            Where the plan was made.
        who : tuple of str
            The coalition.
        plan : Plan
            The plan.
        """
        clearing = self.clearing
        decision = clearing.onto(made_on, plan.decision)
        cleared = clearing.clear(who, replace(plan, decision=decision))
        worth = clearing.worth(cleared)
        share = np.array([s.probability for s in clearing.desk.unfolded.stories])
        mean = float(share @ worth)
        spread = float(np.sqrt(share @ (worth - mean) ** 2))
        return mean, NORMAL * spread / np.sqrt(self.draws), worth
