"""Writing a case as a workbook from the schema: one sheet per table, with notes, drop-down lists and colours.

Cells hold what the files say, not what the model makes of it, so that reading the workbook gives the same case.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.case.case import Case, find_case
from didymium.case.excel_read import ABOUT, ESCAPES, LISTS, SCENARIOS, SCENARIOS_HEADER, SETTINGS, SETTINGS_HEADER
from didymium.case.files import CaseFiles, number_text, open_files
from didymium.case.read import LINE, frame_of
from didymium.case.reference import holds
from didymium.case.schema import Field, Kind, Table
from didymium.case.tables import TABLES
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

_CELL = 32_767
"""Characters that a cell of Excel holds."""
_LIST = 255
"""Characters that a drop-down list may have in its own cell."""
_SPARE = 500
"""Rows below the last one that have drop-down lists and colours too."""
_LOOKS: dict[str, dict[str, Any]] = {
    "required": {"bold": True, "font_color": "#ffffff", "bg_color": "#0b5a8a", "border": 1},
    "optional": {"font_color": "#0b5a8a", "bg_color": "#dbe8f1", "border": 1},
    "text": {"num_format": "@", "valign": "top"},
    "number": {"valign": "top"},
    "assumed": {"bg_color": "#fdf1dc"},
    "title": {"bold": True, "font_size": 16, "font_color": "#0b5a8a"},
    "plain": {"valign": "top"},
    "link": {"font_color": "#0b5a8a", "underline": 1, "valign": "top"},
    "code": {"num_format": "@", "font_name": "Consolas"},
}


def export_case(case: str | Path | Case, file: str | Path) -> Path:
    """Write a case to a workbook. All or nothing.

    Parameters
    ----------
    case : str, Path or Case
        A case, or the name, folder or workbook of one. Its cells need not pass the checks: a workbook is a good place
        to mend them.
    file : str or Path
        A new file that ends in ``.xlsx``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CaseError
        A table that cannot be read, or a text longer than a cell of Excel holds.
    DidymiumError
        The file exists, has another ending or cannot be written, or the case is read otherwise than its files say.
    """
    path = Path(file).expanduser().resolve()
    if path.suffix.lower() != ".xlsx":
        raise DidymiumError(_("{file} does not end in .xlsx -> name a file that does").format(file=path))
    if path.exists():
        raise DidymiumError(_("{file} is there already -> name a new file, or remove it").format(file=path))
    if isinstance(case, Case) and case.variant:
        raise DidymiumError(_("the case is read otherwise ({variant}) -> export it as its files say").format(
            variant=case.variant))  # fmt: skip
    files = case.files if isinstance(case, Case) else open_files(find_case(case))
    with files.placing():
        frames, texts = _frames(files), _texts(files)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".xlsx", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            _Writer(part, frames, texts, files.path.stem).write()
            part.chmod(0o644)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DidymiumError(
            _("{file} cannot be written: {error}").format(file=path, error=error.strerror or error)
        ) from None
    return path


def _frames(files: CaseFiles) -> dict[str, pd.DataFrame]:
    """Return every table as text; a table that the case lacks has no rows."""
    import pandas as pd

    faults = list(files.faults)
    frames = {}
    for name, table in TABLES.items():
        frames[name] = pd.DataFrame(columns=[*table.columns, LINE], dtype=str)
        grid = files.grid(table, faults) if files.holds(name) else None
        frame = None if grid is None else frame_of(grid, f"{name}.csv", table, faults)
        if frame is None:
            continue
        frames[name] = frame
        for column in table.columns:
            for line, text in zip(frame[LINE].tolist(), frame[column].tolist(), strict=True):
                if ESCAPES.search(text):
                    what = _("`{text}` is how a workbook writes a control character").format(
                        text=ESCAPES.findall(text)[0]
                    )
                    faults.append(Fault(f"{name}.csv", str(line), column, what, _("write it otherwise")))
                if len(text) > _CELL:
                    what = _("{count} characters are more than a cell of Excel holds").format(count=len(text))
                    faults.append(Fault(f"{name}.csv", str(line), column, what, _("shorten the text")))
    if faults:
        raise CaseError(faults)
    return frames


def _texts(files: CaseFiles) -> dict[str, str]:
    """Return the settings (under an empty name) and the scenarios as text."""
    names = {"": "case.toml"} | {name: f"scenarios/{name}.toml" for name in files.scenarios()}
    texts, faults = {}, []
    for name, file in names.items():
        try:
            texts[name] = (files.scenario(name) if name else files.settings()) or ""
        except UnicodeDecodeError as error:
            faults.append(Fault(file, "", "", str(error), _("save it as UTF-8")))
            continue
        if any(len(line) > _CELL for line in texts[name].split("\n")):
            faults.append(Fault(file, "", "", _("a line is longer than a cell of Excel holds"), _("break it in two")))
    if faults:
        raise CaseError(faults)
    return texts


class _Writer:
    """Writes one workbook."""

    def __init__(self, path: Path, frames: dict[str, pd.DataFrame], texts: dict[str, str], name: str) -> None:
        import xlsxwriter

        self.frames = frames
        self.texts = texts
        self.name = name
        safe = {"strings_to_urls": False, "strings_to_formulas": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(path), safe)
        self.looks = {name: self.book.add_format({"font_size": 10} | look) for name, look in _LOOKS.items()}
        self.decimals: dict[int, Any] = {}
        self.listed: dict[str, str] = {}

    def write(self) -> None:
        """Write all sheets and close the file."""
        with self.book:
            about = self.book.add_worksheet(ABOUT)
            settings = self.book.add_worksheet(SETTINGS)
            sheets = {name: self.book.add_worksheet(name) for name in TABLES}
            scenarios = self.book.add_worksheet(SCENARIOS)
            self.lists = self.book.add_worksheet(LISTS)
            for name, sheet in sheets.items():
                self._table(sheet, TABLES[name], self.frames[name])
            self._text(settings, SETTINGS_HEADER, [(line,) for line in _lines(self.texts[""])])
            rows = [(name, line) for name, text in self.texts.items() if name for line in _lines(text)]
            self._text(scenarios, SCENARIOS_HEADER, rows)
            self.lists.hide()
            self._about(about)

    def _about(self, sheet: Any) -> None:
        sheet.hide_gridlines(2)
        for place, width in enumerate((18, 12, 8, 100)):
            sheet.set_column(place, place, width)
        sheet.write_string(0, 0, _("Case {name}").format(name=self.name), self.looks["title"])
        said = (
            _("A case of didymium, a sheet per table. Edit it, then run `didymium check FILE`, or any other command."),
            _("`didymium import xlsx FILE FOLDER` turns it into a folder of CSV files."),
            _("Row 1 names the columns; the note of each says what it means and holds. Leave the names as they are."),
            _("Write values only: no formulas, no merged cells. An empty cell is withheld or unknown, never zero."),
            _("Write dates as text. Sheets whose name begins with _ are your own and are not read."),
        )
        for row, text in enumerate(said, 1):
            sheet.write_string(row, 0, text, self.looks["plain"])
        row = len(said) + 2
        sheet.write_string(row, 0, _("required"), self.looks["required"])
        sheet.write_string(row, 1, _("the column must be filled in"), self.looks["plain"])
        sheet.write_string(row + 1, 0, _("optional"), self.looks["optional"])
        sheet.write_string(row + 1, 1, _("the cell may stay empty"), self.looks["plain"])
        sheet.write_string(row + 2, 0, _("assumption"), self.looks["assumed"])
        sheet.write_string(row + 2, 1, _("the row rests on an assumption: no source gives it"), self.looks["plain"])
        row += 4
        for place, head in enumerate((_("Sheet"), _("Needed"), _("Rows"), _("Holds"))):
            sheet.write_string(row, place, head, self.looks["required"])
        lines = [(SETTINGS, True, len(_lines(self.texts[""])), _("The settings of the case, as in case.toml."))]
        lines += [(name, t.required, len(self.frames[name]), _(t.meaning)) for name, t in TABLES.items()]
        lines.append((SCENARIOS, False, len(self.texts) - 1, _("The scenarios of the case, line by line.")))
        for at, (name, required, count, meaning) in enumerate(lines, row + 1):
            sheet.write_url(at, 0, f"internal:'{name}'!A1", self.looks["link"], name)
            sheet.write_string(at, 1, _("required") if required else _("optional"), self.looks["plain"])
            sheet.write_number(at, 2, count, self.looks["plain"])
            sheet.write_string(at, 3, meaning, self.looks["plain"])

    def _text(self, sheet: Any, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Write lines of text as they are."""
        for place, head in enumerate(header):
            sheet.write_string(0, place, head, self.looks["required"])
            sheet.set_column(place, place, 28 if place < len(header) - 1 else 120, self.looks["code"])
        for row, cells in enumerate(rows, 1):
            for place, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, place, cell, self.looks["code"])
        sheet.freeze_panes(1, 0)

    def _table(self, sheet: Any, table: Table, frame: pd.DataFrame) -> None:
        last = len(frame) + _SPARE
        for place, field in enumerate(table.fields):
            numeric = field.kind in (Kind.NUMBER, Kind.INTEGER)
            cells: list[str] = frame[field.name].tolist()
            look = self.looks["number" if numeric else "text"]
            widest = max((len(cell) for cell in cells), default=0)
            sheet.set_column(place, place, min(max(len(field.name) + 4, widest + 2), 46), look)
            sheet.write_string(0, place, field.name, self.looks["required" if field.required else "optional"])
            note = f"{_(field.meaning)}\n{holds(field)}\n{_('required') if field.required else _('optional')}"
            sheet.write_comment(0, place, note, {"x_scale": 2, "y_scale": 1.2})
            for row, cell in enumerate(cells, 1):
                if numeric and cell:
                    self._number(sheet, row, place, cell)
                elif cell:
                    sheet.write_string(row, place, cell, look)
            self._choices(sheet, place, last, field)
            if field.refers == "sources|assumptions":
                letter = _letter(place)
                rule = f'=AND(${letter}2<>"",COUNTIF({_column("assumptions")},${letter}2)>0)'
                whole = (1, 0, last, len(table.fields) - 1)
                sheet.conditional_format(
                    *whole, {"type": "formula", "criteria": rule, "format": self.looks["assumed"]}
                )  # fmt: skip
        sheet.ignore_errors({"number_stored_as_text": f"A1:{_letter(len(table.fields) - 1)}{last}"})
        sheet.freeze_panes(1, len(table.key) if len(table.key) <= 3 else 1)
        sheet.autofilter(0, 0, max(len(frame), 1), len(table.fields) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _number(self, sheet: Any, row: int, place: int, text: str) -> None:
        """Write a number so that it reads back digit by digit; as text where a number cell would change it."""
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        kept = float(f"{number:.16G}")  # what the file will hold
        decimals = len(text.partition(".")[2]) if text.partition(".")[2].isdecimal() else 0
        for places in (0, decimals):
            read = int(kept) if kept.is_integer() and "E" not in f"{kept:.16G}" else kept
            if kept == number and number_text(read, places) == text:
                sheet.write_number(row, place, number, self._decimals(places))
                return
        sheet.write_string(row, place, text, self.looks["text"])

    def _decimals(self, places: int) -> Any:
        if not places:
            return self.looks["number"]
        if places not in self.decimals:
            self.decimals[places] = self.book.add_format(
                {"font_size": 10, "valign": "top", "num_format": "0." + "0" * places}
            )
        return self.decimals[places]

    def _choices(self, sheet: Any, place: int, last: int, field: Field) -> None:
        """Give a column its drop-down list; a column that may hold more than one id is only advised."""
        choices = ("yes", "no") if field.kind is Kind.FLAG else field.choices
        source: object = list(choices)
        if len(",".join(choices)) > _LIST:
            source = self._listed(field.name, list(choices))
        if field.refers:
            targets = field.refers.split("|")
            source = self._ids(targets[0]) if len(targets) == 1 else self._union(field.refers, targets)
        if not source:
            return
        strict = "information" if field.wildcard or field.kind is Kind.REFERENCES else "warning"
        sheet.data_validation(1, place, last, place, {
            "validate": "list", "source": source, "error_type": strict if field.refers else "stop",
            "error_title": field.name[:32], "error_message": holds(field)[:_LIST],
        })  # fmt: skip

    def _ids(self, target: str) -> str:
        """Return the ids of a table as a list that grows with it."""
        column = _column(target)
        return f"=OFFSET({column.partition(':')[0]},0,0,MAX(1,COUNTA({column})),1)"

    def _union(self, key: str, targets: list[str]) -> str:
        """Return the ids of several tables as one list that grows with them."""
        if key not in self.listed:
            place = len(self.listed)
            ids = [cell for name in targets for cell in self.frames[name][TABLES[name].key[0]].tolist()]
            first, second = (_column(name) for name in targets)
            for row in range(len(ids) + _SPARE):
                taken = f"{row + 1}-COUNTA({first})"
                formula = (
                    f'=IF({taken}<=0,INDEX({first},{row + 1}),IF({taken}<=COUNTA({second}),INDEX({second},{taken}),""))'
                )
                self.lists.write_formula(row, place, formula, None, ids[row] if row < len(ids) else "")
            letter = _letter(place)
            self.listed[key] = (
                f"=OFFSET({LISTS}!${letter}$1,0,0,MAX(1,COUNTA({first})+COUNTA({second})),1)"  # grows with both
            )
        return self.listed[key]

    def _listed(self, key: str, entries: list[str]) -> str:
        """Return a list of entries kept in a sheet of their own."""
        if key not in self.listed:
            letter = _letter(len(self.listed))
            self.lists.write_column(0, len(self.listed), entries)
            self.listed[key] = f"={LISTS}!${letter}$1:${letter}${len(entries)}"
        return self.listed[key]


def _column(table: str) -> str:
    """Return the cells of a table's ids, with room to grow."""
    letter = _letter(TABLES[table].columns.index(TABLES[table].key[0]))
    return f"{table}!${letter}$2:${letter}$9999"


def _letter(place: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(place))


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")
