"""A plan's market: every piece cleared with the plan fixed and everybody weighted 1, put together node by node."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.economy.willingness import surplus
from didymium.market.cross import joints, scale_of
from didymium.market.curves import CostCurve
from didymium.market.program import Parts
from didymium.market.stocks import SALVAGE, stock_table
from didymium.messages import _
from didymium.plan import phases
from didymium.plan.partition import AFTER
from didymium.plan.payers import bill
from didymium.plan.recourse import Decision, Worth, jobs
from didymium.plan.workers import Threads

if TYPE_CHECKING:
    from didymium.market.blocks import Block
    from didymium.market.options import Project
    from didymium.plan.desk import Desk
    from didymium.plan.recourse import Job
    from didymium.plan.workers import Crew

Values = npt.NDArray[np.float64]

TRACE = 1e-9
"""Tonnes of stock below this are none."""

_KEPT = ("served", "activity", "ship", "stock", "fill", "release")


@dataclass(frozen=True)
class Plan:
    """What a coalition decides.

    Parameters
    ----------
    decision : Decision
        Shares of projects and levels of strategic stock.
    how : str
        What generated it.
    planning : dict
        What the planning program said about it: value, bound, gap in MUSD, weight, steps, seconds.
    call : bool
        The coalition uses its first call on the output of the projects abroad that it paid for.
    """

    decision: Decision
    how: str
    planning: dict[str, Any] = field(default_factory=dict)
    call: bool = False

    @property
    def does(self) -> bool:
        """Return whether it does anything."""
        return bool(self.call or self.decision.build.any() or self.decision.stock.any())

    def key(self, who: tuple[str, ...]) -> bytes:
        """Return what tells its market from another plan's: whose it is matters where first call is used alone."""
        own = repr(who).encode() if self.call else b""
        return self.decision.build.tobytes() + self.decision.stock.tobytes() + own


@dataclass
class Cleared:
    """A plan's market.

    Parameters
    ----------
    who : tuple of str
        The coalition; empty: do nothing.
    plan : Plan
        What was fixed.
    values : dict of str to DataFrame
        Quantities by variable: elements x nodes, t.
    price : DataFrame
        Markets x nodes, USD/kg.
    objective : float
        The world's expected surplus, capital not yet paid, kUSD.
    tried : list of dict
        Every candidate and its worth.
    """

    who: tuple[str, ...]
    plan: Plan
    values: dict[str, pd.DataFrame]
    price: pd.DataFrame
    objective: float
    tried: list[dict[str, Any]] = field(default_factory=list)


