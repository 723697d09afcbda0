"""A case goes to a workbook and comes back the same; what a spreadsheet may do to a number is a fault with its cell."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

import didymium
from case_editing import change, copy_case, read, write
from case_factory import chain, mine_and_user, write_case
from didymium.case.case import BUNDLED, Case, load_case
from didymium.case.schema import Kind
from didymium.case.tables import TABLES
from didymium.cli import app
from didymium.faults import CaseError, DidymiumError, Fault

SCENARIO = """# a cut
title = "Cut"   # with a comment
start = 2025-01-01

months = 12
"""


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workbook of the bundled case."""
    return didymium.export_case("us-japan", tmp_path_factory.mktemp("book") / "us-japan.xlsx")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workbook of a small case."""
    place = tmp_path_factory.mktemp("small")
    return didymium.export_case(write_case(place / "small", chain(), {"cut": SCENARIO}), place / "small.xlsx")


@pytest.fixture
def book(small: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may break."""
    return Path(shutil.copy(small, tmp_path / "case.xlsx"))


def assert_same(one: Case, other: Case) -> None:
    assert one.settings == other.settings
    assert one.scenarios() == other.scenarios()
    for name in one.scenarios():
        assert one.files.scenario(name) == other.files.scenario(name)
    for name in TABLES:
        if one[name].empty and other[name].empty:  # a table without rows is as good as none
            continue
        pd.testing.assert_frame_equal(
            one[name].drop(columns="_line").reset_index(drop=True),
            other[name].drop(columns="_line").reset_index(drop=True),
            check_exact=True,
        )


def edit(book: Path, change: Callable[[openpyxl.Workbook], None]) -> None:
    """Change a workbook as somebody does in a spreadsheet."""
    workbook = openpyxl.load_workbook(book)
    change(workbook)
    workbook.save(book)


def at(book: Path, sheet: str, column: str, row: int) -> str:
    """Return the address of a column's cell."""
    top = openpyxl.load_workbook(book, read_only=True)[sheet][1]
    return next(cell.column_letter for cell in top if cell.value == column) + str(row)


def set_cell(book: Path, sheet: str, cell: str, value: Any, number_format: str | None = None) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook[sheet][cell] = value
        if number_format:
            workbook[sheet][cell].number_format = number_format

    edit(book, change)


def faults_of(book: Path) -> list[Fault]:
    """Return the faults, and see that nothing is written of such a workbook."""
    with pytest.raises(CaseError) as caught:
        didymium.import_workbook(book, book.parent / "imported")
    assert [path.name for path in book.parent.iterdir()] == [book.name]
    return caught.value.faults


# -- there and back -----------------------------------------------------------------------------------------------


def test_the_bundled_case_comes_back(bundled: Path, tmp_path: Path) -> None:
    case, again = load_case("us-japan"), load_case(bundled)
    assert_same(case, again)
    assert again.digest == case.digest
    assert again.scenario("china-licensing-2025") == case.scenario("china-licensing-2025")
    folder = didymium.import_workbook(bundled, tmp_path / "case")
    own = BUNDLED / "us_japan"  # without its chains, which stand in folders of their own
    for path in (*own.glob("*.*"), *(own / "scenarios").glob("*.toml")):
        assert (folder / path.relative_to(BUNDLED / "us_japan")).read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize("tables", [mine_and_user, chain])
def test_a_small_case_comes_back(tables: Callable[[], Any], tmp_path: Path) -> None:
    folder = write_case(tmp_path / "small", tables(), {"cut": SCENARIO})
    book = didymium.export_case(folder, tmp_path / "small.xlsx")
    assert_same(load_case(folder), load_case(book))
    assert_same(load_case(folder), load_case(didymium.import_workbook(book, tmp_path / "back")))
    assert load_case(book).files.scenario("cut") == SCENARIO


