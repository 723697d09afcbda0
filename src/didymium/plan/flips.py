"""Where the answer on a project flips, found by asking the planning program again.

What the program has learned stays true: what a decision is worth in the market does not depend on what a project costs,
and a project that starts later leaves no more capacity than before, so every old cut still bounds from above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from didymium.market.conditions import conditions
from didymium.market.tree import add_months
from didymium.plan.lshaped import search
from didymium.plan.master import Master

if TYPE_CHECKING:
    from didymium.market.options import Project
    from didymium.plan.desk import Desk
    from didymium.plan.planner import Planner
    from didymium.plan.recourse import Job

CLOSE = 0.05
"""A flip is confirmed where the answer differs this far below and above it."""

BUILT = 1e-6
"""Share from which a project is in a plan."""

MOST = 10
"""Times that the program is asked again about one project and one quantity."""

_LEAST_GAP = 1.0
"""MUSD: smaller differences between plans are not told apart."""


class Flips:
    """Asks again.

    Parameters
    ----------
    planner : Planner
        After its plan was made.
    who : tuple of str
        The coalition.
    weight : float
        Weight of its users.
    """

    def __init__(self, planner: Planner, who: tuple[str, ...], weight: float) -> None:
        self.planner, self.desk = planner, planner.desk
        self.made, self.found = planner.searches[who, weight], planner.found[who]
        self.who = who

    def chosen(self, at: int, capex: float = 1.0, start: date | None = None, gap: float = 1.0) -> bool:
        """Return whether the best plan builds a project whose investment is so many times what it is, or starts later.

        Parameters
        ----------
        at : int
            The project.
        capex : float
            Its investment over what it is.
        start : date, optional
            Its first output, not before what it is; as it is where None.
        gap : float
            Gap allowed, MUSD.
        """
        desk, made = self.desk, self.made
        project = desk.projects[at]
        moved = replace(project, capex=project.capex * capex, start=start or project.start)
        task = desk.task(self.who, made.risk)
        charge = task.charge.copy()
        charge[at] = desk.charge_of(moved)
        limits = {
            name: [
                row._replace(build=row.build | {project.label: row.build[project.label] * capex})
                if name.startswith("purse_") and project.label in row.build else row
                for row in rows
            ]
            for name, rows in task.limits.items()
        }  # fmt: skip
        jobs = made.jobs if start is None else later(desk, made.jobs, at, moved)
        made.crew.take(jobs)
        master = Master(desk.pieces, jobs, replace(task, charge=charge, limits=limits), made.base)
        for decision, worths in made.pool:
            master.add(decision, worths)
        first = []
        if start is None:
            master.heard = made.pool
        else:
            without = self.found.decision.build.copy()
            without[at] = 0.0
            first = [self.found.decision, self.found.decision._replace(build=without)]
        try:
            result = search(master, made.crew, gap, made.base, first=first, most_steps=60)
        finally:
            made.crew.take(made.jobs)
        return bool(result.decision.build[at] > BUILT)

    def capex(self, at: int, guess: float, margin: float) -> tuple[float, bool]:
        """Return the investment over what it is at which the answer flips, and whether it was confirmed.

        Parameters
        ----------
        at : int
            The project.
        guess : float
            Where it is thought to flip.
        margin : float
            What the choice is worth, MUSD: how closely the program has to be asked.
        """
        gap = float(np.clip(0.1 * margin, _LEAST_GAP, self.planner.gap))
        return bracket(lambda factor: self.chosen(at, capex=factor, gap=gap), guess)

    def start(self, at: int, margin: float) -> tuple[date | None, bool]:
        """Return the last first output, by years, with which a chosen project stays, and whether it leaves after that.

        The second is False where it stays in up to the last year of the horizon.
        """
        gap = float(np.clip(0.1 * margin, _LEAST_GAP, self.planner.gap))
        begin = self.desk.projects[at].start
        most = years_left(self.desk, begin)
        stays, leaves = 0, most + 1
        while leaves - stays > 1:
            years = most if stays == 0 and leaves == most + 1 else (stays + leaves) // 2
            if self.chosen(at, start=add_months(begin, 12 * years), gap=gap):
                stays = years
            else:
                leaves = years
        return add_months(begin, 12 * stays), leaves <= most


def years_left(desk: Desk, begin: date) -> int:
    """Return by how many years a first output may move and still leave a year of the horizon."""
    end, most = max(desk.tree.nodes["end"]), 0
    while add_months(begin, 12 * (most + 2)) <= end:
        most += 1
    return most


def bracket(chosen: Callable[[float], bool], guess: float) -> tuple[float, bool]:
    """Return where ``chosen`` turns from true to false, and whether both sides were seen within :data:`CLOSE` of it."""
    asked = 0

    def ask(value: float) -> bool:
        nonlocal asked
        asked += 1
        return chosen(value)

    low, high = guess * (1 - CLOSE), guess * (1 + CLOSE)
    if not (low > 0 and ask(low)):
        high, low = low, 0.0
        if high < 0.01:
            return 0.0, True  # not even for nothing
        # It leaves the plan before: something between nothing and the guess.
        while asked < MOST and high > 0 and high - low > 2 * CLOSE * high:
            middle = (low + high) / 2
            low, high = (middle, high) if ask(middle) else (low, middle)
        return (low + high) / 2, low > 0
    while ask(high):
        low, high = high, 2.0 * high
        if asked >= MOST:
            return high, False
    while asked < MOST and high - low > 2 * CLOSE * high * (1 + 1e-9):
        middle = (low + high) / 2
        low, high = (middle, high) if ask(middle) else (low, middle)
    return (low + high) / 2, bool(high - low <= 2 * CLOSE * high * (1 + 1e-9))


def later(desk: Desk, jobs: list[Job], at: int, moved: Project) -> list[Job]:
    """Return the pieces with one project's capacity as of its later first output."""
    options = replace(desk.options, projects=(moved,), programmes=(), caps=(), calls=())
    given = conditions(desk.case, *desk.market, desk.tree, options).projects[0]
    found = []
    for job, stated in zip(jobs, desk.pieces.stated, strict=True):
        block = desk.pieces.shapes[stated.shape].rows["capacity"]
        own = job.projects.copy()
        entries = slice(own.indptr[at], own.indptr[at + 1])
        nodes = np.asarray(stated.piece.nodes)[(own.indices[entries] - block.first) % block.shape[-1]]
        own.data[entries] = given[nodes]
        found.append(replace(job, projects=own))
    return found