class Clearing:
    """Clears plans on a tree and counts what they bring to whom.

    Parameters
    ----------
    desk : Desk
        Decisions and pieces.
    crew : Crew, optional
        Who solves the pieces; threads of its own where None.
    threads : int
        How many, where they are its own.
    """

    def __init__(self, desk: Desk, crew: Crew | None = None, threads: int = 1) -> None:
        self.desk, self.tree = desk, desk.tree
        self.case, (self.network, self.base) = desk.case, desk.market
        found, matrices = jobs(desk.pieces, {})
        self.jobs = found
        self.crew = crew or Threads(found, matrices, threads)
        self._with_call: dict[tuple[str, ...], list[Job]] = {}
        options = desk.options
        stocks, joint = stock_table(self.network, self.base, options), joints(self.network, self.base)
        held = desk.pieces.conditions
        self.parts = Parts(self.case, self.network, self.base, self.tree, options, held, stocks, joint=joint)
        self.discount = self.tree.nodes["discount"].to_numpy(float)
        self._made = self.network.matrix().to_numpy().T

    def nothing(self) -> Decision:
        """Return the decision to do nothing."""
        pieces = self.desk.pieces
        return Decision(np.zeros(len(self.desk.projects)), np.zeros((len(pieces.before), len(pieces.programmes))),
                        np.zeros(0))  # fmt: skip

    def clear(self, who: tuple[str, ...], plan: Plan) -> Cleared:
        """Return the market with a plan fixed and everybody weighted 1."""
        self.crew.take(self._calling(who) if plan.call else self.jobs)
        worths = self.crew.solve(plan.decision, keep=True)
        phases.solved()
        values, price = self._together(self.crew.kept())
        probability = [stated.piece.probability for stated in self.desk.pieces.stated]
        objective = float(sum(probability[at] * worth.value for at, worth in worths.items()))
        return Cleared(who, plan, values, price, objective)

    def _calling(self, who: tuple[str, ...]) -> list[Job]:
        """Return the pieces in which a coalition uses its first call."""
        if who not in self._with_call:
            name, nodes = f"first_call_{'+'.join(who)}", self.desk.calling(who)
            found = []
            for job, stated in zip(self.jobs, self.desk.pieces.stated, strict=True):
                block = self.desk.pieces.shapes[stated.shape].rows.get(name)
                on = nodes[list(stated.piece.nodes)]
                if block is not None and on.any():
                    *others, high = job.arrays
                    high = high.copy()
                    high[block.positions()[:, on].ravel()] = 0.0
                    job = replace(job, arrays=(*others, high))  # type: ignore[arg-type]
                found.append(job)
            self._with_call[who] = found
        return self._with_call[who]

    def may_call(self, who: tuple[str, ...], decision: Decision) -> bool:
        """Return whether a plan builds a project on whose output its coalition has first call."""
        claimed = {plant for call in self.desk.options.calls if call.who == who for plant in call.facilities}
        return any(
            share > 1e-9 and x.facility in claimed
            for x, share in zip(self.desk.projects, decision.build.tolist(), strict=True)
        )

    def worths(self, decision: Decision) -> dict[int, Worth]:
        """Return what a decision is worth in each piece to the world."""
        self.crew.take(self.jobs)
        return self.crew.solve(decision)

    def _together(self, kept: dict[int, tuple[Values, Values]]) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        pieces, count = self.desk.pieces, len(self.tree)
        stocks = self.parts.stocks.index
        index = {"served": self.network.uses.index, "activity": self.network.activities.index,
                 "ship": self.network.routes.index, "stock": stocks, "fill": stocks, "release": stocks}  # fmt: skip
        arrays = {name: np.zeros((len(labels), count)) for name, labels in index.items()}
        price = np.zeros((len(self.network.markets), count))
        for at, stated in enumerate(pieces.stated):
            shape, (primal, dual) = pieces.shapes[stated.shape], kept[at]
            nodes = np.asarray(stated.piece.copies)
            chance = self.tree.nodes["probability"].to_numpy(float)[nodes[0]]
            within = chance / chance[0] if chance[0] > 0 else np.ones(len(chance))
            for name in _KEPT:
                block = shape.columns.get(name)
                if block is None:
                    continue
                rows = index[name].get_indexer(block.coords[0])
                for copy in nodes:
                    arrays[name][np.ix_(rows, copy)] = _values(block, primal)
            rows = self.network.markets.index.get_indexer(shape.rows["balance"].coords[0])
            paid = -_values(shape.rows["balance"], dual) / (within * self.discount[nodes[0]])
            for copy in nodes:
                price[np.ix_(rows, copy)] = paid
        self._keep_on(arrays["stock"])
        frames = {name: pd.DataFrame(array, index=index[name]) for name, array in arrays.items()}
        return frames, pd.DataFrame(price, index=self.network.markets.index)

    def _keep_on(self, level: Values) -> None:
        """Carry strategic stock through what follows a cut: nothing is bought or given out there."""
        kept = self.parts.stocks["kind"].ne("commercial").to_numpy()
        parent = self.tree.nodes["parent"].to_numpy(int)
        after = {node for s in self.desk.pieces.stated if s.piece.kind == AFTER for c in s.piece.copies for node in c}
        for node in sorted(after):
            level[kept, node] = level[kept, parent[node]] if parent[node] >= 0 else 0.0

    def gains(self, cleared: Cleared) -> dict[str, pd.DataFrame]:
        """Return what users, producers and stockholders gain in each node, discounted, kUSD: regions x nodes.

        Users: ``disc (B(q) - p q)``, and what thrift spares them. Producers, and thrift: ``disc (p'A x - C(x))``. Firms
        with stocks: ``disc p (release - fill)`` and what is left at base prices.
        """
        network, base, discount = self.network, self.base, self.discount[None, :]
        uses, price = network.uses, cleared.price
        p0 = base.price.reindex(uses["market"]).to_numpy(float)[:, None]
        served = np.maximum(cleared.values["served"].to_numpy(), 1e-9)
        paid = price.reindex(uses["market"]).to_numpy(float)
        shape = (uses["elasticity"].to_numpy(float)[:, None], uses["choke"].to_numpy(float)[:, None])
        linear = uses["curve"].eq("linear").to_numpy()[:, None]
        users = surplus(served, paid, self.parts.conditions.demand, p0, *shape, linear)
        if "demand" in self.parts.joint:
            joint = self.parts.joint["demand"]
            at = joint.members
            users[at] = joint.value(served[at], scale_of(self.parts, "demand")) - paid[at] * served[at]
        activity = np.maximum(cleared.values["activity"].to_numpy(), 0.0)
        producers = self._made @ price.to_numpy(float) * activity - self._cost(activity)
        saves = network.activities["saves"].to_numpy()
        gained_by = network.activities["region"].to_numpy()
        stocks = self.parts.stocks
        firms = stocks["kind"].eq("commercial").to_numpy()
        at = stocks["market"].to_numpy()[firms]
        flow = (cleared.values["release"] - cleared.values["fill"]).to_numpy()[firms]
        holders = flow * price.reindex(at).to_numpy(float)
        leaves = self.tree.leaves()
        level = cleared.values["stock"].to_numpy()[firms]
        holders[:, leaves] += level[:, leaves] * base.price.reindex(at).to_numpy(float)[:, None]
        places = {
            "users": (
                np.vstack([users, producers[saves]]),
                np.concatenate([uses["region"].to_numpy(), gained_by[saves]]),
            ),
            "producers": (producers[~saves], gained_by[~saves]),
            "holders": (holders, np.array([market.split("|")[1] for market in at], dtype=object)),
        }
        regions = self.case["regions"]["region"]
        return {
            name: pd.DataFrame(part * discount).groupby(place).sum().reindex(regions, fill_value=0.0)
            for name, (part, place) in places.items()
        }

    def _cost(self, activity: Values) -> Values:
        """Return the cost of what runs, kUSD: the curve of the base point, or the unit cost of what came later."""
        base, parts = self.base, self.parts
        running = base.running()
        cost: Values = base.cost.to_numpy(float)[:, None] * activity
        ran = base.activity.to_numpy(float)[running][:, None]
        x0 = ran * parts.growth_of_supply()[running] * self.tree.years()[None, :]
        c0, elasticity = (column.to_numpy(float)[running][:, None] for column in (base.cost, base.elasticity))
        linear = self.network.activities["curve"].eq("linear").to_numpy()[running][:, None]
        cost[running] = CostCurve(x0, c0, elasticity, linear).total(activity[running])
        if "supply" in parts.joint:
            joint = parts.joint["supply"]
            cost[joint.members] = joint.value(activity[joint.members], scale_of(parts, "supply"))
        return cost

    def public_cost(self, cleared: Cleared) -> pd.DataFrame:
        """Return what a plan costs the public in each node by region of the payer, discounted, kUSD: regions x nodes.

        Capital written off within the horizon; stocks at the re-cleared price, with holding cost, less what they earn
        when released or at the end. Each member bears, and earns, its share of the bill (:mod:`didymium.plan.payers`).
        """
        desk = self.desk
        due = bill(desk, cleared.who, cleared.plan.decision)
        cost = np.einsum("an,a,man->mn", desk.charge, cleared.plan.decision.build, due.build)
        rate, holding = self.case.assumption("a_discount_rate"), self.case.assumption("a_holding_cost")
        years, leaves = self.tree.years(), self.tree.leaves()
        for h, programme in enumerate(desk.programmes):
            row, base = f"programme|{programme.market}", self.base.price[programme.market]
            price = cleared.price.loc[programme.market].to_numpy(float)
            moved = (cleared.values[name].loc[row].to_numpy(float) for name in ("fill", "release", "stock"))
            fill, release, level = (np.where(tonnes > TRACE, tonnes, 0.0) for tonnes in moved)
            kept = (level * base * holding * years - release * price) * self.discount
            kept[leaves] -= level[leaves] * SALVAGE * base * self.discount[leaves] * (1.0 + rate) ** -years[leaves]
            cost += due.fill[:, h] * fill * price * self.discount + due.held[:, h] * kept
        return pd.DataFrame(cost, index=list(desk.members), columns=range(len(self.tree)))

    def market(self, who: tuple[str, ...], plan: Plan) -> Cleared:
        """Return the market with a plan fixed; that of doing nothing, which is cleared once, where it does nothing."""
        return self.clear(who, plan) if plan.does else self.idle

    @cached_property
    def idle(self) -> Cleared:
        """The market in which nothing is done."""
        return self.clear((), Plan(self.nothing(), _("do nothing")))

    @cached_property
    def _idle_users(self) -> pd.DataFrame:
        return self.gains(self.idle)["users"]

    def worth(self, cleared: Cleared, users: pd.DataFrame | None = None) -> Values:
        """Return what the coalition's users gain over doing nothing less its public cost, by story, kUSD.

        Windfalls of domestic sellers in a cut do not count: a plan that ends the scarcity would look worse for them.
        They are reported beside it (docs/decisions/007). ``users`` spares counting what users gain once more.
        """
        users = self.gains(cleared)["users"] if users is None else users
        gained = (users - self._idle_users).loc[list(cleared.who)].sum()
        by_node = gained.to_numpy(float) - self.public_cost(cleared).sum().to_numpy(float)
        return self.by_story(by_node)

    def in_short(self, cleared: Cleared) -> tuple[Cleared, pd.DataFrame]:
        """Return what a worth is counted from, without the rest of the market: strategic stocks, and users' gains."""
        rows = [f"programme|{x.market}" for x in self.desk.programmes]
        values = {name: cleared.values[name].loc[rows] for name in ("fill", "release", "stock")}
        price = cleared.price.loc[[x.market for x in self.desk.programmes]]
        return replace(cleared, values=values, price=price), self.gains(cleared)["users"]

    def idle_loss(self, who: tuple[str, ...]) -> Values:
        """Return what a coalition's users get if nothing is done, by story, as a loss from zero, kUSD."""
        return -self.by_story(self._idle_users.loc[list(who)].sum().to_numpy(float))

    def by_story(self, by_node: Values) -> Values:
        """Return sums along the path of each story."""
        return np.array([float(by_node[path].sum()) for path in self.desk.unfolded.paths])

    def onto(self, other: Desk, decision: Decision) -> Decision:
        """Return a decision of another tree on this one: projects by decision and news, stocks by the day.

        After a cut that the other tree does not know, it is decided as after the one there that is most like it.
        """
        known = {x.label: float(b) for x, b in zip(other.projects, decision.build, strict=True)}
        build = np.array([self._share_as(other, x, known) for x in self.desk.projects])
        theirs, own = other.tree.dates(), self.tree.dates()
        ends = [theirs[node][1] for node in other.pieces.before]
        stock = np.zeros((len(self.desk.pieces.before), len(self.desk.programmes)))
        for at, node in enumerate(self.desk.pieces.before):
            past = [row for row, end in enumerate(ends) if end <= own[node][1]]
            if past:
                stock[at] = decision.stock[max(past, key=lambda row: ends[row])]
        return Decision(build, stock, np.zeros(0))

    def _share_as(self, other: Desk, project: Project, known: dict[str, float]) -> float:
        news = self.desk.news.get(project.decided)
        if project.label in known or news is None:
            return known.get(project.label, 0.0)
        day = project.decided.partition(" ")[0]
        alike = {name: their.likeness(news) for name, their in other.news.items() if name.startswith(day)}
        nearest = max(alike, key=lambda name: alike[name], default="")
        return known.get(replace(project, decided=nearest).label, 0.0)


def _values(block: Block, values: Values) -> Values:
    return values[block.first : block.first + block.size].reshape(block.shape)


def put_together(*decisions: Decision) -> Decision:
    """Return the decision that does what every one of the decisions does."""
    build = np.max([each.build for each in decisions], axis=0)
    stock = np.max([each.stock for each in decisions], axis=0)
    return Decision(build, stock, np.zeros(0))
