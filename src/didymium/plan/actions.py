"""What the plans do: projects, strategic stocks, and when each comes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.market.options import Project
from didymium.market.tree import add_months
from didymium.messages import _
from didymium.plan.clearing import Cleared
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs


def taken(outcome: Outcome, who: str, cleared: Cleared) -> list[tuple[Project, float]]:
    """Return the projects of a plan with their shares; what goes ahead anyway stands under nothing."""
    found = []
    for project, share in zip(outcome.desk.projects, cleared.plan.decision.build.tolist(), strict=True):
        anyway = not project.choose and who == "nothing"
        if (project.choose and share > 1e-9) or anyway:
            found.append((project, 1.0 if anyway else share))
    return found


def choices(outcome: Outcome) -> ResultTable:
    """Return the projects of each plan; what goes ahead anyway stands under nothing."""
    rows = [
        _choice(outcome, who, cleared, project, share)
        for who, cleared in outcome.plans.items()
        for project, share in taken(outcome, who, cleared)
    ]
    columns = {
        "who": WHO, "facility": Column("", _("Facility")),
        "name": Column("", _("Name")), "stage": Column("", _("Stage")),
        "region": Column("", _("Where")), "payer": Column("", _("Who pays")),
        "capex": Column("MUSD", _("Investment, at prices of the base year")),
        **_paid_columns(outcome, _("What {who} pays for the share built, expected over the stories that build it")),
        "capex_low": Column("MUSD", _("Investment, low end")), "capex_high": Column("MUSD", _("Investment, high end")),
        "decided": Column("", _("Decided on, and on what news; empty: on the first day")),
        "start": Column("", _("First output")), "share": Column("ratio", _("Share built")),
        "first_call": Column("ratio", _("Share of its output that whoever paid claims in a cut; 0: none, or not used")),
        "committed": Column("", _("Goes ahead anyway")),
        "on_assumptions": Column("", _("Capacity, investment or lead time is an assumption")),
    }  # fmt: skip
    return ResultTable("choices", _("Projects"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("who", "facility", "decided"))  # fmt: skip


def _choice(outcome: Outcome, who: str, cleared: Cleared, project: Project, share: float) -> dict[str, Any]:
    candidate = outcome.desk.by_name[project.facility]
    paid = _paid(outcome, who, project) * share * candidate.capex / 1e6
    return {
        "who": who,
        "facility": candidate.facility,
        "name": candidate.name,
        "stage": candidate.stage,
        "region": candidate.region,
        "payer": "+".join(m for m, own in zip(outcome.desk.members, paid.tolist(), strict=True) if own > 0),
        "capex": candidate.capex / 1e6,
        **{f"paid_{m.lower()}": own for m, own in zip(outcome.desk.members, paid.tolist(), strict=True)},
        "capex_low": candidate.capex_low / 1e6,
        "capex_high": candidate.capex_high / 1e6,
        "decided": project.decided,
        "start": project.start.isoformat(),
        "share": share,
        "first_call": _claimed(outcome, cleared, candidate.facility),
        "committed": candidate.committed,
        "on_assumptions": candidate.on_assumptions,
        RESTS_ON: join_inputs(candidate.inputs),
    }


def _paid_columns(outcome: Outcome, said: str) -> dict[str, Column]:
    """Return a column of money for each participant."""
    return {f"paid_{m.lower()}": Column("MUSD", said.format(who=m)) for m in outcome.desk.members}


def _paid(outcome: Outcome, who: str, project: Project) -> npt.NDArray[np.float64]:
    """Return the share of a project's capital that each member pays; expected, where stories part before it."""
    at = next(k for k, x in enumerate(outcome.desk.projects) if x is project)
    share = np.array([story.probability for story in outcome.stories])
    final = outcome.bills[who].build[:, at, [path[-1] for path in outcome.desk.unfolded.paths]]
    built = final.sum(axis=0) > 0
    weight = share * built if (share * built).sum() > 0 else built.astype(float)
    return np.asarray(final @ weight / weight.sum() if built.any() else np.zeros(len(final)))


