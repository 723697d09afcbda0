"""Whether what a scenario holds can act in its months at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from didymium.case.restriction import DemandChange, Outage, Restriction, Wedge
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario

Part = Restriction | Outage | DemandChange | Wedge


def add_months(day: date, count: int) -> date:
    """Return ``day`` moved by whole months, held within the month."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))


def parts(scenario: Scenario) -> list[Part]:
    """Return all that a scenario holds."""
    return [*scenario.restrictions, *scenario.outages, *scenario.demand_changes, *scenario.wedges]


def named(part: Part) -> str:
    """Return what a part of a scenario is called where something is said of it."""
    if isinstance(part, Outage):
        return _("outage of {facility}").format(facility=part.facility)
    if isinstance(part, DemandChange):
        return _("demand of {use} in {region}").format(use=part.end_use, region=part.region)
    return part.measure


def outside(start: date, end: date | None, first: date, last: date) -> str:
    """Return the end that lies on the wrong side of a span of days, ``start`` or ``end``; empty where they overlap.

    Parameters
    ----------
    start, end : date
        First day in force; first day that is free again, None where it is open.
    first, last : date
        First day of the span, and the first one after it.
    """
    if start >= last:
        return "start"
    return "end" if end is not None and end <= first else ""


def off_span(start: date, end: date | None, first: date, last: date) -> str:
    """Return in words why something cannot act in a span of days; empty where it can."""
    side = outside(start, end, first, last)
    if side == "start":
        return _("it begins on {start}, after the last day {last}").format(start=start, last=last - timedelta(days=1))
    if side == "end" and end is not None:
        return _("it ends on {end}, before the first day {first}").format(end=end - timedelta(days=1), first=first)
    return ""


def idle(scenario: Scenario) -> list[str]:
    """Return a note on every part of a scenario that lies outside its months.

    A file's own entries may not (:mod:`didymium.case.scenario_read`): what is left came by ``include``.
    """
    first, last = scenario.start, add_months(scenario.start, scenario.months)
    found = []
    for part in parts(scenario):
        why = off_span(part.start, part.end, first, last)
        if why:
            found.append(_("{part} does nothing in scenario {scenario}: {why}").format(
                part=named(part), scenario=scenario.name, why=why))  # fmt: skip
    return list(dict.fromkeys(found))
