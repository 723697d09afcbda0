"""Newton on what binds: it lands on the curves, passes the checks of any answer, and steps aside where it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from case_factory import chain, make_case, mine_and_user
from didymium.case.case import Case
from didymium.case.scenario import Restriction, Scenario
from didymium.economy.willingness import willingness
from didymium.market import polish, solve
from didymium.market.checks import verify
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, prices
from didymium.market.tangents import Tangents
from didymium.market.tree import Tree, months, single_year

FIRST = date(2024, 1, 1)
TANGENTS = Options(curves="tangents")


def halt(commodities: set[str], share: float) -> Scenario:
    licence = Restriction("licence", "licence", "CTL", frozenset(commodities), frozenset({"ONE", "TWO"}), FIRST, None,
                          ((FIRST, share),), 0.0, ())  # fmt: skip
    return Scenario("halt", "Halt", "", FIRST, 6, (licence,))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("polish") / "small", mine_and_user())


@pytest.fixture(scope="module")
def two_stages(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("polish") / "chain", chain())


def cut(case: Case, share: float) -> Instance:
    tree = Tree(single_year(2024).nodes, (halt({"ore"}, share),))
    return Instance(build(case, tree, TANGENTS, prepare(case)))


def never(*_arguments: Any) -> None:
    """Stand in for Newton where it finds nothing."""


def test_half_the_trade_exactly(small: Case) -> None:
    """The price is the curve's own at the quantity let through; tangents alone come to 1e-5."""
    base, instance = prepare(small).base, cut(small, 0.5)
    solution = instance.solve()
    assert solution.run["tangent_passes"] <= 3 and solution.run["polish"]["steps"] >= 1
    share = 0.5 * base.ship["ore|CTL|ONE"] / base.served["motor|ONE|ore"]
    assert prices(instance.program, solution).at["ore|ONE", 0] == pytest.approx(
        base.price["ore|ONE"] * share**-2, rel=1e-11
    )


def test_the_answer_is_an_optimum_of_the_program_inside_the_solver(small: Case) -> None:
    """The solver itself, asked once more with the tangents that Newton added, finds the same objective."""
    instance = cut(small, 0.5)
    solution = instance.solve()
    assert max(verify(solution).values()) < 1e-9
    assert len(solution.raw.dual) == instance.highs.getNumRow()
    assert instance.run().objective == pytest.approx(solution.objective, rel=1e-12)


def test_months_with_stocks_and_goods_under_way(two_stages: Case) -> None:
    """Every use pays what its curve says, in every month: stocks and transit are linear rows like any other."""
    tree = months(FIRST, 6, halt({"ore", "metal"}, 0.6), 0.05)
    options = replace(TANGENTS, stocks=True, transit=True)
    program = build(two_stages, tree, options, prepare(two_stages))
    solution = Instance(program).solve()
    assert "polish" in solution.run and max(solution.run["check"].values()) < 1e-8
    uses, wanted = program.parts.network.uses, program.parts.conditions.demand
    paid = prices(program, solution).loc[uses["market"]].to_numpy()
    served = solution.frame("served").to_numpy()
    shape = (uses[name].to_numpy(float)[:, None] for name in ("elasticity", "choke"))
    p0 = program.parts.base.price.loc[uses["market"]].to_numpy()[:, None]
    assert paid == pytest.approx(willingness(served, wanted, p0, *shape), rel=1e-8)


def test_tangents_go_on_where_newton_finds_nothing(small: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = cut(small, 0.5).solve()
    monkeypatch.setattr(solve, "polished", never)
    solution = cut(small, 0.5).solve()
    assert "polish" not in solution.run and solution.run["tangent_passes"] > 3
    assert solution.objective == pytest.approx(exact.objective, rel=1e-9)


def test_an_answer_that_fails_its_checks_leaves_no_trace(small: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong price from Newton is not used, and its tangents leave the program."""

    def dearer(tangents: Tangents, primal: np.ndarray, dual: np.ndarray) -> polish.Polished | None:
        found = search(tangents, primal, dual)
        return found and found._replace(dual=found.dual * 1.01)

    search = polish.polish
    monkeypatch.setattr(polish, "polish", dearer)
    instance = cut(small, 0.5)
    solution = instance.solve()
    assert "polish" not in solution.run
    assert len(solution.raw.dual) == instance.highs.getNumRow()
    base = prepare(small).base
    share = 0.5 * base.ship["ore|CTL|ONE"] / base.served["motor|ONE|ore"]
    assert prices(instance.program, solution).at["ore|ONE", 0] == pytest.approx(7.0 * share**-2, rel=1e-3)


@pytest.mark.parametrize("year", [2024, 2030])
def test_us_japan_needs_few_passes(us_japan: Case, year: int) -> None:
    """Measured: one linear program and 19 to 28 Newton steps, instead of 17 to 20 linear programs."""
    later = year > 2024
    options = replace(TANGENTS, growth=later, expansion=later)
    solution = Instance(build(us_japan, single_year(year), options, prepare(us_japan))).solve()
    assert solution.run["tangent_passes"] <= 4
    assert max(solution.run["check"].values()) < 1e-8
