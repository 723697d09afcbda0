"""The L-shaped method: the master proposes, the pieces answer with cuts, until bound and best decision meet.

Van Slyke and Wets 1969 (SIAM Journal on Applied Mathematics 17, 638-663), with a cut by piece (Birge and Louveaux 1988)
and a trust region (Linderoth and Wright 2003, Computational Optimization and Applications 24, 207-250). First projects
may be built in part: that is quick and brings most cuts. Then they are whole, and the master's bound is the plan's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from didymium.faults import SolverError
from didymium.messages import _
from didymium.plan import phases
from didymium.plan.recourse import Decision, Worth
from didymium.plan.settled import Tried, settled

if TYPE_CHECKING:
    from didymium.plan.checkpoint import Checkpoint
    from didymium.plan.master import Master
    from didymium.plan.workers import Crew

REACH = 0.25
"""Size of the first trust region, as a share of each decision's range."""

BOUND_EVERY = 5
"""Steps after which the bound is looked at while projects may be built in part."""

POLISH = 2
"""Steps on amounts alone after each choice of whole projects."""


@dataclass(frozen=True)
class Progress:
    """How far a search has come.

    Parameters
    ----------
    step : int
        Decisions tried.
    value, bound : float
        Best decision and bound on every decision, over doing nothing, MUSD.
    seconds, left : float
        Time taken, and time that it still takes if the gap goes on closing as it did; NaN while nobody can say: see
        :func:`steady`.
    """

    step: int
    value: float
    bound: float
    seconds: float
    left: float


@dataclass
class Found:
    """What the search found.

    Parameters
    ----------
    decision : Decision
        Best one.
    value, bound : float
        What it brings over doing nothing, and what no decision can exceed, MUSD.
    worths : dict of int to Worth
        By piece.
    steps, cuts : int
        Decisions tried, cuts made.
    seconds : float
        Time taken.
    relaxed : float
        Bound where projects may be built in part, MUSD.
    trace : list of Progress
        The way there.
    """

    decision: Decision
    value: float
    bound: float
    worths: dict[int, Worth]
    steps: int
    cuts: int
    seconds: float
    relaxed: float
    trace: list[Progress] = field(default_factory=list)

    @property
    def gap(self) -> float:
        """Return the bound less the value, MUSD."""
        return self.bound - self.value

    def lower(self, bound: float, room: float) -> None:
        """Lower the bound; within rounding it is no less than what was reached.

        Raises
        ------
        SolverError
            The bound lies below a value that was reached by more than ``room``, MUSD: one of the two is wrong.
        """
        if bound < self.value - room:
            raise SolverError(
                _("the bound of {bound:,.6g} MUSD lies below a plan that brings {value:,.6g}; neither is used").format(
                    bound=bound, value=self.value)
            )  # fmt: skip
        self.bound = max(min(self.bound, bound), self.value)

    def better(self, value: float, tried: Tried, room: float) -> None:
        """Hold a decision as the best one if it is; see :meth:`lower`."""
        if value > self.value:
            self.value, (self.decision, self.worths) = value, tried
            self.lower(self.bound, room)


def evaluate(master: Master, crew: Crew, decision: Decision) -> Tried:
    """Return what a decision is worth in each piece; the decision comes back with the losses elsewhere filled in."""
    outcomes = master.outcomes
    worths = crew.solve(decision, [at for at in outcomes.asked if not outcomes.several[at]])
    if outcomes.split_up:
        decision = outcomes.elsewhere(decision, worths)
        worths |= crew.solve(decision, outcomes.split_up)
    return decision, worths


def search(
    master: Master,
    crew: Crew,
    gap: float,
    start: Mapping[int, Worth],
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Checkpoint | None = None,
    most_steps: int = 500,
    first: Sequence[Decision] = (),
    nothing: Tried | None = None,
    few: Master | None = None,
) -> Found:
    """Return the best decision, proven to ``gap``.

    Parameters
    ----------
    master : Master
        Without cuts.
    crew : Crew
        Who solves the pieces.
    gap : float
        Allowed between bound and value, MUSD.
    start : Mapping of int to Worth
        What doing nothing is worth where nobody minds risk.
    progress : callable, optional
        Told after every step.
    checkpoint : Checkpoint, optional
        Where every step is kept; what is there already is taken as done.
    most_steps : int
        Decisions after which the search stops with the gap that it has.
    first : sequence of Decision
        Decisions to try before the master's own: those of a coalition's members, or of a plan nearby.
    nothing : tuple of Decision and dict, optional
        Doing nothing at the value at risk that suits it best; sought where None.
    few : Master, optional
        The same program where a few pieces stand for all (:mod:`didymium.plan.stand_ins`): its plan is tried first, and
        what its pieces told is known.

    Raises
    ------
    SolverError
        A bound below a value that was reached, or no optimum of the master.
    """
    begun = time.perf_counter()
    if nothing is None:
        *others, nothing = settled(master, crew, master.nothing(), start)
        for each in (*others, nothing):
            master.add(*each)
    idle = master.value(*nothing) if master.admits(nothing[0]) else -np.inf
    state = Found(nothing[0], idle, np.inf, nothing[1], 0, 0, 0.0, np.inf)
    for decision, worths in master.heard or ():
        _better(state, master, decision, worths)
    done = iter(checkpoint.steps() if checkpoint else ())
    guesses: list[float] = []

    def attempt(decision: Decision) -> float:
        kept = next(done, None)
        decision, worths = kept if kept is not None else evaluate(master, crew, decision)
        if kept is None and checkpoint is not None:
            checkpoint.add(decision, worths)
        master.add(decision, worths)
        if master.heard is not None:
            master.heard.append((decision, worths))
        state.steps += 1
        state.cuts = master.cuts
        return _better(state, master, decision, worths)

    def tell() -> None:
        seconds = time.perf_counter() - begun
        state.seconds = seconds
        guesses.append(_left(state, gap, seconds))
        told = Progress(state.steps, state.value, state.bound, seconds, steady(guesses))
        state.trace.append(told)
        phases.solved()
        if progress:
            progress(told)

    if few is not None:
        few.heard = []
        # Neither what the few bring nor their bound is that of all.
        hidden = progress and (lambda far: progress(replace(far, value=state.value, bound=np.inf, left=float("nan"))))
        rough = search(few, crew, gap, start, hidden, checkpoint, most_steps)
        for tried in few.heard:
            master.add(*tried)
        state.steps = rough.steps
        first = [*first, rough.decision]
    for decision in first:
        attempt(decision)
    if few is None or not _proven(master, state, gap, tell):
        _relaxed(master, attempt, state, gap, most_steps, tell)
    asked = _Asked()
    while state.gap > gap and state.steps < most_steps:
        proposal = master.propose(whole=True, gap=gap / 4)
        state.lower(proposal.bound, master.room)
        tell()
        if state.gap <= gap:
            break
        if proposal.decision in asked:
            break  # nothing more is to be learned: what is left of the gap is rounding
        value = attempt(proposal.decision)
        asked.add(proposal.decision)
        for _step in range(POLISH if master.layout.n_stock else 0):
            better = master.propose(whole=False, fixed=proposal.decision.build)
            if better.hoped - value <= gap / 2 or better.hoped <= state.value + gap / 2:
                break
            value = max(value, attempt(better.decision))
        tell()
    state.seconds = time.perf_counter() - begun
    return state


