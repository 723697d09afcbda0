"""Reading a scenario file: every fault is gathered, and what it includes is read with it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from didymium.case.restriction import WEDGES, DemandChange, Outage, Restriction, Wedge
from didymium.case.scenario import RATIONINGS, Scenario
from didymium.case.scenario_clashes import contradictions, said_once
from didymium.case.scenario_entries import Entries
from didymium.case.scenario_schema import SCENARIO
from didymium.case.scenario_span import add_months, off_span, parts
from didymium.faults import CaseError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case


class Reader(Entries):
    """Reads one scenario file and gathers its faults.

    Parameters
    ----------
    case : Case
        The case.
    name : str
        File name in ``scenarios/`` without its ending.
    within : tuple of str
        Files that include it.
    """

    def __init__(self, case: Case, name: str, within: tuple[str, ...] = ()) -> None:
        super().__init__(case, name)
        self.within = (*within, name)

    def scenario(self) -> Scenario:
        """Return the scenario with all that it includes.

        Raises
        ------
        CaseError
            Every fault of the file, and of those that it includes.
        """
        data = self.data
        self._known(data, "scenario", SCENARIO)
        start = self._date(data, "scenario", "start")
        months = data.get("months")
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 600:
            self.fault("scenario", "months", _("months must be a whole number from 1 to 600"), _("add `months = 24`"))
        elif start:
            self.span = start, add_months(start, months)
        if "source" in data:
            self._inputs({"source": data["source"]}, "scenario")
        if not isinstance(data.get("stress", False), bool):
            self.fault("scenario", "stress", _("`{cell}` is not a choice").format(cell=data["stress"]),
                       _("write `stress = true`, or leave it out"))  # fmt: skip
        probability = self._probability()
        rationing = data.get("rationing", "")
        if rationing and rationing not in RATIONINGS:
            self.fault("scenario", "rationing", _("`{cell}` is not a choice").format(cell=rationing),
                       _("use one of {choices}").format(choices=", ".join(RATIONINGS)))  # fmt: skip
        restrictions, outages, changes, wedges = self._all()
        if not self.torn:
            contradictions(restrictions, outages, changes, wedges, self.fault)
        if self.faults or not self.span:
            raise CaseError(list(dict.fromkeys(self.faults)))
        return Scenario(
            name=self.name,
            title=str(data.get("title", self.name)),
            description=str(data.get("description", "")),
            start=self.span[0],
            months=int(data["months"]),
            restrictions=tuple(restrictions),
            outages=tuple(outages),
            demand_changes=tuple(changes),
            probability=probability,
            why=str(data.get("why", "")),
            stress=data.get("stress") is True,
            wedges=tuple(wedges),
            rationing=str(rationing),
        )

    def _all(self) -> tuple[list[Restriction], list[Outage], list[DemandChange], list[Wedge]]:
        """Return what the file holds and includes, each thing said once."""
        included = [part for name in self._names(self.data, "scenario", "include") for part in self._included(name)]
        measures, closures = self._entries("measure"), self._entries("closure")
        for row, count in Counter(row for row, _entry in (*measures, *closures)).items():
            if count > 1:
                self.fault(row, "id", _("{count} entries are called `{name}`").format(count=count, name=row),
                           _("give each an `id` of its own: reliefs, bands and results name it"))  # fmt: skip
        restrictions: list[Restriction] = []
        wedges: list[Wedge] = []
        for row, entry in measures:
            if entry.get("kind") in WEDGES:
                wedges += self._wedge(entry, row)
            else:
                restrictions += self._restriction(entry, row)
        listed = list(restrictions)
        restrictions += [r for row, entry in self._entries("passthrough") for r in
                         self._passthrough(entry, row, listed)]  # fmt: skip
        restrictions += [r for row, entry in closures for r in self._closure(entry, row)]
        restrictions = list(dict.fromkeys((*(r for part in included for r in part.restrictions), *restrictions)))
        for row, entry in self._entries("relief"):
            restrictions = self._relieved(entry, row, restrictions)
        outages = [outage for row, entry in self._entries("outage") for outage in self._outage(entry, row)]
        changes = [change for row, entry in self._entries("demand") for change in self._demand(entry, row)]
        return (
            restrictions,
            said_once([*(o for part in included for o in part.outages), *outages]),
            said_once([*(c for part in included for c in part.demand_changes), *changes]),
            said_once([*(w for part in included for w in part.wedges), *wedges]),
        )

    def _probability(self) -> float | None:
        """Return the probability; its band is that of the assumption row that gives it."""
        value = self.data.get("probability")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.fault("scenario", "probability", _("not between 0 and 1"), _("write a share such as 0.1"))
            return None
        if self.data.get("probability_source") not in set(self.case["assumptions"]["assumption"]):
            self.fault("scenario", "probability", _("a probability without an assumption row"),
                       _("name a row of assumptions.csv in probability_source: no source gives one"))  # fmt: skip
        return float(value)

    def _included(self, name: str) -> list[Scenario]:
        """Return a scenario that this one includes; its own start and length do not count."""
        if name in self.within:
            self.fault("scenario", "include", _("`{name}` includes itself").format(name=name), _("leave one out"))
            return []
        if name not in self.case.scenarios():
            what = _("`{name}` is not a scenario of the case").format(name=name)
            self.fault("scenario", "include", what, _("name one of {known}").format(
                known=", ".join(self.case.scenarios())))  # fmt: skip
            return []
        try:
            found = Reader(self.case, name, self.within).scenario()
        except CaseError as error:
            self.faults += error.faults
            self.torn = True
            return []
        held = parts(found)
        late = [off_span(part.start, part.end, *self.span) for part in held] if self.span else []
        if held and late and all(late):
            self.fault("scenario", "include", _("`{name}` does nothing here: {why}").format(
                name=name, why="; ".join(dict.fromkeys(late))),
                _("leave it out, or move the scenario's `start` and `months`"))  # fmt: skip
        return [found]
