"""Two entries of one scenario that say different things of the same day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from didymium.case.restriction import Outage, Restriction
from didymium.messages import _


def contradictions(
    restrictions: list[Restriction], outages: list[Outage], fault: Callable[[str, str, str, str], None]
) -> None:
    """Refuse two entries of one law, or of one plant, that say different things of the same day."""
    for at, one in enumerate(restrictions):
        for other in restrictions[:at]:
            law = one.measure == other.measure or any(
                key in other.inputs for key in one.inputs if key.startswith("measures/")
            )
            if not law or one.kind != other.kind or one.end_uses != other.end_uses:
                continue
            if one.controller != other.controller or not one.commodities & other.commodities:
                continue
            if not one.destinations & other.destinations:
                continue
            days = {day for day, _share in (*one.steps, *other.steps)}
            both = [d for d in days if _in_force(one, d) and _in_force(other, d)]
            if any(one.on(day) != other.on(day) for day in both):
                what = _("it contradicts `{other}`: another share for {commodity} to {region} on the same day")
                fault(one.measure, "approval", what.format(
                    other=other.measure, commodity=min(one.commodities & other.commodities),
                    region=min(one.destinations & other.destinations)), _("keep one of the two"))  # fmt: skip
    for at, outage in enumerate(outages):
        for twin in outages[:at]:
            overlap = outage.start < twin.end and twin.start < outage.end
            if outage.facility == twin.facility and overlap and outage.availability != twin.availability:
                fault("outage", "availability", _("two outages of {facility} at once differ").format(
                    facility=outage.facility), _("keep one of the two"))  # fmt: skip


def _in_force(measure: Restriction, day: date) -> bool:
    return measure.start <= day and (measure.end is None or day < measure.end)
