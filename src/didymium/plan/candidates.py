"""What the participants may decide: real projects with lead times, strategic stocks, and the money for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import first_day, split_list
from didymium.case.units import factor
from didymium.market.options import Project, StockProgramme
from didymium.market.prepare import Market
from didymium.market.tree import Tree, add_months, periods

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

STOCKED_STAGES = (
    "light_separation", "heavy_separation", "refining", "metal", "alloy", "magnet", "precursor", "cathode", "anode",
    "cell",
)  # fmt: skip
"""Forms that a government may hold: what keeps and what users take in. Mixed concentrate needs a separator first."""


LEAST_PRICE = 3.0
"""USD/kg below which a form is not worth a store: lanthanum and cerium are in surplus wherever neodymium is made."""


@dataclass(frozen=True)
class Candidate:
    """A project as the plan sees it.

    Parameters
    ----------
    facility, name, stage, region : str
        What and where.
    start : date
        First output if decided on the decision day, not before the date that its owner plans.
    capex : float
        USD.
    lead_months : float
        From decision to first output.
    committed : bool
        Goes ahead anyway.
    sponsors : tuple of str
        Participants that may pay.
    on_assumptions : bool
        Capacity, capital cost or lead time is an assumption.
    inputs : tuple of str
        Rows behind it.
    """

    facility: str
    name: str
    stage: str
    region: str
    start: date
    capex: float
    lead_months: float
    committed: bool
    sponsors: tuple[str, ...]
    on_assumptions: bool
    inputs: tuple[str, ...]


def candidates(case: cases.Case, market: Market, decision: date) -> list[Candidate]:
    """Return the projects that do not run on the decision day and whose capacity is modelled."""
    facilities = case["facilities"].set_index("facility")
    assumed = set(case["assumptions"]["assumption"])
    found = []
    for record in case["projects"].to_dict("records"):
        name = str(record["facility"])
        if name not in market.network.facilities.index:
            continue
        facility = facilities.loc[name]
        lead = float(record["lead_time"]) * factor(str(record["lead_time_unit"]), "month")
        ready = add_months(decision, round(lead))
        committed = record["committed"] == "yes"
        planned = first_day(str(facility["start"])) if facility["start"] else None
        start = planned if committed and planned else max(ready, planned) if planned else ready
        rests = {str(record["source"]), str(record["lead_time_source"]), str(facility["source"])}
        found.append(
            Candidate(
                name, str(facility["name"]), str(facility["stage"]), str(facility["region"]), max(start, decision),
                float(record["capex"]), lead, committed,
                tuple(split_list(str(record["sponsors"]))), bool(rests & assumed),
                (str(record[ROW]), f"facilities/{name}"),
            )
        )  # fmt: skip
    return found


def horizon(case: cases.Case, scenario: Scenario, decision: date, last: int) -> Tree:
    """Return the years of the plan, the scenario's first year in quarters.

    An annual step without commercial stock is meaningless in a shock, so the year of the cut is split.
    """
    shock_year = scenario.start.year if scenario.restrictions else 0
    spans: list[tuple[date, date, str]] = []
    for year in range(decision.year, last + 1):
        if year == shock_year:
            quarters = [date(year, month, 1) for month in (1, 4, 7, 10)] + [date(year + 1, 1, 1)]
            spans += [(a, b, f"{year} Q{at}") for at, (a, b) in enumerate(pairwise(quarters), 1)]
        else:
            spans.append((date(year, 1, 1), date(year + 1, 1, 1), str(year)))
    return periods(spans, scenario, case.assumption("a_discount_rate"))


def capital_charge(case: cases.Case, capex: float, start: date, tree: Tree) -> float:
    """Return the capital written off within the horizon, discounted, in the unit of ``capex``.

    ``K r / (1 - (1+r)^-L) sum_n disc[n] years[n]`` over the nodes in which the project runs: life ``L``, rate ``r``.
    A plant outlives the horizon; charging all of it to a few years would forbid what lasts.
    """
    rate, life = case.assumption("a_discount_rate"), case.assumption("a_project_life")
    annuity = capex * rate / (1.0 - (1.0 + rate) ** -life)
    nodes = tree.nodes
    runs = [
        max(0.0, min(1.0, (b - max(a, start)).days / (b - a).days))
        for a, b in zip(nodes["start"], nodes["end"], strict=True)
    ]
    return float(sum(annuity * y * d * r for y, d, r in zip(nodes["years"], nodes["discount"], runs, strict=True)))


def projects_for(
    case: cases.Case, found: list[Candidate], who: tuple[str, ...], tree: Tree, purse: str
) -> tuple[Project, ...]:
    """Return the projects as one coalition sees them: committed ones run, its own are to choose, others stay out."""
    result = []
    for candidate in found:
        if candidate.committed:
            result.append(Project(candidate.facility, candidate.start, 0.0, 0.0, "", choose=False, share=1.0))
        elif set(candidate.sponsors) & set(who):
            thousand = candidate.capex / 1000.0
            charge = capital_charge(case, thousand, candidate.start, tree)
            result.append(Project(candidate.facility, candidate.start, thousand, charge, purse))
    return tuple(result)


def programmes_for(case: cases.Case, market: Market, who: tuple[str, ...], purse: str) -> tuple[StockProgramme, ...]:
    """Return the strategic stocks that a coalition may build: every form that its users take in.

    Bought at most at a share of what the world outside the controlling country takes in, up to a number of days of use.
    """
    network, base = market
    intake = base.intake(network)
    free = intake[network.markets["region"].ne(case.controller)].groupby(network.markets["commodity"]).sum()
    cap, days = case.assumption("a_stock_buying_cap"), case.assumption("a_stock_most")
    found = []
    columns = (network.markets[name] for name in ("commodity", "region", "stage"))
    for label, commodity, region, stage in zip(network.markets.index, *columns, strict=True):
        cheap = base.price[label] < LEAST_PRICE
        swarf_or_mixed = commodity.startswith(("swarf", "seg_"))
        if region in who and stage in STOCKED_STAGES and intake[label] > 1.0 and not (swarf_or_mixed or cheap):
            rows = (f"commodities/{commodity}", "assumptions/a_stock_buying_cap", "assumptions/a_stock_most")
            most, per_year = intake[label] * days / 365.25, cap * float(free[commodity])
            found.append(StockProgramme(label, purse, most, per_year, None, ";".join(rows)))
    return tuple(found)


def purse_of(case: cases.Case, who: tuple[str, ...]) -> tuple[float, list[str]]:
    """Return a coalition's money, thousands of USD, and the rows that it comes from."""
    table = case["purses"]
    mine: pd.DataFrame = table[table["counted"].eq("yes") & table["region"].isin(who)]
    return float(mine["amount"].sum()) / 1000.0, list(mine[ROW])
