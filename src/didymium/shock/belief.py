"""What markets believe of the months to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from didymium.market.tree import add_months

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario


def believed(scenario: Scenario, until: date, announced: bool) -> Scenario:
    """Return the scenario as it is believed on the last day before ``until``.

    Measures, outages and changes of demand that have begun stay as they are that day: for good, or where announced
    dates are known until their announced end.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    until : date
        First day that is not known yet.
    announced : bool
        Announced ends are known.
    """
    today = until - timedelta(days=1)
    known = [r for r in scenario.restrictions if r.start <= today and (r.end is None or r.end > today)]
    return replace(
        scenario,
        restrictions=tuple(r.believed(today, known_end=announced) for r in known),
        outages=tuple(o for o in scenario.outages if o.start <= today),
        demand_changes=tuple(d for d in scenario.demand_changes if d.start <= today),
    )


def news(scenario: Scenario, first: date) -> bool:
    """Return whether something begins or changes in the month from ``first`` on; announced ends are no news."""
    last = add_months(first, 1)
    for measure in scenario.restrictions:
        before = 1.0
        for day, share in measure.approval:
            if first <= max(day, measure.start) < last and share != before:
                return True
            before = share
    starts = [outage.start for outage in scenario.outages] + [change.start for change in scenario.demand_changes]
    return any(first <= day < last for day in starts)
