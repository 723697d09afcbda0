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


def test_a_sheet_per_table(book: Workbook, results: list[Result]) -> None:
    wanted = ["Contents", *(f"{r.verb}_{t}" for r in results for t in r.tables), "Sources", "Assumptions"]
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
