"""Who gains what: the comparison of plans, what fills the gap, and every candidate tried."""

from __future__ import annotations

from typing import Any

import pandas as pd

from didymium.messages import _
from didymium.plan.outcome import WHO, Outcome
from didymium.plan.planner import LESS
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs


def compare(outcome: Outcome) -> ResultTable:
    """Return public cost, losses and gains of each participant, expected over the stories; and the planning program's.

    A loss is against no cut and no plan; a gain is over doing nothing.
    """
    share, calm = outcome.share, outcome.calm
    idle, paid = outcome.gains["nothing"], outcome.cost
    demand_rows = outcome.market.network.uses.loc[outcome.finished, ["region", "inputs"]]
    used = demand_rows.loc[demand_rows["region"].isin(outcome.case.participants), "inputs"]
    risky = outcome.desk.terms.risk > 0.0
    rows = []
    for who, cleared in outcome.plans.items():
        parts, planning = outcome.gains[who], cleared.plan.planning
        expected = {m: float(share @ outcome.by_story(paid[who], m)) for m in outcome.case.participants}
        row: dict[str, Any] = {"who": who, "public_cost": sum(expected.values()) / 1000.0, "plan": cleared.plan.how}

        def over(name: str, region: str, parts: dict[str, pd.DataFrame] = parts) -> float:
            return float(share @ (outcome.by_story(parts[name], region) - outcome.by_story(idle[name], region)))

        def over_calm(name: str, region: str, parts: dict[str, pd.DataFrame] = parts) -> float:
            quiet = outcome.by_story(idle[name], region)[calm]
            return float(share @ outcome.by_story(parts[name], region)) - float(quiet)

        for member in outcome.case.participants:
            low = member.lower()
            row[f"cost_{low}"] = expected[member] / 1000.0
            row[f"loss_{low}"] = -over_calm("users", member) / 1000.0
            row[f"sellers_{low}"] = (over_calm("producers", member) + over_calm("holders", member)) / 1000.0
            row[f"gain_{low}"] = (over("users", member) - expected[member]) / 1000.0
            row[f"shortage_{low}"] = outcome.missing(cleared, member)
        others = [r for r in parts["users"].index if r not in outcome.case.participants]
        row["not_told_apart"] = ", ".join(each["candidate"] for each in cleared.tried if _near(each))
        row["gain_others"] = sum(over("users", region) for region in others) / 1000.0
        row["objective"] = planning.get("objective", float("nan") if risky else cleared.objective / 1000.0)
        row["bound"] = row["objective"] + planning.get("gap", 0.0)
        row["gap"] = planning.get("gap", 0.0)
        row["status"] = str(planning.get("status", "Optimal"))
        row[RESTS_ON] = join_inputs(outcome.plan_inputs(cleared), outcome.inputs_of_stories(),
                                    *(str(cell).split(";") for cell in used))  # fmt: skip
        rows.append(row)
    public = _("Expected public cost to the end of the horizon, discounted; below zero: the stock earns")
    columns = {
        "who": WHO,
        "plan": Column("", _("Candidate taken: of those as good as the best, the cheapest that is no rule of thumb")),
        "not_told_apart": Column("", _("Others that cannot be told apart from the best: not distinguishable")),
        "public_cost": Column("MUSD", public),
    }
    for member in outcome.case.participants:
        meanings = {
            "cost": _("Expected public cost of {who}"),
            "loss": _("Expected loss of {who}'s users against no cut"),
            "sellers": _("Expected gain of {who}'s mines, plants and stockholders against no cut"),
            "gain": _("Expected gain of {who}'s users over doing nothing, less its public cost"),
            "shortage": _("Finished goods missing in {who} during the cut that is shown"),
        }
        for name, meaning in meanings.items():
            unit = "t" if name == "shortage" else "MUSD"
            columns[f"{name}_{member.lower()}"] = Column(unit, meaning.format(who=member))
    columns |= {
        "gain_others": Column("MUSD", _("Expected gain of everybody else's users over doing nothing")),
        "objective": Column(
            "MUSD",
            _(
                "Planning program: weighted world surplus; under risk (1 - r) of its mean less "
                "r times the CVaR of its loss"
            ),
        ),
        "bound": Column("MUSD", _("Planning program: bound")),
        "gap": Column("MUSD", _("Planning program: bound less objective")),
        "status": Column("", _("Planning program: how it ended")),
    }
    frame = pd.DataFrame(rows)[[*columns, RESTS_ON]]
    return ResultTable("compare", _("Who gains what"), frame, columns, ("who",))


