"""Sheets that are ready for a talk: one message each, a short table, its native chart, units and the sources behind it.

The charts are Excel's own and read the cells beside them, so that whoever presents them may restyle or correct them.
Each sheet prints on one page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from didymium.messages import N_, _
from didymium.report.figures.style import BLUE, GREEN, ORANGE, PINK, RED, SKY, name_of, short_name
from didymium.report.figures.timeline import outside_prices
from didymium.report.figures.waterfall import who_name
from didymium.report.footnotes import ASSUMPTION, count_grades
from didymium.report.names import labelled, ranked, scenario_title

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.report.footnotes import Evidence
    from didymium.result import Result

ROWS = 8
"""Rows of a table that is compared; a table over time has a row per month."""
LINES = 5
"""Lines of a chart over time."""
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


_FORESIGHT = {
    "none": N_("each month believes that today's measures stay"),
    "perfect": N_("every measure is foreseen"),
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


def slides(case: Case, results: Mapping[str, Result]) -> list[Slide]:
    """Return the slides that the results have something to say for."""
    found: list[Slide] = []
    if "screen" in results:
        found += _exposure(case, results["screen"])
    if "shock" in results:
        found += [*_prices(case, results["shock"]), *_cover(case, results["shock"])]
    if "plan" in results:
        found += _gains(case, results["plan"])
    if "track" in results:
        found += _promises(results["track"])
    return found


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


def _keys(cells: Iterable[object]) -> list[str]:
    return [key for cell in cells for key in str(cell).split(";") if key]


def _exposure(case: Case, screened: Result) -> Iterator[Slide]:
    """Yield one slide per participant: the most exposed commodities."""
    for participant in case.participants:
        rows = ranked(case, screened["exposure"], participant)
        rows = rows[rows["import_share"].notna()].head(ROWS)
        if rows.empty:
            continue
        where = name_of(case, "regions", participant)
        names = [
            labelled(case, str(e), str(c), short=True) for e, c in zip(rows["element"], rows["commodity"], strict=True)
        ]
        cells = [
            (name, name_of(case, "regions", str(maker)) if maker else "", top, imported, others)
            for name, maker, top, imported, others in zip(
                names, rows["top1_region"], rows["top1"], rows["import_share"], rows["n_minus_1"], strict=True
            )
        ]
        heads = (
            Head(_("Commodity")),
            Head(_("Largest maker")),
            Head(_("Its share"), _("share"), "0%"),
            Head(_("Imported"), _("share of use"), "0%"),
            Head(_("Others could cover"), _("share of need"), "0%"),
        )
        yield Slide(
            _("Slide exposure {region}").format(region=participant),
            _("{region}: where one maker decides").format(region=where),
            _("Most exposed first; base year {year}").format(year=case.settings["base_year"]),
            heads,
            cells,
            (2, 3, 4),
            "bar",
            _keys(rows["rests_on"]),
        )


def _prices(case: Case, shocked: Result) -> Iterator[Slide]:
    """Yield the prices outside the controlling country, month by month."""
    rows = outside_prices(case, shocked)
    rows = rows[rows["foresight"].eq(rows["foresight"].iloc[0])] if len(rows) else rows
    if rows.empty:
        return
    peaks = rows.groupby("commodity")["multiple"].max().sort_values(ascending=False)
    chosen = list(peaks.index[:LINES])
    wide = rows[rows["commodity"].isin(chosen)].pivot(index="month", columns="commodity", values="multiple")
    heads = [Head(_("Month"))]
    heads += [Head(short_name(case, str(name)), _("× base"), "0.0") for name in chosen]
    cells = [(str(month), *(float(wide.loc[month, name]) for name in chosen)) for month in wide.index]
    scenario = scenario_title(case, shocked)
    yield Slide(
        _("Slide prices"),
        _("Prices outside {controller}: the five that rise most").format(
            controller=name_of(case, "regions", case.controller)
        ),
        _("{scenario}; dearest participant; {foresight}").format(
            scenario=scenario, foresight=_(_FORESIGHT.get(str(rows["foresight"].iloc[0]), ""))
        ),
        heads,
        cells,
        tuple(range(1, len(heads))),
        "line",
        _keys(rows.loc[rows["commodity"].isin(chosen), "rests_on"].unique().tolist()),
    )


def _cover(case: Case, shocked: Result) -> Iterator[Slide]:
    """Yield the days of cover at the start, the fewest first."""
    rows = shocked["cover"]
    rows = rows[rows["foresight"].eq(rows["foresight"].iloc[0]) & rows["region"].isin(case.participants)]
    rows = rows[rows["days_at_start"].notna()].sort_values("days_at_start", kind="stable").head(ROWS)
    if rows.empty:
        return
    cells = [
        (
            f"{short_name(case, str(row['commodity']))}, {row['region']}",
            *(float(row[name]) for name in ("days_at_start", "days_low", "days_high", "lowest_days")),
        )
        for row in rows.to_dict("records")
    ]
    heads = (
        Head(_("Stock")),
        Head(_("At the start"), _("days of use"), "0"),
        Head(_("Low end"), _("days of use"), "0"),
        Head(_("High end"), _("days of use"), "0"),
        Head(_("Lowest in the shock"), _("days of use"), "0"),
    )
    yield Slide(
        _("Slide cover"),
        _("How long stocks last: the shortest cover"),
        scenario_title(case, shocked),
        heads,
        cells,
        (1, 4),
        "bar",
        _keys(rows["rests_on"]),
    )


def _gains(case: Case, planned: Result) -> Iterator[Slide]:
    """Yield what each plan costs and who gains."""
    rows = planned["compare"]
    members = [name for name in case.participants if f"gain_{name.lower()}" in rows]
    if rows.empty or not members:
        return
    heads = [Head(_("Who plans")), Head(_("Public cost"), _("million USD"), "0")]
    heads += [
        Head(_("Gain of {region}").format(region=name_of(case, "regions", name)), _("million USD"), "0")
        for name in members
    ]
    cells = [
        (
            who_name(case, str(row["who"])),
            float(row["public_cost"]),
            *(float(row[f"gain_{name.lower()}"]) for name in members),
        )
        for row in rows.to_dict("records")
    ]
    yield Slide(
        _("Slide plan"),
        _("Alone or together: what it costs and who gains"),
        _("Against doing nothing, under the cut `{scenario}`").format(
            scenario=planned.manifest.get("options", {}).get("scenario", "")
        ),
        heads,
        cells,
        tuple(range(1, len(heads))),
        "column",
        _keys(rows["rests_on"]),
    )


def _promises(tracked: Result) -> Iterator[Slide]:
    """Yield how many commitments stand on each rung of the ladder."""
    rows = tracked["commitments"]
    counts = rows.groupby("status", sort=False).size().sort_values(ascending=False)
    if counts.empty:
        return
    cells = [(str(status).replace("_", " "), int(count)) for status, count in counts.items()]
    yield Slide(
        _("Slide promises"),
        _("Where the promises stand"),
        _("Number of commitments on each rung, {day}; silence is not failure").format(
            day=tracked.manifest.get("options", {}).get("as_of", "")
        ),
        (Head(_("Rung")), Head(_("Commitments"), _("number"), "0")),
        cells,
        (1,),
        "bar",
        _keys(rows["rests_on"]),
    )
