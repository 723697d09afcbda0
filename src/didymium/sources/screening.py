"""The tables for screening, written from downloads: all of them, or none."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from didymium.case.screening_tables import SCREENING
from didymium.case.tables import TABLES
from didymium.faults import CaseError, DidymiumError, Fault, single
from didymium.messages import _
from didymium.sources.manifest import DataSet, data_sets
from didymium.sources.screening_minerals import mineral_rows
from didymium.sources.screening_usgs import reliance_rows, source_rows, world_rows
from didymium.sources.usgs_revisions import mark_revised, read_revisions
from didymium.sources.withheld import Row

EDITIONS = (2026, 2025)
"""Editions of the yearbook; the first one gives everything, the others their production, to compare vintages."""

SOURCES = {
    "mcs2026": "mcs2026",
    "mcs2025": "mcs2025_world",
    "baci": "baci_hs92",
    "wgi2023": "wgi_2023",
    "wgi2025": "wgi_pv_2024",
}
"""Data set of the manifest behind each source that the rows name."""

PARTICIPANTS = ("USA", "JPN")
YEARBOOK_REGION = "USA"
"""Country whose reliance and import sources the yearbook tells."""


@dataclass(frozen=True)
class Screening:
    """Rows of the tables for screening.

    Parameters
    ----------
    tables : dict of str to list of Row
        Rows by table, in order.
    sources : list of Row
        Rows of ``sources.csv`` that they name.
    """

    tables: dict[str, list[Row]]
    sources: list[Row]

    def text(self, table: str) -> str:
        """Return a table as the text of its CSV file."""
        columns = TABLES[table].columns
        return csv_text(columns, [[row.get(name, "") for name in columns] for row in self.tables[table]])


def csv_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((header, *rows))
    return text.getvalue()


def read_screening(folder: Path, participants: Sequence[str] = PARTICIPANTS) -> Screening:
    """Read the downloads of a folder into the tables for screening.

    Parameters
    ----------
    folder : Path
        Folder of downloads as ``didymium sources`` lists them, or the folder that holds it under the name ``raw``.
    participants : sequence of str
        ISO 3166 codes of the importers.

    Raises
    ------
    CaseError
        A download that is missing or cannot be read, a label, country or code that is not declared: every fault.
    """
    from didymium.sources.baci import read_baci
    from didymium.sources.screening_trade import governance_rows, trade_rows
    from didymium.sources.usgs import read_usgs
    from didymium.sources.wgi import read_wgi
    from didymium.sources.wgi_pair import read_wgi_pair

    files = _downloads(folder)
    faults: list[Fault] = []
    editions = {2026: read_usgs(files["mcs2026"][0], 2026), 2025: read_usgs(files["mcs2025_world"][0], 2025)}
    newest = editions[EDITIONS[0]]
    tables: dict[str, list[Row]] = {
        "production": [row for year in EDITIONS for row in world_rows(editions[year], "production", faults)],
        "capacity": world_rows(newest, "capacity", faults),
        "reserves": world_rows(newest, "reserves", faults),
        "reliance": reliance_rows(newest, YEARBOOK_REGION, faults) if YEARBOOK_REGION in participants else [],
        "suppliers": source_rows(newest, YEARBOOK_REGION, faults) if YEARBOOK_REGION in participants else [],
    }
    revised = read_revisions(files["mcs2026"][0])
    for name in ("production", "capacity", "reserves"):
        of_newest = [row for row in tables[name] if row["series"] == f"mcs{EDITIONS[0]}"]
        mark_revised(of_newest, name, revised, EDITIONS[0] - 2)
    countries, products = files["baci_hs92_countries"][0], files["baci_hs92_products"][0]
    flows = read_baci(files["baci_hs92"][0], countries, products).frame
    tables["suppliers"] += trade_rows(flows, participants, faults)
    applications = next(path for path in files["mcs2026_trends"] if "_T6_" in path.name)
    tables["minerals"] = mineral_rows(newest, applications, _covered(tables["suppliers"]), faults)
    if faults:
        raise CaseError(faults)
    estimates, errors = sorted(files["wgi_pv_2024"])
    named = {code for name in ("production", "capacity", "reserves", "suppliers") for row in tables[name]
             for code in row["country"].split(";")}  # fmt: skip
    tables["governance"] = governance_rows(
        read_wgi(files["wgi_2023"][0]).frame, read_wgi_pair(estimates, errors).frame, named
    )
    return Screening({table.name: tables[table.name] for table in SCREENING}, source_table())


def _downloads(folder: Path) -> dict[str, list[Path]]:
    """Return the files of every data set that is needed."""
    folder = Path(folder)
    root = folder / "raw" if (folder / "raw").is_dir() else folder
    wanted = {*SOURCES.values(), "mcs2026_trends", "baci_hs92_countries", "baci_hs92_products"}
    found: dict[str, list[Path]] = {}
    faults = []
    for entry in data_sets():
        if entry.name not in wanted:
            continue
        found[entry.name] = sorted(path for path in root.glob(entry.pattern) if path.is_file())
        if len(found[entry.name]) < entry.files:
            what = _("{title}: {found} of {wanted} files are there").format(
                title=entry.title, found=len(found[entry.name]), wanted=entry.files
            )
            faults.append(Fault(entry.pattern, "", "", what, _("download it: {address}").format(address=entry.address)))
    if faults:
        raise CaseError(faults)
    return found


def source_table() -> list[Row]:
    """Return the rows of ``sources.csv`` that the tables name, as the manifest declares them."""
    known: dict[str, DataSet] = {entry.name: entry for entry in data_sets()}
    rows = []
    for source, name in SOURCES.items():
        entry = known[name]
        rows.append(
            {
                "source": source, "title": entry.title, "publisher": entry.publisher, "date": entry.date,
                "address": entry.address.partition(" (")[0], "licence": entry.licence, "grade": "A", "note": "",
            }
        )  # fmt: skip
    return rows


def _covered(suppliers: Sequence[Row]) -> dict[str, list[str]]:
    """Return the trade codes that rows hold, by mineral."""
    codes: dict[str, set[str]] = {}
    for row in suppliers:
        if row["hs92"]:
            codes.setdefault(row["mineral"], set()).add(row["hs92"])
    return {mineral: sorted(found) for mineral, found in codes.items()}


def write_screening(folder: Path, case: Path, participants: Sequence[str] = PARTICIPANTS) -> dict[str, int]:
    """Write the tables for screening into the folder of a case, with the sources that they name. All or nothing.

    Parameters
    ----------
    folder : Path
        Folder of downloads.
    case : Path
        Folder of a case: it has a ``case.toml`` and a ``sources.csv``.
    participants : sequence of str
        ISO 3166 codes of the importers.

    Returns
    -------
    dict of str to int
        Rows by table.

    Raises
    ------
    CaseError
        As for :func:`read_screening`.
    DidymiumError
        No such case.
    """
    case = Path(case)
    if not (case / "case.toml").is_file() or not (case / "sources.csv").is_file():
        raise DidymiumError(
            _("{folder} is no case in CSV files -> name one, or write an empty one with `didymium new FOLDER`").format(
                folder=case
            )
        )
    found = read_screening(folder, participants)
    texts = {f"{name}.csv": found.text(name) for name in found.tables}
    texts["sources.csv"] = with_sources((case / "sources.csv").read_text("utf-8"), found.sources)
    parts = {case / f".{name}.part": case / name for name in texts}
    try:
        for part, target in parts.items():
            part.write_text(texts[target.name], "utf-8", newline="\n")
        for part, target in parts.items():
            os.replace(part, target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return {name: len(rows) for name, rows in found.tables.items()}


def with_sources(text: str, sources: Sequence[Row]) -> str:
    """Return ``sources.csv`` with the rows that it lacks; a row that is there stays as it is."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = list(reader.fieldnames or ())
    if "source" not in header:
        raise single("sources.csv", "1", "source", _("the column is missing"), _("add it"))
    known = {row["source"] for row in reader}
    new = [[row.get(name, "") for name in header] for row in sources if row["source"] not in known]
    return text + csv_text(new[0], new[1:]) if new else text
