"""tables.xlsx: sheets to show, every table of every result, its units, and the sources and assumptions behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter

from didymium.case.schema import GRADES
from didymium.messages import _
from didymium.report.footnotes import ASSUMPTION, Reference, count_grades
from didymium.report.grades import inputs_of
from didymium.report.slide import write_slides
from didymium.report.slides import slides
from didymium.result import RESTS_ON

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.report.footnotes import Evidence
    from didymium.result import Result, ResultTable

_FORMATS: dict[str, dict[str, Any]] = {
    "head": {
        "bold": True,
        "font_color": "#ffffff",
        "bg_color": "#0b5a8a",
        "text_wrap": True,
        "valign": "vcenter",
        "border": 1,
        "border_color": "#0b5a8a",
    },
    "unit": {"italic": True, "font_color": "#5c6b7a", "bg_color": "#eef1f4", "bottom": 1, "bottom_color": "#9aa5b1"},
    "text": {"valign": "top"},
    "wrap": {"text_wrap": True, "valign": "top"},
    "small": {"font_color": "#9aa5b1", "valign": "top"},
    "whole": {"num_format": "#,##0", "valign": "top"},
    "one": {"num_format": "#,##0.0", "valign": "top"},
    "two": {"num_format": "#,##0.00", "valign": "top"},
    "fine": {"num_format": "0.0000", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "year": {"num_format": "0", "valign": "top"},
    "title": {"bold": True, "font_size": 16, "font_color": "#0b5a8a"},
    "link": {"font_color": "#0b5a8a", "underline": 1, "valign": "top"},
    "assumed": {"bg_color": "#fdf1dc", "text_wrap": True, "valign": "top"},
    "assumed_number": {"bg_color": "#fdf1dc", "num_format": "General", "valign": "top"},
    "A": {"bg_color": "#d8ecdf", "align": "center", "valign": "top"},
    "B": {"bg_color": "#e6f1f8", "align": "center", "valign": "top"},
    "C": {"bg_color": "#fbe9cf", "align": "center", "valign": "top"},
    "D": {"bg_color": "#f6d5c6", "align": "center", "valign": "top"},
}
_SHARES = frozenset({"share", "hhi", "top1", "top3", "import_share", "short_share", "used", "misfit", "n_minus_1"})
_LONG = 60


def write_workbook(case: Case, results: Sequence[Result], evidence: Evidence, path: Path, as_of: str) -> None:
    """Write the workbook.

    Parameters
    ----------
    case : Case
        For its title, sources and assumptions.
    results : sequence of Result
        One sheet per table.
    evidence : Evidence
        The references behind the rows.
    path : Path
        File to write.
    as_of : str
        The day of the brief.
    """
    with xlsxwriter.Workbook(
        str(path), {"nan_inf_to_errors": False, "strings_to_urls": False, "strings_to_formulas": False}
    ) as book:
        book.set_properties(
            {
                "title": str(case.settings.get("title", case.name)),
                "comments": _("Made by didymium, as of {day}").format(day=as_of),
            }
        )
        book.set_size(2400, 1500)
        formats = {
            name: book.add_format({"font_name": "Calibri", "font_size": 10} | look) for name, look in _FORMATS.items()
        }
        contents = book.add_worksheet(_("Contents"))
        drawn = slides(case, {result.verb: result for result in results})
        write_slides(book, drawn, evidence, as_of)
        listed: list[tuple[str, str, int, Result | None]] = [
            (slide.name, _("{title} (ready to show, with a chart)").format(title=slide.title), len(slide.rows), None)
            for slide in drawn
        ]
        for result in results:
            for table in result.tables.values():
                name = f"{result.verb}_{table.name}"[:31]
                _result_sheet(book.add_worksheet(name), table, formats)
                listed.append((name, table.title, len(table.frame), result))
        cited = evidence.of(inputs_of({r.verb: r for r in results}))
        sources = [r for r in cited if r.grade != ASSUMPTION]
        assumed = [r for r in cited if r.grade == ASSUMPTION]
        _source_sheet(book.add_worksheet(_("Sources")), sources, formats)
        _assumption_sheet(book.add_worksheet(_("Assumptions")), case, assumed, formats)
        listed.append((_("Sources"), _("Documents behind these tables, with grades"), len(sources), None))
        listed.append((_("Assumptions"), _("Numbers that no source gives, with bands and reasons"), len(assumed), None))
        _contents(contents, case, listed, cited, formats, as_of)


def _contents(
    sheet: Any,
    case: Case,
    listed: list[tuple[str, str, int, Result | None]],
    cited: list[Reference],
    formats: dict[str, Any],
    as_of: str,
) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 62)
    sheet.set_column(2, 2, 10)
    sheet.set_column(3, 3, 60)
    sheet.write(0, 0, str(case.settings.get("title", case.name)), formats["title"])
    grades = ", ".join(f"{grade} {count}" for grade, count in count_grades(cited).items())
    sheet.write(
        1,
        0,
        _("As of {day}. Case {case}, inputs {digest}. References by grade: {grades}.").format(
            day=as_of, case=case.name, digest=case.digest[:12], grades=grades
        ),
        formats["text"],
    )
    sheet.write(
        2,
        0,
        _(
            "Units stand below each head. The last column names the input rows that a row rests on, as table/key; "
            "they stand in the case."
        ),
        formats["text"],
    )
    sheet.write(
        3,
        0,
        _(
            "Basis: oxides and metals, and their prices, by tonne or kilogram of element; ores by rare-earth oxide; "
            "alloys and magnets gross. A source's own figures stand in the case as it gives them."
        ),
        formats["text"],
    )
    for column, head in enumerate((_("Sheet"), _("What it holds"), _("Rows"), _("Run"))):
        sheet.write(4, column, head, formats["head"])
    for row, (name, title, count, result) in enumerate(listed, 5):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", formats["link"], name)
        sheet.write(row, 1, title, formats["text"])
        sheet.write(row, 2, count, formats["whole"])
        if result is not None:
            options = ", ".join(f"{k}={v}" for k, v in dict(result.manifest.get("options", {})).items())
            sheet.write(
                row,
                3,
                _("{verb}, made {made}: {options}").format(
                    verb=result.verb, made=str(result.manifest.get("made", "–")), options=options or "–"
                ),
                formats["small"],
            )
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(5, 0)


def _result_sheet(sheet: Any, table: ResultTable, formats: dict[str, Any]) -> None:
    frame = table.frame
    columns = [c for c in frame.columns if c != RESTS_ON] + [RESTS_ON]
    sheet.set_row(0, 30)
    for place, column in enumerate(columns):
        declared = table.columns.get(column)
        sheet.write(0, place, column, formats["head"])
        sheet.write(1, place, declared.unit if declared else _("input rows"), formats["unit"])
        if declared and declared.meaning:
            sheet.write_comment(0, place, declared.meaning, {"x_scale": 1.6, "y_scale": 0.7})
        look, width = _look(frame[column], column, declared.unit if declared else "")
        sheet.set_column(place, place, width)
        form = formats["small"] if column == RESTS_ON else formats[look]
        for row, value in enumerate(frame[column].tolist(), 2):
            _cell(sheet, row, place, value, form)
    sheet.freeze_panes(2, len(table.key) if len(table.key) <= 3 else 1)
    if len(frame):
        sheet.autofilter(1, 0, len(frame) + 1, len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)


def _look(values: pd.Series, column: str, unit: str) -> tuple[str, float]:
    """Format and width of a column, from what it holds."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        longest = max((len(str(v)) for v in values.head(400)), default=0)
        return ("wrap" if longest > _LONG else "text"), float(min(max(longest, len(column)) + 2, 46))
    width = float(max(len(column) + 3, 11))
    if column == "year":
        return "year", 9.0
    if unit in ("ratio", "share", "percent") and column in _SHARES:
        return "share", width
    top = values.abs().max()
    if column == "gap" or (unit != "" and math.isfinite(top) and 0 < top < 0.1):
        return "fine", width
    if pd.api.types.is_integer_dtype(values) or unit in ("days",) or top >= 10_000:
        return "whole", width
    return ("one" if top >= 100 else "two"), width