def test_a_workbook_goes_to_a_workbook(bundled: Path, tmp_path: Path) -> None:
    case = load_case(bundled)
    assert load_case(didymium.export_case(case, tmp_path / "again.xlsx")).digest == case.digest


NUMBERS = st.floats(0.001, 1e7) | st.integers(1, 10**9) | st.decimals(0, 1000, places=3).filter(lambda n: n > 0)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cn"], exclude_characters="\ufffe\uffff"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=NUMBERS,
    text=TEXTS,
    note=st.sampled_from(["=1+1", "#N/A", "_x0041_", "007", "1,234", "a\r\nb", "'x", "TRUE"]),
)
def test_any_small_case_comes_back(tmp_path_factory: pytest.TempPathFactory, number: Any, text: str, note: str) -> None:
    place = tmp_path_factory.mktemp("any")
    tables = mine_and_user()
    tables["demands"][0] = {**tables["demands"][0], "quantity": number, "note": text}
    tables["facilities"][0] = {**tables["facilities"][0], "note": note, "operator": text}
    folder = write_case(place / "small", tables)
    case = load_case(folder, network=False)
    book = didymium.export_case(folder, place / "small.xlsx")
    assert_same(case, load_case(book, network=False))
    for name in ("demands", "facilities"):
        assert load_case(book, network=False).files.contents()[f"{name}.csv"] == case.files.contents()[f"{name}.csv"]


def test_numbers_that_a_cell_would_change_stay_text(tmp_path: Path) -> None:
    case = copy_case(tmp_path)
    for text in ("0.30000000000000004", "1e-05", "+5", "007", "1.50", "12345678901234567890", ".5", "5."):
        change(case, "demands", {}, quantity=text, low="", high="")
        book = didymium.export_case(case, tmp_path / "case.xlsx")
        line = next(iter(load_case(book, network=False).files.written(TABLES["demands"]).values()))
        assert line["quantity"] == text
        book.unlink()


def test_an_empty_case_is_a_template(tmp_path: Path) -> None:
    book = didymium.export_case(didymium.new_case(tmp_path / "new"), tmp_path / "new.xlsx")
    faults = didymium.check(book)
    assert Fault("demands", "", "", "the table has no rows", "add at least one row") in faults


def test_every_command_reads_a_workbook(bundled: Path) -> None:
    runner = CliRunner()
    for command in ("check", "describe", "screen", "track"):
        assert runner.invoke(app, [command, str(bundled)]).exit_code == 0, command
    result = didymium.track(bundled, as_of="2026-11-21")
    assert didymium.trace(bundled, result, next(iter(result.tables)), "0")


# -- what the workbook shows --------------------------------------------------------------------------------------


def test_the_workbook_is_made_from_the_schema(bundled: Path) -> None:
    workbook = openpyxl.load_workbook(bundled)
    assert workbook.sheetnames == ["about", "settings", *TABLES, "scenarios", "lists"]
    assert workbook["lists"].sheet_state == "hidden"
    for name, table in TABLES.items():
        sheet = workbook[name]
        assert [cell.value for cell in sheet[1]] == table.columns
        assert sheet.freeze_panes
        colours = {False: set(), True: set()}  # type: dict[bool, set[str]]
        for cell, field in zip(sheet[1], table.fields, strict=True):
            assert cell.comment and cell.comment.text.startswith(field.meaning)
            colours[field.required].add(cell.fill.fgColor.rgb)
        assert not colours[True] & colours[False]
        listed = {
            str(cells).partition(":")[0][:-1] for v in sheet.data_validations.dataValidation for cells in v.sqref.ranges
        }
        wanted = {
            cell.column_letter
            for cell, field in zip(sheet[1], table.fields, strict=True)
            if field.kind in (Kind.CHOICE, Kind.FLAG, Kind.REFERENCE, Kind.REFERENCES)
        }
        assert listed == wanted, name
        rests = [field for field in table.fields if field.refers == "sources|assumptions"]
        assert len(sheet.conditional_formatting) == (1 if rests else 0), name
    assert workbook["demands"]["E2"].data_type == "n"
    assert any(
        "COUNTIF(assumptions!" in rule.formula[0]
        for area in workbook["demands"].conditional_formatting
        for rule in area.rules
    )


