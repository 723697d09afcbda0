"""Acting together with the money of one: how much of the joint gain is cooperation, and how much is more money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.messages import _
from didymium.plan import phases
from didymium.plan.clearing import Plan
from didymium.plan.master import Infeasible
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.plan.clearing import Cleared
    from didymium.plan.outcome import Outcome
    from didymium.plan.planner import Planner

SAME = "both_same_money"
"""Name of the joint plan that has no more money than one member alone."""


@dataclass(frozen=True)
class Same:
    """The joint plan with the money of one member.

    Parameters
    ----------
    whose : str
        The member with the larger purse.
    cleared : Cleared
        The market with that plan.
    """

    whose: str
    cleared: Cleared


def richest(planner: Planner, who: Sequence[str]) -> str:
    """Return the member with the largest purse; the first of several."""
    return max(who, key=lambda member: planner.desk.purse((member,)).total)


def same_money(planner: Planner, who: tuple[str, ...], others: Sequence[Plan]) -> Same | None:
    """Return the best joint plan with the money of the richer member alone, judged as the joint plan was.

    The planning program is asked again with that purse: every cut of the joint search holds, only the purse's rows
    differ. Candidates are its plan, its stocks alone, the members' own plans, apart and together, the plain rules, and
    the joint plan itself where that purse pays it. None where the stocks that there have to be cost more than it holds.

    Parameters
    ----------
    planner : Planner
        Who plans; asked for the joint plans with both purses first.
    who : tuple of str
        The coalition.
    others : sequence of Plan
        The members' own plans, and what they do together.
    """
    whose, own = richest(planner, who), planner.planned(who)
    total = 2 * len(own) + 4 + len(others)
    phases.enter(_("both with the money of {who}").format(who=whose), total)
    planned = []
    for weight in planner.weights:
        made = planner.searches[who, weight]
        told = None if planner.progress is None else partial(planner.progress, who, weight)
        try:
            found = made.run(planner.gap, told, master=made.master(whose=(whose,)))
        except Infeasible:
            return None
        how = _("best for the world with our own users counted {weight:g} times, with the money of {who}")
        planned.append(Plan(found.decision, how.format(weight=weight, who=whose)))
    return Same(whose, planner.taken(who, planned, [*planner.rules(who), *own, *others], (whose,)))


def together(outcome: Outcome, same: Same | None) -> ResultTable:
    """Return what each plan brings to both, in the order of their money: what acting together adds, and what money."""
    members = outcome.case.participants
    rich = richest(outcome.planner, members)
    plans: list[tuple[str, tuple[str, ...], Cleared]] = [
        *((m, (m,), outcome.plans[m]) for m in sorted(members, key=lambda m: m == rich)),
        *([(SAME, (rich,), same.cleared)] if same is not None else []),
        ("both", tuple(members), outcome.plans["both"]),
    ]
    rows: list[dict[str, Any]] = []
    for order, (who, whose, cleared) in enumerate(plans):
        users, paid = outcome.clearing.gains(cleared)["users"], outcome.clearing.public_cost(cleared)
        idle, share = outcome.gains["nothing"]["users"], outcome.share
        money = outcome.desk.purse(whose)
        cost = {m: float(share @ outcome.by_story(paid, m)) / 1000.0 for m in members}
        gain = {m: float(share @ (outcome.by_story(users, m) - outcome.by_story(idle, m))) / 1000.0 - cost[m]
                for m in members}  # fmt: skip
        total = sum(gain.values())
        before = rows[-1]["gain"] if order > 1 else float("nan")
        rows.append({
            "who": who, "order": order, "money_of": "+".join(whose), "money": money.total / 1000.0,
            "spent": outcome.desk.spent(cleared.plan.decision) / 1000.0, "public_cost": sum(cost.values()),
            **{f"gain_{m.lower()}": gain[m] for m in members}, "gain": total, "more": total - before,
            "plan": cleared.plan.how, RESTS_ON: join_inputs(outcome.plan_inputs(cleared), money.inputs),
        })  # fmt: skip
    columns = {
        "who": Column("", _("Who plans: one participant alone, both with the money of one, or both")),
        "order": Column("", _("Order")), "money_of": Column("", _("Whose money")),
        "money": Column("MUSD", _("Money that may be spent")),
        "spent": Column("MUSD", _("What the plan takes out of it where it takes most, stocks at base prices")),
        "public_cost": Column("MUSD", _("Expected public cost to the end of the horizon, discounted")),
        **{f"gain_{m.lower()}": Column("MUSD", _("Expected gain of {who}'s users over doing nothing, less its public "
                                                 "cost").format(who=m)) for m in members},
        "gain": Column("MUSD", _("Gain of both together")),
        "more": Column("MUSD", _("More than the row above: first what planning together brings with the same money, "
                                 "then what more money brings")),
        "plan": Column("", _("Which candidate was best")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("together", _("Acting together: the same money, and more of it"), frame, columns, ("who",))
