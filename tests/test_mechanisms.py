"""Each mechanism has its place: a command, an output that exists, a test; or says that it is not yet there."""

from __future__ import annotations

import ast
import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

ROOT = Path(__file__).parents[1]
COLUMNS = ["number", "mechanism", "command", "output", "test", "note"]
STATES = ("computed: ", "partly: ", "not yet computed: ", "out of scope: ")
NOT_YET = "none yet"
OUT_OF_SCOPE = "out of scope, because "


def read_rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "mechanisms.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return list(reader)


ROWS = read_rows()
BUILT = [row for row in ROWS if row["note"].startswith(STATES[:2])]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["number"])


def parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";")]


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@cache
def commands_of_cli() -> frozenset[str]:
    import typer

    import didymium.cli

    apps = [value for value in vars(didymium.cli).values() if isinstance(value, typer.Typer)]
    return frozenset(name for app in apps for name in typer.main.get_command(app).commands)


def test_33_mechanisms() -> None:
    assert [int(row["number"]) for row in ROWS] == list(range(1, 34))


@each_row
def test_no_cell_is_empty(row: dict[str, str]) -> None:
    assert [name for name in COLUMNS if not (row[name] or "").strip()] == []
    assert None not in row, "a cell holds a comma: quote it"
    assert row["note"].startswith(STATES)


@each_row
def test_named_tests_exist(row: dict[str, str]) -> None:
    if row["test"].startswith(OUT_OF_SCOPE):
        return
    for name in parts(row["test"]):
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), f"no file {path}"
        assert function in functions_of(ROOT / path), f"no function {function} in {path}"


@each_row
def test_named_commands_exist(row: dict[str, str]) -> None:
    if row["test"].startswith(OUT_OF_SCOPE):
        assert row["command"] == "none"
        return
    for command in parts(row["command"]):
        program, _, name = command.partition(" ")
        assert program == "didymium"
        assert name in commands_of_cli(), f"didymium has no command {name}"


def test_rows_not_yet_computed_say_so() -> None:
    """A row without an output says so in its note, and a row that says so claims no output and no other test."""
    own = f"tests/{Path(__file__).name}::test_rows_not_yet_computed_say_so"
    for row in ROWS:
        not_yet = row["note"].startswith("not yet computed: ")
        assert not_yet == (row["output"] == NOT_YET) == (row["test"] == own), row
        out = row["note"].startswith("out of scope: ")
        assert out == row["test"].startswith(OUT_OF_SCOPE) == (row["output"] == "none"), row


def promised_by(verb: str) -> list[str]:
    """Outputs that rows claim of ``verb``; where a row names several commands, an output belongs to one of them."""
    return [output for row in BUILT if f"didymium {verb}" in parts(row["command"]) for output in parts(row["output"])]


def assert_outputs(result: Result, others: set[str]) -> None:
    """Every output that rows claim of this verb is a table (or a column of one) with something in it."""
    claimed = [output for output in promised_by(result.verb) if output.partition(".")[0] not in others]
    assert claimed, f"no row names an output of {result.verb}"
    for output in claimed:
        table, _, column = output.partition(".")
        frame = result[table]
        assert len(frame), f"{table} is empty"
        assert not column or frame[column].notna().any(), f"{output} has no value"


# Tables of the other command, in rows that name two.
CLEAR_TABLES = {"prices", "net_trade", "activity", "flows", "use", "environment"}
SHOCK_TABLES = {
    "summary", "served", "uses", "stocks", "cover", "conversion", "trade", "losses", "premium", "backtest", "content",
    "pooled", "hidden", "rationing", "growth", "peaks",
}  # fmt: skip
TRACK_TABLES = {"measures", "commitments", "evidence"}
PLAN_TABLES = {"choices", "stock_plan", "compare", "gap", "stories"}


def test_screen_outputs(screened: Result) -> None:
    assert_outputs(screened, CLEAR_TABLES | SHOCK_TABLES)


def test_clear_outputs(cleared: Result) -> None:
    assert_outputs(cleared, SHOCK_TABLES | {"exposure"})


def test_shock_outputs(shocked: Result) -> None:
    assert_outputs(shocked, PLAN_TABLES | TRACK_TABLES | CLEAR_TABLES - {"prices"})


def test_plan_outputs(planned: Result) -> None:
    assert_outputs(planned, SHOCK_TABLES | {"commitments", "evidence", "environment"})


def test_track_outputs(tracked: Result) -> None:
    assert_outputs(tracked, PLAN_TABLES | SHOCK_TABLES | {"prices"})


def test_trace_outputs(us_japan: Case, screened: Result) -> None:
    import didymium

    assert promised_by("trace") == ["inputs"]
    inputs = didymium.trace(us_japan, screened, "exposure", "0")["inputs"]
    assert len(inputs), "a number without inputs"
