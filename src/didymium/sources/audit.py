"""What a download of the yearbook says of itself: totals against sums, what is counted twice, and concentration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, new_manifest
from didymium.sources.manifest import checksum
from didymium.sources.usgs import read_usgs
from didymium.sources.usgs_reports import TABLE, TOLERANCE, concentration, double_counts, world_totals

if TYPE_CHECKING:
    import pandas as pd


def audit(path: Path, edition: int, whole: bool = True) -> Result:
    """Check a data release against itself.

    Parameters
    ----------
    path : Path
        The folder of a release, or one file of it.
    edition : int
        Its year.
    whole : bool
        Refuse a single-file release with fewer rows than were published. False reads an extract.

    Returns
    -------
    Result
        Tables ``double_counts`` (totals tagged as countries, shares that add up to more than 105 %), ``totals`` (world
        totals that differ from the sum of their rows by more than 3 %, with the cause) and ``concentration``
        (Herfindahl-Hirschman index of every table, as an interval). The manifest counts the tables that were checked.

    Raises
    ------
    CaseError
        A download that cannot be read.
    """
    path = Path(path)
    frame = read_usgs(path, edition, whole=whole)
    totals = world_totals(frame)
    apart = totals[~totals["within"]].copy()
    apart = apart.sort_values("difference", key=abs, ascending=False, kind="stable")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    manifest = new_manifest(
        checksum(path if path.is_dir() else path.parent, files), {"edition": edition, "tolerance": TOLERANCE},
        algorithm="comparison", status="ok", tables=len(totals), within=int(totals["within"].sum()),
    )  # fmt: skip
    tables = (_twice(double_counts(frame)), _totals(apart), _concentration(concentration(frame)))
    return Result("audit", path.name, {table.name: table for table in tables}, manifest)


def _of_table() -> dict[str, Column]:
    return {
        "commodity": Column("", _("Commodity.")),
        "quantity": Column("", _("What is counted.")),
        "form": Column("", _("Form; empty for the whole.")),
        "period": Column("", _("Year or years.")),
        "base": Column("", _("Unit of the numbers.")),
    }


def _place(frame: pd.DataFrame) -> pd.Series[str]:
    """Return where a table stands: its file, and what it is."""
    parts = frame[[name for name in TABLE if name not in ("edition", "file")]].astype(str)
    return frame["file"].astype(str) + "/" + parts.agg("|".join, axis=1)


def _table(name: str, title: str, frame: pd.DataFrame, columns: dict[str, Column], *key: str) -> ResultTable:
    frame = frame.copy()
    frame[RESTS_ON] = _place(frame) if len(frame) else ""
    names = (*_of_table(), *key)
    return ResultTable(name, title, frame[[*columns, RESTS_ON]].reset_index(drop=True), columns, names)


def _twice(found: pd.DataFrame) -> ResultTable:
    columns = {
        **_of_table(),
        "country": Column("", _("Country of the row.")),
        "amount": Column("", _("Its number.")),
        "parts": Column("", _("Sum of the rows of the table.")),
        "fault": Column("", _("What is wrong.")),
        "row": Column("", _("Line of the file.")),
    }
    return _table("double_counts", _("Counted twice"), found, columns, "row")


def _totals(found: pd.DataFrame) -> ResultTable:
    columns = {
        **_of_table(),
        "total": Column("", _("Published world total.")),
        "sum": Column("", _("Sum of the rows with a number.")),
        "difference": Column("ratio", _("Sum by total, less one.")),
        "cause": Column("", _("Why they differ.")),
    }
    return _table("totals", _("World totals apart from the sum of their rows by more than 3 %"), found, columns)


def _concentration(found: pd.DataFrame) -> ResultTable:
    columns = {
        **_of_table(),
        "low": Column("", _("Herfindahl-Hirschman index if the countries not listed are many.")),
        "high": Column("", _("The same if they are one.")),
        "leader": Column("", _("Largest country.")),
        "leader_share": Column("ratio", _("Its share of the rows with a number.")),
        "unknown": Column("", _("Rows without a number: the shares leave them out.")),
    }
    found = found.sort_values("high", ascending=False, kind="stable")
    return _table("concentration", _("Concentration of every table"), found, columns)
