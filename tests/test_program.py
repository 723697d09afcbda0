"""The one program: its rows against an independent assembly, its optimum against arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from case_factory import chain, make_case, mine_and_user
from didymium.case.case import Case
from didymium.case.scenario import DemandChange, Outage, Restriction, Scenario
from didymium.economy.willingness import willingness
from didymium.faults import DidymiumError
from didymium.market.options import Options, Project
from didymium.market.prepare import prepare
from didymium.market.program import Program, build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import Tree, months, periods, single_year

YEAR = (date(2024, 1, 1), date(2025, 1, 1), "2024")
SEGMENTS, TANGENTS = Options(curves="segments"), Options(curves="tangents")


def story(*parts: Restriction | Outage | DemandChange, length: int = 12) -> Scenario:
    return Scenario(
        "story", "Story", "", YEAR[0], length,
        tuple(p for p in parts if isinstance(p, Restriction)), tuple(p for p in parts if isinstance(p, Outage)),
        tuple(p for p in parts if isinstance(p, DemandChange)),
    )  # fmt: skip


def licence(share: float, commodity: str, *to: str) -> Restriction:
    return Restriction("licence", "licence", "CTL", frozenset({commodity}), frozenset(to), YEAR[0], None,
                       ((YEAR[0], share),), 0.0, ())  # fmt: skip


def clear(case: Case, scenario: Scenario | None, options: Options) -> tuple[Program, Solution]:
    program = build(case, periods([YEAR], scenario, 0.0), options, prepare(case))
    return program, Instance(program).solve()


def matrix(instance: Instance) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray]:
    """Return the matrix inside the solver, and the bounds of its rows."""
    lp = instance.highs.getLp()
    kind = sp.csc_matrix if str(lp.a_matrix_.format_).endswith("kColwise") else sp.csr_matrix
    parts = (np.asarray(lp.a_matrix_.value_), np.asarray(lp.a_matrix_.index_), np.asarray(lp.a_matrix_.start_))
    inside = kind(parts, shape=(lp.num_row_, lp.num_col_)).tocsr()
    return inside, np.asarray(lp.row_lower_), np.asarray(lp.row_upper_)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("program") / "small", mine_and_user())


@pytest.fixture(scope="module")
def two_stages(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("program") / "chain", chain())


# The matrix


@pytest.fixture(scope="module")
def year(us_japan: Case) -> Instance:
    return Instance(build(us_japan, single_year(2024), SEGMENTS, prepare(us_japan)))


def test_balance_rows_of_us_japan(us_japan: Case, year: Instance) -> None:
    """Recipes and facilities from the case's own tables, routes and uses from the network."""
    network = prepare(us_japan).network
    inside, low, high = matrix(year)
    row = {m: int(r) for m, r in zip(network.markets.index, year.rows["balance"].sel(node=0).to_numpy(), strict=True)}
    recipes = us_japan["recipes"].groupby("process")
    region = us_japan["facilities"].set_index("facility")["region"]
    cells: dict[tuple[int, int], float] = {}

    def put(market: str, column: int, value: float) -> None:
        cells[row[market], column] = cells.get((row[market], column), 0.0) + value

    for label, column in year.columns["activity"].sel(node=0).to_series().items():
        facility, process = str(label).split("|")
        for term in recipes.get_group(process).itertuples():
            put(f"{term.commodity}|{region[facility]}", column, term.coefficient)
    for label, column in year.columns["ship"].sel(node=0).to_series().items():
        commodity, origin, destination = str(label).split("|")
        put(f"{commodity}|{origin}", column, -1.0)
        put(f"{commodity}|{destination}", column, 1.0)
    for label, column in year.columns["served"].sel(node=0).to_series().items():
        _use, place, commodity = str(label).split("|")
        put(f"{commodity}|{place}", column, -1.0)
    for market, column in year.columns["dispose"].sel(node=0).to_series().items():
        put(str(market), column, -1.0)
    serves = us_japan["commodities"].set_index("commodity")["serves_as"]
    for label, column in year.columns["downgrade"].sel(node=0).to_series().items():
        better, lesser, place = str(label).split("|")
        assert serves[better] == lesser
        put(f"{better}|{place}", column, -1.0)
        put(f"{lesser}|{place}", column, 1.0)

    rows, columns = zip(*cells, strict=True)
    wanted = sp.csr_matrix((list(cells.values()), (rows, columns)), shape=inside.shape)
    at = np.array(list(row.values()))
    assert abs(inside[at] - wanted[at]).max() == pytest.approx(0.0, abs=1e-12)
    assert np.diff(inside[at].indptr).sum() > 2000, "a real program"
    assert (low[at] == 0).all() and (high[at] == 0).all()


