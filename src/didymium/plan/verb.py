"""``plan``: what the participants should do, alone and together, under one known cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from didymium.case.check import first_day
from didymium.case.scenario import Scenario
from didymium.faults import DidymiumError
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.plan.candidates import candidates, horizon
from didymium.plan.evaluate import GAP, NODES, WEIGHTS, Plan, Planner, union
from didymium.plan.outcome import Outcome
from didymium.plan.tables import plan_tables
from didymium.result import Result, new_manifest

if TYPE_CHECKING:
    from didymium.case import case as cases

LAST_YEAR = 2035


def plan(
    case: cases.Case,
    scenario: str | Scenario = "halt-six-months",
    decision: str | date = "2027-01-01",
    last: int = LAST_YEAR,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Choose projects and strategic stocks for each participant alone and for both; re-clear the market with each plan.

    Deterministic: the cut is known to the planner, not to firms (who keep their working stocks).

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        The cut planned for; its first year is cleared in quarters.
    decision : str or date
        First day of a year: the day of the decision.
    last : int
        Last year of the horizon.
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Result
        compare, choices, stock_plan, gap, schedule, path, tried.

    Raises
    ------
    DidymiumError
        A decision that is not the first day of a year, a horizon that ends before the cut, two participants expected.
    SolverError
        No verified optimum.
    """
    started = time.perf_counter()
    story = case.scenario(scenario) if isinstance(scenario, str) else scenario
    day = first_day(decision) if isinstance(decision, str) else decision
    if (day.month, day.day) != (1, 1):
        raise DidymiumError(_("the decision falls on {day} -> choose the first day of a year").format(day=day))
    if story.restrictions and not day.year <= story.start.year <= last:
        raise DidymiumError(
            _("scenario {name} starts in {start}, outside the horizon {first} to {last} "
              "-> move the decision or the horizon").format(
                  name=story.name, start=story.start.year, first=day.year, last=last)
        )  # fmt: skip
    members = case.participants
    if len(members) != 2:
        raise DidymiumError(
            _("plan compares two participants alone and together; the case has {count}").format(count=len(members))
        )
    market = prepare(case)
    tree = horizon(case, story, day, last)
    found = candidates(case, market, day)
    steps = iter(range(1, 6))

    def step() -> None:
        if progress:
            progress(next(steps), 5)

    planner = Planner(case, market, tree, found)
    nothing = planner.clear((), Plan())
    calm = planner.without_cut()
    step()
    plans = {"nothing": nothing}
    for member in members:
        plans[member] = planner.best((member,), nothing)
        step()
    own = [plans[member] for member in members]
    named = [
        replace(each, plan=replace(each.plan, how=_("the plan of {who} alone").format(who=who)))
        for each, who in zip(own, members, strict=True)
    ]
    plans["both"] = planner.best(tuple(members), nothing, [*named, union(*(each.plan for each in own))])
    step()
    tables = plan_tables(Outcome(planner, story, day, calm, plans))
    step()
    chosen = {
        "scenario": story.name,
        "title": story.title,
        "decision": day.isoformat(),
        "last": last,
        "weights": list(WEIGHTS),
        "gap_allowed_kUSD": GAP,
        "branch_nodes_allowed": NODES,
        "periods": list(tree.nodes["label"]),
    }
    manifest = new_manifest(
        case.digest,
        chosen,
        run={name: cleared.solution.run for name, cleared in plans.items()},
        planning={name: cleared.plan.planning for name, cleared in plans.items()},
        timings={"total": time.perf_counter() - started},
    )
    return Result("plan", case.name, {table.name: table for table in tables}, manifest)
