"""Layers of a case: what its folder says, upon what a wider case says, beneath what overlays say.

A chain of a wider case stands in a folder of its own and names that case in ``case.toml`` (``extends = ".."``): it
takes the tables that are marked as shared in the schema (sources, assumptions, regions, ...) from there. An overlay is
a second folder or workbook, with any of the tables. A row replaces the row of the same key in the layers below it, in
its place; a row with a new key is added at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from didymium.case.files import CaseFiles
from didymium.case.read import Grid, fits
from didymium.case.schema import Table
from didymium.case.tables import TABLES
from didymium.faults import Fault
from didymium.messages import _

_STEP = 10_000_000
"""Lines of layer ``n`` are numbered from ``n`` times this on, so that a fault finds its way back to its file."""

_LINE = re.compile(r"\d+")
_EXTENDS = re.compile(r"^extends\s*=.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Layer:
    """One layer of a case.

    Parameters
    ----------
    files : CaseFiles
        Where it is read from.
    name : str
        What faults call it; empty for the case itself.
    shared_only : bool
        Only the shared tables count: the layer is the wider case that this one is a chain of.
    """

    files: CaseFiles
    name: str = ""
    shared_only: bool = False

    def holds(self, table: str) -> bool:
        """Return whether the layer has rows for the table."""
        return (TABLES[table].shared or not self.shared_only) and self.files.holds(table)


class Layers(CaseFiles):
    """A case in layers.

    Parameters
    ----------
    own : CaseFiles
        The case itself: its ``case.toml`` and its scenarios count.
    below : CaseFiles, optional
        The wider case that it is a chain of.
    above : list of CaseFiles
        Overlays, the last one on top.
    """

    def __init__(self, own: CaseFiles, below: CaseFiles | None = None, above: list[CaseFiles] | None = None) -> None:
        super().__init__(own.path)
        self.own = own
        self.overlays = list(above or [])
        parts = [Layer(own)]
        if below is not None:
            parts.append(Layer(below, below.path.name, shared_only=True))
        parts += [Layer(files, files.path.name) for files in self.overlays]
        self.numbered = dict(enumerate(parts))
        first = [1, 0] if below is not None else [0]
        self.order = [*first, *range(len(first), len(parts))]
        for layer in parts:
            self.faults += [_named(fault, layer) for fault in layer.files.faults]
        for files in self.overlays:
            if not any(files.holds(table) for table in TABLES):
                fix = _("name a folder or a workbook with at least one of the tables of a case")
                self.faults.append(Fault(str(files.path), "", "", _("the overlay holds no table"), fix))

    def settings(self) -> str | None:
        """Return the text of ``case.toml`` without the line that names the wider case; None where there is none."""
        text = self.own.settings()
        return None if text is None else _EXTENDS.sub("", text)

    def scenarios(self) -> list[str]:
        """Return the names of the scenarios: of the case, and of its overlays."""
        return sorted({name for files in (self.own, *self.overlays) for name in files.scenarios()})

    def scenario(self, name: str) -> str:
        """Return the text of a scenario, of the topmost layer that has it."""
        found = next((files for files in reversed(self.overlays) if name in files.scenarios()), self.own)
        return found.scenario(name)

    def chains(self) -> list[str]:
        """Return the names of the chains that stand in folders of the case."""
        return self.own.chains()

    def holds(self, table: str) -> bool:
        """Return whether a layer has the table."""
        return any(layer.holds(table) for layer in self.numbered.values())

    def grid(self, table: Table, faults: list[Fault]) -> Grid | None:
        """Return the rows of all layers: an upper row in the place of the lower one of the same key."""
        header = list(table.columns)
        rows: dict[tuple[str, ...], tuple[int, list[str]]] = {}
        for number in self.order:
            layer = self.numbered[number]
            if not layer.holds(table.name):
                continue
            found: list[Fault] = []
            grid = layer.files.grid(table, found)
            faults += [replace(fault, row=_shift(fault.row, number)) for fault in found]
            if grid is None:
                return None
            if number == 0 and len(self.numbered) == 1:
                return grid
            usable = _aligned(grid, table, header, number, faults)
            if usable is None:
                return None
            seen: dict[tuple[str, ...], int] = {}
            keys = [header.index(column) for column in table.key]
            for line, cells in usable:
                key = tuple(cells[at] for at in keys)
                seen[key] = seen.get(key, 0) + 1
                # A key that stands twice in one layer is kept twice, so that the check of the table finds it.
                rows[(*key, str(number) if seen[key] > 1 else "", str(seen[key] - 1))] = (line, cells)
        lines = [line for line, _cells in rows.values()]
        return Grid(header, [cells for _line, cells in rows.values()], lines)

    def strangers(self, faults: list[Fault]) -> None:
        """Add a fault for everything in a layer that looks like a table and is none."""
        for layer in self.numbered.values():
            if not layer.shared_only:
                found: list[Fault] = []
                layer.files.strangers(found)
                faults += [_named(fault, layer) for fault in found]

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file of every layer, those of other layers below their number."""
        return {
            (f"layer-{number}/{name}" if number else name): raw
            for number, layer in self.numbered.items()
            for name, raw in layer.files.contents().items()
        }

    def layer_of(self, line: int) -> Layer:
        """Return the layer that a line number of a merged table belongs to."""
        return self.numbered[line // _STEP]

    def where(self, table: str, line: int) -> tuple[str, int]:
        """Return the file and line in which a row stands."""
        layer = self.layer_of(line)
        file, number = layer.files.where(table, line % _STEP)
        return (f"{layer.name}/{file}" if layer.name else file), number

    def place(self, fault: Fault) -> Fault:
        """Return a fault with file and line of the layer that its first row stands in."""
        numbers = [int(text) for text in _LINE.findall(fault.row)]
        own = next((number // _STEP for number in numbers if number // _STEP in self.numbered), 0)

        def line(found: re.Match[str]) -> str:
            number, layer = int(found[0]) % _STEP, int(found[0]) // _STEP
            other = self.numbered.get(layer)
            if other is None or layer == own:
                return str(number)
            return _("{line} of {layer}").format(line=number, layer=other.name or self.path.name)

        layer = self.numbered[own]
        return _named(layer.files.place(replace(fault, row=_LINE.sub(line, fault.row))), layer)


def _named(fault: Fault, layer: Layer) -> Fault:
    """Return a fault whose file names its layer."""
    if not layer.name or fault.file.startswith(f"{layer.name}/"):
        return fault
    return replace(fault, file=f"{layer.name}/{fault.file}")


def _shift(row: str, number: int) -> str:
    """Return the row of a fault in the numbers of the merged table."""
    return _LINE.sub(lambda found: str(int(found[0]) + number * _STEP), row)


def _aligned(
    grid: Grid, table: Table, header: list[str], number: int, faults: list[Fault]
) -> list[tuple[int, list[str]]] | None:
    """Return the rows of a layer under the columns of the schema; None, and faults, where they do not fit."""
    found: list[Fault] = []
    if not fits(grid, f"{table.name}.csv", table, found):
        faults += [replace(fault, row=_shift(fault.row, number)) for fault in found]
        return None
    at = [grid.header.index(column) if column in grid.header else -1 for column in header]
    return [
        (line + number * _STEP, [cells[place] if place >= 0 else "" for place in at])
        for line, cells in zip(grid.lines, grid.rows, strict=True)
    ]
