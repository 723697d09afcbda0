"""How well founded a number is: what its inputs are graded, how much is assumed, how old the oldest source is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from didymium.case.case import Case
from didymium.case.check import first_day
from didymium.case.schema import GRADES
from didymium.trace.lookup import ELSEWHERE, Lookup, Origin, input_rows


def origins(lookup: Lookup, key: str) -> list[Origin]:
    """Return the distinct sources and assumptions of an input row; none where it states no fact of its own."""
    table = key.partition("/")[0]
    if table in ELSEWHERE:
        return []
    table, row = lookup.row(key)
    if table in ("sources", "assumptions"):
        return [lookup.own_origin(table, row)]
    cited = dict.fromkeys(str(row[number.source_field]) for number in lookup.numbers(table, row) if number.source_field)
    return [lookup.origin(source) for source in cited if source]


def summary(case: Case, rests_on: str | Iterable[str]) -> dict[str, Any]:
    """Return how well founded a result is.

    Parameters
    ----------
    case : Case
        The case that it was made from.
    rests_on : str or iterable of str
        One cell, or several cells, of a column ``rests_on``.

    Returns
    -------
    dict
        ``rows``: distinct input rows. ``grades``: citations by grade; a row that cites two documents counts twice.
        ``cited``: their sum. ``share_on_assumptions``: 0 to 1 of the citations. ``definitions``: rows that cite nothing
        because they state no fact (a region, a process). ``sources``: distinct documents. ``assumptions``: distinct
        assumptions, most cited first. ``oldest``: short name, title and date of the oldest document, or None.

    Raises
    ------
    DidymiumError
        A row that the case does not have.
    """
    lookup = Lookup(case)
    grades = dict.fromkeys(GRADES, 0)
    documents: dict[str, Origin] = {}
    assumed: dict[str, int] = {}
    rows = definitions = 0
    for key in input_rows(rests_on):
        rows += 1
        found = origins(lookup, key)
        definitions += not found
        for origin in found:
            grades[origin.grade] += 1
            if origin.assumption:
                assumed[origin.source] = assumed.get(origin.source, 0) + 1
            else:
                documents[origin.source] = origin
    cited = sum(grades.values())
    oldest = min(documents.values(), key=lambda origin: (first_day(origin.date), origin.source), default=None)
    return {
        "rows": rows,
        "cited": cited,
        "grades": grades,
        "share_on_assumptions": grades["assumption"] / cited if cited else 0.0,
        "definitions": definitions,
        "sources": len(documents),
        "assumptions": sorted(assumed, key=lambda name: (-assumed[name], name)),
        "oldest": oldest and {"source": oldest.source, "title": oldest.title, "date": oldest.date},
    }
