"""What the plan says about uncertainty: stories, values of information, rules, frontiers, what would flip it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.messages import _
from didymium.plan import explain, values
from didymium.plan.candidates import purse_of
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from didymium.plan.clearing import Cleared
    from didymium.plan.planner import Planner


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
    """

    who: tuple[str, ...]
    weight: float
    recourse: dict[str, float] = field(default_factory=dict)
    budget: list[tuple[float, float, float, float]] = field(default_factory=list)
    risk: list[tuple[float, float, float, float]] = field(default_factory=list)
    reasons: list[explain.Why] = field(default_factory=list)
    others: list[explain.Alternative] = field(default_factory=list)


def ask(planner: Planner, who: tuple[str, ...], weight: float, deep: bool) -> Answers:
    """Return the answers for a coalition; frontiers, reasons and other plans only where asked for deeply."""
    answers = Answers(who, weight, values.recourse_values(planner, who, weight))
    if deep:
        answers.reasons = explain.reasons(planner, who, weight)
        answers.others = explain.alternatives(planner, who, weight)
        for scale, found in values.budget_frontier(planner, who, weight):
            mean, worst = values.mean_and_worst(planner, who, weight, found.decision)
            answers.budget.append((scale, mean, worst, found.value))
        for risk, found in values.risk_frontier(planner, who, weight):
            mean, worst = values.mean_and_worst(planner, who, weight, found.decision)
            answers.risk.append((risk, mean, worst, found.value))
    return answers


def stories_table(outcome: Outcome) -> ResultTable:
    """Return every story: probability, what it costs each participant's users, what each plan is worth in it."""
    idle = outcome.gains["nothing"]["users"]
    worth = {who: _worth(outcome, cleared) for who, cleared in outcome.plans.items() if cleared.who}
    best = {who: outcome.planner.best_by_story(cleared) / 1000.0
            for who, cleared in outcome.plans.items() if cleared.who}  # fmt: skip
    rows = []
    for at, story in enumerate(outcome.stories):
        row: dict[str, Any] = {"story": story.name, "title": story.title, "probability": story.probability,
                               "shown": at == outcome.at}  # fmt: skip
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
        "probability": Column("ratio", _("Probability: an assumption, no source gives one")),
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
    return outcome.clearing.worth(cleared) / 1000.0


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
        return
    valued = planner.valued(cleared) if joint or planner.judge is not None else None
    if planner.checker is not None and valued is not None:
        said = _("the same on {draws} further draws, {cuts} with a cut, that neither made nor chose the plan")
        yield "out_of_sample", valued.value / 1000.0, said.format(draws=planner.checker.draws, cuts=valued.draws)
        yield "out_of_sample_interval", valued.interval / 1000.0, half


def purses_table(outcome: Outcome) -> ResultTable:
    """Return every purse with what the plan takes out of it and what one more dollar would bring."""
    rows = []
    for who, cleared in outcome.plans.items():
        if not cleared.who:
            continue
        search = next(s for (key, _weight), s in outcome.planner.searches.items() if key == cleared.who)
        prices = search.master().shadow_prices(search_decision(outcome, cleared))
        spent = outcome.clearing.spent(cleared.plan.decision) / 1000.0
        for name, value in prices.items():
            if not name.startswith("purse_"):
                keys = [key for cap in outcome.desk.caps if name == f"cap_{cap.name}" for key in cap.inputs]
                rows.append({"who": who, "limit": name.removeprefix("cap_"), "region": "", "money": float("nan"),
                             "spent": float("nan"), "shadow_price": value, RESTS_ON: join_inputs(keys)})  # fmt: skip
                continue
            purses = [(member, purse_of(outcome.case, (member,))) for member in cleared.who]
            total = sum(money.total for _member, money in purses)
            rows += [{"who": who, "limit": "+".join(key.removeprefix("purses/") for key in money.inputs
                                                   if key.startswith("purses/")) or "-",
                      "region": member, "money": money.total / 1000.0,
                      "spent": spent * money.total / total if total > 0 else 0.0, "shadow_price": value,
                      RESTS_ON: join_inputs(money.inputs) or f"regions/{member}"}
                     for member, money in purses]  # fmt: skip
    columns = {
        "who": WHO, "limit": Column("", _("Purse or cap")), "region": Column("", _("Whose money")),
        "money": Column("MUSD", _("Money in it")),
        "spent": Column("MUSD", _("What the plan takes out of it; purses that are summed in proportion")),
        "shadow_price": Column("MUSD/MUSD", _("What one more unit would bring, projects as they are")),
    }  # fmt: skip
    return ResultTable(
        "purses", _("Purses"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "limit", "region")
    )


