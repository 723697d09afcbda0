"""What the plans say: who gains, what is built and bought, what the gap is made of."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.case.case import ROW
from didymium.market.network import market_label
from didymium.market.tree import add_months
from didymium.messages import _
from didymium.plan.candidates import Candidate, purse_of
from didymium.plan.evaluate import Cleared, Planner
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario

WHO = Column("", _("Who plans: nobody, one participant alone, or both"))
PRICED = ("ndpr_oxide", "dy_oxide", "tb_oxide", "ndpr_metal", "dy_metal", "magnet_standard", "magnet_high_temperature", "magnet_smco")


class PlanTables:
    """Builds the tables of the plans.

    Parameters
    ----------
    planner : Planner
        What planned and re-cleared.
    scenario : Scenario
        The cut.
    decision : date
        The day of the decision.
    calm : Cleared
        Doing nothing had the measures never come.
    plans : dict of str to Cleared
        By name of the coalition; ``nothing`` first.
    """

    def __init__(self, planner: Planner, scenario: Scenario, decision: date, calm: Cleared, plans: dict[str, Cleared]) -> None:
        self.planner, self.scenario, self.decision, self.calm, self.plans = planner, scenario, decision, calm, plans
        self.case, self.market, self.tree = planner.case, planner.market, planner.tree
        self.why = scenario.inputs()
        self.nodes = self.tree.nodes
        cut = [any(r.share(a, b) < 1.0 - 1e-9 for r in scenario.restrictions)
               for a, b in zip(self.nodes["start"], self.nodes["end"], strict=True)]  # fmt: skip
        self.cut = [at for at, on in enumerate(cut) if on]
        magnets = self.market.network.uses["commodity"].str.startswith("magnet_")
        self.magnets = magnets.to_numpy()
        self.by_name = {c.facility: c for c in planner.found}

    def all(self) -> list[ResultTable]:
        """Return every table."""
        return [self.compare(), self.choices(), self.stock_plan(), self.gap(), self.schedule(), self.path(), self.tried()]

    def _plan_inputs(self, cleared: Cleared) -> list[str]:
        rows = [key for name in cleared.plan.built for key in self.by_name[name].inputs]
        rows += [f"commodities/{market.split('|')[0]}" for market in cleared.plan.bought]
        _money, purses = purse_of(self.case, cleared.who)
        return [*self.why, *purses, *rows]

    def compare(self) -> ResultTable:
        """Public cost, losses and gains of each participant, and what the planning program says of itself."""
        calm = self.planner.surplus_by(self.calm)
        idle = self.planner.surplus(self.plans["nothing"])
        demand_rows = self.market.network.uses.loc[self.magnets, ["region", "inputs"]]
        rows = []
        for who, cleared in self.plans.items():
            parts, cost = self.planner.surplus_by(cleared), self.planner.public_cost(cleared)
            surplus = parts.sum(axis=1)
            planning = cleared.plan.planning
            row: dict[str, Any] = {"who": who, "public_cost": sum(cost.values()) / 1000.0, "plan": cleared.plan.how}
            for member in self.case.participants:
                low = member.lower()
                row[f"cost_{low}"] = cost[member] / 1000.0
                row[f"loss_{low}"] = float(calm.at[member, "users"] - parts.at[member, "users"]) / 1000.0
                sellers = parts.loc[member, ["producers", "holders"]] - calm.loc[member, ["producers", "holders"]]
                row[f"sellers_{low}"] = float(sellers.sum()) / 1000.0
                row[f"gain_{low}"] = float(surplus[member] - idle[member] - cost[member]) / 1000.0
                row[f"shortage_{low}"] = self._short(cleared, member)
            others = [region for region in surplus.index if region not in self.case.participants]
            row["gain_others"] = float((surplus - idle)[others].sum()) / 1000.0
            row |= {"objective": planning.get("objective", cleared.solution.objective) / 1000.0,
                    "bound": planning.get("bound", cleared.solution.run["bound"]) / 1000.0,
                    "gap": planning.get("gap_money", 0.0), "status": str(planning.get("status", cleared.solution.run["status"]))}  # fmt: skip
            used = demand_rows.loc[demand_rows["region"].isin(self.case.participants), "inputs"]
            row[RESTS_ON] = join_inputs(self._plan_inputs(cleared), *(str(cell).split(";") for cell in used))
            rows.append(row)
        columns = {"who": WHO, "plan": Column("", _("Which candidate was best for the coalition")),
                   "public_cost": Column("MUSD", _("Public cost to the end of the horizon, discounted; below zero: the stock earns"))}  # fmt: skip
        for member in self.case.participants:
            low = member.lower()
            columns |= {
                f"cost_{low}": Column("MUSD", _("Public cost of {who}").format(who=member)),
                f"loss_{low}": Column("MUSD", _("Loss of {who}'s users against no cut").format(who=member)),
                f"sellers_{low}": Column("MUSD", _("Gain of {who}'s mines, plants and stockholders against no cut").format(who=member)),
                f"gain_{low}": Column("MUSD", _("Gain of {who} over doing nothing, users and sellers, less its public cost").format(who=member)),
                f"shortage_{low}": Column("t", _("Magnets missing in {who} during the cut").format(who=member)),
            }  # fmt: skip
        columns |= {
            "gain_others": Column("MUSD", _("Gain of everybody else over doing nothing")),
            "objective": Column("MUSD", _("Planning program: weighted world surplus")),
            "bound": Column("MUSD", _("Planning program: bound")),
            "gap": Column("MUSD", _("Planning program: bound less objective")),
            "status": Column("", _("Planning program: how it ended")),
        }  # fmt: skip
        frame = pd.DataFrame(rows)[[*columns, RESTS_ON]]
        return ResultTable("compare", _("Who gains what"), frame, columns, ("who",))

    def _short(self, cleared: Cleared, region: str) -> float:
        uses = self.market.network.uses
        mine = self.magnets & uses["region"].eq(region).to_numpy()
        wanted = self.planner.clearing.program.parts.conditions.demand[mine][:, self.cut].sum()
        served = cleared.solution.frame("served").to_numpy()[mine][:, self.cut].sum()
        return max(0.0, float(wanted - served))

    def choices(self) -> ResultTable:
        """The projects of each plan; what goes ahead anyway stands under nothing."""
        rows = []
        for who, cleared in self.plans.items():
            for candidate in self.planner.found:
                share = cleared.plan.built.get(candidate.facility, 0.0)
                anyway = candidate.committed and who == "nothing"
                if share > 0 or anyway:
                    rows.append(self._choice(who, cleared, candidate, 1.0 if anyway else share))
        columns = {
            "who": WHO, "facility": Column("", _("Facility")), "name": Column("", _("Name")), "stage": Column("", _("Stage")),
            "region": Column("", _("Where")), "payer": Column("", _("Who pays")), "capex": Column("MUSD", _("Investment")),
            "capex_low": Column("MUSD", _("Investment, low end")), "capex_high": Column("MUSD", _("Investment, high end")),
            "start": Column("", _("First output")), "share": Column("ratio", _("Share built")),
            "committed": Column("", _("Goes ahead anyway")),
            "on_assumptions": Column("", _("Capacity, investment or lead time is an assumption")),
        }  # fmt: skip
        return ResultTable("choices", _("Projects"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "facility"))

    def _choice(self, who: str, cleared: Cleared, candidate: Candidate, share: float) -> dict[str, Any]:
        row = self.case.row(candidate.inputs[0])
        payers = [m for m in cleared.who if m in candidate.sponsors]
        return {
            "who": who, "facility": candidate.facility, "name": candidate.name, "stage": candidate.stage, "region": candidate.region,
            "payer": "+".join(payers), "capex": candidate.capex / 1e6, "capex_low": row["low"] / 1e6, "capex_high": row["high"] / 1e6,
            "start": candidate.start.isoformat(), "share": share, "committed": candidate.committed,
            "on_assumptions": candidate.on_assumptions, RESTS_ON: join_inputs(candidate.inputs),
        }  # fmt: skip

    def stock_plan(self) -> ResultTable:
        """Strategic stocks by year: bought, held, paid."""
        rows = []
        for who, cleared in self.plans.items():
            for market in cleared.plan.bought:
                commodity, region = market.split("|")
                label = f"programme|{market}"
                fill, level = (cleared.solution.frame(name).loc[label].to_numpy(float) for name in ("fill", "stock"))
                price = cleared.price.loc[market].to_numpy(float)
                programme = next(x for x in self.planner.programmes if x.market == market)
                for node, year in enumerate(self.nodes["label"]):
                    if fill[node] > 1e-6 or level[node] > 1e-6:
                        rows.append({
                            "who": who, "commodity": commodity, "region": region, "payer": region, "year": year,
                            "bought": fill[node], "level": max(level[node], 0.0), "cost": fill[node] * price[node] / 1000.0,
                            RESTS_ON: join_inputs(programme.inputs.split(";"), self.why),
                        })  # fmt: skip
        columns = {
            "who": WHO, "commodity": Column("", _("Form")), "region": Column("", _("Where")), "payer": Column("", _("Who pays")),
            "year": Column("", _("Period")), "bought": Column("t", _("Bought")), "level": Column("t", _("Held at the end")),
            "cost": Column("MUSD", _("Paid at the price of the period")),
        }  # fmt: skip
        return ResultTable("stock_plan", _("Strategic stocks"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                           ("who", "commodity", "region", "year"))  # fmt: skip

    def gap(self) -> ResultTable:
        """What the magnets needed in the cut are met by, and what stays missing."""
        rows = []
        idle = self.plans["nothing"]
        for who, cleared in self.plans.items():
            for region in self.case.participants:
                mine = self.magnets & self.market.network.uses["region"].eq(region).to_numpy()
                need = self.planner.clearing.program.parts.conditions.demand[mine][:, self.cut].sum()
                served = cleared.solution.frame("served").to_numpy()[mine][:, self.cut].sum()
                before = idle.solution.frame("served").to_numpy()[mine][:, self.cut].sum()
                firms = self._draw(idle, region, "commercial")
                stock = min(self._draw(cleared, region, "programme"), max(0.0, served - before)) if who != "nothing" else 0.0
                keys = join_inputs(self._plan_inputs(cleared), *(str(c).split(";") for c in self.market.network.uses.loc[mine, "inputs"]))
                steps = (
                    (_("Magnets wanted"), "need", need),
                    (_("Made and bought elsewhere"), "supply", before - firms),
                    (_("Stocks of firms"), "stock", firms),
                    (_("Strategic stock of magnets"), "stock", stock),
                    (_("Projects, metal and alloy of the plan"), "project", served - before - stock),
                    (_("Missing"), "short", need - served),
                )
                for order, (label, kind, tonnes) in enumerate(steps):
                    rows.append({"who": who, "participant": region, "step": label, "kind": kind, "quantity": float(tonnes),
                                 "order": order, RESTS_ON: keys})  # fmt: skip
        columns = {
            "who": WHO, "participant": Column("", _("Participant")), "step": Column("", _("What")), "kind": Column("", _("Kind of step")),
            "quantity": Column("t", _("Finished magnets during the cut")), "order": Column("", _("Order of the steps")),
        }  # fmt: skip
        return ResultTable("gap", _("What fills the gap"), pd.DataFrame(rows), columns, ("who", "participant", "order"))

    def _draw(self, cleared: Cleared, region: str, kind: str) -> float:
        stocks = self.planner.clearing.program.parts.stocks
        mine = stocks["kind"].eq(kind) & stocks["market"].str.startswith("magnet_") & stocks["market"].str.endswith(f"|{region}")
        out = cleared.solution.frame("release").to_numpy()[mine.to_numpy()][:, self.cut].sum()
        into = cleared.solution.frame("fill").to_numpy()[mine.to_numpy()][:, self.cut].sum()
        return float(out - into)

    def schedule(self) -> ResultTable:
        """From decision to full output, project by project."""
        rows = []
        ramps = {str(name): int(rows["year"].max()) for name, rows in self.case["ramps"].groupby("ramp")}
        facilities = self.case["facilities"].set_index("facility")
        last = self.nodes["end"].iloc[-1]
        for who, cleared in self.plans.items():
            for candidate in self.planner.found:
                chosen = cleared.plan.built.get(candidate.facility, 0.0) > 0
                if not chosen and not (candidate.committed and who == "nothing"):
                    continue
                ramp = str(facilities.at[candidate.facility, "ramp"])
                full = add_months(candidate.start, 12 * ramps.get(ramp, 1))
                phases = (("lead time", self.decision, candidate.start), ("ramp", candidate.start, min(full, last)), ("output", full, last))
                for phase, begin, end in phases:
                    if begin < end:
                        rows.append({
                            "who": who, "facility": candidate.facility, "name": candidate.name, "phase": phase,
                            "begin": begin.isoformat(), "end": end.isoformat(), "committed": candidate.committed,
                            RESTS_ON: join_inputs(candidate.inputs, [f"ramps/{ramp}|1"] if ramp in ramps else []),
                        })  # fmt: skip
        columns = {
            "who": WHO, "facility": Column("", _("Facility")), "name": Column("", _("Name")),
            "phase": Column("", _("lead time, ramp or output")), "begin": Column("", _("From")), "end": Column("", _("To")),
            "committed": Column("", _("Goes ahead anyway")),
        }  # fmt: skip
        return ResultTable("schedule", _("Schedule"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                           ("who", "facility", "phase"))  # fmt: skip

    def path(self) -> ResultTable:
        """Prices along the plan."""
        rows = []
        regions = [*self.case.participants, self.case.controller]
        intake = self.market.base.intake(self.market.network)
        observed = self.case["prices"].groupby("commodity")[ROW].agg(list)
        for who, cleared in self.plans.items():
            for commodity in PRICED:
                for region in regions:
                    label = market_label(commodity, region)
                    if label not in cleared.price.index or intake.get(label, 0.0) <= 1.0:
                        continue
                    keys = join_inputs(self.why, observed.get(commodity, []), [f"commodities/{commodity}"])
                    for node, year in enumerate(self.nodes["label"]):
                        rows.append({"who": who, "year": year, "commodity": commodity, "region": region,
                                     "price": float(cleared.price.at[label, node]), RESTS_ON: keys})  # fmt: skip
        columns = {
            "who": WHO, "year": Column("", _("Period")), "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
            "price": Column("USD/kg", _("Price in the re-cleared market")),
        }  # fmt: skip
        return ResultTable("path", _("Prices along the plan"), pd.DataFrame(rows), columns, ("who", "year", "commodity", "region"))

    def tried(self) -> ResultTable:
        """Every candidate plan and what it is worth to its coalition."""
        rows = [
            {"who": who, "order": order, "candidate": how, "worth": value, "chosen": how == cleared.plan.how,
             RESTS_ON: join_inputs(self._plan_inputs(cleared))}
            for who, cleared in self.plans.items()
            for order, (how, value) in enumerate(cleared.tried)
        ]  # fmt: skip
        columns = {
            "who": WHO, "order": Column("", _("Order")), "candidate": Column("", _("Candidate plan")),
            "worth": Column("MUSD", _("Gain of the coalition less its public cost, re-cleared")), "chosen": Column("", _("Taken")),
        }  # fmt: skip
        return ResultTable("tried", _("Candidate plans"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "order"))
