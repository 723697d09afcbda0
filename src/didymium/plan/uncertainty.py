"""What the plan says about uncertainty: stories, values of information, rules, frontiers, what would flip it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.messages import _
from didymium.plan import explain, phases, values
from didymium.plan.outcome import WHO, Outcome
from didymium.plan.standing import Standing
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from didymium.plan.clearing import Cleared
    from didymium.plan.planner import Planner
    from didymium.plan.stories import Story


@dataclass
class Answers:
    """What was asked of the planning program beyond the plan itself, for one coalition.

    Parameters
    ----------
    who : tuple of str
        The coalition.
    weight : float
        Weight of its users.
    recourse : dict of str to float
        RP, EV, EEV, WS, VSS, EVPI, bound, gap; MUSD.
    budget, risk : list of tuple
        Frontiers: what was varied, expected loss, its CVaR, and what the plan brings; MUSD.
    reasons : list of Why
        By project.
    others : list of Alternative
        Other plans nearly as good.
    worth : float
        What the plan that the coalition takes is worth to it, re-cleared, MUSD.
    """

    who: tuple[str, ...]
    weight: float
    recourse: dict[str, float] = field(default_factory=dict)
    budget: list[tuple[float, float, float, float]] = field(default_factory=list)
    risk: list[tuple[float, float, float, float]] = field(default_factory=list)
    reasons: list[explain.Why] = field(default_factory=list)
    others: list[explain.Alternative] = field(default_factory=list)
    worth: float = float("nan")


def ask(planner: Planner, taken: Cleared, weight: float, deep: bool) -> Answers:
    """Return the answers for a coalition; frontiers, reasons and other plans only where asked for deeply.

    The planning program is asked at the weight that made the plan which the coalition takes, otherwise at ``weight``.
    """
    who, weight = taken.who, float(taken.plan.planning.get("weight", weight))
    planner.found[who] = planner.founds[who, weight]
    phases.enter(_("what uncertainty costs"))
    answers = Answers(who, weight, values.recourse_values(planner, who, weight))
    if deep:
        standing = Standing(planner, who, taken.plan)
        answers.worth = standing.worth
        phases.enter(_("why these projects, and what would flip them"))
        answers.reasons = explain.reasons(planner, who, weight, standing)
        phases.enter(_("other plans nearly as good"))
        answers.others = explain.alternatives(planner, who, weight, standing)
        phases.enter(_("frontier over the budget"))
        for scale, found in values.budget_frontier(planner, who, weight):
            mean, worst = values.mean_and_worst(planner, who, weight, found.decision)
            answers.budget.append((scale, mean, worst, found.value))
        phases.enter(_("frontier over risk"))
        for risk, found in values.risk_frontier(planner, who, weight):
            mean, worst = values.mean_and_worst(planner, who, weight, found.decision)
            answers.risk.append((risk, mean, worst, found.value))
    return answers


def stories_table(outcome: Outcome, every: Sequence[Story]) -> ResultTable:
    """Return every story: probability, what it costs each participant's users, what each plan is worth in it.

    Beside it stands its own probability among ``every`` story, of which some stand for all.
    """
    own = {story.name: story.probability for story in every}
    idle = outcome.gains["nothing"]["users"]
    worth = {who: _worth(outcome, cleared) for who, cleared in outcome.plans.items() if cleared.who}
    best = {who: outcome.planner.best_by_story(cleared) / 1000.0
            for who, cleared in outcome.plans.items() if cleared.who}  # fmt: skip
    rows = []
    for at, story in enumerate(outcome.stories):
        row: dict[str, Any] = {"story": story.name, "title": story.title, "probability": story.probability,
                               "before": own.get(story.name, 0.0), "shown": at == outcome.at}  # fmt: skip
        for member in outcome.case.participants:
            users = outcome.by_story(idle, member)
            row[f"loss_{member.lower()}"] = float(users[outcome.calm] - users[at]) / 1000.0
        for who, by_story in worth.items():
            row[f"worth_{who.lower()}"] = float(by_story[at])
            row[f"regret_{who.lower()}"] = float(best[who][at] - by_story[at])
        fallback = [f"regions/{outcome.case.controller}"]
        row[RESTS_ON] = join_inputs(story.inputs() or outcome.inputs_of_stories() or fallback)
        rows.append(row)
    columns = {
        "story": Column("", _("Scenario")), "title": Column("", _("What happens")),
        "probability": Column("ratio", _("Probability, with those that it stands for: an assumption, no source gives "
                                         "one")),
        "before": Column("ratio", _("Its own probability among all scenarios, {count} of them").format(
            count=len(every))),
        "shown": Column("", _("Plans are shown along this one")),
    }  # fmt: skip
    for member in outcome.case.participants:
        meaning = _("Loss of {who}'s users against no cut if nobody plans").format(who=member)
        columns[f"loss_{member.lower()}"] = Column("MUSD", meaning)
    for who in worth:
        columns[f"worth_{who.lower()}"] = Column(
            "MUSD", _("What the plan of {who} is worth to it in this scenario").format(who=who))  # fmt: skip
        meaning = _("Regret of {who}: what the best of its candidates and the rules would be worth more")
        columns[f"regret_{who.lower()}"] = Column("MUSD", meaning.format(who=who))
    frame = pd.DataFrame(rows)[[*columns, RESTS_ON]]
    return ResultTable("stories", _("Scenarios"), frame, columns, ("story",))


def _worth(outcome: Outcome, cleared: Cleared) -> np.ndarray:
    return outcome.planner.worth(cleared) / 1000.0


def values_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return bounds, gap, values of information and of the stochastic solution, break-even chances."""
    rows: list[dict[str, Any]] = []
    cleared = next(c for c in outcome.plans.values() if c.who == answers.who)
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    inputs = join_inputs(outcome.plan_inputs(cleared), outcome.inputs_of_stories())

    def add(measure: str, value: float, unit: str, meaning: str, whose: str) -> None:
        rows.append(
            {"who": whose, "measure": measure, "value": value, "unit": unit, "meaning": meaning, RESTS_ON: inputs}
        )

    planning = _("planning program, {functional}, over doing nothing: ").format(functional=outcome.functional)
    said = {
        "nothing": _("what doing nothing brings, from which the others are counted: less what it leaves at risk"),
        "RP": _("lower bound: the best plan found"), "bound": _("upper bound: no plan can bring more"),
        "gap": _("upper bound less lower bound"),
        "EV": _("what the plan for the mean of all scenarios expects, if the mean came for certain"),
        "EEV": _("what the plan for the mean brings in the scenarios"),
        "WS": _("what one would expect who knew the scenario before deciding"),
        "VSS": _("RP less EEV: what planning for the scenarios instead of their mean is worth"),
        "EVPI": _("WS less RP: what knowing the scenario would be worth"),
    }  # fmt: skip
    plain = "" if outcome.desk.terms.risk == 0.0 else _(" (an expectation: the weight of the worst 5 % is not in it)")
    for name, meaning in said.items():
        if name in answers.recourse:
            add(name, answers.recourse[name], "MUSD", planning + meaning, who)
    for other, plan in outcome.plans.items():
        if not plan.who:
            continue
        for name, value, meaning in _judged(outcome, plan, plan.who == answers.who):
            add(name, value, "MUSD", meaning, other)
        built = outcome.built(plan)
        assumed = sum(outcome.desk.by_name[name].on_assumptions for name in built)
        add("projects", len(built), "count", _("projects that the plan adds"), other)
        add("projects_on_assumptions", assumed, "count",
            _("of them with an assumed capacity, investment or lead time"), other)  # fmt: skip
        pays = values.break_even(outcome.planner, plan)
        add("gain_calm", pays["calm"], "MUSD", _("what the plan is worth if nothing is cut") + plain, other)
        add("gain_cut", pays["cut"], "MUSD", _("what it is worth if something is cut, on average") + plain, other)
        add("pays_from_horizon", pays["horizon"], "ratio",
            _("it pays if a cut within the horizon is likelier than this") + plain, other)  # fmt: skip
        add("pays_from_year", pays["year"], "ratio", _("the same as a chance in each year") + plain, other)
        for chance, gain in values.over_probabilities(pays["calm"], pays["cut"]):
            add(f"gain_at_{chance:g}", gain, "MUSD",
                _("expected gain if a cut within the horizon has this probability") + plain, other)  # fmt: skip
    columns = {
        "who": WHO, "measure": Column("", _("Measure")), "value": Column("", _("Value, in the unit beside it")),
        "unit": Column("", _("Unit")), "meaning": Column("", _("What it says")),
    }  # fmt: skip
    return ResultTable("values", _("What uncertainty costs"), pd.DataFrame(rows)[[*columns, RESTS_ON]], columns,
                       ("who", "measure"))  # fmt: skip


