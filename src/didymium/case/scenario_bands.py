"""The bands of a scenario: what share a measure lets through at the low and at the high end.

``approval_low`` and ``approval_high`` of a measure, ``low`` and ``high`` of a pass-through: beside the path that a
shock runs, for draws.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from didymium.case.check import first_day
from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.case.scenario import Path_, Restriction, Scenario


@dataclass(frozen=True)
class Band:
    """How far a measure's approval may be off.

    Parameters
    ----------
    low, high : tuple of (date, float)
        Share let through from each date on, at the 5 % and the 95 % end.
    """

    low: Path_
    high: Path_


def approval_bands(case: Case, name: str) -> dict[str, Band]:
    """Return the bands of a scenario's measures, by measure; those without one are left out.

    Parameters
    ----------
    case : Case
        The case.
    name : str
        Scenario.

    Raises
    ------
    CaseError
        An end that is no list of dates and shares, or ends the wrong way round.
    """
    data = tomllib.loads(case.files.scenario(name))
    story = case.scenario(name)
    faults: list[Fault] = []
    known = {r.measure: r for r in story.restrictions}
    found: dict[str, Band] = {}
    for entry in data.get("measure", []):
        measure = known.get(str(entry.get("id", "measure")))
        if measure is None or "approval_low" not in entry or "approval_high" not in entry:
            continue
        low, high = (_path(entry[end], measure) for end in ("approval_low", "approval_high"))
        if low is None or high is None or any(a[1] > b[1] for a, b in zip(low, high, strict=False)):
            faults.append(Fault(f"scenarios/{name}.toml", measure.measure, "approval_low",
                                _("its ends are no lists of dates and shares, or the low one is above the high one"),
                                _('write [["YYYY-MM-DD", share], ...] for both, with the same dates')))  # fmt: skip
        else:
            found[measure.measure] = Band(low, high)
    if faults:
        raise CaseError(faults)
    return found


def passthrough_bands(case: Case, name: str) -> dict[str, tuple[str, float, float, float]]:
    """Return by measure what it passes through: the measure it is like, and the share's low end, value and high end."""
    found = {}
    for entry in tomllib.loads(case.files.scenario(name)).get("passthrough", []):
        story = case.scenario(name)
        like = str(entry.get("like", "")) or next(
            (r.measure for r in story.restrictions if not r.measure.startswith("passthrough_")), ""
        )
        share = float(entry["share"])
        found[f"passthrough_{like}"] = (like, float(entry.get("low", share)), share, float(entry.get("high", share)))
    return found


def _path(steps: Any, measure: Restriction) -> Path_ | None:
    try:
        path = tuple((first_day(str(day)), float(share)) for day, share in steps)
    except (TypeError, ValueError):
        return None
    if not path or not all(0.0 <= share <= 1.0 for _day, share in path):
        return None
    if path[0][0] > measure.start:
        path = ((measure.start, 1.0), *path)
    if measure.delay_days > 0 and measure.kind == "licence":
        wait = timedelta(days=measure.delay_days)
        path = ((measure.start, 0.0), *((day + wait, share) for day, share in path))
    return path


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


def add_months(day: date, count: int) -> date:
    """Return ``day`` moved by whole months, held within the month."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))
