"""What uncertainty costs: the plan against its mean, hindsight and bad luck, and how likely a cut must be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from didymium.plan.clearing import Clearing
from didymium.plan.desk import Desk
from didymium.plan.lshaped import evaluate, search
from didymium.plan.master import Master
from didymium.plan.planner import Planner, Search
from didymium.plan.risk import cvar
from didymium.plan.settled import settled
from didymium.plan.stories import CALM, Story, mean_story
from didymium.plan.unfold import unfold

if TYPE_CHECKING:
    from didymium.plan.clearing import Cleared
    from didymium.plan.lshaped import Found
    from didymium.plan.recourse import Decision

YEARLY = 12
"""Months of a period in the problem that takes the mean for certain."""


def recourse_values(planner: Planner, who: tuple[str, ...], weight: float) -> dict[str, float]:
    """Return RP, EV, EEV, WS, VSS = RP - EEV and EVPI = WS - RP of the planning program, MUSD over doing nothing.

    All under the functional that the plan is made for, ``F = (1 - r) E(surplus) - r CVaR(loss)`` of the weighted world,
    less ``F`` of doing nothing (``nothing``); at ``r = 0`` the expectation (Birge and Louveaux 2011, *Introduction to
    Stochastic Programming*, ch. 4, for a maximum). RP is the best plan found, so VSS is a lower and EVPI an upper
    estimate by at most the gap.

    WS is ``F`` of the outcomes ``max_x f(x, s)``, each the best for a story that is known. No plan brings more in any
    story, and ``F`` never falls when no outcome does: EVPI >= 0 at any ``r``. EEV is ``F`` of a plan that was
    allowed: VSS >= 0 but for the gap. EV is a certain outcome, in which there is no risk.

    Parameters
    ----------
    planner : Planner
        After :meth:`Planner.best`.
    who : tuple of str
        The coalition.
    weight : float
        Weight of its users.
    """
    made, found = planner.searches[who, weight], planner.found[who]
    ev, eev = _mean_value(planner, made, who, weight)
    rp, ws = found.value, _wait_and_see(planner, made, who, weight)
    values = {"RP": rp, "EV": ev, "EEV": eev, "WS": ws, "VSS": rp - eev, "EVPI": ws - rp,
              "bound": found.bound, "gap": found.gap}  # fmt: skip
    return values if made.risk == 0.0 else {"nothing": made.master().idle, **values}


def desk_of(planner: Planner, stories: list[Story], step: int = 3) -> Desk:
    """Return the planner's desk on other stories."""
    desk = planner.desk
    last = int(desk.tree.nodes["start"].iloc[-1].year)
    rate = desk.case.assumption("a_discount_rate")
    tree = unfold(stories, desk.terms.decisions[0], last, rate, step)
    return Desk(desk.case, desk.market, tree, desk.found, desk.terms, desk.members)


def _mean_value(planner: Planner, made: Search, who: tuple[str, ...], weight: float) -> tuple[float, float]:
    """Return what the plan for the mean thinks it is worth, and what it is worth on the stories."""
    stories = list(planner.desk.unfolded.stories)
    first, last = planner.desk.terms.decisions[0], int(planner.desk.tree.nodes["start"].iloc[-1].year)
    mean = mean_story(stories, first, last)
    shorter = YEARLY if mean.scenario is not None and mean.scenario.restrictions else 3
    desk = desk_of(planner, [mean], shorter)
    other = Planner(desk, threads=planner.threads, gap=planner.gap)
    found = other.search_of(who, weight, 0.0).run(planner.gap)
    decision = Clearing(planner.desk, planner.crew).onto(desk, found.decision)
    other.crew.close()
    master, start = made.master(), planner.found[who].decision.at_risk
    decision = decision._replace(excess=master.nothing().excess, at_risk=start)
    tried = settled(master, made.crew, *evaluate(master, made.crew, decision))
    made.pool += tried
    return found.value, master.value(*tried[-1])


def _wait_and_see(planner: Planner, made: Search, who: tuple[str, ...], weight: float) -> float:
    """Return the functional of what one would get who knew the story before deciding: of ``max_x f(x, s)`` by story.

    Counted as the planning program's value is: where a cut may last, the market too knows more than it does there.
    """
    plain = made if made.risk == 0.0 else planner.search_of(who, weight, 0.0)
    if plain is not made:
        plain.master()  # asks what doing nothing is worth
    probability = [stated.piece.probability for stated in planner.desk.pieces.stated]
    idle = sum(probability[at] * worth.value for at, worth in plain.base.items()) / 1000.0
    likely = [at for at, story in enumerate(planner.desk.unfolded.stories) if story.probability > 0.0]
    share = np.array([planner.desk.unfolded.stories[at].probability for at in likely])
    known = np.array([_knowing(planner, plain, who, weight, at) for at in likely])
    expected = float(share @ known) - idle
    if made.risk == 0.0:
        return expected
    master = made.master()
    best = master.outcomes.best / 1000.0
    return (1.0 - made.risk) * expected - made.risk * cvar(best - known, share) - master.idle


