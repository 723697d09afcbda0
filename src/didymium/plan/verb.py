"""``plan``: what the participants should do, alone and together, not knowing what will be cut, when, how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.case.scenario import Scenario
from didymium.faults import CaseError, DidymiumError
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.plan import asked, phases
from didymium.plan.candidates import candidates
from didymium.plan.clearing import Plan, put_together
from didymium.plan.desk import Desk, Terms
from didymium.plan.judge import draw, further, union
from didymium.plan.outcome import Outcome
from didymium.plan.planner import GAP, WEIGHTS, Planner
from didymium.plan.reduction import reduced
from didymium.plan.stories import (
    CALM,
    ROWS,
    Story,
    chances_of,
    checked,
    generated,
    of_case,
    standing_in,
)
from didymium.plan.tables import plan_tables
from didymium.plan.together import same_money, together
from didymium.plan.uncertainty import ask
from didymium.plan.unfold import REFILL, unfold
from didymium.result import Result, new_manifest

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.plan.lshaped import Progress
    from didymium.plan.phases import Phase
    from didymium.plan.workers import Crew

LAST_YEAR = 2035

COUNT = 6
"""Scenarios that stand for all the generated ones, unless asked otherwise."""


@dataclass(frozen=True)
class _Stories:
    """The stories of a plan: those it is made on, where the one shown stands, all of them, and what was lost."""

    made_on: list[Story]
    shown: int
    every: list[Story]
    distance: float

    @property
    def complete(self) -> bool:
        """Return whether the plan is made on all that may happen: then there is nothing out of sample."""
        return len(self.made_on) == len(self.every)


@phases.watched
def plan(
    case: cases.Case,
    scenario: str | Scenario = "halt-six-months",
    decision: str | date = "2027-01-01",
    last: int = LAST_YEAR,
    progress: Callable[[int, int], None] | None = None,
    *,
    scenarios: Sequence[tuple[str, float] | Story] | None = None,
    count: int = COUNT,
    later: Sequence[str | date] = (),
    recourse: bool = True,
    risk: float = 0.0,
    targets: Sequence[tuple[str, str, float, str | date]] = (),
    weights: Sequence[float] = WEIGHTS,
    gap: float = GAP,
    draws: int = 0,
    check: int = 0,
    seed: int = 1,
    step: int = 3,
    values: bool = True,
    deep: bool = False,
    threads: int = 2,
    crew: Callable[..., Crew] | None = None,
    checkpoints: str | Path | None = None,
    told: Callable[[tuple[str, ...], float, Progress], None] | None = None,
    watch: Callable[[Phase], None] | None = None,
) -> Result:
    """Choose projects and strategic stocks for each participant alone and for both; re-clear the market with each plan.

    Neither governments nor firms know what will be cut: every decision and every market belongs to a node of the tree
    of scenarios, which part only when they differ (docs/decisions/020). The case's chances of a cut are assumptions;
    without them the plan is for ``scenario`` alone.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        The cut along which plans are shown; among generated scenarios it takes the place of the nearest.
    decision : str or date
        First day of a year: the day of the first decision.
    last : int
        Last year of the horizon.
    progress : callable, optional
        Called with steps done and steps in all.
    scenarios : sequence of (str, float) or Story, optional
        Scenarios of the case, or your own, each with its probability, instead of generated ones; ``calm`` is the one
        without a cut.
    count : int
        Generated scenarios are reduced to so many.
    later : sequence of str or date
        First days of later years on which projects may be decided too.
    recourse : bool
        Later decisions know what was cut by then, and towards whom; otherwise the schedule is fixed on the first day.
    risk : float
        Weight of the conditional value at risk at 95 %; the expectation has the rest.
    targets : sequence of (str, str, float, str or date)
        Strategic stocks that there have to be: commodity, region, t, by when.
    weights : sequence of float
        Weights of the members' users that generate candidate plans.
    gap : float
        Allowed between bound and best plan of the planning program, MUSD.
    draws : int
        Draws of the separate set on which plans are chosen, and of a further set that values the chosen ones; 0: they
        are chosen on their own scenarios. Where the plan's scenarios are all there is, nothing is drawn: every mean is
        taken over them.
    check : int
        Where plans are chosen on their own scenarios: draws of a separate set that values the joint plan; 0: none.
    seed : int
        Of those draws.
    step : int
        Months of a period while something is cut: 1, 2, 3, 4, 6 or 12.
    values : bool
        Also RP, EEV, WS, VSS and EVPI of the joint plan, and the joint plan with the money of one partner.
    deep : bool
        Also frontiers, reasons and other plans nearly as good.
    threads : int
        Workers on this machine.
    crew : callable, optional
        Makes other workers, as :class:`didymium.plan.cluster.Cluster` does.
    checkpoints : str or Path, optional
        Folder that keeps every step, so that an interrupted plan goes on from there.
    told : callable, optional
        Told coalition, weight and progress of the search after every step.
    watch : callable, optional
        Told the phase that the plan is in, whenever one begins and something in it is done.

    Returns
    -------
    Result
        compare, choices, stock_plan, gap, schedule, path, tried, stories, chances, purses; values, together, frontier,
        reasons, others.

    Raises
    ------
    CaseError
        Options that cannot be meant, all at once (:mod:`didymium.plan.asked`); probabilities that do not add up; a
        target out of reach; a purse without a rate of exchange.
    DidymiumError
        A horizon that ends before the cut, two participants expected, a folder with the steps of another plan.
    SolverError
        No verified optimum.
    """
    started = time.perf_counter()
    members = case.participants
    if len(members) != 2:
        raise DidymiumError(
            _("plan compares two participants alone and together; the case has {count}").format(count=len(members))
        )
    story = case.scenario(scenario) if isinstance(scenario, str) else scenario
    days, faults = asked.days(decision, later, last)
    faults += asked.amounts(risk=risk, weights=weights, gap=gap, count=count, draws=draws, check=check, seed=seed,
                            step=step, threads=threads)  # fmt: skip
    aims, wrong = asked.wanted(case, targets)
    faults += wrong
    if scenarios is not None:
        try:
            _named(case, scenarios)
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    first = days[0]
    if story.restrictions and not first.year <= story.start.year <= last:
        raise DidymiumError(
            _("scenario {name} starts in {start}, outside the horizon {first} to {last} "
              "-> move the decision or the horizon").format(
                  name=story.name, start=story.start.year, first=first.year, last=last)
        )  # fmt: skip
    terms = Terms(days, recourse, risk, targets=aims)
    phases.expect(10 + 2 * (values or deep) + 4 * deep)
    phases.enter(_("market and scenarios"))
    stories = _stories(case, story, scenarios, count, first, last)
    market = prepare(case)
    found = candidates(case, market, first)

    def desk_on(made_on: Sequence[Story]) -> Desk:
        calm = [] if any(s.name == CALM for s in made_on) else [Story(CALM, None, 0.0)]
        tree = unfold([*made_on, *calm], first, last, case.assumption("a_discount_rate"), step)
        return Desk(case, market, tree, found, terms, tuple(members))

    steps = iter(range(1, 7))

    def done() -> None:
        if progress:
            progress(next(steps), 6)

    phases.enter(_("pieces of the tree"))
    if stories.complete:
        draws = check = 0
    desk = desk_on(stories.made_on)
    desk.task(members)  # refuses a target that is out of reach before anything is solved
    planner = Planner(desk, threads, gap, weights, crew, Path(checkpoints) if checkpoints is not None else None, told)
    valuing = draws or check
    if valuing:
        sets = [draw(stories.every, valuing, each) for each in ((seed, further(seed)) if draws else (further(seed),))]
        judges = planner.judges_on(desk_on(union(stories.every, sets)), *sets)
        planner.judge, planner.checker = judges[0] if draws else None, judges[-1]
    phases.enter(_("doing nothing"))
    plans = {"nothing": planner.nothing()}
    done()
    for member in members:
        plans[member] = planner.best((member,))
        done()
    named = [
        replace(plans[member].plan, how=_("the plan of {who} alone").format(who=member), planning={}, call=False)
        for member in members
    ]
    each = put_together(*(plans[m].plan.decision for m in members))
    others = [*named, Plan(each, _("each partner's own plan together"))]
    same = same_money(planner, tuple(members), others) if values or deep else None
    # What less money buys, more money does.
    plans["both"] = planner.best(tuple(members), [*others, *([same.cleared.plan] if same else [])])
    done()
    answers = ask(planner, plans["both"], weights[0], deep) if values or deep else None
    phases.enter(_("tables"))
    outcome = Outcome(planner, stories.shown, plans, stories.complete)
    tables = plan_tables(outcome, stories.every, answers)
    if values or deep:
        tables.append(together(outcome, same))
    planner.close()
    done()
    chosen = _options(case, stories, terms, planner, story, last, gap, weights, (draws, valuing), seed, step)
    manifest = new_manifest(
        case.digest,
        chosen,
        planning={name: cleared.plan.planning for name, cleared in plans.items()},
        timings={"total": time.perf_counter() - started},
    )
    return Result("plan", case.name, {table.name: table for table in tables}, manifest)


def _named(case: cases.Case, named: Sequence[tuple[str, float] | Story]) -> list[Story]:
    """Return the stories that were named, once their probabilities share 1."""
    own = [each for each in named if isinstance(each, Story)]
    return checked([*own, *of_case(case, [each for each in named if not isinstance(each, Story)])])


def _stories(
    case: cases.Case,
    story: Scenario,
    named: Sequence[tuple[str, float] | Story] | None,
    count: int,
    first: date,
    last: int,
) -> _Stories:
    """Return the stories that are planned for: those named, those of the case's chances, or the one scenario."""
    if named is not None:
        every = _named(case, named)
        shown = next((at for at, each in enumerate(every) if each.name == story.name), None)
        if shown is None:
            shown = next((at for at, each in enumerate(every) if each.scenario is not None), 0)
        return _Stories(every, shown, every, 0.0)
    known = set(case["assumptions"]["assumption"])
    if not set(ROWS.values()) <= known or not story.restrictions or count < 2:
        every = [Story(story.name, story, 1.0)]
        return _Stories(every, 0, every, 0.0)
    # A cut in the last two years would be over after the horizon is.
    every = generated(case, chances_of(case), first.year + 1, max(first.year + 1, last - 2))
    every, at = standing_in(every, story, first, last)
    kept, distance = reduced(every, count, keep=[at])
    shown = next(k for k, each in enumerate(kept) if each.name == story.name)
    return _Stories(kept, shown, every, distance)


