"""Why these projects: in the plan that is recommended, and in the planning program's own; and other plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from didymium.messages import _
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.plan.uncertainty import Answers


def reasons_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return why each project is in the plan or not, and what would flip it."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    rows = []
    for why in answers.reasons:
        facility = why.label.split("@")[0]
        candidate = outcome.desk.by_name[facility]
        rows.append({
            "who": who, "project": why.label, "name": candidate.name, "share": why.share, "brings": why.brings,
            "capex": candidate.capex / 1e6, "pays_to": why.pays_to,
            "lasts_to": why.lasts_to.isoformat() if why.lasts_to else "", "lasts_less": why.lasts_less,
            "planned_share": why.planned, "margin": why.margin, "capex_flips": why.capex,
            "capex_confirmed": why.capex_confirmed, "price_flips": why.price,
            "latest_start": why.start.isoformat() if why.start else "", "leaves_later": why.start_confirmed,
            "on_assumptions": candidate.on_assumptions, RESTS_ON: join_inputs(candidate.inputs),
        })  # fmt: skip
    planning = _("Planning program: ")
    columns = {
        "who": WHO, "project": Column("", _("Project, and when and on what news it is decided")),
        "name": Column("", _("Name")), "share": Column("ratio", _("Built in the recommended plan")),
        "brings": Column("MUSD", _("What that plan is worth more with it than without it, re-cleared, the rest as it "
                                   "is; where it is not in the plan: built in full, money aside")),
        "capex": Column("MUSD", _("Investment")),
        "pays_to": Column("MUSD", _("Investment up to which it brings something to that plan")),
        "lasts_to": Column("", _("Latest first output with which it still does, by years")),
        "lasts_less": Column("", _("A year later it does not; no: it does to the end, or is not in the plan")),
        "planned_share": Column("ratio", planning + _("built in its own plan")),
        "margin": Column("MUSD", planning + _("what its plan loses at least without it (built) or with it (not)")),
        "capex_flips": Column("MUSD", planning + _("investment at which the answer flips")),
        "capex_confirmed": Column("", planning + _("asked again on both sides of it; otherwise first order")),
        "price_flips": Column("ratio", planning + _("price of its output, over the plan's, at which it flips "
                                                    "(first order)")),
        "latest_start": Column("", planning + _("latest first output with which it is still built, asked again by "
                                                "years")),
        "leaves_later": Column("", planning + _("a year later it leaves; no: it stays to the end, or was not asked")),
        "on_assumptions": Column("", _("Capacity, investment or lead time is an assumption")),
    }  # fmt: skip
    title = _("Why these projects: of the recommended plan ({plan}), and of the planning program's own, with our own "
              "users counted {weight:g} times")  # fmt: skip
    title = title.format(plan=outcome.plans[who].plan.how, weight=answers.weight)
    return ResultTable("reasons", title, pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "project"))


def others_table(outcome: Outcome, answers: Answers) -> ResultTable:
    """Return other plans that bring nearly as much to the planning program, and what each is worth to its makers."""
    who = next(name for name, c in outcome.plans.items() if c.who == answers.who)
    inputs = join_inputs(outcome.plan_inputs(outcome.plans[who]))
    best, gap = outcome.planner.found[answers.who].value, outcome.planner.gap
    rows = [{"who": who, "rank": rank, "value": other.value, "less": max(0.0, best - other.value),
             "within_gap": best - other.value <= gap, "worth": other.worth, "added": ", ".join(other.added),
             "dropped": ", ".join(other.dropped), RESTS_ON: inputs}
            for rank, other in enumerate(answers.others, 2)]  # fmt: skip
    columns = {
        "who": WHO, "rank": Column("", _("Rank")),
        "value": Column("MUSD", _("What it brings in the planning program over doing nothing")),
        "less": Column("MUSD", _("Less than the planning program's best plan; 0 where it may be better")),
        "within_gap": Column("", _("The gap hides which of the two is better")),
        "worth": Column("MUSD", _("What it is worth to its makers, re-cleared, as plans are chosen; the recommended "
                                  "plan: {worth:,.1f}").format(worth=answers.worth)),
        "added": Column("", _("Projects that it builds instead")),
        "dropped": Column("", _("Projects of the planning program's plan that it leaves out")),
    }  # fmt: skip
    title = _("Other plans nearly as good as the planning program's, with our own users counted {weight:g} times")
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("others", title.format(weight=answers.weight), frame, columns, ("who", "rank"))
