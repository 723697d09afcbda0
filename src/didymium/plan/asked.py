"""What may be asked of a plan: every option that cannot be meant is refused at once, before any work starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from didymium.case.check import first_day
from didymium.faults import Fault
from didymium.messages import _
from didymium.plan.desk import Wanted

if TYPE_CHECKING:
    from didymium.case import case as cases

STEPS = (1, 2, 3, 4, 6, 12)
"""Months that a period may have: they fill a year."""

LEAST = {"count": 1, "draws": 0, "check": 0, "seed": 0, "threads": 1}
"""Least whole number that an option may be."""


def amounts(**options: Any) -> list[Fault]:
    """Return what is wrong with the numbers among the options: risk, gap, weights, step and those of :data:`LEAST`."""
    faults: list[Fault] = []
    for name, value in options.items():
        if name in LEAST:
            if not isinstance(value, Integral) or value < LEAST[name]:
                faults.append(_fault(name, value, _("a whole number of {least} or more").format(least=LEAST[name])))
        elif name == "step":
            if value not in STEPS:
                listed = ", ".join(str(each) for each in STEPS)
                faults.append(_fault(name, value, _("months that fill a year: {listed}").format(listed=listed)))
        elif name == "risk":
            if not (_is_number(value) and 0.0 <= value <= 1.0):
                faults.append(_fault(name, value, _("a share between 0 and 1")))
        elif name == "gap":
            if not (_is_number(value) and value > 0.0):
                faults.append(_fault(name, value, _("MUSD above 0, such as 15")))
        elif name == "weights":
            if not len(value):
                faults.append(_fault(name, "", _("at least one weight of the members' users, such as 2")))
            faults += [_fault(name, each, _("a weight above 0, such as 2"))
                       for each in value if not (_is_number(each) and each > 0.0)]  # fmt: skip
    return faults


def _fault(name: str, value: object, wanted: str) -> Fault:
    """Return the fault of an option that is not what is wanted."""
    what = _("{value} cannot be meant").format(value=f"`{value}`") if value != "" else _("nothing is given")
    return Fault("options", "", name, what, _("write {wanted}").format(wanted=wanted))


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def days(decision: str | date, later: Sequence[str | date], last: int) -> tuple[tuple[date, ...], list[Fault]]:
    """Return the days of decision in order, and what is wrong with them and with the horizon."""
    faults: list[Fault] = []
    found: list[date] = []
    for at, given in enumerate((decision, *later)):
        name = "later" if at else "decision"
        try:
            day = first_day(given) if isinstance(given, str) else given
        except ValueError:
            faults.append(_fault(name, given, _("a decision's day as YYYY-MM-DD, such as 2027-01-01")))
            continue
        if (day.month, day.day) != (1, 1):
            what = _("the decision falls on {day}").format(day=day)
            faults.append(Fault("options", "", name, what, _("choose the first day of a year")))
        found.append(day)
    if not isinstance(last, Integral) or (found and last < found[0].year):
        faults.append(_fault("last", last, _("a year of the decision or after it")))
    elif not faults:
        for day in found[1:]:
            if not found[0] < day <= date(last, 1, 1):
                what = _("the later decision on {day} is not between {first} and {last}").format(
                    day=day, first=found[0], last=last)  # fmt: skip
                faults.append(Fault("options", "", "later", what, _("move it")))
    return tuple(sorted(set(found))), faults


def wanted(
    case: cases.Case, targets: Sequence[tuple[str, str, float, str | date]]
) -> tuple[tuple[Wanted, ...], list[Fault]]:
    """Return the stocks that there have to be, and what is wrong with them whatever the market is.

    Parameters
    ----------
    case : Case
        The case.
    targets : sequence of (str, str, float, str or date)
        Commodity, region, t, by when.
    """
    faults: list[Fault] = []
    found: list[Wanted] = []
    forms, regions, members = set(case["commodities"]["commodity"]), set(case["regions"]["region"]), case.participants
    for form, place, least, by in targets:
        row, mine = f"{form} in {place}", len(faults)
        if form not in forms:
            what = _("`{form}` is no commodity of the case").format(form=form)
            faults.append(Fault("targets", row, "commodity", what, _("name one of commodities.csv, such as dy_oxide")))
        if place not in members:
            what = (_("`{place}` does not plan: a stock there is nobody's to decide") if place in regions
                    else _("`{place}` is no region of the case"))  # fmt: skip
            faults.append(Fault("targets", row, "region", what.format(place=place),
                                _("name one of {members}").format(members=", ".join(members))))  # fmt: skip
        if not (_is_number(least) and least > 0.0):
            faults.append(Fault("targets", row, "least", _("`{least}` is no amount").format(least=least),
                                _("write tonnes above 0")))  # fmt: skip
        try:
            day = first_day(by) if isinstance(by, str) else by
        except ValueError:
            faults.append(Fault("targets", row, "by", _("`{by}` is no date").format(by=by),
                                _("write YYYY, YYYY-MM or YYYY-MM-DD")))  # fmt: skip
            continue
        if len(faults) == mine:
            found.append(Wanted(form, place, float(least), day))
    return tuple(found), faults
