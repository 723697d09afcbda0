"""First call on the output of projects abroad: a right that whoever paid uses in a cut, where it helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.plan.clearing import Cleared, Plan
from didymium.plan.desk import Desk
from didymium.plan.extensive import whole_options
from didymium.plan.planner import Planner
from didymium.plan.recourse import Decision
from didymium.plan.stories import Story
from plan_cases import abroad, cut, desk_for

BOTH = ("ONE", "TWO")
SHARE = 0.65


def stories() -> list[Story]:
    begin = date(2026, 1, 1)
    halt = cut(12, begin, "halt", reach=("ONE", "TWO", "FAR"), goods=("metal",))
    return [Story("calm", None, 0.5), Story("halt", halt, 0.5)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    case = abroad(Path(tmp_path_factory.mktemp("call")) / "abroad")
    return desk_for(case, stories(), BOTH, 2029)


@pytest.fixture(scope="module")
def planner(desk: Desk) -> Planner:
    return Planner(desk, threads=1, gap=1e-6)


def built(desk: Desk) -> Decision:
    pieces = desk.pieces
    return Decision(np.ones(len(desk.projects)), np.zeros((len(pieces.before), len(pieces.programmes))), np.zeros(0))


@pytest.fixture(scope="module")
def both_ways(desk: Desk, planner: Planner) -> tuple[Cleared, Cleared]:
    plan = Plan(built(desk), "the smelter")
    return planner.clear(BOTH, plan), planner.clear(BOTH, replace(plan, call=True))


def output(cleared: Cleared) -> np.ndarray:
    return cleared.values["activity"].loc["smelter_far|smelt"].to_numpy(float)


def to_members(cleared: Cleared) -> np.ndarray:
    ship = cleared.values["ship"]
    return ship.loc[["metal|FAR|ONE", "metal|FAR|TWO"]].sum().to_numpy(float)


def test_in_a_cut_the_share_goes_to_whoever_paid(desk: Desk, both_ways: tuple[Cleared, Cleared]) -> None:
    free, called = both_ways
    hit = desk.unfolded.cut
    assert output(called)[hit].sum() > 0
    assert (to_members(called) >= SHARE * output(called) - 1e-6)[hit].all()
    assert (to_members(free) < SHARE * output(free) - 1e-3)[hit].any(), "otherwise the right would ask for nothing"


def test_before_a_cut_nothing_is_claimed(desk: Desk, both_ways: tuple[Cleared, Cleared]) -> None:
    free, called = both_ways
    calm = ~desk.unfolded.hit
    for name in ("served", "ship", "activity"):
        assert called.values[name].to_numpy()[:, calm] == pytest.approx(free.values[name].to_numpy()[:, calm], abs=1e-5)


def test_it_makes_metal_cheaper_for_them_and_dearer_there(desk: Desk, both_ways: tuple[Cleared, Cleared]) -> None:
    free, called = both_ways
    hit = desk.unfolded.cut
    served = {
        name: each.values["served"].loc[:, hit].sum(axis=1) for name, each in (("free", free), ("called", called))
    }
    mine = [f"motor|{region}|metal" for region in BOTH]
    assert served["called"][mine].sum() > served["free"][mine].sum() + 1e-3
    assert served["called"]["motor|FAR|metal"] < served["free"]["motor|FAR|metal"] - 1e-3


def test_the_re_cleared_market_is_that_of_the_whole_program(desk: Desk, both_ways: tuple[Cleared, Cleared]) -> None:
    options = replace(desk.options, projects=tuple(replace(x, choose=False, share=1.0) for x in desk.projects),
                      programmes=tuple(replace(x, fixed={}) for x in desk.programmes))  # fmt: skip
    for cleared in both_ways:
        instance = Instance(build(desk.case, desk.tree, options, desk.market))
        if cleared.plan.call:
            use(instance, desk)
        assert cleared.objective == pytest.approx(instance.solve().objective, rel=1e-8)


def use(instance: Instance, desk: Desk) -> None:
    rows = instance.program.model.rows["first_call_ONE+TWO"]
    high = np.where(desk.calling(BOTH), 0.0, np.inf)
    instance.upper_side("first_call_ONE+TWO", np.broadcast_to(high, rows.shape))


@pytest.mark.parametrize("weight", [1.0, 2.0, 5.0])
def test_in_the_planning_program_it_could_only_cost(desk: Desk, weight: float) -> None:
    """A planner who weighs the members' uses sends them what he wants: to be told so narrows his choice."""
    values = {}
    for told in (False, True):
        instance = Instance(build(desk.case, desk.tree, whole_options(desk, BOTH, weight), desk.market))
        if told:
            use(instance, desk)
        values[told] = instance.solve().objective
    assert values[True] <= values[False] + 1e-6 * abs(values[False])


def test_a_right_is_no_duty(planner: Planner) -> None:
    best = planner.best(BOTH)
    rows = {row["candidate"]: row for row in best.tried}
    called = next((name for name in rows if name.endswith("first call on output abroad")), None)
    assert called is not None, "an instance on which the smelter is not built tests little"
    plain = rows[called.removesuffix(", with first call on output abroad")]
    assert best.plan.call == (rows[called]["worth"] > plain["worth"])
    assert best.plan.call, "here it helps: the smelter's metal would go to FAR"
    assert rows[best.plan.how]["chosen"] and sum(row["chosen"] for row in best.tried) == 1


def test_without_a_right_there_is_nothing_to_call(tmp_path: Path) -> None:
    desk = desk_for(abroad(tmp_path / "none", reserved="no"), stories(), BOTH, 2029)
    assert not desk.options.calls
    assert not Planner(desk, threads=1).clearing.may_call(BOTH, built(desk))
