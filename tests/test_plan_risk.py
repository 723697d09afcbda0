"""Risk in the plan: the decomposition against the whole program with Rockafellar and Uryasev's rows over every path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from didymium.case.case import Case
from didymium.faults import SolverError
from didymium.market.blocks import Arrays
from didymium.market.program import build
from didymium.market.solve import answer, hand_over
from didymium.plan import values
from didymium.plan.desk import Desk
from didymium.plan.extensive import whole_options
from didymium.plan.lshaped import Found, evaluate
from didymium.plan.planner import Planner
from didymium.plan.recourse import Decision
from didymium.plan.risk import cvar
from didymium.plan.settled import settled
from didymium.plan.stories import Story
from plan_cases import cut, decomposed, desk_for, farmer, farmer_stories, investors, keeper, three_ways

BOTH = ("ONE", "TWO")
LAST = 2030
WEIGHT = 2.0


def no_way_out() -> list[Story]:
    """Return three lengths of one cut and nothing else: no story is calm, so all of the risk is within one piece."""
    begin, both = date(2026, 1, 1), ("metal", "ore")
    return [
        Story(f"cut-{months}", cut(months, begin, f"cut-{months}", goods=both), share)
        for months, share in ((6, 0.6), (12, 0.37), (18, 0.03))
    ]


def two_onsets() -> list[Story]:
    """Return a calm too rare to count, and two cuts of two lengths each: two pieces that end in several ways."""
    both = ("metal", "ore")
    return [
        Story("calm", None, 0.02),
        *(
            Story(f"{year}-{months}", cut(months, date(year, 1, 1), f"{year}-{months}", goods=both), share)
            for year, months, share in ((2026, 6, 0.4), (2026, 12, 0.2), (2027, 6, 0.3), (2027, 12, 0.08))
        ),
    ]


def keeper_ways() -> list[Story]:
    """Return calm and two lengths of one cut."""
    begin = date(2025, 1, 1)
    return [
        Story("calm", None, 0.7), Story("cut-6", cut(6, begin), 0.27), Story("cut-12", cut(12, begin), 0.03),
    ]  # fmt: skip


DESKS: dict[str, Callable[[Path], tuple[Case, list[Story], tuple[str, ...], int]]] = {
    "investors": lambda at: (investors(at), three_ways(), BOTH, LAST),
    "no calm": lambda at: (investors(at), no_way_out(), BOTH, LAST),
    "two onsets": lambda at: (investors(at), two_onsets(), BOTH, LAST),
    "keeper": lambda at: (keeper(at), keeper_ways(), BOTH, 2027),
    "farmer": lambda at: (farmer(at), farmer_stories(), ("FARM",), 2024),
}

RISKS = {"investors": (0.3, 0.5, 0.9), "no calm": (0.3, 1.0), "two onsets": (0.5,), "keeper": (0.9,), "farmer": (0.5,)}


@pytest.fixture(scope="module")
def desk_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Desk]:
    @cache
    def made(name: str) -> Desk:
        case, stories, who, last = DESKS[name](Path(tmp_path_factory.mktemp("risk")) / "case")
        return desk_for(case, stories, who, last)

    return made


@dataclass
class Whole:
    """The whole tree as one program with value at risk and losses beyond it; worth is counted from 0."""

    desk: Desk
    who: tuple[str, ...]
    risk: float

    def __post_init__(self) -> None:
        self.program = build(
            self.desk.case, self.desk.tree, whole_options(self.desk, self.who, WEIGHT), self.desk.market
        )
        self.worth, arrays = self._paths()
        self.share = np.array([s.probability for s in self.desk.unfolded.stories])
        count = len(self.share)
        matrix = sp.csr_array(sp.vstack([
            sp.hstack([arrays.matrix, sp.csr_array((arrays.matrix.shape[0], 1 + count))]),
            sp.hstack([self.worth, sp.csr_array(np.ones((count, 1))), sp.eye_array(count)]),
        ], format="csr"))  # fmt: skip
        self.arrays = Arrays(
            np.concatenate([(1 - self.risk) * arrays.cost, [-self.risk], -self.risk / 0.05 * self.share]),
            np.concatenate([arrays.lower, [-np.inf], np.zeros(count)]),
            np.concatenate([arrays.upper, np.full(1 + count, np.inf)]),
            np.concatenate([arrays.whole, np.zeros(1 + count, dtype=np.int32)]),
            np.concatenate([arrays.low, np.zeros(count)]), np.concatenate([arrays.high, np.full(count, np.inf)]),
            matrix,
        )  # fmt: skip

    def _paths(self) -> tuple[sp.csr_array, Arrays]:
        """Return what every column adds to the worth of every story."""
        desk, tree, columns = self.desk, self.desk.tree, self.program.model.columns
        arrays = self.program.model.finish()
        probability = tree.nodes["probability"].to_numpy(float)
        leaves, rests = list(tree.leaves()), list(np.nonzero(tree.settled())[0])
        rows = []
        for path in desk.unfolded.paths:
            row = np.zeros(len(arrays.cost))
            for name, block in columns.items():
                if name == "build":
                    labels = list(block.coords[0])
                    for project, charge in zip(desk.projects, desk.charge, strict=True):
                        if project.label in labels:
                            row[block.first + labels.index(project.label)] = -charge[path].sum()
                    continue
                nodes = {"left": leaves, "unfilled": rests}.get(name, list(range(len(tree))))
                for node in path:
                    if node in nodes:
                        at = block.positions()[..., nodes.index(node)].ravel()
                        row[at] = arrays.cost[at] / probability[node]
            rows.append(row)
        return sp.csr_array(np.array(rows)), arrays

    def best(self) -> float:
        """Return the optimum of the extensive form, kUSD."""
        highs = hand_over(self.arrays)
        highs.setOptionValue("mip_rel_gap", 0.0)
        return float(answer(highs, self.arrays, whole=True).objective)

    def fixed(self, decision: Decision) -> float:
        """Return ``(1 - r) E[worth] - r CVaR(-worth)`` of a decision, kUSD, CVaR as the mean of the worst share."""
        made, desk = self.arrays, self.desk
        made = made._replace(lower=made.lower.copy(), upper=made.upper.copy(), whole=np.zeros_like(made.whole))
        columns = self.program.model.columns
        if "build" in columns:
            share = dict(zip((x.label for x in desk.projects), decision.build, strict=True))
            at = columns["build"].positions()
            made.lower[at] = made.upper[at] = [share[label] for label in columns["build"].coords[0]]
        names = list(columns["stock"].coords[0]) if "stock" in columns else []
        for h, programme in enumerate(desk.programmes):
            if (name := f"programme|{programme.market}") in names:
                at = columns["stock"].positions()[names.index(name), desk.pieces.before]
                made.lower[at] = made.upper[at] = decision.stock[:, h]
        raw = answer(hand_over(made), made)
        worth = self.worth @ raw.primal[: self.worth.shape[1]]
        said = (1 - self.risk) * float(self.share @ worth) - self.risk * cvar(-worth, self.share)
        assert said == pytest.approx(float(raw.objective), rel=1e-7)
        return said


def coalitions(name: str) -> list[tuple[str, ...]]:
    return [("FARM",)] if name == "farmer" else [("ONE",), ("TWO",), BOTH]


@pytest.mark.parametrize(
    ("name", "who", "risk"),
    [(name, who, risk) for name in DESKS for who in coalitions(name) for risk in RISKS[name]],
    ids=lambda part: "+".join(part) if isinstance(part, tuple) else str(part),
)
def test_the_pieces_find_the_optimum_of_the_whole_program(
    desk_of: Callable[[str], Desk], name: str, who: tuple[str, ...], risk: float
) -> None:
    """The value over doing nothing, its optimum and its shadow prices, several exits or not."""
    desk = desk_of(name)
    planner, found, total = decomposed(desk, who, gap=1e-7, risk=risk, weight=WEIGHT)
    whole, made = Whole(desk, who, risk), planner.searches[who, WEIGHT]
    nothing = whole.fixed(made.master().nothing())
    room = 1e-6 * (1.0 + abs(nothing) / 1000.0)
    assert found.value == pytest.approx((whole.best() - nothing) / 1000.0, abs=room)
    assert found.value == pytest.approx((whole.fixed(found.decision) - nothing) / 1000.0, abs=room)
    assert total == pytest.approx(made.floor + found.value)
    assert 0.0 <= found.bound - found.value <= 1e-6
    assert all(each.bound >= each.value for each in found.trace)
    prices = made.master().shadow_prices(found.decision.build)
    assert all(np.isfinite(price) and price >= -1e-6 for price in prices.values())


def test_doing_nothing_is_valued_at_the_risk_that_suits_it(desk_of: Callable[[str], Desk]) -> None:
    """No other value at risk says more, on either side: the functional is a maximum over it."""
    planner = Planner(desk_of("investors"), threads=1)
    made = planner.search_of(("TWO",), WEIGHT, 0.5)
    master = made.master()
    assert made.idle is not None
    at_risk = made.idle[0].at_risk
    assert master.value(*made.idle) == pytest.approx(0.0, abs=1e-9)
    for other in (-20.0, 0.0, 0.9 * at_risk, 1.1 * at_risk, at_risk + 50.0):
        decision = master.nothing()._replace(at_risk=other)
        assert master.value(*evaluate(master, made.crew, decision)) < -1e-6
    *_others, (again, _worths) = settled(master, made.crew, master.nothing()._replace(at_risk=1e3), made.base)
    assert again.at_risk == pytest.approx(at_risk, abs=1e-3)


def test_a_master_with_one_cut_is_bounded(desk_of: Callable[[str], Desk]) -> None:
    """A cut where every loss counts as one of the worst says nothing of a value at risk beyond them."""
    planner = Planner(desk_of("investors"), threads=1)
    made = planner.search_of(BOTH, WEIGHT, 0.5)
    master = made.master()
    made.pool[:] = [evaluate(master, made.crew, master.nothing()._replace(at_risk=-50.0))]
    prices = made.master().shadow_prices(master.nothing().build)
    assert all(np.isfinite(price) for price in prices.values())


def test_a_bound_below_what_was_reached_is_refused() -> None:
    found = Found(Decision(np.zeros(0), np.zeros((0, 0)), np.zeros(0)), 10.0, np.inf, {}, 0, 0, 0.0, np.inf)
    found.lower(12.0, 0.1)
    assert found.gap == 2.0
    found.lower(9.95, 0.1)
    assert found.gap == 0.0, "rounding"
    with pytest.raises(SolverError, match="lies below a plan"):
        found.lower(9.0, 0.1)
    with pytest.raises(SolverError, match="lies below a plan"):
        found.better(11.0, (found.decision, {}), 0.1)


def test_the_frontier_asks_under_each_risk(desk_of: Callable[[str], Desk]) -> None:
    """A plan made under one risk asks pieces that have another in them anew, and refuses to mix them."""
    desk = desk_of("two onsets")
    planner, found, _total = decomposed(desk, ("ONE",), gap=1e-6, risk=0.5, weight=WEIGHT)
    for risk, at in values.risk_frontier(planner, ("ONE",), WEIGHT, (0.5, 0.9)):
        whole = Whole(desk, ("ONE",), risk)
        idle = found.decision._replace(build=0.0 * found.decision.build, stock=0.0 * found.decision.stock)
        nothing = whole.fixed(idle)
        assert at.value == pytest.approx((whole.best() - nothing) / 1000.0, abs=1e-4), risk
    with pytest.raises(SolverError, match="made for a risk"):
        planner.searches[("ONE",), WEIGHT].master(risk=0.9)
