"""Clocks of measures: what is in force on a day, what is suspended until when, what has run out on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from didymium.case.case import ROW, Case
from didymium.case.check import first_day, last_day
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable

STATES = (N_("announced"), N_("in force"), N_("suspended"), N_("suspension expired"), N_("expired"))
"""States of a measure; the English text is also the code in results."""


@dataclass(frozen=True)
class MeasureClock:
    """Where a measure stands.

    Parameters
    ----------
    state : str
        One of :data:`STATES`.
    text : str
        The state as a sentence with its dates.
    clock : date, optional
        Next date, or the one that has run out.
    """

    state: str
    text: str
    clock: date | None


def measure_clock(row: Mapping[Any, Any], as_of: date) -> MeasureClock:
    """Return where a measure stands on a day, by its own paper.

    Last days count as in force (or suspended). A suspension that had not begun on the day was not known then; an end
    belongs to the text of the measure and was. A date that has passed without a renewal in the case is said to have
    expired on paper: what is done in practice is another matter.

    Parameters
    ----------
    row : mapping
        Row of table ``measures``.
    as_of : date
        The day.
    """
    start = first_day(str(row["start"]))
    end = last_day(str(row["end"])) if row["end"] else None
    since = first_day(str(row["suspended_from"])) if row["suspended_from"] else None
    until = last_day(str(row["suspended_to"])) if row["suspended_to"] else None
    if end is not None and as_of > end:
        return MeasureClock("expired", _("expired on paper on {date}; no renewal is in the case").format(date=end), end)
    if since is not None and since <= as_of:
        if until is None:
            return MeasureClock("suspended", _("suspended since {date}, without an end").format(date=since), None)
        if as_of <= until:
            return MeasureClock("suspended", _("suspended until {date}").format(date=until), until)
        if as_of >= start:
            text = _("suspension expired on paper on {date}: in force again, unless a renewal not in the case was made")
            return MeasureClock("suspension expired", text.format(date=until), until)
    if as_of < start:
        return MeasureClock("announced", _("announced; in force from {date}").format(date=start), start)
    if end is not None:
        return MeasureClock("in force", _("in force until {date}").format(date=end), end)
    return MeasureClock("in force", _("in force since {date}, without an end").format(date=row["start"]), None)


def measures_table(case: Case, as_of: date) -> ResultTable:
    """Return one row per measure announced by the day: its state and its clock."""
    import pandas as pd

    columns = {
        "measure": Column("", _("Short name.")),
        "name": Column("", _("Name.")),
        "kind": Column("", _("What it does to trade.")),
        "controller": Column("", _("Who imposes it.")),
        "destinations": Column("", _("Where it bites; * everywhere else.")),
        "state": Column("", _("Where it stands on the day, by its own paper.")),
        "next_date": Column("", _("Its clock: the next date, or the last one where it has run out.")),
        "days_left": Column("day", _("Days to that date; below zero once it has run out.")),
        "what": Column("", _("The state as a sentence, with its dates.")),
        "law": Column("", _("Number of the announcement.")),
        "items": Column("", _("What it names, as its source words it.")),
        "note": Column("", _("What a reader must know.")),
    }
    rows = []
    for row in case["measures"].to_dict("records"):
        if last_day(str(row["announced"])) > as_of:
            continue
        stands = measure_clock(row, as_of)
        rows.append(
            {
                **{name: row[name] for name in columns if name in row},
                "state": stands.state,
                "next_date": stands.clock.isoformat() if stands.clock else "",
                "days_left": float((stands.clock - as_of).days) if stands.clock else float("nan"),
                "what": stands.text,
                RESTS_ON: row[ROW],
            }
        )
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("measures", _("Measures as of {date}").format(date=as_of), frame, columns, ("measure",))
