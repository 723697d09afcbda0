"""The case as it was known on a day: what was published later is left out, or counted as hindsight.

A date that names only a month or a year is taken at its end: what may have been published later is not assumed known.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.check import last_day
from didymium.case.tables import TABLES
from didymium.case.variant import QUANTITY, varied
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

_DATED = {"events": "date", "evidence": "date", "measures": "announced", "commitments": "signed", "prices": "date"}
"""Tables whose rows did not exist before a date of their own."""


def known_on(case: Case, day: str | date) -> Case:
    """Return the case as it was known at the end of a day.

    Left out: events, evidence, measures, commitments and prices of later days, evidence of commitments that were not
    signed yet, rows for screening whose document came out later, and statistics that were published later where an
    edition that was out says the same quantity: the newest such edition is fitted in its place. Every other row stays,
    whatever the date of its source, for a market needs all its parts: :func:`hindsight` counts them, and every result
    says how many there are.

    Parameters
    ----------
    case : Case
        The case.
    day : str or date
        The day, YYYY-MM-DD.

    Raises
    ------
    DidymiumError
        Not a day, or one before the end of the base year, of which nothing was known then.
    """
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            raise DidymiumError(_("`{day}` is not a day -> write it as YYYY-MM-DD").format(day=day)) from None
    if day < date(case.base_year, 12, 31):
        raise DidymiumError(
            _("the base year {year} was not over on {day} -> name a later day, or a case with an earlier one").format(
                year=case.base_year, day=day
            )
        )
    tables = {name: frame for name, frame in case.tables.items() if not TABLES[name].screening}
    for name, column in _DATED.items():
        frame = tables[name]
        tables[name] = frame[[last_day(text) <= day for text in frame[column].tolist()]]
    promised = set(tables["commitments"]["commitment"])
    tables["evidence"] = tables["evidence"][tables["evidence"]["commitment"].isin(promised)]
    tables["statistics"] = _editions(case, day)
    seen = {name: frame.reset_index(drop=True) for name, frame in tables.items()}
    return replace(varied(case, seen, _("as known on {day}").format(day=day.isoformat())), known_on=day.isoformat())


def published_by(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose source was out on the day of the case; all of them where it has none."""
    if not case.known_on:
        return frame
    out = frame["source"].map(_published(case)).fillna("").le(case.known_on)
    return frame[out].reset_index(drop=True)


def _editions(case: Case, day: date) -> pd.DataFrame:
    """Return the statistics that were out, the newest edition fitted where the fitted one was not; others stay."""
    table = case["statistics"]
    published = pd.to_datetime(table["source"].map(_published(case)))
    out = published.isna() | published.le(pd.Timestamp(day))
    fitted = table["use"].eq("fit")
    same = pd.MultiIndex.from_frame(table[QUANTITY])
    lost = fitted & ~out
    older = table.assign(published=published)[out & ~fitted & same.isin(same[lost])]
    newest = older.sort_values("published", kind="stable").drop_duplicates(QUANTITY, keep="last")
    replaced = same.isin(pd.MultiIndex.from_frame(newest[QUANTITY]))
    use = table["use"].where(~table.index.isin(newest.index), "fit")
    return table.assign(use=use)[out | (lost & ~replaced)]


def _published(case: Case) -> dict[str, str]:
    """Return the day by which each source was certainly out."""
    sources = case["sources"]
    return {name: last_day(text).isoformat() for name, text in zip(sources["source"], sources["date"], strict=True)}


def hindsight(case: Case) -> dict[str, int]:
    """Return how many rows of each table rest on a source that was published after the day of the case."""
    if not case.known_on:
        return {}
    published = _published(case)
    found = {}
    for name, frame in case.tables.items():
        if TABLES[name].sourced and len(frame):
            later = frame["source"].map(published).fillna("").gt(case.known_on)
            if later.any():
                found[name] = int(later.sum())
    return found
