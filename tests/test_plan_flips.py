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
from didymium.plan.clearing import Plan
from didymium.plan.desk import Desk
from didymium.plan.explain import ASKED, Alternative, Why, alternatives, reasons
from didymium.plan.extensive import whole_options
from didymium.plan.flips import CLOSE, bracket
from didymium.plan.planner import Planner
from didymium.plan.recourse import Decision
from didymium.plan.standing import Standing
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
def standing(planner: Planner) -> Standing:
    """Return a recommended plan other than the planning program's: all turned, the scalable line in part."""
    found = planner.found[BOTH].decision
    build = np.where(found.build > 1e-6, 0.0, 1.0)
    build[[x.facility for x in planner.desk.projects].index("line_one")] = 0.25
    return Standing(planner, BOTH, Plan(found._replace(build=build), "turned"))


@pytest.fixture(scope="module")
def said(planner: Planner, standing: Standing) -> list[Why]:
    return reasons(planner, BOTH, WEIGHT, standing)


@pytest.fixture(scope="module")
def others(planner: Planner, standing: Standing, said: list[Why]) -> list[Alternative]:
    planner.gap = 0.5  # so that there are some within it
    try:
        return alternatives(planner, BOTH, WEIGHT, standing)
    finally:
        planner.gap = 1e-6


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


def worth(planner: Planner, decision: Decision) -> float:
    """Return what a decision is worth to both, cleared by itself."""
    cleared = planner.clearing.clear(BOTH, Plan(decision, ""))
    chance = [story.probability for story in planner.desk.unfolded.stories]
    return float(np.dot(chance, planner.clearing.worth(cleared))) / 1000.0


def test_reasons_are_about_the_plan_that_is_recommended(
    planner: Planner, standing: Standing, said: list[Why]
) -> None:  # fmt: skip
    plan = standing.plan.decision
    by_label = {x.label: float(b) for x, b in zip(planner.desk.projects, plan.build, strict=True)}
    assert {why.label: why.share for why in said} == by_label, "not the planning program's"
    found = dict(zip(by_label, planner.found[BOTH].decision.build.tolist(), strict=True))
    assert {why.label: why.planned for why in said} == found != by_label
    for at, why in enumerate(said):
        build = plan.build.copy()
        build[at] = 0.0 if why.share > 0 else 1.0
        change = worth(planner, plan) - worth(planner, plan._replace(build=build))
        assert why.brings == pytest.approx(change if why.share > 0 else -change, abs=1e-6), why


def test_a_project_in_part_is_in_the_plan(said: list[Why]) -> None:
    (line,) = [why for why in said if why.label == "line_one"]
    assert line.share == 0.25
    assert (line.lasts_to is not None) == (line.brings > 0), "asked like every project in the plan"


def test_what_a_project_brings_is_gone_at_that_investment(desk: Desk, planner: Planner, said: list[Why]) -> None:
    for at, why in enumerate(said):
        if why.pays_to <= 0:
            continue
        project = desk.projects[at]
        part = why.share if why.share > 0 else 1.0
        moved = replace(project, capex=why.pays_to * 1000.0)
        more = (desk.charge_of(moved) - desk.charge[at]) @ desk.tree.nodes["probability"].to_numpy(float) * part
        assert why.brings == pytest.approx(more / 1000.0, abs=1e-6), why


def test_the_chosen_projects_that_take_least_were_asked_again(said: list[Why]) -> None:
    chosen = sorted((why for why in said if why.chosen), key=lambda why: why.margin)
    assert len(chosen) > ASKED and all(why.start is not None and why.capex_confirmed for why in chosen[:ASKED])
    assert not any(why.start is not None or why.capex_confirmed for why in chosen[ASKED:]), "the rest is first order"


def test_the_last_start_that_brings_something(
    desk: Desk, planner: Planner, said: list[Why], standing: Standing
) -> None:
    asked = [why for why in said if why.lasts_to is not None]
    assert asked, "an instance in which nothing pays tests nothing"
    for why in asked:
        project = next(x for x in desk.projects if x.label == why.label)
        assert why.lasts_to is not None and why.lasts_to >= project.start
        without = standing.worth - why.brings
        assert standing._starting(why.label, project.start) == pytest.approx(standing.worth, abs=1e-6), "as it is"
        assert standing._starting(why.label, why.lasts_to) > without
        if why.lasts_less:
            assert standing._starting(why.label, add_months(why.lasts_to, 12)) <= without + 1e-9


def test_other_plans_leave_something_out_and_add_nothing_for_nothing(
    planner: Planner, others: list[Alternative]
) -> None:  # fmt: skip
    labels = [x.label for x in planner.desk.projects]
    best = {labels[at] for at in np.nonzero(planner.found[BOTH].decision.build > 1e-6)[0]}
    seen = [best]
    assert others, "an instance without any tests nothing"
    for other in others:
        own = {labels[at] for at in np.nonzero(other.decision.build > 1e-6)[0]}
        assert other.dropped and set(other.dropped) == best - own and set(other.added) == own - best
        assert not any(own > before for before in seen), "nothing but more of the same"
        seen.append(own)
        assert other.worth == pytest.approx(worth(planner, other.decision), abs=1e-6)


def test_the_cut_forbids_supersets(planner: Planner) -> None:
    master = planner.searches[BOTH, WEIGHT].master()
    built = planner.found[BOTH].decision.build
    master.leave_out(built)
    again = master.propose(whole=True).decision.build
    whole = (built > 0.5) & master.layout.whole
    assert whole.any() and (again[whole] < 0.5).any()


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