# -- bad workbooks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "column", "value", "number_format", "fault", "fix"),
    [
        ("demands", "quantity", "=2*50", None, "formula", "paste it as values"),
        ("demands", "note", "=A1", None, "formula", "paste it as values"),
        ("demands", "quantity", "#N/A", None, "error #N/A", "empty the cell"),
        ("demands", "quantity", "1,234", None, "stored as text", "without separators"),
        ("demands", "quantity", "1 234.5", None, "stored as text", "without separators"),
        ("demands", "quantity", "1.234.567", None, "stored as text", "without separators"),
        ("demands", "quantity", "1,5", None, "not a number", "point as decimal mark"),
        ("demands", "quantity", "about 5", None, "not a number", "write digits"),
        ("demands", "quantity", -5, None, "below 0", "correct it"),
        ("demands", "quantity", 0.5, "0%", "percentage", "General"),
        ("demands", "quantity", datetime(2026, 1, 2), None, "serial number", "2026-01-02"),
        ("demands", "year", 2024.5, None, "whole number", "round it"),
        ("demands", "unit", None, None, "empty", "fill it in"),
        ("demands", "commodity", "metol", None, "is not in sheet commodities", "write `metal`"),
        ("facilities", "start", 46000, None, "serial number", "2025-12-09"),
        ("facilities", "start", datetime(2026, 3, 1), None, "serial number", "write 2026-03-01"),
        ("facilities", "start", "1 March 2026", None, "is not a date", "YYYY-MM-DD"),
        ("facilities", "additive", True, None, "truth value", "write yes or no"),
        ("facilities", "additive", "maybe", None, "neither yes nor no", "write yes or no"),
        ("facilities", "status", "open", None, "not a choice", "use one of"),
    ],
)  # fmt: skip
def test_a_bad_cell(
    book: Path, sheet: str, column: str, value: Any, number_format: str | None, fault: str, fix: str
) -> None:
    cell = at(book, sheet, column, 4)
    set_cell(book, sheet, cell, value, number_format)
    found = [one for one in faults_of(book) if one.file == f"{sheet}!{cell}"]
    assert found, (sheet, cell)
    assert fault in found[0].fault and fix in found[0].fix and found[0].field == column and not found[0].row
    assert found[0].line().startswith(f"{sheet}!{cell}, {column}: ")


def test_a_year_may_be_a_number(book: Path) -> None:
    set_cell(book, "sources", at(book, "sources", "date", 2), 2024)
    assert didymium.check(book) == []


def test_merged_cells(book: Path) -> None:
    edit(book, lambda workbook: workbook["demands"].merge_cells("E3:E5"))
    first = faults_of(book)[0]
    assert first.file == "demands!E3" and "E3:E5 are merged" in first.fault and "unmerge" in first.fix


def test_a_value_beside_the_table(book: Path) -> None:
    set_cell(book, "demands", "Z3", "my note")
    assert [fault.file for fault in faults_of(book)] == ["demands!Z3"]


