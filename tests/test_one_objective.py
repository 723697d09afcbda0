"""One program, three questions: the same case through clear, shock and plan gives one objective."""

from __future__ import annotations

from datetime import date

import pytest

from didymium.case.case import Case
from didymium.case.scenario import Scenario
from didymium.market.clear import clear
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import Tree, single_year
from didymium.plan.candidates import candidates, horizon
from didymium.plan.evaluate import Plan, Planner
from didymium.shock import engine

YEAR = 2024
OPTIONS = Options(curves="segments", stocks=True, growth=True, expansion=True, hoarding=1.05)
"""What a plan holds about the market; clear and shock are given the same."""

CALM = Scenario("calm", "Nothing happens", "", date(YEAR, 1, 1), 1)


@pytest.fixture(scope="module")
def market(us_japan: Case) -> Market:
    return prepare(us_japan)


@pytest.fixture(scope="module")
def objective(us_japan: Case) -> float:
    """What ``clear`` finds: no projects, no programmes, no scenario."""
    return float(clear(us_japan, YEAR, OPTIONS).manifest["objective"])


@pytest.fixture
def a_year_for_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let shock's machinery take its one period for a year; everything else of it runs as it is."""

    def one_year(start: date, count: int, scenario: Scenario | None, discount_rate: float) -> Tree:
        assert (start, count) == (date(YEAR, 1, 1), 1)
        return Tree(single_year(YEAR).nodes, (scenario,))

    monkeypatch.setattr(engine, "months", one_year)
    monkeypatch.setattr(engine, "WINDOW", 1)


@pytest.mark.usefixtures("a_year_for_a_month")
def test_shock_with_perfect_foresight(us_japan: Case, market: Market, objective: float) -> None:
    path = engine.Engine(us_japan, market, OPTIONS).path(CALM, "perfect")
    assert path.runs[0]["bound"] == pytest.approx(objective, rel=1e-9)


@pytest.mark.usefixtures("a_year_for_a_month")
def test_shock_month_after_month(us_japan: Case, market: Market, objective: float) -> None:
    """The rolling horizon hands in stock levels and goods under way by itself."""
    path = engine.Engine(us_japan, market, OPTIONS).path(CALM)
    assert path.runs[0]["bound"] == pytest.approx(objective, rel=1e-9)


@pytest.fixture(scope="module")
def planner(us_japan: Case, market: Market) -> Planner:
    """The planner of one year, with every project that nobody has committed to."""
    day = date(YEAR, 1, 1)
    found = [c for c in candidates(us_japan, market, day) if not c.committed]
    assert len(found) > 10
    return Planner(us_japan, market, horizon(us_japan, CALM, day, YEAR), found)


def test_plan_re_clears_the_same_market(planner: Planner, objective: float) -> None:
    """With every project and programme in the program and none of them taken. A plan discounts to its first day."""
    cleared = planner.clear((), Plan())
    assert cleared.solution.objective / planner.tree.weight()[0] == pytest.approx(objective, rel=1e-9)


def test_plan_plans_in_the_same_market(planner: Planner, objective: float) -> None:
    """The planning program itself, for nobody: no purse, no project allowed, everybody's uses weighted 1."""
    planned = planner.candidate((), 1.0)
    assert not planned.built and not planned.bought
    assert planned.planning["objective"] / planner.tree.weight()[0] == pytest.approx(objective, rel=1e-9)


def test_the_objective_answers_to_the_case(us_japan: Case, market: Market, objective: float) -> None:
    """What the four tests above compare is no constant."""
    options = Options(curves="segments", stocks=True, growth=True, expansion=True, hoarding=1.05, demand_scale=1.001)
    other = Instance(build(us_japan, single_year(YEAR), options, market)).solve().objective
    assert abs(other / objective - 1.0) > 1e-5