def _near(row: dict[str, Any]) -> bool:
    """Return whether a candidate that was not taken might as well have been."""
    return bool(row["verdict"] and row["verdict"] != _(LESS) and not row["chosen"])


def gap(outcome: Outcome) -> ResultTable:
    """Return what the finished goods needed in the cut that is shown are met by, and what stays missing."""
    rows = []
    idle = outcome.plans["nothing"]
    for who, cleared in outcome.plans.items():
        for region in outcome.case.participants:
            mine = outcome.finished & outcome.market.network.uses["region"].eq(region).to_numpy()
            need = outcome.clearing.parts.conditions.demand[mine][:, outcome.cut].sum()
            served = cleared.values["served"].to_numpy()[mine][:, outcome.cut].sum()
            before = idle.values["served"].to_numpy()[mine][:, outcome.cut].sum()
            firms = outcome.drawn(idle, region, "commercial")
            held = 0.0 if who == "nothing" else outcome.drawn(cleared, region, "programme")
            stock = min(held, max(0.0, served - before))
            wanted_by = outcome.market.network.uses.loc[mine, "inputs"]
            keys = join_inputs(outcome.plan_inputs(cleared), *(str(cell).split(";") for cell in wanted_by))
            steps = (
                (_("Finished goods wanted"), "need", need),
                (_("Made and bought elsewhere"), "supply", before - firms),
                (_("Stocks of firms"), "stock", firms),
                (_("Strategic stock"), "stock", stock),
                (_("Projects, other stocks"), "project", served - before - stock),
                (_("Missing"), "short", need - served),
            )
            for order, (label, kind, tonnes) in enumerate(steps):
                rows.append({"who": who, "participant": region, "step": label, "kind": kind, "quantity": float(tonnes),
                             "order": order, RESTS_ON: keys})  # fmt: skip
    columns = {
        "who": WHO, "participant": Column("", _("Participant")),
        "step": Column("", _("What")), "kind": Column("", _("Kind of step")),
        "quantity": Column("t", _("Finished goods during the cut")), "order": Column("", _("Order of the steps")),
    }  # fmt: skip
    return ResultTable("gap", _("What fills the gap"), pd.DataFrame(rows), columns, ("who", "participant", "order"))


def tried(outcome: Outcome) -> ResultTable:
    """Return every candidate plan and plain rule, and what it is worth to its coalition."""
    rows = [
        {"who": who, "order": order, **row, RESTS_ON: join_inputs(outcome.plan_inputs(cleared))}
        for who, cleared in outcome.plans.items()
        for order, row in enumerate(cleared.tried)
    ]
    judged = _("Gain of the coalition's users over doing nothing less its public cost, re-cleared: {functional}, on "
               "{stories}").format(functional=outcome.functional, stories=outcome.judged_on)  # fmt: skip
    drawn = outcome.planner.judge is not None
    half = _("Half its 95 % interval") if drawn else _("Half its 95 % interval: none, nothing was drawn")
    paired = _("Half the 95 % interval of that difference, story by story") if drawn else half
    columns = {
        "who": WHO, "order": Column("", _("Order")), "candidate": Column("", _("Candidate plan")),
        "worth": Column("MUSD", judged), "interval": Column("MUSD", half),
        "behind": Column("MUSD", _("Worth less than the best candidate within the purses and limits")),
        "behind_interval": Column("MUSD", paired),
        "verdict": Column("", _("Against the best: not distinguishable where that interval contains zero")),
        "mean": Column("MUSD", _("Its mean")),
        "spared": Column("MUSD", _("By how much it lowers the mean loss of the worst 5 % (CVaR)")),
        "regret": Column("MUSD", _("Mean regret: what the best of these in each story would be worth more there")),
        "regret_most": Column("MUSD", _("Largest regret")),
        "spent": Column("MUSD", _("What it takes out of the purses")),
        "affordable": Column("", _("Within the purses and limits")), "chosen": Column("", _("Taken")),
    }  # fmt: skip
    return ResultTable(
        "tried", _("Candidate plans"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "order")
    )
