"""The reader of DataWeb: known faults of its workbooks, on one of our own and on the full files; bad input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from didymium.cli import app
from didymium.faults import CaseError
from didymium.sources.dataweb import read_dataweb, values_of

HEAD = ["Data Type", "Country", "HTS Number", "Description", "Quantity Description"]


def query(folder: Path, change: Callable[[openpyxl.Workbook], object] | None = None) -> Path:
    """A workbook in the layout of a query: two years, the second still running, and the months so far."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Query Parameters"
    for row in (("Download Date", datetime(2026, 7, 10, 16, 57)), ("Trade Flow", "Imports For Consumption")):
        sheet.append(row)
    title = "Imports For Consumption|Annual + Year-To-Date Data from Jan - Apr"
    rows = (("China", "8505", "kilograms", 300.0), ("China", "8505", "number", 70.0), ("Chile", "2836", "tons", 5.0))
    for name, ending, running in (("Customs Value", "", 0.0), ("Customs Value YTD", "_Year_to_date", 9.0)):
        sheet = book.create_sheet(name)
        sheet.append([title])
        sheet.append(["Data Row Count", len(rows)])
        sheet.append([*HEAD, f"2025{ending}", f"2026{ending}"])
        for partner, hts, unit, value in rows:
            sheet.append(["Customs Value", partner, hts, "GOODS", f"Value for: {unit}", value, running])
        sheet.append(["Total: ", "", "", "", "", "375", f"{3 * running:.0f}"])
    sheet = book.create_sheet("First Unit of Quantity")
    sheet.append([title])
    sheet.append(["Data Row Count", len(rows)])
    sheet.append([*HEAD, "2025", "2026", "2025_Suppressed", "2026_Suppressed"])
    for partner, hts, unit, value in rows:
        sheet.append(["First Unit of Quantity", partner, hts, "GOODS", unit, value, 0.0, float(unit == "tons"), 0.0])
    if change:
        change(book)
    path = folder / "query.xlsx"
    book.save(path)
    return path


def test_the_running_year_is_left_out(tmp_path: Path) -> None:
    reading = read_dataweb(query(tmp_path))
    assert set(reading.frame.loc[reading.frame["period"].eq("year"), "year"]) == {2025}
    months = reading.frame[reading.frame["period"].eq("Jan - Apr")]
    assert set(months["year"]) == {2025, 2026} and set(months.loc[months["year"].eq(2026), "amount"]) == {9.0}
    assert [fault.field for fault in reading.corrections] == ["Customs Value!G3", "First Unit of Quantity!G3"]


def test_values_are_added_and_unlike_quantities_are_not(tmp_path: Path) -> None:
    frame = read_dataweb(query(tmp_path)).frame
    values = values_of(frame).set_index(["partner", "hts", "year", "period"])
    assert values.loc[("China", "8505", 2025, "year"), ["value_usd", "rows"]].tolist() == [370.0, 2]
    counted = frame[frame["measure"].eq("first unit of quantity") & frame["hts"].eq("8505")]
    assert counted[["unit", "amount"]].to_numpy().tolist() == [["kilograms", 300.0], ["number", 70.0]]


def test_partners_of_the_query_only(tmp_path: Path) -> None:
    frame = read_dataweb(query(tmp_path)).frame
    assert set(frame["partner"]) == {"China", "Chile"} and frame["note"].str.contains("no share of the world").all()
    held = frame[frame["note"].str.contains("suppressed")]
    assert held[["hts", "unit", "year"]].to_numpy().tolist() == [["2836", "tons", 2025]]


def cell(sheet: str, place: str, value: object) -> Callable[[openpyxl.Workbook], object]:
    return lambda book: setattr(book[sheet][place], "value", value)


@pytest.mark.parametrize(
    ("change", "place", "fault"),
    [
        (cell("Customs Value", "F4", 299), "Customs Value!F7", "add up to 374, the total says 375"),
        (cell("Customs Value", "F4", "300"), "Customs Value!F4", "`300` is not an amount"),
        (cell("Customs Value", "F4", -300), "Customs Value!F4", "not an amount"),
        (cell("Customs Value", "F4", None), "Customs Value!F4", "not an amount"),
        (cell("Customs Value", "F4", "=2*150"), "Customs Value!F4", "formula"),
        (cell("Customs Value", "F3", 45658), "Customs Value!F3", "`45658` is not a year"),
        (cell("Customs Value", "F3", "2026"), "Customs Value!G3", "stands twice"),
        (cell("Customs Value", "C3", "HTS"), "Customs Value!A3", "no row with the columns"),
        (cell("Customs Value", "G4", 3), "Customs Value!G3", "still running"),
        (lambda book: book["Customs Value"].delete_rows(6), "Customs Value!B2", "2 rows, 3 are stated"),
        (lambda book: book["Customs Value"].merge_cells("A4:B4"), "Customs Value!A4:B4", "merged"),
        (cell("Query Parameters", "B2", None), "Query Parameters!A1", "lacks Trade Flow"),
        (lambda book: book.remove(book["Query Parameters"]), "Query Parameters!A1", "lacks"),
    ],
)
def test_bad_cells(
    tmp_path: Path, change: Callable[[openpyxl.Workbook], object], place: str, fault: str
) -> None:  # fmt: skip
    with pytest.raises(CaseError) as caught:
        read_dataweb(query(tmp_path, change))
    found = [one for one in caught.value.faults if one.field == place and fault in one.fault]
    assert found and found[0].fix, caught.value


def test_at_the_command_line(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, ["import", "dataweb", str(query(tmp_path)), "--out", str(tmp_path / "rows.csv")])
    assert outcome.exit_code == 0 and "12 rows" in outcome.stdout, outcome.stderr


def test_dataweb_full(data_folder: Path) -> None:
    path = data_folder / "raw" / "us_trade_dataweb" / "us_imports_for_consumption_1993-2026.xlsx"
    reading = read_dataweb(path)
    frame = reading.frame
    yearly = frame[frame["period"].eq("year")]
    assert yearly["year"].max() == 2025 and sum("2026" in fault.fault for fault in reading.corrections) == 3
    assert set(frame.loc[frame["year"].eq(2026), "period"]) == {"Jan - Apr"}
    assert frame["partner"].nunique() == 18 and frame["note"].str.contains("no share of the world").all()
    values = values_of(frame)
    one = values[values["partner"].eq("China") & values["hts"].eq("8505") & values["year"].eq(2025)]
    assert one.loc[one["period"].eq("year"), "value_usd"].item() == 344_128_552 + 74_061_130
    several = values[values["rows"].gt(1) & values["period"].eq("year")]
    assert several.groupby(["partner", "hts"]).ngroups == 28
