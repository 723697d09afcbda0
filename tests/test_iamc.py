"""Results in the IAMC long format: the rules of its columns, the numbers of the result, and what is refused.

pyam itself cannot stand beside this package (it wants an older pandas). Held here is what its documentation asks
of a file: the columns, one period column, no two numbers of one name, and the sheet `data` of a workbook.
"""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import didymium
from didymium.case.case import Case
from didymium.cli import app
from didymium.faults import DidymiumError
from didymium.report.iamc import INDEX, SERIES, long_table
from didymium.result import Result
from report_fixtures import make_results


@pytest.fixture(scope="module")
def results(us_japan: Case) -> dict[str, Result]:
    return {result.verb: result for result in make_results(us_japan)}


@pytest.mark.parametrize(("verb", "period"), [("clear", "year"), ("shock", "time"), ("plan", "year")])
def test_the_rules_of_the_format(us_japan: Case, results: dict[str, Result], verb: str, period: str) -> None:
    frame = long_table(us_japan, results[verb])
    assert list(frame.columns) == [*INDEX, period, "value"] and len(frame)
    assert not frame.duplicated([*INDEX, period]).any() and frame.notna().all(axis=None)
    for column in INDEX:
        cells = frame[column].unique()
        assert all(cell and cell == cell.strip() and isinstance(cell, str) for cell in cells), column
    for variable in frame["variable"].unique():
        assert re.fullmatch(r"[^|*]+(\|[^|*]+)*", variable), variable
    if period == "time":
        assert (frame["time"].dt.day == 1).all()
    else:
        assert frame["year"].between(2000, 2100).all() and frame["year"].dtype.kind == "i"


def test_the_numbers_are_those_of_the_result(us_japan: Case, results: dict[str, Result]) -> None:
    """Every number of every exported column, found again by its name."""
    for verb, series in SERIES.items():
        frame = long_table(us_japan, results[verb])
        expected = [number for one in series if one.table in results[verb].tables
                    for number in results[verb][one.table][one.column].dropna()]  # fmt: skip
        assert sorted(frame["value"]) == sorted(expected)
    prices = results["clear"]["prices"].set_index(["commodity", "region"])["price"]
    frame = long_table(us_japan, results["clear"]).set_index(["variable", "region"])
    row = frame.loc[("Price|Dysprosium Oxide", "China")]
    assert row["value"] == prices[("dy_oxide", "CHN")] and row["unit"] == "USD/kg"
    flow = results["clear"]["flows"].iloc[0]
    names = us_japan.names("regions")
    both = frame.xs(f"{names[flow['origin']]}>{names[flow['destination']]}", level="region")
    assert flow["quantity"] in both["value"].tolist() and set(both["unit"]) == {"t/yr"}


def test_foresight_and_purses_are_scenarios(us_japan: Case, results: dict[str, Result]) -> None:
    shock, plan = (set(long_table(us_japan, results[verb])["scenario"]) for verb in ("shock", "plan"))
    assert len(shock) == results["shock"]["prices"]["foresight"].nunique()
    assert len(plan) == results["plan"]["path"]["who"].nunique()
    assert all("foresight-" in name for name in shock) and all("who-" in name for name in plan)


def test_files(us_japan: Case, results: dict[str, Result], tmp_path: Path) -> None:
    frame = long_table(us_japan, results["clear"])
    text = didymium.export_iamc(results["clear"], tmp_path / "clear.csv", us_japan)
    pd.testing.assert_frame_equal(pd.read_csv(text), frame, check_dtype=False)
    book = didymium.export_iamc(results["clear"], tmp_path / "clear.xlsx", us_japan)
    workbook = openpyxl.load_workbook(book)
    assert workbook.sheetnames == ["data"] and [cell.value for cell in workbook["data"][1]] == list(frame.columns)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clear.csv", "clear.xlsx"]


def test_what_is_refused(us_japan: Case, results: dict[str, Result], tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for file, verb, said in ((there, "clear", "is there already"), (tmp_path / "x.txt", "clear", "neither .csv"),
                             (tmp_path / "x.csv", "track", "has no years")):  # fmt: skip
        with pytest.raises(DidymiumError, match=said):
            didymium.export_iamc(results[verb], file, us_japan)
    assert there.read_text() == "mine" and [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_two_numbers_of_one_name_are_refused(us_japan: Case, results: dict[str, Result]) -> None:
    clear = results["clear"]
    table = clear.tables["prices"]
    doubled = pd.concat([table.frame, table.frame.head(1)], ignore_index=True)
    twice = Result("clear", clear.case, {"prices": type(table)("prices", "", doubled, table.columns, table.key)},
                   clear.manifest)  # fmt: skip
    with pytest.raises(DidymiumError, match="two numbers are called"):
        long_table(us_japan, twice)


def test_at_the_command_line(results: dict[str, Result], tmp_path: Path) -> None:
    run = results["clear"].save(tmp_path / "run")
    export = ["export", str(run), str(tmp_path / "out.csv")]
    outcome = CliRunner().invoke(app, export)
    assert outcome.exit_code == 1 and "holds a result, not a case -> add --iamc" in outcome.stderr
    outcome = CliRunner().invoke(app, [*export, "--iamc"])
    assert outcome.exit_code == 0, outcome.stderr
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(long_table(didymium.load_case("us-japan"), results["clear"]))
