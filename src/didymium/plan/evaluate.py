"""Whose loss: candidate plans come from the planning program, their worth from the market re-cleared with each plan.

The planning program is the world market with the members' end uses weighted; a government is not a world planner. So
the plan that a coalition takes is the one that leaves its own users, producers and purse best off once everybody else
has answered. One instance plans for all coalitions and one re-clears all plans: bounds, costs and purses change in
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.economy.willingness import surplus
from didymium.market.cross import scale_of
from didymium.market.curves import CostCurve
from didymium.market.laws import served_slopes
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.stocks import SALVAGE
from didymium.messages import _
from didymium.plan.candidates import Candidate, programmes_for, projects_for, purse_of

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.tree import Tree

WEIGHTS = (2.0,)
"""Weights of the members' end uses that generate candidate plans; others count 1. Re-clearing counts everybody 1."""

GAP = 15_000.0
"""Gap at which the planning program may stop, kUSD: small beside a project, tiny beside the world's surplus."""

NODES = 400
"""Nodes that branch and bound may visit for one candidate plan: a limit that does not depend on the machine."""

SEARCH = {
    "mip_heuristic_effort": 0.0,
    "mip_allow_restart": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
}
"""Branch and bound without sub-problems: its relaxation is nearly whole (3.8 s against 18 s for Japan's plan)."""

PURSE = "plan"


@dataclass(frozen=True)
class Plan:
    """What a coalition decides.

    Parameters
    ----------
    built : dict of str to float
        Share of each project chosen.
    bought : dict of str to dict of int to float
        Purchases by stock market and node, t.
    how : str
        What generated it.
    planning : dict
        What the planning program said about it: objective, bound, gap, gap in MUSD, weight, seconds.
    """

    built: dict[str, float] = field(default_factory=dict)
    bought: dict[str, dict[int, float]] = field(default_factory=dict)
    how: str = field(default_factory=lambda: _("do nothing"))
    planning: dict[str, Any] = field(default_factory=dict)


@dataclass
class Cleared:
    """A plan's market: everybody weighted 1.

    Parameters
    ----------
    who : tuple of str
        The coalition; empty: do nothing.
    plan : Plan
        What was fixed.
    solution : Solution
        The market.
    price : DataFrame
        Markets x nodes, USD/kg.
    tried : list of (str, float)
        Every candidate and its worth to the coalition, MUSD.
    """

    who: tuple[str, ...]
    plan: Plan
    solution: Solution
    price: pd.DataFrame
    tried: list[tuple[str, float]] = field(default_factory=list)


