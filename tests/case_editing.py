"""A copy of the bundled case that a test may break: one cell, one row or one file at a time."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from didymium.case.case import BUNDLED
from didymium.case.tables import TABLES


def copy_case(folder: Path) -> Path:
    """Copy the us-japan case into a folder of its own."""
    return Path(shutil.copytree(BUNDLED / "us_japan", folder / "broken-case"))


def read(case: Path, table: str) -> list[dict[str, str]]:
    with (case / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(case: Path, table: str, rows: list[dict[str, str]]) -> None:
    with (case / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TABLES[table].columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def change(case: Path, table: str, where: dict[str, str], **cells: str) -> int:
    """Change cells of the first row that matches; return its line number."""
    rows = read(case, table)
    at = next(at for at, row in enumerate(rows) if all(row[name] == text for name, text in where.items()))
    rows[at] |= cells
    write(case, table, rows)
    return line_of(case, table, at)


def add(case: Path, table: str, like: dict[str, str], **cells: str) -> int:
    """Append a copy of the first row that matches, with other cells; return its line number."""
    rows = read(case, table)
    model = next(row for row in rows if all(row[name] == text for name, text in like.items()))
    write(case, table, [*rows, model | cells])
    return line_of(case, table, len(rows))


def drop(case: Path, table: str, **where: str) -> None:
    """Remove every row that matches."""
    kept = [row for row in read(case, table) if not all(row[name] == text for name, text in where.items())]
    write(case, table, kept)


def line_of(case: Path, table: str, at: int) -> int:
    """Return the line number of a row, counted as an editor does."""
    with (case / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        for _row in range(at + 2):
            next(reader)
        return reader.line_num
