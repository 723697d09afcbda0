"""Whose loss: candidate plans come from the planning program, their worth from the market re-cleared with each plan.

The planning program is the world market with the members' end uses weighted; a government is not a world planner. So
the plan that a coalition takes is the one that leaves its own users and purse best off once everybody else has
answered, on stories that had no part in making it; and where those cannot tell plans apart, by a rule that is stated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from didymium.faults import SolverError
from didymium.messages import N_, _
from didymium.plan import phases
from didymium.plan.checkpoint import FORMAT, Checkpoint
from didymium.plan.clearing import Cleared, Clearing, Plan
from didymium.plan.extensive import SMALL, decision_of, size, solve_whole
from didymium.plan.judge import Drawn, Judge, Judged, chosen_of, leader, regrets
from didymium.plan.lshaped import Found, Progress, evaluate, search
from didymium.plan.master import Master
from didymium.plan.recourse import Decision, Job, Worth, jobs
from didymium.plan.settled import Tried, settled
from didymium.plan.stand_ins import stand_ins
from didymium.plan.task import UNIT
from didymium.plan.workers import Threads

if TYPE_CHECKING:
    from didymium.plan.desk import Desk
    from didymium.plan.workers import Crew

WEIGHTS = (2.0,)
"""Weights of the members' end uses that generate candidate plans; others count 1. Re-clearing counts everybody 1."""

GAP = 15.0
"""Gap at which the planning program may stop, MUSD: small beside a project, tiny beside the world's surplus."""

HELPS = 0.001
"""Share of its worth by which first call has to help: a price that is not unique moves a plan's worth by less."""

RULES = 2
"""Rules of thumb among the candidates: days of everything, all announced."""

BEST, SAME, LESS = N_("best"), N_("not distinguishable from the best"), N_("less than the best")
"""What the paired interval says of a candidate."""


