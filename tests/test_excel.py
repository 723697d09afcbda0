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
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

import didymium
from case_editing import change, copy_case, read, write
from case_factory import chain, mine_and_user, write_case
from didymium.case.case import BUNDLED, Case, load_case
from didymium.case.schema import Kind
from didymium.case.tables import TABLES
from didymium.case.text import garbled
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
def again(bundled: Path) -> Case:
    """Return the bundled case as its workbook says it."""
    return load_case(bundled)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workbook of a small case, without what a reader does not look at: it opens in a tenth of the time."""
    place = tmp_path_factory.mktemp("small")
    folder = write_case(place / "small", chain(), {"cut": SCENARIO})
    path = didymium.export_case(folder, place / "small.xlsx")

    def lighten(workbook: openpyxl.Workbook) -> None:
        for sheet in workbook.worksheets:
            for cell in sheet[1]:
                cell.comment = None
            sheet.data_validations.dataValidation.clear()
            if sheet.title in ("about", "lists") or (sheet.title in TABLES and sheet.max_row == 1):
                workbook.remove(sheet)

    edit(path, lighten)
    assert load_case(path).digest == load_case(folder).digest
    return path


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


def at(sheet: str, column: str, row: int) -> str:
    """Return the address of a column's cell."""
    return get_column_letter(TABLES[sheet].columns.index(column) + 1) + str(row)


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


def test_the_bundled_case_comes_back(bundled: Path, again: Case, tmp_path: Path) -> None:
    case = load_case("us-japan")
    assert_same(case, again)
    assert again.digest == case.digest
    assert again.scenario("china-licensing-2025") == case.scenario("china-licensing-2025")
    folder = didymium.import_workbook(bundled, tmp_path / "case")
    own = BUNDLED / "us_japan"  # without its chains, which stand in folders of their own
    for path in (*own.glob("*.*"), *(own / "scenarios").glob("*.toml")):
        assert (folder / path.relative_to(BUNDLED / "us_japan")).read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize("tables", [mine_and_user, chain])
def test_a_small_case_comes_back(tables: Callable[[], Any], tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path / "small", tables(), {"cut": SCENARIO}))
    book = didymium.export_case(case, tmp_path / "small.xlsx")
    read = load_case(book)
    assert_same(case, read)
    assert read.files.scenario("cut") == SCENARIO
    assert_same(case, load_case(didymium.import_workbook(book, tmp_path / "back")))


def test_a_workbook_goes_to_a_workbook(again: Case, tmp_path: Path) -> None:
    assert load_case(didymium.export_case(again, tmp_path / "again.xlsx")).digest == again.digest


NUMBERS = st.floats(0.001, 1e7) | st.integers(1, 10**9) | st.decimals(0, 1000, places=3).filter(lambda n: n > 0)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cn"], exclude_characters="\0\ufffd\ufffe\uffff")
).filter(lambda text: garbled(text) is None)  # a zero byte and letters of a wrong encoding are refused in a case


NOTES = st.sampled_from(["=1+1", "#N/A", "_x0041_", "007", "1,234", "a\r\nb", "'x", "TRUE"])


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(NUMBERS, TEXTS, NOTES), min_size=10, max_size=20))
def test_any_small_case_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, str, str]]
) -> None:  # fmt: skip
    """Numbers and texts of any kind, many to a workbook: a workbook is what takes time."""
    place = tmp_path_factory.mktemp("any")
    tables = mine_and_user()
    demand, facility = tables["demands"][0], tables["facilities"][0]
    tables["demands"] = [
        {**demand, "year": 2030 + at, "quantity": number, "note": text} for at, (number, text, _note) in enumerate(rows)
    ]
    tables["facilities"] = [
        {**facility, "facility": f"mine_{at}", "note": note, "operator": text}
        for at, (_number, text, note) in enumerate(rows)
    ]
    case = load_case(write_case(place / "small", tables), network=False)
    again = load_case(didymium.export_case(case, place / "small.xlsx"), network=False)
    assert_same(case, again)
    for name in ("demands", "facilities"):
        one, other = (list(files.written(TABLES[name]).values()) for files in (case.files, again.files))
        assert one == other


def test_numbers_that_a_cell_would_change_stay_text(tmp_path: Path) -> None:
    texts = ("0.30000000000000004", "1e-05", "+5", "007", "1.50", "12345678901234567890", ".5", "5.")
    tables = mine_and_user()
    tables["demands"] = [{**tables["demands"][0], "year": 2030 + at, "quantity": cell} for at, cell in enumerate(texts)]
    book = didymium.export_case(write_case(tmp_path / "small", tables), tmp_path / "case.xlsx")
    lines = load_case(book, network=False).files.written(TABLES["demands"]).values()
    assert [line["quantity"] for line in lines] == list(texts)