def _options(
    case: cases.Case, stories: _Stories, terms: Terms, planner: Planner, story: Scenario, last: int, gap: float,
    weights: Sequence[float], draws: tuple[int, int], seed: int, step: int,
) -> dict[str, Any]:  # fmt: skip
    """Return what a plan was made with, in words and numbers."""
    first, *rest = terms.decisions
    if not rest:
        kind = _("two stages: projects and stocks are decided on {day}, before anything is known").format(day=first)
    elif terms.recourse:
        kind = _("decisions on {days}: the later ones know what was cut by then, and towards whom").format(
            days=", ".join(d.isoformat() for d in terms.decisions))  # fmt: skip
    else:
        kind = _("open loop: the schedule for {days} is fixed on the first day").format(
            days=", ".join(d.isoformat() for d in terms.decisions))  # fmt: skip
    return {
        "scenario": story.name,
        "title": story.title,
        "decision": first.isoformat(),
        "decisions": [d.isoformat() for d in terms.decisions],
        "kind": kind,
        "last": last,
        "scenarios": {s.name: s.probability for s in planner.desk.unfolded.stories},
        "generated": len(stories.every),
        "reduction_distance": stories.distance,
        "risk": terms.risk,
        "targets": [f"{x.commodity}|{x.region} >= {x.least:g} t by {x.by}" for x in terms.targets],
        "weights": list(weights),
        "gap_allowed_MUSD": gap,
        "draws": draws[0],
        "further_draws": draws[1],
        "out_of_sample": not stories.complete,
        "seed": seed,
        "months_while_cut": step,
        "months_to_refill": REFILL,
        "nodes": len(planner.desk.tree),
        "pieces": len(planner.desk.pieces),
        "periods": [planner.desk.tree.nodes["label"].iloc[n] for n in planner.desk.unfolded.paths[stories.shown]],
    }
