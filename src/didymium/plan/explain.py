"""Why this plan: what would flip the answer, and which other plans are nearly as good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.faults import SolverError
from didymium.plan.flips import Flips
from didymium.plan.lshaped import evaluate
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from didymium.plan.planner import Planner
    from didymium.plan.recourse import Decision

Values = npt.NDArray[np.float64]

NEAR = 0.01
"""Plans within this share of what the best one brings count as nearly as good."""

ASKED = 3
"""Chosen projects, and others, of which what would flip them is asked anew: those that it takes least to flip."""


@dataclass(frozen=True)
class Why:
    """Why a project is in the plan or not.

    Parameters
    ----------
    label : str
        The project and its decision.
    chosen : bool
        It is in the plan.
    margin : float
        What the plan loses without it (chosen), or with it (not chosen), at least: MUSD, by the bound of the planning
        program; 0 where the gap hides it.
    capex : float
        Investment at which the answer flips, MUSD: above it a chosen one leaves, below it another enters.
    capex_confirmed : bool
        The program was asked again on both sides of it.
    price : float
        Price of its output at which the answer flips, as a share of the plan's: to first order; NaN where it does not.
    start : date or None
        Last first output, by years, with which a chosen project stays in the plan.
    start_confirmed : bool
        The program was asked again, and a year later it leaves; False where it stays to the end of the horizon, or was
        not asked.
    """

    label: str
    chosen: bool
    margin: float
    capex: float
    price: float
    start: date | None
    capex_confirmed: bool = False
    start_confirmed: bool = False


def reasons(planner: Planner, who: tuple[str, ...], weight: float) -> list[Why]:
    """Return why each project that the coalition may decide is in its plan or not.

    Each one is forced the other way and the planning program asked again: with every cut that is known, so that what it
    says is a bound on what any such plan can bring.
    """
    made, found = planner.searches[who, weight], planner.found[who]
    master = made.master()
    desk = planner.desk
    price_of = planner.clear(who, planner.plan_of(who)).price
    rows: dict[int, Why] = {}
    for at, project in enumerate(desk.projects):
        if not master.task.allowed[at]:
            continue
        chosen = bool(found.decision.build[at] > 0.5)
        margin = max(0.0, found.value - master.forced(at, 0.0 if chosen else 1.0, planner.gap))
        charge = float(master.outcomes.charge[at])
        factor = charge / (project.capex / UNIT) if project.capex > 0 else 0.0
        capex = project.capex / UNIT
        flips = (
            (capex + margin / factor if chosen else max(0.0, capex - margin / factor)) if factor > 0 else float("nan")
        )
        revenue = _revenue(planner, price_of, at)
        # At the margin: what the output earns may fall by what the project brings beyond its capital.
        price = 1.0 + (-margin if chosen else margin) / revenue if revenue > 0 else float("nan")
        rows[at] = Why(project.label, chosen, margin, flips, max(0.0, price) if price == price else price, None)
    _confirm(planner, who, weight, rows)
    return list(rows.values())


def _confirm(planner: Planner, who: tuple[str, ...], weight: float, rows: dict[int, Why]) -> None:
    """Ask again about the projects that are chosen, and about those that nearly are: cheapest choice first."""
    flips, projects = Flips(planner, who, weight), planner.desk.projects
    least = sorted((at for at in rows if np.isfinite(rows[at].capex)), key=lambda at: rows[at].margin)
    near = [*[at for at in least if rows[at].chosen][:ASKED], *[at for at in least if not rows[at].chosen][:ASKED]]
    for at in near:
        why, capex = rows[at], projects[at].capex / UNIT
        try:
            factor, confirmed = flips.capex(at, max(why.capex, 1e-3 * capex) / capex, why.margin)
            rows[at] = replace(why, capex=factor * capex, capex_confirmed=confirmed)
            if why.chosen:
                start, leaves = flips.start(at, why.margin)
                rows[at] = replace(rows[at], start=start, start_confirmed=leaves)
        except SolverError:
            continue  # not answered: what is printed stays first order, and says so


def _revenue(planner: Planner, paid: pd.DataFrame, at: int) -> float:
    """Return what a project's output earns at the re-cleared prices if it runs in full, expected, MUSD."""
    desk = planner.desk
    project, network = desk.projects[at], desk.market.network
    capacity = desk.pieces.conditions.projects[at]
    own = network.activities.index[network.activities["facility"].eq(project.facility)]
    weight = desk.tree.weight()
    best = 0.0
    for activity in own:
        terms = network.terms[network.terms["activity"].eq(activity) & network.terms["coefficient"].gt(0)]
        price = np.maximum(paid.reindex(terms["market"]).to_numpy(float), 0.0)
        earned = terms["coefficient"].to_numpy(float) @ price
        best = max(best, float((earned * capacity * weight).sum()) / UNIT)
    return best


@dataclass(frozen=True)
class Alternative:
    """Another choice of projects that is nearly as good.

    Parameters
    ----------
    decision : Decision
        The other plan.
    value, bound : float
        What it brings, and what no plan with its projects can exceed, MUSD.
    added, dropped : tuple of str
        Against the best plan.
    """

    decision: Decision
    value: float
    bound: float
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def alternatives(planner: Planner, who: tuple[str, ...], weight: float, most: int = 5) -> list[Alternative]:
    """Return other choices of projects within 1 % of what the plan brings, best first.

    Each is the best plan whose choice of projects is none of those before (near-optimal alternatives by integer cuts).
    """
    made, found = planner.searches[who, weight], planner.found[who]
    if not made.desk.projects:
        return []
    master = made.master()
    labels = [project.label for project in planner.desk.projects]
    chosen = {labels[at] for at in np.nonzero(found.decision.build > 0.5)[0]}
    rows: list[Alternative] = []
    decision = found.decision
    least = found.value - max(NEAR * abs(found.value), planner.gap)
    while len(rows) < most:
        master.exclude(decision.build)
        try:
            proposal = master.propose(whole=True, gap=planner.gap / 4)
        except SolverError:
            break
        if proposal.bound < least:
            break
        decision, worths = evaluate(master, made.crew, proposal.decision)
        made.pool.append((decision, worths))
        master.add(decision, worths)
        value = master.value(decision, worths)
        own = {labels[at] for at in np.nonzero(decision.build > 0.5)[0]}
        if value >= least:
            rows.append(Alternative(decision, value, proposal.bound, tuple(sorted(own - chosen)),
                                    tuple(sorted(chosen - own))))  # fmt: skip
        elif proposal.bound - value <= planner.gap:
            break
    return sorted(rows, key=lambda row: -row.value)
