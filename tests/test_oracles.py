"""Equilibria known from elsewhere, through the ordinary tables of a case: by hand, and published ones.

All cases are ``calibration = "stated"``: the curves pass through points that the tables state, which are no
equilibrium of the whole, so that none of the answers stands in the input.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import cvxpy as cp
import numpy as np
import pytest

from case_factory import Tables, chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import DemandChange, Scenario
from didymium.faults import CaseError
from didymium.market.clear import clear
from didymium.market.cross import joints, scale_of
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import Tree, single_year
from didymium.result import Result


def by_market(result: Result, table: str, column: str) -> dict[str, float]:
    """Return a column of a result by ``commodity|region``."""
    frame = result[table]
    return dict(zip(frame["commodity"] + "|" + frame["region"], frame[column], strict=True))


# Three countries (S20-S23)

DEMAND = {"C1": (42.0, 2.0), "C2": (54.0, 3.0), "C3": (51.0, 1.0)}
"""Intercept a and slope b of demand, p = a - b q."""

SUPPLY = {"C1": (9.0, 1.0), "C2": (3.0, 2.0), "C3": (18.0, 1.0)}
"""Intercept c and slope d of supply, p = c + d q."""

FREIGHT = {("C1", "C2"): 3.0, ("C2", "C1"): 3.0, ("C1", "C3"): 6.0, ("C3", "C1"): 9.0, ("C2", "C3"): 3.0,
           ("C3", "C2"): 3.0}  # fmt: skip
"""USD/kg. One of 1 -> 3 and 3 -> 1 is 9 and the other 6; the source's code transposes them (see the test of both)."""

AUTARKY = {region: (a - c) / (b + d) for (region, (a, b)), (c, d) in zip(DEMAND.items(), SUPPLY.values(), strict=True)}
"""By hand: a - b q = c + d q. So q = 11, 10.2, 16.5 and p = 20, 23.4, 34.5."""


def three_countries(freight: dict[tuple[str, str], float] = FREIGHT, reference: float = 1.0) -> Tables:
    """Return Miranda and Fackler's three countries; the curves pass through autarky (times ``reference``, on them)."""
    tables: Tables = {
        "regions": [{"region": region, "role": "other"} for region in DEMAND],
        "commodities": [{"commodity": "ore", "stage": "mine"}],
        "processes": [{"process": f"dig_{region}", "stage": "mine", "capacity_commodity": "ore", "mixed": "mine"}
                      for region in DEMAND],
        "recipes": [{"process": f"dig_{region}", "commodity": "ore", "coefficient": 1} for region in DEMAND],
        "facilities": [{"facility": f"pit_{region}", "region": region, "stage": "mine", "processes": f"dig_{region}",
                        "capacity": 100} for region in DEMAND],
        "routes": [{"origin": i, "destination": j, "cost": cost} for (i, j), cost in freight.items()],
    }  # fmt: skip
    uses, demands, costs, paid, made = [], [], [], [], []
    for region, autarky in AUTARKY.items():
        (a, b), (c, d) = DEMAND[region], SUPPLY[region]
        q = reference * autarky
        price, cost = a - b * q, c + d * q
        uses.append({"end_use": f"use_{region}", "curve": "linear", "elasticity": -price / (b * q),
                     "elasticity_low": -10})  # fmt: skip
        demands.append({"end_use": f"use_{region}", "region": region, "commodity": "ore", "quantity": q})
        costs.append({"process": f"dig_{region}", "cost": cost, "curve": "linear", "elasticity": cost / (d * q)})
        paid.append({"commodity": "ore", "region": region, "price": price})
        made.append({"flow": "production", "commodity": "ore", "region": region, "quantity": q})
    return tables | {"end_uses": uses, "demands": demands, "costs": costs, "prices": paid, "statistics": made}


@pytest.fixture(scope="module")
def countries(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("oracles") / "three", three_countries(), calibration="stated")


