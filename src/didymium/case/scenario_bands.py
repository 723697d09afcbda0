"""The bands of a scenario, for draws: what its measures let through at the low and at the high end, and later news."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from didymium.case.restriction import Band as Band
from didymium.case.scenario_read import Reader
from didymium.case.scenario_span import add_months

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.case.scenario import Scenario


def approval_bands(case: Case, name: str) -> dict[str, Band]:
    """Return the bands of a scenario's own measures, by measure; those without one are left out.

    Parameters
    ----------
    case : Case
        The case.
    name : str
        Scenario.

    Raises
    ------
    CaseError
        Every fault of the file.
    """
    reader = Reader(case, name)
    reader.scenario()
    return reader.bands


def passthrough_bands(case: Case, name: str) -> dict[str, tuple[str, float, float, float]]:
    """Return by measure what it passes through: the measure it is like, and the share's low end, value and high end."""
    reader = Reader(case, name)
    reader.scenario()
    return reader.passed


def moved(scenario: Scenario, months: int, factor: float) -> Scenario:
    """Return a scenario whose news comes some months later, and lasts ``factor`` times as long where it has an end.

    Days of the month stay: half a year from January to the end of June, moved by a month, ends with July. A week more
    or less of a month's supply decides its price.
    """

    def later(day: date) -> date:
        return add_months(day, months)

    def lasting(start: date, end: date) -> date:
        longer = later(end) + timedelta(days=round((end - start).days * (factor - 1.0)))
        return max(longer, later(start) + timedelta(days=1))

    restrictions = tuple(
        replace(
            r, start=later(r.start), end=lasting(r.start, r.end) if r.end else None,
            approval=tuple((later(day), share) for day, share in r.approval),
            pauses=tuple(replace(q, start=later(q.start), end=later(q.end) if q.end else None) for q in r.pauses),
            announced=later(r.announced) if r.announced else None,
        ) for r in scenario.restrictions
    )  # fmt: skip
    outages = tuple(replace(o, start=later(o.start), end=lasting(o.start, o.end)) for o in scenario.outages)
    changes = tuple(replace(c, start=later(c.start), end=later(c.end)) for c in scenario.demand_changes)
    wedges = tuple(
        replace(w, start=later(w.start), end=lasting(w.start, w.end) if w.end else None) for w in scenario.wedges
    )  # fmt: skip
    return replace(scenario, restrictions=restrictions, outages=outages, demand_changes=changes, wedges=wedges)
