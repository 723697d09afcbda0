"""Scenarios: measures, outages and demand changes over time, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from didymium.case.check import first_day, split_list
from didymium.case.tables import STAGES
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

Path_ = tuple[tuple[date, float], ...]


@dataclass(frozen=True)
class Restriction:
    """A measure at work: what share of base trade it lets through, from when to when.

    Parameters
    ----------
    measure : str
        Its name in the scenario.
    kind : str
        ban, quota or licence.
    controller : str
        Region whose exports it bounds.
    commodities, destinations : frozenset of str
        What it covers and where it bites.
    start, end : date
        First day in force; first day no longer in force (None: open).
    approval : tuple of (date, float)
        Share of the base flow let through from each date on.
    delay_days : float
        Time that a licence takes; ``approval`` already waits for it.
    inputs : tuple of str
        Input rows behind it.
    """

    measure: str
    kind: str
    controller: str
    commodities: frozenset[str]
    destinations: frozenset[str]
    start: date
    end: date | None
    approval: Path_
    delay_days: float
    inputs: tuple[str, ...]

    def share(self, first: date, last: date) -> float:
        """Return the mean share of base trade let through between two days; 1 where it is not in force."""
        days = (last - first).days
        if days <= 0:
            raise ValueError("an empty period")
        stop = min(last, self.end or last)
        begin = max(first, self.start)
        if stop <= begin:
            return 1.0
        steps = [(max(day, begin), share) for day, share in self.approval if day < stop]
        passed = 0.0
        for position, (day, share) in enumerate(steps):
            until = steps[position + 1][0] if position + 1 < len(steps) else stop
            passed += max((min(until, stop) - day).days, 0) * share
        outside = days - (stop - begin).days
        return (passed + outside) / days

    def believed(self, today: date, known_end: bool) -> Restriction:
        """Return what somebody believes on ``today``: today's share lasts.

        Parameters
        ----------
        today : date
            The day of the belief.
        known_end : bool
            The end is announced and believed; otherwise the measure is thought to stay for good.
        """
        share = [s for day, s in self.approval if day <= today]
        held = share[-1] if share else self.approval[0][1]
        return replace(self, end=self.end if known_end else None, approval=((self.start, held),))


@dataclass(frozen=True)
class Outage:
    """A facility that runs at a share of its capacity for a while."""

    facility: str
    start: date
    end: date
    availability: float
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class DemandChange:
    """An end use (``*``: every one) that wants more or less for a while."""

    end_use: str
    region: str
    start: date
    end: date
    factor: float
    inputs: tuple[str, ...]


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

    def inputs(self) -> list[str]:
        """Return the input rows behind the scenario."""
        parts: tuple[Restriction | Outage | DemandChange, ...]
        parts = (*self.restrictions, *self.outages, *self.demand_changes)
        return list(dict.fromkeys(key for part in parts for key in part.inputs))


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
    return _Reader(case, name).scenario()


class _Reader:
    """Reads one scenario file and gathers its faults."""

    def __init__(self, case: Case, name: str) -> None:
        self.case = case
        self.name = name
        self.file = f"scenarios/{name}.toml"
        self.faults: list[Fault] = []
        try:
            self.data = tomllib.loads(case.files.scenario(name))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CaseError([Fault(self.file, "", "", str(error), _("correct the line"))]) from None
        self.commodities = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
        self.regions = set(case["regions"]["region"])

    def fault(self, row: str, field: str, what: str, fix: str) -> None:
        self.faults.append(Fault(self.file, row, field, what, fix))

    def scenario(self) -> Scenario:
        data = self.data
        start = self._date(data, "scenario", "start") or date(1, 1, 1)
        months = data.get("months")
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 600:
            self.fault("scenario", "months", _("months must be a whole number from 1 to 600"), _("add `months = 24`"))
        probability = data.get("probability")
        if probability is not None:
            if not isinstance(probability, int | float) or not 0 <= probability <= 1:
                self.fault("scenario", "probability", _("not between 0 and 1"), _("write a share such as 0.1"))
            if not data.get("probability_source"):
                self.fault("scenario", "probability", _("a probability without an assumption row"),
                           _("name it in probability_source"))  # fmt: skip
        restrictions = [self._restriction(entry) for entry in self._entries("measure")]
        restrictions += [self._passthrough(entry, restrictions) for entry in self._entries("passthrough")]
        outages = [self._outage(entry) for entry in self._entries("outage")]
        changes = [self._demand(entry) for entry in self._entries("demand")]
        if self.faults:
            raise CaseError(self.faults)
        return Scenario(
            name=self.name,
            title=str(data.get("title", self.name)),
            description=str(data.get("description", "")),
            start=start,
            months=months if isinstance(months, int) else 0,
            restrictions=tuple(r for r in restrictions if r),
            outages=tuple(o for o in outages if o),
            demand_changes=tuple(c for c in changes if c),
            probability=probability,
            why=str(data.get("why", "")),
            stress=data.get("stress") is True,
        )

    def _date(self, entry: dict[str, Any], row: str, field: str, optional: bool = False) -> date | None:
        text = entry.get(field)
        if text is None and optional:
            return None
        try:
            return first_day(str(text))
        except ValueError:
            self.fault(row, field, _("`{text}` is not a date").format(text=text), _("write YYYY-MM-DD"))
            return None

    def _dates(self, entry: dict[str, Any], row: str, optional_end: bool) -> tuple[date, date | None]:
        start = self._date(entry, row, "start")
        end = self._date(entry, row, "end", optional=optional_end)
        if start and end and end <= start:
            self.fault(row, "end", _("the end {end} is not after the start {start}").format(end=end, start=start),
                       _("put the dates in order"))  # fmt: skip
        # Files name the last day in force; inside, an end is the first day that is free again.
        return start or date(1, 1, 1), end + timedelta(days=1) if end else None

    def _commodities(self, entry: dict[str, Any], row: str) -> frozenset[str]:
        found: set[str] = set()
        for name in entry.get("commodities", []):
            stage = str(name).removeprefix("stage:")
            if name in self.commodities:
                found.add(name)
            elif str(name).startswith("stage:") and stage in STAGES:
                found |= {c for c, s in self.commodities.items() if s == stage}
            else:
                self.fault(row, "commodities", _("`{name}` is not in commodities.csv").format(name=name),
                           _("name a commodity, or stage:NAME"))  # fmt: skip
        if not found:
            self.fault(row, "commodities", _("it covers nothing"), _("name at least one commodity"))
        return frozenset(found)

    def _days(self, entry: dict[str, Any], row: str) -> float:
        value = entry.get("delay_days", 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3660:
            self.fault(row, "delay_days", _("`{value}` is not a number of days").format(value=value), _("write 45"))
            return 0.0
        return float(value)

    def _entries(self, name: str) -> list[dict[str, Any]]:
        """Return the tables written ``[[name]]``."""
        entries = self.data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.fault(name, "", _("`{name}` is not a list of tables").format(name=name),
                       _("begin each with [[{name}]] on a line of its own").format(name=name))  # fmt: skip
            return []
        return entries

    def _share(self, value: object, row: str, field: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            what = _("{value} is not a share between 0 and 1").format(value=value)
            self.fault(row, field, what, _("write 0.25 for 25 %"))
            return 0.0
        return float(value)

    def _inputs(self, entry: dict[str, Any], row: str) -> tuple[str, ...]:
        keys = []
        source = str(entry.get("source", ""))
        for table in ("sources", "assumptions"):
            if source in set(self.case[table].iloc[:, 0]):
                keys.append(f"{table}/{source}")
        if not keys:
            self.fault(row, "source", _("`{source}` is neither a source nor an assumption").format(source=source),
                       _("name a row of sources.csv or assumptions.csv"))  # fmt: skip
        if entry.get("from"):
            measures = set(self.case["measures"]["measure"])
            if entry["from"] not in measures:
                what = _("`{name}` is not in measures.csv").format(name=entry["from"])
                self.fault(row, "from", what, _("name a measure"))
            keys.append(f"measures/{entry['from']}")
        return tuple(reversed(keys))

    def _restriction(self, entry: dict[str, Any]) -> Restriction | None:
        row = str(entry.get("id", "measure"))
        kind = entry.get("kind")
        if kind not in ("ban", "quota", "licence"):
            what = _("`{kind}` does not bound trade").format(kind=kind)
            self.fault(row, "kind", what, _("use ban, quota or licence"))
        controller = str(entry.get("controller", ""))
        destinations = [str(d) for d in entry.get("destinations", ["*"])]
        for region in (controller, *destinations):
            if region not in self.regions and region != "*":
                what = _("`{region}` is not in regions.csv").format(region=region)
                self.fault(row, "destinations", what, _("name a region, or *"))
        reach = self.regions - {controller} if "*" in destinations else set(destinations)
        commodities = self._commodities(entry, row)
        start, end = self._dates(entry, row, optional_end=True)
        inputs = self._inputs(entry, row)
        if kind == "ban":
            approval: Path_ = ((start, 0.0),)
        else:
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
            approval = tuple(zip(days, shares, strict=True))
            if approval[0][0] > start:
                approval = ((start, 1.0), *approval)
        delay = self._days(entry, row)
        if delay > 0 and kind == "licence":
            # What is approved today leaves once the licence is out; until the first one is, nothing leaves.
            wait = timedelta(days=delay)
            approval = ((start, 0.0), *((day + wait, share) for day, share in approval))
        return Restriction(
            row, str(kind), controller, commodities, frozenset(reach), start, end, approval, delay, inputs
        )

    def _passthrough(self, entry: dict[str, Any], restrictions: list[Restriction | None]) -> Restriction | None:
        """Unlisted goods that customs hold back too: a share of what the listed magnets suffer."""
        row = "passthrough"
        commodities = self._commodities(entry, row)
        share = self._share(entry.get("share"), row, "share")
        listed = [r for r in restrictions if r is not None]
        like = str(entry.get("like", ""))
        model = next((r for r in listed if r.measure == like), listed[0] if listed else None)
        if model is None:
            self.fault(row, "like", _("there is no measure to pass through"), _("add a measure first"))
            return None
        approval = tuple((day, 1.0 - share * (1.0 - s)) for day, s in model.approval)
        return Restriction(f"passthrough_{model.measure}", "licence", model.controller, commodities, model.destinations,
                           model.start, model.end, approval, model.delay_days, self._inputs(entry, row))  # fmt: skip

    def _outage(self, entry: dict[str, Any]) -> Outage | None:
        facility = str(entry.get("facility", ""))
        if facility not in set(self.case["facilities"]["facility"]):
            what = _("`{name}` is not in facilities.csv").format(name=facility)
            self.fault("outage", "facility", what, _("name a facility"))
        start, end = self._dates(entry, "outage", optional_end=False)
        share = self._share(entry.get("availability", 0.0), "outage", "availability")
        return Outage(facility, start, end or start, share, self._inputs(entry, "outage"))

    def _demand(self, entry: dict[str, Any]) -> DemandChange | None:
        use, region = str(entry.get("end_use", "")), str(entry.get("region", "*"))
        if use not in set(self.case["end_uses"]["end_use"]) and use != "*":
            what = _("`{name}` is not in end_uses.csv").format(name=use)
            self.fault("demand", "end_use", what, _("name an end use, or *"))
        if region not in self.regions and region != "*":
            what = _("`{region}` is not in regions.csv").format(region=region)
            self.fault("demand", "region", what, _("name a region, or *"))
        start, end = self._dates(entry, "demand", optional_end=False)
        factor = entry.get("factor")
        if isinstance(factor, bool) or not isinstance(factor, int | float) or factor < 0:
            what = _("{factor} is not a multiple of demand").format(factor=factor)
            self.fault("demand", "factor", what, _("write 1.2 for +20 %"))
            factor = 1.0
        return DemandChange(use, region, start, end or start, float(factor), self._inputs(entry, "demand"))


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
