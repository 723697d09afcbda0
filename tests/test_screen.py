"""Exposure: the published methods by hand, and what the us-japan case must show."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from didymium.case.case import load_case
from didymium.case.units import metal_per_oxide
from didymium.faults import DidymiumError
from didymium.market.content import composition
from didymium.market.prepare import Market, prepare
from didymium.result import RESTS_ON, Result
from didymium.screen import screen
from didymium.screen.exposure import rank
from didymium.screen.n_minus_1 import n_minus_1
from didymium.screen.shares import hhi, largest, shares, top
from didymium.screen.single_point import SCOPES, Plant, plants, single_point

if TYPE_CHECKING:
    from didymium.case.case import Case

TODAY = "2026-11-21"


@pytest.fixture(scope="module")
def case() -> Case:
    return load_case("us-japan", network=False)


@pytest.fixture(scope="module")
def market(case: Case) -> Market:
    return prepare(case)


@pytest.fixture(scope="module")
def found(case: Case, market: Market) -> Result:
    return screen(case, market)


@pytest.fixture(scope="module")
def today(case: Case, market: Market) -> Result:
    return screen(case, market, as_of=TODAY)


def row(result: Result, element: str, stage: str, participant: str = "USA") -> pd.Series:
    table = result["exposure"]
    on = table["element"].eq(element) & table["stage"].eq(stage) & table["participant"].eq(participant)
    assert on.sum() == 1
    return table[on].iloc[0]


# Formulas


def test_hhi() -> None:
    assert hhi({"A": 0.5, "B": 0.5}) == 0.5
    assert hhi({"CHN": 1.0}) == 1.0  # dysprosium processing in the EU study of 2023: China 100 %
    assert hhi(shares({"A": 60.0, "B": 30.0, "C": 10.0})) == pytest.approx(0.36 + 0.09 + 0.01)


def test_rest_of_world_is_nobody() -> None:
    share = shares({"A": 30.0, "B": 20.0, "C": 5.0, "D": 1.0, "ROW": 44.0})
    assert largest(share, 3) == ["A", "B", "C"]
    assert top(share, 1) == pytest.approx(0.30)
    assert top(share, 3) == pytest.approx(0.55)
    assert hhi(share) == pytest.approx(0.09 + 0.04 + 0.0025 + 0.0001)


def test_unknown_is_not_zero() -> None:
    assert shares({}) == {}
    assert math.isnan(hhi({}))
    assert math.isnan(top({}, 3))
    assert math.isnan(n_minus_1({}, {"A": 1.0}))
    assert math.isnan(n_minus_1({"A": 5.0}, {"A": 5.0}))


def test_n_minus_1_takes_the_need_of_the_largest_out() -> None:
    supply, need = {"CHN": 80.0, "AUS": 15.0, "USA": 5.0}, {"CHN": 60.0, "JPN": 25.0, "USA": 15.0}
    assert n_minus_1(supply, need) == pytest.approx(20.0 / 40.0)
    assert n_minus_1(supply, need) > sum(v for r, v in supply.items() if r != "CHN") / sum(need.values())
    assert n_minus_1({"CHN": 10.0}, {"CHN": 6.0, "USA": 4.0}) == 0.0


def test_single_point_of_facilities_and_regions() -> None:
    mine = Plant("mine", "USA", True, "facilities/mine")
    weld = Plant("weld", "AUS", True, "facilities/weld")
    araxa, total = Plant("araxa", "BRA", True, "facilities/araxa"), Plant("total", "AUS", False, "facilities/total")
    assert single_point([mine], ["USA"], ["AUS"]).name == "mine"
    assert single_point([mine, weld], ["JPN"], ["AUS", "USA"]).name == ""
    alone = single_point([mine, weld, araxa], ["USA"], ["AUS", "BRA"])
    assert (alone.name, alone.scope, alone.own, alone.partners) == ("mine", SCOPES[2], 1, 2)
    region = single_point([weld, total], ["USA"], ["AUS"])
    assert (region.name, region.scope) == ("AUS", SCOPES[1])
    assert single_point([total], ["USA"], ["AUS"]).scope == SCOPES[1]  # how many plants a total holds is not known
    assert single_point([Plant("far", "CHN", True, "facilities/far")], ["USA"], ["AUS"]).none


def test_rank_is_the_order_of_three_columns() -> None:
    table = pd.DataFrame({
        "participant": ["P"] * 5, "n_minus_1": [0.5, 0.0, 0.0, float("nan"), 0.2], "top1": [0.9, 1.0, 1.0, 1.0, 0.8],
        "controller_in_use": [1.0, 0.4, 0.4, 1.0, float("nan")], "in_use": [9.0] * 5, "need": [0.0] * 5,
    })  # fmt: skip
    assert rank(table).fillna(0).tolist() == [4, 1, 1, 0, 3]


# Content


def test_composition(case: Case) -> None:
    assert composition(case, "dy_oxide") == {"Dy": pytest.approx(1.0)}
    ore = composition(case, "clay_china")
    basket = case["baskets"][case["baskets"]["basket"].eq("clay_china")].set_index("element")["share"]
    assert ore["Dy"] == pytest.approx(basket["Dy"] / basket.sum() * metal_per_oxide("Dy"))


def test_content_adds_up(case: Case, market: Market, found: Result) -> None:
    """What is made of an element at a stage, moved and taken in, balances in the world; nothing is made of nothing."""
    table = found["shares"].groupby(["element", "stage"])["quantity"].sum()
    assert table["Dy", "metal"] <= table["Dy", "heavy_separation"]
    assert table["Dy", "alloy"] <= table["Dy", "metal"]
    assert table["NdPr", "magnet"] <= table["NdPr", "alloy"]
    assert table["Sm", "magnet"] < table["Sm", "alloy"]  # shop loss


# us-japan


def test_china_share(found: Result) -> None:
    table = found["shares"].set_index(["element", "stage", "region"])["share"]
    assert 0.85 <= table["NdPr", "light_separation", "CHN"] <= 0.95  # quoted: 91 to 92 %
    assert 0.98 <= table["Dy", "heavy_separation", "CHN"] <= 1.0
    assert 0.90 <= table["NdPr", "magnet", "CHN"] <= 0.95
    assert table.groupby(["element", "stage"]).sum().to_numpy() == pytest.approx(1.0)


def test_one_us_mine(found: Result) -> None:
    mine = row(found, "NdPr", "mine")
    assert mine["single_point"] == "mountain_pass_mine"
    assert mine["single_point_scope"] == SCOPES[2]
    assert mine["facilities_partners"] > 1
    assert "facilities/mountain_pass_mine" in mine[RESTS_ON].split(";")
    assert row(found, "NdPr", "mine", "JPN")["single_point"] == ""


def test_heavy_separation_outside_china(case: Case, market: Market, found: Result, today: Result) -> None:
    """Nobody in 2024 but recyclers; one plant in November 2026."""
    before, now = row(found, "Dy", "heavy_separation", "both"), row(today, "Dy", "heavy_separation", "both")
    assert before["single_point"] == "" and "no facility" in before["note"]
    assert now["single_point"] == "kuantan_heavy_circuit_segh"
    assert before["n_minus_1"] == now["n_minus_1"]  # quantities stay those of the base year


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2025, 6, 30), date(2026, 11, 21)])
def test_a_plant_replaced_is_not_counted_twice(case: Case, day: date) -> None:
    running = plants(case, "light_separation", ["ndpr_oxide"], day)
    assert sum(p.facility.startswith("mountain_pass") for p in running) == 1
    assert sum(p.facility.startswith("kuantan") for p in running) == 1


def test_imports_and_indirect_dependence(found: Result) -> None:
    imports = found["imports"]
    by = ["element", "stage", "participant"]
    assert imports[imports["share"].notna()].groupby(by)["share"].sum().to_numpy() == pytest.approx(1.0)
    used = imports.groupby(by)["in_use_share"].sum()
    assert used[used.gt(0)].to_numpy() == pytest.approx(1.0, abs=0.02)  # traces below 0.05 t are not listed
    metal = row(found, "Dy", "metal", "USA")
    assert math.isnan(metal["import_share"]) and "not computable" in metal["note"]
    assert metal["controller_in_use"] > 0.9 and metal["indirect"] == "yes"  # in magnets, not as metal


def test_both_is_no_sum_of_imports(found: Result) -> None:
    """What one participant sells the other is no import of both."""
    parts = [row(found, "NdPr", "magnet", p) for p in ("USA", "JPN", "both")]
    assert parts[2]["need"] == pytest.approx(parts[0]["need"] + parts[1]["need"])
    assert parts[2]["imports"] < parts[0]["imports"] + parts[1]["imports"]


def test_rows_say_what_is_not_calibrated(found: Result) -> None:
    for element in ("Sm", "Gd", "Y"):
        assert "not calibrated" in row(found, element, "heavy_separation")["note"]
    assert "not calibrated" not in row(found, "Dy", "heavy_separation")["note"]


def test_observed_stands_beside(found: Result) -> None:
    mine = found["shares"].set_index(["element", "stage", "region"]).loc[("NdPr", "mine", "USA")]
    assert mine["observed"] == pytest.approx(mine["quantity"], rel=0.05)
    assert mine["observed_series"] == "mcs2026"
    dy = found["shares"].set_index(["element", "stage", "region"]).loc[("Dy", "heavy_separation", "CHN")]
    assert dy["observed"] == pytest.approx(2577 * metal_per_oxide("Dy"))


def test_ranked_rows_come_first(found: Result) -> None:
    for _participant, rows in found["exposure"].groupby("participant"):
        ranks = rows["rank"].dropna()
        assert ranks.is_monotonic_increasing and ranks.iloc[0] == 1
        assert rows["n_minus_1"].round(4).loc[ranks.index].is_monotonic_increasing
    assert list(dict.fromkeys(found["exposure"]["participant"])) == ["USA", "JPN", "both"]


def test_every_row_leads_to_inputs(case: Case, found: Result) -> None:
    known = {key for frame in case.tables.values() for key in frame["_row"]}
    for table in found.tables.values():
        assert not table.frame.duplicated(list(table.key)).any()
        for cell in table.frame[RESTS_ON]:
            assert cell and set(cell.split(";")) <= known


def test_saves_and_loads(found: Result, tmp_path: Path) -> None:
    again = Result.load(found.save(tmp_path / "run"))
    assert again.manifest["options"]["as_of"] == "2024-12-31"
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(again[name], table.frame)


def test_a_day_that_is_none(case: Case, market: Market) -> None:
    with pytest.raises(DidymiumError, match="YYYY-MM-DD"):
        screen(case, market, as_of="November")