@pytest.mark.parametrize("reference", [1.0, 0.7])
@pytest.mark.parametrize("far", [("C1", "C3"), ("C3", "C1")])
def test_three_countries_trade(tmp_path: Path, far: tuple[str, str], reference: float) -> None:
    """S20-S23 (Miranda and Fackler 2002): prices 24, 27, 30, net exports 6, 3, -9, whichever way round the 9 stands.

    By hand: 1 sells to 2 and 2 to 3, so prices are p, p + 3, p + 6, and made = used gives
    ``(p - 9) + p / 2 + (p - 12) = (42 - p) / 2 + (51 - p) / 3 + (45 - p)``: p = 24. A direct way from 1 to 3 at 6 is as
    good, at 9 it is idle.
    """
    freight = FREIGHT | {far: 9.0, far[::-1]: 6.0}
    result = clear(make_case(tmp_path / "three", three_countries(freight, reference), calibration="stated"))
    price = by_market(result, "prices", "price")
    assert [price[f"ore|{r}"] for r in DEMAND] == pytest.approx([24.0, 27.0, 30.0], abs=1e-6)
    trade = by_market(result, "net_trade", "net_export")
    assert [trade[f"ore|{r}"] for r in DEMAND] == pytest.approx([6.0, 3.0, -9.0], abs=1e-6)


def test_three_countries_alone(tmp_path: Path) -> None:
    """Without routes each country has its own price: 20, 23.4 and 34.5 from the reference point 0.7 of that."""
    closed = [{**row, "open": "no"} for row in three_countries()["routes"]]
    case = make_case(tmp_path / "alone", three_countries(reference=0.7) | {"routes": closed}, calibration="stated")
    result = clear(case)
    assert by_market(result, "prices", "price") == pytest.approx(
        {"ore|C1": 20.0, "ore|C2": 23.4, "ore|C3": 34.5}, abs=1e-6
    )
    made = by_market(result, "net_trade", "production")
    assert made == pytest.approx({f"ore|{region}": q for region, q in AUTARKY.items()}, abs=1e-6)


def test_three_countries_on_segments(countries: Case) -> None:
    """Bounded columns: average slopes over segments of 1 to 50 % of the base quantity, so prices to a few percent."""
    program = build(countries, single_year(2024), Options(no_transit=False), prepare(countries))
    price = prices(program, Instance(program).solve())[0]
    assert price.to_numpy() == pytest.approx([24.0, 27.0, 30.0], rel=0.04)


# Joint products


def joint(by_product: float) -> Tables:
    """Return a mine that gives 1 t of main and 0.5 t of side per unit, ``C'(x) = 2 + x / 4``.

    ``p_main = 20 - q``, ``p_side = by_product - 3 q``; a tonne thrown away costs 300 USD. Curves pass through
    x = 10, q_main = 8 and q_side = by_product / 6.
    """
    return {
        "regions": [{"region": "ONE", "role": "participant"}],
        "commodities": [{"commodity": "main", "stage": "mine"}, {"commodity": "side", "stage": "mine"}],
        "processes": [{"process": "dig", "stage": "mine", "capacity_commodity": "main", "mixed": "mine"}],
        "recipes": [{"process": "dig", "commodity": "main", "coefficient": 1},
                    {"process": "dig", "commodity": "side", "coefficient": 0.5}],
        "facilities": [{"facility": "pit", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 100}],
        "costs": [{"cost": 4.5, "curve": "linear", "elasticity": 4.5 / (10 / 4)}],
        "end_uses": [
            {"end_use": "main_use", "curve": "linear", "elasticity": -12 / 8, "elasticity_low": -2},
            {"end_use": "side_use", "curve": "linear", "elasticity": -1},
        ],
        "demands": [
            {"end_use": "main_use", "region": "ONE", "commodity": "main", "quantity": 8},
            {"end_use": "side_use", "region": "ONE", "commodity": "side", "quantity": by_product / 6},
        ],
        "prices": [{"commodity": "main", "region": "ONE", "price": 12},
                   {"commodity": "side", "region": "ONE", "price": by_product / 2}],
        "statistics": [{"flow": "production", "commodity": "main", "region": "ONE", "quantity": 10}],
    }  # fmt: skip


def cleared(case: Case) -> tuple[dict[str, float], Solution]:
    """Return prices by market and the solution of the base year."""
    program = build(case, single_year(2024), Options(curves="tangents"), prepare(case))
    solution = Instance(program).solve()
    return prices(program, solution)[0].to_dict(), solution