def _judged(outcome: Outcome, cleared: Cleared, joint: bool) -> Iterator[tuple[str, float, str]]:
    """Return what a plan is worth where it was chosen, and on further draws, MUSD, each with what it says."""
    planner, half = outcome.planner, _("half its 95 % interval")
    taken = next((row for row in cleared.tried if row["chosen"]), None)
    if taken is not None:
        said = _("what the plan is worth to whoever makes it, {functional}, on {stories}")
        yield "judged", taken["worth"], said.format(functional=outcome.functional, stories=outcome.judged_on)
        if planner.judge is not None:
            yield "judged_interval", taken["interval"], half
    if outcome.complete:
        yield "out_of_sample", float("nan"), _("no out-of-sample: the given scenarios are all there is")
    elif planner.checker is not None and (joint or planner.judge is not None):
        valued = planner.checker.judged(planner.desk, cleared.who, cleared.plan)
        said = _("the same on {draws} further draws, {cuts} with a cut, that neither made nor chose the plan")
        yield "out_of_sample", valued.value / 1000.0, said.format(draws=planner.checker.draws, cuts=valued.draws)
        yield "out_of_sample_interval", valued.interval / 1000.0, half


def frontier_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return loss against budget, and mean loss against the mean of the worst 5 %."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    cleared = outcome.plans[who]
    inputs = join_inputs(outcome.plan_inputs(cleared), outcome.inputs_of_stories())
    money = outcome.desk.purse(answers.who).total / 1000.0
    rows = [{"who": who, "varied": "budget", "at": scale * money, "mean_loss": mean, "worst_loss": worst,
             "value": value, RESTS_ON: inputs} for scale, mean, worst, value in answers.budget]  # fmt: skip
    rows += [{"who": who, "varied": "risk", "at": at, "mean_loss": mean, "worst_loss": worst, "value": value,
              RESTS_ON: inputs} for at, mean, worst, value in answers.risk]  # fmt: skip
    columns = {
        "who": WHO, "varied": Column("", _("What is varied: budget (MUSD) or risk (weight of the worst 5 %)")),
        "at": Column("", _("Its value")),
        "mean_loss": Column("MUSD", _("Expected loss of the weighted world against no cut, capital included")),
        "worst_loss": Column("MUSD", _("The same in the worst 5 % of outcomes (CVaR)")),
        "value": Column("MUSD", _("(1 - risk) of the expected gain over doing nothing less risk of the worst loss")),
    }  # fmt: skip
    title = _("Budget and risk against loss, in the planning program with our own users counted {weight:g} times")
    title = title.format(weight=answers.weight)
    return ResultTable("frontier", title, pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
                       columns, ("who", "varied", "at"))  # fmt: skip
