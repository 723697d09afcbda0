"""Tables of promises: each with its clock and standing, the evidence behind it, and counts by status."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from didymium.case.case import ROW, Case
from didymium.case.check import first_day
from didymium.case.promise_tables import COMMITMENT_LADDER
from didymium.case.read import LINE
from didymium.faults import DidymiumError, single
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.track.clocks import deadline
from didymium.track.status import Step, standing, trigger_day

if TYPE_CHECKING:
    import pandas as pd


def known_evidence(case: Case, as_of: date) -> dict[str, list[Step]]:
    """Return the evidence known on the day, by commitment, in order of date."""
    steps: dict[str, list[Step]] = {}
    for row in case["evidence"].sort_values("date", kind="stable").to_dict("records"):
        step = Step(*(str(row[name]) for name in ("date", "status", "participant", "what", ROW)))
        if step.known(as_of):
            steps.setdefault(str(row["commitment"]), []).append(step)
    return steps


def known_commitments(case: Case, as_of: date) -> pd.DataFrame:
    """Return the promises that were signed by the day."""
    frame = case["commitments"]
    return frame.loc[[first_day(str(signed)) <= as_of for signed in frame["signed"]]]


def commitments_table(case: Case, as_of: date, evidence: dict[str, list[Step]]) -> ResultTable:
    """Return one row per promise: its clock on the day and where it stands.

    Parameters
    ----------
    case : Case
        The promises.
    as_of : date
        The day.
    evidence : dict of str to list of Step
        What was known on the day, by commitment.
    """
    import pandas as pd

    binding = _("binding") if case.settings.get("binding", False) else _("non-binding")
    columns = {
        "commitment": Column("", _("Clause.")),
        "title": Column("", _("Short title.")),
        "owner": Column("", _("Who promised.")),
        "verb": Column("", _("Verb of the text; verbs differ in weight.")),
        "binding": Column("", _("Whether the text can be enforced.")),
        "clock": Column("", _("fixed, triggered or none.")),
        "deadline": Column("", _("When it falls due; empty where no clock runs.")),
        "days_left": Column("day", _("Days to the deadline; below zero once it has passed.")),
        "state": Column("", _("Where the promise stands by what was known on the day.")),
        "state_text": Column("", _("The state as a sentence, with its dates.")),
        "status": Column("", _("Highest step of the ladder since the signature; never added up.")),
        "status_date": Column("", _("When the step happened, or up to when was searched.")),
        "by_participant": Column("", _("Status of each participant apart.")),
        "what": Column("", _("What was seen.")),
        "promise": Column("", _("The promise in our words.")),
        "signal": Column("", _("What would show that it is kept.")),
    }
    rows = []
    for row in known_commitments(case, as_of).to_dict("records"):
        name, clock, signed = str(row["commitment"]), str(row["clock"]), first_day(str(row["signed"]))
        known = evidence.get(name, [])
        steps = [step for step in known if not step.before(signed)]
        due = _deadline(row, signed, trigger_day(steps))
        stands = standing(clock, str(row["signed"]), due, steps, case.participants, as_of)
        rows.append(
            {
                **{column: row[column] for column in ("commitment", "title", "owner", "verb")},
                "binding": binding,
                "clock": clock,
                "deadline": due.isoformat() if due else "",
                "days_left": float((due - as_of).days) if due else float("nan"),
                "state": stands.state,
                "state_text": stands.text,
                "status": stands.status,
                "status_date": stands.status_date,
                "by_participant": stands.by_participant,
                "what": stands.what,
                "promise": row["what"],
                "signal": row["signal"],
                RESTS_ON: join_inputs([str(row[ROW])], [step.row for step in known]),
            }
        )
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("commitments", _("Promises as of {date}").format(date=as_of), frame, columns, ("commitment",))


def _deadline(row: dict[Any, Any], signed: date, trigger: date | None) -> date | None:
    days, months = (None if row[name] != row[name] else int(row[name]) for name in ("days", "months"))
    try:
        return deadline(str(row["clock"]), signed, trigger, days, months)
    except DidymiumError as error:
        fix = _("give the days or the months that it runs")
        raise single("commitments.csv", str(row[LINE]), "days, months", str(error), fix) from None


def evidence_table(case: Case, as_of: date, evidence: dict[str, list[Step]]) -> ResultTable:
    """Return the dated evidence known on the day, of promises signed by then."""
    import pandas as pd

    columns = {
        "commitment": Column("", _("Clause.")),
        "date": Column("", _("When the step happened, or up to when was searched.")),
        "status": Column("", _("Step on the ladder.")),
        "participant": Column("", _("Whose step.")),
        "before_signature": Column("", _("Older than the promise: shown, but not counted as keeping it.")),
        "what": Column("", _("What was seen.")),
        "source": Column("", _("Document that says so.")),
    }
    sources = dict(zip(case["evidence"][ROW], case["evidence"]["source"], strict=True))
    rows = [
        {
            "commitment": name,
            "date": step.when,
            "status": step.status,
            "participant": step.participant,
            "before_signature": step.before(first_day(str(signed))),
            "what": step.what,
            "source": sources[step.row],
            RESTS_ON: step.row,
        }
        for name, signed in known_commitments(case, as_of)[["commitment", "signed"]].itertuples(index=False)
        for step in evidence.get(name, [])
    ]
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    key = ("commitment", "date", "status", "participant")
    return ResultTable("evidence", _("Evidence known by {date}").format(date=as_of), frame, columns, key)


def ladder_table(commitments: pd.DataFrame) -> ResultTable:
    """Return how many promises stand on each step. Counts by status only: steps are not of one size."""
    import pandas as pd

    columns = {
        "status": Column("", _("Step of the ladder.")),
        "commitments": Column("", _("Promises whose highest step it is. Do not add over steps.")),
    }
    rows = []
    for status in COMMITMENT_LADDER if len(commitments) else ():
        here = commitments[commitments["status"].eq(status)]
        behind = here if len(here) else commitments  # a count of zero rests on all that was looked at
        inputs = (key for cell in behind[RESTS_ON] for key in cell.split(";"))
        rows.append({"status": status, "commitments": len(here), RESTS_ON: join_inputs(inputs)})
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("ladder", _("Promises by status"), frame, columns, ("status",))
