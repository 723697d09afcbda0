"""docs/questions.md: every command is one, every scenario is there, and the columns to read are in the tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

import didymium
from case_factory import make_case
from didymium.case.case import Case
from didymium.cli import app
from didymium.result import Result
from didymium.shock import draws, worst
from small_shock import SCENARIO, tables

PAGE = Path(__file__).parents[1] / "docs" / "questions.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("|") and "`didymium" in line
]
COMMANDS = {row[2].strip("`") for row in ROWS}
READ = {row[2].strip("`"): re.findall(r"`([a-z_]+)\.([a-z_]+)`", row[3]) for row in ROWS}


ADDED = {"rationing", "growth", "cost_of_cut", "sets", "bound", "remedies", "odds", "exceedance", "drivers"}
"""Tables that an option of ``shock`` adds."""


def test_every_question_of_the_acceptance_list_stands_there() -> None:
    assert {row[0] for row in ROWS} >= {"Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q19"}
    assert all(row[1] and READ[row[2].strip("`")] for row in ROWS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_command_is_one(command: str) -> None:
    name, verb, case, *rest = shlex.split(command)
    group: Any = typer.main.get_command(app)
    assert name == "didymium"
    known = {option for parameter in group.commands[verb].params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known
    loaded = didymium.load_case(case)
    if verb == "shock":
        assert rest[0] in loaded.scenarios()


def columns_are_there(result: Result, wanted: list[tuple[str, str]]) -> None:
    for table, column in wanted:
        assert column in result[table].columns, f"{table}.{column}"
        assert len(result[table]), table


def test_what_the_screen_answers(screened: Result) -> None:
    for command in COMMANDS:
        if command == "didymium screen us-japan":
            columns_are_there(screened, READ[command])


def test_what_a_shock_answers(shocked: Result) -> None:
    """The tables that every shock has, in one that is run anyway."""
    for command in COMMANDS:
        if command.startswith("didymium shock us-japan "):
            columns_are_there(shocked, [(t, c) for t, c in READ[command] if t not in ADDED])


def test_what_many_paths_and_other_worlds_answer(tmp_path: Path) -> None:
    """The tables that an option adds, from a small case: their columns are the same in every case."""
    case = make_case(tmp_path / "small", tables(), {"cuts": SCENARIO})
    results = [
        didymium.shock(case, "cuts", rationing="both", growth=True),
        draws(case, "cuts", 2, levels=("low",), folder=tmp_path / "draws", workers=1),
        worst(case, "cuts", 4, "ONE", workers=1),
    ]
    named = {table.name: table for result in results for table in result.tables.values()}
    wanted = {(t, c) for command in COMMANDS if command.startswith("didymium shock ") for t, c in READ[command]}
    assert {t for t, _column in wanted} >= ADDED
    missing = [f"{t}.{c}" for t, c in sorted(wanted) if t in ADDED and c not in named[t].frame.columns]
    assert not missing


def test_whose_material_goods_hold_lies_between_its_extremes(shocked: Result, us_japan: Case) -> None:
    content = shocked["content"]
    known = content[content["low"].notna()]
    assert set(known["commodity"]) <= set(us_japan.finished()) and set(known["region"]) == {"USA", "JPN"}
    assert (known["low"] <= known["share"]).all() and (known["share"] <= known["high"]).all()
    assert content["share"].dropna().between(0.0, 1.0).all()
    # An end use that takes one good holds what the good holds.
    one = shocked["origins"].query("end_use == 'wind' and region == 'JPN' and element == 'Dy' and rule == 'covered'")
    good = content.query("commodity == 'magnet_high_temperature' and region == 'JPN' and element == 'Dy'")
    good = good[good["rule"].eq("covered")]
    both = one.merge(good, on="month", suffixes=("", "_good")).dropna(subset=["share", "share_good"])
    assert len(both) > 12 and both["share"].to_numpy() == pytest.approx(both["share_good"].to_numpy(), abs=1e-6)


def test_days_that_users_ask_for(shocked: Result) -> None:
    """Q1 and Q6 on the case's own stocks: a licence stretches what a halt would use up."""
    cover = shocked["cover"].query("foresight == 'none' and region == 'JPN' and commodity == 'dy_metal'").iloc[0]
    assert cover["run_out_low"] < cover["run_out"] < cover["run_out_high"]
    assert cover["run_out"] < cover["lasts"] < cover["lasts_high"]
    assert cover["needed"] == pytest.approx(cover["halt"] * (1.0 - cover["outside"]) * (1.0 - cover["licensed"]))
    assert cover["needed"] > cover["days_at_start"]
