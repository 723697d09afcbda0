"""Why this plan: what would flip the answer, and which other plans are nearly as good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.faults import SolverError
from didymium.plan.flips import BUILT, Flips
from didymium.plan.lshaped import evaluate
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from didymium.plan.planner import Planner
    from didymium.plan.recourse import Decision
    from didymium.plan.standing import Standing

Values = npt.NDArray[np.float64]

NEAR = 0.01
"""Plans within this share of what the best one brings count as nearly as good."""

ASKED = 3
"""Projects in the plan, and others, of which what would flip them is asked anew: those that it takes least to flip.
Each takes some 20 s of processor on us-japan; of the rest the first order is told, and says so."""


@dataclass(frozen=True)
class Why:
    """Why a project is in the plan or not.

    Parameters
    ----------
    label : str
        The project and its decision.
    share : float
        What the recommended plan builds of it.
    brings : float
        That plan's worth with it less without it, re-cleared, MUSD; of one that it does not build: built in full.
    pays_to : float
        Investment at which it brings nothing there, MUSD.
    lasts_to : date or None
        Last first output, by years, with which it still brings something there.
    lasts_less : bool
        A year later it brings nothing; False where it does to the end of the horizon.
    planned : float
        What the planning program's own plan builds of it: everything below is about that plan.
    margin : float
        What it loses without the project (where it builds it), or with it, at least: MUSD, by the bound of the planning
        program; 0 where the gap hides it.
    capex : float
        Investment at which the answer flips, MUSD: above it a chosen one leaves, below it another enters.
    price : float
        Price of its output at which the answer flips, as a share of the plan's: to first order; NaN where it does not.
    start : date or None
        Last first output, by years, with which a chosen project stays in the plan.
    capex_confirmed : bool
        The program was asked again on both sides of it.
    start_confirmed : bool
        The program was asked again, and a year later it leaves; False where it stays to the end of the horizon, or was
        not asked.
    """

    label: str
    share: float
    brings: float
    pays_to: float
    lasts_to: date | None
    lasts_less: bool
    planned: float
    margin: float
    capex: float
    price: float
    start: date | None = None
    capex_confirmed: bool = False
    start_confirmed: bool = False

    @property
    def chosen(self) -> bool:
        """Return whether the planning program's plan builds it."""
        return self.planned > BUILT


def reasons(planner: Planner, who: tuple[str, ...], weight: float, standing: Standing) -> list[Why]:
    """Return why each project that the coalition may decide is in its plan or not.

    Of the plan that it takes: what each one brings, re-cleared, the rest as it is. Of the planning program's: each one
    is forced the other way and the program asked again, with every cut that is known, so that what it says is a bound
    on what any such plan can bring.
    """
    made, found = planner.searches[who, weight], planner.found[who]
    master = made.master()
    desk = planner.desk
    price_of = planner.clear(who, planner.plan_of(who)).price
    rows: dict[int, Why] = {}
    for at, project in enumerate(desk.projects):
        if not master.task.allowed[at]:
            continue
        share, planned = float(standing.plan.decision.build[at]), float(found.decision.build[at])
        chosen = planned > BUILT
        margin = max(0.0, found.value - master.forced(at, 0.0 if chosen else 1.0, planner.gap))
        charge, capex = float(master.outcomes.charge[at]), project.capex / UNIT
        factor = charge / capex if capex > 0 else 0.0

        def flips(gains: float, part: float, capex: float = capex, factor: float = factor) -> float:
            """``K + gain / (charge of a dollar x share)``: the investment at which the gain is used up."""
            return max(0.0, capex + gains / (factor * part)) if factor > 0 and gains == gains else float("nan")

        revenue = _revenue(planner, price_of, at) * (planned if chosen else 1.0)
        # At the margin: what the output earns may fall by what the project brings beyond its capital.
        price = 1.0 + (-margin if chosen else margin) / revenue if revenue > 0 else float("nan")
        brings = standing.brings(project.label)
        lasts = standing.latest(project.label, brings) if share > BUILT else (None, False)
        rows[at] = Why(
            project.label, share, brings, flips(brings, share if share > BUILT else 1.0), *lasts, planned, margin,
            flips(margin if chosen else -margin, planned if chosen else 1.0),
            max(0.0, price) if price == price else price,
        )  # fmt: skip
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
    worth : float
        What it is worth to the coalition, re-cleared, MUSD.
    """

    decision: Decision
    value: float
    bound: float
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    worth: float


def alternatives(
    planner: Planner, who: tuple[str, ...], weight: float, standing: Standing, most: int = 5
) -> list[Alternative]:
    """Return other choices of projects within 1 % of what the planning program's plan brings, best first.

    Each leaves out at least one project of that plan and of every other before it (near-optimal alternatives by integer
    cuts); what it adds without gaining more than the gap is left away.
    """
    made, found = planner.searches[who, weight], planner.found[who]
    if not made.desk.projects:
        return []
    master = made.master()
    labels = [project.label for project in planner.desk.projects]
    base = found.decision.build > BUILT
    rows: list[Alternative] = []
    least = found.value - max(NEAR * abs(found.value), planner.gap)
    master.leave_out(found.decision.build)
    while len(rows) < most:
        try:
            proposal = master.propose(whole=True, gap=planner.gap / 4)
        except SolverError:
            break
        if proposal.bound < least:
            break

        def tried(decision: Decision) -> tuple[Decision, float]:
            decision, worths = evaluate(master, made.crew, decision)
            made.pool.append((decision, worths))
            master.add(decision, worths)
            return decision, master.value(decision, worths)

        decision, value = tried(proposal.decision)
        if value < least:
            if proposal.bound - value <= planner.gap:
                break
            master.exclude(decision.build)
            continue
        for at in np.nonzero((decision.build > BUILT) & ~base)[0]:
            build = decision.build.copy()
            build[at] = 0.0
            fewer, less = tried(decision._replace(build=build))
            if less > max(value - planner.gap, least):
                decision, value = fewer, less
        own = decision.build > BUILT
        added, dropped = (
            tuple(sorted(labels[at] for at in np.nonzero(where)[0])) for where in (own & ~base, base & ~own)
        )
        rows.append(Alternative(decision, value, proposal.bound, added, dropped, float("nan")))
        master.leave_out(decision.build)
    # Afterwards: the market may be cleared by the crew that has the planning program's pieces in hand.
    return [replace(row, worth=standing.of(row.decision)) for row in sorted(rows, key=lambda row: -row.value)]
