"""Scenarios: measures, outages and demand changes over time, as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from didymium.case.check import split_list
from didymium.case.restriction import DemandChange, Outage, Path_, Pause, Restriction, Wedge
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

__all__ = ["DemandChange", "Outage", "Path_", "Pause", "Restriction", "Scenario", "Wedge", "expand", "load_scenario"]

RATIONINGS = ("price", "priority")
"""Who is served first: who pays most; or in a participant under a cut its end uses by priority, prices for the rest."""


@dataclass(frozen=True)
class Scenario:
    """Measures, outages and demand changes over a span of months.

    Parameters
    ----------
    name, title, description : str
        What it is called and says.
    start : date
        First day.
    months : int
        Length.
    restrictions : tuple of Restriction
        Measures at work.
    outages : tuple of Outage
        Facilities that fail.
    demand_changes : tuple of DemandChange
        Uses that change.
    wedges : tuple of Wedge
        Duties at borders.
    rationing : str
        Who is served first while something is short, one of :data:`RATIONINGS`; empty: as the case says.
    probability : float or None
        Only where an assumption row gives one: no source does.
    why : str
        Why its outcome is plausible, in the words of the case.
    stress : bool
        One of the stresses that ``didymium stress`` runs.
    """

    name: str
    title: str
    description: str
    start: date
    months: int
    restrictions: tuple[Restriction, ...] = ()
    outages: tuple[Outage, ...] = ()
    demand_changes: tuple[DemandChange, ...] = ()
    probability: float | None = None
    why: str = ""
    stress: bool = False
    wedges: tuple[Wedge, ...] = ()
    rationing: str = ""

    def inputs(self) -> list[str]:
        """Return the input rows behind the scenario."""
        parts: tuple[Restriction | Outage | DemandChange | Wedge, ...]
        parts = (*self.restrictions, *self.outages, *self.demand_changes, *self.wedges)
        return list(dict.fromkeys(key for part in parts for key in part.inputs))

    def digest(self) -> str:
        """Return a hash of all that it says: two scenarios of one name may say different things."""

        def plain(part: Any) -> Any:
            """Sets in one order: each process has its own."""
            return sorted(part) if isinstance(part, frozenset) else part.isoformat()

        told = json.dumps(asdict(self), sort_keys=True, default=plain)
        return hashlib.sha256(told.encode()).hexdigest()


def load_scenario(case: Case, name: str) -> Scenario:
    """Read and check a scenario of a case.

    Parameters
    ----------
    case : Case
        The case.
    name : str
        File name in ``scenarios/`` without its ending.

    Raises
    ------
    DidymiumError
        No such scenario.
    CaseError
        Every fault of the file.
    """
    if name not in case.scenarios():
        raise DidymiumError(
            _("no scenario `{name}` in case {case} -> name one of {known}").format(
                name=name, case=case.name, known=", ".join(case.scenarios()) or _("none")
            )
        )
    from didymium.case.scenario_read import Reader

    return Reader(case, name).scenario()


def expand(cell: str, stages: dict[str, str]) -> list[str]:
    """Return the commodities that a cell names: ids, ``*`` or ``stage:NAME``, separated by ``;``."""
    found: list[str] = []
    for entry in split_list(cell):
        if entry == "*":
            found += list(stages)
        elif entry.startswith("stage:"):
            found += [c for c, stage in stages.items() if stage == entry.removeprefix("stage:")]
        else:
            found.append(entry)
    return list(dict.fromkeys(found))
