"""The verb track: where every promise and measure stood on a day."""

from __future__ import annotations

from datetime import date
from time import perf_counter

from didymium.case.case import Case
from didymium.result import Result, new_manifest
from didymium.track.clocks import as_day
from didymium.track.commitments import commitments_table, evidence_table, known_evidence, ladder_table
from didymium.track.measures import measures_table


def track(case: Case, as_of: str | date) -> Result:
    """Return where every promise and every measure stood on a day.

    Only evidence dated on or before the day counts, so that a look back sees what was known then. A date without a
    day counts from its last day on. Nothing public about a promise is a state of its own, apart from missed.

    Parameters
    ----------
    case : Case
        The promises, the evidence and the measures.
    as_of : str or date
        The day, as text YYYY-MM-DD.

    Returns
    -------
    Result
        Tables ``commitments``, ``evidence``, ``measures`` and ``ladder``; days in days.

    Raises
    ------
    DidymiumError
        ``as_of`` is not a day, or a clock without a running time.
    """
    begun = perf_counter()
    day = as_day(as_of)
    evidence = known_evidence(case, day)
    commitments = commitments_table(case, day, evidence)
    tables = (
        commitments,
        evidence_table(case, day, evidence),
        measures_table(case, day),
        ladder_table(commitments.frame),
    )
    manifest = new_manifest(case.digest, {"as_of": day.isoformat()}, algorithm="calendar", status="ok")
    manifest["timings"] = {"total": perf_counter() - begun}
    return Result("track", case.name, {table.name: table for table in tables}, manifest)
