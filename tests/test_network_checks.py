"""Checks of a case as a whole, each with a breakage made by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from case_editing import add, change, copy_case, drop, read, write
from didymium.case.case import Case, load_case
from didymium.case.mass import Term, element_tonnes
from didymium.case.network_checks import check_network
from didymium.faults import CaseError, Fault


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return copy_case(tmp_path)


def faults(case: Path) -> list[Fault]:
    """Return the faults of the network; the cells must be in order."""
    return check_network(load_case(case, network=False))


def only(found: list[Fault], file: str, word: str) -> Fault:
    matching = [fault for fault in found if fault.file == file and word in fault.fault]
    assert len(matching) == 1, [fault.line() for fault in found]
    assert matching[0].fix
    return matching[0]


def test_bundled_case_has_none(us_japan: Case) -> None:
    assert check_network(us_japan) == []


def test_loading_refuses_what_the_network_check_finds(case: Path) -> None:
    add(case, "facilities", {"facility": "mountain_pass_mine"}, facility="again")
    with pytest.raises(CaseError, match="counted twice"):
        load_case(case)


def test_demand_without_maker(case: Path) -> None:
    for row in read(case, "facilities"):
        if "sinter_smco" in row["processes"]:
            change(case, "facilities", {"facility": row["facility"]}, processes="")
    found = [fault for fault in faults(case) if fault.file == "demands.csv"]
    wanted = [row for row in read(case, "demands") if row["commodity"] == "magnet_smco"]
    assert len(found) == len(wanted) > 0
    assert "no modelled facility makes magnet_smco" in found[0].fault


def test_demand_whose_maker_lacks_an_input(case: Path) -> None:
    for row in read(case, "facilities"):
        if "cast_smco" in row["processes"]:
            change(case, "facilities", {"facility": row["facility"]}, processes="")
    drop(case, "stocks", commodity="alloy_smco")
    found = [fault for fault in faults(case) if fault.file == "demands.csv"]
    assert found and all("alloy_smco cannot reach it" in fault.fault for fault in found)


def test_demand_without_route(case: Path) -> None:
    drop(case, "stocks", commodity="magnet_standard")
    for row in read(case, "facilities"):
        if row["region"] == "USA" and "sinter_standard" in row["processes"]:
            change(case, "facilities", {"facility": row["facility"]}, processes="")
    assert not [fault for fault in faults(case) if fault.file == "demands.csv"]
    add(case, "routes", {}, commodity="magnet_standard", origin="*", destination="USA", open="no")
    found = [fault for fault in faults(case) if fault.file == "demands.csv"]
    uses = {(row["region"], row["commodity"]) for row in read(case, "demands")}
    assert ("USA", "magnet_standard") in uses and found
    assert all("no open route brings magnet_standard to USA" in fault.fault for fault in found)


def test_stock_meets_a_demand(case: Path) -> None:
    for row in read(case, "facilities"):
        if "sinter_smco" in row["processes"]:
            change(case, "facilities", {"facility": row["facility"]}, processes="")
    before = len(faults(case))
    add(case, "stocks", {"stock": "nds_smco_alloy"}, stock="magnets", commodity="magnet_smco", quantity="5", high="9")
    after = [fault.fault for fault in faults(case) if fault.file == "demands.csv"]
    assert len(after) < before and not any("lies in USA" in fault for fault in after)


def test_orphan_commodity(case: Path) -> None:
    line = add(case, "commodities", {"commodity": "dy_metal"}, commodity="ho_metal", elements="Ho", calibrated="no")
    fault = only(faults(case), "commodities.csv", "ho_metal")
    assert fault.row == str(line)


def test_recipe_creates_an_element(case: Path) -> None:
    where = {"process": "reduce_dy", "commodity": "dy_oxide"}
    change(case, "recipes", where, coefficient="-0.9", low="-1", high="-0.8")
    fault = only(faults(case), "recipes.csv", "creates mass")
    assert "Dy" in fault.fault and "reduce_dy" in fault.fix


def test_recipe_creates_tonnes(case: Path) -> None:
    where = {"process": "sinter_standard", "commodity": "alloy_standard"}
    change(case, "recipes", where, coefficient="-0.9", low="-1", high="-0.8")
    only(faults(case), "recipes.csv", "sinter_standard creates mass")


def test_recipe_of_nothing(case: Path) -> None:
    change(case, "processes", {"process": "collect_scrap"}, mixed="strict")
    only(faults(case), "recipes.csv", "of nothing")


def test_mines_are_exempt(us_japan: Case) -> None:
    mines = us_japan["processes"].query("mixed == 'mine'")["process"]
    assert len(mines) and not [f for f in check_network(us_japan) if any(m in f.fault for m in mines)]


def test_loop_with_gain(case: Path) -> None:
    """Alloy that is mostly recycled from itself: no recipe alone shows it, the loop does.

    Casting makes 1 t of alloy of 0.3 t of metal, for iron is not followed; melting it down to 0.5 t of metal takes
    fewer tonnes than the alloy has, but more metal than went in.
    """
    shared = {"unit": "t/t", "low": "", "high": "", "basket": "", "source": "a_definition", "note": ""}
    melt = {"process": "melt_down", "capacity_side": "feed", "capacity_commodity": "alloy_standard"}
    add(case, "processes", {"process": "recycle_scrap"}, **melt)
    for commodity, coefficient, basis in (("alloy_standard", -1, "gross"), ("ndpr_oxide", 0.5, "element")):
        cells = {"process": "melt_down", "commodity": commodity, "basis": basis, **shared}
        cells |= {name: str(coefficient) for name in ("coefficient", "low", "high")}
        add(case, "recipes", {}, **cells)
    fault = only(faults(case), "recipes.csv", "yields more than it takes")
    assert {"melt_down", "cast_standard", "reduce_ndpr"} <= set(fault.fault.replace(",", " ").split())


def test_content_follows_the_basket(us_japan: Case) -> None:
    content = element_tonnes(us_japan, Term(0, "conc_mountain_pass", -1.0, ""))
    assert content is not None
    shares = us_japan.content.shares["mountain_pass"]
    assert content["Nd"] == pytest.approx(shares["Nd"] / sum(shares.values()) * 0.8574, abs=1e-5)
    assert element_tonnes(us_japan, Term(0, "magnet_standard", 1.0, "")) is None


def test_capacity_in_another_basis(case: Path) -> None:
    line = change(case, "facilities", {"facility": "mountain_pass_mine"}, basis="element")
    assert only(faults(case), "facilities.csv", "mixed basis").row == str(line)


def test_capacity_on_both_sides(case: Path) -> None:
    rows = read(case, "facilities")
    recycler = next(row["facility"] for row in rows if "recycle_scrap" in row["processes"])
    change(case, "facilities", {"facility": recycler}, processes="recycle_scrap;cast_standard")
    only(faults(case), "facilities.csv", "in feed and in output")


def test_capacity_commodity_that_is_not_in_the_recipe(case: Path) -> None:
    change(case, "processes", {"process": "reduce_dy"}, capacity_commodity="tb_metal")
    assert only(faults(case), "processes.csv", "tb_metal").field == "capacity_commodity"


def test_process_without_recipe(case: Path) -> None:
    add(case, "processes", {"process": "reduce_dy"}, process="reduce_nothing")
    only(faults(case), "processes.csv", "has no recipe")


def test_replaced_row_is_not_counted_twice(case: Path) -> None:
    model = {"facility": "mountain_pass_mine"}
    add(case, "facilities", model, facility="newer", start="2027", supersedes="mountain_pass_mine")
    add(case, "facilities", model, facility="newest", start="2028", supersedes="newer")
    assert faults(case) == []
    change(case, "facilities", {"facility": "newest"}, start="")
    only(faults(case), "facilities.csv", "has no start")


def test_left_out_and_modelled(case: Path) -> None:
    change(case, "facilities", {"facility": "mountain_pass_mine"}, modelled="counted elsewhere")
    only(faults(case), "facilities.csv", "is left out")


def test_process_without_cost(case: Path) -> None:
    write(case, "costs", [row for row in read(case, "costs") if row["process"] not in ("stage:mine", "*")])
    found = [fault for fault in faults(case) if fault.file == "costs.csv"]
    assert found and "no cost for mine_" in found[0].fault


def test_basket_above_a_hundred_percent(case: Path) -> None:
    change(case, "baskets", {"basket": "mountain_pass", "element": "Ce"}, share="60", low="", high="")
    assert only(faults(case), "baskets.csv", "mountain_pass").field == "share"


def test_use_without_price(case: Path) -> None:
    change(case, "commodities", {"commodity": "magnet_smco"}, calibrated="yes")
    only(faults(case), "demands.csv", "no price")


@pytest.mark.parametrize("note", ["W", "W: withheld", "Withheld by the company.", "Japan (W)"])
def test_withheld_value_as_zero(case: Path, note: str) -> None:
    line = change(case, "statistics", {}, quantity="0", low="", high="", note=note, source="mcs2026")
    assert only(faults(case), "statistics.csv", "withheld").row == str(line)


@pytest.mark.parametrize("note", ["", "None made.", "Wind only"])
def test_true_zero(case: Path, note: str) -> None:
    change(case, "statistics", {}, quantity="0", low="", high="", note=note, source="mcs2026")
    assert faults(case) == []


def test_band_of_a_column_of_its_own(case: Path) -> None:
    change(case, "end_uses", {"end_use": "ev"}, elasticity_low="-0.1", elasticity_high="-0.6")
    only(faults(case), "end_uses.csv", "outside its band")


def test_row_names_count_years_as_whole_numbers(us_japan: Case) -> None:
    key = us_japan["demands"]["_row"].iloc[0]
    assert key.endswith("|2024") and us_japan.row(key)["year"] == 2024
    assert not math.isnan(us_japan.row(key)["quantity"])
