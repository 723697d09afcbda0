"""One slide of a workbook: its table, its chart of Excel's own, its notes, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from didymium.messages import _
from didymium.report.figures.style import BLUE, GREEN, ORANGE, PINK, RED, SKY
from didymium.report.footnotes import ASSUMPTION, count_grades

if TYPE_CHECKING:
    from didymium.report.footnotes import Evidence

CITED = 3
"""Sources named below a table; the others are counted."""

_TALL = 20
"""Height of a chart in rows."""
_WIDE = 130
"""Letters of a line below a table."""

_COLOURS = (BLUE, RED, GREEN, PINK, SKY, ORANGE)
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 20, "font_color": "#0b5a8a"},
    "subtitle": {"font_size": 12, "font_color": "#5c6b7a"},
    "head": {
        "bold": True,
        "font_size": 11,
        "font_color": "#ffffff",
        "bg_color": "#0b5a8a",
        "text_wrap": True,
        "valign": "vcenter",
        "align": "center",
    },
    "unit": {"italic": True, "font_size": 10, "font_color": "#5c6b7a", "bg_color": "#eef1f4", "align": "center"},
    "text": {"font_size": 11, "bottom": 4, "bottom_color": "#9aa5b1"},
    "0%": {"font_size": 11, "num_format": "0%", "bottom": 4, "bottom_color": "#9aa5b1"},
    "0": {"font_size": 11, "num_format": "#,##0", "bottom": 4, "bottom_color": "#9aa5b1"},
    "0.0": {"font_size": 11, "num_format": "#,##0.0", "bottom": 4, "bottom_color": "#9aa5b1"},
    "note": {"font_size": 9, "font_color": "#5c6b7a"},
}


@dataclass(frozen=True)
class Head:
    """A column of a slide: what it says, its unit, and the format of its numbers ("text" where it has none)."""

    text: str
    unit: str = ""
    look: str = "text"


@dataclass(frozen=True)
class Slide:
    """One sheet.

    Parameters
    ----------
    name : str
        Short name of the sheet.
    title, subtitle : str
        What it says, and of what and when.
    heads : sequence of Head
        Columns.
    rows : sequence of sequence
        Cells; None where nothing is known.
    charted : sequence of int
        Columns that are drawn against the first.
    kind : str
        Chart of xlsxwriter: ``bar``, ``column`` or ``line``.
    rests_on : sequence of str
        Input rows behind it.
    """

    name: str
    title: str
    subtitle: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Any]]
    charted: Sequence[int]
    kind: str
    rests_on: Sequence[str]


def write_slides(book: Any, drawn: Sequence[Slide], evidence: Evidence, as_of: str) -> None:
    """Write the slides as sheets of a workbook of xlsxwriter.

    Parameters
    ----------
    book : xlsxwriter.Workbook
        The workbook.
    drawn : sequence of Slide
        What :func:`slides` returns.
    evidence : Evidence
        The references behind the rows.
    as_of : str
        The day of the brief.
    """
    looks = {name: book.add_format({"font_name": "Calibri"} | look) for name, look in _FORMATS.items()}
    for slide in drawn:
        sheet = book.add_worksheet(slide.name)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, slide.title, looks["title"])
        sheet.write_string(1, 0, slide.subtitle, looks["subtitle"])
        sheet.set_row(0, 30)
        sheet.set_row(3, 34)
        for place, head in enumerate(slide.heads):
            widest = max((len(str(row[place])) for row in slide.rows if head.look == "text"), default=0)
            sheet.set_column(place, place, min(max(widest + 2, 13), 38))
            sheet.write_string(3, place, head.text, looks["head"])
            sheet.write_string(4, place, head.unit, looks["unit"])
            for number, row in enumerate(slide.rows, 5):
                _write(sheet, number, place, row[place], looks[head.look])
        last = 4 + len(slide.rows)
        beside = slide.kind == "line"  # a table over time is long, and its chart stands beside it
        _chart(book, sheet, slide, last, (3, len(slide.heads)) if beside else (last + 2, 0))
        end = max(last, 4 + _TALL) if beside else last + 2 + _TALL
        for number, line in enumerate(_notes(slide, evidence, as_of), end + 2):
            sheet.write_string(number, 0, line, looks["note"])
        sheet.freeze_panes(5, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(0.4, 0.4, 0.5, 0.5)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 1)
        sheet.set_footer(f"&L&8didymium, {as_of}&R&8&A")


def _write(sheet: Any, row: int, place: int, value: Any, look: Any) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        sheet.write_blank(row, place, None, look)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, place, value, look)
    else:
        sheet.write_string(row, place, str(value), look)


def _chart(book: Any, sheet: Any, slide: Slide, last: int, place: tuple[int, int]) -> None:
    """Draw the charted columns with their top left corner in a place."""
    chart = book.add_chart({"type": slide.kind})
    for colour, column in zip(_COLOURS, slide.charted, strict=False):
        look: dict[str, Any] = {"color": colour, "width": 2.25} if slide.kind == "line" else {"none": True}
        series = {
            "name": [slide.name, 3, column],
            "categories": [slide.name, 5, 0, last, 0],
            "values": [slide.name, 5, column, last, column],
            "line": look,
        }
        chart.add_series(series if slide.kind == "line" else {**series, "fill": {"color": colour}, "gap": 60})
    first = slide.heads[slide.charted[0]]
    shown = {"0%": "0%", "0": "#,##0", "0.0": "0.0"}[first.look]
    unit: dict[str, Any] = {
        "name": first.unit,
        "name_font": {"size": 10, "bold": False},
        "num_format": shown,
        "major_gridlines": {"visible": True, "line": {"color": "#d5dbe1"}},
    }
    if first.look == "0%":
        unit |= {"min": 0, "max": 1}
    named: dict[str, Any] = {"num_font": {"size": 10}, "label_position": "low", "interval_unit": 1}
    # in a bar chart the categories run from below: turned, they stand in the order of the table
    chart.set_x_axis(unit if slide.kind == "bar" else named)
    chart.set_y_axis(named | {"reverse": True} if slide.kind == "bar" else unit)
    chart.set_title({"name": slide.title, "name_font": {"size": 13, "bold": True, "color": "#0b5a8a"}})
    chart.set_legend({"position": "bottom"} if len(slide.charted) > 1 else {"none": True})
    chart.set_size({"width": 820, "height": 20 * _TALL})
    sheet.insert_chart(*place, chart, {"x_offset": 12, "description": slide.title})


def _notes(slide: Slide, evidence: Evidence, as_of: str) -> Iterator[str]:
    """Yield the lines below a table: what it rests on. A line as wide as it likes would make the page small."""
    from textwrap import wrap

    references = evidence.of(list(dict.fromkeys(slide.rests_on)))
    sources = [reference for reference in references if reference.grade != ASSUMPTION]
    grades = ", ".join(f"{grade} {count}" for grade, count in count_grades(sources).items())
    yield _("Rests on {sources} documents (by grade: {grades}) and {assumptions} assumptions. As of {day}.").format(
        sources=len(sources), grades=grades or _("none"), assumptions=len(references) - len(sources), day=as_of
    )
    cited = sorted(sources, key=lambda reference: reference.grade)[:CITED]
    named = "; ".join(f"{source.title} ({source.publisher}, {source.date})" for source in cited)
    if named:
        rest = len(sources) - len(cited)
        more = _("; and {count} more").format(count=rest) if rest else ""
        yield from wrap(_("Sources: {named}{more}").format(named=named, more=more), _WIDE)
    yield _("All of them stand in the sheets Sources and Assumptions. Made by didymium; a model, not a forecast.")