def search_decision(outcome: Outcome, cleared: Cleared) -> np.ndarray:
    """Return the projects at which a purse's shadow price is read: those of the planning program's plan."""
    return outcome.planner.found[cleared.who].decision.build


def frontier_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return loss against budget, and mean loss against the mean of the worst 5 %."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    cleared = outcome.plans[who]
    inputs = join_inputs(outcome.plan_inputs(cleared), outcome.inputs_of_stories())
    money = purse_of(outcome.case, answers.who).total / 1000.0
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
    return ResultTable("frontier", _("Budget and risk against loss"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
                       columns, ("who", "varied", "at"))  # fmt: skip


def reasons_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return why each project is in the plan or not, and what would flip it."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    rows = []
    for why in answers.reasons:
        facility = why.label.split("@")[0]
        candidate = outcome.desk.by_name[facility]
        rows.append({
            "who": who, "project": why.label, "name": candidate.name, "chosen": why.chosen, "margin": why.margin,
            "capex": candidate.capex / 1e6, "capex_flips": why.capex, "capex_confirmed": why.capex_confirmed,
            "price_flips": why.price, "latest_start": why.start.isoformat() if why.start else "",
            "leaves_later": why.start_confirmed, "on_assumptions": candidate.on_assumptions,
            RESTS_ON: join_inputs(candidate.inputs),
        })  # fmt: skip
    columns = {
        "who": WHO, "project": Column("", _("Project, and when and on what news it is decided")),
        "name": Column("", _("Name")), "chosen": Column("", _("In the planning program's plan")),
        "margin": Column("MUSD", _("What the plan loses at least without it (chosen) or with it (not chosen)")),
        "capex": Column("MUSD", _("Investment")),
        "capex_flips": Column("MUSD", _("Investment at which the answer flips")),
        "capex_confirmed": Column("", _("The program was asked again on both sides of it; otherwise first order")),
        "price_flips": Column("ratio", _("Price of its output, over the plan's, at which it flips (first order)")),
        "latest_start": Column("", _("Latest first output with which it is still chosen, asked again by years")),
        "leaves_later": Column("", _("A year later it leaves the plan; no: it stays to the end, or was not asked")),
        "on_assumptions": Column("", _("Capacity, investment or lead time is an assumption")),
    }  # fmt: skip
    return ResultTable("reasons", _("Why these projects"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("who", "project"))  # fmt: skip


def others_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return other plans that bring nearly as much."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    cleared = outcome.plans[who]
    inputs = join_inputs(outcome.plan_inputs(cleared))
    best = outcome.planner.found[answers.who].value
    rows = [{"who": who, "rank": rank, "value": other.value, "less": best - other.value,
             "added": ", ".join(other.added), "dropped": ", ".join(other.dropped), RESTS_ON: inputs}
            for rank, other in enumerate(answers.others, 2)]  # fmt: skip
    columns = {
        "who": WHO, "rank": Column("", _("Rank")),
        "value": Column("MUSD", _("What it brings in the planning program over doing nothing")),
        "less": Column("MUSD", _("Less than the best plan")),
        "added": Column("", _("Projects that it builds instead")),
        "dropped": Column("", _("Projects that it leaves out")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("others", _("Other plans nearly as good"), frame, columns, ("who", "rank"))  # fmt: skip
