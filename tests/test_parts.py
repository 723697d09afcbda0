"""A program in parts gives the answers of one that is whole, and solves no more than what changed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from didymium.case.case import Case, load_case
from didymium.case.scenario import Scenario
from didymium.case.scenario_bands import moved
from didymium.faults import SolverError
from didymium.market.options import Options
from didymium.market.parts import Parted, instance_of, split
from didymium.market.prepare import Market, prepare
from didymium.market.program import Program, build
from didymium.market.solve import Instance
from didymium.market.tree import months
from didymium.shock.engine import OPTIONS

START, COUNT = date(2025, 1, 1), 8
HALT = "halt"
"""A halt of six months from the second one on."""

APART = Options(no_transit=False)
"""Neither stocks nor goods under way: no month touches another one."""


@pytest.fixture(scope="module")
def market(us_japan: Case) -> Market:
    return prepare(us_japan)


def program(case: Case, market: Market, story: str | None) -> Program:
    told: Scenario | None = case.scenario("halt-six-months" if story == HALT else story) if story else None
    if told is not None and story == HALT:
        told = moved(told, -59, 1.0)
    return build(case, months(START, COUNT, told, 0.05), APART, market)


@pytest.fixture
def parted(us_japan: Case, market: Market) -> Parted:
    made = instance_of(program(us_japan, market, None))
    assert isinstance(made, Parted)
    return made


def test_months_that_no_stock_joins_are_parts(parted: Parted) -> None:
    assert len(parted.parts) == COUNT
    rows, columns = parted.stated.matrix.shape
    assert np.array_equal(np.sort(np.concatenate([p.columns for p in parted.parts])), np.arange(columns))
    assert np.array_equal(np.sort(np.concatenate([p.rows for p in parted.parts])), np.arange(rows))
    assert sum(part.matrix.nnz for part in parted.parts) == parted.stated.matrix.nnz


@pytest.mark.parametrize("story", [HALT, "china-licensing-2025", "myanmar-border-closure"])
def test_it_answers_as_the_whole_does(us_japan: Case, market: Market, parted: Parted, story: str) -> None:
    parted.run()
    calm = parted.basis()
    parted.become(program(us_japan, market, story))
    parted.start_from(calm)
    found, whole = parted.solve(), Instance(program(us_japan, market, story)).solve()
    assert found.objective == pytest.approx(whole.objective, rel=1e-9)
    assert found.run["columns"] == whole.run["columns"] and found.run["rows"] == whole.run["rows"]
    assert found.run["iterations"] > 0


def test_only_what_changed_is_solved(us_japan: Case, market: Market, parted: Parted) -> None:
    """Six of eight months are cut: their parts are solved, the others keep their answers."""
    parted.run()
    calm = parted.basis()
    parted.start_from(calm)
    assert parted.run().facts["iterations"] == 0, "they begin there for the first time"
    before = [part.last for part in parted.parts]
    parted.become(program(us_japan, market, HALT))
    changed = [at for at, part in enumerate(parted.parts) if not part.stands]
    assert len(changed) == 6
    parted.start_from(calm)
    parted.run()
    assert [at for at, part in enumerate(parted.parts) if part.last is not before[at]] == changed


def test_months_of_one_cut_follow_the_first(us_japan: Case, market: Market, parted: Parted) -> None:
    """What six months of a halt may do is the same: the first finds out, the others take next to no step."""
    parted.run()
    calm = parted.basis()
    parted.become(program(us_japan, market, HALT))
    parted.start_from(calm)
    parted.run()
    steps = [part.last.raw.facts["iterations"] for part in parted.parts if part.last is not None]
    assert steps[0] == 0 < steps[1] and max(steps[2:]) < 0.05 * steps[1]


def test_an_answer_does_not_depend_on_those_before(us_japan: Case, market: Market, parted: Parted) -> None:
    """To the last bit, whatever was solved in between: draws are resumed, and shared out to machines."""
    parted.run()
    calm = parted.basis()

    def ask(story: str | None) -> np.ndarray:
        parted.become(program(us_japan, market, story))
        parted.start_from(calm)
        raw = parted.run()
        return np.concatenate([raw.primal, raw.dual, raw.reduced])

    first = ask(HALT)
    ask("china-licensing-2025")
    assert np.array_equal(ask(HALT), first)
    rested = ask(None)
    ask("october-2025-rules")
    assert np.array_equal(ask(None), rested)
    assert parted.run().facts["iterations"] == 0
    # Going on from there does not depend on where the solvers were in between.
    upper = 0.5 * parted.stated.upper[parted.program.model.columns["ship"].positions()]
    parted.bound("ship", None, upper)
    went_on = parted.run()
    other = instance_of(program(us_japan, market, None))
    other.run()
    other.start_from(calm)
    other.run()
    other.bound("ship", None, upper)
    again = other.run()
    assert np.array_equal(went_on.primal, again.primal) and np.array_equal(went_on.dual, again.dual)


def test_a_change_in_place_reaches_its_part(parted: Parted) -> None:
    parted.run()
    block = parted.program.model.columns["ship"]
    upper = parted.stated.upper[block.positions()].copy()
    upper[:, 3] = 0.0
    parted.bound("ship", None, upper)
    assert [part.stands for part in parted.parts].count(False) == 1
    raw = parted.run()
    assert raw.primal[block.positions()[:, 3]].max() == 0.0 < raw.primal[block.positions()[:, 2]].max()
    cost = parted.stated.cost[block.positions()].copy()
    parted.cost("ship", cost)
    assert all(part.stands for part in parted.parts), "the same costs are no change"
    cost[:, 5] *= 2.0
    parted.cost("ship", cost)
    assert parted.run().objective < raw.objective


def test_from_nothing_and_from_a_basis(parted: Parted) -> None:
    first = parted.run()
    calm = parted.basis()
    parted.start_from(None)
    assert parted.run().facts["iterations"] > 0
    parted.start_from(calm)
    again = parted.run()
    assert again.facts["iterations"] == 0 and again.objective == pytest.approx(first.objective, rel=1e-12)


def test_what_it_refuses(parted: Parted) -> None:
    with pytest.raises(SolverError, match="does not know option"):
        parted.run()
        parted.set_option("no_such_option", 1)
    one = np.zeros(1)
    with pytest.raises(SolverError, match="rows cannot be added"):
        parted.add_rows(one, one, np.zeros((1, 1), dtype=int), np.ones((1, 1)), "tangents")


def test_metals_that_nothing_joins_are_parts() -> None:
    case = load_case("us-japan/minor_metals")
    tree = months(date(case.base_year, 1, 1), 3, None, 0.05)
    made = instance_of(build(case, tree, OPTIONS, prepare(case)))
    assert isinstance(made, Parted) and len(made.parts) >= 4


def test_one_chain_with_stocks_stays_whole(us_japan: Case, market: Market) -> None:
    made = instance_of(build(us_japan, months(START, 3, None, 0.05), OPTIONS, market))
    assert not isinstance(made, Parted)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.integers(1, 30))
def test_parts_share_nothing(seed: int, rows: int, columns: int, least: int) -> None:
    """Every row and column is in one part; no entry joins two; a part is small only where all are."""
    matrix = sp.csr_array(sp.random_array((rows, columns), density=0.12, rng=np.random.default_rng(seed), format="csr"))
    parts = split(matrix, least)
    of_row, of_column = np.full(rows, -1), np.full(columns, -1)
    for at, (mine, own) in enumerate(parts):
        assert (of_column[mine] == -1).all() and (of_row[own] == -1).all()
        of_column[mine], of_row[own] = at, at
    assert (of_row >= 0).all() and (of_column >= 0).all()
    at, to = matrix.nonzero()
    assert (of_row[at] == of_column[to]).all()
    assert len(parts) == 1 or min(len(mine) + len(own) for mine, own in parts) >= least
