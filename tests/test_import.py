"""``didymium import`` and ``didymium sources``: the readers at the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from didymium.cli import app


def run(*args: str | Path) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_help_names_every_format() -> None:
    shown = run("import", "--help").stdout
    assert all(name in shown for name in ("usgs", "baci", "wgi", "pinksheet", "xlsx"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("import", "baci", "nowhere.csv"), "nowhere.csv does not exist -> name the file as downloaded"),
        (("import", "usgs", "nowhere.csv", "--edition", "2026"), "does not exist"),
        (("sources", "nowhere"), "nowhere"),
        (("sources", ".", "--as-of", "soon"), "`soon` is not a date -> write YYYY-MM-DD"),
    ],
)
def test_bad_input_is_one_line(args: tuple[str, ...], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 1 and result.stdout == ""
    assert said in result.stderr and "Traceback" not in result.stderr


def test_a_web_page_is_no_table(tmp_path: Path) -> None:
    page = tmp_path / "baci.csv"
    page.write_text("<!doctype html><html></html>", "utf-8")
    out = tmp_path / "rows.csv"
    result = run("import", "baci", page, "--out", out)
    assert result.exit_code == 1 and "baci.csv" in result.stderr
    assert not out.exists()


def test_the_full_files(data_folder: Path, tmp_path: Path) -> None:
    raw = data_folder / "raw"
    usgs = run("import", "usgs", raw / "usgs_mcs2026" / "MCS2026_Commodities_Data.csv", "--edition", "2026",
               "--out", tmp_path / "usgs.parquet")  # fmt: skip
    assert usgs.exit_code == 0, usgs.stderr
    assert "8,886 rows" in usgs.stdout and len(pd.read_parquet(tmp_path / "usgs.parquet")) == 8886
    baci = run("import", "baci", raw / "baci_hs92" / "baci_hs92_critical_2010-2024.csv.gz")
    assert baci.exit_code == 0 and "321,976 rows" in baci.stdout
    listed = run("sources", data_folder, "--as-of", "2026-11-26")
    assert listed.exit_code == 0 and "BACI" in listed.stdout


def test_a_pair_of_tables(tmp_path: Path) -> None:
    for name, value in (("estimate", "-0.44"), ("stderr", "0.25")):
        text = f"Country/Territory,Code,2021,2022\nChina,CHN,{value},{value}\n"
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    pair = (tmp_path / "estimate.csv", "--errors", tmp_path / "stderr.csv")
    read = run("import", "wgi", *pair, "--out", tmp_path / "rows.csv")
    assert read.exit_code == 0 and "2 rows" in read.stdout, read.stderr
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert rows[["estimate", "standard_error"]].to_numpy().tolist() == [[-0.44, 0.25]] * 2
    half = run("import", "wgi", tmp_path / "estimate.csv")
    assert half.exit_code == 1 and "one half of a pair" in half.stderr and "--errors FILE" in half.stderr
    lost = run("import", "wgi", tmp_path / "estimate.csv", "--errors", tmp_path / "none.csv")
    assert lost.exit_code == 1 and "none.csv does not exist" in lost.stderr


def test_another_ending_is_refused(data_folder: Path, tmp_path: Path) -> None:
    file = next((data_folder / "raw" / "worldbank_pinksheet").glob("*.xlsx"))
    result = run("import", "pinksheet", file, "--out", tmp_path / "rows.txt")
    assert result.exit_code == 1 and "neither .csv nor .parquet" in result.stderr
