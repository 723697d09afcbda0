"""Who gains what: the comparison of plans, what fills the gap, and every candidate tried."""

from __future__ import annotations

from typing import Any

import pandas as pd

from didymium.messages import _
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs


def compare(outcome: Outcome) -> ResultTable:
    """Return public cost, losses and gains of each participant, and what the planning program says of itself."""
    calm = outcome.planner.surplus_by(outcome.calm)
    idle = outcome.planner.surplus_by(outcome.plans["nothing"])
    demand_rows = outcome.market.network.uses.loc[outcome.finished, ["region", "inputs"]]
    rows = []
    for who, cleared in outcome.plans.items():
        parts, cost = outcome.planner.surplus_by(cleared), outcome.planner.public_cost(cleared)
        planning = cleared.plan.planning
        row: dict[str, Any] = {"who": who, "public_cost": sum(cost.values()) / 1000.0, "plan": cleared.plan.how}
        for member in outcome.case.participants:
            low = member.lower()
            row[f"cost_{low}"] = cost[member] / 1000.0
            sellers = [float(parts[name][member] - calm[name][member]) for name in ("producers", "holders")]
            row[f"loss_{low}"] = float(calm["users"][member] - parts["users"][member]) / 1000.0
            row[f"sellers_{low}"] = sum(sellers) / 1000.0
            row[f"gain_{low}"] = float(parts["users"][member] - idle["users"][member] - cost[member]) / 1000.0
            row[f"shortage_{low}"] = outcome.missing(cleared, member)
        others = [region for region in parts.index if region not in outcome.case.participants]
        row["gain_others"] = float((parts - idle)["users"][others].sum()) / 1000.0
        run = cleared.solution.run
        row["objective"] = planning.get("objective", cleared.solution.objective) / 1000.0
        row["bound"] = planning.get("bound", run["bound"]) / 1000.0
        row["gap"] = planning.get("gap_money", 0.0)
        row["status"] = str(planning.get("status", run["status"]))
        used = demand_rows.loc[demand_rows["region"].isin(outcome.case.participants), "inputs"]
        row[RESTS_ON] = join_inputs(outcome.plan_inputs(cleared), *(str(cell).split(";") for cell in used))
        rows.append(row)
    public = _("Public cost to the end of the horizon, discounted; below zero: the stock earns")
    columns = {
        "who": WHO,
        "plan": Column("", _("Which candidate was best for the coalition")),
        "public_cost": Column("MUSD", public),
    }
    for member in outcome.case.participants:
        meanings = {
            "cost": _("Public cost of {who}"),
            "loss": _("Loss of {who}'s users against no cut"),
            "sellers": _("Gain of {who}'s mines, plants and stockholders against no cut"),
            "gain": _("Gain of {who}'s users over doing nothing, less its public cost"),
            "shortage": _("Finished goods missing in {who} during the cut"),
        }
        for name, meaning in meanings.items():
            unit = "t" if name == "shortage" else "MUSD"
            columns[f"{name}_{member.lower()}"] = Column(unit, meaning.format(who=member))
    columns |= {
        "gain_others": Column("MUSD", _("Gain of everybody else's users over doing nothing")),
        "objective": Column("MUSD", _("Planning program: weighted world surplus")),
        "bound": Column("MUSD", _("Planning program: bound")),
        "gap": Column("MUSD", _("Planning program: bound less objective")),
        "status": Column("", _("Planning program: how it ended")),
    }
    frame = pd.DataFrame(rows)[[*columns, RESTS_ON]]
    return ResultTable("compare", _("Who gains what"), frame, columns, ("who",))


def gap(outcome: Outcome) -> ResultTable:
    """Return what the finished goods needed in the cut are met by, and what stays missing."""
    rows = []
    idle = outcome.plans["nothing"]
    for who, cleared in outcome.plans.items():
        for region in outcome.case.participants:
            mine = outcome.finished & outcome.market.network.uses["region"].eq(region).to_numpy()
            need = outcome.planner.clearing.program.parts.conditions.demand[mine][:, outcome.cut].sum()
            served = cleared.solution.frame("served").to_numpy()[mine][:, outcome.cut].sum()
            before = idle.solution.frame("served").to_numpy()[mine][:, outcome.cut].sum()
            firms = outcome.drawn(idle, region, "commercial")
            held = 0.0 if who == "nothing" else outcome.drawn(cleared, region, "programme")
            stock = min(held, max(0.0, served - before))
            wanted_by = outcome.market.network.uses.loc[mine, "inputs"]
            keys = join_inputs(outcome.plan_inputs(cleared), *(str(cell).split(";") for cell in wanted_by))
            steps = (
                (_("Finished goods wanted"), "need", need),
                (_("Made and bought elsewhere"), "supply", before - firms),
                (_("Stocks of firms"), "stock", firms),
                (_("Strategic stock of finished goods"), "stock", stock),
                (_("Projects and other stocks of the plan"), "project", served - before - stock),
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
    """Return every candidate plan and what it is worth to its coalition."""
    rows = [
        {"who": who, "order": order, "candidate": how, "worth": value, "chosen": how == cleared.plan.how,
         RESTS_ON: join_inputs(outcome.plan_inputs(cleared))}
        for who, cleared in outcome.plans.items()
        for order, (how, value) in enumerate(cleared.tried)
    ]  # fmt: skip
    columns = {
        "who": WHO, "order": Column("", _("Order")), "candidate": Column("", _("Candidate plan")),
        "worth": Column("MUSD", _("Gain of the coalition less its public cost, re-cleared")),
        "chosen": Column("", _("Taken")),
    }  # fmt: skip
    return ResultTable(
        "tried", _("Candidate plans"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "order")
    )