def test_rows_and_keys(book: Path) -> None:
    def twice(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["facilities"]
        row = [cell.value for cell in sheet[2]]
        sheet.append([])
        sheet.append(row)

    edit(book, twice)
    last = openpyxl.load_workbook(book, read_only=True)["facilities"].max_row
    assert (f"facilities!A{last}", "facility") in [(fault.file, fault.field) for fault in faults_of(book)]


def header(sheet: Worksheet, name: str) -> Any:
    return next(cell for cell in sheet[1] if cell.value == name)


@pytest.mark.parametrize(
    ("break_it", "place", "fault"),
    [
        (lambda w: setattr(header(w["demands"], "unit"), "value", "units"), "demands!H1", "unknown column"),
        (lambda w: setattr(header(w["demands"], "unit"), "value", "basis"), "demands!I1", "stands twice"),
        (lambda w: w.remove(w["demands"]), "demands", "missing"),
        (lambda w: w["demands"].delete_rows(2, 10_000), "demands", "no rows"),
        (lambda w: w["demands"].delete_rows(1, 10_000), "demands", "sheet is empty"),
        (lambda w: w.create_sheet("demand"), "demand", "not a table"),
        (lambda w: w.remove(w["settings"]), "settings", "missing"),
        (lambda w: setattr(w["settings"]["A1"], "value", "name"), "settings!A1", "another header"),
        (lambda w: setattr(w["settings"]["A3"], "value", "title = "), "settings!A3", "Invalid value"),
        (lambda w: setattr(w["settings"]["A4"], "value", 'base_year = "x"'), "settings!A4", "not a int"),
        (lambda w: setattr(w["scenarios"]["B2"], "value", "=A1"), "scenarios!B2", "formula"),
        (lambda w: setattr(w["scenarios"]["A2"], "value", "../x"), "scenarios!A2", "not a short name"),
        (lambda w: setattr(w["scenarios"]["B3"], "value", "x = = 1"), "scenarios!B3", "Invalid value"),
    ],
)  # fmt: skip
def test_a_bad_sheet(book: Path, break_it: Callable[[Any], Any], place: str, fault: str) -> None:
    edit(book, break_it)
    found = faults_of(book)
    assert any(one.file == place and fault in one.fault for one in found), [one.line() for one in found]


def test_sheets_of_ones_own(book: Path) -> None:
    edit(book, lambda workbook: setattr(workbook.create_sheet("_mine")["A1"], "value", "=1+1"))
    assert didymium.check(book) == []


def macro(book: Path) -> Path:
    with zipfile.ZipFile(book, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"macro")
    return book


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda book: book.rename(book.with_suffix(".xlsm")), "macros"),
        (lambda book: book.rename(book.with_suffix(".xls")), "not a workbook of the form .xlsx"),
        (macro, "macro"),
        (lambda book: book.write_bytes(book.read_bytes()[:5000]) and book, "damaged"),
        (lambda book: book.write_bytes(b"") or book, "damaged"),
        (lambda book: book.write_text("<!doctype html>") and book, "damaged"),
        (lambda book: book.write_bytes(b"\xd0\xcf\x11\xe0 old") and book, "without password"),
    ],
)  # fmt: skip
def test_a_bad_file(book: Path, spoil: Callable[[Path], Path], fault: str) -> None:
    spoilt = spoil(book)
    found = faults_of(spoilt)
    assert len(found) == 1 and found[0].file == spoilt.name and fault in found[0].fault and found[0].fix
    outcome = CliRunner().invoke(app, ["screen", str(spoilt)])
    assert outcome.exit_code == 1 and fault in outcome.stderr


def test_faults_of_a_verb_name_the_cell(tmp_path: Path) -> None:
    tables = mine_and_user()
    tables["prices"] = [{**tables["prices"][0], "use": "check"}]
    book = didymium.export_case(write_case(tmp_path / "small", tables), tmp_path / "small.xlsx")
    with pytest.raises(CaseError) as caught:
        didymium.clear(book)
    assert not any(".csv" in fault.line() for fault in caught.value.faults), caught.value


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 20_000), byte=st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_a_fault(tmp_path_factory: pytest.TempPathFactory, cut: int, byte: bytes) -> None:
    place = tmp_path_factory.mktemp("damaged")
    folder = write_case(place / "small", mine_and_user())
    book = didymium.export_case(folder, place / "small.xlsx")
    raw = book.read_bytes()
    book.write_bytes(raw[:cut] + byte + raw[cut + len(byte) :])
    try:
        again = load_case(book)
    except CaseError:
        return
    assert_same(load_case(folder), again)


