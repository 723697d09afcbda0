"""Deadline laws: when a promise falls due, and what was known by a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from didymium.case.scenario_span import add_months as add_months
from didymium.faults import DidymiumError
from didymium.messages import _


def as_day(as_of: str | date) -> date:
    """Return the day that a run looks back from.

    Parameters
    ----------
    as_of : str or date
        A day, as text YYYY-MM-DD.

    Raises
    ------
    DidymiumError
        Not a day.
    """
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    try:
        return datetime.strptime(as_of, "%Y-%m-%d").date()
    except ValueError:
        raise DidymiumError(
            _("as-of date: `{text}` is not a day -> write it as YYYY-MM-DD, such as 2026-11-21").format(text=as_of)
        ) from None


def fixed_deadline(start: date, days: int | None = None, months: int | None = None) -> date:
    """Start + months (calendar) + days = deadline.

    Parameters
    ----------
    start : date
        Day that the clock starts: the signature, or the trigger.
    days, months : int, optional
        How long it runs; at least one is given.

    Returns
    -------
    date
        2025-10-28 + 180 days = 2026-04-26; 2025-10-28 + 6 months = 2026-04-28.

    Raises
    ------
    DidymiumError
        Neither days nor months.
    """
    if days is None and months is None:
        raise DidymiumError(_("a clock that runs neither days nor months has no deadline"))
    return add_months(start, months or 0) + timedelta(days=days or 0)


def deadline(
    clock: str, signed: date, trigger: date | None = None, days: int | None = None, months: int | None = None
) -> date | None:
    """Signature + time (fixed), or trigger + time (triggered) = deadline; none before the trigger or without a clock.

    Parameters
    ----------
    clock : str
        fixed, triggered or none.
    signed : date
        Day of signature.
    trigger : date, optional
        Day that starts a triggered clock.
    days, months : int, optional
        How long the clock runs.
    """
    if clock == "fixed":
        return fixed_deadline(signed, days, months)
    if clock == "triggered" and trigger is not None:
        return fixed_deadline(trigger, days, months)
    return None