def test_joint_products_share_the_cost(tmp_path: Path) -> None:
    """Both are used up. Zero profit: ``(20 - x) + (30 - 3 x/2) / 2 = 2 + x/4``, so 33 = 2 x and x = 16.5.

    Main 20 - 16.5 = 3.5; side 30 - 3 x 8.25 = 5.25; and 3.5 + 5.25 / 2 = 6.125 = 2 + 16.5 / 4.
    """
    price, solution = cleared(make_case(tmp_path / "joint", joint(30.0), calibration="stated"))
    assert solution.frame("activity").loc["pit|dig", 0] == pytest.approx(16.5, rel=1e-9)
    assert price == pytest.approx({"main|ONE": 3.5, "side|ONE": 5.25}, rel=1e-9)
    assert float(solution.frame("dispose").to_numpy().sum()) == pytest.approx(0.0, abs=1e-9)


def test_a_by_product_that_is_thrown_away(tmp_path: Path) -> None:
    """Were all of it used, the side product's price would fall below its cost of disposal: 6 - 3 x/2 < -0.3.

    So its price is -0.3, and its use stops at 2 t, where its line meets zero. Zero profit: ``(20 - x) - 0.15 = 2 +
    x/4``, so x = 14.28; main 5.72; 7.14 t of side come out, 5.14 t are thrown away.
    """
    price, solution = cleared(make_case(tmp_path / "waste", joint(6.0), calibration="stated"))
    assert solution.frame("activity").loc["pit|dig", 0] == pytest.approx(14.28, rel=1e-9)
    assert price == pytest.approx({"main|ONE": 5.72, "side|ONE": -0.3}, rel=1e-9)
    assert solution.frame("served").loc["side_use|ONE|side", 0] == pytest.approx(2.0, rel=1e-9)
    assert solution.frame("dispose").loc["side|ONE", 0] == pytest.approx(5.14, rel=1e-9)


# Two commodities, three regions, cross terms (Takayama and Judge 1964)

TWO = ("first", "second")
DEMAND_CONSTANT = np.array([[200.0, 300.0], [100.0, 200.0], [160.0, 250.0]])
DEMAND_OWN = np.array([[-10.0, -10.0], [-5.0, -20.0], [-8.0, -10.0]])
SUPPLY_CONSTANT = np.array([[-50.0, -60.0], [-50.0, -60.0], [-50.0, -60.0]])
SUPPLY_OWN = np.array([[10.0, 15.0], [20.0, 25.0], [10.0, 15.0]])
DEMAND_CROSS, SUPPLY_CROSS = 1.0, 0.5
"""Regions x commodities: quantity = constant + own slope x own price + cross slope x the other's price."""

CARRIAGE = {(0, 1): (2.0, 3.0), (0, 2): (2.0, 3.0), (1, 2): (1.0, 2.0)}
"""By pair of regions, either way: of the first and of the second commodity."""


def both_prices(constant: np.ndarray, own: np.ndarray, cross: float, price: np.ndarray) -> np.ndarray:
    """Return quantities, regions x commodities."""
    return np.asarray(constant + own * price + cross * price[:, ::-1])