def test_capacity_rows_of_us_japan(us_japan: Case, year: Instance) -> None:
    network, base = prepare(us_japan)
    inside, low, high = matrix(year)
    ran = base.activity.groupby(network.activities["facility"]).sum()
    columns = year.columns["activity"].sel(node=0).to_series()
    table = us_japan["facilities"].set_index("facility")
    for facility, row in year.rows["capacity"].sel(node=0).to_series().items():
        mine = [int(c) for label, c in columns.items() if str(label).startswith(f"{facility}|")]
        entries = inside[int(row)]
        assert sorted(entries.indices) == sorted(mine)
        assert (entries.data == 1.0).all() and low[int(row)] == -np.inf
        at = table.loc[facility]
        runs = at["status"] == "operating" and at["start"][:4] <= "2024" and not (at["end"] and at["end"] <= "2024")
        assert high[int(row)] == pytest.approx(max(at["capacity"], ran[facility]) if runs else 0.0)


def test_departures_are_bounded_by_own_output(us_japan: Case, year: Instance) -> None:
    network = prepare(us_japan).network
    inside, _low, high = matrix(year)
    ship = year.columns["ship"].sel(node=0).to_series()
    activity = year.columns["activity"].sel(node=0).to_series()
    made = network.terms[network.terms["coefficient"].gt(0)]
    for market in ("ndpr_oxide|USA", "magnet_standard|JPN", "alloy_high_dy|CHN"):
        at = int(year.rows["no_transit"].sel(market=market, node=0))
        leaves = ship[network.routes.index[network.routes["tail"].eq(market)]]
        makers = made[made["market"].eq(market)]
        assert len(leaves) > 0 and len(makers) > 0
        wanted = {
            **dict.fromkeys(leaves, 1.0),
            **dict(zip(activity[makers["activity"]], -makers["coefficient"], strict=True)),
        }
        row = inside[at]
        assert dict(zip(row.indices, row.data, strict=True)) == pytest.approx(wanted)
        assert high[at] == 0.0


def test_goods_arrive_a_month_after_they_left(two_stages: Case) -> None:
    market = prepare(two_stages)
    program = build(two_stages, months(YEAR[0], 3, None, 0.0), Options(transit=True), market)
    instance = Instance(program)
    inside, low, _high = matrix(instance)
    ship = instance.columns["ship"].sel(route="metal|CTL|TWO")
    rows = instance.rows["balance"].sel(market="metal|TWO")
    for node in range(3):
        arrives = [n for n in range(3) if inside[int(rows[node]), int(ship[n])] == 1.0]
        assert arrives == ([node - 1] if node else [])
    base = market.base.ship[[r for r in market.base.ship.index if r.startswith("metal|") and r.endswith("|TWO")]].sum()
    assert base == pytest.approx(30.0, rel=1e-2)
    assert [low[int(rows[node])] for node in range(3)] == pytest.approx([-base / 12, 0.0, 0.0])


def test_twelve_months_are_a_year(us_japan: Case, year: Instance) -> None:
    """Without stocks and transit nothing ties the months together."""
    twelve = Instance(build(us_japan, months(YEAR[0], 12, None, 0.0), SEGMENTS, prepare(us_japan))).solve()
    assert twelve.objective == pytest.approx(year.solve().objective, rel=1e-9)


