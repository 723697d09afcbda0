"""What came of the plans, as the tables of a result read it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.messages import _
from didymium.plan.clearing import Cleared
from didymium.plan.payers import Bill, bill
from didymium.plan.planner import Planner
from didymium.plan.stories import CALM
from didymium.result import Column

if TYPE_CHECKING:
    from didymium.plan.stories import Story

WHO = Column("", _("Who plans: nobody, one participant alone, or both"))


class Outcome:
    """The plans, each re-cleared, and what they are measured against.

    Parameters
    ----------
    planner : Planner
        What planned and re-cleared.
    story : int
        The story along which the plans are shown.
    plans : dict of str to Cleared
        By name of the coalition; ``nothing`` first.
    complete : bool
        The plans were made on all that may happen, so nothing is out of sample.
    """

    def __init__(self, planner: Planner, story: int, plans: dict[str, Cleared], complete: bool = False) -> None:
        self.planner, self.plans, self.at, self.complete = planner, plans, story, complete
        self.desk, self.clearing = planner.desk, planner.clearing
        self.case, self.market, self.tree = self.desk.case, self.desk.market, self.desk.tree
        self.stories: tuple[Story, ...] = self.desk.unfolded.stories
        self.share = np.array([s.probability for s in self.stories])
        self.path: list[int] = self.desk.unfolded.paths[story]
        self.labels: list[str] = self.tree.nodes["label"].iloc[self.path].tolist()
        self.why = self.stories[story].inputs() or [key for s in self.stories for key in s.inputs()]
        self.cut = [node for node in self.path if self.desk.unfolded.cut[node]]
        self.goods = self.case.finished()
        self.finished = self.market.network.uses["commodity"].isin(self.goods).to_numpy()
        self.decision = self.desk.terms.decisions[0]

    @property
    def functional(self) -> str:
        """Return what plans are ranked by, in words."""
        risk = self.desk.terms.risk
        if risk == 0.0:
            return _("mean")
        return _("{mean:g} of the mean and {risk:g} of the mean of the worst 5 % (CVaR)").format(
            mean=1.0 - risk, risk=risk)  # fmt: skip

    @property
    def judged_on(self) -> str:
        """Return on what plans were chosen, in words."""
        if self.planner.judge is not None:
            return _("the {draws} draws that chose").format(draws=self.planner.judge.draws)
        if self.complete:
            return _("the scenarios that are all there is, each as likely as stated")
        return _("the plan's own scenarios")

    @cached_property
    def calm(self) -> int:
        """Return the story in which nothing is cut."""
        return next(at for at, story in enumerate(self.stories) if story.name == CALM)

    def inputs_of_stories(self) -> list[str]:
        """Return the input rows behind all stories."""
        return list(dict.fromkeys(key for story in self.stories for key in story.inputs()))

    def plan_inputs(self, cleared: Cleared) -> list[str]:
        """Return the input rows that a plan rests on."""
        rows = [key for name in self.built(cleared) for key in self.desk.by_name[name].inputs]
        rows += [f"commodities/{market.split('|')[0]}" for market in self.bought(cleared)]
        return [*self.why, *self.desk.purse(cleared.who).inputs, *rows]

    def built(self, cleared: Cleared) -> dict[str, float]:
        """Return the projects that a plan builds somewhere, by facility."""
        found: dict[str, float] = {}
        for project, share in zip(self.desk.projects, cleared.plan.decision.build.tolist(), strict=True):
            if project.choose and share > 1e-9:
                found[project.facility] = max(found.get(project.facility, 0.0), share)
        return found

    def bought(self, cleared: Cleared) -> list[str]:
        """Return the markets in which a plan holds strategic stock."""
        peak = cleared.plan.decision.stock.max(axis=0, initial=0.0)
        return [x.market for x, most in zip(self.desk.programmes, peak.tolist(), strict=True) if most > 1e-3]

    @cached_property
    def gains(self) -> dict[str, dict[str, pd.DataFrame]]:
        """Return users', producers' and holders' gains by plan, regions x nodes, kUSD."""
        return {who: self.clearing.gains(cleared) for who, cleared in self.plans.items()}

    @cached_property
    def cost(self) -> dict[str, pd.DataFrame]:
        """Return public cost by plan, regions x nodes, kUSD."""
        return {who: self.clearing.public_cost(cleared) for who, cleared in self.plans.items()}

    @cached_property
    def bills(self) -> dict[str, Bill]:
        """Return who pays what, by plan."""
        return {who: bill(self.desk, cleared.who, cleared.plan.decision) for who, cleared in self.plans.items()}

    def by_story(self, frame: pd.DataFrame, region: str) -> npt.NDArray[np.float64]:
        """Return a region's sum along the path of every story."""
        return self.clearing.by_story(frame.loc[region].to_numpy(float))

    def missing(self, cleared: Cleared, region: str) -> float:
        """Return the finished goods missing in a region during the cut, t."""
        mine = self.finished & self.market.network.uses["region"].eq(region).to_numpy()
        wanted = self.clearing.parts.conditions.demand[mine][:, self.cut].sum()
        served = cleared.values["served"].to_numpy()[mine][:, self.cut].sum()
        return max(0.0, float(wanted - served))

    def drawn(self, cleared: Cleared, region: str, kind: str) -> float:
        """Return the finished goods that stocks of a kind give out in a region during the cut, t."""
        stocks = self.clearing.parts.stocks
        mine = (
            stocks["kind"].eq(kind)
            & stocks["market"].str.partition("|")[0].isin(self.goods)
            & stocks["market"].str.endswith(f"|{region}")
        ).to_numpy()
        out = cleared.values["release"].to_numpy()[mine][:, self.cut].sum()
        into = cleared.values["fill"].to_numpy()[mine][:, self.cut].sum()
        return float(out - into)