def two_by_three(reference: np.ndarray, literal: bool = False) -> Tables:
    """Return the case of two commodities in three regions; the curves pass through their points at ``reference``.

    ``literal``: as the copy in the GAMS library has it, where the cross slope multiplies the own price, so that it only
    adds to the own slope (docs/decisions/010).
    """
    regions = ("R1", "R2", "R3")
    d_own, s_own, d_cross, s_cross = DEMAND_OWN, SUPPLY_OWN, DEMAND_CROSS, SUPPLY_CROSS
    if literal:
        d_own, s_own, d_cross, s_cross = d_own + d_cross, s_own + s_cross, 0.0, 0.0
    wanted = both_prices(DEMAND_CONSTANT, d_own, d_cross, reference)
    made = both_prices(SUPPLY_CONSTANT, s_own, s_cross, reference)
    tables: Tables = {name: [] for name in ("processes", "recipes", "facilities", "costs", "end_uses", "demands",
                                            "prices", "statistics", "routes", "cross_terms")}  # fmt: skip
    for i, region in enumerate(regions):
        for c, commodity in enumerate(TWO):
            price, name = float(reference[i, c]), f"{commodity}_{region}"
            elasticity = float(d_own[i, c]) * price / float(wanted[i, c])
            tables["processes"] += [
                {"process": f"make_{name}", "stage": "mine", "capacity_commodity": commodity, "mixed": "mine"}
            ]
            tables["recipes"] += [{"process": f"make_{name}", "commodity": commodity, "coefficient": 1}]
            tables["facilities"] += [
                {
                    "facility": f"plant_{name}",
                    "region": region,
                    "stage": "mine",
                    "processes": f"make_{name}",
                    "capacity": 1000,
                }
            ]
            tables["costs"] += [
                {
                    "process": f"make_{name}",
                    "cost": price,
                    "curve": "linear",
                    "elasticity": float(s_own[i, c]) * price / float(made[i, c]),
                }
            ]
            tables["end_uses"] += [
                {
                    "end_use": f"use_{name}",
                    "curve": "linear",
                    "elasticity": elasticity,
                    "elasticity_low": -100,
                    "elasticity_high": -0.001,
                }
            ]
            tables["demands"] += [
                {"end_use": f"use_{name}", "region": region, "commodity": commodity, "quantity": float(wanted[i, c])}
            ]
            tables["prices"] += [{"commodity": commodity, "region": region, "price": price}]
            tables["statistics"] += [
                {"flow": "production", "commodity": commodity, "region": region, "quantity": float(made[i, c])}
            ]
        if not literal:
            tables["cross_terms"] += [
                {"side": "demand", "region": region, "first_user": f"use_first_{region}", "first": "first",
                 "second_user": f"use_second_{region}", "second": "second", "slope": d_cross},
                {"side": "supply", "region": region, "first_user": f"plant_first_{region}", "first": "first",
                 "second_user": f"plant_second_{region}", "second": "second", "slope": s_cross},
            ]  # fmt: skip
    for (i, j), costs in CARRIAGE.items():
        for commodity, cost in zip(TWO, costs, strict=True):
            tables["routes"] += [
                {"commodity": commodity, "origin": regions[a], "destination": regions[b], "cost": cost}
                for a, b in ((i, j), (j, i))
            ]
    fixed = {
        "regions": [{"region": region, "role": "other"} for region in regions],
        "commodities": [{"commodity": commodity, "stage": "mine"} for commodity in TWO],
    }  # fmt: skip
    return fixed | tables


REFERENCE = np.array([[10.0, 12.0], [9.0, 8.0], [11.0, 13.0]])
"""USD/kg. Demand and supply differ there in every market, so it is no equilibrium."""


def equilibrium(d_own: np.ndarray, s_own: np.ndarray, d_cross: float, s_cross: float) -> tuple[np.ndarray, np.ndarray]:
    """Return prices and demands, regions x commodities, from the dual program in prices, solved by cvxpy.

    ``min sum_r int (S - D) dp`` subject to ``p_j - p_i <= t_ij``: with symmetric slopes the integral exists, and is
    convex. Written in prices with the published coefficients: no base point, no elasticity, no factorisation.
    """
    p = cp.Variable((3, 2))
    pieces = []
    for i in range(3):
        slopes = np.diag(s_own[i] - d_own[i]) + (s_cross - d_cross) * (1.0 - np.eye(2))
        pieces.append((SUPPLY_CONSTANT[i] - DEMAND_CONSTANT[i]) @ p[i] + cp.quad_form(p[i], slopes) / 2.0)
    limits = [p[b, c] - p[a, c] <= cost[c] for (i, j), cost in CARRIAGE.items() for a, b in ((i, j), (j, i))
              for c in range(2)]  # fmt: skip
    cp.Problem(cp.Minimize(sum(pieces)), limits).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12
    )
    return p.value, both_prices(DEMAND_CONSTANT, d_own, d_cross, p.value)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("reference", [REFERENCE, 1.2 * REFERENCE])
def test_two_commodities_in_three_regions(tmp_path: Path, reference: np.ndarray, literal: bool) -> None:
    """Takayama and Judge (1964, Journal of Farm Economics 46(1), 67-93), in both readings of the cross terms.

    Theirs: the price of the other commodity moves the quantity. The copy in the GAMS model library (SPATEQU) writes the
    own price there; that reading has no cross terms at all, only own slopes that are flatter or steeper by them.
    """
    program_case = make_case(tmp_path / "two", two_by_three(reference, literal), calibration="stated")
    price, solution = cleared(program_case)
    terms = (DEMAND_OWN + DEMAND_CROSS, SUPPLY_OWN + SUPPLY_CROSS, 0.0, 0.0) if literal else (
        DEMAND_OWN, SUPPLY_OWN, DEMAND_CROSS, SUPPLY_CROSS)  # fmt: skip
    wanted, demand = equilibrium(*terms)
    got = np.array([[price[f"{c}|R{i}"] for c in TWO] for i in (1, 2, 3)])
    assert got == pytest.approx(wanted, rel=1e-6)
    served = solution.frame("served")[0]
    used = np.array([[served[f"use_{c}_R{i}|R{i}|{c}"] for c in TWO] for i in (1, 2, 3)])
    assert used == pytest.approx(demand, rel=1e-6)