def test_each_node_clears_as_it_would_alone(tmp_path: Path) -> None:
    """Nothing ties these nodes: prices are those of the year by itself, the objective is the weighted sum.

    The new pit did not run in the base year, so its cost is a straight line; under the ban it runs.
    """
    tables = mine_and_user()
    new = {"facility": "new_pit", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 4,
           "status": "feasibility", "start": "2024"}  # fmt: skip
    tables["facilities"] = [*tables["facilities"], new]
    case = make_case(tmp_path / "branches", tables)
    built = replace(SEGMENTS, projects=(Project("new_pit", YEAR[0], 1.0, 1.0, "ONE", choose=False, share=1.0),))
    stories = (None, story(licence(0.0, "ore", "ONE")), story(licence(0.5, "ore", "ONE")))
    chain_of_years = periods([YEAR, YEAR, YEAR], None, 0.0)
    nodes = chain_of_years.nodes.assign(parent=[-1, 0, 0], probability=[1.0, 0.3, 0.7], discount=[1.0, 0.8, 0.8])
    program = build(case, Tree(nodes, stories), built, prepare(case))
    together = Instance(program).solve()
    alone = [clear(case, one, built) for one in stories]
    assert together.frame("activity").loc["new_pit|dig", 1] == pytest.approx(4.0)
    for node, (single, solution) in enumerate(alone):
        expected = prices(single, solution)[0].to_numpy()
        assert prices(program, together)[node].to_numpy() == pytest.approx(expected, rel=1e-9)
    weighted = sum(w * s.objective for w, (_p, s) in zip((1.0, 0.24, 0.56), alone, strict=True))
    assert together.objective == pytest.approx(weighted, rel=1e-10)


# The optimum, by hand


def test_the_base_year_comes_back(small: Case) -> None:
    program, solution = clear(small, None, TANGENTS)
    price = prices(program, solution)[0]
    assert price["ore|CTL"] == pytest.approx(5.0, rel=1e-4)
    assert price["ore|ONE"] == pytest.approx(7.0, rel=1e-4)
    assert solution.frame("ship")[0].sum() == pytest.approx(10.0, rel=1e-3)


def test_half_the_trade(small: Case) -> None:
    """Users in ONE get 5 t: 7 x 0.5^-2. In CTL ``5 (q / 10)^-2 = 5 ((5 + q) / 20)^2`` gives q^2 + 5 q - 200 = 0."""
    program, solution = clear(small, story(licence(0.5, "ore", "ONE")), TANGENTS)
    price, served = prices(program, solution)[0], solution.frame("served")[0]
    kept = (-5.0 + np.sqrt(825.0)) / 2.0
    assert price["ore|ONE"] == pytest.approx(28.0, rel=1e-3)
    assert served["motor|ONE|ore"] == pytest.approx(5.0, rel=1e-3)
    assert served["motor|CTL|ore"] == pytest.approx(kept, rel=1e-3)
    assert price["ore|CTL"] == pytest.approx(5.0 * (10.0 / kept) ** 2, rel=1e-3)


def test_a_ban_ends_at_the_choke(small: Case) -> None:
    program, solution = clear(small, story(licence(0.0, "ore", "ONE")), TANGENTS)
    assert prices(program, solution).at["ore|ONE", 0] == pytest.approx(700.0, rel=1e-4)
    assert solution.frame("served").at["motor|ONE|ore", 0] == 0.0


def test_an_outage_binds_the_capacity(small: Case) -> None:
    """10 t of 100 are left for the two users; half a year at 80 % of the cut leaves 60."""
    _program, solution = clear(small, story(Outage("pit", YEAR[0], YEAR[1], 0.1, ())), TANGENTS)
    assert solution.frame("activity")[0].sum() == pytest.approx(10.0)
    program, _solution = clear(small, story(Outage("pit", date(2024, 7, 1), YEAR[1], 0.2, ())), TANGENTS)
    assert program.parts.conditions.capacity[0, 0] == pytest.approx(100.0 * (1 - 0.8 * 184 / 366))


