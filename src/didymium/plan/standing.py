"""A recommended plan with one project changed, re-cleared: what the project brings to those who act.

This is the measure by which plans are chosen, so it speaks of whatever plan was chosen, the planning program's or not.
The rest of the plan stays as it is.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from didymium.market.tree import add_months
from didymium.plan.flips import BUILT, later, years_left
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from datetime import date

    from didymium.plan.clearing import Clearing, Plan
    from didymium.plan.planner import Planner
    from didymium.plan.recourse import Decision


class Standing:
    """Re-clears a plan with one change, on the stories on which plans are chosen.

    Parameters
    ----------
    planner : Planner
        Who planned.
    who : tuple of str
        The coalition.
    plan : Plan
        What it takes.
    """

    def __init__(self, planner: Planner, who: tuple[str, ...], plan: Plan) -> None:
        self.planner, self.who, self.plan = planner, who, plan
        self.clearing: Clearing = planner.clearing if planner.judge is None else planner.judge.clearing
        self.desk = self.clearing.desk
        self.decision = self._here(plan.decision)
        self.place = {project.label: at for at, project in enumerate(self.desk.projects)}
        self.chance = np.array([story.probability for story in self.desk.unfolded.stories])
        self.worth = self._worth(self.clearing, self.decision)

    def _here(self, decision: Decision) -> Decision:
        if self.desk is self.planner.desk:
            return decision
        return self.clearing.onto(self.planner.desk, decision)

    def _worth(self, clearing: Clearing, decision: Decision, call: bool | None = None) -> float:
        """Return what a decision is worth to the coalition, MUSD."""
        plan = replace(self.plan, decision=decision, call=self.plan.call if call is None else call)
        return float(self.chance @ clearing.worth(clearing.clear(self.who, plan))) / UNIT

    def of(self, decision: Decision) -> float:
        """Return what another decision is worth to the coalition, MUSD, without first call."""
        return self._worth(self.clearing, self._here(decision), call=False)

    def brings(self, label: str) -> float:
        """Return a plan's worth with a project less without it, MUSD; one that is not in it is built in full.

        NaN where the stories on which plans are chosen have no such decision.
        """
        if label not in self.place:
            return float("nan")
        at = self.place[label]
        build = self.decision.build.copy()
        inside = build[at] > BUILT
        build[at] = 0.0 if inside else 1.0
        other = self._worth(self.clearing, self.decision._replace(build=build))
        return self.worth - other if inside else other - self.worth

    def latest(self, label: str, brings: float) -> tuple[date | None, bool]:
        """Return the last first output, by years, with which a project in the plan still brings something.

        The second is whether a year later it brings nothing; False where it does to the end of the horizon.

        Parameters
        ----------
        label : str
            The project.
        brings : float
            What it brings as it is, MUSD.
        """
        if label not in self.place or not brings > 0.0:
            return None, False
        begin = self.desk.projects[self.place[label]].start
        most = years_left(self.desk, begin)
        stays, leaves, without = 0, most + 1, self.worth - brings
        while leaves - stays > 1:
            years = most if stays == 0 and leaves == most + 1 else (stays + leaves) // 2
            if self._starting(label, add_months(begin, 12 * years)) > without:
                stays = years
            else:
                leaves = years
        return add_months(begin, 12 * stays), leaves <= most

    def _starting(self, label: str, day: date) -> float:
        """Return the plan's worth if a project's first output is on a later day, MUSD."""
        at = self.place[label]
        moved = replace(self.desk.projects[at], start=day)
        clearing, desk = copy.copy(self.clearing), copy.copy(self.desk)
        desk.charge = desk.charge.copy()
        desk.charge[at] = desk.charge_of(moved)
        clearing.desk, clearing._with_call = desk, {}
        clearing.jobs = later(desk, clearing.jobs, at, moved)
        return self._worth(clearing, self.decision)
