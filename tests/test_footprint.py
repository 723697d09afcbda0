"""What the environment bears: rates of the closest row times activity, and nothing where no source speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from case_factory import chain, make_case
from didymium.case.case import Case, load_case
from didymium.case.tables import TABLES
from didymium.market.clear import clear
from didymium.result import Result


def rates(case: Case, *rows: str) -> Case:
    """Give a case a table of environmental rates."""
    text = "\n".join([",".join(TABLES["environment"].columns), *rows]) + "\n"
    (case.folder / "environment.csv").write_text(text, "utf-8")
    return load_case(case.folder)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    case = make_case(tmp_path_factory.mktemp("footprint") / "chain", chain())
    return clear(rates(
        case,
        "smelt,*,co2,8,6,10,t/t,element,book,", "stage:metal,ONE,co2,99,99,99,t/t,element,book,",
        "smelt,CTL,co2,12,,,t/t,element,book,", "stage:metal,*,energy,5000,,,kWh/t,element,book,",
    ))  # fmt: skip


def test_the_closest_row_speaks(result: Result) -> None:
    """The process in the region, then the process anywhere, then its stage."""
    made = result["activity"].groupby(["region", "stage"])["activity"].sum()
    table = result["environment"].set_index(["region", "stressor"])
    assert table.loc[("CTL", "co2"), "amount"] == pytest.approx(12 * made["CTL", "metal"])
    assert table.loc[("ONE", "co2"), "amount"] == pytest.approx(8 * made["ONE", "metal"])
    assert table.loc[("ONE", "co2"), "high"] == pytest.approx(10 * made["ONE", "metal"])
    assert table.loc[("ONE", "energy"), "amount"] == pytest.approx(5 * made["ONE", "metal"])
    assert list(table.loc[("ONE", "energy"), ["unit", "covered"]]) == ["MWh", 1.0]


def test_what_no_source_speaks_of_is_not_zero_but_absent(result: Result) -> None:
    assert set(result["environment"]["stage"]) == {"metal"}


def test_a_row_leads_to_its_rate_and_its_plants(result: Result) -> None:
    row = result["environment"].set_index(["region", "stressor"]).loc[("ONE", "co2")]
    assert set(str(row["rests_on"]).split(";")) == {"environment/smelt|*|co2", "facilities/works_one"}


def test_a_case_without_rates_says_nothing(tmp_path: Path) -> None:
    assert clear(make_case(tmp_path / "chain", chain()))["environment"].empty


def test_demand_grows_where_the_closest_row_says(tmp_path: Path) -> None:
    tables = chain()
    tables["growth"] = [
        {"end_use": use, "region": region, "year": year, "index": index, "source": "book"}
        for use, region, last in (("*", "*", 1.5), ("motor", "TWO", 2.0), ("*", "ONE", 3.0))
        for year, index in ((2024, 1.0), (2034, last))
    ]  # fmt: skip
    case = make_case(tmp_path / "chain", tables)
    base = clear(case)["use"].set_index("region")["wanted"]
    later = clear(case, 2034)["use"].set_index("region")["wanted"]
    assert (later / base).to_dict() == pytest.approx({"CTL": 1.5, "ONE": 3.0, "TWO": 2.0})
