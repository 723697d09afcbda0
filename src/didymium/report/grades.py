"""What results rest on, by grade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from didymium.case.schema import GRADES
from didymium.case.tables import TABLES
from didymium.messages import _
from didymium.report.footnotes import ASSUMPTION, Evidence
from didymium.report.numbers import percent

if TYPE_CHECKING:
    from didymium.result import Result


def inputs_of(results: Mapping[str, Result]) -> list[str]:
    """Return every input row that some result rests on."""
    found: dict[str, None] = {}
    for result in results.values():
        for table in result.tables.values():
            for cell in dict.fromkeys(table.frame["rests_on"]):
                found.update(dict.fromkeys(filter(None, str(cell).split(";"))))
    return list(found)


def grade_shares(results: Mapping[str, Result], evidence: Evidence) -> tuple[dict[str, int], list[str]]:
    """Return how many input rows of the market have each grade, by the weakest thing they rest on, and which."""
    counts: Counter[str] = Counter()
    rows = []
    for key in inputs_of(results):
        if TABLES[key.partition("/")[0]].screening:
            continue  # statistics of minerals that no market rests on would drown the assumptions that it does
        references = evidence.of(key)
        if references:
            rows.append(key)
            counts[max((r.grade for r in references), key=GRADES.index)] += 1
    return {grade: counts[grade] for grade in GRADES if counts[grade]}, rows


def grade_rows(results: Mapping[str, Result], evidence: Evidence) -> list[tuple[str, str, int, str]]:
    """Return the table of grades: grade, meaning, rows, share."""
    shares, _rows = grade_shares(results, evidence)
    meaning = {
        "A": _("official or primary: governments, customs, filings, firms about their own plant"),
        "B": _("wire, major press, analyst, think tank"),
        "C": _("trade press, secondary compilation"),
        "D": _("suspect; never feeds a model, only dated events"),
        ASSUMPTION: _("no source gives it; stated with band and reason"),
    }
    total = sum(shares.values()) or 1
    return [(grade, meaning[grade], count, percent(count / total)) for grade, count in shares.items()]
