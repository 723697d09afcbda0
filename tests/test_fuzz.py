"""A thousand spoilt inputs: rows of the real files, or of our own where those are not at hand, broken in every way.

A fault with file and fix, or a table whose every number its own cell says; never a traceback.

What a cell says is read here by other means: the csv module and ``float``.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from case_factory import chain, write_case
from didymium.case.case import BUNDLED, load_case
from didymium.case.check import TableCheck
from didymium.case.excel_write import export_case
from didymium.case.read import LINE, frame_of, read_csv
from didymium.case.schema import Kind
from didymium.case.tables import TABLES
from didymium.faults import CaseError, Fault
from didymium.sources import baci, dataweb, pinksheet, wgi, wgi_pair
from didymium.sources.usgs import read_usgs
from test_sources_dataweb import query
from test_sources_trade import FLOWS, PV, governance, prices
from test_sources_usgs import WIDE_2025, long_text

DATA = os.environ.get("DIDYMIUM_DATA", "")
RAW = Path(DATA) / "raw"

Rows = list[list[str]]


def spoilt(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Settings of every test here: the same examples in every run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),  # a spoilt file is small already: shrinking it takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


# ------------------------------------------------------------------------------------------------------- spoiling

CELLS = st.tuples(
    st.floats(0, 0.999),
    st.floats(0, 0.999),
    st.sampled_from(
        ["drop", "swap", "unsign", "sign", "comma", "thousand", "other sign", "blank", "letter", "space", "nan", "huge",
         "shift", "pull", "twice", "lose row", "exchange rows", "quote"]
    ),
    st.floats(0, 0.999),
)  # fmt: skip
WHOLE = st.sampled_from(["", "", "", "", "", "", "cut", "page", "bytes", "mojibake", "utf-16", "lost end", "nul"])
EDITS = st.tuples(st.lists(CELLS, min_size=1, max_size=3), WHOLE, st.floats(0, 0.999))


def cell_spoilt(cell: str, what: str, share: float) -> str:
    """Return a cell with a letter lost, moved or added."""
    at = int(share * max(len(cell), 1))
    return {
        "drop": cell[:at] + cell[at + 1 :],
        "swap": cell[:at] + cell[at + 1 : at + 2] + cell[at : at + 1] + cell[at + 2 :],
        "unsign": cell.lstrip("-−<>"),
        "sign": f"-{cell}",
        "comma": cell.replace(".", ","),
        "thousand": re.sub(r"(\d)(\d{3})\b", r"\1,\2", cell),
        "other sign": "−" + cell.lstrip("-"),
        "blank": "",
        "letter": cell[:at] + "O" + cell[at + 1 :],
        "space": f"{cell[:at]}\u00a0{cell[at:]}",
        "nan": "nan",
        "huge": f"{cell}e400",
        "quote": cell[:at] + '"' + cell[at:],
    }[what]


def spoil(rows: Rows, edits: list[tuple[float, float, str, float]], head: int = 1) -> Rows:
    """Return rows with cells and rows spoilt; the header too, at times."""
    rows = [list(row) for row in rows]
    for down, across, what, share in edits:
        at = int(down * len(rows)) if share < 0.05 else head + int(down * max(len(rows) - head, 1))
        if at >= len(rows):
            continue
        place = int(across * max(len(rows[at]), 1))
        if what == "shift":
            rows[at].insert(place, "")
        elif what == "pull":
            del rows[at][place : place + 1]
        elif what == "twice":
            rows.insert(at, list(rows[at]))
        elif what == "lose row":
            del rows[at]
        elif what == "exchange rows":
            rows[at], rows[-1] = rows[-1], rows[at]
        elif place < len(rows[at]):
            rows[at][place] = cell_spoilt(rows[at][place], what, share)
    return rows


def as_bytes(rows: Rows, whole: str, share: float, encoding: str = "utf-8", raw_quotes: bool = True) -> bytes:
    """Return rows as the bytes of a file, with what befalls whole files."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    text = out.getvalue()
    if raw_quotes and share < 0.3:
        text = text.replace('""', '"')
    raw = text.encode(encoding, "replace")
    at = int(share * len(raw))
    return {
        "": raw,
        "cut": raw[:at],
        "page": b"<!DOCTYPE html><html><body>503</body></html>",
        "bytes": raw[:at] + b"\x81\x8d" + raw[at + 1 :],
        "mojibake": text.encode().decode("cp1252", "replace").encode(),
        "utf-16": text.encode("utf-16"),
        "lost end": raw.rstrip(b"\n"),
        "nul": raw[:at] + b"\0" + raw[at:],
    }[whole]


