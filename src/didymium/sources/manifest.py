"""The manifest: the data sets that readers are made for, whence they came, and whether they are still the same."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from didymium.case.check import first_day
from didymium.faults import single
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, Result, ResultTable, new_manifest

DECLARED = Path(__file__).with_name("data_sets.csv")
"""The declared data sets."""

STATES = {
    "ok": N_("every file is as declared"),
    "changed": N_("the files differ from the declared ones: another edition, or edited by hand"),
    "missing": N_("not all files are there"),
}


@dataclass(frozen=True)
class DataSet:
    """A data set that a reader is made for.

    Parameters
    ----------
    name : str
        Short name.
    title, publisher : str
        As its publisher calls it and itself.
    address : str
        Where it is published.
    licence : str
        What may be done with it.
    date : str
        When it was published: YYYY, YYYY-MM or YYYY-MM-DD, as exactly as is known.
    pattern : str
        Files below the folder of raw data.
    files : int
        How many there are.
    checksum : str
        SHA-256 of the file; of several, of the lines ``SHA-256 two-blanks name`` in order of name.
    note : str
        What else to know.
    """

    name: str
    title: str
    publisher: str
    address: str
    licence: str
    date: str
    pattern: str
    files: int
    checksum: str
    note: str


@cache
def data_sets() -> tuple[DataSet, ...]:
    """Return the declared data sets."""
    with DECLARED.open(encoding="utf-8", newline="") as file:
        return tuple(DataSet(**{**row, "files": int(row["files"])}) for row in csv.DictReader(file))  # type: ignore[arg-type]


def checksum(root: Path, paths: Sequence[Path]) -> str:
    """Return the checksum of one file, or of several together.

    Parameters
    ----------
    root : Path
        Folder that names are relative to.
    paths : sequence of Path
        The files.
    """
    digests = {}
    for path in paths:
        with path.open("rb") as file:
            digests[path.relative_to(root).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def list_sources(folder: Path, as_of: date | None = None, sets: Sequence[DataSet] | None = None) -> Result:
    """Say of every declared data set how old it is and whether its files are as declared.

    Parameters
    ----------
    folder : Path
        Folder of raw data, or the folder that holds it under the name ``raw``.
    as_of : date, optional
        Day that ages are counted to; today where not given.
    sets : sequence of DataSet, optional
        The data sets; the declared ones where not given.

    Returns
    -------
    Result
        One table, ``sources``. ``age`` is in days from the first day of the stated date, so that of a year it is the
        most it can be; it is below zero for a data set that was not yet published.

    Raises
    ------
    CaseError
        No such folder, or a file that cannot be read.
    """
    import pandas as pd

    folder = Path(folder)
    if not folder.is_dir():
        raise single(folder.name, "", "", _("no such folder"), _("name the folder of the downloaded files"))
    day = as_of or date.today()
    root = folder / "raw" if (folder / "raw").is_dir() else folder
    rows = []
    for entry in sets if sets is not None else data_sets():
        paths = sorted(path for path in root.glob(entry.pattern) if path.is_file())
        state, found = "missing", ""
        if paths:
            try:
                found = checksum(root, paths)
            except OSError as error:
                raise single(entry.pattern, "", "", _("a file cannot be read ({error})").format(
                    error=error.strerror or error), _("allow reading it, or copy it again")) from None  # fmt: skip
            state = "ok" if found == entry.checksum else "missing" if len(paths) < entry.files else "changed"
        rows.append(
            (entry.name, entry.title, entry.publisher, entry.date, (day - first_day(entry.date)).days, state,
             len(paths), entry.files, entry.licence, entry.address, entry.pattern, entry.checksum, found, entry.note,
             f"sources/{entry.name}")
        )  # fmt: skip
    columns = {
        "data_set": Column("", _("Short name.")),
        "title": Column("", _("Title.")),
        "publisher": Column("", _("Publisher.")),
        "date": Column("", _("Date of publication, as exactly as is known.")),
        "age": Column("day", _("Age on the day asked for, from the first day of the date.")),
        "state": Column("", "; ".join(f"{state}: {_(meaning)}" for state, meaning in STATES.items())),
        "files": Column("", _("Files found.")),
        "files_declared": Column("", _("Files declared.")),
        "licence": Column("", _("Licence.")),
        "address": Column("", _("Where it is published.")),
        "pattern": Column("", _("Where its files stand below the folder of raw data.")),
        "checksum": Column("", _("SHA-256 as declared.")),
        "checksum_found": Column("", _("SHA-256 as found.")),
        "note": Column("", _("What else to know.")),
    }
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    title = _("Data sets as of {date}").format(date=day)
    table = ResultTable("sources", title, frame, columns, ("data_set",))
    declared = hashlib.sha256(DECLARED.read_bytes()).hexdigest()
    return Result("sources", folder.name, {"sources": table}, new_manifest(declared, {"as_of": day.isoformat()}))