# -- nothing half-written -----------------------------------------------------------------------------------------


def test_export_refuses(tmp_path: Path) -> None:
    there = tmp_path / "there.xlsx"
    there.write_text("mine")
    for file in (there, tmp_path / "case.csv"):
        with pytest.raises(DidymiumError):
            didymium.export_case("us-japan", file)
    assert there.read_text() == "mine"
    broken = copy_case(tmp_path)
    (broken / "demands.csv").write_bytes("é".encode("cp1252"))
    with pytest.raises(CaseError):
        didymium.export_case(broken, tmp_path / "new.xlsx")
    with pytest.raises(DidymiumError, match="read otherwise"):
        didymium.export_case(didymium.vary("us-japan", edition="mcs2025"), tmp_path / "new.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken-case", "there.xlsx"]


def test_a_text_too_long_for_a_cell(tmp_path: Path) -> None:
    case = copy_case(tmp_path)
    line = change(case, "demands", {}, note="x" * 40_000)
    with pytest.raises(CaseError) as caught:
        didymium.export_case(case, tmp_path / "new.xlsx")
    assert [(fault.file, fault.row, fault.field) for fault in caught.value.faults] == [
        ("demands.csv", str(line), "note")
    ]


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from didymium.case import excel_write

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(excel_write._Writer, "_about", fail)
    with pytest.raises(DidymiumError, match="No space left"):
        didymium.export_case("us-japan", tmp_path / "new.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_import_refuses(bundled: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    for file, folder in ((bundled, full), (tmp_path / "none.xlsx", tmp_path / "new"), (full, tmp_path / "new")):
        with pytest.raises(DidymiumError):
            didymium.import_workbook(file, folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine.txt"]


def test_the_commands(tmp_path: Path) -> None:
    runner = CliRunner()
    book, folder = tmp_path / "case.xlsx", tmp_path / "case"
    assert runner.invoke(app, ["export", "us-japan", str(book)]).exit_code == 0
    assert runner.invoke(app, ["import", "xlsx", str(book), str(folder)]).exit_code == 0
    assert load_case(folder).digest == load_case("us-japan").digest
    again = runner.invoke(app, ["export", "us-japan", str(book)])
    assert again.exit_code == 1 and "is there already ->" in again.stderr


# -- Parquet ------------------------------------------------------------------------------------------------------


def to_parquet(case: Path, table: str, **columns: Any) -> None:
    frame = pd.DataFrame(read(case, table)).assign(**columns)
    frame.to_parquet(case / f"{table}.parquet", index=False)
    (case / f"{table}.csv").unlink()


def test_parquet_in_place_of_csv(tmp_path: Path) -> None:
    case = copy_case(tmp_path)
    to_parquet(case, "demands", quantity=[float(row["quantity"]) for row in read(case, "demands")])
    to_parquet(case, "events")
    assert_same(load_case("us-japan"), load_case(case))
    assert load_case(didymium.export_case(case, tmp_path / "case.xlsx")).digest == load_case("us-japan").digest


def test_bad_parquet(tmp_path: Path) -> None:
    case = copy_case(tmp_path)
    rows = read(case, "demands")
    to_parquet(case, "demands", commodity=["nothing", *(row["commodity"] for row in rows[1:])])
    assert ("demands.parquet", "1", "commodity") in [(f.file, f.row, f.field) for f in didymium.check(case)]
    pd.DataFrame(rows).assign(note=pd.Timestamp("2026-01-01")).to_parquet(case / "demands.parquet")
    assert "store it as text" in didymium.check(case)[0].fix
    (case / "demands.parquet").write_bytes(b"PAR1")
    assert "damaged" in didymium.check(case)[0].fault
    write(case, "demands", rows)
    assert "CSV file too" in didymium.check(case)[0].fault
