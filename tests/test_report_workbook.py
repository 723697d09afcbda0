"""The workbook opens in a spreadsheet and holds what the results hold."""

from __future__ import annotations

from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from didymium.report.footnotes import Evidence
from didymium.report.workbook import write_workbook
from report_fixtures import make_results

if TYPE_CHECKING:
    from openpyxl import Workbook

    from didymium.case.case import Case
    from didymium.result import Result


@pytest.fixture(scope="module")
def results(us_japan: Case) -> list[Result]:
    return make_results(us_japan)


@pytest.fixture(scope="module")
def book(us_japan: Case, results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    path = tmp_path_factory.mktemp("book") / "tables.xlsx"
    write_workbook(us_japan, results, Evidence(us_japan), path, "2026-11-21")
    return openpyxl.load_workbook(Path(path))


SLIDES = ["Slide exposure USA", "Slide exposure JPN", "Slide prices", "Slide cover", "Slide plan", "Slide promises"]


def test_a_sheet_per_table(book: Workbook, results: list[Result]) -> None:
    wanted = ["Contents", *SLIDES, *(f"{r.verb}_{t}" for r in results for t in r.tables), "Sources", "Assumptions"]
    assert book.sheetnames == wanted


def test_contents_lead_to_every_sheet(book: Workbook) -> None:
    listed = [row[0].value for row in book["Contents"].iter_rows(min_row=6) if row[0].value]
    assert listed == book.sheetnames[1:]
    links = [row[0].hyperlink for row in book["Contents"].iter_rows(min_row=6) if row[0].value]
    assert all(link is not None and link.location for link in links)


def test_values_units_and_inputs(book: Workbook, results: list[Result]) -> None:
    for result in results:
        for table in result.tables.values():
            sheet = book[f"{result.verb}_{table.name}"]
            heads = [cell.value for cell in sheet[1]]
            units = [cell.value or "" for cell in sheet[2]]
            assert heads[-1] == "rests_on"
            assert units[:-1] == [table.columns[head].unit for head in heads[:-1]]
            assert sheet.max_row == len(table.frame) + 2
            assert str(sheet.freeze_panes)[-1] == "3"
            for place, head in enumerate(heads):
                first = table.frame[head].iloc[0]
                shown = sheet.cell(3, place + 1).value
                if isinstance(first, bool) or str(table.frame[head].dtype) == "bool":
                    assert shown in ("yes", "no")
                elif isinstance(first, float) and first != first:
                    assert shown is None
                elif isinstance(first, Real):
                    assert shown == pytest.approx(first)
                else:
                    assert (shown or "") == str(first)


def test_sources_are_graded_and_assumptions_coloured(book: Workbook) -> None:
    grades = [row[1].value for row in book["Sources"].iter_rows(min_row=2)]
    assert grades and set(grades) <= set("ABCD") and grades == sorted(grades)
    for row in book["Assumptions"].iter_rows(min_row=2):
        assert row[2].fill.fgColor.rgb == "FFFDF1DC"
        low, value, high = row[3].value, row[2].value, row[4].value
        assert low <= value <= high


def test_text_that_looks_like_a_formula_stays_text(us_japan: Case, results: list[Result], tmp_path: Path) -> None:
    tracked = results[-1]
    tracked["evidence"].loc[0, "what"] = "=1+1"
    write_workbook(us_japan, [tracked], Evidence(us_japan), tmp_path / "t.xlsx", "2026-11-21")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["track_evidence"]
    place = [cell.value for cell in sheet[1]].index("what") + 1
    assert sheet.cell(3, place).data_type == "s" and sheet.cell(3, place).value == "=1+1"


@pytest.mark.parametrize("name", SLIDES)
def test_a_slide_is_ready_to_show(book: Workbook, name: str) -> None:
    """A title, heads with units, a native chart that reads the cells, the sources, and one page of paper."""
    sheet = book[name]
    title, subtitle = sheet["A1"].value, sheet["A2"].value
    assert title and subtitle and sheet.freeze_panes == "B6"
    heads = [cell.value for cell in sheet[4] if cell.value]
    numbers = [cell for cell in sheet[6] if isinstance(cell.value, (int, float))]
    assert len(heads) >= 2 and numbers
    for cell in numbers:
        assert sheet.cell(5, cell.column).value, "a number has a unit above it"
        assert cell.number_format in ("0%", "#,##0", "#,##0.0")
    (chart,) = sheet._charts
    last = max(cell.row for cell in sheet["B"] if cell.value is not None)
    for series in chart.series:
        column = series.val.numRef.f.split("$")[1]
        assert series.val.numRef.f == f"'{name}'!${column}$6:${column}${last}"
        assert series.cat.strRef.f == f"'{name}'!$A$6:$A${last}" and sheet[f"{column}4"].value in heads
        assert sheet[f"{column}6"].value is not None
    assert chart.title is not None and {chart.x_axis.title is None, chart.y_axis.title is None} == {True, False}
    said = " ".join(str(cell.value) for cell in sheet["A"] if cell.value)
    assert "documents (by grade:" in said and "Sources: " in said and "2026-11-21" in said
    page = sheet.page_setup
    assert page.orientation == "landscape" and page.fitToHeight in (None, 1) and sheet.sheet_properties.pageSetUpPr
    assert all(len(str(cell.value)) <= 130 for cell in sheet["A"] if cell.value)


def test_the_numbers_of_a_slide_are_those_of_the_result(book: Workbook, results: list[Result]) -> None:
    by_verb = {result.verb: result for result in results}
    compare = by_verb["plan"]["compare"].set_index("who")
    shown = [[cell.value for cell in row[:4]] for row in book["Slide plan"].iter_rows(min_row=6, max_row=9)]
    stated = compare[["public_cost", "gain_usa", "gain_jpn"]].to_numpy().tolist()
    assert [row[1:] for row in shown] == stated
    states = by_verb["track"]["commitments"]["status"].value_counts()
    assert {row[0].value: row[1].value for row in book["Slide promises"].iter_rows(min_row=6) if row[1].value} == {
        str(name).replace("_", " "): count for name, count in states.items()
    }
    covers = [row[1].value for row in book["Slide cover"].iter_rows(min_row=6, max_row=13)]
    assert covers == sorted(covers) and covers[0] == by_verb["shock"]["cover"]["days_at_start"].min()
