"""The entries of a scenario file: what each becomes, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from didymium.case.check import first_day
from didymium.case.restriction import Band, DemandChange, Outage, Pause, Restriction, Wedge
from didymium.case.scenario import expand
from didymium.case.scenario_paths import Paths
from didymium.case.scenario_schema import MEASURES
from didymium.case.scenario_span import off_span, outside
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case


class Entries(Paths):
    """A scenario file and its entries; bands of its measures, and what they pass through, are kept for draws."""

    def __init__(self, case: Case, name: str) -> None:
        super().__init__(case, name)
        self.bands: dict[str, Band] = {}
        self.passed: dict[str, tuple[str, float, float, float]] = {}

    def _restriction(self, entry: dict[str, Any], row: str) -> list[Restriction]:
        kind = str(entry.get("kind"))
        if kind not in MEASURES:
            what = _("`{kind}` is no kind of measure").format(kind=kind)
            self.fault(row, "kind", what, _("use {kinds}").format(kinds=", ".join(MEASURES)))
        controller = str(entry.get("controller", ""))
        if controller not in self.regions:
            what = _("`{region}` is not in regions.csv").format(region=controller)
            self.fault(row, "controller", what, _("name a region"))
        reach = self._regions(entry, row, "destinations", frozenset({controller}))
        if controller in reach:
            self.fault(row, "destinations", _("{region} holds nothing back from itself").format(region=controller),
                       _("leave it out of the destinations"))  # fmt: skip
        commodities = self._commodities(entry, row)
        start, end, pauses = self._of_law(entry, row)
        inputs = self._inputs(entry, row)
        approval = self._path(entry, row, kind, start)
        self._beyond(entry, row, end)
        band = self._band(entry, row, kind, start) if approval else None
        if band:
            self.bands[row] = band
        end_uses = frozenset(self._names(entry, row, "end_uses"))
        for use in sorted(end_uses - set(self.case["end_uses"]["end_use"])):
            self.fault(row, "end_uses", _("`{name}` is not in end_uses.csv").format(name=use), _("name an end use"))
        splits = kind == "content_rule" or bool(end_uses)
        if "follows" in entry and not splits:
            self.fault(row, "follows", _("a {kind} on everybody follows no material").format(kind=kind),
                       _("leave it out, add `end_uses`, or write a content_rule"))  # fmt: skip
        follows = self._follows(entry, row) if splits else frozenset()
        announced = self._date(entry, row, "announced", optional=True)
        if announced and announced > start:
            self.fault(row, "announced", _("announced after its start"), _("put the dates in order"))
        pooled = entry.get("pooled", False)
        if not isinstance(pooled, bool):
            self.fault(row, "pooled", _("`{cell}` is not a choice").format(cell=pooled), _("write `pooled = true`"))
        return [Restriction(row, kind, controller, commodities, reach, start, end, approval or ((start, 1.0),),
                            self._days(entry, row, "delay_days"), inputs, pauses, pooled is True, end_uses, follows,
                            announced)]  # fmt: skip

    def _beyond(self, entry: dict[str, Any], row: str, end: date | None) -> None:
        """Refuse steps of an approval after the measure's end."""
        steps = entry.get("approval")
        for step in steps if isinstance(steps, list) else []:
            try:
                day = first_day(str(step[0]))
            except (ValueError, TypeError, IndexError):
                continue  # noted already
            if end and day >= end:
                self.fault(row, "approval", _("its step of {day} comes after its end").format(day=day),
                           _("leave the step out, or end later"))  # fmt: skip

    def _follows(self, entry: dict[str, Any], row: str) -> frozenset[str]:
        """Return what taints: as the entry says, or else its law, or else the goods themselves."""
        if "follows" in entry:
            return self._commodities(entry, row, "follows")
        table = self.case["measures"]
        listed = table.loc[table["measure"].eq(str(entry.get("from", ""))), "commodities"]
        names = frozenset(expand(str(listed.iloc[0]), self.commodities)) if len(listed) else frozenset()
        return names & frozenset(self.commodities) or self._commodities(entry, row)

    def _passthrough(self, entry: dict[str, Any], row: str, listed: list[Restriction]) -> list[Restriction]:
        """Unlisted goods that customs hold back too: a share of what the listed magnets suffer."""
        commodities = self._commodities(entry, row)
        share = self._share(entry.get("share"), row, "share")
        low, high = (self._share(entry.get(end, share), row, end) for end in ("low", "high"))
        if not low <= share <= high:
            self.fault(row, "share", _("it lies outside its band"), _("write a low end below it and a high end above"))
        inputs = self._inputs(entry, row)
        like = str(entry.get("like", ""))
        model = next((r for r in listed if r.measure == like), listed[0] if listed and not like else None)
        if model is None:
            self.fault(row, "like", _("there is no measure to pass through"), _("add a measure first"))
            return []
        twice = commodities & model.commodities
        if twice:
            what = _("`{measure}` covers {goods} itself").format(measure=model.measure, goods=", ".join(sorted(twice)))
            self.fault(row, "commodities", what, _("name goods that it does not list"))
        approval = tuple((day, 1.0 - share * (1.0 - s)) for day, s in model.approval)
        name = f"passthrough_{model.measure}"
        if name in self.passed:
            self.fault(row, "like", _("`{measure}` is passed through twice").format(measure=model.measure),
                       _("write its goods in one entry"))  # fmt: skip
        self.passed[name] = (model.measure, low, share, high)
        law = tuple(key for key in model.inputs if key.startswith("measures/"))
        return [replace(model, measure=name, kind="licence", commodities=commodities, approval=approval,
                        inputs=tuple(dict.fromkeys((*law, *inputs))))]  # fmt: skip

    def _closure(self, entry: dict[str, Any], row: str) -> list[Restriction]:
        """A border, port or strait that is closed: nobody's measure, and it bounds trade all the same."""
        origins = self._regions(entry, row, "origins", frozenset())
        reach = self._regions(entry, row, "destinations", frozenset())
        if not any(reach - {origin} for origin in origins):
            self.fault(row, "destinations", _("no route leads from {region} to itself").format(
                region=", ".join(sorted(origins)) or "?"), _("name other regions"))  # fmt: skip
        commodities = self._commodities({"commodities": ["*"], **entry}, row)
        start, end = self._dates(entry, row, optional_end=True)
        passes = self._share(entry.get("share", 0.0), row, "share")
        inputs = self._inputs(entry, row)
        return [Restriction(row, "closure", origin, commodities, reach - {origin}, start, end, ((start, passes),), 0.0,
                            inputs) for origin in sorted(origins) if reach - {origin}]  # fmt: skip

    def _relieved(self, entry: dict[str, Any], row: str, restrictions: list[Restriction]) -> list[Restriction]:
        """Suspend measures: for everybody, or for some destinations (a truce, a general licence)."""
        names = self._names(entry, row, "measures")
        if "measures" not in entry:
            self.fault(row, "measures", _("it lifts nothing"), _("name measures by their ids"))
        reach = self._regions(entry, row, "destinations", frozenset())
        start, end = self._dates(entry, row, optional_end=True)
        pause = Pause(start, end, self._share(entry.get("share", 1.0), row, "share"))
        inputs = self._inputs(entry, row)
        known = {r.measure for r in restrictions}
        for name in names:
            if name in known:
                self._lifts(entry, row, [r for r in restrictions if r.measure == name], reach, pause)
            elif not self.torn:
                self.fault(row, "measures", _("there is no measure `{name}` to lift").format(name=name),
                           _("name one by its id"))  # fmt: skip
        lifted: list[Restriction] = []
        for measure in restrictions:
            mine = measure.destinations & reach if measure.measure in names else frozenset()
            if measure.destinations - mine:
                lifted.append(replace(measure, destinations=measure.destinations - mine))
            if mine:
                lifted.append(replace(measure, destinations=mine, pauses=(*measure.pauses, pause),
                                      inputs=tuple(dict.fromkeys((*measure.inputs, *inputs)))))  # fmt: skip
        return lifted

    def _lifts(
        self, entry: dict[str, Any], row: str, measures: list[Restriction], reach: frozenset[str], pause: Pause
    ) -> None:
        """Refuse a relief of a measure that does not bite where, or when, it would lift it."""
        name = measures[0].measure
        bites = frozenset(region for measure in measures for region in measure.destinations)
        listed = frozenset(self._names(entry, row, "destinations")) - {"*"} & self.regions
        for region in sorted(listed - bites) or ([] if reach & bites else ["*"]):
            self.fault(row, "destinations", _("`{measure}` holds nothing back from {region}").format(
                measure=name, region=region), _("name one of its destinations: {known}").format(
                    known=", ".join(sorted(bites))))  # fmt: skip
        spans = [(m.start, m.end or date.max) for m in measures if m.destinations & reach]
        if spans and all(outside(pause.start, pause.end, *span) for span in spans):
            side = outside(pause.start, pause.end, *spans[0])
            self.fault(row, side, _("`{measure}` is not in force then: {why}").format(
                measure=name, why=off_span(pause.start, pause.end, *spans[0])), _("move its dates"))  # fmt: skip

    def _wedge(self, entry: dict[str, Any], row: str) -> list[Wedge]:
        kind = str(entry["kind"])
        none: frozenset[str] = frozenset()
        importers = self._regions(entry, row, "destinations", none) if "destinations" in entry else none
        if len(importers) != 1:
            self.fault(row, "destinations", _("a duty has one importer"), _("name the region that levies it"))
        origins = self._regions(entry, row, "origins", importers)
        if importers & origins:
            self.fault(row, "origins", _("{region} levies nothing on itself").format(region=min(importers & origins)),
                       _("leave it out of the origins"))  # fmt: skip
        field, most, fix = ("rate", 10.0, _("write 0.15 for 15 %")) if kind == "tariff" else (
            "price", 1e7, _("write the least price on arrival, USD/kg"))  # fmt: skip
        level = self._number(entry, row, field, None, most, fix)
        commodities = self._commodities(entry, row)
        start, end = self._dates(entry, row, optional_end=True)
        return [Wedge(row, kind, min(importers, default=""), origins, commodities, start, end, level,
                      self._inputs(entry, row))]  # fmt: skip

    def _outage(self, entry: dict[str, Any], row: str) -> list[Outage]:
        facility = str(entry.get("facility", ""))
        if facility not in set(self.case["facilities"]["facility"]):
            what = _("`{name}` is not in facilities.csv").format(name=facility)
            self.fault(row, "facility", what, _("name a facility"))
        start, end = self._dates(entry, row, optional_end=False)
        share = self._share(entry.get("availability", 0.0), row, "availability")
        return [Outage(facility, start, end or start, share, self._inputs(entry, row))]

    def _demand(self, entry: dict[str, Any], row: str) -> list[DemandChange]:
        use, region = str(entry.get("end_use", "")), str(entry.get("region", "*"))
        if use not in set(self.case["end_uses"]["end_use"]) and use != "*":
            what = _("`{name}` is not in end_uses.csv").format(name=use)
            self.fault(row, "end_use", what, _("name an end use, or *"))
        if region not in self.regions and region != "*":
            what = _("`{region}` is not in regions.csv").format(region=region)
            self.fault(row, "region", what, _("name a region, or *"))
        start, end = self._dates(entry, row, optional_end=False)
        factor = self._number(entry, row, "factor", None, 1e6, _("write 1.2 for +20 %"))
        return [DemandChange(use, region, start, end or start, factor, self._inputs(entry, row))]