def _knowing(planner: Planner, made: Search, who: tuple[str, ...], weight: float, at: int) -> float:
    """Return the objective in full of the best decision for one story alone, MUSD."""
    desk, best = planner.desk, planner.found[who].decision
    path = set(desk.unfolded.paths[at])
    on = [k for k, stated in enumerate(desk.pieces.stated) if any(path & set(copy) for copy in stated.piece.copies)]
    if all(len(desk.pieces.stated[k].exits) < 2 for k in on):
        made.crew.take(made.jobs)
        master = Master(desk.pieces, made.jobs, replace(desk.task(who), risk=0.0), made.base, story=at)
        for decision, worths in made.pool:
            if all(piece in worths for piece in master.asked):
                master.add(decision, worths)
        # The best decision for all stories is near the best for one.
        first = master.nothing()._replace(build=best.build, stock=best.stock)
        found = search(master, made.crew, planner.gap, made.base, first=[first])
        return sum(made.base[k].value for k in on) / 1000.0 + found.value
    story = replace(desk.unfolded.stories[at], probability=1.0)
    other = Planner(desk_of(planner, [story]), threads=planner.threads, gap=planner.gap)
    alone = other.search_of(who, weight, 0.0)
    total = other.total(alone, alone.run(planner.gap))
    other.crew.close()
    return total


def break_even(planner: Planner, cleared: Cleared) -> dict[str, float]:
    """Return how likely a cut must be for a plan to pay: ``q* = -g(calm) / (g(cut) - g(calm))``.

    ``g`` is the members' gain; ``cut`` averages the stories with a cut in their own proportions. Also as a chance a
    year: ``1 - (1 - q)^(1/n)`` over the ``n`` years in which a cut may begin.

    Returns
    -------
    dict of str to float
        calm, cut (MUSD), horizon, year (probabilities; 0: it pays even if nothing is ever cut; NaN: it never does).
    """
    worth = planner.worth(cleared) / 1000.0
    stories = planner.desk.unfolded.stories
    share = np.array([s.probability for s in stories])
    hit = np.array([s.name != CALM for s in stories])
    calm = float(worth[~hit].mean()) if (~hit).any() else float("nan")
    total = float(share[hit].sum())
    cut = float(share[hit] @ worth[hit]) / total if total > 0 else float("nan")
    years = {s.scenario.start.year for s in stories if s.scenario is not None}
    return {"calm": calm, "cut": cut, **dict(zip(("horizon", "year"), pays_from(calm, cut, years), strict=True))}


def pays_from(calm: float, cut: float, years: set[int]) -> tuple[float, float]:
    """Return the probability from which a plan pays, over the horizon and by year."""
    if calm >= 0.0:
        least = 0.0
    elif not cut > 0.0:
        return float("nan"), float("nan")
    else:
        least = -calm / (cut - calm)
    span = max(years) - min(years) + 1 if years else 1
    return least, 1.0 - (1.0 - least) ** (1.0 / span)


GRID = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Probabilities of a cut within the horizon over which an expectation is given."""


def over_probabilities(calm: float, cut: float, grid: tuple[float, ...] = GRID) -> list[tuple[float, float]]:
    """Return the expected gain over a range of probabilities that something is cut within the horizon."""
    return [(q, (1.0 - q) * calm + q * cut) for q in grid]


def budget_frontier(
    planner: Planner, who: tuple[str, ...], weight: float, scales: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 2.0)
) -> list[tuple[float, Found]]:
    """Return the planning optimum with other purses; every cut made so far holds."""
    made = planner.searches[who, weight]
    return [(scale, made.run(planner.gap, master=made.master(scale))) for scale in scales]


def risk_frontier(
    planner: Planner, who: tuple[str, ...], weight: float, risks: tuple[float, ...] = (0.0, 0.5, 0.9)
) -> list[tuple[float, Found]]:
    """Return the planning optimum under each weight of the conditional value at risk."""
    made = planner.searches[who, weight]
    several = any(len(stated.exits) > 1 for stated in planner.desk.pieces.stated)
    rows = []
    for risk in risks:
        if several and risk != made.risk:
            rows.append((risk, planner.search_of(who, weight, risk).run(planner.gap)))
        else:
            rows.append((risk, made.run(planner.gap, master=made.master(risk=risk))))
    return rows


def mean_and_worst(planner: Planner, who: tuple[str, ...], weight: float, decision: Decision) -> tuple[float, float]:
    """Return expected loss of the weighted world and its CVaR at 95 %, MUSD, against no cut and no plan."""
    made = planner.searches[who, weight]
    plain = made if made.risk == 0.0 else planner.search_of(who, weight, 0.0)
    losses = plain.losses(decision)
    share = np.array([s.probability for s in planner.desk.unfolded.stories])
    return float(share @ losses), cvar(losses, share)
