"""After every solve: an answer that fails a check is not used; a warm solve gives what a cold one gives."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import Restriction, Scenario
from didymium.faults import SolverError
from didymium.market import laws, verify
from didymium.market import solve as solving
from didymium.market.conservation import circulation
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, prices
from didymium.market.tree import Tree, months, single_year

FIRST = date(2024, 1, 1)


def halt(share: float) -> Scenario:
    licence = Restriction("licence", "licence", "CTL", frozenset({"ore", "metal"}), frozenset({"ONE", "TWO"}),
                          date(2024, 2, 1), None, ((date(2024, 2, 1), share),), 0.0, ())  # fmt: skip
    return Scenario("halt", "Halt", "", FIRST, 6, (licence,))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("solve") / "chain", chain())


def instance(case: Case, tree: Tree | None = None, options: Options | None = None) -> Instance:
    return Instance(build(case, tree or single_year(2024), options or Options(), prepare(case)))


def tamper(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let the solver's answer pass through ``change(objective, primal, dual, reduced, facts)``."""
    run = Instance.run
    monkeypatch.setattr(Instance, "run", lambda self: change(*run(self)))


# The check after every solve


def test_a_sound_answer_passes(case: Case) -> None:
    solution = instance(case).solve()
    assert solution.run["status"] == "Optimal"
    assert set(solution.run["check"]) == {"primal", "dual", "slackness", "conservation", "circulation"}
    assert max(solution.run["check"].values()) < 1e-7


def test_a_quantity_that_does_not_balance_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    program = instance(case)
    column = int(program.columns["served"].sel(use="motor|TWO|metal", node=0))

    def more(objective: float, primal: np.ndarray, *rest: Any) -> tuple[Any, ...]:
        primal = primal.copy()
        primal[column] += 1.0
        return (objective, primal, *rest)

    tamper(monkeypatch, more)
    with pytest.raises(SolverError, match=r"fails the primal check by .* it is not used"):
        program.solve()


def test_a_price_that_nothing_explains_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    program = instance(case)
    row = int(program.rows["balance"].sel(market="metal|TWO", node=0))

    def dearer(objective: float, primal: np.ndarray, dual: np.ndarray, *rest: Any) -> tuple[Any, ...]:
        dual = dual.copy()
        dual[row] *= 1.01
        return (objective, primal, dual, *rest)

    tamper(monkeypatch, dearer)
    with pytest.raises(SolverError, match="fails the dual check"):
        program.solve()


def test_a_reduced_cost_of_the_wrong_sign_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A price and reduced costs that fit each other, but reward what the bounds forbid."""
    program = instance(case)
    row = int(program.rows["balance"].sel(market="metal|TWO", node=0))
    lp = program.highs.getLp()
    starts, index, value = (np.asarray(a) for a in (lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_))
    by_column = str(lp.a_matrix_.format_).endswith("kColwise")

    def shift(
        objective: float, primal: np.ndarray, dual: np.ndarray, reduced: np.ndarray, facts: Any
    ) -> tuple[Any, ...]:
        dual, reduced = dual.copy(), reduced.copy()
        dual[row] += 5.0
        if by_column:
            for column in range(len(reduced)):
                at = slice(starts[column], starts[column + 1])
                reduced[column] -= 5.0 * value[at][index[at] == row].sum()
        else:
            at = slice(starts[row], starts[row + 1])
            reduced[index[at]] -= 5.0 * value[at]
        return objective, primal, dual, reduced, facts

    tamper(monkeypatch, shift)
    with pytest.raises(SolverError, match=r"fails the (dual|slackness) check"):
        program.solve()


def test_a_feasible_answer_that_is_not_the_best_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody does anything: balanced and within bounds, and far from the optimum."""
    tamper(monkeypatch, lambda objective, primal, *rest: (0.0, np.zeros_like(primal), *rest))
    with pytest.raises(SolverError, match="fails the slackness check"):
        instance(case).solve()


def test_a_quantity_that_is_no_number_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(monkeypatch, lambda objective, primal, *rest: (objective, np.where(primal > 0, np.nan, primal), *rest))
    with pytest.raises(SolverError):
        instance(case).solve()


def test_a_price_that_is_no_number_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(monkeypatch, lambda objective, primal, dual, *rest: (objective, primal, np.full_like(dual, np.nan), *rest))
    with pytest.raises(SolverError):
        instance(case).solve()


def test_an_answer_that_breaks_its_own_rows_is_sought_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm start of HiGHS 1.16 called an answer optimal that lay 16 kg outside a capacity: never used."""
    program, spoilt = instance(case), []
    read = solving._read

    def spoil(*args: Any) -> Any:
        raw = read(*args)
        assert raw is not None
        if not spoilt:
            spoilt.append(raw)
            raw.facts["check"]["primal"] = 1e-5
        return raw

    monkeypatch.setattr(solving, "_read", spoil)
    solution = program.solve()
    assert solution.raw is not spoilt[0]
    assert solution.objective == pytest.approx(spoilt[0].objective, rel=1e-9)


def test_a_solution_of_a_changed_program_is_not_verified(case: Case) -> None:
    program = instance(case)
    solution = program.solve()
    assert verify(solution) == solution.run["check"]
    program.bound("ship", None, np.zeros(program.columns["ship"].shape))
    with pytest.raises(SolverError, match="changed after this solution"):
        verify(solution)


# Masses


def test_goods_that_vanish_are_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that loses a tenth of what arrives: the solver is content, the masses are not."""
    arrivals = laws.arrivals

    def leak(p: Any, terms: Any) -> None:
        arrivals(p, terms)
        terms.coefficients[-1] = 0.9 * terms.coefficients[-1]

    monkeypatch.setattr(laws, "arrivals", leak)
    program = instance(case)
    with pytest.raises(SolverError, match="fails the conservation check"):
        program.solve()


