"""What a case is read from: a folder of tables, or a workbook. Everything is text here and nothing is believed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from didymium.case.read import Grid, read_csv
from didymium.case.schema import Table
from didymium.case.tables import TABLES
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _

_TABLE_FILE = re.compile(rf"\b({'|'.join(TABLES)})\.csv\b")


def number_text(number: int | float, decimals: int = 0) -> str:
    """Return a number as text that reads back as the same number, with these decimals where they change nothing."""
    shown = f"{number:.{decimals}f}" if decimals else ""
    if shown and float(shown) == number:
        return shown
    if isinstance(number, int):
        return str(number)
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)


class CaseFiles(ABC):
    """Where the text of a case comes from.

    Parameters
    ----------
    path : Path
        Folder or file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self._written: dict[str, dict[int, dict[str, str]]] = {}

    @abstractmethod
    def settings(self) -> str | None:
        """Return the text of ``case.toml``; None where there is none."""

    @abstractmethod
    def scenarios(self) -> list[str]:
        """Return the names of the scenarios."""

    @abstractmethod
    def scenario(self, name: str) -> str:
        """Return the text of a scenario."""

    @abstractmethod
    def holds(self, table: str) -> bool:
        """Return whether the table is there."""

    @abstractmethod
    def grid(self, table: Table, faults: list[Fault]) -> Grid | None:
        """Return a table as text; None, and a fault, where it cannot be used."""

    @abstractmethod
    def strangers(self, faults: list[Fault]) -> None:
        """Add a fault for everything that looks like a table and is none."""

    @abstractmethod
    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file of the case, by its name in a case folder."""

    @abstractmethod
    def place(self, fault: Fault) -> Fault:
        """Return a fault with the place that a reader finds: checks speak of ``TABLE.csv`` and a line."""

    def chains(self) -> list[str]:
        """Return the names of the chains that stand in folders of the case; a workbook has none."""
        return []

    def where(self, table: str, line: int) -> tuple[str, int]:
        """Return the file and line in which a row stands."""
        return f"{table}.csv", line

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Say of every fault raised inside where it stands in these files."""
        try:
            yield
        except CaseError as error:
            placed = [self.place(fault) for fault in error.faults]
            if placed == error.faults:
                raise
            raise CaseError(self.tidy(placed)) from None
        except DidymiumError as error:
            said = self.said(str(error))
            if said == str(error):
                raise
            raise type(error)(said) from None

    def said(self, text: str) -> str:
        """Return a sentence in the words of these files: it speaks of ``TABLE.csv``."""
        return text

    def tidy(self, faults: list[Fault]) -> list[Fault]:
        """Return the faults without those that only follow from another."""
        return list(dict.fromkeys(faults))

    def digest(self) -> str:
        """Return the hash of every file."""
        digest = hashlib.sha256()
        contents = self.contents()
        for name in sorted(contents, key=PurePosixPath):
            digest.update(name.encode())
            digest.update(contents[name])
        return digest.hexdigest()

    def written(self, table: Table) -> dict[int, dict[str, str]]:
        """Return the rows of a table as they are written, by line number."""
        if table.name not in self._written:
            grid = self.grid(table, []) if self.holds(table.name) else None
            self._written[table.name] = {} if grid is None else {
                line: dict(zip(grid.header, row, strict=False)) for line, row in zip(grid.lines, grid.rows, strict=True)
            }  # fmt: skip
        return self._written[table.name]