def test_cross_terms_meet_every_condition(tmp_path: Path) -> None:
    """Complementarity with the published coefficients: balances, curves, and no gain left on any route."""
    price, solution = cleared(make_case(tmp_path / "two", two_by_three(REFERENCE), calibration="stated"))
    p = np.array([[price[f"{c}|R{i}"] for c in TWO] for i in (1, 2, 3)])
    served, activity, ship = (solution.frame(name)[0] for name in ("served", "activity", "ship"))
    used = np.array([[served[f"use_{c}_R{i}|R{i}|{c}"] for c in TWO] for i in (1, 2, 3)])
    made = np.array([[activity[f"plant_{c}_R{i}|make_{c}_R{i}"] for c in TWO] for i in (1, 2, 3)])
    assert used == pytest.approx(both_prices(DEMAND_CONSTANT, DEMAND_OWN, DEMAND_CROSS, p), abs=1e-6)
    assert made == pytest.approx(both_prices(SUPPLY_CONSTANT, SUPPLY_OWN, SUPPLY_CROSS, p), abs=1e-6)
    net = np.zeros((3, 2))
    for (i, j), costs in CARRIAGE.items():
        for a, b in ((i, j), (j, i)):
            for c, commodity in enumerate(TWO):
                flow = float(ship[f"{commodity}|R{a + 1}|R{b + 1}"])
                loss = p[a, c] + costs[c] - p[b, c]
                assert flow >= 0.0 and loss >= -1e-6 and min(flow, loss) <= 1e-6
                net[a, c] += flow
                net[b, c] -= flow
    assert made - used == pytest.approx(net, abs=1e-6)
    assert np.abs(net).max() > 1.0, "there is trade"


def test_cross_terms_on_segments(tmp_path: Path) -> None:
    case = make_case(tmp_path / "two", two_by_three(REFERENCE), calibration="stated")
    program = build(case, single_year(2024), Options(), prepare(case))
    coarse = prices(program, Instance(program).solve())[0]
    fine, _solution = cleared(case)
    assert coarse.to_dict() == pytest.approx(fine, rel=0.1)


def joined_with_nothing(tables: Tables, side: str, first: tuple[str, str], second: tuple[str, str]) -> Tables:
    """Return the tables with a cross term of zero, so that two curves become a group and must stay what they are."""
    term = {"side": side, "region": "ONE", "first_user": first[0], "first": first[1], "second_user": second[0],
            "second": second[1], "slope": 0}  # fmt: skip
    return tables | {"cross_terms": [term]}


@pytest.mark.parametrize("capacity", [100, 4])
def test_a_group_without_cross_slopes_is_its_members(tmp_path: Path, capacity: int) -> None:
    """Also at the choke: with 4 t of main its users would pay 16 USD/kg, but stop at 1.1 x 12."""
    tables = joint(30.0)
    tables["facilities"] = [{**tables["facilities"][0], "capacity": capacity}]
    tables["statistics"] = [{**tables["statistics"][0], "quantity": min(10, capacity)}]
    tables["end_uses"] = [{**row, "choke": 1.1, "choke_low": 1.02} for row in tables["end_uses"]]
    group = joined_with_nothing(tables, "demand", ("main_use", "main"), ("side_use", "side"))
    apart, alone = cleared(make_case(tmp_path / "apart", tables, calibration="stated"))
    together, whole = cleared(make_case(tmp_path / "group", group, calibration="stated"))
    assert together == pytest.approx(apart, rel=1e-8)
    if capacity == 4:
        assert apart["main|ONE"] == pytest.approx(13.2)
    for name in ("activity", "served"):
        assert whole.frame(name)[0].to_numpy() == pytest.approx(alone.frame(name)[0].to_numpy(), rel=1e-7)


