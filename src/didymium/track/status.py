"""Where a promise stands by what was known on a day. Silence is not failure, and failure is not silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from didymium.case.check import first_day, last_day, split_list
from didymium.case.promise_tables import COMMITMENT_LADDER
from didymium.messages import N_, _

STEPS = COMMITMENT_LADDER[: COMMITMENT_LADDER.index("producing") + 1]
"""Steps of the ladder, from weak to strong. ``met``, ``missed`` and ``no_public_evidence`` are no steps of it."""

SILENT = "no_public_evidence"

STATES = (
    N_("met"),
    N_("met late"),
    N_("missed"),
    N_("partly"),
    N_("open"),
    N_("overdue without public evidence"),
    N_("not triggered"),
    N_("no clock, steps seen"),
    N_("no clock, no public evidence"),
)
"""States of a promise; the English text is also the code in results."""

STATUS_NAMES = {
    "promised": N_("promised"),
    "announced": N_("announced"),
    "letter_of_intent": N_("letter of intent"),
    "conditional": N_("conditional"),
    "closed": N_("closed"),
    "disbursed": N_("disbursed"),
    "building": N_("building"),
    "producing": N_("producing"),
    "met": N_("met"),
    "missed": N_("missed"),
    "no_public_evidence": N_("no public evidence"),
}
"""Readable names of the ladder, to be translated where they are shown."""


@dataclass(frozen=True)
class Step:
    """One dated piece of evidence.

    Parameters
    ----------
    when : str
        YYYY, YYYY-MM or YYYY-MM-DD.
    status : str
        Step on the ladder.
    participant : str
        Whose step: regions separated by ``;`` or ``,``, or both.
    what : str
        What was seen.
    row : str
        Input row behind it.
    """

    when: str
    status: str
    participant: str
    what: str
    row: str

    @property
    def rank(self) -> int:
        """Place on the ladder; -1 for what is no step of it."""
        return STEPS.index(self.status) if self.status in STEPS else -1

    def known(self, as_of: date) -> bool:
        """Return whether it was known on the day: the whole of its date had passed."""
        return last_day(self.when) <= as_of

    def before(self, signed: date) -> bool:
        """Return whether it may be older than the promise: then it does not keep it."""
        return first_day(self.when) < signed

    def parties(self, participants: Sequence[str]) -> set[str]:
        """Return the participants whose step it is."""
        if self.participant == "both":
            return set(participants)
        return set(split_list(self.participant.replace(",", ";")))


@dataclass(frozen=True)
class Standing:
    """Where a promise stands.

    Parameters
    ----------
    state : str
        One of :data:`STATES`.
    text : str
        The state as a sentence with its dates.
    status : str
        Highest step on the ladder, or met, missed, no_public_evidence.
    status_date : str
        When it was reached, or up to when was searched.
    what : str
        What was seen.
    by_participant : str
        Status of each participant apart.
    """

    state: str
    text: str
    status: str
    status_date: str
    what: str
    by_participant: str


def highest(steps: Sequence[Step]) -> Step | None:
    """Return the highest step on the ladder; of equal ones the latest."""
    real = [step for step in steps if step.rank >= 0]
    return max(real, key=lambda step: (step.rank, last_day(step.when)), default=None)


def trigger_day(steps: Sequence[Step]) -> date | None:
    """Return the day that a triggered clock starts: the first step announced or higher (the request, the notice)."""
    return min((last_day(step.when) for step in steps if step.rank >= STEPS.index("announced")), default=None)


def searched_to(steps: Sequence[Step]) -> str:
    """Return the latest date up to which was searched in vain, or an empty text."""
    return max((step.when for step in steps if step.status == SILENT), key=last_day, default="")


def standing(
    clock: str, signed: str, due: date | None, steps: Sequence[Step], participants: Sequence[str], as_of: date
) -> Standing:
    """Return where a promise stands.

    Parameters
    ----------
    clock : str
        fixed, triggered or none.
    signed : str
        Day of signature: until more is known the promise is promised.
    due : date, optional
        Deadline, where one is known.
    steps : sequence of Step
        Evidence known on the day and no older than the promise, in order of date.
    participants : sequence of str
        Who must have kept it for it to be met.
    as_of : date
        The day.
    """
    met = met_on(steps, participants)
    missed = next((step for step in reversed(steps) if step.status == "missed"), None)
    apart = _by_participant(steps, participants)
    if met is not None:
        late = due is not None and last_day(met.when) > due
        state = "met late" if late else "met"
        text = _("met on {date}, after the deadline {deadline}") if late else _("met on {date}")
        return Standing(state, text.format(date=met.when, deadline=due), "met", met.when, met.what, apart)
    if missed is not None:
        text = _("missed, by public evidence of {date}").format(date=missed.when)
        return Standing("missed", text, "missed", missed.when, missed.what, apart)
    best, silent = highest(steps), searched_to(steps)
    # What starts a triggered clock is no step towards keeping the promise.
    towards = highest([step for step in steps if clock != "triggered" or step.rank > STEPS.index("announced")])
    part = next((step for step in steps if step.status == "met"), None)  # by one participant of several
    state, text = _unsettled(clock, due, part or towards, silent, as_of)
    best = best or part
    if best is not None:
        return Standing(state, text, best.status, best.when, best.what, apart)
    if silent:
        what = next(step.what for step in steps if step.status == SILENT and step.when == silent)
        return Standing(state, text, SILENT, silent, what, apart)
    return Standing(state, text, "promised", signed, "", apart)


def met_on(steps: Sequence[Step], participants: Sequence[str]) -> Step | None:
    """Return the step by which every participant had met the promise, or None."""
    kept: set[str] = set()
    for step in sorted((step for step in steps if step.status == "met"), key=lambda step: last_day(step.when)):
        kept |= step.parties(participants)
        if kept >= set(participants):
            return step
    return None


def _unsettled(clock: str, due: date | None, step: Step | None, silent: str, as_of: date) -> tuple[str, str]:
    """Return state and sentence of a promise of which no evidence says that it was met or missed."""
    facts = {"as_of": as_of, "deadline": due, "searched": silent}
    if step is not None:
        facts |= {"date": step.when, "status": _(STATUS_NAMES[step.status])}
    if due is not None and due >= as_of:
        return "open", _("{days} days to the deadline {deadline}").format(days=(due - as_of).days, **facts)
    if due is not None and step is not None:
        text = _("the deadline {deadline} has passed; seen: {status} ({date}), but nothing that says it is met")
        return "partly", text.format(**facts)
    if due is not None:
        text = (
            _("the deadline {deadline} has passed; no public evidence as of {searched}")
            if silent
            else _("the deadline {deadline} has passed; no search is on record by {as_of}")
        )
        return "overdue without public evidence", text.format(**facts)
    if clock == "triggered":
        text = _("its clock has not started; none seen as of {searched}") if silent else _("its clock has not started")
        return "not triggered", text.format(**facts)
    if step is not None:
        return "no clock, steps seen", _("no clock; {status} ({date})").format(**facts)
    if silent:
        return "no clock, no public evidence", _("no clock; no public evidence as of {searched}").format(**facts)
    return "no clock, no public evidence", _("no clock; no search is on record by {as_of}").format(**facts)


def _by_participant(steps: Sequence[Step], participants: Sequence[str]) -> str:
    parts = []
    for who in participants:
        own = [step for step in steps if who in step.parties(participants)]
        verdict = next((step for step in own if step.status in ("met", "missed")), None)
        best, silent = verdict or highest(own), searched_to(own)
        if best is not None:
            status = _(STATUS_NAMES[best.status])
            parts.append(_("{who}: {status} ({date})").format(who=who, status=status, date=best.when))
        elif silent:
            parts.append(_("{who}: no public evidence as of {date}").format(who=who, date=silent))
    return "; ".join(parts)