def _cell(sheet: Any, row: int, place: int, value: Any, form: Any) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        sheet.write_blank(row, place, None, form)
    elif isinstance(value, bool):
        sheet.write_string(row, place, _("yes") if value else _("no"), form)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, place, value, form)
    else:
        sheet.write_string(row, place, str(value)[:32_000], form)


def _source_sheet(sheet: Any, sources: list[Reference], formats: dict[str, Any]) -> None:
    heads = (
        (_("source"), 26),
        (_("grade"), 8),
        (_("title"), 60),
        (_("publisher"), 30),
        (_("date"), 12),
        (_("address"), 70),
    )
    for place, (head, width) in enumerate(heads):
        sheet.write(0, place, head, formats["head"])
        sheet.set_column(place, place, width)
    for row, reference in enumerate(sorted(sources, key=lambda r: (GRADES.index(r.grade), r.key)), 1):
        sheet.write_string(row, 0, reference.key.removeprefix("sources/"), formats["text"])
        sheet.write_string(row, 1, reference.grade, formats[reference.grade])
        for place, text in enumerate((reference.title, reference.publisher, reference.date), 2):
            sheet.write_string(row, place, text, formats["wrap"])
        sheet.write_string(row, 5, reference.address, formats["link"])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(sources), 1), len(heads) - 1)


def _assumption_sheet(sheet: Any, case: Case, assumed: list[Reference], formats: dict[str, Any]) -> None:
    heads = (
        (_("assumption"), 30),
        (_("topic"), 40),
        (_("value"), 14),
        (_("low"), 14),
        (_("high"), 14),
        (_("unit"), 12),
        (_("reason"), 80),
        (_("date"), 12),
    )
    for place, (head, width) in enumerate(heads):
        sheet.write(0, place, head, formats["head"])
        sheet.set_column(place, place, width)
    rows = {str(row["_row"]): row for row in case["assumptions"].to_dict("records")}
    for row, reference in enumerate(sorted(assumed, key=lambda r: r.key), 1):
        found = rows[reference.key]
        for place, name in enumerate(("assumption", "topic", "value", "low", "high", "unit", "reason", "date")):
            number = name in ("value", "low", "high")
            _cell(
                sheet,
                row,
                place,
                float(found[name]) if number else found[name],
                formats["assumed_number" if number else "assumed"],
            )
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(assumed), 1), len(heads) - 1)
