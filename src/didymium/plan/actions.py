"""What the plans do: projects, strategic stocks, and when each comes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from didymium.market.tree import add_months
from didymium.messages import _
from didymium.plan.candidates import Candidate
from didymium.plan.evaluate import Cleared
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs


def choices(outcome: Outcome) -> ResultTable:
    """Return the projects of each plan; what goes ahead anyway stands under nothing."""
    rows = []
    for who, cleared in outcome.plans.items():
        for candidate in outcome.planner.found:
            share = cleared.plan.built.get(candidate.facility, 0.0)
            anyway = candidate.committed and who == "nothing"
            if share > 0 or anyway:
                rows.append(_choice(outcome, who, cleared, candidate, 1.0 if anyway else share))
    columns = {
        "who": WHO, "facility": Column("", _("Facility")),
        "name": Column("", _("Name")), "stage": Column("", _("Stage")),
        "region": Column("", _("Where")), "payer": Column("", _("Who pays")), "capex": Column("MUSD", _("Investment")),
        "capex_low": Column("MUSD", _("Investment, low end")), "capex_high": Column("MUSD", _("Investment, high end")),
        "start": Column("", _("First output")), "share": Column("ratio", _("Share built")),
        "committed": Column("", _("Goes ahead anyway")),
        "on_assumptions": Column("", _("Capacity, investment or lead time is an assumption")),
    }  # fmt: skip
    return ResultTable(
        "choices", _("Projects"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("who", "facility")
    )


def _choice(outcome: Outcome, who: str, cleared: Cleared, candidate: Candidate, share: float) -> dict[str, Any]:
    row = outcome.case.row(candidate.inputs[0])
    payers = [m for m in cleared.who if m in candidate.sponsors]
    return {
        "who": who,
        "facility": candidate.facility,
        "name": candidate.name,
        "stage": candidate.stage,
        "region": candidate.region,
        "payer": "+".join(payers),
        "capex": candidate.capex / 1e6,
        "capex_low": row["low"] / 1e6,
        "capex_high": row["high"] / 1e6,
        "start": candidate.start.isoformat(),
        "share": share,
        "committed": candidate.committed,
        "on_assumptions": candidate.on_assumptions,
        RESTS_ON: join_inputs(candidate.inputs),
    }


def stock_plan(outcome: Outcome) -> ResultTable:
    """Return strategic stocks by year: bought, held, paid."""
    rows = []
    for who, cleared in outcome.plans.items():
        for market in cleared.plan.bought:
            commodity, region = market.split("|")
            label = f"programme|{market}"
            fill, level = (cleared.solution.frame(name).loc[label].to_numpy(float) for name in ("fill", "stock"))
            price = cleared.price.loc[market].to_numpy(float)
            programme = next(x for x in outcome.planner.programmes if x.market == market)
            for node, year in enumerate(outcome.labels):
                if fill[node] > 1e-6 or level[node] > 1e-6:
                    rows.append({
                        "who": who, "commodity": commodity, "region": region, "payer": region, "year": year,
                        "bought": fill[node], "level": max(level[node], 0.0), "cost": fill[node] * price[node] / 1000.0,
                        RESTS_ON: join_inputs(programme.inputs.split(";"), outcome.why),
                    })  # fmt: skip
    columns = {
        "who": WHO, "commodity": Column("", _("Form")),
        "region": Column("", _("Where")), "payer": Column("", _("Who pays")),
        "year": Column("", _("Period")), "bought": Column("t", _("Bought")), "level": Column("t", _("Held at the end")),
        "cost": Column("MUSD", _("Paid at the price of the period")),
    }  # fmt: skip
    return ResultTable("stock_plan", _("Strategic stocks"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("who", "commodity", "region", "year"))  # fmt: skip


def schedule(outcome: Outcome) -> ResultTable:
    """Return the way from decision to full output, project by project."""
    rows = []
    ramps = {str(name): int(rows["year"].max()) for name, rows in outcome.case["ramps"].groupby("ramp")}
    facilities = outcome.case["facilities"].set_index("facility")
    _start, last = outcome.tree.dates()[-1]
    for who, cleared in outcome.plans.items():
        for candidate in outcome.planner.found:
            chosen = cleared.plan.built.get(candidate.facility, 0.0) > 0
            if not chosen and not (candidate.committed and who == "nothing"):
                continue
            ramp = str(facilities.at[candidate.facility, "ramp"])
            full = add_months(candidate.start, 12 * ramps.get(ramp, 1))
            phases = (
                ("lead time", outcome.decision, candidate.start),
                ("ramp", candidate.start, min(full, last)),
                ("output", full, last),
            )
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
