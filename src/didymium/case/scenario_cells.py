"""The cells of a scenario file: dates, shares, names of the case; what is wrong with one is noted and read on."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from didymium.case.chain_tables import STAGES
from didymium.case.check import first_day, last_day
from didymium.case.restriction import Pause
from didymium.case.scenario_schema import EVERY_MEASURE, MEASURES, OTHERS, Entry, mended
from didymium.case.scenario_span import off_span, outside
from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case


class Cells:
    """A scenario file and the faults of its cells.

    Parameters
    ----------
    case : Case
        The case.
    name : str
        File name in ``scenarios/`` without its ending.
    """

    def __init__(self, case: Case, name: str) -> None:
        self.case = case
        self.name = name
        self.file = f"scenarios/{name}.toml"
        self.faults: list[Fault] = []
        try:
            self.data = tomllib.loads(case.files.scenario(name))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CaseError([Fault(self.file, "", "", str(error), _("correct the line"))]) from None
        self.torn = False
        """A file that it includes is at fault."""
        self.span: tuple[date, date] | None = None
        """First day of the scenario, and the first one after it; None where either is at fault."""
        self.commodities = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
        self.regions = set(case["regions"]["region"])

    def fault(self, row: str, field: str, what: str, fix: str) -> None:
        """Note one thing wrong."""
        self.faults.append(Fault(self.file, row, field, what, fix))

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
        end = end + timedelta(days=1) if end else None
        if start:
            self._in_span(row, start, end)
        return start or date(1, 1, 1), end

    def _in_span(self, row: str, start: date, end: date | None) -> None:
        """Refuse an own entry that cannot act in the months of the scenario."""
        first, last = self.span or (date.min, date.max)
        why = off_span(start, end, first, last)
        if why:
            self.fault(row, outside(start, end, first, last), why,
                       _("move its dates, or the scenario's `start` and `months`"))  # fmt: skip

    def _of_law(self, entry: dict[str, Any], row: str) -> tuple[date, date | None, tuple[Pause, ...]]:
        """Return first day, first free day and suspension: the entry's own, or where it has no start, the law's."""
        table = self.case["measures"]
        law = table[table["measure"].eq(str(entry.get("from", "")))]
        if "start" in entry or law.empty:
            return (*self._dates(entry, row, optional_end=True), ())
        if "end" in entry:
            self.fault(row, "end", _("without a start the dates are the law's"), _("add `start`, or leave `end` out"))
        found = law.iloc[0]
        end = last_day(str(found["end"])) + timedelta(days=1) if found["end"] else None
        pauses: tuple[Pause, ...] = ()
        if found["suspended_from"]:
            until = last_day(str(found["suspended_to"])) + timedelta(days=1) if found["suspended_to"] else None
            pauses = (Pause(first_day(str(found["suspended_from"])), until),)
        start = first_day(str(found["start"]))
        self._in_span(row, start, end)
        return start, end, pauses

    def _commodities(self, entry: dict[str, Any], row: str, field: str = "commodities") -> frozenset[str]:
        found: set[str] = set()
        names = self._names(entry, row, field)
        for name in names:
            stage = name.removeprefix("stage:")
            if name in self.commodities:
                found.add(name)
            elif name.startswith("stage:") and stage in STAGES:
                found |= {c for c, s in self.commodities.items() if s == stage}
            elif name == "*":
                found |= set(self.commodities)
            else:
                self.fault(row, field, _("`{name}` is not in commodities.csv").format(name=name),
                           _("name a commodity, or stage:NAME"))  # fmt: skip
        if not found and (names or field not in entry):
            self.fault(row, field, _("it covers nothing"), _("name at least one commodity"))
        return frozenset(found)

    def _names(self, entry: dict[str, Any], row: str, field: str, default: tuple[str, ...] = ()) -> list[str]:
        names = entry.get(field, list(default))
        if not isinstance(names, list):
            self.fault(row, field, _("`{names}` is not a list").format(names=names), _('write ["a", "b"]'))
            return []
        if not names and field in entry and row != "scenario":
            self.fault(row, field, _("the list is empty"), _("name at least one"))
        return [str(name) for name in names]

    def _regions(self, entry: dict[str, Any], row: str, field: str, but: frozenset[str]) -> frozenset[str]:
        """Return regions that a list names; ``*`` means all but ``but``."""
        names = self._names(entry, row, field, ("*",))
        for region in names:
            if region not in self.regions and region != "*":
                what = _("`{region}` is not in regions.csv").format(region=region)
                self.fault(row, field, what, _("name a region, or *"))
        return frozenset(self.regions - but if "*" in names else names)

    def _number(
        self, entry: dict[str, Any], row: str, field: str, default: float | None, most: float, fix: str
    ) -> float:
        value = entry.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            what = _("`{value}` is not a number from 0 to {most:g}").format(value=value, most=most)
            self.fault(row, field, what, fix)
            return 0.0
        return float(value)

    def _days(self, entry: dict[str, Any], row: str, field: str) -> float:
        return self._number(entry, row, field, 0, 3660, _("write 45"))

    def _entries(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables written ``[[name]]``, each with what it is called."""
        entries = self.data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.fault(name, "", _("`{name}` is not a list of tables").format(name=name),
                       _("begin each with [[{name}]] on a line of its own").format(name=name))  # fmt: skip
            return []
        rows = [str(entry.get("id") or (f"{name} {at}" if at > 1 else name)) for at, entry in enumerate(entries, 1)]
        for row, entry in zip(rows, entries, strict=True):
            known = OTHERS[name] if name in OTHERS else MEASURES.get(str(entry.get("kind")), EVERY_MEASURE)
            self._known(entry, row, known)
        return list(zip(rows, entries, strict=True))

    def _known(self, entry: dict[str, Any], row: str, known: Entry) -> None:
        """Refuse keys that an entry has not."""
        for key in entry:
            if key not in known.names:
                self.fault(row, key, _("a {entry} has no `{field}`").format(entry=known.name, field=key),
                           mended(known, key))  # fmt: skip

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
