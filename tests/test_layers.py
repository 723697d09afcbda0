"""A case in layers: a chain takes the shared tables of the wider case, an overlay replaces rows of any table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import didymium as dd
from didymium.case.case import BUNDLED, find_case
from didymium.case.case import load_case as load
from didymium.case.tables import TABLES
from didymium.faults import CaseError

CASE = BUNDLED / "us_japan"


def split(tmp_path: Path) -> Path:
    """Write the bundled case as a wider case with the shared tables, and a chain with the others."""
    wider, chain = tmp_path / "wider", tmp_path / "wider" / "magnets"
    chain.mkdir(parents=True)
    for table in TABLES.values():
        if (CASE / f"{table.name}.csv").is_file():
            shutil.copy(CASE / f"{table.name}.csv", wider if table.shared else chain)
    text = (CASE / "case.toml").read_text("utf-8")
    (wider / "case.toml").write_text(text, "utf-8")
    (chain / "case.toml").write_text(f'extends = ".."\n{text}', "utf-8")
    return chain


def write(folder: Path, table: str, *rows: str) -> None:
    """Write a table with the header of the schema."""
    folder.mkdir(exist_ok=True)
    text = "\n".join([",".join(TABLES[table].columns), *rows]) + "\n"
    (folder / f"{table}.csv").write_text(text, "utf-8")


def test_a_chain_takes_the_shared_tables_of_the_wider_case(tmp_path: Path) -> None:
    whole, chain = load(CASE), load(split(tmp_path))
    for name in TABLES:
        first, second = whole[name].drop(columns="_line"), chain[name].drop(columns="_line")
        assert first.equals(second), name


def test_a_wider_case_knows_its_chains(tmp_path: Path) -> None:
    chain = split(tmp_path)
    from didymium.case.files import open_files

    assert open_files(chain.parent).chains() == ["magnets"]


def test_a_fault_in_the_wider_case_names_its_file_and_line(tmp_path: Path) -> None:
    chain = split(tmp_path)
    path = chain.parent / "sources.csv"
    lines = path.read_text("utf-8").split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("mcs2026,"))
    lines[at] = lines[at].replace(",A,", ",Z,")
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(CaseError) as error:
        load(chain)
    fault = next(fault for fault in error.value.faults if fault.field == "grade")
    assert (fault.file, fault.row) == ("wider/sources.csv", str(at + 1))


def test_an_overlay_replaces_rows_of_the_same_key_and_adds_others(tmp_path: Path) -> None:
    write(
        tmp_path / "ours", "stocks",
        "jogmec_dy_metal,JOGMEC,strategic,JPN,dy_metal,90,90,90,day,none,range,shortage,,a_stock_days,ours",
        "our_dy,us,commercial,JPN,dy_metal,12,12,12,t,element,range,free,,a_stock_days,ours",
    )  # fmt: skip
    base, over = load(CASE), load(CASE, overlays=[tmp_path / "ours"])
    assert len(over["stocks"]) == len(base["stocks"]) + 1
    kept = over["stocks"].set_index("stock")
    assert kept.loc["jogmec_dy_metal", "quantity"] == 90
    assert list(base["stocks"]["stock"]) == list(over["stocks"]["stock"])[:-1]
    assert kept.loc["our_dy", "quantity"] == 12
    assert over.digest != base.digest


def test_a_fault_in_an_overlay_names_the_overlay(tmp_path: Path) -> None:
    row = "our_dy,us,commercial,JPN,dy_metall,12,12,12,t,element,range,free,,a_stock_days,ours"
    write(tmp_path / "ours", "stocks", row)
    with pytest.raises(CaseError) as error:
        load(CASE, overlays=[tmp_path / "ours"])
    assert [(f.file, f.row, f.field) for f in error.value.faults] == [("ours/stocks.csv", "2", "commodity")]
    write(tmp_path / "ours", "stocks", row.replace("dy_metall", "dy_metal"), row.replace("dy_metall", "dy_metal"))
    with pytest.raises(CaseError) as error:
        load(CASE, overlays=[tmp_path / "ours"])
    assert [(f.file, f.row) for f in error.value.faults] == [("ours/stocks.csv", "3")]
    (tmp_path / "ours" / "stocks.csv").write_text("stock,owner\nx,y\n", "utf-8")
    with pytest.raises(CaseError) as error:
        load(CASE, overlays=[tmp_path / "ours"])
    assert {fault.file for fault in error.value.faults} == {"ours/stocks.csv"}


def test_an_overlay_without_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CaseError, match="holds no table"):
        load(CASE, overlays=[tmp_path / "empty"])


def test_a_chain_of_no_case_is_refused(tmp_path: Path) -> None:
    chain = split(tmp_path)
    (chain.parent / "case.toml").unlink()
    with pytest.raises(CaseError, match="is not the folder of a case"):
        load(chain)


def test_trace_names_the_file_of_the_wider_case(tmp_path: Path) -> None:
    chain = split(tmp_path)
    case = load(chain)
    row = case["sources"].iloc[3]
    assert case.files.where("sources", int(row["_line"])) == ("wider/sources.csv", 5)
    assert case.files.where("prices", 7) == ("prices.csv", 7)


def test_a_chain_goes_to_one_workbook_and_back(tmp_path: Path) -> None:
    chain = split(tmp_path)
    dd.export_case(chain, tmp_path / "chain.xlsx")
    back = load(dd.import_workbook(tmp_path / "chain.xlsx", tmp_path / "back"))
    whole = load(chain)
    for name in TABLES:
        assert whole[name].drop(columns="_line").equals(back[name].drop(columns="_line")), name


def test_bundled_names_may_have_parts() -> None:
    assert find_case("us-japan") == CASE