def test_a_change_of_demand_moves_the_curve(small: Case) -> None:
    program, solution = clear(small, story(DemandChange("motor", "ONE", YEAR[0], YEAR[1], 1.5, ())), TANGENTS)
    wanted = pd.Series(program.parts.conditions.demand[:, 0], index=prepare(small).network.uses.index)
    assert wanted["motor|ONE|ore"] == pytest.approx(15.0, rel=1e-3)
    assert wanted["motor|CTL|ore"] == pytest.approx(10.0, rel=1e-3)
    uses, paid = prepare(small).network.uses, prices(program, solution)[0]
    served = solution.frame("served")[0]
    pays = willingness(served.to_numpy(), wanted.to_numpy(), np.array([5.0, 7.0]), np.full(2, -0.5), np.full(2, 100.0))
    assert paid[uses["market"]].to_numpy() == pytest.approx(pays, rel=1e-3)


def test_a_project_that_pays_is_built(small: Case, tmp_path: Path) -> None:
    """Under a ban ONE's users pay up to 700 USD/kg: a pit of 4 t there is worth far more than it costs, unless dear."""
    tables = mine_and_user()
    tables["facilities"] = [
        *tables["facilities"],
        {"facility": "new_pit", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 4,
         "status": "feasibility", "start": "2024"},
    ]  # fmt: skip
    case = make_case(tmp_path / "project", tables)
    built = {}
    for charge in (10.0, 1e6):
        options = Options(projects=(Project("new_pit", YEAR[0], 1.0, charge, "ONE"),))
        _program, solution = clear(case, story(licence(0.0, "ore", "ONE")), options)
        built[charge] = float(solution.primal["build"].sum())
        ran = float(solution.frame("activity").loc["new_pit|dig", 0])
        assert ran == pytest.approx(4.0 * built[charge], abs=1e-6)
    assert built == {10.0: 1.0, 1e6: 0.0}


def test_a_purse_binds(tmp_path: Path) -> None:
    tables = mine_and_user()
    tables["facilities"] = [
        *tables["facilities"],
        *({"facility": f"pit_{at}", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 2,
           "status": "feasibility", "start": "2024"} for at in range(3)),
    ]  # fmt: skip
    case = make_case(tmp_path / "purse", tables)
    projects = tuple(Project(f"pit_{at}", YEAR[0], 10.0, 1.0, "ONE") for at in range(3))
    for purse, count in ((0.0, 0), (25.0, 2), (30.0, 3)):
        options = Options(projects=projects, purses={"ONE": purse})
        _program, solution = clear(case, story(licence(0.0, "ore", "ONE")), options)
        assert float(solution.primal["build"].sum()) == pytest.approx(count)


def test_half_the_trade_to_1e_5(small: Case) -> None:
    """The price is the curve's own at the quantity let through, from the calibrated base point."""
    base = prepare(small).base
    program, solution = clear(small, story(licence(0.5, "ore", "ONE")), TANGENTS)
    share = 0.5 * base.ship["ore|CTL|ONE"] / base.served["motor|ONE|ore"]
    price = prices(program, solution).at["ore|ONE", 0]
    assert price == pytest.approx(base.price["ore|ONE"] * share**-2, rel=1e-5)


@pytest.mark.parametrize("tonnes", [1.0, 0.1])
def test_a_market_of_a_tonne_clears(tmp_path: Path, tonnes: float) -> None:
    tables = mine_and_user()
    tables["demands"] = [{**row, "quantity": tonnes} for row in tables["demands"]]
    tables["facilities"] = [{**row, "capacity": 10 * tonnes} for row in tables["facilities"]]
    program, solution = clear(make_case(tmp_path / "tonne", tables), None, TANGENTS)
    assert prices(program, solution).at["ore|CTL", 0] == pytest.approx(5.0, rel=1e-3)


# What cannot be built


def test_a_program_needs_a_node(small: Case) -> None:
    empty = Tree(single_year(2024).nodes.iloc[:0], ())
    with pytest.raises(DidymiumError, match="at least one node"):
        build(small, empty, SEGMENTS, prepare(small))


def test_options_scale_demand_and_choke(small: Case) -> None:
    program, solution = clear(small, story(licence(0.0, "ore", "ONE")), replace(TANGENTS, choke_scale=0.5))
    assert prices(program, solution).at["ore|ONE", 0] == pytest.approx(350.0, rel=1e-4)
    program, _solution = clear(small, None, replace(TANGENTS, demand_scale=1.2))
    assert program.parts.conditions.demand.sum() == pytest.approx(24.0, rel=1e-3)
