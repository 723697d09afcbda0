"""What share of trade a measure of a scenario file lets through from each day on, with its ends for draws."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from didymium.case.restriction import Band, Path_
from didymium.case.scenario_cells import Cells
from didymium.messages import _

QUEUES = ("licence", "content_rule")
"""Kinds whose approvals take time."""


class Paths(Cells):
    """A scenario file and the approval paths of its measures."""

    def _path(self, entry: dict[str, Any], row: str, kind: str, start: date) -> Path_ | None:
        """Return ``1 - covers (1 - min(1, a(t) + leak))``; ``a = 0`` of a ban."""
        asked: Path_ | None = ((start, 0.0),) if kind == "ban" else self._approval(entry, row, kind, start)
        if asked is None:
            return None
        # Smugglers, and buyers that are not named, get through whatever the authority says.
        leak, covers = (self._share(entry.get(name, default), row, name) for name, default in (
            ("leak", 0.0), ("covers", 1.0)))  # fmt: skip
        return tuple((day, 1.0 - covers * (1.0 - min(1.0, share + leak))) for day, share in asked)

    def _approval(self, entry: dict[str, Any], row: str, kind: str, start: date) -> Path_ | None:
        """Return the share let through from each day on; a licence is a queue.

        Approved at once ``a(t)``, of the rest a share ``late`` once the review ends: what leaves on a day is
        ``a(t - delay) + late (1 - a(t - review))``.
        """
        asked = self._steps(entry, row, "approval", kind)
        if asked is None:
            return None
        if asked[0][0] > start:
            asked = ((start, 1.0), *asked)
        if kind not in QUEUES:
            return asked
        delay, review = self._days(entry, row, "delay_days"), self._days(entry, row, "review_days")
        late = self._share(entry.get("late", 0.0), row, "late")
        if late and review < delay:
            self.fault(row, "review_days", _("the review ends before the quick licences are out"),
                       _("give review_days of at least delay_days"))  # fmt: skip
        if ("late" in entry) != ("review_days" in entry):
            self.fault(row, "late", _("`late` and `review_days` say when what share of the rest is granted"),
                       _("give both, or neither"))  # fmt: skip
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

    def _steps(self, entry: dict[str, Any], row: str, field: str, kind: str) -> Path_ | None:
        """Return the dates and shares of a list."""
        steps = entry.get(field) or []
        if not steps:
            self.fault(row, field, _("a {kind} without an approval path").format(kind=kind),
                       _('add {field} = [["YYYY-MM-DD", share], ...]').format(field=field))  # fmt: skip
            return None
        if not isinstance(steps, list) or not all(isinstance(step, list) and len(step) == 2 for step in steps):
            self.fault(row, field, _("`{steps}` is not a list of dates and shares").format(steps=steps),
                       _('write {field} = [["YYYY-MM-DD", share], ...]').format(field=field))  # fmt: skip
            return None
        days = [self._date({field: step[0]}, row, field) for step in steps]
        shares = [self._share(step[1], row, field) for step in steps]
        known = [day for day in days if day is not None]
        if len(known) < len(days):
            return None
        if known != sorted(set(known)):
            self.fault(row, field, _("its dates are not in order, or one stands twice"), _("sort them"))
        return tuple(zip(known, shares, strict=True))

    def _band(self, entry: dict[str, Any], row: str, kind: str, start: date) -> Band | None:
        """Return the path at both ends of the bands that the entry has; None where it has none, or a fault."""
        named = [name for name in ("approval", "leak") if {f"{name}_low", f"{name}_high"} & set(entry)]
        ends: list[dict[str, Any]] = [dict(entry), dict(entry)]
        seen = len(self.faults)
        for name in named:
            low, value, high = f"{name}_low", name, f"{name}_high"
            if low not in entry or high not in entry:
                given, other = (low, high) if low in entry else (high, low)
                self.fault(row, given, _("a band has two ends"), _("add `{other}`").format(other=other))
                continue
            if name == "leak":
                days: list[list[date]] = [[], [], []]
                shares = [[self._share(entry.get(field, 0.0), row, field)] for field in (low, value, high)]
            else:
                paths = [self._steps(entry, row, field, kind) or () for field in (low, value, high)]
                days, shares = [[day for day, _s in path] for path in paths], [[s for _d, s in path] for path in paths]
            if len(self.faults) > seen:
                continue
            if not days[0] == days[1] == days[2]:
                self.fault(row, low, _("it has not the dates of `{value}`").format(value=value),
                           _("give `{low}`, `{value}` and `{high}` the same dates").format(
                               low=low, value=value, high=high))  # fmt: skip
            elif not all(a <= b <= c for a, b, c in zip(*shares, strict=True)):
                self.fault(row, low, _("`{value}` lies outside its band").format(value=value),
                           _("write a low end below it and a high end above it"))  # fmt: skip
            for end, field in zip(ends, (low, high), strict=True):
                end[value] = entry[field]
        if not named or len(self.faults) > seen:
            return None
        paths_ = [self._path(end, row, kind, start) for end in ends]
        return Band(paths_[0] or (), paths_[1] or ())