def test_goods_carried_in_circles_are_seen(case: Case) -> None:
    solution = instance(case).solve()
    parts = solution.instance.program.parts
    assert circulation(parts, solution.primal) == 0.0
    ship = solution.primal["ship"].copy()
    ship.loc["metal|CTL|ONE"] += 100.0
    ship.loc["metal|ONE|CTL"] += 100.0
    assert circulation(parts, {**solution.primal, "ship": ship}) > 0.5


# Status


def test_an_infeasible_program_is_named(case: Case) -> None:
    program = instance(case)
    wanted = np.full(program.columns["served"].shape, 1e6)
    program.bound("served", wanted, wanted)
    with pytest.raises(SolverError, match="Infeasible"):
        program.solve()


def test_a_solver_that_stops_early_is_no_answer(case: Case) -> None:
    program = instance(case)
    program.set_option("presolve", "off")
    program.set_option("simplex_iteration_limit", 1)
    with pytest.raises(SolverError, match=r"without an optimum: .*[Ii]teration limit"):
        program.solve()


def test_a_basis_that_leads_nowhere_is_given_up(case: Case) -> None:
    """Solved from nothing instead, to the same answer; the limit is gone after that."""
    program = instance(case, months(FIRST, 6, halt(0.9), 0.05), Options(stocks=True, transit=True))
    program.run()
    program.bound("ship", None, instance(case, months(FIRST, 6, halt(0.2), 0.05), Options(stocks=True, transit=True))
                  .program.parts.conditions.ship_bound)  # fmt: skip
    basis = program.basis()
    whole = program.run()
    assert whole.facts["iterations"] > 0
    program.start_from(basis)
    given_up = program.run(most=0)
    assert given_up.objective == pytest.approx(whole.objective, rel=1e-9)
    assert program.highs.getOptionValue("simplex_iteration_limit")[1] == solving.ENDLESS


def test_an_unknown_option_is_an_error(case: Case) -> None:
    with pytest.raises(SolverError, match="nonesuch"):
        instance(case).set_option("nonesuch", 1)


def test_a_refused_change_is_an_error(case: Case) -> None:
    program = instance(case)
    with pytest.raises(SolverError, match="ship"):
        program.bound("ship", None, np.full(program.columns["ship"].shape, np.nan))


# Warm starts


def test_a_warm_solve_equals_a_cold_build(case: Case) -> None:
    options = Options(stocks=True, transit=True)
    warm = instance(case, months(FIRST, 6, halt(0.9), 0.05), options)
    first = warm.solve().objective
    for share in (0.5, 0.0, 0.8):
        cold = instance(case, months(FIRST, 6, halt(share), 0.05), options)
        warm.bound("ship", None, cold.program.parts.conditions.ship_bound)
        again, anew = warm.solve(), cold.solve()
        assert again.objective == pytest.approx(anew.objective, rel=1e-9)
        assert again.objective < first
        assert again.frame("served").to_numpy() == pytest.approx(anew.frame("served").to_numpy(), rel=1e-6, abs=1e-6)


def test_costs_and_sides_change_in_place(case: Case) -> None:
    """Double demand and a smaller mine, once in place and once built so."""
    warm = instance(case)
    warm.solve()
    width = np.asarray(
        [warm.highs.getLp().col_upper_[int(c)] for c in warm.columns["served_segment"].to_numpy().ravel()]
    )
    warm.bound("served_segment", None, 2.0 * width.reshape(warm.columns["served_segment"].shape))
    order = list(warm.rows["capacity"].coords["facility"].to_numpy())
    limit = warm.program.parts.conditions.capacity[prepare(case).network.facilities.index.get_indexer(order)]
    limit[order.index("pit")] = 90.0
    warm.upper_side("capacity", limit)
    again = warm.solve()
    outage = Scenario("out", "Out", "", FIRST, 12)
    tree = single_year(2024)
    cold = instance(case, Tree(tree.nodes, (outage,)), Options(demand_scale=2.0))
    cold.upper_side("capacity", limit)
    anew = cold.solve()
    assert again.objective == pytest.approx(anew.objective, rel=1e-9)
    assert again.frame("activity").loc["pit|dig", 0] == pytest.approx(90.0)
    price = prices(warm.program, again)[0]
    assert price.to_numpy() == pytest.approx(prices(cold.program, anew)[0].to_numpy(), rel=1e-6)


def test_us_japan_warm_equals_cold(us_japan: Case) -> None:
    ban = us_japan.scenario("japan-ban-2026")
    tree = single_year(2026)
    market = prepare(us_japan)
    warm = Instance(build(us_japan, tree, Options(), market))
    free = warm.solve().objective
    cold = Instance(build(us_japan, Tree(tree.nodes, (ban,)), Options(), market))
    warm.bound("ship", None, cold.program.parts.conditions.ship_bound)
    bound = warm.solve().objective
    assert bound == pytest.approx(cold.solve().objective, rel=1e-9)
    assert bound < free