def _claimed(outcome: Outcome, cleared: Cleared, facility: str) -> float:
    """Return the share of a project's output on which the coalition has first call, where it uses that right."""
    calls = [call for call in outcome.desk.options.calls if call.who == cleared.who and facility in call.facilities]
    return calls[0].share if calls and cleared.plan.call else 0.0


def stock_plan(outcome: Outcome) -> ResultTable:
    """Return strategic stocks along the story shown: bought, held, paid."""
    rows = []
    for who, cleared in outcome.plans.items():
        held = set(outcome.bought(cleared))
        for h, programme in enumerate(outcome.desk.programmes):
            if programme.market not in held:
                continue
            commodity, region = programme.market.split("|")
            label = f"programme|{programme.market}"
            fill, level = (cleared.values[name].loc[label].to_numpy(float) for name in ("fill", "stock"))
            price = cleared.price.loc[programme.market].to_numpy(float)
            due, members = outcome.bills[who], outcome.desk.members
            owners = due.held[:, h, outcome.path].max(axis=1).tolist()
            for node, year in zip(outcome.path, outcome.labels, strict=True):
                if fill[node] > 1e-6 or level[node] > 1e-6:
                    cost = fill[node] * price[node] / 1000.0
                    paid = (due.fill[:, h, node] * cost).tolist()
                    rows.append({
                        "who": who, "commodity": commodity, "region": region, "year": year,
                        "payer": "+".join(m for m, own in zip(members, owners, strict=True) if own > 0),
                        "bought": fill[node], "level": max(level[node], 0.0), "cost": cost,
                        **{f"paid_{m.lower()}": own for m, own in zip(members, paid, strict=True)},
                        RESTS_ON: join_inputs(programme.inputs.split(";"), outcome.why),
                    })  # fmt: skip
    columns = {
        "who": WHO, "commodity": Column("", _("Form")),
        "region": Column("", _("Where")), "payer": Column("", _("Who pays, and owns it")),
        "year": Column("", _("Period")), "bought": Column("t", _("Bought")), "level": Column("t", _("Held at the end")),
        "cost": Column("MUSD", _("Paid at the price of the period")),
        **_paid_columns(outcome, _("What {who} pays of it")),
    }  # fmt: skip
    return ResultTable("stock_plan", _("Strategic stocks"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("who", "commodity", "region", "year"))  # fmt: skip


def schedule(outcome: Outcome) -> ResultTable:
    """Return the way from decision to full output, project by project."""
    rows = []
    ramps = {str(name): int(rows["year"].max()) for name, rows in outcome.case["ramps"].groupby("ramp")}
    facilities = outcome.case["facilities"].set_index("facility")
    last = outcome.tree.nodes["end"].max()
    for who, cleared in outcome.plans.items():
        for project, _share in taken(outcome, who, cleared):
            candidate = outcome.desk.by_name[project.facility]
            begun = outcome.decision
            if project.decided:
                begun = next(d for d in outcome.desk.terms.decisions if project.decided.startswith(d.isoformat()))
            ramp = str(facilities.at[candidate.facility, "ramp"])
            full = add_months(project.start, 12 * ramps.get(ramp, 1))
            phases = (
                ("lead time", begun, project.start),
                ("ramp", project.start, min(full, last)),
                ("output", full, last),
            )
            for phase, begin, end in phases:
                if begin < end:
                    rows.append({
                        "who": who, "facility": candidate.facility, "name": candidate.name, "decided": project.decided,
                        "phase": phase, "begin": begin.isoformat(), "end": end.isoformat(),
                        "committed": candidate.committed,
                        RESTS_ON: join_inputs(candidate.inputs, [f"ramps/{ramp}|1"] if ramp in ramps else []),
                    })  # fmt: skip
    columns = {
        "who": WHO, "facility": Column("", _("Facility")), "name": Column("", _("Name")),
        "decided": Column("", _("Decided on, and on what news; empty: on the first day")),
        "phase": Column("", _("lead time, ramp or output")), "begin": Column("", _("From")), "end": Column("", _("To")),
        "committed": Column("", _("Goes ahead anyway")),
    }  # fmt: skip
    return ResultTable("schedule", _("Schedule"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("who", "facility", "decided", "phase"))  # fmt: skip
