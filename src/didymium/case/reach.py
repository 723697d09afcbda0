"""What can reach where: commodities that processes, routes and stocks bring to a region."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from didymium.case.check import split_list
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

Place = tuple[str, str]
"""A commodity in a region."""


class Reach:
    """Which commodities can be had in which regions, followed from the mines and stocks on.

    A process runs where a modelled facility stands and all its inputs can be had; a route carries what a process
    makes. Facilities that are planned count too: they may be what serves a future demand.

    Parameters
    ----------
    case : Case
        A case whose references are in order.
    """

    def __init__(self, case: Case) -> None:
        commodities = case["commodities"]
        self.stages: dict[str, str] = dict(
            zip(commodities["commodity"].tolist(), commodities["stage"].tolist(), strict=True)
        )
        self.regions: list[str] = case["regions"]["region"].tolist()
        self.routes = self._routes(case)
        self.inputs, self.outputs = self._recipes(case)
        self.runs = self._runs(case)
        self.made: set[Place] = set()
        self.there: set[Place] = set()
        self._spread(case)

    def expand(self, cell: str) -> list[str]:
        """Return the commodities that a cell names: an id, ``*`` or ``stage:NAME``."""
        if cell == "*":
            return list(self.stages)
        stage = cell.removeprefix("stage:")
        return [c for c, s in self.stages.items() if s == stage] if stage != cell else [cell]

    def has(self, commodity: str, region: str) -> bool:
        """Return whether a commodity can be had in a region."""
        return (commodity, region) in self.there

    def reason(self, commodity: str, region: str) -> str:
        """Return why a commodity cannot be had in a region."""
        makers = [(process, place) for process, place in self.runs if commodity in self.outputs[process]]
        for process, place in makers:
            lacking = [c for c in self.inputs[process] if not self.has(c, place)]
            if lacking:
                return _("{process} in {place} makes {commodity}, but {lacking} cannot reach it").format(
                    process=process, place=place, commodity=commodity, lacking=", ".join(lacking)
                )
        if makers:
            return _("no open route brings {commodity} to {region} from where it is made").format(
                commodity=commodity, region=region
            )
        return _("no modelled facility makes {commodity}, and no stock of it lies in {region}").format(
            commodity=commodity, region=region
        )

    def _routes(self, case: Case) -> dict[tuple[str, str, str], bool]:
        frame = case["routes"]
        columns = (frame[name].tolist() for name in ("commodity", "origin", "destination", "open"))
        rows: dict[tuple[str, str, str], bool] = {}
        for commodity, origin, destination, is_open in zip(*columns, strict=True):
            rows.setdefault((commodity, origin, destination), is_open == "yes")
        return rows

    def open(self, commodity: str, origin: str, destination: str) -> bool:
        """Return whether the row that speaks most closely of a route opens it."""
        best, found = -1, False
        for name in (commodity, f"stage:{self.stages[commodity]}", "*"):
            for first in (origin, "*"):
                for last in (destination, "*"):
                    if (name, first, last) in self.routes:
                        closeness = 4 * (name == commodity) + 2 * (first != "*") + 2 * (last != "*") + (name != "*")
                        if closeness > best:
                            best, found = closeness, self.routes[name, first, last]
        return found

    def _recipes(self, case: Case) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        inputs: dict[str, list[str]] = defaultdict(list)
        outputs: dict[str, list[str]] = defaultdict(list)
        frame = case["recipes"]
        columns = (frame[name].tolist() for name in ("process", "commodity", "coefficient"))
        for process, commodity, coefficient in zip(*columns, strict=True):
            if coefficient:
                (inputs if coefficient < 0 else outputs)[process].append(commodity)
        return inputs, outputs

    def _runs(self, case: Case) -> list[tuple[str, str]]:
        frame = case["facilities"]
        columns = (frame[name].tolist() for name in ("processes", "region", "capacity", "status"))
        found = {
            (process, region)
            for cell, region, capacity, status in zip(*columns, strict=True)
            if cell and not math.isnan(capacity) and capacity > 0 and status not in ("suspended", "closed")
            for process in split_list(cell)
        }
        return sorted(found)

    def _stocked(self, case: Case) -> Iterator[Place]:
        frame = case["stocks"]
        columns = (frame[name].tolist() for name in ("commodity", "region", "quantity", "high", "release"))
        for cell, region, quantity, high, release in zip(*columns, strict=True):
            # A stock of days of use refills from what reaches the place; alone it brings nothing there.
            if region != "*" and release != "never" and max(quantity, 0.0 if math.isnan(high) else high) > 0:
                yield from ((commodity, region) for commodity in self.expand(cell))

    def _spread(self, case: Case) -> None:
        waiting = defaultdict(set)
        users: dict[Place, list[tuple[str, str]]] = defaultdict(list)
        queue: deque[Place] = deque()

        def arrive(place: Place) -> None:
            if place not in self.there:
                self.there.add(place)
                queue.append(place)

        def run(process: str, region: str) -> None:
            for commodity in self.outputs[process]:
                if (commodity, region) in self.made:
                    continue
                self.made.add((commodity, region))
                arrive((commodity, region))
                for other in self.regions:
                    if other != region and (commodity, other) not in self.there and self.open(commodity, region, other):
                        arrive((commodity, other))

        for process, region in self.runs:
            waiting[process, region] = set(self.inputs[process])
            for commodity in self.inputs[process]:
                users[commodity, region].append((process, region))
        for process, region in self.runs:
            if not waiting[process, region]:
                run(process, region)
        for place in self._stocked(case):
            arrive(place)
        while queue:
            place = queue.popleft()
            for process, region in users[place]:
                waiting[process, region].discard(place[0])
                if not waiting[process, region]:
                    run(process, region)
