"""Reading a scenario file: every fault is gathered, and what it includes is read with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from didymium.case.restriction import BOUNDS, WEDGES, DemandChange, Outage, Path_, Pause, Restriction, Wedge
from didymium.case.scenario import RATIONINGS, Scenario, expand
from didymium.case.scenario_cells import Cells
from didymium.case.scenario_clashes import contradictions
from didymium.faults import CaseError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

KNOWN = frozenset({
    "name", "title", "title_ja", "description", "why", "stress", "start", "months", "source", "include", "probability",
    "probability_low", "probability_high", "probability_source", "measure", "passthrough", "relief", "closure",
    "outage", "demand", "rationing",
})  # fmt: skip
"""What a scenario file may say."""


class Reader(Cells):
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
            Every fault of the file.
        """
        data = self.data
        for field in sorted(set(data) - KNOWN):
            self.fault("scenario", field, _("a scenario has no `{field}`").format(field=field),
                       _("use one of {known}").format(known=", ".join(sorted(KNOWN))))  # fmt: skip
        start = self._date(data, "scenario", "start") or date(1, 1, 1)
        months = data.get("months")
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 600:
            self.fault("scenario", "months", _("months must be a whole number from 1 to 600"), _("add `months = 24`"))
        probability = self._probability()
        rationing = data.get("rationing", "")
        if rationing and rationing not in RATIONINGS:
            self.fault("scenario", "rationing", _("`{cell}` is not a choice").format(cell=rationing),
                       _("use one of {choices}").format(choices=", ".join(RATIONINGS)))  # fmt: skip
        included = [part for name in self._names(data, "scenario", "include") for part in self._included(name)]
        restrictions: list[Restriction] = []
        wedges: list[Wedge] = []
        for entry in self._entries("measure"):
            if entry.get("kind") in WEDGES:
                wedges += self._wedge(entry)
            else:
                restrictions += self._restriction(entry)
        restrictions += [r for entry in self._entries("passthrough") for r in self._passthrough(entry, restrictions)]
        restrictions += [r for entry in self._entries("closure") for r in self._closure(entry)]
        restrictions = [*(r for part in included for r in part.restrictions), *restrictions]
        for entry in self._entries("relief"):
            restrictions = self._relieved(entry, restrictions)
        outages = [outage for entry in self._entries("outage") for outage in self._outage(entry)]
        changes = [change for entry in self._entries("demand") for change in self._demand(entry)]
        outages = [*(o for part in included for o in part.outages), *outages]
        contradictions(restrictions, outages, self.fault)
        if self.faults:
            raise CaseError(self.faults)
        return Scenario(
            name=self.name,
            title=str(data.get("title", self.name)),
            description=str(data.get("description", "")),
            start=start,
            months=months if isinstance(months, int) else 0,
            restrictions=tuple(restrictions),
            outages=tuple(outages),
            demand_changes=(*(c for part in included for c in part.demand_changes), *changes),
            probability=probability,
            why=str(data.get("why", "")),
            stress=data.get("stress") is True,
            wedges=(*(w for part in included for w in part.wedges), *wedges),
            rationing=str(rationing),
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
        return [Reader(self.case, name, self.within).scenario()]

    def _restriction(self, entry: dict[str, Any]) -> list[Restriction]:
        row = str(entry.get("id", "measure"))
        kind = entry.get("kind")
        if kind not in BOUNDS or kind == "closure":
            what = _("`{kind}` is no kind of measure").format(kind=kind)
            self.fault(row, "kind", what, _("use ban, quota, licence, content_rule, tariff or minimum_price"))
        controller = str(entry.get("controller", ""))
        if controller not in self.regions:
            what = _("`{region}` is not in regions.csv").format(region=controller)
            self.fault(row, "controller", what, _("name a region"))
        reach = self._regions(entry, row, "destinations", frozenset({controller}))
        commodities = self._commodities(entry, row)
        start, end, pauses = self._of_law(entry, row)
        inputs = self._inputs(entry, row)
        approval: Path_ | None = ((start, 0.0),) if kind == "ban" else self._approval(entry, row, str(kind), start)
        if approval is None:
            return []
        # Smugglers, and buyers that are not named, get through whatever the authority says.
        leak, covers = (self._share(entry.get(name, default), row, name) for name, default in (
            ("leak", 0.0), ("covers", 1.0)))  # fmt: skip
        approval = tuple((day, 1.0 - covers * (1.0 - min(1.0, share + leak))) for day, share in approval)
        end_uses = frozenset(self._names(entry, row, "end_uses"))
        for use in sorted(end_uses - set(self.case["end_uses"]["end_use"])):
            self.fault(row, "end_uses", _("`{name}` is not in end_uses.csv").format(name=use), _("name an end use"))
        follows = self._follows(entry, row) if kind == "content_rule" or end_uses else frozenset()
        announced = self._date(entry, row, "announced", optional=True)
        if announced and announced > start:
            self.fault(row, "announced", _("announced after its start"), _("put the dates in order"))
        pooled = entry.get("pooled", False)
        if not isinstance(pooled, bool) or (pooled and kind != "quota"):
            self.fault(row, "pooled", _("only a quota is shared by its destinations"), _("leave it out, or use quota"))
        return [Restriction(row, str(kind), controller, commodities, reach, start, end, approval,
                            self._days(entry, row, "delay_days"), inputs, pauses, pooled is True, end_uses, follows,
                            announced)]  # fmt: skip

    def _follows(self, entry: dict[str, Any], row: str) -> frozenset[str]:
        """Return what taints: as the entry says, or else its law, or else the goods themselves."""
        if "follows" in entry:
            return self._commodities({"commodities": entry["follows"]}, row)
        table = self.case["measures"]
        listed = table.loc[table["measure"].eq(str(entry.get("from", ""))), "commodities"]
        names = frozenset(expand(str(listed.iloc[0]), self.commodities)) if len(listed) else frozenset()
        return names & frozenset(self.commodities) or self._commodities(entry, row)

    def _approval(self, entry: dict[str, Any], row: str, kind: str, start: date) -> Path_ | None:
        """Return the share let through from each day on; a licence is a queue.

        Approved at once ``a(t)``, of the rest a share ``late`` once the review ends: what leaves on a day is
        ``a(t - delay) + late (1 - a(t - review))``.
        """
        steps = entry.get("approval") or []
        if not steps:
            self.fault(row, "approval", _("a {kind} without an approval path").format(kind=kind),
                       _('add approval = [["YYYY-MM-DD", share], ...]'))  # fmt: skip
            return None
        if not isinstance(steps, list) or not all(isinstance(step, list) and len(step) == 2 for step in steps):
            self.fault(row, "approval", _("`{steps}` is not a list of dates and shares").format(steps=steps),
                       _('write approval = [["YYYY-MM-DD", share], ...]'))  # fmt: skip
            return None
        days = [self._date({"date": step[0]}, row, "date") or start for step in steps]
        if days != sorted(days):
            self.fault(row, "approval", _("its dates are not in order"), _("sort them"))
        shares = [self._share(step[1], row, "approval") for step in steps]
        asked: Path_ = tuple(zip(days, shares, strict=True))
        if asked[0][0] > start:
            asked = ((start, 1.0), *asked)
        if kind not in ("licence", "content_rule"):
            return asked
        delay, review = self._days(entry, row, "delay_days"), self._days(entry, row, "review_days")
        late = self._share(entry.get("late", 0.0), row, "late")
        if late and review < delay:
            self.fault(row, "review_days", _("the review ends before the quick licences are out"),
                       _("give review_days of at least delay_days"))  # fmt: skip
        wait, last = timedelta(days=delay), timedelta(days=review)
        if not delay and not late:
            return asked
        turns = sorted({start} | {d + wait for d, _s in asked} | ({d + last for d, _s in asked} if late else set()))
        leaves = []
        for day in turns:
            quick = [s for d, s in asked if d + wait <= day]  # until the first licence is out nothing leaves
            slow = [s for d, s in asked if d + last <= day] if late else []
            leaves.append((day, min(1.0, (quick[-1] if quick else 0.0) + (late * (1.0 - slow[-1]) if slow else 0.0))))
        return tuple(leaves)

    def _passthrough(self, entry: dict[str, Any], listed: list[Restriction]) -> list[Restriction]:
        """Unlisted goods that customs hold back too: a share of what the listed magnets suffer."""
        row = "passthrough"
        commodities = self._commodities(entry, row)
        share = self._share(entry.get("share"), row, "share")
        like = str(entry.get("like", ""))
        model = next((r for r in listed if r.measure == like), listed[0] if listed and not like else None)
        if model is None:
            self.fault(row, "like", _("there is no measure to pass through"), _("add a measure first"))
            return []
        approval = tuple((day, 1.0 - share * (1.0 - s)) for day, s in model.approval)
        return [replace(model, measure=f"passthrough_{model.measure}", kind="licence", commodities=commodities,
                        approval=approval, inputs=self._inputs(entry, row))]  # fmt: skip

    def _closure(self, entry: dict[str, Any]) -> list[Restriction]:
        """A border, port or strait that is closed: nobody's measure, and it bounds trade all the same."""
        row = str(entry.get("id", "closure"))
        origins = self._regions(entry, row, "origins", frozenset())
        reach = self._regions(entry, row, "destinations", frozenset())
        commodities = self._commodities({"commodities": ["*"], **entry}, row)
        start, end = self._dates(entry, row, optional_end=True)
        passes = self._share(entry.get("share", 0.0), row, "share")
        inputs = self._inputs(entry, row)
        return [Restriction(row, "closure", origin, commodities, reach - {origin}, start, end, ((start, passes),), 0.0,
                            inputs) for origin in sorted(origins) if reach - {origin}]  # fmt: skip

    def _relieved(self, entry: dict[str, Any], restrictions: list[Restriction]) -> list[Restriction]:
        """Suspend measures: for everybody, or for some destinations (a truce, a general licence)."""
        row = str(entry.get("id", "relief"))
        names = self._names(entry, row, "measures")
        for name in names:
            if name not in {r.measure for r in restrictions}:
                self.fault(row, "measures", _("there is no measure `{name}` to lift").format(name=name),
                           _("name one by its id"))  # fmt: skip
        reach = self._regions(entry, row, "destinations", frozenset())
        pause = Pause(*self._dates(entry, row, optional_end=True), self._share(entry.get("share", 1.0), row, "share"))
        inputs = self._inputs(entry, row)
        lifted: list[Restriction] = []
        for measure in restrictions:
            mine = measure.destinations & reach if measure.measure in names else frozenset()
            if measure.destinations - mine:
                lifted.append(replace(measure, destinations=measure.destinations - mine))
            if mine:
                lifted.append(replace(measure, destinations=mine, pauses=(*measure.pauses, pause),
                                      inputs=tuple(dict.fromkeys((*measure.inputs, *inputs)))))  # fmt: skip
        return lifted

    def _wedge(self, entry: dict[str, Any]) -> list[Wedge]:
        row, kind = str(entry.get("id", "measure")), str(entry["kind"])
        importers = self._regions({"destinations": [], **entry}, row, "destinations", frozenset())
        if len(importers) != 1:
            self.fault(row, "destinations", _("a duty has one importer"), _("name the region that levies it"))
        origins = self._regions(entry, row, "origins", importers)
        field, most, fix = ("rate", 10.0, _("write 0.15 for 15 %")) if kind == "tariff" else (
            "price", 1e7, _("write the least price on arrival, USD/kg"))  # fmt: skip
        level = self._number(entry, row, field, None, most, fix)
        commodities = self._commodities(entry, row)
        start, end = self._dates(entry, row, optional_end=True)
        return [Wedge(row, kind, min(importers, default=""), origins, commodities, start, end, level,
                      self._inputs(entry, row))]  # fmt: skip

    def _outage(self, entry: dict[str, Any]) -> list[Outage]:
        facility = str(entry.get("facility", ""))
        if facility not in set(self.case["facilities"]["facility"]):
            what = _("`{name}` is not in facilities.csv").format(name=facility)
            self.fault("outage", "facility", what, _("name a facility"))
        start, end = self._dates(entry, "outage", optional_end=False)
        share = self._share(entry.get("availability", 0.0), "outage", "availability")
        return [Outage(facility, start, end or start, share, self._inputs(entry, "outage"))]

    def _demand(self, entry: dict[str, Any]) -> list[DemandChange]:
        use, region = str(entry.get("end_use", "")), str(entry.get("region", "*"))
        if use not in set(self.case["end_uses"]["end_use"]) and use != "*":
            what = _("`{name}` is not in end_uses.csv").format(name=use)
            self.fault("demand", "end_use", what, _("name an end use, or *"))
        if region not in self.regions and region != "*":
            what = _("`{region}` is not in regions.csv").format(region=region)
            self.fault("demand", "region", what, _("name a region, or *"))
        start, end = self._dates(entry, "demand", optional_end=False)
        factor = self._number(entry, "demand", "factor", None, 1e6, _("write 1.2 for +20 %"))
        return [DemandChange(use, region, start, end or start, factor, self._inputs(entry, "demand"))]
