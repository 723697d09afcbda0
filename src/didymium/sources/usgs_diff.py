"""Two downloads of the yearbook set side by side, in the words of a case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.case.case import ROW
from didymium.case.check import row_names
from didymium.case.revisions import TABLES as COMPARED
from didymium.case.revisions import compare, statements
from didymium.case.tables import TABLES
from didymium.case.units import factor
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _
from didymium.sources.manifest import checksum
from didymium.sources.screening_usgs import world_rows
from didymium.sources.usgs import EDITIONS, read_usgs
from didymium.sources.usgs_revisions import mark_revised, read_revisions

if TYPE_CHECKING:
    import pandas as pd

    from didymium.result import Result

_EDITION = re.compile("|".join(map(str, EDITIONS)))


def diff_downloads(old: Path, new: Path, mineral: str | None = None) -> Result:
    """Return what two downloaded editions say differently of production, capacity and reserves.

    Parameters
    ----------
    old, new : Path
        Files or folders of two releases, as downloaded; their names hold the year of the edition.
    mineral : str, optional
        Only this one.

    Raises
    ------
    CaseError
        A download that cannot be read.
    DidymiumError
        A name without the year of an edition, or no quantity of which both speak.
    """
    sides, names, hashes = [], [], []
    for path in (old, new):
        edition = edition_of(path)
        sides.append(statements(_tables(path, edition)))
        names.append(f"mcs{edition}")
        files = sorted(file for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
        hashes.append(checksum(path if path.is_dir() else path.parent, files))
    return compare(f"{names[0]}, {names[1]}", "|".join(hashes), sides[0], sides[1], (names[0], names[1]), mineral)


def edition_of(path: Path) -> int:
    """Return the edition that the name of a download speaks of.

    Raises
    ------
    DidymiumError
        No edition, or several.
    """
    found = {int(year) for year in _EDITION.findall(path.name)}
    if len(found) != 1:
        raise DidymiumError(
            _("{path}: its name says no edition -> name it so that the year {known} stands in it once").format(
                path=path, known=", ".join(map(str, EDITIONS))
            )
        )
    return found.pop()


def _tables(path: Path, edition: int) -> dict[str, pd.DataFrame]:
    """Return production, capacity and reserves of a download, in internal units."""
    import pandas as pd

    frame = read_usgs(path, edition)
    revised = read_revisions(_long_file(path)) if edition == 2026 else []
    faults: list[Fault] = []
    tables = {}
    for name, value in COMPARED.items():
        declared = TABLES[name]
        rows = world_rows(frame, name, faults)
        mark_revised(rows, name, revised, edition - 2)
        part = pd.DataFrame(rows, columns=declared.columns)
        part[ROW] = [f"mcs{edition}/{name}/{key}" for key in row_names(declared, part)] if len(part) else ""
        part["year"] = part["year"].astype(int)
        scale = part["unit"].map({unit: factor(unit, declared.internal) for unit in part["unit"].unique()})
        part[value] = pd.to_numeric(part[value]) * scale
        internal = declared.internal.split("|")
        part["unit"] = part["unit"].map({unit: _internal(unit, internal) for unit in part["unit"].unique()})
        tables[name] = part
    if faults:
        raise CaseError(faults)
    return tables


def _internal(unit: str, targets: list[str]) -> str:
    for target in targets:
        try:
            factor(unit, target)
        except DidymiumError:
            continue
        return target
    return unit


def _long_file(path: Path) -> Path:
    return path if path.is_file() else sorted(path.glob("*_Commodities_Data.csv"))[0]
