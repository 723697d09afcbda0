"""What would flip the answer: what the pieces say, asked again, against the whole program solved anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import add_months
from didymium.plan.desk import Desk
from didymium.plan.explain import Why, reasons
from didymium.plan.extensive import whole_options
from didymium.plan.flips import CLOSE, bracket
from didymium.plan.planner import Planner
from plan_cases import decomposed, desk_for, investors, three_ways

BOTH = ("ONE", "TWO")
WEIGHT = 2.0


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_for(investors(Path(tmp_path_factory.mktemp("flips")) / "investors"), three_ways(), BOTH, 2030)


@pytest.fixture(scope="module")
def planner(desk: Desk) -> Planner:
    planner, _found, _total = decomposed(desk, BOTH, gap=1e-6, weight=WEIGHT)
    return planner


@pytest.fixture(scope="module")
def said(planner: Planner) -> list[Why]:
    return reasons(planner, BOTH, WEIGHT)


def anew(desk: Desk, label: str, capex: float = 1.0, start: date | None = None) -> float:
    """Return the share built of a project in the whole program, its investment or its start changed."""
    options = whole_options(desk, BOTH, WEIGHT)
    share = desk.tree.nodes["probability"].to_numpy(float)
    projects = []
    for project in options.projects:
        if project.label == label:
            project = replace(project, capex=project.capex * capex, start=start or project.start)
            project = replace(project, charge=float(desk.charge_of(project) @ share))
        projects.append(project)
    instance = Instance(build(desk.case, desk.tree, replace(options, projects=tuple(projects)), desk.market))
    instance.set_option("mip_rel_gap", 0.0)
    return float(instance.solve().primal["build"].to_series()[label])


def test_a_confirmed_investment_flips_the_whole_program(desk: Desk, said: list[Why]) -> None:
    confirmed = [why for why in said if why.capex_confirmed and why.capex > 0]
    assert {why.chosen for why in confirmed} == {True, False}, "an instance of one kind tests half of it"
    capex = {x.label: x.capex / 1000.0 for x in desk.projects}
    for why in {why.chosen: why for why in confirmed}.values():  # one of each kind: the whole program takes its time
        at = why.capex / capex[why.label]
        assert anew(desk, why.label, capex=at * (1 - 1.2 * CLOSE)) > 0.5, why
        assert anew(desk, why.label, capex=at * (1 + 1.2 * CLOSE)) <= 0.5, why


def test_the_latest_start_is_that_of_the_whole_program(desk: Desk, said: list[Why]) -> None:
    asked = [why for why in said if why.start is not None]
    assert asked
    for why in asked[:1]:
        project = next(x for x in desk.projects if x.label == why.label)
        assert why.start is not None and why.start >= project.start
        assert anew(desk, why.label, start=why.start) > 0.5, why
        if why.start_confirmed:
            assert anew(desk, why.label, start=add_months(why.start, 12)) <= 0.5, why


@pytest.mark.parametrize("truth", [0.3, 0.97, 1.0, 1.4, 3.0])
@pytest.mark.parametrize("guess", [0.5, 1.0, 1.02, 2.0])
def test_the_bracket_closes_on_it(truth: float, guess: float) -> None:
    found, confirmed = bracket(lambda factor: factor < truth, guess)
    assert confirmed and found == pytest.approx(truth, rel=2.5 * CLOSE)


def test_what_is_not_wanted_for_nothing() -> None:
    assert bracket(lambda _factor: False, 1e-3) == (0.0, True)


def test_the_plan_is_as_it_was_after_all_questions(planner: Planner, said: list[Why]) -> None:
    again = planner.searches[BOTH, WEIGHT].run(1e-6)
    assert len(said) and again.value == pytest.approx(planner.found[BOTH].value, abs=1e-6)
    assert np.allclose(again.decision.build, planner.found[BOTH].decision.build, atol=1e-6)