def test_prices_of_a_group_follow_its_quantities(tmp_path: Path) -> None:
    """A year in which one use wants half as much again: prices are still those of the group at its quantities."""
    case = make_case(tmp_path / "two", two_by_three(REFERENCE), calibration="stated")
    change = DemandChange("use_first_R1", "R1", date(2024, 1, 1), date(2025, 1, 1), 1.5, ())
    story = Scenario("more", "More", "", date(2024, 1, 1), 12, (), (), (change,))
    tree = single_year(2024)
    program = build(case, Tree(tree.nodes, (story,)), Options(curves="tangents"), prepare(case))
    solution = Instance(program).solve()
    price, parts = prices(program, solution), program.parts
    demand, supply = parts.joint["demand"], parts.joint["supply"]
    scale = scale_of(parts, "demand")
    assert scale[:, 0] == pytest.approx([1.5 if "use_first_R1" in name else 1.0 for name in demand.names])
    markets = parts.network.uses["market"].iloc[demand.members]
    assert demand.prices(solution.frame("served").to_numpy()[demand.members], scale) == pytest.approx(
        price.loc[markets].to_numpy(), rel=1e-7
    )
    made = parts.network.terms.set_index("activity")["market"][parts.network.activities.index[supply.members]]
    costs = supply.prices(solution.frame("activity").to_numpy()[supply.members], scale_of(parts, "supply"))
    assert costs == pytest.approx(price.loc[made].to_numpy(), rel=1e-7)
    before, _solution = cleared(case)
    assert price.at["first|R1", 0] > before["first|R1"]


def test_the_parts_of_a_group_add_up(tmp_path: Path) -> None:
    """``sum_i 1/2 (p0_i + p_i) (q_i - q0_i)`` is the integral of the prices along the way from the base point."""
    network, base = prepare(make_case(tmp_path / "two", two_by_three(REFERENCE), calibration="stated"))
    demand, one = joints(network, base)["demand"], np.ones((6, 1))
    change = np.linspace(-0.3, 0.4, 6)[:, None] * demand.quantity[:, None]
    steps = (np.arange(1000) + 0.5) / 1000
    area = sum(float(np.sum(demand.prices(demand.quantity[:, None] + t * change, one) * change)) for t in steps) / 1000
    assert float(demand.value(demand.quantity[:, None] + change, one).sum()) == pytest.approx(area, rel=1e-9)


def faults_of(folder: Path, tables: Tables) -> set[tuple[str, str, str]]:
    with pytest.raises(CaseError) as caught:
        prepare(make_case(folder, tables, calibration="stated"))
    assert all(fault.fix for fault in caught.value.faults)
    return {(fault.file, fault.row, fault.field) for fault in caught.value.faults}


def test_cross_terms_that_are_not_integrable_are_refused(tmp_path: Path) -> None:
    tables = two_by_three(REFERENCE)
    row = tables["cross_terms"][0]
    turned = {**row, "first_user": row["second_user"], "first": row["second"], "second_user": row["first_user"],
              "second": row["first"]}  # fmt: skip
    make_case(tmp_path / "same", tables | {"cross_terms": [*tables["cross_terms"], turned]}, calibration="stated")
    tables["cross_terms"] = [*tables["cross_terms"], {**turned, "slope": 2}]
    assert faults_of(tmp_path / "two", tables) == {("cross_terms.csv", "8", "slope")}


def test_cross_terms_that_are_not_concave_are_refused(tmp_path: Path) -> None:
    """Own slopes of -10 and -10 bear a cross slope below 10; those of supply, 10 and 15, one below 12.2."""
    tables = two_by_three(REFERENCE)
    steep = [{**row, "slope": 9.9} for row in tables["cross_terms"]]
    tables["cross_terms"] = [*steep[:2], *tables["cross_terms"][2:]]
    prepare(make_case(tmp_path / "bears", tables, calibration="stated"))
    steep = [{**row, "slope": 12.1} for row in tables["cross_terms"]]
    tables["cross_terms"] = [*steep[:2], *tables["cross_terms"][2:]]
    assert faults_of(tmp_path / "two", tables) == {("cross_terms.csv", "2", "slope")}


def test_cross_terms_need_straight_curves_that_exist(tmp_path: Path) -> None:
    tables = two_by_three(REFERENCE)
    tables["end_uses"] = [
        {**row, "curve": "constant_elasticity"} if row["end_use"] == "use_first_R1" else row
        for row in tables["end_uses"]
    ]
    tables["costs"] = [{**row, "curve": ""} if row["process"] == "make_second_R2" else row for row in tables["costs"]]
    first, second, *rest = tables["cross_terms"]
    tables["cross_terms"] = [first, second, *rest[:3], {**rest[3], "region": "R1"},
                             {**first, "second_user": "use_first_R1", "second": "first"},
                             {**first, "first_user": "plant_first_R1"}]  # fmt: skip
    assert faults_of(tmp_path / "two", tables) == {
        ("cross_terms.csv", "2", "first_user"), ("cross_terms.csv", "5", "second_user"),
        ("cross_terms.csv", "7", "first_user"), ("cross_terms.csv", "7", "second_user"),
        ("cross_terms.csv", "8", "first_user"), ("cross_terms.csv", "8", "second_user"),
        ("cross_terms.csv", "9", "first_user"),
    }  # fmt: skip


