"""From a row of a result to its inputs, sources and grades."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from didymium.faults import DidymiumError
from didymium.result import Column, Result, ResultTable
from didymium.trace import summary, trace
from didymium.trace.lookup import Lookup, input_rows

if TYPE_CHECKING:
    from didymium.case.case import Case


@pytest.fixture
def result(us_japan: Case) -> Result:
    """A result whose rows rest on chosen inputs."""
    price = us_japan["prices"]["_row"].iloc[0]
    frame = pd.DataFrame(
        {
            "name": ["a", "b", "b"],
            "year": [2024, 2024, 2024],
            "value": [1.0, 2.0, float("nan")],
            "rests_on": [f"{price};regions/USA;end_uses/ev;scenarios/no-shock", "commitments/US-JP-I.2b", price],
        }
    )
    columns = {name: Column("", name) for name in ("name", "year", "value")}
    table = ResultTable("numbers", "Numbers", frame, columns, ("name", "year"))
    return Result(
        "clear", us_japan.name, {"numbers": table}, {"inputs": us_japan.digest, "made": "2026-11-21T09:00:00+00:00"}
    )


@pytest.mark.parametrize("row", [0, "0", " 0 ", "a|2024"])
def test_a_row_by_position_or_key(us_japan: Case, result: Result, row: int | str) -> None:
    inputs = trace(us_japan, result, "numbers", row)["inputs"]
    assert list(dict.fromkeys(inputs["input"])) == list(input_rows(result["numbers"]["rests_on"].iloc[0]))


def test_a_price_leads_to_its_document(us_japan: Case, result: Result) -> None:
    row = us_japan["prices"].iloc[0]
    source = us_japan["sources"].set_index("source").loc[row["source"]]
    found = trace(us_japan, result, "numbers", 0)
    first = found["inputs"].iloc[0]
    assert (first["value"], first["unit"]) == (row["price"], "USD/t")
    assert (first["title"], first["publisher"], first["grade"]) == (
        source["title"],
        source["publisher"],
        source["grade"],
    )
    assert first["stated"].endswith(row["stated_unit"]), "the number as the file states it"
    assert first["age_days"] >= 0
    assert not first["assumption"]
    assert first["rests_on"] == f"{row['_row']};sources/{row['source']}"
    assert found.manifest["row"] == {"name": "a", "year": 2024, "value": 1.0}


def test_the_line_is_the_line_of_the_file(us_japan: Case, result: Result) -> None:
    first = trace(us_japan, result, "numbers", 0)["inputs"].iloc[0]
    text = (us_japan.folder / "prices.csv").read_text("utf-8").splitlines()[first["line"] - 1]
    assert text.startswith(us_japan["prices"]["commodity"].iloc[0])
    assert first["stated"].split(" ")[0] in text


def test_every_number_of_a_row_has_its_own_source(us_japan: Case, result: Result) -> None:
    inputs = trace(us_japan, result, "numbers", 0)["inputs"]
    use = inputs[inputs["input"].eq("end_uses/ev")].set_index("field")
    row = us_japan["end_uses"].set_index("end_use").loc["ev"]
    assert set(use.index) == {"elasticity", "choke", "thrift", "thrift_months"}
    assert use.loc["elasticity", "source"] == row["elasticity_source"]
    assert use.loc["thrift", "source"] == use.loc["thrift_months", "source"] == row["thrift_source"]
    assert use.loc["choke", "source"] == row["source"]
    assert use.loc["choke", "low"] == row["choke_low"]
    assert use["assumption"].all()
    assert set(use["grade"]) == {"assumption"}


def test_definitions_and_scenarios_state_no_sourced_number(us_japan: Case, result: Result) -> None:
    inputs = trace(us_japan, result, "numbers", 0)["inputs"].set_index("input")
    for key in ("regions/USA", "scenarios/no-shock"):
        assert inputs.loc[key, "source"] == ""
        assert pd.isna(inputs.loc[key, "value"])


def test_every_input_row_of_the_case_can_be_traced(us_japan: Case) -> None:
    lookup = Lookup(us_japan)
    for name, frame in us_japan.tables.items():
        for key in frame["_row"]:
            table, row = lookup.row(key)
            assert table == name
            assert lookup.describe(table, row)
            for number in lookup.numbers(table, row):
                if number.source_field:
                    assert lookup.origin(row[number.source_field]).grade


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (3, "has no row 3: it has 3 rows"),
        ("17", "has no row 17"),
        (-1, "has no row -1"),
        ("c|2024", "such as"),
        ("b|2024", "2 rows .* give the position of one: 1, 2"),
    ],
)
def test_a_row_that_is_not_there(us_japan: Case, result: Result, row: int | str, message: str) -> None:
    with pytest.raises(DidymiumError, match=message):
        trace(us_japan, result, "numbers", row)


def test_a_table_that_is_not_there(us_japan: Case, result: Result) -> None:
    with pytest.raises(DidymiumError, match="it has numbers"):
        trace(us_japan, result, "figures", 0)


def test_a_case_that_changed_since_is_refused(us_japan: Case, result: Result) -> None:
    with pytest.raises(DidymiumError, match="has changed since"):
        trace(replace(us_japan, digest="other"), result, "numbers", 0)


def test_an_input_that_the_case_does_not_have(us_japan: Case, result: Result) -> None:
    result["numbers"].loc[1, "rests_on"] = "prices/nowhere"
    with pytest.raises(DidymiumError, match="prices/nowhere is not a row"):
        trace(us_japan, result, "numbers", 1)


def test_summary_counts_citations_by_grade(us_japan: Case) -> None:
    found = summary(us_japan, ["commitments/US-JP-I.2b;regions/USA", "end_uses/ev;commitments/US-JP-I.2b"])
    end_use = us_japan["end_uses"].set_index("end_use").loc["ev"]
    assert found["rows"] == 3
    assert found["definitions"] == 1
    assert found["grades"] == {"A": 1, "B": 0, "C": 0, "D": 0, "assumption": 3}
    assert found["share_on_assumptions"] == pytest.approx(3 / 4)
    assert set(found["assumptions"]) == {end_use[f"{name}source"] for name in ("", "elasticity_", "thrift_")}
    assert found["oldest"]["source"] == "framework"
    assert summary(us_japan, "")["oldest"] is None


def test_a_trace_can_be_saved_and_read(us_japan: Case, result: Result, tmp_path: Path) -> None:
    found = trace(us_japan, result, "numbers", "2")
    found.save(tmp_path / "trace")
    again = Result.load(tmp_path / "trace")
    assert again.manifest["row"]["value"] is None
    pd.testing.assert_frame_equal(again["inputs"], found["inputs"], check_dtype=False)
