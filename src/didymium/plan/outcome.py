"""What came of the plans, as the tables of a result read it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.plan.candidates import purse_of
from didymium.plan.evaluate import Cleared, Planner
from didymium.result import Column

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario

WHO = Column("", _("Who plans: nobody, one participant alone, or both"))


class Outcome:
    """The plans, each re-cleared, and what they are measured against.

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

    def __init__(
        self, planner: Planner, scenario: Scenario, decision: date, calm: Cleared, plans: dict[str, Cleared]
    ) -> None:
        self.planner, self.scenario, self.decision, self.calm, self.plans = planner, scenario, decision, calm, plans
        self.case, self.market, self.tree = planner.case, planner.market, planner.tree
        self.why = scenario.inputs()
        self.labels: list[str] = self.tree.nodes["label"].tolist()
        cut = [any(r.share(a, b) < 1.0 - 1e-9 for r in scenario.restrictions) for a, b in self.tree.dates()]
        self.cut = [at for at, on in enumerate(cut) if on]
        self.goods = self.case.finished()
        self.finished = self.market.network.uses["commodity"].isin(self.goods).to_numpy()
        self.by_name = {c.facility: c for c in planner.found}

    def plan_inputs(self, cleared: Cleared) -> list[str]:
        """Return the input rows that a plan rests on."""
        rows = [key for name in cleared.plan.built for key in self.by_name[name].inputs]
        rows += [f"commodities/{market.split('|')[0]}" for market in cleared.plan.bought]
        _money, purses = purse_of(self.case, cleared.who)
        return [*self.why, *purses, *rows]

    def missing(self, cleared: Cleared, region: str) -> float:
        """Return the finished goods missing in a region during the cut, t."""
        uses = self.market.network.uses
        mine = self.finished & uses["region"].eq(region).to_numpy()
        wanted = self.planner.clearing.program.parts.conditions.demand[mine][:, self.cut].sum()
        served = cleared.solution.frame("served").to_numpy()[mine][:, self.cut].sum()
        return max(0.0, float(wanted - served))

    def drawn(self, cleared: Cleared, region: str, kind: str) -> float:
        """Return the finished goods that stocks of a kind give out in a region during the cut, t."""
        stocks = self.planner.clearing.program.parts.stocks
        mine = (
            stocks["kind"].eq(kind)
            & stocks["market"].str.partition("|")[0].isin(self.goods)
            & stocks["market"].str.endswith(f"|{region}")
        )
        out = cleared.solution.frame("release").to_numpy()[mine.to_numpy()][:, self.cut].sum()
        into = cleared.solution.frame("fill").to_numpy()[mine.to_numpy()][:, self.cut].sum()
        return float(out - into)
