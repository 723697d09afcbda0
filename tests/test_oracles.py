"""Equilibria known from elsewhere, through the ordinary tables of a case: by hand, and published ones.

All cases are ``calibration = "stated"``: the curves pass through points that the tables state, which are no
equilibrium of the whole, so that none of the answers stands in the input.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from case_factory import Tables, make_case
from didymium.case.case import Case
from didymium.faults import CaseError
from didymium.market.clear import clear
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import single_year
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


def test_a_calibration_of_another_name_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"case\.toml.*guessed.*fitted, stated"):
        make_case(tmp_path / "guessed", three_countries(), calibration="guessed")