class Folder(CaseFiles):
    """A case in a folder: ``case.toml``, ``TABLE.csv`` or ``TABLE.parquet``, and ``scenarios/*.toml``."""

    def settings(self) -> str | None:
        """Return the text of ``case.toml``; None where there is none."""
        path = self.path / "case.toml"
        return path.read_text("utf-8") if path.is_file() else None

    def scenarios(self) -> list[str]:
        """Return the names of the scenarios."""
        return sorted(path.stem for path in (self.path / "scenarios").glob("*.toml"))

    def scenario(self, name: str) -> str:
        """Return the text of a scenario."""
        return (self.path / "scenarios" / f"{name}.toml").read_text("utf-8")

    def holds(self, table: str) -> bool:
        """Return whether the table is there."""
        return (self.path / f"{table}.csv").is_file() or self._parquet(table)

    def _parquet(self, table: str) -> bool:
        return (self.path / f"{table}.parquet").is_file()

    def grid(self, table: Table, faults: list[Fault]) -> Grid | None:
        """Return a table as text; None, and a fault, where it cannot be used."""
        path = self.path / f"{table.name}.csv"
        if not self._parquet(table.name):
            return read_csv(path.read_bytes(), path.name, table, faults)
        if path.is_file():
            faults.append(Fault(f"{table.name}.parquet", "", "", _("the table stands in a CSV file too"),
                                _("keep one of the two files")))  # fmt: skip
            return None
        from didymium.case.parquet import read_parquet

        return read_parquet(path.with_suffix(".parquet"), faults)

    def chains(self) -> list[str]:
        """Return the names of the folders in this one that hold a case which extends it."""
        return sorted(
            path.parent.name
            for path in self.path.glob("*/case.toml")
            if wider_case(path.parent, path.read_text("utf-8")) == self.path.resolve()
        )

    def strangers(self, faults: list[Fault]) -> None:
        """Add a fault for every file that looks like a table and is none."""
        for path in self._tables():
            if path.stem not in TABLES:
                fix = _("remove it or rename it to one of {tables}").format(tables=", ".join(TABLES))
                faults.append(Fault(path.name, "", "", _("not a table of a case"), fix))

    def _tables(self) -> list[Path]:
        return sorted((*self.path.glob("*.csv"), *self.path.glob("*.parquet")))

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file of the case."""
        paths = (*self._tables(), self.path / "case.toml", *(self.path / "scenarios").glob("*.toml"))
        return {path.relative_to(self.path).as_posix(): path.read_bytes() for path in paths if path.is_file()}

    def place(self, fault: Fault) -> Fault:
        """Return the fault; it names the Parquet file where the table stands in one."""
        table = fault.file.removesuffix(".csv")
        return replace(fault, file=f"{table}.parquet") if table in TABLES and self._parquet(table) else fault


def open_files(path: Path, overlays: Sequence[Path] = ()) -> CaseFiles:
    """Return the files of a case folder or workbook, in layers where it extends another or has overlays.

    Raises
    ------
    CaseError
        A workbook that cannot be read at all, or a wider case that is not there.
    """
    own = _single(path)
    wider = wider_case(path, own.settings()) if path.is_dir() else None
    if wider is None and not overlays:
        return own
    from didymium.case.layers import Layers

    return Layers(own, None if wider is None else open_files(wider), [_single(overlay) for overlay in overlays])


def _single(path: Path) -> CaseFiles:
    if path.is_dir():
        return Folder(path)
    from didymium.case.excel_read import Workbook

    return Workbook(path)


def wider_case(path: Path, text: str | None) -> Path | None:
    """Return the folder of the case that a ``case.toml`` extends; None where it stands alone.

    Raises
    ------
    CaseError
        It names no folder with a case.
    """
    try:
        named = tomllib.loads(text or "").get("extends")
    except tomllib.TOMLDecodeError:
        return None  # reported with the settings
    if named is None:
        return None
    folder = (path / str(named)).resolve()
    if not (folder / "case.toml").is_file() or folder == path.resolve():
        what = _("`{extends}` is not the folder of a case").format(extends=named)
        fix = _('name the folder of the wider case from here, such as `extends = ".."`')
        raise CaseError([Fault("case.toml", "", "extends", what, fix)])
    return folder


def in_sheets(text: str) -> str:
    """Return a sentence that speaks of sheets where it spoke of the files of tables."""
    return _TABLE_FILE.sub(lambda found: _("sheet {table}").format(table=found[1]), text)


def places_of(fault: Fault, columns: Mapping[str, Mapping[str, str]]) -> Fault:
    """Return a fault with sheet and cell address in place of file and row.

    Parameters
    ----------
    fault : Fault
        A fault that may speak of ``TABLE.csv``.
    columns : mapping
        The letter of each column, by table and column.
    """
    said: dict[str, Any] = {"fault": in_sheets(fault.fault), "fix": in_sheets(fault.fix)}
    table, dot, _ending = fault.file.partition(".csv")
    if dot and table in TABLES:
        letters = columns.get(table, {})
        named = [letters[name] for name in fault.field.split(", ") if name in letters]
        lines = [line for line in fault.row.split(", ") if line.isdecimal()]
        cells = [f"{table}!{letter}{line}" for line in lines for letter in named[:1] or ["A"]]
        said["file"] = ", ".join(cells) or table
        said["row"] = "" if lines else fault.row
    return replace(fault, **said)
