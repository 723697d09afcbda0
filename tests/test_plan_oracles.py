"""Published and hand-made stochastic programs through the ordinary tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from didymium.case.case import Case
from didymium.plan.lshaped import evaluate
from didymium.plan.stories import Story, mean_story
from plan_cases import FEED, YEAR, decomposed, desk_for, extensive, farmer, farmer_stories, shares

ME = ("FARM",)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return farmer(Path(tmp_path_factory.mktemp("farmer")) / "farm")


def test_the_farmer_s_recourse_problem(farm: Case) -> None:
    """S24: RP = -108,390 (mpi-sppy documentation, after Birge and Louveaux): 170 acres wheat, 80 corn, 250 beets."""
    desk = desk_for(farm, farmer_stories(), ME)
    _planner, found, total = decomposed(desk, ME)
    assert total * 1000 - FEED == pytest.approx(108_390, abs=1)
    built = shares(desk, found)
    acres = {name.split("_")[0]: 500 * share for name, share in built.items()}
    assert acres == pytest.approx({"wheat": 170, "corn": 80, "beets": 250}, abs=1e-3)


def test_the_farmer_s_extensive_form(farm: Case) -> None:
    desk = desk_for(farm, farmer_stories(), ME)
    _planner, _found, total = decomposed(desk, ME)
    assert extensive(desk, ME).objective == pytest.approx(total * 1000, rel=1e-9)


def test_the_farmer_who_plans_for_the_mean(farm: Case) -> None:
    """S25: EV = -118,600; S26: VSS = 1,150, so EEV = -107,240."""
    stories = farmer_stories()
    mean = mean_story(stories, desk_for(farm, stories, ME).terms.decisions[0], YEAR)
    desk = desk_for(farm, [mean], ME)
    _planner, found, ev = decomposed(desk, ME)
    assert ev * 1000 - FEED == pytest.approx(118_600, abs=1)
    whole = desk_for(farm, stories, ME)
    planner, _best, rp = decomposed(whole, ME)
    made = planner.searches[ME, 1.0]
    decision = planner.clearing.onto(desk, found.decision)
    _decision, worths = evaluate(made.master(), made.crew, decision)
    base = sum(s.piece.probability * made.base[at].value for at, s in enumerate(whole.pieces.stated)) / 1000.0
    eev = base + made.master().value(decision, worths)
    assert eev * 1000 - FEED == pytest.approx(107_240, abs=1)
    assert (rp - eev) * 1000 == pytest.approx(1_150, abs=1)


def test_the_farmer_with_hindsight(farm: Case) -> None:
    """WS = -115,405.6, EVPI = 7,016: the mean of the three perfect-foresight profits 59,950, 118,600, 167,667."""
    by_yield = []
    for story in farmer_stories():
        desk = desk_for(farm, [Story(story.name, story.scenario, 1.0)], ME)
        by_yield.append(decomposed(desk, ME)[2] * 1000 - FEED)
    assert by_yield == pytest.approx([59_950, 118_600, 167_666.7], abs=1)