class Search:
    """The planning program of one coalition at one weight, and everything that was tried of it.

    Parameters
    ----------
    desk : Desk
        Decisions and pieces.
    crew : Crew
        Who solves the pieces.
    found : list of Job
        The pieces, for this weight.
    who : tuple of str
        The coalition.
    risk : float
        Weight of the conditional value at risk.

    Attributes
    ----------
    base : dict of int to Worth
        What doing nothing is worth in each piece where nobody minds risk.
    idle : tuple of Decision and dict, or None
        Doing nothing at the value at risk that suits it best, once it was asked.
    floor : float
        Objective in full of doing nothing, MUSD.
    pool : list of tuple
        Every decision that was tried, and what it is worth.
    """

    def __init__(self, desk: Desk, crew: Crew, found: list[Job], who: tuple[str, ...], risk: float) -> None:
        self.desk, self.crew, self.jobs, self.who, self.risk = desk, crew, found, who, risk
        self.base: dict[int, Worth] = {}
        self.idle: Tried | None = None
        self.floor = 0.0
        self.pool: list[tuple[Decision, dict[int, Worth]]] = []

    def _ready(self) -> None:
        self.crew.take(self.jobs)
        if not self.base:
            pieces = self.desk.pieces
            # No loss elsewhere, and none anywhere counts as one of the worst: what it is worth to who minds no risk.
            self.base = self.crew.solve(
                Decision(np.zeros(len(self.desk.projects)), np.zeros((len(pieces.before), len(pieces.programmes))),
                         np.full(sum(len(job.excess) for job in self.jobs), -np.inf))
            )  # fmt: skip

    def master(self, scale: float = 1.0, risk: float | None = None, whose: tuple[str, ...] | None = None) -> Master:
        """Return a master with every cut that is known; the purse times ``scale``, another's, or with another risk.

        Raises
        ------
        SolverError
            Pieces that end in several ways have another risk in them.
        """
        self._ready()
        task = self.desk.task(self.who, self.risk if risk is None else risk, scale, whose)
        if task.risk != self.risk and any(len(stated.exits) > 1 for stated in self.desk.pieces.stated):
            raise SolverError(_("pieces made for a risk of {made:g} were asked about {risk:g}").format(
                made=self.risk, risk=task.risk))  # fmt: skip
        master = Master(self.desk.pieces, self.jobs, task, self.base)
        if self.idle is None:
            *others, self.idle = settled(master, self.crew, master.nothing(), self.base)
            if master.outcomes.split_up:
                self.pool += [*others, self.idle]
        master.idle = master.value(*self.idle)
        if risk is None:
            # What a piece that ends in several ways is worth has the share of the expectation in it already.
            share = np.where(master.outcomes.several, 1.0, 1.0 - self.risk) * master.outcomes.probability
            self.floor = float(share @ master.base) / UNIT + master.idle
        for decision, worths in self.pool:
            master.add(decision, worths)
        return master

    def run(
        self,
        gap: float,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: Checkpoint | None = None,
        master: Master | None = None,
        most_steps: int = 500,
    ) -> Found:
        """Return the best decision; what is tried on the way is kept for the next question."""
        master, few = master or self.master(), None
        # Risk is counted story by story, and who has been asked before knows more than a few can tell.
        if self.risk == 0.0 and not self.pool and (shares := stand_ins(self.desk.pieces)) is not None:
            few = Master(self.desk.pieces, self.jobs, master.task, self.base, stand_ins=shares)
        master.heard = self.pool
        return search(master, self.crew, gap, self.base, progress, checkpoint, most_steps, nothing=self.idle, few=few)

    def at_once(self, weight: float, gap: float) -> Found:
        """Return the best decision by the whole program, and what the pieces say of it."""
        begun = time.perf_counter()
        master = self.master()
        solution = solve_whole(self.desk, self.who, weight, 1000.0 * gap)
        decision, worths = evaluate(master, self.crew, decision_of(self.desk, solution))
        master.add(decision, worths)
        self.pool.append((decision, worths))
        value = master.value(decision, worths)
        bound = value + abs(float(solution.run["bound"]) - solution.objective) / 1000.0
        seconds = time.perf_counter() - begun
        return Found(decision, value, bound, worths, 1, master.cuts, seconds, bound)

    def losses(self, decision: Decision) -> np.ndarray:
        """Return the loss of the weighted world by story, MUSD: against the best story of doing nothing, capital paid.

        Where a piece ends in several ways its columns are summed along each.
        """
        self._ready()
        worths = self.crew.solve(decision._replace(excess=np.zeros(0)), keep=True)
        kept, pieces, unfolded = self.crew.kept(), self.desk.pieces, self.desk.unfolded
        place = {node: at for at, s in enumerate(pieces.stated) for copy in s.piece.copies for node in copy}
        found, idle = np.zeros(len(unfolded.stories)), np.zeros(len(unfolded.stories))
        for s, path in enumerate(unfolded.paths):
            for at in dict.fromkeys(place[node] for node in path):
                stated = pieces.stated[at]
                idle[s] += self.base[at].value
                if len(stated.exits) < 2:
                    found[s] += worths[at].value
                    continue
                way = next(k for k, node in enumerate(stated.piece.exits) if node in path)
                _share, columns, scale = stated.exits[way]
                found[s] += float((self.jobs[at].arrays[0][columns] * scale) @ kept[at][0][columns])
            found[s] -= float(self.desk.charge[:, path].sum(axis=1) @ decision.build)
        return np.asarray((idle.max() - found) / 1000.0)


