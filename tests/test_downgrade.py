"""A better good serves as a lesser one, tonne for tonne, and never the other way round."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from case_factory import Tables, make_case
from didymium.case.case import Case
from didymium.case.scenario import Outage, Scenario
from didymium.faults import CaseError
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import Tree, single_year

YEAR = single_year(2024)


def grades() -> Tables:
    """One country makes `fine` for 9 and `plain` for 5 USD/kg, 10 t of each in the base year, up to 30 t."""
    return {
        "regions": [{"region": "CTL", "role": "controller"}, {"region": "ONE", "role": "participant"}],
        "commodities": [{"commodity": "fine", "serves_as": "plain"}, {"commodity": "plain"}],
        "processes": [
            {"process": f"make_{grade}", "stage": "metal", "capacity_commodity": grade, "mixed": "mine"}
            for grade in ("fine", "plain")
        ],
        "recipes": [{"process": f"make_{g}", "commodity": g, "coefficient": 1} for g in ("fine", "plain")],
        "facilities": [
            {"facility": f"works_{g}", "region": "CTL", "stage": "metal", "processes": f"make_{g}", "capacity": 30}
            for g in ("fine", "plain")
        ],
        "costs": [{"process": "make_fine", "cost": 9}, {"process": "make_plain", "cost": 5}],
        "routes": [{"cost": 1}],
        "end_uses": [{"end_use": "motor"}],
        "demands": [
            {"end_use": "motor", "region": "CTL", "commodity": g, "quantity": 10} for g in ("fine", "plain")
        ],
        "prices": [
            {"commodity": "fine", "region": "CTL", "price": 10}, {"commodity": "plain", "region": "CTL", "price": 6},
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("downgrade") / "grades", grades())


def without(case: Case, facility: str, curves: str = "tangents") -> tuple[Instance, Solution]:
    outage = Outage(facility, date(2024, 1, 1), date(2025, 1, 1), 0.0, ("sources/book",))
    story = Scenario("out", "Out", "", date(2024, 1, 1), 12, outages=(outage,) if facility else ())
    instance = Instance(build(case, Tree(YEAR.nodes, (story,)), Options(curves=curves), prepare(case)))
    return instance, instance.solve()


def test_nobody_does_it_in_the_base_year(case: Case) -> None:
    _instance, solution = without(case, "")
    assert float(solution.primal["downgrade"].sum()) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("curves", ["tangents", "segments"])
def test_the_better_good_steps_in(case: Case, curves: str) -> None:
    """Without plain its users take fine, at the price of fine: one price for both."""
    instance, solution = without(case, "works_plain", curves)
    price = prices(instance.program, solution)[0]
    served = solution.frame("served")[0]
    turned = float(solution.primal["downgrade"].sum())
    assert turned == pytest.approx(served["motor|CTL|plain"], rel=1e-9) and turned > 3.0
    assert price["plain|CTL"] == pytest.approx(price["fine|CTL"], rel=1e-9)
    assert price["fine|CTL"] > prepare(case).base.price["fine|CTL"]
    assert solution.run["check"]["conservation"] < 1e-9


def test_never_back(case: Case) -> None:
    """Without fine its users go short, however much plain there is."""
    instance, solution = without(case, "works_fine")
    assert float(solution.primal["downgrade"].sum()) == pytest.approx(0.0, abs=1e-9)
    assert solution.frame("served").loc["motor|CTL|fine", 0] < 1.1  # what the choke leaves
    price = prices(instance.program, solution)[0]
    assert price["fine|CTL"] > 10 * price["plain|CTL"]


def test_the_fitted_price_of_the_better_good_is_never_lower(tmp_path: Path) -> None:
    """Quoted the wrong way round, 5 and 6: both meet in between, by their accuracies."""
    tables = grades()
    tables["prices"] = [{**tables["prices"][0], "price": 5}, {**tables["prices"][1], "price": 6}]
    tables["costs"] = [{"cost": 4}]
    price = prepare(make_case(tmp_path / "turned", tables)).base.price
    assert price["plain|CTL"] <= price["fine|CTL"] + 1e-6
    assert 5.0 < price["fine|CTL"] < 6.0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"serves_as": "fine"}, r"commodities\.csv, row 2, serves_as: `fine` would serve as `plain` and back again"),
        ({"basis": "gross"}, r"row 2, serves_as: `fine` is weighed in tonnes element, `plain` in tonnes gross"),
        ({"serves_as": "none_such"}, r"row 3, serves_as: `none_such` is not in commodities\.csv"),
    ],
)
def test_faults(tmp_path: Path, cells: dict[str, str], said: str) -> None:
    tables = grades()
    tables["commodities"] = [tables["commodities"][0], {**tables["commodities"][1], **cells}]
    for table in ("demands", "prices", "recipes"):
        if "basis" in cells:
            tables[table] = [
                {**row, "basis": "gross"} if row.get("commodity") == "plain" else row for row in tables[table]
            ]
    with pytest.raises(CaseError, match=said):
        make_case(tmp_path / "wrong", tables)