def test_a_curve_has_no_cross_term_with_itself(tmp_path: Path) -> None:
    tables = two_by_three(REFERENCE)
    row = tables["cross_terms"][0]
    tables["cross_terms"] = [{**row, "second_user": row["first_user"], "second": row["first"]}]
    assert faults_of(tmp_path / "two", tables) == {("cross_terms.csv", "2", "second")}


# What a stated case must state


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    tables = three_countries()
    tables["prices"] = [
        {**tables["prices"][0], "price": 0},
        {**tables["prices"][1], "date": "2023"},
        tables["prices"][2],
        {**tables["prices"][2], "market": "other"},
    ]
    tables["statistics"] = [
        {**tables["statistics"][0], "quantity": 300},
        tables["statistics"][1],
        {**tables["statistics"][1], "series": "other"},
    ]
    case = make_case(tmp_path / "missing", tables, calibration="stated")
    with pytest.raises(CaseError) as caught:
        prepare(case)
    found = {(fault.file, fault.row, fault.field) for fault in caught.value.faults}
    assert found == {
        ("prices.csv", "", "price"), ("prices.csv", "2", "price"), ("prices.csv", "5", "use"),
        ("statistics.csv", "2", "quantity"), ("statistics.csv", "4", "series"),
    }  # fmt: skip
    assert all(fault.fix for fault in caught.value.faults)


def test_production_that_nobody_could_have_made_is_a_fault(tmp_path: Path) -> None:
    tables = three_countries()
    tables["facilities"] = [{**row, "start": "2030"} if row["region"] == "C2" else row for row in tables["facilities"]]
    case = make_case(tmp_path / "later", tables, calibration="stated")
    with pytest.raises(CaseError, match=r"statistics\.csv, row 3.*no facility that runs in 2024"):
        prepare(case)


def test_without_statistics_the_capacity_is_the_reference(tmp_path: Path) -> None:
    tables = three_countries()
    del tables["statistics"]
    network, base = prepare(make_case(tmp_path / "full", tables, calibration="stated"))
    assert base.activity.to_list() == [100.0, 100.0, 100.0]
    assert base.cost.to_list() == network.activities["cost"].to_list()


def test_what_nobody_uses_needs_no_price(tmp_path: Path) -> None:
    """Ore at its mine's cost in CTL, with freight of 1 in ONE; metal at 1.25 times that and 3 for smelting.

    Curves of constant elasticity through 150 t at 2 USD/kg (ore) and 100 and 60 t at 3 (metal). Zero profit at works
    and works_one ties the prices, whatever they are.
    """
    tables = chain()
    del tables["stocks"], tables["statistics"]
    tables["routes"] = [{"transit_days": 0}]
    tables["prices"] = [{"commodity": "metal", "region": region, "price": 10} for region in ("CTL", "ONE", "TWO")]
    case = make_case(tmp_path / "chain", tables, calibration="stated")
    assert np.isnan(prepare(case).base.price["ore|CTL"])
    result = clear(case)
    price = by_market(result, "prices", "price")
    ran = result["activity"].set_index("facility")["activity"]
    assert price["ore|CTL"] == pytest.approx(2.0 * (ran["pit"] / 150) ** 2, rel=1e-8)
    for works, ore, base in (("works", "ore|CTL", 100.0), ("works_one", "ore|ONE", 60.0)):
        metal = price[f"metal|{ore.split('|')[1]}"]
        assert metal == pytest.approx(1.25 * price[ore] + 3.0 * (ran[works] / base) ** 0.5, rel=1e-8)
    assert np.isfinite(result["prices"]["price"]).all()
    missing = {**tables, "prices": tables["prices"][:2]}
    assert faults_of(tmp_path / "missing", missing) == {("prices.csv", "", "price")}


def test_a_calibration_of_another_name_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"case\.toml.*guessed.*fitted, stated"):
        make_case(tmp_path / "guessed", three_countries(), calibration="guessed")