class Planner:
    """Plans and re-clears for every coalition of a case.

    Parameters
    ----------
    case, market, tree : Case, Market, Tree
        The case, ready to clear, and the plan's nodes.
    found : list of Candidate
        Projects.
    """

    def __init__(self, case: cases.Case, market: Market, tree: Tree, found: list[Candidate]) -> None:
        self.case, self.market, self.tree, self.found = case, market, tree, found
        members = tuple(case.participants)
        self.members = members
        projects = projects_for(case, found, members, tree, PURSE)
        self.programmes = programmes_for(case, market, members, PURSE)
        # Firms draw their working stocks in the cut but do not fill them up before it: they do not know that it comes.
        self.options = Options(stocks=True, growth=True, expansion=True, hoarding=1.05, projects=projects,
                               programmes=self.programmes, purses={PURSE: 0.0})  # fmt: skip
        self.chosen = [p for p in projects if p.choose]
        self.planning = Instance(build(case, tree, self.options, market))
        self.planning.set_option("mip_rel_gap", 0.0)
        self.planning.set_option("mip_abs_gap", GAP)
        self.planning.set_option("mip_max_nodes", NODES)
        for name, value in SEARCH.items():
            self.planning.set_option(name, value)
        fixed = replace(
            self.options,
            purses={},
            projects=tuple(replace(p, choose=False, share=p.share) for p in projects),
            programmes=tuple(replace(x, fixed={}) for x in self.programmes),
        )
        self.clearing = Instance(build(case, tree, fixed, market))

    def candidate(self, who: tuple[str, ...], weight: float) -> Plan:
        """Return the planning program's plan for a coalition whose end uses weigh ``weight``."""
        parts, instance = self.planning.program.parts, self.planning
        sponsors = {c.facility: set(c.sponsors) for c in self.found}
        allowed = np.array([1.0 if sponsors[p.facility] & set(who) else 0.0 for p in self.chosen])
        instance.bound("build", None, allowed)
        instance.bound("fill", None, self._fill_bounds(parts.stocks, who))
        _width, slope = served_slopes(parts)
        importance = np.array([weight if r in who else 1.0 for r in self.market.network.uses["region"]])
        instance.cost("served_segment", slope * importance[:, None, None] * self.tree.weight()[None, None, :])
        money, _rows = purse_of(self.case, who)
        instance.upper_side(f"purse_{PURSE}", np.array([money]))
        solution = instance.solve()
        built = {str(k): 1.0 for k, v in solution.primal["build"].to_series().items() if v > 0.5}
        fill = solution.frame("fill")
        bought = {}
        for programme in self.programmes:
            amounts = fill.loc[f"programme|{programme.market}"].to_numpy(float)
            bought[programme.market] = {node: tonnes for node, tonnes in enumerate(amounts.tolist()) if tonnes > 1e-3}
        run = solution.run
        facts = {"objective": solution.objective, "bound": run["bound"], "gap": run["gap"], "weight": weight,
                 "gap_money": abs(float(run["bound"]) - solution.objective) / 1000.0, "seconds": run["seconds"],
                 "algorithm": run["algorithm"], "status": run["status"]}  # fmt: skip
        return Plan(
            built,
            {k: v for k, v in bought.items() if v},
            _("planning program, members' uses weighted {weight:g}").format(weight=weight),
            facts,
        )

    def _fill_bounds(self, stocks: pd.DataFrame, who: tuple[str, ...]) -> np.ndarray:
        region = stocks["market"].str.split("|").str[1]
        programme = stocks["kind"].eq("programme")
        most = np.where(programme, np.where(region.isin(who), stocks["per_year"].astype(float), 0.0), np.inf)
        most = np.where(stocks["kind"].eq("strategic"), 0.0, most)
        return np.asarray(most[:, None] * self.tree.years()[None, :], dtype=float)

    def clear(self, who: tuple[str, ...], plan: Plan) -> Cleared:
        """Return the market with a plan fixed and everybody weighted 1."""
        instance, parts = self.clearing, self.clearing.program.parts
        order = list(instance.rows["capacity"].coords["facility"].to_numpy())
        at = positions(self.market.network.facilities.index, order)
        shares = {p.facility: p.share for p in self.options.projects} | plan.built
        decided = {p.facility for p in self.options.projects}
        limit = (
            parts.conditions.capacity[at]
            * np.array([shares.get(name, 0.0) if name in decided else 1.0 for name in order])[:, None]
        )
        instance.upper_side("capacity", limit)
        stocks = parts.stocks
        low = np.zeros((len(stocks), len(self.tree)))
        high = self._fill_bounds(stocks, ())
        for market, amounts in plan.bought.items():
            row = stocks.index.get_loc(f"programme|{market}")
            for node, tonnes in amounts.items():
                low[row, node] = high[row, node] = tonnes
        instance.bound("fill", low, high)
        solution = instance.solve()
        return Cleared(who, plan, solution, prices(instance.program, solution))

    def without_cut(self) -> Cleared:
        """Return the market of doing nothing had the measures never come: what a loss is measured from."""
        instance, held = self.clearing, self.clearing.program.parts.conditions
        instance.bound("ship", None, np.full_like(held.ship_bound, np.inf))
        calm = self.clear((), Plan())
        instance.bound("ship", None, held.ship_bound)
        return calm

    def best(self, who: tuple[str, ...], nothing: Cleared, others: Sequence[Cleared | Plan] = ()) -> Cleared:
        """Return the plan that leaves a coalition best off.

        Parameters
        ----------
        who : tuple of str
            The coalition.
        nothing : Cleared
            Doing nothing: a plan too, and what the others are measured from.
        others : sequence of Cleared or Plan
            Candidates beside the planning program's own; a cleared one is not cleared again.
        """
        planned = [self.candidate(who, weight) for weight in WEIGHTS]
        stocks = [replace(p, built={}, how=_("stock only")) for p in planned]
        money, _rows = purse_of(self.case, who)
        best, most = nothing, 0.0
        tried = [(nothing.plan.how, 0.0)]
        for candidate in (*planned, *stocks, *others):
            plan = candidate.plan if isinstance(candidate, Cleared) else candidate
            if self.spent(plan) > money * (1 + 1e-9):
                continue
            cleared = replace(candidate, who=who) if isinstance(candidate, Cleared) else self.clear(who, plan)
            value = self.worth(cleared, nothing)
            tried.append((plan.how, value / 1000.0))
            if value > most:
                best, most = cleared, value
        chosen = replace(best.plan, planning=best.plan.planning or planned[0].planning)
        return Cleared(who, chosen, best.solution, best.price, tried)

    def spent(self, plan: Plan) -> float:
        """Return what a plan takes out of the purse: capital in full and stocks at base prices, kUSD."""
        capital = sum(p.capex * plan.built.get(p.facility, 0.0) for p in self.chosen)
        return capital + sum(float(self.market.base.price[m]) * sum(a.values()) for m, a in plan.bought.items())

    def surplus_by(self, cleared: Cleared) -> pd.DataFrame:
        """Return what a region's users, producers and stockholders gain over the horizon, discounted, kUSD.

        Users: ``sum_n disc (B(q) - p q)``. Producers: ``sum_n disc (p'A x - C(x))``. Firms with stocks:
        ``sum_n disc p (release - fill)`` and what is left at base prices.
        """
        network, base = self.market
        weight, uses = self.tree.weight()[None, :], network.uses
        p0 = base.price.reindex(uses["market"]).to_numpy(float)[:, None]
        served = np.maximum(cleared.solution.frame("served").to_numpy(), 1e-9)
        wanted = self.clearing.program.parts.conditions.demand
        paid = cleared.price.reindex(uses["market"]).to_numpy(float)
        shape = (uses["elasticity"].to_numpy(float)[:, None], uses["choke"].to_numpy(float)[:, None])
        linear = uses["curve"].eq("linear").to_numpy()[:, None]
        users = surplus(served, paid, wanted, p0, *shape, linear)
        parts = self.clearing.program.parts
        if "demand" in parts.joint:
            joint = parts.joint["demand"]
            at = joint.members
            users[at] = joint.value(served[at], scale_of(parts, "demand")) - paid[at] * served[at]
        made = network.matrix().to_numpy().T @ cleared.price.to_numpy(float)
        activity = np.maximum(cleared.solution.frame("activity").to_numpy(), 0.0)
        producers = made * activity - self._cost(activity)
        stocks = parts.stocks
        firms = stocks["kind"].eq("commercial").to_numpy()
        fill, release, level = (cleared.solution.frame(name).to_numpy()[firms] for name in ("fill", "release", "stock"))
        at = stocks["market"].to_numpy()[firms]
        holders = (release - fill) * cleared.price.reindex(at).to_numpy(float)
        holders[:, -1] += level[:, -1] * base.price.reindex(at).to_numpy(float)
        by_region = {
            "users": pd.Series((users * weight).sum(axis=1), index=uses["region"].to_numpy()),
            "producers": pd.Series((producers * weight).sum(axis=1), index=network.activities["region"].to_numpy()),
            "holders": pd.Series((holders * weight).sum(axis=1), index=[market.split("|")[1] for market in at]),
        }
        return pd.DataFrame({name: part.groupby(level=0).sum() for name, part in by_region.items()}).fillna(0.0)

    def _cost(self, activity: np.ndarray) -> np.ndarray:
        """Return the cost of what runs, kUSD: the curve of the base point, or the unit cost of what came later."""
        base, parts = self.market.base, self.clearing.program.parts
        running = base.running()
        cost: np.ndarray = base.cost.to_numpy(float)[:, None] * activity
        ran = base.activity.to_numpy(float)[running][:, None]
        x0 = ran * parts.growth_of_supply()[running] * self.tree.years()[None, :]
        c0, elasticity = (column.to_numpy(float)[running][:, None] for column in (base.cost, base.elasticity))
        linear = self.market.network.activities["curve"].eq("linear").to_numpy()[running][:, None]
        cost[running] = CostCurve(x0, c0, elasticity, linear).total(activity[running])
        if "supply" in parts.joint:
            joint = parts.joint["supply"]
            cost[joint.members] = joint.value(activity[joint.members], scale_of(parts, "supply"))
        return cost

    def public_cost(self, cleared: Cleared) -> dict[str, float]:
        """Return what a plan costs the public over the horizon by region of the payer, discounted, kUSD.

        Capital written off within the horizon, shared equally by the members of the coalition that sponsor the project;
        stocks at the re-cleared price, with holding cost, less what they are worth when released or at the end.
        """
        cost = dict.fromkeys(self.members, 0.0)
        sponsors = {c.facility: set(c.sponsors) for c in self.found}
        for project in self.chosen:
            share = cleared.plan.built.get(project.facility, 0.0)
            payers = [m for m in cleared.who if m in sponsors[project.facility]]
            for member in payers:
                cost[member] += project.charge * share / len(payers)
        weight, years = self.tree.weight(), self.tree.years()
        holding = self.case.assumption("a_holding_cost")
        for market in cleared.plan.bought:
            row, base = f"programme|{market}", self.market.base.price[market]
            price = cleared.price.loc[market].to_numpy(float)
            fill, release, level = (
                cleared.solution.frame(n).loc[row].to_numpy(float) for n in ("fill", "release", "stock")
            )
            spent = float((fill * price * weight).sum()) + float((level * base * holding * years * weight).sum())
            back = float((release * price * weight).sum()) + float(level[-1] * SALVAGE * base * weight[-1])
            cost[market.split("|")[1]] += spent - back
        return cost

    def worth(self, cleared: Cleared, nothing: Cleared) -> float:
        """Return what the coalition's users gain over doing nothing less its public cost, kUSD.

        Windfalls of domestic sellers in a cut do not count: a plan that ends the scarcity would look worse for them.
        They are reported beside it.
        """
        gain = self.surplus_by(cleared)["users"] - self.surplus_by(nothing)["users"]
        return float(gain.reindex(list(cleared.who)).sum()) - sum(self.public_cost(cleared).values())


def union(*plans: Plan) -> Plan:
    """Return the plan that does what every one of the plans does."""
    built: dict[str, float] = {}
    bought: dict[str, dict[int, float]] = {}
    for plan in plans:
        built |= plan.built
        bought |= plan.bought
    return Plan(built, bought, _("each partner's own plan together"))