class Planner:
    """Plans and re-clears for every coalition.

    Parameters
    ----------
    desk : Desk
        Decisions and pieces.
    threads : int
        Workers.
    gap : float
        Allowed between bound and plan of the planning program, MUSD.
    crew : callable, optional
        Makes a crew of jobs and matrices; threads where None.
    checkpoints : Path, optional
        Folder that keeps every step of every search.
    progress : callable, optional
        Told coalition, weight and progress after every step.

    Attributes
    ----------
    judge : Judge or None
        Who chooses among plans, on stories that had no part in making them; the desk's own stories where None.
    checker : Judge or None
        Further draws that value the plans that were chosen: whoever is best on some draws was also lucky on them.
    """

    def __init__(
        self,
        desk: Desk,
        threads: int = 2,
        gap: float = GAP,
        weights: Sequence[float] = WEIGHTS,
        crew: Callable[..., Crew] | None = None,
        checkpoints: Path | None = None,
        progress: Callable[[tuple[str, ...], float, Progress], None] | None = None,
    ) -> None:
        self.desk, self.threads, self.gap, self.weights = desk, threads, gap, tuple(weights)
        self.checkpoints, self.progress = checkpoints, progress
        self._make: Callable[..., Crew] = crew or (lambda found, matrices: Threads(found, matrices, threads))
        found, matrices = jobs(desk.pieces, {})
        self.crew = self._make(found, matrices)
        self.clearing = Clearing(desk, self.crew)
        self.judge: Judge | None = None
        self.checker: Judge | None = None
        self.searches: dict[tuple[tuple[str, ...], float], Search] = {}
        self.found: dict[tuple[str, ...], Found] = {}
        self.founds: dict[tuple[tuple[str, ...], float], Found] = {}
        self.could: dict[tuple[str, ...], list[Plan]] = {}
        self._planned: dict[tuple[str, ...], list[Plan]] = {}
        self._cleared: dict[bytes, Cleared] = {}
        self._worths: dict[tuple[tuple[str, ...], bytes], npt.NDArray[np.float64]] = {}

    def judges_on(self, desk: Desk, *sets: Drawn) -> list[Judge]:
        """Return who judges plans on the stories of another desk, for each set that was drawn from them."""
        clearing = Clearing(desk, self._make(*jobs(desk.pieces, {})))
        first = Judge(clearing, sets[0])
        return [first, *(Judge(clearing, drawn, first.seen) for drawn in sets[1:])]

    def search_of(self, who: tuple[str, ...], weight: float, risk: float | None = None) -> Search:
        """Return the planning program of a coalition."""
        risk = self.desk.terms.risk if risk is None else risk
        found, matrices = jobs(self.desk.pieces, self.desk.weights(who, weight), risk)
        crew = self.crew if not any(len(job.excess) for job in found) else self._make(found, matrices)
        return Search(self.desk, crew, found, who, risk)

    def candidate(self, who: tuple[str, ...], weight: float) -> Plan:
        """Return the planning program's plan for a coalition whose end uses weigh ``weight``."""
        key = (who, weight)
        made = self.searches[key] = self.search_of(who, weight)
        checkpoint = None
        if self.checkpoints is not None:
            checkpoint = Checkpoint(
                self.checkpoints / f"{'-'.join(who).lower()}-{weight:g}", self.identity(who, weight)
            )

        def tell(progress: Progress) -> None:
            if self.progress:
                self.progress(who, weight, progress)

        small = made.risk == 0.0 and not self.desk.terms.targets and size(self.desk) <= SMALL
        found = made.at_once(weight, self.gap) if small else made.run(self.gap, tell, checkpoint)
        self.founds[key] = found
        self.found.setdefault(who, found)
        phases.done()
        total = self.total(made, found)
        facts = {
            "value": found.value, "bound": found.bound, "gap": found.gap, "objective": total,
            "gap_share": found.gap / abs(total), "weight": weight, "steps": found.steps, "cuts": found.cuts,
            "seconds": found.seconds, "relaxed": found.relaxed, "pieces": len(self.desk.pieces),
            "algorithm": "extensive form" if small else "L-shaped",
            "status": "Optimal" if found.gap <= self.gap else "stopped at its limit of steps",
        }  # fmt: skip
        return Plan(found.decision, _("best for the world with our own users counted {weight:g} times").format(
            weight=weight), facts)  # fmt: skip

    def close(self) -> None:
        """Let all workers go."""
        judges = [judge.clearing.crew for judge in (self.judge, self.checker) if judge is not None]
        for crew in {id(c): c for c in (self.crew, *judges, *(s.crew for s in self.searches.values()))}.values():
            crew.close()

    def plan_of(self, who: tuple[str, ...]) -> Plan:
        """Return the planning program's plan of a coalition."""
        return Plan(self.found[who].decision, "")

    def identity(self, who: tuple[str, ...], weight: float) -> str:
        """Return what a checkpoint belongs to: case, what the stories say, tree, terms, coalition and weight."""
        desk = self.desk
        stories = [(s.name, s.probability, s.scenario.digest() if s.scenario else "") for s in desk.unfolded.stories]
        tree = [desk.tree.nodes[name].astype(str).tolist() for name in ("label", "start", "end", "parent")]
        return repr((FORMAT, desk.case.digest, stories, desk.terms, tree, desk.members, who, weight))

    @staticmethod
    def total(made: Search, found: Found) -> float:
        """``(1 - r) E[worth] - r CVaR(loss)``: the planning program's objective in full, MUSD.

        Losses count from the best story of doing nothing.
        """
        return made.floor + found.value

    def clear(self, who: tuple[str, ...], plan: Plan) -> Cleared:
        """Return the market with a plan fixed, on the plan's own stories; the same plan is cleared once.

        Where stocks are used up more than one price fits: cleared again, a plan would be worth a little more or less.
        """
        key = plan.key(who)
        if key not in self._cleared:
            self._cleared[key] = self.clearing.market(who, plan)
        return replace(self._cleared[key], who=who, plan=plan, tried=[])

    def judged(self, who: tuple[str, ...], plan: Plan) -> Judged:
        """Return a plan's worth as plans are chosen by.

        On the separate set of stories where there is one, otherwise on the plan's own.
        """
        if self.judge is not None:
            return self.judge.judged(self.desk, who, plan)
        return Judge(self.clearing).of(who, self.worth(self.clear(who, plan)))

    def worth(self, cleared: Cleared) -> npt.NDArray[np.float64]:
        """Return what a plan is worth to its coalition, by story of the plan's own, kUSD; counted once."""
        key = (cleared.who, cleared.plan.key(cleared.who))
        if key not in self._worths:
            self._worths[key] = self.clearing.worth(cleared)
        return self._worths[key]

    def best_by_story(self, cleared: Cleared) -> npt.NDArray[np.float64]:
        """Return what the best candidate of each story is worth there, of the plan's own stories, kUSD.

        Among all that a coalition tried and could afford, doing nothing too.
        """
        worths = [self.worth(cleared)]
        worths += [self.worth(self.clear(cleared.who, plan)) for plan in self.could[cleared.who]]
        return np.asarray(np.max(worths, axis=0))

    def nothing(self) -> Cleared:
        """Return the market of doing nothing, on the plan's own stories."""
        return self.clear((), self.clearing.idle.plan)

    def planned(self, who: tuple[str, ...]) -> list[Plan]:
        """Return the planning program's plans of a coalition, one for each weight of its users."""
        if who not in self._planned:
            phases.enter(_("plans of {who}").format(who="+".join(who)), len(self.weights))
            self._planned[who] = [self.candidate(who, weight) for weight in self.weights]
        return self._planned[who]

    def best(self, who: tuple[str, ...], others: Sequence[Plan] = ()) -> Cleared:
        """Return the plan that leaves a coalition best off.

        Parameters
        ----------
        who : tuple of str
            The coalition.
        others : sequence of Plan
            Candidates beside the planning program's own and the plain rules.
        """
        planned = self.planned(who)
        phases.enter(_("judging the plans of {who}").format(who="+".join(who)), len(planned) + 4 + len(others))
        return self.taken(who, planned, [*self.rules(who), *others])

    def taken(
        self,
        who: tuple[str, ...],
        planned: Sequence[Plan],
        others: Sequence[Plan],
        whose: tuple[str, ...] | None = None,
    ) -> Cleared:
        """Return the candidate that leaves a coalition best off, of those that its purse can bear.

        Parameters
        ----------
        who : tuple of str
            The coalition.
        planned : sequence of Plan
            From the planning program; the stock of the first without its projects is a candidate too.
        others : sequence of Plan
            Further candidates.
        whose : tuple of str, optional
            Whose purse pays, where it is not the coalition's own.
        """
        plans = [self.clearing.idle.plan, *planned, *(self.stock_only(plan) for plan in planned[:1]), *others]
        found = []
        for plan in plans:
            found.append(self.judged(who, plan))
            phases.done()
        spent = [self.desk.spent(plan.decision) for plan in plans]
        allowed = [self.within(who, plan, whose) for plan in plans]
        if not any(allowed):  # a target that the rules miss: the planning program's own is all there is
            allowed[1] = True
        first_rule = 2 + len(planned)  # after doing nothing, the program's plans and the stock of the first
        own = [0 < at < first_rule or at >= first_rule + RULES for at in range(len(plans))]
        at = chosen_of(found, allowed, own, spent)
        if at > 0 and not plans[at].call and self.clearing.may_call(who, plans[at].decision):
            # First call is a right, not a duty: it is used where it leaves the coalition better off.
            best = plans[at]
            called = replace(best, how=_("{plan}, with first call on output abroad").format(plan=best.how), call=True)
            plans.append(called)
            found.append(self.judged(who, called))
            spent.append(spent[at])
            allowed.append(True)
            more, half = found[-1].over(found[at])
            if more > max(half, HELPS * abs(found[at].value)):
                at = len(plans) - 1
        if whose is None:
            self.could[who] = [plan for plan, ok in zip(plans, allowed, strict=True) if ok]
        taken = plans[at]
        cleared = self.clear(who, replace(taken, planning=taken.planning or planned[0].planning))
        return replace(cleared, tried=self._rows(plans, found, spent, allowed, at))

    @staticmethod
    def _rows(
        plans: list[Plan], found: list[Judged], spent: list[float], allowed: list[bool], taken: int
    ) -> list[dict[str, Any]]:
        """Return every candidate: its worth, by how much less than the best, whether the draws tell them apart."""
        best = leader(found, allowed)
        rows = []
        for at, (plan, each, regret) in enumerate(zip(plans, found, regrets(found, allowed), strict=True)):
            behind, half = found[best].over(each)
            said = BEST if at == best else SAME if each.same_as(found[best]) else LESS
            rows.append({
                "candidate": plan.how, "worth": each.value / 1000.0, "interval": each.interval / 1000.0,
                "behind": behind / 1000.0, "behind_interval": half / 1000.0,
                "verdict": _(said) if allowed[at] else "", "mean": each.mean / 1000.0, "spared": each.spared / 1000.0,
                "regret": float(each.share @ regret) / 1000.0,
                "regret_most": float(regret[each.share > 0.0].max()) / 1000.0,
                "spent": spent[at] / 1000.0, "affordable": allowed[at], "chosen": at == taken,
            })  # fmt: skip
        return rows

    def within(self, who: tuple[str, ...], plan: Plan, whose: tuple[str, ...] | None = None) -> bool:
        """Return whether a plan keeps within what its coalition may decide, its purse in every year, and the caps.

        The purse is that of ``whose``, where it is not the coalition's own.
        """
        task = self.desk.task(who, whose=whose)
        decided = plan.decision.build > 1e-9
        if bool((decided & ~task.allowed & np.array([x.choose for x in task.projects])).any()):
            return False
        for target in task.targets:
            if plan.decision.stock[target.node, list(target.programmes)].sum() < target.least * (1 - 1e-9):
                return False
        return not self.desk.broken(task.limits, plan.decision)

    def stock_only(self, plan: Plan) -> Plan:
        """Return a plan's stocks without its projects."""
        decision = plan.decision._replace(build=np.zeros_like(plan.decision.build))
        return Plan(decision, _("stock only"))

    def rules(self, who: tuple[str, ...]) -> list[Plan]:
        """Return the plain rules to beat: 60 days of everything; all announced projects as announced."""
        return [self.days_of_everything(who, 60.0), self.all_announced(who)]

    def days_of_everything(self, who: tuple[str, ...], days: float) -> Plan:
        """Return a stock of every form for so many days of use, bought as fast as the cap allows."""
        desk = self.desk
        intake = desk.market.base.intake(desk.market.network)
        stock = np.zeros((len(desk.pieces.before), len(desk.programmes)))
        parent, years = desk.tree.nodes["parent"].to_numpy(int), desk.tree.years()
        place = {node: at for at, node in enumerate(desk.pieces.before)}
        for h, programme in enumerate(desk.programmes):
            if programme.market.split("|")[1] not in who:
                continue
            target = float(intake[programme.market]) * days / 365.25
            for at, node in enumerate(desk.pieces.before):
                above = place.get(int(parent[node]), -1)
                held = stock[above, h] if above >= 0 else 0.0
                stock[at, h] = min(target, held + programme.per_year * years[node])
        build = np.zeros(len(desk.projects))
        return Plan(Decision(build, stock, np.zeros(0)), _("{days:g} days of everything").format(days=days))

    def all_announced(self, who: tuple[str, ...]) -> Plan:
        """Return every announced project that the coalition may sponsor, decided on the first day; no stock."""
        desk = self.desk
        build = np.array([1.0 if ok and not x.decided else 0.0
                          for ok, x in zip(desk.allowed(who), desk.projects, strict=True)])  # fmt: skip
        stock = np.zeros((len(desk.pieces.before), len(desk.programmes)))
        return Plan(Decision(build, stock, np.zeros(0)), _("all announced projects as announced"))
