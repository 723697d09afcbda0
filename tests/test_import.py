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


def test_flows_of_some_codes_and_years(tmp_path: Path) -> None:
    flows = tmp_path / "BACI.csv"
    flows.write_text(
        "year,exporter,importer,hs92,value_kusd,quantity_t,exporter_iso3,importer_iso3\n"
        "2015,156,392,811230,100,2,CHN,JPN\n2016,156,392,811230,90,NA,CHN,JPN\n2016,156,392,284690,50,5,CHN,JPN\n",
        "utf-8",
    )
    out = tmp_path / "rows.csv"
    read = run("import", "baci", flows, "--hs", "811230", "--years", "2015-2016", "--unit-values", "--out", out)
    assert read.exit_code == 0 and "811230: 2015 to 2016" in read.stdout, read.stderr
    rows = pd.read_csv(out)
    assert rows["unit_value_usd_t"].iloc[0] == 50_000 and rows["unit_value_usd_t"].isna().iloc[1]
    refused = run("import", "baci", flows, "--hs", "284690,811230", "--years", "2015-2016")
    assert refused.exit_code == 1 and "284690: not covered in 2015: blank is not zero trade" in refused.stderr
    assert "-> name the codes" in run("import", "baci", flows, "--years", "2015-2016").stderr
    assert "-> write 2016-2020" in run("import", "baci", flows, "--hs", "811230", "--years", "2015").stderr


def test_years_of_governance(tmp_path: Path) -> None:
    for name, values in (("estimate", "-0.4,-0.2"), ("stderr", "0.2,0.2")):
        text = f"Country/Territory,Code,2021,2022\nChina,CHN,{values}\n"
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    pair = (
        "import",
        "wgi",
        tmp_path / "estimate.csv",
        "--errors",
        tmp_path / "stderr.csv",
        "--out",
        tmp_path / "r.csv",
    )
    for asked, column, value in (("--mean", "wgi", -0.3), ("--change", "change", 0.2)):
        assert run(*pair, asked, "2021-2022").exit_code == 0
        assert pd.read_csv(tmp_path / "r.csv")[column].iloc[0] == pytest.approx(value)
    assert "ask for one of them" in run(*pair, "--mean", "2021-2022", "--change", "2021-2022").stderr
    assert "are not all there" in run(*pair, "--mean", "2018-2022").stderr


SIDES = {
    "T4": ("Country,Control_Type,Commodity_Year\nAngola,Export ban,\"Quartz (2024), gypsum (2023)\"\n", 2),
    "T5": ("Country,Agreement,Signing_date\nJapan,Some agreement,2025-10-20\n", 1),
    "T6": ("Critical_Mineral,Primary_Applications\nAntimony,Flame retardants.\n", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SIDES)
def test_a_side_table_is_known_by_its_header(name: str, tmp_path: Path) -> None:
    text, rows = SIDES[name]
    (tmp_path / "side.csv").write_text(text, "utf-8")
    read = run("import", "usgs", tmp_path / "side.csv", "--edition", "2026")
    assert read.exit_code == 0 and f"{rows} rows" in read.stdout, read.stderr


def test_the_figure_of_import_sources_needs_the_long_file(tmp_path: Path) -> None:
    (tmp_path / "fig.csv").write_text("Commodity,Import_Source_2021_24,Percent,NIR\nAntimony,China,55,91\n", "utf-8")
    read = run("import", "usgs", tmp_path / "fig.csv", "--edition", "2026")
    assert read.exit_code == 1 and "put both files of the release into one folder" in read.stderr


def test_another_table_is_not_called_cut(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("Commodity,Percent\nAntimony,91\n", "utf-8")
    read = run("import", "usgs", tmp_path / "other.csv", "--edition", "2026")
    assert read.exit_code == 1 and "the column is missing" in read.stderr and "cut" not in read.stderr


def test_prices_of_years(data_folder: Path, tmp_path: Path) -> None:
    """Annual prices as the World Bank's own table has them: nickel 2023, 21,521 USD/t."""
    file = next((data_folder / "raw" / "worldbank_pinksheet").glob("*onthly*.xlsx"))
    out = tmp_path / "p.csv"
    read = run("import", "pinksheet", file, "--series", "Nickel", "--annual", "--out", out)
    assert read.exit_code == 0, read.stderr
    rows = pd.read_csv(out).set_index("year")["price"]
    assert rows[2023] == pytest.approx(21_521, rel=1e-4)
    assert "no prices of Dysprosium" in run("import", "pinksheet", file, "--series", "Dysprosium").stderr