def test_an_empty_case_is_a_template(tmp_path: Path) -> None:
    book = didymium.export_case(didymium.new_case(tmp_path / "new"), tmp_path / "new.xlsx")
    faults = didymium.check(book)
    assert Fault("demands", "", "", "the table has no rows", "add at least one row") in faults


def test_every_command_reads_a_workbook(small: Path, bundled: Path, again: Case) -> None:
    runner = CliRunner()
    for command, file in (("check", small), ("describe", small), ("track", small), ("screen", bundled)):
        outcome = runner.invoke(app, [command, str(file)])
        assert outcome.exit_code == 0, (command, outcome.stderr)
    result = didymium.track(again, as_of="2026-11-21")
    assert didymium.trace(again, result, next(iter(result.tables)), "0")


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


BAD_CELLS: list[tuple[str, str, Any, str | None, str, str]] = [
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
    ("demands", "quantity", datetime(2026, 1, 2), None, "serial number (2026-01-02)", "write the number again"),
    ("demands", "year", 2024.5, None, "whole number", "round it"),
    ("demands", "unit", None, None, "empty", "fill it in"),
    ("demands", "commodity", "metol", None, "is not in sheet commodities", "write `metal`"),
    ("facilities", "start", 46000, None, "serial number", "2025-12-09"),
    ("facilities", "start", datetime(2026, 3, 1), None, "serial number", "write 2026-03-01"),
    ("facilities", "start", "1 March 2026", None, "is not a date", "YYYY-MM-DD"),
    ("facilities", "additive", True, None, "truth value", "write yes or no"),
    ("facilities", "additive", "maybe", None, "neither yes nor no", "write yes or no"),
    ("facilities", "status", "open", None, "not a choice", "use one of"),
]  # fmt: skip
"""Sheet, column, content, number format; and words of the fault and of the fix."""


@pytest.fixture(scope="module")
def bad_cells(small: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Fault]:
    """Return the faults of one workbook that has every bad cell, each in a row of its own from the fourth on."""
    book = Path(shutil.copy(small, tmp_path_factory.mktemp("bad") / "case.xlsx"))

    def spoil(workbook: openpyxl.Workbook) -> None:
        for row, (name, column, value, number_format, _fault, _fix) in enumerate(BAD_CELLS, 4):
            for sheet in (workbook["demands"], workbook["facilities"]):
                for cell in sheet[2]:
                    sheet.cell(row, cell.column, cell.value).number_format = cell.number_format
            cell = workbook[name][at(name, column, row)]
            cell.value = value
            if number_format:
                cell.number_format = number_format

    edit(book, spoil)
    return faults_of(book)


@pytest.mark.parametrize("row", range(4, 4 + len(BAD_CELLS)))
def test_a_bad_cell(bad_cells: list[Fault], row: int) -> None:
    sheet, column, _value, _format, fault, fix = BAD_CELLS[row - 4]
    cell = f"{sheet}!{at(sheet, column, row)}"
    found = [one for one in bad_cells if one.file == cell]
    assert found, cell
    assert fault in found[0].fault and fix in found[0].fix and found[0].field == column and not found[0].row
    assert found[0].line().startswith(f"{cell}, {column}: ")


def test_a_year_may_be_a_number(book: Path) -> None:
    set_cell(book, "sources", at("sources", "date", 2), 2024)
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
        (lambda book: book.write_bytes(b"") or book, "not a workbook"),
        (lambda book: book.write_text("<!doctype html>") and book, "web page"),
        (lambda book: book.write_bytes(b"\xd0\xcf\x11\xe0 old") and book, "old or a protected"),
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


def test_errors_that_are_no_faults_speak_of_sheets_too(again: Case) -> None:
    """The sentence names a table as its file; the reader of a workbook has sheets."""
    for of, said in ((load_case("us-japan"), "readings.csv: no reading"), (again, "sheet readings: no reading")):
        with pytest.raises(DidymiumError, match=said):
            didymium.vary(of, reading="nobody-wrote-this")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 20_000), byte=st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_a_fault(small: Path, tmp_path: Path, cut: int, byte: bytes) -> None:
    raw = small.read_bytes()
    book = tmp_path / "damaged.xlsx"
    book.write_bytes(raw[:cut] + byte + raw[cut + len(byte) :])
    try:
        again = load_case(book)
    except CaseError:
        return
    assert again.digest == load_case(small).digest


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