def _proven(master: Master, state: Found, gap: float, tell: Callable[[], None]) -> bool:
    """Return whether what is known proves the best decision so far to be as good as was asked."""
    state.relaxed = master.propose(whole=False).hoped
    state.lower(min(state.relaxed, master.propose(whole=True, gap=gap / 4).bound), master.room)
    tell()
    return state.gap <= gap


class _Asked:
    """Decisions that the pieces were asked about: the same question brings the same cuts, and no end."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    @staticmethod
    def _key(decision: Decision) -> bytes:
        return b"".join(np.round(each, 9).tobytes() for each in decision)

    def __contains__(self, decision: Decision) -> bool:
        return self._key(decision) in self._seen

    def add(self, decision: Decision) -> None:
        """Keep a decision in mind."""
        self._seen.add(self._key(decision))


def _better(state: Found, master: Master, decision: Decision, worths: dict[int, Worth]) -> float:
    """Return what a decision brings, and hold it as the best one if it is and keeps within all limits."""
    value = master.value(decision, worths)
    if value > state.value and master.admits(decision):
        state.better(value, (decision, worths), master.room)
    return value


def _relaxed(
    master: Master,
    attempt: Callable[[Decision], float],
    state: Found,
    gap: float,
    most_steps: int,
    tell: Callable[[], None],
) -> None:
    """Let projects be built in part, within a trust region that grows where the model is good."""
    centre, value, reach, asked = state.decision, state.value, REACH, _Asked()
    if not np.isfinite(value):  # doing nothing is not allowed: begin where the master would
        centre = master.propose(whole=False).decision
        value = attempt(centre)
    while state.steps < most_steps:
        if state.steps % BOUND_EVERY == 0:
            state.relaxed = master.propose(whole=False).hoped
            state.lower(state.relaxed, master.room)
        proposal = master.propose(near=centre, reach=reach, whole=False)
        hope, known = proposal.hoped - value, proposal.decision in asked
        if hope <= gap / 2 or known:
            bound = master.propose(whole=False).hoped
            state.relaxed = min(state.relaxed, bound)
            state.lower(bound, master.room)
            tell()
            if bound - value <= gap / 2 or state.bound - state.value <= gap or (known and reach >= 1.0):
                return
            reach = min(1.0, 4.0 * reach)
            if reach < 1.0 or bound - value <= gap:
                continue
            proposal = master.propose(whole=False)
            hope = proposal.hoped - value
            if proposal.decision in asked:
                return
        got = attempt(proposal.decision) - value
        asked.add(proposal.decision)
        if got >= 0.1 * hope:
            centre, value = proposal.decision, value + got
            if got >= 0.5 * hope:
                reach = min(1.0, 2.0 * reach)
        else:
            reach = max(reach / 2.0, 1e-4)
        tell()


def steady(guesses: list[float]) -> float:
    """Return the last guess of the time left where the last three agree within a factor of two; otherwise NaN."""
    last = np.array(guesses[-3:])
    if last[-1] == 0.0:
        return 0.0
    return float(last[-1]) if len(last) == 3 and last.max() <= 2.0 * last.min() else float("nan")


def _left(state: Found, gap: float, seconds: float) -> float:
    """Return the seconds left if the logarithm of the gap goes on falling as it did over the last half of the steps."""
    closing = [t for t in state.trace if np.isfinite(t.bound) and t.bound - t.value > 0]
    if len(closing) < 2 or state.gap <= gap:
        return 0.0 if state.gap <= gap else float("nan")
    early = closing[len(closing) // 2 - 1] if len(closing) > 3 else closing[0]
    fell = np.log(max(early.bound - early.value, 1e-12)) - np.log(max(state.gap, 1e-12))
    if fell <= 0:
        return float("nan")
    return float((seconds - early.seconds) * np.log(state.gap / gap) / fell)
