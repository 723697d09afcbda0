"""Two entries of one scenario that say different things of the same day.

What the program does with two entries at once decides what may stand side by side:

- measures bound trade and the smallest share holds, so those of different kinds stack (a ban within a licence, an
  end-use rule on part of it), and so do those of two laws that both hold (``from`` names two rows);
- two duties add up, so those of different kinds or laws stack;
- outages of a plant, and factors of a use, would be multiplied, which neither entry says: they never stack.

Otherwise one thing has one number on one day. What is said twice in the same words is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import combinations
from typing import TypeVar

from didymium.case.restriction import DemandChange, Outage, Restriction, Wedge
from didymium.case.scenario_span import Part
from didymium.messages import _

Noted = Callable[[str, str, str, str], None]


P = TypeVar("P", Outage, DemandChange, Wedge)


def said_once(parts: Iterable[P]) -> list[P]:
    """Return parts with those joined that say the same of the same thing on days that overlap."""
    found: list[P] = []
    for part in parts:
        whole: P = part
        place = len(found)
        while twins := [at for at, other in enumerate(found) if _joins(whole, other)]:
            place = min(place, twins[0])
            other: P = found.pop(twins[0])
            end = None if whole.end is None or other.end is None else max(whole.end, other.end)
            inputs = tuple(dict.fromkeys((*other.inputs, *whole.inputs)))
            whole = replace(other, start=min(whole.start, other.start), end=end, inputs=inputs)
        found.insert(place, whole)
    return found


def contradictions(
    restrictions: Iterable[Restriction],
    outages: Iterable[Outage],
    changes: Iterable[DemandChange],
    wedges: Iterable[Wedge],
    fault: Noted,
) -> None:
    """Refuse two entries that say different things of the same day.

    Parameters
    ----------
    restrictions, outages, changes, wedges
        What a scenario holds, each said once.
    fault : callable
        Notes row, field, what is wrong and what to do.
    """
    for other, one in combinations(restrictions, 2):
        day = _differ(one, other)
        if day:
            what = _("`{one}` ({one_kind}, {one_share:g}) contradicts `{other}` ({other_kind}, {other_share:g}): "
                     "another share for {commodity} to {region} on {day}")  # fmt: skip
            fault(one.measure, "approval", what.format(
                one=one.measure, one_kind=one.kind, one_share=one.on(day), other=other.measure, other_kind=other.kind,
                other_share=other.on(day), commodity=min(one.commodities & other.commodities),
                region=min(one.destinations & other.destinations), day=day), _one_of_two())  # fmt: skip
    for first, second in combinations(outages, 2):
        if first.facility == second.facility and _at_once(first, second):
            what = _("two outages of {facility} at once differ: {first} and {second}")
            fault("outage", "availability", what.format(
                facility=first.facility, first=_dated(first.availability, first),
                second=_dated(second.availability, second)),
                _("keep one of the two, or give each its own days"))  # fmt: skip
    for more, less in combinations(changes, 2):
        if _overlap(more.end_use, less.end_use) and _overlap(more.region, less.region) and _at_once(more, less):
            what = _("two factors for one demand at once: {more_use} in {more_region} {more}, and {less_use} in "
                     "{less_region} {less}")  # fmt: skip
            fault("demand", "factor", what.format(
                more_use=more.end_use, more_region=more.region, more=_dated(more.factor, more), less_use=less.end_use,
                less_region=less.region, less=_dated(less.factor, less)),
                _("name each end use and region in one of the two, with the factor that holds"))  # fmt: skip
    for levied, again in combinations(wedges, 2):
        goods, origins = levied.commodities & again.commodities, levied.origins & again.origins
        same = levied.kind == again.kind and levied.importer == again.importer
        if same and goods and origins and _at_once(levied, again) and not _two_laws(levied, again):
            what = _("`{again}` ({level}) contradicts `{levied}` ({other}): two duties of one kind on {commodity} from "
                     "{origin} to {region} at once")  # fmt: skip
            fault(again.measure, "rate" if again.kind == "tariff" else "price", what.format(
                again=again.measure, level=_dated(again.level, again), levied=levied.measure,
                other=_dated(levied.level, levied), commodity=min(goods), origin=min(origins),
                region=again.importer), _one_of_two())  # fmt: skip


def _one_of_two() -> str:
    return _("keep one of the two, end one before the other begins, or name in `from` the two laws that both hold")


def _differ(one: Restriction, other: Restriction) -> date | None:
    """Return the first day on which two measures that may not differ do."""
    named_alike = one.measure == other.measure
    if not named_alike and (one.kind != other.kind or one.pooled != other.pooled or _two_laws(one, other)):
        return None
    if one.controller != other.controller or not one.commodities & other.commodities:
        return None
    if not one.destinations & other.destinations or not _same_part(one.end_uses, other.end_uses):
        return None
    if not _same_part(one.follows, other.follows):
        return None
    if one.pooled and (one.commodities, one.destinations) != (other.commodities, other.destinations):
        return None  # a sum and one of its parts are two quotas
    days = sorted({day for day, _share in (*one.steps, *other.steps)})
    return next((d for d in days if _speaks(one, d) and _speaks(other, d) and one.on(d) != other.on(d)), None)


def _same_part(one: frozenset[str], other: frozenset[str]) -> bool:
    """Two rules on everything, or on parts that overlap; a rule on a part stands beside one on the whole."""
    return bool(one & other) if one and other else not one and not other


def _speaks(measure: Restriction, day: date) -> bool:
    """Return whether a measure is in force on a day and not lifted altogether."""
    lifted = any(p.share >= 1.0 and p.start <= day and (p.end is None or day < p.end) for p in measure.pauses)
    return measure.start <= day and (measure.end is None or day < measure.end) and not lifted


def _two_laws(one: Restriction | Outage | DemandChange | Wedge, other: Part) -> bool:
    """Return whether each names a law, and not the same."""
    laws = [next((key for key in part.inputs[:1] if key.startswith("measures/")), "") for part in (one, other)]
    return all(laws) and laws[0] != laws[1]


def _at_once(one: Part, other: Part) -> bool:
    return (other.end is None or one.start < other.end) and (one.end is None or other.start < one.end)


def _overlap(one: str, other: str) -> bool:
    return one == other or "*" in (one, other)


def _joins(one: Outage | DemandChange | Wedge, other: Outage | DemandChange | Wedge) -> bool:
    return _says(one) == _says(other) and _at_once(one, other) and not _two_laws(one, other)


def _says(part: Outage | DemandChange | Wedge) -> tuple[Hashable, ...]:
    """Return what a part says, without its days, its name and where it comes from."""
    told = (field.name for field in fields(part) if field.name not in ("start", "end", "inputs", "measure"))
    return (type(part), *(getattr(part, name) for name in told))


def _dated(number: float, part: Part) -> str:
    if part.end is None:
        return _("{number:g} from {start}").format(number=number, start=part.start)
    return _("{number:g} from {start} to {end}").format(
        number=number, start=part.start, end=part.end - timedelta(days=1))  # fmt: skip