def accepted(read: Callable[[], Any]) -> Any:
    """Return what is read; None where it is refused with every fault in its place and a fix."""
    try:
        return read()
    except CaseError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.file and fault.fault and fault.fix, fault
        return None


def parsed(raw: bytes, encoding: str = "utf-8") -> dict[int, dict[str, str]]:
    """Return cells by line and column, as the csv module reads them."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode(encoding)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [" ".join(name.split()) for name in next(reader)]
    found, last = {}, reader.line_num
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found[last + 1] = dict(zip(header, cells, strict=True))
        last = reader.line_num
    return found


def number(cell: str) -> float:
    return float(cell.strip()) if cell.strip() else math.nan


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@cache
def real(name: str, encoding: str, step: int, count: int) -> Rows:
    """Return the header and some rows of a full file, far from each other; no rows where it is not at hand."""
    path = RAW / name
    if not DATA or not path.is_file():
        return []
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode(encoding)
    lines = text.splitlines()
    chosen = [lines[0], *lines[1::step][:count]]
    return list(csv.reader(chosen))


# -------------------------------------------------------------------------------------------------- the readers


def usgs_numbers(frame: Any, raw: bytes, column: str) -> None:
    cells = parsed(raw, "cp1252")
    plain = re.compile(r"[0-9,]+(\.[0-9]+)?|\.[0-9]+")
    for row in frame.to_dict("records"):
        if column:
            assert row["raw"] == cells[row["row"]][column]
        else:
            assert row["raw"] in cells[row["row"]].values()
        text = row["raw"].strip()
        if not math.isnan(row["value"]) and "corrected" not in row["note"]:
            if plain.fullmatch(text):
                assert row["value"] == float(text.replace(",", ""))
            else:  # a sign, a percent sign, an e or a dash: said in the note, except a plain minus
                assert row["note"] or text.startswith("-")


@spoilt(200)
@given(edits=EDITS, seed=st.integers(0, 40))
def test_usgs_long(tmp_path: Path, edits: Any, seed: int) -> None:
    rows = real("usgs_mcs2026/MCS2026_Commodities_Data.csv", "cp1252", 97, 80)
    rows = [rows[0], *rows[1 + seed : 11 + seed]] if rows else list(csv.reader(long_text(
        {"Value": "1,200"}, {"Country": "Peru", "Value": ">50"}, {"Country": "Côte d’Ivoire", "Value": "W"},
        {"Country": "World total", "Value": "2,400", "Notes": "Estimated."}).splitlines()))  # fmt: skip
    raw = as_bytes(spoil(rows, edits[0]), *edits[1:], encoding="cp1252")
    (tmp_path / "long.csv").write_bytes(raw)
    frame = accepted(lambda: read_usgs(tmp_path / "long.csv", 2026, whole=False))
    if frame is not None:
        usgs_numbers(frame, raw, "Value")


@spoilt(150)
@given(edits=EDITS, seed=st.integers(0, 40))
def test_usgs_wide(tmp_path: Path, edits: Any, seed: int) -> None:
    rows = real("usgs_mcs2025/MCS2025_World_Data.csv", "utf-8-sig", 13, 80)
    rows = [rows[0], *rows[1 + seed : 11 + seed]] if rows else list(csv.reader([
        *WIDE_2025.splitlines(), "MCS2025,Tin,Chile,Mine production,metric tons,20,30,,,,,>900,",
        "MCS2025,Tin,Peru,Mine production,metric tons,14,,W for 23-24,,,,70,"]))  # fmt: skip
    raw = as_bytes(spoil(rows, edits[0]), *edits[1:])
    (tmp_path / "MCS2025_World_Data.csv").write_bytes(raw)
    frame = accepted(lambda: read_usgs(tmp_path / "MCS2025_World_Data.csv", 2025, whole=False))
    if frame is not None:
        usgs_numbers(frame, raw, "")


@spoilt(200)
@given(edits=EDITS, seed=st.integers(0, 40))
def test_baci(tmp_path: Path, edits: Any, seed: int) -> None:
    rows = real("baci_hs92/baci_hs92_critical_2010-2024.csv.gz", "utf-8", 3989, 80)
    rows = [rows[0], *rows[1 + seed : 11 + seed]] if rows else list(csv.reader(FLOWS.splitlines()))
    raw = as_bytes(spoil(rows, edits[0]), *edits[1:])
    (tmp_path / "flows.csv").write_bytes(raw)
    reading = accepted(lambda: baci.read_baci(tmp_path / "flows.csv"))
    if reading is None:
        return
    cells = list(parsed(raw).values())
    assert len(cells) == len(reading.frame)
    for row, (_at, found) in zip(cells, reading.frame.iterrows(), strict=True):
        assert found["value_usd"] == number(row["value_kusd"]) * 1000
        assert same(found["quantity_t"], number(row["quantity_t"].replace("NA", "")))
        assert (found["year"], found["hs"]) == (int(row["year"]), row["hs92"].strip())
        assert found["exporter"] == row["exporter_iso3"].strip().replace("S19", "TWN")


@spoilt(100)
@given(edits=EDITS, seed=st.integers(0, 8))
def test_wgi_pair(tmp_path: Path, edits: Any, seed: int) -> None:
    rows = real("wgi/wgi_pv_estimate_1996-2024_geopolrisk.csv", "utf-8-sig", 9, 20)
    rows = [rows[0], *rows[1 + seed : 9 + seed]] if rows else list(csv.reader(PV.splitlines()))
    errors = [rows[0], *([re.sub(r"^-?\d+\.\d+$", "0.25", cell) for cell in row] for row in rows[1:])]
    raw = as_bytes(spoil(rows, edits[0]), *edits[1:])
    (tmp_path / "estimate.csv").write_bytes(raw)
    (tmp_path / "error.csv").write_bytes(as_bytes(errors, "", 1))
    reading = accepted(lambda: wgi_pair.read_wgi_pair(tmp_path / "estimate.csv", tmp_path / "error.csv"))
    if reading is None:
        return
    stated = [float(cell) for row in parsed(raw).values() if row["Code"] not in wgi_pair.NOT_COUNTRIES
              for name, cell in row.items() if name[:1].isdigit() and cell.strip() not in wgi.MISSING]  # fmt: skip
    assert sorted(reading.frame["estimate"]) == sorted(stated)


# ---------------------------------------------------------------------------------------------------- workbooks

Book = dict[str, list[list[Any]]]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "…", "...", "n/a", "1,5", "12", "−0.4", "=1+1", "#N/A", "2008M01", "#REF!", "0.25 "]),
    st.datetimes(), st.just("swap"),
)  # fmt: skip
BOOK_EDITS = st.lists(
    st.tuples(st.floats(0, 0.999), st.floats(0, 0.999), st.floats(0, 0.999), VALUES), min_size=1, max_size=2
)


def cells_of(path: Path, wanted: str, rows: tuple[int, ...], columns: int) -> Book:
    """Return cells of a workbook: the first rows and some of the rest."""
    book = openpyxl.load_workbook(path, read_only=True)
    found = {}
    for name in book.sheetnames:
        if re.match(wanted, name):
            book[name].reset_dimensions()
            every = [list(row[:columns]) for row in book[name].iter_rows(values_only=True)]
            found[name] = every[: rows[0]] + every[rows[1] : rows[2]]
    return found


def spoil_book(cells: Book, edits: Any, path: Path) -> Book:
    """Write a workbook with some cells changed, and return its cells."""
    cells = {name: [list(row) for row in rows] for name, rows in cells.items()}
    for which, down, across, value in edits:
        name = list(cells)[int(which * len(cells))]
        row = cells[name][int(down * len(cells[name]))]
        if not row:
            continue
        at = int(across * len(row))
        if value == "swap":
            row[at], row[-1] = row[-1], row[at]
        else:
            row[at] = value
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in cells.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return cells


def held(value: float) -> float:
    """Return what a workbook keeps of a number: sixteen digits."""
    return float(f"{value:.16g}")


@pytest.fixture(scope="module")
def price_cells(tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = RAW / "worldbank_pinksheet" / "CMO-Historical-Data-Monthly_2026-06-02.xlsx"
    if DATA and path.is_file():
        return cells_of(path, "Monthly Prices", (6, 700, 715), 9)
    return cells_of(prices(tmp_path_factory.mktemp("prices")), "Monthly Prices", (30, 30, 30), 6)


@spoilt(100)
@given(edits=BOOK_EDITS)
def test_pinksheet(tmp_path: Path, price_cells: Book, edits: Any) -> None:
    cells = spoil_book(price_cells, edits, tmp_path / "prices.xlsx")
    reading = accepted(lambda: pinksheet.read_pinksheet(tmp_path / "prices.xlsx"))
    if reading is not None:
        stated = [value for row in cells["Monthly Prices"][6:] for value in row[1:]
                  if isinstance(value, (int, float)) and not isinstance(value, bool)]  # fmt: skip
        assert sorted(reading.frame["price"].dropna()) == sorted(map(held, stated))


@pytest.fixture(scope="module")
def governance_cells(tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = RAW / "wgi" / "wgidataset_2023update_1996-2022.xlsx"
    if DATA and path.is_file():
        return cells_of(path, "(?!Intro)", (14, 30, 35), 14)
    return cells_of(governance(tmp_path_factory.mktemp("wgi")), "(?!Intro)", (30, 30, 30), 14)


@spoilt(60)
@given(edits=BOOK_EDITS)
def test_wgi_workbook(tmp_path: Path, governance_cells: Book, edits: Any) -> None:
    cells = spoil_book(governance_cells, edits, tmp_path / "wgi.xlsx")
    reading = accepted(lambda: wgi.read_wgi(tmp_path / "wgi.xlsx"))
    if reading is None:
        return
    stated = []
    for rows in cells.values():
        head = max(at for at, row in enumerate(rows) if "Estimate" in row and "Code" in row)
        places = [at for at, name in enumerate(rows[head]) if name == "Estimate"]
        stated += [float(row[at]) for row in rows[head + 1 :] for at in places
                   if row[at] is not None and str(row[at]).strip() not in wgi.MISSING]  # fmt: skip
    assert sorted(reading.frame["estimate"]) == sorted(map(held, stated))


@pytest.fixture(scope="module")
def query_cells(tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = RAW / "us_trade_dataweb" / "us_imports_for_consumption_1993-2026.xlsx"
    if not (DATA and path.is_file()):
        return cells_of(query(tmp_path_factory.mktemp("query")), "", (20, 20, 20), 9)
    cells = cells_of(path, "Query Parameters|Customs Value$|Second Unit of Quantity$", (13, 0, 0), 10)
    for name, rows in cells.items():
        if name != "Query Parameters":
            rows[1][1] = 10
    return cells


@spoilt(60)
@given(edits=BOOK_EDITS)
def test_dataweb(tmp_path: Path, query_cells: Book, edits: Any) -> None:
    cells = spoil_book(query_cells, edits, tmp_path / "query.xlsx")
    reading = accepted(lambda: dataweb.read_dataweb(tmp_path / "query.xlsx"))
    if reading is None:
        return
    for row in reading.frame.to_dict("records"):
        sheet = cells[row["sheet"]]
        at = [str(name) for name in sheet[2]].index(
            str(row["year"]) if row["period"] == "year" else f"{row['year']}_Year_to_date"
        )
        assert row["amount"] == held(sheet[row["row"] - 1][at])
        assert [row["partner"], row["hts"]] == [str(cell).strip() for cell in sheet[row["row"] - 1][1:3]]


# -------------------------------------------------------------------------------------------------------- a case

NUMERIC = [name for name, table in TABLES.items() if (BUNDLED / "us_japan" / f"{name}.csv").is_file()
           and any(field.kind in (Kind.NUMBER, Kind.INTEGER) for field in table.fields)]  # fmt: skip


@cache
def bundled(name: str) -> Rows:
    with (BUNDLED / "us_japan" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@spoilt(260)
@given(edits=EDITS, name=st.sampled_from(NUMERIC), start=st.floats(0, 0.999))
def test_case_csv(edits: Any, name: str, start: float) -> None:
    """Rows of the bundled case, read and checked as the loader does."""
    table = TABLES[name]
    every = bundled(name)
    first = 1 + int(start * (len(every) - 1))
    raw = as_bytes(spoil([every[0], *every[first : first + 8]], edits[0]), *edits[1:])

    def read() -> Any:
        faults: list[Fault] = []
        grid = read_csv(raw, f"{name}.csv", table, faults)
        frame = None if grid is None else frame_of(grid, f"{name}.csv", table, faults)
        if frame is not None:
            check = TableCheck(table, frame, faults)
            check.cells()
            check.rows()
        if faults:
            raise CaseError(faults)
        return frame

    frame = accepted(read)
    if frame is None:
        return
    cells = list(parsed(raw).values())
    assert len(cells) == len(frame)
    for row, found in zip(cells, frame.to_dict("records"), strict=True):
        for field in table.fields:
            text = " ".join(row.get(field.name, "").split(" ")).strip()
            if field.kind in (Kind.NUMBER, Kind.INTEGER):
                assert same(found[field.name], number(text or field.default)), (field.name, text)
            else:
                assert found[field.name] == (text or field.default)
    assert frame[LINE].is_monotonic_increasing


@pytest.fixture(scope="module")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_case(tmp_path_factory.mktemp("fuzz") / "small", chain())


@spoilt(40)
@given(edits=EDITS, name=st.sampled_from(["demands", "facilities", "prices", "routes", "recipes", "statistics"]))
def test_case_folder(tmp_path: Path, small_case: Path, edits: Any, name: str) -> None:
    """A whole case with one table spoilt: rows that were not touched mean what they meant."""
    path = small_case / f"{name}.csv"
    whole = path.read_bytes()
    rows = list(csv.reader(io.StringIO(whole.decode(), newline="")))
    try:
        path.write_bytes(as_bytes(spoil(rows, edits[0]), *edits[1:]))
        case = accepted(lambda: load_case(small_case, network=False))
        raw = path.read_bytes()
    finally:
        path.write_bytes(whole)
    if case is None:
        return
    before = load_case(small_case, network=False)[name]
    untouched = {tuple(row): at for at, row in enumerate(rows[1:])}
    for at, row in enumerate(list(csv.reader(io.StringIO(raw.decode(), newline="")))[1:]):
        if tuple(row) in untouched:
            one, other = before.iloc[untouched[tuple(row)]], case[name].iloc[at]
            assert one.drop([LINE]).equals(other.drop([LINE])), (one, other)


@pytest.fixture(scope="module")
def small_book(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = export_case(small_case, tmp_path_factory.mktemp("book") / "small.xlsx")
    cells = cells_of(path, "(?!about|lists)", (100, 100, 100), 40)
    return {name: rows for name, rows in cells.items() if len(rows) > 1}


@spoilt(30)
@given(edits=BOOK_EDITS)
def test_case_workbook(tmp_path: Path, small_book: Book, edits: Any) -> None:
    cells = spoil_book(small_book, edits, tmp_path / "case.xlsx")
    case = accepted(lambda: load_case(tmp_path / "case.xlsx", network=False))
    if case is None:
        return
    for name, rows in cells.items():
        if name not in TABLES:
            continue
        grid = case.files.grid(TABLES[name], [])
        assert grid is not None
        for line, row in zip(grid.lines, grid.rows, strict=True):
            for title, text in zip(grid.header, row, strict=True):
                at = [str(head).strip() for head in rows[0]].index(title)
                cell = rows[line - 1][at] if at < len(rows[line - 1]) else None
                if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                    assert float(text) == held(cell)
                else:
                    assert text == ("" if cell is None else str(cell).strip())
