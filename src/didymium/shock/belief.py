"""What markets believe of the months to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from didymium.market.tree import add_months

if TYPE_CHECKING:
    from didymium.case.restriction import Restriction, Wedge
    from didymium.case.scenario import Scenario


def believed(scenario: Scenario, until: date, announced: bool, memory: int = 1) -> Scenario:
    """Return the scenario as it is believed on the last day before ``until``.

    Measures and duties that have begun stay as they are that day: for good, or where announced dates are known until
    their announced end. Outages and changes of demand that have begun are known with their end.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    until : date
        First day that is not known yet.
    announced : bool
        Announced ends are known.
    memory : int
        Months over which traders remember what a measure let through: 1, today's share is thought to stay.
    """
    today = until - timedelta(days=1)
    since = add_months(until, -memory) if memory > 1 else None

    def begun(part: Restriction | Wedge) -> bool:
        return part.start <= today and (part.end is None or part.end > today)

    def due(part: Restriction) -> bool:
        return announced and part.announced is not None and part.announced <= today < part.start

    return replace(
        scenario,
        restrictions=tuple(
            r.believed(max(today, r.start), announced, since) for r in scenario.restrictions if begun(r) or due(r)
        ),
        outages=tuple(o for o in scenario.outages if o.start <= today),
        demand_changes=tuple(d for d in scenario.demand_changes if d.start <= today),
        wedges=tuple(w if announced else replace(w, end=None) for w in scenario.wedges if begun(w)),
    )


def news(scenario: Scenario, first: date, announced: bool, memory: int = 1) -> bool:
    """Return whether the month from ``first`` on changes what is believed.

    A share that changed within the months that traders remember still moves its mean.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    first : date
        First day of the month.
    announced : bool
        Announced ends are known, and no news; otherwise an end is news, and an announcement is not.
    memory : int
        Months over which traders remember what a measure let through.
    """
    last = add_months(first, 1)
    days: list[date | None] = []
    for measure in scenario.restrictions:
        shares = zip((1.0, *(share for _day, share in measure.approval)), measure.approval, strict=False)
        turns = [max(day, measure.start) for before, (day, share) in shares if share != before]
        days += turns
        if memory > 1 and any(add_months(first, -memory) < day < first and day > measure.start for day in turns):
            return True
        days += [pause.start for pause in measure.pauses]
        days += [measure.announced] if announced else [measure.end, *(pause.end for pause in measure.pauses)]
    days += [outage.start for outage in scenario.outages]
    days += [change.start for change in scenario.demand_changes]
    days += [wedge.start for wedge in scenario.wedges]
    if not announced:
        days += [wedge.end for wedge in scenario.wedges]
    return any(day is not None and first <= day < last for day in days)


def dated(belief: Scenario, first: date, last: date) -> bool:
    """Return whether something that is believed begins or ends between two days, the last one not counted."""
    days: list[date | None] = []
    for measure in belief.restrictions:
        days += [measure.start, measure.end]
        days += [day for pause in measure.pauses for day in (pause.start, pause.end)]
    days += [day for outage in belief.outages for day in (outage.start, outage.end)]
    days += [day for change in belief.demand_changes for day in (change.start, change.end)]
    days += [day for wedge in belief.wedges for day in (wedge.start, wedge.end)]
    return any(day is not None and first <= day < last for day in days)
